// Orders of a scenario for people: when they are whole, what holds them up, what events and a second source change, what to order.
#include "report/report_supply.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report_words.h"
#include "unit/unit.h"

enum { SHORT = 64, LIMITS = 2, ROWS = 5, SHARES = 5, MAKERS = 4 };

static const double WEEK = 7 * 86400.0;

static const char *date(const clx_result *result, double after, char *text) {
  return clx_orders_date(clx_orders_start(result) + after, text);
}

// The upper end of a band: not there where a tenth of the runs or more do not reach it.
static bool reached_late(double unfinished) { return unfinished < 0.1 - 1e-9; }

static const char *horizon(const clx_result *result, char *text) {
  return date(result, clx_result_value(result, "supply.weeks", 0) * WEEK, text);
}

// "on 2025-04-07 (P10 2025-03-24, P90 2025-04-14)", or that it is not there.
static void add_complete(clx_words *w) {
  const clx_result *r = w->result;
  const clx_quantity *q = clx_result_find(r, "supply.complete");
  const double unfinished = clx_result_value(r, "supply.unfinished", 0);
  char a[SHORT], b[SHORT];
  if (q == NULL) {
    clx_words_add(w, "not all there by %s", horizon(r, a));
    if (unfinished < 1) clx_words_add(w, " in %.0f %% of runs", 100 * unfinished);
    return;
  }
  clx_words_add(w, "all there on %s", date(r, q->value, a));
  if (reached_late(unfinished))
    clx_words_add(w, " (P10 %s, P90 %s)", date(r, q->low, a), date(r, q->high, b));
  else
    clx_words_add(w, " (P10 %s, P90 not by %s)", date(r, q->low, a), horizon(r, b));
}

static const char *number(double value, const char *unit, int digits, char *text) {
  return clx_quantity_format(value, unit, digits, text, SHORT);
}

static const char *money_unit(const clx_result *result) {
  const clx_quantity *q = clx_result_find(result, "supply.paid");
  return q != NULL ? q->unit : "";
}

static const char *currency_of(const clx_result *result) {
  const char *currency = clx_result_fact(result, "supply.currency");
  return currency != NULL ? currency : "USD";
}

// Money with its currency, also where that is no unit here.
static const char *money_to(const clx_result *result, double value, int digits, char *text) {
  const char *unit = money_unit(result), *currency = clx_result_fact(result, "supply.currency");
  char plain[SHORT];
  if (unit[0] != '\0' || currency == NULL) return number(value, unit, digits, text);
  snprintf(text, SHORT, "%s %.8s", number(value, "", digits, plain), currency);
  return text;
}

static const char *money(const clx_result *result, double value, char *text) {
  return money_to(result, value, 3, text);
}

// GPUs are whole for people.
static const char *whole(double gpus, char *text) { return number(round(gpus), "", 12, text); }

// "capacity inventec-servers" is known to be one.
static const char *short_name(const char *limit) {
  static const char before[] = "capacity ";
  return strncmp(limit, before, sizeof before - 1) == 0 ? limit + sizeof before - 1 : limit;
}

static void put_title(const char *title, char *cut, size_t size) {
  clx_goodput_cut(title, (double)size - 1, 0, cut, size);
}

// Rows of a table; fewer beside a plan and a second source, so that the page keeps its length.
static int32_t rows_of(const clx_words *w) {
  const bool planned = clx_result_find(w->result, "supply.plan.cost") != NULL,
             shared = clx_result_fact(w->result, "supply.second.maker") != NULL;
  return planned && shared ? ROWS - 3 : planned || shared ? ROWS - 2 : ROWS;
}

// The number of an amount whose currency stands in the head of its column.
static const char *amount_to(const clx_result *result, double value, int digits, char *text) {
  money_to(result, value, digits, text);
  char *unit = strrchr(text, ' ');
  if (unit != NULL && strcmp(unit + 1, currency_of(result)) == 0) *unit = '\0';
  return text;
}

// "2.3 billion USD (2.1 to 2.4)" where there is a band.
static void add_money(clx_words *w, const char *before, const char *name, bool always) {
  const clx_quantity *q = clx_result_find(w->result, name);
  char value[SHORT], low[SHORT], high[SHORT];
  if (q == NULL || (!always && !(q->high > 0))) return;
  clx_words_add(w, "%s%s%s", clx_words_between(w, "; "), before, money(w->result, q->value, value));
  money(w->result, q->low, low);
  money(w->result, q->high, high);
  if (strcmp(low, high) == 0) return;
  // "3.98 to 4.03 billion USD": the unit once where both have it.
  const char *unit = strchr(low, ' '), *same = strchr(high, ' ');
  if (unit != NULL && same != NULL && strcmp(unit, same) == 0)
    clx_words_add(w, " (%.*s to %s)", (int)(unit - low), low, high);
  else
    clx_words_add(w, " (%s to %s)", low, high);
}

