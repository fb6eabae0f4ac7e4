// engine: requests through inference engines, event by event: what each iteration of each replica holds by the rules of the engine,
// when every request gets its tokens, and what waits. How long an iteration takes is somebody else's: a law that is handed in.
// docs/model/serving/engines.md.
#pragma once

#include "base/base.h"
#include "requests/requests.h"

// --- an iteration -------------------------------------------------------------------------------------------------------------

// New tokens of one prompt in an iteration.
typedef struct clx_chunk {
  int32_t tokens;
  int32_t cached;  // tokens of its sequence in the cache before
} clx_chunk;

// What one rank of a replica does in one iteration. Sums, so that a law takes the same time whatever the batch.
typedef struct clx_engine_step {
  int32_t decodes;   // sequences past their prompt
  int32_t verified;  // new tokens of each: 1, with speculation 1 + drafts
  double context;    // their cached tokens, sum
  double longest;    // at most so many cached tokens of one of them
  int32_t chunks;    // prompts, or parts of them
  const clx_chunk *chunk;
  int32_t prompt_tokens;  // sum over chunks
  int32_t ended;          // chunks that end their prompt: they make a token
} clx_engine_step;

typedef struct clx_step_cost {
  double time;    // s
  double energy;  // J of all GPUs of the replica
} clx_step_cost;

// Time and energy of a stage of an iteration. `step` holds `ranks` of them, which go in step (attention data parallel).
typedef struct clx_step_law {
  clx_step_cost (*cost)(const void *self, const clx_engine_step *step, int32_t ranks, int32_t stage);
  const void *self;
  double idle;  // W of a replica that has nothing to do
} clx_step_law;

// --- rules --------------------------------------------------------------------------------------------------------------------

typedef enum clx_engine_policy {
  CLX_ENGINE_VLLM,  // V1: running first under a budget of tokens, then waiting ones; preempts the last by recomputation
  CLX_ENGINE_TENSORRT,  // reserves prompt and longest answer: never evicts
  CLX_ENGINE_SGLANG,    // prompts before decode, admitted by an estimate of what answers still need; retracts
  CLX_ENGINE_SARATHI,   // Vidur's: decode first, prompts in chunks
  CLX_ENGINE_VLLM_V0,   // Vidur's: whole prompts before decode
  CLX_ENGINE_POLICIES
} clx_engine_policy;

extern const char *const clx_engine_policy_name[CLX_ENGINE_POLICIES + 1];

typedef struct clx_rules {
  clx_engine_policy policy;
  int32_t sequences;  // most at once (max_num_seqs), of one rank
  int32_t tokens;     // most new tokens of an iteration (max_num_batched_tokens, chunk), of one rank
  bool chunked;       // prompts may be cut to fit
  bool prefix;        // blocks of equal beginnings are shared and kept until evicted, least recently used first
  int32_t block;      // tokens of a block
  int64_t blocks;     // of one rank
  double watermark;   // share of the blocks that admission leaves free
  bool whole;  // admits a prompt when all of it finds blocks, not just its first chunk (scheduler_reserve_full_isl)
  int32_t reserve;  // tokens that are set aside for an answer by policies that do so; 0 = as many as it will have
  int32_t stages;   // of the pipeline; as many iterations are in flight
  int32_t ranks;    // of attention data parallel; they step together
  bool ahead;       // vllm: an iteration is put together when the one before it starts (async_scheduling)
  int32_t drafts;   // tokens that speculation proposes; 0 = none
  double accepted;  // tokens of an iteration and sequence with it, mean, at least 1
} clx_rules;

// --- a fleet ------------------------------------------------------------------------------------------------------------------

typedef enum clx_role { CLX_ROLE_WHOLE, CLX_ROLE_PREFILL, CLX_ROLE_DECODE, CLX_ROLES } clx_role;

// Keys and values on their way from a prefill replica to a decode replica: one queue per receiving replica.
typedef struct clx_transfer {
  double token_bytes;  // B of a token's keys and values
  double bandwidth;    // B/s into one replica; 0 = no time
  double setup;        // s
} clx_transfer;

// What replicas are kept in number by, summed over the replicas of a pool.
typedef enum clx_scaling_metric {
  CLX_SCALING_CONCURRENCY,  // requests that have not ended
  CLX_SCALING_QUEUE,        // of them, those in queues
  CLX_SCALING_BUSY,         // share of the time since the last decision with an iteration in flight
  CLX_SCALING_CACHE,        // share of the blocks in use
  CLX_SCALING_METRICS
} clx_scaling_metric;

