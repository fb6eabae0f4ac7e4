// Energy of a training step: spans of the evaluated schedule, waits between them, the exchange of gradients, the optimizer.
#include <math.h>

#include "training/training_power_internal.h"

// One lane of a part as it is painted.
typedef struct lane_run {
  const clx_job_power *power;
  clx_part_tasks *part;
  const clx_graph_ends *ends;
  const clx_graph_tail *tail;
  clx_pipeline_times times;
  const clx_pipeline_span *span;  // of every task
  const clx_lane_pace *pace;
} lane_run;

// --- tasks --------------------------------------------------------------------------------------------------------------------

// At full speed.
typedef struct work {
  double time, energy;  // s, J
} work;

static void add_kind(const lane_run *r, int32_t kind, int32_t position, double counted, work *sum) {
  sum->time += r->part->part->graph.duration[kind][position];
  sum->energy += r->part->energy[kind][position];
  r->part->done[kind][position] += counted;
}

// Task i, its weight gradients with it where no task of their own follows.
static void add_task(const lane_run *r, int32_t i, int32_t position, double counted, work *sum) {
  const clx_graph *g = &r->part->part->graph;
  const int32_t kind = g->pipeline.task[i].kind;
  add_kind(r, kind, position, counted, sum);
  if (kind == CLX_TASK_BACKWARD && g->pipeline.split && clx_pipeline_is_whole(&g->pipeline, i)) {
    add_kind(r, CLX_TASK_WEIGHT, position, counted, sum);
  }
}

// Of a merged pair the exchange of either lies behind the kernels of the other: its bytes stay, its time goes.
static void hide_exchange(const lane_run *r, const clx_task *task, int32_t p, int32_t q, double counted, clx_canvas *c,
                          work *sum) {
  const clx_graph *g = &r->part->part->graph;
  if (g->merged == NULL) return;
  const int32_t forward = task->kind == CLX_TASK_FORWARD ? p : q, backward = task->kind == CLX_TASK_FORWARD ? q : p;
  const double hidden = fmax(0, sum->time - g->merged[forward * g->positions + backward]);
  sum->time -= hidden;
  sum->energy -= hidden * c->draw->watt[CLX_DRAW_COMMUNICATE];
  clx_draw_sum_put(&c->total, c->draw, CLX_DRAW_COMMUNICATE, -hidden * counted);
}

// After a task that sends and waits for its transfer the stage communicates, otherwise it waits for what it needs.
static void put_gap(const lane_run *r, clx_canvas *c, int32_t stage, double from, double to, double sending) {
  if (!(to > from)) return;
  const double sent = fmin(to, from + sending), start = r->tail->gather;
  clx_canvas_put(c, stage, CLX_DRAW_COMMUNICATE, start + from, start + sent);
  clx_canvas_put(c, stage, CLX_DRAW_WAIT, start + sent, start + to);
}

static double sending_of(const lane_run *r, const clx_task *task, int32_t position) {
  const clx_graph *g = &r->part->part->graph;
  if (!r->times.blocking || g->job.layout.pp < 2) return 0;
  const bool forward = task->kind == CLX_TASK_FORWARD && position + 1 < g->positions;
  const bool backward = task->kind == CLX_TASK_BACKWARD && position > 0;
  return forward ? r->times.send[position] : backward ? r->times.send[position - 1] : 0;
}

// Returns when the stage has done its tasks.
static double put_tasks(const lane_run *r, clx_canvas *c, int32_t stage) {
  const clx_pipeline *p = &r->part->part->graph.pipeline;
  double done = 0, sending = 0;
  for (int32_t i = p->first[stage]; i < p->first[stage + 1]; i++) {
    const clx_task *task = &p->task[i];
    const clx_pipeline_span span = r->span[i];
    const int32_t position = clx_pipeline_position(p, stage, task);
    put_gap(r, c, stage, done, span.start, sending);
    work sum = {0, 0};
    const double counted = c->weight * r->pace[stage].working;
    add_task(r, i, position, counted, &sum);
    sending = sending_of(r, task, position);
    if (task->with_next) {
      const int32_t other = clx_pipeline_position(p, stage, &p->task[i + 1]);
      add_task(r, i + 1, other, counted, &sum);
      hide_exchange(r, task, position, other, counted, c, &sum);
      sending = fmax(sending, sending_of(r, &p->task[i + 1], other));
      i++;
    }
    clx_job_power_put(c, stage, &r->pace[stage], sum.energy, sum.time, r->tail->gather + span.start,
                      r->tail->gather + span.end);
    done = span.end;
  }
  return done;
}

// --- before and after ---------------------------------------------------------------------------------------------------------

// From the end of the tasks of a stage until all have their gradients: waits for the slowest replica, exchanges, waits for other stages.
static void put_exchange(const lane_run *r, clx_canvas *c, int32_t stage, double end) {
  const int32_t chunks = r->part->part->graph.pipeline.chunks;
  const double start = r->tail->gather, done = r->tail->done;
  clx_canvas_put(c, stage, CLX_DRAW_WAIT, start + end, start + done);
  double last = r->ends->end[stage];
  for (int32_t k = 0; k < chunks; k++) {
    const clx_pipeline_span *s = &r->ends->reduce[stage * chunks + k];
    if (!(s->end > s->start)) continue;
    last = fmax(last, s->end);
    clx_canvas_replace_wait(c, stage, CLX_DRAW_COMMUNICATE, start + fmax(end, s->start), start + fmin(done, s->end));
  }
  // What the exchange costs the tasks of the stage that is done last is added at the end.
  if (stage == r->tail->stage)
    clx_canvas_replace_wait(c, stage, CLX_DRAW_COMMUNICATE, start + fmax(end, last), start + done);
}

