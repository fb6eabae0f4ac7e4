// Expert layers: roofline bounds, growth, scaling with the device, how tokens fall on experts, and what is refused.
#include "check.h"

#include "device/device.h"
#include "device/device_moe.h"

static clx_device device_make(void) {
  clx_device d = {
      .name = "d", .family = "hopper", .memory_bandwidth = 3.35e12, .l2 = 50e6, .processors = 132, .clock = 1.98e9};
  d.peak[CLX_BF16] = 989e12;
  d.peak[CLX_FP8] = 1979e12;
  d.peak[CLX_FP4] = 3958e12;
  return d;
}

static clx_moe_parameters parameters_make(void) {
  clx_moe_parameters p = {0};
  clx_schema_default(&clx_moe_schema, &p);
  return p;
}

static clx_kernel_cost cost_of(const clx_device *device, clx_kernel_format format, const clx_moe_shape *shape) {
  const clx_moe_parameters p = parameters_make();
  return clx_kernel_moe.cost(device, format, &p, shape);
}

static double time_of(const clx_moe_shape *shape) {
  const clx_device d = device_make();
  return cost_of(&d, CLX_KERNEL_BF16, shape).time;
}

static const clx_kernel_format FORMATS[] = {CLX_KERNEL_BF16, CLX_KERNEL_FP8, CLX_KERNEL_FP8_BLOCK, CLX_KERNEL_NVFP4};
static const double EXPONENTS[] = {0, 0.3, 1, 1.01, 1.2, 1.9};

static void check_bounds(const clx_device *d, clx_kernel_format format, const clx_moe_shape *shape) {
  const clx_format peak = format == CLX_KERNEL_BF16 ? CLX_BF16 : format == CLX_KERNEL_NVFP4 ? CLX_FP4 : CLX_FP8;
  const clx_kernel_cost cost = cost_of(d, format, shape);
  assert_true(isfinite(cost.time) && cost.time > 1e-6);
  assert_true(cost.time >= cost.flop / d->peak[peak]);
  assert_true(cost.time * (1 + 1e-12) >= cost.bytes / d->memory_bandwidth);
}

static void test_times_are_finite_and_above_the_roofline(void **state) {
  (void)state;
  const clx_device d = device_make();
  static const double experts[] = {1, 8, 160, 512, 65536}, ranks[] = {1, 2, 16, 256}, widths[] = {1, 768, 14336, 1e6};
  for (int f = 0; f < 4; f++) {
    for (int e = 0; e < 5; e++) {
      for (int r = 0; r < 4; r++) {
        for (int w = 0; w < 4; w++) {
          for (int x = 0; x < 6; x++) {
            for (double tokens = 1; tokens < 1e9; tokens *= 13) {
              const clx_moe_shape shape = {tokens,   widths[3 - w], widths[w], fmin(8, experts[e]), experts[e], 1,
                                           ranks[r], EXPONENTS[x],  0};
              check_bounds(&d, FORMATS[f], &shape);
            }
          }
        }
      }
    }
  }
}

// At powers of two: between them the tiles are those tuned for fewer tokens, and time may fall again.
static void test_grows(void **state) {
  (void)state;
  static const double exponents[] = {0, 1.2};
  for (int x = 0; x < 2; x++) {
    for (double tokens = 1; tokens < 1e6; tokens *= 2) {
      const clx_moe_shape shape = {tokens, 4096, 1536, 8, 128, 1, 1, exponents[x], 0};
      clx_moe_shape more = shape, wider = shape, deeper = shape, cut = shape;
      more.num_tokens *= 2;
      wider.inter_size *= 2;
      deeper.hidden_size *= 2;
      cut.moe_tp_size = 2;
      assert_true(time_of(&more) >= 0.999 * time_of(&shape));
      assert_true(time_of(&wider) >= time_of(&shape));
      assert_true(time_of(&deeper) >= time_of(&shape));
      assert_true(time_of(&cut) <= time_of(&shape));
    }
  }
}

// Doubling all rates halves the time, but for what is fixed.
static void test_rates_scale(void **state) {
  (void)state;
  clx_device slow = device_make();
  clx_device fast = slow;
  fast.peak[CLX_BF16] *= 2;
  fast.memory_bandwidth *= 2;
  fast.clock *= 2;
  const clx_moe_parameters p = parameters_make();
  const double fixed = p.launch + p.select_launch + 256 * p.expert;
  for (double tokens = 1; tokens < 1e6; tokens *= 8) {
    const clx_moe_shape shape = {tokens, 7168, 2048, 8, 256, 1, 1, 1.2, 0};
    CLX_CHECK_NEAR(cost_of(&fast, CLX_KERNEL_BF16, &shape).time - fixed,
                   (cost_of(&slow, CLX_KERNEL_BF16, &shape).time - fixed) / 2, 1e-9, 0);
  }
}

