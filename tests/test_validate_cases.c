// Cases: figures as written, kinds of tolerance, every mistake with its place, names, scenarios and changes, what is shipped.
#include "check.h"

#include <unistd.h>

#include "table/table.h"
#include "validate/validate_cases.h"

static clx_catalog *catalog;

typedef struct rig {
  clx_arena *arena;
  clx_error error;
  clx_case of;
  clx_case_outcome outcome[8];
} rig;

static rig rig_make(void) {
  rig r = {.arena = clx_arena_new()};
  assert_non_null(r.arena);
  clx_error_clear(&r.error);
  return r;
}

static void rig_free(rig *r) { clx_arena_free(r->arena); }

static clx_status run(rig *r, const char *text) {
  clx_node *root = NULL;
  clx_error_clear(&r->error);
  clx_status status = clx_document_read(r->arena, "c.yaml", text, strlen(text), &root, &r->error);
  if (status == CLX_OK) status = clx_case_read(r->arena, catalog, root, &r->of, &r->error);
  if (status != CLX_OK) return status;
  assert_true(r->of.row_count <= CLX_COUNT(r->outcome));
  return clx_case_evaluate(r->arena, catalog, &r->of, 1, r->outcome, &r->error);
}

static void must(rig *r, const char *text) {
  if (run(r, text) != CLX_OK) fail_msg("%s", r->error.mistake[0].text);
}

// --- figures ----------------------------------------------------------------------------------------------------------------

static void test_figures(void **state) {
  (void)state;
  static const struct {
    const char *text, *unit;
    double si, half, factor;
    int32_t digits;
    const char *suffix;
  } rows[] = {
      {"28.846 h", "s", 28.846 * 3600, 1.8, 3600, 5, " h"},
      {"7200 s", "s", 7200, 0.5, 1, 4, " s"},
      {"0.90", "", 0.9, 0.005, 1, 2, ""},
      {".9862", "", 0.9862, 5e-5, 1, 4, ""},
      {"44.4 %", "", 0.444, 5e-4, 0.01, 3, " %"},
      {"3.4346e-3 1/day", "1/s", 3.4346e-3 / 86400, 5e-8 / 86400, 1.0 / 86400, 5, " 1/day"},
      {"41,900", "", 41900, 0.5, 1, 5, ""},
      {"1e6 B", "B", 1e6, 5e5, 1, 1, " B"},
      {"20.5 degC", "K", 293.65, 0.05, 1, 3, " degC"},
  };
  rig r = rig_make();
  for (int i = 0; i < CLX_COUNT(rows); i++) {
    clx_figure f;
    assert_int_equal(clx_figure_read(r.arena, rows[i].text, rows[i].unit, (clx_place){0}, &f, &r.error), CLX_OK);
    CLX_CHECK_NEAR(f.si, rows[i].si, 1e-12, 0);
    CLX_CHECK_NEAR(f.half, rows[i].half, 1e-9, 0);
    CLX_CHECK_NEAR(f.factor, rows[i].factor, 1e-9, 0);
    assert_int_equal(f.digits, rows[i].digits);
    assert_string_equal(f.suffix, rows[i].suffix);
  }
  clx_figure f;
  assert_int_equal(clx_figure_read(r.arena, "12 W", "s", (clx_place){"c", 3, 4}, &f, &r.error), CLX_INPUT);
  assert_int_equal(r.error.mistake[0].line, 3);
  rig_free(&r);
}

// --- tolerances -------------------------------------------------------------------------------------------------------------

#define FORM "name: c\ntitle: t\nsource: llama3-herd\nform: mttf_series\ninputs: {parts: 10, rate: 1 1/h}\nexpect:\n"

