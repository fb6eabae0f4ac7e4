// Matrix products: rooflines, growth with every side, scaling with the device, the cast of narrow formats, grouped launches.
#include "check.h"

#include "device/device.h"
#include "device/device_gemm.h"

static const clx_device hopper = {.name = "h",
                                  .family = "hopper",
                                  .peak = {67e12, 494.7e12, 989.4e12, 1979e12},
                                  .memory_bandwidth = 3.35e12,
                                  .l2 = 50e6,
                                  .processors = 132,
                                  .clock = 1.98e9};

static clx_gemm_parameters defaults(void) {
  clx_gemm_parameters p = {0};
  clx_schema_default(&clx_gemm_schema, &p);
  return p;
}

static clx_kernel_cost cost_of(const clx_device *device, clx_kernel_format format, double m, double n, double k) {
  const clx_gemm_parameters p = defaults();
  const clx_gemm_shape shape = {m, n, k};
  return clx_kernel_gemm.cost(device, format, &p, &shape);
}

static double time_of(clx_kernel_format format, double m, double n, double k) {
  return cost_of(&hopper, format, m, n, k).time;
}

// A device that cannot run a format says so.
static void test_refusals(void **state) {
  (void)state;
  const clx_gemm_shape shape = {1, 1, 1};
  assert_null(clx_kernel_gemm.refuse(&hopper, CLX_KERNEL_BF16, &shape));
  assert_non_null(clx_kernel_gemm.refuse(&hopper, CLX_KERNEL_NVFP4, &shape));
  const clx_device unknown = {.name = "u", .family = "", .peak = {1e12, 1e12, 1e12, 1e12, 1e12}};
  assert_non_null(clx_kernel_gemm.refuse(&unknown, CLX_KERNEL_BF16, &shape));
}

static const double sides[] = {1, 7, 64, 257, 1024, 4096, 16384, 65536};

static void test_times_are_finite_and_above_the_rooflines(void **state) {
  (void)state;
  static const char *const families[] = {"ampere", "hopper", "blackwell", ""};
  for (int f = 0; f < 4; f++) {
    clx_device d = hopper;
    d.family = families[f];
    for (int i = 0; i < 8 * 8 * 8; i++) {
      const double m = sides[i % 8], n = sides[i / 8 % 8], k = sides[i / 64];
      for (clx_kernel_format format = CLX_KERNEL_BF16; format <= CLX_KERNEL_FP8_BLOCK; format++) {
        const clx_kernel_cost c = cost_of(&d, format, m, n, k);
        assert_true(isfinite(c.time) && c.time > 1e-6);
        assert_true(isfinite(c.bytes) && c.bytes >= 0);
        CLX_CHECK_NEAR(c.flop, 2 * m * n * k, 1e-12, 0);
        const double peak =
            format == CLX_KERNEL_BF16 || format == CLX_KERNEL_NVFP4 ? d.peak[CLX_BF16] : d.peak[CLX_FP8];
        assert_true(c.time > c.flop / (1.1 * peak));
        assert_true(c.time > c.bytes / d.memory_bandwidth);
      }
    }
  }
}

static void test_extreme_shapes(void **state) {
  (void)state;
  static const double extremes[] = {1, 1e4, 1e8};
  for (int i = 0; i < 27; i++) {
    const clx_kernel_cost c = cost_of(&hopper, CLX_KERNEL_BF16, extremes[i % 3], extremes[i / 3 % 3], extremes[i / 9]);
    assert_true(isfinite(c.time) && c.time > 0);
  }
}

// Tiles and split parts switch; a doubled side never costs less than a little below the original.
static void test_larger_sides_take_longer(void **state) {
  (void)state;
  for (double m = 1; m < 40000; m *= 2) {
    for (double n = 128; n < 40000; n *= 4) {
      for (double k = 128; k < 40000; k *= 4) {
        const double now = time_of(CLX_KERNEL_BF16, m, n, k);
        assert_true(time_of(CLX_KERNEL_BF16, 2 * m, n, k) >= 0.97 * now);
        assert_true(time_of(CLX_KERNEL_BF16, m, 2 * n, k) >= 0.97 * now);
        assert_true(time_of(CLX_KERNEL_BF16, m, n, 2 * k) >= 0.97 * now);
      }
    }
  }
}

