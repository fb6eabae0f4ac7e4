// Order planning: the closed form against a direct sum, small programs against trying everything, Cbc and glpsol, conditions that cannot be met,
// instances from the catalogue, and the simplex method by itself.
#include "check.h"

#include <unistd.h>

#include "catalog/catalog.h"
#include "chance/chance.h"
#include "supply/supply_plan_market.h"
#include "supply/supply_simplex.h"

static clx_sourcing draw(uint64_t seed, int32_t suppliers, int32_t periods, int32_t scenarios, clx_arena *arena) {
  clx_sourcing p;
  clx_error error;
  clx_error_clear(&error);
  assert_int_equal(clx_sourcing_draw(seed, suppliers, periods, scenarios, arena, &p, &error), CLX_OK);
  return p;
}

static clx_plan solve(const clx_sourcing *p, double gap, clx_arena *arena) {
  clx_plan plan;
  clx_error error;
  clx_error_clear(&error);
  const clx_plan_settings settings = {.gap = gap};
  if (clx_sourcing_solve(p, &settings, arena, &plan, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  assert_true(plan.proved);
  assert_true(plan.bound <= plan.cost + 1e-9 * fabs(plan.cost));
  return plan;
}

static void check_conditions(const clx_sourcing *p, const clx_plan *plan) {
  for (int32_t s = 0; s < p->suppliers; s++) {
    double sum = 0;
    for (int32_t i = s * p->periods; i < (s + 1) * p->periods; i++) {
      const double q = plan->quantity[i];
      sum += q;
      assert_true(q >= 0 && q <= p->most[i] * (1 + 1e-12));
      assert_true(q <= 0 || (plan->order[i] && plan->qualified[s] && q >= p->lot[i] * (1 - 1e-12)));
    }
    assert_true(sum <= p->total[s] * (1 + 1e-8));
  }
}

// --- the closed form -----------------------------------------------------------------------------------------------------------------------

static void test_cost_of_a_plan_written_out(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error;
  clx_sourcing p = draw(3, 2, 3, 4, arena);
  p.lambda = 0.25;
  p.alpha = 0.6;
  double power[12];
  for (int32_t i = 0; i < 12; i++) power[i] = 70.0 * (i % 3 + 1) + 5 * (i / 3);
  p.power = power;
  const double q[6] = {50, 0, 60, 40, 70, 0};
  clx_plan plan;
  assert_int_equal(clx_plan_value(&p, q, arena, &plan, &error), CLX_OK);
  double cost[4], mean = 0;
  for (int32_t w = 0; w < 4; w++) {
    double have = 0, wanted = 0;
    cost[w] = 0;
    for (int32_t t = 0; t < 3; t++) {
      for (int32_t i = 0; i < 6; i++)
        if (p.arrival[w * 6 + i] == t) have += p.yield[w * 6 + i] * q[i];
      wanted += p.demand[t];
      // In use is what has arrived and has power and is wanted; the rest waits, what is wanted and not in use is late.
      const double used = fmin(fmin(have, power[w * 3 + t]), wanted);
      cost[w] += p.hold[t] * (have - used) + p.late[t] * (wanted - used);
    }
    mean += cost[w] / 4;
  }
  clx_sort(cost, 4);
  // The worst 40 % of four: the worst, and 0.15 of 0.25 of the next.
  const double cvar = (0.25 * cost[3] + 0.15 * cost[2]) / 0.4;
  CLX_CHECK_NEAR(plan.mean, mean, 1e-12, 0);
  CLX_CHECK_NEAR(plan.cvar, cvar, 1e-12, 0);
  const double first = p.qualify[0] + p.qualify[1] + p.setup[0] + p.setup[2] + p.setup[3] + p.setup[4] +
                       50 * p.price[0] + 60 * p.price[2] + 40 * p.price[3] + 70 * p.price[4];
  CLX_CHECK_NEAR(plan.first, first, 1e-12, 0);
  CLX_CHECK_NEAR(plan.cost, first + 0.75 * mean + 0.25 * cvar, 1e-12, 0);
  clx_arena_free(arena);
}

// --- small programs against everything -----------------------------------------------------------------------------------------------------

// Least cost over a grid of quantities: 0, the lot, and steps up to the most.
static double try_everything(const clx_sourcing *p, int32_t steps, clx_arena *arena) {
  const int32_t cells = p->suppliers * p->periods;
  double best = INFINITY, q[8] = {0};
  int32_t digit[8] = {0};
  clx_error error;
  for (;;) {
    clx_plan plan;
    bool fits = true;
    for (int32_t s = 0; s < p->suppliers; s++) {
      double sum = 0;
      for (int32_t i = s * p->periods; i < (s + 1) * p->periods; i++) {
        q[i] = digit[i] == 0 ? 0 : p->lot[i] + (p->most[i] - p->lot[i]) * (digit[i] - 1) / (steps - 2);
        sum += q[i];
      }
      fits = fits && sum <= p->total[s];
    }
    assert_int_equal(clx_plan_value(p, q, arena, &plan, &error), CLX_OK);
    if (fits) best = fmin(best, plan.cost);
    int32_t i = 0;
    while (i < cells && ++digit[i] == steps) digit[i++] = 0;
    if (i == cells) return best;
  }
}

static void test_small_programs_against_everything(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 6; seed++) {
    clx_arena *arena = clx_arena_new();
    clx_sourcing p = draw(seed, 2, 2, 5, arena);
    p.lambda = 0.5 * (double)(seed % 3);
    for (int32_t s = 0; s < 2; s++)  // what is ordered late would never arrive
      for (int32_t i = 0; i < 20; i++) p.arrival[i] = p.arrival[i] > 1 ? 1 : p.arrival[i];
    const clx_plan plan = solve(&p, 1e-9, arena);
    check_conditions(&p, &plan);
    const double grid = try_everything(&p, 11, arena);
    assert_true(plan.cost <= grid * (1 + 1e-9));
    assert_true(plan.bound <= grid);
    // The best of the grid is at most half a step of each order away.
    double step = 0;
    for (int32_t i = 0; i < 4; i++) step += (p.most[i] - p.lot[i]) / 9 * (p.price[i] + p.late[0] + p.late[1]);
    assert_true(grid - plan.cost <= step);
    clx_arena_free(arena);
  }
}

static void test_no_orders_where_nothing_is_late(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_sourcing p = draw(1, 3, 4, 5, arena);
  for (int32_t t = 0; t < 4; t++) p.late[t] = 0;
  const clx_plan plan = solve(&p, 1e-9, arena);
  CLX_CHECK_NEAR(plan.cost, 0, 0, 0);
  clx_arena_free(arena);
}

static void test_more_risk_aversion_lowers_the_tail(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_sourcing p = draw(2, 3, 5, 30, arena);
  p.lambda = 0;
  const clx_plan mean = solve(&p, 1e-7, arena);
  p.lambda = 1;
  const clx_plan tail = solve(&p, 1e-7, arena);
  // Each is best at what it was asked for; a plan's CVaR is never below its mean.
  clx_plan other;
  clx_error error;
  assert_int_equal(clx_plan_value(&p, mean.quantity, arena, &other, &error), CLX_OK);
  assert_true(tail.cost <= other.cost * (1 + 1e-7));
  assert_true(tail.cvar >= tail.mean);
  p.lambda = 0;
  assert_int_equal(clx_plan_value(&p, tail.quantity, arena, &other, &error), CLX_OK);
  assert_true(mean.cost <= other.cost * (1 + 1e-7));
  clx_arena_free(arena);
}

// --- other solvers -------------------------------------------------------------------------------------------------------------------------

static void test_the_same_optimum_as_cbc(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 2; seed++) {
    clx_arena *arena = clx_arena_new();
    const clx_sourcing p = draw(seed, 4, 6, 10, arena);
    clx_plan other;
    clx_error error;
    clx_error_clear(&error);
    const clx_status status =
        clx_sourcing_solve_extensive(&p, &(clx_plan_settings){.gap = 1e-9}, arena, &other, &error);
#ifdef CLX_HAS_COIN
    assert_int_equal(status, CLX_OK);
    const clx_plan plan = solve(&p, 1e-8, arena);
    check_conditions(&p, &plan);
    CLX_CHECK_NEAR(plan.cost, other.cost, 1e-7, 0);
#else
    assert_int_equal(status, CLX_INTERNAL);
    assert_non_null(strstr(error.mistake[0].text, "coinor-libcbc-dev"));
#endif
    clx_arena_free(arena);
  }
}

