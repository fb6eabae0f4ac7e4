// report: results as text for people. The JSON of a result stands in result.
#pragma once

#include "base/base.h"
#include "result/result.h"

enum { CLX_REPORT_LINES = 30, CLX_REPORT_COLUMNS = 100 };

// At most CLX_REPORT_LINES lines of CLX_REPORT_COLUMNS columns. What was not found is left out, never printed
// as zero; long warnings are cut and further ones counted. `colour` adds terminal escapes: bold headings, dim remarks.
// O(quantities^2). out->failed tells when memory ran out.
void clx_report_text(const clx_result *result, bool colour, clx_buffer *out);

// Two results side by side, largest relative change first. Text: at most CLX_REPORT_LINES lines. JSON: all quantities,
// the facts that differ, and the names that only one of them has.
clx_status clx_report_compare(const clx_result *a, const clx_result *b, bool json, clx_buffer *out, clx_error *error);
