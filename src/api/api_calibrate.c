// The public face of calibration.
#include "calibrate/calibrate.h"
#include "catalog/catalog.h"

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

clx_status clx_device_calibrate(const clx_catalog *catalog, const char *device, const char *directory,
                                const clx_calibrate_options *options, char **report, char **entry, clx_error *error) {
  clx_buffer texts[2] = {0};
  *report = *entry = NULL;
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status status = calibrate(catalog, device, directory, options, arena, &texts[0], &texts[1], error);
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
