// The best so far: a list by value and a front of memory against time.
#include <string.h>

#include "search/search_internal.h"

double clx_search_value(const clx_search_worth *worth, const clx_layout *l, double time, double share) {
  const double gpus = clx_layout_ranks(l);
  return time * (worth->base + gpus * (worth->rank + worth->busy * share));
}

static int32_t compare_ways(const clx_layout *a, const clx_layout *b) {
  const int32_t pairs[][2] = {{a->tp, b->tp},   {a->cp, b->cp},   {a->ep, b->ep},
                              {a->etp, b->etp}, {a->dp, b->dp},   {a->micro_batch, b->micro_batch},
                              {a->pp, b->pp},   {a->vpp, b->vpp}, {a->schedule, b->schedule}};
  for (int32_t i = 0; i < CLX_COUNT(pairs); i++) {
    if (pairs[i][0] != pairs[i][1]) return pairs[i][0] < pairs[i][1] ? -1 : 1;
  }
  return 0;
}

int32_t clx_search_compare(const clx_layout *a, const clx_layout *b) {
  const int32_t ways = compare_ways(a, b);
  if (ways != 0) return ways;
  const double pairs[][2] = {{a->sequence_parallel, b->sequence_parallel},
                             {a->recompute, b->recompute},
                             {a->recompute_share, b->recompute_share},
                             {a->sharding, b->sharding},
                             {a->shard_group, b->shard_group}};
  for (int32_t i = 0; i < CLX_COUNT(pairs); i++) {
    if (pairs[i][0] < pairs[i][1]) return -1;
    if (pairs[i][0] > pairs[i][1]) return 1;
  }
  return 0;
}

clx_status clx_search_keep_make(const clx_search_spec *spec, int32_t room, clx_arena *arena, clx_search_keep *keep,
                                clx_error *error) {
  enum { FRONT = 256 };
  *keep = (clx_search_keep){.spec = spec, .arena = arena, .top_room = room, .front_room = FRONT};
  keep->top = CLX_NEW_ARRAY(arena, clx_search_found, room);
  keep->front = CLX_NEW_ARRAY(arena, clx_search_found, FRONT);
  if (keep->top == NULL || keep->front == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  return CLX_OK;
}

// --- top ----------------------------------------------------------------------------------------------------------------

static bool better(const clx_search_found *a, const clx_search_found *b) {
  return a->value < b->value || (a->value == b->value && clx_search_compare(&a->layout, &b->layout) < 0);
}

static void add_top(clx_search_keep *k, const clx_search_found *found) {
  const bool full = k->top_count == k->top_room;
  if (full && !better(found, &k->top[k->top_count - 1])) return;
  int32_t old = 0;  // the place of the same way with another remainder
  while (old < k->top_count && compare_ways(&k->top[old].layout, &found->layout) != 0) old++;
  if (old < k->top_count && !better(found, &k->top[old])) return;
  if (old == k->top_count) {
    if (full) {
      old--;
    } else {
      k->top_count++;
    }
  }
  while (old > 0 && better(found, &k->top[old - 1])) {
    k->top[old] = k->top[old - 1];
    old--;
  }
  k->top[old] = *found;
}

// --- front --------------------------------------------------------------------------------------------------------------

// How many points of the front need at most this memory. O(log front).
static int32_t lighter(const clx_search_keep *k, double memory) {
  int32_t low = 0, high = k->front_count;
  while (low < high) {
    const int32_t middle = low + (high - low) / 2;
    if (k->front[middle].memory <= memory) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

static clx_status grow_front(clx_search_keep *k, clx_error *error) {
  if (k->front_count < k->front_room) return CLX_OK;
  clx_search_found *more = CLX_NEW_ARRAY(k->arena, clx_search_found, 2 * k->front_room);
  if (more == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (k->front != NULL) memcpy(more, k->front, (size_t)k->front_count * sizeof *more);
  k->front = more;
  k->front_room *= 2;
  return CLX_OK;
}

static clx_status add_front(clx_search_keep *k, const clx_search_found *found, clx_error *error) {
  const int32_t at = lighter(k, found->memory);
  const clx_search_found *before = at > 0 ? &k->front[at - 1] : NULL;  // the fastest of those that need no more
  const double time = found->step.step_time;
  if (before != NULL && before->step.step_time <= time) {
    const bool equal = before->step.step_time == time && before->memory == found->memory;
    if (equal && clx_search_compare(&found->layout, &before->layout) < 0) k->front[at - 1] = *found;
    return CLX_OK;
  }
  // Those that it beats: one of the same memory, and slower ones that need more.
  const int32_t first = before != NULL && before->memory == found->memory ? at - 1 : at;
  int32_t end = at;
  while (end < k->front_count && k->front[end].step.step_time >= time) end++;
  if (first == end) CLX_TRY(grow_front(k, error));
  const int32_t rest = k->front_count - end;
  memmove(&k->front[first + 1], &k->front[end], (size_t)rest * sizeof *k->front);
  k->front[first] = *found;
  k->front_count = first + 1 + rest;
  return CLX_OK;
}

static bool too_slow(const clx_search_keep *k, double time) {
  return k->spec->time_limit > 0 && time > k->spec->time_limit;
}

clx_status clx_search_keep_add(clx_search_keep *keep, const clx_search_found *found, clx_error *error) {
  if (too_slow(keep, found->step.step_time)) return CLX_OK;
  add_top(keep, found);
  return keep->spec->quick ? CLX_OK : add_front(keep, found, error);
}

bool clx_search_keep_wants(const clx_search_keep *k, double memory, double time, double value) {
  if (!k->spec->exhaustive && too_slow(k, time)) return false;
  if (k->spec->exhaustive || k->top_count < k->top_room || value <= k->top[k->top_count - 1].value) return true;
  if (k->spec->quick) return false;
  const int32_t at = lighter(k, memory);
  return at == 0 || k->front[at - 1].step.step_time >= time;
}