// The value is 6 min = 0.1 h.
static void test_tolerances(void **state) {
  (void)state;
  static const struct {
    const char *row;
    bool passed;
    double tolerance;  // s
  } rows[] = {
      {"{value: 0.1 h}", true, 180},
      {"{value: 0.14 h}", false, 18},
      {"{value: 6.0 min}", true, 3},
      {"{value: 6.04 min}", false, 0.3},
      {"{value: 6.1 min, relative: 2 %}", true, 7.32},
      {"{value: 6.2 min, relative: 2 %}", false, 7.44},
      {"{value: 7 min, absolute: 1 min}", true, 60},  // on the edge
      {"{value: 7 min, absolute: 59.9 s}", false, 59.9},
      {"{value: 5 min, absolute: 60 s}", true, 60},
      {"{value: 360 s, absolute: 0 s}", true, 0},
      {"{at_least: 5 min}", true, 0},
      {"{at_least: 6.01 min}", false, 0},
      {"{at_most: 0.1 h}", true, 0},
      {"{at_most: 359 s}", false, 0},
      {"{at_least: 5 min, at_most: 7 min}", true, 0},
      {"{at_least: 5 min, at_most: 5.5 min}", false, 0},
  };
  for (int i = 0; i < CLX_COUNT(rows); i++) {
    rig r = rig_make();
    char text[400];
    snprintf(text, sizeof text, FORM "  - %s\n", rows[i].row);
    must(&r, text);
    CLX_CHECK_NEAR(r.outcome[0].value, 360, 1e-12, 0);
    if (r.outcome[0].passed != rows[i].passed) fail_msg("%s: passed is %d", rows[i].row, r.outcome[0].passed);
    CLX_CHECK_NEAR(r.outcome[0].tolerance, rows[i].tolerance, 1e-9, 1e-12);
    rig_free(&r);
  }
}

static void test_nested_forms(void **state) {
  (void)state;
  rig r = rig_make();
  must(&r,
       "name: c\ntitle: t\nsource: llama3-herd\nform: ettr_renewal\n"
       "inputs: {mttf: {form: mttf_series}, interval: {form: interval_exact}, restart: 0 s, down: 600 s}\nexpect:\n"
       "  - {inputs: {parts: 2048, rate: 6.50e-3 1/day, write: 10 s}, value: .8655}\n"
       "  - {inputs: {parts: 1, rate: 1 1/day, write: 10 s, down: 1 s, interval: {form: interval_young, inputs: {mttf: "
       "100 s, write: 2 s}}}, value: 0.6651}\n");
  assert_true(r.outcome[0].passed);
  const double tau = 20, m = 86400;
  CLX_CHECK_NEAR(r.outcome[1].value, tau / ((m + 1) * (exp((tau + 10) / m) - 1)), 1e-9, 0);
  rig_free(&r);
}

// --- mistakes ---------------------------------------------------------------------------------------------------------------

#define HEAD "name: c\ntitle: t\nsource: llama3-herd\n"
#define SCENARIO HEAD "scenario: llama3-405b-16k\n"

