// The model_type values of config.json that the workload model can express, with what their code fixes.
#include "import/import_internal.h"

// A field that is not named is 0: SwiGLU, RMSNorm, two norms per layer, no biases, head not tied.
static const clx_hf_kind kinds[] = {
    {.type = "llama"},
    {.type = "mistral"},
    {.type = "mixtral"},
    {.type = "phi3"},
    {.type = "granite"},
    {.type = "qwen2", .attention_bias = true},  // of QKV only: one vector of `hidden` too many is counted per layer
    {.type = "qwen2_moe", .attention_bias = true},
    {.type = "qwen3", .qk_norm = true},
    {.type = "qwen3_moe", .qk_norm = true},
    {.type = "qwen3_vl_text", .qk_norm = true},
    {.type = "qwen3_vl_moe_text", .qk_norm = true},
    {.type = "deepseek_v2"},
    {.type = "deepseek_v3", .router_bias = true},
    {.type = "deepseek_v32", .router_bias = true},
    {.type = "kimi_k2", .router_bias = true},
    {.type = "glm4_moe", .router_bias = true},
    {.type = "llama4", .shared_expert = true},
    {.type = "llama4_text", .shared_expert = true},
    {.type = "gpt_oss",
     .attention_bias = true,
     .mlp_bias = true,
     .sinks = true,
     .router_bias = true,
     .window_period = 2},
    {.type = "gemma", .activation = CLX_GEGLU, .tied = true},
    {.type = "gemma2", .activation = CLX_GEGLU, .tied = true, .four_norms = true, .window_period = 2},
    {.type = "gemma3_text",
     .activation = CLX_GEGLU,
     .tied = true,
     .four_norms = true,
     .qk_norm = true,
     .window_period = 6},
    {.type = "grok-1", .activation = CLX_GEGLU, .four_norms = true},
    {.type = "nemotron", .activation = CLX_SQUARED_RELU, .norm = CLX_LAYERNORM},
    {.type = "gpt_neox", .activation = CLX_GELU, .norm = CLX_LAYERNORM, .attention_bias = true, .mlp_bias = true},
    {.type = "gpt2",
     .activation = CLX_GELU,
     .norm = CLX_LAYERNORM,
     .attention_bias = true,
     .mlp_bias = true,
     .learned_positions = true,
     .tied = true},
};

const clx_hf_kind *clx_hf_kind_find(const char *type, const char **nearest) {
  const char *known[CLX_COUNT(kinds)];
  for (int32_t i = 0; i < CLX_COUNT(kinds); i++) {
    if (clx_text_equal_loose(kinds[i].type, type)) return &kinds[i];
    known[i] = kinds[i].type;
  }
  *nearest = clx_nearest(type, known, CLX_COUNT(kinds));
  return NULL;
}
