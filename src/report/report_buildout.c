// A build for people: dates with bands, months with what binds, the critical path, what moves the date, events.
#include "report/report_buildout.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_gantt.h"
#include "report/report_words.h"
#include "unit/unit.h"

static const double DAY = 86400, DAYS_MOST = 1e6;  // days that are counted

// "2024-08-11, day 109 (2024-08-02 to 2024-08-25)"; "(2024-08-02; by 2026-04-23 in 84 %)" where 9 in 10 do not reach it by the horizon.
static bool add_date(clx_words *w, const char *name, bool day) {
  const clx_quantity *q = clx_result_find(w->result, name);
  char fact[64];
  snprintf(fact, sizeof fact, "%s.date_high", name);
  const bool late = clx_result_fact(w->result, fact) == NULL;
  char at[CLX_TIME_TEXT], low[CLX_TIME_TEXT], high[CLX_TIME_TEXT];
  if (q == NULL) return false;
  clx_words_add(w, "%s", clx_buildout_date(w->result, q->value, at));
  if (day && q->value < DAYS_MOST * DAY) clx_words_add(w, ", day %.0f", floor(q->value / DAY));
  clx_buildout_date(w->result, q->low, low);
  clx_buildout_date(w->result, q->high, high);
  snprintf(fact, sizeof fact, "%s.reached", name);
  if (late)
    clx_words_add(w, " (%s; by %s in %.0f %%)", low, high, 100 * clx_result_value(w->result, fact, 0));
  else if (q->high > q->low)
    clx_words_add(w, " (%s to %s)", low, high);
  return true;
}

static void write_milestone(clx_words *w, const char *name, const char *label, double gpus) {
  char full[64], text[CLX_BUILDOUT_CELL], at[CLX_TIME_TEXT];
  snprintf(full, sizeof full, "buildout.%s", name);
  clx_words_add(w, "%s GPUs ", clx_quantity_format(gpus, "", 12, text, sizeof text));
  if (!add_date(w, full, true)) {
    snprintf(full, sizeof full, "buildout.%s.reached", name);
    clx_words_add(w, "within the horizon in %.0f %% of the builds", 100 * clx_result_value(w->result, full, 0));
    clx_words_end(w, label, 1, CLX_REPORT_BOLD);
    return;
  }
  snprintf(full, sizeof full, "buildout.%s.p80", name);
  const clx_quantity *late = clx_result_find(w->result, full);
  if (late != NULL && clx_result_value(w->result, "buildout.replicas", 0) > 0)
    clx_words_add(w, ", 8 in 10 by %s", clx_buildout_date(w->result, late->value, at));
  clx_words_end(w, label, 2, CLX_REPORT_BOLD);
}

// What `milestones` asks for.
static void write_asked(clx_words *w) {
  const int32_t count = clx_buildout_items(w->result, "milestone");
  for (int32_t i = 1; i <= count; i++) {
    const char *name = clx_buildout_item_fact(w->result, "milestone", i, "name");
    char full[128], fact[160];
    snprintf(full, sizeof full, "buildout.milestone.%.60s", name);
    snprintf(fact, sizeof fact, "%s.what", full);
    const char *what = clx_result_fact(w->result, fact);
    clx_words_add(w, "%s ", what != NULL ? what : "");
    snprintf(fact, sizeof fact, "%s.reached", full);
    if (!add_date(w, full, true))
      clx_words_add(w, "within the horizon in %.0f %% of the builds", 100 * clx_result_value(w->result, fact, 0));
    clx_words_end(w, i == 1 ? "milestones" : "", 1, CLX_REPORT_PLAIN);
  }
}

