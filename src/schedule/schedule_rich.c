#include "schedule/schedule_rich.h"

#include <string.h>

enum { STREAM_RICH = 0x72696368, LATE_COST = 100000, HORIZON_MOST = 4 * CLX_PROJECT_TIME_MAX };

struct clx_rich {
  const clx_project *p;
  int32_t n, horizon;
  int32_t *order;          // topological
  int32_t *first, *into;   // links by the activity they end at
  int32_t **done, **unit;  // [calendars] units of work before t; unit of work number k
  int64_t **room, **left;  // [resources][horizon] capacity or stock; in the plan being made
  clx_stream chance;
  int64_t made;
  clx_project_plan plan, best;
  int32_t *key, *mode, *best_key, *best_mode, *ready, *waits;
  int64_t cost, late;
  bool found, begun;
};

// --- time ------------------------------------------------------------------------------------------------------------------------------------

// End of d units of work from t on; horizon + 1 when there are not so many.
static int32_t finish_of(const clx_rich *g, int32_t calendar, int32_t t, int32_t d) {
  if (d == 0) return t;
  if (calendar == CLX_PROJECT_NONE) return t + d <= g->horizon ? t + d : g->horizon + 1;
  const int32_t last = g->done[calendar][t] + d - 1;
  return last < g->done[calendar][g->horizon] ? g->unit[calendar][last] + 1 : g->horizon + 1;
}

static int32_t next_work(const clx_rich *g, int32_t calendar, int32_t t) {
  if (calendar == CLX_PROJECT_NONE || t >= g->horizon) return t;
  const int32_t k = g->done[calendar][t];
  return k < g->done[calendar][g->horizon] ? g->unit[calendar][k] : g->horizon;
}

static bool works(const clx_rich *g, int32_t calendar, int32_t t) {
  return calendar == CLX_PROJECT_NONE || g->done[calendar][t + 1] > g->done[calendar][t];
}

// --- one activity --------------------------------------------------------------------------------------------------------------------------

static bool ends(const clx_project_link *l) { return l->kind == CLX_PROJECT_FS || l->kind == CLX_PROJECT_FF; }
static bool finishes(const clx_project_link *l) { return l->kind == CLX_PROJECT_FF || l->kind == CLX_PROJECT_SF; }

static int32_t after_links(const clx_rich *g, const clx_project_plan *plan, int32_t i, int32_t d) {
  const clx_project_activity *a = &g->p->activity[i];
  int32_t t = a->release, finish = 0;
  for (int32_t k = g->first[i]; k < g->first[i + 1]; k++) {
    const clx_project_link *l = &g->p->link[g->into[k]];
    const int32_t time = (ends(l) ? plan->finish[l->from] : plan->start[l->from]) + l->least;
    if (!finishes(l))
      t = time > t ? time : t;
    else
      finish = time > finish ? time : finish;
  }
  if (t > g->horizon) return g->horizon + 1;
  t = d > 0 ? next_work(g, a->calendar, t) : t;
  while (t <= g->horizon && finish_of(g, a->calendar, t, d) < finish)
    t = d > 0 ? next_work(g, a->calendar, t + 1) : t + 1;
  return t;
}

static int32_t after_arrivals(const clx_rich *g, const clx_project_mode *m, int32_t t) {
  for (int32_t k = 0; k < m->use_count; k++) {
    if (!g->p->resource[m->use[k].resource].consumed) continue;
    const int64_t *left = g->left[m->use[k].resource];
    int32_t u = g->horizon - 1;
    for (; u >= t && left[u] >= m->use[k].amount; u--) continue;
    t = u >= t ? u + 1 : t;
  }
  return t;
}

// The last unit of work in t .. finish - 1 in which something lacks, -1.
static int32_t lacking(const clx_rich *g, int32_t calendar, const clx_project_mode *m, int32_t t, int32_t finish) {
  for (int32_t u = finish - 1; u >= t; u--) {
    if (!works(g, calendar, u)) continue;
    for (int32_t k = 0; k < m->use_count; k++) {
      const int32_t r = m->use[k].resource;
      if (!g->p->resource[r].consumed && g->left[r][u] < m->use[k].amount) return u;
    }
  }
  return -1;
}

static void take(clx_rich *g, int32_t calendar, const clx_project_mode *m, int32_t t, int32_t finish) {
  for (int32_t k = 0; k < m->use_count; k++) {
    const int32_t r = m->use[k].resource;
    const int32_t to = g->p->resource[r].consumed ? g->horizon : finish;
    for (int32_t u = t; u < to; u++)
      if (g->p->resource[r].consumed || works(g, calendar, u)) g->left[r][u] -= m->use[k].amount;
  }
}

