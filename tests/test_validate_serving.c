// Tables of serving benchmarks: what a row becomes, refusals, that no measurement is read, and published rows where the table is at hand.
#include "check.h"

#include <unistd.h>

#include "validate/validate.h"

static clx_catalog *catalog;

#define COLUMNS                                                                                                 \
  "row,source,measured,backend,backend_version,model_path,system,precision,mode,isl,osl,gemm_quant_mode,"       \
  "moe_quant_mode,batch_size,tp_size,pp_size,attention_dp_size,moe_tp_size,moe_ep_size,prefill_batch_size,"     \
  "prefill_num_workers,prefill_tp_size,prefill_pp_size,prefill_attention_dp_size,prefill_moe_tp_size,"          \
  "prefill_moe_ep_size,decode_batch_size,decode_num_workers,decode_tp_size,decode_pp_size,"                     \
  "decode_attention_dp_size,decode_moe_tp_size,decode_moe_ep_size,silicon_ttft_ms,silicon_tpot_ms,aic_ttft_ms," \
  "aic_tpot_ms,aic_db_version,aic_error\n"
#define WHOLE(backend, version, model, system, precision, gemm, batch, tp, dp, etp, ep)                         \
  "1,s,d," backend "," version "," model "," system "," precision ",agg,256,64," gemm "," gemm "," batch "," tp \
  ",1," dp "," etp "," ep ",,,,,,,,,,,,,,,"
#define SPLIT(decode)                                                                                             \
  "1,s,d,trtllm,1.1.0-dev.2,moonshotai/Kimi-K2.5,gb200,fp4,disagg,256,64,nvfp4,nvfp4,,,,,,,1,1,1,1,4,1,4," decode \
  ",2,4,1,1,1,4,"
#define LLAMA WHOLE("trtllm", "", "meta-llama/Llama-3.1-70B", "h200_sxm", "fp8", "fp8", "4", "8", "1", "8", "1")

