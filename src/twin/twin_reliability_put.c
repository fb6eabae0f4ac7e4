// What a simulation of a run found, as named quantities.
#include <math.h>
#include <stdio.h>

#include "reliability/reliability_forms.h"
#include "twin/twin_reliability.h"

typedef struct putter {
  const clx_twin_reliability_case *c;
  const char *prefix;
  clx_result *result;
  clx_error *error;
} putter;

static clx_status put_band(const putter *p, const char *name, clx_band band, const char *unit, const char *doc) {
  char full[128];
  snprintf(full, sizeof full, "%s.%s", p->prefix, name);
  return clx_result_add(p->result, full, band.mean, unit, fmin(band.low, band.mean), fmax(band.high, band.mean), doc,
                        p->error);
}

static clx_status put(const putter *p, const char *name, double value, const char *unit, const char *doc) {
  return put_band(p, name, (clx_band){value, value, value}, unit, doc);
}

static clx_status put_fact(const putter *p, const char *name, const char *text) {
  char full[128];
  snprintf(full, sizeof full, "%s.%s", p->prefix, name);
  return clx_result_add_text(p->result, full, text, p->error);
}

// --- rates --------------------------------------------------------------------------------------------------------------

static int32_t last_stage(const clx_reliability_model *m) { return m->job[0].stage_count - 1; }

// The rate at which classes stop the job when all rates are as known: sums of gamma variates are close to a gamma variate of the same
// mean and variance.
static clx_band stop_rate(const clx_reliability_model *m, double confidence) {
  double mean = 0, variance = 0;
  for (int32_t k = 0; k < m->failure_count; k++) {
    clx_reliability_model one = *m;
    double planned = 0;
    one.failure = &m->failure[k];
    one.failure_count = 1;
    const double rate = clx_reliability_stop_rate(&one, 0, last_stage(m), &planned);
    const clx_failure_class *f = &m->failure[k];
    mean += rate;
    if (m->draw_rates && f->exposure > 0 && f->events > 0) variance += rate * rate / f->events;
  }
  if (!(variance > 0)) return (clx_band){mean, mean, mean};
  const double shape = mean * mean / variance, scale = variance / mean, tail = (1 - confidence) / 2;
  return (clx_band){mean, scale * clx_gamma_quantile(shape, tail), scale * clx_gamma_quantile(shape, 1 - tail)};
}

// The plan's interval, and where it would stand for the least and the highest rate.
static clx_band interval(const putter *p, clx_band rate) {
  const clx_reliability_model *m = &p->c->model;
  const double own = m->job[0].stage[last_stage(m)].checkpoint.interval;
  clx_band band = {own, own, own};
  if (p->c->scenario->spec.reliability.checkpoint.rule == CLX_INTERVAL_FIXED || !(rate.mean > 0)) return band;
  const clx_checkpoint_plan *plan = &m->job[0].stage[last_stage(m)].checkpoint;
  const double best = clx_interval_exact(1 / rate.mean, plan->stall);
  if (!(best > 0)) return band;
  band.low = fmax(fmin(own, plan->lag), own * clx_interval_exact(1 / rate.high, plan->stall) / best);
  band.high = own * clx_interval_exact(1 / rate.low, plan->stall) / best;
  return band;
}

static clx_status put_rates(const putter *p) {
  const clx_reliability_model *m = &p->c->model;
  const double confidence = p->c->scenario->spec.reliability.confidence;
  const clx_band rate = stop_rate(m, confidence);
  if (rate.mean > 0)
    CLX_TRY(put_band(p, "mttf", (clx_band){1 / rate.mean, 1 / rate.high, 1 / fmax(rate.low, 1e-30)}, "s",
                     "mean time between interruptions of the job at its full size; band: what is known of the rates"));
  const clx_job_stage *stage = &m->job[0].stage[last_stage(m)];
  if (stage->checkpoint.mode != CLX_CHECKPOINT_NONE)
    CLX_TRY(put_band(p, "checkpoint_interval", interval(p, rate), "s",
                     "work between two checkpoints; band: best for the highest and the least rate"));
  CLX_TRY(put(p, "checkpoint_stall", stage->checkpoint.stall, "s", "the job stands still for a checkpoint"));
  CLX_TRY(put(p, "checkpoint_lag", stage->checkpoint.lag, "s", "until it counts"));
  CLX_TRY(put(p, "checkpoint_load", stage->checkpoint.load, "s", "to read one back"));
  return put(p, "restart_time", stage->restart, "s", "placement, processes and communicators after a stop");
}