static void write_head(clx_words *w) {
  const char *start = clx_result_fact(w->result, "buildout.start");
  const double gpus = clx_result_value(w->result, "buildout.gpus_total", 0),
               first = clx_result_value(w->result, "buildout.first", gpus);
  clx_words_machine(w, false);
  clx_words_add(w, "from %s", start != NULL ? start : "");
  clx_words_some(w, ", ", "", "buildout.works", 12,
                 clx_result_value(w->result, "buildout.works", 0) > 1 ? " works" : " work");
  clx_words_some(w, ", ", "", "buildout.replicas", 12,
                 clx_result_value(w->result, "buildout.replicas", 0) > 1
                     ? " builds with chance: middle (1 in 10 before to 9 in 10)"
                     : " build with chance");
  clx_words_end(w, "build", 1, CLX_REPORT_PLAIN);
  if (first < gpus) write_milestone(w, "first_training", "first", first);
  write_milestone(w, "full_capacity", "all", gpus);
  write_asked(w);
}

// What waited for what: the last of it where it is long.
static void write_path(clx_words *w) {
  enum { ROWS = 7 };
  const int32_t count = clx_buildout_items(w->result, "path");
  int32_t from = 1;
  if (count > ROWS) {
    from = count - ROWS + 2;
    clx_words_add(w, "%d links before", from - 1);
    clx_words_end(w, "path", 0, CLX_REPORT_PLAIN);
  }
  for (int32_t i = from; i <= count; i++) {
    const double begin = clx_buildout_item_value(w->result, "path", i, "from", 0),
                 end = clx_buildout_item_value(w->result, "path", i, "to", 0);
    char a[CLX_TIME_TEXT], b[CLX_TIME_TEXT], name[CLX_BUILDOUT_CELL];
    snprintf(name, sizeof name, "%.50s", clx_buildout_item_fact(w->result, "path", i, "name"));
    clx_words_add(w, end - begin < DAYS_MOST * DAY ? "%-10s to %-10s %6.1f days  %s" : "%-10s to %-10s %6.3g days  %s",
                  clx_buildout_date(w->result, begin, a), clx_buildout_date(w->result, end, b), (end - begin) / DAY,
                  name);
    const char *ties = clx_buildout_item_fact(w->result, "path", i, "ties");
    if (ties != NULL) clx_words_add(w, "; as late: %.40s", ties);
    clx_words_end(w, i == 1 ? "path" : "", 0, CLX_REPORT_PLAIN);
  }
}

static const char *cell(double value, const char *unit, int digits, char *text) {
  return clx_quantity_format(value, unit, digits, text, CLX_BUILDOUT_CELL);
}

static void write_month(clx_words *w, const char *month) {
  const clx_quantity *g = clx_buildout_month_item(w->result, month, "gpus"),
                     *p = clx_buildout_month_item(w->result, month, "power");
  char low[CLX_BUILDOUT_CELL], mid[CLX_BUILDOUT_CELL], high[CLX_BUILDOUT_CELL], watt[CLX_BUILDOUT_CELL], name[64];
  snprintf(name, sizeof name, "buildout.month.%s.cause", month);
  const char *cause = clx_result_fact(w->result, name);
  double share = 0;
  if (cause != NULL) {
    snprintf(name, sizeof name, "cause.%s", cause);
    const clx_quantity *q = clx_buildout_month_item(w->result, month, name);
    if (q != NULL) share = q->value;
  }
  clx_words_add(w, "%-8s %9s %9s %9s %9s  %s %.0f %%", month, cell(floor(g->low + 0.5), "", 12, low),
                cell(floor(g->value + 0.5), "", 12, mid), cell(floor(g->high + 0.5), "", 12, high),
                p != NULL ? cell(p->value < 1 ? 0 : p->value, "W", 3, watt) : "", clx_buildout_cause_text(cause),
                100 * share);
  clx_words_end(w, "", 0, CLX_REPORT_PLAIN);
}

// Months of a table of `rows`: those without GPUs at the start are left out first, then some of the rest.
static void write_months(clx_words *w, int32_t rows) {
  char month[8];
  int32_t count = 0, first = 0;
  while (clx_buildout_month(w->result, count, month)) {
    if (!(clx_buildout_month_item(w->result, month, "gpus")->high > 0)) first = count;
    count++;
  }
  if (count == 0 || rows < 2) return;
  clx_words_add(w, "%-8s %9s %9s %9s %9s  %s", "month", "1 in 10", "GPUs", "9 in 10", "site", "held up most by");
  clx_words_end(w, "months", 0, CLX_REPORT_BOLD);
  const int32_t left = count - first, every = (left + rows - 2) / (rows - 1);
  for (int32_t i = first; i < count; i++) {
    if (i != count - 1 && (count - 1 - i) % every != 0) continue;
    clx_buildout_month(w->result, i, month);
    write_month(w, month);
  }
}

