// Transfers of one rank share its links; a collective goes as fast as its slowest member.
#include <stdlib.h>
#include <string.h>

#include "replay/replay_internal.h"

enum { STREAMS = CLX_TRAFFIC_STREAMS_MAX, SETS_MAX = 1 << 16 };

// A transfer that moves bytes on a rank.
typedef struct user {
  int64_t transfer;
  int64_t place;  // of the rank among its participants
} user;

// Transfers on the links of one rank.
typedef struct endpoint {
  int32_t count;
  user user[STREAMS];
} endpoint;

// A set of demands that met, in rising order, and how fast each goes.
typedef struct meeting {
  int32_t count;  // 0 = free
  int32_t row[STREAMS];
  double speed[STREAMS];
} meeting;

struct clx_replay_links {
  clx_arena *arena;
  const clx_execution *execution;
  const clx_replay *replay;
  const clx_replay_prices *prices;
  endpoint *endpoint;         // [rank_count]
  double *share;              // of each participant
  clx_replay_motion *motion;  // [transfer_count]
  int64_t *changed;           // stack of transfers
  int64_t changed_count;
  meeting *meetings;
  uint32_t meeting_size, meeting_count;
  clx_traffic traffic;
  int64_t refused;
};

clx_replay_links *clx_replay_links_new(clx_arena *arena, const clx_execution *execution, const clx_replay *replay,
                                       const clx_replay_prices *prices) {
  clx_replay_links *l = CLX_NEW(arena, clx_replay_links);
  if (l == NULL) return NULL;
  int64_t participants = 0;
  for (int64_t t = 0; t < replay->transfer_count; t++) participants += replay->transfers[t].size;
  *l = (clx_replay_links){.arena = arena, .execution = execution, .replay = replay, .prices = prices};
  l->endpoint = CLX_NEW_ARRAY(arena, endpoint, execution->rank_count);
  l->share = CLX_NEW_ARRAY(arena, double, participants + 1);
  l->motion = CLX_NEW_ARRAY(arena, clx_replay_motion, replay->transfer_count + 1);
  l->changed = CLX_NEW_ARRAY(arena, int64_t, replay->transfer_count + 1);
  if (l->endpoint == NULL || l->share == NULL || l->motion == NULL || l->changed == NULL) return NULL;
  l->traffic = prices->links;
  return l;
}

clx_replay_motion *clx_replay_links_motion(clx_replay_links *links, int64_t transfer) {
  return &links->motion[transfer];
}

int64_t clx_replay_links_refused(const clx_replay_links *links) { return links->refused; }

int64_t clx_replay_links_changed(clx_replay_links *links) {
  while (links->changed_count > 0) {
    const int64_t transfer = links->changed[--links->changed_count];
    links->motion[transfer].changed = false;
    if (links->motion[transfer].moving) return transfer;
  }
  return -1;
}

// --- sets of demands --------------------------------------------------------------------------------------------------------

static uint64_t hash(const int32_t *row, int32_t count) {
  uint64_t h = (uint64_t)(uint32_t)count;
  for (int32_t i = 0; i < count; i++) h = clx_replay_mix(h, (uint32_t)row[i]);
  return h;
}

static bool grow(clx_replay_links *l) {
  meeting *known = l->meetings;
  if (known != NULL && l->meeting_count * 2 < l->meeting_size) return true;
  if (known != NULL && l->meeting_size >= SETS_MAX) {  // start anew rather than grow
    memset(known, 0, l->meeting_size * sizeof *known);
    l->meeting_count = 0;
    return true;
  }
  const uint32_t size = known == NULL ? 64 : l->meeting_size * 2;
  meeting *moved = CLX_NEW_ARRAY(l->arena, meeting, size);
  if (moved == NULL) return false;
  for (uint32_t i = 0; known != NULL && i < l->meeting_size; i++) {
    if (known[i].count == 0) continue;
    uint32_t at = (uint32_t)hash(known[i].row, known[i].count) & (size - 1);
    while (moved[at].count != 0) at = (at + 1) & (size - 1);
    moved[at] = known[i];
  }
  l->meetings = moved;
  l->meeting_size = size;
  return true;
}

// Speeds of demands that meet; row[] rises. NULL: out of memory.
static const double *find_speeds(clx_replay_links *l, const int32_t *row, int32_t count) {
  if (!grow(l)) return NULL;
  uint32_t at = (uint32_t)hash(row, count) & (l->meeting_size - 1);
  for (; l->meetings[at].count != 0; at = (at + 1) & (l->meeting_size - 1)) {
    const meeting *m = &l->meetings[at];
    if (m->count == count && memcmp(m->row, row, (size_t)count * sizeof *row) == 0) return m->speed;
  }
  l->traffic.demand_count = 0;
  for (int32_t i = 0; i < count; i++) clx_traffic_add(&l->traffic, &l->prices->row[row[i]].traffic);
  meeting *m = &l->meetings[at];
  m->count = count;
  memcpy(m->row, row, (size_t)count * sizeof *row);
  memcpy(m->speed, clx_traffic_speeds(&l->traffic, (1u << count) - 1), (size_t)count * sizeof *m->speed);
  l->meeting_count++;
  return m->speed;
}

