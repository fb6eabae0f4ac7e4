// Between the files of serving.
#pragma once

#include "engine/engine.h"
#include "serving/serving.h"

// Share of the datasheet bandwidth at which a kernel that is bound by memory moves bytes (thin products of the kernel tables: 0.87
// to 0.94); that part of its time stays when the processors slow down.
#define CLX_SERVING_STREAMING 0.9

// Kernels of an iteration as they are added up.
typedef struct clx_serving_sum {
  const clx_serving *serving;
  double clock;
  double launches;        // kernels so far
  double rest;            // W while nothing runs
  clx_serving_cost cost;  // of one GPU
} clx_serving_sum;

// B/s that the last-level cache passes on to all processors at full clock.
double clx_serving_cache_bandwidth(const clx_device *device);

// Adds `times` runs of a kernel of a family. `shape` is the family's struct.
void clx_serving_add(clx_serving_sum *sum, clx_serving_part part, const clx_kernel_family *family,
                     clx_kernel_format format, const void *shape, double times);
// The same of a cost that is known. `busy`: share of `cost->time` in which this GPU itself works; it waits for the rest.
void clx_serving_add_cost(clx_serving_sum *sum, clx_serving_part part, clx_draw_kind kind, clx_kernel_format format,
                          const clx_kernel_cost *cost, double busy, double times);
// A product [m, k] x [k, n] with weights in `format`, padded and cast as the engine does.
void clx_serving_add_product(clx_serving_sum *sum, clx_serving_part part, clx_kernel_format format, double m, double n,
                             double k, double times);
// Traffic of one kernel that only moves bytes.
void clx_serving_add_stream(clx_serving_sum *sum, clx_serving_part part, double bytes, double times);
// The device waits.
void clx_serving_add_wait(clx_serving_sum *sum, double time);

// Formats of the products of attention, of feed-forward blocks and of routed experts.
typedef struct clx_weight_formats {
  clx_kernel_format attention, ffn, experts;
  double expert_bytes;  // stored per weight of an expert
} clx_weight_formats;

clx_weight_formats clx_weight_formats_of(clx_weights weights);

// Of the busiest rank: experts that have tokens, pairs of tokens and experts, rows of their tiles.
typedef struct clx_expert_load {
  double active, rows, padded;
} clx_expert_load;

clx_expert_load clx_serving_expert_load(const clx_expert_kernel *kernel, const clx_moe_shape *shape);
// Of the device's own kernels, whatever they were measured with: tokens choose their experts independently. Copies of experts and
// popularity 0 are dealt out as clx_moe_load_find does.
clx_moe_load clx_serving_moe_load(const clx_moe_parameters *parameters, const clx_moe_shape *shape);

// Kernels of all layers, and of the head (serving_layer.c, serving_routed.c). The batch is that of one replica but for experts.
typedef struct clx_serving_tokens {
  double decode, context;          // of this replica: sequences, mean cached tokens
  double verified;                 // new tokens of each, at least 1; 0 = 1
  double prompts, prompt, cached;  // of this replica
  bool beside;                     // decode shares its iteration with prompts
  double tokens;                   // of this replica: decode + prompts * prompt
  double all;                      // of all replicas together
} clx_serving_tokens;

// All layers: what grows with the tokens of a replica alone; routed experts; attention, by its sequences.
void clx_serving_add_products(clx_serving_sum *sum, const clx_serving_tokens *tokens);
void clx_serving_add_experts(clx_serving_sum *sum, const clx_serving_tokens *tokens);
void clx_serving_add_attention(clx_serving_sum *sum, const clx_serving_tokens *tokens);
// s for which the longest sequence, `tokens` longer than the mean, keeps the others waiting in all layers; 0 where sequences are split.
double clx_serving_straggling_time(const clx_serving *serving, double tokens);
// s of an iteration with prompts in which the kernel of prompts looks at tiles that have no queries: `sequences` in all, up to `longest` new
// tokens of one; 0 where decode has its own kernel.
double clx_serving_skipped_time(const clx_serving *serving, double sequences, double longest);
void clx_serving_add_head(clx_serving_sum *sum, const clx_serving_tokens *tokens);

// --- captured graphs (serving_graphs.c) ---------------------------------------------------------------------------------

// How an iteration of one rank gets to the device.
typedef struct clx_graph_use {
  double tokens;  // that its kernels run with: those of the captured size, attention and head aside
  bool replays;   // a captured graph: without launches
  bool pieces;    // of graphs between its kernels of attention, which are launched
} clx_graph_use;

// `step` has `tokens` new tokens in all. O(log sizes).
clx_graph_use clx_serving_graph(const clx_serving *serving, const clx_engine_step *step, double tokens);
// New tokens of captured size `index`, ascending; 0 past the end, and where there are no sizes.
double clx_serving_captured(const clx_serving *serving, int32_t index);
// Sizes that are captured where at most `sequences` are admitted.
int32_t clx_serving_captures(const clx_serving *serving, int32_t sequences);
