// What an engine's memory holds: weights, the peak of its largest iteration, what the runtime takes, and blocks of keys and values in what
// is left. docs/model/serving.md, "Memory".
#pragma once

#include "engine/engine.h"
#include "serving/serving.h"
#include "serving/serving_unified.h"

// B of one GPU, or of one node with unified memory.
typedef struct clx_cache_room {
  double memory;       // as the driver reports it
  double share;        // that the engine may take
  double weights;      // stored on it
  double peak;         // of activations in the largest iteration
  double graphs;       // captured graphs
  double context;      // of the driver, of communicators
  double states;       // of recurrent layers and of windows, for all sequences
  double left;         // for keys and values; below 0: does not fit
  double token_bytes;  // keys and values of one token
  double layers;       // share of the layers that it holds: below 1 in a pipeline
  int64_t blocks;      // of one rank
} clx_cache_room;

// Room on one GPU by the rule of the engine that `policy` stands for; 0 <= share <= 1, 0 = the engine's own default. Pure, O(1).
clx_cache_room clx_serving_room(const clx_serving *serving, const clx_rules *rules, double share);
// The same of nodes of unified memory: a tenth is the system's unless `share` says otherwise.
clx_cache_room clx_unified_room(const clx_unified *unified, const clx_rules *rules, double share);
