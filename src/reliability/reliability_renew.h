// The aggregate path: what all replications share, and the state of one thread.
#pragma once

#include "reliability/reliability_internal.h"

// What a stop of the job costs.
typedef struct clx_renew_stop {
  double detect, swap;        // s
  bool asked, planned, near;  // asked for, or warned of; near: a copy in memory outlives it
} clx_renew_stop;

typedef struct clx_renew_class {
  double rate;  // 1/s of one part
  double stops,
      others;  // parts whose events stop the job; and those that do not (of spares; what waits for the next stop)
  double lost, warned;  // probabilities
  bool alone;           // takes one unit or none
  bool certain;         // every stop is `stop`
  clx_renew_stop stop;  // without a warning, a unit lost
} clx_renew_class;

// A column of the table that picks one of n in constant time (Walker 1977): itself below the threshold (of 2^32), else the other.
typedef struct clx_renew_alias {
  uint32_t threshold;
  int32_t other;
} clx_renew_alias;

typedef struct clx_renew {
  const clx_reliability_model *model;
  const clx_reliability_options *options;
  clx_checkpoint_plan plan;  // without checkpoints: one interval that is never over
  bool memory, saves;
  double cycle, round;              // s of an interval with its stall; of remote_every of them with the one in storage
  double work, horizon, restart;    // s
  double gpus, spare_gpus, spares;  // GPUs of the job, of spares; units
  int32_t classes;
  const clx_renew_class *class;
  clx_series_store *store;  // NULL = no series
} clx_renew;

enum { CLX_RENEW_AHEAD = 64 };

typedef struct clx_renew_worker {
  const clx_renew *all;
  clx_stream times, marks;
  double ahead[CLX_RENEW_AHEAD];
  int32_t used;
  double stop_rate, other_rate;   // 1/s, all classes, of this replication
  double *weight;                 // [3 classes] 1/s: stops, others; scratch
  int32_t *queue;                 // [classes] scratch
  clx_renew_alias *stop, *other;  // [classes]
  clx_renew_stop drawn;
  uint64_t word;                         // of marks
  bool halves;                           // half of it is used
  uint64_t *class_stops, *class_others;  // [classes] within the horizon: stops; events that stop nothing
  double events;
  // the replication
  int32_t index, probe, class;  // class of the last stop
  double time;                  // s
  double base;                  // s of work at the last stop that saved it
  int64_t done, remote;         // intervals since then whose checkpoint counts; of them up to the last one in storage
  double unsaved;               // s of work that is being saved
  double load;                  // s, of the restart under way
  // Within the horizon: time of planned stops in which nothing stops the job, and of their checkpoints (s).
  double ledger[CLX_LEDGERS], shield, saving;
  int64_t stops, counted[2];  // all; within the horizon: interruptions, planned
  double reached;             // s of work at the horizon
  bool over;                  // past the horizon
} clx_renew_worker;

clx_status clx_renew_worker_make(clx_renew_worker *worker, const clx_renew *all, clx_arena *arena, clx_error *error);
// One replication (clx_replicate).
clx_status clx_renew_replicate(void *worker, int32_t index, clx_reliability_run *run, clx_error *error);
