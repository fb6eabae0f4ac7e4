// Pipe networks: laws of branches, refusals, and what holds for any network: balances, similarity, cohorts, check valves, affinity.
#include "hydraulic_rig.h"

#define NETWORKS 300

// --- laws -----------------------------------------------------------------------------------------------------------------------

static const clx_hydraulic water = {.density = 998.2, .viscosity = 1.0016e-3};

static void test_friction_of_pipes(void **state) {
  (void)state;
  // Laminar: 64 / Re. Turbulent: the Colebrook equation itself, by putting the answer in.
  CLX_CHECK_NEAR(clx_pipe_friction(CLX_FRICTION_COLEBROOK, 1000, 0.001, NULL), 0.064, 1e-15, 0);
  for (double re = 4000; re < 1e8; re *= 1.7) {
    for (double rough = 0; rough <= 0.05; rough = rough > 0 ? rough * 3 : 1e-6) {
      const double f = clx_pipe_friction(CLX_FRICTION_COLEBROOK, re, rough, NULL);
      CLX_CHECK_NEAR(1 / sqrt(f), -2 * log10(rough / 3.7 + 2.51 / (re * sqrt(f))), 1e-12, 0);
      // Swamee and Jain state 1 % for 1e-6 < roughness < 0.01 and 5e3 < Re < 1e8; measured here: up to 3 % at the edges.
      if (re < 5e3 || rough < 1e-6 || rough > 0.01) continue;
      CLX_CHECK_NEAR(clx_pipe_friction(CLX_FRICTION_SWAMEE_JAIN, re, rough, NULL), f, 0.035, 0);
    }
  }
}

static void test_laws_rise_smoothly(void **state) {
  (void)state;
  uint64_t seed = 3;
  for (int32_t i = 0; i < 400; i++) {
    const clx_branch branch = rig_branch(&seed, i % CLX_BRANCH_KINDS, 0, 1);
    const double unit = branch.kind == CLX_BRANCH_PIPE ? 1e-3 : 0.2 * branch.design;
    double before = -INFINITY;
    for (double x = -3; x <= 3; x += 0.0371) {
      double slope;
      const double flow = unit * x * x * x, step = 1e-6 * fabs(flow);
      const double loss = clx_branch_loss(&water, &branch, flow, &slope);
      assert_true(loss > before);
      before = loss;
      const double high = clx_branch_loss(&water, &branch, flow + step, NULL);
      const double low = clx_branch_loss(&water, &branch, flow - step, NULL);
      if (branch.kind == CLX_BRANCH_PUMP) continue;  // its curve has corners
      CLX_CHECK_NEAR(slope, (high - low) / (2 * step), 1e-4, 1e-9 * fabs(loss / flow));
    }
  }
}

static void test_valves_and_resistances(void **state) {
  (void)state;
  const clx_hydraulic cold = {.density = 1000, .viscosity = 1.3e-3};
  const clx_branch open = {.kind = CLX_BRANCH_VALVE, .kv = 25, .position = 1};
  clx_branch half = open, shut = open;
  CLX_CHECK_NEAR(clx_branch_loss(&cold, &open, 25 / 3600.0, NULL), 1e5, 1e-9, 0);  // the definition of Kv
  half.position = 0.5;
  CLX_CHECK_NEAR(clx_branch_loss(&cold, &half, 12.5 / 3600, NULL), 1e5, 1e-9, 0);
  half.rangeability = 50;
  CLX_CHECK_NEAR(clx_branch_loss(&cold, &half, 25 / sqrt(50) / 3600, NULL), 1e5, 1e-9, 0);
  shut.position = 0;
  CLX_CHECK_NEAR(clx_branch_loss(&cold, &shut, 25e-6 / 3600, NULL), 1e5, 1e-9, 0);
  const clx_branch rack = {.kind = CLX_BRANCH_RESISTANCE, .pressure = 2e4, .design = 2e-3, .exponent = 1.89};
  CLX_CHECK_NEAR(clx_branch_loss(&cold, &rack, -4e-3, NULL), -2e4 * pow(2, 1.89), 1e-9, 0);
}

static void test_a_standing_pump_is_the_limit_of_a_slow_one(void **state) {
  (void)state;
  clx_branch pump = {.kind = CLX_BRANCH_PUMP, .pump = {.mover = &rig_mover, .flow = 0.01, .head = 1e5}};
  const double still = clx_branch_loss(&water, &pump, 0.02, NULL);
  pump.speed = 1e-4;
  CLX_CHECK_NEAR(clx_branch_loss(&water, &pump, 0.02, NULL), still, 1e-6, 0);
  CLX_CHECK_NEAR(still, 2.9e5 * 4.0 / 9, 1e-6, 0);  // the fall of the rig's curve, at 2/3 of the flow at its end
  pump.pressure = 7e3;
  pump.design = 0.02;
  pump.speed = 0;
  CLX_CHECK_NEAR(clx_branch_loss(&water, &pump, 0.02, NULL), 7e3, 1e-6, 0);
}

