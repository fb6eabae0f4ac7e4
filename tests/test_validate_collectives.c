// Tables of collectives end to end: systems as people write them, bytes and bandwidths, refusals, what a prediction reads.
#include "check.h"

#include <unistd.h>

#include "validate/validate.h"

static clx_catalog *catalog;

#define COLUMNS                                                                                                    \
  "id,source,system,gpus,gpus_per_node,scale_up,scale_out_gbps_per_gpu,collective,bytes,time_us,algbw_GBps,busbw_" \
  "GBps,notes\n"

// A table in memory, read as rows.
typedef struct fixture {
  clx_arena *arena;
  clx_table table;
  clx_table_options options;
  clx_collective_rows *rows;
} fixture;

static fixture read_rows(const char *text, bool notes) {
  fixture f = {.arena = clx_arena_new(), .options = {.notes = notes}};
  clx_error error = {0};
  assert_non_null(f.arena);
  if (clx_table_read(f.arena, "t.csv", text, strlen(text), &f.table, &error) != CLX_OK ||
      clx_collective_rows_read(f.arena, catalog, &f.table, &f.options, &f.rows, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  return f;
}

static const clx_collective_row *row_of(const fixture *f, int32_t row) {
  const clx_collective_row *r = clx_collective_rows_at(f->rows, row);
  if (r->reason != NULL) fail_msg("row %d: %s", row, r->reason);
  return r;
}

static double measured_of(const fixture *f, int32_t row) {
  const char *reason = NULL;
  const double time = clx_collective_row_measured(f->arena, f->rows, row, &reason);
  assert_null(reason);
  return time;
}

// --- systems ----------------------------------------------------------------------------------------------------------------

static void test_systems_name_devices(void **state) {
  (void)state;
  static const char *const known[][2] = {{"DGX H100", "h100_sxm"},
                                         {"Azure ND H100 v5", "h100_sxm"},
                                         {"AWS p5.48xlarge (H100) on EKS", "h100_sxm"},
                                         {"\"8xH100-SXM5-80GB, 400G IB\"", "h100_sxm"},
                                         {"p5e H200", "h200_sxm"},
                                         {"AWS p6-b200", "b200_sxm"},
                                         {"GB200 NVL72", "gb200"},
                                         {"GB300 NVL72", "gb300"},
                                         {"HGX B300", "b300_sxm"},
                                         {"A100 40GB", "a100_sxm_40"},
                                         {"A100 80GB", "a100_sxm"},
                                         {"\"Azure NC96ads A100 (pairwise NVLink, 4 GPUs)\"", "a100_pcie"},
                                         {"\"Azure H100 NVL (pairwise NVLink, 4 GPUs)\"", "h100_nvl"},
                                         {"2x 8-GPU H20", "h20_sxm"},
                                         {"H800 CX7", "h800_sxm"},
                                         {"Alps GH200", "gh200"},
                                         {"4x H100 (PCIe)", "h100_pcie"},
                                         {"A100-PCIe-80GB", "a100_pcie"},
                                         {"8x MI300X node", "mi300x"}};
  for (int i = 0; i < CLX_COUNT(known); i++) {
    char text[512];
    snprintf(text, sizeof text,
             "system,gpus,gpus_per_node,scale_out_gbps_per_gpu,collective,bytes\n%s,16,8,400,all_reduce,1048576\n",
             known[i][0]);
    const fixture f = read_rows(text, false);
    assert_string_equal(row_of(&f, 0)->device->name, known[i][1]);
    clx_arena_free(f.arena);
  }
}

// Domains: a server, a rack that the text names, a rack that the catalogue knows for the device.
static void test_domains_and_links(void **state) {
  (void)state;
  const fixture f = read_rows(COLUMNS
                              "1,,DGX H100,64,8,NVLink4 NVSwitch,400,all_reduce,1048576,,,,\n"
                              "2,,GB200 NVL72,72,4,NVLink5,,all_reduce,1048576,,,,\n"
                              "3,,Azure ND GB200 v6,8,4,NVLink5,,all_reduce,1048576,,,,\n"
                              "4,,8x MI300X node,2,8,XGMI,400,all_reduce,1048576,,,,\n"
                              "5,,8x MI300X node,8,8,XGMI,400,all_reduce,1048576,,,,\n"
                              "6,,Azure NC96ads A100,4,4,pairwise NVLink + PCIe,,all_reduce,1048576,,,,\n"
                              "7,,Azure NC96ads A100,2,2,pairwise NVLink + PCIe,,all_reduce,1048576,,,,\n"
                              "8,,DGX A100 8x200Gb RDMA,32,,,,all_reduce,1048576,,,,\n"
                              "9,,H100,4,,,,all_reduce,1048576,,,,\n",
                              false);
  assert_int_equal(row_of(&f, 0)->network.domain, 8);
  CLX_CHECK_NEAR(row_of(&f, 0)->network.nic, 50e9, 1e-12, 0);
  assert_false(row_of(&f, 0)->inside);
  assert_int_equal(row_of(&f, 1)->network.domain, 72);
  assert_true(row_of(&f, 1)->inside);
  assert_int_equal(row_of(&f, 2)->network.domain, 72);
  CLX_CHECK_NEAR(row_of(&f, 3)->network.nvlink, 64e9, 1e-12, 0);  // one link of seven
  CLX_CHECK_NEAR(row_of(&f, 4)->network.nvlink, 448e9, 1e-12, 0);
  CLX_CHECK_NEAR(row_of(&f, 5)->network.nvlink, 32e9, 1e-12, 0);  // PCIe between pairs
  CLX_CHECK_NEAR(row_of(&f, 6)->network.nvlink, 300e9, 1e-12, 0);
  CLX_CHECK_NEAR(row_of(&f, 7)->network.nic, 25e9, 1e-12, 0);
  assert_int_equal(row_of(&f, 7)->network.domain, 8);
  assert_non_null(strstr(row_of(&f, 7)->remark, "gpus_per_node blank"));
  assert_true(row_of(&f, 8)->inside);
  clx_arena_free(f.arena);
}

// --- bytes and times ----------------------------------------------------------------------------------------------------------

// nccl-tests, doc/PERFORMANCE.md: busbw = algbw x 2(n-1)/n of all-reduce, (n-1)/n where each rank keeps its own part.
static void test_measured_times(void **state) {
  (void)state;
  const fixture f = read_rows(COLUMNS
                              "1,,H100,8,8,,,all_reduce,1000000000,4000,1,1,\n"
                              "2,,H100,8,8,,,all_reduce,1000000000,,,350,\n"
                              "3,,H100,8,8,,,all_gather,1000000000,,,350,\n"
                              "4,,H100,8,8,,,reduce_scatter,1000000000,,,350,\n"
                              "5,,H100,8,8,,,alltoall,1000000000,,,350,\n"
                              "6,,H100,2,8,,,sendrecv,1000000000,,,350,\n"
                              "7,,H100,8,8,,,all_reduce,1000000000,,200,,\n"
                              "8,,H100,8,8,,,all_reduce,1000000000,,,,\n"
                              "9,,H100,8,8,,,all_reduce,,,,350,\n",
                              false);
  CLX_CHECK_NEAR(measured_of(&f, 0), 4e-3, 1e-12, 0);
  CLX_CHECK_NEAR(measured_of(&f, 1), 1.75 / 350, 1e-12, 0);
  for (int32_t i = 2; i < 5; i++) CLX_CHECK_NEAR(measured_of(&f, i), 0.875 / 350, 1e-12, 0);
  CLX_CHECK_NEAR(measured_of(&f, 5), 1.0 / 350, 1e-12, 0);
  CLX_CHECK_NEAR(measured_of(&f, 6), 1.0 / 200, 1e-12, 0);
  CLX_CHECK_NEAR(measured_of(&f, 7), 0, 0, 0);
  assert_true(row_of(&f, 8)->plateau);  // at 16 GiB
  CLX_CHECK_NEAR(measured_of(&f, 8), 1.75 * 17.179869184 / 350, 1e-12, 0);
  clx_arena_free(f.arena);
}

// DeepEP: 128 tokens of 7168 numbers to 8 experts each take 77 us at 98 GB/s, all copies counted.
static void test_tokens(void **state) {
  (void)state;
  const char *text =
      "system,gpus,gpus_per_node,scale_out_gbps_per_gpu,collective,bytes,busbw_GBps,tokens,hidden,top_k,notes\n"
      "H800,8,8,400,moe_dispatch,,98,,,,\"V1 low-latency kernels, 128 tokens, hidden 7168, top-8\"\n"
      "H800,32,8,400,moe_dispatch,,58,,,,\"4096 tokens, hidden 7168, top-8 (top-4 groups), FP8 dispatch\"\n"
      "H800,8,8,400,moe_combine,,158,4096,7168,8,\n"
      "H800,8,8,400,moe_dispatch,,98,,,,\n";
  fixture f = read_rows(text, true);
  CLX_CHECK_NEAR(measured_of(&f, 0), 77e-6, 0.03, 0);
  // Between four nodes, one copy of 7392 B to each of them: eight experts of four nodes miss a node one time in ten.
  const clx_collective_row *r = row_of(&f, 1);
  CLX_CHECK_NEAR(r->moved, 4096.0 * 7168 * (1 + 4.0 / 128) * 4 * 0.90355, 1e-5, 0);
  assert_true(r->bytes > r->moved);
  // One copy of bf16 to each rank: eight of 256 experts lie on 5.3 of eight ranks.
  CLX_CHECK_NEAR(row_of(&f, 2)->bytes, 4096.0 * 7168 * 2 * 5.285, 1e-2, 0);
  assert_non_null(strstr(clx_collective_rows_at(f.rows, 3)->reason, "tokens, hidden or top_k"));
  clx_arena_free(f.arena);
  f = read_rows(text, false);
  assert_non_null(clx_collective_rows_at(f.rows, 0)->reason);
  clx_arena_free(f.arena);
}

static void test_algorithms(void **state) {
  (void)state;
  const char *text =
      "system,gpus,gpus_per_node,scale_out_gbps_per_gpu,collective,bytes,algorithm,notes\n"
      "H100,64,8,400,all_reduce,1048576,,\"NVLSTree; digitised from plot\"\n"
      "H200,8,8,,all_reduce,1048576,,NCCL_NVLS_ENABLE=0 (Ring)\n"
      "H100,16,8,400,all_reduce,1048576,,2-node busbw exceeds NIC rate (tree/NVLSTree effect)\n"
      "H100,64,8,400,all_reduce,1048576,Ring,NVLSTree\n";
  fixture f = read_rows(text, true);
  assert_int_equal(row_of(&f, 0)->algorithm, CLX_ALGORITHM_NVLS_TREE);
  assert_int_equal(row_of(&f, 1)->algorithm, CLX_ALGORITHM_RING);
  assert_int_equal(row_of(&f, 2)->algorithm, -1);
  assert_int_equal(row_of(&f, 3)->algorithm, CLX_ALGORITHM_RING);
  clx_arena_free(f.arena);
  f = read_rows(text, false);
  assert_int_equal(row_of(&f, 0)->algorithm, -1);
  assert_int_equal(row_of(&f, 3)->algorithm, CLX_ALGORITHM_RING);
  clx_arena_free(f.arena);
}

// --- refusals -------------------------------------------------------------------------------------------------------------------

static void test_refusals(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"H100,8,8,,,all_reduce,0", "bytes 0 is out of range"},
      {"H100,8,8,,,all_reduce,-8", "bytes -8 is out of range"},
      {"H100,8,8,,,all_reduce,1e99", "out of range"},
      {"H100,8,8,,,all_reduce,nan", "bytes: expected a whole number, read 'nan'"},
      {"H100,8,8,,,all_reduce,12.5", "bytes: expected a whole number"},
      {"H100,1,8,,,all_reduce,8", "gpus is 1"},
      {"H100,,8,,,all_reduce,8", "column 'gpus' is blank"},
      {"H100,-8,8,,,all_reduce,8", "gpus -8 is out of range"},
      {"H100,8,0,,,all_reduce,8", "gpus_per_node 0 is out of range"},
      {"H100,8,8,,,all_redce,8", "did you mean 'all_reduce'"},
      {"H100,8,8,,,,8", "column 'collective' is blank"},
      {"H100,8,8,,,scan,8", "collective 'scan' is not known"},
      {"TPU v5p,8,8,,,all_reduce,8", "names no device of the catalogue"},
      {"8x MI305X node,8,8,,,all_reduce,8", "did you mean 'mi300x'"},
      {"H100 and H200,8,8,,,all_reduce,8", "names both"},
      {",8,8,,,all_reduce,8", "column 'system' is blank"},
      {"H100,16,8,,,all_reduce,8", "scale_out_gbps_per_gpu is blank"},
      {"H100,16,8,,-1,all_reduce,8", "scale_out_gbps_per_gpu -1 is out of range"},
      {"H100,16,8,,fast,all_reduce,8", "scale_out_gbps_per_gpu: expected a plain number"}};
  for (int i = 0; i < CLX_COUNT(rows); i++) {
    char text[512];
    snprintf(text, sizeof text, "system,gpus,gpus_per_node,scale_up,scale_out_gbps_per_gpu,collective,bytes\n%s\n",
             rows[i][0]);
    const fixture f = read_rows(text, false);
    const char *reason = clx_collective_rows_at(f.rows, 0)->reason;
    if (reason == NULL || strstr(reason, rows[i][1]) == NULL)
      fail_msg("'%s': '%s' does not say '%s'", rows[i][0], reason == NULL ? "no reason" : reason, rows[i][1]);
    clx_arena_free(f.arena);
  }
}

