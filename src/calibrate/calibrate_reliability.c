// Rates, repair and hazards of the classes of a failure log.
#include <math.h>
#include <stdlib.h>

#include "calibrate/calibrate_reliability_internal.h"
#include "reliability/reliability_forms.h"

// Below it a test is believed: what the entry takes beside plain rates must be very unlikely to be chance.
static const double significant = 0.01;
static const double lemon_level = 0.05;
enum { HAZARD_EVENTS_MIN = 20, BOUND_REPAIRS_MIN = 20, REPAIRS_MIN = 3 };

void clx_rate_fit_make(double events, double exposure, double confidence, clx_rate_fit *fit) {
  *fit = (clx_rate_fit){.events = events, .exposure = exposure};
  if (!(exposure > 0)) return;
  fit->rate = events / exposure;
  clx_rate_interval(events, exposure, confidence, &fit->low, &fit->high);
  // Jeffreys' prior of a Poisson rate is rate^(-1/2).
  fit->mean = (events + 0.5) / exposure;
  fit->lower = clx_gamma_quantile(events + 0.5, 0.5 - 0.5 * confidence) / exposure;
  fit->upper = clx_gamma_quantile(events + 0.5, 0.5 + 0.5 * confidence) / exposure;
}

// Below, `log` is a log.
static double natural(double x) { return log(x); }

static void fit_repair(const clx_failure_log *log, int32_t kind, clx_repair_fit *fit) {
  clx_sum logs = {0}, squares = {0}, times = {0};
  *fit = (clx_repair_fit){0};
  for (int32_t i = 0; i < log->event_count; i++) {
    const clx_log_event *e = &log->event[i];
    if (!clx_log_counts(log, e, kind) || !(e->repair > 0)) continue;
    fit->count++;
    fit->most = fmax(fit->most, e->repair);
    clx_sum_add(&logs, natural(e->repair));
    clx_sum_add(&times, e->repair);
  }
  if (fit->count == 0) return;
  const double mu = clx_sum_value(&logs) / fit->count;
  for (int32_t i = 0; i < log->event_count; i++) {
    const clx_log_event *e = &log->event[i];
    if (clx_log_counts(log, e, kind) && e->repair > 0) clx_sum_add(&squares, pow(natural(e->repair) - mu, 2));
  }
  fit->sigma = fit->count > 1 ? sqrt(clx_sum_value(&squares) / (fit->count - 1)) : 0;
  fit->median = exp(mu);
  fit->mean = fit->median * exp(0.5 * fit->sigma * fit->sigma);
  fit->sample_mean = clx_sum_value(&times) / fit->count;
}

// What is counted for a class: GPUs where the cause sits in them and their number is known, else servers.
static int32_t part_of(const clx_failure_log *log, const clx_log_class *kind) {
  const bool inside = kind->cause == CLX_CAUSE_GPU || kind->cause == CLX_CAUSE_MEMORY || kind->cause == CLX_CAUSE_DATA;
  return inside && log->gpu_time > 0 ? CLX_PART_GPU : CLX_PART_SERVER;
}

