// The objective goodput: which policy, checkpoints, intervals and spares get most out of a machine. Space and method stand in
// docs/model/reliability/search.md.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reliability/reliability_forms.h"
#include "twin/twin_goodput_search.h"

// --- space ------------------------------------------------------------------------------------------------------------------

static const int32_t MODES[] = {CLX_CHECKPOINT_SYNC, CLX_CHECKPOINT_ASYNC, CLX_CHECKPOINT_MEMORY};
static const double FACTORS[] = {0.5, 2, 4, 16};  // of the interval that the renewal form finds, beside that
enum { HOT_MORE = 2 };  // times the servers that a day takes (99th percentile), beside these and none
enum { HELD_MAX = 6 };
static const double HELD_SHARE = 0.125;  // of the replicas, at most

// 0, 1, 2, 4 ... replicas; a layout that is to be searched, or one with few replicas, holds none back.
static int32_t held_counts(const clx_hunt *h, int32_t held[HELD_MAX]) {
  int32_t count = 0;
  held[count++] = 0;
  for (int32_t k = 1; count < HELD_MAX && k <= HELD_SHARE * h->job.layout.dp; k *= 2) held[count++] = k;
  return count;
}

static bool searched(const clx_hunt *h, int32_t kind, int32_t mode) {
  return (h->kind < 0 || kind == h->kind) && (h->mode < 0 || mode == h->mode);
}

// --- a candidate as a scenario ----------------------------------------------------------------------------------------------

clx_status clx_hunt_make(const clx_hunt *h, const clx_policy_find *f, clx_arena *arena, clx_scenario *variant,
                         clx_twin_reliability_case *c, clx_error *error) {
  const clx_reliability_spec *own = &h->scenario->spec.reliability;
  *variant = *h->scenario;
  *c = (clx_twin_reliability_case){.scenario = variant, .job = h->job, .step = h->step};
  clx_reliability_spec *spec = &variant->spec.reliability;
  if (!f->own) {
    spec->policy.kind = f->kind;
    spec->checkpoint.mode = f->mode;
    spec->checkpoint.rule = f->interval > 0 ? CLX_INTERVAL_FIXED : CLX_INTERVAL_OPTIMAL;
    spec->checkpoint.interval = f->interval;
    spec->recovery.mode = f->recovery;
    clx_goodput_forget(own, NULL, spec);
    spec->spares.hot = f->hot;
  }
  if (f->held > 0) {
    clx_step before, after;
    const double share = (h->job.layout.dp - f->held) / (double)h->job.layout.dp;
    c->job.layout.dp = h->job.layout.dp - f->held;
    c->job.global_batch = h->job.global_batch * share;
    CLX_TRY(clx_training_step(&h->job, &before, error));
    CLX_TRY(clx_training_step(&c->job, &after, error));
    c->step.step_time = h->step.step_time * after.step_time / before.step_time;  // slow ranks stay as slow as they are
  }
  return clx_twin_reliability_model(c, arena, NULL, error);
}

// --- what a policy is worth by the renewal form ------------------------------------------------------------------------------

// Stops that no replica alone can take: what hits the whole site, corruption that all replicas have summed up. A crash of software
// takes one replica down, as a lost server does.
static double whole_rate(const clx_reliability_model *m, int32_t stage) {
  double rate = 0;
  for (int32_t k = 0; k < m->failure_count; k++) {
    const clx_failure_class *f = &m->failure[k];
    const bool whole = f->everybody || (f->latent > 0 && f->slow <= 1);
    if (whole && !f->planned) rate += f->stops * clx_reliability_class_rate(m, k, 0, stage);
  }
  return rate;
}

// Mean time to find the place of what stops the job unannounced.
static double localisation(const clx_reliability_model *m, int32_t index) {
  double rate = 0, time = 0;
  for (int32_t k = 0; k < m->failure_count; k++) {
    const clx_failure_class *f = &m->failure[k];
    const double lossy = f->planned ? 0 : clx_reliability_class_rate(m, k, 0, index) * f->stops * (1 - f->warned);
    rate += lossy;
    time += lossy * f->localise;
  }
  return rate > 0 ? time / rate : 0;
}

