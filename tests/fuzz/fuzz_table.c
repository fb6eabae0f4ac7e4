// Any bytes as CSV: a table whose every cell is there, or a mistake.
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "table/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const clx_table *table) {
  clx_buffer out = {0};
  for (int32_t row = 0; row < table->row_count; row++) {
    if (table->line[row] < 2) abort();
    for (int32_t column = 0; column < table->column_count; column++) {
      const char *cell = clx_table_cell(table, row, column);
      double value = 0;
      if (cell == NULL) abort();
      if (clx_table_number(table, row, column, &value) && !isfinite(value)) abort();
      clx_table_write_cell(&out, cell);
    }
  }
  for (int32_t column = 0; column < table->column_count; column++) {
    if (clx_table_column(table, table->column[column]) != column) abort();  // names are unique
  }
  clx_buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return 0;
  clx_error error;
  clx_error_clear(&error);
  clx_table table = {0};
  if (clx_table_read(arena, "fuzz.csv", (const char *)data, size, &table, &error) == CLX_OK) {
    look(&table);
  } else if (error.count == 0 || error.mistake[0].text[0] == 0) {
    abort();
  }
  clx_arena_free(arena);
  return 0;
}
