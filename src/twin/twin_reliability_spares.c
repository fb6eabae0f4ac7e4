// Servers that are away for repair by the end of a run, and the spares that stand for them.
#include <math.h>

#include "reliability/reliability_forms.h"
#include "twin/twin_reliability.h"

// The time that the run is looked at, s: without failures, where it ends by itself.
static double span_of(const clx_reliability_model *m) {
  static const double YEAR = 365.25 * 86400;
  return m->horizon > 0 ? m->horizon : isfinite(m->job[0].work) ? m->job[0].work : YEAR;
}

// Mean failures of one part a second: hazards may change with age.
static double mean_hazard(const clx_failure_class *f, const clx_reliability_cohort *c, double span) {
  return (clx_hazard_cumulative(&f->hazard, c->age + span) - clx_hazard_cumulative(&f->hazard, c->age)) / span;
}

// Mean time that a server is away which was lost within the span: long repairs have not ended by then. Integral of what is beyond
// (Simpson), in a logarithmic grid since tails are heavy.
static double mean_away(const clx_duration *repair, double span) {
  enum { STEPS = 256 };
  static const double FIRST = 1;  // s; up to here nothing is repaired
  if (span <= FIRST) return span;
  const double step = log(span / FIRST) / STEPS;
  double sum = 0;
  for (int32_t i = 0; i <= STEPS; i++) {
    const double time = FIRST * exp(i * step), weight = i == 0 || i == STEPS ? 1 : i % 2 == 1 ? 4 : 2;
    sum += weight * time * clx_duration_beyond(repair, time);
  }
  return fmin(clx_duration_mean(repair), FIRST * clx_duration_beyond(repair, 0) + sum * step / 3);
}

typedef struct flow {
  double units, lost,
      away;  // units of the machine; lost a second; lost a second times their repair, s: away with crews enough
} flow;

static flow flow_of(const clx_reliability_model *m, double rates) {
  const double span = span_of(m);
  flow all = {0};
  for (int32_t i = 0; i < m->cohort_count; i++) {
    const clx_reliability_cohort *c = &m->cohort[i];
    all.units += (double)c->units;
    for (int32_t k = 0; k < m->failure_count; k++) {
      const clx_failure_class *f = &m->failure[k];
      if (f->keeps_units || f->everybody) continue;  // no spare helps where all are hit
      const double groups = (double)c->units / f->group[i];
      const double lost = rates * groups * f->parts[i] * mean_hazard(f, c, span) * c->heat * f->group[i] *
                          (1 - f->transient) * (1 + f->burst);
      all.lost += lost;
      all.away += lost * mean_away(&f->repair, span);
    }
  }
  return all;
}

double clx_twin_reliability_away(const clx_reliability_model *m) {
  const flow f = flow_of(m, 1);
  if (m->repair.crews == 0 || f.lost <= 0 || f.away <= 0) return f.away;
  return clx_repair_down(f.units, f.lost / f.units, f.lost / f.away, m->repair.crews);
}

double clx_twin_reliability_spares(const clx_reliability_model *m, double rates) {
  static const double RARELY = 0.01;
  const flow f = flow_of(m, rates);
  if (m->repair.crews == 0 || f.lost <= 0 || f.away <= 0) return clx_poisson_quantile(f.away, 1 - RARELY);
  double low = -1, high = f.units;  // more than `low` away too often, more than `high` rarely enough
  while (high - low > 1) {
    const double middle = floor((low + high) / 2);
    const double tail = clx_repair_down_tail(f.units, f.lost / f.units, f.lost / f.away, m->repair.crews, middle);
    *(tail > RARELY ? &low : &high) = middle;
  }
  return high;
}
