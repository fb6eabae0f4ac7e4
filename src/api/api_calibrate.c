// The public face of calibration.
#include "calibrate/calibrate_training.h"
#include "catalog/catalog.h"
#include "table/table.h"
#include "validate/validate.h"

void clx_calibrate_options_default(clx_calibrate_options *options) { *options = (clx_calibrate_options){.threads = 1}; }

// The source that the entry will name: the one given, else what `colossus probe` wrote for this device, else "own-tables".
static clx_status find_source(const clx_catalog *catalog, const char *name, const char *given, clx_arena *arena,
                              const char **source, clx_error *error) {
  *source = given != NULL ? given : clx_arena_format(arena, "probe-%s", name);
  if (*source == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  if (clx_catalog_source(catalog, *source) != NULL) return CLX_OK;
  if (given != NULL) return clx_fail_plain(error, CLX_INPUT, "source '%s' is not in sources.yaml", given);
  *source = "own-tables";
  return CLX_OK;
}

static clx_status calibrate(const clx_catalog *catalog, const char *name, const char *directory,
                            const clx_calibrate_options *options, clx_arena *arena, clx_buffer *report,
                            clx_buffer *entry, clx_error *error) {
  clx_device device;
  clx_calibration calibration = {0};
  clx_fit_options fit;
  clx_fit_options_default(&fit);
  if (options->rows > 0) fit.rows_max = options->rows;
  CLX_TRY(clx_catalog_read_device(catalog, name, (clx_place){0}, arena, &device, error));
  CLX_TRY(find_source(catalog, device.name, options->source, arena, &fit.source, error));
  CLX_TRY(clx_calibrate(arena, &device, device.kernels, directory, options->families, &fit, options->threads,
                        &calibration, error));
  (options->json ? clx_calibration_json : clx_calibration_text)(&calibration, &device, report);
  clx_calibration_entry(&calibration, &device, device.kernels, entry);
  if (report->failed || entry->failed) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  return CLX_OK;
}

// Hands over what was written, or frees it.
static clx_status finish(clx_arena *arena, clx_status status, clx_buffer texts[2], char **report, char **entry) {
  clx_arena_free(arena);
  if (status == CLX_OK) {
    *report = texts[0].data;
    *entry = texts[1].data;
    return status;
  }
  clx_buffer_free(&texts[0]);
  clx_buffer_free(&texts[1]);
  return status;
}

clx_status clx_device_calibrate(const clx_catalog *catalog, const char *device, const char *directory,
                                const clx_calibrate_options *options, char **report, char **entry, clx_error *error) {
  clx_buffer texts[2] = {0};
  *report = *entry = NULL;
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status status = calibrate(catalog, device, directory, options, arena, &texts[0], &texts[1], error);
  return finish(arena, status, texts, report, entry);
}

// --- collectives ------------------------------------------------------------------------------------------------------------

// Measured rows that the library ran, or that went over the transport (NULL = a library is fitted), as samples.
static int32_t collect(clx_arena *arena, const clx_table *table, const clx_collective_rows *rows, const char *library,
                       const char *transport, clx_collective_sample *samples) {
  const int32_t system = clx_table_column(table, "system"), source = clx_table_column(table, "source");
  int32_t count = 0;
  for (int32_t i = 0; i < table->row_count; i++) {
    const clx_collective_row *r = clx_collective_rows_at(rows, i);
    const char *reason = NULL;
    // Exchanges of tokens run on kernels of their own.
    if (r->reason != NULL || r->kind == CLX_DISPATCH || r->kind == CLX_COMBINE) continue;
    if (transport != NULL ? r->inside || !clx_text_equal(r->network.transport->name, transport)
                          : !clx_text_equal(r->network.library->name, library))
      continue;
    const double time = clx_collective_row_measured(arena, rows, i, &reason);
    if (time <= 0 || reason != NULL) continue;
    samples[count++] =
        (clx_collective_sample){.network = r->network,
                                .group = r->group,
                                .kind = r->kind,
                                .algorithm = r->algorithm,
                                .size = r->size_class,
                                .reference = clx_text_equal(r->network.transport->name, clx_default_transport),
                                .bytes = r->bytes,
                                .time = time,
                                .system = clx_table_cell(table, i, system),
                                .source = clx_table_cell(table, i, source)};
  }
  return count;
}

static clx_status calibrate_collectives(const clx_catalog *catalog, const char *path,
                                        const clx_calibrate_options *options, clx_arena *arena, clx_buffer texts[2],
                                        clx_error *error) {
  const clx_library *library = NULL;
  const clx_transport *transport = NULL;
  clx_table table;
  clx_collective_rows *rows = NULL;
  clx_collective_calibration calibration;
  clx_fit_options fit;
  const clx_table_options reading = {.notes = options->notes};
  const char *name = options->library != NULL ? options->library : clx_default_library;
  clx_fit_options_default(&fit);
  CLX_TRY(clx_catalog_read_library(catalog, name, (clx_place){0}, arena, &library, error));
  if (options->transport != NULL)
    CLX_TRY(clx_catalog_read_transport(catalog, options->transport, (clx_place){0}, arena, &transport, error));
  CLX_TRY(find_source(catalog, transport != NULL ? transport->name : library->name, options->source, arena, &fit.source,
                      error));
  CLX_TRY(clx_table_load(arena, path, &table, error));
  CLX_TRY(clx_collective_rows_read(arena, catalog, &table, &reading, &rows, error));
  clx_collective_sample *samples = CLX_NEW_ARRAY(arena, clx_collective_sample, table.row_count + 1);
  if (samples == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const int32_t count =
      collect(arena, &table, rows, library->name, transport != NULL ? transport->name : NULL, samples);
  if (transport != NULL) {
    CLX_TRY(clx_calibrate_transport(arena, transport, samples, count, &fit, options->threads, &calibration, error));
  } else {
    CLX_TRY(clx_calibrate_library(arena, library, samples, count, &fit, options->threads, &calibration, error));
  }
  (options->json ? clx_collective_calibration_json : clx_collective_calibration_text)(&calibration, &texts[0]);
  clx_collective_calibration_entry(&calibration, &texts[1]);
  if (texts[0].failed || texts[1].failed) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  return CLX_OK;
}

clx_status clx_collectives_calibrate(const clx_catalog *catalog, const char *path, const clx_calibrate_options *options,
                                     char **report, char **entry, clx_error *error) {
  clx_buffer texts[2] = {0};
  *report = *entry = NULL;
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status status = calibrate_collectives(catalog, path, options, arena, texts, error);
  return finish(arena, status, texts, report, entry);
}

// --- training ----------------------------------------------------------------------------------------------------------------

// Printed throughput or better, with its full configuration; tables without the column are taken as they are.
static bool trusted(const clx_table *table, int32_t row) {
  const int32_t column = clx_table_column(table, "trust");
  const char *trust = clx_table_cell(table, row, column);
  return column < 0 || clx_text_equal(trust, "A") || clx_text_equal(trust, "B");
}

static clx_status collect_runs(clx_arena *arena, const clx_catalog *catalog, const clx_table *table,
                               clx_training_sample *samples, int32_t *count, clx_error *error) {
  clx_training_row *rows = CLX_NEW_ARRAY(arena, clx_training_row, table->row_count + 1);
  if (rows == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(clx_training_rows_read(arena, catalog, table, rows, error));
  *count = 0;
  for (int32_t i = 0; i < table->row_count; i++) {
    if (rows[i].reason != NULL || rows[i].measured <= 0 || !trusted(table, i)) continue;
    const char *source = clx_training_row_source(arena, table, i);
    if (source == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    samples[(*count)++] = (clx_training_sample){.job = rows[i].job, .time = rows[i].measured, .source = source};
  }
  return CLX_OK;
}

static clx_status calibrate_training(const clx_catalog *catalog, const char *path, const clx_calibrate_options *options,
                                     clx_arena *arena, clx_buffer texts[2], clx_error *error) {
  clx_table table;
  clx_software reference;
  clx_training_calibration calibration;
  int32_t count = 0;
  CLX_TRY(
      clx_catalog_read(catalog, "software", "default", (clx_place){0}, &clx_software_schema, arena, &reference, error));
  CLX_TRY(clx_table_load(arena, path, &table, error));
  clx_training_sample *samples = CLX_NEW_ARRAY(arena, clx_training_sample, table.row_count + 1);
  if (samples == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(collect_runs(arena, catalog, &table, samples, &count, error));
  CLX_TRY(clx_calibrate_training(arena, samples, count, &reference, options->constants, options->threads, &calibration,
                                 error));
  (options->json ? clx_training_calibration_json : clx_training_calibration_text)(&calibration, &texts[0]);
  clx_training_calibration_entry(&calibration, &texts[1]);
  if (texts[0].failed || texts[1].failed) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  return CLX_OK;
}

clx_status clx_training_calibrate(const clx_catalog *catalog, const char *path, const clx_calibrate_options *options,
                                  char **report, char **entry, clx_error *error) {
  clx_buffer texts[2] = {0};
  *report = *entry = NULL;
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status status = calibrate_training(catalog, path, options, arena, texts, error);
  return finish(arena, status, texts, report, entry);
}
