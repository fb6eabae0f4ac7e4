// Special functions against values computed with 60 digits (series; Newton's method for Lambert's W), and against each other.
// scipy 1.10 gives the same wherever it is precise: to 1e-13, but for tails of shapes above 1e8 and beta of large a, b (1e-9).
#include "check.h"

#include <float.h>

#include "chance/chance.h"

static void test_gamma_values(void **state) {
  (void)state;
  static const struct {
    double (*of)(double, double);
    double shape, x, value;
  } row[] = {
      {clx_gamma_cdf, 1e-08, 0.001, 0.9999999366846083},
      {clx_gamma_tail, 1e-08, 0.001, 6.331539171908876e-08},
      {clx_gamma_cdf, 0.01, 1e-30, 0.5040472728599954},
      {clx_gamma_tail, 0.01, 1e-30, 0.49595272714000455},
      {clx_gamma_cdf, 0.5, 0.25, 0.5204998778130465},
      {clx_gamma_tail, 0.5, 0.25, 0.4795001221869535},
      {clx_gamma_cdf, 0.5, 12.5, 0.9999994266968563},
      {clx_gamma_tail, 0.5, 12.5, 5.733031437583878e-07},
      {clx_gamma_cdf, 1.0, 0.1, 0.09516258196404043},
      {clx_gamma_tail, 1.0, 0.1, 0.9048374180359595},
      {clx_gamma_cdf, 2.5, 40.0, 0.9999999999999991},
      {clx_gamma_tail, 2.5, 40.0, 8.391825114831611e-16},
      {clx_gamma_cdf, 15.9, 3.0, 1.472800488532138e-07},
      {clx_gamma_tail, 15.9, 3.0, 0.9999998527199512},
      {clx_gamma_cdf, 16.1, 55.0, 0.9999999998035995},
      {clx_gamma_tail, 16.1, 55.0, 1.9640044709077087e-10},
      {clx_gamma_cdf, 16.9, 1e-11, 4.711041259867159e-201},
      {clx_gamma_cdf, 100.0, 60.0, 1.4815276326460468e-06},
      {clx_gamma_tail, 100.0, 60.0, 0.9999985184723673},
      {clx_gamma_cdf, 100.0, 101.0, 0.5528962934345113},
      {clx_gamma_tail, 100.0, 101.0, 0.44710370656548876},
      {clx_gamma_cdf, 419.0, 379.0, 0.02255626651259442},
      {clx_gamma_tail, 419.0, 379.0, 0.9774437334874055},
      {clx_gamma_cdf, 419.0, 460.0, 0.9748438118831748},
      {clx_gamma_tail, 419.0, 460.0, 0.02515618811682521},
      {clx_gamma_cdf, 5000.0, 4600.0, 3.115926965227699e-09},
      {clx_gamma_tail, 5000.0, 4600.0, 0.999999996884073},
      {clx_gamma_cdf, 99999.0, 98000.0, 9.893238036481577e-11},
      {clx_gamma_tail, 99999.0, 98000.0, 0.9999999999010676},
      {clx_gamma_cdf, 100001.0, 98000.0, 9.492480337405818e-11},
      {clx_gamma_tail, 100001.0, 98000.0, 0.9999999999050752},
      {clx_gamma_cdf, 100001.0, 100001.0, 0.5004205200077702},
      {clx_gamma_tail, 100001.0, 100001.0, 0.49957947999222985},
      {clx_gamma_cdf, 1000000.0, 1006000.0, 0.9999999989402603},
      {clx_gamma_tail, 1000000.0, 1006000.0, 1.0597397352843812e-09},
      {clx_gamma_cdf, 4000000.0, 3980000.0, 6.446330247393282e-24},
      {clx_gamma_tail, 4000000.0, 3980000.0, 1.0},
      {clx_gamma_cdf, 1e10, 9999300000.0, 1.27835174611135e-12},
  };
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    CLX_CHECK_NEAR(row[i].of(row[i].shape, row[i].x), row[i].value, 1e-12, row[i].shape < 1 ? 2e-16 : 0);
  }
  // Nothing below 0, everything above: no weight is formed that overflows.
  for (double shape = 1e-6; shape < 1e16; shape *= 10) {
    assert_true(clx_gamma_cdf(shape, 0) == 0 && clx_gamma_tail(shape, 0) == 1);
    assert_true(clx_gamma_cdf(shape, 1e300) == 1 && clx_gamma_tail(shape, 1e300) == 0);
    assert_true(clx_gamma_cdf(shape, INFINITY) == 1 && clx_gamma_tail(shape, INFINITY) == 0);
    assert_true(isfinite(clx_gamma_cdf(shape, 1e-300)));
  }
  // Both sides of the seam between fraction and expansion.
  for (double z = -6; z <= 6; z += 0.75) {
    const double below = nextafter(1e5, 0), x = 1e5 + z * sqrt(1e5);
    CLX_CHECK_NEAR(clx_gamma_cdf(below, x), clx_gamma_cdf(1e5, x), 2e-12, 0);
    CLX_CHECK_NEAR(clx_gamma_tail(below, x), clx_gamma_tail(1e5, x), 2e-12, 0);
  }
}

