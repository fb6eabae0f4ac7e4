// The const plan of a simulation, the state of one thread, and the way back to the beginning.
#include <math.h>
#include <string.h>

#include "reliability/reliability_renewal.h"
#include "reliability/reliability_simulate.h"

static clx_status out_of_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

static bool constant_hazard(const clx_hazard *h) { return h->shape == 1 && h->steps == 0 && h->infant <= 0; }

// Weight of a class in a cohort: parts, heat, and places of its units.
static double class_weight(const clx_plan *plan, int32_t c, int32_t f) {
  const clx_reliability_cohort *k = &plan->model->cohort[c];
  const clx_failure_class *e = &plan->model->failure[f];
  const int64_t group = e->group[c] > 1 ? e->group[c] : 1;
  if (group > 1) return e->parts[c] * k->heat * (double)((k->units + group - 1) / group);
  return e->parts[c] * k->heat * plan->place[(size_t)c * CLX_POSITIONS_MAX + CLX_POSITIONS_MAX - 1];
}

// Cumulative factors of the places; the last entry is the total of all units.
static void place_weights(clx_plan *plan, int32_t c) {
  const clx_reliability_cohort *k = &plan->model->cohort[c];
  double *place = &plan->place[(size_t)c * CLX_POSITIONS_MAX], total = 0;
  const int32_t positions = k->positions > 1 ? k->positions : 1;
  for (int32_t p = 0; p < CLX_POSITIONS_MAX; p++) {
    if (p < positions) {
      const double count = (double)((k->units - p + positions - 1) / positions);
      total += count * (positions > 1 ? k->position[p] : 1);
    }
    place[p] = total;
  }
}

static void add_process(clx_plan *plan, int32_t cohort, int32_t failure, double weight, int32_t slot) {
  if (weight > 0) plan->process[plan->process_count++] = (clx_process){cohort, failure, weight, slot};
}

static void make_processes(clx_plan *plan) {
  const clx_reliability_model *m = plan->model;
  for (int32_t c = 0; c < m->cohort_count; c++) {
    double total = 0;
    for (int32_t f = 0; f < m->failure_count; f++) {
      const clx_failure_class *e = &m->failure[f];
      const size_t cell = (size_t)c * (size_t)m->failure_count + (size_t)f;
      plan->slot_of[cell] = -1;
      if (e->everybody) continue;
      const double weight = class_weight(plan, c, f);
      if (constant_hazard(&e->hazard)) {
        plan->constant[cell] = weight;
        total += weight;
      } else {
        if (e->renews && weight > 0) plan->slot_of[cell] = plan->slots++;
        add_process(plan, c, f, weight, plan->slot_of[cell]);
      }
    }
    add_process(plan, c, -1, total, -1);
  }
  for (int32_t f = 0; f < m->failure_count; f++) {
    if (m->failure[f].everybody) add_process(plan, -1, f, m->failure[f].whole, -1);
  }
}

static void job_sizes(clx_plan *plan) {
  for (int32_t i = 0; i < plan->model->job_count; i++) {
    const clx_reliability_job *j = &plan->model->job[i];
    plan->job_units[i] = plan->job_replica[i] = 1;
    for (int32_t g = 0; g < j->stage_count; g++) {
      const int32_t units = (int32_t)(j->stage[g].replicas * j->stage[g].units_per_replica);
      if (units > plan->job_units[i]) plan->job_units[i] = units;
      if (j->stage[g].replicas > plan->job_replica[i]) plan->job_replica[i] = j->stage[g].replicas;
    }
  }
}

