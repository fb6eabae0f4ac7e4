// Uncertain durations against closed forms of chains, and the same bits for any number of threads.
#include "project_rig.h"

#include "schedule/schedule_risk.h"

enum { SAMPLES = 60000 };

typedef struct risk_rig {
  project_rig r;
  clx_risk_spread spread[16];
  clx_risk_spec spec;
  clx_risk_outcome out;
} risk_rig;

static void run(risk_rig *g) {
  g->spec.project = &g->r.project;
  g->spec.spread = g->spread;
  if (g->spec.samples == 0) g->spec.samples = SAMPLES;
  if (g->spec.threads == 0) g->spec.threads = 1;
  g->spec.seed = 5;
  assert_int_equal(rig_check(&g->r), CLX_OK);
  if (clx_risk_run(&g->spec, g->r.arena, &g->out, &g->r.error) != CLX_OK) fail_msg("%s", g->r.error.mistake[0].text);
}

static void open_chain(risk_rig *g, int32_t count, int32_t duration) {
  static const char *const name[] = {"a", "b", "c", "d", "e", "f"};
  memset(g, 0, sizeof *g);
  rig_open(&g->r);
  for (int32_t i = 0; i < count; i++) {
    rig_activity(&g->r, name[i], duration);
    if (i > 0) rig_link(&g->r, i - 1, i, CLX_PROJECT_FS, 0, CLX_PROJECT_NONE);
    g->spread[i] = (clx_risk_spread){.kind = CLX_RISK_FIXED, .factor = -1};
  }
}

// Four standard errors of a mean, five of a deviation (tails of the lognormal).
static void check_moments(const risk_rig *g, double mean, double deviation) {
  CLX_CHECK_NEAR(g->out.mean, mean, 0, 4 * deviation / sqrt(SAMPLES));
  CLX_CHECK_NEAR(g->out.deviation, deviation, 5 / sqrt(2.0 * SAMPLES) * 1.5, 0);
}

static void chains_have_the_moments_of_their_sums(void **state) {
  (void)state;
  risk_rig g;
  open_chain(&g, 4, 100);  // triangular: mean (a + m + b) / 3, variance (a2 + m2 + b2 - am - ab - mb) / 18
  for (int32_t i = 0; i < 4; i++) g.spread[i] = (clx_risk_spread){CLX_RISK_TRIANGULAR, 0.8, 1, 1.6, 0, 0, -1};
  run(&g);
  check_moments(&g, 400 * 3.4 / 3, 100 * sqrt(4 * (0.64 + 1 + 2.56 - 0.8 - 1.28 - 1.6) / 18));
  CLX_CHECK_NEAR(clx_risk_by(&g.out, g.out.mean), 0.5, 0, 0.02);
  rig_close(&g.r);

  open_chain(&g, 3, 50);  // PERT: mean (a + 4 m + b) / 6, variance (mean - a) (b - mean) / 7
  for (int32_t i = 0; i < 3; i++) g.spread[i] = (clx_risk_spread){CLX_RISK_PERT, 0.7, 0.9, 2, 0, 0, -1};
  run(&g);
  const double mean = 6.3 / 6;
  check_moments(&g, 150 * mean, 50 * sqrt(3 * (mean - 0.7) * (2 - mean) / 7));
  rig_close(&g.r);

  open_chain(&g, 1, 100);  // a lognormal alone: its quantiles, too
  g.spread[0] = (clx_risk_spread){CLX_RISK_LOGNORMAL, 0, 0, 0, 1.1, 0.3, -1};
  run(&g);
  check_moments(&g, 110, 110 * sqrt(expm1(0.09)));
  CLX_CHECK_NEAR(clx_risk_percentile(&g.out, 0.9), 110 * exp(0.3 * 1.2815515655 - 0.045), 0.006, 0);
  CLX_CHECK_NEAR(clx_risk_percentile(&g.out, 0.999), 110 * exp(0.3 * 3.0902323062 - 0.045), 0.03, 0);
  rig_close(&g.r);
}

// Three fixed activities with one lognormal factor move as one: mean 1, deviation of the sum 3 times that of one.
static void common_factors_do_not_average_out(void **state) {
  (void)state;
  static const clx_risk_factor weather = {"weather", 0.25};
  risk_rig g;
  open_chain(&g, 3, 100);
  for (int32_t i = 0; i < 3; i++) g.spread[i].factor = 0;
  g.spec.factor = &weather;
  g.spec.factor_count = 1;
  run(&g);
  check_moments(&g, 300, 300 * sqrt(expm1(0.0625)));
  CLX_CHECK_NEAR(g.out.row[1].correlation, 1, 0, 1e-9);
  rig_close(&g.r);
}

static void disruptions_have_their_mean(void **state) {
  (void)state;
  static const clx_risk_event storm = {"storm", 0.25, 1, 10, 20, 30};
  risk_rig g;
  open_chain(&g, 2, 100);
  g.spec.event = &storm;
  g.spec.event_count = 1;
  run(&g);
  const double square = 400 + 100.0 / 6;  // of the delay: mean 20, variance (30 - 10)^2 / 24
  check_moments(&g, 205, sqrt(0.25 * square - 25));
  CLX_CHECK_NEAR(clx_risk_by(&g.out, 200), 0.75, 0, 0.01);
  rig_close(&g.r);
}

