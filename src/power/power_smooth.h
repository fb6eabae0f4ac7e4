// What is done about swings, and what a utility asks: floors and ramps in the chip, dummy load, capacitors, batteries, staggering.
// docs/model/power/smoothing.md, docs/model/power/grid.md.
#pragma once

#include "power/power_supply.h"
#include "power/power_wave.h"

// Mitigation of a job's wave. 0 = off. Chip and rack measures act on the wave of each unit, the battery on the sum.
typedef struct clx_smoothing {
  double floor;        // W of one unit below which it burns power instead (GB200/GB300 power smoothing; 0 = none)
  double ramp_up;      // W/s of one unit, in the chip; load beyond waits: costs time, see `stretch`
  double ramp_down;    // W/s: burns after the load has gone
  double hysteresis;   // s that the floor is held after the load has gone, before ramp_down
  double dummy;        // share of the gap below the mean that software fills with dummy work (reacts after dummy_delay)
  double dummy_delay;  // s
  double rack_energy;  // J of capacitors per unit (GB300 shelf: 65 J a GPU)
  double rack_power;   // W they pass per unit
  double battery_power;       // W of the site's battery (0 = none)
  double battery_energy;      // J
  double battery_efficiency;  // round trip
  double battery_time;        // s, time constant of the filter that it follows (what it does not see stays)
} clx_smoothing;

// What it did to one wave.
typedef struct clx_smoothed {
  clx_wave wave;                         // after all measures
  double burnt;                          // J of floor, ramps and dummy work
  double lost;                           // J in capacitors and battery
  double stretch;                        // step time against before: ramp_up of the chip holds work back (>= 1)
  double battery_power, battery_energy;  // W, J that the battery really swung
  double rack_energy;                    // J of the capacitors of one unit really used
  bool battery_short;                    // ran full or empty: the wave is not what was asked
} clx_smoothed;

// `wave` of `units` equal units in step (periodic = its end joins its start, so that the state closes). Energy: out = in + burnt + lost + change of stored. O(count).
clx_status clx_smooth(const clx_smoothing *smoothing, const clx_wave *wave, double units, bool periodic,
                      clx_arena *arena, clx_smoothed *out, clx_error *error);

// --- what a utility asks (power_grid.c) ---

typedef struct clx_grid_band {
  double low, high;  // Hz
  double amplitude;  // W, peak, largest line allowed
} clx_grid_band;

typedef struct clx_grid_limits {
  double ramp;          // W/s over ramp_window; 0 = none
  double ramp_window;   // s
  double range;         // W within range_window; 0 = none
  double range_window;  // s
  clx_grid_band *band;
  int32_t band_count;
  double sag_depth, sag_time;  // share of voltage left, s: the site must ride through
  double hold_time;            // s without grid that must be bridged (0 = not asked)
  clx_place place;
} clx_grid_limits;

// One line of a report: what is asked, what is found.
typedef struct clx_grid_check {
  const char *name;     // "ramp", "range", "band 0.1-20 Hz", "sag", "hand-over"
  double limit, found;  // SI of the line
  const char *unit;
  bool met;
} clx_grid_check;

enum { CLX_GRID_CHECKS_MAX = 24 };

// Checks a wave of the site at the point of connection. `ride` s: what conversion equipment rides through; `bridge` s: battery. Returns how many lines.
clx_status clx_grid_check_wave(const clx_grid_limits *limits, const clx_wave *wave, bool periodic, double ride,
                               double bridge, clx_arena *arena, clx_grid_check check[CLX_GRID_CHECKS_MAX],
                               int32_t *count, clx_error *error);
// The standard bands where the user names none: 0.1-0.2, 0.2-3 (training), 3-7, 7-20 Hz (shaft torsion), limits 0 = report only.
extern const clx_grid_band clx_grid_bands[4];

// Hand-over to a generator or battery below one second: W and J that must be there at once when `lost` W of feeds go, until generators that start in
// `start` s and ramp with `ramp` W/s carry `load`.
typedef struct clx_handover {
  double power, energy;  // W, J of battery needed
  double time;           // s until generators carry the load
  double dip;            // s without full power given `response` of the battery and `ride` of the equipment: 0 = none
} clx_handover;
clx_handover clx_grid_handover(double load, double lost, double start, double ramp, double response, double ride);

// --- designer (power_design.c) ---

// The smallest battery (by power, then energy) at every floor of a grid of floors, and the choice by cost.
typedef struct clx_design_costs {
  double battery_power, battery_energy;  // USD/W, USD/J
  double energy;                         // USD/J of what floors burn and batteries lose
  double years;                          // over which energy counts
} clx_design_costs;

typedef struct clx_design_point {
  double floor;                          // share of the most
  double battery_power, battery_energy;  // W, J; INFINITY = no battery meets the limits at this floor
  double burnt;                          // W, mean
  double cost;                           // USD
} clx_design_point;

typedef struct clx_design {
  clx_design_point *point;  // by floor
  int32_t count, best;      // best < 0: nothing meets the limits
  clx_smoothing smoothing;  // of the best
} clx_design;

// `wave`: the sum of `units` units, periodic. Bisects battery power and energy (monotone) to 0.1 % against clx_grid_check_wave. O(floors log waves).
clx_status clx_design_smoothing(const clx_wave *wave, double units, const clx_smoothing *given,
                                const clx_grid_limits *limits, const clx_design_costs *costs, clx_arena *arena,
                                clx_design *design, clx_error *error);
