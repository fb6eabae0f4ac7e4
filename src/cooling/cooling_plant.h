// A cooling plant: loops of liquid (or hall air) joined by equipment, from racks out to the weather. Steady state under control; a year.
// docs/model/cooling/plant.md.
#pragma once

#include "base/base.h"
#include "cooling/cooling_exchanger.h"
#include "cooling/cooling_fluid.h"
#include "cooling/cooling_mover.h"
#include "cooling/cooling_reject.h"
#include "schema/schema.h"
#include "weather/weather.h"

enum { CLX_LOOPS_MAX = 16, CLX_PLANT_UNITS_MAX = 32 };

// How a loop's flow is controlled.
typedef enum clx_flow_control {
  CLX_FLOW_FIXED,  // design flow always
  CLX_FLOW_RANGE,  // by return temperature: flow follows heat so that supply to return stays at `range`, not below flow_least
  CLX_FLOW_PRESSURE,  // flow as RANGE, but the pump holds the design pressure and valves take the rest
  CLX_FLOW_DEMAND,    // what the valves of the units that give heat to it ask for (CDUs that hold the racks' supply)
  CLX_FLOW_CONTROLS
} clx_flow_control;
extern const char *const clx_flow_control_name[CLX_FLOW_CONTROLS + 1];  // "fixed", "range", "pressure", "demand"

typedef enum clx_set_point {
  CLX_SET_FIXED,     // `supply`
  CLX_SET_WET_BULB,  // outdoor wet bulb + reset_offset, not below reset_least, not above supply (condenser water)
  CLX_SET_DRY_BULB,
  CLX_SET_FLOAT,  // as cold as its units make it, not below reset_least
  CLX_SET_POINTS
} clx_set_point;
// How take-offs stand along a loop's headers.
typedef enum clx_header_return {
  CLX_HEADER_DIRECT,    // the first supplied returns first
  CLX_HEADER_REVERSE,   // the first supplied returns last
  CLX_HEADER_BALANCED,  // direct, with balancing valves set at design flow
  CLX_HEADER_RETURNS
} clx_header_return;
extern const char *const clx_header_return_name[CLX_HEADER_RETURNS + 1];  // "direct", "reverse", "balanced"

extern const char *const clx_set_point_name[CLX_SET_POINTS + 1];

// A loop, or a number of equal ones (600 CDU loops: a cohort). Figures are of one loop at design.
typedef struct clx_loop_spec {
  const char *name, *title;
  const char *fluid;     // clx_fluid_named
  double count;          // equal loops; 0 = sized by the capacity of the CDU or unit that stands on it
  double supply, range;  // K set point; K from supply to return at design
  int32_t set_point, control;
  double reset_offset, reset_least;  // K
  double
      pressure;  // Pa that its pumps overcome at design flow (units, pipes, valves, racks); 0 = sum of parts where they state it
  double
      racks_pressure;  // Pa of it over the racks, for which those of the machine's own stand where they state theirs; 0 = all stays
  double exponent;  // of pressure against flow (2)
  const char *
      pump;  // catalogue/mover; NULL = nothing moves it by itself (open loops between two units: its mover stands elsewhere)
  double pumps, pumps_spare;  // that carry the design flow; beyond them
  double flow_least;          // share of the design flow
  double header_velocity;     // m/s at the root of the headers along the racks; 0 = all racks get the same
  int32_t header_return;      // clx_header_return
  double
      volume;  // m3 of fluid in one loop, for transients; 0 = 30 s of design flow in supply, return and units together
  double pump_heat;  // share of the pump's electric power that warms the fluid (1)
  clx_place place;
} clx_loop_spec;

typedef enum clx_plant_kind {
  CLX_PLANT_EXCHANGER,  // loop to loop: CDUs, economisers, coils of air handlers, rear doors
  CLX_PLANT_DRY,        // loop to outside air
  CLX_PLANT_TOWER,
  CLX_PLANT_CHILLER,         // water-cooled: into a loop; air-cooled: into outside air
  CLX_PLANT_AIR_ECONOMISER,  // hall air exchanged for outside air, adiabatic where `pads` > 0
  CLX_PLANT_DX,              // hall air by direct expansion: an air-cooled chiller whose evaporator is a coil
  CLX_PLANT_KINDS
} clx_plant_kind;
extern const char *const clx_plant_kind_name[CLX_PLANT_KINDS + 1];
// Kind of the catalogue that stands for a unit of that kind; NULL = none does.
const char *clx_plant_equipment_kind(int32_t plant_kind);