// Lives of known age. An event in the very second in which its unit came into service counts as one second old.
static clx_status lives_of(clx_arena *arena, const clx_failure_log *log, int32_t kind, int32_t part, clx_lives *lives,
                           clx_error *error) {
  double *age = CLX_NEW_ARRAY(arena, double, log->event_count), *times = CLX_NEW_ARRAY(arena, double, log->event_count);
  double *entry = CLX_NEW_ARRAY(arena, double, log->span_count), *end = CLX_NEW_ARRAY(arena, double, log->span_count);
  double *weight = CLX_NEW_ARRAY(arena, double, log->span_count);
  if (age == NULL || times == NULL || entry == NULL || end == NULL || weight == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  *lives = (clx_lives){.age = age, .times = times, .entry = entry, .exit = end, .weight = weight};
  for (int32_t i = 0; i < log->event_count; i++) {
    const clx_log_event *e = &log->event[i];
    if (!clx_log_counts(log, e, kind) || isnan(e->age) || !(e->count > 0)) continue;
    age[lives->event_count] = fmax(e->age, 1);
    times[lives->event_count++] = e->count;
  }
  for (int32_t i = 0; i < log->span_count; i++) {
    const clx_log_span *s = &log->span[i];
    if (isnan(s->in_service) || !(s->to > s->from)) continue;
    entry[lives->life_count] = s->from - s->in_service;
    end[lives->life_count] = fmax(s->to - s->in_service, 1);
    weight[lives->life_count++] = s->count * (part == CLX_PART_GPU ? s->gpus : 1);
  }
  return CLX_OK;
}

static clx_status fit_hazard(clx_arena *arena, const clx_failure_log *log, int32_t kind, double confidence,
                             clx_class_fit *fit, clx_error *error) {
  clx_lives lives;
  CLX_TRY(lives_of(arena, log, kind, fit->part, &lives, error));
  clx_age_steps_make(&lives, confidence, &fit->steps);
  clx_weibull_fit_make(&lives, confidence, &fit->weibull);
  double events = 0;
  for (int32_t s = 0; s < fit->steps.count; s++) events += fit->steps.rate[s].events;
  if (!fit->weibull.found || events < HAZARD_EVENTS_MIN) return CLX_OK;
  fit->weibull.p_fit = clx_weibull_misfit(&fit->steps, &lives, &fit->weibull);
  if (fit->weibull.p_fit < significant) {
    fit->form = CLX_FORM_STEPS;
  } else if (fit->weibull.p_constant < significant) {
    fit->form = CLX_FORM_WEIBULL;
  }
  return CLX_OK;
}

// A class of the log, or all causes and symptoms together (kind -1).
static clx_status fit_class(clx_arena *arena, const clx_failure_log *log, int32_t kind, double confidence,
                            clx_class_fit *fit, clx_error *error) {
  *fit = (clx_class_fit){.kind = kind >= 0 ? &log->kind[kind] : NULL};
  fit->part = kind >= 0 ? part_of(log, fit->kind) : CLX_PART_SERVER;
  for (int32_t i = 0; i < log->event_count; i++) {
    const clx_log_event *e = &log->event[i];
    if (!clx_log_counts(log, e, kind)) continue;
    fit->events += e->count;
    fit->ended += e->ends ? e->count : 0;
    fit->stop_known += e->stopped >= 0 ? e->count : 0;
    fit->stopped += e->stopped > 0 ? e->count : 0;
    fit->transient_known += e->transient >= 0 ? e->count : 0;
    fit->transient += e->transient > 0 ? e->count : 0;
  }
  clx_rate_fit_make(fit->events, log->node_time, confidence, &fit->node);
  clx_rate_fit_make(fit->events, log->gpu_time, confidence, &fit->gpu);
  fit_repair(log, kind, &fit->repair);
  if (fit->repair.count < REPAIRS_MIN) fit->repair.median = fit->repair.mean = fit->repair.sigma = 0;
  if (fit->repair.count < BOUND_REPAIRS_MIN) fit->repair.most = 0;
  if (log->ages_known) CLX_TRY(fit_hazard(arena, log, kind, confidence, fit, error));
  clx_cluster_fit_make(log, kind, &fit->cluster);
  if (fit->cluster.gaps_tested && fit->cluster.p_close < significant && fit->cluster.close > 2 * fit->cluster.expected)
    fit->burst = fit->cluster.close / fit->cluster.clusters;
  return CLX_OK;
}

static int by_rank(const void *a, const void *b) {
  const clx_class_fit *x = a, *y = b;
  const bool outcome_x = x->kind->role == CLX_LOG_OUTCOME, outcome_y = y->kind->role == CLX_LOG_OUTCOME;
  if (outcome_x != outcome_y) return outcome_x ? 1 : -1;
  if (x->events != y->events) return x->events > y->events ? -1 : 1;
  return x->kind < y->kind ? -1 : x->kind > y->kind;
}

clx_status clx_calibrate_reliability(clx_arena *arena, const clx_failure_log *log, double confidence,
                                     clx_failure_calibration *out, clx_error *error) {
  *out = (clx_failure_calibration){.log = log, .confidence = confidence};
  out->fit = CLX_NEW_ARRAY(arena, clx_class_fit, log->kinds + 1);
  if (out->fit == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t k = 0; k < log->kinds; k++) {
    clx_class_fit *fit = &out->fit[out->fit_count++];
    CLX_TRY(fit_class(arena, log, k, confidence, fit, error));
    out->class_count += fit->kind->role != CLX_LOG_OUTCOME ? 1 : 0;
  }
  if (out->class_count == 0)
    return clx_fail(error, CLX_INPUT, (clx_place){log->file, 0, 0},
                    out->fit_count == 0 ? "no failures: an entry needs at least one class"
                                        : "only outcomes of jobs: what failed, and why, is not told");
  qsort(out->fit, (size_t)out->fit_count, sizeof *out->fit, by_rank);
  CLX_TRY(fit_class(arena, log, -1, confidence, &out->all, error));
  CLX_TRY(clx_lemons_find(arena, lemon_level, out, error));
  clx_position_fit_make(log, confidence, &out->position);
  return CLX_OK;
}
