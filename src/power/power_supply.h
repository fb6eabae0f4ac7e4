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
  double ramp;               // W/s of one unit, upwards; down it follows the load at once (docs/model/power/supply.md)
  double hold;               // s that a unit is kept running after its load has gone
  double heat_rate;          // J of fuel (LHV) per J at full load
  double heat_rate_minimum;  // the same at minimum load; 0 = as at full load
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
  double power;                    // W of a feed; generators: see clx_source_power
  double count;                    // generators
  const clx_generator *generator;  // NULL for a feed
  double from, until;              // s of the run; until 0 = for good
  double derating;                 // share left by temperature, altitude, units in maintenance (0 < x <= 1)
  int32_t order;                   // of use: lower first
  bool standby;                    // kept preheated: starts in hot_start_time, burns nothing
  clx_place place;
} clx_source;

// Curtailment by contract: from `at` (after `notice`) for `duration` the grid gives at most `power`. Without notice and power: an outage.
typedef struct clx_curtailment {
  double at, notice, duration;  // s
  double power;                 // W left of all feeds together
  clx_place place;
} clx_curtailment;

typedef enum clx_battery_role {
  CLX_BATTERY_BRIDGE = 1,  // covers what no source can give (start of generators, loss of a feed)
  CLX_BATTERY_SHAVE = 2,   // the same, and before generators are started for it
  CLX_BATTERY_SMOOTH = 4,  // filters the wave of the step; alone: not dispatched here, see `smoothing`
} clx_battery_role;
extern const char *const clx_battery_role_name[4];  // of bits 0, 1, 2; NULL

typedef struct clx_store {
  const clx_battery *battery;
  double count;
  int32_t roles;        // clx_battery_role
  double from;          // s
  double charge;        // state at the start, share of the energy
  double charge_power;  // W drawn to charge, at most; 0 = what the battery takes
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
} clx_supply;

// Named errors: a feed that ends before it starts, a battery without power or energy, an efficiency above 1, a generator without power, a curtailment without end.
clx_status clx_supply_check(const clx_supply *supply, clx_error *error);

enum { CLX_SOURCES_MAX = 64, CLX_STORES_MAX = 16, CLX_STARTS_MAX = 4 };

// Derated W of a source while it is there.
double clx_source_power(const clx_source *source);

// State while a run goes on. Energies since the start.
typedef struct clx_supply_state {
  double time;  // s
  bool begun;   // the first step finds units running as its demand asks
  double
      foreseen;  // W that units in operation shall be able to carry (peak of a wave, load announced); set by the caller before a step, 0 = the demand
  double
      smoothing;  // W that go into the stores that smooth and come out again, mean, beside the demand; set by the caller like `foreseen`
  double output[CLX_SOURCES_MAX];                    // W now
  double running[CLX_SOURCES_MAX];                   // units up
  double starting[CLX_SOURCES_MAX][CLX_STARTS_MAX];  // units on their way, and
  double ready_at[CLX_SOURCES_MAX][CLX_STARTS_MAX];  // s, when they take load
  double spare_since[CLX_SOURCES_MAX];               // s, since when more run than needed; < 0 = not
  double needed[CLX_SOURCES_MAX];                    // most units needed since then
  double energy[CLX_SOURCES_MAX];                    // J delivered
  double peak[CLX_SOURCES_MAX];                      // W
  double fuel[CLX_SOURCES_MAX];                      // J
  double starts[CLX_SOURCES_MAX];
  double charge[CLX_STORES_MAX];    // J
  double capacity[CLX_STORES_MAX];  // J, aged
  double least[CLX_STORES_MAX];     // J, lowest charge so far
  double in[CLX_STORES_MAX], out[CLX_STORES_MAX],
      lost[CLX_STORES_MAX];  // J at the terminals; lost inside, for standby and by fading: charge = start + in - out - lost
  double demand_energy;      // J asked by the site (standby of batteries not included)
  double short_energy;       // J that no source could give
  double short_time;         // s
  double short_most;         // W
  double short_at;           // s, first time without power; < 0 = never
  double below_time;         // unit-s that generators ran below their minimum load
  double month_start, month_peak, window_energy, window_start;  // of the demand charge
  double peak_window;                                           // W, highest window of all months
  double cost_energy, cost_demand, cost_fuel, cost_upkeep;      // USD; cost_demand holds the fixed charge of months too
  double carbon, nox;                                           // kg
} clx_supply_state;

