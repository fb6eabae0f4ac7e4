// Money of a scenario: capacity over time and what a run found go into the plan of the section `cost`, and its courses.
#pragma once

#include "cost/cost_decide.h"
#include "scenario/scenario.h"
#include "twin/twin.h"

struct clx_twin_buildout;

// Capacity over time, as a schedule or deliveries have it: values hold from at[i] to at[i + 1], 0 before the first.
typedef struct clx_capacity_series {
  const double *at;     // s after the start of the plan, rising
  const double *gpus;   // usable from then on
  const double *power;  // W of the site, mean; NULL = in proportion to the GPUs
  int32_t count;
} clx_capacity_series;

// Numbers over time as a section has them: value[i] from time[i] on.
typedef struct clx_cost_rows {
  const double *time, *value;  // s of the section
  int32_t count;
} clx_cost_rows;
// Changes of `rows` as steps, in s of the plan: those from before its start stand at it; `from` = s of the plan at which the section starts. What they
// do not reach of `total` comes at `full` (INFINITY: never).
clx_status clx_twin_cost_steps(const clx_cost_rows *rows, double from, double total, double full, clx_arena *arena,
                               clx_capacity_series *out, clx_error *error);

// The section `buildout` as a run found it; times are s of the plan, not below 0. usable.count 0 = there is none.
typedef struct clx_cost_build {
  const char *start;                   // date; nullable
  double from;                         // s of the plan at which the build starts; < 0 = before it
  double total;                        // GPUs
  double end, at_end;                  // s of the plan at which its days end, GPUs usable then
  double first;                        // GPUs with which training starts
  clx_cost_band first_training, full;  // low P10, expected median, high P90; INFINITY = not reached
  clx_capacity_series usable;          // median by day; what the days do not reach at the median of full capacity
} clx_cost_build;
// CLX_INFEASIBLE: no GPU of the build is ever usable. result nullable.
clx_status clx_twin_cost_build(const clx_scenario *scenario, const clx_result *result, clx_arena *arena,
                               clx_cost_build *build, clx_error *error);

// When what the plan buys comes in one history of it: the medians, or one replica. Series with count 0: nothing says.
typedef struct clx_cost_when {
  clx_capacity_series usable;     // by the build; without one by the orders of section supply, `install` later
  clx_capacity_series delivered;  // on these orders
  clx_capacity_series paid;       // GPUs of them whose price has been paid, deposits by their share
  const double *sunk;             // [months] USD: deposits that makers kept, qualification of makers; NULL = no orders
  const double *begin, *finish;   // [works of the build] s at which they start and end; NULL = no build
} clx_cost_when;

typedef struct clx_twin_cost {
  const clx_scenario *scenario;
  clx_arena *arena;
  clx_cost_facts facts;
  double fleet;         // GPUs of the machine
  double site_mean;     // W of the site with all of them, at the share of use; 0 = not computed
  double site_peak;     // W
  double energy_price;  // USD/J as the power room finds it; 0 = not known
  bool rated;           // power is that of parts at their ratings: no work of the machine is stated
  clx_cost_build build;
  bool builds;         // the section buildout says when GPUs are usable
  bool supplied;       // orders of section supply say when they are paid, and without a build when they are usable
  double ordered;      // GPUs of these orders
  clx_cost_when when;  // medians
  clx_cost_when *replica;
  int32_t replicas;  // 0 = dates are certain
  clx_capacity_series capacity;
  clx_cost_plan plan;  // by the medians
  clx_cost_input input;
  clx_cost_path *path;  // by replica; without any the medians
  int32_t paths;
  clx_cost_out out;  // expected figures
  clx_cost_bands bands;
} clx_twin_cost;

// When how many GPUs are usable: from `use_from` on all of the fleet, else `usable` (of the build or of orders; count 0 = there is none), else as the
// section's GPUs are delivered, `install` later.
clx_status clx_twin_capacity(const clx_scenario *scenario, const clx_capacity_series *usable, clx_arena *arena,
                             clx_capacity_series *out, clx_error *error);
