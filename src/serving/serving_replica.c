#include "serving/serving_replica.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "serving/serving_unified_law.h"

// --- names ----------------------------------------------------------------------------------------------------------------

enum { NAMES = 32 };

// A name that begins with what was written says more than one as short: mxfp4 is nearer to mxfp4_experts than to nvfp4.
static const char *meant(const char *name, const char *const *names, int32_t count) {
  char begun[96];
  snprintf(begun, sizeof begun, "%.80s*", name);
  for (int32_t i = 0; i < count && name[0] != '\0'; i++)
    if (clx_text_match(begun, names[i])) return names[i];
  return clx_nearest(name, names, count);
}

static clx_status unknown(const char *what, const char *name, const char *(*of)(int32_t), clx_place place,
                          clx_error *error) {
  const char *names[NAMES];
  char list[256] = "";
  int32_t count = 0;
  for (; count < NAMES && of(count) != NULL; count++) {
    names[count] = of(count);
    const size_t at = strlen(list);
    snprintf(list + at, sizeof list - at, "%s%s", count > 0 ? ", " : "", names[count]);
  }
  const char *near = meant(name, names, count);
  return clx_fail(error, CLX_INPUT, place, "unknown %s '%.60s'%s%s%s (there are %s)", what, name,
                  near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "", list);
}

static const char *weights_name(int32_t index) { return index < CLX_WEIGHTS_KINDS ? clx_weights_name[index] : NULL; }

static int32_t find_weights(const char *name) {
  for (int32_t i = 0; i < CLX_WEIGHTS_KINDS; i++)
    if (clx_text_equal_loose(name, clx_weights_name[i])) return i;
  return -1;
}

// --- rules ----------------------------------------------------------------------------------------------------------------

// Sequences at once where none are stated: vLLM's max_num_seqs behind a server on GPUs of 70 GiB and more; of other engines, assumed. Engines
// on unified memory: as many slots as users give them, 32 here; they admit as vLLM does.
enum { VLLM_SEQUENCES = 1024, SEQUENCES = 256, SLOTS = 32 };

static void set_rules(const clx_serve_pool_spec *pool, const clx_serving_replica *r, clx_rules *rules) {
  const clx_engine_rules *own = r->unified ? NULL : &r->kernels.engine->rules;
  const int32_t tokens = own != NULL ? own->tokens : r->nodes.engine->chunk,
                sequences = own == NULL                      ? SLOTS
                            : own->policy == CLX_ENGINE_VLLM ? VLLM_SEQUENCES
                                                             : SEQUENCES;
  *rules = (clx_rules){.policy = own != NULL ? (clx_engine_policy)own->policy : CLX_ENGINE_VLLM,
                       .sequences = pool->sequences > 0 ? pool->sequences : sequences,
                       .tokens = pool->tokens > 0 ? pool->tokens : tokens,
                       .chunked = own == NULL || own->chunked,
                       .prefix = pool->prefix && pool->role != CLX_ROLE_DECODE,
                       .block = pool->block,
                       .stages = pool->pp,
                       .ranks = r->unified ? 1 : pool->dp,
                       .drafts = pool->drafts,
                       .accepted = pool->accepted};
}

static clx_status set_room(const clx_serve_pool_spec *pool, const char *model, clx_serving_replica *r,
                           clx_error *error) {
  clx_rules *rules = &r->rules;
  r->room = r->unified ? clx_unified_room(&r->nodes, rules, pool->memory)
                       : clx_serving_room(&r->kernels, rules, pool->memory);
  r->blocks_stated = pool->blocks > 0;
  rules->blocks = r->blocks_stated ? pool->blocks : r->room.blocks;
  if (rules->blocks > 0) return CLX_OK;
  const clx_cache_room *room = &r->room;
  return clx_fail(error, CLX_INPUT, pool->place,
                  "pool '%.40s': no room for keys and values: %.3g of the %.4g GB of %s, less weights of %s %.4g GB, "
                  "activations %.3g GB, context %.3g GB and states %.3g GB; expected more GPUs, narrower weights or "
                  "fewer tokens and sequences at once",
                  pool->name, room->share, room->memory / 1e9, r->device->name, model, room->weights / 1e9,
                  room->peak / 1e9, room->context / 1e9, room->states / 1e9);
}

