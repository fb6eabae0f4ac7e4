// Buildouts with chance: distributions against formulas, what decides, the same bits, the same numbers with and without an event.
#include "buildout_rig.h"

#include "chance/chance.h"

static const clx_buildout_cohort SMALL = {"small", 6400, 64, 1000, 900};
static const double Z90 = 1.2815515655446004;
enum { REPLICAS = 20000 };

#define AT "start: 2024-04-24\nhorizon: 200 days\n"
#define YARD AT "works: [{name: yard, duration: 40 days, low: 30 days, high: 60 days, gives: {power: 6.4 MW}}]\n"

static double days(double seconds) { return seconds / RIG_DAY; }

static const clx_buildout_driver *driver_of(const clx_buildout_result *o, const char *name) {
  for (int32_t k = 0; k < o->driver_count; k++)
    if (strcmp(o->driver[k].name, name) == 0) return &o->driver[k];
  fail_msg("no driver '%s'", name);
  return NULL;
}

// P10, P50 and P90 of a work are those that were stated; the mean is that of two halves of log-normals.
static void test_one_work(void **state) {
  (void)state;
  buildout_rig r;
  rig_begin(&r, &SMALL, 1);
  const clx_buildout_result o = rig_run(&r, YARD, REPLICAS);
  // Error of a share of 0.1: 0.0021 in 20,000; the density there makes four deviations 0.3, 0.4 and 0.8 days.
  CLX_CHECK_NEAR(days(o.full_capacity.p10), 30, 0, 0.3);
  CLX_CHECK_NEAR(days(o.full_capacity.p50), 40, 0, 0.4);
  CLX_CHECK_NEAR(days(o.full_capacity.p90), 60, 0, 0.8);
  const double below = log(4.0 / 3) / Z90, above = log(1.5) / Z90;
  const double mean =
      40 * (exp(below * below / 2) * clx_normal_cdf(-below) + exp(above * above / 2) * clx_normal_cdf(above));
  CLX_CHECK_NEAR(days(o.full_capacity.mean), mean, 0, 0.4);
  const clx_buildout_driver *yard = driver_of(&o, "yard");
  CLX_CHECK_NEAR(yard->critical, 1, 0, 0);
  CLX_CHECK_NEAR(yard->correlation, 1, 0, 1e-6);
  CLX_CHECK_NEAR(days(yard->full_low), 30, 0, 1e-9);
  CLX_CHECK_NEAR(days(yard->full_high), 60, 0, 1e-9);
  CLX_CHECK_NEAR(days(o.work[0].p90), days(o.full_capacity.p90), 0, 1e-4);
  assert_int_equal(o.tornado[0], 0);
  for (int32_t k = 1; k < REPLICAS; k++) assert_true(o.full_capacity.sample[k] >= o.full_capacity.sample[k - 1]);
  rig_end(&r);
}

// Two log-normals one after the other: mean and variance add; both always decide.
static void test_a_chain(void **state) {
  (void)state;
  buildout_rig r;
  rig_begin(&r, &SMALL, 1);
  const clx_buildout_result o = rig_run(
      &r,
      AT
      "works:\n  - {name: a, duration: 20 days, low: 16 days, high: 25 days}\n"
      "  - {name: b, duration: 30 days, low: 20 days, high: 45 days, after: a, gives: {room: \"6,400 GPUs\"}}\n",
      REPLICAS);
  const double s = log(1.25) / Z90, t = log(1.5) / Z90;
  const double mean = 20 * exp(s * s / 2) + 30 * exp(t * t / 2);
  const double variance = 400 * exp(s * s) * expm1(s * s) + 900 * exp(t * t) * expm1(t * t);
  CLX_CHECK_NEAR(days(o.full_capacity.mean), mean, 0, 4 * sqrt(variance / REPLICAS));
  double square = 0;
  for (int32_t k = 0; k < REPLICAS; k++) square += pow(days(o.full_capacity.sample[k]) - mean, 2);
  CLX_CHECK_NEAR(square / REPLICAS, variance, 0.06, 0);
  CLX_CHECK_NEAR(driver_of(&o, "a")->critical, 1, 0, 0);
  CLX_CHECK_NEAR(driver_of(&o, "b")->critical, 1, 0, 0);
  // Correlation of a sum of independent terms with one of them.
  CLX_CHECK_NEAR(driver_of(&o, "b")->correlation, sqrt(900 * exp(t * t) * expm1(t * t) / variance), 0, 0.02);
  rig_end(&r);
}

