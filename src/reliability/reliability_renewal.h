// What the check, the intervals and the aggregate path share: a job seen as a renewal process.
#pragma once

#include "reliability/reliability_model.h"

// One stage of a job whose failures are exponential: what a stop costs, on the average over the classes that stop it.
typedef struct clx_renewal {
  double rate, planned;  // 1/s: stops that nobody asked for (warned ones included), planned stops
  double lossy;          // 1/s: of `rate`, those without a warning: they lose work
  double saved;          // 1/s: stops that save a checkpoint first: planned and warned ones
  double down;           // s free of failures after a lossy stop, mean: detection, localisation, swap
  double down_swap;      // s, of `down`: swap
  double swap;           // s after a stop with a checkpoint saved, mean
  double alone;          // share of the lossy stops that take one unit or none
  double restart;        // s: start of processes and communicators
} clx_renewal;

clx_renewal clx_reliability_renewal(const clx_reliability_model *model, int32_t job, int32_t stage);

// s to swap so many lost units for free ones.
double clx_reliability_swap_time(const clx_reliability_policy *policy, int64_t units);

// Units that a stage holds.
int64_t clx_reliability_stage_units(const clx_job_stage *stage);
// Time (s) in which a stage is the job's: up to the next one, the horizon, or the work.
double clx_reliability_stage_span(const clx_reliability_model *model, int32_t job, int32_t stage);

// Events per second of one class that touch the job in this stage (whether or not they stop it): of its units, of the groups that
// it has a unit in, and of the whole machine.
double clx_reliability_class_rate(const clx_reliability_model *model, int32_t failure, int32_t job, int32_t stage);
// Events per second of one class on the whole machine at time 0 .. span of the stage, all units that have arrived.
double clx_reliability_machine_rate(const clx_reliability_model *model, int32_t failure, int32_t job, int32_t stage);

// Elapsed time over work at full rate in the long run, with checkpoints every `interval`; INFINITY when it exceeds 1e300.
double clx_reliability_stretch(const clx_reliability_model *model, const clx_renewal *renewal,
                               const clx_checkpoint_plan *plan, double interval);

// A run that takes more than this many times its time without failures is given up, before it is simulated or while it is.
#define CLX_STRETCH_MOST 100.0

// "failure[2] (hbm)": where in the model a mistake is.
enum { CLX_PATH_SIZE = 96 };
void clx_reliability_path(char *text, const char *list, int32_t index, const char *name);

// The second half of the check: whether each stage of each job can make progress. `model` has passed the first half.
clx_status clx_reliability_check_progress(const clx_reliability_model *model, clx_error *error);
