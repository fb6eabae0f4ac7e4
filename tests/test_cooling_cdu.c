// Cold plates, racks' coolant and coolant distribution units: published rows are reproduced, nothing is extrapolated silently.
#include "check.h"

#include "catalog/catalog.h"
#include "cooling/cooling_exchanger.h"
#include "cooling/cooling_fluid.h"

#define LPM (1e-3 / 60)
#define PSI 6894.757293168
#define ICE 273.15

static clx_catalog *catalog;
static clx_arena *arena;

static int open_catalog(void **state) {
  (void)state;
  arena = clx_arena_new();
  return arena != NULL && clx_catalog_open(NULL, &catalog, NULL) == CLX_OK ? 0 : -1;
}

static int close_catalog(void **state) {
  (void)state;
  clx_catalog_close(catalog);
  clx_arena_free(arena);
  return 0;
}

static void read_entry(const char *kind, const char *name, const clx_schema *schema, void *object) {
  clx_error error = {0};
  if (clx_catalog_read(catalog, kind, name, (clx_place){0}, schema, arena, object, &error) != CLX_OK) {
    fail_msg("%s", error.mistake[0].text);
  }
}

static clx_rack_coolant rack_of(const char *name) {
  clx_rack_coolant rack;
  read_entry("rack_coolant", name, &clx_rack_coolant_schema, &rack);
  assert_int_equal(clx_rack_coolant_check(&rack, (clx_place){0}, NULL), CLX_OK);
  return rack;
}

static clx_cdu cdu_of(const char *name) {
  clx_cdu cdu;
  read_entry("cdu", name, &clx_cdu_schema, &cdu);
  assert_int_equal(clx_cdu_check(&cdu, (clx_place){0}, NULL), CLX_OK);
  return cdu;
}

// --- cold plates ------------------------------------------------------------------------------------------------------------

static void test_plate_passes_through_its_points(void **state) {
  (void)state;
  // Open Compute, OAI liquid cooling guidelines, figures 7 and 8.
  static const double pg25[][2] = {{0.4, 0.0389}, {0.8, 0.0265}, {1.0, 0.0245}, {1.6, 0.0214}, {2.4, 0.0197}};
  static const double water[][2] = {{2, 0.0172}, {3, 0.0160}, {4, 0.0154}, {5, 0.0151}};
  clx_cold_plate plate;
  double resistance = 0;
  read_entry("cold_plate", "ocp_1kw_pg25", &clx_cold_plate_schema, &plate);
  assert_int_equal(clx_cold_plate_check(&plate, (clx_place){0}, NULL), CLX_OK);
  for (size_t i = 0; i < sizeof pg25 / sizeof *pg25; i++) {
    assert_int_equal(clx_cold_plate_resistance(&plate, pg25[i][0] * LPM, &resistance, NULL), CLX_OK);
    CLX_CHECK_NEAR(resistance, pg25[i][1], 1e-9, 0);
  }
  double before = 1;
  for (double flow = 0.4; flow <= 2.4; flow += 0.003) {
    assert_int_equal(clx_cold_plate_resistance(&plate, flow * LPM, &resistance, NULL), CLX_OK);
    assert_true(resistance <= before);
    before = resistance;
  }
  read_entry("cold_plate", "ocp_1kw_water", &clx_cold_plate_schema, &plate);
  for (size_t i = 0; i < sizeof water / sizeof *water; i++) {
    assert_int_equal(clx_cold_plate_resistance(&plate, water[i][0] * LPM, &resistance, NULL), CLX_OK);
    CLX_CHECK_NEAR(resistance, water[i][1], 1e-9, 0);
  }
}

// Rows left out are found from their neighbours: what interpolation is worth. The second row stands next to the steep end.
static void test_plate_predicts_rows_left_out(void **state) {
  (void)state;
  clx_cold_plate plate, thin;
  read_entry("cold_plate", "ocp_1kw_pg25", &clx_cold_plate_schema, &plate);
  for (int32_t out = 1; out < plate.flow_count - 1; out++) {
    double flow[32], resistance[32], found = 0;
    thin = plate;
    thin.flow = flow;
    thin.resistance = resistance;
    thin.flow_count = thin.resistance_count = plate.flow_count - 1;
    for (int32_t i = 0, j = 0; i < plate.flow_count; i++) {
      if (i == out) continue;
      flow[j] = plate.flow[i];
      resistance[j++] = plate.resistance[i];
    }
    assert_int_equal(clx_cold_plate_resistance(&thin, plate.flow[out], &found, NULL), CLX_OK);
    CLX_CHECK_NEAR(found, plate.resistance[out], out == 1 ? 0.035 : 0.008, 0);
  }
}

