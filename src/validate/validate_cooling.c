// Cases of cooling: figures of one part (air, fluids, exchangers, plates, racks, units, pumps, towers, chillers) by name.
#include <math.h>
#include <string.h>

#include "cooling/cooling_exchanger.h"
#include "cooling/cooling_fluid.h"
#include "cooling/cooling_mover.h"
#include "cooling/cooling_plant.h"
#include "cooling/cooling_reject.h"
#include "validate/validate_cooling.h"
#include "weather/weather_moist_air.h"

enum { ARGUMENTS_MAX = 4, NAMES_MAX = 96 };

// What a figure is computed from: its arguments in the order of its row, and an entry of the catalogue where it has a kind.
typedef struct asked {
  clx_case_run *run;
  double x[ARGUMENTS_MAX];
  const char *of, *system;
  clx_place place, system_place;
} asked;

typedef struct figure {
  const char *name, *result;  // unit of the result
  const char *argument[ARGUMENTS_MAX + 1], *unit[ARGUMENTS_MAX];
  const char *kind;  // of the catalogue, of the input `of`; "fluid" = a name of clx_fluid_named; NULL = no such input
  clx_status (*value)(const asked *a, double *out, clx_error *error);
} figure;

// --- air ------------------------------------------------------------------------------------------------------------------------

static clx_status saturation_pressure(const asked *a, double *out, clx_error *error) {
  (void)error;
  *out = clx_air_saturation_pressure(a->x[0]);
  return CLX_OK;
}

static clx_status saturation_humidity(const asked *a, double *out, clx_error *error) {
  (void)error;
  *out = clx_air_saturation_humidity(a->x[0], a->x[1]);
  return CLX_OK;
}

static clx_status checked_air(const asked *a, clx_air *air, clx_error *error) {
  *air = clx_air_from_relative(a->x[0], a->x[1], a->x[2]);
  return clx_air_check(air, error);
}

static clx_status wet_bulb(const asked *a, double *out, clx_error *error) {
  clx_air air;
  CLX_TRY(checked_air(a, &air, error));
  *out = clx_air_wet_bulb(&air);
  return CLX_OK;
}

static clx_status dew_point(const asked *a, double *out, clx_error *error) {
  clx_air air;
  CLX_TRY(checked_air(a, &air, error));
  *out = clx_air_dew_point(&air);
  return CLX_OK;
}

static clx_status enthalpy(const asked *a, double *out, clx_error *error) {
  clx_air air;
  CLX_TRY(checked_air(a, &air, error));
  *out = clx_air_enthalpy(&air);
  return CLX_OK;
}

static clx_status standard_pressure(const asked *a, double *out, clx_error *error) {
  (void)error;
  *out = clx_air_standard_pressure(a->x[0]);
  return CLX_OK;
}

// --- fluids ---------------------------------------------------------------------------------------------------------------------

static clx_status fluid_state(const asked *a, clx_fluid_state *state, clx_error *error) {
  clx_fluid fluid;
  if (!clx_fluid_named(a->of, &fluid))
    return clx_fail(error, CLX_INPUT, a->place, "no fluid '%.60s': expected water, pg25, pg40, ... or air", a->of);
  return clx_fluid_at(&fluid, a->x[0], state, error);
}

static clx_status fluid_density(const asked *a, double *out, clx_error *error) {
  clx_fluid_state state;
  CLX_TRY(fluid_state(a, &state, error));
  *out = state.density;
  return CLX_OK;
}

static clx_status fluid_capacity(const asked *a, double *out, clx_error *error) {
  clx_fluid_state state;
  CLX_TRY(fluid_state(a, &state, error));
  *out = state.heat_capacity;
  return CLX_OK;
}

static clx_status fluid_conductivity(const asked *a, double *out, clx_error *error) {
  clx_fluid_state state;
  CLX_TRY(fluid_state(a, &state, error));
  *out = state.conductivity;
  return CLX_OK;
}

static clx_status fluid_viscosity(const asked *a, double *out, clx_error *error) {
  clx_fluid_state state;
  CLX_TRY(fluid_state(a, &state, error));
  *out = state.viscosity;
  return CLX_OK;
}

// --- exchangers, plates, racks ----------------------------------------------------------------------------------------------------

