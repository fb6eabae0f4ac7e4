// The numbers of a result about a build (buildout.*; twin_buildout.h), for the files report_buildout*.c.
#pragma once

#include "buildout/buildout.h"
#include "report/report_gantt.h"
#include "report/report_internal.h"

enum { CLX_BUILDOUT_CELL = 64 };

double clx_buildout_origin(const clx_result *result);  // s since 1970 of day 0
// What stands under "buildout.KIND_N.": NULL, `otherwise`, NULL when it is absent.
const clx_quantity *clx_buildout_item(const clx_result *result, const char *kind, int32_t number, const char *what);
double clx_buildout_item_value(const clx_result *result, const char *kind, int32_t number, const char *what,
                               double otherwise);
const char *clx_buildout_item_fact(const clx_result *result, const char *kind, int32_t number, const char *what);
int32_t clx_buildout_items(const clx_result *result, const char *kind);  // numbered from 1 on without a gap
// Months in order: the text "YYYY-MM" of month i within the name of its quantity; false past the end.
bool clx_buildout_month(const clx_result *result, int32_t index, char month[8]);
const clx_quantity *clx_buildout_month_item(const clx_result *result, const char *month, const char *what);
// "2024-08-11" of s from the start. `text` holds CLX_TIME_TEXT bytes. Returns it.
const char *clx_buildout_date(const clx_result *result, double time, char *text);
// "power", "deliveries", "installation" ... of a cause, for people.
const char *clx_buildout_cause_text(const char *cause);
// "12 days later", "3 days earlier", "no change" of s. `text` holds CLX_BUILDOUT_CELL bytes.
const char *clx_buildout_shift_text(double seconds, char *text);
// What event `number` costs where it happens: "12.0 days later", "never", "never in 40 % of these, else 3.0 days later". `what`: "full" or "first".
// `text` holds CLX_BUILDOUT_CELL bytes; "" where it never happens.
const char *clx_buildout_event_text(const clx_result *result, int32_t number, const char *what, char *text);
