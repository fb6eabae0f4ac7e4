// Energy of an evaluation: forward passes of batch after batch through the pipeline.
#include <math.h>

#include "training/training_power_internal.h"

// Forward tasks of one lane. Every stage takes groups of micro-batches through its chunks in the order of the model, as the training
// schedule does; under DualPipe half of the micro-batches enter at either end and a stage takes them in turn.
typedef struct walk {
  const clx_graph *graph;
  clx_part_tasks *part;
  const clx_lane_pace *pace;
  clx_canvas *canvas;  // nullable: times alone
  double start;        // s, of the batch
  double *free;        // [stages]
  double *ready;       // [micro_batches]: the one before is done and sent
} walk;

static void put_wait(const walk *w, int32_t stage, double from, double to) {
  if (w->canvas != NULL) clx_canvas_put(w->canvas, stage, CLX_DRAW_WAIT, from, to);
}

static void forward(walk *w, int32_t stage, int32_t position, int32_t micro_batch) {
  const clx_graph *g = w->graph;
  const double time = g->duration[CLX_TASK_FORWARD][position];
  const double start = fmax(w->free[stage], w->ready[micro_batch]), end = start + time * w->pace[stage].slowness;
  put_wait(w, stage, w->free[stage], start);
  if (w->canvas != NULL) {
    w->part->done[CLX_TASK_FORWARD][position] += w->canvas->weight * w->pace[stage].working;
    clx_job_power_put(w->canvas, stage, &w->pace[stage], w->part->energy[CLX_TASK_FORWARD][position], time, start, end);
  }
  const bool sends = g->job.layout.pp > 1 && position + 1 < g->positions;
  const double sent = end + (sends ? g->send[position] : 0);
  w->ready[micro_batch] = sent;
  w->free[stage] = sends && g->times.blocking ? sent : end;
  if (w->free[stage] > end && w->canvas != NULL) clx_canvas_put(w->canvas, stage, CLX_DRAW_COMMUNICATE, end, sent);
}

static int32_t stage_of(const clx_graph *g, int32_t position) {
  const int32_t stages = g->pipeline.stages, turn = position / stages, at = position % stages;
  return g->pipeline.kind == CLX_PIPELINE_ZB_V && turn % 2 == 1 ? stages - 1 - at : at;
}

static void walk_groups(walk *w, int32_t micro_batches) {
  const clx_graph *g = w->graph;
  const bool v = g->pipeline.kind == CLX_PIPELINE_ZB_V;
  const int32_t usual = v ? 2 * g->pipeline.stages : g->pipeline.group;
  const int32_t group = g->pipeline.chunks > 1 && usual > 0 ? usual : micro_batches;
  for (int32_t first = 0; first < micro_batches; first += group) {
    const int32_t end = first + group < micro_batches ? first + group : micro_batches;
    for (int32_t position = 0; position < g->positions; position++) {
      const int32_t stage = stage_of(g, position);
      for (int32_t m = first; m < end; m++) forward(w, stage, position, m);
    }
  }
}

// Micro-batch m of either half is at position s at beat 2 m + s: on an even number of stages the halves alternate everywhere.
static void walk_both_ends(walk *w, int32_t micro_batches) {
  const int32_t stages = w->graph->pipeline.stages, half = (micro_batches + 1) / 2;
  for (int32_t beat = 0; beat < 2 * half + stages; beat++) {
    for (int32_t position = 0; position < stages; position++) {
      const int32_t m = (beat - position) / 2;
      if (beat < position || (beat - position) % 2 != 0 || m >= half) continue;
      forward(w, position, position, m);
      if (half + m < micro_batches) forward(w, stages - 1 - position, position, half + m);
    }
  }
}

