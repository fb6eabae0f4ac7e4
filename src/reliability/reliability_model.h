// What the simulation of a run reads: plain SI numbers, compiled from the scenario (reliability.h) or filled by a test.
//
// A machine is `unit_count` units (servers, or NVLink domains where these are swapped whole), numbered through its cohorts; cohorts are
// equal units that entered service together. Failure classes hit units, or groups of neighbouring units (a rack, the servers of a leaf
// switch, a power row, the site). Jobs hold units; what no job holds is spare.
#pragma once

#include "base/base.h"
#include "chance/chance.h"

typedef enum clx_failure_cause {  // groups of root causes, as published tables have them
  CLX_CAUSE_GPU,
  CLX_CAUSE_MEMORY,  // HBM, SRAM
  CLX_CAUSE_HOST,    // CPU, DIMM, PCIe, SSD, PSU, chassis
  CLX_CAUSE_NETWORK,
  CLX_CAUSE_SOFTWARE,
  CLX_CAUSE_DATA,  // silent data corruption
  CLX_CAUSE_STORAGE,
  CLX_CAUSE_POWER,
  CLX_CAUSE_COOLING,
  CLX_CAUSE_MAINTENANCE,
  CLX_CAUSE_UNKNOWN,
  CLX_CAUSES
} clx_failure_cause;

extern const char *const clx_failure_cause_name[CLX_CAUSES + 1];

enum { CLX_HAZARD_STEPS_MAX = 16, CLX_POSITIONS_MAX = 8 };

// Failures of one part per second of its service, as a function of its age. Cumulative hazard
//   H(a) = rate * (integral of the piecewise factor, or a^shape scaled so that the mean life is 1/rate) + infant (1 - e^(-a/decay)).
typedef struct clx_hazard {
  double rate;   // 1/s of one part at the reference temperature; with steps: where the factor is 1
  double shape;  // Weibull; 1 = constant
  double infant,
      decay;      // early failures of a new part (a share where small), and the time constant of it (s); 0 = none
  int32_t steps;  // piecewise constant: factor[i] from age[i] on (age[0] = 0); 0 = none; only with shape 1
  double age[CLX_HAZARD_STEPS_MAX], factor[CLX_HAZARD_STEPS_MAX];
} clx_hazard;

double clx_hazard_at(const clx_hazard *hazard, double age);          // 1/s
double clx_hazard_cumulative(const clx_hazard *hazard, double age);  // expected failures of one part up to an age
// The age by which a part of age `age` has used up `amount` (> 0) more of cumulative hazard; INFINITY when it never does.
double clx_hazard_invert(const clx_hazard *hazard, double age, double amount);
// Multiplies the cumulative hazard at every age: `factor` times the failures, whatever the shape (rate factor^(1/shape)).
void clx_hazard_scale(clx_hazard *hazard, double factor);

typedef struct clx_failure_class {
  const char *name, *title;
  int32_t cause;      // clx_failure_cause
  clx_hazard hazard;  // of one part
  double events,
      exposure;  // what the rate was counted from (exposure in s of one part): the cumulative hazard is drawn with a factor
  // Gamma(events) / events, the posterior of the prior 1/rate: the mean is what was counted, however finely
  // causes are split, and its relative width 1 / sqrt(events). 0: not drawn
  double *parts;  // [cohort_count] parts of one unit; of a group class (group > 1): parts of one group
  int32_t *
      group;  // [cohort_count] neighbouring units (from a multiple of it) that it takes out together; 1 = the unit alone
  bool renews;       // a repair makes the part new (matters where the hazard depends on age)
  bool planned;      // maintenance: counted apart from interruptions that nobody asked for
  double whole;      // parts of the whole machine (site events, machine-wide software) with `everybody`; else 0
  bool everybody;    // hits all jobs at once
  bool keeps_units;  // no unit is lost: the job starts again where it was (software)
  double stops;      // probability that an event stops the job (else it is repaired at the next stop)
  double transient;  // probability that a restart cures it: the unit is not lost
  double
      burst;  // mean number of further units of the neighbourhood (next numbers) hit in the same moment, geometric; 0 = none
  double warned;            // probability of a warning early enough to save a checkpoint and swap first
  double detect, localise;  // s; free of failures
  double
      latent;  // s: mean delay (exponential) of what nobody sees at once: silent corruption, a slow unit; 0 = seen at once
  double slow;  // > 1: the unit only slows its job by this factor until it is found after `latent`
  clx_duration repair;
  double fixed;  // probability that a repair cures; else the unit is an offender
} clx_failure_class;

typedef struct clx_reliability_cohort {
  const char *name;
  int64_t units;
  double gpus;                         // of one unit
  double arrival;                      // s after the start
  double age;                          // s in service at arrival (burn-in)
  double heat;                         // factor of all rates by temperature
  int32_t positions;                   // >= 1: units stand in turn in these places
  double position[CLX_POSITIONS_MAX];  // factors of all rates; mean 1
} clx_reliability_cohort;

