// What an event does to the units that it hits, and the finding of what nobody saw at once.
#include <math.h>

#include "reliability/reliability_simulate.h"

// Nothing happens to a unit that is in repair or not there yet, and with the running clock to none whose job does not run.
static bool strikes(const clx_simulator *s, int32_t unit) {
  if (s->where[unit] == CLX_UNIT_REPAIR || s->where[unit] == CLX_UNIT_ABSENT) return false;
  if (!s->plan->model->running_clock) return true;
  return s->where[unit] == CLX_UNIT_JOB && clx_job_runs(&s->job[s->owner[unit]]);
}

static void count_event(clx_simulator *s, int32_t failure) {
  s->events++;
  if (!s->counting) return;
  s->failures++;
  s->class_events[failure]++;
}

// A unit that goes on for now: repaired at its job's next stop, or when it is found.
static int32_t repair_later(clx_simulator *s, const clx_event *event, int32_t unit) {
  if (s->ticket[unit] >= 0) return s->ticket[unit];
  return s->ticket[unit] = clx_ticket_open(s, unit, 1, event);
}

static void strike_slow(clx_simulator *s, const clx_event *event, clx_job_state *j, int32_t unit) {
  clx_job_advance(s, j);
  if (unit >= 0) repair_later(s, event, unit);
  clx_job_note_slow(j, unit, s->plan->model->failure[event->failure].slow);
  if (j->phase == CLX_PHASE_RUN) clx_job_speed(s, j);
  clx_due_push(s, &(clx_due){.time = s->now + event->delay,
                             .id = unit >= 0 ? unit : -1 - j->index,
                             .stamp = unit >= 0 ? s->visits[unit] : 0,
                             .kind = CLX_DUE_SLOW,
                             .failure = (int16_t)event->failure});
}

// Silent corruption: nothing from here on counts.
static void strike_data(clx_simulator *s, const clx_event *event, clx_job_state *j, int32_t unit) {
  if (j->phase != CLX_PHASE_RUN) return;
  clx_job_advance(s, j);
  if (!j->corrupt) {
    clx_mark remote;
    const clx_mark last = clx_job_durable(j, s->now, &remote);
    j->corrupt = true;
    j->clean_copy = last;
    j->clean = remote;
  }
  const bool keeps = unit < 0 || s->plan->model->failure[event->failure].keeps_units || event->transient;
  if (!keeps) repair_later(s, event, unit);
  clx_due_push(s, &(clx_due){.time = s->now + event->delay,
                             .born = event->survive,
                             .id = j->index,
                             .extra = keeps ? -1 : unit,
                             .stamp = j->epoch,
                             .kind = CLX_DUE_DATA,
                             .failure = (int16_t)event->failure});
}

// A unit of a job, hit: what is lost at once leaves its slot; the job's own answer follows when all units are through.
static bool strike_job(clx_simulator *s, const clx_event *event, clx_job_state *j, int32_t unit, int32_t *ticket,
                       int32_t first, int32_t count) {
  const clx_failure_class *f = &s->plan->model->failure[event->failure];
  const bool keeps = f->keeps_units || event->transient;
  if (f->latent > 0) {
    (f->slow > 1 ? strike_slow : strike_data)(s, event, j, unit);
    return false;
  }
  if (f->slow > 1 || event->warned || f->planned || !event->stops) {
    if (!keeps && s->ticket[unit] < 0) {
      repair_later(s, event, unit);
      clx_job_mark_later(j, unit);
    }
    return event->stops || f->slow > 1;
  }
  clx_job_advance(s, j);
  const int32_t replica = (int32_t)(s->place[unit] / j->per_replica);
  if (!keeps) {
    clx_job_lose(s, j, unit);
    if (*ticket < 0) *ticket = clx_ticket_open(s, first, count, event);
    clx_unit_to_repair(s, unit, *ticket);
  }
  clx_replica_down(j, replica);
  return true;
}

static void answer(clx_simulator *s, clx_job_state *j, const clx_event *event, bool everybody, int32_t units) {
  const clx_failure_class *f = &s->plan->model->failure[event->failure];
  const bool found = f->slow > 1 && f->latent <= 0;
  if (f->planned || event->warned || found) {
    clx_job_ask(s, j, event, f->planned || found, everybody);
  } else {
    clx_job_crash(s, j, event, everybody, units);
  }
}

