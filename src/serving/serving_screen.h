// A replica in a steady state, without events: as many sequences decode at once, prompts come as others end. For screening many layouts
// before few are simulated, and for the curve of throughput against speed. docs/model/serving.md, "Fleets and plans".
#pragma once

#include "serving/serving_replica.h"

// What a request is like, in tokens, means.
typedef struct clx_screen_load {
  double prompt;  // computed: without what is found in the cache
  double cached;  // found in it
  double output;
  double context;  // of a sequence that decodes: mean over its tokens
  double longest;  // prompt and output of the longest
} clx_screen_load;

// The means of a trace. CLX_MEMORY only.
clx_status clx_screen_load_of(const clx_requests *requests, bool prefix, clx_screen_load *out, clx_error *error);

typedef struct clx_screen_state {
  double sequences;  // of one rank and iteration
  double tpot;       // s
  double ttft;       // s, without queueing: its own iterations and half of the one that runs
  double requests;   // 1/s of the replica
  double output;     // tokens/s of the replica; of a prefill replica: of the answers that it starts
  double power;      // W of the replica at work, with the rest of its servers
} clx_screen_state;

// Most sequences of a rank (of one iteration, where a pipeline has several in flight) that its blocks, its limit and its budget of tokens for prompts allow; below 1: none.
double clx_screen_most(const clx_serving_replica *replica, const clx_screen_load *load);
// The state with `sequences` of a rank (ignored for prefill). Scratch from `arena`. NULL arena memory: zeros.
clx_screen_state clx_screen_at(const clx_serving_replica *replica, const clx_step_law *law, const clx_screen_load *load,
                               double sequences, clx_arena *arena);
