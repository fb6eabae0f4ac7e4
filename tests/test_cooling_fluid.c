// Water, glycol and air against published values; names; ranges.
#include "check.h"

#include "cooling/cooling_fluid.h"

static clx_fluid_state at(const char *name, double celsius) {
  clx_fluid fluid;
  clx_fluid_state state;
  assert_true(clx_fluid_named(name, &fluid));
  assert_int_equal(clx_fluid_at(&fluid, celsius + 273.15, &state, NULL), CLX_OK);
  CLX_CHECK_NEAR(clx_fluid_density(&fluid, celsius + 273.15), state.density, 0, 0);
  CLX_CHECK_NEAR(clx_fluid_heat_capacity(&fluid, celsius + 273.15), state.heat_capacity, 0, 0);
  return state;
}

// 25 degC: 997.047 kg/m3, 4181.4 J/(kg K); the others from tables of IAPWS-95 at 0.1 MPa and of IAPWS' transport formulations.
static void test_water(void **state) {
  (void)state;
  const clx_fluid_state room = at("water", 25);
  CLX_CHECK_NEAR(room.density, 997.047, 1e-6, 0);
  CLX_CHECK_NEAR(room.heat_capacity, 4181.4, 5e-5, 0);
  CLX_CHECK_NEAR(room.conductivity, 0.6065, 2e-4, 0);
  CLX_CHECK_NEAR(room.viscosity, 889.9e-6, 5e-4, 0);
  static const double row[][5] = {{0, 999.84, 4219.4, 0.5557, 1.7914e-3},
                                  {20, 998.21, 4184.1, 0.5980, 1.0016e-3},
                                  {50, 988.03, 4181.3, 0.6406, 0.5465e-3},
                                  {80, 971.79, 4196.9, 0.6668, 0.3540e-3}};
  for (int32_t i = 0; i < CLX_COUNT(row); i++) {
    const clx_fluid_state got = at("water", row[i][0]);
    CLX_CHECK_NEAR(got.density, row[i][1], 1e-5, 0);
    CLX_CHECK_NEAR(got.heat_capacity, row[i][2], 2e-4, 0);
    CLX_CHECK_NEAR(got.conductivity, row[i][3], 0.01, 0);
    CLX_CHECK_NEAR(got.viscosity, row[i][4], 0.002, 0);
  }
}

// Dow's guide of DOWFROST LC 25: an inhibited fluid, heavier by its salts. What a loop carries, density times heat capacity, agrees within
// 0.3 %, as does conductivity within 2 %; viscosity lies between its two editions (40 degC: 1.58 and 1.39 mPa s).
static void test_pg25_against_dow(void **state) {
  (void)state;
  const clx_fluid_state cool = at("pg25", 25), warm = at("pg25", 40);
  CLX_CHECK_NEAR(cool.density, 1030.3, 0.013, 0);
  CLX_CHECK_NEAR(warm.density, 1022.5, 0.013, 0);
  CLX_CHECK_NEAR(cool.heat_capacity, 3880, 0.013, 0);
  CLX_CHECK_NEAR(warm.heat_capacity, 3920, 0.013, 0);
  CLX_CHECK_NEAR(cool.density * cool.heat_capacity, 1030.3 * 3880, 0.003, 0);
  CLX_CHECK_NEAR(warm.density * warm.heat_capacity, 1022.5 * 3920, 0.003, 0);
  CLX_CHECK_NEAR(cool.conductivity, 0.462, 0.02, 0);
  CLX_CHECK_NEAR(warm.conductivity, 0.476, 0.02, 0);
  CLX_CHECK_NEAR(cool.viscosity, 2.39e-3, 0.14, 0);
  CLX_CHECK_NEAR(warm.viscosity, 1.39e-3, 0.01, 0);
}