// --- outcome --------------------------------------------------------------------------------------------------------------

static clx_band needed_spares(const putter *p) {
  const clx_reliability_model *m = &p->c->model;
  const clx_band rate = stop_rate(m, p->c->scenario->spec.reliability.confidence);
  const double low = rate.mean > 0 ? rate.low / rate.mean : 1, high = rate.mean > 0 ? rate.high / rate.mean : 1;
  return (clx_band){clx_twin_reliability_spares(m, 1), clx_twin_reliability_spares(m, low),
                    clx_twin_reliability_spares(m, high)};
}

static clx_status put_outcome(const putter *p) {
  const clx_reliability_outcome *o = &p->c->outcome;
  const clx_reliability_model *m = &p->c->model;
  double gpus = 0;
  for (int32_t i = 0; i < m->cohort_count; i++) gpus += (double)m->cohort[i].units * m->cohort[i].gpus;
  CLX_TRY(
      put_band(p, "interruptions", o->interruptions, "", "stops of the job that nobody asked for, within the horizon"));
  CLX_TRY(put_band(p, "planned", o->planned, "", "planned stops within the horizon"));
  CLX_TRY(put_band(p, "failures", o->failures, "", "failures of any part within the horizon"));
  CLX_TRY(put_band(p, "goodput", o->goodput, "", "work that counts against work at full rate all the time"));
  CLX_TRY(put_band(p, "lost_work", o->lost_work, "s", "work done again after a stop, mean"));
  CLX_TRY(put_band(p, "spares", o->mean_spares, "", "free servers, mean over time"));
  CLX_TRY(put_band(p, "spares_least", o->least_spares, "", "fewest free servers at any time"));
  CLX_TRY(put_band(p, "spares_needed", needed_spares(p), "",
                   "spare servers with which repairs leave the job short 1 % of the time at most"));
  CLX_TRY(put_band(p, "waited", o->waited, "s", "the job waits for servers, all in all"));
  CLX_TRY(put_band(p, "repair_most", o->most_repair, "", "most servers away at once"));
  if (isfinite(o->end.mean))
    CLX_TRY(put_band(p, "time_to_train", o->end, "s",
                     "until the tokens are trained, with all that fails; the step time taken as computed"));
  double elapsed = 0;
  for (int32_t i = 0; i < o->replications; i++) elapsed += o->run[i].elapsed / o->replications;
  CLX_TRY(put(p, "horizon", elapsed, "s", "time that counts and ledger stand for, mean"));
  CLX_TRY(put(p, "replications", o->replications, "", "simulated runs"));
  return put(p, "gpu_hours_lost", gpus * elapsed / 3600 * (1 - o->ledger[CLX_LEDGER_PRODUCTIVE]), "",
             "GPU-hours of the machine that did not become progress");
}

static clx_status warn_spares(const putter *p) {
  const clx_reliability_outcome *o = &p->c->outcome;
  const double needed = clx_twin_reliability_spares(&p->c->model, 1);
  if (o->least_spares.mean >= 1 || needed < 1) return CLX_OK;
  return clx_result_warn(p->result, p->error,
                         "spare servers run out%s: %.0f would leave the job short 1 %% of the time at most",
                         o->least_spares.high >= 1 ? " in most runs" : "", needed);
}

