// Comparison of policies: the same machine, job and failures, another way to live with them.
//
// Names beside those of twin.h for machine and training: goodput.policies, goodput.replications (counts); facts goodput.best (the policy of
// the highest goodput, or of the shortest training where the work ends), goodput.baseline (what gains are measured against: the first that makes progress);
// for policy N from 1: facts goodput.policy_N.name and, where it cannot make progress, .infeasible (why), and .left_out where the machine lacks what it needs; else goodput.policy_N.* as reliability.* of a run,
// series included, and goodput.policy_N.gain (paired difference of goodput), .sooner (s, of the time to train), both with the
// confidence interval of their mean as band.
// Curves of the first policy's machine under restarts of the whole job: series reliability.curve.interval (goodput over checkpoint interval, s),
// reliability.curve.size_{low,mid,high} (goodput over GPUs), reliability.curve.size_interval (s, best, mid); see twin_goodput_curve.c.
#pragma once

#include "twin/twin_internal.h"
#include "twin/twin_reliability.h"

// A policy by name: settings below `reliability.`, as a policy text has them behind its name.
typedef struct clx_goodput_preset {
  const char *name, *settings, *doc;
} clx_goodput_preset;

extern const clx_goodput_preset clx_goodput_presets[];  // ends with a NULL name

// "NAME", "NAME,KEY=VALUE,..." or "KEY=VALUE,..." as settings of a scenario. Commas inside quotes, [] and {} do not separate.
// *preset: whether it begins with a name; `stated`: settings from here on were given by the user. CLX_INPUT: an unknown name or key.
typedef struct clx_goodput_policy {
  clx_setting *setting;
  int32_t count, stated;
  bool preset;
} clx_goodput_policy;

clx_status clx_goodput_policy_read(const char *text, clx_arena *arena, clx_goodput_policy *policy, clx_error *error);

// Forgets in `spec` what stood in `own` for another kind of checkpoint, restart or policy only; what `policy` (nullable) states stays.
void clx_goodput_forget(const clx_reliability_spec *own, const clx_goodput_policy *policy, clx_reliability_spec *spec);

// clx_goodput_load of the public header. What the scenario states in seconds for its own checkpoints or its own way to restart (stall, lag,
// load, restart, hot spares, ...) does not hold for a preset that has others, and is found anew there.
clx_status clx_twin_goodput_load(const clx_catalog *catalog, const char *name_or_path, const clx_setting *settings,
                                 int32_t setting_count, const char *policy, clx_scenario **out, clx_error *error);

// clx_goodput_run of the public header.
clx_status clx_twin_goodput(const clx_scenario *const *scenario, const char *const *name, int32_t count,
                            const clx_goodput_options *options, clx_result *result, clx_error *error);

// Why a policy makes no progress, without the job and stage of the model that a mistake begins with.
const char *clx_goodput_reason(const char *text);

// Mean of paired differences with its confidence interval (Student's t). O(count).
clx_band clx_goodput_mean(const double *difference, int32_t count, double confidence);

// Curves of a case whose model is compiled; over sizes at its own rates and at those of two published fleets.
clx_status clx_twin_goodput_curves(const clx_twin_reliability_case *c, clx_arena *arena, clx_result *result,
                                   clx_error *error);

// The objective goodput of clx_search_run (docs/model/reliability/search.md). Names: facts search.objective "goodput", search.best.settings
// ("--set ..."), search.top_N.{policy,checkpoint,settings}; search.members, search.evaluated (simulated), search.replications;
// series search.top.{value,goodput,goodput_low,goodput_high,time_to_train (s),interval (s),hot,held,form} over the rank; search.given.* the
// scenario's own policy; search.best.* that of rank 1.
clx_status clx_twin_goodput_search(const clx_scenario *scenario, const clx_search_options *options, clx_result *result,
                                   clx_error *error);
