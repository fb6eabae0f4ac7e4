// The family `gemm`: out[m, n] = a[m, k] . b[k, n] with the vendor's library, b (the weights) in the number format of the
// table, out in bf16. Narrow formats start from bf16 activations: their time includes the cast of a.
#pragma once

#include "device/device_kernel.h"

struct clx_device;

typedef struct clx_gemm_shape {
  double m, n, k;  // m = rows of activations (tokens)
} clx_gemm_shape;

typedef struct clx_gemm_parameters {
  clx_kernel_fit fit;
  double start_time;         // s: launch, ramp up and drain
  double matrix_share;       // of a processor's peak, in the K loop, clock not limited by power
  double load_rate;          // B per processor and clock from the last-level cache to a tile
  double step_time;          // s per 64 elements of K at least: latency of the pipeline
  double store_rate;         // results per processor and clock leaving a finished tile
  double store_exposed;      // share of that between two tiles of one processor that the next tile does not hide
  double wave_loss;          // share of the idle time of a last, partly filled wave that is lost
  double memory_share;       // of the memory bandwidth
  double overlap_loss;       // share of the shorter of multiplying and memory traffic that the longer does not hide
  double cache_speed;        // of the last-level cache, against memory
  double weight_copies;      // weights stay in the last-level cache when it holds this many of them
  double activation_copies;  // the same for activations and results
  double panel_share;        // of the last-level cache, that keeps panels for the next wave of tiles
  double split_time;         // s: the second kernel that adds up the parts of a split K
  double flop_energy;        // J per FLOP when power limits the clock: the device draws its tdp
  double power_time;         // s until the power limit acts
  double quantise_time;      // s: launches of the cast of activations
  double quantise_share;     // of the memory bandwidth, of the cast
  double ragged_time;        // s: padding of rows, block scales
  double ragged_loss;        // slowdown of the K loop by ragged rows, block scales
} clx_gemm_parameters;

extern const clx_schema clx_gemm_schema;
extern const clx_kernel_family clx_kernel_gemm;

// The product alone, without the cast, for `groups` equal and independent products in one launch.
clx_kernel_cost clx_gemm_cost_grouped(const struct clx_device *device, clx_kernel_format format,
                                      const clx_gemm_parameters *parameters, double m, double n, double k,
                                      double groups);

// The same while other kernels of a job run before and after it, and power allows no more than `rate` FLOP/s (0 = any).
clx_kernel_cost clx_gemm_cost_sustained(const struct clx_device *device, clx_kernel_format format,
                                        const clx_gemm_parameters *parameters, double m, double n, double k,
                                        double groups, double rate);

// The cast of m x k activations from bf16 to `format`, 0 when there is none. In s.
double clx_gemm_quantise_time(const struct clx_device *device, clx_kernel_format format,
                              const clx_gemm_parameters *parameters, double m, double k);
