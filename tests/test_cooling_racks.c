// Racks on a plant's loop: the flow that their makers' tables ask for, and how headers share it.
#include "check.h"

#include <math.h>
#include <string.h>

#include "cooling/cooling_racks.h"

// GB300 NVL72 as Lenovo builds it (catalogue/rack_coolant/gb300_nvl72: LP2357).
static double SUPPLY[] = {298.15, 303.15, 308.15, 313.15, 318.15};
static double FLOW[] = {59e-3 / 60, 71e-3 / 60, 89e-3 / 60, 119e-3 / 60, 177e-3 / 60};
static double PRESSURE[] = {15858, 22063, 33784, 58605, 126864};
static const clx_rack_coolant GB300 = {.name = "gb300",
                                       .fluid = "water",
                                       .power = 135e3,
                                       .liquid = 0.91,
                                       .return_most = 328.15,
                                       .effectiveness = 1,
                                       .supply_least = 275.15,
                                       .supply_most = 323.15,
                                       .supply = SUPPLY,
                                       .supply_count = 5,
                                       .flow = FLOW,
                                       .flow_count = 5,
                                       .pressure = PRESSURE,
                                       .pressure_count = 5,
                                       .exponent = 1.75};
static const clx_rack_coolant PLAIN = {.name = "plain",
                                       .fluid = "water",
                                       .power = 80e3,
                                       .liquid = 0.8,
                                       .return_most = 338.15,
                                       .effectiveness = 0.5,
                                       .supply_least = 283.15,
                                       .supply_most = 318.15};
static const clx_fluid WATER = {.kind = CLX_FLUID_WATER}, PG25 = {.kind = CLX_FLUID_GLYCOL, .glycol = 0.25};

static clx_racks_need ask(const clx_fluid *fluid, double supply, clx_racks_row *row, int32_t count) {
  clx_racks_need need;
  clx_error error;
  clx_error_clear(&error);
  if (clx_racks_ask(fluid, supply, row, count, &need, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return need;
}

// One rack at the table's power: the table's flow within 2 %, its drop within 10 % (one exponent through five points).
static void test_table(void **state) {
  (void)state;
  for (int32_t i = 0; i < 5; i++) {
    clx_racks_row row = {.coolant = &GB300, .racks = 100, .power = 135e3};
    const clx_racks_need need = ask(&WATER, SUPPLY[i], &row, 1);
    CLX_CHECK_NEAR(row.flow / clx_fluid_density(&WATER, SUPPLY[i]), FLOW[i], 0.02, 0);
    CLX_CHECK_NEAR(need.flow, 100 * row.flow, 1e-12, 0);
    CLX_CHECK_NEAR(need.heat, 100 * 0.91 * 135e3, 1e-12, 0);
    CLX_CHECK_NEAR(need.pressure, PRESSURE[i], 0.1, 0);
    CLX_CHECK_NEAR(need.range, 328.15 - SUPPLY[i], 1e-6, 0);
  }
}

// A mix closes its energy balance between the ranges of its parts; another fluid keeps the returns and moves more of itself.
static void test_mix(void **state) {
  (void)state;
  clx_racks_row row[] = {{.coolant = &GB300, .racks = 30, .power = 130e3},
                         {.coolant = &PLAIN, .racks = 70, .power = 75e3}};
  const clx_racks_need water = ask(&WATER, 308.15, row, 2);
  assert_true(water.range > 15 && water.range < 20);  // 0.5 (65 - 35) and 55 - 35
  const double capacity = clx_fluid_heat_capacity(&WATER, 308.15 + 0.5 * water.range);
  CLX_CHECK_NEAR(water.flow * capacity * water.range, water.heat, 1e-9, 0);
  const clx_racks_need glycol = ask(&PG25, 308.15, row, 2);
  CLX_CHECK_NEAR(glycol.range, water.range, 2e-3, 0);
  CLX_CHECK_NEAR(glycol.flow / water.flow, capacity / clx_fluid_heat_capacity(&PG25, 308.15 + 0.5 * water.range), 2e-3,
                 0);
}

static void test_refusals(void **state) {
  (void)state;
  clx_racks_need need;
  clx_error error;
  clx_racks_row row = {.coolant = &GB300, .racks = 1, .power = 130e3};
  clx_error_clear(&error);
  assert_int_equal(clx_racks_ask(&WATER, 330, &row, 1, &need, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "2 to 50 degC"));
  row.racks = 0;
  clx_error_clear(&error);
  assert_int_equal(clx_racks_ask(&WATER, 308, &row, 1, &need, &error), CLX_INPUT);
}

// The loop's range becomes that of the racks, its pressure changes by what they take; nothing else does.
static void test_fit(void **state) {
  (void)state;
  clx_loop_spec loop[] = {{.name = "racks", .range = 10, .pressure = 250e3, .racks_pressure = 100e3},
                          {.name = "facility", .range = 12, .pressure = 300e3}};
  clx_plant_spec plant = {.loop = loop, .loop_count = 2, .liquid = "racks"};
  const clx_racks_need need = {.range = 20, .pressure = 34e3};
  clx_plant_fit_racks(&plant, &need);
  CLX_CHECK_NEAR(loop[0].range, 20, 0, 0);
  CLX_CHECK_NEAR(loop[0].pressure, 184e3, 0, 0);
  CLX_CHECK_NEAR(loop[1].range, 12, 0, 0);
  loop[0].racks_pressure = 0;
  clx_plant_fit_racks(&plant, &need);
  CLX_CHECK_NEAR(loop[0].pressure, 184e3, 0, 0);
  plant.liquid = NULL;  // a plant of hall air alone
  clx_plant_fit_racks(&plant, &need);
}

// Direct return starves the last rack, reverse return the middle and less, valves nobody; a tighter rack evens out.
static void test_headers(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_header_flow out[3], tight;
  clx_loop loop = {.spec = {.name = "racks", .supply = 308.15, .range = 15, .count = 10, .header_velocity = 2.5},
                   .fluid = WATER,
                   .flow = 30,
                   .density = 994};
  for (int32_t i = 0; i < 3; i++) {
    loop.spec.header_return = i;
    assert_int_equal(clx_plant_header(&loop, 200, 34e3, arena, &out[i], NULL), CLX_OK);
  }
  assert_int_equal(out[CLX_HEADER_DIRECT].starved, 19);
  assert_true(out[CLX_HEADER_DIRECT].least < 0.98);
  assert_true(out[CLX_HEADER_REVERSE].least > out[CLX_HEADER_DIRECT].least);
  CLX_CHECK_NEAR(out[CLX_HEADER_BALANCED].least, 1, 1e-9, 0);
  loop.spec.header_return = CLX_HEADER_DIRECT;
  assert_int_equal(clx_plant_header(&loop, 200, 130e3, arena, &tight, NULL), CLX_OK);
  assert_true(tight.least > out[CLX_HEADER_DIRECT].least);
  loop.spec.header_velocity = 0;
  assert_int_equal(clx_plant_header(&loop, 200, 34e3, arena, &tight, NULL), CLX_INPUT);
  clx_arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_mix),
                                     cmocka_unit_test(test_refusals), cmocka_unit_test(test_fit),
                                     cmocka_unit_test(test_headers)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