clx_status clx_plan_make(const clx_reliability_model *model, const clx_reliability_options *options, clx_arena *arena,
                         clx_plan *plan, clx_error *error) {
  const size_t cohorts = (size_t)model->cohort_count, classes = (size_t)model->failure_count;
  *plan = (clx_plan){.model = model, .seed = options->seed};
  int64_t units = 0;
  for (int32_t c = 0; c < model->cohort_count; c++) units += model->cohort[c].units;
  if (units >= INT32_MAX / 2) {
    return clx_fail_plain(error, CLX_INPUT, "the machine has %lld units, the simulation takes up to %d",
                          (long long)units, INT32_MAX / 2 - 1);
  }
  plan->units = (int32_t)units;
  plan->first = CLX_NEW_ARRAY(arena, int32_t, cohorts + 1);
  plan->cohort = CLX_NEW_ARRAY(arena, int16_t, units + 1);
  plan->process = CLX_NEW_ARRAY(arena, clx_process, (cohorts + 1) * (classes + 1));
  plan->slot_of = CLX_NEW_ARRAY(arena, int32_t, cohorts * classes + 1);
  plan->constant = CLX_NEW_ARRAY(arena, double, cohorts *classes + 1);
  plan->place = CLX_NEW_ARRAY(arena, double, cohorts *CLX_POSITIONS_MAX);
  plan->job_units = CLX_NEW_ARRAY(arena, int32_t, model->job_count + 1);
  plan->job_replica = CLX_NEW_ARRAY(arena, int32_t, model->job_count + 1);
  if (plan->first == NULL || plan->cohort == NULL || plan->process == NULL || plan->slot_of == NULL ||
      plan->constant == NULL || plan->place == NULL || plan->job_units == NULL || plan->job_replica == NULL) {
    return out_of_memory(error);
  }
  for (int32_t c = 0; c < model->cohort_count; c++) {
    plan->first[c + 1] = plan->first[c] + (int32_t)model->cohort[c].units;
    for (int32_t u = plan->first[c]; u < plan->first[c + 1]; u++) plan->cohort[u] = (int16_t)c;
    place_weights(plan, c);
  }
  make_processes(plan);
  job_sizes(plan);
  // A run that takes this much longer than its work is one that gets nowhere.
  double ideal = model->start;
  for (int32_t i = 0; i < model->job_count; i++) ideal = fmax(ideal, clx_work_ideal(model, i));
  plan->slack = isfinite(ideal) ? model->start + CLX_STRETCH_MOST * ideal : model->horizon;
  return CLX_OK;
}

static bool job_make(const clx_plan *plan, int32_t index, clx_arena *arena, clx_job_state *j) {
  const int32_t units = plan->job_units[index], replicas = plan->job_replica[index];
  j->index = index;
  j->job = &plan->model->job[index];
  j->slot = CLX_NEW_ARRAY(arena, int32_t, units);
  j->vacant = CLX_NEW_ARRAY(arena, int32_t, units);
  j->later = CLX_NEW_ARRAY(arena, int32_t, units);
  j->slow = CLX_NEW_ARRAY(arena, clx_slow_unit, units + 1);
  j->missing = CLX_NEW_ARRAY(arena, int32_t, replicas);
  j->replica = CLX_NEW_ARRAY(arena, uint8_t, replicas);
  j->stamp = CLX_NEW_ARRAY(arena, uint32_t, replicas);
  j->replica_gpus = CLX_NEW_ARRAY(arena, double, replicas);
  return j->slot != NULL && j->vacant != NULL && j->later != NULL && j->slow != NULL && j->missing != NULL &&
         j->replica != NULL && j->stamp != NULL && j->replica_gpus != NULL;
}

clx_status clx_simulator_make(const clx_plan *plan, clx_arena *arena, clx_simulator *s, clx_error *error) {
  const clx_reliability_model *m = plan->model;
  const int32_t n = plan->units + 1, processes = plan->process_count + 1;
  const size_t cells = (size_t)m->cohort_count * (size_t)m->failure_count + 1;
  *s = (clx_simulator){.plan = plan, .arena = arena};
  s->where = CLX_NEW_ARRAY(arena, uint8_t, n);
  s->place = CLX_NEW_ARRAY(arena, int32_t, n);
  s->owner = CLX_NEW_ARRAY(arena, int16_t, n);
  s->ticket = CLX_NEW_ARRAY(arena, int32_t, n);
  s->visits = CLX_NEW_ARRAY(arena, uint32_t, n);
  s->free = CLX_NEW_ARRAY(arena, int32_t, n);
  s->tickets = CLX_NEW_ARRAY(arena, clx_ticket, n);
  s->queue = CLX_NEW_ARRAY(arena, int32_t, n);
  s->renewed = CLX_NEW_ARRAY(arena, uint16_t, (size_t)plan->slots * (size_t)plan->units + 1);
  s->hazard = CLX_NEW_ARRAY(arena, clx_hazard, m->failure_count + 1);
  s->choice = CLX_NEW_ARRAY(arena, double, cells);
  s->total = CLX_NEW_ARRAY(arena, double, m->cohort_count + 1);
  s->next = CLX_NEW_ARRAY(arena, double, processes);
  s->born = CLX_NEW_ARRAY(arena, double, processes);
  s->times = CLX_NEW_ARRAY(arena, clx_stream, processes);
  s->victims = CLX_NEW_ARRAY(arena, clx_stream, processes);
  s->fates = CLX_NEW_ARRAY(arena, clx_stream, processes);
  s->repairs = CLX_NEW_ARRAY(arena, clx_stream, processes);
  s->heap.capacity = 1024;
  s->heap.item = CLX_NEW_ARRAY(arena, clx_due, s->heap.capacity);
  s->job = CLX_NEW_ARRAY(arena, clx_job_state, m->job_count + 1);
  s->class_stops = CLX_NEW_ARRAY(arena, int64_t, m->failure_count + 1);
  s->class_events = CLX_NEW_ARRAY(arena, int64_t, m->failure_count + 1);
  const void *all[] = {s->where,     s->place, s->owner,       s->ticket,      s->visits, s->free,
                       s->tickets,   s->queue, s->renewed,     s->hazard,      s->choice, s->total,
                       s->next,      s->born,  s->times,       s->victims,     s->fates,  s->repairs,
                       s->heap.item, s->job,   s->class_stops, s->class_events};
  for (int32_t i = 0; i < CLX_COUNT(all); i++) {
    if (all[i] == NULL) return out_of_memory(error);
  }
  for (int32_t i = 0; i < m->job_count; i++) {
    if (!job_make(plan, i, arena, &s->job[i])) return out_of_memory(error);
  }
  return CLX_OK;
}

