// The family `memory`: a kernel that only moves bytes (copies, elementwise work, normalisation).
#pragma once

#include "device/device_kernel.h"

typedef struct clx_memory_shape {
  double bytes;  // read and written
} clx_memory_shape;

typedef struct clx_memory_parameters {
  clx_kernel_fit fit;
  double start;         // s: launch, ramp up and drain of one kernel
  double memory_share;  // of the datasheet bandwidth, large copies
  double cache_rate;    // B per processor and clock while everything fits the last-level cache
} clx_memory_parameters;

extern const clx_schema clx_memory_schema;
extern const clx_kernel_family clx_kernel_memory;
