// A site over hours to a year: what its jobs do when, what that draws at each level, where it comes from. Event driven: constant states are
// one step of the sums however long they last; waves within a state are their envelope and spectrum. docs/model/power/site.md.
#pragma once

#include "power/power_chain.h"
#include "power/power_smooth.h"
#include "power/power_supply.h"

// What a group of racks does in a state (train, evaluate, checkpoint, stopped, idle ...): figures of the wave of its sum.
typedef struct clx_site_state {
  const char *name;
  double mean, least, most;  // W of the whole group at the bottom of the chain; least <= mean <= most
  double ramp;               // W/s within the state, steepest over 1 s, of the group's sum
  double smoothing;  // W, mean, of the wave that go into the stores that smooth and come out again (they lose a part)
  clx_wave_cycle cycle;  // of one unit, for windows; no samples: constant at mean / units
  double
      leave;  // s over which the group's power moves from here to what it draws next, linearly (a staggered start after a stop); 0 = at once
} clx_site_state;

enum { CLX_SITE_STATES_MAX = 16 };

// Equal racks (or servers) that change states together. Until `from` they draw nothing; state 0 holds where no event says otherwise.
typedef struct clx_site_group {
  const char *name;
  double units;
  double from;       // s: delivered
  double spread;     // s, of the units' phases, in windows (clx_wave_group)
  bool independent;  // units that know nothing of each other, in windows
  clx_site_state state[CLX_SITE_STATES_MAX];
  int32_t state_count;
} clx_site_group;

// What happens to a group. Of events that overlap the one further down the list holds (stops stand below checkpoints).
typedef enum clx_site_event_kind {
  CLX_SITE_EVENT_STATE,  // enters `state` at `at` for `duration`, again every `period` (0 = once); duration 0: for good, until another such event
  CLX_SITE_EVENT_RANDOM,  // the same at random times from `at` on: exponential with mean `mean_time` from the end of one to the next (stops after failures)
  CLX_SITE_EVENT_KINDS
} clx_site_event_kind;

typedef struct clx_site_event {
  int32_t kind, state;
  int32_t group;  // < 0: every group that has the state, at once (a job over several groups; others draw on)
  double at, duration, period, mean_time;  // s
} clx_site_event;

typedef struct clx_site {
  clx_site_group *group;
  int32_t group_count;
  clx_site_event *event;
  int32_t event_count;
  clx_chain chain;
  double extra
      [CLX_CHAIN_LEVELS_MAX +
       1];  // W of other domains: into each level, and [chain.count] above the top; network and storage at chain.plug
  double overhead;  // cooling: W per W of IT power (pue - 1 less what the chain loses), a port at chain.cooling
  const float *
      overhead_at;  // the same over time where it follows the weather: one every overhead_step s from the start, again and again; NULL =
  double overhead_step;  // always `overhead`, which is their mean
  int64_t overhead_count;
  clx_supply supply;  // no sources and no stores: a grid without limit, of which nothing is counted
  double horizon;     // s
  double
      resolution;  // s of the series (>= its events are exact all the same); it divides the horizon, or the last sample is shorter
  double curtail_floor;  // share of the load at the bottom of the chain below which it is not shed
  int32_t
      shed;  // bool: what no source gives (a curtailment, a shortage) is taken from the load (the job is capped); else it is a shortage
  uint64_t seed;
} clx_site;

typedef struct clx_site_outcome {
  double it_mean, it_peak, site_mean, site_peak;          // W; peaks: every group at the top of its wave at once
  double ramp_most;                                       // W/s at the point of connection over 1 s: the larger of
  double ramp_between, ramp_within;                       // changes of state, waves within one
  double energy, it_energy, loss_energy, cooling_energy;  // J
  double level_loss[CLX_CHAIN_LEVELS_MAX], level_in[CLX_CHAIN_LEVELS_MAX];  // J
  double state_time[CLX_SITE_STATES_MAX];                                   // s of group 0, once delivered
  double shed_energy;    // J not drawn at the point of connection because no source gave them, and
  double shed_time;      // s
  double shed_share;     // largest share of the load at the bottom that had to go
  double missing_most;   // W that were needed and neither given nor shed, at most
  double missing_at;     // s, first moment without; < 0 = never
  double missing_first;  // W, at that moment
  double missing_time;   // s
  double events;         // handled
  double steps;          // stretches of constant power between them
  clx_supply_state supply;
  double residual;       // relative, of the energy balance over all levels and sources: < 1e-9
  clx_wave series;       // site power, mean over `resolution`; [horizon / resolution]
  clx_wave series_most;  // envelope: top of the waves
  clx_wave *source;      // W of each source of the supply, [source_count]
  clx_wave charge;       // J in all stores, mean over each sample; no samples without stores
} clx_site_outcome;

// Runs it. CLX_INFEASIBLE (first hour, missing MW, the worst of them; the outcome stands all the same) when demand is above what sources and
// stores give and may not be shed. CLX_INPUT: a state, event or floor out of its range. Deterministic in seed, the same for a group and for the
// groups it is split into. Cost: about 0.5 us an event and source, plus 3 ns a sample of the series.
clx_status clx_site_run(const clx_site *site, clx_arena *arena, clx_site_outcome *outcome, clx_error *error);

