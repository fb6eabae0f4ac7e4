// Phases of a job: what follows a stop, up to work again. With one policy or another, this is how all replicas start again:
// detection (free of failures) - swap - start of processes - reading the checkpoint back (exposed) - work.
#include <math.h>

#include "reliability/reliability_simulate.h"

// The bucket in which the GPUs of a job stand.
static const int32_t bucket_of[CLX_PHASES] = {
    [CLX_PHASE_DONE] = CLX_LEDGER_SPARE,
    [CLX_PHASE_START] = CLX_LEDGER_INITIALIZATION,
    [CLX_PHASE_RUN] = CLX_LEDGER_PRODUCTIVE,
    [CLX_PHASE_SAVE] = CLX_LEDGER_SAVE,
    [CLX_PHASE_DETECT] = CLX_LEDGER_RECOVERY,
    [CLX_PHASE_SWAP] = CLX_LEDGER_RECOVERY,
    [CLX_PHASE_WAIT] = CLX_LEDGER_WAITING,
    [CLX_PHASE_STARTUP] = CLX_LEDGER_STARTUP,
    [CLX_PHASE_RESTORE] = CLX_LEDGER_RESTORE,
    [CLX_PHASE_LOCATE] = CLX_LEDGER_RECOVERY,
    [CLX_PHASE_STALL] = CLX_LEDGER_REINITIALIZATION,
    [CLX_PHASE_RELOAD] = CLX_LEDGER_RESTORE,
};

void clx_job_phase(clx_simulator *s, clx_job_state *j, clx_phase phase, double duration) {
  clx_job_advance(s, j);
  j->phase = phase;
  const bool asked =
      phase == CLX_PHASE_SAVE || phase == CLX_PHASE_SWAP || phase == CLX_PHASE_STARTUP || phase == CLX_PHASE_RESTORE;
  j->bucket = j->planned && asked ? CLX_LEDGER_MAINTENANCE : bucket_of[phase];
  j->until = s->now + duration;
}

bool clx_job_runs(const clx_job_state *j) { return j->phase == CLX_PHASE_RUN || j->phase == CLX_PHASE_SAVE; }

bool clx_job_stands(const clx_job_state *j) {
  return j->phase == CLX_PHASE_LOCATE || j->phase == CLX_PHASE_STALL || j->phase == CLX_PHASE_RELOAD;
}

// Share of the full rate, with the replicas that are left.
static double speed(const clx_simulator *s, const clx_job_state *j) {
  if (j->whole) return 1;
  if (s->plan->model->policy.kind == CLX_POLICY_REDUNDANT) return 1.0 / j->depth;
  return j->stage->speed != NULL ? j->stage->speed[j->alive] : (double)j->alive / j->replicas;
}

void clx_job_speed(clx_simulator *s, clx_job_state *j) {
  double slow = 1;
  for (int32_t i = 0; i < j->slow_count; i++) slow = fmax(slow, j->slow[i].factor);
  const double full = speed(s, j) / slow;
  j->rate = j->stage->rate * full;
  j->share = j->alive > 0 ? fmin(1, full * j->replicas / j->alive) : 0;
  j->until = clx_job_finish(j);
}

void clx_job_begin(clx_simulator *s, clx_job_state *j) {
  j->cold = j->planned = j->reload = false;
  j->started = true;
  clx_job_phase(s, j, CLX_PHASE_RUN, INFINITY);
  clx_job_anchor(s, j);
  if (s->plan->model->policy.kind == CLX_POLICY_REDUNDANT) j->depth = 1;
  clx_job_speed(s, j);
}

bool clx_job_enough(const clx_job_state *j, const clx_plan *plan) {
  const clx_reliability_policy *p = &plan->model->policy;
  if (j->whole || p->kind == CLX_POLICY_REDUNDANT) return j->vacancies == 0;
  return j->alive >= (p->least > 1 ? p->least : 1);
}