static bool place_activity(clx_rich *g, int32_t i, int32_t mode, clx_project_plan *plan) {
  const clx_project_activity *a = &g->p->activity[i];
  const clx_project_mode *m = &a->mode[mode];
  int32_t t = after_links(g, plan, i, m->duration), finish;
  if (t > g->horizon) return false;
  for (;;) {
    t = after_arrivals(g, m, t);
    if (m->duration > 0) t = next_work(g, a->calendar, t);
    finish = t <= g->horizon ? finish_of(g, a->calendar, t, m->duration) : g->horizon + 1;
    if (t >= g->horizon || finish > g->horizon) return false;
    const int32_t u = lacking(g, a->calendar, m, t, finish);
    if (u < 0) break;
    t = u + 1;
  }
  take(g, a->calendar, m, t, finish);
  plan->mode[i] = mode;
  plan->start[i] = t;
  plan->finish[i] = finish;
  return true;
}

// --- a plan ----------------------------------------------------------------------------------------------------------------------------------

static int64_t lateness(const clx_rich *g, const clx_project_plan *plan) {
  int64_t late = 0;
  for (int32_t i = 0; i < g->n; i++) {
    const int32_t deadline = g->p->activity[i].deadline;
    if (deadline != CLX_PROJECT_NONE && plan->finish[i] > deadline) late += plan->finish[i] - deadline;
  }
  for (int32_t k = 0; k < g->p->link_count; k++) {
    const clx_project_link *l = &g->p->link[k];
    if (l->most == CLX_PROJECT_NONE) continue;
    const int32_t from = ends(l) ? plan->finish[l->from] : plan->start[l->from];
    const int32_t to = finishes(l) ? plan->finish[l->to] : plan->start[l->to];
    if (to - from > l->most) late += to - from - l->most;
  }
  return late;
}

// Ascending keys as far as links allow: in topological order each goes before what has a larger key, but not before its predecessors. O(n^2)
static void decode_order(clx_rich *g, const int32_t *key, int32_t *order) {
  int32_t made = 0;
  memset(g->waits, 0, (size_t)g->n * sizeof *g->waits);
  for (int32_t k = 0; k < g->n; k++) {  // insertion by key, a predecessor's before
    const int32_t i = g->order[k];
    int32_t least = 0;
    for (int32_t e = g->first[i]; e < g->first[i + 1]; e++) {
      const int32_t at = g->waits[g->p->link[g->into[e]].from];
      least = at > least ? at : least;
    }
    int32_t m = made++;
    for (; m > least && key[order[m - 1]] > key[i]; m--) {
      order[m] = order[m - 1];
      g->waits[order[m]] = m + 1;
    }
    order[m] = i;
    g->waits[i] = m + 1;  // those after it may come from this place on
  }
}

bool clx_rich_decode(clx_rich *g, const int32_t *key, const int32_t *mode, clx_project_plan *plan, int64_t *late) {
  g->made++;
  decode_order(g, key, g->ready);
  for (int32_t r = 0; r < g->p->resource_count; r++)
    memcpy(g->left[r], g->room[r], (size_t)g->horizon * sizeof *g->left[r]);
  plan->makespan = 0;
  for (int32_t k = 0; k < g->n; k++) {
    const int32_t i = g->ready[k];
    if (!place_activity(g, i, mode[i], plan)) return false;
    if (plan->finish[i] > plan->makespan) plan->makespan = plan->finish[i];
  }
  *late = lateness(g, plan);
  return true;
}

// --- local search ----------------------------------------------------------------------------------------------------------------------------

static void copy_plan(const clx_rich *g, const clx_project_plan *from, clx_project_plan *to) {
  const size_t size = (size_t)g->n * sizeof *from->start;
  memcpy(to->mode, from->mode, size);
  memcpy(to->start, from->start, size);
  memcpy(to->finish, from->finish, size);
  to->makespan = from->makespan;
}

