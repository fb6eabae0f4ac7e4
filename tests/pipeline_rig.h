// What the tests of pipelines share: random schedules and durations, and who needs whom, written down anew.
#pragma once

#include "check.h"

#include "pipeline/pipeline.h"

enum { POSITIONS_MAX = 64, STAGES_MAX = 16 };

// splitmix64.
static inline uint64_t draw(uint64_t *state) {
  uint64_t x = *state += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

static inline int32_t draw_below(uint64_t *state, int32_t n) { return (int32_t)(draw(state) % (uint64_t)n); }
static inline double draw_share(uint64_t *state) { return (double)(draw(state) >> 11) * 0x1p-53; }

// Durations by position, with room for what a test changes.
typedef struct durations {
  double task[CLX_TASK_KINDS][POSITIONS_MAX], send[POSITIONS_MAX], merged[POSITIONS_MAX * POSITIONS_MAX];
  clx_pipeline_times times;
} durations;

static inline clx_pipeline_spec plain_of(int32_t kind, int32_t stages, int32_t chunks, int32_t micro_batches,
                                         int32_t group) {
  return (clx_pipeline_spec){
      .kind = kind, .stages = stages, .chunks = chunks, .micro_batches = micro_batches, .group = group};
}

static inline clx_pipeline_spec merged_of(int32_t kind, int32_t stages, int32_t chunks, int32_t micro_batches,
                                          int32_t group) {
  clx_pipeline_spec spec = plain_of(kind, stages, chunks, micro_batches, group);
  spec.merge = true;
  return spec;
}

static inline void point(durations *d, bool merged) {
  d->times = (clx_pipeline_times){.task = {d->task[0], d->task[1], d->task[2]}, .send = d->send};
  if (merged) d->times.merged = d->merged;
}

// F, B, W of one whole stage, spread evenly over its chunks; merged 0 = the sum.
static inline void set_equal(durations *d, const clx_pipeline *p, double forward, double backward, double weight,
                             double merged) {
  const double chunks = p->kind == CLX_PIPELINE_DUALPIPE ? 1 : p->chunks;
  const int32_t n = clx_pipeline_positions(p);
  memset(d, 0, sizeof *d);
  for (int32_t i = 0; i < n; i++) {
    d->task[CLX_TASK_FORWARD][i] = forward / chunks;
    d->task[CLX_TASK_BACKWARD][i] = (p->split ? backward : backward + weight) / chunks;
    d->task[CLX_TASK_WEIGHT][i] = weight / chunks;
    for (int32_t j = 0; j < n; j++) d->merged[i * n + j] = merged / chunks;
  }
  point(d, merged > 0);
}

static inline void set_random(durations *d, uint64_t *seed, bool merged) {
  for (int32_t i = 0; i < POSITIONS_MAX; i++) {
    for (int32_t k = 0; k < CLX_TASK_KINDS; k++) d->task[k][i] = draw_below(seed, 8) == 0 ? 0 : draw_share(seed);
    d->send[i] = draw_below(seed, 2) == 0 ? 0 : 0.3 * draw_share(seed);
  }
  for (int32_t i = 0; i < POSITIONS_MAX * POSITIONS_MAX; i++) d->merged[i] = 1.5 * draw_share(seed);
  point(d, merged);
  d->times.blocking = draw_below(seed, 2) == 0;
}

static inline clx_pipeline must_make(clx_arena *arena, clx_pipeline_spec spec) {
  clx_error error;
  clx_error_clear(&error);
  clx_pipeline p;
  if (clx_pipeline_make(&spec, arena, &p, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return p;
}

static inline void must_run(const clx_pipeline *p, const durations *d, const clx_pipeline_lanes *lanes,
                            const clx_pipeline_result *result, clx_arena *arena) {
  clx_error error;
  clx_error_clear(&error);
  if (clx_pipeline_run(p, &d->times, lanes, result, arena, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
}

static inline clx_pipeline_span *spans_of(const clx_pipeline *p, const durations *d, clx_arena *arena) {
  clx_pipeline_span *span = CLX_NEW_ARRAY(arena, clx_pipeline_span, p->first[p->stages]);
  must_run(p, d, NULL, &(clx_pipeline_result){.span = span}, arena);
  return span;
}

static inline double makespan(const clx_pipeline *p, const durations *d, clx_arena *arena) {
  const clx_pipeline_span *span = spans_of(p, d, arena);
  double end = 0;
  for (int32_t i = 0; i < p->first[p->stages]; i++) end = fmax(end, span[i].end);
  return end;
}

static inline double equal_makespan(clx_pipeline_spec spec, double forward, double backward, double weight,
                                    double merged) {
  static durations d;
  clx_arena *arena = clx_arena_new();
  const clx_pipeline p = must_make(arena, spec);
  set_equal(&d, &p, forward, backward, weight, merged);
  const double time = makespan(&p, &d, arena);
  clx_arena_free(arena);
  return time;
}

// A schedule that can run.
static inline clx_pipeline_spec random_spec(uint64_t *seed) {
  clx_pipeline_spec s = {.kind = draw_below(seed, CLX_PIPELINE_KINDS), .stages = 1 + draw_below(seed, 6)};
  s.micro_batches = 1 + draw_below(seed, 14);
  s.merge = draw_below(seed, 2) == 0 && s.kind <= CLX_PIPELINE_INTERLEAVED;
  if (s.kind == CLX_PIPELINE_INTERLEAVED) {
    s.chunks = 1 + draw_below(seed, 4);
    s.micro_batches += s.stages;
    if (draw_below(seed, 2) == 0) {
      s.group = s.stages + draw_below(seed, 3);
      const int32_t rest = s.micro_batches % s.group;
      if (rest > 0 && rest < s.stages) s.micro_batches += s.group - rest;
    }
  }
  if (s.kind == CLX_PIPELINE_DUALPIPE) {
    s.stages *= 2;
    s.micro_batches = 2 * s.stages + 2 * draw_below(seed, 5);
  }
  return s;
}

// Where the tasks stand, written down anew.
static inline int32_t position_of(const clx_pipeline *p, int32_t stage, int32_t chunk) {
  switch (p->kind) {
    case CLX_PIPELINE_INTERLEAVED:
      return chunk * p->stages + stage;
    case CLX_PIPELINE_ZB_V:
      return chunk == 0 ? stage : 2 * p->stages - 1 - stage;
    case CLX_PIPELINE_DUALPIPE:
      return chunk == 0 ? stage : p->stages - 1 - stage;
    default:
      return stage;
  }
}

typedef struct node {
  int32_t stage, position, kind, micro_batch;
  double duration, end;
} node;

static inline bool is_pair(const clx_pipeline *p, int32_t i) { return p->task[i].with_next; }

// Seconds of a transfer from one task to another; negative: the second does not need the first.
static inline double edge(const durations *d, const node *from, const node *to) {
  if (from->micro_batch != to->micro_batch) return -1;
  const double send =
      from->stage == to->stage ? 0 : d->send[from->position < to->position ? from->position : to->position];
  if (from->kind == CLX_TASK_FORWARD && to->kind == CLX_TASK_FORWARD && from->position + 1 == to->position) return send;
  if (from->kind == CLX_TASK_BACKWARD && to->kind == CLX_TASK_BACKWARD && from->position == to->position + 1)
    return send;
  if (from->position == to->position && from->kind + 1 == to->kind) return 0;
  return -1;
}
