// Tables of serving: their header says which of the forms it is.
#include "validate/validate_inference.h"

static clx_status open_table(clx_table_job *job, clx_error *error) {
  job->kind = clx_inference_table(&job->table) ? &clx_table_inference : &clx_table_benchmark;
  return job->kind->open(job, error);
}

// Never called for rows: open puts the form's own functions in its place.
const clx_table_kind clx_table_serving = {.name = "serving", .open = open_table};
