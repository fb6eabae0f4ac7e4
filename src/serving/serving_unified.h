// serving_unified: what an iteration of an inference engine costs on processors that share their memory with their host, one to
// a node: Apple silicon. Engines are measured there as whole models, not kernel by kernel: time is a floor for each kernel
// that is launched, the bytes that weights and keys take over the bandwidth, and the FLOP of prompts over the rate of large
// products. Nodes work together by tensor parallelism or as a pipeline. docs/model/serving/apple.md.
#pragma once

#include "base/base.h"
#include "device/device.h"
#include "workload/workload.h"

// How a file of weights stores them.
typedef struct clx_quant {
  const char *name;  // "Q4_0"
  double body;       // bits of a weight with its share of scales, of matrices of the layers
  double experts;    // the same of routed experts
  double head;       // of the matrix of logits
  double embedding;  // of the table of embeddings, which is looked up and not read; 0 = as body
  int32_t blocks;    // levels of scales: 0 = plain 16 bit, 1 = a scale per block, 2 = scales of scales
} clx_quant;

// NULL when unknown. "F16", "Q8_0", "Q4_0", "Q4_K_M", "MXFP4", "MLX 16-bit", "MLX 8-bit", "MLX 4-bit".
const clx_quant *clx_quant_find(const char *name);
const char *clx_quant_name(int32_t index);  // NULL past the last

// An engine as far as time sees it. Sources of the shipped ones stand in serving_unified_engine.c.
typedef struct clx_unified_engine {
  const char *name;   // "llama.cpp"
  const char *title;  // version and settings that the constants belong to
  double kernels;     // time of a kernel against that of the device (kernel_time)
  double products;    // rate of large products against that of the device (unified.products)
  double step_time;   // s of host work of an iteration that the device waits for
  int32_t vector;     // up to so many tokens are multiplied as vectors
  int32_t
      columns;  // of these that share a read of the weights, where widths are multiples of 128; else each reads them
  int32_t vector_experts;  // up to so many tokens go to experts one by one: each reads its own
  int32_t chunk;           // tokens of prompts in one pass over the weights
  bool flash;              // keys are read once for the heads that share them; else once a head
  bool windows;            // layers that see a window hold no more than it; all engines read no more
  double reduce_time;      // s of a sum over nodes beside its messages: waking the host and the device
  double hop_time;         // s of handing an iteration to the next node of a pipeline beside its message
} clx_unified_engine;

// NULL when unknown. "llama.cpp", "llama.cpp-2025", "llama.cpp-rpc", "mlx", "exo".
const clx_unified_engine *clx_unified_engine_find(const char *name);
const char *clx_unified_engine_name(int32_t index);  // NULL past the last

// What joins the nodes.
typedef struct clx_unified_link {
  double latency;    // s of one message
  double bandwidth;  // B/s, one direction
} clx_unified_link;

// A model on nodes of one device each: cut over `tp` of them, its layers over `pp` groups of these.
typedef struct clx_unified {
  const clx_transformer *model;  // completed
  const clx_device *device;
  const clx_unified_engine *engine;
  const clx_quant *quant;
  int32_t tp, pp;
  clx_unified_link link;  // ignored on one node
  double memory;          // B of a node; 0 = the device's
} clx_unified;

// Checks the layout and that the weights fit. CLX_INPUT names what does not.
clx_status clx_unified_check(const clx_unified *unified, clx_error *error);

// B of weights on one node, and of keys and values of one token on all nodes together.
double clx_unified_weight_bytes(const clx_unified *unified);
double clx_unified_token_bytes(const clx_unified *unified);
// B of windows of keys and values on all nodes, for so many sequences; 0 where all layers see everything or the engine keeps all.
double clx_unified_window_bytes(const clx_unified *unified, double sequences);
// Tokens whose keys and values fit beside the weights on all nodes, the system's own tenth left free.
double clx_unified_tokens(const clx_unified *unified);

typedef enum clx_unified_part {
  CLX_UNIFIED_FLOOR,      // launching and draining kernels, host
  CLX_UNIFIED_WEIGHTS,    // reading weights
  CLX_UNIFIED_CACHE,      // reading keys and values
  CLX_UNIFIED_PRODUCTS,   // multiplying
  CLX_UNIFIED_ATTENTION,  // attention of prompts
  CLX_UNIFIED_EXCHANGE,   // between nodes
  CLX_UNIFIED_PARTS
} clx_unified_part;

extern const char *const clx_unified_part_name[CLX_UNIFIED_PARTS + 1];

typedef struct clx_unified_cost {
  double time;                     // s
  double energy;                   // J at the wall, of all nodes of the stage
  double part[CLX_UNIFIED_PARTS];  // s
} clx_unified_cost;

// What an iteration works on; zeros = nothing. Sums over its sequences.
typedef struct clx_unified_work {
  double decodes;   // sequences past their prompt
  double verified;  // new tokens of each: 1, with speculation 1 + drafts
  double context;   // their cached tokens, sum
  double prompts;   // new tokens of prompts, sum
  double pairs;     // of these with the tokens that they attend to, times layers
  double ended;     // prompts that end: they make a token
} clx_unified_work;

// Adds `times` pieces of prompts of `tokens` new tokens after `cached` ones.
void clx_unified_add_prompt(const clx_unified *unified, clx_unified_work *work, double tokens, double cached,
                            double times, bool ends);

// One iteration of one stage of the pipeline (1 / pp of the layers; the last has the head). Pure, allocation-free, O(1).
// Finite for work with at least one token and a `unified` that passes clx_unified_check.
clx_unified_cost clx_unified_stage(const clx_unified *unified, const clx_unified_work *work, int32_t stage);
// All stages one after another, as an iteration alone in the pipeline has it.
clx_unified_cost clx_unified_iteration(const clx_unified *unified, const clx_unified_work *work);

// Tokens/s of `sequences` that each make `output` tokens after `prompt` cached ones, as benchmarks of engines run them.
double clx_unified_decode_rate(const clx_unified *unified, double sequences, double prompt, double output);
// Tokens/s of `sequences` prompts of `prompt` tokens, none cached.
double clx_unified_prefill_rate(const clx_unified *unified, double sequences, double prompt);
