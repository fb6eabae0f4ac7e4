// Who communicates with whom: collectives by their order in a group, sends and receives by source, destination and tag.
#include <stdio.h>
#include <string.h>

#include "replay/replay_internal.h"

int32_t clx_replay_rank_of(const clx_execution *execution, const clx_replay *replay, int64_t node) {
  int32_t low = 0, high = execution->rank_count;
  while (high - low > 1) {
    const int32_t middle = low + (high - low) / 2;
    if (replay->base[middle] <= node) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

const clx_operation *clx_replay_operation_of(const clx_execution *execution, const clx_replay *replay, int64_t node) {
  const int32_t rank = clx_replay_rank_of(execution, replay, node);
  return &execution->operation[execution->rank[rank].operation[node - replay->base[rank]]];
}

const char *clx_replay_node_text(const clx_execution *execution, const clx_replay *replay, int64_t node, char *text,
                                 size_t size) {
  const int32_t rank = clx_replay_rank_of(execution, replay, node);
  snprintf(text, size, "rank %d node %llu '%.40s'", rank,
           (unsigned long long)execution->rank[rank].id[node - replay->base[rank]],
           clx_replay_operation_of(execution, replay, node)->name);
  return text;
}

// --- channels: sends from a rank to a rank with a tag ----------------------------------------------------------------------

typedef struct channel {
  int32_t source, destination, tag;
  bool known;
  int64_t sends, receives;
  int64_t first;  // transfer
  int64_t node;   // the last one seen that adds to the count that is larger
} channel;

typedef struct match {
  const clx_execution *execution;
  clx_replay *replay;
  channel *channel;
  uint64_t channel_room;  // a power of two
  int64_t *entered;       // [group_count] collectives of a group on a rank
  int64_t *count;         // [group_count] of the first member seen; -1 = none yet
  int32_t *members;       // [group_count] that entered
  int32_t *seen;          // [group_count] last rank that was counted, + 1
  int32_t *touched;       // groups that the rank entered
  int32_t *example;       // [group_count] the first rank that entered
  int64_t *first;         // [group_count] transfer
  clx_error *error;
} match;

static channel *find_channel(match *m, int32_t rank, const clx_operation *o) {
  const bool sends = o->kind == CLX_OPERATION_SEND;
  const int32_t source = sends ? rank : o->peer, destination = sends ? o->peer : rank;
  uint64_t at = clx_replay_mix((uint64_t)(uint32_t)source << 32 | (uint32_t)destination, (uint32_t)o->tag);
  for (at &= m->channel_room - 1; m->channel[at].known; at = (at + 1) & (m->channel_room - 1)) {
    const channel *c = &m->channel[at];
    if (c->source == source && c->destination == destination && c->tag == o->tag) return &m->channel[at];
  }
  m->channel[at] = (channel){.source = source, .destination = destination, .tag = o->tag, .known = true, .node = -1};
  return &m->channel[at];
}

static bool is_matched(const clx_operation *o) {
  return (o->kind == CLX_OPERATION_SEND || o->kind == CLX_OPERATION_RECEIVE) && o->peer >= 0;
}

// Where a rank stands in a group, -1 = it is no member.
static int32_t member_of(const clx_execution_group *g, int32_t rank) {
  int32_t low = 0, high = g->size;
  while (high - low > 1) {
    const int32_t middle = low + (high - low) / 2;
    if (g->rank[middle] <= rank) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return g->size > 0 && g->rank[low] == rank ? low : -1;
}

// --- counting ---------------------------------------------------------------------------------------------------------------

// The collective number `index` of a group on a rank, as a node of the whole.
static int64_t find_collective(const match *m, int32_t rank, int32_t group, int64_t index) {
  const clx_execution_rank *r = &m->execution->rank[rank];
  for (int32_t i = 0; i < r->count; i++) {
    const clx_operation *o = &m->execution->operation[r->operation[i]];
    if (o->kind == CLX_OPERATION_COLLECTIVE && o->group == group && index-- == 0) return m->replay->base[rank] + i;
  }
  return -1;
}

static clx_status fail_missing(match *m, int32_t group, int32_t more, int64_t index, int32_t less) {
  char text[128];
  const int64_t node = find_collective(m, more, group, index);
  return clx_fail_plain(m->error, CLX_INPUT,
                        "deadlock: %s waits in group %s (%d ranks) for rank %d, which enters %lld collectives of it",
                        clx_replay_node_text(m->execution, m->replay, node, text, sizeof text),
                        m->execution->group[group].name, m->execution->group[group].size, less, (long long)index);
}

static clx_status fail_stranger(match *m, int32_t rank, int32_t node) {
  char text[128];
  const clx_operation *o = &m->execution->operation[m->execution->rank[rank].operation[node]];
  return clx_fail_plain(m->error, CLX_INPUT, "%s is a collective of group %s, of which rank %d is no member",
                        clx_replay_node_text(m->execution, m->replay, m->replay->base[rank] + node, text, sizeof text),
                        m->execution->group[o->group].name, rank);
}

static clx_status count_rank(match *m, int32_t rank, int64_t *collectives, int64_t *sends) {
  const clx_execution_rank *r = &m->execution->rank[rank];
  int32_t touched = 0;
  for (int32_t i = 0; i < r->count; i++) {
    const clx_operation *o = &m->execution->operation[r->operation[i]];
    if (is_matched(o)) {
      channel *c = find_channel(m, rank, o);
      const bool more = o->kind == CLX_OPERATION_SEND ? c->sends++ >= c->receives : c->receives++ >= c->sends;
      if (more) c->node = m->replay->base[rank] + i;
      *sends += o->kind == CLX_OPERATION_SEND;
    }
    if (o->kind != CLX_OPERATION_COLLECTIVE) continue;
    if (m->seen[o->group] != rank + 1) {
      if (member_of(&m->execution->group[o->group], rank) < 0) return fail_stranger(m, rank, i);
      m->seen[o->group] = rank + 1;
      m->touched[touched++] = o->group;
      m->entered[o->group] = 0;
    }
    m->entered[o->group]++;
  }
  for (int32_t i = 0; i < touched; i++) {
    const int32_t g = m->touched[i];
    const int64_t here = m->entered[g], before = m->count[g];
    m->members[g]++;
    if (before < 0) {
      m->count[g] = here;
      m->example[g] = rank;
      *collectives += here;
    } else if (here > before) {
      return fail_missing(m, g, rank, before, m->example[g]);
    } else if (here < before) {
      return fail_missing(m, g, m->example[g], here, rank);
    }
  }
  return CLX_OK;
}

// Every member of a group that anybody entered has to have entered.
static clx_status check_groups(match *m) {
  for (int32_t g = 0; g < m->execution->group_count; g++) {
    const clx_execution_group *group = &m->execution->group[g];
    if (m->count[g] < 0 || m->members[g] == group->size) continue;
    for (int32_t i = 0; i < group->size; i++) {
      if (find_collective(m, group->rank[i], g, 0) < 0) return fail_missing(m, g, m->example[g], 0, group->rank[i]);
    }
  }
  return CLX_OK;
}

static clx_status check_channels(match *m) {
  const channel *worst = NULL;
  for (uint64_t i = 0; i < m->channel_room; i++) {
    const channel *c = &m->channel[i];
    if (c->known && c->sends != c->receives && (worst == NULL || c->node < worst->node)) worst = c;
  }
  if (worst == NULL) return CLX_OK;
  char text[128];
  const bool sends = worst->sends > worst->receives;
  return clx_fail_plain(
      m->error, CLX_INPUT, "%s %s rank %d with tag %d: %lld sends and %lld receives from rank %d to rank %d",
      clx_replay_node_text(m->execution, m->replay, worst->node, text, sizeof text),
      sends ? "is not received by" : "waits for a send of", sends ? worst->destination : worst->source, worst->tag,
      (long long)worst->sends, (long long)worst->receives, worst->source, worst->destination);
}

// --- joining ----------------------------------------------------------------------------------------------------------------

static clx_status join_collective(match *m, int64_t transfer, int64_t node, int32_t rank, int32_t operation) {
  const clx_execution *x = m->execution;
  clx_replay_transfer *t = &m->replay->transfers[transfer];
  const clx_operation *o = &x->operation[operation], *first = &x->operation[t->operation];
  m->replay->participant[t->first + member_of(&x->group[o->group], rank)] = node;
  if (t->last < 0) {
    t->last = node;
    t->operation = operation;
    return CLX_OK;
  }
  if (o->collective != first->collective) {
    char a[128], b[128];
    return clx_fail_plain(m->error, CLX_INPUT, "deadlock in group %s: %s enters %s where %s enters %s",
                          x->group[o->group].name, clx_replay_node_text(x, m->replay, node, a, sizeof a),
                          clx_collective_name[o->collective], clx_replay_node_text(x, m->replay, t->last, b, sizeof b),
                          clx_collective_name[first->collective]);
  }
  if (o->bytes > first->bytes || o->bytes < first->bytes) m->replay->unequal++;
  if (o->bytes > first->bytes) t->operation = operation;
  return CLX_OK;
}

static void join_message(match *m, int64_t transfer, int64_t node, int32_t operation) {
  clx_replay_transfer *t = &m->replay->transfers[transfer];
  const clx_operation *o = &m->execution->operation[operation];
  const bool sends = o->kind == CLX_OPERATION_SEND;
  m->replay->participant[t->first + (sends ? 0 : 1)] = node;
  if (t->last >= 0) {
    const double other = m->execution->operation[t->operation].bytes;
    m->replay->unequal += o->bytes > other || o->bytes < other;
  }
  if (sends || t->last < 0) t->operation = operation;
  t->last = node;
}

static clx_status join_rank(match *m, int32_t rank) {
  const clx_execution_rank *r = &m->execution->rank[rank];
  for (int32_t i = 0; i < r->count; i++) {
    const int64_t node = m->replay->base[rank] + i;
    const clx_operation *o = &m->execution->operation[r->operation[i]];
    int64_t *transfer = &m->replay->transfer[node];
    *transfer = -1;
    if (is_matched(o)) {
      channel *c = find_channel(m, rank, o);
      *transfer = c->first + (o->kind == CLX_OPERATION_SEND ? c->sends++ : c->receives++);
      join_message(m, *transfer, node, r->operation[i]);
    } else if (o->kind == CLX_OPERATION_COLLECTIVE) {
      if (m->seen[o->group] != rank + 1) {
        m->seen[o->group] = rank + 1;
        m->entered[o->group] = 0;
      }
      *transfer = m->first[o->group] + m->entered[o->group]++;
      CLX_TRY(join_collective(m, *transfer, node, rank, r->operation[i]));
    }
  }
  return CLX_OK;
}

// Places for all transfers and their nodes.
static clx_status lay_out(match *m, clx_arena *arena, int64_t transfers, int64_t participants) {
  clx_replay *r = m->replay;
  r->transfers = CLX_NEW_ARRAY(arena, clx_replay_transfer, transfers + 1);
  r->participant = CLX_NEW_ARRAY(arena, int64_t, participants + 1);
  if (r->transfers == NULL || r->participant == NULL) return clx_fail_plain(m->error, CLX_MEMORY, "out of memory");
  int64_t place = 0;
  for (int32_t g = 0; g < m->execution->group_count; g++) {
    m->first[g] = r->transfer_count;
    for (int64_t k = 0; k < m->count[g]; k++) {
      const int32_t size = m->execution->group[g].size;
      r->transfers[r->transfer_count++] = (clx_replay_transfer){.size = size, .first = place, .last = -1};
      place += size;
    }
  }
  for (uint64_t i = 0; i < m->channel_room; i++) {
    channel *c = &m->channel[i];
    c->first = r->transfer_count;
    for (int64_t k = 0; k < c->sends; k++) {
      r->transfers[r->transfer_count++] = (clx_replay_transfer){.size = 2, .first = place, .last = -1};
      place += 2;
    }
    c->sends = c->receives = 0;
  }
  return CLX_OK;
}

static clx_status check_nodes(match *m, int64_t *messages) {
  const clx_execution *x = m->execution;
  for (int32_t i = 0; i < x->operation_count; i++) {
    const clx_operation *o = &x->operation[i];
    if (o->kind == CLX_OPERATION_COLLECTIVE && (o->group < 0 || o->group >= x->group_count))
      return clx_fail_plain(m->error, CLX_INTERNAL, "operation '%s' names group %d of %d", o->name, o->group,
                            x->group_count);
  }
  for (int32_t rank = 0; rank < x->rank_count; rank++) {
    const clx_execution_rank *r = &x->rank[rank];
    if (r->count == 0) return clx_fail_plain(m->error, CLX_INPUT, "rank %d has no nodes", rank);
    for (int32_t i = 0; i < r->count; i++) {
      const clx_operation *o = &x->operation[r->operation[i]];
      if (!is_matched(o)) continue;
      (*messages)++;
      if (o->peer < x->rank_count) continue;
      return clx_fail_plain(m->error, CLX_INPUT, "rank %d node %llu '%.40s' is for rank %d, of which there is no trace",
                            rank, (unsigned long long)r->id[i], o->name, o->peer);
    }
  }
  return CLX_OK;
}

static clx_status prepare(match *m, clx_arena *scratch, int64_t messages) {
  const int32_t groups = m->execution->group_count;
  for (m->channel_room = 16; m->channel_room < (uint64_t)messages * 2;) m->channel_room *= 2;
  m->channel = CLX_NEW_ARRAY(scratch, channel, m->channel_room);
  m->entered = CLX_NEW_ARRAY(scratch, int64_t, groups);
  m->count = CLX_NEW_ARRAY(scratch, int64_t, groups);
  m->first = CLX_NEW_ARRAY(scratch, int64_t, groups);
  m->members = CLX_NEW_ARRAY(scratch, int32_t, groups);
  m->seen = CLX_NEW_ARRAY(scratch, int32_t, groups);
  m->touched = CLX_NEW_ARRAY(scratch, int32_t, groups);
  m->example = CLX_NEW_ARRAY(scratch, int32_t, groups);
  if (m->channel == NULL || m->entered == NULL || m->count == NULL || m->first == NULL || m->members == NULL ||
      m->seen == NULL || m->touched == NULL || m->example == NULL)
    return clx_fail_plain(m->error, CLX_MEMORY, "out of memory");
  for (int32_t g = 0; g < groups; g++) m->count[g] = -1;
  return CLX_OK;
}

static clx_status match_all(match *m, clx_arena *arena, clx_arena *scratch) {
  const clx_execution *x = m->execution;
  int64_t messages = 0, collectives = 0, sends = 0, participants = 0;
  CLX_TRY(check_nodes(m, &messages));
  CLX_TRY(prepare(m, scratch, messages));
  for (int32_t rank = 0; rank < x->rank_count; rank++) CLX_TRY(count_rank(m, rank, &collectives, &sends));
  CLX_TRY(check_groups(m));
  CLX_TRY(check_channels(m));
  for (int32_t g = 0; g < x->group_count; g++) participants += m->count[g] > 0 ? m->count[g] * x->group[g].size : 0;
  CLX_TRY(lay_out(m, arena, collectives + sends, participants + 2 * sends));
  for (int32_t g = 0; g < x->group_count; g++) m->seen[g] = 0;
  for (int32_t rank = 0; rank < x->rank_count; rank++) CLX_TRY(join_rank(m, rank));
  return CLX_OK;
}

clx_status clx_replay_match(clx_arena *arena, const clx_execution *execution, clx_replay *replay, clx_error *error) {
  match m = {.execution = execution, .replay = replay, .error = error};
  replay->base = CLX_NEW_ARRAY(arena, int64_t, execution->rank_count + 1);
  replay->transfer = CLX_NEW_ARRAY(arena, int64_t, execution->node_count + 1);
  clx_arena *scratch = clx_arena_new();
  if (replay->base == NULL || replay->transfer == NULL || scratch == NULL) {
    clx_arena_free(scratch);
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  for (int32_t i = 0; i < execution->rank_count; i++) replay->base[i + 1] = replay->base[i] + execution->rank[i].count;
  const clx_status status = match_all(&m, arena, scratch);
  clx_arena_free(scratch);
  return status;
}
