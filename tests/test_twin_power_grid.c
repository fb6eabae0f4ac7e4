// What the twin says of a utility's limits: batteries with their response, changes of the whole job, ride-through, hand-over.
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

static clx_result *study(const clx_setting *settings, int32_t count, const clx_power_options *options) {
  clx_error error;
  clx_error_clear(&error);
  clx_scenario *scenario = NULL;
  clx_result *result = NULL;
  clx_status status = clx_scenario_load(catalog, "colossus-1", settings, count, &scenario, &error);
  if (status == CLX_OK) status = clx_power_run(scenario, options, &result, &error);
  clx_scenario_free(scenario);
  if (status != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return result;
}

static double value(const clx_result *result, const char *name) {
  const clx_quantity *q = clx_result_find(result, name);
  if (q == NULL) fail_msg("there is no result '%s'", name);
  return q->value;
}

// Steps of two seconds are fast against 100 ms, and a stop is faster: the batteries of the site do not make a ramp of 5 MW/s of it.
static void test_limits_of_steps_and_changes(void **state) {
  (void)state;
  static const clx_setting settings[] = {
      {"power.limits", "{ramp: 5 MW/s, bands: [{low: 0.2 Hz, high: 3 Hz, amplitude: 5 MW}, {low: 3 Hz, high: 7 Hz}]}"}};
  clx_result *r = study(settings, 1, NULL);
  assert_true(value(r, "power.check.ramp.found") > 20e6);
  assert_true(value(r, "power.smoothed_swing") > 0.5 * value(r, "power.step_swing"));
  static const char *const changes[] = {"power.check.ramp_start.found", "power.check.ramp_stop.found",
                                        "power.check.ramp_restart.found"};
  for (int32_t i = 0; i < CLX_COUNT(changes); i++) assert_true(value(r, changes[i]) > 20e6);
  clx_result_free(r);
}

// A band without limit is no check.
static void test_bands_without_limit(void **state) {
  (void)state;
  static const clx_setting settings[] = {{"power.limits", "{ramp: 200 MW/s}"}};
  clx_result *r = study(settings, 1, NULL);
  int32_t checks = 0;
  for (int32_t i = 0; i < clx_result_count(r); i++) {
    const char *name = clx_result_at(r, i)->name;
    if (strncmp(name, "power.check.", 12) != 0) continue;
    checks++;
    assert_null(strstr(name, "band"));
  }
  assert_int_equal(checks, 4 * 3);
  assert_true(value(r, "power.check.ramp.met") > 0.5);
  clx_result_free(r);
}

// Before a stop the grid sees the steady wave, and none of the start of a filter: mean and samples of the first steps.
static void test_stop_begins_settled(void **state) {
  (void)state;
  clx_power_options options;
  clx_power_options_default(&options);
  clx_result *steady = study(NULL, 0, &options);
  options.event = CLX_POWER_STOP;
  clx_result *stop = study(NULL, 0, &options);
  const double *x, mean = value(steady, "power.site_mean");
  int32_t count, same;
  const double *a = clx_result_series(steady, "power.site", &x, &same),
               *b = clx_result_series(stop, "power.site", &x, &count);
  assert_int_equal(count, same);
  double before = 0;
  for (int32_t i = 0; i < count / 4; i++) {
    before += b[i] / (count / 4);
    CLX_CHECK_NEAR(b[i], a[i], 0, 0.02 * mean);
  }
  CLX_CHECK_NEAR(before, mean, 0.02, 0);
  clx_result_free(steady);
  clx_result_free(stop);
}

// Turbines are at full load 437 s after the feeds have gone, the ramp a part of it.
static void test_handover(void **state) {
  (void)state;
  static const clx_setting settings[] = {{"power.limits", "{hold_time: 600 s}"}};
  clx_result *r = study(settings, 1, NULL);
  const double site = value(r, "power.handover.power"), time = value(r, "power.handover.time");
  assert_true(time > 300 && time < 600);
  assert_true(value(r, "power.handover.energy") < site * time / sqrt(0.92));
  assert_true(value(r, "power.handover.energy") > 0.5 * site * time / sqrt(0.92));
  CLX_CHECK_NEAR(value(r, "power.check.step_load.limit"), 0.2, 1e-9, 0);
  CLX_CHECK_NEAR(value(r, "power.check.step_load.found"), 0, 0, 0);
  clx_result_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_limits_of_steps_and_changes),
      cmocka_unit_test(test_bands_without_limit),
      cmocka_unit_test(test_stop_begins_settled),
      cmocka_unit_test(test_handover),
  };
  return cmocka_run_group_tests(tests, open_catalog, close_catalog);
}