// The later of two alike: F(t)^2; each decides in one half of the cases.
static void test_two_beside_each_other(void **state) {
  (void)state;
  buildout_rig r;
  rig_begin(&r, &SMALL, 1);
  const clx_buildout_result o = rig_run(
      &r,
      AT
      "works:\n  - {name: a, duration: 40 days, low: 30 days, high: 53.333333 days, gives: {power: 6.4 MW}}\n"
      "  - {name: b, duration: 40 days, low: 30 days, high: 53.333333 days, gives: {network: \"6,400 GPUs\"}}\n",
      REPLICAS);
  const double s = log(4.0 / 3) / Z90;
  CLX_CHECK_NEAR(days(o.full_capacity.p50), 40 * exp(s * clx_normal_quantile(sqrt(0.5))), 0, 0.5);
  CLX_CHECK_NEAR(days(o.full_capacity.p90), 40 * exp(s * clx_normal_quantile(sqrt(0.9))), 0, 0.8);
  const double a = driver_of(&o, "a")->critical, b = driver_of(&o, "b")->critical;
  CLX_CHECK_NEAR(a, 0.5, 0, 0.015);
  CLX_CHECK_NEAR(a + b, 1, 0, 1e-12);
  // Until either is there, the cause is what comes last.
  CLX_CHECK_NEAR(o.series.share[CLX_BUILDOUT_POWER][1], a, 0, 1e-12);
  rig_end(&r);
}

// One factor for both: a sum of two that go together.
static void test_a_common_factor(void **state) {
  (void)state;
  buildout_rig r;
  rig_begin(&r, &SMALL, 1);
  const clx_buildout_result o =
      rig_run(&r,
              AT
              "factors: [{name: weather, low: 0.8, high: 1.25}]\n"
              "works:\n  - {name: a, duration: 20 days, factor: weather}\n"
              "  - {name: b, duration: 30 days, after: a, factor: weather, gives: {room: \"6,400 GPUs\"}}\n",
              REPLICAS);
  CLX_CHECK_NEAR(days(o.full_capacity.p10), 40, 0, 0.4);
  CLX_CHECK_NEAR(days(o.full_capacity.p50), 50, 0, 0.4);
  CLX_CHECK_NEAR(days(o.full_capacity.p90), 62.5, 0, 0.6);
  CLX_CHECK_NEAR(driver_of(&o, "weather")->correlation, 1, 0, 1e-6);
  rig_end(&r);
}