static void write_drivers(clx_words *w, int32_t rows) {
  const int32_t count = clx_buildout_items(w->result, "driver");
  int32_t shown = 0;
  for (int32_t i = 1; i <= count && shown < rows; i++) {
    const double low = clx_buildout_item_value(w->result, "driver", i, "full_low", INFINITY),
                 high = clx_buildout_item_value(w->result, "driver", i, "full_high", INFINITY),
                 critical = clx_buildout_item_value(w->result, "driver", i, "critical", 0);
    const double least = fmin(low, high), most = fmax(low, high);
    char a[CLX_TIME_TEXT], b[CLX_TIME_TEXT];
    if (!isfinite(least) || !(most - least > 0.05 * DAY)) continue;
    clx_words_add(w, "%-30.30s %s to ", clx_buildout_item_fact(w->result, "driver", i, "name"),
                  clx_buildout_date(w->result, least, a));
    if (isfinite(most))
      clx_words_add(w, "%s (%.1f days)", clx_buildout_date(w->result, most, b), (most - least) / DAY);
    else
      clx_words_add(w, "never");
    clx_words_add(w, ", binds in %.0f %%", 100 * critical);
    clx_words_end(w, shown++ == 0 ? "moves all" : "", 0, CLX_REPORT_PLAIN);
  }
}

// What it costs with all GPUs takes a line of its own where it has two sides.
static bool is_long(const clx_result *result, int32_t event) {
  char text[CLX_BUILDOUT_CELL];
  return strlen(clx_buildout_event_text(result, event, "full", text)) > 30;
}

static int32_t event_lines(const clx_result *result, int32_t events) {
  const int32_t count = clx_buildout_items(result, "event");
  int32_t lines = 0;
  for (int32_t i = 1; i <= count && i <= events; i++) lines += is_long(result, i) ? 2 : 1;
  return lines;
}

static void write_events(clx_words *w, int32_t rows) {
  const int32_t count = clx_buildout_items(w->result, "event");
  for (int32_t i = 1; i <= count && i <= rows; i++) {
    const double happens = clx_buildout_item_value(w->result, "event", i, "happens", 0);
    char text[CLX_BUILDOUT_CELL];
    clx_words_add(w, "%-20.20s %.0f %% of builds", clx_buildout_item_fact(w->result, "event", i, "name"),
                  100 * happens);
    if (happens > 0) {
      clx_words_add(w, ": all GPUs %s", clx_buildout_event_text(w->result, i, "full", text));
      if (is_long(w->result, i)) {
        clx_words_end(w, i == 1 ? "events" : "", 0, CLX_REPORT_PLAIN);
        clx_words_add(w, "%-20s ", "");
      } else {
        clx_words_add(w, ", ");
      }
      clx_words_add(w, "first %s", clx_buildout_event_text(w->result, i, "first", text));
    }
    clx_words_end(w, i == 1 && !is_long(w->result, i) ? "events" : "", 0, CLX_REPORT_PLAIN);
  }
}

// Due dates that chance breaks; `w` NULL: counts their lines alone.
static int32_t write_due(clx_words *w, const clx_result *result, int32_t rows) {
  const int32_t count = clx_buildout_items(result, "work");
  int32_t late = 0;
  for (int32_t i = 1; i <= count; i++) {
    const double share = clx_buildout_item_value(result, "work", i, "late", 0);
    const char *by = clx_buildout_item_fact(result, "work", i, "by");
    if (!(share > 0) || by == NULL || ++late > rows || w == NULL) continue;
    clx_words_add(w, "%.40s by %s: late in %.3g %% of builds", clx_buildout_item_fact(result, "work", i, "name"), by,
                  100 * share);
    clx_words_end(w, late == 1 ? "due" : "", 0, CLX_REPORT_PLAIN);
  }
  if (late > rows && w != NULL) {
    clx_words_add(w, "and %d more (--csv works)", late - rows);
    clx_words_end(w, "", 0, CLX_REPORT_PLAIN);
  }
  return late > rows ? rows + 1 : late;
}

