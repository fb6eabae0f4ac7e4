// EPW files: fields, gaps, calendars, refusals with line and column; the reader's four TMY files where they are at hand.
#include "check.h"

#include "weather/weather.h"

static const char *const head =
    "LOCATION,Testville,TT,USA,SET,999999,35.05,-90.00,-6.0,81.0\nDESIGN CONDITIONS,0\nDATA PERIODS,1,1,Data,Sunday, "
    "1/ 1,12/31\n";
static const int32_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

typedef struct change {
  int64_t from, to;  // hours whose values are these
  const char *values;
} change;

// A year whose dry bulb is 10 degC + hour of the day / 10, dew point 5 degC, 50 %, 100 kPa, but for the change.
static char *year(const change *changed, bool leap, const char *end) {
  char *text = malloc(1 << 20);
  assert_non_null(text);
  size_t at = (size_t)sprintf(text, "%s", head);
  int64_t hour = 0;
  for (int32_t m = 0; m < 12; m++) {
    for (int32_t d = 1; d <= days[m] + (leap && m == 1); d++) {
      for (int32_t h = 1; h <= 24; h++, hour++) {
        at += (size_t)sprintf(text + at, "1990,%d,%d,%d,0,?9,", m + 1, d, h);
        if (changed != NULL && hour >= changed->from && hour < changed->to) {
          at += (size_t)sprintf(text + at, "%s", changed->values);
        } else {
          at += (size_t)sprintf(text + at, "%.1f,5.0,50,100000", 10 + h / 10.0);
        }
        at += (size_t)sprintf(text + at, ",0,0,338%s", end);
      }
    }
  }
  return text;
}

static clx_status parse(const char *text, clx_arena *arena, clx_weather *weather, clx_error *error) {
  clx_error_clear(error);
  return clx_weather_parse("x.epw", text, strlen(text), arena, weather, error);
}

static void test_a_year(void **state) {
  (void)state;
  for (int32_t i = 0; i < 2; i++) {
    clx_arena *arena = clx_arena_new();
    clx_weather w;
    clx_error error;
    char *text = year(NULL, i == 1, i == 1 ? "\r\n" : "\n");
    assert_int_equal(parse(text, arena, &w, &error), CLX_OK);
    assert_int_equal(w.count, i == 1 ? 8784 : 8760);
    assert_string_equal(w.name, "Testville");
    CLX_CHECK_NEAR(w.latitude, 35.05, 1e-12, 0);
    CLX_CHECK_NEAR(w.longitude, -90, 0, 0);
    CLX_CHECK_NEAR(w.elevation, 81, 0, 0);
    assert_int_equal(w.gaps, 0);
    // The line of hour 1 is the first sample: it holds from 0 to 1 h.
    CLX_CHECK_NEAR((double)w.dry_bulb[0], 283.25, 1e-7, 0);
    CLX_CHECK_NEAR(clx_weather_at(&w, 1800).dry_bulb, 283.25, 1e-7, 0);
    CLX_CHECK_NEAR(clx_weather_at(&w, 3600).dry_bulb, 283.30, 1e-7, 0);
    CLX_CHECK_NEAR(clx_weather_at(&w, (double)w.count * 3600 + 1800).dry_bulb, 283.25, 1e-7, 0);
    const clx_air air = clx_weather_air(&w, 12);
    CLX_CHECK_NEAR(clx_air_dew_point(&air), 278.15, 0, 1e-4);
    CLX_CHECK_NEAR(clx_air_wet_bulb(&air), (double)w.wet_bulb[12], 0, 1e-4);
    CLX_CHECK_NEAR(clx_weather_exceeded(&w, CLX_WEATHER_DRY_BULB, 0), 273.15 + 12.4, 1e-7, 0);
    CLX_CHECK_NEAR(clx_weather_exceeded(&w, CLX_WEATHER_DRY_BULB, 1 / 24.0), 273.15 + 12.3, 1e-7, 0);
    CLX_CHECK_NEAR(clx_weather_exceeded(&w, CLX_WEATHER_DRY_BULB, 0.999999), 273.15 + 10.1, 1e-7, 0);
    CLX_CHECK_NEAR(clx_weather_coincident(&w, 400), (double)w.wet_bulb[23], 0, 1e-6);
    free(text);
    clx_arena_free(arena);
  }
}