static clx_status effectiveness(int32_t arrangement, const asked *a, double *out, clx_error *error) {
  if (!(a->x[0] >= 0) || !(a->x[1] >= 0) || !(a->x[1] <= 1))
    return clx_fail(error, CLX_INPUT, a->place, "expected ntu >= 0 and ratio in 0..1, read %g and %g", a->x[0],
                    a->x[1]);
  *out = clx_effectiveness(arrangement, a->x[0], a->x[1]);
  return CLX_OK;
}

static clx_status counter(const asked *a, double *out, clx_error *error) {
  return effectiveness(CLX_COUNTER, a, out, error);
}
static clx_status parallel(const asked *a, double *out, clx_error *error) {
  return effectiveness(CLX_PARALLEL, a, out, error);
}
static clx_status cross_max(const asked *a, double *out, clx_error *error) {
  return effectiveness(CLX_CROSS_MAX_MIXED, a, out, error);
}
static clx_status cross_min(const asked *a, double *out, clx_error *error) {
  return effectiveness(CLX_CROSS_MIN_MIXED, a, out, error);
}

static clx_status entry(const asked *a, const char *kind, void *object, clx_error *error) {
  return clx_catalog_read(a->run->catalog, kind, a->of, a->place, clx_catalog_schema(kind), a->run->arena, object,
                          error);
}

static clx_status plate_resistance(const asked *a, double *out, clx_error *error) {
  clx_cold_plate plate;
  CLX_TRY(entry(a, "cold_plate", &plate, error));
  return clx_cold_plate_resistance(&plate, a->x[0], out, error);
}

// Case temperature of plates in parallel: inlet + R(flow of one) P / plates.
static clx_status plate_case(const asked *a, double *out, clx_error *error) {
  clx_cold_plate plate;
  double resistance = 0;
  CLX_TRY(entry(a, "cold_plate", &plate, error));
  CLX_TRY(clx_cold_plate_resistance(&plate, a->x[2], &resistance, error));
  *out = a->x[0] + a->x[1] * resistance;
  return CLX_OK;
}

static clx_status rack_flow(const asked *a, double *out, clx_error *error) {
  clx_rack_coolant rack;
  CLX_TRY(entry(a, "rack_coolant", &rack, error));
  return clx_rack_coolant_flow(&rack, a->x[0], rack.power, out, error);
}

static clx_status rack_pressure(const asked *a, double *out, clx_error *error) {
  clx_rack_coolant rack;
  CLX_TRY(entry(a, "rack_coolant", &rack, error));
  *out = clx_rack_coolant_pressure(&rack, a->x[0]);
  return CLX_OK;
}

// What leaves a heated stream: in + power / (flow capacity).
static clx_status heated(const asked *a, double *out, clx_error *error) {
  clx_fluid fluid;
  if (!clx_fluid_named(a->of, &fluid))
    return clx_fail(error, CLX_INPUT, a->place, "no fluid '%.60s': expected water, pg25, pg40, ... or air", a->of);
  if (!(a->x[2] > 0)) return clx_fail(error, CLX_INPUT, a->place, "expected a flow above 0, read %g kg/s", a->x[2]);
  double leaving = a->x[0];
  for (int32_t i = 0; i < 20; i++)
    leaving = a->x[0] + a->x[1] / (a->x[2] * clx_fluid_heat_capacity(&fluid, 0.5 * (a->x[0] + leaving)));
  *out = leaving;
  return CLX_OK;
}

// --- coolant distribution units -----------------------------------------------------------------------------------------------

// W at catalogued flows, with the rack's return that the capacity gives and the facility's supply one approach below.
static clx_status cdu_heat(const asked *a, double *out, clx_error *error) {
  clx_cdu cdu;
  clx_exchanger exchanger;
  clx_fluid rack, facility;
  CLX_TRY(entry(a, "cdu", &cdu, error));
  CLX_TRY(clx_cdu_exchanger(&cdu, a->x[0], &exchanger, error));
  if (!clx_fluid_named(cdu.rack_fluid, &rack) || !clx_fluid_named(cdu.facility_fluid, &facility))
    return clx_fail(error, CLX_INPUT, a->place, "'%.60s': unknown fluid", cdu.name);
  const double hot = clx_fluid_heat_capacity(&rack, a->x[0]), cold = clx_fluid_heat_capacity(&facility, a->x[0]);
  const double back = a->x[0] + cdu.capacity / (cdu.rack_flow * hot);
  *out = clx_exchanger_run(&exchanger, back, cdu.rack_flow, hot, a->x[0] - cdu.approach, cdu.facility_flow, cold).heat;
  return CLX_OK;
}

