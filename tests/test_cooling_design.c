// The designer: smallest counts, spares, supplies side by side, refusals.
#include "check.h"

#include "cooling/cooling_design.h"

static double flow[] = {0, 1, 2}, head[] = {2, 1, 0};
static const clx_mover pump = {.name = "pump",
                               .kind = CLX_MOVER_PUMP,
                               .flow = flow,
                               .flow_count = 3,
                               .head = head,
                               .head_count = 3,
                               .efficiency = 0.7,
                               .best_flow = 1,
                               .motor_best = 0.95,
                               .motor_margin = 1.2};
static const clx_tower tower = {.name = "tower",
                                .wet_bulb = 298.71,
                                .range = 5.56,
                                .approach = 3.89,
                                .air_ratio = 1,
                                .water_exponent = 0.4,
                                .air_exponent = 0.6,
                                .fan_power = 0.01,
                                .free_share = 0.125,
                                .air_least = 0.2,
                                .drift = 1e-5,
                                .cycles = 5,
                                .capacity = 3e6};
static const clx_chiller chiller = {.name = "chiller",
                                    .kind = CLX_CHILLER_WATER,
                                    .capacity = 2e6,
                                    .cop = 6,
                                    .evaporator = 288.15,
                                    .condenser = 302.15,
                                    .evaporator_least = 278.15,
                                    .evaporator_most = 323.15,
                                    .condenser_least = 283.15,
                                    .condenser_most = 318.15,
                                    .load_most = 1,
                                    .load_least = 0.1,
                                    .lift_least = 5,
                                    .approach_evaporator = 2,
                                    .approach_condenser = 2,
                                    .motor_share = 1};

static const void *find(const void *of, const char *kind, const char *name) {
  (void)of;
  (void)name;
  if (strcmp(kind, "mover") == 0) return &pump;
  if (strcmp(kind, "tower") == 0) return &tower;
  return strcmp(kind, "chiller") == 0 ? &chiller : NULL;
}
static const clx_plant_finder finder = {find, NULL};

// Racks at 45 degC over exchangers into towers' water.
static clx_loop_spec free_loop[] = {{.name = "racks",
                                     .fluid = "pg25",
                                     .count = 10,
                                     .supply = 318.15,
                                     .range = 10,
                                     .pressure = 2e5,
                                     .exponent = 2,
                                     .pump = "pump",
                                     .pumps = 2,
                                     .pump_heat = 1},
                                    {.name = "facility",
                                     .fluid = "water",
                                     .count = 1,
                                     .supply = 314.15,
                                     .range = 8,
                                     .pressure = 2e5,
                                     .exponent = 2,
                                     .control = CLX_FLOW_RANGE,
                                     .flow_least = 0.2,
                                     .pump = "pump",
                                     .pumps = 3,
                                     .pump_heat = 1}};
static clx_plant_unit_spec free_unit[] = {
    {.name = "cdu", .kind = CLX_PLANT_EXCHANGER, .loop = "racks", .into = "facility", .share = 1, .approach = 4},
    {.name = "towers", .kind = CLX_PLANT_TOWER, .loop = "facility", .equipment = "tower", .share = 1}};
static const clx_plant_spec free_plant = {
    .name = "free", .loop = free_loop, .loop_count = 2, .unit = free_unit, .unit_count = 2, .liquid = "racks"};

// The same with an economiser and chillers between facility and tower water.
static clx_loop_spec chilled_loop[3];
static clx_plant_unit_spec chilled_unit[] = {
    {.name = "cdu", .kind = CLX_PLANT_EXCHANGER, .loop = "racks", .into = "facility", .share = 1, .approach = 4},
    {.name = "economiser",
     .kind = CLX_PLANT_EXCHANGER,
     .loop = "facility",
     .into = "tower water",
     .share = 1,
     .approach = 3},
    {.name = "chillers",
     .kind = CLX_PLANT_CHILLER,
     .loop = "facility",
     .into = "tower water",
     .equipment = "chiller",
     .share = 1},
    {.name = "towers", .kind = CLX_PLANT_TOWER, .loop = "tower water", .equipment = "tower", .share = 1}};
static const clx_plant_spec chilled_plant = {
    .name = "chilled", .loop = chilled_loop, .loop_count = 3, .unit = chilled_unit, .unit_count = 4, .liquid = "racks"};

