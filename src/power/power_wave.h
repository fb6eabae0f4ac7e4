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
  double offset;   // s: when unit 0 starts its cycle
  double spread;   // s: standard deviation of the units' offsets (normal); 0 = in step
  double stagger;  // s from one unit's start to the next (staggered start; phases are modulo the period); 0 = together
  bool independent;  // offsets uniform over the period and drawn for each unit: jobs that know nothing of each other
} clx_wave_group;

// Sum of all groups over [start, start + count step); cycles go on for ever in both directions. wave->watt is from `arena` where it is NULL.
// A last unit may be a fraction. Groups in step are exact. A spread is a convolution with the normal, the mean of many draws. Staggered and
// independent units have a phase each (a draw each up to 2^20 units; above, the normal limit of their counts): added one by one up to 4 million
// units x samples, above as one circular convolution of the cycle, which places edges to a sixteenth of a step. Deterministic in seed.
// CLX_INPUT names the group and the value. Cost O(groups count + units + cells log cells), about 3 ns a sample and group.
clx_status clx_wave_sum(const clx_wave_group *group, int32_t group_count, uint64_t seed, clx_wave *wave,
                        clx_arena *arena, clx_error *error);

// The same, for every unit on its own (no sum): calls `take` with each unit's samples in turn, in consecutive blocks of up to 4096. Units count on
// through the groups. Phases are those of clx_wave_sum; a spread is a draw for each unit. For tests (cohort = expanded) and for windows of every
// rack: about 3 ns a sample, next to nothing for units in step. Whole numbers of units. `arena`: scratch.
typedef void clx_wave_take(void *context, int64_t unit, const float *watt, int64_t count);
clx_status clx_wave_expand(const clx_wave_group *group, int32_t group_count, uint64_t seed, double start, double step,
                           int64_t count, clx_wave_take *take, void *context, clx_arena *arena, clx_error *error);

// A whole job starts or stops: its units change between `idle` W (of all of them) and the wave, one after the other over `over` s, each within
// `rise` s, evenly. 0 and 0 = at once.
typedef struct clx_wave_switch {
  double at;    // s, of the first unit
  double over;  // s from the first unit to the last: staggered start
  double rise;  // s of one unit
  double idle;  // W of all units while they do not work
  bool stop;    // from the wave to idle; false: from idle to the wave
} clx_wave_switch;

// In place. Exact where wave or share of working units does not change within a sample. CLX_INPUT: times below 0 or not finite.
clx_status clx_wave_apply_switch(const clx_wave_switch *change, clx_wave *wave, clx_error *error);

// Frequency shaping within one synchronous job: every unit waits for a random time, uniform over 0 .. 2 x `wait`, after each cycle, so that steps are
// not equally long and the lines of the step spread into bands.
typedef struct clx_wave_dither {
  double units;          // in step
  clx_wave_cycle cycle;  // starts at wave->start
  double wait;           // s, mean; the step takes (period + wait) / period times as long
  double hold;           // W of a unit while it waits
} clx_wave_dither;

// wave->watt from `arena` where it is NULL. Deterministic in seed. CLX_INPUT as clx_wave_sum, and waits below 0. O(count + periods).
clx_status clx_wave_dither_sum(const clx_wave_dither *dither, uint64_t seed, clx_wave *wave, clx_arena *arena,
                               clx_error *error);

// Figures of a wave.
typedef struct clx_wave_figures {
  double mean, least, most;       // W
  double median, p95, deviation;  // W; nearest rank
  double ramp_up,
      ramp_down;  // W/s: largest rise (fall) between any two samples up to `ramp_window` apart, over that window
  double range;   // W: largest max - min within any `range_window`
  double energy;  // J
} clx_wave_figures;

// ramp_window, range_window in s, to whole steps (at least one step; 0 = one step / the whole wave). No sample: all 0. O(count); scratch holds one
// window, and without it (NULL, or out of memory) the figures are the same and slower.
clx_wave_figures clx_wave_figures_of(const clx_wave *wave, double ramp_window, double range_window, clx_arena *scratch);

// What a meter reads that averages over `window` and reports every `interval` (s), first window `phase` s after the wave's start: sample i is the mean
// over [start + phase + i interval, + window). As many as fit. The published 2 s power logs are such. CLX_INPUT: none fits.
clx_status clx_wave_meter(const clx_wave *wave, double window, double interval, double phase, clx_arena *arena,
                          clx_wave *reading, clx_error *error);

// Dips of a meter's reading below `share` of its median: how many runs of samples, and the medians of depth (share of the median), of the spacing of their
// starts and of their length (s). count -1: out of memory.
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
  double bandwidth;   // lines that a sine fills: 1, under a Hann window 1.5 (equivalent noise bandwidth)
} clx_spectrum;

// Of a wave whose window holds whole periods (window = false), or of any wave under a Hann window, corrected for its gain (window = true): a
// sine between two lines then reads up to 15 % low. Removes no trend. CLX_INPUT: fewer than 8 samples or more than 2^28. O(n log n).
clx_status clx_wave_spectrum(const clx_wave *wave, bool window, clx_arena *arena, clx_spectrum *spectrum,
                             clx_error *error);

// Of one cycle repeated for ever: line k at k / period, exact for samples that hold (with the sinc of the hold), k = 0 .. count - 1.
clx_status clx_cycle_spectrum(const clx_wave_cycle *cycle, int32_t count, clx_arena *arena, clx_spectrum *spectrum,
                              clx_error *error);

// Within [low, high] Hz (lines 1 and up): the largest line, and the root of the sum of squares over the bandwidth (both W, peak).
typedef struct clx_band_amplitude {
  double largest, total, at;  // W, W, Hz of the largest
} clx_band_amplitude;
clx_band_amplitude clx_spectrum_band(const clx_spectrum *spectrum, double low, double high);
