// Calibration of collectives: known constants are found again, whatever the threads; entries can be read back.
#include "check.h"

#include <sys/stat.h>
#include <unistd.h>

#include "calibrate/calibrate.h"
#include "catalog/catalog.h"

static clx_catalog *catalog;

enum { SAMPLES_MAX = 400 };

// Collectives that a library of known constants would measure on three systems.
typedef struct world {
  clx_arena *arena;
  clx_device device;
  clx_library library;
  clx_transport transport;
  clx_collective_sample sample[SAMPLES_MAX];
  int32_t count;
} world;

static void add(world *w, const char *system, const char *source, clx_collective kind, int32_t gpus, double nic,
                double bytes) {
  clx_collective_sample *s = &w->sample[w->count++];
  assert_true(w->count <= SAMPLES_MAX);
  *s = (clx_collective_sample){.kind = (int32_t)kind,
                               .algorithm = -1,
                               .reference = true,
                               .bytes = bytes,
                               .size = bytes < 1048576     ? 0
                                       : bytes <= 67108864 ? 1
                                                           : 2,
                               .system = system,
                               .source = source};
  s->network = (clx_network){.device = &w->device,
                             .library = &w->library,
                             .transport = &w->transport,
                             .domain = 8,
                             .nvlink = w->device.nvlink,
                             .nic = nic,
                             .nic_efficiency = 1};
  s->group = clx_group_make(&s->network, gpus, 1);
}

static void measure(world *w) {
  for (int32_t i = 0; i < w->count; i++) {
    clx_collective_sample *s = &w->sample[i];
    s->time = clx_collective_cost_of(&s->network, (clx_collective)s->kind, s->group, s->bytes).time;
    assert_true(isfinite(s->time) && s->time > 0);
  }
}

static world *world_make(void) {
  clx_arena *arena = clx_arena_new();
  world *w = CLX_NEW(arena, world);
  const clx_library *library = NULL;
  const clx_transport *transport = NULL;
  clx_error error = {0};
  w->arena = arena;
  assert_int_equal(clx_catalog_read_device(catalog, "h100_sxm", (clx_place){0}, arena, &w->device, &error), CLX_OK);
  assert_int_equal(clx_catalog_read_library(catalog, "nccl", (clx_place){0}, arena, &library, &error), CLX_OK);
  assert_int_equal(clx_catalog_read_transport(catalog, "infiniband", (clx_place){0}, arena, &transport, &error),
                   CLX_OK);
  w->library = *library;
  w->transport = *transport;
  static const clx_collective kinds[] = {CLX_ALL_REDUCE, CLX_ALL_GATHER, CLX_ALL_TO_ALL};
  for (int32_t k = 0; k < CLX_COUNT(kinds); k++) {
    for (int32_t gpus = 16; gpus <= 1024; gpus *= 4) {
      for (int32_t step = 0; step < 5; step++) {
        const double bytes = ldexp(16384, 4 * step);
        add(w, "one", "a", kinds[k], gpus, 50e9, bytes);
        add(w, "two", "b", kinds[k], gpus * 2, 50e9, 2 * bytes);
        if (gpus == 64) add(w, "three", "c", kinds[k], gpus, 25e9, bytes);
      }
    }
  }
  return w;
}

static double mean_of(const clx_kernel_fit *fit, bool cross) {
  double sum = 0;
  int32_t rows = 0;
  for (int32_t c = 0; c < fit->class_count; c++) {
    const clx_kernel_class *k = &fit->classes[c];
    sum += k->rows * (cross ? k->cross_error : k->error);
    rows += k->rows;
  }
  return sum / rows;
}

static clx_fit_options options_of(void) {
  clx_fit_options options;
  clx_fit_options_default(&options);
  options.source = "network-measurements";
  return options;
}

