// Requests through engines for people.
#include "report/report_serving.h"

#include <stdio.h>

#include "report/report_words.h"

enum { DIGITS = 4, SHORT = 64 };

static void write_count(clx_words *w) {
  clx_words_put(w, "", "", "serving.ended", DIGITS, "");
  clx_words_put(w, "", " of ", "serving.requests", DIGITS, " ended");
  clx_words_some(w, ", ", "", "serving.refused", DIGITS, " refused");
  clx_words_some(w, ", ", "", "serving.moved", DIGITS, " moved by outages");
  clx_words_some(w, ", ", "", "serving.lost", DIGITS, " lost by outages");
  clx_words_put(w, " in ", "", "serving.span", DIGITS, "");
  clx_words_put(w, ": ", "", "serving.iterations", DIGITS, " iterations");
  if (clx_result_fact(w->result, "serving.scheduler") != NULL)
    clx_words_add(w, " by the rules of %s", clx_result_fact(w->result, "serving.scheduler"));
  clx_words_end(w, "requests", 2, CLX_REPORT_PLAIN);
}

static void write_rates(clx_words *w) {
  clx_words_put(w, "", "requests ", "serving.request_rate", DIGITS, "");
  clx_words_put(w, ", ", "prompt tokens ", "serving.prompt_rate", DIGITS, "");
  clx_words_put(w, ", ", "output tokens ", "serving.output_rate", DIGITS, "");
  clx_words_percent(w, "; ", "busy ", "serving.busy", "");
  clx_words_end(w, "rates", 2, CLX_REPORT_PLAIN);
}

static void write_latency(clx_words *w, const char *label, const char *of) {
  static const char *const part[] = {"mean", "p50", "p90", "p95", "p99"};
  static const char *const before[] = {"mean ", "P50 ", "P90 ", "P95 ", "P99 "};
  for (int32_t k = 0; k < CLX_COUNT(part); k++) {
    char name[SHORT];
    snprintf(name, sizeof name, "serving.%s.%s", of, part[k]);
    clx_words_put(w, ", ", before[k], name, DIGITS, "");
  }
  clx_words_end(w, label, 2, CLX_REPORT_PLAIN);
}

static void write_memory(clx_words *w) {
  clx_words_percent(w, "", "blocks in use ", "serving.kv_use.mean", "");
  clx_words_percent(w, ", ", "most ", "serving.kv_use.most", "");
  clx_words_some(w, "; ", "preemptions ", "serving.preemptions", DIGITS, "");
  if (clx_result_value(w->result, "serving.prefix_hits", 0) > 0)
    clx_words_percent(w, "; ", "found in the cache ", "serving.prefix_hits", " of the prompts");
  clx_words_end(w, "cache", 2, CLX_REPORT_PLAIN);
  clx_words_put(w, "", "", "serving.queue.mean", DIGITS, " requests in the mean");
  clx_words_put(w, ", ", "most ", "serving.queue.most", DIGITS, "");
  clx_words_end(w, "queue", 2, CLX_REPORT_PLAIN);
}

void clx_report_serving(const clx_result *result, bool colour, clx_buffer *out) {
  clx_page page = {.out = out, .colour = colour};
  clx_words w = {.result = result, .page = &page};
  write_count(&w);
  write_rates(&w);
  write_latency(&w, "TTFT", "ttft");
  write_latency(&w, "TPOT", "tpot");
  write_latency(&w, "ITL", "itl");
  write_latency(&w, "end to end", "e2e");
  write_memory(&w);
  clx_page_warnings(&page, result, 4);
}
