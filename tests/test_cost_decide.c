// Leases and vehicles, courses side by side, the worth of deciding later: conservation, no arbitrage, closed forms, order.
#include "check.h"

#include "cost/cost_decide.h"
#include "cost/cost_lease.h"

static clx_arena *arena;

enum { HOUR = 3600, MONTHS = 48 };

// --- leases --------------------------------------------------------------------------------------------------------------------

static void a_lease_is_a_loan_at_its_rate(void **state) {
  (void)state;
  clx_error error = {0};
  for (int32_t i = 0; i < 8; i++) {
    const clx_lease lease = {.price = 2e10,
                             .term = 60,
                             .rate = i & 1 ? 0.125 : 0,
                             .residual = i & 2 ? 0.2 : 0,
                             .advance = (i & 4) != 0,
                             .bought = true};
    const double payment = clx_lease_payment(&lease);
    double flow[61] = {0};
    flow[0] = lease.price;
    for (int32_t m = 0; m < 60; m++) flow[lease.advance ? m : m + 1] -= payment;
    flow[60] -= lease.residual * lease.price;
    CLX_CHECK_NEAR(clx_npv(flow, 61, lease.rate), 0, 0, 1e-3);
  }
  // The same machine by loan and by lease at equal rates, without tax: the lessee is indifferent at any discount rate only at that rate.
  const clx_lease lease = {.price = 1e9, .term = 60, .rate = 0.08};
  const clx_loan loan = {.rate = 0.08, .term = 60};
  double drawn[61] = {1e9}, interest[61], repaid[61], owed[61], bought[61], leased[61];
  assert_int_equal(clx_loan_run(&loan, drawn, 61, interest, repaid, owed, &error), CLX_OK);
  for (int32_t m = 0; m < 61; m++) {
    bought[m] = (m == 0 ? drawn[0] - 1e9 : 0) - interest[m] - repaid[m];
    leased[m] = m == 0 ? 0 : -clx_lease_payment(&lease);
    CLX_CHECK_NEAR(leased[m], bought[m], 1e-9, 1e-3);  // payment by payment
  }
}

static void a_vehicle_passes_on_every_dollar(void **state) {
  (void)state;
  clx_error error = {0};
  double f[7][MONTHS + 20];
  const clx_vehicle_flows flows = {f[0], f[1], f[2], f[3], f[4], f[5], f[6]};
  bool has_irr = false;
  double irr = 0;
  // The vehicle of Colossus 2: 20 B USD, 12.5 B lent, five years, option to buy.
  clx_vehicle v = {.lease = {.price = 20e9, .term = 60, .rate = 0.13, .residual = 0.2, .bought = true},
                   .debt = 0.625,
                   .loan = {.rate = 0.105, .term = 60, .fee = 0.01},
                   .tax = 0.21,
                   .depreciation = CLX_DEPRECIATE_MACRS_5,
                   .resale = 0.15,
                   .upkeep = 1e6};
  for (int32_t bought = 0; bought < 2; bought++) {
    v.lease.bought = bought;
    assert_int_equal(clx_vehicle_run(&v, &flows, &has_irr, &irr, &error), CLX_OK);
    for (int32_t m = 0; m < 61; m++) {
      double sum = 0;
      for (int32_t k = 0; k < 7; k++) sum += f[k][m];
      CLX_CHECK_NEAR(sum, 0, 0, 1e-3);
      assert_true(f[3][m] >= 0);
    }
    CLX_CHECK_NEAR(f[1][0], -(20e9 - 12.5e9 + 0.125e9), 1e-9, 0);  // 7.5 B of equity, and the fee
    assert_true(has_irr && irr > 0.02 && irr < 0.5);
  }
  // Without tax, fees and upkeep, lent to at its own rate, the equity earns the rate of the lease.
  v = (clx_vehicle){.lease = {.price = 1e9, .term = 48, .rate = 0.11, .residual = 0.3},
                    .debt = 0.5,
                    .loan = {.rate = 0.11, .term = 48},
                    .resale = 0.3};
  assert_int_equal(clx_vehicle_run(&v, &flows, &has_irr, &irr, &error), CLX_OK);
  CLX_CHECK_NEAR(irr, 0.11, 1e-9, 0);
  v.loan.rate = 0.07;  // cheaper debt lifts it
  assert_int_equal(clx_vehicle_run(&v, &flows, &has_irr, &irr, &error), CLX_OK);
  assert_true(irr > 0.12);
  v.debt = 1.2;
  assert_int_equal(clx_vehicle_run(&v, &flows, &has_irr, &irr, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "debt is 1.2"));
}

