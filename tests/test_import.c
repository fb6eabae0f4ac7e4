// config.json of Hugging Face: parameter counts of small and published models, and refusals that name the key.
#include "check.h"

#include <string.h>

#include "document/document.h"
#include "import/import_hf.h"

typedef struct import {
  clx_arena *arena;
  clx_error error;
  clx_status status;
  clx_transformer model;
} import;

static import import_text(const char *text) {
import i = {.arena = clx_arena_new() };
  clx_node *root = NULL;
  assert_non_null(i.arena);
  assert_int_equal(clx_document_read(i.arena, "config.json", text, strlen(text), &root, &i.error), CLX_OK);
  i.status = clx_import_hf_config(root, "tiny", i.arena, &i.model, &i.error);
  return i;
}

// A model that must be read; the caller frees the arena.
static import import_good(const char *text) {
  const import i = import_text(text);
  if (i.status != CLX_OK) fail_msg("refused: %s", i.error.mistake[0].text);
  assert_int_equal(i.error.count, 0);
  assert_string_equal(i.model.name, "tiny");
  return i;
}

// One that must not, with `word` in one of the mistakes.
static void check_refused(const char *text, const char *word) {
  const import i = import_text(text);
  assert_int_equal(i.status, CLX_INPUT);
  assert_int_equal(i.error.status, CLX_INPUT);
  bool found = false;
  for (int32_t k = 0; k < i.error.count; k++) found = found || strstr(i.error.mistake[k].text, word) != NULL;
  if (!found) fail_msg("no mistake names '%s': %s", word, i.error.mistake[0].text);
  clx_arena_free(i.arena);
}

static void check_total(const import *i, double total, double active) {
  const clx_parameters count = clx_parameter_count(&i->model);
  CLX_CHECK_NEAR(count.total, total, 0, 0);
  CLX_CHECK_NEAR(count.active, active, 0, 0);
}

// --- published models ------------------------------------------------------------------------------------------------

static void test_llama(void **state) {
  (void)state;
  const import i = import_good(
      "{\"architectures\": [\"LlamaForCausalLM\"], \"model_type\": \"llama\", \"hidden_act\": \"silu\", "
      "\"hidden_size\": 4096,"
      "\"intermediate_size\": 14336, \"max_position_embeddings\": 131072, \"mlp_bias\": false, \"attention_bias\": "
      "false,"
      "\"num_attention_heads\": 32, \"num_hidden_layers\": 32, \"num_key_value_heads\": 8, \"vocab_size\": 128256,"
      "\"tie_word_embeddings\": false, \"rope_scaling\": {\"factor\": 8.0}, \"torch_dtype\": \"bfloat16\"}");
  check_total(&i, 8030261248, 8030261248);
  assert_int_equal(i.model.head_dim, 128);
  assert_int_equal(i.model.activation, CLX_SWIGLU);
  assert_int_equal(i.model.context, 131072);
  assert_string_equal(i.model.title, "tiny of model_type llama");
  clx_arena_free(i.arena);
}

static void test_mixtral(void **state) {
  (void)state;
  const import i = import_good(
      "{\"model_type\": \"mixtral\", \"hidden_act\": \"silu\", \"hidden_size\": 4096, \"intermediate_size\": 14336,"
      "\"max_position_embeddings\": 32768, \"num_attention_heads\": 32, \"num_experts_per_tok\": 2, "
      "\"num_hidden_layers\": 32,"
      "\"num_key_value_heads\": 8, \"num_local_experts\": 8, \"sliding_window\": null, \"tie_word_embeddings\": false,"
      "\"vocab_size\": 32000}");
  check_total(&i, 46702792704, 12879925248);
  assert_int_equal(i.model.expert_ffn, 14336);
  assert_int_equal(i.model.sliding_window, 0);
  clx_arena_free(i.arena);
}

