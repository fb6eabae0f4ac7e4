// The task graph of one kind of replica: durations of the chunks of layers, the schedule, and what follows it (gradients, optimizer).
#include <math.h>
#include <stdlib.h>

#include "training/training_graph.h"

static double chunk_weight(const clx_training *job, const clx_stage_time *t) {
  const int32_t kind = clx_training_schedule(&job->layout);
  const bool split = kind == CLX_PIPELINE_ZB_H1 || kind == CLX_PIPELINE_ZB_V || kind == CLX_PIPELINE_DUALPIPE;
  return split ? fmin(t->sum.weight, t->backward) : 0;
}

// Stage transfers behind compute still hold processors of both ends.
static double transfer_drag(const clx_training *job, double transfer) {
  return job->software->pp_overlap ? clx_training_transfer_drag(job) * transfer : 0;
}

static void fill_position(clx_graph *g, int32_t position, const clx_stage *chunk, const clx_training_costs *costs) {
  const clx_training *job = &g->job;
  const clx_stage_parameters held = clx_training_stage_parameters(job, chunk);
  g->parameters[position] = clx_training_trained(job, held);
  const clx_stage_time t = clx_training_stage_time(job, costs, chunk, &g->parameters[position]);
  const double weight = chunk_weight(job, &t), drag = transfer_drag(job, g->transfer);
  g->time[position] = t;
  g->duration[CLX_TASK_FORWARD][position] = t.forward + drag;
  g->duration[CLX_TASK_BACKWARD][position] = t.backward - weight + drag;
  g->duration[CLX_TASK_WEIGHT][position] = weight;
  g->send[position] = g->transfer;
}

// The same chunk stands on many stages: equal neighbours are computed once.
static void fill_positions(clx_graph *g, const clx_training_costs *costs) {
  clx_stage chunk[CLX_CHUNKS_MAX];
  clx_training_chunks(&g->job, chunk);
  for (int32_t i = 0; i < g->positions; i++) {
    if (i == 0 || !clx_stage_equal(&chunk[i], &chunk[i - 1])) {
      fill_position(g, i, &chunk[i], costs);
      continue;
    }
    g->parameters[i] = g->parameters[i - 1];
    g->time[i] = g->time[i - 1];
    g->send[i] = g->send[i - 1];
    for (int32_t k = 0; k < CLX_TASK_KINDS; k++) g->duration[k][i] = g->duration[k][i - 1];
  }
}

int32_t clx_graph_position(const clx_graph *g, int32_t stage, int32_t chunk) {
  const clx_task task = {.kind = CLX_TASK_FORWARD, .chunk = (int16_t)chunk};
  return clx_pipeline_position(&g->pipeline, stage, &task);
}

static bool reserve(clx_graph *g, clx_arena *arena) {
  const int32_t n = g->positions;
  g->busy = CLX_NEW_ARRAY(arena, double, g->job.layout.pp);
  g->parameters = CLX_NEW_ARRAY(arena, clx_stage_parameters, n);
  g->time = CLX_NEW_ARRAY(arena, clx_stage_time, n);
  g->send = CLX_NEW_ARRAY(arena, double, n);
  bool ok = g->busy != NULL && g->parameters != NULL && g->time != NULL && g->send != NULL;
  for (int32_t k = 0; k < CLX_TASK_KINDS; k++) {
    g->duration[k] = CLX_NEW_ARRAY(arena, double, n);
    ok = ok && g->duration[k] != NULL;
  }
  return ok;
}

// A forward of p beside a backward of q: what either sends to experts runs behind the kernels of both, which it slows.
static double merged_time(const clx_graph *g, int32_t p, int32_t q) {
  const clx_layer_cost *f = &g->time[p].sum, *b = &g->time[q].sum;
  const double whole =
      g->duration[CLX_TASK_FORWARD][p] + g->duration[CLX_TASK_BACKWARD][q] + g->duration[CLX_TASK_WEIGHT][q];
  const double exchange = f->ep[0] + b->ep[1], hidden = fmin(exchange, whole - exchange);
  const clx_group group = clx_group_make(g->job.network, g->job.layout.ep, g->job.layout.etp);
  return whole - hidden * (1 - clx_training_processors_held(&g->job, CLX_DISPATCH, group));
}

