// report: a trace of requests (requests.* of a result) for people.
#pragma once

#include "report/report.h"

// At most CLX_REPORT_LINES lines of CLX_REPORT_COLUMNS columns. What was not found is left out. O(quantities^2).
void clx_report_requests(const clx_result *result, bool colour, clx_buffer *out);