static double optimizer_time(const clx_graph *g, int32_t stage) {
  clx_stage_parameters sum = {0};
  for (int32_t k = 0; k < g->pipeline.chunks; k++) {
    const clx_stage_parameters *one = &g->parameters[clx_graph_position(g, stage, k)];
    sum.shared += one->shared;
    sum.expert += one->expert;
  }
  return fmax(0, clx_training_optimizer_time(&g->job, &sum) - g->job.software->step_overhead);
}

static void put_optimizer(const lane_run *r, clx_canvas *c, int32_t stage) {
  const clx_graph_tail *t = r->tail;
  const double summed = t->gather + t->done, start = summed + t->tied;
  const double end = start + fmin(t->optimizer, optimizer_time(&r->part->part->graph, stage));
  clx_canvas_put(c, stage, CLX_DRAW_COMMUNICATE, summed, start);
  clx_canvas_put(c, stage, CLX_DRAW_STREAM, start, end);
  clx_canvas_put(c, stage, CLX_DRAW_WAIT, end, c->time);
}

// Bytes of gradients and parameters over the scale-up fabric, behind the products.
static void put_hidden(const lane_run *r, clx_canvas *c, int32_t stage) {
  const clx_graph *g = &r->part->part->graph;
  const clx_job_draw *draw = &r->power->draw;
  clx_training_traffic t;
  clx_training_traffic_make(&g->job, &t);
  double gathered = 0;
  for (int32_t k = 0; k < g->pipeline.chunks; k++) {
    const clx_stage_parameters *p = &g->parameters[clx_graph_position(g, stage, k)];
    const clx_traffic_demand in = clx_training_dp_demand(&g->job, &t.traffic, p, 0),
                             out = clx_training_dp_demand(&g->job, &t.traffic, p, 1);
    const clx_pipeline_span *s = &r->ends->reduce[stage * g->pipeline.chunks + k];
    const double received = draw->link_energy * in.bytes[0], sent = draw->link_energy * out.bytes[0];
    if (in.time > 0) clx_canvas_spread(c, stage, gathered, gathered + in.time, received);
    if (s->end > s->start) clx_canvas_spread(c, stage, r->tail->gather + s->start, r->tail->gather + s->end, sent);
    c->total.energy[CLX_DRAW_MULTIPLY] += c->weight * ((in.time > 0 ? received : 0) + (s->end > s->start ? sent : 0));
    gathered += in.time;
  }
}

// --- the step -----------------------------------------------------------------------------------------------------------------

static clx_status put_lane(lane_run *r, int32_t lane, double *send, clx_pipeline_span *span, clx_lane_pace *pace,
                           clx_arena *arena, clx_canvas *c, clx_error *error) {
  const clx_graph *g = &r->part->part->graph;
  float slowness[CLX_STAGES_MAX];
  clx_fleet_slowness(r->power->fleet, r->part->part, lane, 1, slowness);
  clx_fleet_lane_times(r->power->fleet, r->part->part, lane, send, &r->times);
  const clx_pipeline_lanes one = {.count = 1, .slowness = slowness};
  const clx_pipeline_result result = {.span = span};
  CLX_TRY(clx_pipeline_run(&g->pipeline, &r->times, &one, &result, arena, error));
  clx_job_power_pace(r->power, r->part, lane, pace);
  r->span = span;
  r->pace = pace;
  for (int32_t stage = 0; stage < g->pipeline.stages; stage++) {
    clx_canvas_put(c, stage, CLX_DRAW_COMMUNICATE, 0, r->tail->gather);
    put_exchange(r, c, stage, put_tasks(r, c, stage));
    put_optimizer(r, c, stage);
    put_hidden(r, c, stage);
  }
  return CLX_OK;
}

static clx_status put_part(lane_run *r, clx_arena *arena, clx_canvas *c, clx_error *error) {
  const clx_graph *g = &r->part->part->graph;
  clx_pipeline_span *span = CLX_NEW_ARRAY(arena, clx_pipeline_span, g->pipeline.first[g->pipeline.stages] + 1);
  double *send = CLX_NEW_ARRAY(arena, double, g->positions);
  clx_lane_pace *pace = CLX_NEW_ARRAY(arena, clx_lane_pace, g->pipeline.stages);
  if (span == NULL || send == NULL || pace == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  c->weight = r->part->weight;
  for (int32_t i = 0; i < r->part->drawn; i++) {
    CLX_TRY(put_lane(r, clx_part_tasks_lane(r->part, i), send, span, pace, arena, c, error));
  }
  clx_part_tasks_count(r->part, c);
  return CLX_OK;
}

clx_status clx_job_power_step(clx_job_power *p, int32_t samples, clx_arena *arena, clx_canvas *c, clx_error *error) {
  const clx_graph *g = &p->fleet->part[0].graph;
  clx_graph_ends ends;
  int64_t tasks = 0;
  CLX_TRY(clx_graph_ends_make(g, arena, &ends, error));
  ends.reduce = CLX_NEW_ARRAY(arena, clx_pipeline_span, g->pipeline.stages * g->pipeline.chunks);
  if (ends.reduce == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(clx_fleet_run(p->fleet, &ends, &tasks, error));
  const clx_graph_tail tail = clx_fleet_finish(p->fleet, &ends);
  CLX_TRY(clx_canvas_make(&p->draw, tail.step, g->pipeline.stages, samples, arena, c, error));
  for (int32_t i = 0; i < p->part_count; i++) {
    lane_run r = {.power = p, .part = &p->part[i], .ends = &ends, .tail = &tail};
    CLX_TRY(put_part(&r, arena, c, error));
  }
  return CLX_OK;
}
