// What users and owners see of a run: latencies, rates, what is within the promise, energy and money, from what became of each request.
#pragma once

#include "engine/engine.h"
#include "serving/serving_section.h"

typedef struct clx_serving_latency {
  double mean, p50, p90, p95, p99;  // s
  int64_t count;                    // that they are of; 0: none is known
} clx_serving_latency;

// Rates are of the time after the end of the warm-up, up to and with the last request that is asked: what drains after it is no load. Answers that do
// not end (of a run that stops) are in none of it but ttft.
typedef struct clx_serving_outcome {
  clx_serving_latency ttft, tpot, itl, e2e;
  double window;         // s
  double requests;       // ended 1/s
  double output, input;  // tokens/s
  double within;         // share of the counted requests that keep the promise; those that do not end do not
  double goodput;        // requests/s that do
  double user;           // tokens/s that a user sees: median of 1 / tpot
  double prefix;         // share of prompt tokens found in the cache, of counted requests that started
  double preemptions;    // a request, of the same
  double queue_mean, queue_most;
  double cache_mean, cache_most;  // share of the blocks
  double busy;                    // share of the time that replicas have an iteration in flight
  double power;                   // W with the rest of the servers
  double energy;                  // J per output token
  double arrival, service;        // requests/s, open loop
  bool unstable, stopped, by_transfers;
  int32_t counted, ended;
  double share, price;  // of a part of the requests: of all GPUs; USD/s of these
} clx_serving_outcome;

// What is promised to a tenant, and s of its requests outside of iterations.
typedef struct clx_serving_promise {
  const clx_slo_spec *slo;
  double front;
} clx_serving_promise;

typedef struct clx_serving_owner {
  double rest;       // W of all replicas beside GPUs
  int32_t replicas;  // of all pools
  double front;  // s of a request outside of iterations: HTTP, tokens, queues between processes, handing over to decode
} clx_serving_owner;

// CLX_MEMORY only. O(requests log requests); scratch from `arena`.
clx_status clx_serving_sum_up(const clx_requests *requests, const clx_engine_result *run, const clx_slo_spec *slo,
                              double warmup, const clx_serving_owner *owner, clx_arena *arena, clx_serving_outcome *out,
                              clx_error *error);
// The same where each tenant has its own promise[tenants of the requests].
clx_status clx_serving_sum_up_all(const clx_requests *requests, const clx_engine_result *run,
                                  const clx_serving_promise *promise, double warmup, const clx_serving_owner *owner,
                                  clx_arena *arena, clx_serving_outcome *out, clx_error *error);
// Of the requests of the tenants with keep[tenant] alone: latencies (but between tokens), rates in the time in which all are counted,
// promise, cache and preemptions. What belongs to replicas is left 0. CLX_MEMORY only.
clx_status clx_serving_sum_up_part(const clx_requests *requests, const clx_engine_result *run,
                                   const clx_serving_promise *promise, const bool *keep, double warmup,
                                   clx_arena *arena, clx_serving_outcome *out, clx_error *error);
// Whether a request that takes `front` s more keeps the bounds of `slo`.
bool clx_slo_kept(const clx_slo_spec *slo, const clx_request *request, const clx_served *served, double front);
