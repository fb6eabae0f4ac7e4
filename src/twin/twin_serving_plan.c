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

static void note_least(double *least, double value) { *least = *least > 0 ? fmin(*least, value) : value; }

bool clx_serve_too_hungry(clx_serve_search *x, const clx_serve_option *o) {
  const double most = clx_serve_plan_of(x)->power_most;
  clx_serve_refusals *refused = &x->refused[o->candidate];
  if (!(most > 0) || o->power <= most) return false;
  refused->hungry++;
  note_least(&refused->least_power, o->power);
  return true;
}

static clx_status keep_option(clx_serve_search *x, clx_serve_option *o, clx_error *error) {
  const clx_serve_candidate_spec *c = &clx_serve_plan_of(x)->candidate[o->candidate];
  clx_serve_refusals *refused = &x->refused[o->candidate];
  clx_serve_count_gpus(o);
  if (c->gpus_most > 0 && o->gpus > (double)c->gpus_most) {
    refused->beyond++;
    note_least(&refused->least_gpus, o->gpus);
    return CLX_OK;
  }
  if (clx_serve_too_hungry(x, o)) return CLX_OK;
  o->worth = clx_serve_worth(x, o);
  return add_option(x, o, error);
}

static int64_t replicas_for(const clx_serve_search *x, double requests) {
  static const double MOST = 1e18;  // of whole numbers: no demand of the schema comes near
  return (int64_t)fmin(MOST, fmax(1, ceil(x->demand / (requests * clx_serve_plan_of(x)->headroom) - 1e-9)));
}

// --- layouts of one candidate ---------------------------------------------------------------------------------------------

typedef struct layout {
  int32_t tp, pp, dp, tokens;
  clx_role role;
} layout;

// A replica of that layout; NULL in *out: it cannot be, the reason is counted.
static clx_status make_pool(clx_serve_search *x, int32_t candidate, const layout *l, int32_t sequences,
                            const clx_served_pool **out, clx_error *error) {
  const clx_serve_candidate_spec *c = &clx_serve_plan_of(x)->candidate[candidate];
  clx_serve_refusals *refused = &x->refused[candidate];
  clx_served_pool *pool = CLX_NEW(x->arena, clx_served_pool);
  clx_error own;
  clx_error_clear(&own);
  *out = NULL;
  if (pool == NULL) return no_memory(error);
  const clx_serve_pool_spec spec = {.name = c->name != NULL ? c->name : c->server,
                                    .role = (int32_t)l->role,
                                    .server = c->server,
                                    .model = clx_serve_plan_of(x)->model,
                                    .routing = -1,
                                    .weights = c->weights,
                                    .engine = c->engine,
                                    .engine_map = c->engine_map,
                                    .replicas = 1,
                                    .tp = l->tp,
                                    .pp = l->pp,
                                    .dp = l->dp,
                                    .sequences = sequences,
                                    .tokens = l->tokens,
                                    .block = 16,
                                    .memory = c->memory,
                                    .prefix = 1,
                                    .accepted = 1,
                                    .price = c->price,
                                    .link_latency = c->link_latency,
                                    .link_bandwidth = c->link_bandwidth,
                                    .place = c->place};
  const clx_status status = clx_scenario_serving_pool(x->scenario, &spec, x->arena, pool, &own);
  if (status == CLX_MEMORY) return no_memory(error);
  if (status != CLX_OK) {
    refused->memory++;
    if (refused->memory_text == NULL) refused->memory_text = clx_arena_text(x->arena, own.mistake[0].text);
    return CLX_OK;
  }
  *out = pool;
  return CLX_OK;
}

// Within the promise without any queueing. So few answers with more than one token as the promise may leave out are not bound by it.
static bool fast_enough(clx_serve_search *x, int32_t candidate, const clx_screen_state *s, const clx_screen_load *load,
                        clx_role role) {
  const clx_slo_spec *slo = &x->slo;
  clx_serve_refusals *refused = &x->refused[candidate];
  const bool paced = role != CLX_ROLE_PREFILL && load->paced > 1 - slo->share;
  if (paced) note_least(&refused->least_tpot, s->tpot);
  if (role != CLX_ROLE_DECODE) note_least(&refused->least_ttft, s->ttft);
  const bool slow = paced && slo->tpot > 0 && s->tpot > slo->tpot;
  const bool late = role != CLX_ROLE_DECODE && slo->ttft > 0 && s->ttft > slo->ttft;
  refused->slow += slow;
  refused->late += late && !slow;
  return !slow && !late;
}

