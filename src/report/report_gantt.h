// Plans and dates as drawings. Whoever has a plan fills rows; nothing here knows where they come from. Times are s from day 0.
#pragma once

#include "report/report_goodput.h"

// An activity, or a milestone where finish = start. Rows of one phase stand together; phases in the order in which they are first met.
typedef struct clx_gantt_row {
  const char *name;
  const char *phase;  // nullable
  double start, finish;
  double low, high;  // of the finish, P10 and P80 say; low = high: none
  bool critical;
} clx_gantt_row;

// Drawn where both ends are critical.
typedef struct clx_gantt_link {
  int32_t from, to;             // rows
  bool from_finish, to_finish;  // else their starts
} clx_gantt_link;

// A quantity over time below the plan: its middle, its band, and what binds it from each point on.
typedef struct clx_gantt_panel {
  const char *title, *unit;          // "GPUs usable"; "" or a unit that takes prefixes ("W")
  const double *time;                // [count] ascending
  const double *value, *low, *high;  // [count]; low, high nullable
  int32_t count;
  const int32_t *binding;           // [count] of name, -1 = nothing; nullable
  const char *const *binding_name;  // [binding_count], at most CLX_GOODPUT_POLICIES
  int32_t binding_count;
} clx_gantt_panel;

typedef struct clx_gantt {
  const char *title;
  const char *note;     // what whiskers and bands are; nullable
  const char *whisker;  // "P10 to P80"; nullable: none
  bool dated;           // then
  double origin;        // s since 1970 of day 0
  const clx_gantt_row *row;
  int32_t row_count;
  const clx_gantt_link *link;
  int32_t link_count;
  const clx_gantt_panel *panel;  // nullable
} clx_gantt;

// A page of 1200 pixels; rows become thinner where they are many, and from CLX_GANTT_ROWS_MAX on are counted instead.
enum { CLX_GANTT_ROWS_MAX = 200 };
void clx_report_gantt(const clx_gantt *gantt, clx_buffer *out);

// Distributions of dates: how likely each is reached by when, with P50, P80 and P90 marked.
typedef struct clx_scurve_line {
  const char *name;
  const double *time;  // [count] ascending, one for each sample
  int32_t count;
} clx_scurve_line;

typedef struct clx_scurve {
  const char *title;
  const char *note;  // nullable
  bool dated;
  double origin;
  const clx_scurve_line *line;
  int32_t line_count;  // the first 4 are drawn
} clx_scurve;

void clx_report_scurve(const clx_scurve *scurve, clx_buffer *out);

// --- dates along an axis (report_dates.c) ------------------------------------------------------------------------------------------------------
typedef struct clx_dates {
  bool dated;
  double origin;
} clx_dates;

// Marks of round dates from x0 to x1 of a plot, as far apart as their texts need: rules over the area, texts below it.
void clx_dates_axis(clx_plot *plot, clx_dates dates);
// Edges that leave a little room on both sides, with texts in mind.
void clx_dates_range(clx_plot *plot, double least, double most);
// "12 Aug 2024", or "day 110"; hours only where `hours`. `text` holds CLX_DATES_TEXT bytes. Returns it.
enum { CLX_DATES_TEXT = 48 };
const char *clx_dates_text(clx_dates dates, double time, bool hours, char *text);
// A length of time of so many s >= 0, as people plan: "17 h 30 min", "3 days 4 h", "506.5 days". text: [CLX_DATES_TEXT]
const char *clx_dates_span(double time, char *text);
