// Buildout of a scenario: its fleet with power and heat of a GPU, deliveries and power from other sections, and what comes of it over time.
#pragma once

#include "buildout/buildout.h"
#include "scenario/scenario.h"
#include "twin/twin.h"

enum { CLX_TWIN_BUILDOUT_REPLICAS = 1000 };  // of a run, and of capacity for others

typedef struct clx_twin_buildout {
  const clx_scenario *scenario;
  clx_arena *arena;
  double start;            // s since 1970 of day 0
  clx_buildout_spec spec;  // the scenario's, without what other sections say instead
  clx_buildout_input input;
  clx_buildout *buildout;
  clx_buildout_settings settings;
  clx_buildout_result result;
  const char *warning[6];  // which of two sections counts, and what is stated without an effect
  int32_t warning_count;
} clx_twin_buildout;

// Power and heat of a GPU with all of the machine at its limit, as power and cooling compute them; deliveries of section `supply`
// where it has orders of its own; power of sources that come and go. Then all replicas. CLX_INFEASIBLE, as clx_buildout_compile.
clx_status clx_twin_buildout_make(const clx_scenario *scenario, const clx_buildout_settings *settings, clx_arena *arena,
                                  clx_twin_buildout *out, clx_error *error);

// What a buyer has, by week, less what is given away later in a swap: that is not for this machine.
void clx_twin_buildout_keep(const double *received, int32_t weeks, double *gpus);

// A build that a run leaves, with its replicas (clx_buildout_result.paths), for what goes on computing.
typedef struct clx_twin_kept {
  clx_arena *arena;
  const clx_twin_buildout *build;  // NULL = there is none
} clx_twin_kept;

// What others compute with: values hold from day k to the next.
typedef struct clx_twin_capacity_days {
  double start;  // s since 1970 of day 0
  int32_t days;
  double *at;           // [days] s from the start
  double *gpus;         // [days] that can be used, mean over the replicas
  double *plain;        // [days] without chance
  double *power;        // [days] W at the site with the mean of them, all at full load
  double *power_plain;  // [days] W without chance
} clx_twin_capacity_days;

// Usable GPUs and power by day over the horizon of the section `buildout`: the seeded replicas of a run. Seconds of CPU time at most.
clx_status clx_twin_buildout_capacity(const clx_scenario *scenario, uint64_t seed, int32_t threads, clx_arena *arena,
                                      clx_twin_capacity_days *out, clx_error *error);

// Names everything, times in s from the start; low and high are P10 and P90.
//   buildout.{first_training,full_capacity} (s; value P50), .p50, .p80, .plain, .reached (share of replicas), facts .date, .date_low, .date_high (all but
//   .reached only where so many replicas reach it; the band then ends at the horizon);
//   buildout.milestone.NAME (s; value P50) with the same after it and a fact .what; facts buildout.milestone_N.name
//   buildout.{gpus_total,first,replicas,works,racks_per_week}, buildout.gpu_days (GPU*s of the first year), buildout.gpus_by.DATE,
//   buildout.gpu_days_by.DATE (GPU*s); facts buildout.start, buildout.critical_path, buildout.first_path
// With `study`:
//   buildout.month.YYYY-MM.{gpus,power (W)} at its end, .cause.CAUSE (share of its days), fact .cause
//   buildout.path_N.{from,to} (s), facts .name, .kind, .ties; buildout.driver_N (tornado order).{low,high,critical,critical_first,full_low,full_high,
//   first_low,first_high (s),correlation}, facts .name, .kind; buildout.event_N.{happens,prevents,prevents_first,full,first,full_if,
//   first_if}, fact .name
//   buildout.plan.{makespan,bound (s),gap,proved,cut}
//   series over s buildout.{gpus,gpus_p10,gpus_p90,gpus_plain,gpus_mean,gpu_days,power}, buildout.cause.CAUSE,
//   buildout.waiting.{undelivered,uninstalled,unstarted,starting,idle}, buildout.curve.{full,first} (probability over s);
//   buildout.work_N.{start,finish (s),critical,tied,late}, facts .name, .phase, .by; without: buildout.{gpus,gpus_p10,gpus_p90} alone.
clx_status clx_twin_buildout_put(const clx_twin_buildout *b, bool study, clx_result *result, clx_error *error);

// Part of a run, where the scenario has the section. kept nullable.
clx_status clx_twin_run_buildout(const clx_scenario *scenario, uint64_t seed, int32_t threads, clx_twin_kept *kept,
                                 clx_result *result, clx_error *error);
// clx_build_run of the public header, into an empty result. options nullable.
clx_status clx_twin_build_study(const clx_scenario *scenario, const clx_build_options *options, clx_result *result,
                                clx_error *error);
// The works with a plan of them (dates without chance) as a table ("csv"), JSON ("json") or XML of Microsoft Project ("xml").
clx_status clx_twin_build_write(const clx_scenario *scenario, const clx_build_options *options, const char *format,
                                clx_buffer *out, clx_error *error);