// Of each activity the mode that uses up the least of what is consumed, as shares of all that comes; then the shortest.
static void first_modes(clx_rich *g) {
  for (int32_t i = 0; i < g->n; i++) {
    const clx_project_activity *a = &g->p->activity[i];
    double least = 0;
    for (int32_t m = 0; m < a->mode_count; m++) {
      double share = 0;
      for (int32_t k = 0; k < a->mode[m].use_count; k++) {
        const clx_project_resource *r = &g->p->resource[a->mode[m].use[k].resource];
        if (!r->consumed) continue;
        double all = 1;
        for (int32_t q = 0; q < r->level_count; q++) all += (double)r->level[q].amount;
        share += (double)a->mode[m].use[k].amount / all;
      }
      const bool shorter = a->mode[m].duration < a->mode[g->best_mode[i]].duration;
      if (m > 0 && !(share < least || (!(share > least) && shorter))) continue;
      least = share;
      g->best_mode[i] = m;
    }
  }
}

static void try_plan(clx_rich *g) {
  int64_t late;
  if (!clx_rich_decode(g, g->key, g->mode, &g->plan, &late)) return;
  const int64_t cost = g->plan.makespan + LATE_COST * late;
  if (g->found && cost > g->cost) return;
  if (!g->found || cost < g->cost) {
    copy_plan(g, &g->plan, &g->best);
    g->late = late;
  }
  g->cost = cost;
  g->found = true;
  memcpy(g->best_key, g->plan.start, (size_t)g->n * sizeof *g->key);
  memcpy(g->best_mode, g->mode, (size_t)g->n * sizeof *g->mode);
}

// Near the best plan: its starts as keys, some moved, a mode changed.
static void next_try(clx_rich *g) {
  const int32_t span = g->found ? g->best.makespan : g->horizon;
  memcpy(g->key, g->best_key, (size_t)g->n * sizeof *g->key);
  memcpy(g->mode, g->best_mode, (size_t)g->n * sizeof *g->mode);
  const int32_t moves = 1 + (int32_t)clx_stream_below(&g->chance, 6);
  for (int32_t k = 0; k < moves; k++) {
    const int32_t i = (int32_t)clx_stream_below(&g->chance, (uint64_t)g->n);
    const int32_t reach = span / (1 << clx_stream_below(&g->chance, 5)) + 1;
    g->key[i] += (int32_t)clx_stream_below(&g->chance, (uint64_t)(2 * reach + 1)) - reach;
    const int32_t j = (int32_t)clx_stream_below(&g->chance, (uint64_t)g->n), modes = g->p->activity[j].mode_count;
    if (modes > 1 && k < 2) g->mode[j] = (int32_t)clx_stream_below(&g->chance, (uint64_t)modes);
  }
}

void clx_rich_run(clx_rich *g, int64_t schedules, int32_t bound, bool (*stop)(void *context), void *context) {
  const int64_t last = g->made + schedules;
  if (!g->begun) {
    g->begun = true;
    first_modes(g);
    for (int32_t k = 0; k < g->n; k++) g->best_key[g->order[k]] = k;
    memcpy(g->key, g->best_key, (size_t)g->n * sizeof *g->key);
    memcpy(g->mode, g->best_mode, (size_t)g->n * sizeof *g->mode);
    try_plan(g);
  }
  while (g->made < last) {
    if (g->found && g->late == 0 && g->best.makespan <= bound) return;
    if (stop != NULL && stop(context)) return;
    next_try(g);
    try_plan(g);
  }
}

int64_t clx_rich_schedules(const clx_rich *g) { return g->made; }

bool clx_rich_best(const clx_rich *g, clx_project_plan *plan, int64_t *late) {
  if (!g->found) return false;
  copy_plan(g, &g->best, plan);
  *late = g->late;
  return true;
}

// --- bound -----------------------------------------------------------------------------------------------------------------------------------

static int32_t shortest(const clx_project_activity *a) {
  int32_t d = INT32_MAX;
  for (int32_t m = 0; m < a->mode_count; m++) d = a->mode[m].duration < d ? a->mode[m].duration : d;
  return d;
}

static int64_t least_work(const clx_project_activity *a, int32_t r, bool consumed) {
  int64_t least = INT64_MAX;
  for (int32_t m = 0; m < a->mode_count; m++) {
    int64_t work = 0;
    for (int32_t k = 0; k < a->mode[m].use_count; k++)
      if (a->mode[m].use[k].resource == r) work = a->mode[m].use[k].amount * (consumed ? 1 : a->mode[m].duration);
    least = work < least ? work : least;
  }
  return least;
}

