// What `cost` prints, and what `run` says of money.
#include "report/report_cost.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cost/cost_plan.h"
#include "report/report_goodput.h"
#include "report/report_words.h"
#include "unit/unit.h"

enum { SHORT = 96, TEXT = 256 };

// --- courses -----------------------------------------------------------------------------------------------------------------

clx_cost_courses clx_cost_courses_of(const clx_result *result) {
  static const char FIRST[] = "cost.course.", LAST[] = ".npv";
  clx_cost_courses list = {.result = result};
  for (int32_t i = 0; i < clx_result_count(result) && list.count < CLX_COST_COURSES; i++) {
    const char *name = clx_result_at(result, i)->name;
    const size_t length = strlen(name), cut = sizeof FIRST - 1 + sizeof LAST - 1;
    if (length <= cut || length - cut >= CLX_COST_NAME || strncmp(name, FIRST, sizeof FIRST - 1) != 0) continue;
    if (strcmp(name + length - (sizeof LAST - 1), LAST) != 0) continue;
    snprintf(list.name[list.count++], CLX_COST_NAME, "%.*s", (int)(length - cut), name + sizeof FIRST - 1);
  }
  return list;
}

const clx_quantity *clx_cost_course(const clx_cost_courses *c, int32_t index, const char *what) {
  char name[2 * CLX_COST_NAME];
  snprintf(name, sizeof name, "cost.course.%s.%s", c->name[index], what);
  return clx_result_find(c->result, name);
}

const char *clx_cost_course_fact(const clx_cost_courses *c, int32_t index, const char *what) {
  char name[2 * CLX_COST_NAME];
  snprintf(name, sizeof name, "cost.course.%s.%s", c->name[index], what);
  return clx_result_fact(c->result, name);
}

const char *clx_cost_course_title(const clx_cost_courses *c, int32_t index) {
  const char *title = clx_cost_course_fact(c, index, "title");
  return title != NULL ? title : c->name[index];
}

// --- the plan ----------------------------------------------------------------------------------------------------------------

static double value(const clx_words *w, const char *name) { return clx_result_value(w->result, name, 0); }

// " 2024-08-13", where the start of the plan and the quantity are known.
static void add_date(clx_words *w, const char *name) {
  const char *start = clx_result_fact(w->result, "cost.start");
  double from = 0;
  char day[CLX_TIME_TEXT];
  if (start == NULL || clx_result_find(w->result, name) == NULL || !clx_time_read(start, &from)) return;
  clx_time_write(from + value(w, name), false, day);
  clx_words_add(w, " %s", day);
}

static void write_plan(clx_words *w) {
  const char *start = clx_result_fact(w->result, "cost.start");
  if (start != NULL) clx_words_add(w, "%s", start);
  clx_words_put(w, " ", "over ", "cost.horizon", 3, "");
  if (clx_result_find(w->result, "cost.discount") != NULL)
    clx_words_add(w, " at %.3g %% a year", 100 * value(w, "cost.discount"));
  char gpus[SHORT];
  if (clx_result_find(w->result, "cost.first_training") != NULL) {
    clx_words_add(w, "; %s", clx_quantity_format(value(w, "cost.first_gpus"), "", 12, gpus, sizeof gpus));
    clx_words_add(w, " GPUs");
    add_date(w, "cost.first_training");
  } else {
    clx_words_add(w, "; first GPUs");
    add_date(w, "cost.first_use");
  }
  clx_words_add(w, ", all %s", clx_quantity_format(round(value(w, "cost.gpus")), "", 12, gpus, sizeof gpus));
  add_date(w, "cost.full_use");
  clx_words_end(w, "plan", 2, CLX_REPORT_PLAIN);
}

// "gpu 68 %, network 12 %": the parts of a sum, largest first.
static void add_parts(clx_words *w, const char *prefix, double sum) {
  clx_ranking part[CLX_COST_KINDS];
  const int32_t count = clx_result_rank(w->result, prefix, "", false, part, CLX_COUNT(part));
  for (int32_t i = 0; i < count && sum > 0; i++) {
    const double share = 100 * part[i].weight / sum;
    if (share < 0.05) continue;
    clx_words_add(w, "%s%s %.3g %%", i == 0 ? ": " : ", ", part[i].quantity->name + strlen(prefix), share);
  }
}