// --- shares -----------------------------------------------------------------------------------------------------------------

static void mark(clx_replay_links *l, int64_t transfer) {
  clx_replay_motion *m = &l->motion[transfer];
  if (m->changed) return;
  m->changed = true;
  l->changed[l->changed_count++] = transfer;
}

// The transfer's speed is the least share of its members: kept up to date without looking at all of them each time.
static void set_share(clx_replay_links *l, const user *u, double share) {
  clx_replay_motion *m = &l->motion[u->transfer];
  const clx_replay_transfer *t = &l->replay->transfers[u->transfer];
  double *own = &l->share[t->first + u->place];
  const double before = *own;
  *own = share;
  if (share < m->speed) {
    m->speed = share;
    m->at_least = 1;
  } else if (before <= m->speed && share > m->speed) {
    if (--m->at_least > 0) return;
    const int32_t size = l->execution->operation[t->operation].kind == CLX_OPERATION_COLLECTIVE ? t->size : 1;
    m->speed = 1;
    for (int32_t i = 0; i < size; i++) m->speed = l->share[t->first + i] < m->speed ? l->share[t->first + i] : m->speed;
    for (int32_t i = 0; i < size; i++) m->at_least += l->share[t->first + i] <= m->speed;
  } else if (share <= m->speed && before > m->speed) {
    m->at_least++;
    return;
  } else {
    return;
  }
  mark(l, u->transfer);
}

// The set of transfers on a rank has changed: everybody's share is found anew.
static bool settle(clx_replay_links *l, endpoint *e) {
  if (e->count == 0) return true;
  if (e->count == 1) {
    set_share(l, &e->user[0], 1);
    return true;
  }
  int32_t order[STREAMS], row[STREAMS];
  for (int32_t i = 0; i < e->count; i++) {
    const int32_t own = l->prices->of[e->user[i].transfer];
    int32_t at = i;
    for (; at > 0 && row[at - 1] > own; at--) {
      row[at] = row[at - 1];
      order[at] = order[at - 1];
    }
    row[at] = own;
    order[at] = i;
  }
  const double *speed = find_speeds(l, row, e->count);
  if (speed == NULL) return false;
  for (int32_t i = 0; i < e->count; i++) set_share(l, &e->user[order[i]], speed[i]);
  return true;
}

static bool add(clx_replay_links *l, int32_t rank, int64_t transfer, int64_t place) {
  endpoint *e = &l->endpoint[rank];
  if (e->count == STREAMS) {
    l->refused++;
    return true;
  }
  e->user[e->count++] = (user){transfer, place};
  return settle(l, e);
}

static bool take(clx_replay_links *l, int32_t rank, int64_t transfer) {
  endpoint *e = &l->endpoint[rank];
  for (int32_t i = 0; i < e->count; i++) {
    if (e->user[i].transfer != transfer) continue;
    memmove(&e->user[i], &e->user[i + 1], (size_t)(e->count - i - 1) * sizeof e->user[0]);
    e->count--;
    return settle(l, e);
  }
  return true;
}

// A message uses the links of its sender only: what it takes of the receiver's is the other direction of a full-duplex link.
static bool visit(clx_replay_links *l, int64_t transfer, bool joins) {
  const clx_replay_transfer *t = &l->replay->transfers[transfer];
  const clx_operation *o = &l->execution->operation[t->operation];
  if (o->kind != CLX_OPERATION_COLLECTIVE) {
    const int32_t rank = clx_replay_rank_of(l->execution, l->replay, l->replay->participant[t->first]);
    return joins ? add(l, rank, transfer, 0) : take(l, rank, transfer);
  }
  const clx_execution_group *g = &l->execution->group[o->group];
  for (int32_t i = 0; i < g->size; i++) {
    if (!(joins ? add(l, g->rank[i], transfer, i) : take(l, g->rank[i], transfer))) return false;
  }
  return true;
}

clx_status clx_replay_links_join(clx_replay_links *links, int64_t transfer, clx_error *error) {
  const clx_replay_transfer *t = &links->replay->transfers[transfer];
  clx_replay_motion *m = &links->motion[transfer];
  const bool collective = links->execution->operation[t->operation].kind == CLX_OPERATION_COLLECTIVE;
  const int32_t size = collective ? t->size : 1;
  for (int32_t i = 0; i < size; i++) links->share[t->first + i] = 1;
  m->moving = true;
  m->speed = 1;
  m->at_least = size;
  mark(links, transfer);
  return visit(links, transfer, true) ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
}

clx_status clx_replay_links_leave(clx_replay_links *links, int64_t transfer, clx_error *error) {
  links->motion[transfer].moving = false;
  return visit(links, transfer, false) ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
}
