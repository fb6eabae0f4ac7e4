// chance: counter-based random numbers, distributions, and the special functions behind them.
//
// A stream is Philox4x64-10 (Salmon et al. 2011, Random123) with key (seed, domain) and counter (block, entity, replica): every draw
// depends on these alone, so that the same seed gives the same bits for any number of threads and in any order of replicas.
#pragma once

#include "base/base.h"

typedef struct clx_stream {
  uint64_t key[2];      // seed, domain
  uint64_t counter[4];  // block, 0, entity, replica
  uint64_t word[4];     // of the block before
  int32_t left;         // of them unused
} clx_stream;

clx_stream clx_stream_make(uint64_t seed, uint64_t domain, uint64_t replica, uint64_t entity);
uint64_t clx_stream_bits(clx_stream *stream);                   // 64 uniform bits
double clx_stream_uniform(clx_stream *stream);                  // inside (0, 1), 52 bits: never 0, never 1
double clx_stream_exponential(clx_stream *stream);              // mean 1
double clx_stream_normal(clx_stream *stream);                   // standard
uint64_t clx_stream_below(clx_stream *stream, uint64_t count);  // 0 .. count - 1, unbiased; count >= 1
// Gamma of mean `shape` and scale 1 (Marsaglia and Tsang 2000); shape > 0.
double clx_stream_gamma(clx_stream *stream, double shape);
// Poisson count; mean 0 .. 1e15.
int64_t clx_stream_poisson(clx_stream *stream, double mean);
// `count` exponentials of mean 1 into out: the same numbers as `count` calls of clx_stream_exponential, faster.
void clx_stream_exponentials(clx_stream *stream, double *out, int32_t count);

// A duration: none, fixed, exponential, or log-normal with a longest value where longer draws end (a part is replaced instead).
// Log-normal of median m and mean u > m: sigma = sqrt(2 ln(u / m)).
typedef struct clx_duration {
  double median, mean;  // s; mean = median: fixed; median 0 and mean > 0: exponential; both 0: none
  double most;          // s; 0 = no bound
} clx_duration;

double clx_duration_draw(const clx_duration *duration, clx_stream *stream);  // s, 0 .. most
double clx_duration_mean(const clx_duration *duration);                      // of what is drawn: with the bound
double clx_duration_beyond(const clx_duration *duration, double time);       // P(longer than time)

// --- special functions: relative error about 1e-12, in the tails that are named, too -----------------------------------------
// Pure numbers; arguments outside the range that is given are the caller's fault. Cost: about 50 ns without a note.
double clx_normal_cdf(double z);
double clx_normal_quantile(double p);  // 0 < p < 1 (Wichura 1988, AS 241)
double clx_log1pmx(double x);          // log(1 + x) - x without cancellation; x > -1
double clx_gamma_function(double x);   // Gamma(x), 0 < x <= 171
// Regularised incomplete gamma, lower P(shape, x) and upper Q = 1 - P; shape > 0, x >= 0. Series and continued fraction, O(sqrt(shape));
// from shape 1e5 on the uniform expansion of Temme (1979), O(1). The upper tail of shapes far below 1: 2e-16 absolute.
double clx_gamma_cdf(double shape, double x);
double clx_gamma_tail(double shape, double x);
double clx_gamma_quantile(double shape, double p);  // 0 <= p < 1
// Regularised incomplete beta I_x(a, b); a, b > 0, 0 <= x <= 1. Continued fraction, O(sqrt(a + b)).
double clx_beta_cdf(double a, double b, double x);
// Poisson of mean 0 .. 1e15: P(X <= k), P(X > k), smallest k with P(X <= k) >= p for 0 <= p < 1.
double clx_poisson_cdf(double mean, double k);
double clx_poisson_tail(double mean, double k);
double clx_poisson_quantile(double mean, double p);
// Binomial of n = 0 .. 1e15 trials with probability p: P(X <= k), smallest k with P(X <= k) >= quantile for 0 <= quantile <= 1.
double clx_binomial_cdf(double n, double p, double k);
double clx_binomial_quantile(double n, double p, double quantile);
double clx_chi_square_tail(double freedom, double x);  // P(X > x); freedom > 0
// Principal branch W0, x >= -1/e, to the last digits of W next to the branch point, too, where 1 + W = sqrt(2 (e x + 1)).
double clx_lambert_w(double x);

// --- samples ------------------------------------------------------------------------------------------------------------------
// Sorts in place. O(count log count).
void clx_sort(double *value, int32_t count);
// Nearest-rank percentile of sorted values: p 0..1; count >= 1.
double clx_percentile(const double *sorted, int32_t count, double p);
// Mean by compensated summation (Neumaier); 0 for no values.
double clx_mean(const double *value, int32_t count);
// A running sum whose error does not grow with the number of terms (Neumaier).
typedef struct clx_sum {
  double sum, rest;
} clx_sum;
void clx_sum_add(clx_sum *sum, double value);
double clx_sum_value(const clx_sum *sum);
