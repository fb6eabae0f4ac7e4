// Orders of several buyers: books that balance, sharing, events, swaps, warehouses, what cannot be delivered, and what is said of bad input.
#include "check.h"

#include "catalog/catalog.h"
#include "supply/supply_order.h"

typedef struct rig {
  clx_arena *arena;
  clx_catalog *catalog;
  clx_error error;
} rig;

static rig begin(void) {
  rig r = {.arena = clx_arena_new()};
  clx_error_clear(&r.error);
  assert_int_equal(clx_catalog_open(NULL, &r.catalog, &r.error), CLX_OK);
  return r;
}

static void end(rig *r) {
  clx_catalog_close(r->catalog);
  clx_arena_free(r->arena);
}

static clx_status compile(rig *r, const char *text, clx_procurement *out) {
  clx_node *root = NULL;
  clx_error_clear(&r->error);
  const clx_status status = clx_document_read(r->arena, "orders.yaml", text, strlen(text), &root, &r->error);
  return status != CLX_OK ? status : clx_procurement_read(r->catalog, root, r->arena, out, &r->error);
}

static clx_delivery run(rig *r, const char *text, int32_t replicas, clx_procurement *out) {
  clx_delivery d;
  if (compile(r, text, out) != CLX_OK) fail_msg("%s", r->error.mistake[0].text);
  const clx_delivery_settings settings = {.seed = 7, .replicas = replicas};
  if (clx_procurement_run(out, &settings, r->arena, &d, &r->error) != CLX_OK) fail_msg("%s", r->error.mistake[0].text);
  // What was ordered is delivered, owed or lost.
  double ordered = 0;
  for (int32_t i = 0; i < out->order_count; i++) ordered += out->purchase[i].quantity;
  assert_true(d.unbalanced <= 1e-9 * ordered);
  return d;
}

static void refuse(const char *text, clx_status wanted, int32_t line, const char *words) {
  rig r = begin();
  clx_procurement p;
  assert_int_equal(compile(&r, text, &p), wanted);
  if (strstr(r.error.mistake[0].text, words) == NULL) fail_msg("\"%s\" lacks \"%s\"", r.error.mistake[0].text, words);
  if (line > 0) assert_int_equal(r.error.mistake[0].line, line);
  end(&r);
}

#define START "start: 2024-07-01\nweeks: 40\nbuyers: [{name: a}, {name: b, priority: 1, weight: 3}]\n"
#define ORDER(name, buyer, gpus) \
  "  - {name: " name ", buyer: " buyer ", product: H100, at: 2024-07-01, quantity: \"" gpus " GPU\"}\n"
#define WEEKLY (794383 / (3 * 30.4375 / 7))  // GPUs: the catalogue's third quarter of 2024

// --- sharing -------------------------------------------------------------------------------------------------------------------------------

static void test_a_short_capacity_is_shared(void **state) {
  (void)state;
  // Both want far more than the first week's chips: pro rata 1 : 3, by weight 1 : 3 of other orders, all to the first.
  static const struct {
    const char *rule, *first, *second;
    double share;
  } cases[] = {{"pro_rata", "100,000", "300,000", 0.25},
               {"fair", "300,000", "300,000", 0.25},
               {"priority", "300,000", "300,000", 1}};
  for (int32_t i = 0; i < CLX_COUNT(cases); i++) {
    rig r = begin();
    clx_procurement p;
    char *text = clx_arena_format(
        r.arena,
        START
        "sharing: %s\norders:\n  - {name: x, buyer: a, product: H100, at: 2024-07-01, quantity: \"%s GPU\"}\n"
        "  - {name: y, buyer: b, product: H100, at: 2024-07-01, quantity: \"%s GPU\"}\n",
        cases[i].rule, cases[i].first, cases[i].second);
    const clx_delivery d = run(&r, text, 0, &p);
    const double a = d.buyer[0].received[0].median, b = d.buyer[1].received[0].median;
    CLX_CHECK_NEAR(a + b, WEEKLY, 1e-9, 0);
    CLX_CHECK_NEAR(a, cases[i].share * WEEKLY, 1e-9, 1e-6);
    assert_string_equal(clx_wait_text(&p, d.order[1].cause, r.arena), "capacity nvidia-hopper");
    end(&r);
  }
}