// --- courses ---------------------------------------------------------------------------------------------------------------------

typedef struct rig {
  clx_cost_item item;
  double delivered[MONTHS], gpus[MONTHS], market[MONTHS], at[2], count[2];
  clx_cost_plan plan;
  clx_cost_input input;
  clx_rent_contract contract;
  clx_rent rent;
  clx_decision decision;
} rig;

static void make_rig(rig *r) {
  *r = (rig){
      .item = {.name = "servers", .kind = CLX_COST_GPU, .cost = {4e7, 3e7, 5e7}, .delivered = r->delivered, .life = 5},
      .at = {0, 2 * CLX_MONTH},
      .count = {400, 1000},
      .rent = {.discount_1 = 0.35, .discount_3 = 0.55}};
  r->delivered[0] = 1;
  for (int32_t m = 0; m < MONTHS; m++) r->gpus[m] = m < 6 ? 0 : m == 6 ? 250 : 1000, r->market[m] = 3.0 / HOUR;
  r->plan = (clx_cost_plan){.start = 2025,
                            .months = MONTHS,
                            .item = &r->item,
                            .item_count = 1,
                            .use = {1, 1, 1},
                            .lease = {0.05, 0.05, 0.05},
                            .peak = 1,
                            .decay = {0.14, 0.14, 0.14},
                            .loan = {0, 60, 0, 0}};
  r->input = (clx_cost_input){.months = MONTHS, .gpus = r->gpus};
  r->contract = (clx_rent_contract){.at = r->at,
                                    .at_count = 2,
                                    .gpus = r->count,
                                    .gpus_count = 2,
                                    .term = 36 * CLX_MONTH,
                                    .price = 2.0 / HOUR,
                                    .take_or_pay = 1,
                                    .use = 0.8};
  r->decision = (clx_decision){.months = MONTHS,
                               .discount = 0.1,
                               .use = 0.8,
                               .tokens = 100,
                               .least = 500,
                               .value_gpu = 2.5 / HOUR,
                               .value_time = 1e6 / 86400.0,
                               .reference = 12 * CLX_MONTH,
                               .by = 24 * CLX_MONTH,
                               .year = 2025};
}

static clx_course_out run(const rig *r, const clx_course *course) {
  clx_error error = {0};
  clx_cost_draw draw = {0};
  clx_course_out out;
  if (course->plan != NULL) clx_cost_expected(course->plan, &draw);
  assert_int_equal(clx_course_run(&r->decision, course, &draw, r->market, arena, &out, &error), CLX_OK);
  return out;
}

