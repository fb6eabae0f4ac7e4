// Policies compared: names and keys, the same failures for all, differences with their interval, curves, the search for policies.
#include "check.h"

#include <colossus/colossus.h>

#include "result/result.h"
#include "twin/twin_goodput.h"

static clx_catalog *catalog;

// 512 GPUs on which something fails every few hours, with storage and spares.
static const clx_setting SMALL[] = {{"reliability.scale", "20"},
                                    {"reliability.checkpoint", "{mode: async, write: 100 GB/s}"},
                                    {"reliability.recovery.mode", "standby"},
                                    {"reliability.spares.extra", "16"},
                                    {"reliability.repair", "{median: 4 h, mean: 6 h}"},
                                    {"reliability.horizon", "5 days"},
                                    {"reliability.replications", "20"},
                                    {"training.tokens", "100G"}};

static const clx_setting *asked = SMALL;
static int32_t asked_count = CLX_COUNT(SMALL);

static clx_scenario *load(const char *policy) {
  clx_error error = {0};
  clx_scenario *scenario = NULL;
  if (clx_goodput_load(catalog, "gpt3-mlperf-512", asked, asked_count, policy, &scenario, &error) != CLX_OK)
    fail_msg("%s: %s", policy, error.mistake[0].text);
  return scenario;
}

