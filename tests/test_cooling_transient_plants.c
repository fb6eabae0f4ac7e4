// Trips of the catalogue's plants: each comes to rest where the steady solver does, at two sites in every season, and balances after a loss of power.
#include "check.h"

#include <colossus/colossus.h>

#include "catalog/catalog.h"
#include "cooling/cooling_transient.h"
#include "weather/weather_moist_air.h"

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

#ifdef CLX_HAS_SUNDIALS

typedef struct bench {
  clx_arena *arena;
  clx_error error;
  clx_plant plant;
  double liquid, air;  // W
} bench;

// The catalogue's two studies of a plant of about a megawatt are of given size.
static void build(bench *b, const char *name, const clx_air *design) {
  clx_plant_spec spec = {0};
  const clx_equipment *list = NULL;
  *b = (bench){.arena = clx_arena_new()};
  clx_error_clear(&b->error);
  if (clx_catalog_read_plant(catalog, name, (clx_place){0}, b->arena, &spec, &b->error) != CLX_OK ||
      clx_catalog_read_equipment(catalog, &spec, b->arena, &list, &b->error) != CLX_OK)
    fail_msg("%s", b->error.mistake[0].text);
  const double whole = strncmp(name, "modelica", 8) == 0 ? 0.8e6 : 90e6;
  b->air = !spec.liquid ? whole : spec.air ? 0.28 * whole : 0;
  b->liquid = whole - b->air;
  const clx_plant_finder finder = clx_equipment_finder(list);
  if (clx_plant_build(&spec, &finder, b->liquid, b->air, design, b->arena, &b->plant, &b->error) != CLX_OK)
    fail_msg("%s: %s", name, b->error.mistake[0].text);
}

static void run(bench *b, const char *name, clx_transient_input input, clx_transient *out) {
  input.plant = &b->plant;
  clx_error_clear(&b->error);
  if (clx_transient_run(&input, b->arena, out, &b->error) != CLX_OK)
    fail_msg("%s at %g K: %s", name, input.outside->dry_bulb, b->error.mistake[0].text);
  if (!(out->energy_residual < 1e-9)) fail_msg("%s: balance %g", name, out->energy_residual);
}

// Where controls still swing (a machine more or less, outside air that is let in or not), they do so by less than half a kelvin.
static void rest(bench *b, const char *name, const clx_air *outside, double load) {
  clx_plant_state want;
  clx_transient out;
  run(b, name,
      (clx_transient_input){
          .outside = outside, .liquid = load * b->liquid, .air = load * b->air, .horizon = 60, .step = 1},
      &out);
  assert_int_equal(clx_plant_solve(&b->plant, load * b->liquid, load * b->air, outside, NULL, &want, &b->error),
                   CLX_OK);
  if (!(out.swing < 0.5)) fail_msg("%s at %g K: controls swing by %g K", name, outside->dry_bulb, out.swing);
  const int32_t racks[] = {b->plant.liquid, b->plant.air};
  for (int32_t i = 0; i < 2; i++) {
    if (racks[i] < 0) continue;
    const double off = out.settled.loop[racks[i]].supply - want.loop[racks[i]].supply;
    if (fabs(off) > 0.2) fail_msg("%s at %g K: supply off by %g K", name, outside->dry_bulb, off);
  }
  for (int64_t i = 0; i < out.samples; i++) CLX_CHECK_NEAR(out.supply[i], out.supply[0], 0, 0.05 + out.swing);
}

static void lose_power(bench *b, const char *name, const clx_air *outside) {
  static const clx_trip TRIP[] = {{CLX_TRIP_POWER, NULL, 10, -1, -1}, {CLX_TRIP_RESTORE, NULL, 40, -1, -1}};
  clx_transient out;
  run(b, name,
      (clx_transient_input){.outside = outside,
                            .liquid = b->liquid,
                            .air = b->air,
                            .hall = {.volume = 18e3, .metal = 380e6, .metal_time = 300, .limit = 308.15},
                            .trip = TRIP,
                            .trip_count = 2,
                            .horizon = 300,
                            .step = 1},
      &out);
  assert_true((out.air != NULL) == (b->plant.air >= 0));
  if (out.air != NULL) assert_true(out.air[35] > out.air[5] + 2);  // fans and machines of the hall stand
  assert_true(out.flow[39] < 0.5 * out.flow[5] && out.flow[5] > 0);
  assert_true(out.electric[39] < 0.5 * out.electric[5]);
}

static void test_every_plant_comes_to_rest(void **state) {
  (void)state;
  // Design day (dry and wet bulb), a mild and a cold day, at Memphis and Fayetteville; K, Pa.
  static const struct {
    double dry[3], wet[3], pressure;
  } SITES[] = {{{308.7, 290.2, 269.2}, {298.4, 286.5, 266.9}, 100.3e3},
               {{307.6, 287.4, 261.5}, {296.7, 283.1, 260.2}, 96.9e3}};
  int32_t plants = 0;
  for (int32_t i = 0;; i++) {
    const char *name = clx_catalog_name(catalog, "plant", i);
    if (name == NULL) break;
    plants++;
    for (int32_t s = 0; s < CLX_COUNT(SITES); s++) {
      clx_air air[3];
      bench b;
      for (int32_t k = 0; k < 3; k++)
        air[k] = clx_air_from_wet_bulb(SITES[s].dry[k], SITES[s].wet[k], SITES[s].pressure);
      build(&b, name, &air[0]);
      for (int32_t k = 0; k < 3; k++) {
        rest(&b, name, &air[k], 1);
        rest(&b, name, &air[k], 0.78);
      }
      lose_power(&b, name, &air[0]);
      clx_arena_free(b.arena);
    }
  }
  assert_true(plants >= 15);
}

#else

static void test_every_plant_comes_to_rest(void **state) {
  (void)state;
  skip();
}

#endif

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_plant_comes_to_rest)};
  return cmocka_run_group_tests(tests, open_catalog, close_catalog);
}
