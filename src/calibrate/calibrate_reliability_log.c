// A log in memory: classes, events, spans of exposure, and what follows from them together.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "calibrate/calibrate_reliability.h"

static clx_status no_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

// "Network switch/cable" -> "network_switch_cable".
static void name_of(const char *word, char *name, size_t size) {
  size_t length = 0;
  for (const char *c = word; *c != '\0' && length + 1 < size; c++) {
    const char low = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    const bool plain = (low >= 'a' && low <= 'z') || (low >= '0' && low <= '9');
    if (plain || (length > 0 && name[length - 1] != '_')) name[length++] = plain ? low : '_';
  }
  while (length > 0 && name[length - 1] == '_') length--;
  name[length] = '\0';
}

int32_t clx_failure_log_kind(clx_arena *arena, clx_failure_log *log, const char *word, int32_t cause, clx_place place,
                             clx_error *error) {
  char name[64];
  name_of(word, name, sizeof name);
  if (name[0] == '\0') {
    clx_fail(error, CLX_INPUT, place, "class '%.60s' has no letter or digit", word);
    return -1;
  }
  for (int32_t i = 0; i < log->kinds; i++) {
    if (strcmp(log->kind[i].name, name) == 0) return i;
  }
  if (log->kinds == CLX_LOG_CLASSES_MAX) {
    clx_fail(error, CLX_INPUT, place, "class '%.60s' is one more than the %d that are read: is the column right?", word,
             CLX_LOG_CLASSES_MAX);
    return -1;
  }
  clx_log_class *kind = &log->kind[log->kinds];
  *kind =
      (clx_log_class){.name = clx_arena_text(arena, name), .title = clx_arena_text(arena, word), .line = place.line};
  if (kind->name == NULL || kind->title == NULL) {
    no_memory(error);
    return -1;
  }
  clx_log_word(word, &kind->cause, &kind->role);
  if (cause >= 0) kind->cause = cause;
  return log->kinds++;
}

static void *grown(clx_arena *arena, const void *old, int32_t count, int32_t *capacity, size_t size) {
  const int32_t next = *capacity == 0 ? 256 : 2 * *capacity;
  void *array = clx_arena_array(arena, (size_t)next, size);
  if (array == NULL) return NULL;
  if (count > 0) memcpy(array, old, (size_t)count * size);
  *capacity = next;
  return array;
}

clx_status clx_failure_log_event(clx_arena *arena, clx_failure_log *log, const clx_log_event *event, clx_error *error) {
  if (log->event_count == log->event_capacity) {
    log->event = grown(arena, log->event, log->event_count, &log->event_capacity, sizeof *log->event);
    if (log->event == NULL) return no_memory(error);
  }
  log->event[log->event_count++] = *event;
  return CLX_OK;
}

clx_status clx_failure_log_span(clx_arena *arena, clx_failure_log *log, const clx_log_span *span, clx_error *error) {
  if (log->span_count == log->span_capacity) {
    log->span = grown(arena, log->span, log->span_count, &log->span_capacity, sizeof *log->span);
    if (log->span == NULL) return no_memory(error);
  }
  log->span[log->span_count++] = *span;
  return CLX_OK;
}

// --- together --------------------------------------------------------------------------------------------------------------

static int order(double a, double b) { return (a > b) - (a < b); }

static int by_unit(const void *a, const void *b) {
  const clx_log_span *x = a, *y = b;
  if (x->unit != y->unit) return x->unit < y->unit ? -1 : 1;
  const int from = order(x->from, y->from);
  return from != 0 ? from : order(x->line, y->line);
}

static int by_time(const void *a, const void *b) {
  const clx_log_event *x = a, *y = b;
  const int time = order(isnan(x->time) ? -INFINITY : x->time, isnan(y->time) ? -INFINITY : y->time);
  return time != 0 ? time : order(x->line, y->line);
}

// A unit cannot be at risk twice at the same time: one rate would be counted against both.
static clx_status check_overlap(const clx_failure_log *log, clx_error *error) {
  clx_status status = CLX_OK;
  for (int32_t i = 1; i < log->span_count; i++) {
    const clx_log_span *a = &log->span[i - 1], *b = &log->span[i];
    if (a->unit == b->unit && b->from < a->to)
      status = clx_fail(error, CLX_INPUT, (clx_place){log->span_file, b->line, 0},
                        "exposure of '%s' begins before that of line %d ends: it would count twice",
                        log->units.name[b->unit], a->line);
  }
  return status;
}

