// Memory of a run, all at once.
#include "engine/engine_internal.h"

// tenants: 0 = none are known.
static bool open_group(clx_group *group, const clx_rules *rules, int32_t sequences, int32_t tenants, clx_arena *arena) {
  *group = (clx_group){.heap = CLX_NEW_ARRAY(arena, clx_end, sequences),
                       .fresh = CLX_NEW_ARRAY(arena, int32_t, sequences),
                       .bucket = CLX_NEW_ARRAY(arena, int32_t, rules->block),
                       .whose = tenants > 0 ? CLX_NEW_ARRAY(arena, int32_t, tenants) : NULL};
  return group->heap && group->fresh && group->bucket && (group->whose || tenants == 0);
}

static bool open_batch(clx_batch *batch, int32_t sequences, clx_arena *arena) {
  *batch = (clx_batch){.odd = CLX_NEW_ARRAY(arena, int32_t, sequences),
                       .who = CLX_NEW_ARRAY(arena, int32_t, sequences),
                       .chunk = CLX_NEW_ARRAY(arena, clx_chunk, sequences)};
  return batch->odd && batch->who && batch->chunk;
}

static bool open_rank(clx_run *run, clx_rank *rank, const clx_pool *pool, int32_t replica, clx_arena *arena) {
  const clx_rules *rules = &pool->rules;
  const int32_t count = run->requests->count, sequences = rules->sequences < count ? rules->sequences : count;
  const int32_t tenants = run->fleet->whose != NULL ? run->requests->tenants : 0;
  *rank = (clx_rank){.pool = pool,
                     .replica = replica,
                     .waiting = {CLX_NOBODY, CLX_NOBODY, 0},
                     .running = {CLX_NOBODY, CLX_NOBODY, 0},
                     .group = CLX_NEW_ARRAY(arena, clx_group, rules->stages + 1),
                     .batch = CLX_NEW_ARRAY(arena, clx_batch, rules->stages),
                     .busy = CLX_NEW_ARRAY(arena, bool, rules->stages + 1),
                     .tail = CLX_NEW_ARRAY(arena, int32_t, run->classes)};
  if (rank->group == NULL || rank->batch == NULL || rank->busy == NULL || rank->tail == NULL) return false;
  for (int32_t k = 0; k < run->classes; k++) rank->tail[k] = CLX_NOBODY;
  for (int32_t k = 0; k < rules->stages; k++) {
    if (!open_batch(&rank->batch[k], sequences, arena)) return false;
  }
  for (int32_t k = 0; k <= rules->stages; k++) {
    if (!open_group(&rank->group[k], rules, sequences, tenants, arena)) return false;
  }
  clx_kv_open(&rank->store, rules, run->requests->block_tokens, arena);
  return !rank->store.failed;
}

static bool open_replica(clx_run *run, int32_t pool, int32_t replica, int32_t first_rank, clx_arena *arena) {
  const clx_rules *rules = &run->fleet->pool[pool].rules;
  clx_replica *r = &run->replica[replica];
  *r = (clx_replica){.pool = pool,
                     .rank = &run->rank[first_rank],
                     .first_rank = first_rank,
                     .ended = -1,
                     .busy = CLX_NEW_ARRAY(arena, bool, rules->stages),
                     .stage_free = CLX_NEW_ARRAY(arena, double, rules->stages)};
  if (r->busy == NULL || r->stage_free == NULL) return false;
  for (int32_t k = 0; k < rules->ranks; k++) {
    if (!open_rank(run, &run->rank[first_rank + k], &run->fleet->pool[pool], replica, arena)) return false;
  }
  return true;
}

static bool open_requests(clx_run *run, clx_arena *arena) {
  const int32_t count = run->requests->count;
  run->seq = CLX_NEW_ARRAY(arena, clx_seq, count);
  run->node = CLX_NEW_ARRAY(arena, int32_t, run->requests->block_count + 1);
  run->transfer = CLX_NEW_ARRAY(arena, clx_event, count);
  run->result->served = CLX_NEW_ARRAY(arena, clx_served, count);
  if (run->seq == NULL || run->node == NULL || run->transfer == NULL || run->result->served == NULL) return false;
  for (int32_t i = 0; i < count; i++) {
    run->seq[i].before_own = CLX_NOBODY;
    run->result->served[i] = (clx_served){.asked = -1, .started = -1, .first = -1, .last = -1, .replica = CLX_NOBODY};
  }
  return true;
}

static bool open_fleet(clx_run *run, clx_arena *arena) {
  int32_t slots = 0, widest = 1;
  for (int32_t p = 0; p < run->fleet->pools; p++) {
    const clx_pool *pool = &run->fleet->pool[p];
    run->replicas += pool->replicas;
    run->ranks += pool->replicas * pool->rules.ranks;
    slots += pool->replicas * pool->rules.stages;
    if (pool->rules.ranks > widest) widest = pool->rules.ranks;
  }
  run->rank = CLX_NEW_ARRAY(arena, clx_rank, run->ranks);
  run->replica = CLX_NEW_ARRAY(arena, clx_replica, run->replicas);
  run->dirty = CLX_NEW_ARRAY(arena, int32_t, run->replicas + 1);
  run->event = CLX_NEW_ARRAY(arena, clx_event, slots);
  run->step = CLX_NEW_ARRAY(arena, clx_engine_step, widest);
  if (!run->rank || !run->replica || !run->dirty || !run->event || !run->step) return false;
  int32_t replica = 0, rank = 0;
  for (int32_t p = 0; p < run->fleet->pools; p++) {
    for (int32_t k = 0; k < run->fleet->pool[p].replicas; k++) {
      if (!open_replica(run, p, replica++, rank, arena)) return false;
      rank += run->fleet->pool[p].rules.ranks;
    }
  }
  return true;
}

clx_status clx_engine_open(clx_run *run, clx_arena *arena, clx_error *error) {
  if (!clx_whose_open(run, arena) || !open_requests(run, arena) || !open_fleet(run, arena))
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  return clx_sketch_open(&run->result->gaps, arena, error);
}