static const char deepseek_v3[] =
    "{\"model_type\": \"deepseek_v3\", \"first_k_dense_replace\": 3, \"hidden_act\": \"silu\", \"hidden_size\": 7168,"
    "\"intermediate_size\": 18432, \"kv_lora_rank\": 512, \"max_position_embeddings\": 163840, "
    "\"moe_intermediate_size\": 2048,"
    "\"moe_layer_freq\": 1, \"n_group\": 8, \"n_routed_experts\": 256, \"n_shared_experts\": 1, "
    "\"num_attention_heads\": 128,"
    "\"num_experts_per_tok\": 8, \"num_hidden_layers\": 61, \"num_key_value_heads\": 128, "
    "\"num_nextn_predict_layers\": 1,"
    "\"q_lora_rank\": 1536, \"qk_nope_head_dim\": 128, \"qk_rope_head_dim\": 64, \"v_head_dim\": 128, \"topk_method\": "
    "\"noaux_tc\","
    "\"tie_word_embeddings\": false, \"vocab_size\": 129280";

static void test_deepseek(void **state) {
  (void)state;
  char text[1200];
  snprintf(text, sizeof text, "%s}", deepseek_v3);
  const import i = import_good(text);
  check_total(&i, 671026419200, 37552297472);
  assert_int_equal(i.model.mla, 1);
  assert_int_equal(i.model.first_dense_layers, 3);
  assert_int_equal(i.model.moe_period, 1);
  assert_int_equal(i.model.shared_expert_ffn, 2048);
  assert_int_equal(i.model.mtp_layers, 1);
  clx_arena_free(i.arena);
  // DeepSeek-V3.2 attends sparsely: counted as full attention, and said so.
  snprintf(text, sizeof text, "%s, \"index_topk\": 2048, \"index_n_heads\": 64}", deepseek_v3);
  const import sparse = import_good(text);
  assert_non_null(strstr(sparse.model.title, "index_topk"));
  clx_arena_free(sparse.arena);
}

static void test_qwen3_moe(void **state) {
  (void)state;
  const import i = import_good(
      "{\"model_type\": \"qwen3_moe\", \"attention_bias\": false, \"decoder_sparse_step\": 1, \"head_dim\": 128, "
      "\"hidden_act\": \"silu\","
      "\"hidden_size\": 2048, \"intermediate_size\": 6144, \"max_position_embeddings\": 40960, \"max_window_layers\": "
      "48,"
      "\"mlp_only_layers\": [], \"moe_intermediate_size\": 768, \"num_attention_heads\": 32, \"num_experts\": 128,"
      "\"num_experts_per_tok\": 8, \"num_hidden_layers\": 48, \"num_key_value_heads\": 4, \"sliding_window\": null,"
      "\"tie_word_embeddings\": false, \"use_sliding_window\": false, \"vocab_size\": 151936}");
  check_total(&i, 30532122624, 3353032704);
  assert_int_equal(i.model.qk_norm, 1);
  clx_arena_free(i.arena);
}

static const char gpt_oss[] =
    "{\"model_type\": \"gpt_oss\", \"attention_bias\": true, \"head_dim\": 64, \"hidden_act\": \"silu\", "
    "\"hidden_size\": 2880,"
    "\"intermediate_size\": 2880, \"max_position_embeddings\": 131072, \"num_attention_heads\": 64, "
    "\"num_experts_per_tok\": 4,"
    "\"num_hidden_layers\": 36, \"num_key_value_heads\": 8, \"num_local_experts\": 128, \"sliding_window\": 128,"
    "\"tie_word_embeddings\": false, \"vocab_size\": 201088, \"quantization_config\": {\"quant_method\": \"mxfp4\"}";