static clx_status put_ledger(const putter *p) {
  const clx_reliability_outcome *o = &p->c->outcome;
  for (int32_t k = 0; k < CLX_LEDGERS; k++) {
    char name[64];
    snprintf(name, sizeof name, "ledger.%s", clx_ledger_names[k].name);
    CLX_TRY(put(p, name, o->ledger[k], "", clx_ledger_names[k].doc));
  }
  return put(p, "ledger.residual", o->residual, "", "GPU-seconds that no bucket holds, share; largest of all runs");
}

static clx_status put_causes(const putter *p) {
  const clx_reliability_outcome *o = &p->c->outcome;
  const clx_reliability_model *m = &p->c->model;
  double cause[CLX_CAUSES] = {0};
  for (int32_t k = 0; k < m->failure_count; k++) {
    char name[96], slug[64];
    snprintf(name, sizeof name, "class.%s", clx_result_slug(m->failure[k].name, slug, sizeof slug));
    if (!m->failure[k].planned) cause[m->failure[k].cause] += o->class_stops[k];
    CLX_TRY(put(p, name, o->class_stops[k], "", "stops by this class within the horizon, mean"));
  }
  for (int32_t k = 0; k < CLX_CAUSES; k++) {
    char name[64];
    snprintf(name, sizeof name, "cause.%s", clx_failure_cause_name[k]);
    if (cause[k] > 0) CLX_TRY(put(p, name, cause[k], "", "interruptions by this cause within the horizon, mean"));
  }
  return CLX_OK;
}

static clx_status put_facts(const putter *p) {
  const clx_reliability_spec *spec = &p->c->scenario->spec.reliability;
  CLX_TRY(put_fact(p, "policy", clx_policy_name[p->c->model.policy.kind]));
  CLX_TRY(put_fact(p, "failures_entry", p->c->scenario->failures.name));
  CLX_TRY(put_fact(p, "clock", p->c->model.running_clock ? "running" : "wall"));
  CLX_TRY(put_fact(p, "rates", p->c->model.draw_rates ? "posterior" : "point"));
  CLX_TRY(put_fact(p, "checkpoint", clx_checkpoint_mode_name[spec->checkpoint.mode]));
  return put_fact(p, "path", p->c->aggregate ? "aggregate" : "component");
}

static clx_status put_series(const putter *p) {
  const clx_reliability_outcome *o = &p->c->outcome;
  const double work = p->c->model.job[0].work;
  const char *unit = isfinite(work) ? "" : "s";  // share of the work, where it ends
  if (isfinite(work)) {
    for (int32_t i = 0; i < o->samples; i++) {
      o->progress[i] /= work;
      o->progress_low[i] /= work;
      o->progress_high[i] /= work;
    }
  }
  const struct {
    const char *name;
    const double *y;
    const char *unit;
  } series[] = {{"progress", o->progress, unit},           {"progress_low", o->progress_low, unit},
                {"progress_high", o->progress_high, unit}, {"cumulative", o->cumulative, ""},
                {"cumulative_low", o->cumulative_low, ""}, {"window", o->window, ""},
                {"window_low", o->window_low, ""},         {"free_units", o->free_units, ""},
                {"free_units_low", o->free_units_low, ""}};
  for (int32_t i = 0; i < CLX_COUNT(series) && o->samples > 0; i++) {
    char name[96];
    snprintf(name, sizeof name, "%s.%s", p->prefix, series[i].name);
    CLX_TRY(clx_result_add_series(p->result, name, series[i].unit, series[i].y, "time", "s", o->time, o->samples,
                                  p->error));
  }
  return CLX_OK;
}

clx_status clx_twin_reliability_put(const clx_twin_reliability_case *c, const char *prefix, bool series,
                                    clx_result *result, clx_error *error) {
  const putter p = {.c = c, .prefix = prefix, .result = result, .error = error};
  CLX_TRY(put_facts(&p));
  CLX_TRY(put_rates(&p));
  CLX_TRY(put_outcome(&p));
  CLX_TRY(put_ledger(&p));
  CLX_TRY(put_causes(&p));
  CLX_TRY(warn_spares(&p));
  return series ? put_series(&p) : CLX_OK;
}
