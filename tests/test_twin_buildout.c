// A build of a whole scenario: what comes from the machine, its power and its orders.
#include "check.h"

#include <colossus/colossus.h>

#include "scenario/scenario.h"
#include "twin/twin_buildout.h"

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

// 64 of one kind before 128 of the other, which stand first in the fleet.
#define MACHINE                                                                                           \
  "name: s\nmachine:\n  fleet:\n    - {server: dgx_h100, rack: dgx_h100_4, gpus: 128, phase: 2}\n"        \
  "    - {server: supermicro_hgx_h100_liquid, rack: supermicro_liquid_8x8, gpus: 64, phase: 1}\n"         \
  "network: {switch: sn5600, nic: bluefield3_400g}\ntraining: {model: llama-3.1-8b, global_batch: 192}\n" \
  "power: {pue: 1.2}\n"
#define BUILD(more) "buildout:\n  start: 2025-01-01\n  horizon: 300 days\n" more

static clx_status try_load(const char *text, clx_scenario **scenario, clx_error *error) {
  clx_error_clear(error);
  return clx_scenario_read(catalog, "s.yaml", text, strlen(text), scenario, error);
}

static clx_scenario *load(const char *text) {
  clx_scenario *s = NULL;
  clx_error error;
  if (try_load(text, &s, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return s;
}

static clx_arena *arena;

static clx_twin_buildout *make(const clx_scenario *s, int32_t replicas) {
  clx_buildout_settings settings;
  clx_error error;
  clx_error_clear(&error);
  clx_buildout_settings_default(&settings);
  settings.replicas = replicas;
  arena = clx_arena_new();
  clx_twin_buildout *b = CLX_NEW(arena, clx_twin_buildout);
  if (clx_twin_buildout_make(s, &settings, arena, b, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return b;
}

// Phases order the fleet; the W of all its GPUs is the peak of the site that a run finds.
static void test_fleet_and_power(void **state) {
  (void)state;
  clx_scenario *s = load(MACHINE BUILD("  bring_up: {time: 2 days}\n"));
  clx_twin_buildout *b = make(s, 0);
  clx_result *run = NULL;
  clx_error error;
  clx_error_clear(&error);
  assert_int_equal(b->input.cohort_count, 2);
  CLX_CHECK_NEAR(b->input.cohort[0].gpus, 64, 0, 0);
  CLX_CHECK_NEAR(b->input.cohort[0].per_rack, 64, 0, 0);
  CLX_CHECK_NEAR(b->input.cohort[1].gpus, 128, 0, 0);
  CLX_CHECK_NEAR(b->result.full_capacity.plain, 2 * 86400.0, 1e-12, 0);
  clx_run_options options;
  clx_run_options_default(&options);
  assert_int_equal(clx_scenario_run(s, &options, &run, &error), CLX_OK);
  CLX_CHECK_NEAR(clx_buildout_watts(b->buildout, 192), clx_result_value(run, "power.site_peak", 0), 1e-9, 0);
  // One line in the run, with the same date.
  CLX_CHECK_NEAR(clx_result_value(run, "buildout.full_capacity", 0), 2 * 86400.0, 1e-12, 0);
  clx_result_free(run);
  clx_arena_free(arena);
  clx_scenario_free(s);
}

#define SOURCES                                                                                                    \
  ", facility_limit: 0.9 MW, sources: [{name: a, power: 100 kW, until: 40 days}, {name: b, power: 2 MW, from: 30 " \
  "days}]"

// Sources that come and go are the power over time, up to the limit of the site.
static void test_dated_sources(void **state) {
  (void)state;
  // A run needs its power all the time: the build alone is asked, without a job.
  static const char TEXT[] =
      "name: s\nmachine: {fleet: [{server: dgx_h100, rack: dgx_h100_4, gpus: 128}]}\n"
      "power: {pue: 1.2, tariff: tva-gsa3" SOURCES "}\n" BUILD("  bring_up: {time: 2 days}\n");
  clx_scenario *s = load(TEXT);
  clx_twin_buildout *b = make(s, 0);
  assert_int_equal(b->input.point_count[CLX_BUILDOUT_POWER], 3);
  const clx_buildout_point *p = b->input.point[CLX_BUILDOUT_POWER];
  CLX_CHECK_NEAR(p[0].value, 100e3, 1e-12, 0);
  CLX_CHECK_NEAR(p[1].time, 30 * 86400.0, 1e-12, 0);
  CLX_CHECK_NEAR(p[1].value, 0.9e6, 1e-12, 0);
  CLX_CHECK_NEAR(b->result.full_capacity.plain, 32 * 86400.0, 1e-12, 0);
  assert_int_equal(b->warning_count, 1);
  clx_arena_free(arena);
  clx_scenario_free(s);
}

// The section's own power counts before that of the sources, and a warning says so.
static void test_own_power_counts(void **state) {
  (void)state;
  static const char TEXT[] =
      "name: s\nmachine: {fleet: [{server: dgx_h100, rack: dgx_h100_4, gpus: 128}]}\n"
      "power: {pue: 1.2, tariff: tva-gsa3" SOURCES "}\n" BUILD("  power: [{from: 2025-01-11, power: 1 MW}]\n");
  clx_scenario *s = load(TEXT);
  clx_twin_buildout *b = make(s, 0);
  assert_int_equal(b->input.point_count[CLX_BUILDOUT_POWER], 0);
  CLX_CHECK_NEAR(b->result.full_capacity.plain, 10 * 86400.0, 1e-12, 0);
  assert_int_equal(b->warning_count, 1);
  assert_non_null(strstr(b->warning[0], "its own power counts"));
  clx_arena_free(arena);
  clx_scenario_free(s);
}

// Power that is there all the time is no limit of the build, but where it does not suffice that is said.
static void test_power_that_does_not_suffice(void **state) {
  (void)state;
  static const char *const power[][2] = {
      {"power: {pue: 1.2, facility_limit: 50 kW}\n", "more than 'power.facility_limit', 50 kW"},
      {"power: {pue: 1.2, facility_limit: 1 MW}\n", NULL},
      {"power: {pue: 1.2, tariff: tva-gsa3, sources: [{name: grid, kind: grid, power: 60 kW}]}\n",
       "more than 'power.sources' give, 60 kW"}};
  for (int32_t i = 0; i < CLX_COUNT(power); i++) {
    char text[1024];
    snprintf(text, sizeof text, "name: s\nmachine: {fleet: [{server: dgx_h100, rack: dgx_h100_4, gpus: 128}]}\n%s%s",
             power[i][0], BUILD("  power: [{from: 2025-01-11, power: 1 MW}]\n"));
    clx_scenario *s = load(text);
    clx_twin_buildout *b = make(s, 0);
    assert_int_equal(b->warning_count, power[i][1] != NULL);
    if (power[i][1] != NULL) assert_non_null(strstr(b->warning[0], power[i][1]));
    clx_arena_free(arena);
    clx_scenario_free(s);
  }
}

// A source without dates is there from the first day, with a training job or without: what it lacks is named.
static void test_undated_source_is_a_limit(void **state) {
  (void)state;
  static const char *const power[] = {"60 kW", "2 MW"};
  for (int32_t i = 0; i < CLX_COUNT(power); i++) {
    char text[1024];
    clx_error error;
    snprintf(text, sizeof text,
             "name: s\nmachine: {fleet: [{server: dgx_h100, rack: dgx_h100_4, gpus: 128}]}\n"
             "power: {pue: 1.2, tariff: tva-gsa3, sources: [{name: grid, kind: grid, power: %s}]}\n%s",
             power[i], BUILD(""));
    clx_scenario *s = load(text);
    clx_result *result = NULL;
    clx_error_clear(&error);
    const clx_status status = clx_build_run(s, NULL, &result, &error);
    assert_int_equal(status, i == 0 ? CLX_INFEASIBLE : CLX_OK);
    if (i == 0)
      assert_non_null(
          strstr(error.mistake[0].text, "power: 'power.sources' (grid) give 60 kW in the end, but 128 GPUs need"));
    clx_result_free(result);
    clx_scenario_free(s);
  }
}

#define SUPPLY                                                                  \
  "supply:\n  start: 2024-12-01\n  buyers: [{name: a}]\n  self: a\n  orders:\n" \
  "    - {name: x, buyer: a, product: H100, maker: dell, at: 2024-12-01, quantity: 192 GPU}\n"

// Orders count before lots; replicas differ as theirs do, and no day has more GPUs than were delivered.
static void test_orders_count(void **state) {
  (void)state;
  clx_scenario *s = load(MACHINE SUPPLY BUILD("  deliveries: [{from: 2025-01-02, gpus: 192 GPUs}]\n"));
  clx_twin_buildout *b = make(s, 50);
  const clx_buildout_result *r = &b->result;
  assert_int_equal(b->warning_count, 1);
  assert_non_null(strstr(b->warning[0], "orders of section 'supply' count"));
  assert_true(b->input.source.periods > 0);
  CLX_CHECK_NEAR(b->input.source.start, -31 * 86400.0, 1e-12, 0);
  assert_true(r->full_capacity.plain > 10 * 86400.0);
  assert_true(r->full_capacity.p90 > r->full_capacity.p10 + 86400);
  double week[1024];
  b->input.source.fill(b->input.source.of, -1, week);
  for (int32_t d = 0; d <= r->series.days; d++) {
    const int32_t w = (int32_t)floor((d * 86400.0 - b->input.source.start) / CLX_WEEK);
    const double most = w < b->input.source.periods ? week[w] : week[b->input.source.periods - 1];
    assert_true(r->series.plain[d] <= most + 1e-6);
  }
  clx_arena_free(arena);
  clx_scenario_free(s);
}

// Orders of another device than the fleet's are a mistake of the file; whether more come than it has is told.
static void test_orders_and_fleet(void **state) {
  (void)state;
  clx_error error;
  clx_scenario *s = NULL;
#define ORDERS(product, gpus)                                                                              \
  MACHINE                                                                                                  \
  "supply:\n  start: 2024-12-01\n  buyers: [{name: a}, {name: b}]\n  self: a\n  orders:\n"                 \
  "    - {name: x, buyer: a, product: " product ", price: \"40,000 USD\", at: 2024-12-01, quantity: " gpus \
  " GPU}\n    - {name: y, buyer: b, product: H200, price: \"40,000 USD\", at: 2024-12-01, quantity: 9 "    \
  "GPU}\n" BUILD("")
  assert_int_equal(try_load(ORDERS("H200", "192"), &s, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "orders: 'x' is of h200-server with h200_sxm, but the fleet"));
  assert_non_null(strstr(error.mistake[0].text, "h100_sxm"));
  static const char *const texts[] = {ORDERS("H100", "192"), ORDERS("H100", "300")};
  for (int32_t i = 0; i < CLX_COUNT(texts); i++) {
    s = load(texts[i]);
    clx_twin_buildout *b = make(s, 0);
    assert_int_equal(b->warning_count, i);
    if (i == 1) assert_non_null(strstr(b->warning[0], "300 GPUs are delivered without chance, the fleet has 192"));
    clx_arena_free(arena);
    clx_scenario_free(s);
  }
}

// Orders that come after the section ends: it is told where that is, and no fleet of nothing is advised.
static void test_orders_that_end_too_soon(void **state) {
  (void)state;
  clx_error error;
  clx_result *result = NULL;
  clx_scenario *s =
      load(MACHINE
           "supply:\n  start: 2024-12-02\n  weeks: 2\n  buyers: [{name: a}]\n  self: a\n  orders:\n"
           "    - {name: x, buyer: a, product: H100, maker: dell, at: 2024-12-02, quantity: 192 GPU}\n" BUILD(""));
  clx_error_clear(&error);
  assert_int_equal(clx_build_run(s, NULL, &result, &error), CLX_INFEASIBLE);
  const char *text = error.mistake[0].text;
  if (strstr(text, "0 GPUs come in all by 2024-12-16, where section 'supply' ends") == NULL) fail_msg("%s", text);
  assert_non_null(strstr(text, "192 are missing; order more or sooner, let supply.weeks reach further"));
  assert_null(strstr(text, "fleet of 0"));
  clx_scenario_free(s);
}

// A date that no calendar has is no date of the year 9999, and no number of days is printed in digits that nobody reads.
static void test_dates_without_end(void **state) {
  (void)state;
  clx_error error;
  clx_result *result = NULL;
  char *report = NULL;
  const clx_build_options options = {.seed = 1, .threads = 1, .replicas = 10};
  clx_scenario *s = load(MACHINE BUILD("  install: {rate: 1e-9 racks/day}\n"));
  clx_error_clear(&error);
  assert_int_equal(clx_build_run(s, &options, &result, &error), CLX_OK);
  assert_string_equal(clx_result_fact(result, "buildout.full_capacity.date"), "after 9999");
  assert_int_equal(clx_build_text(result, false, &report, &error), CLX_OK);
  assert_non_null(strstr(report, "192 GPUs after 9999"));
  assert_null(strstr(report, "9999-12-31"));
  assert_null(strstr(report, "00000"));
  clx_text_free(report);
  clx_result_free(result);
  clx_scenario_free(s);
}

// Due dates that chance breaks are in the report with their share.
static void test_due_dates(void **state) {
  (void)state;
  clx_error error;
  clx_result *result = NULL;
  char *report = NULL, says[96];
  const clx_build_options options = {.seed = 1, .threads = 1, .replicas = 1000};
  clx_scenario *s =
      load(MACHINE BUILD("  works:\n    - {name: permit, duration: 10 days, high: 20 days, by: 2025-01-16, "
                         "gives: {room: 192 GPU}}\n    - {name: fence, duration: 1 day, by: 2025-02-01}\n"));
  clx_error_clear(&error);
  assert_int_equal(clx_build_run(s, &options, &result, &error), CLX_OK);
  const double late = clx_result_value(result, "buildout.work_1.late", 0);
  assert_true(late > 0.1 && late < 0.4);
  assert_int_equal(clx_build_text(result, false, &report, &error), CLX_OK);
  snprintf(says, sizeof says, "permit by 2025-01-16: late in %.3g %% of builds", 100 * late);
  if (strstr(report, says) == NULL) fail_msg("%s", report);
  assert_null(strstr(report, "fence by"));
  clx_text_free(report);
  clx_result_free(result);
  clx_scenario_free(s);
}

// Works that give nothing hold nothing up: told.
static void test_works_that_give_nothing(void **state) {
  (void)state;
  static const char *const gives[] = {"", ", gives: {room: 192 GPU}"};
  for (int32_t i = 0; i < CLX_COUNT(gives); i++) {
    char text[1024];
    snprintf(text, sizeof text,
             MACHINE BUILD("  works:\n    - {name: civil, duration: 100 days}\n"
                           "    - {name: hall, duration: 60 days, after: civil%s}\n"),
             gives[i]);
    clx_scenario *s = load(text);
    clx_twin_buildout *b = make(s, 0);
    assert_int_equal(b->warning_count, i == 0);
    if (i == 0) assert_non_null(strstr(b->warning[0], "no work gives room, power, cooling or network"));
    CLX_CHECK_NEAR(b->result.full_capacity.plain, i == 0 ? 0 : 160 * 86400.0, 0, 1e-6);
    clx_arena_free(arena);
    clx_scenario_free(s);
  }
}

// What others compute with: as many days as the horizon has, never more than the fleet, power in step.
static void test_capacity(void **state) {
  (void)state;
  clx_scenario *s = load(MACHINE BUILD("  deliveries: [{from: 2025-01-11, gpus: 192 GPUs, late: 20 days}]\n"));
  clx_twin_capacity_days days;
  clx_error error;
  clx_error_clear(&error);
  arena = clx_arena_new();
  if (clx_twin_buildout_capacity(s, 1, 1, arena, &days, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  assert_int_equal(days.days, 301);
  CLX_CHECK_NEAR(days.start, 1735689600, 0, 0);
  CLX_CHECK_NEAR(days.plain[9], 0, 0, 0);
  CLX_CHECK_NEAR(days.plain[11], 192, 1e-12, 0);
  assert_true(days.gpus[12] > 60 && days.gpus[12] < 150);  // in half of the replicas they are late
  CLX_CHECK_NEAR(days.gpus[300], 192, 1e-12, 0);
  assert_true(days.power[12] > 0 && days.power[12] < days.power_plain[12]);
  clx_arena_free(arena);
  clx_scenario_free(s);
}

// Where one of two events takes capacity for good, the share that ever gets there is told, and no date behind the horizon.
static void test_what_is_never_reached(void **state) {
  (void)state;
#define LOSS "on: capacity, at: 2025-01-02, loses: {room: 50 GPU}, probability: "
  static const struct {
    double probability;
    const char *says;
    bool dated, eight;
  } cases[] = {{0.08, "day 10 (2025-01-11; by 2025-10-28 in 8", true, true},
               {0.2, "day 10 (2025-01-11; by 2025-10-28 in 6", true, false},
               {0.45, "192 GPUs within the horizon in 3", false, false}};
  for (int32_t i = 0; i < CLX_COUNT(cases); i++) {
    const double p = cases[i].probability;
    char text[2048], *report = NULL;
    snprintf(text, sizeof text,
             MACHINE BUILD("  room: [{from: 2025-01-11, gpus: 192 GPU}]\n  events:\n    - {name: fire, " LOSS
                           "%g}\n    - {name: flood, " LOSS "%g}\n"),
             p, p);
    clx_scenario *s = load(text);
    const clx_build_options options = {.seed = 1, .threads = 1, .replicas = 1000};
    clx_result *result = NULL;
    clx_error error;
    clx_error_clear(&error);
    if (clx_build_run(s, &options, &result, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
    const clx_quantity *reached = clx_result_find(result, "buildout.full_capacity.reached");
    assert_non_null(reached);
    CLX_CHECK_NEAR(reached->value, (1 - p) * (1 - p), 0, 0.05);
    assert_int_equal(clx_result_find(result, "buildout.full_capacity") != NULL, cases[i].dated);
    assert_int_equal(clx_result_find(result, "buildout.full_capacity.p80") != NULL, cases[i].eight);
    assert_int_equal(clx_build_text(result, false, &report, &error), CLX_OK);
    if (strstr(report, cases[i].says) == NULL) fail_msg("%s", report);
    clx_text_free(report);
    clx_result_free(result);
    clx_scenario_free(s);
  }
}

// Mistakes are found when a scenario is read, and studies need the section.
static void test_refusals(void **state) {
  (void)state;
  clx_scenario *s = NULL;
  clx_result *result = NULL;
  clx_error error;
  assert_int_equal(try_load(MACHINE BUILD("  first: 500 GPUs\n"), &s, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "first"));
  s = load(MACHINE);
  clx_error_clear(&error);
  assert_int_equal(clx_build_run(s, NULL, &result, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "no section 'buildout'"));
  assert_null(result);
  clx_scenario_free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_fleet_and_power),
      cmocka_unit_test(test_dated_sources),
      cmocka_unit_test(test_own_power_counts),
      cmocka_unit_test(test_power_that_does_not_suffice),
      cmocka_unit_test(test_undated_source_is_a_limit),
      cmocka_unit_test(test_orders_count),
      cmocka_unit_test(test_orders_and_fleet),
      cmocka_unit_test(test_works_that_give_nothing),
      cmocka_unit_test(test_orders_that_end_too_soon),
      cmocka_unit_test(test_dates_without_end),
      cmocka_unit_test(test_due_dates),
      cmocka_unit_test(test_capacity),
      cmocka_unit_test(test_what_is_never_reached),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, open_catalog, close_catalog);
}
