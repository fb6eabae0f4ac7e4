// The section `supply` of a scenario: what it takes, what it refuses and in which words.
#include "check.h"

#include <colossus/colossus.h>

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

#define SUPPLY(more)                                                            \
  "supply:\n  start: 2024-07-01\n  buyers: [{name: a}, {name: b}]\n  orders:\n" \
  "    - {name: x, buyer: b, product: H100, maker: dell, at: 2024-07-01, quantity: \"6,400 GPU\"}\n" more

static const char MACHINE[] =
    "name: s\nmachine: {fleet: [{server: dgx_h100, rack: dgx_h100_4, gpus: 64}]}\n"
    "network: {switch: sn5600, nic: bluefield3_400g}\ntraining: {model: llama-3.1-8b, global_batch: 64}\n";

static clx_status read(const char *section, clx_scenario **scenario, clx_error *error) {
  char text[4096];
  const int length = snprintf(text, sizeof text, "%s%s", MACHINE, section);
  clx_error_clear(error);
  return clx_scenario_read(catalog, "s.yaml", text, (size_t)length, scenario, error);
}

static void test_the_section_is_compiled(void **state) {
  (void)state;
  clx_scenario *s = NULL;
  clx_error error;
  if (read(SUPPLY("  self: b\n"), &s, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  assert_true(clx_scenario_is_supplied(s));
  assert_int_equal(s->supply.procurement.self, 1);
  assert_int_equal(s->supply.procurement.order_count, 1);
  assert_int_equal(s->spec.supply.replicas, 1000);
  clx_scenario_free(s);
  assert_int_equal(read("", &s, &error), CLX_OK);
  assert_false(clx_scenario_is_supplied(s));
  assert_int_equal(clx_order_check(s, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "has no section 'supply'"));
  clx_scenario_free(s);
}

static void test_refusals(void **state) {
  (void)state;
  static const struct {
    const char *section, *says;
    int32_t line;
  } row[] = {
      {"supply: {weeks: 10}\n", "start", 5},
      {"supply:\n  start: 2024-07-01\n  buyers: []\n  orders: []\n", "'supply.buyers' is empty", 6},
      {SUPPLY("  self: c\n"), "self: unknown \"c\"", 6},
      {SUPPLY("  second: {maker: del}\n"), "did you mean \"dell\"", 10},
      {SUPPLY("  second: {maker: hpe, shares: [0, 1.5]}\n"), "1.5", 10},
      {SUPPLY("  second: {maker: hpe, shares: [0.5, 0.5]}\n"), "expected rising shares", 10},
      {SUPPLY("  plan: {late: 1 USD/GPU/week}\n"), "'supply.plan.demand': expected GPUs wanted in each period", 10},
      {SUPPLY("  plan: {demand: [64], late: 1 USD/GPU/week, makers: [supermicr]}\n"), "did you mean", 10},
      {SUPPLY("  plan: {demand: [64], late: 1 USD/week}\n"), "late", 10},
      {SUPPLY("  events: [{name: e, kind: halt, at: 2020-01-01, maker: dell}]\n"), "before the start", 10},
      {SUPPLY("  replicas: 0\n"), "replicas", 10},
  };
  for (int32_t i = 0; i < CLX_COUNT(row); i++) {
    clx_scenario *s = NULL;
    clx_error error;
    assert_int_equal(read(row[i].section, &s, &error), CLX_INPUT);
    const clx_mistake *m = &error.mistake[0];
    if (strstr(m->text, row[i].says) == NULL) fail_msg("row %d: \"%s\" lacks \"%s\"", i, m->text, row[i].says);
    if (m->line != row[i].line) fail_msg("row %d: line %d, expected %d: %s", i, m->line, row[i].line, m->text);
    assert_null(s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_section_is_compiled),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, open_catalog, close_catalog);
}