// A lag that holds whatever modes are chosen is one between activities that have one: the others are left out where they finish.
static int32_t path_bound(const clx_rich *g, clx_project_plan *plan) {
  int32_t end = 0;
  for (int32_t k = 0; k < g->n; k++) {
    const int32_t i = g->order[k];
    const clx_project_activity *a = &g->p->activity[i];
    const int32_t d = shortest(a);
    int32_t t = a->release, finish = 0;
    for (int32_t e = g->first[i]; e < g->first[i + 1]; e++) {
      const clx_project_link *l = &g->p->link[g->into[e]];
      const int32_t time = (ends(l) ? plan->finish[l->from] : plan->start[l->from]) + l->least;
      if (!finishes(l))
        t = time > t ? time : t;
      else
        finish = time > finish ? time : finish;
    }
    if (t > g->horizon) t = g->horizon;
    plan->start[i] = d > 0 ? next_work(g, a->calendar, t) : t;
    plan->finish[i] = finish_of(g, a->calendar, plan->start[i], d);
    if (plan->finish[i] < finish) plan->finish[i] = finish;
    end = plan->finish[i] > end ? plan->finish[i] : end;
  }
  return end;
}

// The first unit by whose end the capacity (or what arrived) suffices for all the work.
static int32_t work_bound(const clx_rich *g, int32_t r) {
  const bool consumed = g->p->resource[r].consumed;
  int64_t work = 0, sum = 0;
  for (int32_t i = 0; i < g->n; i++) work += least_work(&g->p->activity[i], r, consumed);
  if (work == 0) return 0;
  for (int32_t t = 0; t < g->horizon; t++) {
    sum = consumed ? g->room[r][t] : sum + g->room[r][t];
    if (sum >= work) return consumed ? t : t + 1;
  }
  return g->horizon;
}

int32_t clx_rich_bound(const clx_rich *g) {
  clx_project_plan plan = {.start = g->key, .finish = g->ready};
  int32_t bound = path_bound(g, &plan);
  for (int32_t r = 0; r < g->p->resource_count; r++) {
    const int32_t t = work_bound(g, r);
    bound = t > bound ? t : bound;
  }
  return bound;
}

// --- memory ----------------------------------------------------------------------------------------------------------------------------------

static bool sort_graph(clx_rich *g, clx_arena *arena) {
  const clx_project *p = g->p;
  int32_t *waits = CLX_NEW_ARRAY(arena, int32_t, g->n + 1);
  g->first = CLX_NEW_ARRAY(arena, int32_t, g->n + 2);
  g->into = CLX_NEW_ARRAY(arena, int32_t, p->link_count + 1);
  int32_t *out_first = CLX_NEW_ARRAY(arena, int32_t, g->n + 2), *out = CLX_NEW_ARRAY(arena, int32_t, p->link_count + 1);
  if (waits == NULL || g->first == NULL || g->into == NULL || out_first == NULL || out == NULL) return false;
  for (int32_t k = 0; k < p->link_count; k++) {
    g->first[p->link[k].to + 2]++;
    out_first[p->link[k].from + 2]++;
    waits[p->link[k].to]++;
  }
  for (int32_t i = 2; i < g->n + 2; i++) {
    g->first[i] += g->first[i - 1];
    out_first[i] += out_first[i - 1];
  }
  for (int32_t k = 0; k < p->link_count; k++) {
    g->into[g->first[p->link[k].to + 1]++] = k;
    out[out_first[p->link[k].from + 1]++] = k;
  }
  int32_t in = 0;
  for (int32_t i = 0; i < g->n; i++)
    if (waits[i] == 0) g->order[in++] = i;
  for (int32_t at = 0; at < in; at++)
    for (int32_t k = out_first[g->order[at]]; k < out_first[g->order[at] + 1]; k++)
      if (--waits[p->link[out[k]].to] == 0) g->order[in++] = p->link[out[k]].to;
  return in == g->n;
}

