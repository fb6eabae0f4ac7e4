// One history: works are done, needs are given, GPUs are delivered, installed, started, brought up, used.
#include <math.h>
#include <string.h>

#include "buildout/buildout_internal.h"

// No duration that is drawn is longer, units.
static double longest_of(const clx_buildout *b, const clx_project_plan *plan, int32_t i) {
  const clx_three *way = &b->way[i][plan->mode[i]];
  double longest = way->middle * clx_driver_value(&b->driver[i], CLX_Z_MOST);
  if (b->factor_of[i] >= 0) longest *= clx_driver_value(&b->driver[b->factor_at + b->factor_of[i]], CLX_Z_MOST);
  for (int32_t e = 0; e < b->spec->event_count; e++) {
    const clx_three *d = &b->event[e].delay;
    if (b->event[e].work == i)
      longest += d->middle * exp(log(d->high / d->middle) * CLX_Z_MOST / CLX_Z90) / b->project.unit;
  }
  return ceil(longest) + 1;
}

static bool new_curves(clx_history *h) {
  clx_curve *const list[] = {&h->delivered, &h->goal,    &h->rate,    &h->installed, &h->carried,  &h->front,
                             &h->started,   &h->brought, &h->held,    &h->usable,    &h->spare[0], &h->spare[1],
                             &h->spare[2],  &h->need[0], &h->need[1], &h->need[2],   &h->need[3]};
  for (int32_t k = 0; k < CLX_COUNT(list); k++) list[k]->arena = h->arena;
  for (int32_t n = 0; n < CLX_BUILDOUT_NEEDS; n++) {
    int32_t count = 0;
    for (int32_t g = 0; g < h->b->giving_count; g++) count += h->b->giving[g].need == n;
    h->step[n] = CLX_NEW_ARRAY(h->arena, clx_step_now, count + 1);
    if (h->step[n] == NULL) return false;
  }
  return true;
}

static double in_waves(const clx_buildout *b, double gpus) {
  const double wave = b->spec->wave;
  return wave > 0 ? fmin(ceil(gpus / wave - 1e-9) * wave, b->total) : gpus;
}

clx_status clx_history_new(const clx_buildout *b, const clx_project_plan *plan, clx_arena *arena, clx_history *out,
                           clx_error *error) {
  const int32_t n = b->project.activity_count;
  clx_history *h = out;
  *h = (clx_history){.b = b,
                     .arena = arena,
                     .plan = plan,
                     .duration = CLX_NEW_ARRAY(arena, double, n + 1),
                     .begin = CLX_NEW_ARRAY(arena, double, n + 1),
                     .end = CLX_NEW_ARRAY(arena, double, n + 1),
                     .series = CLX_NEW_ARRAY(arena, double, b->input->source.periods + 1),
                     .speed = CLX_NEW_ARRAY(arena, double, b->cohort_count + 1)};
  double *longest = CLX_NEW_ARRAY(arena, double, n + 1);
  if (h->duration == NULL || h->begin == NULL || h->end == NULL || h->series == NULL || h->speed == NULL ||
      longest == NULL || !new_curves(h))
    return clx_fail_plain(error, CLX_MEMORY, "buildout: out of memory for a history");
  h->level = in_waves(b, b->first);
  h->most = in_waves(b, b->total * b->spec->full);
  if (n == 0 || b->bounded) return CLX_OK;
  for (int32_t i = 0; i < n && plan != NULL; i++) longest[i] = longest_of(b, plan, i);
  return clx_risk_player_new(&b->project, plan, longest, arena, &h->player, error);
}

// --- works -------------------------------------------------------------------------------------------------------------------------------

