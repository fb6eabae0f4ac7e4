// Plans: cash is conserved, figures match closed forms, bands do not depend on threads, mistakes are named.
#include "check.h"

#include "cost/cost_plan.h"

static clx_arena *arena;

#define MONTHS 60
static const clx_price *no_price[CLX_COST_ITEMS_MAX];
static const clx_building *no_building[CLX_COST_ITEMS_MAX];
static const clx_battery *no_battery[CLX_COST_ITEMS_MAX];

typedef struct rig {
  clx_cost_spec spec;
  clx_cost_found found;
  clx_cost_plan plan;
  clx_cost_out out;
  double gpus[MONTHS];
  clx_cost_input input;
} rig;

static clx_status read_spec(const char *text, rig *r, clx_error *error) {
  clx_node *root = NULL;
  *r = (rig){.found = {no_price, no_building, no_battery, NULL, NULL, {NULL, 0}}};
  clx_error_clear(error);
  CLX_TRY(clx_document_read(arena, "cost.yaml", text, strlen(text), &root, error));
  CLX_TRY(clx_schema_read(&clx_cost_spec_schema, root, false, arena, &r->spec, error));
  CLX_TRY(clx_cost_compile(&r->spec, &r->found, arena, &r->plan, error));
  for (int32_t m = 0; m < MONTHS; m++) r->gpus[m] = m < 4 ? 0 : 1000;
  r->input = (clx_cost_input){.months = MONTHS, .gpus = r->gpus};
  return clx_cost_out_make(&r->plan, arena, &r->out, error);
}

static const char FULL[] =
    "start: 2024-05-01\n"
    "horizon: 60 months\n"
    "discount: 9 %\n"
    "tax: 21 %\n"
    "use: 0.8\nuse_low: 0.7\nuse_high: 0.9\n"
    "income: 3 USD/h\nincome_low: 2 USD/h\nincome_high: 4 USD/h\n"
    "tokens: 700 token/s\nrun: 1e6 GPU*h\n"
    "capital:\n"
    "  - {name: servers, kind: gpu, price: 300000 USD, price_low: 270000 USD, price_high: 330000 USD, count: 125, "
    "deposit: 50 %, lead: 3 "
    "months, terms: 1 month, at: [3 months, 5 months], share: [0.25, 0.75]}\n"
    "  - {name: network, kind: network, price: 5000 USD, count: 1000, at: 3 months}\n"
    "  - {name: hall, kind: building, price: 10 million USD/MW, power: 1.5 MW, from: 0 s, until: 6 months}\n"
    "  - {name: land, kind: land, price: 1e6 USD, count: 1}\n"
    "operating: {energy: 70 USD/MWh, demand: 10 USD/kW, gpu_power: 1.4 kW, repair: 4 %, repair_low: 2 %, repair_high: "
    "6 %, water: 3 USD/m3, water_use: "
    "0.001 m3/kWh, licence: 0.01 USD/h, insurance: 1 %, lease: 1000 USD/h}\n"
    "finance: {debt: 60 %, rate: 8 %, term: 48 months, grace: 3 months, fee: 1 %}\n"
    "leases:\n  - {name: chips, price: 1e7 USD, from: 2 months, term: 36 months, rate: 11 %, residual: 0.2, bought: "
    "yes, advance: yes}\n"
    "penalties:\n  - {name: late, at: 6 months, amount: 1e6 USD, amount_low: 5e5 USD, amount_high: 2e6 USD, "
    "probability: 0.3}\n";

static void run(rig *r, const clx_cost_draw *draw) {
  clx_error error = {0};
  assert_int_equal(clx_cost_plan_run(&r->plan, &r->input, draw, true, &r->out, &error), CLX_OK);
}

