// The step: closed forms of the pipeline, properties, memory classes, the search.
#include "check.h"

#include <string.h>

#include "training/training_internal.h"
#include "training_rig.h"

static clx_step step_of(const bench *b) {
  clx_step step;
  clx_error error = {0};
  assert_int_equal(clx_training_check(&b->job, 1000000, &error), CLX_OK);
  assert_int_equal(clx_training_step(&b->job, &step, &error), CLX_OK);
  return step;
}

static clx_memory memory_of(const bench *b) {
  clx_memory memory;
  clx_error error = {0};
  assert_int_equal(clx_training_memory(&b->job, &memory, &error), CLX_OK);
  return memory;
}

static void test_parts_add_up(void **state) {
  (void)state;
  static const clx_layout layouts[] = {{.tp = 1, .pp = 1, .dp = 8, .sharding = CLX_SHARDING_FSDP},
                                       {.tp = 8, .pp = 4, .vpp = 5, .dp = 2, .sharding = CLX_SHARDING_ZERO1},
                                       {.tp = 2, .pp = 2, .cp = 2, .dp = 4, .recompute = CLX_RECOMPUTE_FULL},
                                       {.tp = 4, .pp = 8, .dp = 4, .recompute = CLX_RECOMPUTE_SELECTIVE}};
  for (int i = 0; i < 4; i++) {
    bench b;
    bench_make(&b, "llama-3.1-70b", "megatron-core", layouts[i]);
    const clx_step s = step_of(&b);
    const double sum = s.gemm + s.attention + s.stream + s.recompute + s.tp_exposed + s.cp_exposed + s.ep_exposed +
                       s.pp_exposed + s.dp_exposed + s.contention + s.bubble + s.optimizer + s.launch + s.jitter;
    CLX_CHECK_NEAR(sum, s.step_time, 1e-12, 0);
  }
}

static void test_power_cap(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "llama-3.1-70b", "megatron-core", (clx_layout){.tp = 8, .pp = 4, .vpp = 5, .dp = 4});
  const clx_step free = step_of(&b);
  b.job.power_cap = b.device.tdp;
  CLX_CHECK_NEAR(step_of(&b).step_time, free.step_time, 1e-12, 0);
  double before = free.step_time;
  for (double cap = 0.9; cap > 0.5; cap -= 0.1) {
    b.job.power_cap = cap * b.device.tdp;
    const clx_step step = step_of(&b);
    assert_true(step.step_time > before && step.gemm > free.gemm && step.attention > free.attention);
    CLX_CHECK_NEAR(step.stream, free.stream, 1e-12, 0);  // memory keeps its clock
    before = step.step_time;
  }
  assert_true(before < 2 * free.step_time);
  // The key of the catalogue replaces the model.
  b.job.power_cap = 0;
  b.device.sustained_clock[CLX_BF16] = 0.5;
  const clx_step half = step_of(&b);
  b.device.sustained_clock[CLX_BF16] = 1;
  CLX_CHECK_NEAR(half.attention, 2 * step_of(&b).attention, 1e-9, 0);
  assert_true(half.gemm > 1.8 * step_of(&b).gemm);
}

// 1F1B: (m + p - 1) slots; interleaved: m + (p - 1) / v. With equal stages (no embedding, loss or transfer to speak of).
static void test_pipeline_closed_form(void **state) {
  (void)state;
  for (int32_t vpp = 1; vpp <= 5; vpp += 4) {
    bench b;
    bench_make(&b, "llama-3.1-70b", "megatron-core", (clx_layout){.tp = 8, .pp = 4, .vpp = vpp, .dp = 4});
    b.model.vocab = 8;  // embedding and loss next to nothing
    b.network.nic = 1e18;
    b.network.library = &IDEAL;
    const clx_step s = step_of(&b);
    const double slot = (s.gemm + s.attention + s.stream + s.tp_exposed) / s.micro_batches;
    CLX_CHECK_NEAR(s.bubble, 3 * slot / vpp, 5e-3, 0);  // the embedding and the final norm are still there
  }
}