static void test_an_allotment_limits_one_buyer(void **state) {
  (void)state;
  rig r = begin();
  clx_procurement p;
  const clx_delivery d = run(&r, START "orders:\n" ORDER("x", "a", "400,000") ORDER("y", "b", "340,000")
                             "allotments: [{buyer: a, capacity: nvidia-hopper, rate: [{from: 2024-07-01, rate: \"10,000 GPU/week\"}]}]\n", 0, &p);
  CLX_CHECK_NEAR(d.buyer[0].received[4].median, 50000, 1e-9, 0);
  // The other takes what is left, until he has all.
  CLX_CHECK_NEAR(d.buyer[1].received[4].median, 5 * (WEEKLY - 10000), 1e-9, 0);
  CLX_CHECK_NEAR(d.buyer[1].received[39].median, 340000, 1e-12, 0);
  assert_string_equal(clx_wait_text(&p, d.order[0].cause, r.arena), "allotment of capacity nvidia-hopper to a");
  CLX_CHECK_NEAR(d.order[0].short_by.median, 400000 - 40 * 10000.0, 0, 1e-3);
  end(&r);
}

// --- makers --------------------------------------------------------------------------------------------------------------------------------

#define DELL(extra)                                                                                              \
  START                                                                                                          \
  "qualified: [dell, supermicro]\norders:\n  - {name: x, buyer: a, product: H100, maker: dell, at: 2024-07-01, " \
  "quantity: \"60,000 GPU\"" extra "}\n"

static void test_sub_assemblers_stand_in_for_each_other(void **state) {
  (void)state;
  rig r = begin();
  clx_procurement p, q;
  const clx_delivery plain = run(&r, DELL(""), 0, &p);
  // 8 to 12 weeks: the geometric mean is 9.8, and with that nobody has anything before week 10.
  CLX_CHECK_NEAR(plain.buyer[0].received[9].median, 0, 0, 0);
  assert_true(plain.buyer[0].received[10].median > 0);
  // Wistron stops: the two others build everything, later.
  const clx_delivery less = run(
      &r, DELL("") "events: [{name: w, kind: rate, capacity: wistron-servers, factor: 0, at: 2024-07-02}]\n", 0, &q);
  assert_true(less.order[0].finished.median > plain.order[0].finished.median);
  CLX_CHECK_NEAR(less.order[0].short_by.median, 0, 0, 0);
  const double week = less.buyer[0].received[12].median - less.buyer[0].received[11].median;
  CLX_CHECK_NEAR(week, (38000 + 102000) / (3 * 30.4375 / 7), 1e-9, 0);
  end(&r);
}

static void test_a_failed_maker_keeps_deposits_and_the_fallback_delivers(void **state) {
  (void)state;
  static const char fails[] = "events: [{name: f, kind: failure, maker: dell, at: 2024-07-29}]\n";
  rig r = begin();
  clx_procurement p, q;
  char *alone = clx_arena_format(r.arena, "%s%s", DELL(""), fails),
       *second = clx_arena_format(r.arena, "%s%s", DELL(", fallback: supermicro"), fails);
  const clx_delivery without = run(&r, alone, 0, &p), with = run(&r, second, 0, &q);
  // Nothing had come by then; 20 % deposit, of which 40 % come back.
  const double price = 33750;
  CLX_CHECK_NEAR(without.buyer[0].lost.median, 60000 * price * 0.2 * 0.6, 1e-9, 0);
  CLX_CHECK_NEAR(without.order[0].short_by.median, 60000, 1e-12, 0);
  assert_int_equal(without.order[0].short_cause, CLX_WAIT_MAKER);
  CLX_CHECK_NEAR(with.order[0].short_by.median, 0, 0, 0);
  CLX_CHECK_NEAR(with.buyer[0].paid.median, 60000 * price * (1 + 0.2 * 0.6), 1e-9, 0);
  end(&r);
}