static void write_sums(clx_words *w) {
  clx_words_band(w, "", "", "cost.capex", 3, "");
  add_parts(w, "cost.capital.", value(w, "cost.capex"));
  clx_words_end(w, "capital", 2, CLX_REPORT_BOLD);
  clx_words_band(w, "", "", "cost.opex_per_year", 3, "");
  add_parts(w, "cost.operation.", value(w, "cost.opex_per_year"));
  clx_words_put(w, "; ", "site ", "cost.power", 3, " mean");
  clx_words_end(w, "operation", 2, CLX_REPORT_PLAIN);
  clx_words_band(w, "", "", "cost.per_year", 3, " with capital recovered over its life");
  clx_words_end(w, "a year", 1, CLX_REPORT_PLAIN);
  clx_words_band(w, "", "", "cost.per_gpu_hour", 3, "");
  if (clx_result_find(w->result, "cost.use") != NULL)
    clx_words_add(w, " of use, %.3g %% of the time at hand", 100 * value(w, "cost.use"));
  clx_words_end(w, "GPU-hour", 1, CLX_REPORT_BOLD);
  clx_words_band(w, "", "renting as many GPUs over the same time is as cheap at ", "cost.rent_breakeven", 3, "");
  clx_words_end(w, "rent", 1, CLX_REPORT_BOLD);
  clx_words_band(w, "", "a training run ", "cost.per_training_run", 3, "");
  clx_words_band(w, ", ", "", "cost.per_token", 3, "");
  clx_words_end(w, "work", 2, CLX_REPORT_PLAIN);
}

static void write_value(clx_words *w) {
  clx_words_band(w, "", "present value ", "cost.npv", 3, "");
  clx_words_band(w, ", ", "with its loan ", "cost.npv_equity", 3, "");
  const clx_quantity *irr = clx_result_find(w->result, "cost.irr");
  if (irr != NULL) {
    char own[SHORT], low[SHORT], high[SHORT];
    snprintf(own, sizeof own, "%.3g", 100 * irr->value);
    snprintf(low, sizeof low, "%.3g", 100 * irr->low);
    snprintf(high, sizeof high, "%.3g", 100 * irr->high);
    clx_words_add(w, "; return %s %% a year", own);
    if (strcmp(low, own) != 0 || strcmp(high, own) != 0) clx_words_add(w, " (%s to %s %%)", low, high);
  }
  clx_words_end(w, "value", 2, CLX_REPORT_PLAIN);
  clx_words_band(w, "", "most tied up ", "cost.peak_cash", 3, "");
  clx_words_band(w, "; ", "paid ahead of delivery, at most ", "cost.advance_at_risk", 3, "");
  clx_words_band(w, "; ", "paid back after ", "cost.payback", 3, "");
  clx_words_end(w, "cash", 2, CLX_REPORT_PLAIN);
}

// --- decisions ---------------------------------------------------------------------------------------------------------------

static const struct {
  double factor;
  const char *name;
} MONEY[] = {{1e9, "billion"}, {1e6, "million"}, {1e3, "thousand"}, {1, ""}};

// Of all amounts of a table: that of the largest.
static int32_t money_of(const clx_cost_courses *list) {
  double most = 0;
  int32_t k = 0;
  for (int32_t i = 0; i < list->count; i++) {
    const clx_quantity *cost = clx_cost_course(list, i, "cost"), *gain = clx_cost_course(list, i, "gain");
    if (cost != NULL) most = fmax(most, fabs(cost->value));
    if (gain != NULL) most = fmax(most, fabs(gain->value));
  }
  while (k + 1 < CLX_COUNT(MONEY) && most < MONEY[k].factor) k++;
  return k;
}

// In the unit of its column; empty where there is none.
static const char *number_of(const clx_quantity *q, double unit, char *text) {
  text[0] = '\0';
  return q != NULL ? clx_quantity_format(q->value / unit, "", 3, text, SHORT) : text;
}

