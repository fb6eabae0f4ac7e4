// What the files of one layer's cost share.
#pragma once

#include "training/training_internal.h"

enum { CLX_FORWARD, CLX_BACKWARD, CLX_COLUMNS_MAX = 4 };

enum { CLX_SERVER = 8 };  // GPUs of a usual server: recipes for larger NVLink domains differ

// FLOP of attention and scans forward and backward against forward alone.
#define CLX_ATTENTION_PASSES 3.5

// A layer as its operations are added up.
typedef struct clx_layer_context {
  const clx_training *job;
  const clx_device *device;
  const clx_software *software;
  clx_shard shard;
  clx_format format;
  double rate[CLX_FORMATS];  // FLOP/s that power allows large products of the two formats in use
  double attention_clock;    // against the one its efficiency was read at
  bool fused_attention;
  bool fused_experts;  // one grouped kernel for the experts, the whole step a graph
  clx_layer_cost cost;
  double kernels[2];
  double experts_forward;        // s of compute of the routed experts
  double linears, cast_experts;  // linear modules; experts that are cast or have biases
  double attention_forward, gemm_forward, selective_stream, flop_forward;
  double column_data[CLX_COLUMNS_MAX],
      column_weight[CLX_COLUMNS_MAX];  // gradients of the products whose input is gathered
  double column_times[CLX_COLUMNS_MAX];
  int32_t columns;
  double last_gemm, last_flop;  // of the operation added last, when that was a matrix product; forward
} clx_layer_context;

// Kernels (training_kernels.c): GEMMs, attention, elementwise work, scans.
void clx_layer_add_operations(clx_layer_context *context, const clx_op *ops, int32_t count);
// s in kernels of a pass.
double clx_layer_compute(const clx_layer_cost *cost, int32_t pass);

// Communication (training_exchange.c), after the operations.
typedef struct clx_tp_collectives {
  double gather, reduce;  // s of one; gather 0 without sequence parallelism
  double link_bytes;      // B out over the scale-up fabric, of both
} clx_tp_collectives;

clx_tp_collectives clx_layer_tp_collectives(const clx_layer_context *context);
void clx_layer_add_tp(clx_layer_context *context, bool moe);
void clx_layer_add_cp(clx_layer_context *context);
void clx_layer_add_ep(clx_layer_context *context);
void clx_layer_add_fsdp(clx_layer_context *context, bool moe);
