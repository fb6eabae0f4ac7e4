// Power of a job's GPUs over one pass (training_power.h): energies of tasks, replicas that stand for all, passes that are one level.
#include "training/training_power.h"

#include <math.h>

#include "training/training_power_internal.h"

const char *const clx_pass_name[CLX_PASSES + 1] = {"step", "evaluation", "checkpoint", "stopped", NULL};

// --- tasks --------------------------------------------------------------------------------------------------------------------

// What the cost of a position does not name: transfers that hold processors of the tasks.
static void fill_task(const clx_job_draw *draw, const clx_draw_work *work, double duration, clx_draw_sum *task) {
  *task = clx_draw_sum_of(draw, work);
  const double more = duration - clx_draw_sum_time(task);
  if (more > 0) clx_draw_sum_put(task, draw, CLX_DRAW_COMMUNICATE, more);
}

static void fill_position(const clx_job_draw *draw, const clx_graph *g, int32_t position, clx_part_tasks *t) {
  const clx_training *job = &g->job;
  const clx_layer_cost *cost = &g->time[position].sum;
  const clx_draw_work forward = clx_draw_work_of(job, cost, 0);
  clx_draw_work backward = clx_draw_work_of(job, cost, 1), weight = {0};
  if (g->duration[CLX_TASK_WEIGHT][position] > 0) {
    weight = clx_draw_work_weight(job, cost);
    clx_draw_work_add(&backward, &weight, -1);
  }
  fill_task(draw, &forward, g->duration[CLX_TASK_FORWARD][position], &t->task[CLX_TASK_FORWARD][position]);
  fill_task(draw, &backward, g->duration[CLX_TASK_BACKWARD][position], &t->task[CLX_TASK_BACKWARD][position]);
  fill_task(draw, &weight, g->duration[CLX_TASK_WEIGHT][position], &t->task[CLX_TASK_WEIGHT][position]);
  for (int32_t kind = 0; kind < CLX_TASK_KINDS; kind++) {
    t->energy[kind][position] = clx_draw_sum_energy(&t->task[kind][position]);
  }
}

static bool alike(const clx_stragglers *s) {
  return s == NULL || (s->spread == 0 && s->jitter == 0 && s->slow_count == 0);
}

static clx_status fill_part(clx_job_power *p, const clx_part *part, clx_arena *arena, clx_error *error) {
  const clx_graph *g = &part->graph;
  clx_part_tasks *t = &p->part[p->part_count++];
  *t = (clx_part_tasks){.part = part, .lanes = part->replicas / p->fleet->lockstep};
  for (int32_t kind = 0; kind < CLX_TASK_KINDS; kind++) {
    t->task[kind] = CLX_NEW_ARRAY(arena, clx_draw_sum, g->positions);
    t->energy[kind] = CLX_NEW_ARRAY(arena, double, g->positions);
    t->done[kind] = CLX_NEW_ARRAY(arena, double, g->positions);
    if (t->task[kind] == NULL || t->energy[kind] == NULL || t->done[kind] == NULL) {
      return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    }
  }
  for (int32_t i = 0; i < g->positions; i++) fill_position(&p->draw, g, i, t);
  return CLX_OK;
}

// Lanes of parts in proportion, at least one of each; of ranks that are all alike one tells everything.
static void share_lanes(clx_job_power *p) {
  double all = 0;
  for (int32_t i = 0; i < p->part_count; i++) all += p->part[i].lanes;
  const bool one = alike(p->fleet->options->stragglers);
  for (int32_t i = 0; i < p->part_count; i++) {
    clx_part_tasks *t = &p->part[i];
    const double wanted = one ? 1 : fmin(t->lanes, ceil(CLX_POWER_LANES_MAX * t->lanes / all));
    t->drawn = (int32_t)fmax(1, wanted);
    t->weight = t->lanes / all / t->drawn;
  }
}

clx_status clx_job_power_make(const clx_fleet *f, const clx_device *device, clx_arena *arena, clx_job_power *p,
                              clx_error *error) {
  *p = (clx_job_power){.fleet = f};
  clx_training job = *f->job;
  job.device = device;
  CLX_TRY(clx_job_draw_make(&job, &p->draw, error));
  for (int32_t i = 0; i < f->part_count; i++) {
    if (!clx_text_equal(f->part[i].device->name, device->name)) continue;
    if (p->part_count == 0) p->draw.job = &f->part[i].graph.job;
    CLX_TRY(fill_part(p, &f->part[i], arena, error));
  }
  if (p->part_count == 0) {
    return clx_fail(error, CLX_INPUT, f->job->layout.place, "power of %s: no replica of the job runs on it",
                    device->name);
  }
  share_lanes(p);
  return CLX_OK;
}