// --- refusals -------------------------------------------------------------------------------------------------------------------

typedef struct bench {
  clx_hydraulic net;
  const char *node[4];
  clx_branch branch[4];
  double inflow[4], pressure[4];
} bench;

// A closed loop: pump, pipe, rack, valve.
static void bench_make(bench *b) {
  *b = (bench){.node = {"out", "far", "back", "in"}, .pressure = {NAN, NAN, NAN, NAN}};
  b->branch[0] = (clx_branch){.name = "pump",
                              .kind = CLX_BRANCH_PUMP,
                              .from = 3,
                              .to = 0,
                              .speed = 1,
                              .pump = {.mover = &rig_mover, .flow = 0.01, .head = 1e5}};
  b->branch[1] = (clx_branch){.name = "pipe", .from = 0, .to = 1, .length = 20, .diameter = 0.1, .roughness = 1e-4};
  b->branch[2] = (clx_branch){.name = "rack",
                              .kind = CLX_BRANCH_RESISTANCE,
                              .from = 1,
                              .to = 2,
                              .pressure = 8e4,
                              .design = 0.01,
                              .exponent = 2};
  b->branch[3] = (clx_branch){.name = "valve", .kind = CLX_BRANCH_VALVE, .from = 2, .to = 3, .kv = 60, .position = 1};
  b->net = (clx_hydraulic){.node = b->node,
                           .node_count = 4,
                           .inflow = b->inflow,
                           .pressure = b->pressure,
                           .branch = b->branch,
                           .branch_count = 4,
                           .density = 1000,
                           .viscosity = 1e-3};
}

static void refuse(const bench *b, clx_status status, const char *text) {
  clx_arena *arena = clx_arena_new();
  clx_hydraulic_state out = {0};
  clx_error error = {0};
  assert_int_equal(clx_hydraulic_solve(&b->net, NULL, arena, &out, &error), status);
  if (!strstr(error.mistake[0].text, text)) fail_msg("'%s' does not say '%s'", error.mistake[0].text, text);
  clx_arena_free(arena);
}

static void test_networks_without_one_solution(void **state) {
  (void)state;
  bench b;
  bench_make(&b);
  b.branch[0].kind = CLX_BRANCH_RESISTANCE;
  b.branch[0].pressure = b.branch[0].design = b.branch[0].exponent = 1;
  refuse(&b, CLX_INPUT, "the part of node out is a loop without a pump");
  bench_make(&b);
  b.net.branch_count = 3;
  refuse(&b, CLX_INPUT, "its pumps stand in no loop");
  bench_make(&b);
  b.branch[1].to = 2;
  b.branch[2].from = 0;
  refuse(&b, CLX_INPUT, "node far: no branch reaches it");
  bench_make(&b);
  b.inflow[1] = 1e-3;
  refuse(&b, CLX_INPUT, "over-determined");
  bench_make(&b);
  b.branch[1].length = 0;
  b.branch[2].pressure = 0;
  b.pressure[0] = 1e5;
  b.pressure[2] = 2e5;
  refuse(&b, CLX_INPUT, "branch rack: nothing resists between far and back");
  bench_make(&b);
  static const clx_mover ends = {.flow = rig_share, .flow_count = 4, .head = rig_head, .head_count = 4};
  b.branch[0].pump.mover = &ends;
  b.branch[2].pressure = 1;
  b.branch[1].diameter = 1;
  b.branch[3].kv = 1e4;
  refuse(&b, CLX_INFEASIBLE, "pump pump: the network asks it for");
  bench_make(&b);
  b.branch[3].kind = CLX_BRANCH_CHECK;
  b.branch[3].pressure = 1e4;
  b.branch[3].design = 0.01;
  b.branch[3].exponent = 2;
  b.net.branch_count = 4;
  b.branch[0].from = 1;  // the inflow at "in" can only go back through the valve
  b.inflow[3] = 1e-3;
  b.inflow[0] = -1e-3;
  refuse(&b, CLX_INFEASIBLE, "check valve valve: the network presses 0.001 m3/s back through it");
}