// --- the owner -------------------------------------------------------------------------------------------------------------

static void write_owner(clx_words *w) {
  const clx_result *r = w->result;
  const clx_quantity *at = clx_result_find(r, "supply.at_reference");
  const char *self = clx_result_fact(r, "supply.self");
  char a[SHORT], b[SHORT], c[SHORT];
  if (clx_result_find(r, "supply.ordered") == NULL) return;
  clx_words_add(w, "%s GPUs for %s, ", number(clx_result_value(r, "supply.ordered", 0), "", 12, a),
                self != NULL ? self : "the owner");
  add_complete(w);
  clx_words_end(w, "orders", 1, CLX_REPORT_BOLD);
  if (at != NULL)
    clx_words_add(w, "%s GPUs (%s to %s) on %s", whole(at->value, a), whole(at->low, b), whole(at->high, c),
                  date(r, clx_result_value(r, "supply.reference", 0), (char[SHORT]){0}));
  clx_words_percent(w, "; ", "", "supply.slip_probability", " of runs: an order > 30 days late");
  if (clx_result_value(r, "supply.unfinished", 0) > 0 && clx_result_find(r, "supply.complete") != NULL)
    clx_words_percent(w, ", ", "", "supply.unfinished", " not whole within the horizon");
  clx_words_end(w, "", 2, CLX_REPORT_PLAIN);
  add_money(w, "paid ", "supply.paid", true);
  add_money(w, "deposits at risk ", "supply.at_risk", false);
  add_money(w, "lost ", "supply.lost", false);
  add_money(w, "stock without power ", "supply.stored_cost", false);
  clx_words_end(w, "money", 2, CLX_REPORT_PLAIN);
}

static void write_chips(clx_words *w) {
  const clx_orders_names n = clx_orders_names_of(w->result, "chips", "share");
  for (int32_t i = 0; i < n.count && i < 2; i++) {
    const char *quarter = clx_orders_fact(&n, i, "quarter");
    clx_words_add(w, "%s%.1f %% of what %s makes in %s; all that is ordered is %.1f %% of it",
                  clx_words_between(w, "; "), 100 * clx_orders_value(&n, i, "share", 0), clx_orders_title(&n, i),
                  quarter != NULL ? quarter : "its quarter", 100 * clx_orders_value(&n, i, "order_share", 0));
  }
  clx_words_end(w, "chips", 1, CLX_REPORT_PLAIN);
}

static void write_orders(clx_words *w) {
  const clx_orders_names n = clx_orders_names_of(w->result, "order", "gpus");
  char name[19], cause[21], gpus[SHORT], low[SHORT], middle[SHORT], high[SHORT], late[SHORT];
  if (n.count == 0) return;
  clx_words_add(w, "%-18s %9s %10s %10s %10s %6s %s", "order", "GPUs", "P10", "all there", "P90", "late", "held up by");
  clx_words_end(w, "", 0, CLX_REPORT_BOLD);
  for (int32_t i = 0; i < n.count && i < rows_of(w); i++) {
    const clx_quantity *done = clx_orders_find(&n, i, "complete");
    const char *held = clx_orders_fact(&n, i, "held_up");
    const double share = clx_orders_value(&n, i, "late_share", -1);
    const bool all = done != NULL, high_too = all && reached_late(clx_orders_value(&n, i, "unfinished", 0));
    put_title(clx_orders_title(&n, i), name, sizeof name);
    put_title(held != NULL ? short_name(held) : "", cause, sizeof cause);
    late[0] = '\0';
    if (share >= 0) snprintf(late, sizeof late, "%.0f %%", 100 * share);
    clx_words_add(w, "%-18s %9s %10s %10s %10s %6s %s", name, number(clx_orders_value(&n, i, "gpus", 0), "", 12, gpus),
                  all ? date(w->result, done->low, low) : "", all ? date(w->result, done->value, middle) : "not by end",
                  high_too ? date(w->result, done->high, high)
                  : all    ? "not by end"
                           : "",
                  late, cause);
    clx_words_end(w, "", 0, CLX_REPORT_PLAIN);
  }
  if (n.count + n.more > rows_of(w)) {
    clx_words_add(w, "and %d more (--json)", n.count + n.more - rows_of(w));
    clx_words_end(w, "", 0, CLX_REPORT_DIM);
  }
}

