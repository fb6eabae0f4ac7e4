// Replicas over threads, and what is kept of each.
#include "buildout/buildout_sample.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const double DAY = 86400;
static const double TINY = 1e-6;  // GPUs

// --- quantiles -------------------------------------------------------------------------------------------------------------------------

// Value of rank k of unordered values between `low` and `high`, which are put in order around it (Hoare 1961). O(high - low) in the mean.
static float rank_of(float *v, int32_t low, int32_t high, int32_t k) {
  while (low < high) {
    const float pivot = v[low + (high - low) / 2];
    int32_t i = low - 1, j = high + 1;
    for (;;) {
      do i++;
      while (v[i] < pivot);
      do j--;
      while (v[j] > pivot);
      if (i >= j) break;
      const float swap = v[i];
      v[i] = v[j];
      v[j] = swap;
    }
    if (k <= j)
      high = j;
    else
      low = j + 1;
  }
  return v[k];
}

// As clx_percentile: nearest rank.
static int32_t rank(int32_t count, double p) {
  const double r = ceil(p * count);
  return r < 1 ? 0 : r > count ? count - 1 : (int32_t)r - 1;
}

void clx_sample_quantiles(float *v, int32_t count, double *p10, double *p50, double *p90) {
  const int32_t a = rank(count, 0.1), b = rank(count, 0.5), c = rank(count, 0.9);
  *p50 = (double)rank_of(v, 0, count - 1, b);
  *p10 = a < b ? (double)rank_of(v, 0, b - 1, a) : *p50;
  *p90 = c > b ? (double)rank_of(v, b + 1, count - 1, c) : *p50;
}

// --- one history -------------------------------------------------------------------------------------------------------------------------

typedef struct marks {
  clx_cursor delivered, installed, started, front, brought, held, usable;
  double last;  // no curve changes after
} marks;

static double last_of(const clx_curve *c) {
  const clx_knot *k = &c->knot[c->count - 1];
  return k->slope > 0 ? INFINITY : k->at;
}

static marks marks_of(const clx_history *h) {
  const clx_curve *const list[] = {&h->delivered, &h->installed, &h->started, &h->front,
                                   &h->brought,   &h->held,      &h->usable};
  marks m = {{list[0], 0}, {list[1], 0}, {list[2], 0}, {list[3], 0}, {list[4], 0}, {list[5], 0}, {list[6], 0}, 0};
  for (int32_t k = 0; k < CLX_COUNT(list); k++) m.last = fmax(m.last, last_of(list[k]));
  return m;
}

static int32_t cause_at(marks *m, const clx_buildout *b, double t, double usable, double brought, double started) {
  if (usable >= b->total - TINY) return CLX_BUILDOUT_DONE;
  const clx_knot *held = clx_cursor_knot(&m->held, t);
  if (brought > held->value + TINY) return held->why;
  return started < b->total - TINY ? clx_cursor_knot(&m->front, t)->why : CLX_BUILDOUT_BRING_UP;
}

// Adds `from` .. `to` of the usable GPUs: s.
static double area(const clx_curve *c, int32_t *k, double from, double to) {
  double sum = 0;
  while (from < to) {
    while (*k + 1 < c->count && c->knot[*k + 1].at <= from) (*k)++;
    const clx_knot *p = &c->knot[*k];
    const double end = fmin(clx_curve_end(c, *k), to), span = end - from;
    sum += span * (p->value + p->slope * (from + span / 2 - p->at));
    from = end;
  }
  return sum;
}

// What comes at midnight belongs to the month that begins then.
static void add_month(clx_samples *s, const clx_history *h, int32_t replica, int32_t month, clx_sample_block *block) {
  const double usable = clx_cursor_before(&h->usable, s->month_day[month] * DAY);
  block->month[month] += usable;
  if (replica >= 0) s->month[(size_t)month * (size_t)s->replicas + (size_t)replica] = (float)usable;
}

