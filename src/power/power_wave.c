// Sums of groups of units, and every unit on its own.
#include "power/power_wave.h"

#include <math.h>

#include "power/power_wave_internal.h"

enum {
  ADDED_MOST = 1 << 22,  // units x samples up to which staggered and independent units are added one by one
  KEPT_MOST = 1 << 20,   // samples that clx_wave_expand keeps for units in step
};

// One group, ready to be sampled.
typedef struct source {
  clx_cycle_integral cycle;
  const clx_wave_group *group;
  double weight;  // units that one look at the cycle stands for
  int64_t units;  // looks, each with its shift; 0 = one, at the offset
  int32_t index;
} source;

static clx_status fail_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

static clx_status check_window(double start, double step, int64_t count, clx_error *error) {
  if (!isfinite(start) || !(step > 0) || !isfinite(step) || count < 1 || count > (int64_t)1 << 40 ||
      !isfinite((double)count * step)) {
    return clx_fail_plain(error, CLX_INPUT,
                          "a wave of %lld samples of %g s from %g s; a positive number of samples and step is expected",
                          (long long)count, step, start);
  }
  return CLX_OK;
}

static clx_status integrate_plain(const clx_wave_group *group, clx_arena *scratch, clx_cycle_integral *cycle,
                                  clx_error *error) {
  const int32_t n = group->cycle.samples;
  double *watt = CLX_NEW_ARRAY(scratch, double, n);
  if (watt == NULL) return fail_memory(error);
  for (int32_t i = 0; i < n; i++) watt[i] = group->cycle.watt[i];
  return clx_cycle_integrate(watt, n, group->cycle.period, scratch, cycle, error);
}

static clx_status prepare(const clx_wave_group *group, int32_t index, uint64_t seed, const clx_wave *wave,
                          clx_arena *scratch, source *s, clx_error *error) {
  CLX_TRY(clx_wave_group_check(group, error));
  *s = (source){.group = group, .index = index, .weight = 1};
  const bool apart = group->independent || group->stagger != 0;
  const bool spread = group->spread > 0 && !group->independent;
  if (!apart && !spread) {
    s->weight = group->units;
    return integrate_plain(group, scratch, &s->cycle, error);
  }
  if (!spread && group->units * (double)wave->count <= ADDED_MOST) {
    s->units = (int64_t)ceil(group->units);
    return integrate_plain(group, scratch, &s->cycle, error);
  }
  return clx_wave_group_convolve(group, index, seed, wave->step, scratch, &s->cycle, error);
}

static void add_block(const source *s, uint64_t seed, double time, double step, int64_t count, double *sum) {
  const double from = time - s->group->offset;
  if (s->units == 0) clx_cycle_add(&s->cycle, from, step, s->weight, count, sum);
  for (int64_t u = 0; u < s->units; u++) {
    const double share = fmin(1, s->group->units - (double)u);
    clx_cycle_add(&s->cycle, from - clx_wave_unit_shift(s->group, s->index, seed, u, false), step, share, count, sum);
  }
}

static clx_status sum_groups(const clx_wave_group *group, int32_t group_count, uint64_t seed, clx_wave *wave,
                             clx_arena *scratch, clx_error *error) {
  source *sources = CLX_NEW_ARRAY(scratch, source, group_count);
  if (sources == NULL) return fail_memory(error);
  for (int32_t g = 0; g < group_count; g++) {
    CLX_TRY(prepare(&group[g], g, seed, wave, scratch, &sources[g], error));
  }
  for (int64_t at = 0; at < wave->count; at += CLX_WAVE_BLOCK) {
    const int64_t count = wave->count - at < CLX_WAVE_BLOCK ? wave->count - at : CLX_WAVE_BLOCK;
    double sum[CLX_WAVE_BLOCK] = {0};
    for (int32_t g = 0; g < group_count; g++) {
      add_block(&sources[g], seed, wave->start + (double)at * wave->step, wave->step, count, sum);
    }
    for (int64_t i = 0; i < count; i++) wave->watt[at + i] = (float)sum[i];
  }
  return CLX_OK;
}