// Ends with a full drain and the host's work.
static double walk_batch(walk *w, int32_t micro_batches) {
  const clx_graph *g = w->graph;
  for (int32_t s = 0; s < g->pipeline.stages; s++) w->free[s] = w->start;
  for (int32_t m = 0; m < micro_batches; m++) w->ready[m] = w->start;
  if (g->pipeline.kind == CLX_PIPELINE_DUALPIPE) {
    walk_both_ends(w, micro_batches);
  } else {
    walk_groups(w, micro_batches);
  }
  double end = w->start;
  for (int32_t s = 0; s < g->pipeline.stages; s++) end = fmax(end, w->free[s]);
  end += g->job.software->step_overhead;
  for (int32_t s = 0; s < g->pipeline.stages; s++) put_wait(w, s, w->free[s], end);
  w->start = end;
  return end;
}

// Whole batches and the micro-batches of what is left.
typedef struct evaluation {
  double whole;
  int32_t micro_batches, rest;
} evaluation;

static evaluation evaluation_of(const clx_training *job, int32_t micro_batches, double sequences) {
  const double batch = job->global_batch, all = sequences > 0 ? sequences : batch;
  const double whole = floor(all / batch), left = all / batch - whole;
  return (evaluation){whole, micro_batches, (int32_t)ceil(left * micro_batches * (1 - 1e-12))};
}

static double walk_lane(walk *w, const evaluation *e) {
  w->start = 0;
  double time = 0;
  for (double i = 0; i < e->whole; i++) {
    const double end = walk_batch(w, e->micro_batches);
    if (w->canvas == NULL) {  // the others take as long
      w->start = end * e->whole;
      break;
    }
  }
  time = w->start;
  return e->rest > 0 ? walk_batch(w, e->rest) : time;
}

static clx_status walk_make(clx_part_tasks *t, clx_arena *arena, walk *w, clx_lane_pace **pace, clx_error *error) {
  const clx_graph *g = &t->part->graph;
  *pace = CLX_NEW_ARRAY(arena, clx_lane_pace, g->pipeline.stages);
  *w = (walk){.graph = g, .part = t, .pace = *pace};
  w->free = CLX_NEW_ARRAY(arena, double, g->pipeline.stages);
  w->ready = CLX_NEW_ARRAY(arena, double, t->part->micro_batches + 1);
  return *pace != NULL && w->free != NULL && w->ready != NULL ? CLX_OK
                                                              : clx_fail_plain(error, CLX_MEMORY, "out of memory");
}

// Replicas meet at the end: the slowest of those that are drawn.
static clx_status longest(clx_job_power *p, double sequences, clx_arena *arena, double *time, clx_error *error) {
  *time = 0;
  for (int32_t k = 0; k < p->part_count; k++) {
    clx_part_tasks *t = &p->part[k];
    walk w;
    clx_lane_pace *pace;
    CLX_TRY(walk_make(t, arena, &w, &pace, error));
    const evaluation e = evaluation_of(p->fleet->job, t->part->micro_batches, sequences);
    for (int32_t i = 0; i < t->drawn; i++) {
      clx_job_power_pace(p, t, clx_part_tasks_lane(t, i), pace);
      *time = fmax(*time, walk_lane(&w, &e));
    }
  }
  return CLX_OK;
}

clx_status clx_job_power_evaluation(clx_job_power *p, double sequences, int32_t samples, clx_arena *arena,
                                    clx_canvas *c, clx_error *error) {
  double time = 0;
  CLX_TRY(longest(p, sequences, arena, &time, error));
  const int32_t stages = p->fleet->part[0].graph.pipeline.stages;
  CLX_TRY(clx_canvas_make(&p->draw, time, stages, samples, arena, c, error));
  for (int32_t k = 0; k < p->part_count; k++) {
    clx_part_tasks *t = &p->part[k];
    walk w;
    clx_lane_pace *pace;
    CLX_TRY(walk_make(t, arena, &w, &pace, error));
    w.canvas = c;
    c->weight = t->weight;
    const evaluation e = evaluation_of(p->fleet->job, t->part->micro_batches, sequences);
    for (int32_t i = 0; i < t->drawn; i++) {
      clx_job_power_pace(p, t, clx_part_tasks_lane(t, i), pace);
      const double end = walk_lane(&w, &e);
      for (int32_t s = 0; s < stages; s++) put_wait(&w, s, end, time);
    }
    clx_part_tasks_count(t, c);
  }
  return CLX_OK;
}
