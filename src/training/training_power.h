// What the GPUs of a job draw over one training step: the phases of its task graph, turned into power.
// docs/model/power/step.md.
#pragma once

#include "device/device_draw.h"
#include "training/training_exact.h"

// One pass that repeats: a training step, an evaluation, a checkpoint.
typedef enum clx_pass {
  CLX_PASS_STEP,        // forward, backward, gradients, optimizer
  CLX_PASS_EVALUATION,  // forward passes of batches of the size of a step's, one after the other
  CLX_PASS_CHECKPOINT,  // what all ranks wait for: state copied off the device
  CLX_PASS_STOPPED,     // the job is down: contexts gone, GPUs idle (hung ranks draw CLX_DRAW_WAIT: draw[] has it)
  CLX_PASSES
} clx_pass;

extern const char *const clx_pass_name[CLX_PASSES + 1];

// Power of one GPU of each stage over one pass, mean over the ranks of the stage (replicas draw their own speeds, so edges are
// spread as they are in the fleet). Sample i holds from i dt to (i + 1) dt and is the mean over it: energy is exact.
typedef struct clx_pass_power {
  double time;  // s of the pass
  double dt;    // s, time / samples
  int32_t samples, stages;
  double ranks;                  // GPUs of one stage
  float *watt;                   // [stages][samples]
  double mean, least, most;      // W of a GPU, over all stages: mean over the pass; extremes of the mean over all GPUs
  double share[CLX_DRAW_KINDS];  // of the GPU-time, by what GPUs do
  double draw[CLX_DRAW_KINDS];   // W of a GPU meanwhile (mean where it differs)
  double clock;                  // relative to boost, while multiplying
} clx_pass_power;

enum { CLX_POWER_SAMPLES_MAX = 1 << 20, CLX_POWER_CELLS_MAX = 1 << 26, CLX_POWER_BATCHES_MAX = 256 };

// Evaluates the pass at `samples` points (1 to CLX_POWER_SAMPLES_MAX, times stages no more than CLX_POWER_CELLS_MAX). power_cap and precision of the job count.
//   step        of drawn replicas (options; the first step); the pass repeats
//   evaluation  `sequences` (0 = one global batch), cut into batches of the global batch (at most CLX_POWER_BATCHES_MAX); each fills and drains the pipeline
//               and costs the host the profile's step_overhead; ignored in other passes
//   checkpoint  every rank copies its share of weights and optimizer state to the host's memory over its link
//   stopped     one second
// Mixed fleets: the ranks of the job's own device; those of another with clx_training_power_of.
// Errors: those of clx_training_exact; CLX_INPUT for a device without power parameters or without ranks, and for numbers out of
// range. Arrays from `arena`. Cost: that of clx_training_exact plus 20 ns a task and lane and 1 ns a sample, stage and lane; at most
// 64 replicas are drawn and stand for all.
clx_status clx_training_power(const clx_training *job, const clx_exact_options *options, clx_pass pass,
                              double sequences, int32_t samples, clx_arena *arena, clx_pass_power *power,
                              clx_error *error);

// The same for the ranks on one device of a mixed fleet.
clx_status clx_training_power_of(const clx_training *job, const clx_exact_options *options, const clx_device *device,
                                 clx_pass pass, double sequences, int32_t samples, clx_arena *arena,
                                 clx_pass_power *power, clx_error *error);

// The mean alone, from the parts of a step (a search asks for it a million times): W of a GPU, mean over the stages; 0 for a device
// without power parameters. Within 2 % of the mean of clx_training_power. O(1).
double clx_training_power_mean(const clx_training *job, const clx_step *step);
