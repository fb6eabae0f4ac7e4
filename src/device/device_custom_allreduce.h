// The all-reduce of a serving engine (TensorRT-LLM): kernels of its own that read the vectors of all peers directly, and NCCL
// where that is faster. Equations: docs/model/device/collectives.md.
#pragma once

#include "device/device_kernel.h"

typedef struct clx_custom_allreduce_shape {
  double num_gpus;
  double message_size;  // elements of the vector that is summed
} clx_custom_allreduce_shape;

// Rates are shares of the bandwidth of a device's links in one direction.
typedef struct clx_custom_allreduce_parameters {
  clx_kernel_fit fit;
  double time, peer_time, barrier;  // s
  double one_rate, spill;
  double two_time, two_rate;
  double ring_time, ring_hop, ring_rate;
  double nvls_rate;
} clx_custom_allreduce_parameters;

extern const clx_schema clx_custom_allreduce_schema;
extern const clx_kernel_family clx_kernel_custom_allreduce;
