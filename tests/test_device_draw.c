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

// Phases longer than the controller's second: each at its own draw.
static double draw_of_phases(const clx_device *d, const reading *r) {
  const clx_draw_load wait = {.kind = CLX_DRAW_WAIT};
  reading work = *r;
  work.pause = 0;
  work.time = r->time - r->pause;
  const double busy = fmin(draw_of_mix(d, &work), d->tdp);
  return (busy * work.time + clx_device_draw(d, &wait, 1, 0) * r->pause) / r->time;
}

typedef struct bound {
  const char *kind, *set;
  double (*draw)(const clx_device *, const reading *);
  double mean;  // of |drawn / measured - 1|, at most
} bound;

static void check_rows(const readings *r, const clx_device *d, const bound *b) {
  int32_t rows = 0;
  double sum = 0, bias = 0;
  for (int32_t i = 0; i < r->count; i++) {
    const reading *m = &r->row[i];
    if (strcmp(m->kind, b->kind) != 0 || strcmp(m->set, b->set) != 0) continue;
    const double ratio = b->draw(d, m) / m->power;
    rows++;
    sum += fabs(ratio - 1);
    bias += ratio - 1;
  }
  assert_true(rows > 0);
  print_message("%-10s %-6s %3d rows, mean %4.1f %%, bias %+5.1f %%\n", b->kind, b->set, rows, 100 * sum / rows,
                100 * bias / rows);
  assert_true(sum / rows < b->mean);
}

// One H100: "fit" gave the energies, "seen" the form of the mix, "check" and "blind" gave nothing (docs/model/device/power.md).
static void test_measured(void **state) {
  (void)state;
  static const bound bounds[] = {
      {"idle", "blind", draw_of_kernel, 0.06},      {"rest", "blind", draw_of_kernel, 0.04},
      {"wait", "check", draw_of_kernel, 0.12},      {"copy", "check", draw_of_kernel, 0.05},
      {"stream", "fit", draw_of_kernel, 0.13},      {"stream", "check", draw_of_kernel, 0.24},
      {"stream", "blind", draw_of_kernel, 0.14},    {"attention", "check", draw_of_kernel, 0.02},
      {"attention", "blind", draw_of_kernel, 0.02}, {"decode", "blind", draw_of_kernel, 0.02},
      {"multiply", "fit", draw_of_kernel, 0.02},    {"multiply", "check", draw_of_kernel, 0.025},
      {"multiply", "blind", draw_of_kernel, 0.025}, {"step", "check", draw_of_mix, 0.02},
      {"step", "seen", draw_of_mix, 0.02},          {"step", "blind", draw_of_mix, 0.025},
      {"copies", "blind", draw_of_mix, 0.03},       {"decoder", "check", draw_of_mix, 0.04},
      {"decoder", "blind", draw_of_mix, 0.04},      {"long", "blind", draw_of_phases, 0.02},
      {"wave", "check", draw_of_mix, 0.12}};
  const clx_device d = device_of("h100_sxm");
  static readings r;
  read_all(&r);
  for (size_t i = 0; i < CLX_COUNT(bounds); i++) check_rows(&r, &d, &bounds[i]);
}

static double chance(uint64_t *seed) {
  *seed = *seed * 6364136223846793005U + 1442695040888963407U;
  return (double)(*seed >> 11) / 9007199254740992.0;
}

static clx_draw_load any_load(const clx_device *d, uint64_t *seed) {
  return (clx_draw_load){.kind = (clx_draw_kind)(chance(seed) * CLX_DRAW_KINDS),
                         .format = (clx_kernel_format)(chance(seed) * CLX_KERNEL_FORMATS),
                         .flop = 1.2 * d->peak[CLX_BF16] * chance(seed),
                         .bytes = 1.1 * d->memory_bandwidth * chance(seed),
                         .link = 1.1 * d->nvlink * chance(seed)};
}

static const char *const NAMES[] = {"a100_sxm", "h100_sxm", "h100_pcie", "h200_sxm", "h20_sxm", "gh200",
                                    "b200_sxm", "gb200",    "gb300",     "b300_sxm", "mi300x"};

static void test_bounds_and_growth(void **state) {
  (void)state;
  uint64_t seed = 7;
  for (size_t i = 0; i < CLX_COUNT(NAMES); i++) {
    const clx_device d = device_of(NAMES[i]);
    for (int trial = 0; trial < 2000; trial++) {
      clx_draw_load load = any_load(&d, &seed);
      const double clock = 1.2 * chance(&seed), limit = d.tdp * (0.4 + chance(&seed));
      const double watt = clx_device_draw(&d, &load, clock, limit);
      assert_true(isfinite(watt) && watt >= d.idle_power && watt <= fmax(limit, d.idle_power));
      CLX_CHECK_NEAR(clx_device_draw(&d, &load, clock, 0), clx_device_draw(&d, &load, clock, d.tdp), 1e-12, 0);
      assert_true(clx_device_draw(&d, &load, clock, 1.1 * limit) >= watt);
      const double factor = 1 + chance(&seed);
      load.flop *= factor;
      load.bytes *= factor;
      load.link *= factor;
      assert_true(clx_device_draw(&d, &load, clock, limit) >= watt);
    }
  }
}