static void test_mistakes(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int32_t line, column;
    const char *says;
  } rows[] = {
      {"name: c\ntitle: t\nform: x\nexpect: [{value: 1}]\n", 1, 1, "'source' is missing"},
      {"name: c\ntitle: t\nsource: nobody\nform: lost_work\nexpect: [{value: 1}]\n", 3, 9, "no source 'nobody'"},
      {"name: a/b\ntitle: t\nsource: llama3-herd\nform: lost_work\nexpect: [{value: 1}]\n", 1, 7, "expected a word"},
      {HEAD "expect: [{value: 1}]\n", 1, 1,
       "expected one of 'form', 'scenario', 'cooling', 'cost', 'buildout', read none"},
      {SCENARIO "form: lost_work\nexpect: [{quantity: a, value: 1}]\n", 1, 1, "read several"},
      {HEAD "form: lost_work\nexpect: []\n", 5, 9, "'expect' is empty"},
      {HEAD "form: lost_work\nexpct: []\n", 5, 1, "did you mean 'expect'"},
      {FORM "  - {note: x}\n", 7, 5, "expected a value, at_least or at_most"},
      {FORM "  - {value: 1 s, at_most: 2 s}\n", 7, 5, "not both"},
      {FORM "  - {value: 1 s, relative: 1 %, absolute: 2 s}\n", 7, 5, "expected one tolerance"},
      {FORM "  - {at_least: 1 s, relative: 1 %}\n", 7, 5, "bounds have none"},
      {FORM "  - {value: 1 s, deviation: 1 s}\n", 7, 29, "belongs to standard_errors"},
      {FORM "  - {value: 1 s, standard_errors: 3}\n", 7, 5, "'form' is exact"},
      {FORM "  - {value: 1 s, quantity: a}\n", 7, 28, "belongs to cases with a scenario"},
      {FORM "  - {value: 1 s, source: nobody}\n", 7, 26, "no source 'nobody'"},
      {FORM "  - {value: 1 s, relative: -1 %}\n", 7, 28, "out of range"},
      {FORM "  - {value: 1 s, miss: true}\n", 7, 24, "needs a note"},
      {FORM "  - {value: 1 s, note: x, fit: true, miss: true}\n", 7, 44, "not both"},
      {FORM "  - {value: 1 W}\n", 7, 13, "expected"},
      {FORM "  - {value: 1 s, absolute: -1 s}\n", 7, 28, "no negative figure"},
      {FORM "  - {value: 1 s, inputs: {part: 2}}\n", 7, 27, "unknown input 'part'; did you mean 'parts'"},
      {FORM "  - {value: 1 s, inputs: {parts: two}}\n", 7, 34, "two"},
      {FORM "  - {value: 1 s, inputs: {parts: [1]}}\n", 7, 34, "expected a figure or {form: NAME}"},
      {FORM "  - {value: 1 s, inputs: {parts: -1}}\n", 4, 7, "parts is -1, expected"},
      {FORM "  - {value: 1 s, form: mttf_shock}\n", 7, 24, "needs the input 'groups'"},
      {FORM "  - {value: 1 s, form: mttf_serie}\n", 7, 24, "did you mean 'mttf_series'"},
      {FORM "  - {value: 1 s, inputs: {rate: {from: x}}}\n", 7, 34, "unknown key"},
      {FORM "  - {value: 1 s, inputs: {rate: {inputs: {}}}}\n", 7, 33, "is missing"},
      {FORM "  - {value: 1 s, inputs: {rate: {form: mttf_fresh, inputs: {life: 1 s, parts: 2, shape: 1}}}}\n", 7, 40,
       "expected one in 1/s"},
      {FORM "  - {value: 1 s, inputs: {rate: {form: rate_low, inputs: {events: {form: rate_low}}}}}\n", 7, 0, ""},
      {HEAD "form: lost_work\nset: {a: 1}\nexpect: [{value: 1 s}]\n", 5, 6, "this case has none"},
      {HEAD "form: lost_work\nagainst: {set: {}}\nexpect: [{value: 1 s}]\n", 5, 10, "this case has none"},
      {HEAD "form: lost_work\ninputs: 3\nexpect: [{value: 1 s}]\n", 5, 9, "expected a map"},
      {SCENARIO "expect: [{value: 1}]\n", 5, 10, "'quantity' is missing"},
      {SCENARIO "expect: [{quantity: training.step_time, form: x, value: 1 s}]\n", 5, 47, "belongs to cases of forms"},
      {SCENARIO "expect: [{quantity: training.step_tim, value: 1 s}]\n", 5, 21, "did you mean 'training.step_time'"},
      {SCENARIO "expect: [{quantity: training.step_time, value: 1 s, standard_errors: 3}]\n", 5, 10, "not simulated"},
      {SCENARIO "set: {training.layout.tpp: 3}\nexpect: [{quantity: training.step_time, value: 1 s}]\n", 5, 28,
       "did you mean 'tp'"},
      {SCENARIO "set: {power: {pue: 0.5}}\nexpect: [{quantity: training.step_time, value: 1 s}]\n", 5, 20,
       "out of range"},
      {SCENARIO "against: {sett: {}}\nexpect: [{quantity: training.step_time, value: 1}]\n", 5, 11,
       "did you mean 'set'"},
      {SCENARIO "against: {by: sum}\nexpect: [{quantity: training.step_time, value: 1}]\n", 5, 15,
       "ratio or difference"},
      {SCENARIO "against: {set: 3}\nexpect: [{quantity: training.step_time, value: 1}]\n", 5, 16, "expected a map"},
      {HEAD "scenario: lama3\nexpect: [{quantity: training.step_time, value: 1 s}]\n", 4, 11, "no scenario 'lama3'"},
      {HEAD "scenario: []\nexpect: [{quantity: training.step_time, value: 1 s}]\n", 4, 11, "expected a name"},
      {HEAD "scenario:\n  name: x\n  trainig: {}\nexpect: [{quantity: training.step_time, value: 1 s}]\n", 6, 3,
       "did you mean 'training'"},
  };
  for (int i = 0; i < CLX_COUNT(rows); i++) {
    rig r = rig_make();
    const clx_status status = run(&r, rows[i].text);
    const clx_mistake *m = &r.error.mistake[0];
    if (status != CLX_INPUT) fail_msg("status %d of\n%s", status, rows[i].text);
    if (strstr(m->text, rows[i].says) == NULL) fail_msg("'%s' does not say '%s'", m->text, rows[i].says);
    if (m->line != rows[i].line || (rows[i].column > 0 && m->column != rows[i].column))
      fail_msg("%d:%d: %s, expected %d:%d of\n%s", m->line, m->column, m->text, rows[i].line, rows[i].column,
               rows[i].text);
    rig_free(&r);
  }
}

