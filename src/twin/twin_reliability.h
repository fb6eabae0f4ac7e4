// The training job of a scenario under failures: its model, its simulation, its results under a prefix. Shared by runs, comparisons and
// searches of policies.
#pragma once

#include "reliability/reliability.h"
#include "twin/twin_internal.h"

// What one simulation needs and finds. Arrays come from an arena of the caller.
typedef struct clx_twin_reliability_case {
  const clx_scenario *scenario;
  clx_training job;
  clx_step step;
  clx_reliability_model model;
  clx_reliability_outcome outcome;
  bool aggregate;  // solved by the aggregate path
} clx_twin_reliability_case;

typedef struct clx_twin_reliability_options {
  uint64_t seed;
  int32_t threads;
  int32_t replications;  // 0 = the scenario's
  int32_t samples;       // points of the series
  bool component;        // component by component in any case: failures are the same for policies on one path only
  bool (*progress)(void *context, double done);
  void *context;
} clx_twin_reliability_options;

// Machine, fabric and step into a model. What was assumed on the way (restart time by size, hot spares) goes into `result` (nullable) as
// assumptions "reliability.KEY". CLX_INPUT: the scenario has no section `reliability`.
clx_status clx_twin_reliability_model(clx_twin_reliability_case *c, clx_arena *arena, clx_result *result,
                                      clx_error *error);
// Simulates: the aggregate path where it gives the same, else component by component.
clx_status clx_twin_reliability_solve(clx_twin_reliability_case *c, const clx_twin_reliability_options *options,
                                      clx_arena *arena, clx_error *error);
// Servers that are away for repair towards the end of the run, mean, and the spares with which they leave a job short of servers in 1 of
// 100 moments at most; `rates`: factor of all rates. Failures independent, hazards at their mean over the run: Poisson with crews enough
// (M/G/infinity, repairs that outlast the run cut), else M/M/c//n in the long run. Cost: O(units log units) with crews.
double clx_twin_reliability_away(const clx_reliability_model *model);
double clx_twin_reliability_spares(const clx_reliability_model *model, double rates);
// Adds PREFIX.mttf ... (docs in twin.h) to the result; with `series` its series, too.
clx_status clx_twin_reliability_put(const clx_twin_reliability_case *c, const char *prefix, bool series,
                                    clx_result *result, clx_error *error);