static void both_is_the_sum_of_build_and_rent(void **state) {
  (void)state;
  rig r;
  make_rig(&r);
  const clx_course build = {.name = "build", .plan = &r.plan, .input = &r.input},
                   rent = {.name = "rent", .contract = &r.contract, .rent = &r.rent},
                   both = {
                       .name = "both", .plan = &r.plan, .input = &r.input, .contract = &r.contract, .rent = &r.rent};
  const clx_course_out b = run(&r, &build), h = run(&r, &rent), x = run(&r, &both);
  CLX_CHECK_NEAR(x.figure[CLX_COURSE_COST], b.figure[CLX_COURSE_COST] + h.figure[CLX_COURSE_COST], 1e-12, 0);
  CLX_CHECK_NEAR(x.figure[CLX_COURSE_TOKENS], b.figure[CLX_COURSE_TOKENS] + h.figure[CLX_COURSE_TOKENS], 1e-12, 0);
  // By means of months 500 GPUs are there a third of the way from 250 to 1000, and a sixth of the way from 400 to 1000; a contract alone has its steps.
  CLX_CHECK_NEAR(b.figure[CLX_COURSE_FIRST] / CLX_MONTH, 7 + 1.0 / 3, 1e-9, 0);
  CLX_CHECK_NEAR(h.figure[CLX_COURSE_FIRST] / CLX_MONTH, 2, 1e-9, 0);
  CLX_CHECK_NEAR(x.figure[CLX_COURSE_FIRST] / CLX_MONTH, 2 + 1.0 / 6, 1e-9, 0);
  // Where the steps of the plan are known, too, they say when: 600 own ones half-way through month 6, 400 rented ones before.
  const double at[] = {5.25 * CLX_MONTH, 6.5 * CLX_MONTH}, usable[] = {100, 600};
  r.input.at = at;
  r.input.usable = usable;
  r.input.steps = 2;
  CLX_CHECK_NEAR(run(&r, &build).figure[CLX_COURSE_FIRST] / CLX_MONTH, 6.5, 1e-9, 0);
  CLX_CHECK_NEAR(run(&r, &both).figure[CLX_COURSE_FIRST] / CLX_MONTH, 2, 1e-9, 0);
  r.contract.from = 5 * CLX_MONTH;
  r.contract.at_count = r.contract.gpus_count = 1;
  CLX_CHECK_NEAR(run(&r, &both).figure[CLX_COURSE_FIRST] / CLX_MONTH, 5.25, 1e-9, 0);
  // Tokens by month 24, by hand.
  CLX_CHECK_NEAR(b.figure[CLX_COURSE_TOKENS], (250 + 17 * 1000) * 0.8 * 100 * CLX_MONTH, 1e-12, 0);
  rig slow;
  make_rig(&slow);
  slow.decision.value_time *= 2;  // time is an input: the course that begins earlier gains more
  const clx_course rent_slow = {.name = "rent", .contract = &slow.contract, .rent = &slow.rent};
  const double gained = run(&slow, &rent_slow).figure[CLX_COURSE_NPV] - h.figure[CLX_COURSE_NPV];
  CLX_CHECK_NEAR(gained, 1e6 / 86400 * (12 - h.figure[CLX_COURSE_FIRST] / CLX_MONTH) * CLX_MONTH * clx_discount(0.1, 2),
                 1e-9, 0);
}

static void break_evens_are_where_courses_meet(void **state) {
  (void)state;
  clx_error error = {0};
  rig r;
  make_rig(&r);
  const clx_course build = {.name = "build", .plan = &r.plan, .input = &r.input},
                   rent = {.name = "rent", .contract = &r.contract, .rent = &r.rent};
  const clx_course_out b = run(&r, &build), h = run(&r, &rent);
  double price = 0;
  assert_int_equal(clx_rent_breakeven(&h, &b, &price, &error), CLX_OK);
  r.contract.price = price;
  CLX_CHECK_NEAR(run(&r, &rent).figure[CLX_COURSE_NPV], b.figure[CLX_COURSE_NPV], 1e-9, 0);
  assert_int_equal(clx_rent_breakeven(&b, &h, &price, &error), CLX_INPUT);
  // Renting at will what is used costs as much as owning exactly at the break-even of use.
  const double use = clx_use_breakeven(&r.decision, &b, r.market);
  r.contract = (clx_rent_contract){.at = r.at, .at_count = 2, .gpus = r.count, .gpus_count = 2, .price = -1, .use = 1};
  double owned = 0, step = clx_discount(0.1, 1), factor = 1;
  for (int32_t m = 0; m < MONTHS; m++, factor *= step) owned += factor * b.gpus[m] * r.market[m] * CLX_MONTH;
  CLX_CHECK_NEAR(use * owned, b.figure[CLX_COURSE_COST], 1e-12, 0);
  // A plan that does not end with the months compared is refused.
  clx_course_out out;
  clx_cost_draw draw = {0};
  const clx_course late = {.name = "late", .plan = &r.plan, .input = &r.input, .wait = 3};
  clx_cost_expected(&r.plan, &draw);
  assert_int_equal(clx_course_run(&r.decision, &late, &draw, r.market, arena, &out, &error), CLX_INPUT);
}

