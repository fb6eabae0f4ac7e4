#include "schedule/schedule_large.h"

#include <string.h>

enum { STREAM_LARGE = 0x6c617267, SIDEWAYS_EACH = 4 };

struct clx_large {
  const clx_lean *lean;
  clx_stream chance;
  int32_t *start, *found, *order;
  int32_t makespan;
  bool *open;       // [n] not bound to the order of the plan
  int32_t **chain;  // [resources] last activity on each unit of a resource
  int32_t *units;   // [resources]
  clx_exact_arc *arc;
  int32_t fixed_count, arc_count, arc_room;  // fixed: of the project, first
  int64_t conflicts;
  double share;  // of the activities that are open
  int64_t steps;
};

// --- the order that a plan stands for ------------------------------------------------------------------------------------------------------

static void sort_by_start(clx_large *g) {
  const clx_lean *l = g->lean;
  for (int32_t k = 0; k < l->n; k++) {
    int32_t m = k;
    for (; m > 0 && g->start[g->order[m - 1]] > g->start[k]; m--) g->order[m] = g->order[m - 1];
    g->order[m] = k;
  }
}

static void add_arc(clx_large *g, int32_t from, int32_t to) {
  for (int32_t k = g->arc_count - 1; k >= 0 && g->arc[k].to == to; k--)
    if (g->arc[k].from == from) return;
  if (g->arc_count < g->arc_room) g->arc[g->arc_count++] = (clx_exact_arc){from, to, g->lean->duration[from]};
}

// Gives activity i `amount` units of resource r that are free at its start, those first whose last user is the same, so that chains
// are few. Open activities use no unit: the order of the others is what is kept.
static void take_units(clx_large *g, int32_t r, int32_t i, int64_t amount) {
  int32_t *last = g->chain[r];
  const int32_t count = g->units[r];
  const int32_t first = (int32_t)clx_stream_below(&g->chance, (uint64_t)count);
  int32_t partner = -1;
  for (int32_t pass = 0; pass < 2 && amount > 0; pass++) {
    for (int32_t k = 0; k < count && amount > 0; k++) {
      const int32_t u = (first + k) % count, j = last[u];
      if (j == i || (j >= 0 && g->start[j] + g->lean->duration[j] > g->start[i])) continue;
      if (pass == 0 && partner >= 0 && j != partner) continue;
      if (pass == 0 && partner < 0) partner = j;
      if (j >= 0) add_arc(g, j, i);
      last[u] = i;
      amount--;
    }
  }
}

static void order_of_plan(clx_large *g) {
  const clx_lean *l = g->lean;
  g->arc_count = g->fixed_count;
  sort_by_start(g);
  for (int32_t r = 0; r < l->resources; r++)
    for (int32_t u = 0; u < g->units[r]; u++) g->chain[r][u] = -1;
  for (int32_t k = 0; k < l->n; k++) {
    const int32_t i = g->order[k];
    if (g->open[i] || l->duration[i] == 0) continue;
    for (int32_t r = 0; r < l->resources; r++) take_units(g, r, i, clx_lean_amount(l, i, r));
  }
}

// --- neighbourhoods ------------------------------------------------------------------------------------------------------------------------

// What runs nearest to a random moment, and a few others.
static void open_window(clx_large *g, int32_t count) {
  const clx_lean *l = g->lean;
  const int32_t center = (int32_t)clx_stream_below(&g->chance, (uint64_t)(2 * g->makespan + 1));
  int32_t reach = 0, inside = 0;
  for (; inside < count && reach <= 2 * g->makespan; reach++) {
    inside = 0;
    for (int32_t i = 0; i < l->n; i++) {
      const int32_t middle = 2 * g->start[i] + l->duration[i] - center;
      g->open[i] = middle <= reach && -middle <= reach;
      inside += g->open[i];
    }
  }
}

static void open_random(clx_large *g, int32_t count) {
  const clx_lean *l = g->lean;
  for (int32_t i = 0; i < l->n; i++) g->open[i] = (int32_t)clx_stream_below(&g->chance, (uint64_t)l->n) < count;
}

// All that use most of one resource relative to the others, by chance as many as wanted.
static void open_resource(clx_large *g, int32_t count) {
  const clx_lean *l = g->lean;
  const int32_t r = (int32_t)clx_stream_below(&g->chance, (uint64_t)(l->resources > 0 ? l->resources : 1));
  int32_t users = 0;
  for (int32_t i = 0; i < l->n; i++) users += l->demands[i] && clx_lean_amount(l, i, r) > 0;
  for (int32_t i = 0; i < l->n; i++)
    g->open[i] =
        l->demands[i] && clx_lean_amount(l, i, r) > 0 && (int32_t)clx_stream_below(&g->chance, (uint64_t)users) < count;
}

