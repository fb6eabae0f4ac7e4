// One machine under several policies, on common random numbers.
#include "twin/twin_goodput.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME = 128, SAMPLES = 200 };  // points of each series

typedef struct comparison {
  const clx_scenario *const *scenario;
  const char *const *name;
  int32_t count;
  const clx_goodput_options *options;
  clx_arena *arena;
  clx_twin_reliability_case *one;  // [count]
  const char **infeasible;         // [count] why it makes no progress or cannot be had, or NULL
  clx_status *wrong;               // [count] CLX_INFEASIBLE or CLX_INPUT with infeasible
  clx_place *place;                // [count] of what is wrong
  int32_t replications;
  int32_t baseline;  // the first that makes progress; -1 = none does
  int32_t at;        // being simulated
  clx_result *first_notes;
} comparison;

// --- what is asked ----------------------------------------------------------------------------------------------------------

static clx_status check_request(const comparison *p, clx_error *error) {
  const clx_scenario *first = p->count > 0 ? p->scenario[0] : NULL;
  if (p->count < 1 || p->count > CLX_GOODPUT_POLICIES_MAX)
    return clx_fail_plain(error, CLX_INPUT, "%d policies: expected 1 to %d", p->count, CLX_GOODPUT_POLICIES_MAX);
  if (p->options->replications < 0 || p->options->replications == 1)
    return clx_fail_plain(error, CLX_INPUT, "%d replications: expected 2 or more, or 0 for the scenario's",
                          p->options->replications);
  for (int32_t i = 1; i < p->count; i++) {
    const clx_scenario *s = p->scenario[i];
    for (int32_t k = 0; k < i; k++) {
      if (clx_text_equal(p->name[i], p->name[k]))
        return clx_fail_plain(error, CLX_INPUT, "policy '%s' is given twice", p->name[i]);
    }
    if (s->machine.gpus != first->machine.gpus || s->job_gpus != first->job_gpus ||
        !clx_text_equal(s->model.name, first->model.name))
      return clx_fail_plain(error, CLX_INPUT, "policy '%s' is of another machine or job than '%s': expected the same",
                            p->name[i], p->name[0]);
  }
  return CLX_OK;
}

const char *clx_goodput_reason(const char *text) {
  static const char before[] = "can make no progress: ";
  const char *found = strstr(text, before);
  return found != NULL ? found + sizeof before - 1 : text;
}

