// A project as a network whose durations are drawn: the draws, the forward pass over lanes of samples, and the policy under resources.
#include <math.h>
#include <string.h>

#include "schedule/schedule_risk_internal.h"

enum { STREAM_RISK = 0x7269736b, STREAM_FACTOR = 0x66616374, STREAM_EVENT = 0x65766e74, LANES = CLX_RISK_LANES };

// --- draws -----------------------------------------------------------------------------------------------------------------------------------

// 32 bits as a point of the table: 8 choose the cell, 24 the place in it. The outer sixty-fourths of a lognormal are computed.
static inline double look_up(const clx_risk_table *t, uint32_t bits) {
  enum { OUTER = CLX_RISK_CELLS / 64 };
  const uint32_t cell = bits >> 24;
  if (t->tails && (cell < OUTER || cell >= CLX_RISK_CELLS - OUTER))
    return clx_risk_quantile(t, ((double)bits + 0.5) * 0x1p-32);
  return t->node[cell] + (double)(bits & 0xffffff) * 0x1p-24 * (t->node[cell + 1] - t->node[cell]);
}

static void draw_factors(const clx_risk_model *m, clx_risk_space *w, int64_t sample, int32_t lane) {
  clx_stream stream = clx_stream_make(m->spec->seed, STREAM_FACTOR, (uint64_t)sample, 0);
  for (int32_t k = 0; k < m->spec->factor_count; k++) {
    const double sigma = m->spec->factor[k].sigma;
    w->factor[k * LANES + lane] = exp(sigma * clx_stream_normal(&stream) - sigma * sigma / 2);
  }
}

static void draw_events(const clx_risk_model *m, clx_risk_space *w, int64_t sample, int32_t lane) {
  clx_stream stream = clx_stream_make(m->spec->seed, STREAM_EVENT, (uint64_t)sample, 0);
  for (int32_t k = 0; k < m->spec->event_count; k++) {
    const bool happens = clx_stream_uniform(&stream) < m->spec->event[k].probability;
    const double u = clx_stream_uniform(&stream);
    if (happens) w->duration[m->place[m->spec->event[k].activity] * LANES + lane] += clx_risk_quantile(&m->delay[k], u);
  }
}

void clx_risk_draw(const clx_risk_model *m, clx_risk_space *w, int64_t first, int32_t count) {
  for (int32_t lane = 0; lane < LANES; lane++) {
    const int64_t sample = first + (lane < count ? lane : 0);
    clx_stream stream = clx_stream_make(m->spec->seed, STREAM_RISK, (uint64_t)sample, 0);
    draw_factors(m, w, sample, lane);
    uint64_t bits = 0;
    for (int32_t i = 0; i < m->n; i++) {
      // Two activities share a word; those that are fixed have their half, too, so that a spread more moves no other draw.
      bits = i % 2 == 0 ? clx_stream_bits(&stream) : bits >> 32;
      double d = m->base[i];
      if (m->table_of[i] >= 0) d *= look_up(&m->table[m->table_of[i]], (uint32_t)bits);
      if (m->factor[i] >= 0) d *= w->factor[m->factor[i] * LANES + lane];
      w->duration[i * LANES + lane] = d;
    }
    draw_events(m, w, sample, lane);
  }
}

// --- links alone -----------------------------------------------------------------------------------------------------------------------------

void clx_risk_pass(const clx_risk_model *m, clx_risk_space *w, double *end) {
  for (int32_t v = 0; v < LANES; v++) end[v] = 0;
  for (int32_t i = 0; i < m->n; i++) {
    double *start = &w->start[i * LANES], *finish = &w->finish[i * LANES];
    const double *duration = &w->duration[i * LANES];
    for (int32_t v = 0; v < LANES; v++) start[v] = m->release[i];
    for (int32_t k = m->first[i]; k < m->first[i + 1]; k++) {
      const clx_risk_link *l = &m->link[k];
      const double *from = &(l->ends ? w->finish : w->start)[l->from * LANES];
      if (l->finishes) {
        for (int32_t v = 0; v < LANES; v++) {
          const double t = from[v] + l->lag - duration[v];
          start[v] = t > start[v] ? t : start[v];
        }
      } else {
        for (int32_t v = 0; v < LANES; v++) {
          const double t = from[v] + l->lag;
          start[v] = t > start[v] ? t : start[v];
        }
      }
    }
    for (int32_t v = 0; v < LANES; v++) {
      finish[v] = start[v] + duration[v];
      end[v] = finish[v] > end[v] ? finish[v] : end[v];
    }
  }
}

// --- policy ----------------------------------------------------------------------------------------------------------------------------------

static int32_t whole_units(double d) { return d > 0 ? (int32_t)fmin(floor(d + 0.5), CLX_PROJECT_TIME_MAX) : 0; }

