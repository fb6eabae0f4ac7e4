// Whether a run can make progress at all, so that a simulation of it ends. The bounds err to the side of the run (what passes may
// still be poor) but for that on stalls: it leaves out that a start of the whole job ends those that wait.
#include <math.h>
#include <stdio.h>

#include "reliability/reliability_forms.h"
#include "reliability/reliability_renewal.h"
#include "unit/unit.h"

static const double CHANCE_LEAST = 1e-9;  // as clx_reliability_check promises

enum { TEXT = 32 };

static const char *duration(double time, char *text) { return clx_quantity_format(time, "s", 3, text, TEXT); }

// How the failures of a stage bear on its work under a policy, at best.
static clx_renewal at_best(const clx_reliability_model *model, int32_t job, int32_t stage) {
  const clx_job_stage *s = &model->job[job].stage[stage];
  const clx_reliability_policy *policy = &model->policy;
  clx_renewal renewal = clx_reliability_renewal(model, job, stage);
  if (policy->kind == CLX_POLICY_RESTART) return renewal;
  // Of classes that do not hit everybody: none rolls the job back when replicas are masked; as few as the fewest replicas have when
  // they are left out; one in those that are masked when each shard is held several times.
  const double share = policy->kind == CLX_POLICY_MASKED ? 0
                       : policy->kind == CLX_POLICY_REDUNDANT
                           ? 1 / fmax(1, clx_masked_failures(s->replicas, policy->redundancy))
                       : policy->rollback ? (double)policy->least / s->replicas
                                          : 0;
  double all = 0;
  for (int32_t i = 0; i < model->failure_count; i++) {
    const clx_failure_class *f = &model->failure[i];
    if (!f->everybody || f->planned || f->slow > 1) continue;
    all += f->stops * (1 - f->warned) * clx_reliability_class_rate(model, i, job, stage);
  }
  renewal.lossy = all + share * fmax(renewal.lossy - all, 0);
  renewal.saved = 0;
  renewal.down = 0;
  if (policy->kind == CLX_POLICY_ELASTIC) renewal.restart = 0;
  return renewal;
}

static clx_status refuse_restart(const char *name, int32_t stage, const clx_renewal *renewal, double load,
                                 double stretch, clx_error *error) {
  char restart[TEXT], mean[TEXT];
  const double time = renewal->restart + load;
  return clx_fail_plain(
      error, CLX_INFEASIBLE,
      "%s: stage %d can make no progress: a restart takes %s, the job fails every %s, one in %.3g restarts "
      "succeeds, and the run would take %.3g times its work: expected a restart shorter than the time between "
      "failures",
      name, stage, duration(time, restart), duration(1 / renewal->lossy, mean), exp(fmin(renewal->lossy * time, 700)),
      fmin(stretch, 1e300));
}

static clx_status refuse_interval(const char *name, int32_t stage, const clx_renewal *renewal, double span,
                                  double stretch, clx_error *error) {
  char cycle[TEXT], mean[TEXT];
  return clx_fail_plain(
      error, CLX_INFEASIBLE,
      "%s: stage %d can make no progress: it takes %s to the next checkpoint that counts, the job fails every "
      "%s, one in %.3g attempts succeeds, and the run would take %.3g times its work: expected a shorter "
      "checkpoint interval",
      name, stage, duration(span, cycle), duration(1 / renewal->lossy, mean), exp(fmin(renewal->lossy * span, 700)),
      fmin(stretch, 1e300));
}

static clx_status refuse_stops(const char *name, int32_t stage, const clx_renewal *renewal, double stretch,
                               clx_error *error) {
  char down[TEXT], mean[TEXT];
  const bool lossy = renewal->lossy * renewal->down >= renewal->saved * renewal->swap;
  return clx_fail_plain(
      error, CLX_INFEASIBLE,
      "%s: stage %d can make no progress: each stop takes %s for detection, diagnosis and swap, the job stops "
      "every %s, and the run would take %.3g times its work: expected stops shorter than the time between them",
      name, stage, duration(lossy ? renewal->down : renewal->swap, down),
      duration(1 / (lossy ? renewal->lossy : renewal->saved), mean), fmin(stretch, 1e300));
}