// No glycol: within 0.2 % of water (viscosity 2 %), which was no part of the fit of its ends. Freezing: -50 degC at a mass share of 0.6.
static void test_glycol_meets_water_and_freezes(void **state) {
  (void)state;
  const clx_fluid none = {CLX_FLUID_GLYCOL, 0}, water = {CLX_FLUID_WATER, 0};
  for (double t = 278.15; t <= 373.15; t += 5) {
    clx_fluid_state a, b;
    assert_int_equal(clx_fluid_at(&none, t, &a, NULL), CLX_OK);
    assert_int_equal(clx_fluid_at(&water, t, &b, NULL), CLX_OK);
    CLX_CHECK_NEAR(a.density, b.density, 2e-3, 0);
    CLX_CHECK_NEAR(a.heat_capacity, b.heat_capacity, 2e-3, 0);
    CLX_CHECK_NEAR(a.conductivity, b.conductivity, 0.01, 0);
    CLX_CHECK_NEAR(a.viscosity, b.viscosity, 0.03, 0);
  }
  double before = 273.16;
  for (int32_t share = 0; share <= 59; share++) {
    const clx_fluid fluid = {CLX_FLUID_GLYCOL, share / 100.0};
    const double freezing = clx_fluid_freezing(&fluid);
    assert_true(freezing < before);
    before = freezing;
    clx_fluid_state end;
    assert_int_equal(clx_fluid_at(&fluid, freezing, &end, NULL), CLX_OK);
    clx_error error;
    clx_error_clear(&error);
    assert_int_equal(clx_fluid_at(&fluid, freezing - 0.01, &end, &error), CLX_INPUT);
    assert_non_null(strstr(error.mistake[0].text, "propylene-glycol at "));
  }
  CLX_CHECK_NEAR(before, 273.15 - 50, 0, 1.2);
}

static void test_air(void **state) {
  (void)state;
  const clx_fluid_state room = at("air", 20);
  CLX_CHECK_NEAR(room.density, 1.2041, 1e-3, 0);
  CLX_CHECK_NEAR(room.viscosity, 1.82e-5, 0.01, 0);
  CLX_CHECK_NEAR(room.conductivity, 0.0257, 0.01, 0);
}

static void test_names_and_ranges(void **state) {
  (void)state;
  clx_fluid fluid;
  assert_true(clx_fluid_named("PG40", &fluid));
  assert_int_equal(fluid.kind, CLX_FLUID_GLYCOL);
  CLX_CHECK_NEAR(fluid.glycol, 0.4, 0, 0);
  assert_true(clx_fluid_named("propylene_glycol-30", &fluid));
  CLX_CHECK_NEAR(fluid.glycol, 0.3, 0, 0);
  assert_true(clx_fluid_named("propylene-glycol 35 %", &fluid));
  static const char *const none[] = {"pg", "pg60", "pg250", "pg25x", "propylene-glycol", "oil", "", NULL};
  for (int32_t i = 0; i < CLX_COUNT(none); i++) assert_false(clx_fluid_named(none[i], &fluid));
  clx_fluid_state out;
  const clx_fluid water = {CLX_FLUID_WATER, 0}, thick = {CLX_FLUID_GLYCOL, 0.7};
  assert_int_equal(clx_fluid_at(&water, 373.16, &out, NULL), CLX_INPUT);
  assert_int_equal(clx_fluid_at(&water, 273.14, &out, NULL), CLX_INPUT);
  assert_int_equal(clx_fluid_at(&water, NAN, &out, NULL), CLX_INPUT);
  assert_int_equal(clx_fluid_at(&thick, 300, &out, NULL), CLX_INPUT);
  assert_true(isfinite(clx_fluid_density(&thick, 1e9)) && isfinite(clx_fluid_heat_capacity(&water, -1e9)));
  assert_true(isfinite(clx_fluid_heat_capacity(&water, NAN)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_water),
      cmocka_unit_test(test_pg25_against_dow),
      cmocka_unit_test(test_glycol_meets_water_and_freezes),
      cmocka_unit_test(test_air),
      cmocka_unit_test(test_names_and_ranges),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
