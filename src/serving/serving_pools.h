// A closed loop of clients on prefill engines and decode engines (disaggregated serving): prompts wait for a prefill engine, then their
// keys and values go to a decode engine.
#pragma once

#include "engine/engine.h"

typedef struct clx_pools_side {
  int32_t workers;    // engines that are alike
  int32_t ranks;      // of attention data parallel in each
  int32_t tokens;     // most new tokens of an iteration and rank
  int32_t sequences;  // most at once of a rank
  const clx_step_law *law;
} clx_pools_side;

typedef struct clx_pools {
  clx_pools_side prefill, decode;
  int32_t clients, requests, prompt, output;
  double spread;      // lengths are uniform between (1 - spread) of the most and it
  bool late_notice;   // prefill engines notice what they have sent between their iterations
  double front_time;  // s of a request outside of engines
  double setup;       // s of a transfer
  double rounds;      // iterations of the decode engine that a transfer takes besides
  double token_time;  // s of a transfer per prompt token
  double accepted;    // tokens of an iteration and sequence
  int32_t drafts;
} clx_pools;

typedef struct clx_pools_means {
  double first, token;  // s: to the first token, between tokens
} clx_pools_means;

// CLX_MEMORY only.
clx_status clx_pools_run(clx_arena *arena, const clx_pools *pools, clx_pools_means *out, clx_error *error);