static bool lean_sample(const clx_risk_model *m, clx_risk_space *w, int32_t lane, double *end) {
  clx_lean *l = &w->lean;
  for (int32_t i = 0; i < m->n; i++) l->duration[i] = whole_units(w->duration[m->place[l->activity[i]] * LANES + lane]);
  for (int32_t i = 0; i < m->n; i++) {
    const int32_t at = m->place[l->activity[i]];
    for (int32_t k = m->first[at], e = l->pred.first[i]; k < m->first[at + 1]; k++, e++)
      l->pred.lag[e] = m->link[k].lag + (m->link[k].ends ? l->duration[l->pred.other[e]] : 0) -
                       (m->link[k].finishes ? l->duration[i] : 0);
  }
  const int32_t makespan = clx_lean_serial(l, w->order, 0, w->room, w->begin);
  for (int32_t i = 0; i < m->n && makespan >= 0; i++) {
    const int32_t at = m->place[l->activity[i]] * LANES + lane;
    w->start[at] = w->begin[i];
    w->duration[at] = l->duration[i];
    w->finish[at] = w->begin[i] + l->duration[i];
  }
  *end = makespan;
  return makespan >= 0;
}

static bool rich_sample(const clx_risk_model *m, clx_risk_space *w, int32_t lane, double *end) {
  int64_t late;
  for (int32_t i = 0; i < m->n; i++) w->mode[m->activity[i]].duration = whole_units(w->duration[i * LANES + lane]);
  memset(w->whole, 0, (size_t)m->n * sizeof *w->whole);  // the copy has one mode each
  if (!clx_rich_decode(w->rich, m->key, w->whole, &w->plan, &late)) return false;
  for (int32_t i = 0; i < m->n; i++) {
    w->start[i * LANES + lane] = w->plan.start[m->activity[i]];
    w->finish[i * LANES + lane] = w->plan.finish[m->activity[i]];
    w->duration[i * LANES + lane] = w->mode[m->activity[i]].duration;
  }
  *end = w->plan.makespan;
  return true;
}

bool clx_risk_policy(const clx_risk_model *m, clx_risk_space *w, int32_t count, double *end) {
  for (int32_t lane = 0; lane < count; lane++)
    if (!(m->is_lean ? lean_sample : rich_sample)(m, w, lane, &end[lane])) return false;
  return true;
}

// --- making ----------------------------------------------------------------------------------------------------------------------------------

static clx_status no_memory(clx_error *error) {
  return clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for samples of durations");
}

static bool same_spread(const clx_risk_spread *a, const clx_risk_spread *b) {
  if (a->kind != b->kind) return false;
  const bool lognormal = a->kind == CLX_RISK_LOGNORMAL;
  const double d[3] = {lognormal ? a->mean - b->mean : a->low - b->low,
                       lognormal ? a->sigma - b->sigma : a->likely - b->likely, lognormal ? 0 : a->high - b->high};
  return !(fabs(d[0]) > 0 || fabs(d[1]) > 0 || fabs(d[2]) > 0);
}

// Equal spreads share a table: what is looked up stays in the cache.
static clx_status make_tables(const clx_risk_spec *s, clx_arena *arena, clx_risk_model *m, clx_error *error) {
  int32_t *owner = CLX_NEW_ARRAY(arena, int32_t, m->n + 1);
  m->table = CLX_NEW_ARRAY(arena, clx_risk_table, m->n + 1);
  m->delay = CLX_NEW_ARRAY(arena, clx_risk_table, s->event_count + 1);
  if (owner == NULL || m->table == NULL || m->delay == NULL) return no_memory(error);
  for (int32_t i = 0; i < m->n; i++) {
    const clx_risk_spread *of = &s->spread[m->activity[i]];
    const char *name = s->project->activity[m->activity[i]].name;
    if (of->kind < CLX_RISK_FIXED || of->kind > CLX_RISK_LOGNORMAL || of->factor < -1 || of->factor >= s->factor_count)
      return clx_fail_plain(
          error, CLX_INPUT,
          "'%s': a spread of kind %d with factor %d, expected kinds 0 to 3 and one of %d factors or -1", name, of->kind,
          of->factor, s->factor_count);
    m->factor[i] = of->factor;
    m->table_of[i] = -1;
    if (of->kind == CLX_RISK_FIXED) continue;
    int32_t k = 0;
    while (k < m->table_count && !same_spread(of, &s->spread[owner[k]])) k++;
    if (k == m->table_count) {
      CLX_TRY(clx_risk_table_make(of, &m->table[k], error, name));
      owner[m->table_count++] = m->activity[i];
    }
    m->table_of[i] = k;
  }
  for (int32_t k = 0; k < s->factor_count; k++)
    if (!(s->factor[k].sigma >= 0 && s->factor[k].sigma <= 3))
      return clx_fail_plain(error, CLX_INPUT, "factor '%s': sigma %g, expected 0 to 3", s->factor[k].name,
                            s->factor[k].sigma);
  for (int32_t k = 0; k < s->event_count; k++) {
    const clx_risk_event *e = &s->event[k];
    if (!(e->probability >= 0 && e->probability <= 1) || e->activity < 0 || e->activity >= m->n)
      return clx_fail_plain(error, CLX_INPUT,
                            "disruption '%s': probability %g, activity %d, expected 0 to 1 and one of %d activities",
                            e->name, e->probability, e->activity, m->n);
    const clx_risk_spread spread = {CLX_RISK_TRIANGULAR, e->low, e->likely, e->high, 0, 0, -1};
    CLX_TRY(clx_risk_table_make(&spread, &m->delay[k], error, e->name));
  }
  return CLX_OK;
}

