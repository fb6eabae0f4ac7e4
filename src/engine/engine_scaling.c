// As many replicas of a pool as there is work for.
#include "engine/engine_internal.h"

#include <math.h>

const char *const clx_scaling_metric_name[CLX_SCALING_METRICS + 1] = {"concurrency", "queue", "busy", "cache", NULL};

bool clx_fleet_scales(const clx_engine_fleet *fleet) {
  for (int32_t p = 0; p < fleet->pools; p++) {
    if (fleet->pool[p].scaling.least > 0) return true;
  }
  return false;
}

static bool open_scaler(clx_run *run, int32_t pool, int32_t first, clx_arena *arena) {
  const clx_scaling *s = &run->fleet->pool[pool].scaling;
  const int32_t replicas = run->fleet->pool[pool].replicas;
  const int32_t room = 1 + (int32_t)floor(s->calm / s->interval * (1 + 1e-12));
  run->scaler[pool] =
      (clx_scaler){.first = first, .replicas = replicas, .room = room, .wish = CLX_NEW_ARRAY(arena, int32_t, room)};
  if (run->scaler[pool].wish == NULL) return false;
  for (int32_t k = s->initial > 0 ? s->initial : s->least; k < replicas; k++) run->replica[first + k].off = true;
  clx_change_plan(run, s->interval, pool, CLX_CHANGE_DECIDE);
  return true;
}

clx_status clx_scaling_open(clx_run *run, clx_arena *arena, clx_error *error) {
  int32_t first = 0;
  run->scaler = CLX_NEW_ARRAY(arena, clx_scaler, run->fleet->pools);
  if (run->scaler == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t p = 0; p < run->fleet->pools; p++) {
    run->scaler[p] = (clx_scaler){.first = first, .replicas = run->fleet->pool[p].replicas};
    if (run->fleet->pool[p].scaling.least > 0 && !open_scaler(run, p, first, arena))
      return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    first += run->fleet->pool[p].replicas;
  }
  return CLX_OK;
}

// --- what there is ----------------------------------------------------------------------------------------------------------------

clx_pool_state clx_pool_count(const clx_run *run, int32_t pool) {
  const clx_scaler *scaler = &run->scaler[pool];
  const int32_t ranks = run->fleet->pool[pool].rules.ranks;
  const bool entry = run->fleet->pool[pool].role != CLX_ROLE_DECODE;  // requests come here
  clx_pool_state state = {.time = run->now, .pool = pool, .unfinished = entry ? run->parked.count : 0};
  for (int32_t k = scaler->first; k < scaler->first + scaler->replicas; k++) {
    const clx_replica *r = &run->replica[k];
    for (int32_t n = 0; n < ranks; n++) state.unfinished += r->rank[n].unfinished;
    if (r->failed && !r->off) {
      state.failed++;
    } else if (!r->off) {
      (*(r->starting ? &state.starting : r->draining ? &state.draining : &state.ready))++;
    }
  }
  return state;
}

static int32_t count_waiting(const clx_run *run, const clx_scaler *scaler, int32_t ranks) {
  int32_t waiting = run->parked.count;
  for (int32_t k = scaler->first; k < scaler->first + scaler->replicas; k++)
    for (int32_t n = 0; n < ranks; n++) waiting += run->replica[k].rank[n].waiting.count;
  return waiting;
}

// s with an iteration in flight since the decision before, over the time since then; sum over the replicas.
static double count_busy(const clx_run *run, clx_scaler *scaler) {
  double busy = 0;
  for (int32_t k = scaler->first; k < scaler->first + scaler->replicas; k++) {
    const clx_replica *r = &run->replica[k];
    busy += r->busy_time + (r->in_flight > 0 ? run->now - r->busy_since : 0);
  }
  const double since = busy - scaler->busy, time = run->now - scaler->decided;
  scaler->busy = busy;
  scaler->decided = run->now;
  return time > 0 ? since / time : 0;
}

static double count_used(const clx_run *run, const clx_scaler *scaler, int32_t ranks) {
  double used = 0;
  for (int32_t k = scaler->first; k < scaler->first + scaler->replicas; k++) {
    for (int32_t n = 0; n < ranks; n++) {
      const clx_kv *store = &run->replica[k].rank[n].store;
      used += (double)(store->total - store->free) * store->share / ranks;
    }
  }
  return used;
}

