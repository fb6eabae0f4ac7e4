// The measures one by one, in doubles and for the sum of all units; for the files of smoothing and the designer only.
#pragma once

#include "power/power_smooth.h"

typedef struct clx_load {
  double *watt;  // [count], means over `step` s
  int64_t count;
  double step;
  bool periodic;
} clx_load;

// Floor and ramps of the chips. May lengthen the wave: its step, not its count. W and W/s of all units.
typedef struct clx_chip_limits {
  double floor, up, down, hold;  // hold: s, 0 = for good
} clx_chip_limits;
clx_status clx_smooth_chip(const clx_chip_limits *limits, clx_load *load, double *burnt, double *stretch,
                           clx_error *error);

// Storage that takes the share `share` of the difference between the load and its first-order low-pass of `time` s, and draws `bias` W for its
// losses. A positive kernel of unit mass: more share or time never makes a ramp, a range or a line larger.
typedef struct clx_filter {
  double share, time, bias;
} clx_filter;
typedef struct clx_filter_use {
  double power;   // W, largest at the terminals, at share 1
  double energy;  // J, highest less lowest charge, at share 1
  double lost;    // J, at share 1
  double stored;  // J, charge at the end less that at the start, at share 1 (0 for a periodic load)
  double bias;    // W at share 1
} clx_filter_use;
// What the storage does at share 1; everything is proportional to the share. efficiency: round trip, half of it each way.
clx_filter_use clx_filter_measure(const clx_load *load, double time, double efficiency);
// The load as the grid sees it.
void clx_filter_apply(const clx_load *load, const clx_filter *filter, double *out);
// The longest time up to `time` (0: a hundred times the wave) and the largest share that `power` (0: any) and `energy` carry.
clx_filter clx_filter_fit(const clx_load *load, double power, double energy, double efficiency, double time,
                          clx_filter_use *use);

// Whether ramp and range of a wave keep to the limits; bands are not looked at.
clx_status clx_grid_meets_in_time(const clx_grid_limits *limits, const clx_wave *wave, bool periodic, bool *met,
                                  clx_error *error);
clx_status clx_grid_limits_check(const clx_grid_limits *limits, clx_error *error);
