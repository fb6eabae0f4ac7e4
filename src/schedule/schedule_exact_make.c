// Memory and graphs of an exact search.
#include <stdlib.h>
#include <string.h>

#include "schedule/schedule_exact_internal.h"

// Start-to-start lag from -> to in both directions of time: later starts of `to`, earlier starts of `from`.
typedef struct lag_list {
  int32_t *tail, *head, *lag;
  int32_t count;
} lag_list;

static void add_lag(lag_list *e, int32_t from, int32_t to, int32_t lag) {
  const int32_t at = e->count;
  e->tail[at] = 2 * from;
  e->head[at] = 2 * to;
  e->tail[at + 1] = 2 * to + 1;
  e->head[at + 1] = 2 * from + 1;
  e->lag[at] = e->lag[at + 1] = lag;
  e->count += 2;
}

static bool make_edges(clx_exact *s, const clx_exact_arc *arc, int32_t arc_count, clx_arena *arena) {
  const clx_lean *l = s->lean;
  const int32_t most = 2 * (l->pred.first[l->n] + l->n + arc_count), vars = 2 * s->n + 2;
  lag_list e = {CLX_NEW_ARRAY(arena, int32_t, most + 1), CLX_NEW_ARRAY(arena, int32_t, most + 1),
                CLX_NEW_ARRAY(arena, int32_t, most + 1), 0};
  clx_exact_edges *out = &s->edge;
  out->first = CLX_NEW_ARRAY(arena, int32_t, vars + 2);
  out->tail = CLX_NEW_ARRAY(arena, int32_t, most + 1);
  out->other = CLX_NEW_ARRAY(arena, int32_t, most + 1);
  out->lag = CLX_NEW_ARRAY(arena, int32_t, most + 1);
  if (e.tail == NULL || e.head == NULL || e.lag == NULL || out->first == NULL || out->tail == NULL ||
      out->other == NULL || out->lag == NULL)
    return false;
  for (int32_t i = 0; i < l->n; i++) {
    for (int32_t k = l->pred.first[i]; k < l->pred.first[i + 1]; k++) add_lag(&e, l->pred.other[k], i, l->pred.lag[k]);
    add_lag(&e, i, l->n, l->duration[i]);
  }
  for (int32_t k = 0; k < arc_count; k++) add_lag(&e, arc[k].from, arc[k].to, arc[k].lag);
  for (int32_t k = 0; k < e.count; k++) out->first[e.tail[k] + 2]++;
  for (int32_t x = 2; x < vars + 2; x++) out->first[x] += out->first[x - 1];
  for (int32_t k = 0; k < e.count; k++) {
    const int32_t at = out->first[e.tail[k] + 1]++;
    out->tail[at] = e.tail[k];
    out->other[at] = e.head[k];
    out->lag[at] = e.lag[k];
  }
  return true;
}

// Whether i and j together need more of a resource than there ever is.
static bool excludes(const clx_lean *l, const int64_t *largest, int32_t i, int32_t j) {
  for (int32_t r = 0; r < l->resources; r++)
    if (clx_lean_amount(l, i, r) + clx_lean_amount(l, j, r) > largest[r]) return true;
  return false;
}

static bool make_pairs(clx_exact *s, clx_arena *arena) {
  const clx_lean *l = s->lean;
  int64_t *largest = CLX_NEW_ARRAY(arena, int64_t, l->resources + 1);
  s->pair_first = CLX_NEW_ARRAY(arena, int32_t, l->n + 1);
  if (largest == NULL || s->pair_first == NULL) return false;
  for (int32_t r = 0; r < l->resources; r++) {
    for (int32_t t = 0; t <= l->changed; t++) {
      const int64_t room = clx_lean_room(l, t, r);
      largest[r] = room > largest[r] ? room : largest[r];
    }
  }
  for (int32_t pass = 0; pass < 2; pass++) {
    int32_t count = 0;
    for (int32_t i = 0; i < l->n; i++) {
      s->pair_first[i] = count;
      for (int32_t j = 0; j < l->n; j++) {
        if (j == i || !l->demands[i] || !l->demands[j] || !excludes(l, largest, i, j)) continue;
        if (pass == 1) s->pair[count] = j;
        count++;
      }
    }
    s->pair_first[l->n] = count;
    if (pass == 0 && (s->pair = CLX_NEW_ARRAY(arena, int32_t, count + 1)) == NULL) return false;
  }
  return true;
}

