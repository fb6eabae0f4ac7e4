// Failure rates from logs: known rates come back, published counts give published intervals, hazards by age are found again from
// lives that begin before they are seen and end after (Titan: Ostrouchov and others, SC20), and what cannot be read is named.
#include "check.h"

#include <unistd.h>

#include "calibrate/calibrate_reliability.h"
#include "catalog/catalog.h"
#include "import/import_sacct.h"

static const double DAY = 86400, YEAR = 365.25 * 86400;
static clx_arena *arena;
static clx_error error;

static int setup(void **state) {
  (void)state;
  arena = clx_arena_new();
  clx_error_clear(&error);
  return arena == NULL;
}

static int teardown(void **state) {
  (void)state;
  clx_arena_free(arena);
  return 0;
}

static clx_failure_log *log_new(void) {
  clx_failure_log *log = CLX_NEW(arena, clx_failure_log);
  assert_non_null(log);
  log->file = log->span_file = "log.csv";
  return log;
}

static clx_status read_text(const char *text, double node_hours, double gpus, clx_failure_log **log) {
  const clx_log_exposure exposure = {NULL, 3600 * node_hours, gpus};
  *log = log_new();
  clx_error_clear(&error);
  return clx_failure_log_read(arena, "log.csv", text, strlen(text), &exposure, *log, &error);
}

