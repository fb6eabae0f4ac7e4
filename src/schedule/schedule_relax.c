#include "schedule/schedule_relax.h"

#include <string.h>

enum { TOGETHER_MOST = 2000 };

static int64_t amount_of(const clx_project_mode *m, int32_t r) {
  for (int32_t k = 0; k < m->use_count; k++)
    if (m->use[k].resource == r) return m->use[k].amount;
  return 0;
}

static int64_t least_amount(const clx_project_activity *a, int32_t r) {
  int64_t least = INT64_MAX;
  for (int32_t m = 0; m < a->mode_count; m++) {
    const int64_t amount = amount_of(&a->mode[m], r);
    least = amount < least ? amount : least;
  }
  return least;
}

// Whether start and finish of an activity differ by the same in every plan.
static bool is_rigid(const clx_project_activity *a) {
  for (int32_t m = 1; m < a->mode_count; m++)
    if (a->mode[m].duration != a->mode[0].duration) return false;
  return a->calendar == CLX_PROJECT_NONE;
}

static bool relax_activity(const clx_project *p, int32_t i, clx_arena *arena, clx_project_activity *out) {
  const clx_project_activity *a = &p->activity[i];
  clx_project_mode *mode = CLX_NEW(arena, clx_project_mode);
  clx_project_use *use = CLX_NEW_ARRAY(arena, clx_project_use, p->resource_count + 1);
  if (mode == NULL || use == NULL) return false;
  mode->duration = INT32_MAX;
  for (int32_t m = 0; m < a->mode_count; m++)
    if (a->mode[m].duration < mode->duration) mode->duration = a->mode[m].duration;
  for (int32_t r = 0; r < p->resource_count && a->calendar == CLX_PROJECT_NONE; r++) {
    const int64_t least = p->resource[r].consumed ? 0 : least_amount(a, r);
    if (least > 0) use[mode->use_count++] = (clx_project_use){r, least};
  }
  mode->use = use;
  *out = *a;
  out->mode = mode;
  out->mode_count = 1;
  out->calendar = CLX_PROJECT_NONE;
  return true;
}

// A link that keeps `to` from starting before `from` has.
static bool is_order(const clx_project_link *l) {
  return l->least >= 0 && (l->kind == CLX_PROJECT_FS || l->kind == CLX_PROJECT_SS);
}

static int32_t arrival_of(const clx_project_resource *r, int64_t amount) {
  int64_t stock = 0;
  for (int32_t k = 0; k < r->level_count; k++) {
    stock += r->level[k].amount;
    if (stock >= amount) return r->level[k].at;
  }
  return 0;  // the check has refused it
}

// Releases by what has to have arrived: of activity i and of all in `with`.
static void wait_for_arrivals(const clx_project *p, int32_t i, const bool *with, clx_project_activity *out) {
  for (int32_t r = 0; r < p->resource_count; r++) {
    if (!p->resource[r].consumed) continue;
    int64_t amount = least_amount(&p->activity[i], r);
    for (int32_t j = 0; with != NULL && j < p->activity_count; j++)
      if (with[j] && j != i) amount += least_amount(&p->activity[j], r);
    const int32_t at = amount > 0 ? arrival_of(&p->resource[r], amount) : 0;
    if (at > out->release) out->release = at;
  }
}

typedef struct graph {
  int32_t *first, *from;  // [n + 1], [links]: what must start before an activity
  int32_t *stack;
  bool *before;
} graph;

static bool make_graph(const clx_project *p, clx_arena *arena, graph *g) {
  const int32_t n = p->activity_count;
  *g = (graph){CLX_NEW_ARRAY(arena, int32_t, n + 2), CLX_NEW_ARRAY(arena, int32_t, p->link_count + 1),
               CLX_NEW_ARRAY(arena, int32_t, n + 1), CLX_NEW_ARRAY(arena, bool, n + 1)};
  if (g->first == NULL || g->from == NULL || g->stack == NULL || g->before == NULL) return false;
  for (int32_t k = 0; k < p->link_count; k++)
    if (is_order(&p->link[k])) g->first[p->link[k].to + 2]++;
  for (int32_t i = 2; i < n + 2; i++) g->first[i] += g->first[i - 1];
  for (int32_t k = 0; k < p->link_count; k++)
    if (is_order(&p->link[k])) g->from[g->first[p->link[k].to + 1]++] = p->link[k].from;
  return true;
}

static void find_before(const clx_project *p, graph *g, int32_t i) {
  int32_t count = 0;
  memset(g->before, 0, (size_t)p->activity_count * sizeof *g->before);
  for (g->stack[count++] = i; count > 0;) {
    const int32_t j = g->stack[--count];
    for (int32_t k = g->first[j]; k < g->first[j + 1]; k++) {
      if (g->before[g->from[k]]) continue;
      g->before[g->from[k]] = true;
      g->stack[count++] = g->from[k];
    }
  }
}

clx_status clx_relax(const clx_project *p, clx_arena *arena, clx_project *out, clx_error *error) {
  clx_project_activity *activity = CLX_NEW_ARRAY(arena, clx_project_activity, p->activity_count + 1);
  clx_project_link *link = CLX_NEW_ARRAY(arena, clx_project_link, p->link_count + 1);
  graph g;
  const bool together = p->activity_count <= TOGETHER_MOST;
  bool made = activity != NULL && link != NULL && make_graph(p, arena, &g);
  for (int32_t i = 0; i < p->activity_count && made; i++) {
    made = relax_activity(p, i, arena, &activity[i]);
    if (!made) break;
    if (together) find_before(p, &g, i);
    wait_for_arrivals(p, i, together ? g.before : NULL, &activity[i]);
  }
  if (!made) return clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for a plainer project");
  *out = *p;
  out->activity = activity;
  out->link = link;
  out->link_count = 0;
  for (int32_t k = 0; k < p->link_count; k++) {
    const clx_project_link *l = &p->link[k];
    const bool finishes = l->kind == CLX_PROJECT_FF || l->kind == CLX_PROJECT_SF;
    if (finishes && !is_rigid(&p->activity[l->to])) continue;
    link[out->link_count] = *l;
    link[out->link_count++].most = CLX_PROJECT_NONE;
  }
  return CLX_OK;
}
