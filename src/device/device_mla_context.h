// The family `mla_context`: prefill of multi-head latent attention as DeepSeek-V3 has it. What is measured is what TensorRT-LLM
// runs between the projections: rotary embedding and cache write, for 8-bit caches a cast, then fused causal attention with
// head dimensions 192 (keys) and 128 (values). The up-projection of latents is not part of it.
#pragma once

#include "device/device_kernel.h"

typedef struct clx_mla_context_shape {
  double batch_size;      // sequences
  double isl;             // new tokens of each
  double step;            // tokens of each that are in the cache already
  double num_heads;       // on this device
  double kv_cache_dtype;  // 0 bfloat16, 1 fp8
} clx_mla_context_shape;

typedef struct clx_mla_context_parameters {
  clx_kernel_fit fit;
  double launch_time;      // s: launches, ramp up and drain
  double quantise_time;    // s: launch of the cast of an 8-bit cache
  double prepare_share;    // of the memory bandwidth: rotary embedding and cache write
  double quantise_share;   // of the memory bandwidth: cast of queries, keys and values
  double tile_time;        // s: start and end of one tile of queries
  double matrix_bf16;      // of a slot's peak, one tile alone
  double matrix_fp8;       // the same with 8-bit queries, keys and values
  double contention_bf16;  // slowdown when all processors are busy: clock under power, cache
  double contention_fp8;   // the same with 8-bit values
  double memory_share;     // of the memory bandwidth: attention
  double cache_rate;       // B per processor and clock while everything fits the last-level cache
  double cache_share;      // of the last-level cache that keeps operands from kernel to kernel
} clx_mla_context_parameters;

extern const clx_schema clx_mla_context_schema;
extern const clx_kernel_family clx_kernel_mla_context;