// Kernels without fixed times: nothing but rates is left.
static const clx_kernels *kernels_without_latency(const clx_kernels *kernels) {
  static clx_kernels bare;
  bare = *kernels;
  clx_gemm_parameters *gemm = &bare.gemm[clx_kernel_gemm.set_of[CLX_KERNEL_BF16]];
  gemm->start_time = gemm->step_time = gemm->split_time = 0;
  gemm->power_time = 1e-30;  // the limit acts at once
  return &bare;
}

static void test_doubling_rates_halves_the_step(void **state) {
  (void)state;
  bench slow, fast;
  bench_make(&slow, "mixtral-8x7b", "megatron-core", (clx_layout){.tp = 2, .pp = 2, .ep = 4, .dp = 8});
  slow.device.kernel_time = slow.software.step_overhead = 0;
  slow.device.kernels = kernels_without_latency(slow.device.kernels);
  slow.software.cuda_graphs = 1;
  fast = slow;
  fast.job.model = &fast.model, fast.job.device = &fast.device, fast.job.network = &fast.network,
  fast.job.software = &fast.software;
  fast.device.peak[CLX_BF16] *= 2;
  fast.device.memory_bandwidth *= 2;
  fast.device.clock *= 2;
  fast.device.tdp *= 2;
  fast.device.idle_power *= 2;
  fast.network.nic *= 2;
  // NVLink is left alone where its ramp would not scale: tensor and expert groups made free on both sides.
  slow.network.nvlink = fast.network.nvlink = 1e12;
  slow.software.tp_overlap = fast.software.tp_overlap = 0;
  const clx_step a = step_of(&slow), c = step_of(&fast);
  CLX_CHECK_NEAR(c.gemm, a.gemm / 2, 1e-12, 0);
  CLX_CHECK_NEAR(c.attention, a.attention / 2, 1e-12, 0);
  CLX_CHECK_NEAR(c.stream, a.stream / 2, 1e-12, 0);
  CLX_CHECK_NEAR(c.optimizer, a.optimizer / 2, 1e-12, 0);
}

// More work takes longer; a faster network never hurts.
static void test_monotonicity(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "llama-3.1-8b", "megatron-core", (clx_layout){.tp = 2, .pp = 1, .dp = 8});
  const double base = step_of(&b).step_time;
  b.job.global_batch *= 2;
  assert_true(step_of(&b).step_time > 1.8 * base);
  b.job.global_batch /= 2;
  b.job.sequence *= 2;
  assert_true(step_of(&b).step_time > 2 * base);
  b.job.sequence /= 2;
  b.job.layout.recompute = CLX_RECOMPUTE_FULL;
  const double full = step_of(&b).step_time;
  assert_true(full > 1.2 * base && full < 1.5 * base);
  b.job.layout.recompute = CLX_RECOMPUTE_NONE;
  b.network.nic *= 4;
  b.network.nvlink *= 4;
  assert_true(step_of(&b).step_time <= base);
}

// Full recompute repeats a forward pass; one that stops early, all of it but the last product and its sum over the ranks.
static void test_recompute_stops_early(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "gpt3-175b", "llm-foundry", (clx_layout){.tp = 8, .pp = 1, .dp = 1});
  b.job.layout.recompute = CLX_RECOMPUTE_FULL;
  b.job.layout.sequence_parallel = 0;
  b.software.recompute_early_stop = 0;
  const clx_layer_cost whole = clx_training_layer_cost(&b.job, false, false);
  b.software.recompute_early_stop = 1;
  const clx_layer_cost early = clx_training_layer_cost(&b.job, false, false);
  const double down = clx_device_gemm_time(&b.device, CLX_KERNEL_BF16, CLX_GEMM_FORWARD, 4096, 12288, 6144, 1) /
                      (b.device.sustained_clock[CLX_BF16] * b.software.gemm_speed);
  CLX_CHECK_NEAR(whole.repeat, whole.gemm[0] + whole.attention[0] + whole.stream[0], 1e-12, 0);
  CLX_CHECK_NEAR(whole.repeat - early.repeat, down, 1e-9, 0);
  CLX_CHECK_NEAR(early.repeat_tp, whole.repeat_tp / 2, 1e-12, 0);
  CLX_CHECK_NEAR(whole.flop - early.flop, 2.0 * 4096 * 12288 * 6144, 1e-12, 0);
}

