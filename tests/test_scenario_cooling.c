// The section `cooling` of a scenario: what it takes, what it refuses and in which words.
#include "check.h"

#include <colossus/colossus.h>

#include "scenario/scenario.h"

static clx_catalog *catalog;

static int open_catalog(void **state) {
  (void)state;
  return clx_catalog_open(NULL, &catalog, NULL) == CLX_OK ? 0 : -1;
}

static int close_catalog(void **state) {
  (void)state;
  clx_catalog_close(catalog);
  return 0;
}

enum { MOST = 4 };

// The reference machine in Memphis with `settings` (up to MOST, ended by one without a path).
static clx_status load(const clx_setting *settings, clx_scenario **scenario, clx_error *error) {
  clx_setting all[MOST + 1] = {{"cooling.climate", "memphis"}};
  int32_t count = 1;
  for (; count <= MOST && settings[count - 1].path != NULL; count++) all[count] = settings[count - 1];
  clx_error_clear(error);
  *scenario = NULL;
  return clx_scenario_load(catalog, "colossus-1", all, count, scenario, error);
}

static const clx_setting TOWER = {"cooling.plant", "liquid-tower"};

static void test_refusals(void **state) {
  (void)state;
  static const struct {
    clx_setting set[MOST];
    const char *file, *says;
  } row[] = {
      {{{"cooling.plant", "liquid-tower"}, {"cooling.supply", "45 K"}},
       "--set cooling.supply",
       "out of range: expected -20 degC to 80 degC"},
      {{{"cooling.plant", "liquid-tower"}, {"cooling.supply", "5 degC"}},
       "--set cooling.supply",
       "'cooling.supply' is 5 degC, expected 6.5 to 90 degC: in the plant 'liquid-tower' loop 'towers' moves"},
      {{{"cooling.plant", "hyperscale-waterside"}},
       "--set cooling.plant",
       "the racks 'supermicro_liquid_8x8' give some; of the catalogue fit liquid-chillers, liquid-dry, "},
      {{{"cooling.plant", "modelica-liquid"}},
       "--set cooling.plant",
       "takes no heat of the hall's air ('air' names no loop of it)"},
      {{{"cooling.plant", "hyperscale-waterside"}, {"cooling.supply", "40 degC"}},
       "--set cooling.supply",
       "the plant gives no liquid to racks"},
      {{{"cooling.plant", "liquid-tower"}, {"cooling.tank", "100 m3"}},
       "--set cooling.tank",
       "needs 'cooling.tank_loop', the loop it stands in: racks, facility, hall, chilled, towers"},
      {{{"cooling.plant", "liquid-tower"}, {"cooling.tank_loop", "facility"}},
       "--set cooling.tank_loop",
       "needs 'cooling.tank'"},
      {{{"cooling.plant", "liquid-tower"}, {"cooling.tank", "100 m3"}, {"cooling.tank_loop", "rakcs"}},
       "--set cooling.tank_loop",
       "the plant has no loop 'rakcs'; it has racks, facility"},
      {{{"cooling.plant", "liquid-tower"}, {"cooling.spare", "3N"}},
       "--set cooling.spare",
       "expected a number without unit, read \"3N\"; or one of N, N+1, N+2, 2N"},
      {{{"cooling.plant", "liquid-tower"}, {"cooling.spare", "-1"}}, "--set cooling.spare", "expected 0 to 1,000"},
      {{{"cooling.own",
         "{liquid: r, loops: [{name: r, fluid: water, supply: 20 degC, range: 10 degC, pump: cdu-pump}], units: []}"}},
       "--set cooling.own",
       "a difference is in K"},
      {{{"cooling.own",
         "{liquid: r, loops: [{name: r, fluid: water, supply: 20 degC, range: -1 K, pump: cdu-pump}], units: []}"}},
       "--set cooling.own",
       "expected 0.1 K to 100 K"},
  };
  for (int32_t i = 0; i < CLX_COUNT(row); i++) {
    clx_scenario *scenario;
    clx_error error;
    assert_int_equal(load(row[i].set, &scenario, &error), CLX_INPUT);
    if (strstr(error.mistake[0].text, row[i].says) == NULL || strstr(error.mistake[0].file, row[i].file) == NULL)
      fail_msg("row %d: %s: %s", i, error.mistake[0].file, error.mistake[0].text);
    clx_scenario_free(scenario);
  }
}

