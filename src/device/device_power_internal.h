// Between the files of the power model.
#pragma once

#include "device/device_power.h"

// What a kernel does to the device.
typedef struct clx_power_work {
  clx_power_kind kind;
  clx_kernel_format format;
  clx_kernel_cost cost;
  double operands;                  // B through caches and the on-chip network, at least cost.bytes
  double data_matrix, data_memory;  // switching of the operands relative to random numbers
} clx_power_work;

double clx_power_above_rest(const struct clx_device *device, const clx_power_parameters *parameters,
                            const clx_power_work *work);  // W

// --- the tables' sweeps ----------------------------------------------------------------------------------------------

typedef enum clx_power_sweep {
  CLX_SWEEP_GEMM,
  CLX_SWEEP_EXPERTS,
  CLX_SWEEP_PREFILL,
  CLX_SWEEP_DECODE,
  CLX_SWEEP_MLA_PREFILL,
  CLX_SWEEP_MLA_DECODE,
  CLX_SWEEPS
} clx_power_sweep;

clx_power_kind clx_power_kind_of(clx_power_sweep sweep);
// Bytes of the operands of one kernel; `shape` in the order of the table's columns.
double clx_power_operands(clx_power_sweep sweep, clx_kernel_format format, const double *shape);

clx_power_sweep clx_power_sweep_of(const clx_kernel_family *family);  // CLX_SWEEPS: not known
// Turns a shape into the one that ran before it on the same worker. False at the start of a sweep.
bool clx_power_sweep_back(clx_power_sweep sweep, double *shape);
// Position of a batch size in the decode sweep, 0 to 11.
double clx_power_sweep_rank(double batch);
