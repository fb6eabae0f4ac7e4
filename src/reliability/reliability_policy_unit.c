// Units of a job: slots, replicas, and who gets a free unit.
#include <math.h>
#include <string.h>

#include "reliability/reliability_simulate.h"

// GPUs of a replica stand where its state says.
static double *meter(clx_job_state *j, int32_t replica) {
  switch (j->replica[replica]) {
    case CLX_REPLICA_ALIVE:
      return &j->gpus;
    case CLX_REPLICA_JOINING:
      return &j->gpus_joining;
    default:
      return &j->gpus_down;
  }
}

static void vacate(clx_job_state *j, int32_t slot) { j->vacant[(j->vacant_first + j->vacancies++) % j->slots] = slot; }

void clx_job_mark_later(clx_job_state *j, int32_t unit) {
  for (int32_t i = 0; i < j->later_count; i++) {
    if (j->later[i] == unit) return;
  }
  j->later[j->later_count++] = unit;
}

// A unit that is slow in two ways is as slow as the worse one.
void clx_job_note_slow(clx_job_state *j, int32_t unit, double factor) {
  int32_t i = 0;
  while (i < j->slow_count && j->slow[i].unit != unit) i++;
  if (i == j->slow_count) j->slow[j->slow_count++] = (clx_slow_unit){unit, factor};
  if (factor > j->slow[i].factor) j->slow[i].factor = factor;
}

void clx_job_forget_slow(clx_job_state *j, int32_t unit) {
  int32_t kept = 0;
  for (int32_t i = 0; i < j->slow_count; i++) {
    if (j->slow[i].unit != unit) j->slow[kept++] = j->slow[i];
  }
  j->slow_count = kept;
}

void clx_job_lose(clx_simulator *s, clx_job_state *j, int32_t unit) {
  const int32_t slot = s->place[unit], replica = (int32_t)(slot / j->per_replica);
  const double gpus = clx_unit_gpus(s, unit);
  j->slot[slot] = -1;
  j->held--;
  j->missing[replica]++;
  j->replica_gpus[replica] -= gpus;
  *meter(j, replica) -= gpus;
  vacate(j, slot);
  if (j->slow_count > 0) clx_job_forget_slow(j, unit);
  for (int32_t i = 0; i < j->later_count; i++) {
    if (j->later[i] == unit) j->later[i--] = j->later[--j->later_count];
  }
}

static void put(clx_simulator *s, clx_job_state *j, int32_t unit, int32_t slot) {
  const int32_t replica = (int32_t)(slot / j->per_replica);
  const double gpus = clx_unit_gpus(s, unit);
  j->slot[slot] = unit;
  j->held++;
  j->missing[replica]--;
  j->replica_gpus[replica] += gpus;
  *meter(j, replica) += gpus;
  s->where[unit] = CLX_UNIT_JOB;
  s->owner[unit] = (int16_t)j->index;
  s->place[unit] = slot;
}

// Those that stand by are the first ones; a swap that needs more waits for the others to boot.
double clx_swap_time(const clx_simulator *s, int32_t units, int32_t available) {
  const clx_reliability_policy *p = &s->plan->model->policy;
  if (units == 0) return 0;
  return units <= p->hot && units <= available ? p->swap_hot : p->swap_hot + p->swap_cold;
}

void clx_job_fill(clx_simulator *s, clx_job_state *j, double delay) {
  if (j->vacancies == 0 || s->free_count == 0) return;
  clx_job_advance(s, j);
  const int32_t kind = s->plan->model->policy.kind;
  const bool rises = kind != CLX_POLICY_REDUNDANT && !j->whole && !j->cold;
  while (j->vacancies > 0 && s->free_count > 0) {
    const int32_t slot = j->vacant[j->vacant_first], replica = (int32_t)(slot / j->per_replica);
    const double swap = clx_swap_time(s, 1, 1);
    j->vacant_first = (j->vacant_first + 1) % j->slots;
    j->vacancies--;
    put(s, j, clx_unit_take(s), slot);
    s->events++;
    if (rises && j->missing[replica] == 0 && j->replica[replica] == CLX_REPLICA_OUT) {
      clx_replica_rise(s, j, replica, delay + swap);
    }
  }
}

