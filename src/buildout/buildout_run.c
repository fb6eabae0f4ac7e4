// A run: the plan, the history without chance, one input at a time, the replicas, and what they come to.
#include <math.h>
#include <string.h>

#include "buildout/buildout_sample.h"

enum { THREADS_MAX = 256, REPLICAS = 10000 };

typedef struct runner {
  clx_buildout own;  // with the spreads of the modes that the plan chose
  const clx_buildout_settings *settings;
  clx_arena *arena, *work;
  clx_error *error;
  clx_buildout_result *out;
  const clx_project_plan *plan;  // NULL: links alone
  clx_history history;
  clx_draw draw;
  clx_buildout_link *links;
  clx_samples samples;
  clx_source_swing swing;  // where deliveries come from another section and there are replicas
} runner;

void clx_buildout_settings_default(clx_buildout_settings *settings) {
  *settings = (clx_buildout_settings){.seed = 1, .replicas = REPLICAS, .threads = 1};
  clx_project_options_default(&settings->plan);
}

static clx_status no_memory(const runner *r) {
  return clx_fail_plain(r->error, CLX_MEMORY, "buildout: out of memory for results");
}

// --- without chance ----------------------------------------------------------------------------------------------------------------------

// A part of the work, for its progress.
typedef struct told {
  const clx_buildout_settings *settings;
  const char *step;
} told;

static bool tell(void *context, double done) {
  const told *t = context;
  return t->settings->progress(t->settings->context, t->step, done);
}

static clx_status make_plan(runner *r) {
  const clx_project *p = &r->own.project;
  r->out->unit = p->unit;
  if (p->activity_count == 0 || !r->own.plans) return CLX_OK;
  clx_project_options search = r->settings->plan;
  told plan = {r->settings, "planning the works"};
  clx_project_options_suit(p, &search);
  if (r->settings->progress != NULL) {
    search.progress = tell;
    search.context = &plan;
  }
  CLX_TRY(clx_project_solve(p, &search, r->arena, &r->out->plan, r->error));
  r->out->planned = true;
  for (int32_t k = 0; k < p->link_count && r->own.bounded && r->settings->replicas > 0; k++)
    if (p->link[k].most != CLX_PROJECT_NONE)
      return clx_fail_plain(
          r->error, CLX_INPUT,
          "after: '%s' bounds its lag after '%s' from above, which no policy keeps when durations are drawn; "
          "take the bound out, or run without chance (0 replicas)",
          p->activity[p->link[k].to].name, p->activity[p->link[k].from].name);
  r->plan = &r->out->plan.plan;
  clx_drivers_of_plan(&r->own, r->plan);
  return CLX_OK;
}

// Links alone: the earliest starts are the plan, and no plan is shorter.
static clx_status fill_plan(runner *r) {
  const clx_project *p = &r->own.project;
  clx_project_outcome *o = &r->out->plan;
  if (r->out->planned || p->activity_count == 0) return CLX_OK;
  CLX_TRY(clx_project_plan_new(p, r->arena, &o->plan, r->error));
  for (int32_t i = 0; i < p->activity_count; i++) {
    o->plan.mode[i] = 0;
    o->plan.start[i] = (int32_t)fmin(round(r->history.begin[i] / p->unit), INT32_MAX);
    o->plan.finish[i] = (int32_t)fmin(round(r->history.end[i] / p->unit), INT32_MAX);
    if (o->plan.finish[i] > o->plan.makespan) o->plan.makespan = o->plan.finish[i];
  }
  o->path = o->bound = o->plan.makespan;
  o->proved = true;
  return CLX_OK;
}

static clx_status keep_chain(runner *r, double gpus, double time, clx_buildout_chain *out) {
  out->count = clx_history_trace(&r->history, &r->draw, gpus, time, r->links);
  out->link = CLX_NEW_ARRAY(r->arena, clx_buildout_link, out->count + 1);
  if (out->link == NULL) return no_memory(r);
  for (int32_t k = 0; k < out->count; k++) {
    out->link[k] = r->links[out->count - 1 - k];
    out->link[k].name = clx_history_link_name(&r->own, &out->link[k]);
  }
  return CLX_OK;
}

