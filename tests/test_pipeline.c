// Task lists of pipelines: closed forms, published orders, activations held, lists that cannot run.
#include "pipeline_rig.h"

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
static int32_t held_group_of_8(int32_t p, int32_t v, int32_t m, int32_t s) {
  return least(2 * (p - s - 1) + (v - 1) * 8 + 1, m * v);
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
      if (m % 8 == 0) check_held(plain_of(CLX_PIPELINE_INTERLEAVED, p, 3, m, 8), held_group_of_8);
      for (int32_t v = 2; v <= 4 && m % p == 0; v++) {
        check_held(plain_of(CLX_PIPELINE_INTERLEAVED, p, v, m, 0), held_interleaved);
        check_held(merged_of(CLX_PIPELINE_INTERLEAVED, p, v, m, 0), held_merged);
      }
    }
  }
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

// Whether lists can run, found by letting every stage go on until none can.
static bool can_run(const clx_pipeline *p, clx_arena *arena) {
  const int32_t count = p->first[p->stages];
  static durations none;
  node *nodes = CLX_NEW_ARRAY(arena, node, count);
  bool *run = CLX_NEW_ARRAY(arena, bool, count);
  for (int32_t s = 0; s < p->stages; s++) {
    for (int32_t i = p->first[s]; i < p->first[s + 1]; i++) {
      const clx_task *t = &p->task[i];
      nodes[i] = (node){s, position_of(p, s, t->chunk), t->kind, t->micro_batch, 0, 0};
    }
  }
  int32_t left = count;
  for (bool changed = true; changed;) {
    changed = false;
    for (int32_t i = 0; i < count; i++) {
      const int32_t lead = i > 0 && is_pair(p, i - 1) ? i - 1 : i, last = is_pair(p, lead) ? lead + 1 : lead;
      bool ready = i == lead && !run[i] && (lead == p->first[nodes[i].stage] || run[lead - 1]);
      for (int32_t j = 0; j < count; j++) {
        for (int32_t k = lead; k <= last; k++) ready = ready && (run[j] || edge(&none, &nodes[j], &nodes[k]) < 0);
      }
      for (int32_t k = lead; k <= last && ready; k++, left--) run[k] = true;
      changed = changed || ready;
    }
  }
  return left == 0;
}

// Lists with tasks swapped: told to run when they can, and only then.
static void test_swapped_tasks_are_judged_rightly(void **state) {
  (void)state;
  uint64_t seed = 9;
  int32_t good = 0, bad = 0;
  for (int32_t trial = 0; trial < 600; trial++) {
    const clx_pipeline_spec s = random_spec(&seed);
    if (s.stages * s.micro_batches * (s.chunks > 0 ? s.chunks : 1) > 60) continue;
    clx_arena *arena = clx_arena_new();
    clx_pipeline p = must_make(arena, s);
    for (int32_t swaps = 1 + draw_below(&seed, 2); swaps > 0; swaps--) {
      const int32_t stage = draw_below(&seed, p.stages), from = p.first[stage], length = p.first[stage + 1] - from;
      const int32_t i = from + draw_below(&seed, length), apart = draw_below(&seed, 4);
      const int32_t j = i + apart < from + length ? i + apart : i;
      const clx_task kept = p.task[i];
      p.task[i] = p.task[j];
      p.task[j] = kept;
      if (p.task[i].with_next != p.task[j].with_next) p.task[i].with_next = p.task[j].with_next = 0;
    }
    clx_error error;
    clx_error_clear(&error);
    const clx_status status = clx_pipeline_order(&p, (clx_place){0}, arena, &error);
    if (status == CLX_OK || strstr(error.mistake[0].text, "in a circle: ") != NULL) {
      assert_int_equal(status == CLX_OK, can_run(&p, arena));
      good += status == CLX_OK;
      bad += status != CLX_OK;
    } else {
      assert_non_null(strstr(error.mistake[0].text, "is merged with something else"));
    }
    clx_arena_free(arena);
  }
  assert_true(good > 50 && bad > 50);
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_closed_forms_are_met),
      cmocka_unit_test(test_no_schedule_undercuts_its_bound),
      cmocka_unit_test(test_zero_bubble),
      cmocka_unit_test(test_dualpipe_bubble),
      cmocka_unit_test(test_every_task_once_and_in_order),
      cmocka_unit_test(test_published_orders),
      cmocka_unit_test(test_activations_in_flight),
      cmocka_unit_test(test_what_cannot_run_is_refused),
      cmocka_unit_test(test_circles_are_named),
      cmocka_unit_test(test_small_last_group_is_a_circle),
      cmocka_unit_test(test_swapped_tasks_are_judged_rightly),
      cmocka_unit_test(test_wrong_lists_are_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
