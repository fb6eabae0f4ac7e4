// One replication: the next event, whatever it is, until the work is done or the horizon is reached.
#include <math.h>

#include "reliability/reliability_renewal.h"
#include "reliability/reliability_simulate.h"

enum { STOPS_IN_ROW_MAX = 100000 };

// Samples of the first job and of the free units, up to s->now.
static void record(clx_simulator *s, double until) {
  clx_series_store *r = s->series;
  const size_t row = (size_t)s->replication * (size_t)r->samples;
  while (s->probe < r->probes && r->probe[s->probe] < until) {
    const int32_t at = r->probe_index[s->probe];
    const double work = clx_job_work_at(&s->job[0], r->probe[s->probe++]);
    if (at < 0) {
      r->before[row + (size_t)(-1 - at)] = work;
    } else {
      r->progress[row + (size_t)at] = work;
      r->free_units[row + (size_t)at] = (float)s->free_count;
    }
  }
}

// Counts and ledger up to s->now.
static void take_stock(clx_simulator *s, clx_reliability_run *run) {
  const clx_reliability_model *m = s->plan->model;
  double work = 0, possible = 0, lost = 0, corrupt = 0, productive = 0, all = 0;
  clx_free_flush(s);
  clx_repair_flush(s);
  for (int32_t i = 0; i < m->job_count; i++) {
    clx_job_state *j = &s->job[i];
    clx_job_advance(s, j);
    // What stands on a corruption that somebody will find later does not count.
    const bool worthless = j->corrupt && j->phase != CLX_PHASE_DONE;
    const clx_mark counts = worthless ? j->clean : j->now;
    corrupt += j->now.gpu - counts.gpu;
    productive += counts.gpu;
    work += counts.work;
    lost += j->lost;
    possible += clx_work_possible(m, i, j->phase == CLX_PHASE_DONE ? j->done : s->now);
  }
  run->elapsed = s->now;
  run->goodput = possible > 0 ? work / possible : 0;
  run->interruptions = s->interruptions;
  run->planned = s->planned;
  run->failures = s->failures;
  run->lost_work = s->stops > 0 ? lost / s->stops : 0;
  run->least_spares = s->least_free;
  run->mean_spares = s->now > 0 ? s->free_units_time / s->now : s->free_count;
  run->waited = s->waited;
  run->most_repair = s->most_repair;
  for (int32_t b = 0; b < CLX_LEDGERS; b++) run->ledger[b] = s->ledger[b];
  run->ledger[CLX_LEDGER_PRODUCTIVE] += productive;
  run->ledger[CLX_LEDGER_WASTED] += corrupt;
  for (int32_t b = 0; b < CLX_LEDGERS; b++) all += run->ledger[b];
  double total;
  clx_machine_gpus(m, s->now, &total);
  run->residual = total > 0 ? fabs(all - total) / total : 0;
  s->counting = false;
}

static void due_fire(clx_simulator *s) {
  const clx_due due = clx_due_pop(&s->heap);
  const clx_plan *plan = s->plan;
  switch (due.kind) {
    case CLX_DUE_ARRIVAL:
      for (int32_t u = plan->first[due.id]; u < plan->first[due.id + 1]; u++) clx_unit_free(s, u);
      s->arrivals--;
      clx_jobs_serve(s);
      break;
    case CLX_DUE_REPAIR:
      s->events++;
      clx_repair_end(s, due.id);
      break;
    case CLX_DUE_OWN:
      clx_own_fire(s, &due);
      break;
    case CLX_DUE_OFFENDER:
      clx_offender_fire(s, &due);
      break;
    case CLX_DUE_SLOW:
      clx_slow_found(s, &due);
      break;
    case CLX_DUE_DATA:
      clx_data_found(s, &due);
      break;
    default:
      clx_replica_join(s, &due);
      break;
  }
}

// Nothing but the end of all times is left: units that jobs wait for will not come.
static bool stuck(const clx_simulator *s) {
  if (s->in_repair > 0 || s->arrivals > 0) return false;
  for (int32_t i = 0; i < s->plan->model->job_count; i++) {
    const clx_job_state *j = &s->job[i];
    if (j->phase != CLX_PHASE_DONE && (j->phase != CLX_PHASE_WAIT || j->gpus_joining > 0 || isfinite(j->growth)))
      return false;
  }
  return s->running > 0;
}

