// Rows of requests, sorted into runs.
#include "validate/validate_request_runs.h"

#include <string.h>

static clx_status need(const clx_table_job *job, const char *column, int32_t row, double least, double most,
                       double *value, clx_error *error) {
  const int32_t at = clx_table_column(&job->table, column);
  if (clx_table_number(&job->table, row, at, value) && *value >= least && *value <= most) return CLX_OK;
  return clx_fail(error, CLX_INPUT, (clx_place){job->table.file, job->table.line[row], 0},
                  "column %s: expected a number from %g to %g, read '%.40s'", column, least, most,
                  clx_table_cell(&job->table, row, at));
}

static clx_status read_request(const clx_table_job *job, const clx_request_columns *c, int32_t row, clx_request *out,
                               clx_error *error) {
  double arrival = 0, prompt = 0, output = 0;
  CLX_TRY(need(job, c->arrival, row, 0, CLX_REQUEST_SECONDS_MAX / c->unit, &arrival, error));
  CLX_TRY(need(job, c->prompt, row, 1, CLX_REQUEST_TOKENS_MAX, &prompt, error));
  CLX_TRY(need(job, c->output, row, 1, CLX_REQUEST_TOKENS_MAX, &output, error));
  *out = (clx_request){
      .arrival = clx_request_time(c->unit * arrival), .prompt = (int32_t)prompt, .output = (int32_t)output};
  return CLX_OK;
}

// Names of runs, in the order in which they come first.
static clx_status name_runs(const clx_table_job *job, const char *column, clx_request_runs *out, clx_error *error) {
  const clx_table *table = &job->table;
  const int32_t at = clx_table_column(table, column);
  clx_names names = {0};
  out->run_of = CLX_NEW_ARRAY(job->arena, int32_t, table->row_count + 1);
  out->request_of = CLX_NEW_ARRAY(job->arena, int32_t, table->row_count + 1);
  if (out->run_of == NULL || out->request_of == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t r = 0; r < table->row_count; r++) {
    const char *name = clx_table_cell(table, r, at);
    out->run_of[r] = clx_names_add(job->arena, &names, name, strlen(name));
    if (out->run_of[r] < 0) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  out->count = names.count;
  out->name = names.name;
  return CLX_OK;
}

clx_status clx_request_runs_read(const clx_table_job *job, const clx_request_columns *columns, clx_request_runs *out,
                                 clx_error *error) {
  const int32_t rows = job->table.row_count;
  CLX_TRY(name_runs(job, columns->run, out, error));
  out->requests = CLX_NEW_ARRAY(job->arena, clx_requests, out->count + 1);
  if (out->requests == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t k = 0; k < out->count; k++) {
    out->requests[k] = (clx_requests){.item = CLX_NEW_ARRAY(job->arena, clx_request, rows), .tenants = 1};
    if (out->requests[k].item == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  for (int32_t r = 0; r < rows; r++) {
    clx_requests *requests = &out->requests[out->run_of[r]];
    out->request_of[r] = requests->count;
    CLX_TRY(read_request(job, columns, r, &requests->item[requests->count++], error));
  }
  return CLX_OK;
}