static void test_the_same_optimum_as_glpsol(void **state) {
  (void)state;
  char folder[] = "/tmp/clx_plan_XXXXXX", path[64], command[256], line[512];
  if (system("command -v glpsol >/dev/null 2>&1") != 0) skip();
  assert_non_null(mkdtemp(folder));
  clx_arena *arena = clx_arena_new();
  clx_error error;
  clx_error_clear(&error);
  const clx_sourcing p = draw(5, 4, 6, 10, arena);
  snprintf(path, sizeof path, "%s/p.lp", folder);
  assert_int_equal(clx_sourcing_write(&p, path, &error), CLX_OK);
  snprintf(
      command, sizeof command,
      "cd %s && glpsol --lp p.lp --tmlim 60 -o out.txt >/dev/null && grep Objective out.txt > o && rm -f p.lp out.txt",
      folder);
  assert_int_equal(system(command), 0);
  snprintf(path, sizeof path, "%s/o", folder);
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  assert_non_null(fgets(line, sizeof line, file));
  fclose(file);
  remove(path);
  rmdir(folder);
  double objective = 0;
  assert_int_equal(sscanf(strchr(line, '=') + 1, "%lf", &objective), 1);
  const clx_plan plan = solve(&p, 1e-8, arena);
  CLX_CHECK_NEAR(plan.cost, objective, 2e-6, 0);  // glpsol prints nine digits
  clx_arena_free(arena);
}

