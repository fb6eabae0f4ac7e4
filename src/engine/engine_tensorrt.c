// TensorRT-LLM's capacity scheduler "guaranteed no evict" with its micro-batch scheduler: a request is admitted when the blocks that it
// needs to its longest end are free, and holds them; decodes first, then prompts in turn until the tokens of an iteration are used up.
// A prompt that is cut is cut to whole blocks (its chunk unit).
#include "engine/engine_internal.h"

int32_t clx_request_reserve(const clx_rules *rules, const clx_request *request) {
  const int32_t answer = rules->reserve > request->output ? rules->reserve : request->output;
  return clx_blocks_of((int64_t)request->prompt + answer - 1 + (request->output > 1 ? rules->drafts : 0), rules->block);
}

// New tokens of a prompt; 0 = none, the iteration is full.
static int32_t cut(const clx_rules *rules, int32_t left, int32_t budget) {
  if (left <= budget) return left;
  return rules->chunked ? budget / rules->block * rules->block : 0;
}

void clx_schedule_tensorrt(clx_run *run, clx_rank *rank, int32_t slot) {
  const clx_rules *rules = clx_rank_rules(rank);
  clx_rank_grow(run, rank, slot);
  int32_t budget = rules->tokens - rank->batch[slot].decodes * (1 + rules->drafts);
  for (int32_t i = rank->prompts > 0 ? clx_rank_first_prompt(run, rank) : CLX_NOBODY; i != CLX_NOBODY;
       i = run->seq[i].next) {
    const clx_seq *s = &run->seq[i];
    if (s->state != CLX_SEQ_PROMPT || s->in_flight > 0) continue;
    const int32_t tokens = cut(rules, clx_seq_target(run, i) - s->computed, budget);
    if (tokens == 0) continue;
    clx_rank_chunk(run, rank, slot, i, tokens, s->held);
    budget -= tokens;
  }
  while (rank->running.count < rules->sequences) {
    const int32_t i = clx_rank_next(run, rank);
    if (i == CLX_NOBODY) return;
    const clx_found found = clx_rank_find(run, rank, i);
    const int32_t tokens = cut(rules, clx_seq_target(run, i) - found.tokens, budget);
    const int32_t held = clx_request_reserve(rules, &run->requests->item[i]);
    if (tokens == 0 || held - found.blocks > rank->store.free - found.idle) return;
    clx_rank_admit(run, rank, i, &found);
    clx_rank_chunk(run, rank, slot, i, tokens, held);
    budget -= tokens;
  }
}