// Equal units of equipment that take heat from `loop`. Those of one loop work in the order in which they stand: the first carries what it can, the next the rest.
typedef struct clx_plant_unit_spec {
  const char *name, *title;
  int32_t kind;             // clx_plant_kind
  const char *loop, *into;  // names; into NULL = outside air
  const char *
      equipment;  // catalogue entry: cdu, tower, dry_cooler, chiller; NULL for exchangers and economisers given by approach
  double count, spare;  // that carry the design heat (0 = sized); beyond them, below 0 = as many again (2N)
  double share;         // of the loop's design heat that it is sized for (1; trim chillers 0.4)
  double
      approach;  // K at design: exchangers: loop supply less `into` supply; air economisers: hall supply less outside air
  double effectiveness;                  // > 0: constant (instead of approach)
  double pads;                           // saturation effectiveness of wetted pads of an air economiser; 0 = dry
  double cycles;                         // of concentration of the water on the pads; 0 = no bleed
  double humidity_most, humidity_least;  // relative, of air that an air economiser may supply
  double
      outside_most;  // K: warmer outside air an air economiser leaves outside (changeover by dry bulb); 0 = up to the return
  double pressure_hot, pressure_cold;  // Pa at design, where `pressure` of the loops is a sum of parts
  double electric;  // W per W of design heat of anything of its own beside fans and compressors (controls)
  clx_place place;
} clx_plant_unit_spec;

// catalogue/plant, and `cooling.plant` of a scenario written out.
typedef struct clx_plant_spec {
  const char *name, *title;
  const char *const *aliases;
  int32_t alias_count;
  clx_loop_spec *loop;
  int32_t loop_count;
  clx_plant_unit_spec *unit;
  int32_t unit_count;
  const char *liquid,
      *air;  // names of the loops that take racks' liquid heat, and heat that goes into hall air (fans of servers included); NULL = plant cannot take it
  double auxiliary;  // W per W of design heat: controls, water treatment, lights of the plant
  clx_place place;
} clx_plant_spec;
extern const clx_schema clx_plant_schema;

// K between which the fluid of the loop lets its supply be, the range above it counted; false: no such fluid.
bool clx_plant_loop_range(const clx_loop_spec *loop, double *least, double *most);
// What is wrong with a plant whatever its equipment and heat: names, circles, loops that nothing empties or fills, set points. CLX_INPUT, all mistakes, each with its place.
clx_status clx_plant_check(const clx_plant_spec *spec, clx_place place, clx_error *error);

// --- built ------------------------------------------------------------------------------------------------------------------------

typedef struct clx_loop {
  clx_loop_spec spec;
  clx_fluid fluid;
  double heat;      // W of one loop at design
  double flow;      // kg/s of one loop at design
  double capacity;  // J/(kg K) at its mean temperature
  double density;
  clx_mover_size pump;  // one of the pumps
  bool moved;           // has a pump
} clx_loop;

typedef struct clx_plant_unit {
  clx_plant_unit_spec spec;
  int32_t loop, into;       // indices; into < 0 = outside
  double heat;              // W that all of them are sized for
  double count;             // installed, spares left out
  clx_exchanger exchanger;  // of one
  clx_tower_size tower;
  clx_dry_size dry;
  const clx_chiller *chiller;
  const clx_cdu *cdu;
} clx_plant_unit;

typedef struct clx_plant {
  const char *name;
  clx_loop loop[CLX_LOOPS_MAX];
  int32_t loop_count;
  clx_plant_unit unit[CLX_PLANT_UNITS_MAX];
  int32_t unit_count;
  int32_t liquid, air;           // loops; < 0 = none
  double liquid_heat, air_heat;  // W at design
  double auxiliary;              // W
  clx_air design;                // outside air that it is sized for
  int32_t order[CLX_LOOPS_MAX];  // from the racks outwards
} clx_plant;

// Equipment by name; the catalogue gives it. Returns NULL where there is none of that name.
typedef struct clx_plant_finder {
  const void *(*find)(const void *of, const char *kind,
                      const char *name);  // kind: "mover", "cdu", "tower", "dry_cooler", "chiller"
  const void *of;
} clx_plant_finder;

