// power: what a site draws. Waves are samples of power at equal steps of time; sample i holds from start + i step to
// start + (i + 1) step and is the mean over it, so that energy is exact. docs/model/power/waves.md.
#pragma once

#include "base/base.h"

typedef struct clx_wave {
  double start, step;  // s
  int64_t count;
  float *watt;  // [count]
} clx_wave;

// What one unit (GPU, server, rack) of a group draws over and over.
typedef struct clx_wave_cycle {
  double period;      // s
  int32_t samples;    // means over period / samples
  const float *watt;  // [samples]
} clx_wave_cycle;

// Equal units under one cycle: a cohort.
typedef struct clx_wave_group {
  const char *name;
  double units;  // > 0
  clx_wave_cycle cycle;
  double offset;     // s: when unit 0 starts its cycle
  double spread;     // s: standard deviation of the units' offsets (normal); 0 = in step
  double stagger;    // s from one unit's start to the next (staggered start); 0 = together
  bool independent;  // offsets uniform over the period and drawn for each unit: jobs that know nothing of each other
} clx_wave_group;

// Sum of all groups over [start, start + count step). In-step groups and spreads are exact (a spread is a convolution with the normal
// distribution); independent units are drawn one by one up to 4096 and, above, as their mean plus a wave of the right spectrum (central
// limit). Deterministic in seed. Cost O(groups (samples + count)), about 2 ns a sample and group.
clx_status clx_wave_sum(const clx_wave_group *group, int32_t group_count, uint64_t seed, clx_wave *wave,
                        clx_arena *arena, clx_error *error);

// The same, for every unit on its own (no sum): calls `take` with each unit's samples in turn, in blocks. For tests (cohort = expanded) and
// for windows of every rack.
typedef void clx_wave_take(void *context, int64_t unit, const float *watt, int64_t count);
clx_status clx_wave_expand(const clx_wave_group *group, int32_t group_count, uint64_t seed, double start, double step,
                           int64_t count, clx_wave_take *take, void *context, clx_arena *arena, clx_error *error);

// Figures of a wave.
typedef struct clx_wave_figures {
  double mean, least, most;  // W
  double median, p95, deviation;
  double ramp_up, ramp_down;  // W/s, steepest over `ramp_window`
  double range;               // W, largest max - min within any `range_window`
  double energy;              // J
} clx_wave_figures;

// ramp_window, range_window in s (at least one step; 0 = one step / the whole wave). O(count).
clx_wave_figures clx_wave_figures_of(const clx_wave *wave, double ramp_window, double range_window, clx_arena *scratch);

// What a meter reads that averages over `window` and reports every `interval` (s), first sample at `phase`. The published 2 s power logs are such.
clx_status clx_wave_meter(const clx_wave *wave, double window, double interval, double phase, clx_arena *arena,
                          clx_wave *reading, clx_error *error);

// Dips of a meter's reading below `share` of its median: how many, median depth (share of the median), median spacing and length (s).
typedef struct clx_wave_dips {
  int32_t count;
  double depth, spacing, length;
} clx_wave_dips;
clx_wave_dips clx_wave_find_dips(const clx_wave *wave, double share, clx_arena *scratch);

// --- spectrum (power_spectrum.c) ---

// One-sided amplitude spectrum: line i at i / (count step) Hz, amplitude (W, peak) of the sine there; line 0 the mean.
typedef struct clx_spectrum {
  double resolution;  // Hz
  int32_t count;
  double *amplitude;  // [count] W
} clx_spectrum;

// Of a wave whose window holds whole periods (window = false), or of any wave under a Hann window, corrected for its gain (window = true). Removes no
// trend. Errors: fewer than 8 samples. O(n log n).
clx_status clx_wave_spectrum(const clx_wave *wave, bool window, clx_arena *arena, clx_spectrum *spectrum,
                             clx_error *error);

// Of one cycle repeated for ever: line k at k / period, exact for samples that hold (with the sinc of the hold), k = 0 .. count - 1.
clx_status clx_cycle_spectrum(const clx_wave_cycle *cycle, int32_t count, clx_arena *arena, clx_spectrum *spectrum,
                              clx_error *error);

// Within [low, high] Hz: the largest line, and the root of the sum of squares (both W, peak).
typedef struct clx_band_amplitude {
  double largest, total, at;  // W, W, Hz of the largest
} clx_band_amplitude;
clx_band_amplitude clx_spectrum_band(const clx_spectrum *spectrum, double low, double high);