static const clx_rent_process MARKET = {.year = 2025,
                                        .level = 1.0986,
                                        .slope = -0.3,
                                        .along = 0.972,
                                        .across = 0.128,
                                        .volatility = 0.04,
                                        .jumps = 0.08,
                                        .jump = 0.3};

static void bands_name_the_best(void **state) {
  (void)state;
  clx_error error = {0};
  rig r;
  make_rig(&r);
  r.decision.process = &MARKET;
  r.contract.term = 0;  // at will: at the market
  r.contract.price = -1;
  const clx_course course[] = {
      {.name = "build", .plan = &r.plan, .input = &r.input},
      {.name = "rent", .contract = &r.contract, .rent = &r.rent},
      {.name = "both", .plan = &r.plan, .input = &r.input, .contract = &r.contract, .rent = &r.rent}};
  clx_decision_bands a, b;
  assert_int_equal(clx_decision_bands_run(&r.decision, course, 1, 3, 5, 400, arena, &a, &error), CLX_OK);
  assert_int_equal(clx_decision_bands_run(&r.decision, course, 1, 3, 5, 400, arena, &b, &error), CLX_OK);
  assert_memory_equal(a.best, b.best, 3 * sizeof a.best[0]);
  CLX_CHECK_NEAR(a.best[0] + a.best[1] + a.best[2], 1, 1e-12, 0);
  const clx_cost_band *rent = &a.figure[1][CLX_COURSE_COST], *build = &a.figure[0][CLX_COURSE_COST];
  assert_true(rent->low < rent->expected && rent->expected < rent->high);
  assert_true(build->high / build->low > 1.3);
  assert_true(a.has_breakeven[1] && !a.has_breakeven[0] && !a.has_breakeven[2]);
  assert_true(a.breakeven[1].low > 0 && a.breakeven[1].low < a.breakeven[1].high);
  assert_true(a.use_breakeven[0].low > 0 && a.use_breakeven[0].low < a.use_breakeven[0].high);
  r.decision.process = NULL;
  assert_int_equal(clx_decision_bands_run(&r.decision, course, 1, 3, 5, 10, arena, &a, &error), CLX_INPUT);
}

// --- the worth of deciding later ---------------------------------------------------------------------------------------------------

static const clx_real REAL = {.process = &MARKET,
                              .year = 2025,
                              .dates = 16,
                              .step = 3,
                              .discount = 0.12,
                              .hardware = 45000,
                              .decay = 0.14,
                              .volatility = 0.15,
                              .operation = 0.45 / HOUR,
                              .value = 2.6 / HOUR,
                              .expansion = 0.9,
                              .use = 0.8,
                              .build = 4 * CLX_MONTH,
                              .rent_off = 0.3,
                              .sublet_off = 0.35,
                              .resale_off = 0.3,
                              .next = 18 * CLX_MONTH,
                              .next_high = 27 * CLX_MONTH,
                              .next_price = 0.6};