static clx_status no_progress(const clx_simulator *s, clx_error *error) {
  if (s->failed) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < s->plan->model->job_count; i++) {
    const clx_job_state *j = &s->job[i];
    if (j->phase == CLX_PHASE_DONE) continue;
    if (stuck(s)) {
      return clx_fail_plain(error, CLX_INFEASIBLE,
                            "job %s waits for %d units and none is in repair or free: it holds %d of %d", j->job->name,
                            (int)j->vacancies, (int)j->held, (int)j->slots);
    }
    if (j->stops_in_row <= STOPS_IN_ROW_MAX) continue;
    return clx_fail_plain(
        error, CLX_INFEASIBLE,
        "job %s was stopped %d times in a row before a checkpoint counted: restart (%.3g s) and interval "
        "(%.3g s) are too long for its failures",
        j->job->name, STOPS_IN_ROW_MAX, j->stage->restart, j->stage->checkpoint.interval);
  }
  // The cause is where most of the time went.
  int32_t most = CLX_LEDGER_WASTED;
  for (int32_t b = 0; b < CLX_LEDGERS; b++) {
    const bool idle = b == CLX_LEDGER_PRODUCTIVE || b == CLX_LEDGER_SPARE || b == CLX_LEDGER_REPAIR;
    if (!idle && s->ledger[b] > s->ledger[most]) most = b;
  }
  return clx_fail_plain(error, CLX_INFEASIBLE,
                        "after %.3g s, %g times the time without failures, the work was not done: most of the time "
                        "went into %s",
                        s->now, CLX_STRETCH_MOST, clx_ledger_names[most].doc);
}

typedef enum what { WHAT_PROCESS, WHAT_DUE, WHAT_JOB, WHAT_GROWTH } what;

// The earliest; equal times in this order: arrivals and repairs, jobs, failures.
static double next_event(const clx_simulator *s, what *kind, int32_t *index) {
  double time = s->heap.count > 0 ? s->heap.item[0].time : INFINITY;
  *kind = WHAT_DUE;
  *index = 0;
  for (int32_t i = 0; i < s->plan->model->job_count; i++) {
    if (s->job[i].until < time) time = s->job[i].until, *kind = WHAT_JOB, *index = i;
    if (s->job[i].growth < time) time = s->job[i].growth, *kind = WHAT_GROWTH, *index = i;
  }
  for (int32_t p = 0; p < s->plan->process_count; p++) {
    if (s->next[p] < time) time = s->next[p], *kind = WHAT_PROCESS, *index = p;
  }
  return time;
}

static bool hopeless(const clx_simulator *s) {
  bool row = false;
  for (int32_t i = 0; i < s->plan->model->job_count; i++) row = row || s->job[i].stops_in_row > STOPS_IN_ROW_MAX;
  return s->failed || row || s->now > s->plan->slack || stuck(s);
}

// Whether a job with an end is still at it.
static bool works(const clx_simulator *s) {
  for (int32_t i = 0; i < s->plan->model->job_count; i++) {
    if (s->job[i].phase != CLX_PHASE_DONE && isfinite(s->job[i].job->work)) return true;
  }
  return false;
}

clx_status clx_simulator_run(clx_simulator *s, int32_t replication, clx_reliability_run *run, clx_error *error) {
  const clx_reliability_model *m = s->plan->model;
  const double horizon = m->horizon > 0 ? m->horizon : INFINITY;
  clx_simulator_reset(s, replication);
  clx_events_start(s);
  run->end = INFINITY;
  while (s->running > 0 && (s->counting || works(s))) {
    what kind;
    int32_t index;
    const double time = next_event(s, &kind, &index);
    if (s->series != NULL) record(s, time);
    if (s->counting && time >= horizon) {
      s->now = horizon;
      take_stock(s, run);
      if (!works(s)) break;
    }
    if (time > s->plan->slack || hopeless(s)) {
      if (time > s->now && isfinite(time)) s->now = time;
      return no_progress(s, error);
    }
    s->now = time;
    switch (kind) {
      case WHAT_PROCESS:
        clx_process_fire(s, index);
        break;
      case WHAT_DUE:
        due_fire(s);
        break;
      case WHAT_JOB:
        clx_job_timer(s, &s->job[index]);
        break;
      case WHAT_GROWTH:
        clx_job_growth(s, &s->job[index]);
        break;
    }
  }
  for (int32_t i = 0; i < m->job_count; i++) {
    if (!isfinite(m->job[i].work)) continue;
    run->end = isfinite(run->end) ? fmax(run->end, s->job[i].done) : s->job[i].done;
  }
  if (s->counting) take_stock(s, run);
  if (s->series != NULL) record(s, INFINITY);
  return CLX_OK;
}
