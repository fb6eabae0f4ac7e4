// A plan of a project from a file, for people.
#pragma once

#include "report/report.h"
#include "schedule/schedule_risk.h"
#include "schedule/schedule_solve.h"

typedef struct clx_timetable_view {
  const clx_project *project;
  const char *file;
  const clx_project_outcome *outcome;
  const bool *critical;          // [activity_count]
  const clx_risk_outcome *risk;  // NULL = not asked for
  double risk_low, risk_high;    // of durations, times the planned ones
} clx_timetable_view;

// At most CLX_REPORT_LINES lines of CLX_REPORT_COLUMNS columns.
void clx_report_plan(const clx_timetable_view *view, bool colour, clx_buffer *out);
void clx_report_plan_gantt(const clx_timetable_view *view, clx_buffer *out);
void clx_report_plan_scurve(const clx_timetable_view *view, clx_buffer *out);  // of the end; view->risk is there
