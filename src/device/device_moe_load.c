// How many tokens the experts of the busiest rank get. docs/model/device/moe.md has the equations.
#include "device/device_math.h"
#include "device/device_moe.h"

#include <math.h>

// Balanced routing as AIConfigurator's collector deals it: token t goes to experts t + i stride, i < topk; the rank with the
// first experts is measured. Fewer tokens than `stride` are spread evenly over it.
static clx_moe_load balanced_load(const clx_moe_shape *s, double local) {
  const double tokens = s->num_tokens;
  const double stride = clx_round_up(s->num_experts / s->topk);
  clx_moe_load load = {0};
  if (tokens < stride) {
    const double wrapped = s->topk > 1 ? clx_least(s->topk * stride - s->num_experts, stride) : 0;
    load.rows = clx_round_up(tokens * local / stride) + clx_round_up(tokens * clx_least(local, wrapped) / stride);
    load.rows = clx_least(load.rows, tokens * s->topk);
    load.active = clx_least(local, load.rows);
  } else {
    const double rounds = clx_round_down(tokens / stride);
    load.rows = local >= stride ? tokens * s->topk * local / s->num_experts
                                : local * rounds + clx_least(local, tokens - stride * rounds);
    load.active = local;
  }
  return load;
}

// Loads of experts drawn from the density x^(exponent - 1) on [low, high], scaled to the number of tokens.
typedef struct spectrum {
  double low, high, exponent;
  double low_power, high_power;  // low^exponent, high^exponent
  double mean, spread;           // spread: variance / mean^2
  double scale;                  // tokens per unit
  double log_low, log_high,
      log_scale;  // natural logarithms: powers are taken as exp(exponent log x), two times faster than pow
} spectrum;

static const double LOG_HALF = -0.69314718055994531, LOG_HUNDREDTH = -4.6051701859880914;

// Share of experts at or above x = exp(log_x), and their mean times that share.
static double share_above(const spectrum *d, double x, double log_x, double *sum) {
  if (x >= d->high) return *sum = 0;
  const double power = x <= d->low ? d->low_power : exp(d->exponent * log_x);
  const double from = clx_most(x, d->low);
  const double norm = 1 / (d->high_power - d->low_power);
  *sum = (d->high * d->high_power - from * power) * d->exponent / (1 + d->exponent) * norm;
  return (d->high_power - power) * norm;
}

// The ranges are those of AIConfigurator's load generator: up to 0.8 tokens where every expert has some, else 0.01 to 2.
static spectrum spectrum_make(const clx_moe_shape *s) {
  const double pairs = s->num_tokens * s->topk;
  const bool dense = pairs > s->num_experts;
  const double b = 1 - s->distribution;
  spectrum d = {.low = dense ? 1 : 0.01, .high = dense ? clx_most(0.8 * s->num_tokens, 1.5) : 2};
  d.exponent = fabs(b) < 1e-3 ? 1e-3 : b;
  d.log_low = dense ? 0 : LOG_HUNDREDTH;
  d.log_high = log(d.high);
  d.low_power = exp(d.exponent * d.log_low);
  d.high_power = exp(d.exponent * d.log_high);
  d.mean = 0;
  share_above(&d, 0, 0, &d.mean);
  const double square = (d.high * d.high * d.high_power - d.low * d.low * d.low_power) * d.exponent / (2 + d.exponent) /
                        (d.high_power - d.low_power);
  d.spread = square / (d.mean * d.mean) - 1;
  d.scale = pairs / s->num_experts / d.mean;
  d.log_scale = log(d.scale);
  return d;
}

// Mean of the loads rounded to whole tokens; `hit` = share of experts with at least one; `spread` = variance / mean^2, the
// larger of before and after rounding.
static double rounded_mean(const spectrum *d, double *hit, double *spread) {
  enum { EXACT = 4 };  // above, rounding has no bias
  static const double log_half[EXACT + 1] = {-0.69314718055994531, 0.40546510810816438, 0.91629073187415507,
                                             1.2527629684953681, 1.5040773967762742};  // of 0.5, 1.5 ... 4.5
  double sum = 0, square = 0, above = 0;
  *hit = 0;
  *spread = d->spread;
  for (int i = 1; i <= EXACT; i++) {
    const double share = share_above(d, (i - 0.5) / d->scale, log_half[i - 1] - d->log_scale, &above);
    if (share <= 0) {
      if (sum > 0) *spread = clx_most(d->spread, square / (sum * sum) - 1);
      return sum;
    }
    if (i == 1) *hit = share;
    sum += share;
    square += (2 * i - 1) * share;
  }
  const double share = share_above(d, (EXACT + 0.5) / d->scale, log_half[EXACT] - d->log_scale, &above);
  return sum + above * d->scale - EXACT * share;
}

// Load of the busiest of `ranks` ranks with `local` experts each, over the mean: a fit (3 % mean error) to 2500 simulated
// cases of this generator with 8 to 512 experts on 2 to 256 ranks.
static double busiest(double spread, double ranks, double local) {
  const double z = sqrt(2 * log(ranks) * spread / local);
  const double excess = z * (0.82 + 0.115 * z);
  return 1 + excess / (1 + 0.77 * excess / ranks);
}

