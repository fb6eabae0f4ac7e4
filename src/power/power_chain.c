// Power through levels of equal equipment: upwards with the losses of each, downwards from a limit, and unit by unit.
#include <math.h>
#include <string.h>

#include "power/power_chain.h"

const char *const clx_redundancy_name[CLX_REDUNDANCIES + 1] = {"N", "N+1", "2N", NULL};

static double stated(double value, double otherwise) { return value > 0 ? value : otherwise; }

static double units_of(const clx_chain_level *level) { return stated(level->units, 1); }

static double extra_of(const double *extra, int32_t level) { return extra == NULL ? 0 : extra[level]; }

// Loss of `units` units that share `out` evenly.
static double loss_of(const clx_conversion *conversion, double units, double out) {
  return conversion == NULL ? 0 : units * clx_conversion_loss(conversion, out / units);
}

double clx_chain_level_limit(const clx_chain_level *level) {
  if (level->conversion == NULL || level->conversion->rating <= 0) return HUGE_VAL;
  return stated(level->carriers, units_of(level)) * level->conversion->rating * stated(level->derating, 1);
}

static clx_chain_flow pass_level(const clx_chain_level *level, double below, double extra) {
  static const double ROUNDING = 1e-12;  // a load sized to the limit is not over it
  const double units = units_of(level), rating = level->conversion == NULL ? 0 : level->conversion->rating;
  clx_chain_flow flow = {.below = below, .fixed = level->static_load, .extra = extra};
  flow.out = below + level->static_load + extra;
  flow.loss = loss_of(level->conversion, units, flow.out);
  flow.in = flow.out + flow.loss;
  flow.load_share = rating > 0 ? flow.out / (units * rating) : 0;
  flow.over = flow.out > clx_chain_level_limit(level) * (1 + ROUNDING);
  return flow;
}

clx_chain_result clx_chain_pass(const clx_chain *chain, double load, const double *extra) {
  clx_chain_result result = {.in = load};
  for (int32_t i = 0; i < chain->count; i++) {
    result.flow[i] = pass_level(&chain->level[i], result.in, extra_of(extra, i));
    result.in = result.flow[i].in;
    result.loss += result.flow[i].loss;
  }
  return result;
}

double clx_chain_top(const clx_chain *chain, double load, const double *extra) {
  double power = load;
  for (int32_t i = 0; i < chain->count; i++) {
    const clx_chain_level *level = &chain->level[i];
    const double out = power + level->static_load + extra_of(extra, i);
    power = out + loss_of(level->conversion, units_of(level), out);
  }
  return power;
}

double clx_chain_invert(const clx_chain *chain, double limit, const double *extra) {
  double power = limit;
  for (int32_t i = chain->count - 1; i >= 0; i--) {
    const clx_chain_level *level = &chain->level[i];
    const double units = units_of(level);
    if (level->conversion != NULL) power = units * clx_conversion_out(level->conversion, power / units);
    power -= level->static_load + extra_of(extra, i);
  }
  return power;
}

// Sums blocks of `load` into `blocks` sums, in place: a sum is never behind what it is made of.
static void gather(double *load, int64_t count, int64_t blocks) {
  int64_t last = -1;
  for (int64_t i = 0; i < count; i++) {
    const int64_t block = i * blocks / count;
    const double one = load[i];
    load[block] = block == last ? load[block] + one : one;
    last = block;
  }
}

double clx_chain_pass_each(const clx_chain *chain, const double *load, int64_t count, double *scratch) {
  if (count < 1) return clx_chain_top(chain, 0, NULL);
  if (scratch != load) memcpy(scratch, load, (size_t)count * sizeof *scratch);
  for (int32_t i = 0; i < chain->count; i++) {
    const clx_chain_level *level = &chain->level[i];
    const double units = units_of(level), groups = stated(level->groups, units);
    if (groups < (double)count) {
      const int64_t blocks = groups < 1 ? 1 : (int64_t)groups;
      gather(scratch, count, blocks);
      count = blocks;
    }
    const double share = units / (double)count, beside = level->static_load / (double)count;
    for (int64_t k = 0; k < count; k++) {
      const double out = scratch[k] + beside;
      scratch[k] = out + loss_of(level->conversion, share, out);
    }
  }
  double top = 0;
  for (int64_t k = 0; k < count; k++) top += scratch[k];
  return top;
}
