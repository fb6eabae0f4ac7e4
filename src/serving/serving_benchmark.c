// A benchmark from a serving: its law, its rules, the room of its cache.
#include "serving/serving_benchmark.h"

#include <math.h>

#include "serving/serving_law.h"
#include "serving/serving_loop.h"
#include "serving/serving_pools.h"

static double cache_bytes_of_token(const clx_serving *s) {
  const clx_transformer *m = s->model;
  const double element = s->fp8_cache ? 1 : 2, layers = m->attention_layers > 0 ? m->attention_layers : m->layers;
  if (m->mla) return layers * (m->kv_lora_rank + m->qk_rope_dim) * element;
  return layers * 2 * fmax(1, (double)m->kv_heads / s->tp) * m->head_dim * element;
}

// Tokens that fit beside the weights on one rank, 4 GB aside for graphs, activations and buffers. Datasheets give GB where stacks of
// memory have GiB: an H200 of 141 GB reports 143,771 MiB, a B200 of 180 GB 183,359 MiB.
static double room_of(const clx_serving *s) {
  const double GIBI = 1073741824.0 / 1e9, ASIDE = 4e9;
  const clx_engine_rules *e = &s->engine->rules;
  const double memory = GIBI * s->device->memory, weights = clx_serving_weight_bytes(s);
  const double cache =
      e->share_of_free ? e->memory_share * (memory - weights - ASIDE) : e->memory_share * memory - weights - ASIDE;
  return cache / cache_bytes_of_token(s);
}

static clx_rules rules_of(const clx_serving *s, const clx_benchmark *b) {
  const clx_engine_rules *e = &s->engine->rules;
  const int32_t whole = b->prompt + b->clients;
  return (clx_rules){.policy = (clx_engine_policy)e->policy,
                     .sequences = b->clients,
                     .tokens = e->chunked || e->tokens > whole ? e->tokens : whole,
                     .chunked = e->chunked,
                     .block = 16,
                     .stages = 1,
                     .ranks = s->dp,
                     .drafts = s->drafts,
                     .accepted = fmax(1, b->accepted)};
}

clx_status clx_benchmark_run(clx_arena *arena, const clx_serving *s, const clx_benchmark *b, clx_benchmark_means *means,
                             clx_error *error) {
  const clx_rules rules = rules_of(s, b);
  const clx_law_reach reach = {rules.tokens + b->clients, b->clients + 1, b->prompt + b->output};
  const clx_serving_law *law = clx_serving_law_make(arena, s, &reach);
  if (law == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_step_law steps = clx_serving_law_step(law);
  const double room = room_of(s);
  if (room < b->prompt + b->output)
    return clx_fail_plain(error, CLX_INPUT, "the cache of one rank holds %.0f tokens, a request has %d", fmax(0, room),
                          b->prompt + b->output);
  const clx_loop loop = {.clients = b->clients * s->dp,
                         .requests = b->rounds * b->clients * s->dp,
                         .prompt = b->prompt,
                         .output = b->output,
                         .spread = b->spread,
                         .front_time = s->engine->front_time,
                         .answers = s->engine->rules.answers,
                         .poll = b->poll,
                         .balance = s->engine->rules.rank_wait,
                         .reserve = room};
  clx_loop_means out;
  CLX_TRY(clx_loop_run(arena, &rules, &steps, &loop, &out, error));
  *means = (clx_benchmark_means){out.first, out.token, room};
  return CLX_OK;
}

static clx_status side_of(clx_arena *arena, const clx_serving *s, const clx_benchmark *b, int32_t sequences,
                          int32_t workers, clx_step_law *steps, clx_pools_side *side, clx_error *error) {
  const double room = room_of(s), whole = b->prompt + b->output;
  if (room < whole)
    return clx_fail_plain(error, CLX_INPUT, "the cache of one rank holds %.0f tokens, a request has %.0f",
                          fmax(0, room), whole);
  const int32_t fits = (int32_t)fmax(1, fmin(sequences, room / (b->prompt + b->output / 2.0)));
  *side = (clx_pools_side){.workers = workers,
                           .ranks = s->dp,
                           .tokens = (int32_t)fmax(s->engine->rules.tokens, b->prompt),
                           .sequences = fits,
                           .law = steps};
  const clx_law_reach reach = {side->tokens, fits + 1, whole};
  const clx_serving_law *law = clx_serving_law_make(arena, s, &reach);
  if (law == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  *steps = clx_serving_law_step(law);
  return CLX_OK;
}

clx_status clx_benchmark_split(clx_arena *arena, const clx_split *split, const clx_benchmark *b,
                               clx_benchmark_means *means, clx_error *error) {
  // One NIC of 400 Gbit/s per GPU, and the handshake of a transfer.
  const double NIC = 50e9, SETUP = 5e-3;
  const clx_serving *p = split->prefill, *d = split->decode;
  clx_step_law prefill, decode;
  clx_pools pools = {.clients = b->clients * d->dp * split->decodes,
                     .prompt = b->prompt,
                     .output = b->output,
                     .spread = b->spread,
                     .late_notice = p->engine->rules.late_notice,
                     .front_time = d->engine->front_time,
                     .setup = SETUP + d->engine->handoff_time,
                     .rounds = d->engine->handoff_iterations,
                     .token_time = cache_bytes_of_token(p) / NIC,
                     .accepted = fmax(1, b->accepted),
                     .drafts = d->drafts};
  pools.requests = b->rounds * pools.clients;
  CLX_TRY(side_of(arena, p, b, 64, split->prefills, &prefill, &pools.prefill, error));
  CLX_TRY(side_of(arena, d, b, b->clients, split->decodes, &decode, &pools.decode, error));
  clx_pools_means out;
  CLX_TRY(clx_pools_run(arena, &pools, &out, error));
  *means = (clx_benchmark_means){out.first, out.token, room_of(d)};
  return CLX_OK;
}
