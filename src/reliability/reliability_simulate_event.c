// Failure events. Every process has streams of its own for times, victims, properties and repairs, and draws the same for an event
// whatever becomes of it: the events do not depend on the policy.
#include <math.h>

#include "reliability/reliability_simulate.h"

// Domains of the streams; below 16 are those of others.
enum { DOMAIN_TIME = CLX_STREAM_RATES + 1, DOMAIN_VICTIM, DOMAIN_FATE, DOMAIN_REPAIR, DOMAIN_OWN, DOMAIN_OFFENDER };

static clx_stream stream_of(const clx_simulator *s, uint64_t domain, uint64_t entity) {
  return clx_stream_make(s->plan->seed, domain, (uint64_t)s->replication, entity);
}

// Rates of this replication, and each class's share in its cohort's process.
static void draw_rates(clx_simulator *s) {
  const clx_reliability_model *m = s->plan->model;
  for (int32_t f = 0; f < m->failure_count; f++) {
    s->hazard[f] = m->failure[f].hazard;
    clx_hazard_scale(&s->hazard[f], clx_hazard_draw(m, f, s->plan->seed, s->replication));
  }
  for (int32_t c = 0; c < m->cohort_count; c++) {
    const size_t row = (size_t)c * (size_t)m->failure_count;
    double total = 0;
    for (int32_t f = 0; f < m->failure_count; f++) {
      total += s->plan->constant[row + (size_t)f] * s->hazard[f].rate;
      s->choice[row + (size_t)f] = total;
    }
    s->total[c] = total;
  }
}

// The next event of a process after s->next[p].
static void schedule(clx_simulator *s, int32_t p) {
  const clx_process *q = &s->plan->process[p];
  const double amount = clx_stream_exponential(&s->times[p]);
  if (q->failure < 0) {
    s->next[p] = s->total[q->cohort] > 0 ? s->next[p] + amount / s->total[q->cohort] : INFINITY;
    return;
  }
  const double age = s->next[p] - s->born[p];
  s->next[p] = s->born[p] + clx_hazard_invert(&s->hazard[q->failure], age, amount / q->weight);
}

void clx_events_start(clx_simulator *s) {
  const clx_plan *plan = s->plan;
  draw_rates(s);
  for (int32_t p = 0; p < plan->process_count; p++) {
    const clx_process *q = &plan->process[p];
    // By cohort and class, not by place in the list: other classes do not move these numbers.
    const uint64_t entity = (uint64_t)(q->cohort + 1) << 32 | (uint64_t)(q->failure + 1);
    s->times[p] = stream_of(s, DOMAIN_TIME, entity);
    s->victims[p] = stream_of(s, DOMAIN_VICTIM, entity);
    s->fates[p] = stream_of(s, DOMAIN_FATE, entity);
    s->repairs[p] = stream_of(s, DOMAIN_REPAIR, entity);
    const double arrival = q->cohort < 0 ? 0 : plan->model->cohort[q->cohort].arrival;
    s->next[p] = arrival;
    s->born[p] = q->cohort < 0 ? 0 : arrival - plan->model->cohort[q->cohort].age;
    schedule(s, p);
  }
}

static clx_event draw_event(const clx_simulator *s, int32_t failure, clx_stream *fate, clx_stream *repair) {
  const clx_failure_class *f = &s->plan->model->failure[failure];
  clx_event e = {.failure = failure, .slot = -1, .stops = true, .fixed = true, .repair = repair};
  if (f->stops < 1) e.stops = clx_stream_uniform(fate) < f->stops;
  if (f->transient > 0) e.transient = clx_stream_uniform(fate) < f->transient;
  if (f->warned > 0) e.warned = clx_stream_uniform(fate) < f->warned;
  if (f->fixed < 1) e.fixed = clx_stream_uniform(fate) < f->fixed;
  if (f->latent > 0) e.delay = f->latent * clx_stream_exponential(fate);
  if (f->burst > 0) {  // geometric from 0: P(more >= k) = (burst / (1 + burst))^k
    e.more = (int32_t)fmin(log(clx_stream_uniform(fate)) / log(f->burst / (1 + f->burst)), INT32_MAX / 4);
  }
  e.survive = clx_stream_uniform(fate);
  return e;
}

