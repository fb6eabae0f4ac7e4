// Blocks of samples over threads, and what they come to. Sums are kept by block and added in the order of blocks: the same bits for any number
// of threads.
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "schedule/schedule_risk_internal.h"

enum { LANES = CLX_RISK_LANES, THREADS_MAX = 256, SAMPLES_MAX = 100000000 };

typedef struct part {
  const clx_risk_model *model;
  clx_risk_sums *sums;  // [blocks]
  double *end;          // [samples]
  int32_t blocks, first, step;
  clx_arena *arena;
  clx_error error;
  clx_status status;
} part;

// Back from the activity that ends last along what it waited for, as long as that is a link. Ties: the first.
static void trace_chain(const clx_risk_model *m, const clx_risk_space *w, int32_t lane, double end, double *critical) {
  int32_t i = 0;
  while (i < m->n - 1 && w->finish[i * LANES + lane] < end) i++;
  for (;;) {
    critical[i] += 1;
    int32_t next = -1;
    const double start = w->start[i * LANES + lane], duration = w->duration[i * LANES + lane];
    for (int32_t k = m->first[i]; k < m->first[i + 1] && next < 0; k++) {
      const clx_risk_link *l = &m->link[k];
      const double from = (l->ends ? w->finish : w->start)[l->from * LANES + lane] + l->lag;
      if ((l->finishes ? from - duration : from) >= start) next = l->from;
    }
    if (next < 0) return;
    i = next;
  }
}

// Deviations are taken from the planned durations and the first end of the block, so that their squares lose no digits.
static void add_samples(const clx_risk_model *m, const clx_risk_space *w, int32_t count, const double *end, double base,
                        clx_risk_sums *s) {
  for (int32_t v = 0; v < count; v++) {
    s->end += end[v] - base;
    s->end_square += (end[v] - base) * (end[v] - base);
    trace_chain(m, w, v, end[v], s->critical);
  }
  for (int32_t i = 0; i < m->n; i++) {
    if (m->table_of[i] < 0 && m->factor[i] < 0 && m->spec->event_count == 0) continue;
    double sum = 0, square = 0, product = 0;
    for (int32_t v = 0; v < count; v++) {
      const double d = w->duration[i * LANES + v] - m->base[i];
      sum += d;
      square += d * d;
      product += d * (end[v] - base);
    }
    s->duration[i] += sum;
    s->square[i] += square;
    s->product[i] += product;
  }
}

static clx_status run_block(const clx_risk_model *m, clx_risk_space *w, int32_t block, double base, clx_risk_sums *s,
                            double *end, clx_error *error) {
  const int64_t first = (int64_t)block * CLX_RISK_BLOCK;
  const int64_t last = first + CLX_RISK_BLOCK < m->spec->samples ? first + CLX_RISK_BLOCK : m->spec->samples;
  for (int64_t k = first; k < last; k += LANES) {
    const int32_t count = last - k < LANES ? (int32_t)(last - k) : LANES;
    double now[LANES];
    clx_risk_draw(m, w, k, count);
    if (!m->policy)
      clx_risk_pass(m, w, now);
    else if (!clx_risk_policy(m, w, count, now))
      return clx_fail_plain(error, CLX_INFEASIBLE,
                            "sample %lld: the resources do not let the project end before the horizon of the model; "
                            "tails of the spreads are too long for it",
                            (long long)k);
    add_samples(m, w, count, now, base, s);
    for (int32_t v = 0; v < count; v++) end[k + v] = now[v];
  }
  return CLX_OK;
}

// What the middle of the sums of ends is taken from: the end with planned durations.
static double base_of(const clx_risk_model *m) {
  double end = 0;
  for (int32_t i = 0; i < m->n; i++) end += m->base[i];
  return m->policy ? m->spec->plan->makespan : end / 2;
}

static void *work(void *context) {
  part *p = context;
  clx_risk_space space;
  p->status = clx_risk_space_make(p->model, p->arena, &space, &p->error);
  for (int32_t b = p->first; b < p->blocks && p->status == CLX_OK; b += p->step)
    p->status = run_block(p->model, &space, b, base_of(p->model), &p->sums[b], p->end, &p->error);
  return NULL;
}

static clx_status run_parts(const clx_risk_model *m, int32_t threads, int32_t blocks, clx_risk_sums *sums, double *end,
                            clx_error *error) {
  part *list = calloc((size_t)threads, sizeof *list);
  pthread_t *thread = calloc((size_t)threads, sizeof *thread);
  clx_status status = CLX_OK;
  if (list == NULL || thread == NULL) {
    free(list);
    free(thread);
    return clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for %d threads", threads);
  }
  int32_t started = 0;
  for (int32_t k = 0; k < threads; k++) {
    list[k] = (part){
        .model = m, .sums = sums, .end = end, .blocks = blocks, .first = k, .step = threads, .arena = clx_arena_new()};
    clx_error_clear(&list[k].error);
    if (list[k].arena == NULL)
      list[k].status = clx_fail_plain(&list[k].error, CLX_MEMORY, "schedule: out of memory for a thread");
  }
  for (; started < threads - 1 && list[started + 1].status == CLX_OK; started++)
    if (pthread_create(&thread[started], NULL, work, &list[started + 1]) != 0) break;
  if (list[0].status == CLX_OK) work(&list[0]);
  for (int32_t k = started + 1; k < threads; k++)  // those that found no thread
    if (list[k].status == CLX_OK) work(&list[k]);
  for (int32_t k = 0; k < started; k++) pthread_join(thread[k], NULL);
  for (int32_t k = 0; k < threads; k++) {
    if (list[k].status != CLX_OK && status == CLX_OK)
      status = clx_fail_plain(error, list[k].status, "%s", list[k].error.mistake[0].text);
    clx_arena_free(list[k].arena);
  }
  free(list);
  free(thread);
  return status;
}