// --- conditions ----------------------------------------------------------------------------------------------------------------------------

static void test_conditions_that_cannot_be_met(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error;
  clx_error_clear(&error);
  clx_sourcing p = draw(1, 3, 6, 5, arena);
  const char *names[] = {"dell", "hpe", "quanta"};
  double required[6] = {0};
  p.name = names;
  p.required = required;
  double reach = 0;
  for (int32_t s = 0; s < 3; s++) {
    double lines = 0;
    for (int32_t k = 0; k + p.nominal[s] <= 3; k++) lines += p.most[s * 6 + k];
    reach += fmin(lines, p.total[s]);
  }
  required[3] = reach + 10;
  clx_plan plan;
  assert_int_equal(clx_sourcing_solve(&p, &(clx_plan_settings){0}, arena, &plan, &error), CLX_INFEASIBLE);
  assert_non_null(strstr(error.mistake[0].text, "in period 3"));
  assert_non_null(strstr(error.mistake[0].text, "short by 10"));
  assert_non_null(strstr(error.mistake[1].text, "the same in period 4 instead of 3"));
  // What it names helps: the first capacity that it says.
  bool helped = false;
  for (int32_t i = 2; i < error.count; i++) {
    for (int32_t s = 0; s < 3; s++) {
      char head[64];
      snprintf(head, sizeof head, "possible with: capacity of %s up to period %d times ", names[s], 3 - p.nominal[s]);
      if (strncmp(error.mistake[i].text, head, strlen(head)) != 0) continue;
      clx_sourcing q = draw(1, 3, 6, 5, arena);
      q.required = required;
      const double factor = strtod(error.mistake[i].text + strlen(head), NULL) + 1e-4;
      for (int32_t k = 0; k + q.nominal[s] <= 3; k++) q.most[s * 6 + k] *= factor;
      clx_error none;
      clx_error_clear(&none);
      assert_int_equal(clx_sourcing_relax(&q, &none), CLX_OK);
      helped = true;
    }
  }
  assert_true(helped);
  clx_arena_free(arena);
}

static void test_a_budget_that_is_too_small(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error;
  clx_error_clear(&error);
  clx_sourcing p = draw(4, 2, 4, 5, arena);
  double required[4] = {0, 0, 0, 100};
  p.required = required;
  p.budget = 1000;
  clx_plan plan;
  assert_int_equal(clx_sourcing_solve(&p, &(clx_plan_settings){0}, arena, &plan, &error), CLX_INFEASIBLE);
  double least = 0;
  assert_int_equal(sscanf(error.mistake[0].text, "budget: what is required costs %lf at least", &least), 1);
  // With that it can be done, and with a hundredth less it cannot.
  p.budget = least * 1.0001;
  clx_error_clear(&error);
  assert_int_equal(clx_sourcing_solve(&p, &(clx_plan_settings){.gap = 1e-6}, arena, &plan, &error), CLX_OK);
  assert_true(plan.first <= p.budget * (1 + 1e-8));
  p.budget = least * 0.99;
  assert_int_equal(clx_sourcing_relax(&p, &error), CLX_INFEASIBLE);
  clx_arena_free(arena);
}

