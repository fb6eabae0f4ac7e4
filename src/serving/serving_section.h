// The section `serving` of a scenario, as it is written: a model, requests, pools of replicas, and what a plan searches over.
#pragma once

#include "engine/engine.h"
#include "requests/requests_spec.h"
#include "schema/schema.h"
#include "serving/serving_changes.h"

// Pools of one kind of replica. 0, less and NULL = not stated: what the section or the engine has.
typedef struct clx_serve_pool_spec {
  const char *name;
  int32_t role;        // clx_role
  const char *server;  // catalogue name
  const char *model;   // that it serves, as tenants name it
  const char *weights, *engine;
  const clx_node *engine_map;  // what differs from that entry; NULL = nothing
  int32_t cache;               // 0 = the section's, 1 = bf16, 2 = fp8
  double routing;              // below 0 = the section's
  int32_t replicas;
  int32_t tp, pp, dp, ep, etp;  // GPUs of a replica: tp x pp x dp
  int32_t redundant_experts;    // copies of popular experts
  int32_t sequences, tokens;    // of one rank: max_num_seqs, max_num_batched_tokens
  int32_t block;                // tokens
  int64_t blocks;               // of one rank, from the log of an engine
  double memory;                // share of a GPU's that the engine takes
  int32_t prefix;               // bool
  int32_t drafts;
  double accepted;         // tokens of an iteration and sequence
  int32_t eager;           // bool: no captured graphs
  int32_t *capture_sizes;  // of graphs; none = the engine's
  int32_t capture_sizes_count;
  double price;                         // USD/s of one GPU
  double link_latency, link_bandwidth;  // s, B/s between nodes with unified memory
  clx_place place;
} clx_serve_pool_spec;

typedef struct clx_slo_spec {
  double ttft, tpot, e2e;  // s; 0 = no bound
  double share;            // of the requests that must keep all bounds
  clx_place place;
} clx_slo_spec;

// Who asks: of requests of its own, or the tenant of that name in the section's requests.
typedef struct clx_serve_tenant_spec {
  const char *name;
  const char *model;           // NULL = the section's
  clx_requests_spec requests;  // place without a file = none of its own
  int32_t priority;            // lower numbers go first
  clx_slo_spec slo;            // place without a file = the section's
  clx_place place;
} clx_serve_tenant_spec;

typedef enum clx_serve_goal { CLX_SERVE_COST, CLX_SERVE_ENERGY, CLX_SERVE_GPUS, CLX_SERVE_GOALS } clx_serve_goal;
extern const char *const clx_serve_goal_name[CLX_SERVE_GOALS + 1];

// What a plan may buy. Lists: empty = as many as make sense.
typedef struct clx_serve_candidate_spec {
  const char *name, *server, *weights, *engine;
  const clx_node *engine_map;
  double price;       // USD/s of one GPU
  int64_t gpus_most;  // that can be had; 0 = no bound
  int32_t *tp, *pp, *sequences, *tokens;
  int32_t tp_count, pp_count, sequences_count, tokens_count;
  double memory;
  double link_latency, link_bandwidth;
  clx_place place;
} clx_serve_candidate_spec;

typedef struct clx_serve_plan_spec {
  const char *model;  // that is planned for; NULL = the section's
  clx_serve_candidate_spec *candidate;
  int32_t candidate_count;
  double rate;        // requests/s; 0 = that of `requests`
  int32_t goal;       // clx_serve_goal
  int32_t split;      // bool: also pools of prefill and decode
  int32_t finalists;  // that are simulated event by event
  double headroom;    // share of the steady rate that is planned with
  double power_most;  // W of all servers; 0 = no bound
  clx_place place;
} clx_serve_plan_spec;

typedef struct clx_serve_spec {
  const char *model;  // catalogue name, or path of a config.json
  const char *weights, *engine;
  const clx_node *engine_map;
  int32_t cache;  // 0 = bf16, 1 = fp8
  int32_t sorts;  // bool
  double routing;
  int32_t context;  // tokens that a request may take; below 1: the model's own
  clx_requests_spec requests;
  clx_serve_tenant_spec *tenant;
  int32_t tenant_count;
  int32_t clients;  // 0 = open loop
  double warmup;    // s
  int32_t seeds;
  int32_t router;  // clx_router
  clx_serve_pool_spec *pool;
  int32_t pool_count;
  double transfer_bandwidth, transfer_setup;  // B/s, s
  clx_slo_spec slo;
  clx_serve_start_spec start;
  clx_serve_outages_spec outages;
  clx_serve_autoscale_spec *autoscale;
  int32_t autoscale_count;
  clx_serve_plan_spec plan;
  clx_place place;
} clx_serve_spec;

extern const clx_schema clx_serve_schema;
extern const char *const clx_role_name[CLX_ROLES + 1];  // "whole", "prefill", "decode"
