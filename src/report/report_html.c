// Pages of tables around drawings, and cells of CSV.
#include <stdio.h>
#include <string.h>

#include "report/report_html.h"

void clx_html_text(clx_buffer *out, const char *text) {
  for (const char *c = text; *c != '\0'; c++) {
    const char *entity = *c == '&' ? "&amp;" : *c == '<' ? "&lt;" : *c == '>' ? "&gt;" : *c == '"' ? "&quot;" : NULL;
    if (entity != NULL) {
      clx_buffer_format(out, "%s", entity);
    } else {
      clx_buffer_add(out, (unsigned char)*c < ' ' || *c == 0x7f ? " " : c, 1);
    }
  }
}

// --- page --------------------------------------------------------------------------------------------------------------------

static const char HEAD[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<style>\n"
    ":root{color-scheme:light dark}\n"
    "body{font:15px/1.5 Inter,'Helvetica Neue',Arial,'Liberation Sans',sans-serif;color:#1f2933;background:#fff;"
    "max-width:1200px;margin:24px auto;padding:0 24px}\n"
    "h1{font-size:24px}h2{font-size:17px;margin:32px 0 8px}\n"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:3px 14px 3px 0;border-bottom:1px solid #e1e7ed;text-align:right;vertical-align:top}\n"
    "th:first-child,td:first-child,td.doc,th.doc{text-align:left}th{font-weight:600}td.doc{color:#46525e}\n"
    "tr.bad td{color:#b01c2e;font-weight:600}ul{padding-left:20px}img{max-width:100%;height:auto}figure{margin:24px "
    "0}\n"
    "@media (prefers-color-scheme:dark){body{color:#e6ebf0;background:#12181f}th,td{border-color:#2b3743}"
    "td.doc{color:#9fb0c0}tr.bad td{color:#ff7a8a}}\n</style>\n";

void clx_html_open(const clx_result *result, const char *otherwise, clx_buffer *out) {
  const char *title = clx_result_fact(result, "scenario.title");
  if (title == NULL) title = clx_result_fact(result, "scenario.name");
  if (title == NULL) title = otherwise;
  clx_buffer_format(out, "%s<title>", HEAD);
  clx_html_text(out, title);
  clx_buffer_format(out, "</title>\n</head>\n<body>\n<h1>");
  clx_html_text(out, title);
  clx_buffer_format(out, "</h1>\n");
}

void clx_html_close(clx_buffer *out) { clx_buffer_format(out, "</body>\n</html>\n"); }

void clx_html_cell(clx_buffer *out, const char *style, const char *text) {
  clx_buffer_format(out, "<td%s>", style);
  clx_html_text(out, text);
  clx_buffer_format(out, "</td>");
}

void clx_html_drawing(clx_buffer *out, const char *file, const char *what) {
  clx_buffer_format(out, "<figure><a href=\"%s\"><img src=\"%s\" alt=\"%s\"/></a></figure>\n", file, file, what);
}

void clx_html_warnings(const clx_result *result, clx_buffer *out) {
  const int32_t count = clx_result_warning_count(result);
  if (count == 0) return;
  clx_buffer_format(out, "<h2>Warnings</h2>\n<ul>\n");
  for (int32_t i = 0; i < count; i++) {
    clx_buffer_format(out, "<li>");
    clx_html_text(out, clx_result_warning(result, i));
    clx_buffer_format(out, "</li>\n");
  }
  clx_buffer_format(out, "</ul>\n");
}

// --- CSV ---------------------------------------------------------------------------------------------------------------------

void clx_csv_text(clx_buffer *out, const char *text) {
  if (strpbrk(text, ",\"\r\n") == NULL) {
    clx_buffer_format(out, "%s", text);
    return;
  }
  clx_buffer_format(out, "\"");
  for (const char *c = text; *c != '\0'; c++) {
    if (*c == '"') clx_buffer_format(out, "\"");
    clx_buffer_add(out, c, 1);
  }
  clx_buffer_format(out, "\"");
}

int32_t clx_csv_take(const clx_result *result, const char *name, const char *title, clx_csv_series *list,
                     int32_t count) {
  clx_csv_series s = {0};
  s.y = clx_result_series(result, name, &s.x, &s.count);
  if (s.y == NULL || count == CLX_CSV_SERIES) return count;
  snprintf(s.column, sizeof s.column, "%s", title);
  list[count] = s;
  return count + 1;
}

// start: NULL = no dates.
static void csv_put(const char *axis, const double *start, const clx_csv_series *list, int32_t count, clx_buffer *out) {
  int32_t longest = -1;
  clx_buffer_format(out, "%s%s", axis, start != NULL ? ",date" : "");
  for (int32_t k = 0; k < count; k++) {
    clx_buffer_format(out, ",");
    clx_csv_text(out, list[k].column);
    if (longest < 0 || list[k].count > list[longest].count) longest = k;
  }
  clx_buffer_format(out, "\n");
  for (int32_t row = 0; longest >= 0 && row < list[longest].count; row++) {
    clx_buffer_format(out, "%.17g", list[longest].x[row]);
    if (start != NULL) {
      char date[CLX_TIME_TEXT];
      clx_time_write(*start + list[longest].x[row], false, date);
      clx_buffer_format(out, ",%s", date);
    }
    for (int32_t k = 0; k < count; k++) {
      clx_buffer_format(out, ",");
      if (row < list[k].count && list[k].x[row] == list[longest].x[row])
        clx_buffer_format(out, "%.17g", list[k].y[row]);
    }
    clx_buffer_format(out, "\n");
  }
}

void clx_csv_put(const char *axis, const clx_csv_series *list, int32_t count, clx_buffer *out) {
  csv_put(axis, NULL, list, count, out);
}

void clx_csv_put_dated(double start, const clx_csv_series *list, int32_t count, clx_buffer *out) {
  csv_put("time_s", &start, list, count, out);
}
