// A whole table: predict every row; write the CSV or the figures.
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "validate/validate_internal.h"

const char *const clx_row_status_name[] = {"ok", "extrapolated", "refused", NULL};

static const clx_table_kind *const KINDS[] = {&clx_table_training, &clx_table_kernels, &clx_table_collectives,
                                              &clx_table_energy,   &clx_table_serving, &clx_table_requests};

const char *clx_table_kind_name(int32_t index) {
  return index >= 0 && index < CLX_COUNT(KINDS) ? KINDS[index]->name : NULL;
}

clx_status clx_table_kind_find(const char *name, const clx_table_kind **kind, clx_error *error) {
  const char *names[CLX_COUNT(KINDS)];
  clx_buffer list = {0};
  for (int32_t i = 0; i < CLX_COUNT(KINDS); i++) {
    names[i] = KINDS[i]->name;
    clx_buffer_format(&list, "%s'%s'", i == 0 ? "" : ", ", names[i]);
    if (!clx_text_equal(name, names[i])) continue;
    clx_buffer_free(&list);
    *kind = KINDS[i];
    return CLX_OK;
  }
  const char *near = clx_nearest(name, names, CLX_COUNT(KINDS));
  const clx_status status = near != NULL
                                ? clx_fail_plain(error, CLX_INPUT, "no table kind '%s'; did you mean '%s'?", name, near)
                                : clx_fail_plain(error, CLX_INPUT, "no table kind '%s'; there are %s", name,
                                                 list.failed || list.data == NULL ? "others" : list.data);
  clx_buffer_free(&list);
  return status;
}

typedef clx_table_job job;

static clx_status tell(const job *j, int32_t row, clx_error *error) {
  const clx_table_options *o = j->options;
  if (o->progress == NULL || o->progress(o->context, "predicting", (double)row / j->table.row_count)) return CLX_OK;
  return clx_fail_plain(error, CLX_EXPECTATION, "stopped");
}

static clx_status job_run(job *j, const char *kind, const char *path, clx_error *error) {
  static const clx_table_options none = {0};
  if (j->options == NULL) j->options = &none;
  CLX_TRY(clx_table_kind_find(kind, &j->kind, error));
  CLX_TRY(clx_table_load(j->arena, path, &j->table, error));
  CLX_TRY(j->kind->open(j, error));
  if (j->table.row_count == 0)
    return clx_fail_plain(error, CLX_INPUT, "%s: the table has no rows below its header", path);
  j->row = CLX_NEW_ARRAY(j->arena, clx_prediction, j->table.row_count);
  if (j->row == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < j->table.row_count; i++) {
    CLX_TRY(tell(j, i, error));
    CLX_TRY(j->kind->predict(j, i, &j->row[i], error));
  }
  return CLX_OK;
}

// --- predict: the CSV ------------------------------------------------------------------------------------------------------

// A table that was predicted before: its predictions are written anew, not beside the new ones.
static bool is_written_by_us(const char *column) {
  static const char *const ours[] = {"status", "reason", "model_error"};
  for (int32_t i = 0; i < CLX_COUNT(ours); i++) {
    if (strcmp(column, ours[i]) == 0) return true;
  }
  return strncmp(column, "predicted_", 10) == 0;
}

static void write_row(const job *j, int32_t row, clx_buffer *out) {
  const clx_prediction *p = &j->row[row];
  for (int32_t c = 0; c < j->table.column_count; c++) {
    if (is_written_by_us(j->table.column[c])) continue;
    clx_table_write_cell(out, clx_table_cell(&j->table, row, c));
    clx_buffer_add(out, ",", 1);
  }
  for (int32_t m = 0; j->metric[m] != NULL; m++) {
    if (clx_prediction_missing(p, m) == NULL) clx_buffer_format(out, "%.9g", p->value[m]);
    clx_buffer_add(out, ",", 1);
  }
  clx_buffer_format(out, "%s,", clx_row_status_name[p->status]);
  clx_table_write_cell(out, p->reason);
  if (p->status == CLX_ROW_REFUSED) {
    clx_buffer_add(out, ",\n", 2);
  } else {
    const double error = p->error > 0 ? p->error : j->error;  // 0: not known, left blank
    clx_buffer_format(out, error > 0 ? ",%.4g\n" : ",\n", error);
  }
}

