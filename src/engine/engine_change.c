// What happens to replicas: outages, and scaling by the work there is.
#include "engine/engine_internal.h"

#include <math.h>

static void plan(clx_run *run, double time, int32_t replica, clx_change change) {
  clx_events_push(run->change, &run->changes, (clx_event){time, replica, (int32_t)change, 0});
}

clx_status clx_change_open(clx_run *run, clx_arena *arena, clx_error *error) {
  const clx_engine_fleet *fleet = run->fleet;
  run->parked = (clx_list){CLX_NOBODY, CLX_NOBODY, 0};
  if (fleet->outages == 0 && fleet->scaling.least == 0) return CLX_OK;
  run->change = CLX_NEW_ARRAY(arena, clx_event, 2 * fleet->outages + run->replicas + 2);
  run->moved = CLX_NEW_ARRAY(arena, int32_t, run->requests->count);
  if (run->change == NULL || run->moved == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t k = 0; k < fleet->outages; k++) {
    plan(run, fleet->outage[k].from, fleet->outage[k].replica, CLX_CHANGE_DOWN);
    if (isfinite(fleet->outage[k].until)) plan(run, fleet->outage[k].until, fleet->outage[k].replica, CLX_CHANGE_UP);
  }
  if (fleet->scaling.least == 0) return CLX_OK;
  for (int32_t k = fleet->scaling.least; k < run->replicas; k++) run->replica[k].off = true;
  plan(run, fleet->scaling.interval, 0, CLX_CHANGE_DECIDE);
  return CLX_OK;
}

// A replica was up for so long.
static void count_up(clx_run *run, const clx_replica *replica, double time) {
  run->result->served_time += time;
  run->result->energy += time * run->fleet->pool[replica->pool].law.idle;
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

static void go_down(clx_run *run, clx_replica *replica) {
  if (replica->failed) return;
  if (!replica->off) count_up(run, replica, run->now - replica->up_since);
  if (replica->in_flight > 0) run->result->busy += run->now - replica->busy_since;
  const clx_rules *rules = &run->fleet->pool[replica->pool].rules;
  replica->failed = true;
  replica->life++;
  replica->in_flight = 0;
  replica->touched = run->now;
  int32_t count = 0;
  for (int32_t k = 0; k < rules->stages; k++) {
    replica->busy[k] = false;
    replica->stage_free[k] = run->now;
  }
  for (int32_t k = 0; k < rules->ranks; k++) count = empty_rank(run, &replica->rank[k], count);
  for (int32_t k = 0; k < count; k++) clx_run_send(run, run->moved[k]);
  run->result->moved += count;
  if (!replica->draining) return;
  replica->draining = false;
  replica->off = true;
}

static void come_up(clx_run *run, clx_replica *replica) {
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

// --- scaling ----------------------------------------------------------------------------------------------------------------------

static void decide(clx_run *run) {
  const clx_scaling *s = &run->fleet->scaling;
  int32_t serving = 0, off = CLX_NOBODY, last = CLX_NOBODY;
  int64_t unfinished = run->parked.count;
  for (int32_t k = 0; k < run->replicas; k++) {
    const clx_replica *r = &run->replica[k];
    const int32_t ranks = run->fleet->pool[r->pool].rules.ranks;
    for (int32_t n = 0; n < ranks; n++) unfinished += r->rank[n].unfinished;
    if (r->failed) continue;
    if (r->off && off == CLX_NOBODY) off = k;
    if (r->off || r->draining) continue;
    serving++;
    if (!r->starting) last = k;
  }
  if ((double)unfinished > s->high * serving && off != CLX_NOBODY) {
    clx_replica *r = &run->replica[off];
    r->off = false;
    r->starting = true;
    r->up_since = run->now;
    plan(run, run->now + s->start, off, CLX_CHANGE_READY);
  } else if ((double)unfinished < s->low * serving && serving > s->least && last != CLX_NOBODY) {
    run->replica[last].draining = true;
    clx_change_ended(run, &run->replica[last]);
  }
  const bool over = serving == 0 && off == CLX_NOBODY && run->changes == 0;  // all failed, for good
  if (!over) plan(run, run->now + s->interval, 0, CLX_CHANGE_DECIDE);
}

void clx_change_ended(clx_run *run, clx_replica *replica) {
  if (!replica->draining) return;
  const int32_t ranks = run->fleet->pool[replica->pool].rules.ranks;
  for (int32_t k = 0; k < ranks; k++) {
    if (replica->rank[k].unfinished > 0) return;
  }
  replica->draining = false;
  replica->off = true;
  count_up(run, replica, run->now - replica->up_since);
}

// --- the clock --------------------------------------------------------------------------------------------------------------------

static void happen(clx_run *run, clx_event event) {
  clx_replica *replica = &run->replica[event.replica];
  switch ((clx_change)event.slot) {
    case CLX_CHANGE_DOWN:
      go_down(run, replica);
      break;
    case CLX_CHANGE_DECIDE:
      decide(run);
      break;
    case CLX_CHANGE_READY:
      replica->starting = false;
      break;
    case CLX_CHANGE_UP:
      come_up(run, replica);
      break;
  }
}

void clx_change_happen(clx_run *run) {
  while (run->changes > 0 && run->change[0].time <= run->now) {
    happen(run, clx_events_pop(run->change, &run->changes));
  }
  send_parked(run);
}

// The replicas that are up to the end.
void clx_change_close(clx_run *run) {
  const bool changes = run->fleet->outages > 0 || run->fleet->scaling.least > 0;
  for (int32_t k = 0; k < run->replicas; k++) {
    const clx_replica *r = &run->replica[k];
    if (!changes) count_up(run, r, run->result->span);
    if (changes && !r->failed && !r->off) count_up(run, r, fmax(run->last, run->now) - r->up_since);
  }
}