static void freedom_is_never_worth_less_than_nothing(void **state) {
  (void)state;
  clx_error error = {0};
  clx_real_out out, again;
  assert_int_equal(clx_real_run(&REAL, 9, 2000, arena, &out, &error), CLX_OK);
  assert_int_equal(clx_real_run(&REAL, 9, 2000, arena, &again, &error), CLX_OK);
  assert_memory_equal(&out, &again, sizeof out);
  assert_true(out.flexible.mean > out.committed.mean);
  for (int32_t o = 0; o < CLX_OPTIONS; o++) {
    if (getenv("CLX_SHOW") != NULL)
      printf("%s %.0f +- %.0f\n", clx_real_option_name[o], out.worth[o], out.worth_error[o]);
    assert_true(out.worth[o] >= 0);
    assert_true(!out.given_up[o] || out.misfit[o] > 0);
  }
  double share = 0;
  for (int32_t m = 0; m < CLX_REAL_MODES; m++) share += out.share[m];
  CLX_CHECK_NEAR(share, 1, 1e-9, 0);
  if (getenv("CLX_SHOW") != NULL)
    printf("committed %.0f flexible %.0f in sample %.0f\n", out.committed.mean, out.flexible.mean, out.in_sample);
  CLX_CHECK_NEAR(out.in_sample, out.flexible.mean, 0.1, 0);
}

// Prices so wild that the regression takes noise for reasons to sell: who has the option leaves it, and is not the worse for it.
static void what_the_fit_cannot_use_is_left(void **state) {
  (void)state;
  enum { PATHS = 3000 };
  clx_error error = {0};
  clx_real_out out;
  clx_real r = REAL;
  r.volatility = 1.5;
  r.next = 0;
  assert_int_equal(clx_real_run(&r, 9, PATHS, arena, &out, &error), CLX_OK);
  if (getenv("CLX_SHOW") != NULL)
    printf("misfit %.0f +- %.0f\n", out.misfit[CLX_OPTION_ABANDON], out.worth_error[CLX_OPTION_ABANDON]);
  assert_true(out.given_up[CLX_OPTION_ABANDON]);
  assert_true(out.misfit[CLX_OPTION_ABANDON] > 3 * out.worth_error[CLX_OPTION_ABANDON]);
  assert_true(out.share[CLX_REAL_GONE] == 0);
  for (int32_t o = 0; o < CLX_OPTIONS; o++) assert_true(out.worth[o] >= 0);
  assert_true(out.flexible.mean > out.committed.mean - 3 * out.committed.deviation / sqrt(PATHS));
}

static void stated_zeros_of_options_count(void **state) {
  (void)state;
  clx_real option = {.value = 0, .operation = 0, .hardware = 5, .discount = 0, .use = 0}, out;
  const clx_decide_spec spec = {.option = &option, .option_count = 1};
  const clx_decision decision = {.value_gpu = 7, .discount = 0.1, .use = 0.8};
  const clx_cost_out run = {.figure = {[CLX_COST_CAPEX] = 300, [CLX_COST_OPEX_YEAR] = 20}};
  clx_decide_options(&spec, &decision, &run, 10, &out);
  assert_true(out.value == 0 && out.operation == 0 && out.discount == 0 && out.use == 0 && out.hardware == 5);
  option = (clx_real){.value = -1, .operation = -1, .hardware = -1, .discount = -1, .use = -1};
  clx_decide_options(&spec, &decision, &run, 10, &out);
  assert_true(out.value == 7 && out.operation == 2 && out.discount == 0.1 && out.use == 0.8 && out.hardware == 30);
}

