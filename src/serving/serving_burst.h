// A benchmark of a given number of equal requests through one engine, event by event: all at once (rate 0), or as Poisson arrivals. What it measures is not
// a steady state: the batch fills, and thins out at the end. docs/model/serving/long_tables.md.
#pragma once

#include "serving/serving.h"

typedef struct clx_burst {
  int32_t requests;        // in all
  int32_t prompt, output;  // tokens of each
  int32_t sequences;       // most at once, of one rank of attention
  int32_t tokens;          // most new tokens of an iteration, of one rank
  bool chunked;            // prompts are cut to fit
  double room;             // tokens of cache, of one rank
} clx_burst;

typedef struct clx_burst_means {
  double requests;  // ended per s, from the first request to the last token
  double tokens;    // output tokens/s
  double first;     // s to the first token, of the engine: without front ends
  double token;     // s between two tokens, mean over all of them
  double batch;     // sequences of all ranks in an iteration, mean
  double first99;   // s to the first token that 99 of 100 requests wait at most
  double token99;   // s between tokens, mean of a request, the same
} clx_burst_means;

// One engine that runs of at most this reach are played on.
typedef struct clx_burst_engine {
  const clx_serving *serving;
  clx_burst most;
  const struct clx_serving_law *law;
  double slower;  // at the clock that the power limit leaves a full batch; 1 = full clock
} clx_burst_engine;

// `serving` passes clx_serving_check and outlives the engine, whose memory is the arena's. Runs on it have the sequences, tokens and lengths of
// `most`. About 5,000 sums over kernels. CLX_MEMORY; CLX_INPUT: no room for one request.
clx_status clx_burst_open(clx_arena *arena, const clx_serving *serving, const clx_burst *most, clx_burst_engine *engine,
                          clx_error *error);
// `requests` of them at `rate`, admitted when their whole length finds blocks (TensorRT-LLM, no evict). About a microsecond an iteration.
clx_status clx_burst_run(const clx_burst_engine *engine, int32_t requests, double rate, uint64_t seed,
                         clx_burst_means *means, clx_error *error);
