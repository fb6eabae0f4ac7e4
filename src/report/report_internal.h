// Lines of text within bounds, for the files of report.
#pragma once

#include "report/report.h"

typedef enum clx_report_style { CLX_REPORT_PLAIN, CLX_REPORT_BOLD, CLX_REPORT_DIM } clx_report_style;

// A page that counts its lines.
typedef struct clx_page {
  clx_buffer *out;
  bool colour;
  int32_t lines;  // written
} clx_page;

// Columns of UTF-8 text: code points, which is what terminals show of the scripts used here.
int32_t clx_page_width(const char *text, size_t length);
// One line over the full width, bold, cut with "..." when too long.
void clx_page_title(clx_page *page, const char *text);
// Writes `text` behind `label`, wrapped between words, on at most `most` lines; the last one ends with "..." when cut.
// Bytes that a terminal would obey become blanks. Empty text writes nothing.
void clx_page_put(clx_page *page, const char *label, const char *text, int32_t most, clx_report_style style);
// How many lines that would take, without a bound.
int32_t clx_page_lines(const char *text);
// One line of a table: columns as they stand, cut where the page ends.
void clx_page_row(clx_page *page, const char *label, const char *text, clx_report_style style);
// The warnings of a result on at most `left` lines (>= 1 when there are warnings), each on at most two; what finds no room is counted.
void clx_page_warnings(clx_page *page, const clx_result *result, int32_t left);

// What a run says of failures, at most 4 lines; nothing when the result has no section `reliability`.
void clx_report_goodput_lines(const clx_result *result, clx_page *page);

// What a run says of power, at most 5 lines; nothing when the result has no section `power`.
void clx_report_power_lines(const clx_result *result, clx_page *page);

// What a run says of cooling, at most 2 lines; nothing when the result has no section `cooling`.
void clx_report_cooling_lines(const clx_result *result, clx_page *page);

// What a run says of orders, at most 2 lines; nothing when the result has no section `supply`.
void clx_report_supply_lines(const clx_result *result, clx_page *page);

// What a run says of money, one line; nothing when the result has no section `cost`.
void clx_report_cost_lines(const clx_result *result, clx_page *page);
// What a run says of a service, at most 5 lines; nothing when the result has no section `serving`.
void clx_report_serving_lines(const clx_result *result, clx_page *page);
// What a run says of a build, one line; nothing when the result has no section `buildout`.
void clx_report_buildout_lines(const clx_result *result, clx_page *page);

// Shares (at most 32, adding up to 1) in tenths of a percent that add up to 1000: rounded down, the largest remainders up.
void clx_report_tenths(const clx_ranking *part, int32_t count, int32_t *tenths);
// The name of a part of a step for people: "tp_exposed" -> "TP transfers"; the key itself when it has none.
const char *clx_report_part(const char *key);