static clx_status keep_works(runner *r) {
  const clx_buildout *b = &r->own;
  const int32_t n = b->project.activity_count;
  r->out->work_count = n;
  r->out->work = CLX_NEW_ARRAY(r->arena, clx_buildout_work_row, n + 1);
  if (r->out->work == NULL) return no_memory(r);
  for (int32_t i = 0; i < n; i++) {
    const double end = r->history.end[i];
    r->out->work[i] = (clx_buildout_work_row){.name = b->spec->work[i].name,
                                              .phase = b->spec->work[i].phase,
                                              .start = r->history.begin[i],
                                              .finish = end,
                                              .p10 = end,
                                              .p50 = end,
                                              .p90 = end,
                                              .mode = r->plan != NULL ? r->plan->mode[i] : 0};
  }
  return CLX_OK;
}

static clx_status keep_ties(runner *r) {
  const clx_buildout_chain *chain = &r->out->full_chain;
  bool *tied = CLX_NEW_ARRAY(r->work, bool, r->out->work_count + 1);
  if (tied == NULL) return no_memory(r);
  clx_history_ties(&r->history, chain->link, chain->count, r->history.most, tied);
  for (int32_t i = 0; i < r->out->work_count; i++) r->out->work[i].tied = tied[i];
  return CLX_OK;
}

static clx_status play_plain(runner *r) {
  clx_draw_plain(&r->own, &r->draw);
  CLX_TRY(clx_history_play(&r->history, &r->draw, r->error));
  CLX_TRY(fill_plan(r));
  CLX_TRY(keep_works(r));
  CLX_TRY(keep_chain(r, r->history.most, r->history.full, &r->out->full_chain));
  CLX_TRY(keep_ties(r));
  return keep_chain(r, r->history.level, r->history.first, &r->out->first_chain);
}

// --- one input at a time -----------------------------------------------------------------------------------------------------------------

// The value of an input in its own unit.
static double own_value(const clx_buildout *b, const clx_driver_plan *d, const clx_project_plan *plan, double z) {
  const double value = clx_driver_value(d, z);
  switch (d->kind) {
    case CLX_BUILDOUT_WORK:
      return value * b->way[d->index][plan != NULL ? plan->mode[d->index] : 0].middle * b->project.unit;
    case CLX_BUILDOUT_CREW_RATE:
      return value * b->install.middle;
    case CLX_BUILDOUT_BURN_IN:
      return value * b->burn_in.middle;
    case CLX_BUILDOUT_REPAIR:
      return value * b->repair.middle;
    default:
      return value + 0.0;  // no -0
  }
}

static clx_status play_driver(runner *r, int32_t d, double z, double *full, double *first) {
  const clx_driver_plan *p = &r->own.driver[d];
  clx_draw_plain(&r->own, &r->draw);
  if (p->kind == CLX_BUILDOUT_EVENT)
    r->draw.happens[p->index] = z > 0;
  else if (p->kind == CLX_BUILDOUT_SOURCE)
    r->draw.series = z > 0 ? r->swing.late : r->swing.early;
  else
    r->draw.x[d] = clx_driver_value(p, z);
  CLX_TRY(clx_history_play(&r->history, &r->draw, r->error));
  *full = r->history.full;
  *first = r->history.first;
  return CLX_OK;
}

static double swing_of(const clx_buildout_driver *d) {
  const bool low = isfinite(d->full_low), high = isfinite(d->full_high);
  return low && high ? fabs(d->full_high - d->full_low) : low == high ? 0 : INFINITY;
}

