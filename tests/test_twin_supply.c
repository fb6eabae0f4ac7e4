// Orders of whole scenarios: bands against single replicas, events with and without, a second source, what to order, reports.
#include "check.h"

#include <colossus/colossus.h>
#include <stdlib.h>

#include "result/result.h"
#include "scenario/scenario.h"

static clx_catalog *catalog;

static int open_catalog(void **state) {
  (void)state;
  return clx_catalog_open(NULL, &catalog, NULL) == CLX_OK ? 0 : -1;
}

static int close_catalog(void **state) {
  (void)state;
  clx_catalog_close(catalog);
  return 0;
}

#define HEAD                                                                                             \
  "name: s\nmachine: {fleet: [{server: dgx_h100, rack: dgx_h100_4, gpus: 64}]}\n"                        \
  "network: {switch: sn5600, nic: bluefield3_400g}\ntraining: {model: llama-3.1-8b, global_batch: 64}\n" \
  "supply:\n  start: 2024-07-01\n  weeks: 40\n  replicas: 200\n  qualified: [supermicro, dell]\n"

static const char MOVED[] = HEAD
    "  buyers: [{name: a}, {name: b}]\n  self: b\n  orders:\n"
    "    - {name: x, buyer: a, product: H100, at: 2024-07-01, quantity: \"8,000 GPU\"}\n"
    "    - {name: y, buyer: b, product: H100, maker: supermicro, at: 2024-07-01, by: 2024-09-30, quantity: \"60,000 "
    "GPU\"}\n"
    "  events:\n    - {name: moves away, kind: move, at: 2024-08-05, maker: supermicro, to: dell}\n"
    "    - {name: never, kind: halt, at: 2024-08-05, maker: dell, probability: 0}\n"
    "  second: {maker: dell, shares: [0, 0.5]}\n";

