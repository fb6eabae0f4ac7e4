// trace: a timeline of many tracks, written for ui.perfetto.dev (Chrome JSON or Perfetto's own protobuf).
#pragma once

#include "base/base.h"

// One track: a stream of a rank. Spans of one track do not overlap. Tracks of a process are shown in their order here.
typedef struct clx_track {
  int32_t process;           // >= 0; shown together: a rank or a class of ranks
  const char *process_name;  // "stage 0, ranks 0-7"; that of the first track of a process counts
  const char *name;          // "compute", "tp", "pp", "dp"; NULL: names a process that has counters only
} clx_track;

typedef struct clx_trace_span {
  int32_t track;
  const char *name;         // "forward 3.0"
  const char *category;     // "forward", "backward", "weight", "tp", "dp" ...; nullable
  double start, end;        // s, 0 <= start <= end < 1e9
  int32_t flow;             // > 0: spans of equal flow are joined by an arrow in order of time; 0 = none
  const char *amount_name;  // what the span did: "flop", "bytes"; NULL = not known
  double amount;
} clx_trace_span;

// One sample of a counter of a process, which holds until the next one. The process has a track.
typedef struct clx_trace_sample {
  int32_t process;
  const char *name, *unit;  // "GPU power", "W"
  double time, value;       // s
} clx_trace_sample;

typedef struct clx_trace {
  const char *title;  // nullable
  clx_track *track;
  int32_t track_count;
  clx_trace_span *span;  // in any order
  int64_t span_count;
  clx_trace_sample *sample;
  int64_t sample_count;
} clx_trace;

typedef enum clx_trace_format { CLX_TRACE_CHROME, CLX_TRACE_PERFETTO } clx_trace_format;

// Appends the whole trace to `out`: text (Chrome) or bytes with zeros among them (Perfetto: use out->length). Times are
// written in ns (Perfetto) and us with three decimals (Chrome), the same in both. Text that is no UTF-8 is made so.
// A Perfetto trace has no title. 60 to 100 B a span (Perfetto), twice as much (Chrome). O(n log n) of spans and samples.
// Errors: a span that names no track, ends before it starts, overlaps another of its track by more than a nanosecond, or
// lies outside of the times above; a sample that is not finite or of a process without track (CLX_INTERNAL); memory.
clx_status clx_trace_write(const clx_trace *trace, clx_trace_format format, clx_buffer *out, clx_error *error);

// --- for those who draw or write -----------------------------------------------------------------------------------------

typedef enum clx_trace_joint {
  CLX_JOINT_NONE,
  CLX_JOINT_FIRST,   // an arrow leaves
  CLX_JOINT_MIDDLE,  // one arrives and one leaves
  CLX_JOINT_LAST,    // one arrives
} clx_trace_joint;

// Of one span, in order of track and start.
typedef struct clx_trace_place {
  int64_t span;        // of the trace
  int64_t start, end;  // ns
  int32_t track;
  clx_trace_joint joint;
  int64_t next;  // place of the span that the arrow leads to; -1 = none
} clx_trace_place;

// A process: its first track and its name.
typedef struct clx_trace_process {
  int32_t process;
  int32_t track;
} clx_trace_process;

// A run of samples of one counter, in order of time.
typedef struct clx_trace_counter {
  int32_t process;  // in clx_trace_order.process
  int64_t first, count;
} clx_trace_counter;

typedef struct clx_trace_order {
  clx_trace_place *place;      // span_count
  clx_trace_process *process;  // ascending
  int32_t process_count;
  clx_trace_counter *counter;  // by process and name
  int32_t counter_count;
  int64_t *sample;  // of the trace, counter by counter
  int64_t end;      // ns: last end of a span and time of a sample
} clx_trace_order;

// Checks a trace and sorts it. Errors and cost as above; arrays come from `arena`.
clx_status clx_trace_sort(const clx_trace *trace, clx_arena *arena, clx_trace_order *order, clx_error *error);

int64_t clx_trace_nanoseconds(double seconds);  // rounded; of a time that was checked
