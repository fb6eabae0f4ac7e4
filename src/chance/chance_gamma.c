// Incomplete gamma function and what it gives: gamma, chi-square and Poisson distributions.
#include <float.h>
#include <math.h>

#include "chance/chance_internal.h"

static const double TWO_PI = 6.283185307179586477;

double clx_gamma_function(double x) { return tgamma(x); }

// Stirling's series from 16 on (error below 1e-17 there); below by definition.
double clx_stirling_rest(double a) {
  if (a < 16) return log(tgamma(a + 1)) - (a + 0.5) * log(a) + a - 0.5 * log(TWO_PI);
  const double r = 1 / (a * a);
  return (1.0 / 12 - r * (1.0 / 360 - r * (1.0 / 1260 - r * (1.0 / 1680 - r * (1.0 / 1188 - r * 691.0 / 360360))))) / a;
}

double clx_saddle(double a, double m) {
  const double excess = (m - a) / a;
  return fabs(excess) < 0.2 ? a * clx_log1pmx(excess) : a * log(m / a) - (m - a);
}

double clx_poisson_weight(double shape, double x) {
  if (x <= 0) return shape == 0;
  if (shape < 16) return x > 1000 ? 0 : exp(shape * log(x) - x) / tgamma(shape + 1);
  if (isinf(x)) return 0;
  return exp(clx_saddle(shape, x) - clx_stirling_rest(shape)) / sqrt(TWO_PI * shape);
}

// Sum of x^n / ((shape + 1) .. (shape + n)); x <= shape + 1.
static double lower_series(double shape, double x) {
  double sum = 1, term = 1;
  for (int64_t n = 1; term > sum * (DBL_EPSILON / 4); n++) sum += term *= x / (shape + (double)n);
  return sum;
}

// Continued fraction of Gamma(shape, x) e^x x^-shape by Lentz's method; x > shape + 1, where it converges.
static double upper_fraction(double shape, double x) {
  double b = x + 1 - shape, c = 1 / DBL_MIN, d = 1 / b, h = d;
  for (int64_t n = 1;; n++) {
    const double a = -(double)n * ((double)n - shape);
    b += 2;
    d = 1 / (a * d + b);
    c = b + a / c;
    const double factor = c * d;
    h *= factor;
    if (fabs(factor - 1) < 2 * DBL_EPSILON) return h;
  }
}

// Temme 1979: Q = erfc(eta sqrt(a/2)) / 2 + R, R = e^(-a eta^2 / 2) / sqrt(2 pi a) * (sum of c_k(eta) a^-k), eta^2 / 2 = e - log(1 + e),
// e = x / a - 1. Taylor coefficients of the c_k by his recursion; for shape >= 1e5 and |eta| < 0.13 (beyond that both tails are 0 in a
// double) what is left out is below 1e-15.
static double gamma_uniform(double shape, double x, bool upper) {
  static const double C0[] = {-1.0 / 3,        1.0 / 12,    -2.0 / 135,         1.0 / 864,         1.0 / 2835,
                              -139.0 / 777600, 1.0 / 25515, -571.0 / 261273600, -281.0 / 151559100};
  static const double C1[] = {-1.0 / 540, -1.0 / 288, 1.0 / 378, -77.0 / 77760, 1.0 / 4860};
  static const double C2[] = {25.0 / 6048, -139.0 / 51840};
  const double power = -clx_saddle(shape, x);  // a eta^2 / 2
  if (power > 800) return (x > shape) == upper ? 0 : 1;
  const double eta = copysign(sqrt(2 * power / shape), x - shape);
  double c0 = 0, c1 = 0;
  for (int i = (int)(sizeof C0 / sizeof *C0) - 1; i >= 0; i--) c0 = c0 * eta + C0[i];
  for (int i = (int)(sizeof C1 / sizeof *C1) - 1; i >= 0; i--) c1 = c1 * eta + C1[i];
  const double sum = c0 + (c1 + (C2[0] + C2[1] * eta) / shape) / shape;
  const double rest = exp(-power) / sqrt(TWO_PI * shape) * sum;
  const double z = copysign(sqrt(power), x - shape);
  return upper ? 0.5 * erfc(z) + rest : 0.5 * erfc(-z) - rest;
}