clx_status clx_wave_sum(const clx_wave_group *group, int32_t group_count, uint64_t seed, clx_wave *wave,
                        clx_arena *arena, clx_error *error) {
  CLX_TRY(check_window(wave->start, wave->step, wave->count, error));
  if (group_count < 0)
    return clx_fail_plain(error, CLX_INPUT, "a wave of %d groups; 0 or more are expected", group_count);
  if (wave->watt == NULL) wave->watt = CLX_NEW_ARRAY(arena, float, wave->count);
  clx_arena *scratch = clx_arena_new();
  const clx_status status = wave->watt != NULL && scratch != NULL
                                ? sum_groups(group, group_count, seed, wave, scratch, error)
                                : fail_memory(error);
  clx_arena_free(scratch);
  return status;
}

// --- every unit on its own ---

typedef struct window {
  double start, step;
  int64_t count;
  clx_wave_take *take;
  void *context;
} window;

static void sample_block(const clx_cycle_integral *cycle, double from, double step, int64_t count, float *watt) {
  double sum[CLX_WAVE_BLOCK] = {0};
  clx_cycle_add(cycle, from, step, 1, count, sum);
  for (int64_t i = 0; i < count; i++) watt[i] = (float)sum[i];
}

static int64_t block_size(const window *w, int64_t at) {
  return w->count - at < CLX_WAVE_BLOCK ? w->count - at : CLX_WAVE_BLOCK;
}

// Units in step draw the same: sampled once, shown to each.
static clx_status expand_in_step(const clx_wave_group *group, const clx_cycle_integral *cycle, const window *w,
                                 int64_t first, clx_arena *arena, clx_error *error) {
  float *watt = CLX_NEW_ARRAY(arena, float, w->count);
  if (watt == NULL) return fail_memory(error);
  for (int64_t at = 0; at < w->count; at += CLX_WAVE_BLOCK) {
    sample_block(cycle, w->start + (double)at * w->step - group->offset, w->step, block_size(w, at), watt + at);
  }
  for (int64_t u = 0; u < (int64_t)group->units; u++) {
    for (int64_t at = 0; at < w->count; at += CLX_WAVE_BLOCK) {
      w->take(w->context, first + u, watt + at, block_size(w, at));
    }
  }
  return CLX_OK;
}

static clx_status expand_group(const clx_wave_group *group, int32_t index, uint64_t seed, const window *w,
                               int64_t first, clx_arena *arena, clx_error *error) {
  clx_cycle_integral cycle;
  CLX_TRY(integrate_plain(group, arena, &cycle, error));
  const bool in_step = !group->independent && group->stagger == 0 && !(group->spread > 0);
  if (in_step && w->count <= KEPT_MOST) return expand_in_step(group, &cycle, w, first, arena, error);
  for (int64_t u = 0; u < (int64_t)group->units; u++) {
    const double shift = group->offset + clx_wave_unit_shift(group, index, seed, u, true);
    for (int64_t at = 0; at < w->count; at += CLX_WAVE_BLOCK) {
      float watt[CLX_WAVE_BLOCK];
      sample_block(&cycle, w->start + (double)at * w->step - shift, w->step, block_size(w, at), watt);
      w->take(w->context, first + u, watt, block_size(w, at));
    }
  }
  return CLX_OK;
}

clx_status clx_wave_expand(const clx_wave_group *group, int32_t group_count, uint64_t seed, double start, double step,
                           int64_t count, clx_wave_take *take, void *context, clx_arena *arena, clx_error *error) {
  CLX_TRY(check_window(start, step, count, error));
  const window w = {.start = start, .step = step, .count = count, .take = take, .context = context};
  int64_t first = 0;
  for (int32_t g = 0; g < group_count; g++) {
    CLX_TRY(clx_wave_group_check(&group[g], error));
    if (group[g].units != floor(group[g].units)) {
      return clx_fail_plain(error, CLX_INPUT, "wave group '%s' has %g units; units one by one need a whole number",
                            group[g].name != NULL ? group[g].name : "unnamed", group[g].units);
    }
    CLX_TRY(expand_group(&group[g], g, seed, &w, first, arena, error));
    first += (int64_t)group[g].units;
  }
  return CLX_OK;
}