// Doubled hops and starts are found again: predictions come back, on systems left out, too.
static void test_constants_are_found_again(void **state) {
  (void)state;
  world *w = world_make();
  const clx_fit_options options = options_of();
  clx_library_generation *c = &w->library.generation[CLX_HOPPER];
  clx_schema_default(&clx_library_generation_schema, c);
  c->start *= 2;
  c->tree_hop *= 0.6;
  c->simple_hop *= 0.7;
  c->ll_hop *= 1.5;
  measure(w);
  clx_library start = w->library;
  clx_schema_default(&clx_library_generation_schema, &start.generation[CLX_HOPPER]);
  clx_collective_calibration one = {0}, three = {0};
  clx_error error = {0};
  assert_int_equal(clx_calibrate_library(w->arena, &start, w->sample, w->count, &options, 1, &one, &error), CLX_OK);
  assert_true(one.fitted[CLX_FITTED_HOPPER]);
  assert_false(one.fitted[CLX_FITTED_AMPERE]);
  assert_int_equal(one.lender, CLX_HOPPER);  // the others take its constants
  assert_memory_equal(&one.library.generation[CLX_AMPERE], &one.library.generation[CLX_HOPPER],
                      sizeof(clx_library_generation));
  assert_int_equal(one.fit.rows, w->count);
  assert_int_equal(one.fit.used, w->count);
  assert_true(mean_of(&one.fit, false) < 0.01);
  assert_true(mean_of(&one.fit, true) < 0.03);
  assert_true(one.before[CLX_HOPPER * 6 + 3] > 0.05);
  assert_int_equal(one.systems, 3);
  assert_int_equal(clx_calibrate_library(w->arena, &start, w->sample, w->count, &options, 3, &three, &error), CLX_OK);
  assert_memory_equal(&one.library.generation, &three.library.generation, sizeof one.library.generation);
  for (int32_t i = 0; i < one.fit.class_count; i++)
    assert_true(one.fit.classes[i].cross_error == three.fit.classes[i].cross_error);
  clx_arena_free(w->arena);
}

// A dozen measurements are too few for the constants of a generation: they stay as published.
static void test_few_measurements(void **state) {
  (void)state;
  world *w = world_make();
  const clx_fit_options options = options_of();
  measure(w);
  clx_collective_calibration c = {0};
  clx_error error = {0};
  assert_int_equal(clx_calibrate_library(w->arena, &w->library, w->sample, 12, &options, 1, &c, &error), CLX_OK);
  assert_false(c.fitted[CLX_FITTED_HOPPER]);
  assert_int_equal(c.fit.used, 0);
  clx_library_generation published;
  clx_schema_default(&clx_library_generation_schema, &published);
  assert_memory_equal(&c.library.generation[CLX_HOPPER], &published, sizeof published);
  error = (clx_error){0};
  assert_int_equal(clx_calibrate_library(w->arena, &w->library, w->sample, 0, &options, 1, &c, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "no measured collective of 'nccl'"));
  clx_arena_free(w->arena);
}

// A profile of the same library differs in its launch only.
static void test_launch(void **state) {
  (void)state;
  world *w = world_make();
  const clx_fit_options options = options_of();
  clx_error error = {0};
  clx_collective_calibration c = {0};
  w->library.name = "profile";
  w->library.constants = "nccl";
  w->library.launch = 17e-6;
  measure(w);
  clx_library start = w->library;
  start.launch = 0;
  assert_int_equal(clx_calibrate_library(w->arena, &start, w->sample, w->count, &options, 2, &c, &error), CLX_OK);
  assert_true(c.fitted[CLX_FITTED_LAUNCH]);
  assert_false(c.fitted[CLX_FITTED_HOPPER]);
  CLX_CHECK_NEAR(c.library.launch, 17e-6, 0.02, 0);
  clx_arena_free(w->arena);
}

