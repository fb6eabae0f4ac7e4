// The best few of each kind of hardware, event by event: replicas until every promise is kept.
#include <math.h>
#include <stdlib.h>

#include "twin/twin_serving_plan.h"

static clx_status no_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

double clx_serve_output_mean(const clx_requests *requests) {
  double sum = 0;
  for (int32_t i = 0; i < requests->count; i++) sum += requests->item[i].output;
  return sum / requests->count;
}

enum { REPLICAS = 6, REQUESTS = 3000, REQUESTS_MOST = 1000000, ROUNDS = 8 };

// s that an answer takes which just keeps the promise; where none is stated, at 20 tokens/s.
static double answer_of(const clx_serve_search *x) {
  const clx_slo_spec *slo = &x->slo;
  return slo->ttft + clx_serve_output_mean(&x->requests) * (slo->tpot > 0 ? slo->tpot : 0.05);
}

// Requests at a rate, all of one kind: at most `count`.
static clx_status draw_alike(const clx_serve_search *x, double rate, double count, clx_arena *arena, clx_requests *out,
                             clx_error *error) {
  clx_requests_spec spec = x->scenario->spec.serving.requests;
  spec.seed += (int64_t)(x->seed - CLX_DEFAULT_SEED);
  if (spec.trace != NULL) {
    spec.rate = rate;
    spec.speed = 1;
  } else {
    spec.arrivals.rate = rate;
  }
  spec.duration = 0;
  spec.count = (int32_t)count;
  return clx_requests_make(&spec, x->scenario->folder, arena, out, NULL, error);
}

// Requests at a rate: counted once the replicas are full, which takes two answers, and for as long; at least so many that
// percentiles mean something. Those of tenants come in the proportions of the sample.
static clx_status draw(clx_serve_search *x, double rate, clx_arena *arena, clx_requests *out, double *warmup,
                       clx_error *error) {
  *warmup = fmax(0.2 * REQUESTS / rate, 2 * answer_of(x));
  const double count = fmin(REQUESTS_MOST, rate * *warmup + fmax(0.8 * REQUESTS, rate * 2 * answer_of(x)));
  if (x->scenario->spec.serving.tenant_count == 0) return draw_alike(x, rate, count, arena, out, error);
  const clx_serving_pace pace = {.speed = rate / clx_requests_rate(&x->requests), .duration = count / rate};
  clx_requests all;
  CLX_TRY(clx_scenario_serving_paced(x->scenario, x->seed, &pace, arena, &all, error));
  const char *early = clx_twin_serving_early(&all, arena);
  if (early != NULL) x->early = clx_arena_text(x->arena, early);
  return clx_twin_serving_requests_for(x->scenario, &all, x->model, arena, out, error);
}

// Whether each tenant, or all where there is one, are promised no more than they get.
static bool is_kept(const clx_serve_search *x, const clx_twin_service *service) {
  const clx_serving_entries *e = &x->scenario->serving;
  const int32_t models = e->models > 1 ? e->models : 0;
  if (service->outcome.unstable) return false;
  if (clx_twin_serving_parts(x->scenario) == models) return service->outcome.within >= x->slo.share;
  for (int32_t i = 0; i < e->tenants; i++) {
    const clx_serving_outcome *part = &service->part[models + i];
    if (e->tenant[i].model == x->model && part->counted > 0 && part->within < e->tenant[i].slo.share) return false;
  }
  return true;
}

// As many replicas as the largest pool allows within REPLICAS, the demand in proportion.
static clx_status simulate(clx_serve_search *x, clx_serve_option *o, clx_error *error) {
  clx_twin_service service = clx_twin_service_of(x->scenario);
  clx_serving_replica replica[2];
  clx_serve_spec spec = x->scenario->spec.serving;
  const int32_t most = o->pools > 1 && o->replicas[1] > o->replicas[0] ? o->replicas[1] : o->replicas[0];
  o->load = most > REPLICAS ? (double)REPLICAS / most : 1;
  double share = o->load;
  for (int32_t k = 0; k < o->pools; k++) {
    replica[k] = o->pool[k]->replica;
    replica[k].replicas = (int32_t)fmax(1, round(o->replicas[k] * o->load));
    share = fmin(share, (double)replica[k].replicas / o->replicas[k]);
  }
  o->load = share;
  spec.clients = 0;
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return no_memory(error);
  clx_status status = draw(x, x->demand * o->load, arena, &service.requests, &spec.warmup, error);
  if (status == CLX_OK) status = clx_twin_serve(&spec, replica, o->pools, x->seed, NULL, NULL, arena, &service, error);
  o->outcome = service.outcome;
  o->kept = status == CLX_OK && is_kept(x, &service);
  x->simulated++;
  clx_arena_free(arena);
  return status;
}

// More replicas until the promise is kept; false in *kept when it never is.
static clx_status settle(clx_serve_search *x, clx_serve_option *o, bool *kept, clx_error *error) {
  const clx_serve_candidate_spec *c = &clx_serve_plan_of(x)->candidate[o->candidate];
  clx_serve_refusals *refused = &x->refused[o->candidate];
  *kept = false;
  for (int32_t round = 0; round < ROUNDS; round++) {
    CLX_TRY(simulate(x, o, error));
    refused->best_within = fmax(refused->best_within, o->outcome.within);
    *kept = o->kept;
    if (*kept) break;
    for (int32_t k = 0; k < o->pools; k++) o->replicas[k] = (int32_t)ceil(1.1 * o->replicas[k] + 0.01);
    clx_serve_count_gpus(o);
    if (c->gpus_most > 0 && o->gpus > (double)c->gpus_most) break;
  }
  refused->broken += !*kept;
  clx_serve_count_gpus(o);
  o->output = x->demand * clx_serve_output_mean(&x->requests);
  o->power = o->outcome.energy * o->output;
  o->worth = clx_serve_worth(x, o);
  if (*kept && clx_serve_too_hungry(x, o)) *kept = false;
  return CLX_OK;
}

static int by_worth(const void *a, const void *b) {
  const clx_serve_option *const *p = a, *const *q = b;
  const double d = (*p)->worth - (*q)->worth;
  if (d != 0) return d < 0 ? -1 : 1;
  return (*p)->gpus < (*q)->gpus ? -1 : (*p)->gpus > (*q)->gpus;
}

clx_status clx_twin_serving_finals(clx_serve_search *x, clx_serve_option **fit, int32_t *fits, clx_error *error) {
  clx_serve_option **order = CLX_NEW_ARRAY(x->arena, clx_serve_option *, x->count + 1);
  if (order == NULL) return no_memory(error);
  for (int32_t i = 0; i < x->count; i++) order[i] = &x->option[i];
  qsort(order, (size_t)x->count, sizeof *order, by_worth);
  *fits = 0;
  for (int32_t c = 0; c < clx_serve_plan_of(x)->candidate_count; c++) {
    int32_t run = 0;
    for (int32_t i = 0; i < x->count && run < clx_serve_plan_of(x)->finalists; i++) {
      bool kept;
      if (order[i]->candidate != c) continue;
      run++;
      CLX_TRY(settle(x, order[i], &kept, error));
      if (kept) fit[(*fits)++] = order[i];
    }
  }
  qsort(fit, (size_t)*fits, sizeof(clx_serve_option *), by_worth);
  return CLX_OK;
}
