#include "schedule/schedule_genetic.h"

#include <math.h>
#include <string.h>

enum { STREAM_GENETIC = 0x67656e65, RADIX = 256, LATE_COST = 1000 };

// Plans as keys of the scheme that makes the next ones: key[i] = distance of activity i (numbered as that scheme does) from the end
// at which it starts.
typedef struct pool {
  const clx_lean *lean;  // of the scheme that reads the keys
  int32_t *key;          // [size][n]
  int64_t *cost;         // [size]
} pool;

struct clx_genetic {
  pool pool[2];  // [0]: keys for the forward scheme, [1]: for the backward one
  int32_t n, size;
  int64_t made;
  uint64_t *room[2];
  clx_stream chance;
  int32_t *best;  // [n] starts, forward
  int64_t best_cost, best_late;
  int32_t best_length;
  bool filled;
  int32_t *child[2], *order, *other, *start, *turned[2];
  double *use;  // [horizon + 1]
};

static int64_t cost_of(int32_t length, int64_t late) { return length + LATE_COST * late; }

// --- order of keys -----------------------------------------------------------------------------------------------------------------------

static void sort_pass(const int32_t *key, const int32_t *from, int32_t *to, int32_t n, int32_t shift) {
  int32_t count[RADIX + 1] = {0};
  for (int32_t k = 0; k < n; k++) count[(key[k] >> shift & (RADIX - 1)) + 1]++;
  for (int32_t b = 0; b < RADIX; b++) count[b + 1] += count[b];
  for (int32_t k = 0; k < n; k++) to[count[key[from[k]] >> shift & (RADIX - 1)]++] = from[k];
}

// Ascending keys (>= 0), equal ones by number, which is a topological order. O(n) for each byte of the largest key.
static void sort_keys(clx_genetic *g, const clx_lean *l, int32_t *key) {
  if (l->leads) {
    for (int32_t i = 0; i < l->n; i++)
      for (int32_t e = l->pred.first[i]; e < l->pred.first[i + 1]; e++)
        if (key[l->pred.other[e]] > key[i]) key[i] = key[l->pred.other[e]];
  }
  int32_t most = 0;
  for (int32_t i = 0; i < g->n; i++) {
    g->order[i] = i;
    most = key[i] > most ? key[i] : most;
  }
  for (int32_t shift = 0; shift < 31 && most >> shift > 0; shift += 8) {
    sort_pass(key, g->order, g->other, g->n, shift);
    int32_t *held = g->order;
    g->order = g->other;
    g->other = held;
  }
}

// --- making plans ------------------------------------------------------------------------------------------------------------------------

static int64_t lateness(const clx_lean *l, const int32_t *start) {
  int64_t late = 0;
  for (int32_t i = 0; l->deadlines && i < l->n; i++)
    if (start[i] + l->duration[i] > l->deadline[i]) late += start[i] + l->duration[i] - l->deadline[i];
  return late;
}

static void keep_best(clx_genetic *g, const int32_t *start, int32_t length) {
  const int64_t late = lateness(g->pool[0].lean, start), cost = cost_of(length, late);
  if (cost >= g->best_cost) return;
  g->best_cost = cost;
  g->best_late = late;
  g->best_length = length;
  memcpy(g->best, start, (size_t)g->n * sizeof *start);
}

// The plan of keys for direction d, as keys for the other; returns its cost.
static int64_t decode(clx_genetic *g, int32_t d, int32_t *key, int32_t *turned) {
  const clx_lean *l = g->pool[d].lean;
  sort_keys(g, l, key);
  // Backwards, time counts from the horizon: with changing capacities the plan ends where the best one does.
  const int32_t base = d == 1 && !l->level ? l->horizon - g->best_length : 0;
  int32_t end = clx_lean_serial(l, g->order, base, g->room[d], g->start);
  if (end < 0) end = clx_lean_serial(l, g->order, 0, g->room[d], g->start);
  g->made++;
  if (end < 0) return INT64_MAX;
  if (d == 0) keep_best(g, g->start, end);
  int32_t first = end;
  for (int32_t i = 0; i < g->n; i++) {
    const int32_t finish = g->start[i] + l->duration[i];
    turned[g->n - 1 - i] = end - finish;
    first = g->start[i] < first ? g->start[i] : first;
  }
  return cost_of(d == 0 ? end : end - first, d == 0 ? lateness(l, g->start) : 0);
}

// Regret-biased sampling by latest starts (Drexl 1991): of the activities that may come next, the one that is due first most often.
static void sample_keys(clx_genetic *g, int32_t *key) {
  const clx_lean *l = g->pool[0].lean;
  for (int32_t i = 0; i < g->n; i++) {
    const double latest = l->path - l->tail[i];
    const double noise = clx_stream_uniform(&g->chance) * 0.5 * l->path;
    key[i] = (int32_t)(latest + noise);
  }
  for (int32_t i = 0; i < g->n; i++)  // topological
    for (int32_t e = l->pred.first[i]; e < l->pred.first[i + 1]; e++)
      if (key[l->pred.other[e]] > key[i]) key[i] = key[l->pred.other[e]];
}