// The order of a lean model is topological, and its links by end stand in the order of the project's.
static bool make_network(const clx_project *p, const clx_project_plan *plan, clx_arena *arena, clx_risk_model *m) {
  m->first = CLX_NEW_ARRAY(arena, int32_t, m->n + 2);
  m->link = CLX_NEW_ARRAY(arena, clx_risk_link, p->link_count + 1);
  if (m->first == NULL || m->link == NULL) return false;
  for (int32_t k = 0; k < p->link_count; k++) m->first[m->place[p->link[k].to] + 2]++;
  for (int32_t i = 2; i < m->n + 2; i++) m->first[i] += m->first[i - 1];
  for (int32_t k = 0; k < p->link_count; k++) {
    const clx_project_link *l = &p->link[k];
    m->link[m->first[m->place[l->to] + 1]++] =
        (clx_risk_link){.from = m->place[l->from],
                        .lag = l->least,
                        .ends = l->kind == CLX_PROJECT_FS || l->kind == CLX_PROJECT_FF,
                        .finishes = l->kind == CLX_PROJECT_FF || l->kind == CLX_PROJECT_SF};
  }
  for (int32_t i = 0; i < m->n; i++) {
    const clx_project_activity *a = &p->activity[m->activity[i]];
    m->base[i] = a->mode[plan != NULL ? plan->mode[m->activity[i]] : 0].duration;
    m->release[i] = a->release;
  }
  return true;
}

// The project with one mode each, and durations so long that no sample in a million is longer: for horizons.
static clx_status make_copy(const clx_risk_spec *s, clx_arena *arena, clx_project *copy, clx_project_mode **modes,
                            clx_error *error) {
  const clx_project *p = s->project;
  clx_project_activity *a = CLX_NEW_ARRAY(arena, clx_project_activity, p->activity_count + 1);
  clx_project_mode *mode = *modes = CLX_NEW_ARRAY(arena, clx_project_mode, p->activity_count + 1);
  if (a == NULL || mode == NULL) return no_memory(error);
  for (int32_t i = 0; i < p->activity_count; i++) {
    const clx_risk_spread *of = &s->spread[i];
    a[i] = p->activity[i];
    mode[i] = p->activity[i].mode[s->plan != NULL ? s->plan->mode[i] : 0];
    a[i].mode = &mode[i];
    a[i].mode_count = 1;
    double most = of->kind == CLX_RISK_FIXED       ? 1
                  : of->kind == CLX_RISK_LOGNORMAL ? of->mean * exp(3 * of->sigma)
                                                   : of->high;
    if (of->factor >= 0 && of->factor < s->factor_count) most *= exp(3 * s->factor[of->factor].sigma);
    double longest = ceil(mode[i].duration * (most > 1 ? most : 1));
    for (int32_t k = 0; k < s->event_count; k++) longest += s->event[k].activity == i ? s->event[k].high : 0;
    mode[i].duration = whole_units(longest);
  }
  *copy = *p;
  copy->activity = a;
  return CLX_OK;
}

static clx_status make_policy(const clx_risk_spec *s, clx_arena *arena, clx_risk_model *m, clx_error *error) {
  clx_project_mode *modes;
  CLX_TRY(make_copy(s, arena, &m->copy, &modes, error));
  m->is_lean = clx_lean_fits(&m->copy);
  m->key = CLX_NEW_ARRAY(arena, int32_t, m->n + 1);
  if (m->key == NULL) return no_memory(error);
  memcpy(m->key, s->plan->start, (size_t)m->n * sizeof *m->key);
  return CLX_OK;
}