typedef enum clx_policy_kind {
  CLX_POLICY_RESTART,  // whatever fails, the whole job starts again
  CLX_POLICY_ELASTIC,  // goes on with the data-parallel replicas that are left, from the last checkpoint
  CLX_POLICY_MASKED,  // the replica that failed is left out of the sum (fault-tolerant HSDP); it comes back with a peer's state
  CLX_POLICY_REDUNDANT,  // every shard of the batch on several groups; starts again when a shard has no group left (SPARe)
  CLX_POLICIES
} clx_policy_kind;

extern const char *const clx_policy_name[CLX_POLICIES + 1];

typedef enum clx_checkpoint_mode {
  CLX_CHECKPOINT_NONE,
  CLX_CHECKPOINT_SYNC,
  CLX_CHECKPOINT_ASYNC,
  CLX_CHECKPOINT_MEMORY,
  CLX_CHECKPOINT_MODES
} clx_checkpoint_mode;

extern const char *const clx_checkpoint_mode_name[CLX_CHECKPOINT_MODES + 1];

typedef struct clx_checkpoint_plan {
  int32_t mode;     // clx_checkpoint_mode
  double interval;  // s of work between two
  double stall;     // s by which the job stands still for one
  double lag;       // s from the end of the stall until it counts (async: what is written behind the work); <= interval
  // memory: copies lie in the memory of other units; every remote_every-th one also goes to storage (remote_stall beside the stall, lag remote_lag)
  int32_t remote_every;
  double remote_stall, remote_lag;
  double
      survives;  // probability that the copy in memory outlives a failure that takes one unit; more units at once: it is lost
  double load, load_memory;  // s to read one back: from storage, from memory
} clx_checkpoint_plan;

// Size of a job over a stretch of time: replicas * units_per_replica units.
typedef struct clx_job_stage {
  double start;  // s: from when on the units are there
  int32_t replicas;
  int64_t units_per_replica;
  double rate;  // work per second with all replicas, of that of stage 0
  double *
      speed;  // [replicas + 1] share of `rate` with that many replicas, rising, speed[replicas] = 1; NULL = proportional
  clx_checkpoint_plan checkpoint;
  double restart;  // s, exposed to failures: placement, start of processes, communicators; loading stands in the plan
} clx_job_stage;

typedef struct clx_reliability_job {
  const char *name;
  clx_job_stage *stage;  // stage_count, ascending start, the first at 0
  int32_t stage_count;
  double work;  // s of stage 0 at full rate, without failures; INFINITY = no end
} clx_reliability_job;

typedef struct clx_reliability_policy {
  int32_t kind;        // clx_policy_kind
  double stall;        // elastic, masked: s by which all replicas stand still when one is lost, beside detection
  double join;         // s by which they stand still when one comes back
  double join_time;    // s that the replica itself needs to come back once its units are there (start, peer's state)
  bool rollback;       // elastic: work since the last checkpoint is lost
  int32_t least;       // replicas below which the job waits
  int32_t redundancy;  // redundant: groups that hold each shard
  // Spares: the first `hot` free units stand by, booted; the others take swap_cold more.
  int64_t hot;
  double swap_hot, swap_cold;  // s, free of failures
} clx_reliability_policy;

typedef struct clx_repair_plan {
  int32_t crews;    // repairs at a time; 0 = no limit
  double offender;  // factor of the rates of a unit whose repair did not cure it
} clx_repair_plan;

typedef struct clx_reliability_model {
  clx_reliability_cohort *cohort;
  int32_t cohort_count;
  clx_failure_class *failure;
  int32_t failure_count;
  clx_reliability_job *job;
  int32_t job_count;
  clx_reliability_policy policy;
  clx_repair_plan repair;
  // Failures happen per time that a job works or saves: neither while it recovers, nor to free units. Else per wall-clock time.
  bool running_clock;
  bool draw_rates;  // rates are drawn from their posterior, once per replication
  double horizon;   // s: counts and ledger stand for the time up to here; 0 = up to the end of the work
  double start;     // s of the first start of the job (placement, communicators, reading data)
} clx_reliability_model;

// Every GPU-second of the machine stands in exactly one.
typedef enum clx_ledger_bucket {
  CLX_LEDGER_PRODUCTIVE,
  CLX_LEDGER_STRAGGLING,      // work lost by slow units and by replicas that leave a poorer split of the batch
  CLX_LEDGER_INITIALIZATION,  // first start
  CLX_LEDGER_STARTUP,         // processes and communicators after a stop
  CLX_LEDGER_SAVE,            // checkpoint stalls
  CLX_LEDGER_RESTORE,
  CLX_LEDGER_WASTED,            // work done again
  CLX_LEDGER_RECOVERY,          // detection, diagnosis, swap
  CLX_LEDGER_WAITING,           // for units: no spares
  CLX_LEDGER_MAINTENANCE,       // planned stops
  CLX_LEDGER_SLICE_DOWN,        // healthy units of a replica that is out
  CLX_LEDGER_SCALE_UP,          // replicas coming back
  CLX_LEDGER_REINITIALIZATION,  // all replicas standing still for one that left or joined
  CLX_LEDGER_SPARE,             // free units
  CLX_LEDGER_REPAIR,            // failed units until they are back
  CLX_LEDGERS
} clx_ledger_bucket;

