// Heat exchangers: effectiveness of all arrangements, limits, inverses, sizing, balance, the flow for a wanted temperature.
#include "check.h"

#include "cooling/cooling_exchanger.h"

static double draw(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (double)(*state >> 11) * 0x1p-53;
}

// Closed forms evaluated by others (facts, section 9; CalebBell/ht for 9 units at a ratio of 1).
static void test_effectiveness_follows_the_published_table(void **state) {
  (void)state;
  static const struct {
    double ntu, ratio, counter, parallel, max_mixed, min_mixed;
  } rows[] = {{2, 0.5, 0.774600, 0.633475, 0.702013, 0.717546},
              {3, 1, 0.750000, 0.498761, 0.613341, 0.613341},
              {5, 0.7, 0.920670, 0.588116, 0.715810, 0.749784},
              {9, 1, 0.9, 0.5 * (1 - 1.522997974e-8), 0.632075156, 0.632075156}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    CLX_CHECK_NEAR(clx_effectiveness(CLX_COUNTER, rows[i].ntu, rows[i].ratio), rows[i].counter, 0, 7e-7);
    CLX_CHECK_NEAR(clx_effectiveness(CLX_PARALLEL, rows[i].ntu, rows[i].ratio), rows[i].parallel, 0, 7e-7);
    CLX_CHECK_NEAR(clx_effectiveness(CLX_CROSS_MAX_MIXED, rows[i].ntu, rows[i].ratio), rows[i].max_mixed, 0, 7e-7);
    CLX_CHECK_NEAR(clx_effectiveness(CLX_CROSS_MIN_MIXED, rows[i].ntu, rows[i].ratio), rows[i].min_mixed, 0, 7e-7);
  }
}

// Both unmixed, at a ratio of 1: the mean of the smaller of two equal Poisson variables is ntu less half their mean distance,
// 1 - exp(-2 ntu) (I0(2 ntu) + I1(2 ntu)), with the Bessel functions of their power series.
static void test_unmixed_crossflow_is_exact(void **state) {
  (void)state;
  for (double ntu = 0.01; ntu < 100; ntu *= 1.7) {
    double zero = 0, one = 0, term = 1;
    for (int k = 0; k < 600; k++) {
      zero += term;
      one += term * ntu / (k + 1);
      term *= ntu / (k + 1) * (ntu / (k + 1));
    }
    CLX_CHECK_NEAR(clx_effectiveness(CLX_CROSS_UNMIXED, ntu, 1), 1 - exp(-2 * ntu) * (zero + one), 1e-10, 1e-13);
  }
  // Mason's series, term by term.
  for (double ratio = 0.05; ratio < 1; ratio += 0.19) {
    for (double ntu = 0.1; ntu < 20; ntu *= 2.3) {
      double sum = 0, a = 0, b = 0, power_a = exp(-ntu), power_b = exp(-ntu * ratio);
      for (int n = 0; n < 200; n++) {
        a += power_a;
        b += power_b;
        sum += (1 - a) * (1 - b);
        power_a *= ntu / (n + 1);
        power_b *= ntu * ratio / (n + 1);
      }
      CLX_CHECK_NEAR(clx_effectiveness(CLX_CROSS_UNMIXED, ntu, ratio), sum / (ntu * ratio), 1e-9, 0);
    }
  }
  // The normal limit joins the series.
  const double before = clx_effectiveness(CLX_CROSS_UNMIXED, 1e6, 1),
               after = clx_effectiveness(CLX_CROSS_UNMIXED, 1.000001e6, 1);
  CLX_CHECK_NEAR(after - before, 0, 0, 2e-9);
}

static void test_limits(void **state) {
  (void)state;
  for (int32_t a = 0; a < CLX_ARRANGEMENTS; a++) {
    assert_true(clx_effectiveness(a, 0, 0.5) == 0);
    assert_true(clx_effectiveness(a, NAN, 0.5) == 0);
    for (double ratio = 0; ratio <= 1; ratio += 0.125) {
      // Little area: what it would do between constant temperatures.
      CLX_CHECK_NEAR(clx_effectiveness(a, 1e-9, ratio), 1e-9, 1e-8, 0);
      const double endless = clx_effectiveness(a, INFINITY, ratio);
      assert_true(isfinite(endless) && endless <= 1);
      if (a == CLX_PARALLEL) CLX_CHECK_NEAR(endless, 1 / (1 + ratio), 1e-12, 0);
      if (a == CLX_COUNTER || a == CLX_CROSS_UNMIXED) CLX_CHECK_NEAR(endless, 1, 1e-6, 0);
    }
    // One side boils or is endless: the arrangement does not matter.
    for (double ntu = 0.01; ntu < 20; ntu *= 3) {
      CLX_CHECK_NEAR(clx_effectiveness(a, ntu, 0), 1 - exp(-ntu), 1e-12, 0);
      CLX_CHECK_NEAR(clx_effectiveness(a, ntu, 1e-10), 1 - exp(-ntu), 1e-8, 0);
    }
  }
}

