// Power of a pass: energy of the samples against phases times draw, closed forms, schedules, fleets.
#include "training/training_power.h"

#include "training/training_canvas.h"
#include "training_rig.h"

static const clx_stragglers ALIKE = {0};
static const clx_stragglers SPREAD = {.spread = 0.02, .jitter = CLX_STEP_JITTER};

static clx_pass_power power_with(const bench *b, const clx_exact_options *options, clx_pass pass, double sequences,
                                 int32_t samples) {
  clx_pass_power p;
  clx_error error = {0};
  const clx_status status = clx_training_power(&b->job, options, pass, sequences, samples, arena, &p, &error);
  if (status != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return p;
}

static clx_pass_power step_of(const bench *b, const clx_stragglers *s, int32_t samples) {
  return power_with(b, &(clx_exact_options){.stragglers = s, .seed = 5, .steps = 1}, CLX_PASS_STEP, 0, samples);
}

static double shares_of(const clx_pass_power *p) {
  double sum = 0;
  for (int32_t k = 0; k < CLX_DRAW_KINDS; k++) sum += p->share[k];
  return sum;
}

static double phases_of(const clx_pass_power *p) {
  double sum = 0;
  for (int32_t k = 0; k < CLX_DRAW_KINDS; k++) sum += p->share[k] * p->draw[k];
  return sum;
}

static double samples_of(const clx_pass_power *p) {
  double sum = 0;
  for (int32_t i = 0; i < p->stages * p->samples; i++) sum += (double)p->watt[i];
  return sum / (p->stages * p->samples);
}

// --- the canvas -----------------------------------------------------------------------------------------------------------------

static const clx_device PLAIN = {.name = "plain", .tdp = 500};

static clx_canvas canvas_of(const clx_job_draw *draw, double time, int32_t samples) {
  clx_canvas c;
  clx_error error = {0};
  assert_int_equal(clx_canvas_make(draw, time, 1, samples, arena, &c, &error), CLX_OK);
  return c;
}

// Spans at random: every joule is in a sample, and in none that the span does not touch.
static void test_spans_keep_energy(void **state) {
  (void)state;
  const clx_job_draw draw = {.watt = {1, 2, 3, 4, 5, 6}};
  uint32_t seed = 3;
  for (int32_t trial = 0; trial < 500; trial++) {
    const int32_t samples = 1 + (int32_t)((seed = seed * 1664525u + 1013904223u) >> 24);
    clx_canvas c = canvas_of(&draw, 7, samples);
    const double a = 7.0 * ((seed = seed * 1664525u + 1013904223u) >> 8) / (1 << 24);
    const double b = a + (7.0 - a) * ((seed = seed * 1664525u + 1013904223u) >> 8) / (1 << 24);
    clx_canvas_spread(&c, 0, a, b, 11);
    double sum = 0;
    for (int32_t i = 0; i < samples; i++) {
      const double from = 7.0 * i / samples, to = 7.0 * (i + 1) / samples;
      const double inside = fmax(0, fmin(b, to) - fmax(a, from));
      CLX_CHECK_NEAR(c.energy[i], b > a ? 11 * inside / (b - a) : 0, 1e-9, b > a ? 1e-9 : 11);
      sum += c.energy[i];
    }
    CLX_CHECK_NEAR(sum, 11, 1e-12, 0);
  }
}

// A square wave behind a first-order lag, repeated: the exact response, and the same energy.
static void test_lag(void **state) {
  (void)state;
  const clx_training job = {.device = &PLAIN};
  const clx_job_draw draw = {.job = &job, .watt = {100, 300, 0, 0, 0, 0}};
  const double lag = 0.3;
  clx_canvas c = canvas_of(&draw, 2, 4000);
  clx_canvas_put(&c, 0, CLX_DRAW_IDLE, 0, 1);
  clx_canvas_put(&c, 0, CLX_DRAW_WAIT, 1, 2);
  clx_pass_power p;
  clx_error error = {0};
  assert_int_equal(clx_canvas_finish(&c, 1, lag, arena, &p, &error), CLX_OK);
  CLX_CHECK_NEAR(p.mean, 200, 1e-12, 0);
  CLX_CHECK_NEAR(samples_of(&p), 200, 1e-7, 0);
  // y at the end of a half: 200 +- 100 tanh(1 / (2 lag)).
  CLX_CHECK_NEAR(p.most, 200 + 100 * tanh(0.5 / lag), 1e-3, 0);
  CLX_CHECK_NEAR(p.least, 200 - 100 * tanh(0.5 / lag), 1e-3, 0);
}

// --- a step ---------------------------------------------------------------------------------------------------------------------

static const clx_layout LAYOUTS[] = {
    {.tp = 1, .pp = 1, .dp = 8, .sharding = CLX_SHARDING_FSDP},
    {.tp = 2, .pp = 1, .dp = 8},
    {.tp = 8, .pp = 4, .vpp = 5, .dp = 2, .sharding = CLX_SHARDING_ZERO1},
    {.tp = 2, .pp = 2, .cp = 2, .dp = 4, .recompute = CLX_RECOMPUTE_FULL},
    {.tp = 4, .pp = 8, .dp = 4, .schedule = CLX_SCHEDULE_FIRST + CLX_PIPELINE_ZB_H1},
    {.tp = 4, .pp = 8, .vpp = 2, .dp = 4, .schedule = CLX_SCHEDULE_FIRST + CLX_PIPELINE_ZB_V},
    {.tp = 4, .pp = 8, .dp = 4, .schedule = CLX_SCHEDULE_FIRST + CLX_PIPELINE_DUALPIPE},
    {.tp = 4, .pp = 8, .dp = 4, .schedule = CLX_SCHEDULE_FIRST + CLX_PIPELINE_GPIPE}};
static const char *const SOFTWARE[] = {"megatron-core", "megatron-deepspeed-2022"};

// Energy of the samples = phases times their draw, with and without spread; the pass is as long as the step.
static void test_energy_is_phases(void **state) {
  (void)state;
  for (int32_t i = 0; i < 2 * CLX_COUNT(LAYOUTS); i++) {
    bench b;
    clx_step step;
    clx_exact exact;
    clx_error error = {0};
    bench_make(&b, "llama-3.1-70b", SOFTWARE[i % 2], LAYOUTS[i / 2]);
    const clx_stragglers *s = i % 3 == 0 ? &ALIKE : &SPREAD;
    const clx_pass_power p = step_of(&b, s, 333);
    const clx_exact_options options = {.stragglers = s, .seed = 5, .steps = 1};
    assert_int_equal(clx_training_exact(&b.job, &options, arena, &step, &exact, &error), CLX_OK);
    CLX_CHECK_NEAR(p.time, step.step_time, 1e-9, 0);
    CLX_CHECK_NEAR(shares_of(&p), 1, 1e-7, 0);  // ends of lanes are floats
    CLX_CHECK_NEAR(p.mean, phases_of(&p), 1e-9, 0);
    CLX_CHECK_NEAR(samples_of(&p), p.mean, 1e-6, 0);
    assert_true(p.least >= b.device.idle_power * 0.999 && p.most <= b.device.tdp * 1.001);
    assert_true(p.least < p.mean && p.mean < p.most);
    CLX_CHECK_NEAR(p.dt * p.samples, p.time, 1e-12, 0);
  }
}

// Experts exchanged behind the other pass: less time in communication and less energy for the same work.
static void test_merged_passes(void **state) {
  (void)state;
  clx_pass_power p[2];
  for (int32_t merge = 0; merge < 2; merge++) {
    bench b;
    bench_make(
        &b, "mixtral-8x7b", "megatron-core",
        (clx_layout){.tp = 1, .pp = 4, .vpp = 2, .dp = 8, .ep = 8, .sharding = CLX_SHARDING_ZERO1, .merge = merge});
    p[merge] = step_of(&b, &SPREAD, 100);
    CLX_CHECK_NEAR(shares_of(&p[merge]), 1, 1e-7, 0);
    CLX_CHECK_NEAR(p[merge].mean, phases_of(&p[merge]), 1e-9, 0);
  }
  assert_true(p[1].time < p[0].time);
  assert_true(p[1].time * p[1].share[CLX_DRAW_COMMUNICATE] < 0.7 * p[0].time * p[0].share[CLX_DRAW_COMMUNICATE]);
  CLX_CHECK_NEAR(p[1].time * p[1].share[CLX_DRAW_MULTIPLY], p[0].time * p[0].share[CLX_DRAW_MULTIPLY], 1e-6, 0);
  assert_true(p[1].time * p[1].mean < p[0].time * p[0].mean);  // waits less
}

// One stage, equal ranks, no data parallelism: micro-batches of one layer cost, the optimizer, the host.
static void test_one_stage(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "llama-3.1-8b", "megatron-core", (clx_layout){.tp = 8, .pp = 1, .dp = 1});
  b.job.global_batch = 4;
  const clx_pass_power p = step_of(&b, &ALIKE, 1);
  clx_step step;
  clx_error error = {0};
  assert_int_equal(clx_training_step(&b.job, &step, &error), CLX_OK);
  const double time = step.step_time - step.jitter, host = b.software.step_overhead;
  CLX_CHECK_NEAR(p.time, time, 1e-6, 0);
  CLX_CHECK_NEAR(p.share[CLX_DRAW_MULTIPLY], step.gemm / time, 1e-6, 0);
  CLX_CHECK_NEAR(p.share[CLX_DRAW_ATTENTION], step.attention / time, 1e-6, 0);
  CLX_CHECK_NEAR(p.share[CLX_DRAW_STREAM], (step.stream + step.optimizer - host) / time, 1e-6, 0);
  CLX_CHECK_NEAR(p.share[CLX_DRAW_COMMUNICATE], (step.tp_exposed + step.dp_exposed) / time, 1e-6, 1e-9);
  CLX_CHECK_NEAR(p.share[CLX_DRAW_WAIT], (step.launch + host) / time, 1e-5, 1e-7);
  // Products at the rate of their FLOP and the clock of the job.
  const clx_draw_load load = {.kind = CLX_DRAW_MULTIPLY,
                              .format = CLX_KERNEL_BF16,
                              .flop = (step.executed_flop - step.attention_flop) / step.gemm,
                              .bytes = step.gemm_bytes / step.gemm,
                              .link = step.link_bytes * (1 - step.tp_exposed / step.link_time) / step.gemm};
  CLX_CHECK_NEAR(p.draw[CLX_DRAW_MULTIPLY], clx_device_draw(&b.device, &load, p.clock, b.device.tdp), 1e-3, 0);
  assert_true(load.flop > 0.3 * b.device.peak[CLX_BF16] && load.flop < b.device.peak[CLX_BF16]);
}

