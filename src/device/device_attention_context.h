// The family `attention_context`: causal attention of new tokens (prefill), with the kernels that rotate the queries and
// write the cache of keys and values before it. `step` tokens of each sequence are in the cache already.
#pragma once

#include "device/device_kernel.h"

typedef struct clx_attention_context_shape {
  double batch_size;           // sequences
  double isl;                  // new tokens of each
  double step;                 // tokens of each that are cached
  double num_heads;            // of queries, on this device
  double num_key_value_heads;  // divides num_heads
  double head_dim;
  double window_size;     // tokens that a query sees, 0 = all
  double kv_cache_dtype;  // 0 bfloat16, 1 fp8
} clx_attention_context_shape;

// Cycles are those of device->clock. `_cast`: bf16 arithmetic over a cache kept in fp8 (another kernel on Hopper).
typedef struct clx_attention_context_parameters {
  clx_kernel_fit fit;
  double launch, launch_cast, launch_narrow;
  double prepare_token, prepare_rate, prepare_rate_cast, prepare_far, prepare_kv, prepare_single;
  double tile_start, tile_start_cast, row_time;
  double matmul, matmul_cast, softmax, softmax_cast;
  double window_tile, window_tile_cast, window_slack, window_slack_cast;
  double tail;
  double memory_share;
  double throttle, throttle_time;
} clx_attention_context_parameters;

extern const clx_schema clx_attention_context_schema;
extern const clx_kernel_family clx_kernel_attention_context;

// Time and work of one call; what the family's `cost` points to.
clx_kernel_cost clx_attention_context_cost(const struct clx_device *device, clx_kernel_format format,
                                           const void *parameters, const void *shape);
