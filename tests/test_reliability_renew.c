// The aggregate path of reliability: published counts, closed forms, and the component path, all by their statistics. Seeds are fixed;
// tolerances are multiples of standard errors.
#include "check.h"

#include "reliability/reliability_forms.h"
#include "reliability/reliability_renewal.h"
#include "reliability_rig.h"

typedef struct moments {
  double mean, sd, error;  // error: standard error of the mean
} moments;

static double member(const clx_reliability_run *run, size_t offset) {
  double value;
  memcpy(&value, (const char *)run + offset, sizeof value);
  return value;
}

static moments moments_of(const clx_reliability_outcome *outcome, size_t offset) {
  const int32_t n = outcome->replications;
  double sum = 0, squares = 0;
  for (int32_t i = 0; i < n; i++) sum += member(&outcome->run[i], offset);
  const double mean = sum / n;
  for (int32_t i = 0; i < n; i++) squares += pow(member(&outcome->run[i], offset) - mean, 2);
  const double sd = sqrt(squares / (n - 1));
  return (moments){mean, sd, sd / sqrt(n)};
}

#define MOMENTS(outcome, name) moments_of(outcome, offsetof(clx_reliability_run, name))

static void check_mean(const char *what, moments got, double want, double errors) {
  if (fabs(got.mean - want) <= errors * got.error) return;
  fail_msg("%s: mean %.8g, expected %.8g within %g standard errors of %.3g", what, got.mean, want, errors, got.error);
}

