// What `search --objective goodput` prints: policies, checkpoints and spares by what they make of the machine.
#include <stdio.h>
#include <string.h>

#include "report/report_internal.h"
#include "unit/unit.h"

enum { SHORT = 48, NAME = 96, LINE = 400 };

static const char *const COLUMNS[] = {"value",    "goodput", "goodput_low", "goodput_high", "time_to_train",
                                      "interval", "hot",     "held",        "form",         "replications"};
enum { VALUE, GOODPUT, LOW, HIGH, TIME, INTERVAL, HOT, HELD, FORM, RUNS, COLUMN_COUNT };
static const char *const TEXTS[] = {"policy", "checkpoint", "recovery", "settings"};

typedef struct list {
  const double *column[COLUMN_COUNT];
  int32_t count;
} list;

static list list_of(const clx_result *result) {
  list l = {.count = 0};
  for (int32_t i = 0; i < COLUMN_COUNT; i++) {
    char name[NAME];
    const double *x;
    snprintf(name, sizeof name, "search.top.%s", COLUMNS[i]);
    l.column[i] = clx_result_series(result, name, &x, &l.count);
    if (l.column[i] == NULL) return (list){.count = 0};
  }
  return l;
}

static const char *text_of(const clx_result *result, int32_t row, const char *what) {
  char name[NAME];
  snprintf(name, sizeof name, "search.top_%d.%s", row + 1, what);
  const char *text = clx_result_fact(result, name);
  return text != NULL ? text : "";
}

static const char *fact(const clx_result *result, const char *name) {
  const char *text = clx_result_fact(result, name);
  return text != NULL ? text : "";
}

static const char *shown(const clx_result *result, const char *name, int digits, char text[SHORT]) {
  const clx_quantity *q = clx_result_find(result, name);
  return q == NULL ? "-" : clx_quantity_format(q->value, q->unit, digits, text, SHORT);
}

static void put(clx_page *page, const char *label, int32_t most, clx_report_style style, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

// A paragraph of at most `most` lines; 0: one line of a table.
static void put(clx_page *page, const char *label, int32_t most, clx_report_style style, const char *format, ...) {
  char text[2 * LINE];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (most == 0) {
    clx_page_row(page, label, text, style);
  } else {
    clx_page_put(page, label, text, most, style);
  }
}

static void write_question(const clx_result *r, clx_page *page) {
  char text[4][SHORT];
  clx_page_title(page, fact(r, "scenario.title"));
  put(page, "job", 2, CLX_REPORT_PLAIN, "%s on %s GPUs in %s replicas, failures as of %s", fact(r, "search.model"),
      shown(r, "search.gpus", 12, text[0]), shown(r, "search.replicas", 12, text[1]), fact(r, "search.failures"));
  put(page, "objective", 2, CLX_REPORT_PLAIN,
      "goodput, times the share of the replicas that work: policies, checkpoints, intervals, spares");
  put(page, "searched", 2, CLX_REPORT_PLAIN,
      "%s policies by the renewal form, %s of them cannot be had; %s simulations on the same failures, of the first %s "
      "runs each",
      shown(r, "search.members", 4, text[0]), shown(r, "search.rejected", 4, text[1]),
      shown(r, "search.simulated", 4, text[2]), shown(r, "search.replications", 12, text[3]));
}

static void write_rows(const clx_result *r, clx_page *page) {
  const list l = list_of(r);
  int32_t full = 0;
  put(page, "best", 0, CLX_REPORT_DIM, "%2s%9s%12s%11s%10s%6s%6s  %s", "", "value", "goodput", "ends after", "interval",
      "hot", "held", "policy, checkpoints, restart");
  for (int32_t i = 0; i < l.count; i++) {
    char end[SHORT] = "-", interval[SHORT], band[SHORT];
    const bool own = text_of(r, i, "own")[0] != '\0';
    if (l.column[TIME][i] > 0) clx_quantity_format(l.column[TIME][i], "s", 4, end, sizeof end);
    clx_quantity_format(l.column[INTERVAL][i], "s", 3, interval, sizeof interval);
    snprintf(band, sizeof band, "%.1f - %.1f", 100 * l.column[LOW][i], 100 * l.column[HIGH][i]);
    put(page, "", 0, i == 0 ? CLX_REPORT_BOLD : CLX_REPORT_PLAIN, "%2d%8.2f%%%12s%11s%10s%6.0f%6.0f  %s, %s, %s%s",
        i + 1, 100 * l.column[VALUE][i], band, end, interval, l.column[HOT][i], l.column[HELD][i],
        text_of(r, i, "policy"), text_of(r, i, "checkpoint"), text_of(r, i, "recovery"), own ? " (own)" : "");
    full += l.column[RUNS][i] >= l.column[RUNS][0];
  }
  if (full < l.count)
    put(page, "", 0, CLX_REPORT_DIM, "from the %dth on with %.0f runs each; bands of goodput in percent", full + 1,
        l.column[RUNS][full]);
}

static void write_best(const clx_result *r, clx_page *page) {
  const clx_quantity *gain = clx_result_find(r, "search.best.gain"),
                     *given = clx_result_find(r, "search.given.goodput");
  put(page, "to get it", 9, CLX_REPORT_PLAIN, "%s", fact(r, "search.best.settings"));
  if (fact(r, "search.given.wrong")[0] != '\0')
    put(page, "as given", 3, CLX_REPORT_PLAIN, "makes no progress: %s", fact(r, "search.given.wrong"));
  if (given == NULL) return;
  char words[SHORT * 2] = "";
  if (gain != NULL)
    snprintf(words, sizeof words, "; the first has %.2f points more (%.2f to %.2f)", 100 * gain->value, 100 * gain->low,
             100 * gain->high);
  put(page, "as given", 2, CLX_REPORT_PLAIN, "%.2f %%%s", 100 * given->value, words);
}

void clx_report_policies(const clx_result *result, bool colour, clx_buffer *out) {
  clx_page page = {.out = out, .colour = colour};
  write_question(result, &page);
  write_rows(result, &page);
  write_best(result, &page);
  const char *why = fact(result, "search.rejected_because"), *text;
  if (why[0] != '\0') put(&page, "not had", 2, CLX_REPORT_PLAIN, "the first: %s", why);
  for (int32_t i = 0; i < 4 && (text = clx_result_warning(result, i)) != NULL; i++)
    clx_page_put(&page, "warning", text, 2, CLX_REPORT_PLAIN);
}

void clx_report_policies_csv(const clx_result *result, clx_buffer *out) {
  const list l = list_of(result);
  clx_buffer_format(out, "rank");
  for (int32_t k = 0; k < COLUMN_COUNT; k++) clx_buffer_format(out, ",%s", COLUMNS[k]);
  for (int32_t k = 0; k < CLX_COUNT(TEXTS); k++) clx_buffer_format(out, ",%s", TEXTS[k]);
  clx_buffer_format(out, "\n");
  for (int32_t i = 0; i < l.count; i++) {
    clx_buffer_format(out, "%d", i + 1);
    for (int32_t k = 0; k < COLUMN_COUNT; k++) clx_buffer_format(out, ",%.17g", l.column[k][i]);
    for (int32_t k = 0; k < CLX_COUNT(TEXTS); k++) clx_buffer_format(out, ",%s", text_of(result, i, TEXTS[k]));
    clx_buffer_format(out, "\n");
  }
}
