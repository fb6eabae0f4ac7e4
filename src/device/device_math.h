// Arithmetic of the inner loops. The C library's functions are calls (they treat NaN and rounding modes that never occur here);
// these are a few instructions. Arguments of the roundings: 0 to 2^62.
#pragma once

#include <stdint.h>

static inline double clx_least(double a, double b) { return a < b ? a : b; }

static inline double clx_most(double a, double b) { return a > b ? a : b; }

static inline double clx_round_down(double x) { return x < 0x1p62 ? (double)(int64_t)x : x; }

static inline double clx_round_up(double x) {
  const double down = clx_round_down(x);
  return down < x ? down + 1 : down;
}
