// Colours and hatches of the buckets of the ledger. Neighbours in a bar differ in lightness, too, so that bars can be read in print
// without colour.
#pragma once

#include "reliability/reliability_model.h"

enum { CLX_PAINT_OTHER = CLX_LEDGERS };

typedef struct clx_paint {
  const char *colour;
  const char *pattern;  // id of a hatch; NULL = plain
  bool light;           // texts on it are dark
} clx_paint;

extern const clx_paint clx_ledger_paint[CLX_LEDGERS + 1];
