// The clock of a run: requests that come, iterations that end, and after all of one moment the replicas that can start again.
#include "engine/engine_internal.h"

#include <math.h>
#include <stdio.h>

// --- requests ---------------------------------------------------------------------------------------------------------------------

void clx_run_mark(clx_run *run, int32_t replica) {
  if (run->replica[replica].dirty) return;
  run->replica[replica].dirty = true;
  run->dirty[run->dirties++] = replica;
}

// The next request comes. False when it is refused.
static bool ask_next(clx_run *run) {
  const int32_t i = run->next++;
  run->result->served[i].asked = run->now;
  return clx_run_send(run, i);
}

static bool can_be_served(const clx_run *run, int32_t i) {
  for (int32_t p = 0; p < run->fleet->pools; p++) {
    if (clx_engine_takes(run->fleet, &run->fleet->pool[p], &run->requests->item[i])) return true;
  }
  return false;
}

bool clx_run_send(clx_run *run, int32_t i) {
  const int32_t r = clx_engine_route(run, i);
  if (r == CLX_NOBODY && !can_be_served(run, i)) {
    run->result->refused++;
    return false;
  }
  run->seq[i].state = CLX_SEQ_WAITING;
  if (r == CLX_NOBODY) {
    clx_list_append(&run->parked, run->seq, i);
    run->waiting++;
    return true;
  }
  clx_rank *rank = &run->rank[r];
  run->seq[i].rank = r;
  clx_rank_enqueue(run, rank, i, false);
  rank->unfinished++;
  clx_run_mark(run, rank->replica);
  return true;
}

// A client asks until it is not refused.
void clx_run_ask(clx_run *run) {
  while (run->next < run->requests->count && !ask_next(run)) continue;
}

// Its last token has been made.
void clx_run_end_request(clx_run *run, clx_rank *rank, int32_t i) {
  clx_rank_release(run, rank, i, false);
  clx_list_remove(&rank->running, run->seq, i);
  run->seq[i].state = CLX_SEQ_AWAY;
  rank->unfinished--;
  rank->ended++;
  rank->full = false;
  clx_served *served = &run->result->served[i];
  served->last = run->now;
  served->replica = rank->replica;
  run->result->ended++;
  clx_change_ended(run, &run->replica[rank->replica]);
  if (run->clients > 0) clx_run_ask(run);
}

// --- the clock --------------------------------------------------------------------------------------------------------------------

static double next_arrival(const clx_run *run) {
  if (run->clients > 0 || run->next == run->requests->count || run->flood.is) return INFINITY;
  return run->requests->item[run->next].arrival;
}

static double next_end(const clx_run *run) { return run->events > 0 ? run->event[0].time : INFINITY; }

static double next_transfer(const clx_run *run) { return run->transfers > 0 ? run->transfer[0].time : INFINITY; }

static double next_change(const clx_run *run) { return run->changes > 0 ? run->change[0].time : INFINITY; }

static void arrive(clx_run *run) {
  while (next_arrival(run) <= run->now) {
    clx_growth_note(run);
    ask_next(run);
    clx_growth_arrived(run);
  }
}

// Starts a replica, and where that concerns no other goes on with it until the next request comes: what it works with stays at hand.
static clx_status go_on(clx_run *run, clx_replica *replica, clx_error *error) {
  const double now = run->now, most = run->options->time_most > 0 ? run->options->time_most : INFINITY;
  const double until = run->flood.is ? now : fmin(next_arrival(run), next_change(run));
  CLX_TRY(clx_engine_start(run, replica, error));
  while (run->ahead) {
    run->ahead = false;
    if (run->pending.time >= until || run->pending.time > most) {
      clx_events_push(run->event, &run->events, run->pending);
      break;
    }
    run->now = run->pending.time;
    clx_engine_end(run, run->pending);
    if (replica->dirty) run->dirties--;  // a client has asked again
    replica->dirty = false;
    CLX_TRY(clx_engine_start(run, replica, error));
  }
  run->now = now;
  return CLX_OK;
}

