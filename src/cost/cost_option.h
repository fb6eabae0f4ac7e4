// Values of options: closed forms, a lattice, and least-squares Monte Carlo over modes of operation. docs/model/cost.md.
#pragma once

#include "cost/cost_spread.h"

// A call on an asset of value `spot` for `strike` after `time` years (Black, Scholes, Merton 1973): rates continuous a year, volatility a year^0.5,
// `yield` = what the holder of the asset earns and the holder of the option does not.
double clx_black_scholes_call(double spot, double strike, double rate, double yield, double volatility, double time);
double clx_black_scholes_put(double spot, double strike, double rate, double yield, double volatility, double time);
// The right to give `b` for `a` after `time` (Margrabe 1978): needs no rate. volatility of each, correlation of their logarithms.
double clx_margrabe(double a, double b, double yield_a, double yield_b, double volatility_a, double volatility_b,
                    double correlation, double time);
// Binomial lattice of Cox, Ross and Rubinstein (1979) with `steps` (2 .. 20,000): error about 1 / steps. `every` = exercise at every such step (1 =
// American, steps = European). The probability of a step up must lie in 0 .. 1: CLX_INPUT says which step count is enough. O(steps^2).
clx_status clx_lattice(double spot, double strike, double rate, double yield, double volatility, double time, bool call,
                       int32_t steps, int32_t every, double *value, clx_error *error);

// --- optimal switching by least-squares Monte Carlo (Longstaff and Schwartz 2001; Carmona and Ludkovski 2010) -------------------

enum { CLX_MODES_MAX = 8, CLX_STATES_MAX = 3, CLX_SWITCH_BASIS_MAX = 13 };

// Something that can be run in one of several modes (waiting, renting, owning, ...), each month or quarter anew, while states move at random. All
// arrays are filled by the caller from streams of chance; amounts are USD of their date.
typedef struct clx_switch_paths {
  int32_t paths, dates, states, modes;
  const double *state;  // dates x states x paths: what is known when deciding
  const double *flow;   // dates x modes x paths: received while in the mode from this date to the next
  const double *enter;  // dates x modes x paths: paid to enter the mode at this date
  const double *end;    // modes x paths: worth after the last date
} clx_switch_paths;

typedef struct clx_switching {
  bool allowed[CLX_MODES_MAX][CLX_MODES_MAX];  // from, to; staying is always allowed
  bool once[CLX_MODES_MAX][CLX_MODES_MAX];     // on the first date alone
  bool free[CLX_MODES_MAX][CLX_MODES_MAX];     // without paying to enter
  int32_t first;                               // mode before the first date
  double discount;                             // factor of one date to the next
} clx_switching;

typedef struct clx_switch_policy {
  int32_t dates, states, modes;
  double *mean, *scale;  // dates x states
  double *weight;        // dates x modes x CLX_SWITCH_BASIS_MAX: worth of going on in a mode
} clx_switch_policy;

// The policy from one set of paths; `value` = mean worth over the same paths (leans upwards). CLX_INPUT: shapes beyond the limits, fewer paths than
// ten per term. O(dates modes paths terms^2).
clx_status clx_switch_fit(const clx_switching *of, const clx_switch_paths *paths, clx_arena *arena,
                          clx_switch_policy *policy, double *value, clx_error *error);
// What the policy brings on another set of paths (leans downwards: no policy is better than the best): worth[paths], mode[dates x paths] (each
// nullable). Mean and percentiles of worth in `band`, standard error of the mean = deviation / sqrt(paths).
clx_status clx_switch_follow(const clx_switching *of, const clx_switch_policy *policy, const clx_switch_paths *paths,
                             clx_arena *arena, clx_cost_band *band, double *worth, int32_t *mode, clx_error *error);
