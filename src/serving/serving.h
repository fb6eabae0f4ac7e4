// serving: what one iteration of an inference engine costs on a group of GPUs: decode of many sequences, with a share of
// prompts mixed in. Time, FLOP, bytes and energy are sums over the kernels that it launches, each from its measured family;
// between them the device waits for its peers and its host. docs/model/power/inference.md.
#pragma once

#include "base/base.h"
#include "device/device.h"
#include "device/device_draw.h"
#include "network/network.h"
#include "workload/workload.h"

// Which of a model's weights are stored (and multiplied) in which format.
typedef enum clx_weights {
  CLX_WEIGHTS_BF16,
  CLX_WEIGHTS_FP8,            // all products, one scale per tensor or channel
  CLX_WEIGHTS_FP8_BLOCK,      // all products, 128 x 128 blocks
  CLX_WEIGHTS_FP8_FFN,        // feed-forward blocks only, attention in bf16
  CLX_WEIGHTS_FP8_EXPERTS,    // routed experts only
  CLX_WEIGHTS_MXFP4_EXPERTS,  // routed experts in 4 bit with a scale per 32, activations bf16
  CLX_WEIGHTS_NVFP4,          // all products, 4 bit with a scale per 16, activations too
  CLX_WEIGHTS_NVFP4_FFN,      // the same in feed-forward blocks and experts only, attention in bf16
  CLX_WEIGHTS_NVFP4_EXPERTS,  // the same in routed experts only
  CLX_WEIGHTS_INT4_EXPERTS,   // routed experts in 4 bit integers with a bf16 scale per 32, activations bf16
  CLX_WEIGHTS_KINDS
} clx_weights;

extern const char *const clx_weights_name[CLX_WEIGHTS_KINDS + 1];

// Kernels of routed experts that an engine ships itself. Time of a layer: start + passes + active experts * expert + sqrt(weights^2 +
// products^2), weights once from memory, products on tiles of 64 rows. docs/model/serving/step_time.md.
typedef struct clx_expert_kernel {
  int32_t weights;    // clx_weights that it is for
  int32_t blackwell;  // bool: on Blackwell and later; else before
  const char *name;   // of the kernels
  double start;       // s of a layer: routing, sorting, launches, drain
  double expert;      // s of each expert that has tokens
  double memory;      // share of the memory bandwidth at which weights arrive
  double compute;     // share of the peak of the arithmetic
  double half_slice;  // features of an expert's slice at which products run at half of that; 0 = at all of it for any
  int32_t unpacks;    // bool: 4-bit weights are unpacked into bf16 arithmetic
  double spread;  // relative variance of the experts' popularity; below 0: loads as the tables of the device drew them
  int32_t tile_least, tile_most;  // rows of a tile, a power of two in between that holds an expert's; 0 = 64
  int32_t since;                  // release of the engine that has them: 17 is 0.17; 0 = all
  int32_t pad;                    // features that an expert's slice is padded to a multiple of; 0 = none
} clx_expert_kernel;

// What the sizes of captured graphs count, of one rank.
typedef enum clx_capture_unit { CLX_CAPTURE_TOKENS, CLX_CAPTURE_SEQUENCES, CLX_CAPTURE_UNITS } clx_capture_unit;
extern const char *const clx_capture_unit_name[CLX_CAPTURE_UNITS + 1];

// What an engine admits into an iteration, by default or as it is launched.
typedef struct clx_engine_rules {
  int32_t policy;             // clx_engine_policy (src/engine)
  int32_t tokens;             // most new tokens of an iteration and rank
  int32_t chunked;            // bool: prompts are cut to fit
  int32_t rank_wait;          // iterations that prompts wait at most until each rank of attention has one; 0 = none
  int32_t late_notice;        // bool: an engine that only prefills notices what it sent after its next iteration
  double answers;             // share of an answer's tokens that admission sets aside
  double memory_share;        // of the memory that weights and cache may take
  int32_t share_of_free;      // bool: memory_share is of what weights leave, for the cache
  double aside;               // B of a benchmark's GPU for graphs, activations and buffers
  double graph_tokens;        // without sizes: decode iterations of up to so many tokens replay a captured graph
  double mixed_graph_tokens;  // iterations with prompts of up to so many tokens replay pieces of captured graphs
  int32_t *
      capture_sizes;  // captured graphs, ascending: iterations are padded to the next; none: to nothing, up to graph_tokens
  int32_t capture_sizes_count;
  int32_t captures;         // clx_capture_unit
  int32_t ahead;            // bool: an iteration is put together when the one before it starts
  int32_t serial_drafts;    // bool: with drafts it is not, and the device waits until the host has looked at each token
  double reserve;           // B outside of weights and cache, whatever is launched, in place of memory_share
  double reserve_of_token;  // B more for each new token of an iteration; 0 = memory_share holds
  double memory_of_tokens;  // B: devices with less memory take at most `tokens_small` new tokens
  int32_t tokens_small;     // 0 = all take `tokens`
  int32_t ranks_share_tokens;  // bool: replicas of attention share the new tokens of an iteration
  int32_t pad;                 // rows of products come in multiples of it: aligned scales; 0 = 1
} clx_engine_rules;