static void make_chilled(void) {
  chilled_loop[0] = free_loop[0];
  chilled_loop[1] = free_loop[1];
  chilled_loop[2] = free_loop[1];
  chilled_loop[2].name = "tower water";
  chilled_loop[2].supply = 303.15;
  chilled_loop[2].range = 6;
  chilled_loop[2].set_point = CLX_SET_WET_BULB;
  chilled_loop[2].reset_offset = 4;
  chilled_loop[2].reset_least = 285.15;
}

enum { HOURS = 1095, STEP = 8 };
static float dry_bulb[HOURS], wet_bulb[HOURS], humidity[HOURS], pressure[HOURS];
static const clx_weather weather = {.name = "waves",
                                    .step = 3600 * STEP,
                                    .count = HOURS,
                                    .dry_bulb = dry_bulb,
                                    .wet_bulb = wet_bulb,
                                    .humidity = humidity,
                                    .pressure = pressure};

// A year and days as waves: -1 to 35 degC.
static void make_weather(void) {
  for (int32_t i = 0; i < HOURS; i++) {
    const double year = 2 * 3.14159265358979 * i / HOURS, day = 2 * 3.14159265358979 * i * STEP / 24;
    const clx_air air = clx_air_from_relative(290.15 - 12 * cos(year) - 6 * cos(day), 0.65 + 0.15 * cos(day), 101325);
    dry_bulb[i] = (float)air.dry_bulb;
    humidity[i] = (float)air.humidity;
    pressure[i] = (float)air.pressure;
    wet_bulb[i] = (float)clx_air_wet_bulb(&air);
  }
}

static clx_cooling_design_input ask(const clx_plant_spec *spec, double supply) {
  return (clx_cooling_design_input){.spec = spec,
                                    .finder = &finder,
                                    .weather = &weather,
                                    .liquid = 20e6,
                                    .it = 20e6,
                                    .supply = supply,
                                    .exceeded = 0.004,
                                    .spare = 1};
}

static const clx_cooling_design_row *row_of(const clx_cooling_design *design, const char *unit) {
  for (int32_t i = 0; i < design->row_count; i++) {
    if (strcmp(design->row[i].unit, unit) == 0) return &design->row[i];
  }
  fail_msg("no row %s", unit);
  return NULL;
}

// Whether racks and facility keep their set points at the design hour.
static bool held(const clx_cooling_design *design, const clx_plant_fault *fault) {
  clx_plant_state state;
  assert_int_equal(clx_plant_solve(&design->plant, 20e6, 0, &design->design, fault, &state, NULL), CLX_OK);
  return !state.warm && !state.loop[1].warm;
}

// One tower fewer does not hold the design hour; with one of N+1 out the plant holds it; the year is warm in no more hours than either
// temperature may be exceeded.
static void test_smallest_count_and_its_spare(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_cooling_design design, fewer;
  clx_cooling_design_input input = ask(&free_plant, 303.15);
  assert_int_equal(clx_cooling_design_run(&input, arena, &design, NULL), CLX_OK);
  const clx_cooling_design_row *towers = row_of(&design, "towers");
  assert_true(towers->count > 1 && towers->count == floor(towers->count));
  CLX_CHECK_NEAR(towers->spare, 1, 0, 0);
  assert_true(towers->load_share > 0 && towers->load_share <= 1.0001);
  assert_false(design.needs_compressors);
  assert_true(held(&design, NULL));
  clx_plant_fault fault;
  for (int32_t i = 0; i < CLX_PLANT_UNITS_MAX; i++) fault.unit[i] = 1;
  for (int32_t i = 0; i < CLX_LOOPS_MAX; i++) fault.pump[i] = 1;
  fault.unit[1] = towers->count / (towers->count + 1);
  assert_true(held(&design, &fault));
  fault.unit[1] = (towers->count - 1) / (towers->count + 1);
  assert_false(held(&design, &fault));
  assert_true(design.year.warm_time <= 2 * 0.004 * HOURS * STEP * 3600);
  assert_true(design.year.pue > 1 && design.year.water > 0);
  clx_plant_unit_spec unit[2] = {free_unit[0], free_unit[1]};
  clx_plant_spec given = free_plant;
  given.unit = unit;
  unit[1].count = towers->count - 1;
  input.spec = &given;
  clx_error error;
  clx_error_clear(&error);
  assert_int_equal(clx_cooling_design_run(&input, arena, &fewer, &error), CLX_INFEASIBLE);
  assert_non_null(strstr(error.mistake[0].text, "the closest"));
  assert_true(fewer.closest > 303.15 && fewer.closest < 306);
  unit[1].count = towers->count;
  assert_int_equal(clx_cooling_design_run(&input, arena, &fewer, NULL), CLX_OK);
  clx_arena_free(arena);
}

