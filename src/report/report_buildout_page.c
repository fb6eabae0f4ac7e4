// A build as a page of tables around its drawings.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_buildout.h"
#include "report/report_html.h"
#include "unit/unit.h"

static const double DAY = 86400;

static void head_row(clx_buffer *out, const char *heading, const char *const *title, int32_t count) {
  clx_buffer_format(out, "<h2>%s</h2>\n<table>\n<tr>", heading);
  for (int32_t i = 0; i < count; i++) clx_buffer_format(out, "<th>%s</th>", title[i]);
  clx_buffer_format(out, "</tr>\n");
}

static void number_cell(clx_buffer *out, double value, const char *unit, int digits) {
  char text[CLX_BUILDOUT_CELL] = "";
  clx_html_cell(out, "", isfinite(value) ? clx_quantity_format(value, unit, digits, text, sizeof text) : text);
}

static void date_cell(clx_buffer *out, const clx_result *result, double time) {
  char text[CLX_TIME_TEXT] = "";
  clx_html_cell(out, "", isfinite(time) ? clx_buildout_date(result, time, text) : isinf(time) ? "never" : "");
}

static void percent_cell(clx_buffer *out, double share) {
  char text[CLX_BUILDOUT_CELL] = "";
  if (isfinite(share)) snprintf(text, sizeof text, "%.0f %%", 100 * share);
  clx_html_cell(out, "", text);
}

static void put_dates(const clx_result *result, clx_buffer *out) {
  static const char *const titles[] = {"",           "GPUs",      "half of the builds by", "day", "1 in 10 by",
                                       "8 in 10 by", "9 in 10 by"};
  static const char *const names[][2] = {{"first_training", "first training"}, {"full_capacity", "full capacity"}};
  head_row(out, "Dates", titles, CLX_COUNT(titles));
  for (int32_t i = 0; i < CLX_COUNT(names); i++) {
    char full[64];
    snprintf(full, sizeof full, "buildout.%s", names[i][0]);
    const clx_quantity *q = clx_result_find(result, full);
    if (q == NULL) continue;
    snprintf(full, sizeof full, "buildout.%s.p80", names[i][0]);
    clx_buffer_format(out, "<tr>");
    clx_html_cell(out, "", names[i][1]);
    number_cell(out, clx_result_value(result, i == 0 ? "buildout.first" : "buildout.gpus_total", NAN), "", 12);
    date_cell(out, result, q->value);
    number_cell(out, floor(q->value / DAY), "", 6);
    date_cell(out, result, q->low);
    date_cell(out, result, clx_result_value(result, full, NAN));
    snprintf(full, sizeof full, "buildout.%s.date_high", names[i][0]);
    date_cell(out, result, clx_result_fact(result, full) != NULL ? q->high : NAN);
    clx_buffer_format(out, "</tr>\n");
  }
  clx_buffer_format(out, "</table>\n");
}

static void put_months(const clx_result *result, clx_buffer *out) {
  static const char *const titles[] = {"month", "1 in 10", "GPUs at its end", "9 in 10", "site", "held up most by"};
  char month[8], name[64];
  head_row(out, "Months", titles, CLX_COUNT(titles));
  for (int32_t i = 0; clx_buildout_month(result, i, month); i++) {
    const clx_quantity *g = clx_buildout_month_item(result, month, "gpus"),
                       *p = clx_buildout_month_item(result, month, "power");
    snprintf(name, sizeof name, "buildout.month.%s.cause", month);
    clx_buffer_format(out, "<tr>");
    clx_html_cell(out, "", month);
    number_cell(out, floor(g->low + 0.5), "", 12);
    number_cell(out, floor(g->value + 0.5), "", 12);
    number_cell(out, floor(g->high + 0.5), "", 12);
    number_cell(out, p != NULL ? p->value : NAN, "W", 3);
    clx_html_cell(out, "", clx_buildout_cause_text(clx_result_fact(result, name)));
    clx_buffer_format(out, "</tr>\n");
  }
  clx_buffer_format(out, "</table>\n");
}

