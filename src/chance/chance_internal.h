// For the files of chance only.
#pragma once

#include "chance/chance.h"

// x^shape e^-x / Gamma(shape + 1): the Poisson weight of `shape` at mean x, for any shape >= 0 (Loader 2000, saddle point).
double clx_poisson_weight(double shape, double x);
// ln Gamma(a + 1) - (a + 1/2) ln a + a - ln sqrt(2 pi); a > 0.
double clx_stirling_rest(double a);

// a ln(m / a) - (m - a): never above 0, 0 at m = a; without cancellation next to it (bd0 of Loader 2000, negated). a, m > 0.
double clx_saddle(double a, double m);

typedef double (*clx_count_cdf)(double a, double b, double k);
// Smallest whole k in 0 .. most with cdf(a, b, k) >= p, searched from `guess`; `most` where there is none. O(log) calls.
double clx_count_quantile(clx_count_cdf cdf, double a, double b, double p, double guess, double most);