// The limits that are full longest.
static void write_limits(clx_words *w) {
  const clx_orders_names n = clx_orders_names_of(w->result, "limit", "full_time");
  bool done[CLX_ORDERS_NAMES] = {false};
  char text[SHORT];
  for (int32_t k = 0; k < LIMITS; k++) {
    int32_t best = -1;
    for (int32_t i = 0; i < n.count; i++) {
      const double time = clx_orders_value(&n, i, "full_time", 0);
      if (!done[i] && time > 0 && (best < 0 || time > clx_orders_value(&n, best, "full_time", 0))) best = i;
    }
    if (best < 0) break;
    done[best] = true;
    clx_words_add(w, "%s%s from %s on, %.0f week%s", clx_words_between(w, "; "), short_name(clx_orders_title(&n, best)),
                  date(w->result, clx_orders_value(&n, best, "full_from", 0), text),
                  clx_orders_value(&n, best, "full_time", 0) / WEEK,
                  clx_orders_value(&n, best, "full_time", 0) < 1.5 * WEEK ? "" : "s");
  }
  if (w->text[0] == '\0' && n.count > 0) clx_words_add(w, "no capacity in half of the runs");
  clx_words_end(w, "full", 2, CLX_REPORT_PLAIN);
}

// --- events, second source -------------------------------------------------------------------------------------------------

// What a change costs beside time: deposits, or stock where none are lost.
static const char *price_of_changes(const clx_orders_names *n) {
  for (int32_t i = 0; i < n->count; i++) {
    const clx_quantity *lost = clx_orders_find(n, i, "lost");
    if (lost != NULL && lost->high > 0) return "lost";
  }
  for (int32_t i = 0; i < n->count; i++) {
    if (fabs(clx_orders_value(n, i, "stored_cost", 0)) > 0) return "stored_cost";
  }
  return "lost";
}

// "+2, P80 +5"; what lies behind the horizon is at least that much.
static void say_delay(const clx_orders_names *n, int32_t index, char *text) {
  const clx_quantity *delay = clx_orders_find(n, index, "delay");
  const double with = clx_orders_value(n, index, "unfinished", 0),
               without = clx_orders_value(n, index, "unfinished_without", 0);
  const double beyond = without < 1 ? (with - without) / (1 - without) : 0;
  if (delay == NULL) {
    snprintf(text, SHORT, "not by end");
    return;
  }
  snprintf(text, SHORT, "%s%+.0f, P80 %s%+.0f", beyond >= 0.5 ? ">" : "", delay->value / WEEK, beyond >= 0.2 ? ">" : "",
           clx_orders_value(n, index, "delay_p80", 0) / WEEK);
}

static void write_events(clx_words *w) {
  const clx_orders_names n = clx_orders_names_of(w->result, "event", "slip");
  const char *price = price_of_changes(&n);
  char name[22], gpus[SHORT], lost[SHORT], mean[SHORT];
  if (n.count == 0) return;
  clx_words_add(w, "%-21s %12s %9s %9s %16s %13s", "with against without", "weeks later", "mean GPU", "GPUs then",
                strcmp(price, "lost") == 0 ? "deposits lost" : "stock costs", "any 30 d late");
  clx_words_end(w, "", 0, CLX_REPORT_BOLD);
  for (int32_t i = 0; i < n.count && i < rows_of(w); i++) {
    char delay[SHORT], slip[SHORT];
    put_title(clx_orders_title(&n, i), name, sizeof name);
    say_delay(&n, i, delay);
    snprintf(slip, sizeof slip, "%.0f <- %.0f %%", 100 * clx_orders_value(&n, i, "slip", 0),
             100 * clx_orders_value(&n, i, "slip_without", 0));
    snprintf(mean, sizeof mean, "%+.1f", clx_orders_value(&n, i, "shift", 0) / WEEK);
    clx_words_add(w, "%-21s %12s %9s %9s %16s %13s", name, delay, mean, whole(clx_orders_value(&n, i, "gpus", 0), gpus),
                  money(w->result, clx_orders_value(&n, i, price, 0), lost), slip);
    clx_words_end(w, "", 0, CLX_REPORT_PLAIN);
  }
  if (n.count + n.more > rows_of(w)) {
    clx_words_add(w, "and %d more (--json)", n.count + n.more - rows_of(w));
    clx_words_end(w, "", 0, CLX_REPORT_DIM);
  }
}

