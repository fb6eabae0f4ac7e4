// A lower bound of the step, for searches.
#include <math.h>

#include "training/training_internal.h"

static double slot_of(const clx_layer_cost *cost) {
  return clx_layer_cost_forward(cost) + clx_layer_cost_backward(cost);
}

clx_training_slots clx_training_slots_of(const clx_training_costs *costs) {
  clx_training_slots s = {.embedding = slot_of(&costs->embedding), .head = slot_of(&costs->head)};
  for (int32_t moe = 0; moe < 2; moe++) {
    for (int32_t windowed = 0; windowed < 2; windowed++) s.layer[moe][windowed] = slot_of(&costs->layer[moe][windowed]);
  }
  return s;
}

static double stage_slot(const clx_training_slots *s, const clx_stage *stage, bool moe) {
  double slot = stage->embedding ? s->embedding : 0;
  if (stage->head) slot += (1 + stage->mtp) * s->head + stage->mtp * s->layer[moe][0];
  for (int32_t i = 0; i < 2; i++) slot += stage->layers[i][0] * s->layer[i][0] + stage->layers[i][1] * s->layer[i][1];
  return slot;
}

// The first of several chunks of a stage: at least so many layers, each at least the lightest kind.
static double least_chunk(const clx_training *job, const clx_training_slots *s) {
  const clx_transformer *m = job->model;
  const int32_t layers = m->layers / (job->layout.pp * job->layout.vpp) - (job->software->split_embedding ? 1 : 0);
  double least = INFINITY;
  for (int32_t i = 0; i < 2; i++) {
    for (int32_t k = 0; k < 2; k++) least = s->layer[i][k] > 0 ? fmin(least, s->layer[i][k]) : least;
  }
  return layers > 0 && isfinite(least) ? layers * least : 0;
}

// A stage cannot start before the first micro-batch has passed the stages before it, and these have the last gradients still to
// pass when it is done: its own work and both lie one after the other. Schedules with weight gradients apart, or from both ends,
// end differently: of these only the work of a stage counts.
double clx_training_floor(const clx_training *job, const clx_training_slots *slots, double transfer,
                          const clx_stage_run *run, int32_t run_count) {
  static const double ROUNDING = 1e-6;  // of sums in another order, and of lanes in single precision
  const clx_layout *l = &job->layout;
  const int32_t kind = clx_training_schedule(l);
  const bool moe = job->model->mtp_layers > 0 && clx_moe_layers(job->model) > 0;
  const bool plain = kind == CLX_PIPELINE_GPIPE || kind == CLX_PIPELINE_1F1B || kind == CLX_PIPELINE_INTERLEAVED;
  const double hop = l->pp > 1 ? transfer : 0, drag = job->software->pp_overlap ? CLX_OVERLAP_COST * hop : 0;
  const double m = clx_training_micro_batches(job), each = kind == CLX_PIPELINE_DUALPIPE ? floor(m / 2) : m;
  const double chunk = l->vpp > 1 ? least_chunk(job, slots) : 0;
  double passed = 0, most = 0;
  for (int32_t i = 0; i < run_count; i++) {
    const double slot = stage_slot(slots, &run[i].stage, moe) + 2 * l->vpp * drag;
    const double before = (l->vpp > 1 ? chunk : slot) + 2 * hop;
    // The last stage of the run has most before it.
    const double first = plain ? passed + (run[i].count - 1) * before : 0;
    most = fmax(most, each * slot + first);
    passed += run[i].count * before;
  }
  return (most + job->software->step_overhead) * (1 - ROUNDING);
}
