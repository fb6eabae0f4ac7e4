// The step of every rank (training_exact.h): a fleet of GPUs that differ, as lanes of ranks that wait for each other.
#include "training/training_exact.h"

#include <math.h>
#include <stdlib.h>

#include "training/training_fleet.h"

enum { STEPS_MAX = 4096 };

// --- the steps --------------------------------------------------------------------------------------------------------------

static int compare_times(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

// Nearest rank, of sorted values.
static double quantile(const double *sorted, int32_t count, double q) {
  const int32_t at = (int32_t)ceil(q * count) - 1;
  return sorted[at < 0 ? 0 : at];
}

static void note_slowest(const clx_fleet *f, clx_exact *exact) {
  for (int64_t i = 0; i < exact->ranks; i++) {
    if ((double)f->time[i] <= exact->slowness) continue;
    exact->slowness = (double)f->time[i];
    exact->slowest_rank = i;
  }
}

static void note_fleet(const clx_fleet *f, clx_exact *exact) {
  exact->ranks = (int64_t)clx_layout_ranks(&f->job->layout);
  exact->micro_batches_least = INFINITY;
  for (int32_t i = 0; i < f->part_count; i++) {
    exact->lanes += f->part[i].replicas / f->lockstep;
    exact->micro_batches_most = fmax(exact->micro_batches_most, f->part[i].micro_batches);
    exact->micro_batches_least = fmin(exact->micro_batches_least, f->part[i].micro_batches);
  }
}

static clx_status run_step(const clx_fleet *f, int32_t step, clx_graph_tail *tail, int64_t *tasks, clx_error *error) {
  clx_graph_ends ends;
  CLX_TRY(clx_graph_ends_make(&f->part[0].graph, f->arena, &ends, error));
  clx_fleet_draw(f, step);
  CLX_TRY(clx_fleet_run(f, &ends, tasks, error));
  *tail = clx_fleet_finish(f, &ends);
  return CLX_OK;
}

// The part whose replicas would take longest if all ranks were alike.
static clx_status nominal_step(clx_fleet *f, clx_step *step, clx_error *error) {
  *step = (clx_step){0};
  for (int32_t i = 0; i < f->part_count; i++) {
    clx_graph_tail tail;
    clx_step one;
    CLX_TRY(clx_graph_run(&f->part[i].graph, f->arena, &tail, error));
    clx_graph_parts(&f->part[i].graph, &tail, &one);
    if (one.step_time > step->step_time) *step = one;
  }
  return CLX_OK;
}

clx_status clx_training_exact(const clx_training *job, const clx_exact_options *options, clx_arena *arena,
                              clx_step *step, clx_exact *exact, clx_error *error) {
  clx_fleet *f = CLX_NEW(arena, clx_fleet);
  const int32_t steps = options->steps < 1 ? 1 : options->steps < STEPS_MAX ? options->steps : STEPS_MAX;
  double *time = CLX_NEW_ARRAY(arena, double, steps);
  if (f == NULL || time == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  *exact = (clx_exact){0};
  CLX_TRY(clx_fleet_make(job, options, arena, f, error));
  CLX_TRY(nominal_step(f, step, error));
  note_fleet(f, exact);
  for (int32_t i = 0; i < steps; i++) {
    clx_graph_tail tail;
    CLX_TRY(run_step(f, i, &tail, &exact->tasks, error));
    time[i] = tail.step;
    exact->mean += tail.step / steps;
  }
  note_slowest(f, exact);
  qsort(time, (size_t)steps, sizeof *time, compare_times);
  exact->low = quantile(time, steps, 0.05);
  exact->high = quantile(time, steps, 0.95);
  exact->nominal = step->step_time;
  step->jitter = exact->mean - exact->nominal;
  step->step_time = exact->mean;
  if (!(step->step_time > 0) || !isfinite(step->step_time)) {
    return clx_fail(error, CLX_INTERNAL, job->layout.place, "the step time came out as %g", step->step_time);
  }
  return CLX_OK;
}

clx_status clx_training_expected(const clx_training *job, const clx_training_costs *costs, clx_arena *arena,
                                 clx_step *step, clx_error *error) {
  clx_graph g;
  clx_graph_tail tail;
  CLX_TRY(clx_graph_make(job, costs, (int32_t)clx_training_micro_batches(job), arena, &g, error));
  CLX_TRY(clx_graph_run(&g, arena, &tail, error));
  clx_graph_parts(&g, &tail, step);
  const int32_t stage = clx_graph_slowest_stage(&g);
  step->jitter = clx_graph_compute_share(&g, stage) * g.busy[stage] * clx_training_spread(job);
  step->step_time += step->jitter;
  if (!(step->step_time > 0) || !isfinite(step->step_time)) {
    return clx_fail(error, CLX_INTERNAL, job->layout.place, "the step time came out as %g", step->step_time);
  }
  return CLX_OK;
}
