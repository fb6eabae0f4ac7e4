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
  CLX_PIPELINE_DUALPIPE,     // micro-batches from both ends, two copies of the weights (DeepSeek-V3, arXiv 2412.19437)
  CLX_PIPELINE_KINDS
} clx_pipeline_kind;

extern const char *const clx_pipeline_kind_name[CLX_PIPELINE_KINDS + 1];

typedef enum clx_task_kind {
  CLX_TASK_FORWARD,
  CLX_TASK_BACKWARD,  // the whole backward pass, or its activation gradients where a weight task follows (split schedules)
  CLX_TASK_WEIGHT,  // weight gradients
  CLX_TASK_KINDS
} clx_task_kind;

extern const char *const clx_task_kind_name[CLX_TASK_KINDS + 1];

// One task of a stage. Tasks of one stage run in their order.
typedef struct clx_task {
  uint8_t kind;       // clx_task_kind
  uint8_t with_next;  // bool: runs merged with the next task of the stage (a forward and a backward, either first)
  int16_t chunk;      // of the stage
  int32_t micro_batch;
} clx_task;

// What clx_pipeline_run reads: one record per task, in the order of evaluation. Made by clx_pipeline_order.
typedef struct clx_pipeline_program clx_pipeline_program;

// Positions are chunks of layers in the order of the model: clx_pipeline_position tells that of a task. Interleaved: chunk c of
// stage s is position c stages + s. ZB-V: stage s holds positions s (chunk 0) and 2 stages - 1 - s (chunk 1). DualPipe: stage s holds
// positions s (chunk 0) and stages - 1 - s (chunk 1); the first half of the micro-batches enters at position 0 on stage 0 and
// runs through chunks 0, the second half at position 0 on the last stage and runs through chunks 1.
typedef struct clx_pipeline {
  int32_t kind;
  int32_t stages, chunks, micro_batches;
  int32_t group;   // interleaved: micro-batches of a chunk in a row
  bool split;      // weight gradients are tasks of their own (in DualPipe: of some micro-batches)
  clx_task *task;  // [first[stages]]
  int32_t *first;  // [stages + 1]: tasks of stage s are first[s] .. first[s + 1] - 1
  int32_t *order;  // [first[stages]]: tasks such that every one stands after those it needs (merged pairs side by side)
  int32_t *in_flight;  // [stages]: most pairs (chunk, micro-batch) whose activations a stage holds at once
  const clx_pipeline_program *program;
} clx_pipeline;

// What the user asks for.
typedef struct clx_pipeline_spec {
  int32_t kind;
  int32_t stages;
  int32_t chunks;  // per stage; 0 = as many as the schedule needs (1; ZB-V and DualPipe 2)
  int32_t micro_batches;
  int32_t
      group;  // interleaved: micro-batches of a chunk in a row, >= stages; 0 = stages, or the least that the count allows
  bool
      merge;  // 1F1B, interleaved: forward and backward of the steady state merged (expert exchange of one behind the other's compute)
  clx_place place;  // of the layout, for messages
} clx_pipeline_spec;

enum { CLX_PIPELINE_STAGES_MAX = 4096, CLX_PIPELINE_CHUNKS_MAX = 1024, CLX_PIPELINE_TASKS_MAX = 1 << 26 };

// Builds the task lists, checks that they can run, orders them. Errors (CLX_INPUT) name the numbers that do not fit and what is
// needed: interleaved takes as many micro-batches as stages or more, in groups such that the last one is full or has at least
// `stages` (as Megatron-Core); ZB-V and DualPipe two chunks; DualPipe an even number of stages, and of micro-batches, at least
// two per stage. GPipe, 1F1B, ZB-H1 and ZB-V run with any number of micro-batches. `merge` is refused where weight gradients
// are split or nothing alternates (DualPipe always merges). Arrays come from `arena`. O(tasks), about 30 ns each.
clx_status clx_pipeline_make(const clx_pipeline_spec *spec, clx_arena *arena, clx_pipeline *pipeline, clx_error *error);

// Interleaved: the least micro-batches of a chunk in a row, `stages` or more, whose last group is full or has at least `stages`.
int32_t clx_pipeline_group(int32_t stages, int32_t micro_batches);

// As clx_pipeline_make, from task lists that the caller filled (kind, stages, chunks, micro_batches, split, task, first): sets order,
// in_flight, program. `kind` decides positions only. Every forward and backward of every position and micro-batch must be listed
// once; with `split` a backward that has no weight task takes the whole pass. Lists that wait for each other in a circle are an
// error that names stages, tasks and micro-batches.
clx_status clx_pipeline_order(clx_pipeline *pipeline, clx_place place, clx_arena *arena, clx_error *error);