extern const char *const clx_scaling_metric_name[CLX_SCALING_METRICS + 1];

// As many replicas of a pool as there is work for, decided anew every `interval`; those that are missing take requests `start` later, those
// that are too many take no more and stop when their own have ended.
// With a target: metric / target, rounded up (Kubernetes' horizontal autoscaler, with its tolerance, and `calm` its stabilisation window).
// Without: one more where there are more than `high` unfinished requests for each that serves or starts, one less below `low`.
typedef struct clx_scaling {
  int32_t least;     // replicas that serve at first and always; 0 = all serve all the time
  double interval;   // s
  double high, low;  // unfinished requests of a replica
  double start;      // s
  clx_scaling_metric metric;
  double target;     // of the metric, of one replica; 0 = by high and low
  double tolerance;  // share of the target within which nothing changes
  double calm;       // s: no fewer than were wished for at any decision so long before
  int32_t initial;   // replicas that serve at first; 0 = least
} clx_scaling;

// Replicas that are alike.
typedef struct clx_pool {
  const char *name;
  clx_role role;
  int32_t replicas;
  clx_rules rules;
  clx_step_law law;
  int32_t model;                 // that it serves: requests of tenants who ask for it
  const clx_transfer *transfer;  // of what it receives; NULL = as in the fleet
  clx_scaling scaling;
} clx_pool;

// What a fleet knows of a tenant. Requests with a lower priority go first in every queue, as vLLM counts (--scheduling-policy priority);
// vLLM's rules also preempt the highest first.
typedef struct clx_whose {
  int32_t model;
  int32_t priority;
} clx_whose;

typedef enum clx_router {
  CLX_ROUTER_ROUND_ROBIN,
  CLX_ROUTER_LEAST,   // fewest requests that it has not finished
  CLX_ROUTER_PREFIX,  // longest beginning in its cache, weighed against its load
  CLX_ROUTER_RANDOM,
  CLX_ROUTERS
} clx_router;

extern const char *const clx_router_name[CLX_ROUTERS + 1];

// A replica that is down for a while: its iterations and blocks are lost, its requests go to others with the tokens that they have.
typedef struct clx_outage {
  int32_t replica;     // counted over all pools
  double from, until;  // s; until may be INFINITY
} clx_outage;

typedef struct clx_engine_fleet {
  const clx_pool *pool;
  int32_t pools;
  clx_router router;
  clx_transfer transfer;
  const clx_outage *outage;  // of fleets in which all replicas do all
  int32_t outages;
  const clx_whose *whose;  // [tenants of the requests]; NULL: all are alike and ask for model 0
  double
      notice;  // s after which an outage is noticed: so long requests go there, and those that were there wait for no other
  bool loses;  // what an outage hits is lost, instead of going to others
} clx_engine_fleet;

// How requests come. Open: at their arrival. Closed: `clients` that each ask the next one when theirs has ended.
typedef struct clx_offer {
  const clx_requests *requests;
  int32_t clients;  // 0 = open
} clx_offer;

// --- what became of a request -------------------------------------------------------------------------------------------------

typedef struct clx_served {
  double asked;    // s: arrival, or when its client asked
  double started;  // s: start of the first iteration that holds it; -1 = never
  double first;    // s: first token; -1 = none
  double last;     // s: latest token; -1 = none. That of an answer that has not ended is not its last
  int32_t cached;  // prompt tokens that it found in the cache
  int32_t preemptions;
  int32_t replica;  // that made its last token, counted over all pools; -1 = it did not end
} clx_served;

// Whether all of its answer has been made: not in a run that stops before, and not where an outage took it.
static inline bool clx_served_ended(const clx_served *served) { return served->last >= 0 && served->replica >= 0; }

// Counts of durations in buckets that are 1/256 of an octave wide: a quantile is right within 0.2 %. O(1) each.
enum { CLX_SKETCH_OCTAVES = 48, CLX_SKETCH_PARTS = 256, CLX_SKETCH_BUCKETS = CLX_SKETCH_OCTAVES * CLX_SKETCH_PARTS };
typedef struct clx_sketch {
  int64_t *bucket;  // [CLX_SKETCH_BUCKETS], from 2^-36 s (15 ps) to 2^12 s
  int64_t count;
  double sum, most;  // s
} clx_sketch;

