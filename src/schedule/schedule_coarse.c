#include "schedule/schedule_coarse.h"

#include <stdlib.h>

static int32_t common(int32_t a, int32_t b) {
  b = abs(b);
  while (b != 0) {
    const int32_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

static bool has_calendar(const clx_project *p) {
  for (int32_t i = 0; i < p->activity_count; i++)
    if (p->activity[i].calendar != CLX_PROJECT_NONE) return true;
  for (int32_t r = 0; r < p->resource_count; r++)
    if (p->resource[r].calendar != CLX_PROJECT_NONE) return true;
  return false;
}

int32_t clx_coarse_units(const clx_project *p) {
  int32_t g = 0;
  if (has_calendar(p)) return 1;
  for (int32_t i = 0; i < p->activity_count && g != 1; i++) {
    const clx_project_activity *a = &p->activity[i];
    g = common(g, a->release);
    if (a->deadline != CLX_PROJECT_NONE) g = common(g, a->deadline);
    for (int32_t m = 0; m < a->mode_count; m++) g = common(g, a->mode[m].duration);
  }
  for (int32_t k = 0; k < p->link_count && g != 1; k++) {
    g = common(g, p->link[k].least);
    if (p->link[k].most != CLX_PROJECT_NONE) g = common(g, p->link[k].most);
  }
  for (int32_t r = 0; r < p->resource_count && g != 1; r++)
    for (int32_t k = 0; k < p->resource[r].level_count; k++) g = common(g, p->resource[r].level[k].at);
  return g > 1 ? g : 1;
}

static bool divide_activities(const clx_project *p, int32_t g, clx_arena *arena, clx_project *out) {
  clx_project_activity *activity = CLX_NEW_ARRAY(arena, clx_project_activity, p->activity_count + 1);
  if (activity == NULL) return false;
  out->activity = activity;
  for (int32_t i = 0; i < p->activity_count; i++) {
    const clx_project_activity *a = &p->activity[i];
    clx_project_mode *mode = CLX_NEW_ARRAY(arena, clx_project_mode, a->mode_count);
    if (mode == NULL) return false;
    for (int32_t m = 0; m < a->mode_count; m++) {
      mode[m] = a->mode[m];
      mode[m].duration /= g;
    }
    activity[i] = *a;
    activity[i].mode = mode;
    activity[i].release /= g;
    if (a->deadline != CLX_PROJECT_NONE) activity[i].deadline /= g;
  }
  return true;
}

static bool divide_links(const clx_project *p, int32_t g, clx_arena *arena, clx_project *out) {
  clx_project_link *link = CLX_NEW_ARRAY(arena, clx_project_link, p->link_count + 1);
  if (link == NULL) return false;
  out->link = link;
  for (int32_t k = 0; k < p->link_count; k++) {
    link[k] = p->link[k];
    link[k].least /= g;
    if (link[k].most != CLX_PROJECT_NONE) link[k].most /= g;
  }
  return true;
}

static bool divide_resources(const clx_project *p, int32_t g, clx_arena *arena, clx_project *out) {
  clx_project_resource *resource = CLX_NEW_ARRAY(arena, clx_project_resource, p->resource_count + 1);
  if (resource == NULL) return false;
  out->resource = resource;
  for (int32_t r = 0; r < p->resource_count; r++) {
    clx_project_level *level = CLX_NEW_ARRAY(arena, clx_project_level, p->resource[r].level_count + 1);
    if (level == NULL) return false;
    for (int32_t k = 0; k < p->resource[r].level_count; k++) {
      level[k] = p->resource[r].level[k];
      level[k].at /= g;
    }
    resource[r] = p->resource[r];
    resource[r].level = level;
  }
  return true;
}

clx_status clx_coarse(const clx_project *p, int32_t g, clx_arena *arena, clx_project *out, clx_error *error) {
  *out = *p;
  out->unit = p->unit * g;
  if (divide_activities(p, g, arena, out) && divide_links(p, g, arena, out) && divide_resources(p, g, arena, out))
    return CLX_OK;
  return clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for a project in larger units");
}

void clx_coarse_plan_back(const clx_project *p, int32_t g, clx_project_plan *plan) {
  for (int32_t i = 0; i < p->activity_count; i++) {
    plan->start[i] *= g;
    plan->finish[i] *= g;
  }
  plan->makespan *= g;
}