// All tokens go to all ranks; a rank computes those of its experts.
static void test_balanced_ranks_share_the_tokens(void **state) {
  (void)state;
  for (double ranks = 1; ranks <= 256; ranks *= 2) {
    const clx_moe_shape shape = {8192, 7168, 2048, 8, 256, 1, ranks, 0, 0};
    const clx_moe_load load = clx_moe_load_find(&shape, 1, 0);
    CLX_CHECK_NEAR(load.rows, 8192 * 8 / ranks, 1e-12, 0);
    CLX_CHECK_NEAR(load.active, 256 / ranks, 1e-12, 0);
  }
  const clx_moe_shape one = {1, 7168, 2048, 8, 256, 1, 8, 0, 0};
  CLX_CHECK_NEAR(clx_moe_load_find(&one, 1, 0).active, 1, 1e-12, 0);
}

// Against simulations of the same generator (40 draws each): experts with tokens, and pairs, on the busiest rank.
static void test_power_law_loads(void **state) {
  (void)state;
  static const struct {
    double tokens, ranks, active, rows;
  } cases[] = {{4, 1, 32, 32},       {32, 1, 128.7, 256},   {1024, 1, 236.2, 8192},  {4, 8, 19.5, 19.5},
               {16, 8, 27.4, 31.1},  {256, 8, 28.2, 344},   {16384, 8, 31.4, 26325}, {64, 32, 7.2, 29.2},
               {1024, 32, 7.5, 626}, {4096, 128, 2, 1494.8}};
  for (int i = 0; i < CLX_COUNT(cases); i++) {
    const clx_moe_shape shape = {cases[i].tokens, 7168, 2048, 8, 256, 1, cases[i].ranks, 1.01, 0};
    const clx_moe_load load = clx_moe_load_find(&shape, 1, 0);
    CLX_CHECK_NEAR(load.active, cases[i].active, 0.12, 0);
    CLX_CHECK_NEAR(load.rows, cases[i].rows, 0.12, 0);
  }
}

static void test_stray_tokens_crowd(void **state) {
  (void)state;
  const clx_moe_shape shape = {1, 7168, 2048, 8, 256, 1, 8, 1.01, 0};
  CLX_CHECK_NEAR(clx_moe_load_find(&shape, 1, 0).active, 8, 1e-9, 0);  // all neighbours on one rank
  CLX_CHECK_NEAR(clx_moe_load_find(&shape, 0, 0).active, 1, 1e-9, 0);  // one on each
}

static void test_imbalance_costs_where_ranks_wait(void **state) {
  (void)state;
  const clx_moe_shape even = {8192, 7168, 2048, 8, 256, 1, 32, 0, 0},
                      skewed = {8192, 7168, 2048, 8, 256, 1, 32, 1.2, 0};
  assert_true(time_of(&skewed) > 1.5 * time_of(&even));
}

static void test_experts_without_gate(void **state) {
  (void)state;
  const clx_moe_shape nano = {4096, 2688, 1856, 6, 128, 1, 1, 0, 0}, gated = {4096, 2688, 1856, 8, 128, 1, 1, 0, 0};
  CLX_CHECK_NEAR(clx_moe_products(&nano), 2, 0, 0);
  CLX_CHECK_NEAR(clx_moe_products(&gated), 3, 0, 0);
}

static void test_few_tokens_stream_weights_once_cached_cost_less(void **state) {
  (void)state;
  const clx_device d = device_make();
  const clx_moe_shape shape = {64, 7168, 2048, 8, 256, 1, 1, 0, 0};
  const double weights = 256 * 3 * 7168.0 * 2048 * 2, bound = weights / d.memory_bandwidth;
  assert_true(time_of(&shape) > bound && time_of(&shape) < 1.25 * bound);
  const clx_moe_shape small = {64, 2048, 768, 8, 128, 4, 32, 0, 0};  // 4.7 MB of weights
  assert_true(cost_of(&d, CLX_KERNEL_BF16, &small).bytes < 2e6);
}

static void test_grouped_product(void **state) {
  (void)state;
  const clx_device d = device_make();
  const clx_moe_parameters p = parameters_make();
  const double large = clx_moe_grouped_gemm_time(&d, CLX_KERNEL_BF16, &p, 8, 8192, 8192, 8192);
  const double share = 8 * 2 * 8192.0 * 8192 * 8192 / large / d.peak[CLX_BF16];
  assert_true(share > 0.75 && share <= p.compute);
  const double thin = clx_moe_grouped_gemm_time(&d, CLX_KERNEL_BF16, &p, 8, 1, 8192, 8192);
  assert_true(thin > 8 * 2 * 8192.0 * 8192 / d.memory_bandwidth);
  CLX_CHECK_NEAR(clx_moe_grouped_gemm_time(&d, CLX_KERNEL_BF16, &p, 8, 0, 8192, 8192), 0, 0, 0);
}

