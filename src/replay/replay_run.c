// The replay: nodes start when what they wait for has ended, transfers when all their members have come.
#include <float.h>
#include <math.h>
#include <string.h>

#include "replay/replay_internal.h"

typedef enum event_kind { NODE_ENDS, TRANSFER_MOVES, TRANSFER_ENDS } event_kind;

typedef struct event {
  double time;
  int64_t index;  // node or transfer
  int32_t kind, version;
} event;

// Compute of a rank that no recorded stream puts in order: one at a time, the lowest id first, as in ASTRA-sim.
typedef struct processor {
  int32_t *ready;  // a heap of nodes by id
  int32_t count, room;
  int64_t last;  // node that ran last
  bool busy, waits;
} processor;

typedef struct engine {
  const clx_execution *execution;
  const clx_replay_setting *setting;
  clx_replay *replay;
  clx_replay_prices prices;
  clx_replay_links *links;      // NULL = transfers never share
  int32_t **first, **follower;  // [rank_count] who waits for a node
  int32_t *waiting;             // [node_count]
  int32_t *arrived;             // [transfer_count]
  processor *processor;         // [rank_count]
  int32_t *idle;                // ranks whose processor may start something
  int32_t idle_count;
  clx_buffer heap;  // of events
  size_t events;
  double now;
  int64_t ended;
  clx_error *error;
} engine;

static clx_status no_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

// --- events -----------------------------------------------------------------------------------------------------------------

static bool is_earlier(const event *a, const event *b) {
  if (a->time < b->time || a->time > b->time) return a->time < b->time;
  if (a->kind != b->kind) return a->kind < b->kind;
  return a->index < b->index;
}

static void push(engine *g, event e) {
  if ((g->events + 1) * sizeof e > g->heap.length) clx_buffer_add(&g->heap, (const char *)&e, sizeof e);
  if (g->heap.failed) return;
  event *heap = (event *)(void *)g->heap.data;
  size_t at = g->events++;
  for (; at > 0 && is_earlier(&e, &heap[(at - 1) / 2]); at = (at - 1) / 2) heap[at] = heap[(at - 1) / 2];
  heap[at] = e;
}

static event pop(engine *g) {
  event *heap = (event *)(void *)g->heap.data;
  const event top = heap[0], last = heap[--g->events];
  size_t at = 0;
  for (size_t child; (child = 2 * at + 1) < g->events; at = child) {
    if (child + 1 < g->events && is_earlier(&heap[child + 1], &heap[child])) child++;
    if (!is_earlier(&heap[child], &last)) break;
    heap[at] = heap[child];
  }
  heap[at] = last;
  return top;
}

// --- transfers --------------------------------------------------------------------------------------------------------------

// All have come: the latency passes, then bytes move.
static void begin_transfer(engine *g, int64_t transfer, int64_t node) {
  clx_replay_transfer *t = &g->replay->transfers[transfer];
  const int32_t row = g->prices.of[transfer];
  t->last = node;
  t->begin = g->now;
  if (row < 0 || g->links == NULL) {
    t->alone = row < 0 ? g->prices.time[t->operation] : g->prices.row[row].traffic.time;
    push(g, (event){g->now + t->alone, transfer, TRANSFER_ENDS, 0});
    return;
  }
  const clx_traffic_demand *d = &g->prices.row[row].traffic;
  t->alone = d->time;
  clx_replay_links_motion(g->links, transfer)->left = d->time - d->latency;
  const bool moves = d->time > d->latency;
  push(g, (event){g->now + d->latency, transfer, moves ? TRANSFER_MOVES : TRANSFER_ENDS, 0});
}

static void end_node(engine *g, int64_t node, int32_t rank);

static void end_transfer(engine *g, int64_t transfer) {
  const clx_replay *r = g->replay;
  clx_replay_transfer *t = &r->transfers[transfer];
  t->end = g->now;
  for (int32_t i = 0; i < t->size; i++) {
    const int64_t node = r->participant[t->first + i];
    if (r->start[node] >= 0) end_node(g, node, clx_replay_rank_of(g->execution, r, node));
  }
}