clx_status clx_risk_model_make(const clx_risk_spec *s, clx_arena *arena, clx_risk_model *m, clx_error *error) {
  const clx_project *p = s->project;
  *m = (clx_risk_model){.spec = s, .n = p->activity_count, .policy = s->plan != NULL};
  for (int32_t k = 0; k < p->link_count; k++)
    if (p->link[k].most != CLX_PROJECT_NONE)
      return clx_fail_plain(
          error, CLX_INPUT,
          "the link from '%s' to '%s' has a maximum lag, which no policy keeps when durations are drawn",
          p->activity[p->link[k].from].name, p->activity[p->link[k].to].name);
  for (int32_t i = 0; i < p->activity_count && s->plan == NULL; i++)
    if (p->activity[i].calendar != CLX_PROJECT_NONE)
      return clx_fail_plain(error, CLX_INPUT,
                            "activity '%s' has a calendar: expected a plan, whose order the policy takes",
                            p->activity[i].name);
  m->place = CLX_NEW_ARRAY(arena, int32_t, m->n + 1);
  m->base = CLX_NEW_ARRAY(arena, double, m->n + 1);
  m->release = CLX_NEW_ARRAY(arena, double, m->n + 1);
  m->table_of = CLX_NEW_ARRAY(arena, int32_t, m->n + 1);
  m->factor = CLX_NEW_ARRAY(arena, int32_t, m->n + 1);
  if (m->place == NULL || m->base == NULL || m->release == NULL || m->table_of == NULL || m->factor == NULL)
    return no_memory(error);
  if (m->policy) CLX_TRY(make_policy(s, arena, m, error));
  clx_project links = m->policy ? m->copy : *p;
  if (!m->policy || !m->is_lean) links.resource_count = 0;  // the lean model is used for its order alone
  CLX_TRY(clx_lean_order(&links, arena, &m->activity, error));
  for (int32_t i = 0; i < m->n; i++) m->place[m->activity[i]] = i;
  if (m->policy && m->is_lean) CLX_TRY(clx_lean_make(&m->copy, NULL, arena, &m->lean, error));
  if (!make_network(p, s->plan, arena, m)) return no_memory(error);
  return make_tables(s, arena, m, error);
}

// --- work space ------------------------------------------------------------------------------------------------------------------------------

// Lean numbers by start in the plan, then by number: topological.
static void sort_by_plan(const clx_risk_model *m, int32_t *order) {
  for (int32_t k = 0; k < m->n; k++) {
    const int32_t key = m->key[m->lean.activity[k]];
    int32_t at = k;
    for (; at > 0 && m->key[m->lean.activity[order[at - 1]]] > key; at--) order[at] = order[at - 1];
    order[at] = k;
  }
}

static clx_status make_lean_space(const clx_risk_model *m, clx_arena *arena, clx_risk_space *w, clx_error *error) {
  const size_t words = (size_t)m->lean.horizon * (size_t)m->lean.words;
  w->lean = m->lean;
  w->lean.duration = CLX_NEW_ARRAY(arena, int32_t, m->n + 1);
  w->lean.pred.lag = CLX_NEW_ARRAY(arena, int32_t, m->lean.pred.first[m->n] + 1);
  w->order = CLX_NEW_ARRAY(arena, int32_t, m->n + 1);
  w->begin = CLX_NEW_ARRAY(arena, int32_t, m->n + 1);
  w->room = CLX_NEW_ARRAY(arena, uint64_t, words);
  if (w->lean.duration == NULL || w->lean.pred.lag == NULL || w->order == NULL || w->begin == NULL || w->room == NULL)
    return no_memory(error);
  memcpy(w->room, m->lean.capacity, words * sizeof *w->room);
  sort_by_plan(m, w->order);
  return CLX_OK;
}

clx_status clx_risk_space_make(const clx_risk_model *m, clx_arena *arena, clx_risk_space *w, clx_error *error) {
  const size_t cells = (size_t)m->n * LANES;
  *w = (clx_risk_space){.duration = CLX_NEW_ARRAY(arena, double, cells),
                        .start = CLX_NEW_ARRAY(arena, double, cells),
                        .finish = CLX_NEW_ARRAY(arena, double, cells),
                        .factor = CLX_NEW_ARRAY(arena, double, (size_t)(m->spec->factor_count + 1) * LANES),
                        .whole = CLX_NEW_ARRAY(arena, int32_t, m->n + 1)};
  if (w->duration == NULL || w->start == NULL || w->finish == NULL || w->factor == NULL || w->whole == NULL)
    return no_memory(error);
  if (!m->policy) return CLX_OK;
  if (m->is_lean) return make_lean_space(m, arena, w, error);
  CLX_TRY(make_copy(m->spec, arena, &w->copy, &w->mode, error));
  CLX_TRY(clx_project_plan_new(&w->copy, arena, &w->plan, error));
  return clx_rich_make(&w->copy, 1, arena, &w->rich, error);
}
