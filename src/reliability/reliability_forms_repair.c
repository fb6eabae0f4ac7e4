// Repair, spares and redundancy in closed form.
#include "reliability/reliability_forms.h"

#include <math.h>

#include "chance/chance.h"

typedef struct repair_shop {
  double n, fail, repair, crews;
} repair_shop;

// How much more likely k machines down are than k - 1; falls with k.
static double shop_ratio(const repair_shop *s, double k) {
  return (s->n - k + 1) * s->fail / (fmin(k, s->crews) * s->repair);
}

// The likeliest number down: the largest k with shop_ratio(k) >= 1, between the crews' reach and beyond.
static double shop_mode(const repair_shop *s) {
  double k = floor((s->n + 1) * s->fail / (s->fail + s->repair));
  if (k > s->crews) k = fmax(floor(s->n + 1 - s->crews * s->repair / s->fail), s->crews);
  return fmin(fmax(k, 0), s->n);
}

// Weights relative to the likeliest number, from there outwards, until a double holds them no more.
// `above` receives the sum over more than k down, `moment` the sum of number times weight; both relative to all.
static void shop_solve(const repair_shop *s, double k, double *above, double *moment) {
  const int64_t mode = (int64_t)shop_mode(s), n = (int64_t)s->n;
  clx_sum all = {0}, more = {0}, first = {0};
  double weight = 1;
  for (int64_t down = mode; weight > 0 && down <= n; down++) {
    clx_sum_add(&all, weight);
    clx_sum_add(&first, (double)down * weight);
    if ((double)down > k) clx_sum_add(&more, weight);
    weight *= shop_ratio(s, (double)(down + 1));  // 0 after the last machine
  }
  weight = 1;
  for (int64_t down = mode - 1; weight > 0 && down >= 0; down--) {
    weight /= shop_ratio(s, (double)(down + 1));
    clx_sum_add(&all, weight);
    clx_sum_add(&first, (double)down * weight);
    if ((double)down > k) clx_sum_add(&more, weight);
  }
  *above = clx_sum_value(&more) / clx_sum_value(&all);
  *moment = clx_sum_value(&first) / clx_sum_value(&all);
}

double clx_repair_down(double n, double fail, double repair, double crews) {
  double above, moment;
  shop_solve(&(repair_shop){n, fail, repair, crews}, n, &above, &moment);
  return moment;
}

double clx_repair_down_tail(double n, double fail, double repair, double crews, double k) {
  double above, moment;
  shop_solve(&(repair_shop){n, fail, repair, crews}, k, &above, &moment);
  return above;
}

// P(Bin(n + s, q) <= s) rises with s: doubled until it suffices, then halved down.
double clx_spares_independent(double n, double fail, double repair, double p) {
  const double q = fail / (fail + repair);
  double low = 0, high = 0, step = 1;
  while (clx_binomial_cdf(n + high, q, high) < p) {
    if (high > 0x1p53) return INFINITY;
    low = high + 1;
    high += step;
    step *= 2;
  }
  while (low < high) {
    const double middle = floor(low + 0.5 * (high - low));
    if (clx_binomial_cdf(n + middle, q, middle) >= p)
      high = middle;
    else
      low = middle + 1;
  }
  return high;
}

double clx_spares_exhaust(double n, double spares, double fail, double repair) {
  clx_sum time = {0};
  double passage = 0;
  for (int64_t step = 0; step <= (int64_t)spares; step++) {
    const double k = (double)step;
    passage = (1 + k * repair * passage) / ((n + spares - k) * fail);
    if (isinf(passage)) return INFINITY;
    clx_sum_add(&time, passage);
  }
  return clx_sum_value(&time);
}

double clx_standby(double n, double p, double quantile) { return clx_binomial_quantile(n, p, quantile); }

double clx_masked_failures(double groups, double redundancy) {
  return clx_gamma_function(1 / redundancy) / redundancy * pow(groups, 1 - 1 / redundancy);
}

double clx_redundancy_best(double groups) { return floor(log2(groups) + 0.833); }

double clx_interval_masked(double save, double between, double restart) {
  return save + sqrt(save * save + 2 * save * (between + restart));
}
