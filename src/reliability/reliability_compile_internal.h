// Steps of clx_reliability_compile.
#pragma once

#include "reliability/reliability.h"

typedef struct clx_reliability_build {
  const clx_reliability_spec *spec;
  const clx_failures *failures;
  const clx_reliability_site *site;
  clx_arena *arena;
  clx_reliability_model *model;
  clx_reliability_note *note;
  void *context;
  clx_error *error;
  clx_reliability_site_cohort *cohort;  // those of the site, and the servers beside the fleet at the end
  int32_t cohort_count;
} clx_reliability_build;

void clx_reliability_say(const clx_reliability_build *build, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// The classes of the entry, changed by those of the section: whether each is complete and consistent.
clx_status clx_reliability_check_classes(const clx_reliability_build *build);
// The same, into model->failure; the cohorts of the model are there.
clx_status clx_reliability_compile_classes(clx_reliability_build *build);
// Whether the section says what checkpoints need.
clx_status clx_reliability_check_checkpoint(const clx_reliability_build *build);
// Times of one checkpoint of a stage, without the interval.
clx_status clx_reliability_compile_checkpoint(const clx_reliability_build *build, int32_t stage,
                                              clx_checkpoint_plan *plan);
// Intervals of all stages; everything else of the model is there.
clx_status clx_reliability_compile_intervals(const clx_reliability_build *build);

// --- published times of recovery by size of the job, s; *inside (nullable): whether `gpus` lies within the measurements --------
typedef enum clx_recovery_time {
  CLX_RECOVERY_REQUEUE,     // a new job: pods, environment, processes, communicators
  CLX_RECOVERY_IN_PLACE,    // new processes on the servers that are there (hot update)
  CLX_RECOVERY_STANDBY,     // servers standing by take the place of lost ones
  CLX_RECOVERY_REGROUPING,  // communicators alone
  CLX_RECOVERY_TIMES
} clx_recovery_time;

double clx_recovery_published(clx_recovery_time what, double gpus, bool *inside);
