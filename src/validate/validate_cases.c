// Cases: evaluated, judged, counted.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "validate/validate_cases.h"

// --- judging ----------------------------------------------------------------------------------------------------------------

static clx_status bound(clx_arena *arena, const char *text, const char *unit, clx_place place, bool *has, double *value,
                        clx_error *error) {
  clx_figure figure;
  *has = text != NULL;
  if (text == NULL) return CLX_OK;
  CLX_TRY(clx_figure_read(arena, text, unit, place, &figure, error));
  *value = figure.si;
  return CLX_OK;
}

// A tolerance is a distance: an offset of its unit does not count.
static clx_status distance(clx_arena *arena, const char *text, const char *unit, clx_place place, double *value,
                           clx_error *error) {
  clx_figure figure;
  CLX_TRY(clx_figure_read(arena, text, unit, place, &figure, error));
  *value = figure.si - figure.offset;
  if (*value < 0) return clx_fail(error, CLX_INPUT, place, "expected no negative figure, read \"%.60s\"", text);
  return CLX_OK;
}

static clx_status tolerance(clx_arena *arena, const clx_case_row *row, const clx_case_value *got, double half,
                            clx_case_outcome *out, clx_error *error) {
  out->tolerance = half;
  if (row->relative >= 0) out->tolerance = row->relative * fabs(out->expected);
  if (row->absolute != NULL)
    return distance(arena, row->absolute, got->unit, row->absolute_place, &out->tolerance, error);
  if (row->standard_errors < 0) return CLX_OK;
  double deviation = got->deviation;
  if (row->deviation != NULL)
    CLX_TRY(distance(arena, row->deviation, got->unit, row->deviation_place, &deviation, error));
  if (!(got->replications >= 1))
    return clx_fail(error, CLX_INPUT, row->place, "'%.100s' is not simulated: it has no standard error", row->quantity);
  if (!(deviation > 0))
    return clx_fail(error, CLX_INPUT, row->place, "'%.100s' has no band: 'deviation' is needed for standard errors",
                    row->quantity);
  out->tolerance = row->standard_errors * deviation / sqrt(got->replications);
  return CLX_OK;
}

static clx_status judge(clx_arena *arena, const clx_case_row *row, const clx_case_value *got, clx_case_outcome *out,
                        clx_error *error) {
  out->value = got->value;
  out->unit = got->unit;
  CLX_TRY(bound(arena, row->at_least, got->unit, row->least_place, &out->has_least, &out->least, error));
  CLX_TRY(bound(arena, row->at_most, got->unit, row->most_place, &out->has_most, &out->most, error));
  if (row->value != NULL) {
    clx_figure figure;
    CLX_TRY(clx_figure_read(arena, row->value, got->unit, row->value_place, &figure, error));
    out->has_value = true;
    out->expected = figure.si;
    CLX_TRY(tolerance(arena, row, got, figure.half, out, error));
  }
  // A figure that lies on the edge of its tolerance passes, however its last bit was rounded.
  const double slack = 1e-9 * fabs(out->expected);
  out->passed = (!out->has_value || fabs(out->value - out->expected) <= out->tolerance + slack) &&
                (!out->has_least || out->value >= out->least) && (!out->has_most || out->value <= out->most);
  return CLX_OK;
}

// --- a case -----------------------------------------------------------------------------------------------------------------

static clx_status evaluate_rows(clx_case_run *run, clx_case_outcome *outcome, clx_error *error) {
  clx_status first = CLX_OK;
  for (int32_t i = 0; i < run->of->row_count; i++) {
    clx_case_value got = {.unit = ""};
    outcome[i] = (clx_case_outcome){.unit = "", .reason = run->reason};
    if (run->reason != NULL) continue;
    clx_status status = run->of->kind->value(run, &run->of->rows[i], &got, error);
    if (status == CLX_OK && got.skipped != NULL) {
      outcome[i].skipped = got.skipped;
      continue;
    }
    if (status == CLX_OK && !isfinite(got.value))
      status = clx_fail(error, CLX_INTERNAL, run->of->rows[i].place, "the figure is not finite");
    if (status == CLX_OK) status = judge(run->arena, &run->of->rows[i], &got, &outcome[i], error);
    if (first == CLX_OK) first = status;
  }
  return first;
}