static void test_gamma_function_values(void **state) {
  (void)state;
  static const double row[][2] = {
      {0.05, 19.470085311255513},     {0.5, 1.772453850905516},      {1.0 / 3, 2.678938534707748}, {5, 24},
      {60.5, 1.0719991833202043e+81}, {171, 7.257415615307999e+306},
  };
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    CLX_CHECK_NEAR(clx_gamma_function(row[i][0]), row[i][1], 1e-13, 0);
  }
}

static void test_gamma_quantile_inverts(void **state) {
  (void)state;
  for (double shape = 1e-2; shape < 1e14; shape *= 3.7) {
    for (double p = 1e-12; p < 1; p = p < 0.1 ? p * 7 : p + 0.11) {
      const double x = clx_gamma_quantile(shape, p);
      if (x < 1e-300) continue;  // below the range of a double
      CLX_CHECK_NEAR(clx_gamma_cdf(shape, x), p, 1e-12 + 20 * sqrt(shape) * DBL_EPSILON, 0);  // x is rounded
    }
    assert_true(clx_gamma_quantile(shape, 0) == 0);
  }
  // P(X > x) of chi-square with 2 degrees of freedom is e^(-x/2).
  for (double x = 0; x < 1000; x += 7.3) CLX_CHECK_NEAR(clx_chi_square_tail(2, x), exp(-x / 2), 1e-12, 0);
  CLX_CHECK_NEAR(clx_gamma_quantile(1, 0.75), log(4), 1e-14, 0);
}

static void test_beta_values(void **state) {
  (void)state;
  static const double row[][4] = {
      {0.5, 0.5, 0.1, 0.20483276469913345},          {2.0, 3.0, 0.999, 0.999999996003},
      {0.001, 2.0, 0.3, 0.9994959094063246},         {20.0, 30.0, 0.1, 1.5694545999362012e-08},
      {20.0, 30.0, 0.75, 0.9999999135512694},        {1000.0, 2.0, 0.99, 0.0004748837215172369},
      {5000.0, 7000.0, 0.4, 0.00010062185380800184}, {12500.0, 13.0, 0.9985, 0.06668676928418235},
      {100000.0, 2000.0, 0.98, 0.18280887197073964},
  };
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    const double *r = row[i];
    CLX_CHECK_NEAR(clx_beta_cdf(r[0], r[1], r[2]), r[3], 1e-12, 0);
    CLX_CHECK_NEAR(clx_beta_cdf(r[1], r[0], 1 - r[2]), 1 - r[3], 0, 1e-12);
  }
  assert_true(clx_beta_cdf(3, 4, 0) == 0 && clx_beta_cdf(3, 4, 1) == 1);
}

static void test_normal_values(void **state) {
  (void)state;
  static const double cdf[][2] = {
      {-37.0, 5.7255712225239266e-300},
      {-10.0, 7.61985302416047e-24},
      {-3.0, 0.0013498980316300933},
      {-0.5, 0.3085375387259869},
      {0.0, 0.5},
      {1e-09, 0.5000000003989423},
      {1.0, 0.8413447460685429},
      {6.0, 0.9999999990134123},
  };
  static const double quantile[][2] = {
      {1e-300, -37.0470962993612},
      {1e-20, -9.262340089798409},
      {0.001, -3.090232306167813},
      {0.074, -1.4466320671589785},
      {0.08, -1.4050715603096329},
      {0.5, 0.0},
      {0.5000000000009095, 2.2797651350911116e-12},
      {0.9, 1.2815515655446004},
      {0.999999, 4.753424308817087},
  };
  for (size_t i = 0; i < sizeof cdf / sizeof *cdf; i++) CLX_CHECK_NEAR(clx_normal_cdf(cdf[i][0]), cdf[i][1], 1e-12, 0);
  for (size_t i = 0; i < sizeof quantile / sizeof *quantile; i++) {
    CLX_CHECK_NEAR(clx_normal_quantile(quantile[i][0]), quantile[i][1], 1e-12, 0);
  }
  for (double p = 1e-280; p < 1; p = p < 0.05 ? p * 3 : p + 0.013) {
    CLX_CHECK_NEAR(clx_normal_cdf(clx_normal_quantile(p)), p, 1e-12, 0);
  }
}

// Next to -1/e W is -1 + sqrt(2 (e x + 1)): there a double of W has 1 + W to 1.1e-16 and no closer.
static void test_lambert_values(void **state) {
  (void)state;
  static const double row[][2] = {
      {-0.3678794411714423, -0.9999999846957459},
      {-0.3678794411714, -0.9999995202104045},
      {-0.3678, -0.9793607149578305},
      {-0.36, -0.8060843159708176},
      {-0.2500001, -0.35740317865552645},
      {-0.2499999, -0.35740273370737785},
      {-0.001, -0.001001001502671886},
      {-1e-300, -1e-300},
      {0.0, 0.0},
      {1e-12, 9.99999999999e-13},
      {0.1, 0.09127652716086226},
      {1.0, 0.5671432904097838},
      {2.718281828459045, 1.0},
      {3.0, 1.04990889496404},
      {100000.0, 9.284571428622108},
      {1e+300, 684.2472086297608},
  };
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    CLX_CHECK_NEAR(clx_lambert_w(row[i][0]), row[i][1], 4e-15, 0);
    if (row[i][0] < -0.367) CLX_CHECK_NEAR(1 + clx_lambert_w(row[i][0]), 1 + row[i][1], 1e-14, 2.3e-16);
  }
  assert_true(clx_lambert_w(-exp(-1)) == -1);
  for (double w = -0.999; w < 690; w += 0.37) CLX_CHECK_NEAR(clx_lambert_w(w * exp(w)), w, 1e-12, 1e-13);
}

