// Any bytes as a table of training runs: a prediction, a refusal with a reason, or a mistake; never a crash.
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

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

static void predict(const clx_table *table, int32_t row) {
  clx_error error;
  clx_error_clear(&error);
  clx_prediction p = {0};
  if (clx_table_training.predict(the_catalog(), table, row, &p, &error) != CLX_OK) abort();
  clx_table_training.measure(table, row, &p);
  if (!isfinite(p.measured[0])) abort();
  if (p.status == CLX_ROW_REFUSED ? p.reason[0] == 0 : !(isfinite(p.value[0]) && p.value[0] > 0)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  clx_arena *arena = clx_arena_new();
  clx_error error;
  clx_error_clear(&error);
  clx_table table;
  const char *text = size > 0 ? (const char *)data : "";
  if (arena != NULL && clx_table_read(arena, "fuzz.csv", text, size, &table, &error) == CLX_OK) {
    for (int32_t row = 0; row < table.row_count && row < ROWS_MAX; row++) predict(&table, row);
  }
  clx_arena_free(arena);
  return 0;
}