static void test_plate_refuses(void **state) {
  (void)state;
  clx_cold_plate plate;
  clx_error error = {0};
  double resistance = -1;
  read_entry("cold_plate", "ocp_1kw_pg25", &clx_cold_plate_schema, &plate);
  assert_int_equal(clx_cold_plate_resistance(&plate, 0.39 * LPM, &resistance, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "0.4 to 2.4 L/min"));
  assert_int_equal(clx_cold_plate_resistance(&plate, 2.5 * LPM, &resistance, NULL), CLX_INPUT);
  assert_int_equal(clx_cold_plate_resistance(&plate, NAN, &resistance, NULL), CLX_INPUT);
  assert_true(resistance == -1);
  double flow[] = {1 * LPM, 2 * LPM}, rising[] = {0.02, 0.03};
  clx_cold_plate wrong = {
      .name = "x", .fluid = "water", .flow = flow, .flow_count = 2, .resistance = rising, .resistance_count = 2};
  assert_int_equal(clx_cold_plate_check(&wrong, (clx_place){0}, NULL), CLX_INPUT);
  wrong.resistance_count = 1;
  assert_int_equal(clx_cold_plate_check(&wrong, (clx_place){0}, NULL), CLX_INPUT);
  wrong.fluid = "oil";
  assert_int_equal(clx_cold_plate_check(&wrong, (clx_place){0}, NULL), CLX_INPUT);
}

// --- racks ------------------------------------------------------------------------------------------------------------------

static void test_rack_table(void **state) {
  (void)state;
  // Lenovo LP2357, table 27: degC, L/min, psi.
  static const double rows[][3] = {{25, 59, 2.3}, {30, 71, 3.2}, {35, 89, 4.9}, {40, 119, 8.5}, {45, 177, 18.4}};
  const clx_rack_coolant rack = rack_of("gb300_nvl72");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    double flow = 0;
    assert_int_equal(clx_rack_coolant_flow(&rack, rows[i][0] + ICE, 135e3, &flow, NULL), CLX_OK);
    CLX_CHECK_NEAR(flow / LPM, rows[i][1], 0.02, 0);
    CLX_CHECK_NEAR(clx_rack_coolant_pressure(&rack, rows[i][1] * LPM) / PSI, rows[i][2], 0.02, 0);
    CLX_CHECK_NEAR(clx_rack_coolant_pressure(&rack, flow) / PSI, rows[i][2], 0.02, 0);
  }
  const double exponent =
      log(clx_rack_coolant_pressure(&rack, 4 * LPM) / clx_rack_coolant_pressure(&rack, 2 * LPM)) / log(2);
  CLX_CHECK_NEAR(exponent, 1.89, 0, 0.015);
}

// The trays' flows follow one wall temperature: four rows, two constants. H100: two rows that fixed them.
static void test_tray_tables(void **state) {
  (void)state;
  static const struct {
    const char *rack;
    double power, supply, flow;
  } rows[] = {{"gb200_nvl4_tray", 5.8e3, 45, 7.0}, {"gb200_nvl4_tray", 5.8e3, 40, 6.0},
              {"gb200_nvl4_tray", 5.8e3, 32, 4.8}, {"gb200_nvl4_tray", 5.8e3, 27, 4.4},
              {"h100_tray_4", 3.6e3, 45, 5},       {"h100_tray_4", 3.6e3, 40, 4},
              {"gb200_nvl72", 120e3, 45, 130},     {"frontier_cabinet", 379e3, 21, 307}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const clx_rack_coolant rack = rack_of(rows[i].rack);
    double flow = 0;
    assert_int_equal(clx_rack_coolant_flow(&rack, rows[i].supply + ICE, rows[i].power, &flow, NULL), CLX_OK);
    CLX_CHECK_NEAR(flow / LPM, rows[i].flow, 0.02, 0);
  }
}

static void test_rack_between_and_beyond(void **state) {
  (void)state;
  const clx_rack_coolant rack = rack_of("gb300_nvl72");
  clx_error error = {0};
  double flow = 0, before = 0, half = 0;
  for (double supply = 2; supply <= 50; supply += 0.5) {
    assert_int_equal(clx_rack_coolant_flow(&rack, supply + ICE, 135e3, &flow, NULL), CLX_OK);
    assert_int_equal(clx_rack_coolant_flow(&rack, supply + ICE, 67.5e3, &half, NULL), CLX_OK);
    assert_true(flow > before);
    CLX_CHECK_NEAR(half, flow / 2, 1e-12, 0);
    // Heat balance with water: what leaves at 55 degC carries 91 %.
    clx_fluid water;
    clx_fluid_state state_in, state_mean;
    assert_true(clx_fluid_named("water", &water));
    assert_int_equal(clx_fluid_at(&water, supply + ICE, &state_in, NULL), CLX_OK);
    assert_int_equal(clx_fluid_at(&water, (supply + 55) / 2 + ICE, &state_mean, NULL), CLX_OK);
    CLX_CHECK_NEAR(flow * state_in.density * state_mean.heat_capacity * (55 - supply), 0.91 * 135e3, 1e-9, 0);
    before = flow;
  }
  flow = -1;
  assert_int_equal(clx_rack_coolant_flow(&rack, 1.9 + ICE, 135e3, &flow, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "2 to 50 degC"));
  assert_int_equal(clx_rack_coolant_flow(&rack, 50.1 + ICE, 135e3, &flow, NULL), CLX_INPUT);
  assert_int_equal(clx_rack_coolant_flow(&rack, 45 + ICE, -1, &flow, NULL), CLX_INPUT);
  assert_int_equal(clx_rack_coolant_flow(&rack, 45 + ICE, NAN, &flow, NULL), CLX_INPUT);
  assert_true(flow == -1);
}

