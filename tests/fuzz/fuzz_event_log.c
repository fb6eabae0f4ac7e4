// Any bytes as a log of failures: rates with finite intervals, a report, JSON and an entry; or a mistake; never a crash.
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "calibrate/calibrate_reliability.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_rate(const clx_rate_fit *rate) {
  if (!(isfinite(rate->low) && isfinite(rate->high) && rate->low <= rate->rate && rate->rate <= rate->high)) abort();
  if (!(isfinite(rate->lower) && rate->lower <= rate->mean && rate->mean <= rate->upper)) abort();
}

static void calibrate(clx_arena *arena, const clx_failure_log *log) {
  clx_error error;
  clx_error_clear(&error);
  clx_failure_calibration calibration;
  clx_buffer report = {0}, json = {0}, entry = {0};
  if (!(log->node_time > 0 && isfinite(log->node_time))) abort();
  if (clx_calibrate_reliability(arena, log, 0.9, &calibration, &error) != CLX_OK) return;
  for (int32_t i = 0; i < calibration.fit_count; i++) {
    const clx_class_fit *fit = &calibration.fit[i];
    check_rate(&fit->node);
    for (int32_t s = 0; s < fit->steps.count; s++) check_rate(&fit->steps.rate[s]);
    if (fit->weibull.found && !(isfinite(fit->weibull.shape) && isfinite(fit->weibull.scale))) abort();
  }
  clx_failure_calibration_text(&calibration, &report);
  clx_failure_calibration_json(&calibration, &json);
  clx_failure_calibration_entry(&calibration, "ours", "own-failure-log", &entry);
  if (report.failed || json.failed || entry.failed) abort();
  clx_buffer_free(&report);
  clx_buffer_free(&json);
  clx_buffer_free(&entry);
}

// Once with what exposure the log has, once with a sum.
static void read_log(const char *text, size_t size, double node_time) {
  clx_error error;
  clx_error_clear(&error);
  clx_arena *arena = clx_arena_new();
  clx_failure_log *log = arena != NULL ? CLX_NEW(arena, clx_failure_log) : NULL;
  const clx_log_exposure exposure = {NULL, node_time, node_time > 0 ? 8 : 0};
  if (log != NULL) {
    const clx_status status = clx_failure_log_read(arena, "fuzz.csv", text, size, &exposure, log, &error);
    if (status != CLX_OK && error.count == 0) abort();
    if (status == CLX_OK) calibrate(arena, log);
    clx_buffer_free(&log->note);
  }
  clx_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *text = size > 0 ? (const char *)data : "";
  read_log(text, size, 0);
  read_log(text, size, 3.6e9);
  return 0;
}
