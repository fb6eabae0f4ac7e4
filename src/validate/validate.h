// validate: tables of published measurements, predicted row by row on the path that `run` takes, and their error figures.
// The contract of the columns is docs/tables.md.
#pragma once

#include "base/base.h"
#include "catalog/catalog.h"
#include "table/table.h"

typedef enum clx_row_status { CLX_ROW_OK, CLX_ROW_EXTRAPOLATED, CLX_ROW_REFUSED } clx_row_status;

extern const char *const clx_row_status_name[];

enum { CLX_METRICS_MAX = 4, CLX_REASON_MAX = 320 };

// What a model says of one row.
typedef struct clx_prediction {
  double value[CLX_METRICS_MAX];     // in the unit of the metric's column
  double measured[CLX_METRICS_MAX];  // NaN-free; 0 = not measured
  clx_row_status status;
  char reason[CLX_REASON_MAX];  // why refused or extrapolated; what was assumed
} clx_prediction;

// One kind of table.
typedef struct clx_table_kind {
  const char *name;                         // "training"
  const char *metric[CLX_METRICS_MAX + 1];  // NULL-terminated column names
  const char *accuracy;                     // entry of catalogue/accuracy
  // Columns that are inputs: rows equal in all of them are repetitions, whose spread is the noise floor. NULL-terminated.
  const char *const *inputs;
  clx_status (*check)(const clx_table *table, clx_error *error);  // demands the columns
  clx_status (*predict)(const clx_catalog *catalog, const clx_table *table, int32_t row, clx_prediction *prediction,
                        clx_error *error);
  void (*measure)(const clx_table *table, int32_t row, clx_prediction *prediction);
} clx_table_kind;

extern const clx_table_kind clx_table_training;

// By name; unknown: CLX_INPUT with the nearest.
clx_status clx_table_kind_find(const char *name, const clx_table_kind **kind, clx_error *error);

// Error figures of one metric over a set of rows; errors are fractions of the measured value.
typedef struct clx_figures {
  int32_t rows, predicted, extrapolated, refused;  // of the rows with a measurement
  double bias, mean, median, p90, max;
  double mean_refused_as_1;
} clx_figures;

// `selected` (nullable): only rows with selected[i]. scratch holds table->row_count doubles.
clx_figures clx_figures_make(const clx_prediction *predictions, int32_t count, int32_t metric, const bool *selected,
                             double *scratch);

// Spread (max/min - 1) of repetitions: groups of selected rows (nullable: all) that are equal in all inputs.
typedef struct clx_noise {
  int32_t groups, rows;
  double median, p90;
} clx_noise;

clx_noise clx_noise_make(const clx_table *table, const clx_table_kind *kind, const clx_prediction *predictions,
                         int32_t metric, const bool *selected, clx_arena *arena);
