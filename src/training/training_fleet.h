// A fleet of GPUs that differ, as parts of equal replicas. Internal to training.
#pragma once

#include "training/training_graph.h"

enum { CLX_PARTS_MAX = 64 };

// Replicas of one kind of GPU with one number of micro-batches.
typedef struct clx_part {
  const clx_device *device;
  clx_graph graph;
  int32_t first, replicas;  // of the dp
  int32_t micro_batches;
  double *share;    // [stages]: of the time of a stage, its kernels
  double *network;  // [slow][stages]: time of a stage with those NICs against the others
} clx_part;

typedef struct clx_fleet {
  const clx_training *job;
  const clx_exact_options *options;
  clx_arena *arena;
  int32_t lockstep;  // replicas that wait for each other in every layer
  clx_part part[CLX_PARTS_MAX];
  int32_t part_count;
  float *speed;      // [world]: time of a rank's kernels against those of a rank as the catalogue has it
  float *time;       // [world]: the same in the step drawn last
  double slow_nics;  // the least rate among the slow ranks
} clx_fleet;

// Splits the job over its kinds of GPUs. Errors: those of clx_pipeline_make; CLX_INPUT for slow ranks beyond the job.
clx_status clx_fleet_make(const clx_training *job, const clx_exact_options *options, clx_arena *arena, clx_fleet *fleet,
                          clx_error *error);
// Draws how long the kernels of every rank take in a step.
void clx_fleet_draw(const clx_fleet *fleet, int32_t step);
// Of lanes of a part: their factor on the time of each stage; slowness[stages][lanes].
void clx_fleet_slowness(const clx_fleet *fleet, const clx_part *part, int32_t lane, int32_t lanes, float *slowness);
// Times of one lane: those of its part, with stage transfers at the pace of its NICs, for which `send` has room for every position.
// False: nothing of it is slower.
bool clx_fleet_lane_times(const clx_fleet *fleet, const clx_part *part, int32_t lane, double *send,
                          clx_pipeline_times *times);
// Runs every lane of the step drawn last. *tasks counts them.
clx_status clx_fleet_run(const clx_fleet *fleet, clx_graph_ends *ends, int64_t *tasks, clx_error *error);
clx_graph_tail clx_fleet_finish(const clx_fleet *fleet, const clx_graph_ends *ends);
