// The critical chain of a plan, through links and resources.
#include "schedule/schedule_chain.h"

typedef struct chain {
  const clx_project *p;
  const clx_project_plan *plan;
  bool *critical;
  int32_t *open, count;  // marked, not yet looked at
} chain;

static void mark(chain *c, int32_t i) {
  if (c->critical[i]) return;
  c->critical[i] = true;
  c->open[c->count++] = i;
}

static bool works(const chain *c, int32_t i, int32_t unit) {
  const clx_project_activity *a = &c->p->activity[i];
  if (!clx_project_works(c->p, a->calendar, unit)) return false;
  const clx_project_mode *m = &a->mode[c->plan->mode[i]];
  for (int32_t k = 0; k < m->use_count; k++) {
    const clx_project_resource *r = &c->p->resource[m->use[k].resource];
    if (!r->consumed && !clx_project_works(c->p, r->calendar, unit)) return false;
  }
  return true;
}

// No unit from `from` to `to` - 1 in which activity i could have worked.
static bool is_tight(const chain *c, int32_t i, int64_t from, int32_t to) {
  if (from > to) return false;
  for (int64_t t = from > 0 ? from : 0; t < to; t++)
    if (works(c, i, (int32_t)t)) return false;
  return true;
}

static bool binds(const chain *c, const clx_project_link *l) {
  const bool ends = l->kind == CLX_PROJECT_FS || l->kind == CLX_PROJECT_FF;
  const bool finishes = l->kind == CLX_PROJECT_FF || l->kind == CLX_PROJECT_SF;
  const int64_t from = (ends ? c->plan->finish[l->from] : c->plan->start[l->from]) + (int64_t)l->least;
  if (!finishes) return is_tight(c, l->to, from, c->plan->start[l->to]);
  return from == c->plan->finish[l->to];
}

static bool share(const chain *c, int32_t i, int32_t j) {
  const clx_project_mode *a = &c->p->activity[i].mode[c->plan->mode[i]], *b = &c->p->activity[j].mode[c->plan->mode[j]];
  for (int32_t k = 0; k < a->use_count; k++)
    for (int32_t n = 0; n < b->use_count; n++)
      if (a->use[k].resource == b->use[n].resource && !c->p->resource[a->use[k].resource].consumed) return true;
  return false;
}

static void look(chain *c, int32_t i) {
  const clx_project *p = c->p;
  bool found = false;
  for (int32_t k = 0; k < p->link_count; k++) {
    if (p->link[k].to != i || !binds(c, &p->link[k])) continue;
    mark(c, p->link[k].from);
    found = true;
  }
  if (found || is_tight(c, i, p->activity[i].release, c->plan->start[i])) return;
  for (int32_t j = 0; j < p->activity_count; j++)
    if (j != i && c->plan->finish[j] > c->plan->start[j] && share(c, i, j) &&
        is_tight(c, i, c->plan->finish[j], c->plan->start[i]))
      mark(c, j);
}

clx_status clx_project_chain(const clx_project *p, const clx_project_plan *plan, clx_arena *arena, bool *critical,
                             clx_error *error) {
  chain c = {.p = p, .plan = plan, .critical = critical, .open = CLX_NEW_ARRAY(arena, int32_t, p->activity_count + 1)};
  if (c.open == NULL) return clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for a chain");
  for (int32_t i = 0; i < p->activity_count; i++) critical[i] = false;
  for (int32_t i = 0; i < p->activity_count; i++)
    if (plan->finish[i] == plan->makespan) mark(&c, i);
  while (c.count > 0) look(&c, c.open[--c.count]);
  return CLX_OK;
}
