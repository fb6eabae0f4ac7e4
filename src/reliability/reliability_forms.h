// Closed forms of the reliability of one synchronous job and of its repair. Exact where they say so: oracles of the simulation, and
// what the planner uses where nothing else is asked. Times in s, rates in 1/s, unless said otherwise. Each function returns a finite
// number for arguments within the ranges of its row (clx_form_at), or INFINITY where it says so; outside them the result has no
// meaning: clx_form_evaluate checks them. Cost: well below 1 us where no other is given.
#pragma once

#include "base/base.h"

// Failures in time (FIT, failures in 1e9 h) as a rate.
double clx_fit_rate(double fit);
// Mean time to failure of `parts` parts in series.
double clx_mttf_series(double parts, double rate);
// With `groups` common shocks of rate `shock` each: the first of both.
double clx_mttf_shock(double parts, double rate, double groups, double shock);
// First failure of a fresh fleet: mean life * n^(-1/shape) (Weibull).
double clx_mttf_fresh(double mean_life, double parts, double shape);

// Expected effective training time ratio, additive approximation of Kokolis et al. (HPCA 2025):
// (1 - rate (restart + interval/2)) / (1 + write/interval), rate = of the job.
double clx_ettr_additive(double rate, double restart, double interval, double write);
// Exact renewal value: interval / ((M + down) e^(restart/M) (e^((interval + write)/M) - 1)): `down` free of failures, `restart`
// exposed to them and tried again from `down`. mttf INFINITY: interval / (interval + write).
double clx_ettr_renewal(double mttf, double down, double restart, double interval, double write);
// Daly 2006: expected run time over work with exposed restart, M e^(R/M) (e^((interval + write)/M) - 1) / interval. INFINITY where
// that exceeds a double.
double clx_daly_stretch(double mttf, double write, double restart, double interval);
// Intervals between checkpoints (work between two writes).
double clx_interval_young(double mttf, double write);
double clx_interval_daly(double mttf, double write);  // his higher order; mttf for write >= 2 mttf
// M (1 + W0(-e^(-write/M - 1))), the interval at which the renewal value is best; precise for the shortest writes, too.
double clx_interval_exact(double mttf, double write);
// Work lost by a failure known to fall into a span: 1/rate - span / (e^(rate span) - 1).
double clx_lost_work(double rate, double span);

// Machine repair M/M/c//n: expected number down, of n machines failing at `fail` while up, repaired at `repair` by `crews`.
// Birth and death, O(n). clx_repair_down_tail: P(more than k down).
double clx_repair_down(double n, double fail, double repair, double crews);
double clx_repair_down_tail(double n, double fail, double repair, double crews, double k);
// Smallest s with P(Bin(n + s, fail / (fail + repair)) <= s) >= p: spares for independent repair. INFINITY beyond 2^53.
double clx_spares_independent(double n, double fail, double repair, double p);
// Mean time until s hot spares of n working machines are used up (s + 1 down at once), one repair crew per machine: first passage
// h_k = (1 + k repair h_(k-1)) / ((n + s - k) fail), summed over k = 0 .. s. Spares fail like the others. O(s). INFINITY beyond a double.
double clx_spares_exhaust(double n, double spares, double fail, double repair);
// Smallest k with P(Bin(n, p) <= k) >= quantile: machines standing by for one day's failures (ByteRobust).
double clx_standby(double n, double p, double quantile);
// Restarts that a stall per failure leaves: (mttf - stall) / mttf.
double clx_ettr_stall(double mttf, double stall);

// Shard redundancy (SPARe): mean number of group failures masked before a shard is lost, Gamma(1/r)/r n^(1-1/r); the redundancy
// floor(log2 n + 0.833); interval T_s + sqrt(T_s^2 + 2 T_s (T_f + T_r)), T_s save, T_f time between failures, T_r restart.
double clx_masked_failures(double groups, double redundancy);
double clx_redundancy_best(double groups);
double clx_interval_masked(double save, double between, double restart);

// Central interval of a rate after `events` in `exposure`, exact Poisson (Garwood): quantile of chi-square. events >= 0.
void clx_rate_interval(double events, double exposure, double confidence, double *low, double *high);

// The forms above by name, for cases of validation/ and for people.
enum { CLX_FORM_ARGUMENTS_MAX = 5 };

typedef struct clx_form {
  const char *name;                                  // "ettr_renewal"
  const char *argument[CLX_FORM_ARGUMENTS_MAX + 1];  // NULL at the end
  const char *unit[CLX_FORM_ARGUMENTS_MAX];          // SI unit expressions, "" = plain
  const char *result_unit;
  const char *doc;  // one line with source
} clx_form;

const clx_form *clx_form_at(int32_t index);  // NULL past the end
// Evaluates a form by name; `argument` in the order of its row. CLX_INPUT: unknown name (nearest named), a wrong number of arguments,
// one outside its range or not finite, a result beyond a double.
clx_status clx_form_evaluate(const char *name, const double *argument, int32_t count, double *value, clx_error *error);
