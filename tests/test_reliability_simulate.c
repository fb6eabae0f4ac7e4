// The component-level simulation against forms that are exact: renewal, machine repair, Poisson counts. Statistical tolerances are
// multiples of the standard error of the simulated mean, seeds are fixed.
#include "reliability_simulation_rig.h"

#include "reliability/reliability_forms.h"
#include "reliability/reliability_simulate.h"

// E6: five combinations of mean time to failure, write, downtime and exposed restart. The expected end of a work of n intervals is
// (n - 1) segments of interval + write and one without the write, each taking interval / form.
static void test_restart_is_the_renewal_form(void **state) {
  (void)state;
  static const double cases[][5] = {
      // M, w, D, R, interval
      {11135.04, 20, 300, 0, 667.4}, {11135.04, 20, 600, 120, 667.4}, {3600, 60, 180, 600, 900},
      {1080, 30, 60, 180, 235},      {21600, 300, 0, 600, 3402.8},
  };
  enum { SEGMENTS = 200, UNITS = 64 };
  for (int32_t i = 0; i < CLX_COUNT(cases); i++) {
    const double m = cases[i][0], w = cases[i][1], d = cases[i][2], restart = cases[i][3], interval = cases[i][4];
    rig *r = rig_new(2000);
    rig_cohort(r, UNITS + 40);
    clx_failure_class *f = rig_class(r, "any", 1 / (m * UNITS));
    f->detect = d / 2;
    f->localise = d / 4;
    const bool hot = i % 2 != 0;  // all spares stand by, or none
    r->model.policy.hot = hot ? 40 : 0;
    r->model.policy.swap_hot = hot ? d / 4 : d / 8;
    r->model.policy.swap_cold = d / 8;
    f->repair = (clx_duration){.median = 5, .mean = 5};
    clx_job_stage *g = rig_job(r, 4, UNITS / 4, SEGMENTS * interval);
    g->checkpoint.interval = interval;
    g->checkpoint.stall = w;
    g->restart = restart * 0.75;
    g->checkpoint.load = restart * 0.25;
    rig_run(r);
    const double whole = interval / clx_ettr_renewal(m, d, restart, interval, w);
    const double last = interval / clx_ettr_renewal(m, d, restart, interval, 0);
    CHECK_STATISTIC(RIG_STATISTIC(r, end), (SEGMENTS - 1) * whole + last, 4);
    rig_free(r);
  }
}

// E16: without failures the interval and its write are all there is; without writes and restarts only lost work.
static void test_limits_of_the_renewal_form(void **state) {
  (void)state;
  rig *r = rig_new(2);
  rig_cohort(r, 8);
  rig_class(r, "never", 0);
  clx_job_stage *g = rig_job(r, 1, 8, INFINITY);
  g->checkpoint.interval = 100;
  g->checkpoint.stall = 25;
  r->model.horizon = 125e4;
  rig_run(r);
  CLX_CHECK_NEAR(r->outcome.goodput.mean, 100.0 / 125, 1e-12, 0);
  CLX_CHECK_NEAR(r->outcome.ledger[CLX_LEDGER_SAVE], 25.0 / 125, 1e-12, 0);
  // The last interval needs no checkpoint: 10 intervals and a half are 10 stalls.
  r->job[0].work = 1050;
  r->model.horizon = 0;
  r->model.start = 7;
  rig_run(r);
  CLX_CHECK_NEAR(r->outcome.end.mean, 7 + 1050 + 10 * 25, 1e-12, 0);
  rig_free(r);

  r = rig_new(400);
  rig_cohort(r, 12);
  rig_class(r, "any", 1 / 8e4);
  g = rig_job(r, 1, 8, INFINITY);
  g->checkpoint.interval = 1000;
  r->model.horizon = 2e6;
  rig_run(r);
  CHECK_STATISTIC(RIG_STATISTIC(r, goodput), clx_ettr_renewal(1e4, 0, 0, 1000, 0), 4);
  rig_free(r);
}