// Two equal paths: each is critical half the time, and the end is the larger of two normals' like sums.
static void criticality_is_shared_by_equal_paths(void **state) {
  (void)state;
  risk_rig g;
  open_chain(&g, 1, 0);
  for (int32_t i = 1; i <= 2; i++) {
    rig_activity(&g.r, i == 1 ? "left" : "right", 100);
    rig_link(&g.r, 0, i, CLX_PROJECT_FS, 0, CLX_PROJECT_NONE);
    g.spread[i] = (clx_risk_spread){CLX_RISK_TRIANGULAR, 0.5, 1, 1.5, 0, 0, -1};
  }
  run(&g);
  CLX_CHECK_NEAR(g.out.row[1].critical, 0.5, 0, 0.01);
  CLX_CHECK_NEAR(g.out.row[1].critical + g.out.row[2].critical, 1, 0, 1e-12);
  // E max of two triangular on 0.5 .. 1.5: 1 + 7/60.
  CLX_CHECK_NEAR(g.out.mean, 100 * (1 + 7.0 / 60), 0.003, 0);
  rig_close(&g.r);
}

static void threads_change_no_bit(void **state) {
  (void)state;
  risk_rig a, b;
  for (int32_t k = 0; k < 2; k++) {
    risk_rig *g = k == 0 ? &a : &b;
    open_chain(g, 5, 40);
    for (int32_t i = 0; i < 5; i++)
      g->spread[i] = (clx_risk_spread){CLX_RISK_LOGNORMAL, 0, 0, 0, 1, 0.2 + 0.05 * i, -1};
    g->spec.samples = 20001;
    g->spec.threads = k == 0 ? 1 : 3;
    run(g);
  }
  assert_memory_equal(a.out.end, b.out.end, 20001 * sizeof *a.out.end);
  assert_memory_equal(a.out.row, b.out.row, 5 * sizeof *a.out.row);
  assert_memory_equal(&a.out.mean, &b.out.mean, sizeof a.out.mean);
  rig_close(&a.r);
  rig_close(&b.r);
}

// Two activities that share a crew of one: their durations add up under the policy, and links alone know nothing of it. A calendar takes
// the general scheme to the same end where it always works.
static void the_policy_waits_for_resources(void **state) {
  (void)state;
  double mean[3];
  for (int32_t k = 0; k < 3; k++) {
    static const bool always[1] = {true};
    risk_rig g;
    open_chain(&g, 1, 0);
    const int32_t crew = rig_resource(&g.r, "crew", false, 1);
    if (k == 2) clx_project_add_calendar(&g.r.maker, "always", always, 1);
    for (int32_t i = 1; i <= 2; i++) {
      rig_activity(&g.r, i == 1 ? "left" : "right", 1000);
      clx_project_add_use(&g.r.maker, crew, 1);
      if (k == 2) clx_project_maker_activity(&g.r.maker, i)->calendar = 0;
      g.spread[i] = (clx_risk_spread){CLX_RISK_TRIANGULAR, 0.5, 1, 1.5, 0, 0, -1};
    }
    assert_int_equal(rig_check(&g.r), CLX_OK);
    clx_project_plan plan;
    assert_int_equal(clx_project_plan_new(&g.r.project, g.r.arena, &plan, &g.r.error), CLX_OK);
    plan.start[2] = 1000;
    if (k > 0) g.spec.plan = &plan;
    g.spec.samples = 4000;
    run(&g);
    mean[k] = g.out.mean;
    rig_close(&g.r);
  }
  CLX_CHECK_NEAR(mean[0], 1000 * (1 + 7.0 / 60), 0.01, 0);
  CLX_CHECK_NEAR(mean[1], 2000, 0.01, 0);
  CLX_CHECK_NEAR(mean[2], mean[1], 0, 1e-9);
}

static void wrong_spreads_are_refused(void **state) {
  (void)state;
  risk_rig g;
  open_chain(&g, 2, 10);
  assert_int_equal(rig_check(&g.r), CLX_OK);
  g.spec = (clx_risk_spec){.project = &g.r.project, .spread = g.spread, .samples = 10, .threads = 1};
  g.spread[1] = (clx_risk_spread){CLX_RISK_PERT, 1, 0.9, 2, 0, 0, -1};
  assert_int_equal(clx_risk_run(&g.spec, g.r.arena, &g.out, &g.r.error), CLX_INPUT);
  rig_says(&g.r, "'b': low 1, likely 0.9");
  rig_close(&g.r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(chains_have_the_moments_of_their_sums),
      cmocka_unit_test(common_factors_do_not_average_out),
      cmocka_unit_test(disruptions_have_their_mean),
      cmocka_unit_test(criticality_is_shared_by_equal_paths),
      cmocka_unit_test(threads_change_no_bit),
      cmocka_unit_test(the_policy_waits_for_resources),
      cmocka_unit_test(wrong_spreads_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
