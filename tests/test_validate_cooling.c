// Figures of cooling by name: what they demand, and the published liquid-cooled plant through the year of its own weather file.
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
      {CASE("{form: plant_supply, inputs: {of: modelica-liquid-1mw, system: moat, liquid: 1 MW, outside: 36 degC}, "
            "value: 300 K}"),
       "has no loop 'moat'"},
  };
  for (size_t i = 0; i < CLX_COUNT(rows); i++) {
    clx_case_outcome outcome;
    clx_error error;
    assert_int_not_equal(run(rows[i].text, &outcome, &error), CLX_OK);
    if (strstr(error.mistake[0].text, rows[i].says) == NULL) fail_msg("%s", error.mistake[0].text);
  }
}

// PUE, pumps, fans and chiller of the library's reference run (P158 to P161). The weather file is not ours to ship.
static void test_published_year(void **state) {
  (void)state;
  char path[512];
  const char *root = getenv("COLOSSUS_SOURCE_ROOT");
  snprintf(path, sizeof path, "%s/../shared/validation/weather/USA_IL_Chicago-OHare.Intl.AP.725300_TMY3.epw",
           root != NULL ? root : ".");
  if (access(path, R_OK) != 0) skip();
  clx_arena *arena = clx_arena_new();
  clx_error error;
  clx_error_clear(&error);
  clx_weather weather;
  clx_plant_spec spec;
  clx_plant plant;
  clx_cooling_year year;
  const clx_place place = {0};
  if (clx_weather_read(path, arena, &weather, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  if (clx_catalog_read_plant(catalog, "modelica-liquid-year", place, arena, &spec, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  const clx_equipment *equipment = NULL;
  if (clx_catalog_read_equipment(catalog, &spec, arena, &equipment, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  const clx_plant_finder finder = clx_equipment_finder(equipment);
  const clx_air design = clx_air_from_relative(309.15, 0.4, 101325);
  if (clx_plant_build(&spec, &finder, 0.6e6, 0, &design, arena, &plant, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  const clx_cooling_year_input input = {.plant = &plant, .weather = &weather, .liquid = 0.6e6, .it = 0.6e6};
  if (clx_cooling_year_run(&input, arena, &year, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  CLX_CHECK_NEAR(year.pue, 1.06585, 0, 0.002);
  CLX_CHECK_NEAR(year.pumps, 1.24213e12, 0.02, 0);
  CLX_CHECK_NEAR(year.fans, 3.93365e9, 0.10, 0);
  assert_true(year.compressors == 0);
  assert_true(year.residual < 1e-9);
  clx_arena_free(arena);
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
      cmocka_unit_test(test_figures),
      cmocka_unit_test(test_mistakes),
      cmocka_unit_test(test_published_year),
  };
  return cmocka_run_group_tests(tests, open_catalog, close_catalog);
}
