// A rank: its queue, what runs, and the moves that policies are made of: find in the cache, admit, chunk, grow, preempt, release.
#include "engine/engine_internal.h"

// --- lists ------------------------------------------------------------------------------------------------------------------------

void clx_list_append(clx_list *list, clx_seq *seq, int32_t i) {
  seq[i].previous = list->last;
  seq[i].next = CLX_NOBODY;
  *(list->last == CLX_NOBODY ? &list->first : &seq[list->last].next) = i;
  list->last = i;
  list->count++;
}

void clx_list_prepend(clx_list *list, clx_seq *seq, int32_t i) {
  seq[i].previous = CLX_NOBODY;
  seq[i].next = list->first;
  *(list->first == CLX_NOBODY ? &list->last : &seq[list->first].previous) = i;
  list->first = i;
  list->count++;
}

void clx_list_remove(clx_list *list, clx_seq *seq, int32_t i) {
  const clx_seq *s = &seq[i];
  *(s->previous == CLX_NOBODY ? &list->first : &seq[s->previous].next) = s->next;
  *(s->next == CLX_NOBODY ? &list->last : &seq[s->next].previous) = s->previous;
  list->count--;
}

// Behind all that came before it: the first vLLM, as Vidur has it, sorts by arrival.
static void insert_by_arrival(clx_list *list, clx_seq *seq, int32_t i) {
  int32_t previous = list->last;
  while (previous != CLX_NOBODY && previous > i) previous = seq[previous].previous;
  if (previous == CLX_NOBODY) {
    clx_list_prepend(list, seq, i);
  } else if (previous == list->last) {
    clx_list_append(list, seq, i);
  } else {
    seq[i].previous = previous;
    seq[i].next = seq[previous].next;
    seq[seq[previous].next].previous = i;
    seq[previous].next = i;
    list->count++;
  }
}

// --- the cache --------------------------------------------------------------------------------------------------------------------

// A prompt that has been preempted computes the tokens that it had made, too.
int32_t clx_seq_target(const clx_run *run, int32_t i) { return run->requests->item[i].prompt + run->seq[i].made; }

// Number in the trace of the name of a unit: the last of those that make it, for names are chained.
static int32_t name_of(const clx_kv *store, const clx_request *request, int32_t unit) {
  return request->first_block + (unit + 1) * store->step - 1;
}

// Units of a prompt that have a name and are whole.
static int32_t named_units(const clx_kv *store, const clx_request *request) {
  const int32_t whole = request->prompt / store->unit_tokens, named = request->blocks / store->step;
  return whole < named ? whole : named;
}

// The longest beginning that the cache has; one token at least is left to compute.
clx_found clx_rank_find(const clx_run *run, const clx_rank *rank, int32_t i) {
  const clx_kv *store = &rank->store;
  clx_found found = {.own = CLX_NOBODY};
  if (!store->cached) return found;
  const clx_request *request = &run->requests->item[i];
  const int32_t whole = (clx_seq_target(run, i) - 1) / store->unit_tokens;
  int32_t most = named_units(store, request);
  if (most > whole) most = whole;
  for (; found.units < most; found.units++) {
    const uint64_t key = (uint64_t)run->requests->block[name_of(store, request, found.units)];
    const int32_t node = clx_kv_find(store, key, false);
    if (node == CLX_NOBODY) break;
    if (store->node[node].holders == 0) found.idle += store->unit;
  }
  found.blocks = found.units * store->unit;
  if (run->seq[i].before_own == found.units) found.own = clx_kv_find(store, (uint64_t)i, true);
  if (found.own != CLX_NOBODY) {
    found.blocks += store->node[found.own].weight;
    found.idle += store->node[found.own].weight;
  }
  found.tokens = found.blocks * clx_rank_rules(rank)->block;
  return found;
}

// Names the units that have been computed whole, up to the first that somebody else has computed at the same time.
static void name_units(clx_run *run, clx_rank *rank, int32_t i) {
  clx_kv *store = &rank->store;
  if (!store->cached) return;
  const clx_request *request = &run->requests->item[i];
  clx_seq *s = &run->seq[i];
  int32_t whole = s->computed / store->unit_tokens;
  const int32_t named = named_units(store, request);
  if (whole > named) whole = named;
  for (; s->named < whole; s->named++) {
    const int32_t name = name_of(store, request, s->named);
    const int32_t node = clx_kv_name(store, (uint64_t)run->requests->block[name], false, store->unit);
    if (node == CLX_NOBODY) return;
    run->node[name] = node;
  }
}

