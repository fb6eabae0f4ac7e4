// Attention of prefill: roofline, growth, prefixes, windows, and scaling with the device.
#include "check.h"

#include "device/device.h"
#include "device/device_attention_context.h"

static const clx_kernel_family *const family = &clx_kernel_attention_context;

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
  d.peak[CLX_FP8] = 1979e12;
  return d;
}

static double time_of(const clx_device *d, clx_kernel_format format, clx_attention_context_shape s) {
  clx_attention_context_parameters p;
  clx_schema_default(family->schema, &p);
  const clx_kernel_cost cost = family->cost(d, format, &p, &s);
  assert_true(isfinite(cost.time) && cost.time > 0);
  assert_true(isfinite(cost.bytes) && isfinite(cost.flop) && cost.flop > 0);
  assert_true(cost.time >= cost.flop / d->peak[format == CLX_KERNEL_FP8 ? CLX_FP8 : CLX_BF16]);
  assert_true(cost.time >= cost.bytes / d->memory_bandwidth);
  return cost.time;
}

static const clx_attention_context_shape base = {4, 2048, 0, 32, 8, 128, 0, 0};

static void test_extreme_shapes_are_finite(void **state) {
  (void)state;
  static const char *const names[] = {"ampere", "hopper", "blackwell", "other"};
  static const double batch[] = {1, 1e6}, isl[] = {1, 127, 1e8}, step[] = {0, 1, 1e8}, heads[] = {1, 4096};
  static const double dim[] = {8, 64, 192, 1024}, window[] = {0, 1, 128, 1e8};
  for (int n = 0; n < 4; n++) {
    const clx_device d = device_make(names[n]);
    for (int i = 0; i < 2 * 3 * 3 * 2 * 4 * 4; i++) {
      clx_attention_context_shape s = {
          batch[i % 2], isl[i / 2 % 3], step[i / 6 % 3], heads[i / 18 % 2], 1, dim[i / 36 % 4], window[i / 144], i % 2};
      time_of(&d, CLX_KERNEL_BF16, s);
      time_of(&d, CLX_KERNEL_FP8, s);
    }
  }
}

static void test_time_grows_with_work(void **state) {
  (void)state;
  const clx_device d = device_make("hopper");
  double last = 0;
  for (double isl = 2048; isl <= 65536; isl *= 2) {
    clx_attention_context_shape s = base;
    s.isl = isl;
    const double time = time_of(&d, CLX_KERNEL_BF16, s);
    assert_true(time > last * 1.9);
    last = time;
  }
  clx_attention_context_shape more = base;
  more.batch_size = 8;
  assert_true(time_of(&d, CLX_KERNEL_BF16, more) > time_of(&d, CLX_KERNEL_BF16, base) * 1.7);
  more = base;
  more.num_heads = 64;
  assert_true(time_of(&d, CLX_KERNEL_BF16, more) > time_of(&d, CLX_KERNEL_BF16, base) * 1.7);
}

// A prefix adds a rectangle of scores to the triangle: a late chunk of a long sequence costs more than the first one, and
// the chunks together about as much as the whole.
static void test_a_prefix_adds_its_scores(void **state) {
  (void)state;
  const clx_device d = device_make("hopper");
  clx_attention_context_shape s = {1, 16384, 0, 32, 8, 128, 0, 0};
  const double whole = time_of(&d, CLX_KERNEL_BF16, s);
  double chunks = 0, last = 0;
  for (int i = 0; i < 4; i++) {
    clx_attention_context_shape c = s;
    c.isl = 4096;
    c.step = 4096 * i;
    const double time = time_of(&d, CLX_KERNEL_BF16, c);
    assert_true(time > last);
    last = time;
    chunks += time;
  }
  assert_in_range((long)(1000 * chunks / whole), 950, 1200);
}

static void test_a_window_bounds_the_keys(void **state) {
  (void)state;
  const clx_device d = device_make("blackwell");
  clx_attention_context_shape wide = base, narrow = base, useless = base;
  wide.isl = narrow.isl = 16384;
  narrow.window_size = 128;
  useless.window_size = 4096;
  assert_true(time_of(&d, CLX_KERNEL_BF16, narrow) < time_of(&d, CLX_KERNEL_BF16, wide) / 4);
  assert_true(time_of(&d, CLX_KERNEL_BF16, useless) == time_of(&d, CLX_KERNEL_BF16, base));
}

static void test_faster_devices_are_faster(void **state) {
  (void)state;
  const clx_device d = device_make("hopper");
  clx_attention_context_shape s = base;
  s.isl = 16384;
  const double now = time_of(&d, CLX_KERNEL_BF16, s);
  clx_device more = d;
  more.peak[CLX_BF16] *= 2;
  more.processors *= 2;
  more.memory_bandwidth *= 2;
  const double twice = time_of(&more, CLX_KERNEL_BF16, s);
  assert_true(twice < now * 0.56 && twice > now * 0.45);
  more = d;
  more.exponentials *= 2;
  assert_true(time_of(&more, CLX_KERNEL_BF16, s) < now);
  assert_true(time_of(&d, CLX_KERNEL_FP8, s) < now);
}

static void test_heads_must_divide(void **state) {
  (void)state;
  clx_attention_context_shape s = base;
  assert_null(family->refuse(NULL, CLX_KERNEL_BF16, &s));
  s.num_key_value_heads = 5;
  assert_non_null(family->refuse(NULL, CLX_KERNEL_BF16, &s));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_extreme_shapes_are_finite), cmocka_unit_test(test_time_grows_with_work),
      cmocka_unit_test(test_a_prefix_adds_its_scores),  cmocka_unit_test(test_a_window_bounds_the_keys),
      cmocka_unit_test(test_faster_devices_are_faster), cmocka_unit_test(test_heads_must_divide),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
