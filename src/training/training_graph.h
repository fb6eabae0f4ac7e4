// The task graph of one kind of replica. Internal to training.
#pragma once

#include "training/training_exact.h"
#include "training/training_internal.h"

typedef struct clx_graph {
  clx_training job;
  clx_pipeline pipeline;
  clx_pipeline_times times;
  int32_t positions, micro_batches;
  double transfer;                   // s, from a stage to the next
  clx_stage_parameters *parameters;  // [positions]: trained, of one rank
  clx_stage_time *time;              // [positions]
  double *duration[CLX_TASK_KINDS];  // [positions]
  double *send;                      // [positions]
  double *merged;                    // [positions][positions], nullable: expert exchange behind the other pass
  double *busy;                      // [stages]: s in tasks; after clx_graph_run
} clx_graph;

clx_status clx_graph_make(const clx_training *job, const clx_training_costs *costs, int32_t micro_batches,
                          clx_arena *arena, clx_graph *graph, clx_error *error);

int32_t clx_graph_position(const clx_graph *graph, int32_t stage, int32_t chunk);

// When the schedule lets go, the latest of all replicas; s from its start.
typedef struct clx_graph_ends {
  double *first;              // [stages][chunks]: start of the first forward (the earliest)
  double *begin;              // [stages][chunks]: start of the last task that adds to gradients
  double *ready;              // [stages][chunks]: gradients complete
  double *end;                // [stages]
  clx_pipeline_span *reduce;  // [stages][chunks]: out, nullable: when gradients travel
} clx_graph_ends;

// From there to the end of the step, s.
typedef struct clx_graph_tail {
  double done;        // the last stage has its gradients summed
  int32_t stage;      // that stage
  double exposed;     // of it: gradients after the tasks of the stage
  double contention;  // of it: transfers slowed beside gradients
  double gather;      // schedule waits for parameters
  double tied;        // gradients of a tied embedding
  double optimizer;
  double step;
} clx_graph_tail;

clx_graph_tail clx_graph_finish(const clx_graph *graph, const clx_graph_ends *ends);

// When nothing has been run yet.
clx_status clx_graph_ends_make(const clx_graph *graph, clx_arena *arena, clx_graph_ends *ends, clx_error *error);

// Rows of a block of lanes.
typedef struct clx_lane_block {
  clx_pipeline_result result;
  float *slowness;  // [stages][lanes]
} clx_lane_block;

clx_status clx_lane_block_make(const clx_graph *graph, int32_t lanes, clx_arena *arena, clx_lane_block *block,
                               clx_error *error);
// Lanes meet at their gradients: the latest counts. Takes a block that has run into `ends`.
void clx_graph_meet(const clx_graph *graph, const clx_lane_block *block, int32_t lanes, clx_graph_ends *ends);

// The stage whose tasks take longest, after clx_graph_run.
int32_t clx_graph_slowest_stage(const clx_graph *graph);
// Of the time of a stage, the share that its kernels take.
double clx_graph_compute_share(const clx_graph *graph, int32_t stage);
// Parts of the step: work of the slowest stage, what follows, and as bubble what is left.
void clx_graph_parts(const clx_graph *graph, const clx_graph_tail *tail, clx_step *step);
// One replica, all ranks alike; fills graph->busy.
clx_status clx_graph_run(clx_graph *graph, clx_arena *arena, clx_graph_tail *tail, clx_error *error);