static void arrive(engine *g, int64_t node, int32_t rank, const clx_operation *o) {
  const int64_t transfer = g->replay->transfer[node];
  clx_replay_transfer *t = &g->replay->transfers[transfer];
  const bool waits = o->kind == CLX_OPERATION_COLLECTIVE || g->setting->rendezvous;
  g->arrived[transfer]++;
  if (waits) {
    t->arrival = g->now;
    if (g->arrived[transfer] == t->size) begin_transfer(g, transfer, node);
  } else if (o->kind == CLX_OPERATION_SEND) {
    t->arrival = g->now;
    begin_transfer(g, transfer, node);
  } else if (t->end >= 0) {
    push(g, (event){g->now, node, NODE_ENDS, rank});  // the message is there already
  }
}

// --- nodes ------------------------------------------------------------------------------------------------------------------

static void push_ready(engine *g, int32_t rank, int32_t node) {
  processor *p = &g->processor[rank];
  const uint64_t *id = g->execution->rank[rank].id;
  int32_t at = p->count++;
  for (; at > 0 && id[node] < id[p->ready[(at - 1) / 2]]; at = (at - 1) / 2) p->ready[at] = p->ready[(at - 1) / 2];
  p->ready[at] = node;
}

static int32_t pop_ready(engine *g, int32_t rank) {
  processor *p = &g->processor[rank];
  const uint64_t *id = g->execution->rank[rank].id;
  const int32_t top = p->ready[0], last = p->ready[--p->count];
  int32_t at = 0;
  for (int32_t child; (child = 2 * at + 1) < p->count; at = child) {
    if (child + 1 < p->count && id[p->ready[child + 1]] < id[p->ready[child]]) child++;
    if (id[p->ready[child]] >= id[last]) break;
    p->ready[at] = p->ready[child];
  }
  p->ready[at] = last;
  return top;
}

static void ask_processor(engine *g, int32_t rank) {
  if (g->processor[rank].waits) return;
  g->processor[rank].waits = true;
  g->idle[g->idle_count++] = rank;
}

static bool is_queued(const clx_operation *o) { return o->kind == CLX_OPERATION_COMPUTE && o->stream < 0; }

static void start_node(engine *g, int64_t node, int32_t rank) {
  const int32_t local = (int32_t)(node - g->replay->base[rank]);
  const int32_t operation = g->execution->rank[rank].operation[local];
  const clx_operation *o = &g->execution->operation[operation];
  g->replay->start[node] = g->now;
  if (g->replay->transfer[node] >= 0) {
    arrive(g, node, rank, o);
  } else if (is_queued(o)) {
    push_ready(g, rank, local);
    ask_processor(g, rank);
  } else {
    push(g, (event){g->now + g->prices.time[operation], node, NODE_ENDS, rank});
  }
}

static void end_node(engine *g, int64_t node, int32_t rank) {
  const int64_t base = g->replay->base[rank];
  const int32_t local = (int32_t)(node - base), *first = g->first[rank];
  g->replay->end[node] = g->now;
  g->ended++;
  if (is_queued(&g->execution->operation[g->execution->rank[rank].operation[local]])) {
    g->processor[rank].busy = false;
    ask_processor(g, rank);
  }
  for (int32_t f = first[local]; f < first[local + 1]; f++) {
    const int64_t next = base + g->follower[rank][f];
    if (--g->waiting[next] > 0) continue;
    g->replay->cause[next] = node;
    start_node(g, next, rank);
  }
}

