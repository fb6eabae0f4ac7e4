// A lower bound of the step, for searches.
#include <math.h>

#include "training/training_exact.h"
#include "training/training_internal.h"

static clx_training_slot slot_of(const clx_layer_cost *cost) {
  clx_training_slot slot = {clx_layer_cost_forward(cost) + clx_layer_cost_backward(cost), cost->repeat};
  for (int32_t pass = 0; pass < 2; pass++)
    slot.kernels += cost->gemm[pass] + cost->attention[pass] + cost->stream[pass];
  return slot;
}

clx_training_slots clx_training_slots_of(const clx_training_costs *costs) {
  clx_training_slots s = {.embedding = slot_of(&costs->embedding), .head = slot_of(&costs->head)};
  for (int32_t moe = 0; moe < 2; moe++) {
    for (int32_t windowed = 0; windowed < 2; windowed++) s.layer[moe][windowed] = slot_of(&costs->layer[moe][windowed]);
  }
  return s;
}

double clx_training_spread(const clx_training *job) {
  return hypot(job->device->speed_spread, CLX_STEP_JITTER) * clx_expected_maximum(clx_layout_ranks(&job->layout));
}

static void add_slot(clx_training_slot *sum, const clx_training_slot *one, double times) {
  sum->all += times * one->all;
  sum->kernels += times * one->kernels;
}

static clx_training_slot stage_slot(const clx_training_slots *s, const clx_stage *stage, bool moe) {
  clx_training_slot sum = {0};
  if (stage->embedding) add_slot(&sum, &s->embedding, 1);
  if (stage->head) add_slot(&sum, &s->head, 1 + stage->mtp);
  if (stage->mtp > 0) add_slot(&sum, &s->layer[moe][0], stage->mtp);
  for (int32_t i = 0; i < 2; i++) {
    for (int32_t k = 0; k < 2; k++) add_slot(&sum, &s->layer[i][k], stage->layers[i][k]);
  }
  return sum;
}

// The first chunk of a stage, not the first of the model: at least so many layers, each at least the lightest kind.
static double least_chunk(const clx_training *job, const clx_training_slots *s) {
  double least = INFINITY;
  for (int32_t i = 0; i < 2; i++) {
    for (int32_t k = 0; k < 2; k++) least = s->layer[i][k].all > 0 ? fmin(least, s->layer[i][k].all) : least;
  }
  const int32_t layers = job->model->layers / (job->layout.pp * job->layout.vpp);
  return isfinite(least) ? layers * least : 0;
}

// A stage cannot start before the first micro-batch has passed the stages before it, and these have the last gradients still to
// pass when it is done: its own work and both lie one after the other. Schedules with weight gradients apart end differently: of
// these only the work of a stage counts, in dualpipe only its kernels, which the exchange of experts may hide behind.
double clx_training_floor(const clx_training *job, const clx_training_slots *slots, double transfer, double spread,
                          const clx_stage_run *run, int32_t run_count) {
  static const double ROUNDING = 1e-6;  // of sums in another order, and of lanes in single precision
  const clx_layout *l = &job->layout;
  const int32_t kind = clx_training_schedule(l);
  const bool moe = job->model->mtp_layers > 0 && clx_moe_layers(job->model) > 0;
  const bool both_ends = kind == CLX_PIPELINE_DUALPIPE;
  const bool plain = kind == CLX_PIPELINE_GPIPE || kind == CLX_PIPELINE_1F1B || kind == CLX_PIPELINE_INTERLEAVED;
  const double hop = l->pp > 1 ? transfer : 0,
               drag = job->software->pp_overlap ? clx_training_transfer_drag(job) * hop : 0;
  const double m = clx_training_micro_batches(job), each = both_ends ? floor(m / 2) : m;
  const double chunk = l->vpp > 1 ? least_chunk(job, slots) : 0;
  double passed = 0, most = 0, kernels = INFINITY;
  for (int32_t i = 0; i < run_count; i++) {
    const clx_training_slot slot = stage_slot(slots, &run[i].stage, moe);
    const double work = (both_ends ? slot.kernels : slot.all + 2 * l->vpp * drag);
    const double before = (l->vpp > 1 ? chunk : work) + 2 * hop;
    // The last stage of the run has most before it; the first chunk of the model may be lighter than others.
    const int32_t light = l->vpp > 1 && run[i].first == 0 ? 1 : 0;
    const double first = plain ? passed + (run[i].count - 1 - light) * before : 0;
    most = fmax(most, each * work + fmax(0, first));
    kernels = fmin(kernels, each * slot.kernels);
    passed += (run[i].count - light) * before;
  }
  return (most + spread * kernels + job->software->step_overhead) * (1 - ROUNDING);
}