static int32_t draw_class(clx_simulator *s, int32_t p, int32_t cohort) {
  const int32_t classes = s->plan->model->failure_count;
  const double *choice = &s->choice[(size_t)cohort * (size_t)classes];
  const double u = clx_stream_uniform(&s->victims[p]) * s->total[cohort];
  int32_t f = 0;
  while (f + 1 < classes && choice[f] <= u) f++;
  return f;
}

// A unit, or the first of a group: by the factors of the places.
static int32_t draw_victim(clx_simulator *s, int32_t p, int32_t cohort, int32_t group) {
  const clx_reliability_cohort *k = &s->plan->model->cohort[cohort];
  const int32_t first = s->plan->first[cohort];
  clx_stream *stream = &s->victims[p];
  if (group > 1) return first + group * (int32_t)clx_stream_below(stream, (uint64_t)((k->units + group - 1) / group));
  if (k->positions <= 1) return first + (int32_t)clx_stream_below(stream, (uint64_t)k->units);
  const double *place = &s->plan->place[(size_t)cohort * CLX_POSITIONS_MAX];
  const double u = clx_stream_uniform(stream) * place[CLX_POSITIONS_MAX - 1];
  int32_t at = 0;
  while (at + 1 < k->positions && place[at] <= u) at++;
  const int64_t count = (k->units - at + k->positions - 1) / k->positions;
  return first + at + k->positions * (int32_t)clx_stream_below(stream, (uint64_t)count);
}

static void strike(clx_simulator *s, const clx_event *event, int32_t cohort, int32_t first) {
  const int32_t group = s->plan->model->failure[event->failure].group[cohort];
  const int32_t last = s->plan->first[cohort + 1];
  clx_event_strike(s, event, first, group > 1 ? (first + group < last ? group : last - first) : 1);
}

void clx_process_fire(clx_simulator *s, int32_t p) {
  const clx_plan *plan = s->plan;
  const clx_process *q = &plan->process[p];
  const int32_t failure = q->failure < 0 ? draw_class(s, p, q->cohort) : q->failure;
  const clx_failure_class *f = &plan->model->failure[failure];
  if (q->cohort < 0) {
    const clx_event event = draw_event(s, failure, &s->fates[p], &s->repairs[p]);
    if (f->renews) s->born[p] = s->next[p];
    schedule(s, p);
    clx_event_everybody(s, &event);
    return;
  }
  const int32_t victim = draw_victim(s, p, q->cohort, f->group[q->cohort]);
  clx_event event = draw_event(s, failure, &s->fates[p], &s->repairs[p]);
  schedule(s, p);
  if (q->slot >= 0) {
    // Parts made new have clocks of their own: the cohort's event is one of theirs with this probability, and did not happen.
    const double others = s->renewed[(size_t)q->slot * (size_t)plan->units + (size_t)victim];
    const double u = clx_stream_uniform(&s->victims[p]);
    if (u * f->parts[q->cohort] < others) return;
    event.slot = q->slot;
    event.old = true;
  }
  strike(s, &event, q->cohort, victim);
}

// --- clocks of single units -------------------------------------------------------------------------------------------------------
// Factor of a unit's rates by its place.
static double place_factor(const clx_simulator *s, int32_t unit) {
  const int32_t c = s->plan->cohort[unit];
  const clx_reliability_cohort *k = &s->plan->model->cohort[c];
  return k->positions > 1 ? k->position[(unit - s->plan->first[c]) % k->positions] : 1;
}

static int32_t slot_failure(const clx_plan *plan, int32_t unit, int32_t slot) {
  const int32_t classes = plan->model->failure_count;
  for (int32_t f = 0; f < classes; f++) {
    if (plan->slot_of[(size_t)plan->cohort[unit] * (size_t)classes + (size_t)f] == slot) return f;
  }
  return 0;
}

// A stream of a unit's own, for any number of units: what tells it apart beside the serial number is part of the domain.
clx_stream clx_unit_stream(const clx_simulator *s, uint64_t domain, int32_t unit, uint32_t kind, uint32_t serial) {
  return stream_of(s, domain | (uint64_t)kind << 32, (uint64_t)unit << 32 | serial);
}

