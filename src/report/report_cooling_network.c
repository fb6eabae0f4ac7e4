// Flows and pressures of a network of pipes for people.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_cooling.h"
#include "unit/unit.h"

enum { NAME = 192, SHORT = 96, ROWS = 60, LINE = 256 };

static void row(clx_page *page, const char *label, const char *text, clx_report_style style) {
  char clean[LINE];
  snprintf(clean, sizeof clean, "%s", text);
  clx_text_clean(clean, true);
  clx_page_row(page, label, clean, style);
}

// What stands under the same branch: network.WHAT.BRANCH.
static const char *beside(const clx_result *result, const char *what, const char *branch) {
  char name[NAME];
  snprintf(name, sizeof name, "network.%s.%s", what, branch);
  const char *text = clx_result_fact(result, name);
  return text != NULL ? text : "";
}

static double number_of(const clx_result *result, const char *what, const char *branch) {
  char name[NAME];
  snprintf(name, sizeof name, "network.%s.%s", what, branch);
  return clx_result_value(result, name, 0);
}

// Litres a minute of a flow, and bar of a pressure; four digits each.
static void put_branch(const clx_result *result, const char *branch, clx_page *page) {
  char text[LINE], ends[SHORT], cut[SHORT], name[SHORT];
  snprintf(ends, sizeof ends, "%.40s > %.40s", beside(result, "from", branch), beside(result, "to", branch));
  snprintf(text, sizeof text, "%-20s %-11.11s %6.6g %-22s %12.4f %11.5f",
           clx_goodput_cut(branch, 20, 0, name, sizeof name), beside(result, "kind", branch),
           number_of(result, "units", branch), clx_goodput_cut(ends, 22, 0, cut, sizeof cut),
           6e4 * number_of(result, "flow", branch), 1e-5 * number_of(result, "loss", branch));
  row(page, "", text, CLX_REPORT_PLAIN);
}

// Rows for the quantities that begin so, at most ROWS; what is beyond them is counted.
static void put_rows(const clx_result *result, const char *prefix, clx_page *page) {
  char text[LINE], cut[SHORT];
  int32_t count = 0;
  const size_t start = strlen(prefix);
  for (int32_t i = 0; i < clx_result_count(result); i++) {
    const clx_quantity *q = clx_result_at(result, i);
    if (strncmp(q->name, prefix, start) != 0 || count++ >= ROWS) continue;
    if (strcmp(prefix, "network.flow.") == 0) {
      put_branch(result, q->name + start, page);
    } else {
      snprintf(text, sizeof text, "%-32s %12.5f", clx_goodput_cut(q->name + start, 32, 0, cut, sizeof cut),
               1e-5 * q->value);
      row(page, "", text, CLX_REPORT_PLAIN);
    }
  }
  snprintf(text, sizeof text, "%d more: --json", count - ROWS);
  if (count > ROWS) row(page, "", text, CLX_REPORT_DIM);
}

void clx_report_cooling_network(const clx_result *result, bool colour, clx_buffer *out) {
  clx_page page = {.out = out, .colour = colour};
  char text[LINE];
  const char *name = clx_result_fact(result, "network.name"), *fluid = clx_result_fact(result, "network.fluid");
  if (name != NULL) clx_page_title(&page, name);
  snprintf(text, sizeof text, "%.0f branches, %.0f nodes, %.40s of %.5g kg/m3; %.0f iterations, residual %.1e",
           clx_result_value(result, "network.branches", 0), clx_result_value(result, "network.nodes", 0),
           fluid != NULL ? fluid : "liquid", clx_result_value(result, "network.density", 0),
           clx_result_value(result, "network.iterations", 0), clx_result_value(result, "network.residual", 0));
  row(&page, "network", text, CLX_REPORT_PLAIN);
  snprintf(text, sizeof text, "%-20s %-11s %6s %-22s %12s %11s", "branch", "", "units", "from > to", "flow (L/min)",
           "loss (bar)");
  row(&page, "branches", text, CLX_REPORT_BOLD);
  put_rows(result, "network.flow.", &page);
  snprintf(text, sizeof text, "%-32s %12s", "node", "bar");
  row(&page, "pressures", text, CLX_REPORT_BOLD);
  put_rows(result, "network.pressure.", &page);
  clx_page_warnings(&page, result, 8);
}
