// What a replay shows: where the time of each rank goes, equal transfers together, the path that decides the time.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "replay/replay_internal.h"

static clx_status no_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

// --- ranks ------------------------------------------------------------------------------------------------------------------

enum { COMPUTES, TRANSFERS, WAITS, HOSTS, ACTIVITIES };

typedef struct turn {
  double time;
  int32_t activity, change;
} turn;

static int compare_turns(const void *a, const void *b) {
  const turn *x = a, *y = b;
  return (x->time > y->time) - (x->time < y->time);
}

static int32_t add_span(turn *turns, int32_t count, int32_t activity, double start, double end) {
  if (end <= start) return count;
  turns[count] = (turn){start, activity, 1};
  turns[count + 1] = (turn){end, activity, -1};
  return count + 2;
}

static int32_t add_node(const clx_execution *x, const clx_replay *r, int32_t rank, int32_t local, turn *turns,
                        int32_t count) {
  const int64_t node = r->base[rank] + local, transfer = r->transfer[node];
  const int32_t kind = x->operation[x->rank[rank].operation[local]].kind;
  const double start = r->start[node], end = r->end[node];
  if (transfer >= 0) {
    const double begin = fmin(end, fmax(start, r->transfers[transfer].begin));
    count = add_span(turns, count, WAITS, start, begin);
    return add_span(turns, count, TRANSFERS, begin, end);
  }
  if (kind == CLX_OPERATION_HOST) return add_span(turns, count, HOSTS, start, end);
  const bool computes = kind == CLX_OPERATION_COMPUTE;
  return kind == CLX_OPERATION_NOTHING ? count : add_span(turns, count, computes ? COMPUTES : TRANSFERS, start, end);
}

static clx_replay_rank sweep(const turn *turns, int32_t count, double time) {
  clx_replay_rank out = {0};
  int32_t active[ACTIVITIES] = {0};
  double now = 0;
  for (int32_t i = 0; i < count; i++) {
    const double step = turns[i].time - now;
    double *part = active[COMPUTES] > 0    ? &out.compute
                   : active[TRANSFERS] > 0 ? &out.exposed
                   : active[WAITS] > 0     ? &out.waiting
                   : active[HOSTS] > 0     ? &out.host
                                           : &out.idle;
    *part += step;
    if (active[TRANSFERS] > 0) out.communication += step;
    active[turns[i].activity] += turns[i].change;
    now = turns[i].time;
  }
  out.idle += time - now;
  return out;
}

clx_status clx_replay_ranks(clx_arena *arena, const clx_execution *execution, const clx_replay *replay,
                            clx_replay_rank *rank, clx_error *error) {
  int32_t most = 0;
  for (int32_t i = 0; i < execution->rank_count; i++)
    most = execution->rank[i].count > most ? execution->rank[i].count : most;
  turn *turns = CLX_NEW_ARRAY(arena, turn, 4 * (size_t)most + 1);
  if (turns == NULL) return no_memory(error);
  for (int32_t i = 0; i < execution->rank_count; i++) {
    int32_t count = 0;
    double end = 0;
    for (int32_t k = 0; k < execution->rank[i].count; k++) {
      count = add_node(execution, replay, i, k, turns, count);
      end = fmax(end, replay->end[replay->base[i] + k]);
    }
    qsort(turns, (size_t)count, sizeof *turns, compare_turns);
    rank[i] = sweep(turns, count, replay->time);
    rank[i].end = end;
  }
  return CLX_OK;
}

// --- transfers --------------------------------------------------------------------------------------------------------------

static int compare_collectives(const void *a, const void *b) {
  const clx_replay_collective *x = a, *y = b;
  if (x->total > y->total || x->total < y->total) return x->total < y->total ? 1 : -1;
  return (x->kind > y->kind) - (x->kind < y->kind);
}

static void add_transfer(const clx_replay *r, const clx_replay_transfer *t, clx_replay_collective *row) {
  row->count++;
  row->alone += t->alone;
  row->time += t->end - t->begin;
  row->total += (t->end - t->begin) * t->size;
  for (int32_t i = 0; i < t->size; i++) {
    const double start = r->start[r->participant[t->first + i]];
    row->waiting += fmax(0, t->begin - start) / t->size;
  }
}