static clx_status fill_merged(clx_graph *g, clx_arena *arena, clx_error *error) {
  if (g->pipeline.kind != CLX_PIPELINE_DUALPIPE && !g->job.layout.merge) return CLX_OK;
  const int32_t n = g->positions;
  g->merged = CLX_NEW_ARRAY(arena, double, n *n);
  if (g->merged == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t p = 0; p < n; p++) {
    for (int32_t q = 0; q < n; q++) g->merged[p * n + q] = merged_time(g, p, q);
  }
  g->times.merged = g->merged;
  return CLX_OK;
}

clx_status clx_graph_make(const clx_training *job, const clx_training_costs *costs, int32_t micro_batches,
                          clx_arena *arena, clx_graph *g, clx_error *error) {
  const clx_layout *l = &job->layout;
  *g = (clx_graph){.job = *job, .positions = l->pp * l->vpp, .micro_batches = micro_batches};
  g->transfer = clx_training_transfer_time(job);
  if (!reserve(g, arena)) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const int32_t kind = clx_training_schedule(l);
  const clx_pipeline_spec spec = {.kind = kind,
                                  .stages = l->pp,
                                  .chunks = kind == CLX_PIPELINE_DUALPIPE ? 0 : l->vpp,
                                  .micro_batches = micro_batches,
                                  .group = l->group,
                                  .merge = l->merge && kind != CLX_PIPELINE_DUALPIPE,
                                  .place = l->place};
  CLX_TRY(clx_pipeline_make(&spec, arena, &g->pipeline, error));
  fill_positions(g, costs);
  for (int32_t k = 0; k < CLX_TASK_KINDS; k++) g->times.task[k] = g->duration[k];
  g->times.send = g->send;
  g->times.blocking = !job->software->pp_overlap;
  return fill_merged(g, arena, error);
}

// --- what follows the schedule ----------------------------------------------------------------------------------------------

// A collective of data parallelism behind what its stage still computes.
typedef struct behind {
  double finish;  // s, of it
  double delay;   // s by which it holds up compute
  double added;   // s by which transfers of the stage take longer beside it
} behind;

// Begins at `begin` (its data come bit by bit until `ready`), runs while the stage works until `end`. Its `last` part starts when
// the data are complete.
static behind run_behind(const clx_graph *g, clx_training_traffic *t, const clx_traffic_demand *d, double begin,
                         double ready, double end, const clx_layer_cost *cost) {
  const double last = fmax(g->job.software->last_bucket / g->job.layout.vpp, 0.01) * d->time;
  const double window = fmax(0, end - begin);
  const double all = clx_layer_cost_backward(cost), scale = all > 0 ? window / all : 0;
  const double waiting[CLX_WAITING] = {scale * cost->tp[1], scale * cost->cp[1], scale * cost->ep[1]};
  double compute = window;
  for (int32_t i = 0; i < CLX_WAITING; i++) compute -= waiting[i];
  // No more than what is there before the end can be hidden.
  const double most = ready < end ? d->time : fmax(0, d->time - last);
  const clx_traffic_demand part = clx_training_part_demand(d, d->time > 0 ? most / d->time : 0);
  const clx_beside beside = clx_training_beside(t, &part, compute, waiting);
  const double exposed = d->time - beside.hidden;
  // Where all of it fits before the stage ends, it is through after its own length or the last bucket.
  const bool fits = beside.hidden >= most * (1 - 1e-9);
  const double finish = fits ? begin + d->time : end + exposed;
  return (behind){fmax(finish, ready + last), clx_training_dp_drag(&g->job, d, cost, 1) * beside.hidden, beside.added};
}

// Chunks of a stage by the end of their gradients (insertion: they are nearly sorted).
static void order_chunks(const double *ready, int32_t chunks, int32_t *order) {
  for (int32_t c = 0; c < chunks; c++) {
    int32_t at = c;
    for (; at > 0 && ready[order[at - 1]] > ready[c]; at--) order[at] = order[at - 1];
    order[at] = c;
  }
}

