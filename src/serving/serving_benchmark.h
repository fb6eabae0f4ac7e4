// A benchmark of a closed loop: a fixed number of clients, each asking its next request when the last one has ended; means over the
// requests. docs/model/serving/step_time.md.
#pragma once

#include "serving/serving.h"

typedef struct clx_benchmark {
  int32_t clients;          // requests in flight, of one rank of attention
  int32_t rounds;           // requests in all, per client
  int32_t prompt, output;   // tokens, most
  double spread;            // lengths are uniform between (1 - spread) of the most and it
  int32_t poll;             // iterations between two looks at the queue; 0 = 1
  double accepted;          // tokens of an iteration and sequence, with drafts; 0 = 1
  int32_t stream;           // tokens of a piece of an answer; 0 = 1
  int32_t tokens;           // most new tokens of an iteration; 0 = by the engine's rules
  int32_t workers;          // processes that put answers into words; 0 = the server itself does
  int32_t batch_wait;       // iterations that prompts wait for company; 0 = none
  double batch_wait_share;  // of an iteration's tokens that they are to fill
  double memory_share;      // of the memory that weights and cache may take; 0 = by the engine's rules
  int32_t distinct;         // prompts that all requests take in turn, which a prefix cache may keep; 0 = all differ
  int32_t warm_ups;         // requests per client before those that count, as far as the prefix cache knows
  bool rotates;             // ranks of attention take requests in turn, whatever they have
  double front_token;       // s before the engine per token of a prompt, of what stands in front of it
} clx_benchmark;

typedef struct clx_benchmark_means {
  double first;  // s from asking to the first token
  double token;  // s between two tokens of a request
  double room;   // tokens of cache that one rank holds
} clx_benchmark_means;

// `serving` passes clx_serving_check. CLX_INPUT: no room for one request. CLX_MEMORY. About a microsecond per iteration.
clx_status clx_benchmark_run(clx_arena *arena, const clx_serving *serving, const clx_benchmark *benchmark,
                             clx_benchmark_means *means, clx_error *error);

// What is known of a run besides its serving. `version` of the engine and `day` (2026-01-31) may be "".
typedef struct clx_launch_run {
  const char *version, *day;
  int32_t prompt, output;  // nominal tokens
  int32_t clients;         // requests in flight, of all ranks
} clx_launch_run;

// The published launch of an engine that fits a run, NULL = none.
const clx_engine_launch *clx_engine_launch_find(const clx_serving *serving, const clx_launch_run *run);

// The same on engines of one kind that prefill and others that decode. `benchmark->clients` is that of one rank of a decode engine.
typedef struct clx_split {
  const clx_serving *prefill, *decode;  // one engine of each
  int32_t prefills, decodes;            // engines
} clx_split;

clx_status clx_benchmark_split(clx_arena *arena, const clx_split *split, const clx_benchmark *benchmark,
                               clx_benchmark_means *means, clx_error *error);

// Within the room: both where layers stand on several stages. `nic`: B/s of one GPU; `setup`: s of a transfer.
clx_status clx_benchmark_run_stages(clx_arena *arena, const clx_serving *serving, const clx_benchmark *benchmark,
                                    clx_benchmark_means *means, clx_error *error);
clx_status clx_benchmark_split_stages(clx_arena *arena, const clx_split *split, const clx_benchmark *benchmark,
                                      double nic, double setup, clx_benchmark_means *means, clx_error *error);
