// The step of every rank: against closed forms, against each rank on its own, with ranks that differ.
#include "training/training_exact.h"

#include <stdlib.h>

#include "training/training_fleet.h"
#include "training_rig.h"

static const clx_stragglers ALIKE = {0};

static clx_exact exact_with(const bench *b, const clx_exact_options *options, clx_step *step) {
  clx_exact exact;
  clx_error error = {0};
  assert_int_equal(clx_training_check(&b->job, 10000000, &error), CLX_OK);
  const clx_status status = clx_training_exact(&b->job, options, arena, step, &exact, &error);
  if (status != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return exact;
}

static double parts_of(const clx_step *s) {
  return s->gemm + s->attention + s->stream + s->recompute + s->tp_exposed + s->cp_exposed + s->ep_exposed +
         s->pp_exposed + s->dp_exposed + s->contention + s->bubble + s->optimizer + s->launch + s->jitter;
}

static void test_parts_add_up(void **state) {
  (void)state;
  static const clx_layout layouts[] = {
      {.tp = 1, .pp = 1, .dp = 8, .sharding = CLX_SHARDING_FSDP},
      {.tp = 8, .pp = 4, .vpp = 5, .dp = 2, .sharding = CLX_SHARDING_ZERO1},
      {.tp = 2, .pp = 2, .cp = 2, .dp = 4, .recompute = CLX_RECOMPUTE_FULL},
      {.tp = 4, .pp = 8, .dp = 4, .schedule = CLX_SCHEDULE_FIRST + CLX_PIPELINE_ZB_H1},
      {.tp = 4, .pp = 8, .vpp = 2, .dp = 4, .schedule = CLX_SCHEDULE_FIRST + CLX_PIPELINE_ZB_V},
      {.tp = 4, .pp = 8, .dp = 4, .schedule = CLX_SCHEDULE_FIRST + CLX_PIPELINE_DUALPIPE},
      {.tp = 4, .pp = 8, .dp = 4, .schedule = CLX_SCHEDULE_FIRST + CLX_PIPELINE_GPIPE}};
  static const char *const software[] = {"megatron-core", "megatron-deepspeed-2022"};
  for (int32_t k = 0; k < 2; k++) {
    for (int32_t i = 0; i < CLX_COUNT(layouts); i++) {
      bench b;
      clx_step step;
      bench_make(&b, "llama-3.1-70b", software[k], layouts[i]);
      const clx_stragglers s = {.spread = -1, .jitter = 0.01};
      const clx_exact e = exact_with(&b, &(clx_exact_options){.stragglers = &s, .seed = 3, .steps = 3}, &step);
      CLX_CHECK_NEAR(parts_of(&step), step.step_time, 1e-6, 0);
      CLX_CHECK_NEAR(step.step_time, e.mean, 1e-12, 0);
      assert_true(step.bubble >= 0 && step.pp_exposed >= 0 && step.dp_exposed >= 0 && step.jitter > 0);
      assert_true(e.low <= e.mean && e.mean <= e.high && e.nominal < e.mean);
    }
  }
}

// Equal stages: the bubbles that the papers print. Embedding and loss next to nothing, transfers free.
static void test_bubbles(void **state) {
  (void)state;
  static const struct {
    int32_t kind, vpp;
  } cases[] = {{CLX_PIPELINE_GPIPE, 1}, {CLX_PIPELINE_1F1B, 1}, {CLX_PIPELINE_INTERLEAVED, 5}, {CLX_PIPELINE_ZB_H1, 1}};
  for (int32_t i = 0; i < CLX_COUNT(cases); i++) {
    bench b;
    clx_step step;
    bench_make(
        &b, "llama-3.1-70b", "megatron-core",
        (clx_layout){.tp = 8, .pp = 4, .vpp = cases[i].vpp, .dp = 4, .schedule = CLX_SCHEDULE_FIRST + cases[i].kind});
    b.model.vocab = 8;
    b.network.nic = 1e18;
    b.network.library = &IDEAL;
    exact_with(&b, &(clx_exact_options){.stragglers = &ALIKE}, &step);
    const clx_layer_cost layer = clx_training_layer_cost(&b.job, false, false);
    const double layers = 80 / 4.0, forward = layers * clx_layer_cost_forward(&layer);
    const double backward = layers * clx_layer_cost_backward(&layer), weight = layers * layer.weight;
    const double bubble = clx_pipeline_bound(cases[i].kind, 4, cases[i].vpp, 64, forward, backward - weight, weight) -
                          64 * (forward + backward);
    assert_true(bubble > 0);
    CLX_CHECK_NEAR(step.bubble, bubble, 0.03, 0);  // the embedding and the final norm are still there
  }
}

// The fast form and the exact one agree where the fast one claims to hold.
static void test_agrees_with_the_closed_form(void **state) {
  (void)state;
  static const clx_layout layouts[] = {{.tp = 8, .pp = 8, .dp = 4, .sharding = CLX_SHARDING_ZERO1},
                                       {.tp = 8, .pp = 4, .vpp = 4, .dp = 8, .sharding = CLX_SHARDING_ZERO1},
                                       {.tp = 4, .pp = 1, .dp = 16, .sharding = CLX_SHARDING_FSDP}};
  for (int32_t i = 0; i < CLX_COUNT(layouts); i++) {
    bench b;
    clx_step fast, exact;
    clx_error error = {0};
    bench_make(&b, "llama-3.1-70b", "megatron-core", layouts[i]);
    exact_with(&b, &(clx_exact_options){.stragglers = &ALIKE}, &exact);
    assert_int_equal(clx_training_step(&b.job, &fast, &error), CLX_OK);
    CLX_CHECK_NEAR(exact.step_time, fast.step_time - fast.jitter, 0.03, 0);
  }
}

// All replicas at once are what each of them is alone, and cohorts of equal ranks are what all ranks are.
static void test_lanes_are_replicas(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "llama-3.1-70b", "megatron-core",
             (clx_layout){.tp = 2, .pp = 4, .dp = 6, .sharding = CLX_SHARDING_ZERO1});
  b.job.global_batch = 96;
  const clx_stragglers s = {.spread = 0.05, .jitter = 0.02};
  const clx_exact_options options = {.stragglers = &s, .seed = 11, .steps = 1};
  clx_step step;
  const clx_exact all = exact_with(&b, &options, &step);
  clx_fleet *f = CLX_NEW(arena, clx_fleet);
  clx_error error = {0};
  assert_int_equal(clx_fleet_make(&b.job, &options, arena, f, &error), CLX_OK);
  clx_fleet_draw(f, 0);
  clx_graph_ends ends;
  clx_part *p = &f->part[0];
  assert_int_equal(clx_graph_ends_make(&p->graph, arena, &ends, &error), CLX_OK);
  for (int32_t lane = 0; lane < 6; lane++) {
    clx_lane_block block;
    assert_int_equal(clx_lane_block_make(&p->graph, 1, arena, &block, &error), CLX_OK);
    clx_fleet_slowness(f, p, lane, 1, block.slowness);
    const clx_pipeline_lanes one = {.count = 1, .slowness = block.slowness};
    assert_int_equal(clx_pipeline_run(&p->graph.pipeline, &p->graph.times, &one, &block.result, arena, &error), CLX_OK);
    clx_graph_meet(&p->graph, &block, 1, &ends);
  }
  CLX_CHECK_NEAR(clx_fleet_finish(f, &ends).step, all.mean, 1e-6, 0);
  assert_int_equal(all.ranks, 48);
  assert_int_equal(all.lanes, 6);
  // equal ranks: as many replicas as one likes
  const clx_exact few = exact_with(&b, &(clx_exact_options){.stragglers = &ALIKE}, &step);
  CLX_CHECK_NEAR(few.mean, few.nominal, 1e-6, 0);
}