// Steps and lots come early or late; the installers' rate and the bring-up have spreads.
static void test_dates_and_rates(void **state) {
  (void)state;
  buildout_rig r;
  rig_begin(&r, &SMALL, 1);
  clx_buildout_result o =
      rig_run(&r, AT "power: [{from: 2024-06-03, power: 6.4 MW, early: 5 days, late: 20 days}]\n", REPLICAS);
  CLX_CHECK_NEAR(days(o.full_capacity.p10), 35, 0, 0.3);
  CLX_CHECK_NEAR(days(o.full_capacity.p50), 40, 0, 0.3);
  CLX_CHECK_NEAR(days(o.full_capacity.p90), 60, 0, 0.8);
  CLX_CHECK_NEAR(driver_of(&o, "power 6.4 MW")->critical, 1, 0, 0);
  o = rig_run(&r,
              AT
              "deliveries: [{from: 2024-06-03, gpus: \"6,400 GPUs\", early: 5 days, late: 20 days}]\n"
              "install: {rate: 10 racks/day, low: 8 racks/day, high: 12.5 racks/day}\n"
              "bring_up: {time: 4 days, low: 2 days, high: 8 days}\n",
              REPLICAS);
  CLX_CHECK_NEAR(days(driver_of(&o, "installation")->full_low), 40 + 12.5 + 4, 0, 1e-9);
  CLX_CHECK_NEAR(days(driver_of(&o, "bring-up")->full_high), 40 + 10 + 8, 0, 1e-9);
  CLX_CHECK_NEAR(days(driver_of(&o, "delivery of 6,400 GPUs")->full_high), 60 + 10 + 4, 0, 1e-9);
  CLX_CHECK_NEAR(driver_of(&o, "installation")->critical, 1, 0, 0);
  CLX_CHECK_NEAR(driver_of(&o, "delivery of 6,400 GPUs")->critical_first, 1, 0, 0);
  rig_end(&r);
}

// An event with probability p that delays the only work by d: p d in the mean, d where it happens, nothing of the other draws moves.
static void test_events(void **state) {
  (void)state;
  buildout_rig r, s;
  rig_begin(&r, &SMALL, 1);
  rig_begin(&s, &SMALL, 1);
  const clx_buildout_result with =
      rig_run(&r, YARD "events: [{name: strike, probability: 25 %, work: yard, delay: 1000 days}]\n", REPLICAS);
  const clx_buildout_result without = rig_run(&s, YARD, REPLICAS);
  const double share = with.effect[0].happens;
  CLX_CHECK_NEAR(share, 0.25, 0, 0.0125);
  CLX_CHECK_NEAR(days(with.effect[0].full_if), 1000, 1e-9, 0);
  CLX_CHECK_NEAR(days(with.effect[0].full), 1000 * share, 1e-9, 0);
  CLX_CHECK_NEAR(days(with.full_capacity.mean - without.full_capacity.mean), 1000 * share, 1e-9, 0);
  CLX_CHECK_NEAR(driver_of(&with, "strike")->critical, share, 0, 1e-12);
  CLX_CHECK_NEAR(with.full_capacity.p50, with.full_capacity.sample[REPLICAS / 2 - 1], 0, 0);
  rig_end(&r);
  rig_end(&s);
}

// What is lost for good is no delay: the share of builds that never get there for it, and no mean of nothing.
static void test_event_for_good(void **state) {
  (void)state;
  static const char *const LOST[] = {"at: 2024-04-25", "at: 2025-06-01"};
  for (int32_t late = 0; late < CLX_COUNT(LOST); late++) {
    buildout_rig r;
    char text[1024];
    rig_begin(&r, &SMALL, 1);
    snprintf(text, sizeof text,
             "%sfirst: \"1,000 GPUs\"\nevents: [{name: strike, probability: 25 %%, work: yard, delay: 3 days},\n"
             "  {name: fire, probability: 30 %%, on: capacity, %s, loses: {power: 3 MW}}]\n",
             YARD, LOST[late]);
    const clx_buildout_result o = rig_run(&r, text, REPLICAS);
    const clx_buildout_effect *strike = &o.effect[0], *fire = &o.effect[1];
    CLX_CHECK_NEAR(fire->happens, 0.3, 0, 0.0125);
    CLX_CHECK_NEAR(fire->prevents, late ? 0 : fire->happens, 0, 0);
    CLX_CHECK_NEAR(o.full_capacity.reached, 1 - fire->prevents, 0, 1e-12);
    assert_true(late ? fire->full_if == 0 && fire->full == 0 : isinf(fire->full_if) && isinf(fire->full));
    CLX_CHECK_NEAR(fire->prevents_first, 0, 0, 0);  // 3.4 MW are left
    CLX_CHECK_NEAR(fire->first_if, 0, 0, 0);
    // Where the fire never lets them come, the strike has no delay; it prevents nothing itself.
    CLX_CHECK_NEAR(strike->prevents, 0, 0, 0);
    CLX_CHECK_NEAR(days(strike->full_if), 3, 1e-9, 0);
    assert_true(late ? isfinite(driver_of(&o, "fire")->full_high) : isinf(driver_of(&o, "fire")->full_high));
    rig_end(&r);
  }
}