// An incomplete replica that is out: the one that lacks most, but not all, or the one that lacks least.
static int32_t incomplete(const clx_job_state *j, bool most, int32_t but) {
  int32_t found = -1;
  for (int32_t r = 0; r < j->replicas; r++) {
    const bool empty = j->missing[r] == j->per_replica;
    if (r == but || j->replica[r] != CLX_REPLICA_OUT || j->missing[r] == 0 || (most && empty)) continue;
    if (found < 0 || (most ? j->missing[r] > j->missing[found] : j->missing[r] < j->missing[found])) found = r;
  }
  return found;
}

// Units of one replica into the empty slots of another.
static void hand_over(clx_simulator *s, clx_job_state *j, int32_t from, int32_t to) {
  int64_t d = from * j->per_replica;
  const int64_t end = d + j->per_replica, last = (to + 1) * j->per_replica;
  for (int64_t i = to * j->per_replica; i < last; i++) {
    if (j->slot[i] >= 0) continue;
    while (d < end && j->slot[d] < 0) d++;
    if (d == end) break;
    const int32_t unit = j->slot[d];
    const double gpus = clx_unit_gpus(s, unit);
    j->slot[d] = -1;
    j->slot[i] = unit;
    s->place[unit] = (int32_t)i;
    j->missing[from]++;
    j->missing[to]--;
    j->replica_gpus[from] -= gpus;
    j->replica_gpus[to] += gpus;
  }
  // The ring again: slots still empty in their order, then those emptied now.
  int32_t kept = 0;
  const int32_t old = j->vacancies;
  for (int32_t k = 0; k < old; k++) {
    const int32_t slot = j->vacant[(j->vacant_first + k) % j->slots];
    if (j->slot[slot] < 0) j->vacant[(j->vacant_first + kept++) % j->slots] = slot;
  }
  for (int64_t i = end - 1; kept < old && i >= end - j->per_replica; i--) {
    bool listed = j->slot[i] >= 0;
    for (int32_t k = 0; k < kept && !listed; k++) listed = j->vacant[(j->vacant_first + k) % j->slots] == i;
    if (!listed) j->vacant[(j->vacant_first + kept++) % j->slots] = (int32_t)i;
  }
}

void clx_job_lend(clx_simulator *s, clx_job_state *j, double delay) {
  for (;;) {
    const int32_t to = incomplete(j, false, -1), from = incomplete(j, true, to);
    if (to < 0 || from < 0) return;
    hand_over(s, j, from, to);
    if (j->missing[to] == 0) clx_replica_rise(s, j, to, delay + s->plan->model->policy.swap_hot);
  }
}

// Back to the free units, or into the repair that it was waiting for.
static void let_go(clx_simulator *s, clx_job_state *j, int32_t unit) {
  const int32_t ticket = s->ticket[unit];
  if (j->slow_count > 0) clx_job_forget_slow(j, unit);
  if (ticket < 0) {
    clx_unit_free(s, unit);
    return;
  }
  clx_unit_to_repair(s, unit, ticket);
  clx_ticket_start(s, ticket);
}

// Units to the front, in their order, and the empty slots behind them.
static void pack(clx_simulator *s, clx_job_state *j) {
  int32_t held = 0;
  for (int32_t i = 0; i < j->slots; i++) {
    const int32_t unit = j->slot[i];
    if (unit < 0) continue;
    j->slot[held] = unit;
    s->place[unit] = held++;
  }
  j->vacant_first = j->vacancies = 0;
  for (int32_t i = held; i < j->slots; i++) {
    j->slot[i] = -1;
    vacate(j, i);
  }
  for (int32_t r = 0; r < j->replicas; r++) {
    const int64_t from = r * j->per_replica;
    j->missing[r] = (int32_t)j->per_replica;
    j->replica_gpus[r] = 0;
    for (int64_t i = from; i < from + j->per_replica && i < held; i++) {
      j->missing[r]--;
      j->replica_gpus[r] += clx_unit_gpus(s, j->slot[i]);
    }
  }
}

