// Fused mixture-of-experts layer of one rank: gate and up product, activation, down product, and the routing around them.
#pragma once

#include "device/device_kernel.h"

typedef struct clx_moe_shape {
  double num_tokens;  // of all ranks of the expert-parallel group together: each routes all of them, and keeps its own
  double hidden_size;
  double inter_size;  // of one expert, before it is cut over moe_tp_size
  double topk;
  double num_experts;  // of all ranks
  double moe_tp_size;
  double moe_ep_size;
  double distribution;  // 0 = balanced, else exponent of the power law of expert loads
  double redundant;     // copies of popular experts beside num_experts, placed by load; no column: tables have none
} clx_moe_shape;

typedef struct clx_moe_parameters {
  clx_kernel_fit fit;
  double launch;
  double select_launch;
  double expert;
  double select_rate;
  double token_rate;
  double stream;
  double permute;
  double memory;
  double compute;
  double prologue;
  double quantum;
  double l2_bandwidth;
  double l2_share;
  double low_latency;
  double crowding;
  double reuse;
} clx_moe_parameters;

extern const clx_schema clx_moe_schema;
extern const clx_kernel_family clx_kernel_moe;

// Tokens on the experts of the busiest rank: `active` experts have `rows` (token, expert) pairs together. Loads of single
// experts run from `low` to `high` with density x^(exponent - 1); exponent 0: all equal.
typedef struct clx_moe_load {
  double active, rows;
  double low, high, exponent;
  double low_power, high_power;  // low^exponent, high^exponent
} clx_moe_load;

// `crowding` and `reuse` as in clx_moe_parameters.
clx_moe_load clx_moe_load_find(const clx_moe_shape *shape, double crowding, double reuse);

// The layer with a load of any origin (rows and active at least 1); that of the family is with clx_moe_load_find's.
clx_kernel_cost clx_moe_cost(const struct clx_device *device, clx_kernel_format format,
                             const clx_moe_parameters *parameters, const clx_moe_shape *shape,
                             const clx_moe_load *load);

// Tokens of the busiest rank over the mean of all ranks, with shape->redundant copies of popular experts placed by load, where a rank
// gets `visits` tokens on average. At least 1.
double clx_moe_copied_peak(const clx_moe_shape *shape, double visits);

// Matrix products an expert has: 3, or 2 in published models whose activation has no gate.
double clx_moe_products(const clx_moe_shape *shape);

// One grouped product alone: `experts` times [tokens, k] x [k, n], weights from device memory, tiles chosen for this shape.
// s, without launch.
double clx_moe_grouped_gemm_time(const struct clx_device *device, clx_kernel_format format,
                                 const clx_moe_parameters *parameters, double experts, double tokens, double n,
                                 double k);
