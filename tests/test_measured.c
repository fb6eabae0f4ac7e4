// The shipped kernel models against measurements that they have not seen: validation/h100_kernels, one H100 with another library
// than the tables', most shapes off their grid. Bounds are those of the reach, or what was found where that is better.
#include "check.h"

#include "calibrate/calibrate.h"
#include "catalog/catalog.h"
#include "device/device_power.h"

static clx_catalog *catalog;

typedef struct errors {
  int32_t rows;
  double mean, bias;
} errors;

static void errors_add(errors *e, double ratio) {
  e->rows++;
  e->mean += fabs(ratio - 1);
  e->bias += ratio - 1;
}

static errors errors_of(errors e) {
  assert_true(e.rows > 0);
  return (errors){e.rows, e.mean / e.rows, e.bias / e.rows};
}

typedef struct measured {
  clx_arena *arena;
  clx_device device;
  clx_kernel_rows rows;
} measured;

static void measured_open(measured *m, const char *file) {
  char path[512];
  clx_error error = {0};
  clx_table table;
  const char *root = getenv("COLOSSUS_SOURCE_ROOT");
  snprintf(path, sizeof path, "%s/validation/h100_kernels/%s", root != NULL ? root : ".", file);
  m->arena = clx_arena_new();
  assert_int_equal(clx_catalog_read_device(catalog, "h100_sxm", (clx_place){0}, m->arena, &m->device, &error), CLX_OK);
  if (clx_table_load(m->arena, path, &table, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  assert_int_equal(
      clx_kernel_rows_read(m->arena, &table, clx_kernel_family_find("gemm"), &m->device, true, &m->rows, &error),
      CLX_OK);
}

static bool is_large(const double *shape) { return 2 * shape[0] * shape[1] * shape[2] >= 2e11; }

// Time of a product without the cast of its inputs, against the measured one.
static double ratio_of(const measured *m, int32_t row) {
  const double *s = clx_kernel_rows_shape(&m->rows, row);
  return clx_device_gemm_time(&m->device, m->rows.format[row], CLX_GEMM_FORWARD, s[0], s[1], s[2], 1) /
         m->rows.time[row];
}

static errors check_rows(const measured *m, clx_kernel_format format, bool large) {
  errors e = {0};
  for (int32_t i = 0; i < m->rows.count; i++) {
    assert_null(m->rows.reason[i]);
    if (m->rows.format[i] == format && is_large(clx_kernel_rows_shape(&m->rows, i)) == large)
      errors_add(&e, ratio_of(m, i));
  }
  return errors_of(e);
}

static void report(const char *what, errors e) {
  print_message("%-44s %4d rows, mean %.1f %%, bias %+.1f %%\n", what, e.rows, 100 * e.mean, 100 * e.bias);
}

static void test_products_of_transformers(void **state) {
  (void)state;
  measured m;
  measured_open(&m, "h100_sxm_passes.gemm.csv");
  const errors large = check_rows(&m, CLX_KERNEL_BF16, true), rest = check_rows(&m, CLX_KERNEL_BF16, false);
  report("bf16, three passes, at least 2e11 FLOP", large);
  report("bf16, three passes, smaller", rest);
  // Single H100s differ by a percent or two under their power limit, and so do releases of the library.
  assert_true(large.mean < 0.035 && fabs(large.bias) < 0.02);
  assert_true(rest.mean < 0.08);
  clx_arena_free(m.arena);
}

// The cast is a separate term of the model: without it, it must give the bare product, which no table shows.
static void test_products_off_the_grid(void **state) {
  (void)state;
  measured m;
  measured_open(&m, "h100_sxm.gemm.csv");
  const errors bf16 = check_rows(&m, CLX_KERNEL_BF16, true), small = check_rows(&m, CLX_KERNEL_BF16, false);
  const errors fp8 = check_rows(&m, CLX_KERNEL_FP8, true);
  report("bf16, any shape, at least 2e11 FLOP", bf16);
  report("bf16, any shape, smaller", small);
  report("fp8 without cast, at least 2e11 FLOP", fp8);
  assert_true(bf16.mean < 0.05);
  assert_true(small.mean < 0.08);
  assert_true(fp8.mean < 0.06);
  clx_arena_free(m.arena);
}

// Energies of the B200, rest of the H100: nothing of it was fitted to an H100. Bare bf16 products are what its table and these
// rows have in common.
static void test_power(void **state) {
  (void)state;
  measured m;
  errors e = {0};
  measured_open(&m, "h100_sxm_power.gemm.csv");
  const clx_gemm_parameters *gemm = &m.device.kernels->gemm[clx_kernel_gemm.set_of[CLX_KERNEL_BF16]];
  for (int32_t i = 0; i < m.rows.count; i++) {
    if (m.rows.format[i] != CLX_KERNEL_BF16) continue;
    const double watts = clx_power_of_shape(&m.device, &m.device.kernels->power, &clx_kernel_gemm, CLX_KERNEL_BF16,
                                            gemm, clx_kernel_rows_shape(&m.rows, i));
    assert_true(watts <= m.device.tdp * 1.0001);
    errors_add(&e, watts / m.rows.power[i]);
  }
  e = errors_of(e);
  report("power of bf16 products, half of them fitted", e);
  assert_true(e.mean < 0.08);
  clx_arena_free(m.arena);
}

int main(void) {
  clx_error error = {0};
  if (clx_catalog_open(NULL, &catalog, &error) != CLX_OK) return 1;
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_products_of_transformers),
                                     cmocka_unit_test(test_products_off_the_grid), cmocka_unit_test(test_power)};
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  clx_catalog_close(catalog);
  return failed;
}
