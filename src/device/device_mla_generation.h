// The family `mla_generation`: one decode step of multi-head latent attention in the absorbed form, as DeepSeek-V3 has it.
// All heads of a sequence attend to one latent vector of 512 + 64 values per token; the sum over tokens has 512 values per
// head. Includes rotary embedding and cache write, not the projections around it.
#pragma once

#include "device/device_kernel.h"

typedef struct clx_mla_generation_shape {
  double batch_size;      // sequences
  double isl;             // new tokens of each: 1, more when drafts are verified
  double step;            // tokens of each in the cache
  double num_heads;       // on this device
  double kv_cache_dtype;  // 0 bfloat16, 1 fp8
} clx_mla_generation_shape;

typedef struct clx_mla_generation_parameters {
  clx_kernel_fit fit;
  double launch_time;    // s: launches, ramp up and drain
  double prepare_share;  // of the memory bandwidth: rotary embedding, packing or cast of the queries
  double tile_time;      // s: start and end of one part of a sequence on one processor
  double row_time;       // s: its share for one head, queries in and 512 sums out
  double mask_time;      // s: masking one empty page of 64 tokens
  double matrix_bf16;    // of a processor's peak, 64 heads against a block of tokens
  double matrix_fp8;     // the same, 8-bit cache
  double ingest;        // B per processor and clock: keys (576) and values (512 or its share of them) into matrix units
  double memory_bf16;   // of the memory bandwidth
  double memory_fp8;    // the same, 8-bit cache: more tokens in flight
  double cache_rate;    // B per processor and clock out of the last-level cache
  double cache_share;   // of the last-level cache that keeps latents from step to step
  double miss_time;     // s: until latents stream from memory when none are in the cache
  double reread;        // share of latents that a further group of heads reads from memory again
  double overlap;       // exponent of latency and bandwidth of loads: 1 they add, 10 the larger counts
  double combine_time;  // s: a kernel that adds up the parts of split sequences
  double cluster_time;  // s: the same inside a cluster
  double part_time;     // s: each part added
  double crowding;      // slowdown when both processors of a pair (TPC) are busy
} clx_mla_generation_parameters;

extern const clx_schema clx_mla_generation_schema;
extern const clx_kernel_family clx_kernel_mla_generation;