// --- lanes --------------------------------------------------------------------------------------------------------------------

int32_t clx_part_tasks_lane(const clx_part_tasks *t, int32_t i) { return (int32_t)((i + 0.5) * t->lanes / t->drawn); }

void clx_job_power_pace(const clx_job_power *p, const clx_part_tasks *t, int32_t lane, clx_lane_pace *pace) {
  const clx_fleet *f = p->fleet;
  const clx_layout *l = &f->job->layout;
  const int64_t inner = (int64_t)l->tp * l->cp, ranks = inner * f->lockstep;
  float slowness[CLX_STAGES_MAX];
  clx_fleet_slowness(f, t->part, lane, 1, slowness);
  for (int32_t stage = 0; stage < l->pp; stage++) {
    const int64_t from = inner * (t->part->first + (int64_t)lane * f->lockstep + (int64_t)l->dp * stage);
    double mean = 0;
    for (int64_t rank = from; rank < from + ranks; rank++) mean += (double)f->time[rank] / (double)ranks;
    pace[stage] = (clx_lane_pace){(double)slowness[stage], 1 + t->part->share[stage] * (mean - 1)};
  }
}

void clx_job_power_put(clx_canvas *c, int32_t stage, const clx_lane_pace *pace, double energy, double time,
                       double start, double end) {
  const double wait = end - start - pace->working * time;
  clx_canvas_spread(c, stage, start, end, pace->working * energy + wait * c->draw->watt[CLX_DRAW_WAIT]);
  clx_draw_sum_put(&c->total, c->draw, CLX_DRAW_WAIT, c->weight * wait);
}

void clx_part_tasks_count(clx_part_tasks *t, clx_canvas *c) {
  for (int32_t kind = 0; kind < CLX_TASK_KINDS; kind++) {
    for (int32_t i = 0; i < t->part->graph.positions; i++) {
      if (t->done[kind][i] > 0) clx_draw_sum_add(&c->total, &t->task[kind][i], t->done[kind][i]);
      t->done[kind][i] = 0;
    }
  }
}

// --- passes -------------------------------------------------------------------------------------------------------------------

// One level for all stages.
static clx_status level(const clx_job_draw *draw, const clx_draw_load *load, double time, int32_t samples,
                        clx_arena *arena, clx_canvas *canvas, clx_error *error) {
  const int32_t stages = draw->job->layout.pp;
  CLX_TRY(clx_canvas_make(draw, time, stages, samples, arena, canvas, error));
  const double watt = clx_device_draw(draw->job->device, load, draw->other_clock, draw->limit);
  for (int32_t s = 0; s < stages; s++) {
    clx_canvas_spread(canvas, s, 0, time, time * watt);
    canvas->total.time[load->kind] += time;
    canvas->total.energy[load->kind] += time * watt;
  }
  return CLX_OK;
}

// State copied to the host's memory at the rate of its link.
static clx_status checkpoint(const clx_job_draw *draw, int32_t samples, clx_arena *arena, clx_canvas *canvas,
                             clx_error *error) {
  const clx_device *device = draw->job->device;
  const double rate = device->host_link > 0 ? device->host_link : device->pcie;
  if (!(rate > 0)) {
    return clx_fail(error, CLX_INPUT, draw->job->layout.place, "checkpoint of %s: its catalogue entry gives no pcie",
                    device->name);
  }
  const clx_step step = {.step_time = 1};
  const double bytes = clx_training_checkpoint(draw->job, &step, rate).bytes;
  const clx_draw_load load = {.kind = CLX_DRAW_COMMUNICATE, .format = draw->format, .bytes = rate};
  return level(draw, &load, bytes / rate, samples, arena, canvas, error);
}

static clx_status stopped(const clx_job_draw *draw, int32_t samples, clx_arena *arena, clx_canvas *canvas,
                          clx_error *error) {
  const clx_draw_load load = {.kind = CLX_DRAW_IDLE, .format = draw->format};
  return level(draw, &load, 1, samples, arena, canvas, error);
}

