// A trace checked and in order: spans by track and start, arrows, processes, counters.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trace/trace.h"

static const double NANOSECONDS = 1e9, LATEST = 1e9;  // s; 1e18 ns fit into 63 bits

int64_t clx_trace_nanoseconds(double seconds) { return llround(seconds * NANOSECONDS); }

static int compare_numbers(int64_t a, int64_t b) { return (a > b) - (a < b); }

static bool in_time(double t) { return t >= 0 && t < LATEST; }  // false for NaN

static const char *named(const char *text) { return text != NULL ? text : "?"; }

// --- spans -----------------------------------------------------------------------------------------------------------

static int compare_places(const void *a, const void *b) {
  const clx_trace_place *x = a, *y = b;
  int order = compare_numbers(x->track, y->track);
  if (order == 0) order = compare_numbers(x->start, y->start);
  if (order == 0) order = compare_numbers(x->end, y->end);
  return order != 0 ? order : compare_numbers(x->span, y->span);
}

static clx_status place_span(const clx_trace *trace, int64_t index, clx_trace_place *place, clx_error *error) {
  const clx_trace_span *s = &trace->span[index];
  if (s->track < 0 || s->track >= trace->track_count || trace->track[s->track].name == NULL) {
    return clx_fail_plain(error, CLX_INTERNAL, "trace: span '%s' is of track %d, which does not exist", named(s->name),
                          s->track);
  }
  const char *track = trace->track[s->track].name;
  if (!in_time(s->start) || !in_time(s->end) || s->end < s->start) {
    return clx_fail_plain(error, CLX_INTERNAL, "trace: span '%s' of track '%s' runs from %g s to %g s", named(s->name),
                          track, s->start, s->end);
  }
  if (s->amount_name != NULL && !isfinite(s->amount)) {
    return clx_fail_plain(error, CLX_INTERNAL, "trace: span '%s' of track '%s' has %g %s", named(s->name), track,
                          s->amount, s->amount_name);
  }
  *place = (clx_trace_place){.span = index,
                             .start = clx_trace_nanoseconds(s->start),
                             .end = clx_trace_nanoseconds(s->end),
                             .track = s->track,
                             .next = -1};
  return CLX_OK;
}

// Sums of durations differ in their last bits: what overlaps by a nanosecond ends where the next one starts.
static clx_status part_spans(const clx_trace *trace, clx_trace_place *place, clx_error *error) {
  for (int64_t i = 1; i < trace->span_count; i++) {
    clx_trace_place *before = &place[i - 1];
    if (place[i].track != before->track || place[i].start >= before->end) continue;
    if (place[i].start < before->end - 1) {
      return clx_fail_plain(error, CLX_INTERNAL, "trace: spans '%s' and '%s' of track '%s' overlap by %lld ns",
                            named(trace->span[before->span].name), named(trace->span[place[i].span].name),
                            trace->track[place[i].track].name, (long long)(before->end - place[i].start));
    }
    before->end = place[i].start;
  }
  return CLX_OK;
}

// --- arrows ----------------------------------------------------------------------------------------------------------

typedef struct knot {
  int32_t flow;
  int64_t start, place;
} knot;

static int compare_knots(const void *a, const void *b) {
  const knot *x = a, *y = b;
  int order = compare_numbers(x->flow, y->flow);
  if (order == 0) order = compare_numbers(x->start, y->start);
  return order != 0 ? order : compare_numbers(x->place, y->place);
}

