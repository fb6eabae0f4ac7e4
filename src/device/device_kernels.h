// All kernel parameters of one device: an entry of catalogue/kernels, written by `colossus calibrate`.
#pragma once

#include "device/device_kernel.h"
#include "device/device_memory.h"

typedef struct clx_kernels {
  const char *name;  // of the device that was measured
  const char *title;
  const char *const *aliases;  // architectures that inherit from it
  int32_t alias_count;
  clx_memory_parameters memory[1];
} clx_kernels;

extern const clx_schema clx_kernels_schema;

// Family i, NULL past the end; by name, NULL when unknown.
const clx_kernel_family *clx_kernel_family_at(int32_t index);
const clx_kernel_family *clx_kernel_family_find(const char *name);

// The parameter set of a family in `kernels`, whether it was fitted or not.
const void *clx_kernels_set(const clx_kernels *kernels, const clx_kernel_family *family, int32_t set);
const clx_kernel_fit *clx_kernels_fit(const clx_kernels *kernels, const clx_kernel_family *family, int32_t set);
