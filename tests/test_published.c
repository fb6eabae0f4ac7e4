// Single terms of the step against what has been published of them.
#include "training/training_exact.h"
#include "training_rig.h"

static void device_of(bench *b, const char *device) {
  clx_error error = {0};
  assert_int_equal(clx_catalog_read_device(catalog, device, (clx_place){0}, arena, &b->device, &error), CLX_OK);
  b->network.nvlink = b->device.nvlink;
}

static clx_step expected(const bench *b) {
  clx_step step;
  clx_error error = {0};
  assert_int_equal(clx_training_check(&b->job, 10000000, &error), CLX_OK);
  const clx_training_costs costs = clx_training_costs_make(&b->job);
  assert_int_equal(clx_training_expected(&b->job, &costs, arena, &step, &error), CLX_OK);
  return step;
}

// BLOOM chronicles, 384 A100, TP4 PP12 DP8, 78 layers of 13,824: 35.77, 59.65, 83.11, 107.12 s for 512 to 2,048 sequences: 0.0465 s
// a sequence and 12 s that do not depend on them (bubble, optimizer, gradients).
static void test_bloom_batch_sweep(void **state) {
  (void)state;
  double step[4];
  for (int32_t i = 0; i < 4; i++) {
    bench b;
    bench_make(&b, "gpt3-175b", "megatron-deepspeed-2022",
               (clx_layout){.tp = 4,
                            .pp = 12,
                            .dp = 8,
                            .micro_batch = 2,
                            .recompute = CLX_RECOMPUTE_FULL,
                            .sharding = CLX_SHARDING_ZERO1});
    device_of(&b, "a100_sxm");
    b.model.layers = 78;
    b.model.hidden = 13824;
    b.model.heads = b.model.kv_heads = 96;
    b.model.head_dim = 144;
    b.model.ffn = 55296;
    b.model.vocab = 250000;
    b.network.nic = 50e9 / 8;
    b.job.layout.sequence_parallel = 0;
    b.job.sequence = 2048;
    b.job.global_batch = 512.0 * (i + 1);
    step[i] = expected(&b).step_time;
  }
  const double slope = (step[3] - step[0]) / 1536, intercept = step[0] - 512 * slope;
  CLX_CHECK_NEAR(slope, 0.0465, 0.1, 0);                    // 8 % above
  CLX_CHECK_NEAR(intercept, 12, 0.2, 0);                    // 18 % below: the two partly compensate each other
  CLX_CHECK_NEAR(step[1] - step[0], 512 * slope, 1e-6, 0);  // linear, as measured
}

// GPT-3 175B in bf16, TP4 PP8 VPP12, 128 to 2,048 H100 (NVIDIA dgxc-benchmarking 25.03): 8.309 to 8.490 s, 2.2 % longer at 16 times
// the size and batch. What the model has of it: waiting for the slowest, gradients over more nodes.
static void test_weak_scaling(void **state) {
  (void)state;
  double step[2];
  for (int32_t i = 0; i < 2; i++) {
    bench b;
    const int32_t dp = i == 0 ? 4 : 64;
    bench_make(&b, "gpt3-175b", "nemo-dgxc-25.03",
               (clx_layout){.tp = 4, .pp = 8, .vpp = 12, .dp = dp, .sharding = CLX_SHARDING_ZERO1});
    b.job.sequence = 2048;
    b.job.global_batch = 64.0 * dp;
    step[i] = expected(&b).step_time;
  }
  CLX_CHECK_NEAR(step[0], 8.309, 0.05, 0);
  assert_true(step[1] > step[0] && step[1] < 1.03 * step[0]);
}

// MegaScale, table 3 (175B on 256 GPUs): overlap of tensor parallelism took the MFU from 53.3 to 55.5 %, that of data parallelism from
// 58.0 to 59.5 %. The paper's model also has a parallel block; the sizes of the gains are what is compared.
static void test_overlap_gains(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "gpt3-175b", "megatron-core",
             (clx_layout){.tp = 8, .pp = 8, .vpp = 6, .dp = 4, .sharding = CLX_SHARDING_ZERO2});
  device_of(&b, "a100_sxm");
  b.network.nic = 25e9;
  b.job.sequence = 2048;
  b.software.tp_async = 0;
  b.software.tp_overlap = 0;
  const double bare = expected(&b).step_time;
  b.software.tp_overlap = 0.5;  // as most profiles; all of it hidden would gain 14 %
  const double tensor = expected(&b).step_time;
  b.software.dp_overlap = b.software.gather_overlap = 0;
  const double exposed = expected(&b).step_time;
  assert_true(bare / tensor > 1.03 && bare / tensor < 1.075);         // published 1.041, here 1.066
  assert_true(exposed / tensor > 1.015 && exposed / tensor < 1.045);  // published 1.026, here 1.038
}

// DeepSeek-V3 on 2,048 H800, DualPipe over 16 stages, EP64 (ISCA 2025, table 4): 19.93 s; no memory is checked, micro-batch 1 taken.
// Its single parts are further off than the sum: optimizer 0.04 s against 0.29 (norms and synchronisation that no profile has),
// bubble 0.9 s against 2.06.
static void test_dualpipe_step(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "deepseek-v3", "megatron-core",
             (clx_layout){.tp = 1,
                          .pp = 16,
                          .ep = 64,
                          .dp = 128,
                          .sharding = CLX_SHARDING_ZERO1,
                          .recompute = CLX_RECOMPUTE_SELECTIVE,
                          .schedule = CLX_SCHEDULE_FIRST + CLX_PIPELINE_DUALPIPE});
  device_of(&b, "h800_sxm");
  b.job.global_batch = 15360;
  b.job.precision = CLX_PRECISION_FP8_BLOCK;
  const double both = expected(&b).step_time;
  CLX_CHECK_NEAR(both, 19.93, 0.1, 0);
  b.job.layout.schedule = CLX_SCHEDULE_AUTO;  // 1F1B: the exchange of experts shows, and more of the bubble
  assert_true(expected(&b).step_time > 1.05 * both);
}

// Rings: 2 (n - 1) / n of the buffer over the slowest link, and its hops.
static void test_ring_cost(void **state) {
  (void)state;
  bench b;
  bench_make(&b, "llama-3.1-70b", "megatron-core", (clx_layout){.tp = 1, .pp = 1, .dp = 64});
  b.network.library = &IDEAL;
  b.network.domain = 1;
  const clx_group group = clx_group_make(&b.network, 64, 1);
  const double bytes = 1e9, ring = 2 * 63.0 / 64 * bytes / b.network.nic;
  const clx_collective_cost c = clx_collective_cost_with(&b.network, CLX_ALL_REDUCE, group, bytes, CLX_ALGORITHM_RING);
  CLX_CHECK_NEAR(c.time, ring, 0.02, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bloom_batch_sweep), cmocka_unit_test(test_weak_scaling),
      cmocka_unit_test(test_overlap_gains),     cmocka_unit_test(test_dualpipe_step),
      cmocka_unit_test(test_ring_cost),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
