// One optimizer step: pipeline of micro-batches over stages, gradient and parameter collectives, optimizer, jitter.
#include <math.h>

#include "training/training_exact.h"
#include "training/training_internal.h"

clx_training_costs clx_training_costs_make(const clx_training *job) {
  const clx_transformer *m = job->model;
  clx_training_costs c = {0};
  const bool any_moe = clx_moe_layers(m) > 0, any_dense = clx_moe_layers(m) < m->layers;
  for (int32_t moe = 0; moe < 2; moe++) {
    if (moe ? !any_moe : !any_dense) continue;
    c.layer[moe][0] = clx_training_layer_cost(job, moe, false);
    if (m->sliding_window > 0) c.layer[moe][1] = clx_training_layer_cost(job, moe, true);
  }
  c.embedding = clx_training_embedding_cost(job);
  c.head = clx_training_head_cost(job);
  return c;
}

void clx_layer_cost_add(clx_layer_cost *sum, const clx_layer_cost *one, double times) {
  for (int32_t pass = 0; pass < 2; pass++) {
    sum->gemm[pass] += times * one->gemm[pass];
    sum->attention[pass] += times * one->attention[pass];
    sum->stream[pass] += times * one->stream[pass];
    sum->launch[pass] += times * one->launch[pass];
    sum->tp[pass] += times * one->tp[pass];
    sum->cp[pass] += times * one->cp[pass];
    sum->ep[pass] += times * one->ep[pass];
    sum->fsdp[pass] += times * one->fsdp[pass];
    sum->contention[pass] += times * one->contention[pass];
    sum->link_bytes[pass] += times * one->link_bytes[pass];
    sum->link_time[pass] += times * one->link_time[pass];
  }
  sum->weight += times * one->weight;
  sum->repeat += times * one->repeat;
  sum->repeat_tp += times * one->repeat_tp;
  sum->repeat_cp += times * one->repeat_cp;
  sum->repeat_ep += times * one->repeat_ep;
  sum->flop += times * one->flop;
  sum->attention_flop += times * one->attention_flop;
  sum->gemm_bytes += times * one->gemm_bytes;
  sum->attention_bytes += times * one->attention_bytes;
}

// Some optimizers add the gradients of each micro-batch to an fp32 copy in a pass of its own.
static double accumulate_time(const clx_training *job, const clx_stage_parameters *p) {
  return clx_device_stream_time(job->device, (p->shared + p->expert) * job->software->accumulate_bytes);
}

clx_stage_time clx_training_stage_time(const clx_training *job, const clx_training_costs *c, const clx_stage *stage,
                                       const clx_stage_parameters *trained) {
  clx_stage_time t = {0};
  for (int32_t moe = 0; moe < 2; moe++) {
    for (int32_t windowed = 0; windowed < 2; windowed++) {
      if (stage->layers[moe][windowed] > 0)
        clx_layer_cost_add(&t.sum, &c->layer[moe][windowed], stage->layers[moe][windowed]);
    }
  }
  if (stage->embedding) clx_layer_cost_add(&t.sum, &c->embedding, 1);
  if (stage->head) clx_layer_cost_add(&t.sum, &c->head, 1 + stage->mtp);
  if (stage->mtp > 0) clx_layer_cost_add(&t.sum, &c->layer[clx_moe_layers(job->model) > 0 ? 1 : 0][0], stage->mtp);
  t.sum.stream[1] += accumulate_time(job, trained);
  t.forward = clx_layer_cost_forward(&t.sum);
  t.backward = clx_layer_cost_backward(&t.sum);
  return t;
}

// --- pipeline -----------------------------------------------------------------------------------------------------------

double clx_training_transfer_time(const clx_training *job) {
  const clx_layout *l = &job->layout;
  if (l->pp <= 1) return 0;
  const clx_group pair = clx_group_make(job->network, 2, l->tp * l->cp * l->dp);
  return clx_collective_time(job->network, CLX_SEND_RECEIVE, pair, clx_training_pp_bytes(job));
}

// --- data parallelism -----------------------------------------------------------------------------------------------------

clx_stage_parameters clx_training_trained(const clx_training *job, clx_stage_parameters held) {
  if (job->model->adapter_rank > 0) return (clx_stage_parameters){.shared = clx_training_adapters(job)};
  return held;
}

// What of data parallelism shows: its own exposed time, and what it costs transfers on the same links.
typedef struct shown {
  double exposed, contention;
} shown;

