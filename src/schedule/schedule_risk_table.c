// Quantiles of spreads.
#include <math.h>

#include "schedule/schedule_risk_internal.h"

static double triangular(double low, double likely, double high, double u) {
  if (!(high > low)) return low;
  const double turn = (likely - low) / (high - low);
  return u < turn ? low + sqrt(u * (high - low) * (likely - low))
                  : high - sqrt((1 - u) * (high - low) * (high - likely));
}

// Beta with parameters 1 + 4 (likely - low) / (high - low) and 6 minus that, on low .. high: its distribution function by Simpson's rule on
// a grid whose points crowd at both ends (x = sin^2), inverted by lines. Both parameters are at least 1: the density is bounded.
static void fill_pert(const clx_risk_spread *s, clx_risk_table *t) {
  enum { STEPS = 2048 };
  static const double HALF_PI = 1.57079632679489661923;
  const double width = s->high - s->low;
  const double a = width > 0 ? 4 * (s->likely - s->low) / width : 0,
               b = width > 0 ? 4 * (s->high - s->likely) / width : 0;
  double sum[STEPS / 2 + 1], x[STEPS / 2 + 1], before = 0, start = 0;  // start: density where the pair of steps begins
  sum[0] = x[0] = 0;
  for (int32_t k = 1; k <= STEPS; k++) {
    const double angle = HALF_PI * k / STEPS, sine = sin(angle), cosine = cos(angle);
    const double y = sine * sine, z = cosine * cosine;
    const double density = k == STEPS ? 0 : exp(a * log(y) + b * log(z)) * sine * cosine;
    if (k % 2 == 1) {
      before = density;
      continue;
    }
    sum[k / 2] = sum[k / 2 - 1] + start + 4 * before + density;
    x[k / 2] = y;
    start = density;
  }
  for (int32_t c = 0, k = 0; c <= CLX_RISK_CELLS; c++) {
    const double want = sum[STEPS / 2] * c / CLX_RISK_CELLS;
    while (k < STEPS / 2 - 1 && sum[k + 1] < want) k++;
    const double step = sum[k + 1] - sum[k], share = step > 0 ? fmin((want - sum[k]) / step, 1) : 0;
    t->node[c] = s->low + width * (x[k] + share * (x[k + 1] - x[k]));
  }
}

double clx_risk_quantile(const clx_risk_table *t, double u) {
  if (t->tails) return t->mean * exp(t->sigma * clx_normal_quantile(u) - t->sigma * t->sigma / 2);
  const double at = u * CLX_RISK_CELLS;
  const int32_t c = at < CLX_RISK_CELLS ? (int32_t)at : CLX_RISK_CELLS - 1;
  return t->node[c] + (at - c) * (t->node[c + 1] - t->node[c]);
}

clx_status clx_risk_table_make(const clx_risk_spread *s, clx_risk_table *t, clx_error *error, const char *name) {
  static const double MOST = 1000, SIGMA_MOST = 3;
  *t = (clx_risk_table){0};
  if (s->kind == CLX_RISK_LOGNORMAL) {
    if (!(s->mean > 0 && s->mean <= MOST && s->sigma >= 0 && s->sigma <= SIGMA_MOST))
      return clx_fail_plain(
          error, CLX_INPUT,
          "'%s': a lognormal of mean %g and sigma %g, expected a mean above 0 up to %g, sigma 0 to %g", name, s->mean,
          s->sigma, MOST, SIGMA_MOST);
    t->tails = true;
    t->mean = s->mean;
    t->sigma = s->sigma;
    for (int32_t c = 1; c < CLX_RISK_CELLS; c++) t->node[c] = clx_risk_quantile(t, (double)c / CLX_RISK_CELLS);
    t->node[0] = t->node[1];
    t->node[CLX_RISK_CELLS] = t->node[CLX_RISK_CELLS - 1];
    return CLX_OK;
  }
  if (!(s->low >= 0 && s->low <= s->likely && s->likely <= s->high && isfinite(s->high)))
    return clx_fail_plain(error, CLX_INPUT, "'%s': low %g, likely %g, high %g, expected 0 <= low <= likely <= high",
                          name, s->low, s->likely, s->high);
  if (s->kind == CLX_RISK_PERT) {
    fill_pert(s, t);
    return CLX_OK;
  }
  for (int32_t c = 0; c <= CLX_RISK_CELLS; c++)
    t->node[c] = triangular(s->low, s->likely, s->high, (double)c / CLX_RISK_CELLS);
  return CLX_OK;
}
