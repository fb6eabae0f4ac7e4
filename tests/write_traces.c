// Writes one random trace in both formats into the folder it is given, for trace_check.py, and prints what is in it as JSON:
// write_traces FOLDER SEED.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/trace.h"

enum { PROCESSES = 5, TRACKS = 3, SPANS = 400, SAMPLES = 50, CHAINS = 40 };

static uint32_t seed;

static double draw(void) {
  seed = seed * 1664525u + 1013904223u;
  return (seed >> 8) / 16777216.0;
}

static int write_file(const char *folder, const char *name, const clx_buffer *text) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "wb");
  if (file == NULL) return 1;
  const size_t written = fwrite(text->data, 1, text->length, file);
  return fclose(file) != 0 || written != text->length;
}

// Spans back to back, apart, and of no length at all, as sums of durations.
static void fill_track(clx_trace *t, int32_t track) {
  static const char *const categories[] = {"forward", "backward", "tp", NULL};
  static const char *const names[] = {"forward 0.0", "\"quoted\\\"", "\xc3\xa9tape", "stray \xff byte", "all-reduce"};
  double time = draw();
  for (int i = 0; i < SPANS; i++) {
    const double length = draw() < 0.1 ? 0 : draw() * 1e-3;
    clx_trace_span s = {.track = track, .name = names[(int)(draw() * 5)], .category = categories[(int)(draw() * 4)]};
    s.start = time;
    s.end = time + length;
    s.flow = draw() < 0.3 ? 1 + (int32_t)(draw() * CHAINS) : 0;
    if (draw() < 0.5) {
      s.amount_name = "flop";
      s.amount = draw() * 1e15;
    }
    t->span[t->span_count++] = s;
    time = s.end + (draw() < 0.5 ? 0 : draw() * 1e-4);
  }
}

static void shuffle(clx_trace *t) {
  for (int64_t i = t->span_count - 1; i > 0; i--) {
    const int64_t j = (int64_t)(draw() * (double)(i + 1));
    const clx_trace_span s = t->span[i];
    t->span[i] = t->span[j];
    t->span[j] = s;
  }
}

int main(int argc, char **argv) {
  static clx_track tracks[PROCESSES * TRACKS + 1];
  static clx_trace_span spans[PROCESSES * TRACKS * SPANS];
  static clx_trace_sample samples[2 * PROCESSES * SAMPLES];
  static const char *const streams[] = {"compute", "tp", "dp"};
  static char names[PROCESSES][32];
  if (argc != 3) return 2;
  seed = (uint32_t)atoi(argv[2]);
  clx_trace t = {.title = "a \"random\" trace", .track = tracks, .span = spans, .sample = samples};
  for (int32_t i = 0; i < PROCESSES; i++) {
    snprintf(names[i], sizeof names[i], "stage %d, ranks 0-7", i);
    for (int32_t k = 0; k < TRACKS; k++) tracks[t.track_count++] = (clx_track){3 * i, names[i], streams[k]};
  }
  for (int32_t i = 0; i < PROCESSES * TRACKS; i++) fill_track(&t, i);
  tracks[t.track_count++] = (clx_track){100, "site", NULL};
  shuffle(&t);
  for (int32_t i = 0; i < 2 * PROCESSES * SAMPLES; i++) {
    const int32_t process = i % 2 == 0 ? 100 : 3 * (i / 2 % PROCESSES);
    samples[t.sample_count++] =
        (clx_trace_sample){process, i % 2 == 0 ? "site power" : "GPU power", "W", draw(), 700 * draw()};
  }
  clx_buffer text = {0};
  if (clx_trace_write(&t, CLX_TRACE_CHROME, &text, NULL) != CLX_OK || write_file(argv[1], "trace.json", &text))
    return 1;
  clx_buffer_free(&text);
  if (clx_trace_write(&t, CLX_TRACE_PERFETTO, &text, NULL) != CLX_OK) return 1;
  if (write_file(argv[1], "trace.perfetto", &text)) return 1;
  clx_buffer_free(&text);
  printf("{\"processes\": %d, \"tracks\": %d, \"spans\": %d, \"counters\": %d, \"samples\": %d}\n", PROCESSES + 1,
         PROCESSES * TRACKS, PROCESSES * TRACKS * SPANS, PROCESSES + 1, 2 * PROCESSES * SAMPLES);
  return 0;
}
