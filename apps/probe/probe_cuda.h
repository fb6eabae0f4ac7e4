// What the files of colossus-probe-cuda share: errors, graphs, power. Plain C against the host libraries.
#pragma once

#include <cuda_runtime_api.h>

#include "probe.h"

// Prints what failed and returns PROBE_FAULT.
int probe_cuda_failed(const char *what, cudaError_t why);

// Returns from the calling function when a CUDA call fails.
#define PROBE_CUDA_TRY(call)                                                  \
  do {                                                                        \
    const cudaError_t cuda_why_ = (call);                                     \
    if (cuda_why_ != cudaSuccess) return probe_cuda_failed(#call, cuda_why_); \
  } while (0)

// Work that can be captured: enqueues execution `index` on the stream.
typedef int (*probe_enqueue)(void *context, cudaStream_t stream, int32_t index);

typedef struct probe_graph {
  cudaGraphExec_t exec;
  cudaStream_t stream;
  cudaEvent_t start, end;
  int32_t count;  // executions in the graph
} probe_graph;

// Executes the work once outside (which loads its kernels), then captures `count` executions.
int probe_graph_open(probe_graph *graph, probe_enqueue work, void *context, int32_t count);
void probe_graph_close(probe_graph *graph);
// Seconds of one execution, of `replays` graphs in a row between two events.
int probe_graph_time(const probe_graph *graph, int32_t replays, double *seconds);
// As AIConfigurator's collector times: 3 replays to warm up, then 6 in a row; here several such rows, the median of them.
int probe_graph_measure(const probe_graph *graph, probe_timing *timing);

// Fills device memory with a pattern of normal numbers in bf16 or fp8 (e4m3), or with zeros. What a matrix product draws
// depends on its data.
typedef enum probe_fill { PROBE_BF16, PROBE_FP8, PROBE_ZEROS } probe_fill;
int probe_cuda_fill(void *device, size_t bytes, probe_fill fill);
float probe_from_bf16(uint16_t code);
float probe_from_e4m3(uint8_t code);

// --- products (probe_cuda_gemm.c) ------------------------------------------------------------------------------------
typedef struct probe_products probe_products;

// Buffers for products of up to `largest`, filled for one format.
int probe_products_open(probe_products **products, probe_shape largest, double cache, double memory_free);
void probe_products_close(probe_products *products);
int probe_products_fill(probe_products *products, probe_fill fill);
// Compares some elements of a small product with the host's: a wrong layout would be timed as if it were right.
int probe_products_check(probe_products *products, bool fp8, probe_layout layout);
// A graph of one product, with as many copies of its weights as leave the last-level cache. *found = false where cuBLASLt
// has no kernel.
int probe_products_graph(probe_products *products, probe_shape shape, bool fp8, probe_layout layout, probe_graph *graph,
                         bool *found);

// --- power (probe_cuda_power.c) --------------------------------------------------------------------------------------
typedef struct probe_power_sample {
  double power;  // W, mean since the last sample where the device counts energy, else of about the last second
  double clock;  // Hz of the multiprocessors now
} probe_power_sample;

bool probe_power_open(void);  // false: there is no NVML
bool probe_power_read(probe_power_sample *sample);
double probe_power_limit(void);  // W, 0 = unknown
void probe_power_close(void);

// Runs a graph for `seconds`, calling `seen` about every `step` seconds with the mean time of one execution in that step.
typedef void (*probe_sustained)(void *context, double time, double seconds, const probe_power_sample *sample);
int probe_graph_sustain(const probe_graph *graph, double seconds, double step, probe_sustained seen, void *context);

// Long runs of large products (probe_cuda_sustain.c): FOLDER/NAME.sustained.csv.
int probe_cuda_sustain(const probe_options *options, const probe_machine *machine);