static void test_a_maker_that_is_delisted_fails_when_it_cannot_pay(void **state) {
  (void)state;
  rig r = begin();
  clx_procurement p;
  // Supermicro: 1.725 billion fall due, 2.1 billion are there.
  const clx_delivery d = run(
      &r,
      START
      "orders:\n  - {name: x, buyer: a, product: H100, maker: supermicro, at: 2024-07-01, quantity: \"20,000 GPU\"}\n"
      "events: [{name: d, kind: delisting, maker: supermicro, at: 2024-07-08}]\nqualified: supermicro\n",
      0, &p);
  CLX_CHECK_NEAR(d.order[0].short_by.median, 0, 0, 0);
  p.incident[0].cash = 1.7e9;
  clx_delivery e;
  assert_int_equal(clx_procurement_run(&p, &(clx_delivery_settings){0}, r.arena, &e, &r.error), CLX_OK);
  CLX_CHECK_NEAR(e.order[0].short_by.median, 20000, 1e-12, 0);
  end(&r);
}

static void test_a_new_maker_is_qualified_once(void **state) {
  (void)state;
  rig r = begin();
  clx_procurement p, q;
#define TWO                                                                                                       \
  "orders:\n  - {name: x, buyer: a, product: H100, maker: supermicro, at: 2024-07-01, quantity: \"8,000 GPU\"}\n" \
  "  - {name: y, buyer: a, product: H100, maker: supermicro, at: 2024-08-05, quantity: \"8,000 GPU\"}\n"
  const clx_delivery known = run(&r, START "qualified: supermicro\n" TWO, 0, &p), fresh = run(&r, START TWO, 0, &q);
  assert_true(fresh.order[0].finished.median >= 8);  // eight weeks, against a lead of three
  assert_true(known.order[0].finished.median < 8);
  CLX_CHECK_NEAR(q.purchase[0].qualification, q.maker[0]->qualification_cost, 0, 0);
  CLX_CHECK_NEAR(q.purchase[1].qualification, 0, 0, 0);
  assert_true(q.maker[0]->qualification_cost > 0);
  CLX_CHECK_NEAR(fresh.buyer[0].paid.median - known.buyer[0].paid.median, q.maker[0]->qualification_cost, 1e-6, 0);
  end(&r);
}

static void test_orders_move_on_a_date(void **state) {
  (void)state;
  rig r = begin();
  clx_procurement p;
  const clx_delivery d = run(
      &r, DELL("") "events: [{name: m, kind: move, maker: dell, to: supermicro, share: 0.5, at: 2024-07-08}]\n", 0, &p);
  // Supermicro's half comes first, with its lead of 2 to 4 weeks, at 100,000 a quarter.
  CLX_CHECK_NEAR(d.buyer[0].received[5].median - d.buyer[0].received[4].median, 100000 / (3 * 30.4375 / 7), 1e-9, 0);
  assert_true(d.buyer[0].received[9].median <= 30000 + 1e-6);
  CLX_CHECK_NEAR(d.buyer[0].received[39].median, 60000, 1e-12, 0);
  end(&r);
}

static void test_a_window_that_slips_and_one_that_never_opens(void **state) {
  (void)state;
  rig r = begin();
  clx_procurement p;
  static const char text[] =
      "start: 2024-12-02\nweeks: 60\nbuyers: [{name: a}]\norders:\n"
      "  - {name: x, buyer: a, product: B200A, maker: inventec, at: 2024-12-02, quantity: \"2,000 GPU\", price: "
      "\"30,000 EUR\"}\n"
      "exchange: [{currency: EUR, usd: 1.05 USD}]\nqualified: inventec\n";
  const clx_delivery d = run(&r, text, 2000, &p);
  CLX_CHECK_NEAR(p.purchase[0].price, 31500, 1e-12, 0);
  CLX_CHECK_NEAR(d.order[0].short_share, 0.5, 0, 4 * sqrt(0.25 / 2000));  // cancelled: even odds
  assert_int_equal(d.order[0].short_cause, CLX_WAIT_WINDOW);
  end(&r);
}

static void test_bands_are_in_order_and_seeds_repeat(void **state) {
  (void)state;
  rig r = begin();
  clx_procurement p;
  static const char text[] = START
      "orders:\n  - {name: x, buyer: a, product: H100, maker: supermicro, at: 2024-07-01, until: 2024-10-01, quantity: "
      "\"50,000 GPU\", by: 2025-01-06}\n"
      "events: [{name: d, kind: failure, maker: supermicro, at: 2024-09-02, probability: 0.3}]\n";
  const clx_delivery d = run(&r, text, 500, &p), again = run(&r, text, 500, &p);
  for (int32_t w = 0; w < p.weeks; w++) {
    const clx_supply_band *b = &d.buyer[0].received[w];
    assert_true(b->low <= b->median && b->median <= b->high);
    assert_memory_equal(b, &again.buyer[0].received[w], sizeof *b);
    if (w > 0) assert_true(b->low >= d.buyer[0].received[w - 1].low);
  }
  // Failed in time or by the maker's own hazard of 5 % a year.
  CLX_CHECK_NEAR(d.order[0].late_share, 0.3, 0, 4 * sqrt(0.3 * 0.7 / 500) + 0.04);
  end(&r);
}

