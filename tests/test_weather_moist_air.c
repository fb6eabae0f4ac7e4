// Moist air against ASHRAE's tables, the values of PsychroLib's tests, and itself turned round.
#include "check.h"

#include "weather/weather_moist_air.h"

static double draw(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (double)(*state >> 11) * 0x1p-53;
}

// ASHRAE Fundamentals 2017, ch. 1, tables 2 and 3. Its own claim for pressures: 300 ppm.
static void test_saturation(void **state) {
  (void)state;
  static const double pressure[][2] = {{-20, 103.24}, {-5, 401.74},  {5, 872.6},     {25, 3169.7},
                                       {50, 12351.3}, {100, 101418}, {150, 476101.4}};
  for (int32_t i = 0; i < CLX_COUNT(pressure); i++) {
    CLX_CHECK_NEAR(clx_air_saturation_pressure(pressure[i][0] + 273.15), pressure[i][1], 3e-4, 0);
  }
  static const double humidity[][3] = {{-50, 0.0000243, 5e-3}, {-20, 0.0006373, 6e-4}, {-5, 0.0024863, 6e-4},
                                       {5, 0.005425, 4e-4},    {25, 0.020173, 3e-4},   {50, 0.086863, 4e-4},
                                       {85, 0.838105, 8e-3}};
  for (int32_t i = 0; i < CLX_COUNT(humidity); i++) {
    CLX_CHECK_NEAR(clx_air_saturation_humidity(humidity[i][0] + 273.15, 101325), humidity[i][1], humidity[i][2], 0);
  }
  static const double enthalpy[][3] = {
      {-20, -18542, 5e-3}, {-5, 1164, 2e-2}, {5, 18639, 2e-3}, {25, 76504, 2e-3}, {50, 275353, 2e-3}};
  for (int32_t i = 0; i < CLX_COUNT(enthalpy); i++) {
    CLX_CHECK_NEAR(clx_air_saturated_enthalpy(enthalpy[i][0] + 273.15, 101325), enthalpy[i][1], enthalpy[i][2], 0);
  }
}

static void test_standard_atmosphere(void **state) {
  (void)state;
  static const double row[][2] = {{-500, 107478}, {0, 101325}, {500, 95461}, {1000, 89875}, {4000, 61640}};
  for (int32_t i = 0; i < CLX_COUNT(row); i++) CLX_CHECK_NEAR(clx_air_standard_pressure(row[i][0]), row[i][1], 0, 1);
}

// Example 1 of the chapter (40 degC, wet bulb 20 degC; read off a chart) and worked values; PsychroLib leaves out the enhancement factor, 0.4 % of humidity.
static void test_states(void **state) {
  (void)state;
  const clx_air example = clx_air_from_wet_bulb(313.15, 293.15, 101325);
  CLX_CHECK_NEAR(example.humidity, 0.0065, 0, 1e-4);
  CLX_CHECK_NEAR(clx_air_dew_point(&example), 280.15, 0, 0.6);
  CLX_CHECK_NEAR(clx_air_relative(&example), 0.14, 0, 0.01);
  CLX_CHECK_NEAR(clx_air_enthalpy(&example), 56700, 5e-3, 0);
  CLX_CHECK_NEAR((1 + example.humidity) / clx_air_density(&example), 0.896, 2e-3, 0);
  CLX_CHECK_NEAR(clx_air_from_wet_bulb(303.15, 298.15, 95461).humidity, 0.0192281274, 6e-3, 0);
  CLX_CHECK_NEAR(clx_air_from_wet_bulb(272.15, 268.15, 95461).humidity, 0.00120399820, 1.2e-2, 0);
  const clx_air humid = {303.15, 0.02, 95461};
  CLX_CHECK_NEAR(clx_air_enthalpy(&humid), 81316, 1e-4, 0);
  CLX_CHECK_NEAR(clx_air_density(&humid), 1.08411986, 1e-5, 0);
  CLX_CHECK_NEAR(clx_air_heat_capacity(&humid), 1043.2, 1e-12, 0);
}

// Any air of -40 to 60 degC: dew point <= wet bulb <= dry bulb, and each way in leads back.
static void test_round_trips(void **state) {
  (void)state;
  uint64_t seed = 3;
  for (int32_t i = 0; i < 20000; i++) {
    const double dry = 233.15 + 100 * draw(&seed), pressure = 60e3 + 50e3 * draw(&seed), relative = draw(&seed);
    const clx_air air = clx_air_from_relative(dry, relative, pressure);
    assert_int_equal(clx_air_check(&air, NULL), CLX_OK);
    const double wet = clx_air_wet_bulb(&air), dew = clx_air_dew_point(&air);
    assert_true(wet <= dry && dew <= dry);
    CLX_CHECK_NEAR(clx_air_relative(&air), relative, 1e-9, 0);
    if (dew > 173.2) CLX_CHECK_NEAR(clx_air_from_dew_point(dry, dew, pressure).humidity, air.humidity, 1e-7, 0);
    // At the freezing point itself the two equations of the wet bulb do not meet: 0 degC stands for what lies between.
    if (fabs(wet - 273.15) > 1e-6) {
      CLX_CHECK_NEAR(clx_air_from_wet_bulb(dry, wet, pressure).humidity, air.humidity, 1e-6, 1e-9);
      assert_true(wet >= dew - 0.02);
    }
  }
}

static void test_the_wet_bulb_rises_with_humidity_and_heat(void **state) {
  (void)state;
  for (double dry = 243.15; dry < 363.15; dry += 0.7) {
    double before = 0;
    for (int32_t i = 0; i <= 50; i++) {
      const clx_air air = clx_air_from_relative(dry, i / 50.0, 101325);
      const double wet = clx_air_wet_bulb(&air);
      assert_true(wet >= before);
      before = wet;
    }
    CLX_CHECK_NEAR(before, dry, 0, 1e-6);
  }
}

static void test_ends_and_refusals(void **state) {
  (void)state;
  const clx_air wrong[] = {{100, 0, 1e5},    {500, 0, 1e5}, {300, -1e-6, 1e5}, {300, 0.03, 1e5}, {300, 0.01, 1e4},
                           {300, 0.01, 2e5}, {NAN, 0, 1e5}, {300, NAN, 1e5},   {300, 0, NAN}};
  for (int32_t i = 0; i < CLX_COUNT(wrong); i++) {
    clx_error error;
    clx_error_clear(&error);
    assert_int_equal(clx_air_check(&wrong[i], &error), CLX_INPUT);
    assert_non_null(strstr(error.mistake[0].text, "expected"));
  }
  static const double odd[] = {NAN, -INFINITY, INFINITY, -1e300, 1e300, 0};
  for (int32_t i = 0; i < CLX_COUNT(odd); i++) {
    for (int32_t k = 0; k < CLX_COUNT(odd); k++) {
      const clx_air air = clx_air_from_relative(odd[i], odd[k], odd[k]);
      assert_true(isfinite(air.humidity) && isfinite(clx_air_wet_bulb(&air)) && isfinite(clx_air_dew_point(&air)));
      assert_true(isfinite(clx_air_from_wet_bulb(odd[i], odd[k], odd[i]).humidity));
      assert_true(isfinite(clx_air_saturated_enthalpy(odd[i], odd[k])) && isfinite(clx_air_standard_pressure(odd[i])));
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_saturation),
      cmocka_unit_test(test_standard_atmosphere),
      cmocka_unit_test(test_states),
      cmocka_unit_test(test_round_trips),
      cmocka_unit_test(test_the_wet_bulb_rises_with_humidity_and_heat),
      cmocka_unit_test(test_ends_and_refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
