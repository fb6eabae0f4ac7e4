// Figures of cost by name: what they demand; the shipped tables against the published ones where those are at hand.
#include "check.h"

#include <unistd.h>

#include "cost/cost_cluster.h"
#include "table/table.h"
#include "validate/validate_cases.h"

static clx_catalog *catalog;
static clx_arena *arena;

static clx_status run(const char *text, clx_case_outcome *outcome, clx_error *error) {
  clx_node *root = NULL;
  clx_case of;
  clx_error_clear(error);
  clx_status status = clx_document_read(arena, "c.yaml", text, strlen(text), &root, error);
  if (status == CLX_OK) status = clx_case_read(arena, catalog, root, &of, error);
  if (status == CLX_OK) status = clx_case_evaluate(arena, catalog, &of, 1, outcome, error);
  return status;
}

#define HEAD "name: c\ntitle: c\nsource: deepseek-day\n"
#define CLUSTERS                                                                                                  \
  HEAD "cost:\n  network_share: 20 %\n  clusters:\n"                                                              \
       "    - {name: a, chip: dgx_a100, count: 8, date: 2021, pue: 1.2, network: 100 W, power: 10.95 kW, price: " \
       "248750 USD}\n"                                                                                            \
       "    - {name: b, chip: dgx_a100, count: 80, date: 2022, power: 65 kW, price: 4975000 USD}\n"

static void figures_are_what_they_say(void **state) {
  (void)state;
  static const struct {
    const char *text;
    double value;
  } rows[] = {
      {HEAD "cost: {rented: 1814, rent: 2 USD/h, time: 24 h, output: 168e9 token}\nexpect: [{form: serving_cost, "
            "value: 87072 USD}]\n",
       87072},
      // 8 x (812.5 + 100) x 1.2 = 8.76 kW against 10.95: ln 0.8; the second as rated.
      {CLUSTERS "expect: [{form: cluster_power_error, value: 0.1}]\n", -0.5 * 0.2231435513142097},
      // 199,000 / 0.8 = 248,750: the first as reported, the second half of it.
      {CLUSTERS "expect: [{form: cluster_price_error, value: 0.3}]\n", 0.5 * 0.6931471805599453},
      {CLUSTERS "expect: [{form: clusters, value: 2}]\n", 2},
  };
  clx_error error;
  for (int32_t i = 0; i < (int32_t)CLX_COUNT(rows); i++) {
    clx_case_outcome outcome = {0};
    if (run(rows[i].text, &outcome, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
    CLX_CHECK_NEAR(outcome.value, fabs(rows[i].value), 1e-9, 0);
  }
}

static void mistakes_are_named(void **state) {
  (void)state;
  static const struct {
    const char *text, *says;
  } rows[] = {
      {HEAD "cost: {rented: 1}\nexpect: [{form: servin_cost, value: 1 USD}]\n", "did you mean 'serving_cost'"},
      {HEAD "cost: {rentd: 1}\nexpect: [{form: serving_cost, value: 1 USD}]\n", "did you mean 'rented'"},
      {HEAD "cost: {rented: 1}\nexpect: [{form: capex, value: 1 USD}]\n", "needs `plan`"},
      {HEAD "cost: {rented: 1}\nexpect: [{form: output_token, value: 1 USD/token}]\n", "no tokens"},
      {HEAD "cost: {rented: 1}\nexpect: [{form: cluster_power_error, value: 1}]\n", "no cluster with a reported power"},
      {CLUSTERS "expect: [{form: cluster_price_error_left_out, value: 1}]\n", "at least 4"},
      {HEAD "cost: {gpus: 1, plan: {start: 2024, capital: [{name: a, kind: gpu, entry: hgx_h10, count: 1}]}}\nexpect: "
            "[{form: capex, value: 1 USD}]\n",
       "did you mean 'hgx_h100'"},
      {HEAD "cost: [1]\nexpect: [{form: capex, value: 1 USD}]\n", "expected a map"},
  };
  clx_error error;
  for (int32_t i = 0; i < (int32_t)CLX_COUNT(rows); i++) {
    clx_case_outcome outcome = {0};
    assert_int_equal(run(rows[i].text, &outcome, &error), CLX_INPUT);
    if (strstr(error.mistake[0].text, rows[i].says) == NULL) fail_msg("%s", error.mistake[0].text);
  }
}

static void least_absolute_lines(void **state) {
  (void)state;
  double level = 0, slope = 0;
  const double x[] = {0, 1, 2, 3, 4}, y[] = {1, 3, 5, 70, 9}, same[] = {2, 2, 2, 2, 2};
  clx_least_absolute_line(x, y, 5, &level, &slope);  // the one that lies off does not matter
  CLX_CHECK_NEAR(level, 1, 1e-12, 0);
  CLX_CHECK_NEAR(slope, 2, 1e-12, 0);
  clx_least_absolute_line(same, y, 5, &level, &slope);
  CLX_CHECK_NEAR(level, 5, 1e-12, 0);  // the median
  CLX_CHECK_NEAR(slope, 0, 0, 0);
}

// Every row of the two tables of clusters stands in Epoch's file with the same figure, and none of that kind is left out.
static void tables_are_the_published_ones(void **state) {
  (void)state;
  char path[512];
  const char *root = getenv("COLOSSUS_SOURCE_ROOT");
  snprintf(path, sizeof path, "%s/../shared/validation/epoch/gpu_clusters.csv", root != NULL ? root : ".");
  if (access(path, R_OK) != 0) {
    print_message("skipped: %s is not at hand\n", path);
    skip();
  }
  clx_error error = {0};
  clx_table table;
  assert_int_equal(clx_table_load(arena, path, &table, &error), CLX_OK);
  static const char *const chips[] = {"A100", "H100", "H200", "GH200"};
  static const struct {
    const char *column, *file;
    double scale;
    int32_t rows;
  } sets[] = {{"Reported Power Capacity (MW)", "validation/cost/cluster_power.yaml", 1, 37},
              {"Reported Cost", "validation/cost/cluster_price.yaml", 1e-6, 19}};
  for (int32_t s = 0; s < 2; s++) {
    const char *data = NULL;
    for (int32_t i = 0; i < clx_builtin_file_count; i++) {
      if (strcmp(clx_builtin_files[i].path, sets[s].file) == 0) data = clx_builtin_files[i].data;
    }
    assert_non_null(data);
    int32_t found = 0;
    for (int32_t r = 0; r < table.row_count; r++) {
      double value = 0;
      char figure[64];
      bool ours = false;
      const char *chip = clx_table_cell(&table, r, clx_table_column(&table, "Chip type (primary)"));
      for (int32_t c = 0; c < 4; c++) ours = ours || strstr(chip, chips[c]) != NULL;
      if (!ours || strcmp(clx_table_cell(&table, r, clx_table_column(&table, "Status")), "Existing") != 0) continue;
      if (!clx_table_number(&table, r, clx_table_column(&table, sets[s].column), &value) || value == 0) continue;
      snprintf(figure, sizeof figure, ": %.10g %s}", value * sets[s].scale, s == 0 ? "MW" : "million USD");
      if (strstr(data, figure) == NULL) fail_msg("%s is not in %s", figure, sets[s].file);
      found++;
    }
    assert_int_equal(found, sets[s].rows);
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
      cmocka_unit_test(figures_are_what_they_say),
      cmocka_unit_test(mistakes_are_named),
      cmocka_unit_test(least_absolute_lines),
      cmocka_unit_test(tables_are_the_published_ones),
  };
  return cmocka_run_group_tests(tests, make, drop);
}