static void test_large_products_scale_with_the_peak_and_thin_ones_with_memory(void **state) {
  (void)state;
  clx_device fast = hopper;
  for (int i = 0; i < CLX_FORMATS; i++) fast.peak[i] *= 1.2;
  fast.clock *= 1.2;
  const double dense = cost_of(&hopper, CLX_KERNEL_BF16, 16384, 16384, 16384).time;
  CLX_CHECK_NEAR(dense / cost_of(&fast, CLX_KERNEL_BF16, 16384, 16384, 16384).time, 1.2, 0.04, 0);
  clx_device wide = hopper;
  wide.memory_bandwidth *= 1.5;
  const double thin = cost_of(&hopper, CLX_KERNEL_BF16, 1, 16384, 16384).time;
  CLX_CHECK_NEAR(thin / cost_of(&wide, CLX_KERNEL_BF16, 1, 16384, 16384).time, 1.5, 0.05, 0);
}

static void test_weights_that_fit_the_cache_are_faster(void **state) {
  (void)state;
  clx_device large = hopper;
  large.l2 *= 100;
  assert_true(cost_of(&large, CLX_KERNEL_BF16, 8, 4096, 4096).time < 0.8 * time_of(CLX_KERNEL_BF16, 8, 4096, 4096));
}

static void test_narrow_formats_pay_for_the_cast(void **state) {
  (void)state;
  const clx_gemm_parameters p = defaults();
  CLX_CHECK_NEAR(clx_gemm_quantise_time(&hopper, CLX_KERNEL_BF16, &p, 4096, 4096), 0, 0, 1e-30);
  for (clx_kernel_format format = CLX_KERNEL_FP8; format <= CLX_KERNEL_FP8_BLOCK; format++) {
    const double cast = clx_gemm_quantise_time(&hopper, format, &p, 8192, 8192);
    assert_true(cast > 3 * 8192. * 8192 / hopper.memory_bandwidth);
    const double product = clx_gemm_cost_grouped(&hopper, format, &p, 8192, 8192, 8192, 1).time;
    CLX_CHECK_NEAR(time_of(format, 8192, 8192, 8192), cast + product, 1e-12, 0);
    assert_true(product < time_of(CLX_KERNEL_BF16, 8192, 8192, 8192));
  }
}

// Rated power limits long products of many FLOP only.
static void test_power_limits_large_products(void **state) {
  (void)state;
  clx_device full = hopper, capped = hopper;
  full.tdp = 700;
  capped.tdp = 400;
  const double slower = cost_of(&capped, CLX_KERNEL_BF16, 16384, 16384, 16384).time /
                        cost_of(&full, CLX_KERNEL_BF16, 16384, 16384, 16384).time;
  assert_true(slower > 1.3 && slower < 7.0 / 4);
  assert_true(cost_of(&capped, CLX_KERNEL_BF16, 256, 1024, 1024).time <
              1.02 * time_of(CLX_KERNEL_BF16, 256, 1024, 1024));
}

// One launch of equal products fills waves together: cheaper than one after the other, dearer than one.
static void test_grouped_launches(void **state) {
  (void)state;
  const clx_gemm_parameters p = defaults();
  for (double groups = 2; groups <= 64; groups *= 2) {
    const clx_kernel_cost one = clx_gemm_cost_grouped(&hopper, CLX_KERNEL_BF16, &p, 512, 2048, 2048, 1);
    const clx_kernel_cost all = clx_gemm_cost_grouped(&hopper, CLX_KERNEL_BF16, &p, 512, 2048, 2048, groups);
    assert_true(all.time > one.time && all.time < groups * one.time);
    CLX_CHECK_NEAR(all.flop, groups * one.flop, 1e-12, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_times_are_finite_and_above_the_rooflines),
      cmocka_unit_test(test_extreme_shapes),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_larger_sides_take_longer),
      cmocka_unit_test(test_large_products_scale_with_the_peak_and_thin_ones_with_memory),
      cmocka_unit_test(test_weights_that_fit_the_cache_are_faster),
      cmocka_unit_test(test_narrow_formats_pay_for_the_cast),
      cmocka_unit_test(test_power_limits_large_products),
      cmocka_unit_test(test_grouped_launches),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
