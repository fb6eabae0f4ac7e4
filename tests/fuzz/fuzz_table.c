// Any bytes as a table of training runs, of kernels, of collectives, of energy or of serving: a prediction, a refusal with a reason, or a mistake; never a crash.
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "device/device.h"
#include "validate/validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS_MAX = 8 };

static const clx_catalog *the_catalog(void) {
  static clx_catalog *catalog;
  clx_error error;
  clx_error_clear(&error);
  if (catalog == NULL && clx_catalog_open(NULL, &catalog, &error) != CLX_OK) abort();
  return catalog;
}

static void predict(const clx_table_job *job, int32_t row) {
  clx_error error;
  clx_error_clear(&error);
  clx_prediction p = {0};
  if (job->kind->predict(job, row, &p, &error) != CLX_OK) abort();
  job->kind->measure(job, row, &p);
  if (!isfinite(p.measured[0])) abort();
  if (p.status == CLX_ROW_REFUSED ? p.reason[0] == 0 : !(isfinite(p.value[0]) && p.value[0] > 0)) abort();
}

// Kinds whose columns the table has, whatever else is in it; kernels of each family on a device with all number formats.
static void open_and_predict(clx_table_job *job, const clx_table_kind *kind, const clx_table_options *options) {
  clx_error error;
  clx_error_clear(&error);
  job->kind = kind;
  job->options = options;
  if (kind->open(job, &error) != CLX_OK) return;
  for (int32_t row = 0; row < job->table.row_count && row < ROWS_MAX; row++) predict(job, row);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  clx_arena *arena = clx_arena_new();
  clx_error error;
  clx_error_clear(&error);
  clx_table_job job = {.arena = arena, .catalog = the_catalog()};
  const char *text = size > 0 ? (const char *)data : "";
  if (arena != NULL && clx_table_read(arena, "fuzz.csv", text, size, &job.table, &error) == CLX_OK) {
    const clx_table_options none = {0}, notes = {.notes = true};
    open_and_predict(&job, &clx_table_training, &none);
    open_and_predict(&job, &clx_table_collectives, &none);
    open_and_predict(&job, &clx_table_collectives, &notes);
    open_and_predict(&job, &clx_table_energy, &none);
    open_and_predict(&job, &clx_table_serving, &none);
    open_and_predict(&job, &clx_table_serving, &notes);
    for (int32_t f = 0; clx_kernel_family_at(f) != NULL; f++) {
      const clx_table_options kernels = {.device = "gb200", .family = clx_kernel_family_at(f)->name};
      open_and_predict(&job, &clx_table_kernels, &kernels);
    }
  }
  clx_arena_free(arena);
  return 0;
}