// Once everything of this moment is known, free processors take the first of what is ready.
static void start_processors(engine *g) {
  for (; g->idle_count > 0;) {
    const int32_t rank = g->idle[--g->idle_count];
    processor *p = &g->processor[rank];
    p->waits = false;
    if (p->busy || p->count == 0) continue;
    const int32_t local = pop_ready(g, rank);
    const int64_t node = g->replay->base[rank] + local;
    const double time = g->prices.time[g->execution->rank[rank].operation[local]];
    if (g->replay->start[node] < g->now) {  // it has waited for the one that ran before
      g->replay->cause[node] = p->last;
      g->replay->start[node] = g->now;
    }
    p->busy = true;
    p->last = node;
    push(g, (event){g->now + time, node, NODE_ENDS, rank});
  }
}

// --- run --------------------------------------------------------------------------------------------------------------------

// Speeds that have changed at this moment: ends are set anew.
static void reschedule(engine *g) {
  for (int64_t t; (t = clx_replay_links_changed(g->links)) >= 0;) {
    clx_replay_motion *m = clx_replay_links_motion(g->links, t);
    if (m->version > 0) m->left = fmax(0, m->left - (g->now - m->since) * m->rate);
    if (m->speed < 1) m->slowed = true;
    m->since = g->now;
    m->rate = m->speed;
    push(g, (event){g->now + m->left / fmax(m->rate, DBL_MIN), t, TRANSFER_ENDS, ++m->version});
  }
}

// The end of a transfer whose speed has changed since.
static bool is_stale(engine *g, const event *e) {
  return e->kind == TRANSFER_ENDS && e->version > 0 &&
         e->version != clx_replay_links_motion(g->links, e->index)->version;
}

static clx_status follow(engine *g, const event *e) {
  if (e->kind == NODE_ENDS) {
    end_node(g, e->index, e->version);
    return CLX_OK;
  }
  if (e->kind == TRANSFER_MOVES) return clx_replay_links_join(g->links, e->index, g->error);
  if (e->version > 0) {
    g->replay->shared += clx_replay_links_motion(g->links, e->index)->slowed;
    CLX_TRY(clx_replay_links_leave(g->links, e->index, g->error));
  }
  end_transfer(g, e->index);
  return CLX_OK;
}

static clx_status run(engine *g) {
  const clx_execution *x = g->execution;
  for (int32_t rank = 0; rank < x->rank_count; rank++) {
    const int64_t base = g->replay->base[rank];
    for (int32_t i = 0; i < x->rank[rank].count; i++) {
      if (x->rank[rank].first[i] == x->rank[rank].first[i + 1]) start_node(g, base + i, rank);
    }
  }
  for (;;) {
    const event *next = (const event *)(const void *)g->heap.data;
    if (g->heap.failed) return no_memory(g->error);
    if (g->events == 0 || next->time > g->now) {
      if (g->links != NULL) reschedule(g);
      start_processors(g);
      if (g->heap.failed) return no_memory(g->error);
      if (g->events == 0) break;
    }
    const event e = pop(g);
    if (is_stale(g, &e)) continue;
    g->now = e.time;
    g->replay->events++;
    CLX_TRY(follow(g, &e));
  }
  if (g->ended < x->node_count) return clx_replay_stuck(x, g->replay, g->waiting, g->error);
  g->replay->time = g->now;
  if (g->links != NULL) g->replay->beyond_sharing = clx_replay_links_refused(g->links);
  return isfinite(g->now) ? CLX_OK : clx_fail_plain(g->error, CLX_INTERNAL, "the replay takes %g s", g->now);
}

// --- setting up -------------------------------------------------------------------------------------------------------------