// An odd vocabulary on one rank: its logits take 2.7 times as long as those of the next multiple of eight.
static void test_odd_vocabulary(void **state) {
  (void)state;
  bench odd, even;
  bench_make(&odd, "gpt3-175b", "megatron-lm-2021", (clx_layout){.tp = 1, .pp = 8, .dp = 1});
  even = odd;
  even.job.model = &even.model;
  odd.model.vocab = 50257;
  even.model.vocab = 50264;
  const clx_layer_cost a = clx_training_head_cost(&odd.job), c = clx_training_head_cost(&even.job);
  assert_true(even.software.aligned_gemm < 2 && a.gemm[0] > 1.5 * c.gemm[0]);
  even.software.aligned_gemm = 1;
  even.job.software = &even.software;
  CLX_CHECK_NEAR(a.gemm[0], 2.7 * clx_training_head_cost(&even.job).gemm[0], 2e-3, 0);
}

// Passes of the optimizer that are not fused move update_bytes; gradients that are added up in a pass of their own are written
// in 2 B by the products.
static void test_unfused_optimizer(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "gpt3-175b", "megatron-lm-2021", (clx_layout){.tp = 8, .pp = 8, .dp = 1});
  b.software.update_bytes = 40;
  const clx_stage_parameters p = {.shared = 1e9};
  const double fused = clx_training_optimizer_time(&b.job, &p);
  b.software.update_bytes = 100;
  const double rate = b.device.memory_bandwidth * b.device.memory_efficiency;
  CLX_CHECK_NEAR(clx_training_optimizer_time(&b.job, &p) - fused, 1e9 * 60 / rate, 1e-9, 0);
  b.software.gradient_bytes = 4;
  const double together = clx_training_layer_cost(&b.job, false, false).weight;
  b.software.accumulate_bytes = 20;
  const double apart = clx_training_layer_cost(&b.job, false, false).weight;
  CLX_CHECK_NEAR(together - apart, 12.0 * 12288 * 12288 / 8 * 6 / rate, 1e-9, 0);
}

// A host that is slower than the device starts what recompute repeats once more.
static void test_launches_of_recompute(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "gpt3-175b", "megatron-lm-2021", (clx_layout){.tp = 8, .pp = 8, .dp = 1});
  b.software.launch_interval = 0.1;  // s, longer than any kernel
  b.job.layout.recompute = CLX_RECOMPUTE_NONE;
  const clx_layer_cost none = clx_training_layer_cost(&b.job, false, false);
  b.job.layout.recompute = CLX_RECOMPUTE_FULL;
  const clx_layer_cost full = clx_training_layer_cost(&b.job, false, false);
  const double forward = none.launch[0] + none.gemm[0] + none.attention[0] + none.stream[0];
  CLX_CHECK_NEAR(full.launch[0], none.launch[0], 0, 0);
  CLX_CHECK_NEAR(full.launch[1] + full.repeat, none.launch[1] + forward, 1e-9, 0);
}

