// Where power comes from: grid feeds, turbines, engines, batteries; what it costs and emits. docs/model/power/supply.md.
#pragma once

#include "base/base.h"
#include "schema/schema.h"

typedef enum clx_source_kind {
  CLX_SOURCE_GRID,
  CLX_SOURCE_TURBINE,
  CLX_SOURCE_ENGINE,
  CLX_SOURCE_KINDS
} clx_source_kind;
extern const char *const clx_source_kind_name[CLX_SOURCE_KINDS + 1];

// catalogue/generator: one unit of a turbine or engine.
typedef struct clx_generator {
  const char *name, *title;
  const char *const *aliases;
  int32_t alias_count;
  int32_t kind;              // clx_source_kind
  double power;              // W, electric, of one unit at ISO conditions
  double minimum;            // share of the power below which it may not run for long
  double start_time;         // s from cold to full load
  double hot_start_time;     // s from standby to full load
  double ramp;               // W/s of one unit
  double heat_rate;          // J of fuel (LHV) per J at full load
  double heat_rate_minimum;  // the same at minimum load
  double fuel_carbon;        // kg CO2 per J of fuel
  double nox;                // kg NOx per J of fuel, controlled as installed
  double fuel_price;         // USD per J of fuel
  double upkeep;             // USD per J of electricity
  double step_load;          // share of the power that it takes at once without losing frequency
} clx_generator;
extern const clx_schema clx_generator_schema;

// catalogue/battery: one unit.
typedef struct clx_battery {
  const char *name, *title;
  const char *const *aliases;
  int32_t alias_count;
  double power;        // W, charge and discharge
  double energy;       // J usable when new
  double round_trip;   // share of what went in that comes out at the same terminals; each way its square root
  double standby;      // W that it draws for itself
  double response;     // s to full power
  double least, most;  // state of charge kept, shares
  double cycles;       // full cycles until 70 % of the energy is left
  double life;         // s until the same by age alone
  double price;        // USD of one unit; 0 = not known
} clx_battery;
extern const clx_schema clx_battery_schema;

// catalogue/tariff: what the grid's energy costs, and what its mix emits.
typedef struct clx_tariff {
  const char *name, *title;
  const char *const *aliases;
  int32_t alias_count;
  double energy;         // USD/J; < 0 = not stated
  double demand;         // USD per W of the highest mean over demand_window in a month
  double demand_window;  // s
  double fixed;          // USD a month
  double carbon;         // kg CO2 per J; < 0 = not stated
  double nox;            // kg per J; < 0 = not stated
} clx_tariff;
extern const clx_schema clx_tariff_schema;

// One source of the site.
typedef struct clx_source {
  const char *name;
  int32_t kind;                    // clx_source_kind
  double power;                    // W of a feed; of generators count x generator->power x derating
  double count;                    // generators
  const clx_generator *generator;  // NULL for a feed
  double from, until;              // s of the run; until 0 = for good
  double derating;                 // by temperature, altitude, units in maintenance
  int32_t order;                   // of use: lower first
  bool standby;                    // kept hot (spinning or preheated)
  clx_place place;
} clx_source;

// Curtailment by contract: from `at` (after `notice`) for `duration` the grid gives at most `power`.
typedef struct clx_curtailment {
  double at, notice, duration;  // s
  double power;                 // W left of all feeds together
  clx_place place;
} clx_curtailment;

typedef enum clx_battery_role {
  CLX_BATTERY_BRIDGE = 1,  // covers what no source can give (start of generators, loss of a feed)
  CLX_BATTERY_SHAVE = 2,   // keeps feeds below their limit
  CLX_BATTERY_SMOOTH = 4,  // filters the wave of the step
} clx_battery_role;

typedef struct clx_store {
  const clx_battery *battery;
  double count;
  int32_t roles;  // clx_battery_role
  double from;    // s
  double charge;  // state at the start, share
  clx_place place;
} clx_store;

typedef struct clx_supply {
  clx_source *source;
  int32_t source_count;
  clx_curtailment *curtailment;
  int32_t curtailment_count;
  clx_store *store;
  int32_t store_count;
  const clx_tariff *tariff;  // NULL = not stated: no cost, said so
  double shed_order;         // reserved
} clx_supply;

// Named errors: a feed that ends before it starts, a battery without power or energy, an efficiency above 1, a generator without power, a curtailment without end.
clx_status clx_supply_check(const clx_supply *supply, clx_error *error);

enum { CLX_SOURCES_MAX = 64, CLX_STORES_MAX = 16 };

// State while a run goes on. Energies since the start.
typedef struct clx_supply_state {
  double time;                       // s
  double output[CLX_SOURCES_MAX];    // W now
  double running[CLX_SOURCES_MAX];   // units up
  double starting[CLX_SOURCES_MAX];  // units on their way, and
  double ready_at[CLX_SOURCES_MAX];  // when they will be
  double energy[CLX_SOURCES_MAX];    // J delivered
  double fuel[CLX_SOURCES_MAX];      // J
  double starts[CLX_SOURCES_MAX];
  double charge[CLX_STORES_MAX];    // J
  double capacity[CLX_STORES_MAX];  // J, aged
  double in[CLX_STORES_MAX], out[CLX_STORES_MAX],
      lost[CLX_STORES_MAX];                                     // J at the terminals; lost inside and for standby
  double short_energy;                                          // J that no source could give
  double short_most;                                            // W
  double short_at;                                              // s, first hour without power; < 0 = never
  double month_peak, window_mean, window_energy, window_start;  // of the demand charge
  double cost_energy, cost_demand, cost_fuel, cost_upkeep;      // USD
  double carbon, nox;                                           // kg
} clx_supply_state;

void clx_supply_start(const clx_supply *supply, clx_supply_state *state);
// Meets a constant `demand` W for `dt` s from state->time: feeds and running generators in their order, batteries for the rest, starts generators whose
// load is foreseen, charges batteries from what is free. Limits: power and energy of batteries, ramps, minimum load, start times, curtailments (dt must not
// cross a boundary: clx_supply_next). Energy in = out + stored + lost to 1e-12. Returns W that could not be met. O(sources + stores).
double clx_supply_step(const clx_supply *supply, clx_supply_state *state, double demand, double dt);
// Next time at which a feed starts or ends, a curtailment begins or ends, generators are ready, a month ends, a battery would be full or empty at `demand`; INFINITY.
double clx_supply_next(const clx_supply *supply, const clx_supply_state *state, double demand);
// W that can be given for long at `time` (feeds and all generators, curtailed), and for `seconds` with batteries.
double clx_supply_capacity(const clx_supply *supply, double time);
double clx_supply_capacity_for(const clx_supply *supply, const clx_supply_state *state, double seconds);
// Ends the last month and window.
void clx_supply_finish(const clx_supply *supply, clx_supply_state *state);

// A battery alone (bookkeeping tests, smoothing): takes `power` W at the terminals (> 0 discharges) for dt as far as it can; returns what it did.
typedef struct clx_battery_state {
  double charge, capacity;  // J
  double in, out, lost;     // J
} clx_battery_state;
void clx_battery_start(const clx_battery *battery, double count, double charge, clx_battery_state *state);
double clx_battery_step(const clx_battery *battery, double count, clx_battery_state *state, double power, double dt);
