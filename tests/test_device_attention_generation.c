// Attention of generation: finite everywhere, bytes of the cache, splits, waves, windows, and scaling with the device.
#include "check.h"

#include "device/device.h"
#include "device/device_attention_generation.h"

static const clx_kernel_family *const family = &clx_kernel_attention_generation;

// Round numbers of an H100-like device.
static clx_device device_make(const char *name) {
  clx_device d = {.name = "d",
                  .family = name,
                  .memory_bandwidth = 3.35e12,
                  .l2 = 50e6,
                  .processors = 132,
                  .clock = 1.98e9,
                  .exponentials = 16};
  d.peak[CLX_BF16] = 989e12;
  return d;
}

static clx_attention_generation_parameters parameters_make(void) {
  clx_attention_generation_parameters p;
  clx_schema_default(family->schema, &p);
  p.packed = 1;
  p.value_traffic = 1;  // as in an engine
  return p;
}

static double time_of(const clx_device *d, clx_attention_generation_shape s) {
  const clx_attention_generation_parameters p = parameters_make();
  const clx_kernel_cost cost = family->cost(d, CLX_KERNEL_BF16, &p, &s);
  assert_true(isfinite(cost.time) && cost.time > 0);
  assert_true(isfinite(cost.bytes) && cost.bytes >= 0 && isfinite(cost.flop) && cost.flop > 0);
  assert_true(cost.time >= cost.bytes / d->memory_bandwidth);
  assert_true(cost.time >= cost.flop / d->peak[CLX_BF16]);
  return cost.time;
}

static const clx_attention_generation_shape base = {64, 1, 4095, 32, 8, 128, 0, 0};

static void test_extreme_shapes_are_finite(void **state) {
  (void)state;
  static const char *const names[] = {"ampere", "hopper", "blackwell", "other"};
  static const double batch[] = {1, 77, 1e6}, step[] = {0, 1, 1000, 1e8}, heads[] = {1, 12, 4096};
  static const double dim[] = {8, 64, 1024}, window[] = {0, 1, 1e8};
  for (int n = 0; n < 4; n++) {
    const clx_device d = device_make(names[n]);
    for (int i = 0; i < 3 * 4 * 3 * 3 * 3 * 2; i++) {
      const double h = heads[i / 12 % 3];
      clx_attention_generation_shape s = {
          batch[i % 3], 1, step[i / 3 % 4], h, i % 2 ? h : 1, dim[i / 36 % 3], window[i / 108 % 3], i / 324};
      time_of(&d, s);
    }
  }
}

// Caches far larger than the last-level cache are read from memory, keys and values, whatever the kernel.
static void test_large_caches_cost_their_bytes(void **state) {
  (void)state;
  static const char *const names[] = {"ampere", "hopper", "blackwell"};
  for (int n = 0; n < 3; n++) {
    const clx_device d = device_make(names[n]);
    for (double kv = 8; kv <= 32; kv *= 4) {
      clx_attention_generation_shape s = base;
      s.num_key_value_heads = kv;
      s.step = 32767;
      const double bytes = s.batch_size * 32768 * kv * 128 * 2 * 2;
      assert_true(time_of(&d, s) >= 0.99 * bytes / d.memory_bandwidth);
    }
  }
}

static void test_time_grows_with_the_cache(void **state) {
  (void)state;
  const clx_device d = device_make("hopper");
  double last = 0;
  for (double step = 2047; step < 131072; step = 2 * step + 1) {
    clx_attention_generation_shape s = base;
    s.step = step;
    const double time = time_of(&d, s);
    assert_true(time > last);
    last = time;
  }
  clx_attention_generation_shape half = base;
  half.kv_cache_dtype = 1;
  assert_true(time_of(&d, half) < time_of(&d, base));
}

// One long sequence is split over processors: 64 times the tokens take far less than 64 times as long.
static void test_long_sequences_are_split(void **state) {
  (void)state;
  static const char *const names[] = {"ampere", "hopper", "blackwell"};
  for (int n = 0; n < 3; n++) {
    const clx_device d = device_make(names[n]);
    clx_attention_generation_shape s = {1, 1, 1023, 8, 8, 128, 0, 0};
    const double little = time_of(&d, s);
    s.step = 65535;
    assert_true(time_of(&d, s) < 20 * little);
  }
}

static void test_blocks_run_in_waves(void **state) {
  (void)state;
  const clx_device d = device_make("hopper");
  clx_attention_generation_shape s = {132, 1, 100, 1, 1, 128, 0, 0};
  const double full = time_of(&d, s);
  s.batch_size = 100;
  assert_true(time_of(&d, s) < full * 1.01 && time_of(&d, s) > full * 0.95);
  s.batch_size = 133;
  assert_true(time_of(&d, s) > full * 1.15);
}

static void test_a_window_bounds_the_cache(void **state) {
  (void)state;
  const clx_device d = device_make("blackwell");
  clx_attention_generation_shape s = base;
  s.step = 65535;
  const double all = time_of(&d, s);
  s.window_size = 128;
  assert_true(time_of(&d, s) < all / 10);
  s.window_size = 1e6;
  assert_true(time_of(&d, s) == all);
}

// An engine that falls back to one block per query head reads the cache once per head.
static void test_packing_pays_with_many_heads(void **state) {
  (void)state;
  const clx_device d = device_make("blackwell");
  clx_attention_generation_parameters p = parameters_make();
  const clx_attention_generation_shape s = base;
  const double packed = family->cost(&d, CLX_KERNEL_BF16, &p, &s).time;
  p.packed = 0;
  assert_true(family->cost(&d, CLX_KERNEL_BF16, &p, &s).time > packed);
}

static void test_more_bandwidth_is_faster(void **state) {
  (void)state;
  const clx_device d = device_make("hopper");
  clx_device more = d;
  more.memory_bandwidth = 4.8e12;
  assert_true(time_of(&more, base) < time_of(&d, base) * 0.95);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_extreme_shapes_are_finite),    cmocka_unit_test(test_large_caches_cost_their_bytes),
      cmocka_unit_test(test_time_grows_with_the_cache),    cmocka_unit_test(test_long_sequences_are_split),
      cmocka_unit_test(test_blocks_run_in_waves),          cmocka_unit_test(test_a_window_bounds_the_cache),
      cmocka_unit_test(test_packing_pays_with_many_heads), cmocka_unit_test(test_more_bandwidth_is_faster),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
