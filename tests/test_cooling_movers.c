// Pumps and fans: curves, affinity laws, efficiency, motors, what they refuse.
#include "check.h"

#include "cooling/cooling_curve.h"
#include "cooling/cooling_mover.h"

static double five[] = {0, 0.25, 0.5, 0.75, 1}, cdu_head[] = {3.846, 3.676, 3.231, 2.538, 1};
static double three[] = {0, 1, 2}, line_head[] = {2, 1, 0};
static double load[] = {0.25, 0.5, 1}, motor[] = {0.85, 0.92, 0.94};

static const clx_mover cdu = {.name = "cdu",
                              .flow = five,
                              .flow_count = 5,
                              .head = cdu_head,
                              .head_count = 5,
                              .efficiency = 0.75,
                              .load = load,
                              .load_count = 3,
                              .motor = motor,
                              .motor_count = 3};
static const clx_mover line = {.name = "line",
                               .flow = three,
                               .flow_count = 3,
                               .head = line_head,
                               .head_count = 3,
                               .efficiency = 0.7,
                               .best_flow = 1,
                               .motor_best = 0.7,
                               .motor_margin = 1.2};

static double draw(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (double)(*state >> 11) * 0x1p-53;
}

static void test_curve_passes_through_its_points(void **state) {
  (void)state;
  const clx_mover_size size = {.mover = &cdu, .flow = 0.03, .head = 1e5};
  for (int32_t i = 0; i < 5; i++)
    CLX_CHECK_NEAR(clx_mover_head(&size, 0.03 * five[i], 1, NULL), 1e5 * cdu_head[i], 1e-12, 0);
  // Falling everywhere, beyond the end as well, and with the slope that it says.
  for (double q = -0.2; q < 1.3; q += 0.013) {
    double slope;
    const double head = clx_mover_head(&size, 0.03 * q, 1, &slope);
    assert_true(slope < 0);
    const double next = clx_mover_head(&size, 0.03 * (q + 1e-7), 1, NULL);
    CLX_CHECK_NEAR((next - head) / 3e-9, slope, 1e-4, 10);
  }
  assert_true(clx_mover_head(&size, 0.03 * 1.2, 1, NULL) < 0);
  CLX_CHECK_NEAR(clx_mover_end(&size, 0.5), 0.015, 1e-12, 0);
}

static void test_affinity_laws(void **state) {
  (void)state;
  const clx_mover *movers[] = {&cdu, &line};
  uint64_t seed = 11;
  for (int32_t i = 0; i < 400; i++) {
    const clx_mover_size size = {.mover = movers[i % 2], .flow = 0.001 + draw(&seed), .head = 1e3 + 1e5 * draw(&seed)};
    const double x = 0.01 + 0.98 * draw(&seed), speed = 0.2 + 0.8 * draw(&seed);
    const clx_mover_point full = clx_mover_running(&size, x * size.flow, 1),
                          slow = clx_mover_running(&size, speed * x * size.flow, speed);
    CLX_CHECK_NEAR(slow.head, speed * speed * full.head, 1e-12, 0);
    CLX_CHECK_NEAR(slow.shaft, speed * speed * speed * full.shaft, 1e-12, 0);
    assert_true(slow.electric > slow.shaft);
    assert_true(slow.shaft >= slow.flow * slow.head * (1 - 1e-12));
    // The speed that gives a head at a flow is the one that gave it.
    const clx_mover_point again = clx_mover_at(&size, slow.flow, slow.head);
    CLX_CHECK_NEAR(again.speed, speed, 1e-9, 0);
    CLX_CHECK_NEAR(again.electric, slow.electric, 1e-8, 0);
    assert_false(again.over);
  }
}

static void test_power_goes_with_the_cube_of_flow(void **state) {
  (void)state;
  // On a fixed system curve: shaft power ~ flow^3.
  const clx_mover_size size = {.mover = &line, .flow = 0.05, .head = 2e5};
  const double full = clx_mover_at(&size, 0.05, 2e5).shaft;
  CLX_CHECK_NEAR(full, 0.05 * 2e5 / 0.7, 2e-3, 0);  // the fit of the correlation peaks at 0.9988
  for (double q = 0.2; q < 1; q += 0.1)
    CLX_CHECK_NEAR(clx_mover_at(&size, 0.05 * q, 2e5 * q * q).shaft, full * q * q * q, 1e-9, 0);
}

