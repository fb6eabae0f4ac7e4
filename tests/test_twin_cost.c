// Money of a scenario: what the section leaves open, capacity over time, figures against sums by hand, courses, and the texts and drawings of it.
#include "check.h"
#include "svg_check.h"

#include <colossus/colossus.h>

#include "report/report.h"
#include "twin/twin_cost.h"
#include "twin/twin_internal.h"

static clx_catalog *catalog;

enum { HOUR = 3600, DAY = 86400, YEAR = 31557600 };

static const char MACHINE[] =
    "name: small\ntitle: \"512 <H100> & more\"\nmachine:\n  fleet:\n"
    "    - {server: smc_hgx_h100_immersion, rack: smc_immersion_tank, gpus: 512}\n"
    "network: {switch: qm9700, nic: connectx7_400g}\n"
    "training: {model: gpt3-175b, software: mlperf-nemo-4.0, tokens: 300G, sequence: 2048, global_batch: 2048, "
    "precision: fp8,\n"
    "  layout: {tp: 4, pp: 8, vpp: 12, dp: 16, micro_batch: 2, sharding: zero1}}\n"
    "power: {tariff: us-industrial, sources: [{name: grid, power: 1 MW}]}\n";
static const char COST[] =
    "cost:\n  start: \"2024-06-01\"\n  horizon: 36 months\n  use: 0.5\n  discount: 0\n  currencies: [usd]\n  capital:\n"
    "    - {name: servers, kind: gpu, price: 240000 USD, price_low: 200000 USD, price_high: 300000 USD, gpus: 8, "
    "deposit: 0.5,\n"
    "       lead: 2 months, at: [3 months, 5 months], share: [0.25, 0.75], resale: none}\n"
    "    - {name: fabric, kind: network, price: 1000 USD, at: 3 months, resale: none}\n"
    "    - {name: hall, kind: building, price: 10 USD/W, until: 3 months, resale: none}\n"
    "  operating: {repair: 0}\n";
static const char DECIDE[] =
    "decide:\n  least: 100\n  by: 24 months\n  value_gpu: 3 USD/h\n  courses:\n    - {name: own, own: yes}\n"
    "    - {name: half later, own: yes, later: 0.5, wait: 6 months, wait_price: 2, wait_gpus: 0.5, tokens: 2000 "
    "token/s}\n"
    "    - {name: rent, rent: [{entry: h100, at: 1 month, gpus: 512, from: 1 month, term: 24 months, price: 2 "
    "USD/h, take_or_pay: 1}]}\n";

static char *joined(const char *cost, const char *decide) {
  static char text[8192];
  snprintf(text, sizeof text, "%s%s%s", MACHINE, cost, decide);
  return text;
}