static void cash_is_conserved(void **state) {
  (void)state;
  clx_error error = {0};
  rig r;
  assert_int_equal(read_spec(FULL, &r, &error), CLX_OK);
  for (int32_t replica = -1; replica < 20; replica++) {
    clx_cost_draw draw;
    if (replica < 0)
      clx_cost_expected(&r.plan, &draw);
    else
      clx_cost_draw_replica(&r.plan, 5, (uint64_t)replica, &draw);
    run(&r, &draw);
    double capital = 0, cost = 0, equity = 0, lent = 0, back = 0, interest = 0, tax = 0, in = 0, bought = 0;
    for (int32_t m = 0; m < MONTHS; m++) {
      const clx_cost_month *x = &r.out.month[m];
      capital += x->capital;
      cost += x->energy + x->staff + x->repair + x->water + x->licence + x->insurance + x->lease + x->penalty;
      equity += x->equity;
      lent += x->drawn;
      back += x->repaid;
      interest += x->interest;
      tax += x->tax;
      in += x->income + x->resale;
    }
    for (int32_t k = 0; k < CLX_COST_KINDS; k++) bought += r.out.by_kind[k];
    CLX_CHECK_NEAR(capital, r.out.figure[CLX_COST_CAPEX], 1e-12, 0);
    CLX_CHECK_NEAR(bought + 0.2 * 1e7, capital, 1e-12, 0);  // and what is bought out of the lease
    CLX_CHECK_NEAR(lent, 0.6 * capital, 1e-12, 0);
    CLX_CHECK_NEAR(back, lent, 1e-12, 0);
    CLX_CHECK_NEAR(equity, in - capital - cost - tax - interest, 1e-9, 0.01);
  }
}

static void deposits_are_paid_before_delivery(void **state) {
  (void)state;
  clx_error error = {0};
  rig r;
  clx_cost_draw draw;
  assert_int_equal(read_spec(FULL, &r, &error), CLX_OK);
  clx_cost_expected(&r.plan, &draw);
  run(&r, &draw);
  const double servers = 125 * 3e5, hall = 1.5e7;
  // Month 0: deposit of the first delivery, the first sixth of the S-curve, and the land.
  CLX_CHECK_NEAR(r.out.month[0].capital, 0.5 * 0.25 * servers + hall * (3.0 / 36 - 2.0 / 216) + 1e6, 1e-9, 0);
  CLX_CHECK_NEAR(r.out.month[2].capital, 0.5 * 0.75 * servers + hall * 0.5 - hall * (3 / 9.0 - 2 / 27.0), 1e-9, 0);
  CLX_CHECK_NEAR(r.out.month[6].capital, 0.5 * 0.75 * servers, 1e-12, 0);
  CLX_CHECK_NEAR(r.out.month[7].capital, 0, 0, 0);
  CLX_CHECK_NEAR(r.out.month[2].advance, 0.5 * servers, 1e-12, 0);  // all deposits are with the maker
  CLX_CHECK_NEAR(r.out.month[4].advance, 0.5 * 0.75 * servers, 1e-12, 0);
  CLX_CHECK_NEAR(r.out.month[5].advance, 0, 0, 0);
  CLX_CHECK_NEAR(r.out.month[3].energy, 0, 0, 0);
  const double power = 1000 * 1400.0;
  CLX_CHECK_NEAR(r.out.month[4].energy, power * CLX_MONTH * 70 / 3.6e9 + 1.1 * power * 10 / 1000, 1e-12, 0);
  CLX_CHECK_NEAR(r.out.month[4].income, 1000 * 0.8 * 3 / 3600 * CLX_MONTH, 1e-12, 0);
}