typedef struct clx_ledger_name {
  const char *name;     // of quantities: "wasted"
  const char *goodput;  // badput type of ml-goodput-measurement: "WASTED_PROGRESS_FROM_DISRUPTION"
  const char *doc;
} clx_ledger_name;

extern const clx_ledger_name clx_ledger_names[CLX_LEDGERS];

// One replication.
typedef struct clx_reliability_run {
  double end;            // s: the work is done (INFINITY: horizon only)
  double elapsed;        // s up to which counts and ledger stand
  double goodput;        // work done by then / (elapsed at the full rate of the stage), of all jobs
  double interruptions;  // failures that stop a job, or hit it while it recovers, that nobody asked for; of all jobs
  double planned;
  double failures;      // events, whether they stopped a job or not
  double lost_work;     // s, mean over stops
  double least_spares;  // fewest free units at any time
  double mean_spares;
  double waited;               // s that jobs waited for units
  double most_repair;          // most units in repair or in its queue at once
  double ledger[CLX_LEDGERS];  // GPU-s
  double residual;             // |sum of ledger - GPUs * time| / (GPUs * time)
} clx_reliability_run;

typedef struct clx_reliability_options {
  uint64_t seed;
  int32_t replications;
  int32_t threads;                               // does not change the result
  int32_t samples;                               // points of the series, 0 = none
  double window;                                 // s of the sliding window of the effective training time; default 3600
  double confidence;                             // of bands, 0.9 = 5th to 95th percentile
  bool (*progress)(void *context, double done);  // nullable; from one thread at a time; false = stop (CLX_EXPECTATION)
  void *context;
} clx_reliability_options;

typedef struct clx_band {
  double mean, low, high;
} clx_band;

typedef struct clx_reliability_outcome {
  int32_t replications;
  clx_reliability_run *run;  // [replications]
  clx_band end, goodput, interruptions, planned, failures, lost_work, mean_spares, least_spares, waited, most_repair;
  double ledger[CLX_LEDGERS];  // shares of all GPU-s, mean; they add up to 1
  double residual;             // largest
  // [failure_count] within the horizon, means: interruptions by class (of a planned class: planned stops); events by class
  double *class_stops;
  double *class_events;  // [failure_count]
  // series [samples] over time; progress in s of work, of the first job when there are several
  int32_t samples;
  double *time, *progress, *progress_low, *progress_high;
  double *cumulative, *cumulative_low;  // effective training time up to then: mean, 5th percentile over replications
  double *window, *window_low;  // effective training time of the sliding window: mean, 5th percentile over replications
  double *free_units, *free_units_low;  // fewest: 5th percentile
  double events;                        // simulated, all replications
  uint64_t hash;                        // of all runs: the same for any number of threads
} clx_reliability_outcome;

// Checks a model: CLX_INPUT with a sentence for times that are negative or not finite, more units than the machine has, an interval
// that is not positive, probabilities outside 0..1. CLX_INFEASIBLE: the job can never make progress (restart longer than the mean time
// between failures in earnest: the chance of one segment is below 1e-9, or the expected time exceeds 100 times that without failures), and why.
clx_status clx_reliability_check(const clx_reliability_model *model, clx_error *error);

// Component by component: next event over cohorts; queues, spares, repair, policies. Checks first. Same bits for any number of threads.
// Cost: about 100-200 ns an event. Arrays of *outcome come from `arena`. Errors: those of the check; CLX_INFEASIBLE when a replication
// makes no progress.
clx_status clx_reliability_simulate(const clx_reliability_model *model, const clx_reliability_options *options,
                                    clx_arena *arena, clx_reliability_outcome *outcome, clx_error *error);

// Whether one job that starts again on equal servers, constant rates and enough spares are all there is: then the aggregate path
// gives the same distribution.
bool clx_reliability_is_renewal(const clx_reliability_model *model);
// The aggregate path: the job as a renewal process, failures drawn from the sum of all classes that stop it. About 20-30 ns a failure.
clx_status clx_reliability_renew(const clx_reliability_model *model, const clx_reliability_options *options,
                                 clx_arena *arena, clx_reliability_outcome *outcome, clx_error *error);

// Rate at which a job of stage `stage` is stopped (1/s), all classes; planned ones apart.
double clx_reliability_stop_rate(const clx_reliability_model *model, int32_t job, int32_t stage, double *planned);
// The interval at which the renewal form of the stage is best for its stop rate; also for async and memory plans (by golden section).
// *ettr (nullable): the renewal value there.
double clx_reliability_best_interval(const clx_reliability_model *model, int32_t job, int32_t stage, double *ettr);
