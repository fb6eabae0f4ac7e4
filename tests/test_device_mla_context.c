// Prefill of latent attention: roofline bounds, growth with every dimension, waves of tiles, cached tokens, scaling with the device.
#include "check.h"

#include "device/device.h"
#include "device/device_mla_context.h"

static clx_device device_make(const char *family, double processors, double fp8) {
  clx_device d = {.name = "d",
                  .family = family,
                  .memory_bandwidth = 3.35e12,
                  .l2 = 50e6,
                  .processors = (int32_t)processors,
                  .clock = 1.98e9,
                  .exponentials = 16};
  d.peak[CLX_BF16] = 7.5e12 * processors;
  d.peak[CLX_FP8] = fp8 * d.peak[CLX_BF16];
  return d;
}

static const char *const families[] = {"ampere", "hopper", "blackwell"};

static clx_kernel_cost cost(const clx_device *device, double batch, double isl, double step, double heads,
                            double cache) {
  clx_mla_context_parameters p;
  clx_schema_default(&clx_mla_context_schema, &p);
  const clx_mla_context_shape s = {batch, isl, step, heads, cache};
  return clx_kernel_mla_context.cost(device, CLX_KERNEL_BF16, &p, &s);
}

static void test_stays_above_the_roofline(void **state) {
  (void)state;
  static const double sizes[] = {1, 3, 64, 129, 1000, 4096, 65536};
  static const double heads[] = {1, 5, 16, 128};
  for (int f = 0; f < 3; f++) {
    const clx_device d = device_make(families[f], 132, f > 0 ? 2 : 0);
    for (int i = 0; i < 7; i++) {
      for (int j = 0; j < 7; j++) {
        for (int k = 0; k < 4; k++) {
          for (int narrow = 0; narrow < 2; narrow++) {
            const clx_kernel_cost c = cost(&d, sizes[i], sizes[j], sizes[(i + j) % 7], heads[k], narrow);
            const double peak = d.peak[narrow && f > 0 ? CLX_FP8 : CLX_BF16];
            assert_true(isfinite(c.time) && c.time >= c.flop / peak);
            // The last-level cache may hold a few passes of short sequences, not more.
            assert_true(c.time >= (c.bytes - 20 * d.l2) / d.memory_bandwidth);
          }
        }
      }
    }
  }
}

static void test_grows_with_every_dimension(void **state) {
  (void)state;
  for (int f = 0; f < 3; f++) {
    const clx_device d = device_make(families[f], 132, 2);
    for (double n = 16; n < 1e5; n *= 2) {
      assert_true(cost(&d, 2, 2 * n, 0, 8, 0).time >= cost(&d, 2, n, 0, 8, 0).time);
      assert_true(cost(&d, 2, 1024, 2 * n, 8, 0).time >= cost(&d, 2, 1024, n, 8, 0).time);
      assert_true(cost(&d, n, 256, 0, 8, 0).time >= cost(&d, n / 2, 256, 0, 8, 0).time);
      assert_true(cost(&d, 1, n, 0, 128, 0).time >= cost(&d, 1, n, 0, 64, 0).time);
    }
  }
}

// One head of long tiles: as long as there are processors for all tiles, the time follows the longest, which grows with the
// sequence; full devices follow the number of pairs, which grows with its square.
static void test_longest_tile_then_all_tiles(void **state) {
  (void)state;
  const clx_device d = device_make("hopper", 132, 2);
  const double few = (cost(&d, 1, 16384, 0, 1, 0).time - cost(&d, 1, 8192, 0, 1, 0).time) /
                     (cost(&d, 1, 8192, 0, 1, 0).time - cost(&d, 1, 4096, 0, 1, 0).time);
  CLX_CHECK_NEAR(few, 2, 0.15, 0);
  const double many = cost(&d, 4, 32768, 0, 128, 0).time / cost(&d, 4, 16384, 0, 128, 0).time;
  CLX_CHECK_NEAR(many, 4, 0.05, 0);
}

// Two chunks, the second with the first in the cache, do the work of one.
static void test_cached_tokens_are_attended_to(void **state) {
  (void)state;
  const clx_device d = device_make("hopper", 132, 2);
  const double whole = cost(&d, 4, 16384, 0, 64, 0).time;
  const double halves = cost(&d, 4, 8192, 0, 64, 0).time + cost(&d, 4, 8192, 8192, 64, 0).time;
  CLX_CHECK_NEAR(halves, whole, 0.05, 0);
  CLX_CHECK_NEAR(cost(&d, 4, 8192, 0, 64, 0).flop + cost(&d, 4, 8192, 8192, 64, 0).flop,
                 cost(&d, 4, 16384, 0, 64, 0).flop, 1e-9, 0);
}

static void test_scales_with_the_device(void **state) {
  (void)state;
  const clx_device small = device_make("hopper", 66, 2), large = device_make("hopper", 132, 2);
  CLX_CHECK_NEAR(cost(&small, 1, 32768, 0, 128, 0).time / cost(&large, 1, 32768, 0, 128, 0).time, 2, 0.03, 0);
  const clx_device plain = device_make("ampere", 108, 0);
  CLX_CHECK_NEAR(cost(&plain, 4, 2048, 0, 16, 1).time, cost(&plain, 4, 2048, 0, 16, 0).time, 0, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_stays_above_the_roofline),    cmocka_unit_test(test_grows_with_every_dimension),
      cmocka_unit_test(test_longest_tile_then_all_tiles), cmocka_unit_test(test_cached_tokens_are_attended_to),
      cmocka_unit_test(test_scales_with_the_device),
  };
  return cmocka_run_group_tests_name("device_mla_context", tests, NULL, NULL);
}
