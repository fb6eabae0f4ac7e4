// Traces: bytes as Perfetto's own tools decode them, order, arrows, what is refused, and a drawing that stays small.
#include "check.h"

#include "report/report.h"
#include "trace/trace.h"
#include "trace/trace_protobuf.h"

// --- bytes -----------------------------------------------------------------------------------------------------------

// A process, a track with one slice and its FLOP, a counter with one sample: `protoc --decode=perfetto.protos.Trace` reads
// these bytes as that.
static const char GOLDEN[] =
    "0a10e2030d08641a090801320547505520300a17e2031408652864120e73747265616d20636f6d707574650a13e20310086628641205706f77"
    "6572"
    "42033201570a34400050015a2e48015865ba010b667764206c617965722030b20107636f6d7075746522105205666c6f70732900008079efd3"
    "7542"
    "0a0c40e0c65b50015a04480258650a14400050015a0e48045866e1020000000000ac8540";

static void test_perfetto_bytes(void **state) {
  (void)state;
  clx_track track = {0, "GPU 0", "stream compute"};
  clx_trace_span span = {
      .name = "fwd layer 0", .category = "compute", .end = 1.5e-3, .amount_name = "flops", .amount = 1.5e12};
  clx_trace_sample sample = {0, "power", "W", 0, 693.5};
  const clx_trace trace = {
      .track = &track, .track_count = 1, .span = &span, .span_count = 1, .sample = &sample, .sample_count = 1};
  clx_buffer out = {0};
  assert_int_equal(clx_trace_write(&trace, CLX_TRACE_PERFETTO, &out, NULL), CLX_OK);
  char hex[2 * 256 + 1] = "";
  assert_true(out.length <= 256);
  for (size_t i = 0; i < out.length; i++) snprintf(hex + 2 * i, 3, "%02x", (unsigned char)out.data[i]);
  assert_string_equal(hex, GOLDEN);
  clx_buffer_free(&out);
}

// Values on both sides of every byte more: length and content by the rule of seven bits a byte.
static void test_varints(void **state) {
  (void)state;
  for (int bits = 1; bits <= 64; bits++) {
    const uint64_t value = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
    clx_buffer out = {0};
    clx_protobuf_varint(&out, 1, value);
    assert_int_equal(out.length, 1 + (bits + 6) / 7);
    uint64_t read = 0;
    for (size_t i = 1; i < out.length; i++) {
      read |= (uint64_t)((unsigned char)out.data[i] & 0x7F) << (7 * (i - 1));
      assert_int_equal((unsigned char)out.data[i] >> 7, i + 1 < out.length);
    }
    assert_true(read == value);
    clx_buffer_free(&out);
  }
}

static void test_chrome_text(void **state) {
  (void)state;
  clx_track track = {0, "rank \"0\"", "compute"};
  clx_trace_span span[] = {
      {.name = "b\\", .category = "forward", .start = 1e-6, .end = 3.0005e-6, .flow = 4},
      {.name = "a\xff\n", .start = 0, .end = 1e-6, .amount_name = "flop", .amount = 2, .flow = 4},
  };
  clx_trace_sample sample = {0, "load", NULL, 0.5, -1.25};
  const clx_trace trace = {"title", &track, 1, span, 2, &sample, 1};
  clx_buffer out = {0};
  assert_int_equal(clx_trace_write(&trace, CLX_TRACE_CHROME, &out, NULL), CLX_OK);
  assert_string_equal(
      out.data,
      "{\"displayTimeUnit\":\"ms\",\"otherData\":{\"title\":\"title\"},\"traceEvents\":[\n"
      "{\"ph\":\"M\",\"pid\":1,\"name\":\"process_name\",\"args\":{\"name\":\"rank \\\"0\\\"\"}},\n"
      "{\"ph\":\"M\",\"pid\":1,\"name\":\"process_sort_index\",\"args\":{\"sort_index\":0}},\n"
      "{\"ph\":\"M\",\"pid\":1,\"tid\":1,\"name\":\"thread_name\",\"args\":{\"name\":\"compute\"}},\n"
      "{\"ph\":\"M\",\"pid\":1,\"tid\":1,\"name\":\"thread_sort_index\",\"args\":{\"sort_index\":0}},\n"
      "{\"ph\":\"X\",\"pid\":1,\"tid\":1,\"ts\":0.000,\"dur\":1.000,\"name\":\"a? \",\"args\":{\"flop\":2}},\n"
      "{\"ph\":\"s\",\"pid\":1,\"tid\":1,\"ts\":0.000,\"id\":4,\"name\":\"flow\",\"cat\":\"flow\"},\n"
      "{\"ph\":\"X\",\"pid\":1,\"tid\":1,\"ts\":1.000,\"dur\":2.001,\"cat\":\"forward\",\"name\":\"b\\\\\"},\n"
      "{\"ph\":\"f\",\"pid\":1,\"tid\":1,\"ts\":1.000,\"id\":4,\"name\":\"flow\",\"cat\":\"flow\",\"bp\":\"e\"},\n"
      "{\"ph\":\"C\",\"pid\":1,\"ts\":500000.000,\"name\":\"load\",\"args\":{\"value\":-1.25}}\n]}\n");
  clx_buffer_free(&out);
}

