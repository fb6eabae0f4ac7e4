// Figures of one part: exchangers, plates, racks, distribution units, pumps, towers, chillers.
#include <math.h>

#include "cooling/cooling_exchanger.h"
#include "cooling/cooling_fluid.h"
#include "cooling/cooling_mover.h"
#include "cooling/cooling_reject.h"
#include "validate/validate_cooling_internal.h"

typedef clx_cooling_asked asked;

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

static clx_status plate_resistance(const asked *a, double *out, clx_error *error) {
  clx_cold_plate plate;
  CLX_TRY(clx_cooling_entry(a, "cold_plate", &plate, error));
  return clx_cold_plate_resistance(&plate, a->x[0], out, error);
}

// Case temperature of plates in parallel: inlet + R(flow of one) P / plates.
static clx_status plate_case(const asked *a, double *out, clx_error *error) {
  clx_cold_plate plate;
  double resistance = 0;
  CLX_TRY(clx_cooling_entry(a, "cold_plate", &plate, error));
  CLX_TRY(clx_cold_plate_resistance(&plate, a->x[2], &resistance, error));
  *out = a->x[0] + a->x[1] * resistance;
  return CLX_OK;
}

static clx_status rack_flow(const asked *a, double *out, clx_error *error) {
  clx_rack_coolant rack;
  CLX_TRY(clx_cooling_entry(a, "rack_coolant", &rack, error));
  return clx_rack_coolant_flow(&rack, a->x[0], rack.power, out, error);
}

static clx_status rack_pressure(const asked *a, double *out, clx_error *error) {
  clx_rack_coolant rack;
  CLX_TRY(clx_cooling_entry(a, "rack_coolant", &rack, error));
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
  CLX_TRY(clx_cooling_entry(a, "cdu", &cdu, error));
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
  CLX_TRY(clx_cooling_entry(a, "cdu", &cdu, error));
  if (!clx_fluid_named(cdu.rack_fluid, &rack))
    return clx_fail(error, CLX_INPUT, a->place, "'%.60s': unknown fluid", cdu.name);
  *out = cdu.capacity / (cdu.rack_flow * clx_fluid_heat_capacity(&rack, a->x[0]));
  return CLX_OK;
}

// --- movers, towers, chillers ---------------------------------------------------------------------------------------------------

// Head over design head, at a share of the design flow and of full speed.
static clx_status mover_head(const asked *a, double *out, clx_error *error) {
  clx_mover mover;
  CLX_TRY(clx_cooling_entry(a, "mover", &mover, error));
  const clx_mover_size size = {&mover, 1, 1, 0};
  *out = clx_mover_head(&size, a->x[0], a->x[1], NULL);
  return CLX_OK;
}

// W of one sized for a design flow and head, at a flow and head.
static clx_status mover_power(const asked *a, double *out, clx_error *error) {
  clx_mover *mover = CLX_NEW(a->run->arena, clx_mover);
  if (mover == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(clx_cooling_entry(a, "mover", mover, error));
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
  CLX_TRY(clx_cooling_entry(a, "tower", tower, error));
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
  CLX_TRY(clx_cooling_entry(a, "tower", &tower, error));
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
  CLX_TRY(clx_cooling_entry(a, "chiller", chiller, error));
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

#define UNITS \
  {"ntu", "ratio"}, { "", "" }
#define WATER \
  {"evaporation", "drift", "cycles"}, { "kg/s", "kg/s", "" }

static const clx_cooling_figure FIGURES[] = {
    {"heated", "K", {"inlet", "heat", "flow"}, {"K", "W", "kg/s"}, "fluid", heated, NULL, false},
    {"effectiveness_counter", "", UNITS, NULL, counter, NULL, false},
    {"effectiveness_parallel", "", UNITS, NULL, parallel, NULL, false},
    {"effectiveness_cross_max_mixed", "", UNITS, NULL, cross_max, NULL, false},
    {"effectiveness_cross_min_mixed", "", UNITS, NULL, cross_min, NULL, false},
    {"plate_resistance", "K/W", {"flow"}, {"m^3/s"}, "cold_plate", plate_resistance, NULL, false},
    {"plate_case", "K", {"inlet", "power", "flow"}, {"K", "W", "m^3/s"}, "cold_plate", plate_case, NULL, false},
    {"rack_flow", "m^3/s", {"supply"}, {"K"}, "rack_coolant", rack_flow, NULL, false},
    {"rack_pressure", "Pa", {"flow"}, {"m^3/s"}, "rack_coolant", rack_pressure, NULL, false},
    {"cdu_heat", "W", {"supply"}, {"K"}, "cdu", cdu_heat, NULL, false},
    {"cdu_rise", "K", {"supply"}, {"K"}, "cdu", cdu_rise, NULL, false},
    {"mover_head", "", {"flow", "speed"}, {"", ""}, "mover", mover_head, NULL, false},
    {"mover_power",
     "W",
     {"design_flow", "design_head", "flow", "head"},
     {"m^3/s", "Pa", "m^3/s", "Pa"},
     "mover",
     mover_power,
     NULL,
     false},
    {"blowdown", "kg/s", WATER, NULL, blowdown, NULL, false},
    {"make_up", "kg/s", WATER, NULL, make_up, NULL, false},
    {"tower_evaporation", "1/K", {"depression", "pressure"}, {"K", "Pa"}, "tower", tower_evaporation, NULL, false},
    {"tower_fan", "", {"speed"}, {""}, "tower", tower_fan, NULL, false},
    {"chiller_capacity",
     "W",
     {"leaving", "entering", "heat"},
     {"K", "K", "W"},
     "chiller",
     chiller_capacity,
     NULL,
     false},
    {"chiller_cop", "", {"leaving", "entering", "heat"}, {"K", "K", "W"}, "chiller", chiller_cop, NULL, false},
    {"chillers_heat", "W", {"leaving", "entering", "units"}, {"K", "K", ""}, "chiller", chillers_heat, NULL, false},
};
const clx_cooling_figures clx_cooling_figures_parts = {FIGURES, CLX_COUNT(FIGURES)};
