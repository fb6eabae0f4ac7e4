// Pipeline schedules on one core: CPU time of building and ordering the task lists, of evaluating them for one lane and for many, with
// jitter and without; growth with micro-batches and lanes. Best of several rounds; asserts nothing.
// usage: bench_pipeline | --count CASE N  (N evaluations of case CASE, for instruction counts)
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pipeline/pipeline.h"

typedef struct subject {
  int32_t kind, stages, chunks, micro_batches;
  bool merge;
  int32_t lanes;
  float jitter;
} subject;

static const subject SUBJECTS[] = {
    {CLX_PIPELINE_1F1B, 16, 0, 64, false, 1, 0},          {CLX_PIPELINE_1F1B, 16, 0, 64, false, 32, 0},
    {CLX_PIPELINE_1F1B, 16, 0, 64, false, 781, 0},        {CLX_PIPELINE_1F1B, 16, 0, 64, false, 7810, 0},
    {CLX_PIPELINE_1F1B, 16, 0, 64, false, 781, 0.003F},   {CLX_PIPELINE_1F1B, 16, 0, 64, false, 7810, 0.003F},
    {CLX_PIPELINE_1F1B, 16, 0, 640, false, 781, 0},       {CLX_PIPELINE_GPIPE, 16, 0, 64, false, 781, 0},
    {CLX_PIPELINE_INTERLEAVED, 8, 8, 64, false, 1, 0},    {CLX_PIPELINE_INTERLEAVED, 8, 8, 64, false, 781, 0},
    {CLX_PIPELINE_INTERLEAVED, 8, 8, 64, true, 1, 0},     {CLX_PIPELINE_INTERLEAVED, 8, 8, 64, true, 781, 0},
    {CLX_PIPELINE_INTERLEAVED, 64, 4, 256, false, 16, 0}, {CLX_PIPELINE_ZB_H1, 16, 0, 64, false, 1, 0},
    {CLX_PIPELINE_ZB_H1, 16, 0, 64, false, 781, 0},       {CLX_PIPELINE_ZB_V, 16, 0, 64, false, 1, 0},
    {CLX_PIPELINE_ZB_V, 16, 0, 64, false, 781, 0},        {CLX_PIPELINE_DUALPIPE, 16, 0, 64, false, 1, 0},
    {CLX_PIPELINE_DUALPIPE, 16, 0, 64, false, 781, 0},
};

enum { ROUNDS = 7 };

typedef struct instance {
  clx_arena *arena;
  clx_pipeline pipeline;
  clx_pipeline_times times;
  clx_pipeline_lanes lanes;
  clx_pipeline_result result;
} instance;

