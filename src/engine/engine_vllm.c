// The scheduler of vLLM V1 (vllm/v1/core/sched/scheduler.py). Those that run go first, in the order of admission, under a budget of
// tokens; one that finds no block preempts the last by recomputation. Where nobody was preempted, waiting requests follow in turn
// until the budget, the sequences or the blocks are used up.
#include "engine/engine_internal.h"

// Next chunks of prompts that run. False when one of them had to preempt itself.
static bool go_on(clx_run *run, clx_rank *rank, int32_t slot, int32_t *budget) {
  const clx_rules *rules = clx_rank_rules(rank);
  for (int32_t i = clx_rank_first_prompt(run, rank); i != CLX_NOBODY && *budget > 0; i = run->seq[i].next) {
    const clx_seq *s = &run->seq[i];
    if (s->state != CLX_SEQ_PROMPT) continue;
    int32_t tokens = clx_seq_target(run, i) - s->computed;
    if (tokens == 0) continue;  // its last chunk is in flight
    if (tokens > *budget) tokens = *budget;
    const int32_t held = clx_blocks_of((int64_t)s->computed + tokens, rules->block);
    while (held - s->held > rank->store.free) {
      const int32_t victim = clx_rank_last(run, rank);
      if (victim == CLX_NOBODY) return false;  // all are in flight: it waits
      clx_rank_preempt(run, rank, victim);
      if (victim == i) return false;
    }
    clx_rank_chunk(run, rank, slot, i, tokens, held);
    *budget -= tokens;
  }
  return true;
}

// Whether the first of the queue has come in.
static bool admit_one(clx_run *run, clx_rank *rank, int32_t slot, int32_t *budget) {
  const clx_rules *rules = clx_rank_rules(rank);
  const int32_t i = clx_rank_next(run, rank);
  if (i == CLX_NOBODY) return false;
  if (rank->running.count > 0 && run->result->served[i].asked > run->closed) return false;
  const clx_found found = clx_rank_find(run, rank, i);
  int32_t tokens = clx_seq_target(run, i) - found.tokens;
  if (tokens > *budget) {
    if (!rules->chunked) return false;
    tokens = *budget;
  }
  const int32_t held = clx_blocks_of((int64_t)found.tokens + tokens, rules->block);
  const int32_t wanted = rules->whole ? clx_blocks_of(clx_seq_target(run, i), rules->block) : held;
  const double spare = rank->running.count == 0 ? 0 : rules->watermark * (double)rules->blocks;
  if ((double)(wanted - found.blocks) + spare > (double)(rank->store.free - found.idle)) return false;
  clx_rank_admit(run, rank, i, &found);
  clx_rank_chunk(run, rank, slot, i, tokens, held);
  *budget -= tokens;
  return true;
}

void clx_schedule_vllm(clx_run *run, clx_rank *rank, int32_t slot) {
  const clx_rules *rules = clx_rank_rules(rank);
  clx_rank_grow(run, rank, slot);
  int32_t budget = rules->tokens - rank->batch[slot].decodes * (1 + rules->drafts);
  if (rank->prompts > 0 && !go_on(run, rank, slot, &budget)) return;
  // Put together ahead, an iteration still counts those that end in the one before it.
  const int32_t leaving = rules->ahead && rank->running.count > 0 ? rank->ended : 0;
  while (rank->preempted == 0 && budget > 0 && rank->running.count + leaving < rules->sequences) {
    if (!admit_one(run, rank, slot, &budget)) return;
  }
}
