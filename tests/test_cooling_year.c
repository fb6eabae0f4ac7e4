// A plant through a year: sums, peaks, limits, the hour that fails.
#include "cooling_plant_fixture.h"

static clx_arena *arena;
static clx_plant plant;
enum { HOURS = 48 };
static float dry[HOURS], wet[HOURS], humidity[HOURS], pressure[HOURS], load[HOURS];

static clx_weather days(double low, double high) {
  for (int32_t i = 0; i < HOURS; i++) {
    const double t = low + (high - low) * 0.5 * (1 - cos(2 * 3.14159265358979 * i / 24));
    const clx_air air = clx_air_from_relative(C + t, 0.4, 101325);
    dry[i] = (float)air.dry_bulb;
    wet[i] = (float)clx_air_wet_bulb(&air);
    humidity[i] = (float)air.humidity;
    pressure[i] = (float)air.pressure;
    load[i] = i < 24 ? 1 : 0.5F;
  }
  return (clx_weather){.name = "two days",
                       .step = 3600,
                       .count = HOURS,
                       .dry_bulb = dry,
                       .wet_bulb = wet,
                       .humidity = humidity,
                       .pressure = pressure};
}

static int open_plant(void **state) {
  (void)state;
  fixture f;
  clx_error error = {0};
  arena = clx_arena_new();
  fixture_make(&f);
  const clx_air design = clx_air_from_wet_bulb(C + 35, C + 25, 101325);
  return arena == NULL ||
         clx_plant_build(&f.spec, &fixture_finder, 20e6, 2e6, &design, arena, &plant, &error) != CLX_OK;
}

static int close_plant(void **state) {
  (void)state;
  clx_arena_free(arena);
  return 0;
}