static shown shown_sum(shown a, shown b) { return (shown){a.exposed + b.exposed, a.contention + b.contention}; }

// A collective in the `share` (0 = not overlapped) of a pass over one micro-batch that it can hide behind; `last` of it has
// nothing left to hide behind.
static shown behind(const clx_training *job, clx_training_traffic *t, clx_traffic_demand d, const clx_stage_time *stage,
                    int32_t pass, double share, double last) {
  if (d.time <= 0) return (shown){0, 0};
  const clx_layer_cost *c = &stage->sum;
  const double whole = d.time, window = (pass == 0 ? stage->forward : stage->backward) * share;
  const double waiting[CLX_WAITING] = {share * c->tp[pass], share * c->cp[pass], share * c->ep[pass]};
  const double compute = window - waiting[0] - waiting[1] - waiting[2];
  d = clx_training_part_demand(&d, 1 - last);
  const clx_beside beside = clx_training_beside(t, &d, compute, waiting);
  return (shown){whole - beside.hidden * (1 - clx_training_dp_drag(job, &d, c, pass)), beside.added};
}

static shown dp_shown(const clx_training *job, const clx_stage_parameters *p, const clx_stage_time *stage,
                      clx_training_traffic *t) {
  const clx_layout *l = &job->layout;
  const clx_software *s = job->software;
  const double last = fmax(s->last_bucket / l->vpp, 0.01);
  // The gradients of a chunk are complete when its last micro-batch is through; with several chunks the others still compute.
  const double chunks = l->vpp > 1 ? (double)(l->vpp - 1) / l->vpp * fmin(l->pp, 4) : 1;
  const double after = s->dp_overlap ? chunks : 0, before = s->gather_overlap ? chunks : 0;
  const clx_traffic_demand gather = clx_training_dp_demand(job, &t->traffic, p, 0);
  const clx_traffic_demand reduce = clx_training_dp_demand(job, &t->traffic, p, 1);
  return shown_sum(behind(job, t, gather, stage, 0, before, last), behind(job, t, reduce, stage, 1, after, last));
}

// Memory-bound. Adam reads gradient, master copy and two moments and writes the last three and the weight; before it the
// gradients are averaged over replicas (read, written), their norm is taken (read) and they are clipped (read, written), after
// it set to zero (written): Megatron-Core, param_and_grad_buffer.py and clip_grads.py. Optimizers that cast and unscale in passes
// of their own move more (update_bytes). Narrow weights are cast once a step, in both layouts.
double clx_training_optimizer_time(const clx_training *job, const clx_stage_parameters *p) {
  const clx_layout *l = &job->layout;
  const double all = p->shared + p->expert;
  double mine = all, held = all;
  if (l->sharding != CLX_SHARDING_NONE) {
    mine = p->shared / clx_shard_ranks(l) + p->expert / clx_expert_shard_ranks(l);
  }
  if (l->sharding > CLX_SHARDING_ZERO1) held = mine;
  const double gradient = job->software->gradient_bytes;
  const double update = fmax(2 * job->software->optimizer_bytes + 4 * gradient + 2, job->software->update_bytes);
  double bytes = mine * update + held * 3 * gradient;
  const bool whole = l->sharding != CLX_SHARDING_FSDP && l->sharding != CLX_SHARDING_HSDP;
  if (whole && clx_precision_format(job->precision) != CLX_BF16) {
    bytes += all * (job->software->parameter_bytes + 2 * clx_kernel_format_bytes(clx_precision_kernel(job->precision)));
  }
  return clx_device_stream_time(job->device, bytes) + job->software->step_overhead;
}

// --- the step --------------------------------------------------------------------------------------------------------------

void clx_training_fill(clx_step *step, const clx_layer_cost *sum, double micro_batches) {
  step->gemm = micro_batches * (sum->gemm[0] + sum->gemm[1]);
  step->attention = micro_batches * (sum->attention[0] + sum->attention[1]);
  step->stream = micro_batches * (sum->stream[0] + sum->stream[1]);
  step->launch = micro_batches * (sum->launch[0] + sum->launch[1]);
  step->recompute = micro_batches * sum->repeat;
  step->tp_exposed = micro_batches * (sum->tp[0] + sum->tp[1] + sum->repeat_tp);
  step->cp_exposed = micro_batches * (sum->cp[0] + sum->cp[1] + sum->repeat_cp);
  step->ep_exposed = micro_batches * (sum->ep[0] + sum->ep[1] + sum->repeat_ep);
  step->dp_exposed = micro_batches * (sum->fsdp[0] + sum->fsdp[1]);
  step->contention = micro_batches * (sum->contention[0] + sum->contention[1]);
  step->executed_flop = micro_batches * sum->flop;
  step->attention_flop = micro_batches * sum->attention_flop;
  step->gemm_bytes = micro_batches * sum->gemm_bytes;
  step->attention_bytes = micro_batches * sum->attention_bytes;
  step->link_bytes = micro_batches * (sum->link_bytes[0] + sum->link_bytes[1]);
  step->link_time = micro_batches * (sum->link_time[0] + sum->link_time[1]);
}