static void fill(clx_genetic *g) {
  for (int32_t k = 0; k < g->size; k++) {
    int32_t *back = &g->pool[1].key[(size_t)k * (size_t)g->n], *on = &g->pool[0].key[(size_t)k * (size_t)g->n];
    sample_keys(g, g->child[0]);
    if (k == 0 && g->best_cost < INT64_MAX) memcpy(g->child[0], g->best, (size_t)g->n * sizeof *g->best);
    g->pool[1].cost[k] = decode(g, 0, g->child[0], back);
    memcpy(g->child[0], back, (size_t)g->n * sizeof *back);
    g->pool[0].cost[k] = decode(g, 1, g->child[0], on);
  }
  g->filled = true;
}

// --- crossover ---------------------------------------------------------------------------------------------------------------------------

// A span of the father's time that uses the resources most, of a random length between a quarter and three quarters of it.
static void pick_span(clx_genetic *g, const clx_lean *l, const int32_t *key, int32_t *from, int32_t *to) {
  int32_t length = 0;
  for (int32_t i = 0; i < g->n; i++) length = key[i] + l->duration[i] > length ? key[i] + l->duration[i] : length;
  memset(g->use, 0, (size_t)(length + 2) * sizeof *g->use);
  for (int32_t i = 0; i < g->n; i++) {
    g->use[key[i] + 1] += l->weight[i];
    g->use[key[i] + l->duration[i] + 1] -= l->weight[i];
  }
  for (int32_t pass = 0; pass < 2; pass++)  // rates, then their sums: use[t] = of the units before t
    for (int32_t t = 1; t <= length; t++) g->use[t] += g->use[t - 1];
  const int32_t span = length / 4 + (int32_t)clx_stream_below(&g->chance, (uint64_t)(length / 2 + 1));
  double most = -1;
  *from = 0;
  for (int32_t t = 0; t + span <= length; t++) {
    if (g->use[t + span] - g->use[t] > most) {
      most = g->use[t + span] - g->use[t];
      *from = t;
    }
  }
  *to = *from + span;
}

// Before and after the span in the order of the mother, inside it as the father has it.
static void cross(clx_genetic *g, const clx_lean *l, const int32_t *father, const int32_t *mother, int32_t *child) {
  int32_t from, to, most = 0;
  pick_span(g, l, father, &from, &to);
  for (int32_t i = 0; i < g->n; i++) {
    most = father[i] > most ? father[i] : most;
    most = mother[i] > most ? mother[i] : most;
  }
  most++;
  for (int32_t i = 0; i < g->n; i++)
    child[i] = father[i] < from ? mother[i] : father[i] <= to ? most + father[i] : 2 * most + mother[i];
}

// A few keys move by up to a tenth of the plan; what depends on them follows.
static void mutate(clx_genetic *g, const clx_lean *l, int32_t *key) {
  const int32_t moves = (int32_t)clx_stream_below(&g->chance, 4);
  const int32_t reach = l->path / 5 + 1;
  for (int32_t m = 0; m < moves; m++) {
    const int32_t i = (int32_t)clx_stream_below(&g->chance, (uint64_t)g->n);
    key[i] += (int32_t)clx_stream_below(&g->chance, (uint64_t)(2 * reach + 1)) - reach;
    if (key[i] < 0) key[i] = 0;
  }
  if (moves == 0 || l->leads) return;
  for (int32_t i = 0; i < g->n; i++)
    for (int32_t e = l->pred.first[i]; e < l->pred.first[i + 1]; e++)
      if (key[l->pred.other[e]] > key[i]) key[i] = key[l->pred.other[e]];
}

static int32_t pick_mother(clx_genetic *g, const pool *p, int32_t father) {
  int32_t best = -1;
  for (int32_t k = 0; k < 2; k++) {
    int32_t c = (int32_t)clx_stream_below(&g->chance, (uint64_t)(g->size - 1));
    c += c >= father;
    if (best < 0 || p->cost[c] < p->cost[best]) best = c;
  }
  return best;
}

static void generation(clx_genetic *g, int32_t d) {
  pool *from = &g->pool[d], *to = &g->pool[1 - d];
  const size_t row = (size_t)g->n;
  int32_t best = 0;
  for (int32_t k = 1; k < g->size; k++)
    if (to->cost[k] < to->cost[best]) best = k;
  for (int32_t k = 0; k < g->size; k++) {
    const int32_t *father = &from->key[(size_t)k * row];
    const int32_t *mother = &from->key[(size_t)pick_mother(g, from, k) * row];
    int64_t cost[2];
    for (int32_t c = 0; c < 2; c++) {
      cross(g, from->lean, c == 0 ? father : mother, c == 0 ? mother : father, g->child[c]);
      mutate(g, from->lean, g->child[c]);
      cost[c] = decode(g, d, g->child[c], g->turned[c]);
    }
    const int32_t c = cost[1] < cost[0];
    if (k == best && cost[c] > to->cost[k]) continue;
    memcpy(&to->key[(size_t)k * row], g->turned[c], row * sizeof *to->key);
    to->cost[k] = cost[c];
  }
}

