// Projects piece by piece: lists that grow in an arena, tied together at the end.
#include <string.h>

#include "schedule/schedule_file.h"

// A list's new last row, zeroed; NULL when memory ran out.
static void *grow(clx_project_maker *m, clx_project_list *list, size_t size) {
  if (m->failed) return NULL;
  if (list->count == list->room) {
    const int32_t room = list->room > 0 ? 2 * list->room : 64;
    void *row = clx_arena_array(m->arena, (size_t)room, size);
    if (row == NULL) {
      m->failed = true;
      return NULL;
    }
    if (list->count > 0) memcpy(row, list->row, (size_t)list->count * size);
    list->row = row;
    list->room = room;
  }
  return (char *)list->row + (size_t)list->count++ * size;
}

#define LAST(maker, list, type) (&((type *)(maker)->list.row)[(maker)->list.count - 1])

int32_t clx_project_add_activity(clx_project_maker *m, const char *name) {
  clx_project_activity *a = grow(m, &m->activity, sizeof *a);
  if (a != NULL)
    *a = (clx_project_activity){
        .name = clx_arena_text(m->arena, name), .calendar = CLX_PROJECT_NONE, .deadline = CLX_PROJECT_NONE};
  if (a != NULL && a->name == NULL) m->failed = true;
  return m->activity.count - 1;
}

void clx_project_add_mode(clx_project_maker *m, int32_t duration) {
  clx_project_mode *mode = grow(m, &m->mode, sizeof *mode);
  if (mode == NULL) return;
  mode->duration = duration;
  LAST(m, activity, clx_project_activity)->mode_count++;
}

void clx_project_add_use(clx_project_maker *m, int32_t resource, int64_t amount) {
  if (amount == 0) return;
  clx_project_use *use = grow(m, &m->use, sizeof *use);
  if (use == NULL) return;
  *use = (clx_project_use){resource, amount};
  LAST(m, mode, clx_project_mode)->use_count++;
}

void clx_project_add_link(clx_project_maker *m, clx_project_link link) {
  clx_project_link *l = grow(m, &m->link, sizeof *l);
  if (l != NULL) *l = link;
}

int32_t clx_project_add_resource(clx_project_maker *m, const char *name, bool consumed) {
  clx_project_resource *r = grow(m, &m->resource, sizeof *r);
  if (r != NULL)
    *r = (clx_project_resource){
        .name = clx_arena_text(m->arena, name), .consumed = consumed, .calendar = CLX_PROJECT_NONE};
  if (r != NULL && r->name == NULL) m->failed = true;
  return m->resource.count - 1;
}

void clx_project_add_level(clx_project_maker *m, int32_t at, int64_t amount) {
  clx_project_level *level = grow(m, &m->level, sizeof *level);
  if (level == NULL) return;
  *level = (clx_project_level){at, amount};
  LAST(m, resource, clx_project_resource)->level_count++;
}

int32_t clx_project_add_calendar(clx_project_maker *m, const char *name, const bool *works, int32_t period) {
  clx_project_calendar *c = grow(m, &m->calendar, sizeof *c);
  bool *copy = CLX_NEW_ARRAY(m->arena, bool, period > 0 ? period : 1);
  if (c != NULL && copy != NULL) {
    for (int32_t t = 0; t < period; t++) copy[t] = works[t];
    *c = (clx_project_calendar){.name = clx_arena_text(m->arena, name), .works = copy, .period = period};
  }
  if (c == NULL || copy == NULL || c->name == NULL) m->failed = true;
  return m->calendar.count - 1;
}

void clx_project_add_span(clx_project_maker *m, int32_t from, int32_t to, bool works) {
  clx_project_span *span = grow(m, &m->span, sizeof *span);
  if (span == NULL) return;
  *span = (clx_project_span){from, to, works};
  LAST(m, calendar, clx_project_calendar)->span_count++;
}

clx_project_activity *clx_project_maker_activity(clx_project_maker *m, int32_t number) {
  return m->failed ? NULL : &((clx_project_activity *)m->activity.row)[number];
}

clx_project_resource *clx_project_maker_resource(clx_project_maker *m, int32_t number) {
  return m->failed ? NULL : &((clx_project_resource *)m->resource.row)[number];
}

clx_status clx_project_maker_finish(clx_project_maker *m, clx_project *project, clx_error *error) {
  if (m->failed) return clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for a project");
  clx_project_activity *activity = m->activity.row;
  clx_project_mode *mode = m->mode.row;
  clx_project_resource *resource = m->resource.row;
  clx_project_calendar *calendar = m->calendar.row;
  for (int32_t i = 0, at = 0; i < m->activity.count; at += activity[i++].mode_count)
    activity[i].mode = mode != NULL ? &mode[at] : NULL;
  for (int32_t i = 0, at = 0; i < m->mode.count; at += mode[i++].use_count)
    mode[i].use = m->use.count > 0 ? &((clx_project_use *)m->use.row)[at] : NULL;
  for (int32_t i = 0, at = 0; i < m->resource.count; at += resource[i++].level_count)
    resource[i].level = m->level.count > 0 ? &((clx_project_level *)m->level.row)[at] : NULL;
  for (int32_t i = 0, at = 0; i < m->calendar.count; at += calendar[i++].span_count)
    calendar[i].span = m->span.count > 0 ? &((clx_project_span *)m->span.row)[at] : NULL;
  *project = m->project;
  project->activity = activity;
  project->activity_count = m->activity.count;
  project->link = m->link.row;
  project->link_count = m->link.count;
  project->resource = resource;
  project->resource_count = m->resource.count;
  project->calendar = calendar;
  project->calendar_count = m->calendar.count;
  return CLX_OK;
}