static clx_failure_calibration *fit(const clx_failure_log *log, double confidence) {
  clx_failure_calibration *c = CLX_NEW(arena, clx_failure_calibration);
  assert_non_null(c);
  if (clx_calibrate_reliability(arena, log, confidence, c, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return c;
}

static const clx_class_fit *class_named(const clx_failure_calibration *c, const char *name) {
  for (int32_t i = 0; i < c->fit_count; i++) {
    if (strcmp(c->fit[i].kind->name, name) == 0) return &c->fit[i];
  }
  fail_msg("no class %s", name);
  return NULL;
}

static void add_span(clx_failure_log *log, int32_t unit, double from, double to, double in_service, int32_t position) {
  const clx_log_span s = {.unit = unit,
                          .from = from,
                          .to = to,
                          .count = 1,
                          .gpus = 1,
                          .in_service = in_service,
                          .position = position,
                          .alone = true};
  assert_int_equal(clx_failure_log_span(arena, log, &s, &error), CLX_OK);
}

static void add_event(clx_failure_log *log, const char *kind, int32_t unit, double time) {
  const clx_log_event e = {.kind = clx_failure_log_kind(arena, log, kind, -1, (clx_place){0}, &error),
                           .unit = unit,
                           .time = time,
                           .count = 1,
                           .age = (double)NAN,
                           .repair = (double)NAN,
                           .stopped = -1,
                           .transient = -1,
                           .position = -1};
  assert_int_equal(clx_failure_log_event(arena, log, &e, &error), CLX_OK);
}

static int32_t unit_named(clx_failure_log *log, int32_t number) {
  char name[24];
  snprintf(name, sizeof name, "n%d", number);
  return clx_names_add(arena, &log->units, name, strlen(name));
}

// --- rates -----------------------------------------------------------------------------------------------------------------

// Table 5 of The Llama 3 Herd of Models (2024): 2,048 servers for 54 days.
static void test_llama_3(void **state) {
  (void)state;
  clx_failure_log *log = NULL;
  assert_int_equal(
      read_text("class,count\nFaulty GPU,148\nGPU HBM3 memory,72\nSoftware bug,54\nNetwork switch/cable,35\n"
                "Other,110\n",
                2048 * 54 * 24, 8, &log),
      CLX_OK);
  const clx_failure_calibration *c = fit(log, 0.95);
  CLX_CHECK_NEAR(c->all.node.low * 1000 * DAY, 3.4346, 0, 5e-5);
  CLX_CHECK_NEAR(c->all.node.high * 1000 * DAY, 4.1694, 0, 5e-5);
  CLX_CHECK_NEAR(c->all.node.rate * 1000 * DAY, 419 / (2.048 * 54), 1e-12, 0);
  CLX_CHECK_NEAR(class_named(c, "faulty_gpu")->gpu.rate * 3600e9, 6970, 0, 1);  // FIT of a GPU
  CLX_CHECK_NEAR(class_named(c, "gpu_hbm3_memory")->gpu.rate * 3600e9, 3391, 0, 1);
  assert_int_equal(class_named(c, "faulty_gpu")->part, CLX_PART_GPU);
  assert_int_equal(class_named(c, "software_bug")->part, CLX_PART_SERVER);
  assert_int_equal(class_named(c, "network_switch_cable")->kind->cause, CLX_CAUSE_NETWORK);
}

// 200 logs of a known rate: the exact interval holds the truth at least as often as it says, Jeffreys' about as often. Tolerance:
// three standard errors of a binomial share.
static void test_intervals_cover(void **state) {
  (void)state;
  enum { LOGS = 200 };
  const double mean = 14.3, hours = 24000, rate = mean / (3600 * hours);
  int exact = 0, posterior = 0;
  for (uint64_t i = 0; i < LOGS; i++) {
    clx_stream stream = clx_stream_make(20240601, 1, i, 0);
    char text[64];
    clx_failure_log *log = NULL;
    snprintf(text, sizeof text, "class,count\npsu,%lld\n", (long long)clx_stream_poisson(&stream, mean));
    assert_int_equal(read_text(text, hours, 0, &log), CLX_OK);
    const clx_rate_fit r = fit(log, 0.9)->all.node;
    exact += r.low <= rate && rate <= r.high;
    posterior += r.lower <= rate && rate <= r.upper;
  }
  const double error_of_share = sqrt(0.9 * 0.1 / LOGS);
  assert_true(exact >= LOGS * (0.9 - 3 * error_of_share));
  assert_true(posterior >= LOGS * (0.9 - 3 * error_of_share) && posterior <= LOGS * (0.9 + 3 * error_of_share));
}

static void test_shares_and_repair(void **state) {
  (void)state;
  clx_failure_log *log = NULL;
  clx_buffer text = {0};
  clx_stream stream = clx_stream_make(7, 2, 0, 0);
  clx_buffer_format(&text, "time,node,failure,stopped,transient,repair_h\n");
  // Median 54 min, sigma 1.94: the heavy tail of LANL's repairs.
  for (int i = 0; i < 4000; i++)
    clx_buffer_format(&text, "%d,n%d,psu,%s,%d,%.9g\n", 977 * i, i % 50, i % 4 == 0 ? "no" : "yes", i % 10 < 3 ? 1 : 0,
                      0.9 * exp(1.94 * clx_stream_normal(&stream)));
  assert_int_equal(read_text(text.data, 1e6, 0, &log), CLX_OK);
  clx_buffer_free(&text);
  const clx_class_fit *f = class_named(fit(log, 0.9), "psu");
  CLX_CHECK_NEAR(f->stopped / f->stop_known, 0.75, 1e-12, 0);
  CLX_CHECK_NEAR(f->transient / f->transient_known, 0.3, 1e-12, 0);
  CLX_CHECK_NEAR(f->repair.sigma, 1.94, 0, 3 * 1.94 / sqrt(2 * 4000.0));
  CLX_CHECK_NEAR(log10(f->repair.median / 3240), 0, 0, 3 * 1.94 / 2.302585 / sqrt(4000.0));
  CLX_CHECK_NEAR(f->repair.mean, f->repair.median * exp(f->repair.sigma * f->repair.sigma / 2), 1e-12, 0);
  assert_true(f->repair.most >= f->repair.mean);
  assert_int_equal(f->form, CLX_FORM_CONSTANT);
}

// --- hazards by age --------------------------------------------------------------------------------------------------------

// Lives of Weibull hazard that enter service over half a year and are seen up to `end`; every other one only from age `late` on.
static clx_failure_log *weibull_lives(int32_t count, double shape, double scale, double end, double late) {
  clx_failure_log *log = log_new();
  for (int32_t i = 0; i < count; i++) {
    clx_stream stream = clx_stream_make(31, 3, (uint64_t)i, 0);
    const double in_service = 0.5 * YEAR * clx_stream_uniform(&stream);
    const double dies = in_service + scale * pow(clx_stream_exponential(&stream), 1 / shape);
    const double from = i % 2 == 0 ? in_service : in_service + late;
    if (dies <= from) continue;
    const int32_t unit = unit_named(log, i);
    add_span(log, unit, from, fmin(dies, end), in_service, -1);
    if (dies <= end) add_event(log, "double bit error", unit, dies);
  }
  assert_int_equal(clx_failure_log_finish(arena, log, &error), CLX_OK);
  return log;
}

static void check_shape(const clx_weibull_fit *w, double shape) {
  const double standard_error = (w->high - w->low) / 2 / clx_normal_quantile(0.95);
  assert_true(w->found);
  CLX_CHECK_NEAR(w->shape, shape, 0, 3 * standard_error);
}

// S8: the old batch of Titan's GPUs, 18,837 lives, k = 2.638 and 7.112 years.
static void test_titan_old_batch(void **state) {
  (void)state;
  const clx_failure_log *log = weibull_lives(18837, 2.638, 7.112 * YEAR, 4.8 * YEAR, 1 * YEAR);
  const clx_failure_calibration *c = fit(log, 0.9);
  const clx_class_fit *f = class_named(c, "double_bit_error");
  assert_true(f->events > 4500 && f->events < 5600);  // 5,027 were seen
  check_shape(&f->weibull, 2.638);
  assert_true(f->weibull.high - f->weibull.low < 0.15);
  CLX_CHECK_NEAR(f->weibull.scale, 7.112 * YEAR, 3 * 0.008, 0);  // standard error of log scale at 5,000 of 18,837 lives
  assert_int_equal(f->form, CLX_FORM_WEIBULL);
  assert_true(f->weibull.p_constant < 1e-6);
}

// The new batch: 62 events of 11,370 lives, k = 1.021, 364 years: no reason to leave a constant rate.
static void test_titan_new_batch(void **state) {
  (void)state;
  const clx_failure_log *log = weibull_lives(11370, 1.021, 364 * YEAR, 2.45 * YEAR, 0);
  const clx_class_fit *f = class_named(fit(log, 0.9), "double_bit_error");
  CLX_CHECK_NEAR(f->events, 62, 0, 3 * sqrt(62.0));
  check_shape(&f->weibull, 1.021);
  assert_int_equal(f->form, CLX_FORM_CONSTANT);
}

// Hazards by year of age as counted on Titan's old batch; no Weibull has this rise, and steps are taken. By cage of the rack, too.
static void test_titan_ages_and_cages(void **state) {
  (void)state;
  static const double hazard[] = {0.0009, 0.0082, 0.1193, 0.1342, 0.1251, 0.1513};
  static const double cage[] = {0.0343, 0.0712, 0.1145};
  const double mean = (cage[0] + cage[1] + cage[2]) / 3;
  clx_failure_log *log = log_new();
  double expected[3] = {0}, exposure[3] = {0};
  for (int32_t i = 0; i < 18837; i++) {
    clx_stream stream = clx_stream_make(32, 4, (uint64_t)i, 0);
    double left = clx_stream_exponential(&stream) / (cage[i % 3] / mean), dies = 0;
    int32_t year = 0;
    for (; year < 6 && left > hazard[year]; year++) left -= hazard[year];
    dies = year < 6 ? year + left / hazard[year] : 6;
    const int32_t unit = unit_named(log, i);
    add_span(log, unit, 0, dies * YEAR, 0, i % 3);
    if (dies < 6) add_event(log, "off the bus", unit, dies * YEAR);
    exposure[i % 3] += dies;
    for (int32_t y = 0; y < 6; y++) expected[i % 3] += hazard[y] * cage[i % 3] / mean * fmax(0, fmin(dies - y, 1));
  }
  assert_int_equal(clx_failure_log_finish(arena, log, &error), CLX_OK);
  const clx_failure_calibration *c = fit(log, 0.9);
  const clx_class_fit *f = class_named(c, "off_the_bus");
  assert_int_equal(f->form, CLX_FORM_STEPS);
  assert_int_equal(f->steps.count, 6);
  for (int32_t s = 0; s < 6; s++) {
    // Three standard errors of the count; 6 % for the cages, of which the worst leaves first.
    CLX_CHECK_NEAR(f->steps.rate[s].rate * YEAR, hazard[s], 0.06 + 3 / sqrt(f->steps.rate[s].events), 0);
  }
  assert_int_equal(c->position.count, 3);
  assert_true(c->position.p < 1e-6);
  for (int32_t p = 0; p < 3; p++) {
    CLX_CHECK_NEAR(c->position.rate[p].events, expected[p], 0, 3 * sqrt(expected[p]));
    CLX_CHECK_NEAR(c->position.rate[p].exposure, exposure[p] * YEAR, 1e-9, 0);
  }
}

// Three lives by hand. Likelihood of shape 1: 2 events over 10 + 20 + 30 s, the third seen from age 10 on.
static void test_delayed_entry_by_hand(void **state) {
  (void)state;
  static const double age[] = {10, 20}, times[] = {1, 1}, entry[] = {0, 0, 10}, until[] = {10, 20, 40},
                      one[] = {1, 1, 1};
  const clx_lives lives = {age, times, 2, entry, until, one, 3};
  clx_weibull_fit w;
  clx_weibull_fit_make(&lives, 0.9, &w);
  assert_true(w.found);
  // The likelihood is highest there: not lower than beside it, in either direction.
  double best = 0;
  for (int step = -1; step <= 1; step++) {
    const double k = w.shape * (1 + 0.01 * step), sum = pow(10, k) + pow(20, k) + pow(40, k) - pow(10, k);
    const double scale = pow(sum / 2, 1 / k);
    const double likelihood = 2 * log(k) - 2 * k * log(scale) + (k - 1) * log(200) - sum / pow(scale, k);
    if (step == -1) best = likelihood;
    if (step == 0) {
      assert_true(likelihood > best);
      best = likelihood;
      CLX_CHECK_NEAR(w.scale, scale, 1e-9, 0);
    }
    if (step == 1) assert_true(likelihood < best);
  }
}

// --- evenness --------------------------------------------------------------------------------------------------------------

enum { NODES = 400 };

// A year of 400 nodes at 3 failures each; the first `lemons` fail 8 times as often. `burst`: further nodes at the same moment.
static clx_failure_log *nodes_log(uint64_t seed, int32_t lemons, double burst) {
  clx_failure_log *log = log_new();
  clx_stream stream = clx_stream_make(seed, 5, 0, 0);
  for (int32_t n = 0; n < NODES; n++) {
    const int32_t unit = unit_named(log, n);
    add_span(log, unit, 0, YEAR, (double)NAN, -1);
    const double gap = YEAR / 3 / (n < lemons ? 8 : 1);
    for (double time = gap * clx_stream_exponential(&stream); time < YEAR;
         time += gap * clx_stream_exponential(&stream)) {
      add_event(log, "psu", unit, time);
      while (burst > 0 && clx_stream_uniform(&stream) < burst / (1 + burst)) add_event(log, "psu", unit, time);
    }
  }
  assert_int_equal(clx_failure_log_finish(arena, log, &error), CLX_OK);
  return log;
}

static void test_repeat_offenders(void **state) {
  (void)state;
  const clx_failure_calibration *c = fit(nodes_log(11, 5, 0), 0.9);
  assert_int_equal(c->tested, NODES);
  assert_true(c->lemons >= 5 && c->lemons <= 6);
  for (int32_t i = 0; i < 5; i++) assert_true(c->lemon[i].unit < 5);
  // 120 events of the five: a standard error of 9 %.
  CLX_CHECK_NEAR(c->lemon_factor, 8, 3 * 0.09, 0);
}

// Where all are alike, a list that is not empty is wrong: in no more than the stated share of logs (three standard errors).
static void test_no_offenders(void **state) {
  (void)state;
  int wrong = 0, clustered = 0;
  for (uint64_t i = 0; i < 60; i++) {
    const clx_failure_calibration *c = fit(nodes_log(100 + i, 0, 0), 0.9);
    wrong += c->lemons > 0;
    clustered += c->fit[0].burst > 0 || c->all.cluster.p_dispersion < 0.01;
  }
  assert_true(wrong <= 60 * (0.05 + 3 * sqrt(0.05 * 0.95 / 60)));
  assert_true(clustered <= 60 * (0.02 + 3 * sqrt(0.02 * 0.98 / 60)));
}

// 30 % of early inter-arrival times at LANL were zero; here 0.5 further events at each moment.
static void test_clusters(void **state) {
  (void)state;
  const clx_failure_calibration *c = fit(nodes_log(12, 0, 0.5), 0.9);
  const clx_class_fit *f = class_named(c, "psu");
  assert_true(f->cluster.gaps_tested && f->cluster.p_close < 1e-6);
  assert_true(f->cluster.p_dispersion < 0.01);
  CLX_CHECK_NEAR(f->burst, 0.5, 0, 3 * sqrt(0.5 * 1.5 / 1200) + 0.01);
}

// --- reading ---------------------------------------------------------------------------------------------------------------

static void test_exposure_rows(void **state) {
  (void)state;
  clx_failure_log *log = NULL;
  const char *text =
      "\xEF\xBB\xBF"
      "Timestamp,Host,Category,From,To,GPUs,in_service,remark\r\n"
      ",a,,2024-01-01,2024-01-11,8,2023-01-01,\r\n"
      ",b,,2024-01-01T00:00:00+00:00,2024-01-06,4,2023-07-01,\r\n"
      "2024-01-03 12:00:00,a,Xid 79,,,,,seen\r\n"
      "2024-01-09,b,xid_79,,,,,\r\n"
      "2024-01-06,b,nccl timeout,,,,,\r\n";
  assert_int_equal(read_text(text, 0, 0, &log), CLX_OK);
  CLX_CHECK_NEAR(log->node_time, 15 * DAY, 1e-12, 0);
  CLX_CHECK_NEAR(log->gpu_time, 100 * DAY, 1e-12, 0);
  assert_int_equal(log->event_count, 2);  // b was watched until the 6th only
  assert_non_null(
      strstr(log->note.data, "1 event left out: it lies outside of the exposure of its node; the first in line 5"));
  assert_non_null(strstr(log->note.data, "Column 'remark' of log.csv is not used"));
  CLX_CHECK_NEAR(log->event[0].age, 367.5 * DAY, 1e-12, 0);
  const clx_failure_calibration *c = fit(log, 0.9);
  assert_int_equal(class_named(c, "nccl_timeout")->kind->role, CLX_LOG_SYMPTOM);
  clx_buffer report = {0};
  clx_failure_calibration_text(c, &report);
  assert_non_null(strstr(report.data, "class 'nccl timeout' (line 6) is a symptom"));
  clx_buffer_free(&report);
  clx_buffer_free(&log->note);
}

static void test_bad_logs(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int32_t line;
    const char *says;
    double node_hours;
  } cases[] = {
      {"class,count\npsu,1\n", 0, "exposure is missing", 0},
      {"class,node,from,to\n,a,5,5\n", 0, "exposure is 0", 0},
      {"clas,count\npsu,1\n", 1, "unknown column 'clas'; did you mean 'class'?", 1},
      {"node,count\na,1\n", 1, "needs a column 'class'", 1},
      {"class,type\na,b\n", 1, "columns 'class' and 'type' both mean 'class'", 1},
      {"class,count\npsu,-1\n", 2, "column 'count' is '-1', expected a number of events, at least 0", 1},
      {"class,count\npsu,inf\n", 2, "column 'count' is 'inf'", 1},
      {"class,time\npsu,5\npsu,yesterday\n", 3, "column 'time' is 'yesterday'", 1},
      {"class,time\npsu,2024-02-30\n", 2, "column 'time' is '2024-02-30'", 1},
      {"class,time\npsu,\n", 2, "column 'time' is ''", 1},
      {"class,time\npsu,inf\n", 2, "column 'time' is 'inf'", 1},
      {"class,time\n,5\n", 2, "column 'class' is '', expected what failed", 1},
      {"class,time\n---,5\n", 2, "has no letter or digit", 1},
      {"class,repair_hours\npsu,-2\n", 2, "column 'repair_hours' is '-2', expected hours", 1},
      {"class,stopped_job\npsu,perhaps\n", 2, "column 'stopped_job' is 'perhaps', expected yes or no", 1},
      {"class,cause\npsu,hosts\n", 2, "did you mean 'host'?", 1},
      {"class,kind\npsu,evnt\n", 2, "column 'kind' is 'evnt', expected event or exposure", 1},
      {"class,node,from,to\n,a,5,9\n,a,8,12\n", 3, "begins before that of line 2 ends: it would count twice", 0},
      {"class,node,from,to\n,a,9,5\n", 2, "column 'to' is '5', expected a time not before 'from'", 0},
      {"class,node,from,to\n,,9,50\n", 2, "column 'node' is '', expected the name of a node", 0},
      {"class,node,from,to,in_service\n,a,9,50,20\n", 2, "column 'in_service' is '20'", 0},
      {"class,node,from,to,position\n,a,9,50,1.5\n", 2, "column 'position' is '1.5'", 0},
      {"class,node,from,to,time\n,a,9,50,\npsu,b,,,20\n", 3, "node 'b' has no exposure", 0},
      {"class,node,from,to,time\n,a,9,50,\npsu,a,,,20\n", 2, "given as node-hours, too", 7},
      {"class,node,from,to,time,in_service\n,a,9,50,,\npsu,a,,,20,30\n", 3, "before its unit came into service", 0},
      {"class,count\npsu,1,2\n", 2, "more cells than the 2 of the header", 1},
  };
  for (int32_t i = 0; i < CLX_COUNT(cases); i++) {
    clx_failure_log *log = NULL;
    const clx_status status = read_text(cases[i].text, cases[i].node_hours, 0, &log);
    clx_buffer_free(&log->note);
    if (status != CLX_INPUT) fail_msg("case %d: status %d", i, status);
    if (strstr(error.mistake[0].text, cases[i].says) == NULL) fail_msg("case %d says: %s", i, error.mistake[0].text);
    assert_int_equal(error.mistake[0].line, cases[i].line);
    assert_int_equal(error.count, 1);
  }
}

static void test_times(void **state) {
  (void)state;
  static const struct {
    const char *text;
    double time;
  } good[] = {{"0", 0},
              {"-12.5", -12.5},
              {"1e3", 1000},
              {"1970-01-02", 86400},
              {"2000-02-29T12:00:00Z", 951825600},
              {"2024-03-01 00:30", 1709253000},
              {"2024-03-01T00:30:00.25+0130", 1709247600.25},
              {"1969-12-31T23:59:59-01", 3599}};
  static const char *const bad[] = {"",
                                    "nan",
                                    "inf",
                                    "0x10",
                                    "2024-13-01",
                                    "2023-02-29",
                                    "2024-03-01T",
                                    "2024-03-01T24:00",
                                    "2024-03-01T10:00:00.",
                                    "2024-03-01T10:00+1",
                                    "2024-03-01x",
                                    "5 s",
                                    "2024-3-1"};
  for (int32_t i = 0; i < CLX_COUNT(good); i++) {
    double time = 0;
    if (!clx_time_read(good[i].text, &time)) fail_msg("'%s' was not read", good[i].text);
    CLX_CHECK_NEAR(time, good[i].time, 0, 1e-6);
  }
  for (int32_t i = 0; i < CLX_COUNT(bad); i++) {
    double time = 42;
    if (clx_time_read(bad[i], &time)) fail_msg("'%s' was read as %g", bad[i], time);
    assert_true(time == 42);
  }
}

// --- sacct -----------------------------------------------------------------------------------------------------------------

static void check_nodes(const char *text, const char *const *names, int32_t count) {
  clx_names all = {0};
  clx_node_list list = {0};
  assert_int_equal(clx_node_list_read(arena, text, strlen(text), (clx_place){"x", 1, 1}, &all, &list, &error), CLX_OK);
  assert_int_equal(list.count, count);
  for (int32_t i = 0; i < count; i++) assert_string_equal(all.name[list.node[i]], names[i]);
}

static void test_node_lists(void **state) {
  (void)state;
  check_nodes("node[1-3,7],gpu-a[01-02]",
              (const char *const[]){"node1", "node2", "node3", "node7", "gpu-a01", "gpu-a02"}, 6);
  check_nodes("n[098-101]", (const char *const[]){"n098", "n099", "n100", "n101"}, 4);
  check_nodes("r[1-2]n[0-1]-ib", (const char *const[]){"r1n0-ib", "r1n1-ib", "r2n0-ib", "r2n1-ib"}, 4);
  check_nodes("login", (const char *const[]){"login"}, 1);
  static const struct {
    const char *text;
    int32_t column;
    const char *says;
  } bad[] = {{"n[1-3", 12, "never closed"},
             {"n[3-1]", 13, "has the range '3-1'"},
             {"n[]", 13, "has the range ''"},
             {"n[1,]", 15, "has the range ''"},
             {"a,,b", 13, "empty name"},
             {"n[1-2000000]", 11, "more than 1048576 nodes"},
             {"n1]", 13, "']' outside"},
             {"n[a-b]", 13, "has the range 'a-b'"},
             {"n[0000000001]", 13, "has the range"}};
  for (int32_t i = 0; i < CLX_COUNT(bad); i++) {
    clx_names all = {0};
    clx_node_list list = {0};
    clx_error_clear(&error);
    assert_int_equal(
        clx_node_list_read(arena, bad[i].text, strlen(bad[i].text), (clx_place){"x", 1, 11}, &all, &list, &error),
        CLX_INPUT);
    if (strstr(error.mistake[0].text, bad[i].says) == NULL) fail_msg("%s: %s", bad[i].text, error.mistake[0].text);
    assert_int_equal(error.mistake[0].column, bad[i].column);
  }
}

#define SACCT_HEADER "JobID|State|Start|End|Elapsed|NodeList|AllocTRES\n"

static void test_sacct(void **state) {
  (void)state;
  const char *text = SACCT_HEADER
      "100|COMPLETED|2024-01-01T00:00:00|2024-01-02T00:00:00|1-00:00:00|node[1-3,7]|billing=9,gres/gpu=32,gres/"
      "gpu:h100=32\n"
      "100.batch|COMPLETED|2024-01-01T00:00:00|2024-01-02T00:00:00|1-00:00:00|node1|\n"
      "101_4|NODE_FAIL|2024-01-02T00:00:00|2024-01-02T10:00:00|10:00:00|node[1-3]|gres/gpu:h100=24\r\n"
      "101_4|RUNNING|2024-01-02T11:00:00|Unknown|1-02:03:04|node[1-2]|\n"
      "102|CANCELLED by 123|Unknown|2024-01-02T11:00:00|00:00:00|None assigned|\n"
      "103|CANCELLED by 123|2024-01-02T11:00:00|2024-01-02T11:30:00|30:00|node4|gres/gpu=8\n"
      "103|CANCELLED by 123|2024-01-02T11:00:00|2024-01-02T11:30:00|30:00|node4|gres/gpu=8\n";
  clx_sacct jobs;
  assert_true(clx_sacct_is(text, strlen(text)));
  assert_false(clx_sacct_is("class,count\n", 12));
  assert_int_equal(clx_sacct_read(arena, "s.txt", text, strlen(text), &jobs, &error), CLX_OK);
  assert_int_equal(jobs.job_count, 4);
  assert_int_equal(jobs.names.count, 5);
  assert_int_equal(jobs.steps, 1);
  assert_int_equal(jobs.unstarted, 1);
  assert_int_equal(jobs.repeated, 1);
  assert_int_equal(jobs.restarts, 1);
  assert_int_equal(jobs.job[0].node_count, 4);
  CLX_CHECK_NEAR(jobs.job[0].gpus, 32, 0, 0);
  CLX_CHECK_NEAR(jobs.job[1].gpus, 24, 0, 0);
  CLX_CHECK_NEAR(jobs.job[2].gpus, -1, 0, 0);
  assert_int_equal(jobs.job[1].state, CLX_JOB_NODE_FAIL);
  CLX_CHECK_NEAR(jobs.job[2].end - jobs.job[2].start, 93784, 0, 0);
  assert_int_equal(jobs.job[3].state, CLX_JOB_CANCELLED);
}

static void test_bad_sacct(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int32_t line, column;
    const char *says;
  } cases[] = {
      {"JobID|State|Start|End\n", 1, 1, "no field NodeList"},
      {"JobID|State|Start|NodeList\n", 1, 1, "no field End or Elapsed"},
      {SACCT_HEADER "1|COMPLETD|2024-01-01|2024-01-02||a|\n", 2, 3, "did you mean 'COMPLETED'?"},
      {SACCT_HEADER "1|COMPLETED|1 Jan|2024-01-02||a|\n", 2, 13, "Start is '1 Jan', expected a time"},
      {SACCT_HEADER "1|COMPLETED|2024-01-03|2024-01-02||a|\n", 2, 24,
       "End is '2024-01-02', expected a time not before Start"},
      {SACCT_HEADER "1|RUNNING|2024-01-03|Unknown|1:2:3:4|a|\n", 2, 30, "Elapsed is '1:2:3:4', expected a duration"},
      {SACCT_HEADER "1|RUNNING|2024-01-03|Unknown||a|\n", 2, 11, "End is unknown and Elapsed is not there"},
      {SACCT_HEADER "1|COMPLETED|2024-01-01|2024-01-02||n[1-|\n", 2, 37, "never closed"},
      {SACCT_HEADER "1|COMPLETED|2024-01-01|2024-01-02||a|gres/gpu=x\n", 2, 38, "AllocTRES is 'gres/gpu=x'"},
      {SACCT_HEADER "1|COMPLETED|2024-01-01\n", 2, 1, "this line has 3 fields, the header has 7"},
      {SACCT_HEADER "|COMPLETED|2024-01-01|2024-01-02||a|\n", 2, 1, "JobID is '', expected the number of a job"},
  };
  for (int32_t i = 0; i < CLX_COUNT(cases); i++) {
    clx_sacct jobs;
    clx_error_clear(&error);
    const clx_status status = clx_sacct_read(arena, "s.txt", cases[i].text, strlen(cases[i].text), &jobs, &error);
    if (status != CLX_INPUT) fail_msg("case %d: status %d", i, status);
    if (strstr(error.mistake[0].text, cases[i].says) == NULL) fail_msg("case %d says: %s", i, error.mistake[0].text);
    assert_int_equal(error.mistake[0].line, cases[i].line);
    assert_int_equal(error.mistake[0].column, cases[i].column);
  }
}

