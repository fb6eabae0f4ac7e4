// Capacitors and batteries as first-order filters of the load: G_i = G_(i-1) + (L_i - G_i) step / tau, held over the sample as the load is.
// The storage gives L - G, so that without losses its charge is q0 - tau G.
//
// For tau2 > tau1 the filter of tau2 is that of tau1 followed by a kernel of positive weights that add up to one: with k = tau / (tau + step)
// the filter is (1 - k) / (1 - k z), and (1 - k1 z) / (1 - k2 z) = k1 / k2 + (1 - k1 / k2) / (1 - k2 z). What is smoothed longer is an average of
// shifts of what is smoothed less: no ramp, range or line of it is larger. The same holds for a larger share of L - G.
#include <math.h>

#include "power/power_smooth_internal.h"

enum { BIAS_STEPS = 60, TIME_STEPS = 48 };
static const double LONGEST = 100;    // waves: the time constant that counts as infinite
static const double SHORTEST = 1e-6;  // samples

typedef struct ledger {
  double bias, way;  // W; share of the energy that is kept on the way in, and on the way out
  double charge, low, high, most, in, out;
} ledger;

// G before the first sample: what it is after the last one of a periodic load, or the first load for ever.
static double first_level(const clx_load *load, double tau) {
  if (!load->periodic) return load->watt[0];
  const double take = load->step / (tau + load->step);
  double level = 0;
  for (int64_t i = 0; i < load->count; i++) level += (load->watt[i] - level) * take;
  return level / -expm1(-(double)load->count * log1p(load->step / tau));
}

static ledger pass_wave(const clx_load *load, double tau, double efficiency, double level, double bias) {
  const double take = load->step / (tau + load->step), way = sqrt(efficiency);
  ledger b = {.bias = bias, .way = way};
  for (int64_t i = 0; i < load->count; i++) {
    level += (load->watt[i] - level) * take;
    const double power = level - load->watt[i] + bias, joules = power * load->step;
    b.most = fmax(b.most, fabs(power));
    if (joules > 0) {
      b.in += joules;
      b.charge += way * joules;
    } else {
      b.out -= joules;
      b.charge += joules / way;
    }
    b.low = fmin(b.low, b.charge);
    b.high = fmax(b.high, b.charge);
  }
  return b;
}

// The constant draw that brings the charge of a periodic load back: the charge gained is rising and concave in pieces, between two
// slopes that differ by the round trip. False position with the Illinois rule.
static ledger close_charge(const clx_load *load, double tau, double efficiency, double level) {
  double low = 0;
  ledger at_low = pass_wave(load, tau, efficiency, level, low);
  double gain_low = at_low.charge;
  const double scale = at_low.in + at_low.out;
  if (!load->periodic || !(gain_low < -1e-15 * scale)) return at_low;
  double high = -gain_low / (at_low.way * (double)load->count * load->step);
  ledger b = pass_wave(load, tau, efficiency, level, high);
  double gain_high = b.charge;
  int side = 0;
  for (int32_t i = 0; i < BIAS_STEPS && fabs(b.charge) > 1e-14 * scale && gain_high > gain_low; i++) {
    const double bias = fmin(high, fmax(low, high - gain_high * (high - low) / (gain_high - gain_low)));
    b = pass_wave(load, tau, efficiency, level, bias);
    if (b.charge < 0) {
      low = bias;
      gain_low = b.charge;
      if (side < 0) gain_high /= 2;
      side = -1;
    } else {
      high = bias;
      gain_high = b.charge;
      if (side > 0) gain_low /= 2;
      side = 1;
    }
  }
  return b;
}

clx_filter_use clx_filter_measure(const clx_load *load, double time, double efficiency) {
  const ledger b = close_charge(load, time, efficiency, first_level(load, time));
  return (clx_filter_use){.power = b.most,
                          .energy = b.high - b.low,
                          .lost = b.in * (1 - b.way) + b.out * (1 / b.way - 1),
                          .stored = b.charge,
                          .bias = b.bias};
}

void clx_filter_apply(const clx_load *load, const clx_filter *filter, double *out) {
  const double take = load->step / (filter->time + load->step);
  double level = first_level(load, filter->time);
  for (int64_t i = 0; i < load->count; i++) {
    level += (load->watt[i] - level) * take;
    out[i] = load->watt[i] + filter->share * (level - load->watt[i]) + filter->bias;
  }
}

static double share_of(double power, double energy, const clx_filter_use *use) {
  double share = 1;
  if (power > 0 && use->power > power) share = power / use->power;
  return share * use->energy > energy * (1 + 1e-12) ? -1 : share;  // what was measured fits what was measured
}

clx_filter clx_filter_fit(const clx_load *load, double power, double energy, double efficiency, double time,
                          clx_filter_use *use) {
  const double longest = time > 0 ? time : LONGEST * (double)load->count * load->step;
  *use = clx_filter_measure(load, longest, efficiency);
  double share = share_of(power, energy, use), found = longest;
  if (share < 0) {
    double low = log(SHORTEST * load->step), high = log(longest);
    if (low > high) low = high - 1;
    found = exp(low);
    *use = clx_filter_measure(load, found, efficiency);
    share = share_of(power, energy, use);
    for (int32_t i = 0; i < TIME_STEPS && share >= 0; i++) {
      const double middle = 0.5 * (low + high);
      const clx_filter_use next = clx_filter_measure(load, exp(middle), efficiency);
      const double fits = share_of(power, energy, &next);
      if (fits < 0) {
        high = middle;
      } else {
        low = middle;
        found = exp(middle);
        *use = next;
        share = fits;
      }
    }
    // Less than a millionth of a sample: a share of what the shortest filter stores.
    if (share < 0) share = fmin(power > 0 ? power / use->power : 1, energy / use->energy);
  }
  return (clx_filter){.share = share, .time = found, .bias = share * use->bias};
}