static void write_csv(const job *j, clx_buffer *out) {
  for (int32_t c = 0; c < j->table.column_count; c++) {
    if (is_written_by_us(j->table.column[c])) continue;
    clx_table_write_cell(out, j->table.column[c]);
    clx_buffer_add(out, ",", 1);
  }
  for (int32_t m = 0; j->metric[m] != NULL; m++) clx_buffer_format(out, "predicted_%s,", j->metric[m]);
  clx_buffer_format(out, "status,reason,model_error\n");
  for (int32_t i = 0; i < j->table.row_count; i++) write_row(j, i, out);
}

// --- validate: groups --------------------------------------------------------------------------------------------------------

static bool among(const char *values, const char *cell) {
  const size_t length = strlen(cell);
  for (const char *at = values; *at != '\0';) {
    const size_t span = strcspn(at, ",");
    if (span == length && strncmp(at, cell, span) == 0) return true;
    at += span + (at[span] == ',' ? 1 : 0);
  }
  return false;
}

static clx_status column_of(const job *j, const char *name, int32_t *column, clx_error *error) {
  *column = clx_table_column(&j->table, name);
  if (*column >= 0) return CLX_OK;
  const char *near = clx_nearest(name, j->table.column, j->table.column_count);
  if (near != NULL)
    return clx_fail_plain(error, CLX_INPUT, "the table has no column '%s'; did you mean '%s'?", name, near);
  return clx_fail_plain(error, CLX_INPUT, "the table has no column '%s'", name);
}

typedef struct groups {
  const char **name;  // sorted
  int32_t count;
  const char **of;  // of each row
  bool *chosen;     // rows that count at all
  bool *scratch;
  double *errors;
} groups;

