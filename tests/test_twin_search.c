// The search on scenarios: what it finds is what a run of it says; objectives, mixed fleets, counts of GPUs, bad input.
#include "check.h"

#include <colossus/colossus.h>

#include "result/result.h"
#include "twin/twin.h"

static clx_catalog *catalog;

static clx_scenario *load(const char *name, const clx_setting *settings, int32_t count) {
  clx_error error = {0};
  clx_scenario *scenario = NULL;
  if (clx_scenario_load(catalog, name, settings, count, &scenario, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  return scenario;
}

static clx_result *find(const clx_scenario *scenario, const clx_search_options *options) {
  clx_error error = {0};
  clx_result *result = NULL;
  if (clx_search_run(scenario, options, &result, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return result;
}

static double value(const clx_result *result, const char *name) {
  const clx_quantity *q = clx_result_find(result, name);
  if (q == NULL) fail_msg("no quantity %s", name);
  return q != NULL ? q->value : NAN;
}

// GPT-3 on 64 GPUs, with keys that make the space small.
static const clx_setting SMALL[] = {
    {"machine.fleet.0.gpus", "64"}, {"training.layout", "{}"}, {"training.global_batch", "64"}};
static const clx_setting FIXED[] = {{"tp", "8"}, {"sequence_parallel", "true"}, {"cp", "1"}, {"recompute_share", "1"}};

static clx_search_options options_of(const char *objective) {
  clx_search_options options;
  clx_search_options_default(&options);
  options.objective = objective;
  options.fixed = FIXED;
  options.fixed_count = CLX_COUNT(FIXED);
  options.top = 5;
  return options;
}

// The best layout of a search as settings of a scenario.
static clx_result *run_best(const char *name, const clx_result *found) {
  static const char *const numbers[] = {"tp", "pp", "vpp", "cp", "ep", "etp", "dp", "micro_batch", "shard_group"};
  clx_setting settings[16] = {{"machine.fleet.0.gpus", "64"}, {"training.global_batch", "64"}};
  char path[16][64], text[16][32];
  int32_t count = 2;
  for (int32_t i = 0; i < CLX_COUNT(numbers); i++) {
    char quantity[64];
    snprintf(quantity, sizeof quantity, "search.best.%s", numbers[i]);
    snprintf(path[i], sizeof path[i], "training.layout.%s", numbers[i]);
    snprintf(text[i], sizeof text[i], "%.0f", value(found, quantity));
    settings[count++] = (clx_setting){path[i], text[i]};
  }
  settings[count++] = (clx_setting){"training.layout.sharding", clx_result_fact(found, "search.best.sharding")};
  settings[count++] = (clx_setting){"training.layout.recompute", clx_result_fact(found, "search.best.recompute")};
  settings[count++] = (clx_setting){"training.layout.sequence_parallel", "true"};
  clx_scenario *scenario = load(name, settings, count);
  clx_run_options options;
  clx_run_options_default(&options);
  clx_error error = {0};
  clx_result *result = NULL;
  if (clx_scenario_run(scenario, &options, &result, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  clx_scenario_free(scenario);
  return result;
}

// A fixed key that most members cannot have refuses these, not the search.
static void test_fixed_group(void **state) {
  (void)state;
  static const clx_setting fixed[] = {{"tp", "8"}, {"pp", "4"}, {"cp", "1"}, {"recompute_share", "1"}, {"group", "5"}};
  clx_scenario *scenario = load("gpt3-mlperf-512", SMALL, CLX_COUNT(SMALL));
  clx_search_options options = options_of("time");
  options.fixed = fixed;
  options.fixed_count = CLX_COUNT(fixed);
  clx_result *found = find(scenario, &options);
  assert_true(value(found, "search.best.vpp") > 1);
  assert_true(value(found, "search.rejected.schedule") > 0);
  clx_result_free(found);
  clx_scenario_free(scenario);
}

// A layout that cannot run is no bound: the search says why it cannot, and a run refuses it.
static void test_a_layout_that_cannot_run(void **state) {
  (void)state;
  static const clx_setting settings[] = {
      {"machine.fleet.0.gpus", "64"}, {"training.global_batch", "64"}, {"training.layout.dp", "17"}};
  clx_error error = {0};
  clx_scenario *scenario = NULL;
  assert_int_equal(clx_scenario_load(catalog, "gpt3-mlperf-512", settings, CLX_COUNT(settings), &scenario, &error),
                   CLX_INPUT);
  clx_error_clear(&error);
  assert_int_equal(clx_scenario_load_open(catalog, "gpt3-mlperf-512", settings, CLX_COUNT(settings), &scenario, &error),
                   CLX_OK);
  const clx_search_options options = options_of("time");
  clx_result *found = find(scenario, &options);
  assert_non_null(strstr(clx_result_fact(found, "search.given.wrong"), "544 GPUs, the machine has 64"));
  assert_null(clx_result_find(found, "search.given.step_time"));
  clx_result_free(found);
  clx_scenario_free(scenario);
}

// A run without a layout takes the best that the search finds here; stated keys stay; what fits nowhere names the closest.
static void test_a_run_finds_a_layout(void **state) {
  (void)state;
  static const clx_setting open[] = {
      {"machine.fleet.0.gpus", "64"}, {"training.layout", "{}"}, {"training.global_batch", "64"}};
  static const clx_setting some[] = {
      {"machine.fleet.0.gpus", "64"}, {"training.layout", "{pp: 8, micro_batch: 2}"}, {"training.global_batch", "64"}};
  static const clx_setting tiny[] = {
      {"machine.fleet.0.gpus", "8"}, {"training.layout", "{}"}, {"training.global_batch", "64"}};
  clx_run_options options;
  clx_run_options_default(&options);
  clx_search_options all;
  clx_search_options_default(&all);
  all.top = 1;
  clx_error error = {0};
  clx_result *run = NULL;
  clx_scenario *scenario = load("gpt3-mlperf-512", open, CLX_COUNT(open));
  clx_result *found = find(scenario, &all);
  assert_int_equal(clx_scenario_run(scenario, &options, &run, &error), CLX_OK);
  CLX_CHECK_NEAR(value(run, "training.step_time"), value(found, "search.best.step_time"), 0.03, 0);
  clx_result_free(run);
  clx_result_free(found);
  clx_scenario_free(scenario);
  scenario = load("gpt3-mlperf-512", some, CLX_COUNT(some));
  assert_int_equal(clx_scenario_run(scenario, &options, &run, &error), CLX_OK);
  assert_true(value(run, "training.pp") == 8 && value(run, "training.micro_batch") == 2);
  clx_result_free(run);
  clx_scenario_free(scenario);
  scenario = load("gpt3-mlperf-512", tiny, CLX_COUNT(tiny));
  assert_int_equal(clx_scenario_run(scenario, &options, &run, &error), CLX_INFEASIBLE);
  assert_non_null(strstr(error.mistake[0].text, "the closest needs"));
  clx_scenario_free(scenario);
}

// Warnings are those of a run, and a list that is longer than what is usually confirmed proves its first, too.
static void test_warnings_and_long_lists(void **state) {
  (void)state;
  clx_scenario *scenario = load("gpt3-mlperf-512", SMALL, CLX_COUNT(SMALL));
  clx_search_options options = options_of("time");
  clx_result *few = find(scenario, &options);
  options.top = 60;
  clx_result *many = find(scenario, &options);
  assert_true(value(few, "search.proven") == 1 && value(many, "search.proven") == 1);
  assert_true(value(few, "search.best.value") == value(many, "search.best.value"));
  assert_non_null(clx_result_fact(few, "accuracy.statement"));
  assert_null(clx_result_warning(few, 0));
  clx_result_free(few);
  clx_result_free(many);
  clx_scenario_free(scenario);
  static const clx_setting large[] = {{"training.layout", "{}"}};
  static const clx_setting fixed[] = {{"tp", "4"},           {"pp", "6"},         {"vpp", "11"}, {"cp", "2"},
                                      {"ep", "8"},           {"dp", "2048"},      {"etp", "1"},  {"micro_batch", "1"},
                                      {"sharding", "zero1"}, {"shard_group", "0"}};
  scenario = load("colossus-1", large, CLX_COUNT(large));
  clx_search_options_default(&options);
  options.fixed = fixed;
  options.fixed_count = CLX_COUNT(fixed);
  few = find(scenario, &options);
  assert_non_null(strstr(clx_result_warning(few, 0), "extrapolated"));
  clx_result_free(few);
  clx_scenario_free(scenario);
}

static void test_a_run_says_the_same(void **state) {
  (void)state;
  clx_scenario *scenario = load("gpt3-mlperf-512", SMALL, CLX_COUNT(SMALL));
  const clx_search_options options = options_of("energy");
  clx_result *found = find(scenario, &options), *run = run_best("gpt3-mlperf-512", found);
  CLX_CHECK_NEAR(value(found, "search.best.step_time"), value(run, "training.step_time"), 1e-12, 0);
  CLX_CHECK_NEAR(value(found, "search.best.memory"), value(run, "training.memory.total"), 1e-12, 0);
  CLX_CHECK_NEAR(value(found, "search.best.mfu"), value(run, "training.mfu"), 1e-12, 0);
  // A search weighs the mean of the parts of a step, a run its wave: clx_training_power_mean says within 2 %.
  const double energy = value(run, "power.pass.step.mean") * value(run, "training.step_time");
  CLX_CHECK_NEAR(value(found, "search.best.value"), energy, 0.02, 0);
  CLX_CHECK_NEAR(value(found, "search.best.energy"), value(found, "search.best.value"), 1e-12, 0);
  assert_string_equal(clx_result_fact(found, "search.best.layout"), clx_result_fact(run, "training.layout"));
  clx_result_free(run);
  clx_result_free(found);
  clx_scenario_free(scenario);
}

static void test_counts_add_up(void **state) {
  (void)state;
  clx_scenario *scenario = load("gpt3-mlperf-512", SMALL, CLX_COUNT(SMALL));
  const clx_search_options options = options_of(NULL);
  clx_result *found = find(scenario, &options);
  double sum = value(found, "search.pruned") + value(found, "search.evaluated");
  for (int32_t i = 0; i < clx_result_count(found); i++) {
    const clx_quantity *q = clx_result_at(found, i);
    if (strncmp(q->name, "search.rejected.", 16) == 0) sum += q->value;
  }
  assert_true(sum == value(found, "search.members"));
  assert_true(value(found, "search.proven") == 1);
  const double *rank = NULL;
  int32_t count = 0;
  const double *times = clx_result_series(found, "search.top.value", &rank, &count);
  assert_int_equal(count, 5);
  for (int32_t i = 1; i < count; i++) assert_true(times[i] >= times[i - 1]);
  assert_true(times[0] == value(found, "search.best.value"));
  clx_result_free(found);
  clx_scenario_free(scenario);
}

static void test_more_gpus_are_never_slower(void **state) {
  (void)state;
  static const int64_t gpus[] = {32, 48, 64};
  clx_scenario *scenario = load("gpt3-mlperf-512", SMALL, CLX_COUNT(SMALL));
  clx_search_options options = options_of("time");
  options.gpus = gpus;
  options.gpus_count = CLX_COUNT(gpus);
  clx_result *found = find(scenario, &options);
  const double *most = NULL;
  int32_t count = 0;
  const double *times = clx_result_series(found, "search.count.step_time", &most, &count);
  assert_non_null(times);
  assert_int_equal(count, 3);
  for (int32_t i = 1; i < count; i++) assert_true(times[i] <= times[i - 1] * 1.001);  // each seed draws other ranks
  assert_true(times[2] < 0.7 * times[0]);
  clx_result_free(found);
  clx_scenario_free(scenario);
}

// The cheapest layout costs no more than the fastest, which is no slower.
static void test_objectives_differ(void **state) {
  (void)state;
  clx_scenario *scenario = load("gpt3-mlperf-512", SMALL, CLX_COUNT(SMALL));
  clx_search_options options = options_of("time");
  options.price = 2;
  clx_result *fast = find(scenario, &options);
  options.objective = "cost";
  clx_result *cheap = find(scenario, &options);
  assert_true(value(cheap, "search.best.cost") <= value(fast, "search.best.cost"));
  assert_true(value(cheap, "search.best.step_time") >= value(fast, "search.best.step_time"));
  const double cost = 2.0 / 3600 * value(cheap, "search.best.gpus") * value(cheap, "search.best.step_time");
  CLX_CHECK_NEAR(value(cheap, "search.best.value"), cost, 1e-12, 0);
  // With a longest step in between, neither wins.
  options.time_limit = 0.5 * (value(fast, "search.best.step_time") + value(cheap, "search.best.step_time"));
  clx_result *within = find(scenario, &options);
  const double *rank = NULL;
  int32_t count = 0;
  const double *expected = clx_result_series(within, "search.top.expected", &rank, &count);
  for (int32_t i = 0; i < count; i++) assert_true(expected[i] <= options.time_limit);
  assert_true(value(within, "search.best.cost") >= value(cheap, "search.best.cost"));
  clx_result_free(within);
  clx_result_free(cheap);
  clx_result_free(fast);
  clx_scenario_free(scenario);
}

// 32 H100 beside 256 H200: too little work to share with slow ones and small memory, so that the fast part alone is found.
static void test_fast_part_alone(void **state) {
  (void)state;
  static const clx_setting settings[] = {{"machine.fleet.0.gpus", "32"},
                                         {"machine.fleet.1.gpus", "256"},
                                         {"buildout.first", "1 GPU"},
                                         {"training.layout", "{}"},
                                         {"training.global_batch", "256"}};
  static const clx_setting fixed[] = {{"tp", "8"}, {"ep", "8"},           {"etp", "1"},
                                      {"cp", "1"}, {"sharding", "zero1"}, {"shard_group", "0"},
                                      {"pp", "4"}, {"recompute", "none"}, {"sequence_parallel", "true"}};
  clx_scenario *scenario = load("colossus-200k", settings, CLX_COUNT(settings));
  clx_search_options options = options_of("time");
  options.fixed = fixed;
  options.fixed_count = CLX_COUNT(fixed);
  clx_result *found = find(scenario, &options);
  assert_string_equal(clx_result_fact(found, "search.fleet"), "32 x h100_sxm + 256 x h200_sxm");
  assert_string_equal(clx_result_fact(found, "search.best.fleet"), "256 x h200_sxm");
  assert_true(value(found, "search.best.memory") > 80e9);  // what no H100 holds
  assert_true(value(found, "search.best.gpus") <= 256);
  clx_result_free(found);
  clx_scenario_free(scenario);
}

static void check_refused(const clx_scenario *scenario, const clx_search_options *options, clx_status status,
                          const char *part) {
  clx_error error = {0};
  clx_result *result = NULL;
  assert_int_equal(clx_search_run(scenario, options, &result, &error), status);
  assert_null(result);
  if (strstr(error.mistake[0].text, part) == NULL) fail_msg("'%s' does not say '%s'", error.mistake[0].text, part);
}

static void test_bad_input(void **state) {
  (void)state;
  static const int64_t many[] = {65}, falling[] = {32, 16};
  static const clx_setting unknown[] = {{"tpp", "8"}}, listed[] = {{"stage_layers", "[1]"}};
  static const clx_setting clash[] = {{"schedule", "zb_v"}, {"vpp", "3"}};
  clx_scenario *scenario = load("gpt3-mlperf-512", SMALL, CLX_COUNT(SMALL));
  clx_search_options options = options_of("speed");
  check_refused(scenario, &options, CLX_INPUT, "objective 'speed'");
  options = options_of("cost");
  check_refused(scenario, &options, CLX_INPUT, "needs a price");
  options = options_of(NULL);
  options.gpus = many;
  options.gpus_count = 1;
  check_refused(scenario, &options, CLX_INPUT, "65 GPUs");
  options.gpus = falling;
  options.gpus_count = 2;
  check_refused(scenario, &options, CLX_INPUT, "ascending");
  options = options_of(NULL);
  options.fixed = unknown;
  options.fixed_count = 1;
  check_refused(scenario, &options, CLX_INPUT, "tpp");
  options.fixed = listed;
  check_refused(scenario, &options, CLX_INPUT, "stage_layers");
  options.fixed = clash;
  options.fixed_count = 2;
  check_refused(scenario, &options, CLX_INPUT, "schedule zb_v");
  options = options_of(NULL);
  options.memory_limit = 1e9;
  check_refused(scenario, &options, CLX_INFEASIBLE, "the closest needs");
  options = options_of(NULL);
  options.time_limit = 1e-3;
  check_refused(scenario, &options, CLX_INFEASIBLE, "none has a step");
  clx_scenario_free(scenario);
}

static void test_texts(void **state) {
  (void)state;
  clx_scenario *scenario = load("gpt3-mlperf-512", SMALL, CLX_COUNT(SMALL));
  const clx_search_options options = options_of(NULL);
  clx_result *found = find(scenario, &options);
  clx_error error = {0};
  char *report = NULL, *csv = NULL, *svg = NULL;
  assert_int_equal(clx_search_text(found, false, &report, &error), CLX_OK);
  assert_int_equal(clx_search_csv(found, &csv, &error), CLX_OK);
  assert_int_equal(clx_search_svg(found, &svg, &error), CLX_OK);
  const double *memory = NULL;
  int32_t points = 0, lines = 0, longest = 0, width = 0;
  assert_non_null(clx_result_series(found, "search.front.step_time", &memory, &points));
  for (const char *c = csv; *c != '\0'; c++) lines += *c == '\n';
  assert_int_equal(lines, 1 + 5 + points);
  for (const char *c = report; *c != '\0'; c++) {
    width = *c == '\n' ? 0 : width + 1;
    longest = width > longest ? width : longest;
  }
  assert_true(longest <= 100);
  assert_non_null(strstr(svg, "</svg>"));
  clx_text_free(svg);
  clx_text_free(csv);
  clx_text_free(report);
  clx_result_free(found);
  clx_scenario_free(scenario);
}

int main(void) {
  clx_error error = {0};
  if (clx_catalog_open(NULL, &catalog, &error) != CLX_OK) return 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_run_says_the_same),
      cmocka_unit_test(test_fixed_group),
      cmocka_unit_test(test_warnings_and_long_lists),
      cmocka_unit_test(test_a_run_finds_a_layout),
      cmocka_unit_test(test_a_layout_that_cannot_run),
      cmocka_unit_test(test_counts_add_up),
      cmocka_unit_test(test_more_gpus_are_never_slower),
      cmocka_unit_test(test_objectives_differ),
      cmocka_unit_test(test_fast_part_alone),
      cmocka_unit_test(test_bad_input),
      cmocka_unit_test(test_texts),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  clx_catalog_close(catalog);
  return failed;
}
