// Tables of requests, one a row, by the run that they belong to.
#pragma once

#include "requests/requests.h"
#include "validate/validate.h"

typedef struct clx_request_columns {
  const char *run, *arrival, *prompt, *output;
  double unit;  // s of the column of arrivals
} clx_request_columns;

typedef struct clx_request_runs {
  int32_t count;
  const char **name;             // [count]
  clx_requests *requests;        // [count], in the order of the rows
  int32_t *run_of, *request_of;  // [rows]
} clx_request_runs;

// In the job's arena. CLX_INPUT: a cell is no time or length, with its line.
clx_status clx_request_runs_read(const clx_table_job *job, const clx_request_columns *columns, clx_request_runs *out,
                                 clx_error *error);