// A pool that is fast enough, with its steady state.
typedef struct screened {
  const clx_served_pool *pool;
  clx_screen_state state;
} screened;

enum { SCREENED_MAX = 128 };

typedef struct screening {
  screened item[CLX_ROLES][SCREENED_MAX];
  int32_t count[CLX_ROLES];
} screening;

static void note_curve(clx_serve_search *x, int32_t candidate, const clx_serving_replica *r,
                       const clx_screen_load *load) {
  enum { POINTS = 64 };
  double user[POINTS], gpu[POINTS];
  const int32_t count = clx_twin_serving_curve(r, load, x->arena, user, gpu, POINTS);
  double *best = &x->curve[candidate * CLX_SERVE_CURVE];
  for (int32_t i = 0; i < count; i++)
    for (int32_t k = 0; k < CLX_SERVE_CURVE; k++)
      if (clx_serve_curve_speed(k) <= user[i]) best[k] = fmax(best[k], gpu[i]);
}

static const int32_t BATCHES[] = {8, 16, 32, 64, 128, 256, 512};

// All limits of a batch of one layout.
static clx_status screen_layout(clx_serve_search *x, int32_t candidate, const layout *l, screening *out,
                                clx_error *error) {
  const clx_serve_candidate_spec *c = &clx_serve_plan_of(x)->candidate[candidate];
  const int32_t count = l->role == CLX_ROLE_PREFILL ? 1
                        : c->sequences_count > 0    ? c->sequences_count
                                                    : CLX_COUNT(BATCHES);
  const int32_t *batch = c->sequences_count > 0 ? c->sequences : BATCHES;
  double before = 0;
  for (int32_t i = 0; i < count; i++) {
    const clx_served_pool *pool;
    clx_screen_load load;
    x->refused[candidate].tried++;
    CLX_TRY(make_pool(x, candidate, l, batch[i], &pool, error));
    if (pool == NULL) continue;
    const clx_serving_replica *r = &pool->replica;
    CLX_TRY(clx_screen_load_of(&x->requests, r->rules.prefix, &load, error));
    const double sequences = floor(clx_screen_most(r, &load));
    if (sequences < 1) {
      x->refused[candidate].memory++;
      if (x->refused[candidate].memory_text == NULL)
        x->refused[candidate].memory_text =
            clx_arena_format(x->arena, "keys and values of a request of %.0f tokens do not fit", load.longest);
      continue;
    }
    if (!(sequences > before)) break;  // memory or the budget of tokens is the limit
    before = sequences;
    const clx_step_law law = clx_serving_replica_law(r, load.longest, x->arena);
    if (law.self == NULL) return no_memory(error);
    const screened one = {pool, clx_screen_at(r, &law, &load, sequences, x->arena)};
    if (l->role == CLX_ROLE_WHOLE && i + 1 == count) note_curve(x, candidate, r, &load);
    if (!fast_enough(x, candidate, &one.state, &load, l->role)) continue;
    if (out->count[l->role] < SCREENED_MAX) out->item[l->role][out->count[l->role]++] = one;
  }
  return CLX_OK;
}

static clx_status keep_whole(clx_serve_search *x, int32_t candidate, const screening *s, clx_error *error) {
  for (int32_t i = 0; i < s->count[CLX_ROLE_WHOLE]; i++) {
    const screened *one = &s->item[CLX_ROLE_WHOLE][i];
    clx_serve_option o = {
        .candidate = candidate, .pool = {one->pool}, .pools = 1, .replicas = {replicas_for(x, one->state.requests)}};
    o.power = (double)o.replicas[0] * one->state.power;
    o.output = (double)o.replicas[0] * one->state.output;
    CLX_TRY(keep_option(x, &o, error));
  }
  return CLX_OK;
}

