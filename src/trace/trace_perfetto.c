// Perfetto's own format (google/perfetto protos/perfetto/trace): packets of track descriptors, slices and counters. A track
// of its own for each stream needs no thread, so that nothing of the importer's rules for threads applies.
#include "trace/trace_internal.h"
#include "trace/trace_protobuf.h"

// Trace
enum { TRACE_PACKET = 1 };
// TracePacket
enum { PACKET_TIMESTAMP = 8, PACKET_SEQUENCE = 10, PACKET_EVENT = 11, PACKET_DESCRIPTOR = 60 };
// TrackDescriptor
enum {
  DESCRIPTOR_UUID = 1,
  DESCRIPTOR_NAME = 2,
  DESCRIPTOR_PROCESS = 3,
  DESCRIPTOR_PARENT = 5,
  DESCRIPTOR_COUNTER = 8,
  DESCRIPTOR_CHILD_ORDERING = 11,
  DESCRIPTOR_RANK = 12
};
enum { PROCESS_PID = 1, PROCESS_NAME = 6, COUNTER_UNIT_NAME = 6, CHILDREN_EXPLICIT = 3 };
// TrackEvent
enum {
  EVENT_ANNOTATION = 4,
  EVENT_TYPE = 9,
  EVENT_TRACK = 11,
  EVENT_CATEGORY = 22,
  EVENT_NAME = 23,
  EVENT_COUNTER_VALUE = 44,
  EVENT_FLOW = 47,
  EVENT_LAST_FLOW = 48
};
enum { SLICE_BEGIN = 1, SLICE_END = 2, COUNTER = 4 };
// DebugAnnotation
enum { ANNOTATION_DOUBLE = 5, ANNOTATION_NAME = 10 };

// One writer: all events are of one sequence. Identities of tracks are numbers of our choice, 0 excepted.
enum { SEQUENCE = 1, FIRST_UUID = 100 };

typedef struct writer {
  const clx_trace *trace;
  const clx_trace_order *order;
  clx_buffer *out;
  clx_buffer packet, body, part;  // emptied and used again
} writer;

static void put_packet(writer *w) { clx_protobuf_message(w->out, TRACE_PACKET, &w->packet); }

// --- tracks ----------------------------------------------------------------------------------------------------------

// Processes come first, then tracks, then counters.
static uint64_t process_uuid(int32_t process) { return FIRST_UUID + (uint64_t)process; }

static uint64_t track_uuid(const writer *w, int32_t track) {
  return FIRST_UUID + (uint64_t)w->order->process_count + (uint64_t)track;
}

static uint64_t counter_uuid(const writer *w, int32_t counter) {
  return track_uuid(w, w->trace->track_count) + (uint64_t)counter;
}

static void put_process(writer *w, int32_t index) {
  const clx_trace_process *p = &w->order->process[index];
  const char *name = w->trace->track[p->track].process_name;
  clx_protobuf_varint(&w->body, DESCRIPTOR_UUID, process_uuid(index));
  clx_protobuf_varint(&w->part, PROCESS_PID, 1 + (uint64_t)p->process);  // 0 is the idle task to Perfetto
  if (name != NULL) clx_protobuf_text(&w->part, PROCESS_NAME, name);
  clx_protobuf_message(&w->body, DESCRIPTOR_PROCESS, &w->part);
  // Else the page sorts children by name. Written where there is something to sort.
  if (w->trace->track_count > w->order->process_count) {
    clx_protobuf_varint(&w->body, DESCRIPTOR_CHILD_ORDERING, CHILDREN_EXPLICIT);
  }
  clx_protobuf_message(&w->packet, PACKET_DESCRIPTOR, &w->body);
  put_packet(w);
}

static void put_child(writer *w, uint64_t uuid, int32_t process, const char *name) {
  clx_protobuf_varint(&w->body, DESCRIPTOR_UUID, uuid);
  clx_protobuf_varint(&w->body, DESCRIPTOR_PARENT, process_uuid(process));
  clx_protobuf_text(&w->body, DESCRIPTOR_NAME, name);
}

static void put_rank(writer *w, int32_t rank) {
  if (rank > 0) clx_protobuf_varint(&w->body, DESCRIPTOR_RANK, (uint64_t)rank);
}

