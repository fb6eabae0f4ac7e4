// Published parameter counts and FLOP per token, and that the operations of all ranks add up to the model.
#include "check.h"

#include "catalog/catalog.h"
#include "workload/workload.h"

static clx_catalog *catalog;

static clx_transformer model_of(clx_arena *arena, const char *name) {
  clx_error error = {0};
  clx_transformer model = {0};
  assert_int_equal(clx_catalog_read(catalog, "model", name, (clx_place){0}, &clx_model_schema, arena, &model, &error),
                   CLX_OK);
  assert_int_equal(clx_transformer_complete(&model, (clx_place){0}, &error), CLX_OK);
  return model;
}

// Exact totals: model cards and config.json counting; Grok: xai-org/grok-1 and the Grok-2 configuration.
static void test_parameters(void **state) {
  (void)state;
  const struct {
    const char *name;
    double total, active, tolerance;
  } known[] = {{"llama-3.1-8b", 8030261248, 8030261248, 0},
               {"llama-3.1-70b", 70553706496, 70553706496, 0},
               {"llama-3.1-405b", 405853388800, 405853388800, 0},
               {"mixtral-8x7b", 46702792704, 12879925248, 0},
               {"qwen3-30b-a3b", 30532122624, 3353032704, 0},
               {"qwen3-235b-a22b", 235093634560, 22190763520, 0},
               {"deepseek-v3", 671026419200, 37552297472, 0},
               {"mixtral-8x22b", 140.621e9, 39.152e9, 1e-4},
               {"qwen3-32b", 32.762e9, 32.762e9, 1e-4},
               {"kimi-k2", 1026.408e9, 32.862e9, 1e-4},
               {"grok-1", 315.68e9, 83.8e9, 1e-3},
               {"grok-2", 269.51e9, 114.9e9, 1e-3},
               {"gpt-oss-120b", 116.83e9, 5.71e9, 1e-3},  // 5.13 B active and the embedding
               {"gpt3-175b", 174.6e9, 174.6e9, 5e-3},
               {"llama-2-70b", 68.98e9, 68.98e9, 1e-3},
               {"llama-3.2-1b", 1235814400, 1235814400, 0},
               {"mistral-small-24b", 23572403200, 23572403200, 0},
               {"qwen3-0.6b", 596049920, 596049920, 0},
               {"qwen2.5-72b", 72.706e9, 72.706e9, 1e-4},
               {"qwen2.5-32b", 32.764e9, 32.764e9, 1e-4},
               {"glm-4.5", 355e9, 33.55e9, 1e-2},  // active as their card rounds it, and embedding and head
               {"glm-4.5-air", 106e9, 13.24e9, 2e-2}};
  clx_arena *arena = clx_arena_new();
  for (int32_t i = 0; i < CLX_COUNT(known); i++) {
    const clx_transformer model = model_of(arena, known[i].name);
    const clx_parameters count = clx_parameter_count(&model);
    CLX_CHECK_NEAR(count.total, known[i].total, known[i].tolerance, 0);
    CLX_CHECK_NEAR(count.active, known[i].active, known[i].tolerance, 0);
  }
  clx_arena_free(arena);
}

// GFLOP per token that NVIDIA-NeMo/Megatron-Bridge's printed tokens/s and TFLOP/s imply (docs/performance-summary), and the
// full-attention figures of NeMo 24.07 and dgxc-benchmarking.
static void test_flop_per_token(void **state) {
  (void)state;
  const struct {
    const char *name;
    double sequence, gflop;
    clx_flop_convention convention;
    double tolerance;
  } known[] = {{"llama-3.1-405b", 8192, 2524.0, CLX_FLOP_MEGATRON, 0.003},
               {"llama-3.1-70b", 8192, 449.23, CLX_FLOP_MEGATRON, 0.003},
               {"llama-3.1-8b", 8192, 51.47, CLX_FLOP_MEGATRON, 0.003},
               {"qwen3-30b-a3b", 4096, 23.08, CLX_FLOP_MEGATRON, 0.003},
               {"qwen3-235b-a22b", 4096, 148.34, CLX_FLOP_MEGATRON, 0.003},
               {"kimi-k2", 4096, 205.47, CLX_FLOP_MEGATRON, 0.003},
               {"deepseek-v3", 4096, 259.97, CLX_FLOP_MEGATRON, 0.003},
               {"llama-3.1-70b", 8192, 481.5, CLX_FLOP_FULL_ATTENTION, 0.003},
               {"llama-3.1-8b", 8192, 57.92, CLX_FLOP_FULL_ATTENTION, 0.003},
               {"gpt3-175b", 2048, 1076, CLX_FLOP_FULL_ATTENTION, 0.003},
               {"llama-2-70b", 4096, 444.3, CLX_FLOP_FULL_ATTENTION, 0.003}};
  clx_arena *arena = clx_arena_new();
  for (int32_t i = 0; i < CLX_COUNT(known); i++) {
    const clx_transformer model = model_of(arena, known[i].name);
    CLX_CHECK_NEAR(clx_flop_per_token(&model, known[i].sequence, known[i].convention) / 1e9, known[i].gflop,
                   known[i].tolerance, 0);
  }
  clx_transformer v3 = model_of(arena, "deepseek-v3");
  v3.mtp_layers = 0;
  CLX_CHECK_NEAR(clx_flop_per_token(&v3, 4096, CLX_FLOP_MEGATRON) / 1e9, 250.46, 0.003, 0);
  clx_arena_free(arena);
}