static void test_branches_out_of_range(void **state) {
  (void)state;
  static const struct {
    int32_t branch;
    size_t offset;
    double value;
    const char *text;
  } rows[] = {{0, offsetof(clx_branch, speed), 1.6, "branch pump: speed is 1.6, expected from 0 to 1.5"},
              {0, offsetof(clx_branch, pump.head), 0, "branch pump: pump.head is 0 Pa, expected above 0"},
              {1, offsetof(clx_branch, diameter), 0, "branch pipe: diameter is 0 m, expected above 0"},
              {1, offsetof(clx_branch, roughness), 0.006, "roughness over diameter is 0.06"},
              {1, offsetof(clx_branch, length), NAN, "branch pipe: length is nan m"},
              {2, offsetof(clx_branch, exponent), 0.5, "branch rack: exponent is 0.5, expected from 1 to 3"},
              {3, offsetof(clx_branch, position), -0.1, "branch valve: position is -0.1"},
              {3, offsetof(clx_branch, rangeability), 0.5, "rangeability is 0.5, expected 0 (linear) or more than 1"},
              {3, offsetof(clx_branch, kv), INFINITY, "branch valve: kv is inf m3/h"}};
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    bench b;
    bench_make(&b);
    *(double *)(void *)((char *)&b.branch[rows[i].branch] + rows[i].offset) = rows[i].value;
    refuse(&b, CLX_INPUT, rows[i].text);
  }
  bench b;
  bench_make(&b);
  b.branch[2].to = 7;
  refuse(&b, CLX_INPUT, "branch rack: goes from node 1 to node 7");
  bench_make(&b);
  b.branch[0].pump.mover = NULL;
  refuse(&b, CLX_INPUT, "branch pump: a pump without a curve");
  bench_make(&b);
  b.pressure[1] = INFINITY;
  refuse(&b, CLX_INPUT, "node far: pressure is inf");
}

static void test_another_network_is_not_solved_again(void **state) {
  (void)state;
  bench b;
  bench_make(&b);
  clx_error error = {0};
  clx_hydraulic_solver *solver = NULL;
  double flow[4], pressure[4];
  clx_hydraulic_state out = {.flow = flow, .pressure = pressure};
  assert_int_equal(clx_hydraulic_open(&b.net, &solver, &error), CLX_OK);
  assert_int_equal(clx_hydraulic_again(solver, &b.net, &out, &error), CLX_OK);
  assert_int_equal(out.over, -1);
  b.inflow[1] = 1e-3;
  assert_int_equal(clx_hydraulic_again(solver, &b.net, &out, &error), CLX_INPUT);
  b.inflow[2] = -1e-3;
  assert_int_equal(clx_hydraulic_again(solver, &b.net, &out, &error), CLX_OK);
  CLX_CHECK_NEAR(flow[2], flow[3] + 1e-3, 1e-9, 0);
  b.pressure[2] = 0;
  assert_int_equal(clx_hydraulic_again(solver, &b.net, &out, &error), CLX_INPUT);
  b.pressure[2] = NAN;
  b.branch[1].to = 2;
  assert_int_equal(clx_hydraulic_again(solver, &b.net, &out, &error), CLX_INPUT);
  clx_hydraulic_close(solver);
  clx_hydraulic_close(NULL);
}

static void test_no_memory(void **state) {
  (void)state;
  bench b;
  bench_make(&b);
  clx_status status = CLX_MEMORY;
  int64_t tries = 0;
  while (status == CLX_MEMORY) {
    clx_arena *arena = clx_arena_new();
    clx_hydraulic_state out = {0};
    clx_error error = {0};
    clx_memory_fail_after(++tries);
    status = clx_hydraulic_solve(&b.net, NULL, arena, &out, &error);
    clx_memory_fail_after(0);
    clx_arena_free(arena);
  }
  assert_int_equal(status, CLX_OK);
  assert_true(tries > 1);
}

// --- properties of random networks -----------------------------------------------------------------------------------------------

static double units_of(const clx_branch *branch) { return branch->units > 0 ? branch->units : 1; }

static double largest_flow(const rig *r) {
  double most = 1e-9;
  for (int32_t i = 0; i < r->net.branch_count; i++) most = fmax(most, fabs(r->flow[i]));
  return most;
}

static double largest_loss(const rig *r) {
  double most = 1;
  for (int32_t i = 0; i < r->net.branch_count; i++) {
    most = fmax(most, fabs(clx_branch_loss(&r->net, &r->branch[i], r->flow[i], NULL)));
  }
  return most;
}

