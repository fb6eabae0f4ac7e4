// Normal distribution, and Lambert's W.
#include <math.h>

#include "chance/chance_internal.h"

double clx_normal_cdf(double z) { return 0.5 * erfc(-z * sqrt(0.5)); }

static double polynomial(const double *c, int count, double x) {
  double sum = c[count - 1];
  for (int i = count - 2; i >= 0; i--) sum = sum * x + c[i];
  return sum;
}

// Wichura, Algorithm AS 241 (PPND16), Applied Statistics 37 (1988): ratios of polynomials for the middle, the tails and far out.
double clx_normal_quantile(double p) {
  enum { TERMS = 8 };
  static const double MIDDLE[2][TERMS] = {
      {3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
       45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727},
      {1, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077, 21213.794301586595867,
       39307.895800092710610, 28729.085735721942674, 5226.4952788528545610}};
  static const double TAIL[2][TERMS] = {
      {1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
       1.27045825245236838258, 0.241780725177450611770, 0.0227238449892691845833, 7.74545014278341407640e-4},
      {1, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550, 0.148103976427480074590,
       0.0151986665636164571966, 5.47593808499534494600e-4, 1.05075007164441684324e-9}};
  static const double FAR[2][TERMS] = {
      {6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 0.296560571828504891230,
       0.0265321895265761230930, 0.00124266094738807843860, 2.71155556874348757815e-5, 2.01033439929228813265e-7},
      {1, 0.599832206555887937690, 0.136929880922735805310, 0.0148753612908506148525, 7.86869131145613259100e-4,
       1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15}};
  const double q = p - 0.5;
  if (fabs(q) <= 0.425) {
    const double r = 0.425 * 0.425 - q * q;
    return q * polynomial(MIDDLE[0], TERMS, r) / polynomial(MIDDLE[1], TERMS, r);
  }
  const double r = sqrt(-log(q < 0 ? p : 1 - p));
  const double z = r <= 5 ? polynomial(TAIL[0], TERMS, r - 1.6) / polynomial(TAIL[1], TERMS, r - 1.6)
                          : polynomial(FAR[0], TERMS, r - 5) / polynomial(FAR[1], TERMS, r - 5);
  return q < 0 ? -z : z;
}

// With v = x / (2 + x): log(1 + x) = 2 (v + v^3/3 + v^5/5 + ...), and x - 2 v = x v.
double clx_log1pmx(double x) {
  if (fabs(x) > 0.2) return log1p(x) - x;
  const double v = x / (2 + x), v2 = v * v;
  double sum = 0;
  for (int n = 19; n >= 3; n -= 2) sum = sum * v2 + 1.0 / n;
  return 2 * v * v2 * sum - x * v;
}

// 1 + W next to the branch point: v with 1 + (v - 1) e^v = e x + 1, whose left side is the series of (n - 1) v^n / n! without
// cancellation; Newton from v = sqrt(2 q) (1 - ...).
static double lambert_branch(double q) {
  const double root = sqrt(2 * q);
  double v = root * (1 - root / 3 + 11.0 / 72 * root * root);
  for (int step = 0; step < 4; step++) {
    double term = v, left = 0;
    for (int n = 2; n <= 24; n++) {
      term *= v / n;
      left += (n - 1) * term;
    }
    v -= (left - q) / (v * exp(v));
  }
  return v - 1;
}

double clx_lambert_w(double x) {
  static const double E_HIGH = 2.718281828459045, E_LOW = 1.4456468917292502e-16;  // e to 32 digits
  if (x < -0.25) {
    const double q = fma(E_HIGH, x, 1) + E_LOW * x;  // e x + 1
    return q > 0 ? lambert_branch(q) : -1;
  }
  if (x == 0) return 0;
  const double l = log1p(x);
  // Winitzki's approximation, then Halley's steps (cubic).
  double w = x > 3 ? log(x) - log(log(x)) : l * (1 - log1p(l) / (2 + l));
  for (int step = 0; step < 4; step++) {
    const double e = exp(w), f = w * e - x;
    w -= f / (e * (w + 1) - (w + 2) * f / (2 * w + 2));
  }
  return w;
}