static void add_days(clx_samples *s, const clx_history *h, int32_t replica, clx_sample_block *block) {
  const clx_buildout *b = h->b;
  const size_t row = (size_t)s->days + 1, step = (size_t)s->replicas;
  marks m = marks_of(h);
  double value[CLX_SAMPLE_SUMS] = {0}, gpu_days = 0;
  int32_t cause = 0, piece = 0;
  bool settled = false;
  for (int32_t d = 0; d <= s->days; d++) {
    const double t = d * DAY;
    if (d > 0) gpu_days += settled ? value[CLX_SAMPLE_USABLE] : area(&h->usable, &piece, t - DAY, t) / DAY;
    if (!settled) {
      const double delivered = clx_cursor_at(&m.delivered, t), installed = clx_cursor_at(&m.installed, t);
      const double started = clx_cursor_at(&m.started, t), brought = clx_cursor_at(&m.brought, t);
      const double usable = clx_cursor_at(&m.usable, t);
      cause = cause_at(&m, b, t, usable, brought, started);
      value[CLX_SAMPLE_USABLE] = usable;
      value[CLX_SAMPLE_UNDELIVERED] = b->total - delivered;
      value[CLX_SAMPLE_UNINSTALLED] = delivered - installed;
      value[CLX_SAMPLE_UNSTARTED] = installed - started;
      value[CLX_SAMPLE_STARTING] = started - brought;
      value[CLX_SAMPLE_IDLE] = brought - usable;
      settled = t >= m.last;
    }
    value[CLX_SAMPLE_DAYS] = gpu_days;
    block->share[(size_t)cause * row + (size_t)d]++;
    for (int32_t k = 0; k < CLX_SAMPLE_SUMS; k++) block->sum[(size_t)k * row + (size_t)d] += value[k];
    if (replica >= 0) s->usable[(size_t)d * step + (size_t)replica] = (float)value[CLX_SAMPLE_USABLE];
  }
}

// Marks the drivers of a chain, and events that hit its works.
static void mark(const clx_history *h, const clx_draw *draw, const clx_buildout_link *link, int32_t count,
                 int32_t *critical) {
  for (int32_t k = 0; k < count; k++) {
    const int32_t d = clx_history_driver(h->b, &link[k]);
    if (d >= 0) critical[d]++;
    for (int32_t e = 0; link[k].kind == CLX_BUILDOUT_WORK && e < h->b->spec->event_count; e++)
      if (draw->happens[e] && h->b->event[e].work == link[k].index) critical[h->b->event_at + e]++;
  }
}

void clx_samples_add(clx_samples *s, clx_history *h, const clx_draw *draw, clx_sample_block *block,
                     clx_buildout_link *links) {
  const clx_buildout *b = h->b;
  const int32_t replica = draw->replica;
  const size_t step = (size_t)s->replicas, at = (size_t)replica;
  add_days(s, h, replica, block);
  for (int32_t m = 0; m < s->months; m++) add_month(s, h, replica, m, block);
  mark(h, draw, links, clx_history_trace(h, draw, h->most, h->full, links), block->critical);
  mark(h, draw, links, clx_history_trace(h, draw, h->level, h->first, links), block->critical_first);
  if (replica < 0) return;
  s->full[replica] = h->full;
  s->first[replica] = h->first;
  for (int32_t i = 0; i < b->project.activity_count; i++) s->finish[(size_t)i * step + at] = (float)h->end[i];
  for (int32_t i = 0; i < b->project.activity_count && s->begin != NULL; i++)
    s->begin[(size_t)i * step + at] = (float)h->begin[i];
  for (int32_t d = 0; d < b->driver_count; d++) {
    const bool event = b->driver[d].kind == CLX_BUILDOUT_EVENT;
    s->x[(size_t)d * step + at] = event ? (float)draw->happens[b->driver[d].index] : (float)draw->x[d];
  }
  for (int32_t k = 0; k < b->spec->milestone_count; k++)
    s->milestone[(size_t)k * step + at] = clx_history_milestone(h, k);
  for (int32_t k = 0; k < b->spec->by_count; k++) {
    clx_cursor usable = {&h->usable, 0};
    s->gpus[(size_t)k * step + at] = clx_cursor_at(&usable, b->by[k]);
    s->gpu_days[(size_t)k * step + at] = clx_curve_area(&h->usable, b->by[k]) / DAY;
  }
}

// The same replica without each event that happens in it.
static clx_status add_effects(clx_history *h, clx_draw *draw, double full, double first, clx_sample_block *block,
                              clx_error *error) {
  for (int32_t e = 0; e < h->b->spec->event_count; e++) {
    if (!draw->happens[e]) continue;
    clx_sample_effect *effect = &block->effect[e];
    draw->happens[e] = false;
    const clx_status status = clx_history_play(h, draw, error);
    draw->happens[e] = true;
    if (status != CLX_OK) return status;
    effect->happens++;
    if (isfinite(full) && isfinite(h->full)) {
      effect->full += full - h->full;
      effect->full_count++;
    } else if (isfinite(h->full)) {
      effect->prevents++;
    }
    if (isfinite(first) && isfinite(h->first)) {
      effect->first += first - h->first;
      effect->first_count++;
    } else if (isfinite(h->first)) {
      effect->prevents_first++;
    }
  }
  return CLX_OK;
}