int32_t clx_pipeline_position(const clx_pipeline *pipeline, int32_t stage, const clx_task *task);
int32_t clx_pipeline_positions(const clx_pipeline *pipeline);  // stages in DualPipe, else stages x chunks
// True if the task is a backward pass that is not followed by a weight task of its own.
bool clx_pipeline_is_whole(const clx_pipeline *pipeline, int32_t task);

// Durations in s at full speed, by position.
typedef struct clx_pipeline_times {
  // [positions]. Without split, backward holds all of it and weight is unused (may be NULL); a whole backward of a split
  // schedule takes backward + weight.
  const double *task[CLX_TASK_KINDS];
  // [positions]: from position p to p + 1 forward, and of its gradients back; nothing is sent within a stage. Nullable = 0.
  const double *send;
  bool blocking;  // the sender computes on only when its transfer is through; a merged pair sends both ways at once
  // [positions][positions] nullable: s that a forward of p merged with a (whole) backward of q takes; NULL = their sum.
  const double *merged;
} clx_pipeline_times;

// Replicas whose stages are faster or slower than another: lanes. They do not wait for each other within the schedule.
typedef struct clx_pipeline_lanes {
  int32_t count;
  const float *slowness;  // [stages][count]: factor on task durations; NULL = 1
  // Standard deviation of the normal of which the absolute value is added to 1: a further factor on each task (one for a merged pair),
  // drawn anew, never below 1, mean 1 + 0.798 jitter. 0 = none.
  float jitter;
  uint64_t seed;       // counter-based: a lane's draws depend on seed, its number and the task only
  int64_t first_lane;  // number of lane 0, for the draws
} clx_pipeline_lanes;

typedef struct clx_pipeline_span {
  double start, end;  // s
} clx_pipeline_span;

// When stages are done. Arrays [stages][chunks][lanes], all nullable and float for bandwidth; in s from the start of the step. Times
// are added in double.
typedef struct clx_pipeline_result {
  float *first_forward;     // start of the first forward of the chunk
  float *last_start;        // start of the last task that adds to the chunk's gradients
  float *last_end;          // and its end: gradients complete
  float *end;               // [stages][lanes]: stage done (with `blocking`, its last transfer too)
  float *busy;              // [stages][lanes]: time in tasks
  clx_pipeline_span *span;  // nullable: of every task (index of task), lane `span_lane`
  int32_t span_lane;
} clx_pipeline_result;

// Evaluates the schedule exactly for all lanes (longest path through tasks and transfers). Arrays of `result` that are not NULL are
// filled; `lanes` NULL = one lane at full speed. Lanes go through 32 at a time; scratch is 32 KiB of stack, or, beyond some 20 stages of many lanes and some
// 500 of a single one, a block from `arena`. Times must be finite and not negative, slowness positive (CLX_INTERNAL otherwise).
// O(tasks x lanes): 0.6 ns per task and lane, 6 ns with jitter; 5 ns per task of a single lane.
clx_status clx_pipeline_run(const clx_pipeline *pipeline, const clx_pipeline_times *times,
                            const clx_pipeline_lanes *lanes, const clx_pipeline_result *result, clx_arena *arena,
                            clx_error *error);

// Closed forms for equal stages without transfers (tests, bounds of a search): s of the whole schedule, O(1). forward, backward (its
// activation gradients) and weight are s of one micro-batch on one whole stage, all its chunks (DualPipe: on one of its two positions); schedules
// that do not split take backward + weight, so that a caller may also pass the whole backward and weight 0.
//   GPipe, 1F1B   (m + p - 1) (F + B + W), exact
//   interleaved   m (F + B + W) + (p - 1) (F + B + W) / v, exact
//   ZB-H1         m (F + B + W) + (p - 1) max(F, B, F + B - W), exact from m = 2 p on
//   ZB-V          m (F + B + W) + (p - 1) max(F, F + B - 2 W) / 2, a lower bound; exact for F = B = W from m = 2 p on
//   DualPipe      m (F + B + W) + (p / 2 - 1) max(F, F + B - W), a lower bound. For F = B = W the schedule takes that of
//                 DeepSeek's table, (p / 2 - 1) (merged + B - 2 W) beyond the work of a middle stage.
double clx_pipeline_bound(int32_t kind, int32_t stages, int32_t chunks, int32_t micro_batches, double forward,
                          double backward, double weight);

// The same with `merge`: a forward and a backward of one whole stage together take `merged` s (more than F + B + W counts as that).
//   1F1B, interleaved   ((p - 1 + a) (F + B + W) + (m v - a) merged) / v with a = (v - 1) p + 1 chunks of the last stage unmerged; exact
//                       for groups of p when merged >= max(F, B + W) and m v > a + 2 (p - 1), else a lower bound
//   DualPipe            (m - p - 1) merged + (p + 1) (F + B + W) + the rest as above, a lower bound
double clx_pipeline_bound_merged(int32_t kind, int32_t stages, int32_t chunks, int32_t micro_batches, double forward,
                                 double backward, double weight, double merged);