static void test_log1pmx_values(void **state) {
  (void)state;
  static const double row[][2] = {
      {-0.9, -1.402585092994046},       {-0.3, -0.056674943938732375},      {-0.2, -0.023143551314209757},
      {-0.001, -5.003335835335002e-07}, {-1e-12, -5.000000000003333e-25},   {1e-12, -4.999999999996667e-25},
      {1e-05, -4.9999666669166655e-11}, {0.19, -0.016046692876561984},      {0.21, -0.01937964039135028},
      {5, -3.208240530771945},          {10000000000.0, -9999999976.97415},
  };
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) CLX_CHECK_NEAR(clx_log1pmx(row[i][0]), row[i][1], 1e-14, 0);
  assert_true(clx_log1pmx(0) == 0);
}

// Counts by their own sums of weights, from 0 on.
static void test_counts_against_sums(void **state) {
  (void)state;
  for (double mean = 0.01; mean < 600; mean *= 2.3) {
    double weight = exp(-mean), sum = weight;
    for (double k = 0; k < 3 * mean + 20; weight *= mean / ++k, sum += weight) {
      CLX_CHECK_NEAR(clx_poisson_cdf(mean, k), sum, 1e-11, 0);
      CLX_CHECK_NEAR(clx_poisson_cdf(mean, k + 0.5), sum, 1e-11, 0);
      CLX_CHECK_NEAR(clx_poisson_tail(mean, k), 1 - sum, 0, 1e-12);
    }
  }
  static const double P[] = {1e-3, 0.03, 0.5, 0.97};
  for (int i = 0; i < 4; i++) {
    for (double n = 1; n < 200; n = floor(n * 1.7) + 1) {
      double weight = pow(1 - P[i], n), sum = weight;
      for (double k = 0; k < n; k++) {
        if (weight > 1e-290) CLX_CHECK_NEAR(clx_binomial_cdf(n, P[i], k), sum, 1e-11, 0);
        weight *= (n - k) / (k + 1) * P[i] / (1 - P[i]);
        sum += weight;
      }
      assert_true(clx_binomial_cdf(n, P[i], n) == 1 && clx_binomial_cdf(n, P[i], -1) == 0);
    }
  }
}

// A quantile is the first k whose cdf reaches p: of cdf(k) itself k, of a little more k + 1.
static void test_count_quantiles_invert(void **state) {
  (void)state;
  for (double mean = 0.01; mean < 1e13; mean *= 31) {
    for (double z = -3; z <= 3; z += 0.5) {
      const double k = floor(fmax(0, mean + z * sqrt(mean))), p = clx_poisson_cdf(mean, k);
      if (p <= 0 || p > 1 - 1e-9) continue;
      assert_true(clx_poisson_quantile(mean, p) == k);
      if (mean < 1e9) assert_true(clx_poisson_quantile(mean, p * (1 + 1e-13)) == k + 1);
    }
  }
  for (double n = 1; n < 1e6; n = floor(n * 13) + 1) {
    for (double p = 1e-6; p < 1; p = p < 0.1 ? p * 10 : p + 0.29) {
      for (double q = 0.001; q < 1; q += 0.0998) {
        const double k = clx_binomial_quantile(n, p, q);
        assert_true(clx_binomial_cdf(n, p, k) >= q && (k == 0 || clx_binomial_cdf(n, p, k - 1) < q));
      }
    }
  }
  assert_true(clx_poisson_quantile(0, 0.5) == 0 && clx_poisson_quantile(5, 0) == 0 && clx_poisson_cdf(0, 0) == 1);
  assert_true(clx_binomial_quantile(10, 0, 0.99) == 0 && clx_binomial_quantile(10, 1, 0.01) == 10);
  assert_true(clx_binomial_quantile(10, 0.5, 1) == 10 && clx_binomial_quantile(0, 0.5, 0.5) == 0);
  assert_true(clx_binomial_cdf(10, 0, 0) == 1 && clx_binomial_cdf(10, 1, 9) == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_gamma_values),           cmocka_unit_test(test_gamma_function_values),
      cmocka_unit_test(test_gamma_quantile_inverts), cmocka_unit_test(test_beta_values),
      cmocka_unit_test(test_normal_values),          cmocka_unit_test(test_lambert_values),
      cmocka_unit_test(test_log1pmx_values),         cmocka_unit_test(test_counts_against_sums),
      cmocka_unit_test(test_count_quantiles_invert),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