// E16: a shock that takes groups out adds its rate: MTTF = 1 / (n l + k l_c).
static void test_shocks_add_their_rate(void **state) {
  (void)state;
  rig *r = rig_new(1000);
  rig_cohort(r, 64);
  rig_class(r, "unit", 1e-6);
  rig_class(r, "group", 4e-6);
  r->group[1][0] = 8;
  rig_job(r, 1, 64, INFINITY);
  r->model.horizon = 1e6;
  rig_run(r);
  const double mttf = clx_mttf_shock(64, 1e-6, 8, 4e-6);
  CHECK_STATISTIC(RIG_STATISTIC(r, interruptions), 1e6 / mttf, 4);
  CLX_CHECK_NEAR(r->outcome.class_stops[0], 64, 0, 4 * sqrt(64 / 1000.0));
  CLX_CHECK_NEAR(r->outcome.class_stops[1], 32, 0, 4 * sqrt(32 / 1000.0));
  CLX_CHECK_NEAR(r->outcome.class_stops[0] + r->outcome.class_stops[1], r->outcome.interruptions.mean, 1e-12, 0);
  rig_free(r);
}

// E7: units in repair are those of M/M/c//n.
static void test_repair_is_the_machine_repair_queue(void **state) {
  (void)state;
  static const double cases[][5] = {
      // n, failures a day, repairs a day, crews, expected down
      {100, .01, .5, 2, 7.867845},
      {2048, 6.5e-3, 1, 14, 23.562252},
      {2048, 6.5e-3, 1, 0, 13.226031},
  };
  for (int32_t i = 0; i < CLX_COUNT(cases); i++) {
    rig *r = rig_new(i == 0 ? 60 : 12);
    rig_cohort(r, (int64_t)cases[i][0]);
    clx_failure_class *f = rig_class(r, "any", cases[i][1] / CLX_DAY);
    f->repair = (clx_duration){.mean = CLX_DAY / cases[i][2]};  // exponential
    r->model.repair.crews = (int32_t)cases[i][3];
    rig_job(r, 1, 1, INFINITY)->checkpoint.interval = 1e6;
    r->model.horizon = (i == 0 ? 12000 : 1500) * CLX_DAY;
    rig_run(r);
    statistic down = rig_statistic(r, offsetof(clx_reliability_run, ledger) + CLX_LEDGER_REPAIR * sizeof(double));
    const double scale = 8 * r->model.horizon;
    down = (statistic){down.mean / scale, down.error / scale};
    // It starts with all units up: a share of one relaxation time of the horizon.
    const double start = cases[i][4] * (i == 0 ? 30 : 6) / (r->model.horizon / CLX_DAY);
    CLX_CHECK_NEAR(down.mean, cases[i][4], 0, 4 * down.error + start);
    rig_free(r);
  }
}

// P(time to exhaustion > t) of n + s units that fail and are repaired one by one (birth and death), by Runge-Kutta; *mean: its integral.
static double spares_left(double n, int32_t spares, double fail, double repair, double until, double *mean) {
  double p[8] = {1}, k[5][8] = {{0}};
  double left = 1, at = -1;
  *mean = 0;
  const double step = 0.01;
  for (double t = 0; left > 1e-10; t += step) {
    if (at < 0 && t >= until - step / 2) at = left;
    for (int32_t stage = 1; stage <= 4; stage++) {
      const double h = stage == 1 ? 0 : stage == 4 ? step : step / 2;
      for (int32_t i = 0; i <= spares; i++) {
        double flow = 0;
        for (int32_t j = i - 1; j <= i + 1; j++) {
          if (j < 0 || j > spares) continue;
          const double x = p[j] + h * k[stage - 1][j];
          const double up = (n + spares - j) * fail, down = j * repair;
          flow += j == i ? -(up + down) * x : j < i ? up * x : down * x;
        }
        k[stage][i] = flow;
      }
    }
    double next = 0;
    for (int32_t i = 0; i <= spares; i++) {
      p[i] += step / 6 * (k[1][i] + 2 * k[2][i] + 2 * k[3][i] + k[4][i]);
      next += p[i];
    }
    *mean += step * (left + next) / 2;
    left = next;
  }
  return at;
}

