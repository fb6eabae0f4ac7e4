// Oracle or own, from text: 100,000 H100 built, 24,000 rented, both, or GB200 waited for. The order of what comes first, and what each question must say.
#include "check.h"

#include "catalog/catalog.h"
#include "cost/cost_decide.h"

static clx_catalog *catalog;
static clx_arena *arena;

enum { MONTHS = 54, HOUR = 3600 };

static const char COST[] =
    "start: 2024-05-01\nhorizon: 54 months\ndiscount: 12 %\nuse: 0.8\ncurrencies: [usd]\n"
    "capital:\n"
    "  - {name: servers, kind: gpu, entry: hgx_h100, count: 12500, factor: 0.9, deposit: 50 %, lead: 6 months, at: [2 "
    "months, 3 months, 4 months]}\n"
    "  - {name: network, kind: network, entry: hgx_h100, count: 12500, factor: 0.1321, at: 3 months}\n"
    "  - {name: hall, kind: building, entry: retrofit, power: 140 MW, from: 0 s, until: 4 months}\n"
    "  - {name: site, kind: land, price: 35 million USD, count: 1}\n"
    "operating: {staff: hyperscale, tariff: tva-gsa3, gpu_power: 1.2 kW, repair: 3 %, repair_low: 1 %, repair_high: 6 "
    "%}\n";
static const char DECIDE[] =
    "horizon: 54 months\ndiscount: 12 %\nuse: 0.8\ntokens: 900 token/s\nleast: 20000\nvalue_gpu: 3 USD/h\nvalue_time: "
    "3 million USD/day\n"
    "reference: 6 months\nby: 24 months\nmarket: h100\n"
    "courses:\n"
    "  - {name: own, own: yes}\n"
    "  - {name: rent, rent: [{entry: h100, seller: Oracle, at: 1 month, gpus: 24000, from: 1 month, term: 48 months, "
    "price: 2.5 USD/h, take_or_pay: 0.97, use: 0.8}]}\n"
    "  - {name: both, own: yes, rent: [{entry: h100, seller: Oracle, at: 1 month, gpus: 24000, from: 1 month, term: 12 "
    "months, price: 3.5 USD/h}]}\n"
    "  - {name: wait, own: yes, wait: 12 months}\n"
    "options:\n  - {dates: 18, hardware: 45000 USD, operation: 0.35 USD/h, value: 3 USD/h, build: 4 months, rent_off: "
    "0.2, next: 9 months, next_high: 15 months, next_price: 0.7}\n";

typedef struct story {
  clx_cost_spec cost;
  clx_cost_plan plan;
  clx_cost_input input;
  double gpus[MONTHS];
  clx_decide_spec spec;
  clx_decision decision;
  clx_course course[CLX_COURSES_MAX];
} story;

static clx_status read_story(const char *decide, story *s, clx_error *error) {
  clx_node *root = NULL, *asked = NULL;
  clx_cost_found found;
  clx_decide_found named;
  clx_error_clear(error);
  CLX_TRY(clx_document_read(arena, "cost.yaml", COST, strlen(COST), &root, error));
  CLX_TRY(clx_schema_read(&clx_cost_spec_schema, root, false, arena, &s->cost, error));
  CLX_TRY(clx_catalog_read_cost(catalog, &s->cost, arena, &found, error));
  CLX_TRY(clx_cost_compile(&s->cost, &found, arena, &s->plan, error));
  for (int32_t m = 0; m < MONTHS; m++) s->gpus[m] = m < 3 ? 0 : m == 3 ? 25000 : 100000;
  s->input = (clx_cost_input){.months = MONTHS, .gpus = s->gpus};
  CLX_TRY(clx_document_read(arena, "decide.yaml", decide, strlen(decide), &asked, error));
  CLX_TRY(clx_schema_read(&clx_decide_spec_schema, asked, false, arena, &s->spec, error));
  CLX_TRY(clx_catalog_read_decide(catalog, &s->spec, s->plan.start, arena, &named, error));
  return clx_decide_compile(&s->spec, &named, &s->plan, &s->input, s->plan.start, arena, &s->decision, s->course,
                            error);
}

