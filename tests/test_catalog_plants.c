// The plants of the catalogue: none of their chillers leaves its curves on the hard side (condenser too warm, water too cold), on the design day or
// through the years of two sites.
#include "check.h"

#include <stdlib.h>
#include <unistd.h>

#include "catalog/catalog.h"
#include "cooling/cooling_plant.h"

enum { STRIDE = 97 };  // every 97th hour: all hours of the day, all weeks

static clx_catalog *catalog;

// 0.4 % of the hours are hotter, and 0.4 % have a higher wet bulb: the day that the designer sizes plants for.
static clx_air design_day(const clx_weather *weather) {
  const double dry = clx_weather_exceeded(weather, CLX_WEATHER_DRY_BULB, 0.004);
  const double wet = clx_weather_exceeded(weather, CLX_WEATHER_WET_BULB, 0.004);
  return clx_air_from_wet_bulb(dry, fmin(wet, dry), (double)weather->pressure[0]);
}

static void open_plant(const char *name, const clx_air *design, double liquid, double air, clx_arena *arena,
                       clx_plant *plant) {
  clx_error error;
  clx_error_clear(&error);
  clx_plant_spec *spec = CLX_NEW(arena, clx_plant_spec);
  const clx_equipment *equipment = NULL;
  const clx_place place = {0};
  if (clx_catalog_read_plant(catalog, name, place, arena, spec, &error) != CLX_OK ||
      clx_catalog_read_equipment(catalog, spec, arena, &equipment, &error) != CLX_OK)
    fail_msg("%s: %s", name, error.mistake[0].text);
  const clx_plant_finder finder = clx_equipment_finder(equipment);
  if (clx_plant_build(spec, &finder, spec->liquid != NULL ? liquid : 0, spec->air != NULL ? air : 0, design, arena,
                      plant, &error) != CLX_OK)
    fail_msg("%s: %s", name, error.mistake[0].text);
}

// One moment: nothing beyond its curves on the hard side.
static void check_moment(const clx_plant *plant, const char *site, int64_t hour, double load, const clx_air *air) {
  clx_error error;
  clx_error_clear(&error);
  clx_plant_state state;
  if (clx_plant_solve(plant, plant->liquid_heat * load, plant->air_heat * load, air, NULL, &state, &error) != CLX_OK)
    fail_msg("%s, %s, hour %lld: %s", plant->name, site, (long long)hour, error.mistake[0].text);
  for (int32_t u = 0; u < plant->unit_count; u++) {
    const clx_plant_unit *unit = &plant->unit[u];
    if (state.unit[u].limit != CLX_CHILLER_ABOVE || state.unit[u].heat <= 0) continue;
    const double from = unit->into >= 0 ? state.loop[unit->into].supply : air->dry_bulb;
    fail_msg("%s, %s, hour %lld (%.1f degC): %s of \"%s\": %.2f degC leaving, %.2f degC entering", plant->name, site,
             (long long)hour, air->dry_bulb - 273.15, unit->chiller->name, unit->spec.name,
             state.loop[unit->loop].supply - 273.15, from - 273.15);
  }
}

static int64_t largest(const float *x, int64_t count) {
  int64_t at = 0;
  for (int64_t i = 1; i < count; i++) at = x[i] > x[at] ? i : at;
  return at;
}

static void check_site(const char *site, const clx_weather *weather) {
  clx_arena *arena = clx_arena_new();
  const clx_air design = design_day(weather);
  const int64_t extreme[] = {largest(weather->dry_bulb, weather->count), largest(weather->wet_bulb, weather->count)};
  const char *name = NULL;
  int32_t count = 0;
  for (; (name = clx_catalog_name(catalog, "plant", count)) != NULL; count++) {
    clx_plant plant;
    const bool fixed = strncmp(name, "modelica", 8) == 0;  // of one size: a dry cooler of 1 MW
    open_plant(name, &design, fixed ? 0.6e6 : 20e6, 8e6, arena, &plant);
    check_moment(&plant, site, -1, 1, &design);
    for (int64_t hour = 0; hour < weather->count; hour += STRIDE) {
      const clx_air air = clx_weather_air(weather, hour);
      check_moment(&plant, site, hour, 0.7, &air);
    }
    for (int32_t k = 0; k < 2; k++) {
      const clx_air air = clx_weather_air(weather, extreme[k]);
      check_moment(&plant, site, extreme[k], 1, &air);
    }
  }
  assert_true(count > 10);
  clx_arena_free(arena);
}