// --- order -----------------------------------------------------------------------------------------------------------

static void test_sorted_and_joined(void **state) {
  (void)state;
  clx_track tracks[] = {{7, "late", "a"}, {2, "early", "b"}, {7, "late", "c"}};
  clx_trace_span spans[] = {
      {.track = 2, .name = "4", .start = 3, .end = 4, .flow = 1},
      {.track = 0, .name = "2", .start = 1, .end = 2, .flow = 1},
      {.track = 0, .name = "1", .start = 0, .end = 1, .flow = 1},
      {.track = 1, .name = "3", .start = 1, .end = 9, .flow = 2},  // joined to nothing
      {.track = 0, .name = "0", .start = 0, .end = 0},             // of no length, before what starts with it
  };
  clx_trace_sample samples[] = {{7, "b", "W", 2, 1}, {2, "z", "W", 11, 1}, {7, "a", "W", 1, 1}, {7, "b", "W", 1, 1}};
  const clx_trace trace = {NULL, tracks, 3, spans, 5, samples, 4};
  clx_arena *arena = clx_arena_new();
  clx_trace_order o;
  assert_int_equal(clx_trace_sort(&trace, arena, &o, NULL), CLX_OK);
  static const int64_t order[] = {4, 2, 1, 3, 0};
  static const clx_trace_joint joint[] = {CLX_JOINT_NONE, CLX_JOINT_FIRST, CLX_JOINT_MIDDLE, CLX_JOINT_NONE,
                                          CLX_JOINT_LAST};
  static const int64_t next[] = {-1, 2, 4, -1, -1};
  for (int i = 0; i < 5; i++) {
    assert_int_equal(o.place[i].span, order[i]);
    assert_int_equal(o.place[i].joint, joint[i]);
    assert_int_equal(o.place[i].next, next[i]);
  }
  assert_int_equal(o.process_count, 2);
  assert_int_equal(o.process[0].process, 2);
  assert_int_equal(o.process[1].track, 0);
  assert_int_equal(o.counter_count, 3);
  static const int64_t sample[] = {1, 2, 3, 0};
  for (int i = 0; i < 4; i++) assert_int_equal(o.sample[i], sample[i]);
  assert_int_equal(o.counter[2].count, 2);
  assert_true(o.end == 11000000000);
  clx_arena_free(arena);
}

// Durations that are added up end a bit behind the next start: cut, and by no more than a nanosecond.
static void test_sums_of_durations_fit(void **state) {
  (void)state;
  enum { SPANS = 20000 };
  static clx_trace_span spans[SPANS];
  clx_track track = {0, "p", "t"};
  double time = 0;
  for (int i = 0; i < SPANS; i++) {
    spans[i] = (clx_trace_span){.name = "s", .start = time, .end = time * (1 + 4e-16) + 0.1};
    time += 0.1;
  }
  const clx_trace trace = {NULL, &track, 1, spans, SPANS, NULL, 0};
  clx_arena *arena = clx_arena_new();
  clx_trace_order o;
  assert_int_equal(clx_trace_sort(&trace, arena, &o, NULL), CLX_OK);
  for (int i = 1; i < SPANS; i++) assert_true(o.place[i].start >= o.place[i - 1].end);
  clx_arena_free(arena);
}

// --- what is refused -------------------------------------------------------------------------------------------------

static void refuse(const clx_trace_span *spans, int64_t count, const char *word) {
  clx_track tracks[] = {{0, "p", "compute"}, {1, "site", NULL}};
  clx_trace_span copy[2];
  for (int64_t i = 0; i < count; i++) copy[i] = spans[i];
  const clx_trace trace = {NULL, tracks, 2, copy, count, NULL, 0};
  clx_buffer out = {0};
  clx_error error = {0};
  assert_int_equal(clx_trace_write(&trace, CLX_TRACE_PERFETTO, &out, &error), CLX_INTERNAL);
  assert_non_null(strstr(error.mistake[0].text, word));
  assert_int_equal(out.length, 0);
  clx_buffer_free(&out);
}

static void test_bad_spans_are_named(void **state) {
  (void)state;
  refuse((const clx_trace_span[]){{.name = "first", .end = 2e-6}, {.name = "second", .start = 1e-6, .end = 3e-6}}, 2,
         "'first' and 'second' of track 'compute' overlap by 1000 ns");
  refuse((const clx_trace_span[]){{.track = 2, .name = "x", .end = 1}}, 1, "track 2");
  refuse((const clx_trace_span[]){{.track = -1, .name = "x", .end = 1}}, 1, "track -1");
  refuse((const clx_trace_span[]){{.track = 1, .name = "x", .end = 1}}, 1, "track 1");
  refuse((const clx_trace_span[]){{.name = "x", .start = 2, .end = 1}}, 1, "from 2 s to 1 s");
  refuse((const clx_trace_span[]){{.name = "x", .start = -1, .end = 1}}, 1, "from -1 s");
  refuse((const clx_trace_span[]){{.name = "x", .end = NAN}}, 1, "nan");
  refuse((const clx_trace_span[]){{.name = "x", .end = 1e9}}, 1, "1e+09");
  refuse((const clx_trace_span[]){{.name = "x", .end = 1, .amount_name = "flop", .amount = INFINITY}}, 1, "inf flop");
}

