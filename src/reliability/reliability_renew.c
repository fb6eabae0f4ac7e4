// The aggregate path: one job that starts again on equal servers, with enough of them, is a renewal process. Failures are drawn from the
// sum of all classes that stop it; one replication: reliability_renew_run.c.
#include <math.h>

#include "reliability/reliability_renew.h"
#include "reliability/reliability_renewal.h"

enum { SERIES_MOST = 2048, SERIES_REPLAY = 512 };  // replications of the series; of these, when they have to run twice

// --- which models -------------------------------------------------------------------------------------------------------------
static bool is_constant(const clx_hazard *h) { return h->shape == 1 && h->steps == 0 && h->infant == 0; }

static bool loses_units(const clx_failure_class *f) { return !f->keeps_units && f->transient < 1; }

// Whether all units of the machine have the same rate of a class.
static bool is_even(const clx_reliability_model *model, const clx_failure_class *f) {
  for (int32_t i = 0; i < model->cohort_count; i++) {
    const clx_reliability_cohort *cohort = &model->cohort[i];
    if (f->parts[i] * cohort->heat != f->parts[0] * model->cohort[0].heat) return false;
    for (int32_t p = 0; p < cohort->positions; p++) {
      if (cohort->position[p] != 1 && f->parts[i] > 0) return false;
    }
  }
  return true;
}

// Whether each lost unit finds one that stands by, or none ever does: more than one may be lost before they are swapped.
static bool has_standby(const clx_reliability_model *model, const clx_failure_class *f) {
  const clx_reliability_policy *policy = &model->policy;
  if (policy->hot == 0 || policy->swap_cold == 0) return true;
  const double more = clx_reliability_renewal(model, 0, 0).rate * (f->detect + f->localise + policy->swap_hot);
  return (double)policy->hot >= 1 + clx_poisson_quantile(more, 1 - 1e-9);
}

// Whether a class is a Poisson process of stops whose effect depends on nothing but what the job is doing.
static bool is_simple(const clx_reliability_model *model, const clx_failure_class *f, int64_t spares) {
  if (!is_constant(&f->hazard) || f->latent > 0 || f->slow > 1 || f->burst > 0) return false;
  if (loses_units(f)) {
    if (f->repair.median > 0 || f->repair.mean > 0 || f->stops < 1) return false;
    if (f->fixed < 1 && model->repair.offender != 1) return false;
    if (!has_standby(model, f)) return false;
  }
  for (int32_t i = 0; i < model->cohort_count; i++) {
    if (f->parts[i] > 0 && f->group[i] > 1 && (spares > 0 || loses_units(f))) return false;
  }
  return spares == 0 || is_even(model, f);
}

static int64_t machine_units(const clx_reliability_model *model) {
  int64_t units = 0;
  for (int32_t i = 0; i < model->cohort_count; i++) units += model->cohort[i].units;
  return units;
}

bool clx_reliability_is_renewal(const clx_reliability_model *model) {
  if (model->job_count != 1 || model->job[0].stage_count != 1 || model->policy.kind != CLX_POLICY_RESTART) return false;
  for (int32_t i = 0; i < model->cohort_count; i++) {
    if (model->cohort[i].arrival > 0 || model->cohort[i].gpus != model->cohort[0].gpus) return false;
  }
  const int64_t spares = machine_units(model) - clx_reliability_stage_units(&model->job[0].stage[0]);
  for (int32_t i = 0; i < model->failure_count; i++) {
    if (!is_simple(model, &model->failure[i], spares)) return false;
  }
  return true;
}

// --- the run ------------------------------------------------------------------------------------------------------------------
// Parts whose events touch the job, and of the whole machine: rates at one event per second and part.
static void count_parts(const clx_reliability_model *model, int32_t index, double *job, double *machine) {
  clx_failure_class one = model->failure[index];
  one.hazard.rate = 1;
  clx_reliability_model alone = *model;
  alone.failure = &one;
  alone.failure_count = 1;
  *job = clx_reliability_class_rate(&alone, 0, 0, 0);
  *machine = clx_reliability_machine_rate(&alone, 0, 0, 0);
}

static void fill_plan(clx_renew *all, const clx_job_stage *stage) {
  static const double NEVER = 1e300;  // s
  clx_checkpoint_plan *plan = &all->plan;
  *plan = stage->checkpoint;
  all->memory = plan->mode == CLX_CHECKPOINT_MEMORY;
  all->saves = plan->mode != CLX_CHECKPOINT_NONE;
  if (!all->saves) {
    plan->interval = isinf(all->work) ? NEVER : all->work;
    plan->stall = plan->lag = 0;
  }
  all->cycle = plan->interval + plan->stall;
  all->round = plan->remote_every * all->cycle + plan->remote_stall;
}

static void fill_classes(const clx_renew *all, clx_renew_class *class) {
  const clx_reliability_model *model = all->model;
  for (int32_t i = 0; i < model->failure_count; i++) {
    const clx_failure_class *f = &model->failure[i];
    const bool asked = f->planned || f->warned >= 1;
    double job, machine;
    count_parts(model, i, &job, &machine);
    clx_renew_class *c = &class[i];
    *c = (clx_renew_class){
        .rate = f->hazard.rate,
        .stops = job * f->stops,
        .others = fmax((model->running_clock ? job : machine) - job * f->stops, 0),
        .lost = f->keeps_units ? 0 : 1 - f->transient,
        .warned = f->warned,
        .alone = true,
        .stop = {.detect = asked ? 0 : f->detect + f->localise, .asked = asked, .planned = f->planned, .near = true},
    };
    for (int32_t k = 0; k < model->cohort_count; k++) {
      if (f->parts[k] > 0 && f->group[k] > 1) c->alone = f->keeps_units;
    }
    if (c->lost > 0) c->stop.swap = clx_reliability_swap_time(&model->policy, 1);
    c->certain = (c->stop.swap == 0 || c->lost >= 1) && (asked || f->warned <= 0) && (asked || !all->memory);
  }
}

