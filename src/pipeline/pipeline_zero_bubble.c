// Task lists of zero-bubble schedules: weight gradients are tasks of their own and fill what would be bubbles.
#include "pipeline/pipeline_internal.h"

// ZB-H1 (Qi et al., arXiv 2401.10241, section 2.2), the handcrafted rule: forwards and backwards as in 1F1B; stage s leaves s weight
// gradients behind, so that every stage holds as much as the first one does in 1F1B.
void clx_pipeline_list_zb_h1(clx_pipeline_builder *b, int32_t stage) {
  const clx_pipeline *p = b->pipeline;
  const int32_t m = p->micro_batches, ahead = p->stages - 1 - stage, warm_up = ahead < m ? ahead : m;
  for (int32_t i = 0; i < warm_up; i++) clx_pipeline_put(b, CLX_TASK_FORWARD, 0, i);
  for (int32_t i = 0; i < m; i++) {
    if (i + warm_up < m) clx_pipeline_put(b, CLX_TASK_FORWARD, 0, i + warm_up);
    clx_pipeline_put(b, CLX_TASK_BACKWARD, 0, i);
    if (i >= stage) clx_pipeline_put(b, CLX_TASK_WEIGHT, 0, i - stage);
  }
  for (int32_t i = m > stage ? m - stage : 0; i < m; i++) clx_pipeline_put(b, CLX_TASK_WEIGHT, 0, i);
}

typedef struct zb_v {
  clx_pipeline_builder *builder;
  int32_t next[CLX_TASK_KINDS][2];  // next micro-batch by kind and chunk
} zb_v;

// Micro-batches beyond the last one are counted, not listed: with few of them the schedule is that of many with the others left out.
static void put_next(zb_v *v, clx_task_kind kind, int32_t chunk) {
  const int32_t micro_batch = v->next[kind][chunk]++;
  if (micro_batch < v->builder->pipeline->micro_batches) clx_pipeline_put(v->builder, kind, chunk, micro_batch);
}

static void put_backward(zb_v *v, int32_t chunk) {
  put_next(v, CLX_TASK_BACKWARD, chunk);
  put_next(v, CLX_TASK_WEIGHT, chunk);
}

// ZB-V (arXiv 2401.10241, section 6; V-ZB of arXiv 2405.15362), the handcrafted rule for equal F, B and W. Stage s holds at most as
// many activations as the first stage of 1F1B: 2 stages chunks of half the size.
void clx_pipeline_list_zb_v(clx_pipeline_builder *b, int32_t stage) {
  zb_v v = {.builder = b};
  const int32_t stages = b->pipeline->stages, after = stages - stage;
  const int32_t full = 2 * stages - 1, m = b->pipeline->micro_batches > full ? b->pipeline->micro_batches : full;
  for (int32_t i = 0; i < 2 * after - 1; i++) put_next(&v, CLX_TASK_FORWARD, 0);
  for (int32_t i = 0; i < stage; i++) {
    put_next(&v, CLX_TASK_FORWARD, 1);
    put_next(&v, CLX_TASK_FORWARD, 0);
  }
  for (int32_t i = 0; i < after; i++) {
    put_next(&v, CLX_TASK_FORWARD, 1);
    put_backward(&v, 1);
  }
  while (v.next[CLX_TASK_FORWARD][1] < m) {
    if (v.next[CLX_TASK_FORWARD][0] < m) put_next(&v, CLX_TASK_FORWARD, 0);
    put_backward(&v, 0);
    put_next(&v, CLX_TASK_FORWARD, 1);
    put_backward(&v, 1);
  }
  for (int32_t i = 0; i < stage; i++) {
    put_next(&v, CLX_TASK_BACKWARD, 0);
    put_next(&v, CLX_TASK_BACKWARD, 1);
  }
  for (int32_t i = 0; i < after; i++) put_backward(&v, 0);
  for (int32_t chunk = 1; chunk >= 0; chunk--) {
    while (v.next[CLX_TASK_WEIGHT][chunk] < m) put_next(&v, CLX_TASK_WEIGHT, chunk);
  }
}
