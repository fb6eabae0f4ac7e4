// Names what a buildout found.
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "twin/twin_buildout.h"
#include "twin/twin_internal.h"

static const double DAY = 86400;
static const double LAST = 253402300800;  // s since 1970: the year 10000

typedef struct putter {
  const clx_twin_buildout *b;
  clx_result *result;
  clx_error *error;
  char head[96];  // of names, without "buildout."
} putter;

// --- tools -------------------------------------------------------------------------------------------------------------------

static const char *name_of(const putter *p, const char *name, char full[192]) {
  snprintf(full, 192, "buildout.%s%s", p->head, name);
  return full;
}

static clx_status put(const putter *p, const char *name, double value, const char *unit, const char *doc) {
  char full[192];
  return clx_result_add(p->result, name_of(p, name, full), value, unit, value, value, doc, p->error);
}

static clx_status put_between(const putter *p, const char *name, double value, double low, double high,
                              const char *unit, const char *doc) {
  char full[192];
  return clx_result_add(p->result, name_of(p, name, full), value, unit, low, high, doc, p->error);
}

static clx_status put_text(const putter *p, const char *name, const char *text) {
  char full[192];
  return clx_result_add_text(p->result, name_of(p, name, full), text, p->error);
}

static clx_status put_date(const putter *p, const char *name, double time) {
  char text[CLX_TIME_TEXT];
  clx_time_write(p->b->start + time, false, text);
  return put_text(p, name, p->b->start + time < LAST ? text : "after 9999");
}