static void test_transport(void **state) {
  (void)state;
  world *w = world_make();
  const clx_fit_options options = options_of();
  clx_error error = {0};
  clx_collective_calibration c = {0};
  w->transport.share = 0.8;
  w->transport.latency = 12e-6;
  measure(w);
  clx_transport start = w->transport;
  start.share = 0.97;
  start.latency = 0;
  assert_int_equal(clx_calibrate_transport(w->arena, &start, w->sample, w->count, &options, 2, &c, &error), CLX_OK);
  assert_true(c.fitted[CLX_FITTED_TRANSPORT]);
  CLX_CHECK_NEAR(c.transport.share, 0.8, 0.02, 0);
  assert_true(mean_of(&c.fit, false) < 0.02);
  clx_arena_free(w->arena);
}

// --- the command's path: a table in, an entry out, and back into a catalogue ----------------------------------------------------

static void write_text(const char *path, const char *text) {
  FILE *out = fopen(path, "w");
  assert_non_null(out);
  fputs(text, out);
  fclose(out);
}

static void test_entry_is_read_back(void **state) {
  (void)state;
  char folder[] = "/tmp/clx_library_XXXXXX", path[64], *report = NULL, *entry = NULL;
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/table.csv", folder);
  clx_buffer table = {0};
  clx_buffer_format(&table, "system,source,gpus,gpus_per_node,scale_out_gbps_per_gpu,collective,bytes,time_us\n");
  for (int32_t gpus = 16; gpus <= 1024; gpus *= 2) {
    for (int32_t step = 0; step < 5; step++) {
      const double bytes = ldexp(65536, 3 * step);
      clx_buffer_format(&table, "DGX H100 no. %d,%s,%d,8,400,all_reduce,%.0f,%.6g\n", gpus % 3, gpus > 64 ? "a" : "b",
                        gpus, bytes, 60 + 20 * log2(gpus) + bytes / 180e3);
    }
  }
  write_text(path, table.data);
  clx_buffer_free(&table);
  clx_error error = {0};
  clx_calibrate_options options;
  clx_calibrate_options_default(&options);
  options.source = "network-measurements";
  if (clx_collectives_calibrate(catalog, path, &options, &report, &entry, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  assert_non_null(strstr(report, "hopper nodes large"));
  unlink(path);
  snprintf(path, sizeof path, "%s/library", folder);
  assert_int_equal(mkdir(path, 0700), 0);
  snprintf(path, sizeof path, "%s/library/nccl.yaml", folder);
  write_text(path, entry);
  clx_catalog *mine = NULL;
  if (clx_catalog_open(folder, &mine, &error) != CLX_OK || clx_catalog_check(mine, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  clx_arena *arena = clx_arena_new();
  const clx_library *library = NULL;
  assert_int_equal(clx_catalog_read_library(mine, "nccl", (clx_place){0}, arena, &library, &error), CLX_OK);
  const char *value = strstr(entry, "hopper:\n  start: ");
  assert_non_null(value);
  CLX_CHECK_NEAR(library->generation[CLX_HOPPER].start, strtod(value + strlen("hopper:\n  start: "), NULL), 1e-9, 0);
  assert_true(library->fit.rows == 35 && library->fit.used == 35);
  assert_true(library->fit.high[0] >= 1024);
  clx_arena_free(arena);
  clx_catalog_close(mine);
  clx_text_free(report);
  clx_text_free(entry);
  options.json = true;
  assert_int_equal(clx_collectives_calibrate(catalog, path, &options, &report, &entry, &error),
                   CLX_INPUT);  // an entry is no table
  unlink(path);
  snprintf(path, sizeof path, "%s/library", folder);
  rmdir(path);
  rmdir(folder);
}

static int setup(void **state) {
  (void)state;
  clx_error error = {0};
  return clx_catalog_open(NULL, &catalog, &error) == CLX_OK ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  clx_catalog_close(catalog);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_constants_are_found_again),
      cmocka_unit_test(test_few_measurements),
      cmocka_unit_test(test_launch),
      cmocka_unit_test(test_transport),
      cmocka_unit_test(test_entry_is_read_back),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
