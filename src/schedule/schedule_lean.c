// Projects as lean models, and the serial generation scheme on them.
#include <string.h>

#include "schedule/schedule_lean.h"

enum { CHANGE_LATEST = 4 * CLX_PROJECT_TIME_MAX };

static clx_status no_memory(clx_error *error) {
  return clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for a model of the project");
}

bool clx_lean_fits(const clx_project *p) {
  for (int32_t i = 0; i < p->activity_count; i++)
    if (p->activity[i].mode_count != 1 || p->activity[i].calendar != CLX_PROJECT_NONE) return false;
  for (int32_t i = 0; i < p->link_count; i++)
    if (p->link[i].most != CLX_PROJECT_NONE) return false;
  for (int32_t i = 0; i < p->resource_count; i++)
    if (p->resource[i].consumed) return false;
  return true;
}

static const clx_project_mode *mode_of(const clx_project *p, const int32_t *mode, int32_t i) {
  return &p->activity[i].mode[mode != NULL ? mode[i] : 0];
}

// start(to) - start(from) of a link whose activities last this long.
static int32_t start_lag(const clx_project_link *l, int32_t from, int32_t to) {
  const bool ends = l->kind == CLX_PROJECT_FS || l->kind == CLX_PROJECT_FF;
  const bool finishes = l->kind == CLX_PROJECT_FF || l->kind == CLX_PROJECT_SF;
  return l->least + (ends ? from : 0) - (finishes ? to : 0);
}

// Kahn's order, smallest number first among those that are ready: O(n + m) with a ring of ready ones.
static bool sort_topologically(const clx_project *p, clx_arena *arena, int32_t *activity, int32_t *place) {
  const int32_t n = p->activity_count;
  int32_t *first = CLX_NEW_ARRAY(arena, int32_t, n + 2), *next = CLX_NEW_ARRAY(arena, int32_t, p->link_count + 1);
  int32_t *waits = CLX_NEW_ARRAY(arena, int32_t, n + 1);
  if (first == NULL || next == NULL || waits == NULL) return false;
  for (int32_t k = 0; k < p->link_count; k++) {
    first[p->link[k].from + 2]++;
    waits[p->link[k].to]++;
  }
  for (int32_t i = 2; i < n + 2; i++) first[i] += first[i - 1];
  for (int32_t k = 0; k < p->link_count; k++) next[first[p->link[k].from + 1]++] = p->link[k].to;
  int32_t in = 0;
  for (int32_t i = 0; i < n; i++)
    if (waits[i] == 0) activity[in++] = i;
  for (int32_t out = 0; out < in; out++)
    for (int32_t k = first[activity[out]]; k < first[activity[out] + 1]; k++)
      if (--waits[next[k]] == 0) activity[in++] = next[k];
  for (int32_t i = 0; i < in; i++) place[activity[i]] = i;
  return in == n;
}

clx_status clx_lean_order(const clx_project *p, clx_arena *arena, int32_t **activity, clx_error *error) {
  int32_t *place = CLX_NEW_ARRAY(arena, int32_t, p->activity_count + 1);
  *activity = CLX_NEW_ARRAY(arena, int32_t, p->activity_count + 1);
  if (place == NULL || *activity == NULL || !sort_topologically(p, arena, *activity, place)) return no_memory(error);
  return CLX_OK;
}

static bool edges_new(clx_arena *arena, int32_t n, int32_t m, clx_lean_edges *e) {
  e->first = CLX_NEW_ARRAY(arena, int32_t, n + 2);
  e->other = CLX_NEW_ARRAY(arena, int32_t, m + 1);
  e->lag = CLX_NEW_ARRAY(arena, int32_t, m + 1);
  return e->first != NULL && e->other != NULL && e->lag != NULL;
}

