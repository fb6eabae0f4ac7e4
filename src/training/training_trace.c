// What chosen ranks do when, as a timeline.
#include <math.h>
#include <stdio.h>

#include "training/training_fleet.h"

enum { TRACKS_PER_RANK = 3, TRACK_COMPUTE = 0, TRACK_TRANSFER, TRACK_DP };

static const char *const TRACK_NAME[TRACKS_PER_RANK] = {"compute", "stage transfers", "data parallel"};

typedef struct writer {
  const clx_fleet *fleet;
  clx_arena *arena;
  clx_trace *trace;
  double start;  // s: parameters that the schedule waits for
  bool failed;
} writer;

static void put(writer *w, int32_t track, const char *name, const char *category, double start, double end,
                int32_t flow) {
  if (name == NULL) w->failed = true;
  if (name == NULL || end <= start) return;
  w->trace->span[w->trace->span_count++] =
      (clx_trace_span){.track = track, .name = name, .category = category, .start = start, .end = end, .flow = flow};
}

// Where a rank stands.
typedef struct seat {
  int64_t rank;
  const clx_part *part;
  int32_t stage, replica, lane;
} seat;

static seat seat_of(const clx_fleet *f, int64_t rank) {
  const clx_layout *l = &f->job->layout;
  const int64_t inner = (int64_t)l->tp * l->cp;
  seat s = {.rank = rank, .stage = (int32_t)(rank / (inner * l->dp)), .replica = (int32_t)(rank / inner % l->dp)};
  for (int32_t i = 0; i < f->part_count; i++) {
    const clx_part *p = &f->part[i];
    if (s.replica >= p->first && s.replica < p->first + p->replicas) s.part = p;
  }
  s.lane = (s.replica - s.part->first) / f->lockstep;
  return s;
}

