// What happens to replicas: outages; what scaling does to them is in engine_scaling.c.
#include "engine/engine_internal.h"

#include <math.h>

void clx_change_plan(clx_run *run, double time, int32_t replica, clx_change change) {
  const int32_t life = 0;
  clx_events_push(run->change, &run->changes, (clx_event){time, replica, (int32_t)change, life});
}

static void plan_outage(clx_run *run, const clx_outage *outage) {
  const double notice = run->fleet->notice;
  clx_change_plan(run, outage->from, outage->replica, CLX_CHANGE_DOWN);
  if (notice > 0 && outage->from + notice < outage->until)
    clx_change_plan(run, outage->from + notice, outage->replica, CLX_CHANGE_NOTICE);
  if (isfinite(outage->until)) clx_change_plan(run, outage->until, outage->replica, CLX_CHANGE_UP);
}

static void tell(clx_run *run) {
  for (int32_t p = 0; run->options->changed != NULL && p < run->fleet->pools; p++) {
    const clx_pool_state state = clx_pool_count(run, p);
    run->options->changed(run->options->self, &state);
  }
}

clx_status clx_change_open(clx_run *run, clx_arena *arena, clx_error *error) {
  const clx_engine_fleet *fleet = run->fleet;
  enum { CHANGES_OF_AN_OUTAGE = 3 };
  run->parked = (clx_list){CLX_NOBODY, CLX_NOBODY, 0};
  run->result->pool = CLX_NEW_ARRAY(arena, clx_pool_time, fleet->pools);
  if (run->result->pool == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (fleet->outages == 0 && !clx_fleet_scales(fleet)) return CLX_OK;
  // Of scaling: the next decision of each pool, and a start of each replica.
  run->change = CLX_NEW_ARRAY(arena, clx_event, CHANGES_OF_AN_OUTAGE * fleet->outages + run->replicas + fleet->pools);
  run->moved = CLX_NEW_ARRAY(arena, int32_t, run->requests->count);
  if (run->change == NULL || run->moved == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t k = 0; k < fleet->outages; k++) plan_outage(run, &fleet->outage[k]);
  CLX_TRY(clx_scaling_open(run, arena, error));
  tell(run);
  return CLX_OK;
}

// A replica was up for so long.
static void count_up(clx_run *run, const clx_replica *replica, double time) {
  run->result->served_time += time;
  run->result->pool[replica->pool].up += time;
  run->result->energy += time * run->fleet->pool[replica->pool].law.idle;
}

static void count_held(clx_run *run, const clx_replica *replica, double time) {
  run->result->pool[replica->pool].held += time;
}

void clx_change_off(clx_run *run, clx_replica *replica) {
  replica->draining = replica->starting = false;
  replica->off = true;
  if (!replica->failed) count_up(run, replica, run->now - replica->up_since);
  count_held(run, replica, run->now - replica->on_since);
}

void clx_change_ended(clx_run *run, clx_replica *replica) {
  if (!replica->draining) return;
  const int32_t ranks = run->fleet->pool[replica->pool].rules.ranks;
  for (int32_t k = 0; k < ranks; k++) {
    if (replica->rank[k].unfinished > 0) return;
  }
  clx_change_off(run, replica);
}

// --- outages ----------------------------------------------------------------------------------------------------------------------

// One that runs, out of its rank; its blocks are gone with it.
static void lose(clx_run *run, clx_rank *rank, int32_t i) {
  clx_seq *s = &run->seq[i];
  if (s->state == CLX_SEQ_DECODE) {
    const clx_batch *batch = &rank->batch[s->slot < clx_rank_rules(rank)->stages ? s->slot : 0];
    bool odd = false;  // its latest token is not the group's
    for (int32_t k = 0; rank->busy[s->slot] && k < batch->odd_count; k++) odd |= batch->odd[k] == i;
    if (!odd) run->result->served[i].last = rank->group[s->slot].time;
    clx_group_remove(&rank->group[s->slot], run->seq, i, &run->requests->item[i], clx_rank_rules(rank));
  }
  s->computed = s->held = s->named = s->in_flight = 0;
  s->before_own = CLX_NOBODY;
  clx_list_remove(&rank->running, run->seq, i);
}

// Empties a rank; returns how many requests are in `moved` then: those that ran, then those that waited.
static int32_t empty_rank(clx_run *run, clx_rank *rank, int32_t count) {
  while (rank->running.count > 0) {
    run->moved[count++] = rank->running.first;
    lose(run, rank, rank->running.first);
  }
  while (rank->waiting.count > 0) {
    run->moved[count] = rank->waiting.first;
    run->seq[rank->waiting.first].before_own = CLX_NOBODY;
    clx_rank_dequeue(run, rank, run->moved[count++]);
  }
  for (int32_t k = 0; k <= clx_rank_rules(rank)->stages; k++) {
    rank->group[k].fresh_count = 0;
    rank->busy[k] = false;
  }
  rank->prompts = rank->unfinished = 0;
  rank->full = false;
  clx_kv_reset(&rank->store);
  return count;
}

// All requests of a replica, out of it and in `moved`; returns how many.
static int32_t empty(clx_run *run, clx_replica *replica) {
  const int32_t ranks = run->fleet->pool[replica->pool].rules.ranks;
  int32_t count = 0;
  for (int32_t k = 0; k < ranks; k++) count = empty_rank(run, &replica->rank[k], count);
  return count;
}

// Nobody knows yet that it is down: its requests wait for it.
static void keep(clx_run *run, int32_t count) {
  for (int32_t k = 0; k < count; k++) {
    const int32_t i = run->moved[k];
    clx_rank *rank = &run->rank[run->seq[i].rank];
    run->seq[i].state = CLX_SEQ_WAITING;
    clx_rank_enqueue(run, rank, i, false);
    rank->unfinished++;
  }
}

static void lose_request(clx_run *run, int32_t i) {
  run->seq[i].state = CLX_SEQ_AWAY;
  run->result->served[i].last = -1;
  run->result->lost++;
  if (run->clients > 0) clx_run_ask(run);
}

static void send_away(clx_run *run, int32_t count) {
  for (int32_t k = 0; k < count; k++) {
    if (run->fleet->loses) {
      lose_request(run, run->moved[k]);
    } else {
      clx_run_send(run, run->moved[k]);
    }
  }
  if (!run->fleet->loses) run->result->moved += count;
}

static void stop(clx_run *run, clx_replica *replica) {
  const clx_rules *rules = &run->fleet->pool[replica->pool].rules;
  if (!replica->off) count_up(run, replica, run->now - replica->up_since);
  if (replica->in_flight > 0) {
    run->result->busy += run->now - replica->busy_since;
    replica->busy_time += run->now - replica->busy_since;
  }
  replica->failed = true;
  replica->life++;
  replica->in_flight = 0;
  replica->touched = run->now;
  for (int32_t k = 0; k < rules->stages; k++) {
    replica->busy[k] = false;
    replica->stage_free[k] = run->now;
  }
}

static void go_down(clx_run *run, clx_replica *replica) {
  if (replica->failed) return;
  stop(run, replica);
  replica->silent = run->fleet->notice > 0 && !replica->off && !replica->starting && !replica->draining;
  const int32_t count = empty(run, replica);
  if (replica->silent) {
    keep(run, count);
  } else {
    send_away(run, count);
  }
  if (replica->draining) clx_change_off(run, replica);
}

static void notice(clx_run *run, clx_replica *replica) {
  if (!replica->silent) return;
  replica->silent = false;
  send_away(run, empty(run, replica));
}

static void come_up(clx_run *run, clx_replica *replica) {
  notice(run, replica);  // who waited for it finds another process
  if (replica->failed) replica->up_since = run->now;
  replica->failed = false;
}

// Requests that found no replica.
static void send_parked(clx_run *run) {
  for (int32_t left = run->parked.count; left > 0; left--) {
    const int32_t i = run->parked.first;
    clx_list_remove(&run->parked, run->seq, i);
    run->waiting--;
    clx_run_send(run, i);
  }
}

// --- the clock --------------------------------------------------------------------------------------------------------------------

static void happen(clx_run *run, clx_event event) {
  switch ((clx_change)event.slot) {
    case CLX_CHANGE_DOWN:
      go_down(run, &run->replica[event.replica]);
      break;
    case CLX_CHANGE_NOTICE:
      notice(run, &run->replica[event.replica]);
      break;
    case CLX_CHANGE_DECIDE:
      clx_scaling_decide(run, event.replica);
      break;
    case CLX_CHANGE_READY:
      run->replica[event.replica].starting = false;
      break;
    case CLX_CHANGE_UP:
      come_up(run, &run->replica[event.replica]);
      break;
  }
}

void clx_change_happen(clx_run *run) {
  while (run->changes > 0 && run->change[0].time <= run->now) {
    happen(run, clx_events_pop(run->change, &run->changes));
  }
  send_parked(run);
  tell(run);
}

// The replicas that are there to the end.
void clx_change_close(clx_run *run) {
  const bool changes = run->change != NULL;
  const double end = fmax(run->last, run->now);
  run->result->watched = changes ? end : run->result->span;
  for (int32_t k = 0; k < run->replicas; k++) {
    const clx_replica *r = &run->replica[k];
    if (r->off) continue;
    if (!r->failed) count_up(run, r, changes ? end - r->up_since : run->result->span);
    count_held(run, r, changes ? end - r->on_since : run->result->span);
  }
}
