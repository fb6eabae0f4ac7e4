#include "twin/twin_serving.h"

#include <math.h>

// Where requests come whatever waits, a queue of so many is taken for one that never drains. Clients of a closed loop wait for their own.
enum { QUEUE_MOST = 100000 };
// Requests that tell whether more are worth drawing: of a fleet that they overwhelm, the rest is not drawn.
enum { FIRST_DRAWN = 1 << 20, DRAWN_MOST = 10000000 };  // the latter take some 2 GB

// Tokens of the longest request for a model.
static double longest_of(const clx_twin_service *service, int32_t model) {
  const clx_requests *requests = &service->requests;
  double most = 1;
  for (int32_t i = 0; i < requests->count; i++) {
    const clx_request *q = &requests->item[i];
    if (service->tenant != NULL && service->tenant[q->tenant].model != model) continue;
    most = fmax(most, (double)q->prompt + q->output);
  }
  return most;
}

// B of a token's keys and values on all GPUs of a replica that hold them once.
static double token_bytes(const clx_serving_replica *r) {
  if (r->unified) return r->room.token_bytes * r->gpus;
  return r->room.token_bytes / r->room.layers * (r->kernels.model->mla ? 1 : r->kernels.tp);
}

// From the prefill to the decode replicas of a model: into one rank that decodes at the rate that is stated, else over its NICs.
static clx_transfer transfer_of(const clx_serve_spec *spec, const clx_serving_replica *replica, int32_t pools,
                                int32_t model) {
  clx_transfer transfer = {.bandwidth = spec->transfer_bandwidth, .setup = spec->transfer_setup};
  for (int32_t i = pools - 1; i >= 0; i--) {
    const clx_serving_replica *r = &replica[i];
    if (r->model != model) continue;
    transfer.token_bytes = token_bytes(r);
    if (r->role != CLX_ROLE_DECODE || spec->transfer_bandwidth > 0) continue;
    transfer.bandwidth = transfer.bandwidth > 0 ? fmin(transfer.bandwidth, r->network) : r->network;
  }
  return transfer;
}