enum { ORDER_WEEKS = 14, ORDER_PLAIN = 6 };

// All in one week: the third to the thirteenth, each in one replica of eleven.
static void fill_orders(const void *of, int32_t replica, double *gpus) {
  const int32_t week = replica < 0 ? ORDER_PLAIN : 2 + replica % 11;
  for (int32_t k = 0; k < ORDER_WEEKS; k++) gpus[k] = k >= week ? *(const double *)of : 0;
}

// Deliveries of another section are one input: P10 and P90 of their date, swung and correlated as all others.
static void test_orders_swing(void **state) {
  (void)state;
  const double gpus = 6400;
  buildout_rig r;
  rig_begin(&r, &SMALL, 1);
  r.input.source = (clx_buildout_source){fill_orders, &gpus, 0, 7 * RIG_DAY, ORDER_WEEKS};
  clx_buildout_result o = rig_run(&r, AT "bring_up: {time: 2 days}\n", 1100);
  const clx_buildout_driver *d = driver_of(&o, "deliveries");
  CLX_CHECK_NEAR(days(d->low), (3 - ORDER_PLAIN) * 7, 1e-6, 0);
  CLX_CHECK_NEAR(days(d->high), (11 - ORDER_PLAIN) * 7, 1e-6, 0);
  CLX_CHECK_NEAR(days(d->full_low), (3 + 1) * 7 + 2, 1e-6, 0);
  CLX_CHECK_NEAR(days(d->full_high), (11 + 1) * 7 + 2, 1e-6, 0);
  CLX_CHECK_NEAR(d->correlation, 1, 1e-6, 0);
  CLX_CHECK_NEAR(d->critical, 1, 0, 0);
  CLX_CHECK_NEAR(days(o.full_capacity.plain), (ORDER_PLAIN + 1) * 7 + 2, 1e-6, 0);
  assert_ptr_equal(&o.driver[o.tornado[0]], d);
  o = rig_run(&r, AT "bring_up: {time: 2 days}\n", 0);  // without chance there is nothing to vary them by
  CLX_CHECK_NEAR(driver_of(&o, "deliveries")->full_low, driver_of(&o, "deliveries")->full_high, 0, 0);
  rig_end(&r);
}

// Works that end as late as one on the chain tie with it, by links and by what they give together; those with slack do not.
static void test_ties(void **state) {
  (void)state;
  static const bool TIED[] = {true, true, true, true, false, false};
  buildout_rig r;
  rig_begin(&r, &SMALL, 1);
  const clx_buildout_result o =
      rig_run(&r,
              AT
              "works:\n  - {name: a, duration: 20 days}\n  - {name: b, duration: 20 days}\n"
              "  - {name: c, duration: 10 days, after: [a, b], gives: {power: 3.2 MW}}\n"
              "  - {name: d, duration: 30 days, gives: {power: 3.2 MW}}\n"
              "  - {name: e, duration: 30 days}\n  - {name: f, duration: 29 days, gives: {room: \"6,400 GPUs\"}}\n",
              0);
  CLX_CHECK_NEAR(days(o.full_capacity.plain), 30, 1e-9, 0);
  for (int32_t i = 0; i < CLX_COUNT(TIED); i++) assert_int_equal(o.work[i].tied, TIED[i]);
  rig_end(&r);
}