static double measure(const clx_run *run, clx_scaler *scaler, const clx_pool *pool, const clx_pool_state *state) {
  switch (pool->scaling.metric) {
    case CLX_SCALING_QUEUE:
      return count_waiting(run, scaler, pool->rules.ranks);
    case CLX_SCALING_BUSY:
      return count_busy(run, scaler);
    case CLX_SCALING_CACHE:
      return count_used(run, scaler, pool->rules.ranks);
    default:
      return state->unfinished;
  }
}

// --- what is wanted ---------------------------------------------------------------------------------------------------------------

static int32_t wish_of(const clx_scaling *s, double load, int32_t on) {
  if (s->target > 0) {
    const bool near = on > 0 && fabs(load / (s->target * on) - 1) <= s->tolerance;
    return near ? on : (int32_t)fmin(INT32_MAX, ceil(load / s->target));
  }
  return load > s->high * on ? on + 1 : load < s->low * on ? on - 1 : on;
}

// Fewer than there are only when so few were wished for all along.
static int32_t calm_wish(clx_scaler *scaler, int32_t wish, int32_t on) {
  scaler->wish[scaler->wishes++ % scaler->room] = wish;
  int32_t most = wish;
  for (int32_t k = 0; k < scaler->room && k < scaler->wishes; k++)
    if (scaler->wish[k] > most) most = scaler->wish[k];
  return wish >= on ? wish : most < on ? most : on;
}

static void start(clx_run *run, clx_replica *replica, int32_t k, double time) {
  replica->off = false;
  replica->starting = true;
  replica->up_since = replica->on_since = run->now;
  run->result->pool[replica->pool].starts++;
  clx_change_plan(run, run->now + time, k, CLX_CHANGE_READY);
}

static void start_some(clx_run *run, const clx_scaler *scaler, int32_t count, double time) {
  for (int32_t k = scaler->first; k < scaler->first + scaler->replicas && count > 0; k++) {
    clx_replica *r = &run->replica[k];
    if (!r->off || r->failed) continue;
    start(run, r, k, time);
    count--;
  }
}

// Those that have not started yet first, of these and of the others the last.
static void stop_some(clx_run *run, const clx_scaler *scaler, int32_t count) {
  for (int32_t turn = 0; turn < 2; turn++) {
    for (int32_t k = scaler->first + scaler->replicas - 1; k >= scaler->first && count > 0; k--) {
      clx_replica *r = &run->replica[k];
      if (r->off || r->failed || r->draining || r->starting != (turn == 0)) continue;
      if (r->starting) clx_events_remove(run->change, &run->changes, k, CLX_CHANGE_READY);
      if (r->starting) {
        clx_change_off(run, r);
      } else {
        r->draining = true;
        clx_change_ended(run, r);
      }
      count--;
    }
  }
}

// Whether a replica of any pool is there, can start, or comes back.
static bool has_future(const clx_run *run) {
  for (int32_t k = 0; k < run->replicas; k++)
    if (!run->replica[k].failed) return true;
  for (int32_t k = 0; k < run->changes; k++)
    if (run->change[k].slot == CLX_CHANGE_UP) return true;
  return false;
}

void clx_scaling_decide(clx_run *run, int32_t index) {
  const clx_pool *pool = &run->fleet->pool[index];
  const clx_scaling *s = &pool->scaling;
  clx_scaler *scaler = &run->scaler[index];
  const clx_pool_state state = clx_pool_count(run, index);
  const int32_t on = state.ready + state.starting;
  int32_t wish = wish_of(s, measure(run, scaler, pool, &state), on);
  if (wish < s->least) wish = s->least;
  if (wish > pool->replicas) wish = pool->replicas;
  wish = calm_wish(scaler, wish, on);
  if (wish > on) start_some(run, scaler, wish - on, s->start);
  if (wish < on) stop_some(run, scaler, on - wish);
  if (has_future(run)) clx_change_plan(run, run->now + s->interval, index, CLX_CHANGE_DECIDE);
}