// One slow rank holds up everybody: by its share of compute at most, and by no less than a stage of it takes.
static void test_one_slow_rank(void **state) {
  (void)state;
  bench b;
  clx_step step;
  bench_make(&b, "llama-3.1-70b", "megatron-core",
             (clx_layout){.tp = 8, .pp = 4, .dp = 8, .sharding = CLX_SHARDING_ZERO1});
  clx_slow_ranks slow = {.first = 203, .count = 1, .compute = 0.8, .network = 1};  // on the last stage, the longest
  const clx_stragglers s = {.slow = &slow, .slow_count = 1};
  const clx_exact e = exact_with(&b, &(clx_exact_options){.stragglers = &s}, &step);
  const double kernels = step.gemm + step.attention + step.stream + step.recompute;
  CLX_CHECK_NEAR(e.mean - e.nominal, 0.25 * kernels, 0.02, 0);  // its stage is the longest: all of it shows
  assert_int_equal(e.slowest_rank, 203);
  CLX_CHECK_NEAR(e.slowness, 1.25, 1e-6, 0);
  // Its peers in the tensor-parallel group being as slow changes nothing.
  slow = (clx_slow_ranks){.first = 200, .count = 8, .compute = 0.8, .network = 1};
  CLX_CHECK_NEAR(exact_with(&b, &(clx_exact_options){.stragglers = &s}, &step).mean, e.mean, 1e-9, 0);
}

