// Units: free ones, repairs and their queue.
#include "reliability/reliability_simulate.h"

double clx_unit_gpus(const clx_simulator *s, int32_t unit) {
  return s->plan->model->cohort[s->plan->cohort[unit]].gpus;
}

void clx_free_flush(clx_simulator *s) {
  const double time = s->now - s->free_since;
  s->ledger[CLX_LEDGER_SPARE] += s->free_gpus * time;
  s->free_units_time += s->free_count * time;
  s->free_since = s->now;
}

void clx_repair_flush(clx_simulator *s) {
  s->ledger[CLX_LEDGER_REPAIR] += s->repair_gpus * (s->now - s->repair_since);
  s->repair_since = s->now;
}

void clx_unit_free(clx_simulator *s, int32_t unit) {
  clx_free_flush(s);
  s->where[unit] = CLX_UNIT_FREE;
  s->place[unit] = s->free_count;
  s->free[s->free_count++] = unit;
  s->free_gpus += clx_unit_gpus(s, unit);
}

// Takes a free unit out of the middle: the last one moves to its place.
void clx_unit_remove(clx_simulator *s, int32_t unit) {
  clx_free_flush(s);
  const int32_t last = s->free[--s->free_count];
  s->free[s->place[unit]] = last;
  s->place[last] = s->place[unit];
  s->free_gpus -= clx_unit_gpus(s, unit);
  if (s->free_count < s->least_free) s->least_free = s->free_count;
}

int32_t clx_unit_take(clx_simulator *s) {
  if (s->free_count == 0) return -1;
  const int32_t unit = s->free[s->free_count - 1];
  clx_unit_remove(s, unit);
  return unit;
}

// --- repairs --------------------------------------------------------------------------------------------------------------------
int32_t clx_ticket_open(clx_simulator *s, int32_t first, int32_t count, const clx_event *event) {
  const int32_t k = s->ticket_free;
  clx_ticket *t = &s->tickets[k];
  s->ticket_free = t->next;
  *t = (clx_ticket){.first = first,
                    .count = count,
                    .failure = event->failure,
                    .slot = event->slot,
                    .old = event->old,
                    .fixed = event->fixed,
                    .pending = true,
                    .duration = clx_duration_draw(&s->plan->model->failure[event->failure].repair, event->repair)};
  return k;
}

void clx_ticket_close(clx_simulator *s, int32_t ticket) {
  s->tickets[ticket].next = s->ticket_free;
  s->ticket_free = ticket;
}

static void ticket_begin(clx_simulator *s, int32_t ticket) {
  s->busy++;
  clx_due_push(s, &(clx_due){.time = s->now + s->tickets[ticket].duration, .id = ticket, .kind = CLX_DUE_REPAIR});
}

void clx_ticket_start(clx_simulator *s, int32_t ticket) {
  s->tickets[ticket].pending = false;
  const int32_t crews = s->plan->model->repair.crews;
  if (crews == 0 || s->busy < crews) {
    ticket_begin(s, ticket);
    return;
  }
  s->queue[(s->queue_first + s->queue_count++) % s->plan->units] = ticket;
}

// A part of this repair is new from now on. Cohorts' clocks stand for parts that never were: its own takes over.
static void renew(clx_simulator *s, const clx_ticket *t) {
  if (t->slot < 0) return;
  const size_t cell = (size_t)t->slot * (size_t)s->plan->units + (size_t)t->first;
  if (t->old) s->renewed[cell]++;
  clx_own_schedule(s, t->first, t->slot, s->now, s->visits[t->first] << 8);
}

void clx_unit_to_repair(clx_simulator *s, int32_t unit, int32_t ticket) {
  clx_repair_flush(s);
  if (s->ticket[unit] >= 0 && s->ticket[unit] != ticket) {  // it was to be repaired later: now both at once
    renew(s, &s->tickets[s->ticket[unit]]);
    clx_ticket_close(s, s->ticket[unit]);
  }
  s->where[unit] = CLX_UNIT_REPAIR;
  s->ticket[unit] = ticket;
  s->repair_gpus += clx_unit_gpus(s, unit);
  s->in_repair++;
  if (s->in_repair > s->most_repair) s->most_repair = s->in_repair;
}

void clx_repair_end(clx_simulator *s, int32_t ticket) {
  const clx_ticket t = s->tickets[ticket];
  clx_repair_flush(s);
  for (int32_t u = t.first; u < t.first + t.count; u++) {
    if (s->ticket[u] != ticket) continue;
    s->ticket[u] = -1;
    s->visits[u]++;
    s->repair_gpus -= clx_unit_gpus(s, u);
    s->in_repair--;
    clx_unit_free(s, u);
  }
  renew(s, &t);
  if (t.count == 1 && !t.fixed) clx_offender_schedule(s, t.first, 0);
  clx_ticket_close(s, ticket);
  s->busy--;
  if (s->queue_count > 0) {
    const int32_t next = s->queue[s->queue_first];
    s->queue_first = (s->queue_first + 1) % s->plan->units;
    s->queue_count--;
    ticket_begin(s, next);
  }
  clx_jobs_serve(s);
}
