// How noisy measurements are: rows that differ a little in one column only should be predicted with the same error.
#include <math.h>
#include <stdlib.h>

#include "calibrate/calibrate.h"

// Largest ratio of the one column that differs: of a pair (m and m + 1, 4096 and 4352), and of the steps of a grid by powers
// of two, where the trend over three points is taken out.
static const double NEAR = 1.13;
static const double STEP = 2.01;

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

// Differences of log residuals: of pairs that are near, and of the middle of three from the line through its neighbours.
typedef struct differences {
  double pair_sum, triple_sum;
  int32_t pairs, triples;
} differences;

static double column_value(const order *by, const entry *e) {
  return clx_kernel_rows_shape(by->rows, e->row)[by->last];
}

static void add_pair(const order *by, const entry *e, const double *ratio, differences *d) {
  if (compare_except(by, e[0].row, e[1].row) != 0 || column_value(by, &e[1]) > column_value(by, &e[0]) * NEAR) return;
  d->pair_sum += fabs(log(ratio[e[0].row] / ratio[e[1].row]));
  d->pairs++;
}

static void add_triple(const order *by, const entry *e, const double *ratio, differences *d) {
  if (compare_except(by, e[0].row, e[2].row) != 0) return;
  const double x0 = column_value(by, &e[0]), x1 = column_value(by, &e[1]), x2 = column_value(by, &e[2]);
  if (x0 <= 0 || x1 <= x0 || x2 <= x1 || x1 > x0 * STEP || x2 > x1 * STEP) return;
  const double along = log(x1 / x0) / log(x2 / x0);
  d->triple_sum += fabs(log(ratio[e[1].row]) - (1 - along) * log(ratio[e[0].row]) - along * log(ratio[e[2].row]));
  d->triples++;
}

double clx_kernel_noise(clx_arena *arena, const clx_kernel_rows *rows, const int32_t *chosen, int32_t count,
                        const double *ratio, int32_t class_index) {
  static const int32_t ENOUGH = 30;
  entry *entries = CLX_NEW_ARRAY(arena, entry, count + 1);
  if (entries == NULL) return 0;
  differences d = {0};
  for (int32_t c = 0; c < rows->family->column_count; c++) {
    const clx_kernel_column *column = &rows->family->columns[c];
    if (column->fold || column->choices != NULL || column->exponent) continue;
    const order by = {rows, c};
    int32_t n = 0;
    for (int32_t i = 0; i < count; i++) {
      if (class_index < 0 || rows->class_index[chosen[i]] == class_index) entries[n++] = (entry){&by, chosen[i]};
    }
    qsort(entries, (size_t)n, sizeof *entries, compare);
    for (int32_t i = 0; i + 1 < n; i++) add_pair(&by, &entries[i], ratio, &d);
    for (int32_t i = 0; i + 2 < n; i++) add_triple(&by, &entries[i], ratio, &d);
  }
  // The difference of two errors is sqrt 2 times as wide as one, that of one and the mean of two sqrt 1.5 times.
  if (d.pairs >= ENOUGH) return d.pair_sum / d.pairs / sqrt(2);
  return d.triples == 0 ? 0 : d.triple_sum / d.triples / sqrt(1.5);
}
