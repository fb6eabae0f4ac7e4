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
  const clx_weather weather = days(20, 38);
  clx_cooling_year_input input = {.plant = &plant, .weather = &weather, .liquid = 20e6, .air = 2e6, .it = 21e6};
  clx_cooling_year year;
  run(&input, &year);
  assert_true(year.warm_time > 0 && year.throttled_time == year.warm_time);
  assert_true(year.supply_most > C + 45 && year.supply_most_at == 12);
  // The heat that is missing: without it the racks' set point is held in that hour, without a little less it is not.
  assert_true(year.shortfall > 0.5e6 && year.shortfall < 10e6 && year.shortfall_at == 12);
  const clx_air air = clx_weather_air(&weather, 12);
  clx_plant_state s;
  clx_error error = {0};
  for (int32_t i = 0; i < 2; i++) {
    const double less = year.shortfall * (i == 0 ? 1 : 0.998);
    assert_int_equal(clx_plant_solve(&plant, 20e6 - less, 2e6, &air, NULL, &s, &error), CLX_OK);
    assert_true(s.warm == (i == 1));
  }
  input.supply_limit = year.supply_most + 0.1;
  input.air_limit = C + 60;
  run(&input, &year);
  assert_true(year.throttled_time == 0 && year.warm_time > 0);
  // Where the outside is warmer than the facility's set point no heat goes at it at all.
  const clx_weather desert = days(20, 48);
  input.weather = &desert;
  run(&input, &year);
  CLX_CHECK_NEAR(year.shortfall, 20e6, 1e-3, 0);
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
  assert_non_null(strstr(error.mistake[0].text, "hour 17 (1 January 17:00): "));
  assert_non_null(strstr(error.mistake[0].text, "MW are short at"));
}

// Beyond its curves on the hard side (warm condenser) and on the easy one (cold condenser): each for its own time.
static void test_sides_of_curves_are_kept_apart(void **state) {
  (void)state;
  const clx_weather weather = days(2, 34);
  clx_plant narrow = plant;
  clx_chiller chiller = *plant.unit[CHILLERS].chiller;
  chiller.condenser_most = C + 26;
  chiller.condenser_least = C + 22;
  narrow.unit[CHILLERS].chiller = &chiller;
  const clx_cooling_year_input input = {.plant = &narrow, .weather = &weather, .liquid = 20e6, .air = 2e6, .it = 21e6};
  clx_cooling_year year;
  run(&input, &year);
  double hard = 0, easy = 0, most = 0;
  for (int32_t i = 0; i < HOURS; i++) {
    clx_plant_state s;
    clx_error error = {0};
    const clx_air air = clx_weather_air(&weather, i);
    assert_int_equal(clx_plant_solve(&narrow, 20e6, 2e6, &air, NULL, &s, &error), CLX_OK);
    if (s.unit[CHILLERS].heat <= 0) continue;
    hard += s.loop[CDW].supply > C + 26 + 1e-6 ? 3600 : 0;
    easy += s.loop[CDW].supply < C + 22 - 1e-6 ? 3600 : 0;
    most = fmax(most, s.loop[CDW].supply);
  }
  assert_true(hard > 0 && easy > 0);
  CLX_CHECK_NEAR(year.outside_range_time, hard, 0, 0);
  CLX_CHECK_NEAR(year.easy_range_time, easy, 0, 0);
  CLX_CHECK_NEAR(year.range[CHILLERS].hard_time, hard, 0, 0);
  CLX_CHECK_NEAR(year.range[CHILLERS].easy_time, easy, 0, 0);
  CLX_CHECK_NEAR(year.range[CHILLERS].entering_most, most, 0, 1e-6);
  CLX_CHECK_NEAR(year.range[CHILLERS].leaving_least, C + 18, 0, 1e-6);
}