static void test_low_latency_kernels(void **state) {
  (void)state;
  const clx_device d = device_make();
  clx_moe_parameters p = parameters_make(), half = p;
  half.low_latency = 0.5;
  const clx_moe_shape few = {64, 7168, 2048, 8, 256, 1, 1, 0, 0}, many = {64, 7168, 2048, 8, 384, 1, 1, 0, 0};
  CLX_CHECK_NEAR(clx_kernel_moe.cost(&d, CLX_KERNEL_NVFP4, &half, &few).time,
                 clx_kernel_moe.cost(&d, CLX_KERNEL_NVFP4, &p, &few).time / 2, 1e-12, 0);
  CLX_CHECK_NEAR(clx_kernel_moe.cost(&d, CLX_KERNEL_NVFP4, &half, &many).time,
                 clx_kernel_moe.cost(&d, CLX_KERNEL_NVFP4, &p, &many).time, 1e-12, 0);
  CLX_CHECK_NEAR(clx_kernel_moe.cost(&d, CLX_KERNEL_FP8, &half, &few).time,
                 clx_kernel_moe.cost(&d, CLX_KERNEL_FP8, &p, &few).time, 1e-12, 0);
}

static void test_refuses(void **state) {
  (void)state;
  const clx_device d = device_make();
  const clx_moe_shape good = {64, 7168, 2048, 8, 256, 1, 8, 0, 0}, uneven = {64, 7168, 2048, 8, 256, 1, 3, 0, 0},
                      choices = {64, 7168, 2048, 16, 8, 1, 1, 0, 0};
  assert_null(clx_kernel_moe.refuse(&d, CLX_KERNEL_BF16, &good));
  assert_non_null(clx_kernel_moe.refuse(&d, CLX_KERNEL_BF16, &uneven));
  assert_non_null(clx_kernel_moe.refuse(&d, CLX_KERNEL_BF16, &choices));
}

// The busiest rank of popular experts with copies: never busier with more of them, and even but for chance once they suffice.
static void test_copies_even_out(void **state) {
  (void)state;
  clx_moe_shape shape = {8192, 7168, 2048, 8, 256, 1, 32, 1.2, 0};
  const double pairs = 8192.0 * 8, alone = clx_moe_load_find(&shape, 0, 0).rows;
  double before = alone;
  for (double copies = 32; copies <= 256; copies += 32) {
    shape.redundant = copies;
    const double rows = clx_moe_load_find(&shape, 0, 0).rows;
    assert_true(rows <= before + 1e-9 && rows >= pairs / 32);
    before = rows;
  }
  assert_true(alone > 1.5 * pairs / 32);
  CLX_CHECK_NEAR(before, pairs / 32, 0.06, 0);
  shape.moe_ep_size = 144;  // a rank of two experts cannot hold a popular one's share
  shape.redundant = 32;
  assert_true(clx_moe_load_find(&shape, 0, 0).rows > 1.5 * pairs / 144);
}

// Chance alone: the most of r Poisson numbers lies some sqrt(2 ln r) deviations above their mean.
static void test_chance_of_an_iteration(void **state) {
  (void)state;
  clx_moe_shape shape = {8192, 7168, 2048, 8, 256, 1, 32, 0, 32};
  const double peak = clx_moe_copied_peak(&shape, 400);
  assert_true(peak > 1 + 1.5 / sqrt(400) && peak < 1 + sqrt(2 * log(32)) / sqrt(400));
  assert_true(clx_moe_copied_peak(&shape, 1e12) < 1 + 1e-5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_copies_even_out),
      cmocka_unit_test(test_chance_of_an_iteration),
      cmocka_unit_test(test_times_are_finite_and_above_the_roofline),
      cmocka_unit_test(test_grows),
      cmocka_unit_test(test_rates_scale),
      cmocka_unit_test(test_balanced_ranks_share_the_tokens),
      cmocka_unit_test(test_power_law_loads),
      cmocka_unit_test(test_stray_tokens_crowd),
      cmocka_unit_test(test_imbalance_costs_where_ranks_wait),
      cmocka_unit_test(test_experts_without_gate),
      cmocka_unit_test(test_few_tokens_stream_weights_once_cached_cost_less),
      cmocka_unit_test(test_grouped_product),
      cmocka_unit_test(test_low_latency_kernels),
      cmocka_unit_test(test_refuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