// The mean does not depend on the samples, and samples of twice the number are halves of the others.
static void test_samples_refine(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "llama-3.1-70b", "megatron-core",
             (clx_layout){.tp = 8, .pp = 4, .dp = 4, .sharding = CLX_SHARDING_ZERO1});
  const clx_pass_power one = step_of(&b, &SPREAD, 1), few = step_of(&b, &SPREAD, 64), many = step_of(&b, &SPREAD, 4096);
  CLX_CHECK_NEAR(few.mean, one.mean, 1e-9, 0);
  CLX_CHECK_NEAR(many.mean, one.mean, 1e-9, 0);
  CLX_CHECK_NEAR((double)one.watt[0] + (double)one.watt[1] + (double)one.watt[2] + (double)one.watt[3], 4 * one.mean,
                 1e-6, 0);
  assert_true(many.most >= few.most && many.least <= few.least);
  double off = 0;
  for (int32_t i = 0; i < 64; i++) {
    double sum = 0;
    for (int32_t k = 0; k < 64; k++) sum += (double)many.watt[i * 64 + k] / 64;
    off = fmax(off, fabs(sum - (double)few.watt[i]));
  }
  assert_true(off < clx_device_draw_lag(&b.device) / few.dt * (many.most - many.least) *
                        1.5);  // what the lag moves over borders
  for (int32_t stage = 0; stage < 4; stage++) {
    double mean = 0;
    for (int32_t i = 0; i < 4096; i++) mean += (double)many.watt[stage * 4096 + i] / 4096;
    CLX_CHECK_NEAR(mean, (double)one.watt[stage], 1e-6, 0);
  }
}