// --- the whole way ---------------------------------------------------------------------------------------------------------

static char folder[] = "/tmp/colossus_reliability_XXXXXX";

static const char *write_file(const char *name, const char *text) {
  const char *path = clx_arena_format(arena, "%s/%s", folder, name);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  assert_int_equal(fclose(file), 0);
  return path;
}

// An entry comes back from the catalogue with the numbers that the log has.
static void check_round_trip(const clx_failure_calibration *c) {
  clx_buffer entry = {0};
  clx_catalog *catalog = NULL;
  clx_failures failures;
  clx_failure_calibration_entry(c, "ours", "own-failure-log", &entry);
  const char *path = write_file("failures/ours.yaml", entry.data);
  clx_buffer_free(&entry);
  assert_int_equal(clx_catalog_open(folder, &catalog, &error), CLX_OK);
  if (clx_catalog_read(catalog, "failures", "ours", (clx_place){0}, &clx_failures_schema, arena, &failures, &error) !=
      CLX_OK)
    fail_msg("%d:%d %s", error.mistake[0].line, error.mistake[0].column, error.mistake[0].text);
  assert_int_equal(failures.class_count, c->class_count);
  for (int32_t i = 0; i < c->class_count; i++) {
    const clx_failure_spec *s = &failures.classes[i];
    const clx_class_fit *f = &c->fit[i];
    const clx_rate_fit *counted = f->part == CLX_PART_GPU ? &f->gpu : &f->node;
    assert_string_equal(s->name, f->kind->name);
    assert_int_equal(s->cause, f->kind->cause);
    assert_int_equal(s->part, f->part);
    if (f->form == CLX_FORM_WEIBULL) {
      CLX_CHECK_NEAR(s->shape, f->weibull.shape, 0, 1e-4);
      CLX_CHECK_NEAR(s->exposure / s->events, f->weibull.scale * tgamma(1 + 1 / f->weibull.shape), 1e-6, 0);
    } else {
      CLX_CHECK_NEAR(s->events * (1 + fmax(s->burst, 0)), counted->events, 1e-3, 0);
      CLX_CHECK_NEAR(s->exposure, counted->exposure, 1e-8, 0);
    }
    assert_int_equal(s->factor_count, f->form == CLX_FORM_STEPS ? f->steps.count : 0);
    if (f->repair.median > 0) CLX_CHECK_NEAR(s->repair_median, f->repair.median, 1e-5, 0);
  }
  clx_catalog_close(catalog);
  remove(path);
}