// How somebody started an engine for a model: settings of a published launch script that stand in place of the rules. Zero = as the rules have it.
typedef struct clx_engine_launch {
  const char *model;          // catalogue/model entry; "" = any
  const char *family;         // of the device; "" = any
  const char *weights;        // clx_weights, by name; "" = any
  const char *version;        // of the engine, its beginning; "" = any
  const char *from, *before;  // days of the run, 2026-01-31; "" = any
  int32_t prompt, output;     // nominal tokens; 0 = any
  int32_t tp, ep;             // layout; 0 = any
  int32_t tp_most;            // GPUs that share a layer, at most; 0 = any
  int32_t clients;            // from so many requests in flight on
  int32_t clients_most;       // up to so many; 0 = any
  int32_t poll;               // iterations of decode between two looks at the queue
  int32_t stream;             // tokens of a piece of an answer
  int32_t tokens;             // most new tokens of an iteration
  int32_t beside;             // of those, tokens beyond one prompt and what decodes
  int32_t drafts;             // of multi-token prediction
  int32_t rank_drafts;        // the same with replicas of attention
  double draft_time;          // s of host time of a draft outside of captured graphs
  int32_t batch_wait;         // iterations that prompts wait for company
  double batch_wait_share;    // of an iteration's tokens that they are to fill
  int32_t replicates;         // bool: attention is replicated, whatever the layout says
  int32_t spreads;            // bool: experts lie whole on all GPUs, whatever the layout says
  const char *experts;        // kernels of routed experts, by name; "" = the engine's first for weights and device
  int32_t workers;            // processes that put answers into words; 0 = the server itself does
  int32_t wide_cache;         // bool: keys and values in 16 bit
  int32_t eager;              // bool: iterations with prompts launch their kernels one by one
  int32_t graph_tokens;       // decode iterations of up to so many tokens replay a captured graph
  double memory_share;        // of the memory that weights and cache may take
  double block_products;      // share of the fp8 peak that products in fp8 blocks reach at most; 0 = as measured
} clx_engine_launch;

// An engine as far as time and power see it. Those of power stand in serving_engine.c, those of serving in catalogue/engine.
typedef struct clx_engine {
  const char *name;   // "vllm"
  const char *title;  // version and settings that the constants belong to
  const char *const *aliases;
  int32_t alias_count;
  clx_engine_rules rules;
  double step_exposed;      // s of an iteration in which the device waits for its host, whatever the batch
  double step_hidden;       // s of host work per iteration that runs beside the device
  double sequence_time;     // s of the same per sequence
  double launch_time;       // s of host time per kernel that is launched alone
  double draft_time;        // s of host time of a draft of multi-token prediction outside of captured graphs
  int32_t expert_launches;  // kernels of the routed experts of a layer where they are launched alone; 0 = 1
  double block_experts;     // time of experts in fp8 blocks, per byte of weights at full bandwidth; 0 = as measured
  double sort_time;         // s per logit on the device, sampling that sorts the vocabulary (top-p); 0 = never sorts
  double sort_bytes;        // B of device memory per logit meanwhile
  int32_t fused_casts;      // bool: activations are cast by the kernel before a product, not by one of its own
  int32_t dispatches;  // bool: sends tokens to the ranks of their experts, where that is faster than gathering them all
  int32_t wide_ranks;  // ranks from which on decode pools have copies, and send tokens to experts; 0 = never
  int32_t redundant_experts;   // copies of popular experts in these
  double front_time;           // s of a request outside of iterations: HTTP, tokens, queues between processes
  double worker_front_time;    // the same where processes of their own put answers into words; 0 = as front_time
  double piece_time;           // s of the front end for each piece of an answer that it streams
  double handoff_time;         // s more between a prefill and a decode engine
  double handoff_iterations;   // of the decode engine, between which it looks after what comes
  clx_expert_kernel *experts;  // kernels of its own
  int32_t experts_count;
  const char *experts_chosen;  // kernels that a launch asks for, by name; NULL = the first that fit
  double
      decode_memory;  // share of the bandwidth at which decode attention reads its cache before Blackwell; 0 = as measured
  double block_products;        // as its launch has it
  clx_engine_launch *launches;  // the first that fits a run is it
  int32_t launches_count;
} clx_engine;

extern const clx_schema clx_serving_engine_schema;

// Of those that tables of energy know, NULL when unknown: "vllm", "tensorrt-llm".
const clx_engine *clx_engine_find(const char *name);