void clx_supply_start(const clx_supply *supply, clx_supply_state *state);
// Meets a constant `demand` W for `dt` s from state->time (any dt >= 0: it finds what changes in between). In merit order: must-run part of generators,
// then feeds and running generators by `order`; batteries for what they cannot give yet; starts generators for load that is there, foreseen, or
// lost by a curtailment within its notice or a feed that ends; charges batteries from what is free. Sources + out = demand - short + in to 1e-12.
// Returns W that could not be met, mean over dt. About 0.3 us for each change of each source.
double clx_supply_step(const clx_supply *supply, clx_supply_state *state, double demand, double dt);
// Next time at which a feed starts or ends, a curtailment begins or ends, generators are ready, a month ends, a battery would be full or empty at `demand`; INFINITY.
double clx_supply_next(const clx_supply *supply, const clx_supply_state *state, double demand);
// W that can be given for long at `time` (feeds and all generators, curtailed), and without shortage for the next `seconds` (batteries, units that run or
// start meanwhile), from a state; the second bisects over steps of a copy, to 1e-6.
double clx_supply_capacity(const clx_supply *supply, double time);
double clx_supply_capacity_for(const clx_supply *supply, const clx_supply_state *state, double seconds);
// Ends the last window and month (an unfinished month counts by its share of a month: 30.4375 days).
void clx_supply_finish(const clx_supply *supply, clx_supply_state *state);
// Full cycles of a store so far.
double clx_supply_cycles(const clx_supply *supply, const clx_supply_state *state, int32_t store);

// A battery alone (bookkeeping tests, smoothing): takes `power` W at the terminals (> 0 discharges) for dt as far as it can; returns what it did (W, mean).
// charge = start + in - out - lost, exactly kept; standby is drawn beside it and not counted here. Capacity fades with cycles and age.
typedef struct clx_battery_state {
  double charge, capacity;  // J
  double in, out, lost;     // J
} clx_battery_state;
void clx_battery_start(const clx_battery *battery, double count, double charge, clx_battery_state *state);
double clx_battery_step(const clx_battery *battery, double count, clx_battery_state *state, double power, double dt);

// --- as a user states it: keys of the section `power` (power_supply_schema.c, power_supply_compile.c) ---

typedef struct clx_source_spec {
  const char *name;
  int32_t kind;  // clx_source_kind; < 0 = grid, or what the generator is
  double power;  // W of a feed; < 0 = not stated
  const char *generator;
  double count;        // generators; < 0 = not stated
  double from, until;  // s
  double derating;
  int32_t order;  // < 0 = feeds 0, generators 1
  int32_t standby;
  clx_place place;
} clx_source_spec;

typedef struct clx_store_spec {
  const char *battery;
  double count;
  const char *const *roles;  // NULL = bridge
  int32_t role_count;
  double from, charge, charge_power;
  clx_place place;
} clx_store_spec;

typedef struct clx_supply_spec {
  clx_source_spec *source;
  int32_t source_count;
  clx_store_spec *store;
  int32_t store_count;
  clx_curtailment *curtailment;
  int32_t curtailment_count;
  const char *tariff;  // nullable
  clx_place place;
} clx_supply_spec;

extern const clx_schema clx_source_spec_schema, clx_store_spec_schema, clx_curtailment_schema;
extern const clx_schema clx_supply_spec_schema;  // keys sources, batteries, curtailments, tariff

// From the spec and the entries that it names: generator[i] of source i (NULL where it names none), battery[i] of store i, the tariff (NULL = none
// named: an error where there is a feed). Checks everything with clx_supply_check.
clx_status clx_supply_compile(const clx_supply_spec *spec, const clx_generator *const *generator,
                              const clx_battery *const *battery, const clx_tariff *tariff, clx_arena *arena,
                              clx_supply *supply, clx_error *error);
