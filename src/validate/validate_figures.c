#include <math.h>
#include <stdlib.h>

#include "validate/validate.h"

static int compare_doubles(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

// Nearest rank: the smallest value with at least `share` of the values at or below it.
static double rank(const double *sorted, int32_t count, double share) {
  if (count == 0) return 0;
  int32_t index = (int32_t)ceil(share * count) - 1;
  if (index < 0) index = 0;
  return sorted[index];
}

static double median_of(const double *sorted, int32_t count) {
  if (count == 0) return 0;
  return count % 2 == 1 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

const char *clx_prediction_missing(const clx_prediction *prediction, int32_t metric) {
  if (prediction->status == CLX_ROW_REFUSED) return prediction->reason;
  return prediction->value[metric] > 0 ? NULL : "no model of this quantity for the family or the device";
}

clx_figures clx_figures_make(const clx_prediction *predictions, int32_t count, int32_t metric, const bool *selected,
                             double *scratch) {
  clx_figures f = {0};
  double signed_sum = 0, absolute_sum = 0;
  for (int32_t i = 0; i < count; i++) {
    const clx_prediction *p = &predictions[i];
    if ((selected != NULL && !selected[i]) || p->measured[metric] <= 0) continue;
    f.rows++;
    if (clx_prediction_missing(p, metric) != NULL) {
      f.refused++;
      continue;
    }
    if (p->status == CLX_ROW_EXTRAPOLATED) f.extrapolated++;
    const double error = p->value[metric] / p->measured[metric] - 1;
    scratch[f.predicted++] = fabs(error);
    signed_sum += error;
    absolute_sum += fabs(error);
  }
  qsort(scratch, (size_t)f.predicted, sizeof *scratch, compare_doubles);
  if (f.predicted > 0) {
    f.bias = signed_sum / f.predicted;
    f.mean = absolute_sum / f.predicted;
    f.median = median_of(scratch, f.predicted);
    f.p90 = rank(scratch, f.predicted, 0.9);
    f.max = scratch[f.predicted - 1];
  }
  if (f.rows > 0) f.mean_refused_as_1 = (absolute_sum + f.refused) / f.rows;
  return f;
}

// --- repetitions ---------------------------------------------------------------------------------------------------------

typedef struct repetition {
  const clx_table *table;
  const int32_t *columns;
  int32_t column_count, row;
  double measured;
} repetition;

static int compare_repetitions(const void *a, const void *b) {
  const repetition *x = a, *y = b;
  for (int32_t i = 0; i < x->column_count; i++) {
    const char *s = clx_table_cell(x->table, x->row, x->columns[i]),
               *t = clx_table_cell(y->table, y->row, y->columns[i]);
    for (; *s != '\0' && *s == *t; s++, t++) continue;
    if (*s != *t) return (unsigned char)*s < (unsigned char)*t ? -1 : 1;
  }
  return 0;
}

static int32_t collect(const clx_table *table, const clx_prediction *predictions, int32_t metric, const bool *selected,
                       const int32_t *columns, int32_t column_count, repetition *out) {
  int32_t count = 0;
  for (int32_t row = 0; row < table->row_count; row++) {
    if ((selected != NULL && !selected[row]) || predictions[row].measured[metric] <= 0) continue;
    if (predictions[row].senseless) continue;
    out[count++] = (repetition){table, columns, column_count, row, predictions[row].measured[metric]};
  }
  qsort(out, (size_t)count, sizeof *out, compare_repetitions);
  return count;
}

clx_noise clx_noise_make(const clx_table_job *job, int32_t metric, const bool *selected) {
  const clx_table *table = &job->table;
  clx_noise noise = {0};
  int32_t column_count = 0;
  while (job->inputs[column_count] != NULL) column_count++;
  int32_t *columns = CLX_NEW_ARRAY(job->arena, int32_t, column_count);
  repetition *rows = CLX_NEW_ARRAY(job->arena, repetition, table->row_count);
  double *spread = CLX_NEW_ARRAY(job->arena, double, table->row_count);
  if (columns == NULL || rows == NULL || spread == NULL) return noise;
  for (int32_t i = 0; i < column_count; i++) columns[i] = clx_table_column(table, job->inputs[i]);
  const int32_t count = collect(table, job->row, metric, selected, columns, column_count, rows);
  for (int32_t first = 0, next; first < count; first = next) {
    double least = rows[first].measured, most = least;
    for (next = first + 1; next < count && compare_repetitions(&rows[first], &rows[next]) == 0; next++) {
      least = fmin(least, rows[next].measured);
      most = fmax(most, rows[next].measured);
    }
    if (next - first < 2) continue;
    spread[noise.groups++] = most / least - 1;
    noise.rows += next - first;
  }
  qsort(spread, (size_t)noise.groups, sizeof *spread, compare_doubles);
  noise.median = median_of(spread, noise.groups);
  noise.p90 = rank(spread, noise.groups, 0.9);
  return noise;
}
