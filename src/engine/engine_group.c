// Sequences that decode together. A member's length is its base plus the odometer of the group; the next one to end stands on top
// of a heap; the members that need a block at a start are those of one bucket. Nothing here takes time in the size of the batch.
#include "engine/engine_internal.h"

#include <math.h>

// --- the heap of ends -----------------------------------------------------------------------------------------------------------

static bool before(clx_end a, clx_end b) {
  return a.odometer < b.odometer || (a.odometer == b.odometer && a.seq < b.seq);
}

static void place(clx_group *group, clx_seq *seq, int32_t k, clx_end end) {
  group->heap[k] = end;
  seq[end.seq].heap = k;
}

static void sift_up(clx_group *group, clx_seq *seq, int32_t k, clx_end end) {
  for (; k > 0 && before(end, group->heap[(k - 1) / 2]); k = (k - 1) / 2)
    place(group, seq, k, group->heap[(k - 1) / 2]);
  place(group, seq, k, end);
}

static void sift_down(clx_group *group, clx_seq *seq, int32_t k, clx_end end) {
  for (int32_t child = 2 * k + 1; child < group->count; child = 2 * k + 1) {
    if (child + 1 < group->count && before(group->heap[child + 1], group->heap[child])) child++;
    if (!before(group->heap[child], end)) break;
    place(group, seq, k, group->heap[child]);
    k = child;
  }
  place(group, seq, k, end);
}

static void heap_remove(clx_group *group, clx_seq *seq, int32_t k) {
  const clx_end last = group->heap[--group->count];
  if (k == group->count) return;
  if (k > 0 && before(last, group->heap[(k - 1) / 2])) {
    sift_up(group, seq, k, last);
  } else {
    sift_down(group, seq, k, last);
  }
}

// --- members --------------------------------------------------------------------------------------------------------------------

static int32_t new_tokens(const clx_rules *rules) { return 1 + rules->drafts; }

bool clx_policy_reserves(const clx_rules *rules) { return rules->policy == CLX_ENGINE_TENSORRT; }

// The remainder of the odometer at which a member's next tokens reach into a new block.
static int32_t bucket_of(int64_t base, const clx_rules *rules) {
  const int64_t r = (base + new_tokens(rules) - 1) % rules->block;
  return (int32_t)((2 * (int64_t)rules->block - r) % rules->block);
}

int32_t clx_group_context(const clx_group *group, const clx_seq *seq) { return (int32_t)(seq->base + group->odometer); }

// Blocks of a member: as many as its latest start needed.
int32_t clx_group_held(const clx_group *group, const clx_seq *seq, const clx_rules *rules) {
  if (clx_policy_reserves(rules)) return seq->held;
  return clx_blocks_of(seq->base + group->seen + new_tokens(rules), rules->block);
}

// `seq` has its `computed` tokens in the cache and `made` tokens, and stands at the odometer of now.
void clx_group_add(clx_group *group, clx_seq *seq, int32_t i, const clx_request *request, const clx_rules *rules) {
  clx_seq *s = &seq[i];
  s->state = CLX_SEQ_DECODE;
  s->base = s->computed - group->odometer;
  s->end = group->odometer + request->output - s->made;
  group->context += s->computed;
  if (group->whose != NULL) group->whose[request->tenant]++;
  if (group->count == 0 || s->base > group->longest) {
    group->longest = s->base;
    if (group->count == 0) group->stale = false;
  }
  if (!clx_policy_reserves(rules)) group->bucket[bucket_of(s->base, rules)]++;
  sift_up(group, seq, group->count++, (clx_end){s->end, i});
}

void clx_group_remove(clx_group *group, clx_seq *seq, int32_t i, const clx_request *request, const clx_rules *rules) {
  clx_seq *s = &seq[i];
  s->held = clx_group_held(group, s, rules);
  s->computed = clx_group_context(group, s);
  s->made = request->output - (int32_t)(s->end - group->odometer);
  group->context -= s->computed;
  if (group->whose != NULL) group->whose[request->tenant]--;
  if (s->base == group->longest) group->stale = true;
  if (!clx_policy_reserves(rules)) group->bucket[bucket_of(s->base, rules)]--;
  heap_remove(group, seq, s->heap);
}

int64_t clx_group_longest(clx_group *group, const clx_seq *seq) {
  if (group->count == 0) return 0;
  if (group->stale) {
    group->longest = seq[group->heap[0].seq].base;
    for (int32_t k = 1; k < group->count; k++) {
      const int64_t base = seq[group->heap[k].seq].base;
      if (base > group->longest) group->longest = base;
    }
    group->stale = false;
  }
  return group->longest + group->odometer;
}

// --- growth ---------------------------------------------------------------------------------------------------------------------

// Blocks that one more iteration needs: of the members whose tokens cross into a new block, and of those that join.
int64_t clx_group_need(const clx_run *run, const clx_rank *rank, const clx_group *group) {
  const clx_rules *rules = clx_rank_rules(rank);
  if (clx_policy_reserves(rules)) return 0;
  int64_t need = 0;
  for (int64_t at = group->seen + 1; at <= group->odometer; at++) need += group->bucket[at % rules->block];
  for (int32_t k = 0; k < group->fresh_count; k++) {
    const clx_seq *s = &run->seq[group->fresh[k]];
    need += clx_blocks_of((int64_t)s->computed + new_tokens(rules), rules->block) - s->held;
  }
  return need;
}

// Tokens that each member makes: 1, or with speculation the whole part of what has come together.
int32_t clx_group_advance(const clx_group *group, const clx_rules *rules, double *part) {
  if (rules->drafts == 0) return 1;
  const double whole = floor(group->part + rules->accepted);
  *part = group->part + rules->accepted - whole;
  return (int32_t)whole;
}

void clx_group_merge(clx_run *run, clx_rank *rank, int32_t from, int32_t to) {
  clx_group *source = &rank->group[from], *target = &rank->group[to];
  while (source->count > 0) {
    const int32_t i = source->heap[source->count - 1].seq;
    clx_group_remove(source, run->seq, i, &run->requests->item[i], clx_rank_rules(rank));
    run->result->served[i].last = source->time;
    run->seq[i].state = CLX_SEQ_FRESH;
    source->fresh[source->fresh_count++] = i;
  }
  for (int32_t k = 0; k < source->fresh_count; k++) {
    run->seq[source->fresh[k]].slot = to;
    target->fresh[target->fresh_count++] = source->fresh[k];
  }
  source->fresh_count = 0;
}

// Starts an iteration of all members; those that are fresh join. Their blocks have been taken.
void clx_group_start(clx_run *run, clx_rank *rank, int32_t slot) {
  clx_group *group = &rank->group[slot];
  clx_batch *batch = &rank->batch[slot];
  const clx_rules *rules = clx_rank_rules(rank);
  if (group->count == 0) {  // the odometer starts again
    group->odometer = 0;
    group->context = 0;
  }
  batch->odd_count = 0;
  for (int32_t k = 0; k < group->fresh_count; k++) {
    const int32_t i = group->fresh[k];
    if (run->result->served[i].last != group->time) batch->odd[batch->odd_count++] = i;
    clx_group_add(group, run->seq, i, &run->requests->item[i], rules);
  }
  group->fresh_count = 0;
  group->seen = group->odometer;
  batch->decodes = group->count;
  if (group->count == 0) return;
  rank->busy[slot] = true;
  batch->advance = clx_group_advance(group, rules, &group->part);
}
