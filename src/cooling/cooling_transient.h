// What happens after a pump, CDU, chiller or the power stops: temperatures over seconds to an hour (CVODE, events). docs/model/cooling/transient.md.
#pragma once

#include "cooling/cooling_chip.h"
#include "cooling/cooling_plant.h"

typedef enum clx_trip_kind {
  CLX_TRIP_PUMP,     // `count` pumps of each (or of one) loop of a row stop
  CLX_TRIP_UNIT,     // `count` units of a row stop
  CLX_TRIP_POWER,    // everything of the plant that stands on the utility stops; what has backup stays
  CLX_TRIP_RESTORE,  // the same comes back (chillers with their restart time, pumps with their ramp)
  CLX_TRIP_LOAD,     // the racks' power changes to `count` (share), liquid and air
  CLX_TRIP_KINDS
} clx_trip_kind;
extern const char *const clx_trip_kind_name[CLX_TRIP_KINDS + 1];

typedef struct clx_trip {
  int32_t kind;
  const char *of;  // loop or unit; NULL = all (power)
  double at;       // s
  double count;    // pumps or units; < 0 = all
  int32_t member;  // which of the equal loops; < 0 = all of them
} clx_trip;

// Equal chips that one row of loops cools.
typedef struct clx_transient_chips {
  const clx_chip_thermal *thermal;  // nullable: temperatures of the fluid only
  const clx_chip_load *load;        // nullable: `power` W at full clock, 0.2 of them at none
  double power;                     // W of one at the start, leakage at its temperature there included
  double
      count;  // of the whole machine; count * power <= heat of the row, the rest of which goes straight into the fluid
  double resistance;  // K/W case to inlet at design flow
  double
      plate_exponent;  // of the plate's conductance UA against flow (0: laminar channels); resistance = 1 / (m c (1 - exp(-UA / m c)))
} clx_transient_chips;

// What stands in the air of the halls (all of them). Servers' own fans go on: what the plant's fans do not bring they draw from their own exhaust.
typedef struct clx_transient_hall {
  double volume;      // m3 of air; 0 = that of the loop, else 30 s of design flow
  double metal;       // J/K of servers that the air passes; 0 = none
  double metal_time;  // s with which they follow it
  double limit;       // K that air at the inlets of servers may have; 0 = none
  double follows;     // share of its heat that servers with liquid-cooled chips give; they go off with these
} clx_transient_hall;

typedef struct clx_transient_input {
  const clx_plant *plant;
  const clx_air *outside;
  double liquid, air;    // W before
  const double *member;  // share of the mean heat of each loop of the racks' row, [count], mean 1; nullable = all equal
  int32_t
      members;  // loops of the racks' row simulated one by one; 0 = as one cohort (where trips hit all of them), else the row's count
  clx_transient_chips chips;      // on the racks' row: liquid, or hall air where a plant has no liquid
  clx_transient_chips air_chips;  // in hall air beside liquid
  clx_transient_hall hall;
  double rack_capacity;  // J/K of metal of all racks that follows the coolant
  const clx_trip *trip;
  int32_t trip_count;
  double pump_inertia;  // s in which a pump without power slows to half speed; 0 = 2
  double pump_ramp;     // s from 0 to full speed; 0 = 10
  double restart;       // s after power returns until a chiller runs whose entry states no restart_time; 0 = 300
  double tank;          // m3 of cold storage in the supply of each loop of the row named, stratified
  const char *tank_loop;
  bool backup_pumps;     // pumps stand on the UPS
  double horizon, step;  // s; series
  double tolerance;      // K, local error of temperatures; 0 = 1e-3
} clx_transient_input;

typedef enum clx_transient_event_kind {
  CLX_EVENT_TRIP,       // as asked for: what stops,
  CLX_EVENT_RESTORE,    // comes back,
  CLX_EVENT_LOAD,       // or changes its load
  CLX_EVENT_TAKEOVER,   // a pump or unit that stood by begins to run
  CLX_EVENT_RESTART,    // a unit carries again after its restart time
  CLX_EVENT_WARM,       // the racks' supply left its band of 0.5 K
  CLX_EVENT_COOL,       // and came back into it
  CLX_EVENT_AIR_LIMIT,  // hall air at the servers beyond its limit
  CLX_EVENT_THROTTLE,   // the first chips lower their clock
  CLX_EVENT_SHUTDOWN,   // the chips of a loop stop, and stay so
  CLX_EVENT_RECOVERED,  // everything as before
  CLX_EVENT_KINDS
} clx_transient_event_kind;
extern const char *const clx_transient_event_name[CLX_EVENT_KINDS + 1];

typedef struct clx_transient_event {
  double at;         // s
  int32_t kind;      // clx_transient_event_kind
  int32_t member;    // loop of the racks' row; < 0 = all, or none
  const char *what;  // loop or unit; NULL = the plant
} clx_transient_event;
enum { CLX_TRANSIENT_EVENTS_MAX = 256 };

// As before: supplies of the racks' loops and of hall air within 0.5 K, their flows within 2 % of design and those of other loops within 5 %, clocks within 0.5 %, no chip shut, no unit
// without power or starting, the plant's power within 5 %.
typedef struct clx_transient {
  int64_t samples;
  float *time;                               // s
  float *supply, *back;                      // K of the racks' loops: mean over members
  float *supply_most;                        // K, worst member
  float *air;                                // K at the inlets of servers; NULL without hall air
  float *chip_most;                          // K junction of the hottest
  float *flow;                               // share of the design flow, mean
  float *clock;                              // mean share (throttled chips below 1)
  float *electric;                           // W of the plant
  double to_warm, to_throttle, to_shutdown;  // s after the first trip; INFINITY = never within the horizon
  double to_air_limit;                       // the same: hall air beyond its limit
  double throttled_share;                    // of chips, most at once
  double shut_share;                         // of chips that shut down and stay so
  int32_t first_member;                      // that throttles first; < 0 = none
  double recovered;            // s after the first trip from which on all is as before; 0: nothing left it; INFINITY
  clx_transient_event *event;  // in order of time, the first CLX_TRANSIENT_EVENTS_MAX; `events` counts all
  int32_t event_count, events;
  double swing;  // K to either side by which temperatures still swing before the first trip: controls hunt; 0 = at rest
  clx_plant_state settled;       // loops' supply, back, flow before the first trip (of the racks' row: means)
  double energy_in, energy_out;  // J over the horizon: racks, pumps, compressors; to the outside
  double stored;                 // J more in metal and fluids at the end, from temperatures
  double energy_residual;        // |in - out - stored| over the larger of in and out
  int64_t steps, evaluations;
} clx_transient;

// 257 loops of which each is its own, 600 s: below 2 s on one core. Without trips a long transient ends at clx_plant_solve's temperatures.
clx_status clx_transient_run(const clx_transient_input *input, clx_arena *arena, clx_transient *out, clx_error *error);
// That a trip stops whole pumps or units, and no more than the plant has: CLX_INPUT says how many there are.
clx_status clx_transient_trip_count(const clx_plant *plant, const clx_trip *trip, clx_error *error);