// A form that needs itself ends.
static void test_endless_forms(void **state) {
  (void)state;
  rig r = rig_make();
  assert_int_equal(
      run(&r, HEAD "form: mttf_series\ninputs: {parts: {form: repair_down}, rate: 1 1/s, n: {form: repair_down}, "
                   "fail: 1 1/s, repair: 1 1/s, crews: 1}\nexpect: [{value: 1 s}]\n"),
      CLX_INPUT);
  assert_non_null(strstr(r.error.mistake[0].text, "deep"));
  rig_free(&r);
}

// --- scenarios --------------------------------------------------------------------------------------------------------------

#define INLINE                                                                                         \
  HEAD "scenario:\n"                                                                                   \
       "  name: small\n"                                                                               \
       "  machine: {fleet: [{server: dgx_h100, rack: dgx_h100_4, gpus: 64}]}\n"                        \
       "  network: {switch: qm9700}\n"                                                                 \
       "  training: {model: llama-3.1-70b, software: nemo-24.07, sequence: 8192, global_batch: 128,\n" \
       "    layout: {tp: 4, pp: 4, vpp: 5, cp: 2, dp: 2, micro_batch: 1, recompute: none}}\n"

static double value_of(const char *text) {
  rig r = rig_make();
  must(&r, text);
  const double value = r.outcome[0].value;
  rig_free(&r);
  return value;
}

static void test_scenarios(void **state) {
  (void)state;
  const char *expect = "expect: [{quantity: training.step_time, at_least: 0 s}]\n";
  char text[2000];
  snprintf(text, sizeof text, INLINE "%s", expect);
  const double plain = value_of(text);
  snprintf(text, sizeof text, INLINE "set: {training: {global_batch: 256, layout: {recompute: none}}}\n%s", expect);
  const double twice = value_of(text);
  assert_true(twice > 1.5 * plain && twice < 2 * plain);
  snprintf(text, sizeof text,
           INLINE
           "set: {training.global_batch: 256}\nagainst: {}\nexpect: [{quantity: training.step_time, at_least: 1}]\n");
  CLX_CHECK_NEAR(value_of(text), twice / plain, 1e-12, 0);
  snprintf(text, sizeof text,
           INLINE
           "against: {set: {training.global_batch: 256}, by: difference}\n"
           "expect: [{quantity: training.step_time, at_most: 0 s}]\n");
  CLX_CHECK_NEAR(value_of(text), plain - twice, 1e-12, 0);
}

// Lists, maps and texts in quotes arrive as they were written.
static void test_changes(void **state) {
  (void)state;
  rig r = rig_make();
  must(&r, INLINE
       "set:\n"
       "  machine: {fleet: [{server: dgx_h100, rack: \"dgx_h100_4\", gpus: \"1,024\"}]}\n"
       "  training: {layout: {tp: 4, pp: 4, vpp: 5, cp: 2, dp: 32, micro_batch: 1, recompute: none}}\n"
       "expect: [{quantity: machine.gpus, value: 1024}, {quantity: training.dp, value: 32}]\n");
  assert_true(r.outcome[0].passed);
  assert_true(r.outcome[1].passed);
  rig_free(&r);
}

