// Equal requests, an engine that never evicts, and the clock that the power limit leaves it.
#include "serving/serving_burst.h"

#include <math.h>
#include <stdlib.h>

#include "chance/chance.h"
#include "serving/serving_law.h"

enum { BLOCK = 32 };  // tokens of a block of TensorRT-LLM's cache

// Times of the law are those at full clock; at the power limit they are longer.
typedef struct limited {
  clx_step_law law;
  double slower;
} limited;

static clx_step_cost limited_cost(const void *self, const clx_engine_step *step, int32_t ranks, int32_t stage) {
  const limited *l = self;
  clx_step_cost cost = l->law.cost(l->law.self, step, ranks, stage);
  cost.time *= l->slower;
  return cost;
}

// How much longer a run takes at the clock that its mean power leaves than at full clock, in the state in which the batch is full.
static double slowed(const clx_serving *s, const clx_burst *b) {
  const double most = fmin(b->requests, s->dp * fmin(b->sequences, b->room / (b->prompt + b->output)));
  const clx_serving_load load = {
      .sequences = fmax(1, most), .prompt = b->prompt, .output = b->output, .chunk = (double)s->dp * b->tokens};
  const clx_serving_state state = clx_serving_steady(s, &load);
  clx_serving freely = *s;
  freely.limit = 1e9;
  return 1 / fmax(0.01, state.throughput / clx_serving_steady(&freely, &load).throughput);
}

clx_status clx_burst_open(clx_arena *arena, const clx_serving *s, const clx_burst *most, clx_burst_engine *engine,
                          clx_error *error) {
  const clx_law_reach reach = {most->tokens, most->sequences, (double)most->prompt + most->output};
  if (most->room < reach.context)
    return clx_fail_plain(error, CLX_INPUT, "no room for one request of %.0f tokens", reach.context);
  *engine = (clx_burst_engine){
      .serving = s, .most = *most, .law = clx_serving_law_make(arena, s, &reach), .slower = slowed(s, most)};
  return engine->law != NULL ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
}

static clx_status make_requests(clx_arena *arena, const clx_burst *b, double rate, uint64_t seed, clx_requests *out,
                                clx_error *error) {
  *out = (clx_requests){.item = CLX_NEW_ARRAY(arena, clx_request, out->count), .count = out->count, .tenants = 1};
  if (out->item == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_stream stream = clx_stream_make(seed, 0x6275727374, 0, 0);  // "burst"
  double now = 0;
  for (int32_t i = 0; i < out->count; i++) {
    out->item[i] = (clx_request){.arrival = now, .prompt = b->prompt, .output = b->output};
    if (rate > 0) now += -log1p(-clx_stream_uniform(&stream)) / rate;
  }
  return CLX_OK;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

// The value that 99 of 100 do not exceed. Sorts.
static double of_100_99(double *value, int32_t count) {
  qsort(value, (size_t)count, sizeof *value, ascending);
  return value[(int32_t)(0.99 * (count - 1))];
}

static clx_status find_means(clx_arena *arena, const clx_burst *b, int32_t count, const clx_engine_result *result,
                             clx_burst_means *out, clx_error *error) {
  double *first = CLX_NEW_ARRAY(arena, double, count), *token = CLX_NEW_ARRAY(arena, double, count), sum = 0;
  if (first == NULL || token == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < count; i++) {
    const clx_served *s = &result->served[i];
    first[i] = s->first - s->asked;
    token[i] = b->output > 1 ? (s->last - s->first) / (b->output - 1) : 0;
    sum += first[i];
  }
  const double rate = count / result->span;
  *out = (clx_burst_means){.requests = rate,
                           .tokens = rate * b->output,
                           .first = sum / count,
                           .token = clx_sketch_mean(&result->gaps),
                           .batch = (double)count * b->output / fmax(1, (double)result->iterations),
                           .first99 = of_100_99(first, count),
                           .token99 = of_100_99(token, count)};
  return CLX_OK;
}

static clx_status play(clx_arena *arena, const clx_burst_engine *e, int32_t count, double rate, uint64_t seed,
                       clx_burst_means *means, clx_error *error) {
  const clx_burst *b = &e->most;
  clx_requests requests = {.count = count};
  CLX_TRY(make_requests(arena, b, rate, seed, &requests, error));
  const limited at_limit = {clx_serving_law_step(e->law), e->slower};
  const clx_pool pool = {.name = "engine",
                         .replicas = 1,
                         .rules = {.policy = CLX_ENGINE_TENSORRT,
                                   .sequences = b->sequences,
                                   .tokens = b->tokens,
                                   .chunked = b->chunked,
                                   .block = BLOCK,
                                   .blocks = (int64_t)fmin(b->room / BLOCK, INT32_MAX / 2),
                                   .stages = 1,
                                   .ranks = e->serving->dp,
                                   .accepted = 1},
                         .law = {.cost = limited_cost, .self = &at_limit, .idle = at_limit.law.idle}};
  const clx_engine_fleet fleet = {.pool = &pool, .pools = 1, .router = CLX_ROUTER_LEAST};
  const clx_offer offer = {&requests, 0};
  clx_engine_result result;
  CLX_TRY(clx_engine_run(&fleet, &offer, NULL, arena, &result, error));
  return find_means(arena, b, count, &result, means, error);
}

clx_status clx_burst_run(const clx_burst_engine *engine, int32_t requests, double rate, uint64_t seed,
                         clx_burst_means *means, clx_error *error) {
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status status = play(arena, engine, requests, rate, seed, means, error);
  clx_arena_free(arena);
  return status;
}
