// Options: closed forms against each other and published figures, least-squares Monte Carlo against the lattice and Margrabe.
#include "check.h"

#include "cost/cost_option.h"

static clx_arena *arena;

static void closed_forms_agree(void **state) {
  (void)state;
  // Hull, Options, Futures and Other Derivatives, example 15.6: call 4.76, put 0.81.
  CLX_CHECK_NEAR(clx_black_scholes_call(42, 40, 0.10, 0, 0.20, 0.5), 4.76, 0, 0.005);
  CLX_CHECK_NEAR(clx_black_scholes_put(42, 40, 0.10, 0, 0.20, 0.5), 0.81, 0, 0.005);
  for (double spot = 10; spot < 200; spot *= 1.7) {
    const double call = clx_black_scholes_call(spot, 50, 0.04, 0.02, 0.35, 1.5),
                 put = clx_black_scholes_put(spot, 50, 0.04, 0.02, 0.35, 1.5);
    CLX_CHECK_NEAR(call - put, spot * exp(-0.03) - 50 * exp(-0.06), 1e-12, 1e-12);  // parity
    // With a fixed strike an exchange is a call.
    CLX_CHECK_NEAR(clx_margrabe(spot, 50 * exp(-0.06), 0.02, 0, 0.35, 0, 0, 1.5), call, 1e-12, 1e-14);
  }
  CLX_CHECK_NEAR(clx_margrabe(3, 2, 0, 0, 0.4, 0.4, 1, 2), 1, 1e-12, 0);  // the same asset twice: the difference
  CLX_CHECK_NEAR(clx_black_scholes_call(5, 4, 0, 0, 0, 1), 1, 1e-14, 0);
  CLX_CHECK_NEAR(clx_margrabe(3, 2, 0, 0, 0.3, 0.2, 0.5, 1) - clx_margrabe(2, 3, 0, 0, 0.2, 0.3, 0.5, 1), 1, 1e-12, 0);
}

static void lattice_converges(void **state) {
  (void)state;
  clx_error error = {0};
  double coarse = 0, fine = 0, american = 0;
  const double call = clx_black_scholes_call(36, 40, 0.06, 0.01, 0.2, 1);
  assert_int_equal(clx_lattice(36, 40, 0.06, 0.01, 0.2, 1, true, 100, 100, &coarse, &error), CLX_OK);
  assert_int_equal(clx_lattice(36, 40, 0.06, 0.01, 0.2, 1, true, 1600, 1600, &fine, &error), CLX_OK);
  CLX_CHECK_NEAR(fine, call, 0, 3e-3);
  assert_true(fabs(fine - call) < fabs(coarse - call) + 1e-3);
  // Longstaff and Schwartz 2001, table 1, first row: American put 4.478 by finite differences.
  assert_int_equal(clx_lattice(36, 40, 0.06, 0, 0.2, 1, false, 1500, 1, &american, &error), CLX_OK);
  CLX_CHECK_NEAR(american, 4.486, 0, 0.01);
  assert_int_equal(clx_lattice(36, 40, 0.06, 0, 0.001, 1, false, 10, 1, &american, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "expected at least"));
}

enum { PATHS = 6000, DATES = 26 };

typedef struct rig {
  clx_switch_paths paths;
  double *state, *flow, *enter, *end;
} rig;

static rig make_rig(int32_t dates, int32_t states, int32_t modes) {
  rig r;
  const size_t n = PATHS;
  r.state = CLX_NEW_ARRAY(arena, double, (size_t)(dates * states) * n);
  r.flow = CLX_NEW_ARRAY(arena, double, (size_t)(dates * modes) * n);
  r.enter = CLX_NEW_ARRAY(arena, double, (size_t)(dates * modes) * n);
  r.end = CLX_NEW_ARRAY(arena, double, (size_t)modes *n);
  assert_true(r.state != NULL && r.flow != NULL && r.enter != NULL && r.end != NULL);
  r.paths = (clx_switch_paths){PATHS, dates, states, modes, r.state, r.flow, r.enter, r.end};
  return r;
}

// A put that may be exercised at DATES - 1 dates after today: modes held and exercised.
static rig put_paths(uint64_t seed) {
  rig r = make_rig(DATES, 1, 2);
  const double dt = 1.0 / (DATES - 1);
  for (int32_t k = 0; k < PATHS; k++) {
    clx_stream s = clx_stream_make(seed, 9, (uint64_t)k, 0);
    double x = 36;
    for (int32_t d = 0; d < DATES; d++) {
      if (d > 0) x *= exp((0.06 - 0.02) * dt + 0.2 * sqrt(dt) * clx_stream_normal(&s));
      r.state[d * PATHS + k] = x;
      r.enter[(d * 2 + 1) * PATHS + k] = d == 0 ? 1e9 : -fmax(0, 40 - x);
    }
  }
  return r;
}

static void least_squares_finds_the_american_put(void **state) {
  (void)state;
  clx_error error = {0};
  const rig fit = put_paths(1), follow = put_paths(2);
  const clx_switching of = {.allowed = {{true, true}, {false, true}}, .first = 0, .discount = exp(-0.06 / (DATES - 1))};
  clx_switch_policy policy;
  clx_cost_band band;
  double high = 0, exact = 0;
  assert_int_equal(clx_switch_fit(&of, &fit.paths, arena, &policy, &high, &error), CLX_OK);
  assert_int_equal(clx_switch_follow(&of, &policy, &follow.paths, arena, &band, NULL, NULL, &error), CLX_OK);
  // The same exercise dates on the lattice; 25 of them.
  assert_int_equal(clx_lattice(36, 40, 0.06, 0, 0.2, 1, false, 25 * 60, 60, &exact, &error), CLX_OK);
  const double standard_error = band.deviation / sqrt(PATHS);
  assert_true(band.mean < exact + 3 * standard_error);
  assert_true(band.mean > exact - 3 * standard_error - 0.02);
  CLX_CHECK_NEAR(high, exact, 0, 3 * standard_error + 0.03);
  assert_true(band.mean > clx_black_scholes_put(36, 40, 0.06, 0, 0.2, 1) + 0.4);  // early exercise is worth something
}

