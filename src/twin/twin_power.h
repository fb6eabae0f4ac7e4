// Power of a scenario: passes of the job as waves, through servers and chain to the point of connection, and the site over its
// horizon. Shared by runs and by the study of `colossus power`.
#pragma once

#include "training/training_power.h"
#include "twin/twin_internal.h"

// One pass of the job at every level; waves of one period that repeats.
typedef struct clx_twin_pass {
  bool there;
  clx_pass_power gpu;             // of the job's device, before smoothing
  clx_wave busy;                  // W of one GPU of the job, mean over stages, after what chip and rack do about swings
  clx_wave servers;               // W of all servers and racks at their plugs
  clx_wave site;                  // W at the point of connection, before batteries
  const clx_cohort *node_cohort;  // the largest that trains, and
  clx_wave node;                  // [stages] waves of one server of it, one behind the other
  double time;                    // s, stretched by ramp limits
  double burnt, stretch;          // J of one pass, all GPUs; >= 1
} clx_twin_pass;

typedef struct clx_twin_power_case {
  const clx_scenario *scenario;
  clx_training job;
  clx_step step;
  uint64_t seed;
  int32_t samples;  // of a pass
  clx_arena *arena;
  clx_twin_pass pass[CLX_PASSES];
  clx_chain chain;  // from the rack's plug up; count 0 = not stated
  double extra[CLX_CHAIN_LEVELS_MAX];
  double network, storage;                       // W
  double overhead;                               // cooling: W per W of IT power
  double it_peak, site_peak;                     // W, everything at its limit
  double it_mean, site_mean;                     // W, over passes as they follow each other
  double stops, down;                            // 1/s and s of one: of the job's failures
  double checkpoint_interval, checkpoint_stall;  // s; 0 = none
  double horizon;                                // s
} clx_twin_power_case;

// W of all servers of a cohort at their plugs (racks and shelves included) when a GPU at work draws `busy` W, and those that do not
// work idle.
double clx_twin_cohort_power(const clx_cohort *cohort, double working, double busy);
// Everything at once at its limit.
double clx_twin_cohort_peak(const clx_cohort *cohort, double limit);
// GPUs of a cohort that work in the job, as a share.
double clx_twin_working(const clx_twin_power_case *c, const clx_cohort *cohort);
// W that a GPU of a cohort may draw.
double clx_twin_gpu_limit(const clx_training *job, const clx_cohort *cohort);

// Fills everything but the run over the horizon. CLX_INFEASIBLE where the site may not draw the peak and may not cap.
clx_status clx_twin_power_make(clx_twin_power_case *c, const clx_result *result, clx_error *error);
// Passes and waves alone, at the cap that job.power_cap states.
clx_status clx_twin_power_passes(clx_twin_power_case *c, clx_error *error);
// Site power of IT power: chain, cooling.
double clx_twin_site_power(const clx_twin_power_case *c, double it, double it_mean);
// The largest cap of a GPU at which the site peaks within `limit` W; the job is stepped anew at it, until both agree.
clx_status clx_twin_power_fit(clx_twin_power_case *c, double limit, clx_error *error);

// The site over its horizon: energy, sources, cost.
clx_status clx_twin_power_site(clx_twin_power_case *c, clx_site_outcome *outcome, clx_error *error);
// Names everything (twin.h); series with `series`.
clx_status clx_twin_power_put(const clx_twin_power_case *c, const clx_site_outcome *outcome, bool series,
                              clx_result *result, clx_error *error);
