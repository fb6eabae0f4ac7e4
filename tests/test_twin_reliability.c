// Spares and stages that the twin hands to the reliability of a run.
#include "check.h"
#include "reliability/reliability_forms.h"
#include "scenario/scenario.h"
#include "twin/twin_reliability_site.h"

static const double DAY = 86400;

typedef struct rig {
  clx_reliability_model model;
  clx_reliability_cohort cohort;
  clx_failure_class failure;
  clx_reliability_job job;
  double parts;
  int32_t group;
} rig;

static void rig_make(rig *r, int64_t units, double rate, int32_t crews) {
  *r = (rig){.parts = 1, .group = 1};
  r->cohort = (clx_reliability_cohort){.units = units, .gpus = 8, .heat = 1, .positions = 1, .position = {1}};
  r->failure = (clx_failure_class){.name = "any",
                                   .hazard = {.rate = rate, .shape = 1},
                                   .parts = &r->parts,
                                   .group = &r->group,
                                   .stops = 1,
                                   .repair = {.mean = DAY}};
  r->job = (clx_reliability_job){.work = INFINITY};
  r->model = (clx_reliability_model){.cohort = &r->cohort,
                                     .cohort_count = 1,
                                     .failure = &r->failure,
                                     .failure_count = 1,
                                     .job = &r->job,
                                     .job_count = 1,
                                     .repair = {.crews = crews},
                                     .horizon = 30 * DAY};
}

// With crews the mean is that of machine repair (E7), without a limit that of an open population.
static void test_away(void **state) {
  (void)state;
  rig r;
  rig_make(&r, 2048, 6.5e-3 / DAY, 14);
  CLX_CHECK_NEAR(clx_twin_reliability_away(&r.model), 23.562252, 1e-7, 0);
  rig_make(&r, 2048, 6.5e-3 / DAY, 0);
  CLX_CHECK_NEAR(clx_twin_reliability_away(&r.model), 2048 * 6.5e-3, 1e-6, 0);
  r.failure.transient = 0.25;
  r.cohort.heat = 2;
  CLX_CHECK_NEAR(clx_twin_reliability_away(&r.model), 2048 * 6.5e-3 * 1.5, 1e-6, 0);
  r.failure.keeps_units = true;
  CLX_CHECK_NEAR(clx_twin_reliability_away(&r.model), 0, 0, 0);
}

// One spare fewer would be too few, whether crews are scarce or not.
static void test_spares(void **state) {
  (void)state;
  static const int32_t crews[] = {14, 20, 2048};
  rig r;
  for (int32_t i = 0; i < CLX_COUNT(crews); i++) {
    rig_make(&r, 2048, 6.5e-3 / DAY, crews[i]);
    const double spares = clx_twin_reliability_spares(&r.model, 1);
    assert_true(clx_repair_down_tail(2048, 6.5e-3 / DAY, 1 / DAY, crews[i], spares) <= 0.01);
    assert_true(clx_repair_down_tail(2048, 6.5e-3 / DAY, 1 / DAY, crews[i], spares - 1) > 0.01);
  }
  rig_make(&r, 2048, 6.5e-3 / DAY, 0);
  assert_true(clx_twin_reliability_spares(&r.model, 2) > clx_twin_reliability_spares(&r.model, 1));
  CLX_CHECK_NEAR(clx_twin_reliability_spares(&r.model, 1), clx_poisson_quantile(2048 * 6.5e-3, 0.99), 0, 0);
}

// New parts that fail early are away, too, though their rate in the long run is nothing.
static void test_infant(void **state) {
  (void)state;
  rig r;
  rig_make(&r, 2048, 0, 0);
  r.failure.hazard.infant = 0.05;
  r.failure.hazard.decay = 10 * DAY;
  CLX_CHECK_NEAR(clx_twin_reliability_away(&r.model), 2048 * 0.05 * (1 - exp(-3)) / 30, 1e-6, 0);
  assert_true(clx_twin_reliability_spares(&r.model, 1) >= 3);
}

// A run shorter than its repairs has what it lost away, and no more: exponential repair has R (1 - e^(-T/R)) of it by T.
static void test_short_run(void **state) {
  (void)state;
  rig r;
  rig_make(&r, 2048, 6.5e-3 / DAY, 0);
  r.model.horizon = DAY / 4;
  CLX_CHECK_NEAR(clx_twin_reliability_away(&r.model), 2048 * 6.5e-3 * (1 - exp(-0.25)), 1e-6, 0);
  r.failure.repair = (clx_duration){.median = DAY, .mean = DAY};
  CLX_CHECK_NEAR(clx_twin_reliability_away(&r.model), 2048 * 6.5e-3 * 0.25, 1e-6, 0);
}

// --- stages -------------------------------------------------------------------------------------------------------------------
static void test_growth(void **state) {
  (void)state;
  static const clx_setting late[] = {{"machine.fleet.1.arrival", "1 d"}};
  clx_error error;
  clx_error_clear(&error);
  clx_catalog *catalog = NULL;
  clx_scenario *s = NULL;
  clx_arena *arena = clx_arena_new();
  assert_int_equal(clx_catalog_open(NULL, &catalog, &error), CLX_OK);
  assert_int_equal(clx_scenario_load(catalog, "colossus-200k", late, 1, &s, &error), CLX_OK);
  clx_training job;
  clx_memory memory;
  clx_step step;
  clx_reliability_site site;
  assert_int_equal(clx_twin_solve_training(s, false, &job, &memory, &step, &error), CLX_OK);
  assert_int_equal(clx_twin_reliability_site(s, &job, &step, arena, &site, &error), CLX_OK);
  assert_int_equal(site.stage_count, 2);
  CLX_CHECK_NEAR(site.stage[1].start, DAY, 0, 0);
  assert_int_equal(site.stage[1].replicas, 3072);
  assert_int_equal(site.stage[0].replicas, 2304);  // three quarters of the fleet carry three quarters of the job
  assert_int_equal(site.stage[0].gpus, 2304 * 64);
  CLX_CHECK_NEAR(site.stage[0].rate / site.stage[1].rate, 0.75, 0.02, 0);
  CLX_CHECK_NEAR(site.work * site.stage[0].rate, (double)s->spec.training.tokens, 1e-12, 0);
  clx_scenario_free(s);
  clx_catalog_close(catalog);
  clx_arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_away), cmocka_unit_test(test_spares),
                                     cmocka_unit_test(test_infant), cmocka_unit_test(test_short_run),
                                     cmocka_unit_test(test_growth)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