static const char *band_of(const clx_quantity *q, double unit, char *text) {
  char low[SHORT], high[SHORT];
  text[0] = '\0';
  if (q == NULL || !(q->low < q->high)) return text;
  clx_quantity_format(q->low / unit, "", 3, low, sizeof low);
  clx_quantity_format(q->high / unit, "", 3, high, sizeof high);
  if (strcmp(low, high) != 0) snprintf(text, SHORT, "%.14s to %.14s", low, high);
  return text;
}

#define COURSE_ROW "%-22s %8s %6s %6s %10s %7s %17s %5s"

static void write_course(clx_words *w, const clx_cost_courses *list, int32_t i, double money) {
  static const double MILLION = 1e-6;
  char name[SHORT], cost[SHORT], gain[SHORT], band[SHORT], token[SHORT], hour[SHORT], share[SHORT] = "";
  const char *date = clx_cost_course_fact(list, i, "first_date");
  const clx_quantity *best = clx_cost_course(list, i, "best"), *more = clx_cost_course(list, i, "gain");
  clx_goodput_cut(clx_cost_course_title(list, i), 22, 0, name, sizeof name);
  if (best != NULL) snprintf(share, sizeof share, "%.0f %%", 100 * best->value);
  clx_words_add(w, COURSE_ROW, name, number_of(clx_cost_course(list, i, "cost"), money, cost),
                number_of(clx_cost_course(list, i, "per_gpu_hour"), 1, hour),
                number_of(clx_cost_course(list, i, "per_token"), MILLION, token), date != NULL ? date : "never",
                i == 0 ? "-" : number_of(more, money, gain), i == 0 ? "" : band_of(more, money, band), share);
  clx_words_end(w, "", 0, CLX_REPORT_PLAIN);
}

// "by 2026-04-24: own 21.4 trillion token; others 60, 24 % of it".
static void write_tokens(clx_words *w, const clx_cost_courses *list) {
  const clx_quantity *own = clx_cost_course(list, 0, "tokens");
  const char *start = clx_result_fact(w->result, "cost.start");
  double from = 0;
  char day[CLX_TIME_TEXT], text[SHORT];
  if (own == NULL || !(own->value > 0) || start == NULL || !clx_time_read(start, &from)) return;
  clx_time_write(from + value(w, "cost.courses.by"), false, day);
  clx_words_add(w, "by %s: %s %s", day, clx_cost_course_title(list, 0),
                clx_quantity_format(own->value, own->unit, 3, text, sizeof text));
  for (int32_t i = 1; i < list->count; i++) {
    const clx_quantity *q = clx_cost_course(list, i, "tokens");
    if (q != NULL) clx_words_add(w, "%s%.0f", i == 1 ? "; others " : ", ", 100 * q->value / own->value);
  }
  if (list->count > 1) clx_words_add(w, " %% of it");
  clx_words_end(w, "tokens", 2, CLX_REPORT_PLAIN);
}

static void write_courses(clx_words *w) {
  const clx_cost_courses list = clx_cost_courses_of(w->result);
  if (list.count == 0) return;
  const int32_t k = money_of(&list);
  clx_words_add(w, COURSE_ROW, "", "cost now", "used", "Mtoken", "begins", "worth", "5 to 95 %", "best");
  clx_words_end(w, "courses", 0, CLX_REPORT_BOLD);
  clx_words_add(w, COURSE_ROW, "", MONEY[k].name, "hour", "USD", "median", "more", MONEY[k].name, "in");
  clx_words_end(w, "USD", 0, CLX_REPORT_DIM);
  for (int32_t i = 0; i < list.count; i++) write_course(w, &list, i, MONEY[k].factor);
  clx_words_add(w, "medians of the draws that all courses share; figures above: at the expected prices");
  clx_words_end(w, "", 0, CLX_REPORT_DIM);
  write_tokens(w, &list);
}

// "own beats renting at will from 78 % of use (63 to 97 %)".
static void add_use(clx_words *w, const char *title, const clx_quantity *use) {
  if (!(use->value <= 1)) {
    clx_words_add(w, "%s%s never beats renting at will", clx_words_between(w, "; "), title);
    if (use->low < 1) clx_words_add(w, " (from %.0f %% of use in one draw of twenty)", 100 * use->low);
    return;
  }
  clx_words_add(w, "%s%s beats renting at will from %.0f %% of use (%.0f %% to ", clx_words_between(w, "; "), title,
                100 * use->value, 100 * use->low);
  if (use->high <= 1) clx_words_add(w, "%.0f %%)", 100 * use->high);
  if (!(use->high <= 1)) clx_words_add(w, "never)");
}

