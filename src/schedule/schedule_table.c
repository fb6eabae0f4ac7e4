// Capacities: the profile of compulsory parts (the units in which an activity runs whenever it starts within its bounds), what it forbids, and why.
#include <string.h>

#include "schedule/schedule_exact_internal.h"

void clx_exact_soil(clx_exact *s, int32_t i) {
  if (i >= s->n || s->is_dirty[i] || !s->lean->demands[i]) return;
  s->is_dirty[i] = true;
  s->dirty[s->dirty_count++] = i;
}

// --- profile -----------------------------------------------------------------------------------------------------------------------------

static void give(clx_exact *s, int32_t i, int32_t from, int32_t to) {
  const size_t words = (size_t)s->lean->words;
  const uint64_t *demand = &s->lean->demand[(size_t)i * words];
  for (int32_t t = from; t < to; t++)
    for (size_t w = 0; w < words; w++) s->profile[(size_t)t * words + w] += demand[w];
}

// Returns a unit in which there is too little, -1.
static int32_t take(clx_exact *s, int32_t i, int32_t from, int32_t to) {
  const size_t words = (size_t)s->lean->words;
  const uint64_t *demand = &s->lean->demand[(size_t)i * words];
  int32_t over = -1;
  for (int32_t t = from; t < to; t++) {
    for (size_t w = 0; w < words; w++) {
      uint64_t *room = &s->profile[(size_t)t * words + w];
      *room -= demand[w];
      if ((*room & s->lean->guard) != s->lean->guard) over = t;
    }
  }
  return over;
}

static void note_growth(clx_exact *s, int32_t from, int32_t to) {
  if (from < s->grown_from) s->grown_from = from;
  if (to > s->grown_to) s->grown_to = to;
}

// Makes the part of i from .. to - 1, which holds the old one. Where that overfills a unit it is not done, so that the profile never is
// overfull, and the unit returned, else -1.
static int32_t grow_part(clx_exact *s, int32_t i, int32_t from, int32_t to) {
  const int32_t old_from = s->part_from[i], old_to = s->part_to[i], end = old_from < old_to ? old_from : to;
  if (from < end) note_growth(s, from, end);
  if (old_from < old_to && old_to < to) note_growth(s, old_to, to);
  const int32_t early = take(s, i, from, end), late = old_from < old_to ? take(s, i, old_to, to) : -1;
  if (early < 0 && late < 0) {
    s->part_from[i] = from;
    s->part_to[i] = to;
    return -1;
  }
  give(s, i, from, end);
  if (old_from < old_to) give(s, i, old_to, to);
  return early >= 0 ? early : late;
}

// Compulsory parts as the bounds now say: first those that shrink, then those that grow, one at a time, so that no lane of the profile
// falls below its guard by more than one demand. False: a unit is overfull.
static bool refresh(clx_exact *s) {
  for (int32_t k = 0; k < s->dirty_count; k++) {
    const int32_t i = s->dirty[k];
    int32_t from = -s->bound[2 * i + 1], to = s->bound[2 * i] + s->duration[i];
    if (from >= to) from = to = s->part_from[i];
    if (from >= s->part_to[i] || to <= s->part_from[i]) {
      give(s, i, s->part_from[i], s->part_to[i]);
      s->part_from[i] = s->part_to[i] = from;
      continue;
    }
    if (from > s->part_from[i]) {
      give(s, i, s->part_from[i], from);
      s->part_from[i] = from;
    }
    if (to < s->part_to[i]) {
      give(s, i, to, s->part_to[i]);
      s->part_to[i] = to;
    }
  }
  while (s->dirty_count > 0) {
    const int32_t i = s->dirty[--s->dirty_count];
    s->is_dirty[i] = false;
    s->unchecked[i] = true;
    const int32_t from = -s->bound[2 * i + 1], to = s->bound[2 * i] + s->duration[i];
    if (from >= to) continue;
    const int32_t over = grow_part(s, i, from, to);
    if (over >= 0) {
      clx_exact_soil(s, i);
      clx_exact_conflict_begin(s);
      clx_exact_table_explain(s, s->trail_count, -1, over);
      return false;
    }
  }
  return true;
}

static inline bool is_full(const clx_exact *s, const uint64_t *demand, int32_t t) {
  const size_t words = (size_t)s->lean->words;
  uint64_t left = s->lean->guard;
  for (size_t w = 0; w < words; w++) left &= s->profile[(size_t)t * words + w] - demand[w];
  return (left & s->lean->guard) != s->lean->guard;
}

static bool push_later(clx_exact *s, int32_t i) {
  const uint64_t *demand = &s->lean->demand[(size_t)i * (size_t)s->lean->words];
  const int32_t d = s->duration[i];
  int32_t known = s->bound[2 * i], end = known + d;
  for (;;) {
    int32_t t = end - 1;
    for (; t >= known; t--) {
      if (t >= s->part_from[i] && t < s->part_to[i]) {
        t = s->part_from[i];  // of its own
        continue;
      }
      if (is_full(s, demand, t)) break;
    }
    if (t < known) return true;
    if (!clx_exact_raise(s, 2 * i, t + 1, CLX_WHY_TABLE, t)) return false;
    known = end;
    end = t + 1 + d;
  }
}

