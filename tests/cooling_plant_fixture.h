// Equipment and plants that tests of cooling plants share.
#pragma once

#include "check.h"

#include "cooling/cooling_plant.h"

#define C 273.15

static double fixture_flow[] = {0, 0.25, 0.5, 0.75, 1, 1.25}, fixture_head[] = {1.4, 1.38, 1.3, 1.18, 1, 0.75};
static double fixture_load[] = {0.05, 0.25, 0.5, 1}, fixture_motor[] = {0.6, 0.85, 0.92, 0.94};

#define MOVER(title, what, best)                                                                               \
  {                                                                                                            \
    .name = title, .kind = what, .flow = fixture_flow, .flow_count = 6, .head = fixture_head, .head_count = 6, \
    .efficiency = best, .load = fixture_load, .load_count = 4, .motor = fixture_motor, .motor_count = 4,       \
    .speed_least = 0.2                                                                                         \
  }
static const clx_mover fixture_pump = MOVER("pump", CLX_MOVER_PUMP, 0.8),
                       fixture_fan = MOVER("fan", CLX_MOVER_FAN, 0.65);

static double fixture_speed[] = {0.1, 0.5, 1}, fixture_power[] = {0.02, 0.14, 1};
static const clx_tower fixture_tower = {.name = "tower",
                                        .wet_bulb = C + 25,
                                        .range = 5.5,
                                        .approach = 4,
                                        .air_ratio = 1,
                                        .water_exponent = 0.4,
                                        .air_exponent = 0.6,
                                        .fan_power = 0.012,
                                        .speed = fixture_speed,
                                        .power = fixture_power,
                                        .speed_count = 3,
                                        .power_count = 3,
                                        .free_share = 0.1,
                                        .air_least = 0.2,
                                        .drift = 5e-5,
                                        .cycles = 5};
static const clx_dry_cooler fixture_dry = {.name = "dry",
                                           .air_in = C + 36,
                                           .in = C + 47,
                                           .out = C + 42,
                                           .liquid_share = 0.3,
                                           .liquid_exponent = 0.8,
                                           .air_exponent = 0.6,
                                           .fan_power = 0.02,
                                           .speed = fixture_speed,
                                           .power = fixture_power,
                                           .speed_count = 3,
                                           .power_count = 3,
                                           .free_share = 0.05,
                                           .air_least = 0.2};

#define CHILLER(title, what, watts, best, chilled, warm, away)                                                 \
  {                                                                                                            \
    .name = title, .kind = what, .capacity = watts, .cop = best, .evaporator = chilled, .condenser = warm,     \
    .evaporator_least = C + 2, .evaporator_most = C + 35, .condenser_least = C + 5, .condenser_most = C + 55,  \
    .load_least = 0.1, .load_most = 1, .lift_least = 10, .approach_evaporator = 1, .approach_condenser = away, \
    .motor_share = 1                                                                                           \
  }
static const clx_chiller fixture_water_chiller = CHILLER("centrifugal", CLX_CHILLER_WATER, 5e5, 6, C + 15, C + 29, 2);
static const clx_chiller fixture_air_chiller = CHILLER("screw", CLX_CHILLER_AIR, 3e5, 3.5, C + 15, C + 35, 12);
static const clx_cdu fixture_cdu = {.name = "cdu",
                                    .capacity = 2e6,
                                    .approach = 3,
                                    .rack_flow = 31.48,
                                    .facility_flow = 32.3,
                                    .rack_fluid = "pg25",
                                    .facility_fluid = "water",
                                    .rack_head = 3e5,
                                    .facility_pressure = 1e5,
                                    .pump = "pump"};

static const void *fixture_find(const void *of, const char *kind, const char *name) {
  (void)of;
  static const struct {
    const char *kind, *name;
    const void *it;
  } all[] = {{"mover", "pump", &fixture_pump},
             {"mover", "fan", &fixture_fan},
             {"tower", "tower", &fixture_tower},
             {"dry_cooler", "dry", &fixture_dry},
             {"chiller", "centrifugal", &fixture_water_chiller},
             {"chiller", "screw", &fixture_air_chiller},
             {"cdu", "cdu", &fixture_cdu}};
  for (int32_t i = 0; i < CLX_COUNT(all); i++) {
    if (strcmp(all[i].kind, kind) == 0 && strcmp(all[i].name, name) == 0) return all[i].it;
  }
  return NULL;
}
static const clx_plant_finder fixture_finder = {.find = fixture_find};

