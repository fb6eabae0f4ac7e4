// Trail, clauses, and what is learned from a conflict.
#include <stdlib.h>
#include <string.h>

#include "schedule/schedule_exact_internal.h"

enum { NONE = INT32_MIN };

// --- trail -------------------------------------------------------------------------------------------------------------------------------

bool clx_exact_raise(clx_exact *s, int32_t x, int32_t value, int32_t why, int32_t of) {
  if (value <= s->bound[x]) return true;
  if (value > clx_exact_most(s, x)) {
    clx_exact_conflict_begin(s);
    clx_exact_explain(s, s->trail_count, x, value, why, of);
    clx_exact_need(s, x ^ 1, 1 - value);
    return false;
  }
  if (s->trail_count == s->trail_room) {
    const int32_t room = 2 * s->trail_room + 1024;
    clx_exact_entry *trail = realloc(s->trail, (size_t)room * sizeof *trail);
    if (trail == NULL) {
      s->failed = true;
      return true;
    }
    s->trail = trail;
    s->trail_room = room;
  }
  s->trail[s->trail_count] = (clx_exact_entry){
      .x = x, .value = value, .old = s->bound[x], .before = s->current[x], .level = s->level, .why = why, .of = of};
  s->bound[x] = value;
  s->current[x] = s->trail_count++;
  clx_exact_soil(s, x / 2);
  return true;
}

bool clx_exact_level_up(clx_exact *s) {
  if (s->level + 1 >= s->level_room) {
    const int32_t room = 2 * s->level_room + 64;
    int32_t *start = realloc(s->level_start, (size_t)room * sizeof *start);
    int64_t *seen = start != NULL ? realloc(s->level_seen, (size_t)room * sizeof *seen) : NULL;
    if (start != NULL) s->level_start = start;
    if (seen == NULL) {
      s->failed = true;
      return false;
    }
    memset(seen + s->level_room, 0, (size_t)(room - s->level_room) * sizeof *seen);
    s->level_seen = seen;
    s->level_room = room;
  }
  s->level_start[++s->level] = s->trail_count;
  return true;
}

void clx_exact_back(clx_exact *s, int32_t level) {
  if (s->level <= level) return;
  const int32_t to = s->level_start[level + 1];
  for (int32_t p = s->trail_count - 1; p >= to; p--) {
    const clx_exact_entry *e = &s->trail[p];
    s->bound[e->x] = e->old;
    s->current[e->x] = e->before;
    clx_exact_soil(s, e->x / 2);
    clx_exact_heap_return(s, e->x, e->old, e->value);
  }
  s->trail_count = to;
  if (s->read > to) s->read = to;
  s->level = level;
}

int32_t clx_exact_bound_before(const clx_exact *s, int32_t x, int32_t p) {
  int32_t k = s->current[x], value = s->bound[x];
  while (k >= p) {
    value = s->trail[k].old;
    k = s->trail[k].before;
  }
  return value;
}

// --- clauses -----------------------------------------------------------------------------------------------------------------------------

static clx_exact_literal *literals(clx_exact *s, int32_t c) {
  return (clx_exact_literal *)(void *)&s->pool[c + CLX_CLAUSE_HEAD];
}

// The number of the literal whose truth makes `l` false.
static int64_t watch_of(const clx_exact *s, clx_exact_literal l) {
  const clx_exact_literal n = clx_exact_not(l);
  return s->at[n.x] + n.v - s->first[n.x];
}

static void watch(clx_exact *s, int32_t c, int32_t which) {
  const int64_t list = watch_of(s, literals(s, c)[which]);
  s->pool[c + CLX_CLAUSE_NEXT + which] = s->watch[list];
  s->watch[list] = 2 * c + which;
}

// Adds the learned clause, the first literal is asserted. -1: out of memory.
static int32_t add_clause(clx_exact *s, int32_t lbd) {
  const int64_t size = CLX_CLAUSE_HEAD + 2 * (int64_t)s->learnt_count;
  if (s->pool_count + size > INT32_MAX / 2) return -1;
  if (s->pool_count + size > s->pool_room) {
    const int64_t room = 2 * s->pool_room + size + 65536;
    int32_t *pool = realloc(s->pool, (size_t)room * sizeof *pool);
    if (pool == NULL) return -1;
    s->pool = pool;
    s->pool_room = room;
  }
  const int32_t c = (int32_t)s->pool_count;
  s->pool_count += size;
  s->pool[c + CLX_CLAUSE_SIZE] = s->learnt_count;
  s->pool[c + CLX_CLAUSE_LBD] = lbd;
  s->pool[c + CLX_CLAUSE_USE] = 0;
  memcpy(literals(s, c), s->learnt, (size_t)s->learnt_count * sizeof *s->learnt);
  watch(s, c, 0);
  watch(s, c, 1);
  s->learned++;
  return c;
}