static bool push_earlier(clx_exact *s, int32_t i) {
  const uint64_t *demand = &s->lean->demand[(size_t)i * (size_t)s->lean->words];
  const int32_t d = s->duration[i];
  int32_t from = -s->bound[2 * i + 1], known = from + d;
  for (;;) {
    int32_t t = from;
    for (; t < known; t++) {
      if (t >= s->part_from[i] && t < s->part_to[i]) {
        t = s->part_to[i] - 1;
        continue;
      }
      if (is_full(s, demand, t)) break;
    }
    if (t >= known) return true;
    if (!clx_exact_raise(s, 2 * i + 1, d - t, CLX_WHY_TABLE, t)) return false;
    known = from;
    from = t - d;
  }
}

bool clx_exact_table(clx_exact *s) {
  if (s->dirty_count == 0) return true;
  if (!refresh(s)) return false;
  const int32_t from = s->grown_from, to = s->grown_to;
  for (int32_t i = 0; i < s->n; i++) {
    if (!s->lean->demands[i] || s->bound[2 * i] == -s->bound[2 * i + 1]) continue;
    const bool moved = s->unchecked[i];
    if (!moved && (s->bound[2 * i] >= to || s->duration[i] - s->bound[2 * i + 1] <= from)) continue;
    if (!push_later(s, i) || !push_earlier(s, i)) return false;
    s->unchecked[i] = false;
  }
  s->grown_from = INT32_MAX;
  s->grown_to = INT32_MIN;
  return true;
}

// --- explanations ------------------------------------------------------------------------------------------------------------------------

// Activities whose compulsory part covers unit t before entry p; cover_entry: when that became so, -1 at the root.
static int32_t find_cover(clx_exact *s, int32_t p, int32_t except, int32_t t) {
  int32_t count = 0;
  for (int32_t j = 0; j < s->n; j++) {
    if (j == except || !s->lean->demands[j]) continue;
    const int32_t early = t - s->duration[j] + 1;
    if (s->bound[2 * j] < early || s->bound[2 * j + 1] < -t) continue;
    int32_t when = -1;
    bool covers = true;
    for (int32_t side = 0; side < 2 && covers; side++) {
      const int32_t x = 2 * j + side, v = side == 0 ? early : -t;
      if (v <= s->root[x]) continue;
      int32_t e = s->current[x];
      while (s->trail[e].old >= v) e = s->trail[e].before;
      covers = e < p;
      when = e > when ? e : when;
    }
    if (!covers) continue;
    s->cover[count] = j;
    s->cover_entry[count++] = when;
  }
  return count;
}

// By when they became true, earliest first.
static void sort_cover(clx_exact *s, int32_t count) {
  for (int32_t k = 1; k < count; k++) {
    const int32_t j = s->cover[k], when = s->cover_entry[k];
    int32_t m = k;
    for (; m > 0 && s->cover_entry[m - 1] > when; m--) {
      s->cover[m] = s->cover[m - 1];
      s->cover_entry[m] = s->cover_entry[m - 1];
    }
    s->cover[m] = j;
    s->cover_entry[m] = when;
  }
}

// Of the resources that are overfull, the one that the fewest of the earliest overfill; then those of them that are not needed are left out.
void clx_exact_table_explain(clx_exact *s, int32_t p, int32_t i, int32_t t) {
  const clx_lean *l = s->lean;
  const int32_t count = find_cover(s, p, i, t);
  int32_t best = -1, fewest = count + 1;
  sort_cover(s, count);
  for (int32_t r = 0; r < l->resources; r++) {
    int64_t left = clx_lean_room(l, t, r) - (i >= 0 ? clx_lean_amount(l, i, r) : 0);
    int32_t k = 0;
    for (; k < count && left >= 0; k++) left -= clx_lean_amount(l, s->cover[k], r);
    if (left < 0 && k < fewest) {
      fewest = k;
      best = r;
    }
  }
  if (best < 0) return;  // full without any: capacity alone
  int64_t over = (i >= 0 ? clx_lean_amount(l, i, best) : 0) - clx_lean_room(l, t, best);
  for (int32_t k = 0; k < fewest; k++) over += clx_lean_amount(l, s->cover[k], best);
  for (int32_t k = fewest - 1; k >= 0; k--) {
    const int32_t j = s->cover[k];
    const int64_t amount = clx_lean_amount(l, j, best);
    if (amount == 0) continue;
    if (amount < over) {
      over -= amount;
      continue;
    }
    clx_exact_need(s, 2 * j, t - s->duration[j] + 1);
    clx_exact_need(s, 2 * j + 1, -t);
  }
}
