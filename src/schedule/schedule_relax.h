// A plainer project for bounds: one mode each, no calendars of activities, no consumables, no maximum lags. Whatever plan the project has, the
// same starts are a plan of this one that is no longer, so that no plan of the project is shorter than the shortest of this.
#pragma once

#include "schedule/schedule.h"

// Each activity has its shortest duration, and of each renewable resource the least that any mode takes (nothing where a calendar can make it pause,
// since it holds nothing then); it waits until what it and all that must start before it take of each consumable has arrived. Finishes that a mode
// or a calendar can move are bound by no link. Shares names and resources with `project`, which has passed its check. O(activities (activities + links))
// above 2,000 activities O(activities + links): each waits for its own part only.
clx_status clx_relax(const clx_project *project, clx_arena *arena, clx_project *relaxed, clx_error *error);
