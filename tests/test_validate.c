// Tables end to end: figures by hand, predictions that read no measurement, rows on the path of `run`, refusals.
#include "check.h"

#include <stdlib.h>
#include <unistd.h>

#include "validate/validate.h"

static clx_catalog *catalog;

// --- figures ------------------------------------------------------------------------------------------------------------

static clx_prediction row(double predicted, double measured, clx_row_status status) {
  clx_prediction p = {.status = status};
  p.value[0] = predicted;
  p.measured[0] = measured;
  return p;
}

static void test_figures(void **state) {
  (void)state;
  const clx_prediction rows[] = {row(1.1, 1, CLX_ROW_OK), row(0.8, 1, CLX_ROW_EXTRAPOLATED), row(2.8, 2, CLX_ROW_OK),
                                 row(0, 5, CLX_ROW_REFUSED), row(7, 0, CLX_ROW_OK)};
  double scratch[5];
  const clx_figures f = clx_figures_make(rows, 5, 0, NULL, scratch);
  assert_int_equal(f.rows, 4);
  assert_int_equal(f.predicted, 3);
  assert_int_equal(f.extrapolated, 1);
  assert_int_equal(f.refused, 1);
  CLX_CHECK_NEAR(f.bias, (0.1 - 0.2 + 0.4) / 3, 1e-12, 0);
  CLX_CHECK_NEAR(f.mean, 0.7 / 3, 1e-12, 0);
  CLX_CHECK_NEAR(f.median, 0.2, 1e-12, 0);
  CLX_CHECK_NEAR(f.p90, 0.4, 1e-12, 0);
  CLX_CHECK_NEAR(f.max, 0.4, 1e-12, 0);
  CLX_CHECK_NEAR(f.mean_refused_as_1, 1.7 / 4, 1e-12, 0);
}

// --- tables ---------------------------------------------------------------------------------------------------------------

#define HEADER                                                                                                         \
  "id,hardware,gpus,gpus_per_node,scale_up_domain,scale_out_gbps_per_gpu,model,params_b,layers,hidden,heads,kv_heads," \
  "ffn,vocab,"                                                                                                         \
  "seq,moe_experts,moe_topk,moe_ffn,precision,tp,pp,vpp,cp,ep,dp,micro_batch,global_batch,recompute,step_time_s,"      \
  "tokens_per_s_per_gpu,notes,trust,software,sharding,shard_group\n"

// NVIDIA-NeMo/Megatron-Bridge and dgxc-benchmarking configurations, measured values blank or as given.
static const char TABLE[] = HEADER
    "A-1,H100-SXM5-80GB,64,8,8,400,llama3-70b,,80,8192,64,8,28672,128256,8192,,,,BF16,4,4,5,2,1,2,1,128,none,%s,%s,,A,"
    "nemo-24.07,zero1,\n"
    "A-2,H100,8,8,8,,llama3-8b,,32,4096,32,8,14336,128256,8192,,,,FP8,1,1,,2,1,4,1,128,,%s,%s,,A,,zero1,\n"
    "B-1,TPU v5p,8,8,8,,llama3-8b,,32,4096,32,8,14336,128256,8192,,,,BF16,1,1,,1,1,8,1,128,,%s,%s,,C,x,,\n"
    "B-2,H100,8,8,8,,unheard-of,8.03,32,4096,32,8,14336,128256,8192,,,,BF16,1,1,,2,1,4,1,128,,%s,%s,,A,x,,\n"
    "B-3,H100,8,8,8,,llama3-8b,,32,4096,32,8,14336,128256,8192,,,,BF16,,,,,,,,128,,%s,%s,,A,x,,\n"
    "B-4,H100,6,8,8,,llama3-8b,,32,4096,32,8,14336,128256,8192,,,,BF16,3,1,,1,1,2,1,128,,%s,%s,,A,x,,\n";

static void write_table(char *path, const char *step, const char *rate) {
  strcpy(path, "/tmp/clx_validate_XXXXXX");
  const int file = mkstemp(path);
  assert_true(file >= 0);
  FILE *out = fdopen(file, "w");
  assert_non_null(out);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  fprintf(out, TABLE, step, rate, step, rate, step, rate, step, rate, step, rate, step, rate);
#pragma GCC diagnostic pop
  fclose(out);
}

