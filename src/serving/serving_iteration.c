// One iteration of an engine: its kernels, what its host adds, and the clock that the power limit leaves.
#include <math.h>

#include "serving/serving_internal.h"

const char *const clx_serving_part_name[] = {
    "products", "experts", "decode attention", "prefill attention", "elementwise", "head", "exchange", "wait", NULL};

// Replicas of attention go in step, layer by layer, and pad their tokens to those of the busiest one (vLLM, coordinate_batch_across_dp),
// which has at least one whole prompt where there is any.
static clx_serving_tokens tokens_of(const clx_serving *s, const clx_serving_batch *b) {
  const double dp = s->dp, prompts = fmax(b->prompts / dp, fmin(1, b->prompts));
  const double prompt = fmax(1, ceil(b->prompt)), tokens = fmax(1, b->sequences / dp + prompts * prompt);
  return (clx_serving_tokens){.decode = b->sequences / dp,
                              .context = fmax(1, b->context),
                              .prompts = prompts,
                              .prompt = prompt,
                              .cached = fmax(0, b->cached),
                              .tokens = tokens,
                              .all = dp * tokens};
}

clx_serving_cost clx_serving_iteration_at(const clx_serving *s, const clx_serving_batch *batch, double clock) {
  const clx_draw_load waiting = {.kind = CLX_DRAW_WAIT};
  clx_serving_sum sum = {.serving = s, .clock = clock, .rest = clx_device_draw(s->device, &waiting, clock, 0)};
  const clx_serving_tokens t = tokens_of(s, batch);
  clx_serving_add_products(&sum, &t);
  clx_serving_add_attention(&sum, &t);
  clx_serving_add_experts(&sum, &t);
  clx_serving_add_head(&sum, &t);
  clx_serving_cost *c = &sum.cost;
  double device = 0;
  for (int32_t i = 0; i < CLX_SERVING_PARTS; i++) device += c->part[i].time;
  // Host work runs beside the device and shows only where it takes longer.
  const clx_engine *e = s->engine;
  double host = e->step_hidden + e->sequence_time * (batch->sequences + batch->prompts) / s->dp;
  if (t.tokens > e->rules.graph_tokens) host += e->launch_time * sum.launches;
  clx_serving_add_wait(&sum, e->step_exposed + fmax(0, host - device));
  c->time = c->energy = 0;
  for (int32_t i = 0; i < CLX_SERVING_PARTS; i++) {
    c->time += c->part[i].time;
    c->energy += c->part[i].energy;
  }
  c->power = c->energy / c->time;
  c->clock = clock;
  return *c;
}

// Highest clock at which the mean power is at most `limit` W.
static double clock_within(const clx_serving *s, const clx_serving_batch *batch, double limit) {
  double low = CLX_POWER_CLOCK_MINIMUM, high = 1;
  if (clx_serving_iteration_at(s, batch, high).power <= limit) return high;
  for (int32_t step = 0; step < 24; step++) {
    const double middle = (low + high) / 2;
    if (clx_serving_iteration_at(s, batch, middle).power <= limit) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

clx_serving_cost clx_serving_iteration(const clx_serving *s, const clx_serving_batch *batch) {
  const double rated = s->device->tdp, limit = s->limit > 0 ? fmin(s->limit, rated) : rated;
  return clx_serving_iteration_at(s, batch, clock_within(s, batch, limit));
}
