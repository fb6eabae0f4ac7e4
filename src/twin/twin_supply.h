// What `colossus order` and the section `supply` of a run report. Names, beside machine.* of a run; times are s after the start of the section,
// money in supply.currency; value = median, low = P10, high = P90 over replicas where nothing else is said:
//   facts supply.{self, start (ISO 8601), currency, cause}; supply.{replicas, weeks, ordered (GPUs of the owner)}
//   supply.complete (s: all orders of the owner are whole; left out where half of the replicas or more do not see it; a band ends at the horizon at the latest), supply.unfinished (share of replicas),
//   supply.slip_probability (of more than 30 days behind the dates wanted, or behind the run without chance), supply.reference (s),
//   supply.at_reference (GPUs then), supply.missing (GPUs at the end), supply.{paid, lost, at_risk (deposits, at the most), stored_cost},
//   supply.stored (GPU*s in warehouses), supply.late (GPU*s that are due and missing)
//   series supply.buyer.NAME.{low, median, high} (GPUs over s), supply.buyer.NAME.ready; of the owner supply.wanted
//   supply.order.NAME.{gpus, by (s), complete (s), unfinished, missing, late (GPUs missing then), late_share}; facts .title, .buyer, .maker, .product,
//   .cause (of most GPU-weeks waited), .held_up (of the GPUs that are missing at `by`, what most wait for then; where none are: .cause beside the lead time), .missing_cause
//   supply.limit.NAME.{full_from (s), full_time (s), full_most (share of replicas), use_most}, fact .title; series supply.limit.NAME.{use, full}
//   supply.chips.NAME.{share, order_share}, facts .title, .quarter: of what is made in the quarter in which the owner gets most
//   supply.event.NAME.{at (s), probability, delay (s; left out where half of the replicas are not whole without it), delay_p80, unfinished, unfinished_without, shift (s: mean over GPUs), gpus, missing, late (GPU*s), paid, lost, stored, stored_cost, slip, slip_without}, fact
//   .title: with an event for certain, or a named swap, against without it, replica by replica
//   supply.second.SHARE.{complete, delay_mean, delay_worst (s, CVaR), cost_mean, cost_worst, slip}, facts supply.second.{maker, instead}
//   supply.plan.*: twin_supply_plan.c
#pragma once

#include "twin/twin_internal.h"

typedef struct clx_twin_supply {
  const clx_scenario *scenario;
  const clx_procurement *p;
  const clx_order_options *options;
  uint64_t seed;
  int32_t replicas;
  int32_t *due;       // order_count: week in which each is wanted, or done without chance
  int32_t reference;  // week at whose end GPUs are compared
  const char *money;  // unit of money
  clx_arena *arena;
  clx_result *result;
  clx_error *error;
} clx_twin_supply;

// What becomes of the owner's orders in each replica.
typedef struct clx_twin_fate {
  double *finished;  // week at whose end the last one is whole; weeks = not within the horizon
  double *slip;      // weeks behind what is due, at most of any order
  double *gpus;      // received by the end of the reference week
  double *missing;   // GPUs at the end
  double *late;      // GPU-weeks that are due and missing
  double *had;       // GPU-weeks that the owner has within the horizon
  double *paid, *lost, *risk, *stored, *stored_cost;
} clx_twin_fate;
// Runs all replicas of `p`, the same draws for every variant of it. due: by order of p. received (nullable): product_count x weeks, GPUs that the owner has; full (nullable):
// limit_count x weeks, to which means are added.
clx_status clx_twin_supply_fates(const clx_twin_supply *c, const clx_procurement *p, const int32_t *due,
                                 clx_twin_fate *out, double *received, double *full);
// Sets `due` and `reference`: as wanted, or as the run without chance has it.
clx_status clx_twin_supply_due(clx_twin_supply *c);
// Adds the owner, buyers, orders, limits and chips. received, full: as from clx_twin_supply_fates.
clx_status clx_twin_supply_report(const clx_twin_supply *c, const clx_delivery *found, const clx_twin_fate *fate,
                                  const double *received, const double *full);
// Adds supply.NAME as median with P10 and P90 of samples, which are left as they are, times `factor`.
clx_status clx_twin_supply_put(const clx_twin_supply *c, const char *name, const double *sample, double factor,
                               const char *unit, const char *doc);
clx_status clx_twin_supply_one(const clx_twin_supply *c, const char *name, double value, const char *unit,
                               const char *doc);
clx_status clx_twin_supply_fact(const clx_twin_supply *c, const char *name, const char *text);
// Share of the replicas that are more than 30 days late; quantile and mean of the worst 1 - alpha of samples.
double clx_twin_supply_slips(const clx_twin_supply *c, const clx_twin_fate *fate);
double clx_twin_supply_quantile(const clx_twin_supply *c, const double *sample, double p);
double clx_twin_supply_worst(const clx_twin_supply *c, const double *sample, double alpha);
// A name as part of names of results: "nvidia-hopper" -> "nvidia_hopper". Returns `slug`.
const char *clx_twin_supply_slug(const char *text, char *slug, size_t size);
// s of the end of a week, the end of the horizon at most.
double clx_twin_supply_time(const clx_twin_supply *c, double week);

clx_status clx_twin_supply_events(const clx_twin_supply *c);
clx_status clx_twin_supply_second(const clx_twin_supply *c);
clx_status clx_twin_supply_plan(const clx_twin_supply *c);

// clx_order_run of the public header, into an empty result. options nullable.
clx_status clx_twin_order(const clx_scenario *scenario, const clx_order_options *options, clx_result *result,
                          clx_error *error);
clx_status clx_twin_order_check(const clx_scenario *scenario, clx_error *error);
// Of a run: deliveries and money alone; nothing without the section.
clx_status clx_twin_supply_run(const clx_scenario *scenario, uint64_t seed, clx_result *result, clx_error *error);