// Waiting for the slowest rank, of the time in which kernels run.
static double waiting_time(const clx_training *job, const clx_step *s) {
  const double kernels = s->gemm + s->attention + s->stream + s->recompute;
  return kernels * clx_training_spread(job);
}

// Every other stage passes its share of one micro-batch before and after the slowest one works steadily: `others` s of forward
// and backward passes, of which weight gradients fill gaps in the zero-bubble schedules (clx_pipeline_bound for equal stages).
static double fill_and_drain(const clx_training *job, double others, double weights) {
  const clx_layout *l = &job->layout;
  switch (clx_training_schedule(l)) {
    case CLX_PIPELINE_INTERLEAVED:
      return others / l->vpp;
    case CLX_PIPELINE_ZB_H1:
      return fmax(0, others - 2 * weights);
    case CLX_PIPELINE_ZB_V:
      return fmax(0, others - 3 * weights) / 2;
    case CLX_PIPELINE_DUALPIPE:
      return fmax(0, others - 2 * weights) / 2;
    default:
      return others;
  }
}

clx_status clx_training_step_with(const clx_training *job, const clx_training_costs *costs, const clx_stage_run *run,
                                  int32_t run_count, clx_step *step, clx_error *error) {
  const clx_layout *l = &job->layout;
  *step = (clx_step){0};
  const double m = clx_training_micro_batches(job);
  clx_stage_time slowest = {0};
  shown dp = {0, 0};
  clx_training_traffic traffic;
  clx_training_traffic_make(job, &traffic);
  double slots = 0, weights = 0, largest = -1, optimizer = 0;
  for (int32_t i = 0; i < run_count; i++) {
    const clx_stage_parameters p = clx_training_trained(job, run[i].held);
    const clx_stage_time t = clx_training_stage_time(job, costs, &run[i].stage, &p);
    const double slot = t.forward + t.backward;
    for (int32_t k = 0; k < run[i].count; k++) {
      slots += slot;
      weights += t.sum.weight;
    }
    if (slot > largest) {
      largest = slot;
      slowest = t;
    }
    const shown one = dp_shown(job, &p, &t, &traffic);
    if (one.exposed + one.contention > dp.exposed + dp.contention) dp = one;
    optimizer = fmax(optimizer, clx_training_optimizer_time(job, &p));
  }
  const double transfer = clx_training_transfer_time(job);
  step->micro_batches = m;
  clx_training_fill(step, &slowest.sum, m);
  step->balance = largest > 0 ? slots / (l->pp * largest) : 1;
  step->bubble = fill_and_drain(job, slots - largest, weights - slowest.sum.weight) + 2 * (l->pp - 1) * transfer;
  if (l->pp > 1)
    step->pp_exposed = m * 2 * l->vpp * transfer * (job->software->pp_overlap ? clx_training_transfer_drag(job) : 1);
  step->dp_exposed += dp.exposed;
  step->contention += dp.contention;
  step->optimizer = optimizer;
  const double steady = m * largest + step->bubble + step->pp_exposed + dp.exposed + dp.contention + optimizer;
  step->jitter = waiting_time(job, step);
  step->step_time = steady + step->jitter;
  if (!(step->step_time > 0) || !isfinite(step->step_time)) {
    return clx_fail(error, CLX_INTERNAL, l->place, "the step time came out as %g", step->step_time);
  }
  return CLX_OK;
}

clx_status clx_training_step(const clx_training *job, clx_step *step, clx_error *error) {
  clx_stage_run run[CLX_STAGES_MAX];
  const int32_t count = clx_training_runs(job, run);
  const clx_training_costs costs = clx_training_costs_make(job);
  return clx_training_step_with(job, &costs, run, count, step, error);
}
