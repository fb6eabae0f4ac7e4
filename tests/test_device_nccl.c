// Collectives of NCCL: link bounds, growth, scaling with the links, and the switches of algorithm that tables show.
#include "check.h"

#include "device/device.h"
#include "device/device_nccl.h"

enum { ALL_GATHER, ALL_REDUCE, ALL_TO_ALL, REDUCE_SCATTER, OPS };

static const clx_device hopper = {.name = "h", .family = "hopper", .nvlink = 450e9};

static clx_kernel_cost cost_of(const clx_device *device, clx_kernel_format format, int op, double gpus, double bytes) {
  clx_nccl_parameters p = {0};
  clx_schema_default(&clx_nccl_schema, &p);
  const clx_nccl_shape shape = {op, gpus, bytes / clx_kernel_format_bytes(format)};
  return clx_kernel_nccl.cost(device, format, &p, &shape);
}

static double time_of(const clx_device *device, clx_kernel_format format, int op, double gpus, double bytes) {
  return cost_of(device, format, op, gpus, bytes).time;
}

static void test_times_are_finite_and_above_the_links(void **state) {
  (void)state;
  static const char *const families[] = {"ampere", "hopper", "blackwell", NULL};
  static const double gpus[] = {2, 3, 4, 7, 8, 33, 72, 144, 576};
  for (int f = 0; f < 4; f++) {
    const clx_device d = {.name = "d", .family = families[f], .nvlink = 450e9};
    for (int op = 0; op < OPS; op++) {
      for (int g = 0; g < (int)CLX_COUNT(gpus); g++) {
        for (double bytes = 1; bytes < 1e13; bytes *= 7) {
          const clx_kernel_cost cost = cost_of(&d, CLX_KERNEL_BF16, op, gpus[g], bytes);
          assert_true(isfinite(cost.time) && cost.time > 1e-6);
          assert_true(cost.time >= bytes * (gpus[g] - 1) / gpus[g] / d.nvlink);
          assert_true(isfinite(cost.flop) && isfinite(cost.bytes) && cost.link_bytes > 0);
        }
      }
    }
  }
}

// NCCL picks by its own estimate: a switch of protocol may take back a little, never a doubling of the message.
static void test_larger_messages_take_longer(void **state) {
  (void)state;
  for (int op = 0; op < OPS; op++) {
    for (double gpus = 2; gpus <= 8; gpus *= 2) {
      for (double bytes = 512; bytes < 1e10; bytes *= 2) {
        const double now = time_of(&hopper, CLX_KERNEL_BF16, op, gpus, bytes);
        assert_true(time_of(&hopper, CLX_KERNEL_BF16, op, gpus, 4 * bytes) >= 0.999 * now);
      }
    }
  }
}

static void test_large_messages_scale_with_the_links(void **state) {
  (void)state;
  clx_device fast = hopper;
  fast.nvlink *= 2;
  for (int op = 0; op < OPS; op++) {
    const double ratio = time_of(&hopper, CLX_KERNEL_BF16, op, 4, 4e9) / time_of(&fast, CLX_KERNEL_BF16, op, 4, 4e9);
    CLX_CHECK_NEAR(ratio, 2, 0.05, 0);
  }
}

static void test_small_messages_cost_steps(void **state) {
  (void)state;
  const double two = time_of(&hopper, CLX_KERNEL_BF16, ALL_REDUCE, 2, 1024);
  const double four = time_of(&hopper, CLX_KERNEL_BF16, ALL_REDUCE, 4, 1024);
  const double eight = time_of(&hopper, CLX_KERNEL_BF16, ALL_REDUCE, 8, 1024);
  CLX_CHECK_NEAR((eight - four) / (four - two), 2, 0.1, 0);  // 2, 6 and 14 steps
}

// The switches reduce 2-byte numbers, for more than 4 GPUs, since Hopper.
static void test_multicast(void **state) {
  (void)state;
  const clx_device ampere = {.name = "a", .family = "ampere", .nvlink = 450e9};
  const double large = 1 << 30;
  const double multicast = time_of(&hopper, CLX_KERNEL_BF16, ALL_REDUCE, 8, large);
  assert_true(multicast < 0.9 * time_of(&hopper, CLX_KERNEL_INT8, ALL_REDUCE, 8, large));
  assert_true(multicast < 0.9 * time_of(&ampere, CLX_KERNEL_BF16, ALL_REDUCE, 8, large));
  CLX_CHECK_NEAR(time_of(&hopper, CLX_KERNEL_BF16, ALL_REDUCE, 4, large),
                 time_of(&ampere, CLX_KERNEL_BF16, ALL_REDUCE, 4, large), 1e-9, 0);
}

// Only bytes count where nothing is added.
static void test_formats(void **state) {
  (void)state;
  for (double bytes = 1024; bytes < 1e9; bytes *= 16) {
    CLX_CHECK_NEAR(time_of(&hopper, CLX_KERNEL_INT8, ALL_GATHER, 8, bytes),
                   time_of(&hopper, CLX_KERNEL_BF16, ALL_GATHER, 8, bytes), 1e-12, 0);
    assert_true(time_of(&hopper, CLX_KERNEL_INT8, REDUCE_SCATTER, 8, bytes) >=
                time_of(&hopper, CLX_KERNEL_BF16, REDUCE_SCATTER, 8, bytes));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_times_are_finite_and_above_the_links),
      cmocka_unit_test(test_larger_messages_take_longer),
      cmocka_unit_test(test_large_messages_scale_with_the_links),
      cmocka_unit_test(test_small_messages_cost_steps),
      cmocka_unit_test(test_multicast),
      cmocka_unit_test(test_formats),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