static void test_what_is_said_of_bad_instances(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error;
  clx_plan plan;
  clx_sourcing p = draw(1, 2, 2, 2, arena);
  clx_error_clear(&error);
  p.probability[0] = 0.6;
  assert_int_equal(clx_sourcing_solve(&p, &(clx_plan_settings){0}, arena, &plan, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "sum of 1"));
  p.probability[0] = 0.5;
  p.lot[1] = p.most[1] + 1;
  clx_error_clear(&error);
  assert_int_equal(clx_sourcing_solve(&p, &(clx_plan_settings){0}, arena, &plan, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "minimum lot of supplier 0 in period 1"));
  clx_error_clear(&error);
  assert_int_equal(clx_sourcing_draw(1, 65, 2, 2, arena, &p, &error), CLX_INPUT);
  clx_arena_free(arena);
}

// --- from the catalogue --------------------------------------------------------------------------------------------------------------------

static void test_makers_of_the_catalogue(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_catalog *catalog = NULL;
  clx_error error;
  clx_error_clear(&error);
  assert_int_equal(clx_catalog_open(NULL, &catalog, &error), CLX_OK);
  const char *makers[] = {"supermicro", "dell"};
  clx_order_spec orders[] = {{.product = "H100", .maker = "supermicro"}, {.product = "H100", .maker = "dell"}};
  const clx_procurement_spec names = {.order = orders, .order_count = 2};
  const clx_equipment *list = NULL;
  assert_int_equal(clx_catalog_read_supply(catalog, &names, arena, &list, &error), CLX_OK);
  const clx_supply_finder finder = clx_equipment_supply_finder(list);
  const double demand[8] = {0, 0, 0, 20000, 20000, 20000, 0, 0};
  const clx_market_spec spec = {.start = "2024-06-03",
                                .periods = 8,
                                .weeks = 4,
                                .product = "H100",
                                .maker = makers,
                                .maker_count = 2,
                                .qualified = makers,
                                .qualified_count = 2,
                                .demand = demand,
                                .share = 0.3,
                                .setup = 1e4,
                                .hold = 100,
                                .late = 1000,
                                .missing = 6e4,
                                .lambda = 0.5,
                                .alpha = 0.9,
                                .scenarios = 40,
                                .seed = 1};
  clx_sourcing p;
  if (clx_sourcing_market(&spec, &finder, arena, &p, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  // Supermicro: 100,000 a quarter, a share of 0.3 of four weeks of it; three weeks are less than a period.
  CLX_CHECK_NEAR(p.most[2], 0.3 * 4 * 100000 / (3 * 30.4375 / 7), 1e-9, 0);
  assert_int_equal(p.nominal[0], 0);
  assert_int_equal(p.nominal[1], 2);
  CLX_CHECK_NEAR(p.lot[0], 64, 0, 0);
  const clx_plan plan = solve(&p, 1e-4, arena);
  check_conditions(&p, &plan);
  assert_true(plan.first > 0);
  clx_catalog_close(catalog);
  clx_arena_free(arena);
}

// --- the simplex method --------------------------------------------------------------------------------------------------------------------

// A transport problem whose optimum is known: two plants of 20 and 30, three towns of 10, 25, 15; the north-west costs 1, the rest 2 and 3.
static void test_simplex_on_a_transport_problem(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error;
  clx_simplex s;
  const double cost[6] = {1, 2, 3, 3, 1, 2};
  double bound = 0;
  assert_int_equal(clx_simplex_new(6, 20, arena, &s, &error), CLX_OK);
  for (int32_t j = 0; j < 6; j++) {
    s.cost[j] = cost[j];
    s.most[j] = 100;
  }
  clx_simplex_begin(&s);
  clx_simplex_add(&s, (const double[]){-1, -1, -1, 0, 0, 0}, -20);
  clx_simplex_add(&s, (const double[]){0, 0, 0, -1, -1, -1}, -30);
  clx_simplex_add(&s, (const double[]){1, 0, 0, 1, 0, 0}, 10);
  clx_simplex_add(&s, (const double[]){0, 1, 0, 0, 1, 0}, 25);
  clx_simplex_add(&s, (const double[]){0, 0, 1, 0, 0, 1}, 15);
  assert_int_equal(clx_simplex_solve(&s, 1e30, 1000, &bound), CLX_SIMPLEX_OPTIMAL);
  // 10 at 1; the second plant serves 15 at 2 and 15 at 1, the first 10 at 2: 10 + 30 + 15 + 20.
  CLX_CHECK_NEAR(bound, 75, 1e-12, 0);
  s.most[4] = 0;  // the second plant may not serve the second town: 20 of the first at 2, 5 cannot be had
  assert_int_equal(clx_simplex_solve(&s, 1e30, 1000, &bound), CLX_SIMPLEX_INFEASIBLE);
  s.most[4] = 100;
  assert_int_equal(clx_simplex_solve(&s, 1e30, 1000, &bound), CLX_SIMPLEX_OPTIMAL);
  CLX_CHECK_NEAR(bound, 75, 1e-12, 0);
  assert_int_equal(clx_simplex_solve(&s, 70, 1000, &bound), CLX_SIMPLEX_ABOVE);
  clx_arena_free(arena);
}

// Bounds go up and down, rows come and go; each optimum is that of a program made anew.
static void test_simplex_after_changes_is_as_made_anew(void **state) {
  (void)state;
  enum { N = 12, M = 15 };
  clx_arena *arena = clx_arena_new();
  clx_error error;
  clx_simplex s;
  clx_stream stream = clx_stream_make(11, 0x5201, 0, 0);
  double cost[N], row[M][N], low[M];
  for (int32_t j = 0; j < N; j++) cost[j] = clx_stream_uniform(&stream) - 0.2;
  assert_int_equal(clx_simplex_new(N, M, arena, &s, &error), CLX_OK);
  memcpy(s.cost, cost, sizeof cost);
  clx_simplex_begin(&s);
  int32_t infeasible = 0, optimal = 0;
  for (int32_t i = 0; i < M; i++) {
    for (int32_t j = 0; j < N; j++) row[i][j] = clx_stream_uniform(&stream) < 0.5 ? 0 : clx_stream_normal(&stream);
    low[i] = -clx_stream_uniform(&stream) - 0.3;
  }
  for (int32_t round = 0; round < 400; round++) {
    if (round < M) assert_true(clx_simplex_add(&s, row[round], low[round]));
    for (int32_t j = 0; j < N; j++) {
      const double a = clx_stream_uniform(&stream), b = clx_stream_uniform(&stream);
      s.least[j] = a < 0.3 ? 0 : a < 0.6 ? 0.5 * b : b;
      s.most[j] = a < 0.3 ? 1 : a < 0.6 ? 0.5 * b + 0.5 : b;  // some are fixed
    }
    const int32_t changed = (int32_t)clx_stream_below(&stream, N);
    clx_simplex_cost(&s, changed, cost[changed] = clx_stream_uniform(&stream) - 0.3);
    clx_simplex fresh;
    double bound = 0, anew = 0;
    assert_int_equal(clx_simplex_new(N, M, arena, &fresh, &error), CLX_OK);
    memcpy(fresh.cost, cost, sizeof cost);
    memcpy(fresh.least, s.least, sizeof cost);
    memcpy(fresh.most, s.most, sizeof cost);
    clx_simplex_begin(&fresh);
    for (int32_t i = 0; i <= round && i < M; i++) clx_simplex_add(&fresh, row[i], low[i]);
    const clx_simplex_end was = clx_simplex_solve(&s, 1e30, 10000, &bound),
                          is = clx_simplex_solve(&fresh, 1e30, 10000, &anew);
    assert_int_equal(was, is);
    infeasible += is == CLX_SIMPLEX_INFEASIBLE;
    optimal += is == CLX_SIMPLEX_OPTIMAL;
    if (is != CLX_SIMPLEX_OPTIMAL) continue;
    CLX_CHECK_NEAR(bound, anew, 1e-9, 1e-9);
    double value = 0;
    for (int32_t j = 0; j < N; j++) {
      value += cost[j] * s.x[j];
      assert_true(s.x[j] >= s.least[j] - 1e-7 && s.x[j] <= s.most[j] + 1e-7);
    }
    CLX_CHECK_NEAR(value, bound, 1e-7, 1e-7);  // primal and dual meet
  }
  assert_true(infeasible > 10 && optimal > 10);
  clx_arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cost_of_a_plan_written_out),
      cmocka_unit_test(test_small_programs_against_everything),
      cmocka_unit_test(test_no_orders_where_nothing_is_late),
      cmocka_unit_test(test_more_risk_aversion_lowers_the_tail),
      cmocka_unit_test(test_the_same_optimum_as_cbc),
      cmocka_unit_test(test_the_same_optimum_as_glpsol),
      cmocka_unit_test(test_conditions_that_cannot_be_met),
      cmocka_unit_test(test_a_budget_that_is_too_small),
      cmocka_unit_test(test_what_is_said_of_bad_instances),
      cmocka_unit_test(test_makers_of_the_catalogue),
      cmocka_unit_test(test_simplex_on_a_transport_problem),
      cmocka_unit_test(test_simplex_after_changes_is_as_made_anew),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