// What comes on the first of a month is not there at the end of the month before.
static void test_months(void **state) {
  (void)state;
  static const char *const FROM[] = {"2024-06-01", "2024-05-31"};
  for (int32_t i = 0; i < 2 * CLX_COUNT(FROM); i++) {
    buildout_rig r;
    char text[256];
    rig_begin(&r, &SMALL, 1);
    snprintf(text, sizeof text, AT "deliveries: [{from: %s, gpus: \"6,400 GPUs\"}]\n", FROM[i % 2]);
    const clx_buildout_result o = rig_run(&r, text, i < 2 ? 0 : 100);
    const clx_buildout_series *s = &o.series;
    assert_int_equal(s->months, 7);  // from 24 April over 200 days
    assert_int_equal(s->month_day[0], 7);
    assert_int_equal(s->month_day[1], 38);
    CLX_CHECK_NEAR(s->month_p50[1], i % 2 == 0 ? 0 : 6400, 0, 0);
    CLX_CHECK_NEAR(s->month_mean[1], i % 2 == 0 ? 0 : 6400, 0, 1e-9);
    CLX_CHECK_NEAR(s->month_p10[2], 6400, 0, 0);
    CLX_CHECK_NEAR(s->p50[38], 6400, 0, 0);  // on the day itself they are there
    rig_end(&r);
  }
}

// Another work that decides nothing moves no draw.
static void test_common_random_numbers(void **state) {
  (void)state;
  buildout_rig r, s;
  rig_begin(&r, &SMALL, 1);
  rig_begin(&s, &SMALL, 1);
  const clx_buildout_result a = rig_run(&r, YARD, 500);
  const clx_buildout_result b =
      rig_run(&s,
              AT
              "works:\n  - {name: fence, duration: 1 day, low: 12 h, high: 2 days}\n"
              "  - {name: yard, duration: 40 days, low: 30 days, high: 60 days, gives: {power: 6.4 MW}}\n",
              500);
  assert_memory_equal(a.full_capacity.sample, b.full_capacity.sample, 500 * sizeof *a.full_capacity.sample);
  CLX_CHECK_NEAR(driver_of(&b, "fence")->critical, 0, 0, 0);
  rig_end(&r);
  rig_end(&s);
}

static void fill(const void *of, int32_t replica, double *gpus) {
  (void)of;
  for (int32_t k = 0; k < 10; k++)
    gpus[k] = fmin(6400, 640.0 * (k + 1) * (replica < 0 ? 1 : 1 + 0.01 * (replica % 100)));
}

static const char *const RICH = AT
    "first: \"2,000 GPUs\"\nby: [2024-07-01, 2024-08-01]\ncrews: [{name: men, count: 3}]\nfactors: [{name: rain, low: "
    "0.9, high: 1.3}]\n"
    "works:\n"
    "  - {name: a, duration: 20 days, low: 16 days, high: 25 days, uses: [{of: men, count: 2}], factor: rain, gives: "
    "{room: \"3,200 "
    "GPUs\", power: 3.2 MW}}\n"
    "  - {name: b, duration: 30 days, low: 20 days, high: 45 days, uses: [{of: men, count: 2}], gives: {room: \"3,200 "
    "GPUs\"}}\n"
    "  - {name: c, duration: 25 days, low: 20 days, high: 50 days, factor: rain, by: 2024-05-24, gives: {power: 3.2 "
    "MW, cooling: 6 "
    "MW}}\n"
    "network: [{from: 2024-05-10, gpus: \"6,400 GPUs\", late: 9 days}]\n"
    "install: {rate: 6 racks/day, low: 5 racks/day, high: 7 racks/day}\n"
    "bring_up: {time: 5 days, low: 4 days, high: 8 days, failed: 3 %, repair: 1 day, repair_low: 12 h, repair_high: 3 "
    "days}\n"
    "events:\n  - {name: fire, probability: 30 %, on: capacity, at: 2024-07-01, lasts: 12 days, loses: {power: 2 MW}, "
    "early: 9 days, late: "
    "9 days}\n"
    "  - {name: strike, probability: 40 %, work: b, delay: 6 days, low: 3 days, high: 9 days}\n"
    "  - {name: storm, probability: 20 %, on: deliveries, at: 2024-06-01, delay: 9 days}\n"
    "  - {name: illness, probability: 20 %, on: install, at: 2024-06-01, share: 50 %, lasts: 9 days}\n";

