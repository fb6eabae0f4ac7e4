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
// More models than one, each with results of its own.
bool clx_report_service_has_models(const clx_result *result);
// A row for each model and tenant, at most `room` lines (at least 1) with their header; nothing where the result has none.
bool clx_report_service_has_parts(const clx_result *result);
void clx_report_service_parts(clx_words *words, int32_t room);
// Of replicas that fail, start and stop: lines of a report (none where they do not), the same of a pool whose quantities begin with `prefix`,
// and how many serve over time, as SVG and as CSV.
void clx_report_service_changes(clx_words *words);
void clx_report_service_pool_changes(clx_words *words, const char *prefix);
bool clx_report_service_has_replicas(const clx_result *result);
void clx_report_service_replicas(const clx_result *result, clx_buffer *out);
void clx_report_service_replicas_csv(const clx_result *result, clx_buffer *out);