// The short form and the waveform, capped or not.
static void test_mean_agrees(void **state) {
  (void)state;
  for (int32_t i = 0; i < 2 * CLX_COUNT(LAYOUTS); i++) {
    bench b;
    clx_step step;
    clx_exact exact;
    clx_error error = {0};
    bench_make(&b, "llama-3.1-70b", "megatron-core", LAYOUTS[i / 2]);
    b.job.power_cap = i % 2 == 1 ? 0.7 * b.device.tdp : 0;
    const clx_exact_options options = {.stragglers = &ALIKE, .seed = 5, .steps = 1};
    assert_int_equal(clx_training_exact(&b.job, &options, arena, &step, &exact, &error), CLX_OK);
    CLX_CHECK_NEAR(clx_training_power_mean(&b.job, &step), step_of(&b, &ALIKE, 8).mean, 0.02, 0);
    assert_int_equal(clx_training_step(&b.job, &step, &error), CLX_OK);  // no task graph: as far off as its step
    CLX_CHECK_NEAR(clx_training_power_mean(&b.job, &step), step_of(&b, &ALIKE, 8).mean, 0.05, 0);
  }
}

// Replicas that differ: the same work in a longer step, edges that are spread, more waiting.
static void test_spread_smears(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "llama-3.1-70b", "megatron-core",
             (clx_layout){.tp = 8, .pp = 1, .dp = 32, .sharding = CLX_SHARDING_ZERO1});
  const clx_stragglers wide = {.spread = 0.05};
  const clx_pass_power equal = step_of(&b, &ALIKE, 2000), wider = step_of(&b, &wide, 2000);
  assert_true(wider.time > equal.time && wider.mean < equal.mean);
  assert_true(wider.share[CLX_DRAW_WAIT] > equal.share[CLX_DRAW_WAIT] + 0.02);
  CLX_CHECK_NEAR(wider.time * wider.share[CLX_DRAW_ATTENTION], equal.time * equal.share[CLX_DRAW_ATTENTION], 0.01, 0);
}