static clx_status play_drivers(runner *r) {
  const clx_buildout *b = &r->own;
  const double full = r->history.full, first = r->history.first;
  r->out->driver_count = b->driver_count;
  r->out->driver = CLX_NEW_ARRAY(r->arena, clx_buildout_driver, b->driver_count + 1);
  r->out->tornado = CLX_NEW_ARRAY(r->arena, int32_t, b->driver_count + 1);
  if (r->out->driver == NULL || r->out->tornado == NULL) return no_memory(r);
  told inputs = {r->settings, "one input at a time"};
  for (int32_t d = 0; d < b->driver_count; d++) {
    const clx_driver_plan *p = &b->driver[d];
    clx_buildout_driver *o = &r->out->driver[d];
    if (r->settings->progress != NULL && !tell(&inputs, (double)d / b->driver_count))
      return clx_fail_plain(r->error, CLX_EXPECTATION, "stopped");
    *o = (clx_buildout_driver){.name = p->name,
                               .kind = p->kind,
                               .need = p->need,
                               .index = p->index,
                               .low = own_value(b, p, r->plan, -CLX_Z90),
                               .high = own_value(b, p, r->plan, CLX_Z90),
                               .full_low = full,
                               .full_high = full,
                               .first_low = first,
                               .first_high = first};
    const bool orders = p->kind == CLX_BUILDOUT_SOURCE && r->settings->replicas > 0;
    if (orders) {
      o->low = r->swing.low;
      o->high = r->swing.high;
    }
    if (p->chance || orders || p->kind == CLX_BUILDOUT_EVENT) {
      CLX_TRY(play_driver(r, d, -CLX_Z90, &o->full_low, &o->first_low));
      CLX_TRY(play_driver(r, d, CLX_Z90, &o->full_high, &o->first_high));
    }
    int32_t at = d;
    for (; at > 0 && swing_of(&r->out->driver[r->out->tornado[at - 1]]) < swing_of(o); at--)
      r->out->tornado[at] = r->out->tornado[at - 1];
    r->out->tornado[at] = d;
  }
  return CLX_OK;
}

// --- bands -------------------------------------------------------------------------------------------------------------------------------

static void fill_band(double *sample, int32_t count, double plain, clx_buildout_band *out) {
  *out = (clx_buildout_band){plain, plain, plain, plain, plain, plain, isfinite(plain) ? 1 : 0, NULL};
  if (count == 0) return;
  clx_sort(sample, count);
  int32_t reached = count;
  while (reached > 0 && !isfinite(sample[reached - 1])) reached--;
  *out = (clx_buildout_band){.plain = plain,
                             .p10 = clx_percentile(sample, count, 0.1),
                             .p50 = clx_percentile(sample, count, 0.5),
                             .p80 = clx_percentile(sample, count, 0.8),
                             .p90 = clx_percentile(sample, count, 0.9),
                             .mean = reached > 0 ? clx_mean(sample, reached) : INFINITY,
                             .reached = (double)reached / count,
                             .sample = sample};
}

// --- series ------------------------------------------------------------------------------------------------------------------------------

static bool new_series(runner *r) {
  clx_buildout_series *s = &r->out->series;
  const int32_t days = s->days = r->own.days;
  double **const rows[] = {&s->plain,       &s->p10,         &s->p50,       &s->p90,      &s->mean, &s->gpu_days,
                           &s->undelivered, &s->uninstalled, &s->unstarted, &s->starting, &s->idle};
  bool made = true;
  for (int32_t k = 0; k < CLX_COUNT(rows) && made; k++)
    made = (*rows[k] = CLX_NEW_ARRAY(r->arena, double, days + 1)) != NULL;
  for (int32_t k = 0; k <= CLX_BUILDOUT_CAUSES && made; k++)
    made = (s->share[k] = CLX_NEW_ARRAY(r->arena, double, days + 1)) != NULL;
  return made && (s->cause = CLX_NEW_ARRAY(r->arena, int8_t, days + 1)) != NULL;
}

static bool new_months(runner *r) {
  clx_buildout_series *s = &r->out->series;
  s->months = r->samples.months;
  s->month_day = CLX_NEW_ARRAY(r->arena, int32_t, s->months + 1);
  double **const rows[] = {&s->month_p10, &s->month_p50, &s->month_p90, &s->month_mean};
  bool made = s->month_day != NULL;
  for (int32_t k = 0; k < CLX_COUNT(rows) && made; k++)
    made = (*rows[k] = CLX_NEW_ARRAY(r->arena, double, s->months + 1)) != NULL;
  for (int32_t m = 0; m < s->months && made; m++) s->month_day[m] = r->samples.month_day[m];
  return made;
}