// The end of a sequence goes first, so that beginnings stay longest.
void clx_rank_release(clx_run *run, clx_rank *rank, int32_t i, bool keep) {
  clx_kv *store = &rank->store;
  clx_seq *s = &run->seq[i];
  const clx_rules *rules = clx_rank_rules(rank);
  const int32_t loose = s->held - s->named * store->unit;
  const int32_t whole = keep && store->cached ? s->computed / rules->block - s->named * store->unit : 0;
  clx_kv_give(store, loose - whole);
  if (whole > 0) {
    const int32_t node = clx_kv_name(store, (uint64_t)i, true, whole);
    s->before_own = s->named;
    if (node == CLX_NOBODY) {
      clx_kv_give(store, whole);
    } else {
      clx_kv_drop(store, node);
    }
  }
  const clx_request *request = &run->requests->item[i];
  while (s->named > 0) clx_kv_drop(store, run->node[name_of(store, request, --s->named)]);
  s->held = 0;
}

// --- moves ------------------------------------------------------------------------------------------------------------------------

int32_t clx_rank_next(const clx_run *run, const clx_rank *rank) {
  const int32_t i = rank->waiting.first;
  return i != CLX_NOBODY && run->seq[i].state == CLX_SEQ_WAITING ? i : CLX_NOBODY;
}

void clx_rank_enqueue(clx_run *run, clx_rank *rank, int32_t i, bool first) {
  if (run->classes > 1) {
    clx_whose_enqueue(run, rank, i, first);
  } else if (first) {
    clx_list_prepend(&rank->waiting, run->seq, i);
  } else {
    clx_list_append(&rank->waiting, run->seq, i);
  }
  rank->queued += clx_seq_target(run, i);
  if (++run->waiting > run->result->queue_most) run->result->queue_most = run->waiting;
}

void clx_rank_dequeue(clx_run *run, clx_rank *rank, int32_t i) {
  if (run->classes > 1) clx_whose_dequeue(run, rank, i);
  clx_list_remove(&rank->waiting, run->seq, i);
  rank->queued -= clx_seq_target(run, i);
  run->waiting--;
}

// From the queue to those that run, with what the cache has of it.
void clx_rank_admit(clx_run *run, clx_rank *rank, int32_t i, const clx_found *found) {
  clx_kv *store = &rank->store;
  clx_seq *s = &run->seq[i];
  const clx_request *request = &run->requests->item[i];
  for (s->named = 0; s->named < found->units; s->named++) {
    const int32_t name = name_of(store, request, s->named);
    run->node[name] = clx_kv_find(store, (uint64_t)run->requests->block[name], false);
    clx_kv_hold(store, run->node[name]);
  }
  if (found->own != CLX_NOBODY) {
    clx_kv_hold(store, found->own);
    clx_kv_forget(store, found->own);
  } else if (store->cached && s->before_own >= 0) {
    const int32_t node = clx_kv_find(store, (uint64_t)i, true);
    if (node != CLX_NOBODY) clx_kv_unname(store, node);
  }
  s->before_own = CLX_NOBODY;
  s->held = found->blocks;
  s->computed = found->tokens;
  clx_served *served = &run->result->served[i];
  if (served->started < 0) {
    served->cached = found->tokens;
    run->result->cached_tokens += found->tokens;
  }
  clx_rank_dequeue(run, rank, i);
  if (clx_rank_rules(rank)->policy == CLX_ENGINE_VLLM_V0) {
    insert_by_arrival(&rank->running, run->seq, i);
  } else {
    clx_list_append(&rank->running, run->seq, i);
  }
  s->state = CLX_SEQ_PROMPT;
  s->in_flight = 0;
  rank->prompts++;
}

void clx_rank_chunk(clx_run *run, clx_rank *rank, int32_t slot, int32_t i, int32_t tokens, int32_t held) {
  clx_seq *s = &run->seq[i];
  clx_batch *batch = &rank->batch[slot];
  if (held > s->held) {
    clx_kv_take(&rank->store, held - s->held);
    s->held = held;
  }
  batch->who[batch->chunks] = i;
  batch->chunk[batch->chunks++] = (clx_chunk){.tokens = tokens, .cached = s->computed};
  batch->prompt_tokens += tokens;
  s->computed += tokens;
  s->in_flight++;
  s->slot = slot;
  if (s->computed == clx_seq_target(run, i)) batch->ended++;
  name_units(run, rank, i);
}

bool clx_rank_available(const clx_rank *rank, const clx_seq *seq) {
  if (seq->state == CLX_SEQ_SENDING) return false;
  return seq->state == CLX_SEQ_PROMPT ? seq->in_flight == 0 : !rank->busy[seq->slot];
}

int32_t clx_rank_last(const clx_run *run, const clx_rank *rank) {
  if (run->classes > 1) return clx_whose_victim(run, rank);
  int32_t i = rank->running.last;
  while (i != CLX_NOBODY && !clx_rank_available(rank, &run->seq[i])) i = run->seq[i].previous;
  return i;
}