// Spans of every task of the lane of a seat; *times: at its pace.
static clx_status run_lane(writer *w, const seat *s, clx_pipeline_span *span, clx_pipeline_times *times,
                           clx_error *error) {
  const clx_graph *g = &s->part->graph;
  clx_lane_block b;
  double *send = CLX_NEW_ARRAY(w->arena, double, g->positions);
  if (send == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(clx_lane_block_make(g, 1, w->arena, &b, error));
  clx_fleet_slowness(w->fleet, s->part, s->lane, 1, b.slowness);
  clx_fleet_lane_times(w->fleet, s->part, s->lane, send, times);
  const clx_pipeline_lanes one = {.count = 1, .slowness = b.slowness};
  b.result.span = span;
  return clx_pipeline_run(&g->pipeline, times, &one, &b.result, w->arena, error);
}

// A task of position p and its twin of the same micro-batch on the neighbouring position share an arrow.
static int32_t flow_of(const clx_graph *g, const seat *s, const clx_task *task, int32_t position) {
  const double id =
      1 + (((double)s->replica * g->micro_batches + task->micro_batch) * g->positions + position) * 2 + task->kind;
  return id < 2e9 ? (int32_t)id : 0;
}

static void put_tasks(writer *w, const seat *s, int32_t track, const clx_pipeline_span *span,
                      const clx_pipeline_times *times) {
  const clx_graph *g = &s->part->graph;
  double sent = 0;  // transfers of a stage are drawn one after the other
  for (int32_t i = g->pipeline.first[s->stage]; i < g->pipeline.first[s->stage + 1]; i++) {
    const clx_task *task = &g->pipeline.task[i];
    const int32_t position = clx_pipeline_position(&g->pipeline, s->stage, task);
    const bool merged = i > g->pipeline.first[s->stage] && g->pipeline.task[i - 1].with_next;
    const char *kind = clx_task_kind_name[task->kind];
    const char *name = g->pipeline.chunks > 1
                           ? clx_arena_format(w->arena, "%s %d.%d", kind, task->micro_batch, task->chunk)
                           : clx_arena_format(w->arena, "%s %d", kind, task->micro_batch);
    const double start = w->start + span[i].start, end = w->start + span[i].end;
    const bool forward = task->kind == CLX_TASK_FORWARD, backward = task->kind == CLX_TASK_BACKWARD;
    const bool sends = (forward && position + 1 < g->positions) || (backward && position > 0);
    if (task->with_next) {  // both passes at once: one span
      const clx_task *next = &g->pipeline.task[i + 1];
      const char *both = clx_arena_format(w->arena, "%s, %s %d.%d", name, clx_task_kind_name[next->kind],
                                          next->micro_batch, next->chunk);
      put(w, track + TRACK_COMPUTE, both, "merged", start, end, 0);
    } else if (!merged) {
      put(w, track + TRACK_COMPUTE, name, kind, start, end, 0);
    }
    if (sends && g->job.layout.pp > 1) {
      const double from = fmax(sent, end);
      sent = fmax(sent, end + times->send[position]);
      put(w, track + TRACK_TRANSFER, forward ? "activations" : "gradients", "pp", from, sent,
          flow_of(g, s, task, position));
    }
  }
}

static void put_data_parallel(writer *w, const seat *s, int32_t track, const clx_graph_ends *ends,
                              const clx_graph_tail *tail) {
  const clx_graph *g = &s->part->graph;
  put(w, track + TRACK_DP, "parameters", "dp", 0, w->start, 0);
  for (int32_t c = 0; c < g->pipeline.chunks; c++) {
    const clx_pipeline_span *r = &ends->reduce[s->stage * g->pipeline.chunks + c];
    const char *name = g->pipeline.chunks > 1 ? clx_arena_format(w->arena, "gradients of chunk %d", c) : "gradients";
    put(w, track + TRACK_DP, name, "dp", w->start + r->start, w->start + r->end, 0);
  }
  const double done = tail->step - tail->optimizer;
  put(w, track + TRACK_COMPUTE, "optimizer", "optimizer", done, tail->step, 0);
}

static clx_status put_rank(writer *w, int32_t index, int64_t rank, const clx_graph_ends *ends,
                           const clx_graph_tail *tail, clx_error *error) {
  const seat s = seat_of(w->fleet, rank);
  const clx_graph *g = &s.part->graph;
  clx_pipeline_span *span = CLX_NEW_ARRAY(w->arena, clx_pipeline_span, g->pipeline.first[g->pipeline.stages] + 1);
  const char *name = clx_arena_format(w->arena, "rank %lld: stage %d, replica %d", (long long)rank, s.stage, s.replica);
  if (span == NULL || name == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_pipeline_times times;
  CLX_TRY(run_lane(w, &s, span, &times, error));
  const int32_t track = index * TRACKS_PER_RANK;
  for (int32_t i = 0; i < TRACKS_PER_RANK; i++) {
    w->trace->track[track + i] = (clx_track){index, name, TRACK_NAME[i]};
  }
  put_tasks(w, &s, track, span, &times);
  put_data_parallel(w, &s, track, ends, tail);
  return CLX_OK;
}

static clx_status reserve(const clx_fleet *f, const int64_t *rank, int32_t count, clx_arena *arena, clx_trace *trace,
                          clx_error *error) {
  const double world = (double)f->job->layout.tp * f->job->layout.cp * f->job->layout.pp * f->job->layout.dp;
  int64_t spans = 0;
  for (int32_t i = 0; i < count; i++) {
    if (rank[i] < 0 || (double)rank[i] >= world) {
      return clx_fail(error, CLX_INPUT, f->job->layout.place, "rank %lld: the job has ranks 0 to %.0f",
                      (long long)rank[i], world - 1);
    }
    const seat s = seat_of(f, rank[i]);
    const clx_pipeline *p = &s.part->graph.pipeline;
    spans += 2 * (p->first[s.stage + 1] - p->first[s.stage]) + p->chunks + 2;
  }
  trace->track_count = count * TRACKS_PER_RANK;
  trace->track = CLX_NEW_ARRAY(arena, clx_track, trace->track_count);
  trace->span = CLX_NEW_ARRAY(arena, clx_trace_span, spans);
  return trace->track != NULL && trace->span != NULL ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
}

clx_status clx_training_trace(const clx_training *job, const clx_exact_options *options, const int64_t *rank,
                              int32_t rank_count, clx_arena *arena, clx_trace *trace, clx_error *error) {
  clx_fleet *f = CLX_NEW(arena, clx_fleet);
  if (f == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  *trace = (clx_trace){0};
  CLX_TRY(clx_fleet_make(job, options, arena, f, error));
  CLX_TRY(reserve(f, rank, rank_count, arena, trace, error));
  clx_graph_ends ends;
  int64_t tasks = 0;
  const clx_graph *g = &f->part[0].graph;
  CLX_TRY(clx_graph_ends_make(g, arena, &ends, error));
  ends.reduce = CLX_NEW_ARRAY(arena, clx_pipeline_span, g->pipeline.stages * g->pipeline.chunks);
  if (ends.reduce == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_fleet_draw(f, 0);
  CLX_TRY(clx_fleet_run(f, &ends, &tasks, error));
  const clx_graph_tail tail = clx_fleet_finish(f, &ends);
  writer w = {.fleet = f, .arena = arena, .trace = trace, .start = tail.gather};
  trace->title = "one training step";
  for (int32_t i = 0; i < rank_count; i++) CLX_TRY(put_rank(&w, i, rank[i], &ends, &tail, error));
  return w.failed ? clx_fail_plain(error, CLX_MEMORY, "out of memory") : CLX_OK;
}