// `count` 1: the history without chance.
static void fill_months(runner *r, int32_t blocks, int32_t count) {
  clx_buildout_series *s = &r->out->series;
  const size_t n = (size_t)r->samples.replicas;
  for (int32_t m = 0; m < s->months; m++) {
    clx_sum sum = {0};
    for (int32_t b = 0; b < blocks; b++) clx_sum_add(&sum, r->samples.block[b].month[m]);
    s->month_mean[m] = clx_sum_value(&sum) / count;
    s->month_p10[m] = s->month_p50[m] = s->month_p90[m] = s->month_mean[m];
    if (blocks > 1)
      clx_sample_quantiles(r->samples.month + (size_t)m * n, r->samples.replicas, &s->month_p10[m], &s->month_p50[m],
                           &s->month_p90[m]);
  }
}

// Means of the blocks' sums; `blocks` 1 and `count` 1: the history without chance.
static void fill_means(runner *r, const clx_sample_block *block, int32_t blocks, int32_t count) {
  clx_buildout_series *s = &r->out->series;
  const size_t row = (size_t)s->days + 1;
  double *const rows[CLX_SAMPLE_SUMS] = {s->mean,      s->gpu_days, s->undelivered, s->uninstalled,
                                         s->unstarted, s->starting, s->idle};
  for (size_t d = 0; d < row; d++) {
    for (size_t k = 0; k < CLX_SAMPLE_SUMS; k++) {
      clx_sum sum = {0};
      for (int32_t b = 0; b < blocks; b++) clx_sum_add(&sum, block[b].sum[k * row + d]);
      rows[k][d] = clx_sum_value(&sum) / count;
    }
    for (size_t k = 0; k <= CLX_BUILDOUT_CAUSES; k++) {
      int64_t sum = 0;
      for (int32_t b = 0; b < blocks; b++) sum += block[b].share[k * row + d];
      s->share[k][d] = (double)sum / count;
    }
  }
}

static void fill_plain_series(runner *r, const clx_sample_block *block) {
  clx_buildout_series *s = &r->out->series;
  const size_t row = (size_t)s->days + 1;
  fill_means(r, block, 1, 1);
  for (size_t d = 0; d < row; d++) {
    s->plain[d] = s->p10[d] = s->p50[d] = s->p90[d] = s->mean[d];
    for (int8_t k = 0; k <= CLX_BUILDOUT_CAUSES; k++)
      if (block->share[(size_t)k * row + d] > 0) s->cause[d] = k;
  }
}

static clx_status fill_by(runner *r, const clx_history *plain) {
  const clx_buildout *b = &r->own;
  const int32_t n = r->samples.replicas;
  r->out->by_count = b->spec->by_count;
  r->out->by = CLX_NEW_ARRAY(r->arena, clx_buildout_by, b->spec->by_count + 1);
  if (r->out->by == NULL) return no_memory(r);
  for (int32_t k = 0; k < b->spec->by_count; k++) {
    clx_buildout_by *o = &r->out->by[k];
    clx_cursor usable = {&plain->usable, 0};
    o->date = b->spec->by[k];
    o->time = b->by[k];
    const size_t at = (size_t)k * (size_t)n;
    fill_band(r->samples.gpus + at, n, clx_cursor_at(&usable, o->time), &o->gpus);
    fill_band(r->samples.gpu_days + at, n, clx_curve_area(&plain->usable, o->time) / 86400, &o->gpu_days);
  }
  return CLX_OK;
}