static void test_deterministic(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "llama-3.1-70b", "megatron-core",
             (clx_layout){.tp = 8, .pp = 4, .dp = 96, .sharding = CLX_SHARDING_ZERO1});
  b.job.global_batch = 768;
  const clx_pass_power a = step_of(&b, &SPREAD, 200), c = step_of(&b, &SPREAD, 200);
  assert_memory_equal(a.watt, c.watt, sizeof(float) * 800);
  const clx_exact_options other = {.stragglers = &SPREAD, .seed = 6, .steps = 1};
  const clx_pass_power d = power_with(&b, &other, CLX_PASS_STEP, 0, 200);
  assert_true(memcmp(a.watt, d.watt, sizeof(float) * 800) != 0);
  CLX_CHECK_NEAR(d.mean, a.mean, 0.01, 0);  // 64 of 96 replicas tell as much as others
}

// Two kinds of GPUs: each its own power, and only kinds that are there.
static void test_mixed_fleet(void **state) {
  (void)state;
  bench b;
  clx_device other;
  clx_error error = {0};
  const clx_place none = {0};
  bench_make(&b, "llama-3.1-8b", "megatron-core",
             (clx_layout){.tp = 1, .pp = 2, .dp = 16, .sharding = CLX_SHARDING_ZERO1});
  assert_int_equal(clx_catalog_read_device(catalog, "b200_sxm", none, arena, &other, &error), CLX_OK);
  const clx_fleet_part part[] = {{&b.device, 16}, {&other, 16}};
  const clx_exact_options options = {.stragglers = &ALIKE, .part = part, .part_count = 2, .steps = 1};
  const clx_pass_power slow = power_with(&b, &options, CLX_PASS_STEP, 0, 64);
  clx_pass_power fast;
  assert_int_equal(clx_training_power_of(&b.job, &options, &other, CLX_PASS_STEP, 0, 64, arena, &fast, &error), CLX_OK);
  CLX_CHECK_NEAR(slow.time, fast.time, 1e-12, 0);
  CLX_CHECK_NEAR(fast.mean, phases_of(&fast), 1e-9, 0);
  assert_true(fast.share[CLX_DRAW_WAIT] > slow.share[CLX_DRAW_WAIT] + 0.2);  // waits for the slower half
  const clx_exact_options one = {.stragglers = &ALIKE, .steps = 1};
  assert_int_equal(clx_training_power_of(&b.job, &one, &other, CLX_PASS_STEP, 0, 64, arena, &fast, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "b200_sxm"));
}