// --- layouts --------------------------------------------------------------------------------------------------------------

static clx_status at_place(clx_status status, const clx_serve_pool_spec *pool, const clx_error *own, clx_error *error) {
  if (status == CLX_OK) return CLX_OK;
  return clx_fail(error, status, pool->place, "pool '%.40s': %s", pool->name, own->mistake[0].text);
}

static clx_status check_captures(const clx_serve_pool_spec *pool, clx_error *error) {
  for (int32_t i = 1; i < pool->capture_sizes_count; i++) {
    if (pool->capture_sizes[i] <= pool->capture_sizes[i - 1])
      return clx_fail(error, CLX_INPUT, pool->place,
                      "pool '%.40s': 'capture_sizes' has %d after %d: expected ascending sizes", pool->name,
                      pool->capture_sizes[i], pool->capture_sizes[i - 1]);
  }
  if (pool->eager && pool->capture_sizes_count > 0)
    return clx_fail(error, CLX_INPUT, pool->place,
                    "pool '%.40s' is eager and has 'capture_sizes': expected one of them", pool->name);
  return CLX_OK;
}

// At the pace of one sequence: more take longer.
static double handoff_of(const clx_serving *s) {
  const clx_engine_step one = {.decodes = 1, .verified = 1, .context = 1};
  const clx_engine *e = s->engine;
  if (!(e->handoff_iterations > 0)) return e->handoff_time;
  return e->handoff_time + e->handoff_iterations * clx_serving_law_exact(s, &one, 1).time;
}

static clx_status make_kernels(const clx_serve_spec *section, const clx_serve_pool_spec *pool,
                               const clx_transformer *model, const clx_engine *engine, clx_serving_replica *r,
                               clx_error *error) {
  const int32_t gpus = pool->tp * pool->dp, weights = find_weights(r->weights);
  const bool experts = model->experts > 0;
  const int32_t ep = pool->ep > 0 ? pool->ep : pool->dp > 1 ? gpus : 1;
  clx_error own;
  clx_error_clear(&own);
  if (weights < 0) return unknown("weights", r->weights, weights_name, pool->place, error);
  CLX_TRY(check_captures(pool, error));
  r->kernels = (clx_serving){
      .model = model,
      .device = r->device,
      .engine = engine,
      .weights = (clx_weights)weights,
      .tp = pool->tp,
      .dp = pool->dp,
      .ep = experts ? ep : 1,
      .etp = !experts        ? 1
             : pool->etp > 0 ? pool->etp
             : gpus / ep > 0 ? gpus / ep
                             : 1,
      .fp8_cache = pool->cache > 0 ? pool->cache == 2 : section->cache == 1,
      .sorts = section->sorts,
      .routing = pool->routing >= 0 ? pool->routing : section->routing,
      .drafts = pool->drafts,
      .pp = pool->pp,
      .eager = pool->eager != 0,
      .capture_sizes = pool->capture_sizes,
      .capture_count = pool->capture_sizes_count,
      .copies = experts ? pool->redundant_experts : 0,
      .direct = pool->role == CLX_ROLE_DECODE && engine->wide_ranks > 0 && pool->dp >= engine->wide_ranks};
  r->gpus = gpus * pool->pp;
  CLX_TRY(at_place(clx_serving_check(&r->kernels, &own), pool, &own, error));
  r->front = pool->role == CLX_ROLE_DECODE ? handoff_of(&r->kernels) : engine->front_time;
  return CLX_OK;
}

