// A search for policies: its candidates, from the space to the list.
#pragma once

#include "reliability/reliability_renewal.h"
#include "twin/twin_goodput.h"

enum { CLX_HUNT_KEPT = 2, CLX_HUNT_FINALISTS = 4 };

typedef struct clx_policy_find {
  bool own;  // the scenario's own policy, as it stands
  int32_t kind, mode, recovery;
  int64_t hot;      // servers that stand by; -1 = 99th percentile of a day's losses, a number once it is weighed
  int32_t held;     // replicas of the layout held back as spares
  double interval;  // s; 0 = rule optimal
  int32_t order;    // in the space
  int64_t spares;   // servers that can stand by; known once it is weighed
  // found:
  double form;           // goodput by the renewal form
  double value;          // goodput times the share of the replicas that work
  double best_interval;  // s, of the plan
  const char *infeasible;
  clx_twin_reliability_case *one;  // simulated
  int32_t replications;
} clx_policy_find;

typedef struct clx_hunt {
  const clx_scenario *scenario;
  const clx_search_options *options;
  clx_arena *arena;
  clx_training job;
  clx_step step;
  int32_t kind, mode;  // fixed; -1 = searched
  double members, rejected, simulated;
  char reason[512];  // of the first that was rejected
  clx_policy_find kept[CLX_POLICIES][CLX_CHECKPOINT_MODES][CLX_HUNT_KEPT];
  int32_t kept_count[CLX_POLICIES][CLX_CHECKPOINT_MODES];
  clx_policy_find *list;  // best first
  int32_t count;
} clx_hunt;

// Fills kept with the best of the space by the renewal form. Cost: some microseconds to a millisecond each of about 1,000.
clx_status clx_hunt_weigh(clx_hunt *h, clx_error *error);
// The model of a candidate; `variant` must live as long as the case.
clx_status clx_hunt_make(const clx_hunt *h, const clx_policy_find *f, clx_arena *arena, clx_scenario *variant,
                         clx_twin_reliability_case *c, clx_error *error);
// Goodput of a job by the renewal form and what replicas and spares do to it; no simulation.
double clx_goodput_form(const clx_reliability_model *model);
// Simulates what was kept, the best of them in full, and ranks them.
clx_status clx_hunt_simulate(clx_hunt *h, clx_error *error);
clx_status clx_hunt_put(const clx_hunt *h, clx_result *result, clx_error *error);
