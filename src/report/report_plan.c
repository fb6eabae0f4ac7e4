// What `schedule` prints and draws.
#include "report/report_plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/report_gantt.h"
#include "unit/unit.h"

enum { SHORT = 64, LINE = 256, ROWS = 7, NOTES = 4 };

static clx_dates dates_of(const clx_project *p) {
  clx_dates d = {0};
  d.dated = p->start != NULL && clx_time_read(p->start, &d.origin);
  return d;
}

static const char *date(const clx_timetable_view *v, double unit, char *text) {
  return clx_dates_text(dates_of(v->project), unit * v->project->unit, v->project->unit < 86400, text);
}

static const char *span(const clx_timetable_view *v, double units, char *text) {
  return clx_dates_span(units * v->project->unit, text);
}

// --- the report ----------------------------------------------------------------------------------------------------------------------------

static const char *many(int32_t count, const char *one, const char *more, char *text) {
  snprintf(text, SHORT, "%d %s", count, count == 1 ? one : more);
  return text;
}

static void put_project(const clx_timetable_view *v, clx_buffer *out) {
  const clx_project *p = v->project;
  char a[SHORT], l[SHORT], r[SHORT], c[SHORT], u[SHORT], cut[LINE];
  int32_t arrive = 0;
  for (int32_t k = 0; k < p->resource_count; k++) arrive += p->resource[k].consumed;
  clx_buffer_format(out, "%-13s %s, %s, %s", "project", many(p->activity_count, "activity", "activities", a),
                    many(p->link_count, "link", "links", l), many(p->resource_count, "resource", "resources", r));
  if (arrive > 0) clx_buffer_format(out, " (%d used up)", arrive);
  clx_buffer_format(out, ", %s; unit %s\n", many(p->calendar_count, "calendar", "calendars", c), span(v, 1, u));
  if (p->name != NULL && !clx_text_equal(p->name, v->file))
    clx_buffer_format(out, "%-13s %s\n", "", clx_goodput_cut(p->name, 80, 0, cut, sizeof cut));
}

static void put_plan(const clx_timetable_view *v, clx_buffer *out) {
  const clx_project_outcome *o = v->outcome;
  char a[SHORT], b[SHORT], d[CLX_DATES_TEXT], e[CLX_DATES_TEXT];
  clx_buffer_format(out, "%-13s %s: %s to %s\n", "makespan", span(v, o->plan.makespan, a), date(v, 0, d),
                    date(v, o->plan.makespan, e));
  if (o->proved)
    clx_buffer_format(out, "%-13s proved: no plan is shorter\n", "bound");
  else
    clx_buffer_format(out, "%-13s %s, %.2f %% below: that no plan is shorter is not proved\n", "bound",
                      span(v, o->bound, a),
                      100.0 * (o->plan.makespan - o->bound) / (o->plan.makespan > 0 ? o->plan.makespan : 1));
  clx_buffer_format(out, "%-13s %s with no limit to the resources\n", "links alone", span(v, o->path, b));
}

typedef struct placed {
  int32_t start, finish, activity;
} placed;

static int by_start(const void *a, const void *b) {
  const placed *p = a, *q = b;
  if (p->start != q->start) return p->start < q->start ? -1 : 1;
  if (p->finish != q->finish) return p->finish < q->finish ? -1 : 1;
  return p->activity - q->activity;
}

// Activities by their starts; false when memory ran out.
static bool sort(const clx_project_plan *plan, int32_t count, clx_arena *arena, int32_t *order) {
  placed *row = CLX_NEW_ARRAY(arena, placed, count + 1);
  if (row == NULL) return false;
  for (int32_t i = 0; i < count; i++) row[i] = (placed){plan->start[i], plan->finish[i], i};
  qsort(row, (size_t)count, sizeof *row, by_start);
  for (int32_t i = 0; i < count; i++) order[i] = row[i].activity;
  return true;
}

static void put_chain(const clx_timetable_view *v, clx_arena *arena, clx_buffer *out) {
  const clx_project *p = v->project;
  int32_t *row = CLX_NEW_ARRAY(arena, int32_t, p->activity_count + 1), count = 0;
  char cut[LINE], d[CLX_DATES_TEXT], e[CLX_DATES_TEXT];
  if (row == NULL || !sort(&v->outcome->plan, p->activity_count, arena, row)) {
    out->failed = true;
    return;
  }
  for (int32_t k = 0; k < p->activity_count; k++)
    if (v->critical[row[k]]) row[count++] = row[k];
  clx_buffer_format(out, "\n%-13s %d of %d activities decide the end\n", "critical", count, p->activity_count);
  for (int32_t k = 0; k < count; k++) {
    if (count > ROWS && k == ROWS / 2) {
      clx_buffer_format(out, "  ... %d more\n", count - 2 * (ROWS / 2));
      k = count - ROWS / 2;
    }
    const int32_t i = row[k];
    clx_buffer_format(out, "  %-18s %-18s %s\n", date(v, v->outcome->plan.start[i], d),
                      date(v, v->outcome->plan.finish[i], e),
                      clx_goodput_cut(p->activity[i].name, 58, 0, cut, sizeof cut));
  }
}