// Money spent at once, capacity at once, no resale: the levelised cost is the capital recovered, by the closed form.
static void cost_of_a_gpu_hour_is_capital_recovered(void **state) {
  (void)state;
  static const char SIMPLE[] =
      "start: 2024-01-01\nhorizon: 60 months\ndiscount: 9 %\nuse: 0.5\ntokens: 100 token/s\nrun: 1e6 GPU*h\n"
      "capital: [{name: g, kind: gpu, price: 40000 USD, count: 1000, resale: none}]\noperating: {repair: 0, lease: 720 "
      "USD/h}\n";
  clx_error error = {0};
  rig r;
  clx_cost_draw draw;
  assert_int_equal(read_spec(SIMPLE, &r, &error), CLX_OK);
  r.plan.growth = 0;
  for (int32_t m = 0; m < MONTHS; m++) r.gpus[m] = 1000;
  clx_cost_expected(&r.plan, &draw);
  run(&r, &draw);
  const double i = pow(1.09, 1.0 / 12) - 1, due = (1 - pow(1 + i, -60)) / i * (1 + i);  // annuity due of 60 months
  const double hour = 4e7 / due / (1000 * 0.5 * CLX_MONTH / 3600) + 720.0 / 500;
  CLX_CHECK_NEAR(r.out.figure[CLX_COST_GPU_HOUR] * 3600, hour, 1e-12, 0);
  CLX_CHECK_NEAR(r.out.figure[CLX_COST_TOKEN] * 1e6, hour / 3600 / 100 * 1e6, 1e-12, 0);
  CLX_CHECK_NEAR(r.out.figure[CLX_COST_RUN], hour * 1e6, 1e-12, 0);
  assert_false(r.out.has_irr);
  CLX_CHECK_NEAR(r.out.payback, -1, 0, 0);
  // Sold for exactly that, the plan is worth nothing and returns its discount rate.
  r.plan.income = (clx_spread){hour / 3600, hour / 3600, hour / 3600};
  clx_cost_expected(&r.plan, &draw);
  run(&r, &draw);
  CLX_CHECK_NEAR(r.out.figure[CLX_COST_NPV], 0, 0, 1e-3);
  assert_true(r.out.has_irr);
  CLX_CHECK_NEAR(r.out.irr, 0.09, 1e-9, 0);
}

// The same machines leased at the plan's own rate cost as much as bought, month by month discounted; and a lease beyond the plan is refused.
static void leasing_at_the_plans_rate_costs_the_same(void **state) {
  (void)state;
  clx_error error = {0};
  rig r;
  clx_cost_draw draw;
  assert_int_equal(
      read_spec("start: 2025-02-01\nhorizon: 60 months\ndiscount: 12.5 %\nuse: 1\ncapital: []\noperating: {repair: 0}\n"
                "leases: [{name: chips, price: 4e7 USD, term: 58 months, rate: 12.5 %, residual: 0.2, bought: yes}]\n",
                &r, &error),
      CLX_OK);
  clx_cost_expected(&r.plan, &draw);
  run(&r, &draw);
  CLX_CHECK_NEAR(r.out.figure[CLX_COST_NPV], -4e7, 1e-9, 0);
  CLX_CHECK_NEAR(r.out.figure[CLX_COST_CAPEX], 8e6, 1e-12, 0);
  assert_int_equal(read_spec("start: 2025-02-01\nhorizon: 60 months\ncapital: []\nleases: [{name: chips, price: 4e7 "
                             "USD, term: 60 months}]\n",
                             &r, &error),
                   CLX_INPUT);
  assert_non_null(
      strstr(error.mistake[0].text,
             "of 60 months from month 0 on: its last payment falls due in the month after them; expected a horizon "
             "of at least 61 months, this one has 60"));
  assert_int_equal(read_spec("start: 2025-02-01\nhorizon: 60 months\ncapital: []\n", &r, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "no lease"));
}

static void dearer_inputs_cost_more(void **state) {
  (void)state;
  clx_error error = {0};
  rig r;
  clx_cost_draw base, more;
  assert_int_equal(read_spec(FULL, &r, &error), CLX_OK);
  clx_cost_expected(&r.plan, &base);
  run(&r, &base);
  const double before = r.out.figure[CLX_COST_GPU_HOUR], worth = r.out.figure[CLX_COST_NPV];
  double *members[] = {&more.item[0],   &more.energy, &more.repair, &more.water,      &more.licence,
                       &more.insurance, &more.lease,  &more.decay,  &more.penalty[0], &more.gpu_power};
  for (int32_t k = 0; k < (int32_t)CLX_COUNT(members); k++) {
    more = base;
    *members[k] *= 1.2;
    run(&r, &more);
    assert_true(r.out.figure[CLX_COST_GPU_HOUR] > before);
    assert_true(r.out.figure[CLX_COST_NPV] < worth);
  }
  more = base;
  more.use *= 1.1;
  run(&r, &more);
  assert_true(r.out.figure[CLX_COST_GPU_HOUR] < before);
}

