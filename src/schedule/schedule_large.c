#include "schedule/schedule_large.h"

#include <string.h>

enum { STREAM_LARGE = 0x6c617267, SIDEWAYS_EACH = 4, ELITES = 8, MERGED_MOST = 2000 };

typedef enum kind { WINDOW, RANDOM, RESOURCE, MERGE, KINDS } kind;

struct clx_large {
  const clx_lean *lean;
  clx_stream chance;
  int32_t *elite[ELITES], length[ELITES];  // plans that are kept
  int32_t elites, at;                      // at: the one that is being improved, in `start`
  int32_t *start, *found, *order;
  int32_t makespan;
  bool *open;       // [n] not bound to the order of the plan
  int32_t **chain;  // [resources] last activity on each unit of a resource
  int32_t *units;   // [resources]
  clx_exact_arc *arc;
  int32_t fixed_count, arc_count, arc_room;  // fixed: of the project, first
  int64_t conflicts;
  double share[KINDS];  // of the activities that are open
  int32_t words;        // of a set of activities
  uint64_t *after;      // [n][words] the activities that come after one; NULL: too many for merging
  uint64_t *implied;    // [words]
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

static kind open_some(clx_large *g) {
  static const kind by_draw[] = {WINDOW, WINDOW, WINDOW, WINDOW, WINDOW, RANDOM, RANDOM, RESOURCE};
  const bool merges = g->elites > 1 && g->after != NULL && clx_stream_below(&g->chance, 4) == 0;
  const kind k = merges ? MERGE : by_draw[clx_stream_below(&g->chance, 8)];
  const int32_t count = (int32_t)(g->share[k] * g->lean->n) + (k == MERGE ? 0 : 2);
  memset(g->open, 0, (size_t)g->lean->n * sizeof *g->open);
  if (k == RANDOM)
    open_random(g, count);
  else if (k == RESOURCE)
    open_resource(g, count);
  else if (count > 0)
    open_window(g, count);
  return k;
}

static bool is_in(const uint64_t *set, int32_t i) { return (set[i / 64] >> (i % 64) & 1) != 0; }

// All that come after an activity by the arcs of the plan and links, in `after`.
static void close_order(clx_large *g) {
  const clx_lean *l = g->lean;
  const size_t words = (size_t)g->words;
  memset(g->after, 0, (size_t)l->n * words * sizeof *g->after);
  for (int32_t k = g->fixed_count; k < g->arc_count; k++)
    g->after[(size_t)g->arc[k].from * words + (size_t)(g->arc[k].to / 64)] |= (uint64_t)1 << (g->arc[k].to % 64);
  for (int32_t i = 0; i < l->n; i++) {
    for (int32_t e = l->pred.first[i]; e < l->pred.first[i + 1]; e++) {
      const int32_t j = l->pred.other[e];
      if (l->pred.lag[e] >= l->duration[j]) g->after[(size_t)j * words + (size_t)(i / 64)] |= (uint64_t)1 << (i % 64);
    }
  }
  for (int32_t k = l->n - 1; k >= 0; k--) {
    uint64_t *row = &g->after[(size_t)g->order[k] * words];
    for (int32_t m = k + 1; m < l->n; m++) {
      if (!is_in(row, g->order[m])) continue;
      for (size_t w = 0; w < words; w++) row[w] |= g->after[(size_t)g->order[m] * words + w];
    }
  }
}

// Keeps of the plan's order what another plan keeps as well, so that both, and all between, are in the neighbourhood.
static void merge(clx_large *g) {
  const clx_lean *l = g->lean;
  const size_t words = (size_t)g->words;
  const int32_t other = (int32_t)clx_stream_below(&g->chance, (uint64_t)(g->elites - 1));
  const int32_t *with = g->elite[other + (other >= g->at)];
  close_order(g);
  for (int32_t i = 0; i < l->n; i++)
    for (int32_t j = 0; j < l->n; j++)
      if (with[j] < with[i] + l->duration[i])
        g->after[(size_t)i * words + (size_t)(j / 64)] &= ~((uint64_t)1 << (j % 64));
  // What is left is transitive: arcs that others imply need not be told.
  g->arc_count = g->fixed_count;
  for (int32_t k = l->n - 1; k >= 0; k--) {
    const int32_t i = g->order[k];
    const uint64_t *row = &g->after[(size_t)i * words];
    memset(g->implied, 0, words * sizeof *g->implied);
    for (int32_t m = k + 1; m < l->n; m++) {
      const int32_t j = g->order[m];
      if (!is_in(row, j) || is_in(g->implied, j)) continue;
      if (g->arc_count < g->arc_room) g->arc[g->arc_count++] = (clx_exact_arc){i, j, l->duration[i]};
      for (size_t w = 0; w < words; w++) g->implied[w] |= g->after[(size_t)j * words + w];
    }
  }
}

// --- plans that are kept -------------------------------------------------------------------------------------------------------------------

static int32_t length_of(const clx_lean *l, const int32_t *start) {
  int32_t end = 0;
  for (int32_t i = 0; i < l->n; i++) end = start[i] + l->duration[i] > end ? start[i] + l->duration[i] : end;
  return end;
}

static int32_t shortest(const clx_large *g) {
  int32_t best = 0;
  for (int32_t k = 1; k < g->elites; k++) best = g->length[k] < g->length[best] ? k : best;
  return best;
}

// One of the shortest, at times any.
static void pick(clx_large *g) {
  const int32_t least = g->length[shortest(g)];
  const bool any = clx_stream_below(&g->chance, 10) < 3;
  uint64_t count = 0;
  for (int32_t k = 0; k < g->elites; k++)
    if ((any || g->length[k] == least) && clx_stream_below(&g->chance, ++count) == 0) g->at = k;
  memcpy(g->start, g->elite[g->at], (size_t)g->lean->n * sizeof *g->start);
  g->makespan = g->length[g->at];
}

void clx_large_start(clx_large *g, const int32_t *start) {
  const size_t size = (size_t)g->lean->n * sizeof *start;
  int32_t at = 0;
  for (int32_t k = 0; k < g->elites; k++) {
    if (memcmp(g->elite[k], start, size) == 0) return;
    if (g->length[k] >= g->length[at]) at = k;
  }
  if (g->elites < ELITES) at = g->elites++;
  memcpy(g->elite[at], start, size);
  g->length[at] = length_of(g->lean, start);
}

// --- steps ---------------------------------------------------------------------------------------------------------------------------------

// More room where all of it was searched, less where not.
static void adapt(clx_large *g, kind k, clx_exact_answer answer) {
  static const double LEAST[KINDS] = {0.1, 0.1, 0.1, 0}, MOST = 0.9, GROW = 1.02, SHRINK = 0.98, STEP = 0.01;
  double share = g->share[k];
  if (answer == CLX_EXACT_NONE) share = share * GROW + (k == MERGE ? STEP : 0);
  if (answer == CLX_EXACT_LIMIT) share *= SHRINK;
  g->share[k] = share > MOST ? MOST : share < LEAST[k] ? LEAST[k] : share;
}

clx_status clx_large_step(clx_large *g, int64_t conflicts, bool (*stop)(void *context), void *context, bool *shorter,
                          clx_error *error) {
  clx_arena *arena = clx_arena_new();
  clx_exact *exact;
  *shorter = false;
  pick(g);
  const kind k = open_some(g);
  order_of_plan(g);
  if (k == MERGE) merge(g);
  const bool sideways = clx_stream_below(&g->chance, SIDEWAYS_EACH) == 0;
  clx_status status =
      arena == NULL ? clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for a neighbourhood")
                    : clx_exact_make(g->lean, g->makespan - !sideways, g->arc, g->arc_count, arena, &exact, error);
  if (status == CLX_OK) {
    if (!sideways) clx_exact_guide(exact, g->start);
    const clx_exact_answer answer = clx_exact_run(exact, conflicts, stop, context, g->found);
    if (answer == CLX_EXACT_FOUND) {
      const int32_t length = length_of(g->lean, g->found);
      *shorter = length < g->length[shortest(g)];
      memcpy(g->elite[g->at], g->found, (size_t)g->lean->n * sizeof *g->found);
      g->length[g->at] = length;
    } else if (answer == CLX_EXACT_MEMORY) {
      status = clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for a neighbourhood");
    }
    adapt(g, k, answer);
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
    g->share[WINDOW] = g->share[RANDOM] = g->share[RESOURCE] = 0.3;
    g->words = (l->n + 63) / 64;
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
    for (int32_t k = 0; k < ELITES && made; k++) made = (g->elite[k] = CLX_NEW_ARRAY(arena, int32_t, l->n)) != NULL;
    if (l->n <= MERGED_MOST && made) {
      g->after = CLX_NEW_ARRAY(arena, uint64_t, (size_t)l->n * (size_t)g->words);
      g->implied = CLX_NEW_ARRAY(arena, uint64_t, g->words);
      made = g->after != NULL && g->implied != NULL;
    }
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

int64_t clx_large_conflicts(const clx_large *g) { return g->conflicts; }

int32_t clx_large_best(const clx_large *g, int32_t *start) {
  const int32_t best = shortest(g);
  memcpy(start, g->elite[best], (size_t)g->lean->n * sizeof *start);
  return g->length[best];
}
