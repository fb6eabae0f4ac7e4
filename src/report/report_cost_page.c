// The study of cost as a page of tables around the drawings, and its tables as CSV.
#include <stdio.h>
#include <string.h>

#include "cost/cost_decide.h"
#include "report/report_cost.h"
#include "report/report_html.h"
#include "report/report_words.h"
#include "unit/unit.h"

enum { SHORT = 96 };

// --- page --------------------------------------------------------------------------------------------------------------------

static void value_cell(clx_buffer *out, const clx_quantity *q, double value) {
  char text[SHORT] = "";
  if (q != NULL) clx_quantity_format(value, q->unit, 4, text, sizeof text);
  clx_html_cell(out, "", text);
}

static void band_cells(clx_buffer *out, const clx_quantity *q) {
  value_cell(out, q, q != NULL ? q->value : 0);
  value_cell(out, q, q != NULL ? q->low : 0);
  value_cell(out, q, q != NULL ? q->high : 0);
}

// Quantities cost.NAME without a further dot, or those below a prefix.
static void put_table(const clx_result *result, const char *heading, const char *prefix, clx_buffer *out) {
  int32_t rows = 0;
  for (int32_t i = 0; i < clx_result_count(result); i++) {
    const clx_quantity *q = clx_result_at(result, i);
    if (strncmp(q->name, prefix, strlen(prefix)) != 0 || strchr(q->name + strlen(prefix), '.') != NULL) continue;
    if (rows++ == 0)
      clx_buffer_format(out,
                        "<h2>%s</h2>\n<table>\n<tr><th></th><th>expected</th><th>5 %%</th><th>95 %%</th>"
                        "<th class=\"doc\"></th></tr>\n",
                        heading);
    clx_buffer_format(out, "<tr>");
    clx_html_cell(out, "", q->name + strlen(prefix));
    band_cells(out, q);
    clx_html_cell(out, " class=\"doc\"", q->doc);
    clx_buffer_format(out, "</tr>\n");
  }
  if (rows > 0) clx_buffer_format(out, "</table>\n");
}

static void put_courses(const clx_result *result, const clx_cost_courses *list, clx_buffer *out) {
  static const char *const columns[][2] = {{"cost", "present cost"},
                                           {"per_gpu_hour", "used hour"},
                                           {"per_token", "tokens cost"},
                                           {"npv", "present value"},
                                           {"gain", "against the first"},
                                           {"tokens", "tokens"},
                                           {"rent_breakeven", "break-even rent"},
                                           {"best", "best in"}};
  (void)result;
  if (list->count == 0) return;
  clx_buffer_format(out, "<h2>Courses</h2>\n<table>\n<tr><th>course</th><th>trains from</th>");
  for (int32_t k = 0; k < CLX_COUNT(columns); k++) clx_buffer_format(out, "<th>%s</th>", columns[k][1]);
  clx_buffer_format(out, "</tr>\n");
  for (int32_t i = 0; i < list->count; i++) {
    const char *date = clx_cost_course_fact(list, i, "first_date");
    clx_buffer_format(out, "<tr>");
    clx_html_cell(out, "", clx_cost_course_title(list, i));
    clx_html_cell(out, "", date != NULL ? date : "never");
    for (int32_t k = 0; k < CLX_COUNT(columns); k++) {
      const clx_quantity *q = clx_cost_course(list, i, columns[k][0]);
      char text[3 * SHORT] = "", range[3 * SHORT];
      if (q != NULL && strcmp(columns[k][0], "best") == 0) {
        snprintf(text, sizeof text, "%.0f %%", 100 * q->value);
      } else if (q != NULL) {
        clx_quantity_format(q->value, q->unit, 3, text, SHORT);
        strncat(text, clx_words_range(q, 3, range, sizeof range), sizeof text - strlen(text) - 1);
      }
      clx_html_cell(out, "", text);
    }
    clx_buffer_format(out, "</tr>\n");
  }
  clx_buffer_format(out, "</table>\n");
}