// Prompts stand near the end of those that run.
int32_t clx_rank_first_prompt(const clx_run *run, const clx_rank *rank) {
  int32_t first = CLX_NOBODY, left = rank->prompts;
  for (int32_t i = rank->running.last; left > 0; i = run->seq[i].previous) {
    if (run->seq[i].state != CLX_SEQ_PROMPT) continue;
    first = i;
    left--;
  }
  return first;
}

static void leave_fresh(clx_group *group, int32_t i) {
  int32_t k = 0;
  while (group->fresh[k] != i) k++;
  for (group->fresh_count--; k < group->fresh_count; k++) group->fresh[k] = group->fresh[k + 1];
}

// Out of those that run. All that it had in the cache is given back; where the engine keeps names, it may find it again.
static void stop(clx_run *run, clx_rank *rank, int32_t i, bool keep) {
  clx_seq *s = &run->seq[i];
  if (s->state == CLX_SEQ_DECODE) {
    run->result->served[i].last = rank->group[s->slot].time;
    clx_group_remove(&rank->group[s->slot], run->seq, i, &run->requests->item[i], clx_rank_rules(rank));
  } else if (s->state == CLX_SEQ_FRESH) {
    leave_fresh(&rank->group[s->slot], i);
  } else {
    rank->prompts--;
  }
  clx_rank_release(run, rank, i, keep);
  s->computed = 0;
  s->state = CLX_SEQ_WAITING;
  clx_list_remove(&rank->running, run->seq, i);
  rank->preempted++;
  run->result->served[i].preemptions++;
  run->result->preemptions++;
}

// Back to the head of the queue.
void clx_rank_preempt(clx_run *run, clx_rank *rank, int32_t i) {
  stop(run, rank, i, true);
  clx_rank_enqueue(run, rank, i, true);
}

// To the end of the queue, as SGLang does; names are kept, what was computed of the answer is not.
void clx_rank_retract(clx_run *run, clx_rank *rank, int32_t i) {
  stop(run, rank, i, false);
  clx_rank_enqueue(run, rank, i, false);
}

// Blocks that one member or fresh sequence needs for its next iteration.
static int32_t need_of(const clx_group *group, const clx_seq *s, const clx_rules *rules) {
  const int32_t tokens = 1 + rules->drafts;
  if (s->state == CLX_SEQ_FRESH) return clx_blocks_of((int64_t)s->computed + tokens, rules->block) - s->held;
  return clx_blocks_of(s->base + group->odometer + tokens, rules->block) - clx_group_held(group, s, rules);
}

// Vidur's engines ask for a free block for each decode, whether it needs it or not.
static int32_t free_wanted(const clx_rules *rules, int32_t need) {
  const bool vidur = rules->policy == CLX_ENGINE_SARATHI || rules->policy == CLX_ENGINE_VLLM_V0;
  return vidur && need < 1 ? 1 : need;
}

// Too few blocks: in the order of admission, each takes what it needs, or the last is preempted until it can.
static void grow_one_by_one(clx_run *run, clx_rank *rank, int32_t slot) {
  clx_group *group = &rank->group[slot];
  const clx_rules *rules = clx_rank_rules(rank);
  for (int32_t i = rank->running.first; i != CLX_NOBODY; i = run->seq[i].next) {
    const clx_seq *s = &run->seq[i];
    if ((s->state != CLX_SEQ_DECODE && s->state != CLX_SEQ_FRESH) || s->slot != slot) continue;
    const int32_t need = need_of(group, s, rules);
    while (free_wanted(rules, need) > rank->store.free) {
      const int32_t victim = clx_rank_last(run, rank);
      clx_rank_preempt(run, rank, victim);
      if (victim == i) return;  // all behind it are in flight
    }
    if (need > 0) clx_kv_take(&rank->store, need);
  }
}

// With several priorities: the least urgent go, whoever it is that lacks blocks, until the others have theirs.
static void shed(clx_run *run, clx_rank *rank, const clx_group *group) {
  while (group->count + group->fresh_count > 0 &&
         clx_group_need(run, rank, group) + free_wanted(clx_rank_rules(rank), 0) > rank->store.free) {
    clx_rank_preempt(run, rank, clx_whose_victim(run, rank));
  }
}

void clx_rank_grow(clx_run *run, clx_rank *rank, int32_t slot) {
  clx_group *group = &rank->group[slot];
  if (run->classes > 1) shed(run, rank, group);
  const int64_t need = clx_group_need(run, rank, group);
  const bool some = group->count + group->fresh_count > 0;
  if (some && need + free_wanted(clx_rank_rules(rank), 0) > rank->store.free) {
    grow_one_by_one(run, rank, slot);
  } else if (need > 0) {
    clx_kv_take(&rank->store, need);
  }
  clx_group_start(run, rank, slot);
}