// Units in which nothing is new any more, and then all activities one after the other in their longest modes, with pauses.
static int64_t horizon_of(const clx_project *p) {
  int64_t sum = 0, news = 0, period = 1, release = 0;
  for (int32_t r = 0; r < p->resource_count; r++)
    for (int32_t k = 0; k < p->resource[r].level_count; k++)
      news = p->resource[r].level[k].at > news ? p->resource[r].level[k].at : news;
  for (int32_t c = 0; c < p->calendar_count; c++) {
    const clx_project_calendar *of = &p->calendar[c];
    for (int32_t k = 0; k < of->span_count; k++) news = of->span[k].to > news ? of->span[k].to : news;
    period += of->period > 1 ? of->period : 0;
  }
  for (int32_t i = 0; i < p->activity_count; i++) {
    const clx_project_activity *a = &p->activity[i];
    int64_t longest = 0, slow = 1;
    for (int32_t m = 0; m < a->mode_count; m++) longest = a->mode[m].duration > longest ? a->mode[m].duration : longest;
    if (a->calendar != CLX_PROJECT_NONE) {
      const clx_project_calendar *of = &p->calendar[a->calendar];
      int32_t work = 0;
      for (int32_t t = 0; t < of->period; t++) work += of->works[t];
      slow = (of->period + work - 1) / work;
    }
    sum += longest * slow + (longest > 0 ? period : 0);
    release = a->release > release ? a->release : release;
  }
  for (int32_t k = 0; k < p->link_count; k++) sum += p->link[k].least > 0 ? p->link[k].least : 0;
  return news + release + sum + 2;
}

static bool fill_calendars(clx_rich *g, clx_arena *arena) {
  const clx_project *p = g->p;
  g->done = CLX_NEW_ARRAY(arena, int32_t *, p->calendar_count + 1);
  g->unit = CLX_NEW_ARRAY(arena, int32_t *, p->calendar_count + 1);
  if (g->done == NULL || g->unit == NULL) return false;
  for (int32_t c = 0; c < p->calendar_count; c++) {
    g->done[c] = CLX_NEW_ARRAY(arena, int32_t, g->horizon + 2);
    g->unit[c] = CLX_NEW_ARRAY(arena, int32_t, g->horizon + 2);
    if (g->done[c] == NULL || g->unit[c] == NULL) return false;
    int32_t count = 0;
    for (int32_t t = 0; t <= g->horizon; t++) {
      g->done[c][t] = count;
      if (t < g->horizon && clx_project_works(p, c, t)) g->unit[c][count++] = t;
    }
    g->done[c][g->horizon + 1] = count;
  }
  return true;
}

static bool fill_rooms(clx_rich *g, clx_arena *arena) {
  const clx_project *p = g->p;
  g->room = CLX_NEW_ARRAY(arena, int64_t *, p->resource_count + 1);
  g->left = CLX_NEW_ARRAY(arena, int64_t *, p->resource_count + 1);
  if (g->room == NULL || g->left == NULL) return false;
  for (int32_t r = 0; r < p->resource_count; r++) {
    g->room[r] = CLX_NEW_ARRAY(arena, int64_t, g->horizon + 1);
    g->left[r] = CLX_NEW_ARRAY(arena, int64_t, g->horizon + 1);
    if (g->room[r] == NULL || g->left[r] == NULL) return false;
    int64_t stock = 0;
    int32_t next = 0;
    for (int32_t t = 0; t < g->horizon; t++) {
      const clx_project_resource *of = &p->resource[r];
      for (; of->consumed && next < of->level_count && of->level[next].at <= t; next++) stock += of->level[next].amount;
      g->room[r][t] = of->consumed ? stock : clx_project_capacity(p, r, t);
    }
  }
  return true;
}

clx_status clx_rich_make(const clx_project *p, uint64_t seed, clx_arena *arena, clx_rich **out, clx_error *error) {
  const int64_t horizon = horizon_of(p);
  if (horizon > HORIZON_MOST)
    return clx_fail_plain(
        error, CLX_INPUT,
        "schedule: the activities one after the other take %lld units, expected at most %d; choose a longer "
        "unit of time",
        (long long)horizon, HORIZON_MOST);
  clx_rich *g = CLX_NEW(arena, clx_rich);
  bool made = g != NULL;
  if (made) {
    const int32_t n = p->activity_count;
    g->p = p;
    g->n = n;
    g->horizon = (int32_t)horizon;
    g->chance = clx_stream_make(seed, STREAM_RICH, 0, 0);
    int32_t **row[] = {&g->order, &g->key, &g->mode, &g->best_key, &g->best_mode, &g->ready, &g->waits};
    for (int32_t k = 0; k < CLX_COUNT(row) && made; k++) {
      *row[k] = CLX_NEW_ARRAY(arena, int32_t, n + 1);
      made = *row[k] != NULL;
    }
    made = made && clx_project_plan_new(p, arena, &g->plan, NULL) == CLX_OK &&
           clx_project_plan_new(p, arena, &g->best, NULL) == CLX_OK && sort_graph(g, arena) &&
           fill_calendars(g, arena) && fill_rooms(g, arena);
  }
  if (!made) return clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for a model of the project");
  *out = g;
  return CLX_OK;
}
