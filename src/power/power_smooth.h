// What is done about swings, and what a utility asks: floors and ramps in the chip, dummy load, capacitors, batteries, staggering.
// docs/model/power/smoothing.md, docs/model/power/grid.md.
#pragma once

#include "power/power_supply.h"
#include "power/power_wave.h"

// Mitigation of a job's wave. 0 = off. They act in this order: dummy work, chip, rack, battery. Chip and rack measures are given for one unit
// (units are equal and in step), the battery for the sum.
typedef struct clx_smoothing {
  double floor;      // W of one unit below which it burns power instead (GB200/GB300 power smoothing)
  double ramp_up;    // W/s of one unit, in the chip; load beyond waits: costs time, see `stretch`
  double ramp_down;  // W/s: burns after the load has gone
  double
      hysteresis;  // s that the floor is held after the load has gone below it, before ramp_down; 0 = while the wave lasts
  double
      dummy;  // share of the gap below the mean that software fills with dummy work: after the load has been below for
  double dummy_delay;         // s; it yields at once when work comes
  double rack_energy;         // J of capacitors per unit (GB300 shelf: 65 J a GPU)
  double rack_power;          // W they pass per unit; 0 = what is asked of them
  double battery_power;       // W of the site's battery
  double battery_energy;      // J
  double battery_efficiency;  // round trip
  double
      battery_time;  // s, time constant of the filter that it follows (what it does not see stays); 0 = as long as its energy lasts
  double battery_response;  // s, time constant with which it follows its set point (clx_battery.response); 0 = at once
} clx_smoothing;

// What it did to one wave.
typedef struct clx_smoothed {
  clx_wave wave;   // after all measures; as many samples as before, `stretch` times as long
  double burnt;    // J of floor, ramps and dummy work
  double lost;     // J in the battery (capacitors count as lossless)
  double stored;   // J more in capacitors and battery at the end than at the start; 0 where periodic
  double stretch;  // step time against before: ramp_up of the chip holds work back (>= 1)
  double battery_power, battery_energy;  // W, J that the battery really swung
  double rack_energy;                    // J of the capacitors of one unit really used
  bool battery_short;  // power or energy did not carry battery_time: it took a share, or a shorter time
} clx_smoothed;

// `wave` of `units` equal units in step (periodic = its end joins its start, so that the state closes). Energy: out = in + burnt + lost + stored,
// to 1e-9. Power of the wave given is 0 or more; what a slow
// battery still gives when the load has gone may come out below 0. Storage is a first-order filter whose share and time constant are cut to what its power and energy carry. Where
// it answers at once, more units of the same battery, more energy where the power suffices, or more power where the energy suffices, never make a
// ramp, range or line larger. With a response edges pass it, and a wave that is fast against the response may come out with a larger range than
// before: a larger share of the same filter then makes no line larger, and that is all. The losses of a periodic wave are drawn evenly. Work that waits is done later, joule by joule. CLX_INPUT names key, value, what is
// expected; CLX_INFEASIBLE: ramps too slow to repeat. O(count), 50 to 400 passes with a battery that has losses.
clx_status clx_smooth(const clx_smoothing *smoothing, const clx_wave *wave, double units, bool periodic,
                      clx_arena *arena, clx_smoothed *out, clx_error *error);

// The battery of the measures alone, on a wave that follows endless repetitions of `before` (steps may differ): it has settled to these. Losses show in
// `stored`. Errors of clx_smooth. O(count), 50 passes where power or energy is short.
clx_status clx_smooth_after(const clx_smoothing *smoothing, const clx_wave *before, const clx_wave *wave,
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
  double sag_left, sag_time;  // share of the voltage left (0 = none), s: the site must ride through
  double hold_time;           // s without grid that must be bridged (0 = not asked)
  clx_place place;
} clx_grid_limits;

// One line of a report: what is asked, what is found.
typedef struct clx_grid_check {
  const char *name;     // "ramp", "range", "band 0.1-20 Hz", "sag", "hand-over", "ramp (stop)"
  double limit, found;  // SI of the line; limit 0 = a band without limit: what is found, no check
  const char *unit;
  bool met;
} clx_grid_check;

enum { CLX_GRID_CHECKS_MAX = 24 };