// Units first .. first + count - 1 share one repair; the `more` behind them have their own.
void clx_event_strike(clx_simulator *s, const clx_event *event, int32_t first, int32_t count) {
  const clx_plan *plan = s->plan;
  const clx_failure_class *f = &plan->model->failure[event->failure];
  const int32_t last = plan->first[plan->cohort[first] + 1];  // neighbours are of one cohort
  const int32_t end = event->more < last - first - count ? first + count + event->more : last;
  const bool keeps = f->keeps_units || event->transient;
  bool struck = false;
  int32_t units = 0, ticket = -1;
  for (int32_t u = first; u < end; u++) {
    if (!strikes(s, u)) continue;
    struck = true;
    if (u >= first + count) ticket = -1;
    const int32_t from = u < first + count ? first : u, many = u < first + count ? count : 1;
    if (s->where[u] == CLX_UNIT_JOB) {
      const int32_t owner = s->owner[u];
      units += !keeps;
      if (strike_job(s, event, &s->job[owner], u, &ticket, from, many)) s->job[owner].struck = true;
    } else if (!keeps && f->latent <= 0) {
      clx_unit_remove(s, u);
      if (ticket < 0) ticket = clx_ticket_open(s, from, many, event);
      clx_unit_to_repair(s, u, ticket);
      units++;
    }
    if (ticket >= 0 && s->tickets[ticket].pending && (u + 1 == first + count || u >= first + count)) {
      clx_ticket_start(s, ticket);
      ticket = -1;
    }
  }
  if (ticket >= 0 && s->tickets[ticket].pending) clx_ticket_start(s, ticket);
  if (!struck) return;
  count_event(s, event->failure);
  for (int32_t i = 0; i < plan->model->job_count; i++) {
    if (!s->job[i].struck) continue;
    s->job[i].struck = false;
    answer(s, &s->job[i], event, false, units);
  }
}

// Hits all jobs at once; if units are lost, all that are there.
void clx_event_everybody(clx_simulator *s, const clx_event *event) {
  const clx_plan *plan = s->plan;
  const clx_failure_class *f = &plan->model->failure[event->failure];
  const bool keeps = f->keeps_units || event->transient || f->latent > 0;
  bool struck = !plan->model->running_clock;
  int32_t units = 0, ticket = -1;
  for (int32_t i = 0; i < plan->model->job_count; i++) {
    clx_job_state *j = &s->job[i];
    j->struck = j->phase != CLX_PHASE_DONE && (!plan->model->running_clock || clx_job_runs(j));
    struck = struck || j->struck;
  }
  if (!struck) return;
  count_event(s, event->failure);
  for (int32_t u = 0; !keeps && event->stops && u < plan->units; u++) {
    if (!strikes(s, u)) continue;
    if (ticket < 0) ticket = clx_ticket_open(s, 0, plan->units, event);
    if (s->where[u] == CLX_UNIT_JOB) {
      clx_job_state *j = &s->job[s->owner[u]];
      const int32_t replica = (int32_t)(s->place[u] / j->per_replica);
      clx_job_advance(s, j);
      clx_job_lose(s, j, u);
      clx_replica_down(j, replica);
    } else {
      clx_unit_remove(s, u);
    }
    clx_unit_to_repair(s, u, ticket);
    units++;
  }
  if (ticket >= 0) clx_ticket_start(s, ticket);
  for (int32_t i = 0; i < plan->model->job_count; i++) {
    clx_job_state *j = &s->job[i];
    const bool hit = j->struck;
    j->struck = false;
    if (!hit) continue;
    if (f->latent > 0) {
      (f->slow > 1 ? strike_slow : strike_data)(s, event, j, -1);
    } else if (event->stops) {
      answer(s, j, event, true, units);
    }
  }
}

void clx_slow_found(clx_simulator *s, const clx_due *due) {
  const int32_t unit = due->id;
  if (unit >= 0 && (s->where[unit] != CLX_UNIT_JOB || s->visits[unit] != due->stamp || s->ticket[unit] < 0)) return;
  clx_job_state *j = &s->job[unit >= 0 ? s->owner[unit] : -1 - unit];
  if (j->phase == CLX_PHASE_DONE) return;
  clx_job_advance(s, j);
  if (unit >= 0) {
    clx_job_mark_later(j, unit);
  } else {
    clx_job_forget_slow(j, -1);
  }
  const clx_event event = {.failure = due->failure, .slot = -1, .stops = true};
  clx_job_ask(s, j, &event, true, unit < 0);
}

void clx_data_found(clx_simulator *s, const clx_due *due) {
  clx_job_state *j = &s->job[due->id];
  if (!j->corrupt || due->stamp != j->epoch || j->phase == CLX_PHASE_DONE) return;
  clx_job_advance(s, j);
  const int32_t unit = due->extra;
  int32_t units = 0;
  if (unit >= 0 && s->where[unit] == CLX_UNIT_JOB && s->owner[unit] == j->index && s->ticket[unit] >= 0) {
    const int32_t ticket = s->ticket[unit], replica = (int32_t)(s->place[unit] / j->per_replica);
    s->ticket[unit] = -1;
    clx_job_lose(s, j, unit);
    clx_unit_to_repair(s, unit, ticket);
    clx_ticket_start(s, ticket);
    clx_replica_down(j, replica);
    units = 1;
  }
  // A copy in memory from before the corruption stands until the next one counts; the stop goes back to it if it outlives that.
  clx_event event = {.failure = due->failure, .slot = -1, .stops = true, .survive = due->born};
  clx_mark remote;
  const bool near = j->memory && clx_job_durable(j, s->now, &remote).work <= j->clean_copy.work &&
                    event.survive < j->stage->checkpoint.survives;
  j->corrupt = false;
  j->epoch++;
  if (!near) {
    event.survive = 1;
    clx_job_rollback_to(s, j, j->clean);
    clx_job_saved(j);
    j->load = clx_checkpoint_load(&j->stage->checkpoint, false);
  }
  clx_job_crash(s, j, &event, true, units);
}
