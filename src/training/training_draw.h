// What the work of a training job draws: time and energy of one GPU by what it does. Internal to training.
#pragma once

#include "device/device_draw.h"
#include "training/training_internal.h"

// One GPU over some time.
typedef struct clx_draw_sum {
  double time[CLX_DRAW_KINDS];    // s
  double energy[CLX_DRAW_KINDS];  // J
} clx_draw_sum;

// Rates of the GPUs of a job that do not depend on what a layer is.
typedef struct clx_job_draw {
  const clx_training *job;
  clx_kernel_format format;
  double clock;                 // relative to boost: what products hold under the limit of the board
  double limit;                 // W
  double watt[CLX_DRAW_KINDS];  // W with no rates of its own but memory: of streams at their full rate
  double link_energy;           // J/B out over the scale-up fabric
} clx_job_draw;

// Whether the catalogue knows what the device draws.
bool clx_device_has_draw(const clx_device *device);
// Of a device that has. O(1).
clx_job_draw clx_job_draw_of(const clx_training *job);
// The same; CLX_INPUT for a device without power parameters.
clx_status clx_job_draw_make(const clx_training *job, clx_job_draw *draw, clx_error *error);

// Work of one micro-batch, s and FLOP as in clx_layer_cost.
typedef struct clx_draw_work {
  double time[CLX_DRAW_KINDS];  // s
  double gemm_flop, gemm_bytes, attention_flop, attention_bytes;
  double link_bytes, link_time;  // of collectives, hidden or not; their time alone
} clx_draw_work;

// Of one pass over what `cost` is the sum of (backward with what recompute repeats and the weight gradients).
clx_draw_work clx_draw_work_of(const clx_training *job, const clx_layer_cost *cost, int32_t pass);
// Weight gradients alone: products. To be taken from the backward pass where the schedule moves them.
clx_draw_work clx_draw_work_weight(const clx_training *job, const clx_layer_cost *cost);
void clx_draw_work_add(clx_draw_work *sum, const clx_draw_work *one, double times);

// Time and energy of that work: products, attention and communication at the rates that its FLOP and bytes make in their time.
clx_draw_sum clx_draw_sum_of(const clx_job_draw *draw, const clx_draw_work *work);

double clx_draw_sum_time(const clx_draw_sum *sum);
double clx_draw_sum_energy(const clx_draw_sum *sum);
void clx_draw_sum_add(clx_draw_sum *sum, const clx_draw_sum *one, double times);
// Adds `time` s of one kind at its own draw.
void clx_draw_sum_put(clx_draw_sum *sum, const clx_job_draw *draw, clx_draw_kind kind, double time);