static void power_of_the_site_comes_from_its_series(void **state) {
  (void)state;
  clx_error error = {0};
  rig r;
  clx_cost_draw draw;
  double power[MONTHS], cost[MONTHS];
  assert_int_equal(read_spec(FULL, &r, &error), CLX_OK);
  clx_cost_expected(&r.plan, &draw);
  for (int32_t m = 0; m < MONTHS; m++) power[m] = 1400 * r.gpus[m], cost[m] = 5 + m;
  run(&r, &draw);
  const double before = r.out.figure[CLX_COST_NPV];
  r.input.power = power;
  run(&r, &draw);
  CLX_CHECK_NEAR(r.out.figure[CLX_COST_NPV], before, 1e-12, 0);
  r.input.energy_cost = cost;
  run(&r, &draw);
  CLX_CHECK_NEAR(r.out.month[7].energy, 12, 0, 0);
}

static void what_is_not_stated_is_said(void **state) {
  (void)state;
  clx_error error = {0};
  rig r;
  clx_cost_draw draw;
  double power[MONTHS];
  assert_int_equal(
      read_spec("start: 2024-01-01\nhorizon: 60 months\ncapital: [{name: g, kind: gpu, price: 40000 USD, count: 1}]\n",
                &r, &error),
      CLX_OK);
  clx_cost_expected(&r.plan, &draw);
  run(&r, &draw);
  assert_int_equal(r.out.unstated, (1u << CLX_COST_GAPS) - 1 - (1u << CLX_COST_GAP_ENERGY));
  for (int32_t m = 0; m < MONTHS; m++) power[m] = 1;
  r.input.power = power;
  run(&r, &draw);
  assert_int_equal(r.out.unstated, (1u << CLX_COST_GAPS) - 1 - (1u << CLX_COST_GAP_POWER));
  assert_int_equal(read_spec(FULL, &r, &error), CLX_OK);
  clx_cost_expected(&r.plan, &draw);
  run(&r, &draw);
  assert_int_equal(r.out.unstated, 1u << CLX_COST_GAP_STAFF);
  assert_non_null(strstr(clx_cost_gap_text[CLX_COST_GAP_STAFF], "people"));
}

static void bands_do_not_depend_on_threads(void **state) {
  (void)state;
  clx_error error = {0};
  rig r;
  clx_cost_bands one, more;
  clx_cost_draw draw;
  assert_int_equal(read_spec(FULL, &r, &error), CLX_OK);
  assert_int_equal(clx_cost_bands_run(&(clx_cost_path){&r.plan, &r.input}, 1, 11, 999, 1, arena, &one, &error), CLX_OK);
  for (int32_t threads = 2; threads <= 7; threads += 5) {
    assert_int_equal(clx_cost_bands_run(&(clx_cost_path){&r.plan, &r.input}, 1, 11, 999, threads, arena, &more, &error),
                     CLX_OK);
    assert_memory_equal(one.figure, more.figure, sizeof one.figure);
    assert_memory_equal(one.cumulated, more.cumulated, sizeof(clx_cost_band) * MONTHS);
    assert_memory_equal(&one.irr, &more.irr, sizeof one.irr);
    assert_memory_equal(&one.payback, &more.payback, sizeof one.payback);
  }
  clx_cost_expected(&r.plan, &draw);
  run(&r, &draw);
  for (int32_t f = 0; f < CLX_COST_FIGURES; f++) {
    assert_true(one.figure[f].low <= one.figure[f].expected && one.figure[f].expected <= one.figure[f].high);
    if (f != CLX_COST_NPV && f != CLX_COST_NPV_EQUITY)
      CLX_CHECK_NEAR(one.figure[f].expected, r.out.figure[f], 0.05, 0);  // medians near the run of medians
  }
  assert_true(one.irr_share > 0 && one.irr_share <= 1 && one.irr.low < one.irr.high);
  assert_true(one.payback_share >= 0 && one.payback_share <= 1);
  assert_true(one.figure[CLX_COST_GPU_HOUR].high > 1.1 * one.figure[CLX_COST_GPU_HOUR].low);
}