static clx_scenario *read(const char *text) {
  clx_scenario *s = NULL;
  clx_error error;
  clx_error_clear(&error);
  if (clx_scenario_read(catalog, "s.yaml", text, strlen(text), &s, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  return s;
}

static clx_result *order(const clx_scenario *s, const clx_order_options *options) {
  clx_result *result = NULL;
  clx_error error;
  clx_error_clear(&error);
  if (clx_order_run(s, options, &result, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return result;
}

static const clx_quantity *find(const clx_result *result, const char *name) {
  const clx_quantity *q = clx_result_find(result, name);
  if (q == NULL) fail_msg("no %s", name);
  return q;
}

static void test_the_owner_has_what_replicas_say(void **state) {
  (void)state;
  clx_scenario *s = read(MOVED);
  clx_result *result = order(s, NULL);
  const clx_procurement *p = &s->supply.procurement;
  clx_arena *arena = clx_arena_new();
  clx_error error;
  struct clx_replica *r = NULL;
  int32_t slips = 0, below = 0, above = 0;
  const clx_quantity *complete = find(result, "supply.complete");
  assert_int_equal(clx_procurement_open(p, arena, &r, &error), CLX_OK);
  for (int32_t k = 0; k < 200; k++) {
    clx_procurement_replica(r, 1, k);
    const double *delivered = clx_procurement_delivered(r, 1);
    int32_t week = 0;
    while (week < 40 && delivered[week] < 60000 - 1e-4) week++;
    slips += (week - 13) * 7 > 30;  // wanted in week 13
    const double end = fmin(week + 1, 40) * CLX_WEEK;
    below += end < complete->low;
    above += end > complete->high;
  }
  CLX_CHECK_NEAR(find(result, "supply.slip_probability")->value, slips / 200.0, 0, 1e-12);
  assert_true(below <= 20 && above <= 20);
  assert_true(complete->low <= complete->value && complete->value <= complete->high);
  CLX_CHECK_NEAR(find(result, "supply.ordered")->value, 60000, 0, 0);
  // Most comes in the fourth quarter of 2024, at 681,105 Hopper chips a quarter of 91.3125 days.
  assert_string_equal(clx_result_fact(result, "supply.chips.nvidia_hopper.quarter"), "2024 Q4");
  CLX_CHECK_NEAR(find(result, "supply.chips.nvidia_hopper.order_share")->value, 60000 / (681105 * 92 / 91.3125), 1e-9,
                 0);
  clx_arena_free(arena);
  clx_result_free(result);
  clx_scenario_free(s);
}

static void test_an_event_is_told_against_its_absence(void **state) {
  (void)state;
  clx_scenario *s = read(MOVED);
  clx_result *result = order(s, NULL);
  // What cannot happen is still shown as it would be.
  CLX_CHECK_NEAR(find(result, "supply.event.never.probability")->value, 0, 0, 0);
  // Moved orders start again with a lead of 8 to 12 weeks, and a part of their deposits stays behind: 60 % of 30 %.
  assert_true(find(result, "supply.event.moves_away.delay")->value > 0);
  assert_string_equal(find(result, "supply.late")->unit, "GPU*s");
  assert_true(find(result, "supply.event.moves_away.delay_p80")->value >=
              find(result, "supply.event.moves_away.delay")->value);
  const double lost = find(result, "supply.event.moves_away.lost")->value;
  assert_true(lost > 0 && lost < 60000 * 33750 * 0.3 * 0.6);
  assert_true(find(result, "supply.event.moves_away.slip")->value >=
              find(result, "supply.event.moves_away.slip_without")->value);
  // It is certain: with it is the run as it is.
  CLX_CHECK_NEAR(find(result, "supply.event.moves_away.slip")->value, find(result, "supply.slip_probability")->value, 0,
                 0);
  clx_result_free(result);
  clx_scenario_free(s);
}

static void test_a_second_source(void **state) {
  (void)state;
  clx_scenario *s = read(MOVED);
  clx_result *result = order(s, NULL), *again = order(s, NULL);
  // No share: the orders as they are.
  CLX_CHECK_NEAR(find(result, "supply.second.share_0.slip")->value, find(result, "supply.slip_probability")->value, 0,
                 0);
  assert_true(find(result, "supply.second.share_50.delay_worst")->value >=
              find(result, "supply.second.share_50.delay_mean")->value);
  assert_true(find(result, "supply.second.share_50.lost")->value < find(result, "supply.second.share_0.lost")->value);
  for (int32_t i = 0; i < clx_result_count(result); i++)
    assert_memory_equal(&clx_result_at(result, i)->value, &clx_result_at(again, i)->value, sizeof(double));
  clx_result_free(again);
  clx_result_free(result);
  clx_scenario_free(s);
}

static void test_an_order_that_nobody_can_fill(void **state) {
  (void)state;
  clx_scenario *s = read(HEAD
                         "  buyers: [{name: b}]\n  orders:\n"
                         "    - {name: y, buyer: b, product: H100, maker: supermicro, at: 2024-07-01, by: 2024-07-29, "
                         "quantity: \"60,000 GPU\"}\n");
  clx_error error;
  clx_error_clear(&error);
  assert_int_equal(clx_order_check(s, &error), CLX_INFEASIBLE);
  assert_non_null(strstr(error.mistake[0].text, "line of supermicro times"));
  clx_result *result = order(s, NULL);
  char *text = NULL;
  assert_int_equal(clx_order_text(result, false, &text, &error), CLX_OK);
  assert_non_null(strstr(text, "even without chance"));
  clx_text_free(text);
  clx_result_free(result);
  result = NULL;
  const clx_order_options strict = {.seed = 1, .strict = true};
  clx_error_clear(&error);
  assert_int_equal(clx_order_run(s, &strict, &result, &error), CLX_INFEASIBLE);
  assert_null(result);
  clx_scenario_free(s);
}

// Ends that lie behind the horizon are no dates, in no report.
static void test_an_order_that_is_never_whole(void **state) {
  (void)state;
  clx_scenario *s = read(HEAD
                         "  buyers: [{name: b}]\n  sharing: fair\n  orders:\n"
                         "    - {name: y, buyer: b, product: H100, maker: dell, at: 2024-07-01, quantity: "
                         "\"6,000 GPU\"}\n"
                         "    - {name: z, buyer: b, product: H100, maker: supermicro, at: 2024-07-01, quantity: "
                         "\"90,000,000 GPU\"}\n"
                         "  events:\n    - {name: stop, kind: halt, at: 2024-08-05, maker: supermicro, duration: 8 "
                         "weeks}\n");
  clx_result *result = order(s, NULL);
  clx_error error;
  char *text = NULL;
  assert_null(clx_result_find(result, "supply.complete"));
  assert_null(clx_result_find(result, "supply.order.z.complete"));
  assert_non_null(clx_result_find(result, "supply.order.y.complete"));
  CLX_CHECK_NEAR(find(result, "supply.unfinished")->value, 1, 0, 0);
  CLX_CHECK_NEAR(find(result, "supply.order.z.unfinished")->value, 1, 0, 0);
  assert_null(clx_result_find(result, "supply.event.stop.delay"));
  CLX_CHECK_NEAR(find(result, "supply.event.stop.unfinished_without")->value, 1, 0, 0);
  assert_true(find(result, "supply.event.stop.shift")->value > 0);
  assert_int_equal(clx_order_text(result, false, &text, &error), CLX_OK);
  assert_non_null(strstr(text, "90,006,000 GPUs for b, not all there by 2025-04-07"));
  // "not by end" of the order and of the event; no weeks later.
  const char *row = strstr(text, "not by end");
  assert_non_null(row);
  assert_non_null(strstr(row + 1, "not by end"));
  assert_null(strstr(text, "P80"));
  clx_text_free(text);
  clx_result_free(result);
  clx_scenario_free(s);
}

static void test_dates_in_the_wrong_order(void **state) {
  (void)state;
  clx_scenario *s = NULL;
  clx_error error;
  clx_error_clear(&error);
  static const char text[] = HEAD
      "  buyers: [{name: b}]\n  orders:\n"
      "    - {name: y, buyer: b, product: H100, at: 2024-09-30, by: 2024-09-20, quantity: \"60 GPU\"}\n";
  assert_int_equal(clx_scenario_read(catalog, "s.yaml", text, strlen(text), &s, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "wanted by 2024-09-20, before it is placed: at: 2024-09-30"));
  assert_int_equal(error.mistake[0].line, 12);
}

static const char PLANNED[] = HEAD
    "  buyers: [{name: b}]\n  orders:\n"
    "    - {name: y, buyer: b, product: H100, maker: supermicro, at: 2024-07-01, quantity: \"6,000 GPU\"}\n"
    "  plan:\n    makers: [supermicro, dell]\n    demand: [0, 0, 20000, 30000, 0]\n    setup: 1 "
    "million USD\n"
    "    late: 400 USD/GPU/week\n    scenarios: 20\n";

// A budget for nothing, and slots that an order does not have.
static void test_less_than_is_wanted(void **state) {
  (void)state;
  static const char poor[] = HEAD
      "  buyers: [{name: b}]\n  orders:\n"
      "    - {name: y, buyer: b, product: H100, maker: supermicro, at: 2024-07-01, quantity: \"6,000 GPU\"}\n"
      "  plan: {makers: [dell], demand: [0, 0, 20000, 0], late: 400 USD/GPU/week, scenarios: 5, budget: 1 USD}\n";
  static const char swapped[] = HEAD
      "  buyers: [{name: a}, {name: b}]\n  orders:\n"
      "    - {name: x, buyer: a, product: H100, at: 2024-07-01, quantity: \"12,000 GPU\"}\n"
      "    - {name: y, buyer: b, product: H100, at: 2024-07-01, quantity: \"12,000 GPU\"}\n"
      "  swaps: [{at: 2024-08-05, from: x, to: y, quantity: \"60,000 GPU\"}]\n";
  const clx_order_options options = {.seed = 1, .plan = true};
  clx_scenario *s = read(poor);
  clx_result *result = order(s, &options);
  clx_error error;
  bool said = false;
  for (int32_t i = 0; i < clx_result_warning_count(result); i++)
    said |=
        strstr(clx_result_warning(result, i), "orders 0 of 20000 GPUs wanted: see 'supply.plan': the budget") != NULL;
  assert_true(said);
  clx_result_free(result);
  clx_scenario_free(s);
  s = NULL;
  clx_error_clear(&error);
  assert_int_equal(clx_scenario_read(catalog, "s.yaml", swapped, strlen(swapped), &s, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "60000 GPUs change hands, but order \"x\" is of 12000"));
}

static void test_what_to_order(void **state) {
  (void)state;
  clx_scenario *s = read(PLANNED);
  const clx_order_options options = {.seed = 1, .plan = true};
  clx_result *result = order(s, &options);
  const double cost = find(result, "supply.plan.cost")->value, bound = find(result, "supply.plan.bound")->value;
  assert_true(bound <= cost && cost - bound <= 1e-4 * cost + 1e-6);
  CLX_CHECK_NEAR(find(result, "supply.plan.proved")->value, 1, 0, 0);
  // A GPU that is missing at the end costs more than one that is bought.
  assert_true(find(result, "supply.plan.gpus")->value > 45000);
  CLX_CHECK_NEAR(
      find(result, "supply.plan.gpus")->value,
      find(result, "supply.plan.maker.supermicro.gpus")->value + find(result, "supply.plan.maker.dell.gpus")->value,
      1e-12, 0);
  clx_result_free(result);
  clx_scenario_free(s);
  s = read(MOVED);
  result = NULL;
  clx_error error;
  clx_error_clear(&error);
  assert_int_equal(clx_order_run(s, &options, &result, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "planning needs 'supply.plan'"));
  clx_scenario_free(s);
}

static void test_reports(void **state) {
  (void)state;
  static const struct {
    const char *name;
    bool drawing;
    const char *says;
  } part[] = {{"deliveries", false, "time_s,date,wanted,a_low,"},
              {"orders", false, "name,buyer,product,maker,gpus,by,"},
              {"events", false, "moves away,"},
              {"plan", false, "time_s"},
              {"deliveries", true, "GPUs of other buyers"},
              {"shares", true, "line of supermicro"}};
  clx_scenario *s = read(MOVED);
  clx_result *result = order(s, NULL);
  clx_error error;
  char *text = NULL;
  for (int32_t i = 0; i < CLX_COUNT(part); i++) {
    clx_error_clear(&error);
    assert_int_equal((part[i].drawing ? clx_order_svg : clx_order_csv)(result, part[i].name, &text, &error), CLX_OK);
    if (strstr(text, part[i].says) == NULL) fail_msg("%s lacks \"%s\": %.300s", part[i].name, part[i].says, text);
    clx_text_free(text);
  }
  assert_int_equal(clx_order_csv(result, "none", &text, &error), CLX_INPUT);
  assert_int_equal(clx_order_html(result, &text, &error), CLX_OK);
  assert_non_null(strstr(text, "<h2>Events"));
  clx_text_free(text);
  assert_int_equal(clx_order_text(result, false, &text, &error), CLX_OK);
  int32_t lines = 0;
  for (const char *c = text; *c != '\0'; c++) lines += *c == '\n';
  assert_true(lines <= 30);
  assert_non_null(strstr(text, "60,000 GPUs for b, all there on 202"));
  clx_text_free(text);
  clx_result_free(result);
  // A run has the dates as well.
  clx_run_options options;
  clx_run_options_default(&options);
  assert_int_equal(clx_scenario_run(s, &options, &result, &error), CLX_OK);
  assert_non_null(clx_result_find(result, "supply.complete"));
  assert_null(clx_result_find(result, "supply.event.moves_away.delay"));
  clx_result_free(result);
  clx_scenario_free(s);
}

static void test_names_that_are_too_much_alike(void **state) {
  (void)state;
  clx_scenario *s = read(HEAD
                         "  buyers: [{name: b}]\n  orders:\n"
                         "    - {name: y 1, buyer: b, product: H100, at: 2024-07-01, quantity: \"60 GPU\"}\n"
                         "    - {name: y_1, buyer: b, product: H100, at: 2024-07-01, quantity: \"60 GPU\"}\n");
  clx_result *result = NULL;
  clx_error error;
  clx_error_clear(&error);
  assert_int_equal(clx_order_run(s, NULL, &result, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "the name \"y_1\" is too much like \"y 1\""));
  assert_int_equal(error.mistake[0].line, 13);
  clx_scenario_free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_owner_has_what_replicas_say),
      cmocka_unit_test(test_an_event_is_told_against_its_absence),
      cmocka_unit_test(test_a_second_source),
      cmocka_unit_test(test_an_order_that_nobody_can_fill),
      cmocka_unit_test(test_an_order_that_is_never_whole),
      cmocka_unit_test(test_dates_in_the_wrong_order),
      cmocka_unit_test(test_less_than_is_wanted),
      cmocka_unit_test(test_what_to_order),
      cmocka_unit_test(test_reports),
      cmocka_unit_test(test_names_that_are_too_much_alike),
  };
  return cmocka_run_group_tests(tests, open_catalog, close_catalog);
}