// E9: 100 units and 2 spares: the job waits for the first time when a third is down.
static void test_spares_are_used_up(void **state) {
  (void)state;
  double mean;
  const double left = spares_left(100, 2, 0.01, 0.5, 4, &mean);
  CLX_CHECK_NEAR(mean, 4.93128, 1e-4, 0);
  CLX_CHECK_NEAR(clx_spares_exhaust(100, 2, 0.01, 0.5), mean, 1e-4, 0);
  rig *r = rig_new(8000);
  rig_cohort(r, 102);
  rig_class(r, "any", 0.01 / CLX_DAY)->repair = (clx_duration){.mean = 2 * CLX_DAY};
  rig_job(r, 1, 100, INFINITY);
  r->model.horizon = 4 * CLX_DAY;
  rig_run(r);
  int32_t waited = 0;
  for (int32_t i = 0; i < r->outcome.replications; i++) waited += r->outcome.run[i].waited > 0;
  CLX_CHECK_NEAR(1 - waited / 8000.0, left, 0, 4 * sqrt(left * (1 - left) / 8000));
  rig_free(r);
}

// S1 on the component path: 2,048 servers, 54 days; with the running clock T / (M + u0).
static void test_both_clocks(void **state) {
  (void)state;
  rig *r = rig_new(1000);
  rig_cohort(r, 2048 + 32);
  clx_failure_class *f = rig_class(r, "any", 3.7887e-3 / CLX_DAY);
  f->detect = 600;
  f->repair = (clx_duration){.mean = CLX_DAY};
  rig_job(r, 1, 2048, INFINITY);
  r->model.horizon = 54 * CLX_DAY;
  r->model.running_clock = true;
  rig_run(r);
  const double m = CLX_DAY / (2048 * 3.7887e-3);
  CHECK_STATISTIC(RIG_STATISTIC(r, interruptions), 54 * CLX_DAY / (m + 600), 4);
  r->model.running_clock = false;
  rig_run(r);
  // Events that fall into a downtime count, too: S1, 419 in 54 days.
  CHECK_STATISTIC(RIG_STATISTIC(r, interruptions), 54 * CLX_DAY / m, 4);
  CLX_CHECK_NEAR(54 * CLX_DAY / m, 419.0, 1e-4, 0);
  const double repair = r->outcome.ledger[CLX_LEDGER_REPAIR];
  CHECK_STATISTIC(RIG_STATISTIC(r, failures), 54 * 2080 * 3.7887e-3 * (1 - repair), 4);
  rig_free(r);
}

// A share of new units fails early.
static void test_infant_mortality(void **state) {
  (void)state;
  rig *r = rig_new(400);
  rig_cohort(r, 1000);
  rig_cohort(r, 500);
  r->cohort[1].arrival = 20 * CLX_DAY;
  r->cohort[0].age = 10 * CLX_DAY;  // burnt in
  clx_failure_class *f = rig_class(r, "early", 0);
  f->hazard.infant = 0.07;
  f->hazard.decay = 10 * CLX_DAY;
  rig_job(r, 1, 900, INFINITY);
  r->model.horizon = 50 * CLX_DAY;
  rig_run(r);
  const double expected = 0.07 * (1000 * (exp(-1) - exp(-6)) + 500 * (1 - exp(-3)));
  CHECK_STATISTIC(RIG_STATISTIC(r, failures), expected, 4);
  rig_free(r);
}