// The reason of a failure as a text, when it is that the policy cannot make progress or cannot be had on this machine; then all is well
// again.
static clx_status keep_reason(comparison *p, int32_t i, clx_status status, clx_error *own, clx_error *error) {
  if (status == CLX_INFEASIBLE || status == CLX_INPUT) {
    const clx_mistake *first = own->count > 0 ? &own->mistake[0] : NULL;
    p->infeasible[i] = clx_arena_text(p->arena, first != NULL ? clx_goodput_reason(first->text) : "no progress");
    p->wrong[i] = status;
    if (first != NULL && first->file[0] != '\0')
      p->place[i] = (clx_place){clx_arena_text(p->arena, first->file), first->line, first->column};
    return p->infeasible[i] != NULL ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  for (int32_t k = 0; status != CLX_OK && k < own->count; k++) {
    const clx_mistake *m = &own->mistake[k];
    clx_fail(error, own->status, (clx_place){m->file[0] != '\0' ? m->file : NULL, m->line, m->column}, "%s", m->text);
  }
  return status;
}

static bool assumed(const clx_result *notes, const char *wanted, const char *text) {
  const char *key, *why;
  for (int32_t k = 0; notes != NULL && clx_result_assumption(notes, k, &key, &why); k++) {
    if (clx_text_equal(key, wanted) && clx_text_equal(why, text)) return true;
  }
  return false;
}

// Assumptions of the first policy are those of the comparison; what others assume beside them goes under their name.
static clx_status add_assumptions(const comparison *p, int32_t i, const clx_result *notes, clx_result *result,
                                  clx_error *error) {
  const char *key, *why;
  for (int32_t k = 0; clx_result_assumption(notes, k, &key, &why); k++) {
    char name[NAME];
    if (i > 0 && assumed(p->first_notes, key, why)) continue;
    snprintf(name, sizeof name, "%s%s", i > 0 ? p->name[i] : "", i > 0 ? ": " : "");
    const size_t n = strlen(name);
    snprintf(name + n, sizeof name - n, "%s", key);
    CLX_TRY(clx_result_assume(result, error, name, why));
  }
  return CLX_OK;
}

static clx_status make_model(comparison *p, int32_t i, clx_result *result, clx_error *error) {
  clx_error own;
  clx_error_clear(&own);
  clx_result *notes = clx_result_new();
  if (notes == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_status status = clx_twin_reliability_model(&p->one[i], p->arena, notes, &own);
  status = keep_reason(p, i, status, &own, error);
  if (status == CLX_OK) status = add_assumptions(p, i, notes, result, error);
  if (i == 0) {
    p->first_notes = notes;
  } else {
    clx_result_free(notes);
  }
  return status;
}

// --- simulation -------------------------------------------------------------------------------------------------------------

static bool show_progress(void *context, double done) {
  const comparison *p = context;
  const clx_goodput_options *o = p->options;
  return o->progress(o->context, (p->at + done) / p->count);
}

// Failures are the same for all policies on one path only: the aggregate path is taken when it serves every one of them.
static bool all_renewal(const comparison *p) {
  for (int32_t i = 0; i < p->count; i++) {
    if (p->infeasible[i] == NULL && !clx_reliability_is_renewal(&p->one[i].model)) return false;
  }
  return true;
}

static clx_status simulate(comparison *p, clx_error *error) {
  const clx_twin_reliability_options options = {.seed = p->options->seed,
                                                .threads = p->options->threads,
                                                .replications = p->replications,
                                                .samples = SAMPLES,
                                                .component = !all_renewal(p),
                                                .progress = p->options->progress != NULL ? show_progress : NULL,
                                                .context = p};
  for (p->at = 0; p->at < p->count; p->at++) {
    if (p->infeasible[p->at] != NULL) continue;
    clx_error own;
    clx_error_clear(&own);
    const clx_status status = clx_twin_reliability_solve(&p->one[p->at], &options, p->arena, &own);
    CLX_TRY(keep_reason(p, p->at, status, &own, error));
  }
  p->baseline = -1;
  for (int32_t i = p->count - 1; i >= 0; i--) {
    if (p->infeasible[i] == NULL) p->baseline = i;
  }
  if (p->baseline >= 0) return CLX_OK;
  return clx_fail(error, p->wrong[0], p->place[0], "%s", p->infeasible[0]);
}

// --- differences ------------------------------------------------------------------------------------------------------------

// Student's t of `freedom` degrees: the t beyond which lies a chance of `tail`. P(|T| > t) = I_x(freedom/2, 1/2), x = freedom/(freedom + t^2).
static double student(double freedom, double tail) {
  double low = 0, high = 1e6;
  for (int32_t i = 0; i < 200 && high - low > 1e-12 * high; i++) {
    const double t = (low + high) / 2;
    if (clx_beta_cdf(freedom / 2, 0.5, freedom / (freedom + t * t)) / 2 > tail) {
      low = t;
    } else {
      high = t;
    }
  }
  return high;
}

clx_band clx_goodput_mean(const double *difference, int32_t count, double confidence) {
  const double mean = clx_mean(difference, count);
  clx_sum square = {0};
  for (int32_t i = 0; i < count; i++) clx_sum_add(&square, (difference[i] - mean) * (difference[i] - mean));
  if (count < 2) return (clx_band){mean, mean, mean};
  const double error = sqrt(clx_sum_value(&square) / (count - 1) / count);
  const double half = student(count - 1, (1 - confidence) / 2) * error;
  return (clx_band){mean, mean - half, mean + half};
}

static double goodput_of(const clx_reliability_run *run) { return run->goodput; }
static double end_of(const clx_reliability_run *run) { return -run->end; }  // sooner is more

static bool ends(const clx_reliability_outcome *o) {
  for (int32_t i = 0; i < o->replications; i++) {
    if (!isfinite(o->run[i].end)) return false;
  }
  return true;
}

static clx_status put_difference(const comparison *p, int32_t i, const char *what, const char *unit,
                                 double (*of)(const clx_reliability_run *), const char *doc, clx_result *result,
                                 clx_error *error) {
  char name[NAME];
  const clx_reliability_outcome *a = &p->one[p->baseline].outcome, *b = &p->one[i].outcome;
  double *difference = CLX_NEW_ARRAY(p->arena, double, p->replications);
  if (difference == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t r = 0; r < p->replications; r++) difference[r] = of(&b->run[r]) - of(&a->run[r]);
  const clx_band band = clx_goodput_mean(difference, p->replications, p->scenario[0]->spec.reliability.confidence);
  snprintf(name, sizeof name, "goodput.policy_%d.%s", i + 1, what);
  return clx_result_add(result, name, band.mean, unit, band.low, band.high, doc, error);
}

// --- result -----------------------------------------------------------------------------------------------------------------

static clx_status put_policy(const comparison *p, int32_t i, clx_result *result, clx_error *error) {
  char prefix[NAME], name[NAME + 16];
  snprintf(prefix, sizeof prefix, "goodput.policy_%d", i + 1);
  snprintf(name, sizeof name, "%s.name", prefix);
  CLX_TRY(clx_result_add_text(result, name, p->name[i], error));
  if (p->infeasible[i] != NULL) {
    snprintf(name, sizeof name, "%s.infeasible", prefix);
    CLX_TRY(clx_result_add_text(result, name, p->infeasible[i], error));
    if (p->wrong[i] != CLX_INPUT) return CLX_OK;
    snprintf(name, sizeof name, "%s.left_out", prefix);
    return clx_result_add_text(result, name, "it cannot be had here", error);
  }
  const bool both_end = ends(&p->one[i].outcome) && ends(&p->one[p->baseline].outcome);
  CLX_TRY(clx_twin_reliability_put(&p->one[i], prefix, true, result, error));
  if (i == p->baseline) return CLX_OK;
  CLX_TRY(put_difference(p, i, "gain", "", goodput_of,
                         "goodput above that of the baseline on the same failures; band: of the mean", result, error));
  if (!both_end) return CLX_OK;
  return put_difference(p, i, "sooner", "s", end_of,
                        "end of the training before that of the baseline on the same failures; band: of the mean",
                        result, error);
}

// By the time to train where all end, else by goodput.
static int32_t best_policy(const comparison *p) {
  int32_t best = p->baseline;
  bool all_end = true;
  for (int32_t i = 0; i < p->count; i++) all_end = all_end && (p->infeasible[i] != NULL || ends(&p->one[i].outcome));
  for (int32_t i = 0; i < p->count; i++) {
    const clx_reliability_outcome *o = &p->one[i].outcome, *b = &p->one[best].outcome;
    if (p->infeasible[i] != NULL) continue;
    if (all_end ? o->end.mean < b->end.mean : o->goodput.mean > b->goodput.mean) best = i;
  }
  return best;
}

static clx_status put_curves(const comparison *p, clx_result *result, clx_error *error) {
  return clx_twin_goodput_curves(&p->one[p->baseline], p->arena, result, error);
}

// Several jobs are several models: not the result of one.
static clx_status warn_jobs(const comparison *p, clx_result *result, clx_error *error) {
  for (int32_t i = 0; i < p->count; i++) {
    const int32_t jobs = p->one[i].model.job_count;
    if (p->infeasible[i] != NULL || jobs < 2) continue;
    CLX_TRY(clx_result_warn(
        result, error,
        "%s: %d jobs train %d models, each on a share of 1/%d of the tokens; 'to train' is until all are done",
        p->name[i], jobs, jobs, jobs));
  }
  return CLX_OK;
}

static clx_status put_all(const comparison *p, clx_result *result, clx_error *error) {
  CLX_TRY(clx_twin_put(result, "goodput.policies", p->count, "", "policies compared on the same failures", error));
  CLX_TRY(clx_twin_put(result, "goodput.replications", p->replications, "", "simulated runs of each", error));
  CLX_TRY(clx_result_add_text(result, "goodput.baseline", p->name[p->baseline], error));
  CLX_TRY(clx_result_add_text(result, "goodput.best", p->name[best_policy(p)], error));
  for (int32_t i = 0; i < p->count; i++) CLX_TRY(put_policy(p, i, result, error));
  CLX_TRY(warn_jobs(p, result, error));
  CLX_TRY(put_curves(p, result, error));
  return clx_twin_assumptions(p->scenario[0], result, error);
}

static clx_status compare(comparison *p, clx_result *result, clx_error *error) {
  const clx_scenario *first = p->scenario[0];
  const clx_scenario_spec *spec = &first->spec;
  clx_training job;
  clx_step step;
  p->one = CLX_NEW_ARRAY(p->arena, clx_twin_reliability_case, p->count);
  p->infeasible = CLX_NEW_ARRAY(p->arena, const char *, p->count);
  p->wrong = CLX_NEW_ARRAY(p->arena, clx_status, p->count);
  p->place = CLX_NEW_ARRAY(p->arena, clx_place, p->count);
  if (p->one == NULL || p->infeasible == NULL || p->wrong == NULL || p->place == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  p->replications = p->options->replications > 0 ? p->options->replications : spec->reliability.replications;
  CLX_TRY(clx_twin_scenario(first, result, error));
  CLX_TRY(clx_twin_machine(first, result, error));
  CLX_TRY(clx_twin_training(first, p->options->seed, result, &job, &step, error));
  for (int32_t i = 0; i < p->count; i++) {
    p->one[i] = (clx_twin_reliability_case){.scenario = p->scenario[i], .job = job, .step = step};
    CLX_TRY(make_model(p, i, result, error));
  }
  CLX_TRY(simulate(p, error));
  return put_all(p, result, error);
}

clx_status clx_twin_goodput(const clx_scenario *const *scenario, const char *const *name, int32_t count,
                            const clx_goodput_options *options, clx_result *result, clx_error *error) {
  for (int32_t i = 0; i < count; i++) CLX_TRY(clx_scenario_need_training(scenario[i], error));
  comparison p = {.scenario = scenario, .name = name, .count = count, .options = options, .arena = clx_arena_new()};
  if (p.arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_status status = check_request(&p, error);
  if (status == CLX_OK) status = compare(&p, result, error);
  clx_result_free(p.first_notes);
  clx_arena_free(p.arena);
  return status;
}
