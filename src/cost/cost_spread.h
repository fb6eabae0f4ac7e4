// Figures that are not known exactly, and figures of many draws.
#pragma once

#include "chance/chance.h"
#include "schema/schema.h"

// A figure with its 5th and 95th percentile. Drawn as a split log-normal: median `expected`, on each side the spread that puts the percentile
// where it is stated, so that the run of expected figures is that of all medians. low = high = expected: known. All > 0, or all 0.
typedef struct clx_spread {
  double expected;
  double low, high;  // < 0 = not stated: as expected
} clx_spread;

// The value at a standard normal deviate.
double clx_spread_at(const clx_spread *spread, double normal);
double clx_spread_draw(const clx_spread *spread, clx_stream *stream);
// Fills what is not stated; CLX_INPUT: low > expected, expected > high, one of them 0 and another not.
clx_status clx_spread_check(clx_spread *spread, const char *key, clx_place place, clx_error *error);

// Rows KEY, KEY_low and KEY_high of a clx_spread member; start < low bound = required to be stated or left out by the caller.
#define CLX_SPREAD_ROWS(name, member, unit_text, start, least, most, text)                                           \
  {.key = name,                                                                                                      \
   .kind = CLX_ROW_REAL,                                                                                             \
   .offset = offsetof(F, member.expected),                                                                           \
   .unit = unit_text,                                                                                                \
   .initial = (start),                                                                                               \
   .minimum = (least),                                                                                               \
   .maximum = (most),                                                                                                \
   .doc = text},                                                                                                     \
      {.key = name "_low",                                                                                           \
       .kind = CLX_ROW_REAL,                                                                                         \
       .offset = offsetof(F, member.low),                                                                            \
       .unit = unit_text,                                                                                            \
       .initial = -1,                                                                                                \
       .minimum = (least),                                                                                           \
       .maximum = (most),                                                                                            \
       .doc = "5th percentile of " name "; default: known exactly"},                                                 \
  {                                                                                                                  \
    .key = name "_high", .kind = CLX_ROW_REAL, .offset = offsetof(F, member.high), .unit = unit_text, .initial = -1, \
    .minimum = (least), .maximum = (most), .doc = "95th percentile of " name                                         \
  }

// 5th and 95th percentile and mean of many draws; the mean by compensated summation.
typedef struct clx_cost_band {
  double low, expected, high;  // expected: median
  double mean, deviation;
} clx_cost_band;

// Sorts `value`. count >= 1. O(count log count).
clx_cost_band clx_cost_band_of(double *value, int32_t count);