static void write_plan(clx_words *w) {
  const bool proved = clx_result_value(w->result, "buildout.plan.proved", 0) > 0;
  const clx_quantity *takes = clx_result_find(w->result, "buildout.plan.makespan");
  char text[CLX_DATES_TEXT];
  if (takes == NULL) return;
  clx_words_add(w, "works take %s", clx_dates_span(takes->value, text));
  if (proved)
    clx_words_add(w, ", proved the shortest");
  else {
    clx_words_add(w, ", no plan below %s", clx_dates_span(clx_result_value(w->result, "buildout.plan.bound", 0), text));
    clx_words_percent(w, " ", "(gap ", "buildout.plan.gap", ")");
  }
  if (clx_result_value(w->result, "buildout.plan.cut", 0) > 0) clx_words_add(w, "; the limit ended the search");
  clx_words_end(w, "plan", 1, CLX_REPORT_PLAIN);
}

void clx_report_buildout(const clx_result *result, bool colour, clx_buffer *out) {
  enum { DRIVERS = 4, EVENTS = 3, DUE = 2, WARNINGS = 2 };
  clx_page page = {.out = out, .colour = colour};
  clx_words w = {.result = result, .page = &page};
  write_head(&w);
  write_path(&w);
  const int32_t warnings = clx_result_warning_count(result) > 0 ? WARNINGS : 0;
  write_months(&w, CLX_REPORT_LINES - page.lines - DRIVERS - event_lines(result, EVENTS) -
                       write_due(NULL, result, DUE) - 1 - warnings);
  write_drivers(&w, DRIVERS);
  write_events(&w, EVENTS);
  write_due(&w, result, DUE);
  write_plan(&w);
  clx_page_warnings(&page, result, CLX_REPORT_LINES - page.lines);
}

// First and full capacity on one line of a run.
void clx_report_buildout_lines(const clx_result *result, clx_page *page) {
  clx_words w = {.result = result, .page = page};
  const clx_quantity *full = clx_result_find(result, "buildout.full_capacity");
  const double gpus = clx_result_value(result, "buildout.gpus_total", 0),
               first = clx_result_value(result, "buildout.first", gpus);
  if (full == NULL) {
    if (clx_result_find(result, "buildout.gpus_total") == NULL) return;
    const clx_quantity *begins = clx_result_find(result, "buildout.first_training");
    char text[CLX_BUILDOUT_CELL], at[CLX_TIME_TEXT];
    if (first < gpus && begins != NULL)
      clx_words_add(&w, "%s GPUs on %s, ", cell(first, "", 12, text), clx_buildout_date(result, begins->value, at));
    clx_words_add(&w, "all GPUs within the horizon in %.0f %% of builds",
                  100 * clx_result_value(result, "buildout.full_capacity.reached", 0));
    clx_words_end(&w, "build", 1, CLX_REPORT_BOLD);
    return;
  }
  if (first < gpus && clx_result_find(result, "buildout.first_training") != NULL) {
    char text[CLX_BUILDOUT_CELL], at[CLX_TIME_TEXT];
    clx_words_add(&w, "%s GPUs on %s, all on ", cell(first, "", 12, text),
                  clx_buildout_date(result, clx_result_value(result, "buildout.first_training", 0), at));
  } else {
    clx_words_add(&w, "all GPUs on ");
  }
  add_date(&w, "buildout.full_capacity", false);
  clx_words_some(&w, ", ", "", "buildout.replicas", 12,
                 clx_result_value(w.result, "buildout.replicas", 0) > 1 ? " builds" : " build");
  clx_words_end(&w, "build", 2, CLX_REPORT_PLAIN);
}
