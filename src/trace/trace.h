// trace: a timeline of many tracks, written for ui.perfetto.dev (Chrome JSON or Perfetto's own protobuf).
#pragma once

#include "base/base.h"

// One track: a stream of a rank. Spans of one track do not overlap.
typedef struct clx_track {
  int32_t process;          // shown together; a rank or a class of ranks
  const char *process_name; // "stage 0, ranks 0-7"
  const char *name;         // "compute", "tp", "pp", "dp"
} clx_track;

typedef struct clx_trace_span {
  int32_t track;
  const char *name;      // "forward 3.0"
  const char *category;  // "forward", "backward", "weight", "tp", "dp" ...
  double start, end;     // s
  int32_t flow;          // > 0: spans of equal flow are joined by an arrow in order of time; 0 = none
} clx_trace_span;

// One sample of a counter of a process.
typedef struct clx_trace_sample {
  int32_t process;
  const char *name, *unit;
  double time, value;
} clx_trace_sample;

typedef struct clx_trace {
  const char *title;
  clx_track *track;
  int32_t track_count;
  clx_trace_span *span;
  int64_t span_count;
  clx_trace_sample *sample;
  int64_t sample_count;
} clx_trace;

typedef enum clx_trace_format { CLX_TRACE_CHROME, CLX_TRACE_PERFETTO } clx_trace_format;

// Appends the whole trace to `out`. Times are written in ns (Perfetto) and us (Chrome). Errors: a span that ends before it starts or names no
// track (CLX_INTERNAL), memory.
clx_status clx_trace_write(const clx_trace *trace, clx_trace_format format, clx_buffer *out, clx_error *error);
