// report: results as text for people. JSON stands in result.
#pragma once

#include "base/base.h"
#include "result/result.h"

// At most 30 lines of at most 110 columns. `colour` adds terminal escapes for headings.
void clx_report_text(const clx_result *result, bool colour, clx_buffer *out);
// Two results side by side, largest relative change first; text has at most 30 lines.
clx_status clx_report_compare(const clx_result *a, const clx_result *b, bool json, clx_buffer *out, clx_error *error);
