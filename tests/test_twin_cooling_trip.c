// Trips of whole scenarios: plants of liquid and of air, mixed fleets, ride-through, what does not fit.
#include "check.h"

#include <colossus/colossus.h>
#include <string.h>

#include "base/base.h"
#include "result/result.h"

static clx_catalog *catalog;

static int open_catalog(void **state) {
  (void)state;
  clx_error error = {0};
  return clx_catalog_open(NULL, &catalog, &error) == CLX_OK ? 0 : -1;
}

static int close_catalog(void **state) {
  (void)state;
  clx_catalog_close(catalog);
  return 0;
}

static clx_status try_trips(const char *machine, const char *plant, const clx_setting *settings,
                            const clx_cooling_trip *trip, int32_t trips, double outside, clx_result **result,
                            clx_error *error) {
  enum { BASE = 2, MOST = 8 };
  clx_setting all[MOST] = {{"cooling.plant", plant}, {"cooling.climate", "memphis"}};
  int32_t count = BASE;
  clx_scenario *scenario = NULL;
  clx_cooling_options options;
  for (; settings != NULL && settings[count - BASE].path != NULL && count < MOST; count++)
    all[count] = settings[count - BASE];
  clx_cooling_options_default(&options);
  options.trip = trips > 0 ? trip : NULL;
  options.trip_count = trips;
  options.outside = outside;
  clx_error_clear(error);
  *result = NULL;
  clx_status status = clx_scenario_load(catalog, machine, all, count, &scenario, error);
  if (status == CLX_OK) status = clx_cooling_run(scenario, &options, result, error);
  clx_scenario_free(scenario);
  return status;
}

#ifdef CLX_HAS_SUNDIALS

static clx_result *trips(const char *machine, const char *plant, const clx_setting *settings,
                         const clx_cooling_trip *trip, int32_t count) {
  clx_error error;
  clx_result *result;
  if (try_trips(machine, plant, settings, trip, count, 0, &result, &error) != CLX_OK)
    fail_msg("%s: %s", plant, error.mistake[0].text);
  return result;
}

static double value(const clx_result *result, const char *name) {
  const clx_quantity *q = clx_result_find(result, name);
  if (q == NULL) fail_msg("there is no result '%s'", name);
  return q->value;
}

static bool has(const clx_result *result, const char *name) { return clx_result_find(result, name) != NULL; }

static void check_events(const clx_result *result, int32_t at_least) {
  double before = -1;
  int32_t i = 1;
  for (;; i++) {
    char name[64];
    snprintf(name, sizeof name, "cooling.trip.event_%d.at", i);
    const clx_quantity *q = clx_result_find(result, name);
    if (q == NULL) break;
    assert_true(q->value >= before);
    before = q->value;
    snprintf(name, sizeof name, "cooling.trip.event_%d.what", i);
    assert_non_null(clx_result_fact(result, name));
  }
  assert_true(i > at_least);
}

// Chillers of the hall stop for good: the liquid does not feel it, the air does. With a lake of coolant behind pumps with backup a ride-through is a
// bound, and words.
static void test_chillers_of_a_hall(void **state) {
  (void)state;
  static const clx_setting LAKE[] = {
      {"cooling.tank", "1000000 m3"}, {"cooling.tank_loop", "racks"}, {"cooling.backup_pumps", "true"}, {NULL, NULL}};
  const clx_cooling_trip trip[] = {{.kind = "chiller", .at = 30}};
  clx_result *r = trips("colossus-1", "liquid-tower", LAKE, trip, 1);
  assert_true(has(r, "cooling.trip.to_air_limit") && !has(r, "cooling.trip.to_throttle"));
  assert_true(!has(r, "cooling.trip.recovered"));
  assert_true(value(r, "cooling.trip.air_most") > value(r, "cooling.trip.air_limit"));
  CLX_CHECK_NEAR(value(r, "cooling.trip.air_limit"), 308.15, 0, 1e-9);
  assert_non_null(strstr(clx_result_fact(r, "cooling.trip.what"), " stop"));
  assert_true(value(r, "cooling.trip.residual") < 1e-9);
  CLX_CHECK_NEAR(value(r, "cooling.ride_through"), 1800, 0, 1e-9);
  assert_non_null(strstr(clx_result_fact(r, "cooling.ride_through.note"), "longer than 30 min"));
  check_events(r, 2);
  clx_result_free(r);
}

