// Tenants and models of a service: what the fleet knows of them, and what each had of a run.
#include <math.h>

#include "twin/twin_serving.h"

static clx_status no_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

// --- who asks -------------------------------------------------------------------------------------------------------------

clx_twin_service clx_twin_service_of(const clx_scenario *s) {
  clx_twin_service service = {0};
  if (s->serving.tenants > 0) {
    service.tenant = s->serving.tenant;
    service.models = s->serving.models;
  }
  return service;
}

int32_t clx_twin_serving_parts(const clx_scenario *s) {
  const int32_t tenants = s->serving.tenants;
  if (tenants == 0) return 0;
  return (s->serving.models > 1 ? s->serving.models : 0) +
         (tenants > 1 && tenants <= CLX_TWIN_TENANTS_MOST ? tenants : 0);
}

clx_status clx_twin_serving_whose(const clx_twin_service *service, clx_arena *arena, const clx_whose **out,
                                  clx_error *error) {
  if (service->tenant == NULL) return CLX_OK;
  clx_whose *whose = CLX_NEW_ARRAY(arena, clx_whose, service->requests.tenants);
  if (whose == NULL) return no_memory(error);
  for (int32_t i = 0; i < service->requests.tenants; i++)
    whose[i] = (clx_whose){.model = service->tenant[i].model, .priority = service->tenant[i].priority};
  *out = whose;
  return CLX_OK;
}

double clx_twin_serving_front(const clx_serving_replica *replica, int32_t pools, int32_t model) {
  double front[CLX_ROLES] = {0};
  for (int32_t i = 0; i < pools; i++) {
    if (replica[i].model == model) front[replica[i].role] = fmax(front[replica[i].role], replica[i].front);
  }
  return fmax(front[CLX_ROLE_WHOLE], front[CLX_ROLE_PREFILL] + front[CLX_ROLE_DECODE]);
}

static clx_status make_promises(const clx_served_tenant *tenant, int32_t tenants, const clx_serving_replica *replica,
                                int32_t pools, clx_arena *arena, const clx_serving_promise **out, clx_error *error) {
  clx_serving_promise *promise = CLX_NEW_ARRAY(arena, clx_serving_promise, tenants);
  if (promise == NULL) return no_memory(error);
  for (int32_t i = 0; i < tenants; i++)
    promise[i] = (clx_serving_promise){&tenant[i].slo, clx_twin_serving_front(replica, pools, tenant[i].model)};
  *out = promise;
  return CLX_OK;
}

clx_status clx_twin_serving_promises(const clx_scenario *s, clx_arena *arena, const clx_serving_promise **out,
                                     clx_error *error) {
  clx_serving_replica *replica = NULL;
  *out = NULL;
  if (s->serving.tenants == 0) return CLX_OK;
  CLX_TRY(clx_twin_serving_pools(s, arena, &replica, error));
  return make_promises(s->serving.tenant, s->serving.tenants, replica, s->serving.pools, arena, out, error);
}

clx_status clx_twin_serving_requests_for(const clx_scenario *s, const clx_requests *requests, int32_t model,
                                         clx_arena *arena, clx_requests *out, clx_error *error) {
  *out = *requests;
  if (s->serving.tenants == 0 || s->serving.models < 2) return CLX_OK;
  bool *keep = CLX_NEW_ARRAY(arena, bool, requests->tenants);
  if (keep == NULL) return no_memory(error);
  for (int32_t i = 0; i < requests->tenants; i++) keep[i] = s->serving.tenant[i].model == model;
  return clx_requests_pick(requests, keep, arena, out, error);
}

// What is left beyond its last request is a fifth of all the time and five of its gaps.
const char *clx_twin_serving_early(const clx_requests *requests, clx_arena *arena) {
  const int32_t tenants = requests->tenants, count = requests->count;
  double *last = tenants > 1 && count > 0 ? CLX_NEW_ARRAY(arena, double, tenants) : NULL;
  int32_t *asked = last != NULL ? CLX_NEW_ARRAY(arena, int32_t, tenants) : NULL;
  if (asked == NULL || requests->tenant_name == NULL) return NULL;
  for (int32_t t = 0; t < tenants; t++) last[t] = asked[t] = 0;
  for (int32_t i = 0; i < count; i++) {
    last[requests->item[i].tenant] = requests->item[i].arrival;
    asked[requests->item[i].tenant]++;
  }
  const double end = requests->item[count - 1].arrival;
  for (int32_t t = 0; t < tenants; t++) {
    if (asked[t] > 0 && end - last[t] > fmax(0.2 * end, 5 * last[t] / asked[t])) return requests->tenant_name[t];
  }
  return NULL;
}

// --- what each had --------------------------------------------------------------------------------------------------------

typedef struct dividing {
  const clx_serving_replica *replica;
  const clx_engine_fleet *fleet;
  const clx_twin_service *service;
  double gpus;      // of all pools
  double standing;  // W beyond iterations, over the W that replicas take which only stand there
} dividing;

