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
  const char *of;  // loop or unit; NULL = all (power)
  double at;       // s
  double count;    // pumps or units; < 0 = all
  int32_t member;  // which of the equal loops; < 0 = all of them
} clx_trip;

typedef struct clx_transient_input {
  const clx_plant *plant;
  const clx_air *outside;
  double liquid, air;    // W before
  const double *member;  // share of the mean heat of each loop of the racks' row, [count], mean 1; nullable = all equal
  int32_t
      members;  // loops of the racks' row simulated one by one; 0 = as one cohort (where trips hit all of them), else the row's count
  const clx_chip_thermal *chip;  // nullable: liquid temperatures only
  const clx_chip_load *load;     // nullable: chip_power W at full clock, 0.2 of them at none
  double chip_power;             // W of one chip at the start, leakage at its temperature there included
  double
      chips;  // of the whole machine; chips * chip_power <= liquid, the rest of `liquid` goes straight into the coolant
  double resistance;  // K/W case to inlet at design flow
  double
      plate_exponent;  // of the plate's conductance UA against flow (0: laminar channels); resistance = 1 / (m c (1 - exp(-UA / m c)))
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
  CLX_EVENT_TRIP,       // as asked for
  CLX_EVENT_TAKEOVER,   // a pump or unit that stood by begins to run
  CLX_EVENT_RESTART,    // a unit carries again after its restart time
  CLX_EVENT_WARM,       // the racks' supply left its band of 0.5 K
  CLX_EVENT_THROTTLE,   // the first chips lower their clock
  CLX_EVENT_SHUTDOWN,   // the chips of a loop stop, and stay so
  CLX_EVENT_RECOVERED,  // supply within 0.5 K again
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

typedef struct clx_transient {
  int64_t samples;
  float *time;                               // s
  float *supply, *back;                      // K of the racks' loops: mean over members
  float *supply_most;                        // K, worst member
  float *chip_most;                          // K junction of the hottest
  float *flow;                               // share of the design flow, mean
  float *clock;                              // mean share (throttled chips below 1)
  float *electric;                           // W of the plant
  double to_warm, to_throttle, to_shutdown;  // s after the first trip; INFINITY = never within the horizon
  double throttled_share;                    // of chips, most at once
  int32_t first_member;                      // that throttles first; < 0 = none
  double recovered;            // s after the first trip at which supply is within 0.5 K of what it was; INFINITY
  clx_transient_event *event;  // in order of time, the first CLX_TRANSIENT_EVENTS_MAX; `events` counts all
  int32_t event_count, events;
  double swing;                  // K to either side by which temperatures still swing before the first trip: controls hunt; 0 = at rest
  clx_plant_state settled;       // loops' supply, back, flow before the first trip (of the racks' row: means)
  double energy_in, energy_out;  // J over the horizon: racks, pumps, compressors; to the outside
  double stored;                 // J more in metal and fluids at the end, from temperatures
  double energy_residual;        // |in - out - stored| over the larger of in and out
  int64_t steps, evaluations;
} clx_transient;

// 257 loops of which each is its own, 600 s: below 2 s on one core. Without trips a long transient ends at clx_plant_solve's temperatures.
clx_status clx_transient_run(const clx_transient_input *input, clx_arena *arena, clx_transient *out, clx_error *error);
