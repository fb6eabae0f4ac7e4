// Dispatch and combine of experts: link bounds, growth, what imbalance does, and what is refused.
#include "check.h"

#include "device/device.h"
#include "device/device_alltoall.h"

enum { PREPARE, DISPATCH, COMBINE, COMBINE_LOW_PRECISION, OPS };

static const clx_device device = {.name = "d", .family = "blackwell", .nvlink = 900e9};

static clx_kernel_cost cost_of(clx_kernel_format format, const clx_alltoall_shape *shape) {
  clx_alltoall_parameters p = {0};
  clx_schema_default(&clx_alltoall_schema, &p);
  return clx_alltoall_cost(&device, format, &p, shape);
}

static void test_times_are_finite_and_above_the_links(void **state) {
  (void)state;
  static const double ranks[] = {2, 3, 16, 64, 72}, topk[] = {1, 8, 64}, exponents[] = {0, 1, 1.2, 8};
  for (int op = 0; op < OPS; op++) {
    for (int r = 0; r < 5; r++) {
      for (int k = 0; k < 3; k++) {
        for (int e = 0; e < 4; e++) {
          for (double tokens = 1; tokens < 1e9; tokens *= 11) {
            const clx_alltoall_shape shape = {op, tokens, 7168, topk[k], 256, ranks[r], exponents[e], 0, 0};
            const clx_kernel_cost cost = cost_of(CLX_KERNEL_BF16, &shape);
            assert_true(isfinite(cost.time) && cost.time > 1e-6);
            assert_true(cost.time >= cost.link_bytes / device.nvlink);
          }
        }
      }
    }
  }
}

static void test_grows(void **state) {
  (void)state;
  for (int op = 0; op < OPS; op++) {
    for (double ranks = 2; ranks <= 64; ranks *= 2) {
      for (double tokens = 1; tokens < 1e6; tokens *= 4) {
        const clx_alltoall_shape few = {op, tokens, 7168, 8, 256, ranks, 0, 0, 0},
                                 many = {op, 4 * tokens, 7168, 8, 256, ranks, 0, 0, 0};
        assert_true(cost_of(CLX_KERNEL_BF16, &many).time >= cost_of(CLX_KERNEL_BF16, &few).time);
      }
    }
  }
}

// A token goes once to each rank that holds one of its experts: to both of two ranks, nearly always.
static void test_copies(void **state) {
  (void)state;
  const clx_alltoall_shape two = {DISPATCH, 1000, 1000, 8, 256, 2, 0, 0, 0},
                           all = {DISPATCH, 1000, 1000, 64, 64, 64, 0, 0, 0};
  CLX_CHECK_NEAR(cost_of(CLX_KERNEL_BF16, &two).link_bytes, 1000 * 2000.0, 0.01, 0);
  CLX_CHECK_NEAR(cost_of(CLX_KERNEL_BF16, &all).link_bytes, 63 * 1000 * 2000.0, 1e-9, 0);
}

static void test_narrow_formats_send_less(void **state) {
  (void)state;
  const clx_alltoall_shape shape = {DISPATCH, 8192, 7168, 8, 256, 16, 0, 0, 0};
  const double bf16 = cost_of(CLX_KERNEL_BF16, &shape).time, fp8 = cost_of(CLX_KERNEL_FP8, &shape).time;
  assert_true(fp8 < 0.6 * bf16);
  assert_true(cost_of(CLX_KERNEL_NVFP4, &shape).time < 0.7 * fp8);
}

static void test_imbalance_costs(void **state) {
  (void)state;
  const clx_alltoall_shape even = {DISPATCH, 8192, 7168, 8, 256, 16, 0, 0, 0},
                           skewed = {DISPATCH, 8192, 7168, 8, 256, 16, 1.2, 0, 0};
  assert_true(cost_of(CLX_KERNEL_BF16, &skewed).time > 1.2 * cost_of(CLX_KERNEL_BF16, &even).time);
}

static void test_refuses(void **state) {
  (void)state;
  const clx_alltoall_shape topk = {DISPATCH, 1, 7168, 64, 32, 16, 0, 0, 0},
                           ranks = {DISPATCH, 1, 7168, 2, 8, 16, 0, 0, 0};
  assert_non_null(clx_kernel_alltoall.refuse(&device, CLX_KERNEL_BF16, &topk));
  assert_non_null(clx_kernel_alltoall.refuse(&device, CLX_KERNEL_BF16, &ranks));
}

// Each of the experts of a token gets it: more than one visit of a rank.
static void test_a_token_for_each_expert(void **state) {
  (void)state;
  clx_alltoall_shape shape = {DISPATCH, 4096, 7168, 8, 256, 8, 0, 0, 0};
  const clx_kernel_cost once = cost_of(CLX_KERNEL_BF16, &shape);
  shape.each = 1;
  const clx_kernel_cost each = cost_of(CLX_KERNEL_BF16, &shape);
  CLX_CHECK_NEAR(each.link_bytes, 4096.0 * 7168 * 2 * 8 * 7 / 8, 1e-12, 0);
  assert_true(each.time > 1.3 * once.time);
}

// Copies of popular experts even out what ranks receive, up to chance.
static void test_copies_even_out(void **state) {
  (void)state;
  clx_alltoall_shape shape = {DISPATCH, 4096, 7168, 8, 256, 32, 1.2, 0, 0};
  const double skewed = cost_of(CLX_KERNEL_BF16, &shape).time;
  shape.redundant = 32;
  const double copied = cost_of(CLX_KERNEL_BF16, &shape).time;
  shape.redundant = shape.distribution = 0;
  const double even = cost_of(CLX_KERNEL_BF16, &shape).time;
  assert_true(skewed > 3 * even);
  assert_true(copied > 0.99 * even && copied < 1.1 * even);
}

// Rows of a table stand side by side: what follows the columns of one is another.
static void test_rows_of_tables(void **state) {
  (void)state;
  const clx_alltoall_shape row = {DISPATCH, 4096, 7168, 8, 256, 32, 1.2, 32, 1},
                           alone = {DISPATCH, 4096, 7168, 8, 256, 32, 1.2, 0, 0};
  clx_alltoall_parameters p = {0};
  clx_schema_default(&clx_alltoall_schema, &p);
  assert_true(clx_kernel_alltoall.cost(&device, CLX_KERNEL_BF16, &p, &row).time ==
              cost_of(CLX_KERNEL_BF16, &alone).time);
  assert_true(cost_of(CLX_KERNEL_BF16, &row).time != cost_of(CLX_KERNEL_BF16, &alone).time);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_token_for_each_expert),
      cmocka_unit_test(test_copies_even_out),
      cmocka_unit_test(test_rows_of_tables),
      cmocka_unit_test(test_times_are_finite_and_above_the_links),
      cmocka_unit_test(test_grows),
      cmocka_unit_test(test_copies),
      cmocka_unit_test(test_narrow_formats_send_less),
      cmocka_unit_test(test_imbalance_costs),
      cmocka_unit_test(test_refuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