static void test_uneven_layers(void **state) {
  (void)state;
  clx_stage stages[CLX_STAGES_MAX];
  bench b;
  bench_make(&b, "llama-3.1-405b", "megatron-core", (clx_layout){.tp = 8, .pp = 8, .vpp = 8, .dp = 2});
  clx_training_stages(&b.job, stages);  // 126 + 2 units on 64 chunks: first and last chunk one layer less
  int32_t sum = 0;
  for (int i = 0; i < 8; i++) sum += stages[i].layers[0][0];
  assert_int_equal(sum, 126);
  assert_int_equal(stages[0].layers[0][0], 15);
  assert_int_equal(stages[7].layers[0][0], 15);
  assert_int_equal(stages[3].layers[0][0], 16);
  assert_true(stages[0].embedding && stages[7].head && !stages[3].head);
  int32_t given[] = {10, 20, 30, 20};
  bench_make(&b, "llama-3.1-70b", "megatron-core",
             (clx_layout){.tp = 8, .pp = 4, .dp = 2, .stage_layers = given, .stage_layer_count = 4});
  clx_training_stages(&b.job, stages);
  assert_int_equal(stages[2].layers[0][0], 30);
  assert_int_equal(memory_of(&b).stage, 2);  // the heaviest rank is where the layers are
}

// Cohort = expanded: stages listed one by one, with one that differs in between, cost what the equal cut costs.
static void test_stages_as_cohorts(void **state) {
  (void)state;
  int32_t equal[] = {20, 20, 20, 20}, uneven[] = {19, 23, 19, 19}, swapped[] = {19, 19, 23, 19};
  bench cut, listed;
  bench_make(&cut, "llama-3.1-70b", "megatron-core", (clx_layout){.tp = 8, .pp = 4, .dp = 2});
  bench_make(&listed, "llama-3.1-70b", "megatron-core",
             (clx_layout){.tp = 8, .pp = 4, .dp = 2, .stage_layers = equal, .stage_layer_count = 4});
  CLX_CHECK_NEAR(step_of(&listed).step_time, step_of(&cut).step_time, 0, 0);
  listed.job.layout.stage_layers = uneven;
  const double apart = step_of(&listed).step_time;
  listed.job.layout.stage_layers = swapped;
  CLX_CHECK_NEAR(step_of(&listed).step_time, apart, 1e-12, 0);  // the order of middle stages does not matter
  assert_true(apart > step_of(&cut).step_time);
}

static void test_memory_classes(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "llama-3.1-8b", "megatron-core",
             (clx_layout){.tp = 1, .pp = 1, .dp = 8, .sharding = CLX_SHARDING_NONE});
  const double n = clx_parameter_count(&b.model).total;
  clx_memory m = memory_of(&b);
  CLX_CHECK_NEAR(m.bytes[CLX_MEMORY_WEIGHTS], 2 * n, 1e-4, 0);
  CLX_CHECK_NEAR(m.bytes[CLX_MEMORY_GRADIENTS], 4 * n, 1e-4, 0);
  CLX_CHECK_NEAR(m.bytes[CLX_MEMORY_OPTIMIZER], 12 * n, 1e-4, 0);
  b.job.layout.sharding = CLX_SHARDING_ZERO1;
  CLX_CHECK_NEAR(memory_of(&b).bytes[CLX_MEMORY_OPTIMIZER], 12 * n / 8, 1e-4, 0);
  b.job.layout.sharding = CLX_SHARDING_ZERO2;
  CLX_CHECK_NEAR(memory_of(&b).bytes[CLX_MEMORY_GRADIENTS], 4 * n / 8, 1e-4, 0);
  b.job.layout.sharding = CLX_SHARDING_FSDP;
  assert_true(memory_of(&b).bytes[CLX_MEMORY_WEIGHTS] < 2 * n / 4);
  const double none = m.bytes[CLX_MEMORY_ACTIVATIONS];
  b.job.layout.recompute = CLX_RECOMPUTE_SELECTIVE;
  const double selective = memory_of(&b).bytes[CLX_MEMORY_ACTIVATIONS];
  b.job.layout.recompute = CLX_RECOMPUTE_FULL;
  const double full = memory_of(&b).bytes[CLX_MEMORY_ACTIVATIONS];
  assert_true(full < selective && selective < none);
}

