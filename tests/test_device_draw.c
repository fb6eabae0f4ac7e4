// What a GPU draws by what it does: bounds, growth, consistency with the sustained clock, one measured H100.
#include "check.h"

#include "catalog/catalog.h"
#include "device/device.h"
#include "device/device_draw.h"

static clx_catalog *catalog;
static clx_arena *arena;

static clx_device device_of(const char *name) {
  clx_device d;
  clx_error error = {0};
  if (clx_catalog_read_device(catalog, name, (clx_place){0}, arena, &d, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  return d;
}

static void show(void **state) {
  (void)state;
  const clx_device d = device_of("h100_sxm");
  for (double cap = 700; cap > 250; cap -= 100) {
    const double c = clx_device_sustained_clock(&d, CLX_BF16, cap), r = clx_device_sustained_rate(&d, CLX_BF16, cap);
    const double c8 = clx_device_sustained_clock(&d, CLX_FP8, cap), r8 = clx_device_sustained_rate(&d, CLX_FP8, cap);
    const clx_draw_load a = {CLX_DRAW_MULTIPLY, CLX_KERNEL_BF16, r, 250e9, 0},
                        b = {CLX_DRAW_MULTIPLY, CLX_KERNEL_FP8, r8, 250e9, 0};
    print_message("%.0f: bf16 c %.3f r %.0f: %.1f ; fp8 %.3f %.0f: %.1f\n", cap, c, r * 1e-12,
                  clx_device_draw(&d, &a, c, 2 * cap), c8, r8 * 1e-12, clx_device_draw(&d, &b, c8, 2 * cap));
  }
}

int main(void) {
  clx_error error = {0};
  arena = clx_arena_new();
  if (clx_catalog_open(NULL, &catalog, &error) != CLX_OK) return 1;
  const struct CMUnitTest tests[] = {cmocka_unit_test(show)};
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  clx_catalog_close(catalog);
  clx_arena_free(arena);
  return failed;
}