// Longest paths with the further lags, too: pass after pass until nothing moves (two or three where arcs come in the order of a plan).
static bool make_paths(const clx_lean *l, const clx_exact_arc *arc, int32_t arc_count, clx_arena *arena, int32_t **head,
                       int32_t **tail) {
  *head = l->head;
  *tail = l->tail;
  if (arc_count == 0) return true;
  int32_t *h = *head = CLX_NEW_ARRAY(arena, int32_t, l->n), *t = *tail = CLX_NEW_ARRAY(arena, int32_t, l->n);
  if (h == NULL || t == NULL) return false;
  memcpy(h, l->head, (size_t)l->n * sizeof *h);
  memcpy(t, l->tail, (size_t)l->n * sizeof *t);
  bool moves = true;
  for (int32_t pass = 0; moves && pass < 8; pass++) {  // fewer passes leave looser bounds, which hold as well
    moves = false;
    for (int32_t k = 0; k < arc_count; k++)
      if (h[arc[k].from] + arc[k].lag > h[arc[k].to]) h[arc[k].to] = h[arc[k].from] + arc[k].lag, moves = true;
    for (int32_t i = 0; i < l->n; i++)
      for (int32_t k = l->pred.first[i]; k < l->pred.first[i + 1]; k++)
        if (h[l->pred.other[k]] + l->pred.lag[k] > h[i]) h[i] = h[l->pred.other[k]] + l->pred.lag[k], moves = true;
    for (int32_t k = arc_count - 1; k >= 0; k--)
      if (t[arc[k].to] + arc[k].lag > t[arc[k].from]) t[arc[k].from] = t[arc[k].to] + arc[k].lag, moves = true;
    for (int32_t i = l->n - 1; i >= 0; i--)
      for (int32_t k = l->pred.first[i]; k < l->pred.first[i + 1]; k++)
        if (t[i] + l->pred.lag[k] > t[l->pred.other[k]]) t[l->pred.other[k]] = t[i] + l->pred.lag[k], moves = true;
  }
  return true;
}

static bool make_bounds(clx_exact *s, int32_t target, const clx_exact_arc *arc, int32_t arc_count, clx_arena *arena) {
  const clx_lean *l = s->lean;
  int32_t *head, *tail;
  if (!make_paths(l, arc, arc_count, arena, &head, &tail)) return false;
  const int32_t vars = 2 * s->n + 2;
  s->bound = CLX_NEW_ARRAY(arena, int32_t, vars);
  s->root = CLX_NEW_ARRAY(arena, int32_t, vars);
  s->first = CLX_NEW_ARRAY(arena, int32_t, vars);
  s->current = CLX_NEW_ARRAY(arena, int32_t, vars);
  s->at = CLX_NEW_ARRAY(arena, int64_t, vars + 1);
  s->duration = CLX_NEW_ARRAY(arena, int32_t, s->n + 1);
  s->atom_at = CLX_NEW_ARRAY(arena, int64_t, s->n + 2);
  if (s->bound == NULL || s->root == NULL || s->first == NULL || s->current == NULL || s->at == NULL ||
      s->duration == NULL || s->atom_at == NULL)
    return false;
  for (int32_t i = 0; i <= s->n; i++) {
    int32_t late = i < s->n ? target - tail[i] : target;
    if (i < s->n && l->deadline[i] != INT32_MAX && l->deadline[i] - l->duration[i] < late)
      late = l->deadline[i] - l->duration[i];
    const int32_t early = i < s->n ? head[i] : l->path;
    if (late < early) s->empty = true;
    s->bound[2 * i] = early;
    s->bound[2 * i + 1] = late < early ? -early : -late;
    s->duration[i] = i < s->n ? l->duration[i] : 0;
  }
  int64_t literal = 0, atom = 0;
  for (int32_t x = 0; x < vars; x++) {
    s->root[x] = s->first[x] = s->bound[x];
    s->current[x] = -1;
    s->at[x] = literal - 1;
    if (x % 2 == 0) s->atom_at[x / 2] = atom;
    literal += clx_exact_most(s, x) - s->bound[x];
    if (x % 2 == 0) atom += clx_exact_most(s, x) - s->bound[x];
  }
  s->at[vars] = literal;
  s->atom_at[s->n + 1] = atom;
  return true;
}

