#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "table/table.h"

typedef struct reader {
  clx_arena *arena;
  const char *file;
  const char *at, *end;
  int32_t line;
  char *scratch;  // one cell, at most the whole file
  clx_error *error;
} reader;

static clx_place here(const reader *r) { return (clx_place){r->file, r->line, 0}; }

static const char *trimmed(reader *r, size_t length) {
  const char *start = r->scratch, *stop = r->scratch + length;
  while (start < stop && (*start == ' ' || *start == '\t')) start++;
  while (stop > start && (stop[-1] == ' ' || stop[-1] == '\t')) stop--;
  return clx_arena_copy(r->arena, start, (size_t)(stop - start));
}

static clx_status read_quoted(reader *r, size_t *length) {
  const clx_place start = here(r);
  for (r->at++; r->at < r->end; r->at++) {
    if (*r->at == '\n') r->line++;
    if (*r->at == '"') {
      if (r->at + 1 >= r->end || r->at[1] != '"') {
        r->at++;
        return CLX_OK;
      }
      r->at++;
    }
    r->scratch[(*length)++] = *r->at;
  }
  return clx_fail(r->error, CLX_INPUT, start, "a quote that starts here is never closed");
}

static bool at_line_end(const reader *r) { return r->at >= r->end || *r->at == '\n' || *r->at == '\r'; }

// Reads one cell; *last tells whether it ended its line. The line end is consumed.
static clx_status read_cell(reader *r, const char **cell, bool *last) {
  size_t length = 0;
  if (r->at < r->end && *r->at == '"') CLX_TRY(read_quoted(r, &length));
  while (!at_line_end(r) && *r->at != ',') r->scratch[length++] = *r->at++;
  *last = at_line_end(r);
  if (*last) {
    if (r->at < r->end && *r->at == '\r') r->at++;
    if (r->at < r->end && *r->at == '\n') r->at++;
    r->line++;
  } else {
    r->at++;
  }
  *cell = trimmed(r, length);
  return *cell == NULL ? clx_fail_plain(r->error, CLX_MEMORY, "out of memory") : CLX_OK;
}

// An upper bound of the rows: a carriage return alone ends a line too.
static int64_t count_lines(const char *data, size_t size) {
  int64_t lines = 1;
  for (size_t i = 0; i < size; i++) {
    const bool alone = data[i] == '\r' && (i + 1 == size || data[i + 1] != '\n');
    lines += data[i] == '\n' || alone ? 1 : 0;
  }
  return lines;
}

// The cells of the line at the reader, which stays where it is: quoted cells may hold commas and line ends.
static clx_status count_cells(reader r, int32_t *cells) {
  *cells = 0;
  for (bool last = false; !last; ++*cells) {
    const char *cell = NULL;
    CLX_TRY(read_cell(&r, &cell, &last));
  }
  return CLX_OK;
}

static clx_status read_header(reader *r, clx_table *table) {
  for (bool last = false; !last;) {
    const char *name = NULL;
    const clx_place place = here(r);
    CLX_TRY(read_cell(r, &name, &last));
    if (name[0] == '\0') return clx_fail(r->error, CLX_INPUT, place, "column %d has no name", table->column_count + 1);
    if (clx_table_column(table, name) >= 0)
      return clx_fail(r->error, CLX_INPUT, place, "column '%s' stands twice", name);
    table->column[table->column_count++] = name;
  }
  return CLX_OK;
}

static clx_status read_row(reader *r, clx_table *table) {
  const int32_t line = r->line;
  const char **row = table->cell + (size_t)table->row_count * (size_t)table->column_count;
  int32_t count = 0;
  bool last = false;
  while (!last) {
    const char *cell = NULL;
    CLX_TRY(read_cell(r, &cell, &last));
    if (count == table->column_count) {
      const clx_place place = {r->file, line, 0};
      return clx_fail(r->error, CLX_INPUT, place, "this row has more cells than the %d of the header",
                      table->column_count);
    }
    row[count++] = cell;
  }
  if (count == 1 && row[0][0] == '\0') return CLX_OK;  // an empty line
  for (; count < table->column_count; count++) row[count] = "";
  table->line[table->row_count++] = line;
  return CLX_OK;
}

clx_status clx_table_read(clx_arena *arena, const char *file, const char *data, size_t size, clx_table *table,
                          clx_error *error) {
  *table = (clx_table){.file = file};
  if (size >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0) {
    data += 3;
    size -= 3;
  }
  const clx_place start = {file, 1, 1};
  const int64_t bad = clx_utf8_check(data, size);
  if (bad >= 0) return clx_fail(error, CLX_INPUT, start, "byte %lld is not UTF-8", (long long)bad + 1);
  if (size == 0) return clx_fail(error, CLX_INPUT, start, "the table is empty: expected a header line");
  const int64_t lines = count_lines(data, size);
  reader r = {arena, file, data, data + size, 1, clx_arena_alloc(arena, size + 1), error};
  if (r.scratch == NULL) goto no_memory;
  int32_t columns = 0;
  CLX_TRY(count_cells(r, &columns));
  if ((double)lines * columns > 5e7) return clx_fail(error, CLX_INPUT, start, "more than 50 million cells");
  table->column = CLX_NEW_ARRAY(arena, const char *, columns);
  table->line = CLX_NEW_ARRAY(arena, int32_t, lines);
  if (table->column == NULL || table->line == NULL) goto no_memory;
  CLX_TRY(read_header(&r, table));
  table->cell = CLX_NEW_ARRAY(arena, const char *, (size_t)lines *(size_t)table->column_count);
  if (table->cell == NULL) goto no_memory;
  while (r.at < r.end) CLX_TRY(read_row(&r, table));
  return CLX_OK;
no_memory:
  return clx_fail_plain(error, CLX_MEMORY, "out of memory");
}

clx_status clx_table_load(clx_arena *arena, const char *path, clx_table *table, clx_error *error) {
  const char *data = NULL;
  size_t size = 0;
  CLX_TRY(clx_file_read(arena, path, CLX_FILE_SIZE_MAX, &data, &size, error));
  return clx_table_read(arena, path, data, size, table, error);
}

int32_t clx_table_column(const clx_table *table, const char *name) {
  for (int32_t i = 0; i < table->column_count; i++) {
    if (clx_text_equal(table->column[i], name)) return i;
  }
  return -1;
}

const char *clx_table_cell(const clx_table *table, int32_t row, int32_t column) {
  return column < 0 ? "" : table->cell[(size_t)row * (size_t)table->column_count + (size_t)column];
}

bool clx_table_number(const clx_table *table, int32_t row, int32_t column, double *value) {
  const char *text = clx_table_cell(table, row, column);
  if (text[0] == '\0') return false;
  char *end = NULL;
  const double number = strtod(text, &end);  // the library never sets a locale: the decimal point is a point
  if (*end != '\0' || !isfinite(number) || strpbrk(text, "xXnN") != NULL) return false;
  *value = number;
  return true;
}

void clx_table_write_cell(clx_buffer *out, const char *text) {
  if (strpbrk(text, ",\"\r\n") == NULL) {
    clx_buffer_add(out, text, strlen(text));
    return;
  }
  clx_buffer_add(out, "\"", 1);
  for (const char *c = text; *c != '\0'; c++) clx_buffer_add(out, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1);
  clx_buffer_add(out, "\"", 1);
}
