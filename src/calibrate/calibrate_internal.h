// Between the files of calibrate.
#pragma once

#include "calibrate/calibrate.h"

// --- fitting -------------------------------------------------------------------------------------------------------------

enum { CLX_FIT_PARAMETERS_MAX = 64 };

// Numbers that a model predicts from parameters, and what was measured.
typedef struct clx_fit_problem {
  struct {
    const clx_row *row;  // range; a positive minimum: fitted in the logarithm
    double *value;       // holds the start, and receives the result
  } parameter[CLX_FIT_PARAMETERS_MAX];
  int32_t parameter_count;
  int32_t count;  // of measurements
  const double *measured, *weight;
  const uint64_t *uses;  // nullable; bit k: the prediction can depend on parameter k at all
  bool relative;         // the error is predicted / measured - 1, not the logarithm of the ratio
  double (*predict)(void *context, int32_t measurement);  // with the values that the parameters have now
  void *context;
} clx_fit_problem;

// Adds all REAL rows of a schema, except those whose key is among `fixed` (nullable, NULL-terminated).
void clx_fit_add_parameters(clx_fit_problem *problem, const clx_schema *schema, void *object, const char *const *fixed);

// The smallest weighted mean absolute error, log(predicted / measured) unless `relative`. Deterministic.
clx_status clx_fit(const clx_fit_problem *problem, const clx_fit_options *options, clx_error *error);

double clx_fit_uniform(uint64_t counter);  // 0 to 1, a hash of the counter

uint64_t clx_fit_mix(uint64_t x);  // a hash

// An even sample of at most `most` rows: by a hash of what stands in the row, so that neither a period nor the order of the table
// shows. -1 when out of memory.
int32_t clx_fit_thin(clx_arena *arena, const clx_kernel_rows *rows, const int32_t *chosen, int32_t count, int32_t most,
                     int32_t *out);

// --- threads -------------------------------------------------------------------------------------------------------------

// Calls work(context, 0 .. count - 1), each once, on so many threads.
void clx_parallel(int32_t count, int32_t threads, void (*work)(void *context, int32_t index), void *context);

// --- power ---------------------------------------------------------------------------------------------------------------

enum { CLX_POWER_TABLES_MAX = CLX_KERNEL_CLASSES_MAX };  // more than there are families whose sweep is known

// A table with a power column, and the parameters of its family: [0] as fitted, [1 + f] as fitted without fold f.
typedef struct clx_power_table {
  const clx_kernel_rows *rows;
  const char *data;
  const void *parameters[CLX_KERNEL_SETS_MAX][CLX_FOLDS + 1];
} clx_power_table;

// Whether a table of a family that the meter knows has readings at all.
bool clx_power_table_usable(const clx_kernel_rows *rows);

// Fits power and meter of a device to all its tables together, and adds both to `out`, which has room.
clx_status clx_calibrate_power(clx_arena *arena, const clx_device *device, const clx_kernels *start,
                               const clx_power_table *tables, int32_t count, const clx_fit_options *options,
                               int32_t threads, clx_calibration *out, clx_error *error);

// --- catalogue entries ---------------------------------------------------------------------------------------------------

void clx_write_quoted(const char *text, clx_buffer *out);  // a YAML text in double quotes
// A fit record as a map, its key behind `indent`.
void clx_write_fit(const clx_kernel_fit *fit, const char *indent, clx_buffer *out);
