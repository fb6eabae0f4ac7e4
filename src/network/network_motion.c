// Flows in motion: rates of all that move, the next end, and bytes from event to event.
#include <math.h>
#include <string.h>

#include "flow/flow.h"
#include "network/network_schedule_internal.h"

enum { MEMO_SLOTS = 4096, MEMO_BYTES_MAX = 64 << 20 };

// Rates that were found before: key = the rounds and which of their flows move.
typedef struct memo_item {
  struct memo_item *next;
  uint64_t hash;
  int64_t key_count;
  const uint64_t *key;
  const double *rate;
} memo_item;

typedef struct clx_rate_memo {
  memo_item *slot[MEMO_SLOTS];
  int64_t bytes;
  uint64_t *key;  // scratch
  int64_t key_capacity;
} clx_rate_memo;

clx_status clx_mover_make(clx_arena *arena, const clx_plans *plans, clx_mover *m, clx_error *error) {
  int32_t most = 0;
  for (int32_t i = 0; i < plans->count; i++) most = plans->plan[i].flows > most ? plans->plan[i].flows : most;
  *m = (clx_mover){.arena = arena, .plans = plans, .tolerance = most > CLX_SCHEDULE_EXACT_MAX ? 0.01 : 1e-11};
  m->solver = clx_flow_solver_new();
  m->memo = CLX_NEW(arena, clx_rate_memo);
  if (m->solver != NULL && m->memo != NULL) return CLX_OK;
  return clx_fail_plain(error, CLX_MEMORY, "out of memory");
}

void clx_mover_close(clx_mover *m) {
  clx_flow_solver_free(m->solver);
  m->solver = NULL;
}

