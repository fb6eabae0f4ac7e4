// A trace in the format asked for.
#include "trace/trace_internal.h"

clx_status clx_trace_write(const clx_trace *trace, clx_trace_format format, clx_buffer *out, clx_error *error) {
  clx_trace_order order;
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory for a trace");
  clx_status status = clx_trace_sort(trace, arena, &order, error);
  if (status == CLX_OK && format == CLX_TRACE_CHROME) clx_trace_write_chrome(trace, &order, out);
  if (status == CLX_OK && format == CLX_TRACE_PERFETTO) clx_trace_write_perfetto(trace, &order, out);
  if (status == CLX_OK && out->failed) status = clx_fail_plain(error, CLX_MEMORY, "out of memory for a trace");
  clx_arena_free(arena);
  return status;
}