static void test_gpt_oss(void **state) {
  (void)state;
  char text[4000];
  snprintf(text, sizeof text, "%s, \"layer_types\": [", gpt_oss);
  for (int32_t layer = 0; layer < 36; layer++) {
    strcat(text, layer % 2 == 0 ? "\"sliding_attention\"" : "\"full_attention\"");
    strcat(text, layer < 35 ? ", " : "]}");
  }
  const import i = import_good(text);
  CLX_CHECK_NEAR(clx_parameter_count(&i.model).total, 116.829e9, 1e-5, 0);  // the model card: 116.83 B
  assert_int_equal(i.model.sliding_window, 128);
  assert_int_equal(i.model.window_period, 2);
  assert_int_equal(i.model.attention_sinks, 1);
  assert_int_equal(i.model.router_bias, 1);
  clx_arena_free(i.arena);
  snprintf(text, sizeof text, "%s}", gpt_oss);  // without the list: as its code alternates
  const import short_form = import_good(text);
  assert_int_equal(short_form.model.window_period, 2);
  clx_arena_free(short_form.arena);
}

// A model beside a vision part: all in text_config; `intermediate_size` is the experts' width; one shared expert.
static void test_llama4(void **state) {
  (void)state;
  const import i = import_good(
      "{\"model_type\": \"llama4\", \"tie_word_embeddings\": false, \"vision_config\": {\"hidden_size\": 1408}, "
      "\"text_config\": {"
      "\"model_type\": \"llama4_text\", \"attention_chunk_size\": 8192, \"head_dim\": 128, \"hidden_act\": \"silu\","
      "\"hidden_size\": 5120, \"interleave_moe_layer_step\": 2, \"intermediate_size\": 8192, "
      "\"intermediate_size_mlp\": 16384,"
      "\"max_position_embeddings\": 1048576, \"num_attention_heads\": 40, \"num_experts_per_tok\": 1, "
      "\"num_hidden_layers\": 48,"
      "\"num_key_value_heads\": 8, \"num_local_experts\": 128, \"vocab_size\": 202048}}");
  check_total(&i, 400711848960, 17184691200);
  assert_int_equal(i.model.moe_period, 2);
  assert_non_null(strstr(i.model.title, "chunks"));
  clx_arena_free(i.arena);
}

// Grok-2 calls itself "git"; its architecture tells what it is.
static void test_grok(void **state) {
  (void)state;
  const import i = import_good(
      "{\"architectures\": [\"Grok1ForCausalLM\"], \"model_type\": \"git\", \"hidden_act\": \"gelu\", \"hidden_size\": "
      "8192,"
      "\"intermediate_size\": 32768, \"moe_intermediate_size\": 16384, \"max_position_embeddings\": 131072, "
      "\"head_dim\": 128,"
      "\"num_experts_per_tok\": 2, \"num_local_experts\": 8, \"residual_moe\": true, \"num_attention_heads\": 64,"
      "\"num_key_value_heads\": 8, \"num_hidden_layers\": 64, \"vocab_size\": 131072, \"sliding_window_size\": -1}");
  check_total(&i, 269515497472, 114896674816);
  assert_int_equal(i.model.activation, CLX_GEGLU);
  assert_int_equal(i.model.norms_per_layer, 4);
  assert_non_null(strstr(i.model.title, "tie_word_embeddings is not said"));
  clx_arena_free(i.arena);
}

static void test_gpt2(void **state) {
  (void)state;
  const import i = import_good(
      "{\"model_type\": \"gpt2\", \"activation_function\": \"gelu_new\", \"n_embd\": 768, \"n_head\": 12, \"n_layer\": "
      "12,"
      "\"n_positions\": 1024, \"n_inner\": null, \"vocab_size\": 50257}");
  check_total(&i, 124439808, 124439808);
  assert_int_equal(i.model.ffn, 3072);
  assert_int_equal(i.model.activation, CLX_GELU);
  clx_arena_free(i.arena);
}

// --- patterns of layers ----------------------------------------------------------------------------------------------

#define TINY_DIMENSIONS                                                                                            \
  "\"hidden_size\": 64, \"intermediate_size\": 128, \"max_position_embeddings\": 512, \"num_attention_heads\": 4," \
  "\"num_hidden_layers\": 6, \"vocab_size\": 1000, \"tie_word_embeddings\": true"