// A watched literal of clause c became false: true when the clause watches another or holds anyway, else it is unit or in conflict.
static bool move_watch(clx_exact *s, int32_t c, int32_t which) {
  clx_exact_literal *l = literals(s, c);
  const int32_t size = s->pool[c + CLX_CLAUSE_SIZE];
  for (int32_t k = 2; k < size; k++) {
    if (clx_exact_false(s, l[k])) continue;
    const clx_exact_literal held = l[which];
    l[which] = l[k];
    l[k] = held;
    watch(s, c, which);
    return true;
  }
  return false;
}

// The clauses that watch literals which entry p made false.
static bool visit_clauses(clx_exact *s, int32_t p) {
  const int32_t x = s->trail[p].x, from = s->trail[p].old + 1, to = s->trail[p].value;
  for (int32_t v = from; v <= to; v++) {
    const int64_t list = s->at[x] + v - s->first[x];
    int32_t w = s->watch[list];
    s->watch[list] = -1;
    while (w >= 0) {
      const int32_t c = w / 2, which = w % 2, next = s->pool[c + CLX_CLAUSE_NEXT + which];
      const clx_exact_literal other = literals(s, c)[1 - which];
      const bool holds = clx_exact_true(s, other);
      if (holds || !move_watch(s, c, which)) {
        s->pool[c + CLX_CLAUSE_NEXT + which] = s->watch[list];
        s->watch[list] = w;
        if (!holds && !clx_exact_raise(s, other.x, other.v, CLX_WHY_CLAUSE, c)) {
          for (w = next; w >= 0;) {  // the rest stays
            const int32_t d = w / 2, side = w % 2, after = s->pool[d + CLX_CLAUSE_NEXT + side];
            s->pool[d + CLX_CLAUSE_NEXT + side] = s->watch[list];
            s->watch[list] = w;
            w = after;
          }
          return false;
        }
      }
      w = next;
    }
  }
  return true;
}

static bool visit_edges(clx_exact *s, int32_t p) {
  const int32_t x = s->trail[p].x, value = s->trail[p].value;
  for (int32_t k = s->edge.first[x]; k < s->edge.first[x + 1]; k++)
    if (!clx_exact_raise(s, s->edge.other[k], value + s->edge.lag[k], CLX_WHY_ARC, k)) return false;
  return true;
}

// i and j never run at the same time: where i cannot be done before j's latest start, it comes after j.
static bool follow(clx_exact *s, int32_t i, int32_t j) {
  if (s->bound[2 * i] + s->duration[i] <= -s->bound[2 * j + 1]) return true;
  return clx_exact_raise(s, 2 * i, s->bound[2 * j] + s->duration[j], CLX_WHY_PAIR, j) &&
         clx_exact_raise(s, 2 * j + 1, s->bound[2 * i + 1] + s->duration[j], CLX_WHY_PAIR, i);
}

static bool visit_pairs(clx_exact *s, int32_t p) {
  const int32_t i = s->trail[p].x / 2;
  if (i >= s->n) return true;
  for (int32_t k = s->pair_first[i]; k < s->pair_first[i + 1]; k++)
    if (!follow(s, i, s->pair[k]) || !follow(s, s->pair[k], i)) return false;
  return true;
}

bool clx_exact_start(clx_exact *s) {
  for (int32_t x = 0; x < 2 * s->n + 2; x++)
    for (int32_t k = s->edge.first[x]; k < s->edge.first[x + 1]; k++)
      if (!clx_exact_raise(s, s->edge.other[k], s->bound[x] + s->edge.lag[k], CLX_WHY_ARC, k)) return false;
  for (int32_t i = 0; i < s->n; i++)
    for (int32_t k = s->pair_first[i]; k < s->pair_first[i + 1]; k++)
      if (!follow(s, i, s->pair[k])) return false;
  s->started = true;
  return true;
}

bool clx_exact_propagate(clx_exact *s) {
  do {
    for (; s->read < s->trail_count; s->read++) {
      s->effort.propagations++;
      if (!visit_clauses(s, s->read) || !visit_edges(s, s->read) || !visit_pairs(s, s->read)) return false;
      if (s->failed) return true;
    }
    if (!clx_exact_table(s)) return false;
  } while (s->read < s->trail_count);
  return true;
}

// --- conflicts ---------------------------------------------------------------------------------------------------------------------------