// Korthikanti et al.: with sequence parallelism and no attention matrices a GPT layer keeps 34 s b h / t bytes, of which 2 are
// dropout masks that we do not train with.
static void test_activations_of_a_gpt_layer(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "gpt3-175b", "megatron-core", (clx_layout){.tp = 8, .pp = 1, .dp = 1, .sharding = CLX_SHARDING_NONE});
  b.job.sequence = 2048;
  const double with_head = memory_of(&b).bytes[CLX_MEMORY_ACTIVATIONS];
  b.model.layers += 1;
  const double one = memory_of(&b).bytes[CLX_MEMORY_ACTIVATIONS] - with_head;
  CLX_CHECK_NEAR(one, 32 * 2048.0 * 12288 / 8, 1e-9, 0);
}

// Threads of users who were told too little: experts with tensor parallelism, latent attention, uneven stages, ZeRO with TP.
static void test_memory_of_experts_and_tensor_parallelism(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "mixtral-8x7b", "megatron-core",
             (clx_layout){.tp = 4, .pp = 1, .ep = 8, .dp = 4, .sharding = CLX_SHARDING_ZERO1});
  const clx_parameters n = clx_parameter_count(&b.model);
  const double dense = (n.attention + n.embedding + n.head) / 4 + n.router + n.norms, expert = n.routed_experts / 8;
  const clx_memory m = memory_of(&b);
  CLX_CHECK_NEAR(m.bytes[CLX_MEMORY_WEIGHTS], 2 * (dense + expert), 1e-3, 0);
  // Dense weights are shared by dp = 4 ranks, expert weights by edp = 16 / 8 = 2.
  CLX_CHECK_NEAR(m.bytes[CLX_MEMORY_OPTIMIZER], 12 * (dense / 4 + expert / 2), 1e-3, 0);
  // FSDP with EP8 on 8 GPUs: every rank is the only holder of its experts, all share the dense weights.
  bench_make(&b, "mixtral-8x7b", "megatron-core",
             (clx_layout){.tp = 1, .pp = 1, .ep = 8, .dp = 8, .sharding = CLX_SHARDING_FSDP});
  const double all_dense = n.attention + n.embedding + n.head + n.router + n.norms;
  const clx_memory alone = memory_of(&b);
  CLX_CHECK_NEAR(alone.bytes[CLX_MEMORY_OPTIMIZER], 12 * (all_dense / 8 + expert), 1e-3, 0);
  bench_make(&b, "deepseek-v3", "megatron-core",
             (clx_layout){.tp = 1, .pp = 8, .ep = 32, .dp = 32, .sharding = CLX_SHARDING_ZERO1});
  const clx_memory last = memory_of(&b);
  assert_true(last.total > 0 && last.stage >= 0 && last.stage < 8);
}

static void test_bad_layouts_are_named(void **state) {
  (void)state;
  static const struct {
    clx_layout layout;
    const char *word;
  } bad[] = {
      {{.tp = 7, .pp = 1, .dp = 1}, "tp 7"},
      {{.tp = 8, .pp = 100, .dp = 1}, "pp 100"},
      {{.tp = 1, .pp = 1, .dp = 300}, "dp 300"},
      {{.tp = 1, .pp = 1, .ep = 2, .dp = 4}, "no experts"},
      {{.tp = 8, .pp = 8, .dp = 64}, "4096 GPUs"},
      {{.tp = 1, .pp = 1, .vpp = 2, .dp = 1}, "vpp 2"},
      {{.tp = 1, .pp = 1, .cp = 3, .dp = 1}, "cp 3"},
      {{.tp = 1, .pp = 8, .vpp = 2, .dp = 64}, "fewer than"},
      {{.tp = 1, .pp = 4, .dp = 1, .schedule = CLX_SCHEDULE_FIRST + CLX_PIPELINE_ZB_V}, "needs vpp 2"},
      {{.tp = 1, .pp = 5, .dp = 1, .schedule = CLX_SCHEDULE_FIRST + CLX_PIPELINE_DUALPIPE}, "even number"},
      {{.tp = 1, .pp = 4, .vpp = 2, .dp = 1, .schedule = CLX_SCHEDULE_FIRST + CLX_PIPELINE_1F1B}, "needs vpp 1"}};
  for (int i = 0; i < CLX_COUNT(bad); i++) {
    bench b;
    clx_error error = {0};
    bench_make(&b, "llama-3.1-70b", "megatron-core", bad[i].layout);
    assert_int_equal(clx_training_check(&b.job, 1024, &error), CLX_INPUT);
    bool named = false;
    for (int k = 0; k < error.count; k++) named = named || strstr(error.mistake[k].text, bad[i].word) != NULL;
    if (!named) fail_msg("'%s' is not named in '%s'", bad[i].word, error.mistake[0].text);
  }
}