static clx_status step_clock(clx_run *run, clx_error *error) {
  if (next_change(run) <= run->now) clx_change_happen(run);
  arrive(run);
  while (next_end(run) <= run->now) {
    const clx_event event = clx_events_pop(run->event, &run->events);
    if (event.life != run->replica[event.replica].life) continue;
    clx_engine_end(run, event);
    clx_run_mark(run, event.replica);
  }
  while (next_transfer(run) <= run->now) {
    clx_transfer_end(run, clx_events_pop(run->transfer, &run->transfers).replica);
  }
  for (int32_t k = 0; k < run->dirties; k++) {
    run->replica[run->dirty[k]].dirty = false;
    CLX_TRY(go_on(run, &run->replica[run->dirty[k]], error));
  }
  run->dirties = 0;
  return CLX_OK;
}

static bool at_bound(clx_run *run, double next) {
  const clx_engine_options *o = run->options;
  if (o->time_most > 0 && next > o->time_most) return true;
  if (run->flood.is) return clx_flood_measured(run);
  if (o->queue_most > 0 && clx_growth_queue(run) >= o->queue_most) clx_flood_begin(run);
  return false;
}

static bool all_over(const clx_run *run) {
  const clx_engine_result *r = run->result;
  return r->ended + r->refused + r->lost == run->requests->count;
}

static clx_status run_clock(clx_run *run, clx_error *error) {
  for (int32_t k = 0; k < run->clients && run->next < run->requests->count; k++) clx_run_ask(run);
  CLX_TRY(step_clock(run, error));
  while (true) {
    const double next = fmin(fmin(next_arrival(run), next_end(run)), fmin(next_transfer(run), next_change(run)));
    if (all_over(run)) break;
    if (at_bound(run, next)) {
      run->result->stopped = true;
      return CLX_OK;
    }
    if (next == INFINITY) break;
    run->now = next;
    CLX_TRY(step_clock(run, error));
  }
  if (all_over(run)) return CLX_OK;
  if (run->parked.count > 0) {
    return clx_fail_plain(error, CLX_INFEASIBLE, "%d requests wait for a replica, and none comes back",
                          run->parked.count);
  }
  return clx_fail_plain(error, CLX_INTERNAL, "%d requests never end", run->requests->count - run->result->ended);
}

// --- what comes out ---------------------------------------------------------------------------------------------------------------

// Requests/s that come and that end: over the second half of the arrivals, when batches have filled; of a run that stops, up to then, and
// where its queue is beyond its bound, once all that ran then have ended.
static void set_rates(const clx_run *run, double first) {
  clx_engine_result *result = run->result;
  const clx_growth *g = &run->growth;
  const clx_flood *f = &run->flood;
  const double whole = (f->is ? f->at : run->now) - first, half = g->until - g->from;
  const int32_t later = run->requests->count - run->requests->count / 2;
  if (!result->stopped && half > 0) {
    result->arrival_rate = later / half;
    result->service_rate = (g->ended_until - g->ended) / half;
  } else if (result->stopped && whole > 0) {
    const bool counted = f->is && run->now > f->from;
    result->arrival_rate = run->next / whole;
    result->service_rate = counted ? (result->ended - f->ended_from) / (run->now - f->from) : result->ended / whole;
  }
}

void clx_engine_close(clx_run *run) {
  clx_engine_result *result = run->result;
  double first = INFINITY, last = 0;
  for (int32_t i = 0; i < run->requests->count; i++) {
    const clx_served *s = &result->served[i];
    if (s->asked >= 0 && s->asked < first) first = s->asked;
    if (s->last > last) last = s->last;
  }
  run->last = last;
  result->span = last > first ? last - first : 0;
  if (result->span > 0) {
    result->queue_mean = run->waited / result->span;
    result->blocks_mean = run->used_area / (result->span * run->ranks);
  }
  for (int32_t k = 0; k < run->replicas; k++) {
    const clx_replica *replica = &run->replica[k];
    if (replica->in_flight > 0) result->busy += run->now - replica->busy_since;
  }
  if (run->clients > 0) return;
  set_rates(run, first);
  result->unstable = result->stopped ? run->flood.is : clx_growth_lasts(run);
  result->by_transfers = result->unstable && run->growth.by_transfers;
}

