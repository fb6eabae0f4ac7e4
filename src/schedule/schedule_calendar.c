// Calendars and capacities by the unit, and new plans.
#include "schedule/schedule.h"

const char *const clx_project_link_name[CLX_PROJECT_LINKS + 1] = {"FS", "SS", "FF", "SF", NULL};

bool clx_project_works(const clx_project *p, int32_t calendar, int32_t unit) {
  if (calendar == CLX_PROJECT_NONE) return true;
  const clx_project_calendar *c = &p->calendar[calendar];
  for (int32_t k = c->span_count - 1; k >= 0; k--)
    if (unit >= c->span[k].from && unit < c->span[k].to) return c->span[k].works;
  return c->works[unit % c->period];
}

int64_t clx_project_capacity(const clx_project *p, int32_t resource, int32_t unit) {
  const clx_project_resource *r = &p->resource[resource];
  if (!clx_project_works(p, r->calendar, unit)) return 0;
  int64_t amount = 0;
  for (int32_t k = 0; k < r->level_count && r->level[k].at <= unit; k++) amount = r->level[k].amount;
  return amount;
}

int32_t clx_project_finish(const clx_project *p, int32_t calendar, int32_t start, int32_t work) {
  if (calendar == CLX_PROJECT_NONE || work == 0) return start + work;
  for (int32_t t = start; t < 2 * CLX_PROJECT_TIME_MAX; t++) {
    if (!clx_project_works(p, calendar, t)) continue;
    if (--work == 0) return t + 1;
  }
  return -1;
}

clx_status clx_project_plan_new(const clx_project *p, clx_arena *arena, clx_project_plan *plan, clx_error *error) {
  const int32_t n = p->activity_count + 1;
  *plan = (clx_project_plan){.mode = CLX_NEW_ARRAY(arena, int32_t, n),
                             .start = CLX_NEW_ARRAY(arena, int32_t, n),
                             .finish = CLX_NEW_ARRAY(arena, int32_t, n)};
  if (plan->mode == NULL || plan->start == NULL || plan->finish == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for a plan");
  return CLX_OK;
}