static void set_head(putter *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void set_head(putter *p, const char *format, ...) {
  va_list values;
  va_start(values, format);
  vsnprintf(p->head, sizeof p->head, format, values);
  va_end(values);
}

// --- dates -------------------------------------------------------------------------------------------------------------------

// Where fewer than nine in ten reach it, the band ends at the horizon, without a date; where fewer than half do, there is none.
static clx_status put_reach(putter *p, const char *name, const clx_buildout_band *band, const char *doc) {
  const int32_t replicas = p->b->result.replicas;
  const double middle = replicas > 0 ? band->p50 : band->plain, high = replicas > 0 ? band->p90 : band->plain,
               p80 = replicas > 0 ? band->p80 : band->plain, end = p->b->result.series.days * DAY;
  set_head(p, "%s.", name);
  CLX_TRY(put(p, "reached", replicas > 0 ? band->reached : isfinite(middle), "",
              "share of the replicas that reach it within the horizon"));
  if (!isfinite(middle))
    return clx_result_warn(p->result, p->error, "buildout: %s is reached in only %.0f %% of the replicas", doc,
                           100 * (replicas > 0 ? band->reached : 0));
  if (!isfinite(high)) {
    CLX_TRY(clx_result_warn(p->result, p->error,
                            "buildout: %s is reached in %.1f %% of the replicas; its band ends at the horizon", doc,
                            100 * band->reached));
  }
  p->head[0] = '\0';
  CLX_TRY(put_between(p, name, middle, replicas > 0 ? band->p10 : middle, isfinite(high) ? high : fmax(end, middle),
                      "s", doc));
  set_head(p, "%s.", name);
  CLX_TRY(put(p, "p50", middle, "s", "half of the replicas reach it before"));
  if (isfinite(p80)) CLX_TRY(put(p, "p80", p80, "s", "eight in ten do"));
  if (isfinite(band->plain)) CLX_TRY(put(p, "plain", band->plain, "s", "without chance: every number at its middle"));
  CLX_TRY(put_date(p, "date", middle));
  CLX_TRY(put_date(p, "date_low", replicas > 0 ? band->p10 : middle));
  return isfinite(high) ? put_date(p, "date_high", high) : CLX_OK;
}

static double gpu_days_until(const clx_buildout_series *s, double days) {
  const int32_t at = (int32_t)fmin(days, s->days);
  return s->gpu_days[at];
}

// Racks put on the floor in the fullest week, mean over the replicas.
static double busiest_week(const clx_twin_buildout *b) {
  enum { WEEK = 7 };
  const clx_buildout_series *s = &b->result.series;
  double most = 0, racks = 0;
  for (int32_t i = 0; i < b->input.cohort_count; i++) racks += b->input.cohort[i].gpus / b->input.cohort[i].per_rack;
  for (int32_t d = WEEK; d <= s->days; d++) {
    const double before = s->undelivered[d - WEEK] + s->uninstalled[d - WEEK];
    most = fmax(most, before - s->undelivered[d] - s->uninstalled[d]);
  }
  return most * racks / b->result.gpus;
}

static clx_status put_sums(putter *p) {
  static const double YEAR = 365;
  const clx_buildout_result *r = &p->b->result;
  CLX_TRY(put_date(p, "start", 0));
  CLX_TRY(put(p, "gpus_total", r->gpus, "", "GPUs of the fleet"));
  CLX_TRY(put(p, "first", r->first, "", "GPUs with which training starts"));
  CLX_TRY(put(p, "replicas", r->replicas, "", "with chance"));
  CLX_TRY(put_reach(p, "first_training", &r->first_training, "first training"));
  CLX_TRY(put_reach(p, "full_capacity", &r->full_capacity, "full capacity"));
  p->head[0] = '\0';
  CLX_TRY(put(p, "works", r->work_count, "", "in the plan"));
  CLX_TRY(put(p, "racks_per_week", busiest_week(p->b), "", "put on the floor in the fullest week, mean"));
  return put(p, "gpu_days", DAY * gpu_days_until(&r->series, YEAR), "GPU*s",
             "GPU-time of the first 365 days, or of the horizon if that is shorter, mean");
}

static clx_status put_milestones(putter *p) {
  const clx_buildout_result *r = &p->b->result;
  for (int32_t i = 0; i < r->milestone_count; i++) {
    char name[96], doc[160], amount[48];
    const clx_buildout_milestone *m = &p->b->spec.milestone[i];
    const double value = m->supplied > 0 ? m->supplied : m->drawn > 0 ? m->drawn : m->gpus;
    clx_quantity_format(value, m->gpus > 0 ? "" : "W", m->gpus > 0 ? 12 : 4, amount, sizeof amount);
    snprintf(name, sizeof name, "milestone.%.60s", m->name);
    snprintf(doc, sizeof doc,
             m->supplied > 0 ? "%s at the site"
             : m->drawn > 0  ? "%s drawn at full load"
                             : "%s GPUs",
             amount);
    CLX_TRY(put_reach(p, name, &r->milestone[i].time, doc));
    set_head(p, "%s.", name);
    CLX_TRY(put_text(p, "what", doc));
    set_head(p, "milestone_%d.", i + 1);
    CLX_TRY(put_text(p, "name", m->name));
  }
  p->head[0] = '\0';
  return CLX_OK;
}

static clx_status put_by(putter *p) {
  const clx_buildout_result *r = &p->b->result;
  for (int32_t i = 0; i < r->by_count; i++) {
    const clx_buildout_by *by = &r->by[i];
    const clx_buildout_band *g = &by->gpus, *d = &by->gpu_days;
    const bool chance = r->replicas > 0;
    set_head(p, "gpus_by.");
    CLX_TRY(put_between(p, by->date, chance ? g->p50 : g->plain, chance ? g->p10 : g->plain, chance ? g->p90 : g->plain,
                        "", "GPUs that can be used then"));
    set_head(p, "gpu_days_by.");
    CLX_TRY(put_between(p, by->date, DAY * (chance ? d->p50 : d->plain), DAY * (chance ? d->p10 : d->plain),
                        DAY * (chance ? d->p90 : d->plain), "GPU*s", "GPU-time until then"));
  }
  p->head[0] = '\0';
  return CLX_OK;
}

// --- by month ----------------------------------------------------------------------------------------------------------------

// Day after the last of which anything is worth showing: everything is there in nine replicas of ten, and a week.
static int32_t last_day(const clx_buildout_result *r) {
  enum { WEEK = 7 };
  int32_t d = 0;
  while (d < r->series.days && r->series.p10[d] < r->gpus * (1 - 1e-9)) d++;
  return d + WEEK < r->series.days ? d + WEEK : r->series.days;
}

static clx_status put_month(putter *p, const char *month, int32_t from, int32_t to) {
  const clx_buildout_series *s = &p->b->result.series;
  int32_t most = 0;
  double share[CLX_BUILDOUT_CAUSES + 1] = {0};
  set_head(p, "month.%s.", month);
  double low = s->p10[to], middle = s->p50[to], high = s->p90[to], mean = s->mean[to];
  for (int32_t m = 0; m < s->months; m++) {
    if (s->month_day[m] != to) continue;
    low = s->month_p10[m];
    middle = s->month_p50[m];
    high = s->month_p90[m];
    mean = s->month_mean[m];
  }
  CLX_TRY(put_between(p, "gpus", middle, low, high, "", "GPUs that can be used at its end"));
  CLX_TRY(put(p, "power", clx_buildout_watts(p->b->buildout, mean), "W",
              "of the site with the mean of these at full load"));
  for (int32_t k = 0; k <= CLX_BUILDOUT_CAUSES; k++) {
    for (int32_t d = from; d <= to; d++) share[k] += s->share[k][d] / (to - from + 1);
    if (share[k] > share[most]) most = k;
  }
  CLX_TRY(put_text(p, "cause", clx_buildout_cause_name[most]));
  for (int32_t k = 0; k <= CLX_BUILDOUT_CAUSES; k++) {
    char name[48];
    if (!(share[k] > 0)) continue;
    snprintf(name, sizeof name, "cause.%s", clx_buildout_cause_name[k]);
    CLX_TRY(put(p, name, share[k], "", "share of its days and of the replicas"));
  }
  return CLX_OK;
}

static clx_status put_months(putter *p) {
  const clx_buildout_result *r = &p->b->result;
  const int32_t last = last_day(r);
  int32_t from = 0;
  char month[CLX_TIME_TEXT], next[CLX_TIME_TEXT];
  // The state at index d is that at the end of day d - 1.
  for (int32_t d = 0; d <= last; d++) {
    clx_time_write(p->b->start + (d - 0.5) * DAY, false, month);
    clx_time_write(p->b->start + (d + 0.5) * DAY, false, next);
    if (d < last && memcmp(month, next, 7) == 0) continue;
    if (d == 0) continue;
    month[7] = '\0';
    CLX_TRY(put_month(p, month, from > 0 ? from : 1, d));
    from = d + 1;
  }
  p->head[0] = '\0';
  return CLX_OK;
}

// --- what decides --------------------------------------------------------------------------------------------------------------

// Works beside the chain that end when one on it does, and delay as much.
static clx_status put_ties(const putter *p, const clx_buildout_chain *chain, const clx_buildout_link *l) {
  const clx_buildout_result *r = &p->b->result;
  clx_buffer text = {0};
  for (const clx_buildout_link *k = chain->link; k < l; k++)  // said there
    if (k->kind == CLX_BUILDOUT_WORK && fabs(k->to - l->to) <= 1) return CLX_OK;
  for (int32_t i = 0; i < r->work_count && l->kind == CLX_BUILDOUT_WORK; i++) {
    bool on = !r->work[i].tied || fabs(r->work[i].finish - l->to) > 1;
    for (int32_t k = 0; k < chain->count && !on; k++)
      on = chain->link[k].kind == CLX_BUILDOUT_WORK && chain->link[k].index == i;
    if (!on) clx_buffer_format(&text, "%s%s", text.length > 0 ? ", " : "", r->work[i].name);
  }
  const clx_status status = text.length > 0 ? put_text(p, "ties", text.data) : CLX_OK;
  clx_buffer_free(&text);
  return status;
}

static clx_status put_chain(putter *p, const clx_buildout_chain *chain, const char *fact, bool links) {
  clx_buffer text = {0};
  for (int32_t i = 0; i < chain->count; i++) {
    const clx_buildout_link *l = &chain->link[i];
    char from[CLX_TIME_TEXT], to[CLX_TIME_TEXT];
    clx_time_write(p->b->start + l->from, false, from);
    clx_time_write(p->b->start + l->to, false, to);
    clx_buffer_format(&text, "%s%s (%s to %s)", i > 0 ? ", then " : "", l->name, from, to);
    if (!links) continue;
    set_head(p, "path_%d.", i + 1);
    CLX_TRY(put_text(p, "name", l->name));
    CLX_TRY(put_text(p, "kind", clx_buildout_kind_name[l->kind]));
    CLX_TRY(put_ties(p, chain, l));
    CLX_TRY(put(p, "from", l->from, "s", "from then on this is waited for"));
    CLX_TRY(put(p, "to", l->to, "s", "until then"));
  }
  p->head[0] = '\0';
  const bool failed = text.failed;
  const clx_status status = chain->count > 0 && !failed ? put_text(p, fact, text.data) : CLX_OK;
  clx_buffer_free(&text);
  return failed ? clx_fail_plain(p->error, CLX_MEMORY, "out of memory") : status;
}

static clx_status put_finite(const putter *p, const char *name, double value, const char *unit, const char *doc) {
  return isfinite(value) ? put(p, name, value + 0.0, unit, doc) : CLX_OK;  // no -0
}

static clx_status put_driver(putter *p, const clx_buildout_driver *d) {
  const bool multiple = d->kind == CLX_BUILDOUT_FACTOR;
  const char *unit = multiple ? "" : d->kind == CLX_BUILDOUT_CREW_RATE ? "1/s" : "s";
  CLX_TRY(put_text(p, "name", d->name));
  CLX_TRY(put_text(p, "kind", clx_buildout_kind_name[d->kind]));
  CLX_TRY(put_finite(p, "low", d->low, unit, "P10 of it"));
  CLX_TRY(put_finite(p, "high", d->high, unit, "P90 of it"));
  CLX_TRY(put(p, "critical", d->critical, "", "share of the replicas in which full capacity waited for it"));
  CLX_TRY(put(p, "critical_first", d->critical_first, "", "share of the replicas in which first training did"));
  CLX_TRY(put_finite(p, "full_low", d->full_low, "s", "full capacity with this at its P10 (an event: without it)"));
  CLX_TRY(put_finite(p, "full_high", d->full_high, "s", "full capacity with this at its P90 (an event: with it)"));
  CLX_TRY(put_finite(p, "first_low", d->first_low, "s", "first training with this at its P10"));
  CLX_TRY(put_finite(p, "first_high", d->first_high, "s", "first training with this at its P90"));
  return put_finite(p, "correlation", d->correlation, "", "with full capacity over the replicas");
}

// Those that change nothing and never bind are left out.
static clx_status put_drivers(putter *p) {
  const clx_buildout_result *r = &p->b->result;
  int32_t shown = 0;
  for (int32_t i = 0; i < r->driver_count; i++) {
    const clx_buildout_driver *d = &r->driver[r->tornado[i]];
    const bool moves = fabs(d->full_high - d->full_low) > 0 || fabs(d->first_high - d->first_low) > 0;
    if (!moves && !(d->critical > 0) && !(d->critical_first > 0)) continue;
    set_head(p, "driver_%d.", ++shown);
    CLX_TRY(put_driver(p, d));
  }
  p->head[0] = '\0';
  return CLX_OK;
}

// A delay that brings a date forward is no gain of its own: said, lest it be read as one.
static clx_status tell_earlier(const putter *p, const clx_buildout_effect *e) {
  static const double TOLD = 0.05 * 86400;  // s
  const bool first = e->first_if < -TOLD, full = e->full_if < -TOLD;
  if (!p->b->result.planned || !(first || full)) return CLX_OK;
  return clx_result_warn(
      p->result, p->error,
      "buildout: where '%s' happens, %s comes earlier in the mean: crews that wait for what it delays "
      "do other works first; the plan makes the last work end early, not the GPUs",
      e->name,
      first && full ? "all"
      : first       ? "first training"
                    : "full capacity");
}

static clx_status put_events(putter *p) {
  const clx_buildout_result *r = &p->b->result;
  for (int32_t i = 0; i < r->effect_count; i++) {
    const clx_buildout_effect *e = &r->effect[i];
    set_head(p, "event_%d.", i + 1);
    CLX_TRY(put_text(p, "name", e->name));
    CLX_TRY(put(p, "happens", e->happens, "", "share of the replicas"));
    CLX_TRY(put(p, "prevents", e->prevents, "", "share of the replicas that never have full capacity for it"));
    CLX_TRY(put(p, "prevents_first", e->prevents_first, "", "share of the replicas that never start training for it"));
    CLX_TRY(put_finite(p, "full", e->full, "s", "full capacity later, mean over all replicas"));
    CLX_TRY(put_finite(p, "first", e->first, "s", "first training later, mean over all replicas"));
    CLX_TRY(put_finite(p, "full_if", e->full_if, "s", "full capacity later where it happens, mean"));
    CLX_TRY(put_finite(p, "first_if", e->first_if, "s", "first training later where it happens, mean"));
    CLX_TRY(tell_earlier(p, e));
  }
  p->head[0] = '\0';
  return CLX_OK;
}

static clx_status put_plan(putter *p) {
  const clx_buildout_result *r = &p->b->result;
  const double longest = r->plan.plan.makespan;
  if (r->work_count == 0) return CLX_OK;
  set_head(p, "plan.");
  CLX_TRY(put(p, "makespan", r->unit * longest, "s", "of the works without chance"));
  CLX_TRY(put(p, "bound", r->unit * r->plan.bound, "s", "no plan of the works is shorter"));
  CLX_TRY(put(p, "gap", longest > 0 ? (longest - r->plan.bound) / longest : 0, "", "share of the makespan"));
  CLX_TRY(put(p, "proved", r->plan.proved, "", "1: no plan of the works is shorter than this one"));
  CLX_TRY(put(p, "cut", r->plan.cut, "",
              "1: the limit in seconds ended the search; another machine may find another plan"));
  p->head[0] = '\0';
  return CLX_OK;
}

static clx_status put_works(putter *p) {
  const clx_buildout_result *r = &p->b->result;
  const bool chance = r->replicas > 0;
  for (int32_t i = 0; i < r->work_count; i++) {
    const clx_buildout_work_row *w = &r->work[i];
    set_head(p, "work_%d.", i + 1);
    CLX_TRY(put_text(p, "name", w->name));
    if (w->phase != NULL) CLX_TRY(put_text(p, "phase", w->phase));
    CLX_TRY(put(p, "start", w->start, "s", "without chance"));
    CLX_TRY(put_between(p, "finish", w->finish, chance ? w->p10 : w->finish, chance ? w->p90 : w->finish, "s",
                        "without chance; P10 and P90"));
    if (p->b->spec.work[i].by != NULL) CLX_TRY(put_text(p, "by", p->b->spec.work[i].by));
    CLX_TRY(put(p, "tied", w->tied, "", "1: without chance any delay of it delays full capacity"));
    CLX_TRY(put(p, "late", w->late, "", "share of the replicas in which it is done after its 'by'"));
    for (int32_t d = 0; d < r->driver_count; d++) {
      const clx_buildout_driver *k = &r->driver[d];
      if (k->kind != CLX_BUILDOUT_WORK || k->index != i) continue;
      CLX_TRY(put(p, "critical", k->critical, "", "share of the replicas in which full capacity waited for it"));
    }
  }
  p->head[0] = '\0';
  return CLX_OK;
}

// --- series --------------------------------------------------------------------------------------------------------------------

static clx_status put_series(const putter *p, const char *name, const char *unit, const double *y, const double *x,
                             int32_t count) {
  char full[192];
  return clx_result_add_series(p->result, name_of(p, name, full), unit, y, "time", "s", x, count, p->error);
}

// Probability over time: so many points of the replicas that reach it.
static clx_status put_curve(const putter *p, const char *name, const clx_buildout_band *band, double *x, double *y) {
  enum { POINTS = 101 };
  const int32_t replicas = p->b->result.replicas;
  int32_t count = 0;
  for (int32_t i = 0; i < POINTS && band->sample != NULL; i++) {
    const int32_t at = (int32_t)(i / (POINTS - 1.0) * (replicas - 1) + 0.5);
    if (!isfinite(band->sample[at])) break;
    x[count] = band->sample[at];
    y[count++] = (at + 0.5) / replicas;
  }
  return count > 0 ? put_series(p, name, "", y, x, count) : CLX_OK;
}

static clx_status put_days(putter *p, bool study) {
  const clx_buildout_result *r = &p->b->result;
  const clx_buildout_series *s = &r->series;
  const int32_t count = last_day(r) + 1;
  double *x = CLX_NEW_ARRAY(p->b->arena, double, count + 128), *y = CLX_NEW_ARRAY(p->b->arena, double, count + 128);
  if (x == NULL || y == NULL) return clx_fail_plain(p->error, CLX_MEMORY, "out of memory");
  for (int32_t d = 0; d < count; d++) x[d] = d * DAY;
  CLX_TRY(put_series(p, "gpus", "", s->p50, x, count));
  CLX_TRY(put_series(p, "gpus_p10", "", s->p10, x, count));
  CLX_TRY(put_series(p, "gpus_p90", "", s->p90, x, count));
  if (!study) return CLX_OK;
  CLX_TRY(put_series(p, "gpus_plain", "", s->plain, x, count));
  CLX_TRY(put_series(p, "gpus_mean", "", s->mean, x, count));
  for (int32_t d = 0; d < count; d++) y[d] = clx_buildout_watts(p->b->buildout, s->mean[d]);
  CLX_TRY(put_series(p, "power", "W", y, x, count));
  for (int32_t d = 0; d < count; d++) y[d] = DAY * s->gpu_days[d];
  CLX_TRY(put_series(p, "gpu_days", "GPU*s", y, x, count));
  for (int32_t k = 0; k <= CLX_BUILDOUT_CAUSES; k++) {
    char name[48];
    snprintf(name, sizeof name, "cause.%s", clx_buildout_cause_name[k]);
    CLX_TRY(put_series(p, name, "", s->share[k], x, count));
  }
  const struct {
    const char *name;
    const double *y;
  } waiting[] = {{"waiting.undelivered", s->undelivered},
                 {"waiting.uninstalled", s->uninstalled},
                 {"waiting.unstarted", s->unstarted},
                 {"waiting.starting", s->starting},
                 {"waiting.idle", s->idle}};
  for (int32_t k = 0; k < CLX_COUNT(waiting); k++) CLX_TRY(put_series(p, waiting[k].name, "", waiting[k].y, x, count));
  CLX_TRY(put_curve(p, "curve.full", &r->full_capacity, x, y));
  return put_curve(p, "curve.first", &r->first_training, x, y);
}

clx_status clx_twin_buildout_put(const clx_twin_buildout *b, bool study, clx_result *result, clx_error *error) {
  putter p = {.b = b, .result = result, .error = error};
  CLX_TRY(put_sums(&p));
  CLX_TRY(put_by(&p));
  CLX_TRY(put_milestones(&p));
  if (study) CLX_TRY(put_months(&p));
  CLX_TRY(put_chain(&p, &b->result.full_chain, "critical_path", study));
  CLX_TRY(put_chain(&p, &b->result.first_chain, "first_path", false));
  CLX_TRY(put_days(&p, study));
  for (int32_t i = 0; i < b->warning_count; i++) CLX_TRY(clx_result_warn(result, error, "%s", b->warning[i]));
  if (!study) return CLX_OK;
  CLX_TRY(put_drivers(&p));
  CLX_TRY(put_events(&p));
  CLX_TRY(put_plan(&p));
  return put_works(&p);
}