static clx_status check_stage(const clx_reliability_model *model, int32_t job, int32_t stage, const char *name,
                              clx_error *error) {
  const clx_job_stage *s = &model->job[job].stage[stage];
  const clx_renewal renewal = at_best(model, job, stage);
  if (!(renewal.lossy > 0) && !(renewal.saved > 0)) return CLX_OK;
  clx_checkpoint_plan plan = s->checkpoint;
  const bool none = plan.mode == CLX_CHECKPOINT_NONE;
  if (model->policy.kind == CLX_POLICY_ELASTIC) plan.load = plan.load_memory = 0;
  // Without checkpoints all the work is one interval; a run without an end then ends at its horizon, whatever it has done.
  const bool open = none && isinf(model->job[job].work);
  const double interval = open ? 0 : none ? clx_reliability_stage_span(model, job, stage) : plan.interval;
  const double span = none ? interval : interval + plan.stall + plan.lag;
  const double load = plan.mode == CLX_CHECKPOINT_MEMORY ? fmin(plan.load, plan.load_memory) : plan.load;
  const double restart = model->running_clock ? 0 : renewal.restart + load;
  const double tries = renewal.lossy * restart, cycles = renewal.lossy * span;
  const double stretch = clx_reliability_stretch(model, &renewal, &plan, open ? 1 : interval);
  if (exp(-tries) >= CHANCE_LEAST && exp(-cycles) >= CHANCE_LEAST && stretch <= CLX_STRETCH_MOST) return CLX_OK;
  if (tries >= cycles && tries > 1) return refuse_restart(name, stage, &renewal, load, stretch, error);
  if (cycles > 1) return refuse_interval(name, stage, &renewal, span, stretch, error);
  return refuse_stops(name, stage, &renewal, stretch, error);
}

// Share of the units of a stage that are there at best: those in repair at a time are not.
static double there_at_best(const clx_reliability_model *model, int32_t job, int32_t stage, double units) {
  const clx_job_stage *s = &model->job[job].stage[stage];
  double load = 0;
  for (int32_t i = 0; i < model->failure_count; i++) {
    const clx_failure_class *f = &model->failure[i];
    if (f->keeps_units || f->everybody) continue;
    load += (1 - f->transient) * clx_reliability_machine_rate(model, i, job, stage) * clx_duration_mean(&f->repair);
  }
  const double there = units / (1 + load / units) / (double)clx_reliability_stage_units(s);
  return fmin(1, fmax(there, (double)model->policy.least / s->replicas));
}

// Replicas that stand still for each other: one after the other, so that the share of the time is a sum over all failures.
static clx_status check_stalls(const clx_reliability_model *model, int32_t job, int32_t stage, const char *name,
                               clx_error *error) {
  const clx_job_stage *s = &model->job[job].stage[stage];
  const clx_reliability_policy *policy = &model->policy;
  if (policy->kind == CLX_POLICY_RESTART || s->replicas == 1 || model->running_clock) return CLX_OK;
  const bool joins = policy->kind != CLX_POLICY_REDUNDANT;
  double rate = 0, share = 0, units = 0;
  for (int32_t i = 0; i < model->cohort_count; i++) {
    if (model->cohort[i].arrival <= s->start) units += (double)model->cohort[i].units;
  }
  for (int32_t i = 0; i < model->failure_count; i++) {
    const clx_failure_class *f = &model->failure[i];
    if (f->everybody || f->planned || f->slow > 1 || f->latent > 0) continue;
    const double lossy = f->stops * (1 - f->warned) * clx_reliability_class_rate(model, i, job, stage);
    const double found = f->detect + (policy->kind == CLX_POLICY_MASKED ? 0 : f->localise);
    rate += lossy;
    share += lossy * (found + policy->stall + (joins ? policy->join : 0));
  }
  const double there = there_at_best(model, job, stage, units);
  if (share * there <= 1 - 1 / CLX_STRETCH_MOST) return CLX_OK;
  char each[TEXT], mean[TEXT];
  return clx_fail_plain(error, CLX_INFEASIBLE,
                        "%s: stage %d can make no progress: all replicas stand still %s for each one that fails "
                        "(detection, 'stall', 'join'), and one fails every %s: expected less than the time between "
                        "failures",
                        name, stage, duration(share / rate, each), duration(1 / (rate * there), mean));
}

// The first start begins again in full after a failure.
static clx_status check_start(const clx_reliability_model *model, int32_t job, const char *name, clx_error *error) {
  const double rate = clx_reliability_renewal(model, job, 0).lossy, start = model->start;
  if (!(rate * start > 1) || model->running_clock) return CLX_OK;
  const double span = clx_reliability_stage_span(model, job, 0);
  if (expm1(rate * start) / rate <= CLX_STRETCH_MOST * (start + span)) return CLX_OK;
  char time[TEXT], mean[TEXT];
  return clx_fail_plain(error, CLX_INFEASIBLE,
                        "%s can make no progress: its first start takes %s, it fails every %s, and one in %.3g starts "
                        "succeeds: expected a start shorter than the time between failures",
                        name, duration(start, time), duration(1 / rate, mean), exp(fmin(rate * start, 700)));
}