static void open_some(clx_large *g) {
  const int32_t count = (int32_t)(g->share * g->lean->n) + 2;
  const uint64_t kind = clx_stream_below(&g->chance, 8);
  memset(g->open, 0, (size_t)g->lean->n * sizeof *g->open);
  if (kind < 5)
    open_window(g, count);
  else if (kind < 7)
    open_random(g, count);
  else
    open_resource(g, count);
}

static int32_t length_of(const clx_lean *l, const int32_t *start) {
  int32_t end = 0;
  for (int32_t i = 0; i < l->n; i++) end = start[i] + l->duration[i] > end ? start[i] + l->duration[i] : end;
  return end;
}

clx_status clx_large_step(clx_large *g, int64_t conflicts, bool (*stop)(void *context), void *context, bool *shorter,
                          clx_error *error) {
  static const double LEAST = 0.1, MOST = 0.9, GROW = 1.02, SHRINK = 0.98;
  clx_arena *arena = clx_arena_new();
  clx_exact *exact;
  *shorter = false;
  open_some(g);
  order_of_plan(g);
  const bool sideways = g->steps++ % SIDEWAYS_EACH == 0;
  clx_status status =
      arena == NULL ? clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for a neighbourhood")
                    : clx_exact_make(g->lean, g->makespan - !sideways, g->arc, g->arc_count, arena, &exact, error);
  if (status == CLX_OK) {
    if (!sideways) clx_exact_guide(exact, g->start);
    const clx_exact_answer answer = clx_exact_run(exact, conflicts, stop, context, g->found);
    if (answer == CLX_EXACT_FOUND) {
      const int32_t length = length_of(g->lean, g->found);
      *shorter = length < g->makespan;
      g->makespan = length;
      memcpy(g->start, g->found, (size_t)g->lean->n * sizeof *g->start);
    } else if (answer == CLX_EXACT_NONE) {
      g->share = g->share * GROW < MOST ? g->share * GROW : MOST;
    } else if (answer == CLX_EXACT_LIMIT) {
      g->share = g->share * SHRINK > LEAST ? g->share * SHRINK : LEAST;
    } else {
      status = clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for a neighbourhood");
    }
    g->conflicts = clx_exact_spent(exact).conflicts;
    clx_exact_free(exact);
  }
  clx_arena_free(arena);
  return status;
}

// --- memory --------------------------------------------------------------------------------------------------------------------------------

static int64_t largest_room(const clx_lean *l, int32_t r) {
  int64_t most = 0;
  for (int32_t t = 0; t <= l->changed; t++) {
    const int64_t room = clx_lean_room(l, t, r);
    most = room > most ? room : most;
  }
  return most;
}

clx_status clx_large_make(const clx_lean *l, const clx_exact_arc *arc, int32_t arc_count, uint64_t seed,
                          clx_arena *arena, clx_large **out, clx_error *error) {
  clx_large *g = CLX_NEW(arena, clx_large);
  bool made = g != NULL;
  if (made) {
    g->lean = l;
    g->chance = clx_stream_make(seed, STREAM_LARGE, 0, 0);
    g->share = 0.3;
    g->fixed_count = arc_count;
    g->arc_room = 16 * l->n + 64 + arc_count;
    g->start = CLX_NEW_ARRAY(arena, int32_t, l->n);
    g->found = CLX_NEW_ARRAY(arena, int32_t, l->n);
    g->order = CLX_NEW_ARRAY(arena, int32_t, l->n);
    g->open = CLX_NEW_ARRAY(arena, bool, l->n);
    g->arc = CLX_NEW_ARRAY(arena, clx_exact_arc, g->arc_room);
    g->chain = CLX_NEW_ARRAY(arena, int32_t *, l->resources + 1);
    g->units = CLX_NEW_ARRAY(arena, int32_t, l->resources + 1);
    made = g->start != NULL && g->found != NULL && g->order != NULL && g->open != NULL && g->arc != NULL &&
           g->chain != NULL && g->units != NULL;
    for (int32_t k = 0; k < arc_count && made; k++) g->arc[k] = arc[k];
    for (int32_t r = 0; r < l->resources && made; r++) {
      g->units[r] = (int32_t)largest_room(l, r);
      g->chain[r] = CLX_NEW_ARRAY(arena, int32_t, g->units[r] + 1);
      made = g->chain[r] != NULL;
    }
  }
  if (!made) return clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for neighbourhoods");
  *out = g;
  return CLX_OK;
}

void clx_large_start(clx_large *g, const int32_t *start) {
  memcpy(g->start, start, (size_t)g->lean->n * sizeof *start);
  g->makespan = length_of(g->lean, start);
}

int64_t clx_large_conflicts(const clx_large *g) { return g->conflicts; }

int32_t clx_large_best(const clx_large *g, int32_t *start) {
  memcpy(start, g->start, (size_t)g->lean->n * sizeof *start);
  return g->makespan;
}
