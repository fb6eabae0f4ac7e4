// What other programs say of the same rows: a table with the columns peer, id and, in the metric's own unit, predicted_s; case
// and rejected are heeded where they are there.
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "validate/validate_internal.h"

typedef struct line {
  const char *peer, *what;  // what: the case
  int32_t row;              // of the table of measurements, -1 = not there or not selected
  double error;             // of the peer; NAN = rejected
} line;

static int32_t row_of(const clx_table *table, int32_t column, const char *id) {
  for (int32_t i = 0; i < table->row_count; i++) {
    if (strcmp(clx_table_cell(table, i, column), id) == 0) return i;
  }
  return -1;
}

static int compare_lines(const void *a, const void *b) {
  const line *x = a, *y = b;
  const int by_peer = strcmp(x->peer, y->peer);
  return by_peer != 0 ? by_peer : strcmp(x->what, y->what);
}

static int compare_numbers(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

// Mean and median of |error|.
static void sum_up(double *error, int32_t count, double *mean, double *median) {
  qsort(error, (size_t)count, sizeof *error, compare_numbers);
  *mean = 0;
  for (int32_t i = 0; i < count; i++) *mean += error[i] / count;
  *median = count > 0 ? (error[(count - 1) / 2] + error[count / 2]) / 2 : 0;
}

static clx_status read_lines(const clx_table_job *job, const bool *chosen, const clx_table *peers, line *list,
                             int32_t *count, clx_error *error) {
  const int32_t id = clx_table_column(&job->table, "id"), peer = clx_table_column(peers, "peer");
  const int32_t peer_id = clx_table_column(peers, "id"), value = clx_table_column(peers, "predicted_s");
  const int32_t what = clx_table_column(peers, "case");
  if (id < 0 || peer < 0 || peer_id < 0 || value < 0) {
    return clx_fail_plain(error, CLX_INPUT,
                          "%s: peers need the columns peer, id and predicted_s, and the table itself id", peers->file);
  }
  *count = 0;
  for (int32_t i = 0; i < peers->row_count; i++) {
    const int32_t row = row_of(&job->table, id, clx_table_cell(peers, i, peer_id));
    if (row < 0 || !chosen[row] || job->row[row].measured[0] <= 0) continue;
    double predicted = 0;
    const bool answered = clx_table_number(peers, i, value, &predicted) && predicted > 0;
    list[(*count)++] = (line){.peer = clx_table_cell(peers, i, peer),
                              .what = what >= 0 ? clx_table_cell(peers, i, what) : "",
                              .row = row,
                              .error = answered ? fabs(predicted / job->row[row].measured[0] - 1) : NAN};
  }
  qsort(list, (size_t)*count, sizeof *list, compare_lines);
  return CLX_OK;
}

// One case of one peer: lines [first, last).
static clx_peer_figures figures_of(const clx_table_job *job, const line *list, int32_t first, int32_t last,
                                   double *scratch) {
  clx_peer_figures f = {.peer = list[first].peer, .what = list[first].what, .rows = last - first};
  int32_t count = 0;
  for (int32_t i = first; i < last; i++) {
    if (isnan(list[i].error)) {
      f.rejected++;
    } else {
      scratch[count++] = list[i].error;
    }
  }
  sum_up(scratch, count, &f.mean, &f.median);
  count = 0;
  for (int32_t i = first; i < last; i++) {
    const clx_prediction *p = &job->row[list[i].row];
    if (isnan(list[i].error) || clx_prediction_missing(p, 0) != NULL) continue;
    scratch[count++] = fabs(p->value[0] / p->measured[0] - 1);
  }
  f.both = count;
  sum_up(scratch, count, &f.own_mean, &f.own_median);
  return f;
}

clx_status clx_peers_make(const clx_table_job *job, const bool *chosen, clx_peers *peers, clx_error *error) {
  *peers = (clx_peers){0};
  if (job->options->peers == NULL) return CLX_OK;
  clx_table table;
  CLX_TRY(clx_table_load(job->arena, job->options->peers, &table, error));
  line *list = CLX_NEW_ARRAY(job->arena, line, table.row_count + 1);
  double *scratch = CLX_NEW_ARRAY(job->arena, double, table.row_count + 1);
  peers->figures = CLX_NEW_ARRAY(job->arena, clx_peer_figures, table.row_count + 1);
  if (list == NULL || scratch == NULL || peers->figures == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  int32_t count = 0;
  CLX_TRY(read_lines(job, chosen, &table, list, &count, error));
  if (count == 0) return clx_fail_plain(error, CLX_INPUT, "%s: no id of a row that was measured", table.file);
  for (int32_t first = 0, last = 0; first < count; first = last) {
    while (last < count && compare_lines(&list[first], &list[last]) == 0) last++;
    peers->figures[peers->count++] = figures_of(job, list, first, last, scratch);
  }
  return CLX_OK;
}

// One metric in one group (NULL: all).
static clx_peer_figures column_figures(const clx_table_job *job, int32_t metric, int32_t column, const bool *chosen,
                                       const char *const *of, const char *group, double *scratch) {
  clx_peer_figures f = {.peer = job->kind->peer};
  double *own = scratch + job->table.row_count;
  int32_t count = 0;
  for (int32_t i = 0; i < job->table.row_count; i++) {
    const clx_prediction *p = &job->row[i];
    if (!chosen[i] || (group != NULL && strcmp(of[i], group) != 0) || p->measured[metric] <= 0) continue;
    f.rows++;
    double predicted = 0;
    if (!clx_table_number(&job->table, i, column, &predicted) || predicted <= 0) {
      f.rejected++;
      continue;
    }
    scratch[count++] = fabs(predicted / p->measured[metric] - 1);
    if (clx_prediction_missing(p, metric) == NULL) own[f.both++] = fabs(p->value[metric] / p->measured[metric] - 1);
  }
  sum_up(scratch, count, &f.mean, &f.median);
  sum_up(own, f.both, &f.own_mean, &f.own_median);
  return f;
}

clx_status clx_peers_add_columns(const clx_table_job *job, const bool *chosen, const char *const *of,
                                 const char *const *name, int32_t names, clx_peers *peers, clx_error *error) {
  if (job->kind->peer == NULL) return CLX_OK;
  int32_t metrics = 0;
  while (job->kind->peer_column[metrics] != NULL) metrics++;
  clx_peer_figures *list = CLX_NEW_ARRAY(job->arena, clx_peer_figures, peers->count + metrics * (names + 1));
  double *scratch = CLX_NEW_ARRAY(job->arena, double, 2 * (int64_t)job->table.row_count);
  if (list == NULL || scratch == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < peers->count; i++) list[i] = peers->figures[i];
  peers->figures = list;
  for (int32_t m = 0; m < metrics; m++) {
    const int32_t column = clx_table_column(&job->table, job->kind->peer_column[m]);
    for (int32_t i = 0; column >= 0 && i <= names; i++) {
      const char *group = i < names ? name[i] : NULL;
      clx_peer_figures f = column_figures(job, m, column, chosen, of, group, scratch);
      if (f.rows == f.rejected) continue;
      f.what = clx_arena_format(job->arena, "%s %s", job->metric[m], group != NULL ? group : "all");
      if (f.what == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
      list[peers->count++] = f;
    }
  }
  return CLX_OK;
}

void clx_peers_text(const clx_peers *peers, clx_buffer *out) {
  if (peers->count == 0) return;
  clx_buffer_format(out,
                    "peers on the same rows (mean and median |error| in %%)\n%-24s %-44s %5s %5s %7s %7s %7s %7s\n",
                    "peer", "case", "rows", "rej.", "mean", "median", "ours", "median");
  for (int32_t i = 0; i < peers->count; i++) {
    const clx_peer_figures *f = &peers->figures[i];
    clx_buffer_format(out, "%-24s %-44s %5d %5d %7.1f %7.1f", f->peer, f->what, f->rows, f->rejected, 100 * f->mean,
                      100 * f->median);
    if (f->both > 0) {
      clx_buffer_format(out, " %7.1f %7.1f\n", 100 * f->own_mean, 100 * f->own_median);
    } else {
      clx_buffer_format(out, " refused\n");
    }
  }
}

json_t *clx_peers_json(const clx_peers *peers) {
  json_t *list = json_array();
  for (int32_t i = 0; i < peers->count; i++) {
    const clx_peer_figures *f = &peers->figures[i];
    json_array_append_new(
        list, json_pack("{s:s,s:s,s:i,s:i,s:f,s:f,s:i,s:f,s:f}", "peer", f->peer, "case", f->what, "rows", f->rows,
                        "rejected", f->rejected, "mean_abs_rel_error", f->mean, "median_abs_rel_error", f->median,
                        "rows_of_both", f->both, "own_mean_abs_rel_error", f->own_mean, "own_median_abs_rel_error",
                        f->own_median));
  }
  return list;
}