// --- coolant distribution units ---------------------------------------------------------------------------------------------

static void test_records_are_reproduced(void **state) {
  (void)state;
  static const struct {
    const char *name;
    double supply, capacity, approach;
  } rows[] = {{"deschutes", 29.8, 2e6, 3},
              {"vertiv_xdu1350", 32, 1350e3, 4},
              {"vertiv_coolchip_600", 32, 600e3, 4},
              {"vertiv_coolchip_1350", 32, 1350e3, 4},
              {"vertiv_coolchip_2300", 32, 2300e3, 4},
              {"coolit_chx2000", 40, 2e6, 5},
              {"hpe_in_row", 40, 1300e3, 4},
              {"supermicro_in_row", 40, 1800e3, 4},
              {"supermicro_in_rack", 40, 250e3, 4},
              {"envicool_300", 36, 300e3, 4},
              {"envicool_600", 36, 600e3, 4},
              {"envicool_800", 36, 800e3, 4},
              {"envicool_1400", 36, 1400e3, 4},
              {"envicool_2500", 36, 2500e3, 4}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const clx_cdu cdu = cdu_of(rows[i].name);
    const double supply = rows[i].supply + ICE;
    clx_exchanger x;
    double heat = 0;
    CLX_CHECK_NEAR(cdu.capacity, rows[i].capacity, 1e-12, 0);
    assert_int_equal(clx_cdu_exchanger(&cdu, supply, &x, NULL), CLX_OK);
    assert_int_equal(
        clx_cdu_heat(&cdu, &x, supply, cdu.rack_flow, supply - rows[i].approach, cdu.facility_flow, &heat, NULL),
        CLX_OK);
    CLX_CHECK_NEAR(heat, rows[i].capacity, 1e-9, 0);
    // Half the approach, half the heat; warmer than the racks' supply: none. More flow, more heat.
    assert_int_equal(
        clx_cdu_heat(&cdu, &x, supply, cdu.rack_flow, supply - rows[i].approach / 2, cdu.facility_flow, &heat, NULL),
        CLX_OK);
    CLX_CHECK_NEAR(heat, rows[i].capacity / 2, 2e-3, 0);
    assert_int_equal(clx_cdu_heat(&cdu, &x, supply, cdu.rack_flow, supply + 1, cdu.facility_flow, &heat, NULL), CLX_OK);
    assert_true(heat == 0);
    assert_int_equal(
        clx_cdu_heat(&cdu, &x, supply, cdu.rack_flow, supply - rows[i].approach, 1.1 * cdu.facility_flow, &heat, NULL),
        CLX_OK);
    assert_true(heat > rows[i].capacity * 1.01);
  }
}

static void test_deschutes_closes(void **state) {
  (void)state;
  const clx_cdu cdu = cdu_of("deschutes");
  clx_exchanger x;
  assert_int_equal(clx_cdu_exchanger(&cdu, 29.8 + ICE, &x, NULL), CLX_OK);
  // Facts: 16.3 K of rise on the racks' side at 3.9 kJ/(kg K).
  const clx_exchange e = clx_exchanger_run(&x, 29.8 + 16.3 + ICE, 31.48, 3900, 26.8 + ICE, 32.30, 4180);
  CLX_CHECK_NEAR(e.heat, 2e6, 0.01, 0);
  CLX_CHECK_NEAR(e.hot_out, 29.8 + ICE, 0, 0.1);
  CLX_CHECK_NEAR(clx_cdu_electric(&cdu, 29.8 + ICE, 0.75), 74e3, 1e-12, 0);
  // Without that statement: 31.48 kg/s against 80 psi, 17 kW of hydraulic power.
  clx_cdu silent = cdu;
  silent.electric = 0;
  CLX_CHECK_NEAR(clx_cdu_electric(&silent, 29.8 + ICE, 1), 17.0e3, 0.01, 0);
  silent.rack_head = 0;
  assert_true(clx_cdu_electric(&silent, 29.8 + ICE, 1) == 0);
}