static void test_properties(void **state) {
  (void)state;
  uint64_t seed = 7;
  for (int i = 0; i < 3000; i++) {
    const double ntu = pow(10, 4 * draw(&seed) - 2), ratio = i % 10 == 0 ? 1 : draw(&seed);
    double share[CLX_ARRANGEMENTS];
    for (int32_t a = 0; a < CLX_ARRANGEMENTS; a++) {
      share[a] = clx_effectiveness(a, ntu, ratio);
      assert_true(clx_effectiveness(a, ntu * 1.01, ratio) >= share[a] - 1e-13);
      assert_true(clx_effectiveness(a, ntu, ratio * 0.99) >= share[a] - 1e-13);
      double back = 0;
      if (share[a] < 0.95 * clx_effectiveness(a, INFINITY, ratio)) {
        assert_int_equal(clx_ntu(a, share[a], ratio, &back, NULL), CLX_OK);
        CLX_CHECK_NEAR(back, ntu, 1e-8, 0);
      }
    }
    // Counterflow is the best, parallel the worst, unmixed crossflow better than mixed.
    assert_true(share[CLX_COUNTER] >= share[CLX_CROSS_UNMIXED] - 1e-12);
    assert_true(share[CLX_CROSS_UNMIXED] >= share[CLX_CROSS_MAX_MIXED] - 1e-12);
    assert_true(share[CLX_CROSS_UNMIXED] >= share[CLX_CROSS_MIN_MIXED] - 1e-12);
    assert_true(fmin(share[CLX_CROSS_MIN_MIXED], share[CLX_CROSS_MAX_MIXED]) >= share[CLX_PARALLEL] - 1e-12);
  }
}

static void test_refuses_what_no_area_reaches(void **state) {
  (void)state;
  clx_error error = {0};
  double ntu = -1;
  assert_int_equal(clx_ntu(CLX_PARALLEL, 0.6, 1, &ntu, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "0.5"));
  assert_int_equal(clx_ntu(CLX_COUNTER, 1, 0.5, &ntu, NULL), CLX_INPUT);
  assert_int_equal(clx_ntu(CLX_CROSS_MAX_MIXED, 0.64, 1, &ntu, NULL), CLX_INPUT);
  assert_int_equal(clx_ntu(CLX_CROSS_UNMIXED, -0.1, 1, &ntu, NULL), CLX_INPUT);
  assert_int_equal(clx_ntu(CLX_COUNTER, 0.5, 1.5, &ntu, NULL), CLX_INPUT);
  assert_true(ntu == -1);
  clx_exchanger exchanger;
  assert_int_equal(clx_exchanger_size(CLX_COUNTER, 1e6, 320, 310, 311, 315, 4000, 4000, &exchanger, NULL), CLX_INPUT);
  assert_int_equal(clx_exchanger_size(CLX_COUNTER, 1e6, 320, 310, 305, 321, 4000, 4000, &exchanger, NULL), CLX_INPUT);
  assert_int_equal(clx_exchanger_size(CLX_PARALLEL, 1e6, 320, 310, 305, 312, 4000, 4000, &exchanger, NULL), CLX_INPUT);
  assert_int_equal(clx_exchanger_size(CLX_COUNTER, 0, 320, 310, 305, 312, 4000, 4000, &exchanger, NULL), CLX_INPUT);
}

