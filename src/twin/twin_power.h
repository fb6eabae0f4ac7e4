// Power of a scenario: passes of the job as waves, through servers and chain to the point of connection, and the site over its
// horizon. Shared by runs and by the study of `colossus power`.
#pragma once

#include "training/training_power.h"
#include "twin/twin_internal.h"

// One cohort of the fleet.
typedef struct clx_twin_cohort {
  clx_cohort cohort;  // as the machine has it; without supplies where the chain states others
  double working;     // share of its GPUs that the job uses; the others idle
  double board;       // W that one GPU may draw, leakage included
  double limit;       // W of them for work: without what its coolant makes it leak
  double leak;        // W of a GPU beyond the leakage at the temperature at which its power was measured
} clx_twin_cohort;

// What one cohort draws over a pass, at its plugs; ramp over a second.
typedef struct clx_twin_figures {
  double mean, least, most;  // W
  double ramp;               // W/s
} clx_twin_figures;

// One pass of the job at every level; waves of one period that repeats.
typedef struct clx_twin_pass {
  bool there;
  bool busy_parts;        // a job keeps CPUs and NICs busy
  clx_pass_power gpu;     // of the job's device, before smoothing
  clx_wave busy;          // W of one GPU of the job, mean over stages, after what chip and rack do about swings
  double servers_mean;    // W
  clx_wave servers;       // W of all servers and racks at their plugs
  clx_wave site;          // W at the point of connection, before batteries
  clx_twin_figures *own;  // [fleet_count]
  const clx_twin_cohort *node_of;  // the largest that trains, and
  clx_wave node;                   // [stages] waves of one server of it, one behind the other
  double time;                     // s, stretched by ramp limits
  double burnt, stretch;           // J of one pass, all GPUs; >= 1
} clx_twin_pass;

typedef struct clx_twin_cooling clx_twin_cooling;

typedef struct clx_twin_power_case {
  const clx_scenario *scenario;
  clx_training job;
  clx_step step;
  uint64_t seed;
  int32_t samples;  // of a pass
  clx_arena *arena;
  clx_twin_cohort *fleet;  // [fleet_count]
  int32_t fleet_count;
  clx_twin_pass pass[CLX_PASSES];
  clx_chain chain;                               // from the plugs up; no levels = not stated
  double network, storage;                       // W
  double overhead;                               // cooling: W per W of IT power, mean
  double overhead_peak;                          // the same with all IT at its limit on the design day
  bool whole;                                    // the plant's year, too: not while a cap is looked for
  clx_twin_cooling *cooling;                     // of a plant; NULL = overheads are what a stated PUE leaves
  double it_peak, site_peak;                     // W, everything at its limit
  double it_mean, site_mean;                     // W while the job runs: over steps, evaluations and checkpoints
  double stops, down;                            // 1/s and s of one: of the job's failures
  double checkpoint_interval, checkpoint_stall;  // s; 0 = none
  double horizon;                                // s
} clx_twin_power_case;

// --- fleet (twin_power_fleet.c) ---

// Cohorts at their caps, and the chain from their plugs up. Fills fleet, chain, network, storage, it_peak.
clx_status clx_twin_power_fleet(clx_twin_power_case *c, clx_error *error);
// One server, its part of the rack included, with supplies, while its GPUs draw `gpu` W each and have drawn `mean` W for the last minute, which is
// what fans go by; busy: a job runs.
clx_machine_draw clx_twin_server_power(const clx_twin_cohort *cohort, double gpu, double mean, bool busy);
// All servers of a cohort; those that the job leaves over idle.
clx_machine_draw clx_twin_cohort_power(const clx_twin_cohort *cohort, double gpu, double mean, bool busy);
// W at the plugs with all GPUs idle, and with all at their limit.
double clx_twin_cohort_idle(const clx_twin_cohort *cohort);
double clx_twin_cohort_peak(const clx_twin_cohort *cohort);

// --- passes (twin_power_pass.c) ---

// Passes and their waves, at the cap that job.power_cap states.
clx_status clx_twin_power_passes(clx_twin_power_case *c, clx_error *error);
// The waves of the site from those of the servers, anew.
void clx_twin_power_connect(clx_twin_power_case *c);
// The passes and peaks anew, after draws changed (leakage); chain and cap as they are.
clx_status clx_twin_power_refresh(clx_twin_power_case *c, clx_error *error);
// The most that the site may draw: all IT at its limit on the design day of its plant.
double clx_twin_site_peak(const clx_twin_power_case *c);
// Site power of IT power: chain, and cooling of the mean.
double clx_twin_site_power(const clx_twin_power_case *c, double it, double it_mean);