// Sizes every loop and unit for the design heat under design air. CLX_INPUT with the place: a loop that nothing moves, a unit between loops that do not
// exist, a loop that heat enters and nothing takes away (disconnected), a circle of loops, set points that leave no approach, equipment not found. CLX_INFEASIBLE: counts
// that were given do not carry the design heat: the shortfall in W and the unit.
clx_status clx_plant_build(const clx_plant_spec *spec, const clx_plant_finder *finder, double liquid_heat,
                           double air_heat, const clx_air *design, clx_arena *arena, clx_plant *plant,
                           clx_error *error);

// --- one moment ----------------------------------------------------------------------------------------------------------------------

typedef struct clx_loop_state {
  double heat;          // W into all loops of the row, pump heat included
  double supply, back;  // K
  double flow;          // kg/s of one loop
  double pressure;      // Pa
  double pump;          // W electric, all
  double speed;
  bool warm;  // supply above its set point
} clx_loop_state;

typedef struct clx_unit_state {
  double heat;          // W taken, all
  double electric;      // W
  double in, out;       // K of `loop`'s fluid at the units
  double share;         // of its capacity
  double running;       // units
  double air;           // share of the design air flow
  clx_water_use water;  // kg/s
  int32_t limit;        // clx_chiller_limit: outside a curve's range
  bool free;            // carries heat without a compressor
} clx_unit_state;

typedef struct clx_plant_state {
  clx_loop_state loop[CLX_LOOPS_MAX];
  clx_unit_state unit[CLX_PLANT_UNITS_MAX];
  double electric, pumps, fans, compressors, auxiliary;  // W
  clx_water_use water;                                   // kg/s
  double heat;                                           // W rejected to the outside
  double residual;                                       // relative, of the energy balance: < 1e-9
  int32_t iterations;
  bool warm;  // the racks' supply is above its set point (liquid or air)
} clx_plant_state;

// What is out of order: shares of each unit's count and of each loop's pumps that work (1 = all). NULL = all.
typedef struct clx_plant_fault {
  double unit[CLX_PLANT_UNITS_MAX], pump[CLX_LOOPS_MAX];
} clx_plant_fault;

// Steady state with `liquid` and `air` W of heat under `outside`. A plant that cannot hold a set point runs warm (temperatures float up until the heat goes): no error.
// CLX_INFEASIBLE: a loop that no unit can take any heat from, or above the fluid's range: shortfall in W. 20 us for a plant of four loops.
clx_status clx_plant_solve(const clx_plant *plant, double liquid, double air, const clx_air *outside,
                           const clx_plant_fault *fault, clx_plant_state *state, clx_error *error);

// --- a year --------------------------------------------------------------------------------------------------------------------------

typedef struct clx_cooling_year_input {
  const clx_plant *plant;
  const clx_weather *weather;
  double liquid, air;   // W, constant; or
  const float *load;    // share of them at each sample of the weather, nullable
  double it;            // W of IT power that the heat belongs to (PUE, WUE), at load 1
  double other;         // W of the facility beside: conversion losses that PUE counts, at load 1
  double other_fixed;   // W whatever the load
  double supply_limit;  // K of rack supply above which racks throttle; 0 = the set point
  double air_limit;     // K of hall air; 0 = set point
} clx_cooling_year_input;

typedef struct clx_cooling_year {
  double pue, wue;                             // annual; m3/J (report as L/kWh)
  double it_energy, electric;                  // J; electric: cooling
  double pumps, fans, compressors, auxiliary;  // J
  double water, evaporation, drift, blowdown;  // kg
  double water_peak;                           // kg/s
  double electric_peak;                        // W, and the hour
  int64_t electric_peak_at, water_peak_at;     // samples
  double supply_most;                          // K of the racks' liquid (of the air where there is no liquid)
  int64_t supply_most_at;
  double air_most;  // K of the hall's air; 0 without
  int64_t air_most_at;
  double warm_time, throttled_time;   // s above set point, above limit
  double free_time, compressor_time;  // s without, with compressors
  double liquid_compressor_time;  // s with compressors that the racks' liquid needs (those for hall air alone left out)
  double shortfall;               // W largest, of the worst hour, by which the plant misses its set points; 0 = never
  int64_t shortfall_at;
  double outside_range_time;  // s in which equipment stood outside the range of its curves
  double residual;            // worst
  float *series_electric, *series_supply, *series_water, *series_pue;  // [weather.count] W, K, kg/s
} clx_cooling_year;

// 8760 hours of a gigawatt site in cohorts: below 2 s on one core (about 0.3). CLX_INFEASIBLE with hour and shortfall when a moment is.
clx_status clx_cooling_year_run(const clx_cooling_year_input *input, clx_arena *arena, clx_cooling_year *year,
                                clx_error *error);
