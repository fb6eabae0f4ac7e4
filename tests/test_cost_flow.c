// Present values, rates of return, loans, depreciation, currencies: against closed forms and known flows.
#include "check.h"

#include "chance/chance.h"
#include "cost/cost_flow.h"
#include "cost/cost_money.h"
#include "cost/cost_price.h"
#include "cost/cost_spread.h"

#define NONE ((clx_place){0})

static void present_value_is_the_sum_of_discounted_flows(void **state) {
  (void)state;
  const double flow[] = {-100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 110};
  CLX_CHECK_NEAR(clx_npv(flow, 13, 0.10), 0, 0, 1e-12);
  CLX_CHECK_NEAR(clx_npv(flow, 13, 0), 10, 1e-15, 0);
  CLX_CHECK_NEAR(clx_npv(flow, 13, 0.21), -100 + 110 / 1.21, 1e-13, 0);
  // A perpetuity of 1 a month cut at n months is an annuity.
  double level[120];
  for (int32_t m = 0; m < 120; m++) level[m] = m == 0 ? 0 : 7;
  const double r = pow(1.08, 1.0 / 12) - 1;
  CLX_CHECK_NEAR(clx_npv(level, 120, 0.08), 7 * (1 - pow(1 + r, -119)) / r, 1e-12, 0);
}

static void present_value_is_additive(void **state) {
  (void)state;
  clx_stream s = clx_stream_make(7, 1, 0, 0);
  for (int32_t round = 0; round < 50; round++) {
    double a[90], b[90], both[90];
    for (int32_t m = 0; m < 90; m++) {
      a[m] = clx_stream_normal(&s);
      b[m] = clx_stream_normal(&s);
      both[m] = a[m] + 3 * b[m];
    }
    const double rate = 0.5 * clx_stream_uniform(&s);
    CLX_CHECK_NEAR(clx_npv(both, 90, rate), clx_npv(a, 90, rate) + 3 * clx_npv(b, 90, rate), 1e-12, 1e-12);
  }
}

static void rate_of_return_of_known_flows(void **state) {
  (void)state;
  clx_error error = {0};
  double rate = 0;
  int32_t changes = 0;
  double flow[61] = {0};
  // Lent at 7.25 % a year, repaid by the annuity: that is the rate.
  flow[0] = -1e6;
  for (int32_t m = 1; m <= 60; m++) flow[m] = clx_annuity(1e6, 0.0725, 60);
  assert_int_equal(clx_irr(flow, 61, &rate, &changes, &error), CLX_OK);
  CLX_CHECK_NEAR(rate, 0.0725, 1e-11, 0);
  assert_int_equal(changes, 1);
  // Two years, -1000, 500, 700 at the ends of years: 2500 x^2 ... solved by hand: x = (500 + sqrt(250000 + 2.8e6)) / 2000.
  const double yearly[25] = {[0] = -1000, [12] = 500, [24] = 700};
  assert_int_equal(clx_irr(yearly, 25, &rate, &changes, &error), CLX_OK);
  CLX_CHECK_NEAR(rate, (500 + sqrt(250000 + 2.8e6)) / 2000 - 1, 1e-11, 0);
  // A loss: half comes back after a year.
  const double loss[13] = {[0] = -100, [12] = 50};
  assert_int_equal(clx_irr(loss, 13, &rate, &changes, &error), CLX_OK);
  CLX_CHECK_NEAR(rate, -0.5, 1e-11, 0);
  // Two changes of sign: -1000, 2300, -1320 has the roots 10 % and 20 %; the caller is told.
  const double two[25] = {[0] = -1000, [12] = 2300, [24] = -1320};
  assert_int_equal(clx_irr(two, 25, &rate, &changes, &error), CLX_OK);
  assert_int_equal(changes, 2);
  CLX_CHECK_NEAR(clx_npv(two, 25, rate), 0, 0, 1e-8);
  const double never[3] = {-1, 0, -1};
  assert_int_equal(clx_irr(never, 3, &rate, &changes, &error), CLX_INFEASIBLE);
  assert_non_null(strstr(error.mistake[0].text, "never changes its sign"));
}

