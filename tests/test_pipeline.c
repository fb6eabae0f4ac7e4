// Schedules of pipelines: closed forms, brute-force longest paths, published orders and memory, lanes, draws, lists that cannot run.
#include "check.h"

#include "pipeline/pipeline.h"

enum { POSITIONS_MAX = 64, STAGES_MAX = 16 };

// splitmix64.
static uint64_t draw(uint64_t *state) {
  uint64_t x = *state += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

static int32_t draw_below(uint64_t *state, int32_t n) { return (int32_t)(draw(state) % (uint64_t)n); }
static double draw_share(uint64_t *state) { return (double)(draw(state) >> 11) * 0x1p-53; }

// Durations by position, with room for what a test changes.
typedef struct durations {
  double task[CLX_TASK_KINDS][POSITIONS_MAX], send[POSITIONS_MAX], merged[POSITIONS_MAX * POSITIONS_MAX];
  clx_pipeline_times times;
} durations;

static clx_pipeline_spec plain_of(int32_t kind, int32_t stages, int32_t chunks, int32_t micro_batches, int32_t group) {
  return (clx_pipeline_spec){
      .kind = kind, .stages = stages, .chunks = chunks, .micro_batches = micro_batches, .group = group};
}

static clx_pipeline_spec merged_of(int32_t kind, int32_t stages, int32_t chunks, int32_t micro_batches, int32_t group) {
  clx_pipeline_spec spec = plain_of(kind, stages, chunks, micro_batches, group);
  spec.merge = true;
  return spec;
}

static void point(durations *d, bool merged) {
  d->times = (clx_pipeline_times){.task = {d->task[0], d->task[1], d->task[2]}, .send = d->send};
  if (merged) d->times.merged = d->merged;
}

// F, B, W of one whole stage, spread evenly over its chunks; merged 0 = the sum.
static void set_equal(durations *d, const clx_pipeline *p, double forward, double backward, double weight,
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

static void set_random(durations *d, uint64_t *seed, bool merged) {
  for (int32_t i = 0; i < POSITIONS_MAX; i++) {
    for (int32_t k = 0; k < CLX_TASK_KINDS; k++) d->task[k][i] = draw_below(seed, 8) == 0 ? 0 : draw_share(seed);
    d->send[i] = draw_below(seed, 2) == 0 ? 0 : 0.3 * draw_share(seed);
  }
  for (int32_t i = 0; i < POSITIONS_MAX * POSITIONS_MAX; i++) d->merged[i] = 1.5 * draw_share(seed);
  point(d, merged);
  d->times.blocking = draw_below(seed, 2) == 0;
}

static clx_pipeline must_make(clx_arena *arena, clx_pipeline_spec spec) {
  clx_error error;
  clx_error_clear(&error);
  clx_pipeline p;
  if (clx_pipeline_make(&spec, arena, &p, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return p;
}

static void must_run(const clx_pipeline *p, const durations *d, const clx_pipeline_lanes *lanes,
                     const clx_pipeline_result *result, clx_arena *arena) {
  clx_error error;
  clx_error_clear(&error);
  if (clx_pipeline_run(p, &d->times, lanes, result, arena, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
}

static clx_pipeline_span *spans_of(const clx_pipeline *p, const durations *d, clx_arena *arena) {
  clx_pipeline_span *span = CLX_NEW_ARRAY(arena, clx_pipeline_span, p->first[p->stages]);
  must_run(p, d, NULL, &(clx_pipeline_result){.span = span}, arena);
  return span;
}

static double makespan(const clx_pipeline *p, const durations *d, clx_arena *arena) {
  const clx_pipeline_span *span = spans_of(p, d, arena);
  double end = 0;
  for (int32_t i = 0; i < p->first[p->stages]; i++) end = fmax(end, span[i].end);
  return end;
}

static double equal_makespan(clx_pipeline_spec spec, double forward, double backward, double weight, double merged) {
  static durations d;
  clx_arena *arena = clx_arena_new();
  const clx_pipeline p = must_make(arena, spec);
  set_equal(&d, &p, forward, backward, weight, merged);
  const double time = makespan(&p, &d, arena);
  clx_arena_free(arena);
  return time;
}

// A schedule that can run.
static clx_pipeline_spec random_spec(uint64_t *seed) {
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

// --- closed forms ------------------------------------------------------------------------------------------------------

static void test_closed_forms_are_met(void **state) {
  (void)state;
  uint64_t seed = 1;
  for (int32_t trial = 0; trial < 400; trial++) {
    const double f = 0.2 + draw_share(&seed), b = 0.2 + draw_share(&seed), w = 0.2 + draw_share(&seed);
    const int32_t p = 1 + draw_below(&seed, 8), v = 2 + draw_below(&seed, 4), m = 1 + draw_below(&seed, 20);
    const double all = f + b + w;
    const double gpipe = equal_makespan(plain_of(CLX_PIPELINE_GPIPE, p, 0, m, 0), f, b, w, 0);
    CLX_CHECK_NEAR(gpipe, (m + p - 1) * all, 1e-12, 0);
    CLX_CHECK_NEAR(clx_pipeline_bound(CLX_PIPELINE_GPIPE, p, 1, m, f, b, w), gpipe, 1e-12, 0);
    const double plain = equal_makespan(plain_of(CLX_PIPELINE_1F1B, p, 0, m, 0), f, b, w, 0);
    CLX_CHECK_NEAR(plain, (m + p - 1) * all, 1e-12, 0);
    CLX_CHECK_NEAR(clx_pipeline_bound(CLX_PIPELINE_1F1B, p, 1, m, f, b + w, 0), plain, 1e-12, 0);
    const double inter = equal_makespan(plain_of(CLX_PIPELINE_INTERLEAVED, p, v, p + m, 0), f, b, w, 0);
    CLX_CHECK_NEAR(inter, (p + m + (p - 1.0) / v) * all, 1e-12, 0);  // also where p does not divide p + m
    CLX_CHECK_NEAR(clx_pipeline_bound(CLX_PIPELINE_INTERLEAVED, p, v, p + m, f, b, w), inter, 1e-12, 0);
    const double h1 = equal_makespan(plain_of(CLX_PIPELINE_ZB_H1, p, 0, 2 * p + m, 0), f, b, w, 0);
    CLX_CHECK_NEAR(h1, (2 * p + m) * all + (p - 1) * fmax(fmax(f, b), f + b - w), 1e-12, 0);
    CLX_CHECK_NEAR(clx_pipeline_bound(CLX_PIPELINE_ZB_H1, p, 1, 2 * p + m, f, b, w), h1, 1e-12, 0);
    const double merged = all - draw_share(&seed) * fmin(f, b + w);
    const int32_t many = p * (2 * v + m);
    const double pairs = equal_makespan(merged_of(CLX_PIPELINE_INTERLEAVED, p, v, many, 0), f, b, w, merged);
    CLX_CHECK_NEAR(clx_pipeline_bound_merged(CLX_PIPELINE_INTERLEAVED, p, v, many, f, b, w, merged), pairs, 1e-12, 0);
    const double one = equal_makespan(merged_of(CLX_PIPELINE_1F1B, p, 0, many, 0), f, b, w, merged);
    CLX_CHECK_NEAR(one, p * all + (many - 1) * merged, 1e-12, 0);
    CLX_CHECK_NEAR(clx_pipeline_bound_merged(CLX_PIPELINE_1F1B, p, 1, many, f, b, w, merged), one, 1e-12, 0);
  }
}

static void test_no_schedule_undercuts_its_bound(void **state) {
  (void)state;
  uint64_t seed = 2;
  for (int32_t trial = 0; trial < 2000; trial++) {
    const clx_pipeline_spec s = random_spec(&seed);
    const double f = draw_share(&seed), b = draw_share(&seed), w = draw_share(&seed);
    const bool merges = s.merge || s.kind == CLX_PIPELINE_DUALPIPE;
    const double merged = fmax(f, b + w) + draw_share(&seed) * fmin(f, b + w);
    const double time = equal_makespan(s, f, b, w, merges ? merged : 0);
    const double bound = merges
                             ? clx_pipeline_bound_merged(s.kind, s.stages, s.chunks, s.micro_batches, f, b, w, merged)
                             : clx_pipeline_bound(s.kind, s.stages, s.chunks, s.micro_batches, f, b, w);
    if (!(bound <= time * (1 + 1e-12) && bound > 0.3 * time)) {
      fail_msg("%s p %d v %d m %d: %g against %g", clx_pipeline_kind_name[s.kind], s.stages, s.chunks, s.micro_batches,
               bound, time);
    }
  }
}

// Qi et al.: a third of the bubble of 1F1B (H1) and none but the fill (V) when F = B = W; shorter than 1F1B whatever they are.
static void test_zero_bubble(void **state) {
  (void)state;
  uint64_t seed = 3;
  for (int32_t p = 2; p <= 8; p++) {
    const int32_t m = 3 * p;
    const double plain = equal_makespan(plain_of(CLX_PIPELINE_1F1B, p, 0, m, 0), 2, 2, 2, 0);
    const double h1 = equal_makespan(plain_of(CLX_PIPELINE_ZB_H1, p, 0, m, 0), 2, 2, 2, 0);
    const double v = equal_makespan(plain_of(CLX_PIPELINE_ZB_V, p, 0, m, 0), 2, 2, 2, 0);
    CLX_CHECK_NEAR(h1 - 6 * m, (plain - 6 * m) / 3, 1e-12, 0);
    CLX_CHECK_NEAR(v, 6 * m + p - 1, 1e-12, 0);
    CLX_CHECK_NEAR(clx_pipeline_bound(CLX_PIPELINE_ZB_V, p, 2, m, 2, 2, 2), v, 1e-12, 0);
    for (int32_t trial = 0; trial < 20; trial++) {
      const double f = 0.5 + draw_share(&seed), b = 0.5 + draw_share(&seed), w = 0.5 + draw_share(&seed);
      const double one = equal_makespan(plain_of(CLX_PIPELINE_1F1B, p, 0, m, 0), f, b, w, 0);
      for (int32_t kind = CLX_PIPELINE_ZB_H1; kind <= CLX_PIPELINE_ZB_V; kind++) {
        assert_true(equal_makespan(plain_of(kind, p, 0, m, 0), f, b, w, 0) < one);
      }
    }
  }
}

// DeepSeek's table: bubble (p / 2 - 1) (F&B + B - 3 W), B being the whole backward, beyond the work of a middle stage.
static void test_dualpipe_bubble(void **state) {
  (void)state;
  static durations d;
  for (int32_t p = 2; p <= 12; p += 2) {
    for (int32_t m = 2 * p; m <= 6 * p; m += 2) {
      for (int32_t quarter = 8; quarter <= 12; quarter++) {
        const double merged = 0.25 * quarter;
        clx_arena *arena = clx_arena_new();
        const clx_pipeline pipe = must_make(arena, plain_of(CLX_PIPELINE_DUALPIPE, p, 0, m, 0));
        set_equal(&d, &pipe, 1, 1, 1, merged);
        float busy[STAGES_MAX];
        must_run(&pipe, &d, NULL, &(clx_pipeline_result){.busy = busy}, arena);
        const double time = makespan(&pipe, &d, arena);
        CLX_CHECK_NEAR(time - (double)busy[p / 2], (p / 2.0 - 1) * (merged + 2 - 3), 1e-6, 1e-5);
        assert_true(clx_pipeline_bound_merged(CLX_PIPELINE_DUALPIPE, p, 2, m, 1, 1, 1, merged) <= time + 1e-9);
        for (int32_t s = 0; s < p; s++) assert_int_equal(pipe.in_flight[s], p + 1);
        clx_arena_free(arena);
      }
    }
  }
}

// --- brute force -------------------------------------------------------------------------------------------------------

// Where the tasks stand, written down anew.
static int32_t position_of(const clx_pipeline *p, int32_t stage, int32_t chunk) {
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

static bool has_weight(const clx_pipeline *p, const node *nodes, const node *x) {
  for (int32_t i = 0; i < p->first[p->stages]; i++) {
    const node *w = &nodes[i];
    if (w->kind == CLX_TASK_WEIGHT && w->position == x->position && w->micro_batch == x->micro_batch) return true;
  }
  return false;
}

static bool is_pair(const clx_pipeline *p, int32_t i) { return p->task[i].with_next; }

// Durations of all tasks at full speed; both of a merged pair get that of the pair.
static node *nodes_of(const clx_pipeline *p, const durations *d, clx_arena *arena) {
  node *nodes = CLX_NEW_ARRAY(arena, node, p->first[p->stages]);
  for (int32_t s = 0; s < p->stages; s++) {
    for (int32_t i = p->first[s]; i < p->first[s + 1]; i++) {
      const clx_task *t = &p->task[i];
      nodes[i] = (node){s, position_of(p, s, t->chunk), t->kind, t->micro_batch, 0, 0};
    }
  }
  for (int32_t i = 0; i < p->first[p->stages]; i++) {
    node *x = &nodes[i];
    x->duration = d->task[x->kind][x->position];
    if (x->kind == CLX_TASK_BACKWARD && p->split && !has_weight(p, nodes, x)) {
      x->duration += d->task[CLX_TASK_WEIGHT][x->position];
    }
    if (i == 0 || !is_pair(p, i - 1)) continue;
    node *before = x - 1;
    const node *forward = x->kind == CLX_TASK_FORWARD ? x : before, *backward = forward == x ? before : x;
    const int32_t n = clx_pipeline_positions(p);
    const double pair = d->times.merged != NULL ? d->merged[forward->position * n + backward->position]
                                                : before->duration + x->duration;
    before->duration = x->duration = pair;
  }
  return nodes;
}

// Seconds of a transfer from one task to another; negative: the second does not need the first.
static double edge(const durations *d, const node *from, const node *to) {
  if (from->micro_batch != to->micro_batch) return -1;
  const double send =
      from->stage == to->stage ? 0 : d->send[from->position < to->position ? from->position : to->position];
  if (from->kind == CLX_TASK_FORWARD && to->kind == CLX_TASK_FORWARD && from->position + 1 == to->position) return send;
  if (from->kind == CLX_TASK_BACKWARD && to->kind == CLX_TASK_BACKWARD && from->position == to->position + 1)
    return send;
  if (from->position == to->position && from->kind + 1 == to->kind) return 0;
  return -1;
}

// How long the stage of a task sends what the task has made.
static double sending(const clx_pipeline *p, const durations *d, const node *nodes, const node *from) {
  double longest = 0;
  for (int32_t i = 0; i < p->first[p->stages]; i++) {
    if (d->times.blocking) longest = fmax(longest, edge(d, from, &nodes[i]));
  }
  return longest;
}

// Ends of all tasks: relaxes every edge until nothing changes.
static void relax(const clx_pipeline *p, const durations *d, node *nodes, const double *hold, double *start) {
  const int32_t count = p->first[p->stages];
  for (bool changed = true; changed;) {
    changed = false;
    for (int32_t i = 0; i < count; i++) {
      const int32_t lead = i > 0 && is_pair(p, i - 1) ? i - 1 : i, last = is_pair(p, lead) ? lead + 1 : lead;
      double begin = 0;
      if (lead > p->first[nodes[i].stage]) {
        const int32_t before = lead - 1, first = before > 0 && is_pair(p, before - 1) ? before - 1 : before;
        begin = nodes[before].end + fmax(hold[before], hold[first]);
      }
      for (int32_t j = 0; j < count; j++) {
        for (int32_t k = lead; k <= last; k++) {
          const double transfer = edge(d, &nodes[j], &nodes[k]);
          if (transfer >= 0) begin = fmax(begin, nodes[j].end + transfer);
        }
      }
      start[i] = begin;
      changed = changed || nodes[i].end < begin + nodes[i].duration;
      nodes[i].end = begin + nodes[i].duration;
    }
  }
}

static void check_against_brute_force(const clx_pipeline *p, const durations *d, const clx_pipeline_span *span,
                                      node *nodes, clx_arena *arena) {
  const int32_t count = p->first[p->stages];
  double *hold = CLX_NEW_ARRAY(arena, double, count), *start = CLX_NEW_ARRAY(arena, double, count);
  for (int32_t i = 0; i < count; i++) hold[i] = sending(p, d, nodes, &nodes[i]);
  relax(p, d, nodes, hold, start);
  for (int32_t i = 0; i < count; i++) {
    CLX_CHECK_NEAR(span[i].start, start[i], 1e-12, 1e-12);
    CLX_CHECK_NEAR(span[i].end, nodes[i].end, 1e-12, 1e-12);
  }
}

static void test_longest_path_is_exact(void **state) {
  (void)state;
  static durations d;
  uint64_t seed = 4;
  int32_t seen[CLX_PIPELINE_KINDS] = {0};
  for (int32_t trial = 0; trial < 500; trial++) {
    const clx_pipeline_spec s = random_spec(&seed);
    if (s.stages * s.micro_batches * (s.chunks > 0 ? s.chunks : 1) > 130) continue;
    clx_arena *arena = clx_arena_new();
    const clx_pipeline p = must_make(arena, s);
    set_random(&d, &seed, draw_below(&seed, 2) == 0);
    node *nodes = nodes_of(&p, &d, arena);
    check_against_brute_force(&p, &d, spans_of(&p, &d, arena), nodes, arena);
    clx_arena_free(arena);
    seen[s.kind]++;
  }
  for (int32_t k = 0; k < CLX_PIPELINE_KINDS; k++) assert_true(seen[k] > 20);
}

// With draws the durations are those of the spans; when everything happens must still be the longest path.
static void test_longest_path_with_draws(void **state) {
  (void)state;
  static durations d;
  uint64_t seed = 5;
  for (int32_t trial = 0; trial < 60; trial++) {
    clx_pipeline_spec s = random_spec(&seed);
    if (s.stages * s.micro_batches * (s.chunks > 0 ? s.chunks : 1) > 100) continue;
    clx_arena *arena = clx_arena_new();
    const clx_pipeline p = must_make(arena, s);
    set_random(&d, &seed, false);
    clx_pipeline_span *span = CLX_NEW_ARRAY(arena, clx_pipeline_span, p.first[p.stages]);
    float slowness[STAGES_MAX * 3];
    for (int32_t i = 0; i < p.stages * 3; i++) slowness[i] = (float)(1 + 0.2 * draw_share(&seed));
    const clx_pipeline_lanes lanes = {3, slowness, 0.1F, draw(&seed), 100};
    must_run(&p, &d, &lanes, &(clx_pipeline_result){.span = span, .span_lane = 1}, arena);
    node *nodes = nodes_of(&p, &d, arena);
    for (int32_t i = 0; i < p.first[p.stages]; i++) {
      const double least = nodes[i].duration * (double)slowness[nodes[i].stage * 3 + 1];
      assert_true(span[i].end - span[i].start >= least - 1e-12);
      assert_true(span[i].end - span[i].start <= least * 1.6 + 1e-12);
      nodes[i].duration = span[i].end - span[i].start;
    }
    check_against_brute_force(&p, &d, span, nodes, arena);
    clx_arena_free(arena);
  }
}

// --- lists -------------------------------------------------------------------------------------------------------------

static void test_every_task_once_and_in_order(void **state) {
  (void)state;
  uint64_t seed = 6;
  for (int32_t trial = 0; trial < 600; trial++) {
    const clx_pipeline_spec s = random_spec(&seed);
    clx_arena *arena = clx_arena_new();
    const clx_pipeline p = must_make(arena, s);
    const int32_t n = clx_pipeline_positions(&p), m = p.micro_batches, count = p.first[p.stages];
    int32_t *seen = CLX_NEW_ARRAY(arena, int32_t, CLX_TASK_KINDS * n * m);
    bool *run = CLX_NEW_ARRAY(arena, bool, count);
    int32_t whole = 0, weights = 0;
    for (int32_t k = 0; k < count; k++) {
      const int32_t i = p.order[k];
      assert_false(run[i]);
      run[i] = true;
      int32_t stage = 0;
      while (p.first[stage + 1] <= i) stage++;
      const clx_task *t = &p.task[i];
      const int32_t position = position_of(&p, stage, t->chunk);
      assert_int_equal(position, clx_pipeline_position(&p, stage, t));
      seen[(t->kind * n + position) * m + t->micro_batch]++;
      whole += clx_pipeline_is_whole(&p, i);
      weights += t->kind == CLX_TASK_WEIGHT;
      if (i > p.first[stage]) assert_true(run[i - 1]);
      if (t->with_next) assert_int_equal(p.order[k + 1], i + 1);
    }
    for (int32_t i = 0; i < 2 * n * m; i++) assert_int_equal(seen[i], 1);
    assert_int_equal(whole + weights, n * m);  // gradients of every chunk and micro-batch once
    if (p.kind == CLX_PIPELINE_ZB_H1 || p.kind == CLX_PIPELINE_ZB_V) assert_int_equal(whole, 0);
    assert_int_equal(weights > 0, p.split);
    clx_arena_free(arena);
  }
}

// "F0.1" = forward of micro-batch 0, chunk 1; "+" joins merged pairs.
static void check_list(clx_pipeline_spec spec, int32_t stage, const char *want) {
  clx_arena *arena = clx_arena_new();
  const clx_pipeline p = must_make(arena, spec);
  char text[600] = "";
  size_t used = 0;
  for (int32_t i = p.first[stage]; i < p.first[stage + 1]; i++) {
    const clx_task *t = &p.task[i];
    used += (size_t)snprintf(text + used, sizeof text - used, "%c%d.%d%s", "FBW"[t->kind], t -> micro_batch, t -> chunk,
                             i + 1 == p.first[stage + 1] ? ""
                             : t->with_next              ? "+"
                                                         : " ");
  }
  assert_string_equal(text, want);
  clx_arena_free(arena);
}

static void test_published_orders(void **state) {
  (void)state;
  check_list(plain_of(CLX_PIPELINE_1F1B, 3, 0, 4, 0), 1, "F0.0 F1.0 B0.0 F2.0 B1.0 F3.0 B2.0 B3.0");
  check_list(plain_of(CLX_PIPELINE_1F1B, 8, 0, 2, 0), 0, "F0.0 F1.0 B0.0 B1.0");
  // Megatron-Core: two micro-batches through each chunk in turn; 2 (p - s - 1) + (v - 1) p forwards ahead.
  check_list(plain_of(CLX_PIPELINE_INTERLEAVED, 2, 2, 4, 0), 0,
             "F0.0 F1.0 F0.1 F1.1 F2.0 B0.1 F3.0 B1.1 F2.1 B0.0 F3.1 B1.0 B2.1 B3.1 B2.0 B3.0");
  check_list(plain_of(CLX_PIPELINE_INTERLEAVED, 2, 2, 4, 0), 1,
             "F0.0 F1.0 F0.1 B0.1 F1.1 B1.1 F2.0 B0.0 F3.0 B1.0 F2.1 B2.1 F3.1 B3.1 B2.0 B3.0");
  // The last group of five in groups of three has two.
  check_list(plain_of(CLX_PIPELINE_INTERLEAVED, 2, 2, 5, 3), 1,
             "F0.0 F1.0 F2.0 F0.1 B0.1 F1.1 B1.1 F2.1 B2.1 F3.0 B0.0 F4.0 B1.0 F3.1 B2.0 F4.1 B3.1 B4.1 B3.0 B4.0");
  // Expert exchange behind compute: one forward more ahead, then pairs.
  check_list(merged_of(CLX_PIPELINE_INTERLEAVED, 2, 2, 4, 0), 1,
             "F0.0 F1.0 F0.1 F1.1+B0.1 F2.0+B1.1 F3.0+B0.0 F2.1+B1.0 F3.1+B2.1 B3.1 B2.0 B3.0");
  check_list(plain_of(CLX_PIPELINE_ZB_H1, 3, 0, 4, 0), 1,
             "F0.0 F1.0 B0.0 F2.0 B1.0 W0.0 F3.0 B2.0 W1.0 B3.0 W2.0 W3.0");
  check_list(plain_of(CLX_PIPELINE_ZB_V, 2, 0, 3, 0), 0,
             "F0.0 F1.0 F2.0 F0.1 B0.1 W0.1 F1.1 B1.1 W1.1 B0.0 W0.0 F2.1 B2.1 W2.1 B1.0 W1.0 B2.0 W2.0");
  // DeepSeek's eight steps for the first of four ranks and eight micro-batches (0 to 3 enter here).
  check_list(plain_of(CLX_PIPELINE_DUALPIPE, 4, 0, 8, 0), 0,
             "F0.0 F1.0 F2.0 F4.1 B4.1 W4.1 F5.1 F3.0+B5.1 F6.1+B0.0 B6.1 F7.1+B1.0 B7.1 B2.0 W2.0 B3.0 W3.0");
  check_list(plain_of(CLX_PIPELINE_DUALPIPE, 4, 0, 8, 0), 2,
             "F4.1 F0.0 F5.1 F1.0 F6.1 B0.0 F2.0+B4.1 F7.1+B1.0 F3.0+B5.1 B2.0 B6.1 B3.0 B7.1 W3.0 W7.1");
}

static void check_held(clx_pipeline_spec spec, int32_t (*want)(int32_t p, int32_t v, int32_t m, int32_t s)) {
  clx_arena *arena = clx_arena_new();
  const clx_pipeline p = must_make(arena, spec);
  for (int32_t s = 0; s < p.stages; s++) {
    assert_int_equal(p.in_flight[s], want(p.stages, p.chunks, p.micro_batches, s));
  }
  clx_arena_free(arena);
}

static int32_t least(int32_t a, int32_t b) { return a < b ? a : b; }
static int32_t held_all(int32_t p, int32_t v, int32_t m, int32_t s) { return (void)p, (void)v, (void)s, m; }
static int32_t held_1f1b(int32_t p, int32_t v, int32_t m, int32_t s) { return (void)v, least(p - s, m); }
static int32_t held_interleaved(int32_t p, int32_t v, int32_t m, int32_t s) {
  return least(2 * (p - s - 1) + (v - 1) * p + 1, m * v);
}
static int32_t held_merged(int32_t p, int32_t v, int32_t m, int32_t s) {
  return least(2 * (p - s - 1) + (v - 1) * p + 2, m * v);
}
static int32_t held_zb_h1(int32_t p, int32_t v, int32_t m, int32_t s) { return (void)v, (void)s, least(p, m); }
static int32_t held_zb_v(int32_t p, int32_t v, int32_t m, int32_t s) { return (void)v, (void)s, (void)m, 2 * p; }

static void test_activations_in_flight(void **state) {
  (void)state;
  for (int32_t p = 1; p <= 7; p++) {
    for (int32_t m = 1; m <= 20; m++) {
      check_held(plain_of(CLX_PIPELINE_GPIPE, p, 0, m, 0), held_all);
      check_held(plain_of(CLX_PIPELINE_1F1B, p, 0, m, 0), held_1f1b);
      check_held(plain_of(CLX_PIPELINE_ZB_H1, p, 0, m, 0), held_zb_h1);
      if (m >= 2 * p) check_held(plain_of(CLX_PIPELINE_ZB_V, p, 0, m, 0), held_zb_v);
      for (int32_t v = 2; v <= 4 && m % p == 0; v++) {
        check_held(plain_of(CLX_PIPELINE_INTERLEAVED, p, v, m, 0), held_interleaved);
        check_held(merged_of(CLX_PIPELINE_INTERLEAVED, p, v, m, 0), held_merged);
      }
    }
  }
}

// --- lanes -------------------------------------------------------------------------------------------------------------

enum { LANES = 75 };

// Results of a run by stage, chunk and lane.
typedef struct measured {
  float first_forward[STAGES_MAX * 4 * LANES], last_start[STAGES_MAX * 4 * LANES], last_end[STAGES_MAX * 4 * LANES];
  float end[STAGES_MAX * LANES], busy[STAGES_MAX * LANES];
  clx_pipeline_result result;
} measured;

static void measure(measured *x, const clx_pipeline *p, const durations *d, const clx_pipeline_lanes *lanes,
                    clx_arena *arena) {
  x->result = (clx_pipeline_result){x->first_forward, x->last_start, x->last_end, x->end, x->busy, NULL, 0};
  must_run(p, d, lanes, &x->result, arena);
}

static void check_lane(const measured *all, int32_t lane, const measured *one, int32_t of, int32_t count,
                       const clx_pipeline *p) {
  for (int32_t s = 0; s < p->stages; s++) {
    assert_true(all->end[s * LANES + lane] == one->end[s * count + of]);
    assert_true(all->busy[s * LANES + lane] == one->busy[s * count + of]);
    for (int32_t c = 0; c < p->chunks; c++) {
      const int32_t i = s * p->chunks + c;
      assert_true(all->first_forward[i * LANES + lane] == one->first_forward[i * count + of]);
      assert_true(all->last_start[i * LANES + lane] == one->last_start[i * count + of]);
      assert_true(all->last_end[i * LANES + lane] == one->last_end[i * count + of]);
    }
  }
}

// Any cut of the lanes gives the same bits, with draws and without.
static void test_lanes_do_not_depend_on_each_other(void **state) {
  (void)state;
  static durations d;
  static measured all, one;
  uint64_t seed = 7;
  for (int32_t trial = 0; trial < 24; trial++) {
    clx_arena *arena = clx_arena_new();
    const clx_pipeline p = must_make(arena, random_spec(&seed));
    set_random(&d, &seed, trial % 2 == 0);
    float slowness[STAGES_MAX * LANES], part[STAGES_MAX * LANES];
    for (int32_t i = 0; i < p.stages * LANES; i++) slowness[i] = (float)(0.8 + draw_share(&seed));
    clx_pipeline_lanes lanes = {LANES, slowness, trial % 3 == 0 ? 0 : 0.05F, draw(&seed), 1000};
    measure(&all, &p, &d, &lanes, arena);
    const int32_t cuts[] = {0, 1, 3, 36, 68, LANES};
    for (int32_t k = 0; k + 1 < CLX_COUNT(cuts); k++) {
      const int32_t count = cuts[k + 1] - cuts[k];
      for (int32_t i = 0; i < p.stages * count; i++) part[i] = slowness[i / count * LANES + cuts[k] + i % count];
      const clx_pipeline_lanes few = {count, part, lanes.jitter, lanes.seed, 1000 + cuts[k]};
      measure(&one, &p, &d, &few, arena);
      for (int32_t i = 0; i < count; i++) check_lane(&all, cuts[k] + i, &one, i, count, &p);
    }
    clx_arena_free(arena);
  }
}

// What is reported of stages and chunks is what the spans say.
static void test_results_agree_with_spans(void **state) {
  (void)state;
  static durations d;
  static measured x;
  uint64_t seed = 8;
  for (int32_t trial = 0; trial < 300; trial++) {
    clx_arena *arena = clx_arena_new();
    const clx_pipeline p = must_make(arena, random_spec(&seed));
    set_random(&d, &seed, trial % 2 == 0);
    d.times.blocking = false;
    measure(&x, &p, &d, NULL, arena);
    const clx_pipeline_span *span = spans_of(&p, &d, arena);
    for (int32_t s = 0; s < p.stages; s++) {
      double first[4] = {INFINITY, INFINITY, INFINITY, INFINITY}, start[4] = {0}, end[4] = {0}, busy = 0;
      for (int32_t i = p.first[s]; i < p.first[s + 1]; i++) {
        const clx_task *t = &p.task[i];
        if (t->kind == CLX_TASK_FORWARD) first[t->chunk] = fmin(first[t->chunk], span[i].start);
        if (t->kind == CLX_TASK_WEIGHT || clx_pipeline_is_whole(&p, i)) {
          start[t->chunk] = span[i].start;
          end[t->chunk] = span[i].end;
        }
        if (!t->with_next) busy += span[i].end - span[i].start;
      }
      CLX_CHECK_NEAR((double)x.busy[s], busy, 1e-6, 1e-9);
      CLX_CHECK_NEAR((double)x.end[s], span[p.first[s + 1] - 1].end, 1e-6, 0);
      for (int32_t c = 0; c < p.chunks; c++) {
        CLX_CHECK_NEAR((double)x.first_forward[s * p.chunks + c], first[c], 1e-6, 0);
        CLX_CHECK_NEAR((double)x.last_start[s * p.chunks + c], start[c], 1e-6, 0);
        CLX_CHECK_NEAR((double)x.last_end[s * p.chunks + c], end[c], 1e-6, 0);
      }
    }
    clx_arena_free(arena);
  }
}

static int compare_floats(const void *a, const void *b) {
  const float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

// Half-normal: distribution against erf (Kolmogorov and Smirnov at 0.1 %), far tail, tasks of a lane independent.
static void test_draws_are_half_normal(void **state) {
  (void)state;
  enum { MANY = 50000 };
  static float one[MANY], two[MANY];
  static durations d;
  clx_arena *arena = clx_arena_new();
  const clx_pipeline p = must_make(arena, plain_of(CLX_PIPELINE_GPIPE, 1, 0, 1, 0));
  set_equal(&d, &p, 1, 0, 0, 0);
  const clx_pipeline_lanes lanes = {MANY, NULL, 1, 42, 0};
  must_run(&p, &d, &lanes, &(clx_pipeline_result){.end = one}, arena);
  set_equal(&d, &p, 1, 1, 0, 0);
  must_run(&p, &d, &lanes, &(clx_pipeline_result){.end = two}, arena);
  double mean = 0, product = 0;
  for (int32_t i = 0; i < MANY; i++) {
    mean += ((double)one[i] - 1) / MANY;
    product += ((double)one[i] - 1) * ((double)two[i] - (double)one[i] - 1) / MANY;
  }
  CLX_CHECK_NEAR(mean, sqrt(2 / acos(-1.0)), 0, 0.01);
  CLX_CHECK_NEAR(product, 2 / acos(-1.0), 0, 0.02);
  qsort(one, MANY, sizeof *one, compare_floats);
  double apart = 0;
  for (int32_t i = 0; i < MANY; i++) {
    apart = fmax(apart, fabs(erf(((double)one[i] - 1) / sqrt(2.0)) - (i + 0.5) / MANY));
  }
  assert_true(apart < 1.95 / sqrt((double)MANY));
  assert_true(one[0] >= 1 && one[MANY - 1] > 4.5F && one[MANY - 1] < 6.7F);
  clx_arena_free(arena);
}

// 4,096 micro-batches of 20 s: what a sum in float would lose.
static void test_long_steps_keep_their_digits(void **state) {
  (void)state;
  static durations d;
  clx_arena *arena = clx_arena_new();
  const clx_pipeline p = must_make(arena, plain_of(CLX_PIPELINE_1F1B, 4, 0, 4096, 0));
  set_equal(&d, &p, 20.0 / 3 + 1e-5, 40.0 / 3, 0, 0);
  float end[4];
  must_run(&p, &d, NULL, &(clx_pipeline_result){.end = end}, arena);
  CLX_CHECK_NEAR((double)end[0], 4099 * (20 + 1e-5), 1e-7, 0);
  clx_arena_free(arena);
}

// --- mistakes ----------------------------------------------------------------------------------------------------------

static void check_refused(clx_pipeline_spec spec, const char *want) {
  clx_arena *arena = clx_arena_new();
  clx_error error;
  clx_error_clear(&error);
  clx_pipeline p;
  assert_int_equal(clx_pipeline_make(&spec, arena, &p, &error), CLX_INPUT);
  if (strstr(error.mistake[0].text, want) == NULL) fail_msg("%s", error.mistake[0].text);
  clx_arena_free(arena);
}

static void test_what_cannot_run_is_refused(void **state) {
  (void)state;
  check_refused(plain_of(CLX_PIPELINE_1F1B, 0, 0, 4, 0), "a pipeline of 0 stages: expected 1 to 4096");
  check_refused(plain_of(CLX_PIPELINE_1F1B, 4, 0, 0, 0), "at least one micro-batch, not 0");
  check_refused(plain_of(CLX_PIPELINE_1F1B, 4, 2, 4, 0), "1F1B has 1 chunk of layers per stage, not 2");
  check_refused(plain_of(CLX_PIPELINE_ZB_V, 4, 3, 4, 0), "ZB-V has 2 chunks of layers per stage, not 3");
  check_refused(plain_of(CLX_PIPELINE_1F1B, 4, -1, 4, 0), "not -1");
  check_refused(plain_of(CLX_PIPELINE_INTERLEAVED, 8, 2, 7, 0),
                "interleaved 1F1B over 8 stages needs at least 8 micro-batches, not 7");
  check_refused(plain_of(CLX_PIPELINE_INTERLEAVED, 4, 2, 8, 3), "groups of at least 4 micro-batches, not 3");
  check_refused(plain_of(CLX_PIPELINE_INTERLEAVED, 4, 2, 11, 4),
                "11 micro-batches in groups of 4 leave a last group of 3, fewer than the 4 stages");
  check_refused(plain_of(CLX_PIPELINE_DUALPIPE, 5, 0, 20, 0), "an even number of stages, not 5");
  check_refused(plain_of(CLX_PIPELINE_DUALPIPE, 4, 0, 6, 0), "at least 8 micro-batches, not 6");
  check_refused(plain_of(CLX_PIPELINE_DUALPIPE, 4, 0, 9, 0), "an even number of them, not 9");
  check_refused(merged_of(CLX_PIPELINE_ZB_H1, 4, 0, 8, 0), "ZB-H1 splits weight gradients");
  check_refused(plain_of(CLX_PIPELINE_INTERLEAVED, 4096, 1024, 1 << 20, 0), "too many tasks");
}

static clx_status order_of(clx_pipeline *p, clx_task *task, int32_t *first, clx_arena *arena, clx_error *error) {
  p->task = task;
  p->first = first;
  clx_error_clear(error);
  return clx_pipeline_order(p, (clx_place){"layout.yaml", 3, 1}, arena, error);
}

static void check_lists(clx_pipeline p, clx_task *task, int32_t *first, const char *want) {
  clx_arena *arena = clx_arena_new();
  clx_error error;
  assert_int_equal(order_of(&p, task, first, arena, &error), CLX_INPUT);
  if (strstr(error.mistake[0].text, want) == NULL) fail_msg("%s", error.mistake[0].text);
  assert_string_equal(error.mistake[0].file, "layout.yaml");
  clx_arena_free(arena);
}

enum { F = CLX_TASK_FORWARD, B = CLX_TASK_BACKWARD, W = CLX_TASK_WEIGHT };

static void test_circles_are_named(void **state) {
  (void)state;
  const clx_pipeline two = {.kind = CLX_PIPELINE_1F1B, .stages = 2, .chunks = 1, .micro_batches = 2};
  // Stage 0 wants a gradient before it sends the second micro-batch, stage 1 wants both before it works on either.
  clx_task waits[] = {{F, 0, 0, 0}, {B, 0, 0, 0}, {F, 0, 0, 1}, {B, 0, 0, 1},
                      {F, 0, 0, 0}, {F, 0, 0, 1}, {B, 0, 0, 0}, {B, 0, 0, 1}};
  int32_t four[] = {0, 4, 8};
  check_lists(two, waits, four, "2 stages wait in a circle");
  check_lists(two, waits, four, "backward of micro-batch 0, chunk 0, on stage 0 waits for backward 0 on stage 1");
  check_lists(two, waits, four, "forward of micro-batch 1, chunk 0, on stage 1 waits for forward 1 on stage 0");
  // A stage that waits for itself.
  clx_task itself[] = {{F, 0, 0, 0}, {F, 0, 0, 1}, {B, 0, 0, 0}, {B, 0, 0, 1},
                       {F, 0, 0, 0}, {B, 0, 0, 1}, {F, 0, 0, 1}, {B, 0, 0, 0}};
  check_lists(
      two, itself, four,
      "1 stage waits in a circle: backward of micro-batch 1, chunk 0, on stage 1 waits for forward 1 on stage 1");
  // A pair of one micro-batch.
  clx_task pair[] = {{F, 0, 0, 0}, {F, 0, 0, 1}, {B, 0, 0, 0}, {B, 0, 0, 1},
                     {F, 1, 0, 0}, {B, 0, 0, 0}, {F, 0, 0, 1}, {B, 0, 0, 1}};
  check_lists(two, pair, four, "backward of micro-batch 0, chunk 0, on stage 1 waits for forward 0 on stage 1");
}

// Megatron's order with a last group smaller than the stages, which it refuses and so do we: it would be a circle.
static void test_small_last_group_is_a_circle(void **state) {
  (void)state;
  enum { STAGES = 4, CHUNKS = 3, COUNT = 9, GROUP = 4, EACH = 2 * CHUNKS * COUNT };
  static clx_task task[STAGES * EACH];
  int32_t first[STAGES + 1] = {0}, turn[CHUNKS * COUNT][2], turns = 0, count = 0;
  for (int32_t start = 0; start < COUNT; start += GROUP) {
    for (int32_t c = 0; c < CHUNKS; c++) {
      for (int32_t i = start; i < least(start + GROUP, COUNT); i++) {
        turn[turns][0] = i;
        turn[turns++][1] = c;
      }
    }
  }
  for (int32_t s = 0; s < STAGES; s++) {
    const int32_t ahead = 2 * (STAGES - 1 - s) + (CHUNKS - 1) * GROUP;
    for (int32_t i = 0; i < turns + ahead; i++) {
      if (i < turns) task[count++] = (clx_task){F, 0, (int16_t)turn[i][1], turn[i][0]};
      if (i < ahead) continue;
      task[count++] = (clx_task){B, 0, (int16_t)(CHUNKS - 1 - turn[i - ahead][1]), turn[i - ahead][0]};
    }
    first[s + 1] = count;
  }
  const clx_pipeline p = {.kind = CLX_PIPELINE_INTERLEAVED, .stages = STAGES, .chunks = CHUNKS, .micro_batches = COUNT};
  check_lists(p, task, first, "wait in a circle: ");
}

static void test_wrong_lists_are_named(void **state) {
  (void)state;
  const clx_pipeline one = {.kind = CLX_PIPELINE_1F1B, .stages = 1, .chunks = 1, .micro_batches = 1};
  int32_t all[] = {0, 2}, three[] = {0, 3}, backwards[] = {0, -1}, late[] = {1, 2};
  clx_task twice[] = {{F, 0, 0, 0}, {F, 0, 0, 0}};
  check_lists(one, twice, all, "stage 0 lists the forward of micro-batch 0, chunk 0, twice");
  clx_task weight[] = {{F, 0, 0, 0}, {B, 0, 0, 0}, {W, 0, 0, 0}};
  check_lists(one, weight, late, "do not make a pipeline");
  check_lists(one, weight, three, "is of no kind");
  clx_task chunk[] = {{F, 0, 1, 0}, {B, 0, 0, 0}};
  check_lists(one, chunk, all, "no chunk of the stage");
  clx_task other[] = {{F, 0, 0, 1}, {B, 0, 0, 0}};
  check_lists(one, other, all, "no micro-batch");
  clx_task merged[] = {{F, 0, 0, 0}, {B, 1, 0, 0}};
  check_lists(one, merged, all, "is merged with something else");
  check_lists(one, twice, backwards, "do not make a pipeline");
  int32_t half[] = {0, 1};
  check_lists(one, weight, half, "stage 0 does not list the backward of micro-batch 0, position 0");
  const clx_pipeline dual = {
      .kind = CLX_PIPELINE_DUALPIPE, .stages = 2, .chunks = 2, .micro_batches = 2, .split = true};
  clx_task end[] = {{F, 0, 0, 1}};
  int32_t first[] = {0, 1, 1};
  check_lists(dual, end, first, "enters at the other end");
}

static void check_run_refused(const clx_pipeline *p, const durations *d, clx_pipeline_lanes lanes, int32_t span_lane,
                              clx_arena *arena, const char *want) {
  clx_error error;
  clx_error_clear(&error);
  clx_pipeline_span span[8];
  const clx_pipeline_result result = {.span = span, .span_lane = span_lane};
  assert_int_equal(clx_pipeline_run(p, &d->times, &lanes, &result, arena, &error), CLX_INTERNAL);
  if (strstr(error.mistake[0].text, want) == NULL) fail_msg("%s", error.mistake[0].text);
}

static void test_wrong_times_are_refused(void **state) {
  (void)state;
  static durations d;
  clx_arena *arena = clx_arena_new();
  const clx_pipeline p = must_make(arena, merged_of(CLX_PIPELINE_1F1B, 2, 0, 2, 0));
  const float slowness[] = {1, 0}, endless[] = {INFINITY, 1};
  set_equal(&d, &p, 1, 1, 1, 2);
  check_run_refused(&p, &d, (clx_pipeline_lanes){.count = 0}, 0, arena, "count, jitter or span");
  check_run_refused(&p, &d, (clx_pipeline_lanes){.count = 1, .jitter = NAN}, 0, arena, "count, jitter or span");
  check_run_refused(&p, &d, (clx_pipeline_lanes){.count = 1}, 1, arena, "count, jitter or span");
  check_run_refused(&p, &d, (clx_pipeline_lanes){.count = 1, .slowness = slowness}, 0, arena,
                    "slowness 0 of pipeline stage 1, lane 0");
  check_run_refused(&p, &d, (clx_pipeline_lanes){.count = 1, .slowness = endless}, 0, arena, "slowness inf");
  d.merged[3] = NAN;  // what the last stage merges
  check_run_refused(&p, &d, (clx_pipeline_lanes){.count = 1}, 0, arena, "merged time");
  d.merged[3] = 1;
  d.send[0] = -1;
  check_run_refused(&p, &d, (clx_pipeline_lanes){.count = 1}, 0, arena, "times of pipeline position 0");
  d.send[0] = 0;
  d.task[CLX_TASK_BACKWARD][1] = INFINITY;
  check_run_refused(&p, &d, (clx_pipeline_lanes){.count = 1}, 0, arena, "times of pipeline position 1");
  clx_arena_free(arena);
}

static void test_lack_of_memory_is_reported(void **state) {
  (void)state;
  static durations d;
  int32_t failed = 0;
  for (int32_t n = 1; n < 12; n++) {
    clx_arena *arena = clx_arena_new();
    clx_pipeline p;
    const clx_pipeline_spec spec = plain_of(CLX_PIPELINE_ZB_V, 16, 0, 400, 0);
    clx_memory_fail_after(n);
    const clx_status made = clx_pipeline_make(&spec, arena, &p, NULL);
    clx_memory_fail_after(0);
    assert_true(made == CLX_OK || made == CLX_MEMORY);
    failed += made == CLX_MEMORY;
    clx_arena_free(arena);
  }
  assert_true(failed > 2);
  clx_arena *arena = clx_arena_new();
  const clx_pipeline p = must_make(arena, plain_of(CLX_PIPELINE_INTERLEAVED, 32, 2, 64, 0));
  set_equal(&d, &p, 1, 1, 1, 0);
  clx_arena *other = clx_arena_new();
  const clx_pipeline_lanes lanes = {.count = 40};
  clx_memory_fail_after(1);
  assert_int_equal(clx_pipeline_run(&p, &d.times, &lanes, &(clx_pipeline_result){0}, other, NULL), CLX_MEMORY);
  clx_memory_fail_after(0);
  clx_arena_free(other);
  clx_arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_closed_forms_are_met),
      cmocka_unit_test(test_no_schedule_undercuts_its_bound),
      cmocka_unit_test(test_zero_bubble),
      cmocka_unit_test(test_dualpipe_bubble),
      cmocka_unit_test(test_longest_path_is_exact),
      cmocka_unit_test(test_longest_path_with_draws),
      cmocka_unit_test(test_every_task_once_and_in_order),
      cmocka_unit_test(test_published_orders),
      cmocka_unit_test(test_activations_in_flight),
      cmocka_unit_test(test_lanes_do_not_depend_on_each_other),
      cmocka_unit_test(test_results_agree_with_spans),
      cmocka_unit_test(test_draws_are_half_normal),
      cmocka_unit_test(test_long_steps_keep_their_digits),
      cmocka_unit_test(test_what_cannot_run_is_refused),
      cmocka_unit_test(test_circles_are_named),
      cmocka_unit_test(test_small_last_group_is_a_circle),
      cmocka_unit_test(test_wrong_lists_are_named),
      cmocka_unit_test(test_wrong_times_are_refused),
      cmocka_unit_test(test_lack_of_memory_is_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
