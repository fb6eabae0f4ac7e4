// Chips: the point where power, leakage, temperature and clock agree; runaway; what the catalogue's chips hold.
#include "check.h"

#include "catalog/catalog.h"
#include "cooling/cooling_chip.h"
#include "cooling/cooling_exchanger.h"
#include "device/device.h"

#define LPM (1e-3 / 60)
#define ICE 273.15

static const clx_chip_thermal chip = {.junction_case = 0.025,
                                      .throttle = 360,
                                      .shutdown = 368,
                                      .memory_rise = 25,
                                      .memory_throttle = 372,
                                      .leakage = 0.1,
                                      .leakage_doubling = 30,
                                      .reference = 338,
                                      .capacity = 300,
                                      .tdp = 700};
static const clx_chip_load full = {.power_full = 700, .rest = 0.2};

static double draw(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (double)(*state >> 11) * 0x1p-53;
}

static clx_chip_point solve(const clx_chip_thermal *thermal, double inlet, double resistance,
                            const clx_chip_load *load) {
  const clx_chip_cooling cooling = {.inlet = inlet, .resistance = resistance};
  clx_chip_point point;
  clx_error error = {0};
  if (clx_chip_solve(thermal, &cooling, load, &point, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return point;
}

static double leak_of(const clx_chip_thermal *t, double junction) {
  return t->leakage * t->tdp * (pow(2, (junction - t->reference) / t->leakage_doubling) - 1);
}

static void test_without_leakage(void **state) {
  (void)state;
  clx_chip_thermal plain = chip;
  plain.leakage = 0;
  const clx_chip_point p = solve(&plain, 310, 0.03, &full);
  CLX_CHECK_NEAR(p.power, 700, 1e-12, 0);
  CLX_CHECK_NEAR(p.junction, 310 + 700 * 0.055, 1e-12, 0);
  CLX_CHECK_NEAR(p.memory, 310 + 700 * 0.03 + 25, 1e-12, 0);
  assert_true(p.clock == 1 && p.leak == 0 && !p.throttled && !p.shut);
}

static void test_the_point_is_consistent(void **state) {
  (void)state;
  const clx_chip_point p = solve(&chip, 310, 0.03, &full);
  CLX_CHECK_NEAR(p.power, 700 + p.leak, 1e-12, 0);
  CLX_CHECK_NEAR(p.leak, leak_of(&chip, p.junction), 0, 1e-9);
  CLX_CHECK_NEAR(p.junction, 310 + 0.055 * p.power, 1e-12, 0);
  assert_true(p.leak > 0 && p.clock == 1);
  // At the reference temperature the measured power holds.
  const clx_chip_point r = solve(&chip, 338 - 0.055 * 700, 0.03, &full);
  CLX_CHECK_NEAR(r.junction, 338, 1e-10, 0);
  CLX_CHECK_NEAR(r.power, 700, 1e-10, 0);
  // Colder, it draws less.
  assert_true(solve(&chip, 290, 0.03, &full).leak < 0);
}

static void test_clock_falls_until_it_holds(void **state) {
  (void)state;
  clx_chip_point p = solve(&chip, 330, 0.03, &full);
  assert_true(p.throttled && !p.shut && p.clock < 1 && p.clock > 0.1);
  CLX_CHECK_NEAR(p.junction, chip.throttle, 0, 1e-7);
  CLX_CHECK_NEAR(p.power - leak_of(&chip, chip.throttle), 700 * (0.2 + 0.8 * p.clock * p.clock * p.clock), 1e-8, 0);
  // Memory first.
  clx_chip_thermal hot = chip;
  hot.memory_throttle = 350;
  p = solve(&hot, 320, 0.03, &full);
  assert_true(p.throttled && p.junction < chip.throttle);
  CLX_CHECK_NEAR(p.memory, 350, 0, 1e-7);
  // A board's limit takes leakage off the work; that is no throttling by heat.
  clx_chip_load capped = full;
  capped.limit = 700;
  p = solve(&chip, 318, 0.03, &capped);
  assert_true(!p.throttled && p.clock < 1 && p.leak > 0);
  CLX_CHECK_NEAR(p.power, 700, 1e-9, 0);
  p = solve(&chip, 290, 0.03, &capped);
  assert_true(p.clock == 1 && p.leak < 0);
}

static double cubic(const void *of, double clock) {
  const double *watt = of;
  return *watt * (0.2 + 0.8 * clock * clock * clock);
}

static void test_power_of_a_callback(void **state) {
  (void)state;
  const double watt = 700;
  const clx_chip_load called = {.power = cubic, .of = &watt};
  for (double inlet = 290; inlet < 340; inlet += 5) {
    const clx_chip_point a = solve(&chip, inlet, 0.03, &full), b = solve(&chip, inlet, 0.03, &called);
    CLX_CHECK_NEAR(b.clock, a.clock, 1e-9, 0);
    CLX_CHECK_NEAR(b.junction, a.junction, 1e-9, 0);
  }
}

static void test_runaway_and_heat_shut_it(void **state) {
  (void)state;
  clx_chip_thermal leaky = chip;
  leaky.throttle = leaky.memory_throttle = 0;
  clx_chip_cooling cooling = {.inlet = 320, .resistance = 0.5};
  clx_chip_point p;
  clx_error error = {0};
  // No temperature at which heat leaves as fast as it leaks, even at the least clock.
  assert_int_equal(clx_chip_solve(&leaky, &cooling, &full, &p, &error), CLX_INFEASIBLE);
  assert_true(p.shut && isfinite(p.junction) && isfinite(p.power) && isfinite(p.memory));
  assert_non_null(strstr(error.mistake[0].text, "shuts down"));
  // Between that and full clock, the clock falls although nothing else would throttle it, to the edge of runaway.
  cooling.resistance = 0.2;
  assert_int_equal(clx_chip_solve(&leaky, &cooling, &full, &p, NULL), CLX_OK);
  assert_true(p.throttled && p.clock < 1);
  const double slope = 0.225 * leaky.leakage * leaky.tdp * log(2) / 30 * pow(2, (p.junction - 338) / 30);
  CLX_CHECK_NEAR(slope, 1, 1e-5, 0);
  // Hot at the least clock.
  cooling = (clx_chip_cooling){.inlet = 359, .resistance = 0.03};
  assert_int_equal(clx_chip_solve(&chip, &cooling, &full, &p, NULL), CLX_INFEASIBLE);
  assert_true(p.shut && p.clock == 0.1 && p.junction > chip.throttle);
}

static void test_monotone(void **state) {
  (void)state;
  uint64_t seed = 3;
  for (int i = 0; i < 5000; i++) {
    clx_chip_thermal t = chip;
    t.leakage = 0.3 * draw(&seed);
    t.leakage_doubling = 15 + 40 * draw(&seed);
    t.junction_case = 0.04 * draw(&seed);
    t.memory_rise = 40 * draw(&seed);
    clx_chip_load load = {.power_full = 300 + 1200 * draw(&seed), .rest = 0.5 * draw(&seed)};
    if (i % 3 == 0) load.limit = load.power_full * (0.7 + 0.5 * draw(&seed));
    clx_chip_cooling a = {.inlet = 280 + 60 * draw(&seed), .resistance = 0.01 + 0.06 * draw(&seed)}, b = a;
    b.inlet += 3 * draw(&seed);
    b.resistance *= 1 + 0.05 * draw(&seed);
    clx_chip_point p, q;
    const clx_status first = clx_chip_solve(&t, &a, &load, &p, NULL), second = clx_chip_solve(&t, &b, &load, &q, NULL);
    assert_true(first == CLX_OK || (first == CLX_INFEASIBLE && p.shut));
    assert_true(second >= first);
    assert_true(q.clock <= p.clock + 1e-9);
    if (first != CLX_OK || second != CLX_OK) continue;
    assert_true(q.junction >= p.junction - 1e-6 || q.clock < p.clock);
    assert_true(p.junction <= t.throttle + 1e-6 && p.memory <= t.memory_throttle + 1e-6);
    if (load.limit > 0) assert_true(p.power <= load.limit * (1 + 1e-9));
    CLX_CHECK_NEAR(p.junction, a.inlet + (a.resistance + t.junction_case) * p.power, 1e-9, 0);
    CLX_CHECK_NEAR(p.power, load.power_full * (load.rest + (1 - load.rest) * pow(p.clock, 3)) + leak_of(&t, p.junction),
                   1e-7, 0);
  }
}

static void test_inlet_limit(void **state) {
  (void)state;
  const double limit = clx_chip_inlet_limit(&chip, 0.03, &full);
  CLX_CHECK_NEAR(limit, 360 - 0.055 * (700 + leak_of(&chip, 360)), 0, 1e-6);
  assert_false(solve(&chip, limit - 1e-3, 0.03, &full).throttled);
  assert_true(solve(&chip, limit + 1e-3, 0.03, &full).throttled);
  assert_true(clx_chip_inlet_limit(&chip, 0.04, &full) < limit);
  const clx_chip_thermal unknown = {.junction_case = 0.02};
  assert_true(isinf(clx_chip_inlet_limit(&unknown, 0.03, &full)));
}

static void test_refuses(void **state) {
  (void)state;
  clx_chip_cooling cooling = {.inlet = NAN, .resistance = 0.03};
  clx_chip_point p;
  assert_int_equal(clx_chip_solve(&chip, &cooling, &full, &p, NULL), CLX_INPUT);
  cooling = (clx_chip_cooling){.inlet = 300, .resistance = 0};
  assert_int_equal(clx_chip_solve(&chip, &cooling, &full, &p, NULL), CLX_INPUT);
  cooling.resistance = 0.03;
  const clx_chip_load wrong = {.power_full = -1};
  assert_int_equal(clx_chip_solve(&chip, &cooling, &wrong, &p, NULL), CLX_INPUT);
  clx_chip_thermal nowhere = chip;
  nowhere.reference = 0;
  assert_int_equal(clx_chip_solve(&nowhere, &cooling, &full, &p, NULL), CLX_INPUT);
}

// --- the catalogue ----------------------------------------------------------------------------------------------------------

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

static clx_device device_of(const char *name) {
  clx_device device;
  assert_int_equal(clx_catalog_read_device(catalog, name, (clx_place){0}, arena, &device, NULL), CLX_OK);
  return device;
}

// What servers are sold for: air of 35 degC, and the coolant that makers state for their trays and racks, at full power.
static void test_catalogue_holds_what_is_sold(void **state) {
  (void)state;
  static const char *const air[] = {"a100_sxm", "a100_sxm_40", "h100_sxm", "h200_sxm",
                                    "h800_sxm", "b200_sxm",    "b300_sxm", "mi300x"};
  for (size_t i = 0; i < sizeof air / sizeof *air; i++) {
    const clx_device d = device_of(air[i]);
    const clx_chip_load load = {.power_full = d.tdp, .rest = 0.2};
    CLX_CHECK_NEAR(d.thermal.tdp, d.tdp, 0, 0);
    const clx_chip_point p = solve(&d.thermal, 35 + ICE, d.thermal.air_resistance, &load);
    if (p.throttled) fail_msg("%s throttles in air of 35 degC: %.1f degC", air[i], p.junction - ICE);
    // No heat sink is so good that 55 degC would do.
    const double limit = clx_chip_inlet_limit(&d.thermal, d.thermal.air_resistance, &load) - ICE;
    if (!(limit > 35 && limit < 55)) fail_msg("%s may have air of %.1f degC", air[i], limit);
  }
  static const struct {
    const char *device, *plate;
    double flow, supply;                                    // L/min of one plate, degC
  } liquid[] = {{"h100_sxm", "ocp_1kw_pg25", 5.0 / 4, 45},  // Lenovo LP1834
                {"h100_sxm", "ocp_1kw_pg25", 4.0 / 4, 40},
                {"h200_sxm", "ocp_1kw_pg25", 5.0 / 4, 45},
                {"gb200", "ocp_1kw_pg25", 130.0 / 72, 45},    // MGX rack, all of it through the accelerators
                {"gb300", "ocp_1kw_water", 177.0 / 72, 45}};  // Lenovo LP2357
  for (size_t i = 0; i < sizeof liquid / sizeof *liquid; i++) {
    const clx_device d = device_of(liquid[i].device);
    const clx_chip_load load = {.power_full = d.tdp, .rest = 0.2};
    clx_cold_plate plate;
    double resistance = 0;
    assert_int_equal(clx_catalog_read(catalog, "cold_plate", liquid[i].plate, (clx_place){0}, &clx_cold_plate_schema,
                                      arena, &plate, NULL),
                     CLX_OK);
    assert_int_equal(clx_cold_plate_resistance(&plate, liquid[i].flow * LPM, &resistance, NULL), CLX_OK);
    const clx_chip_point p = solve(&d.thermal, liquid[i].supply + ICE, resistance, &load);
    if (p.throttled) fail_msg("%s throttles at %.4g degC", liquid[i].device, liquid[i].supply);
    const double limit = clx_chip_inlet_limit(&d.thermal, resistance, &load) - ICE;
    if (!(limit > liquid[i].supply && limit < 65))
      fail_msg("%s may have coolant of %.1f degC", liquid[i].device, limit);
  }
}

// The GB300 rack over its whole range of supplies with the flow that its table asks for, all of it through the accelerators:
// 1.4 kW up to 45 degC, and up to 50 degC the 1.1 kW at which Lenovo runs them (both its own; neither the second power nor
// its range went into the chip's constants).
static void test_gb300_rack_holds_its_range(void **state) {
  (void)state;
  const clx_device d = device_of("gb300");
  clx_rack_coolant rack;
  clx_cold_plate plate;
  assert_int_equal(clx_catalog_read(catalog, "rack_coolant", "gb300_nvl72", (clx_place){0}, &clx_rack_coolant_schema,
                                    arena, &rack, NULL),
                   CLX_OK);
  assert_int_equal(
      clx_catalog_read(catalog, "cold_plate", rack.plate, (clx_place){0}, &clx_cold_plate_schema, arena, &plate, NULL),
      CLX_OK);
  for (double supply = 2; supply <= 50; supply += 1) {
    const clx_chip_load load = {.power_full = supply <= 45 ? 1400 : 1100, .rest = 0.2};
    double flow = 0, resistance = 0;
    assert_int_equal(clx_rack_coolant_flow(&rack, supply + ICE, 135e3, &flow, NULL), CLX_OK);
    assert_int_equal(clx_cold_plate_resistance(&plate, flow / rack.plates, &resistance, NULL), CLX_OK);
    if (solve(&d.thermal, supply + ICE, resistance, &load).throttled) fail_msg("throttles at %.4g degC", supply);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_without_leakage),
      cmocka_unit_test(test_the_point_is_consistent),
      cmocka_unit_test(test_clock_falls_until_it_holds),
      cmocka_unit_test(test_power_of_a_callback),
      cmocka_unit_test(test_runaway_and_heat_shut_it),
      cmocka_unit_test(test_monotone),
      cmocka_unit_test(test_inlet_limit),
      cmocka_unit_test(test_refuses),
      cmocka_unit_test(test_catalogue_holds_what_is_sold),
      cmocka_unit_test(test_gb300_rack_holds_its_range),
  };
  return cmocka_run_group_tests(tests, open_catalog, close_catalog);
}