static clx_table read_predicted(clx_arena *arena, const char *table) {
  char path[64] = "/tmp/clx_serving_XXXXXX", *text = NULL;
  const int file = mkstemp(path);
  assert_true(file >= 0);
  assert_int_equal(write(file, table, strlen(table)), (ssize_t)strlen(table));
  close(file);
  clx_error error = {0};
  if (clx_table_predict(catalog, "serving", path, NULL, &text, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  unlink(path);
  clx_table out;
  assert_int_equal(clx_table_read(arena, "p.csv", text, strlen(text), &out, &error), CLX_OK);
  clx_text_free(text);
  return out;
}

static double number_of(const clx_table *t, int32_t row, const char *column) {
  double value = NAN;
  if (!clx_table_number(t, row, clx_table_column(t, column), &value))
    fail_msg("row %d, %s: '%s' (%s)", row, column, clx_table_cell(t, row, clx_table_column(t, column)),
             clx_table_cell(t, row, clx_table_column(t, "reason")));
  return value;
}

static const char *text_of(const clx_table *t, int32_t row, const char *column) {
  return clx_table_cell(t, row, clx_table_column(t, column));
}

static void test_no_measurement_is_read(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  const clx_table t = read_predicted(
      arena, COLUMNS LLAMA "100,10,90,11,v,\n" LLAMA ",,,,,\n" SPLIT("8") "300,9,,,,\n" SPLIT("8") ",,,,,e\n");
  for (int32_t row = 0; row < 4; row += 2) {
    assert_string_equal(text_of(&t, row, "predicted_silicon_ttft_ms"),
                        text_of(&t, row + 1, "predicted_silicon_ttft_ms"));
    assert_string_equal(text_of(&t, row, "predicted_silicon_tpot_ms"),
                        text_of(&t, row + 1, "predicted_silicon_tpot_ms"));
    assert_string_equal(text_of(&t, row, "status"), "ok");
  }
  assert_true(number_of(&t, 0, "predicted_silicon_tpot_ms") > 1);
  assert_true(number_of(&t, 0, "predicted_silicon_ttft_ms") > number_of(&t, 0, "predicted_silicon_tpot_ms"));
  clx_arena_free(arena);
}

// The same eight GPUs in two spellings.
static void test_spellings(void **state) {
  (void)state;
#define R1(batch, tp, dp, etp, ep) \
  WHOLE("trtllm", "1.2.0rc6.post2", "deepseek-ai/DeepSeek-R1", "b200_sxm", "fp4", "nvfp4", batch, tp, dp, etp, ep)
  clx_arena *arena = clx_arena_new();
  const clx_table t =
      read_predicted(arena, COLUMNS R1("8", "8", "1", "1", "8") ",,,,,\n" R1("8", "64", "1", "8", "8") ",,,,,\n" R1(
                                "16", "1", "8", "1", "8") ",,,,,\n" R1("2", "1", "64", "8", "8") ",,,,,\n");
  for (int32_t row = 0; row < 4; row += 2) {
    assert_string_equal(text_of(&t, row, "predicted_silicon_ttft_ms"),
                        text_of(&t, row + 1, "predicted_silicon_ttft_ms"));
    assert_string_equal(text_of(&t, row, "predicted_silicon_tpot_ms"),
                        text_of(&t, row + 1, "predicted_silicon_tpot_ms"));
  }
  clx_arena_free(arena);
}

// Versions that the public benchmark ran with multi-token prediction alone.
static void test_drafts(void **state) {
  (void)state;
#define VERSION(version) \
  WHOLE("trtllm", version, "deepseek-ai/DeepSeek-R1", "b200_sxm", "fp8", "fp8", "4", "8", "1", "8", "1") ",,,,,\n"
  clx_arena *arena = clx_arena_new();
  const clx_table t = read_predicted(arena, COLUMNS VERSION("1.2.0rc6.post2") VERSION("1.2.0rc6.post3"));
  assert_non_null(strstr(text_of(&t, 1, "reason"), "3 drafts"));
  assert_null(strstr(text_of(&t, 0, "reason"), "drafts"));
  assert_true(number_of(&t, 1, "predicted_silicon_tpot_ms") < 0.8 * number_of(&t, 0, "predicted_silicon_tpot_ms"));
  clx_arena_free(arena);
}

#define DATED(day, version, weights, batch, tp, dp, etp, ep)                                                         \
  "1,s," day ",trtllm," version ",deepseek-ai/DeepSeek-R1,b200_sxm,fp4,agg,1024,1024," weights "," weights "," batch \
  "," tp ",1," dp "," etp "," ep ",,,,,,,,,,,,,,,,,,,,\n"

// One container was run without drafts first and with them later; what is no day, or none at all, tells nothing.
static void test_day(void **state) {
  (void)state;
#define OF(day) DATED(day, "1.1.0rc2.post2", "nvfp4", "4", "8", "1", "1", "8")
  clx_arena *arena = clx_arena_new();
  const clx_table t = read_predicted(arena, COLUMNS OF("2025-12-15") OF("2026-01-14") OF("") OF("yesterday"));
  assert_non_null(strstr(text_of(&t, 1, "reason"), "3 drafts"));
  for (int32_t row = 0; row < 4; row += row == 0 ? 2 : 1) {
    assert_null(strstr(text_of(&t, row, "reason"), "drafts"));
    assert_string_equal(text_of(&t, row, "predicted_silicon_tpot_ms"), text_of(&t, 0, "predicted_silicon_tpot_ms"));
  }
  assert_true(number_of(&t, 1, "predicted_silicon_tpot_ms") < 0.8 * number_of(&t, 0, "predicted_silicon_tpot_ms"));
  clx_arena_free(arena);
}

// Scripts of 2025 replicated attention beyond a load, whatever the table says.
static void test_layout_of_a_script(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  const clx_table t = read_predicted(arena, COLUMNS DATED("2025-11-02", "", "nvfp4", "256", "8", "1", "8", "1")
                                                DATED("2025-11-02", "", "nvfp4", "32", "1", "8", "1", "8")
                                                    DATED("2025-12-15", "", "nvfp4", "256", "8", "1", "8", "1"));
  assert_string_equal(text_of(&t, 0, "predicted_silicon_ttft_ms"), text_of(&t, 1, "predicted_silicon_ttft_ms"));
  assert_string_equal(text_of(&t, 0, "predicted_silicon_tpot_ms"), text_of(&t, 1, "predicted_silicon_tpot_ms"));
  assert_string_not_equal(text_of(&t, 0, "predicted_silicon_ttft_ms"), text_of(&t, 2, "predicted_silicon_ttft_ms"));
  clx_arena_free(arena);
}

static void test_refusals(void **state) {
  (void)state;
  static const struct {
    const char *row, *text;
  } bad[] = {
      {WHOLE("ollama", "", "meta-llama/Llama-3.1-70B", "h200_sxm", "fp8", "fp8", "4", "8", "1", "8", "1"),
       "engine 'ollama' is not in the catalogue"},
      {WHOLE("vllm", "", "nobody/Model-1", "h200_sxm", "fp8", "fp8", "4", "8", "1", "8", "1"), "not in the catalogue"},
      {WHOLE("vllm", "", "meta-llama/Llama-3.1-70B", "h900", "fp8", "fp8", "4", "8", "1", "8", "1"), "h900"},
      {WHOLE("vllm", "", "meta-llama/Llama-3.1-70B", "h200_sxm", "fp8", "fp9", "4", "8", "1", "8", "1"), "fp9"},
      {WHOLE("vllm", "", "meta-llama/Llama-3.1-70B", "h200_sxm", "fp8", "fp8", "", "8", "1", "8", "1"), "'batch_size'"},
      {WHOLE("vllm", "", "meta-llama/Llama-3.1-70B", "h200_sxm", "fp8", "fp8", "4", "7", "1", "8", "1"),
       "7 equal parts"},
      {WHOLE("vllm", "", "meta-llama/Llama-3.1-70B", "h100_sxm", "", "", "4", "1", "1", "1", "1"), "GB"},
      {WHOLE("vllm", "", "nvidia/Qwen3-32B-NVFP4", "h100_sxm", "fp4", "nvfp4", "4", "1", "1", "1", "1"), "no fp4"},
      {SPLIT(""), "decode_batch_size"},
  };
  for (int32_t i = 0; i < CLX_COUNT(bad); i++) {
    clx_arena *arena = clx_arena_new();
    const char *table = clx_arena_format(arena, "%s%s100,10,,,,\n", COLUMNS, bad[i].row);
    const clx_table t = read_predicted(arena, table);
    assert_string_equal(text_of(&t, 0, "status"), "refused");
    if (strstr(text_of(&t, 0, "reason"), bad[i].text) == NULL)
      fail_msg("expected '%s', read '%s'", bad[i].text, text_of(&t, 0, "reason"));
    clx_arena_free(arena);
  }
}

// AIConfigurator's figures stand beside ours, on the rows that it answered.
static void test_peer(void **state) {
  (void)state;
  char path[64] = "/tmp/clx_serving_XXXXXX", *text = NULL;
  const char *table = COLUMNS LLAMA "100,10,150,11,v,\n" LLAMA "100,10,,,,refused\n";
  const int file = mkstemp(path);
  assert_true(file >= 0);
  assert_int_equal(write(file, table, strlen(table)), (ssize_t)strlen(table));
  close(file);
  clx_error error = {0};
  assert_int_equal(clx_table_validate(catalog, "serving", path, NULL, false, &text, &error), CLX_OK);
  unlink(path);
  const char *line = strstr(text, "AIConfigurator");
  assert_non_null(line);
  assert_non_null(strstr(line, "silicon_ttft_ms h200_sxm agg dense"));
  assert_non_null(strstr(line, "     2     1    50.0    50.0"));
  clx_text_free(text);
}

static int set_up(void **state) {
  (void)state;
  clx_error error = {0};
  return clx_catalog_open(NULL, &catalog, &error) == CLX_OK ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  clx_catalog_close(catalog);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_no_measurement_is_read),
      cmocka_unit_test(test_spellings),
      cmocka_unit_test(test_drafts),
      cmocka_unit_test(test_day),
      cmocka_unit_test(test_layout_of_a_script),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_peer),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