// --- all of them -------------------------------------------------------------------------------------------------------------------------

static bool new_months(const clx_buildout *b, clx_arena *arena, clx_samples *out) {
  char last[CLX_TIME_TEXT], next[CLX_TIME_TEXT];
  out->month_day = CLX_NEW_ARRAY(arena, int32_t, b->days + 1);
  for (int32_t d = 1; d <= b->days && out->month_day != NULL; d++) {
    clx_time_write(b->start + (d - 0.5) * DAY, false, last);
    clx_time_write(b->start + (d + 0.5) * DAY, false, next);
    if (memcmp(last, next, 7) != 0) out->month_day[out->months++] = d;
  }
  out->month = CLX_NEW_ARRAY(arena, float, (size_t)out->months *(size_t)out->replicas + 1);
  return out->month_day != NULL && out->month != NULL;
}

static bool new_block(const clx_buildout *b, int32_t months, clx_arena *arena, clx_sample_block *out) {
  const size_t row = (size_t)b->days + 1;
  *out = (clx_sample_block){.share = CLX_NEW_ARRAY(arena, int32_t, row * (CLX_BUILDOUT_CAUSES + 1)),
                            .sum = CLX_NEW_ARRAY(arena, double, row *CLX_SAMPLE_SUMS),
                            .critical = CLX_NEW_ARRAY(arena, int32_t, b->driver_count + 1),
                            .critical_first = CLX_NEW_ARRAY(arena, int32_t, b->driver_count + 1),
                            .effect = CLX_NEW_ARRAY(arena, clx_sample_effect, b->spec->event_count + 1),
                            .month = CLX_NEW_ARRAY(arena, double, months + 1)};
  return out->share != NULL && out->sum != NULL && out->critical != NULL && out->critical_first != NULL &&
         out->effect != NULL && out->month != NULL;
}

clx_status clx_samples_new(const clx_buildout *b, int32_t replicas, clx_arena *arena, clx_samples *out,
                           clx_error *error) {
  static const double MOST = 1e9;  // bytes
  const size_t n = (size_t)replicas, days = (size_t)b->days + 1, by = (size_t)b->spec->by_count;
  const size_t works = (size_t)b->project.activity_count, drivers = (size_t)b->driver_count,
               periods = (size_t)b->input->source.periods;
  const double bytes = (double)n * ((double)(days + works + drivers + periods) * sizeof(float) +
                                    (double)(2 * by + (size_t)b->spec->milestone_count + 2) * sizeof(double));
  *out = (clx_samples){.replicas = replicas, .days = b->days};
  if (bytes > MOST)
    return clx_fail_plain(
        error, CLX_INPUT,
        "buildout: %d replicas of %d days take %.1f GB, expected at most 1; take fewer, or a shorter horizon", replicas,
        b->days, bytes / 1e9);
  out->usable = CLX_NEW_ARRAY(arena, float, days *n + 1);
  out->x = CLX_NEW_ARRAY(arena, float, drivers *n + 1);
  out->finish = CLX_NEW_ARRAY(arena, float, works *n + 1);
  out->full = CLX_NEW_ARRAY(arena, double, n + 1);
  out->first = CLX_NEW_ARRAY(arena, double, n + 1);
  out->gpus = CLX_NEW_ARRAY(arena, double, by *n + 1);
  out->gpu_days = CLX_NEW_ARRAY(arena, double, by *n + 1);
  bool made = out->usable != NULL && out->x != NULL && out->finish != NULL && out->full != NULL && out->first != NULL &&
              out->gpus != NULL && out->gpu_days != NULL;
  made = made && new_months(b, arena, out);
  for (int32_t k = 0; k < CLX_SAMPLE_BLOCKS && made; k++) made = new_block(b, out->months, arena, &out->block[k]);
  return made ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "buildout: out of memory for %d replicas", replicas);
}

