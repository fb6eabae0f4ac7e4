// Formats of weights and constants of engines, with where each comes from.
#include "serving/serving_unified.h"

// llama.cpp: blocks of 32 weights with a 16-bit scale (Q8_0: 8.5 bits, Q4_0: 4.5); its Q4_0 files keep logits in Q6_K (6.5625).
// Q4_K_M: super-blocks of 256, half of the value and down matrices in Q6_K; 4.81 is what files of Llama 3 8B (4.92 GB) and 70B (42.5 GB)
// leave for their layers. MXFP4 files of gpt-oss: experts 4 bit with a scale per 32, the rest Q8_0 (12.1 GB for the 20B).
// MLX: groups of 64 with a 16-bit scale and bias, everything alike.
static const clx_quant QUANTS[] = {
    {"F16", 16, 16, 16, 16, 0},           {"Q8_0", 8.5, 8.5, 8.5, 8.5, 1},
    {"Q4_0", 4.5, 4.5, 6.5625, 4.5, 1},   {"Q4_K_M", 4.81, 4.81, 6.5625, 4.5, 2},
    {"MXFP4", 8.5, 4.25, 8.5, 8.5, 1},    {"MLX 16-bit", 16, 16, 16, 16, 0},
    {"MLX 8-bit", 8.5, 8.5, 8.5, 8.5, 1}, {"MLX 4-bit", 4.5, 4.5, 4.5, 4.5, 1},
};

const clx_quant *clx_quant_find(const char *name) {
  for (int32_t i = 0; i < CLX_COUNT(QUANTS); i++) {
    if (clx_text_equal(QUANTS[i].name, name)) return &QUANTS[i];
  }
  return NULL;
}

const char *clx_quant_name(int32_t index) {
  return index >= 0 && index < CLX_COUNT(QUANTS) ? QUANTS[index].name : NULL;
}

// llama.cpp: up to 8 columns a matrix-vector kernel runs (ne11_mm_min), for experts up to 31 (ne21_mm_id_min of its Metal back end; users
// measure that reads are not shared below). Since the end of 2024 up to 4 columns share a read, but not in models whose width is no multiple
// of 128, such as gpt-oss (mul_mv_ext). Prompts pass in pieces of 512 (-ub). Without flash attention each query head reads its keys.
// llama.cpp-2025: kernels are fused and issued side by side (builds of autumn 2025 on), 0.8 of the floor: fitted to six decode rates of one
// sequence (gpt-oss-20b, gpt-oss-120b, GLM-4.7-Flash on M2 Ultra; three models on M3 Ultra). Flash attention is on.
// Layers with a window have a cache of their own that is no longer: window x sequences + piece tokens (llama.cpp pull request 13194, May 2025,
// llama-kv-cache-iswa.cpp, without --swa-full; RotatingKVCache in make_cache of gpt_oss.py and gemma3_text.py of mlx-lm); builds before hold all.
// llama.cpp-rpc: layers in turn on nodes over TCP; the graph and its inputs are sent for each token: 5.5 ms a hop, fitted to Qwen3-235B on
// two and four M3 Ultra (20.4, 17.2, 15.2 tokens/s on 1, 2, 4).
// mlx: 0.5 of the floor and 1.12 of the products, fitted to Qwen3-4B in 16 bit on M4 Max (mlx-lm BENCHMARKS.md: 1,781 and 52.5 tokens/s).
// Batches as llama.cpp has them: assumed.
// exo: mlx, and 5 ms of its own a token, fitted to Qwen3-235B on one M3 Ultra (19.5 tokens/s); 20 us a sum, to the same on two (26.2).
static const clx_unified_engine ENGINES[] = {
    {.name = "llama.cpp",
     .title = "llama.cpp on Metal, builds of 2023 and 2024, no flash attention",
     .kernels = 1,
     .products = 1,
     .vector = 8,
     .columns = 1,
     .vector_experts = 31,
     .chunk = 512},
    {.name = "llama.cpp-2025",
     .title = "llama.cpp on Metal from autumn 2025, flash attention",
     .kernels = 0.8,
     .products = 1,
     .vector = 8,
     .columns = 4,
     .vector_experts = 31,
     .chunk = 512,
     .flash = true,
     .windows = true},
    {.name = "llama.cpp-rpc",
     .title = "llama.cpp on Metal from autumn 2025, layers over nodes by RPC over TCP",
     .kernels = 0.8,
     .products = 1,
     .vector = 8,
     .columns = 4,
     .vector_experts = 31,
     .chunk = 512,
     .flash = true,
     .windows = true,
     .hop_time = 5.5e-3},
    {.name = "mlx",
     .title = "mlx-lm of 2025",
     .kernels = 0.5,
     .products = 1.12,
     .vector = 8,
     .columns = 4,
     .vector_experts = 31,
     .chunk = 2048,
     .flash = true,
     .windows = true,
     .reduce_time = 20e-6},
    {.name = "exo",
     .title = "exo 1.0 on mlx, tensor parallel",
     .kernels = 0.5,
     .products = 1.12,
     .step_time = 5e-3,
     .vector = 8,
     .columns = 4,
     .vector_experts = 31,
     .chunk = 2048,
     .flash = true,
     .windows = true,
     .reduce_time = 20e-6},
};

const clx_unified_engine *clx_unified_engine_find(const char *name) {
  for (int32_t i = 0; i < CLX_COUNT(ENGINES); i++) {
    if (clx_text_equal(ENGINES[i].name, name)) return &ENGINES[i];
  }
  return NULL;
}

const char *clx_unified_engine_name(int32_t index) {
  return index >= 0 && index < CLX_COUNT(ENGINES) ? ENGINES[index].name : NULL;
}
