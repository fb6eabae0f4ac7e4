// Figures of cooling by name: what they demand; the published liquid-cooled plant, its chiller included, through years of weather files.
#include "check.h"

#include <stdlib.h>
#include <unistd.h>

#include "cooling/cooling_plant.h"
#include "validate/validate_cooling.h"

static clx_catalog *catalog;

static clx_status run(const char *text, clx_case_outcome *outcome, clx_error *error) {
  clx_arena *arena = clx_arena_new();
  assert_non_null(arena);
  clx_node *root = NULL;
  clx_case of;
  clx_error_clear(error);
  clx_status status = clx_document_read(arena, "c.yaml", text, strlen(text), &root, error);
  if (status == CLX_OK) status = clx_case_read(arena, catalog, root, &of, error);
  if (status == CLX_OK) status = clx_case_evaluate(arena, catalog, &of, 1, outcome, error);
  clx_arena_free(arena);
  return status;
}

#define CASE(row) "name: c\ntitle: c\nsource: psychrolib\ncooling: {of: pg25}\nexpect: [" row "]\n"

static void test_figures(void **state) {
  (void)state;
  static const struct {
    const char *text;
    double value;
    bool passed;
  } rows[] = {
      {CASE("{form: saturation_pressure, inputs: {temperature: 25 degC}, value: 3169.7 Pa, relative: 0.03 %}"), 3169.7,
       true},
      {CASE("{form: saturation_pressure, inputs: {temperature: 25 degC}, value: 3200 Pa, relative: 0.03 %}"), 3169.7,
       false},
      {CASE("{form: effectiveness_counter, inputs: {ntu: 3, ratio: 1}, value: 0.75}"), 0.75, true},
      {CASE("{form: make_up, inputs: {evaporation: 1 kg/s, drift: 0 kg/s, cycles: 5}, value: 1.25 kg/s}"), 1.25, true},
      {CASE("{form: mover_head, inputs: {of: cdu-pump, flow: 0.5, speed: 0.5}, value: 0.25}"), 0.25, true},
  };
  for (size_t i = 0; i < CLX_COUNT(rows); i++) {
    clx_case_outcome outcome;
    clx_error error;
    if (run(rows[i].text, &outcome, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
    CLX_CHECK_NEAR(outcome.value, rows[i].value, 3e-4, 0);
    assert_int_equal(outcome.passed, rows[i].passed);
  }
}

static void test_mistakes(void **state) {
  (void)state;
  static const struct {
    const char *text, *says;
  } rows[] = {
      {CASE("{form: saturation_presure, value: 1 Pa}"), "did you mean 'saturation_pressure'"},
      {CASE("{form: density, inputs: {temprature: 25 degC}, value: 1 kg/m^3}"), "did you mean 'temperature'"},
      {CASE("{form: density, value: 1 kg/m^3}"), "needs the input 'temperature'"},
      {CASE("{form: density, inputs: {of: pg99x, temperature: 25 degC}, value: 1 kg/m^3}"), "no fluid 'pg99x'"},
      {CASE("{form: effectiveness_counter, inputs: {ntu: 1, ratio: 2}, value: 1}"), "ratio in 0..1"},
      {CASE("{form: make_up, inputs: {evaporation: 1 kg/s, drift: 0 kg/s, cycles: 1}, value: 1 kg/s}"),
       "cycles above 1"},
      {CASE("{form: chiller_cop, inputs: {of: daikin-ewad-c16, leaving: 40 degC, entering: 35 degC}, value: 3}"),
       "outside the curves"},
      {CASE("{form: system_pue, inputs: {weather: memphis, system: tiny, quantile: 0.5}, value: 1}"), "no type 'tiny'"},
      {CASE("{form: system_pue, inputs: {system: small-dx, quantile: 0.5}, value: 1}"), "needs the input 'weather'"},
      {CASE("{form: system_pue, inputs: {weather: memfis, system: small-dx, quantile: 0.5}, value: 1}"), "memphis"},
      {CASE("{form: entry_pue, inputs: {of: liquid-tower, weather: memphis, it: 1 MW}, value: 1}"),
       "no type 'liquid-tower'"},
      {CASE("{form: plant_supply, inputs: {of: liquid-dry, system: moat, liquid: 1 MW, outside: 30 degC}, value: 300 "
            "K}"),
       "has no loop 'moat'"},
      {CASE("{form: reference_back, inputs: {of: modelica-liquid, system: rack, load: 2 MW, economiser: 1 MW, outside: "
            "300 K, pump_heat: 1}, value: 300 K}"),
       "expected load and economiser"},
      {CASE("{form: reference_back, inputs: {of: liquid-dry, system: racks, load: 0.6 MW, economiser: 0.6 MW, outside: "
            "300 K, pump_heat: 1}, value: 300 K}"),
       "is not laid out as the published plant"},
      {CASE("{form: rack_air, inputs: {it: 0 W, rise: 10 K, door: 0 Pa}, value: 1 W}"),
       "expected power and rise above 0"},
  };
  for (size_t i = 0; i < CLX_COUNT(rows); i++) {
    clx_case_outcome outcome;
    clx_error error;
    assert_int_not_equal(run(rows[i].text, &outcome, &error), CLX_OK);
    if (strstr(error.mistake[0].text, rows[i].says) == NULL) fail_msg("%s", error.mistake[0].text);
  }
}

// A weather file that is not at hand is no failure, and no pass.
static void test_skipped(void **state) {
  (void)state;
  clx_case_outcome outcome;
  clx_error error;
  const char *text =
      CASE("{form: system_pue, inputs: {weather: nowhere.epw, system: small-dx, quantile: 0.5}, value: 1}");
  if (run(text, &outcome, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  const clx_case_row row = {0};
  assert_int_equal(clx_case_judge(&row, &outcome), CLX_CASE_SKIPPED);
  assert_false(outcome.has_value);
}

#define REFERENCE(form, file, value)                                                                         \
  "name: c\ntitle: c\nsource: psychrolib\ncooling: {of: modelica-liquid, load: 0.6 MW, economiser: 0.6 MW, " \
  "weather: " file "}\nexpect: [{form: " form ", value: " value "}]\n"

// The files are not ours to ship; they are looked for beside the source.
static double reference(const char *text) {
  clx_case_outcome outcome;
  clx_error error;
  const char *root = getenv("COLOSSUS_SOURCE_ROOT");
  if (root != NULL && chdir(root) != 0) fail_msg("no folder %s", root);
  if (run(text, &outcome, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  if (outcome.skipped != NULL) skip();
  return outcome.value;
}

// PUE of the library's reference run (P161): its pumps' and fans' figures are rows of validation/cooling/modelica_year.
static void test_published_year(void **state) {
  (void)state;
  const double pue = reference(REFERENCE("reference_pue", "USA_IL_Chicago-OHare.Intl.AP.725300_TMY3.epw", "1"));
  CLX_CHECK_NEAR(pue, 1.06585, 0, 0.002);
}

// Its chiller can run: in Phoenix the dry cooler does not hold what the economiser needs.
static void test_published_chiller(void **state) {
  (void)state;
  const double time =
      reference(REFERENCE("reference_chiller_time", "USA_AZ_Phoenix-Sky.Harbor.Intl.AP.722780_TMY3.epw", "1 s"));
  assert_true(time > 30 * 86400.0);
}

static int open_catalog(void **state) {
  (void)state;
  clx_error error;
  clx_error_clear(&error);
  return clx_catalog_open(NULL, &catalog, &error) == CLX_OK ? 0 : -1;
}

static int close_catalog(void **state) {
  (void)state;
  clx_catalog_close(catalog);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_figures),        cmocka_unit_test(test_mistakes),          cmocka_unit_test(test_skipped),
      cmocka_unit_test(test_published_year), cmocka_unit_test(test_published_chiller),
  };
  return cmocka_run_group_tests(tests, open_catalog, close_catalog);
}