// --- swaps and warehouses ------------------------------------------------------------------------------------------------------------------

static void test_slots_change_hands_and_come_back(void **state) {
  (void)state;
  rig r = begin();
  clx_procurement p, q;
  static const char orders[] = START "orders:\n" ORDER("tesla", "a", "200,000") ORDER("x", "b", "200,000");
  char *swapped = clx_arena_format(
      r.arena, "%sswaps: [{from: tesla, to: x, quantity: \"12,000 GPU\", at: 2024-07-01, back: 2024-07-22}]\n", orders);
  const clx_delivery plain = run(&r, orders, 0, &p), d = run(&r, swapped, 0, &q);
  CLX_CHECK_NEAR(d.buyer[1].received[0].median - plain.buyer[1].received[0].median, 12000, 1e-9, 0);
  CLX_CHECK_NEAR(d.buyer[0].received[0].median - plain.buyer[0].received[0].median, -12000, 1e-9, 0);
  for (int32_t w = 0; w < p.weeks; w++) {
    const double together = d.buyer[0].received[w].median + d.buyer[1].received[w].median;
    CLX_CHECK_NEAR(together, plain.buyer[0].received[w].median + plain.buyer[1].received[w].median, 1e-12, 0);
  }
  CLX_CHECK_NEAR(d.buyer[0].received[39].median, 200000, 1e-12, 0);
  end(&r);
}

static void test_gpus_without_power_wait_and_cost(void **state) {
  (void)state;
  rig r = begin();
  clx_procurement p;
  static const char text[] =
      "start: 2024-07-01\nweeks: 10\nbuyers: [{name: tesla, idle: \"0.4 1/year\", ready: [{from: 2024-07-01, gpus: \"0 "
      "GPU\"}, {from: 2024-08-19, gpus: \"20,000 GPU\"}]}]\n"
      "orders:\n  - {name: x, buyer: tesla, product: H100, at: 2024-07-01, quantity: \"12,000 GPU\"}\n";
  const clx_delivery d = run(&r, text, 0, &p);
  // 12,000 are there from week 0 on, power from the end of week 6 on: weeks 0 to 5 count.
  CLX_CHECK_NEAR(d.buyer[0].stored.median, 6 * 12000, 1e-12, 0);
  CLX_CHECK_NEAR(d.buyer[0].stored_cost.median, 6 * 12000 * 33750.0 * 0.4 * 7 / 365.25, 1e-12, 0);
  end(&r);
}

// --- single replicas -----------------------------------------------------------------------------------------------------------------------

