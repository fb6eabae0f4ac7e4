// The step of every rank: the task graph of the pipeline evaluated for all replicas, with GPUs that differ.
//
// Ranks that wait for each other within every layer (tensor, context, expert parallel; all of FSDP) are one lane: it moves as the
// slowest of them. Lanes meet where gradients are summed. Rank of (tensor t, context c, replica d, stage s): t + tp (c + cp (d + dp s)).
#pragma once

#include "trace/trace.h"
#include "training/training.h"

// Ranks that are slower than others: a bad GPU, a throttled server, a degraded link, a failed rail.
typedef struct clx_slow_ranks {
  int64_t first, count;  // ranks
  double compute;        // speed of their kernels against the others
  double network;        // rate of their NICs against the others
  clx_place place;
} clx_slow_ranks;

// What timers, interrupts and the like do to one rank from one step to the next.
#define CLX_STEP_JITTER 0.003

// How ranks differ.
typedef struct clx_stragglers {
  double spread;  // standard deviation of the sustained speed of GPUs of one kind; below 0 = that of the device
  double jitter;  // standard deviation of the time of one rank from step to step; CLX_STEP_JITTER unless given
  clx_slow_ranks *slow;
  int32_t slow_count;
  clx_place place;
} clx_stragglers;

extern const clx_schema clx_stragglers_schema;

// Equal GPUs of a mixed fleet. Whole replicas stand on one kind; what is left over of each makes replicas at the pace of the job's
// own device.
typedef struct clx_fleet_part {
  const clx_device *device;
  int64_t gpus;
} clx_fleet_part;

typedef struct clx_exact_options {
  const clx_stragglers *stragglers;  // nullable: all ranks alike
  const clx_fleet_part *part;        // nullable: all on the job's device
  int32_t part_count;
  bool balance;   // faster parts get more micro-batches
  uint64_t seed;  // of the draws
  int32_t steps;  // drawn one after the other (speeds stay, jitter is new); at least 1
} clx_exact_options;

typedef struct clx_exact {
  int64_t ranks, lanes, tasks;  // tasks: evaluated in one step
  double nominal;               // s, step with all ranks alike
  double mean, low, high;       // s, of the drawn steps: mean, 5th and 95th percentile (nearest rank)
  int64_t slowest_rank;         // that holds up the last step
  double slowness;              // its time against that of a rank as the catalogue has it
  double micro_batches_most, micro_batches_least;  // of a replica
} clx_exact;

// Time of one step of every rank. *step gets its parts: those of the slowest stage as if all ranks were alike, and as jitter what
// drawn and slow ranks add. Errors: those of clx_pipeline_make; CLX_INPUT for slow ranks beyond the job. Cost: about 1 ns a
// task and lane, 20 ns a rank and step; memory O(stages chunks lanes) from `arena`.
clx_status clx_training_exact(const clx_training *job, const clx_exact_options *options, clx_arena *arena,
                              clx_step *step, clx_exact *exact, clx_error *error);

// The step with all ranks alike but the expected slowest of them: no draws. As clx_training_exact, of the task graph; with `costs`
// computed before (clx_training_costs_make).
clx_status clx_training_expected(const clx_training *job, const clx_training_costs *costs, clx_arena *arena,
                                 clx_step *step, clx_error *error);

// What chosen ranks do when: a process each with tracks for compute, stage transfers and data parallelism.
clx_status clx_training_trace(const clx_training *job, const clx_exact_options *options, const int64_t *rank,
                              int32_t rank_count, clx_arena *arena, clx_trace *trace, clx_error *error);

// Expected largest of `count` draws from a standard normal distribution (Blom 1958: quantile (n - 3/8) / (n + 1/4)).
double clx_expected_maximum(double count);