// The prefill pool with the most requests per GPU, with each decode pool.
static clx_status keep_split(clx_serve_search *x, int32_t candidate, const screening *s, clx_error *error) {
  const screened *prefill = NULL;
  for (int32_t i = 0; i < s->count[CLX_ROLE_PREFILL]; i++) {
    const screened *one = &s->item[CLX_ROLE_PREFILL][i];
    if (prefill == NULL ||
        one->state.requests / one->pool->replica.gpus > prefill->state.requests / prefill->pool->replica.gpus)
      prefill = one;
  }
  for (int32_t i = 0; prefill != NULL && i < s->count[CLX_ROLE_DECODE]; i++) {
    const screened *decode = &s->item[CLX_ROLE_DECODE][i];
    clx_serve_option o = {
        .candidate = candidate,
        .pool = {prefill->pool, decode->pool},
        .pools = 2,
        .replicas = {replicas_for(x, prefill->state.requests), replicas_for(x, decode->state.requests)}};
    o.power = (double)o.replicas[0] * prefill->state.power + (double)o.replicas[1] * decode->state.power;
    o.output = (double)o.replicas[1] * decode->state.output;
    CLX_TRY(keep_option(x, &o, error));
  }
  return CLX_OK;
}

// Tensor parallel; of experts also attention data parallel over as many GPUs.
static clx_status screen_stages(clx_serve_search *x, int32_t candidate, int32_t tp, int32_t pp, screening *s,
                                clx_error *error) {
  static const int32_t own[] = {0};
  const clx_serve_candidate_spec *c = &clx_serve_plan_of(x)->candidate[candidate];
  const int32_t *tokens = c->tokens_count > 0 ? c->tokens : own, limits = c->tokens_count > 0 ? c->tokens_count : 1;
  const int32_t roles = clx_serve_plan_of(x)->split ? CLX_ROLES : 1;
  clx_server server;
  clx_device device;
  CLX_TRY(clx_catalog_read(x->scenario->catalog, "server", c->server, c->place, &clx_server_schema, x->arena, &server,
                           error));
  CLX_TRY(clx_catalog_read_device(x->scenario->catalog, server.device, c->place, x->arena, &device, error));
  const bool apart = tp > 1 && x->scenario->serving.model[x->model].model.experts > 0 && !(device.unified.products > 0);
  for (int32_t i = 0; i < limits; i++) {
    for (int32_t role = 0; role < roles; role++) {
      const layout whole = {.tp = tp, .pp = pp, .dp = 1, .tokens = tokens[i], .role = (clx_role)role};
      const layout split = {.tp = 1, .pp = pp, .dp = tp, .tokens = tokens[i], .role = (clx_role)role};
      CLX_TRY(screen_layout(x, candidate, &whole, s, error));
      if (apart) CLX_TRY(screen_layout(x, candidate, &split, s, error));
    }
  }
  return CLX_OK;
}

static clx_status screen_degree(clx_serve_search *x, int32_t candidate, int32_t tp, screening *s, clx_error *error) {
  const clx_serve_candidate_spec *c = &clx_serve_plan_of(x)->candidate[candidate];
  if (c->pp_count == 0) return screen_stages(x, candidate, tp, 1, s, error);
  for (int32_t i = 0; i < c->pp_count; i++) CLX_TRY(screen_stages(x, candidate, tp, c->pp[i], s, error));
  return CLX_OK;
}

static clx_status screen_candidate(clx_serve_search *x, int32_t candidate, clx_error *error) {
  const clx_serve_candidate_spec *c = &clx_serve_plan_of(x)->candidate[candidate];
  screening *s = CLX_NEW(x->arena, screening);
  clx_server server;
  if (s == NULL) return no_memory(error);
  memset(s, 0, sizeof *s);
  CLX_TRY(clx_catalog_read(x->scenario->catalog, "server", c->server, c->place, &clx_server_schema, x->arena, &server,
                           error));
  for (int32_t i = 0; i < c->tp_count; i++) CLX_TRY(screen_degree(x, candidate, c->tp[i], s, error));
  for (int32_t tp = 1; c->tp_count == 0 && tp <= server.gpus; tp *= 2)
    CLX_TRY(screen_degree(x, candidate, tp, s, error));
  CLX_TRY(keep_whole(x, candidate, s, error));
  return keep_split(x, candidate, s, error);
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
    CLX_TRY(screen_candidate(x, i, error));
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
