// Task lists of DualPipe (DeepSeek-AI, arXiv 2412.19437, section 3.2.1; order as published in github.com/deepseek-ai/DualPipe).
#include "pipeline/pipeline_internal.h"

enum { NEAR, FAR };  // micro-batches that enter at this half's end of the pipeline, and at the other

typedef struct dualpipe {
  clx_pipeline_builder *builder;
  int32_t chunk[2], start[2];        // by direction: chunk of the stage, first micro-batch
  int32_t next[CLX_TASK_WEIGHT][2];  // forwards and backwards put so far
  clx_task *late;                    // first backward whose weight gradients are still to be put
} dualpipe;

static void put(dualpipe *d, clx_task_kind kind, int32_t direction) {
  clx_pipeline_put(d->builder, kind, d->chunk[direction], d->start[direction] + d->next[kind][direction]++);
}

static void put_pair(dualpipe *d, int32_t forward, int32_t backward, bool merged) {
  put(d, CLX_TASK_FORWARD, forward);
  d->builder->pipeline->task[d->builder->count - 1].with_next = merged;
  put(d, CLX_TASK_BACKWARD, backward);
}

// Weight gradients come in the order of their backwards, of which all later ones leave theirs behind, too.
static void put_weight(dualpipe *d) {
  while (d->late->kind != CLX_TASK_BACKWARD) d->late++;
  const clx_task late = *d->late++;
  clx_pipeline_put(d->builder, CLX_TASK_WEIGHT, late.chunk, late.micro_batch);
}

static void put_split(dualpipe *d, int32_t direction) {
  if (d->late == NULL) d->late = &d->builder->pipeline->task[d->builder->count];
  put(d, CLX_TASK_BACKWARD, direction);
}

// Steps 1 to 4 of the published order: fill, and the steady state. `rank` counts from the nearer end, of `half` ranks.
static void put_fill(dualpipe *d, int32_t rank, int32_t half) {
  const int32_t after = half - 1 - rank;
  for (int32_t i = 0; i < 2 * after; i++) put(d, CLX_TASK_FORWARD, NEAR);
  for (int32_t i = 0; i <= rank; i++) {
    put(d, CLX_TASK_FORWARD, NEAR);
    put(d, CLX_TASK_FORWARD, FAR);
  }
  for (int32_t i = 0; i < after; i++) {
    put_split(d, FAR);
    put_weight(d);
    put(d, CLX_TASK_FORWARD, FAR);
  }
  d->late = NULL;
  const int32_t pairs = d->builder->pipeline->micro_batches / 2 - 2 * half + rank + 1;
  for (int32_t i = 0; i < pairs; i++) {
    put_pair(d, NEAR, FAR,
             i > 0 || rank < half - 1);  // the first pair of the two middle ranks runs one after the other
    put_pair(d, FAR, NEAR, true);
  }
}

// Steps 5 to 8: drain. From the middle of step 6 on weight gradients are left behind.
static void put_drain(dualpipe *d, int32_t rank, int32_t half) {
  const int32_t after = half - 1 - rank;
  for (int32_t i = 0; i < after; i++) {
    put(d, CLX_TASK_BACKWARD, FAR);
    put_pair(d, FAR, NEAR, true);
  }
  for (int32_t i = 0; i < 2 * (rank + 1); i++) {
    if (i > rank) put_split(d, i % 2 == 0 ? FAR : NEAR);
    if (i <= rank) put(d, CLX_TASK_BACKWARD, i % 2 == 0 ? FAR : NEAR);
  }
  for (int32_t i = 0; i < after; i++) {
    put_weight(d);
    put_split(d, NEAR);
  }
  for (int32_t i = 0; i <= rank; i++) put_weight(d);
}

void clx_pipeline_list_dualpipe(clx_pipeline_builder *b, int32_t stage) {
  const clx_pipeline *p = b->pipeline;
  const int32_t half = p->stages / 2, first_half = stage < half;
  dualpipe d = {.builder = b};
  d.chunk[NEAR] = first_half ? 0 : 1;
  d.chunk[FAR] = 1 - d.chunk[NEAR];
  for (int32_t i = 0; i < 2; i++) d.start[i] = d.chunk[i] * (p->micro_batches / 2);
  const int32_t rank = first_half ? stage : p->stages - 1 - stage;
  put_fill(&d, rank, half);
  put_drain(&d, rank, half);
}