static void reset_job(clx_simulator *s, clx_job_state *j) {
  const clx_job_state kept = *j;
  *j = (clx_job_state){.index = kept.index,
                       .job = kept.job,
                       .slot = kept.slot,
                       .vacant = kept.vacant,
                       .later = kept.later,
                       .slow = kept.slow,
                       .missing = kept.missing,
                       .replica = kept.replica,
                       .stamp = kept.stamp,
                       .replica_gpus = kept.replica_gpus,
                       .phase = CLX_PHASE_WAIT,
                       .bucket = CLX_LEDGER_WAITING,
                       .until = INFINITY,
                       .growth = INFINITY,
                       .asking = INFINITY,
                       .rate = 1,
                       .interval = INFINITY,
                       .every = 1,
                       .depth = 1};
  if (j->job->stage_count > 1) j->growth = j->job->stage[1].start;
  clx_job_size(s, j, 0);
}

void clx_simulator_reset(clx_simulator *s, int32_t replication) {
  const clx_plan *plan = s->plan;
  const clx_reliability_model *m = plan->model;
  const size_t n = (size_t)plan->units;
  s->replication = replication;
  s->now = s->free_since = s->repair_since = s->free_gpus = s->repair_gpus = s->free_units_time = 0;
  s->free_count = s->in_repair = s->queue_first = s->queue_count = s->busy = s->arrivals = s->most_repair = s->probe =
      0;
  s->interruptions = s->planned = s->failures = s->waited = s->stops = 0;
  s->counting = true;
  s->heap.count = 0;
  s->running = m->job_count;
  memset(s->ledger, 0, sizeof s->ledger);
  memset(s->where, CLX_UNIT_ABSENT, n);
  memset(s->ticket, -1, n * sizeof *s->ticket);
  memset(s->visits, 0, n * sizeof *s->visits);
  if (plan->slots > 0) memset(s->renewed, 0, (size_t)plan->slots * n * sizeof *s->renewed);
  for (int32_t k = 0; k < plan->units; k++) s->tickets[k].next = k + 1;
  s->ticket_free = 0;
  // Downwards, so that the jobs take the units in their order from the end.
  for (int32_t c = m->cohort_count - 1; c >= 0; c--) {
    if (m->cohort[c].arrival > 0) {
      s->arrivals++;
      clx_due_push(s, &(clx_due){.time = m->cohort[c].arrival, .id = c, .kind = CLX_DUE_ARRIVAL});
      continue;
    }
    for (int32_t u = plan->first[c + 1] - 1; u >= plan->first[c]; u--) clx_unit_free(s, u);
  }
  s->least_free = s->free_count;
  const int64_t events = s->events;
  for (int32_t i = 0; i < m->job_count; i++) {
    reset_job(s, &s->job[i]);
    clx_job_start(s, &s->job[i]);
  }
  s->events = events;  // taking the first units is none
}
