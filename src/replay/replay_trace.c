// A replay as a timeline.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "replay/replay_internal.h"

// A part of a node before it has a track.
typedef struct piece {
  uint64_t key;  // what it queues in
  int64_t node;
  double start, end;
  bool waits;
} piece;

typedef struct lane {
  uint64_t key;
  int32_t track;
  double end;
} lane;

typedef struct timeline {
  clx_arena *arena;
  const clx_execution *execution;
  const clx_replay *replay;
  const int64_t *rank;
  int32_t count;
  clx_trace *trace;
  int32_t track_room;
  clx_error *error;
} timeline;

static clx_status no_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

// --- tracks -----------------------------------------------------------------------------------------------------------------

enum { HOST, COMPUTE, STREAM, MEMORY, GROUP, TO, FROM };

static uint64_t key_of(const clx_operation *o) {
  int32_t class = COMPUTE, value = 0;
  if (o->kind == CLX_OPERATION_HOST) {
    class = HOST;
    value = o->stream;
  } else if (o->stream >= 0) {
    class = STREAM;
    value = o->stream;
  } else if (o->kind == CLX_OPERATION_MEMORY) {
    class = MEMORY;
  } else if (o->kind == CLX_OPERATION_COLLECTIVE) {
    class = GROUP;
    value = o->group;
  } else if (o->kind == CLX_OPERATION_SEND || o->kind == CLX_OPERATION_RECEIVE) {
    class = o->kind == CLX_OPERATION_SEND ? TO : FROM;
    value = o->peer;
  }
  return (uint64_t)(class + 1) << 32 | (uint32_t)value;
}

static const char *track_name(const timeline *t, uint64_t key) {
  const int32_t class = (int32_t)(key >> 32) - 1, value = (int32_t)(uint32_t)key;
  switch (class) {
    case HOST:
      return value < 0 ? "host" : clx_arena_format(t->arena, "host thread %d", value);
    case COMPUTE:
      return "compute";
    case STREAM:
      return clx_arena_format(t->arena, "stream %d", value);
    case MEMORY:
      return "memory";
    case GROUP:
      return clx_arena_format(t->arena, "group %s", t->execution->group[value].name);
    default:
      return clx_arena_format(t->arena, "%s rank %d", class == TO ? "to" : "from", value);
  }
}

// The new track's number, -1 = out of memory.
static int32_t add_track(timeline *t, int32_t process, uint64_t key) {
  clx_trace *trace = t->trace;
  if (trace->track_count == t->track_room) {
    const int32_t room = t->track_room == 0 ? 32 : t->track_room * 2;
    clx_track *track = CLX_NEW_ARRAY(t->arena, clx_track, room);
    if (track == NULL) return -1;
    if (trace->track_count > 0) memcpy(track, trace->track, (size_t)trace->track_count * sizeof *track);
    trace->track = track;
    t->track_room = room;
  }
  const char *name = track_name(t, key), *title = clx_arena_format(t->arena, "rank %d", process);
  if (name == NULL || title == NULL) return -1;
  trace->track[trace->track_count] = (clx_track){.process = process, .process_name = title, .name = name};
  return trace->track_count++;
}

// --- spans ------------------------------------------------------------------------------------------------------------------

static int compare_pieces(const void *a, const void *b) {
  const piece *x = a, *y = b;
  if (x->start < y->start || x->start > y->start) return x->start < y->start ? -1 : 1;
  return (x->node > y->node) - (x->node < y->node);
}

static int32_t collect(const timeline *t, int32_t rank, piece *pieces) {
  const clx_execution_rank *r = &t->execution->rank[rank];
  int32_t count = 0;
  for (int32_t i = 0; i < r->count; i++) {
    const clx_operation *o = &t->execution->operation[r->operation[i]];
    const int64_t node = t->replay->base[rank] + i, transfer = t->replay->transfer[node];
    const double start = t->replay->start[node], end = t->replay->end[node];
    double begin = start;
    if (o->kind == CLX_OPERATION_NOTHING) continue;
    if (transfer >= 0) begin = fmin(end, fmax(start, t->replay->transfers[transfer].begin));
    if (begin > start) pieces[count++] = (piece){key_of(o), node, start, begin, true};
    if (end > begin) pieces[count++] = (piece){key_of(o), node, begin, end, false};
  }
  qsort(pieces, (size_t)count, sizeof *pieces, compare_pieces);
  return count;
}

