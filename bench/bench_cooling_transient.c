// Ten minutes of a plant of 257 coolant loops after its power fails for 30 s: every loop distinct, and as one cohort. CPU time of the best of three
// rounds, steps, and how many times faster than real time; asserts nothing. Published beside it: 79.3 s of wall clock for 60 s of the Summit plant
// of 257 CDUs by its FMU (ExaDigiT, hpc-cooling-surrogate).
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cooling/cooling_transient.h"

enum { LOOPS = 257, ROUNDS = 3 };

static double share[] = {0, 0.5, 1, 1.5}, head[] = {1.4, 1.3, 1, 0.5}, load[] = {0.1, 1}, motor[] = {0.9, 0.95};
static const clx_mover PUMP = {.name = "pump",
                               .flow = share,
                               .flow_count = 4,
                               .head = head,
                               .head_count = 4,
                               .efficiency = 0.8,
                               .load = load,
                               .load_count = 2,
                               .motor = motor,
                               .motor_count = 2};
static double speed[] = {0, 0.5, 1}, power[] = {0, 0.125, 1};
static const clx_dry_cooler DRY = {.name = "dry",
                                   .air_in = 303.15,
                                   .in = 319.15,
                                   .out = 309.15,
                                   .fan_power = 0.02,
                                   .speed = speed,
                                   .speed_count = 3,
                                   .power = power,
                                   .power_count = 3};
static clx_loop_spec loops[2] = {{.name = "racks",
                                  .fluid = "pg25",
                                  .count = LOOPS,
                                  .supply = 313.15,
                                  .range = 10,
                                  .pressure = 2e5,
                                  .exponent = 2,
                                  .pump = "pump",
                                  .pumps = 2,
                                  .pumps_spare = 1,
                                  .pump_heat = 1},
                                 {.name = "facility",
                                  .fluid = "water",
                                  .count = 1,
                                  .supply = 309.15,
                                  .range = 10,
                                  .pressure = 2e5,
                                  .exponent = 2,
                                  .pump = "pump",
                                  .pumps = 8,
                                  .pumps_spare = 1,
                                  .pump_heat = 1}};
static clx_plant_unit_spec units[2] = {
    {.name = "cdu",
     .kind = CLX_PLANT_EXCHANGER,
     .loop = "racks",
     .into = "facility",
     .count = LOOPS,
     .share = 1,
     .approach = 4},
    {.name = "cooler", .kind = CLX_PLANT_DRY, .loop = "facility", .equipment = "dry", .count = 100, .share = 1.1}};
static const clx_plant_spec SPEC = {
    .name = "bench", .loop = loops, .loop_count = 2, .unit = units, .unit_count = 2, .liquid = "racks"};

static const void *find(const void *of, const char *kind, const char *name) {
  (void)of, (void)name;
  return !strcmp(kind, "mover") ? (const void *)&PUMP : !strcmp(kind, "dry_cooler") ? (const void *)&DRY : NULL;
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void must(clx_status status, const clx_error *error) {
  if (status == CLX_OK) return;
  fprintf(stderr, "bench_cooling_transient: %s\n", error->mistake[0].text);
  exit(1);
}

static void measure(const char *name, const double *member, int32_t members) {
  static const clx_chip_thermal CHIP = {.junction_case = 0.01,
                                        .throttle = 360,
                                        .shutdown = 365,
                                        .leakage = 0.1,
                                        .leakage_doubling = 25,
                                        .reference = 338,
                                        .capacity = 400};
  static const clx_trip TRIP[2] = {{CLX_TRIP_POWER, NULL, 60, -1, -1}, {CLX_TRIP_RESTORE, NULL, 90, -1, -1}};
  const clx_air air = {.dry_bulb = 301.15, .humidity = 0.01, .pressure = 101325};
  const clx_plant_finder finder = {find, NULL};
  double best = INFINITY;
  clx_transient out;
  for (int32_t i = 0; i < ROUNDS; i++) {
    clx_arena *arena = clx_arena_new();
    clx_error error;
    clx_error_clear(&error);
    static clx_plant plant;
    must(clx_plant_build(&SPEC, &finder, LOOPS * 1e6, 0, &air, arena, &plant, &error), &error);
    const clx_transient_input input = {
        .plant = &plant,
        .outside = &air,
        .liquid = LOOPS * 1e6,
        .member = member,
        .members = members,
        .chips = {.thermal = &CHIP, .power = 1000, .count = LOOPS * 700.0, .resistance = 0.025},
        .trip = TRIP,
        .trip_count = 2,
        .horizon = 600,
        .step = 1};
    const double from = seconds();
    must(clx_transient_run(&input, arena, &out, &error), &error);
    best = fmin(best, seconds() - from);
    clx_arena_free(arena);
  }
  printf(
      "%-22s %8.4f s for 600 s, %8.0f times real time, %5lld steps, %5lld evaluations, balance %.1e, throttle after "
      "%.1f s\n",
      name, best, 600 / best, (long long)out.steps, (long long)out.evaluations, out.energy_residual, out.to_throttle);
}

int main(void) {
  static double member[LOOPS];
  double sum = 0;
  for (int32_t i = 0; i < LOOPS; i++) sum += member[i] = 0.85 + 0.3 * fmod(i * 0.6180339887498949, 1);
  for (int32_t i = 0; i < LOOPS; i++) member[i] *= LOOPS / sum;
  measure("257 distinct loops", member, LOOPS);
  measure("one cohort", NULL, 0);
  return 0;
}
