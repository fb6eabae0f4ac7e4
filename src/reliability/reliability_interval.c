// Rates at which a job is stopped, and the job as a renewal process: how long it takes with checkpoints at an interval, and which
// interval is best. Equations and what is exact: docs/model/reliability/checkpoints.md.
#include <math.h>

#include "reliability/reliability_renewal.h"

static const double DAY = 86400;

int64_t clx_reliability_stage_units(const clx_job_stage *stage) { return stage->replicas * stage->units_per_replica; }

double clx_reliability_stage_span(const clx_reliability_model *model, int32_t job, int32_t stage) {
  const clx_reliability_job *j = &model->job[job];
  const double start = j->stage[stage].start;
  if (stage + 1 < j->stage_count) return j->stage[stage + 1].start - start;
  double left = j->work;
  for (int32_t i = 0; i < stage; i++) left -= (j->stage[i + 1].start - j->stage[i].start) * j->stage[i].rate;
  left /= j->stage[stage].rate;
  const double span = isfinite(left) ? left : model->horizon - start;
  return span > 0 ? span : DAY;  // a last stage that begins when all is over has no span of its own
}

// Mean failures per second of one part over `span` from age `age`; the rate itself, to the bit, where it is constant.
static double mean_hazard(const clx_hazard *hazard, double age, double span) {
  if (hazard->shape == 1 && hazard->steps == 0 && hazard->infant == 0) return hazard->rate;
  return (clx_hazard_cumulative(hazard, age + span) - clx_hazard_cumulative(hazard, age)) / span;
}

// Sum of the factors by position of the units first .. last - 1 of a cohort.
static double position_sum(const clx_reliability_cohort *cohort, int64_t first, int64_t last) {
  double sum = 0;
  for (int32_t p = 0; p < cohort->positions; p++) {
    const int64_t n = cohort->positions;
    const int64_t count = (last + n - 1 - p) / n - (first + n - 1 - p) / n;
    sum += cohort->position[p] * (double)count;
  }
  return sum;
}

// Events per second of a class in the units first .. last - 1 of the machine, of cohorts that have arrived by `start`.
static double range_rate(const clx_reliability_model *model, const clx_failure_class *f, int64_t first, int64_t last,
                         double start, double span) {
  if (f->everybody) return f->whole * mean_hazard(&f->hazard, start, span);
  double rate = 0;
  int64_t from = 0;
  for (int32_t i = 0; i < model->cohort_count; i++) {
    const clx_reliability_cohort *cohort = &model->cohort[i];
    if (cohort->arrival > start) continue;
    const int64_t a = first > from ? first - from : 0, b = last - from < cohort->units ? last - from : cohort->units;
    from += cohort->units;
    if (b <= a || !(f->parts[i] > 0)) continue;
    const double hazard = mean_hazard(&f->hazard, cohort->age + start - cohort->arrival, span) * cohort->heat;
    const int64_t group = f->group[i];
    const double hit = group > 1 ? (double)((b - 1) / group - a / group + 1) : position_sum(cohort, a, b);
    rate += hit * f->parts[i] * hazard;
  }
  return rate;
}

// Units of the jobs before `job` at a time: jobs hold units in their order.
static int64_t units_before(const clx_reliability_model *model, int32_t job, double time) {
  int64_t units = 0;
  for (int32_t j = 0; j < job; j++) {
    const clx_reliability_job *other = &model->job[j];
    int32_t i = 0;
    while (i + 1 < other->stage_count && other->stage[i + 1].start <= time) i++;
    units += clx_reliability_stage_units(&other->stage[i]);
  }
  return units;
}

double clx_reliability_class_rate(const clx_reliability_model *model, int32_t failure, int32_t job, int32_t stage) {
  const clx_failure_class *f = &model->failure[failure];
  const clx_job_stage *s = &model->job[job].stage[stage];
  const int64_t first = units_before(model, job, s->start);
  return range_rate(model, f, first, first + clx_reliability_stage_units(s), s->start,
                    clx_reliability_stage_span(model, job, stage));
}

