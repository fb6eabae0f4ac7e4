// A service for people: what it serves on, what users and its owner see.
#include "report/report_service.h"

#include <stdio.h>
#include <string.h>

#include "report/report_words.h"
#include "unit/unit.h"

enum { SHORT = 64, NAME = 160, POOLS = 6, POOLS_WITH_MEMORY = 1 };

static const char POOL[] = "serving.pool.";

// --- pools ----------------------------------------------------------------------------------------------------------------

// Pool `index` by its quantity "gpus"; its name within those of its quantities in `slug`. False past the end.
static bool pool_at(const clx_result *r, int32_t index, char *slug, size_t size) {
  static const char last[] = ".gpus";
  for (int32_t i = 0; i < clx_result_count(r); i++) {
    const char *name = clx_result_at(r, i)->name;
    const size_t length = strlen(name);
    if (strncmp(name, POOL, sizeof POOL - 1) != 0 || length < sizeof POOL - 1 + sizeof last) continue;
    if (strcmp(name + length - (sizeof last - 1), last) != 0 || index-- > 0) continue;
    snprintf(slug, size, "%.*s", (int)(length - (sizeof POOL - 1) - (sizeof last - 1)), name + sizeof POOL - 1);
    return true;
  }
  return false;
}

static const char *of_pool(const char *slug, const char *what, char *name) {
  snprintf(name, NAME, "%s%s.%s", POOL, slug, what);
  return name;
}

static void write_pool(clx_words *w, const char *slug, bool memory) {
  char name[NAME];
  const char *title = clx_result_fact(w->result, of_pool(slug, "title", name));
  if (title == NULL) return;
  clx_words_add(w, "%s", title);
  const char *layout = clx_result_fact(w->result, of_pool(slug, "layout", name));
  if (layout != NULL) clx_words_add(w, ", %s", layout);
  clx_words_end(w, "pool", 2, CLX_REPORT_PLAIN);
  if (!memory) return;
  clx_words_put(w, "", "", of_pool(slug, "cache", name), 3, " for keys and values:");
  clx_words_percent(w, " ", "", of_pool(slug, "share", name), "");
  clx_words_put(w, "", " of ", of_pool(slug, "memory", name), 3, " less");
  clx_words_put(w, " ", "weights ", of_pool(slug, "weights", name), 3, "");
  clx_words_put(w, ", ", "activations ", of_pool(slug, "peak", name), 2, "");
  clx_words_some(w, ", ", "context ", of_pool(slug, "context", name), 2, "");
  clx_words_some(w, ", ", "states ", of_pool(slug, "states", name), 2, "");
  clx_words_some(w, "; ", "graphs beside ", of_pool(slug, "graphs", name), 2, "");
  clx_words_put(w, "; ", "", of_pool(slug, "tokens", name), 3, " tokens a replica");
  clx_words_put(w, "; ", "prompts of a GPU ", of_pool(slug, "input_gpu", name), 4, "");
  clx_words_put(w, "; ", "output of a GPU ", of_pool(slug, "output_gpu", name), 4, "");
  clx_words_end(w, "memory", 3, CLX_REPORT_PLAIN);
  snprintf(name, sizeof name, "%s%s", POOL, slug);
  clx_report_service_pool_changes(w, name);
}

static void write_pools(clx_words *w, bool memory, int32_t most) {
  char slug[SHORT];
  for (int32_t i = 0; i < most && pool_at(w->result, i, slug, sizeof slug); i++) write_pool(w, slug, memory);
}

// --- latencies and rates --------------------------------------------------------------------------------------------------

static void write_latency(clx_words *w, const char *label, const char *of) {
  static const char *const part[] = {"mean", "p50", "p90", "p95", "p99"};
  static const char *const before[] = {"mean ", "P50 ", "P90 ", "P95 ", "P99 "};
  char name[NAME];
  for (int32_t k = 0; k < CLX_COUNT(part); k++) {
    snprintf(name, sizeof name, "serving.%s.%s", of, part[k]);
    clx_words_put(w, ", ", before[k], name, 3, "");
  }
  clx_words_end(w, label, 1, CLX_REPORT_PLAIN);
}

static void write_rates(clx_words *w) {
  clx_words_put(w, "", "", "serving.requests", 3, "");
  clx_words_put(w, ", ", "output ", "serving.output", 3, "");
  clx_words_put(w, ", ", "input ", "serving.input", 3, "");
  clx_words_band(w, "; ", "of a GPU ", "serving.output_gpu", 3, "");
  clx_words_put(w, ", ", "of a user ", "serving.user", 3, "");
  clx_words_end(w, "rates", 2, CLX_REPORT_BOLD);
}

static void write_promise(clx_words *w) {
  clx_words_percent(w, "", "", "serving.within", " of the requests within the promise");
  clx_words_put(w, ": ", "", "serving.goodput", 3, "");
  clx_words_end(w, "promise", 1, CLX_REPORT_BOLD);
  if (clx_result_value(w->result, "serving.stable", 1) >= 1) return;
  clx_words_put(w, "", "", "serving.arrival", 3, " come");
  clx_words_put(w, ", ", "", "serving.service", 3, " served");
  clx_words_add(w, ": the queue grows without end");
  clx_words_end(w, "UNSTABLE", 1, CLX_REPORT_BOLD);
}

