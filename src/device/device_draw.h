// What one GPU draws in a long job, by what it does at the moment: multiplies, attends, streams, communicates, waits.
// docs/model/device/power.md.
#pragma once

#include "device/device_power.h"

struct clx_device;

typedef enum clx_draw_kind {
  CLX_DRAW_IDLE,         // no job
  CLX_DRAW_WAIT,         // a job's context, kernels of few blocks that poll for other GPUs or for the host
  CLX_DRAW_COMMUNICATE,  // collectives: copies through processors, NVLink or NICs
  CLX_DRAW_STREAM,       // elementwise, normalisation, optimizer: bound by device memory
  CLX_DRAW_ATTENTION,    // fused attention over many tokens
  CLX_DRAW_MULTIPLY,     // large matrix products
  CLX_DRAW_KINDS
} clx_draw_kind;

extern const char *const clx_draw_name[CLX_DRAW_KINDS + 1];  // "idle", "wait", "communicate", ...

// Rates of one GPU while it does one thing, at the clock at which they hold.
typedef struct clx_draw_load {
  clx_draw_kind kind;
  clx_kernel_format format;  // of what it multiplies
  double flop;               // FLOP/s of the multiply units
  double bytes;              // B/s of device memory
  double link;               // B/s out over the scale-up fabric
} clx_draw_load;

// W of one GPU at `clock` (relative to its boost clock) and the voltage that belongs to it; never above `limit` (W; 0 = its tdp), the
// board's power controller being slower than a kernel and faster than a step. Finite and >= idle_power.
double clx_device_draw(const struct clx_device *device, const clx_draw_load *load, double clock, double limit);

// Mean W of one GPU that does `count` things in turns shorter than a second, share[i] of the time each (sum 1; rates of load[i]
// hold meanwhile). The controller holds the mean over about a second at the limit, and work alone at 1.13 of it for less: where
// some of the work draws less or waits, the clock of the rest rises, so that a training step with short pauses draws more than
// its share of the limit. Takes the clock as free. Phases longer than a second: each by itself, clx_device_draw or a mix. Finite,
// >= idle_power, at most the limit. O(count). Checked on one H100: 2 % for training loops, 4 % for decode loops.
double clx_device_draw_mix(const struct clx_device *device, const clx_draw_load *load, const double *share,
                           int32_t count, double limit);

// Seconds in which the draw of a GPU follows a change of load (voltage regulators, controller): a first-order lag.
double clx_device_draw_lag(const struct clx_device *device);