double clx_reliability_machine_rate(const clx_reliability_model *model, int32_t failure, int32_t job, int32_t stage) {
  return range_rate(model, &model->failure[failure], 0, INT64_MAX / 2, model->job[job].stage[stage].start,
                    clx_reliability_stage_span(model, job, stage));
}

double clx_reliability_swap_time(const clx_reliability_policy *policy, int64_t units) {
  return policy->swap_hot + (units <= policy->hot ? 0 : policy->swap_cold);
}

clx_renewal clx_reliability_renewal(const clx_reliability_model *model, int32_t job, int32_t stage) {
  clx_renewal renewal = {.restart = model->job[job].stage[stage].restart};
  double down = 0, down_swap = 0, swap = 0, alone = 0;
  for (int32_t i = 0; i < model->failure_count; i++) {
    const clx_failure_class *f = &model->failure[i];
    const double rate = f->stops * clx_reliability_class_rate(model, i, job, stage);
    if (!(rate > 0)) continue;
    const bool planned = f->planned || f->slow > 1;
    const double saved = planned ? rate : rate * f->warned, lossy = rate - saved;
    int64_t most = 1;
    for (int32_t k = 0; k < model->cohort_count; k++) {
      if (f->parts[k] > 0 && f->group[k] > most) most = f->group[k];
    }
    const double lost = f->keeps_units ? 0 : 1 - f->transient;
    const double takes = lost * clx_reliability_swap_time(&model->policy, most);
    *(planned ? &renewal.planned : &renewal.rate) += rate;
    renewal.lossy += lossy;
    renewal.saved += saved;
    // What is found `latent` late costs, beside the way back to a checkpoint, the work done in between.
    down += lossy * (f->detect + f->localise + takes + f->latent);
    down_swap += lossy * takes;
    swap += saved * takes;
    alone += lossy * (f->keeps_units || most == 1 ? 1 / (1 + f->burst) : 0);
  }
  if (renewal.lossy > 0) {
    renewal.down = down / renewal.lossy;
    renewal.down_swap = down_swap / renewal.lossy;
    renewal.alone = alone / renewal.lossy;
  }
  if (renewal.saved > 0) renewal.swap = swap / renewal.saved;
  return renewal;
}

double clx_reliability_stop_rate(const clx_reliability_model *model, int32_t job, int32_t stage, double *planned) {
  const clx_renewal renewal = clx_reliability_renewal(model, job, stage);
  if (planned != NULL) *planned = renewal.planned;
  return renewal.rate;
}

// (e^(rate time) - 1) / rate, and its limit.
static double grown(double rate, double time) { return rate > 0 ? expm1(rate * time) / rate : time; }

// Mean time from a stop to the next second of work: `first` before the restart that follows the stop, `down` before those that
// follow a failure of a restart (Daly 2006; form E6).
static double up_again(const clx_reliability_model *model, const clx_renewal *renewal, double first, double load) {
  const double restart = renewal->restart + load, down = renewal->down;
  if (model->running_clock) return first + restart;
  return first + grown(renewal->lossy, restart) * (1 + renewal->lossy * down);
}