static clx_status find_followers(engine *g, clx_arena *arena, int32_t rank) {
  const clx_execution_rank *r = &g->execution->rank[rank];
  const int32_t edges = r->first[r->count];
  int32_t *first = CLX_NEW_ARRAY(arena, int32_t, r->count + 2), *follower = CLX_NEW_ARRAY(arena, int32_t, edges + 1);
  if (first == NULL || follower == NULL) return no_memory(g->error);
  for (int32_t i = 0; i < edges; i++) first[r->dependency[i] + 2]++;
  for (int32_t i = 0; i < r->count; i++) first[i + 1] += first[i];
  for (int32_t i = 0; i < r->count; i++) {
    for (int32_t d = r->first[i]; d < r->first[i + 1]; d++) follower[first[r->dependency[d] + 1]++] = i;
    g->waiting[g->replay->base[rank] + i] = r->first[i + 1] - r->first[i];
  }
  g->first[rank] = first;
  g->follower[rank] = follower;
  return CLX_OK;
}

static clx_status set_up_rank(engine *g, clx_arena *arena, int32_t rank) {
  const clx_execution_rank *r = &g->execution->rank[rank];
  int32_t queued = 0;
  for (int32_t i = 0; i < r->count; i++) {
    const clx_operation *o = &g->execution->operation[r->operation[i]];
    queued += is_queued(o);
    g->replay->without_cost += o->kind == CLX_OPERATION_COMPUTE && g->prices.time[r->operation[i]] <= 0;
  }
  g->processor[rank] = (processor){.ready = CLX_NEW_ARRAY(arena, int32_t, queued + 1), .last = -1};
  if (g->processor[rank].ready == NULL) return no_memory(g->error);
  return find_followers(g, arena, rank);
}

static clx_status set_up(engine *g, clx_arena *arena, clx_arena *scratch) {
  const clx_execution *x = g->execution;
  clx_replay *r = g->replay;
  CLX_TRY(clx_replay_match(arena, x, r, g->error));
  CLX_TRY(clx_replay_price(scratch, x, g->setting, r, &g->prices, g->error));
  r->start = CLX_NEW_ARRAY(arena, double, x->node_count);
  r->end = CLX_NEW_ARRAY(arena, double, x->node_count);
  r->cause = CLX_NEW_ARRAY(arena, int64_t, x->node_count);
  g->waiting = CLX_NEW_ARRAY(scratch, int32_t, x->node_count);
  g->arrived = CLX_NEW_ARRAY(scratch, int32_t, r->transfer_count + 1);
  g->first = CLX_NEW_ARRAY(scratch, int32_t *, x->rank_count);
  g->follower = CLX_NEW_ARRAY(scratch, int32_t *, x->rank_count);
  g->processor = CLX_NEW_ARRAY(scratch, processor, x->rank_count);
  g->idle = CLX_NEW_ARRAY(scratch, int32_t, x->rank_count);
  const bool shares = !g->setting->alone && !g->setting->recorded_transfers;
  if (shares) g->links = clx_replay_links_new(scratch, x, r, &g->prices);
  if (r->start == NULL || r->end == NULL || r->cause == NULL || g->waiting == NULL || g->arrived == NULL ||
      g->first == NULL || g->follower == NULL || g->processor == NULL || g->idle == NULL ||
      (shares && g->links == NULL))
    return no_memory(g->error);
  for (int64_t i = 0; i < x->node_count; i++) {
    r->start[i] = r->end[i] = -1;
    r->cause[i] = -1;
  }
  for (int64_t t = 0; t < r->transfer_count; t++) r->transfers[t].begin = r->transfers[t].end = -1;
  for (int32_t rank = 0; rank < x->rank_count; rank++) CLX_TRY(set_up_rank(g, scratch, rank));
  return CLX_OK;
}

clx_status clx_replay_run(clx_arena *arena, const clx_execution *execution, const clx_replay_setting *setting,
                          clx_replay *replay, clx_error *error) {
  engine g = {.execution = execution, .setting = setting, .replay = replay, .error = error};
  *replay = (clx_replay){0};
  clx_arena *scratch = clx_arena_new();
  if (scratch == NULL) return no_memory(error);
  clx_status status = set_up(&g, arena, scratch);
  if (status == CLX_OK) status = run(&g);
  clx_buffer_free(&g.heap);
  clx_arena_free(scratch);
  return status;
}
