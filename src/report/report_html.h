// Pages of tables around drawings, and cells of CSV, for the files report_*_page.c.
#pragma once

#include "base/base.h"
#include "result/result.h"

// Text with what HTML gives a meaning escaped; control characters become blanks.
void clx_html_text(clx_buffer *out, const char *text);
// Head, styles and heading: the title of the scenario, or its name, or `otherwise`. And the end of the page.
void clx_html_open(const clx_result *result, const char *otherwise, clx_buffer *out);
void clx_html_close(clx_buffer *out);
// A cell of a table; style: attributes with a blank in front, or "".
void clx_html_cell(clx_buffer *out, const char *style, const char *text);
// A drawing that lies beside the page.
void clx_html_drawing(clx_buffer *out, const char *file, const char *what);
// All warnings of a result as a list; nothing when there are none.
void clx_html_warnings(const clx_result *result, clx_buffer *out);

// In quotes where the text would break a table of CSV.
void clx_csv_text(clx_buffer *out, const char *text);

enum { CLX_CSV_COLUMN = 192, CLX_CSV_SERIES = 40 };

// Series side by side, each with its own points of the common axis; where axes differ, rows are those of the longest.
typedef struct clx_csv_series {
  char column[CLX_CSV_COLUMN];
  const double *x, *y;
  int32_t count;
} clx_csv_series;

// Adds the series of that name, if there is one, as a column; `list` holds CLX_CSV_SERIES. Returns the new count.
int32_t clx_csv_take(const clx_result *result, const char *name, const char *column, clx_csv_series *list,
                     int32_t count);
// Over s since `start` (s since 1970), with the date beside it.
void clx_csv_put_dated(double start, const clx_csv_series *list, int32_t count, clx_buffer *out);
void clx_csv_put(const char *axis, const clx_csv_series *list, int32_t count, clx_buffer *out);