static clx_status add_up(clx_failure_log *log, clx_error *error) {
  clx_sum nodes = {0}, gpus = {0};
  bool gpus_known = true;
  log->from = log->to = (double)NAN;
  for (int32_t i = 0; i < log->span_count; i++) {
    const clx_log_span *s = &log->span[i];
    const double time = s->count * (s->to - s->from);
    clx_sum_add(&nodes, time);
    gpus_known &= s->gpus >= 0 || time == 0;
    if (s->gpus > 0) clx_sum_add(&gpus, time * s->gpus);
    if (!(s->from >= log->from)) log->from = s->from;
    if (!(s->to <= log->to)) log->to = s->to;
    log->ages_known |= !isnan(s->in_service);
  }
  if (log->span_count > 0) {
    log->node_time = clx_sum_value(&nodes);
    log->gpu_time = gpus_known ? clx_sum_value(&gpus) : 0;
    if (!gpus_known && clx_sum_value(&gpus) > 0)
      clx_buffer_format(&log->note, "Some exposure has no number of GPUs: no rate per GPU\n");
  }
  if (log->node_time > 0 && isfinite(log->node_time)) return CLX_OK;
  return clx_fail(
      error, CLX_INPUT, (clx_place){log->file, 0, 0},
      "exposure is %s: a rate needs the time in which nothing failed, too; give rows with node, from and to "
      "(in the log or with --exposure FILE), or --node-hours N",
      log->span_count > 0 ? "0" : "missing");
}

// The span of the event's unit that holds its time; NULL = none. Spans stand by unit and start.
static const clx_log_span *span_of(const clx_failure_log *log, const clx_log_event *event) {
  int32_t low = 0, high = log->span_count;  // the last span that begins no later than the event
  while (low < high) {
    const int32_t middle = low + (high - low) / 2;
    const clx_log_span *s = &log->span[middle];
    if (s->unit < event->unit || (s->unit == event->unit && s->from <= event->time)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  // An event at the seam of two spans ends the first: the unit that failed is the one that was taken out.
  for (int32_t i = low - 1; i >= 0 && i >= low - 2; i--) {
    const clx_log_span *s = &log->span[i];
    const bool seam =
        i > 0 && s->from == event->time && log->span[i - 1].unit == s->unit && log->span[i - 1].to == s->from;
    if (s->unit == event->unit && event->time <= s->to && !seam) return s;
  }
  return NULL;
}

// Finds the exposure of every event, its age and place; drops events outside of any.
static clx_status match(clx_failure_log *log, clx_error *error) {
  int32_t kept = 0, outside = 0, first_outside = 0;
  clx_status status = CLX_OK;
  for (int32_t i = 0; i < log->event_count; i++) {
    clx_log_event e = log->event[i];
    if (log->spans_known && e.unit >= 0 && !isnan(e.time)) {
      const clx_log_span *s = span_of(log, &e);
      if (s == NULL) {
        if (outside++ == 0) first_outside = e.line;
        continue;
      }
      if (isnan(e.age) && !isnan(s->in_service)) e.age = e.time - s->in_service;
      if (e.position < 0) e.position = s->position;
      if (!s->alone) e.unit = -1;
      e.ends = e.time == s->to;
    }
    if (e.age < 0)
      status = clx_fail(error, CLX_INPUT, (clx_place){log->file, e.line, 0},
                        "the event is %.6g s before its unit came into service", -e.age);
    log->units_told |= e.unit >= 0;
    log->event[kept++] = e;
  }
  log->event_count = kept;
  if (outside > 0)
    clx_buffer_format(&log->note, "%d event%s left out: %s outside of the exposure of %s node; the first in line %d\n",
                      outside, outside > 1 ? "s" : "", outside > 1 ? "they lie" : "it lies",
                      outside > 1 ? "their" : "its", first_outside);
  return status;
}

clx_status clx_failure_log_finish(clx_arena *arena, clx_failure_log *log, clx_error *error) {
  (void)arena;
  log->spans_known = log->span_count > 0;
  if (log->span_count > 0) qsort(log->span, (size_t)log->span_count, sizeof *log->span, by_unit);
  CLX_TRY(check_overlap(log, error));
  CLX_TRY(add_up(log, error));
  CLX_TRY(match(log, error));
  if (log->event_count > 0) qsort(log->event, (size_t)log->event_count, sizeof *log->event, by_time);
  for (int32_t i = 0; i < log->event_count && !log->spans_known; i++) {
    const double time = log->event[i].time;
    if (isnan(time)) continue;
    if (!(time >= log->from)) log->from = time;
    if (!(time <= log->to)) log->to = time;
  }
  return log->note.failed ? no_memory(error) : CLX_OK;
}
