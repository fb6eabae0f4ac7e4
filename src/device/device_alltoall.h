// Exchange of tokens between the ranks of expert parallelism over NVLink (MNNVL kernels of TensorRT-LLM): preparing the lists,
// dispatch to the experts, combining what they return. Equations: docs/model/device/collectives.md.
#pragma once

#include "device/device_kernel.h"

typedef struct clx_alltoall_shape {
  double op_name;     // index into the choices of the column
  double num_tokens;  // of one rank
  double hidden_size;
  double topk;
  double num_experts;
  double moe_ep_size;   // ranks
  double distribution;  // exponent of the popularity of experts, 0 = balanced
  double redundant;     // copies of popular experts, placed by load; no column
  double each;          // 1 = a token is sent once for each of its experts, not once to each of their ranks; no column
} clx_alltoall_shape;

// Rates are shares of the bandwidth of a device's links in one direction.
typedef struct clx_alltoall_parameters {
  clx_kernel_fit fit;
  double prepare_time, prepare_hop, prepare_slot;  // s
  double dispatch_time, dispatch_hop;              // s
  double dispatch_rate, dispatch_lane;
  double combine_time, combine_hop;  // s
  double combine_rate, combine_lane;
  double narrow_time, narrow_hop;  // s: combine with 4-bit transport
  double narrow_rate, narrow_lane;
} clx_alltoall_parameters;

// Cost of one operation, as of the family, with copies and sends of the shape.
clx_kernel_cost clx_alltoall_cost(const struct clx_device *device, clx_kernel_format format,
                                  const clx_alltoall_parameters *parameters, const clx_alltoall_shape *shape);
extern const clx_schema clx_alltoall_schema;
extern const clx_kernel_family clx_kernel_alltoall;