static clx_status make_pools(const clx_serve_spec *spec, const clx_serving_replica *replica, int32_t pools,
                             const clx_twin_service *service, clx_arena *arena, clx_pool **out, clx_error *error) {
  clx_pool *pool = CLX_NEW_ARRAY(arena, clx_pool, pools);
  clx_transfer *transfer = CLX_NEW_ARRAY(arena, clx_transfer, pools);
  if (pool == NULL || transfer == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < pools; i++) {
    const clx_serving_replica *r = &replica[i];
    transfer[i] = transfer_of(spec, replica, pools, r->model);
    pool[i] = (clx_pool){.name = r->name,
                         .role = r->role,
                         .replicas = r->replicas,
                         .rules = r->rules,
                         .law = clx_serving_replica_law(r, longest_of(service, r->model), arena),
                         .model = r->model,
                         .transfer = &transfer[i]};
    if (pool[i].law.self == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  *out = pool;
  return CLX_OK;
}

static clx_status check_contexts(const clx_serve_spec *spec, const clx_serving_replica *replica, int32_t pools,
                                 const clx_twin_service *service, clx_error *error) {
  for (int32_t i = 0; i < pools; i++) {
    const clx_transformer *model = replica[i].unified ? replica[i].nodes.model : replica[i].kernels.model;
    CLX_TRY(clx_scenario_check_context(spec, service->tenant, replica[i].model, model, &service->requests, error));
  }
  return CLX_OK;
}

// Those who watch a run: its iterations, its replicas.
typedef struct clx_twin_watcher {
  const clx_twin_watch *watch;
  clx_twin_changes *changes;
} clx_twin_watcher;

static void see(void *self, const clx_iteration *iteration) {
  const clx_twin_watcher *w = self;
  w->watch->seen(w->watch->self, iteration);
}

static void note(void *self, const clx_pool_state *state) {
  const clx_twin_watcher *w = self;
  clx_twin_serving_note(w->changes, state);
}

// Servers take power while their replica is up.
static clx_serving_owner owner_of(const clx_serving_replica *replica, int32_t pools, const clx_engine_result *run) {
  clx_serving_owner owner = {.front = clx_twin_serving_front(replica, pools, replica[0].model)};
  for (int32_t i = 0; i < pools; i++) {
    owner.rest += replica[i].rest * (run->watched > 0 ? run->pool[i].up / run->watched : replica[i].replicas);
    owner.replicas += replica[i].replicas;
  }
  return owner;
}

static clx_engine_fleet fleet_of(const clx_serve_spec *spec, clx_pool *pool, int32_t pools, const clx_whose *whose,
                                 const clx_twin_changes *changes) {
  clx_engine_fleet fleet = {.pool = pool, .pools = pools, .router = (clx_router)spec->router, .whose = whose};
  if (changes == NULL) return fleet;
  for (int32_t i = 0; i < pools; i++) pool[i].scaling = changes->scaling[i];
  fleet.outage = changes->outages.item;
  fleet.outages = changes->outages.count;
  fleet.notice = changes->notice;
  fleet.loses = changes->loses;
  return fleet;
}

// How long a closed loop runs is known only now. A run that stops as its queue grows has measured that.
static clx_status check_counted(const clx_serve_spec *spec, const clx_twin_service *service, clx_error *error) {
  double last = 0;
  if (spec->clients == 0 || service->outcome.counted > 0) return CLX_OK;
  for (int32_t i = 0; i < service->requests.count; i++) last = fmax(last, service->run.served[i].asked);
  return clx_fail(error, CLX_INPUT, spec->place,
                  "'serving.warmup' is %.4g s and the last request of 'serving.clients' is asked at %.4g s: none is "
                  "counted; expected a shorter warm-up or more 'serving.requests'",
                  spec->warmup, last);
}

clx_status clx_twin_serve(const clx_serve_spec *spec, const clx_serving_replica *replica, int32_t pools, uint64_t seed,
                          const clx_twin_watch *watch, clx_twin_changes *changes, clx_arena *arena,
                          clx_twin_service *service, clx_error *error) {
  clx_pool *pool = NULL;
  const clx_whose *whose = NULL;
  CLX_TRY(check_contexts(spec, replica, pools, service, error));
  CLX_TRY(make_pools(spec, replica, pools, service, arena, &pool, error));
  CLX_TRY(clx_twin_serving_whose(service, arena, &whose, error));
  const clx_engine_fleet fleet = fleet_of(spec, pool, pools, whose, changes);
  const clx_offer offer = {.requests = &service->requests, .clients = spec->clients};
  const bool at_once = service->requests.item[service->requests.count - 1].arrival == service->requests.item[0].arrival;
  const bool bounded = spec->clients > 0 || at_once;
  clx_twin_watcher watcher = {watch, changes};
  const clx_engine_options options = {.seed = seed,
                                      .queue_most = bounded ? 0 : QUEUE_MOST,
                                      .seen = watch != NULL ? see : NULL,
                                      .changed = changes != NULL ? note : NULL,
                                      .self = &watcher};
  clx_error own;
  clx_error_clear(&own);
  // Pools have been checked: what is left to be wrong are their requests.
  const clx_status status = clx_engine_run(&fleet, &offer, &options, arena, &service->run, &own);
  if (status != CLX_OK) return clx_fail(error, status, clx_scenario_requests_place(spec), "%s", own.mistake[0].text);
  const clx_serving_owner owner = owner_of(replica, pools, &service->run);
  service->front = owner.front;
  if (whose != NULL)
    CLX_TRY(clx_twin_serving_sum_up(spec, replica, &fleet, &owner, arena, service, error));
  else
    CLX_TRY(clx_serving_sum_up(&service->requests, &service->run, &spec->slo, spec->warmup, &owner, arena,
                               &service->outcome, error));
  return check_counted(spec, service, error);
}

clx_status clx_twin_serving_pools(const clx_scenario *s, clx_arena *arena, clx_serving_replica **out,
                                  clx_error *error) {
  clx_serving_replica *replica = CLX_NEW_ARRAY(arena, clx_serving_replica, s->serving.pools + 1);
  if (replica == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < s->serving.pools; i++) replica[i] = s->serving.pool[i].replica;
  *out = replica;
  return CLX_OK;
}

static clx_status check_count(const clx_scenario *s, clx_error *error) {
  const double count = clx_scenario_serving_count(s);
  if (!(count > DRAWN_MOST)) return CLX_OK;
  return clx_fail(
      error, CLX_INPUT, s->spec.serving.requests.place,
      "'serving.requests' are %.4g requests that do not overwhelm the pools, expected at most %d in a run: a "
      "lower count, a shorter duration or a lower rate",
      count, DRAWN_MOST);
}

// The first `most` of the requests; 0 = all.
static clx_status serve_first(const clx_scenario *s, const clx_serving_replica *replica, uint64_t seed, int64_t most,
                              const clx_twin_watch *watch, clx_arena *arena, clx_twin_service *service,
                              clx_twin_changes *changes, clx_error *error) {
  CLX_TRY(clx_scenario_serving_requests(s, seed, most, arena, &service->requests, error));
  CLX_TRY(clx_twin_serving_changes(s, &service->requests, seed, arena, changes, error));
  return clx_twin_serve(&s->spec.serving, replica, s->serving.pools, seed, watch, changes, arena, service, error);
}

clx_status clx_twin_serve_drawn(const clx_scenario *s, const clx_serving_replica *replica, uint64_t seed,
                                const clx_twin_watch *watch, clx_arena *arena, clx_twin_service *service,
                                clx_twin_changes *changes, clx_error *error) {
  const bool many = clx_scenario_serving_count(s) > FIRST_DRAWN;
  if (many) {
    CLX_TRY(serve_first(s, replica, seed, FIRST_DRAWN, NULL, arena, service, changes, error));
    if (service->run.stopped)
      return watch == NULL ? CLX_OK : serve_first(s, replica, seed, FIRST_DRAWN, watch, arena, service, changes, error);
    CLX_TRY(check_count(s, error));
  }
  return serve_first(s, replica, seed, 0, watch, arena, service, changes, error);
}

// What one seed finds.
typedef struct clx_twin_found {
  clx_serving_outcome *outcome;  // [seeds]
  clx_serving_outcome *part;     // [seeds][parts]
  clx_twin_staffing *staffing;   // [seeds]
  int32_t parts;                 // clx_twin_serving_parts
} clx_twin_found;

static void copy_undisturbed(const clx_serving_outcome *outcome, clx_twin_staffing *out) {
  out->undisturbed_ttft = outcome->ttft.p99;
  out->undisturbed_e2e = outcome->e2e.p99;
  out->undisturbed_within = outcome->within;
  out->undisturbed_goodput = outcome->goodput;
}

// The same requests without outages, and with the same scaling.
static clx_status run_undisturbed(const clx_scenario *s, const clx_serving_replica *replica, uint64_t seed,
                                  const clx_twin_changes *changes, const clx_requests *requests,
                                  const clx_serving_outcome *outcome, clx_arena *arena, clx_twin_staffing *out,
                                  clx_error *error) {
  clx_twin_service service = clx_twin_service_of(s);
  clx_twin_changes none = *changes;
  if (!clx_is_stated(s->spec.serving.outages.place)) return CLX_OK;
  if (!(out->outages > 0)) {
    copy_undisturbed(outcome, out);
    return CLX_OK;
  }
  none.outages.count = 0;
  none.staff = (clx_twin_staff){0};
  service.requests = *requests;
  CLX_TRY(clx_twin_serve(&s->spec.serving, replica, s->serving.pools, seed, NULL, &none, arena, &service, error));
  copy_undisturbed(&service.outcome, out);
  return CLX_OK;
}

static clx_status run_changing(const clx_scenario *s, const clx_serving_replica *replica, uint64_t seed,
                               clx_arena *arena, clx_twin_service *service, clx_twin_changes *changes,
                               clx_twin_staffing *staffing, clx_error *error) {
  CLX_TRY(clx_twin_serve_drawn(s, replica, seed, NULL, arena, service, changes, error));
  CLX_TRY(clx_twin_serving_staffing(s, changes, &service->requests, &service->run, service->front, staffing, error));
  return run_undisturbed(s, replica, seed, changes, &service->requests, &service->outcome, arena, staffing, error);
}

static clx_status run_seed(const clx_scenario *s, const clx_serving_replica *replica, uint64_t seed, int32_t k,
                           const clx_twin_found *found, clx_result *result, clx_error *error) {
  clx_twin_service service = clx_twin_service_of(s);
  clx_twin_changes changes = {0};
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_status status =
      run_changing(s, replica, seed + (uint64_t)k, arena, &service, &changes, &found->staffing[k], error);
  found->outcome[k] = service.outcome;
  for (int32_t i = 0; status == CLX_OK && i < found->parts; i++) found->part[k * found->parts + i] = service.part[i];
  if (status == CLX_OK && k == 0) status = clx_twin_serving_put_staff(s, &changes.staff, result, error);
  clx_arena_free(arena);
  return status;
}

static clx_status run_seeds(const clx_scenario *s, const clx_serving_replica *replica, const clx_serve_options *o,
                            const clx_twin_found *found, clx_result *result, clx_error *error) {
  const int32_t seeds = s->spec.serving.seeds;
  for (int32_t k = 0; k < seeds; k++) {
    if (o->progress != NULL && !o->progress(o->context, "serving", (double)k / seeds))
      return clx_fail_plain(error, CLX_EXPECTATION, "stopped");
    CLX_TRY(run_seed(s, replica, o->seed, k, found, result, error));
  }
  return CLX_OK;
}

static clx_status run_all(const clx_scenario *s, const clx_serve_options *o, clx_arena *arena, clx_result *result,
                          clx_error *error) {
  const int32_t seeds = s->spec.serving.seeds, parts = clx_twin_serving_parts(s);
  clx_serving_replica *replica = NULL;
  const clx_twin_found found = {.outcome = CLX_NEW_ARRAY(arena, clx_serving_outcome, seeds),
                                .part = CLX_NEW_ARRAY(arena, clx_serving_outcome, seeds * parts + 1),
                                .staffing = CLX_NEW_ARRAY(arena, clx_twin_staffing, seeds),
                                .parts = parts};
  if (found.outcome == NULL || found.part == NULL || found.staffing == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(clx_twin_serving_pools(s, arena, &replica, error));
  CLX_TRY(run_seeds(s, replica, o, &found, result, error));
  clx_requests requests;
  CLX_TRY(clx_scenario_serving_requests(s, o->seed, FIRST_DRAWN, arena, &requests, error));
  CLX_TRY(clx_twin_serving_put(s, replica, found.outcome, found.staffing, seeds, result, error));
  CLX_TRY(clx_twin_serving_put_parts(s, found.part, seeds, result, error));
  CLX_TRY(clx_twin_serving_put_changes(s, found.staffing, seeds, result, error));
  CLX_TRY(clx_twin_serving_warn(s, replica, result, error));
  CLX_TRY(clx_twin_serving_warn_requests(&requests, result, error));
  const char *early = s->serving.tenants > 0 ? clx_twin_serving_early(&requests, arena) : NULL;
  if (early != NULL)
    CLX_TRY(clx_result_warn(result, error,
                            "requests of tenant '%.60s' end long before those of others: its rates are of all the time",
                            early));
  return clx_twin_serving_pareto(s, replica, &requests, arena, result, error);
}

clx_status clx_twin_serving_run(const clx_scenario *s, const clx_serve_options *o, clx_result *result,
                                clx_error *error) {
  if (!clx_scenario_is_serving(s) || s->serving.pools == 0) return CLX_OK;
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status status = run_all(s, o, arena, result, error);
  clx_arena_free(arena);
  return status;
}

clx_status clx_twin_serving_study(const clx_scenario *s, const clx_serve_options *o, clx_result *result,
                                  clx_error *error) {
  CLX_TRY(clx_scenario_need_serving(s, error));
  if (s->serving.pools == 0)
    return clx_fail(error, CLX_INPUT, s->spec.serving.place,
                    "'serving.pools' is empty: expected replicas, or the command serve-plan, which searches for them");
  CLX_TRY(clx_twin_scenario(s, result, error));
  CLX_TRY(clx_twin_serving_run(s, o, result, error));
  return clx_twin_assumptions(s, result, error);
}
