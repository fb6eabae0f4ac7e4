// The all-reduce of a serving engine: link bounds, growth, and where it gives way to NCCL.
#include "check.h"

#include "device/device.h"
#include "device/device_custom_allreduce.h"

static double time_of(const char *family, double nvlink, double gpus, double bytes) {
  const clx_device d = {.name = "d", .family = family, .nvlink = nvlink, .l2 = 50e6};
  clx_custom_allreduce_parameters p = {0};
  clx_schema_default(&clx_custom_allreduce_schema, &p);
  const clx_custom_allreduce_shape shape = {gpus, bytes / 2};
  return clx_kernel_custom_allreduce.cost(&d, CLX_KERNEL_BF16, &p, &shape).time;
}

static void test_times_are_finite_and_above_the_links(void **state) {
  (void)state;
  static const char *const families[] = {"ampere", "hopper", "blackwell", NULL};
  for (int f = 0; f < 4; f++) {
    for (double gpus = 2; gpus <= 72; gpus *= 6) {
      for (double bytes = 2; bytes < 1e13; bytes *= 5) {
        const double time = time_of(families[f], 450e9, gpus, bytes);
        assert_true(isfinite(time) && time > 1e-6);
        assert_true(time >= bytes * (gpus - 1) / gpus / 450e9);
      }
    }
  }
}

static void test_larger_messages_take_longer(void **state) {
  (void)state;
  for (double gpus = 2; gpus <= 4; gpus *= 2) {
    for (double bytes = 512; bytes < 1e10; bytes *= 2)
      assert_true(time_of("hopper", 450e9, gpus, 2 * bytes) >= time_of("hopper", 450e9, gpus, bytes));
  }
}

// One barrier instead of 2 (n - 1) steps.
static void test_small_messages_are_fast(void **state) {
  (void)state;
  for (double gpus = 2; gpus <= 8; gpus *= 2) assert_true(time_of("hopper", 450e9, gpus, 8192) < 5e-6);
}

// Large messages go through NCCL: their time per byte hardly depends on the number of GPUs of a ring.
static void test_large_messages_use_rings(void **state) {
  (void)state;
  const double ratio = time_of("hopper", 450e9, 4, 4e9) / time_of("hopper", 450e9, 2, 4e9);
  assert_true(ratio > 1.2 && ratio < 1.5);  // 2 (n - 1) / n: from 1 to 1.5
}

static void test_scales_with_the_links(void **state) {
  (void)state;
  CLX_CHECK_NEAR(time_of("hopper", 450e9, 4, 4e9) / time_of("hopper", 900e9, 4, 4e9), 2, 0.02, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_times_are_finite_and_above_the_links),
      cmocka_unit_test(test_larger_messages_take_longer),
      cmocka_unit_test(test_small_messages_are_fast),
      cmocka_unit_test(test_large_messages_use_rings),
      cmocka_unit_test(test_scales_with_the_links),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
