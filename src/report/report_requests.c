// A trace of requests for people.
#include "report/report_requests.h"

#include <stdio.h>
#include <string.h>

#include "report/report_words.h"
#include "unit/unit.h"

enum { DIGITS = 4, SHORT = 96, TENANTS = 12 };

static void write_count(clx_words *w) {
  clx_words_put(w, "", "", "requests.count", DIGITS, "");
  clx_words_add(w, " from %s (%s)", clx_result_fact(w->result, "requests.file"),
                clx_result_fact(w->result, "requests.format"));
  clx_words_end(w, "requests", 2, CLX_REPORT_PLAIN);
}

static void write_arrivals(clx_words *w) {
  const double first = clx_result_value(w->result, "requests.first", 0),
               last = clx_result_value(w->result, "requests.last", 0);
  char text[SHORT];
  if (clx_result_find(w->result, "requests.rate") == NULL) {
    clx_words_add(w, "all at %s", clx_quantity_format(first, "s", DIGITS, text, sizeof text));
  } else {
    clx_words_add(w, "%.4g a second over %s", clx_result_value(w->result, "requests.rate", 0),
                  clx_quantity_format(last - first, "s", DIGITS, text, sizeof text));
    clx_words_add(w, "; gaps vary by %.2f of their mean (1 = Poisson)",
                  clx_result_value(w->result, "requests.gap_variation", 0));
    if (clx_result_find(w->result, "requests.busiest") != NULL)
      clx_words_add(w, "; busiest minute %.2f times the mean", clx_result_value(w->result, "requests.busiest", 0));
  }
  clx_words_end(w, "arrivals", 2, CLX_REPORT_PLAIN);
}

static void write_lengths(clx_words *w, const char *label, const char *of) {
  static const char *const part[] = {"mean", "p50", "p90", "p99", "most"};
  static const char *const before[] = {"mean ", "P50 ", "P90 ", "P99 ", "most "};
  for (int32_t i = 0; i < CLX_COUNT(part); i++) {
    char name[SHORT];
    snprintf(name, sizeof name, "requests.%s.%s", of, part[i]);
    clx_words_put(w, ", ", before[i], name, DIGITS, "");
  }
  clx_words_add(w, " tokens");
  clx_words_end(w, label, 2, CLX_REPORT_PLAIN);
}

static void write_rates(clx_words *w) {
  if (clx_result_find(w->result, "requests.prompt_rate") == NULL) return;
  clx_words_put(w, "", "prompts ", "requests.prompt_rate", DIGITS, "");
  clx_words_put(w, ", ", "outputs ", "requests.output_rate", DIGITS, " in the mean");
  clx_words_end(w, "demand", 2, CLX_REPORT_PLAIN);
}

static void write_blocks(clx_words *w) {
  if (clx_result_find(w->result, "requests.blocks.count") == NULL) return;
  clx_words_put(w, "", "", "requests.blocks.count", DIGITS, " names of blocks");
  clx_words_put(w, "", " of ", "requests.blocks.tokens", DIGITS, " tokens");
  clx_words_put(w, ", ", "", "requests.blocks.distinct", DIGITS, " different");
  clx_words_percent(w, "; ", "a cache without end finds ", "requests.blocks.hits", "");
  clx_words_end(w, "prefixes", 2, CLX_REPORT_PLAIN);
}

static void write_tenants(clx_words *w) {
  clx_ranking tenant[TENANTS];
  const double all = clx_result_value(w->result, "requests.count", 1);
  const int32_t count = clx_result_rank(w->result, "requests.tenant.", ".count", false, tenant, TENANTS);
  for (int32_t i = 0; i < count; i++) {
    const clx_quantity *q = tenant[i].quantity, *prompt = clx_result_beside(w->result, q, "prompt"),
                       *output = clx_result_beside(w->result, q, "output");
    const char *name = clx_result_fact_beside(w->result, q, "name");
    if (prompt == NULL || output == NULL || name == NULL) continue;
    clx_words_add(w, "%s%.40s %.1f %% (%.0f in, %.0f out)", clx_words_between(w, ", "), name, 100 * q->value / all,
                  prompt->value, output->value);
  }
  clx_words_end(w, "tenants", 4, CLX_REPORT_PLAIN);
}

void clx_report_requests(const clx_result *result, bool colour, clx_buffer *out) {
  clx_page page = {.out = out, .colour = colour};
  clx_words w = {.result = result, .page = &page};
  write_count(&w);
  write_arrivals(&w);
  write_lengths(&w, "prompts", "prompt");
  write_lengths(&w, "outputs", "output");
  write_rates(&w);
  write_blocks(&w);
  write_tenants(&w);
  clx_page_warnings(&page, result, 4);
}
