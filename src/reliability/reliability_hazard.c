// Hazards of parts by age: cumulative form and its inverse.
#include <math.h>

#include "reliability/reliability_internal.h"

// Weibull of mean life 1/rate: H = (age / scale)^shape, scale = 1 / (rate Gamma(1 + 1/shape)).
static double weibull_inverse_scale(const clx_hazard *h) { return h->rate * tgamma(1 + 1 / h->shape); }

double clx_hazard_at(const clx_hazard *h, double age) {
  double value = h->rate;
  if (h->steps > 0) {
    int32_t i = 0;
    while (i + 1 < h->steps && age >= h->age[i + 1]) i++;
    value = h->rate * h->factor[i];
  } else if (h->shape != 1 && h->rate > 0) {
    // A falling hazard is infinite at birth: the value a nanosecond later stands for it.
    const double u = weibull_inverse_scale(h);
    value = h->shape * u * pow(u * fmax(age, 1e-9), h->shape - 1);
  }
  if (h->infant > 0) value += h->infant / h->decay * exp(-age / h->decay);
  return value;
}

double clx_hazard_cumulative(const clx_hazard *h, double age) {
  double value = 0;
  if (h->steps > 0) {
    for (int32_t i = 0; i < h->steps && age > h->age[i]; i++) {
      const double end = i + 1 < h->steps && h->age[i + 1] < age ? h->age[i + 1] : age;
      value += h->rate * h->factor[i] * (end - h->age[i]);
    }
  } else if (h->shape != 1 && h->rate > 0) {
    value = pow(weibull_inverse_scale(h) * age, h->shape);
  } else {
    value = h->rate * age;
  }
  if (h->infant > 0) value -= h->infant * expm1(-age / h->decay);
  return value;
}

// Without infant mortality: closed forms.
static double invert_steps(const clx_hazard *h, double age, double amount) {
  int32_t i = 0;
  while (i + 1 < h->steps && age >= h->age[i + 1]) i++;
  for (;; i++) {
    const double rate = h->rate * h->factor[i];
    const double end = i + 1 < h->steps ? h->age[i + 1] : INFINITY;
    if (rate > 0 && amount <= rate * (end - age)) return age + amount / rate;
    if (i + 1 >= h->steps) return INFINITY;
    amount -= rate * (end - age);
    age = end;
  }
}

static double invert_smooth(const clx_hazard *h, double age, double amount) {
  if (h->steps > 0) return invert_steps(h, age, amount);
  if (h->rate <= 0) return INFINITY;
  if (h->shape == 1) return age + amount / h->rate;
  const double u = weibull_inverse_scale(h);
  return fmax(age, pow(pow(u * age, h->shape) + amount, 1 / h->shape) / u);
}

// Infant failures that a part of this age has still before it, up to another age.
static double infant_between(const clx_hazard *h, double age, double later) {
  return -h->infant * exp(-age / h->decay) * expm1(-(later - age) / h->decay);
}

// What is used up between two ages; differences are taken term by term, so that small ones keep their digits.
static double used(const clx_hazard *h, double age, double later) {
  clx_hazard smooth = *h;
  smooth.infant = 0;
  return clx_hazard_cumulative(&smooth, later) - clx_hazard_cumulative(&smooth, age) + infant_between(h, age, later);
}

double clx_hazard_invert(const clx_hazard *h, double age, double amount) {
  if (h->infant <= 0) return invert_smooth(h, age, amount);
  // Both together end before either alone would: a bracket, then secants with a halving in between.
  const double left = h->infant * exp(-age / h->decay);
  const double infant_alone = amount < left ? age - h->decay * log1p(-amount / left) : INFINITY;
  double high = fmin(invert_smooth(h, age, amount), infant_alone), low = age;
  if (!isfinite(high)) return INFINITY;
  double f_low = -amount, f_high = used(h, age, high) - amount;
  for (int32_t i = 0; i < 200 && high - low > 1e-13 * high && f_high > 0; i++) {
    double x = i % 3 == 2 ? low + (high - low) / 2 : high - f_high * (high - low) / (f_high - f_low);
    if (!(x > low && x < high)) x = low + (high - low) / 2;
    if (!(x > low && x < high)) break;
    const double f = used(h, age, x) - amount;
    if (f < 0) {
      low = x;
      f_low = f;
    } else {
      high = x;
      f_high = f;
    }
  }
  return high;
}

void clx_hazard_scale(clx_hazard *h, double factor) {
  h->rate *= h->shape == 1 ? factor : pow(factor, 1 / h->shape);
  h->infant *= factor;
}

double clx_hazard_draw(const clx_reliability_model *model, int32_t failure, uint64_t seed, int32_t replication) {
  const clx_failure_class *f = &model->failure[failure];
  if (!model->draw_rates || f->exposure <= 0 || f->events <= 0) return 1;
  clx_stream stream = clx_stream_make(seed, CLX_STREAM_RATES, (uint64_t)replication, (uint64_t)failure);
  return clx_stream_gamma(&stream, f->events) / f->events;
}