void clx_exact_conflict_begin(clx_exact *s) {
  for (int32_t k = 0; k < s->needed_count; k++) s->need[s->needed[k]] = NONE;
  s->needed_count = 0;
}

void clx_exact_need(clx_exact *s, int32_t x, int32_t v) {
  if (v <= s->root[x] || v <= s->need[x]) return;
  int32_t p = s->current[x];
  while (s->trail[p].old >= v) p = s->trail[p].before;
  clx_exact_heat(s, x, v);
  if (s->need[x] == NONE)
    s->needed[s->needed_count++] = x;
  else if (s->need_entry[x] >= 0 && s->trail[s->need_entry[x]].level == s->conflict_level)
    s->open--;
  s->need[x] = v;
  s->need_entry[x] = p;
  if (s->trail[p].level == s->conflict_level) s->open++;
}

static void explain_pair(clx_exact *s, int32_t p, int32_t x, int32_t v, int32_t other) {
  if (x % 2 == 0) {  // start of x / 2 >= start of other + its duration
    const int32_t i = x / 2, j = other, latest = -clx_exact_bound_before(s, 2 * j + 1, p);
    clx_exact_need(s, 2 * j, v - s->duration[j]);
    clx_exact_need(s, 2 * j + 1, -latest);
    clx_exact_need(s, 2 * i, latest - s->duration[i] + 1);
  } else {  // start of x / 2 <= start of other - its own duration
    const int32_t i = other, j = x / 2, earliest = clx_exact_bound_before(s, 2 * i, p);
    clx_exact_need(s, 2 * i + 1, v - s->duration[j]);
    clx_exact_need(s, 2 * i, earliest);
    clx_exact_need(s, 2 * j + 1, 1 - earliest - s->duration[i]);
  }
}

void clx_exact_explain(clx_exact *s, int32_t p, int32_t x, int32_t v, int32_t why, int32_t of) {
  switch (why) {
    case CLX_WHY_ARC:
      clx_exact_need(s, s->edge.tail[of], v - s->edge.lag[of]);
      break;
    case CLX_WHY_CLAUSE: {
      const clx_exact_literal *l = literals(s, of);
      const int32_t size = s->pool[of + CLX_CLAUSE_SIZE];
      s->pool[of + CLX_CLAUSE_USE]++;
      for (int32_t k = 0; k < size; k++)
        if (l[k].x != x || l[k].v < v) clx_exact_need(s, l[k].x ^ 1, 1 - l[k].v);
      break;
    }
    case CLX_WHY_TABLE:
      clx_exact_need(s, x, x % 2 == 0 ? of - s->duration[x / 2] + 1 : -of);
      clx_exact_table_explain(s, p, x / 2, of);
      break;
    case CLX_WHY_PAIR:
      explain_pair(s, p, x, v, of);
      break;
    default:
      break;
  }
}

// The highest level among the needs, and how many needs it has.
static void count_open(clx_exact *s) {
  s->conflict_level = 0;
  for (int32_t k = 0; k < s->needed_count; k++) {
    const int32_t x = s->needed[k], level = s->trail[s->need_entry[x]].level;
    if (s->need[x] != NONE && level > s->conflict_level) s->conflict_level = level;
  }
  s->open = 0;
  for (int32_t k = 0; k < s->needed_count; k++) {
    const int32_t x = s->needed[k];
    if (s->need[x] != NONE && s->trail[s->need_entry[x]].level == s->conflict_level) s->open++;
  }
}

// Back to the first unique implication point: its entry. Drops what it explains from the needs.
static int32_t find_unique(clx_exact *s) {
  for (int32_t p = s->trail_count - 1;; p--) {
    const int32_t x = s->trail[p].x;
    if (s->need[x] == NONE || s->need_entry[x] != p) continue;
    if (s->open == 1) return p;
    const int32_t v = s->need[x];
    const clx_exact_entry e = s->trail[p];
    s->open--;
    s->need[x] = NONE;
    for (int32_t k = s->needed_count - 1; k >= 0; k--) {
      if (s->needed[k] != x) continue;
      s->needed[k] = s->needed[--s->needed_count];
      break;
    }
    clx_exact_explain(s, p, x, v, e.why, e.of);
  }
}

// Follows from the root or from a need that became true before entry p.
static bool is_known(const clx_exact *s, int32_t x, int32_t v, int32_t p) {
  return v <= s->root[x] || (v <= s->need[x] && s->need_entry[x] < p);
}