// Both directions of m lags from[k] -> to[k].
static void edges_fill(clx_lean_edges *e, int32_t n, int32_t m, const int32_t *at, const int32_t *other,
                       const int32_t *lag) {
  for (int32_t k = 0; k < m; k++) e->first[at[k] + 1]++;
  for (int32_t i = 0; i < n; i++) e->first[i + 1] += e->first[i];
  for (int32_t k = m - 1; k >= 0; k--) {  // first[i + 1] moves down to where i's edges begin
    const int32_t slot = --e->first[at[k] + 1];
    e->other[slot] = other[k];
    e->lag[slot] = lag[k];
  }
  for (int32_t i = 0; i < n; i++) e->first[i] = e->first[i + 1];
  e->first[n] = m;
}

static bool fill_links(const clx_project *p, const int32_t *place, clx_arena *arena, clx_lean *l) {
  const int32_t m = p->link_count;
  int32_t *from = CLX_NEW_ARRAY(arena, int32_t, m + 1), *to = CLX_NEW_ARRAY(arena, int32_t, m + 1);
  int32_t *lag = CLX_NEW_ARRAY(arena, int32_t, m + 1);
  if (from == NULL || to == NULL || lag == NULL || !edges_new(arena, l->n, m, &l->pred) ||
      !edges_new(arena, l->n, m, &l->succ))
    return false;
  for (int32_t k = 0; k < m; k++) {
    from[k] = place[p->link[k].from];
    to[k] = place[p->link[k].to];
    lag[k] = start_lag(&p->link[k], l->duration[from[k]], l->duration[to[k]]);
  }
  edges_fill(&l->pred, l->n, m, to, from, lag);
  edges_fill(&l->succ, l->n, m, from, to, lag);
  return true;
}

static int64_t largest_capacity(const clx_project *p, int32_t r) {
  int64_t most = 0;
  for (int32_t k = 0; k < p->resource[r].level_count; k++)
    if (p->resource[r].level[k].amount > most) most = p->resource[r].level[k].amount;
  return most;
}

static void layout_lanes(const clx_project *p, clx_lean *l) {
  int64_t most = 0;
  for (int32_t r = 0; r < p->resource_count; r++) {
    if (p->resource[r].consumed) continue;
    const int64_t capacity = largest_capacity(p, r);
    most = capacity > most ? capacity : most;
  }
  l->lanes = most < (1 << 15) ? 4 : 2;
  l->lane_bits = 64 / l->lanes;
  for (int32_t k = 0; k < l->lanes; k++) l->guard |= (uint64_t)1 << ((k + 1) * l->lane_bits - 1);
  l->words = (l->resources + l->lanes - 1) / l->lanes;
  if (l->words == 0) l->words = 1;
}

static void add_lane(const clx_lean *l, uint64_t *words, int32_t r, int64_t amount) {
  words[r / l->lanes] += (uint64_t)amount << (r % l->lanes * l->lane_bits);
}

// The last unit in which a capacity changes, and whether any does. Calendars repeat: they change up to the horizon.
static int32_t last_change(const clx_project *p) {
  int32_t last = 0;
  for (int32_t r = 0; r < p->resource_count; r++) {
    const clx_project_resource *of = &p->resource[r];
    if (of->consumed) continue;
    for (int32_t k = 0; k < of->level_count; k++)
      if (of->level[k].at > last) last = of->level[k].at;
    if (of->calendar != CLX_PROJECT_NONE) {
      const clx_project_calendar *c = &p->calendar[of->calendar];
      for (int32_t k = 0; k < c->span_count; k++)
        if (c->span[k].to > last) last = c->span[k].to;
    }
  }
  return last;
}