static clx_buildout_result run_rich(buildout_rig *r, int32_t threads) {
  clx_buildout_result o;
  clx_buildout_settings s;
  clx_buildout_settings_default(&s);
  s.replicas = 1500;
  s.threads = threads;
  s.plan.schedules = s.plan.conflicts = 500;
  r->input.source = (clx_buildout_source){fill, NULL, 0, 7 * RIG_DAY, 10};
  if (rig_compile(r, RICH) != CLX_OK) fail_msg("%s", r->error.mistake[0].text);
  if (clx_buildout_run(r->b, &s, r->arena, &o, &r->error) != CLX_OK) fail_msg("%s", r->error.mistake[0].text);
  return o;
}

static void test_books(void **state) {
  (void)state;
  buildout_rig r;
  rig_begin(&r, &SMALL, 1);
  const clx_buildout_result o = run_rich(&r, 1);
  assert_true(o.planned);
  for (int32_t d = 0; d <= o.series.days; d++) {
    const clx_buildout_series *s = &o.series;
    double share = 0;
    for (int32_t k = 0; k <= CLX_BUILDOUT_CAUSES; k++) share += s->share[k][d];
    CLX_CHECK_NEAR(share, 1, 0, 1e-12);
    CLX_CHECK_NEAR(s->mean[d] + s->undelivered[d] + s->uninstalled[d] + s->unstarted[d] + s->starting[d] + s->idle[d],
                   6400, 1e-9, 0);
    assert_true(s->p10[d] <= s->p50[d] && s->p50[d] <= s->p90[d] && s->mean[d] <= 6400 + 1e-6);
    assert_true(s->uninstalled[d] >= -1e-6 && s->unstarted[d] >= -1e-6 && s->starting[d] >= -1e-6 &&
                s->idle[d] >= -1e-6);
    if (d > 0) {  // GPU-days grow by less than what the better of both days has, but for a fire in between
      const double grown = s->gpu_days[d] - s->gpu_days[d - 1];
      assert_true(grown >= -1e-9 && grown <= 6400 + 1e-9);
    }
  }
  const clx_buildout_by *by = &o.by[1];
  CLX_CHECK_NEAR(by->gpu_days.mean, o.series.gpu_days[(int32_t)(by->time / RIG_DAY + 0.5)], 1e-9, 0);
  CLX_CHECK_NEAR(by->gpus.mean, o.series.mean[(int32_t)(by->time / RIG_DAY + 0.5)], 1e-9, 0);
  for (int32_t k = 0; k < o.driver_count; k++) assert_true(o.driver[k].critical >= 0 && o.driver[k].critical <= 1);
  assert_true(o.work[2].late > 0.05 && o.work[2].late < 0.95);
  // One crew for two works: the one that waits has the other on its chain.
  const double a = driver_of(&o, "a")->critical, b = driver_of(&o, "b")->critical;
  assert_true(a > 0.5 && b > 0.5);
  assert_int_equal(o.effect_count, 4);
  assert_true(o.effect[0].full >= 0 && o.effect[2].full >= 0 && o.effect[3].full >= 0);
  rig_end(&r);
}

