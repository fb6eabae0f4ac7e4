// What the files of order planning share.
#pragma once

#include "supply/supply_plan.h"

// An empty instance of a size; probabilities equal. CLX_INPUT: sizes out of range.
clx_status clx_sourcing_new(int32_t suppliers, int32_t periods, int32_t scenarios, clx_arena *arena, clx_sourcing *out,
                            clx_error *error);

// The closed-form second stage: memory for evaluations, one at a time.
typedef struct clx_second {
  const clx_sourcing *p;
  double *target;    // W x T, or T when all scenarios have the same: cumulative demand as far as it can be powered
  double *constant;  // W: lateness that no order changes
  int32_t target_rows;
  double *cost;      // W: c_w of the last evaluation
  double *slope;     // W x T: derivative of c_w to units that arrive in a period
  int32_t *order;    // W: scenarios by cost, dearest first
  double *weight;    // W: probability within the CVaR
  double *position;  // T
  int32_t *placed;   // S T
} clx_second;

clx_status clx_second_new(const clx_sourcing *p, clx_arena *arena, clx_second *out, clx_error *error);
// Costs of all scenarios at `quantity`; *mean and *cvar as defined above. O(S T W).
void clx_second_value(clx_second *second, const double *quantity, double *mean, double *cvar);

// The search itself, without asking first whether the conditions can be met. CLX_INFEASIBLE where they cannot, unexplained.
clx_status clx_sourcing_search(const clx_sourcing *p, const clx_plan_settings *settings, clx_arena *arena,
                               clx_plan *out, clx_error *error);
