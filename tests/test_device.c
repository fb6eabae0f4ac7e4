// Kernel costs: roofline bounds, monotonicity, scaling, and the shapes of measured curves.
#include "check.h"

#include "device/device.h"

// Round numbers of an H100-like device.
static clx_device device_make(void) {
  clx_device d = {.name = "d",
                  .family = "hopper",
                  .memory_bandwidth = 3.35e12,
                  .processors = 132,
                  .clock = 1.755e9,
                  .attention_efficiency = 0.55,
                  .attention_backward_efficiency = 0.45,
                  .memory_efficiency = 0.9,
                  .kernel_time = 3e-6,
                  .quantise_bandwidth = 1.2e12,
                  .tile_m = 256,
                  .tile_n = 128,
                  .exponentials = 16};
  d.peak[CLX_BF16] = 989e12;
  d.peak[CLX_FP8] = 1979e12;
  d.gemm_efficiency[CLX_BF16] = 0.83;
  d.gemm_efficiency[CLX_FP8] = 0.79;
  return d;
}

static void test_gemm_stays_above_the_roofline(void **state) {
  (void)state;
  const clx_device d = device_make();
  static const double sizes[] = {1, 16, 100, 512, 4096, 8192, 65536};
  for (int i = 0; i < 7; i++) {
    for (int j = 0; j < 7; j++) {
      for (int k = 0; k < 7; k++) {
        const double m = sizes[i], n = sizes[j], depth = sizes[k];
        const double time = clx_device_gemm_time(&d, CLX_BF16, m, n, depth, 1);
        assert_true(time >= 2 * m * n * depth / d.peak[CLX_BF16]);
        assert_true(time >= 2 * (m * depth + depth * n + m * n) / d.memory_bandwidth);
        assert_true(isfinite(time));
      }
    }
  }
}

static void test_gemm_grows_with_every_dimension(void **state) {
  (void)state;
  const clx_device d = device_make();
  static const double sizes[] = {64, 256, 1024, 4096, 16384};
  for (int i = 0; i + 1 < 5; i++) {
    for (int j = 0; j < 5; j++) {
      const double now = clx_device_gemm_time(&d, CLX_BF16, sizes[i], sizes[j], 4096, 1);
      assert_true(clx_device_gemm_time(&d, CLX_BF16, sizes[i + 1], sizes[j], 4096, 1) >= now);
      assert_true(clx_device_gemm_time(&d, CLX_BF16, sizes[i], sizes[j], 8192, 1) >= now);
      assert_true(clx_device_gemm_time(&d, CLX_BF16, sizes[i], sizes[j], 4096, 4) >= now);
    }
  }
}

// One more row of tiles than fills the processors costs a wave.
static void test_wave_quantisation(void **state) {
  (void)state;
  const clx_device d = device_make();
  const double full = clx_device_gemm_time(&d, CLX_BF16, 256 * 33, 128 * 4, 8192, 1);   // 132 tiles
  const double spill = clx_device_gemm_time(&d, CLX_BF16, 256 * 34, 128 * 4, 8192, 1);  // 136 tiles
  assert_true(spill > 1.1 * full);
}

static void test_large_gemm_reaches_its_efficiency(void **state) {
  (void)state;
  const clx_device d = device_make();
  const double flop = 2 * 16384.0 * 16384 * 16384;
  const double share = flop / clx_device_gemm_time(&d, CLX_BF16, 16384, 16384, 16384, 1) / d.peak[CLX_BF16];
  assert_true(share > 0.75 && share <= 0.83);
}

// Doubling all rates halves the time, but for the fixed start of a kernel.
static void test_rates_scale(void **state) {
  (void)state;
  clx_device slow = device_make();
  slow.kernel_time = 0;
  clx_device fast = slow;
  fast.peak[CLX_BF16] *= 2;
  fast.memory_bandwidth *= 2;
  fast.clock *= 2;
  const clx_attention_shape shape = {2, 16, 16, 4096, 4096, 128, 128, 0.5, 0};
  CLX_CHECK_NEAR(clx_device_gemm_time(&fast, CLX_BF16, 4096, 4096, 4096, 1),
                 clx_device_gemm_time(&slow, CLX_BF16, 4096, 4096, 4096, 1) / 2, 1e-12, 0);
  CLX_CHECK_NEAR(clx_device_attention_time(&fast, &shape, true), clx_device_attention_time(&slow, &shape, true) / 2,
                 1e-12, 0);
  CLX_CHECK_NEAR(clx_device_stream_time(&fast, 1e9), clx_device_stream_time(&slow, 1e9) / 2, 1e-12, 0);
}

static void test_attention(void **state) {
  (void)state;
  const clx_device d = device_make();
  clx_attention_shape s = {1, 32, 8, 16384, 16384, 128, 128, 0.5, 0};
  const double wide = clx_device_attention_time(&d, &s, false);
  const double flop = 2 * 32 * 16384.0 * 16384 * 256 * 0.5;
  CLX_CHECK_NEAR(flop / wide / d.peak[CLX_BF16], 0.55, 0.05, 0);  // the quoted efficiency, less occupancy
  s.qk_dim = s.v_dim = 64;
  const double narrow = clx_device_attention_time(&d, &s, false);
  assert_true(narrow > 0.5 * wide && narrow < wide);  // half the products, the same exponentials
  assert_true(clx_device_attention_time(&d, &s, true) > 2 * narrow);
  assert_true(clx_device_unfused_attention_time(&d, &s, false) > 3 * narrow);
  s.query = 0;
  CLX_CHECK_NEAR(clx_device_attention_time(&d, &s, false), 0, 0, 0);
}

static void test_misaligned_heads_are_slow_when_unfused(void **state) {
  (void)state;
  const clx_device d = device_make();
  clx_attention_shape s = {1, 16, 16, 2048, 2048, 128, 128, 0.5, 0};
  const double aligned = clx_device_unfused_attention_time(&d, &s, false);
  s.qk_dim = s.v_dim = 130;
  assert_true(clx_device_unfused_attention_time(&d, &s, false) > 1.3 * aligned);
}

static void test_casts(void **state) {
  (void)state;
  const clx_device d = device_make();
  CLX_CHECK_NEAR(clx_device_cast_time(&d, CLX_BF16, 1e9, true), 0, 0, 0);
  CLX_CHECK_NEAR(clx_device_cast_time(&d, CLX_FP8, 6e8, false), 1e-3 + 3e-6, 1e-12, 0);
  assert_true(clx_device_cast_time(&d, CLX_FP8, 6e8, true) > clx_device_cast_time(&d, CLX_FP8, 6e8, false));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_gemm_stays_above_the_roofline),
      cmocka_unit_test(test_gemm_grows_with_every_dimension),
      cmocka_unit_test(test_wave_quantisation),
      cmocka_unit_test(test_large_gemm_reaches_its_efficiency),
      cmocka_unit_test(test_rates_scale),
      cmocka_unit_test(test_attention),
      cmocka_unit_test(test_misaligned_heads_are_slow_when_unfused),
      cmocka_unit_test(test_casts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
