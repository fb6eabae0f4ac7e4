// Counts everything again after an iteration: for tests.
#include "engine/engine_internal.h"

#include <math.h>

static clx_status wrong(const clx_rank *rank, clx_error *error, const char *what, double kept, double counted) {
  return clx_fail_plain(error, CLX_INTERNAL, "replica %d: %s: %g kept, %g counted", rank->replica, what, kept, counted);
}

// Blocks that a running sequence holds itself, without those that have a name.
static int64_t loose_blocks(const clx_run *run, const clx_rank *rank, const clx_seq *s) {
  const int32_t held =
      s->state == CLX_SEQ_DECODE ? clx_group_held(&rank->group[s->slot], s, clx_rank_rules(rank)) : s->held;
  (void)run;
  return held - (int64_t)s->named * rank->store.unit;
}

static clx_status audit_blocks(const clx_run *run, const clx_rank *rank, clx_error *error) {
  const clx_kv *store = &rank->store;
  int64_t held = rank->lent;
  for (int32_t i = rank->running.first; i != CLX_NOBODY; i = run->seq[i].next) {
    const int64_t loose = loose_blocks(run, rank, &run->seq[i]);
    if (loose < 0) return wrong(rank, error, "blocks without a name", (double)loose, 0);
    held += loose;
  }
  for (int32_t slot = 0; store->cached && slot < store->table_room; slot++) {
    const clx_node *n = &store->node[store->table[slot] > 0 ? store->table[slot] - 1 : 0];
    if (store->table[slot] > 0 && n->holders > 0) held += n->weight;
  }
  if (store->free != clx_kv_count_free(store)) {
    return wrong(rank, error, "free blocks", (double)store->free, (double)clx_kv_count_free(store));
  }
  if (held + store->free != store->total) {
    return wrong(rank, error, "blocks", (double)store->total, (double)(held + store->free));
  }
  return CLX_OK;
}

static clx_status audit_group(const clx_run *run, const clx_rank *rank, const clx_group *group, clx_error *error) {
  double context = 0;
  for (int32_t k = 0; k < group->count; k++) {
    const clx_seq *s = &run->seq[group->heap[k].seq];
    if (s->heap != k) return wrong(rank, error, "place in the heap", s->heap, k);
    if (k > 0 && group->heap[k].odometer < group->heap[(k - 1) / 2].odometer) {
      return wrong(rank, error, "order of the heap", k, (k - 1) / 2);
    }
    context += clx_group_context(group, s);
    if (!group->stale && s->base > group->longest) {
      return wrong(rank, error, "longest", (double)group->longest, (double)s->base);
    }
  }
  if (group->count > 0 && group->context != context) return wrong(rank, error, "context", group->context, context);
  return CLX_OK;
}

clx_status clx_engine_audit(const clx_run *run, const clx_replica *replica, clx_error *error) {
  const clx_rules *rules = &run->fleet->pool[replica->pool].rules;
  for (int32_t k = 0; k < rules->ranks; k++) {
    const clx_rank *rank = &replica->rank[k];
    CLX_TRY(audit_blocks(run, rank, error));
    int32_t members = rank->prompts + rank->receiving;
    for (int32_t slot = 0; slot <= rules->stages; slot++) {
      CLX_TRY(audit_group(run, rank, &rank->group[slot], error));
      members += rank->group[slot].count + rank->group[slot].fresh_count;
    }
    if (members != rank->running.count) return wrong(rank, error, "running", rank->running.count, members);
    if (rank->running.count + rank->waiting.count > rank->unfinished) {
      return wrong(rank, error, "unfinished", rank->unfinished, rank->running.count + rank->waiting.count);
    }
  }
  return CLX_OK;
}
