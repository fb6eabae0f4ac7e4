// Dates of a plan by replica: orders against the books of the section `supply`, builds that are certain and that are not, works that are paid when they
// end; and the power of machines whose work is not stated.
#include "check.h"

#include <colossus/colossus.h>

#include "twin/twin_buildout.h"
#include "twin/twin_cost.h"
#include "twin/twin_internal.h"

static clx_catalog *catalog;
static clx_arena *arena;

enum { HOUR = 3600, DAY = 86400, YEAR = 31557600, REPLICAS = 200 };

#define MACHINE                                                                                                        \
  "name: small\nmachine: {fleet: [{server: dgx_h100, rack: dgx_h100_4, gpus: 512}]}\n"                                 \
  "network: {switch: sn5600, nic: bluefield3_400g}\npower: {pue: 1.25, tariff: us-industrial, sources: [{name: grid, " \
  "power: 3 MW}]}\n"
#define COST(keys, items)                                                                                       \
  "cost:\n  start: \"2024-06-01\"\n  horizon: 36 months\n  use: 0.5\n  discount: 0\n  currencies: [usd]\n" keys \
  "  capital:\n" items "  operating: {repair: 0}\n"
#define SERVERS "    - {name: servers, kind: gpu, price: 240000 USD, gpus: 8, resale: none}\n"
#define DECIDE                                                                                                     \
  "decide: {least: 100, by: 24 months, value_time: 1 million USD/day, reference: 100 days, courses: [{name: own, " \
  "own: yes}]}\n"

static clx_status try_read(const char *text, clx_scenario **s, clx_error *error) {
  clx_error_clear(error);
  return clx_scenario_read(catalog, "small.yaml", text, strlen(text), s, error);
}

