// What a user says of engines and their fleet, in the words of vLLM and of Vidur.
#pragma once

#include "engine/engine_operators.h"
#include "schema/schema.h"

typedef struct clx_engine_spec {
  int32_t policy;  // clx_engine_policy
  int32_t max_num_seqs, max_num_batched_tokens, block_size;
  int64_t num_blocks;
  int32_t enable_chunked_prefill, enable_prefix_caching, reserve_full_isl, async_scheduling;
  double watermark;
  int32_t max_tokens;
  int32_t num_speculative_tokens;
  double acceptance_length;
  int32_t tensor_parallel_size, pipeline_parallel_size, data_parallel_size;
  int32_t replicas, prefill_replicas;
  int32_t router;  // clx_router
  double kv_bytes_per_token, transfer_bandwidth, transfer_setup;
  clx_outage *outage;
  int32_t outages;
  double outage_notice;
  int32_t outages_lose;
  clx_scaling scaling, prefill_scaling;
  int32_t max_concurrency;
  int32_t max_queue;
  double time_limit;
  int32_t refuse;
  int64_t seed;
  int32_t num_layers;
  double nccl_launch_overhead;
  clx_place place;
} clx_engine_spec;

extern const clx_schema clx_engine_spec_schema;

// Rules of one pool, and the fleet of it; with prefill_replicas a pool for prompts in front of `replicas` that decode.
clx_rules clx_engine_spec_rules(const clx_engine_spec *spec);
enum { CLX_ENGINE_SPEC_POOLS = 2 };
// `pool` has room for CLX_ENGINE_SPEC_POOLS; the laws are `law`.
clx_engine_fleet clx_engine_spec_fleet(const clx_engine_spec *spec, clx_step_law law, clx_pool *pool);
clx_operator_rules clx_engine_spec_operators(const clx_engine_spec *spec);