// A degraded NIC shows where transfers are waited for: more with experts across nodes than without.
static void test_failed_rail(void **state) {
  (void)state;
  double ratio[2];
  for (int32_t experts = 0; experts < 2; experts++) {
    bench b;
    clx_step step;
    bench_make(
        &b, experts ? "mixtral-8x7b" : "llama-3.1-70b", "megatron-core",
        (clx_layout){.tp = experts ? 4 : 8, .pp = 4, .ep = experts ? 8 : 1, .dp = 32, .sharding = CLX_SHARDING_ZERO1});
    clx_slow_ranks slow = {.first = 0, .count = 8, .compute = 1, .network = 0.5};
    const clx_stragglers s = {.slow = &slow, .slow_count = 1};
    const clx_exact e = exact_with(&b, &(clx_exact_options){.stragglers = &s}, &step);
    ratio[experts] = e.mean / e.nominal;
    assert_true(ratio[experts] > 1 && ratio[experts] < 2);
  }
  assert_true(ratio[1] > ratio[0]);
}

// Stage transfers run at the pace of the slower end, even where nothing else uses NICs.
static void test_slow_stage_transfers(void **state) {
  (void)state;
  bench b;
  clx_step step;
  bench_make(&b, "llama-3.1-70b", "megatron-core", (clx_layout){.tp = 8, .pp = 8, .dp = 1});
  b.software.pp_overlap = 0;
  clx_slow_ranks slow = {.first = 24, .count = 8, .compute = 1, .network = 0.01};
  const clx_stragglers s = {.slow = &slow, .slow_count = 1};
  const clx_exact e = exact_with(&b, &(clx_exact_options){.stragglers = &s}, &step);
  const double transfer = clx_training_transfer_time(&b.job);
  // The stage sends forward and back for each of its 256 micro-batches, 99 transfers longer each; some of that falls into the time in
  // which it waits for the last stage, which has the head.
  assert_true(e.mean > e.nominal + 0.8 * 2 * 256 * 99 * transfer);
  slow.network = 1;
  const clx_exact f = exact_with(&b, &(clx_exact_options){.stragglers = &s}, &step);
  CLX_CHECK_NEAR(f.mean, f.nominal, 1e-6, 0);
}

static void test_slow_ranks_beyond_the_job(void **state) {
  (void)state;
  bench b;
  clx_step step;
  clx_exact exact;
  clx_error error = {0};
  bench_make(&b, "llama-3.1-70b", "megatron-core", (clx_layout){.tp = 8, .pp = 4, .dp = 8});
  clx_slow_ranks slow = {.first = 250, .count = 7, .compute = 0.8, .network = 1};
  const clx_stragglers s = {.slow = &slow, .slow_count = 1};
  assert_int_equal(clx_training_exact(&b.job, &(clx_exact_options){.stragglers = &s}, arena, &step, &exact, &error),
                   CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "slow ranks 250 to 256: the job has ranks 0 to 255"));
}

// Half of the replicas on GPUs of twice the speed: equal shares wait for the slow half, balanced ones do not.
static void test_mixed_fleet(void **state) {
  (void)state;
  bench b;
  clx_step step;
  bench_make(&b, "llama-3.1-70b", "megatron-core",
             (clx_layout){.tp = 8, .pp = 4, .dp = 8, .sharding = CLX_SHARDING_ZERO1});
  b.job.global_batch = 8 * 48;
  clx_device fast = b.device;
  fast.name = "fast";
  fast.tdp *= 2;  // the limit lets its products run faster
  fast.peak[CLX_BF16] *= 1.5;
  const clx_fleet_part part[] = {{&b.device, 128}, {&fast, 128}};
  const clx_exact_options equal = {.stragglers = &ALIKE, .part = part, .part_count = 2};
  clx_exact_options balanced = equal;
  balanced.balance = true;
  const clx_exact slow = exact_with(&b, &(clx_exact_options){.stragglers = &ALIKE}, &step);
  const clx_exact e = exact_with(&b, &equal, &step), f = exact_with(&b, &balanced, &step);
  CLX_CHECK_NEAR(e.mean, slow.mean, 5e-3, 0);  // parameters arrive behind shorter passes on the fast half
  assert_true(f.mean < 0.93 * e.mean);
  assert_true(f.micro_batches_most > 48 && f.micro_batches_least < 48);
}