static bool is_shown(const timeline *t, int32_t rank) {
  for (int32_t i = 0; i < t->count; i++) {
    if (t->rank[i] == rank) return true;
  }
  return false;
}

// An arrow for messages of which both ends are shown.
static int32_t flow_of(const timeline *t, const clx_operation *o, int64_t node) {
  const int64_t transfer = t->replay->transfer[node];
  const bool message = o->kind == CLX_OPERATION_SEND || o->kind == CLX_OPERATION_RECEIVE;
  return message && transfer >= 0 && transfer < INT32_MAX && is_shown(t, o->peer) ? (int32_t)transfer + 1 : 0;
}

static clx_trace_span span_of(const timeline *t, const piece *p, int32_t rank, int32_t track) {
  const int32_t local = (int32_t)(p->node - t->replay->base[rank]);
  const clx_operation *o = &t->execution->operation[t->execution->rank[rank].operation[local]];
  clx_trace_span s = {.track = track, .name = o->name, .start = p->start, .end = p->end};
  s.category =
      o->kind == CLX_OPERATION_COLLECTIVE ? clx_collective_name[o->collective] : clx_operation_kind_name[o->kind];
  if (p->waits) {
    s.name = s.category = "waiting";
    return s;
  }
  s.flow = flow_of(t, o, p->node);
  const bool computes = o->kind == CLX_OPERATION_COMPUTE && o->flop > 0;
  s.amount = computes ? o->flop : o->bytes;
  s.amount_name = s.amount <= 0 ? NULL : computes ? "flop" : "bytes";
  return s;
}

// Pieces of one queue that overlap (messages on several streams of the sender, say) stand on tracks of their own.
static clx_status add_rank(timeline *t, int32_t rank, piece *pieces) {
  const int32_t count = collect(t, rank, pieces);
  int32_t lanes = 0, room = 64;
  lane *lane_of = CLX_NEW_ARRAY(t->arena, lane, room);
  for (int32_t i = 0; i < count && lane_of != NULL; i++) {
    const piece *p = &pieces[i];
    int32_t at = 0;
    while (at < lanes && (lane_of[at].key != p->key || lane_of[at].end > p->start)) at++;
    if (at == room) {
      lane *more = CLX_NEW_ARRAY(t->arena, lane, 2 * room);
      if (more == NULL) return no_memory(t->error);
      memcpy(more, lane_of, (size_t)room * sizeof *more);
      lane_of = more;
      room *= 2;
    }
    if (at == lanes) {
      lane_of[at] = (lane){p->key, add_track(t, rank, p->key), 0};
      lanes++;
      if (lane_of[at].track < 0) return no_memory(t->error);
    }
    lane_of[at].end = p->end;
    t->trace->span[t->trace->span_count++] = span_of(t, p, rank, lane_of[at].track);
  }
  return lane_of == NULL ? no_memory(t->error) : CLX_OK;
}

clx_status clx_replay_trace(clx_arena *arena, const clx_execution *execution, const clx_replay *replay,
                            const int64_t *rank, int32_t count, clx_trace *trace, clx_error *error) {
  timeline t = {.arena = arena,
                .execution = execution,
                .replay = replay,
                .rank = rank,
                .count = count,
                .trace = trace,
                .error = error};
  int64_t all = 0, most = 0;
  for (int32_t i = 0; i < count; i++) {
    if (rank[i] < 0 || rank[i] >= execution->rank_count)
      return clx_fail_plain(error, CLX_INPUT, "rank %lld of the timeline: there are %d ranks", (long long)rank[i],
                            execution->rank_count);
    const int64_t nodes = execution->rank[rank[i]].count;
    all += 2 * nodes;
    most = nodes > most ? nodes : most;
  }
  *trace = (clx_trace){0};
  trace->span = CLX_NEW_ARRAY(arena, clx_trace_span, all + 1);
  piece *pieces = CLX_NEW_ARRAY(arena, piece, 2 * most + 1);
  if (trace->span == NULL || pieces == NULL) return no_memory(error);
  for (int32_t i = 0; i < count; i++) CLX_TRY(add_rank(&t, (int32_t)rank[i], pieces));
  return CLX_OK;
}
