// Models and tenants of a service: a row for each.
#include <stdio.h>
#include <string.h>

#include "report/report_service.h"
#include "unit/unit.h"

enum { SHORT = 32, NAME = 200 };

static const char *const KINDS[] = {"model", "tenant"};

// Part `index` of a kind by its quantity "share": what stands in front of that, in `prefix`. False past the end.
static bool part_at(const clx_result *r, const char *kind, int32_t index, char *prefix, size_t size) {
  static const char last[] = ".share";
  char first[SHORT];
  const size_t before = (size_t)snprintf(first, sizeof first, "serving.%s.", kind);
  for (int32_t i = 0; i < clx_result_count(r); i++) {
    const char *name = clx_result_at(r, i)->name;
    const size_t length = strlen(name);
    if (strncmp(name, first, before) != 0 || length < before + sizeof last) continue;
    if (strcmp(name + length - (sizeof last - 1), last) != 0 || index-- > 0) continue;
    snprintf(prefix, size, "%.*s", (int)(length - (sizeof last - 1)), name);
    return true;
  }
  return false;
}

bool clx_report_service_has_parts(const clx_result *result) {
  char prefix[NAME];
  return part_at(result, "tenant", 0, prefix, sizeof prefix) || part_at(result, "model", 0, prefix, sizeof prefix);
}

bool clx_report_service_has_models(const clx_result *result) {
  char prefix[NAME];
  return part_at(result, "model", 0, prefix, sizeof prefix);
}

static int32_t count_parts(const clx_result *r) {
  char prefix[NAME];
  int32_t count = 0;
  for (int32_t k = 0; k < CLX_COUNT(KINDS); k++) {
    for (int32_t i = 0; part_at(r, KINDS[k], i, prefix, sizeof prefix); i++) count++;
  }
  return count;
}

// "-" where it is not known.
static const char *cell(const clx_result *r, const char *prefix, const char *what, double factor, int digits,
                        char *text) {
  char name[NAME + SHORT];
  snprintf(name, sizeof name, "%s.%s", prefix, what);
  const clx_quantity *q = clx_result_find(r, name);
  if (q == NULL) return "-";
  return clx_quantity_format(factor * q->value, "", digits, text, SHORT);
}

static void write_row(clx_words *w, const char *kind, const char *prefix) {
  static const struct {
    const char *what;
    double factor;
    int width, digits;
  } column[] = {{"share", 100, 5, 3},  {"requests", 1, 6, 3},   {"input", 1, 8, 3},   {"output", 1, 7, 3},
                {"ttft.p95", 1, 6, 3}, {"tpot.p95", 1e3, 6, 3}, {"e2e.p95", 1, 6, 3}, {"within", 100, 5, 3},
                {"power", 1e-3, 6, 3}, {"cost", 1e6, 7, 3}};
  char name[NAME + SHORT], text[SHORT];
  snprintf(name, sizeof name, "%s.title", prefix);
  clx_words_add(w, "%-15.15s", clx_result_fact(w->result, name));
  for (int32_t k = 0; k < CLX_COUNT(column); k++)
    clx_words_add(w, " %*s", column[k].width,
                  cell(w->result, prefix, column[k].what, column[k].factor, column[k].digits, text));
  clx_words_end(w, kind, 0, CLX_REPORT_PLAIN);
}

void clx_report_service_parts(clx_words *w, int32_t room) {
  char prefix[NAME];
  const int32_t count = count_parts(w->result);
  const int32_t rows = count + 1 <= room ? count : room - 2;
  int32_t left = rows;
  if (count == 0) return;
  if (rows < 1) {
    clx_words_add(w, "%d models and tenants: --json", count);
    clx_words_end(w, "of each", 1, CLX_REPORT_DIM);
    return;
  }
  clx_words_add(w, "%-15s %5s %6s %8s %7s %6s %6s %6s %5s %6s %7s", "P95: s, TPOT ms", "GPUs%", "req/s", "in/s",
                "out/s", "TTFT", "TPOT", "e2e", "kept%", "kW", "USD/Mt");
  clx_words_end(w, "of each", 0, CLX_REPORT_DIM);
  for (int32_t k = 0; k < CLX_COUNT(KINDS); k++) {
    for (int32_t i = 0; left > 0 && part_at(w->result, KINDS[k], i, prefix, sizeof prefix); i++, left--)
      write_row(w, KINDS[k], prefix);
  }
  if (rows == count) return;
  clx_words_add(w, "%d more: --json", count - rows);
  clx_words_end(w, "", 1, CLX_REPORT_DIM);
}
