// What is kept of the replicas. For the files of this folder.
#pragma once

#include "buildout/buildout_internal.h"

enum { CLX_SAMPLE_BLOCKS = 64 };  // sums are kept by block and added in order: the same bits for any number of threads

typedef struct clx_sample_effect {
  double full, first;
  int32_t happens, full_count, first_count;
  int32_t prevents, prevents_first;  // never with it, once without it
} clx_sample_effect;

// Sums over one block of replicas.
typedef struct clx_sample_block {
  int32_t *share;                      // [causes + 1][days + 1]
  double *sum;                         // [CLX_SAMPLE_SUMS][days + 1]
  int32_t *critical, *critical_first;  // [drivers]
  clx_sample_effect *effect;           // [events]
  double *month;                       // [months] sum of the GPUs that can be used
} clx_sample_block;

enum {
  CLX_SAMPLE_USABLE,
  CLX_SAMPLE_DAYS,
  CLX_SAMPLE_UNDELIVERED,
  CLX_SAMPLE_UNINSTALLED,
  CLX_SAMPLE_UNSTARTED,
  CLX_SAMPLE_STARTING,
  CLX_SAMPLE_IDLE,
  CLX_SAMPLE_SUMS
};

typedef struct clx_samples {
  int32_t replicas, days;
  float *usable;  // [days + 1][replicas]
  int32_t months;
  int32_t *month_day;       // [months] day that begins when the month ends
  float *month;             // [months][replicas] GPUs that can be used until then
  float *x;                 // [drivers][replicas]
  float *finish;            // [works][replicas] s
  float *begin;             // the same of their starts; NULL = not kept
  double *full, *first;     // [replicas] s
  double *gpus, *gpu_days;  // [by][replicas]
  double *milestone;        // [milestones][replicas] s
  clx_sample_block block[CLX_SAMPLE_BLOCKS];
} clx_samples;

// P10, P50 and P90 (nearest rank) of unordered values, which are put in another order. O(count) in the mean.
void clx_sample_quantiles(float *v, int32_t count, double *p10, double *p50, double *p90);

// Deliveries from another section as one input: what they come to over the replicas.
typedef struct clx_source_swing {
  double *early,
      *late;  // [periods] GPUs so far: what one replica in ten is above (its date of any number is the P10), and below (P90)
  float *
      when;  // [replicas] s after the same without chance that all the fleet, or all that comes, is delivered; INFINITY = never
  double low, high;  // s, P10 and P90 of `when`
} clx_source_swing;
clx_status clx_source_swing_make(const clx_buildout *b, int32_t replicas, clx_arena *arena, clx_source_swing *out,
                                 clx_error *error);

clx_status clx_samples_new(const clx_buildout *b, int32_t replicas, clx_arena *arena, clx_samples *out,
                           clx_error *error);
// One history into block sums and, from replica 0 on, samples.
void clx_samples_add(clx_samples *samples, clx_history *history, const clx_draw *draw, clx_sample_block *block,
                     clx_buildout_link *links);
clx_status clx_samples_run(clx_samples *samples, const clx_buildout *b, const clx_project_plan *plan,
                           const clx_buildout_settings *settings, clx_error *error);
