// table: a CSV file (RFC 4180) in memory, addressed by row and column name.
#pragma once

#include "base/base.h"

typedef struct clx_table {
  const char *file;
  const char **column;  // column_count names, trimmed
  int32_t column_count;
  const char **cell;  // row_count x column_count, trimmed texts, "" = empty
  int32_t *line;      // row_count: line of the file where the row starts
  int32_t row_count;
} clx_table;

// Reads a CSV file of at most 16 MB: a header line, commas, quotes doubled inside quotes, CR LF or LF, UTF-8 (a BOM is skipped).
// Refuses rows with more cells than the header; missing cells at the end are empty. Empty and duplicate column names are errors.
clx_status clx_table_load(clx_arena *arena, const char *path, clx_table *table, clx_error *error);
clx_status clx_table_read(clx_arena *arena, const char *file, const char *data, size_t size, clx_table *table,
                          clx_error *error);

int32_t clx_table_column(const clx_table *table, const char *name);  // -1 when absent
// The cell, or "" when the column is absent (column -1).
const char *clx_table_cell(const clx_table *table, int32_t row, int32_t column);
// A plain decimal number. Returns false when the cell is empty or no finite number.
bool clx_table_number(const clx_table *table, int32_t row, int32_t column, double *value);

// Writes one cell, quoted when it must be.
void clx_table_write_cell(clx_buffer *out, const char *text);
