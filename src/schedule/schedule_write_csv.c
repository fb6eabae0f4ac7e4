// A project as the table that schedule_read_csv.c reads, with the start and finish of a plan.
#include <math.h>
#include <string.h>

#include "schedule/schedule_file.h"
#include "table/table.h"

static void cell(clx_buffer *out, clx_buffer *text) {
  clx_table_write_cell(out, text->data != NULL ? text->data : "");
  out->failed = out->failed || text->failed;
  clx_buffer_free(text);
  *text = (clx_buffer){0};
}

// Lists have ';' between names, and cells lose blanks at their ends.
static clx_status check_name(const char *what, const char *name, clx_error *error) {
  static const char blanks[] = " \t\r\n";
  const size_t length = strlen(name);
  if (length > 0 && strchr(name, ';') == NULL && strchr(blanks, name[0]) == NULL &&
      strchr(blanks, name[length - 1]) == NULL)
    return CLX_OK;
  return clx_fail_plain(
      error, CLX_INPUT,
      "%s '%.80s': a table of a project takes no name that is empty, has a ';' in it or a blank at an end", what, name);
}

static clx_status check_names(const clx_project *p, clx_error *error) {
  for (int32_t i = 0; i < p->activity_count; i++) CLX_TRY(check_name("activity", p->activity[i].name, error));
  for (int32_t k = 0; k < p->resource_count; k++) CLX_TRY(check_name("resource", p->resource[k].name, error));
  for (int32_t k = 0; k < p->calendar_count; k++) CLX_TRY(check_name("calendar", p->calendar[k].name, error));
  for (int32_t k = 0; k < p->phase_count; k++) CLX_TRY(check_name("phase", p->phase[k], error));
  return CLX_OK;
}

// "dig FS+1..9; pour"; the kind stands even for a plain link where the name ends like one.
static void write_links(const clx_project *p, int32_t to, clx_buffer *text) {
  bool more = false;
  for (int32_t k = 0; k < p->link_count; k++) {
    const clx_project_link *l = &p->link[k];
    if (l->to != to) continue;
    const bool plain = l->kind == CLX_PROJECT_FS && l->least == 0 && l->most == CLX_PROJECT_NONE;
    const char *name = p->activity[l->from].name;
    clx_buffer_format(text, "%s%s", more ? "; " : "", name);
    more = true;
    if (plain && strchr(name, ' ') == NULL) continue;
    clx_buffer_format(text, " %s", clx_project_link_name[l->kind]);
    if (l->least != 0 || l->most != CLX_PROJECT_NONE) clx_buffer_format(text, "%+d", l->least);
    if (l->most != CLX_PROJECT_NONE) clx_buffer_format(text, "..%d", l->most);
  }
}

static void write_activity(const clx_project *p, const clx_project_plan *plan, int32_t i, clx_buffer *out) {
  const clx_project_activity *a = &p->activity[i];
  for (int32_t m = 0; m < a->mode_count; m++) {
    clx_buffer text = {0};
    clx_buffer_format(out, ",");
    clx_table_write_cell(out, a->name);
    clx_buffer_format(out, ",%d,", a->mode[m].duration);
    if (m == 0) write_links(p, i, &text);
    cell(out, &text);
    clx_buffer_format(out, ",");
    for (int32_t k = 0; k < a->mode[m].use_count; k++)
      clx_buffer_format(&text, "%s%s:%lld", k > 0 ? "; " : "", p->resource[a->mode[m].use[k].resource].name,
                        (long long)a->mode[m].use[k].amount);
    cell(out, &text);
    clx_buffer_format(out, ",");
    if (m == 0 && a->release > 0) clx_buffer_format(out, "%d", a->release);
    clx_buffer_format(out, ",");
    if (m == 0 && a->deadline != CLX_PROJECT_NONE) clx_buffer_format(out, "%d", a->deadline);
    clx_buffer_format(out, ",");
    if (m == 0 && p->phase_count > 0) clx_table_write_cell(out, p->phase[a->phase]);
    clx_buffer_format(out, ",");
    if (m == 0 && a->calendar != CLX_PROJECT_NONE) clx_table_write_cell(out, p->calendar[a->calendar].name);
    clx_buffer_format(out, ",");
    if (plan != NULL && plan->mode[i] == m)
      clx_buffer_format(out, ",%d,%d", plan->start[i], plan->finish[i]);
    else if (plan != NULL)
      clx_buffer_format(out, ",,");
    clx_buffer_format(out, "\n");
  }
}

static void write_resource(const clx_project *p, const clx_project_resource *r, const char *end, clx_buffer *out) {
  clx_buffer text = {0};
  clx_buffer_format(out, "%s,", r->consumed ? "consumable" : "resource");
  clx_table_write_cell(out, r->name);
  clx_buffer_format(out, ",,,,,,,");
  if (r->calendar != CLX_PROJECT_NONE) clx_table_write_cell(out, p->calendar[r->calendar].name);
  clx_buffer_format(out, ",");
  for (int32_t k = 0; k < r->level_count; k++)
    clx_buffer_format(&text, "%s%d:%lld", k > 0 ? "; " : "", r->level[k].at, (long long)r->level[k].amount);
  cell(out, &text);
  clx_buffer_format(out, "%s\n", end);
}

static void write_calendar(const clx_project_calendar *c, const char *end, clx_buffer *out) {
  clx_buffer text = {0};
  clx_buffer_format(out, "calendar,");
  clx_table_write_cell(out, c->name);
  clx_buffer_format(out, ",,,,,,,,");
  for (int32_t t = 0; t < c->period; t++) clx_buffer_add(&text, c->works[t] ? "1" : "0", 1);
  for (int32_t k = 0; k < c->span_count; k++)
    clx_buffer_format(&text, "; %d-%d:%d", c->span[k].from, c->span[k].to, c->span[k].works);
  cell(out, &text);
  clx_buffer_format(out, "%s\n", end);
}

clx_status clx_project_write_csv(const clx_project *p, const clx_project_plan *plan, clx_buffer *out,
                                 clx_error *error) {
  const char *end = plan != NULL ? ",," : "";
  CLX_TRY(check_names(p, error));
  if (!(p->unit >= 1 && p->unit == floor(p->unit) && p->unit < INT32_MAX))
    return clx_fail_plain(error, CLX_INPUT, "a unit of %g s: a table of a project takes whole seconds", p->unit);
  clx_buffer_format(out, "kind,name,duration,predecessors,uses,release,deadline,phase,calendar,levels%s\n",
                    plan != NULL ? ",start,finish" : "");
  clx_buffer_format(out, "project,");
  clx_table_write_cell(out, p->name != NULL ? p->name : "");
  clx_buffer_format(out, ",%d,,,,,,,%s%s\n", (int32_t)p->unit, p->start != NULL ? p->start : "", end);
  for (int32_t k = 0; k < p->calendar_count; k++) write_calendar(&p->calendar[k], end, out);
  for (int32_t k = 0; k < p->resource_count; k++) write_resource(p, &p->resource[k], end, out);
  for (int32_t i = 0; i < p->activity_count; i++) write_activity(p, plan, i, out);
  if (out->failed) return clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for a table");
  return CLX_OK;
}
