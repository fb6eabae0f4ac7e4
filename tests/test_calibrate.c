// Calibration: parameters recovered from data that the model itself generated, with noise; results that depend on nothing but
// the data; rows that say why they cannot be used; entries that a catalogue reads back.
#include "check.h"

#include <sys/stat.h>
#include <unistd.h>

#include "calibrate/calibrate_internal.h"
#include "catalog/catalog.h"
#include "shapes.h"

static clx_catalog *catalog;

enum { SHAPES = 500, TRIES = 400000 };

// Devices whose kernels were measured; together they have every family and number format.
static const char *const MEASURED[] = {"h100_sxm", "gb200"};

// --- recovery data ----------------------------------------------------------------------------------------------------

static void random_rows(clx_arena *arena, const clx_device *device, const clx_kernel_family *family, int32_t set,
                        uint64_t seed, double noise, clx_kernel_rows *rows) {
  const void *truth = clx_kernels_set(device->kernels, family, set);
  const clx_kernel_fit *fit = truth;
  *rows = (clx_kernel_rows){.family = family,
                            .file = "synthetic",
                            .shape = CLX_NEW_ARRAY(arena, double, SHAPES * family->column_count),
                            .format = CLX_NEW_ARRAY(arena, clx_kernel_format, SHAPES),
                            .time = CLX_NEW_ARRAY(arena, double, SHAPES),
                            .power = CLX_NEW_ARRAY(arena, double, SHAPES),
                            .fold = CLX_NEW_ARRAY(arena, int32_t, SHAPES),
                            .reason = CLX_NEW_ARRAY(arena, const char *, SHAPES),
                            .class_index = CLX_NEW_ARRAY(arena, int32_t, SHAPES)};
  for (int32_t tries = 0; rows->count < SHAPES && tries < TRIES; tries++) {
    double *shape = &rows->shape[(size_t)rows->count * (size_t)family->column_count];
    const clx_kernel_format format = shapes_format(family, set);
    if (!shapes_draw(device, family, format, fit, &seed, shape)) continue;
    rows->format[rows->count] = format;
    rows->time[rows->count] = family->cost(device, format, truth, shape).time * exp(noise * shapes_normal(&seed));
    rows->class_index[rows->count] = family->class_of(format, shape);
    rows->fold[rows->count] = rows->count % CLX_FOLDS;
    rows->count++;
  }
  assert_true(rows->count > SHAPES / 2);
}

// --- recovery -------------------------------------------------------------------------------------------------------------------

static void read_device(const char *name, clx_arena *arena, clx_device *device) {
  clx_error error = {0};
  assert_int_equal(clx_catalog_read_device(catalog, name, (clx_place){0}, arena, device, &error), CLX_OK);
}

// Parameters that the shapes determine come back themselves. (Others trade off against each other: there only what they predict
// together is determined.)
static void check_values(const clx_kernel_family *family, const void *got, const void *want) {
  static const char *const determined[] = {"start",        "memory_share", "cache_rate",
                                           "matrix_share", "start_time",   "load_rate"};
  for (int32_t i = 0; i < family->schema->count; i++) {
    const clx_row *row = &family->schema->rows[i];
    const bool checked = clx_text_equal(family->name, "memory") || clx_text_equal(family->name, "gemm");
    for (int32_t k = 0; checked && k < CLX_COUNT(determined); k++) {
      if (!clx_text_equal(row->key, determined[k])) continue;
      const double a = *(const double *)((const char *)got + row->offset);
      const double b = *(const double *)((const char *)want + row->offset);
      if (fabs(a / b - 1) > 0.1) fail_msg("%s.%s: %g instead of %g", family->name, row->key, a, b);
    }
  }
}