// Whole replicas from the units held: at most one stays incomplete. What was on its way back is part of it.
void clx_job_regroup(clx_simulator *s, clx_job_state *j) {
  if (j->vacancies > 0) pack(s, j);
  j->alive = 0;
  j->gpus = j->gpus_down = j->gpus_joining = 0;
  for (int32_t r = 0; r < j->replicas; r++) {
    j->stamp[r]++;
    // A job of one replica holds what it has while it waits.
    j->replica[r] = j->missing[r] == 0 || j->whole ? CLX_REPLICA_ALIVE : CLX_REPLICA_OUT;
    j->alive += j->replica[r] == CLX_REPLICA_ALIVE;
    *meter(j, r) += j->replica_gpus[r];
  }
}

// Sets up slots and replicas of a stage and moves the units held into them; the rest is free again.
void clx_job_size(clx_simulator *s, clx_job_state *j, int32_t stage) {
  const clx_job_stage *g = &j->job->stage[stage];
  const int32_t old_slots = j->slots;
  j->stage_index = stage;
  j->stage = g;
  j->whole = s->plan->model->policy.kind == CLX_POLICY_RESTART || g->replicas == 1;
  j->replicas = j->whole ? 1 : g->replicas;
  j->per_replica = j->whole ? g->replicas * g->units_per_replica : g->units_per_replica;
  j->slots = (int32_t)(g->replicas * g->units_per_replica);
  int32_t held = 0;
  for (int32_t i = 0; i < old_slots; i++) {
    if (j->slot[i] >= 0) j->slot[held++] = j->slot[i];
  }
  for (; held > j->slots; held--) {
    let_go(s, j, j->slot[held - 1]);
  }
  j->held = held;
  for (int32_t i = held; i < j->slots; i++) j->slot[i] = -1;
  pack(s, j);
  clx_job_regroup(s, j);
}

void clx_job_release_later(clx_simulator *s, clx_job_state *j) {
  while (j->later_count > 0) {
    const int32_t unit = j->later[--j->later_count];
    const int32_t ticket = s->ticket[unit], replica = (int32_t)(s->place[unit] / j->per_replica);
    clx_job_lose(s, j, unit);
    clx_unit_to_repair(s, unit, ticket);
    clx_ticket_start(s, ticket);
    if (!j->cold) clx_replica_down(j, replica);
  }
}

void clx_job_dissolve(clx_simulator *s, clx_job_state *j) {
  for (int32_t i = 0; i < j->slots; i++) {
    const int32_t unit = j->slot[i];
    if (unit < 0) continue;
    j->slot[i] = -1;
    let_go(s, j, unit);
  }
  j->held = j->later_count = j->slow_count = 0;
  j->gpus = j->gpus_down = j->gpus_joining = 0;
  j->asking = INFINITY;
}

// Who has waited longest is served first.
void clx_jobs_serve(clx_simulator *s) {
  while (s->free_count > 0) {
    clx_job_state *first = NULL;
    for (int32_t i = 0; i < s->plan->model->job_count; i++) {
      clx_job_state *j = &s->job[i];
      if (j->vacancies > 0 && j->asking < (first == NULL ? INFINITY : first->asking)) first = j;
    }
    if (first == NULL) return;
    clx_job_fill(s, first, 0);
    if (first->vacancies == 0) first->asking = INFINITY;
    if (!first->whole && !first->cold && s->plan->model->policy.kind != CLX_POLICY_REDUNDANT) clx_job_lend(s, first, 0);
    if (first->phase != CLX_PHASE_WAIT || !first->cold) continue;
    if (first->replicas > 1) clx_job_regroup(s, first);
    if (clx_job_enough(first, s->plan)) clx_job_phase(s, first, CLX_PHASE_SWAP, clx_swap_time(s, 1, 1));
  }
}
