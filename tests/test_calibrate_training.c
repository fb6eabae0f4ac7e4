// Calibration of the training model: known constants are found again, bounds hold, left-out runs have no influence.
#include "training_rig.h"

#include <string.h>

#include "calibrate/calibrate_training.h"
#include "training/training_exact.h"

enum { JOBS_MAX = 64 };

// Runs of two sources, of profiles with and without constants of their own.
typedef struct world {
  bench bench[JOBS_MAX];
  clx_training_sample sample[JOBS_MAX];
  clx_software reference;
  int32_t count;
} world;

static void add(world *w, const char *source, const char *software, clx_layout layout) {
  assert_true(w->count < JOBS_MAX);
  bench *b = &w->bench[w->count];
  bench_make(b, "llama-3.1-8b", software, layout);
  w->sample[w->count++] = (clx_training_sample){.job = b->job, .source = source};
}

static world *world_make(const char *first, const char *second) {
  world *w = CLX_NEW(arena, world);
  clx_error error = {0};
  assert_int_equal(clx_catalog_read(catalog, "software", "default", (clx_place){0}, &clx_software_schema, arena,
                                    &w->reference, &error),
                   CLX_OK);
  for (int32_t tp = 2; tp <= 8; tp *= 2) {
    for (int32_t pp = 1; pp <= 4; pp *= 2) {
      for (int32_t dp = 8; dp <= 32; dp *= 4) {
        const clx_layout layout = {.tp = tp, .pp = pp, .dp = dp, .sharding = CLX_SHARDING_ZERO1};
        add(w, "one", first, layout);
        if (pp < 4) add(w, "two", second, layout);
      }
    }
  }
  return w;
}

static double step_of(const clx_training *job) {
  clx_step step;
  clx_error error = {0};
  clx_arena *scratch = clx_arena_new();
  const clx_training_costs costs = clx_training_costs_make(job);
  assert_int_equal(clx_training_expected(job, &costs, scratch, &step, &error), CLX_OK);
  clx_arena_free(scratch);
  return step.step_time;
}

// What would be measured if profiles had these constants (overhead 0: as the catalogue has it, which stays in the jobs).
static void measure(world *w, double overlap, double overhead, double second_overlap) {
  for (int32_t i = 0; i < w->count; i++) {
    clx_training job = w->sample[i].job;
    clx_software truth = *job.software;
    truth.tp_overlap = strcmp(w->sample[i].source, "two") == 0 ? second_overlap : overlap;
    if (overhead > 0) truth.step_overhead = overhead;
    job.software = &truth;
    w->sample[i].time = step_of(&job);
  }
}

static const clx_calibrated_constant *constant_of(const clx_training_calibration *c, const char *key, bool shared) {
  for (int32_t k = 0; k < c->constant_count; k++) {
    if (strcmp(c->constant[k].constant->key, key) == 0 && c->constant[k].shared == shared) return &c->constant[k];
  }
  return NULL;
}

static clx_training_calibration calibrate(const world *w, const char *keys, int32_t threads) {
  clx_training_calibration c = {0};
  clx_error error = {0};
  const clx_status status =
      clx_calibrate_training(arena, w->sample, w->count, &w->reference, keys, threads, &c, &error);
  if (status != CLX_OK) print_error("%s\n", error.mistake[0].text);
  assert_int_equal(status, CLX_OK);
  return c;
}