static bool sends(const clx_engine_fleet *fleet) {
  for (int32_t p = 0; p < fleet->pools; p++) {
    if (fleet->pool[p].role == CLX_ROLE_PREFILL) return true;
  }
  return false;
}

// The pool that a request should fit and does not: of those that serve its model the largest that decodes where one takes its prompt, else
// the largest that does. NULL where none serves it.
static const clx_pool *misfitting(const clx_engine_fleet *fleet, const clx_request *q) {
  const clx_pool *largest[2] = {NULL, NULL};
  bool starts = false;
  for (int32_t p = 0; p < fleet->pools; p++) {
    const clx_pool *pool = &fleet->pool[p];
    const bool decodes = pool->role == CLX_ROLE_DECODE;
    if (pool->model != clx_fleet_model(fleet, q)) continue;
    const double room = (double)pool->rules.blocks * pool->rules.block;
    starts = starts || (!decodes && clx_engine_fits(&pool->rules, q));
    if (largest[decodes] == NULL || room > (double)largest[decodes]->rules.blocks * largest[decodes]->rules.block)
      largest[decodes] = pool;
  }
  return largest[starts && largest[true] != NULL];
}

static clx_status find_misfit(const clx_run *run, clx_error *error) {
  for (int32_t i = 0; i < run->requests->count; i++) {
    bool fits = false;
    for (int32_t p = 0; p < run->fleet->pools && !fits; p++) {
      fits = clx_engine_takes(run->fleet, &run->fleet->pool[p], &run->requests->item[i]);
    }
    if (fits) continue;
    const clx_request *q = &run->requests->item[i];
    const clx_pool *pool = misfitting(run->fleet, q);
    if (pool == NULL) return clx_fail_plain(error, CLX_INPUT, "request %d asks for a model that no pool serves", i + 1);
    char tokens[64] = "";
    if (!pool->rules.chunked)
      snprintf(tokens, sizeof tokens, ", and %d tokens of an iteration: prompts are not cut", pool->rules.tokens);
    return clx_fail_plain(error, CLX_INPUT,
                          "request %d of %d prompt and %d output tokens fits no replica: %s has %lld blocks of %d "
                          "tokens%s",
                          i + 1, q->prompt, q->output, pool->name, (long long)pool->rules.blocks, pool->rules.block,
                          tokens);
  }
  return CLX_OK;
}

clx_status clx_engine_run(const clx_engine_fleet *fleet, const clx_offer *offer, const clx_engine_options *options,
                          clx_arena *arena, clx_engine_result *result, clx_error *error) {
  static const clx_engine_options none;
  *result = (clx_engine_result){0};
  CLX_TRY(clx_engine_check(fleet, offer, error));
  clx_run run = {.fleet = fleet,
                 .requests = offer->requests,
                 .options = options == NULL ? &none : options,
                 .result = result,
                 .clients = offer->clients};
  run.stream = clx_stream_make(run.options->seed, 0x656e67696e65, 0, 0);  // "engine"
  if (!run.options->refuse) CLX_TRY(find_misfit(&run, error));
  CLX_TRY(clx_engine_open(&run, arena, error));
  CLX_TRY(clx_change_open(&run, arena, error));
  run.alone = run.replicas == 1 || (run.clients == 0 && !sends(fleet));
  CLX_TRY(run_clock(&run, error));
  clx_engine_close(&run);
  clx_change_close(&run);
  return CLX_OK;
}