// --- the whole (twin_power_case.c) ---

// Fills everything but the run over the horizon; failures, checkpoints and the length of the run as `result` has them. CLX_INFEASIBLE where
// the site may not draw the peak and GPUs may not be capped, or capping does not do.
clx_status clx_twin_power_make(clx_twin_power_case *c, const clx_result *result, clx_error *error);
// The largest cap of a GPU at which the site stays within `limit` W with all GPUs at it, and so do its waves: a lower cap lowers clocks, which lengthens the step, which
// changes the waves; stepped anew until both agree.
clx_status clx_twin_power_fit(clx_twin_power_case *c, double limit, clx_error *error);
// The scenario as its site forces it to run, before anything else is computed: the cap of a GPU at which it fits (power.on_limit: cap), and what
// its coolant makes each kind of GPU leak. `fitted` holds pointers to itself: it must not move. What it needs beside lies in `arena`.
// CLX_INFEASIBLE: no cap does.
clx_status clx_twin_power_settle(const clx_scenario *scenario, uint64_t seed, clx_arena *arena, clx_scenario *fitted,
                                 clx_error *error);
// The scenario with GPUs of each cohort ([cohort_count] W) leaking that much; 0 for those that do not train.
clx_status clx_twin_with_leaks(const clx_scenario *scenario, const double *leak, clx_arena *arena, clx_scenario *copy,
                               clx_error *error);
// Shares of time of the passes as they follow each other.
void clx_twin_power_shares(const clx_twin_power_case *c, double share[CLX_PASSES]);

// --- the site (twin_power_site.c, twin_power_grid.c) ---

// Over its horizon: energy, sources, cost.
clx_status clx_twin_power_site(clx_twin_power_case *c, clx_site_outcome *outcome, clx_error *error);
// What batteries of role smooth make of a wave at the point of connection; without any the wave itself.
clx_status clx_twin_power_smooth(const clx_scenario *scenario, const clx_wave *wave, bool periodic, clx_arena *arena,
                                 clx_smoothed *out, clx_error *error);
// The same of a wave that follows endless repetitions of `before`: batteries have settled to these.
clx_status clx_twin_power_smooth_after(const clx_scenario *scenario, const clx_wave *before, const clx_wave *wave,
                                       clx_arena *arena, clx_smoothed *out, clx_error *error);
// W at the point of connection with all GPUs idle.
double clx_twin_power_idle(const clx_twin_power_case *c);
// s that the servers of the cohort that goes first go on when the point of connection has no power.
double clx_twin_power_ride(const clx_twin_power_case *c);
// power.check.*: what the utility asks of the wave, and of start, stop and restart of the job; nothing where it asks nothing.
clx_status clx_twin_power_checks(const clx_twin_power_case *c, const clx_wave *wave, bool periodic, clx_result *result,
                                 clx_error *error);
// power.curtailment_N.*, power.shed.work: the cap of a GPU and the step at it under each curtailment (the first twelve), and the work lost to all of them.
clx_status clx_twin_power_curtailments(const clx_twin_power_case *c, clx_result *result, clx_error *error);
// power.handover.*: batteries for the time until generators carry the load after the loss of all feeds.
clx_status clx_twin_power_handover(const clx_twin_power_case *c, clx_result *result, clx_error *error);

// --- many jobs (twin_power_jobs.c) ---

// The study of a machine of many jobs. CLX_INPUT: options about a step of one job; a scenario without jobs.
clx_status clx_twin_power_jobs_study(const clx_scenario *s, const clx_power_options *options, clx_result *result,
                                     clx_error *error);

// --- results (twin_power_put.c) ---

enum {
  CLX_TWIN_POWER_NUMBERS = 0,
  CLX_TWIN_POWER_WAVES = 1,  // series power.site, power.rack, power.gpu of one step
  CLX_TWIN_POWER_YEAR = 2,   // series power.year.*, power.source.*, power.charge over the horizon
};

// Names everything (twin.h).
clx_status clx_twin_power_put(const clx_twin_power_case *c, const clx_site_outcome *outcome, int32_t series,
                              clx_result *result, clx_error *error);