// A scenario that does not fit is an answer: its figures fail and say why.
static void test_infeasible(void **state) {
  (void)state;
  rig r = rig_make();
  must(&r, INLINE
       "set: {training.layout: {tp: 1, pp: 1, vpp: 1, cp: 1, dp: 64, micro_batch: 1, sharding: none}}\n"
       "expect: [{quantity: training.step_time, value: 1 s}]\n");
  assert_false(r.outcome[0].passed);
  assert_non_null(r.outcome[0].reason);
  rig_free(&r);
}

// --- names and output -------------------------------------------------------------------------------------------------------

static clx_status validate(const char *const *names, int32_t count, bool json, char **text, int32_t *failed,
                           clx_error *error) {
  clx_case_options options;
  clx_case_options_default(&options);
  options.names = names;
  options.name_count = count;
  options.json = json;
  clx_error_clear(error);
  return clx_cases_validate(catalog, &options, text, failed, error);
}

static void test_names(void **state) {
  (void)state;
  clx_error error;
  char *text = NULL;
  int32_t failed = -1;
  const char *one[] = {"mttf_series", "reliability/mttf_series"};
  assert_int_equal(validate(one, 2, false, &text, &failed, &error), CLX_OK);
  assert_int_equal(failed, 0);
  assert_non_null(strstr(text, "reliability/mttf_series: "));
  assert_non_null(strstr(text, "\n1 cases, "));
  clx_text_free(text);
  const char *near[] = {"mttf_serie"}, *far[] = {"gardening"}, *file[] = {"no/such.yaml"};
  assert_int_equal(validate(near, 1, false, &text, &failed, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "did you mean 'mttf_series'"));
  assert_int_equal(validate(far, 1, false, &text, &failed, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "folders: buildout, cooling, cost, power, reliability"));
  assert_int_equal(validate(file, 1, false, &text, &failed, &error), CLX_FILE);
}

// A file of the user's with a wrong expectation fails, in text and JSON, and a fit is no proof.
static void test_user_file(void **state) {
  (void)state;
  char folder[] = "/tmp/clx_cases_XXXXXX", path[64];
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/mine.yaml", folder);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(FORM "  - {value: 6.0 min}\n  - {name: wrong, value: 7.0 min}\n  - {value: 0.10 h, fit: true}\n", file);
  fclose(file);
  clx_error error;
  char *text = NULL;
  int32_t failed = 0;
  for (int i = 0; i < 2; i++) {
    const char *names[] = {i == 0 ? path : folder};
    assert_int_equal(validate(names, 1, false, &text, &failed, &error), CLX_OK);
    assert_int_equal(failed, 1);
    assert_non_null(strstr(text, "FAILED"));
    assert_non_null(strstr(text, "1 cases, 3 figures: 1 passed, 1 failed; 1 more stand on a fit"));
    clx_text_free(text);
  }
  const char *names[] = {path};
  assert_int_equal(validate(names, 1, true, &text, &failed, &error), CLX_OK);
  assert_non_null(strstr(text, "\"failed\": 1"));
  assert_non_null(strstr(text, "\"fit\": 1"));
  clx_text_free(text);
  unlink(path);
  const char *empty[] = {folder};
  assert_int_equal(validate(empty, 1, false, &text, &failed, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "holds no case"));
  rmdir(folder);
}