clx_status clx_motion_begin(clx_mover *m, clx_motion *motion, const clx_plan *plan, double now, clx_error *error) {
  if (motion->left == NULL) {
    motion->left = CLX_NEW_ARRAY(m->arena, double, plan->flows);
    motion->rate = CLX_NEW_ARRAY(m->arena, double, plan->flows);
    if (motion->left == NULL || motion->rate == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  motion->plan = plan;
  motion->begun = motion->arrived = now;
  motion->moving = plan->flows;
  memcpy(motion->left, plan->bytes, (size_t)plan->flows * sizeof *motion->left);
  motion->solved = false;
  return CLX_OK;
}

// --- rates -----------------------------------------------------------------------------------------------------------

static bool room(clx_mover *m, int64_t flows, int64_t entries) {
  if (flows + 1 > m->flow_capacity) {
    m->flow_capacity = 2 * flows + 16;
    m->first = CLX_NEW_ARRAY(m->arena, int32_t, m->flow_capacity);
    m->rate = CLX_NEW_ARRAY(m->arena, double, m->flow_capacity);
  }
  if (entries > m->entry_capacity) {
    m->entry_capacity = 2 * entries + 16;
    m->link = CLX_NEW_ARRAY(m->arena, int32_t, m->entry_capacity);
    m->load = CLX_NEW_ARRAY(m->arena, double, m->entry_capacity);
  }
  return m->first != NULL && m->rate != NULL && (entries == 0 || (m->link != NULL && m->load != NULL));
}

// The key of what moves, in the memo's scratch; -1 when memory ran out.
static int64_t make_key(clx_mover *m, clx_motion *const *motion, int32_t count) {
  clx_rate_memo *memo = m->memo;
  int64_t words = 0, at = 0;
  for (int32_t i = 0; i < count; i++) words += 1 + (motion[i]->plan->flows + 63) / 64;
  if (words > memo->key_capacity) {
    memo->key_capacity = 2 * words;
    memo->key = CLX_NEW_ARRAY(m->arena, uint64_t, memo->key_capacity);
    if (memo->key == NULL) return -1;
  }
  for (int32_t i = 0; i < count; i++) {
    const clx_motion *x = motion[i];
    memo->key[at++] = (uint64_t)(x->plan - m->plans->plan);
    for (int32_t f = 0; f < x->plan->flows; f += 64) {
      uint64_t bits = 0;
      for (int32_t k = f; k < f + 64 && k < x->plan->flows; k++) bits |= (uint64_t)(x->left[k] > 0) << (k - f);
      memo->key[at++] = bits;
    }
  }
  return at;
}

static uint64_t hash_key(const uint64_t *key, int64_t count) {
  uint64_t h = 0xcbf29ce484222325u;
  for (int64_t i = 0; i < count; i++) {
    h = (h ^ key[i]) * 0x9e3779b97f4a7c15u;
    h ^= h >> 29;
  }
  return h;
}

static const memo_item *recall(const clx_rate_memo *memo, uint64_t hash, int64_t count) {
  for (const memo_item *item = memo->slot[hash % MEMO_SLOTS]; item != NULL; item = item->next) {
    if (item->hash == hash && item->key_count == count &&
        memcmp(item->key, memo->key, (size_t)count * sizeof *memo->key) == 0)
      return item;
  }
  return NULL;
}

// Keeps the rates of `flows` flows under the key in the scratch. Without memory nothing is kept, and nothing is lost but time.
static void keep(clx_mover *m, uint64_t hash, int64_t count, int64_t flows) {
  clx_rate_memo *memo = m->memo;
  const int64_t size = count * (int64_t)sizeof *memo->key + flows * (int64_t)sizeof *m->rate;
  if (memo->bytes + size > MEMO_BYTES_MAX) return;
  memo_item *item = CLX_NEW(m->arena, memo_item);
  uint64_t *key = CLX_NEW_ARRAY(m->arena, uint64_t, count);
  double *rate = CLX_NEW_ARRAY(m->arena, double, flows);
  if (item == NULL || key == NULL || rate == NULL) return;
  memcpy(key, memo->key, (size_t)count * sizeof *key);
  memcpy(rate, m->rate, (size_t)flows * sizeof *rate);
  *item = (memo_item){memo->slot[hash % MEMO_SLOTS], hash, count, key, rate};
  memo->slot[hash % MEMO_SLOTS] = item;
  memo->bytes += size;
}

static clx_status solve(clx_mover *m, clx_motion *const *motion, int32_t count, int32_t flows, int64_t entries,
                        clx_error *error) {
  if (!room(m, flows, entries)) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  int32_t f = 0, e = 0;
  bool loaded = false;
  for (int32_t i = 0; i < count; i++) {
    const clx_plan *p = motion[i]->plan;
    loaded = loaded || p->load != NULL;
    for (int32_t k = 0; k < p->flows; k++) {
      if (!(motion[i]->left[k] > 0)) continue;
      m->first[f++] = e;
      for (int32_t j = p->first[k]; j < p->first[k + 1]; j++, e++) {
        m->link[e] = p->link[j];
        m->load[e] = p->load != NULL ? p->load[j] : 1;
      }
    }
  }
  m->first[f] = e;
  const clx_flows instance = {m->plans->link_count,    f,   m->plans->capacity, m->first, m->link,
                              loaded ? m->load : NULL, NULL};
  m->solves++;
  return clx_flow_solve(m->solver, &instance, m->rate, NULL, error);
}

clx_status clx_motion_solve(clx_mover *m, clx_motion *const *motion, int32_t count, clx_error *error) {
  int64_t flows = 0, entries = 0;
  for (int32_t i = 0; i < count; i++) {
    const clx_plan *p = motion[i]->plan;
    flows += motion[i]->moving;
    entries += p->first[p->flows];
  }
  if (flows > CLX_SCHEDULE_FLOWS_MAX || entries > INT32_MAX)
    return clx_fail_plain(error, CLX_INFEASIBLE, "more than %d flows move at the same time", CLX_SCHEDULE_FLOWS_MAX);
  const int64_t words = make_key(m, motion, count);
  if (words < 0) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const uint64_t hash = hash_key(m->memo->key, words);
  const memo_item *item = recall(m->memo, hash, words);
  if (item == NULL) {
    CLX_TRY(solve(m, motion, count, (int32_t)flows, entries, error));
    keep(m, hash, words, flows);
  }
  const double *rate = item != NULL ? item->rate : m->rate;
  for (int32_t i = 0; i < count; i++) {
    clx_motion *x = motion[i];
    for (int32_t k = 0; k < x->plan->flows; k++) {
      if (!(x->left[k] > 0)) continue;
      x->rate[k] = *rate++;
      if (x->rate[k] > 0) continue;
      const clx_plan *p = x->plan;
      if (p->from == NULL)
        return clx_fail(error, CLX_INFEASIBLE, p->round->place, "a link of this round has no capacity");
      return clx_fail(error, CLX_INFEASIBLE, p->round->place,
                      "the flow from rank %d to rank %d crosses a link without capacity", p->from[k], p->to[k]);
    }
    x->solved = true;
  }
  return CLX_OK;
}

// --- events ----------------------------------------------------------------------------------------------------------

double clx_motion_next(const clx_mover *m, const clx_motion *x, double now) {
  double least = INFINITY;
  for (int32_t k = 0; k < x->plan->flows; k++) {
    if (x->left[k] > 0) least = fmin(least, x->left[k] / x->rate[k]);
  }
  if (!isfinite(least)) return INFINITY;
  return now + least + m->tolerance / 2 * (now + least - x->begun);
}

void clx_motion_advance(const clx_mover *m, clx_motion *x, double now, double then) {
  const double close = m->tolerance / 2 * (then - x->begun);
  for (int32_t k = 0; k < x->plan->flows; k++) {
    if (!(x->left[k] > 0)) continue;
    const double end = now + x->left[k] / x->rate[k], rest = x->left[k] - x->rate[k] * (then - now);
    if (end <= then + close || rest <= 0) {
      x->arrived = fmax(x->arrived, end + x->plan->latency[k]);
      x->left[k] = 0;
      x->moving--;
      x->solved = false;
    } else {
      x->left[k] = rest;
    }
  }
}