static void put_risk(const clx_timetable_view *v, clx_buffer *out) {
  static const double shares[] = {0.1, 0.5, 0.8, 0.9};
  const clx_risk_outcome *r = v->risk;
  char number[SHORT], text[LINE], d[CLX_DATES_TEXT], cut[LINE];
  clx_buffer_format(out, "\n%-13s %s samples; assumed: every duration %g to %g times the planned one (PERT)\n", "risk",
                    clx_quantity_format(r->samples, "", 12, number, sizeof number), v->risk_low, v->risk_high);
  for (int32_t k = 0; k < CLX_COUNT(shares); k++) {
    const double end = clx_risk_percentile(r, shares[k]);
    clx_buffer_format(out, "  P%-3.0f %-12s %s\n", 100 * shares[k], span(v, end, text), date(v, end, d));
  }
  clx_buffer_format(out, "  most often critical (by links), and what one deviation of it moves the end:\n");
  for (int32_t k = 0; k < 4 && k < v->project->activity_count; k++) {
    const int32_t i = r->tornado[k];
    clx_buffer_format(out, "  %5.1f %%  %-12s %s\n", 100 * r->row[i].critical, span(v, fabs(r->row[i].swing), text),
                      clx_goodput_cut(v->project->activity[i].name, 66, 0, cut, sizeof cut));
  }
}

static void put_notes(const clx_timetable_view *v, clx_buffer *out) {
  const clx_project *p = v->project;
  char cut[LINE];
  if (p->note_count == 0) return;
  clx_buffer_format(out, "\nof the file\n");
  for (int32_t k = 0; k < p->note_count && k < NOTES; k++)
    clx_buffer_format(out, "  %s\n", clx_goodput_cut(p->note[k], 96, 0, cut, sizeof cut));
  if (p->note_count > NOTES) clx_buffer_format(out, "  ... %d more: --json\n", p->note_count - NOTES);
}

void clx_report_plan(const clx_timetable_view *v, bool colour, clx_buffer *out) {
  clx_arena *arena = clx_arena_new();
  char cut[LINE];
  if (arena == NULL) {
    out->failed = true;
    return;
  }
  clx_buffer_format(out, "%s%s%s\n", colour ? "\033[1m" : "", clx_goodput_cut(v->file, 98, 0, cut, sizeof cut),
                    colour ? "\033[0m" : "");
  put_project(v, out);
  put_plan(v, out);
  put_chain(v, arena, out);
  if (v->risk != NULL) put_risk(v, out);
  put_notes(v, out);
  clx_arena_free(arena);
}

// --- drawings ------------------------------------------------------------------------------------------------------------------------------

void clx_report_plan_gantt(const clx_timetable_view *v, clx_buffer *out) {
  const clx_project *p = v->project;
  const clx_project_plan *plan = &v->outcome->plan;
  const clx_dates dates = dates_of(p);
  clx_arena *arena = clx_arena_new();
  clx_gantt_row *row = arena != NULL ? CLX_NEW_ARRAY(arena, clx_gantt_row, p->activity_count + 1) : NULL;
  clx_gantt_link *link = row != NULL ? CLX_NEW_ARRAY(arena, clx_gantt_link, p->link_count + 1) : NULL;
  int32_t *order = link != NULL ? CLX_NEW_ARRAY(arena, int32_t, 2 * p->activity_count + 1) : NULL;
  if (order == NULL || !sort(plan, p->activity_count, arena, order)) {
    out->failed = true;
    clx_arena_free(arena);
    return;
  }
  int32_t *place = order + p->activity_count;
  for (int32_t k = 0; k < p->activity_count; k++) {
    const int32_t i = order[k];
    place[i] = k;
    row[k] = (clx_gantt_row){.name = p->activity[i].name,
                             .phase = p->phase_count > 0 ? p->phase[p->activity[i].phase] : NULL,
                             .start = plan->start[i] * p->unit,
                             .finish = plan->finish[i] * p->unit,
                             .critical = v->critical[i]};
  }
  for (int32_t k = 0; k < p->link_count; k++) {
    const clx_project_link *l = &p->link[k];
    link[k] = (clx_gantt_link){place[l->from], place[l->to], l->kind == CLX_PROJECT_FS || l->kind == CLX_PROJECT_FF,
                               l->kind == CLX_PROJECT_FF || l->kind == CLX_PROJECT_SF};
  }
  const clx_gantt gantt = {.title = p->name != NULL ? p->name : v->file,
                           .note = v->outcome->proved ? "no plan is shorter" : NULL,
                           .dated = dates.dated,
                           .origin = dates.origin,
                           .row = row,
                           .row_count = p->activity_count,
                           .link = link,
                           .link_count = p->link_count};
  clx_report_gantt(&gantt, out);
  clx_arena_free(arena);
}

void clx_report_plan_scurve(const clx_timetable_view *v, clx_buffer *out) {
  const clx_project *p = v->project;
  const clx_dates dates = dates_of(p);
  clx_arena *arena = clx_arena_new();
  double *time = arena != NULL ? CLX_NEW_ARRAY(arena, double, v->risk->samples + 1) : NULL;
  char note[LINE], number[SHORT];
  if (time == NULL) {
    out->failed = true;
    clx_arena_free(arena);
    return;
  }
  for (int32_t k = 0; k < v->risk->samples; k++) time[k] = v->risk->end[k] * p->unit;
  snprintf(note, sizeof note, "%s samples; assumed: every duration %g to %g times the planned one (PERT)",
           clx_quantity_format(v->risk->samples, "", 12, number, sizeof number), v->risk_low, v->risk_high);
  const clx_scurve_line line = {"end of the project", time, v->risk->samples};
  const clx_scurve s = {.title = p->name != NULL ? p->name : v->file,
                        .note = note,
                        .dated = dates.dated,
                        .origin = dates.origin,
                        .line = &line,
                        .line_count = 1};
  clx_report_scurve(&s, out);
  clx_arena_free(arena);
}