static clx_status cdu_rise(const asked *a, double *out, clx_error *error) {
  clx_cdu cdu;
  clx_fluid rack;
  CLX_TRY(entry(a, "cdu", &cdu, error));
  if (!clx_fluid_named(cdu.rack_fluid, &rack))
    return clx_fail(error, CLX_INPUT, a->place, "'%.60s': unknown fluid", cdu.name);
  *out = cdu.capacity / (cdu.rack_flow * clx_fluid_heat_capacity(&rack, a->x[0]));
  return CLX_OK;
}

// --- movers, towers, chillers ---------------------------------------------------------------------------------------------------

// Head over design head, at a share of the design flow and of full speed.
static clx_status mover_head(const asked *a, double *out, clx_error *error) {
  clx_mover mover;
  CLX_TRY(entry(a, "mover", &mover, error));
  const clx_mover_size size = {&mover, 1, 1, 0};
  *out = clx_mover_head(&size, a->x[0], a->x[1], NULL);
  return CLX_OK;
}

// W of one sized for a design flow and head, at a flow and head.
static clx_status mover_power(const asked *a, double *out, clx_error *error) {
  clx_mover *mover = CLX_NEW(a->run->arena, clx_mover);
  if (mover == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(entry(a, "mover", mover, error));
  const clx_mover_size size = {mover, a->x[0], a->x[1], 0};
  *out = clx_mover_at(&size, a->x[2], a->x[3]).electric;
  return CLX_OK;
}

static clx_status blowdown(const asked *a, double *out, clx_error *error) {
  if (!(a->x[2] > 1)) return clx_fail(error, CLX_INPUT, a->place, "expected cycles above 1, read %g", a->x[2]);
  (void)error;
  *out = clx_water_balance(a->x[0], a->x[1], a->x[2]).blowdown;
  return CLX_OK;
}

static clx_status make_up(const asked *a, double *out, clx_error *error) {
  if (!(a->x[2] > 1)) return clx_fail(error, CLX_INPUT, a->place, "expected cycles above 1, read %g", a->x[2]);
  const clx_water_use use = clx_water_balance(a->x[0], a->x[1], a->x[2]);
  *out = use.evaporation + use.drift + use.blowdown;
  return CLX_OK;
}

// kg of water that evaporates per kg that flows, per K of range, at the tower's design point and a relative humidity.
static clx_status tower_evaporation(const asked *a, double *out, clx_error *error) {
  clx_tower *tower = CLX_NEW(a->run->arena, clx_tower);
  clx_tower_size size;
  if (tower == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(entry(a, "tower", tower, error));
  CLX_TRY(clx_tower_size_for(tower, 1e6, a->x[1], &size, error));
  const clx_air air = clx_air_from_wet_bulb(tower->wet_bulb + a->x[0], tower->wet_bulb, a->x[1]);
  const double want = tower->wet_bulb + tower->approach;
  const clx_reject run = clx_tower_run(&size, want + tower->range, size.water, want, &air);
  *out = run.water.evaporation / (size.water * tower->range);
  return CLX_OK;
}

// Fan power over design at a share of full speed.
static clx_status tower_fan(const asked *a, double *out, clx_error *error) {
  clx_tower tower;
  (void)error;
  CLX_TRY(entry(a, "tower", &tower, error));
  for (int32_t i = 1; i < tower.speed_count; i++) {
    if (a->x[0] > tower.speed[i] && i + 1 < tower.speed_count) continue;
    const double t = (a->x[0] - tower.speed[i - 1]) / (tower.speed[i] - tower.speed[i - 1]);
    *out = tower.power[i - 1] + t * (tower.power[i] - tower.power[i - 1]);
    return CLX_OK;
  }
  return clx_fail(error, CLX_INPUT, a->place, "'%.60s' has no curve of its fan", tower.name);
}

static clx_status chiller_run(const asked *a, clx_chiller_point *point, clx_error *error) {
  clx_chiller *chiller = CLX_NEW(a->run->arena, clx_chiller);
  if (chiller == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(entry(a, "chiller", chiller, error));
  CLX_TRY(clx_chiller_check(chiller, a->place, error));
  *point = clx_chiller_run(chiller, a->x[2] > 0 ? a->x[2] : chiller->capacity, a->x[0], a->x[1]);
  if (point->limit != CLX_CHILLER_OK)
    return clx_fail(error, CLX_INPUT, a->place,
                    "%.1f degC leaving, %.1f degC entering lie outside the curves of '%.60s'", a->x[0] - 273.15,
                    a->x[1] - 273.15, chiller->name);
  return CLX_OK;
}

static clx_status chiller_capacity(const asked *a, double *out, clx_error *error) {
  clx_chiller_point point;
  CLX_TRY(chiller_run(a, &point, error));
  *out = point.capacity;
  return CLX_OK;
}

static clx_status chiller_cop(const asked *a, double *out, clx_error *error) {
  clx_chiller_point point;
  CLX_TRY(chiller_run(a, &point, error));
  *out = point.heat / point.electric;
  return CLX_OK;
}

// W that `units` of them take together.
static clx_status chillers_heat(const asked *a, double *out, clx_error *error) {
  asked one = *a;
  one.x[2] = 0;
  clx_chiller_point point;
  CLX_TRY(chiller_run(&one, &point, error));
  *out = a->x[2] * point.capacity;
  return CLX_OK;
}

// --- ten types of data centres -------------------------------------------------------------------------------------------------

// What is kept between the rows of a case: one climate at a time.
typedef struct kept {
  const char *climate;
  clx_weather weather;
  clx_cooling_types *types;
} kept;

static clx_status climate(const asked *a, kept **out, clx_error *error) {
  kept *k = a->run->state;
  if (k == NULL) {
    k = a->run->state = CLX_NEW(a->run->arena, kept);
    if (k == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  *out = k;
  if (k->climate != NULL && strcmp(k->climate, a->of) == 0) return CLX_OK;
  clx_climate found;
  clx_weather year;
  CLX_TRY(entry(a, "climate", &found, error));
  CLX_TRY(clx_weather_typical(&found, a->run->arena, &year, error));
  CLX_TRY(clx_cooling_types_open(&year, a->run->arena, &k->types, &k->weather, error));
  k->climate = a->of;
  return CLX_OK;
}

static clx_status system_quantile(const asked *a, double *pue, double *wue, clx_error *error) {
  kept *k = NULL;
  CLX_TRY(climate(a, &k, error));
  const int32_t type = clx_cooling_type_named(a->system);
  if (type < 0)
    return clx_fail(error, CLX_INPUT, a->system_place, "no type '%.60s': docs/model/cooling/reference.md lists the ten",
                    a->system);
  if (!(a->x[0] >= 0 && a->x[0] <= 1))
    return clx_fail(error, CLX_INPUT, a->place, "expected a quantile in 0..1, read %g", a->x[0]);
  return clx_cooling_type_quantile(k->types, type, &k->weather, a->x[0], pue, wue, error);
}

static clx_status system_pue(const asked *a, double *out, clx_error *error) {
  double wue = 0;
  return system_quantile(a, out, &wue, error);
}

static clx_status system_wue(const asked *a, double *out, clx_error *error) {
  double pue = 0;
  return system_quantile(a, &pue, out, error);
}

static clx_status system_order(const asked *a, double *out, clx_error *error) {
  kept *k = NULL;
  CLX_TRY(climate(a, &k, error));
  return clx_cooling_types_order(k->types, &k->weather, out, error);
}

// --- plants of the catalogue --------------------------------------------------------------------------------------------------------

// x[0]: W of liquid heat; x[1]: K outside at design and now.
static clx_status built_plant(const asked *a, clx_plant **out, clx_air *air, clx_error *error) {
  clx_plant_spec *spec = CLX_NEW(a->run->arena, clx_plant_spec);
  clx_plant *plant = CLX_NEW(a->run->arena, clx_plant);
  if (spec == NULL || plant == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(clx_catalog_read_plant(a->run->catalog, a->of, a->place, a->run->arena, spec, error));
  const clx_equipment *equipment = NULL;
  CLX_TRY(clx_catalog_read_equipment(a->run->catalog, spec, a->run->arena, &equipment, error));
  const clx_plant_finder finder = clx_equipment_finder(equipment);
  *air = clx_air_from_relative(a->x[1], 0.4, clx_air_standard_pressure(0));
  CLX_TRY(clx_plant_build(spec, &finder, a->x[0], 0, air, a->run->arena, plant, error));
  *out = plant;
  return CLX_OK;
}

static clx_status plant_loop(const asked *a, clx_loop_state *out, clx_error *error) {
  clx_plant *plant = NULL;
  clx_plant_state state;
  clx_air air;
  CLX_TRY(built_plant(a, &plant, &air, error));
  CLX_TRY(clx_plant_solve(plant, a->x[0], 0, &air, NULL, &state, error));
  for (int32_t l = 0; l < plant->loop_count; l++) {
    if (strcmp(plant->loop[l].spec.name, a->system) != 0) continue;
    *out = state.loop[l];
    return CLX_OK;
  }
  return clx_fail(error, CLX_INPUT, a->system_place, "plant '%.60s' has no loop '%.60s'", a->of, a->system);
}

static clx_status plant_supply(const asked *a, double *out, clx_error *error) {
  clx_loop_state loop;
  CLX_TRY(plant_loop(a, &loop, error));
  *out = loop.supply;
  return CLX_OK;
}

static clx_status plant_back(const asked *a, double *out, clx_error *error) {
  clx_loop_state loop;
  CLX_TRY(plant_loop(a, &loop, error));
  *out = loop.back;
  return CLX_OK;
}

static clx_status plant_pump(const asked *a, double *out, clx_error *error) {
  clx_loop_state loop;
  CLX_TRY(plant_loop(a, &loop, error));
  *out = loop.pump;
  return CLX_OK;
}

// Through the typical year of a climate, all liquid heat being IT power.
static clx_status plant_year(const asked *a, clx_cooling_year *year, clx_error *error) {
  clx_plant *plant = NULL;
  clx_air air;
  clx_climate found;
  clx_weather weather;
  asked named = *a;
  named.of = a->system;
  named.place = a->system_place;
  CLX_TRY(built_plant(a, &plant, &air, error));
  CLX_TRY(entry(&named, "climate", &found, error));
  CLX_TRY(clx_weather_typical(&found, a->run->arena, &weather, error));
  const clx_cooling_year_input input = {.plant = plant, .weather = &weather, .liquid = a->x[0], .it = a->x[0]};
  return clx_cooling_year_run(&input, a->run->arena, year, error);
}

static clx_status plant_pue(const asked *a, double *out, clx_error *error) {
  clx_cooling_year year;
  CLX_TRY(plant_year(a, &year, error));
  *out = year.pue;
  return CLX_OK;
}

static clx_status plant_pumps(const asked *a, double *out, clx_error *error) {
  clx_cooling_year year;
  CLX_TRY(plant_year(a, &year, error));
  *out = year.pumps;
  return CLX_OK;
}

static clx_status plant_compressors(const asked *a, double *out, clx_error *error) {
  clx_cooling_year year;
  CLX_TRY(plant_year(a, &year, error));
  *out = year.compressors;
  return CLX_OK;
}

// --- the table --------------------------------------------------------------------------------------------------------------------

#define BULB \
  {"dry_bulb", "relative", "pressure"}, { "K", "", "Pa" }
#define SIDE \
  {"temperature"}, { "K" }
#define UNITS \
  {"ntu", "ratio"}, { "", "" }
#define PLANT \
  {"liquid", "outside"}, { "W", "K" }
#define WATER \
  {"evaporation", "drift", "cycles"}, { "kg/s", "kg/s", "" }

static const figure FIGURES[] = {
    {"saturation_pressure", "Pa", SIDE, NULL, saturation_pressure},
    {"saturation_humidity", "", {"temperature", "pressure"}, {"K", "Pa"}, NULL, saturation_humidity},
    {"wet_bulb", "K", BULB, NULL, wet_bulb},
    {"dew_point", "K", BULB, NULL, dew_point},
    {"enthalpy", "J/kg", BULB, NULL, enthalpy},
    {"standard_pressure", "Pa", {"elevation"}, {"m"}, NULL, standard_pressure},
    {"density", "kg/m^3", SIDE, "fluid", fluid_density},
    {"heat_capacity", "J/kg/K", SIDE, "fluid", fluid_capacity},
    {"conductivity", "W/m/K", SIDE, "fluid", fluid_conductivity},
    {"viscosity", "kg/m/s", SIDE, "fluid", fluid_viscosity},
    {"heated", "K", {"inlet", "heat", "flow"}, {"K", "W", "kg/s"}, "fluid", heated},
    {"effectiveness_counter", "", UNITS, NULL, counter},
    {"effectiveness_parallel", "", UNITS, NULL, parallel},
    {"effectiveness_cross_max_mixed", "", UNITS, NULL, cross_max},
    {"effectiveness_cross_min_mixed", "", UNITS, NULL, cross_min},
    {"plate_resistance", "K/W", {"flow"}, {"m^3/s"}, "cold_plate", plate_resistance},
    {"plate_case", "K", {"inlet", "power", "flow"}, {"K", "W", "m^3/s"}, "cold_plate", plate_case},
    {"rack_flow", "m^3/s", {"supply"}, {"K"}, "rack_coolant", rack_flow},
    {"rack_pressure", "Pa", {"flow"}, {"m^3/s"}, "rack_coolant", rack_pressure},
    {"cdu_heat", "W", {"supply"}, {"K"}, "cdu", cdu_heat},
    {"cdu_rise", "K", {"supply"}, {"K"}, "cdu", cdu_rise},
    {"mover_head", "", {"flow", "speed"}, {"", ""}, "mover", mover_head},
    {"mover_power",
     "W",
     {"design_flow", "design_head", "flow", "head"},
     {"m^3/s", "Pa", "m^3/s", "Pa"},
     "mover",
     mover_power},
    {"blowdown", "kg/s", WATER, NULL, blowdown},
    {"make_up", "kg/s", WATER, NULL, make_up},
    {"tower_evaporation", "1/K", {"depression", "pressure"}, {"K", "Pa"}, "tower", tower_evaporation},
    {"tower_fan", "", {"speed"}, {""}, "tower", tower_fan},
    {"chiller_capacity", "W", {"leaving", "entering", "heat"}, {"K", "K", "W"}, "chiller", chiller_capacity},
    {"chiller_cop", "", {"leaving", "entering", "heat"}, {"K", "K", "W"}, "chiller", chiller_cop},
    {"chillers_heat", "W", {"leaving", "entering", "units"}, {"K", "K", ""}, "chiller", chillers_heat},
    {"plant_supply", "K", PLANT, "plant", plant_supply},
    {"plant_back", "K", PLANT, "plant", plant_back},
    {"plant_pump", "W", PLANT, "plant", plant_pump},
    {"plant_pue", "", PLANT, "plant", plant_pue},
    {"plant_pumps", "J", PLANT, "plant", plant_pumps},
    {"plant_compressors", "J", PLANT, "plant", plant_compressors},
    {"system_pue", "", {"quantile"}, {""}, "climate", system_pue},
    {"system_wue", "m^3/J", {"quantile"}, {""}, "climate", system_wue},
    {"system_order", "", {NULL}, {NULL}, "climate", system_order},
};

// Whether it has the input `system`: one of the ten types, a loop of the plant, or a climate.
static bool has_system(const figure *f) {
  return f->value == system_pue || f->value == system_wue || (f->kind != NULL && strcmp(f->kind, "plant") == 0);
}

static const figure *find_figure(const char *name) {
  for (size_t i = 0; i < CLX_COUNT(FIGURES); i++) {
    if (strcmp(FIGURES[i].name, name) == 0) return &FIGURES[i];
  }
  return NULL;
}

static clx_status unknown(const char *what, const char *name, const char *const *names, int32_t count, clx_place place,
                          clx_error *error) {
  const char *near = clx_nearest(name, names, count);
  if (near != NULL) return clx_fail(error, CLX_INPUT, place, "no %s '%.100s'; did you mean '%s'?", what, name, near);
  return clx_fail(error, CLX_INPUT, place, "no %s '%.100s' of cooling", what, name);
}

// The maps of the case and of a row hold nothing that the figure does not take (those of the case: that no row takes is not looked for).
static clx_status check_inputs(const figure *f, const clx_node *inputs, clx_error *error) {
  const char *names[ARGUMENTS_MAX + 2];
  int32_t count = 0;
  while (count < ARGUMENTS_MAX && f->argument[count] != NULL) {
    names[count] = f->argument[count];
    count++;
  }
  if (f->kind != NULL) names[count++] = "of";
  if (has_system(f)) names[count++] = "system";
  for (int32_t i = 0; inputs != NULL && i < inputs->child_count; i++) {
    bool known = false;
    for (int32_t k = 0; k < count; k++) known = known || strcmp(names[k], inputs->child[i].key) == 0;
    if (!known) return unknown("input", inputs->child[i].key, names, count, inputs->child[i].key_place, error);
  }
  return CLX_OK;
}

static const clx_node *find_input(const clx_case_run *run, const clx_case_row *row, const char *key) {
  const clx_node *node = row->inputs != NULL ? clx_node_get(row->inputs, key) : NULL;
  if (node == NULL && run->of->cooling != NULL) node = clx_node_get(run->of->cooling, key);
  return node;
}

static clx_status read_inputs(clx_case_run *run, const clx_case_row *row, const figure *f, asked *a, clx_error *error) {
  for (int32_t i = 0; i < ARGUMENTS_MAX && f->argument[i] != NULL; i++) {
    const clx_node *node = find_input(run, row, f->argument[i]);
    if (node == NULL && strcmp(f->argument[i], "heat") == 0 && strcmp(f->name, "heated") != 0) continue;  // all of it
    if (node == NULL || node->kind != CLX_NODE_SCALAR)
      return clx_fail(error, CLX_INPUT, row->place, "'%s' needs the input '%s'%s%s", f->name, f->argument[i],
                      f->unit[i][0] != '\0' ? " in " : "", f->unit[i]);
    clx_figure read;
    CLX_TRY(clx_figure_read(run->arena, node->text, f->unit[i], node->place, &read, error));
    a->x[i] = read.si;
  }
  if (f->kind == NULL) return CLX_OK;
  const clx_node *of = find_input(run, row, "of");
  if (of == NULL || of->kind != CLX_NODE_SCALAR)
    return clx_fail(error, CLX_INPUT, row->place, "'%s' needs the input 'of': %s%s", f->name,
                    strcmp(f->kind, "fluid") == 0 ? "a " : "an entry of catalogue/", f->kind);
  a->of = of->text;
  a->place = of->place;
  if (!has_system(f)) return CLX_OK;
  const clx_node *system = find_input(run, row, "system");
  if (system == NULL || system->kind != CLX_NODE_SCALAR)
    return clx_fail(error, CLX_INPUT, row->place,
                    "'%s' needs the input 'system': one of the ten types, a loop, or a climate", f->name);
  a->system = system->text;
  a->system_place = system->place;
  return CLX_OK;
}

clx_status clx_case_cooling_value(clx_case_run *run, const clx_case_row *row, clx_case_value *out, clx_error *error) {
  const char *name = row->form != NULL ? row->form : "";
  const figure *f = find_figure(name);
  if (f == NULL) {
    const char *names[NAMES_MAX];
    for (size_t i = 0; i < CLX_COUNT(FIGURES); i++) names[i] = FIGURES[i].name;
    return unknown("figure", name, names, (int32_t)CLX_COUNT(FIGURES), row->place, error);
  }
  asked a = {.run = run, .place = row->place};
  CLX_TRY(check_inputs(f, row->inputs, error));
  CLX_TRY(read_inputs(run, row, f, &a, error));
  clx_error own;
  clx_error_clear(&own);
  const clx_status status = f->value(&a, &out->value, &own);
  if (status != CLX_OK) return clx_fail(error, status, a.place, "%s", own.mistake[0].text);
  if (!isfinite(out->value)) return clx_fail(error, CLX_INPUT, row->place, "'%s' gives no finite figure", f->name);
  out->unit = f->result;
  return CLX_OK;
}