static void courses_come_in_their_order(void **state) {
  (void)state;
  static story s;
  clx_error error;
  clx_decision_bands bands;
  if (read_story(DECIDE, &s, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  assert_int_equal(clx_decision_bands_run(&s.decision, s.course, 1, s.spec.course_count, 1, 300, arena, &bands, &error),
                   CLX_OK);
  for (int32_t c = 0; c < 4 && getenv("CLX_SHOW") != NULL; c++) {
    printf("%-6s best %.2f", s.course[c].name, bands.best[c]);
    for (int32_t f = 0; f < CLX_COURSE_FIGURES; f++)
      printf(" %s %.4g %.4g %.4g", clx_course_figure_name[f], bands.figure[c][f].low, bands.figure[c][f].expected,
             bands.figure[c][f].high);
    printf("\n");
  }
  enum { OWN, RENT, BOTH, WAIT };
  const clx_cost_band(*f)[CLX_COURSE_FIGURES] = bands.figure;
  CLX_CHECK_NEAR(s.course[BOTH].contract->use, 0.8, 0, 0);
  // Rented GPUs train first, alone or beside the building; who waits trains last, and has trained least of those who own.
  CLX_CHECK_NEAR(f[RENT][CLX_COURSE_FIRST].expected, f[BOTH][CLX_COURSE_FIRST].expected, 1e-12, 0);
  assert_true(f[BOTH][CLX_COURSE_FIRST].expected < f[OWN][CLX_COURSE_FIRST].expected);
  CLX_CHECK_NEAR(f[WAIT][CLX_COURSE_FIRST].expected, f[OWN][CLX_COURSE_FIRST].expected + 12 * CLX_MONTH, 1e-9, 0);
  assert_true(f[BOTH][CLX_COURSE_TOKENS].expected > f[OWN][CLX_COURSE_TOKENS].expected);
  assert_true(f[OWN][CLX_COURSE_TOKENS].expected > f[WAIT][CLX_COURSE_TOKENS].expected);
  // Own hours are cheaper than four years at 2.50 with 97 % paid and 80 % used.
  assert_true(f[OWN][CLX_COURSE_HOUR].expected < f[RENT][CLX_COURSE_HOUR].expected);
  CLX_CHECK_NEAR(f[RENT][CLX_COURSE_HOUR].expected * HOUR, 2.5 * 0.97 / 0.8, 1e-9, 0);
}

// A later product of half the price: GPUs and network cost half, the hall does not.
static void who_waits_pays_the_later_price(void **state) {
  (void)state;
  static story s;
  clx_error error;
  assert_int_equal(read_story("horizon: 54 months\ncourses:\n  - {name: now, own: yes}\n  - {name: wait, own: yes, "
                              "wait: 12 months, wait_price: 0.5, tokens: 1800 token/s}\n",
                              &s, &error),
                   CLX_OK);
  const clx_cost_plan *now = s.course[0].plan, *wait = s.course[1].plan;
  assert_int_equal(wait->months, now->months - 12);
  for (int32_t i = 0; i < now->item_count; i++)
    CLX_CHECK_NEAR(wait->item[i].cost.high, now->item[i].cost.high * (now->item[i].kind <= CLX_COST_STORAGE ? 0.5 : 1),
                   1e-12, 0);
  clx_cost_draw draw;
  clx_course_out a, b;
  s.decision.by = 54 * CLX_MONTH;
  clx_cost_expected(now, &draw);
  assert_int_equal(clx_course_run(&s.decision, &s.course[0], &draw, NULL, arena, &a, &error), CLX_OK);
  clx_cost_expected(wait, &draw);
  assert_int_equal(clx_course_run(&s.decision, &s.course[1], &draw, NULL, arena, &b, &error), CLX_OK);
  assert_true(b.figure[CLX_COURSE_COST] < a.figure[CLX_COURSE_COST]);
  CLX_CHECK_NEAR(b.figure[CLX_COURSE_FIRST], a.figure[CLX_COURSE_FIRST] + 12 * CLX_MONTH, 1e-9, 0);
}

static void oracle_wins_at_a_price(void **state) {
  (void)state;
  static story s;
  clx_error error;
  clx_cost_draw draw;
  clx_course_out own, rent;
  double market[MONTHS], price = 0;
  assert_int_equal(read_story(DECIDE, &s, &error), CLX_OK);
  clx_cost_expected(&s.plan, &draw);
  clx_rent_median(s.decision.process, s.decision.year, MONTHS, market);
  // As many GPUs on both sides: else the larger fleet wins by its size.
  clx_rent_contract even = s.spec.course[1].rent[0];
  double gpus = 100000;
  even.gpus = &gpus;
  s.course[1].contract = &even;
  assert_int_equal(clx_course_run(&s.decision, &s.course[0], &draw, market, arena, &own, &error), CLX_OK);
  assert_int_equal(clx_course_run(&s.decision, &s.course[1], &draw, market, arena, &rent, &error), CLX_OK);
  assert_int_equal(clx_rent_breakeven(&rent, &own, &price, &error), CLX_OK);
  if (getenv("CLX_SHOW") != NULL)
    printf("Oracle wins below %.2f USD/h; owning from a use of %.2f at the market\n", price * HOUR,
           clx_use_breakeven(&s.decision, &own, market));
  assert_true(price * HOUR > 0.8 && price * HOUR < 3);
  // At that price nobody is better off.
  even.price = price;
  assert_int_equal(clx_course_run(&s.decision, &s.course[1], &draw, market, arena, &rent, &error), CLX_OK);
  CLX_CHECK_NEAR(rent.figure[CLX_COURSE_NPV], own.figure[CLX_COURSE_NPV], 1e-6, 0);
}

static void mistakes_are_named(void **state) {
  (void)state;
  static story s;
  static const struct {
    const char *text, *says;
  } rows[] = {
      {"courses: [{name: a}]\n", "neither owns nor rents"},
      {"horizon: 60 months\ncourses: [{name: a, own: yes}]\n", "over the 60 months compared"},
      {"horizon: 54 months\ncourses: [{name: a, own: yes}, {name: a, own: yes}]\n", "two courses are named 'a'"},
      {"horizon: 54 months\ncourses: [{name: a, own: yes, wait: 53 months}]\n", "comes after the horizon"},
      {"horizon: 54 months\ncourses: [{name: a, own: yes, wait: 60 months}]\n", "waits 60 months of 54"},
      {"courses: [{name: a, rent: [{entry: h10, at: 0 s, gpus: 1}]}]\n", "h100"},
      {"courses: [{name: a, rent: [{entry: h100, at: 0 s, gpus: 1}, {entry: h100, at: 0 s, gpus: 1}]}]\n",
       "2 contracts"},
  };
  clx_error error;
  for (int32_t i = 0; i < (int32_t)CLX_COUNT(rows); i++) {
    assert_int_equal(read_story(rows[i].text, &s, &error), CLX_INPUT);
    if (strstr(error.mistake[0].text, rows[i].says) == NULL) fail_msg("%s", error.mistake[0].text);
  }
}

static int make(void **state) {
  (void)state;
  clx_error error = {0};
  arena = clx_arena_new();
  return arena == NULL || clx_catalog_open(NULL, &catalog, &error) != CLX_OK;
}

static int drop(void **state) {
  (void)state;
  clx_catalog_close(catalog);
  clx_arena_free(arena);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(courses_come_in_their_order),
      cmocka_unit_test(who_waits_pays_the_later_price),
      cmocka_unit_test(oracle_wins_at_a_price),
      cmocka_unit_test(mistakes_are_named),
  };
  return cmocka_run_group_tests(tests, make, drop);
}
