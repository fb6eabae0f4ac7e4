// A service and plans of it for people, and as tables and drawings.
#pragma once

#include "report/report.h"

// All that a run found of the service, at most 30 lines.
void clx_report_service(const clx_result *result, bool colour, clx_buffer *out);
// tokens/s of a GPU against tokens/s of a user, as SVG and as CSV.
void clx_report_service_pareto(const clx_result *result, clx_buffer *out);
void clx_report_service_pareto_csv(const clx_result *result, clx_buffer *out);