static clx_status make_nodes(const clx_serve_pool_spec *pool, const clx_transformer *model, clx_serving_replica *r,
                             clx_error *error) {
  clx_error own;
  clx_error_clear(&own);
  r->nodes = (clx_unified){.model = model,
                           .device = r->device,
                           .engine = clx_unified_engine_find(r->engine),
                           .quant = clx_quant_find(r->weights),
                           .tp = pool->tp,
                           .pp = pool->pp,
                           .link = {.latency = pool->link_latency, .bandwidth = pool->link_bandwidth}};
  if (r->nodes.quant == NULL) return unknown("weights", r->weights, clx_quant_name, pool->place, error);
  if (pool->dp > 1 || pool->ep > 1 || pool->etp > 1)
    return clx_fail(error, CLX_INPUT, pool->place,
                    "pool '%.40s': %s %d: nodes with unified memory share no experts; expected tp, pp and replicas",
                    pool->name,
                    pool->dp > 1   ? "dp"
                    : pool->ep > 1 ? "ep"
                                   : "etp",
                    pool->dp > 1   ? pool->dp
                    : pool->ep > 1 ? pool->ep
                                   : pool->etp);
  r->gpus = pool->tp * pool->pp;
  return at_place(clx_unified_check(&r->nodes, &own), pool, &own, error);
}

// What is said of experts must have something to be about; rules must agree.
static clx_status check_pool(const clx_serve_pool_spec *pool, const clx_transformer *model, const clx_rules *rules,
                             clx_error *error) {
  clx_error own;
  clx_error_clear(&own);
  if (model->experts == 0 && (pool->ep > 1 || pool->etp > 1))
    return clx_fail(error, CLX_INPUT, pool->place,
                    "pool '%.40s': %s %d: %s has no experts; expected a model with experts, or tp and dp alone",
                    pool->name, pool->ep > 1 ? "ep" : "etp", pool->ep > 1 ? pool->ep : pool->etp, model->name);
  const clx_status status = clx_engine_check_rules("rules", rules, &own);
  return at_place(status, pool, &own, error);
}

bool clx_device_is_unified(const clx_device *device) { return device->unified.products > 0; }

clx_status clx_serving_replica_make(const clx_serve_spec *section, const clx_serve_pool_spec *pool,
                                    const clx_transformer *model, const clx_device *device, const clx_engine *engine,
                                    clx_serving_replica *out, clx_error *error) {
  clx_serving_replica r = {.name = pool->name,
                           .engine = pool->engine != NULL ? pool->engine : section->engine,
                           .weights = pool->weights != NULL ? pool->weights : section->weights,
                           .role = (clx_role)pool->role,
                           .replicas = pool->replicas,
                           .unified = engine == NULL,
                           .device = device};
  if (r.unified && clx_unified_engine_find(r.engine) == NULL)
    return unknown("engine on unified memory", r.engine, clx_unified_engine_name, pool->place, error);
  CLX_TRY(r.unified ? make_nodes(pool, model, &r, error) : make_kernels(section, pool, model, engine, &r, error));
  r.price = pool->price * r.gpus;
  set_rules(pool, &r, &r.rules);
  CLX_TRY(set_room(pool, model->name, &r, error));
  CLX_TRY(check_pool(pool, model, &r.rules, error));
  *out = r;
  return CLX_OK;
}

// --- law ------------------------------------------------------------------------------------------------------------------

// The engine counts `idle` W all the time: an iteration's energy is what it takes beyond.
typedef struct active_law {
  clx_step_law whole;
  double idle;  // W of the stage
} active_law;

static clx_step_cost active_cost(const void *self, const clx_engine_step *step, int32_t ranks, int32_t stage) {
  const active_law *law = self;
  clx_step_cost c = law->whole.cost(law->whole.self, step, ranks, stage);
  c.energy -= law->idle * c.time;
  return c;
}

clx_step_law clx_serving_replica_law(const clx_serving_replica *r, double context, clx_arena *arena) {
  const clx_law_reach reach = {.tokens = r->rules.tokens, .sequences = r->rules.sequences, .context = context};
  active_law *law = CLX_NEW(arena, active_law);
  if (law == NULL) return (clx_step_law){0};
  if (r->unified) {
    law->whole = clx_unified_law(&r->nodes);
  } else {
    const clx_serving_law *kernels = clx_serving_law_make(arena, &r->kernels, &reach);
    if (kernels == NULL) return (clx_step_law){0};
    law->whole = clx_serving_law_step(kernels);
  }
  law->idle = law->whole.idle / r->rules.stages;
  return (clx_step_law){.cost = active_cost, .self = law, .idle = law->whole.idle};
}

double clx_serving_replica_tokens(const clx_serving_replica *r) {
  return (double)r->rules.blocks * r->rules.block * r->rules.ranks;
}
