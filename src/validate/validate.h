// validate: tables of published measurements, predicted row by row on the path that `run` takes, and their error figures.
// The contract of the columns is docs/tables.md.
#pragma once

#include "base/base.h"
#include "catalog/catalog.h"
#include "network/network.h"
#include "table/table.h"
#include "training/training.h"

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
  bool senseless;  // a measurement is there that cannot be right: its row counts as refused, its value nowhere
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

// How far measurements of one thing disagree, in one class of rows: largest / smallest - 1 over sources.
typedef struct clx_floor {
  const char *name;  // of the class
  int32_t groups;    // things that at least two sources measured
  double median, p90;
} clx_floor;

enum { CLX_FLOORS_MAX = 4 };

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
  // Nullable: how far sources disagree about the selected rows, in classes; returns their number.
  int32_t (*floor)(const clx_table_job *job, int32_t metric, const bool *selected, clx_floor out[CLX_FLOORS_MAX]);
  bool means;                      // errors of the means over a group count, too
  const char *fitted;              // which published rows constants were fitted to: their errors are no proof
  const char *peer;                // nullable: another program whose answers are columns of the table
  const char *const *peer_column;  // one for each of the kind's metrics, NULL-terminated
} clx_table_kind;

extern const clx_table_kind clx_table_training, clx_table_kernels, clx_table_collectives, clx_table_energy,
    clx_table_requests, clx_table_serving;

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

// --- rows of training runs (validate_training.c) --------------------------------------------------------------------------------

typedef struct clx_training_row {
  const char *reason;  // why it cannot be predicted; NULL = usable
  clx_training job;    // recompute and offload settled; points into the arena
  double measured;     // s of one step; 0 = not measured
} clx_training_row;

// Reads all rows of a table; rows holds table->row_count. Fails on missing columns or out of memory only.
clx_status clx_training_rows_read(clx_arena *arena, const clx_catalog *catalog, const clx_table *table,
                                  clx_training_row *rows, clx_error *error);
// The source of a row: its id up to the first '-'. NULL: out of memory.
const char *clx_training_row_source(clx_arena *arena, const clx_table *table, int32_t row);

// --- rows of collectives (validate_collective_row.c) -----------------------------------------------------------------------

// One row as the network model takes it. Rows that cannot be predicted have a reason and nothing else.
typedef struct clx_collective_row {
  const char *reason;  // why not; NULL = usable
  const char *remark;  // what was assumed, "" = nothing
  const clx_device *device;
  clx_network network;
  clx_group group;
  int32_t kind;        // clx_collective
  int32_t algorithm;   // clx_algorithm that was forced, -1 = the library's choice
  double bytes;        // as clx_collective_cost_of takes them; of tokens, one copy to each rank
  double node_bytes;   // of tokens, one copy to each node; 0 = not known, or no tokens
  double moved;        // B whose rate the table calls bus bandwidth: measured time = moved / busbw
  bool plateau;        // bytes were not given: a size at which bandwidth no longer grows
  bool inside;         // all ranks in one scale-up domain
  int32_t size_class;  // small, medium, large
} clx_collective_row;

enum { CLX_SIZE_SMALL, CLX_SIZE_MEDIUM, CLX_SIZE_LARGE, CLX_SIZE_CLASSES };

extern const char *const clx_size_class_name[CLX_SIZE_CLASSES];  // "below 1 MiB", ...

typedef struct clx_collective_rows clx_collective_rows;

// Catalogue entries of rows that name none.
extern const char clx_default_library[], clx_default_transport[];

// Reads all rows; fails on missing columns, an unknown --library or out of memory only. options->notes: what was measured
// (a forced algorithm, the way of launching, tokens) is also looked for in the columns source and notes.
clx_status clx_collective_rows_read(clx_arena *arena, const clx_catalog *catalog, const clx_table *table,
                                    const clx_table_options *options, clx_collective_rows **rows, clx_error *error);
const clx_collective_row *clx_collective_rows_at(const clx_collective_rows *rows, int32_t row);
// The measured time of a row in s: time_us, else from busbw_GBps or algbw_GBps. 0 = none; *reason says why one that is there
// makes no sense.
double clx_collective_row_measured(clx_arena *arena, const clx_collective_rows *rows, int32_t row, const char **reason);
