// Serial generation for everything a project may have: modes, calendars, consumables, maximum lags (which it counts where they are missed), and
// a local search over orders and modes.
#pragma once

#include "chance/chance.h"
#include "schedule/schedule.h"

typedef struct clx_rich clx_rich;

// The project must have passed its check. O((resources + calendars) horizon) memory.
clx_status clx_rich_make(const clx_project *project, uint64_t seed, clx_arena *arena, clx_rich **out, clx_error *error);
// Tries `schedules` more plans, until `stop` (nullable) or a plan on time of makespan `bound`.
void clx_rich_run(clx_rich *rich, int64_t schedules, int32_t bound, bool (*stop)(void *context), void *context);
// The serial scheme alone: activities in the order of their keys as far as links allow, in these modes. False: it does not fit before
// the horizon. late: units beyond deadlines and maximum lags, summed.
bool clx_rich_decode(clx_rich *rich, const int32_t *key, const int32_t *mode, clx_project_plan *plan, int64_t *late);
int64_t clx_rich_schedules(const clx_rich *rich);
// The best plan so far; false: none.
bool clx_rich_best(const clx_rich *rich, clx_project_plan *plan, int64_t *late);
// Least time by links, calendars, releases, and by work and arrivals: no plan is shorter.
int32_t clx_rich_bound(const clx_rich *rich);
