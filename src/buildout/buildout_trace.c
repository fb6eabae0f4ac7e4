// What waited for what, back from a date: the chain that decides it.
#include <math.h>

#include "buildout/buildout_internal.h"

static const double CLOSE = 1e-3;  // s
static const double TINY = 1e-6;   // GPUs

typedef struct tracer {
  clx_history *h;
  const clx_draw *draw;
  clx_buildout_link *link;
  int32_t count, most;
} tracer;

int32_t clx_history_links(const clx_buildout *b) { return b->project.activity_count + 8; }

static void add(tracer *t, int32_t kind, int32_t index, int32_t need, double from, double to) {
  if (t->count < t->most)
    t->link[t->count++] = (clx_buildout_link){.kind = kind, .index = index, .need = need, .from = from, .to = to};
}

// --- works -------------------------------------------------------------------------------------------------------------------------------

typedef struct reason {
  double time;   // s; the latest so far
  int32_t work;  // or -1
  int32_t stock, arrival;
} reason;

static void later(reason *r, double time, int32_t work, int32_t stock, int32_t arrival, double begin) {
  if (time <= begin + CLOSE && time > r->time + CLOSE) *r = (reason){time, work, stock, arrival};
}

static const clx_project_mode *mode_of(const clx_history *h, int32_t i) {
  const clx_project_activity *a = &h->b->project.activity[i];
  return &a->mode[h->plan != NULL ? h->plan->mode[i] : 0];
}

static int64_t amount_of(const clx_history *h, int32_t i, int32_t resource) {
  const clx_project_mode *m = mode_of(h, i);
  for (int32_t k = 0; k < m->use_count; k++)
    if (m->use[k].resource == resource) return m->use[k].amount;
  return 0;
}

// Under a plan: the last work that left a crew which it needs, the last arrival of a stock, a crew that grew.
static void wait_for_resources(const clx_history *h, int32_t i, reason *r) {
  const clx_project *p = &h->b->project;
  const clx_project_mode *m = mode_of(h, i);
  const double begin = h->begin[i];
  for (int32_t k = 0; k < m->use_count; k++) {
    const int32_t of = m->use[k].resource;
    const clx_project_resource *resource = &p->resource[of];
    for (int32_t j = 0; j < p->activity_count && !resource->consumed; j++)
      if (j != i && h->end[j] > h->begin[j] && amount_of(h, j, of) > 0) later(r, h->end[j], j, -1, 0, begin);
    for (int32_t l = 0; l < resource->level_count; l++)
      later(r, resource->level[l].at * p->unit, -1, resource->consumed ? of - h->b->spec->crew_count : -1, l, begin);
  }
}

static reason reason_of(const clx_history *h, int32_t i) {
  const clx_project *p = &h->b->project;
  const double begin = h->begin[i], span = h->end[i] - begin;
  reason r = {CLOSE, -1, -1, 0};
  for (int32_t k = 0; k < p->link_count; k++) {
    const clx_project_link *l = &p->link[k];
    if (l->to != i) continue;
    const bool ends = l->kind == CLX_PROJECT_FS || l->kind == CLX_PROJECT_FF;
    const bool finishes = l->kind == CLX_PROJECT_FF || l->kind == CLX_PROJECT_SF;
    later(&r, (ends ? h->end : h->begin)[l->from] + l->least * p->unit - (finishes ? span : 0), l->from, -1, 0, begin);
  }
  if (h->plan != NULL) wait_for_resources(h, i, &r);
  later(&r, p->activity[i].release * p->unit, -1, -1, 0, begin);
  return r;
}

static void trace_works(tracer *t, int32_t i) {
  while (i >= 0 && t->count < t->most) {
    add(t, CLX_BUILDOUT_WORK, i, -1, t->h->begin[i], t->h->end[i]);
    const reason r = reason_of(t->h, i);
    if (r.work < 0 && r.stock >= 0) add(t, CLX_BUILDOUT_ARRIVAL, r.stock, r.arrival, r.time, r.time);
    i = r.work;
  }
}

// --- ties --------------------------------------------------------------------------------------------------------------------------------

static void tie_works(const clx_history *h, int32_t i, bool *tied);