// A model on a group of GPUs. tp x dp x pp = GPUs; attention is cut over tp and replicated over dp; the experts of a layer over
// ep x etp = tp x dp; layers over pp stages.
typedef struct clx_serving {
  const clx_transformer *model;  // completed
  const clx_device *device;      // with kernels
  const clx_engine *engine;
  clx_weights weights;
  int32_t tp, dp, ep, etp;
  bool fp8_cache;                // keys and values in 8 bit
  bool narrow_wo;                // attention's output product is stored as feed-forward blocks are
  bool sorts;                    // sampling with top-p or top-k
  double routing;                // exponent of the popularity of experts, 0 = balanced
  double limit;                  // W of one GPU, 0 = its tdp
  int32_t release;               // of the engine, 17 is 0.17; 0 = its latest
  int32_t drafts;                // tokens that the model's own prediction module proposes in an iteration; 0 = none
  bool eager;                    // no captured graphs: kernels are launched one by one
  const int32_t *capture_sizes;  // [capture_count], ascending, instead of the engine's; 0 of them = the engine's
  int32_t capture_count;
  int32_t pp;                  // 0 = 1
  const clx_network *network;  // between stages; NULL = nothing goes between them
  int32_t copies;              // of popular experts, placed by load (EPLB); experts + copies divide over ep
  bool direct;  // a token is sent to each of its experts (DeepEP, low latency), not once to each of their ranks
} clx_serving;

// Whether a model makes answers. CLX_INPUT: an encoder.
clx_status clx_serving_check_model(const clx_transformer *model, clx_error *error);
// Checks the layout against the model and the device. CLX_INPUT names what does not fit; memory is checked for the weights.
clx_status clx_serving_check(const clx_serving *serving, clx_error *error);

// B of weights on one GPU, of the stage that holds most.
double clx_serving_weight_bytes(const clx_serving *serving);

// Work of one iteration, of all dp replicas together.
typedef struct clx_serving_batch {
  double sequences;  // that decode one token each; may be 0
  double context;    // mean tokens that each of them has cached
  double prompts;    // that are prefilled in this iteration; may be a fraction
  double prompt;     // new tokens of each
  double cached;     // tokens of each that are cached already
} clx_serving_batch;

typedef enum clx_serving_part {
  CLX_SERVING_DENSE,     // products of attention, feed-forward blocks, shared experts
  CLX_SERVING_EXPERTS,   // routed experts
  CLX_SERVING_DECODE,    // attention of one new token
  CLX_SERVING_PREFILL,   // attention of prompts
  CLX_SERVING_ELEMENTS,  // normalisation, rotation, activation, states of recurrent mixers
  CLX_SERVING_HEAD,      // logits and sampling
  CLX_SERVING_EXCHANGE,  // all-reduce, gather and scatter between GPUs
  CLX_SERVING_WAIT,      // for other ranks and for the host
  CLX_SERVING_PARTS
} clx_serving_part;

extern const char *const clx_serving_part_name[CLX_SERVING_PARTS + 1];

// Of one GPU.
typedef struct clx_serving_share {
  double time;    // s
  double energy;  // J
} clx_serving_share;

typedef struct clx_serving_cost {
  double time;               // s of the iteration
  double flop, bytes, link;  // of one GPU: FLOP; B of device memory; B out over NVLink
  double energy;             // J of one GPU
  double power;              // W of one GPU, mean: energy / time
  double clock;              // relative to boost
  clx_serving_share part[CLX_SERVING_PARTS];
} clx_serving_cost;

// Pure and allocation-free, O(1). At the clock that keeps the mean power of the iteration within the limit.
// Finite for any batch with sequences + prompts > 0 and a serving that passes clx_serving_check.
clx_serving_cost clx_serving_iteration(const clx_serving *serving, const clx_serving_batch *batch);
// The same at a given clock, whatever the power.
clx_serving_cost clx_serving_iteration_at(const clx_serving *serving, const clx_serving_batch *batch, double clock);

// --- closed loop: a constant number of requests in flight ---------------------------------------------------------------

typedef struct clx_serving_load {
  double sequences;  // in flight, mean
  double prompt;     // tokens of a request, mean
  double cached;     // of these, found in the cache of an earlier request
  double output;     // tokens of an answer, mean
  double spread;     // variance of the answers' length over its mean squared
  double chunk;      // most tokens of an iteration; 0 = no bound
} clx_serving_load;

typedef struct clx_serving_state {
  double token_time;               // s between two tokens of a request, median
  double throughput;               // tokens/s of the group, output
  double power;                    // W of the group
  double energy;                   // J per output token
  double prefill;                  // share of the iterations that carry prompts
  clx_serving_cost decode, mixed;  // the two kinds of iteration
} clx_serving_state;

// Requests of one prompt each arrive as others finish: prompts per iteration are Poisson with mean sequences / output, and a
// request has on average half of its answer in the cache. Finite; loads with sequences >= 1, prompt >= 1, output >= 1.
clx_serving_state clx_serving_steady(const clx_serving *serving, const clx_serving_load *load);