// The next failure of a part born at `born` that lives at s->now.
void clx_own_schedule(clx_simulator *s, int32_t unit, int32_t slot, double born, uint32_t serial) {
  const clx_plan *plan = s->plan;
  const int32_t c = plan->cohort[unit], failure = slot_failure(plan, unit, slot);
  const double factor =
      plan->model->cohort[c].heat * (plan->model->failure[failure].group[c] > 1 ? 1 : place_factor(s, unit));
  clx_stream stream = clx_unit_stream(s, DOMAIN_OWN, unit, (uint32_t)slot, 2 * serial);
  const double age = clx_hazard_invert(&s->hazard[failure], s->now - born, clx_stream_exponential(&stream) / factor);
  if (!isfinite(age)) return;
  clx_due_push(s, &(clx_due){.time = born + age,
                             .born = born,
                             .id = unit,
                             .extra = slot,
                             .stamp = serial,
                             .kind = CLX_DUE_OWN,
                             .failure = (int16_t)failure});
}

void clx_own_fire(clx_simulator *s, const clx_due *due) {
  clx_stream fate = clx_unit_stream(s, DOMAIN_OWN, due->id, (uint32_t)due->extra, 2 * due->stamp + 1), repair = fate;
  clx_event event = draw_event(s, due->failure, &fate, &repair);
  event.slot = due->extra;
  repair = fate;
  const int32_t ticket = s->ticket[due->id];
  strike(s, &event, s->plan->cohort[due->id], due->id);
  // Nothing came of it: the part lives on. Otherwise its repair sets the next clock.
  if (s->ticket[due->id] == ticket) clx_own_schedule(s, due->id, due->extra, due->born, due->stamp + 1);
}

// A unit whose repair did not cure it: (factor - 1) times its rates more.
static double unit_rate(const clx_simulator *s, int32_t unit, int32_t failure) {
  const clx_plan *plan = s->plan;
  const int32_t c = plan->cohort[unit];
  const clx_failure_class *f = &plan->model->failure[failure];
  if (f->everybody || f->group[c] > 1) return 0;
  const double age = fmax(0, s->now - plan->model->cohort[c].arrival) + plan->model->cohort[c].age;
  return clx_hazard_at(&s->hazard[failure], age) * f->parts[c] * plan->model->cohort[c].heat;
}

static double unit_total(const clx_simulator *s, int32_t unit) {
  double total = 0;
  for (int32_t f = 0; f < s->plan->model->failure_count; f++) total += unit_rate(s, unit, f);
  return total;
}

void clx_offender_schedule(clx_simulator *s, int32_t unit, int32_t serial) {
  const double factor = s->plan->model->repair.offender;
  const double rate = (factor - 1) * unit_total(s, unit) * place_factor(s, unit);
  if (!(rate > 0)) return;
  clx_stream stream = clx_unit_stream(s, DOMAIN_OFFENDER, unit, s->visits[unit], 2 * (uint32_t)serial);
  clx_due_push(s, &(clx_due){.time = s->now + clx_stream_exponential(&stream) / rate,
                             .id = unit,
                             .extra = serial,
                             .stamp = s->visits[unit],
                             .kind = CLX_DUE_OFFENDER});
}

void clx_offender_fire(clx_simulator *s, const clx_due *due) {
  const int32_t unit = due->id;
  if (s->visits[unit] != due->stamp) return;  // repaired since
  clx_stream fate = clx_unit_stream(s, DOMAIN_OFFENDER, unit, s->visits[unit], 2 * (uint32_t)due->extra + 1);
  const double u = clx_stream_uniform(&fate) * unit_total(s, unit);
  double sum = 0;
  int32_t failure = 0, last = 0;
  for (; failure < s->plan->model->failure_count; failure++) {
    const double rate = unit_rate(s, unit, failure);
    sum += rate;
    if (rate > 0) last = failure;
    if (sum > u) break;
  }
  if (failure == s->plan->model->failure_count) failure = last;
  const clx_event event = draw_event(s, failure, &fate, &fate);
  clx_offender_schedule(s, unit, due->extra + 1);  // void once the unit has been in repair
  strike(s, &event, s->plan->cohort[unit], unit);
}