static void put_path(const clx_result *result, clx_buffer *out) {
  static const char *const titles[] = {"what waited for what", "from", "to", "days"};
  const int32_t count = clx_buildout_items(result, "path");
  if (count == 0) return;
  head_row(out, "Critical path", titles, CLX_COUNT(titles));
  for (int32_t i = 1; i <= count; i++) {
    const double from = clx_buildout_item_value(result, "path", i, "from", NAN),
                 to = clx_buildout_item_value(result, "path", i, "to", NAN);
    clx_buffer_format(out, "<tr>");
    clx_html_cell(out, "", clx_buildout_item_fact(result, "path", i, "name"));
    date_cell(out, result, from);
    date_cell(out, result, to);
    number_cell(out, (to - from) / DAY, "", 3);
    clx_buffer_format(out, "</tr>\n");
  }
  clx_buffer_format(out, "</table>\n");
}

static void put_works(const clx_result *result, clx_buffer *out) {
  static const char *const titles[] = {"work", "phase", "start", "finish", "1 in 10 by", "9 in 10 by", "binds in"};
  const int32_t count = clx_buildout_items(result, "work");
  if (count == 0) return;
  head_row(out, "Works", titles, CLX_COUNT(titles));
  for (int32_t i = 1; i <= count; i++) {
    const clx_quantity *finish = clx_buildout_item(result, "work", i, "finish");
    const char *phase = clx_buildout_item_fact(result, "work", i, "phase");
    clx_buffer_format(out, "<tr>");
    clx_html_cell(out, "", clx_buildout_item_fact(result, "work", i, "name"));
    clx_html_cell(out, "", phase != NULL ? phase : "");
    date_cell(out, result, clx_buildout_item_value(result, "work", i, "start", NAN));
    date_cell(out, result, finish->value);
    date_cell(out, result, finish->low);
    date_cell(out, result, finish->high);
    percent_cell(out, clx_buildout_item_value(result, "work", i, "critical", NAN));
    clx_buffer_format(out, "</tr>\n");
  }
  clx_buffer_format(out, "</table>\n");
}

static void put_drivers(const clx_result *result, clx_buffer *out) {
  static const char *const titles[] = {"what", "kind", "all at its P10", "all at its P90", "binds in"};
  const int32_t count = clx_buildout_items(result, "driver");
  if (count == 0) return;
  head_row(out, "What moves the date", titles, CLX_COUNT(titles));
  for (int32_t i = 1; i <= count; i++) {
    clx_buffer_format(out, "<tr>");
    clx_html_cell(out, "", clx_buildout_item_fact(result, "driver", i, "name"));
    clx_html_cell(out, "", clx_buildout_item_fact(result, "driver", i, "kind"));
    date_cell(out, result, clx_buildout_item_value(result, "driver", i, "full_low", INFINITY));
    date_cell(out, result, clx_buildout_item_value(result, "driver", i, "full_high", INFINITY));
    percent_cell(out, clx_buildout_item_value(result, "driver", i, "critical", NAN));
    clx_buffer_format(out, "</tr>\n");
  }
  clx_buffer_format(out, "</table>\n");
}

static void put_events(const clx_result *result, clx_buffer *out) {
  static const char *const titles[] = {"event", "happens in", "then first training", "then all GPUs"};
  const int32_t count = clx_buildout_items(result, "event");
  if (count == 0) return;
  head_row(out, "Events", titles, CLX_COUNT(titles));
  for (int32_t i = 1; i <= count; i++) {
    char text[CLX_BUILDOUT_CELL];
    clx_buffer_format(out, "<tr>");
    clx_html_cell(out, "", clx_buildout_item_fact(result, "event", i, "name"));
    percent_cell(out, clx_buildout_item_value(result, "event", i, "happens", NAN));
    clx_html_cell(out, "", clx_buildout_event_text(result, i, "first", text));
    clx_html_cell(out, "", clx_buildout_event_text(result, i, "full", text));
    clx_buffer_format(out, "</tr>\n");
  }
  clx_buffer_format(out, "</table>\n");
}

void clx_report_buildout_page(const clx_result *result, clx_buffer *out) {
  clx_html_open(result, "Build of the machine", out);
  put_dates(result, out);
  clx_html_drawing(out, "gpus.svg", "GPUs by day, and what holds the rest up");
  put_months(result, out);
  put_path(result, out);
  if (clx_buildout_items(result, "work") > 0)
    clx_html_drawing(out, "gantt.svg", "Works over time, and the GPUs that can be used");
  put_works(result, out);
  clx_html_drawing(out, "curve.svg", "How likely the dates are");
  clx_html_drawing(out, "tornado.svg", "What moves the date of full capacity");
  put_drivers(result, out);
  put_events(result, out);
  clx_html_warnings(result, out);
  clx_html_close(out);
}
