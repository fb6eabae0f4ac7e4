// The family `attention_generation`: one new token of each sequence against its cached keys and values (decode).
#pragma once

#include "device/device_kernel.h"

typedef struct clx_attention_generation_shape {
  double batch_size;           // sequences
  double isl;                  // new tokens of each, 1
  double step;                 // tokens of each that are cached
  double num_heads;            // of queries, on this device
  double num_key_value_heads;  // divides num_heads
  double head_dim;
  double window_size;     // tokens that a query sees, 0 = all
  double kv_cache_dtype;  // 0 bfloat16, 1 fp8
} clx_attention_generation_shape;

// Cycles are those of device->clock. `_fp8`: with an fp8 cache. `plain`: a block of threads per query head and part of a
// sequence; `packed`: a block per head of keys and values, whose query heads share one pass over the cache.
typedef struct clx_attention_generation_parameters {
  clx_kernel_fit fit;
  double packed;
  double launch, start, start_fp8, start_threads, start_dim, merge;
  double first_pass, first_pass_fp8, first_pass_dim, serial, serial_fp8, parallel, parallel_fp8, processor_rate,
      far_latency;
  double packed_launch, packed_launch_fp8, packed_start, packed_start_fp8, packed_rows, packed_rows_fp8, query_time;
  double packed_rate, packed_rate_fp8, packed_rate_rows, packed_token_fp8, packed_overlap, packed_part, packed_merge,
      packed_merge_part, packed_memory;
  double memory_share, cache_share, value_traffic;
} clx_attention_generation_parameters;

extern const clx_schema clx_attention_generation_schema;
extern const clx_kernel_family clx_kernel_attention_generation;