static void test_bad_samples_are_named(void **state) {
  (void)state;
  clx_track track = {0, "p", "compute"};
  clx_trace_sample samples[] = {{1, "power", "W", 0, 0}, {0, "power", "W", 0, NAN}, {0, "power", "W", -1, 0}};
  for (int i = 0; i < 3; i++) {
    const clx_trace trace = {NULL, &track, 1, NULL, 0, &samples[i], 1};
    clx_buffer out = {0};
    clx_error error = {0};
    assert_int_equal(clx_trace_write(&trace, CLX_TRACE_CHROME, &out, &error), CLX_INTERNAL);
    assert_non_null(strstr(error.mistake[0].text, "'power'"));
    clx_buffer_free(&out);
  }
}

// --- drawing ---------------------------------------------------------------------------------------------------------

enum { MANY = 200000, LANES = 8 };

static clx_trace many_make(clx_track *tracks, clx_trace_span *spans, clx_trace_sample *samples) {
  static const char *const names[] = {"compute", "tp"};
  for (int32_t i = 0; i < LANES; i++) tracks[i] = (clx_track){i / 2, "stage", names[i % 2]};
  for (int64_t i = 0; i < MANY; i++) {
    const double start = (double)(i / LANES) * 1e-3;
    spans[i] = (clx_trace_span){
        (int32_t)(i % LANES), "f", i / LANES % 3 == 0 ? "forward" : "backward", start, start + 0.8e-3, 1, NULL, 0};
  }
  for (int32_t i = 0; i < 1000; i++) samples[i] = (clx_trace_sample){0, "power", "W", 1e-3 * i, 500 + i % 7};
  return (clx_trace){"many", tracks, LANES, spans, MANY, samples, 1000};
}

static void test_drawing_of_many_spans_is_small(void **state) {
  (void)state;
  static clx_track tracks[LANES];
  static clx_trace_span spans[MANY];
  static clx_trace_sample samples[1000];
  const clx_trace trace = many_make(tracks, spans, samples);
  clx_buffer out = {0};
  assert_int_equal(clx_report_timeline_svg(&trace, &out, NULL), CLX_OK);
  assert_true(out.length < LANES * 1000 * 100);  // an element a pixel of a row at most
  assert_non_null(strstr(out.data, ">forward</text>"));
  assert_non_null(strstr(out.data, "200000 spans"));
  assert_null(strstr(out.data, "nan"));
  assert_null(strstr(out.data, "class=\"arrow\" d"));  // too many
  clx_buffer_free(&out);
}

static void test_empty_traces_are_drawn_and_written(void **state) {
  (void)state;
  const clx_trace trace = {0};
  clx_buffer out = {0};
  assert_int_equal(clx_report_timeline_svg(&trace, &out, NULL), CLX_OK);
  assert_non_null(strstr(out.data, "</svg>"));
  assert_int_equal(clx_trace_write(&trace, CLX_TRACE_CHROME, &out, NULL), CLX_OK);
  const size_t length = out.length;
  assert_int_equal(clx_trace_write(&trace, CLX_TRACE_PERFETTO, &out, NULL), CLX_OK);
  assert_int_equal(out.length, length);
  clx_buffer_free(&out);
}

static void test_memory_may_run_out(void **state) {
  (void)state;
  static clx_track tracks[LANES];
  static clx_trace_span spans[MANY];
  static clx_trace_sample samples[1000];
  clx_trace trace = many_make(tracks, spans, samples);
  trace.span_count = 100;
  for (int kind = 0; kind < 3; kind++) {
    clx_status status = CLX_MEMORY;
    for (int n = 1; status == CLX_MEMORY && n < 100; n++) {
      clx_buffer out = {0};
      clx_memory_fail_after(n);
      status = kind == 2 ? clx_report_timeline_svg(&trace, &out, NULL)
                         : clx_trace_write(&trace, (clx_trace_format)kind, &out, NULL);
      clx_memory_fail_after(0);
      assert_true(status == CLX_OK || (status == CLX_MEMORY && n < 99));
      clx_buffer_free(&out);
    }
    assert_int_equal(status, CLX_OK);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_perfetto_bytes),
      cmocka_unit_test(test_varints),
      cmocka_unit_test(test_chrome_text),
      cmocka_unit_test(test_sorted_and_joined),
      cmocka_unit_test(test_sums_of_durations_fit),
      cmocka_unit_test(test_bad_spans_are_named),
      cmocka_unit_test(test_bad_samples_are_named),
      cmocka_unit_test(test_drawing_of_many_spans_is_small),
      cmocka_unit_test(test_empty_traces_are_drawn_and_written),
      cmocka_unit_test(test_memory_may_run_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
