// Kernel costs: roofline bounds, monotonicity, scaling, and the shapes of measured curves.
#include "check.h"

#include "device/device.h"

// The initial values of all kernel parameters.
static const clx_kernels *default_kernels(void) {
  static clx_kernels kernels;
  clx_schema_default(&clx_kernels_schema, &kernels);
  return &kernels;
}

// Round numbers of an H100-like device.
static clx_device device_make(void) {
  clx_device d = {.name = "d",
                  .family = "hopper",
                  .memory_bandwidth = 3.35e12,
                  .processors = 132,
                  .clock = 1.755e9,
                  .attention_efficiency = 0.55,
                  .attention_backward_efficiency = 0.45,
                  .attention_tile = 128,
                  .memory_efficiency = 0.9,
                  .kernel_time = 3e-6,
                  .exponentials = 16};
  d.peak[CLX_BF16] = 989e12;
  d.peak[CLX_FP8] = 1979e12;
  d.l2 = 50e6;
  d.tdp = 700;
  d.gemm_pass[CLX_GEMM_FORWARD] = 1;
  d.gemm_pass[CLX_GEMM_DATA_GRADIENT] = 1.1;
  d.gemm_pass[CLX_GEMM_WEIGHT_GRADIENT] = 1.2;
  d.kernels = default_kernels();
  return d;
}

static void test_passes_of_a_product(void **state) {
  (void)state;
  const clx_device d = device_make();
  const double forward = clx_device_gemm_time(&d, CLX_KERNEL_BF16, CLX_GEMM_FORWARD, 4096, 2048, 8192, 1);
  CLX_CHECK_NEAR(clx_device_gemm_time(&d, CLX_KERNEL_BF16, CLX_GEMM_DATA_GRADIENT, 4096, 2048, 8192, 1), 1.1 * forward,
                 1e-12, 0);
  CLX_CHECK_NEAR(clx_device_gemm_time(&d, CLX_KERNEL_BF16, CLX_GEMM_WEIGHT_GRADIENT, 4096, 2048, 8192, 1),
                 1.2 * forward, 1e-12, 0);
  assert_true(clx_device_gemm_time(&d, CLX_KERNEL_FP8, CLX_GEMM_FORWARD, 4096, 2048, 8192, 1) < forward);
  const double groups = clx_device_gemm_time(&d, CLX_KERNEL_BF16, CLX_GEMM_FORWARD, 4096, 2048, 8192, 4);
  assert_true(groups > 3 * forward && groups < 5 * forward);  // fuller waves, but the power limit acts longer
  CLX_CHECK_NEAR(clx_device_gemm_time(&d, CLX_KERNEL_BF16, CLX_GEMM_FORWARD, 0, 2048, 8192, 1), 0, 0, 0);
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
  const clx_gemm_parameters *fp8 = &d.kernels->gemm[clx_kernel_gemm.set_of[CLX_KERNEL_FP8]];
  CLX_CHECK_NEAR(clx_device_cast_time(&d, CLX_KERNEL_BF16, 1e9, true), 0, 0, 0);
  CLX_CHECK_NEAR(clx_device_cast_time(&d, CLX_KERNEL_FP8, 6e8, false),
                 3 * 6e8 / (d.memory_bandwidth * fp8->quantise_share) + d.kernel_time, 1e-12, 0);
  assert_true(clx_device_cast_time(&d, CLX_KERNEL_FP8, 6e8, true) >
              clx_device_cast_time(&d, CLX_KERNEL_FP8, 6e8, false));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_passes_of_a_product),
      cmocka_unit_test(test_rates_scale),
      cmocka_unit_test(test_attention),
      cmocka_unit_test(test_misaligned_heads_are_slow_when_unfused),
      cmocka_unit_test(test_casts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