static void test_two_of_everything(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_cooling_design design;
  clx_cooling_design_input input = ask(&free_plant, 0);
  input.spare = -1;
  assert_int_equal(clx_cooling_design_run(&input, arena, &design, NULL), CLX_OK);
  CLX_CHECK_NEAR(design.supply, 318.15, 0, 0);
  for (int32_t i = 0; i < design.row_count; i++) CLX_CHECK_NEAR(design.row[i].spare, design.row[i].count, 0, 0);
  for (int32_t l = 0; l < 2; l++)
    CLX_CHECK_NEAR(design.plant.loop[l].spec.pumps_spare, design.plant.loop[l].spec.pumps, 0, 0);
  clx_arena_free(arena);
}

static void design_at(const clx_plant_spec *plant, double supply, clx_arena *arena, clx_cooling_design *design) {
  const clx_cooling_design_input input = ask(plant, supply);
  assert_int_equal(clx_cooling_design_run(&input, arena, design, NULL), CLX_OK);
}

// Warmer supply: fewer towers or as many, no more energy (0.1 %), fewer compressor hours; outer set points keep their approaches.
static void test_supplies_side_by_side(void **state) {
  (void)state;
  make_chilled();
  clx_arena *arena = clx_arena_new();
  static const double supply[] = {305.15, 313.15, 318.15};
  clx_cooling_design free_design[3], design[3];
  for (int32_t i = 0; i < 3; i++) {
    design_at(&free_plant, supply[i], arena, &free_design[i]);
    design_at(&chilled_plant, supply[i], arena, &design[i]);
    CLX_CHECK_NEAR(free_design[i].plant.loop[1].spec.supply, supply[i] - 4, 0, 1e-9);
    CLX_CHECK_NEAR(design[i].plant.loop[2].spec.supply, 303.15, 0, 1e-9);  // beyond the chillers
    if (i == 0) continue;
    assert_true(row_of(&free_design[i], "towers")->count <= row_of(&free_design[i - 1], "towers")->count);
    assert_true(design[i].year.electric <= 1.001 * design[i - 1].year.electric);
    assert_true(design[i].year.compressor_time <= design[i - 1].year.compressor_time);
  }
  assert_true(design[0].needs_compressors && design[0].year.compressor_time > 0);
  assert_true(row_of(&design[0], "chillers")->count > 0);
  assert_false(design[2].needs_compressors);
  CLX_CHECK_NEAR(row_of(&design[2], "chillers")->count, 0, 0, 0);  // idle at the design hour: left out
  assert_int_equal(design[2].plant.unit_count, 3);
  CLX_CHECK_NEAR(design[2].year.compressor_time, 0, 0, 0);
  clx_arena_free(arena);
}

static void test_refusals(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_cooling_design design[1];
  clx_error error;
  clx_cooling_design_input input = ask(&free_plant, 293.15);  // below the wet bulb of the design day
  clx_error_clear(&error);
  assert_int_equal(clx_cooling_design_run(&input, arena, design, &error), CLX_INFEASIBLE);
  assert_non_null(strstr(error.mistake[0].text, "20.00 degC"));
  const double wet = clx_air_wet_bulb(&design[0].design);
  assert_true(design[0].closest > wet + 4 && design[0].closest < wet + 9);
  assert_int_equal(error.count, 1);
  input.supply = 400;
  assert_int_equal(clx_cooling_design_run(&input, arena, design, NULL), CLX_INPUT);
  input = ask(&free_plant, 0);
  input.exceeded = 0.6;
  assert_int_equal(clx_cooling_design_run(&input, arena, design, NULL), CLX_INPUT);
  clx_arena_free(arena);
}

int main(void) {
  make_weather();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_smallest_count_and_its_spare),
      cmocka_unit_test(test_two_of_everything),
      cmocka_unit_test(test_supplies_side_by_side),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
