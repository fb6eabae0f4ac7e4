// What `why` prints: the parts of the step, what binds in sentences, inputs and changes by what they do.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_internal.h"
#include "unit/unit.h"

enum { SHORT = 64, LINE = 200, PARTS_MAX = 32, TOP_MAX = 64, IMPOSSIBLE_SHOWN = 6 };

static const double SEEN = 5e-4;  // relative change below which an input or a change is left out

// --- parts -----------------------------------------------------------------------------------------------------------

typedef struct writer {
  const clx_result *result;
  clx_page page;
  int32_t top;
} writer;

static const char *title_of(const writer *w, const clx_quantity *q) {
  const char *title = clx_result_fact_beside(w->result, q, "title");
  return title != NULL ? title : q->name;
}

static double number(const writer *w, const clx_quantity *q, const char *what) {
  const clx_quantity *other = clx_result_beside(w->result, q, what);
  return other != NULL ? other->value : 0;
}

static const char *shown(const writer *w, const clx_quantity *q, const char *what, int digits, char text[SHORT]) {
  const clx_quantity *other = clx_result_beside(w->result, q, what);
  return other != NULL ? clx_quantity_format(other->value, other->unit, digits, text, SHORT) : "-";
}

static void row(writer *w, const char *label, clx_report_style style, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void row(writer *w, const char *label, clx_report_style style, const char *format, ...) {
  char text[LINE];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  clx_page_row(&w->page, label, text, style);
}

void clx_report_tenths(const clx_ranking *part, int32_t count, int32_t *tenths) {
  double rest[PARTS_MAX];
  int32_t missing = 1000;
  for (int32_t i = 0; i < count; i++) {
    tenths[i] = (int32_t)floor(1000 * part[i].weight);
    rest[i] = 1000 * part[i].weight - tenths[i];
    missing -= tenths[i];
  }
  for (; missing > 0 && missing <= count; missing--) {
    int32_t most = 0;
    for (int32_t i = 1; i < count; i++) {
      if (rest[i] > rest[most]) most = i;
    }
    tenths[most]++;
    rest[most] = -1;
  }
}

static void write_parts(writer *w) {
  enum { BAR = 34 };
  static const char bar[] = "##################################";
  clx_ranking part[PARTS_MAX];
  int32_t tenths[PARTS_MAX];
  const double step = clx_result_value(w->result, "training.step_time", 0);
  const int32_t count = clx_result_rank(w->result, "why.share.", "", false, part, PARTS_MAX);
  clx_report_tenths(part, count, tenths);
  for (int32_t i = 0; i < count && part[i].weight > 0; i++) {
    char time[SHORT];
    const int32_t length = (int32_t)lround(BAR * part[i].weight / part[0].weight);
    row(w, i == 0 ? "parts" : "", CLX_REPORT_PLAIN, "%-28s%12s%8.1f %%  %.*s",
        clx_report_part(strrchr(part[i].quantity->name, '.') + 1),
        clx_quantity_format(step * part[i].weight, "s", 3, time, sizeof time), tenths[i] / 10.0, length, bar);
  }
}

static void write_answers(writer *w) {
  for (int32_t i = 1; i <= TOP_MAX; i++) {
    char name[SHORT];
    snprintf(name, sizeof name, "why.answer_%d", i);
    const char *text = clx_result_fact(w->result, name);
    if (text == NULL) return;
    clx_page_put(&w->page, i == 1 ? "why" : "", text, 4, CLX_REPORT_PLAIN);
  }
}

// --- inputs and changes ----------------------------------------------------------------------------------------------

// One elasticity, or those towards more and towards less of the input where they differ.
static void write_inputs(writer *w) {
  clx_ranking input[TOP_MAX];
  const int32_t count = clx_result_rank(w->result, "why.input.", ".effect", true, input, w->top);
  bool jumped = false;
  if (count == 0 || input[0].weight < SEEN) return;
  row(w, "inputs", CLX_REPORT_DIM, "%-40s%16s%14s%14s", "10 % more of (shares: 10 points)", "now", "step",
      "elasticity");
  for (int32_t i = 0; i < count && input[i].weight >= SEEN; i++) {
    const clx_quantity *q = input[i].quantity;
    char value[SHORT], effect[SHORT], slope[SHORT];
    const double up = number(w, q, "up"), down = number(w, q, "down");
    const bool jumps = fabs(number(w, q, "jump_up")) >= SEEN || fabs(number(w, q, "jump_down")) >= SEEN;
    const char *mark = jumps ? "*" : " ";
    jumped = jumped || jumps;
    const bool bent = fabs(up - down) > fmax(0.01, 0.2 * fabs(number(w, q, "elasticity")));
    if (bent) {
      snprintf(slope, sizeof slope, "%.2f, %.2f%s", up, down, mark);
    } else {
      snprintf(slope, sizeof slope, "%.3f%s", number(w, q, "elasticity"), mark);
    }
    snprintf(effect, sizeof effect, "%+.2f %%", 100 * q->value);
    row(w, "", CLX_REPORT_PLAIN, "%-40.39s%16s%14s%15s", title_of(w, q), shown(w, q, "value", 4, value), effect, slope);
  }
  if (jumped)
    row(w, "", CLX_REPORT_DIM, "* beside a jump of the step at the least change, a feature or a wave of tiles: --json");
}

// A change of speed or at least of memory.
static bool is_change(const writer *w, const clx_quantity *gain) {
  const double before = clx_result_value(w->result, "training.memory.total", 0);
  return fabs(gain->value) >= SEEN || fabs(number(w, gain, "memory") - before) >= 0.01 * before;
}

static void write_changes(writer *w) {
  clx_ranking move[TOP_MAX];
  char now[SHORT], text[SHORT], head[2][2 * SHORT] = {"", "memory"};
  const clx_quantity *has = clx_result_find(w->result, "training.memory.capacity");
  const clx_quantity *base = clx_result_find(w->result, "why.step_time");
  const int32_t count = clx_result_rank(w->result, "why.move.", ".gain", false, move, TOP_MAX);
  if (count == 0 || base == NULL) return;
  snprintf(head[0], sizeof head[0], "one at a time, same GPUs; now %s",
           clx_quantity_format(base->value, base->unit, 4, now, sizeof now));
  if (has != NULL) {
    snprintf(head[1], sizeof head[1], "memory of %s", clx_quantity_format(has->value, has->unit, 3, text, sizeof text));
  }
  row(w, "changes", CLX_REPORT_DIM, "%-46s%12s%12s%18s", head[0], "throughput", "step", head[1]);
  for (int32_t i = 0, shown_count = 0; i < count && shown_count < w->top; i++) {
    const clx_quantity *q = move[i].quantity;
    char gain[SHORT], step[SHORT], memory[SHORT];
    if (!is_change(w, q)) continue;
    snprintf(gain, sizeof gain, "%+.1f %%", fabs(q->value) < SEEN ? 0 : 100 * q->value);
    row(w, "", CLX_REPORT_PLAIN, "%-46.45s%12s%12s%18s", title_of(w, q), gain, shown(w, q, "step_time", 4, step),
        shown(w, q, "memory", 3, memory));
    shown_count++;
  }
}

// What only memory forbids first: that is what other parallelism or recompute could buy.
static void write_impossible(writer *w) {
  clx_ranking move[TOP_MAX];
  int32_t shown = 0, left = 0;
  const int32_t count = clx_result_rank(w->result, "why.move.", ".possible", false, move, TOP_MAX);
  for (int32_t pass = 0; pass < 2; pass++) {
    for (int32_t i = 0; i < count; i++) {
      const char *why = clx_result_fact_beside(w->result, move[i].quantity, "impossible");
      char line[2 * LINE];
      if (why == NULL || (strncmp(why, "needs ", 6) == 0) != (pass == 0)) continue;
      if (shown == IMPOSSIBLE_SHOWN) {
        left++;
        continue;
      }
      snprintf(line, sizeof line, "%s: %s", title_of(w, move[i].quantity), why);
      clx_page_put(&w->page, shown == 0 ? "impossible" : "", line, 2, CLX_REPORT_PLAIN);
      shown++;
    }
  }
  if (left > 0) row(w, "", CLX_REPORT_DIM, "and %d more: --json", left);
}

static void write_head(writer *w) {
  const char *title = clx_result_fact(w->result, "scenario.title"),
             *layout = clx_result_fact(w->result, "training.layout");
  const char *model = clx_result_fact(w->result, "training.model"),
             *accuracy = clx_result_fact(w->result, "accuracy.statement");
  char line[2 * LINE], time[SHORT];
  if (title != NULL) clx_page_title(&w->page, title);
  snprintf(line, sizeof line, "%s, %s, %s", model, clx_result_fact(w->result, "training.precision"), layout);
  clx_page_put(&w->page, "job", line, 2, CLX_REPORT_PLAIN);
  snprintf(line, sizeof line, "%s, MFU %.1f %%",
           clx_quantity_format(clx_result_value(w->result, "training.step_time", 0), "s", 4, time, sizeof time),
           100 * clx_result_value(w->result, "training.mfu", 0));
  clx_page_put(&w->page, "step time", line, 1, CLX_REPORT_BOLD);
  if (accuracy != NULL) clx_page_put(&w->page, "accuracy", accuracy, 2, CLX_REPORT_DIM);
}

void clx_report_why(const clx_result *result, int32_t top, bool colour, clx_buffer *out) {
  writer w = {.result = result, .page = {.out = out, .colour = colour}, .top = top < TOP_MAX ? top : TOP_MAX};
  write_head(&w);
  write_parts(&w);
  write_answers(&w);
  write_inputs(&w);
  write_changes(&w);
  write_impossible(&w);
}