// Longest time any serial scheme needs: all changes of capacity, then one activity after the other with its longest lag, each
// once more if shifts make it wait.
static int64_t horizon_of(const clx_project *p, const clx_lean *l) {
  int64_t sum = last_change(p), periods = 0;
  for (int32_t r = 0; r < p->resource_count; r++) {
    const int32_t c = p->resource[r].consumed ? CLX_PROJECT_NONE : p->resource[r].calendar;
    if (c != CLX_PROJECT_NONE && p->calendar[c].period > 1) periods += p->calendar[c].period;
  }
  int64_t release = 0;
  for (int32_t i = 0; i < l->n; i++) {
    int32_t lag = 0;
    for (int32_t k = l->pred.first[i]; k < l->pred.first[i + 1]; k++) {
      const int32_t wait = l->pred.lag[k] - l->duration[l->pred.other[k]];
      lag = wait > lag ? wait : lag;
    }
    sum += l->duration[i] + lag + (l->demands[i] ? periods : 0);
    release = l->release[i] > release ? l->release[i] : release;
  }
  return sum + release + 1;
}

static bool fill_demands(const clx_project *p, const int32_t *mode, clx_arena *arena, clx_lean *l) {
  int32_t *lane = CLX_NEW_ARRAY(arena, int32_t, p->resource_count + 1);
  l->resource = CLX_NEW_ARRAY(arena, int32_t, p->resource_count + 1);
  if (lane == NULL || l->resource == NULL) return false;
  for (int32_t r = 0; r < p->resource_count; r++) {
    if (p->resource[r].consumed) continue;
    lane[r] = l->resources;
    l->resource[l->resources++] = r;
  }
  layout_lanes(p, l);
  l->demand = CLX_NEW_ARRAY(arena, uint64_t, (size_t)l->n * (size_t)l->words);
  l->demands = CLX_NEW_ARRAY(arena, bool, l->n);
  l->weight = CLX_NEW_ARRAY(arena, double, l->n);
  if (l->demand == NULL || l->demands == NULL || l->weight == NULL) return false;
  for (int32_t i = 0; i < l->n; i++) {
    const clx_project_mode *m = mode_of(p, mode, l->activity[i]);
    for (int32_t k = 0; k < m->use_count && m->duration > 0; k++) {
      const int32_t r = m->use[k].resource;
      if (p->resource[r].consumed) continue;
      add_lane(l, &l->demand[(size_t)i * (size_t)l->words], lane[r], m->use[k].amount);
      l->demands[i] = true;
      l->weight[i] += (double)m->use[k].amount / (double)largest_capacity(p, r);
    }
  }
  return true;
}

static void fill_capacity(const clx_project *p, clx_lean *l) {
  l->level = true;
  for (int32_t t = 0; t < l->horizon; t++) {
    uint64_t *words = &l->capacity[(size_t)t * (size_t)l->words];
    for (int32_t w = 0; w < l->words; w++) words[w] = l->guard;
    for (int32_t r = 0; r < l->resources; r++) add_lane(l, words, r, clx_project_capacity(p, l->resource[r], t));
    if (t > 0 && memcmp(words - l->words, words, (size_t)l->words * sizeof *words) != 0) {
      l->level = false;
      l->changed = t;
    }
  }
}

// Longest paths from the start and to the end.
static void fill_paths(clx_lean *l) {
  l->leads = false;
  for (int32_t k = 0; k < l->pred.first[l->n]; k++) l->leads |= l->pred.lag[k] < 0;
  for (int32_t i = 0; i < l->n; i++) {
    l->head[i] = l->release[i];
    for (int32_t k = l->pred.first[i]; k < l->pred.first[i + 1]; k++) {
      const int32_t t = l->head[l->pred.other[k]] + l->pred.lag[k];
      if (t > l->head[i]) l->head[i] = t;
    }
  }
  for (int32_t i = l->n - 1; i >= 0; i--) {
    l->tail[i] = l->duration[i];
    for (int32_t k = l->succ.first[i]; k < l->succ.first[i + 1]; k++) {
      const int32_t t = l->tail[l->succ.other[k]] + l->succ.lag[k];
      if (t > l->tail[i]) l->tail[i] = t;
    }
    if (l->head[i] + l->tail[i] > l->path) l->path = l->head[i] + l->tail[i];
  }
}