static void test_efficiency_follows_the_euler_number(void **state) {
  (void)state;
  const clx_mover_size size = {.mover = &line, .flow = 1, .head = 1};
  double last = 0;
  for (double q = 0.1; q <= 1.01; q += 0.1) {
    const clx_mover_point p = clx_mover_running(&size, q, 1);
    const double efficiency = p.flow * p.head / p.shaft;
    assert_true(efficiency > last);
    last = efficiency;
  }
  // Half the flow at 1.5 times the head: ten times the Euler number to the power 0.7782 (log10 of 6).
  const double x = log10(6),
               y = (((-0.0085494313567 * x + 0.12957001502) * x - 0.65997315029) * x + 1.1399300301) / 1.01545;
  const clx_mover_point half = clx_mover_running(&size, 0.5, 1);
  CLX_CHECK_NEAR(half.flow * half.head / half.shaft, 0.7 * y, 1e-9, 0);
  // Against a shut valve it churns: the power of 5 % of the flow.
  CLX_CHECK_NEAR(clx_mover_running(&size, 0, 1).shaft, clx_mover_running(&size, 0.05, 1).shaft, 1e-9, 0);
}

static void test_motors(void **state) {
  (void)state;
  const clx_mover_size size = {.mover = &cdu, .flow = 0.03, .head = 1e5, .motor_rating = 4000};
  const clx_mover_point design = clx_mover_at(&size, 0.03, 1e5);
  CLX_CHECK_NEAR(design.shaft, 4000, 1e-9, 0);
  CLX_CHECK_NEAR(design.electric, 4000 / 0.94, 1e-9, 0);
  // A small load: the losses of the first point stay.
  const clx_mover_point least = clx_mover_running(&size, 0.003, 0.1);
  CLX_CHECK_NEAR(least.electric - least.shaft, 1000 / 0.85 - 1000, 1e-9, 0);
  // By the table: 15 kW of rated input; at full load the best efficiency, at 0.4 of it 0.98 of that.
  const clx_mover_size driven = {.mover = &line, .flow = 0.05, .head = 2e5, .motor_rating = 15000 * 0.7};
  const clx_mover_point at = clx_mover_at(&driven, 0.05, 2e5);
  const double share = at.shaft / 10500;
  assert_true(share > 1);
  CLX_CHECK_NEAR(at.electric, at.shaft / 0.7, 1e-9, 0);
  const double slow = cbrt(0.4 / share);
  CLX_CHECK_NEAR(clx_mover_running(&driven, 0.05 * slow, slow).electric, 4200 / (0.7 * 0.980316328184702), 1e-6, 0);
}

static void test_limits(void **state) {
  (void)state;
  clx_mover slow = cdu;
  slow.speed_least = 0.4;
  const clx_mover_size size = {.mover = &slow, .flow = 0.03, .head = 1e5};
  const clx_mover_point least = clx_mover_at(&size, 0.003, 100);
  CLX_CHECK_NEAR(least.speed, 0.4, 1e-12, 0);
  assert_true(least.head > 100);
  const clx_mover_point most = clx_mover_at(&size, 0.03, 2e5);
  assert_true(most.over);
  CLX_CHECK_NEAR(most.speed, 1, 0, 0);
  CLX_CHECK_NEAR(most.head, 2e5, 1e-9, 0);
  assert_true(most.flow < 0.03);
  assert_true(clx_mover_at(&size, 0.04, 1e4).over);
  const clx_mover_point still = clx_mover_at(&size, 0, 0);
  assert_true(still.electric == 0 && still.speed == 0);
}

static void refuse(const clx_mover *mover, const char *says) {
  clx_error error = {0};
  assert_int_equal(clx_mover_check(mover, (clx_place){.file = "m.yaml"}, &error), CLX_INPUT);
  if (strstr(error.mistake[0].text, says) == NULL) fail_msg("\"%s\" lacks \"%s\"", error.mistake[0].text, says);
}

static void test_refusals(void **state) {
  (void)state;
  assert_int_equal(clx_mover_check(&cdu, (clx_place){0}, NULL), CLX_OK);
  assert_int_equal(clx_mover_check(&line, (clx_place){0}, NULL), CLX_OK);
  clx_mover m = cdu;
  m.head_count = 4;
  refuse(&m, "same number");
  double rises[] = {1, 1.1, 1.2, 1.1, 1};
  m = cdu, m.head = rises;
  refuse(&m, "must fall");
  double early[] = {0, 0.25, 0.5, 0.75, 0.9};
  m = cdu, m.flow = early;
  refuse(&m, "reach the design flow");
  double twice[] = {6, 5, 4, 3, 2};
  m = cdu, m.head = twice;
  refuse(&m, "must be 1");
  m = cdu, m.best_flow = 1.5;
  refuse(&m, "beyond the curve");
  m = cdu, m.motor_best = 0.9;
  refuse(&m, "not both");
  double none[] = {0.85, 0, 0.9};
  m = cdu, m.motor = none;
  refuse(&m, "efficiency 0");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_curve_passes_through_its_points),
      cmocka_unit_test(test_affinity_laws),
      cmocka_unit_test(test_power_goes_with_the_cube_of_flow),
      cmocka_unit_test(test_efficiency_follows_the_euler_number),
      cmocka_unit_test(test_motors),
      cmocka_unit_test(test_limits),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
