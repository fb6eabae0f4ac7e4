// A service and plans of it for people, and as tables and drawings.
#pragma once

#include "report/report_words.h"

// All that a run found of the service, at most 30 lines.
void clx_report_service(const clx_result *result, bool colour, clx_buffer *out);
// What a plan found, at most 30 lines; and its options as CSV.
void clx_report_service_plan(const clx_result *result, bool colour, clx_buffer *out);
void clx_report_service_options(const clx_result *result, clx_buffer *out);
// tokens/s of a GPU against tokens/s of a user, of a run or of a plan: as SVG and as CSV.
void clx_report_service_pareto(const clx_result *result, clx_buffer *out);
void clx_report_service_points(const clx_result *result, clx_buffer *out);
// A row for each model and tenant, at most `room` lines (at least 1) with their header; nothing where the result has none.
bool clx_report_service_has_parts(const clx_result *result);
void clx_report_service_parts(clx_words *words, int32_t room);
