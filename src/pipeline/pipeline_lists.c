// Task lists of the schedules that keep backward passes whole: GPipe, 1F1B, interleaved 1F1B.
#include "pipeline/pipeline_internal.h"

// All forwards, then all backwards, in the same order (Huang et al., arXiv 1811.06965).
void clx_pipeline_list_gpipe(clx_pipeline_builder *b, int32_t stage) {
  (void)stage;
  const int32_t micro_batches = b->pipeline->micro_batches;
  for (int32_t i = 0; i < micro_batches; i++) clx_pipeline_put(b, CLX_TASK_FORWARD, 0, i);
  for (int32_t i = 0; i < micro_batches; i++) clx_pipeline_put(b, CLX_TASK_BACKWARD, 0, i);
}

// The i-th forward or backward of every stage: `group` micro-batches through a chunk, then the same through the next one; the last
// group is what is left (Megatron-Core, get_schedule_table). Backwards take the chunks from the last to the first.
static void put_turn(clx_pipeline_builder *b, clx_task_kind kind, int32_t i) {
  const clx_pipeline *p = b->pipeline;
  const int32_t start = i / (p->group * p->chunks) * p->group, rest = p->micro_batches - start;
  const int32_t size = rest < p->group ? rest : p->group, turn = i - start * p->chunks;
  const int32_t chunk = turn / size;
  clx_pipeline_put(b, kind, kind == CLX_TASK_FORWARD ? chunk : p->chunks - 1 - chunk, start + turn % size);
}

// 1F1B: stages - 1 - stage forwards ahead of the first backward (Narayanan et al., SC21); interleaved: two forwards per stage, and
// `group` for each chunk but the last; merged pairs: one more, so that a pair never holds a micro-batch twice (Megatron-Core,
// get_pp_rank_microbatches with overlap_moe_expert_parallel_comm). With one forward per stage a merged pair would wait for its
// neighbour's, and that one for it, in turns: merged 1F1B takes two, as interleaved with one chunk.
static int32_t ahead(const clx_pipeline *p, int32_t stage, bool merge) {
  const int32_t after = p->stages - 1 - stage;
  if (p->chunks == 1) return merge ? 2 * after + 1 : after;
  return 2 * after + (p->chunks - 1) * p->group + (merge ? 1 : 0);
}

void clx_pipeline_list_interleaved(clx_pipeline_builder *b, int32_t stage) {
  const clx_pipeline *p = b->pipeline;
  const int32_t total = p->micro_batches * p->chunks, most = ahead(p, stage, b->merge);
  const int32_t warm_up = most < total ? most : total;
  for (int32_t i = 0; i < warm_up; i++) put_turn(b, CLX_TASK_FORWARD, i);
  for (int32_t i = warm_up; i < total; i++) {
    put_turn(b, CLX_TASK_FORWARD, i);
    if (b->merge) p->task[b->count - 1].with_next = true;
    put_turn(b, CLX_TASK_BACKWARD, i - warm_up);
  }
  for (int32_t i = total - warm_up; i < total; i++) put_turn(b, CLX_TASK_BACKWARD, i);
}