static void test_mass_and_energy_balance(void **state) {
  (void)state;
  uint64_t seed = 11;
  for (int32_t k = 0; k < NETWORKS; k++) {
    rig r;
    rig_make(&r, &seed, k % 2 == 1);
    rig_solve(&r);
    double net[RIG_NODES] = {0}, turned = 0, dissipated = 0, brought = 0;
    for (int32_t i = 0; i < r.net.branch_count; i++) {
      const clx_branch *b = &r.branch[i];
      const double flow = units_of(b) * r.flow[i], loss = clx_branch_loss(&r.net, b, r.flow[i], NULL);
      const double rise = r.net.density * 9.80665 * (r.height[b->to] - r.height[b->from]);
      CLX_CHECK_NEAR(r.level[b->from] - r.level[b->to] - rise, loss, 0, 1e-9 * largest_loss(&r) + 1e-9);
      net[b->from] += flow;
      net[b->to] -= flow;
      dissipated += flow * loss;
      turned += fabs(flow * loss);
    }
    for (int32_t i = 0; i < r.net.node_count; i++) {
      if (isnan(r.pressure[i])) CLX_CHECK_NEAR(net[i], r.inflow[i], 0, 1e-9 * 4 * largest_flow(&r));
      if (!isnan(r.pressure[i])) CLX_CHECK_NEAR(r.level[i], r.pressure[i], 1e-12, 0);
      brought += net[i] * (r.level[i] + r.net.density * 9.80665 * r.height[i]);
    }
    CLX_CHECK_NEAR(dissipated, brought, 0, 1e-9 * (turned + 1));
  }
}

// The same Reynolds numbers at k times the viscosity and flows: all pressures k^2 times as large.
static void test_similarity(void **state) {
  (void)state;
  uint64_t seed = 12;
  for (int32_t k = 0; k < NETWORKS; k++) {
    rig r;
    rig_make(&r, &seed, k % 2 == 1);
    rig_solve(&r);
    rig s = r;
    const double by = 0.5 + 2 * rig_draw(&seed);
    s.net.height = s.height;
    s.net.inflow = s.inflow;
    s.net.pressure = s.pressure;
    s.net.branch = s.branch;
    s.net.viscosity *= by;
    s.state.flow = s.flow;
    s.state.pressure = s.level;
    for (int32_t i = 0; i < s.net.branch_count; i++) {
      s.branch[i].pressure *= by * by;
      s.branch[i].design *= by;
      s.branch[i].pump.flow *= by;
      s.branch[i].pump.head *= by * by;
    }
    for (int32_t i = 0; i < s.net.node_count; i++) {
      s.height[i] *= by * by;
      s.inflow[i] *= by;
      s.pressure[i] *= by * by;
    }
    rig_solve(&s);
    for (int32_t i = 0; i < s.net.branch_count; i++) {
      CLX_CHECK_NEAR(s.flow[i], by * r.flow[i], 1e-6, 1e-5 * by * largest_flow(&r));
    }
    for (int32_t i = 0; i < s.net.node_count; i++) {
      CLX_CHECK_NEAR(s.level[i], by * by * r.level[i], 1e-6, 1e-6 * by * by * largest_loss(&r));
    }
  }
}

static void test_cohort_is_expanded(void **state) {
  (void)state;
  uint64_t seed = 13;
  int32_t tried = 0;
  for (int32_t k = 0; k < NETWORKS; k++) {
    rig r;
    rig_make(&r, &seed, k % 2 == 1);
    rig_solve(&r);
    clx_branch branch[4 * RIG_BRANCHES];
    double flow[4 * RIG_BRANCHES], level[RIG_NODES];
    int32_t count = 0, of[4 * RIG_BRANCHES];
    for (int32_t i = 0; i < r.net.branch_count; i++) {
      for (double u = 0; u < r.branch[i].units; u++) {
        of[count] = i;
        branch[count] = r.branch[i];
        branch[count++].units = 0;
      }
    }
    clx_hydraulic net = r.net;
    net.branch = branch;
    net.branch_count = count;
    rig s = {.net = net, .state = {.flow = flow, .pressure = level}};
    s.net.height = r.height;
    rig_solve(&s);
    const double leak = 1e-8 * largest_flow(&r);
    for (int32_t i = 0; i < count; i++) CLX_CHECK_NEAR(flow[i], r.flow[of[i]], 1e-6, leak + 1e-7 * largest_flow(&r));
    for (int32_t i = 0; i < net.node_count; i++) CLX_CHECK_NEAR(level[i], r.level[i], 1e-9, 1e-7 * largest_loss(&r));
    tried += count > r.net.branch_count;
  }
  assert_true(tried > NETWORKS / 2);
}