// The unit of quantities lives in a result that is freed: it is copied.
static clx_status keep_units(clx_arena *arena, clx_case_outcome *outcome, int32_t count, clx_error *error) {
  for (int32_t i = 0; i < count; i++) {
    outcome[i].unit = clx_arena_text(arena, outcome[i].unit);
    if (outcome[i].unit == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  return CLX_OK;
}

clx_status clx_case_evaluate(clx_arena *arena, const clx_catalog *catalog, const clx_case *of, int32_t threads,
                             clx_case_outcome *outcome, clx_error *error) {
  clx_case_run run = {.arena = arena, .catalog = catalog, .of = of, .threads = threads};
  clx_status status = of->kind->open == NULL ? CLX_OK : of->kind->open(&run, error);
  if (status == CLX_OK) status = evaluate_rows(&run, outcome, error);
  if (status == CLX_OK) status = keep_units(arena, outcome, of->row_count, error);
  const clx_status closed = of->kind->close == NULL ? CLX_OK : of->kind->close(&run, error);
  return status != CLX_OK ? status : closed;
}

clx_case_verdict clx_case_judge(const clx_case_row *row, const clx_case_outcome *outcome) {
  if (outcome->skipped != NULL) return CLX_CASE_SKIPPED;
  if (outcome->reason != NULL || outcome->passed == (row->miss != 0)) return CLX_CASE_FAILED;
  return row->miss ? CLX_CASE_MISSED : row->fit ? CLX_CASE_FIT : CLX_CASE_PASSED;
}

clx_case_counts clx_cases_count(const clx_case_list *list, clx_case_outcome *const *outcome) {
  clx_case_counts counts = {.cases = list->count};
  for (int32_t i = 0; i < list->count; i++) {
    const int32_t before = counts.failed;
    int32_t *const of[] = {[CLX_CASE_PASSED] = &counts.passed,
                           [CLX_CASE_FIT] = &counts.fit,
                           [CLX_CASE_MISSED] = &counts.missed,
                           [CLX_CASE_SKIPPED] = &counts.skipped,
                           [CLX_CASE_FAILED] = &counts.failed};
    for (int32_t k = 0; k < list->item[i].row_count; k++) {
      counts.rows++;
      (*of[clx_case_judge(&list->item[i].rows[k], &outcome[i][k])])++;
    }
    counts.cases_failed += counts.failed > before ? 1 : 0;
  }
  return counts;
}

// --- the public function ----------------------------------------------------------------------------------------------------

void clx_case_options_default(clx_case_options *options) { *options = (clx_case_options){.threads = 1}; }

static clx_status run_all(clx_arena *arena, const clx_catalog *catalog, const clx_case_options *options,
                          clx_buffer *out, int32_t *failed, clx_error *error) {
  clx_case_list list;
  CLX_TRY(clx_cases_find(arena, catalog, options->names, options->name_count, &list, error));
  clx_case_outcome **outcome = CLX_NEW_ARRAY(arena, clx_case_outcome *, list.count + 1);
  if (outcome == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_status status = CLX_OK;
  for (int32_t i = 0; i < list.count; i++) {
    outcome[i] = CLX_NEW_ARRAY(arena, clx_case_outcome, list.item[i].row_count);
    if (outcome[i] == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    const clx_status one = clx_case_evaluate(arena, catalog, &list.item[i], options->threads, outcome[i], error);
    if (status == CLX_OK) status = one;
  }
  if (status != CLX_OK) return status;
  *failed = clx_cases_count(&list, outcome).failed;
  (options->json ? clx_cases_json : clx_cases_text)(&list, outcome, out);
  return CLX_OK;
}

clx_status clx_cases_validate(const clx_catalog *catalog, const clx_case_options *options, char **text, int32_t *failed,
                              clx_error *error) {
  clx_case_options plain;
  clx_buffer out = {0};
  *text = NULL;
  *failed = 0;
  clx_case_options_default(&plain);
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_status status = run_all(arena, catalog, options != NULL ? options : &plain, &out, failed, error);
  clx_arena_free(arena);
  if (status == CLX_OK && (out.failed || out.data == NULL)) status = clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (status == CLX_OK) {
    *text = out.data;
  } else {
    clx_buffer_free(&out);
  }
  return status;
}
