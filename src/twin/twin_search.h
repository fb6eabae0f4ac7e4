// A search on a scenario, for the files of twin_search.
#pragma once

#include "search/search.h"
#include "twin/twin_internal.h"

enum { CLX_OBJECTIVE_TIME, CLX_OBJECTIVE_COST, CLX_OBJECTIVE_ENERGY };

// A part of the fleet that trains alone.
typedef struct clx_twin_part {
  const clx_scenario *scenario;
  const char *fleet;        // "50,000 x h200_sxm"
  clx_search_worth energy;  // IT energy
} clx_twin_part;

typedef struct clx_twin_find {
  clx_search_found found;
  int32_t part;
} clx_twin_find;

typedef struct clx_twin_hunt {
  const clx_scenario *scenario;
  const clx_search_options *options;
  clx_arena *arena;
  int32_t objective;
  uint32_t fixed;
  clx_layout fixed_layout;
  clx_twin_part *part;  // [0] = all that trains
  int32_t part_count;
  clx_search_outcome total;    // counts of all searches
  clx_twin_find *top, *front;  // of the largest count of GPUs
  int32_t top_count, front_count;
  clx_twin_find *count;     // [counts of GPUs]: the best; tp 0 = none
  clx_twin_find given;      // tp 0 = none, or it does not run:
  const char *given_wrong;  // why not; NULL = it does
} clx_twin_hunt;

clx_status clx_twin_put_search(const clx_twin_hunt *hunt, clx_result *result, clx_error *error);