// s that the run was watched for; where replicas neither fail nor scale, its span.
static double time_of(const clx_engine_result *run) { return run->watched > 0 ? run->watched : run->span; }

// Replicas of a pool that are paid for, mean.
static double held_of(const dividing *d, int32_t pool) {
  const clx_engine_result *run = &d->service->run;
  return run->watched > 0 ? run->pool[pool].held / run->watched : d->replica[pool].replicas;
}

static double standing_of(const dividing *d, int32_t pool) {
  const clx_serving_replica *r = &d->replica[pool];
  const clx_engine_result *run = &d->service->run;
  const double up = run->watched > 0 ? run->pool[pool].up / run->watched : r->replicas;
  return up * (d->fleet->pool[pool].law.idle + r->rest);
}

// GPUs, price and power of a part: of the iterations of each pool as its new tokens have them, of all else in proportion to that.
static void divide(const dividing *d, const bool *keep, clx_serving_outcome *out) {
  const clx_engine_result *run = &d->service->run;
  const int32_t tenants = d->service->requests.tenants;
  double gpus = 0;
  out->power = out->price = 0;
  for (int32_t p = 0; p < d->fleet->pools; p++) {
    const clx_serving_replica *r = &d->replica[p];
    double own = 0, all = 0, energy = 0;
    for (int32_t t = 0; t < tenants; t++) {
      const clx_tenant_use *use = &run->use[(int64_t)p * tenants + t];
      all += use->time;
      own += keep[t] ? use->time : 0;
      energy += keep[t] ? use->energy : 0;
    }
    const double part = all > 0 ? own / all : 0;
    gpus += part * r->gpus * held_of(d, p);
    out->price += part * r->price * held_of(d, p);
    if (time_of(run) > 0) out->power += energy / time_of(run) + part * d->standing * standing_of(d, p);
  }
  out->share = d->gpus > 0 ? gpus / d->gpus : 0;
  out->energy = out->output > 0 ? out->power / out->output : 0;
}

static dividing dividing_of(const clx_serving_replica *replica, const clx_engine_fleet *fleet,
                            const clx_twin_service *service) {
  const clx_engine_result *run = &service->run;
  dividing d = {.replica = replica, .fleet = fleet, .service = service};
  double standing = 0, energy = 0;
  for (int32_t p = 0; p < fleet->pools; p++) {
    d.gpus += replica[p].gpus * held_of(&d, p);
    standing += standing_of(&d, p);
    for (int32_t t = 0; t < service->requests.tenants; t++)
      energy += run->use[(int64_t)p * service->requests.tenants + t].energy;
  }
  if (time_of(run) > 0 && standing > 0) d.standing = (service->outcome.power - energy / time_of(run)) / standing;
  return d;
}

// Of one tenant, or of a model where that is at least 0.
static clx_status put_part(const dividing *d, const clx_serving_promise *promise, double warmup, int32_t tenant,
                           int32_t model, clx_arena *arena, clx_serving_outcome *out, clx_error *error) {
  const clx_twin_service *service = d->service;
  bool *keep = CLX_NEW_ARRAY(arena, bool, service->requests.tenants);
  if (keep == NULL) return no_memory(error);
  for (int32_t i = 0; i < service->requests.tenants; i++)
    keep[i] = model >= 0 ? service->tenant[i].model == model : i == tenant;
  CLX_TRY(clx_serving_sum_up_part(&service->requests, &service->run, promise, keep, warmup, arena, out, error));
  divide(d, keep, out);
  return CLX_OK;
}

clx_status clx_twin_serving_sum_up(const clx_serve_spec *spec, const clx_serving_replica *replica,
                                   const clx_engine_fleet *fleet, const clx_serving_owner *owner, clx_arena *arena,
                                   clx_twin_service *service, clx_error *error) {
  const int32_t tenants = service->requests.tenants, models = service->models > 1 ? service->models : 0;
  const int32_t shown = tenants > 1 && tenants <= CLX_TWIN_TENANTS_MOST ? tenants : 0;
  const clx_serving_promise *promise = NULL;
  service->part = CLX_NEW_ARRAY(arena, clx_serving_outcome, models + shown + 1);
  if (service->part == NULL) return no_memory(error);
  CLX_TRY(make_promises(service->tenant, tenants, replica, fleet->pools, arena, &promise, error));
  CLX_TRY(clx_serving_sum_up_all(&service->requests, &service->run, promise, spec->warmup, owner, arena,
                                 &service->outcome, error));
  const dividing d = dividing_of(replica, fleet, service);
  for (int32_t m = 0; m < models; m++)
    CLX_TRY(put_part(&d, promise, spec->warmup, -1, m, arena, &service->part[m], error));
  for (int32_t i = 0; i < shown; i++)
    CLX_TRY(put_part(&d, promise, spec->warmup, i, -1, arena, &service->part[models + i], error));
  return CLX_OK;
}
