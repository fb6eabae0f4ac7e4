// A row of a table on its way to a prediction: its cells, what is assumed of it, why it is refused.
#pragma once

#include "validate/validate.h"

typedef struct clx_table_row {
  const clx_table_job *job;
  int32_t row;
  clx_prediction *out;
} clx_table_row;

// These return false, for whoever has refused a row to return.
bool clx_table_row_refuse(clx_table_row *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool clx_table_row_refuse_error(clx_table_row *r, const clx_error *error);
// Says what was assumed; `extrapolated`: and marks the row.
void clx_table_row_remark(clx_table_row *r, bool extrapolated, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

const char *clx_table_row_text(const clx_table_row *r, const char *column);
// From `least` to `most`; a blank cell gives `otherwise`, but no count below `least`. False: refused.
bool clx_table_row_number(clx_table_row *r, const char *column, double least, double most, double otherwise,
                          double *value);
bool clx_table_row_count(clx_table_row *r, const char *column, int32_t least, int32_t most, int32_t otherwise,
                         int32_t *value);

// A kind's `measure` where each metric is a column of numbers above 0.
void clx_table_row_measure(const clx_table_job *job, int32_t row, clx_prediction *p);
