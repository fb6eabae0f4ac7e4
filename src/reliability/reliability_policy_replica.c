// Policies that go on with the replicas that are left: elastic, masked, redundant. All replicas stand still for one that leaves or
// comes back; several at once are dealt with one after the other (then the share of the time lost is rate * stall).
#include <math.h>

#include "reliability/reliability_simulate.h"

void clx_replica_down(clx_job_state *j, int32_t replica) {
  if (j->whole) return;
  const double gpus = j->replica_gpus[replica];
  if (j->replica[replica] == CLX_REPLICA_ALIVE) {
    j->alive--;
    j->gpus -= gpus;
  } else if (j->replica[replica] == CLX_REPLICA_JOINING) {
    j->stamp[replica]++;
    j->gpus_joining -= gpus;
  } else {
    return;
  }
  j->gpus_down += gpus;
  j->replica[replica] = CLX_REPLICA_OUT;
}

void clx_replica_rise(clx_simulator *s, clx_job_state *j, int32_t replica, double delay) {
  j->replica[replica] = CLX_REPLICA_JOINING;
  j->gpus_down -= j->replica_gpus[replica];
  j->gpus_joining += j->replica_gpus[replica];
  clx_due_push(s, &(clx_due){.time = s->now + delay + s->plan->model->policy.join_time,
                             .id = j->index,
                             .extra = replica,
                             .stamp = ++j->stamp[replica],
                             .kind = CLX_DUE_JOIN});
}

// What is left of standing still, one kind after the other, then work: where it was, or from a checkpoint.
void clx_replica_next(clx_simulator *s, clx_job_state *j) {
  if (j->locating > 0) {
    const double time = j->locating;
    j->locating = 0;
    clx_job_phase(s, j, CLX_PHASE_LOCATE, time);
  } else if (j->stalling > 0) {
    const double time = j->stalling;
    j->stalling = 0;
    clx_job_phase(s, j, CLX_PHASE_STALL, time);
  } else if (!clx_job_enough(j, s->plan) && s->plan->model->policy.kind != CLX_POLICY_REDUNDANT) {
    clx_job_phase(s, j, CLX_PHASE_WAIT, INFINITY);
  } else if (j->reloading > 0) {
    const double time = j->reloading;
    j->reloading = 0;
    clx_job_phase(s, j, CLX_PHASE_RELOAD, time);
  } else if (j->reload) {
    clx_job_begin(s, j);
  } else {
    clx_job_phase(s, j, CLX_PHASE_RUN, INFINITY);
    j->anchor += s->now - j->paused;
    clx_job_speed(s, j);
  }
}

void clx_replica_stand(clx_simulator *s, clx_job_state *j, double locating, double stalling) {
  clx_job_advance(s, j);
  if (j->phase == CLX_PHASE_RUN) j->paused = s->now;
  const double left = j->until - s->now;
  if (j->phase == CLX_PHASE_LOCATE) j->locating += left;
  if (j->phase == CLX_PHASE_STALL) j->stalling += left;
  if (j->phase == CLX_PHASE_RELOAD) j->reloading = fmax(j->reloading, left);
  j->locating += locating;
  j->stalling += stalling;
  clx_replica_next(s, j);
}

// Units for replicas that are out; those that lack none come back by themselves.
static void heal(clx_simulator *s, clx_job_state *j, double delay) {
  if (s->plan->model->policy.kind == CLX_POLICY_REDUNDANT) return;  // groups come back when everything starts again
  for (int32_t r = 0; r < j->replicas; r++) {
    if (j->replica[r] == CLX_REPLICA_OUT && j->missing[r] == 0) clx_replica_rise(s, j, r, delay);
  }
  if (j->vacancies == 0) return;
  if (j->asking > s->now) j->asking = s->now;
  clx_job_fill(s, j, delay);
  if (j->vacancies == 0) j->asking = INFINITY;
  if (j->vacancies > 0) clx_job_lend(s, j, delay);
}

// `asked`: nobody had to find out; nothing is lost.
void clx_replica_crash(clx_simulator *s, clx_job_state *j, int32_t failure, bool asked, bool planned) {
  const clx_failure_class *f = &s->plan->model->failure[failure];
  const clx_reliability_policy *p = &s->plan->model->policy;
  const double found = asked ? 0 : f->detect + f->localise;
  // What is left out of a sum need not be found first: the others stand only until they know that it is gone.
  const double stands = asked ? 0 : p->kind == CLX_POLICY_MASKED ? f->detect : found;
  bool lost = j->alive == 0;
  if (p->kind == CLX_POLICY_REDUNDANT) {
    j->depth = clx_shard_depth(j->replica, j->replicas, p->redundancy, j->depth);
    lost = j->depth == 0;
    if (lost) j->depth = 1;
  }
  if (lost) {  // nobody has the state any more
    clx_job_stop(s, j, f, false);
    clx_job_count(s, j, failure, planned);
    return;
  }
  const bool back = p->kind == CLX_POLICY_ELASTIC && p->rollback && !asked;
  if (back && !j->reload) {
    clx_job_advance(s, j);
    clx_job_rollback(s, j, false);
    j->reload = true;
    j->reloading = j->load;
  }
  const bool waits = j->phase == CLX_PHASE_WAIT;
  if (!waits && (asked || back || stands + p->stall > 0)) clx_job_count(s, j, failure, planned);
  if (waits) clx_job_note(s, failure, planned);
  heal(s, j, found);
  if (!waits) clx_replica_stand(s, j, stands, p->stall);
}

// Units that are to go leave now; nothing is lost. An elastic job saves a checkpoint for it.
void clx_replica_ask(clx_simulator *s, clx_job_state *j, int32_t failure, bool planned) {
  const clx_reliability_policy *p = &s->plan->model->policy;
  clx_job_advance(s, j);
  clx_job_release_later(s, j);
  if (p->kind == CLX_POLICY_ELASTIC && p->rollback && isfinite(j->interval) && j->phase == CLX_PHASE_RUN)
    j->stalling += j->stall;
  clx_replica_crash(s, j, failure, true, planned);
}

void clx_replica_join(clx_simulator *s, const clx_due *due) {
  clx_job_state *j = &s->job[due->id];
  const int32_t r = due->extra;
  if (j->phase == CLX_PHASE_DONE || r >= j->replicas || due->stamp != j->stamp[r] ||
      j->replica[r] != CLX_REPLICA_JOINING)
    return;
  s->events++;
  clx_job_advance(s, j);
  j->replica[r] = CLX_REPLICA_ALIVE;
  j->alive++;
  j->gpus_joining -= j->replica_gpus[r];
  j->gpus += j->replica_gpus[r];
  if (j->cold) return;
  const double join = s->plan->model->policy.join;
  if (j->phase == CLX_PHASE_RUN && join <= 0) {
    clx_job_speed(s, j);
  } else if (j->phase == CLX_PHASE_RUN || clx_job_stands(j)) {
    clx_replica_stand(s, j, 0, join);
  } else if (j->phase == CLX_PHASE_WAIT) {
    j->stalling += join;
    clx_replica_next(s, j);
  }
}