// Renewal of the part by repair: counted against a simulation of single parts.
static void test_repair_makes_parts_new(void **state) {
  (void)state;
  rig *r = rig_new(400);
  rig_cohort(r, 50);
  clx_failure_class *f = rig_class(r, "wear", 1 / (100 * CLX_DAY));
  f->hazard.shape = 2.638;
  r->parts[0][0] = 4;
  rig_job(r, 1, 40, INFINITY);
  r->model.horizon = 300 * CLX_DAY;
  rig_run(r);
  // As good as before: the cumulative hazard, 200 parts.
  CHECK_STATISTIC(RIG_STATISTIC(r, failures), 200 * clx_hazard_cumulative(&f->hazard, 300 * CLX_DAY), 4);
  f->renews = true;
  rig_run(r);
  clx_stream stream = clx_stream_make(9, 1, 0, 0);
  double sum = 0, squares = 0;
  enum { PARTS = 40000 };
  for (int32_t i = 0; i < PARTS; i++) {
    double t = 0, count = -1;
    for (; t < 300 * CLX_DAY; count++) t += clx_hazard_invert(&f->hazard, 0, clx_stream_exponential(&stream));
    sum += count;
    squares += count * count;
  }
  const double mean = sum / PARTS, error = 200 * sqrt((squares / PARTS - mean * mean) / PARTS);
  const statistic got = RIG_STATISTIC(r, failures);
  CLX_CHECK_NEAR(got.mean, 200 * mean, 0, 4 * hypot(got.error, error));
  rig_free(r);
}

// A cohort is nothing but a short form of its units.
static void test_cohort_is_its_units(void **state) {
  (void)state;
  statistic failures[2], stops[2], goodput[2];
  for (int32_t split = 0; split < 2; split++) {
    rig *r = rig_new(3000);
    r->options.seed = 17 + (uint64_t)split;
    for (int32_t c = 0; c < (split ? 20 : 1); c++) rig_cohort(r, split ? 1 : 20);
    clx_failure_class *f = rig_class(r, "wear", 1 / (10 * CLX_DAY));
    f->hazard.shape = 0.7;
    f->renews = true;
    f->repair = (clx_duration){.median = CLX_DAY / 2, .mean = CLX_DAY};
    f->detect = 300;
    rig_class(r, "constant", 1 / (20 * CLX_DAY))->detect = 100;
    rig_job(r, 1, 16, INFINITY);
    r->model.horizon = 20 * CLX_DAY;
    rig_run(r);
    failures[split] = RIG_STATISTIC(r, failures);
    stops[split] = RIG_STATISTIC(r, interruptions);
    goodput[split] = RIG_STATISTIC(r, goodput);
    rig_free(r);
  }
  CLX_CHECK_NEAR(failures[0].mean, failures[1].mean, 0, 4 * hypot(failures[0].error, failures[1].error));
  CLX_CHECK_NEAR(stops[0].mean, stops[1].mean, 0, 4 * hypot(stops[0].error, stops[1].error));
  CLX_CHECK_NEAR(goodput[0].mean, goodput[1].mean, 0, 4 * hypot(goodput[0].error, goodput[1].error));
}

// A unit that no repair cures fails more often: first at its rate l, then at F l.
static void test_offenders(void **state) {
  (void)state;
  rig *r = rig_new(1000);
  rig_cohort(r, 100);
  rig_class(r, "any", 1e-6)->fixed = 0;
  r->model.repair.offender = 5;
  rig_job(r, 1, 50, INFINITY);
  r->model.horizon = 1e6;
  rig_run(r);
  const double first = -expm1(-1.0);
  CHECK_STATISTIC(RIG_STATISTIC(r, failures), 100 * (first + 5 * (1 - first)), 4);
  rig_free(r);
}

// Units stand in places of different temperature; the mean factor is 1.
static void test_places_and_heat(void **state) {
  (void)state;
  rig *r = rig_new(1000);
  rig_cohort(r, 90);
  r->cohort[0].positions = 3;
  r->cohort[0].position[0] = 0.5;
  r->cohort[0].position[1] = 0.9;
  r->cohort[0].position[2] = 1.6;
  r->cohort[0].heat = 2;
  rig_class(r, "any", 1e-6);
  rig_class(r, "worn", 1e-6)->hazard = (clx_hazard){.rate = 1e-6, .shape = 1, .steps = 1, .factor = {1}};
  rig_job(r, 1, 90, INFINITY);
  r->model.horizon = 1e6;
  rig_run(r);
  CHECK_STATISTIC(RIG_STATISTIC(r, failures), 2 * 2 * 90, 4);
  rig_free(r);
}

