// Energy of the GPUs of each stage over one pass, in samples. Internal to training.
#pragma once

#include "training/training_draw.h"
#include "training/training_power.h"

// What is put goes in for one GPU of a stage, times `weight` (of the replicas that stand for all, one sums up to 1).
typedef struct clx_canvas {
  const clx_job_draw *draw;
  double time;  // s
  int32_t stages, samples;
  double weight;
  double *energy;      // [stages][samples] J
  clx_draw_sum total;  // summed over stages
} clx_canvas;

clx_status clx_canvas_make(const clx_job_draw *draw, double time, int32_t stages, int32_t samples, clx_arena *arena,
                           clx_canvas *canvas, clx_error *error);
// `energy` J evenly from start to end (s), not counted in `total`. What lies outside of the pass goes into its nearest sample.
void clx_canvas_spread(clx_canvas *canvas, int32_t stage, double start, double end, double energy);
// One kind at its own draw.
void clx_canvas_put(clx_canvas *canvas, int32_t stage, clx_draw_kind kind, double start, double end);
// From `start` to `end` this kind instead of waiting that was put before.
void clx_canvas_replace_wait(clx_canvas *canvas, int32_t stage, clx_draw_kind kind, double start, double end);

// Samples, mean, extremes, shares; the draw follows its load by `lag` s (the pass repeats).
clx_status clx_canvas_finish(const clx_canvas *canvas, double ranks, double lag, clx_arena *arena,
                             clx_pass_power *power, clx_error *error);