static clx_result *compare_with(const char *const *policy, int32_t count, const clx_goodput_options *options) {
  clx_error error = {0};
  clx_scenario *scenario[CLX_GOODPUT_POLICIES_MAX];
  const clx_scenario *each[CLX_GOODPUT_POLICIES_MAX];
  clx_result *result = NULL;
  for (int32_t i = 0; i < count; i++) each[i] = scenario[i] = load(policy[i]);
  if (clx_goodput_run(each, policy, count, options, &result, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  for (int32_t i = 0; i < count; i++) clx_scenario_free(scenario[i]);
  return result;
}

static clx_result *compare(const char *const *policy, int32_t count) {
  clx_goodput_options options;
  clx_goodput_options_default(&options);
  return compare_with(policy, count, &options);
}

static const clx_quantity *quantity(const clx_result *result, const char *name) {
  const clx_quantity *q = clx_result_find(result, name);
  if (q == NULL) fail_msg("no quantity %s", name);
  return q;
}

static double value(const clx_result *result, const char *name) { return quantity(result, name)->value; }

static void check_refused(const char *policy, const char *part) {
  clx_error error = {0};
  clx_scenario *scenario = NULL;
  const clx_status status =
      clx_goodput_load(catalog, "gpt3-mlperf-512", SMALL, CLX_COUNT(SMALL), policy, &scenario, &error);
  assert_int_equal(status, CLX_INPUT);
  assert_null(scenario);
  if (strstr(error.mistake[0].text, part) == NULL)
    fail_msg("policy '%s': '%s' says nothing of '%s'", policy, error.mistake[0].text, part);
}

// --- texts --------------------------------------------------------------------------------------------------------------------

static void test_policy_texts(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool preset;
    int32_t count, stated;
    const char *path, *value;  // of the last setting
  } cases[] = {
      {"restart", true, 3, 3, "reliability.checkpoint.mode", "sync"},
      {"own", true, 0, 0, NULL, NULL},
      {"standby,spares.hot=8", true, 4, 3, "reliability.spares.hot", "8"},
      {"checkpoint.rule=fixed, checkpoint.interval=30 min", false, 2, 0, "reliability.checkpoint.interval", "30 min"},
      {"checkpoint={mode: sync, write: 1 GB/s}", false, 1, 0, "reliability.checkpoint", "{mode: sync, write: 1 GB/s}"},
      {"jobs-4", true, 1, 1, "reliability.jobs", "4"},
      {"Masked , policy.least=0.9", true, 4, 3, "reliability.policy.least", "0.9"},
  };
  for (int32_t i = 0; i < CLX_COUNT(cases); i++) {
    clx_error error = {0};
    clx_goodput_policy policy;
    clx_arena *arena = clx_arena_new();
    if (clx_goodput_policy_read(cases[i].text, arena, &policy, &error) != CLX_OK)
      fail_msg("%s: %s", cases[i].text, error.mistake[0].text);
    assert_int_equal(policy.preset, cases[i].preset);
    assert_int_equal(policy.count, cases[i].count);
    assert_int_equal(policy.stated, cases[i].stated);
    if (cases[i].path != NULL) {
      assert_string_equal(policy.setting[policy.count - 1].path, cases[i].path);
      assert_string_equal(policy.setting[policy.count - 1].value, cases[i].value);
    }
    clx_arena_free(arena);
  }
}

static void test_policy_mistakes(void **state) {
  (void)state;
  check_refused("standbye", "did you mean 'standby'");
  check_refused("nonsense", "there are own, restart, standby");
  check_refused("spare.hot=8", "did you mean 'spares.hot'");
  check_refused("masked,quite.another=8", "is no key of reliability");
  check_refused("masked,elastic", "expected NAME");
  check_refused("masked,", "expected NAME");
  check_refused("", "is empty");
  check_refused("jobs-0", "1 to 10000");
  check_refused("jobs-2x", "jobs-4");
  check_refused("jobs-N", "no policy");
  check_refused("checkpoint.interval=soon", "interval");
  check_refused("spares.hot=-3", "hot");
  check_refused("masked,horizon=3 days", "--set reliability.horizon");
  check_refused("failures=opt-2022", "on the same failures");
}

// What a scenario states for its own checkpoints does not hold for others.
static void test_forgets(void **state) {
  (void)state;
  static const clx_setting stated[] = {
      {"reliability.checkpoint", "{mode: sync, write: 100 GB/s, stall: 60 s, load: 90 s}"},
      {"reliability.recovery", "{mode: requeue, restart: 500 s}"},
      {"reliability.spares.hot", "3"}};
  static const struct {
    const char *policy;
    double stall, restart, hot;
  } cases[] = {{NULL, 60, 500, 3},
               {"own", 60, 500, 3},
               {"restart", 60, 500, 3},
               {"standby", -1, -1, -1},
               {"standby,checkpoint.stall=2 s", 2, -1, -1},
               {"standby,spares.hot=7", -1, -1, 7},
               {"checkpoint.mode=async", 60, 500, 3}};
  for (int32_t i = 0; i < CLX_COUNT(cases); i++) {
    clx_error error = {0};
    clx_scenario *s = NULL;
    if (clx_goodput_load(catalog, "gpt3-mlperf-512", stated, CLX_COUNT(stated), cases[i].policy, &s, &error) != CLX_OK)
      fail_msg("%s", error.mistake[0].text);
    CLX_CHECK_NEAR(s->spec.reliability.checkpoint.stall, cases[i].stall, 0, 0);
    CLX_CHECK_NEAR(s->spec.reliability.recovery.restart, cases[i].restart, 0, 0);
    CLX_CHECK_NEAR((double)s->spec.reliability.spares.hot, cases[i].hot, 0, 0);
    clx_scenario_free(s);
  }
}

// --- comparison ---------------------------------------------------------------------------------------------------------------

static void test_every_preset(void **state) {
  (void)state;
  char name[96];
  static const char *const policy[] = {"own",    "restart",   "standby", "elastic",
                                       "masked", "redundant", "memory",  "jobs-2"};
  for (int32_t i = 0; i < CLX_COUNT(policy); i++)  // all ready ones, jobs-N by number
    assert_int_equal(strncmp(policy[i], clx_goodput_policy_name(i, NULL), 5), 0);
  assert_null(clx_goodput_policy_name(CLX_COUNT(policy), NULL));
  clx_result *result = compare(policy, CLX_COUNT(policy));
  for (int32_t i = 1; i <= CLX_COUNT(policy); i++) {
    snprintf(name, sizeof name, "goodput.policy_%d.goodput", i);
    const clx_quantity *goodput = quantity(result, name);
    assert_true(goodput->value > 0.5 && goodput->value < 1);
    assert_true(goodput->low <= goodput->value && goodput->value <= goodput->high);
    snprintf(name, sizeof name, "goodput.policy_%d.ledger.residual", i);
    assert_true(value(result, name) < 1e-9);
    snprintf(name, sizeof name, "goodput.policy_%d.name", i);
    assert_string_equal(clx_result_fact(result, name), policy[i - 1]);
  }
  // `own` is `standby` here: the same runs, bit for bit.
  CLX_CHECK_NEAR(value(result, "goodput.policy_3.goodput"), value(result, "goodput.policy_1.goodput"), 0, 0);
  CLX_CHECK_NEAR(value(result, "goodput.policy_3.gain"), 0, 0, 0);
  CLX_CHECK_NEAR(quantity(result, "goodput.policy_3.gain")->high, 0, 0, 0);
  // A requeue takes minutes more at each of some twenty stops.
  assert_true(quantity(result, "goodput.policy_2.gain")->high < 0);
  clx_result_free(result);
}

// The mean of paired differences is the difference of the means, with a narrower interval than the spread of the runs.
static void test_paired(void **state) {
  (void)state;
  static const char *const policy[] = {"restart", "standby"};
  clx_result *result = compare(policy, 2);
  const clx_quantity *a = quantity(result, "goodput.policy_1.goodput"),
                     *b = quantity(result, "goodput.policy_2.goodput");
  const clx_quantity *gain = quantity(result, "goodput.policy_2.gain");
  CLX_CHECK_NEAR(gain->value, b->value - a->value, 1e-9, 1e-12);
  assert_true(gain->low < gain->value && gain->value < gain->high);
  assert_true(gain->high - gain->low < 0.5 * (a->high - a->low));
  const clx_quantity *sooner = quantity(result, "goodput.policy_2.sooner");
  CLX_CHECK_NEAR(sooner->value,
                 value(result, "goodput.policy_1.time_to_train") - value(result, "goodput.policy_2.time_to_train"),
                 1e-9, 1e-6);
  assert_string_equal(clx_result_fact(result, "goodput.best"), "standby");
  assert_null(clx_result_find(result, "goodput.policy_1.gain"));
  clx_result_free(result);
}

// Student's t: 90 % of 3 differences 1, 2, 3 have t(2) = 2.919986 and a standard error of 1/sqrt(3).
static void test_interval_of_mean(void **state) {
  (void)state;
  static const double difference[] = {1, 2, 3}, same[] = {2, 2}, one[] = {5};
  const clx_band band = clx_goodput_mean(difference, 3, 0.9);
  CLX_CHECK_NEAR(band.mean, 2, 1e-15, 0);
  CLX_CHECK_NEAR(band.high - 2, 2.919985580 / sqrt(3), 1e-8, 0);
  CLX_CHECK_NEAR(2 - band.low, 2.919985580 / sqrt(3), 1e-8, 0);
  CLX_CHECK_NEAR(clx_goodput_mean(same, 2, 0.9).high, 2, 1e-12, 0);
  CLX_CHECK_NEAR(clx_goodput_mean(one, 1, 0.9).low, 5, 0, 0);
}

static void check_same_json(const clx_result *a, const clx_result *b) {
  clx_error error = {0};
  char *x = NULL, *y = NULL;
  assert_int_equal(clx_result_json(a, &x, &error), CLX_OK);
  assert_int_equal(clx_result_json(b, &y, &error), CLX_OK);
  assert_string_equal(x, y);
  clx_text_free(x);
  clx_text_free(y);
}

static void test_threads(void **state) {
  (void)state;
  static const char *const policy[] = {"restart", "masked", "jobs-2"};
  clx_goodput_options options;
  clx_goodput_options_default(&options);
  clx_result *one = compare_with(policy, 3, &options);
  options.threads = 3;
  clx_result *three = compare_with(policy, 3, &options);
  options.seed = 2;
  clx_result *other = compare_with(policy, 3, &options);
  check_same_json(one, three);
  assert_true(value(one, "goodput.policy_1.goodput") != value(other, "goodput.policy_1.goodput"));
  clx_result_free(one);
  clx_result_free(three);
  clx_result_free(other);
}

static bool stop(void *context, double done) {
  assert_true(done >= 0 && done <= 1);
  return ++*(int32_t *)context < 3;
}

static void test_stopped(void **state) {
  (void)state;
  int32_t calls = 0;
  clx_error error = {0};
  clx_result *result = NULL;
  clx_scenario *scenario = load("restart");
  const clx_scenario *one[] = {scenario};
  const char *name[] = {"restart"};
  clx_goodput_options options;
  clx_goodput_options_default(&options);
  options.progress = stop;
  options.context = &calls;
  assert_int_equal(clx_goodput_run(one, name, 1, &options, &result, &error), CLX_EXPECTATION);
  assert_null(result);
  clx_scenario_free(scenario);
}

static void test_bad_requests(void **state) {
  (void)state;
  clx_scenario *scenario = load("restart");
  const clx_scenario *each[CLX_GOODPUT_POLICIES_MAX + 1];
  const char *name[CLX_GOODPUT_POLICIES_MAX + 1];
  for (int32_t i = 0; i < CLX_COUNT(each); i++) each[i] = scenario, name[i] = "restart";
  static const struct {
    int32_t count, replications;
    const char *part;
  } cases[] = {{0, 0, "expected 1 to 8"},
               {CLX_GOODPUT_POLICIES_MAX + 1, 0, "expected 1 to 8"},
               {2, 0, "given twice"},
               {1, 1, "2 or more"},
               {1, -4, "2 or more"}};
  for (int32_t i = 0; i < CLX_COUNT(cases); i++) {
    clx_error error = {0};
    clx_result *result = NULL;
    clx_goodput_options options;
    clx_goodput_options_default(&options);
    options.replications = cases[i].replications;
    assert_int_equal(clx_goodput_run(each, name, cases[i].count, &options, &result, &error), CLX_INPUT);
    if (strstr(error.mistake[0].text, cases[i].part) == NULL) fail_msg("%s", error.mistake[0].text);
  }
  clx_scenario_free(scenario);
}

// The aggregate path serves where it serves all; with a policy that needs components all have them. Both find the same: the tolerance is
// four standard errors of the difference, from the bands of 90 % (3.29 standard deviations) of 200 runs each.
static void test_paths(void **state) {
  (void)state;
  static const clx_setting simple[] = {{"reliability.failures", "opt-2022"},
                                       {"reliability.scale", "20"},
                                       {"reliability.checkpoint", "{mode: async, write: 100 GB/s}"},
                                       {"reliability.recovery.mode", "standby"},
                                       {"reliability.spares.extra", "16"},
                                       {"reliability.repair", "{median: 0 s, mean: 0 s}"},
                                       {"reliability.horizon", "5 days"},
                                       {"reliability.replications", "200"},
                                       {"reliability.classes", "[]"},
                                       {"training.tokens", "100G"}};
  static const char *const name[] = {"restart", "standby", "masked"};
  asked = simple;
  asked_count = CLX_COUNT(simple);
  clx_result *two = compare(name, 2), *three = compare(name, 3);
  asked = SMALL;
  asked_count = CLX_COUNT(SMALL);
  assert_string_equal(clx_result_fact(two, "goodput.policy_1.path"), "aggregate");
  assert_string_equal(clx_result_fact(two, "goodput.policy_2.path"), "aggregate");
  assert_string_equal(clx_result_fact(three, "goodput.policy_1.path"), "component");
  for (int32_t i = 1; i <= 2; i++) {
    char text[64];
    snprintf(text, sizeof text, "goodput.policy_%d.goodput", i);
    const clx_quantity *a = quantity(two, text), *b = quantity(three, text);
    CLX_CHECK_NEAR(a->value, b->value, 0, 4 * (b->high - b->low) / 3.29 * sqrt(2.0 / 200));
  }
  assert_true(quantity(two, "goodput.policy_2.gain")->low > 0);
  clx_result_free(two);
  clx_result_free(three);
}

// One policy that cannot make progress among others is told; alone it is an error.
static void test_no_progress(void **state) {
  (void)state;
  static const char *const policy[] = {"recovery.restart=10 days", "standby", "restart"};
  clx_result *result = compare(policy, 3);
  assert_non_null(clx_result_fact(result, "goodput.policy_1.infeasible"));
  assert_null(clx_result_find(result, "goodput.policy_1.goodput"));
  assert_string_equal(clx_result_fact(result, "goodput.baseline"), "standby");
  assert_null(clx_result_find(result, "goodput.policy_2.gain"));
  assert_true(value(result, "goodput.policy_3.gain") < 0);
  clx_result_free(result);
  clx_error error = {0};
  clx_scenario *scenario = load(policy[0]);
  const clx_scenario *one[] = {scenario};
  clx_goodput_options options;
  clx_goodput_options_default(&options);
  assert_int_equal(clx_goodput_run(one, policy, 1, &options, &result, &error), CLX_INFEASIBLE);
  clx_scenario_free(scenario);
}

// A named policy that the machine lacks inputs for is left out with its reason; alone it is wrong. The scenario's own reason to assume a
// time does not clash with what the model says of it.
static void test_lacking(void **state) {
  (void)state;
  static const clx_setting bare[] = {{"reliability.replications", "2"}};
  static const char *const policy[] = {"own", "restart"};
  asked = bare;
  asked_count = CLX_COUNT(bare);
  clx_result *result = compare(policy, 2);
  assert_non_null(strstr(clx_result_fact(result, "goodput.policy_2.infeasible"), "checkpoint.write"));
  assert_string_equal(clx_result_fact(result, "goodput.baseline"), "own");
  clx_result_free(result);
  clx_error error = {0};
  clx_goodput_options options;
  clx_goodput_options_default(&options);
  clx_scenario *scenario = load("restart");
  const clx_scenario *one[] = {scenario};
  assert_int_equal(clx_goodput_run(one, policy + 1, 1, &options, &result, &error), CLX_INPUT);
  clx_scenario_free(scenario);
  asked = SMALL;
  asked_count = CLX_COUNT(SMALL);
}

static void test_assumed_once(void **state) {
  (void)state;
  static const char *const where[] = {"colossus-1", "colossus-2", "colossus-200k", "gpt3-mlperf-512",
                                      "llama3-405b-16k"};
  static const char *const policy[] = {"own",    "restart",   "standby", "elastic",
                                       "masked", "redundant", "memory",  "jobs-2"};
  static const clx_setting quick[] = {{"reliability.replications", "2"}, {"reliability.horizon", "1 day"}};
  for (int32_t k = 0; k < CLX_COUNT(where) * CLX_COUNT(policy); k++) {
    const char *name = policy[k % CLX_COUNT(policy)];
    clx_error error = {0};
    clx_scenario *s = NULL;
    clx_result *result = NULL;
    clx_goodput_options options;
    clx_goodput_options_default(&options);
    if (clx_goodput_load(catalog, where[k / CLX_COUNT(policy)], quick, CLX_COUNT(quick), name, &s, &error) != CLX_OK)
      fail_msg("%s: %s", name, error.mistake[0].text);
    const clx_scenario *one[] = {s};
    const clx_status status = clx_goodput_run(one, &name, 1, &options, &result, &error);
    if (status != CLX_OK && status != CLX_INPUT && status != CLX_INFEASIBLE)
      fail_msg("%s: %s", name, error.mistake[0].text);
    clx_result_free(result);
    clx_scenario_free(s);
  }
}

// --- curves -------------------------------------------------------------------------------------------------------------------

static void test_curves(void **state) {
  (void)state;
  static const char *const policy[] = {"restart"};
  clx_result *result = compare(policy, 1);
  const double *x, *y, *sizes;
  int32_t count = 0;
  y = clx_result_series(result, "reliability.curve.interval", &x, &count);
  assert_non_null(y);
  const double best = value(result, "reliability.curve.best_goodput"),
               where = value(result, "reliability.curve.best_interval");
  for (int32_t i = 0; i < count; i++) assert_true(y[i] > 0 && y[i] <= best * (1 + 1e-9));
  assert_true(x[0] < where && where < x[count - 1]);
  CLX_CHECK_NEAR(where, value(result, "goodput.policy_1.checkpoint_interval"), 1e-3, 0);
  // The renewal form of the whole machine is what the simulation finds, but for the first start and the spares.
  CLX_CHECK_NEAR(best, value(result, "goodput.policy_1.goodput"), 0.05, 0);
  const double *mid = clx_result_series(result, "reliability.curve.size_mid", &sizes, &count),
               *low = clx_result_series(result, "reliability.curve.size_low", &sizes, &count),
               *high = clx_result_series(result, "reliability.curve.size_high", &sizes, &count);
  assert_true(value(result, "reliability.curve.own_rate") > 6.5e-3 / 86400);
  assert_true(sizes[0] >= 1000 && sizes[count - 1] > 1e6 && sizes[count - 1] < 1.1e6);
  for (int32_t i = 0; i < count; i++) {
    assert_true(mid[i] <= high[i] && high[i] <= low[i]);  // this fleet fails more often than RSC-1, RSC-2 least
    if (i > 0) assert_true(sizes[i] > sizes[i - 1] && mid[i] <= mid[i - 1]);
  }
  assert_true(mid[0] > 0.5);
  CLX_CHECK_NEAR(mid[count - 1], 0, 0, 1e-6);  // twenty times the failures on two thousand times the GPUs
  clx_result_free(result);
}

// --- search -------------------------------------------------------------------------------------------------------------------

static clx_result *search(const clx_setting *fixed, int32_t count, int32_t threads) {
  clx_error error = {0};
  clx_result *result = NULL;
  clx_scenario *scenario = load("restart");
  clx_search_options options;
  clx_search_options_default(&options);
  options.objective = "goodput";
  options.threads = threads;
  options.fixed = fixed;
  options.fixed_count = count;
  if (clx_search_run(scenario, &options, &result, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  clx_scenario_free(scenario);
  return result;
}

static void test_search(void **state) {
  (void)state;
  clx_result *result = search(NULL, 0, 1), *again = search(NULL, 0, 2);
  check_same_json(result, again);
  clx_result_free(again);
  const double *rank, *found;
  int32_t count = 0;
  found = clx_result_series(result, "search.top.value", &rank, &count);
  assert_true(count >= 5);
  const double *runs = clx_result_series(result, "search.top.replications", &rank, &count);
  for (int32_t i = 1; i < count; i++) assert_true(found[i] <= found[i - 1] || runs[i] < runs[i - 1]);
  assert_true(value(result, "search.best.value") >= value(result, "search.given.value"));
  assert_true(value(result, "search.best.gain") > 0.01);  // a requeue with checkpoints at a standstill is not the best
  assert_string_equal(clx_result_fact(result, "search.objective"), "goodput");
  assert_true(strstr(clx_result_fact(result, "search.best.settings"), "--set reliability.policy.kind=") != NULL);
  // The form that chooses what is simulated is near what the simulation finds, of the best at least.
  const double *form = clx_result_series(result, "search.top.form", &rank, &count);
  CLX_CHECK_NEAR(form[0], found[0], 0.03, 0);
  char *text = NULL;
  clx_error error = {0};
  assert_int_equal(clx_search_text(result, false, &text, &error), CLX_OK);
  assert_non_null(strstr(text, "to get it"));
  clx_text_free(text);
  assert_int_equal(clx_search_csv(result, &text, &error), CLX_OK);
  assert_int_equal(strncmp(text, "rank,value,goodput", 18), 0);
  clx_text_free(text);
  assert_int_equal(clx_search_svg(result, &text, &error), CLX_INPUT);
  clx_result_free(result);
}

// What the search names as the best does just that when it is run.
static void test_search_comes_true(void **state) {
  (void)state;
  static const clx_setting fixed[] = {{"policy.kind", "masked"}, {"checkpoint.mode", "async"}};
  clx_result *result = search(fixed, 2, 1);
  assert_string_equal(clx_result_fact(result, "search.top_1.policy"), "masked");
  assert_string_equal(clx_result_fact(result, "search.top_1.checkpoint"), "async");
  char policy[256];
  snprintf(policy, sizeof policy, "masked,spares.hot=%.0f,checkpoint.rule=fixed,checkpoint.interval=%.15g s",
           value(result, "search.best.hot"), value(result, "search.best.interval"));
  const char *const names[] = {policy};
  clx_result *run = compare(names, 1);
  CLX_CHECK_NEAR(value(run, "goodput.policy_1.goodput"), value(result, "search.best.goodput"), 1e-9, 0);
  clx_result_free(run);
  clx_result_free(result);
}

static void test_search_mistakes(void **state) {
  (void)state;
  static const struct {
    clx_setting fixed;
    const char *part;
  } cases[] = {{{"policy.kind", "maskd"}, "did you mean 'masked'"},
               {{"checkpoint.mode", "none"}, "sync, async or memory"},
               {{"tp", "8"}, "policy.kind and checkpoint.mode"}};
  clx_scenario *scenario = load("restart");
  for (int32_t i = 0; i < CLX_COUNT(cases); i++) {
    clx_error error = {0};
    clx_result *result = NULL;
    clx_search_options options;
    clx_search_options_default(&options);
    options.objective = "goodput";
    options.fixed = &cases[i].fixed;
    options.fixed_count = 1;
    assert_int_equal(clx_search_run(scenario, &options, &result, &error), CLX_INPUT);
    if (strstr(error.mistake[0].text, cases[i].part) == NULL) fail_msg("%s", error.mistake[0].text);
  }
  clx_scenario_free(scenario);
}

static void test_texts(void **state) {
  (void)state;
  static const char *const policy[] = {"restart", "masked"};
  static const char *const drawing[] = {"goodput", "progress", "size", "interval", "ledger"};
  static const char *const table[] = {"ledger", "progress", "curves"};
  clx_result *result = compare(policy, 2);
  clx_error error = {0};
  char *text = NULL;
  for (int32_t i = 0; i < CLX_COUNT(drawing); i++) {
    assert_int_equal(clx_goodput_svg(result, drawing[i], &text, &error), CLX_OK);
    assert_int_equal(strncmp(text, "<svg", 4), 0);
    clx_text_free(text);
  }
  for (int32_t i = 0; i < CLX_COUNT(table); i++) {
    assert_int_equal(clx_goodput_csv(result, table[i], &text, &error), CLX_OK);
    assert_non_null(strstr(text, i < 2 ? "masked" : "interval"));
    clx_text_free(text);
  }
  assert_int_equal(clx_goodput_svg(result, "pie", &text, &error), CLX_INPUT);
  assert_null(text);
  assert_non_null(strstr(error.mistake[0].text, "goodput, progress, size, interval, ledger"));
  clx_result_free(result);
}

static int setup(void **state) {
  (void)state;
  clx_error error = {0};
  return clx_catalog_open(NULL, &catalog, &error) == CLX_OK ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  clx_catalog_close(catalog);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_policy_texts),    cmocka_unit_test(test_policy_mistakes),
      cmocka_unit_test(test_forgets),         cmocka_unit_test(test_every_preset),
      cmocka_unit_test(test_paired),          cmocka_unit_test(test_interval_of_mean),
      cmocka_unit_test(test_threads),         cmocka_unit_test(test_stopped),
      cmocka_unit_test(test_bad_requests),    cmocka_unit_test(test_no_progress),
      cmocka_unit_test(test_paths),           cmocka_unit_test(test_curves),
      cmocka_unit_test(test_search),          cmocka_unit_test(test_search_comes_true),
      cmocka_unit_test(test_search_mistakes), cmocka_unit_test(test_texts),
      cmocka_unit_test(test_lacking),         cmocka_unit_test(test_assumed_once),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
