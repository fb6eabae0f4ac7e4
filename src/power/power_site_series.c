// Stretches of constant power, one after the other, become samples: means over equal steps, so that energy is exact.
#include <math.h>

#include "power/power_site_internal.h"

static const double SAMPLES_MAX = 268435456;  // 2^28: 1 GiB

static bool make(clx_wave *wave, double step, int64_t count, clx_arena *arena) {
  *wave = (clx_wave){.start = 0, .step = step, .count = count, .watt = CLX_NEW_ARRAY(arena, float, count)};
  return wave->watt != NULL;
}

clx_status clx_power_bins_make(clx_power_bins *b, double horizon, double step, bool with_most, clx_arena *arena,
                               clx_error *error) {
  *b = (clx_power_bins){0};
  if (!(horizon > 0 && isfinite(horizon) && step > 0 && isfinite(step)))
    return clx_fail_plain(error, CLX_INPUT,
                          "power: a horizon of %g s and a series every %g s; expected both above zero", horizon, step);
  // A last sample of less than a billionth of a step is a rounding of the horizon.
  const double count = fmax(1, ceil(horizon / step - 1e-9));
  if (count > SAMPLES_MAX)
    return clx_fail_plain(
        error, CLX_INPUT,
        "power: a series every %g s over %g s has %.3g samples, expected at most 2^28; state a longer "
        "resolution",
        step, horizon, count);
  if (!make(&b->wave, step, (int64_t)count, arena) || (with_most && !make(&b->most_wave, step, (int64_t)count, arena)))
    return clx_fail_plain(error, CLX_MEMORY, "power: out of memory for a series of %.3g samples", count);
  return CLX_OK;
}

static void close_bin(clx_power_bins *b) {
  b->wave.watt[b->index] = (float)(b->sum / b->span);
  if (b->most_wave.watt != NULL) b->most_wave.watt[b->index] = (float)b->top;
  b->index++;
  b->sum = b->span = b->top = 0;
}

// Samples that lie within the stretch as a whole; returns where they end.
static double fill(clx_power_bins *b, double from, double to, double mean, double most) {
  const double step = b->wave.step;
  if (b->span > 0 || to - from < step || from != (double)b->index * step) return from;
  int64_t end = (int64_t)fmin(to / step, (double)b->wave.count);
  if (end > b->index && (double)end * step > to) end--;  // the quotient was rounded up
  if (end <= b->index) return from;
  for (int64_t i = b->index; i < end; i++) b->wave.watt[i] = (float)mean;
  for (int64_t i = b->index; b->most_wave.watt != NULL && i < end; i++) b->most_wave.watt[i] = (float)most;
  b->index = end;
  return (double)end * step;
}

void clx_power_bins_add(clx_power_bins *b, double from, double to, double mean, double most) {
  const double step = b->wave.step;
  from = fill(b, from, to, mean, most);
  while (from < to && b->index < b->wave.count) {
    const double edge = (double)(b->index + 1) * step, end = to < edge ? to : edge;
    if (end > from) {
      b->sum += mean * (end - from);
      b->span += end - from;
      if (most > b->top) b->top = most;
      from = end;
    }
    if (end < edge || !(b->span > 0)) return;
    close_bin(b);
    from = fill(b, from, to, mean, most);
  }
}

void clx_power_bins_end(clx_power_bins *b) {
  if (b->index < b->wave.count && b->span > 0) close_bin(b);
  // The horizon may end a rounding before the edge of the last sample.
  for (; b->index > 0 && b->index < b->wave.count; b->index++) {
    b->wave.watt[b->index] = b->wave.watt[b->index - 1];
    if (b->most_wave.watt != NULL) b->most_wave.watt[b->index] = b->most_wave.watt[b->index - 1];
  }
}