static void test_threads(void **state) {
  (void)state;
  buildout_rig r, s;
  rig_begin(&r, &SMALL, 1);
  rig_begin(&s, &SMALL, 1);
  const clx_buildout_result a = run_rich(&r, 1), b = run_rich(&s, 3);
  const size_t row = (size_t)(a.series.days + 1) * sizeof(double);
  assert_memory_equal(a.series.mean, b.series.mean, row);
  assert_memory_equal(a.series.p10, b.series.p10, row);
  assert_memory_equal(a.series.p90, b.series.p90, row);
  assert_memory_equal(a.series.gpu_days, b.series.gpu_days, row);
  assert_memory_equal(a.series.starting, b.series.starting, row);
  for (int32_t k = 0; k <= CLX_BUILDOUT_CAUSES; k++) assert_memory_equal(a.series.share[k], b.series.share[k], row);
  assert_memory_equal(a.full_capacity.sample, b.full_capacity.sample, 1500 * sizeof(double));
  assert_memory_equal(a.first_training.sample, b.first_training.sample, 1500 * sizeof(double));
  for (int32_t k = 0; k < a.driver_count; k++) {
    CLX_CHECK_NEAR(a.driver[k].correlation, b.driver[k].correlation, 0, 0);
    CLX_CHECK_NEAR(a.driver[k].critical_first, b.driver[k].critical_first, 0, 0);
  }
  for (int32_t k = 0; k < a.effect_count; k++) CLX_CHECK_NEAR(a.effect[k].first, b.effect[k].first, 0, 0);
  rig_end(&r);
  rig_end(&s);
}

// Racks that fail again and again: the last one's round has the distribution of the largest of 100 geometric numbers.
static void test_the_last_rack(void **state) {
  (void)state;
  buildout_rig r;
  rig_begin(&r, &SMALL, 1);
  const clx_buildout_result o = rig_run(&r, AT "bring_up: {time: 2 days, failed: 10 %, repair: 1 day}\n", REPLICAS);
  for (int32_t k = 0; k < 5; k++) {
    int32_t count = 0;
    for (int32_t j = 0; j < REPLICAS; j++) count += days(o.full_capacity.sample[j]) < 2 + 3 * k + 1e-6;
    CLX_CHECK_NEAR((double)count / REPLICAS, pow(1 - pow(0.1, k + 1), 100), 0, 0.015);
  }
  rig_end(&r);
}

static void test_settings(void **state) {
  (void)state;
  buildout_rig r;
  rig_begin(&r, &SMALL, 1);
  clx_buildout_result o;
  clx_buildout_settings s;
  clx_buildout_settings_default(&s);
  assert_int_equal(rig_compile(&r, YARD), CLX_OK);
  s.replicas = -1;
  assert_int_equal(clx_buildout_run(r.b, &s, r.arena, &o, &r.error), CLX_INPUT);
  s.replicas = 10;
  s.threads = 0;
  clx_error_clear(&r.error);
  assert_int_equal(clx_buildout_run(r.b, &s, r.arena, &o, &r.error), CLX_INPUT);
  s.threads = 1;
  assert_int_equal(rig_compile(&r,
                               "start: 2024-04-24\nworks:\n  - {name: a, duration: 2 days}\n"
                               "  - {name: b, duration: 2 days, after: \"a FS, at most 3 days\"}\n"),
                   CLX_OK);
  assert_int_equal(clx_buildout_run(r.b, &s, r.arena, &o, &r.error), CLX_INPUT);
  assert_non_null(strstr(r.error.mistake[0].text, "bounds its lag"));
  s.replicas = 0;
  clx_error_clear(&r.error);
  assert_int_equal(clx_buildout_run(r.b, &s, r.arena, &o, &r.error), CLX_OK);
  rig_end(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one_work),
      cmocka_unit_test(test_a_chain),
      cmocka_unit_test(test_two_beside_each_other),
      cmocka_unit_test(test_a_common_factor),
      cmocka_unit_test(test_dates_and_rates),
      cmocka_unit_test(test_events),
      cmocka_unit_test(test_event_for_good),
      cmocka_unit_test(test_orders_swing),
      cmocka_unit_test(test_ties),
      cmocka_unit_test(test_months),
      cmocka_unit_test(test_common_random_numbers),
      cmocka_unit_test(test_books),
      cmocka_unit_test(test_threads),
      cmocka_unit_test(test_the_last_rack),
      cmocka_unit_test(test_settings),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
