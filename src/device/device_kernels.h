// All kernel parameters of one device: an entry of catalogue/kernels, written by `colossus calibrate`.
#pragma once

#include "device/device_alltoall.h"
#include "device/device_attention_context.h"
#include "device/device_attention_generation.h"
#include "device/device_custom_allreduce.h"
#include "device/device_gemm.h"
#include "device/device_kernel.h"
#include "device/device_memory.h"
#include "device/device_mla_context.h"
#include "device/device_mla_generation.h"
#include "device/device_moe.h"
#include "device/device_nccl.h"

typedef struct clx_kernels {
  const char *name;  // of the device that was measured
  const char *title;
  const char *const *aliases;  // architectures that inherit from it
  int32_t alias_count;
  clx_gemm_parameters gemm[5];
  clx_attention_context_parameters attention_context[2];
  clx_attention_generation_parameters attention_generation[1];
  clx_mla_context_parameters mla_context[1];
  clx_mla_generation_parameters mla_generation[1];
  clx_moe_parameters moe[4];
  clx_nccl_parameters nccl[1];
  clx_custom_allreduce_parameters custom_allreduce[1];
  clx_alltoall_parameters alltoall[3];
  clx_memory_parameters memory[1];
} clx_kernels;

extern const clx_schema clx_kernels_schema;

// Family i, NULL past the end; by name, NULL when unknown.
const clx_kernel_family *clx_kernel_family_at(int32_t index);
const clx_kernel_family *clx_kernel_family_find(const char *name);

// Fills what is missing in `kernels` (sets that were not fitted) from `other`.
void clx_kernels_complete(clx_kernels *kernels, const clx_kernels *other);

// The parameter set of a family in `kernels`, whether it was fitted or not.
const void *clx_kernels_set(const clx_kernels *kernels, const clx_kernel_family *family, int32_t set);
const clx_kernel_fit *clx_kernels_fit(const clx_kernels *kernels, const clx_kernel_family *family, int32_t set);
