// A project and a plan of it as JSON.
#include <jansson.h>
#include <stdlib.h>

#include "schedule/schedule_file.h"

typedef struct writer {
  const clx_project *p;
  const clx_project_plan *plan;
  double start;  // s since 1970
  bool dated;
} writer;

static void put_text(json_t *o, const char *key, const char *text) {
  if (text != NULL) json_object_set_new(o, key, json_string(text));
}

static void put_date(const writer *w, json_t *o, const char *key, int32_t unit) {
  char text[CLX_TIME_TEXT];
  if (!w->dated) return;
  clx_time_write(w->start + w->p->unit * unit, true, text);
  json_object_set_new(o, key, json_string(text));
}

static json_t *mode_json(const clx_project *p, const clx_project_mode *m) {
  json_t *o = json_object(), *uses = json_object();
  json_object_set_new(o, "duration", json_integer(m->duration));
  for (int32_t k = 0; k < m->use_count; k++)
    json_object_set_new(uses, p->resource[m->use[k].resource].name, json_integer(m->use[k].amount));
  json_object_set_new(o, "uses", uses);
  return o;
}

static json_t *activity_json(const writer *w, int32_t i) {
  const clx_project *p = w->p;
  const clx_project_activity *a = &p->activity[i];
  json_t *o = json_object(), *modes = json_array();
  put_text(o, "name", a->name);
  if (p->phase_count > 0) put_text(o, "phase", p->phase[a->phase]);
  if (a->calendar != CLX_PROJECT_NONE) put_text(o, "calendar", p->calendar[a->calendar].name);
  json_object_set_new(o, "release", json_integer(a->release));
  if (a->deadline != CLX_PROJECT_NONE) json_object_set_new(o, "deadline", json_integer(a->deadline));
  for (int32_t m = 0; m < a->mode_count; m++) json_array_append_new(modes, mode_json(p, &a->mode[m]));
  json_object_set_new(o, "modes", modes);
  if (w->plan == NULL) return o;
  json_object_set_new(o, "mode", json_integer(w->plan->mode[i]));
  json_object_set_new(o, "start", json_integer(w->plan->start[i]));
  json_object_set_new(o, "finish", json_integer(w->plan->finish[i]));
  put_date(w, o, "start_date", w->plan->start[i]);
  put_date(w, o, "finish_date", w->plan->finish[i]);
  return o;
}

static json_t *link_json(const clx_project *p, const clx_project_link *l) {
  json_t *o = json_object();
  put_text(o, "from", p->activity[l->from].name);
  put_text(o, "to", p->activity[l->to].name);
  put_text(o, "kind", clx_project_link_name[l->kind]);
  json_object_set_new(o, "least", json_integer(l->least));
  if (l->most != CLX_PROJECT_NONE) json_object_set_new(o, "most", json_integer(l->most));
  return o;
}

static json_t *resource_json(const clx_project *p, const clx_project_resource *r) {
  json_t *o = json_object(), *levels = json_array();
  put_text(o, "name", r->name);
  put_text(o, "kind", r->consumed ? "consumable" : "renewable");
  if (r->calendar != CLX_PROJECT_NONE) put_text(o, "calendar", p->calendar[r->calendar].name);
  for (int32_t k = 0; k < r->level_count; k++) {
    json_t *level = json_object();
    json_object_set_new(level, "at", json_integer(r->level[k].at));
    json_object_set_new(level, "amount", json_integer(r->level[k].amount));
    json_array_append_new(levels, level);
  }
  json_object_set_new(o, "levels", levels);
  return o;
}

static json_t *calendar_json(const clx_project_calendar *c) {
  json_t *o = json_object(), *spans = json_array();
  clx_buffer pattern = {0};
  for (int32_t t = 0; t < c->period; t++) clx_buffer_add(&pattern, c->works[t] ? "1" : "0", 1);
  put_text(o, "name", c->name);
  put_text(o, "works", pattern.data);
  clx_buffer_free(&pattern);
  for (int32_t k = 0; k < c->span_count; k++) {
    json_t *span = json_object();
    json_object_set_new(span, "from", json_integer(c->span[k].from));
    json_object_set_new(span, "to", json_integer(c->span[k].to));
    json_object_set_new(span, "works", json_boolean(c->span[k].works));
    json_array_append_new(spans, span);
  }
  json_object_set_new(o, "spans", spans);
  return o;
}

clx_status clx_project_write_json(const clx_project *p, const clx_project_plan *plan, clx_buffer *out,
                                  clx_error *error) {
  writer w = {.p = p, .plan = plan};
  w.dated = p->start != NULL && clx_time_read(p->start, &w.start);
  json_t *root = json_object(), *activities = json_array(), *links = json_array();
  json_t *resources = json_array(), *calendars = json_array();
  put_text(root, "name", p->name);
  json_object_set_new(root, "unit_s", json_real(p->unit));
  put_text(root, "start", p->start);
  if (plan != NULL) {
    json_object_set_new(root, "makespan", json_integer(plan->makespan));
    put_date(&w, root, "finish_date", plan->makespan);
  }
  for (int32_t i = 0; i < p->activity_count; i++) json_array_append_new(activities, activity_json(&w, i));
  for (int32_t k = 0; k < p->link_count; k++) json_array_append_new(links, link_json(p, &p->link[k]));
  for (int32_t k = 0; k < p->resource_count; k++) json_array_append_new(resources, resource_json(p, &p->resource[k]));
  for (int32_t k = 0; k < p->calendar_count; k++) json_array_append_new(calendars, calendar_json(&p->calendar[k]));
  json_object_set_new(root, "activities", activities);
  json_object_set_new(root, "links", links);
  json_object_set_new(root, "resources", resources);
  json_object_set_new(root, "calendars", calendars);
  char *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
  json_decref(root);
  if (text != NULL) clx_buffer_format(out, "%s\n", text);
  free(text);
  if (text == NULL || out->failed) return clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for JSON");
  return CLX_OK;
}