// 100 kW from water of 32 degC and 60 kW from 40 degC are one return temperature.
static void test_in_rack_unit_of_two_ratings(void **state) {
  (void)state;
  const clx_cdu cdu = cdu_of("supermicro_in_rack_2024");
  clx_exchanger x;
  assert_int_equal(clx_cdu_exchanger(&cdu, 40 + ICE, &x, NULL), CLX_OK);
  CLX_CHECK_NEAR(clx_exchanger_run(&x, 52 + ICE, cdu.rack_flow, 3900, 32 + ICE, cdu.facility_flow, 4180).heat, 100e3,
                 0.02, 0);
  CLX_CHECK_NEAR(clx_exchanger_run(&x, 52 + ICE, cdu.rack_flow, 3900, 40 + ICE, cdu.facility_flow, 4180).heat, 60e3,
                 0.02, 0);
}

// The door of the library's example: air from 40 to 30 degC by water from 25 to 35, in crossflow. With the servers' air slowed to 0.845 by its resistance the
// same heat leaves them 1.8 K hotter; the water takes what the effectiveness gives.
static void test_rear_door(void **state) {
  (void)state;
  const clx_cdu door = cdu_of("rear_door_66kw");
  clx_exchanger x;
  double heat = 0;
  assert_int_equal(clx_cdu_exchanger(&door, 30 + ICE, &x, NULL), CLX_OK);
  assert_int_equal(x.arrangement, CLX_CROSS_UNMIXED);
  const clx_fluid water = {.kind = CLX_FLUID_WATER};
  const double cold = clx_fluid_heat_capacity(&water, 25 + ICE);
  clx_exchange run = clx_exchanger_run(&x, 40 + ICE, door.rack_flow, 1006, 25 + ICE, door.facility_flow, cold);
  CLX_CHECK_NEAR(run.heat, 65.89e3, 2e-3, 0);
  CLX_CHECK_NEAR(run.hot_out - ICE, 30, 0, 0.03);
  CLX_CHECK_NEAR(run.effectiveness, 2.0 / 3, 3e-3, 0);
  assert_int_equal(clx_cdu_heat(&door, &x, 30 + ICE, door.rack_flow, 23 + ICE, door.facility_flow, &heat, NULL),
                   CLX_OK);
  CLX_CHECK_NEAR(heat, 65.89e3 * 7 / 5, 5e-3, 0);
  run = clx_exchanger_run(&x, 41.83 + ICE, 0.845 * door.rack_flow, 1006, 25 + ICE, door.facility_flow, cold);
  assert_true(run.effectiveness > 2.0 / 3);  // slower air leaves colder
  CLX_CHECK_NEAR(run.heat, run.effectiveness * 0.845 * door.rack_flow * 1006 * 16.83, 1e-9, 0);
}

static void test_cdu_refuses(void **state) {
  (void)state;
  clx_cdu cdu = cdu_of("vertiv_xdu1350");
  clx_exchanger x;
  clx_error error = {0};
  double heat = -1;
  assert_int_equal(clx_cdu_exchanger(&cdu, 53 + ICE, &x, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "10 to 52 degC"));
  assert_int_equal(clx_cdu_exchanger(&cdu, 32 + ICE, &x, NULL), CLX_OK);
  assert_int_equal(clx_cdu_heat(&cdu, &x, 5 + ICE, 20, 1 + ICE, 20, &heat, NULL), CLX_INPUT);
  assert_int_equal(clx_cdu_heat(&cdu, &x, 32 + ICE, 1e-6, 20 + ICE, 20, &heat, NULL), CLX_INPUT);
  assert_true(heat == 0 || heat == -1);
  // A facility flow that would have to leave hotter than the racks' return.
  cdu.facility_flow = 5;
  error = (clx_error){0};
  assert_int_equal(clx_cdu_exchanger(&cdu, 32 + ICE, &x, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "too small"));
  cdu.rack_fluid = "oil";
  assert_int_equal(clx_cdu_check(&cdu, (clx_place){0}, NULL), CLX_INPUT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_plate_passes_through_its_points),
      cmocka_unit_test(test_plate_predicts_rows_left_out),
      cmocka_unit_test(test_plate_refuses),
      cmocka_unit_test(test_rack_table),
      cmocka_unit_test(test_tray_tables),
      cmocka_unit_test(test_rack_between_and_beyond),
      cmocka_unit_test(test_records_are_reproduced),
      cmocka_unit_test(test_deschutes_closes),
      cmocka_unit_test(test_in_rack_unit_of_two_ratings),
      cmocka_unit_test(test_rear_door),
      cmocka_unit_test(test_cdu_refuses),
  };
  return cmocka_run_group_tests(tests, open_catalog, close_catalog);
}