// A check valve in a branch's place changes nothing where the flow goes its way, and stops it where it would go back.
static void test_check_valves(void **state) {
  (void)state;
  uint64_t seed = 14;
  int32_t kept = 0, stopped = 0;
  for (int32_t k = 0; k < NETWORKS; k++) {
    rig r;
    rig_make(&r, &seed, false);  // an inflow may have no other way than back through the valve
    rig_solve(&r);
    for (int32_t i = 0; i < r.net.branch_count; i++) {
      if (r.branch[i].kind != CLX_BRANCH_RESISTANCE && !(r.branch[i].kind == CLX_BRANCH_PUMP && !r.branch[i].check))
        continue;
      if (fabs(r.flow[i]) < 1e-3 * largest_flow(&r)) continue;
      const clx_branch before = r.branch[i];
      double flow[RIG_BRANCHES], level[RIG_NODES];
      rig s = {.net = r.net, .state = {.flow = flow, .pressure = level}};
      if (before.kind == CLX_BRANCH_PUMP) {
        r.branch[i].check = true;
      } else {
        r.branch[i].kind = CLX_BRANCH_CHECK;
      }
      rig_solve(&s);
      if (r.flow[i] > 0) {
        for (int32_t j = 0; j < r.net.branch_count; j++)
          CLX_CHECK_NEAR(flow[j], r.flow[j], 1e-6, 1e-6 * largest_flow(&r));
        kept++;
      } else {
        assert_true(flow[i] > -1e-5 * largest_flow(&r));
        stopped++;
      }
      r.branch[i] = before;
    }
  }
  assert_true(kept > 50 && stopped > 50);
}

// Solving on from the last solution, at other speeds and positions, gives what a fresh start gives.
static void test_again_is_afresh(void **state) {
  (void)state;
  uint64_t seed = 15;
  for (int32_t k = 0; k < 40; k++) {
    rig r;
    rig_make(&r, &seed, k % 2 == 1);
    clx_error error = {0};
    clx_hydraulic_solver *solver = NULL;
    double flow[RIG_BRANCHES], level[RIG_NODES];
    clx_hydraulic_state out = {.flow = flow, .pressure = level};
    assert_int_equal(clx_hydraulic_open(&r.net, &solver, &error), CLX_OK);
    for (int32_t step = 0; step < 10; step++) {
      const int32_t i = rig_pick(&seed, r.net.branch_count);
      r.branch[i].speed = rig_pick(&seed, 3) * 0.5;
      r.branch[i].position = rig_draw(&seed);
      assert_int_equal(clx_hydraulic_again(solver, &r.net, &out, &error), CLX_OK);
      rig_solve(&r);
      for (int32_t j = 0; j < r.net.branch_count; j++)
        CLX_CHECK_NEAR(flow[j], r.flow[j], 1e-6, 1e-5 * largest_flow(&r));
      for (int32_t j = 0; j < r.net.node_count; j++)
        CLX_CHECK_NEAR(level[j], r.level[j], 1e-9, 1e-8 * largest_loss(&r));
    }
    clx_hydraulic_close(solver);
  }
}

static void test_affinity(void **state) {
  (void)state;
  bench b;
  bench_make(&b);
  b.branch[1].length = 0;
  b.branch[1].minor = 3;  // all losses by the square of the flow
  double flow[4], level[4], full = 0, head = 0;
  rig r = {.net = b.net, .state = {.flow = flow, .pressure = level}};
  for (double speed = 1; speed > 0.05; speed *= 0.8) {
    b.branch[0].speed = speed;
    rig_solve(&r);
    if (full == 0) {
      full = flow[0];
      head = level[0] - level[3];
    }
    CLX_CHECK_NEAR(flow[0], full * speed, 1e-6, 0);
    CLX_CHECK_NEAR(level[0] - level[3], head * speed * speed, 1e-6, 0);
  }
  assert_true(full > 0.005);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_friction_of_pipes),
      cmocka_unit_test(test_laws_rise_smoothly),
      cmocka_unit_test(test_valves_and_resistances),
      cmocka_unit_test(test_a_standing_pump_is_the_limit_of_a_slow_one),
      cmocka_unit_test(test_networks_without_one_solution),
      cmocka_unit_test(test_branches_out_of_range),
      cmocka_unit_test(test_another_network_is_not_solved_again),
      cmocka_unit_test(test_no_memory),
      cmocka_unit_test(test_mass_and_energy_balance),
      cmocka_unit_test(test_similarity),
      cmocka_unit_test(test_cohort_is_expanded),
      cmocka_unit_test(test_check_valves),
      cmocka_unit_test(test_again_is_afresh),
      cmocka_unit_test(test_affinity),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