static void check_recovery(const clx_device *device, const clx_kernel_family *family, int32_t set) {
  static const double NOISE = 0.03;
  clx_arena *arena = clx_arena_new();
  clx_error error = {0};
  clx_kernel_rows seen, fresh;
  random_rows(arena, device, family, set, 7, NOISE, &seen);
  random_rows(arena, device, family, set, 8, 0, &fresh);
  int32_t *all = CLX_NEW_ARRAY(arena, int32_t, SHAPES);
  for (int32_t i = 0; i < seen.count; i++) all[i] = i;
  void *parameters = clx_arena_alloc(arena, family->schema->size);
  clx_schema_default(family->schema, parameters);
  const clx_fit_options options = {.rows_max = SHAPES, .restarts = 1, .iterations = 25};
  assert_int_equal(clx_fit_set(device, &seen, all, seen.count, &options, parameters, &error), CLX_OK);
  double sum = 0, start = 0;
  void *initial = clx_arena_alloc(arena, family->schema->size);
  clx_schema_default(family->schema, initial);
  for (int32_t i = 0; i < fresh.count; i++) {
    const double *shape = clx_kernel_rows_shape(&fresh, i);
    sum += fabs(log(family->cost(device, fresh.format[i], parameters, shape).time / fresh.time[i]));
    start += fabs(log(family->cost(device, fresh.format[i], initial, shape).time / fresh.time[i]));
  }
  if (sum / fresh.count > 0.03)
    fail_msg("%s %s: recovered to %.1f %% only (started at %.1f %%)", family->name, family->sets[set],
             100 * sum / fresh.count, 100 * start / fresh.count);
  check_values(family, parameters, clx_kernels_set(device->kernels, family, set));
  clx_arena_free(arena);
}

static void test_recovery(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  int32_t checked = 0;
  for (int32_t f = 0; clx_kernel_family_at(f) != NULL; f++) {
    const clx_kernel_family *family = clx_kernel_family_at(f);
    for (int32_t d = 0; d < CLX_COUNT(MEASURED); d++) {
      clx_device device;
      int32_t set = 0;
      read_device(MEASURED[d], arena, &device);
      while (family->sets[set] != NULL && clx_kernels_fit(device.kernels, family, set)->rows == 0) set++;
      if (family->sets[set] == NULL) continue;
      check_recovery(&device, family, set);
      checked++;
      break;  // one device a family
    }
  }
  assert_true(checked > 0);
  clx_arena_free(arena);
}

// --- power --------------------------------------------------------------------------------------------------------------------

static const char *const SWEEPS[] = {
    "gemm", "moe", "attention_context", "attention_generation", "mla_generation", "mla_context", NULL};

static double power_reading(const clx_device *device, const clx_power_parameters *power, const clx_power_meter *meter,
                            const clx_kernel_rows *rows, int32_t row) {
  const clx_kernel_format format = rows->format[row];
  const void *parameters = clx_kernels_set(device->kernels, rows->family, rows->family->set_of[format]);
  return clx_power_reading(device, power, meter, rows->family, format, parameters, clx_kernel_rows_shape(rows, row), 0);
}

// Readings of a device of other energies, with noise; rows that follow one shape family through its sweep.
static void power_table(clx_arena *arena, const clx_device *device, const char *name, uint64_t seed, double noise,
                        const clx_power_parameters *power, const clx_power_meter *meter, clx_power_table *table) {
  clx_kernel_rows *rows = CLX_NEW(arena, clx_kernel_rows);
  const clx_kernel_family *family = clx_kernel_family_find(name);
  const int32_t set = family->set_of[CLX_KERNEL_BF16];
  random_rows(arena, device, family, set, seed, 0, rows);
  for (int32_t i = 0; i < rows->count; i++) {
    rows->power[i] = power_reading(device, power, meter, rows, i) * exp(noise * shapes_normal(&seed));
  }
  *table = (clx_power_table){.rows = rows, .data = name};
  for (int32_t f = 0; f <= CLX_FOLDS; f++) table->parameters[set][f] = clx_kernels_set(device->kernels, family, set);
}

