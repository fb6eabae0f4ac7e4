// Capacitors and batteries as first-order filters of the load: G_i = G_(i-1) + (L_i - G_i) step / tau, held over the sample as the load is.
// The storage gives L - G, so that without losses its charge is q0 - tau G.
//
// For tau2 > tau1 the filter of tau2 is that of tau1 followed by a kernel of positive weights that add up to one: with k = tau / (tau + step)
// the filter is (1 - k) / (1 - k z), and (1 - k1 z) / (1 - k2 z) = k1 / k2 + (1 - k1 / k2) / (1 - k2 z). What is smoothed longer is an average of
// shifts of what is smoothed less: no ramp, range or line of it is larger. The same holds for a larger share of L - G.
//
// A battery follows L - G with a lag of its response r, B_i = B_(i-1) + (G_i - L_i - B_(i-1)) step / (r + step): edges pass it, and for as long as r it
// still gives what the load before the edge asked for. docs/model/power/smoothing.md.
#include <math.h>

#include "power/power_smooth_internal.h"

enum { BIAS_STEPS = 60, TIME_STEPS = 48 };
static const double LONGEST = 100;    // waves: the time constant that counts as infinite
static const double SHORTEST = 1e-6;  // samples

typedef struct ledger {
  double bias, way;  // W; share of the energy that is kept on the way in, and on the way out
  double charge, low, high, most, in, out;
} ledger;

// What storage is at, between samples: its set point's G, and the W that it really gives (share 1, without bias).
typedef struct filter_state {
  double level, power;
} filter_state;

typedef struct filter_rates {
  double take, answer;  // share of the way to the load, and to the set point, in one sample
} filter_rates;

static filter_rates rates_of(const clx_load *load, double tau, double response) {
  return (filter_rates){load->step / (tau + load->step), response > 0 ? load->step / (response + load->step) : 1};
}

static void advance(filter_state *s, const filter_rates *r, double watt) {
  s->level += (watt - s->level) * r->take;
  const double asked = s->level - watt;
  s->power = r->answer < 1 ? s->power + (asked - s->power) * r->answer : asked;
}

// 1 - (1 - step / (time + step))^count: what a period leaves of a state's share.
static double forgotten(const clx_load *load, double time) {
  return -expm1(-(double)load->count * log1p(load->step / time));
}

// Before the first sample: after the last one of a periodic load, or of what went before it, or the first load for ever.
static filter_state first_state(const clx_load *load, double tau, double response) {
  if (!load->periodic) {
    return load->before != NULL ? first_state(load->before, tau, response) : (filter_state){load->watt[0], 0};
  }
  const filter_rates r = rates_of(load, tau, response);
  filter_state s = {0, 0};
  for (int64_t i = 0; i < load->count; i++) s.level += (load->watt[i] - s.level) * r.take;
  s.level /= forgotten(load, tau);
  if (!(response > 0)) return s;
  for (int64_t i = 0; i < load->count; i++) advance(&s, &r, load->watt[i]);
  s.power /= forgotten(load, response);
  return s;
}

static ledger pass_wave(const clx_load *load, const filter_rates *rates, double efficiency, filter_state s,
                        double bias) {
  const double way = sqrt(efficiency);
  ledger b = {.bias = bias, .way = way};
  for (int64_t i = 0; i < load->count; i++) {
    advance(&s, rates, load->watt[i]);
    const double power = s.power + bias, joules = power * load->step;
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
static ledger close_charge(const clx_load *load, double tau, double response, double efficiency) {
  const filter_rates rates = rates_of(load, tau, response);
  const filter_state state = first_state(load, tau, response);
  double low = 0;
  ledger at_low = pass_wave(load, &rates, efficiency, state, low);
  double gain_low = at_low.charge;
  const double scale = at_low.in + at_low.out;
  if (!load->periodic || !(gain_low < -1e-15 * scale)) return at_low;
  double high = -gain_low / (at_low.way * (double)load->count * load->step);
  ledger b = pass_wave(load, &rates, efficiency, state, high);
  double gain_high = b.charge;
  int side = 0;
  for (int32_t i = 0; i < BIAS_STEPS && fabs(b.charge) > 1e-14 * scale && gain_high > gain_low; i++) {
    const double bias = fmin(high, fmax(low, high - gain_high * (high - low) / (gain_high - gain_low)));
    b = pass_wave(load, &rates, efficiency, state, bias);
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

clx_filter_use clx_filter_measure(const clx_load *load, double time, double response, double efficiency) {
  const ledger b = close_charge(load, time, response, efficiency);
  return (clx_filter_use){.power = b.most,
                          .energy = b.high - b.low,
                          .lost = b.in * (1 - b.way) + b.out * (1 / b.way - 1),
                          .stored = b.charge,
                          .bias = b.bias};
}

void clx_filter_apply(const clx_load *load, const clx_filter *filter, double *out) {
  const filter_rates rates = rates_of(load, filter->time, filter->response);
  filter_state s = first_state(load, filter->time, filter->response);
  for (int64_t i = 0; i < load->count; i++) {
    advance(&s, &rates, load->watt[i]);
    out[i] = load->watt[i] + filter->share * s.power + filter->bias;
  }
}

static double share_of(const clx_filter_need *need, const clx_filter_use *use) {
  double share = 1;
  if (need->power > 0 && use->power > need->power) share = need->power / use->power;
  return share * use->energy > need->energy * (1 + 1e-12) ? -1 : share;  // what was measured fits what was measured
}

clx_filter clx_filter_fit(const clx_load *load, const clx_filter_need *need, clx_filter_use *use) {
  const double longest = need->time > 0 ? need->time : LONGEST * (double)load->count * load->step;
  *use = clx_filter_measure(load, longest, need->response, need->efficiency);
  double share = share_of(need, use), found = longest;
  if (share < 0) {
    double low = log(SHORTEST * load->step), high = log(longest);
    if (low > high) low = high - 1;
    found = exp(low);
    *use = clx_filter_measure(load, found, need->response, need->efficiency);
    share = share_of(need, use);
    for (int32_t i = 0; i < TIME_STEPS && share >= 0; i++) {
      const double middle = 0.5 * (low + high);
      const clx_filter_use next = clx_filter_measure(load, exp(middle), need->response, need->efficiency);
      const double fits = share_of(need, &next);
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
    if (share < 0) share = fmin(need->power > 0 ? need->power / use->power : 1, need->energy / use->energy);
  }
  return (clx_filter){.share = share, .time = found, .response = need->response, .bias = share * use->bias};
}