static void tie(const clx_history *h, int32_t work, double time, double latest, bool *tied) {
  if (fabs(time - latest) <= CLOSE && !tied[work]) tie_works(h, work, tied);
}

// All works for which the begin of `i` waited. Each work is entered once.
static void tie_works(const clx_history *h, int32_t i, bool *tied) {
  const clx_project *p = &h->b->project;
  const reason r = reason_of(h, i);
  const double span = h->end[i] - h->begin[i];
  tied[i] = true;
  if (r.time <= CLOSE) return;
  for (int32_t k = 0; k < p->link_count; k++) {
    const clx_project_link *l = &p->link[k];
    if (l->to != i) continue;
    const bool ends = l->kind == CLX_PROJECT_FS || l->kind == CLX_PROJECT_FF;
    const bool finishes = l->kind == CLX_PROJECT_FF || l->kind == CLX_PROJECT_SF;
    tie(h, l->from, (ends ? h->end : h->begin)[l->from] + l->least * p->unit - (finishes ? span : 0), r.time, tied);
  }
  if (r.work >= 0 && !tied[r.work]) tie_works(h, r.work, tied);  // for a crew
}

// Works that give of a need when `of` does, and without which it would carry fewer then.
static void tie_givers(const clx_history *h, const clx_giving *of, double gpus, bool *tied) {
  const clx_buildout *b = h->b;
  const clx_step_now *step = h->step[of->need];
  double sum = 0;
  for (int32_t s = 0; s < h->step_count[of->need]; s++)
    if (step[s].at <= h->end[of->index] + CLOSE) sum += step[s].amount;
  for (int32_t s = 0; s < h->step_count[of->need]; s++) {
    const clx_giving *other = &b->giving[step[s].giving];
    if (other->kind != CLX_BUILDOUT_WORK || tied[other->index] || fabs(step[s].at - h->end[of->index]) > CLOSE)
      continue;
    const double without = clx_buildout_carries(b, of->need, sum - other->amount);
    if (without < fmin(gpus, clx_buildout_carries(b, of->need, sum)) - TINY) tie_works(h, other->index, tied);
  }
}

void clx_history_ties(const clx_history *h, const clx_buildout_link *link, int32_t count, double gpus, bool *tied) {
  const clx_buildout *b = h->b;
  int32_t last = -1;  // the giver; what it waited for gives nothing that counts here
  for (int32_t k = 0; k < count; k++)
    if (link[k].kind == CLX_BUILDOUT_WORK && (last < 0 || link[k].to >= link[last].to)) last = k;
  if (last < 0) return;
  const int32_t giver = link[last].index;
  tie_works(h, giver, tied);
  for (int32_t g = 0; g < b->giving_count; g++)
    if (b->giving[g].kind == CLX_BUILDOUT_WORK && b->giving[g].index == giver) tie_givers(h, &b->giving[g], gpus, tied);
}

// --- what is given -----------------------------------------------------------------------------------------------------------------------

// Whether a need first carries so many at `time`; then its giver and what that waited for.
static bool trace_need(tracer *t, int32_t need, double level, double time) {
  const clx_buildout *b = t->h->b;
  const clx_step_now *step = t->h->step[need];
  int32_t found = -1;
  if (!b->limits[need] || !(time > CLOSE) || clx_cursor_before(&t->h->need[need], time - CLOSE) >= level - TINY)
    return false;
  for (int32_t k = 0; k < t->h->step_count[need]; k++)
    if (fabs(step[k].at - time) <= 2 * CLOSE && step[k].amount > 0) found = k;
  if (found < 0) return false;
  const clx_giving *g = &b->giving[step[found].giving];
  const double at = step[found].at;
  if (g->kind == CLX_BUILDOUT_WORK)
    trace_works(t, g->index);
  else
    add(t, g->kind, g->index, need, g->kind == CLX_BUILDOUT_EVENT ? at - g->time : at, at);
  return true;
}

