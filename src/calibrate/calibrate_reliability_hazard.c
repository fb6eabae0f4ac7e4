// How the hazard of a class depends on age: Weibull by maximum likelihood, steps by age.
//
// A life is seen from age a (delayed entry) to age b; at b it ended with an event, or was still going (right censoring). For a hazard
// h with integral H the likelihood is that of a Poisson process in age (Andersen, Borgan, Gill, Keiding 1993, chapter VI):
//   log L = sum over events log h(age) - sum over lives (H(b) - H(a)).
// The same form holds for units that are repaired and go on ageing.
#include <math.h>

#include "calibrate/calibrate_reliability.h"

static const double shape_least = 0.02, shape_most = 50;  // outside of it no Weibull is believed

typedef struct profile {
  const clx_lives *lives;
  double events, log_ages;  // sum of times, of times log(age / unit)
  double unit;              // s: the greatest age; powers stay below 1
} profile;

// sum of weight (b^k - a^k) and its derivative by k.
static void powers(const profile *p, double k, double *sum, double *slope) {
  clx_sum s = {0}, d = {0};
  for (int32_t i = 0; i < p->lives->life_count; i++) {
    const double a = p->lives->entry[i] / p->unit, b = p->lives->exit[i] / p->unit, w = p->lives->weight[i];
    const double pa = a > 0 ? pow(a, k) : 0, pb = b > 0 ? pow(b, k) : 0;
    clx_sum_add(&s, w * (pb - pa));
    clx_sum_add(&d, w * ((b > 0 ? pb * log(b) : 0) - (a > 0 ? pa * log(a) : 0)));
  }
  *sum = clx_sum_value(&s);
  *slope = clx_sum_value(&d);
}

// Derivative of the profile likelihood by the shape; falls with it.
static double slope_at(const profile *p, double k) {
  double sum = 0, slope = 0;
  powers(p, k, &sum, &slope);
  return p->events / k + p->log_ages - p->events * slope / sum;
}

// Profile log-likelihood, less what does not depend on k.
static double likelihood(const profile *p, double k) {
  double sum = 0, slope = 0;
  powers(p, k, &sum, &slope);
  return p->events * log(k) + (k - 1) * p->log_ages - p->events * log(sum);
}

// The shape between low and high (one of them the best) where the likelihood is `drop` below its best.
static double shape_at_drop(const profile *p, double best, double end, double drop) {
  const double level = likelihood(p, best) - drop;
  double inside = log(best), outside = log(end);
  if (likelihood(p, end) > level) return end;
  for (int32_t i = 0; i < 40; i++) {
    const double middle = 0.5 * (inside + outside);
    if (likelihood(p, exp(middle)) > level) {
      inside = middle;
    } else {
      outside = middle;
    }
  }
  return exp(0.5 * (inside + outside));
}

static bool profile_make(const clx_lives *lives, profile *p) {
  *p = (profile){.lives = lives};
  clx_sum events = {0}, logs = {0};
  for (int32_t i = 0; i < lives->life_count; i++) p->unit = fmax(p->unit, lives->exit[i]);
  for (int32_t i = 0; i < lives->event_count; i++) {
    clx_sum_add(&events, lives->times[i]);
    clx_sum_add(&logs, lives->times[i] * log(lives->age[i] / p->unit));
  }
  p->events = clx_sum_value(&events);
  p->log_ages = clx_sum_value(&logs);
  return p->unit > 0 && p->events >= 2 && isfinite(p->log_ages);
}

