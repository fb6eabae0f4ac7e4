// Every plant has a steady state in every moment, or says how much heat finds no way out: none hunts.
#include "cooling_plant_fixture.h"

#include "catalog/catalog.h"
#include "cooling/cooling_design.h"

static const double ICE = 273.15;
static clx_catalog *catalog;

typedef struct tally {
  int32_t moments, warm, short_of, sweeps_most;
} tally;

// Any air from -20 to 45 degC.
static clx_air any_air(uint64_t *seed) {
  const double dry = ICE - 20 + 65 * fixture_draw(seed);
  return clx_air_from_relative(dry, 0.1 + 0.9 * fixture_draw(seed), 101325);
}

// Any load up to a tenth beyond design, in two moments of five with a row of units and the pumps of a loop broken, down to 30 %.
static void any_moment(const clx_plant *plant, uint64_t *seed, tally *t) {
  clx_plant_fault fault;
  clx_plant_state s;
  clx_error error = {0};
  for (int32_t i = 0; i < CLX_PLANT_UNITS_MAX; i++) fault.unit[i] = 1;
  for (int32_t i = 0; i < CLX_LOOPS_MAX; i++) fault.pump[i] = 1;
  if (fixture_draw(seed) < 0.4) {
    fault.unit[(int32_t)(plant->unit_count * fixture_draw(seed))] = 0.3 + 0.7 * fixture_draw(seed);
    fault.pump[(int32_t)(plant->loop_count * fixture_draw(seed))] = 0.3 + 0.7 * fixture_draw(seed);
  }
  const clx_air air = any_air(seed);
  const double liquid = plant->liquid_heat * 1.1 * fixture_draw(seed),
               hall = plant->air_heat * 1.1 * fixture_draw(seed);
  const clx_status status = clx_plant_solve(plant, liquid, hall, &air, &fault, &s, &error);
  t->moments++;
  if (status != CLX_OK) {
    t->short_of++;
    if (status != CLX_INFEASIBLE || strstr(error.mistake[0].text, "MW are short at") == NULL)
      fail_msg("\"%s\": %s", plant->name, error.mistake[0].text);
    return;
  }
  assert_true(s.residual <= 1e-9);
  t->warm += s.warm;
  t->sweeps_most = s.iterations > t->sweeps_most ? s.iterations : t->sweeps_most;
}

// Trim chillers and economisers on the facility loop, every control of every loop.
static void any_plant(uint64_t *seed, fixture *f, bool cool) {
  fixture_make(f);
  f->loop[TCS].supply = ICE + (cool ? 25 : 42) + (cool ? 23 : 6) * fixture_draw(seed);
  f->loop[FWS].supply = f->loop[TCS].supply - 3 - fixture_draw(seed);
  f->loop[TCS].range = 6 + 8 * fixture_draw(seed);
  f->loop[FWS].range = 4 + 6 * fixture_draw(seed);
  for (int32_t l = 0; l < 5; l++) {
    const bool racks = l == TCS || l == HALL;
    f->loop[l].control = (int32_t)((racks ? 3 : 4) * fixture_draw(seed));
    f->loop[l].flow_least = 0.6 * fixture_draw(seed);
  }
  f->loop[FWS].set_point = (int32_t)(4 * fixture_draw(seed));
  f->loop[FWS].reset_least = ICE + 10 + 10 * fixture_draw(seed);
  f->loop[FWS].reset_offset = 8 * fixture_draw(seed);
  f->loop[CDW].set_point = (int32_t)(4 * fixture_draw(seed));
  f->unit[COOLER].count = 1 + floor(9 * fixture_draw(seed));
  f->unit[FREE].approach = 1.5 + 2 * fixture_draw(seed);
  if (fixture_draw(seed) < 0.5) return;
  f->unit[UNITS] = fixture_unit("trim", CLX_PLANT_CHILLER, "fws", "cdw", "centrifugal");
  f->unit[UNITS].share = 0.1 + 0.9 * fixture_draw(seed);
  f->unit[UNITS + 1] = fixture_unit("pre", CLX_PLANT_EXCHANGER, "fws", "cdw", NULL);
  f->unit[UNITS + 1].approach = 2;
  f->spec.unit_count = fixture_draw(seed) < 0.5 ? UNITS + 1 : UNITS + 2;
}

static void test_random_plants_settle(void **state) {
  (void)state;
  uint64_t seed = 1;
  tally t = {0};
  int32_t built = 0;
  for (int32_t n = 0; n < 400; n++) {
    fixture f;
    clx_plant plant;
    clx_error error = {0};
    clx_arena *arena = clx_arena_new();
    any_plant(&seed, &f, n % 2 == 1);
    const double liquid = 5e6 + 40e6 * fixture_draw(&seed), air = 1e6 + 3e6 * fixture_draw(&seed);
    const clx_air design = clx_air_from_wet_bulb(ICE + 34, ICE + 24, 101325);
    if (clx_plant_build(&f.spec, &fixture_finder, liquid, air, &design, arena, &plant, &error) == CLX_OK) {
      built++;
      for (int32_t k = 0; k < 12; k++) any_moment(&plant, &seed, &t);
    }
    clx_arena_free(arena);
  }
  assert_true(built > 200 && t.warm > 300 &&
              t.short_of < t.moments / 20);  // the property saw saturated plants, and few that failed
  assert_true(t.sweeps_most > 15);           // and some that sweeps alone do not settle
}

// The plants of the catalogue at supplies from 20 to 50 degC.
static void test_catalogue_settles(void **state) {
  (void)state;
  uint64_t seed = 2;
  tally t = {0};
  int32_t built = 0;
  const clx_place nowhere = {0};
  const clx_air design = clx_air_from_wet_bulb(ICE + 35.6, ICE + 26.2, 101325);
  for (int32_t n = 0;; n++) {
    const char *name = clx_catalog_name(catalog, "plant", n);
    if (name == NULL) break;
    for (double supply = ICE + 20; supply <= ICE + 50; supply += 5) {
      clx_arena *arena = clx_arena_new();
      clx_plant_spec spec;
      clx_plant plant;
      clx_error error = {0};
      const clx_equipment *equipment = NULL;
      assert_int_equal(clx_catalog_read_plant(catalog, name, nowhere, arena, &spec, &error), CLX_OK);
      assert_int_equal(clx_catalog_read_equipment(catalog, &spec, arena, &equipment, &error), CLX_OK);
      const clx_plant_finder finder = clx_equipment_finder(equipment);
      for (int32_t l = 0; l < spec.loop_count; l++) {
        const bool racks = clx_text_equal(spec.loop[l].name, spec.liquid != NULL ? spec.liquid : spec.air);
        if (!racks) continue;
        clx_cooling_move_supply(&spec, supply - spec.loop[l].supply);
        break;
      }
      const bool small = strncmp(name, "modelica", 8) == 0;
      const double liquid = spec.liquid == NULL ? 0 : small ? 1e6 : 8e8, air = spec.air == NULL ? 0 : 2.8e8;
      if (clx_plant_build(&spec, &finder, liquid, air, &design, arena, &plant, &error) == CLX_OK) {
        built++;
        for (int32_t k = 0; k < 25; k++) any_moment(&plant, &seed, &t);
      }
      clx_arena_free(arena);
    }
  }
  assert_true(built > 60 && t.warm > 100);
}

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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_random_plants_settle),
      cmocka_unit_test(test_catalogue_settles),
  };
  return cmocka_run_group_tests(tests, open_catalog, close_catalog);
}
