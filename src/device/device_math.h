// Arithmetic of the inner loops. The C library's functions are calls (they treat NaN and rounding modes that never occur here);
// these are a few instructions. Arguments of the roundings: 0 to 2^62.
#pragma once

#include <math.h>
#include <stdint.h>

static inline double clx_least(double a, double b) { return a < b ? a : b; }

static inline double clx_most(double a, double b) { return a > b ? a : b; }

static inline double clx_round_down(double x) { return (double)(int64_t)x; }

static inline double clx_round_up(double x) {
  const double down = clx_round_down(x);
  return down < x ? down + 1 : down;
}

static inline double clx_square(double x) { return x * x; }

// Two limits at once that overlap, not perfectly: of equal ones, together they take 2^(1/exponent) times as long as each.
static inline double clx_joined(double a, double b, double exponent) {
  const double most = clx_most(a, b), least = clx_least(a, b);
  if (exponent == 2) return most * sqrt(1 + clx_square(least / most));
  return most * pow(1 + pow(least / most, exponent), 1 / exponent);
}

// The same with exponent 4, cheaply.
static inline double clx_overlapped(double a, double b) {
  return sqrt(sqrt(clx_square(clx_square(a)) + clx_square(clx_square(b))));
}
