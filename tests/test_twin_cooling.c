// Cooling of whole scenarios: what couples plant, weather, chips, power and training.
#include "check.h"

#include <colossus/colossus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"

static clx_catalog *catalog;
static char path[] = "/tmp/colossus_cooled_XXXXXX";

// A machine of 32 liquid-cooled racks, three quarters of them H100, or all.
static const char *const SCENARIO =
    "name: cooled\n"
    "machine:\n"
    "  fleet:\n"
    "    - {server: supermicro_hgx_h100_liquid, rack: supermicro_liquid_8x8, gpus: 1536}\n"
    "    - {server: supermicro_hgx_h200_liquid, rack: supermicro_liquid_8x8_h200, gpus: 512}\n"
    "network: {switch: sn5600, nic: bluefield3_400g}\n"
    "training:\n"
    "  model: grok-2\n"
    "  software: megatron-core-2025\n"
    "  tokens: 10B\n"
    "  sequence: 8192\n"
    "  global_batch: 256\n"
    "  precision: bf16\n"
    "  layout: {tp: 8, pp: 8, vpp: 8, ep: 8, dp: 32, micro_batch: 1, sharding: zero1}\n"
    "power: {chain: colossus_415v, storage: 40 kW}\n"
    "cooling: {plant: liquid-tower, climate: memphis}\n";

static int open_catalog(void **state) {
  (void)state;
  clx_error error = {0};
  const int file = mkstemp(path);
  FILE *out = file >= 0 ? fdopen(file, "w") : NULL;
  if (out == NULL) return -1;
  const bool written = fputs(SCENARIO, out) >= 0;
  if (fclose(out) != 0 || !written) return -1;
  return clx_catalog_open(NULL, &catalog, &error) == CLX_OK ? 0 : -1;
}

static int close_catalog(void **state) {
  (void)state;
  clx_catalog_close(catalog);
  return remove(path);
}

static clx_status try_run(const clx_setting *settings, int32_t count, clx_result **result, clx_error *error) {
  clx_scenario *scenario = NULL;
  clx_run_options options;
  clx_run_options_default(&options);
  clx_error_clear(error);
  *result = NULL;
  clx_status status = clx_scenario_load(catalog, path, settings, count, &scenario, error);
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
  CLX_CHECK_NEAR(value(r, "cooling.pue"), value(r, "power.site_mean") / it, 1e-12, 0);
  const double parts = value(r, "cooling.pumps") + value(r, "cooling.fans") + value(r, "cooling.compressors") +
                       value(r, "cooling.auxiliary");
  CLX_CHECK_NEAR(parts, value(r, "cooling.power"), 1e-6, 0);
  assert_true(value(r, "cooling.residual") < 1e-9);
  clx_result_free(r);
}

// A hotter supply makes hotter chips that leak more; each kind of GPU has that come off its own boards, so the job slows down, by no more than
// leakage takes.
static void test_hotter_supply(void **state) {
  (void)state;
  const clx_setting warm[] = {{"cooling.supply", "45 degC"}, {"cooling.plant", "liquid-chillers"}};
  const clx_setting cold[] = {{"cooling.supply", "30 degC"}, {"cooling.plant", "liquid-chillers"}};
  clx_result *hot = run(warm, 2), *cool = run(cold, 2);
  assert_true(value(hot, "cooling.chip_temperature_max") >
              value(cool, "cooling.chip_temperature_max") +
                  7);  // less than 15 K: racks take more flow of a warmer coolant
  const double leaked = value(hot, "cooling.leakage") - value(cool, "cooling.leakage");
  const double drawn = value(hot, "power.it_mean") - value(cool, "power.it_mean");
  const double longer = value(hot, "training.step_time") / value(cool, "training.step_time");
  assert_true(leaked > 0 && drawn > 0 && drawn < 1.3 * leaked);
  assert_true(longer > 1.0005 && longer < 1.03);
  clx_result_free(hot);
  clx_result_free(cool);
}

// Racks get what their maker asks for, or what the plant's range leaves them: half as much here, and hotter chips.
static void test_rack_flow(void **state) {
  (void)state;
  const clx_setting plant[] = {{"cooling.rack_flow", "plant"}};
  clx_result *asked = run(NULL, 0), *ours = run(plant, 1);
  CLX_CHECK_NEAR(value(asked, "cooling.flow"), value(asked, "cooling.racks.flow"), 1e-6, 0);
  CLX_CHECK_NEAR(value(asked, "cooling.racks.range"), 0.521 * (65 - 35), 1e-6, 0);
  CLX_CHECK_NEAR(value(ours, "cooling.flow") / value(asked, "cooling.flow"), 0.521 * (65 - 35) / 10, 0.01, 0);
  assert_true(value(ours, "cooling.chip_temperature_max") < value(asked, "cooling.chip_temperature_max") - 1);
  clx_result_free(asked);
  clx_result_free(ours);
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
                                     cmocka_unit_test(test_rack_flow), cmocka_unit_test(test_bad_sections)};
  return cmocka_run_group_tests(tests, open_catalog, close_catalog);
}
