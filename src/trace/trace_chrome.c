// Chrome's Trace Event Format (JSON), as ui.perfetto.dev and chrome://tracing read it: complete events on a thread of its own
// for each track, arrows as flow events, counters. Times are microseconds with three decimals.
#include <stdlib.h>
#include <string.h>

#include "trace/trace_internal.h"

typedef struct writer {
  const clx_trace *trace;
  const clx_trace_order *order;
  clx_buffer *out;
  clx_buffer clean;  // a text on its way
  bool first;
} writer;

// --- JSON ------------------------------------------------------------------------------------------------------------

static void put_quoted(writer *w, const char *text) {
  w->clean.length = 0;
  clx_buffer_add(&w->clean, text, strlen(text));
  if (!w->clean.failed) clx_text_clean(w->clean.data, true);
  clx_buffer_add(w->out, "\"", 1);
  for (const char *c = w->clean.failed ? "" : w->clean.data; *c != '\0'; c++) {
    if (*c == '"' || *c == '\\') clx_buffer_add(w->out, "\\", 1);
    clx_buffer_add(w->out, c, 1);
  }
  clx_buffer_add(w->out, "\"", 1);
  w->out->failed = w->out->failed || w->clean.failed;
}

static void put_time(clx_buffer *out, const char *key, int64_t nanoseconds) {
  const lldiv_t t = lldiv(nanoseconds, 1000);
  clx_buffer_format(out, ",\"%s\":%lld.%03lld", key, t.quot, t.rem);
}

static void put_text(writer *w, const char *key, const char *text) {
  clx_buffer_format(w->out, ",\"%s\":", key);
  put_quoted(w, text);
}

// ,"args":{"flop":1.5e12}
static void put_amount(writer *w, const char *name, double value) {
  clx_buffer_format(w->out, ",\"args\":{");
  put_quoted(w, name);
  clx_buffer_format(w->out, ":%.17g}", value);
}

// --- events ----------------------------------------------------------------------------------------------------------

static int32_t process_id(const clx_trace *trace, int32_t track) { return 1 + trace->track[track].process; }

static void begin_event(writer *w, char phase, int32_t process) {
  clx_buffer_format(w->out, "%s{\"ph\":\"%c\",\"pid\":%d", w->first ? "" : ",\n", phase, process);
  w->first = false;
}

static void begin_track_event(writer *w, char phase, int32_t track) {
  begin_event(w, phase, process_id(w->trace, track));
  clx_buffer_format(w->out, ",\"tid\":%d", 1 + track);
}

static void end_event(writer *w) { clx_buffer_add(w->out, "}", 1); }

static void put_names(writer *w) {
  const clx_trace *t = w->trace;
  for (int32_t i = 0; i < w->order->process_count; i++) {
    const clx_trace_process *p = &w->order->process[i];
    const char *name = t->track[p->track].process_name;
    begin_event(w, 'M', 1 + p->process);
    clx_buffer_format(w->out, ",\"name\":\"process_name\",\"args\":{\"name\":");
    put_quoted(w, name != NULL ? name : "");
    clx_buffer_format(w->out, "}}");
    begin_event(w, 'M', 1 + p->process);
    clx_buffer_format(w->out, ",\"name\":\"process_sort_index\",\"args\":{\"sort_index\":%d}}", p->process);
  }
  for (int32_t i = 0; i < t->track_count; i++) {
    if (t->track[i].name == NULL) continue;
    begin_track_event(w, 'M', i);
    clx_buffer_format(w->out, ",\"name\":\"thread_name\",\"args\":{\"name\":");
    put_quoted(w, t->track[i].name);
    clx_buffer_format(w->out, "}}");
    begin_track_event(w, 'M', i);
    clx_buffer_format(w->out, ",\"name\":\"thread_sort_index\",\"args\":{\"sort_index\":%d}}", i);
  }
}

// At the start of its span, behind it in the file: both are then of the same slice to every reader.
static void put_joint(writer *w, const clx_trace_place *place) {
  static const char phase[] = {[CLX_JOINT_FIRST] = 's', [CLX_JOINT_MIDDLE] = 't', [CLX_JOINT_LAST] = 'f'};
  if (place->joint == CLX_JOINT_NONE) return;
  begin_track_event(w, phase[place->joint], place->track);
  put_time(w->out, "ts", place->start);
  clx_buffer_format(w->out, ",\"id\":%d,\"name\":\"flow\",\"cat\":\"flow\"", w->trace->span[place->span].flow);
  if (place->joint != CLX_JOINT_FIRST) clx_buffer_format(w->out, ",\"bp\":\"e\"");
  end_event(w);
}

static void put_span(writer *w, const clx_trace_place *place) {
  const clx_trace_span *s = &w->trace->span[place->span];
  begin_track_event(w, 'X', place->track);
  put_time(w->out, "ts", place->start);
  put_time(w->out, "dur", place->end - place->start);
  if (s->category != NULL) put_text(w, "cat", s->category);
  put_text(w, "name", s->name != NULL ? s->name : "");
  if (s->amount_name != NULL) put_amount(w, s->amount_name, s->amount);
  end_event(w);
  put_joint(w, place);
}

static void put_samples(writer *w, const clx_trace_counter *counter) {
  for (int64_t i = counter->first; i < counter->first + counter->count; i++) {
    const clx_trace_sample *s = &w->trace->sample[w->order->sample[i]];
    begin_event(w, 'C', 1 + s->process);
    put_time(w->out, "ts", clx_trace_nanoseconds(s->time));
    put_text(w, "name", s->name);
    put_amount(w, s->unit != NULL && s->unit[0] != '\0' ? s->unit : "value", s->value);
    end_event(w);
  }
}

void clx_trace_write_chrome(const clx_trace *trace, const clx_trace_order *order, clx_buffer *out) {
  writer w = {.trace = trace, .order = order, .out = out, .first = true};
  clx_buffer_format(out, "{\"displayTimeUnit\":\"ms\"");
  if (trace->title != NULL) {
    clx_buffer_format(out, ",\"otherData\":{\"title\":");
    put_quoted(&w, trace->title);
    clx_buffer_format(out, "}");
  }
  clx_buffer_format(out, ",\"traceEvents\":[\n");
  put_names(&w);
  for (int64_t i = 0; i < trace->span_count; i++) put_span(&w, &order->place[i]);
  for (int32_t i = 0; i < order->counter_count; i++) put_samples(&w, &order->counter[i]);
  clx_buffer_format(out, "\n]}\n");
  clx_buffer_free(&w.clean);
}
