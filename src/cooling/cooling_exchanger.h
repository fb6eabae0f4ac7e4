// Heat exchangers by effectiveness and number of transfer units; cold plates; racks as resistances to flow.
// docs/model/cooling/exchangers.md.
#pragma once

#include "base/base.h"
#include "cooling/cooling_fluid.h"
#include "schema/schema.h"

typedef enum clx_arrangement {
  CLX_COUNTER,  // plate exchangers
  CLX_PARALLEL,
  CLX_CROSS_UNMIXED,    // both unmixed
  CLX_CROSS_MAX_MIXED,  // the larger capacity rate mixed
  CLX_CROSS_MIN_MIXED,
  CLX_ARRANGEMENTS
} clx_arrangement;
extern const char *const
    clx_arrangement_name[CLX_ARRANGEMENTS +
                         1];  // "counterflow", "parallel", "crossflow", "crossflow-max-mixed", "crossflow-min-mixed"

// Share of the largest possible heat; ntu = UA / C_min >= 0, ratio = C_min / C_max in 0..1. Closed forms to
// rounding; both unmixed: Mason's exact series to 1e-9 (a term per unit of the smaller mean: 0.6 us at 2 units, ms
// beyond 1e4). Finite, 0..1.
double clx_effectiveness(int32_t arrangement, double ntu, double ratio);
// Its inverse. CLX_INPUT: an effectiveness that no area reaches.
clx_status clx_ntu(int32_t arrangement, double effectiveness, double ratio, double *ntu, clx_error *error);

// One exchanger, sized at its design point.
typedef struct clx_exchanger {
  int32_t arrangement;
  double ua;                           // W/K at design flows
  double hot_flow, cold_flow;          // kg/s at design
  double hot_exponent, cold_exponent;  // film coefficient ~ flow^n; 0.8 turbulent
  double hot_share;                    // share of the resistance at design on the hot side (0..1; 0.5)
  double effectiveness;                // > 0: constant instead of ua
} clx_exchanger;

typedef struct clx_exchange {
  double heat;               // W from hot to cold (0 where the hot side is the colder one: no heat flows backwards)
  double hot_out, cold_out;  // K
  double effectiveness, ntu;
} clx_exchange;

// From duty and four temperatures at design. CLX_INPUT: temperatures that cross, no duty.
clx_status clx_exchanger_size(int32_t arrangement, double heat, double hot_in, double hot_out, double cold_in,
                              double cold_out, double hot_capacity, double cold_capacity, clx_exchanger *exchanger,
                              clx_error *error);
double clx_exchanger_ua(const clx_exchanger *exchanger, double hot_flow, double cold_flow);  // W/K
// capacities: J/(kg K). 0.2 us.
clx_exchange clx_exchanger_run(const clx_exchanger *exchanger, double hot_in, double hot_flow, double hot_capacity,
                               double cold_in, double cold_flow, double cold_capacity);
// The cold flow (kg/s, up to `most`) at which the hot side leaves at `hot_out` K, or `most` where even that does not
// do: `met` says which.
double clx_exchanger_cold_flow(const clx_exchanger *exchanger, double hot_in, double hot_flow, double hot_capacity,
                               double cold_in, double cold_capacity, double hot_out, double most, bool *met);

// catalogue/cold_plate: measured resistance against flow.
typedef struct clx_cold_plate {
  const char *name, *title;
  const char *const *aliases;
  int32_t alias_count;
  const char *fluid;  // "pg25", "water"
  double *flow;       // m3/s through one plate, rising
  int32_t flow_count;
  double *resistance;  // K/W from case to inlet at each
  int32_t resistance_count;
  double power;     // W of one plate at which it was measured
  double pressure;  // Pa at the last flow; 0 = not known
} clx_cold_plate;
extern const clx_schema clx_cold_plate_schema;
// Rising flows, falling resistances, as many of one as of the other.
clx_status clx_cold_plate_check(const clx_cold_plate *plate, clx_place place, clx_error *error);
// K/W at `flow` m3/s: monotone between points, through them; CLX_INPUT below the first or above the last flow (no
// silent extrapolation).
clx_status clx_cold_plate_resistance(const clx_cold_plate *plate, double flow, double *resistance, clx_error *error);