// Units that failed are out, free ones come in.
static void enter_swap(clx_simulator *s, clx_job_state *j) {
  clx_job_advance(s, j);
  j->cold = true;
  clx_job_release_later(s, j);
  if (j->grow) {
    int32_t stage = j->stage_index;
    while (stage + 1 < j->job->stage_count && j->job->stage[stage + 1].start <= s->now) stage++;
    j->grow = false;
    clx_job_size(s, j, stage);
  }
  const int32_t available = s->free_count, vacancies = j->vacancies;
  clx_job_fill(s, j, 0);
  const int32_t filled = vacancies - j->vacancies;
  if (j->replicas > 1) clx_job_regroup(s, j);
  if (j->vacancies > 0 && j->asking > s->now) j->asking = s->now;
  if (clx_job_enough(j, s->plan)) {
    clx_job_phase(s, j, CLX_PHASE_SWAP, clx_swap_time(s, filled, available));
  } else {
    clx_job_phase(s, j, CLX_PHASE_WAIT, INFINITY);
  }
}

// A first start that was interrupted begins again in full: what it sets up is not there yet.
static void come_up(clx_simulator *s, clx_job_state *j) {
  if (j->started) {
    clx_job_phase(s, j, CLX_PHASE_STARTUP, j->stage->restart);
  } else {
    clx_job_phase(s, j, CLX_PHASE_START, s->plan->model->start);
  }
}

// Units lost during the swap are swapped with the others.
static void leave_swap(clx_simulator *s, clx_job_state *j) {
  clx_job_fill(s, j, 0);
  if (j->replicas > 1) clx_job_regroup(s, j);
  if (clx_job_enough(j, s->plan)) {
    if (j->vacancies == 0) j->asking = INFINITY;
    come_up(s, j);
    return;
  }
  if (j->asking > s->now) j->asking = s->now;
  clx_job_phase(s, j, CLX_PHASE_WAIT, INFINITY);
}

static void finish(clx_simulator *s, clx_job_state *j) {
  clx_job_phase(s, j, CLX_PHASE_DONE, INFINITY);
  j->done = s->now;
  j->growth = INFINITY;
  clx_job_dissolve(s, j);
  s->running--;
  clx_jobs_serve(s);
}

void clx_job_timer(clx_simulator *s, clx_job_state *j) {
  do {
    switch (j->phase) {
      case CLX_PHASE_START:
        clx_job_begin(s, j);
        break;
      case CLX_PHASE_RUN:
        finish(s, j);
        break;
      case CLX_PHASE_SAVE:
        clx_job_advance(s, j);
        clx_job_saved(j);
        enter_swap(s, j);
        break;
      case CLX_PHASE_DETECT:
        enter_swap(s, j);
        break;
      case CLX_PHASE_SWAP:
        leave_swap(s, j);
        break;
      case CLX_PHASE_STARTUP:
        clx_job_phase(s, j, CLX_PHASE_RESTORE, j->load);
        break;
      case CLX_PHASE_RESTORE:
        clx_job_begin(s, j);
        s->events++;
        break;
      default:
        clx_replica_next(s, j);
        break;
    }
  } while (j->until <= s->now);
}

void clx_job_start(clx_simulator *s, clx_job_state *j) {
  j->cold = true;
  clx_job_fill(s, j, 0);
  clx_job_regroup(s, j);
  if (j->vacancies > 0) j->asking = 0;
  if (clx_job_enough(j, s->plan)) {
    clx_job_phase(s, j, CLX_PHASE_START, s->plan->model->start);
  } else {
    clx_job_phase(s, j, CLX_PHASE_WAIT, INFINITY);
  }
}

// --- stops ----------------------------------------------------------------------------------------------------------------------
// An event in the counts.
void clx_job_note(clx_simulator *s, int32_t failure, bool planned) {
  if (!s->counting) return;
  *(planned ? &s->planned : &s->interruptions) += 1;
  if (failure >= 0 && planned == s->plan->model->failure[failure].planned) s->class_stops[failure]++;
}

void clx_job_count(clx_simulator *s, clx_job_state *j, int32_t failure, bool planned) {
  s->events++;
  if (j->now.work > j->high) {
    j->high = j->now.work;
    j->stops_in_row = 0;
  } else {
    j->stops_in_row++;
  }
  s->stops += s->counting && !planned;
  clx_job_note(s, failure, planned);
}

void clx_job_stop(clx_simulator *s, clx_job_state *j, const clx_failure_class *f, bool survives) {
  clx_job_advance(s, j);
  clx_job_rollback(s, j, survives);
  j->planned = false;
  j->cold = true;
  j->locating = j->stalling = j->reloading = 0;
  clx_job_phase(s, j, CLX_PHASE_DETECT, f->detect + f->localise);
}