// --- what the samples say --------------------------------------------------------------------------------------------------------------------

static double add_up(const clx_risk_sums *sums, int32_t blocks, size_t member, int32_t i) {
  clx_sum total = {0};
  for (int32_t b = 0; b < blocks; b++) {
    double *const *row = (double *const *)(const void *)((const char *)&sums[b] + member);
    clx_sum_add(&total, (*row)[i]);
  }
  return clx_sum_value(&total);
}

static void fill_rows(const clx_risk_model *m, const clx_risk_sums *sums, int32_t blocks, clx_risk_outcome *out) {
  const double n = out->samples;
  clx_sum end = {0}, square = {0};
  for (int32_t b = 0; b < blocks; b++) {
    clx_sum_add(&end, sums[b].end);
    clx_sum_add(&square, sums[b].end_square);
  }
  const double shift = clx_sum_value(&end) / n, variance = fmax(clx_sum_value(&square) / n - shift * shift, 0);
  out->mean = base_of(m) + shift;
  out->deviation = sqrt(variance);
  for (int32_t i = 0; i < m->n; i++) {
    clx_risk_row *row = &out->row[m->activity[i]];
    const double d = add_up(sums, blocks, offsetof(clx_risk_sums, duration), i) / n;
    const double spread = fmax(add_up(sums, blocks, offsetof(clx_risk_sums, square), i) / n - d * d, 0);
    const double together = add_up(sums, blocks, offsetof(clx_risk_sums, product), i) / n - d * shift;
    row->critical = add_up(sums, blocks, offsetof(clx_risk_sums, critical), i) / n;
    row->mean = m->base[i] + d;
    row->deviation = sqrt(spread);
    if (spread > 1e-18 && variance > 1e-18) {
      row->correlation = together / sqrt(spread * variance);
      row->swing = together / row->deviation;
    }
  }
}

static void sort_tornado(clx_risk_outcome *out, int32_t n) {
  for (int32_t i = 0; i < n; i++) {
    int32_t at = i;
    for (; at > 0 && fabs(out->row[out->tornado[at - 1]].swing) < fabs(out->row[i].swing); at--)
      out->tornado[at] = out->tornado[at - 1];
    out->tornado[at] = i;
  }
}

static clx_status make_sums(const clx_risk_model *m, clx_arena *arena, int32_t blocks, clx_risk_sums **sums,
                            clx_error *error) {
  *sums = CLX_NEW_ARRAY(arena, clx_risk_sums, blocks);
  bool made = *sums != NULL;
  for (int32_t b = 0; b < blocks && made; b++) {
    double *row = CLX_NEW_ARRAY(arena, double, 4 * (size_t)m->n);
    made = row != NULL;
    if (made)
      (*sums)[b] =
          (clx_risk_sums){.critical = row, .duration = row + m->n, .square = row + 2 * m->n, .product = row + 3 * m->n};
  }
  return made ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for the sums of samples");
}

clx_status clx_risk_run(const clx_risk_spec *s, clx_arena *arena, clx_risk_outcome *out, clx_error *error) {
  *out = (clx_risk_outcome){.samples = s->samples};
  if (s->samples < 1 || s->samples > SAMPLES_MAX || s->threads < 1 || s->threads > THREADS_MAX)
    return clx_fail_plain(error, CLX_INPUT, "%d samples on %d threads, expected 1 to %d on 1 to %d", s->samples,
                          s->threads, SAMPLES_MAX, THREADS_MAX);
  CLX_TRY(clx_project_check(s->project, error));
  clx_arena *work_arena = clx_arena_new();
  if (work_arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for samples");
  clx_risk_model model;
  clx_risk_sums *sums = NULL;
  const int32_t blocks = (s->samples + CLX_RISK_BLOCK - 1) / CLX_RISK_BLOCK, n = s->project->activity_count;
  clx_status status = clx_risk_model_make(s, work_arena, &model, error);
  if (status == CLX_OK) status = make_sums(&model, work_arena, blocks, &sums, error);
  out->end = CLX_NEW_ARRAY(arena, double, s->samples);
  out->row = CLX_NEW_ARRAY(arena, clx_risk_row, n + 1);
  out->tornado = CLX_NEW_ARRAY(arena, int32_t, n + 1);
  if (status == CLX_OK && (out->end == NULL || out->row == NULL || out->tornado == NULL))
    status = clx_fail_plain(error, CLX_MEMORY, "schedule: out of memory for %d samples", s->samples);
  if (status == CLX_OK)
    status = run_parts(&model, s->threads < blocks ? s->threads : blocks, blocks, sums, out->end, error);
  if (status == CLX_OK) {
    fill_rows(&model, sums, blocks, out);
    sort_tornado(out, n);
    clx_sort(out->end, s->samples);
  }
  clx_arena_free(work_arena);
  return status;
}

double clx_risk_percentile(const clx_risk_outcome *o, double p) { return clx_percentile(o->end, o->samples, p); }

double clx_risk_by(const clx_risk_outcome *o, double time) {
  int32_t low = 0, high = o->samples;  // the first end after `time`
  while (low < high) {
    const int32_t middle = low + (high - low) / 2;
    if (o->end[middle] <= time)
      low = middle + 1;
    else
      high = middle;
  }
  return (double)low / o->samples;
}