// Groups that fit into an NVLink domain do not straddle two: of 72 GPUs EP64 uses 64.
static void test_whole_groups(void **state) {
  (void)state;
  bench b;
  clx_error error = {0};
  bench_make(&b, "deepseek-v3", "megatron-core", (clx_layout){.tp = 1, .pp = 9, .ep = 64, .dp = 64});
  b.network.domain = 72;
  assert_int_equal(clx_training_usable_gpus(&b.job, 576), 576);  // the machine is not known
  b.job.machine_gpus = 576;
  assert_int_equal(clx_training_usable_gpus(&b.job, 576), 512);
  assert_int_equal(clx_training_check(&b.job, 576, &error), CLX_INPUT);
  b.job.machine_gpus = 648;
  assert_int_equal(clx_training_usable_gpus(&b.job, 576), 576);
  b.job.layout.ep = 8;
  b.job.machine_gpus = 576;
  assert_int_equal(clx_training_usable_gpus(&b.job, 576), 576);
}

// Gradients on their way slow expert transfers on the same NICs; on links of their own, or without them, nothing is slowed.
static void test_contention_needs_shared_links(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "mixtral-8x7b", "megatron-core", (clx_layout){.tp = 1, .pp = 4, .ep = 8, .dp = 64});
  b.job.layout.sharding = CLX_SHARDING_ZERO1;
  b.software.dp_overlap = b.software.gather_overlap = 1;
  CLX_CHECK_NEAR(step_of(&b).contention, 0, 0,
                 0);  // experts inside one domain, gradients of one rank per domain on its NIC
  bench_make(&b, "mixtral-8x7b", "megatron-core", (clx_layout){.tp = 4, .pp = 1, .ep = 8, .dp = 64});
  b.job.layout.sharding = CLX_SHARDING_ZERO1;
  b.job.layout.etp = 4;
  b.software.dp_overlap = b.software.gather_overlap = 1;
  const clx_step shared = step_of(&b);
  assert_true(shared.contention > 0);
  assert_true(shared.contention < shared.step_time / 4);
  b.software.dp_overlap = b.software.gather_overlap = 0;
  CLX_CHECK_NEAR(step_of(&b).contention, 0, 0, 0);
}