static clx_scenario *read(const char *text) {
  clx_scenario *s = NULL;
  clx_error error;
  if (try_read(text, &s, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return s;
}

static clx_result *study(const char *text) {
  clx_cost_options options;
  clx_result *result = NULL;
  clx_error error;
  clx_error_clear(&error);
  clx_cost_options_default(&options);
  options.replicas = REPLICAS;
  clx_scenario *s = read(text);
  if (clx_cost_run(s, &options, &result, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  clx_scenario_free(s);
  return result;
}

// What a study computes with.
static void make(const clx_scenario *s, clx_twin_cost *c) {
  const clx_run_options run = {.seed = 1, .threads = 1};
  clx_twin_kept kept = {.arena = arena};
  clx_error error;
  clx_error_clear(&error);
  clx_result *result = clx_result_new();
  clx_status status = clx_twin_run_machine(s, &run, &kept, result, &error);
  if (status == CLX_OK) status = clx_twin_cost_make(s, kept.build, 1, result, arena, c, &error);
  if (status != CLX_OK) fail_msg("%s", error.mistake[0].text);
  clx_result_free(result);
}

static const clx_quantity *find(const clx_result *r, const char *name) {
  const clx_quantity *q = clx_result_find(r, name);
  if (q == NULL) fail_msg("%s is missing", name);
  return q;
}

static bool warns(const clx_result *r, const char *what) {
  for (int32_t i = 0; i < clx_result_warning_count(r); i++)
    if (strstr(clx_result_warning(r, i), what) != NULL) return true;
  return false;
}

// --- orders ------------------------------------------------------------------------------------------------------------------

#define SUPPLY(more)                                                                                                   \
  "supply:\n  start: 2024-06-01\n  weeks: 80\n  buyers: [{name: own" more                                              \
  "}]\n  orders:\n"                                                                                                    \
  "    - {name: a, buyer: own, product: H100, maker: supermicro, fallback: dell, at: 2024-06-24, quantity: 512 GPU, "  \
  "price: \"30,000 USD\"}\n"                                                                                           \
  "  events: [{name: fails, kind: failure, maker: supermicro, at: 2024-07-08, late_low: 1 week, late_high: 12 weeks, " \
  "probability: "                                                                                                      \
  "0.5}]\n"

// Every dollar that the books of a replica have, deposits, balances, what is lost and qualification, is paid once and when the books say so.
static void test_orders_are_paid_once(void **state) {
  (void)state;
  clx_scenario *s = read(MACHINE SUPPLY("") COST("", SERVERS));
  const clx_procurement *p = &s->supply.procurement;
  clx_twin_cost c;
  clx_error error;
  struct clx_replica *replica = NULL;
  int32_t failed = 0;
  make(s, &c);
  assert_int_equal(c.paths, CLX_TWIN_BUILDOUT_REPLICAS);
  assert_int_equal(clx_procurement_open(p, arena, &replica, &error), CLX_OK);
  for (int32_t k = 0; k < REPLICAS; k++) {
    const clx_cost_path *path = &c.path[k];
    clx_cost_draw draw;
    clx_cost_expected(path->plan, &draw);
    assert_int_equal(clx_cost_plan_run(path->plan, path->input, &draw, false, &c.out, &error), CLX_OK);
    clx_procurement_replica(replica, 1, k);
    const clx_purse purse = clx_procurement_purse(replica, p->self);
    const double *gpus = clx_procurement_delivered(replica, 0);
    double paid = 0;
    for (int32_t m = 0; m < path->plan->months; m++) {
      const clx_cost_month *x = &c.out.month[m];
      const int32_t week = (int32_t)fmin(floor((m + 1) * CLX_MONTH / CLX_WEEK) - 1, p->weeks - 1);
      paid += x->capital + x->penalty;
      CLX_CHECK_NEAR(x->advance, purse.at_risk[week], 1e-9, 1e-3);
      CLX_CHECK_NEAR(paid, purse.at_risk[week] + gpus[week] * 30000 + purse.sunk[week], 1e-9, 1e-3);
      if ((m + 1) * CLX_MONTH >= p->weeks * CLX_WEEK)
        CLX_CHECK_NEAR(path->input->gpus[path->plan->months - 1], gpus[p->weeks - 1], 1e-9, 1e-9);
    }
    CLX_CHECK_NEAR(paid, purse.paid, 1e-9, 1e-3);
    CLX_CHECK_NEAR(c.out.figure[CLX_COST_CAPEX] + purse.sunk[p->weeks - 1], purse.paid, 1e-9, 1e-3);
    failed += purse.lost > 0;
  }
  assert_true(failed > 20 && failed < 180);
  clx_scenario_free(s);
}

// GPUs come `install` after their delivery, as many as there is power for, and the bands have the risk of the maker.
static void test_orders_bring_gpus(void **state) {
  (void)state;
  clx_result *sure = study(MACHINE SUPPLY("") COST("", SERVERS) DECIDE);
  clx_result *later = study(MACHINE SUPPLY("") COST("  install: 50 days\n", SERVERS) DECIDE);
  clx_result *half = study(MACHINE SUPPLY(", ready: [{from: 2024-06-01, gpus: 256 GPU}]") COST("", SERVERS) DECIDE);
  clx_result *dated = study(MACHINE COST("", SERVERS) DECIDE);
  const clx_quantity *first = find(sure, "cost.course.own.first_training");
  assert_true(first->high > first->low + 21.0 * DAY);
  assert_true(find(dated, "cost.course.own.npv")->high - find(dated, "cost.course.own.npv")->low <
              1);  // all is certain
  assert_true(find(sure, "cost.course.own.npv")->high - find(sure, "cost.course.own.npv")->low > 21e6);
  CLX_CHECK_NEAR(find(later, "cost.course.own.first_training")->value, first->value + 50.0 * DAY, 1e-12, 0);
  CLX_CHECK_NEAR(find(later, "cost.capex")->value, find(sure, "cost.capex")->value, 1e-12, 0);
  CLX_CHECK_NEAR(find(sure, "cost.capex")->value, 512 * 30000.0, 1e-12, 0);
  CLX_CHECK_NEAR(find(sure, "cost.gpus")->value, 512, 1e-12, 0);
  CLX_CHECK_NEAR(find(half, "cost.gpus")->value, 256, 1e-12, 0);
  CLX_CHECK_NEAR(find(half, "cost.capex")->value, 512 * 30000.0, 1e-12, 0);  // what waits for power is paid, too
  assert_true(find(sure, "cost.first_use")->high > find(sure, "cost.first_use")->low);
  clx_result_free(sure);
  clx_result_free(later);
  clx_result_free(half);
  clx_result_free(dated);
}

// GPUs without a price of their own cost what the orders say, in dollars, whatever their entry; those for other GPUs do not count.
static void test_orders_set_the_price(void **state) {
  (void)state;
  static const char ORDERS[] = MACHINE
      "supply:\n  start: 2024-06-01\n  weeks: 60\n  currency: EUR\n  exchange: [{currency: EUR, usd: 1.1 USD}]\n"
      "  buyers: [{name: own}, {name: other}]\n  orders:\n"
      "    - {name: a, buyer: own, product: H100, at: 2024-06-24, quantity: 128 GPU, price: \"30,000 EUR\"}\n"
      "    - {name: b, buyer: own, product: H100, at: 2024-06-24, quantity: 384 GPU, price: \"34,000 EUR\"}\n"
      "    - {name: c, buyer: other, product: H100, at: 2024-06-24, quantity: 8 GPU, price: \"9,000 EUR\"}\n";
  static const char *const costs[] = {COST("", "    - {name: servers, kind: gpu, resale: none}\n"),
                                      COST("", "    - {name: servers, kind: gpu, entry: hgx_h100, resale: none}\n")};
  for (int32_t i = 0; i < CLX_COUNT(costs); i++) {
    char text[4096];
    snprintf(text, sizeof text, "%s%s", ORDERS, costs[i]);
    clx_result *r = study(text);
    CLX_CHECK_NEAR(find(r, "cost.capex")->value, 512 * 33000.0 * 1.1, 1e-9, 0);
    assert_true(warns(r, "costs what section 'supply' pays, 36300 USD a GPU") == (i == 1));
    clx_result_free(r);
  }
}

static void test_orders_warn(void **state) {
  (void)state;
  static const char MANY[] = MACHINE
      "supply:\n  start: 2024-06-01\n  weeks: 60\n  buyers: [{name: own}]\n  orders:\n"
      "    - {name: a, buyer: own, product: H100, at: 2024-06-24, quantity: 600 GPU, price: \"40,000 USD\"}\n";
  static const char FEW[] = MACHINE
      "supply:\n  start: 2024-06-01\n  weeks: 60\n  buyers: [{name: own}]\n  orders:\n"
      "    - {name: a, buyer: own, product: H100, at: 2024-06-24, quantity: 384 GPU, price: \"30,000 USD\"}\n";
  char text[4096];
  snprintf(text, sizeof text, "%s%s", MANY, COST("", SERVERS));
  clx_result *r = study(text);
  assert_true(warns(r, "are for 600 GPUs, the machine has 512"));
  assert_true(warns(r, "cost: 'servers' states 30000 USD a GPU, the orders of section 'supply' 40000"));
  CLX_CHECK_NEAR(find(r, "cost.capex")->value, 512 * 30000.0, 1e-12, 0);
  CLX_CHECK_NEAR(find(r, "cost.gpus")->value, 512, 1e-12, 0);
  clx_result_free(r);
  snprintf(text, sizeof text, "%s%s", FEW, COST("", SERVERS));
  r = study(text);
  assert_true(warns(r, "orders deliver 384 of 512 GPUs") && !warns(r, "before the plan starts"));
  CLX_CHECK_NEAR(find(r, "cost.capex")->value, 384 * 30000.0, 1e-12, 0);
  clx_result_free(r);
  snprintf(text, sizeof text, "%s%s", FEW,
           COST("", "    - {name: servers, kind: gpu, price: 240000 USD, gpus: 8, at: 9 months}\n"));
  r = study(text);
  assert_true(
      warns(r, "cost: 'servers' is paid as if it came on 2025-03-01 on average, the orders bring its GPUs on 2024"));
  clx_result_free(r);
  r = study(
      MACHINE
      "supply:\n  start: 2023-06-01\n  weeks: 60\n  buyers: [{name: own}]\n  orders:\n"
      "    - {name: a, buyer: own, product: H100, at: 2023-06-24, quantity: 512 GPU, price: \"30,000 USD\"}\n" COST(
          "", SERVERS));
  assert_true(warns(r, "cost: 512 GPUs are delivered before the plan starts on 2024-06-01"));
  CLX_CHECK_NEAR(find(r, "cost.capex")->value, 512 * 30000.0, 1e-12, 0);
  clx_result_free(r);
}

// A deposit of the item itself stands before that of the orders: half of each delivery a month before it.
static void test_own_deposit(void **state) {
  (void)state;
  clx_result *r = study(MACHINE SUPPLY("")
                            COST("",
                                 "    - {name: servers, kind: gpu, price: 240000 USD, gpus: 8, deposit: 0.5, lead: 1 "
                                 "month, resale: none}\n"));
  const double *x, *came, *capital;
  int32_t count;
  came = clx_result_series(r, "cost.month.kind.gpu", &x, &count);
  capital = clx_result_series(r, "cost.month.capital", &x, &count);
  CLX_CHECK_NEAR(came[count - 1], 512 * 30000.0, 1e-9, 0);
  for (int32_t m = 1; m + 1 < count; m++)
    CLX_CHECK_NEAR(capital[m], 0.5 * (came[m + 1] - came[m]) + 0.5 * (came[m] - came[m - 1]), 1e-9, 1e-3);
  assert_true(find(r, "cost.advance_at_risk")->value > 0.4 * 512 * 30000);
  clx_result_free(r);
}

// --- builds ------------------------------------------------------------------------------------------------------------------

#define BUILD(works, high)                                                             \
  "buildout:\n  start: 2024-06-01\n  horizon: 400 days\n  first: 100 GPUs\n  works:\n" \
  "    - {name: shell, duration: 60 days" high                                         \
  "}\n"                                                                                \
  "    - {name: halls, duration: 60 days, after: shell, gives: {room: 512 GPUs}}\n" works

// A build without chance moves no draw by a bit; an uncertain one widens what depends on dates, and the worth of a course goes by its date.
static void test_build_by_replica(void **state) {
  (void)state;
  clx_scenario *s = read(MACHINE BUILD("", "") COST("", SERVERS));
  clx_twin_cost c;
  clx_cost_bands all, one;
  clx_error error;
  make(s, &c);
  assert_int_equal(c.paths, CLX_TWIN_BUILDOUT_REPLICAS);
  assert_int_equal(clx_cost_bands_run(c.path, c.paths, 1, REPLICAS, 1, arena, &all, &error), CLX_OK);
  const clx_cost_path median = {&c.plan, &c.input};
  assert_int_equal(clx_cost_bands_run(&median, 1, 1, REPLICAS, 1, arena, &one, &error), CLX_OK);
  assert_memory_equal(all.figure, one.figure, sizeof all.figure);
  assert_memory_equal(all.by_kind, one.by_kind, sizeof all.by_kind);
  clx_scenario_free(s);
  clx_result *sure = study(MACHINE BUILD("", "") COST("", SERVERS) DECIDE);
  clx_result *open = study(MACHINE BUILD("", ", low: 40 days, high: 120 days") COST("", SERVERS) DECIDE);
  const clx_quantity *npv = find(open, "cost.course.own.npv"), *first = find(open, "cost.course.own.first_training");
  assert_true(find(sure, "cost.course.own.npv")->high - find(sure, "cost.course.own.npv")->low < 1);
  CLX_CHECK_NEAR(find(sure, "cost.course.own.first_training")->high, 120.0 * DAY, 1e-12, 0);
  // P5 and P95 of a work of 40, 60, 120 days are 35.7 and 146 days: 60 (40 / 60)^1.2833, 60 (120 / 60)^1.2833.
  CLX_CHECK_NEAR(first->low, (60 + 35.7) * DAY, 0, 4.0 * DAY);
  CLX_CHECK_NEAR(first->high, (60 + 146.0) * DAY, 0, 12.0 * DAY);
  // A day is worth a million: the band of the worth is that of the date, but for energy.
  CLX_CHECK_NEAR(npv->high - npv->low, 1e6 * (first->high - first->low) / DAY, 0.02, 0);
  assert_true(find(open, "cost.per_gpu_hour")->high > find(sure, "cost.per_gpu_hour")->high * 1.01);
  clx_result_free(sure);
  clx_result_free(open);
}

// Draws in which the build would end after the courses are paid for, too: nothing but capital is paid here, the same in every draw.
static void test_late_draws_are_paid(void **state) {
  (void)state;
  clx_result *r = study(
      MACHINE BUILD("", ", low: 40 days, high: 120 days")
          "cost:\n  start: \"2024-06-01\"\n  horizon: 36 months\n  discount: 0\n  currencies: [usd]\n  capital:\n" SERVERS
          "  operating: {repair: 0, gpu_power: 1 W, energy: 0 USD/J}\n"
          "decide: {least: 256, courses: [{name: own, own: yes}, {name: later, own: yes, wait: 31 months}, {name: half, "
          "own: yes, wait: 31 months, later: 0.5}, {name: last, own: yes, wait: 31 months, later: 0.5, wait_price: 2}]}\n");
  static const char *const course[] = {"own", "later", "half", "last"};
  for (int32_t i = 0; i < CLX_COUNT(course); i++) {
    char name[64];
    snprintf(name, sizeof name, "cost.course.%s.cost", course[i]);
    const clx_quantity *q = find(r, name);
    const double cost = (i < 3 ? 1 : 1.5) * 512 * 30000;
    CLX_CHECK_NEAR(q->low, cost, 1e-9, 0);
    CLX_CHECK_NEAR(q->high, cost, 1e-9, 0);
  }
  // Draws that end after the time compared never begin; half of a machine begins with the half that does not wait.
  CLX_CHECK_NEAR(find(r, "cost.course.later.first_training")->high, 36 * CLX_MONTH, 1e-12, 0);
  CLX_CHECK_NEAR(find(r, "cost.course.half.first_training")->high, find(r, "cost.course.own.first_training")->high,
                 1e-12, 0);
  clx_result_free(r);
}

// With both sections GPUs are used as the build says and paid as orders ask.
static void test_build_of_orders(void **state) {
  (void)state;
  clx_result *r = study(MACHINE BUILD("", "") SUPPLY("") COST("", SERVERS) DECIDE);
  const double *x, *gpus, *capital;
  int32_t count;
  gpus = clx_result_series(r, "cost.month.gpus", &x, &count);
  capital = clx_result_series(r, "cost.month.capital", &x, &count);
  CLX_CHECK_NEAR(capital[0], 0.3 * 512 * 30000, 1e-9, 0);  // the deposit, three weeks after the start
  CLX_CHECK_NEAR(gpus[2], 0, 0, 0);                        // delivered, but there is no room
  assert_true(find(r, "cost.course.own.first_training")->low > 119.0 * DAY);
  clx_result_free(r);
}

// --- works -------------------------------------------------------------------------------------------------------------------

static void test_works_are_paid_when_they_end(void **state) {
  (void)state;
  clx_scenario *s = read(MACHINE BUILD("    - {name: permit, duration: 10 days}\n", ", low: 40 days, high: 120 days")
                             COST("", SERVERS "    - {name: hall, kind: building, price: 10 USD, count: 100, after: "
                                              "[permit, shell, halls], share: [0.1, 0.3, 0.6]}\n"));
  clx_twin_cost c;
  make(s, &c);
  bool moved = false;
  for (int32_t k = 0; k < c.paths; k++) {
    const double *finish = c.replica[k].finish, *hall = c.path[k].plan->item[1].delivered;
    const int32_t shell = (int32_t)(finish[0] / CLX_MONTH), halls = (int32_t)(finish[1] / CLX_MONTH);
    CLX_CHECK_NEAR(finish[1] - finish[0], 60.0 * DAY, 0, 10);
    double due[4 * 12] = {0.1};
    due[shell] += 0.3;
    due[halls] += 0.6;
    for (int32_t m = 0; m < c.plan.months; m++) CLX_CHECK_NEAR(hall[m], due[m], 1e-12, 0);
    moved = moved || shell != (int32_t)(c.replica[0].finish[0] / CLX_MONTH);
  }
  assert_true(moved);
  CLX_CHECK_NEAR(c.when.finish[0], 60.0 * DAY, 0, 3.0 * DAY);  // the median
  CLX_CHECK_NEAR(c.plan.item[1].delivered[(int32_t)(c.when.finish[1] / CLX_MONTH)], 0.6, 1e-12, 0);
  clx_scenario_free(s);
}

// 3 x^2 - 2 x^3
static double spent(double from, double until, double time) {
  const double x = fmin(1, fmax(0, (time - from) / (until - from)));
  return x * x * (3 - 2 * x);
}

static void test_works_are_paid_as_they_run(void **state) {
  (void)state;
  clx_scenario *s =
      read(MACHINE BUILD("", ", low: 40 days, high: 120 days") COST(
          "", SERVERS "    - {name: hall, kind: building, price: 10 USD, count: 100, during: [halls]}\n"
                      "    - {name: site, kind: other, price: 10 USD, count: 100, during: [halls, shell]}\n"));
  clx_twin_cost c;
  make(s, &c);
  for (int32_t k = -1; k < c.paths; k++) {
    const clx_cost_plan *plan = k < 0 ? &c.plan : c.path[k].plan;
    const double *begin = k < 0 ? c.when.begin : c.replica[k].begin, *end = k < 0 ? c.when.finish : c.replica[k].finish;
    CLX_CHECK_NEAR(begin[0], 0, 0, 1);
    CLX_CHECK_NEAR(begin[1], end[0], 0, 10);
    double hall = 0, site = 0;
    for (int32_t m = 0; m < plan->months; m++) {
      hall += plan->item[1].delivered[m];
      site += plan->item[2].delivered[m];
      CLX_CHECK_NEAR(hall, spent(begin[1], end[1], (m + 1) * CLX_MONTH), 0, 1e-9);
      CLX_CHECK_NEAR(site, spent(begin[0], end[1], (m + 1) * CLX_MONTH), 0, 1e-9);
    }
  }
  clx_scenario_free(s);
}

static void test_works_refused(void **state) {
  (void)state;
  static const struct {
    const char *text, *says;
  } row[] = {
      {MACHINE BUILD("", "") COST("", "    - {name: hall, kind: building, price: 10 USD, count: 1, after: shel}\n"),
       "'hall': `after` 'shel'; expected a work of the section buildout; did you mean 'shell'?"},
      {MACHINE BUILD("", "")
           COST("", "    - {name: hall, kind: building, price: 10 USD, count: 1, after: shell, at: 1 month}\n"),
       "'hall': `after` and `at`; expected one of the two"},
      {MACHINE BUILD("", "")
           COST("", "    - {name: hall, kind: building, price: 10 USD, count: 1, after: shell, until: 1 month}\n"),
       "'hall': `after` and `until`; expected one of the two"},
      {MACHINE BUILD("", "")
           COST("", "    - {name: hall, kind: building, price: 10 USD, count: 1, after: shell, during: halls}\n"),
       "'hall': `after` and `during`; expected one of the two"},
      {MACHINE BUILD("", "")
           COST("", "    - {name: hall, kind: building, price: 10 USD, count: 1, during: halls, from: 1 month}\n"),
       "'hall': `during` and `from`; expected one of the two"},
      {MACHINE BUILD("", "") COST("", "    - {name: hall, kind: building, price: 10 USD, count: 1, during: hals}\n"),
       "'hall': `during` 'hals'; expected a work of the section buildout; did you mean 'halls'?"},
      {MACHINE COST("", "    - {name: hall, kind: building, price: 10 USD, count: 1, after: shell}\n"),
       "'hall': `after` 'shell'; expected a work of the section buildout"},
      {MACHINE BUILD("", "")
           COST("", "    - {name: hall, kind: building, price: 10 USD, count: 1, after: [shell, halls], share: 1}\n"),
       "'hall': 1 shares for 2 dates"},
  };
  for (int32_t i = 0; i < CLX_COUNT(row); i++) {
    clx_scenario *s = NULL;
    clx_error error;
    assert_int_equal(try_read(row[i].text, &s, &error), CLX_INPUT);
    if (strstr(error.mistake[0].text, row[i].says) == NULL) fail_msg("%s", error.mistake[0].text);
  }
}

// --- power -------------------------------------------------------------------------------------------------------------------

// Half of the time at the ratings, half of it idle, a quarter on top, at the tariff of the section power.
static void test_power_at_ratings(void **state) {
  (void)state;
  clx_scenario *s = read(MACHINE COST("", SERVERS));
  const clx_cohort *h = &s->machine.cohort[0];
  const double other = s->machine.fabric.bill.power, racks = 16;
  const double most = racks * clx_rack_rated(h, 1).in + other,
               idle = racks * clx_rack_power(h, h->device.idle_power, 0).in + other;
  const double price = s->power.supply.tariff->energy, demand = s->power.supply.tariff->demand;
  clx_result *r = study(MACHINE COST("", SERVERS));
  assert_true(idle > 0 && most > 1.5 * idle);
  CLX_CHECK_NEAR(find(r, "cost.power")->value, 1.25 * (most + idle) / 2, 1e-12, 0);
  CLX_CHECK_NEAR(find(r, "cost.operation.energy")->value,
                 1.25 * (most + idle) / 2 * price * YEAR + 12 * (1.25 * most * demand + s->power.supply.tariff->fixed),
                 1e-9, 0);
  assert_true(warns(r, "cost: no work of the machine is stated") && warns(r, "times `power.pue`"));
  clx_result_free(r);
  // Halls without a power of their own are for the IT at its ratings.
  r = study(MACHINE COST("", SERVERS "    - {name: hall, kind: building, price: 10 USD/W}\n"));
  CLX_CHECK_NEAR(find(r, "cost.capital.building")->value, 10 * most, 1e-12, 0);
  clx_result_free(r);
  // Power that is stated is paid by the tariff of the section power, too.
  r = study(MACHINE "cost:\n  start: \"2024-06-01\"\n  use: 0.5\n  currencies: [usd]\n  capital:\n" SERVERS
                    "  operating: {gpu_power: 1 kW, repair: 0}\n");
  CLX_CHECK_NEAR(find(r, "cost.operation.energy")->value,
                 512e3 * price * YEAR + 12 * (1.1 * 512e3 * demand + s->power.supply.tariff->fixed), 1e-9, 0);
  assert_false(warns(r, "no price of energy"));
  clx_result_free(r);
  // What is stated stands before it.
  r = study(MACHINE "cost:\n  start: \"2024-06-01\"\n  currencies: [usd]\n  capital:\n" SERVERS
                    "  operating: {gpu_power: 1 kW}\n");
  assert_false(warns(r, "no work of the machine"));
  assert_null(clx_result_find(r, "cost.power"));
  clx_result_free(r);
  clx_scenario_free(s);
}

static int open_catalog(void **state) {
  (void)state;
  arena = clx_arena_new();
  return arena != NULL && clx_catalog_open(NULL, &catalog, NULL) == CLX_OK ? 0 : -1;
}

static int close_catalog(void **state) {
  (void)state;
  clx_catalog_close(catalog);
  clx_arena_free(arena);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_orders_are_paid_once),
      cmocka_unit_test(test_orders_bring_gpus),
      cmocka_unit_test(test_orders_set_the_price),
      cmocka_unit_test(test_orders_warn),
      cmocka_unit_test(test_own_deposit),
      cmocka_unit_test(test_build_by_replica),
      cmocka_unit_test(test_late_draws_are_paid),
      cmocka_unit_test(test_build_of_orders),
      cmocka_unit_test(test_works_are_paid_when_they_end),
      cmocka_unit_test(test_works_are_paid_as_they_run),
      cmocka_unit_test(test_works_refused),
      cmocka_unit_test(test_power_at_ratings),
  };
  return cmocka_run_group_tests(tests, open_catalog, close_catalog);
}