static void payback_is_when_the_sum_stays_above_zero(void **state) {
  (void)state;
  const double steady[] = {-10, 4, 4, 4};
  CLX_CHECK_NEAR(clx_payback(steady, 4), 2.5, 1e-12, 0);
  const double dip[] = {-10, 20, -15, 10};
  CLX_CHECK_NEAR(clx_payback(dip, 4), 2.5, 1e-12, 0);
  const double never[] = {-10, 4, 4};
  CLX_CHECK_NEAR(clx_payback(never, 3), -1, 0, 0);
  const double first[] = {1, 1};
  CLX_CHECK_NEAR(clx_payback(first, 2), 0, 0, 0);
}

static void recovery_pays_back_with_interest(void **state) {
  (void)state;
  for (int32_t years = 1; years < 20; years++) {
    double value = 0.2 * pow(1.09, -years);
    for (int32_t y = 1; y <= years; y++) value += clx_recovery(0.09, years, 0.2) * pow(1.09, -y);
    CLX_CHECK_NEAR(value, 1, 1e-12, 0);
  }
  CLX_CHECK_NEAR(clx_recovery(0, 4, 0.2), 0.2, 1e-15, 0);
  CLX_CHECK_NEAR(clx_recovery(1e-300, 4, 0.2), 0.2, 1e-12, 0);
  CLX_CHECK_NEAR(clx_annuity(12, 1e-300, 12), 1, 1e-12, 0);
  // 12,000 H100 of 41,667 USD for a week in a warehouse: about ln(1.1) + 0.322 of 500 million USD over 52.
  CLX_CHECK_NEAR(clx_idle_cost(5e8, 0.1, 0.14, 7 / 365.25), 5e8 * (0.0953 + 0.3224) * 7 / 365.25, 0.01, 0);
  CLX_CHECK_NEAR(clx_idle_cost(5e8, 0.1, 0.14, 0), 0, 0, 1e-6);
}

static void steps_become_means_of_months(void **state) {
  (void)state;
  const double at[] = {0.5 * CLX_MONTH, 1.25 * CLX_MONTH, 1.5 * CLX_MONTH}, gpus[] = {100, 400, 1000};
  double mean[4];
  clx_by_month(at, gpus, 3, 3.5 * CLX_MONTH, 4, mean);
  const double want[] = {50, 25 + 100 + 500, 1000, 500};
  for (int32_t m = 0; m < 4; m++) CLX_CHECK_NEAR(mean[m], want[m], 1e-12, 0);
}

static void depreciation_writes_off_the_whole_cost_once(void **state) {
  (void)state;
  const double life[CLX_DEPRECIATE_KINDS] = {0, 6.5, 0, 0, 0, 0};
  const double first[CLX_DEPRECIATE_KINDS] = {0, 1 / 6.5, 0.3333, 0.2, 0.1429, 0.05};  // IRS Publication 946, table A-1
  for (int32_t kind = CLX_DEPRECIATE_STRAIGHT; kind < CLX_DEPRECIATE_KINDS; kind++) {
    double expense[400] = {0}, sum = 0;
    CLX_CHECK_NEAR(clx_depreciation_share(kind, life[kind], 1), first[kind], 1e-12, 0);
    clx_depreciate(kind, life[kind], 0.4, 1e6, 3, expense, 400);
    for (int32_t m = 0; m < 400; m++) sum += expense[m];
    CLX_CHECK_NEAR(sum, 1e6, 1e-12, 0);
    CLX_CHECK_NEAR(expense[3], 4e5 + 6e5 * first[kind] / 12, 1e-12, 0);
  }
  double none[10] = {0};
  CLX_CHECK_NEAR(clx_depreciate(CLX_DEPRECIATE_NONE, 5, 0, 1, 0, none, 10), 0, 0, 0);
}