#define TINY_MOE TINY_DIMENSIONS ", \"num_experts\": 4, \"num_experts_per_tok\": 2"

static void test_expert_layers(void **state) {
  (void)state;
  const struct {
    const char *keys;
    int32_t first, period, layers;
  } known[] = {{"", 0, 1, 6},
               {", \"mlp_only_layers\": [0]", 1, 1, 5},
               {", \"mlp_only_layers\": [0, 1]", 2, 1, 4},
               {", \"decoder_sparse_step\": 2", 0, 2, 3},
               {", \"decoder_sparse_step\": 3", 0, 3, 2},
               {", \"moe_layers\": [1, 3, 5]", 0, 2, 3},
               {", \"moe_layers\": [3, 5]", 3, 2, 2},
               {", \"moe_layer_freq\": [0, 0, 1, 1, 1, 1]", 2, 1, 4},
               {", \"moe_layer_freq\": 2", 0, 2, 3},
               {", \"first_k_dense_replace\": 5", 5, 1, 1}};
  for (int32_t k = 0; k < CLX_COUNT(known); k++) {
    char text[600];
    snprintf(text, sizeof text, "{\"model_type\": \"qwen3_moe\", " TINY_MOE "%s}", known[k].keys);
    const import i = import_good(text);
    assert_int_equal(i.model.first_dense_layers, known[k].first);
    assert_int_equal(i.model.moe_period, known[k].period);
    assert_int_equal(clx_moe_layers(&i.model), known[k].layers);
    clx_arena_free(i.arena);
  }
}

static void test_windows(void **state) {
  (void)state;
  const struct {
    const char *keys;
    int32_t window, period;
  } known[] = {{"", 0, 0},
               {", \"sliding_window\": 128", 128, 0},
               {", \"sliding_window\": 128, \"use_sliding_window\": false", 0, 0},
               {", \"sliding_window\": 128, \"max_window_layers\": 6", 0, 0},
               {", \"sliding_window\": 128, \"sliding_window_pattern\": 3", 128, 3}};
  for (int32_t k = 0; k < CLX_COUNT(known); k++) {
    char text[600];
    snprintf(text, sizeof text, "{\"model_type\": \"mistral\", " TINY_DIMENSIONS "%s}", known[k].keys);
    const import i = import_good(text);
    assert_int_equal(i.model.sliding_window, known[k].window);
    assert_int_equal(i.model.window_period, known[k].period);
    clx_arena_free(i.arena);
  }
}

// --- refusals --------------------------------------------------------------------------------------------------------

