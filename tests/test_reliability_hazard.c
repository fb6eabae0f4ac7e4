// Hazards by age: cumulative forms, their inverse, and what published fleets show (facts E11 and section 2.3).
#include "check.h"

#include "chance/chance.h"
#include "reliability/reliability_model.h"

#define YEAR (365.25 * 86400)

static const clx_hazard hazards[] = {
    {.rate = 1e-6, .shape = 1},
    {.rate = 1e-6, .shape = 0.7},
    {.rate = 1e-6, .shape = 2.638},
    {.rate = 1e-6, .shape = 1, .infant = 0.07, .decay = 2e6},
    {.rate = 0, .shape = 1, .infant = 0.07, .decay = 2e6},
    {.rate = 1e-6, .shape = 0.8, .infant = 0.3, .decay = 1e4},
    {.rate = 1e-6, .shape = 1, .steps = 3, .age = {0, 1e5, 4e5}, .factor = {3, 1, 2}},
    {.rate = 1e-6, .shape = 1, .steps = 3, .age = {0, 1e5, 4e5}, .factor = {3, 0, 2}, .infant = 0.1, .decay = 1e5},
};

// The hazard is the slope of what it adds up to.
static void test_cumulative_is_the_integral(void **state) {
  (void)state;
  for (int32_t i = 0; i < CLX_COUNT(hazards); i++) {
    const clx_hazard *h = &hazards[i];
    assert_true(clx_hazard_cumulative(h, 0) == 0);
    for (double age = 1.3e4; age < 1e7; age *= 1.7) {
      const double d = age * 1e-5;
      const double slope = (clx_hazard_cumulative(h, age + d) - clx_hazard_cumulative(h, age - d)) / (2 * d);
      CLX_CHECK_NEAR(slope, clx_hazard_at(h, age), 1e-6, 1e-14);
    }
  }
}

static void test_mean_life_is_one_over_the_rate(void **state) {
  (void)state;
  // Mean life = integral of the survival e^-H, whatever the shape.
  for (int32_t i = 0; i < 3; i++) {
    double mean = 0, age = 0;
    for (double step = 1; age < 1e8; step *= 1.0005) {
      mean += step * exp(-clx_hazard_cumulative(&hazards[i], age + step / 2));
      age += step;
    }
    CLX_CHECK_NEAR(mean, 1e6, 1e-4, 0);
  }
}

static void test_inverse_uses_up_the_amount(void **state) {
  (void)state;
  clx_stream stream = clx_stream_make(3, 1, 0, 0);
  for (int32_t i = 0; i < CLX_COUNT(hazards); i++) {
    const clx_hazard *h = &hazards[i];
    for (int32_t trial = 0; trial < 2000; trial++) {
      const double age = trial % 10 == 0 ? 0 : 1e6 * clx_stream_exponential(&stream);
      const double amount = pow(10, -9 + 10 * clx_stream_uniform(&stream));
      const double later = clx_hazard_invert(h, age, amount);
      if (h->rate == 0 && amount >= h->infant * exp(-age / h->decay)) {
        assert_true(isinf(later));
        continue;
      }
      assert_true(later >= age);
      const double used = clx_hazard_cumulative(h, later) - clx_hazard_cumulative(h, age);
      // What the two ages and the two sums can resolve.
      const double floor = 1e-13 * later * clx_hazard_at(h, later) + 1e-15 * (1 + clx_hazard_cumulative(h, later));
      CLX_CHECK_NEAR(used, amount, 1e-10, 10 * floor);
    }
  }
}

// `factor` times the failures at every age, whatever the shape.
static void test_scale_multiplies_the_failures(void **state) {
  (void)state;
  for (int32_t i = 0; i < CLX_COUNT(hazards); i++) {
    clx_hazard h = hazards[i];
    clx_hazard_scale(&h, 2);
    for (double age = 1; age < 1e7; age *= 3) {
      CLX_CHECK_NEAR(clx_hazard_cumulative(&h, age), 2 * clx_hazard_cumulative(&hazards[i], age), 1e-12, 0);
      CLX_CHECK_NEAR(clx_hazard_at(&h, age), 2 * clx_hazard_at(&hazards[i], age), 1e-12, 0);
    }
  }
}

// Nothing fails where the factor is 0 for good.
static void test_inverse_of_a_hazard_that_ends(void **state) {
  (void)state;
  const clx_hazard h = {.rate = 1e-3, .shape = 1, .steps = 2, .age = {0, 100}, .factor = {1, 0}};
  CLX_CHECK_NEAR(clx_hazard_invert(&h, 0, 0.05), 50, 1e-12, 0);
  assert_true(isinf(clx_hazard_invert(&h, 0, 0.2)));
  assert_true(isinf(clx_hazard_invert(&h, 200, 1e-9)));
}

// E11: mean first failure of a fresh fleet = mean life * n^(-1/shape).
static void test_first_failure_of_a_fresh_fleet(void **state) {
  (void)state;
  static const double shape[] = {0.7, 0.78, 1, 1.5};
  static const double hours[] = {0.068679, 0.209895, 1.802885, 22.895207};
  const double n = 2048;
  for (int32_t i = 0; i < CLX_COUNT(shape); i++) {
    const clx_hazard h = {.rate = 1 / (3692.31 * 3600), .shape = shape[i]};
    // The first of n ages: exponential amount / n. Mean by quadrature over its probability.
    double mean = 0;
    const int32_t points = 200000;
    for (int32_t k = 0; k < points; k++) mean += clx_hazard_invert(&h, 0, -log((k + 0.5) / points) / n) / points;
    CLX_CHECK_NEAR(mean / 3600, hours[i], 1e-4, 0);
  }
}

// Titan's old batch by age (facts 2.3): what is drawn from the piecewise hazard shows it again.
static void test_titan_by_age(void **state) {
  (void)state;
  static const double removal[] = {.0009, .0082, .1193, .1342, .1251, .1513};
  clx_hazard h = {.rate = 1 / YEAR, .shape = 1, .steps = 6};
  for (int32_t i = 0; i < 6; i++) h.age[i] = i * YEAR, h.factor[i] = removal[i];
  double expected = 0;
  for (int32_t i = 0; i < 6; i++) {
    expected += removal[i];
    CLX_CHECK_NEAR(clx_hazard_cumulative(&h, (i + 1) * YEAR), expected, 1e-12, 0);
  }
  clx_stream stream = clx_stream_make(5, 1, 0, 0);
  double dead[6] = {0}, years[6] = {0};
  for (int32_t unit = 0; unit < 18837; unit++) {
    const double age = clx_hazard_invert(&h, 0, clx_stream_exponential(&stream)) / YEAR;
    for (int32_t i = 0; i < 6; i++) {
      years[i] += fmin(fmax(age - i, 0), 1);
      if (age >= i && age < i + 1) dead[i]++;
    }
  }
  for (int32_t i = 0; i < 6; i++) {
    CLX_CHECK_NEAR(dead[i] / years[i], removal[i], 0, 4 * sqrt(removal[i] / years[i]));  // 4 standard errors
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cumulative_is_the_integral),
      cmocka_unit_test(test_mean_life_is_one_over_the_rate),
      cmocka_unit_test(test_inverse_uses_up_the_amount),
      cmocka_unit_test(test_inverse_of_a_hazard_that_ends),
      cmocka_unit_test(test_scale_multiplies_the_failures),
      cmocka_unit_test(test_first_failure_of_a_fresh_fleet),
      cmocka_unit_test(test_titan_by_age),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