static clx_scenario *read(const char *cost, const char *decide) {
  clx_scenario *s = NULL;
  clx_error error;
  clx_error_clear(&error);
  const char *text = joined(cost, decide);
  if (clx_scenario_read(catalog, "small.yaml", text, strlen(text), &s, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  return s;
}

static clx_result *study(const clx_scenario *s) {
  clx_cost_options options;
  clx_result *result = NULL;
  clx_error error;
  clx_error_clear(&error);
  clx_cost_options_default(&options);
  options.replicas = 200;
  if (clx_cost_run(s, &options, &result, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return result;
}

static double get(const clx_result *r, const char *name) {
  const clx_quantity *q = clx_result_find(r, name);
  if (q == NULL) fail_msg("%s is missing", name);
  assert_true(q->low <= q->value && q->value <= q->high);
  return q->value;
}

static void test_capacity(void **state) {
  (void)state;
  clx_scenario *s = read(COST, "");
  clx_arena *arena = clx_arena_new();
  clx_capacity_series c;
  const clx_capacity_series nothing = {0};
  clx_error error;
  clx_error_clear(&error);
  assert_int_equal(clx_twin_capacity(s, &nothing, arena, &c, &error), CLX_OK);
  assert_int_equal(c.count, 2);
  CLX_CHECK_NEAR(c.gpus[0], 128, 1e-12, 0);
  CLX_CHECK_NEAR(c.gpus[1], 512, 1e-12, 0);
  CLX_CHECK_NEAR(c.at[0], 3 * CLX_MONTH, 1e-12, 0);
  s->cost.spec.install = 10.0 * DAY;
  assert_int_equal(clx_twin_capacity(s, &nothing, arena, &c, &error), CLX_OK);
  CLX_CHECK_NEAR(c.at[1], 5 * CLX_MONTH + 10.0 * DAY, 1e-12, 0);
  // Spent along an S-curve they come along one: all of them by its end, half of them by half of it.
  clx_cost_item_spec *gpus = &s->cost.spec.capital[0];
  gpus->at_count = gpus->share_count = 0;
  gpus->until = 12 * CLX_MONTH;
  assert_int_equal(clx_twin_capacity(s, &nothing, arena, &c, &error), CLX_OK);
  assert_int_equal(c.count, 12);
  CLX_CHECK_NEAR(c.gpus[5], 256, 1e-12, 0);
  CLX_CHECK_NEAR(c.gpus[11], 512, 1e-12, 0);
  // A build that was computed: from its own start, which may lie before that of the plan.
  clx_result *built = clx_result_new();
  const double day[] = {0, 10.0 * DAY, 20.0 * DAY, 30.0 * DAY, 40.0 * DAY}, usable[] = {0, 64, 64, 300, 512};
  assert_int_equal(clx_result_add_series(built, "buildout.gpus", "", usable, "time", "s", day, 5, &error), CLX_OK);
  assert_int_equal(clx_result_add_text(built, "buildout.start", "2024-05-12", &error), CLX_OK);
  clx_cost_build build;
  assert_int_equal(clx_twin_cost_build(s, built, arena, &build, &error), CLX_OK);
  assert_int_equal(clx_twin_capacity(s, &build.usable, arena, &c, &error), CLX_OK);
  assert_int_equal(c.count, 3);
  CLX_CHECK_NEAR(c.at[0], 0, 0, 0);
  CLX_CHECK_NEAR(c.gpus[0], 64, 1e-12, 0);
  CLX_CHECK_NEAR(c.at[1], 10.0 * DAY, 1e-12, 0);
  CLX_CHECK_NEAR(c.gpus[2], 512, 1e-12, 0);
  clx_result_free(built);
  s->cost.spec.use_from = 7 * CLX_MONTH;
  assert_int_equal(clx_twin_capacity(s, &nothing, arena, &c, &error), CLX_OK);
  assert_int_equal(c.count, 1);
  CLX_CHECK_NEAR(c.at[0], 7 * CLX_MONTH, 1e-12, 0);
  CLX_CHECK_NEAR(c.gpus[0], 512, 1e-12, 0);
  clx_arena_free(arena);
  clx_scenario_free(s);
}

// Without discount, repair and resale every figure is a sum that a hand can do.
static void test_figures(void **state) {
  (void)state;
  clx_scenario *s = read(COST, "");
  clx_result *r = study(s);
  const double it = get(r, "power.it_peak"), gpu_months = 128 * 2 + 512 * 31, gpu_hours = gpu_months * CLX_MONTH / HOUR;
  CLX_CHECK_NEAR(get(r, "cost.capital.gpu"), 64 * 240000.0, 1e-12, 0);     // 512 GPUs by eight
  CLX_CHECK_NEAR(get(r, "cost.capital.network"), 512 * 1000.0, 1e-12, 0);  // by GPU
  CLX_CHECK_NEAR(get(r, "cost.capital.building"), 10 * it, 1e-12, 0);      // by W of IT
  const double capex = 64 * 240000.0 + 512 * 1000.0 + 10 * it;
  CLX_CHECK_NEAR(get(r, "cost.capex"), capex, 1e-12, 0);
  // The power room's price of energy for the power of the site, by the share of GPUs at hand.
  const double price = get(r, "power.cost") / get(r, "power.energy");
  const double work = get(r, "power.pass.step.mean"), stopped = get(r, "power.pass.stopped.mean");
  assert_true(stopped < work);
  const double energy = get(r, "power.site_mean") * (0.5 + 0.5 * stopped / work) * price;  // half of the time used
  CLX_CHECK_NEAR(get(r, "cost.operation.energy") / YEAR, energy, 1e-9, 0);
  CLX_CHECK_NEAR(get(r, "cost.opex_per_year") / YEAR, energy, 1e-9, 0);
  const double cost = capex + energy * CLX_MONTH * gpu_months / 512;
  CLX_CHECK_NEAR(get(r, "cost.rent_breakeven"), cost / gpu_hours, 1e-9, 0);
  CLX_CHECK_NEAR(get(r, "cost.per_gpu_hour"), cost / gpu_hours / 0.5, 1e-9, 0);
  const double run = get(r, "training.duration") * 512 / HOUR;
  CLX_CHECK_NEAR(get(r, "cost.per_training_run"), cost / gpu_hours / 0.5 * run, 1e-9, 0);
  CLX_CHECK_NEAR(get(r, "cost.per_token") * 300e9, get(r, "cost.per_training_run"), 1e-9, 0);
  CLX_CHECK_NEAR(get(r, "cost.npv"), -cost, 1e-9, 0);
  // Half of the servers' price two months ahead; the second delivery is the larger one.
  CLX_CHECK_NEAR(get(r, "cost.advance_at_risk"), 0.5 * 0.75 * 64 * 240000.0, 1e-9, 0);
  const clx_quantity *capital = clx_result_find(r, "cost.capital.gpu");
  assert_true(capital->low > 64 * 200000.0 * 0.97 && capital->low < 64 * 215000.0);
  assert_true(capital->high > 64 * 280000.0 && capital->high < 64 * 300000.0 * 1.03);
  const double *x, *cash;
  int32_t count;
  cash = clx_result_series(r, "cost.month.cumulated", &x, &count);
  assert_int_equal(count, 36);
  CLX_CHECK_NEAR(cash[35], -cost, 1e-9, 0);
  CLX_CHECK_NEAR(x[35], 36 * CLX_MONTH, 1e-12, 0);
  clx_result_free(r);
  clx_scenario_free(s);
}

static double course(const clx_result *r, const char *name, const char *what) {
  char full[96];
  snprintf(full, sizeof full, "cost.course.%s.%s", name, what);
  return get(r, full);
}

static void test_courses(void **state) {
  (void)state;
  clx_scenario *s = read(COST, DECIDE);
  clx_result *r = study(s);
  const double rate = get(r, "training.tokens_per_second") / 512, used = 0.5 * CLX_MONTH;
  CLX_CHECK_NEAR(course(r, "own", "first_training"), 3 * CLX_MONTH, 1e-12, 0);
  assert_string_equal(clx_result_fact(r, "cost.course.own.first_date"), "2024-08-31");
  CLX_CHECK_NEAR(course(r, "own", "tokens"), (128 * 2 + 512 * 19) * used * rate, 1e-9, 0);
  // Half of 128 is too few; the rest of the first half comes with the second delivery. Half as many of the later product follow after six months.
  CLX_CHECK_NEAR(course(r, "half_later", "first_training"), 5 * CLX_MONTH, 1e-12, 0);
  const double now = 64 * 2 + 256 * 19, then = 32 * 2 + 128 * 13;
  CLX_CHECK_NEAR(course(r, "half_later", "tokens"), (now * rate + then * 2000) * used, 1e-9, 0);
  CLX_CHECK_NEAR(course(r, "rent", "cost"), 512 * 24 * CLX_MONTH / HOUR * 2, 1e-9, 0);
  CLX_CHECK_NEAR(course(r, "rent", "per_token") * rate, 2.0 / HOUR / 0.5, 1e-9, 0);
  CLX_CHECK_NEAR(course(r, "own", "gain"), 0, 0, 0);
  assert_true(course(r, "own", "best") + course(r, "half_later", "best") + course(r, "rent", "best") > 1 - 1e-9);
  // A break-even price is where both are worth the same: the price moves the present value straight.
  const double even = course(r, "rent", "rent_breakeven"), worth = course(r, "rent", "gain");
  CLX_CHECK_NEAR(even - 2.0, worth / (512 * 24 * CLX_MONTH / HOUR), 1e-6, 1e-9);
  clx_result_free(r);
  clx_scenario_free(s);
}

// A part that is bought later costs its price of then, and nothing else changes: capital of GPUs and network 1/2 + 1/2 * 2 * 1/2 of the plan's.
static void test_mixed_capital(void **state) {
  (void)state;
  clx_scenario *s = read(COST, DECIDE);
  clx_result *r = study(s);
  const double gpus = get(r, "cost.capital.gpu") + get(r, "cost.capital.network"), months = 64 * 2 + 256 * 31;
  const double energy = get(r, "cost.operation.energy") / 12 / 512 * 2;
  const double own = gpus + get(r, "cost.capital.building") + energy * (months + 64 * 2 + 256 * 25) / 2;
  const clx_quantity *q = clx_result_find(r, "cost.course.half_later.cost");
  assert_true(q->low < own && own < q->high);
  CLX_CHECK_NEAR(q->value, own, 0.05, 0);
  clx_result_free(r);
  clx_scenario_free(s);
}

// Servers and fabric without dates beside a build: paid as it brings the GPUs.
static const char BUILT[] =
    "buildout:\n  start: 2024-06-11\n  horizon: 300 days\n  first: 100 GPUs\n"
    "  deliveries: [{from: 2024-08-01, until: 2024-10-01, gpus: 512 GPUs, late: 20 days}]\n"
    "  install: {rate: 1 racks/day}\n  bring_up: {time: 5 days}\n"
    "cost:\n  start: \"2024-06-01\"\n  horizon: 36 months\n  use: 0.5\n  discount: 0\n  currencies: [usd]\n  capital:\n"
    "    - {name: servers, kind: gpu, price: 240000 USD, gpus: 8, resale: none}\n"
    "    - {name: fabric, kind: network, price: 1000 USD, resale: none}\n"
    "  operating: {repair: 0}\n";

// One change of the text; the result of the study.
static clx_result *built_with(const char *from, const char *to) {
  static char text[4096];
  const char *at = strstr(BUILT, from);
  if (at == NULL) fail_msg("%s is not in the text", from);
  snprintf(text, sizeof text, "%.*s%s%s", (int)(at - BUILT), BUILT, to, at + strlen(from));
  clx_scenario *s = read(text, "decide:\n  least: 100\n  by: 24 months\n  courses: [{name: own, own: yes}]\n");
  clx_result *r = study(s);
  clx_scenario_free(s);
  return r;
}

static bool warns(const clx_result *r, const char *what) {
  for (int32_t i = 0; i < clx_result_warning_count(r); i++)
    if (strstr(clx_result_warning(r, i), what) != NULL) return true;
  return false;
}

// GPU-months of capital that is not yet paid: the later it is paid the more.
static double unpaid(const clx_result *r, const char *kind) {
  char name[64];
  const double *x, *y;
  int32_t count;
  double sum = 0;
  snprintf(name, sizeof name, "cost.month.kind.%s", kind);
  y = clx_result_series(r, name, &x, &count);
  assert_non_null(y);
  for (int32_t m = 0; m < count; m++) sum += 1 - y[m] / y[count - 1];
  return sum;
}

static void test_build(void **state) {
  (void)state;
  clx_result *r = built_with("512 GPUs", "512 GPUs"), *late = built_with("2024-10-01", "2025-01-15");
  const double from = 10.0 * DAY, full = get(r, "buildout.full_capacity");
  assert_false(warns(r, "cost: '") || warns(r, "the build") || warns(r, "capital buys"));
  CLX_CHECK_NEAR(get(r, "cost.first_training"), from + get(r, "buildout.first_training"), 1e-12, 0);
  CLX_CHECK_NEAR(get(r, "cost.full_use"), from + full, 1e-12, 0);
  CLX_CHECK_NEAR(unpaid(r, "gpu"), unpaid(r, "network"), 1e-9, 0);
  const double *x, *paid, *gpus;
  int32_t count;
  paid = clx_result_series(r, "cost.month.kind.gpu", &x, &count);
  gpus = clx_result_series(r, "cost.month.gpus", &x, &count);
  for (int32_t m = 0; m < count; m++) assert_true((gpus[m] > 0) <= (paid[m] > 0));
  CLX_CHECK_NEAR(paid[1], 0, 0, 0);
  CLX_CHECK_NEAR(paid[(int32_t)((from + full) / CLX_MONTH)], 64 * 240000.0, 0.01, 0);
  assert_true(unpaid(late, "gpu") > unpaid(r, "gpu") + 1);
  // The day on which a course can begin has the band of the build.
  const clx_quantity *course = clx_result_find(r, "cost.course.own.first_training"),
                     *build = clx_result_find(r, "buildout.first_training");
  assert_true(course->low < course->high);
  assert_true(course->low < from + build->low + DAY &&
              course->high > from + build->high - DAY);  // P5 and P95 beside P10 and P90
  CLX_CHECK_NEAR(course->value, from + build->value, 0, 1.5 * DAY);
  clx_result_free(r);
  clx_result_free(late);
}

static void test_build_warnings(void **state) {
  (void)state;
  static const struct {
    const char *from, *to, *says;
  } row[] = {
      {"horizon: 300 days", "horizon: 90 days", "cost: the days of the build end on 2024-09-09 with"},
      {"\"2024-06-01\"", "\"2025-06-01\"", "cost: 512 GPUs are usable when the plan starts on 2025-06-01"},
      {"\"2024-06-01\"", "\"2023-01-01\"", "cost: the plan starts on 2023-01-01, the build only on 2024-06-11"},
      {"gpus: 8,", "gpus: 8, at: 10 months,", "cost: 'servers' is paid as if it came on 2025-04-01 on average"},
      {"  use: 0.5", "  use_from: 3 months\n  use: 0.5", "cost: `use_from` stands before the dates of the build"},
      {"  use: 0.5", "  install: 3 days\n  use: 0.5", "cost: `install` is not used"},
      {"gpus: 8,", "gpus: 8, count: 100,", "cost: capital buys 800 GPUs, the machine has 512"},
  };
  for (int32_t i = 0; i < CLX_COUNT(row); i++) {
    clx_result *r = built_with(row[i].from, row[i].to);
    if (!warns(r, row[i].says)) {
      for (int32_t k = 0; k < clx_result_warning_count(r); k++) print_message("%s\n", clx_result_warning(r, k));
      fail_msg("expected: %s", row[i].says);
    }
    clx_result_free(r);
  }
}

// A build whose days end early: what they do not reach comes when all are there, and a draw that never has all keeps what it has.
static void test_build_late(void **state) {
  (void)state;
  static const double day[] = {0, 30.0 * DAY, 60.0 * DAY}, few[] = {0, 128, 300};
  const clx_cost_rows rows = {.time = day, .value = few, .count = 3};
  clx_arena *arena = clx_arena_new();
  clx_capacity_series c;
  clx_error error;
  clx_error_clear(&error);
  assert_int_equal(clx_twin_cost_steps(&rows, 10.0 * DAY, 512, 80.0 * DAY, arena, &c, &error), CLX_OK);
  assert_int_equal(c.count, 3);
  CLX_CHECK_NEAR(c.at[1], 70.0 * DAY, 1e-12, 0);
  CLX_CHECK_NEAR(c.at[2], 80.0 * DAY, 1e-12, 0);
  CLX_CHECK_NEAR(c.gpus[2], 512, 1e-12, 0);
  assert_int_equal(clx_twin_cost_steps(&rows, 10.0 * DAY, 512, INFINITY, arena, &c, &error), CLX_OK);
  assert_int_equal(c.count, 2);
  CLX_CHECK_NEAR(c.gpus[1], 300, 1e-12, 0);
  clx_arena_free(arena);
  clx_result *r = built_with("horizon: 300 days", "horizon: 74 days");
  const clx_quantity *course = clx_result_find(r, "cost.course.own.first_training");
  assert_true(course->low <= course->value && course->value < course->high);
  clx_result_free(r);
}

// A course that never has enough has no date, and a break-even beyond full use is none.
static void test_never(void **state) {
  (void)state;
  clx_scenario *s = read(COST,
                         "decide:\n  least: 1000\n  by: 24 months\n  market: h100\n  courses:\n    - {name: own, own: "
                         "yes, wait: 24 months}\n");
  clx_result *r = study(s);
  char *text = NULL;
  clx_error error;
  clx_error_clear(&error);
  assert_null(clx_result_find(r, "cost.course.own.first_training"));
  assert_null(clx_result_fact(r, "cost.course.own.first_date"));
  assert_true(get(r, "cost.course.own.use_breakeven") > 1);
  assert_int_equal(clx_cost_text(r, false, &text, &error), CLX_OK);
  assert_non_null(strstr(text, "never beats renting at will"));
  assert_non_null(strstr(text, " never "));
  clx_text_free(text);
  assert_int_equal(clx_cost_svg(r, "courses", &text, &error), CLX_OK);
  check_drawing(text);
  clx_text_free(text);
  clx_result_free(r);
  clx_scenario_free(s);
}

static void test_refusals(void **state) {
  (void)state;
  static const struct {
    const char *cost, *decide, *says;
  } row[] = {
      {"cost:\n  start: \"2024-06-01\"\n  capital: [{name: a, kind: gpu, of: h200, price: 1 USD}]\n", "",
       "'a': `of` is 'h200'; expected a server, rack or device of the fleet"},
      {"cost:\n  start: \"2024-06-01\"\n  capital: [{name: a, kind: other, price: 1 USD}]\n", "",
       "'a': neither count nor power is stated"},
      {"cost:\n  start: soon\n  capital: [{name: a, kind: gpu, price: 1 USD}]\n", "", "start 'soon'"},
      {"", "decide: {courses: [{name: a, own: yes}]}\n", "'decide' needs a section 'cost'"},
      {COST, "decide: {courses: [{name: a, own: yes, wait: 40 months}]}\n", "waits 40 months of 36"},
      {COST, "decide: {courses: [{name: a, own: yes, wait: 34 months, later: 0.5}]}\n", "comes after the horizon"},
      {COST, "decide: {courses: [{name: a, own: yes, wait: 3 months, later: 0.5, wait_site: 0.5}]}\n",
       "one of the two"},
      {"cost: {start: \"2024-06-01\", use: 0, capital: [{name: a, kind: gpu, price: 1 USD}]}\n", "",
       "is out of range: expected 0.000001 to 1"},
  };
  for (int32_t i = 0; i < CLX_COUNT(row); i++) {
    clx_scenario *s = NULL;
    clx_error error;
    clx_error_clear(&error);
    const char *text = joined(row[i].cost, row[i].decide);
    assert_int_equal(clx_scenario_read(catalog, "small.yaml", text, strlen(text), &s, &error), CLX_INPUT);
    if (strstr(error.mistake[0].text, row[i].says) == NULL) fail_msg("%s", error.mistake[0].text);
    assert_string_equal(error.mistake[0].file, "small.yaml");
  }
}

static int32_t lines_of(const char *text) {
  int32_t lines = 0;
  for (const char *c = text; *c != '\0'; c++) lines += *c == '\n';
  return lines;
}

static void test_texts(void **state) {
  (void)state;
  static const char *const tables[] = {"months", "capital", "courses"}, *const drawings[] = {"cash", "capital",
                                                                                             "courses"};
  clx_scenario *s = read(COST, DECIDE);
  clx_result *full = study(s), *none = clx_result_new();
  char *text = NULL;
  clx_error error;
  clx_error_clear(&error);
  for (int32_t i = 0; i < CLX_COUNT(drawings); i++) {
    for (int32_t k = 0; k < 2; k++) {  // what has no numbers says so
      assert_int_equal(clx_cost_svg(k == 0 ? full : none, drawings[i], &text, &error), CLX_OK);
      check_drawing(text);
      clx_text_free(text);
    }
    assert_int_equal(clx_cost_csv(full, tables[i], &text, &error), CLX_OK);
    assert_true(lines_of(text) > 3);
    clx_text_free(text);
  }
  assert_int_equal(clx_cost_csv(full, "cash", &text, &error), CLX_INPUT);
  clx_error_clear(&error);
  assert_int_equal(clx_cost_text(full, false, &text, &error), CLX_OK);
  assert_true(lines_of(text) <= CLX_REPORT_LINES);
  assert_non_null(strstr(text, "half later"));
  clx_text_free(text);
  assert_int_equal(clx_cost_html(full, &text, &error), CLX_OK);
  assert_non_null(strstr(text, "512 &lt;H100&gt; &amp; more"));
  clx_text_free(text);
  clx_result_free(full);
  clx_result_free(none);
  clx_scenario_free(s);
}

static int open_catalog(void **state) {
  (void)state;
  return clx_catalog_open(NULL, &catalog, NULL) == CLX_OK ? 0 : -1;
}

static int close_catalog(void **state) {
  (void)state;
  clx_catalog_close(catalog);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_capacity),      cmocka_unit_test(test_figures), cmocka_unit_test(test_courses),
      cmocka_unit_test(test_mixed_capital), cmocka_unit_test(test_build),   cmocka_unit_test(test_build_warnings),
      cmocka_unit_test(test_build_late),    cmocka_unit_test(test_never),   cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_texts),
  };
  return cmocka_run_group_tests(tests, open_catalog, close_catalog);
}