// Two years, two dates: owning brings 40,000 USD in each, hardware costs 78,000 now, too much. Who may wait holds a put on hardware at 40,000 after a
// year; nothing else is worth anything: rents are beyond reach, a tenant pays nothing, nobody buys used ones.
static void waiting_alone_is_a_put_on_hardware(void **state) {
  (void)state;
  clx_error error = {0};
  const clx_rent_process dear = {.year = 2025, .level = 9};
  clx_real_out out;
  clx_real r = {.process = &dear,
                .year = 2025,
                .dates = 2,
                .step = 12,
                .discount = 0.06,
                .hardware = 78000,
                .volatility = 0.8,
                .use = 1,
                .value = 40000 / (12 * CLX_MONTH),
                .resale_off = 1,
                .sublet_off = 1,
                .next_price = 1};
  assert_int_equal(clx_real_run(&r, 3, 8000, arena, &out, &error), CLX_OK);
  const double put = clx_black_scholes_put(78000, 40000, 0, 0, 0.8, 1) / 1.06,
               standard_error = out.flexible.deviation / sqrt(8000);
  CLX_CHECK_NEAR(out.committed.mean, 0, 0, 1e-9);
  CLX_CHECK_NEAR(out.flexible.mean, put, 0, 3 * standard_error);
  CLX_CHECK_NEAR(out.worth[CLX_OPTION_WAIT], put, 0, 3 * standard_error);
  CLX_CHECK_NEAR(out.worth[CLX_OPTION_EXPAND], 0, 0, 3 * out.worth_error[CLX_OPTION_EXPAND] + 1e-9);
  // Cheap hardware is bought at once: its worth is certain.
  r.hardware = 30000;
  assert_int_equal(clx_real_run(&r, 3, 2000, arena, &out, &error), CLX_OK);
  CLX_CHECK_NEAR(out.flexible.mean, 40000 + 40000 / 1.06 - 30000, 0.01, 0);
  CLX_CHECK_NEAR(out.committed.mean, 40000 + 40000 / 1.06 - 30000, 1e-9, 0);
}

// Sampled: the cheaper of two orders whose costs move together.
static void a_second_source_is_an_exchange(void **state) {
  (void)state;
  enum { DRAWS = 40000 };
  double saved = 0;
  for (int32_t i = 0; i < DRAWS; i++) {
    clx_stream s = clx_stream_make(6, 6, (uint64_t)i, 0);
    const double z = clx_stream_normal(&s), w = 0.4 * z + sqrt(1 - 0.16) * clx_stream_normal(&s);
    const double first = 100 * exp(-0.045 + 0.3 * z), second = 110 * exp(-0.02 + 0.2 * w);
    saved += fmax(0, first - second) / DRAWS;
  }
  const double worth = clx_second_source(100, 110, 0.3, 0.2, 0.4, 1, 2);
  CLX_CHECK_NEAR(worth, saved - 2, 0.05, 0);
  assert_true(clx_second_source(100, 110, 0.3, 0.2, 0.9, 1, 2) < worth);  // what shares its parts insures less
  CLX_CHECK_NEAR(clx_second_source(100, 110, 0.3, 0.3, 1, 1, 2), -2, 1e-9, 0);
}

static void questions_are_checked(void **state) {
  (void)state;
  clx_error error = {0};
  clx_real_out out;
  clx_real r = REAL;
  assert_int_equal(clx_real_run(&r, 1, 50, arena, &out, &error), CLX_INPUT);
  r.process = NULL;
  assert_int_equal(clx_real_run(&r, 1, 500, arena, &out, &error), CLX_INPUT);
  r = REAL;
  r.hardware = 0;
  assert_int_equal(clx_real_run(&r, 1, 500, arena, &out, &error), CLX_INPUT);
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
      cmocka_unit_test(a_lease_is_a_loan_at_its_rate),
      cmocka_unit_test(a_vehicle_passes_on_every_dollar),
      cmocka_unit_test(both_is_the_sum_of_build_and_rent),
      cmocka_unit_test(break_evens_are_where_courses_meet),
      cmocka_unit_test(bands_name_the_best),
      cmocka_unit_test(freedom_is_never_worth_less_than_nothing),
      cmocka_unit_test(what_the_fit_cannot_use_is_left),
      cmocka_unit_test(stated_zeros_of_options_count),
      cmocka_unit_test(waiting_alone_is_a_put_on_hardware),
      cmocka_unit_test(a_second_source_is_an_exchange),
      cmocka_unit_test(questions_are_checked),
  };
  return cmocka_run_group_tests(tests, make, drop);
}