enum { PATH_SIZE = 64 };

static void write_file(char *path, const char *text) {
  snprintf(path, PATH_SIZE, "/tmp/clx_collectives_XXXXXX");
  const int file = mkstemp(path);
  assert_true(file >= 0);
  FILE *out = fdopen(file, "w");
  assert_non_null(out);
  fputs(text, out);
  fclose(out);
}

static void test_missing_columns_and_profiles(void **state) {
  (void)state;
  char path[PATH_SIZE], *text = NULL;
  clx_error error = {0};
  write_file(path, "sistem,gpus,collective,bytes\nH100,8,all_reduce,8\n");
  assert_int_equal(clx_table_predict(catalog, "collectives", path, NULL, &text, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "is it 'sistem'"));
  unlink(path);
  write_file(path, "system,gpus,collective,bytes,transport\nH100,8,all_reduce,8,infinibend\n");
  const clx_table_options options = {.library = "ncl"};
  error = (clx_error){0};
  assert_int_equal(clx_table_predict(catalog, "collectives", path, &options, &text, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "did you mean \"nccl\""));
  error = (clx_error){0};
  assert_int_equal(clx_table_predict(catalog, "collectives", path, NULL, &text, &error), CLX_OK);
  assert_non_null(strstr(text, "did you mean \"\"infiniband\"\""));
  clx_text_free(text);
  unlink(path);
}