static void test_single_replicas_are_those_of_the_bands(void **state) {
  (void)state;
  rig r = begin();
  clx_procurement p;
  struct clx_replica *one = NULL;
  enum { REPLICAS = 200 };
  static const char text[] = START
      "qualified: [supermicro, dell]\norders:\n"
      "  - {name: x, buyer: a, product: H100, maker: supermicro, at: 2024-07-01, quantity: \"50,000 GPU\"}\n"
      "  - {name: y, buyer: a, product: H200, maker: dell, at: 2024-07-01, quantity: \"9,000 GPU\", price: \"1 USD\"}\n"
      "  - {name: z, buyer: b, product: H100, maker: dell, at: 2024-07-01, quantity: \"9,000 GPU\"}\n"
      "swaps: [{from: y, to: z, quantity: \"2,000 GPU\", at: 2024-07-01}]\n";
  const clx_delivery d = run(&r, text, REPLICAS, &p), sure = run(&r, text, 0, &p);
  assert_int_equal(p.product_count, 2);
  assert_int_equal(clx_procurement_open(&p, r.arena, &one, &r.error), CLX_OK);
  double sum[2][40] = {{0}};
  for (int32_t k = 0; k < REPLICAS; k++) {
    clx_procurement_replica(one, 7, k);
    for (int32_t b = 0; b < 2; b++) {
      const double *all = clx_procurement_received(one, b, -1), *h100 = clx_procurement_received(one, b, 0),
                   *h200 = clx_procurement_received(one, b, 1);
      for (int32_t w = 0; w < p.weeks; w++) {
        CLX_CHECK_NEAR(h100[w] + h200[w], all[w], 1e-12, 1e-9);
        sum[b][w] += all[w] / REPLICAS;
      }
    }
    // A slot that is swapped keeps its product: the second buyer ordered no H200.
    assert_true(clx_procurement_received(one, 1, 1)[39] <= 2000 + 1e-9);
  }
  for (int32_t b = 0; b < 2; b++)
    for (int32_t w = 0; w < p.weeks; w++) CLX_CHECK_NEAR(sum[b][w], d.buyer[b].received[w].mean, 1e-12, 1e-9);
  clx_procurement_replica(one, 7, -1);
  for (int32_t w = 0; w < p.weeks; w++)
    CLX_CHECK_NEAR(clx_procurement_received(one, 0, -1)[w], sure.buyer[0].received[w].median, 0, 0);
  CLX_CHECK_NEAR(clx_procurement_received(one, 1, 1)[39], 2000, 1e-12, 0);
  CLX_CHECK_NEAR(clx_procurement_delivered(one, 1)[39], 9000, 1e-12, 0);
  end(&r);
}

// --- what cannot be done -------------------------------------------------------------------------------------------------------------------

static void test_an_order_that_nobody_can_fill_in_time(void **state) {
  (void)state;
  rig r = begin();
  clx_procurement p;
  assert_int_equal(compile(&r, DELL(", by: 2024-09-23"), &p), CLX_OK);
  assert_int_equal(clx_procurement_demand(&p, &r.error), CLX_INFEASIBLE);
  const char *said = r.error.mistake[0].text;
  // Due in week 10: until week 12 Dell's three sub-assemblers build 204,000 GPUs a quarter; all needed is theirs to build, so any of them that has
  // enough more would do, Hon Hai with the smallest factor.
  const double week = 204000 / (3 * 30.4375 / 7), short_by = 60000 - 3 * week;
  double missing = 0, factor = 0, had = 0;
  assert_int_equal(sscanf(said, "order \"x\": %lf of 60000 GPUs are missing in week 12", &missing), 1);
  CLX_CHECK_NEAR(missing, short_by, 0, 1);
  const char *would = strstr(said, "capacity foxconn-servers times "), *rest = strstr(said, "would do; ");
  assert_non_null(would);
  assert_non_null(rest);
  factor = strtod(would + strlen("capacity foxconn-servers times "), NULL);
  CLX_CHECK_NEAR(factor, 1 + short_by / 3 / (102000 / (3 * 30.4375 / 7)), 0, 2e-3);
  assert_non_null(strstr(said, "a date 1 week later would do"));
  had = strtod(strrchr(said, ';') + 1, NULL);
  CLX_CHECK_NEAR(had, 3 * week, 0, 1);
  // A week later it is done.
  assert_int_equal(compile(&r, DELL(", by: 2024-09-30"), &p), CLX_OK);
  assert_int_equal(clx_procurement_demand(&p, &r.error), CLX_OK);
  end(&r);
}