// Rates from their posterior: the count has mean k / exposure and the spread of both.
static void test_rates_are_drawn(void **state) {
  (void)state;
  rig *r = rig_new(4000);
  rig_cohort(r, 10);
  clx_failure_class *f = rig_class(r, "any", 20 / 1e8);
  f->events = 20;
  f->exposure = 1e8;
  rig_job(r, 1, 10, INFINITY);
  r->model.horizon = 1e7;
  r->model.draw_rates = true;
  rig_run(r);
  const statistic got = RIG_STATISTIC(r, failures);
  CHECK_STATISTIC(got, 20, 4);
  CLX_CHECK_NEAR(got.error * sqrt(3999), sqrt(2 * 20.0), 0.05, 0);
  rig_free(r);
}

// Of a hazard by age it is the expected count that is drawn, not the mean life: negative binomial for shape 3, infant failures, too.
static void test_rates_by_age_are_drawn(void **state) {
  (void)state;
  for (int32_t trial = 0; trial < 2; trial++) {
    rig *r = rig_new(4000);
    rig_cohort(r, 2000);
    clx_failure_class *f = rig_class(r, "any", trial == 0 ? 1e-7 : 0);
    f->hazard.shape = trial == 0 ? 3 : 1;
    f->hazard.infant = trial == 0 ? 0 : 0.01;
    f->hazard.decay = 1e5;
    f->events = 20;
    f->exposure = 20 / 1e-7;
    rig_job(r, 1, 2000, INFINITY);
    r->model.horizon = 2e6;
    r->model.draw_rates = true;
    rig_run(r);
    const double mean = 2000 * clx_hazard_cumulative(&f->hazard, r->model.horizon);
    const statistic got = RIG_STATISTIC(r, failures);
    CHECK_STATISTIC(got, mean, 4);
    CLX_CHECK_NEAR(got.error * sqrt(3999), sqrt(mean + mean * mean / 20), 0.05, 0);  // 4 standard errors of a deviation
    rig_free(r);
  }
}

// Streams of units differ for any number of units, kinds and serial numbers: all pairs of what could fall together.
static void test_unit_streams_differ(void **state) {
  (void)state;
  const clx_plan plan = {.seed = 3};
  const clx_simulator s = {.plan = &plan};
  static const int32_t units[] = {0, 1, 2, 1 << 8, 1 << 20, 1 << 24, (1 << 24) + 1, 999999999};
  static const uint32_t numbers[] = {0, 1, 2, 1 << 8, 1 << 12, 1 << 20};
  enum { N = 8 * 6 * 6 };
  uint64_t first[N];
  int32_t n = 0;
  for (int32_t u = 0; u < CLX_COUNT(units); u++) {
    for (int32_t k = 0; k < CLX_COUNT(numbers); k++) {
      for (int32_t i = 0; i < CLX_COUNT(numbers); i++) {
        clx_stream stream = clx_unit_stream(&s, 0x5300, units[u], numbers[k], numbers[i]);
        first[n++] = clx_stream_bits(&stream);
      }
    }
  }
  for (int32_t i = 0; i < N; i++) {
    for (int32_t k = 0; k < i; k++) assert_true(first[i] != first[k]);
  }
}

