// What holds the end of a plan: activities that wait for nothing but each other.
#pragma once

#include "schedule/schedule.h"

// Marks critical[activity_count]: those that end with the plan, then, backwards, each activity that such a one starts right after, by a link or
// because it frees a renewable resource that both use ("right after": no unit in which the later one could work lies between). Links are followed
// first. O(activities (activities + links + units that rest)).
clx_status clx_project_chain(const clx_project *project, const clx_project_plan *plan, clx_arena *arena, bool *critical,
                             clx_error *error);
