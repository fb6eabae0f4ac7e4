// What happens after a pump, CDU, chiller or the power stops: temperatures over seconds to an hour (CVODE, events). docs/model/cooling/transient.md.
#pragma once

#include "cooling/cooling_chip.h"
#include "cooling/cooling_plant.h"

typedef enum clx_trip_kind {
  CLX_TRIP_PUMP,     // `count` pumps of each (or of one) loop of a row stop
  CLX_TRIP_UNIT,     // `count` units of a row stop
  CLX_TRIP_POWER,    // everything of the plant that stands on the utility stops; what has backup stays
  CLX_TRIP_RESTORE,  // the same comes back (chillers with their restart time, pumps with their ramp)
  CLX_TRIP_LOAD,     // the racks' power changes to `count` (share)
  CLX_TRIP_KINDS
} clx_trip_kind;
extern const char *const clx_trip_kind_name[CLX_TRIP_KINDS + 1];

typedef struct clx_trip {
  int32_t kind;
  const char *of;     // loop or unit; NULL = all (power)
  double at;          // s
  double count;       // pumps or units; < 0 = all
  int32_t member;     // which of the equal loops; < 0 = all of them
} clx_trip;

typedef struct clx_transient_input {
  const clx_plant *plant;
  const clx_air *outside;
  double liquid, air;           // W before
  const double *member;         // share of the mean heat of each loop of the racks' row, [count], mean 1; nullable = all equal
  int32_t members;              // loops of the racks' row simulated one by one; 0 = as one cohort (where trips hit all of them), else the row's count
  const clx_chip_thermal *chip; // nullable: liquid temperatures only
  double chip_power;            // W of one chip at the start
  double chips;                 // of the whole machine
  double resistance;            // K/W case to inlet at design flow; goes with (flow / design)^-plate_exponent
  double plate_exponent;
  double rack_capacity;         // J/K of metal of all racks that follows the coolant
  const clx_trip *trip;
  int32_t trip_count;
  double pump_inertia;          // s in which a pump without power slows to half speed (2)
  double pump_ramp;             // s from 0 to full speed (10)
  double tank;                  // m3 of chilled water storage in the loop named
  const char *tank_loop;
  bool backup_pumps;            // pumps stand on the UPS
  double horizon, step;         // s; series
  double tolerance;             // relative (1e-6)
} clx_transient_input;

typedef struct clx_transient {
  int64_t samples;
  float *time;                   // s
  float *supply, *back;          // K of the racks' loops: mean over members
  float *supply_most;            // K, worst member
  float *chip_most;              // K junction of the hottest
  float *flow;                   // share of the design flow, mean
  float *clock;                  // mean share (throttled chips below 1)
  float *electric;               // W of the plant
  double to_warm, to_throttle, to_shutdown;  // s after the first trip; INFINITY = never within the horizon
  double throttled_share;        // of chips, most at once
  int32_t first_member;          // that throttles first; < 0 = none
  double recovered;              // s after the first trip at which supply is within 0.5 K of what it was; INFINITY
  double energy_residual;        // relative: heat in = heat out + stored
  int64_t steps, evaluations;
} clx_transient;

// 257 loops of which each is its own, 600 s: below 2 s on one core. Without trips a long transient ends at clx_plant_solve's temperatures.
clx_status clx_transient_run(const clx_transient_input *input, clx_arena *arena, clx_transient *out, clx_error *error);
