// A site over hours to a year: what its jobs do when, what that draws at each level, where it comes from. Event driven: constant states are
// one step of the sums however long they last; waves within a state are their envelope and spectrum. docs/model/power/site.md.
#pragma once

#include "power/power_chain.h"
#include "power/power_smooth.h"
#include "power/power_supply.h"

// What a group of racks does in a state (train, evaluate, checkpoint, stopped, idle ...): figures of the wave of its sum.
typedef struct clx_site_state {
  const char *name;
  double mean, least, most;  // W of the whole group at the bottom of the chain
  double ramp;               // W/s within the state
  clx_wave_cycle cycle;      // of one unit, nullable: for windows
  double period;             // s of the cycle
} clx_site_state;

enum { CLX_SITE_STATES_MAX = 16 };

// Equal racks (or servers) that change states together.
typedef struct clx_site_group {
  const char *name;
  double units;
  double from;  // s: delivered
  clx_site_state state[CLX_SITE_STATES_MAX];
  int32_t state_count;
} clx_site_group;

// What happens to a group. Repeating events have period > 0. Random stops: exponential with mean `mean_time`.
typedef enum clx_site_event_kind {
  CLX_SITE_EVENT_STATE,   // enters `state` at `at` for `duration` (0 = until the next event), again every `period`
  CLX_SITE_EVENT_RANDOM,  // the same at random times, mean_time apart (stops after failures)
  CLX_SITE_EVENT_KINDS
} clx_site_event_kind;

typedef struct clx_site_event {
  int32_t kind, group, state;
  double at, duration, period, mean_time;  // s
} clx_site_event;

typedef struct clx_site {
  clx_site_group *group;
  int32_t group_count;
  clx_site_event *event;
  int32_t event_count;
  clx_chain chain;
  double extra[CLX_CHAIN_LEVELS_MAX];  // W of other domains at each level
  double overhead;                     // cooling: W per W of IT power (pue - 1 less what the chain loses); a port
  clx_supply supply;
  double horizon;        // s
  double resolution;     // s of the series (>= its events are exact all the same)
  double curtail_floor;  // share of the IT power below which load is not shed
  int32_t
      shed;  // bool: under a curtailment (or shortage) the job is slowed (capped) to what is there; else it is a shortage
  uint64_t seed;
} clx_site;

typedef struct clx_site_outcome {
  double it_mean, it_peak, site_mean, site_peak;                            // W
  double ramp_most;                                                         // W/s between and within states
  double energy, it_energy, loss_energy, cooling_energy;                    // J
  double level_loss[CLX_CHAIN_LEVELS_MAX], level_in[CLX_CHAIN_LEVELS_MAX];  // J
  double state_time[CLX_SITE_STATES_MAX];                                   // s of group 0
  double shed_energy;                                                       // J not drawn because of curtailment, and
  double shed_time;                                                         // s
  double events;                                                            // handled
  clx_supply_state supply;
  double residual;       // relative, of the energy balance over all levels and sources: < 1e-9
  clx_wave series;       // site power, mean over `resolution`; [horizon / resolution]
  clx_wave series_most;  // envelope
} clx_site_outcome;

// Runs it. CLX_INFEASIBLE (named: missing MW, hour) when demand is above every source and nothing may be shed. Deterministic in seed.
// Cost: about 0.2 us an event and source. A year of hourly checkpoints, daily stops and 10 s steps: states, not steps, are events.
clx_status clx_site_run(const clx_site *site, clx_arena *arena, clx_site_outcome *outcome, clx_error *error);

// --- job lists (power_jobs.c): machines that run many jobs, as Frontier ---

// A table id,submit,start,end,nodes,cpu,gpu[,trace]: times s, utilisations 0-1 (means), `trace`: name of a second table's column or inline
// "0.1;0.5;..." of utilisation every `quantum` s. docs/tables.md.
typedef struct clx_node_job {
  double start, end;     // s
  int64_t nodes, first;  // nodes taken; first < 0 = placed by the reader (first fit, contiguous or not)
  double cpu, gpu;       // mean utilisation where there is no trace
  const float *cpu_trace, *gpu_trace;
  int32_t trace_count;
} clx_node_job;

// Power of one node: linear between idle and most of each part (RAPS).
typedef struct clx_node_power {
  double cpu_idle, cpu_most, gpu_idle, gpu_most;  // W of a node (all its CPUs, all its GPUs)
  double fixed;                                   // W: memory, NICs, drives
} clx_node_power;

typedef struct clx_job_run {
  const clx_node_job *job;
  int64_t job_count;
  int64_t nodes;
  clx_node_power node;
  clx_chain chain;       // level 0 = the node's own conversion
  double quantum;        // s between changes of a trace (15)
  double horizon, step;  // s; step of the series
} clx_job_run;

typedef struct clx_job_outcome {
  double mean, least, most, loss_mean;  // W of the system
  double energy, loss;                  // J
  double utilisation;                   // node-seconds used
  clx_wave series;
} clx_job_outcome;

// 9,472 nodes for a day at 1 s: below 1 s, below 100 MB.
clx_status clx_job_run_all(const clx_job_run *run, clx_arena *arena, clx_job_outcome *outcome, clx_error *error);
// A random list as ExaDigiT/RAPS draws it (sizes, durations, utilisations), from a seed: for benches and the `frontier` scenario.
clx_status clx_job_list_random(uint64_t seed, int64_t nodes, double horizon, int32_t count, double quantum,
                               clx_arena *arena, clx_node_job **job, clx_error *error);
clx_status clx_job_list_read(const char *path, double quantum, clx_arena *arena, clx_node_job **job, int64_t *count,
                             clx_error *error);
