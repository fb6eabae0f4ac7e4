// Trips of the catalogue's plants: each comes to rest before its trip at every site and season, where the steady solver does.
#include "check.h"

#include <colossus/colossus.h>
#include <stdlib.h>

#include "catalog/catalog.h"
#include "cooling/cooling_transient.h"
#include "weather/weather.h"

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

static void all_of(const char *name, double liquid, double air, const clx_air *design, const clx_air *outside,
                   double part, const char *label) {
  clx_arena *arena = clx_arena_new();
  clx_error error = {0};
  clx_plant_spec spec = {0};
  const clx_equipment *list = NULL;
  clx_plant plant;
  if (clx_catalog_read_plant(catalog, name, (clx_place){0}, arena, &spec, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  if (clx_catalog_read_equipment(catalog, &spec, arena, &list, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  const clx_plant_finder finder = clx_equipment_finder(list);
  if (!spec.liquid) air += liquid, liquid = 0;
  if (!spec.air) liquid += air, air = 0;
  if (clx_plant_build(&spec, &finder, liquid, air, design, arena, &plant, &error) != CLX_OK) {
    printf("%-32s %-10s BUILD %s\n", name, label, error.mistake[0].text);
    clx_arena_free(arena);
    return;
  }
  clx_plant_state steady;
  clx_error_clear(&error);
  if (clx_plant_solve(&plant, liquid * part, air * part, outside, NULL, &steady, &error) != CLX_OK) {
    printf("%-32s %-10s SOLVE %s\n", name, label, error.mistake[0].text);
    clx_arena_free(arena);
    return;
  }
  clx_transient_input in = {
      .plant = &plant, .outside = outside, .liquid = liquid * part, .air = air * part, .horizon = 120, .step = 1};
  clx_transient out;
  const clx_status status = clx_transient_run(&in, arena, &out, &error);
  double moved = 0, worst = 0;
  if (status == CLX_OK) {
    for (int64_t i = 0; i < out.samples; i++) moved = fmax(moved, fabs((double)out.supply[i] - (double)out.supply[0]));
    for (int32_t l = 0; l < plant.loop_count; l++)
      worst = fmax(worst, fabs(out.settled.loop[l].supply - steady.loop[l].supply));
    printf("%-32s %-10s %.2f ok moved %.2e  off steady %.2e K, el %.3g\n", name, label, part, moved, worst,
           out.settled.electric / steady.electric - 1);
  } else {
    printf("%-32s %-10s %.2f FAIL %s\n", name, label, part, error.mistake[0].text);
  }
  clx_arena_free(arena);
}

static void test_all(void **state) {
  (void)state;
  const clx_air design = clx_air_from_wet_bulb(309.15, 298.15, 99000);
  const clx_air air[] = {clx_air_from_wet_bulb(268.15, 266.15, 99000), clx_air_from_wet_bulb(288.15, 283.15, 99000),
                         design, clx_air_from_wet_bulb(295.15, 294.15, 99000)};
  static const char *const LABEL[] = {"cold", "mild", "design", "humid"};
  for (int32_t i = 0;; i++) {
    const char *name = clx_catalog_name(catalog, "plant", i);
    if (!name) break;
    for (int32_t k = 0; k < CLX_COUNT(air); k++) {
      all_of(name, 60e6, 25e6, &design, &air[k], 1, LABEL[k]);
      all_of(name, 60e6, 25e6, &design, &air[k], 0.75, LABEL[k]);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};
  return cmocka_run_group_tests(tests, open_catalog, close_catalog);
}
