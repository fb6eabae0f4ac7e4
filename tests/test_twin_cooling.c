// Cooling of whole scenarios: what couples plant, weather, chips, power and training.
#include "check.h"

#include <colossus/colossus.h>
#include <string.h>

#include "base/base.h"

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

// The reference machine with a plant instead of a stated PUE.
static clx_status try_run(const clx_setting *settings, int32_t count, clx_result **result, clx_error *error) {
  enum { BASE = 2, MOST = 8 };
  clx_setting all[MOST] = {{"cooling.plant", "liquid-tower"}, {"cooling.climate", "memphis"}};
  clx_scenario *scenario = NULL;
  clx_run_options options;
  for (int32_t i = 0; i < count && BASE + i < MOST; i++) all[BASE + i] = settings[i];
  settings = all;
  count += BASE;
  clx_run_options_default(&options);
  clx_error_clear(error);
  *result = NULL;
  clx_status status = clx_scenario_load(catalog, "colossus-1", settings, count, &scenario, error);
  if (status == CLX_OK) status = clx_scenario_run(scenario, &options, result, error);
  clx_scenario_free(scenario);
  return status;
}

static clx_result *run(const clx_setting *settings, int32_t count) {
  clx_error error;
  clx_result *result;
  if (try_run(settings, count, &result, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return result;
}

static double value(const clx_result *result, const char *name) {
  const clx_quantity *q = clx_result_find(result, name);
  if (q == NULL) fail_msg("there is no result '%s'", name);
  return q->value;
}

// What the parts say of the whole: heat is what servers draw, PUE what levels and plant add.
static void test_sums(void **state) {
  (void)state;
  clx_result *r = run(NULL, 0);
  const double it = value(r, "power.it_mean"), heat = value(r, "cooling.heat.liquid") + value(r, "cooling.heat.air");
  assert_true(heat > it * 0.999);
  assert_true(heat < it * 1.08);  // with losses of the chain inside the hall
  CLX_CHECK_NEAR(value(r, "power.cooling"), value(r, "cooling.power_share") * it, 1e-6, 0);
  CLX_CHECK_NEAR(value(r, "cooling.pue"), value(r, "power.site_mean") / it, 2e-4, 0);
  const double parts = value(r, "cooling.pumps") + value(r, "cooling.fans") + value(r, "cooling.compressors") +
                       value(r, "cooling.auxiliary");
  CLX_CHECK_NEAR(parts, value(r, "cooling.power"), 1e-6, 0);
  assert_true(value(r, "cooling.residual") < 1e-9);
  clx_result_free(r);
}

// A hotter supply makes hotter chips that leak more.
static void test_hotter_supply(void **state) {
  (void)state;
  const clx_setting warm[] = {{"cooling.supply", "45 degC"}}, cold[] = {{"cooling.supply", "35 degC"}};
  clx_result *hot = run(warm, 1), *cool = run(cold, 1);
  assert_true(value(hot, "cooling.chip_temperature_max") >
              value(cool, "cooling.chip_temperature_max") +
                  5);  // less than 10 K: racks take more flow of a warmer coolant
  assert_true(value(hot, "cooling.leakage") > value(cool, "cooling.leakage"));
  assert_true(value(hot, "power.it_mean") > value(cool, "power.it_mean"));
  assert_true(value(hot, "training.step_time") >= value(cool, "training.step_time"));
  clx_result_free(hot);
  clx_result_free(cool);
}

static void test_bad_sections(void **state) {
  (void)state;
  static const struct {
    clx_setting setting;
    const char *says;
  } cases[] = {{{"cooling.plant", "no-such"}, "no-such"},
               {{"cooling.climate", "atlantis"}, "atlantis"},
               {{"cooling.weather", "x.epw"}, "not both"},
               {{"cooling.units", "[{unit: nothing, count: 1}]"}, "no unit 'nothing'"}};
  for (int32_t i = 0; i < CLX_COUNT(cases); i++) {
    clx_error error;
    clx_result *result;
    assert_int_equal(try_run(&cases[i].setting, 1, &result, &error), CLX_INPUT);
    if (strstr(error.mistake[0].text, cases[i].says) == NULL)
      fail_msg("'%s' does not say '%s'", error.mistake[0].text, cases[i].says);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_sums), cmocka_unit_test(test_hotter_supply),
                                     cmocka_unit_test(test_bad_sections)};
  return cmocka_run_group_tests(tests, open_catalog, close_catalog);
}
