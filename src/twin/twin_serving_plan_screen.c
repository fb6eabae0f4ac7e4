// Layouts of one candidate of a plan, and limits of their batch, by their steady state.
#include <math.h>
#include <string.h>

#include "twin/twin_serving_plan.h"

static clx_status no_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

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

static void note_pace(clx_serve_refusals *refused, const clx_screen_state *s) {
  if (refused->least_tpot > 0 && refused->least_tpot <= s->tpot) return;
  refused->least_tpot = s->tpot;
  refused->least_sequences = s->sequences;
}

// Within the promise without any queueing. So few answers with more than one token as the promise may leave out are not bound by it.
static bool fast_enough(clx_serve_search *x, int32_t candidate, const clx_screen_state *s, const clx_screen_load *load,
                        clx_role role) {
  const clx_slo_spec *slo = &x->slo;
  clx_serve_refusals *refused = &x->refused[candidate];
  const bool paced = role != CLX_ROLE_PREFILL && load->paced > 1 - slo->share;
  if (paced) note_pace(refused, s);
  if (role != CLX_ROLE_DECODE) clx_serve_note_least(&refused->least_ttft, s->ttft);
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

typedef struct screened_list {
  screened *item;
  int32_t count, room;
} screened_list;

typedef struct screening {
  screened_list fast[CLX_ROLES];
  screened_list decode;  // the largest batch of each layout that decodes, fast enough or not
} screening;

static clx_status add_screened(clx_serve_search *x, screened_list *list, const screened *one, clx_error *error) {
  if (list->count == list->room) {
    const int32_t room = list->room > 0 ? 2 * list->room : 32;
    screened *grown = CLX_NEW_ARRAY(x->arena, screened, room);
    if (grown == NULL) return no_memory(error);
    if (list->count > 0) memcpy(grown, list->item, (size_t)list->count * sizeof *grown);
    list->item = grown;
    list->room = room;
  }
  list->item[list->count++] = *one;
  return CLX_OK;
}

// `prefill`: tokens/s of a GPU that prefills beside one that decodes, which has as many as it needs; 0 = it does both itself.
static clx_status note_curve(clx_serve_search *x, int32_t candidate, const clx_serving_replica *r, double prefill,
                             clx_error *error) {
  enum { POINTS = 64 };
  double user[POINTS], gpu[POINTS];
  clx_screen_load load;
  CLX_TRY(clx_screen_load_of(&x->requests, r->rules.prefix, &load, error));
  const int32_t count = clx_twin_serving_curve(r, &load, x->arena, user, gpu, POINTS);
  double *best = &x->curve[candidate * CLX_SERVE_CURVE];
  for (int32_t i = 0; i < count; i++) {
    const double own = prefill > 0 ? 1 / (1 / gpu[i] + 1 / prefill) : gpu[i];
    for (int32_t k = 0; k < CLX_SERVE_CURVE; k++)
      if (clx_serve_curve_speed(k) <= user[i]) best[k] = fmax(best[k], own);
  }
  return CLX_OK;
}

static const int32_t BATCHES[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512};
enum { PREFILLED = 8 };  // sequences of a pool that prefills

static void note_no_room(clx_serve_search *x, int32_t candidate, const clx_screen_load *load) {
  clx_serve_refusals *refused = &x->refused[candidate];
  refused->memory++;
  if (refused->memory_text == NULL)
    refused->memory_text =
        clx_arena_format(x->arena, "keys and values of a request of %.0f tokens do not fit", load->longest);
}

// One limit of a batch; `last` is the largest before that is more than those before it. *done: memory or the budget of tokens bounds it, more
// changes nothing.
static clx_status screen_batch(clx_serve_search *x, int32_t candidate, const layout *l, int32_t batch, screening *out,
                               screened *last, bool *done, clx_error *error) {
  const clx_served_pool *pool;
  clx_screen_load load;
  x->refused[candidate].tried++;
  CLX_TRY(make_pool(x, candidate, l, batch, &pool, error));
  if (pool == NULL) return CLX_OK;
  const clx_serving_replica *r = &pool->replica;
  CLX_TRY(clx_screen_load_of(&x->requests, r->rules.prefix, &load, error));
  const double sequences = floor(clx_screen_most(r, &load));
  if (sequences < 1) {
    note_no_room(x, candidate, &load);
    return CLX_OK;
  }
  *done = last->pool != NULL && !(sequences > last->state.sequences);
  if (*done) return CLX_OK;
  const clx_step_law law = clx_serving_replica_law(r, load.longest, x->arena);
  if (law.self == NULL) return no_memory(error);
  *last = (screened){pool, clx_screen_at(r, &law, &load, sequences, x->arena)};
  last->state.sequences = sequences;
  if (!fast_enough(x, candidate, &last->state, &load, l->role)) return CLX_OK;
  return add_screened(x, &out->fast[l->role], last, error);
}

// All limits of a batch of one layout.
static clx_status screen_layout(clx_serve_search *x, int32_t candidate, const layout *l, screening *out,
                                clx_error *error) {
  const clx_serve_candidate_spec *c = &clx_serve_plan_of(x)->candidate[candidate];
  const bool stated = c->sequences_count > 0, prefills = l->role == CLX_ROLE_PREFILL;
  const int32_t count = stated ? c->sequences_count : CLX_COUNT(BATCHES);
  const int32_t *batch = stated ? c->sequences : BATCHES;
  screened last = {0};
  bool done = false;
  // Prompts are as many at once as the budget of tokens takes.
  for (int32_t i = 0; i < (prefills ? 1 : count) && !done; i++)
    CLX_TRY(screen_batch(x, candidate, l, prefills && !stated ? PREFILLED : batch[i], out, &last, &done, error));
  if (last.pool == NULL || prefills) return CLX_OK;
  return l->role == CLX_ROLE_WHOLE ? note_curve(x, candidate, &last.pool->replica, 0, error)
                                   : add_screened(x, &out->decode, &last, error);
}

// --- options of one candidate ---------------------------------------------------------------------------------------------

static int64_t replicas_for(const clx_serve_search *x, double requests) {
  static const double MOST = 1e18;  // of whole numbers: no demand of the schema comes near
  return (int64_t)fmin(MOST, fmax(1, ceil(x->demand / (requests * clx_serve_plan_of(x)->headroom) - 1e-9)));
}

static clx_status keep_whole(clx_serve_search *x, int32_t candidate, const screening *s, clx_error *error) {
  for (int32_t i = 0; i < s->fast[CLX_ROLE_WHOLE].count; i++) {
    const screened *one = &s->fast[CLX_ROLE_WHOLE].item[i];
    clx_serve_option o = {
        .candidate = candidate, .pool = {one->pool}, .pools = 1, .replicas = {replicas_for(x, one->state.requests)}};
    o.power = (double)o.replicas[0] * one->state.power;
    o.output = (double)o.replicas[0] * one->state.output;
    CLX_TRY(clx_serve_keep(x, &o, error));
  }
  return CLX_OK;
}

// That with the most requests per GPU; NULL = none is fast enough.
static const screened *best_prefill(const screening *s) {
  const screened_list *list = &s->fast[CLX_ROLE_PREFILL];
  const screened *best = NULL;
  for (int32_t i = 0; i < list->count; i++) {
    const screened *one = &list->item[i];
    if (best == NULL || one->state.requests / one->pool->replica.gpus > best->state.requests / best->pool->replica.gpus)
      best = one;
  }
  return best;
}

// The best prefill pool with each decode pool.
static clx_status keep_split(clx_serve_search *x, int32_t candidate, const screening *s, clx_error *error) {
  const screened *prefill = best_prefill(s);
  if (prefill == NULL) return CLX_OK;
  for (int32_t i = 0; i < s->fast[CLX_ROLE_DECODE].count; i++) {
    const screened *decode = &s->fast[CLX_ROLE_DECODE].item[i];
    clx_serve_option o = {
        .candidate = candidate,
        .pool = {prefill->pool, decode->pool},
        .pools = 2,
        .replicas = {replicas_for(x, prefill->state.requests), replicas_for(x, decode->state.requests)}};
    o.power = (double)o.replicas[0] * prefill->state.power + (double)o.replicas[1] * decode->state.power;
    o.output = (double)o.replicas[1] * decode->state.output;
    CLX_TRY(clx_serve_keep(x, &o, error));
  }
  const double started = prefill->state.output / prefill->pool->replica.gpus;
  for (int32_t i = 0; i < s->decode.count; i++)
    CLX_TRY(note_curve(x, candidate, &s->decode.item[i].pool->replica, started, error));
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

clx_status clx_twin_serving_screen(clx_serve_search *x, int32_t candidate, clx_error *error) {
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
