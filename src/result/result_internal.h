// What a result holds; the files of result share it.
#pragma once

#include "result/result.h"

typedef struct clx_pair {
  const char *key, *text;
} clx_pair;

typedef struct clx_series {
  const char *name, *unit, *x_name, *x_unit;
  const double *x, *y;
  int32_t count;
} clx_series;

struct clx_result {
  clx_arena *arena;
  clx_quantity *quantity;
  clx_pair *fact, *assumption;
  clx_series *series;
  const char **warning;
  int32_t quantity_count, fact_count, assumption_count, series_count, warning_count;
};
