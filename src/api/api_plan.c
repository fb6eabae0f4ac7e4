// The public functions on plans of projects from files.
#include <stdio.h>
#include <stdlib.h>

#include "api/api_internal.h"
#include "report/report_plan.h"
#include "result/result.h"
#include "schedule/schedule_chain.h"
#include "schedule/schedule_file.h"

struct clx_timetable {
  clx_arena *arena;
  clx_result *result;
  clx_project project;
  clx_project_outcome outcome;
  clx_risk_outcome risk;
  clx_timetable_view view;
};

void clx_timetable_options_default(clx_timetable_options *options) {
  *options = (clx_timetable_options){.seed = 1, .low = 0.8, .high = 1.5, .threads = 1};
}

// --- results -------------------------------------------------------------------------------------------------------------------------------

static clx_status put_time(clx_timetable *plan, const char *name, double units, double low, double high,
                           const char *doc, clx_error *error) {
  const double unit = plan->project.unit;
  return clx_result_add(plan->result, name, units * unit, "s", low * unit, high * unit, doc, error);
}

static clx_status put_count(clx_timetable *plan, const char *name, double value, const char *doc, clx_error *error) {
  return clx_result_add(plan->result, name, value, "", value, value, doc, error);
}

static clx_status put_risk(clx_timetable *plan, clx_error *error) {
  static const struct {
    const char *name;
    double share;
    const char *doc;
  } ends[] = {{"plan.p10", 0.1, "one sample in ten ends by then"},
              {"plan.p50", 0.5, "half of the samples end by then"},
              {"plan.p80", 0.8, "four samples in five end by then"},
              {"plan.p90", 0.9, "nine samples in ten end by then"}};
  CLX_TRY(put_count(plan, "plan.samples", plan->risk.samples, "samples of uncertain durations", error));
  for (int32_t k = 0; k < CLX_COUNT(ends); k++) {
    const double end = clx_risk_percentile(&plan->risk, ends[k].share);
    CLX_TRY(put_time(plan, ends[k].name, end, end, end, ends[k].doc, error));
  }
  char why[120];
  snprintf(why, sizeof why, "every duration %g to %g times the planned one (PERT)", plan->view.risk_low,
           plan->view.risk_high);
  CLX_TRY(clx_result_assume(plan->result, error, "plan.spread", why));
  const double n = plan->project.activity_count;
  double *number = CLX_NEW_ARRAY(plan->arena, double, n + 1), *share = CLX_NEW_ARRAY(plan->arena, double, n + 1);
  if (number == NULL || share == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < plan->project.activity_count; i++) {
    number[i] = i + 1;
    share[i] = plan->risk.row[i].critical;
  }
  return clx_result_add_series(plan->result, "plan.criticality", "", share, "activity", "", number,
                               plan->project.activity_count, error);
}

static clx_status put_result(clx_timetable *plan, clx_error *error) {
  const clx_project *p = &plan->project;
  const clx_project_outcome *o = &plan->outcome;
  int32_t critical = 0;
  for (int32_t i = 0; i < p->activity_count; i++) critical += plan->view.critical[i];
  const double end = o->plan.makespan, risky = plan->view.risk != NULL;
  CLX_TRY(put_time(plan, "plan.makespan", end, risky > 0 ? clx_risk_percentile(&plan->risk, 0.1) : end,
                   risky > 0 ? clx_risk_percentile(&plan->risk, 0.9) : end, "from the start to the end of the plan",
                   error));
  CLX_TRY(put_time(plan, "plan.bound", o->bound, o->bound, o->bound, "no plan is shorter", error));
  CLX_TRY(put_time(plan, "plan.links_alone", o->path, o->path, o->path, "with no limit to the resources", error));
  CLX_TRY(put_count(plan, "plan.gap", end > 0 ? (end - o->bound) / end : 0, "1 - bound / makespan", error));
  CLX_TRY(put_count(plan, "plan.proved", o->proved, "1: it is proved that no plan is shorter", error));
  CLX_TRY(put_count(plan, "plan.activities", p->activity_count, "activities", error));
  CLX_TRY(put_count(plan, "plan.links", p->link_count, "links between activities", error));
  CLX_TRY(put_count(plan, "plan.resources", p->resource_count, "resources and consumables", error));
  CLX_TRY(put_count(plan, "plan.calendars", p->calendar_count, "calendars", error));
  CLX_TRY(put_count(plan, "plan.critical", critical, "activities that decide the end", error));
  CLX_TRY(clx_result_add_text(plan->result, "plan.file", plan->view.file, error));
  if (p->start != NULL) CLX_TRY(clx_result_add_text(plan->result, "plan.start", p->start, error));
  for (int32_t k = 0; k < p->note_count; k++) CLX_TRY(clx_result_warn(plan->result, error, "%s", p->note[k]));
  return plan->view.risk != NULL ? put_risk(plan, error) : CLX_OK;
}

