// How noisy measurements are: rows that differ a little in one column only should be predicted with the same error.
#include <math.h>
#include <stdlib.h>

#include "calibrate/calibrate.h"

static const double NEAR =
    1.13;  // largest ratio of the one column that differs; the tables have m and m + 1, 4096 and 4352

typedef struct order {
  const clx_kernel_rows *rows;
  int32_t last;  // the column that may differ: compared last
} order;

typedef struct entry {
  const order *by;
  int32_t row;
} entry;

static int compare_except(const order *by, int32_t a, int32_t b) {
  const clx_kernel_rows *rows = by->rows;
  if (rows->format[a] != rows->format[b]) return rows->format[a] < rows->format[b] ? -1 : 1;
  const double *x = clx_kernel_rows_shape(rows, a), *y = clx_kernel_rows_shape(rows, b);
  for (int32_t c = 0; c < rows->family->column_count; c++) {
    if (c != by->last && x[c] != y[c]) return x[c] < y[c] ? -1 : 1;
  }
  return 0;
}

static int compare(const void *a, const void *b) {
  const entry *x = a, *y = b;
  const int rest = compare_except(x->by, x->row, y->row);
  if (rest != 0) return rest;
  const double u = clx_kernel_rows_shape(x->by->rows, x->row)[x->by->last];
  const double v = clx_kernel_rows_shape(x->by->rows, y->row)[x->by->last];
  if (u != v) return u < v ? -1 : 1;
  return x->row < y->row ? -1 : x->row > y->row;
}

double clx_kernel_noise(clx_arena *arena, const clx_kernel_rows *rows, const int32_t *chosen, int32_t count,
                        const double *ratio, int32_t class_index) {
  entry *entries = CLX_NEW_ARRAY(arena, entry, count + 1);
  if (entries == NULL) return 0;
  double sum = 0;
  int32_t pairs = 0;
  for (int32_t c = 0; c < rows->family->column_count; c++) {
    const clx_kernel_column *column = &rows->family->columns[c];
    if (column->fold || column->choices != NULL || column->exponent) continue;
    const order by = {rows, c};
    int32_t n = 0;
    for (int32_t i = 0; i < count; i++) {
      if (class_index < 0 || rows->class_index[chosen[i]] == class_index) entries[n++] = (entry){&by, chosen[i]};
    }
    qsort(entries, (size_t)n, sizeof *entries, compare);
    for (int32_t i = 0; i + 1 < n; i++) {
      const int32_t a = entries[i].row, b = entries[i + 1].row;
      const double u = clx_kernel_rows_shape(rows, a)[c], v = clx_kernel_rows_shape(rows, b)[c];
      if (compare_except(&by, a, b) != 0 || v > u * NEAR) continue;
      sum += fabs(log(ratio[a] / ratio[b]));
      pairs++;
    }
  }
  return pairs == 0 ? 0 : sum / pairs / sqrt(2);  // the difference of two errors is sqrt 2 times as wide as one
}
