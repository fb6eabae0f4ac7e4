// Shared by the files of this folder: placement of positions, builder of task lists, the program of an evaluation, draws.
#pragma once

#include "pipeline/pipeline.h"

// --- placement ---------------------------------------------------------------------------------------------------------

// What decides where a position stands; micro_batches matters in DualPipe only.
typedef struct clx_pipeline_shape {
  int32_t kind, stages, chunks, micro_batches, positions;
} clx_pipeline_shape;

clx_pipeline_shape clx_pipeline_shape_of(const clx_pipeline *pipeline);

// True if the micro-batch runs from the last stage to the first one.
static inline bool clx_pipeline_runs_back(const clx_pipeline_shape *shape, int32_t micro_batch) {
  return shape->kind == CLX_PIPELINE_DUALPIPE && micro_batch >= shape->micro_batches / 2;
}

static inline int32_t clx_pipeline_place(const clx_pipeline_shape *shape, int32_t stage, int32_t chunk) {
  if (chunk > 0 && shape->kind == CLX_PIPELINE_DUALPIPE) return shape->stages - 1 - stage;
  if (chunk > 0 && shape->kind == CLX_PIPELINE_ZB_V) return 2 * shape->stages - 1 - stage;
  return chunk * shape->stages + stage;
}

static inline int32_t clx_pipeline_stage(const clx_pipeline_shape *shape, int32_t position, int32_t micro_batch) {
  if (clx_pipeline_runs_back(shape, micro_batch)) return shape->stages - 1 - position;
  if (position < shape->stages) return position;
  if (shape->kind == CLX_PIPELINE_ZB_V) return 2 * shape->stages - 1 - position;
  return position % shape->stages;
}

// --- task lists --------------------------------------------------------------------------------------------------------

typedef struct clx_pipeline_builder {
  clx_pipeline *pipeline;
  int32_t count;
  bool merge;
} clx_pipeline_builder;

static inline void clx_pipeline_put(clx_pipeline_builder *b, clx_task_kind kind, int32_t chunk, int32_t micro_batch) {
  b->pipeline->task[b->count++] = (clx_task){(uint8_t)kind, 0, (int16_t)chunk, micro_batch};
}

// Lists of one stage. O(tasks).
void clx_pipeline_list_gpipe(clx_pipeline_builder *b, int32_t stage);
void clx_pipeline_list_interleaved(clx_pipeline_builder *b, int32_t stage);  // and 1F1B
void clx_pipeline_list_zb_h1(clx_pipeline_builder *b, int32_t stage);
void clx_pipeline_list_zb_v(clx_pipeline_builder *b, int32_t stage);
void clx_pipeline_list_dualpipe(clx_pipeline_builder *b, int32_t stage);

// --- program -----------------------------------------------------------------------------------------------------------

// Rows hold times at which what a task sends is there. The first ones are special: nothing to wait for, and nobody waits (of
// either task of a merged pair).
enum { CLX_ROW_ZERO, CLX_ROW_UNREAD, CLX_ROW_UNREAD_TOO, CLX_ROWS_SPECIAL };

enum {
  CLX_OPERATION_PAIR = 1,           // merged with the next operation
  CLX_OPERATION_FIRST_FORWARD = 2,  // of its chunk
  CLX_OPERATION_LAST_GRADIENT = 4   // of its chunk
};

enum { CLX_OPERATION_WHOLE = CLX_TASK_KINDS };  // row of the durations of whole backward passes of split schedules

typedef struct clx_pipeline_operation {
  int32_t task;
  int32_t wait;      // row of what it waits for; CLX_ROW_ZERO = nothing but its stage
  int32_t leave;     // row that it writes; CLX_ROW_UNREAD = nobody waits
  int32_t duration;  // index of [kinds + 1][positions]
  int32_t send;      // index of [positions + 1]: its transfer; positions = none
  uint16_t stage;
  uint16_t flags;
} clx_pipeline_operation;

struct clx_pipeline_program {
  const clx_pipeline_operation *operation;  // [count], in order
  int32_t count;
  int32_t rows;       // live at once, the special ones included
  const bool *whole;  // [count] by task
};

// --- draws -------------------------------------------------------------------------------------------------------------

// Two words that identify a lane or a task.
typedef struct clx_pipeline_key {
  uint32_t a, b;
} clx_pipeline_key;

clx_pipeline_key clx_pipeline_key_of(uint64_t seed, uint64_t number);