static void test_sized_exchanger_returns_its_design(void **state) {
  (void)state;
  uint64_t seed = 11;
  for (int i = 0; i < 2000; i++) {
    const int32_t a = i % CLX_ARRANGEMENTS;
    const double heat = 1e5 * (1 + 50 * draw(&seed)), cold_in = 290 + 20 * draw(&seed), approach = 2 + 8 * draw(&seed);
    const double hot_range = 1 + 8 * draw(&seed), cold_range = 1 + 8 * draw(&seed);
    // Outlets do not cross, so that every arrangement can do it.
    const double hot_out = cold_in + cold_range + approach, hot_in = hot_out + hot_range;
    clx_exchanger x;
    assert_int_equal(clx_exchanger_size(a, heat, hot_in, hot_out, cold_in, cold_in + cold_range, 3900, 4180, &x, NULL),
                     CLX_OK);
    clx_exchange e = clx_exchanger_run(&x, hot_in, x.hot_flow, 3900, cold_in, x.cold_flow, 4180);
    CLX_CHECK_NEAR(e.heat, heat, 1e-9, 0);
    CLX_CHECK_NEAR(e.hot_out, hot_out, 0, 1e-7);
    CLX_CHECK_NEAR(e.cold_out, cold_in + cold_range, 0, 1e-7);
    // Anywhere else: energy balance, second law, more flow never less heat.
    const double hot_flow = x.hot_flow * (0.1 + 2 * draw(&seed)), cold_flow = x.cold_flow * (0.1 + 2 * draw(&seed));
    e = clx_exchanger_run(&x, hot_in, hot_flow, 3900, cold_in, cold_flow, 4180);
    CLX_CHECK_NEAR(hot_flow * 3900 * (hot_in - e.hot_out), e.heat, 1e-9, 0);
    CLX_CHECK_NEAR(cold_flow * 4180 * (e.cold_out - cold_in), e.heat, 1e-9, 0);
    assert_true(e.hot_out >= cold_in && e.cold_out <= hot_in);
    assert_true(clx_exchanger_run(&x, hot_in, hot_flow, 3900, cold_in, cold_flow * 1.02, 4180).heat >=
                e.heat * (1 - 1e-12));
    assert_true(clx_exchanger_run(&x, hot_in, hot_flow * 1.02, 3900, cold_in, cold_flow, 4180).heat >=
                e.heat * (1 - 1e-12));
    // The flow that this outlet needs is the flow that gave it.
    bool met = false;
    if (e.heat < 0.98 * hot_flow * 3900 * (hot_in - cold_in)) {
      const double found =
          clx_exchanger_cold_flow(&x, hot_in, hot_flow, 3900, cold_in, 4180, e.hot_out, 10 * cold_flow, &met);
      assert_true(met);
      CLX_CHECK_NEAR(clx_exchanger_run(&x, hot_in, hot_flow, 3900, cold_in, found, 4180).hot_out, e.hot_out, 0, 1e-9);
      CLX_CHECK_NEAR(
          clx_exchanger_cold_flow(&x, hot_in, hot_flow, 3900, cold_in, 4180, e.hot_out - 0.5, cold_flow, &met),
          cold_flow, 0, 0);
      assert_false(met);
    }
  }
}

static void test_edges_of_running(void **state) {
  (void)state;
  clx_exchanger x;
  assert_int_equal(clx_exchanger_size(CLX_COUNTER, 2e6, 323.15, 318.15, 315.15, 320.15, 3900, 4180, &x, NULL), CLX_OK);
  // Equal capacity rates 3 K apart everywhere: UA is heat over 3 K.
  CLX_CHECK_NEAR(x.ua, 2e6 / 3, 1e-12, 0);
  CLX_CHECK_NEAR(clx_exchanger_ua(&x, x.hot_flow, x.cold_flow), x.ua, 1e-15, 0);
  CLX_CHECK_NEAR(clx_exchanger_ua(&x, x.hot_flow / 2, x.cold_flow / 2), x.ua * pow(0.5, 0.8), 1e-12, 0);
  CLX_CHECK_NEAR(clx_exchanger_ua(&x, x.hot_flow, x.cold_flow / 2), x.ua / (0.5 + 0.5 * pow(2, 0.8)), 1e-12, 0);
  // No heat flows backwards or without flow.
  clx_exchange e = clx_exchanger_run(&x, 300, 10, 3900, 310, 10, 4180);
  assert_true(e.heat == 0 && e.hot_out == 300 && e.cold_out == 310);
  e = clx_exchanger_run(&x, 320, 0, 3900, 310, 10, 4180);
  assert_true(e.heat == 0 && e.hot_out == 320 && e.cold_out == 310);
  bool met = false;
  assert_true(clx_exchanger_cold_flow(&x, 320, 10, 3900, 310, 4180, 325, 100, &met) == 0 && met);
  assert_true(clx_exchanger_cold_flow(&x, 320, 10, 3900, 310, 4180, 309, 100, &met) == 100 && !met);
  // A constant effectiveness takes that share.
  x.effectiveness = 0.8;
  CLX_CHECK_NEAR(clx_exchanger_run(&x, 320, 10, 3900, 310, 10, 4180).heat, 0.8 * 39000 * 10, 1e-12, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_effectiveness_follows_the_published_table),
      cmocka_unit_test(test_unmixed_crossflow_is_exact),
      cmocka_unit_test(test_limits),
      cmocka_unit_test(test_properties),
      cmocka_unit_test(test_refuses_what_no_area_reaches),
      cmocka_unit_test(test_sized_exchanger_returns_its_design),
      cmocka_unit_test(test_edges_of_running),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
