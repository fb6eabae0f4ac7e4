// Decode of latent attention: roofline bounds, growth, what limits few and many heads, splits, scaling with the device.
#include "check.h"

#include "device/device.h"
#include "device/device_mla_generation.h"

static clx_device device_make(const char *family, double processors, double bandwidth) {
  clx_device d = {.name = "d",
                  .family = family,
                  .memory_bandwidth = bandwidth,
                  .l2 = 50e6,
                  .processors = (int32_t)processors,
                  .clock = 1.98e9};
  d.peak[CLX_BF16] = 7.5e12 * processors;
  d.peak[CLX_FP8] = strcmp(family, "ampere") == 0 ? 0 : 2 * d.peak[CLX_BF16];
  return d;
}

static const char *const families[] = {"ampere", "hopper", "blackwell"};

static clx_kernel_cost cost(const clx_device *device, double batch, double step, double heads, double cache) {
  clx_mla_generation_parameters p;
  clx_schema_default(&clx_mla_generation_schema, &p);
  const clx_mla_generation_shape s = {batch, 1, step, heads, cache};
  return clx_kernel_mla_generation.cost(device, CLX_KERNEL_BF16, &p, &s);
}

static void test_stays_above_the_roofline(void **state) {
  (void)state;
  static const double batches[] = {1, 2, 7, 100, 1000, 100000}, steps[] = {0, 1, 63, 64, 1000, 30000, 1e6},
                      heads[] = {1, 8, 17, 33, 64, 96, 128, 256};
  for (int f = 0; f < 3; f++) {
    const clx_device d = device_make(families[f], 132, 3.35e12);
    for (int i = 0; i < 6; i++) {
      for (int j = 0; j < 7; j++) {
        for (int k = 0; k < 8; k++) {
          for (int narrow = 0; narrow < 2; narrow++) {
            const clx_kernel_cost c = cost(&d, batches[i], steps[j], heads[k], narrow);
            const double peak = d.peak[narrow && f > 0 ? CLX_FP8 : CLX_BF16];
            assert_true(isfinite(c.time) && c.time >= c.flop / peak);
            const double latents = batches[i] * (steps[j] + 1) * 576 * (narrow && f > 0 ? 1 : 2);
            assert_true(c.time >= (latents - 4 * d.l2) / d.memory_bandwidth);
          }
        }
      }
    }
  }
}

// Kernels change on the way (groups of heads, splits), which costs up to a third here and there, as measured.
static void test_grows_with_tokens_and_sequences(void **state) {
  (void)state;
  for (int f = 0; f < 3; f++) {
    const clx_device d = device_make(families[f], 132, 3.35e12);
    for (double n = 1; n < 1e6; n *= 2) {
      for (double heads = 1; heads <= 128; heads *= 2) {
        assert_true(cost(&d, 4, 2 * n, heads, 0).time >= 0.75 * cost(&d, 4, n, heads, 0).time);
        assert_true(cost(&d, 4, 4096 + 2 * n, heads, 0).time >= 0.75 * cost(&d, 4, 4096 + n, heads, 0).time);
        assert_true(cost(&d, 2 * n, 100, heads, 0).time >= 0.75 * cost(&d, n, 100, heads, 0).time);
      }
    }
  }
}

// All heads of a sequence read the same latents: up to 16 heads cost what one costs, 128 of them are limited by arithmetic.
static void test_heads_share_latents(void **state) {
  (void)state;
  for (int f = 1; f < 3; f++) {
    const clx_device d = device_make(families[f], 132, 3.35e12), fast = device_make(families[f], 132, 6.7e12);
    CLX_CHECK_NEAR(cost(&d, 256, 16383, 16, 0).time, cost(&d, 256, 16383, 1, 0).time, 0.03, 0);
    assert_true(cost(&d, 256, 16383, 1, 0).time > 1.5 * cost(&fast, 256, 16383, 1, 0).time);
    assert_true(cost(&d, 256, 16383, 128, 0).time < 1.45 * cost(&fast, 256, 16383, 128, 0).time);
  }
}

// One long sequence is split over all processors except on Ampere, where it is walked through by one.
static void test_splits(void **state) {
  (void)state;
  const clx_device hopper = device_make("hopper", 132, 3.35e12), ampere = device_make("ampere", 108, 2e12);
  assert_true(cost(&hopper, 1, 131071, 16, 0).time < 1.3 * cost(&hopper, 32, 4095, 16, 0).time);
  assert_true(cost(&ampere, 1, 131071, 16, 0).time > 20 * cost(&ampere, 32, 4095, 16, 0).time);
}

static void test_scales_with_the_device(void **state) {
  (void)state;
  const clx_device d = device_make("hopper", 132, 3.35e12), half = device_make("hopper", 66, 1.675e12);
  for (double heads = 1; heads <= 128; heads *= 2) {
    CLX_CHECK_NEAR(cost(&half, 1024, 16383, heads, 0).time / cost(&d, 1024, 16383, heads, 0).time, 2, 0.03, 0);
  }
  const clx_device ampere = device_make("ampere", 108, 2e12);
  CLX_CHECK_NEAR(cost(&ampere, 8, 2000, 16, 1).time, cost(&ampere, 8, 2000, 16, 0).time, 0, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_stays_above_the_roofline), cmocka_unit_test(test_grows_with_tokens_and_sequences),
      cmocka_unit_test(test_heads_share_latents),      cmocka_unit_test(test_splits),
      cmocka_unit_test(test_scales_with_the_device),
  };
  return cmocka_run_group_tests_name("device_mla_generation", tests, NULL, NULL);
}
