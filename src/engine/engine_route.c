// Which rank a request goes to. Ranks of data-parallel replicas are chosen like replicas.
#include "engine/engine_internal.h"

const char *const clx_engine_policy_name[CLX_ENGINE_POLICIES + 1] = {"vllm",    "tensorrt-llm", "sglang",
                                                                     "sarathi", "vllm-v0",      NULL};
const char *const clx_router_name[CLX_ROUTERS + 1] = {"round-robin", "least", "prefix", "random", NULL};

static bool takes(const clx_run *run, const clx_rank *rank, int32_t i) {
  const clx_replica *r = &run->replica[rank->replica];
  if ((r->failed && !r->silent) || r->off || r->starting || r->draining) return false;
  return clx_engine_takes(run->fleet, rank->pool, &run->requests->item[i]);
}

static int32_t least_of(const clx_run *run, int32_t i) {
  int32_t best = CLX_NOBODY;
  for (int32_t r = 0; r < run->ranks; r++) {
    if (best != CLX_NOBODY && run->rank[r].unfinished >= run->rank[best].unfinished) continue;
    if (takes(run, &run->rank[r], i)) best = r;
  }
  return best;
}

// Tokens to compute before and for the request, and tokens in use: what a rank that took it would have (the cost function of
// Dynamo's router, in tokens, both parts with weight 1).
static int32_t cheapest_of(clx_run *run, int32_t i) {
  int32_t best = CLX_NOBODY;
  int64_t least = 0;
  for (int32_t r = 0; r < run->ranks; r++) {
    const clx_rank *rank = &run->rank[r];
    if (!takes(run, rank, i)) continue;
    const int64_t used = (rank->store.total - rank->store.free) * clx_rank_rules(rank)->block;
    const int64_t cost = run->requests->item[i].prompt - clx_rank_find(run, rank, i).tokens + rank->queued + used;
    if (best != CLX_NOBODY && cost >= least) continue;
    best = r;
    least = cost;
  }
  return best;
}

static int32_t next_of(clx_run *run, int32_t i) {
  for (int32_t tries = 0; tries < run->ranks; tries++) {
    const int32_t r = run->turn;
    run->turn = r + 1 == run->ranks ? 0 : r + 1;
    if (takes(run, &run->rank[r], i)) return r;
  }
  return CLX_NOBODY;
}

int32_t clx_engine_route(clx_run *run, int32_t i) {
  if (run->ranks == 1) return takes(run, &run->rank[0], i) ? 0 : CLX_NOBODY;
  switch (run->fleet->router) {
    case CLX_ROUTER_RANDOM:
      run->turn = (int32_t)clx_stream_below(&run->stream, (uint64_t)run->ranks);
      return next_of(run, i);
    case CLX_ROUTER_ROUND_ROBIN:
      return next_of(run, i);
    case CLX_ROUTER_PREFIX:
      return cheapest_of(run, i);
    default:
      return least_of(run, i);
  }
}
