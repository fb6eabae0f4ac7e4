// A plan: layouts screened by their steady state, the best of each kind of hardware simulated.
#include "twin/twin_serving_plan.h"

#include <math.h>
#include <string.h>

double clx_serve_curve_speed(int32_t point) { return exp2(point / 4.0); }

static clx_status no_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

clx_status clx_serve_tell(const clx_serve_search *x, const char *step, double done, clx_error *error) {
  const clx_serve_options *o = x->options;
  if (o->progress == NULL || o->progress(o->context, step, done)) return CLX_OK;
  return clx_fail_plain(error, CLX_EXPECTATION, "stopped");
}

// --- options --------------------------------------------------------------------------------------------------------------

static clx_status add_option(clx_serve_search *x, const clx_serve_option *o, clx_error *error) {
  if (x->count == x->room) {
    const int32_t room = x->room > 0 ? 2 * x->room : 64;
    clx_serve_option *grown = CLX_NEW_ARRAY(x->arena, clx_serve_option, room);
    if (grown == NULL) return no_memory(error);
    if (x->count > 0) memcpy(grown, x->option, (size_t)x->count * sizeof *grown);
    x->option = grown;
    x->room = room;
  }
  x->option[x->count++] = *o;
  return CLX_OK;
}

double clx_serve_worth(const clx_serve_search *x, const clx_serve_option *o) {
  switch (clx_serve_plan_of(x)->goal) {
    case CLX_SERVE_COST:
      return o->price;
    case CLX_SERVE_ENERGY:
      return o->power / o->output;
    default:
      return o->gpus;
  }
}

void clx_serve_count_gpus(clx_serve_option *o) {
  o->gpus = o->price = 0;
  for (int32_t k = 0; k < o->pools; k++) {
    o->gpus += (double)o->replicas[k] * o->pool[k]->replica.gpus;
    o->price += (double)o->replicas[k] * o->pool[k]->replica.price;
  }
}

bool clx_serve_too_hungry(clx_serve_search *x, const clx_serve_option *o) {
  const double most = clx_serve_plan_of(x)->power_most;
  clx_serve_refusals *refused = &x->refused[o->candidate];
  if (!(most > 0) || o->power <= most) return false;
  refused->hungry++;
  clx_serve_note_least(&refused->least_power, o->power);
  return true;
}

clx_status clx_serve_keep(clx_serve_search *x, clx_serve_option *o, clx_error *error) {
  const clx_serve_candidate_spec *c = &clx_serve_plan_of(x)->candidate[o->candidate];
  clx_serve_refusals *refused = &x->refused[o->candidate];
  clx_serve_count_gpus(o);
  if (c->gpus_most > 0 && o->gpus > (double)c->gpus_most) {
    refused->beyond++;
    clx_serve_note_least(&refused->least_gpus, o->gpus);
    return CLX_OK;
  }
  if (clx_serve_too_hungry(x, o)) return CLX_OK;
  o->worth = clx_serve_worth(x, o);
  return add_option(x, o, error);
}

enum { SAMPLE = 1 << 20 };  // requests

// --- the whole ------------------------------------------------------------------------------------------------------------

static clx_status check_arrivals(const clx_requests_spec *r, const char *whose, clx_error *error) {
  if (r->arrivals.kind != CLX_ARRIVAL_AT_ONCE || r->trace != NULL) return CLX_OK;
  return clx_fail(error, CLX_INPUT, r->place,
                  "a plan needs requests that come over time: 'arrivals.kind' of %.60s is at_once", whose);
}

static clx_status check_plan(const clx_scenario *s, clx_error *error) {
  const clx_serve_plan_spec *plan = &s->spec.serving.plan;
  if (plan->candidate_count == 0)
    return clx_fail(error, CLX_INPUT, s->spec.serving.place,
                    "'serving.plan.candidates' is empty: expected hardware to choose from, as [{server: dgx_h100, "
                    "price: 2.5 USD/h}]");
  CLX_TRY(check_arrivals(&s->spec.serving.requests, "serving.requests", error));
  for (int32_t i = 0; i < s->spec.serving.tenant_count; i++)
    CLX_TRY(check_arrivals(&s->spec.serving.tenant[i].requests, s->spec.serving.tenant[i].name, error));
  for (int32_t i = 0; i < plan->candidate_count && plan->goal == CLX_SERVE_COST; i++) {
    if (!(plan->candidate[i].price > 0))
      return clx_fail(error, CLX_INPUT, plan->candidate[i].place,
                      "'serving.plan': the goal is cost and '%.40s' states no price; expected price, as 2.5 USD/h",
                      plan->candidate[i].server);
  }
  return CLX_OK;
}