// catalogue/rack_coolant: what a liquid-cooled rack needs by supply temperature.
typedef struct clx_rack_coolant {
  const char *name, *title;
  const char *const *aliases;
  int32_t alias_count;
  const char *const *racks;  // catalogue names
  int32_t rack_count;
  const char *fluid;
  double power;          // W of the rack at which the table holds
  double liquid;         // share of its heat that goes into the liquid
  double return_most;    // K, highest return; with an effectiveness below 1, highest temperature of the plates' walls
  double effectiveness;  // share of the way from supply to return_most that the coolant warms (1)
  double supply_least, supply_most;  // K
  double *supply;                    // K, rising
  int32_t supply_count;
  double *flow;  // m3/s at each
  int32_t flow_count;
  double *pressure;  // Pa at each
  int32_t pressure_count;
  double exponent;    // of pressure against flow where the table has one row (1.75, turbulent in smooth channels)
  const char *plate;  // catalogue/cold_plate of its accelerators; NULL = not known
  const char *plate_glycol;  // the same with propylene glycol in it, where that was measured
  double plates;             // that share the rack's flow in parallel
} clx_rack_coolant;
extern const clx_schema clx_rack_coolant_schema;
clx_status clx_rack_coolant_check(const clx_rack_coolant *rack, clx_place place, clx_error *error);
// m3/s (at the supply's density) that keeps the return at return_most with `power` W of the rack: an energy balance,
// so between and beyond the table's supplies too. CLX_INPUT: a supply outside supply_least to supply_most, or a
// fluid outside its range. 0.1 us.
clx_status clx_rack_coolant_flow(const clx_rack_coolant *rack, double supply, double power, double *flow,
                                 clx_error *error);
// The same with another fluid in the rack than that of the table.
clx_status clx_rack_coolant_flow_in(const clx_rack_coolant *rack, const clx_fluid *fluid, double supply, double power,
                                    double *flow, clx_error *error);
// Pa at a flow: k flow^n through the table's points (least squares of logarithms); beyond them n is extrapolated.
double clx_rack_coolant_pressure(const clx_rack_coolant *rack, double flow);

// catalogue/cdu: coolant distribution units; rear doors of racks (rack_fluid air, supply: the air that leaves the door, pump: its fans).
typedef struct clx_cdu {
  const char *name, *title;
  const char *const *aliases;
  int32_t alias_count;
  double capacity;       // W
  double approach;       // K: IT supply less facility supply at capacity
  double rack_flow;      // kg/s of the rack side
  double facility_flow;  // kg/s
  const char *rack_fluid, *facility_fluid;
  double rack_head;                  // Pa outside the unit at rack_flow
  double facility_pressure;          // Pa inside the unit at facility_flow
  double supply_least, supply_most;  // K, rack side; 0 = not stated
  double electric;                   // W at capacity; 0 = from head and pump
  const char *pump;                  // catalogue/mover
  double pumps, pumps_needed;
  double volume;  // m3 of both sides, for transients; 0 = not known
} clx_cdu;
extern const clx_schema clx_cdu_schema;
clx_status clx_cdu_check(const clx_cdu *cdu, clx_place place, clx_error *error);
// Its exchanger (counterflow; crossflow where air is on one side), sized so that at capacity and the flows stated the racks are supplied at
// `rack_supply` K from a facility that is `approach` colder. CLX_INPUT: outside supply_least to supply_most, fluids
// unknown or out of range, temperatures that cross.
clx_status clx_cdu_exchanger(const clx_cdu *cdu, double rack_supply, clx_exchanger *exchanger, clx_error *error);
// W that it takes with the racks supplied at `rack_supply` K, for a facility of any temperature (K) and flows
// (kg/s); not bounded by `capacity`, which is what it is rated for. 0 where the facility is not colder than the
// racks' supply.
clx_status clx_cdu_heat(const clx_cdu *cdu, const clx_exchanger *exchanger, double rack_supply, double rack_flow,
                        double facility_supply, double facility_flow, double *heat, clx_error *error);
// W: stated, or from rack_flow against rack_head by a pump of this overall efficiency (hydraulic, motor, drive); 0
// where neither is known.
double clx_cdu_electric(const clx_cdu *cdu, double rack_supply, double efficiency);