// Two suppliers whose prices move: take the dearer asset for the other at the end. Modes: A, B; from A to B and back.
static void switching_is_worth_what_margrabe_says(void **state) {
  (void)state;
  clx_error error = {0};
  rig set[2];
  for (int32_t i = 0; i < 2; i++) {
    set[i] = make_rig(1, 2, 2);
    for (int32_t k = 0; k < PATHS; k++) {
      clx_stream s = clx_stream_make((uint64_t)(40 + i), 9, (uint64_t)k, 0);
      const double z = clx_stream_normal(&s), w = 0.5 * z + sqrt(0.75) * clx_stream_normal(&s);
      const double a = 10 * exp(-0.3 * 0.3 / 2 + 0.3 * z), b = 9 * exp(-0.4 * 0.4 / 2 + 0.4 * w);
      set[i].state[k] = a;
      set[i].state[PATHS + k] = b;
      set[i].flow[k] = a;
      set[i].flow[PATHS + k] = b;
    }
  }
  const clx_switching of = {.allowed = {{true, true}, {false, true}}, .discount = 1};
  clx_switch_policy policy;
  clx_cost_band band;
  double high = 0;
  assert_int_equal(clx_switch_fit(&of, &set[0].paths, arena, &policy, &high, &error), CLX_OK);
  assert_int_equal(clx_switch_follow(&of, &policy, &set[1].paths, arena, &band, NULL, NULL, &error), CLX_OK);
  const double exact = 10 + clx_margrabe(9, 10, 0, 0, 0.4, 0.3, 0.5, 1);
  CLX_CHECK_NEAR(band.mean, exact, 0, 3 * band.deviation / sqrt(PATHS));
}

// Nothing is random: the policy must find the best schedule, by dynamic programming over all of them.
static void known_flows_give_the_best_schedule(void **state) {
  (void)state;
  enum { D = 6, M = 3 };
  clx_error error = {0};
  rig r = make_rig(D, 0, M);
  double flow[D][M], cost[D][M], best[D + 1][M] = {{0}};
  clx_stream s = clx_stream_make(77, 9, 0, 0);
  for (int32_t d = 0; d < D; d++) {
    for (int32_t m = 0; m < M; m++) {
      flow[d][m] = clx_stream_uniform(&s);
      cost[d][m] = 0.5 * clx_stream_uniform(&s);
      for (int32_t k = 0; k < PATHS; k++) {
        r.flow[(d * M + m) * PATHS + k] = flow[d][m];
        r.enter[(d * M + m) * PATHS + k] = cost[d][m];
      }
    }
  }
  const clx_switching of = {
      .allowed = {{true, true, true}, {false, true, true}, {true, false, true}}, .first = 1, .discount = 0.9};
  for (int32_t d = D - 1; d >= 0; d--) {
    for (int32_t from = 0; from < M; from++) {
      best[d][from] = -INFINITY;
      for (int32_t to = 0; to < M; to++) {
        if (to != from && !of.allowed[from][to]) continue;
        best[d][from] = fmax(best[d][from], flow[d][to] - (to != from ? cost[d][to] : 0) + 0.9 * best[d + 1][to]);
      }
    }
  }
  clx_switch_policy policy;
  clx_cost_band band;
  double high = 0;
  assert_int_equal(clx_switch_fit(&of, &r.paths, arena, &policy, &high, &error), CLX_OK);
  assert_int_equal(clx_switch_follow(&of, &policy, &r.paths, arena, &band, NULL, NULL, &error), CLX_OK);
  CLX_CHECK_NEAR(high, best[0][1], 1e-9, 0);
  CLX_CHECK_NEAR(band.mean, best[0][1], 1e-9, 0);
}

static void shapes_are_checked(void **state) {
  (void)state;
  clx_error error = {0};
  rig r = make_rig(2, 1, 2);
  clx_switch_policy policy;
  double high = 0;
  clx_switching of = {.first = 2, .discount = 1};
  assert_int_equal(clx_switch_fit(&of, &r.paths, arena, &policy, &high, &error), CLX_INPUT);
  of.first = 0;
  r.paths.paths = 30;
  clx_error_clear(&error);
  assert_int_equal(clx_switch_fit(&of, &r.paths, arena, &policy, &high, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "at least 40"));
}

static int make(void **state) {
  (void)state;
  arena = clx_arena_new();
  return arena == NULL;
}

static int drop(void **state) {
  (void)state;
  clx_arena_free(arena);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(closed_forms_agree),
      cmocka_unit_test(lattice_converges),
      cmocka_unit_test(least_squares_finds_the_american_put),
      cmocka_unit_test(switching_is_worth_what_margrabe_says),
      cmocka_unit_test(known_flows_give_the_best_schedule),
      cmocka_unit_test(shapes_are_checked),
  };
  return cmocka_run_group_tests(tests, make, drop);
}
