// Two schedulers as the simulator Vidur has them (vidur/scheduler/replica_scheduler): Sarathi-Serve, where decodes go first and
// prompts fill what is left of a chunk, and the first vLLM, where whole prompts go before all decodes. In both a prompt is admitted
// when all of its blocks are there and a watermark stays free, a slot of a pipeline holds its share of the sequences, and preemption
// restarts the last of those that are not in flight.
#include "engine/engine_internal.h"

static int32_t slot_sequences(const clx_rules *rules) { return rules->sequences / rules->stages; }

// Whether the blocks of a waiting prompt are there.
static bool can_admit(const clx_run *run, const clx_rank *rank, int32_t i, const clx_found *found) {
  const clx_rules *rules = clx_rank_rules(rank);
  const int64_t spare = (int64_t)(rules->watermark * (double)rules->blocks);
  const int32_t wanted = clx_blocks_of(clx_seq_target(run, i), rules->block) - found->blocks;
  return rank->store.free - found->idle - wanted >= spare;
}

static void admit(clx_run *run, clx_rank *rank, int32_t slot, int32_t i, const clx_found *found, int32_t tokens) {
  const int32_t held = clx_blocks_of(clx_seq_target(run, i), clx_rank_rules(rank)->block);
  clx_rank_admit(run, rank, i, found);
  clx_rank_chunk(run, rank, slot, i, tokens, held);
}

// --- Sarathi ----------------------------------------------------------------------------------------------------------------------

void clx_schedule_sarathi(clx_run *run, clx_rank *rank, int32_t slot) {
  const clx_rules *rules = clx_rank_rules(rank);
  clx_batch *batch = &rank->batch[slot];
  clx_rank_grow(run, rank, slot);
  int32_t budget = rules->tokens - batch->decodes * (1 + rules->drafts);
  for (int32_t i = rank->prompts > 0 ? clx_rank_first_prompt(run, rank) : CLX_NOBODY; i != CLX_NOBODY && budget > 0;
       i = run->seq[i].next) {
    const clx_seq *s = &run->seq[i];
    if (s->state != CLX_SEQ_PROMPT || s->in_flight > 0) continue;
    const int32_t left = clx_seq_target(run, i) - s->computed, tokens = left < budget ? left : budget;
    clx_rank_chunk(run, rank, slot, i, tokens, s->held);
    budget -= tokens;
  }
  while (budget > 0 && rank->running.count < rules->sequences &&
         batch->decodes + batch->chunks < slot_sequences(rules)) {
    const int32_t i = clx_rank_next(run, rank);
    if (i == CLX_NOBODY) return;
    const clx_found found = clx_rank_find(run, rank, i);
    if (!can_admit(run, rank, i, &found)) return;
    const int32_t left = clx_seq_target(run, i) - found.tokens, tokens = left < budget ? left : budget;
    admit(run, rank, slot, i, &found, tokens);
    budget -= tokens;
  }
}

// --- the first vLLM ---------------------------------------------------------------------------------------------------------------

// Whole prompts; they count as if each were as long as the longest.
static void admit_whole(clx_run *run, clx_rank *rank, int32_t slot) {
  const clx_rules *rules = clx_rank_rules(rank);
  const clx_batch *batch = &rank->batch[slot];
  int32_t longest = 0;
  while (rank->running.count < rules->sequences && batch->chunks < slot_sequences(rules)) {
    const int32_t i = clx_rank_next(run, rank);
    if (i == CLX_NOBODY) return;
    const clx_found found = clx_rank_find(run, rank, i);
    if (!can_admit(run, rank, i, &found)) return;
    const int32_t tokens = clx_seq_target(run, i) - found.tokens;
    if (tokens > longest) longest = tokens;
    if ((int64_t)(batch->chunks + 1) * longest > rules->tokens) return;
    admit(run, rank, slot, i, &found, tokens);
  }
}

// More sequences than a slot may hold: those that came last wait.
static void bench_last(clx_run *run, clx_rank *rank, int32_t slot) {
  clx_group *group = &rank->group[slot], *bench = &rank->group[clx_rank_rules(rank)->stages];
  const int32_t most = slot_sequences(clx_rank_rules(rank));
  if (group->count + group->fresh_count <= most) return;
  clx_group_merge(run, rank, slot, clx_rank_rules(rank)->stages);
  while (group->fresh_count < most) {
    int32_t first = 0;
    for (int32_t k = 1; k < bench->fresh_count; k++) {
      if (bench->fresh[k] < bench->fresh[first]) first = k;
    }
    run->seq[bench->fresh[first]].slot = slot;
    group->fresh[group->fresh_count++] = bench->fresh[first];
    bench->fresh[first] = bench->fresh[--bench->fresh_count];
  }
}

void clx_schedule_vllm_v0(clx_run *run, clx_rank *rank, int32_t slot) {
  const int32_t stages = clx_rank_rules(rank)->stages;
  admit_whole(run, rank, slot);
  if (rank->batch[slot].chunks > 0) return;
  for (int32_t k = 0; k <= stages; k++) {
    if (k != slot && !rank->busy[k] && rank->group[k].count + rank->group[k].fresh_count > 0) {
      clx_group_merge(run, rank, k, slot);
    }
  }
  bench_last(run, rank, slot);
  clx_rank_grow(run, rank, slot);
}