// Machines of several kinds: the heat of their chips is no more than what the loop takes, whichever cools them.
static void test_mixed_fleets(void **state) {
  (void)state;
  static const clx_setting MIXED[] = {
      {"machine.fleet.1.server", "dgx_h200"}, {"machine.fleet.1.rack", "dgx_h200_4"}, {NULL, NULL}};
  const clx_cooling_trip trip[] = {{.kind = "pump", .of = "hall", .at = 10}};
  clx_result *r = trips("colossus-200k", "liquid-tower", MIXED, trip, 1);
  assert_true(has(r, "cooling.ride_through"));
  // A quarter of the machine is cooled by air, and throttles with it.
  assert_true(value(r, "cooling.trip.to_throttle") > value(r, "cooling.trip.to_air_limit"));
  const double share = value(r, "cooling.trip.throttled_share");
  assert_true(fabs(share - 0.25) < 0.02);
  clx_result_free(r);
}

// An air-cooled machine: power returns and all is as before; for good it never is.
static void test_a_hall_alone(void **state) {
  (void)state;
  const clx_cooling_trip trip[] = {{.kind = "restore", .at = 30}, {.kind = "power", .at = 10}};  // any order
  clx_result *back = trips("gpt3-mlperf-512", "midsize-water-cooled", NULL, trip, 2),
             *good = trips("gpt3-mlperf-512", "midsize-water-cooled", NULL, &trip[1], 1);
  CLX_CHECK_NEAR(value(back, "cooling.trip.at"), 10, 0, 1e-9);
  assert_true(value(back, "cooling.trip.recovered") > 60);
  assert_true(!has(good, "cooling.trip.recovered"));
  CLX_CHECK_NEAR(value(back, "cooling.trip.to_throttle"), value(good, "cooling.trip.to_throttle"), 0, 15);
  CLX_CHECK_NEAR(value(good, "cooling.trip.to_throttle"), value(good, "cooling.ride_through"), 0, 0.01);
  CLX_CHECK_NEAR(value(good, "cooling.trip.shut_share"), 1, 0, 1e-12);
  check_events(back, 5);
  clx_result_free(back), clx_result_free(good);
}

static void test_load_lasts_longer(void **state) {
  (void)state;
  const clx_cooling_trip trip[] = {{.kind = "load", .count = 0.6, .at = 0}, {.kind = "power", .at = 300}};
  clx_result *r = trips("gpt3-mlperf-512", "midsize-water-cooled", NULL, trip, 2);
  assert_true(value(r, "cooling.trip.to_throttle") - 300 > 1.3 * value(r, "cooling.ride_through"));
  assert_non_null(strstr(clx_result_fact(r, "cooling.trip.what"), "0.6 of their load"));
  clx_result_free(r);
}

#endif

static void test_what_does_not_fit(void **state) {
  (void)state;
  static const struct {
    clx_cooling_trip trip;
    const char *says;
    double outside;
  } CASES[] = {{{.kind = "pump", .of = "tower", .count = 50}, "pumps", 0},
               {{.kind = "chiller", .of = "towers"}, "it has: chillers", 0},
               {{.kind = "restore", .at = 5}, "nothing has stopped before", 0},
               {{.kind = NULL}, "there is none", 300}};
  for (int32_t i = 0; i < CLX_COUNT(CASES); i++) {
    clx_error error;
    clx_result *result;
    assert_int_equal(try_trips("gpt3-mlperf-512", "midsize-water-cooled", NULL, &CASES[i].trip,
                               CASES[i].trip.kind != NULL ? 1 : 0, CASES[i].outside, &result, &error),
                     CLX_INPUT);
    if (strstr(error.mistake[0].text, CASES[i].says) == NULL)
      fail_msg("'%s' does not say '%s'", error.mistake[0].text, CASES[i].says);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
#ifdef CLX_HAS_SUNDIALS
      cmocka_unit_test(test_chillers_of_a_hall), cmocka_unit_test(test_mixed_fleets),
      cmocka_unit_test(test_a_hall_alone), cmocka_unit_test(test_load_lasts_longer),
#endif
      cmocka_unit_test(test_what_does_not_fit)};
  return cmocka_run_group_tests(tests, open_catalog, close_catalog);
}
