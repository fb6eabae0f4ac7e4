// What the passes of a job's power share. Internal to training.
#pragma once

#include "training/training_canvas.h"
#include "training/training_fleet.h"

// Replicas that are drawn and stand for all.
enum { CLX_POWER_LANES_MAX = 64 };

// Tasks of one part at full speed.
typedef struct clx_part_tasks {
  const clx_part *part;
  clx_draw_sum *task[CLX_TASK_KINDS];  // [positions]
  double *energy[CLX_TASK_KINDS];      // [positions] J, of all kinds
  double *done[CLX_TASK_KINDS];        // [positions]: tasks at full speed that are on the canvas but not in its total
  int32_t lanes, drawn;                // of the part; those that are drawn
  double weight;                       // of one of those
} clx_part_tasks;

typedef struct clx_job_power {
  const clx_fleet *fleet;
  clx_job_draw draw;
  clx_part_tasks part[CLX_PARTS_MAX];  // on the device that is asked for
  int32_t part_count;
} clx_job_power;

// A lane at a stage: factor on the time of its tasks, and what of it the mean rank of the lane works (the rest it waits for the
// slowest).
typedef struct clx_lane_pace {
  double slowness, working;
} clx_lane_pace;

clx_status clx_job_power_make(const clx_fleet *fleet, const clx_device *device, clx_arena *arena, clx_job_power *power,
                              clx_error *error);
// Number of the i-th drawn lane of a part.
int32_t clx_part_tasks_lane(const clx_part_tasks *part, int32_t i);
// pace[stages].
void clx_job_power_pace(const clx_job_power *power, const clx_part_tasks *part, int32_t lane, clx_lane_pace *pace);
// Work of `time` s and `energy` J at full speed, from start to end (s); what is left the ranks of the lane wait. Work is counted in
// `done` and goes into the total with clx_part_tasks_count.
void clx_job_power_put(clx_canvas *canvas, int32_t stage, const clx_lane_pace *pace, double energy, double time,
                       double start, double end);
void clx_part_tasks_count(clx_part_tasks *part, clx_canvas *canvas);

// Energy of a training step; of the forward passes of an evaluation of `sequences`.
clx_status clx_job_power_step(clx_job_power *power, int32_t samples, clx_arena *arena, clx_canvas *canvas,
                              clx_error *error);
clx_status clx_job_power_evaluation(clx_job_power *power, double sequences, int32_t samples, clx_arena *arena,
                                    clx_canvas *canvas, clx_error *error);