static void loans_repay_what_was_lent(void **state) {
  (void)state;
  clx_error error = {0};
  const clx_loan loan = {.rate = 0.125, .term = 60, .grace = 6, .fee = 0.01};
  double drawn[100] = {[0] = 1e9, [4] = 5e8, [97] = 1e7, [99] = 1e6}, interest[100], repaid[100], owed[100], flow[100];
  assert_int_equal(clx_loan_run(&loan, drawn, 100, interest, repaid, owed, &error), CLX_OK);
  double lent = 0, back = 0;
  for (int32_t m = 0; m < 100; m++) {
    lent += drawn[m];
    back += repaid[m];
    CLX_CHECK_NEAR(owed[m], lent - back, 1e-9, 1);
    flow[m] = drawn[m] - repaid[m] - interest[m] + loan.fee * drawn[m];
  }
  CLX_CHECK_NEAR(back, lent, 1e-12, 0);
  CLX_CHECK_NEAR(owed[99], 0, 0, 1e-3);
  CLX_CHECK_NEAR(clx_npv(flow, 100, 0.125), 0, 0, 1e-3);  // at its own rate a loan without fee is worth nothing
  const clx_loan bad = {.rate = 0.1, .term = 0};
  assert_int_equal(clx_loan_run(&bad, drawn, 100, interest, repaid, owed, &error), CLX_INPUT);
}

// --- money ---------------------------------------------------------------------------------------------------------------------

static double years[] = {2022, 2023, 2024}, euro[] = {1.053, 1.081, 1.082}, dollar[] = {1, 1, 1},
              level[] = {292.7, 304.7, 313.7};
static const clx_currency EUR = {
    .name = "eur", .code = "EUR", .year = years, .year_count = 3, .usd = euro, .usd_count = 3};
static const clx_currency USD = {.name = "usd",
                                 .code = "USD",
                                 .year = years,
                                 .year_count = 3,
                                 .usd = dollar,
                                 .usd_count = 3,
                                 .level = level,
                                 .level_count = 3};

static void amounts_are_exchanged(void **state) {
  (void)state;
  clx_error error = {0};
  const clx_currency *list[] = {&USD, &EUR};
  const clx_currencies known = {list, 2};
  double usd = 0;
  assert_int_equal(clx_money_read("270,555 USD", "USD", 2024.5, &known, NONE, &usd, &error), CLX_OK);
  CLX_CHECK_NEAR(usd, 270555, 0, 0);
  assert_int_equal(clx_money_read("2 million EUR/MW", "USD/W", 2023.5, &known, NONE, &usd, &error), CLX_OK);
  CLX_CHECK_NEAR(usd, 2 * 1.081, 1e-12, 0);
  assert_int_equal(clx_money_read("100 EUR", "USD", 2023.0, &known, NONE, &usd, &error), CLX_OK);
  CLX_CHECK_NEAR(usd, 100 * (1.053 + 1.081) / 2, 1e-12, 0);
  const struct {
    const char *text, *unit, *says;
    double year;
  } wrong[] = {{"3 CHF", "USD", "unknown currency 'CHF'", 2024.5},
               {"3 EUR", "USD/W", "'3 EUR'", 2024.5},
               {"3", "USD", "names no currency", 2024.5},
               {"3 EUR", "USD", "no rate of EUR in 2015", 2015}};
  for (int32_t i = 0; i < (int32_t)CLX_COUNT(wrong); i++) {
    clx_error_clear(&error);
    assert_int_equal(clx_money_read(wrong[i].text, wrong[i].unit, wrong[i].year, &known, NONE, &usd, &error),
                     CLX_INPUT);
    assert_non_null(strstr(error.mistake[0].text, wrong[i].says));
  }
  double factor = 0;
  assert_int_equal(clx_price_level(&USD, 2022.5, 2024.5, 0, NONE, &factor, &error), CLX_OK);
  CLX_CHECK_NEAR(factor, 313.7 / 292.7, 1e-12, 0);
  assert_int_equal(clx_price_level(&USD, 2024.5, 2026.5, 0.03, NONE, &factor, &error), CLX_OK);
  CLX_CHECK_NEAR(factor, 1.03 * 1.03, 1e-12, 0);
}

