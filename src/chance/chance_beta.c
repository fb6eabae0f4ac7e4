// Incomplete beta function and the binomial distribution.
#include <float.h>
#include <math.h>

#include "chance/chance_internal.h"

// x^a y^b / B(a, b), y = 1 - x, by the saddle point (Loader 2000): no power and no factorial is formed.
static double beta_weight(double a, double b, double x, double y) {
  static const double TWO_PI = 6.283185307179586477;
  const double n = a + b;
  const double power = clx_saddle(a, n * x) + clx_saddle(b, n * y);
  const double rest = clx_stirling_rest(n) - clx_stirling_rest(a) - clx_stirling_rest(b);
  return exp(power + rest) * sqrt(a / n * b / TWO_PI);
}

// Continued fraction 26.5.8 of Abramowitz and Stegun by Lentz's method; for x < (a + 1) / (a + b + 2).
static double beta_fraction(double a, double b, double x) {
  double c = 1, d = 1 - (a + b) * x / (a + 1);
  d = 1 / (fabs(d) < DBL_MIN ? DBL_MIN : d);
  double h = d;
  for (int64_t step = 1;; step++) {
    const double m = (double)step;
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 + even * d;
    d = 1 / (fabs(d) < DBL_MIN ? DBL_MIN : d);
    c = 1 + even / c;
    if (fabs(c) < DBL_MIN) c = DBL_MIN;
    h *= d * c;
    d = 1 + odd * d;
    d = 1 / (fabs(d) < DBL_MIN ? DBL_MIN : d);
    c = 1 + odd / c;
    if (fabs(c) < DBL_MIN) c = DBL_MIN;
    const double factor = d * c;
    h *= factor;
    if (fabs(factor - 1) < 2 * DBL_EPSILON) return h;
  }
}

static double incomplete_beta(double a, double b, double x, double y) {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  const double weight = beta_weight(a, b, x, y);
  if (x < (a + 1) / (a + b + 2)) return weight > 0 ? fmin(weight * beta_fraction(a, b, x) / a, 1) : 0;
  return weight > 0 ? 1 - fmin(weight * beta_fraction(b, a, y) / b, 1) : 1;
}

double clx_beta_cdf(double a, double b, double x) { return incomplete_beta(a, b, x, 1 - x); }

double clx_binomial_cdf(double n, double p, double k) {
  if (k < 0) return 0;
  k = floor(k);
  if (k >= n) return 1;
  return incomplete_beta(n - k, k + 1, 1 - p, p);
}

double clx_binomial_quantile(double n, double p, double quantile) {
  if (quantile <= 0 || p <= 0) return 0;
  if (quantile >= 1 || p >= 1) return n;
  const double z = clx_normal_quantile(quantile);
  return clx_count_quantile(clx_binomial_cdf, n, p, quantile, n * p + z * sqrt(n * p * (1 - p)), n);
}