void clx_report_cost_page(const clx_result *result, clx_buffer *out) {
  const clx_cost_courses courses = clx_cost_courses_of(result);
  clx_html_open(result, "Cost", out);
  put_table(result, "Figures", "cost.", out);
  clx_html_drawing(out, "cash.svg", "Cash over the plan, with its band");
  put_courses(result, &courses, out);
  if (courses.count > 0) clx_html_drawing(out, "courses.svg", "Courses side by side");
  put_table(result, "Options, of a GPU", "cost.option.", out);
  put_table(result, "Capital", "cost.capital.", out);
  clx_html_drawing(out, "capital.svg", "Capital by kind as it is delivered");
  put_table(result, "Operation", "cost.operation.", out);
  clx_html_warnings(result, out);
  clx_html_close(out);
}

// --- CSV ---------------------------------------------------------------------------------------------------------------------

void clx_report_cost_months_csv(const clx_result *result, clx_buffer *out) {
  static const char *const columns[][2] = {{"capital", "capital_usd"},
                                           {"operation", "operation_usd"},
                                           {"income", "income_usd"},
                                           {"resale", "resale_usd"},
                                           {"cumulated", "cumulated_usd"},
                                           {"cumulated_low", "cumulated_low_usd"},
                                           {"cumulated_high", "cumulated_high_usd"},
                                           {"owed", "owed_usd"},
                                           {"advance", "advance_usd"},
                                           {"gpus", "gpus"},
                                           {"power", "power_w"}};
  clx_csv_series list[CLX_CSV_SERIES];
  char name[SHORT], title[SHORT];
  int32_t count = 0;
  for (int32_t i = 0; i < CLX_COUNT(columns); i++) {
    snprintf(name, sizeof name, "cost.month.%s", columns[i][0]);
    count = clx_csv_take(result, name, columns[i][1], list, count);
  }
  for (int32_t k = 0; k < CLX_COST_KINDS; k++) {
    snprintf(name, sizeof name, "cost.month.kind.%s", clx_cost_kind_name[k]);
    snprintf(title, sizeof title, "delivered_%s_usd", clx_cost_kind_name[k]);
    count = clx_csv_take(result, name, title, list, count);
  }
  clx_csv_put("time_s", list, count, out);
}

static void band_csv(clx_buffer *out, const clx_quantity *q) {
  clx_buffer_format(out, ",%.17g,%.17g,%.17g\n", q->value, q->low, q->high);
}

void clx_report_cost_capital_csv(const clx_result *result, clx_buffer *out) {
  clx_buffer_format(out, "kind,expected_usd,low_usd,high_usd\n");
  for (int32_t k = 0; k < CLX_COST_KINDS; k++) {
    char name[SHORT];
    snprintf(name, sizeof name, "cost.capital.%s", clx_cost_kind_name[k]);
    const clx_quantity *q = clx_result_find(result, name);
    if (q == NULL) continue;
    clx_buffer_format(out, "%s", clx_cost_kind_name[k]);
    band_csv(out, q);
  }
}

void clx_report_cost_courses_csv(const clx_result *result, clx_buffer *out) {
  static const char *const figures[] = {"cost",           "value",          "npv",          "gain",
                                        "first_training", "tokens",         "per_gpu_hour", "per_token",
                                        "best",           "rent_breakeven", "use_breakeven"};
  const clx_cost_courses list = clx_cost_courses_of(result);
  clx_buffer_format(out, "course,figure,unit,expected,low,high\n");
  for (int32_t i = 0; i < list.count; i++) {
    for (int32_t k = 0; k < CLX_COUNT(figures); k++) {
      const clx_quantity *q = clx_cost_course(&list, i, figures[k]);
      if (q == NULL) continue;
      clx_csv_text(out, clx_cost_course_title(&list, i));
      clx_buffer_format(out, ",%s,%s", figures[k], q->unit);
      band_csv(out, q);
    }
  }
}