static char *predict(const char *path) {
  clx_error error = {0};
  char *text = NULL;
  if (clx_table_predict(catalog, "training", path, NULL, &text, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  return text;
}

static void test_statuses_and_reasons(void **state) {
  (void)state;
  char path[64];
  write_table(path, "1", "");
  char *text = predict(path);
  assert_non_null(strstr(text, ",predicted_step_time_s,status,reason,model_error\n"));
  assert_non_null(strstr(text, "device 'TPU v5p' is not in the catalogue"));
  assert_non_null(strstr(text, "extrapolated"));
  assert_non_null(strstr(text, "gated feed-forward inferred from params_b"));
  assert_non_null(strstr(text, "layout missing: tp or pp is blank"));
  assert_non_null(strstr(text, "tp 3 does not divide the 32 attention heads"));
  assert_non_null(strstr(text, "software blank: default profile"));
  assert_non_null(strstr(text, "recompute blank: "));
  clx_text_free(text);
  unlink(path);
}

// The columns after the inputs, without the measured ones, are the same bytes whatever was measured.
static void test_predictions_read_no_measurement(void **state) {
  (void)state;
  char one[64], two[64];
  write_table(one, "1", "");
  write_table(two, "", "9999");
  char *a = predict(one), *b = predict(two);
  for (char *at = strstr(a, ",1,,,"); at != NULL; at = strstr(at, ",1,,,")) memmove(at, at + 3, strlen(at + 3) + 1);
  for (char *at = strstr(b, ",,9999,,"); at != NULL; at = strstr(b, ",,9999,,"))
    memmove(at, at + 6, strlen(at + 6) + 1);
  assert_string_equal(a, b);
  clx_text_free(a);
  clx_text_free(b);
  unlink(one);
  unlink(two);
}

static double predicted_of(const char *text, const char *id) {
  const char *line = strstr(text, id), *status = strstr(line, ",ok,");
  if (status == NULL) status = strstr(line, ",extrapolated,");
  const char *cell = status - 1;
  while (*cell != ',') cell--;
  return strtod(cell + 1, NULL);
}

// A row and the same job as a scenario give the same step.
static void test_rows_take_the_path_of_run(void **state) {
  (void)state;
  char path[64], file[80];
  write_table(path, "1", "");
  char *text = predict(path);
  snprintf(file, sizeof file, "%s.yaml", path);
  FILE *out = fopen(file, "w");
  fputs(
      "name: row\nmachine: {fleet: [{server: dgx_h100, rack: dgx_h100_4, gpus: 64}]}\n"
      "network: {switch: qm9700}\n"
      "training: {model: llama-3.1-70b, software: nemo-24.07, sequence: 8192, global_batch: 128,\n"
      "  layout: {tp: 4, pp: 4, vpp: 5, cp: 2, dp: 2, micro_batch: 1, recompute: none}}\n",
      out);
  fclose(out);
  clx_error error = {0};
  clx_scenario *scenario = NULL;
  clx_result *result = NULL;
  clx_run_options options;
  clx_run_options_default(&options);
  if (clx_scenario_load(catalog, file, NULL, 0, &scenario, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  assert_int_equal(clx_scenario_run(scenario, &options, &result, &error), CLX_OK);
  CLX_CHECK_NEAR(predicted_of(text, "A-1"), clx_result_find(result, "training.step_time")->value, 1e-7, 0);
  clx_result_free(result);
  clx_scenario_free(scenario);
  clx_text_free(text);
  unlink(path);
  unlink(file);
}

static void test_validate_json_and_groups(void **state) {
  (void)state;
  char path[64];
  clx_error error = {0};
  char *text = NULL;
  write_table(path, "2.5", "");
  const clx_table_options options = {.by = "hardware", .only_column = "trust", .only_values = "A,B"};
  assert_int_equal(clx_table_validate(catalog, "training", path, &options, true, &text, &error), CLX_OK);
  assert_non_null(strstr(text, "\"mean_abs_rel_error_refused_as_1\""));
  assert_non_null(strstr(text, "\"name\": \"H100-SXM5-80GB\""));
  assert_null(strstr(text, "TPU"));
  clx_text_free(text);
  const clx_table_options wrong = {.by = "hardwear"};
  assert_int_equal(clx_table_validate(catalog, "training", path, &wrong, true, &text, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "did you mean 'hardware'"));
  assert_int_equal(clx_table_validate(catalog, "trainning", path, NULL, true, &text, &error), CLX_INPUT);
  unlink(path);
}

typedef struct watching {
  int32_t calls, stop;
  double done;  // of the last call
} watching;

static bool watch_rows(void *context, const char *step, double done) {
  watching *w = context;
  assert_string_equal(step, "predicting");
  assert_true(done >= w->done && done < 1);
  w->done = done;
  return ++w->calls != w->stop;
}

static void test_progress_stops(void **state) {
  (void)state;
  char path[64];
  write_table(path, "1", "");
  for (int32_t stop = 0; stop < 3; stop++) {
    watching w = {.stop = stop};
    const clx_table_options options = {.progress = watch_rows, .context = &w};
    clx_error error = {0};
    char *text = NULL;
    const clx_status status = clx_table_predict(catalog, "training", path, &options, &text, &error);
    assert_int_equal(status, stop == 0 ? CLX_OK : CLX_EXPECTATION);
    assert_int_equal(w.calls, stop == 0 ? 6 : stop);
    assert_int_equal(text != NULL, stop == 0);
    clx_text_free(text);
  }
  unlink(path);
}

// Cells that are no usable numbers refuse their row with a reason; none hangs, overflows or is replaced.
static void test_odd_cells_are_refused(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"H100,8,llama3-8b,8192,BF16,4194304,2097152,2097152,,1,8,,",
       "column 'tp': expected a whole number from 1 to 1024"},
      {"H100,8,llama3-8b,8192,BF16,1,1,1,8,1,8,1000000000,", "column 'layers'"},
      {"H100,8,llama3-8b,8192,BF16,1,1,1,8,1,8,,abc", "column 'scale_out_gbps_per_gpu': expected a positive number"},
      {"H100,8,llama3-8b,8192,BF16,1,1,1,8,1,8,,-1", "column 'scale_out_gbps_per_gpu'"},
      {"H100,16,llama3-8b,8192,BF16,1,1,1,8,1,8,,", "gpus is 16, but tp x pp x cp x dp is 8"},
      {"H100,nan,llama3-8b,8192,BF16,1,1,1,8,1,8,,", "column 'gpus'"},
      {"H100,8,llama3-8b,1e308,BF16,1,1,1,8,1,8,,", "column 'seq'"}};
  const char *header =
      "hardware,gpus,model,seq,precision,tp,pp,cp,dp,micro_batch,global_batch,layers,scale_out_gbps_per_gpu\n";
  for (int i = 0; i < CLX_COUNT(rows); i++) {
    char text[400];
    snprintf(text, sizeof text, "%s%s\n", header, rows[i][0]);
    clx_arena *arena = clx_arena_new();
    clx_error error = {0};
    clx_table_job job = {.arena = arena, .catalog = catalog};
    clx_prediction p = {0};
    assert_int_equal(clx_table_read(arena, "t.csv", text, strlen(text), &job.table, &error), CLX_OK);
    assert_int_equal(clx_table_training.predict(&job, 0, &p, &error), CLX_OK);
    assert_int_equal(p.status, CLX_ROW_REFUSED);
    if (strstr(p.reason, rows[i][1]) == NULL) fail_msg("'%s' does not say '%s'", p.reason, rows[i][1]);
    clx_arena_free(arena);
  }
}

// Who names no software, or one without a profile, gets that of the generation, and mi300x says that nobody measured its products.
static void test_defaults_are_said(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"H100,8,llama3-8b,8192,BF16,1,1,1,8,1,8,", "software blank: default profile;"},
      {"A100,8,llama3-8b,8192,BF16,1,1,1,8,1,8,", "software blank: default profile of Ampere (megatron-lm-2022);"},
      {"A100,8,llama3-8b,8192,BF16,1,1,1,8,1,8,unheard-of", "'unheard-of' has no profile: default profile of Ampere"},
      {"MI300X,8,llama3-8b,8192,BF16,1,1,1,8,1,8,", "matrix products of the device were not measured"}};
  const char *header = "hardware,gpus,model,seq,precision,tp,pp,cp,dp,micro_batch,global_batch,software\n";
  for (int i = 0; i < CLX_COUNT(rows); i++) {
    char text[400];
    snprintf(text, sizeof text, "%s%s\n", header, rows[i][0]);
    clx_arena *arena = clx_arena_new();
    clx_error error = {0};
    clx_table_job job = {.arena = arena, .catalog = catalog};
    clx_prediction p = {0};
    assert_int_equal(clx_table_read(arena, "t.csv", text, strlen(text), &job.table, &error), CLX_OK);
    assert_int_equal(clx_table_training.predict(&job, 0, &p, &error), CLX_OK);
    assert_true(p.value[0] > 0);
    if (strstr(p.reason, rows[i][1]) == NULL) fail_msg("'%s' does not say '%s'", p.reason, rows[i][1]);
    clx_arena_free(arena);
  }
}