void clx_weibull_fit_make(const clx_lives *lives, double confidence, clx_weibull_fit *fit) {
  profile p;
  *fit = (clx_weibull_fit){.p_constant = 1, .p_fit = (double)NAN};
  if (!profile_make(lives, &p) || !(slope_at(&p, shape_least) > 0) || !(slope_at(&p, shape_most) < 0)) return;
  double low = log(shape_least), high = log(shape_most);
  for (int32_t i = 0; i < 50; i++) {
    const double middle = 0.5 * (low + high);
    if (slope_at(&p, exp(middle)) > 0) {
      low = middle;
    } else {
      high = middle;
    }
  }
  double sum = 0, slope = 0;
  fit->shape = exp(0.5 * (low + high));
  powers(&p, fit->shape, &sum, &slope);
  fit->scale = p.unit * pow(sum / p.events, 1 / fit->shape);
  fit->events = p.events;
  // Half the squared normal quantile: Wilks' theorem for one parameter.
  const double z = clx_normal_quantile(0.5 + 0.5 * confidence), drop = 0.5 * z * z;
  fit->low = shape_at_drop(&p, fit->shape, shape_least, drop);
  fit->high = shape_at_drop(&p, fit->shape, shape_most, drop);
  const double ratio = 2 * (likelihood(&p, fit->shape) - likelihood(&p, 1));
  fit->p_constant = clx_chi_square_tail(1, fmax(ratio, 0));
  fit->found = isfinite(fit->scale) && fit->scale > 0;
}

// --- steps -----------------------------------------------------------------------------------------------------------------

void clx_age_steps_make(const clx_lives *lives, double confidence, clx_age_steps *steps) {
  static const double day = 86400;
  static const double widths[] = {1, 7, 30, 91.3125, 182.625, 365.25, 730.5, 3652.5};  // days
  double most = 0, exposure[CLX_AGE_STEPS_MAX] = {0}, events[CLX_AGE_STEPS_MAX] = {0};
  *steps = (clx_age_steps){0};
  for (int32_t i = 0; i < lives->life_count; i++) most = fmax(most, lives->exit[i]);
  if (!(most > 0)) return;
  double width = 0;
  for (int32_t i = 0; i < CLX_COUNT(widths); i++) {
    width = day * widths[i];
    if (most <= 8 * width) break;
  }
  const double count = fmin(ceil(most / width), CLX_AGE_STEPS_MAX);
  steps->count = (int32_t)count;
  for (int32_t i = 0; i < lives->life_count; i++) {
    for (int32_t s = 0; s < steps->count; s++) {
      const double end = s + 1 == steps->count ? (double)INFINITY : width * (s + 1);
      const double inside = fmin(lives->exit[i], end) - fmax(lives->entry[i], width * s);
      if (inside > 0) exposure[s] += lives->weight[i] * inside;
    }
  }
  for (int32_t i = 0; i < lives->event_count; i++) {
    // An event at the seam belongs to the life that ended there: to the step before.
    const double at = ceil(lives->age[i] / width) - 1;
    events[(int32_t)fmax(0, fmin(at, steps->count - 1))] += lives->times[i];
  }
  for (int32_t s = 0; s < steps->count; s++) {
    steps->from[s] = width * s;
    clx_rate_fit_make(events[s], exposure[s], confidence, &steps->rate[s]);
  }
}

double clx_weibull_misfit(const clx_age_steps *steps, const clx_lives *lives, const clx_weibull_fit *fit) {
  double expected[CLX_AGE_STEPS_MAX] = {0}, square = 0;
  int32_t used = 0;
  for (int32_t i = 0; i < lives->life_count; i++) {
    for (int32_t s = 0; s < steps->count; s++) {
      const double end = s + 1 == steps->count ? (double)INFINITY : steps->from[s + 1];
      const double a = fmax(lives->entry[i], steps->from[s]), b = fmin(lives->exit[i], end);
      if (b > a) expected[s] += lives->weight[i] * (pow(b / fit->scale, fit->shape) - pow(a / fit->scale, fit->shape));
    }
  }
  // Steps with fewer than 5 expected events are joined with the ones after them.
  double events = 0, mean = 0;
  for (int32_t s = 0; s < steps->count; s++) {
    events += steps->rate[s].events;
    mean += expected[s];
    if (mean < 5) continue;
    square += (events - mean) * (events - mean) / mean;
    used++;
    events = mean = 0;
  }
  return used > 2 ? clx_chi_square_tail(used - 2, square) : (double)NAN;
}
