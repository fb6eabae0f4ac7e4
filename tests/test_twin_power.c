// Power of whole scenarios: what couples training, failures, servers, chain, sources.
#include "check.h"

#include <colossus/colossus.h>
#include <stdio.h>
#include <stdlib.h>
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

static clx_result *try_run(const char *name, const clx_setting *settings, int32_t count, clx_status *status,
                           clx_error *error) {
  clx_scenario *scenario = NULL;
  clx_result *result = NULL;
  clx_run_options options;
  clx_run_options_default(&options);
  clx_error_clear(error);
  *status = clx_scenario_load(catalog, name, settings, count, &scenario, error);
  if (*status == CLX_OK) *status = clx_scenario_run(scenario, &options, &result, error);
  clx_scenario_free(scenario);
  return result;
}

static clx_result *run(const char *name, const clx_setting *settings, int32_t count) {
  clx_status status;
  clx_error error;
  clx_result *result = try_run(name, settings, count, &status, &error);
  if (status != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return result;
}

static double value(const clx_result *result, const char *name) {
  const clx_quantity *q = clx_result_find(result, name);
  if (q == NULL) fail_msg("there is no result '%s'", name);
  return q->value;
}

// The published trace of 64 servers of 8 H100: no constant was fitted to it.
static void test_published_trace(void **state) {
  (void)state;
  clx_result *r = run("gpt3-mlperf-512", NULL, 0);
  CLX_CHECK_NEAR(value(r, "power.it_mean"), 438.3e3, 0.03, 0);
  CLX_CHECK_NEAR(value(r, "power.node_mean"), 6849, 0.03, 0);
  CLX_CHECK_NEAR(value(r, "power.servers_p50"), 450e3, 0.03, 0);
  CLX_CHECK_NEAR(value(r, "power.dip_depth"), 0.107, 0, 0.02);
  CLX_CHECK_NEAR(value(r, "power.pass.evaluation.mean"), 409.3e3, 0.03, 0);
  clx_result_free(r);
}

static void test_levels_balance(void **state) {
  (void)state;
  static const char *const levels[] = {"row", "transformer", "feeder", "substation"};
  clx_result *r = run("colossus-1", NULL, 0);
  double lost = 0, top = 0;
  char name[64];
  for (int32_t i = 0; i < CLX_COUNT(levels); i++) {
    snprintf(name, sizeof name, "power.level.%s.loss", levels[i]);
    lost += value(r, name);
    snprintf(name, sizeof name, "power.level.%s.in", levels[i]);
    top = value(r, name);
  }
  CLX_CHECK_NEAR(top, value(r, "power.it_mean") + lost + value(r, "power.cooling"), 1e-9, 0);
  CLX_CHECK_NEAR(value(r, "power.site_mean"), value(r, "power.pue") * value(r, "power.it_mean"), 5e-4,
                 0);  // + losses that grow with the square of the wave
  assert_true(value(r, "power.energy_residual") < 1e-9);
  CLX_CHECK_NEAR(value(r, "power.source.grid.energy") + value(r, "power.source.turbines.energy"),
                 value(r, "power.energy"), 1e-12, 0);
  assert_true(value(r, "power.it_mean") > 85e6 && value(r, "power.it_mean") < 130e6);
  assert_true(value(r, "power.site_peak") < 150e6);
  clx_result_free(r);
}

// Stops lower the mean over the horizon by the share of time that the job is down, with checkpoints or without; a staggered start
// costs its ramps only.
static void test_stops_and_stagger(void **state) {
  (void)state;
  static const clx_setting stagger[] = {{"power.smoothing.stagger", "60 s"}, {"power.horizon", "60 days"}};
  clx_result *plain = run("colossus-1", &stagger[1], 1), *slow = run("colossus-1", stagger, 2);
  const double running = value(plain, "power.site_mean"), average = value(plain, "power.site_average");
  static const char *const down[] = {"startup", "restore", "recovery", "waiting", "maintenance", "reinitialization"};
  double share = 0;
  for (int32_t i = 0; i < CLX_COUNT(down); i++) {
    char name[64];
    snprintf(name, sizeof name, "reliability.ledger.%s", down[i]);
    share += value(plain, name);
  }
  const double stopped =
      value(plain, "power.pass.stopped.mean") + value(plain, "power.network") + value(plain, "power.storage");
  const double idle = value(plain, "cooling.pue") * stopped;  // the plant in proportion
  CLX_CHECK_NEAR(average, running - share * (running - idle), 0.01, 0);
  const double stops = value(plain, "reliability.interruptions") / value(plain, "reliability.horizon");
  CLX_CHECK_NEAR(value(slow, "power.site_average"), average - stops * 30 * (running - idle), 0.005, 0);
  clx_result_free(plain);
  clx_result_free(slow);
}

// A cap that the site asks for lengthens the step of the whole run; tighter sites, longer steps.
static void test_cap_reaches_training(void **state) {
  (void)state;
  double before = 0;
  static const char *const limits[] = {"460 kW", "400 kW", "340 kW"};
  for (int32_t i = 0; i < CLX_COUNT(limits); i++) {
    const clx_setting settings[] = {{"power.facility_limit", limits[i]}, {"power.on_limit", "cap"}};
    clx_result *r = run("gpt3-mlperf-512", settings, 2);
    CLX_CHECK_NEAR(value(r, "training.step_time"), value(r, "power.step_time"), 1e-12, 0);
    assert_true(value(r, "training.step_time") >= before);
    assert_true(value(r, "power.site_mean") < 1e3 * atof(limits[i]));
    before = value(r, "training.step_time");
    clx_result_free(r);
  }
  const clx_setting none[] = {{"power.facility_limit", "50 kW"}, {"power.on_limit", "cap"}};
  clx_status status;
  clx_error error;
  clx_result *r = try_run("gpt3-mlperf-512", none, 2, &status, &error);
  assert_null(r);
  assert_int_equal(status, CLX_INFEASIBLE);
  assert_non_null(strstr(error.mistake[0].text, "are missing"));
}

static void test_curtailment_caps(void **state) {
  (void)state;
  static const clx_setting settings[] = {{"power.sources", "[{name: grid, power: 150 MW}]"},
                                         {"power.curtailments",
                                          "[{at: 1 d, notice: 30 min, duration: 4 h, power: 90 MW}, {at: 2 d, notice: "
                                          "30 min, duration: 2 h, power: 20 MW}]"}};
  clx_result *r = run("colossus-1", settings, 2);
  const double rate = value(r, "power.curtailment_1.rate");
  assert_true(rate > 0.5 && rate < 1);
  CLX_CHECK_NEAR(value(r, "power.curtailment_1.step_time") * rate, value(r, "training.step_time"), 1e-9, 0);
  assert_true(value(r, "power.curtailment_1.cap") < 700);
  CLX_CHECK_NEAR(value(r, "power.curtailment_2.rate"), 0, 0, 0);  // below what idle servers draw
  CLX_CHECK_NEAR(value(r, "power.shed.work"), 4 * 3600 * (1 - rate) + 2 * 3600, 1e-9, 0);
  clx_result_free(r);
}

// Of many equal ones twelve are shown and all count.
static void test_many_curtailments(void **state) {
  (void)state;
  enum { COUNT = 15 };
  char list[2048] = "[";
  for (int i = 0; i < COUNT; i++) {
    char one[96];
    snprintf(one, sizeof one, "%s{at: %d h, notice: 30 min, duration: 1 h, power: 380 kW}", i > 0 ? ", " : "",
             1 + 4 * i);
    strcat(list, one);
  }
  strcat(list, "]");
  const clx_setting settings[] = {{"power.sources", "[{name: grid, power: 1 MW}]"},
                                  {"power.tariff", "us-industrial"},
                                  {"power.horizon", "4 d"},
                                  {"power.curtailments", list}};
  clx_result *r = run("gpt3-mlperf-512", settings, CLX_COUNT(settings));
  const double rate = value(r, "power.curtailment_1.rate");
  assert_true(rate > 0.3 && rate < 1);
  CLX_CHECK_NEAR(value(r, "power.curtailment_12.rate"), rate, 0, 0);
  assert_null(clx_result_find(r, "power.curtailment_13.rate"));
  CLX_CHECK_NEAR(value(r, "power.shed.work"), COUNT * 3600 * (1 - rate), 1e-9, 0);
  clx_result_free(r);
}

// The study of a capped site is of the same job as its run.
static void test_study_has_the_cap(void **state) {
  (void)state;
  static const clx_setting settings[] = {{"power.facility_limit", "380 kW"}, {"power.on_limit", "cap"}};
  clx_error error = {0};
  clx_scenario *scenario = NULL;
  clx_result *study = NULL, *r = run("gpt3-mlperf-512", settings, 2);
  assert_int_equal(clx_scenario_load(catalog, "gpt3-mlperf-512", settings, 2, &scenario, &error), CLX_OK);
  if (clx_power_run(scenario, NULL, &study, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  CLX_CHECK_NEAR(value(study, "training.step_time"), value(r, "training.step_time"), 1e-12, 0);
  CLX_CHECK_NEAR(value(study, "power.cap"), value(r, "power.cap"), 1e-12, 0);
  clx_result_free(study);
  clx_result_free(r);
  clx_scenario_free(scenario);
}

static void test_named_errors(void **state) {
  (void)state;
  static const struct {
    clx_setting setting[2];
    const char *text;
    clx_status status;
  } bad[] = {
      {{{"power.batteries", "[]"}, {"power.sources", "[{name: g, power: 105 MW}]"}}, "are missing", CLX_INFEASIBLE},
      {{{"power.batteries", "[]"}, {"power.sources", "[{name: g, power: 30 MW}]"}}, "from hour", CLX_INFEASIBLE},
      {{{"power.pue", "1.25"}, {"power.sources", "[{name: g, power: 1 GW, from: 2 d, until: 1 d}]"}},
       "until",
       CLX_INPUT},
      {{{"power.pue", "1.25"}, {"power.sources", "[{name: g, power: 1 GW}, {name: g, power: 1 GW}]"}},
       "named 'g'",
       CLX_INPUT},
      {{{"power.pue", "1.25"}, {"power.chain", "nvl7"}}, "did you mean", CLX_INPUT},
      {{{"power.facility_limit", "155 MW"}, {"power.jobs", "{random: {count: 3}}"}}, "exclude each other", CLX_INPUT},
  };
  for (int32_t i = 0; i < CLX_COUNT(bad); i++) {
    clx_status status;
    clx_error error;
    assert_null(try_run("colossus-1", bad[i].setting, 2, &status, &error));
    assert_int_equal(status, bad[i].status);
    if (strstr(error.mistake[0].text, bad[i].text) == NULL)
      fail_msg("'%s' lacks '%s'", error.mistake[0].text, bad[i].text);
  }
}

// Two stores of one kind are two stores.
static void test_equal_batteries(void **state) {
  (void)state;
  static const clx_setting settings[] = {
      {"power.batteries",
       "[{battery: megapack-2, count: 84, roles: [bridge]}, {battery: megapack-2, count: 84, roles: [smooth]}]"}};
  clx_result *r = run("colossus-1", settings, 1);
  assert_true(value(r, "power.battery.megapack_2_2.cycles") > value(r, "power.battery.megapack_2.cycles"));
  clx_result_free(r);
}

static void test_frontier(void **state) {
  (void)state;
  clx_result *r = run("frontier", NULL, 0);
  CLX_CHECK_NEAR(value(r, "power.it_idle"), 7.3065e6, 5e-6, 0);
  CLX_CHECK_NEAR(value(r, "power.it_peak"), 28.2279e6, 5e-6, 0);
  assert_true(value(r, "power.it_least") >= value(r, "power.it_idle"));
  assert_true(value(r, "power.it_most") <= value(r, "power.it_peak"));
  clx_result_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_published_trace),   cmocka_unit_test(test_levels_balance),
      cmocka_unit_test(test_stops_and_stagger), cmocka_unit_test(test_cap_reaches_training),
      cmocka_unit_test(test_curtailment_caps),  cmocka_unit_test(test_many_curtailments),
      cmocka_unit_test(test_study_has_the_cap), cmocka_unit_test(test_named_errors),
      cmocka_unit_test(test_equal_batteries),   cmocka_unit_test(test_frontier),
  };
  return cmocka_run_group_tests(tests, open_catalog, close_catalog);
}
