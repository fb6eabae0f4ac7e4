// Figures of a wave, the readings of a meter, and their dips.
#include <math.h>
#include <string.h>

#include "chance/chance.h"
#include "power/power_wave_internal.h"

// Floats as whole numbers in the same order.
static uint32_t rank_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static float value_of(uint32_t rank) {
  const uint32_t bits = rank & 0x80000000u ? rank & 0x7fffffffu : ~rank;
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

// The sample of nearest rank for share p, by counting 8 bits at a time: no copy of the wave. O(4 count).
static double quantile(const float *watt, int64_t count, double p) {
  int64_t left = (int64_t)ceil(p * (double)count) - 1;
  if (left < 0) left = 0;
  uint32_t prefix = 0;
  for (int shift = 24; shift >= 0; shift -= 8) {
    int64_t bin[256] = {0};
    const uint32_t mask = shift == 24 ? 0 : ~0u << (shift + 8);
    for (int64_t i = 0; i < count; i++) {
      const uint32_t rank = rank_of(watt[i]);
      if ((rank & mask) == prefix) bin[rank >> shift & 255]++;
    }
    uint32_t digit = 0;
    while (left >= bin[digit]) left -= bin[digit++];
    prefix |= digit << shift;
  }
  return value_of(prefix);
}

static int64_t steps_of(const clx_wave *wave, double window) {
  const double steps = fmin(round(window / wave->step), (double)(wave->count - 1));
  return steps >= 1 ? (int64_t)steps : 1;
}

static void measure_ramps(const clx_wave *wave, int64_t lag, clx_arena *scratch, clx_wave_figures *figures) {
  clx_slider low, high;
  clx_slider_start(&low, wave->watt, wave->count, -1, lag, scratch);
  clx_slider_start(&high, wave->watt, wave->count, 1, lag, scratch);
  double rise = 0, fall = 0;
  for (int64_t i = 0; i < wave->count; i++) {
    rise = fmax(rise, wave->watt[i] - clx_slide(&low, i));
    fall = fmax(fall, clx_slide(&high, i) - wave->watt[i]);
  }
  figures->ramp_up = rise / ((double)lag * wave->step);
  figures->ramp_down = fall / ((double)lag * wave->step);
}

static double measure_range(const clx_wave *wave, int64_t lag, clx_arena *scratch) {
  clx_slider low, high;
  clx_slider_start(&low, wave->watt, wave->count, -1, lag, scratch);
  clx_slider_start(&high, wave->watt, wave->count, 1, lag, scratch);
  double range = 0;
  for (int64_t i = 0; i < wave->count; i++) range = fmax(range, clx_slide(&high, i) - clx_slide(&low, i));
  return range;
}

clx_wave_figures clx_wave_figures_of(const clx_wave *wave, double ramp_window, double range_window,
                                     clx_arena *scratch) {
  clx_wave_figures f = {0};
  if (wave->count < 1) return f;
  clx_sum sum = {0}, squares = {0};
  f.least = f.most = wave->watt[0];
  for (int64_t i = 0; i < wave->count; i++) {
    const double watt = wave->watt[i];
    clx_sum_add(&sum, watt);
    f.least = fmin(f.least, watt);
    f.most = fmax(f.most, watt);
  }
  f.mean = clx_sum_value(&sum) / (double)wave->count;
  f.energy = clx_sum_value(&sum) * wave->step;
  for (int64_t i = 0; i < wave->count; i++) {
    const double off = wave->watt[i] - f.mean;
    clx_sum_add(&squares, off * off);
  }
  f.deviation = sqrt(clx_sum_value(&squares) / (double)wave->count);
  f.median = quantile(wave->watt, wave->count, 0.5);
  f.p95 = quantile(wave->watt, wave->count, 0.95);
  measure_ramps(wave, steps_of(wave, ramp_window), scratch, &f);
  const bool whole = !(range_window > 0) || range_window >= (double)wave->count * wave->step;
  f.range = whole ? f.most - f.least : measure_range(wave, steps_of(wave, range_window), scratch);
  return f;
}

// J of the wave between two times (s after its start).
static double energy_between(const clx_wave *wave, double from, double to) {
  const int64_t first = (int64_t)(from / wave->step);
  double sum = 0;
  for (int64_t i = first; i < wave->count && (double)i * wave->step < to; i++) {
    const double low = fmax(from, (double)i * wave->step), high = fmin(to, (double)(i + 1) * wave->step);
    if (high > low) sum += (high - low) * wave->watt[i];
  }
  return sum;
}

clx_status clx_wave_meter(const clx_wave *wave, double window, double interval, double phase, clx_arena *arena,
                          clx_wave *reading, clx_error *error) {
  *reading = (clx_wave){0};
  const double length = (double)wave->count * wave->step;
  if (!(window > 0) || !(interval > 0) || !(phase >= 0) || !isfinite(interval)) {
    return clx_fail_plain(
        error, CLX_INPUT,
        "a meter averages over %g s every %g s from %g s; a positive window and interval and a start of "
        "0 or more are expected",
        window, interval, phase);
  }
  const double room = (length - phase - window) / interval;
  if (!(room >= -1e-9)) {
    return clx_fail_plain(error, CLX_INPUT, "a meter's window of %g s from %g s does not fit a wave of %g s", window,
                          phase, length);
  }
  if (room > 1e9) {
    return clx_fail_plain(error, CLX_INPUT, "a meter's interval of %g s makes more than 1e9 readings of a wave of %g s",
                          interval, length);
  }
  *reading = (clx_wave){.start = wave->start + phase, .step = interval, .count = (int64_t)floor(room + 1e-9) + 1};
  reading->watt = CLX_NEW_ARRAY(arena, float, reading->count);
  if (reading->watt == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int64_t i = 0; i < reading->count; i++) {
    const double from = phase + (double)i * interval, to = fmin(from + window, length);
    reading->watt[i] = (float)(energy_between(wave, from, to) / (to - from));
  }
  return CLX_OK;
}

static double middle(double *value, int32_t count) {
  if (count == 0) return 0;
  clx_sort(value, count);
  return 0.5 * (value[(count - 1) / 2] + value[count / 2]);
}

clx_wave_dips clx_wave_find_dips(const clx_wave *wave, double share, clx_arena *scratch) {
  clx_wave_dips dips = {0};
  if (wave->count < 1) return dips;
  const double median = quantile(wave->watt, wave->count, 0.5), limit = share * median;
  for (int64_t i = 0; i < wave->count; i++) {
    if (wave->watt[i] < limit && (i == 0 || wave->watt[i - 1] >= limit)) dips.count++;
  }
  if (dips.count == 0) return dips;
  double *depth = CLX_NEW_ARRAY(scratch, double, dips.count), *length = CLX_NEW_ARRAY(scratch, double, dips.count),
         *spacing = CLX_NEW_ARRAY(scratch, double, dips.count);
  if (depth == NULL || length == NULL || spacing == NULL) return (clx_wave_dips){.count = -1};
  int32_t dip = -1;
  int64_t start = 0;
  for (int64_t i = 0; i < wave->count; i++) {
    if (!(wave->watt[i] < limit)) continue;
    if (i == 0 || wave->watt[i - 1] >= limit) {
      if (++dip > 0) spacing[dip - 1] = (double)(i - start) * wave->step;
      start = i;
    }
    length[dip] += wave->step;
    depth[dip] = fmax(depth[dip], 1 - wave->watt[i] / median);
  }
  dips.depth = middle(depth, dips.count);
  dips.length = middle(length, dips.count);
  dips.spacing = middle(spacing, dips.count - 1);
  return dips;
}
