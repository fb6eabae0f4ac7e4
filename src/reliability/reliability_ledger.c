// Where the GPU-seconds go, and the work of a job in closed form: between two events nothing is stepped through.
#include <math.h>

#include "reliability/reliability_simulate.h"

const clx_ledger_name clx_ledger_names[CLX_LEDGERS] = {
    [CLX_LEDGER_PRODUCTIVE] = {"productive", "PRODUCTIVE", "work that counts"},
    [CLX_LEDGER_STRAGGLING] = {"straggling", "OTHER", "waiting for slow units, or for a poorer split of the batch"},
    [CLX_LEDGER_INITIALIZATION] = {"initialization", "TPU_INITIALIZATION", "first start"},
    [CLX_LEDGER_STARTUP] = {"startup", "PROGRAM_STARTUP", "processes and communicators after a stop"},
    [CLX_LEDGER_SAVE] = {"save", "UNPRODUCTIVE_CHECKPOINT_SAVE_TIME", "standing still for checkpoints"},
    [CLX_LEDGER_RESTORE] = {"restore", "UNPRODUCTIVE_CHECKPOINT_RESTORE_TIME", "reading a checkpoint back"},
    [CLX_LEDGER_WASTED] = {"wasted", "WASTED_PROGRESS_FROM_DISRUPTION", "work done again"},
    [CLX_LEDGER_RECOVERY] = {"recovery", "INFRASTRUCTURE_RECOVERY_FROM_DISRUPTION", "detection, diagnosis, swap"},
    [CLX_LEDGER_WAITING] = {"waiting", "INFRASTRUCTURE_RECOVERY_FROM_DISRUPTION", "waiting for units"},
    [CLX_LEDGER_MAINTENANCE] = {"maintenance", "CUSTOM_BADPUT_EVENTS", "stops that were planned"},
    [CLX_LEDGER_SLICE_DOWN] = {"slice_down", "ELASTIC_SLICE_DOWN", "healthy units of replicas that are out"},
    [CLX_LEDGER_SCALE_UP] = {"scale_up", "ELASTIC_SCALE_UP", "replicas coming back"},
    [CLX_LEDGER_REINITIALIZATION] = {"reinitialization", "ELASTIC_REINITIALIZATION",
                                     "all replicas standing still for one that left or joined"},
    [CLX_LEDGER_SPARE] = {"spare", "OTHER", "free units"},
    [CLX_LEDGER_REPAIR] = {"repair", "OTHER", "failed units until they are back"},
};

typedef struct position {
  double worked;          // s of work since the anchor
  int64_t taken, stored;  // checkpoints taken; of these in storage
} position;

// Segments of interval + stall, every `every`-th with remote_stall more. They are counted, never added up.
static position locate(const clx_job_state *j, double time) {
  const double elapsed = fmax(0, time - j->anchor);
  if (!isfinite(j->interval)) return (position){elapsed, 0, 0};
  const double segment = j->interval + j->stall;
  const double cycle = (double)j->every * segment + j->remote_stall;
  const double begun = elapsed + (double)j->behind * segment;
  const double whole = floor(begun / cycle);
  const double rest = fmax(0, begun - whole * cycle);
  const double in = fmin(floor(rest / segment), (double)(j->every - 1));
  const double segments = whole * (double)j->every + in - (double)j->behind;
  const double offset = fmax(0, rest - in * segment);
  return (position){segments * j->interval + fmin(offset, j->interval), (int64_t)segments, (int64_t)whole};
}

// Time at which the stall of checkpoint number `taken` ends.
static double stall_end(const clx_job_state *j, int64_t taken) {
  return j->anchor + (double)taken * (j->interval + j->stall) +
         (double)((taken + j->behind) / j->every) * j->remote_stall;
}

// The copy of this run that is number `stored` in storage.
static int64_t copy_number(const clx_job_state *j, int64_t stored) { return stored * j->every - j->behind; }

// The state after `worked` s, not before what is counted.
static clx_mark mark_at(const clx_job_state *j, double worked) {
  const double more = fmax(0, worked - j->worked);
  return (clx_mark){j->now.work + j->rate * more, j->now.gpu + j->gpus * j->share * more};
}

static void advance_run(clx_simulator *s, clx_job_state *j) {
  const position at = locate(j, s->now);
  if (at.taken > j->taken) {
    j->copy_before = at.taken - 1 > j->taken ? mark_at(j, (double)(at.taken - 1) * j->interval) : j->copy;
    j->copy = mark_at(j, (double)at.taken * j->interval);
    j->taken = at.taken;
  }
  if (at.stored > j->stored) {
    j->remote_before =
        at.stored - 1 > j->stored ? mark_at(j, (double)copy_number(j, at.stored - 1) * j->interval) : j->remote;
    j->remote = mark_at(j, (double)copy_number(j, at.stored) * j->interval);
    j->stored = at.stored;
  }
  const double work = fmax(0, at.worked - j->worked);
  j->now = mark_at(j, at.worked);
  j->worked += work;
  s->ledger[CLX_LEDGER_STRAGGLING] += j->gpus * (1 - j->share) * work;
  s->ledger[CLX_LEDGER_SAVE] += j->gpus * (s->now - j->since - work);
}

