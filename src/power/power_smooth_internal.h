// The measures one by one, in doubles and for the sum of all units; for the files of smoothing and the designer only.
#pragma once

#include "power/power_smooth.h"

typedef struct clx_load {
  double *watt;  // [count], means over `step` s
  int64_t count;
  double step;
  bool periodic;
  const struct clx_load *before;  // periodic: what has repeated itself until the first sample; NULL = the first sample
} clx_load;

// Floor and ramps of the chips. May lengthen the wave: its step, not its count. W and W/s of all units.
typedef struct clx_chip_limits {
  double floor, up, down, hold;  // hold: s, 0 = for good
} clx_chip_limits;
clx_status clx_smooth_chip(const clx_chip_limits *limits, clx_load *load, double *burnt, double *stretch,
                           clx_error *error);

// Storage that is asked for the share `share` of the difference between the load and its first-order low-pass of `time` s, follows what it is asked
// for with a first-order lag of `response` s, and draws `bias` W for its losses. At response 0 the load that is left is the load under a
// positive kernel of unit mass: more share or time never makes a ramp, a range or a line larger. With a lag a larger share never makes a line
// larger; ramps and ranges are convex in the share.
typedef struct clx_filter {
  double share, time, response, bias;
} clx_filter;
typedef struct clx_filter_use {
  double power;   // W, largest at the terminals, at share 1
  double energy;  // J, highest less lowest charge, at share 1
  double lost;    // J, at share 1
  double stored;  // J, charge at the end less that at the start, at share 1 (0 for a periodic load)
  double bias;    // W at share 1
} clx_filter_use;
// What the storage does at share 1; everything is proportional to the share. efficiency: round trip, half of it each way.
clx_filter_use clx_filter_measure(const clx_load *load, double time, double response, double efficiency);
// The load as the grid sees it.
void clx_filter_apply(const clx_load *load, const clx_filter *filter, double *out);
// What is asked of storage: 0 W = any power, 0 s = a hundred times the wave.
typedef struct clx_filter_need {
  double power, energy, efficiency, time, response;
} clx_filter_need;
// The longest time up to that asked for and the largest share that power and energy carry.
clx_filter clx_filter_fit(const clx_load *load, const clx_filter_need *need, clx_filter_use *use);

// Ramp and range of a wave against their limits, the larger quotient: up to 1 is met. Bands are not looked at.
clx_status clx_grid_strain_in_time(const clx_grid_limits *limits, const clx_wave *wave, bool periodic, double *strain,
                                   clx_error *error);
clx_status clx_grid_limits_check(const clx_grid_limits *limits, clx_error *error);
