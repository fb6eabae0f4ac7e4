// Cycles as integrals, and the phases of a group's units: for the files of waves only.
#pragma once

#include "power/power_wave.h"

// A cycle with its running integral, so that the mean over any interval is a difference of two look-ups.
typedef struct clx_cycle_knot {
  double before, level;  // J of one period before this cell, W in it
} clx_cycle_knot;

typedef struct clx_cycle_integral {
  double period, cell, inverse;  // s, s, 1/s
  double energy;                 // J of a period
  int32_t cells;
  clx_cycle_knot *knot;  // [cells]
} clx_cycle_integral;

enum { CLX_WAVE_BLOCK = 4096 };  // samples worked on at once: stay in the first cache

clx_status clx_cycle_integrate(const double *watt, int32_t cells, double period, clx_arena *arena,
                               clx_cycle_integral *integral, clx_error *error);
// out[i] += weight x mean of the cycle over [from + i step, from + (i + 1) step), i < count <= CLX_WAVE_BLOCK; `from` counts from the start of a cycle. About 3 ns.
void clx_cycle_add(const clx_cycle_integral *cycle, double from, double step, double weight, int64_t count,
                   double *out);

clx_status clx_wave_group_check(const clx_wave_group *group, clx_error *error);
// s by which unit `unit` of group `index` starts its cycle after the group's offset; `spread_too`: with a draw of the normal.
double clx_wave_unit_shift(const clx_wave_group *group, int32_t index, uint64_t seed, int64_t unit, bool spread_too);
// The cycle of the sum of all units, from shifts counted by cell: staggered and independent units and the spread in one circular
// convolution. `step`: of the wave that asks, which sets how fine the cells are.
clx_status clx_wave_group_convolve(const clx_wave_group *group, int32_t index, uint64_t seed, double step,
                                   clx_arena *arena, clx_cycle_integral *sum, clx_error *error);

// Extreme of the samples i - lag .. i of a wave for i = first, first + 1, ...; i from -count on reads the wave as periodic. O(1) a sample with
// `scratch` (lag + 2 whole numbers), without it (NULL, or out of memory) the same and slower.
typedef struct clx_slider {
  const float *watt;
  int64_t count, lag;
  float sign;      // 1: the largest, -1: the smallest
  int64_t *queue;  // a ring, best first
  int64_t head, held, best, first;
} clx_slider;
void clx_slider_start(clx_slider *slider, const float *watt, int64_t count, float sign, int64_t lag,
                      clx_arena *scratch);
double clx_slide(clx_slider *slider, int64_t i);