void clx_job_advance(clx_simulator *s, clx_job_state *j) {
  const double time = s->now - j->since;
  if (time <= 0) return;
  if (j->phase == CLX_PHASE_RUN) {
    advance_run(s, j);
  } else if (j->phase != CLX_PHASE_DONE) {
    s->ledger[j->bucket] += j->gpus * time;
    if (j->phase == CLX_PHASE_WAIT) s->waited += time;
  }
  if (j->gpus_down > 0) s->ledger[CLX_LEDGER_SLICE_DOWN] += j->gpus_down * time;
  if (j->gpus_joining > 0) s->ledger[CLX_LEDGER_SCALE_UP] += j->gpus_joining * time;
  j->since = s->now;
}

double clx_job_work_at(const clx_job_state *j, double time) {
  return j->phase == CLX_PHASE_RUN ? mark_at(j, locate(j, time).worked).work : j->now.work;
}

double clx_job_finish(const clx_job_state *j) {
  if (!isfinite(j->job->work) || j->rate <= 0) return INFINITY;
  const double worked = j->worked + fmax(0, j->job->work - j->now.work) / j->rate;
  if (!isfinite(j->interval)) return j->anchor + worked;
  const double stalls = fmax(0, ceil(worked / j->interval) - 1);  // none behind the last of the work
  return j->anchor + worked + stalls * j->stall +
         floor((stalls + (double)j->behind) / (double)j->every) * j->remote_stall;
}

// The last checkpoint that counts: one whose lag is not over does not, and the one before it does (lag <= interval).
clx_mark clx_job_durable(const clx_job_state *j, double time, clx_mark *remote) {
  const bool copy = j->taken == 0 || j->lag <= 0 || time >= stall_end(j, j->taken) + j->lag;
  const clx_mark last = copy ? j->copy : j->copy_before;
  const bool far =
      j->stored == 0 || j->remote_lag <= 0 || time >= stall_end(j, copy_number(j, j->stored)) + j->remote_lag;
  *remote = !j->memory ? last : far ? j->remote : j->remote_before;
  return last;
}

double clx_checkpoint_load(const clx_checkpoint_plan *plan, bool near) {
  if (plan->mode == CLX_CHECKPOINT_NONE) return 0;
  return plan->mode == CLX_CHECKPOINT_MEMORY && near ? plan->load_memory : plan->load;
}

void clx_job_rollback_to(clx_simulator *s, clx_job_state *j, clx_mark mark) {
  j->lost += fmax(0, j->now.work - mark.work) / j->stage->rate;
  s->ledger[CLX_LEDGER_WASTED] += j->now.gpu - mark.gpu;
  j->now = mark;
  if (j->corrupt && mark.work <= j->clean_copy.work) {  // what was corrupt is thrown away before anybody found it
    j->corrupt = false;
    j->epoch++;
  }
}

void clx_job_rollback(clx_simulator *s, clx_job_state *j, bool survives) {
  clx_mark remote;
  const clx_mark copy = clx_job_durable(j, s->now, &remote);
  const bool near = j->memory && survives;
  // Every so-many-th copy of the whole run goes to storage, not of the time since the last stop; one under way is not waited for.
  const bool last = j->taken == 0 || j->lag <= 0 || s->now >= stall_end(j, j->taken) + j->lag;
  const int64_t behind = near ? (j->behind + j->taken - !last) % j->every : 0;
  clx_job_rollback_to(s, j, near ? copy : remote);
  j->copy = j->copy_before = j->now;
  j->remote = j->remote_before = remote;
  j->taken = j->stored = 0;
  j->behind = behind;
  j->load = clx_checkpoint_load(&j->stage->checkpoint, near);
}

void clx_job_saved(clx_job_state *j) {
  j->behind = 0;
  j->copy = j->copy_before = j->remote = j->remote_before = j->now;
  j->taken = j->stored = 0;
}

// A run begins now from the work that stands; its checkpoints are counted from here.
void clx_job_anchor(clx_simulator *s, clx_job_state *j) {
  const clx_checkpoint_plan *c = &j->stage->checkpoint;
  const bool none = c->mode == CLX_CHECKPOINT_NONE;
  j->memory = c->mode == CLX_CHECKPOINT_MEMORY;
  j->interval = none ? INFINITY : c->interval;
  j->stall = none ? 0 : c->stall;
  j->lag = none || c->mode == CLX_CHECKPOINT_SYNC ? 0 : c->lag;
  const bool remote = j->memory && c->remote_every > 0;
  j->every = remote ? c->remote_every : j->memory ? INT32_MAX : 1;
  j->remote_stall = remote ? c->remote_stall : 0;
  j->remote_lag = remote ? c->remote_lag : 0;
  j->anchor = s->now;
  j->worked = 0;
  j->taken = j->stored = 0;
}