// Cohort = expanded: the same GPUs as one part or as many.
static void test_parts_of_one_kind(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "llama-3.1-8b", "megatron-core",
             (clx_layout){.tp = 2, .pp = 2, .dp = 8, .sharding = CLX_SHARDING_ZERO1});
  clx_fleet_part part[8];
  for (int32_t i = 0; i < 8; i++) part[i] = (clx_fleet_part){&b.device, 4};
  const clx_exact_options one = {.stragglers = &SPREAD, .seed = 5, .steps = 1};
  const clx_exact_options many = {.stragglers = &SPREAD, .part = part, .part_count = 8, .seed = 5, .steps = 1};
  for (int32_t pass = 0; pass < CLX_PASSES; pass++) {
    const clx_pass_power p = power_with(&b, &one, (clx_pass)pass, 0, 64),
                         q = power_with(&b, &many, (clx_pass)pass, 0, 64);
    CLX_CHECK_NEAR(q.mean, p.mean, 1e-12, 0);
    CLX_CHECK_NEAR(q.time, p.time, 1e-12, 0);
    for (int32_t i = 0; i < 128; i++) CLX_CHECK_NEAR((double)q.watt[i], (double)p.watt[i], 1e-6, 0);
  }
}

// --- other passes ---------------------------------------------------------------------------------------------------------------

// Equal stages, transfers free: (m + (p - 1) / v) forward passes a batch, and the host; no weights move, no gradients.
static void test_evaluation_closed_form(void **state) {
  (void)state;
  static const clx_layout layouts[] = {
      {.tp = 8, .pp = 1, .dp = 4},
      {.tp = 8, .pp = 4, .dp = 4},
      {.tp = 8, .pp = 4, .vpp = 5, .dp = 4},
      {.tp = 8, .pp = 4, .dp = 4, .schedule = CLX_SCHEDULE_FIRST + CLX_PIPELINE_ZB_H1}};
  for (int32_t i = 0; i < CLX_COUNT(layouts); i++) {
    bench b;
    bench_make(&b, "llama-3.1-70b", "megatron-core", layouts[i]);
    b.model.vocab = 8;
    b.network.nic = 1e18;
    b.network.library = &IDEAL;
    const clx_exact_options options = {.stragglers = &ALIKE, .steps = 1};
    const double stages = b.job.layout.pp, chunks = b.job.layout.vpp, micro_batches = 64;
    const clx_layer_cost layer = clx_training_layer_cost(&b.job, false, false);
    const double forward = 80 / stages * clx_layer_cost_forward(&layer);
    const double batch = (micro_batches + (stages - 1) / chunks) * forward + b.software.step_overhead;
    const clx_pass_power one = power_with(&b, &options, CLX_PASS_EVALUATION, 0, 50);
    CLX_CHECK_NEAR(one.time, batch, 0.01, 0);  // the embedding and the final norm are still there
    CLX_CHECK_NEAR(one.mean, phases_of(&one), 1e-9, 0);
    CLX_CHECK_NEAR(shares_of(&one), 1, 1e-9, 0);
    const clx_pass_power half = power_with(&b, &options, CLX_PASS_EVALUATION, 2.5 * 256, 50);
    CLX_CHECK_NEAR(half.time, 2.5 * batch + 0.5 * (batch - micro_batches * forward), 0.01, 0);
  }
}

