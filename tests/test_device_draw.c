// What a GPU draws by what it does: bounds, growth, consistency with the sustained clock, one measured H100.
#include "check.h"

#include "catalog/catalog.h"
#include "device/device.h"
#include "device/device_draw.h"
#include "table/table.h"

static clx_catalog *catalog;
static clx_arena *arena;

static clx_device device_of(const char *name) {
  clx_device d;
  clx_error error = {0};
  if (clx_catalog_read_device(catalog, name, (clx_place){0}, arena, &d, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  return d;
}

typedef struct reading {
  const char *set, *kind, *what, *format;
  double time, pause, flop, bytes, power;
  double part_time[3], part_flop[3], part_bytes[3];  // multiply, attention, stream
} reading;

typedef struct readings {
  reading row[256];
  int32_t count;
} readings;

static double number(const clx_table *table, int32_t row, const char *column, double scale) {
  double value = 0;
  const int32_t c = clx_table_column(table, column);
  assert_true(c >= 0);
  if (clx_table_cell(table, row, c)[0] == 0) return 0;
  assert_true(clx_table_number(table, row, c, &value));
  return value * scale;
}

static const char *text(const clx_table *table, int32_t row, const char *column) {
  return clx_table_cell(table, row, clx_table_column(table, column));
}

static void read_all(readings *r) {
  char path[512];
  clx_error error = {0};
  clx_table t;
  const char *root = getenv("COLOSSUS_SOURCE_ROOT");
  snprintf(path, sizeof path, "%s/validation/h100_kernels/draw.csv", root != NULL ? root : ".");
  if (clx_table_load(arena, path, &t, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  assert_true(t.row_count <= 256);
  for (r->count = 0; r->count < t.row_count; r->count++) {
    const int32_t i = r->count;
    r->row[i] =
        (reading){.set = text(&t, i, "set"),
                  .kind = text(&t, i, "kind"),
                  .what = text(&t, i, "what"),
                  .format = text(&t, i, "format"),
                  .time = number(&t, i, "time_us", 1e-6),
                  .pause = number(&t, i, "pause_us", 1e-6),
                  .flop = number(&t, i, "tflop", 1e12),
                  .bytes = number(&t, i, "gb", 1e9),
                  .power = number(&t, i, "power_w", 1),
                  .part_time = {number(&t, i, "multiply_us", 1e-6), number(&t, i, "attention_us", 1e-6),
                                number(&t, i, "stream_us", 1e-6)},
                  .part_flop = {number(&t, i, "multiply_tflop", 1e12), number(&t, i, "attention_tflop", 1e12), 0},
                  .part_bytes = {number(&t, i, "multiply_gb", 1e9), number(&t, i, "attention_gb", 1e9), 0}};
  }
}

// One kernel, repeated: at full clock under the limit.
static double draw_of_kernel(const clx_device *d, const reading *r) {
  static const struct {
    const char *kind;
    clx_draw_kind draw;
  } kinds[] = {{"idle", CLX_DRAW_IDLE},         {"rest", CLX_DRAW_WAIT},       {"wait", CLX_DRAW_WAIT},
               {"copy", CLX_DRAW_COMMUNICATE},  {"stream", CLX_DRAW_STREAM},   {"attention", CLX_DRAW_ATTENTION},
               {"multiply", CLX_DRAW_MULTIPLY}, {"decode", CLX_DRAW_ATTENTION}};
  for (size_t i = 0; i < CLX_COUNT(kinds); i++) {
    if (strcmp(r->kind, kinds[i].kind) != 0) continue;
    const double rate = r->time > 0 ? 1 / r->time : 0;
    const clx_draw_load load = {kinds[i].draw, strcmp(r->format, "fp8") == 0 ? CLX_KERNEL_FP8 : CLX_KERNEL_BF16,
                                r->flop * rate, r->bytes * rate, 0};
    return clx_device_draw(d, &load, 1, 0);
  }
  return 0;
}

// Many kernels and a pause, the times of the kernels alone stretched to what they took together.
static double draw_of_mix(const clx_device *d, const reading *r) {
  const double alone = r->part_time[0] + r->part_time[1] + r->part_time[2], busy = r->time - r->pause;
  clx_draw_load load[4] = {{.kind = CLX_DRAW_WAIT, .format = CLX_KERNEL_BF16}};
  double share[4] = {r->pause / r->time};
  static const clx_draw_kind kinds[] = {CLX_DRAW_MULTIPLY, CLX_DRAW_ATTENTION, CLX_DRAW_STREAM};
  if (alone <= 0) return 0;
  for (int32_t i = 0; i < 3; i++) {
    const double time = busy * r->part_time[i] / alone;
    share[i + 1] = time / r->time;
    load[i + 1] = (clx_draw_load){.kind = kinds[i], .format = CLX_KERNEL_BF16};
    if (time > 0) load[i + 1].flop = r->part_flop[i] / time, load[i + 1].bytes = r->part_bytes[i] / time;
    if (kinds[i] == CLX_DRAW_STREAM) load[i + 1].bytes = d->memory_efficiency * d->memory_bandwidth;
  }
  if (strcmp(r->kind, "copies") == 0) {
    load[0].kind = CLX_DRAW_COMMUNICATE;
    load[0].bytes = r->bytes / r->pause;
  }
  return clx_device_draw_mix(d, load, share, 4, 0);
}

static void check_kind(const readings *r, const clx_device *d, const char *kind, const char *set, double most) {
  int32_t rows = 0;
  double sum = 0, bias = 0;
  for (int32_t i = 0; i < r->count; i++) {
    const reading *m = &r->row[i];
    if (strcmp(m->kind, kind) != 0 || strcmp(m->set, set) != 0) continue;
    const double one = draw_of_kernel(d, m), watt = one > 0 ? one : draw_of_mix(d, m);
    if (getenv("DRAW_ROWS"))
      print_message("   %-32s %6.0f W, drawn %6.0f, %+.1f %%\n", m->what, m->power, watt, 100 * (watt / m->power - 1));
    rows++;
    sum += fabs(watt / m->power - 1);
    bias += watt / m->power - 1;
  }
  if (rows == 0) return;
  print_message("%-10s %-6s %3d rows, mean %4.1f %%, bias %+5.1f %%\n", kind, set, rows, 100 * sum / rows,
                100 * bias / rows);
  if (!getenv("DRAW_ROWS")) assert_true(sum / rows < most);
}

static void test_measured(void **state) {
  (void)state;
  const clx_device d = device_of("h100_sxm");
  static readings r;
  read_all(&r);
  static const char *const kinds[] = {"idle",   "rest",     "wait", "copy",   "stream",  "attention",
                                      "decode", "multiply", "step", "copies", "decoder", "wave"};
  for (size_t i = 0; i < CLX_COUNT(kinds); i++) {
    check_kind(&r, &d, kinds[i], "fit", 1);
    check_kind(&r, &d, kinds[i], "check", 1);
    check_kind(&r, &d, kinds[i], "blind", 1);
  }
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
  const struct CMUnitTest tests[] = {cmocka_unit_test(show), cmocka_unit_test(test_measured)};
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  clx_catalog_close(catalog);
  clx_arena_free(arena);
  return failed;
}