static double matmul_flop(const clx_transformer *model, const clx_shard *shard, bool moe) {
  clx_op ops[CLX_LAYER_OPS_MAX];
  const int32_t count = clx_layer_operations(model, shard, moe, false, ops);
  double flop = 0;
  for (int32_t i = 0; i < count; i++) flop += ops[i].flop;
  return flop;
}

// Work split over ranks adds up: tp, cp and ep ranks together do what one rank does alone. The router and MLA's down
// projections are done by every tensor rank on its own tokens only with sequence parallelism, as here.
static void test_ranks_add_up(void **state) {
  (void)state;
  static const char *const names[] = {"llama-3.1-70b", "gpt3-175b", "mixtral-8x7b",
                                      "deepseek-v3",   "grok-2",    "qwen3-235b-a22b"};
  clx_arena *arena = clx_arena_new();
  for (int32_t i = 0; i < CLX_COUNT(names); i++) {
    const clx_transformer model = model_of(arena, names[i]);
    const bool moe = model.experts > 0;
    const clx_shard whole = {
        .tp = 1, .cp = 1, .ep = 1, .etp = 1, .sequences = 2, .sequence = 4096, .expert_imbalance = 1};
    for (int32_t tp = 1; tp <= 4; tp *= 2) {
      for (int32_t cp = 1; cp <= 2; cp++) {
        const clx_shard part = {.tp = tp,
                                .cp = cp,
                                .ep = moe ? tp * cp : 1,
                                .etp = 1,
                                .sequence_parallel = true,
                                .sequences = 2,
                                .sequence = 4096,
                                .expert_imbalance = 1};
        CLX_CHECK_NEAR(matmul_flop(&model, &part, moe) * tp * cp, matmul_flop(&model, &whole, moe), 1e-12, 0);
      }
    }
  }
  clx_arena_free(arena);
}

// The operations of all layers and the head are the forward third of the closed-form FLOP.
static void test_operations_match_closed_form(void **state) {
  (void)state;
  static const char *const names[] = {"llama-3.1-8b", "llama-3.1-405b", "mixtral-8x7b",
                                      "grok-2",       "deepseek-v3",    "qwen3-235b-a22b"};
  clx_arena *arena = clx_arena_new();
  for (int32_t i = 0; i < CLX_COUNT(names); i++) {
    clx_transformer model = model_of(arena, names[i]);
    model.mtp_layers = 0;
    const clx_shard shard = {
        .tp = 1, .cp = 1, .ep = 1, .etp = 1, .sequences = 1, .sequence = 8192, .expert_imbalance = 1};
    clx_op ops[CLX_LAYER_OPS_MAX];
    double flop = 0;
    const int32_t head = clx_head_operations(&model, &shard, ops);
    for (int32_t k = 0; k < head; k++) flop += ops[k].flop;
    for (int32_t layer = 0; layer < model.layers; layer++)
      flop += matmul_flop(&model, &shard, clx_layer_is_moe(&model, layer));
    // The closed form counts norms and biases as if they were matrices: a few parts in ten thousand.
    CLX_CHECK_NEAR(3 * flop / 8192, clx_flop_per_token(&model, 8192, CLX_FLOP_MEGATRON), 1e-3, 0);
  }
  clx_arena_free(arena);
}

// Parameters of all ranks add up to the model.
static const clx_op *operation(const clx_op *ops, int32_t count, const char *name) {
  for (int32_t i = 0; i < count; i++) {
    if (clx_text_equal(ops[i].name, name)) return &ops[i];
  }
  return NULL;
}

