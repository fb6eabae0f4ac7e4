// A benchmark on engines whose layers stand on several stages: event by event (src/engine), for several iterations are in flight.
#include <math.h>

#include "chance/chance.h"
#include "serving/serving_benchmark.h"
#include "serving/serving_law.h"
#include "serving/serving_memory.h"
#include "serving/serving_pipeline.h"

// What an engine of one role runs with; its blocks are those that memory leaves.
static clx_status pool_of(const clx_serving *s, const clx_benchmark *b, clx_role role, int32_t replicas,
                          int32_t sequences, clx_arena *arena, clx_pool *out, clx_error *error) {
  const clx_engine_rules *e = &s->engine->rules;
  const int32_t whole = b->prompt + sequences * (1 + s->drafts);
  clx_rules rules = {.policy = (clx_engine_policy)e->policy,
                     .sequences = sequences,
                     .tokens = e->tokens > whole || (e->chunked && role == CLX_ROLE_WHOLE) ? e->tokens : whole,
                     .chunked = e->chunked,
                     .block = 16,
                     .stages = clx_serving_stages(s),
                     .ranks = s->dp,
                     .drafts = s->drafts,
                     .accepted = fmax(1, b->accepted)};
  rules.tokens = (int32_t)fmax(rules.tokens, sequences * (1.0 + s->drafts));
  rules.blocks = clx_serving_room(s, &rules, 0).blocks;
  const double room = (double)rules.blocks * rules.block;
  if (room < b->prompt + b->output)
    return clx_fail_plain(error, CLX_INPUT, "the cache of one rank holds %.0f tokens, a request has %d", fmax(0, room),
                          b->prompt + b->output);
  const clx_law_reach reach = {rules.tokens, sequences, b->prompt + b->output};
  const clx_serving_law *law = clx_serving_law_make(arena, s, &reach);
  if (law == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  *out = (clx_pool){
      .name = "engine", .role = role, .replicas = replicas, .rules = rules, .law = clx_serving_law_step(law)};
  return CLX_OK;
}

static bool draw_requests(const clx_benchmark *b, int32_t count, clx_arena *arena, clx_requests *out) {
  clx_stream lengths = clx_stream_make(1, 77, 0, 0);
  *out = (clx_requests){.item = CLX_NEW_ARRAY(arena, clx_request, count), .count = count, .tenants = 1};
  for (int32_t i = 0; out->item != NULL && i < count; i++) {
    const double p = 1 - b->spread * clx_stream_uniform(&lengths), o = 1 - b->spread * clx_stream_uniform(&lengths);
    out->item[i] = (clx_request){.prompt = (int32_t)fmax(1, round(p * b->prompt)),
                                 .output = (int32_t)fmax(1, round(o * b->output))};
  }
  return out->item != NULL;
}

// `front`: s of a request outside of engines.
static clx_status run(const clx_engine_fleet *fleet, const clx_benchmark *b, int32_t clients, double front,
                      clx_arena *arena, clx_benchmark_means *means, clx_error *error) {
  clx_requests requests;
  clx_engine_result result;
  if (!draw_requests(b, b->rounds * clients, arena, &requests))
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_offer offer = {&requests, clients};
  CLX_TRY(clx_engine_run(fleet, &offer, NULL, arena, &result, error));
  const clx_rules *last = &fleet->pool[fleet->pools - 1].rules;
  *means = (clx_benchmark_means){.first = front, .room = (double)last->blocks * last->block};
  for (int32_t i = 0; i < requests.count; i++) {
    const clx_served *s = &result.served[i];
    const int32_t output = requests.item[i].output;
    means->first += (s->first - s->asked) / requests.count;
    means->token += output > 1 ? (s->last - s->first) / (output - 1) / requests.count : 0;
  }
  return CLX_OK;
}

clx_status clx_benchmark_run_stages(clx_arena *arena, const clx_serving *s, const clx_benchmark *b,
                                    clx_benchmark_means *means, clx_error *error) {
  clx_pool pool;
  CLX_TRY(pool_of(s, b, CLX_ROLE_WHOLE, 1, b->clients, arena, &pool, error));
  const clx_engine_fleet fleet = {.pool = &pool, .pools = 1, .router = CLX_ROUTER_LEAST};
  return run(&fleet, b, b->clients * s->dp, s->engine->front_time, arena, means, error);
}

clx_status clx_benchmark_split_stages(clx_arena *arena, const clx_split *split, const clx_benchmark *b, double nic,
                                      double setup, clx_benchmark_means *means, clx_error *error) {
  enum { PREFILLING = 64 };
  const clx_serving *p = split->prefill, *d = split->decode;
  clx_pool pool[2];
  CLX_TRY(pool_of(p, b, CLX_ROLE_PREFILL, split->prefills, PREFILLING, arena, &pool[0], error));
  CLX_TRY(pool_of(d, b, CLX_ROLE_DECODE, split->decodes, b->clients, arena, &pool[1], error));
  // Every GPU sends the layers that it holds over its own NIC.
  const clx_transfer transfer = {clx_serving_room(p, &pool[0].rules, 0).token_bytes, nic, setup};
  const clx_engine_fleet fleet = {.pool = pool, .pools = 2, .router = CLX_ROUTER_LEAST, .transfer = transfer};
  return run(&fleet, b, b->clients * d->dp * split->decodes, d->engine->front_time, arena, means, error);
}