// Fills when, replica, builds, supplied, ordered of `cost`, whose build is read. build: of the run, with its paths; nullable. Orders are those of the
// replicas of `seed`, as the build's are. CLX_INFEASIBLE: orders that bring nothing.
clx_status clx_twin_cost_when(clx_twin_cost *cost, const struct clx_twin_buildout *build, uint64_t seed,
                              clx_error *error);
// Fills everything but bands: facts from what `result` holds of machine, training, reliability and power.
clx_status clx_twin_cost_make(const clx_scenario *scenario, const struct clx_twin_buildout *build, uint64_t seed,
                              const clx_result *result, clx_arena *arena, clx_twin_cost *cost, clx_error *error);

// USD/s in the time that a figure is known by: USD/year of what it takes to run (names with per_year, operation.), USD/h of a GPU, so that a number
// means what its name says. `seconds`: the factor. Other units stay, with 1.
const char *clx_twin_cost_rate(const char *name, const char *unit, double *seconds);

// Names everything. Quantities with 5th and 95th percentile as low and high:
//   cost.{capex (USD), opex_per_year, per_year (USD/year), per_gpu_hour, rent_breakeven (USD/h of a GPU), per_training_run (USD), per_token
//   (USD/token), npv, npv_equity, peak_cash, advance_at_risk (USD), irr (a year), payback (s)}, cost.{irr_share, payback_share},
//   cost.capital.KIND (USD), cost.operation.{energy, staff, repair, water, licence, insurance, lease} (USD/year, last month),
//   cost.{gpus, gpus_bought}, cost.{horizon, first_use, full_use} (s), cost.{discount, power (W)}; facts cost.start and, in a run of a
//   scenario with courses, cost.courses (where they are compared)
//   series over s of the plan, at the end of each month: cost.month.{capital, operation, income, resale, cumulated, cumulated_low,
//   cumulated_high, owed, advance (USD), gpus, power (W)}, cost.month.kind.KIND (USD, cumulated)
clx_status clx_twin_cost_put(const clx_twin_cost *cost, bool study, clx_result *result, clx_error *error);

// Where build and plan disagree: days that end early, GPUs from before the plan, dates of payment, keys that nothing follows.
clx_status clx_twin_cost_warn_build(const clx_twin_cost *cost, clx_result *result, clx_error *error);

typedef struct clx_twin_cost_how {
  uint64_t seed;
  int32_t replicas, threads;
  bool study;  // months, courses and options, too
} clx_twin_cost_how;

enum {
  CLX_TWIN_COST_REPLICAS = 10000
};  // draws of the bands: of a run as many as of the study, so that both say the same

// Cost of a scenario that `result` holds a run of, which left `build` (nullable); nothing where it has no section `cost`.
clx_status clx_twin_cost_run(const clx_scenario *scenario, const clx_twin_cost_how *how,
                             const struct clx_twin_buildout *build, clx_result *result, clx_error *error);

// The section `decide` (twin_cost_decide.c):
//   cost.course.NAME.{cost, value, npv, gain (USD), first_training (s), tokens (token), per_gpu_hour (USD/h), best (share of draws)},
//   .rent_breakeven (USD/h: of a course that rents alone, against the first that owns alone), .use_breakeven (share), facts .title, .first_date;
//   cost.option.{wait, rent, expand, sublet, abandon} (USD of a GPU, at least 0; low and high: two standard errors), fact .note of one that the
//   fitted policy cannot use; cost.option.{committed, flexible,
//   in_sample} (USD of a GPU), cost.option.share.MODE
clx_status clx_twin_cost_decide(const clx_twin_cost *cost, const clx_twin_cost_how *how, clx_result *result,
                                clx_error *error);

// clx_cost_run of the public header, into an empty result. options nullable.
clx_status clx_twin_cost_study(const clx_scenario *scenario, const clx_cost_options *options, clx_result *result,
                               clx_error *error);
