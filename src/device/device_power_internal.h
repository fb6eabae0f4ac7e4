// Between the files of the power model.
#pragma once

#include "device/device_power.h"

// W above rest at the time of `cost`. data_matrix, data_memory: switching of the operands relative to random numbers.
double clx_power_above_rest(const struct clx_device *device, const clx_power_parameters *parameters,
                            clx_power_kind kind, clx_kernel_format format, const clx_kernel_cost *cost,
                            double data_matrix, double data_memory);

// --- the tables' sweeps --------------------------------------------------------------------------------------------------

typedef enum clx_power_sweep {
  CLX_SWEEP_GEMM,
  CLX_SWEEP_EXPERTS,
  CLX_SWEEP_PREFILL,
  CLX_SWEEP_DECODE,
  CLX_SWEEP_MLA_PREFILL,
  CLX_SWEEP_MLA_DECODE,
  CLX_SWEEPS
} clx_power_sweep;

clx_power_sweep clx_power_sweep_of(const clx_kernel_family *family);  // CLX_SWEEPS: not known
// Turns a shape into the one that ran before it on the same worker. False at the start of a sweep.
bool clx_power_sweep_back(clx_power_sweep sweep, double *shape);
// Position of a batch size in the decode sweep, 0 to 11.
double clx_power_sweep_rank(double batch);
