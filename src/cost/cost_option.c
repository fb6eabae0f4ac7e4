// Closed forms and the binomial lattice.
#include "cost/cost_option.h"

#include <math.h>
#include <stdlib.h>

// The forward values of two assets, one given for the other.
static double exchange(double a, double b, double deviation) {
  if (a <= 0) return 0;
  if (b <= 0) return a;
  if (deviation <= 0) return fmax(0, a - b);
  const double d = log(a / b) / deviation + deviation / 2;
  return a * clx_normal_cdf(d) - b * clx_normal_cdf(d - deviation);
}

double clx_black_scholes_call(double spot, double strike, double rate, double yield, double volatility, double time) {
  return exchange(spot * exp(-yield * time), strike * exp(-rate * time), volatility * sqrt(time));
}

double clx_black_scholes_put(double spot, double strike, double rate, double yield, double volatility, double time) {
  return exchange(strike * exp(-rate * time), spot * exp(-yield * time), volatility * sqrt(time));
}

double clx_margrabe(double a, double b, double yield_a, double yield_b, double volatility_a, double volatility_b,
                    double correlation, double time) {
  const double variance =
      volatility_a * volatility_a + volatility_b * volatility_b - 2 * correlation * volatility_a * volatility_b;
  return exchange(a * exp(-yield_a * time), b * exp(-yield_b * time), sqrt(fmax(0, variance) * time));
}

clx_status clx_lattice(double spot, double strike, double rate, double yield, double volatility, double time, bool call,
                       int32_t steps, int32_t every, double *value, clx_error *error) {
  enum { STEPS_MAX = 20000 };
  if (steps < 2 || steps > STEPS_MAX || every < 1)
    return clx_fail_plain(error, CLX_INPUT, "%d steps, exercise at every %d; expected 2 to %d and at least 1", steps,
                          every, STEPS_MAX);
  const double dt = time / steps, up = exp(volatility * sqrt(dt));
  const double p = (exp((rate - yield) * dt) - 1 / up) / (up - 1 / up), discount = exp(-rate * dt);
  if (!(p >= 0 && p <= 1))
    return clx_fail_plain(error, CLX_INPUT,
                          "%d steps give a probability of %g for a step up; expected at least %.0f steps", steps, p,
                          ceil((rate - yield) * (rate - yield) * time / (volatility * volatility)) + 1);
  double *worth = malloc(sizeof(double) * (size_t)(steps + 1));
  if (worth == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t n = steps; n >= 0; n--) {
    for (int32_t i = 0; i <= n; i++) {
      const double s = spot * exp(volatility * sqrt(dt) * (2 * i - n));
      const double now = fmax(0, call ? s - strike : strike - s);
      const double later = n == steps ? 0 : discount * (p * worth[i + 1] + (1 - p) * worth[i]);
      worth[i] = n == steps || n % every == 0 ? fmax(now, later) : later;
    }
  }
  *value = worth[0];
  free(worth);
  return CLX_OK;
}