// Power law: loads are drawn, scaled and rounded to whole tokens; what rounding leaves over is dealt out in single tokens,
// a share `reuse` of it first to experts that have some; a share `crowding` of the rest to neighbours on one rank. The
// busiest rank is measured.
static clx_moe_load power_law_load(const clx_moe_shape *s, double local, double crowding, double reuse) {
  const spectrum d = spectrum_make(s);
  const double pairs = s->num_tokens * s->topk, ranks = s->num_experts / local;
  double hit = 0, spread = 0;
  const double mean = rounded_mean(&d, &hit, &spread);
  const double left = clx_most(0, pairs - s->num_experts * mean);
  const double reused = reuse * clx_least(left, s->num_experts * hit), fresh = left - reused;
  const double even = clx_most(fresh / ranks, clx_least(1, fresh));
  const double filled = clx_least(local * (1 - hit), fresh * crowding + (1 - crowding) * even);
  const double peak = clx_least(busiest(spread, ranks, local), s->num_experts / s->topk);
  const double filled_rows = (pairs - fresh) / ranks + filled;
  const double natural_rows = (pairs - fresh) / ranks * peak + clx_least(local, even);
  clx_moe_load load = {.exponent = d.exponent};
  if (filled_rows > natural_rows) {
    load.rows = filled_rows;
    load.active = local * hit + filled;
  } else {
    const double missed = hit < 1 ? pow(1 - hit, peak) : 0;  // the busiest rank has fewer idle experts
    load.rows = natural_rows;
    load.active = clx_least(local, local * (1 - missed) + even * missed);
  }
  load.rows = clx_most(load.rows, 1);
  load.active = clx_most(clx_least(load.active, load.rows), clx_least(1, load.rows));
  load.low = clx_most(d.low * d.scale, 0.5);
  load.high = clx_most(clx_least(d.high * d.scale, s->num_tokens), load.low);
  const double log_low = clx_most(d.log_low + d.log_scale, LOG_HALF);
  const double log_high = clx_least(d.log_high + d.log_scale, log(s->num_tokens));
  load.low_power = exp(d.exponent * log_low);
  load.high_power = exp(d.exponent * clx_most(log_high, log_low));
  return load;
}

// --- copies of popular experts ------------------------------------------------------------------------------------------

// Largest load that a copy carries once `copies` more experts stand where the load of a copy was largest, one after another, each
// with an even part of its expert's tokens (EPLB). An expert of load x then has between x / T and x / T + 1 copies.
static double level_of(const spectrum *d, double experts, double copies) {
  double low = d->log_low, high = d->log_high;
  for (int32_t step = 0; step < 40; step++) {
    const double middle = (low + high) / 2, level = exp(middle);
    double sum = 0;
    const double share = share_above(d, level, middle, &sum);
    if (experts * (sum / level - share / 2) > copies) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return exp(high);
}

double clx_moe_copied_peak(const clx_moe_shape *s, double visits) {
  const double chance = busiest(1 / clx_most(visits, 1), clx_most(s->moe_ep_size, 1), 1);
  if (s->distribution == 0) return chance;
  const spectrum d = spectrum_make(s);
  const double level = level_of(&d, s->num_experts, s->redundant);
  return clx_most(1, level * s->moe_ep_size / (s->num_experts * d.mean)) * chance;
}

// With copies, ranks are filled so that loads even out (the packing of EPLB): what is left is a copy that is more than a rank's share,
// and the chance of a single iteration.
static clx_moe_load copied_load(const clx_moe_shape *s, double local) {
  const double pairs = s->num_tokens * s->topk, mean_rows = pairs / s->moe_ep_size;
  if (s->distribution == 0) {
    clx_moe_shape spread = *s;
    spread.num_experts += s->redundant;
    return balanced_load(&spread, local);
  }
  const spectrum d = spectrum_make(s);
  double hit = 0, spread = 0;
  const double mean = rounded_mean(&d, &hit, &spread);
  const double stray = clx_most(0, pairs - s->num_experts * mean);
  const double level = level_of(&d, s->num_experts, s->redundant) * d.scale;
  clx_moe_load load = {.exponent = d.exponent};
  load.rows = clx_most(1, clx_least(pairs, mean_rows * clx_moe_copied_peak(s, mean_rows)));
  const double active = (s->num_experts * hit + stray + s->redundant) / s->moe_ep_size;
  load.active = clx_most(1, clx_least(clx_least(local, active), load.rows));
  load.low = clx_most(d.low * d.scale, 0.5);
  load.high = clx_most(level, load.low);
  load.low_power = exp(d.exponent * log(load.low));
  load.high_power = exp(d.exponent * log(load.high));
  return load;
}

clx_moe_load clx_moe_load_find(const clx_moe_shape *s, double crowding, double reuse) {
  const double local = clx_most(1, (s->num_experts + s->redundant) / s->moe_ep_size);
  if (s->redundant > 0) return copied_load(s, local);
  return s->distribution == 0 ? balanced_load(s, local) : power_law_load(s, local, crowding, reuse);
}