void clx_genetic_run(clx_genetic *g, int64_t schedules, int32_t bound, bool (*stop)(void *context), void *context) {
  const int64_t last = g->made + schedules;
  if (!g->filled) fill(g);
  for (int32_t d = 0; g->made < last; d = 1 - d) {
    if ((g->best_late == 0 && g->best_length <= bound) || (stop != NULL && stop(context))) return;
    generation(g, d);
  }
}

// --- memory ------------------------------------------------------------------------------------------------------------------------------

static int32_t default_size(int32_t n, int64_t schedules) {
  const double size = 4 + 0.7 * sqrt((double)schedules) * sqrt(60.0 / (n + 1));
  return size < 8 ? 8 : size > 200 ? 200 : (int32_t)size;
}

static uint64_t *room_of(clx_arena *arena, const clx_lean *l) {
  const size_t count = (size_t)l->horizon * (size_t)l->words;
  uint64_t *room = CLX_NEW_ARRAY(arena, uint64_t, count);
  if (room != NULL) memcpy(room, l->capacity, count * sizeof *room);
  return room;
}

clx_status clx_genetic_make(const clx_lean *forward, const clx_lean *backward, uint64_t seed, int32_t population,
                            int64_t schedules, clx_arena *arena, clx_genetic **out, clx_error *error) {
  clx_genetic *g = CLX_NEW(arena, clx_genetic);
  bool made = g != NULL;
  if (made) {
    const int32_t n = forward->n;
    g->n = n;
    g->size = population > 0 ? population : default_size(n, schedules);
    g->chance = clx_stream_make(seed, STREAM_GENETIC, 0, 0);
    g->best_cost = INT64_MAX;
    g->best_length = INT32_MAX;
    for (int32_t d = 0; d < 2 && made; d++) {
      const clx_lean *l = d == 0 ? forward : backward;
      g->pool[d] = (pool){.lean = l,
                          .key = CLX_NEW_ARRAY(arena, int32_t, (size_t)g->size * (size_t)n),
                          .cost = CLX_NEW_ARRAY(arena, int64_t, g->size)};
      g->room[d] = room_of(arena, l);
      g->child[d] = CLX_NEW_ARRAY(arena, int32_t, n);
      g->turned[d] = CLX_NEW_ARRAY(arena, int32_t, n);
      made = g->pool[d].key != NULL && g->pool[d].cost != NULL && g->room[d] != NULL && g->child[d] != NULL &&
             g->turned[d] != NULL;
    }
    g->order = CLX_NEW_ARRAY(arena, int32_t, n);
    g->other = CLX_NEW_ARRAY(arena, int32_t, n);
    g->start = CLX_NEW_ARRAY(arena, int32_t, n);
    g->best = CLX_NEW_ARRAY(arena, int32_t, n);
    g->use = CLX_NEW_ARRAY(arena, double, 2 * (size_t)forward->horizon + 4);
    made = made && g->order != NULL && g->other != NULL && g->start != NULL && g->best != NULL && g->use != NULL;
  }
  if (!made) return clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for a population of plans");
  *out = g;
  return CLX_OK;
}

void clx_genetic_offer(clx_genetic *g, const int32_t *start) {
  const clx_lean *l = g->pool[0].lean;
  int32_t length = 0;
  for (int32_t i = 0; i < g->n; i++) length = start[i] + l->duration[i] > length ? start[i] + l->duration[i] : length;
  keep_best(g, start, length);
  if (!g->filled) return;  // fill takes it
  memcpy(g->child[0], start, (size_t)g->n * sizeof *start);
  g->pool[1].cost[0] = decode(g, 0, g->child[0], g->pool[1].key);
}

int32_t clx_genetic_best(const clx_genetic *g, int32_t *start, int64_t *late) {
  memcpy(start, g->best, (size_t)g->n * sizeof *start);
  *late = g->best_late;
  return g->best_length;
}

int32_t clx_genetic_size(const clx_genetic *g) { return g->size; }

int32_t clx_genetic_plan(const clx_genetic *g, int32_t k, int32_t *start) {
  const clx_lean *l = g->pool[0].lean;
  const int32_t *key = &g->pool[1].key[(size_t)k * (size_t)g->n];
  const int64_t length = g->pool[1].cost[k];
  if (!g->filled || length > l->horizon) return -1;
  for (int32_t i = 0; i < g->n; i++) start[i] = (int32_t)length - key[g->n - 1 - i] - l->duration[i];
  return lateness(l, start) == 0 ? (int32_t)length : -1;
}

int64_t clx_genetic_schedules(const clx_genetic *g) { return g->made; }
