// Evaluation of pipelines: brute-force longest paths, lanes, draws, wrong times.
#include "pipeline_rig.h"

// --- brute force -------------------------------------------------------------------------------------------------------

static bool has_weight(const clx_pipeline *p, const node *nodes, const node *x) {
  for (int32_t i = 0; i < p->first[p->stages]; i++) {
    const node *w = &nodes[i];
    if (w->kind == CLX_TASK_WEIGHT && w->position == x->position && w->micro_batch == x->micro_batch) return true;
  }
  return false;
}

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
      cmocka_unit_test(test_longest_path_is_exact),
      cmocka_unit_test(test_longest_path_with_draws),
      cmocka_unit_test(test_lanes_do_not_depend_on_each_other),
      cmocka_unit_test(test_results_agree_with_spans),
      cmocka_unit_test(test_draws_are_half_normal),
      cmocka_unit_test(test_long_steps_keep_their_digits),
      cmocka_unit_test(test_wrong_times_are_refused),
      cmocka_unit_test(test_lack_of_memory_is_reported),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
