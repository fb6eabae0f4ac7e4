// A machine of equal units, one failure class and one job, to be changed by a test; statistics of its replications.
#pragma once

#include "check.h"

#include "chance/chance.h"
#include "reliability/reliability_model.h"

#define CLX_DAY 86400.0

enum { RIG_COHORTS = 40, RIG_CLASSES = 8, RIG_JOBS = 4, RIG_STAGES = 3 };

typedef struct rig {
  clx_reliability_cohort cohort[RIG_COHORTS];
  clx_failure_class failure[RIG_CLASSES];
  double parts[RIG_CLASSES][RIG_COHORTS];
  int32_t group[RIG_CLASSES][RIG_COHORTS];
  clx_reliability_job job[RIG_JOBS];
  clx_job_stage stage[RIG_JOBS][RIG_STAGES];
  double *speed;
  clx_reliability_model model;
  clx_reliability_options options;
  clx_arena *arena;
  clx_reliability_outcome outcome;
} rig;

static inline void rig_cohort(rig *r, int64_t units) {
  r->cohort[r->model.cohort_count++] =
      (clx_reliability_cohort){.name = "units", .units = units, .gpus = 8, .heat = 1, .positions = 1, .position = {1}};
}

static inline clx_failure_class *rig_class(rig *r, const char *name, double rate) {
  const int32_t i = r->model.failure_count++;
  for (int32_t c = 0; c < RIG_COHORTS; c++) r->parts[i][c] = r->group[i][c] = 1;
  r->failure[i] = (clx_failure_class){.name = name,
                                      .title = name,
                                      .hazard = {.rate = rate, .shape = 1},
                                      .parts = r->parts[i],
                                      .group = r->group[i],
                                      .stops = 1,
                                      .fixed = 1};
  return &r->failure[i];
}

static inline clx_job_stage *rig_job(rig *r, int32_t replicas, int64_t units_per_replica, double work) {
  const int32_t i = r->model.job_count++;
  r->stage[i][0] = (clx_job_stage){.replicas = replicas,
                                   .units_per_replica = units_per_replica,
                                   .rate = 1,
                                   .checkpoint = {.mode = CLX_CHECKPOINT_SYNC, .interval = 600}};
  r->job[i] = (clx_reliability_job){.name = "job", .stage = r->stage[i], .stage_count = 1, .work = work};
  return &r->stage[i][0];
}

// Nothing but the frame: cohorts, classes and jobs are added.
static inline rig *rig_new(int32_t replications) {
  rig *r = calloc(1, sizeof *r);
  assert_non_null(r);
  r->model = (clx_reliability_model){.cohort = r->cohort,
                                     .failure = r->failure,
                                     .job = r->job,
                                     .policy = {.least = 1, .redundancy = 1},
                                     .repair = {.offender = 1}};
  r->options = (clx_reliability_options){.seed = 1, .replications = replications, .threads = 2, .confidence = 0.9};
  return r;
}

static inline const clx_reliability_outcome *rig_run(rig *r) {
  clx_error error = {0};
  clx_arena_free(r->arena);
  r->arena = clx_arena_new();
  assert_non_null(r->arena);
  const clx_status status = clx_reliability_simulate(&r->model, &r->options, r->arena, &r->outcome, &error);
  if (status != CLX_OK) fail_msg("%s", error.mistake[0].text);
  return &r->outcome;
}

static inline void rig_free(rig *r) {
  clx_arena_free(r->arena);
  free(r);
}

// Mean and standard error of one member over replications.
typedef struct statistic {
  double mean, error;
} statistic;

static inline statistic rig_statistic(const rig *r, size_t offset) {
  double sum = 0, squares = 0;
  const int32_t n = r->outcome.replications;
  for (int32_t i = 0; i < n; i++) {
    double x;
    memcpy(&x, (const char *)&r->outcome.run[i] + offset, sizeof x);
    sum += x;
    squares += x * x;
  }
  const double mean = sum / n;
  return (statistic){mean, sqrt(fmax(0, squares / n - mean * mean) / (n - 1))};
}

#define RIG_STATISTIC(rig, member) rig_statistic((rig), offsetof(clx_reliability_run, member))

// Within `errors` standard errors of what is expected, and not for want of a spread.
#define CHECK_STATISTIC(got, want, errors)                                                            \
  do {                                                                                                \
    const statistic check_ = (got);                                                                   \
    if (!(check_.error > 0) || !(fabs(check_.mean - (want)) <= (errors)*check_.error)) {              \
      fail_msg("%s is %.8g +- %.3g, expected %.8g", #got, check_.mean, check_.error, (double)(want)); \
    }                                                                                                 \
  } while (0)