void clx_job_crash(clx_simulator *s, clx_job_state *j, const clx_event *event, bool everybody, int32_t units) {
  const clx_failure_class *f = &s->plan->model->failure[event->failure];
  const bool whole = j->whole || everybody;
  if (!whole && !j->cold && j->phase != CLX_PHASE_SAVE) {
    clx_replica_crash(s, j, event->failure, false, false);
    return;
  }
  if (j->phase == CLX_PHASE_DONE) return;
  // During detection, swap and waiting further failures only take units; logs count them all the same.
  if (j->phase == CLX_PHASE_DETECT || j->phase == CLX_PHASE_SWAP || (j->phase == CLX_PHASE_WAIT && j->cold)) {
    clx_job_note(s, event->failure, false);
    return;
  }
  clx_job_stop(s, j, f, units <= 1 && event->survive < j->stage->checkpoint.survives);
  clx_job_count(s, j, event->failure, false);
}

void clx_job_ask(clx_simulator *s, clx_job_state *j, const clx_event *event, bool planned, bool everybody) {
  const bool whole = j->whole || everybody || j->later_count == 0;
  if (!whole && !j->cold && (j->phase == CLX_PHASE_RUN || clx_job_stands(j) || j->phase == CLX_PHASE_WAIT)) {
    clx_replica_ask(s, j, event->failure, planned);
    return;
  }
  switch (j->phase) {
    case CLX_PHASE_RUN:
      j->planned = planned;
      j->load = clx_checkpoint_load(&j->stage->checkpoint, true);
      if (isfinite(j->interval)) {
        clx_job_phase(s, j, CLX_PHASE_SAVE, j->stall + j->lag);  // it stays until the checkpoint counts
      } else {                                                   // no checkpoints: what was done is lost
        clx_job_advance(s, j);
        clx_job_rollback(s, j, false);
        enter_swap(s, j);
      }
      break;
    case CLX_PHASE_START:
    case CLX_PHASE_STARTUP:
    case CLX_PHASE_RESTORE:
      j->planned = planned;
      enter_swap(s, j);
      break;
    default:
      if (!clx_job_stands(j)) {  // a stop is under way
        if (planned == s->plan->model->failure[event->failure].planned) clx_job_note(s, event->failure, planned);
        return;
      }
      clx_job_advance(s, j);
      if (!j->reload) clx_job_saved(j);  // replicas that stand still have their state
      j->load = clx_checkpoint_load(&j->stage->checkpoint, true);
      j->planned = planned;
      j->locating = j->stalling = j->reloading = 0;
      enter_swap(s, j);
      break;
  }
  clx_job_count(s, j, event->failure, planned);
  if (j->until <= s->now) clx_job_timer(s, j);
}

// A stage begins: a checkpoint, then again with all the units that it has.
void clx_job_growth(clx_simulator *s, clx_job_state *j) {
  int32_t next = 0;
  while (next < j->job->stage_count && j->job->stage[next].start <= s->now) next++;
  j->growth = next < j->job->stage_count ? j->job->stage[next].start : INFINITY;
  j->grow = true;
  const bool waits = j->phase == CLX_PHASE_SWAP || j->phase == CLX_PHASE_WAIT;
  if (j->phase == CLX_PHASE_DETECT || j->phase == CLX_PHASE_SAVE) return;
  if (!waits) clx_job_count(s, j, -1, true);
  if (j->phase == CLX_PHASE_RUN && isfinite(j->interval)) {
    j->planned = true;
    j->load = clx_checkpoint_load(&j->stage->checkpoint, true);
    clx_job_phase(s, j, CLX_PHASE_SAVE, j->stall + j->lag);  // it stays until the checkpoint counts
    return;
  }
  if (j->phase == CLX_PHASE_RUN) {
    clx_job_advance(s, j);
    clx_job_rollback(s, j, false);
  } else if (clx_job_stands(j) && !j->reload) {
    clx_job_advance(s, j);
    clx_job_saved(j);  // as above
    j->load = clx_checkpoint_load(&j->stage->checkpoint, true);
  }
  j->planned = true;
  j->locating = j->stalling = j->reloading = 0;
  enter_swap(s, j);
  if (j->until <= s->now) clx_job_timer(s, j);
}