static clx_status fill_milestones(runner *r, const clx_history *plain) {
  const int32_t count = r->own.spec->milestone_count, n = r->samples.replicas;
  r->out->milestone_count = count;
  r->out->milestone = CLX_NEW_ARRAY(r->arena, clx_buildout_reach, count + 1);
  if (r->out->milestone == NULL) return no_memory(r);
  for (int32_t k = 0; k < count; k++) {
    r->out->milestone[k].name = r->own.spec->milestone[k].name;
    fill_band(r->samples.milestone + (size_t)k * (size_t)n, n, clx_history_milestone(plain, k),
              &r->out->milestone[k].time);
  }
  return CLX_OK;
}

// --- what the replicas say ---------------------------------------------------------------------------------------------------------------

static double correlation(const float *x, const double *y, int32_t count) {
  clx_sum sums[2] = {0};
  int32_t n = 0;
  for (int32_t k = 0; k < count; k++) {
    if (!isfinite(y[k]) || !isfinite(x[k])) continue;
    clx_sum_add(&sums[0], (double)x[k]);
    clx_sum_add(&sums[1], y[k]);
    n++;
  }
  if (n < 2) return 0;
  const double mx = clx_sum_value(&sums[0]) / n, my = clx_sum_value(&sums[1]) / n;
  double xx = 0, yy = 0, xy = 0;
  for (int32_t k = 0; k < count; k++) {
    if (!isfinite(y[k]) || !isfinite(x[k])) continue;
    const double a = (double)x[k] - mx, c = y[k] - my;
    xx += a * a;
    yy += c * c;
    xy += a * c;
  }
  return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : 0;
}

static void fill_drivers(runner *r) {
  const clx_samples *s = &r->samples;
  for (int32_t d = 0; d < r->out->driver_count; d++) {
    clx_buildout_driver *o = &r->out->driver[d];
    int64_t critical = 0, first = 0;
    for (int32_t b = 0; b < CLX_SAMPLE_BLOCKS; b++) {
      critical += s->block[b].critical[d];
      first += s->block[b].critical_first[d];
    }
    o->critical = (double)critical / s->replicas;
    o->critical_first = (double)first / s->replicas;
    const clx_driver_plan *p = &r->own.driver[d];
    const bool orders = p->kind == CLX_BUILDOUT_SOURCE;
    if (!p->chance && !orders && p->kind != CLX_BUILDOUT_EVENT) continue;
    const float *x = orders ? r->swing.when : s->x + (size_t)d * (size_t)s->replicas;
    o->correlation = correlation(x, s->full, s->replicas);
    o->correlation_first = correlation(x, s->first, s->replicas);
  }
}

static void fill_works(runner *r) {
  const clx_samples *s = &r->samples;
  for (int32_t i = 0; i < r->out->work_count; i++) {
    clx_buildout_work_row *o = &r->out->work[i];
    float *v = s->finish + (size_t)i * (size_t)s->replicas;
    const int32_t deadline = r->own.project.activity[i].deadline;
    int32_t late = 0;
    for (int32_t k = 0; k < s->replicas && deadline != CLX_PROJECT_NONE; k++)
      late += (double)v[k] > deadline * r->own.project.unit + 1;  // floats of 1e7 s are right to a second
    o->late = (double)late / s->replicas;
    clx_sample_quantiles(v, s->replicas, &o->p10, &o->p50, &o->p90);
  }
}

static double mean_of(const clx_sum *sum, int64_t count) {
  return count > 0 ? clx_sum_value(sum) / (double)count : INFINITY;
}

static void fill_effect(const runner *r, int32_t e, clx_buildout_effect *out) {
  const int32_t n = r->samples.replicas;
  clx_sum full = {0}, first = {0};
  int64_t happens = 0, full_count = 0, first_count = 0, prevents = 0, prevents_first = 0;
  for (int32_t b = 0; b < CLX_SAMPLE_BLOCKS; b++) {
    const clx_sample_effect *x = &r->samples.block[b].effect[e];
    clx_sum_add(&full, x->full);
    clx_sum_add(&first, x->first);
    happens += x->happens;
    full_count += x->full_count;
    first_count += x->first_count;
    prevents += x->prevents;
    prevents_first += x->prevents_first;
  }
  *out = (clx_buildout_effect){.name = r->own.spec->event[e].name,
                               .happens = (double)happens / n,
                               .prevents = (double)prevents / n,
                               .prevents_first = (double)prevents_first / n,
                               .full = prevents > 0 ? INFINITY : mean_of(&full, n),
                               .first = prevents_first > 0 ? INFINITY : mean_of(&first, n),
                               .full_if = mean_of(&full, full_count),
                               .first_if = mean_of(&first, first_count)};
}