// Missing dry bulbs lie on the line between their neighbours; a gap over New Year is one gap; a missing dew point follows from humidity.
static void test_gaps(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_weather w;
  clx_error error;
  const change gap = {100, 104, "99.9,99.9,999,999999"};
  char *text = year(&gap, false, "\n");
  assert_int_equal(parse(text, arena, &w, &error), CLX_OK);
  assert_int_equal(w.gaps, 4);
  assert_int_equal(w.longest_gap, 4);
  for (int64_t i = 99; i <= 104; i++) {  // hours 99 and 104 of the year are the 4th and the 9th of their day
    CLX_CHECK_NEAR((double)w.dry_bulb[i], 273.15 + 10.4 + 0.1 * (double)(i - 99), 1e-6, 0);
    CLX_CHECK_NEAR((double)w.pressure[i], 1e5, 1e-6, 0);
  }
  free(text);
  const change relative = {0, 8760, "20.0,99.9,50,100000"};
  text = year(&relative, false, "\n");
  assert_int_equal(parse(text, arena, &w, &error), CLX_OK);
  assert_int_equal(w.gaps, 0);
  const clx_air air = clx_weather_air(&w, 77);
  CLX_CHECK_NEAR(clx_air_relative(&air), 0.5, 1e-5, 0);
  free(text);
  const change start = {0, 5, "-99,5.0,50,100000"};
  text = year(&start, false, "\n");
  assert_int_equal(parse(text, arena, &w, &error), CLX_OK);
  assert_int_equal(w.longest_gap, 5);
  CLX_CHECK_NEAR((double)w.dry_bulb[0], 273.15 + 12.4 + (10.6 - 12.4) / 6, 1e-6, 0);
  free(text);
  clx_arena_free(arena);
}

// Lines that are not there at all.
static void test_missing_lines(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_weather w;
  clx_error error;
  char *text = year(NULL, false, "\n"), *from = strstr(text, "1990,1,5,5,"), *to = strstr(text, "1990,1,6,22,");
  assert_true(from != NULL && to > from);
  memmove(from, to, strlen(to) + 1);
  assert_int_equal(parse(text, arena, &w, &error), CLX_OK);
  assert_int_equal(w.count, 8760);
  assert_int_equal(w.gaps, 41);
  assert_int_equal(w.longest_gap, 41);
  const double before = (double)w.dry_bulb[99], after = (double)w.dry_bulb[141];
  CLX_CHECK_NEAR((double)w.dry_bulb[120], before + (after - before) * 21 / 42, 0, 1e-4);
  free(text);
  clx_arena_free(arena);
}

// Replaces the first `old` of a good year.
static char *with(const char *old, const char *replacement) {
  char *text = year(NULL, false, "\n"), *found = strstr(text, old);
  assert_non_null(found);
  const size_t rest = strlen(found + strlen(old)) + 1;
  memmove(found + strlen(replacement), found + strlen(old), rest);
  memcpy(found, replacement, strlen(replacement));
  return text;
}

static void test_refusals(void **state) {
  (void)state;
  static const struct {
    const char *old, *replacement, *says;
    int32_t line, column;
  } row[] = {
      {"LOCATION", "PLACE", "not an EPW", 1, 1},
      {"DATA PERIODS", "data", "no line DATA PERIODS", 64, 1},
      {"DATA PERIODS,1,1", "DATA PERIODS,1,4", "records per hour: 4, expected 1", 3, 16},
      {"35.05", "95.05", "latitude: 95.05", 1, 38},
      {"10.1,5.0", "ten,5.0", "dry bulb: expected a number", 4, 17},
      {"1990,1,1,2,0,?9,10.2,5.0,50,100000,0,0,338", "1990,1,1", "3 fields", 5, 1},
      {"1990,1,1,2,", "1990,1,1,1,", "hours out of order", 5, 6},
      {"1990,1,1,2,", "1990,3,1,2,", "hours out of order", 5, 6},
      {"1990,1,1,2,", "1990,13,1,2,", "month: 13, expected 1 to 12", 5, 6},
      {"1990,12,31,24,0,?9,12.4,5.0,50,100000,0,0,338\n", "", "8759 hours", 0, 0},
  };
  for (int32_t i = 0; i < CLX_COUNT(row); i++) {
    clx_arena *arena = clx_arena_new();
    clx_weather w;
    clx_error error;
    char *text = with(row[i].old, row[i].replacement);
    assert_int_equal(parse(text, arena, &w, &error), CLX_INPUT);
    if (strstr(error.mistake[0].text, row[i].says) == NULL) fail_msg("row %d: %s", i, error.mistake[0].text);
    if (row[i].line != 0) {
      assert_int_equal(error.mistake[0].line, row[i].line);
      assert_int_equal(error.mistake[0].column, row[i].column);
    }
    free(text);
    clx_arena_free(arena);
  }
}