// --- predictions and figures ------------------------------------------------------------------------------------------------------

static char *predict(const char *table, bool notes) {
  char path[PATH_SIZE], *text = NULL;
  clx_error error = {0};
  const clx_table_options options = {.notes = notes};
  write_file(path, table);
  if (clx_table_predict(catalog, "collectives", path, &options, &text, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  unlink(path);
  return text;
}

// What stands behind the columns of the table, line by line.
static const char *behind(const char *text, int line, int columns) {
  for (int i = 0; i < line; i++) text = strchr(text, '\n') + 1;
  bool quoted = false;
  for (; columns > 0; text++) {
    if (*text == '"') quoted = !quoted;
    if (*text == ',' && !quoted) columns--;
  }
  return text;
}

static void test_predictions_read_no_measurement(void **state) {
  (void)state;
  static const char *const tables[] = {
      COLUMNS
      "1,nccl issue,H100,64,8,NVLink,400,all_reduce,1048576,200,5,10,NVLSTree\n"
      "2,microsoft/vidur,A100,8,8,NVLink,,all_reduce,65536,60,1,2,kineto kernel time\n"
      "3,DeepEP,H800,8,8,NVLink,400,moe_dispatch,,77,,98,\"128 tokens, hidden 7168, top-8\"\n",
      COLUMNS
      ",,H100,64,8,NVLink,400,all_reduce,1048576,,,,\n,,A100,8,8,NVLink,,all_reduce,65536,,,,\n"
      ",,H800,8,8,NVLink,400,moe_dispatch,,,,,\n",
      COLUMNS
      "z,x,H100,64,8,NVLink,400,all_reduce,1048576,many,-1,0,Ring\n,,A100,8,8,NVLink,,all_reduce,65536,1e300,,,x\n"
      ",RoCE,H800,8,8,NVLink,400,moe_dispatch,,,,nan,IB SHARP\n"};
  char *text[CLX_COUNT(tables)];
  for (int i = 0; i < CLX_COUNT(tables); i++) text[i] = predict(tables[i], false);
  for (int i = 1; i < CLX_COUNT(tables); i++) {
    for (int line = 0; line < 4; line++) {
      const char *a = behind(text[0], line, 13), *b = behind(text[i], line, 13);
      const size_t length = strcspn(a, "\n");
      assert_int_equal(length, strcspn(b, "\n"));
      assert_memory_equal(a, b, length);
    }
  }
  assert_non_null(strstr(text[0], ",predicted_time_us,status,reason,model_error\n"));
  for (int i = 0; i < CLX_COUNT(tables); i++) clx_text_free(text[i]);
}

// The prediction is the model's, in microseconds, and the algorithm that was forced is the one that counts.
static void test_prediction_is_the_models(void **state) {
  (void)state;
  const char *table =
      "system,gpus,gpus_per_node,scale_out_gbps_per_gpu,collective,bytes,algorithm\n"
      "H100,256,8,400,all_reduce,268435456,\n"
      "H100,256,8,400,all_reduce,268435456,ring\n"
      "H100,256,8,400,all_gather,268435456,nvls\n";
  const fixture f = read_rows(table, false);
  char *text = predict(table, false);
  for (int32_t i = 0; i < 3; i++) {
    const clx_collective_row *r = row_of(&f, i);
    const clx_collective kind = (clx_collective)r->kind;
    const clx_collective_cost cost =
        i == 1 ? clx_collective_cost_with(&r->network, kind, r->group, r->bytes, CLX_ALGORITHM_RING)
               : clx_collective_cost_of(&r->network, kind, r->group, r->bytes);
    CLX_CHECK_NEAR(strtod(behind(text, i + 1, 7), NULL), 1e6 * cost.time, 1e-8, 0);
  }
  assert_non_null(strstr(behind(text, 3, 7), "algorithm nvls does not apply here"));
  clx_text_free(text);
  clx_arena_free(f.arena);
}

// Two sources that differ by half, and one of them twice: the floor counts sources, not rows.
static void test_floor_of_sources(void **state) {
  (void)state;
  char path[PATH_SIZE], *text = NULL;
  clx_error error = {0};
  write_file(path, COLUMNS
             "1,one,DGX H100,8,8,,,all_reduce,65536,20,,,\n"
             "2,two,Azure ND H100 v5,8,8,,,all_reduce,65536,30,,,\n"
             "3,two,Azure ND H100 v5,8,8,,,all_reduce,65536,300,,,\n"
             "4,two,Azure ND H100 v5,8,8,,,all_reduce,131072,31,,,\n"
             "5,two,Azure ND H100 v5,4,8,,,all_reduce,65536,0.001,,,\n");
  assert_int_equal(clx_table_validate(catalog, "collectives", path, NULL, false, &text, &error), CLX_OK);
  assert_non_null(
      strstr(text, "noise floor: below 1 MiB, 1 equal measurements of several sources differ by 50.0 % (median)"));
  assert_non_null(strstr(text, "DGX H100 all_reduce below 1 MiB"));
  assert_non_null(strstr(text, "measured 0.001 us is out of range"));
  clx_text_free(text);
  assert_int_equal(clx_table_validate(catalog, "collectives", path, NULL, true, &text, &error), CLX_OK);
  assert_non_null(strstr(text, "\"source_floor\""));
  assert_non_null(strstr(text, "\"refused\": 1"));
  clx_text_free(text);
  unlink(path);
}

// The points that the repository carries.
static void test_shipped_rows(void **state) {
  (void)state;
  const char *root = getenv("COLOSSUS_SOURCE_ROOT");
  char path[4096], *text = NULL;
  snprintf(path, sizeof path, "%s/validation/collectives/published.csv", root == NULL ? "." : root);
  clx_error error = {0};
  const clx_table_options options = {.notes = true};
  if (clx_table_validate(catalog, "collectives", path, &options, true, &text, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  const char *mean = strstr(text, "\"mean_abs_rel_error\": "), *refused = strstr(text, "\"refused\": ");
  const double error_mean = strtod(mean + strlen("\"mean_abs_rel_error\": "), NULL);
  if (error_mean > 0.10) fail_msg("mean error %.3f", error_mean);
  assert_true(strtol(refused + strlen("\"refused\": "), NULL, 10) <= 5);  // the rate between nodes is not given
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
      cmocka_unit_test(test_systems_name_devices),
      cmocka_unit_test(test_domains_and_links),
      cmocka_unit_test(test_measured_times),
      cmocka_unit_test(test_tokens),
      cmocka_unit_test(test_algorithms),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_missing_columns_and_profiles),
      cmocka_unit_test(test_predictions_read_no_measurement),
      cmocka_unit_test(test_prediction_is_the_models),
      cmocka_unit_test(test_floor_of_sources),
      cmocka_unit_test(test_shipped_rows),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
