// Servers that are away for repair in the long run, and the spares that stand for them.
#include <math.h>

#include "reliability/reliability_forms.h"
#include "twin/twin_reliability.h"

// Mean failures of one part a second over the time that the run is looked at: hazards may change with age.
static double mean_hazard(const clx_reliability_model *m, const clx_failure_class *f, const clx_reliability_cohort *c) {
  static const double YEAR = 365.25 * 86400;
  const double time = m->horizon > 0 ? m->horizon : isfinite(m->job[0].work) ? m->job[0].work : YEAR;
  return (clx_hazard_cumulative(&f->hazard, c->age + time) - clx_hazard_cumulative(&f->hazard, c->age)) / time;
}

typedef struct flow {
  double units, lost,
      away;  // units of the machine; lost a second; lost a second times their repair, s: away with crews enough
} flow;

static flow flow_of(const clx_reliability_model *m) {
  flow all = {0};
  for (int32_t i = 0; i < m->cohort_count; i++) {
    const clx_reliability_cohort *c = &m->cohort[i];
    all.units += (double)c->units;
    for (int32_t k = 0; k < m->failure_count; k++) {
      const clx_failure_class *f = &m->failure[k];
      if (f->keeps_units || f->everybody) continue;  // no spare helps where all are hit
      const double groups = (double)c->units / f->group[i];
      const double lost =
          groups * f->parts[i] * mean_hazard(m, f, c) * c->heat * f->group[i] * (1 - f->transient) * (1 + f->burst);
      all.lost += lost;
      all.away += lost * clx_duration_mean(&f->repair);
    }
  }
  return all;
}

double clx_twin_reliability_away(const clx_reliability_model *m) {
  const flow f = flow_of(m);
  if (m->repair.crews == 0 || f.lost <= 0 || f.away <= 0) return f.away;
  return clx_repair_down(f.units, f.lost / f.units, f.lost / f.away, m->repair.crews);
}

double clx_twin_reliability_spares(const clx_reliability_model *m) {
  static const double RARELY = 0.01;
  const flow f = flow_of(m);
  if (m->repair.crews == 0 || f.lost <= 0 || f.away <= 0) return clx_poisson_quantile(f.away, 1 - RARELY);
  double low = -1, high = f.units;  // more than `low` away too often, more than `high` rarely enough
  while (high - low > 1) {
    const double middle = floor((low + high) / 2);
    const double tail = clx_repair_down_tail(f.units, f.lost / f.units, f.lost / f.away, m->repair.crews, middle);
    *(tail > RARELY ? &low : &high) = middle;
  }
  return high;
}
