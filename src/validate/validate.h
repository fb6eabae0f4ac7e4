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
  double value[CLX_METRICS_MAX];     // in the unit of the metric's column; 0 = no prediction of this metric
  double measured[CLX_METRICS_MAX];  // NaN-free; 0 = not measured
  double error;                      // validation error of the model used, a fraction; 0 = the kind's
  clx_row_status status;
  char reason[CLX_REASON_MAX];  // why refused or extrapolated; what was assumed
} clx_prediction;

// Why there is no prediction of a metric, or NULL: its row is refused, or the models do not know this quantity.
const char *clx_prediction_missing(const clx_prediction *prediction, int32_t metric);

// A table being predicted.
typedef struct clx_table_job {
  clx_arena *arena;
  const clx_catalog *catalog;
  const struct clx_table_kind *kind;
  const clx_table_options *options;  // never NULL
  clx_table table;
  const char *metric[CLX_METRICS_MAX + 1];  // NULL-terminated column names: those of the kind's that this table has
  const char *const *inputs;  // columns that are inputs: rows equal in all of them are repetitions. NULL-terminated
  clx_prediction *row;
  double error;  // validation error of the model, where the row does not know better
  void *state;   // the kind's own
} clx_table_job;

// One kind of table.
typedef struct clx_table_kind {
  const char *name;  // "training"
  // Demands the columns, fills metric, inputs, error and state.
  clx_status (*open)(clx_table_job *job, clx_error *error);
  clx_status (*predict)(const clx_table_job *job, int32_t row, clx_prediction *prediction, clx_error *error);
  void (*measure)(const clx_table_job *job, int32_t row, clx_prediction *prediction);
  // The group of a row when the user names no column. NULL: out of memory.
  const char *(*group)(const clx_table_job *job, int32_t row);
  // Nullable: noise of the measurements as a fraction, from neighbouring rows; 0 = not known.
  double (*noise)(const clx_table_job *job, int32_t metric, const bool *selected);
} clx_table_kind;

extern const clx_table_kind clx_table_training, clx_table_kernels;

// By name; unknown: CLX_INPUT with the nearest.
clx_status clx_table_kind_find(const char *name, const clx_table_kind **kind, clx_error *error);

// Error figures of one metric over a set of rows; errors are fractions of the measured value.
typedef struct clx_figures {
  int32_t rows, predicted, extrapolated, refused;  // of the rows with a measurement; refused: all without a prediction
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

clx_noise clx_noise_make(const clx_table_job *job, int32_t metric, const bool *selected);