static void must(bool good, const char *what) {
  if (good) return;
  fprintf(stderr, "bench_pipeline: %s\n", what);
  exit(1);
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void make(const subject *s, clx_arena *arena, clx_pipeline *pipeline) {
  clx_error error;
  clx_error_clear(&error);
  const clx_pipeline_spec spec = {
      .kind = s->kind, .stages = s->stages, .chunks = s->chunks, .micro_batches = s->micro_batches, .merge = s->merge};
  must(clx_pipeline_make(&spec, arena, pipeline, &error) == CLX_OK, error.mistake[0].text);
}

// Stages of 20 ms + 40 ms a micro-batch, up to 5 % slower from lane to lane and stage to stage, 1 ms of transfer.
static void fill(const subject *s, instance *in) {
  in->arena = clx_arena_new();
  must(in->arena != NULL, "out of memory");
  make(s, in->arena, &in->pipeline);
  const int32_t n = clx_pipeline_positions(&in->pipeline);
  const size_t speeds = (size_t)s->stages * (size_t)s->lanes;
  double *send = CLX_NEW_ARRAY(in->arena, double, n);
  float *slowness = CLX_NEW_ARRAY(in->arena, float, speeds);
  in->result.end = CLX_NEW_ARRAY(in->arena, float, speeds);
  must(send != NULL && slowness != NULL && in->result.end != NULL, "out of memory");
  for (int32_t i = 0; i < n; i++) send[i] = 1e-3;
  for (int32_t k = 0; k < CLX_TASK_KINDS; k++) {
    double *time = CLX_NEW_ARRAY(in->arena, double, n);
    must(time != NULL, "out of memory");
    for (int32_t i = 0; i < n; i++) time[i] = 20e-3 * (k == CLX_TASK_BACKWARD && !in->pipeline.split ? 2 : 1);
    in->times.task[k] = time;
  }
  for (size_t i = 0; i < speeds; i++) slowness[i] = 1 + 0.05F * (float)(i * 2654435761U % 1024) / 1024;
  in->times.send = send;
  in->lanes = (clx_pipeline_lanes){.count = s->lanes, .slowness = slowness, .jitter = s->jitter, .seed = 1};
}

static void run(const instance *in) {
  clx_error error;
  clx_error_clear(&error);
  clx_arena *scratch = clx_arena_new();
  must(scratch != NULL, "out of memory");
  const clx_status done = clx_pipeline_run(&in->pipeline, &in->times, &in->lanes, &in->result, scratch, &error);
  must(done == CLX_OK, error.mistake[0].text);
  clx_arena_free(scratch);
}

static void show(const subject *s) {
  instance in = {0};
  double making = INFINITY, running = INFINITY;
  fill(s, &in);
  for (int32_t i = 0; i < ROUNDS; i++) {
    clx_arena *arena = clx_arena_new();
    must(arena != NULL, "out of memory");
    clx_pipeline again;
    const double start = seconds();
    make(s, arena, &again);
    making = fmin(making, seconds() - start);
    clx_arena_free(arena);
  }
  const int32_t tasks = in.pipeline.first[s->stages], repeats = 1 + 2000000 / (tasks * s->lanes);
  for (int32_t i = 0; i < ROUNDS; i++) {
    const double start = seconds();
    for (int32_t k = 0; k < repeats; k++) run(&in);
    running = fmin(running, (seconds() - start) / repeats);
  }
  double slowest = 0;
  for (int32_t i = 0; i < s->stages * s->lanes; i++) slowest = fmax(slowest, (double)in.result.end[i]);
  printf("%-11s %6d %6d %13d %5s %6d %7s %8d %9.3f %8.1f %9.4f %13.3f %9.4f\n", clx_pipeline_kind_name[s->kind],
         s->stages, in.pipeline.chunks, s->micro_batches, s->merge ? "yes" : "", s->lanes, s->jitter > 0 ? "yes" : "",
         tasks, 1e3 * making, 1e9 * making / tasks, 1e3 * running, 1e9 * running / tasks / s->lanes, slowest);
  clx_arena_free(in.arena);
}

static void count(int32_t index, int64_t times) {
  must(index >= 0 && index < CLX_COUNT(SUBJECTS), "no such case");
  instance in = {0};
  fill(&SUBJECTS[index], &in);
  for (int64_t i = 0; i < times; i++) run(&in);
  printf("%.9g\n", (double)in.result.end[0]);
  clx_arena_free(in.arena);
}

int main(int argc, char **argv) {
  if (argc == 4 && strcmp(argv[1], "--count") == 0) {
    count((int32_t)strtol(argv[2], NULL, 10), strtoll(argv[3], NULL, 10));
    return 0;
  }
  printf("%-11s %6s %6s %13s %5s %6s %7s %8s %9s %8s %9s %13s %9s\n", "schedule", "stages", "chunks", "micro-batches",
         "merge", "lanes", "jitter", "tasks", "make ms", "ns/task", "run ms", "ns/task/lane", "step s");
  for (int32_t i = 0; i < CLX_COUNT(SUBJECTS); i++) show(&SUBJECTS[i]);
  return 0;
}