static clx_status play_works(clx_history *h, const clx_draw *draw, clx_error *error) {
  const clx_buildout *b = h->b;
  const double unit = b->project.unit;
  const int32_t n = b->project.activity_count;
  for (int32_t i = 0; i < n && b->bounded; i++) {
    h->begin[i] = h->plan->start[i] * unit;
    h->end[i] = h->plan->finish[i] * unit;
  }
  if (n == 0 || b->bounded) return CLX_OK;
  for (int32_t i = 0; i < n; i++) {
    h->duration[i] = b->way[i][h->plan != NULL ? h->plan->mode[i] : 0].middle * draw->x[i];
    if (b->factor_of[i] >= 0) h->duration[i] *= draw->x[b->factor_at + b->factor_of[i]];
  }
  for (int32_t e = 0; e < b->spec->event_count; e++)
    if (b->event[e].work >= 0 && draw->happens[e]) h->duration[b->event[e].work] += draw->delay[e] / unit;
  if (!clx_risk_play(h->player, h->duration, h->begin, h->end))
    return clx_fail_plain(error, CLX_INFEASIBLE,
                          "replica %d: crews, stocks and calendars do not let the works end before the horizon of the "
                          "plan; tails of the spreads are too long for it",
                          draw->replica);
  for (int32_t i = 0; i < n; i++) {
    h->begin[i] *= unit;
    h->end[i] *= unit;
  }
  return CLX_OK;
}

// --- needs -------------------------------------------------------------------------------------------------------------------------------

// False: it does not happen.
static bool time_of(const clx_history *h, const clx_draw *draw, const clx_giving *g, double *time) {
  if (g->kind == CLX_BUILDOUT_EVENT && !draw->happens[g->index]) return false;
  *time = g->kind == CLX_BUILDOUT_WORK    ? h->end[g->index]
          : g->kind == CLX_BUILDOUT_EVENT ? fmax(h->b->event[g->index].at + draw->x[g->driver], 0) + g->time
          : g->kind == CLX_BUILDOUT_STEP  ? fmax(g->time + draw->x[g->driver], 0)
                                          : g->time;
  return true;
}

static void play_need(clx_history *h, const clx_draw *draw, int32_t need) {
  const clx_buildout *b = h->b;
  clx_step_now *step = h->step[need];
  clx_curve *curve = &h->need[need];
  int32_t count = 0;
  clx_curve_clear(curve);
  if (!b->limits[need]) {
    h->step_count[need] = 0;
    clx_curve_add(curve, 0, b->total, 0, need);
    return;
  }
  for (int32_t g = 0; g < b->giving_count; g++) {
    double at;
    if (b->giving[g].need != need || !time_of(h, draw, &b->giving[g], &at)) continue;
    int32_t k = count++;
    for (; k > 0 && step[k - 1].at > at; k--) step[k] = step[k - 1];
    step[k] = (clx_step_now){.at = at, .amount = b->giving[g].amount, .giving = g};
  }
  double sum = 0;
  clx_curve_add(curve, 0, 0, 0, need);
  for (int32_t k = 0; k < count; k++) {
    sum += step[k].amount;
    step[k].carries = clx_buildout_carries(b, need, sum);
    // What ten steps sum to may miss the whole by a rounding.
    if (step[k].carries > b->total * (1 - 1e-12)) step[k].carries = b->total;
    clx_curve_add(curve, step[k].at, step[k].carries, 0, need);
  }
  h->step_count[need] = count;
}

// --- deliveries --------------------------------------------------------------------------------------------------------------------------

// Adds a lot to `a`, into `out`.
static void add_lot(const clx_curve *a, double from, double until, double gpus, clx_curve *lot, clx_curve *out) {
  clx_curve_clear(lot);
  if (from > 0) clx_curve_add(lot, 0, 0, 0, CLX_BUILDOUT_DELIVERY);
  if (until > from) clx_curve_add(lot, from, 0, gpus / (until - from), CLX_BUILDOUT_DELIVERY);
  clx_curve_add(lot, until, gpus, 0, CLX_BUILDOUT_DELIVERY);
  clx_curve_sum(a, lot, out);
}