static void test_what_is_said_of_bad_input(void **state) {
  (void)state;
  refuse(START "orders:\n  - {name: x, buyer: a, product: H1000, at: 2024-07-01, quantity: 8 GPU}\n", CLX_INPUT, 5,
         "H1000");
  refuse(START "orders:\n  - {name: x, buyer: a, product: H100, maker: del, at: 2024-07-01, quantity: 80 GPU}\n",
         CLX_INPUT, 5, "did you mean \"dell\"");
  refuse(START "orders:\n  - {name: x, buyer: c, product: H100, at: 2024-07-01, quantity: 8 GPU}\n", CLX_INPUT, 5,
         "unknown \"c\"");
  refuse(START "orders:\n  - {name: x, buyer: a, product: H100, at: 2024-06-01, quantity: 8 GPU}\n", CLX_INPUT, 5,
         "before the start");
  refuse(START "orders:\n  - {name: x, buyer: a, product: H100, at: 2025-07-01, quantity: 8 GPU}\n", CLX_INPUT, 5,
         "behind the end");
  refuse(START "orders:\n  - {name: x, buyer: a, product: H100, at: \"2024\", quantity: 8 GPU}\n", CLX_INPUT, 5,
         "expected a date");
  refuse(START "orders:\n  - {name: x, buyer: a, product: H100, at: 2024-07-01, quantity: 8 GPU, price: \"300 UDS\"}\n",
         CLX_INPUT, 5, "did you mean \"USD\"");
  refuse(START "orders:\n  - {name: x, buyer: a, product: H200, at: 2024-07-01, quantity: 8 GPU}\n", CLX_INPUT, 5,
         "has no price");
  refuse(START "orders:\n  - {name: x, buyer: a, product: H100, maker: dell, at: 2024-07-01, quantity: 8 GPU}\n",
         CLX_INPUT, 5, "minimum lot");
  refuse(START "orders:\n" ORDER("x", "a", "8") ORDER("y", "b", "8") "swaps:\n  - {from: x, to: y, at: 2024-07-01, quantity: 1 GPU}\n  - {from: y, to: x, at: 2024-07-01, quantity: 1 GPU}\n",
         CLX_INPUT, 9, "y -> x -> y");
  refuse(START "orders:\n" ORDER("x", "a", "8") "events: [{name: e, kind: move, maker: dell, at: 2024-07-08}]\n",
         CLX_INPUT, 6, "to: event \"e\" of kind move needs it");
  refuse(START "orders:\n" ORDER("x", "a", "8") "allotments:\n  - {buyer: a, capacity: nvidia-hopper, rate: [{from: 2024-07-01, rate: 1 GPU/week}]}\n  - {buyer: a, capacity: nvidia-hopper, rate: []}\n",
         CLX_INPUT, 8, "two of");
  refuse(START "currency: EUR\norders:\n" ORDER("x", "a", "8"), CLX_INPUT, 0, "unknown currency \"EUR\"");
}

static void test_survives_failing_memory(void **state) {
  (void)state;
  rig r = begin();
  static const char text[] =
      DELL(", fallback: supermicro") "events: [{name: f, kind: failure, maker: dell, at: 2024-07-29}]\n";
  for (int64_t n = 1; n < 400; n++) {
    clx_procurement p;
    clx_delivery d;
    clx_arena *arena = clx_arena_new();
    clx_node *root = NULL;
    clx_error_clear(&r.error);
    assert_int_equal(clx_document_read(r.arena, "o.yaml", text, strlen(text), &root, &r.error), CLX_OK);
    clx_memory_fail_after(n);
    clx_status status = clx_procurement_read(r.catalog, root, arena, &p, &r.error);
    if (status == CLX_OK)
      status = clx_procurement_run(&p, &(clx_delivery_settings){.replicas = 2}, arena, &d, &r.error);
    clx_memory_fail_after(0);
    clx_arena_free(arena);
    if (status == CLX_OK) break;
    assert_int_equal(status, CLX_MEMORY);
  }
  end(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_short_capacity_is_shared),
      cmocka_unit_test(test_an_allotment_limits_one_buyer),
      cmocka_unit_test(test_sub_assemblers_stand_in_for_each_other),
      cmocka_unit_test(test_a_failed_maker_keeps_deposits_and_the_fallback_delivers),
      cmocka_unit_test(test_a_maker_that_is_delisted_fails_when_it_cannot_pay),
      cmocka_unit_test(test_a_new_maker_is_qualified_once),
      cmocka_unit_test(test_orders_move_on_a_date),
      cmocka_unit_test(test_a_window_that_slips_and_one_that_never_opens),
      cmocka_unit_test(test_bands_are_in_order_and_seeds_repeat),
      cmocka_unit_test(test_slots_change_hands_and_come_back),
      cmocka_unit_test(test_gpus_without_power_wait_and_cost),
      cmocka_unit_test(test_single_replicas_are_those_of_the_bands),
      cmocka_unit_test(test_an_order_that_nobody_can_fill_in_time),
      cmocka_unit_test(test_what_is_said_of_bad_input),
      cmocka_unit_test(test_survives_failing_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
