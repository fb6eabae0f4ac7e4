// Whole numbers in a text, one after the other, with their places.
#pragma once

#include "schedule/schedule_file.h"

typedef struct clx_project_scan {
  const char *file, *at, *end;
  const char *line_start;
  int32_t line;
  clx_error *error;
} clx_project_scan;

clx_project_scan clx_project_scan_start(const char *file, const char *data, size_t size, clx_error *error);
clx_place clx_project_scan_place(const clx_project_scan *scan);
void clx_project_scan_blanks(clx_project_scan *scan);     // to the next word, over ends of lines
bool clx_project_scan_next_line(clx_project_scan *scan);  // to the start of the next line; false at the end
// A whole number from least to most; a mistake says what it should be.
clx_status clx_project_scan_number(clx_project_scan *scan, const char *what, int64_t least, int64_t most,
                                   int64_t *value);
