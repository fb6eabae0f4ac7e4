// Plans of a project, with a bound that no plan can beat.
#pragma once

#include "schedule/schedule.h"

typedef enum clx_project_method {
  CLX_PROJECT_BEST,  // genetic search, exact search, neighbourhoods, in turns until the bound is met or the budget is used up
  CLX_PROJECT_GENETIC,  // genetic search alone
} clx_project_method;

// Budgets count work, not time: the same budgets give the same plan on any machine, for any load. `seconds` of CPU time of the calling thread
// end it earlier, and then the plan depends on the machine.
typedef struct clx_project_options {
  uint64_t seed;
  int32_t method;     // clx_project_method
  int64_t schedules;  // most plans that list scheduling makes; 0 = none at all but the first
  int64_t conflicts;  // most conflicts of exact search
  double seconds;     // 0 = no limit
  bool (*progress)(
      void *context,
      double done);  // nullable; from the calling thread, some times a second; false = stop (CLX_EXPECTATION)
  void *context;
} clx_project_options;

void clx_project_options_default(
    clx_project_options *options);  // seed 1, best, 200,000 schedules, 100,000 conflicts, no limit
// Lowers the budgets of a large project to what takes seconds: by its activities and the units they work. With a limit in seconds there are none.
void clx_project_options_suit(const clx_project *project, clx_project_options *options);

typedef struct clx_project_outcome {
  clx_project_plan plan;
  int32_t path;   // bound by links, releases and calendars alone
  int32_t bound;  // no plan is shorter
  bool proved;    // bound = makespan
  bool cut;       // the limit in seconds ended the search: another machine may find another plan
  int64_t schedules, conflicts, neighbourhoods;
  double seconds;  // CPU time spent
} clx_project_outcome;

// Checks the project and makes a plan. Never a plan that breaks a rule: CLX_INFEASIBLE also where none was found (deadlines or maximum lags that
// the best plan misses, and by how much; whether it is proved that none exists). The plan is judged by clx_project_validate before it is returned.
// Projects with one mode each, without calendars of activities and consumables are searched exactly, the others by list scheduling and local
// search, with a bound from a plainer project (schedule_relax.h).
clx_status clx_project_solve(const clx_project *project, const clx_project_options *options, clx_arena *arena,
                             clx_project_outcome *out, clx_error *error);