typedef struct part {
  clx_samples *samples;
  const clx_buildout *b;
  const clx_project_plan *plan;
  const clx_buildout_settings *settings;
  int32_t first, step;
  bool calls;  // the calling thread's: tells the progress
  atomic_bool *stop;
  clx_arena *arena;
  clx_error error;
  clx_status status;
} part;

// Blocks are dealt in turn: how far the calling thread is, all are, nearly.
static clx_status go_on(part *p, int32_t block, double of_block) {
  const clx_buildout_settings *s = p->settings;
  if (p->calls && s->progress != NULL &&
      !s->progress(s->context, "replicas", (block - p->first + p->step * of_block) / CLX_SAMPLE_BLOCKS))
    atomic_store(p->stop, true);
  return atomic_load(p->stop) ? clx_fail_plain(&p->error, CLX_EXPECTATION, "stopped") : CLX_OK;
}

static clx_status run_block(part *p, clx_history *h, clx_draw *draw, clx_buildout_link *links, int32_t block) {
  const int64_t n = p->samples->replicas;
  const int32_t from = (int32_t)(n * block / CLX_SAMPLE_BLOCKS), to = (int32_t)(n * (block + 1) / CLX_SAMPLE_BLOCKS);
  clx_sample_block *sums = &p->samples->block[block];
  for (int32_t r = from; r < to; r++) {
    CLX_TRY(go_on(p, block, (double)(r - from) / (to - from)));
    clx_draw_replica(p->b, p->settings->seed, r, draw);
    CLX_TRY(clx_history_play(h, draw, &p->error));
    clx_samples_add(p->samples, h, draw, sums, links);
    CLX_TRY(add_effects(h, draw, h->full, h->first, sums, &p->error));
  }
  return CLX_OK;
}

static void *work(void *context) {
  part *p = context;
  clx_history history;
  clx_draw draw;
  clx_buildout_link *links = CLX_NEW_ARRAY(p->arena, clx_buildout_link, clx_history_links(p->b) + 1);
  if (links == NULL) {
    p->status = clx_fail_plain(&p->error, CLX_MEMORY, "buildout: out of memory for a thread");
    return NULL;
  }
  p->status = clx_history_new(p->b, p->plan, p->arena, &history, &p->error);
  if (p->status == CLX_OK) p->status = clx_draw_new(p->b, p->arena, &draw, &p->error);
  if (p->status == CLX_OK) clx_draw_plain(p->b, &draw);
  for (int32_t k = p->first; k < CLX_SAMPLE_BLOCKS && p->status == CLX_OK; k += p->step)
    p->status = run_block(p, &history, &draw, links, k);
  return NULL;
}

clx_status clx_samples_run(clx_samples *samples, const clx_buildout *b, const clx_project_plan *plan,
                           const clx_buildout_settings *s, clx_error *error) {
  part *list = calloc((size_t)s->threads, sizeof *list);
  pthread_t *thread = calloc((size_t)s->threads, sizeof *thread);
  atomic_bool stop = false;
  clx_status status = CLX_OK;
  if (list == NULL || thread == NULL) {
    free(list);
    free(thread);
    return clx_fail_plain(error, CLX_MEMORY, "buildout: out of memory for %d threads", s->threads);
  }
  for (int32_t k = 0; k < s->threads; k++) {
    list[k] = (part){samples, b, plan, s, k, s->threads, k == 0, &stop, clx_arena_new(), {0}, CLX_OK};
    clx_error_clear(&list[k].error);
    if (list[k].arena == NULL)
      list[k].status = clx_fail_plain(&list[k].error, CLX_MEMORY, "buildout: out of memory for a thread");
  }
  int32_t started = 0;
  for (; started < s->threads - 1 && list[started + 1].status == CLX_OK; started++)
    if (pthread_create(&thread[started], NULL, work, &list[started + 1]) != 0) break;
  if (list[0].status == CLX_OK) work(&list[0]);
  for (int32_t k = started + 1; k < s->threads; k++)  // those that found no thread
    if (list[k].status == CLX_OK) work(&list[k]);
  for (int32_t k = 0; k < started; k++) pthread_join(thread[k], NULL);
  for (int32_t k = 0; k < s->threads; k++) {
    if (list[k].status != CLX_OK && status == CLX_OK)
      status = clx_fail_plain(error, list[k].status, "%s", list[k].error.mistake[0].text);
    clx_arena_free(list[k].arena);
  }
  free(list);
  free(thread);
  return status;
}
