// Exchangers: UA that follows the flows, what leaves on both sides, the flow that a wanted temperature needs, sizing.
#include "cooling/cooling_exchanger.h"

#include <math.h>

// Resistances of the two films in series, each as flow^-n (Dittus and Boelter: n = 0.8 where turbulent); the wall counts with them.
double clx_exchanger_ua(const clx_exchanger *exchanger, double hot_flow, double cold_flow) {
  const bool follows_hot = exchanger->hot_flow > 0, follows_cold = exchanger->cold_flow > 0;
  if ((follows_hot && !(hot_flow > 0)) || (follows_cold && !(cold_flow > 0))) return 0;
  const double share = exchanger->hot_share;
  const double hot = follows_hot && hot_flow != exchanger->hot_flow
                         ? pow(hot_flow / exchanger->hot_flow, -exchanger->hot_exponent)
                         : 1;
  const double cold = follows_cold && cold_flow != exchanger->cold_flow
                          ? pow(cold_flow / exchanger->cold_flow, -exchanger->cold_exponent)
                          : 1;
  return exchanger->ua / (share * hot + (1 - share) * cold);
}

clx_exchange clx_exchanger_run(const clx_exchanger *exchanger, double hot_in, double hot_flow, double hot_capacity,
                               double cold_in, double cold_flow, double cold_capacity) {
  clx_exchange out = {.hot_out = hot_in, .cold_out = cold_in};
  const double hot = hot_flow * hot_capacity, cold = cold_flow * cold_capacity;  // W/K
  if (!(hot > 0 && cold > 0)) return out;
  const double least = fmin(hot, cold), ratio = least / fmax(hot, cold);
  if (exchanger->effectiveness > 0) {
    out.effectiveness = exchanger->effectiveness;
  } else {
    // Mixed crossflow is named by which capacity rate is mixed; the smaller of the moment decides.
    out.ntu = clx_exchanger_ua(exchanger, hot_flow, cold_flow) / least;
    out.effectiveness = clx_effectiveness(exchanger->arrangement, out.ntu, ratio);
  }
  if (!(hot_in > cold_in)) return out;
  out.heat = out.effectiveness * least * (hot_in - cold_in);
  out.hot_out = hot_in - out.heat / hot;
  out.cold_out = cold_in + out.heat / cold;
  return out;
}

// Heat rises with the cold flow (better films, less warming), so the root is the only one. False position of Anderson and
// Bjorck (1973), which holds a bracket; about ten evaluations.
double clx_exchanger_cold_flow(const clx_exchanger *exchanger, double hot_in, double hot_flow, double hot_capacity,
                               double cold_in, double cold_capacity, double hot_out, double most, bool *met) {
  const double want = hot_flow * hot_capacity * (hot_in - hot_out);
  *met = true;
  if (!(want > 0)) return 0;
  double low = 0, high = most, below = -want;
  double above = clx_exchanger_run(exchanger, hot_in, hot_flow, hot_capacity, cold_in, most, cold_capacity).heat - want;
  if (!(above >= -1e-12 * want)) {
    *met = false;
    return most;
  }
  if (above <= 0) return most;
  for (int32_t i = 0; i < 200 && high - low > 1e-15 * high; i++) {
    const double at = i % 8 == 7 ? 0.5 * (low + high) : low - below * (high - low) / (above - below);
    const double rest =
        clx_exchanger_run(exchanger, hot_in, hot_flow, hot_capacity, cold_in, at, cold_capacity).heat - want;
    if (fabs(rest) <= 1e-13 * want) return at;
    if (rest > 0) {
      const double shrink = 1 - rest / above;
      below *= i > 0 && shrink > 0 ? shrink : 0.5;
      high = at;
      above = rest;
    } else {
      const double shrink = 1 - rest / below;
      above *= i > 0 && shrink > 0 ? shrink : 0.5;
      low = at;
      below = rest;
    }
  }
  return 0.5 * (low + high);
}

clx_status clx_exchanger_size(int32_t arrangement, double heat, double hot_in, double hot_out, double cold_in,
                              double cold_out, double hot_capacity, double cold_capacity, clx_exchanger *exchanger,
                              clx_error *error) {
  if (!(heat > 0 && isfinite(heat)) || !(hot_capacity > 0) || !(cold_capacity > 0)) {
    return clx_fail_plain(
        error, CLX_INPUT,
        "an exchanger of %g W between fluids of %g and %g J/(kg K): expected a duty and heat capacities above 0", heat,
        hot_capacity, cold_capacity);
  }
  if (!(hot_in > hot_out && cold_out > cold_in)) {
    return clx_fail_plain(
        error, CLX_INPUT,
        "an exchanger cools %.6g to %.6g K and warms %.6g to %.6g K: expected a hot side that falls and a "
        "cold side that rises",
        hot_in, hot_out, cold_in, cold_out);
  }
  const double hot = heat / (hot_in - hot_out), cold = heat / (cold_out - cold_in), least = fmin(hot, cold);
  const double share = heat / (least * (hot_in - cold_in));
  double ntu = 0;
  // hot_in > cold_in does not suffice: a counterflow exchanger needs both ends apart.
  if (!(hot_in > cold_out && hot_out > cold_in) ||
      clx_ntu(arrangement, share, least / fmax(hot, cold), &ntu, NULL) != CLX_OK) {
    const char *name = arrangement >= 0 && arrangement < CLX_ARRANGEMENTS ? clx_arrangement_name[arrangement] : "?";
    return clx_fail_plain(error, CLX_INPUT,
                          "temperatures cross in a %s exchanger: hot side %.6g to %.6g K, cold side %.6g to %.6g K",
                          name, hot_in, hot_out, cold_in, cold_out);
  }
  *exchanger = (clx_exchanger){.arrangement = arrangement,
                               .ua = ntu * least,
                               .hot_flow = hot / hot_capacity,
                               .cold_flow = cold / cold_capacity,
                               .hot_exponent = 0.8,
                               .cold_exponent = 0.8,
                               .hot_share = 0.5};
  return CLX_OK;
}