static bool new_rows(clx_arena *arena, clx_lean *l) {
  l->activity = CLX_NEW_ARRAY(arena, int32_t, l->n);
  l->duration = CLX_NEW_ARRAY(arena, int32_t, l->n);
  l->release = CLX_NEW_ARRAY(arena, int32_t, l->n);
  l->deadline = CLX_NEW_ARRAY(arena, int32_t, l->n);
  l->head = CLX_NEW_ARRAY(arena, int32_t, l->n);
  l->tail = CLX_NEW_ARRAY(arena, int32_t, l->n);
  return l->activity != NULL && l->duration != NULL && l->release != NULL && l->deadline != NULL && l->head != NULL &&
         l->tail != NULL;
}

clx_status clx_lean_make(const clx_project *p, const int32_t *mode, clx_arena *arena, clx_lean *l, clx_error *error) {
  *l = (clx_lean){.n = p->activity_count};
  int32_t *place = CLX_NEW_ARRAY(arena, int32_t, p->activity_count + 1);
  if (place == NULL || !new_rows(arena, l) || !sort_topologically(p, arena, l->activity, place))
    return no_memory(error);
  for (int32_t i = 0; i < l->n; i++) {
    const clx_project_activity *a = &p->activity[l->activity[i]];
    l->duration[i] = mode_of(p, mode, l->activity[i])->duration;
    l->release[i] = a->release;
    l->deadline[i] = a->deadline == CLX_PROJECT_NONE ? INT32_MAX : a->deadline;
    l->deadlines |= a->deadline != CLX_PROJECT_NONE;
  }
  if (!fill_links(p, place, arena, l) || !fill_demands(p, mode, arena, l)) return no_memory(error);
  const int64_t horizon = horizon_of(p, l);
  if (horizon > CHANGE_LATEST)
    return clx_fail_plain(error, CLX_INPUT,
                          "schedule: the activities one after the other take %lld units, expected at most %d; "
                          "choose a longer unit of time",
                          (long long)horizon, CHANGE_LATEST);
  l->horizon = (int32_t)horizon;
  l->capacity = CLX_NEW_ARRAY(arena, uint64_t, (size_t)l->horizon * (size_t)l->words);
  if (l->capacity == NULL) return no_memory(error);
  fill_capacity(p, l);
  fill_paths(l);
  return CLX_OK;
}

static bool mirror_links(const clx_lean *l, clx_arena *arena, clx_lean *m) {
  const int32_t count = l->pred.first[l->n];
  int32_t *at = CLX_NEW_ARRAY(arena, int32_t, count + 1), *other = CLX_NEW_ARRAY(arena, int32_t, count + 1);
  int32_t *lag = CLX_NEW_ARRAY(arena, int32_t, count + 1);
  if (at == NULL || other == NULL || lag == NULL || !edges_new(arena, l->n, count, &m->pred) ||
      !edges_new(arena, l->n, count, &m->succ))
    return false;
  for (int32_t i = 0; i < l->n; i++) {
    for (int32_t k = l->pred.first[i]; k < l->pred.first[i + 1]; k++) {
      at[k] = l->n - 1 - l->pred.other[k];
      other[k] = l->n - 1 - i;
      lag[k] = l->pred.lag[k] + l->duration[i] - l->duration[l->pred.other[k]];
    }
  }
  edges_fill(&m->pred, l->n, count, at, other, lag);
  edges_fill(&m->succ, l->n, count, other, at, lag);
  return true;
}

