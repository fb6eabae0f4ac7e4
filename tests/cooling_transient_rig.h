// A plant of racks' loops, CDUs, facility water, dry coolers and chillers, for tests of transients.
#pragma once

#include "check.h"

#include "cooling/cooling_transient.h"

static double share[] = {0, 0.5, 1, 1.5}, head[] = {1.4, 1.3, 1, 0.5}, load[] = {0.1, 1}, motor[] = {0.9, 0.95};
static const clx_mover pump = {.name = "pump",
                               .flow = share,
                               .flow_count = 4,
                               .head = head,
                               .head_count = 4,
                               .efficiency = 0.8,
                               .load = load,
                               .load_count = 2,
                               .motor = motor,
                               .motor_count = 2};
static const clx_mover fan = {.name = "fan",
                              .kind = CLX_MOVER_FAN,
                              .flow = share,
                              .flow_count = 4,
                              .head = head,
                              .head_count = 4,
                              .efficiency = 0.6,
                              .load = load,
                              .load_count = 2,
                              .motor = motor,
                              .motor_count = 2};
static double speed[] = {0, 0.5, 1}, power[] = {0, 0.125, 1};
static const clx_dry_cooler dry = {.name = "dry",
                                   .air_in = 303.15,
                                   .in = 319.15,
                                   .out = 309.15,
                                   .fan_power = 0.02,
                                   .speed = speed,
                                   .speed_count = 3,
                                   .power = power,
                                   .power_count = 3};
static const clx_chiller chiller = {.name = "chiller",
                                    .kind = CLX_CHILLER_AIR,
                                    .capacity = 1e6,
                                    .cop = 6,
                                    .evaporator = 309.15,
                                    .condenser = 308.15,
                                    .evaporator_least = 278.15,
                                    .evaporator_most = 333.15,
                                    .condenser_least = 273.15,
                                    .condenser_most = 333.15,
                                    .load_most = 1,
                                    .lift_least = 5,
                                    .approach_evaporator = 2,
                                    .approach_condenser = 8,
                                    .restart_time = 60,
                                    .motor_share = 1};
static const clx_air OUTSIDE = {.dry_bulb = 303.15, .humidity = 0.01, .pressure = 101325};
static const double LOOPS = 6, HEAT = 6e6;

static const void *find(const void *of, const char *kind, const char *name) {
  (void)of;
  if (!strcmp(kind, "mover")) return strcmp(name, "fan") == 0 ? &fan : &pump;
  if (!strcmp(kind, "dry_cooler")) return &dry;
  if (!strcmp(kind, "chiller")) return &chiller;
  return NULL;
}

typedef struct rig {
  clx_arena *arena;
  clx_error error;
  clx_loop_spec loop[3];
  clx_plant_unit_spec unit[4];
  clx_plant_spec spec;
  clx_plant plant;
  clx_transient_input input;
  clx_trip trip[6];
  clx_transient out;
} rig;

// Racks' loops of PG25, CDUs, one facility loop of water, dry coolers, chillers behind them.
static inline rig *start(void) {
  rig *r = calloc(1, sizeof *r);
  assert_non_null(r);
  r->arena = clx_arena_new();
  r->loop[0] = (clx_loop_spec){.name = "racks",
                               .fluid = "pg25",
                               .count = LOOPS,
                               .supply = 313.15,
                               .range = 10,
                               .pressure = 2e5,
                               .exponent = 2,
                               .pump = "pump",
                               .pumps = 2,
                               .pumps_spare = 1,
                               .flow_least = 0.2,
                               .volume = 1,
                               .pump_heat = 1};
  r->loop[1] = r->loop[0];
  r->loop[1].name = "facility", r->loop[1].fluid = "water", r->loop[1].count = 1, r->loop[1].supply = 309.15;
  r->loop[1].pumps = 4, r->loop[1].volume = 5;
  r->unit[0] = (clx_plant_unit_spec){.name = "cdu",
                                     .kind = CLX_PLANT_EXCHANGER,
                                     .loop = "racks",
                                     .into = "facility",
                                     .count = LOOPS,
                                     .share = 1,
                                     .approach = 4};
  r->unit[1] = (clx_plant_unit_spec){
      .name = "cooler", .kind = CLX_PLANT_DRY, .loop = "facility", .equipment = "dry", .count = 8, .share = 0.6};
  r->unit[2] = (clx_plant_unit_spec){.name = "chiller",
                                     .kind = CLX_PLANT_CHILLER,
                                     .loop = "facility",
                                     .equipment = "chiller",
                                     .count = 8,
                                     .spare = 1,
                                     .share = 1};
  r->spec = (clx_plant_spec){
      .name = "rig", .loop = r->loop, .loop_count = 2, .unit = r->unit, .unit_count = 3, .liquid = "racks"};
  r->input = (clx_transient_input){
      .plant = &r->plant, .outside = &OUTSIDE, .liquid = HEAT, .trip = r->trip, .horizon = 600, .step = 5};
  return r;
}

static inline void build(rig *r) {
  const clx_plant_finder finder = {find, NULL};
  clx_error_clear(&r->error);
  const clx_status status =
      clx_plant_build(&r->spec, &finder, r->input.liquid, r->input.air, &OUTSIDE, r->arena, &r->plant, &r->error);
  if (status != CLX_OK) fail_msg("%s", r->error.mistake[0].text);
}

static inline void finish(rig *r) {
  clx_arena_free(r->arena);
  free(r);
}

static inline void run(rig *r) {
  clx_error_clear(&r->error);
  const clx_status status = clx_transient_run(&r->input, r->arena, &r->out, &r->error);
  if (status != CLX_OK) fail_msg("%s", r->error.mistake[0].text);
  assert_true(r->out.energy_residual < 1e-9);
  for (int64_t i = 0; i < r->out.samples; i++) {
    assert_true(isfinite(r->out.supply[i]) && isfinite(r->out.back[i]) && isfinite(r->out.chip_most[i]));
    assert_true(isfinite(r->out.flow[i]) && isfinite(r->out.clock[i]) && isfinite(r->out.electric[i]));
  }
}

static inline void add(rig *r, clx_trip trip) { r->trip[r->input.trip_count++] = trip; }

// 700 chips of 1 kW in each loop; the rest of the heat goes straight into the coolant.
static const clx_chip_thermal plain_chip = {
    .junction_case = 0.01, .throttle = 363.15, .shutdown = 373.15, .capacity = 400};

static inline void with_chips(rig *r, const clx_chip_thermal *chip) {
  r->input.chips.thermal = chip;
  r->input.chips.power = 1000;
  r->input.chips.count = 700 * LOOPS;
  r->input.chips.resistance = 0.025;
}