// Deliveries that reach `gpus` at `time`: the lot that comes then, the latest begun.
static void trace_delivery(tracer *t, double time) {
  const clx_buildout *b = t->h->b;
  double best = -1;
  int32_t lot = -1;
  for (int32_t k = 0; k < b->spec->lot_count; k++) {
    const double from = fmax(b->lot[k].from + t->draw->x[b->lot_at + k], 0);
    if (from <= time + CLOSE && from > best) {
      best = from;
      lot = k;
    }
  }
  if (b->input->source.periods > 0)
    add(t, CLX_BUILDOUT_SOURCE, 0, -1, time, time);
  else if (lot >= 0)
    add(t, CLX_BUILDOUT_LOT, lot, -1, best, time);
}

// What let the goal of the installers reach more than `level` at `time`.
static void trace_goal(tracer *t, double level, double time) {
  if (trace_need(t, CLX_BUILDOUT_ROOM, level, time)) return;
  if (t->h->b->delivers && time > CLOSE) trace_delivery(t, time);
}

// Installed GPUs reach `level` at `time`: since when have the installers been behind, and what let them begin?
static void trace_installation(tracer *t, double level, double time) {
  const clx_buildout *b = t->h->b;
  const clx_curve *c = &t->h->installed;
  int32_t k = c->count - 1;
  while (k > 0 && c->knot[k].at >= time - CLOSE) k--;
  if (!b->limited || c->knot[k].why != CLX_BUILDOUT_INSTALL) {
    trace_goal(t, level, time);
    return;
  }
  while (k > 0 && c->knot[k - 1].why == CLX_BUILDOUT_INSTALL) k--;
  const double from = b->rate.count > 1 && !(b->rate.knot[0].value > 0) ? b->rate.knot[1].at : 0;
  const double since = c->knot[k].at;
  add(t, CLX_BUILDOUT_CREW_RATE, 0, -1, fmax(since, from), time);
  if (since >= from) trace_goal(t, c->knot[k].value + 2 * TINY, since);
}

int32_t clx_history_trace(clx_history *h, const clx_draw *draw, double gpus, double time, clx_buildout_link *link) {
  tracer t = {.h = h, .draw = draw, .link = link, .most = clx_history_links(h->b)};
  if (!isfinite(time)) return 0;
  if (clx_curve_first(&h->brought, gpus) < time - CLOSE) {  // ready before: what carries it now
    for (int32_t n = 0; n < CLX_BUILDOUT_NEEDS; n++)
      if (trace_need(&t, n, gpus, time)) break;
    return t.count;
  }
  clx_cursor at = {&h->started, 0};
  double level = gpus >= h->b->total - TINY ? h->b->total : clx_cursor_at(&at, time - h->burn_in + CLOSE);
  level = fmin(level, h->b->total);
  const double begun = clx_curve_first(&h->started, level);
  if (time > begun) add(&t, CLX_BUILDOUT_BURN_IN, 0, -1, begun, time);
  static const int32_t CARRY[] = {CLX_BUILDOUT_POWER, CLX_BUILDOUT_COOLING, CLX_BUILDOUT_NETWORK};
  for (int32_t k = 0; k < CLX_COUNT(CARRY); k++)
    if (trace_need(&t, CARRY[k], level, begun)) return t.count;
  trace_installation(&t, level, begun);
  return t.count;
}

int32_t clx_history_driver(const clx_buildout *b, const clx_buildout_link *l) {
  switch (l->kind) {
    case CLX_BUILDOUT_WORK:
      return l->index;
    case CLX_BUILDOUT_EVENT:
      return b->event_at + l->index;
    case CLX_BUILDOUT_STEP:
      return b->step_at[l->need] + l->index;
    case CLX_BUILDOUT_OUTSIDE:
      return b->outside_at[l->need];
    case CLX_BUILDOUT_LOT:
      return b->lot_at + l->index;
    case CLX_BUILDOUT_SOURCE:
      return b->source_at;
    case CLX_BUILDOUT_CREW_RATE:
      return b->install_at;
    case CLX_BUILDOUT_BURN_IN:
      return b->burn_in_at;
    case CLX_BUILDOUT_ARRIVAL: {
      int32_t at = b->arrival_at;
      for (int32_t k = 0; k < l->index; k++) at += b->spec->stock[k].arrival_count;
      return at + l->need;
    }
    default:
      return -1;
  }
}

const char *clx_history_link_name(const clx_buildout *b, const clx_buildout_link *link) {
  const int32_t d = clx_history_driver(b, link);
  return d >= 0 ? b->driver[d].name : "";
}