// Memory plans: mean time from a checkpoint in storage to the next one, `remote_every` intervals on, over the work between. An
// interval that fails is done again when the copy in memory survives, else all of them since the one in storage. With E_j the time
// left at interval j: E_j = A_j + a_j E_(j+1) + (1 - a_j) (p E_j + q E_0), a Markov chain solved from its end; the lags make what is
// lost longer, to first order in rate * lag.
static double memory_stretch(const clx_reliability_model *model, const clx_renewal *renewal,
                             const clx_checkpoint_plan *plan, double interval, double saves) {
  const double rate = renewal->lossy;
  const double keeps = plan->survives * renewal->alone;
  const double near = up_again(model, renewal, renewal->down, plan->load_memory);
  const double far = up_again(model, renewal, renewal->down, plan->load);
  double spent = 0, kept = 1;  // E_j = spent + (1 - kept) E_0
  for (int32_t j = plan->remote_every - 1; j >= 0; j--) {
    const double cycle = interval + plan->stall + (j == plan->remote_every - 1 ? plan->remote_stall : 0);
    const double good = exp(-rate * cycle), bad = -expm1(-rate * cycle);
    const double run = rate > 0 ? bad / rate : cycle;
    const double left = 1 - bad * keeps;
    const double time = run * (1 + saves) + bad * (keeps * near + (1 - keeps) * far);
    spent = (time + good * spent) / left;
    kept *= good / left;
  }
  const double late = rate * (keeps * plan->lag + (1 - keeps) * plan->remote_lag);
  return spent / kept / (interval * plan->remote_every) * exp(late);
}

double clx_reliability_stretch(const clx_reliability_model *model, const clx_renewal *renewal,
                               const clx_checkpoint_plan *plan, double interval) {
  const bool none = plan->mode == CLX_CHECKPOINT_NONE, memory = plan->mode == CLX_CHECKPOINT_MEMORY;
  const double rate = renewal->lossy, stall = none ? 0 : plan->stall, lag = none ? 0 : plan->lag;
  // Stops that lose nothing: their share of the time, per second of running.
  const double load = memory ? plan->load_memory : plan->load;
  const double saves = renewal->saved * (stall + lag + up_again(model, renewal, renewal->swap, load));
  double stretch;
  if (memory) {
    stretch = memory_stretch(model, renewal, plan, interval, saves);
  } else {
    // A life of 1/rate gains interval * e^(-rate lag) / (e^(rate (interval + stall)) - 1); E6 where lag = 0.
    const double stops = rate * up_again(model, renewal, renewal->down, load);
    stretch = (1 + stops + saves) * grown(rate, interval + stall) / interval * exp(rate * lag);
  }
  return stretch < 1e300 ? stretch : INFINITY;
}

double clx_reliability_best_interval(const clx_reliability_model *model, int32_t job, int32_t stage, double *ettr) {
  const clx_checkpoint_plan *plan = &model->job[job].stage[stage].checkpoint;
  const clx_renewal renewal = clx_reliability_renewal(model, job, stage);
  const double span = clx_reliability_stage_span(model, job, stage);
  static const double SHORTEST = 1;  // s: no checkpoint within a step, whatever it costs
  const double least = fmin(fmax(SHORTEST, plan->lag), span);
  // Golden section over the logarithm; the stretch has one minimum, which does not lie beyond the mean time between failures.
  const double ratio = (sqrt(5) - 1) / 2;
  double low = log(least), high = log(fmax(least, renewal.lossy > 0 ? fmin(span, 2 / renewal.lossy) : span));
  double a = high - ratio * (high - low), b = low + ratio * (high - low);
  double at_a = clx_reliability_stretch(model, &renewal, plan, exp(a));
  double at_b = clx_reliability_stretch(model, &renewal, plan, exp(b));
  for (int32_t i = 0; i < 100 && high - low > 1e-9; i++) {
    if (at_a <= at_b) {
      high = b, b = a, at_b = at_a, a = high - ratio * (high - low);
      at_a = clx_reliability_stretch(model, &renewal, plan, exp(a));
    } else {
      low = a, a = b, at_a = at_b, b = low + ratio * (high - low);
      at_b = clx_reliability_stretch(model, &renewal, plan, exp(b));
    }
  }
  const bool never = plan->mode == CLX_CHECKPOINT_NONE || !(renewal.lossy > 0);
  const double best = never ? span : exp((low + high) / 2);
  if (ettr != NULL) *ettr = 1 / clx_reliability_stretch(model, &renewal, plan, best);
  return best;
}