static clx_status join_spans(const clx_trace *trace, clx_arena *arena, clx_trace_place *place, clx_error *error) {
  int64_t count = 0;
  for (int64_t i = 0; i < trace->span_count; i++) count += trace->span[i].flow > 0 ? 1 : 0;
  if (count == 0) return CLX_OK;
  knot *knots = CLX_NEW_ARRAY(arena, knot, count);
  if (knots == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory for the arrows of a trace");
  count = 0;
  for (int64_t i = 0; i < trace->span_count; i++) {
    const int32_t flow = trace->span[place[i].span].flow;
    if (flow > 0) knots[count++] = (knot){flow, place[i].start, i};
  }
  qsort(knots, (size_t)count, sizeof *knots, compare_knots);
  for (int64_t i = 0; i < count; i++) {
    clx_trace_place *p = &place[knots[i].place];
    const bool arrives = i > 0 && knots[i - 1].flow == knots[i].flow;
    const bool leaves = i + 1 < count && knots[i + 1].flow == knots[i].flow;
    p->joint = arrives && leaves ? CLX_JOINT_MIDDLE
               : arrives         ? CLX_JOINT_LAST
               : leaves          ? CLX_JOINT_FIRST
                                 : CLX_JOINT_NONE;
    if (leaves) p->next = knots[i + 1].place;
  }
  return CLX_OK;
}

static clx_status sort_spans(const clx_trace *trace, clx_arena *arena, clx_trace_order *order, clx_error *error) {
  if (trace->span_count == 0) return CLX_OK;
  order->place = CLX_NEW_ARRAY(arena, clx_trace_place, trace->span_count);
  if (order->place == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory for the spans of a trace");
  for (int64_t i = 0; i < trace->span_count; i++) CLX_TRY(place_span(trace, i, &order->place[i], error));
  qsort(order->place, (size_t)trace->span_count, sizeof *order->place, compare_places);
  CLX_TRY(part_spans(trace, order->place, error));
  for (int64_t i = 0; i < trace->span_count; i++) {
    if (order->place[i].end > order->end) order->end = order->place[i].end;
  }
  return join_spans(trace, arena, order->place, error);
}

// --- processes -------------------------------------------------------------------------------------------------------

static int compare_processes(const void *a, const void *b) {
  const clx_trace_process *x = a, *y = b;
  const int order = compare_numbers(x->process, y->process);
  return order != 0 ? order : compare_numbers(x->track, y->track);
}

static clx_status sort_processes(const clx_trace *trace, clx_arena *arena, clx_trace_order *order, clx_error *error) {
  if (trace->track_count == 0) return CLX_OK;
  order->process = CLX_NEW_ARRAY(arena, clx_trace_process, trace->track_count);
  if (order->process == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory for the processes of a trace");
  for (int32_t i = 0; i < trace->track_count; i++) {
    const clx_track *t = &trace->track[i];
    if (t->process < 0) {
      return clx_fail_plain(error, CLX_INTERNAL, "trace: track '%s' is of process %d", named(t->name), t->process);
    }
    order->process[i] = (clx_trace_process){t->process, i};
  }
  qsort(order->process, (size_t)trace->track_count, sizeof *order->process, compare_processes);
  for (int32_t i = 0; i < trace->track_count; i++) {
    const int32_t kept = order->process_count;
    if (kept > 0 && order->process[kept - 1].process == order->process[i].process) continue;
    order->process[order->process_count++] = order->process[i];
  }
  return CLX_OK;
}

static int32_t find_process(const clx_trace_order *order, int32_t process) {
  int32_t low = 0, high = order->process_count;
  while (low < high) {
    const int32_t middle = low + (high - low) / 2;
    if (order->process[middle].process < process) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < order->process_count && order->process[low].process == process ? low : -1;
}

// --- counters --------------------------------------------------------------------------------------------------------

typedef struct sorted_sample {
  int32_t process;
  const char *name;
  double time;
  int64_t index;
} sorted_sample;

static int compare_samples(const void *a, const void *b) {
  const sorted_sample *x = a, *y = b;
  int order = compare_numbers(x->process, y->process);
  if (order == 0) order = strcmp(x->name, y->name);
  if (order == 0) order = (x->time > y->time) - (x->time < y->time);
  return order != 0 ? order : compare_numbers(x->index, y->index);
}

static clx_status read_samples(const clx_trace *trace, clx_trace_order *order, sorted_sample *sorted,
                               clx_error *error) {
  for (int64_t i = 0; i < trace->sample_count; i++) {
    const clx_trace_sample *s = &trace->sample[i];
    const int32_t process = find_process(order, s->process);
    if (process < 0 || s->name == NULL) {
      return clx_fail_plain(error, CLX_INTERNAL, "trace: a sample of '%s' is of process %d, which has no track",
                            named(s->name), s->process);
    }
    if (!in_time(s->time) || !isfinite(s->value)) {
      return clx_fail_plain(error, CLX_INTERNAL, "trace: a sample of '%s' is %g at %g s", s->name, s->value, s->time);
    }
    sorted[i] = (sorted_sample){process, s->name, s->time, i};
    const int64_t at = clx_trace_nanoseconds(s->time);
    if (at > order->end) order->end = at;
  }
  return CLX_OK;
}

static clx_status sort_samples(const clx_trace *trace, clx_arena *arena, clx_trace_order *order, clx_error *error) {
  const int64_t count = trace->sample_count;
  if (count == 0) return CLX_OK;
  sorted_sample *sorted = CLX_NEW_ARRAY(arena, sorted_sample, count);
  order->sample = CLX_NEW_ARRAY(arena, int64_t, count);
  order->counter = CLX_NEW_ARRAY(arena, clx_trace_counter, count);
  if (sorted == NULL || order->sample == NULL || order->counter == NULL) {
    return clx_fail_plain(error, CLX_MEMORY, "out of memory for the counters of a trace");
  }
  CLX_TRY(read_samples(trace, order, sorted, error));
  qsort(sorted, (size_t)count, sizeof *sorted, compare_samples);
  for (int64_t i = 0; i < count; i++) {
    order->sample[i] = sorted[i].index;
    const bool same =
        i > 0 && sorted[i].process == sorted[i - 1].process && strcmp(sorted[i].name, sorted[i - 1].name) == 0;
    if (!same) order->counter[order->counter_count++] = (clx_trace_counter){sorted[i].process, i, 0};
    order->counter[order->counter_count - 1].count++;
  }
  return CLX_OK;
}

clx_status clx_trace_sort(const clx_trace *trace, clx_arena *arena, clx_trace_order *order, clx_error *error) {
  *order = (clx_trace_order){0};
  CLX_TRY(sort_spans(trace, arena, order, error));
  CLX_TRY(sort_processes(trace, arena, order, error));
  return sort_samples(trace, arena, order, error);
}