static void test_round_trip(void **state) {
  (void)state;
  clx_failure_log *log = NULL;
  assert_non_null(mkdtemp(folder));
  const char *sub = clx_arena_format(arena, "mkdir -p %s/failures", folder);
  assert_int_equal(system(sub), 0);
  assert_int_equal(
      read_text("class,count,stopped,repair_hours\n\"Null \"\"quoted\"\" \\ class\",3,yes,1\nGPU,2,no,7\nGPU,1,no,9\n"
                "gpu,1,yes,5\nplanned maintenance,0,,\n",
                1000, 8, &log),
      CLX_OK);
  check_round_trip(fit(log, 0.9));
  check_round_trip(fit(weibull_lives(3000, 2.638, 7.112 * YEAR, 4.8 * YEAR, 0), 0.9));
  check_round_trip(fit(nodes_log(12, 0, 0.5), 0.9));
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
      TEST(test_llama_3),
      TEST(test_intervals_cover),
      TEST(test_shares_and_repair),
      TEST(test_titan_old_batch),
      TEST(test_titan_new_batch),
      TEST(test_titan_ages_and_cages),
      TEST(test_delayed_entry_by_hand),
      TEST(test_repeat_offenders),
      TEST(test_no_offenders),
      TEST(test_clusters),
      TEST(test_exposure_rows),
      TEST(test_bad_logs),
      TEST(test_times),
      TEST(test_node_lists),
      TEST(test_sacct),
      TEST(test_bad_sacct),
      TEST(test_round_trip),
#undef TEST
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
