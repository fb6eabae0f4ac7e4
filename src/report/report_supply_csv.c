// Deliveries, orders, events and the plan of a result about supply as CSV, and its page.
#include <stdio.h>
#include <string.h>

#include "report/report_html.h"
#include "report/report_supply.h"
#include "unit/unit.h"

enum { FULL = 192, SHORT = 96 };

// --- tables ----------------------------------------------------------------------------------------------------------------

void clx_report_supply_deliveries_csv(const clx_result *result, clx_buffer *out) {
  static const char *const what[] = {"low", "median", "high", "ready"};
  const clx_orders_names n = clx_orders_names_of(result, "buyer", "received");
  clx_csv_series list[CLX_CSV_SERIES];
  int32_t count = clx_csv_take(result, "supply.wanted", "wanted", list, 0);
  for (int32_t i = 0; i < n.count; i++) {
    for (int32_t k = 0; k < CLX_COUNT(what); k++) {
      char name[FULL], column[FULL];
      if (count == CLX_CSV_SERIES) break;
      snprintf(name, sizeof name, "supply.buyer.%s.%s", n.name[i], what[k]);
      snprintf(column, sizeof column, "%s_%s", n.name[i], what[k]);
      count = clx_csv_take(result, name, column, list, count);
    }
  }
  clx_csv_put_dated(clx_orders_start(result), list, count, out);
}

// One row a name, one column a quantity with its band, or a fact.
typedef struct column {
  const char *what;
  bool fact, band;
} column;

static void put_cell(const clx_orders_names *n, int32_t index, const column *c, clx_buffer *out) {
  const clx_quantity *q = c->fact ? NULL : clx_orders_find(n, index, c->what);
  clx_buffer_format(out, ",");
  if (c->fact) {
    const char *text = clx_orders_fact(n, index, c->what);
    clx_csv_text(out, text != NULL ? text : "");
    return;
  }
  if (q != NULL) clx_buffer_format(out, "%.17g", q->value);
  if (c->band && q != NULL) clx_buffer_format(out, ",%.17g,%.17g", q->low, q->high);
  if (c->band && q == NULL) clx_buffer_format(out, ",,");
}

static void put_table(const clx_result *result, const char *kind, const char *key, const column *columns, int32_t count,
                      clx_buffer *out) {
  const clx_orders_names n = clx_orders_names_of(result, kind, key);
  clx_buffer_format(out, "name");
  for (int32_t k = 0; k < count; k++) {
    clx_buffer_format(out, ",%s", columns[k].what);
    if (columns[k].band) clx_buffer_format(out, ",%s_low,%s_high", columns[k].what, columns[k].what);
  }
  clx_buffer_format(out, "\n");
  for (int32_t i = 0; i < n.count; i++) {
    clx_csv_text(out, clx_orders_title(&n, i));
    for (int32_t k = 0; k < count; k++) put_cell(&n, i, &columns[k], out);
    clx_buffer_format(out, "\n");
  }
}

void clx_report_supply_orders_csv(const clx_result *result, clx_buffer *out) {
  static const column columns[] = {
      {"buyer", true, false},        {"product", true, false},     {"maker", true, false},   {"gpus", false, false},
      {"by", false, false},          {"complete", false, true},    {"missing", false, true}, {"late", false, true},
      {"late_share", false, false},  {"unfinished", false, false}, {"cause", true, false},   {"held_up", true, false},
      {"missing_cause", true, false}};
  put_table(result, "order", "gpus", columns, CLX_COUNT(columns), out);
}

void clx_report_supply_events_csv(const clx_result *result, clx_buffer *out) {
  static const column columns[] = {{"at", false, false},         {"probability", false, false},
                                   {"delay", false, true},       {"delay_p80", false, false},
                                   {"shift", false, true},       {"gpus", false, true},
                                   {"missing", false, true},     {"late", false, true},
                                   {"paid", false, true},        {"lost", false, true},
                                   {"slip", false, false},       {"slip_without", false, false},
                                   {"unfinished", false, false}, {"unfinished_without", false, false}};
  put_table(result, "event", "slip", columns, CLX_COUNT(columns), out);
}

