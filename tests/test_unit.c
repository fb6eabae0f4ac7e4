// Units: values, dimensions, and the sentences for what cannot be read.
#include "check.h"

#include <locale.h>

#include "unit/unit.h"

static void test_values(void **state) {
  (void)state;
  static const struct {
    const char *text, *want;
    double si;
  } known[] = {{"400 Gbit/s", "B/s", 50e9},
               {"150 MW", "W", 150e6},
               {"35 degC", "K", 308.15},
               {"10 K", CLX_UNIT_KELVINS, 10},
               {"-2.5 kelvins", CLX_UNIT_KELVINS, -2.5},
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
  } bad[] = {{"400", "B/s", "unit is missing"},
             {"400 W", "B/s", "does not fit"},
             {"400 Gbits", "B/s", "does not fit"},
             {"400 parsec", "m", "unknown unit"},
             {"fast", "B/s", "expected a number"},
             {"5 W", "", "without unit"},
             {"nan", "", "expected a number"},
             {"inf", "", "expected a number"},
             {"0x10", "", "without unit"},
             {"1e999", "", "expected a number"},
             {"", "W", "expected a number"},
             {"1,5 W", "W", "expected a number"},
             {"1 degC/s", "K/s", "unknown unit"},
             {"1 W/", "W", "unknown unit"},
             {"1 /s", "Hz", "unknown unit"},
             {"10 degC", CLX_UNIT_KELVINS, "a difference is in K"},
             {"18 degF", CLX_UNIT_KELVINS, "expected a difference of temperature such as \"10 K\""},
             {"10", CLX_UNIT_KELVINS, "unit is missing"}};
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
  } known[] = {{2.518, "s", 3, "2.52 s"},     {149e6, "W", 3, "149 MW"},
               {80e9, "B", 3, "80 GB"},       {57.1e12, "FLOP/s", 2, "57 TFLOP/s"},
               {3.57e6, "s", 3, "41.3 days"}, {0.00025, "s", 3, "250 us"},
               {308.15, "K", 3, "35 degC"},   {10, CLX_UNIT_KELVINS, 3, "10 K"},
               {100000, "", 12, "100,000"},   {0, "s", 3, "0 s"},
               {0.5, "", 3, "0.5"},           {1563, "", 4, "1,563"},
               {3.6e9, "J", 3, "1 MWh"},      {15e12, "token", 3, "15 trillion token"},
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

// Copies of exact size, so that a sanitizer sees a byte read behind the end.
static clx_status read_exactly(const char *text, const char *want, double *si, char *why, size_t why_size) {
  char *copy = malloc(strlen(text) + 1);
  assert_non_null(copy);
  memcpy(copy, text, strlen(text) + 1);
  const clx_status status = clx_quantity_read(copy, want, si, why, why_size);
  free(copy);
  return status;
}

static void test_number_grammar(void **state) {
  (void)state;
  static const struct {
    const char *text;
    double value;
  } good[] = {{"5", 5},
              {"+5", 5},
              {".5", 0.5},
              {"5.", 5},
              {"1e3", 1000},
              {"1E-3", 1e-3},
              {"1_0_0", 100},
              {"1,234,567.5", 1234567.5},
              {"007", 7},
              {"0.1", 0.1},
              {"2 million", 2e6},
              {"1.5 trillion", 1.5e12},
              {"-0", 0},
              {"1e22", 1e22},
              {"123456789012345678", 123456789012345678.0}};
  static const char *const bad[] = {"0,123", "1234,567", "12,34",  "1,2345", "1,234,56", "1,,000", ",5",
                                    "_5",    "5_",       "1_",     "--5",    "e5",       ".",      "+",
                                    "1e",    "1e+",      "1e400",  "1e-400", "5 five",   "5%%",    "1e5e5",
                                    "1.2.3", "\xd9\xa1", "nan(1)", "1 e3"};
  char why[200];
  for (int i = 0; i < CLX_COUNT(good); i++) {
    double value = -1;
    if (read_exactly(good[i].text, "", &value, why, sizeof why) != CLX_OK) fail_msg("'%s': %s", good[i].text, why);
    CLX_CHECK_NEAR(value, good[i].value, 0, 0);
  }
  for (int i = 0; i < CLX_COUNT(bad); i++) {
    double value = -1;
    if (read_exactly(bad[i], "", &value, why, sizeof why) != CLX_INPUT) fail_msg("'%s' was read as %g", bad[i], value);
  }
}

static void test_units_at_the_edges(void **state) {
  (void)state;
  clx_dimension d;
  double factor = -1, offset = 0, si = 0;
  char why[200];
  static const char *const bad[] = {"EWh9*EWh9*EWh9",    "degC2", "1/degC", "W^", "W10", "W0", "1/", "1", "/s", "W//s",
                                    "s*s*s*s*s*s*s*s*s", "kkg",   "W W",    "W-1"};
  for (int i = 0; i < CLX_COUNT(bad); i++) {
    if (clx_unit_read(bad[i], &d, &factor, &offset)) fail_msg("'%s' was read as %g", bad[i], factor);
    CLX_CHECK_NEAR(factor, -1, 0, 0);
  }
  assert_int_equal(clx_quantity_read("3 1/h", "1/s", &si, why, sizeof why), CLX_OK);
  CLX_CHECK_NEAR(si, 3.0 / 3600, 1e-15, 0);
  assert_int_equal(clx_quantity_read("10 billion USD", "USD", &si, why, sizeof why), CLX_OK);
  CLX_CHECK_NEAR(si, 1e10, 0, 0);
  assert_int_equal(clx_quantity_read("5", "nonsense", &si, why, sizeof why), CLX_INTERNAL);
  assert_int_equal(clx_quantity_read("400 Gb/s", "B/s", &si, why, sizeof why), CLX_INPUT);
  assert_non_null(strstr(why, "bits are 'bit'"));
  assert_int_equal(clx_quantity_read("400", "B/s", &si, why, sizeof why), CLX_INPUT);
  assert_string_equal(why, "expected a rate such as \"400 Gbit/s\", read \"400\": the unit is missing");
  assert_int_equal(clx_quantity_read("5 MB", "W", &si, why, sizeof why), CLX_INPUT);
  assert_string_equal(why,
                      "expected a power such as \"150 MW\", read \"5 MB\": the unit 'MB' does not fit, it is a size");
}

// A prefix leaves 1..999 in front, also where rounding carries; what takes no prefix gets none.
static void test_formats_at_the_edges(void **state) {
  (void)state;
  static const struct {
    double si;
    const char *unit;
    const char *text;
  } known[] = {{999.96e9, "B", "1 TB"},
               {0.9996, "s", "1 s"},
               {999.4e6, "W", "999 MW"},
               {119.4, "s", "119 s"},
               {120, "s", "2 min"},
               {7200, "s", "2 h"},
               {48 * 3600.0, "s", "2 days"},
               {730 * 86400.0, "s", "2 years"},
               {12300, "kg/s", "12,300 kg/s"},
               {1e6, "m3", "1,000,000 m3"},
               {2.4e25, "FLOP", "2.4e25 FLOP"},
               {30e6, "USD", "30 million USD"},
               {0.08, "USD", "0.08 USD"},
               {1.78 / 3600, "USD/s", "1.78 USD/h"},
               {271e6 / 31557600, "USD/s", "271 million USD/year"},
               {-3.5e9 / 31557600, "USD/s", "-3.5 billion USD/year"},
               {86400 * 70100.0, "GPU*s", "70,100 GPU*day"},
               {0.518e-6, "USD/token", "0.518 USD/Mtoken"},
               {3, "J", "3 J"},
               {0.4, "B", "0.4 B"},
               {-149e6, "W", "-149 MW"},
               {-0.0, "", "0"},
               {INFINITY, "W", "not a number"},
               {NAN, "", "not a number"},
               {3e-8, "1/s", "3e-8 1/s"},
               {1e16, "", "1e16"},
               {-273.15 + 273.15, "K", "-273.15 degC"}};
  char buffer[64];
  for (int i = 0; i < CLX_COUNT(known); i++) {
    const int digits = strcmp(known[i].unit, "K") == 0 ? 5 : 3;
    assert_string_equal(clx_quantity_format(known[i].si, known[i].unit, digits, buffer, sizeof buffer), known[i].text);
  }
  // Also units that take words or nothing read back.
  static const char *const units[] = {"USD", "kg/s", "m3", "J", "1/s", "token", "Pa", "K", ""};
  for (int u = 0; u < CLX_COUNT(units); u++) {
    for (double value = 1e-3; value < 1e24; value *= 31.7) {
      double back = 0;
      char why[200];
      clx_quantity_format(value, units[u], 12, buffer, sizeof buffer);
      if (clx_quantity_read(buffer, units[u], &back, why, sizeof why) != CLX_OK) fail_msg("'%s': %s", buffer, why);
      CLX_CHECK_NEAR(back, value, 1e-10, strcmp(units[u], "K") == 0 ? 1e-6 : 0);
    }
  }
}

// A program that sets a locale with a decimal comma reads and writes the same. Skipped where no such locale is installed.
static void test_no_locale(void **state) {
  (void)state;
  static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8", "de_DE", "ps_AF.UTF-8"};
  bool set = false;
  for (int i = 0; !set && i < CLX_COUNT(names); i++) set = setlocale(LC_ALL, names[i]) != NULL;
  if (!set) skip();
  char buffer[64], why[200];
  double si = 0;
  const clx_status status = clx_quantity_read("2.5 GB", "B", &si, why, sizeof why);
  clx_quantity_format(2.518, "s", 3, buffer, sizeof buffer);
  setlocale(LC_ALL, "C");
  assert_int_equal(status, CLX_OK);
  CLX_CHECK_NEAR(si, 2.5e9, 0, 0);
  assert_string_equal(buffer, "2.52 s");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_formats),
      cmocka_unit_test(test_round_trip),
      cmocka_unit_test(test_number_grammar),
      cmocka_unit_test(test_units_at_the_edges),
      cmocka_unit_test(test_formats_at_the_edges),
      cmocka_unit_test(test_no_locale),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