// Layer by layer the same contention comes out as from the fluid average; a layer starts when its parameters are there, and
// gradients leave when it ends.
static void test_timeline_agrees_with_the_step(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "mixtral-8x7b", "megatron-core", (clx_layout){.tp = 4, .pp = 1, .ep = 8, .dp = 64});
  b.job.layout.sharding = CLX_SHARDING_ZERO1;
  b.job.layout.etp = 4;
  b.software.dp_overlap = b.software.gather_overlap = 1;
  for (int32_t pass = 0; pass < 2; pass++) {
    clx_timeline t;
    assert_int_equal(clx_training_timeline(&b.job, 0, pass, arena, &t, NULL), CLX_OK);
    const clx_layer_cost cost = clx_training_layer_cost(&b.job, true, false);
    const double layer = pass == 0 ? clx_layer_cost_forward(&cost) : clx_layer_cost_backward(&cost);
    double end = 0, dp = 0;
    for (int32_t i = 0; i < t.count; i++) {
      const bool background = strcmp(t.item[i].what, "dp") == 0;
      if (background) dp += t.item[i].end - t.item[i].start;
      if (!background && t.item[i].end > end) end = t.item[i].end;
      assert_true(t.item[i].end >= t.item[i].start);
    }
    assert_true(dp > 0);
    assert_true(end >= 32 * layer * (1 - 1e-9));
    assert_true(end < 32 * layer * 1.5);
  }
}

// One optimizer for every few ranks: more memory, shorter rings.
static void test_several_optimizers(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "llama-3.1-8b", "megatron-core", (clx_layout){.tp = 1, .pp = 1, .dp = 8192});
  b.job.layout.sharding = CLX_SHARDING_ZERO1;
  b.job.global_batch = 8192;
  const clx_step one = step_of(&b);
  const clx_memory least = memory_of(&b);
  b.job.layout.shard_group = 64;
  const clx_step many = step_of(&b);
  const clx_memory more = memory_of(&b);
  assert_true(many.dp_exposed < one.dp_exposed);
  CLX_CHECK_NEAR(more.bytes[CLX_MEMORY_OPTIMIZER], 128 * least.bytes[CLX_MEMORY_OPTIMIZER], 1e-9, 0);
  b.job.layout.shard_group = 8192;
  CLX_CHECK_NEAR(step_of(&b).step_time, one.step_time, 1e-12, 0);
}

// All parameters leave the job once; NICs of their own or not, nobody else is slowed by more than the write takes.
static void test_checkpoint_traffic(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "mixtral-8x7b", "megatron-core", (clx_layout){.tp = 4, .pp = 1, .ep = 8, .dp = 64});
  b.job.layout.etp = 4;
  const clx_step step = step_of(&b);
  const clx_checkpoint_traffic own = clx_training_checkpoint(&b.job, &step, 6.25e9);
  const clx_checkpoint_traffic shared = clx_training_checkpoint(&b.job, &step, 0);
  const double all = clx_parameter_count(&b.model).total * (b.software.optimizer_bytes + 2);
  CLX_CHECK_NEAR(own.bytes * 256, all, 1e-12, 0);
  CLX_CHECK_NEAR(own.time, own.bytes / 6.25e9, 1e-12, 0);
  assert_true(shared.time < own.time);
  CLX_CHECK_NEAR(own.added, 0, 0, 0);
  assert_true(shared.added > 0 && shared.added < shared.time);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_power_cap),
      cmocka_unit_test(test_parts_add_up),
      cmocka_unit_test(test_pipeline_closed_form),
      cmocka_unit_test(test_doubling_rates_halves_the_step),
      cmocka_unit_test(test_monotonicity),
      cmocka_unit_test(test_contention_needs_shared_links),
      cmocka_unit_test(test_timeline_agrees_with_the_step),
      cmocka_unit_test(test_several_optimizers),
      cmocka_unit_test(test_checkpoint_traffic),
      cmocka_unit_test(test_recompute_stops_early),
      cmocka_unit_test(test_odd_vocabulary),
      cmocka_unit_test(test_unfused_optimizer),
      cmocka_unit_test(test_launches_of_recompute),
      cmocka_unit_test(test_uneven_layers),
      cmocka_unit_test(test_stages_as_cohorts),
      cmocka_unit_test(test_memory_classes),
      cmocka_unit_test(test_activations_of_a_gpt_layer),
      cmocka_unit_test(test_memory_of_experts_and_tensor_parallelism),
      cmocka_unit_test(test_bad_layouts_are_named),
      cmocka_unit_test(test_whole_groups),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
