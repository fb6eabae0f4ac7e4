// The aggregate path: what all replications share, and the state of one thread.
#pragma once

#include "reliability/reliability_internal.h"

typedef struct clx_renew_class {
  double rate;  // 1/s of one part
  double stops,
      others;  // parts whose events stop the job; and those that do not (of spares; what waits for the next stop)
  double events, exposure;  // of the posterior; exposure 0 = not drawn
  double detect, swap;      // s: detection and localisation; what replacing a lost unit takes
  double lost, warned;      // probabilities
  bool planned, alone;      // alone: takes one unit or none
} clx_renew_class;

// One of n in constant time (Walker 1977).
typedef struct clx_renew_alias {
  uint64_t *threshold;  // of 2^32
  int32_t *other;
} clx_renew_alias;

typedef struct clx_renew {
  const clx_reliability_model *model;
  const clx_reliability_options *options;
  clx_checkpoint_plan plan;  // without checkpoints: one interval that is never over
  bool memory, saves;
  double cycle, round;  // s of an interval with its stall; of remote_every of them with the one in storage
  double work, horizon;
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
  double stop_rate, other_rate;  // 1/s, all classes, of this replication
  double *weight;                // [3 classes] 1/s: stops, others; scratch
  int32_t *queue;                // [classes] scratch
  clx_renew_alias stop, other;
  uint64_t *class_stops, *class_events;  // [classes]
  double events;
  // the replication
  int32_t index, probe;
  double time, end;      // s
  double base;           // s of work at the last stop that saved it
  int64_t done, remote;  // intervals since then whose checkpoint counts; of them up to the last one in storage
  double ledger[CLX_LEDGERS];
  double lost, down, running;  // s within the horizon: work lost; time free of failures; time of running
  double interruptions, planned, stops;
  double reached;  // s of work at the horizon
  bool over;       // past the horizon
} clx_renew_worker;

clx_status clx_renew_worker_make(clx_renew_worker *worker, const clx_renew *all, clx_arena *arena, clx_error *error);
// One replication (clx_replicate).
clx_status clx_renew_replicate(void *worker, int32_t index, clx_reliability_run *run, clx_error *error);