// --- plans ---------------------------------------------------------------------------------------------------------------------------------

static clx_status run_risk(clx_timetable *plan, const clx_timetable_options *options, clx_error *error) {
  const clx_project *p = &plan->project;
  clx_risk_spread *spread = CLX_NEW_ARRAY(plan->arena, clx_risk_spread, p->activity_count + 1);
  if (spread == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < p->activity_count; i++)
    spread[i] =
        (clx_risk_spread){.kind = CLX_RISK_PERT, .low = options->low, .likely = 1, .high = options->high, .factor = -1};
  const clx_risk_spec spec = {.project = p,
                              .plan = &plan->outcome.plan,
                              .spread = spread,
                              .seed = options->seed,
                              .samples = options->samples,
                              .threads = options->threads};
  CLX_TRY(clx_risk_run(&spec, plan->arena, &plan->risk, error));
  plan->view.risk = &plan->risk;
  plan->view.risk_low = options->low;
  plan->view.risk_high = options->high;
  return CLX_OK;
}

static clx_status make(const char *path, const clx_timetable_options *options, clx_timetable *plan, clx_error *error) {
  clx_project_options search;
  clx_project_options_default(&search);
  search.seed = options->seed;
  search.seconds = options->seconds;
  if (!(options->seconds >= 0) || options->samples < 0 ||
      !(options->low >= 0 && options->low <= 1 && options->high >= 1))
    return clx_fail_plain(error, CLX_INPUT,
                          "plan: a limit of %g s, %d samples of %g to %g times the durations; expected 0 or more, and "
                          "factors below and above 1",
                          options->seconds, options->samples, options->low, options->high);
  CLX_TRY(clx_project_load(path, plan->arena, &plan->project, error));
  clx_project_options_suit(&plan->project, &search);
  CLX_TRY(clx_project_solve(&plan->project, &search, plan->arena, &plan->outcome, error));
  bool *critical = CLX_NEW_ARRAY(plan->arena, bool, plan->project.activity_count + 1);
  const char *file = clx_arena_text(plan->arena, path);
  if (critical == NULL || file == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(clx_project_chain(&plan->project, &plan->outcome.plan, plan->arena, critical, error));
  plan->view =
      (clx_timetable_view){.project = &plan->project, .file = file, .outcome = &plan->outcome, .critical = critical};
  if (options->samples > 0) CLX_TRY(run_risk(plan, options, error));
  return put_result(plan, error);
}

clx_status clx_timetable_make(const char *path, const clx_timetable_options *options, clx_timetable **out,
                              clx_error *error) {
  clx_timetable_options plain;
  clx_timetable_options_default(&plain);
  *out = NULL;
  clx_timetable *plan = calloc(1, sizeof *plan);
  if (plan == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  plan->arena = clx_arena_new();
  plan->result = clx_result_new();
  clx_status status = CLX_OK;
  if (plan->arena == NULL || plan->result == NULL) status = clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (status == CLX_OK) status = make(path, options != NULL ? options : &plain, plan, error);
  if (status == CLX_OK)
    *out = plan;
  else
    clx_timetable_free(plan);
  return status;
}

void clx_timetable_free(clx_timetable *plan) {
  if (plan == NULL) return;
  clx_result_free(plan->result);
  clx_arena_free(plan->arena);
  free(plan);
}

const clx_result *clx_timetable_result(const clx_timetable *plan) { return plan->result; }

clx_status clx_timetable_text(const clx_timetable *plan, bool colour, char **text, clx_error *error) {
  clx_buffer out = {0};
  clx_report_plan(&plan->view, colour, &out);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}

clx_status clx_timetable_write(const clx_timetable *plan, const char *format, char **text, clx_error *error) {
  clx_buffer out = {0};
  clx_project_writer *writer = clx_project_writer_of(format);
  *text = NULL;
  if (writer == NULL)
    return clx_fail_plain(error, CLX_INPUT, "no format '%s' is known, expected csv, json or xml", format);
  return clx_api_hand_over(writer(&plan->project, &plan->outcome.plan, &out, error), &out, text, error);
}

clx_status clx_timetable_svg(const clx_timetable *plan, const char *drawing, char **text, clx_error *error) {
  clx_buffer out = {0};
  *text = NULL;
  if (clx_text_equal(drawing, "gantt"))
    clx_report_plan_gantt(&plan->view, &out);
  else if (clx_text_equal(drawing, "s-curve") && plan->view.risk != NULL)
    clx_report_plan_scurve(&plan->view, &out);
  else
    return clx_fail_plain(error, CLX_INPUT, "no drawing '%s' of this plan, expected gantt, or s-curve with samples",
                          drawing);
  return clx_api_hand_over(CLX_OK, &out, text, error);
}