// P(Bin(units, p) <= most), an upper bound (Chernoff): exp(-units KL(most/units, p)) below the mean.
static double few_down(double units, double p, double most) {
  const double q = most / units;
  if (q >= p) return 1;
  const double divergence = (q > 0 ? q * log(q / p) : 0) + (1 - q) * log((1 - q) / (1 - p));
  return exp(-units * divergence);
}

// Fewest units with which a stage goes on.
static int64_t least_units(const clx_reliability_policy *policy, const clx_job_stage *stage) {
  switch (policy->kind) {
    case CLX_POLICY_RESTART:
      return clx_reliability_stage_units(stage);
    case CLX_POLICY_REDUNDANT:
      return stage->units_per_replica;
    default:
      return policy->least * stage->units_per_replica;
  }
}

// E min(repair, span): a run without failures that lasts for `span` sees no more of a repair. By Simpson's rule in the logarithm.
static double repair_within(const clx_duration *repair, double span) {
  enum { STEPS = 200 };
  static const double REACH = 30;  // e-folds below the span
  const double mean = clx_duration_mean(repair);
  if (!(mean > 0) || !isfinite(span)) return mean;
  double sum = 0;
  for (int32_t i = 0; i <= STEPS; i++) {
    const double time = span * exp(REACH * ((double)i / STEPS - 1));
    const double weight = i == 0 || i == STEPS ? 1 : i % 2 == 1 ? 4 : 2;
    sum += weight * time * clx_duration_beyond(repair, time);
  }
  return fmin(sum * REACH / STEPS / 3, fmin(mean, span));
}

// Whether repair keeps up: enough units are back at a time often enough.
static clx_status check_supply(const clx_reliability_model *model, int32_t job, int32_t stage, const char *name,
                               clx_error *error) {
  const clx_job_stage *s = &model->job[job].stage[stage];
  double losses = 0, load = 0, units = 0;  // 1/s events that take units; units in repair at a time
  for (int32_t i = 0; i < model->cohort_count; i++) {
    if (model->cohort[i].arrival <= s->start) units += (double)model->cohort[i].units;
  }
  for (int32_t i = 0; i < model->failure_count; i++) {
    const clx_failure_class *f = &model->failure[i];
    if (f->keeps_units) continue;
    const double rate =
        f->stops * (1 - f->transient) * clx_reliability_machine_rate(model, i, job, stage);  // one unit each, at least
    losses += rate;
    load += rate * repair_within(&f->repair, clx_reliability_stage_span(model, job, stage));
  }
  const double spare = units - (double)least_units(&model->policy, s),
               span = clx_reliability_stage_span(model, job, stage);
  const double stock = losses > 0 ? (spare + 1) / losses : INFINITY;  // s that the units last without any repair
  if (!(load > 0) || stock >= span) return CLX_OK;
  const double each = load / units;
  double up = model->running_clock ? 1 : few_down(units, each / (1 + each), spare);
  if (model->repair.crews > 0) up = fmin(up, model->repair.crews / load);
  if (stock + (span - stock) / up <= CLX_STRETCH_MOST * span) return CLX_OK;
  char mean[TEXT];
  // n units of which as many are there as it needs: n / (1 + each) of them.
  const double needs = (double)least_units(&model->policy, s);
  const double enough = ceil(needs * (1 + each) - (double)clx_reliability_stage_units(s));
  char advice[80] = "expected more crews, or faster repair";
  if (!(model->repair.crews > 0 && model->repair.crews < load)) {
    snprintf(advice, sizeof advice, "expected about %.0f spares, or faster repair", fmax(enough, 1));
  }
  return clx_fail_plain(error, CLX_INFEASIBLE,
                        "%s: stage %d can make no progress: it needs %.0f of %.0f units, a unit is lost every %s, and "
                        "%.3g are in repair at a time%s: %s",
                        name, stage, needs, units, duration(1 / losses, mean), load / (1 + each),
                        model->repair.crews > 0 && model->repair.crews < load ? ", more than there are crews for" : "",
                        advice);
}

clx_status clx_reliability_check_progress(const clx_reliability_model *model, clx_error *error) {
  for (int32_t j = 0; j < model->job_count; j++) {
    const clx_reliability_job *job = &model->job[j];
    char name[CLX_PATH_SIZE];
    clx_reliability_path(name, "job", j, job->name);
    CLX_TRY(check_start(model, j, name, error));
    for (int32_t i = 0; i < job->stage_count; i++) {
      CLX_TRY(check_stage(model, j, i, name, error));
      CLX_TRY(check_stalls(model, j, i, name, error));
      CLX_TRY(check_supply(model, j, i, name, error));
    }
  }
  return CLX_OK;
}