// Series from the first replications; where nobody knows beforehand how long they take, these run again, and are sampled.
static clx_status make_series(clx_renew *all, int32_t most, double span, clx_series_store *store, clx_arena *arena,
                              clx_error *error) {
  const int32_t n = all->options->replications;
  CLX_TRY(clx_series_make(store, all->options, n < most ? n : most, span, arena, error));
  all->store = store;
  return CLX_OK;
}

static clx_status replay(clx_renew *all, void *const *state, int32_t workers, const clx_reliability_run *first,
                         clx_series_store *store, clx_arena *arena, clx_error *error) {
  clx_reliability_options again = *all->options;
  again.progress = NULL;
  double span = 0;
  for (int32_t i = 0; i < again.replications; i++) span = fmax(span, first[i].elapsed);
  CLX_TRY(make_series(all, SERIES_REPLAY, span, store, arena, error));
  again.replications = store->replications;
  clx_reliability_run *run = CLX_NEW_ARRAY(arena, clx_reliability_run, again.replications);
  if (run == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  return clx_replicate_all(&again, state, workers, clx_renew_replicate, run, error);
}

static clx_status make_outcome(const clx_renew *all, const clx_renew_worker *worker, int32_t workers, clx_arena *arena,
                               clx_reliability_outcome *outcome, clx_error *error) {
  const int32_t n = all->classes;
  outcome->class_stops = CLX_NEW_ARRAY(arena, double, n > 0 ? n : 1);
  outcome->class_events = CLX_NEW_ARRAY(arena, double, n > 0 ? n : 1);
  if (outcome->class_stops == NULL || outcome->class_events == NULL) {
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  for (int32_t i = 0; i < n; i++) {
    uint64_t stops = 0, others = 0;
    for (int32_t k = 0; k < workers; k++) stops += worker[k].class_stops[i], others += worker[k].class_others[i];
    outcome->class_stops[i] = (double)stops / all->options->replications;
    outcome->class_events[i] = (double)(stops + others) / all->options->replications;
  }
  for (int32_t k = 0; k < workers; k++) outcome->events += worker[k].events;
  return clx_outcome_summarise(all->options, arena, outcome, error);
}

clx_status clx_reliability_renew(const clx_reliability_model *model, const clx_reliability_options *options,
                                 clx_arena *arena, clx_reliability_outcome *outcome, clx_error *error) {
  CLX_TRY(clx_reliability_check(model, error));
  if (!clx_reliability_is_renewal(model)) {
    return clx_fail_plain(
        error, CLX_INPUT,
        "the model is no renewal process: expected one job that starts again on equal units, constant rates, and "
        "repair that takes no time");
  }
  if (options->replications < 1) {
    return clx_fail_plain(error, CLX_INPUT, "replications is %d: expected at least 1", options->replications);
  }
  const clx_job_stage *stage = &model->job[0].stage[0];
  const int32_t workers = clx_replication_threads(options);
  *outcome = (clx_reliability_outcome){0};
  outcome->run = CLX_NEW_ARRAY(arena, clx_reliability_run, options->replications);
  clx_renew_class *class = CLX_NEW_ARRAY(arena, clx_renew_class, model->failure_count > 0 ? model->failure_count : 1);
  clx_renew_worker *worker = CLX_NEW_ARRAY(arena, clx_renew_worker, workers);
  void **state = CLX_NEW_ARRAY(arena, void *, workers);
  if (outcome->run == NULL || class == NULL || worker == NULL || state == NULL) {
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  const int64_t held = clx_reliability_stage_units(stage), spares = machine_units(model) - held;
  const double gpus = model->cohort[0].gpus;
  clx_renew all = {.model = model,
                   .options = options,
                   .work = model->job[0].work,
                   .restart = stage->restart,
                   .horizon = model->horizon > 0 ? model->horizon : INFINITY,
                   .gpus = (double)held * gpus,
                   .spare_gpus = (double)spares * gpus,
                   .spares = (double)spares,
                   .classes = model->failure_count,
                   .class = class};
  fill_plan(&all, stage);
  fill_classes(&all, class);
  clx_series_store store;
  const bool sampled = options->samples > 0, known = model->horizon > 0;
  if (sampled && known) CLX_TRY(make_series(&all, SERIES_MOST, model->horizon, &store, arena, error));
  for (int32_t i = 0; i < workers; i++) {
    CLX_TRY(clx_renew_worker_make(&worker[i], &all, arena, error));
    state[i] = &worker[i];
  }
  CLX_TRY(clx_replicate_all(options, state, workers, clx_renew_replicate, outcome->run, error));
  CLX_TRY(make_outcome(&all, worker, workers, arena, outcome, error));
  if (sampled && !known) CLX_TRY(replay(&all, state, workers, outcome->run, &store, arena, error));
  return sampled ? clx_outcome_series(model, options, &store, arena, outcome, error) : CLX_OK;
}
