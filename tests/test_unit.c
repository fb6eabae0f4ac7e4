// Units: values, dimensions, and the sentences for what cannot be read.
#include "check.h"

#include "unit/unit.h"

static void test_values(void **state) {
  (void)state;
  static const struct {
    const char *text, *want;
    double si;
  } known[] = {{"400 Gbit/s", "B/s", 50e9},
               {"150 MW", "W", 150e6},
               {"35 degC", "K", 308.15},
               {"122 days", "s", 122 * 86400.0},
               {"80 GB", "B", 80e9},
               {"80GB", "B", 80e9},
               {"16 MiB", "B", 16777216},
               {"3.35 TB/s", "B/s", 3.35e12},
               {"989.4 TFLOP/s", "FLOP/s", 989.4e12},
               {"1.98 GHz", "Hz", 1.98e9},
               {"3 us", "s", 3e-6},
               {"1 kWh", "J", 3.6e6},
               {"90 USD/MWh", "USD/J", 90 / 3.6e9},
               {"32 degF", "K", 273.15},
               {"2 months", "s", 2 * 30.4375 * 86400},
               {"10 l/min", "m3/s", 1e-2 / 60},
               {"1 bar", "Pa", 1e5},
               {"12 W/m2", "W/m2", 12},
               {"100,000", "", 1e5},
               {"1_000_000", "", 1e6},
               {"15e12", "", 15e12},
               {"-2.5e-3", "", -2.5e-3},
               {"38 %", "", 0.38},
               {"500 tokens/s", "token/s", 500},
               {"20 kW/GPU", "W/GPU", 20e3}};
  for (int i = 0; i < CLX_COUNT(known); i++) {
    char why[200] = "";
    double si = 0;
    if (clx_quantity_read(known[i].text, known[i].want, &si, why, sizeof why) != CLX_OK)
      fail_msg("'%s': %s", known[i].text, why);
    CLX_CHECK_NEAR(si, known[i].si, 1e-12, 0);
  }
}

static void test_refusals(void **state) {
  (void)state;
  static const struct {
    const char *text, *want, *says;
  } bad[] = {
      {"400", "B/s", "unit is missing"},   {"400 W", "B/s", "does not fit"},     {"400 Gbits", "B/s", "does not fit"},
      {"400 parsec", "m", "unknown unit"}, {"fast", "B/s", "expected a number"}, {"5 W", "", "without unit"},
      {"nan", "", "expected a number"},    {"inf", "", "expected a number"},     {"0x10", "", "without unit"},
      {"1e999", "", "expected a number"},  {"", "W", "expected a number"},       {"1,5 W", "W", "expected a number"},
      {"1 degC/s", "K/s", "unknown unit"}, {"1 W/", "W", "unknown unit"},        {"1 /s", "Hz", "unknown unit"}};
  for (int i = 0; i < CLX_COUNT(bad); i++) {
    char why[200] = "";
    double si = -1;
    assert_int_equal(clx_quantity_read(bad[i].text, bad[i].want, &si, why, sizeof why), CLX_INPUT);
    if (strstr(why, bad[i].says) == NULL) fail_msg("'%s': '%s' does not say '%s'", bad[i].text, why, bad[i].says);
    CLX_CHECK_NEAR(si, -1, 0, 0);  // untouched
  }
}

static void test_formats(void **state) {
  (void)state;
  static const struct {
    double si;
    const char *unit;
    int digits;
    const char *text;
  } known[] = {{2.518, "s", 3, "2.52 s"},
               {149e6, "W", 3, "149 MW"},
               {80e9, "B", 3, "80 GB"},
               {57.1e12, "FLOP/s", 2, "57 TFLOP/s"},
               {3.57e6, "s", 3, "41.3 days"},
               {0.00025, "s", 3, "250 us"},
               {308.15, "K", 3, "35 degC"},
               {100000, "", 12, "100,000"},
               {0, "s", 3, "0 s"},
               {0.5, "", 3, "0.5"},
               {1563, "", 4, "1,563"},
               {3.6e9, "J", 3, "1 MWh"},
               {15e12, "token", 3, "15 trillion token"},
               {-1234.5, "", 6, "-1,234.5"}};
  for (int i = 0; i < CLX_COUNT(known); i++) {
    char buffer[64];
    assert_string_equal(clx_quantity_format(known[i].si, known[i].unit, known[i].digits, buffer, sizeof buffer),
                        known[i].text);
  }
}

// What is written can be read again.
static void test_round_trip(void **state) {
  (void)state;
  static const char *const units[] = {"W", "B", "B/s", "FLOP/s", "s", "Hz"};
  for (int u = 0; u < 6; u++) {
    for (double value = 1e-7; value < 1e19; value *= 7.3) {
      char text[64], why[200];
      double back = 0;
      const bool whole = units[u][0] == 'B' || units[u][0] == 'F';
      if (whole && value < 1) continue;
      clx_quantity_format(value, units[u], 9, text, sizeof text);
      if (clx_quantity_read(text, units[u], &back, why, sizeof why) != CLX_OK) fail_msg("'%s': %s", text, why);
      CLX_CHECK_NEAR(back, value, 1e-7, 0);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_formats),
      cmocka_unit_test(test_round_trip),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