static void test_kinds_in_order(void **state) {
  (void)state;
  const clx_device d = device_of("h100_sxm");
  double before = 0;
  for (int kind = CLX_DRAW_IDLE; kind < CLX_DRAW_KINDS; kind++) {
    const clx_draw_load load = {.kind = (clx_draw_kind)kind,
                                .format = CLX_KERNEL_BF16,
                                .flop = kind >= CLX_DRAW_ATTENTION ? 6e14 : 0,
                                .bytes = kind == CLX_DRAW_STREAM ? 2.95e12 : 0,
                                .link = kind == CLX_DRAW_COMMUNICATE ? 350e9 : 0};
    const double watt = clx_device_draw(&d, &load, 1, 0);
    print_message("%-12s %.0f W\n", clx_draw_name[kind], watt);
    assert_true(watt >= before);
    before = watt;
  }
  CLX_CHECK_NEAR(before, 700, 0, 0);
}

// Products at the rate that a limit allows draw that limit, those of lower rate less.
static void test_consistent_with_the_sustained_clock(void **state) {
  (void)state;
  for (size_t i = 0; i < CLX_COUNT(NAMES); i++) {
    const clx_device d = device_of(NAMES[i]);
    for (double share = 1; share > 0.55; share -= 0.1) {
      const double limit = share * d.tdp, clock = clx_device_sustained_clock(&d, CLX_BF16, limit);
      const double rate = clx_device_sustained_rate(&d, CLX_BF16, limit);
      if (rate <= 0 || d.multiply_energy[CLX_BF16] <= 0) continue;
      clx_draw_load load = {
          .kind = CLX_DRAW_MULTIPLY, .format = CLX_KERNEL_BF16, .flop = rate, .bytes = 0.05 * d.memory_bandwidth};
      const double watt = clx_device_draw(&d, &load, clock, limit);
      if (share > 0.95) print_message("%s: %.0f W of %.0f\n", NAMES[i], watt, limit);
      assert_true(watt > 0.85 * limit);
      load.flop /= 3;
      load.bytes /= 3;
      assert_true(clx_device_draw(&d, &load, clock, limit) < watt);
    }
  }
}

static void test_mix(void **state) {
  (void)state;
  uint64_t seed = 11;
  for (size_t i = 0; i < CLX_COUNT(NAMES); i++) {
    const clx_device d = device_of(NAMES[i]);
    const clx_draw_load wait = {.kind = CLX_DRAW_WAIT}, idle = {.kind = CLX_DRAW_IDLE};
    const double one = 1, waiting = clx_device_draw(&d, &wait, 1, 0);
    CLX_CHECK_NEAR(clx_device_draw_mix(&d, &wait, &one, 1, 0), waiting, 1e-12, 0);
    CLX_CHECK_NEAR(clx_device_draw_mix(&d, &idle, &one, 1, 0), d.idle_power, 1e-12, 0);
    CLX_CHECK_NEAR(clx_device_draw_mix(&d, &idle, &one, 0, 0), d.idle_power, 1e-12, 0);
    for (int trial = 0; trial < 500; trial++) {
      const clx_draw_load load[] = {any_load(&d, &seed), any_load(&d, &seed), wait};
      const double a = chance(&seed), b = (1 - a) * chance(&seed), limit = d.tdp * (0.5 + chance(&seed));
      const double share[] = {a, b, 1 - a - b}, less[] = {0.9 * a, 0.9 * b, 1 - 0.9 * (a + b)};
      const double watt = clx_device_draw_mix(&d, load, share, 3, limit);
      assert_true(isfinite(watt) && watt >= d.idle_power && watt <= fmax(limit, d.idle_power));
      if (load[0].kind > CLX_DRAW_WAIT && load[1].kind > CLX_DRAW_WAIT)
        assert_true(clx_device_draw_mix(&d, load, less, 3, limit) <= watt * (1 + 1e-12));
    }
    assert_true(clx_device_draw_lag(&d) > 0 && clx_device_draw_lag(&d) < 0.1);
  }
}

int main(void) {
  clx_error error = {0};
  arena = clx_arena_new();
  if (clx_catalog_open(NULL, &catalog, &error) != CLX_OK) return 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_measured), cmocka_unit_test(test_bounds_and_growth), cmocka_unit_test(test_kinds_in_order),
      cmocka_unit_test(test_consistent_with_the_sustained_clock), cmocka_unit_test(test_mix)};
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  clx_catalog_close(catalog);
  clx_arena_free(arena);
  return failed;
}