// Draws of whole fleets scatter around what the expected maximum says.
static void test_draws_and_expectation(void **state) {
  (void)state;
  bench b;
  clx_step step, expected;
  clx_error error = {0};
  bench_make(&b, "llama-3.1-70b", "megatron-core",
             (clx_layout){.tp = 8, .pp = 2, .dp = 16, .sharding = CLX_SHARDING_ZERO1});
  const clx_stragglers s = {.spread = 0.02};
  b.device.speed_spread = 0.02;
  double mean = 0;
  for (uint64_t seed = 1; seed <= 20; seed++) {
    mean += exact_with(&b, &(clx_exact_options){.stragglers = &s, .seed = seed}, &step).mean / 20;
  }
  const clx_training_costs costs = clx_training_costs_make(&b.job);
  assert_int_equal(clx_training_expected(&b.job, &costs, arena, &expected, &error), CLX_OK);
  CLX_CHECK_NEAR(mean, expected.step_time, 0.006, 0);  // 20 maxima of 256 draws of 2 %: standard error 0.2 %
}

// Expected maxima of normal draws (Harter 1961: 0.56419, 1.42360, 2.50759, 3.24144 for 2, 8, 100, 1000).
static void test_expected_maximum(void **state) {
  (void)state;
  static const double count[] = {2, 8, 100, 1000}, table[] = {0.56419, 1.42360, 2.50759, 3.24144};
  for (int32_t i = 0; i < 4; i++) CLX_CHECK_NEAR(clx_expected_maximum(count[i]), table[i], 0.05, 0);
  CLX_CHECK_NEAR(clx_expected_maximum(1), 0, 0, 0);
  for (double n = 2; n < 1e9; n *= 3) assert_true(clx_expected_maximum(3 * n) > clx_expected_maximum(n));
}

// Replicas whose micro-batches do not divide evenly: the step is that of those with one more.
static void test_uneven_batch(void **state) {
  (void)state;
  bench b;
  clx_step step;
  bench_make(&b, "llama-3.1-70b", "megatron-core", (clx_layout){.tp = 8, .pp = 4, .dp = 8});
  const clx_exact_options options = {.stragglers = &ALIKE};
  b.job.global_batch = 8 * 16;
  const double sixteen = exact_with(&b, &options, &step).mean;
  b.job.global_batch = 8 * 17;
  const double seventeen = exact_with(&b, &options, &step).mean;
  b.job.global_batch = 8 * 16 + 3;
  const clx_exact between = exact_with(&b, &options, &step);
  CLX_CHECK_NEAR(between.mean, seventeen, 1e-6, 0);
  assert_true(seventeen > sixteen);
  CLX_CHECK_NEAR(between.micro_batches_least, 16, 0, 0);
  CLX_CHECK_NEAR(between.micro_batches_most, 17, 0, 0);
}

// Timelines hold every task of the ranks asked for, inside the step.
static void test_trace(void **state) {
  (void)state;
  bench b;
  clx_step step;
  bench_make(&b, "llama-3.1-70b", "megatron-core",
             (clx_layout){.tp = 8, .pp = 4, .vpp = 5, .dp = 4, .sharding = CLX_SHARDING_ZERO1});
  const clx_exact_options options = {.stragglers = &ALIKE};
  const clx_exact e = exact_with(&b, &options, &step);
  clx_trace trace;
  clx_error error = {0};
  const int64_t rank[] = {0, 127};
  assert_int_equal(clx_training_trace(&b.job, &options, rank, 2, arena, &trace, &error), CLX_OK);
  int32_t forward[2] = {0}, optimizer = 0;
  for (int64_t i = 0; i < trace.span_count; i++) {
    const clx_trace_span *span = &trace.span[i];
    assert_true(span->start >= 0 && span->end <= e.mean * (1 + 1e-6));
    if (strcmp(span->category, "forward") == 0) forward[trace.track[span->track].process]++;
    if (strcmp(span->category, "optimizer") == 0) optimizer++;
  }
  assert_int_equal(forward[0], 5 * 64);
  assert_int_equal(forward[1], 5 * 64);
  assert_int_equal(optimizer, 2);
  const int64_t beyond = 128;
  assert_int_equal(clx_training_trace(&b.job, &options, &beyond, 1, arena, &trace, &error), CLX_INPUT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parts_add_up),
      cmocka_unit_test(test_bubbles),
      cmocka_unit_test(test_agrees_with_the_closed_form),
      cmocka_unit_test(test_lanes_are_replicas),
      cmocka_unit_test(test_one_slow_rank),
      cmocka_unit_test(test_failed_rail),
      cmocka_unit_test(test_slow_stage_transfers),
      cmocka_unit_test(test_slow_ranks_beyond_the_job),
      cmocka_unit_test(test_mixed_fleet),
      cmocka_unit_test(test_draws_and_expectation),
      cmocka_unit_test(test_expected_maximum),
      cmocka_unit_test(test_uneven_batch),
      cmocka_unit_test(test_trace),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