static void test_too_many_gaps(void **state) {
  (void)state;
  static const struct {
    change change;
    const char *says;
  } row[] = {{{1000, 1721, "99.9,5.0,50,100000"}, "721 hours in a row"},
             {{0, 8760, "10.0,5.0,50,999999"}, "pressure: no value in the whole year"},
             {{0, 8760, "99.9,5.0,50,100000"}, "dry bulb: no value"}};
  for (int32_t i = 0; i < CLX_COUNT(row); i++) {
    clx_arena *arena = clx_arena_new();
    clx_weather w;
    clx_error error;
    char *text = year(&row[i].change, false, "\n");
    assert_int_equal(parse(text, arena, &w, &error), CLX_INPUT);
    assert_non_null(strstr(error.mistake[0].text, row[i].says));
    free(text);
    clx_arena_free(arena);
  }
}

// Typical years of NREL (TMY3) beside the checkout. Means and extremes of the columns were taken with awk.
static void test_tmy_files(void **state) {
  (void)state;
  static const struct {
    const char *file;
    double mean, dew, most, least, pressure, relative, elevation;
  } row[] = {
      {"USA_AR_Fayetteville-Drake.Field.723445_TMY3.epw", 15.3214, 9.3142, 39.0, -22.3, 97191.3, 0.70716, 381},
      {"USA_AZ_Phoenix-Sky.Harbor.Intl.AP.722780_TMY3.epw", 23.8027, 4.6687, 44.4, 2.2, 97401.1, 0.34227, 337},
      {"USA_IL_Chicago-OHare.Intl.AP.725300_TMY3.epw", 9.9880, 4.3111, 35.0, -22.8, 99188.7, 0.70335, 201},
      {"USA_TX_Houston-Bush.Intercontinental.AP.722430_TMY3.epw", 20.3590, 14.6711, 39.4, -6.1, 101378.3, 0.72995, 29},
  };
  const char *root = getenv("COLOSSUS_SOURCE_ROOT");
  for (int32_t i = 0; i < CLX_COUNT(row); i++) {
    char path[4096];
    snprintf(path, sizeof path, "%s/../shared/validation/weather/%s", root == NULL ? "." : root, row[i].file);
    FILE *there = fopen(path, "rb");
    if (there == NULL) skip();
    fclose(there);
    clx_arena *arena = clx_arena_new();
    clx_weather w;
    assert_int_equal(clx_weather_read(path, arena, &w, NULL), CLX_OK);
    assert_int_equal(w.count, 8760);
    double mean = 0, dew = 0, pressure = 0, relative = 0;
    for (int64_t k = 0; k < w.count; k++) {
      const clx_air air = clx_weather_air(&w, k);
      assert_int_equal(clx_air_check(&air, NULL), CLX_OK);
      mean += air.dry_bulb / 8760;
      dew += clx_air_dew_point(&air) / 8760;
      pressure += air.pressure / 8760;
      relative += clx_air_relative(&air) / 8760;
    }
    CLX_CHECK_NEAR(mean, row[i].mean + 273.15, 0, 1e-3);
    CLX_CHECK_NEAR(dew, row[i].dew + 273.15, 0, 0.02);
    CLX_CHECK_NEAR(pressure, row[i].pressure, 1e-6, 0);
    CLX_CHECK_NEAR(relative, row[i].relative, 0,
                   0.012);  // the files round to whole percents, and below 0 degC take water for ice
    CLX_CHECK_NEAR(clx_weather_exceeded(&w, CLX_WEATHER_DRY_BULB, 0), row[i].most + 273.15, 1e-6, 0);
    CLX_CHECK_NEAR(clx_weather_exceeded(&w, CLX_WEATHER_DRY_BULB, 8759.5 / 8760), row[i].least + 273.15, 1e-6, 0);
    CLX_CHECK_NEAR(w.elevation, row[i].elevation, 0, 0);
    assert_int_equal(w.gaps, 0);
    clx_arena_free(arena);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_year),   cmocka_unit_test(test_gaps),          cmocka_unit_test(test_missing_lines),
      cmocka_unit_test(test_refusals), cmocka_unit_test(test_too_many_gaps), cmocka_unit_test(test_tmy_files),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
