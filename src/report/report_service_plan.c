// A plan of a service for people: what keeps the promise, the best first; what is cheapest, takes least energy, least GPUs; why others fail.
#include <stdio.h>
#include <string.h>

#include "report/report_html.h"
#include "report/report_service.h"
#include "report/report_words.h"
#include "unit/unit.h"

enum { SHORT = 64, NAME = 160, LINE = 256, ROWS = 12 };

static double value_of(const clx_result *r, const char *of, int32_t number, const char *what) {
  char name[NAME];
  snprintf(name, sizeof name, "serve_plan.%s.%d.%s", of, number, what);
  return clx_result_value(r, name, 0);
}

static const char *fact_of(const clx_result *r, const char *of, int32_t number, const char *what) {
  char name[NAME];
  snprintf(name, sizeof name, "serve_plan.%s.%d.%s", of, number, what);
  return clx_result_fact(r, name);
}

static const char *shown(double value, const char *unit, int digits, char *text) {
  return clx_quantity_format(value, unit, digits, text, SHORT);
}

static void write_demand(clx_words *w) {
  const char *model = clx_result_fact(w->result, "serve_plan.model"),
             *goal = clx_result_fact(w->result, "serve_plan.goal");
  clx_words_add(w, "%s", model);
  clx_words_put(w, ": ", "", "serve_plan.demand", 4, "");
  clx_words_put(w, ", ", "output ", "serve_plan.output", 4, "");
  clx_words_add(w, "; least %s", goal);
  clx_words_end(w, "demand", 1, CLX_REPORT_PLAIN);
  clx_words_put(w, "", "", "serve_plan.tried", 12, " layouts screened");
  clx_words_put(w, ", ", "", "serve_plan.simulated", 12, " runs event by event");
  clx_words_put(w, ", ", "", "serve_plan.fits", 12, " options");
  clx_words_add(w, "; P95 in ms, promise kept in %%");
  clx_words_end(w, "search", 1, CLX_REPORT_PLAIN);
}

static void write_row(clx_words *w, int32_t number, clx_report_style style) {
  const clx_result *r = w->result;
  const char *title = fact_of(r, "option", number, "title"), *layout = fact_of(r, "option", number, "layout");
  const double cost = value_of(r, "option", number, "cost");
  char gpus[SHORT], money[SHORT] = "-", label[SHORT];
  if (title == NULL || layout == NULL) return;
  if (cost > 0) snprintf(money, sizeof money, "%.3g", 1e6 * cost);
  clx_words_add(w, "%-14.14s %-29.29s %7s %7s %6.3g %6.0f %6.0f %5.1f", title, layout,
                shown(value_of(r, "option", number, "gpus"), "", 6, gpus), money,
                value_of(r, "option", number, "energy"), 1e3 * value_of(r, "option", number, "ttft_p95"),
                1e3 * value_of(r, "option", number, "tpot_p95"), 100 * value_of(r, "option", number, "within"));
  snprintf(label, sizeof label, "%d", number);
  clx_words_end(w, label, 0, style);
}

static void write_table(clx_words *w, int32_t fits) {
  if (fits == 0) return;
  clx_words_add(w, "%-14s %-29s %7s %7s %6s %6s %6s %5s", "hardware", "layout", "GPUs", "USD/Mt", "J/t", "TTFT95",
                "TPOT95", "kept");
  clx_words_end(w, "option", 0, CLX_REPORT_DIM);
  for (int32_t i = 1; i <= fits && i <= ROWS; i++) write_row(w, i, i == 1 ? CLX_REPORT_BOLD : CLX_REPORT_PLAIN);
  if (fits <= ROWS) return;
  clx_words_add(w, "%d more: --json, or options.csv of -o DIR", fits - ROWS);
  clx_words_end(w, "", 1, CLX_REPORT_DIM);
}

// "cheapest: option 1; least energy: option 3".
static void write_bests(clx_words *w) {
  static const struct {
    const char *name, *words;
  } rows[] = {{"serve_plan.cheapest", "cheapest"},
              {"serve_plan.least_energy", "least energy"},
              {"serve_plan.fewest_gpus", "fewest GPUs"}};
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    const int32_t number = (int32_t)clx_result_value(w->result, rows[i].name, 0);
    if (number == 0) continue;
    clx_words_add(w, "%s%s: %d (%s)", clx_words_between(w, ", "), rows[i].words, number,
                  fact_of(w->result, "option", number, "title"));
  }
  clx_words_end(w, "best", 1, CLX_REPORT_PLAIN);
}

static void write_failures(clx_words *w) {
  for (int32_t i = 1; fact_of(w->result, "candidate", i, "title") != NULL; i++) {
    const char *why = fact_of(w->result, "candidate", i, "why");
    if (why == NULL) continue;
    clx_words_add(w, "%s: %s", fact_of(w->result, "candidate", i, "title"), why);
    clx_words_end(w, "fails", 2, CLX_REPORT_PLAIN);
  }
}

void clx_report_service_plan(const clx_result *result, bool colour, clx_buffer *out) {
  clx_page page = {.out = out, .colour = colour};
  clx_words w = {.result = result, .page = &page};
  const char *title = clx_result_fact(result, "scenario.title");
  const int32_t fits = (int32_t)clx_result_value(result, "serve_plan.fits", 0);
  if (title != NULL) clx_page_title(&page, title);
  write_demand(&w);
  write_table(&w, fits);
  if (fits > 0)
    write_bests(&w);
  else
    clx_page_put(&page, "plan", "nothing keeps the promise", 1, CLX_REPORT_BOLD);
  write_failures(&w);
  clx_page_warnings(&page, result, CLX_REPORT_LINES - page.lines);
}

void clx_report_service_options(const clx_result *result, clx_buffer *out) {
  static const char *const columns[] = {"replicas",  "gpus",     "sequences", "tokens",     "cost",
                                        "cost_hour", "energy",   "power",     "output_gpu", "user",
                                        "ttft_p95",  "tpot_p95", "e2e_p95",   "within",     "busy"};
  const int32_t fits = (int32_t)clx_result_value(result, "serve_plan.fits", 0);
  clx_buffer_format(out, "option,hardware,layout");
  for (int32_t k = 0; k < CLX_COUNT(columns); k++) {
    char name[NAME];
    snprintf(name, sizeof name, "serve_plan.option.1.%s", columns[k]);
    const clx_quantity *q = clx_result_find(result, name);
    const bool plain = q == NULL || q->unit[0] == '\0';
    clx_buffer_format(out, ",%s%s%s%s", columns[k], plain ? "" : " (", plain ? "" : q->unit, plain ? "" : ")");
  }
  clx_buffer_format(out, "\n");
  for (int32_t i = 1; i <= fits; i++) {
    clx_buffer_format(out, "%d,", i);
    clx_csv_text(out, fact_of(result, "option", i, "title"));
    clx_buffer_format(out, ",");
    clx_csv_text(out, fact_of(result, "option", i, "layout"));
    for (int32_t k = 0; k < CLX_COUNT(columns); k++)
      clx_buffer_format(out, ",%.9g", value_of(result, "option", i, columns[k]));
    clx_buffer_format(out, "\n");
  }
}