static void test_memphis(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error;
  clx_error_clear(&error);
  clx_climate climate;
  clx_weather weather;
  const clx_place place = {0};
  assert_int_equal(
      clx_catalog_read(catalog, "climate", "memphis", place, clx_catalog_schema("climate"), arena, &climate, &error),
      CLX_OK);
  assert_int_equal(clx_weather_typical(&climate, arena, &weather, &error), CLX_OK);
  check_site("Memphis", &weather);
  clx_arena_free(arena);
}

// The weather file is not ours to ship.
static void test_fayetteville(void **state) {
  (void)state;
  char path[512];
  const char *root = getenv("COLOSSUS_SOURCE_ROOT");
  snprintf(path, sizeof path, "%s/../shared/validation/weather/USA_AR_Fayetteville-Drake.Field.723445_TMY3.epw",
           root != NULL ? root : ".");
  if (access(path, R_OK) != 0) skip();
  clx_arena *arena = clx_arena_new();
  clx_error error;
  clx_error_clear(&error);
  clx_weather weather;
  if (clx_weather_read(path, arena, &weather, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  check_site("Fayetteville", &weather);
  clx_arena_free(arena);
}

// Rear doors: all heat of the hall's air, and of the doors' fans, goes into the facility's water; without
// chillers on the design day both warm up together.
static void test_rear_doors(void **state) {
  (void)state;
  enum { RACKS, FACILITY, HALL };  // loops of the entry
  clx_arena *arena = clx_arena_new();
  clx_error error;
  clx_error_clear(&error);
  clx_plant plant;
  clx_plant_state now;
  const clx_air design = clx_air_from_wet_bulb(308.75, 299.35, 101325);
  open_plant("liquid-rear-doors", &design, 20e6, 8e6, arena, &plant);
  assert_string_equal(plant.loop[HALL].spec.name, "hall");
  assert_string_equal(plant.unit[1].spec.equipment, "rear_door_66kw");
  assert_int_equal(clx_plant_solve(&plant, 20e6, 8e6, &design, NULL, &now, &error), CLX_OK);
  CLX_CHECK_NEAR(now.unit[1].heat, 8e6 + now.loop[HALL].pump, 1e-9, 0);
  CLX_CHECK_NEAR(now.loop[HALL].supply, 299.15, 0, 1e-6);
  CLX_CHECK_NEAR(now.loop[FACILITY].heat, now.unit[0].heat + now.unit[1].heat + now.loop[FACILITY].pump, 1e-9, 0);
  // 200 Pa at 70 % for each 66 kW, and what motor and margin take
  assert_true(now.loop[HALL].pump > 1.56 / 65.89 * 8e6 && now.loop[HALL].pump < 2 * 1.56 / 65.89 * 8e6);
  clx_plant_fault fault;
  for (int32_t u = 0; u < CLX_PLANT_UNITS_MAX; u++) fault.unit[u] = 1;
  for (int32_t l = 0; l < CLX_LOOPS_MAX; l++) fault.pump[l] = 1;
  fault.unit[3] = 0;
  assert_int_equal(clx_plant_solve(&plant, 20e6, 8e6, &design, &fault, &now, &error), CLX_OK);
  assert_true(now.loop[HALL].warm && now.loop[HALL].supply > now.loop[FACILITY].supply + 1 && now.residual < 1e-9);
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
      cmocka_unit_test(test_memphis),
      cmocka_unit_test(test_fayetteville),
      cmocka_unit_test(test_rear_doors),
  };
  return cmocka_run_group_tests(tests, open_catalog, close_catalog);
}