// The load of each sample is that sample's: the peak of the year stands where the load does, not where it is hottest.
static void test_loads_vary_through_the_year(void **state) {
  (void)state;
  const clx_weather weather = days(2, 34);
  float shares[HOURS];
  double sum = 0, electric = 0;
  for (int32_t i = 0; i < HOURS; i++) {
    shares[i] = (float)(0.35 + 0.02 * ((7 * i) % 24));
    if (i == 29) shares[i] = 1;
    sum += (double)shares[i];
    clx_plant_state s;
    clx_error error = {0};
    const clx_air air = clx_weather_air(&weather, i);
    assert_int_equal(clx_plant_solve(&plant, 20e6 * (double)shares[i], 2e6 * (double)shares[i], &air, NULL, &s, &error),
                     CLX_OK);
    electric += 3600 * s.electric;
  }
  const clx_cooling_year_input input = {.plant = &plant,
                                        .weather = &weather,
                                        .liquid = 20e6,
                                        .air = 2e6,
                                        .load = shares,
                                        .it = 21e6,
                                        .other = 1e6,
                                        .other_fixed = 2e5};
  clx_cooling_year year;
  run(&input, &year);
  CLX_CHECK_NEAR(year.it_energy, 21e6 * sum * 3600, 1e-12, 0);
  CLX_CHECK_NEAR(year.electric, electric, 1e-8, 0);
  CLX_CHECK_NEAR(year.pue, 1 + (electric + 1e6 * sum * 3600 + 2e5 * HOURS * 3600) / (21e6 * sum * 3600), 1e-8, 0);
  CLX_CHECK_NEAR((double)year.series_pue[29], (22e6 + 2e5 + (double)year.series_electric[29]) / 21e6, 1e-6, 0);
  assert_true(year.electric_peak_at == 29);
}

// Four moments an hour against one: the same but for curvature; what happens within hours is seen.
static void test_steps_within_hours(void **state) {
  (void)state;
  const clx_weather weather = days(20, 38.7);
  clx_cooling_year_input input = {.plant = &plant, .weather = &weather, .liquid = 20e6, .air = 2e6, .it = 21e6};
  clx_cooling_year one, four, same;
  run(&input, &one);
  input.step = 3600;
  run(&input, &same);
  input.step = 900;
  run(&input, &four);
  CLX_CHECK_NEAR(same.electric, one.electric, 0, 0);
  // Between the middles of hours the sine of the days is cut by (pi / 24)^2 / 8 of its 8 K at most: 0.02 K.
  CLX_CHECK_NEAR(four.electric, one.electric, 2e-3, 0);
  CLX_CHECK_NEAR(four.water, one.water, 2e-3, 0);
  CLX_CHECK_NEAR(four.it_energy, one.it_energy, 1e-12, 0);
  CLX_CHECK_NEAR(four.free_time + four.compressor_time, HOURS * 3600, 0, 1e-6);
  assert_true(four.residual < 1e-9);
  // Warm times begin and end within hours, half an hour off at each of their four ends at most.
  assert_true(one.warm_time > 0 && four.warm_time != one.warm_time);
  assert_true(fabs(four.warm_time - one.warm_time) <= 4 * 1800);
  // Linear between middles of hours a peak stands a quarter beside the middle at the nearest, so it is a little lower, never higher.
  assert_true(four.supply_most < one.supply_most && four.supply_most > one.supply_most - 0.1);
  assert_true(four.water_peak < one.water_peak && four.water_peak > 0.99 * one.water_peak);
  for (int32_t i = 0; i < HOURS; i++)
    CLX_CHECK_NEAR((double)four.series_electric[i], (double)one.series_electric[i], 0.03, 0);
  input.step = 30;
  clx_error error = {0};
  assert_int_equal(clx_cooling_year_run(&input, arena, &four, &error), CLX_INPUT);
}

static void test_hours_have_dates(void **state) {
  (void)state;
  const struct {
    int64_t count, sample;
    double step;
    const char *text;
  } rows[] = {
      {8760, 0, 3600, "hour 0 (1 January 00:00)"},          {8760, 4694, 3600, "hour 4,694 (15 July 14:00)"},
      {8760, 8759, 3600, "hour 8,759 (31 December 23:00)"}, {8784, 1416, 3600, "hour 1,416 (29 February 00:00)"},
      {8760, 1416, 3600, "hour 1,416 (1 March 00:00)"},     {35040, 4 * 4694 + 3, 900, "hour 4,694 (15 July 14:45)"}};
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    const clx_weather weather = {.step = rows[i].step, .count = rows[i].count};
    char text[64];
    clx_cooling_hour(&weather, rows[i].sample, text, sizeof text);
    assert_string_equal(text, rows[i].text);
  }
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
      cmocka_unit_test(test_sides_of_curves_are_kept_apart),
      cmocka_unit_test(test_loads_vary_through_the_year),
      cmocka_unit_test(test_steps_within_hours),
      cmocka_unit_test(test_hours_have_dates),
      cmocka_unit_test(test_bad_input_is_refused),
  };
  return cmocka_run_group_tests(tests, open_plant, close_plant);
}