// Draws go by paths in turn: of two plans that differ in dates alone half of the draws have each; one without GPUs has no price of them.
static void draws_go_by_paths(void **state) {
  (void)state;
  clx_error error = {0};
  rig early, late;
  double none[MONTHS] = {0};
  clx_cost_bands one, two, part;
  assert_int_equal(read_spec(FULL, &early, &error), CLX_OK);
  assert_int_equal(read_spec(FULL, &late, &error), CLX_OK);
  for (int32_t m = 0; m < 30; m++) late.gpus[m] = 0;
  clx_cost_path path[] = {{&early.plan, &early.input}, {&late.plan, &late.input}};
  assert_int_equal(clx_cost_bands_run(path, 1, 11, 400, 1, arena, &one, &error), CLX_OK);
  assert_int_equal(clx_cost_bands_run(path, 2, 11, 400, 3, arena, &two, &error), CLX_OK);
  assert_memory_equal(&one.figure[CLX_COST_CAPEX], &two.figure[CLX_COST_CAPEX], sizeof(clx_cost_band));
  assert_true(two.figure[CLX_COST_GPU_HOUR].high > 1.5 * one.figure[CLX_COST_GPU_HOUR].high);
  CLX_CHECK_NEAR(two.figure[CLX_COST_GPU_HOUR].low, one.figure[CLX_COST_GPU_HOUR].low, 0.05, 0);
  late.input.gpus = none;
  assert_int_equal(clx_cost_bands_run(path, 2, 11, 400, 1, arena, &part, &error), CLX_INPUT);
  late.plan.drawn = true;
  assert_int_equal(clx_cost_bands_run(path, 2, 11, 400, 1, arena, &part, &error), CLX_OK);
  CLX_CHECK_NEAR(part.figure[CLX_COST_GPU_HOUR].low, one.figure[CLX_COST_GPU_HOUR].low, 0.05, 0);
  CLX_CHECK_NEAR(part.figure[CLX_COST_GPU_HOUR].high, one.figure[CLX_COST_GPU_HOUR].high, 0.05, 0);
  assert_true(part.figure[CLX_COST_NPV].low < one.figure[CLX_COST_NPV].low);
}

// Every allocation fails once: the status says so, and nothing else happens.
static void no_memory_is_an_error(void **state) {
  (void)state;
  clx_arena *kept = arena;
  clx_error error;
  bool failed = false;
  for (int64_t n = 1; n < 40; n++) {
    rig r;
    clx_cost_bands bands;
    arena = clx_arena_new();
    assert_non_null(arena);
    clx_memory_fail_after(n);
    clx_status status = read_spec(FULL, &r, &error);
    if (status == CLX_OK)
      status = clx_cost_bands_run(&(clx_cost_path){&r.plan, &r.input}, 1, 1, 2000, 2, arena, &bands, &error);
    clx_memory_fail_after(0);
    clx_arena_free(arena);
    assert_true(status == CLX_OK || status == CLX_MEMORY);
    failed = failed || status == CLX_MEMORY;
    if (status == CLX_OK) break;
  }
  arena = kept;
  assert_true(failed);
}