static clx_status paint(const clx_training *job, const clx_exact_options *options, const clx_device *device,
                        clx_pass pass, double sequences, int32_t samples, clx_arena *arena, clx_job_power *p,
                        clx_canvas *canvas, clx_error *error) {
  if (pass == CLX_PASS_CHECKPOINT || pass == CLX_PASS_STOPPED) {
    clx_training *own = CLX_NEW(arena, clx_training);
    if (own == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    *own = *job;
    own->device = device;
    CLX_TRY(clx_job_draw_make(own, &p->draw, error));
    return pass == CLX_PASS_STOPPED ? stopped(&p->draw, samples, arena, canvas, error)
                                    : checkpoint(&p->draw, samples, arena, canvas, error);
  }
  clx_fleet *f = CLX_NEW(arena, clx_fleet);
  if (f == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(clx_fleet_make(job, options, arena, f, error));
  clx_fleet_draw(f, 0);
  CLX_TRY(clx_job_power_make(f, device, arena, p, error));
  return pass == CLX_PASS_STEP ? clx_job_power_step(p, samples, arena, canvas, error)
                               : clx_job_power_evaluation(p, sequences, samples, arena, canvas, error);
}

clx_status clx_training_power_of(const clx_training *job, const clx_exact_options *options, const clx_device *device,
                                 clx_pass pass, double sequences, int32_t samples, clx_arena *arena,
                                 clx_pass_power *power, clx_error *error) {
  *power = (clx_pass_power){0};
  if (samples < 1 || samples > CLX_POWER_SAMPLES_MAX) {
    return clx_fail(error, CLX_INPUT, job->layout.place, "power of a pass in %d samples: expected 1 to %d", samples,
                    CLX_POWER_SAMPLES_MAX);
  }
  if ((double)samples * job->layout.pp > CLX_POWER_CELLS_MAX) {
    return clx_fail(error, CLX_INPUT, job->layout.place,
                    "power of %d stages in %d samples each: expected no more than %d in all", job->layout.pp, samples,
                    CLX_POWER_CELLS_MAX);
  }
  if (!(sequences >= 0) || sequences > CLX_POWER_BATCHES_MAX * job->global_batch) {
    return clx_fail(error, CLX_INPUT, job->layout.place,
                    "an evaluation of %g sequences: expected 0 to %d global batches", sequences, CLX_POWER_BATCHES_MAX);
  }
  clx_job_power *p = CLX_NEW(arena, clx_job_power);
  clx_canvas canvas;
  if (p == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(paint(job, options, device, pass, sequences, samples, arena, p, &canvas, error));
  const clx_layout *l = &job->layout;
  return clx_canvas_finish(&canvas, (double)l->tp * l->cp * l->dp, clx_device_draw_lag(device), arena, power, error);
}

clx_status clx_training_power(const clx_training *job, const clx_exact_options *options, clx_pass pass,
                              double sequences, int32_t samples, clx_arena *arena, clx_pass_power *power,
                              clx_error *error) {
  return clx_training_power_of(job, options, job->device, pass, sequences, samples, arena, power, error);
}

// --- the mean alone -----------------------------------------------------------------------------------------------------------

double clx_training_power_mean(const clx_training *job, const clx_step *s) {
  if (!(s->step_time > 0) || !clx_device_has_draw(job->device)) return 0;
  const clx_job_draw draw = clx_job_draw_of(job);
  const double kernels = s->gemm + s->attention + s->stream, again = kernels > 0 ? s->recompute / kernels : 0;
  const bool full = clx_training_recompute(job) == CLX_RECOMPUTE_FULL;
  const double mixed = full ? again : 0, stream = full ? 0 : s->recompute;
  const double overhead = fmin(job->software->step_overhead, s->optimizer);
  clx_draw_work work = {.gemm_flop = s->executed_flop - s->attention_flop,
                        .gemm_bytes = s->gemm_bytes,
                        .attention_flop = s->attention_flop,
                        .attention_bytes = s->attention_bytes,
                        .link_bytes = s->link_bytes,
                        .link_time = s->link_time};
  work.time[CLX_DRAW_MULTIPLY] = s->gemm * (1 + mixed);
  work.time[CLX_DRAW_ATTENTION] = s->attention * (1 + mixed);
  work.time[CLX_DRAW_STREAM] = s->stream * (1 + mixed) + stream;
  work.time[CLX_DRAW_WAIT] = s->launch;
  work.time[CLX_DRAW_COMMUNICATE] = s->tp_exposed + s->cp_exposed + s->ep_exposed;
  const clx_draw_sum layers = clx_draw_sum_of(&draw, &work);
  clx_draw_sum all = {0};
  clx_draw_sum_add(&all, &layers, s->balance > 0 ? s->balance : 1);
  clx_draw_sum_put(&all, &draw, CLX_DRAW_COMMUNICATE, s->pp_exposed + s->dp_exposed + s->contention);
  clx_draw_sum_put(&all, &draw, CLX_DRAW_STREAM, s->optimizer - overhead);
  clx_draw_sum_put(&all, &draw, CLX_DRAW_WAIT, fmax(0, s->step_time - clx_draw_sum_time(&all)));
  return clx_draw_sum_energy(&all) / s->step_time;
}