// --- kernels ----------------------------------------------------------------------------------------------------------------

static void kernels_table(char *path, const char *name, const char *text) {
  snprintf(path, 64, "/tmp/clx_%ld.%s.csv", (long)getpid(), name);
  FILE *out = fopen(path, "w");
  assert_non_null(out);
  fputs(text, out);
  fclose(out);
}

static char *predict_kernels(const char *name, const char *device, const char *text) {
  char path[64];
  char *out = NULL;
  clx_error error = {0};
  const clx_table_options options = {.device = device};
  kernels_table(path, name, text);
  if (clx_table_predict(catalog, "kernels", path, &options, &out, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  unlink(path);
  return out;
}

#define PRODUCTS(a, b)                                                                                                 \
  "dtype,m,n,k,latency_us,power_w\nbfloat16,4096,8192,8192," a "\nfp8,16,4096,4096," b "\nbfloat16,1024,1024,65536," a \
  "\n"

// The predicted columns of a table of kernels, last in every line, are the same bytes whatever was measured.
static void test_power_reads_no_measurement(void **state) {
  (void)state;
  static const char *const tables[] = {PRODUCTS("351.2,985.1", "4.5,301"), PRODUCTS(",", ","),
                                       PRODUCTS("1,2", "fast,-7")};
  char *text[CLX_COUNT(tables)];
  for (int i = 0; i < CLX_COUNT(tables); i++) text[i] = predict_kernels("gemm", "b200_sxm", tables[i]);
  for (int i = 1; i < CLX_COUNT(tables); i++) {
    const char *a = text[0], *b = text[i];
    for (int line = 0; line < 4; line++) {
      for (int comma = 0; comma < 6; comma++) {  // behind the columns of the table
        a = strchr(a, ',') + 1;
        b = strchr(b, ',') + 1;
      }
      const size_t length = strcspn(a, "\n");
      assert_int_equal(length, strcspn(b, "\n"));
      assert_memory_equal(a, b, length);
      a += length + 1;
      b += length + 1;
    }
  }
  assert_non_null(strstr(text[0], ",predicted_latency_us,predicted_power_w,status,reason,model_error\n"));
  for (int i = 0; i < CLX_COUNT(tables); i++) clx_text_free(text[i]);
}

// Power where the models know it, an empty cell where they do not; a device that nobody measured says so.
static void test_power_is_predicted_or_not(void **state) {
  (void)state;
  static const char collectives[] =
      "dtype,op_name,num_gpus,message_size,latency_us,power_w\nhalf,all_gather,2,1024,8.7,300\n";
  char *text = predict_kernels("nccl", "b200_sxm", collectives), path[64];
  assert_non_null(strstr(text, ",,ok,"));
  clx_text_free(text);
  text = predict_kernels("gemm", "h200_sxm", PRODUCTS(",", ","));
  assert_non_null(strstr(text, "power of h200_sxm was not measured: energies of h100_sxm"));
  clx_text_free(text);
  clx_error error = {0};
  const clx_table_options options = {.device = "b200_sxm"};
  kernels_table(path, "nccl", collectives);
  assert_int_equal(clx_table_validate(catalog, "kernels", path, &options, true, &text, &error), CLX_OK);
  const char *power = strstr(text, "\"power_w\""), *predicted = strstr(power, "\"predicted\": ");
  assert_int_equal(strtol(predicted + strlen("\"predicted\": "), NULL, 10), 0);
  assert_non_null(strstr(power, "\"no model of this quantity for the family or the device\": 1"));
  clx_text_free(text);
  unlink(path);
}

static void test_missing_columns(void **state) {
  (void)state;
  char path[64] = "/tmp/clx_validate_XXXXXX";
  clx_error error = {0};
  char *text = NULL;
  const int file = mkstemp(path);
  assert_true(write(file, "id,hardwar,gpus\n", 16) == 16);
  close(file);
  assert_int_equal(clx_table_predict(catalog, "training", path, NULL, &text, &error), CLX_INPUT);
  assert_true(error.count > 3);
  assert_non_null(strstr(error.mistake[0].text, "is it 'hardwar'"));
  unlink(path);
}

// The rows that the repository carries: refused only where the layout is not given, or device or layers are unknown.
static void test_shipped_rows(void **state) {
  (void)state;
  const char *root = getenv("COLOSSUS_SOURCE_ROOT");
  char path[4096];
  snprintf(path, sizeof path, "%s/validation/training/published.csv", root == NULL ? "." : root);
  clx_error error = {0};
  char *text = NULL;
  if (clx_table_validate(catalog, "training", path, NULL, true, &text, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  const char *mean = strstr(text, "\"mean_abs_rel_error\": "), *refused = strstr(text, "\"refused\": ");
  assert_true(strtod(mean + strlen("\"mean_abs_rel_error\": "), NULL) < 0.20);
  assert_true(strtol(refused + strlen("\"refused\": "), NULL, 10) <= 13);
  clx_text_free(text);
}

// The published record, where it is at hand: refusals and errors as the accuracy page states.
static void test_published_record(void **state) {
  (void)state;
  const char *root = getenv("COLOSSUS_SOURCE_ROOT");
  char path[4096];
  snprintf(path, sizeof path, "%s/../shared/validation/training_runs.csv", root == NULL ? "." : root);
  if (access(path, R_OK) != 0) {
    print_message("the published training record is not at hand: skipped\n");
    skip();
  }
  clx_error error = {0};
  char *text = NULL;
  const clx_table_options options = {.by = "trust", .only_column = "trust", .only_values = "A,B"};
  assert_int_equal(clx_table_validate(catalog, "training", path, &options, true, &text, &error), CLX_OK);
  clx_accuracy accuracy;
  clx_arena *arena = clx_arena_new();
  assert_int_equal(
      clx_catalog_read(catalog, "accuracy", "training", (clx_place){0}, &clx_accuracy_schema, arena, &accuracy, &error),
      CLX_OK);
  const char *top = strstr(text, "\"mean_abs_rel_error\": ");
  const double mean = strtod(top + strlen("\"mean_abs_rel_error\": "), NULL);
  assert_true(mean < 0.20);                          // the bar of the first version
  CLX_CHECK_NEAR(accuracy.all.mean, mean, 0, 5e-4);  // what stands beside predictions is what validation finds
  clx_arena_free(arena);
  clx_text_free(text);
}

static int setup(void **state) {
  (void)state;
  clx_error error = {0};
  return clx_catalog_open(NULL, &catalog, &error) == CLX_OK ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  clx_catalog_close(catalog);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_figures),
      cmocka_unit_test(test_statuses_and_reasons),
      cmocka_unit_test(test_defaults_are_said),
      cmocka_unit_test(test_predictions_read_no_measurement),
      cmocka_unit_test(test_rows_take_the_path_of_run),
      cmocka_unit_test(test_validate_json_and_groups),
      cmocka_unit_test(test_progress_stops),
      cmocka_unit_test(test_odd_cells_are_refused),
      cmocka_unit_test(test_power_reads_no_measurement),
      cmocka_unit_test(test_power_is_predicted_or_not),
      cmocka_unit_test(test_missing_columns),
      cmocka_unit_test(test_shipped_rows),
      cmocka_unit_test(test_published_record),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
