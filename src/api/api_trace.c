// The public functions on timelines.
#include "api/api_internal.h"
#include "report/report.h"
#include "scenario/scenario.h"
#include "twin/twin.h"

clx_status clx_api_write_trace(const clx_trace *trace, const char *format, clx_buffer *out, clx_error *error) {
  if (clx_text_equal(format, "chrome")) return clx_trace_write(trace, CLX_TRACE_CHROME, out, error);
  if (clx_text_equal(format, "perfetto")) return clx_trace_write(trace, CLX_TRACE_PERFETTO, out, error);
  if (clx_text_equal(format, "svg")) return clx_report_timeline_svg(trace, out, error);
  return clx_fail_plain(error, CLX_INPUT, "format '%s': there are chrome, perfetto and svg", format);
}

clx_status clx_scenario_trace(const clx_scenario *scenario, const clx_run_options *options, const char *ranks,
                              const char *format, char **data, size_t *size, clx_error *error) {
  *data = NULL;
  *size = 0;
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_trace trace;
  clx_buffer out = {0};
  clx_status status = clx_twin_trace(scenario, options->seed, ranks, arena, &trace, error);
  if (status == CLX_OK) status = clx_api_write_trace(&trace, format, &out, error);
  if (status == CLX_OK && (out.failed || out.data == NULL)) status = clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_arena_free(arena);
  if (status != CLX_OK) {
    clx_buffer_free(&out);
    return status;
  }
  *data = out.data;
  *size = out.length;
  return CLX_OK;
}