// Checks a wave of the site at the point of connection: ramp and range where asked (a periodic wave goes on past its end), each band (limit 0: what is
// found, always met; under a Hann window where the wave is not periodic), sag and hand-over where asked. `ride`: s of full load that the equipment
// carries without input; in a sag it carries the share of the power that the voltage left does not. `bridge`: s of battery. *count lines; names and
// units from `arena` or static. CLX_INPUT: limits below 0, bands upside down, a limit above half the sampling rate of the wave.
clx_status clx_grid_check_wave(const clx_grid_limits *limits, const clx_wave *wave, bool periodic, double ride,
                               double bridge, clx_arena *arena, clx_grid_check check[CLX_GRID_CHECKS_MAX],
                               int32_t *count, clx_error *error);
// Ramp and range, where asked, of one change of the whole job, `what` in their names: "ramp (stop)". Bands are those of a steady wave.
clx_status clx_grid_check_change(const clx_grid_limits *limits, const char *what, const clx_wave *wave,
                                 clx_arena *arena, clx_grid_check check[CLX_GRID_CHECKS_MAX], int32_t *count,
                                 clx_error *error);
// The standard bands where the user names none: 0.1-0.2, 0.2-3 (training), 3-7, 7-20 Hz (shaft torsion), limits 0 = report only.
extern const clx_grid_band clx_grid_bands[4];

// Generators that come when feeds go: nothing until `delay`, then a ramp up to their power.
typedef struct clx_starting {
  double delay;  // s until they take load: not the time to full load
  double ramp;   // W/s of all of them; 0 = at once
  double power;  // W of all of them, free for it
} clx_starting;

// Hand-over: W and J at the terminals that must be there when `lost` W of the feeds of a `load` go, until `standby` carries what is missing: one set of
// generators that start in d and ramp with r: gap x d + gap^2 / (2 r). A battery that answers within `response` s leaves a dip for as long as the
// equipment does not `ride` through.
typedef struct clx_handover {
  double power, energy;  // W, J that batteries deliver; energy INFINITY: generators never carry the load
  double time;           // s until generators carry the load; INFINITY
  double dip;            // s without full power given `response` of the battery and `ride` of the equipment: 0 = none
} clx_handover;
clx_handover clx_grid_handover(double load, double lost, const clx_starting *standby, int32_t count, double response,
                               double ride);

// --- designer (power_design.c) ---

// The cheapest battery that meets the limits at every floor of a grid of floors, and the choice by cost.
typedef struct clx_design_costs {
  double battery_power, battery_energy;  // USD/W, USD/J
  double energy;                         // USD/J of what floors burn and batteries lose
  double years;                          // over which energy counts
} clx_design_costs;

typedef struct clx_design_point {
  double floor;                          // share of the most
  double battery_power, battery_energy;  // W, J; INFINITY = no battery meets the limits at this floor
  double battery_time;                   // s, of its filter
  double burnt, lost;                    // W, means: floors and dummy work; battery
  double stretch;                        // of the step
  double cost;                           // USD; INFINITY where no battery does
} clx_design_point;

typedef struct clx_design {
  clx_design_point *point;  // by floor
  int32_t count, best;      // best < 0: nothing meets the limits
  clx_smoothing smoothing;  // of the best
} clx_design;

enum { CLX_DESIGN_FLOORS = 21 };

// `wave`: the sum of `units` units, periodic. `given` keeps its measures but the battery's power and energy; its floor is the lowest tried, the most of a
// unit the highest; battery_efficiency must be stated; battery_time > 0 is the longest allowed; battery_response counts. For each time constant of the
// filter the smallest share follows by bisection (what is found is convex in the share: docs/model/power/smoothing.md), to 0.1 %; the time is searched on a logarithmic
// grid, then finer. The smallest cost wins; where batteries cost nothing the smallest power, then energy. Sag and hand-over are not of the wave and
// are left out. CLX_INFEASIBLE is not returned: `best` says so. O(floors x 300 passes); 0.3 s for 1,000 samples.
clx_status clx_design_smoothing(const clx_wave *wave, double units, const clx_smoothing *given,
                                const clx_grid_limits *limits, const clx_design_costs *costs, clx_arena *arena,
                                clx_design *design, clx_error *error);