static void dates_become_years(void **state) {
  (void)state;
  const struct {
    const char *text;
    double year;
  } right[] = {{"2024", 2024.5},
               {"2024Q3", 2024.625},
               {"2024-07", 2024 + 6.5 / 12},
               {"2024-01-01", 2024.0},
               {"2025-01-01", 2025.0}};
  double year = 0;
  for (int32_t i = 0; i < (int32_t)CLX_COUNT(right); i++) {
    assert_true(clx_year_read(right[i].text, &year));
    CLX_CHECK_NEAR(year, right[i].year, 0, 0.003);
  }
  assert_false(clx_year_read("1889", &year));
  assert_false(clx_year_read("soon", &year));
  assert_false(clx_year_read("2024-13", &year));
  assert_false(clx_year_read("2024Q5", &year));
}

static void prices_of_a_date(void **state) {
  (void)state;
  clx_error error = {0};
  clx_price_point points[] = {{.date = "2025", .price = 50, .low = -1, .high = -1},
                              {.date = "2023", .price = 100, .low = 80, .high = -1},
                              {.date = "2023", .price = 25, .low = -1, .high = 110}};
  clx_price price = {.name = "p", .point = points, .point_count = 3};
  assert_int_equal(clx_price_check(&price, NONE, &error), CLX_OK);
  CLX_CHECK_NEAR(price.point[0].year, 2023.5, 1e-12, 0);
  CLX_CHECK_NEAR(clx_price_at(&price, 2020).expected, 50, 1e-12, 0);  // geometric mean of one date
  CLX_CHECK_NEAR(clx_price_at(&price, 2024.5).expected, 50, 1e-12, 0);
  CLX_CHECK_NEAR(clx_price_beyond(&price, 2024), 0, 0, 0);
  CLX_CHECK_NEAR(clx_price_beyond(&price, 2027), 1.5, 1e-12, 0);
  CLX_CHECK_NEAR(clx_price_beyond(&price, 2023), 0.5, 1e-12, 0);
  const clx_spread s = clx_price_at(&price, 2023.5);
  CLX_CHECK_NEAR(s.low, 25, 1e-12, 0);
  CLX_CHECK_NEAR(s.high, 110, 1e-12, 0);
}

static void spreads_have_their_percentiles(void **state) {
  (void)state;
  clx_error error = {0};
  clx_spread s = {.expected = 10, .low = 8, .high = 20};
  enum { DRAWS = 20000 };
  double *value = malloc(sizeof(double) * DRAWS);
  assert_non_null(value);
  assert_int_equal(clx_spread_check(&s, "s", NONE, &error), CLX_OK);
  for (int32_t i = 0; i < DRAWS; i++) {
    clx_stream stream = clx_stream_make(3, 2, (uint64_t)i, 0);
    value[i] = clx_spread_draw(&s, &stream);
  }
  const clx_cost_band band = clx_cost_band_of(value, DRAWS);
  CLX_CHECK_NEAR(band.low, 8, 0.01, 0);
  CLX_CHECK_NEAR(band.expected, 10, 0.01, 0);
  CLX_CHECK_NEAR(band.high, 20, 0.02, 0);
  free(value);
  clx_spread known = {.expected = 3, .low = -1, .high = -1};
  assert_int_equal(clx_spread_check(&known, "s", NONE, &error), CLX_OK);
  CLX_CHECK_NEAR(clx_spread_at(&known, 2.5), 3, 0, 0);
  clx_spread wrong = {.expected = 3, .low = 4, .high = 5};
  assert_int_equal(clx_spread_check(&wrong, "repair", NONE, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "repair"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(present_value_is_the_sum_of_discounted_flows),
      cmocka_unit_test(present_value_is_additive),
      cmocka_unit_test(rate_of_return_of_known_flows),
      cmocka_unit_test(payback_is_when_the_sum_stays_above_zero),
      cmocka_unit_test(recovery_pays_back_with_interest),
      cmocka_unit_test(steps_become_means_of_months),
      cmocka_unit_test(depreciation_writes_off_the_whole_cost_once),
      cmocka_unit_test(loans_repay_what_was_lent),
      cmocka_unit_test(amounts_are_exchanged),
      cmocka_unit_test(dates_become_years),
      cmocka_unit_test(prices_of_a_date),
      cmocka_unit_test(spreads_have_their_percentiles),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