static void mistakes_are_named(void **state) {
  (void)state;
  static const struct {
    const char *item, *says;
  } wrong[] = {
      {"{name: g, kind: gpu, count: 3}", "has no price"},
      {"{name: g, kind: gpu, price: 3 USD}", "neither count nor power"},
      {"{name: g, kind: gpu, price: 3 USD, count: 1, power: 3 W}", "both count and power"},
      {"{name: g, kind: gpu, price: 3 EUR, count: 1}", "unknown currency 'EUR'"},
      {"{name: g, kind: gpu, price: 3 USD, count: 1, at: 70 months}", "delivered in month 70"},
      {"{name: g, kind: gpu, price: 3 USD, count: 1, at: [1 month, 2 months], share: [0.5, 0.4]}", "sum to 0.9"},
      {"{name: g, kind: gpu, price: 3 USD, count: 1, at: [1 month], share: [0.5, 0.5]}", "2 shares for 1 dates"},
      {"{name: g, kind: gpu, price: 3 USD, count: 1, at: 1 month, until: 4 months}", "both `at` and `until`"},
      {"{name: g, kind: gpu, price: 3 USD, price_low: 4 USD, count: 1}", "low 4"},
      {"{name: g, kind: gpu, price: 3 USD, count: 1, date: someday}", "date 'someday'"},
      {"{name: g, kind: gpu, entry: hgx_h100, count: 1, price_low: 2 USD}", "`price_low` without `price`"},
      {"{name: g, kind: gpu, price: 3 USD, count: 1, date: 2020}", "expected `usd` in the list `currencies`"},
      {"{name: g, kind: gpu, price: -3 USD, count: 1}", "costs -3 USD"},
      {"{name: g, kind: gpu, price: 1e300 USD, count: 1e9}", "costs 1e+300 USD"},
      {"{name: g, kind: gpus, price: 3 USD, count: 1}", "did you mean 'gpu'"},
  };
  clx_error error = {0};
  rig r;
  for (int32_t i = 0; i < (int32_t)CLX_COUNT(wrong); i++) {
    char text[400];
    snprintf(text, sizeof text, "start: 2024-01-01\nhorizon: 60 months\ncapital:\n  - %s\n", wrong[i].item);
    assert_int_equal(read_spec(text, &r, &error), CLX_INPUT);
    if (strstr(error.mistake[0].text, wrong[i].says) == NULL) fail_msg("%s: %s", wrong[i].item, error.mistake[0].text);
    assert_true(error.mistake[0].line == 4);
  }
  assert_int_equal(
      read_spec("start: tomorrow\ncapital:\n  - {name: g, kind: gpu, price: 3 USD, count: 1}\n", &r, &error),
      CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "start 'tomorrow'"));
  assert_int_equal(read_spec(FULL, &r, &error), CLX_OK);
  clx_cost_draw draw;
  clx_cost_expected(&r.plan, &draw);
  for (int32_t m = 0; m < MONTHS; m++) r.gpus[m] = 0;
  assert_int_equal(clx_cost_plan_run(&r.plan, &r.input, &draw, false, &r.out, &error), CLX_INPUT);
  r.input.months = 10;
  assert_int_equal(clx_cost_plan_run(&r.plan, &r.input, &draw, false, &r.out, &error), CLX_INPUT);
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
      cmocka_unit_test(cash_is_conserved),
      cmocka_unit_test(deposits_are_paid_before_delivery),
      cmocka_unit_test(cost_of_a_gpu_hour_is_capital_recovered),
      cmocka_unit_test(leasing_at_the_plans_rate_costs_the_same),
      cmocka_unit_test(dearer_inputs_cost_more),
      cmocka_unit_test(power_of_the_site_comes_from_its_series),
      cmocka_unit_test(what_is_not_stated_is_said),
      cmocka_unit_test(bands_do_not_depend_on_threads),
      cmocka_unit_test(draws_go_by_paths),
      cmocka_unit_test(no_memory_is_an_error),
      cmocka_unit_test(mistakes_are_named),
  };
  return cmocka_run_group_tests(tests, make, drop);
}
