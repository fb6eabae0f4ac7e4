// How many experts an iteration wakes, and how many rows their tiles have.
#include <math.h>

#include "serving/serving_internal.h"

// The exponent of popularity that the spread of an engine's kernels was fitted at, and that spread where no entry says one: popularity
// belongs to models and prompts, not to kernels, and one value fits those of vLLM.
static const double POPULAR = 1.2, SPREAD = 0.42;

// Excess of the busiest of `ranks` ranks over their mean, of sums with a relative variance: as of the kernel tables' loads
// (docs/model/device/moe.md).
static double busiest(double variance, double ranks) {
  if (ranks < 2) return 1;
  const double z = sqrt(2 * log(ranks) * variance), excess = z * (0.82 + 0.115 * z);
  return 1 + excess / (1 + 0.77 * excess / ranks);
}

// Experts are chosen independently by each token. Their popularity has a gamma distribution of relative variance v, so that one with the
// mean chance c per token stays idle with probability (1 + v n ln(1 / (1 - c)))^(-1 / v); v = 0: (1 - c)^n.
static clx_expert_load drawn(const clx_moe_shape *s, double v) {
  const double local = fmax(1, s->num_experts / s->moe_ep_size), ranks = s->num_experts / local;
  const double chance = fmin(s->topk / s->num_experts, 1 - 1e-9), mean = s->num_tokens * chance;
  const double most = fmin(ranks, s->num_experts / s->topk);
  const double peak = fmin(busiest((v + 1 / mean) / local, ranks), most),
               calls = -s->num_tokens * peak * log1p(-chance);
  const double idle = v > 1e-6 ? pow(1 + v * calls, -1 / v) : exp(-calls);
  const double rows = fmax(1, local * mean * peak);
  return (clx_expert_load){.active = fmin(rows, fmax(1, local * (1 - idle))), .rows = rows};
}

// Variance of experts' popularity over its mean squared.
static double variance_of(const clx_moe_shape *s, double spread) {
  const double popular = s->distribution / POPULAR;
  return spread * popular * popular;
}

clx_expert_load clx_serving_expert_load(const clx_expert_kernel *k, const clx_moe_shape *shape) {
  const double OLD_TILE = 64;
  clx_expert_load load;
  if (k->spread < 0 || shape->distribution == 0) {  // 0: dealt out evenly
    const clx_moe_load table = clx_moe_load_find(shape, 0, 0);
    load = (clx_expert_load){.active = table.active, .rows = table.rows};
  } else {
    load = drawn(shape, variance_of(shape, k->spread));
  }
  if (k->tile_least < 1) {
    load.padded = fmax(load.rows, load.active * OLD_TILE);
    return load;
  }
  double tile = k->tile_least;
  while (tile < k->tile_most && tile < load.rows / load.active) tile *= 2;
  load.padded = fmax(load.active * tile, load.rows + load.active * tile / 2);  // last tiles are half empty
  return load;
}

// Rows of the experts that have some: mean and variance are those of Poisson numbers with gamma means, the density x^(e - 1) up to `high`
// that kernels of the device take has both with e = sqrt(1 + 1 / variance) - 1.
clx_moe_load clx_serving_moe_load(const clx_moe_parameters *p, const clx_moe_shape *s) {
  const double LEAST = 0.01;  // keeps powers in range; such loads are as good as equal
  if (s->distribution == 0 || s->redundant > 0) return clx_moe_load_find(s, p->crowding, p->reuse);
  const double v = variance_of(s, SPREAD), local = fmax(1, s->num_experts / s->moe_ep_size);
  const clx_expert_load d = drawn(s, v);
  const double square = d.active / local * (1 + v + local / d.rows);  // mean square over squared mean
  const double e = sqrt(1 + 1 / fmax(LEAST, square - 1)) - 1;
  clx_moe_load load = {.active = d.active, .rows = d.rows, .exponent = e};
  load.high = d.rows / d.active * (e + 1) / e;
  load.high_power = pow(load.high, e);
  return load;
}