static void add_source(clx_history *h, const clx_draw *draw) {
  const clx_buildout_source *s = &h->b->input->source;
  clx_curve *c = &h->spare[0];
  double before = 0;
  clx_curve_clear(c);
  clx_curve_add(c, 0, 0, 0, CLX_BUILDOUT_DELIVERY);
  if (s->periods == 0) return;
  if (draw->series != NULL)
    memcpy(h->series, draw->series, (size_t)s->periods * sizeof *h->series);
  else
    s->fill(s->of, draw->replica, h->series);
  for (int32_t k = 0; k < s->periods; k++) {
    const double from = s->start + k * s->length, gpus = h->series[k], slope = (gpus - before) / s->length;
    if (from + s->length > 0) {
      if (from < 0)
        clx_curve_add(c, 0, before - from * slope, slope, CLX_BUILDOUT_DELIVERY);
      else
        clx_curve_add(c, from, before, slope, CLX_BUILDOUT_DELIVERY);
    }
    before = gpus;
  }
  clx_curve_add(c, fmax(s->start + s->periods * s->length, 0), before, 0, CLX_BUILDOUT_DELIVERY);
}

static void play_deliveries(clx_history *h, const clx_draw *draw) {
  const clx_buildout *b = h->b;
  if (!b->delivers) {
    clx_curve_clear(&h->delivered);
    clx_curve_add(&h->delivered, 0, b->total, 0, CLX_BUILDOUT_DELIVERY);
    return;
  }
  add_source(h, draw);
  clx_curve *now = &h->spare[0], *other = &h->spare[1];
  for (int32_t k = 0; k < b->spec->lot_count; k++) {
    const double late = fmax(draw->x[b->lot_at + k], -b->lot[k].from);
    add_lot(now, b->lot[k].from + late, b->lot[k].until + late, b->lot[k].gpus, &h->spare[2], other);
    clx_curve *swap = now;
    now = other;
    other = swap;
  }
  for (int32_t e = 0; e < b->spec->event_count; e++) {
    if (b->spec->event[e].kind != CLX_BUILDOUT_EVENT_DELIVERIES || !draw->happens[e]) continue;
    clx_curve_delay(now, fmax(b->event[e].at + draw->x[b->event_at + e], 0), draw->delay[e], other);
    clx_curve *swap = now;
    now = other;
    other = swap;
  }
  clx_curve_clear(&h->spare[2]);
  clx_curve_add(&h->spare[2], 0, b->total, 0, CLX_BUILDOUT_DELIVERY);
  clx_curve_min(now, &h->spare[2], &h->delivered);
}

// --- installation and bring-up -----------------------------------------------------------------------------------------------------------

static void play_installation(clx_history *h, const clx_draw *draw) {
  const clx_buildout *b = h->b;
  clx_curve_min(&h->delivered, &h->need[CLX_BUILDOUT_ROOM], &h->goal);
  if (!b->limited) {
    clx_curve_rise(&h->goal, &h->installed);
    return;
  }
  const clx_curve *rate = &b->rate;
  clx_curve *other = &h->spare[0];
  for (int32_t e = 0; e < b->spec->event_count; e++) {
    const clx_buildout_event *v = &b->spec->event[e];
    if (v->kind != CLX_BUILDOUT_EVENT_INSTALL || !draw->happens[e]) continue;
    const double at = fmax(b->event[e].at + draw->x[b->event_at + e], 0);
    clx_curve_scale(rate, at, v->lasts > 0 ? at + v->lasts : INFINITY, v->share, other);
    rate = other;
    other = other == &h->spare[0] ? &h->spare[1] : &h->spare[0];
  }
  for (int32_t c = 0; c < b->cohort_count; c++)
    h->speed[c] = b->per_rack[c] * b->install.middle * draw->x[b->install_at];
  clx_curve_follow(&h->goal, rate, b->edge, h->speed, b->cohort_count, CLX_BUILDOUT_INSTALL, &h->installed);
}