static double incomplete_gamma(double shape, double x, bool upper) {
  static const double UNIFORM = 1e5;
  if (x <= 0) return upper;
  if (isinf(x)) return !upper;
  if (shape >= UNIFORM) return gamma_uniform(shape, x, upper);
  const double weight = clx_poisson_weight(shape, x);
  if (x <= shape + 1) {
    const double lower = fmin(weight * lower_series(shape, x), 1);
    return upper ? 1 - lower : lower;
  }
  const double tail = weight > 0 ? fmin(weight * shape * upper_fraction(shape, x), 1) : 0;
  return upper ? tail : 1 - tail;
}

double clx_gamma_cdf(double shape, double x) { return incomplete_gamma(shape, x, false); }

double clx_gamma_tail(double shape, double x) { return incomplete_gamma(shape, x, true); }

double clx_chi_square_tail(double freedom, double x) { return clx_gamma_tail(0.5 * freedom, 0.5 * x); }

// Newton's method for the logarithm of the nearer tail over the logarithm of x, kept within a bracket. Starts from Wilson and Hilferty
// 1931, or from the first term of the series where that is not good; below e^-40 the first term is all there is.
double clx_gamma_quantile(double shape, double p) {
  if (p <= 0) return 0;
  const bool upper = p > 0.5;
  const double aim = log(upper ? 1 - p : p), first = (log(p) + log(tgamma(fmin(shape, 100) + 1))) / shape;
  if (first < -40) return exp(first);
  const double cube = 1 - 1 / (9 * shape) + clx_normal_quantile(p) / (3 * sqrt(shape));
  double x = shape < 1 || cube < 0.2 ? exp(fmin(first, log(shape + 40))) : shape * cube * cube * cube;
  double low = 0, high = INFINITY;
  for (int step = 0; step < 200; step++) {
    const double tail = incomplete_gamma(shape, x, upper), miss = log(tail) - aim;
    const bool above = upper ? miss < 0 : miss > 0;
    if (above)
      high = x;
    else
      low = x;
    const double slope = clx_poisson_weight(shape, x) * shape / tail;  // of log(tail), over log(x)
    const double move = (upper ? 1 : -1) * miss / slope;
    double next = x + x * expm1(move);
    if (!(next > low && next < high)) next = low == 0 ? x / 2 : isinf(high) ? x * 2 : 0.5 * (low + high);
    if (fabs(next - x) <= 2 * DBL_EPSILON * x) return next;
    x = next;
  }
  return x;
}

static double poisson_cdf_of(double mean, double unused, double k) {
  (void)unused;
  return clx_poisson_cdf(mean, k);
}

double clx_poisson_cdf(double mean, double k) { return k < 0 ? 0 : clx_gamma_tail(floor(k) + 1, mean); }

double clx_poisson_tail(double mean, double k) { return k < 0 ? 1 : clx_gamma_cdf(floor(k) + 1, mean); }

double clx_poisson_quantile(double mean, double p) {
  if (p <= 0 || mean <= 0) return 0;
  const double z = clx_normal_quantile(p);  // guess: Cornish and Fisher
  return clx_count_quantile(poisson_cdf_of, mean, 0, p, mean + z * sqrt(mean) + (z * z - 1) / 6, 0x1p60);
}

double clx_count_quantile(clx_count_cdf cdf, double a, double b, double p, double guess, double most) {
  double high = fmin(fmax(floor(guess), 0), most), low = high, width = 1;
  while (high < most && cdf(a, b, high) < p) {
    low = high + 1;
    high = fmin(high + width, most);
    width *= 2;
  }
  if (width == 1) {  // the guess is enough: how far below?
    while (low > 0 && cdf(a, b, low - 1) >= p) {
      high = low - 1;
      low = fmax(high - width, 0);
      width *= 2;
    }
    // cdf(low - 1) < p, or low = 0
  }
  while (low < high) {
    const double middle = floor(low + 0.5 * (high - low));
    if (cdf(a, b, middle) >= p)
      high = middle;
    else
      low = middle + 1;
  }
  return high;
}
