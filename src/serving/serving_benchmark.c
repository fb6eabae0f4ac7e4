#include "serving/serving_benchmark.h"

#include <math.h>

#include "serving/serving_law.h"
#include "serving/serving_loop.h"

static double cache_bytes_of_token(const clx_serving *s) {
  const clx_transformer *m = s->model;
  const double element = s->fp8_cache ? 1 : 2, layers = m->attention_layers > 0 ? m->attention_layers : m->layers;
  if (m->mla) return layers * (m->kv_lora_rank + m->qk_rope_dim) * element;
  return layers * 2 * fmax(1, (double)m->kv_heads / s->tp) * m->head_dim * element;
}

static clx_rules rules_of(const clx_serving *s, const clx_benchmark *b) {
  clx_rules rules = {.policy = CLX_POLICY_VLLM,
                     .sequences = b->clients,
                     .tokens = 8192,
                     .chunked = true,
                     .block = 16,
                     .stages = 1,
                     .ranks = s->dp,
                     .drafts = s->drafts,
                     .accepted = fmax(1, b->accepted)};
  if (clx_text_equal(s->engine->name, "sglang-1")) {
    rules.policy = CLX_POLICY_SGLANG;
    rules.tokens = 16384;
  }
  if (clx_text_equal(s->engine->name, "tensorrt-1")) {
    rules.policy = CLX_POLICY_TENSORRT;
    rules.chunked = false;
    rules.tokens = (int32_t)fmax(8192, b->prompt + b->clients + 64);
  }
  return rules;
}

clx_status clx_benchmark_run(clx_arena *arena, const clx_serving *s, const clx_benchmark *b,
                             clx_benchmark_means *means, clx_error *error) {
  const clx_rules rules = rules_of(s, b);
  const clx_law_reach reach = {rules.tokens + b->clients, b->clients + 1, b->prompt + b->output};
  const clx_serving_law *law = clx_serving_law_make(arena, s, &reach);
  if (law == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_step_law steps = clx_serving_law_step(law);
  const double room = (0.9 * s->device->memory - clx_serving_weight_bytes(s) - 4e9) / cache_bytes_of_token(s);
  if (room < b->prompt + b->output)
    return clx_fail_plain(error, CLX_INPUT, "the cache of one rank holds %.0f tokens, a request has %d", fmax(0, room),
                          b->prompt + b->output);
  const clx_loop loop = {.clients = b->clients * s->dp,
                         .requests = b->rounds * b->clients * s->dp,
                         .prompt = b->prompt,
                         .output = b->output,
                         .spread = b->spread,
                         .front_time = s->engine->front_time + s->engine->prompt_time * b->prompt,
                         .poll = b->poll,
                         .balance = rules.policy == CLX_POLICY_TENSORRT ? 60 : 0,
                         .reserve = room};
  clx_loop_means out;
  CLX_TRY(clx_loop_run(arena, &rules, &steps, &loop, &out, error));
  *means = (clx_benchmark_means){out.first, out.token, room};
  return CLX_OK;
}
