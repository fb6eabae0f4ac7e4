// What the files of unit share.
#pragma once

#include "unit/unit.h"

// The first symbol of a unit expression, when a prefix may stand in front of it: "B" of "B/s"; NULL for "kg", "m3", "h", "1/s".
const char *clx_unit_prefixable(const char *unit);

// A number at the start of `text`: sign, digits with groups ("100,000", "1_000"), fraction, exponent. No locale.
typedef struct clx_number {
  size_t length;  // characters taken; 0 = no number stands there
  double value;
  bool in_range;  // false when too large, or so small that digits would be lost
} clx_number;

clx_number clx_number_read(const char *text);
