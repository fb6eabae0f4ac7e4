// pipeline: who works on which micro-batch when. Schedules of a pipeline of stages as lists of tasks, and their exact
// evaluation for many replicas at once. Knows tasks and seconds only.
#pragma once

#include "base/base.h"

typedef enum clx_pipeline_kind {
  CLX_PIPELINE_GPIPE,        // all forwards, then all backwards
  CLX_PIPELINE_1F1B,         // one forward, one backward (PipeDream-Flush)
  CLX_PIPELINE_INTERLEAVED,  // 1F1B over several chunks of layers per stage (Megatron-LM)
  CLX_PIPELINE_ZB_H1,        // 1F1B with weight gradients moved into the bubble, memory of 1F1B (arXiv 2401.10241)
  CLX_PIPELINE_ZB_V,         // two chunks per stage in a V, weight gradients in the bubble (arXiv 2405.15362)
  CLX_PIPELINE_DUALPIPE,     // micro-batches from both ends, two copies of the weights (DeepSeek-V3)
  CLX_PIPELINE_KINDS
} clx_pipeline_kind;

extern const char *const clx_pipeline_kind_name[CLX_PIPELINE_KINDS + 1];

typedef enum clx_task_kind {
  CLX_TASK_FORWARD,
  CLX_TASK_BACKWARD,  // the whole backward pass, or its activation gradients where the schedule splits it
  CLX_TASK_WEIGHT,    // weight gradients
  CLX_TASK_KINDS
} clx_task_kind;

extern const char *const clx_task_kind_name[CLX_TASK_KINDS + 1];

// One task of a stage. Tasks of one stage run in their order.
typedef struct clx_task {
  uint8_t kind;         // clx_task_kind
  uint8_t with_next;    // bool: runs merged with the next task of the stage (a forward and a backward of different micro-batches)
  int16_t chunk;        // of the stage
  int32_t micro_batch;
} clx_task;

// positions = chunks of layers in the order of the model. Chunk c of stage s is position clx_pipeline_position(...). In DualPipe each
// stage holds positions s and stages - 1 - s; micro-batches of the first half enter at position 0 on stage 0, those of the second half at
// position 0 on the last stage.
typedef struct clx_pipeline {
  int32_t kind;
  int32_t stages, chunks, micro_batches;
  int32_t group;      // interleaved: micro-batches of a chunk in a row (stages, unless given)
  bool split;         // weight gradients are tasks of their own
  clx_task *task;     // [first[stages]]
  int32_t *first;     // [stages + 1]: tasks of stage s are first[s] .. first[s + 1] - 1
  int32_t *order;     // [first[stages]]: indices of tasks such that every one stands after those it needs (merged pairs side by side)
  int32_t *in_flight; // [stages]: most micro-batch chunks whose activations a stage holds at once
} clx_pipeline;

// What the user asks for.
typedef struct clx_pipeline_spec {
  int32_t kind;
  int32_t stages, chunks, micro_batches;
  int32_t group;   // 0 = stages
  bool merge;      // run forward and backward of the steady state merged (expert exchange of one behind the other's compute)
  clx_place place; // of the layout, for messages
} clx_pipeline_spec;

// Builds the task lists, checks that they can run and orders them. Errors (CLX_INPUT): a schedule that cannot run with these numbers (naming
// them and what is needed); CLX_INTERNAL-free: a cyclic order is found and named by stage and task, never a hang. Micro-batch counts need not
// divide evenly where the schedule has a meaning for it. O(tasks).
clx_status clx_pipeline_make(const clx_pipeline_spec *spec, clx_arena *arena, clx_pipeline *pipeline, clx_error *error);

// As clx_pipeline_make, from task lists that the caller filled (kind, stages, chunks, micro_batches, split, task, first): order and in_flight.
clx_status clx_pipeline_order(clx_pipeline *pipeline, clx_place place, clx_arena *arena, clx_error *error);

int32_t clx_pipeline_position(const clx_pipeline *pipeline, int32_t stage, const clx_task *task);

// Durations in s at full speed, by position.
typedef struct clx_pipeline_times {
  const double *task[CLX_TASK_KINDS];  // [positions]; without split, backward holds all of it and weight is unused
  const double *send;                  // [positions]: from position p to p + 1 forward, and of its gradients back
  bool blocking;                       // the sender computes on only when the transfer is through
  const double *merged;                // [positions][positions] nullable: s that a merged forward of p and backward of q take together
} clx_pipeline_times;

// Replicas whose stages are faster or slower than another: lanes. They do not wait for each other within the schedule.
typedef struct clx_pipeline_lanes {
  int32_t count;
  const float *slowness;  // [stages][count]: factor on task durations; NULL = 1
  float jitter;           // standard deviation of a further factor on each task, drawn anew (half-normal, never below 1); 0 = none
  uint64_t seed;          // counter-based: a lane's draws do not depend on the other lanes
  int64_t first_lane;     // number of lane 0, for the draws
} clx_pipeline_lanes;

typedef struct clx_pipeline_span {
  double start, end;  // s
} clx_pipeline_span;

// When stages are done. Arrays [stages][chunks][lanes], all nullable and float for bandwidth; in s from the start of the step.
typedef struct clx_pipeline_result {
  float *first_forward;     // start of the first forward of the chunk
  float *last_start;        // start of the last task that adds to the chunk's gradients
  float *last_end;          // and its end: gradients complete
  float *end;               // [stages][lanes]: stage done
  float *busy;              // [stages][lanes]: time in tasks
  clx_pipeline_span *span;  // nullable: of every task (index of task), lane `span_lane`
  int32_t span_lane;
} clx_pipeline_result;

// Evaluates the schedule exactly for all lanes (longest path through tasks and transfers). Arrays of `result` that are not NULL are filled;
// scratch comes from `arena`. No allocation per task or lane beyond rows of live finish times. About 1 ns per task and lane.
clx_status clx_pipeline_run(const clx_pipeline *pipeline, const clx_pipeline_times *times, const clx_pipeline_lanes *lanes,
                            const clx_pipeline_result *result, clx_arena *arena, clx_error *error);

// Closed forms, for equal stages without transfers (tests, bounds of a search): s of the whole schedule with F, B, W of one whole stage (all
// its chunks). Exact where documented, else a lower bound.
double clx_pipeline_bound(int32_t kind, int32_t stages, int32_t chunks, int32_t micro_batches, double forward, double backward, double weight);
