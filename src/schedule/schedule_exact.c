// Making an exact search, its order of decisions, and the search with restarts.
#include <stdlib.h>
#include <string.h>

#include "schedule/schedule_exact_internal.h"

static const double COOLING = 1 / 0.95, HEAT_MOST = 1e100;

// --- heap of literals by heat --------------------------------------------------------------------------------------------------------------

static void heap_up(clx_exact *s, int32_t at) {
  const int32_t a = s->heap[at];
  while (at > 0) {
    const int32_t parent = (at - 1) / 2;
    if (s->heat[s->heap[parent]] >= s->heat[a]) break;
    s->heap[at] = s->heap[parent];
    s->heap_place[s->heap[at]] = at;
    at = parent;
  }
  s->heap[at] = a;
  s->heap_place[a] = at;
}

static void heap_down(clx_exact *s, int32_t at) {
  const int32_t a = s->heap[at];
  for (int32_t child; (child = 2 * at + 1) < s->heap_count; at = child) {
    if (child + 1 < s->heap_count && s->heat[s->heap[child]] < s->heat[s->heap[child + 1]]) child++;
    if (s->heat[s->heap[child]] <= s->heat[a]) break;
    s->heap[at] = s->heap[child];
    s->heap_place[s->heap[at]] = at;
  }
  s->heap[at] = a;
  s->heap_place[a] = at;
}

static void heap_add(clx_exact *s, int32_t atom) {
  if (s->heap_place[atom] >= 0) return;
  s->heap[s->heap_count] = atom;
  heap_up(s, s->heap_count++);
}

static int32_t heap_pop(clx_exact *s) {
  const int32_t atom = s->heap[0];
  s->heap_place[atom] = -1;
  if (--s->heap_count > 0) {
    s->heap[0] = s->heap[s->heap_count];
    heap_down(s, 0);
  }
  return atom;
}

// The atom of a literal: start i >= v for either sign.
static int32_t atom_of(const clx_exact *s, int32_t x, int32_t v) {
  const int32_t i = x / 2, at_least = x % 2 == 0 ? v : 1 - v;
  return (int32_t)s->atom_at[i] + at_least - s->first[2 * i] - 1;
}

void clx_exact_heat(clx_exact *s, int32_t x, int32_t v) {
  const int32_t atom = atom_of(s, x, v);
  if ((s->heat[atom] += s->heat_step) > HEAT_MOST) {
    const int64_t atoms = s->atom_at[s->n + 1];
    for (int64_t a = 0; a < atoms; a++) s->heat[a] /= HEAT_MOST;
    s->heat_step /= HEAT_MOST;
  }
  if (s->heap_place[atom] >= 0)
    heap_up(s, s->heap_place[atom]);
  else
    heap_add(s, atom);
}

void clx_exact_cool(clx_exact *s) { s->heat_step *= COOLING; }

void clx_exact_heap_return(clx_exact *s, int32_t x, int32_t from, int32_t to) {
  int32_t atom = atom_of(s, x, x % 2 == 0 ? from + 1 : to);
  for (int32_t k = from; k < to; k++, atom++)
    if (s->heat[atom] > 0) heap_add(s, atom);
}

// --- decisions ---------------------------------------------------------------------------------------------------------------------------

// Where there is no conflict to learn from: the start that can be earliest takes that, or keeps near to the guide.
static bool decide_plainly(const clx_exact *s, clx_exact_literal *out) {
  int32_t best = -1, least = INT32_MAX;
  for (int32_t i = 0; i <= s->n; i++) {
    const int32_t early = s->bound[2 * i], late = -s->bound[2 * i + 1];
    if (early == late || early > least) continue;
    if (early == least && late - early >= -s->bound[2 * best + 1] - least) continue;
    best = i;
    least = early;
  }
  if (best < 0) return false;
  *out = (clx_exact_literal){2 * best + 1, -least};
  return true;
}

bool clx_exact_decide(clx_exact *s, clx_exact_literal *out) {
  while (s->heap_count > 0) {
    const int32_t atom = heap_pop(s), i = s->atom_of[atom];
    const int32_t v = (int32_t)(atom - s->atom_at[i]) + s->first[2 * i] + 1;
    if (v <= s->bound[2 * i] || v > -s->bound[2 * i + 1]) continue;
    const bool later = s->guided && s->guide[i] >= v;
    *out = later ? (clx_exact_literal){2 * i, v} : (clx_exact_literal){2 * i + 1, 1 - v};
    return true;
  }
  return decide_plainly(s, out);
}