static void test_evaluation_of_schedules(void **state) {
  (void)state;
  for (int32_t i = 0; i < CLX_COUNT(LAYOUTS); i++) {
    bench b;
    bench_make(&b, "llama-3.1-70b", "megatron-core", LAYOUTS[i]);
    const clx_exact_options options = {.stragglers = &SPREAD, .seed = 2, .steps = 1};
    const clx_pass_power evaluation = power_with(&b, &options, CLX_PASS_EVALUATION, 0, 100);
    const clx_pass_power step = power_with(&b, &options, CLX_PASS_STEP, 0, 100);
    assert_true(evaluation.time > 0.2 * step.time && evaluation.time < 0.5 * step.time);
    CLX_CHECK_NEAR(shares_of(&evaluation), 1, 1e-9, 0);
    CLX_CHECK_NEAR(evaluation.mean, phases_of(&evaluation), 1e-9, 0);
    assert_true(evaluation.mean < step.mean * 1.1 && evaluation.mean > 0.5 * step.mean);
  }
}

static void test_levels(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "llama-3.1-70b", "megatron-core", LAYOUTS[2]);
  const clx_exact_options options = {.stragglers = &ALIKE, .steps = 1};
  const clx_pass_power stopped = power_with(&b, &options, CLX_PASS_STOPPED, 0, 4);
  CLX_CHECK_NEAR(stopped.mean, b.device.idle_power, 1e-9, 0);
  assert_true(stopped.draw[CLX_DRAW_WAIT] > stopped.mean);
  const clx_pass_power saved = power_with(&b, &options, CLX_PASS_CHECKPOINT, 0, 4);
  const double bytes = 70.55e9 * (b.software.optimizer_bytes + 2) / 64;
  CLX_CHECK_NEAR(saved.time, bytes / b.device.pcie, 0.01, 0);
  assert_true(saved.share[CLX_DRAW_COMMUNICATE] == 1 && saved.mean > stopped.mean);
}

static void test_refusals(void **state) {
  (void)state;
  bench b;
  clx_pass_power p;
  clx_error error = {0};
  bench_make(&b, "llama-3.1-8b", "megatron-core", (clx_layout){.tp = 8, .pp = 1, .dp = 2});
  const clx_exact_options options = {.stragglers = &ALIKE, .steps = 1};
  assert_int_equal(clx_training_power(&b.job, &options, CLX_PASS_STEP, 0, 0, arena, &p, &error), CLX_INPUT);
  assert_int_equal(clx_training_power(&b.job, &options, CLX_PASS_EVALUATION, -1, 8, arena, &p, &error), CLX_INPUT);
  assert_int_equal(clx_training_power(&b.job, &options, CLX_PASS_EVALUATION, NAN, 8, arena, &p, &error), CLX_INPUT);
  b.job.layout.pp = 128;
  assert_int_equal(clx_training_power(&b.job, &options, CLX_PASS_STOPPED, 0, 1 << 20, arena, &p, &error), CLX_INPUT);
  b.job.layout.pp = 1;
  b.device.tdp = 0;
  assert_int_equal(clx_training_power(&b.job, &options, CLX_PASS_STOPPED, 0, 8, arena, &p, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[error.count - 1].text, "tdp"));
  assert_true(clx_training_power_mean(&b.job, &(clx_step){.step_time = 1}) == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_spans_keep_energy),
      cmocka_unit_test(test_lag),
      cmocka_unit_test(test_energy_is_phases),
      cmocka_unit_test(test_merged_passes),
      cmocka_unit_test(test_one_stage),
      cmocka_unit_test(test_samples_refine),
      cmocka_unit_test(test_mean_agrees),
      cmocka_unit_test(test_spread_smears),
      cmocka_unit_test(test_deterministic),
      cmocka_unit_test(test_mixed_fleet),
      cmocka_unit_test(test_parts_of_one_kind),
      cmocka_unit_test(test_evaluation_closed_form),
      cmocka_unit_test(test_evaluation_of_schedules),
      cmocka_unit_test(test_levels),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
