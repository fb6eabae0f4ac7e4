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

static void write_plan(clx_words *w) {
  const char *start = clx_result_fact(w->result, "cost.start");
  if (start != NULL) clx_words_add(w, "from %s", start);
  clx_words_put(w, " ", "over ", "cost.horizon", 3, "");
  if (clx_result_find(w->result, "cost.discount") != NULL)
    clx_words_add(w, " at %.3g %% a year", 100 * value(w, "cost.discount"));
  clx_words_put(w, "; ", "first GPUs after ", "cost.first_use", 3, "");
  char gpus[SHORT];
  clx_words_add(w, ", all %s", clx_quantity_format(value(w, "cost.gpus"), "", 12, gpus, sizeof gpus));
  clx_words_put(w, " ", "after ", "cost.full_use", 3, "");
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
  if (irr != NULL)
    clx_words_add(w, "; return %.3g %% a year (%.3g to %.3g %%)", 100 * irr->value, 100 * irr->low, 100 * irr->high);
  clx_words_end(w, "value", 2, CLX_REPORT_PLAIN);
  clx_words_band(w, "", "most tied up ", "cost.peak_cash", 3, "");
  clx_words_band(w, "; ", "paid ahead of delivery, at most ", "cost.advance_at_risk", 3, "");
  clx_words_band(w, "; ", "paid back after ", "cost.payback", 3, "");
  clx_words_end(w, "cash", 2, CLX_REPORT_PLAIN);
}

// --- decisions ---------------------------------------------------------------------------------------------------------------

// The number of a quantity whose unit stands in the head of its column: "4.67 billion", "1.82".
static const char *number_of(const clx_quantity *q, char *text) {
  text[0] = '\0';
  if (q == NULL) return text;
  clx_quantity_format(q->value, q->unit, 3, text, SHORT);
  char *unit = strstr(text, " USD");
  if (unit != NULL) *unit = '\0';
  return text;
}

static void write_course(clx_words *w, const clx_cost_courses *list, int32_t i) {
  char name[SHORT], cost[SHORT], gain[SHORT], token[SHORT], hour[SHORT];
  const char *date = clx_cost_course_fact(list, i, "first_date");
  const clx_quantity *best = clx_cost_course(list, i, "best");
  clx_goodput_cut(clx_cost_course_title(list, i), 24, 0, name, sizeof name);
  clx_words_add(w, "%-24s %12s %6s %8s %10.10s %13s %4.0f %%", name, number_of(clx_cost_course(list, i, "cost"), cost),
                number_of(clx_cost_course(list, i, "per_gpu_hour"), hour),
                number_of(clx_cost_course(list, i, "per_token"), token), date != NULL ? date : "never",
                i == 0 ? "-" : number_of(clx_cost_course(list, i, "gain"), gain), best != NULL ? 100 * best->value : 0);
  clx_words_end(w, "", 0, CLX_REPORT_PLAIN);
}

static void write_courses(clx_words *w) {
  const clx_cost_courses list = clx_cost_courses_of(w->result);
  if (list.count == 0) return;
  clx_words_add(w, "%-24s %12s %6s %8s %10s %13s %6s", "", "present cost", "a used", "Mtoken", "begins", "worth more",
                "best");
  clx_words_end(w, "courses", 0, CLX_REPORT_BOLD);
  clx_words_add(w, "%-24s %12s %6s %8s %10s %13s %6s", "", "USD", "hour", "USD", "", "USD", "in");
  clx_words_end(w, "", 0, CLX_REPORT_DIM);
  for (int32_t i = 0; i < list.count; i++) write_course(w, &list, i);
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
    if (use != NULL && i == 0)
      clx_words_add(w, "%s%s beats renting at will from %.0f %% of use (%.0f to %.0f %%)", clx_words_between(w, "; "),
                    clx_cost_course_title(&list, i), 100 * use->value, 100 * use->low, 100 * use->high);
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
    clx_words_add(w, "%s%s %s ± %s", i == 0 ? "worth of being able to, of a GPU: " : ", ", names[i],
                  clx_quantity_format(q->value, q->unit, 3, text, sizeof text),
                  clx_quantity_format((q->high - q->low) / 2, "", 2, error, sizeof error));
  }
  clx_words_end(w, "options", 2, CLX_REPORT_PLAIN);
}

// --- all of it ---------------------------------------------------------------------------------------------------------------

void clx_report_cost_lines(const clx_result *result, clx_page *page) {
  clx_words w = {.result = result, .page = page};
  if (clx_result_find(result, "cost.capex") == NULL) return;
  clx_words_band(&w, "", "", "cost.capex", 3, "");
  clx_words_band(&w, "; ", "GPU-hour ", "cost.per_gpu_hour", 3, "");
  clx_words_put(&w, "; ", "", "cost.opex_per_year", 3, "");
  clx_words_end(&w, "cost", 1, CLX_REPORT_BOLD);
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