// A need that another clause or lag derives from other needs adds nothing (local minimisation). Only reasons that are cheap to ask.
static bool is_redundant(clx_exact *s, int32_t x) {
  const clx_exact_entry *e = &s->trail[s->need_entry[x]];
  const int32_t v = s->need[x];
  if (e->why == CLX_WHY_ARC) {
    const int32_t y = s->edge.tail[e->of];
    return is_known(s, y, v - s->edge.lag[e->of], s->need_entry[x]);
  }
  if (e->why != CLX_WHY_CLAUSE) return false;
  const clx_exact_literal *l = literals(s, e->of);
  for (int32_t k = 0; k < s->pool[e->of + CLX_CLAUSE_SIZE]; k++) {
    if (l[k].x == x && l[k].v >= v) continue;
    const clx_exact_literal n = clx_exact_not(l[k]);
    if (!is_known(s, n.x, n.v, s->need_entry[x])) return false;
  }
  return true;
}

// The learned clause: the negations of the needs, that of the unique point first, the latest of the others second.
static int32_t collect(clx_exact *s, int32_t unique) {
  const int32_t top = s->trail[unique].x;
  int32_t back = 0, lbd = 1;
  s->level_stamp++;
  s->learnt[0] = clx_exact_not((clx_exact_literal){top, s->need[top]});
  s->learnt_count = 1;
  for (int32_t k = 0; k < s->needed_count; k++) {
    const int32_t x = s->needed[k];
    if (x == top || is_redundant(s, x)) continue;
    const int32_t level = s->trail[s->need_entry[x]].level;
    if (level == 0) continue;
    s->learnt[s->learnt_count++] = clx_exact_not((clx_exact_literal){x, s->need[x]});
    if (s->level_seen[level] != s->level_stamp) {
      s->level_seen[level] = s->level_stamp;
      lbd++;
    }
    if (level > back) {
      back = level;
      const clx_exact_literal held = s->learnt[1];
      s->learnt[1] = s->learnt[s->learnt_count - 1];
      s->learnt[s->learnt_count - 1] = held;
    }
  }
  clx_exact_back(s, back);
  return lbd;
}

bool clx_exact_learn(clx_exact *s) {
  count_open(s);
  if (s->conflict_level == 0) return false;
  const int32_t lbd = collect(s, find_unique(s));
  const clx_exact_literal l = s->learnt[0];
  clx_exact_cool(s);
  if (s->learnt_count == 1) return clx_exact_raise(s, l.x, l.v, CLX_WHY_DECISION, 0);
  const int32_t c = add_clause(s, lbd);
  if (c < 0)
    s->failed = true;
  else
    (void)clx_exact_raise(s, l.x, l.v, CLX_WHY_CLAUSE, c);
  return true;
}

// --- forgetting --------------------------------------------------------------------------------------------------------------------------

static bool holds_at_root(clx_exact *s, int32_t c) {
  const clx_exact_literal *l = literals(s, c);
  for (int32_t k = 0; k < s->pool[c + CLX_CLAUSE_SIZE]; k++)
    if (clx_exact_true(s, l[k])) return true;
  return false;
}

// Clauses of few levels stay, of the others those that were of use since the last time. At the root nothing rests on them.
void clx_exact_forget(clx_exact *s) {
  enum { KEPT = 3, USED = 2 };
  for (int64_t k = 0; k < s->at[2 * s->n + 2]; k++) s->watch[k] = -1;
  int64_t to = 0;
  s->learned = 0;
  for (int64_t c = 0; c < s->pool_count;) {
    const int32_t size = CLX_CLAUSE_HEAD + 2 * s->pool[c + CLX_CLAUSE_SIZE];
    const bool keep =
        (s->pool[c + CLX_CLAUSE_LBD] <= KEPT || s->pool[c + CLX_CLAUSE_USE] >= USED) && !holds_at_root(s, (int32_t)c);
    if (keep) {
      memmove(&s->pool[to], &s->pool[c], (size_t)size * sizeof *s->pool);
      s->pool[to + CLX_CLAUSE_USE] /= 2;
      // Both watched literals must be open: the first two that are not false at the root.
      clx_exact_literal *l = literals(s, (int32_t)to);
      for (int32_t w = 0, k = 0; w < 2 && k < s->pool[to + CLX_CLAUSE_SIZE]; k++) {
        if (clx_exact_false(s, l[k])) continue;
        const clx_exact_literal held = l[w];
        l[w++] = l[k];
        l[k] = held;
      }
      watch(s, (int32_t)to, 0);
      watch(s, (int32_t)to, 1);
      s->learned++;
      to += size;
    }
    c += size;
  }
  s->pool_count = to;
}
