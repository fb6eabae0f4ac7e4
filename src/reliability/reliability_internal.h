// What both paths of the simulation (component by component, aggregate) share: replications on threads, samples over time, and the
// outcome made from the runs in their order.
#pragma once

#include "reliability/reliability_model.h"

// --- rates --------------------------------------------------------------------------------------------------------------------
enum { CLX_STREAM_RATES = 0x5201 };  // domain of the stream, with replication and class

// Factor of a class's cumulative hazard in a replication: Gamma(events) / events, of mean 1; 1 where rates are not drawn.
double clx_hazard_draw(const clx_reliability_model *model, int32_t failure, uint64_t seed, int32_t replication);

// s to read a checkpoint back, from memory where it is `near`.
double clx_checkpoint_load(const clx_checkpoint_plan *plan, bool near);

// --- replications on threads --------------------------------------------------------------------------------------------------
// One replication, by one thread's own state. Writes nothing but *run and what belongs to `index`.
typedef clx_status clx_replicate(void *worker, int32_t index, clx_reliability_run *run, clx_error *error);

// Threads that `options` ask for: at least one, no more than replications.
int32_t clx_replication_threads(const clx_reliability_options *options);

// Deals replications 0 .. options->replications - 1 to `workers` threads. The error that returns is that of the lowest replication
// that failed, for any number of threads. CLX_EXPECTATION when `progress` said stop.
clx_status clx_replicate_all(const clx_reliability_options *options, void *const *worker, int32_t workers,
                             clx_replicate *replicate, clx_reliability_run *run, clx_error *error);

// --- samples over time --------------------------------------------------------------------------------------------------------
// Probes of a run in ascending time: at every sample's time, and a window before it. probe_sample: sample, or -1 - sample for the
// beginning of its window. Values of replication i and sample s stand at [i * samples + s].
typedef struct clx_series_store {
  int32_t samples, replications, probes;
  double window, span;   // s
  double *time;          // [samples]
  double *probe;         // [probes] s
  int32_t *probe_index;  // [probes]
  double *progress;      // s of work at the sample's time
  double *before;        // s of work a window earlier
  float *free_units;
} clx_series_store;

// Samples at span / samples, 2 span / samples, ... span. CLX_MEMORY.
clx_status clx_series_make(clx_series_store *store, const clx_reliability_options *options, int32_t replications,
                           double span, clx_arena *arena, clx_error *error);

// --- outcome ------------------------------------------------------------------------------------------------------------------
// Bands, ledger, residual and hash from outcome->run [options->replications], which is set.
clx_status clx_outcome_summarise(const clx_reliability_options *options, clx_arena *arena,
                                 clx_reliability_outcome *outcome, clx_error *error);
// Series from a store that every replication has filled.
clx_status clx_outcome_series(const clx_reliability_model *model, const clx_reliability_options *options,
                              const clx_series_store *store, clx_arena *arena, clx_reliability_outcome *outcome,
                              clx_error *error);
// Work that job `job` could do from 0 to `time` at the full rate of its stages (s of stage 0).
double clx_work_possible(const clx_reliability_model *model, int32_t job, double time);
// When it would be done without a failure or a checkpoint; INFINITY without an end.
double clx_work_ideal(const clx_reliability_model *model, int32_t job);
// GPUs that have arrived by `time`; *gpu_seconds (nullable): since their arrivals.
double clx_machine_gpus(const clx_reliability_model *model, double time, double *gpu_seconds);
