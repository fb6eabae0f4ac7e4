// What `search` prints: the best layouts, the front of memory against time, what was ruled out and why.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_internal.h"
#include "unit/unit.h"

enum { SHORT = 64, NAME = 96, LINE = 320, FRONT_ROWS = 12 };

typedef struct writer {
  const clx_result *result;
  clx_page page;
} writer;

static const char *fact(const writer *w, const char *name) {
  const char *text = clx_result_fact(w->result, name);
  return text != NULL ? text : "";
}

static double value(const writer *w, const char *name) { return clx_result_value(w->result, name, 0); }

static const char *shown(const writer *w, const char *name, int digits, char text[SHORT]) {
  const clx_quantity *q = clx_result_find(w->result, name);
  if (q == NULL) return "-";
  return clx_quantity_format(q->value, q->unit, digits, text, SHORT);
}

static void put(writer *w, const char *label, int32_t most, clx_report_style style, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

// A paragraph of at most `most` lines; 0: one line of a table.
static void put(writer *w, const char *label, int32_t most, clx_report_style style, const char *format, ...) {
  char text[2 * LINE];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (most == 0) {
    clx_page_row(&w->page, label, text, style);
  } else {
    clx_page_put(&w->page, label, text, most, style);
  }
}

// --- what was asked ---------------------------------------------------------------------------------------------------------

static double rejected(const writer *w) {
  double sum = 0;
  for (int32_t i = 0; i < clx_result_count(w->result); i++) {
    const clx_quantity *q = clx_result_at(w->result, i);
    if (strncmp(q->name, "search.rejected.", 16) == 0) sum += q->value;
  }
  return sum;
}

static void write_question(writer *w) {
  static const char *const objectives[][2] = {
      {"time", "step time"}, {"cost", "cost of a step"}, {"energy", "IT energy of a step"}};
  char text[6][SHORT];
  const char *objective = fact(w, "search.objective");
  for (int32_t i = 0; i < CLX_COUNT(objectives); i++) {
    if (strcmp(objective, objectives[i][0]) == 0) objective = objectives[i][1];
  }
  clx_page_title(&w->page, fact(w, "scenario.title"));
  put(w, "job", 2, CLX_REPORT_PLAIN, "%s, %s sequences of %s tokens a step, %s, profile %s", fact(w, "search.model"),
      shown(w, "search.global_batch", 12, text[0]), shown(w, "search.sequence", 12, text[1]),
      fact(w, "search.precision"), fact(w, "search.software"));
  put(w, "machine", 2, CLX_REPORT_PLAIN, "up to %s GPUs of %s, %s each", shown(w, "search.gpus", 12, text[0]),
      fact(w, "search.fleet"), shown(w, "search.memory_limit", 4, text[1]));
  const char *fixed = fact(w, "search.fixed");
  const double price = value(w, "search.price");
  text[2][0] = text[5][0] = '\0';
  if (price > 0) snprintf(text[2], SHORT, " at %.4g USD a GPU-hour", price);
  if (value(w, "search.time_limit") > 0)
    snprintf(text[5], SHORT, ", with steps of at most %s", shown(w, "search.time_limit", 4, text[4]));
  put(w, "objective", 2, CLX_REPORT_PLAIN, "%s%s%s%s%s", objective, text[2], text[5],
      fixed[0] != '\0' ? "; fixed: " : "", fixed);
  clx_quantity_format(rejected(w), "", 3, text[3], SHORT);
  put(w, "searched", 2, CLX_REPORT_PLAIN,
      "%s layouts: %s cannot run, %s ruled out by a lower bound of their step, %s simulated, the best %s of them rank "
      "by rank",
      shown(w, "search.members", 4, text[0]), text[3], shown(w, "search.pruned", 4, text[1]),
      shown(w, "search.evaluated", 12, text[4]), shown(w, "search.confirmed", 12, text[5]));
}

// --- tables -----------------------------------------------------------------------------------------------------------------

typedef struct list {
  const double *x, *value, *time, *memory, *gpus, *mfu;
  int32_t count;
} list;

static list list_of(const clx_result *result, const char *name) {
  list l = {0};
  const struct {
    const char *column;
    const double **to;
  } columns[] = {{"value", &l.value}, {"step_time", &l.time}, {"memory", &l.memory},
                 {"gpus", &l.gpus},   {"used", &l.gpus},      {"mfu", &l.mfu}};
  for (int32_t i = 0; i < CLX_COUNT(columns); i++) {
    char full[NAME];
    snprintf(full, sizeof full, "search.%s.%s", name, columns[i].column);
    const double *y = clx_result_series(result, full, &l.x, &l.count);
    if (y != NULL) *columns[i].to = y;
  }
  return l;
}

static const char *layout_of(const clx_result *result, const char *name, int32_t index, const char *what) {
  char full[NAME];
  snprintf(full, sizeof full, "search.%s_%d.%s", name, index + 1, what);
  const char *text = clx_result_fact(result, full);
  return text != NULL ? text : "";
}

static const char *value_unit(const writer *w) {
  const clx_quantity *q = clx_result_find(w->result, "search.best.value");
  return q != NULL ? q->unit : "s";
}

// In a table all times are in one unit.
static const char *seconds(double time, char text[SHORT]) {
  snprintf(text, SHORT, "%.4g s", time);
  return text;
}

static void write_top(writer *w) {
  const list l = list_of(w->result, "top");
  const char *unit = value_unit(w);
  const bool other = strcmp(unit, "s") != 0;
  put(w, "best", 0, CLX_REPORT_DIM, "%2s%s%9s%9s%8s%7s  %s", "", other ? "        value" : "", "step", "memory", "GPUs",
      "MFU", "confirmed (sel, full: recompute)");
  for (int32_t i = 0; i < l.count; i++) {
    char text[5][SHORT] = {"", "", "", "", ""};
    if (other) snprintf(text[4], SHORT, "%13s", clx_quantity_format(l.value[i], unit, 4, text[0], SHORT));
    put(w, "", 0, i == 0 ? CLX_REPORT_BOLD : CLX_REPORT_PLAIN, "%2d%s%9s%9s%8s%6.1f%%  %s", i + 1, text[4],
        seconds(l.time[i], text[1]), clx_quantity_format(l.memory[i], "B", 3, text[2], SHORT),
        clx_quantity_format(l.gpus[i], "", 12, text[3], SHORT), 100 * l.mfu[i],
        layout_of(w->result, "top", i, "layout"));
  }
}

static void write_best(writer *w) {
  char text[SHORT];
  clx_buffer words = {0};
  const char *fleet = fact(w, "search.best.fleet"), *given = fact(w, "search.given.layout");
  clx_buffer_format(&words, "%s; %s", fact(w, "search.best.layout"),
                    shown(w, "search.best.tokens_per_second", 4, text));
  if (value(w, "search.best.duration") > 0)
    clx_buffer_format(&words, ", the run in %s", shown(w, "search.best.duration", 3, text));
  clx_buffer_format(&words, ", %s a step", shown(w, "search.best.energy", 3, text));
  if (value(w, "search.best.cost") > 0) clx_buffer_format(&words, ", %s", shown(w, "search.best.cost", 4, text));
  if (strcmp(fleet, fact(w, "search.fleet")) != 0) clx_buffer_format(&words, "; on %s alone", fleet);
  if (!words.failed) clx_page_put(&w->page, "the first", words.data, 3, CLX_REPORT_PLAIN);
  w->page.out->failed = w->page.out->failed || words.failed;
  clx_buffer_free(&words);
  if (fact(w, "search.given.wrong")[0] != '\0')
    put(w, "as given", 3, CLX_REPORT_PLAIN, "does not run: %s", fact(w, "search.given.wrong"));
  if (given[0] == '\0') return;
  const double best = value(w, "search.best.value"), now = value(w, "search.given.value");
  put(w, "as given", 2, CLX_REPORT_PLAIN, "%s: %s a step; the first needs %.1f %% %s", given,
      shown(w, "search.given.step_time", 4, text), 100 * fabs(best / now - 1), best <= now ? "less" : "more");
}

// A few points of the front, evenly spread over it, both ends among them.
static void write_front(writer *w) {
  const list l = list_of(w->result, "front");
  const int32_t rows = l.count < FRONT_ROWS ? l.count : FRONT_ROWS;
  if (rows < 2) return;
  put(w, "front", 0, CLX_REPORT_DIM, "%9s%9s%8s  %s", "memory", "step", "GPUs",
      "layout, expected: none is better in memory and step");
  for (int32_t k = 0; k < rows; k++) {
    const int32_t i = k * (l.count - 1) / (rows - 1);
    char text[3][SHORT];
    put(w, "", 0, CLX_REPORT_PLAIN, "%9s%9s%8s  %s", clx_quantity_format(l.x[i], "B", 3, text[0], SHORT),
        seconds(l.time[i], text[1]), clx_quantity_format(l.gpus[i], "", 12, text[2], SHORT),
        layout_of(w->result, "front", i, "layout"));
  }
  if (rows < l.count) put(w, "", 0, CLX_REPORT_DIM, "%d of %d points; all: --json, -o", rows, l.count);
}

static void write_sizes(writer *w) {
  const list l = list_of(w->result, "count");
  const char *unit = value_unit(w);
  if (l.count == 0) return;
  put(w, "by size", 0, CLX_REPORT_DIM, "%9s%9s%13s%8s  %s", "up to", "used", "value", "MFU", "best layout");
  for (int32_t i = 0; i < l.count; i++) {
    char text[3][SHORT];
    put(w, "", 0, CLX_REPORT_PLAIN, "%9s%9s%13s%7.1f%%  %s", clx_quantity_format(l.x[i], "", 12, text[0], SHORT),
        clx_quantity_format(l.gpus[i], "", 12, text[1], SHORT),
        clx_quantity_format(l.value[i], unit, 4, text[2], SHORT), 100 * l.mfu[i],
        layout_of(w->result, "count", i, "layout"));
  }
}

static void write_rejected(writer *w) {
  bool first = true;
  for (int32_t i = 0; i < clx_result_count(w->result); i++) {
    const clx_quantity *q = clx_result_at(w->result, i);
    char text[SHORT];
    if (strncmp(q->name, "search.rejected.", 16) != 0 || q->value <= 0) continue;
    put(w, first ? "cannot run" : "", 0, CLX_REPORT_PLAIN, "%16s  %s",
        clx_quantity_format(q->value, "", 16, text, SHORT), q->doc);
    first = false;
  }
}

void clx_report_search(const clx_result *result, bool colour, clx_buffer *out) {
  writer w = {.result = result, .page = {.out = out, .colour = colour}};
  write_question(&w);
  write_top(&w);
  write_best(&w);
  write_front(&w);
  write_sizes(&w);
  write_rejected(&w);
  put(&w, "accuracy", 2, CLX_REPORT_PLAIN, "%s", fact(&w, "accuracy.statement"));
  const char *text;
  for (int32_t i = 0; i < 4 && (text = clx_result_warning(result, i)) != NULL; i++) {
    clx_page_put(&w.page, "warning", text, 2, CLX_REPORT_PLAIN);
  }
}

// --- CSV --------------------------------------------------------------------------------------------------------------------

static void put_cell(clx_buffer *out, const double *column, int32_t row) {
  if (column != NULL) {
    clx_buffer_format(out, ",%.17g", column[row]);
  } else {
    clx_buffer_format(out, ",");
  }
}

void clx_report_layouts(const clx_result *result, clx_buffer *out) {
  static const char *const lists[] = {"top", "front", "count"};
  clx_buffer_format(out, "list,rank,at_most,value,step_time,memory,gpus,mfu,layout,fleet\n");
  for (int32_t k = 0; k < CLX_COUNT(lists); k++) {
    list l = list_of(result, lists[k]);
    if (k == 1) l.memory = l.x;
    for (int32_t i = 0; i < l.count; i++) {
      clx_buffer_format(out, "%s,%d", lists[k], i + 1);
      put_cell(out, k == 2 ? l.x : NULL, i);
      put_cell(out, l.value, i);
      put_cell(out, l.time, i);
      put_cell(out, l.memory, i);
      put_cell(out, l.gpus, i);
      put_cell(out, l.mfu, i);
      clx_buffer_format(out, ",%s,%s\n", layout_of(result, lists[k], i, "layout"),
                        layout_of(result, lists[k], i, "fleet"));
    }
  }
}
