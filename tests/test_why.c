// Why a step takes as long as it does: parts that add up, elasticities against what theory says of them, changes against runs.
#include "check.h"

#include "report/report.h"
#include "twin/twin_why.h"
#include "unit/unit.h"

static clx_catalog *catalog;

static int open_catalogue(void **state) {
  (void)state;
  return clx_catalog_open(NULL, &catalog, NULL) == CLX_OK ? 0 : 1;
}

static int close_catalogue(void **state) {
  (void)state;
  clx_catalog_close(catalog);
  return 0;
}

static clx_scenario *load(const char *name, const clx_setting *settings, int32_t count) {
  clx_scenario *s = NULL;
  clx_error error = {0};
  if (clx_scenario_load(catalog, name, settings, count, &s, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return s;
}

static clx_scenario *read_text(const char *text) {
  clx_scenario *s = NULL;
  clx_error error = {0};
  if (clx_scenario_read(catalog, "test", text, strlen(text), &s, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  return s;
}

static clx_result *explain(const clx_scenario *s) {
  clx_result *r = NULL;
  clx_error error = {0};
  if (clx_why_run(s, NULL, &r, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return r;
}

static double value(const clx_result *r, const char *name) {
  const clx_quantity *q = clx_result_find(r, name);
  if (q == NULL) fail_msg("no %s", name);
  return q == NULL ? 0 : q->value;
}

// One GPU: nothing is sent, nobody waits for anybody.
static const char LONE[] =
    "name: lone\n"
    "machine:\n  fleet:\n    - {server: dgx_b200, rack: dgx_b200_4, gpus: 8}\n"
    "network: {switch: qm9700}\n"
    "training:\n  model: llama-3.1-8b\n  software: megatron-core\n  tokens: 1T\n  sequence: 4096\n  global_batch: 4\n"
    "  gpus: 1\n  precision: bf16\n  stragglers: {spread: 0, jitter: 0}\n"
    "  layout: {tp: 1, pp: 1, dp: 1, micro_batch: 1, sharding: zero1, recompute: full}\n";

// --- parts -----------------------------------------------------------------------------------------------------------

static double sum(const clx_result *r, const char *prefix) {
  double total = 0;
  for (int32_t i = 0; i < clx_result_count(r); i++) {
    const clx_quantity *q = clx_result_at(r, i);
    if (strncmp(q->name, prefix, strlen(prefix)) == 0) total += q->value;
  }
  return total;
}

// In every shipped scenario; a dozen numbers are added.
static void test_parts_are_the_step(void **state) {
  (void)state;
  const char *name;
  for (int32_t i = 0; (name = clx_scenario_name(i, NULL)) != NULL; i++) {
    clx_scenario *s = load(name, NULL, 0);
    if (!clx_scenario_is_training(s)) {  // nothing to explain, and it says so
      clx_error error = {0};
      clx_result *none = NULL;
      assert_int_equal(clx_why_run(s, NULL, &none, &error), CLX_INPUT);
      assert_non_null(strstr(error.mistake[0].text, "no section 'training'"));
      clx_scenario_free(s);
      continue;
    }
    clx_result *r = explain(s);
    CLX_CHECK_NEAR(sum(r, "training.part."), value(r, "training.step_time"), 1e-12, 0);
    CLX_CHECK_NEAR(sum(r, "why.share."), 1, 1e-12, 0);
    CLX_CHECK_NEAR(sum(r, "why.group."), 1, 1e-12, 0);
    assert_non_null(clx_result_fact(r, "why.answer_1"));
    clx_result_free(r);
    clx_scenario_free(s);
  }
}

// As printed: percentages of the parts add up to 100.0, and every line keeps to the width.
static void test_printed_percentages_add_up(void **state) {
  (void)state;
  const char *name;
  for (int32_t i = 0; (name = clx_scenario_name(i, NULL)) != NULL; i++) {
    clx_scenario *s = load(name, NULL, 0);
    if (!clx_scenario_is_training(s)) {  // nothing to explain, and it says so
      clx_error error = {0};
      clx_result *none = NULL;
      assert_int_equal(clx_why_run(s, NULL, &none, &error), CLX_INPUT);
      assert_non_null(strstr(error.mistake[0].text, "no section 'training'"));
      clx_scenario_free(s);
      continue;
    }
    clx_result *r = explain(s);
    clx_buffer out = {0};
    double total = 0;
    bool within = false;
    clx_report_why(r, 64, false, &out);
    for (char *line = strtok(out.data, "\n"); line != NULL; line = strtok(NULL, "\n")) {
      assert_true(strlen(line) <= CLX_REPORT_COLUMNS);
      if (line[0] != ' ') within = strncmp(line, "parts ", 6) == 0;
      const char *percent = strstr(line, " %");
      if (!within || percent == NULL) continue;
      while (percent[-1] != ' ') percent--;
      total += strtod(percent, NULL);
    }
    CLX_CHECK_NEAR(total, 100, 0, 1e-9);
    clx_buffer_free(&out);
    clx_result_free(r);
    clx_scenario_free(s);
  }
}

// --- units -----------------------------------------------------------------------------------------------------------

// Every number of a schema by the power of seconds in its unit: what changes when the second is another.
static void scale_schema(const clx_schema *schema, char *object, double k) {
  for (int32_t i = 0; i < schema->count; i++) {
    const clx_row *row = &schema->rows[i];
    clx_dimension d = {{0}};
    double factor, offset;
    if (row->kind == CLX_ROW_STRUCT) scale_schema(row->sub, object + row->offset, k);
    if (row->kind != CLX_ROW_REAL || row->unit == NULL || !clx_unit_read(row->unit, &d, &factor, &offset)) continue;
    *(double *)(void *)(object + row->offset) *= pow(k, -d.power[0]);
  }
}

static void scale_case(clx_why_case *c, double k) {
  for (int32_t i = 0; i < 2; i++) {
    scale_schema(&clx_device_schema, (char *)&c->device[i], k);
    scale_schema(&clx_kernels_schema, (char *)&c->kernels[i], k);
  }
  scale_schema(&clx_software_schema, (char *)&c->software, k);
  scale_schema(&clx_library_schema, (char *)&c->library, k);
  scale_schema(&clx_transport_schema, (char *)&c->transport, k);
  c->network.nvlink *= k;
  c->network.nic *= k;
  for (int32_t i = 0; i < c->network.level_count; i++) c->network.level[i].latency /= k;
}

static clx_training solved(const clx_scenario *s) {
  clx_training job;
  clx_memory memory;
  clx_step step;
  assert_int_equal(clx_twin_solve_training(s, false, &job, &memory, &step, NULL), CLX_OK);
  return job;
}

static double expected_step(const clx_training *job) {
  clx_arena *arena = clx_arena_new();
  const clx_training_costs costs = clx_training_costs_make(job);
  clx_step step;
  assert_int_equal(clx_training_expected(job, &costs, arena, &step, NULL), CLX_OK);
  clx_arena_free(arena);
  return step.step_time;
}

// A machine with everything k times as fast, whose fixed times are k times as short, takes 1/k: no number of the device, its
// kernels or the software is missing that has seconds in its unit.
static void test_faster_machine_is_faster_by_that(void **state) {
  (void)state;
  static clx_why_case plain, scaled;
  static const double factors[] = {0.5, 1.1, 3};
  clx_scenario *s = read_text(LONE);
  const clx_training job = solved(s);
  clx_step a, b;
  clx_why_copy(&job, &plain);
  assert_int_equal(clx_why_step(&plain, &a, NULL), CLX_OK);
  for (int i = 0; i < 3; i++) {
    clx_why_copy(&job, &scaled);
    scale_case(&scaled, factors[i]);
    assert_int_equal(clx_why_step(&scaled, &b, NULL), CLX_OK);
    CLX_CHECK_NEAR(b.gemm, a.gemm / factors[i], 1e-9, 0);
    CLX_CHECK_NEAR(b.attention, a.attention / factors[i], 1e-9, 0);
    CLX_CHECK_NEAR(b.stream, a.stream / factors[i], 1e-9, 0);
    CLX_CHECK_NEAR(b.recompute, a.recompute / factors[i], 1e-9, 0);
    CLX_CHECK_NEAR(b.step_time, a.step_time / factors[i], 1e-6, 0);  // of floats
  }
  clx_scenario_free(s);
}

// --- elasticities ----------------------------------------------------------------------------------------------------

static const char *const RATES[] = {"peak_bf16", "peak_fp8",    "peak_fp4",      "memory_bandwidth",
                                    "clock",     "power_limit", "power_at_rest", "nvlink",
                                    "nic",       "pcie",        "host_link"};
static const char *const TIMES[] = {"kernel_times", "launch_interval", "step_overhead",
                                    "host_times",   "nvlink_latency",  "network_latency"};

static double elasticity(const clx_result *r, const char *key, const char *what) {
  char name[96];
  snprintf(name, sizeof name, "why.input.%s.%s", key, what);
  return clx_result_value(r, name, 0);
}

static double euler(const clx_result *r) {
  double total = 0;
  for (int32_t i = 0; i < CLX_COUNT(RATES); i++) total += elasticity(r, RATES[i], "elasticity");
  for (int32_t i = 0; i < CLX_COUNT(TIMES); i++) total -= elasticity(r, TIMES[i], "elasticity");
  return total;
}

// Euler: of a function that halves when all rates double and all times halve, elasticities of rates less those of times are -1.
// Central differences over a = ln 1.01 are off by a^2 / 6 of the third derivative, for a sum of terms rate^-1 at most 0.1: 2e-6
// each. The task graph is evaluated in floats: 6e-8 / 2 a = 3e-6 each. Where the larger of two terms changes within the percent,
// at most a / 2 of its share is added.
static void test_elasticities_add_up(void **state) {
  (void)state;
  clx_scenario *s = read_text(LONE);
  clx_result *r = explain(s);
  CLX_CHECK_NEAR(euler(r), -1, 0, 5e-4);
  // It computes: matrix units and the power they draw decide; nothing is sent.
  assert_true(elasticity(r, "peak_bf16", "elasticity") + elasticity(r, "power_limit", "elasticity") < -0.7);
  CLX_CHECK_NEAR(elasticity(r, "nic", "elasticity"), 0, 0, 1e-12);
  CLX_CHECK_NEAR(elasticity(r, "nvlink", "elasticity"), 0, 0, 1e-12);
  clx_result_free(r);
  clx_scenario_free(s);
}

// The same at scale, where transfers are just hidden or not and an input has two slopes, within a percent, says that no rate and no time that a step depends on is missing among the inputs. A term added to the step
// whose constant is none of them shows here.
static void test_no_input_is_missing(void **state) {
  (void)state;
  const char *name;
  for (int32_t i = 0; (name = clx_scenario_name(i, NULL)) != NULL; i++) {
    clx_scenario *s = load(name, NULL, 0);
    if (!clx_scenario_is_training(s)) {  // nothing to explain, and it says so
      clx_error error = {0};
      clx_result *none = NULL;
      assert_int_equal(clx_why_run(s, NULL, &none, &error), CLX_INPUT);
      assert_non_null(strstr(error.mistake[0].text, "no section 'training'"));
      clx_scenario_free(s);
      continue;
    }
    clx_result *r = explain(s);
    if (fabs(euler(r) + 1) > 0.01) fail_msg("%s: elasticities add up to %g", name, euler(r));
    clx_result_free(r);
    clx_scenario_free(s);
  }
}

// What divides or is a part of the step has its share of it as elasticity: e (1 - e) (1 - 2 e) a^2 / 6 off, and floats.
static void test_elasticities_of_known_parts(void **state) {
  (void)state;
  clx_scenario *s = read_text(LONE);
  clx_result *r = explain(s);
  const double step = value(r, "why.step_time");
  // Full recompute repeats every forward product, a third of them, but for embedding and head.
  const double gemm = value(r, "training.part.gemm") / step;
  const double of_gemm = -elasticity(r, "gemm_speed", "elasticity");
  assert_true(of_gemm > gemm && of_gemm < 1.5 * gemm);
  clx_training job = solved(s);
  if (job.software->step_overhead > 0) {
    CLX_CHECK_NEAR(elasticity(r, "step_overhead", "elasticity"), job.software->step_overhead / step, 0, 1e-5);
  }
  clx_result_free(r);
  clx_scenario_free(s);
  const clx_setting none = {"training.layout.recompute", "none"}, batch = {"training.global_batch", "1"};
  s = load("gpt3-mlperf-512", (const clx_setting[]){none, batch}, 0);
  r = explain(s);
  // Central and one-sided differences agree where nothing has a kink, and mean = their mean.
  for (int32_t i = 0; i < CLX_COUNT(RATES); i++) {
    const double up = elasticity(r, RATES[i], "up"), down = elasticity(r, RATES[i], "down");
    CLX_CHECK_NEAR(elasticity(r, RATES[i], "elasticity"), (up + down) / 2, 0, 1e-12);
    CLX_CHECK_NEAR(elasticity(r, RATES[i], "effect"), 0.1 * (up + down) / 2, 0, 1e-12);
  }
  clx_result_free(r);
  clx_scenario_free(s);
}

// A share of zero that switches another feature on has a jump beside it, which is no slope: tp_overlap 0 with tp_async.
static void test_jumps_are_no_slopes(void **state) {
  (void)state;
  clx_scenario *s = load("gpt3-mlperf-512", NULL, 0);
  clx_software software = *s->job.software;
  software.tp_overlap = 0;
  software.tp_async = 1;
  s->job.software = &software;
  clx_result *r = explain(s);
  const double jump = value(r, "why.input.tp_overlap.jump_up"), slope = elasticity(r, "tp_overlap", "elasticity");
  assert_true(jump > 1e-3);  // transfers of the backward pass come out from behind its products
  assert_true(slope < 0 && slope > -1);
  clx_result_free(r);
  software.tp_async = 0;
  r = explain(s);
  assert_null(clx_result_find(r, "why.input.tp_overlap.jump_up"));
  CLX_CHECK_NEAR(elasticity(r, "tp_overlap", "elasticity"), slope, 0.1, 0);
  clx_result_free(r);
  s->job.software = &s->software;
  clx_scenario_free(s);
}

// --- changes ---------------------------------------------------------------------------------------------------------

// A change is the run of the changed scenario.
static void test_changes_are_runs(void **state) {
  (void)state;
  static const struct {
    const char *key, *path, *value;
  } rows[] = {
      {"recompute_selective", "training.layout.recompute", "selective"},
      {"micro_batch_double", "training.layout.micro_batch", "4"},  // fits with more recompute alone
      {"global_batch_double", "training.global_batch", "4096"},
      {"sharding_zero2", "training.layout.sharding", "zero2"},
      {"precision_bf16", "training.precision", "bf16"},
      {"sequence_half", "training.sequence", "1024"},
  };
  clx_scenario *s = load("gpt3-mlperf-512", NULL, 0);
  clx_result *r = explain(s);
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    const clx_setting setting = {rows[i].path, rows[i].value};
    clx_scenario *changed = load("gpt3-mlperf-512", &setting, 1);
    clx_training job;
    clx_memory memory;
    clx_step step;
    char name[96];
    assert_int_equal(clx_twin_solve_training(changed, false, &job, &memory, &step, NULL), CLX_OK);
    snprintf(name, sizeof name, "why.move.%s.step_time", rows[i].key);
    const double changed_step = value(r, name);
    CLX_CHECK_NEAR(changed_step, step.step_time, 0.02, 0);  // a run deals speeds, changes have the expected slowest
    CLX_CHECK_NEAR(changed_step, expected_step(&job), 1e-12, 0);
    snprintf(name, sizeof name, "why.move.%s.memory", rows[i].key);
    CLX_CHECK_NEAR(value(r, name), memory.total, 1e-12, 0);
    const double tokens = job.global_batch * job.sequence / (s->job.global_batch * s->job.sequence);
    snprintf(name, sizeof name, "why.move.%s.gain", rows[i].key);
    CLX_CHECK_NEAR(value(r, name), tokens * value(r, "why.step_time") / changed_step - 1, 0, 1e-12);
    clx_scenario_free(changed);
  }
  clx_result_free(r);
  clx_scenario_free(s);
}

static void test_impossible_changes_say_why(void **state) {
  (void)state;
  static const struct {
    const char *scenario, *key, *words;
  } rows[] = {
      {"colossus-1", "sharding_none", "of 80 GB per GPU, "},
      {"gpt3-mlperf-512", "precision_nvfp4", "has no fp4 arithmetic"},
      {"gpt3-mlperf-512", "pp_more", "has 96 layers"},
  };
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    clx_scenario *s = load(rows[i].scenario, NULL, 0);
    clx_result *r = explain(s);
    char name[96];
    snprintf(name, sizeof name, "why.move.%s.possible", rows[i].key);
    CLX_CHECK_NEAR(value(r, name), 0, 0, 0);
    snprintf(name, sizeof name, "why.move.%s.impossible", rows[i].key);
    assert_non_null(clx_result_fact(r, name));
    assert_non_null(strstr(clx_result_fact(r, name), rows[i].words));
    snprintf(name, sizeof name, "why.move.%s.gain", rows[i].key);
    assert_null(clx_result_find(r, name));
    const bool experts = s->model.experts > 0;  // without there is no such change
    assert_int_equal(clx_result_find(r, "why.move.ep_more.possible") != NULL, experts);
    clx_result_free(r);
    clx_scenario_free(s);
  }
}

// Degrees keep the GPUs of the job, and none of the impossible ones hides a number.
static void test_changes_of_degree_keep_the_gpus(void **state) {
  (void)state;
  clx_scenario *s = load("colossus-1", NULL, 0);
  clx_result *r = explain(s);
  const double gpus = value(r, "machine.gpus_used");
  static const char *const degrees[] = {"pp_less", "cp_more"};
  for (int32_t i = 0; i < CLX_COUNT(degrees); i++) {
    char name[96];
    int from = 0, to = 0;
    snprintf(name, sizeof name, "why.move.%s.title", degrees[i]);
    assert_non_null(clx_result_fact(r, name));
    assert_int_equal(sscanf(clx_result_fact(r, name), "%*s %d to %d", &from, &to), 2);
    CLX_CHECK_NEAR(fmod(gpus, to), 0, 0, 0);
    assert_true(from != to && to >= 1);
  }
  clx_result_free(r);
  clx_scenario_free(s);
}

// --- drawing, memory -------------------------------------------------------------------------------------------------

static void test_drawing_shows_the_parts(void **state) {
  (void)state;
  clx_scenario *s = load("colossus-1", NULL, 0);
  clx_result *r = explain(s);
  clx_buffer out = {0};
  clx_report_why_svg(r, 8, &out);
  static const char *const words[] = {"matrix products", "pipeline bubble", "matrix units, bf16", "</svg>"};
  for (int32_t i = 0; i < CLX_COUNT(words); i++) assert_non_null(strstr(out.data, words[i]));
  assert_null(strstr(out.data, "nan"));
  assert_null(strstr(out.data, "inf"));
  clx_buffer_free(&out);
  clx_result_free(r);
  clx_scenario_free(s);
}

static void test_memory_may_run_out(void **state) {
  (void)state;
  clx_scenario *s = read_text(LONE);
  clx_status status = CLX_MEMORY;
  for (int64_t n = 1; status == CLX_MEMORY; n += 1 + n / 3) {
    clx_result *r = NULL;
    clx_memory_fail_after(n);
    status = clx_why_run(s, NULL, &r, NULL);
    clx_memory_fail_after(0);
    assert_true(status == CLX_OK || (status == CLX_MEMORY && r == NULL));
    clx_result_free(r);
  }
  assert_int_equal(status, CLX_OK);
  clx_scenario_free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parts_are_the_step),
      cmocka_unit_test(test_printed_percentages_add_up),
      cmocka_unit_test(test_faster_machine_is_faster_by_that),
      cmocka_unit_test(test_elasticities_add_up),
      cmocka_unit_test(test_no_input_is_missing),
      cmocka_unit_test(test_elasticities_of_known_parts),
      cmocka_unit_test(test_jumps_are_no_slopes),
      cmocka_unit_test(test_changes_are_runs),
      cmocka_unit_test(test_impossible_changes_say_why),
      cmocka_unit_test(test_changes_of_degree_keep_the_gpus),
      cmocka_unit_test(test_drawing_shows_the_parts),
      cmocka_unit_test(test_memory_may_run_out),
  };
  return cmocka_run_group_tests(tests, open_catalogue, close_catalogue);
}