static void test_refusals(void **state) {
  (void)state;
  const struct {
    const char *keys, *word;
  } known[] = {
      {", \"hybrid_override_pattern\": \"M-M*\"", "hybrid_override_pattern"},
      {", \"linear_num_key_heads\": 16", "linear_num_key_heads"},
      {", \"full_attention_interval\": 4", "full_attention_interval"},
      {", \"routed_expert_hidden_size\": 32", "routed_expert_hidden_size"},
      {", \"mamba_num_heads\": 8", "mamba_num_heads"},
      {", \"is_encoder_decoder\": true", "is_encoder_decoder"},
      {", \"moe_layers\": [0, 1, 4]", "moe_layers"},
      {", \"mlp_only_layers\": [3]", "mlp_only_layers"},
      {", \"mlp_only_layers\": [0, 1, 2, 3, 4, 5]", "mlp_only_layers"},
      {", \"sliding_window\": 128, \"max_window_layers\": 3", "max_window_layers"},
      {", \"layer_types\": [\"full_attention\", \"linear_attention\", \"full_attention\", \"full_attention\","
       " \"full_attention\", \"full_attention\"]",
       "linear_attention"},
      {", \"layer_types\": [\"full_attention\"]", "layer_types"},
      {", \"layer_types\": [\"sliding_attention\", \"full_attention\", \"sliding_attention\", \"full_attention\","
       " \"sliding_attention\", \"full_attention\"]",
       "sliding_window"},
      {", \"hidden_act\": \"xielu\"", "hidden_act"},
      {", \"head_dim\": \"many\"", "head_dim"},
      {", \"head_dim\": -1", "head_dim"},
      {", \"head_dim\": 1.5", "head_dim"},
      {", \"head_dim\": [1]", "head_dim"},
      {", \"kv_lora_rank\": 512", "qk_nope_head_dim"},
      {", \"num_key_value_heads\": 3", "kv_heads"},
      {", \"moe_intermediate_size\": 2000000000, \"n_shared_experts\": 2", "shared experts"},
      {", \"head_dim\": 1000000", "out of range"}};
  for (int32_t k = 0; k < CLX_COUNT(known); k++) {
    char text[700];
    snprintf(text, sizeof text, "{\"model_type\": \"qwen3_moe\", " TINY_MOE "%s}", known[k].keys);
    check_refused(text, known[k].word);
  }
  check_refused("{" TINY_DIMENSIONS "}", "model_type");
  check_refused("{\"model_type\": \"mamba2\", " TINY_DIMENSIONS "}", "mamba2");
  check_refused("{\"model_type\": \"qwen4\", " TINY_DIMENSIONS "}", "qwen");
  check_refused("{\"model_type\": \"llama\", \"hidden_size\": 64}", "num_hidden_layers");
  check_refused(
      "{\"model_type\": \"llama\", \"num_hidden_layers\": 1000000000, \"hidden_size\": 64,"
      "\"num_attention_heads\": 4, \"vocab_size\": 1000}",
      "layers");
  check_refused("[1, 2]", "map");
  check_refused("", "model_type");
}

// All mistakes at once, each with its place.
static void test_places(void **state) {
  (void)state;
  const import i = import_text(
      "{\n  \"model_type\": \"llama\",\n  \"hidden_size\": \"wide\",\n  \"num_hidden_layers\": 2,\n"
      "  \"num_attention_heads\": -4,\n  \"vocab_size\": 1000\n}");
  assert_int_equal(i.status, CLX_INPUT);
  assert_int_equal(i.error.count, 2);
  assert_int_equal(i.error.mistake[0].line, 3);
  assert_int_equal(i.error.mistake[1].line, 5);
  assert_string_equal(i.error.mistake[0].file, "config.json");
  clx_arena_free(i.arena);
}

// No allocation that fails may do more than fail.
static void test_out_of_memory(void **state) {
  (void)state;
  char text[1200];
  snprintf(text, sizeof text, "%s, \"index_topk\": 2048}", deepseek_v3);
  clx_arena *arena = clx_arena_new();
  clx_node *root = NULL;
  clx_error error = {0};
  assert_int_equal(clx_document_read(arena, "config.json", text, strlen(text), &root, &error), CLX_OK);
  for (int64_t n = 1; n < 4; n++) {
    clx_arena *small = clx_arena_new();
    clx_transformer model;
    clx_error_clear(&error);
    clx_memory_fail_after(n);
    const clx_status status = clx_import_hf_config(root, "tiny", small, &model, &error);
    clx_memory_fail_after(0);
    assert_true(status == CLX_OK || status == CLX_MEMORY);
    clx_arena_free(small);
  }
  clx_arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_llama),         cmocka_unit_test(test_mixtral),  cmocka_unit_test(test_deepseek),
      cmocka_unit_test(test_qwen3_moe),     cmocka_unit_test(test_gpt_oss),  cmocka_unit_test(test_llama4),
      cmocka_unit_test(test_grok),          cmocka_unit_test(test_gpt2),     cmocka_unit_test(test_expert_layers),
      cmocka_unit_test(test_windows),       cmocka_unit_test(test_refusals), cmocka_unit_test(test_places),
      cmocka_unit_test(test_out_of_memory),
  };
  return cmocka_run_group_tests_name("import", tests, NULL, NULL);
}
