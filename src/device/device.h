// device: what one kernel costs on one accelerator. A roofline with efficiency from shape: tiles and waves, memory
// traffic, start-up; isolated kernels, then the clock a device sustains under load.
#pragma once

#include "base/base.h"
#include "cooling/cooling_chip.h"
#include "device/device_kernels.h"
#include "schema/schema.h"

typedef enum clx_format {
  CLX_FP32,
  CLX_TF32,
  CLX_BF16,
  CLX_FP8,
  CLX_FP4,
  CLX_FORMATS
} clx_format;  // fp16 counts as bf16

extern const char *const clx_format_name[CLX_FORMATS + 1];

// Where a matrix product of a training step comes from: the passes differ in the layout of their operands.
typedef enum clx_gemm_pass {
  CLX_GEMM_FORWARD,
  CLX_GEMM_DATA_GRADIENT,
  CLX_GEMM_WEIGHT_GRADIENT,
  CLX_GEMM_PASSES
} clx_gemm_pass;

// Where a device that has no power measurements takes those parameters from, and what differs.
typedef struct clx_device_power {
  const char *kernels;  // catalogue/kernels entry; NULL = its architecture's
  double rest;          // W with clocks up and nothing running; 0 = the share of tdp that the entry has
  double matrix;        // energy of a multiply-add against the entry's
} clx_device_power;

// Where the scale-up links of a device lead. A mesh shares them evenly over the peers of a full server, so that a smaller
// group has fewer of them; a bridge joins two devices, and others are reached over PCIe.
typedef enum clx_device_links { CLX_LINKS_SWITCH, CLX_LINKS_MESH, CLX_LINKS_BRIDGE, CLX_DEVICE_LINKS } clx_device_links;

extern const char *const clx_device_links_name[CLX_DEVICE_LINKS + 1];

// Attention of engines whose decode neither splits long sequences nor keeps apart from prompts (FlashAttention 2). Beside prompts one kernel
// serves both: each sequence and query head takes a tile of queries of which it uses one, and a look at each further tile that the longest
// prompt has. Alone, the longest sequence goes on when the others have ended.
typedef struct clx_engine_attention {
  double tile;   // queries; 0 = decode keeps a kernel of its own
  double share;  // of the rate of prompts that such tiles reach
  double start;  // s of a processor for each tile: its keys and values begin to come
  double skip;   // s of a processor for each tile without queries
  double
      lag;  // the longest sequence goes on at this fraction of the bandwidth, 1 / lag, when others end; 0 = sequences are split evenly
} clx_engine_attention;

// What the catalogue says of an accelerator. Peaks are dense (no sparsity). 0 = not supported or not known.
typedef struct clx_device {
  const char *name;
  const char *title;
  const char *const *aliases;
  int32_t alias_count;
  const char *family;                   // "ampere", "hopper", "blackwell"
  double peak[CLX_FORMATS];             // FLOP/s
  double memory;                        // B
  double memory_bandwidth;              // B/s
  double l2;                            // B
  int32_t processors;                   // streaming multiprocessors
  double clock;                         // Hz, boost
  double tdp;                           // W
  double idle_power;                    // W
  double nvlink;                        // B/s, one direction
  int32_t links;                        // clx_device_links
  double pcie;                          // B/s, one direction
  double host_link;                     // B/s, one direction, of a coherent link to the memory of its host; 0 = none
  double multiply_energy[CLX_FORMATS];  // J/FLOP above rest of a large product at full clock; 0 = power never limits it
  double power_reserve;                 // share of the limit that products of a long job cannot use
  double voltage_minimum;               // least supply voltage, against the full one
  double sustained_clock[CLX_FORMATS];  // replaces what that says: in training against a kernel alone; 0 = does not
  double exponentials;                  // per processor and clock
  double attention_efficiency;          // share of bf16 peak, fused causal forward, head dimension 128, long sequence
  double attention_backward_efficiency;
  double attention_tile;  // queries that a processor works on at a time
  clx_engine_attention engine_attention;
  double memory_efficiency;           // share of memory_bandwidth that streaming kernels reach
  double speed_spread;                // standard deviation of sustained speed between devices of this kind
  double kernel_time;                 // s: ramp up and drain of one kernel
  double host_time;                   // of an operation on its host processor, against current x86 servers
  double gemm_pass[CLX_GEMM_PASSES];  // time of a product in this pass against a forward one of the same shape
  const char
      *kernels_name;  // catalogue/kernels entry whose parameters it uses; NULL = its own, else its architecture's
  const char *decode_kernels_name;                           // the same for attention_generation alone
  const char *engine_decode_name;                            // the same for what inference engines run
  const clx_attention_generation_parameters *engine_decode;  // theirs; NULL = those in `kernels`
  clx_device_power power;
  clx_chip_thermal thermal;  // 0 where not known; `tdp` of it is the device's
  double
      leak;  // W beyond the leakage at which its power was measured, by a scenario's coolant: off what its board leaves for work
  const clx_kernels *kernels;  // never NULL in a device that the catalogue has read; each set says on which device
} clx_device;

extern const clx_schema clx_device_schema;

// Times in s of one kernel alone on a warm device (no sustained clock applied), without casts of the operands. Shapes in
// elements; finite for m, n, k >= 0. The device has kernels (clx_catalog_read_device).
double clx_device_gemm_time(const clx_device *device, clx_kernel_format format, clx_gemm_pass pass, double m, double n,
                            double k, double groups);

// The same beside the other kernels of a long job, when power allows products no more than `rate` FLOP/s (0 = does not limit).
double clx_device_gemm_sustained_time(const clx_device *device, clx_kernel_format format, clx_gemm_pass pass, double m,
                                      double n, double k, double groups, double rate);

// W of its tdp, or of `cap` below it (0 = none), that are left for work beside `leak`; 0 = all of the tdp.
double clx_device_limit(const clx_device *device, double cap);
// Clock, relative to the full one, that a device holds through a training step of large products of `format` under `limit`
// watt (0 = its tdp); 1 where power does not limit it. Checked for limits of 0.6 tdp and more. docs/model/device/sustained.md.
double clx_device_sustained_clock(const clx_device *device, clx_format format, double limit);
// FLOP/s that large products reach at that clock; 0 where power does not limit it.
double clx_device_sustained_rate(const clx_device *device, clx_format format, double limit);
// The limit in W under which large products hold `clock`: the inverse of the first; 0 where power does not limit the format.
double clx_device_sustained_limit(const clx_device *device, clx_format format, double clock);

typedef struct clx_attention_shape {
  double batch, heads, kv_heads, query, key, qk_dim, v_dim, causal_share, window;
} clx_attention_shape;

double clx_device_attention_time(const clx_device *device, const clx_attention_shape *shape, bool backward);
// Attention as separate batched GEMMs and softmax passes, the whole score matrix (before flash attention).
double clx_device_unfused_attention_time(const clx_device *device, const clx_attention_shape *shape, bool backward);
double clx_device_stream_time(const clx_device *device, double bytes);
// Casting m x k bf16 elements to a narrow format, with transpose when `both_layouts`.
double clx_device_cast_time(const clx_device *device, clx_kernel_format format, double elements, bool both_layouts);