static clx_status fill_effects(runner *r) {
  const int32_t count = r->out->effect_count = r->own.spec->event_count;
  r->out->effect = CLX_NEW_ARRAY(r->arena, clx_buildout_effect, count + 1);
  if (r->out->effect == NULL) return no_memory(r);
  for (int32_t e = 0; e < count; e++) fill_effect(r, e, &r->out->effect[e]);
  return CLX_OK;
}

// Before bands put the samples in order.
static clx_status keep_paths(runner *r) {
  const clx_samples *s = &r->samples;
  clx_buildout_paths *p = &r->out->paths;
  const size_t n = (size_t)s->replicas, days = (size_t)s->days + 1, works = (size_t)r->own.project.activity_count;
  if (!r->settings->paths) return CLX_OK;
  p->usable = CLX_NEW_ARRAY(r->arena, float, n *days + 1);
  p->begin = CLX_NEW_ARRAY(r->arena, float, n *works + 1);
  p->finish = CLX_NEW_ARRAY(r->arena, float, n *works + 1);
  p->full = CLX_NEW_ARRAY(r->arena, double, n + 1);
  if (p->usable == NULL || p->begin == NULL || p->finish == NULL || p->full == NULL) return no_memory(r);
  for (size_t k = 0; k < n; k++) {
    for (size_t d = 0; d < days; d++) p->usable[k * days + d] = s->usable[d * n + k];
    for (size_t i = 0; i < works; i++) {
      p->begin[k * works + i] = s->begin[i * n + k];
      p->finish[k * works + i] = s->finish[i * n + k];
    }
    p->full[k] = s->full[k];
  }
  p->count = s->replicas;
  return CLX_OK;
}

static clx_status run_replicas(runner *r) {
  clx_buildout_series *series = &r->out->series;
  clx_samples *s = &r->samples;
  CLX_TRY(clx_samples_run(s, &r->own, r->plan, r->settings, r->error));
  CLX_TRY(keep_paths(r));
  fill_means(r, s->block, CLX_SAMPLE_BLOCKS, s->replicas);
  for (int32_t d = 0; d <= s->days; d++)
    clx_sample_quantiles(s->usable + (size_t)d * (size_t)s->replicas, s->replicas, &series->p10[d], &series->p50[d],
                         &series->p90[d]);
  fill_months(r, CLX_SAMPLE_BLOCKS, s->replicas);
  fill_drivers(r);
  fill_works(r);
  return fill_effects(r);
}

// --- all ---------------------------------------------------------------------------------------------------------------------------------