static int compare_texts(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static clx_status groups_make(const job *j, groups *g, clx_error *error) {
  const size_t rows = (size_t)j->table.row_count;
  int32_t only = -1, by = -1;
  if (j->options->by != NULL) CLX_TRY(column_of(j, j->options->by, &by, error));
  if (j->options->only_column != NULL) CLX_TRY(column_of(j, j->options->only_column, &only, error));
  g->name = CLX_NEW_ARRAY(j->arena, const char *, rows);
  g->of = CLX_NEW_ARRAY(j->arena, const char *, rows);
  g->chosen = CLX_NEW_ARRAY(j->arena, bool, rows);
  g->scratch = CLX_NEW_ARRAY(j->arena, bool, rows);
  g->errors = CLX_NEW_ARRAY(j->arena, double, rows);
  if (!g->name || !g->of || !g->chosen || !g->scratch || !g->errors)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  int32_t chosen = 0;
  for (int32_t i = 0; i < j->table.row_count; i++) {
    g->chosen[i] = only < 0 || among(j->options->only_values, clx_table_cell(&j->table, i, only));
    g->of[i] = by >= 0 ? clx_table_cell(&j->table, i, by) : j->kind->group(j, i);
    if (g->of[i] == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    if (g->chosen[i]) g->name[chosen++] = g->of[i];
  }
  if (chosen == 0 && only >= 0) {
    return clx_fail_plain(error, CLX_INPUT, "no row has %s = %s", j->options->only_column, j->options->only_values);
  }
  qsort(g->name, (size_t)chosen, sizeof *g->name, compare_texts);
  for (int32_t i = 0; i < chosen; i++) {
    if (g->count == 0 || strcmp(g->name[g->count - 1], g->name[i]) != 0) g->name[g->count++] = g->name[i];
  }
  return CLX_OK;
}

static clx_figures figures_of(const job *j, const groups *g, int32_t metric, const char *group) {
  for (int32_t i = 0; i < j->table.row_count; i++) {
    g->scratch[i] = g->chosen[i] && (group == NULL || strcmp(g->of[i], group) == 0);
  }
  return clx_figures_make(j->row, j->table.row_count, metric, g->scratch, g->errors);
}

static clx_means means_of(const job *j, const groups *g, int32_t metric, const char *group) {
  for (int32_t i = 0; i < j->table.row_count; i++) {
    g->scratch[i] = g->chosen[i] && (group == NULL || strcmp(g->of[i], group) == 0);
  }
  return clx_means_make(j, metric, g->scratch);
}

// --- validate: text ----------------------------------------------------------------------------------------------------------

// The width of the column of names: what the longest needs, within reason.
static int name_width(const groups *g) {
  enum { LEAST = 28, MOST = 72 };
  size_t width = LEAST;
  for (int32_t i = 0; i < g->count; i++) {
    const size_t length = strlen(g->name[i]);
    if (length > width) width = length < MOST ? length : MOST;
  }
  return (int)width;
}

static void write_line(const char *name, int width, const clx_figures *f, clx_buffer *out) {
  clx_buffer_format(out, "%-*s %6d %6d %6d %6d", width, name[0] != '\0' ? name : "(blank)", f->rows, f->predicted,
                    f->extrapolated, f->refused);
  if (f->predicted == 0) {
    clx_buffer_format(out, "\n");
    return;
  }
  clx_buffer_format(out, " %+7.1f %7.1f %7.1f %7.1f %7.1f\n", 100 * f->bias, 100 * f->mean, 100 * f->median,
                    100 * f->p90, 100 * f->max);
}

typedef struct refusal {
  const char *reason;
  int32_t rows;
} refusal;

static int compare_reasons(const void *a, const void *b) {
  return strcmp(((const refusal *)a)->reason, ((const refusal *)b)->reason);
}

static int compare_refusals(const void *a, const void *b) {
  const refusal *x = a, *y = b;
  return x->rows != y->rows ? (x->rows < y->rows) - (x->rows > y->rows) : strcmp(x->reason, y->reason);
}

// Refusals by reason, most frequent first.
static void write_refusals(const job *j, const groups *g, int32_t metric, clx_buffer *out) {
  enum { SHOWN_MAX = 20 };
  refusal *list = CLX_NEW_ARRAY(j->arena, refusal, j->table.row_count + 1);
  int32_t rows = 0, kinds = 0;
  if (list == NULL) {
    out->failed = true;
    return;
  }
  for (int32_t i = 0; i < j->table.row_count; i++) {
    const char *missing = clx_prediction_missing(&j->row[i], metric);
    if (g->chosen[i] && missing != NULL && j->row[i].measured[metric] > 0) list[rows++] = (refusal){missing, 1};
  }
  qsort(list, (size_t)rows, sizeof *list, compare_reasons);
  for (int32_t i = 0; i < rows; i++) {
    if (kinds > 0 && strcmp(list[kinds - 1].reason, list[i].reason) == 0) {
      list[kinds - 1].rows++;
    } else {
      list[kinds++] = list[i];
    }
  }
  qsort(list, (size_t)kinds, sizeof *list, compare_refusals);
  for (int32_t i = 0; i < kinds && i < SHOWN_MAX; i++)
    clx_buffer_format(out, "%s  %4d  %s\n", i == 0 ? "refused:\n" : "", list[i].rows, list[i].reason);
  if (kinds > SHOWN_MAX) clx_buffer_format(out, "  and %d other reasons\n", kinds - SHOWN_MAX);
}

static void write_floors(const job *j, const groups *g, int32_t metric, clx_buffer *out) {
  clx_floor floors[CLX_FLOORS_MAX];
  const int32_t count = j->kind->floor == NULL ? 0 : j->kind->floor(j, metric, g->chosen, floors);
  for (int32_t i = 0; i < count; i++)
    clx_buffer_format(
        out,
        "noise floor: %s, %d equal measurements of several sources differ by %.1f %% (median), %.1f %% (90th "
        "percentile)\n",
        floors[i].name, floors[i].groups, 100 * floors[i].median, 100 * floors[i].p90);
}

static void write_means(const job *j, const groups *g, int32_t metric, int width, clx_buffer *out) {
  if (!j->kind->means) return;
  clx_means_head(j, width, out);
  for (int32_t i = 0; i < g->count; i++) {
    const clx_means m = means_of(j, g, metric, g->name[i]);
    clx_means_line(g->name[i], width, &m, out);
  }
}

static void write_text(const job *j, const groups *g, const clx_peers *peers, clx_buffer *out) {
  const int width = name_width(g);
  for (int32_t m = 0; j->metric[m] != NULL; m++) {
    clx_buffer_format(out, "%s of %s (errors in %% of the measured value)\n", j->metric[m], j->table.file);
    clx_buffer_format(out, "%-*s %6s %6s %6s %6s %7s %7s %7s %7s %7s\n", width, "group", "rows", "pred.", "extra",
                      "refus.", "bias", "mean", "median", "p90", "max");
    for (int32_t i = 0; i < g->count; i++) {
      const clx_figures f = figures_of(j, g, m, g->name[i]);
      if (f.rows > 0) write_line(g->name[i], width, &f, out);
    }
    const clx_figures all = figures_of(j, g, m, NULL);
    write_line("all", width, &all, out);
    clx_buffer_format(out, "mean with refused rows counted as 100 %%: %.1f %%\n", 100 * all.mean_refused_as_1);
    const clx_noise noise = clx_noise_make(j, m, g->chosen);
    if (noise.groups > 0) {
      clx_buffer_format(out,
                        "noise floor: %d groups of rows equal in all inputs still differ by %.1f %% (median), %.1f %% "
                        "(90th percentile)\n",
                        noise.groups, 100 * noise.median, 100 * noise.p90);
    }
    write_means(j, g, m, width, out);
    write_floors(j, g, m, out);
    if (j->kind->noise != NULL) {
      const double neighbours = j->kind->noise(j, m, g->chosen);
      if (neighbours > 0)
        clx_buffer_format(out, "noise floor: neighbouring shapes differ from their trend by %.1f %% (mean)\n",
                          100 * neighbours);
    }
    clx_buffer_format(out, "no proof: %s\n", j->kind->fitted);
    write_refusals(j, g, m, out);
  }
  clx_peers_text(peers, out);
}

// --- validate: JSON -----------------------------------------------------------------------------------------------------------

static void set_figures(json_t *object, const clx_figures *f) {
  json_object_set_new(object, "rows", json_integer(f->rows));
  json_object_set_new(object, "predicted", json_integer(f->predicted));
  json_object_set_new(object, "extrapolated", json_integer(f->extrapolated));
  json_object_set_new(object, "refused", json_integer(f->refused));
  json_object_set_new(object, "bias", json_real(f->bias));
  json_object_set_new(object, "mean_abs_rel_error", json_real(f->mean));
  json_object_set_new(object, "median_abs_rel_error", json_real(f->median));
  json_object_set_new(object, "p90_abs_rel_error", json_real(f->p90));
  json_object_set_new(object, "max_abs_rel_error", json_real(f->max));
  json_object_set_new(object, "mean_abs_rel_error_refused_as_1", json_real(f->mean_refused_as_1));
}

static void set_reasons(const job *j, const groups *g, int32_t metric, json_t *object) {
  json_t *reasons = json_object();
  for (int32_t i = 0; i < j->table.row_count; i++) {
    const clx_prediction *p = &j->row[i];
    const char *missing = clx_prediction_missing(p, metric);
    if (!g->chosen[i] || missing == NULL || p->measured[metric] <= 0) continue;
    const json_t *old = json_object_get(reasons, missing);
    json_object_set_new(reasons, missing, json_integer(json_integer_value(old) + 1));
  }
  json_object_set_new(object, "refused_reasons", reasons);
}

static void set_floors(const job *j, const groups *g, int32_t metric, json_t *object) {
  clx_floor floors[CLX_FLOORS_MAX];
  if (j->kind->floor == NULL) return;
  const int32_t count = j->kind->floor(j, metric, g->chosen, floors);
  json_t *list = json_array();
  for (int32_t i = 0; i < count; i++)
    json_array_append_new(list, json_pack("{s:s,s:i,s:f,s:f}", "name", floors[i].name, "groups", floors[i].groups,
                                          "median_spread", floors[i].median, "p90_spread", floors[i].p90));
  json_object_set_new(object, "source_floor", list);
}

static json_t *metric_json(const job *j, const groups *g, int32_t metric) {
  json_t *object = json_object(), *list = json_array();
  const clx_figures all = figures_of(j, g, metric, NULL);
  const clx_noise noise = clx_noise_make(j, metric, g->chosen);
  set_figures(object, &all);
  set_reasons(j, g, metric, object);
  json_object_set_new(object, "noise_floor",
                      json_pack("{s:i,s:i,s:f,s:f}", "groups", noise.groups, "rows", noise.rows, "median_spread",
                                noise.median, "p90_spread", noise.p90));
  set_floors(j, g, metric, object);
  json_object_set_new(object, "no_proof", json_string(j->kind->fitted));
  if (j->kind->noise != NULL)
    json_object_set_new(object, "neighbour_noise", json_real(j->kind->noise(j, metric, g->chosen)));
  for (int32_t i = 0; i < g->count; i++) {
    const clx_figures f = figures_of(j, g, metric, g->name[i]);
    if (f.rows == 0) continue;
    json_t *group = json_object();
    json_object_set_new(group, "name", json_string(g->name[i]));
    set_figures(group, &f);
    const clx_means means = means_of(j, g, metric, g->name[i]);
    if (j->kind->means) clx_means_json(&means, group);
    json_array_append_new(list, group);
  }
  json_object_set_new(object, "groups", list);
  return object;
}

static void write_json(const job *j, const groups *g, const clx_peers *peers, clx_buffer *out) {
  json_t *root = json_object(), *metrics = json_object();
  json_object_set_new(root, "kind", json_string(j->kind->name));
  json_object_set_new(root, "file", json_string(j->table.file));
  int32_t count = 0;
  for (; j->metric[count] != NULL; count++) {
    json_object_set_new(metrics, j->metric[count], metric_json(j, g, count));
  }
  json_object_set_new(root, "metrics", metrics);
  if (peers->count > 0) json_object_set_new(root, "peers", clx_peers_json(peers));
  if (count == 1) json_object_update_missing(root, json_object_get(metrics, j->metric[0]));
  char *text = json_dumps(root, JSON_INDENT(2));
  json_decref(root);
  out->failed = out->failed || text == NULL;
  if (text != NULL) clx_buffer_format(out, "%s\n", text);
  free(text);
}

// --- the public functions -------------------------------------------------------------------------------------------------

static clx_status finish(job *j, clx_status status, clx_buffer *out, char **text, clx_error *error) {
  clx_arena_free(j->arena);
  if (status == CLX_OK && out->failed) status = clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (status == CLX_OK) {
    *text = out->data;
  } else {
    clx_buffer_free(out);
  }
  return status;
}

clx_status clx_table_predict(const clx_catalog *catalog, const char *kind, const char *path,
                             const clx_table_options *options, char **text, clx_error *error) {
  job j = {.arena = clx_arena_new(), .catalog = catalog, .options = options};
  clx_buffer out = {0};
  *text = NULL;
  if (j.arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status status = job_run(&j, kind, path, error);
  if (status == CLX_OK) write_csv(&j, &out);
  return finish(&j, status, &out, text, error);
}

clx_status clx_table_validate(const clx_catalog *catalog, const char *kind, const char *path,
                              const clx_table_options *options, bool json, char **text, clx_error *error) {
  job j = {.arena = clx_arena_new(), .catalog = catalog, .options = options};
  clx_buffer out = {0};
  groups g = {0};
  *text = NULL;
  if (j.arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_status status = job_run(&j, kind, path, error);
  for (int32_t i = 0; status == CLX_OK && i < j.table.row_count; i++) j.kind->measure(&j, i, &j.row[i]);
  if (status == CLX_OK) status = groups_make(&j, &g, error);
  clx_peers peers = {0};
  if (status == CLX_OK) status = clx_peers_make(&j, g.chosen, &peers, error);
  if (status == CLX_OK) status = clx_peers_add_columns(&j, g.chosen, g.of, g.name, g.count, &peers, error);
  if (status == CLX_OK) (json ? write_json : write_text)(&j, &g, &peers, &out);
  return finish(&j, status, &out, text, error);
}