// All sequences of a batch go at one speed: the tightest time per token binds. The first token of some may be promised later.
static clx_slo_spec bounds_of(const clx_scenario *s, int32_t model) {
  clx_slo_spec slo = s->spec.serving.slo;
  bool any = false;
  for (int32_t i = 0; i < s->serving.tenants; i++) {
    const clx_slo_spec *own = &s->serving.tenant[i].slo;
    if (s->serving.tenant[i].model != model) continue;
    if (!any) slo = *own;
    if (own->tpot > 0) slo.tpot = slo.tpot > 0 ? fmin(slo.tpot, own->tpot) : own->tpot;
    slo.ttft = own->ttft > 0 && slo.ttft > 0 ? fmax(slo.ttft, own->ttft) : 0;
    slo.share = fmax(slo.share, own->share);
    any = true;
  }
  return slo;
}

static clx_status open_search(clx_serve_search *x, clx_error *error) {
  const int32_t count = clx_serve_plan_of(x)->candidate_count;
  clx_requests all;
  x->model = clx_scenario_served_model(x->scenario, clx_serve_plan_of(x)->model);
  x->slo = bounds_of(x->scenario, x->model);
  CLX_TRY(clx_scenario_serving_requests(x->scenario, x->seed, SAMPLE, x->arena, &all, error));
  CLX_TRY(clx_twin_serving_requests_for(x->scenario, &all, x->model, x->arena, &x->requests, error));
  x->demand = clx_serve_plan_of(x)->rate > 0 ? clx_serve_plan_of(x)->rate : clx_requests_rate(&x->requests);
  if (!(x->demand > 0))
    return clx_fail(error, CLX_INPUT, clx_serve_plan_of(x)->place,
                    "'serving.plan.rate' is not stated, and the requests have no rate of their own");
  x->refused = CLX_NEW_ARRAY(x->arena, clx_serve_refusals, count);
  x->curve = CLX_NEW_ARRAY(x->arena, double, (int64_t)count *CLX_SERVE_CURVE);
  if (x->refused == NULL || x->curve == NULL) return no_memory(error);
  memset(x->refused, 0, (size_t)count * sizeof *x->refused);
  for (int32_t i = 0; i < count * CLX_SERVE_CURVE; i++) x->curve[i] = 0;
  return CLX_OK;
}

static clx_status plan_into(clx_serve_search *x, clx_result *result, clx_error *error) {
  int32_t fits = 0;
  CLX_TRY(open_search(x, error));
  for (int32_t i = 0; i < clx_serve_plan_of(x)->candidate_count; i++) {
    CLX_TRY(clx_serve_tell(x, "screening", (double)i / clx_serve_plan_of(x)->candidate_count, error));
    CLX_TRY(clx_twin_serving_screen(x, i, error));
  }
  clx_serve_option **fit = CLX_NEW_ARRAY(x->arena, clx_serve_option *, x->count + 1);
  if (fit == NULL) return no_memory(error);
  CLX_TRY(clx_twin_serving_finals(x, fit, &fits, error));
  return clx_twin_serving_plan_put(x, fit, fits, result, error);
}

clx_status clx_twin_serving_plan(const clx_scenario *s, const clx_serve_options *options, clx_result *result,
                                 clx_error *error) {
  CLX_TRY(clx_scenario_need_serving(s, error));
  CLX_TRY(check_plan(s, error));
  CLX_TRY(clx_twin_scenario(s, result, error));
  clx_serve_search x = {.scenario = s, .arena = clx_arena_new(), .seed = options->seed, .options = options};
  if (x.arena == NULL) return no_memory(error);
  const clx_status status = plan_into(&x, result, error);
  clx_arena_free(x.arena);
  CLX_TRY(status);
  return clx_twin_assumptions(s, result, error);
}
