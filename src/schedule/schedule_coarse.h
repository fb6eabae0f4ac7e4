// The same project in larger units. Where every time of it (durations, lags, releases, deadlines, steps of resources) is a multiple of g units, some
// shortest plan begins every activity on a multiple too: pushed left, a start is a sum of such times. The searches cost by the unit.
#pragma once

#include "schedule/schedule.h"

// The largest such g; 1 where a calendar counts.
int32_t clx_coarse_units(const clx_project *project);
// All times divided by `units`, which clx_coarse_units gave. Shares names, uses and phases with `project`.
clx_status clx_coarse(const clx_project *project, int32_t units, clx_arena *arena, clx_project *coarse,
                      clx_error *error);
// A plan of the coarse project as one of the project, in place.
void clx_coarse_plan_back(const clx_project *project, int32_t units, clx_project_plan *plan);