// --- search ------------------------------------------------------------------------------------------------------------------------------

static void settle_root(clx_exact *s) {
  for (int32_t x = 0; x < 2 * s->n + 2; x++) {
    s->root[x] = s->bound[x];
    s->current[x] = -1;
  }
  s->trail_count = s->read = 0;
}

static bool propagate_root(clx_exact *s) {
  if (!clx_exact_propagate(s)) return false;
  settle_root(s);
  return true;
}

static bool wants_stop(const clx_exact *s) { return s->stop != NULL && s->stop(s->context); }

static int64_t luby(int64_t i) {
  int64_t k = 1;
  while ((1 << k) - 1 < i + 1) k++;
  while ((1 << k) - 1 != i + 1) {
    i -= (1 << (k - 1)) - 1;
    k = 1;
    while ((1 << k) - 1 < i + 1) k++;
  }
  return (int64_t)1 << (k - 1);
}

// Until a plan is found, nothing is left, or `conflicts` are used up.
static clx_exact_answer search(clx_exact *s, int64_t conflicts) {
  for (int64_t used = 0;;) {
    if (s->failed) return CLX_EXACT_MEMORY;
    if (!clx_exact_propagate(s)) {
      s->effort.conflicts++;
      if (!clx_exact_learn(s)) return CLX_EXACT_NONE;
      if (++used >= conflicts || (used % 64 == 0 && wants_stop(s))) return CLX_EXACT_LIMIT;
      continue;
    }
    clx_exact_literal l;
    if (s->level == 0) settle_root(s);
    if (!clx_exact_decide(s, &l)) return CLX_EXACT_FOUND;
    if (++s->effort.decisions % 1024 == 0 && wants_stop(s)) return CLX_EXACT_LIMIT;
    if (!clx_exact_level_up(s)) return CLX_EXACT_MEMORY;
    (void)clx_exact_raise(s, l.x, l.v, CLX_WHY_DECISION, 0);
  }
}

clx_exact_answer clx_exact_run(clx_exact *s, int64_t conflicts, bool (*stop)(void *context), void *context,
                               int32_t *start) {
  enum { RESTART = 100 };
  const int64_t last = s->effort.conflicts + conflicts;
  s->stop = stop;
  s->context = context;
  for (int64_t k = 0;; k++) {
    clx_exact_back(s, 0);
    if (s->empty || (!s->started && !clx_exact_start(s)) || !propagate_root(s)) {
      s->empty = true;
      return CLX_EXACT_NONE;
    }
    if (s->learned > s->learned_most) {
      clx_exact_forget(s);
      s->learned_most += s->learned_most / 20 + 100;
    }
    const int64_t left = last - s->effort.conflicts;
    if (left <= 0 || wants_stop(s)) return CLX_EXACT_LIMIT;
    const int64_t run = RESTART * luby(s->effort.restarts++);
    const clx_exact_answer answer = search(s, run < left ? run : left);
    if (answer == CLX_EXACT_FOUND) {
      for (int32_t i = 0; i < s->n; i++) start[i] = s->bound[2 * i];
      clx_exact_guide(s, start);
    }
    if (answer != CLX_EXACT_LIMIT) {
      if (answer == CLX_EXACT_FOUND) clx_exact_back(s, 0);
      return answer;
    }
  }
}

void clx_exact_guide(clx_exact *s, const int32_t *start) {
  int32_t end = 0;
  for (int32_t i = 0; i < s->n; i++) {
    s->guide[i] = start[i];
    if (start[i] + s->duration[i] > end) end = start[i] + s->duration[i];
  }
  s->guide[s->n] = end;
  s->guided = true;
}

void clx_exact_tighten(clx_exact *s, int32_t target) {
  clx_exact_back(s, 0);
  if (target < s->bound[2 * s->n])
    s->empty = true;
  else
    (void)clx_exact_raise(s, 2 * s->n + 1, -target, CLX_WHY_DECISION, 0);
}

clx_exact_effort clx_exact_spent(const clx_exact *s) { return s->effort; }