// A loop as the schema would make it.
static inline clx_loop_spec fixture_loop(const char *name, const char *fluid, double supply, double range,
                                         const char *pump, double pressure) {
  return (clx_loop_spec){.name = name,
                         .fluid = fluid,
                         .count = 1,
                         .supply = supply,
                         .range = range,
                         .control = CLX_FLOW_RANGE,
                         .pressure = pressure,
                         .exponent = 2,
                         .pump = pump,
                         .pumps = 2,
                         .flow_least = 0.2,
                         .pump_heat = 1};
}

static inline clx_plant_unit_spec fixture_unit(const char *name, int32_t kind, const char *loop, const char *into,
                                               const char *equipment) {
  return (clx_plant_unit_spec){
      .name = name, .kind = kind, .loop = loop, .into = into, .equipment = equipment, .share = 1, .humidity_most = 1};
}

typedef struct fixture {
  clx_loop_spec loop[8];
  clx_plant_unit_spec unit[8];
  clx_plant_spec spec;
} fixture;

enum { TCS, FWS, HALL, CHW, CDW };                            // loops
enum { CDUS, COOLER, COILS, FREE, CHILLERS, TOWERS, UNITS };  // units

// Racks -> CDUs -> facility loop -> dry coolers; hall air -> coils -> chilled water -> exchanger and chillers -> towers.
static inline void fixture_make(fixture *f) {
  *f = (fixture){0};
  f->loop[TCS] = fixture_loop("tcs", "pg25", C + 45, 10, "pump", 3e5);
  f->loop[TCS].count = 0;
  f->loop[FWS] = fixture_loop("fws", "water", C + 42, 5, "pump", 2e5);
  f->loop[HALL] = fixture_loop("hall", "air", C + 25, 12, "fan", 300);
  f->loop[CHW] = fixture_loop("chw", "water", C + 18, 6, "pump", 2e5);
  f->loop[CDW] = fixture_loop("cdw", "water", C + 29.5, 5.5, "pump", 2e5);
  f->loop[CDW].control = CLX_FLOW_FIXED;
  f->loop[CDW].set_point = CLX_SET_WET_BULB;
  f->loop[CDW].reset_offset = 4;
  f->loop[CDW].reset_least = C + 14;
  f->unit[CDUS] = fixture_unit("cdus", CLX_PLANT_EXCHANGER, "tcs", "fws", "cdu");
  f->unit[COOLER] = fixture_unit("coolers", CLX_PLANT_DRY, "fws", NULL, "dry");
  f->unit[COILS] = fixture_unit("coils", CLX_PLANT_EXCHANGER, "hall", "chw", NULL);
  f->unit[FREE] = fixture_unit("free", CLX_PLANT_EXCHANGER, "chw", "cdw", NULL);
  f->unit[FREE].approach = 2;
  f->unit[CHILLERS] = fixture_unit("chillers", CLX_PLANT_CHILLER, "chw", "cdw", "centrifugal");
  f->unit[CHILLERS].spare = 1;
  f->unit[TOWERS] = fixture_unit("towers", CLX_PLANT_TOWER, "cdw", NULL, "tower");
  f->unit[TOWERS].count = 2;
  f->unit[TOWERS].spare = 1;
  f->spec = (clx_plant_spec){.name = "test",
                             .loop = f->loop,
                             .loop_count = 5,
                             .unit = f->unit,
                             .unit_count = UNITS,
                             .liquid = "tcs",
                             .air = "hall",
                             .auxiliary = 0.002};
}

// Any number within [0, 1), the same in each run.
static inline double fixture_draw(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (double)(*state >> 11) * 0x1p-53;
}