// A figure known to lie outside is no failure and no proof; inside, or not computed, it fails.
static void test_misses(void **state) {
  (void)state;
  char path[] = "/tmp/clx_miss_XXXXXX";
  const int handle = mkstemp(path);
  assert_true(handle >= 0);
  FILE *file = fdopen(handle, "w");
  assert_non_null(file);
  fputs(FORM
        "  - {value: 6.0 min}\n  - {value: 7.0 min, miss: true, note: too short}\n"
        "  - {at_least: 5 min, miss: true, note: holds}\n",
        file);
  fclose(file);
  const char *names[] = {path};
  clx_error error;
  char *text = NULL;
  int32_t failed = 0;
  assert_int_equal(validate(names, 1, false, &text, &failed, &error), CLX_OK);
  assert_int_equal(failed, 1);
  assert_non_null(strstr(text, "FAILED: lies inside, 'miss' is wrong\n      holds"));
  assert_non_null(strstr(text, "  missed\n      too short"));
  assert_non_null(strstr(text,
                         "3 figures: 1 passed, 1 failed; 0 more stand on a fit to them and prove nothing; 1 are "
                         "missed, with the reason"));
  clx_text_free(text);
  assert_int_equal(validate(names, 1, true, &text, &failed, &error), CLX_OK);
  assert_non_null(strstr(text, "\"missed\": 1"));
  assert_non_null(strstr(text, "\"miss\": true"));
  clx_text_free(text);
  unlink(path);
  const clx_case_row row = {.miss = 1};
  const clx_case_outcome none = {.reason = "does not fit"};
  assert_int_equal(clx_case_judge(&row, &none), CLX_CASE_FAILED);
}

static void test_memory_runs_out(void **state) {
  (void)state;
  const char *names[] = {"ft_hsdp_stall"};
  int64_t allowed = 1;
  for (;; allowed++) {
    clx_error error;
    char *text = NULL;
    int32_t failed = 0;
    clx_memory_fail_after(allowed);
    const clx_status status = validate(names, 1, allowed % 2 == 0, &text, &failed, &error);
    clx_memory_fail_after(0);
    clx_text_free(text);
    if (status == CLX_OK) break;
    assert_int_equal(status, CLX_MEMORY);
  }
  assert_true(allowed > 3);
}

// --- what is shipped --------------------------------------------------------------------------------------------------------

// Every shipped case passes; a file is called as its case.
static void test_shipped(void **state) {
  (void)state;
  clx_error error;
  char *text = NULL, name[96];
  int32_t failed = 0, count = 0;
  if (validate(NULL, 0, false, &text, &failed, &error) != CLX_OK)
    fail_msg("%s: %s", error.mistake[0].file, error.mistake[0].text);
  if (failed > 0) fail_msg("%d figures fail:\n%s", failed, text);
  for (; clx_case_name(count, name, sizeof name); count++) {
    char line[128];
    snprintf(line, sizeof line, "%s: ", name);
    if (strncmp(text, line, strlen(line)) != 0) {
      snprintf(line, sizeof line, "\n%s: ", name);
      if (strstr(text, line) == NULL) fail_msg("no case calls itself '%s'", name);
    }
  }
  assert_true(count >= 20);
  assert_false(clx_case_name(count, name, sizeof name));
  assert_false(clx_case_name(-1, name, sizeof name));
  clx_text_free(text);
}

// published.csv beside the cases: each row has a case that names it, or a reason, and the README counts them.
static void test_published_rows(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error = {0};
  clx_table table;
  clx_case_list list;
  const char *root = getenv("COLOSSUS_SOURCE_ROOT"), *readme = NULL;
  assert_non_null(root);
  const char *path = clx_arena_format(arena, "%s/validation/reliability/published.csv", root);
  assert_int_equal(clx_table_load(arena, path, &table, &error), CLX_OK);
  const char *names[] = {"reliability"};
  assert_int_equal(clx_cases_find(arena, catalog, names, 1, &list, &error), CLX_OK);
  const int32_t id = clx_table_column(&table, "id"), cases = clx_table_column(&table, "case"),
                reason = clx_table_column(&table, "reason");
  assert_true(id >= 0 && cases >= 0 && reason >= 0);
  int32_t covered = 0, points = 0;
  for (int32_t i = 0; i < table.row_count; i++) {
    const char *name = clx_table_cell(&table, i, id), *listed = clx_table_cell(&table, i, cases);
    int32_t found = 0, words = listed[0] != '\0' ? 1 : 0;
    for (const char *at = listed; *at != '\0'; at++) words += *at == ' ' ? 1 : 0;
    for (int32_t c = 0; c < list.count; c++) {
      bool here = false;
      for (int32_t k = 0; k < list.item[c].row_count; k++) {
        for (int32_t p = 0; p < list.item[c].rows[k].point_count; p++)
          here = here || strcmp(list.item[c].rows[k].points[p], name) == 0;
      }
      if (here && strstr(listed, list.item[c].name) == NULL)
        fail_msg("%s has the case '%s', not '%s'", name, listed, list.item[c].name);
      found += here ? 1 : 0;
    }
    if (found != words) fail_msg("%s lists '%s': %d cases name it", name, listed, found);
    if ((found > 0) == (clx_table_cell(&table, i, reason)[0] != '\0')) fail_msg("%s: a case or a reason", name);
    covered += found > 0 ? 1 : 0;
  }
  for (int32_t c = 0; c < list.count; c++) {
    for (int32_t k = 0; k < list.item[c].row_count; k++) points += list.item[c].rows[k].point_count;
  }
  assert_true(points >= covered && covered > 0);
  size_t size = 0;
  path = clx_arena_format(arena, "%s/validation/reliability/README.md", root);
  assert_int_equal(clx_file_read(arena, path, CLX_FILE_SIZE_MAX, &readme, &size, &error), CLX_OK);
  const char *count = clx_arena_format(arena, "%d of %d have a case", covered, table.row_count);
  if (strstr(readme, count) == NULL) fail_msg("the README does not say '%s'", count);
  clx_arena_free(arena);
}

