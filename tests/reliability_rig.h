// A job on equal servers for the tests of reliability: one struct that holds all arrays of a model.
#pragma once

#include <math.h>

#include "reliability/reliability_model.h"

enum { RIG_CLASSES = 18 };

typedef struct rig {
  clx_reliability_cohort cohort;
  clx_failure_class failure[RIG_CLASSES];
  double parts[1];
  int32_t group[1];
  clx_job_stage stage;
  clx_reliability_job job;
  clx_reliability_model model;
} rig;

static const double RIG_DAY = 86400;

// `units` servers of 8 GPUs in one job, `classes` classes of `rate` each per server and second; no repair, no downtime.
static inline void rig_make(rig *r, int64_t units, int32_t classes, double rate) {
  *r = (rig){.parts = {1}, .group = {1}};
  r->cohort =
      (clx_reliability_cohort){.name = "all", .units = units, .gpus = 8, .heat = 1, .positions = 1, .position = {1}};
  for (int32_t i = 0; i < classes; i++) {
    r->failure[i] = (clx_failure_class){.name = "class",
                                        .hazard = {.rate = rate, .shape = 1},
                                        .parts = r->parts,
                                        .group = r->group,
                                        .stops = 1,
                                        .fixed = 1};
  }
  r->stage = (clx_job_stage){.replicas = 1,
                             .units_per_replica = units,
                             .rate = 1,
                             .checkpoint = {.mode = CLX_CHECKPOINT_SYNC, .interval = 3600}};
  r->job = (clx_reliability_job){.name = "train", .stage = &r->stage, .stage_count = 1, .work = INFINITY};
  r->model = (clx_reliability_model){.cohort = &r->cohort,
                                     .cohort_count = 1,
                                     .failure = r->failure,
                                     .failure_count = classes,
                                     .job = &r->job,
                                     .job_count = 1,
                                     .horizon = 54 * RIG_DAY};
}

// Llama 3 405B: 2,048 servers, 54 days, the 419 unplanned interruptions of Table 5 by cause (Dubey et al. 2024).
static const int32_t RIG_TABLE_5[RIG_CLASSES] = {148, 72, 54, 35, 32, 19, 17, 7, 7, 6, 6, 3, 3, 2, 2, 2, 2, 2};

static inline void rig_llama(rig *r, double stall, double detect) {
  const double exposure = 2048 * 54 * RIG_DAY;
  rig_make(r, 2048, RIG_CLASSES, 0);
  for (int32_t i = 0; i < RIG_CLASSES; i++) {
    clx_failure_class *f = &r->failure[i];
    f->events = RIG_TABLE_5[i];
    f->exposure = exposure;
    f->hazard.rate = f->events / exposure;
    f->detect = detect;
  }
  r->stage.checkpoint.stall = stall;
}
