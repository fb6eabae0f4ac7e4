// SGLang's scheduler (sglang/srt/managers: scheduler.py, schedule_policy.py, schedule_batch.py): prompts run alone and before decodes,
// the first cut to a chunk; one is admitted when what is free covers it, its longest answer, a block, and the share of the longest answers of
// those that run that is expected (new_token_ratio). The share falls with each decode iteration; when blocks run out, those with the
// shortest answers are retracted, to the end of the queue, and it rises to what was seen. A batch that could not grow admits nobody
// until a request has ended.
#include "engine/engine_internal.h"

#include <math.h>

// Defaults of global_config.py.
static const double RATIO_FIRST = 0.7, RATIO_LEAST = 0.7 * 0.14, RATIO_STEPS = 600;
enum { ANSWER_CLIP = 4096, RETRACT_STEPS = 20 };

static int32_t longest_answer(const clx_rules *rules, const clx_request *request) {
  return rules->reserve > request->output ? rules->reserve : request->output;
}

static int32_t clip(int32_t tokens) { return tokens < ANSWER_CLIP ? tokens : ANSWER_CLIP; }

static int32_t made_of(const clx_run *run, const clx_rank *rank, int32_t i) {
  const clx_seq *s = &run->seq[i];
  if (s->state != CLX_SEQ_DECODE) return s->made;
  return run->requests->item[i].output - (int32_t)(s->end - rank->group[s->slot].odometer);
}

// Tokens that those that run will need: prompts that were cut all of it, the others as expected. O(sequences), once for each batch of
// prompts.
static double expected(const clx_run *run, const clx_rank *rank) {
  const clx_rules *rules = clx_rank_rules(rank);
  double sure = 0, answers = 0;
  for (int32_t i = rank->running.first; i != CLX_NOBODY; i = run->seq[i].next) {
    const int32_t answer = clip(longest_answer(rules, &run->requests->item[i]) - made_of(run, rank, i));
    if (run->seq[i].state == CLX_SEQ_PROMPT) {
      sure += clx_seq_target(run, i) - run->seq[i].computed + answer + rules->block;
    } else {
      answers += answer;
    }
  }
  return sure + answers * rank->ratio;
}

typedef struct adder {
  double room;     // tokens that are free for prompts and answers
  int32_t budget;  // new tokens of this iteration
} adder;

// The rest of a prompt that was cut goes first.
static void go_on(clx_run *run, clx_rank *rank, int32_t slot, adder *a) {
  const clx_rules *rules = clx_rank_rules(rank);
  for (int32_t i = rank->prompts > 0 ? clx_rank_first_prompt(run, rank) : CLX_NOBODY; i != CLX_NOBODY && a->budget > 0;
       i = run->seq[i].next) {
    const clx_seq *s = &run->seq[i];
    if (s->state != CLX_SEQ_PROMPT || s->in_flight > 0) continue;
    const int32_t left = clx_seq_target(run, i) - s->computed, tokens = left < a->budget ? left : a->budget;
    const int32_t held = clx_blocks_of((int64_t)s->computed + tokens, rules->block);
    if (held - s->held > rank->store.free) continue;
    clx_rank_chunk(run, rank, slot, i, tokens, held);
    a->budget -= tokens;
  }
}

// Whether the first of the queue came in, and the next may try.
static bool admit_one(clx_run *run, clx_rank *rank, int32_t slot, adder *a) {
  const clx_rules *rules = clx_rank_rules(rank);
  if (rank->running.count >= rules->sequences) {
    rank->full = true;
    return false;
  }
  const int32_t i = clx_rank_next(run, rank);
  if (i == CLX_NOBODY || a->budget <= 0) return false;
  const clx_found found = clx_rank_find(run, rank, i);
  const int32_t left = clx_seq_target(run, i) - found.tokens;
  const int32_t answer = clip(longest_answer(rules, &run->requests->item[i]) - run->seq[i].made);
  if (left + answer + rules->block >= a->room - (double)found.idle * rules->block) {
    rank->full = rank->running.count > 0;
    return false;
  }
  int32_t tokens = left;
  if (left > a->budget) {
    if (!rules->chunked) return false;
    tokens = a->budget / rules->block * rules->block;
    if (tokens == 0) return false;
  }
  const int32_t held = clx_blocks_of((int64_t)found.tokens + tokens, rules->block);
  clx_rank_admit(run, rank, i, &found);
  clx_rank_chunk(run, rank, slot, i, tokens, held);
  a->budget -= tokens;
  a->room -= tokens + rules->block + (double)found.idle * rules->block + (tokens == left ? answer : 0);
  return tokens == left;
}

// Retracts those that have made least, of these the longest prompts, until all that stay can go on for a while.
static void retract(clx_run *run, clx_rank *rank, int32_t slot) {
  clx_group *group = &rank->group[slot];
  const int32_t block = clx_rank_rules(rank)->block;
  for (bool first = true; group->count + group->fresh_count > 1; first = false) {
    const int64_t stay = group->count + group->fresh_count;
    if (!first && rank->store.free * block >= stay * RETRACT_STEPS) break;
    int32_t victim = CLX_NOBODY;
    for (int32_t i = rank->running.first; i != CLX_NOBODY; i = run->seq[i].next) {
      const clx_seq *s = &run->seq[i];
      if ((s->state != CLX_SEQ_DECODE && s->state != CLX_SEQ_FRESH) || s->slot != slot) continue;
      const int32_t less = victim == CLX_NOBODY ? -1 : made_of(run, rank, i) - made_of(run, rank, victim);
      if (less > 0) continue;
      if (less < 0 || run->requests->item[i].prompt >= run->requests->item[victim].prompt) victim = i;
    }
    clx_rank_retract(run, rank, victim);
  }
  double made = 0, most = 0, stay = 0;
  for (int32_t i = rank->running.first; i != CLX_NOBODY; i = run->seq[i].next) {
    made += made_of(run, rank, i);
    most += longest_answer(clx_rank_rules(rank), &run->requests->item[i]);
    stay++;
  }
  rank->ratio = most > 0 ? fmin(1, (made + RETRACT_STEPS * stay) / most) : RATIO_FIRST;
  rank->full = false;
}

void clx_schedule_sglang(clx_run *run, clx_rank *rank, int32_t slot) {
  const clx_rules *rules = clx_rank_rules(rank);
  if (rank->running.count == 0) {
    rank->ratio = RATIO_FIRST;
    rank->full = false;
  }
  if (rank->prompts > 0 || (!rank->full && rank->waiting.count > 0)) {
    adder a = {(double)rank->store.free * rules->block - expected(run, rank), rules->tokens};
    go_on(run, rank, slot, &a);
    while (!rank->full && admit_one(run, rank, slot, &a)) continue;
    if (rank->batch[slot].chunks > 0) return;
  }
  if (clx_group_need(run, rank, &rank->group[slot]) > rank->store.free) {
    retract(run, rank, slot);
  } else {
    rank->ratio = fmax(RATIO_LEAST, rank->ratio - (RATIO_FIRST - RATIO_LEAST) / RATIO_STEPS);
  }
  clx_rank_grow(run, rank, slot);
}
