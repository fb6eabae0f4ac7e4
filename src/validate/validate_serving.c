// Tables of serving: their header says which of the forms it is.
#include "validate/validate_inference.h"

static clx_status open_table(clx_table_job *job, clx_error *error) {
  if (clx_inference_table(&job->table)) {
    job->kind = &clx_table_inference;
    return job->kind->open(job, error);
  }
  if (clx_table_column(&job->table, "mode") >= 0) {
    job->kind = &clx_table_benchmark;
    return job->kind->open(job, error);
  }
  return clx_fail_plain(error, CLX_INPUT,
                        "%s: a table of serving needs the columns 'metric', 'value' and 'unit', or those of benchmarks "
                        "with 'mode' (docs/tables.md#serving)",
                        job->table.file);
}

// Never called for rows: open puts the form's own functions in its place.
const clx_table_kind clx_table_serving = {.name = "serving", .open = open_table};