// Gradients of a stage, chunk by chunk in the order in which they are complete.
static void reduce_stage(const clx_graph *g, clx_training_traffic *t, const clx_graph_ends *ends, int32_t stage,
                         clx_graph_tail *tail) {
  const int32_t chunks = g->pipeline.chunks;
  int32_t order[CLX_CHUNKS_MAX];
  order_chunks(&ends->ready[stage * chunks], chunks, order);
  const double end = ends->end[stage];
  const bool overlap = g->job.software->dp_overlap;
  double free = overlap ? 0 : end, delay = 0, added = 0;
  for (int32_t k = 0; k < chunks; k++) {
    const int32_t at = stage * chunks + order[k], position = clx_graph_position(g, stage, order[k]);
    const clx_traffic_demand d = clx_training_dp_demand(&g->job, &t->traffic, &g->parameters[position], 1);
    if (d.time <= 0) continue;
    const double begin = fmax(free, ends->begin[at]);
    const behind b = overlap ? run_behind(g, t, &d, begin, ends->ready[at], end, &g->time[position].sum)
                             : (behind){.finish = begin + d.time};
    if (ends->reduce != NULL) ends->reduce[at] = (clx_pipeline_span){begin, b.finish};
    free = b.finish;
    delay += b.delay;
    added += b.added;
  }
  const double done = fmax(end, free) + delay + added;
  if (done <= tail->done) return;
  *tail = (clx_graph_tail){.done = done, .stage = stage, .exposed = done - added - end, .contention = added};
}

// Parameters gathered before the first micro-batch, chunk by chunk: the schedule waits until the first layers of each chunk are
// there when it starts and the last ones before it ends. Later stages get their first micro-batch later.
static double gather_delay(const clx_graph *g, clx_training_traffic *t, const clx_graph_ends *ends) {
  const int32_t chunks = g->pipeline.chunks;
  const bool overlap = g->job.software->gather_overlap;
  double delay = 0;
  for (int32_t stage = 0; stage < g->pipeline.stages; stage++) {
    double free = 0, slowed = 0;
    for (int32_t c = 0; c < chunks; c++) {
      const int32_t position = clx_graph_position(g, stage, c);
      const clx_traffic_demand d = clx_training_dp_demand(&g->job, &t->traffic, &g->parameters[position], 0);
      const double first = fmax(g->job.software->last_bucket / g->job.layout.vpp, 0.01) * d.time;
      const double needed = ends->first[stage * chunks + c], forward = g->time[position].forward;
      if (overlap) delay = fmax(delay, fmax(free + first - needed, free + d.time - needed - forward));
      slowed += clx_training_dp_drag(&g->job, &d, &g->time[position].sum, 0) * fmin(d.time - first, forward);
      free += d.time;
    }
    if (!overlap) delay = fmax(delay, free);
    if (overlap && stage == 0) delay += slowed;
  }
  return delay;
}

// A head tied to the embedding is a second copy on another stage: both add their gradients.
static double tied_time(const clx_graph *g) {
  const clx_training *job = &g->job;
  const clx_layout *l = &job->layout;
  if (!job->model->tied || l->pp < 2 || job->model->adapter_rank > 0) return 0;
  if (clx_training_schedule(l) == CLX_PIPELINE_ZB_V || clx_training_schedule(l) == CLX_PIPELINE_DUALPIPE) return 0;
  const clx_group pair = clx_group_make(job->network, 2, (l->pp - 1) * l->tp * l->cp * l->dp);
  const double bytes = clx_parameter_count(job->model).embedding / l->tp * job->software->gradient_bytes;
  return clx_collective_time(job->network, CLX_ALL_REDUCE, pair, bytes);
}

clx_graph_tail clx_graph_finish(const clx_graph *g, const clx_graph_ends *ends) {
  clx_training_traffic t;
  clx_training_traffic_make(&g->job, &t);
  clx_graph_tail tail = {.done = -1};
  double optimizer = 0;
  for (int32_t stage = 0; stage < g->pipeline.stages; stage++) {
    reduce_stage(g, &t, ends, stage, &tail);
    clx_stage_parameters sum = {0};
    for (int32_t c = 0; c < g->pipeline.chunks; c++) {
      const clx_stage_parameters *one = &g->parameters[clx_graph_position(g, stage, c)];
      sum.shared += one->shared;
      sum.expert += one->expert;
    }
    optimizer = fmax(optimizer, clx_training_optimizer_time(&g->job, &sum));
  }
  tail.gather = gather_delay(g, &t, ends);
  tail.tied = tied_time(g);
  tail.optimizer = optimizer;
  tail.step = tail.gather + tail.done + tail.tied + optimizer;
  return tail;
}
