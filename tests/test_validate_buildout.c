// Figures of buildout by name: what they demand; the shipped rows against the published table where that is at hand.
#include "check.h"

#include <math.h>
#include <unistd.h>

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

#define HEAD "name: c\ntitle: c\nsource: epoch-timelines\nbuildout:\n  sites:\n"
#define RETROFITS                                                                   \
  HEAD "    - {name: a, class: retrofit, start: 2024-01-01, powered: 2024-05-30}\n" \
       "    - {name: b, class: retrofit, start: 2024-01-01, powered: 2026-01-01}\n" \
       "    - {name: c, class: retrofit, start: 2024-01-01, seen: 2024-02-01}\n"

static void figures_are_what_they_say(void **state) {
  (void)state;
  static const struct {
    const char *text;
    double value;
  } rows[] = {
      {RETROFITS "expect: [{form: sites, value: 2}]\n", 2},
      {RETROFITS "expect: [{form: site_inside, value: 50 %}]\n", 0.5},         // 150 of 150 days, 731 of them
      {RETROFITS "expect: [{form: site_error, value: 0.8}]\n", 0.7919265817},  // ln(731 / 150) / 2
  };
  clx_error error;
  for (int32_t i = 0; i < (int32_t)CLX_COUNT(rows); i++) {
    clx_case_outcome outcome = {0};
    if (run(rows[i].text, &outcome, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
    CLX_CHECK_NEAR(outcome.value, rows[i].value, 1e-4, 0);
  }
}

static void mistakes_are_named(void **state) {
  (void)state;
  static const struct {
    const char *text, *says;
  } rows[] = {
      {RETROFITS "expect: [{form: site_eror, value: 1}]\n", "did you mean 'site_error'"},
      {RETROFITS "expect: [{form: site_cover, value: 1}]\n", "class 1 has 2 finished sites; expected at least 3"},
      {HEAD "    - {name: a, class: retrofi, start: 2024-01-01, seen: 2024-05-30}\nexpect: [{form: sites, value: 1}]\n",
       "did you mean \"retrofit\""},
      {HEAD "    - {name: a, class: retrofit, start: 2024-01-01}\nexpect: [{form: sites, value: 1}]\n",
       "either `powered` or `seen`"},
      {HEAD
       "    - {name: a, class: retrofit, start: 2024-13-01, seen: 2024-05-30}\nexpect: [{form: sites, value: 1}]\n",
       "expected a date"},
      {HEAD
       "    - {name: a, class: retrofit, start: 2024-06-01, seen: 2024-05-30}\nexpect: [{form: sites, value: 1}]\n",
       "is not after the start"},
      {HEAD "    - {name: a, class: retrofit, start: 2024-01-01, seen: 2024-05-30}\nexpect: [{form: site_error, value: "
            "1}]\n",
       "no finished site"},
      {HEAD "    - {name: a, class: retrofit, start: 2024-01-01, powered: 2024-05-30}\n"
            "    - {name: b, class: retrofit, start: 2024-01-01, powered: 2024-05-30}\n"
            "    - {name: c, class: retrofit, start: 2024-01-01, powered: 2024-05-30}\n"
            "expect: [{form: site_width_excess, value: 1}]\n",
       "met exactly"},
      {"name: c\ntitle: c\nsource: epoch-timelines\nbuildout: {sites: []}\nexpect: [{form: sites, value: 1}]\n",
       "0 sites"},
      {"name: c\ntitle: c\nsource: epoch-timelines\nbuildout: [1]\nexpect: [{form: sites, value: 1}]\n",
       "expected a map"},
  };
  clx_error error;
  for (int32_t i = 0; i < (int32_t)CLX_COUNT(rows); i++) {
    clx_case_outcome outcome = {0};
    assert_int_equal(run(rows[i].text, &outcome, &error), CLX_INPUT);
    if (strstr(error.mistake[0].text, rows[i].says) == NULL) fail_msg("%s", error.mistake[0].text);
  }
}

static const char *shipped(const char *path) {
  for (int32_t i = 0; i < clx_builtin_file_count; i++) {
    if (strcmp(clx_builtin_files[i].path, path) == 0) return clx_builtin_files[i].data;
  }
  return NULL;
}

// Every site of Epoch's table stands in ours with its first date, and with its first power where that lies before the table was made.
static void rows_are_the_published_ones(void **state) {
  (void)state;
  char path[512];
  const char *root = getenv("COLOSSUS_SOURCE_ROOT");
  snprintf(path, sizeof path, "%s/../shared/validation/epoch/data_center_timelines.csv", root != NULL ? root : ".");
  if (access(path, R_OK) != 0) {
    print_message("skipped: %s is not at hand\n", path);
    skip();
  }
  clx_error error = {0};
  clx_table table;
  assert_int_equal(clx_table_load(arena, path, &table, &error), CLX_OK);
  const int32_t date = clx_table_column(&table, "Date"), name = clx_table_column(&table, "Data center"),
                power = clx_table_column(&table, "Power (MW)");
  const char *new_sites = shipped("validation/buildout/sites.yaml"),
             *retrofits = shipped("validation/buildout/sites_retrofit.yaml");
  assert_non_null(new_sites);
  assert_non_null(retrofits);
  int32_t sites = 0, finished = 0;
  for (int32_t r = 0; r < table.row_count; r++) {
    const char *of = clx_table_cell(&table, r, name), *start = clx_table_cell(&table, r, date), *first = NULL;
    bool earliest = true;
    for (int32_t k = 0; k < table.row_count; k++) {
      double mw = 0;
      if (strcmp(clx_table_cell(&table, k, name), of) != 0) continue;
      const char *when = clx_table_cell(&table, k, date);
      earliest = earliest && strcmp(when, start) >= 0 && (k >= r || strcmp(when, start) != 0);
      if (clx_table_number(&table, k, power, &mw) && mw > 0 && (first == NULL || strcmp(when, first) < 0)) first = when;
    }
    if (!earliest) continue;
    assert_non_null(first);
    char figure[80];
    const bool done = strcmp(first, "2025-12-01") < 0;
    snprintf(figure, sizeof figure, done ? "start: %s, powered: %s" : "start: %s, seen: ", start, first);
    const char *file = strncmp(of, "xAI", 3) == 0 ? retrofits : new_sites;
    if (strstr(file, figure) == NULL) fail_msg("%s: '%s' is not there", of, figure);
    sites++;
    finished += done;
  }
  assert_int_equal(sites, 17);
  assert_int_equal(finished, 11);
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
      cmocka_unit_test(rows_are_the_published_ones),
  };
  return cmocka_run_group_tests(tests, make, drop);
}