static bool make_space(clx_exact *s, int32_t target, clx_arena *arena) {
  const int32_t vars = 2 * s->n + 2, units = target > 0 ? target : 1;
  const int64_t literals = s->at[vars], atoms = s->atom_at[s->n + 1];
  s->watch = CLX_NEW_ARRAY(arena, int32_t, literals + 1);
  s->need = CLX_NEW_ARRAY(arena, int32_t, vars);
  s->need_entry = CLX_NEW_ARRAY(arena, int32_t, vars);
  s->needed = CLX_NEW_ARRAY(arena, int32_t, vars);
  s->learnt = CLX_NEW_ARRAY(arena, clx_exact_literal, vars);
  s->cover = CLX_NEW_ARRAY(arena, int32_t, s->n + 1);
  s->cover_entry = CLX_NEW_ARRAY(arena, int32_t, s->n + 1);
  s->part_from = CLX_NEW_ARRAY(arena, int32_t, s->n + 1);
  s->part_to = CLX_NEW_ARRAY(arena, int32_t, s->n + 1);
  s->dirty = CLX_NEW_ARRAY(arena, int32_t, s->n + 1);
  s->is_dirty = CLX_NEW_ARRAY(arena, bool, s->n + 1);
  s->unchecked = CLX_NEW_ARRAY(arena, bool, s->n + 1);
  s->guide = CLX_NEW_ARRAY(arena, int32_t, s->n + 1);
  s->atom_of = CLX_NEW_ARRAY(arena, int32_t, atoms + 1);
  s->heat = CLX_NEW_ARRAY(arena, double, atoms + 1);
  s->heap = CLX_NEW_ARRAY(arena, int32_t, atoms + 1);
  s->heap_place = CLX_NEW_ARRAY(arena, int32_t, atoms + 1);
  s->profile = CLX_NEW_ARRAY(arena, uint64_t, (size_t)units * (size_t)s->lean->words);
  if (s->watch == NULL || s->need == NULL || s->need_entry == NULL || s->needed == NULL || s->learnt == NULL ||
      s->cover == NULL || s->cover_entry == NULL || s->part_from == NULL || s->part_to == NULL || s->dirty == NULL ||
      s->is_dirty == NULL || s->unchecked == NULL || s->guide == NULL || s->atom_of == NULL || s->heat == NULL ||
      s->heap == NULL || s->heap_place == NULL || s->profile == NULL)
    return false;
  memcpy(s->profile, s->lean->capacity, (size_t)units * (size_t)s->lean->words * sizeof *s->profile);
  for (int64_t k = 0; k <= literals; k++) s->watch[k] = -1;
  for (int32_t x = 0; x < vars; x++) s->need[x] = INT32_MIN;
  for (int64_t a = 0; a < atoms; a++) s->heap_place[a] = -1;
  for (int32_t i = 0; i <= s->n; i++)
    for (int64_t a = s->atom_at[i]; a < s->atom_at[i + 1]; a++) s->atom_of[a] = i;
  return true;
}

clx_status clx_exact_make(const clx_lean *lean, int32_t target, const clx_exact_arc *arc, int32_t arc_count,
                          clx_arena *arena, clx_exact **out, clx_error *error) {
  clx_exact *s = CLX_NEW(arena, clx_exact);
  bool made = s != NULL;
  if (made) {
    s->lean = lean;
    s->n = lean->n;
    s->heat_step = 1;
    s->learned_most = 4000;
    made = make_edges(s, arc, arc_count, arena) && make_pairs(s, arena) &&
           make_bounds(s, target, arc, arc_count, arena) && make_space(s, target, arena) && clx_exact_level_up(s);
    if (!made) clx_exact_free(s);
  }
  if (!made) return clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for an exact search");
  s->level = 0;
  s->grown_from = INT32_MAX;
  s->grown_to = INT32_MIN;
  for (int32_t i = 0; i < s->n; i++) clx_exact_soil(s, i);
  *out = s;
  return CLX_OK;
}

void clx_exact_free(clx_exact *s) {
  if (s == NULL) return;
  free(s->trail);
  free(s->level_start);
  free(s->level_seen);
  free(s->pool);
  s->trail = NULL;
  s->level_start = NULL;
  s->level_seen = NULL;
  s->pool = NULL;
}
