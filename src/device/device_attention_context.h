// Attention of prefill: causal attention of new tokens, with the kernel that prepares queries and fills the cache.
#pragma once

#include "device/device_kernel.h"

typedef struct clx_attention_context_shape {
  double batch_size, isl, step, num_heads, num_key_value_heads, head_dim, window_size, kv_cache_dtype;
} clx_attention_context_shape;

typedef struct clx_attention_context_parameters {
  clx_kernel_fit fit;
  double launch, launch_fp8;
  double prepare_head, prepare_rate, prepare_rate_fp8, prepare_far, prepare_kv, prepare_single, rows, launch_narrow;
  double start, start_fp8;
  double matmul, matmul_fp8;
  double softmax, softmax_fp8;
  double window_tile, window_tile_fp8;
  double slack, slack_fp8;
  double tail;
  double memory_share;
  double drop, drop_time;
} clx_attention_context_parameters;

extern const clx_kernel_family clx_kernel_attention_context;