static clx_reliability_outcome renew(const rig *r, uint64_t seed, int32_t replications, clx_arena *arena) {
  clx_error error;
  clx_error_clear(&error);
  const clx_reliability_options options = {.seed = seed, .replications = replications, .confidence = 0.95};
  clx_reliability_outcome outcome;
  if (clx_reliability_renew(&r->model, &options, arena, &outcome, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  assert_true(outcome.residual < 1e-9);
  return outcome;
}

// --- published counts ---------------------------------------------------------------------------------------------------------
static void test_llama_interruptions(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  rig r;
  rig_llama(&r, 0, 0);
  const int32_t n = 10000;
  clx_reliability_outcome o = renew(&r, 1, n, arena);
  const moments wall = MOMENTS(&o, interruptions);
  check_mean("interruptions in 54 days", wall, 419, 4);
  CLX_CHECK_NEAR(wall.sd, 20.47, 0, 4 * 20.47 / sqrt(2.0 * n));
  // A percentile of n values has the standard error sqrt(p (1 - p) / n) / density; counts are whole.
  const double error = sqrt(0.025 * 0.975 / n) * 20.47 / 0.0584;
  CLX_CHECK_NEAR(o.interruptions.low, 379, 0, 4 * error + 1);
  CLX_CHECK_NEAR(o.interruptions.high, 460, 0, 4 * error + 1);
  // Failures that fall into a stop are logged as well.
  rig_llama(&r, 0, 600);
  o = renew(&r, 12, n, arena);
  check_mean("interruptions in 54 days, ten minutes a stop", MOMENTS(&o, interruptions), 419, 4);
  // Per running time the ten minutes of each stop are free of failures: T / (M + u0).
  rig_llama(&r, 0, 600);
  r.model.running_clock = true;
  o = renew(&r, 2, n, arena);
  const moments running = MOMENTS(&o, interruptions);
  CLX_CHECK_NEAR(running.mean, 397.6, 0, 4 * running.error + 0.1);  // beside the edge of a renewal process, below 0.1
  clx_arena_free(arena);
}

// The counts of a run are Poisson: largest distance of the distributions, 0.1 % point of Kolmogorov's.
static void test_counts_are_poisson(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  rig r;
  rig_make(&r, 50, 2, 20.0 / 2 / 50 / (54 * RIG_DAY));
  const int32_t n = 20000;
  const clx_reliability_outcome o = renew(&r, 3, n, arena);
  for (int32_t k = 0; k < 45; k++) {
    int32_t below = 0;
    for (int32_t i = 0; i < n; i++) below += o.run[i].interruptions <= k;
    CLX_CHECK_NEAR((double)below / n, clx_poisson_cdf(20, k), 0, 1.95 / sqrt(n));
  }
  clx_arena_free(arena);
}

static void test_cause_mix(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  rig r;
  rig_llama(&r, 20, 300);
  const int32_t n = 500;
  const clx_reliability_outcome o = renew(&r, 4, n, arena);
  double all = 0, square = 0;
  for (int32_t i = 0; i < RIG_CLASSES; i++) all += o.class_stops[i] * n;
  for (int32_t i = 0; i < RIG_CLASSES; i++) {
    const double expected = all * RIG_TABLE_5[i] / 419;
    square += pow(o.class_stops[i] * n - expected, 2) / expected;
  }
  if (clx_chi_square_tail(17, square) < 1e-3)
    fail_msg("chi-square of the causes is %.2f with 17 degrees of freedom", square);
  assert_true(clx_chi_square_tail(17, square) < 1 - 1e-3);  // nor are they dealt out evenly
  // All events, those during detection included, have the rate of the table.
  for (int32_t i = 0; i < RIG_CLASSES; i++) {
    CLX_CHECK_NEAR(o.class_events[i], RIG_TABLE_5[i], 0, 4 * sqrt(RIG_TABLE_5[i] / (double)n));
  }
  clx_arena_free(arena);
}

static void test_planned_maintenance(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  rig r;
  rig_make(&r, 2048, 2, 0);
  r.failure[0].hazard.rate = 419 / (2048 * 54 * RIG_DAY);
  r.failure[1].hazard.rate = 47 / (2048 * 54 * RIG_DAY);
  r.failure[1].planned = true;
  const clx_reliability_outcome o = renew(&r, 5, 10000, arena);
  check_mean("interruptions", MOMENTS(&o, interruptions), 419, 4);
  check_mean("planned stops", MOMENTS(&o, planned), 47, 4);
  check_mean("all stops", MOMENTS(&o, failures), 466, 4);
  clx_arena_free(arena);
}

// ByteRobust, dense job: 155 incidents in 90 days that cost 25 minutes each leave 97 %.
static void test_byterobust_plateau(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  rig r;
  rig_make(&r, 1200, 1, 1.435e-3 / RIG_DAY);
  r.model.horizon = 90 * RIG_DAY;
  r.failure[0].detect = 25 * 60;
  r.stage.checkpoint.interval = 30;  // saved at every step
  const clx_reliability_outcome o = renew(&r, 6, 4000, arena);
  CLX_CHECK_NEAR(MOMENTS(&o, failures).mean, 155, 0, 4 * sqrt(155 / 4000.0));
  CLX_CHECK_NEAR(o.goodput.mean, 0.97, 0, 0.002);
  clx_arena_free(arena);
}

static double monthly_stops(int64_t units, double parts) {
  rig r;
  rig_make(&r, units, 1, 0.057e-2 / (30.4375 * RIG_DAY));
  r.parts[0] = parts;
  double planned;
  const double rate = clx_reliability_stop_rate(&r.model, 0, 0, &planned);
  assert_true(planned == 0);
  return rate * 30.4375 * RIG_DAY;
}

// HPN: 0.057 % of the links between NICs and leaves fail in a month; RSC: one node, and 1,024 to 131,072 GPUs.
static void test_stop_rates(void **state) {
  (void)state;
  CLX_CHECK_NEAR(monthly_stops(1754, 1), 1, 1e-3, 0);
  CLX_CHECK_NEAR(monthly_stops(3509, 1), 2, 1e-3, 0);
  CLX_CHECK_NEAR(monthly_stops(15360, 2), 17.5, 2e-3, 0);
  static const struct {
    double rate;  // per node-day
    int64_t nodes;
    double mttf, within;  // h
  } ROWS[] = {
      {22.5e-3, 1, 47.7 * 24, 0.12}, {22.5e-3, 128, 7.9, 0.12}, {6.5e-3, 2048, 1.8, 0.01}, {6.5e-3, 16384, 0.23, 0.03}};
  for (int32_t i = 0; i < CLX_COUNT(ROWS); i++) {
    rig r;
    rig_make(&r, ROWS[i].nodes, 1, ROWS[i].rate / RIG_DAY);
    CLX_CHECK_NEAR(1 / clx_reliability_stop_rate(&r.model, 0, 0, NULL) / 3600, ROWS[i].mttf, ROWS[i].within, 0);
  }
}

// OPT: 124 hosts, two failures a day; five or more in a day happen on 5.27 % of the days, once in 19.
static void test_opt_days(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  rig r;
  rig_make(&r, 124, 1, 2.0 / 124 / RIG_DAY);
  r.model.horizon = RIG_DAY;
  const int32_t n = 40000;
  const clx_reliability_outcome o = renew(&r, 7, n, arena);
  double bad = 0;
  for (int32_t i = 0; i < n; i++) bad += o.run[i].interruptions >= 5;
  CLX_CHECK_NEAR(bad / n, 0.0527, 0, 4 * sqrt(0.0527 * 0.9473 / n));
  CLX_CHECK_NEAR(n / bad, 19, 0, 1.5);
  clx_arena_free(arena);
}

// BLOOM: 48 nodes, a failure a week, a checkpoint of 40 s every three hours.
static void test_bloom(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  rig r;
  rig_make(&r, 48, 1, 1.0 / 48 / (7 * RIG_DAY));
  r.model.horizon = 3 * 365 * RIG_DAY;
  r.stage.checkpoint.interval = 3 * 3600;
  r.stage.checkpoint.stall = 40;
  const clx_reliability_outcome o = renew(&r, 8, 4000, arena);
  const double lost = clx_lost_work(1 / (7 * RIG_DAY), 3 * 3600);
  CLX_CHECK_NEAR(lost, 1.5 * 3600, 0.02, 0);
  check_mean("work lost a failure", MOMENTS(&o, lost_work), lost + 20,
             5);  // a failure in the stall loses a whole interval: 40/2 s more
  CLX_CHECK_NEAR(o.ledger[CLX_LEDGER_SAVE], 0.0037, 0.02, 0);
  clx_arena_free(arena);
}

// --- closed forms -------------------------------------------------------------------------------------------------------------
// The feasible set of Llama 3 at 90 %: printed digits by the form, and the mean end of simulated runs.
static void test_feasible_set(void **state) {
  (void)state;
  static const struct {
    double stall, detect, ettr, digits;
  } ROWS[] = {{10, 600, 0.909, 5e-4},
              {20, 300, 0.917, 5e-4},
              {30, 300, 0.904, 5e-4},
              {20, 600, 0.893, 5e-4},
              {60, 0, 0.89975, 5e-6}};
  clx_arena *arena = clx_arena_new();
  for (int32_t i = 0; i < CLX_COUNT(ROWS); i++) {
    rig r;
    rig_llama(&r, ROWS[i].stall, ROWS[i].detect);
    double ettr;
    const double best = clx_reliability_best_interval(&r.model, 0, 0, &ettr);
    CLX_CHECK_NEAR(ettr, ROWS[i].ettr, 0, ROWS[i].digits);
    const double mttf = 1 / clx_reliability_stop_rate(&r.model, 0, 0, NULL);
    CLX_CHECK_NEAR(best, clx_interval_exact(mttf, ROWS[i].stall), 1e-6, 0);
    CLX_CHECK_NEAR(ettr, clx_ettr_renewal(mttf, ROWS[i].detect, 0, best, ROWS[i].stall), 1e-9, 0);
    const double intervals = floor(54 * RIG_DAY / best);
    r.stage.checkpoint.interval = best;
    r.job.work = intervals * best;
    r.model.horizon = 0;
    const clx_reliability_outcome o = renew(&r, 100 + (uint64_t)i, 2000, arena);
    // The last interval needs no checkpoint.
    const double last = (mttf + ROWS[i].detect) * (expm1((best + ROWS[i].stall) / mttf) - expm1(best / mttf));
    check_mean("end of the run", MOMENTS(&o, end), r.job.work / ettr - last, 4);
  }
  clx_arena_free(arena);
}

// Daly 2006: five cases of expected run time with exposed restart.
static void test_daly(void **state) {
  (void)state;
  static const struct {
    double mttf, stall, restart, stretch;
  } ROWS[] = {{86400, 300, 600, 1.095764},
              {21600, 300, 600, 1.220433},
              {3600, 300, 600, 1.830681},
              {11135.04, 20, 600, 1.121228},
              {1080, 30, 180, 1.509840}};
  clx_arena *arena = clx_arena_new();
  for (int32_t i = 0; i < CLX_COUNT(ROWS); i++) {
    const double mttf = ROWS[i].mttf, stall = ROWS[i].stall;
    const double interval = clx_interval_exact(mttf, stall);
    CLX_CHECK_NEAR(clx_daly_stretch(mttf, stall, ROWS[i].restart, interval), ROWS[i].stretch, 1e-6, 0);
    rig r;
    rig_make(&r, 100, 1, 1 / mttf / 100);
    r.stage.checkpoint.interval = interval;
    r.stage.checkpoint.stall = stall;
    r.stage.restart = ROWS[i].restart;
    r.job.work = 300 * interval;
    r.model.horizon = 0;
    const clx_reliability_outcome o = renew(&r, 200 + (uint64_t)i, 4000, arena);
    const double last =
        mttf * exp(ROWS[i].restart / mttf) * (expm1((interval + stall) / mttf) - expm1(interval / mttf));
    check_mean("Daly's run time", MOMENTS(&o, end), r.job.work * ROWS[i].stretch - last, 3);
  }
  clx_arena_free(arena);
}

// Asynchronous checkpoints: a failure in the lag loses the interval before as well; exact, so the simulation must agree.
static void test_async_and_memory(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  rig r;
  rig_make(&r, 100, 1, 1e-4 / 100);
  r.failure[0].detect = 120;
  r.stage.restart = 300;
  r.stage.checkpoint =
      (clx_checkpoint_plan){.mode = CLX_CHECKPOINT_ASYNC, .interval = 1000, .stall = 5, .lag = 900, .load = 60};
  r.job.work = 400 * 1000;
  r.model.horizon = 0;
  const double life = (1e4 + 120) * exp(360 / 1e4), mean = life * expm1(1005 / 1e4) * exp(900 / 1e4);
  clx_reliability_outcome o = renew(&r, 300, 4000, arena);
  CLX_CHECK_NEAR(o.end.mean, 400 * mean, 0.002, 4 * MOMENTS(&o, end).error);
  double ettr;
  const double async = clx_reliability_best_interval(&r.model, 0, 0, &ettr);
  CLX_CHECK_NEAR(async, 900, 1e-6, 0);  // shorter ones were better, but for the lag
  CLX_CHECK_NEAR(1 / ettr, life * expm1(905 / 1e4) * exp(900 / 1e4) / 900, 1e-9, 0);
  // Memory: the form against the simulation, and its minimum against the neighbourhood.
  r.stage.checkpoint = (clx_checkpoint_plan){.mode = CLX_CHECKPOINT_MEMORY,
                                             .interval = 300,
                                             .stall = 5,
                                             .remote_every = 8,
                                             .remote_stall = 60,
                                             .survives = 0.7,
                                             .load = 60,
                                             .load_memory = 10};
  const double best = clx_reliability_best_interval(&r.model, 0, 0, &ettr);
  double shift[] = {0.8, 1.25};
  for (int32_t i = 0; i < 3; i++) {
    r.stage.checkpoint.interval = best * (i == 0 ? 1 : shift[i - 1]);
    r.job.work = 1000 * r.stage.checkpoint.interval;
    o = renew(&r, 301, 4000, arena);
    const moments end = MOMENTS(&o, end);
    if (i == 0) CLX_CHECK_NEAR(end.mean / r.job.work, 1 / ettr, 0, 4 * end.error / r.job.work + 2e-3 / ettr);
    if (i == 0) continue;
    // Beside the best it takes longer, and as much as the form says: the minimum is one.
    const clx_renewal renewal = clx_reliability_renewal(&r.model, 0, 0);
    const double form = clx_reliability_stretch(&r.model, &renewal, &r.stage.checkpoint, r.stage.checkpoint.interval);
    assert_true(form > 1 / ettr * (1 + 1e-4));
    CLX_CHECK_NEAR(end.mean / r.job.work, form, 0, 4 * end.error / r.job.work + 2e-3 * form);
  }
  clx_arena_free(arena);
}

// Rates from few events: counts spread as a negative binomial with as many degrees.
static void test_posterior(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  rig r;
  rig_make(&r, 64, 1, 10 / (64 * 54 * RIG_DAY));
  r.failure[0].events = 10;
  r.failure[0].exposure = 64 * 54 * RIG_DAY;
  r.model.draw_rates = true;
  const int32_t n = 20000;
  const clx_reliability_outcome o = renew(&r, 9, n, arena);
  const moments m = MOMENTS(&o, interruptions);
  const double mean = 10, variance = mean + mean * mean / 10;  // gamma-mixed Poisson
  check_mean("interruptions", m, mean, 4);
  double fourth = 0;
  for (int32_t i = 0; i < n; i++) fourth += pow(o.run[i].interruptions - m.mean, 4) / n;
  CLX_CHECK_NEAR(m.sd * m.sd, variance, 0, 4 * sqrt((fourth - variance * variance) / n));
  assert_true(variance > 1.5 * mean);
  clx_arena_free(arena);
}

// --- the component path -------------------------------------------------------------------------------------------------------
enum { VARIANTS = 11 };

// Everything that the aggregate path takes.
static void variant(rig *r, int32_t index) {
  rig_make(r, 64, 4, 0);
  for (int32_t i = 0; i < 4; i++) {
    r->failure[i].hazard.rate = (i + 1) * 8e-6 / 64;
    r->failure[i].detect = 60 * i;
    r->failure[i].localise = 30;
  }
  r->stage.replicas = 4;
  r->stage.units_per_replica = 16;
  r->stage.restart = 600;
  clx_checkpoint_plan *plan = &r->stage.checkpoint;
  plan->stall = 120;
  plan->load = 300;
  r->job.work = 20 * RIG_DAY;
  r->model.horizon = 0;
  r->model.start = 900;
  switch (index) {
    case 1:
      r->model.horizon = 10 * RIG_DAY;
      break;
    case 2:
      r->model.running_clock = true;
      break;
    case 3:
      plan->mode = CLX_CHECKPOINT_ASYNC;
      plan->lag = 1800;
      break;
    case 4:
      r->failure[0].planned = true;
      r->failure[1].warned = 0.5;
      r->failure[2].transient = 0.5;
      r->model.policy.swap_hot = 200;
      r->model.policy.swap_cold = 300;
      break;
    case 5:
      *plan = (clx_checkpoint_plan){.mode = CLX_CHECKPOINT_MEMORY,
                                    .interval = 600,
                                    .stall = 10,
                                    .lag = 100,
                                    .remote_every = 5,
                                    .remote_stall = 100,
                                    .remote_lag = 600,
                                    .survives = 0.8,
                                    .load = 900,
                                    .load_memory = 60};
      break;
    case 6:
      r->cohort.units = 80;
      r->failure[3].keeps_units = true;
      r->failure[3].stops = 0.5;
      r->model.policy.hot = 16;
      r->model.policy.swap_hot = 100;
      r->model.policy.swap_cold = 300;
      break;
    case 7:
      plan->mode = CLX_CHECKPOINT_NONE;
      r->job.work = 6 * 3600;
      break;
    case 8:
      r->failure[0].planned = true;
      r->failure[1].warned = 0.5;
      r->model.running_clock = true;
      r->model.horizon = 10 * RIG_DAY;
      r->cohort.units = 80;
      break;
    case 9:
      r->failure[0].everybody = r->failure[0].keeps_units = true;
      r->failure[0].whole = 64;
      r->failure[1].events = 3;
      r->failure[1].exposure = 3 / r->failure[1].hazard.rate;
      r->model.draw_rates = true;
      break;
    case 10:  // stops that were asked for wait until their checkpoint counts
      r->failure[0].planned = true;
      r->failure[1].warned = 0.5;
      plan->mode = CLX_CHECKPOINT_ASYNC;
      plan->lag = 1800;
      break;
    default:
      break;
  }
}

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

// Largest distance of two empirical distributions of n values each.
static double distance(const clx_reliability_outcome *a, const clx_reliability_outcome *b, size_t offset,
                       clx_arena *arena) {
  const int32_t n = a->replications;
  double *x = CLX_NEW_ARRAY(arena, double, n), *y = CLX_NEW_ARRAY(arena, double, n), most = 0;
  for (int32_t i = 0; i < n; i++) x[i] = member(&a->run[i], offset), y[i] = member(&b->run[i], offset);
  qsort(x, (size_t)n, sizeof *x, compare);
  qsort(y, (size_t)n, sizeof *y, compare);
  for (int32_t i = 0, k = 0; i < n && k < n;) {
    const double at = fmin(x[i], y[k]);
    while (i < n && x[i] <= at) i++;
    while (k < n && y[k] <= at) k++;
    most = fmax(most, fabs((double)(i - k)) / n);
  }
  return most;
}

// Means within 4 standard errors of their difference, ends by the 0.01 % point of Kolmogorov and Smirnov's test. The component path
// counts a failed unit whose repair takes no time as free while the job finds out, and as being in repair for a moment: units in
// repair, free units, and their share of the ledger are compared with that slack.
static void test_component_path(void **state) {
  (void)state;
  static const struct {
    const char *name;
    size_t offset;
  } FIELDS[] = {{"goodput", offsetof(clx_reliability_run, goodput)},
                {"elapsed", offsetof(clx_reliability_run, elapsed)},
                {"interruptions", offsetof(clx_reliability_run, interruptions)},
                {"planned", offsetof(clx_reliability_run, planned)},
                {"failures", offsetof(clx_reliability_run, failures)},
                {"lost work", offsetof(clx_reliability_run, lost_work)}};
  enum { N = 1200 };
  for (int32_t v = 0; v < VARIANTS; v++) {
    clx_arena *arena = clx_arena_new();
    rig r;
    variant(&r, v);
    assert_true(clx_reliability_is_renewal(&r.model));
    clx_error error;
    clx_error_clear(&error);
    const clx_reliability_options options = {.seed = 40 + (uint64_t)v, .replications = N, .samples = 8};
    clx_reliability_outcome a, b;
    if (clx_reliability_renew(&r.model, &options, arena, &a, &error) != CLX_OK ||
        clx_reliability_simulate(&r.model, &options, arena, &b, &error) != CLX_OK) {
      fail_msg("variant %d: %s", v, error.mistake[0].text);
    }
    for (int32_t i = 0; i < CLX_COUNT(FIELDS); i++) {
      const moments x = moments_of(&a, FIELDS[i].offset), y = moments_of(&b, FIELDS[i].offset);
      if (fabs(x.mean - y.mean) > 4 * hypot(x.error, y.error) + 1e-12 * fabs(x.mean)) {
        fail_msg("variant %d: %s is %.8g on the aggregate path, %.8g by components", v, FIELDS[i].name, x.mean, y.mean);
      }
      assert_true(distance(&a, &b, FIELDS[i].offset, arena) < 2.23 * sqrt(2.0 / N));
    }
    for (int32_t k = 0; k < CLX_LEDGERS; k++) {
      const size_t offset = offsetof(clx_reliability_run, ledger) + (size_t)k * sizeof(double);
      const moments x = moments_of(&a, offset), y = moments_of(&b, offset);
      const double slack = k == CLX_LEDGER_RECOVERY || k == CLX_LEDGER_SPARE ? b.ledger[CLX_LEDGER_RECOVERY] / 50 : 0;
      const double all = a.run[0].elapsed * 8 * (double)r.cohort.units;
      if (fabs(x.mean - y.mean) > 4 * hypot(x.error, y.error) + slack * all + 1e-12 * all) {
        fail_msg("variant %d: %s is %.8g GPU-s on the aggregate path, %.8g by components", v, clx_ledger_names[k].name,
                 x.mean, y.mean);
      }
    }
    for (int32_t i = 0; i < 4; i++) {
      // Counts of stops vary no more than Poisson counts in runs of one length, and by the spread of rates and lengths beside.
      const double spread = 4 * sqrt(2 * a.class_stops[i] / N) + 4 * a.class_stops[i] *
                                                                     (v == 9   ? 0.03
                                                                      : v == 7 ? 0.06
                                                                               : 0.01);
      CLX_CHECK_NEAR(a.class_stops[i], b.class_stops[i], 0, spread);
      CLX_CHECK_NEAR(a.class_events[i], b.class_events[i], 0, spread + 4 * sqrt(2 * a.class_events[i] / N));
    }
    if (r.model.horizon > 0) {
      for (int32_t i = 0; i < 8; i++) {
        assert_true(a.time[i] == b.time[i]);
        CLX_CHECK_NEAR(a.progress[i], b.progress[i], 0.02, 0);
        CLX_CHECK_NEAR(a.window[i], b.window[i], 0, 0.06);
        CLX_CHECK_NEAR(a.free_units[i], b.free_units[i], 0, 0.1);
      }
      CLX_CHECK_NEAR(a.progress[7] / a.time[7], a.goodput.mean, 1e-9, 0);
    }
    clx_arena_free(arena);
  }
}

static void test_threads(void **state) {
  (void)state;
  for (int32_t v = 4; v < 6; v++) {
    clx_arena *arena = clx_arena_new();
    rig r;
    variant(&r, v);
    r.model.draw_rates = true;
    clx_reliability_outcome first, other;
    static const int32_t THREADS[] = {1, 2, 3, 7};
    for (int32_t i = 0; i < CLX_COUNT(THREADS); i++) {
      clx_error error;
      clx_error_clear(&error);
      const clx_reliability_options options = {.seed = 11, .replications = 200, .threads = THREADS[i], .samples = 5};
      assert_int_equal(clx_reliability_renew(&r.model, &options, arena, i == 0 ? &first : &other, &error), CLX_OK);
      if (i == 0) continue;
      assert_true(other.hash == first.hash && other.events == first.events);
      assert_memory_equal(other.class_stops, first.class_stops, 4 * sizeof(double));
      assert_memory_equal(other.class_events, first.class_events, 4 * sizeof(double));
      assert_memory_equal(other.progress, first.progress, 5 * sizeof(double));
      assert_memory_equal(other.window_low, first.window_low, 5 * sizeof(double));
    }
    clx_arena_free(arena);
  }
}

// What the aggregate path must leave to the component path.
static void test_not_renewal(void **state) {
  (void)state;
  for (int32_t i = 0; i < 10; i++) {
    rig r;
    variant(&r, 0);
    clx_job_stage stages[2] = {r.stage, r.stage};
    switch (i) {
      case 0:
        r.failure[1].repair.mean = 3600;
        break;
      case 1:
        r.failure[1].hazard.shape = 0.7;
        break;
      case 2:
        r.failure[1].latent = 60;
        break;
      case 3:
        r.failure[1].burst = 0.1;
        break;
      case 4:
        r.model.policy.kind = CLX_POLICY_MASKED, r.model.policy.least = 1;
        break;
      case 5:
        r.group[0] = 4;
        break;
      case 6:
        r.cohort.units = 80, r.cohort.positions = 2, r.cohort.position[0] = 0.5, r.cohort.position[1] = 1.5;
        break;
      case 7:
        r.failure[2].stops = 0.5;
        break;
      case 8:
        stages[1].start = RIG_DAY, r.job.stage = stages, r.job.stage_count = 2;
        break;
      default:
        r.cohort.units = 66, r.model.policy.hot = 1, r.model.policy.swap_cold = 60;
        break;
    }
    if (clx_reliability_is_renewal(&r.model)) fail_msg("case %d is taken for a renewal process", i);
    clx_error error;
    clx_error_clear(&error);
    clx_arena *arena = clx_arena_new();
    const clx_reliability_options options = {.replications = 1};
    clx_reliability_outcome outcome;
    assert_int_equal(clx_reliability_renew(&r.model, &options, arena, &outcome, &error), CLX_INPUT);
    assert_non_null(strstr(error.mistake[0].text, "no renewal process"));
    clx_arena_free(arena);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_llama_interruptions),
      cmocka_unit_test(test_counts_are_poisson),
      cmocka_unit_test(test_cause_mix),
      cmocka_unit_test(test_planned_maintenance),
      cmocka_unit_test(test_byterobust_plateau),
      cmocka_unit_test(test_stop_rates),
      cmocka_unit_test(test_opt_days),
      cmocka_unit_test(test_bloom),
      cmocka_unit_test(test_feasible_set),
      cmocka_unit_test(test_daly),
      cmocka_unit_test(test_async_and_memory),
      cmocka_unit_test(test_posterior),
      cmocka_unit_test(test_component_path),
      cmocka_unit_test(test_threads),
      cmocka_unit_test(test_not_renewal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