// A share f of racks fails each time: of what starts, (1 - f) f^k is through after k repairs. The unluckiest of n racks needs no more than k with
// probability (1 - f^(k+1))^n; the history's quantile of that is the last round, with which all that is left comes.
static void play_rounds(clx_history *h, const clx_draw *draw) {
  const clx_buildout *b = h->b;
  const double f = b->spec->bring_up.failed;
  h->burn_in = b->burn_in.middle * draw->x[b->burn_in_at];
  h->repair = f > 0 ? b->repair.middle * draw->x[b->repair_at] : 0;
  const double want = log(draw->rounds);
  double left = 1;
  h->rounds = 0;
  for (double again = f;; again *= f) {
    const bool last = f <= 0 || h->rounds + 1 == CLX_ROUNDS_MAX || b->racks * log1p(-again) >= want;
    h->weight[h->rounds] = last ? left : left * (1 - f);
    h->wait[h->rounds] = h->burn_in + h->rounds * (h->burn_in + h->repair);
    left *= f;
    h->rounds++;
    if (last) return;
  }
}

static void play_use(clx_history *h) {
  const clx_buildout *b = h->b;
  clx_curve_min(&h->need[CLX_BUILDOUT_POWER], &h->need[CLX_BUILDOUT_COOLING], &h->spare[0]);
  clx_curve_min(&h->spare[0], &h->need[CLX_BUILDOUT_NETWORK], &h->carried);
  clx_curve_min(&h->carried, &h->installed, &h->front);
  clx_curve_rise(&h->front, &h->started);
  clx_curve_mix(&h->started, h->weight, h->wait, h->rounds, &h->brought);
  clx_curve_min(&h->carried, &h->need[CLX_BUILDOUT_ROOM], &h->held);
  if (b->spec->wave > 0) {
    clx_curve_min(&h->brought, &h->held, &h->spare[0]);
    clx_curve_wholes(&h->spare[0], b->spec->wave, b->total, &h->usable);
  } else {
    clx_curve_min(&h->brought, &h->held, &h->usable);
  }
}

double clx_history_milestone(const clx_history *h, int32_t milestone) {
  const double wanted = h->b->wanted[milestone];
  if (!(h->b->spec->milestone[milestone].supplied > 0)) return clx_curve_first(&h->usable, in_waves(h->b, wanted));
  double sum = 0;
  for (int32_t k = 0; k < h->step_count[CLX_BUILDOUT_POWER]; k++) {
    const clx_step_now *step = &h->step[CLX_BUILDOUT_POWER][k];
    sum += step->amount;
    if (sum >= wanted * (1 - 1e-12)) return step->at;  // what ten steps sum to may miss the whole by a rounding
  }
  return INFINITY;
}

static bool failed(const clx_history *h) {
  const clx_curve *const list[] = {&h->delivered, &h->goal,    &h->installed, &h->carried,  &h->front,    &h->started,
                                   &h->brought,   &h->held,    &h->usable,    &h->spare[0], &h->spare[1], &h->spare[2],
                                   &h->need[0],   &h->need[1], &h->need[2],   &h->need[3]};
  for (int32_t k = 0; k < CLX_COUNT(list); k++)
    if (list[k]->failed) return true;
  return false;
}

clx_status clx_history_play(clx_history *h, const clx_draw *draw, clx_error *error) {
  CLX_TRY(play_works(h, draw, error));
  for (int32_t n = 0; n < CLX_BUILDOUT_NEEDS; n++) play_need(h, draw, n);
  play_deliveries(h, draw);
  play_installation(h, draw);
  play_rounds(h, draw);
  play_use(h);
  if (failed(h)) return clx_fail_plain(error, CLX_MEMORY, "buildout: out of memory for a history");
  h->full = clx_curve_first(&h->usable, h->most);
  h->first = clx_curve_first(&h->usable, h->level);
  return CLX_OK;
}