// Megatron pads a vocabulary to 128 entries per rank; one rank takes it as it is.
static void test_vocabulary_is_padded_for_tensor_parallelism(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_transformer model = model_of(arena, "gpt3-175b");
  model.vocab = 50257;
  static const struct {
    int32_t tp;
    double columns;
  } known[] = {{1, 50257}, {2, 25216}, {8, 6400}};
  for (int32_t i = 0; i < CLX_COUNT(known); i++) {
    const clx_shard shard = {.tp = known[i].tp, .cp = 1, .ep = 1, .etp = 1, .sequences = 1, .sequence = 2048};
    clx_op ops[CLX_LAYER_OPS_MAX];
    const int32_t count = clx_head_operations(&model, &shard, ops);
    const clx_op *logits = operation(ops, count, "logits");
    assert_non_null(logits);
    CLX_CHECK_NEAR(logits->n, known[i].columns, 0, 0);
  }
  clx_arena_free(arena);
}

// Rotary work is that of models with rotary positions; what attention keeps is the same.
static void test_rotary_positions(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_transformer model = model_of(arena, "llama-3.1-8b");
  const clx_shard shard = {.tp = 1, .cp = 1, .ep = 1, .etp = 1, .sequences = 1, .sequence = 2048};
  double saved[3] = {0};
  for (int32_t kind = 0; kind < 3; kind++) {
    clx_op ops[CLX_LAYER_OPS_MAX];
    model.learned_positions = kind == 1;
    model.alibi = kind == 2;
    const int32_t count = clx_layer_operations(&model, &shard, false, false, ops);
    assert_int_equal(operation(ops, count, "rope") != NULL, kind == 0);
    for (int32_t i = 0; i < count; i++) saved[kind] += ops[i].saved;
  }
  CLX_CHECK_NEAR(saved[1], saved[0], 0, 0);
  CLX_CHECK_NEAR(saved[2], saved[0], 0, 0);
  clx_arena_free(arena);
}

static void test_parameter_shards_add_up(void **state) {
  (void)state;
  static const char *const names[] = {"llama-3.1-70b", "mixtral-8x7b", "grok-2"};
  clx_arena *arena = clx_arena_new();
  for (int32_t i = 0; i < CLX_COUNT(names); i++) {
    const clx_transformer model = model_of(arena, names[i]);
    const clx_parameters count = clx_parameter_count(&model);
    const bool moe = model.experts > 0;
    const clx_shard shard = {
        .tp = 1, .cp = 1, .ep = moe ? 8 : 1, .etp = 1, .sequences = 1, .sequence = 4096, .expert_imbalance = 1};
    const clx_layer_parameters part = clx_layer_parameter_shard(&model, &shard, moe);
    const double layers = model.layers * (part.shared + part.expert * shard.ep);
    CLX_CHECK_NEAR(layers + count.embedding + count.head + model.hidden, count.total, 1e-9, 0);
  }
  clx_arena_free(arena);
}

static void test_incomplete_models_are_refused(void **state) {
  (void)state;
  const clx_transformer base = {.name = "m", .layers = 4, .hidden = 64, .heads = 4, .ffn = 128, .vocab = 100};
  clx_transformer bad[5];
  for (int32_t i = 0; i < 5; i++) bad[i] = base;
  bad[0].layers = 0;
  bad[1].kv_heads = 3;
  bad[2].experts = 8;  // no experts_per_token
  bad[3].experts = 2, bad[3].experts_per_token = 4;
  bad[4].ffn = 0;
  for (int32_t i = 0; i < 5; i++) {
    clx_error error = {0};
    assert_int_equal(clx_transformer_complete(&bad[i], (clx_place){0}, &error), CLX_INPUT);
    assert_true(error.count > 0);
  }
  clx_transformer good = base;
  clx_error error = {0};
  assert_int_equal(clx_transformer_complete(&good, (clx_place){0}, &error), CLX_OK);
  assert_int_equal(good.kv_heads, 4);
  assert_int_equal(good.head_dim, 16);
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
      cmocka_unit_test(test_parameters),
      cmocka_unit_test(test_flop_per_token),
      cmocka_unit_test(test_ranks_add_up),
      cmocka_unit_test(test_operations_match_closed_form),
      cmocka_unit_test(test_vocabulary_is_padded_for_tensor_parallelism),
      cmocka_unit_test(test_rotary_positions),
      cmocka_unit_test(test_parameter_shards_add_up),
      cmocka_unit_test(test_incomplete_models_are_refused),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