static void test_constants_are_found_again(void **state) {
  (void)state;
  world *w = world_make("nemo", "nemo-2024");
  measure(w, 0.2, 40e-3, 0.2);
  const clx_training_calibration one = calibrate(w, "tp_overlap,step_overhead", 1);
  assert_int_equal(one.constant_count, 2);
  assert_int_equal(one.shared_count, 2);
  const clx_calibrated_constant *overlap = constant_of(&one, "tp_overlap", true),
                                *overhead = constant_of(&one, "step_overhead", true);
  assert_non_null(overlap);
  assert_non_null(overhead);
  CLX_CHECK_NEAR(overlap->catalogue, 0.5, 0, 1e-12);
  CLX_CHECK_NEAR(overlap->fitted, 0.2, 0, 0.01);
  CLX_CHECK_NEAR(overhead->fitted, 40e-3, 0, 1e-3);
  assert_int_equal(overlap->entry_count, 2);
  assert_int_equal(overlap->rows, w->count);
  assert_true(one.all.error[CLX_TRAINED_CATALOGUE].mean > 0.02);
  for (int32_t how = CLX_TRAINED_FITTED; how < CLX_TRAINED; how++) assert_true(one.all.error[how].mean < 2e-3);
  assert_true(overhead->worse[0] > 1e-4 && overhead->worse[1] > 1e-4);
  assert_true(overhead->low <= overhead->fitted && overhead->high >= overhead->fitted);
  const clx_training_calibration three = calibrate(w, "tp_overlap,step_overhead", 3);
  for (int32_t k = 0; k < one.constant_count; k++) {
    assert_memory_equal(&one.constant[k].fitted, &three.constant[k].fitted, sizeof(double));
    assert_memory_equal(&one.constant[k].high, &three.constant[k].high, sizeof(double));
  }
}

// Runs that no constant can explain push to the end of the range and not beyond.
static void test_bounds_hold(void **state) {
  (void)state;
  for (int32_t slow = 0; slow < 2; slow++) {
    world *w = world_make("nemo", "megatron-core");
    measure(w, 0.5, 5e-3, 0);
    for (int32_t i = 0; i < w->count; i++) w->sample[i].time *= slow ? 3 : 0.4;
    const clx_training_calibration c = calibrate(w, "tp_overlap,last_bucket,step_overhead,power_reserve,fusion", 1);
    assert_true(c.constant_count >= 5);
    for (int32_t k = 0; k < c.constant_count; k++) {
      const clx_calibrated_constant *one = &c.constant[k];
      assert_true(one->low >= one->constant->minimum && one->high <= one->constant->maximum);
      assert_true(one->fitted >= one->constant->minimum && one->fitted <= one->constant->maximum);
    }
    const clx_calibrated_constant *reserve = constant_of(&c, "power_reserve", true);
    assert_non_null(reserve);
    CLX_CHECK_NEAR(reserve->fitted, slow ? reserve->constant->maximum : reserve->constant->minimum, 0, 0.02);
  }
}

// Prediction over measurement of a source that was left out.
static double ratio_of(const clx_training_calibration *c, const char *source, clx_trained how) {
  for (int32_t s = 0; s < c->source_count; s++) {
    if (strcmp(c->source[s].name, source) == 0) return 1 + c->source[s].error[how].bias;
  }
  fail_msg("no source %s", source);
  return 0;
}

static double left_out(const clx_training_calibration *c, const char *source) {
  return ratio_of(c, source, CLX_TRAINED_LEFT_OUT);
}

static void test_left_out_runs_have_no_influence(void **state) {
  (void)state;
  world *w = world_make("nemo", "nemo");
  measure(w, 0.3, 20e-3, 0.3);
  const clx_training_calibration before = calibrate(w, "tp_overlap,step_overhead,last_bucket", 2);
  for (int32_t i = 0; i < w->count; i++) {
    if (strcmp(w->sample[i].source, "two") == 0) w->sample[i].time *= 1.5;
  }
  const clx_training_calibration after = calibrate(w, "tp_overlap,step_overhead,last_bucket", 2);
  CLX_CHECK_NEAR(left_out(&after, "two") * 1.5, left_out(&before, "two"), 0, 1e-12);
  assert_true(fabs(left_out(&after, "one") / left_out(&before, "one") - 1) > 0.01);
}

// The same of runs with another overlap in place of the profile's.
static double ratio_with(const world *w, const char *source, double overlap) {
  double ratio = 0;
  int32_t rows = 0;
  for (int32_t i = 0; i < w->count; i++) {
    if (strcmp(w->sample[i].source, source) != 0) continue;
    clx_training job = w->sample[i].job;
    clx_software software = *job.software;
    software.tp_overlap = overlap;
    job.software = &software;
    ratio += step_of(&job) / w->sample[i].time;
    rows++;
  }
  return ratio / rows;
}