static void run(const clx_cooling_year_input *input, clx_cooling_year *year) {
  clx_error error = {0};
  if (clx_cooling_year_run(input, arena, year, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
}

static void test_a_year_is_the_sum_of_its_hours(void **state) {
  (void)state;
  const clx_weather weather = days(2, 34);
  const clx_cooling_year_input input = {.plant = &plant,
                                        .weather = &weather,
                                        .liquid = 20e6,
                                        .air = 2e6,
                                        .load = load,
                                        .it = 21e6,
                                        .other = 1e6,
                                        .other_fixed = 2e5};
  clx_cooling_year year;
  run(&input, &year);
  double electric = 0, water = 0, peak = 0, free_hours = 0;
  for (int32_t i = 0; i < HOURS; i++) {
    clx_plant_state s;
    clx_error error = {0};
    const clx_air air = clx_weather_air(&weather, i);
    const double share = (double)load[i];
    assert_int_equal(clx_plant_solve(&plant, 20e6 * share, 2e6 * share, &air, NULL, &s, &error), CLX_OK);
    electric += 3600 * s.electric;
    water += 3600 * (s.water.evaporation + s.water.drift + s.water.blowdown);
    peak = fmax(peak, s.electric);
    free_hours += s.compressors == 0;
    CLX_CHECK_NEAR((double)year.series_supply[i], s.loop[TCS].supply, 0, 1e-4);
    CLX_CHECK_NEAR((double)year.series_electric[i], s.electric, 1e-6, 0);
  }
  const double it = 21e6 * 1.5 * 86400;
  CLX_CHECK_NEAR(year.electric, electric, 1e-8, 0);
  CLX_CHECK_NEAR(year.water, water, 1e-8, 0);
  CLX_CHECK_NEAR(year.electric_peak, peak, 1e-8, 0);
  CLX_CHECK_NEAR(year.it_energy, it, 1e-12, 0);
  CLX_CHECK_NEAR(year.pue, 1 + (electric + 1e6 * 1.5 * 86400 + 2e5 * 2 * 86400) / it, 1e-8, 0);
  CLX_CHECK_NEAR(year.wue, water / 1000 / it, 1e-8, 0);
  CLX_CHECK_NEAR(year.electric, year.pumps + year.fans + year.compressors + year.auxiliary, 1e-12, 0);
  CLX_CHECK_NEAR(year.water, year.evaporation + year.drift + year.blowdown, 1e-12, 0);
  CLX_CHECK_NEAR(year.free_time, 3600 * free_hours, 0, 0);
  CLX_CHECK_NEAR(year.free_time + year.compressor_time, HOURS * 3600, 0, 0);
  assert_true(free_hours > 0 && year.compressor_time > 0);
  assert_true(year.liquid_compressor_time == 0);  // all of them cool the hall
  assert_true(year.warm_time == 0 && year.throttled_time == 0 && year.shortfall == 0);
  assert_true(year.residual < 1e-9);
}

static void test_hot_days_run_warm_and_say_when(void **state) {
  (void)state;
  const clx_weather weather = days(20, 48);
  clx_cooling_year_input input = {.plant = &plant, .weather = &weather, .liquid = 20e6, .air = 2e6, .it = 21e6};
  clx_cooling_year year;
  run(&input, &year);
  assert_true(year.warm_time > 0 && year.throttled_time == year.warm_time);
  assert_true(year.supply_most > C + 45 && year.supply_most_at == 12);
  // What the racks' loop is above its set point, as heat: the rate of the loop times the kelvins.
  assert_true(year.shortfall > 0 && year.shortfall_at == 12);
  const double rate = 20e6 / 10;
  CLX_CHECK_NEAR(year.shortfall, rate * (year.supply_most - C - 45), 0.2, 0);
  input.supply_limit = year.supply_most + 0.1;
  input.air_limit = C + 60;
  run(&input, &year);
  assert_true(year.throttled_time == 0 && year.warm_time > 0);
}

static void test_an_hour_that_cannot_be_is_named(void **state) {
  (void)state;
  clx_weather weather = days(10, 30);
  dry[17] = (float)(C + 99);
  humidity[17] = 0.005F;
  clx_plant weak = plant;
  weak.unit[COOLER].count = 0.2;
  weak.unit[COOLER].spec.spare = 0;
  const clx_cooling_year_input input = {.plant = &weak, .weather = &weather, .liquid = 20e6, .air = 2e6, .it = 21e6};
  clx_cooling_year year;
  clx_error error = {0};
  assert_int_equal(clx_cooling_year_run(&input, arena, &year, &error), CLX_INFEASIBLE);
  assert_non_null(strstr(error.mistake[0].text, "hour "));
  assert_non_null(strstr(error.mistake[0].text, "W are short at"));
}

static void test_bad_input_is_refused(void **state) {
  (void)state;
  const clx_weather weather = days(10, 30), none = {.step = 3600};
  float wrong[HOURS] = {0};
  const clx_cooling_year_input good = {.plant = &plant, .weather = &weather, .liquid = 20e6, .air = 2e6, .it = 21e6};
  clx_cooling_year_input bad[6];
  for (int32_t i = 0; i < 6; i++) bad[i] = good;
  bad[0].weather = &none;
  bad[1].it = 0;
  bad[2].other = -1;
  bad[3].load = wrong;  // no load at all
  bad[4].liquid = NAN;
  bad[5].other_fixed = NAN;
  for (int32_t i = 0; i < 6; i++) {
    clx_cooling_year year;
    clx_error error = {0};
    assert_int_equal(clx_cooling_year_run(&bad[i], arena, &year, &error), CLX_INPUT);
    assert_true(error.count == 1);
  }
  wrong[3] = -1;
  clx_cooling_year year;
  clx_error error = {0};
  assert_int_equal(clx_cooling_year_run(&bad[3], arena, &year, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "sample 3"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_year_is_the_sum_of_its_hours),
      cmocka_unit_test(test_hot_days_run_warm_and_say_when),
      cmocka_unit_test(test_an_hour_that_cannot_be_is_named),
      cmocka_unit_test(test_bad_input_is_refused),
  };
  return cmocka_run_group_tests(tests, open_plant, close_plant);
}