// The page beside the cases of power lists each with its figures, and how many are fitted and missed.
static void test_power_page(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_error error = {0};
  clx_case_list list;
  const char *root = getenv("COLOSSUS_SOURCE_ROOT"), *page = NULL, *names[] = {"power"};
  size_t size = 0;
  assert_non_null(root);
  const char *path = clx_arena_format(arena, "%s/validation/power/README.md", root);
  assert_int_equal(clx_file_read(arena, path, CLX_FILE_SIZE_MAX, &page, &size, &error), CLX_OK);
  assert_int_equal(clx_cases_find(arena, catalog, names, 1, &list, &error), CLX_OK);
  int32_t figures = 0, fitted = 0, missed = 0;
  for (int32_t c = 0; c < list.count; c++) {
    const clx_case *one = &list.item[c];
    const char *line = strstr(page, clx_arena_format(arena, "| [%s](%s.yaml) |", one->name, one->name));
    if (line == NULL) fail_msg("the README does not list '%s'", one->name);
    const char *count = clx_arena_format(arena, "| %d |", one->row_count), *at = strstr(line, count);
    if (at == NULL || at > strchr(line, '\n')) fail_msg("the README does not say that '%s' has %s", one->name, count);
    figures += one->row_count;
    for (int32_t k = 0; k < one->row_count; k++) {
      fitted += one->rows[k].fit ? 1 : 0;
      missed += one->rows[k].miss ? 1 : 0;
    }
  }
  const char *sums[] = {clx_arena_format(arena, "\n%d figures. %d are fitted", figures, fitted),
                        clx_arena_format(arena, " %d are missed", missed)};
  for (int32_t i = 0; i < 2; i++) {
    if (strstr(page, sums[i]) == NULL) fail_msg("the README does not say '%s'", sums[i]);
  }
  clx_arena_free(arena);
}

static int open_catalog(void **state) {
  (void)state;
  clx_error error = {0};
  return clx_catalog_open(NULL, &catalog, &error) == CLX_OK ? 0 : -1;
}

static int close_catalog(void **state) {
  (void)state;
  clx_catalog_close(catalog);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_figures),   cmocka_unit_test(test_tolerances),     cmocka_unit_test(test_nested_forms),
      cmocka_unit_test(test_mistakes),  cmocka_unit_test(test_endless_forms),  cmocka_unit_test(test_scenarios),
      cmocka_unit_test(test_changes),   cmocka_unit_test(test_infeasible),     cmocka_unit_test(test_names),
      cmocka_unit_test(test_user_file), cmocka_unit_test(test_misses),         cmocka_unit_test(test_memory_runs_out),
      cmocka_unit_test(test_shipped),   cmocka_unit_test(test_published_rows), cmocka_unit_test(test_power_page),
  };
  return cmocka_run_group_tests(tests, open_catalog, close_catalog);
}