// What the site draws at one moment, by level: `load` W at the bottom (all groups).
typedef struct clx_site_flow {
  double it, overhead,
      top;  // W: IT power (what enters level chain.plug, and network and storage there), cooling, point of connection
  clx_chain_result chain;  // levels; `in` is `top` less what enters above it
} clx_site_flow;
clx_site_flow clx_site_pass(const clx_site *site, double load);

// States of the groups at `time`: state[group] (< 0: not delivered) and since[group] (s, when it began). Replays the events up to there.
clx_status clx_site_states(const clx_site *site, double time, int32_t *state, double *since, clx_arena *arena,
                           clx_error *error);

// The wave of a moment: samples of `step` s from `time` on of one group (group < 0: all), each unit in the cycle of the state that it is in at
// `time` (which is held over the window), begun when the state began. wave: at the bottom of the chain; top: at the point of connection,
// nullable, with all groups only. O(groups (samples + count)) and 0.1 us a sample for the chain.
clx_status clx_site_window(const clx_site *site, int32_t group, double time, double step, int64_t count,
                           clx_arena *arena, clx_wave *wave, clx_wave *top, clx_error *error);

// --- job lists: machines that run many jobs, as Frontier (power_jobs_*.c) -----------------------------------------------------------

typedef struct clx_node_job {
  double start, end;     // s; runs for end - start from when its nodes are free
  int64_t nodes, first;  // nodes taken; first < 0 = the lowest that are free; else first .. first + nodes - 1
  double cpu, gpu;       // utilisation where there is no trace
  const float *cpu_trace,
      *gpu_trace;  // utilisation every quantum from the start; the last one holds on; nullable, each
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
  clx_chain chain;       // level 0 = the node's own conversion, a unit a node
  double quantum;        // s between changes of a trace (15)
  double horizon, step;  // s; step of the series
} clx_job_run;

typedef struct clx_job_outcome {
  double mean, least, most, loss_mean;  // W of the system; loss: of all conversion
  double energy, loss;                  // J
  double utilisation;                   // share of the node-seconds that jobs held
  double started, completed, waited;    // jobs; waited: began later than they asked to
  double events;                        // moments at which the power of a node changed
  clx_wave series;
} clx_job_outcome;

// Replays a list: a job starts when it asks to, or as soon as its nodes are free (those that wait are tried in the order of their starts, later
// ones that fit pass by: the replay policy of ExaDigiT/RAPS). Every unit of every level carries its own load; only units below which something
// changed are computed anew, so that the cost is O(nodes that change) a moment, about 4 ns a node. 9,472 nodes for a day at 1 s, traces that
// change every 15 s: below 1 s, below 100 MB. CLX_INPUT: a job larger than the machine, a time or utilisation out of range.
clx_status clx_job_run_all(const clx_job_run *run, clx_arena *arena, clx_job_outcome *outcome, clx_error *error);

// How a random list is drawn. The initial values are those of the `random` workload of ExaDigiT/RAPS for Frontier (commit 00dca23, raps/workload.py and
// config/frontier.yaml): exponential arrivals, uniform sizes and utilisations, normal durations cut at both ends and rounded down to whole hours.
typedef struct clx_job_random {
  int64_t count;  // jobs; 0 = all that arrive before the horizon; < 0: no such list (a spec that does not state it)
  int64_t seed;
  double arrival;            // s, mean between arrivals
  int64_t nodes_most;        // of a job: uniform over 1 .. nodes_most
  double shortest, longest;  // s: durations are normal around the middle, a sixth of the span wide, inside the span
} clx_job_random;

// In the order of arrival, the first at 0; sizes up to `nodes` where that is above 0. Draws that round down to no time at all (0.6 % of Frontier's) are drawn again.
clx_status clx_job_list_random(const clx_job_random *random, int64_t nodes, double horizon, clx_arena *arena,
                               clx_node_job **job, int64_t *count, clx_error *error);

// A table start,end,nodes,cpu,gpu[,id,submit,first,cpu_trace,gpu_trace]: times s, utilisations 0-1, traces "0.1;0.5;..." of one value every quantum.
// docs/tables.md. Every mistake with its line and column.
clx_status clx_job_list_read(const char *path, clx_arena *arena, clx_node_job **job, int64_t *count, clx_error *error);
clx_status clx_job_list_parse(const char *file, const char *data, size_t size, clx_arena *arena, clx_node_job **job,
                              int64_t *count, clx_error *error);

// Section `power.jobs` of a scenario.
typedef struct clx_jobs_spec {
  const char *file;        // NULL = none
  clx_job_random random;   // count < 0 = none
  clx_place random_place;  // where `random` stood
  int64_t nodes;           // 0 = the servers of the machine: for the caller to fill before a run
  double quantum;          // s
  clx_node_power node;     // below 0 = not stated: for the caller, too
  clx_place place;
} clx_jobs_spec;
extern const clx_schema clx_jobs_schema;
// CLX_INPUT: both of file and random or neither, most below idle. Reads or draws the list.
clx_status clx_jobs_list(const clx_jobs_spec *spec, double horizon, clx_arena *arena, clx_node_job **job,
                         int64_t *count, clx_error *error);