static clx_status run(runner *r) {
  const int32_t replicas = r->settings->replicas;
  CLX_TRY(make_plan(r));
  CLX_TRY(clx_history_new(&r->own, r->plan, r->work, &r->history, r->error));
  CLX_TRY(clx_draw_new(&r->own, r->work, &r->draw, r->error));
  r->links = CLX_NEW_ARRAY(r->work, clx_buildout_link, clx_history_links(&r->own) + 1);
  if (r->links == NULL || !new_series(r)) return no_memory(r);
  // The S-curves stay with the result; all else of the samples goes with `work`.
  CLX_TRY(clx_samples_new(&r->own, replicas, r->work, &r->samples, r->error));
  r->samples.full = CLX_NEW_ARRAY(r->arena, double, replicas + 1);
  r->samples.first = CLX_NEW_ARRAY(r->arena, double, replicas + 1);
  if (r->settings->paths) {
    const size_t works = (size_t)r->own.project.activity_count;
    r->samples.begin = CLX_NEW_ARRAY(r->work, float, works *(size_t)replicas + 1);
    if (r->samples.begin == NULL) return no_memory(r);
  }
  r->samples.gpus = CLX_NEW_ARRAY(r->arena, double, (size_t)replicas *(size_t)r->own.spec->by_count + 1);
  r->samples.gpu_days = CLX_NEW_ARRAY(r->arena, double, (size_t)replicas *(size_t)r->own.spec->by_count + 1);
  r->samples.milestone = CLX_NEW_ARRAY(r->arena, double, (size_t)replicas *(size_t)r->own.spec->milestone_count + 1);
  if (r->samples.full == NULL || r->samples.milestone == NULL || r->samples.first == NULL || r->samples.gpus == NULL ||
      r->samples.gpu_days == NULL)
    return no_memory(r);
  CLX_TRY(play_plain(r));
  const double full = r->history.full, first = r->history.first;
  clx_sample_block *block = &r->samples.block[0];
  clx_samples_add(&r->samples, &r->history, &r->draw, block, r->links);
  fill_plain_series(r, block);
  if (!new_months(r)) return no_memory(r);
  fill_months(r, 1, 1);
  memset(block->month, 0, (size_t)r->samples.months * sizeof *block->month);
  if (replicas > 0 && r->own.input->source.periods > 0)
    CLX_TRY(clx_source_swing_make(&r->own, replicas, r->work, &r->swing, r->error));
  CLX_TRY(play_drivers(r));
  for (int32_t d = 0; d < r->out->driver_count; d++) {
    r->out->driver[d].critical = block->critical[d];
    r->out->driver[d].critical_first = block->critical_first[d];
    block->critical[d] = block->critical_first[d] = 0;
  }
  const size_t row = (size_t)r->own.days + 1;
  memset(block->share, 0, row * (CLX_BUILDOUT_CAUSES + 1) * sizeof *block->share);
  memset(block->sum, 0, row * CLX_SAMPLE_SUMS * sizeof *block->sum);
  if (replicas > 0) CLX_TRY(run_replicas(r));
  clx_draw_plain(&r->own, &r->draw);  // the inputs one at a time have changed the history
  CLX_TRY(clx_history_play(&r->history, &r->draw, r->error));
  CLX_TRY(fill_by(r, &r->history));
  CLX_TRY(fill_milestones(r, &r->history));
  fill_band(r->samples.full, replicas, full, &r->out->full_capacity);
  fill_band(r->samples.first, replicas, first, &r->out->first_training);
  return CLX_OK;
}

clx_status clx_buildout_run(const clx_buildout *b, const clx_buildout_settings *s, clx_arena *arena,
                            clx_buildout_result *out, clx_error *error) {
  *out = (clx_buildout_result){
      .replicas = s->replicas, .gpus = b->total, .first = b->first, .full = b->total * b->spec->full};
  if (s->replicas < 0 || s->replicas > CLX_BUILDOUT_REPLICAS_MAX || s->threads < 1 || s->threads > THREADS_MAX)
    return clx_fail_plain(error, CLX_INPUT, "buildout: %d replicas on %d threads; expected 0 to %d on 1 to %d",
                          s->replicas, s->threads, CLX_BUILDOUT_REPLICAS_MAX, THREADS_MAX);
  runner r = {.own = *b, .settings = s, .arena = arena, .work = clx_arena_new(), .error = error, .out = out};
  if (r.work == NULL) return clx_fail_plain(error, CLX_MEMORY, "buildout: out of memory for a run");
  // The spreads of works depend on the plan: a list of its own.
  r.own.driver = CLX_NEW_ARRAY(r.work, clx_driver_plan, b->driver_count + 1);
  clx_status status = r.own.driver != NULL ? CLX_OK : no_memory(&r);
  if (status == CLX_OK) {
    memcpy(r.own.driver, b->driver, (size_t)b->driver_count * sizeof *b->driver);
    status = run(&r);
  }
  clx_arena_free(r.work);
  return status;
}
