// Effectiveness and number of transfer units. Closed forms: Incropera and DeWitt, Fundamentals of Heat and Mass Transfer,
// table 11.3 (counterflow, parallel, crossflow with one fluid mixed). Both unmixed: the exact series of Mason (1955), in the
// form of Baclic (1978): the mean of the smaller of two Poisson variables (below).
#include <math.h>

#include "cooling/cooling_exchanger.h"

const char *const clx_arrangement_name[CLX_ARRANGEMENTS + 1] = {
    "counterflow", "parallel", "crossflow", "crossflow-max-mixed", "crossflow-min-mixed", NULL};

#define RATIO_NONE 1e-12  // below it the arrangement does not matter: the error is of the order of the ratio
#define NTU_MOST 1e15     // keeps products finite; no effectiveness tells it from infinity
#define NTU_SERIES 1e6    // beyond, the Poisson variables of the series are normal to 1e-9 of their mean

// Mean of the larger of 0 and a normal variable, for very large numbers of transfer units.
static double unmixed_far(double ntu, double ratio) {
  const double shift = ntu * (ratio - 1), spread = sqrt(ntu * (1 + ratio)), at = shift / spread;
  const double density = exp(-0.5 * at * at) * 0.3989422804014327, above = 0.5 * erfc(-at * 0.7071067811865476);
  return 1 - (spread * density + shift * above) / (ntu * ratio);
}

// Mason: effectiveness = 1 / (ratio ntu) sum over n >= 0 of P(A > n) P(B > n), with A and B Poisson variables of mean ntu and
// ratio ntu. Terms well below the smaller mean are 1; terms well above it vanish. P falls by the probability of n each time.
static double unmixed(double ntu, double ratio) {
  const double a = ntu, b = ntu * ratio;
  if (ntu > NTU_SERIES) return unmixed_far(ntu, ratio);
  const double start = floor(b - 12 * sqrt(b) - 12);
  double n = start > 0 ? start : 0;
  double probability_a = n > 0 ? exp(n * log(a) - a - lgamma(n + 1)) : exp(-a);
  double probability_b = n > 0 ? exp(n * log(b) - b - lgamma(n + 1)) : exp(-b);
  double above_a = n > 0 ? 1 - probability_a : -expm1(-a), above_b = n > 0 ? 1 - probability_b : -expm1(-b);
  double sum = n;
  for (;; n += 1) {
    const double term = above_a * above_b;
    sum += term;
    if (n > b && (above_b < 1e-15 * b || term < 1e-17 * sum)) break;
    probability_a *= a / (n + 1);
    probability_b *= b / (n + 1);
    above_a = fmax(above_a - probability_a, 0);
    above_b = fmax(above_b - probability_b, 0);
  }
  return sum / b;
}

double clx_effectiveness(int32_t arrangement, double ntu, double ratio) {
  if (!(ntu > 0)) return 0;
  ntu = fmin(ntu, NTU_MOST);
  ratio = fmin(fmax(ratio, 0), 1);
  if (ratio < RATIO_NONE) return -expm1(-ntu);
  double share = 0;
  switch (arrangement) {
    case CLX_PARALLEL:
      share = -expm1(-ntu * (1 + ratio)) / (1 + ratio);
      break;
    case CLX_CROSS_UNMIXED:
      share = unmixed(ntu, ratio);
      break;
    case CLX_CROSS_MAX_MIXED:
      share = -expm1(ratio * expm1(-ntu)) / ratio;
      break;
    case CLX_CROSS_MIN_MIXED:
      share = -expm1(expm1(-ratio * ntu) / ratio);
      break;
    default: {  // counterflow
      const double rest = 1 - ratio;
      if (rest * ntu < 1e-12) return ntu / (1 + ntu);
      const double fall = -expm1(-ntu * rest);
      share = fall / (rest + ratio * fall);
    }
  }
  return fmin(fmax(share, 0), 1);
}

// What an endless area reaches.
static double most_of(int32_t arrangement, double ratio) {
  if (ratio < RATIO_NONE) return 1;
  switch (arrangement) {
    case CLX_PARALLEL:
      return 1 / (1 + ratio);
    case CLX_CROSS_MAX_MIXED:
      return -expm1(-ratio) / ratio;
    case CLX_CROSS_MIN_MIXED:
      return -expm1(-1 / ratio);
    default:
      return 1;
  }
}

// Rising in ntu: doubled until it holds the root, then false position (Illinois) that falls back on halving.
static double unmixed_ntu(double effectiveness, double ratio) {
  double low = 0, high = 1, below = -effectiveness, above = unmixed(high, ratio) - effectiveness;
  while (above < 0 && high < 1e12) {
    low = high;
    below = above;
    high *= 2;
    above = unmixed(high, ratio) - effectiveness;
  }
  for (int32_t i = 0; i < 200 && high - low > 1e-14 * high; i++) {
    const double middle = i % 3 == 2 ? 0.5 * (low + high) : low - below * (high - low) / (above - below);
    const double rest = unmixed(middle, ratio) - effectiveness;
    if (rest == 0) return middle;
    if (rest < 0) {
      low = middle;
      below = rest;
    } else {
      high = middle;
      above = rest;
    }
  }
  return 0.5 * (low + high);
}

clx_status clx_ntu(int32_t arrangement, double effectiveness, double ratio, double *ntu, clx_error *error) {
  if (arrangement < 0 || arrangement >= CLX_ARRANGEMENTS || !(ratio >= 0 && ratio <= 1)) {
    return clx_fail_plain(error, CLX_INPUT,
                          "an exchanger of arrangement %d with a ratio of capacity rates of %g: expected 0 to 1",
                          (int)arrangement, ratio);
  }
  const double most = most_of(arrangement, ratio);
  if (!(effectiveness >= 0 && effectiveness < most)) {
    return clx_fail_plain(
        error, CLX_INPUT,
        "no area of a %s exchanger with a ratio of capacity rates of %.4g reaches an effectiveness of %.6g: expected "
        "0 to below %.6g",
        clx_arrangement_name[arrangement], ratio, effectiveness, most);
  }
  const double e = effectiveness;
  double found = 0;
  if (ratio < RATIO_NONE) {
    found = -log1p(-e);
  } else if (arrangement == CLX_PARALLEL) {
    found = -log1p(-e * (1 + ratio)) / (1 + ratio);
  } else if (arrangement == CLX_CROSS_UNMIXED) {
    found = e > 0 ? unmixed_ntu(e, ratio) : 0;
  } else if (arrangement == CLX_CROSS_MAX_MIXED) {
    found = -log1p(log1p(-e * ratio) / ratio);
  } else if (arrangement == CLX_CROSS_MIN_MIXED) {
    found = -log1p(ratio * log1p(-e)) / ratio;
  } else {  // counterflow: ln((1 - e ratio) / (1 - e)) / (1 - ratio), written so that a ratio of 1 is its limit
    const double rest = 1 - ratio, step = e * rest / (1 - e);
    found = step < 1e-12 ? e / (1 - e) : log1p(step) / rest;
  }
  if (!(isfinite(found) && found < NTU_MOST)) {
    return clx_fail_plain(error, CLX_INPUT, "an effectiveness of %.17g asks for an endless area", effectiveness);
  }
  *ntu = found;
  return CLX_OK;
}