clx_status clx_replay_collectives(clx_arena *arena, const clx_execution *execution, const clx_replay_setting *setting,
                                  const clx_replay *replay, clx_replay_collective **table, int32_t *count,
                                  clx_error *error) {
  clx_replay_prices prices;
  CLX_TRY(clx_replay_price(arena, execution, setting, replay, &prices, error));
  // With recorded times there are no demands: operations stand for themselves.
  const int32_t rows = prices.row_count > 0 ? prices.row_count : execution->operation_count;
  clx_replay_collective *out = CLX_NEW_ARRAY(arena, clx_replay_collective, rows + 1);
  if (out == NULL) return no_memory(error);
  for (int64_t i = 0; i < replay->transfer_count; i++) {
    const clx_replay_transfer *t = &replay->transfers[i];
    const clx_operation *o = &execution->operation[t->operation];
    const int32_t row = prices.of[i] >= 0 ? prices.of[i] : t->operation;
    const bool collective = o->kind == CLX_OPERATION_COLLECTIVE;
    out[row].kind = collective ? o->collective : CLX_SEND_RECEIVE;
    out[row].bytes = o->bytes;
    if (prices.of[i] >= 0) {
      out[row].group = prices.row[row].group;
    } else {
      out[row].group.size = collective ? execution->group[o->group].size : 2;
    }
    add_transfer(replay, t, &out[row]);
  }
  *count = 0;
  for (int32_t i = 0; i < rows; i++) {
    if (out[i].count == 0) continue;
    const double n = (double)out[i].count;
    clx_replay_collective row = out[i];
    row.alone /= n;
    row.time /= n;
    row.waiting /= n;
    out[(*count)++] = row;
  }
  qsort(out, (size_t)*count, sizeof *out, compare_collectives);
  *table = out;
  return CLX_OK;
}

// --- critical path ----------------------------------------------------------------------------------------------------------

typedef struct tally {
  clx_replay_path *path;
  int32_t room;
  int32_t *slot;  // step + 1, 0 = free
  uint32_t size;
  clx_arena *arena;
} tally;

static uint64_t hash(const char *name, int32_t kind) {
  return clx_replay_mix((uint64_t)(uintptr_t)name, (uint32_t)kind);
}

static bool grow(tally *t) {
  clx_replay_path *p = t->path;
  if (t->slot != NULL && (uint32_t)p->count * 2 < t->size) return true;
  const uint32_t size = t->slot == NULL ? 64 : t->size * 2;
  clx_replay_step *step = CLX_NEW_ARRAY(t->arena, clx_replay_step, size);
  int32_t *slot = CLX_NEW_ARRAY(t->arena, int32_t, size);
  if (step == NULL || slot == NULL) return false;
  for (int32_t i = 0; i < p->count; i++) {
    step[i] = p->step[i];
    uint32_t at = (uint32_t)hash(step[i].name, step[i].kind) & (size - 1);
    while (slot[at] != 0) at = (at + 1) & (size - 1);
    slot[at] = i + 1;
  }
  p->step = step;
  t->slot = slot;
  t->size = size;
  return true;
}

// Names are the execution's own copies: equal ones have equal addresses.
static bool count_step(tally *t, const clx_operation *o, double time) {
  if (!grow(t)) return false;
  uint32_t at = (uint32_t)hash(o->name, o->kind) & (t->size - 1);
  for (; t->slot[at] != 0; at = (at + 1) & (t->size - 1)) {
    const clx_replay_step *s = &t->path->step[t->slot[at] - 1];
    if (s->name == o->name && s->kind == o->kind) break;
  }
  if (t->slot[at] == 0) {
    t->path->step[t->path->count] = (clx_replay_step){.name = o->name, .kind = o->kind};
    t->slot[at] = ++t->path->count;
  }
  clx_replay_step *s = &t->path->step[t->slot[at] - 1];
  s->count++;
  s->time += time;
  t->path->time[o->kind] += time;
  t->path->nodes++;
  return true;
}

static int compare_steps(const void *a, const void *b) {
  const clx_replay_step *x = a, *y = b;
  if (x->time > y->time || x->time < y->time) return x->time < y->time ? 1 : -1;
  if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
  return strcmp(x->name, y->name);
}

clx_status clx_replay_critical(clx_arena *arena, const clx_execution *execution, const clx_replay *replay,
                               clx_replay_path *path, clx_error *error) {
  tally t = {.path = path, .arena = arena};
  *path = (clx_replay_path){0};
  int64_t at = 0;
  for (int64_t i = 0; i < execution->node_count; i++) at = replay->end[i] > replay->end[at] ? i : at;
  path->last_rank = clx_replay_rank_of(execution, replay, at);
  while (at >= 0) {
    const int64_t transfer = replay->transfer[at];
    double from = replay->start[at];
    const clx_operation *o = clx_replay_operation_of(execution, replay, at);
    int64_t decides = at;
    if (transfer >= 0 && replay->transfers[transfer].end > from) {
      from = replay->transfers[transfer].begin;
      decides = replay->transfers[transfer].last;
    }
    if (!count_step(&t, o, replay->end[at] - from)) return no_memory(error);
    at = replay->cause[decides];
  }
  qsort(path->step, (size_t)path->count, sizeof *path->step, compare_steps);
  return CLX_OK;
}