// Bursts take neighbours with them: mean 3 more, but for the end of the cohort.
static void test_bursts(void **state) {
  (void)state;
  rig *r = rig_new(300);
  rig_cohort(r, 4000);
  clx_failure_class *f = rig_class(r, "burst", 1e-8);
  f->burst = 3;
  f->repair = (clx_duration){.median = 1e4, .mean = 1e4};
  rig_job(r, 1, 1, INFINITY);
  r->model.horizon = 1e6;
  rig_run(r);
  const statistic repair = rig_statistic(r, offsetof(clx_reliability_run, ledger) + CLX_LEDGER_REPAIR * sizeof(double));
  CLX_CHECK_NEAR(repair.mean / 8e4, 4 * r->outcome.failures.mean, 0.005, 4 * repair.error / 8e4);
  rig_free(r);
}

static void test_mistakes(void **state) {
  (void)state;
  rig *r = rig_new(4);
  rig_cohort(r, 8);
  rig_class(r, "any", 1e-3);
  clx_job_stage *g = rig_job(r, 1, 8, 1e6);
  g->restart = 1e5;  // 800 failures long
  clx_error error = {0};
  clx_arena *arena = clx_arena_new();
  assert_int_equal(clx_reliability_simulate(&r->model, &r->options, arena, &r->outcome, &error), CLX_INFEASIBLE);
  assert_int_equal(error.count, 1);
  g->restart = 0;
  r->options.replications = 0;
  clx_error_clear(&error);
  assert_int_equal(clx_reliability_simulate(&r->model, &r->options, arena, &r->outcome, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "replications is 0"));
  clx_arena_free(arena);
  rig_free(r);
}

// A first start that a failure interrupts begins again in full: M (e^(start / M) - 1) until it has succeeded, on both paths.
static void test_first_start_is_exposed(void **state) {
  (void)state;
  rig *r = rig_new(4000);
  rig_cohort(r, 8);
  rig_class(r, "any", 1.0 / 8 / 3000);
  r->failure[0].keeps_units = true;
  rig_job(r, 1, 8, 1);
  r->model.start = 6000;
  const double expected = 3000 * expm1(2);
  rig_run(r);
  CHECK_STATISTIC(RIG_STATISTIC(r, end), expected + 1, 4);
  clx_error error = {0};
  if (clx_reliability_renew(&r->model, &r->options, r->arena, &r->outcome, &error) != CLX_OK) {
    fail_msg("%s", error.mistake[0].text);
  }
  CHECK_STATISTIC(RIG_STATISTIC(r, end), expected + 1, 4);
  rig_free(r);
}

static bool stop_at_half(void *context, double done) {
  *(double *)context = done;
  return done < 0.5;
}

static void test_progress_can_stop_it(void **state) {
  (void)state;
  rig *r = rig_new(100);
  rig_cohort(r, 8);
  rig_class(r, "any", 1e-6);
  rig_job(r, 1, 8, 1e6);
  double done = 0;
  r->options.progress = stop_at_half;
  r->options.context = &done;
  clx_error error = {0};
  clx_arena *arena = clx_arena_new();
  assert_int_equal(clx_reliability_simulate(&r->model, &r->options, arena, &r->outcome, &error), CLX_EXPECTATION);
  assert_true(done >= 0.5 && done < 0.6);
  clx_arena_free(arena);
  rig_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_restart_is_the_renewal_form),
      cmocka_unit_test(test_limits_of_the_renewal_form),
      cmocka_unit_test(test_shocks_add_their_rate),
      cmocka_unit_test(test_repair_is_the_machine_repair_queue),
      cmocka_unit_test(test_spares_are_used_up),
      cmocka_unit_test(test_both_clocks),
      cmocka_unit_test(test_rates_by_age_are_drawn),
      cmocka_unit_test(test_unit_streams_differ),
      cmocka_unit_test(test_infant_mortality),
      cmocka_unit_test(test_repair_makes_parts_new),
      cmocka_unit_test(test_cohort_is_its_units),
      cmocka_unit_test(test_offenders),
      cmocka_unit_test(test_places_and_heat),
      cmocka_unit_test(test_rates_are_drawn),
      cmocka_unit_test(test_bursts),
      cmocka_unit_test(test_first_start_is_exposed),
      cmocka_unit_test(test_mistakes),
      cmocka_unit_test(test_progress_can_stop_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
