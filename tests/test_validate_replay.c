// Cases of real engines: deployments of the catalogue, what long sequences and prompts beside decode cost, refusals, and published rows where
// the table is at hand.
#include "check.h"

#include <jansson.h>
#include <unistd.h>

#include "serving/serving_deployment.h"
#include "serving/serving_law.h"
#include "validate/validate.h"

static clx_catalog *catalog;

typedef struct deployed {
  clx_arena *arena;
  clx_deployment deployment;
  clx_transformer model;
  clx_device device;
  clx_engine engine;
  clx_serving serving;
} deployed;

static void deploy(deployed *d, const char *name) {
  const clx_place none = {0};
  clx_error error = {0};
  *d = (deployed){.arena = clx_arena_new()};
  if (clx_catalog_read(catalog, "deployment", name, none, &clx_deployment_schema, d->arena, &d->deployment, &error) !=
          CLX_OK ||
      clx_catalog_read(catalog, "model", d->deployment.model, none, &clx_model_schema, d->arena, &d->model, &error) !=
          CLX_OK ||
      clx_transformer_complete(&d->model, none, &error) != CLX_OK ||
      clx_catalog_read_device(catalog, d->deployment.device, none, d->arena, &d->device, &error) != CLX_OK ||
      clx_catalog_read(catalog, "engine", d->deployment.engine, none, &clx_serving_engine_schema, d->arena, &d->engine,
                       &error) != CLX_OK ||
      clx_deployment_serving(&d->deployment, &d->model, &d->device, &d->engine, &d->serving, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
}

// Counts of the engines' logs: 2,588 blocks on an RTX 4090; on RTX PRO 6000, with 0.92 of the memory and a later release, 35,913, 28,884 and
// 37,819.
static void test_blocks_that_memory_leaves(void **state) {
  (void)state;
  static const struct {
    const char *name;
    double share, blocks;
  } known[] = {{"rtx_4090-llama-3.1-8b", 0.9, 2588},
               {"rtx_pro_6000-llama-3.1-8b", 0.92, 35913},
               {"rtx_pro_6000-qwen3-32b-tp2", 0.92, 28884},
               {"rtx_pro_6000-qwen3-30b-a3b-dp2-ep2", 0.92, 37819}};
  for (int32_t k = 0; k < CLX_COUNT(known); k++) {
    deployed d;
    deploy(&d, known[k].name);
    d.deployment.gpu_memory_utilization = known[k].share;
    CLX_CHECK_NEAR((double)clx_deployment_blocks(&d.deployment, &d.serving), known[k].blocks, 0.05, 0);
    d.deployment.gpu_memory_utilization = 0.1;
    assert_int_equal(clx_deployment_blocks(&d.deployment, &d.serving), 0);
    clx_arena_free(d.arena);
  }
}

static double time_of(const deployed *d, int32_t decodes, double mean, double longest, int32_t prompt) {
  const clx_chunk chunk = {.tokens = prompt};
  const clx_engine_step step = {.decodes = decodes,
                                .verified = 1,
                                .context = decodes * mean,
                                .longest = longest,
                                .chunks = prompt > 0,
                                .chunk = &chunk,
                                .prompt_tokens = prompt,
                                .ended = prompt > 0};
  return clx_serving_law_exact(&d->serving, &step, 1).time;
}

// The longest sequence goes on alone: its tokens beyond the mean take 1 / lag of the bandwidth, in every layer.
static void test_the_longest_sequence_lags(void **state) {
  (void)state;
  deployed d;
  deploy(&d, "rtx_pro_6000-llama-3.1-8b");
  const double more = time_of(&d, 64, 1000, 5000, 0) - time_of(&d, 64, 1000, 1000, 0);
  const double bytes = 4000.0 * 2 * 8 * 128 * 2 * 32;
  CLX_CHECK_NEAR(more, 6 * bytes / (0.9 * 1.597e12), 1e-9, 0);
  d.device.engine_attention.lag = 0;
  CLX_CHECK_NEAR(time_of(&d, 64, 1000, 5000, 0), time_of(&d, 64, 1000, 1000, 0), 1e-12, 0);
  clx_arena_free(d.arena);
}

// Times of attention.csv for 128 sequences of 1,384 tokens: alone 507.3 us, beside 16 new tokens 836.2 us less 8.7 us of these, beside 2,048
// after 360 1,267.6 us less 225 us; of all 32 layers.
static void test_decode_beside_prompts(void **state) {
  (void)state;
  deployed d;
  deploy(&d, "rtx_pro_6000-llama-3.1-8b");
  const double alone = time_of(&d, 128, 1384, 1384, 0) - time_of(&d, 128, 1, 1, 0);
  CLX_CHECK_NEAR(alone, 32 * (507.3e-6 - 20e-6), 0.05, 0);
  const double few = time_of(&d, 128, 1384, 1384, 16) - time_of(&d, 128, 1, 1, 16);
  CLX_CHECK_NEAR(few, 32 * (836.2e-6 - 97e-6), 0.1, 0);
  clx_device plain = d.device;
  plain.engine_attention = (clx_engine_attention){0};
  deployed other = d;
  other.serving.device = &plain;
  const double many = time_of(&d, 128, 1384, 1384, 2048) - time_of(&other, 128, 1384, 1384, 2048);
  CLX_CHECK_NEAR(many, 32 * (1267.6e-6 - 225e-6 - 507.3e-6), 0.15, 0);
  clx_arena_free(d.arena);
}

static void test_layouts_that_do_not_fit(void **state) {
  (void)state;
  deployed d;
  deploy(&d, "rtx_pro_6000-qwen3-30b-a3b-dp2-ep2");
  d.deployment.expert_parallel_size = 3;
  clx_error error = {0};
  assert_int_equal(clx_deployment_serving(&d.deployment, &d.model, &d.device, &d.engine, &d.serving, &error),
                   CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "experts over 3 of 2 GPUs"));
  clx_arena_free(d.arena);
}

// --- tables -------------------------------------------------------------------------------------------------------------------------

static json_t *validate_file(const char *path, const char *scenario, clx_status expected, const char *mistake) {
  const clx_table_options options = {.scenario = scenario};
  char *text = NULL;
  clx_error error = {0};
  const clx_status status = clx_table_validate(catalog, "requests", path, &options, true, &text, &error);
  if (status != expected) fail_msg("%s", error.count > 0 ? error.mistake[0].text : "no mistake");
  if (status != CLX_OK) {
    if (strstr(error.mistake[0].text, mistake) == NULL) fail_msg("%s", error.mistake[0].text);
    return NULL;
  }
  json_t *root = json_loads(text, 0, NULL);
  clx_text_free(text);
  assert_non_null(root);
  return root;
}

static void write_file(char *path, const char *text) {
  const int file = mkstemp(path);
  assert_true(file >= 0);
  assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
  close(file);
}

static json_t *validate_text(const char *table, const char *scenario, clx_status expected, const char *mistake) {
  char path[] = "/tmp/clx_replay_XXXXXX", other[] = "/tmp/clx_replay_XXXXXX";
  write_file(path, table);
  if (scenario != NULL) write_file(other, scenario);
  json_t *root = validate_file(path, scenario != NULL ? other : NULL, expected, mistake);
  unlink(path);
  if (scenario != NULL) unlink(other);
  return root;
}

#define HEAD                                                                                                   \
  "case,request,arrival_ns,input_tokens,output_tokens,vllm_ttft_ms,vllm_tpot_ms,vllm_latency_ms,peer_ttft_ms," \
  "peer_tpot_ms,peer_latency_ms\n"

static const json_t *metric_of(const json_t *root, const char *metric) {
  return json_object_get(json_object_get(root, "metrics"), metric);
}

static double mean_of(const json_t *root, const char *metric, size_t group, const char *figure) {
  const json_t *list = json_object_get(metric_of(root, metric), "groups");
  const json_t *value = json_object_get(json_object_get(json_array_get(list, group), "means"), figure);
  if (!json_is_number(value)) fail_msg("%s: no %s", metric, figure);
  return json_number_value(value);
}

// Errors of means are of sums, not of rows; the peer's beside them. An output of one token has no time between tokens.
static void test_means(void **state) {
  (void)state;
  json_t *root = validate_text(HEAD
                               "RTXPRO6000/Llama-3.1-8B,0,0,1000,100,50,12,1250,40,11,1100\n"
                               "RTXPRO6000/Llama-3.1-8B,1,9000000000,500,1,150,,150,180,,180\n",
                               NULL, CLX_OK, NULL);
  CLX_CHECK_NEAR(mean_of(root, "vllm_ttft_ms", 0, "measured"), 100, 1e-12, 0);
  CLX_CHECK_NEAR(mean_of(root, "vllm_ttft_ms", 0, "peer_error"), 0.1, 1e-12, 0);
  CLX_CHECK_NEAR(mean_of(root, "vllm_tpot_ms", 0, "peer_error"), 11.0 / 12 - 1, 1e-12, 0);
  const double first = mean_of(root, "vllm_ttft_ms", 0, "predicted");
  const double whole = mean_of(root, "vllm_latency_ms", 0, "predicted");
  CLX_CHECK_NEAR(2 * (whole - first), 99 * mean_of(root, "vllm_tpot_ms", 0, "predicted"), 1e-9, 0);
  json_decref(root);
}

static void test_cases_that_are_not_known(void **state) {
  (void)state;
  static const char table[] = HEAD "RTXPRO6000/Other,0,0,1000,100,50,12,1250,,,\n";
  json_t *root = validate_text(table, NULL, CLX_OK, NULL);
  assert_int_equal(json_integer_value(json_object_get(metric_of(root, "vllm_ttft_ms"), "refused")), 1);
  json_decref(root);
  root = validate_text(table, "name: mine\nmodel: llama-3.1-8b\ndevice: rtx_pro_6000\n", CLX_OK, NULL);
  assert_int_equal(json_integer_value(json_object_get(metric_of(root, "vllm_ttft_ms"), "predicted")), 1);
  json_decref(root);
  validate_text(table, "name: mine\nmodel: llama-3.1-8b\n", CLX_INPUT, "device");
  validate_text("case,request,arrival_ns\na,0,0\n", NULL, CLX_INPUT, "'input_tokens'");
  validate_text(HEAD "RTXPRO6000/Llama-3.1-8B,0,0,0,100,50,12,1250,,,\n", NULL, CLX_INPUT, "column input_tokens");
}

// Published: mean time between tokens within 2 %, latency within 2.5 %, first token within 5 % of real vLLM.
static void test_real_vllm(void **state) {
  (void)state;
  const char *root = getenv("COLOSSUS_SOURCE_ROOT");
  assert_non_null(root);
  char path[4096];
  snprintf(path, sizeof path, "%s/../shared/validation/llmservingsim_cases.csv", root);
  if (access(path, R_OK) != 0) {
    print_message("%s is not at hand: skipped\n", path);
    skip();
  }
  json_t *got = validate_file(path, NULL, CLX_OK, NULL);
  const size_t cases = json_array_size(json_object_get(metric_of(got, "vllm_ttft_ms"), "groups"));
  assert_true(cases >= 3);
  for (size_t k = 0; k < cases; k++) {
    const json_t *group = json_array_get(json_object_get(metric_of(got, "vllm_ttft_ms"), "groups"), k);
    if (strstr(json_string_value(json_object_get(group, "name")), "RTXPRO6000") == NULL) continue;
    CLX_CHECK_NEAR(mean_of(got, "vllm_ttft_ms", k, "error"), 0, 0, 0.05);
    CLX_CHECK_NEAR(mean_of(got, "vllm_tpot_ms", k, "error"), 0, 0, 0.02);
    CLX_CHECK_NEAR(mean_of(got, "vllm_latency_ms", k, "error"), 0, 0, 0.025);
  }
  json_decref(got);
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
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_blocks_that_memory_leaves),
                                     cmocka_unit_test(test_the_longest_sequence_lags),
                                     cmocka_unit_test(test_decode_beside_prompts),
                                     cmocka_unit_test(test_layouts_that_do_not_fit),
                                     cmocka_unit_test(test_means),
                                     cmocka_unit_test(test_cases_that_are_not_known),
                                     cmocka_unit_test(test_real_vllm)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