// A profile of which the other sources have no run is predicted with what all share.
static void test_own_constants(void **state) {
  (void)state;
  world *w = world_make("nemo", "mlperf-nemo");
  w->reference.tp_overlap = 0.5;  // that of nemo counts as shared
  measure(w, 0.3, 0, 0.95);
  const clx_training_calibration c = calibrate(w, "tp_overlap,gemm_speed", 1);
  assert_int_equal(c.constant_count, 2);  // a speed of 1 is that of the library measured: not free
  assert_int_equal(c.shared_count, 1);
  CLX_CHECK_NEAR(constant_of(&c, "tp_overlap", true)->fitted, 0.3, 0, 0.02);
  CLX_CHECK_NEAR(constant_of(&c, "tp_overlap", false)->fitted, 0.95, 0, 0.03);
  static const struct {
    clx_trained how;
    double overlap;  // 0.7: the catalogue's
  } ways[] = {{CLX_TRAINED_FITTED, 0.95}, {CLX_TRAINED_LEFT_OUT, 0.3}, {CLX_TRAINED_KEPT, 0.7}};
  for (int32_t k = 0; k < CLX_COUNT(ways); k++) {
    CLX_CHECK_NEAR(ratio_of(&c, "two", ways[k].how), ratio_with(w, "two", ways[k].overlap), 0, 4e-3);
  }
  assert_int_equal(c.profile_count, 2);
  for (int32_t i = 0; i < 2; i++) {
    const bool own = strcmp(c.profile[i].name, "mlperf-nemo") == 0;
    assert_int_equal(c.profile[i].own, own ? 1 : 0);
    assert_int_equal(c.profile[i].allowed, c.profile[i].rows / 15);
  }
}

static void test_bad_input(void **state) {
  (void)state;
  world *w = world_make("nemo", "nemo");
  measure(w, 0.5, 5e-3, 0.5);
  static const struct {
    const char *keys;
    int32_t count;
    const char *message;
  } cases[] = {{"tp_overlp", JOBS_MAX, "'tp_overlp' is no free constant; did you mean 'tp_overlap'?"},
               {"tp_overlap,", JOBS_MAX, "'' is no free constant of the training model"},
               {"tp_overlap", 2, "2 runs are too few for 1 constants (at least 3 for each): choose some with --free"},
               {NULL, 0, "the table has no run that can be predicted"},
               {"expert_host", JOBS_MAX, "no run of the table depends on a constant that is free"}};
  for (int32_t i = 0; i < CLX_COUNT(cases); i++) {
    clx_training_calibration c;
    clx_error error = {0};
    const int32_t count = cases[i].count < w->count ? cases[i].count : w->count;
    assert_int_equal(clx_calibrate_training(arena, w->sample, count, &w->reference, cases[i].keys, 1, &c, &error),
                     CLX_INPUT);
    assert_string_equal(error.mistake[0].text, cases[i].message);
  }
  w->sample[4].time = 0;
  clx_training_calibration c;
  clx_error error = {0};
  assert_int_equal(clx_calibrate_training(arena, w->sample, w->count, &w->reference, "tp_overlap", 1, &c, &error),
                   CLX_INTERNAL);
}

// Every constant is a number of its schema, its start and range inside of what that allows.
static void test_table_of_constants(void **state) {
  (void)state;
  for (int32_t i = 0; i < CLX_TRAINING_CONSTANTS; i++) {
    const clx_training_constant *c = &clx_training_constants[i];
    const clx_schema *schema = c->holder == CLX_HOLDER_SOFTWARE ? &clx_software_schema : &clx_device_schema;
    const clx_row *row = NULL;
    for (int32_t k = 0; k < schema->count; k++) {
      if (strcmp(schema->rows[k].key, c->key) == 0) row = &schema->rows[k];
    }
    if (row == NULL) {
      fail_msg("%s has no '%s'", schema->name, c->key);
      return;
    }
    assert_int_equal(row->kind, CLX_ROW_REAL);
    assert_true(row->minimum <= c->minimum && c->maximum <= row->maximum);
    assert_true(c->minimum <= c->start && c->start <= c->maximum && c->minimum < c->maximum);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_constants_are_found_again),
                                     cmocka_unit_test(test_bounds_hold),
                                     cmocka_unit_test(test_left_out_runs_have_no_influence),
                                     cmocka_unit_test(test_own_constants),
                                     cmocka_unit_test(test_bad_input),
                                     cmocka_unit_test(test_table_of_constants)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