static void write_owner(clx_words *w) {
  char text[SHORT];
  clx_words_put(w, "", "", "serving.power", 3, "");
  clx_words_put(w, ", ", "of a GPU with its share of the server ", "serving.power_gpu", 3, "");
  clx_words_band(w, "; ", "", "serving.energy", 3, " of output");
  const clx_quantity *cost = clx_result_find(w->result, "serving.cost");
  if (cost != NULL)
    clx_words_add(w, "; %s a million output tokens",
                  clx_quantity_format(1e6 * cost->value, "USD", 3, text, sizeof text));
  clx_words_end(w, "owner", 2, CLX_REPORT_BOLD);
}

static void write_use(clx_words *w) {
  clx_words_percent(w, "", "replicas busy ", "serving.busy", "");
  clx_words_percent(w, ", ", "blocks in use ", "serving.cache_mean", "");
  clx_words_percent(w, " ", "(most ", "serving.cache_most", ")");
  clx_words_percent(w, ", ", "prompts found in the cache ", "serving.prefix_hits", "");
  clx_words_put(w, ", ", "", "serving.queue_mean", 2, " waiting");
  clx_words_put(w, " ", "(most ", "serving.queue_most", 3, ")");
  clx_words_some(w, ", ", "", "serving.preemptions", 2, " preemptions a request");
  clx_words_end(w, "use", 2, CLX_REPORT_PLAIN);
}

// --- all of it ------------------------------------------------------------------------------------------------------------

void clx_report_serving_lines(const clx_result *result, clx_page *page) {
  clx_words w = {.result = result, .page = page};
  if (clx_result_find(result, "serving.output") == NULL) return;
  clx_words_add(&w, "%s", clx_result_fact(result, "serving.model"));
  clx_words_put(&w, ": ", "", "serving.output", 3, "");
  clx_words_put(&w, ", ", "of a GPU ", "serving.output_gpu", 3, "");
  clx_words_put(&w, ", ", "of a user ", "serving.user", 3, "");
  clx_words_put(&w, "; ", "TTFT P95 ", "serving.ttft.p95", 3, "");
  clx_words_put(&w, ", ", "TPOT P95 ", "serving.tpot.p95", 3, "");
  clx_words_end(&w, "serving", 2, CLX_REPORT_BOLD);
  write_promise(&w);
  write_owner(&w);
  clx_report_service_changes(&w);
}

void clx_report_service(const clx_result *result, bool colour, clx_buffer *out) {
  clx_page page = {.out = out, .colour = colour};
  clx_words w = {.result = result, .page = &page};
  const char *title = clx_result_fact(result, "scenario.title");
  const int32_t assumptions = clx_result_assumption_count(result);
  char slug[SHORT];
  if (title != NULL) clx_page_title(&page, title);
  if (clx_result_find(result, "serving.output") == NULL) {
    clx_words_add(&w, "this result holds no service: the scenario has no section serving with pools");
    clx_words_end(&w, "serving", 1, CLX_REPORT_BOLD);
    return;
  }
  clx_words_add(&w, "%s", clx_result_fact(result, "serving.model"));
  clx_words_put(&w, " on ", "", "serving.gpus", 12,
                clx_result_value(result, "serving.gpus", 0) == 1 ? " GPU" : " GPUs");
  clx_words_put(&w, ", ", "", "serving.replicas", 12,
                clx_result_value(result, "serving.replicas", 0) == 1 ? " replica" : " replicas");
  if (clx_result_value(result, "serving.seeds", 1) > 1)
    clx_words_put(&w, "; ", "bands: extremes of ", "serving.seeds", 12, " runs with requests drawn anew");
  clx_words_end(&w, "serving", 2, CLX_REPORT_PLAIN);
  write_pools(&w, !clx_report_service_has_parts(result) || !pool_at(result, POOLS_WITH_MEMORY, slug, sizeof slug),
              POOLS);
  write_latency(&w, "TTFT", "ttft");
  write_latency(&w, "TPOT", "tpot");
  write_latency(&w, "ITL", "itl");
  write_latency(&w, "end to end", "e2e");
  write_rates(&w);
  write_promise(&w);
  write_owner(&w);
  write_use(&w);
  clx_report_service_changes(&w);
  clx_report_service_parts(
      &w, CLX_REPORT_LINES - page.lines - (clx_result_warning_count(result) > 0 ? 2 : 0) - (assumptions > 0 ? 1 : 0));
  clx_page_warnings(&page, result, CLX_REPORT_LINES - page.lines - (assumptions > 0 ? 1 : 0));
  if (assumptions == 0) return;
  clx_words_add(&w, "%d assumption%s: colossus check SCENARIO --assumptions", assumptions, assumptions == 1 ? "" : "s");
  clx_words_end(&w, "assumed", 1, CLX_REPORT_DIM);
}
