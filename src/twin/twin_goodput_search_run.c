// The second half of a search for policies: simulation on common random numbers, ranking, result.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "twin/twin_goodput_search.h"

enum { NAME = 128, FEW = 20 };  // replications of the first look

// --- simulation -------------------------------------------------------------------------------------------------------------

typedef struct caller {
  const clx_search_options *options;
  double done, share;
} caller;

static bool show_progress(void *context, double done) {
  const caller *c = context;
  c->options->progress(c->options->context, c->done + done * c->share);
  return true;
}

static clx_status simulate(clx_hunt *h, clx_policy_find *f, int32_t replications, caller *c, clx_error *error) {
  clx_error own;
  clx_error_clear(&own);
  clx_scenario *variant = CLX_NEW(h->arena, clx_scenario);
  f->one = CLX_NEW(h->arena, clx_twin_reliability_case);
  if (variant == NULL || f->one == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_twin_reliability_options options = {.seed = h->options->seed,
                                                .threads = h->options->threads,
                                                .replications = replications,
                                                .component = true,
                                                .progress = c->options->progress != NULL ? show_progress : NULL,
                                                .context = c};
  clx_status status = clx_hunt_make(h, f, h->arena, variant, f->one, &own);
  if (status == CLX_OK) status = clx_twin_reliability_solve(f->one, &options, h->arena, &own);
  c->done += c->share;
  f->replications = replications;
  h->simulated++;
  if (status == CLX_INFEASIBLE || (status == CLX_INPUT && !f->own)) {
    f->infeasible = clx_arena_text(h->arena, clx_goodput_reason(own.mistake[0].text));
    f->value = 0;
    return f->infeasible != NULL ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  if (status != CLX_OK) return clx_fail_plain(error, status, "%s", own.mistake[0].text);
  const clx_reliability_model *m = &f->one->model;
  f->form = clx_goodput_form(m);
  f->best_interval = m->job[0].stage[m->job[0].stage_count - 1].checkpoint.interval;
  f->hot = m->policy.hot;
  f->value = f->one->outcome.goodput.mean * (h->job.layout.dp - f->held) / h->job.layout.dp;
  return CLX_OK;
}

// More replications say more; then the value.
static int compare(const void *a, const void *b) {
  const clx_policy_find *x = a, *y = b;
  if (x->replications != y->replications) return x->replications > y->replications ? -1 : 1;
  if (x->value != y->value) return x->value > y->value ? -1 : 1;
  return (x->order > y->order) - (x->order < y->order);
}

static clx_status gather(clx_hunt *h, clx_error *error) {
  const clx_reliability_spec *own = &h->scenario->spec.reliability;
  h->list = CLX_NEW_ARRAY(h->arena, clx_policy_find, CLX_POLICIES * CLX_CHECKPOINT_MODES * CLX_HUNT_KEPT + 1);
  if (h->list == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  h->list[h->count++] = (clx_policy_find){.own = true,
                                          .kind = own->policy.kind,
                                          .mode = own->checkpoint.mode,
                                          .recovery = own->recovery.mode,
                                          .hot = own->spares.hot};
  for (int32_t kind = 0; kind < CLX_POLICIES; kind++) {
    for (int32_t mode = 0; mode < CLX_CHECKPOINT_MODES; mode++) {
      for (int32_t i = 0; i < h->kept_count[kind][mode]; i++) h->list[h->count++] = h->kept[kind][mode][i];
    }
  }
  if (h->count > 1) return CLX_OK;
  return clx_fail(error, CLX_INFEASIBLE, own->place, "none of %.0f policies can be had: %s", h->members, h->reason);
}

// Of those that did the same in every run the first of the list stays: the scenario's own, or the one with fewer servers standing by.
static void drop_equals(clx_hunt *h) {
  int32_t kept = 0;
  for (int32_t i = 0; i < h->count; i++) {
    bool twin = false;
    for (int32_t k = 0; k < kept && h->list[i].infeasible == NULL; k++) {
      twin = twin || (h->list[k].infeasible == NULL && h->list[k].held == h->list[i].held &&
                      h->list[k].one->outcome.hash == h->list[i].one->outcome.hash);
    }
    if (!twin) h->list[kept++] = h->list[i];
  }
  h->count = kept;
}

// A first look at all that were kept; the best and the scenario's own in full.
clx_status clx_hunt_simulate(clx_hunt *h, clx_error *error) {
  CLX_TRY(gather(h, error));
  const clx_search_options *o = h->options;
  const int32_t full = o->replications > 0 ? o->replications : h->scenario->spec.reliability.replications;
  const int32_t few = full < FEW ? full : FEW;
  const double work = (double)h->count * few + (CLX_HUNT_FINALISTS + 1.0) * full;
  caller c = {.options = o, .share = few / work};
  for (int32_t i = 0; i < h->count; i++) CLX_TRY(simulate(h, &h->list[i], few, &c, error));
  drop_equals(h);
  qsort(h->list, (size_t)h->count, sizeof *h->list, compare);
  c.share = full / work;
  for (int32_t i = 0, finalists = 0; few < full && i < h->count; i++) {
    if (h->list[i].infeasible != NULL || (!h->list[i].own && finalists++ >= CLX_HUNT_FINALISTS)) continue;
    CLX_TRY(simulate(h, &h->list[i], full, &c, error));
  }
  qsort(h->list, (size_t)h->count, sizeof *h->list, compare);
  return CLX_OK;
}

// --- result -----------------------------------------------------------------------------------------------------------------

static const clx_policy_find *own_of(const clx_hunt *h) {
  for (int32_t i = 0; i < h->count; i++) {
    if (h->list[i].own) return &h->list[i];
  }
  return NULL;
}

// Times that the scenario states for its own checkpoints, restarts and policy do not hold for others (clx_goodput_forget): those that do.
static void write_times(const clx_hunt *h, const clx_policy_find *f, clx_buffer *out) {
  const clx_reliability_spec *own = &h->scenario->spec.reliability, *spec = &f->one->scenario->spec.reliability;
  const clx_reliability_model *m = &f->one->model;
  const clx_job_stage *stage = &m->job[0].stage[m->job[0].stage_count - 1];
  const struct {
    const char *key;
    double own, now, value;  // stated by the scenario, by the variant (negative: not); in the model
  } times[] = {
      {"checkpoint.stall", own->checkpoint.stall, spec->checkpoint.stall, stage->checkpoint.stall},
      {"checkpoint.lag", own->checkpoint.lag, spec->checkpoint.lag, stage->checkpoint.lag},
      {"checkpoint.load", own->checkpoint.load, spec->checkpoint.load, stage->checkpoint.load},
      {"recovery.restart", own->recovery.restart, spec->recovery.restart, stage->restart},
      {"spares.swap_hot", own->spares.swap_hot, spec->spares.swap_hot, m->policy.swap_hot},
      {"spares.swap_cold", own->spares.swap_cold, spec->spares.swap_cold, m->policy.swap_cold},
      {"policy.stall", own->policy.stall, spec->policy.stall, m->policy.stall},
      {"policy.join", own->policy.join, spec->policy.join, m->policy.join},
      {"policy.join_time", own->policy.join_time, spec->policy.join_time, m->policy.join_time},
  };
  for (int32_t i = 0; i < CLX_COUNT(times); i++) {
    if (times[i].own < 0 || times[i].now >= 0) continue;
    clx_buffer_format(out, " --set reliability.%s='%.10g s'", times[i].key, times[i].value);
  }
}

static void write_settings(const clx_hunt *h, const clx_policy_find *f, clx_buffer *out) {
  if (f->own) {
    clx_buffer_format(out, "as the scenario is");
    return;
  }
  static const char SET[] = "--set reliability.";
  clx_buffer_format(out, "%spolicy.kind=%s %scheckpoint.mode=%s %srecovery.mode=%s", SET, clx_policy_name[f->kind], SET,
                    clx_checkpoint_mode_name[f->mode], SET, clx_restart_mode_name[f->recovery]);
  clx_buffer_format(out, " %sspares.hot=%lld", SET, (long long)f->hot);
  if (f->interval > 0) {
    clx_buffer_format(out, " %scheckpoint.rule=fixed %scheckpoint.interval='%.10g s'", SET, SET, f->interval);
  } else {
    clx_buffer_format(out, " %scheckpoint.rule=optimal", SET);
  }
  write_times(h, f, out);
  if (f->held == 0) return;
  const int32_t dp = h->job.layout.dp - f->held;
  clx_buffer_format(out, " --set training.layout.dp=%d --set training.global_batch=%.0f", dp,
                    h->job.global_batch * dp / h->job.layout.dp);
}

static clx_status put_texts(const clx_hunt *h, const clx_policy_find *f, const char *prefix, clx_result *result,
                            clx_error *error) {
  char name[NAME];
  clx_buffer settings = {0};
  write_settings(h, f, &settings);
  snprintf(name, sizeof name, "%s.settings", prefix);
  const clx_status status = settings.failed ? clx_fail_plain(error, CLX_MEMORY, "out of memory")
                                            : clx_result_add_text(result, name, settings.data, error);
  clx_buffer_free(&settings);
  CLX_TRY(status);
  snprintf(name, sizeof name, "%s.policy", prefix);
  CLX_TRY(clx_result_add_text(result, name, clx_policy_name[f->kind], error));
  snprintf(name, sizeof name, "%s.checkpoint", prefix);
  CLX_TRY(clx_result_add_text(result, name, clx_checkpoint_mode_name[f->mode], error));
  snprintf(name, sizeof name, "%s.recovery", prefix);
  CLX_TRY(clx_result_add_text(result, name, clx_restart_mode_name[f->recovery], error));
  if (!f->own) return CLX_OK;
  snprintf(name, sizeof name, "%s.own", prefix);
  return clx_result_add_text(result, name, "the scenario's own", error);
}

static clx_status put_one(const clx_policy_find *f, const char *prefix, const char *what, clx_band band,
                          const char *unit, const char *doc, clx_result *result, clx_error *error) {
  char name[NAME];
  (void)f;
  snprintf(name, sizeof name, "%s.%s", prefix, what);
  return clx_result_add(result, name, band.mean, unit, fmin(band.low, band.mean), fmax(band.high, band.mean), doc,
                        error);
}

static clx_status put_find(const clx_hunt *h, const clx_policy_find *f, const char *prefix, clx_result *result,
                           clx_error *error) {
  const clx_reliability_outcome *o = &f->one->outcome;
  const double hot = (double)f->hot;
  CLX_TRY(put_texts(h, f, prefix, result, error));
  CLX_TRY(clx_twin_put(result, clx_arena_format(h->arena, "%s.value", prefix), f->value, "",
                       "goodput, times the share of the layout's replicas that work", error));
  CLX_TRY(put_one(f, prefix, "goodput", o->goodput, "", "work that counts against work at full rate all the time",
                  result, error));
  if (isfinite(o->end.mean))
    CLX_TRY(put_one(f, prefix, "time_to_train", o->end, "s", "until the tokens are trained", result, error));
  CLX_TRY(put_one(f, prefix, "interval", (clx_band){f->best_interval, f->best_interval, f->best_interval}, "s",
                  "work between two checkpoints", result, error));
  CLX_TRY(put_one(f, prefix, "hot", (clx_band){hot, hot, hot}, "", "servers standing by", result, error));
  return put_one(f, prefix, "held", (clx_band){f->held, f->held, f->held}, "", "replicas held back as spares", result,
                 error);
}

// The paired difference of what two are worth, on the replications that both have.
static clx_status put_gain(const clx_hunt *h, clx_result *result, clx_error *error) {
  const clx_policy_find *best = &h->list[0], *own = own_of(h);
  if (own == NULL || own->infeasible != NULL || best->own || own->replications != best->replications) return CLX_OK;
  const int32_t count = best->replications;
  double *difference = CLX_NEW_ARRAY(h->arena, double, count);
  if (difference == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const double share = (h->job.layout.dp - best->held) / (double)h->job.layout.dp;
  for (int32_t i = 0; i < count; i++)
    difference[i] = best->one->outcome.run[i].goodput * share - own->one->outcome.run[i].goodput;
  const clx_band gain = clx_goodput_mean(difference, count, h->scenario->spec.reliability.confidence);
  return put_one(best, "search.best", "gain", gain, "",
                 "value above that of the scenario's own policy on the same failures; band: of the mean", result,
                 error);
}

typedef double column_of(const clx_policy_find *f);
static double value_of(const clx_policy_find *f) { return f->value; }
static double goodput_of(const clx_policy_find *f) { return f->one->outcome.goodput.mean; }
static double low_of(const clx_policy_find *f) { return f->one->outcome.goodput.low; }
static double high_of(const clx_policy_find *f) { return f->one->outcome.goodput.high; }
static double end_of(const clx_policy_find *f) {
  return isfinite(f->one->outcome.end.mean) ? f->one->outcome.end.mean : 0;
}
static double interval_of(const clx_policy_find *f) { return f->best_interval; }
static double hot_of(const clx_policy_find *f) { return (double)f->hot; }
static double held_of(const clx_policy_find *f) { return f->held; }
static double form_of(const clx_policy_find *f) { return f->form; }
static double replications_of(const clx_policy_find *f) { return f->replications; }

static const struct {
  const char *name, *unit;
  column_of *of;
} COLUMNS[] = {{"value", "", value_of},
               {"goodput", "", goodput_of},
               {"goodput_low", "", low_of},
               {"goodput_high", "", high_of},
               {"time_to_train", "s", end_of},
               {"interval", "s", interval_of},
               {"hot", "", hot_of},
               {"held", "", held_of},
               {"form", "", form_of},
               {"replications", "", replications_of}};

static clx_status put_list(const clx_hunt *h, clx_result *result, clx_error *error) {
  int32_t count = 0;
  double *x = CLX_NEW_ARRAY(h->arena, double, h->count), *y = CLX_NEW_ARRAY(h->arena, double, h->count);
  const clx_policy_find **shown = CLX_NEW_ARRAY(h->arena, const clx_policy_find *, h->count);
  if (x == NULL || y == NULL || shown == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < h->count && count < h->options->top; i++) {
    if (h->list[i].infeasible != NULL) continue;
    x[count] = count + 1;
    shown[count++] = &h->list[i];
  }
  for (int32_t k = 0; k < CLX_COUNT(COLUMNS); k++) {
    char name[NAME];
    snprintf(name, sizeof name, "search.top.%s", COLUMNS[k].name);
    for (int32_t i = 0; i < count; i++) y[i] = COLUMNS[k].of(shown[i]);
    CLX_TRY(clx_result_add_series(result, name, COLUMNS[k].unit, y, "rank", "", x, count, error));
  }
  for (int32_t i = 0; i < count; i++) {
    char prefix[NAME];
    snprintf(prefix, sizeof prefix, "search.top_%d", i + 1);
    CLX_TRY(put_texts(h, shown[i], prefix, result, error));
  }
  return CLX_OK;
}

static clx_status put_question(const clx_hunt *h, clx_result *result, clx_error *error) {
  CLX_TRY(clx_twin_scenario(h->scenario, result, error));
  CLX_TRY(clx_result_add_text(result, "search.objective", "goodput", error));
  CLX_TRY(clx_result_add_text(result, "search.model", h->scenario->model.name, error));
  CLX_TRY(clx_result_add_text(result, "search.failures", h->scenario->failures.name, error));
  const double gpus = clx_layout_ranks(&h->job.layout);
  const struct {
    const char *name;
    double value;
    const char *doc;
  } counts[] = {{"search.gpus", gpus, "of the layout"},
                {"search.replicas", h->job.layout.dp, "of the layout, data-parallel"},
                {"search.members", h->members, "policies of the space, weighed by the renewal form"},
                {"search.rejected", h->rejected, "of them that this machine and job cannot have"},
                {"search.simulated", h->simulated, "simulations"},
                {"search.replications", h->list[0].replications, "runs of each of the best"}};
  for (int32_t i = 0; i < CLX_COUNT(counts); i++)
    CLX_TRY(clx_twin_put(result, counts[i].name, counts[i].value, "", counts[i].doc, error));
  return h->rejected > 0 ? clx_result_add_text(result, "search.rejected_because", h->reason, error) : CLX_OK;
}

clx_status clx_hunt_put(const clx_hunt *h, clx_result *result, clx_error *error) {
  if (h->list[0].infeasible != NULL)
    return clx_fail(error, CLX_INFEASIBLE, h->scenario->spec.reliability.place, "no policy makes progress: %s",
                    h->list[0].infeasible);
  const clx_policy_find *own = own_of(h);
  CLX_TRY(put_question(h, result, error));
  CLX_TRY(put_find(h, &h->list[0], "search.best", result, error));
  CLX_TRY(put_gain(h, result, error));
  if (own != NULL && own->infeasible == NULL) CLX_TRY(put_find(h, own, "search.given", result, error));
  if (own != NULL && own->infeasible != NULL)
    CLX_TRY(clx_result_add_text(result, "search.given.wrong", own->infeasible, error));
  CLX_TRY(put_list(h, result, error));
  return clx_twin_assumptions(h->scenario, result, error);
}