void clx_report_supply_plan_csv(const clx_result *result, clx_buffer *out) {
  const clx_orders_names n = clx_orders_names_of(result, "plan.maker", "gpus");
  clx_csv_series list[CLX_CSV_SERIES];
  int32_t count = clx_csv_take(result, "supply.plan.demand", "demand", list, 0);
  for (int32_t i = 0; i < n.count && count < CLX_CSV_SERIES; i++) {
    char name[FULL];
    snprintf(name, sizeof name, "supply.plan.maker.%s.quantity", n.name[i]);
    count = clx_csv_take(result, name, n.name[i], list, count);
  }
  clx_csv_put_dated(clx_orders_start(result), list, count, out);
}

// --- page ------------------------------------------------------------------------------------------------------------------

static void quantity_cell(const clx_orders_names *n, int32_t index, const char *what, clx_buffer *out) {
  const clx_quantity *q = clx_orders_find(n, index, what);
  char text[SHORT] = "", date[CLX_ORDERS_DATE];
  const bool is_date = strcmp(what, "complete") == 0 || strcmp(what, "by") == 0 || strcmp(what, "at") == 0;
  if (q != NULL && is_date)
    snprintf(text, sizeof text, "%s", clx_orders_date(clx_orders_start(n->result) + q->value, date));
  if (q != NULL && !is_date) clx_quantity_format(q->value, q->unit, 4, text, sizeof text);
  if (q == NULL && (strcmp(what, "complete") == 0 || strncmp(what, "delay", 5) == 0))
    snprintf(text, sizeof text, "not within the horizon");
  clx_html_cell(out, "", text);
}

static void page_table(const clx_result *result, const char *heading, const char *kind, const char *key,
                       const char *const (*columns)[2], int32_t count, clx_buffer *out) {
  const clx_orders_names n = clx_orders_names_of(result, kind, key);
  if (n.count == 0) return;
  clx_buffer_format(out, "<h2>%s</h2>\n<table>\n<tr><th>name</th>", heading);
  for (int32_t k = 0; k < count; k++) clx_buffer_format(out, "<th>%s</th>", columns[k][1]);
  clx_buffer_format(out, "</tr>\n");
  for (int32_t i = 0; i < n.count; i++) {
    clx_buffer_format(out, "<tr>");
    clx_html_cell(out, "", clx_orders_title(&n, i));
    for (int32_t k = 0; k < count; k++) quantity_cell(&n, i, columns[k][0], out);
    clx_buffer_format(out, "</tr>\n");
  }
  clx_buffer_format(out, "</table>\n");
}

void clx_report_supply_page(const clx_result *result, clx_buffer *out) {
  static const char *const orders[][2] = {
      {"gpus", "GPUs"}, {"by", "wanted"}, {"complete", "all there"}, {"late", "late"}, {"missing", "never come"}};
  static const char *const events[][2] = {{"at", "date"},
                                          {"delay", "later"},
                                          {"delay_p80", "later, P80"},
                                          {"gpus", "GPUs at the reference date"},
                                          {"lost", "deposits lost"}};
  static const char *const shares[][2] = {{"delay_mean", "late, mean"},
                                          {"delay_worst", "late, worst runs"},
                                          {"cost_mean", "cost, mean"},
                                          {"cost_worst", "cost, worst runs"}};
  static const char *const makers[][2] = {{"gpus", "GPUs"}, {"first", "first order after"}};
  clx_html_open(result, "Orders", out);
  clx_html_drawing(out, "deliveries.svg", "GPUs delivered by week");
  clx_html_drawing(out, "shares.svg", "use of capacities by week");
  page_table(result, "Orders", "order", "gpus", orders, CLX_COUNT(orders), out);
  page_table(result, "Events, with against without", "event", "slip", events, CLX_COUNT(events), out);
  page_table(result, "A second source", "second", "delay_mean", shares, CLX_COUNT(shares), out);
  page_table(result, "What to order", "plan.maker", "gpus", makers, CLX_COUNT(makers), out);
  clx_html_warnings(result, out);
  clx_html_close(out);
}
