// Runs of a task graph: blocks of lanes, where they meet, and the parts of a step.
#include <math.h>

#include "training/training_graph.h"

clx_status clx_graph_ends_make(const clx_graph *g, clx_arena *arena, clx_graph_ends *ends, clx_error *error) {
  const int32_t n = g->pipeline.stages * g->pipeline.chunks;
  ends->reduce = NULL;
  ends->first = CLX_NEW_ARRAY(arena, double, n);
  ends->begin = CLX_NEW_ARRAY(arena, double, n);
  ends->ready = CLX_NEW_ARRAY(arena, double, n);
  ends->end = CLX_NEW_ARRAY(arena, double, g->pipeline.stages);
  if (ends->first == NULL || ends->begin == NULL || ends->ready == NULL || ends->end == NULL) {
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  for (int32_t i = 0; i < n; i++) {
    ends->first[i] = INFINITY;
    ends->begin[i] = ends->ready[i] = 0;
  }
  for (int32_t i = 0; i < g->pipeline.stages; i++) ends->end[i] = 0;
  return CLX_OK;
}

clx_status clx_lane_block_make(const clx_graph *g, int32_t lanes, clx_arena *arena, clx_lane_block *b,
                               clx_error *error) {
  const size_t stages = (size_t)g->pipeline.stages, cells = stages * (size_t)g->pipeline.chunks * (size_t)lanes;
  *b = (clx_lane_block){0};
  b->result.first_forward = CLX_NEW_ARRAY(arena, float, cells);
  b->result.last_start = CLX_NEW_ARRAY(arena, float, cells);
  b->result.last_end = CLX_NEW_ARRAY(arena, float, cells);
  b->result.end = CLX_NEW_ARRAY(arena, float, stages *(size_t)lanes);
  b->slowness = CLX_NEW_ARRAY(arena, float, stages *(size_t)lanes);
  const bool ok = b->result.first_forward != NULL && b->result.last_start != NULL && b->result.last_end != NULL &&
                  b->result.end != NULL && b->slowness != NULL;
  return ok ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
}

static double row_max(const float *row, int32_t lanes) {
  float most = row[0];
  for (int32_t i = 1; i < lanes; i++) most = row[i] > most ? row[i] : most;
  return (double)most;
}

static double row_min(const float *row, int32_t lanes) {
  float least = row[0];
  for (int32_t i = 1; i < lanes; i++) least = row[i] < least ? row[i] : least;
  return (double)least;
}

void clx_graph_meet(const clx_graph *g, const clx_lane_block *b, int32_t lanes, clx_graph_ends *ends) {
  const int32_t n = g->pipeline.stages * g->pipeline.chunks;
  for (int32_t i = 0; i < n; i++) {
    const size_t row = (size_t)i * (size_t)lanes;
    ends->first[i] = fmin(ends->first[i], row_min(&b->result.first_forward[row], lanes));
    ends->begin[i] = fmax(ends->begin[i], row_max(&b->result.last_start[row], lanes));
    ends->ready[i] = fmax(ends->ready[i], row_max(&b->result.last_end[row], lanes));
  }
  for (int32_t i = 0; i < g->pipeline.stages; i++) {
    ends->end[i] = fmax(ends->end[i], row_max(&b->result.end[(size_t)i * (size_t)lanes], lanes));
  }
}

int32_t clx_graph_slowest_stage(const clx_graph *g) {
  int32_t slowest = 0;
  for (int32_t i = 1; i < g->pipeline.stages; i++) slowest = g->busy[i] > g->busy[slowest] ? i : slowest;
  return slowest;
}

// What one micro-batch costs a stage, all its chunks; of dualpipe each of the two sees half of the micro-batches.
static clx_layer_cost stage_sum(const clx_graph *g, int32_t stage) {
  clx_layer_cost sum = {0};
  const double share = g->job.layout.vpp < g->pipeline.chunks ? 0.5 : 1;
  for (int32_t c = 0; c < g->pipeline.chunks; c++) {
    clx_layer_cost_add(&sum, &g->time[clx_graph_position(g, stage, c)].sum, share);
  }
  return sum;
}

double clx_graph_compute_share(const clx_graph *g, int32_t stage) {
  const clx_layer_cost sum = stage_sum(g, stage);
  const double all = clx_layer_cost_forward(&sum) + clx_layer_cost_backward(&sum);
  double kernels = sum.repeat;
  for (int32_t pass = 0; pass < 2; pass++) kernels += sum.gemm[pass] + sum.attention[pass] + sum.stream[pass];
  return all > 0 ? fmin(1, kernels / all) : 0;
}

// Mean time of a stage in tasks against that of the slowest.
static double balance_of(const clx_graph *g, double slowest) {
  double sum = 0;
  for (int32_t i = 0; i < g->pipeline.stages; i++) sum += g->busy[i];
  return slowest > 0 ? sum / (g->pipeline.stages * slowest) : 1;
}

void clx_graph_parts(const clx_graph *g, const clx_graph_tail *tail, clx_step *step) {
  const int32_t stage = clx_graph_slowest_stage(g);
  const double busy = g->busy[stage];
  const clx_layer_cost sum = stage_sum(g, stage);
  const double work = clx_layer_cost_forward(&sum) + clx_layer_cost_backward(&sum);
  *step = (clx_step){.micro_batches = g->micro_batches, .balance = balance_of(g, busy)};
  clx_training_fill(step, &sum, g->micro_batches);
  const double all = g->micro_batches * work, behind = fmin(step->ep_exposed, fmax(0, all - busy));  // the other pass
  step->ep_exposed -= behind;
  step->pp_exposed = fmax(0, busy - all);
  if (g->times.blocking && g->job.layout.pp > 1)
    step->pp_exposed += 2.0 * g->micro_batches * g->job.layout.vpp * g->transfer;
  step->dp_exposed += tail->exposed + tail->gather + tail->tied;
  step->contention += tail->contention;
  step->optimizer = tail->optimizer;
  const double known =
      all - behind + step->pp_exposed + tail->exposed + tail->gather + tail->tied + tail->contention + tail->optimizer;
  step->bubble = tail->step - known;
  if (step->bubble < 0) {  // transfers that fall into idle time show nothing; the rest is rounding of single precision
    step->pp_exposed = fmax(0, step->pp_exposed + step->bubble);
    step->bubble = 0;
  }
  step->step_time = tail->step;
}

clx_status clx_graph_run(clx_graph *g, clx_arena *arena, clx_graph_tail *tail, clx_error *error) {
  clx_graph_ends ends;
  clx_lane_block b;
  CLX_TRY(clx_graph_ends_make(g, arena, &ends, error));
  CLX_TRY(clx_lane_block_make(g, 1, arena, &b, error));
  float busy[CLX_STAGES_MAX];
  b.result.busy = busy;
  const clx_pipeline_lanes one = {.count = 1};
  CLX_TRY(clx_pipeline_run(&g->pipeline, &g->times, &one, &b.result, arena, error));
  for (int32_t i = 0; i < g->pipeline.stages; i++) g->busy[i] = (double)busy[i];
  clx_graph_meet(g, &b, 1, &ends);
  *tail = clx_graph_finish(g, &ends);
  return CLX_OK;
}