// Words of `spare` and numbers alike; pumps follow units, and what the plant says stays where it is left out.
static void test_spares(void **state) {
  (void)state;
  static const struct {
    const char *text;
    double units, pumps;  // of the towers; of the facility's loop, which has 4 and 1 spare
  } row[] = {{"N", 0, 0}, {"n+1", 1, 1}, {"N+2", 2, 2}, {"2N", CLX_SPARE_TWICE, 4}, {"3", 3, 3}, {NULL, 1, 1}};
  for (int32_t i = 0; i < CLX_COUNT(row); i++) {
    clx_scenario *scenario;
    clx_error error;
    const clx_setting set[MOST] = {TOWER, {row[i].text != NULL ? "cooling.spare" : NULL, row[i].text}};
    if (load(set, &scenario, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
    const clx_plant_spec *plant = &scenario->cooling.plant;
    for (int32_t u = 0; u < plant->unit_count; u++) {
      if (strcmp(plant->unit[u].name, "towers") == 0) CLX_CHECK_NEAR(plant->unit[u].spare, row[i].units, 0, 0);
    }
    CLX_CHECK_NEAR(plant->loop[1].pumps_spare, row[i].pumps, 0, 0);
    clx_scenario_free(scenario);
  }
}

static clx_result *run(const clx_setting *set) {
  clx_scenario *scenario;
  clx_error error;
  clx_result *result = NULL;
  clx_run_options options;
  clx_run_options_default(&options);
  if (load(set, &scenario, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  if (clx_scenario_run(scenario, &options, &result, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  clx_scenario_free(scenario);
  return result;
}

static double value(const clx_result *result, const char *name) {
  const clx_quantity *q = clx_result_find(result, name);
  if (q == NULL) fail_msg("there is no result '%s'", name);
  return q->value;
}

// Chillers of the hall run all year; those of the liquid while free cooling does not reach. What enters on the design day passes the first
// loops with what their pumps add. 2N: as many units stand by as carry the load.
static void test_a_run(void **state) {
  (void)state;
  const clx_setting set[MOST] = {{"cooling.plant", "liquid-chillers"}, {"cooling.spare", "2N"}};
  clx_result *r = run(set);
  const double year = 365 * 86400, all = value(r, "cooling.compressor_time"),
               liquid = value(r, "cooling.liquid_compressor_time");
  CLX_CHECK_NEAR(value(r, "cooling.free_time") + all, year, 1e-12, 0);
  assert_true(liquid > 0.1 * year && liquid < 0.9 * all);
  CLX_CHECK_NEAR(value(r, "cooling.moment.liquid") + value(r, "cooling.loop.racks.pump"),
                 value(r, "cooling.loop.racks.heat"), 1e-6, 0);
  CLX_CHECK_NEAR(value(r, "cooling.moment.air") + value(r, "cooling.loop.hall.pump"),
                 value(r, "cooling.loop.hall.heat"), 1e-6, 0);
  static const char *const unit[] = {"cdus", "warm-chillers", "chillers"};
  for (int32_t i = 0; i < CLX_COUNT(unit); i++) {
    char spare[64], count[64];
    snprintf(spare, sizeof spare, "cooling.unit.%s.spare", unit[i]);
    snprintf(count, sizeof count, "cooling.unit.%s.count", unit[i]);
    assert_true(value(r, count) > 1);
    CLX_CHECK_NEAR(value(r, spare), value(r, count), 0, 0);
  }
  clx_result_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_refusals), cmocka_unit_test(test_spares),
                                     cmocka_unit_test(test_a_run)};
  return cmocka_run_group_tests(tests, open_catalog, close_catalog);
}