static void test_power_recovery(void **state) {
  (void)state;
  enum { TABLES = 3 };
  clx_arena *arena = clx_arena_new();
  clx_error error = {0};
  clx_device device;
  read_device("b200_sxm", arena, &device);
  clx_power_parameters truth = device.kernels->power;
  clx_power_meter meter = device.kernels->power_meter;
  truth.rest *= 0.8;
  truth.matrix_bf16 *= 0.75;
  truth.memory *= 1.4;
  truth.issue_prefill *= 0.6;
  meter.gemm_setup_bf16 *= 3;
  meter.experts_launch *= 0.5;
  clx_power_table seen[TABLES], fresh[TABLES];
  for (int32_t t = 0; t < TABLES; t++) {
    power_table(arena, &device, SWEEPS[t], 5 + (uint64_t)t, 0.03, &truth, &meter, &seen[t]);
    power_table(arena, &device, SWEEPS[t], 50 + (uint64_t)t, 0, &truth, &meter, &fresh[t]);
  }
  clx_calibration out = {.set = CLX_NEW_ARRAY(arena, clx_calibrated_set, 2)};
  clx_fit_options options;
  clx_fit_options_default(&options);
  if (clx_calibrate_power(arena, &device, device.kernels, seen, TABLES, &options, 2, &out, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  assert_int_equal(out.count, 2);
  const clx_power_parameters *power = out.set[0].parameters;
  const double top = power->limit * device.tdp * (1 + 1e-9);
  for (int32_t t = 0; t < TABLES; t++) {
    const clx_kernel_rows *rows = fresh[t].rows;
    double sum = 0;
    for (int32_t i = 0; i < rows->count; i++) {
      const double reading = power_reading(&device, power, out.set[1].parameters, rows, i);
      assert_true(reading <= top && reading >= power->rest * device.tdp * (1 - 1e-9));
      sum += fabs(log(reading / rows->power[i]));
    }
    if (sum / rows->count > 0.02) fail_msg("%s: recovered to %.1f %% only", SWEEPS[t], 100 * sum / rows->count);
    const clx_kernel_class *found = &power->fit.classes[t];
    assert_string_equal(found->name, SWEEPS[t]);
    assert_true(found->error < 0.04 && found->cross_error < 0.05 && out.set[0].before[t].error > 0.05);
  }
  CLX_CHECK_NEAR(power->rest, truth.rest, 0, 0.02);
  clx_arena_free(arena);
}

// A parameter that is said not to matter for a family and number format does not; readings stay between rest and limit.
static void test_power_parameters_matter_where_said(void **state) {
  (void)state;
  clx_arena *arena = clx_arena_new();
  clx_device device;
  read_device("b200_sxm", arena, &device);
  clx_power_parameters power = device.kernels->power;
  clx_power_meter meter = device.kernels->power_meter;
  const clx_schema *schemas[] = {&clx_power_schema, &clx_power_meter_schema};
  char *objects[] = {(char *)&power, (char *)&meter};
  for (int32_t f = 0; SWEEPS[f] != NULL; f++) {
    const clx_kernel_family *family = clx_kernel_family_find(SWEEPS[f]);
    for (int32_t set = 0; family->sets[set] != NULL; set++) {
      clx_kernel_rows rows;
      if (clx_kernels_fit(device.kernels, family, set)->rows == 0) continue;
      random_rows(arena, &device, family, set, 11, 0, &rows);
      for (int32_t k = 0; k < schemas[0]->count + schemas[1]->count; k++) {
        const int32_t of = k >= schemas[0]->count;
        const clx_row *row = &schemas[of]->rows[of == 1 ? k - schemas[0]->count : k];
        if (row->kind != CLX_ROW_REAL) continue;
        double *value = (double *)(void *)(objects[of] + row->offset), kept = *value;
        const int32_t i = k % rows.count;
        const double before = power_reading(&device, &power, &meter, &rows, i);
        *value = kept < row->maximum ? row->maximum : row->minimum;
        const double after = power_reading(&device, &power, &meter, &rows, i);
        *value = kept;
        assert_true(before >= power.rest * device.tdp && before <= power.limit * device.tdp * (1 + 1e-9));
        if (before != after && !clx_power_touches(row->key, family, rows.format[i]))
          fail_msg("%s matters for %s %s", row->key, family->name, family->sets[set]);
      }
    }
  }
  clx_arena_free(arena);
}

// Devices without readings of power: energies of one that has them, their own rest and limit.
static void test_power_is_inherited(void **state) {
  (void)state;
  static const struct {
    const char *device, *from;
  } heirs[] = {{"gb200", "b200_sxm"},    {"gb300", "b200_sxm"},  {"b300_sxm", "b200_sxm"},
               {"a100_sxm", "b200_sxm"}, {"mi300x", "b200_sxm"}, {"h200_sxm", "h100_sxm"},
               {"h800_sxm", "h100_sxm"}, {"gh200", "h100_sxm"},  {"h100_pcie", "h100_sxm"}};
  clx_arena *arena = clx_arena_new();
  clx_device measured, other;
  read_device("b200_sxm", arena, &measured);
  assert_true(measured.kernels->power.fit.rows > 100000 && measured.kernels->power.fit.class_count == 6);
  read_device("h100_sxm", arena, &measured);
  assert_string_equal(measured.kernels->power.fit.device, "h100_sxm");
  for (int32_t i = 0; i < CLX_COUNT(heirs); i++) {
    read_device(heirs[i].from, arena, &measured);
    read_device(heirs[i].device, arena, &other);
    const clx_power_parameters *p = &other.kernels->power, *own = &measured.kernels->power;
    assert_string_equal(p->fit.device, heirs[i].from);
    CLX_CHECK_NEAR(p->rest * other.tdp, other.power.rest, 1e-9, 0);
    CLX_CHECK_NEAR(p->matrix_bf16, own->matrix_bf16 * other.power.matrix, 1e-12, 0);
    CLX_CHECK_NEAR(p->memory, own->memory, 0, 0);
    CLX_CHECK_NEAR(other.kernels->power_meter.gemm_launch, measured.kernels->power_meter.gemm_launch, 0, 0);
  }
  clx_arena_free(arena);
}

// --- tables ---------------------------------------------------------------------------------------------------------------------

static void test_reasons(void **state) {
  (void)state;
  static const char text[] =
      "dtype,bytes,latency_us\n"
      "bfloat16,1e6,4.5\n"
      "bfloat16,,4.5\n"
      "bfloat16,many,4.5\n"
      "bfloat16,-5,4.5\n"
      "bfloat16,1e6,-4.5\n"
      "bfloat16,1e6,\n"
      "bfloat16,1e6,fast\n"
      "bfloat16,1e6,1e-308\n"
      "bfloat16,1.5,4.5\n"
      "float13,1e6,4.5\n"
      ",1e6,4.5\n";
  static const char *const want[] = {NULL,
                                     "bytes is blank",
                                     "bytes: expected a number, read 'many'",
                                     "bytes -5 is out of range",
                                     "latency_us: expected a positive number, read '-4.5'",
                                     "latency_us is blank",
                                     "latency_us: expected a positive number, read 'fast'",
                                     "latency_us 1e-308 is out of range",
                                     "bytes: expected a whole number, read '1.5'",
                                     "dtype 'float13' is not known",
                                     "dtype is blank"};
  clx_arena *arena = clx_arena_new();
  clx_error error = {0};
  clx_table table;
  clx_device device;
  clx_kernel_rows rows;
  read_device("h100_sxm", arena, &device);
  assert_int_equal(clx_table_read(arena, "t.memory.csv", text, sizeof text - 1, &table, &error), CLX_OK);
  assert_int_equal(clx_kernel_rows_read(arena, &table, clx_kernel_family_find("memory"), &device, true, &rows, &error),
                   CLX_OK);
  assert_int_equal(rows.count, CLX_COUNT(want));
  for (int32_t i = 0; i < rows.count; i++) {
    if (want[i] == NULL) {
      assert_null(rows.reason[i]);
    } else if (rows.reason[i] == NULL || strstr(rows.reason[i], want[i]) == NULL) {
      fail_msg("row %d: '%s' does not say '%s'", i, rows.reason[i] ? rows.reason[i] : "(nothing)", want[i]);
    }
  }
  clx_arena_free(arena);
}

static void test_families_of_files(void **state) {
  (void)state;
  static const char *const cases[][2] = {{"a/b/h100_sxm.memory.csv", "memory"},
                                         {"my.memory", "memory"},
                                         {"a_memory.gemm.csv", "gemm"},
                                         {"custom_allreduce.csv", "custom_allreduce"}};
  clx_error error = {0};
  const clx_kernel_family *family = NULL;
  for (int32_t i = 0; i < CLX_COUNT(cases); i++) {
    assert_int_equal(clx_kernel_family_of(cases[i][0], NULL, &family, &error), CLX_OK);
    assert_string_equal(family->name, cases[i][1]);
  }
  assert_int_equal(clx_kernel_family_of("memory/x.csv", NULL, &family, &error), CLX_INPUT);
  error.count = 0;
  assert_int_equal(clx_kernel_family_of("x.csv", "memmory", &family, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "did you mean 'memory'"));
}

// --- whole calibrations -----------------------------------------------------------------------------------------------------------

// A table of the family `memory` for a device that has kernels, 5 % noise.
static void write_table(const char *directory) {
  char path[128];
  snprintf(path, sizeof path, "%s/h100_sxm.memory.csv", directory);
  FILE *out = fopen(path, "w");
  uint64_t seed = 3;
  fprintf(out, "dtype,bytes,latency_us\n");
  for (int i = 0; i < 200; i++) {
    const double bytes = floor(pow(10, 4 + 6 * shapes_uniform(&seed)));
    const double time = 2 + bytes / (bytes > 50e6 ? 2.9e6 : 5e6);
    fprintf(out, "bfloat16,%.0f,%.5g\n", bytes, time * exp(0.05 * shapes_normal(&seed)));
  }
  fprintf(out, "bfloat16,x,3\n");
  fclose(out);
}

// A table of products with the power that the catalogue's parameters give, 5 % noise.
static void write_power_table(const char *directory) {
  char path[128];
  snprintf(path, sizeof path, "%s/h100_sxm.gemm.csv", directory);
  clx_arena *arena = clx_arena_new();
  clx_device device;
  clx_power_table table;
  read_device("h100_sxm", arena, &device);
  power_table(arena, &device, "gemm", 21, 0.05, &device.kernels->power, &device.kernels->power_meter, &table);
  FILE *out = fopen(path, "w");
  fprintf(out, "dtype,m,n,k,latency_us,power_w\n");
  for (int32_t i = 0; i < table.rows->count; i++) {
    const double *shape = clx_kernel_rows_shape(table.rows, i);
    fprintf(out, "bfloat16,%.0f,%.0f,%.0f,%.5g,%.5g\n", shape[0], shape[1], shape[2], table.rows->time[i] * 1e6,
            table.rows->power[i]);
  }
  fprintf(out, "bfloat16,1024,1024,1024,5.1,high\n");
  fclose(out);
  clx_arena_free(arena);
}

static void calibrate(const clx_catalog *with, const char *families, const char *directory, int32_t threads,
                      char **report, char **entry) {
  clx_error error = {0};
  clx_calibrate_options options;
  clx_calibrate_options_default(&options);
  options.families = families;
  options.source = "silicon-tables";
  options.threads = threads;
  const clx_status status = clx_device_calibrate(with, "h100_sxm", directory, &options, report, entry, &error);
  if (status != CLX_OK) fail_msg("%s", error.mistake[0].text);
}

// The entry as a user's catalogue: what it predicts is what the report promised.
static void check_entry(const char *directory, const char *entry) {
  char path[128];
  clx_error error = {0};
  clx_catalog *mine = NULL;
  char *text = NULL;
  snprintf(path, sizeof path, "%s/kernels", directory);
  assert_int_equal(mkdir(path, 0777), 0);
  snprintf(path, sizeof path, "%s/kernels/h100_sxm.yaml", directory);
  FILE *out = fopen(path, "w");
  fputs(entry, out);
  fclose(out);
  if (clx_catalog_open(directory, &mine, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  if (clx_catalog_check(mine, &error) != CLX_OK) fail_msg("%s", error.mistake[0].text);
  char table[128];
  snprintf(table, sizeof table, "%s/h100_sxm.memory.csv", directory);
  const clx_table_options options = {.device = "h100_sxm"};
  if (clx_table_validate(mine, "kernels", table, &options, true, &text, &error) != CLX_OK)
    fail_msg("%s", error.mistake[0].text);
  const char *mean = strstr(text, "\"mean_abs_rel_error\": ");
  assert_non_null(mean);
  const double error_read = strtod(mean + strlen("\"mean_abs_rel_error\": "), NULL);
  assert_true(error_read > 0.02 && error_read < 0.06);
  clx_text_free(text);
  char *report = NULL, *again = NULL;
  calibrate(mine, "memory", directory, 1, &report, &again);  // power is kept when it is not fitted anew
  assert_string_equal(again, entry);
  clx_text_free(report);
  clx_text_free(again);
  clx_catalog_close(mine);
  unlink(path);
  snprintf(path, sizeof path, "%s/kernels", directory);
  rmdir(path);
}

static void test_calibration(void **state) {
  (void)state;
  char directory[] = "/tmp/clx_calibrate_XXXXXX", table[128];
  assert_non_null(mkdtemp(directory));
  write_table(directory);
  write_power_table(directory);
  char *report[2], *entry[2];
  calibrate(catalog, "memory,power", directory, 1, &report[0], &entry[0]);
  calibrate(catalog, "memory,power", directory, 3, &report[1], &entry[1]);
  assert_string_equal(entry[0], entry[1]);
  assert_string_equal(report[0], report[1]);
  assert_non_null(
      strstr(report[0], "1 rows of h100_sxm.memory.csv were not used; the first: bytes: expected a number"));
  assert_non_null(
      strstr(report[0], "1 rows of h100_sxm.gemm.csv were not used; the first: power_w: expected a positive"));
  assert_non_null(strstr(entry[0], "kind: fitted"));
  assert_non_null(strstr(entry[0], "rows: 200"));
  assert_non_null(strstr(entry[0], "\npower:\n"));
  assert_non_null(strstr(entry[0], "\npower_meter:\n"));
  check_entry(directory, entry[0]);
  for (int i = 0; i < 2; i++) {
    clx_text_free(report[i]);
    clx_text_free(entry[i]);
  }
  snprintf(table, sizeof table, "%s/h100_sxm.memory.csv", directory);
  unlink(table);
  snprintf(table, sizeof table, "%s/h100_sxm.gemm.csv", directory);
  unlink(table);
  rmdir(directory);
}

static void test_wrong_calls(void **state) {
  (void)state;
  char *report = NULL, *entry = NULL;
  clx_calibrate_options options;
  clx_calibrate_options_default(&options);
  options.source = "silicon-tables";
  clx_error error = {0};
  assert_int_equal(clx_device_calibrate(catalog, "h100_sxm", "/nowhere", &options, &report, &entry, &error), CLX_FILE);
  assert_null(report);
  clx_error_clear(&error);
  assert_int_equal(clx_device_calibrate(catalog, "h100_smx", "/tmp", &options, &report, &entry, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "did you mean"));
  clx_error_clear(&error);
  options.families = "gem";
  assert_int_equal(clx_device_calibrate(catalog, "h100_sxm", "/tmp", &options, &report, &entry, &error), CLX_INPUT);
  clx_error_clear(&error);
  options.families = "power";
  assert_int_equal(clx_device_calibrate(catalog, "h100_sxm", "/tmp", &options, &report, &entry, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "power_w"));
  clx_error_clear(&error);
  options.source = "no-such-source";
  assert_int_equal(clx_device_calibrate(catalog, "h100_sxm", "/tmp", &options, &report, &entry, &error), CLX_INPUT);
  assert_non_null(strstr(error.mistake[0].text, "sources.yaml"));
}

int main(void) {
  clx_error error = {0};
  if (clx_catalog_open(NULL, &catalog, &error) != CLX_OK) return 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_power_recovery),
      cmocka_unit_test(test_power_parameters_matter_where_said),
      cmocka_unit_test(test_power_is_inherited),
      cmocka_unit_test(test_recovery),
      cmocka_unit_test(test_reasons),
      cmocka_unit_test(test_families_of_files),
      cmocka_unit_test(test_calibration),
      cmocka_unit_test(test_wrong_calls),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  clx_catalog_close(catalog);
  return failed;
}
