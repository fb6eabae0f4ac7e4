// Tenants of a fleet: whose requests go first, who has which part of the iterations.
#include <stdlib.h>

#include "engine/engine_internal.h"

// --- what cannot be run -----------------------------------------------------------------------------------------------------------

static bool has_pool(const clx_engine_fleet *fleet, clx_role role, int32_t model) {
  for (int32_t p = 0; p < fleet->pools; p++) {
    if (fleet->pool[p].role == role && fleet->pool[p].model == model) return true;
  }
  return false;
}

clx_status clx_whose_check(const clx_engine_fleet *fleet, const clx_requests *requests, clx_error *error) {
  for (int32_t p = 0; p < fleet->pools; p++) {
    const clx_pool *pool = &fleet->pool[p];
    if (pool->role == CLX_ROLE_WHOLE) continue;
    const clx_role other = pool->role == CLX_ROLE_PREFILL ? CLX_ROLE_DECODE : CLX_ROLE_PREFILL;
    if (!has_pool(fleet, other, pool->model))
      return clx_fail_plain(error, CLX_INPUT, "%s: pools for prompts and pools that decode need each other",
                            pool->name);
  }
  for (int32_t i = 0; fleet->whose != NULL && i < requests->count; i++) {
    const int32_t tenant = requests->item[i].tenant;
    if (tenant < 0 || tenant >= requests->tenants)
      return clx_fail_plain(error, CLX_INPUT, "request %d: tenant %d of %d", i + 1, tenant, requests->tenants);
  }
  return CLX_OK;
}

// --- priorities -------------------------------------------------------------------------------------------------------------------

static int by_value(const void *a, const void *b) {
  const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
  return x < y ? -1 : x > y;
}

// Numbers the different priorities in their order.
static bool make_classes(clx_run *run, int32_t tenants, clx_arena *arena) {
  int32_t *sorted = CLX_NEW_ARRAY(arena, int32_t, tenants);
  run->class_of = CLX_NEW_ARRAY(arena, int32_t, tenants);
  if (sorted == NULL || run->class_of == NULL) return false;
  for (int32_t t = 0; t < tenants; t++) sorted[t] = run->fleet->whose[t].priority;
  qsort(sorted, (size_t)tenants, sizeof *sorted, by_value);
  for (int32_t t = 1; t < tenants; t++) {
    if (sorted[t] != sorted[run->classes - 1]) sorted[run->classes++] = sorted[t];
  }
  for (int32_t t = 0; t < tenants; t++) {
    run->class_of[t] = 0;
    while (sorted[run->class_of[t]] != run->fleet->whose[t].priority) run->class_of[t]++;
  }
  return true;
}

bool clx_whose_open(clx_run *run, clx_arena *arena) {
  const int32_t tenants = run->requests->tenants;
  run->classes = 1;
  if (run->fleet->whose == NULL) return true;
  run->part = CLX_NEW_ARRAY(arena, double, tenants);
  run->result->use = CLX_NEW_ARRAY(arena, clx_tenant_use, (int64_t)tenants * run->fleet->pools);
  if (run->part == NULL || run->result->use == NULL) return false;
  for (int32_t k = 0; k < tenants * run->fleet->pools; k++) run->result->use[k] = (clx_tenant_use){0};
  return make_classes(run, tenants, arena);
}

static int32_t class_of(const clx_run *run, int32_t i) { return run->class_of[run->requests->item[i].tenant]; }

void clx_whose_enqueue(clx_run *run, clx_rank *rank, int32_t i, bool first) {
  clx_list *list = &rank->waiting;
  const int32_t own = class_of(run, i);
  int32_t ahead = first ? own - 1 : own;  // the last class that stands in front of it
  while (ahead >= 0 && rank->tail[ahead] == CLX_NOBODY) ahead--;
  const int32_t previous = ahead >= 0 ? rank->tail[ahead] : CLX_NOBODY;
  if (previous == CLX_NOBODY) {
    clx_list_prepend(list, run->seq, i);
  } else if (previous == list->last) {
    clx_list_append(list, run->seq, i);
  } else {
    run->seq[i].previous = previous;
    run->seq[i].next = run->seq[previous].next;
    run->seq[run->seq[previous].next].previous = i;
    run->seq[previous].next = i;
    list->count++;
  }
  if (!first || rank->tail[own] == CLX_NOBODY) rank->tail[own] = i;
}

void clx_whose_dequeue(clx_run *run, clx_rank *rank, int32_t i) {
  const int32_t own = class_of(run, i), previous = run->seq[i].previous;
  if (rank->tail[own] != i) return;
  rank->tail[own] = previous != CLX_NOBODY && class_of(run, previous) == own ? previous : CLX_NOBODY;
}

// vLLM V1: the one with the highest number of those that run, of these the last that came.
int32_t clx_whose_victim(const clx_run *run, const clx_rank *rank) {
  int32_t victim = CLX_NOBODY;
  for (int32_t i = rank->running.first; i != CLX_NOBODY; i = run->seq[i].next) {
    if (!clx_rank_available(rank, &run->seq[i])) continue;
    const int32_t more = victim == CLX_NOBODY ? 1 : class_of(run, i) - class_of(run, victim);
    if (more > 0 || (more == 0 && i > victim)) victim = i;
  }
  return victim;
}

// --- parts of iterations ----------------------------------------------------------------------------------------------------------

void clx_whose_count(clx_run *run, const clx_replica *replica, int32_t slot, double time, double energy) {
  const clx_rules *rules = &run->fleet->pool[replica->pool].rules;
  const int32_t tenants = run->requests->tenants;
  clx_tenant_use *use = &run->result->use[(int64_t)replica->pool * tenants];
  double all = 0;
  for (int32_t t = 0; t < tenants; t++) run->part[t] = 0;
  for (int32_t k = 0; k < rules->ranks; k++) {
    const clx_rank *rank = &replica->rank[k];
    const clx_batch *batch = &rank->batch[slot];
    for (int32_t t = 0; t < tenants && batch->decodes > 0; t++)
      run->part[t] += (double)rank->group[slot].whose[t] * (1 + rules->drafts);
    for (int32_t c = 0; c < batch->chunks; c++)
      run->part[run->requests->item[batch->who[c]].tenant] += batch->chunk[c].tokens;
  }
  for (int32_t t = 0; t < tenants; t++) all += run->part[t];
  for (int32_t t = 0; t < tenants && all > 0; t++) {
    use[t].time += time * run->part[t] / all;
    use[t].energy += energy * run->part[t] / all;
  }
}