static void put_track(writer *w, int32_t index, int32_t process) {
  put_child(w, track_uuid(w, index), process, w->trace->track[index].name);
  if (w->trace->track_count > w->order->process_count) put_rank(w, index);
  clx_protobuf_message(&w->packet, PACKET_DESCRIPTOR, &w->body);
  put_packet(w);
}

static void put_counter(writer *w, int32_t index) {
  const clx_trace_counter *c = &w->order->counter[index];
  const clx_trace_sample *s = &w->trace->sample[w->order->sample[c->first]];
  put_child(w, counter_uuid(w, index), c->process, s->name);
  if (s->unit != NULL) clx_protobuf_text(&w->part, COUNTER_UNIT_NAME, s->unit);
  clx_protobuf_message(&w->body, DESCRIPTOR_COUNTER, &w->part);
  if (w->trace->track_count > w->order->process_count) put_rank(w, w->trace->track_count + index);
  clx_protobuf_message(&w->packet, PACKET_DESCRIPTOR, &w->body);
  put_packet(w);
}

static void put_descriptors(writer *w) {
  for (int32_t i = 0; i < w->order->process_count; i++) put_process(w, i);
  for (int32_t i = 0; i < w->trace->track_count; i++) {
    int32_t process = 0;
    if (w->trace->track[i].name == NULL) continue;
    while (w->order->process[process].process != w->trace->track[i].process) process++;
    put_track(w, i, process);
  }
  for (int32_t i = 0; i < w->order->counter_count; i++) put_counter(w, i);
}

// --- events ----------------------------------------------------------------------------------------------------------

static void begin_event(writer *w, int64_t time, int32_t type, uint64_t track) {
  clx_protobuf_varint(&w->packet, PACKET_TIMESTAMP, (uint64_t)time);
  clx_protobuf_varint(&w->packet, PACKET_SEQUENCE, SEQUENCE);
  clx_protobuf_varint(&w->body, EVENT_TYPE, (uint64_t)type);
  clx_protobuf_varint(&w->body, EVENT_TRACK, track);
}

static void end_event(writer *w) {
  clx_protobuf_message(&w->packet, PACKET_EVENT, &w->body);
  put_packet(w);
}

// Events of equal time keep their order in the file: an end stands before the next begin of its track.
static void put_span(writer *w, const clx_trace_place *place) {
  const clx_trace_span *s = &w->trace->span[place->span];
  const uint64_t track = track_uuid(w, place->track);
  begin_event(w, place->start, SLICE_BEGIN, track);
  if (s->name != NULL) clx_protobuf_text(&w->body, EVENT_NAME, s->name);
  if (s->category != NULL) clx_protobuf_text(&w->body, EVENT_CATEGORY, s->category);
  if (s->amount_name != NULL) {
    clx_protobuf_text(&w->part, ANNOTATION_NAME, s->amount_name);
    clx_protobuf_double(&w->part, ANNOTATION_DOUBLE, s->amount);
    clx_protobuf_message(&w->body, EVENT_ANNOTATION, &w->part);
  }
  if (place->joint != CLX_JOINT_NONE) {
    clx_protobuf_fixed64(&w->body, place->joint == CLX_JOINT_LAST ? EVENT_LAST_FLOW : EVENT_FLOW, (uint64_t)s->flow);
  }
  end_event(w);
  begin_event(w, place->end, SLICE_END, track);
  end_event(w);
}

static void put_samples(writer *w, int32_t index) {
  const clx_trace_counter *c = &w->order->counter[index];
  for (int64_t i = c->first; i < c->first + c->count; i++) {
    const clx_trace_sample *s = &w->trace->sample[w->order->sample[i]];
    begin_event(w, clx_trace_nanoseconds(s->time), COUNTER, counter_uuid(w, index));
    clx_protobuf_double(&w->body, EVENT_COUNTER_VALUE, s->value);
    end_event(w);
  }
}

void clx_trace_write_perfetto(const clx_trace *trace, const clx_trace_order *order, clx_buffer *out) {
  writer w = {.trace = trace, .order = order, .out = out};
  put_descriptors(&w);
  for (int64_t i = 0; i < trace->span_count; i++) put_span(&w, &order->place[i]);
  for (int32_t i = 0; i < order->counter_count; i++) put_samples(&w, i);
  clx_buffer_free(&w.packet);
  clx_buffer_free(&w.body);
  clx_buffer_free(&w.part);
}