// Failures of a replica cost the stall of the others, the work since the last checkpoint where it is lost, and the replica that is out;
// those of the whole job what a restart costs.
static double form_of_replicas(const clx_reliability_model *m, int32_t index, const clx_renewal *r, bool rollback) {
  const clx_job_stage *stage = &m->job[0].stage[index];
  const clx_checkpoint_plan *plan = &stage->checkpoint;
  const double whole = fmin(whole_rate(m, index), r->rate), single = r->rate - whole;
  const double lost = rollback ? (plan->interval + plan->stall) / 2 + plan->lag + plan->load : 0;
  const double found = fmax(0, r->down - r->down_swap);
  const double known = m->policy.kind == CLX_POLICY_MASKED ? fmax(0, found - localisation(m, index)) : found;
  const double stands = known + m->policy.stall + m->policy.join + lost;
  const double out = single * (found - known + r->down_swap + m->policy.join_time) / stage->replicas;
  clx_renewal restart = *r;
  restart.rate = restart.lossy = whole;
  restart.planned = restart.saved = 0;
  const double stretch = clx_reliability_stretch(m, &restart, plan, plan->interval);
  return isfinite(stretch) ? fmax(0, (1 - single * stands) / stretch - out) : 0;
}

static int64_t all_units(const clx_reliability_model *m) {
  int64_t units = 0;
  for (int32_t i = 0; i < m->cohort_count; i++) units += m->cohort[i].units;
  return units;
}

// Spares run out: a job that needs all its servers waits, replicas are missed otherwise. Servers away are Poisson.
static double form_with_spares(const clx_reliability_model *m, const clx_job_stage *stage, double goodput) {
  const double used = (double)clx_reliability_stage_units(stage) * m->job_count;
  const double spares = fmax(0, (double)all_units(m) - used), away = clx_twin_reliability_away(m);
  if (!(away > 0)) return goodput;
  if (m->policy.kind == CLX_POLICY_RESTART || m->policy.kind == CLX_POLICY_REDUNDANT)
    return goodput * clx_poisson_cdf(away, spares);
  // E (N - s)+ of a Poisson number N: away P(N > s - 1) - s P(N > s).
  const double more = away * (1 - clx_poisson_cdf(away, spares - 1)) - spares * (1 - clx_poisson_cdf(away, spares));
  return goodput * fmax(0, 1 - fmax(0, more) / (stage->replicas * (double)m->job_count));
}

double clx_goodput_form(const clx_reliability_model *m) {
  const int32_t last = m->job[0].stage_count - 1;
  const clx_job_stage *stage = &m->job[0].stage[last];
  clx_renewal r = clx_reliability_renewal(m, 0, last);
  double goodput = 0, working = 1;
  if (m->policy.kind == CLX_POLICY_ELASTIC || m->policy.kind == CLX_POLICY_MASKED) {
    goodput = form_of_replicas(m, last, &r, m->policy.kind == CLX_POLICY_ELASTIC && m->policy.rollback);
  } else {
    if (m->policy.kind == CLX_POLICY_REDUNDANT) {
      const double masked = fmax(1, clx_masked_failures(stage->replicas, m->policy.redundancy));
      r.rate /= masked;
      r.lossy /= masked;
      working = (1 + (masked - 1) / 2) / masked;  // from the first failure to the restart groups compute two shards
    }
    const double stretch = clx_reliability_stretch(m, &r, &stage->checkpoint, stage->checkpoint.interval);
    goodput = isfinite(stretch) ? working / stretch : 0;
  }
  return form_with_spares(m, stage, goodput);
}

// --- first stage: all of them ------------------------------------------------------------------------------------------------

static double three_digits(double value) {
  const double unit = pow(10, floor(log10(value)) - 2);
  return round(value / unit) * unit;
}