static void write_breakeven(clx_words *w) {
  const clx_cost_courses list = clx_cost_courses_of(w->result);
  char text[SHORT], range[TEXT];
  for (int32_t i = 0; i < list.count; i++) {
    const clx_quantity *q = clx_cost_course(&list, i, "rent_breakeven"),
                       *use = clx_cost_course(&list, i, "use_breakeven");
    if (q != NULL && q->value > 0)
      clx_words_add(w, "%s%s is worth as much as owning at %s%s", clx_words_between(w, "; "),
                    clx_cost_course_title(&list, i), clx_quantity_format(q->value, q->unit, 3, text, sizeof text),
                    clx_words_range(q, 3, range, sizeof range));
    if (use != NULL && i == 0) add_use(w, clx_cost_course_title(&list, i), use);
  }
  clx_words_end(w, "break-even", 2, CLX_REPORT_PLAIN);
}

static void write_options(clx_words *w) {
  static const char *const names[] = {"wait", "rent", "expand", "sublet", "abandon"};
  for (int32_t i = 0; i < CLX_COUNT(names); i++) {
    char full[SHORT], text[SHORT], error[SHORT];
    snprintf(full, sizeof full, "cost.option.%s", names[i]);
    const clx_quantity *q = clx_result_find(w->result, full);
    if (q == NULL) continue;
    clx_words_add(w, "%s%s ", i == 0 ? "worth of being able to, of a GPU: " : ", ", names[i]);
    clx_quantity_format(q->value, q->unit, 3, text, sizeof text);
    clx_quantity_format(q->high - q->value, "", 2, error, sizeof error);
    snprintf(full, sizeof full, "cost.option.%s.note", names[i]);
    if (clx_result_fact(w->result, full) != NULL) clx_words_add(w, "%s or more", text);
    if (clx_result_fact(w->result, full) == NULL) clx_words_add(w, "%s ± %s", text, error);
  }
  enum { MANY = 7 };  // courses that leave room for one line
  clx_words_end(w, "options", clx_cost_courses_of(w->result).count > MANY ? 1 : 2, CLX_REPORT_PLAIN);
}

// --- all of it ---------------------------------------------------------------------------------------------------------------

void clx_report_cost_lines(const clx_result *result, clx_page *page) {
  enum { BELOW = 4 };  // lines that a run keeps for its accuracy, warnings and assumptions
  clx_words w = {.result = result, .page = page};
  if (clx_result_find(result, "cost.capex") == NULL) return;
  clx_words_band(&w, "", "", "cost.capex", 3, "");
  clx_words_band(&w, "; ", "a GPU ", "cost.per_gpu_hour", 3, "");
  clx_words_put(&w, "; ", "", "cost.opex_per_year", 3, "");
  clx_words_end(&w, "cost", CLX_REPORT_LINES - page->lines > BELOW ? 2 : 1, CLX_REPORT_BOLD);
}

void clx_report_cost(const clx_result *result, bool colour, clx_buffer *out) {
  clx_page page = {.out = out, .colour = colour};
  clx_words w = {.result = result, .page = &page};
  const int32_t assumptions = clx_result_assumption_count(result);
  clx_words_machine(&w, false);
  if (clx_result_find(result, "cost.capex") == NULL) {
    clx_words_add(&w, "this result holds no cost: the scenario has no section cost");
    clx_words_end(&w, "cost", 1, CLX_REPORT_BOLD);
    return;
  }
  write_plan(&w);
  write_sums(&w);
  write_value(&w);
  write_courses(&w);
  write_breakeven(&w);
  write_options(&w);
  clx_page_warnings(&page, result, CLX_REPORT_LINES - page.lines - (assumptions > 0 ? 1 : 0));
  if (assumptions == 0) return;
  clx_words_add(&w, "%d assumption%s: colossus check SCENARIO --assumptions", assumptions, assumptions == 1 ? "" : "s");
  clx_words_end(&w, "assumed", 1, CLX_REPORT_DIM);
}
