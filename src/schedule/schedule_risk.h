// What uncertain durations do to a project: the distribution of its end, which activities are critical how often, and which of them decide.
//
// Every sample draws all durations; the plan then follows from links alone, or from a fixed policy under the resources: the activities in the order of
// their starts in a given plan, by the serial generation scheme. Sample k of a seed is the same for any number of threads and samples.
#pragma once

#include "schedule/schedule.h"

typedef enum clx_risk_kind { CLX_RISK_FIXED, CLX_RISK_TRIANGULAR, CLX_RISK_PERT, CLX_RISK_LOGNORMAL } clx_risk_kind;

// Of one activity, as multiples of its planned duration.
typedef struct clx_risk_spread {
  int32_t kind;  // clx_risk_kind
  double low, likely,
      high;            // triangular; PERT: beta of weight 4 on `likely` (Malcolm et al. 1959), low <= likely <= high
  double mean, sigma;  // lognormal: mean, and standard deviation of the logarithm
  int32_t factor;      // common factor that multiplies it, too; -1 = none
} clx_risk_spread;

// Weather, a supplier, a permit: lognormal with mean 1, drawn once a sample.
typedef struct clx_risk_factor {
  const char *name;
  double sigma;  // of the logarithm
} clx_risk_factor;

// Happens or not, once a sample, and delays the end of an activity (its duration grows).
typedef struct clx_risk_event {
  const char *name;
  double probability;
  int32_t activity;
  double low, likely, high;  // units, triangular
} clx_risk_event;

typedef struct clx_risk_spec {
  const clx_project *project;
  const clx_project_plan *plan;   // NULL: links alone; else modes, and the order of the policy
  const clx_risk_spread *spread;  // [activity_count]
  const clx_risk_factor *factor;
  int32_t factor_count;
  const clx_risk_event *event;
  int32_t event_count;
  uint64_t seed;
  int32_t samples;  // 1 .. 10^8
  int32_t threads;  // changes nothing but the time
} clx_risk_spec;

// Per activity: how often it lies on the critical chain (of links, or of the policy's predecessors in links only where it waits for nothing
// else), mean and deviation of its duration, correlation of duration and end, and what one deviation of it moves the end (units).
typedef struct clx_risk_row {
  double critical, mean, deviation, correlation, swing;
} clx_risk_row;

typedef struct clx_risk_outcome {
  double *end;  // [samples] ascending, units: the S-curve
  int32_t samples;
  double mean, deviation;
  clx_risk_row *row;  // [activity_count]
  int32_t *tornado;   // [activity_count] activities by |swing|, largest first
} clx_risk_outcome;

// CLX_INPUT: spreads out of range, unknown factors or activities; calendars or consumables without a plan; maximum lags (a policy cannot keep
// them). Cost: about 20 ns an activity and sample without resources.
clx_status clx_risk_run(const clx_risk_spec *spec, clx_arena *arena, clx_risk_outcome *out, clx_error *error);
double clx_risk_percentile(const clx_risk_outcome *outcome, double p);  // units; P80: p = 0.8
// Share of samples that end by `time`.
double clx_risk_by(const clx_risk_outcome *outcome, double time);

// --- a network played again and again with durations that the caller draws --------------------------------------------------------------------
typedef struct clx_risk_player clx_risk_player;

// plan NULL: links alone; else its modes and the order of its starts, as above. longest: [activity_count] units, no duration played is longer (it sets the
// horizon of the policy); unused without a plan. Errors as clx_risk_run. One thread at a time uses a player. `project` and `plan` outlive it.
clx_status clx_risk_player_new(const clx_project *project, const clx_project_plan *plan, const double *longest,
                               clx_arena *arena, clx_risk_player **out, clx_error *error);
// duration, start, finish: [activity_count] units. Under a policy durations are rounded to whole units. False: it does not fit before the horizon.
// About 5 ns a link without a plan.
bool clx_risk_play(clx_risk_player *player, const double *duration, double *start, double *finish);