static bool same(const clx_policy_find *a, const clx_policy_find *b) {
  return a->kind == b->kind && a->mode == b->mode && a->hot == b->hot && a->held == b->held &&
         a->interval == b->interval && a->recovery == b->recovery;
}

// Better first; what the form finds equal stays in the order of the space.
static int better(const clx_policy_find *a, const clx_policy_find *b) {
  if (a->value != b->value) return a->value > b->value ? -1 : 1;
  return (a->order > b->order) - (a->order < b->order);
}

// Keeps the best of each kind and mode, as form and order rank them.
static void keep(clx_hunt *h, const clx_policy_find *f) {
  clx_policy_find *list = h->kept[f->kind][f->mode];
  int32_t *count = &h->kept_count[f->kind][f->mode];
  for (int32_t i = 0; i < *count; i++) {
    if (same(&list[i], f)) return;
  }
  int32_t at = *count < CLX_HUNT_KEPT ? (*count)++ : CLX_HUNT_KEPT;
  for (; at > 0 && better(f, &list[at - 1]) < 0; at--) {
    if (at < CLX_HUNT_KEPT) list[at] = list[at - 1];
  }
  if (at < CLX_HUNT_KEPT) list[at] = *f;
}

static clx_status weigh(clx_hunt *h, clx_policy_find *f, clx_error *error) {
  clx_arena *arena = clx_arena_new();
  clx_scenario *variant = arena != NULL ? CLX_NEW(arena, clx_scenario) : NULL;
  clx_twin_reliability_case c;
  clx_error own;
  clx_error_clear(&own);
  clx_status status = variant == NULL ? clx_fail_plain(&own, CLX_MEMORY, "out of memory")
                                      : clx_hunt_make(h, f, arena, variant, &c, &own);
  h->members++;
  f->order = (int32_t)h->members;
  f->form = 0;
  if (status == CLX_OK) {
    const clx_job_stage *stage = &c.model.job[0].stage[c.model.job[0].stage_count - 1];
    f->form = clx_goodput_form(&c.model);
    f->value = f->form * (h->job.layout.dp - f->held) / h->job.layout.dp;
    f->best_interval = stage->checkpoint.interval;
    f->hot = c.model.policy.hot;
    f->spares = all_units(&c.model) - clx_reliability_stage_units(stage) * c.model.job_count;
    keep(h, f);
  } else if (status == CLX_INPUT || status == CLX_INFEASIBLE) {
    h->rejected++;
    if (h->reason[0] == '\0') snprintf(h->reason, sizeof h->reason, "%s", own.mistake[0].text);
    status = CLX_OK;
  } else {
    clx_fail_plain(error, status, "%s", own.mistake[0].text);
  }
  clx_arena_free(arena);
  return status;
}

// One policy with the interval that the renewal form finds, and with those around it.
static clx_status weigh_intervals(clx_hunt *h, clx_policy_find *f, clx_error *error) {
  CLX_TRY(weigh(h, f, error));
  if (!(f->best_interval > 0)) return CLX_OK;  // it cannot be had
  for (int32_t i = 0; i < CLX_COUNT(FACTORS); i++) {
    clx_policy_find g = *f;
    g.interval = three_digits(FACTORS[i] * f->best_interval);
    CLX_TRY(weigh(h, &g, error));
  }
  return CLX_OK;
}

// One policy kind with one kind of checkpoint and so many replicas held back: servers that stand by.
static clx_status weigh_spares(clx_hunt *h, int32_t kind, int32_t mode, int32_t held, clx_error *error) {
  const int32_t own = h->scenario->spec.reliability.recovery.mode;
  clx_policy_find day = {.kind = kind, .mode = mode, .held = held, .recovery = CLX_RESTART_STANDBY, .hot = -1};
  CLX_TRY(weigh_intervals(h, &day, error));
  clx_policy_find more = day, none = day;
  none.hot = 0;
  none.recovery = own == CLX_RESTART_STANDBY ? CLX_RESTART_RESCHEDULE : own;
  CLX_TRY(weigh_intervals(h, &none, error));
  if (day.hot < 0) return CLX_OK;
  more.hot = HOT_MORE * day.hot < day.spares ? HOT_MORE * day.hot : day.spares;
  return weigh_intervals(h, &more, error);
}

