// Attention of generation: one new token per sequence against the cached keys and values (decode).
#pragma once

#include "device/device_kernel.h"

typedef struct clx_attention_generation_shape {
  double batch_size, isl, step, num_heads, num_key_value_heads, head_dim, window_size, kv_cache_dtype;
} clx_attention_generation_shape;

typedef struct clx_attention_generation_parameters {
  clx_kernel_fit fit;
  double packed;
  double launch, packed_launch, packed_launch_fp8;
  double start, start_fp8, first_pass, first_pass_fp8, start_shared, far_latency, merge;
  double serial, serial_fp8, parallel, parallel_fp8, processor_rate;
  double packed_start, packed_start_fp8, packed_rows, packed_rows_fp8, row_share, merge_rows;
  double packed_rate, packed_rate_fp8;
  double packed_merge, query_time;
  double packed_memory, memory_share, cached_share, value_traffic;
} clx_attention_generation_parameters;

extern const clx_kernel_family clx_kernel_attention_generation;