static void write_second(clx_words *w) {
  const clx_orders_names n = clx_orders_names_of(w->result, "second", "delay_mean");
  const char *maker = clx_result_fact(w->result, "supply.second.maker");
  char mean[SHORT], worst[SHORT], head[SHORT], cut[19];
  if (n.count == 0 || maker == NULL) return;
  snprintf(head, sizeof head, "share of %.40s", maker);
  put_title(head, cut, sizeof cut);
  snprintf(head, sizeof head, "cost, %.8s", currency_of(w->result));
  clx_words_add(w, "%-18s %10s %11s %12s %16s %16s", cut, "weeks late", "worst tenth", "30 days late", head,
                "worst tenth");
  clx_words_end(w, "", 0, CLX_REPORT_BOLD);
  for (int32_t i = 0; i < n.count && i < SHARES; i++) {
    clx_words_add(w, "%16.4g %% %10.1f %11.1f %10.0f %% %16s %16s", 100 * clx_orders_value(&n, i, "share", 0),
                  clx_orders_value(&n, i, "delay_mean", 0) / WEEK, clx_orders_value(&n, i, "delay_worst", 0) / WEEK,
                  100 * clx_orders_value(&n, i, "slip", 0),
                  amount_to(w->result, clx_orders_value(&n, i, "cost_mean", 0), 4, mean),
                  amount_to(w->result, clx_orders_value(&n, i, "cost_worst", 0), 4, worst));
    clx_words_end(w, "", 0, CLX_REPORT_PLAIN);
  }
}

// --- plan ------------------------------------------------------------------------------------------------------------------

static void write_plan(clx_words *w) {
  const clx_orders_names n = clx_orders_names_of(w->result, "plan.maker", "gpus");
  const clx_quantity *cost = clx_result_find(w->result, "supply.plan.cost");
  char a[SHORT], b[SHORT];
  if (cost == NULL) return;
  clx_words_add(w, "%s GPUs for %s of orders; lateness and stock ",
                whole(clx_result_value(w->result, "supply.plan.gpus", 0), a),
                number(clx_result_value(w->result, "supply.plan.first", 0), "USD", 4, b));
  clx_words_put(w, "", "", "supply.plan.mean", 3, "");
  clx_words_put(w, ", ", "worst cases ", "supply.plan.cvar", 3, "");
  clx_words_put(w, "; ", "objective ", "supply.plan.cost", 5, "");
  clx_words_put(w, ", ", "bound ", "supply.plan.bound", 5, "");
  clx_words_add(w, ", gap %.2g %%", 100 * clx_result_value(w->result, "supply.plan.gap", 0));
  clx_words_put(w, "; ", "Cbc: ", "supply.plan.cbc.cost", 5, "");
  clx_words_put(w, ", ", "bound ", "supply.plan.cbc.bound", 5, "");
  clx_words_end(w, "plan", 3, CLX_REPORT_BOLD);
  for (int32_t i = 0; i < n.count && i < MAKERS; i++) {
    const double gpus = clx_orders_value(&n, i, "gpus", 0);
    clx_words_add(w, "%s%s", clx_words_between(w, "; "), clx_orders_title(&n, i));
    if (gpus > 0)
      clx_words_add(w, " %s from %s on", whole(gpus, a), date(w->result, clx_orders_value(&n, i, "first", 0), b));
    else
      clx_words_add(w, " nothing");
  }
  clx_words_end(w, "", 2, CLX_REPORT_PLAIN);
}

void clx_report_supply(const clx_result *result, bool colour, clx_buffer *out) {
  clx_page page = {.out = out, .colour = colour};
  clx_words w = {.result = result, .page = &page};
  clx_words_machine(&w, false);
  write_owner(&w);
  write_chips(&w);
  write_limits(&w);
  write_orders(&w);
  write_events(&w);
  write_second(&w);
  write_plan(&w);
  const int32_t left = CLX_REPORT_LINES - page.lines;
  if (left > 0) clx_page_warnings(&page, result, left < 4 ? left : 4);
}

void clx_report_supply_lines(const clx_result *result, clx_page *page) {
  clx_words w = {.result = result, .page = page};
  char a[SHORT];
  if (clx_result_find(result, "supply.ordered") == NULL) return;
  clx_words_add(&w, "%s GPUs ordered, ", number(clx_result_value(result, "supply.ordered", 0), "", 12, a));
  add_complete(&w);
  clx_words_percent(&w, "; ", "", "supply.slip_probability", " of runs: an order > 30 days late");
  add_money(&w, "lost deposits ", "supply.lost", false);
  clx_words_end(&w, "supply", 3, CLX_REPORT_PLAIN);
}