clx_status clx_hunt_weigh(clx_hunt *h, clx_error *error) {
  int32_t held[HELD_MAX];
  const int32_t held_count = held_counts(h, held);
  for (int32_t kind = 0; kind < CLX_POLICIES; kind++) {
    for (int32_t m = 0; m < CLX_COUNT(MODES); m++) {
      if (!searched(h, kind, MODES[m])) continue;
      for (int32_t k = 0; k < held_count; k++) CLX_TRY(weigh_spares(h, kind, MODES[m], held[k], error));
    }
  }
  return CLX_OK;
}

// --- the search --------------------------------------------------------------------------------------------------------------

static clx_status read_word(const clx_setting *fixed, const char *const *words, int32_t count, int32_t *index,
                            clx_error *error) {
  for (int32_t i = 0; i < count; i++) {
    if (clx_text_equal_loose(fixed->value, words[i])) {
      *index = i;
      return CLX_OK;
    }
  }
  const char *near = clx_nearest(fixed->value, words, count);
  return clx_fail_plain(error, CLX_INPUT, "--fix %s: no '%s'%s%s%s", fixed->path, fixed->value,
                        near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
}

static clx_status read_fixed(clx_hunt *h, clx_error *error) {
  h->kind = h->mode = -1;
  for (int32_t i = 0; i < h->options->fixed_count; i++) {
    const clx_setting *f = &h->options->fixed[i];
    if (clx_text_equal(f->path, "policy.kind")) {
      CLX_TRY(read_word(f, clx_policy_name, CLX_POLICIES, &h->kind, error));
    } else if (clx_text_equal(f->path, "checkpoint.mode")) {
      CLX_TRY(read_word(f, clx_checkpoint_mode_name, CLX_CHECKPOINT_MODES, &h->mode, error));
    } else {
      return clx_fail_plain(error, CLX_INPUT,
                            "--fix %s: of the objective goodput policy.kind and checkpoint.mode can be fixed", f->path);
    }
  }
  if (h->mode == CLX_CHECKPOINT_NONE)
    return clx_fail_plain(error, CLX_INPUT, "--fix checkpoint.mode: expected sync, async or memory");
  return CLX_OK;
}

static clx_status hunt(clx_hunt *h, clx_result *result, clx_error *error) {
  const clx_scenario *s = h->scenario;
  if (s->spec.reliability.failures == NULL)
    return clx_fail_plain(error, CLX_INPUT,
                          "the objective goodput needs a section 'reliability', which says what fails: add one, or "
                          "--set reliability.failures=NAME (colossus catalogue ls failures)");
  if (h->options->top < 1 || h->options->top > CLX_SEARCH_LIST_MAX)
    return clx_fail_plain(error, CLX_INPUT, "a list of %d policies: expected 1 to %d", h->options->top,
                          CLX_SEARCH_LIST_MAX);
  CLX_TRY(read_fixed(h, error));
  CLX_TRY(clx_twin_training(s, h->options->seed, result, &h->job, &h->step, error));
  CLX_TRY(clx_hunt_weigh(h, error));
  CLX_TRY(clx_hunt_simulate(h, error));
  return clx_hunt_put(h, result, error);
}

clx_status clx_twin_goodput_search(const clx_scenario *scenario, const clx_search_options *options, clx_result *result,
                                   clx_error *error) {
  CLX_TRY(clx_scenario_need_training(scenario, error));
  clx_hunt h = {.scenario = scenario, .options = options, .arena = clx_arena_new()};
  const clx_status status =
      h.arena == NULL ? clx_fail_plain(error, CLX_MEMORY, "out of memory") : hunt(&h, result, error);
  clx_arena_free(h.arena);
  return status;
}