double clx_sketch_quantile(const clx_sketch *sketch, double p);  // s; 0 <= p <= 1; 0 for an empty one
double clx_sketch_mean(const clx_sketch *sketch);                // s

// --- a run --------------------------------------------------------------------------------------------------------------------

// An iteration that starts.
typedef struct clx_iteration {
  double start, end;  // s: into the first stage, out of the last
  double energy;      // J
  int32_t pool, replica, slot;
  const clx_engine_step *step;  // [ranks]
  int32_t ranks, running;       // sequences in the replica's running lists
  int32_t waiting;              // requests in its queues
  int64_t blocks_used;          // of all ranks, with those that await eviction counted as free
} clx_iteration;

// How the replicas of a pool stand after something has happened to one of them, or has been decided.
typedef struct clx_pool_state {
  double time;  // s
  int32_t pool;
  int32_t ready, starting, draining, failed;  // the others are off
  int32_t unfinished;                         // requests, with those that wait for a replica
} clx_pool_state;

// Replicas of a pool over `clx_engine_result.watched` s, sums.
typedef struct clx_pool_time {
  double up;       // s: start, serve or drain
  double held;     // s: the same, and those that failed
  int32_t starts;  // by scaling
} clx_pool_time;

typedef struct clx_engine_options {
  uint64_t seed;       // of the random router
  int32_t queue_most;  // stops as unstable when so many requests wait or are sent between pools; 0 = no bound
  double time_most;    // s: stops then; 0 = no bound
  bool refuse;         // requests that fit no replica are refused and counted; else they are a mistake
  bool check;          // counts all blocks and sequences again after each iteration: slow, for tests
  void (*seen)(void *self, const clx_iteration *iteration);  // nullable; in the order of each replica
  void (*changed)(void *self, const clx_pool_state *state);  // nullable; with outages and scaling
  void *self;
} clx_engine_options;

// What a tenant has of the iterations of a pool: each new token of an iteration has an equal part of it.
typedef struct clx_tenant_use {
  double time;    // s of a whole replica
  double energy;  // J, without what idle replicas take
} clx_tenant_use;

typedef struct clx_engine_result {
  clx_served *served;   // [requests]
  clx_tenant_use *use;  // [pools][tenants]; NULL where the fleet knows no tenants
  clx_sketch gaps;      // s between two tokens of a request; tokens of one iteration come together
  double span;          // s from the first request to the last token
  double busy;          // s with an iteration in flight, sum over replicas
  double energy;        // J, with that of idle replicas
  int64_t iterations, output_tokens;
  int64_t prompt_tokens;  // computed, with those of recomputation
  int64_t cached_tokens;  // prompt tokens found in the cache
  int64_t preemptions;
  int32_t ended, refused;
  int32_t moved;        // requests that an outage sent to another replica
  int32_t lost;         // requests that ended with a replica
  double served_time;   // s that replicas were up, sum: span * replicas without outages and scaling
  double watched;       // s: the span; with outages and scaling from 0 to the last token
  clx_pool_time *pool;  // [pools]
  double queue_mean;    // requests that wait, mean over the span
  int32_t queue_most;
  double blocks_mean, blocks_most;  // share of the blocks in use: mean over time and replicas; most of one rank
  // Open loop: requests/s that came and that ended over the second half of the arrivals; unstable when the queue grew all along it.
  double arrival_rate, service_rate;
  bool unstable;
  bool by_transfers;  // unstable, and what bounds it are keys and values on their way from prefill to decode
  bool stopped;       // at a bound of the options
} clx_engine_result;

// Whether rules agree with each other; `name` begins the message. CLX_INPUT.
clx_status clx_engine_check_rules(const char *name, const clx_rules *rules, clx_error *error);
// Runs all requests. Memory from `arena`: O(requests + replicas * (sequences + block) + blocks with a prefix cache); time O(1) an
// iteration and O(log sequences) a request while blocks suffice, O(sequences) an iteration that preempts.
// CLX_INPUT: rules that contradict each other, a request that fits no replica. options nullable.
clx_status clx_engine_run(const clx_engine_fleet *fleet, const clx_offer *offer, const clx_engine_options *options,
                          clx_arena *arena, clx_engine_result *result, clx_error *error);