clx_status clx_lean_mirror(const clx_lean *l, clx_arena *arena, clx_lean *m, clx_error *error) {
  *m = *l;
  m->path = 0;
  m->demand = CLX_NEW_ARRAY(arena, uint64_t, (size_t)l->n * (size_t)l->words);
  m->demands = CLX_NEW_ARRAY(arena, bool, l->n);
  m->weight = CLX_NEW_ARRAY(arena, double, l->n);
  m->capacity = CLX_NEW_ARRAY(arena, uint64_t, (size_t)l->horizon * (size_t)l->words);
  if (!new_rows(arena, m) || m->demand == NULL || m->demands == NULL || m->weight == NULL || m->capacity == NULL ||
      !mirror_links(l, arena, m))
    return no_memory(error);
  const size_t row = (size_t)l->words * sizeof *l->demand;
  for (int32_t i = 0; i < l->n; i++) {
    const int32_t k = l->n - 1 - i;
    m->activity[k] = l->activity[i];
    m->duration[k] = l->duration[i];
    m->deadline[k] = INT32_MAX;
    m->demands[k] = l->demands[i];
    m->weight[k] = l->weight[i];
    memcpy(&m->demand[(size_t)k * (size_t)l->words], &l->demand[(size_t)i * (size_t)l->words], row);
  }
  for (int32_t t = 0; t < l->horizon; t++)
    memcpy(&m->capacity[(size_t)(l->horizon - 1 - t) * (size_t)l->words], &l->capacity[(size_t)t * (size_t)l->words],
           row);
  fill_paths(m);
  return CLX_OK;
}

// --- serial generation scheme ------------------------------------------------------------------------------------------------------------

// Earliest t' >= t with room for the demand in t' .. t' + d - 1; -1 beyond the horizon. Looks at each unit once: from the end of the window
// backwards, and where there is no room the window moves past that unit.
static inline int32_t find_room(const clx_lean *l, const uint64_t *room, const uint64_t *demand, int32_t t, int32_t d,
                                int32_t words) {
  int32_t known = t;  // units known .. end - 1 are still to be looked at
  int32_t end = t + d;
  for (;;) {
    if (end > l->horizon) return -1;
    int32_t u = end - 1;
    for (; u >= known; u--) {
      const uint64_t *free = &room[(size_t)u * (size_t)words];
      uint64_t left = l->guard;
      for (int32_t w = 0; w < words; w++) left &= free[w] - demand[w];
      if ((left & l->guard) != l->guard) break;
    }
    if (u < known) return t;
    known = end;
    t = u + 1;
    end = t + d;
  }
}

static inline void put_back(const clx_lean *l, uint64_t *room, int32_t from, int32_t to, int32_t words) {
  const size_t at = (size_t)from * (size_t)words;
  memcpy(&room[at], &l->capacity[at], (size_t)(to - from) * (size_t)words * sizeof *room);
}

static inline int32_t serial(const clx_lean *l, const int32_t *order, int32_t base, uint64_t *room, int32_t *start,
                             int32_t words) {
  int32_t makespan = base;
  for (int32_t k = 0; k < l->n; k++) {
    const int32_t i = order[k], d = l->duration[i];
    int32_t t = l->release[i] > base ? l->release[i] : base;
    for (int32_t e = l->pred.first[i]; e < l->pred.first[i + 1]; e++) {
      const int32_t after = start[l->pred.other[e]] + l->pred.lag[e];
      t = after > t ? after : t;
    }
    if (l->demands[i]) {
      const uint64_t *demand = &l->demand[(size_t)i * (size_t)words];
      t = find_room(l, room, demand, t, d, words);
      if (t < 0) {
        put_back(l, room, base, l->horizon, words);
        return -1;
      }
      for (int32_t u = t; u < t + d; u++)
        for (int32_t w = 0; w < words; w++) room[(size_t)u * (size_t)words + (size_t)w] -= demand[w];
    }
    start[i] = t;
    makespan = t + d > makespan ? t + d : makespan;
  }
  put_back(l, room, base, makespan, words);
  return makespan;
}

int32_t clx_lean_serial(const clx_lean *l, const int32_t *order, int32_t base, uint64_t *room, int32_t *start) {
  if (l->words == 1) return serial(l, order, base, room, start, 1);
  if (l->words == 2) return serial(l, order, base, room, start, 2);
  return serial(l, order, base, room, start, l->words);
}
