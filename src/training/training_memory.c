// Memory of the heaviest rank by tensor class. Equations: docs/model/training.md.
#include <math.h>

#include "training/training.h"

// Bytes of a saved tensor against bf16 when it is kept in the format of the GEMMs.
static double narrow(const clx_training *job) {
  switch (clx_precision_format(job->precision)) {
    case CLX_FP8:
    case CLX_FP4:
      return 0.5;  // fp4 training keeps its inputs in fp8
    default:
      return 1;
  }
}

// What one operation keeps. Inputs of GEMMs are kept in the GEMM's format; under a frozen base nobody needs them, and
// activation functions keep their inputs in the narrow format (NeMo's LoRA recipes).
static double operation_saved(const clx_training *job, const clx_op *op, bool selective) {
  const bool frozen = job->model->adapter_rank > 0;
  const double dropped = selective ? op->saved_selective : 0;
  const double input = fmax(0, op->saved_input - dropped);
  const double rest = op->saved - op->saved_input - fmax(0, dropped - op->saved_input);
  const bool activation = frozen && op->part == CLX_PART_MLP && op->saved_input > 0 && op->saved > 2 * op->saved_input;
  return rest * (activation ? narrow(job) : 1) + input * (frozen ? 0 : narrow(job));
}

static clx_saved layer_saved(const clx_training *job, bool moe) {
  clx_op ops[CLX_LAYER_OPS_MAX];
  const clx_shard shard = clx_training_shard(job);
  const int32_t count = clx_layer_operations(job->model, &shard, moe, false, ops);
  const bool selective = clx_training_recompute(job) == CLX_RECOMPUTE_SELECTIVE;
  const double tokens = shard.sequences * shard.sequence / shard.cp;
  clx_saved s = {0};
  s.boundary = tokens * job->model->hidden * 2 / (shard.sequence_parallel ? shard.tp : 1);
  for (int32_t i = 0; i < count; i++) {
    s.bytes += ops[i].times * operation_saved(job, &ops[i], selective);
    if (ops[i].kind == CLX_OP_ATTENTION && !clx_training_fused_attention(job) && !selective) {
      s.bytes += ops[i].times * 5 * ops[i].batch * ops[i].heads * ops[i].query *
                 ops[i].key;  // softmax 2 B, dropout mask 1 B, dropped 2 B
    }
  }
  if (selective && job->software->selective_gemm > 0) s.bytes *= 1 - 0.6 * job->software->selective_gemm;
  return s;
}

static double head_saved(const clx_training *job) {
  clx_op ops[CLX_LAYER_OPS_MAX];
  const clx_shard shard = clx_training_shard(job);
  const int32_t count = clx_head_operations(job->model, &shard, ops);
  double bytes = 0;
  for (int32_t i = 0; i < count; i++) bytes += ops[i].saved;
  return bytes;
}

// Micro-batches whose activations stage i holds at once, in parts of the stage's layers. clx_pipeline_order counts the same
// from the task lists. zb_v and dualpipe balance the stages (arXiv 2405.15362; DeepSeek-V3, table 2: pp + 1 of half the layers).
static double in_flight(const clx_layout *l, int32_t stage, double micro_batches) {
  if (l->pp == 1) return 1;
  const double p = l->pp, v = l->vpp;
  switch (clx_training_schedule(l)) {
    case CLX_PIPELINE_GPIPE:
      return micro_batches;
    case CLX_PIPELINE_INTERLEAVED: {
      const double group = l->group > 0 ? l->group : clx_pipeline_group(l->pp, (int32_t)micro_batches);
      return fmin(micro_batches, (2 * (p - stage - 1) + (v - 1) * group + 1 + (l->merge ? 1 : 0)) / v);
    }
    case CLX_PIPELINE_ZB_V:
      return fmin(micro_batches, p);
    case CLX_PIPELINE_DUALPIPE:
      return fmin(micro_batches, p + 1) / 2;
    default:  // merged pairs run twice as far ahead
      return fmin(micro_batches, l->merge ? 2 * (p - stage) : p - stage);
  }
}

static void fill_states(const clx_training *job, const clx_stage_parameters *w, clx_memory *memory) {
  const clx_layout *l = &job->layout;
  const clx_software *s = job->software;
  const double all = w->shared + w->expert;
  const double adapters = clx_training_adapters(job);
  const double trained_shared = adapters > 0 ? adapters : w->shared, trained_expert = adapters > 0 ? 0 : w->expert;
  const double ranks = clx_shard_ranks(l), expert_ranks = clx_expert_shard_ranks(l);
  // A frozen base is stored in the format it is used in.
  const double weight_bytes = adapters > 0 ? 2 * narrow(job) : clx_training_parameter_bytes(job);
  double *bytes = memory->bytes;
  if (l->sharding == CLX_SHARDING_FSDP || l->sharding == CLX_SHARDING_HSDP) {
    const double trained = trained_shared / ranks + trained_expert / expert_ranks;
    const double held = w->shared / ranks + w->expert / expert_ranks;
    bytes[CLX_MEMORY_WEIGHTS] = held * weight_bytes + 2 * w->layer * 2;  // the layer in use and the one being gathered
    bytes[CLX_MEMORY_GRADIENTS] = trained * s->gradient_bytes + w->layer * 2 * (adapters > 0 ? 0 : 1);
    bytes[CLX_MEMORY_OPTIMIZER] = trained * s->optimizer_bytes;
    return;
  }
  const bool sharded = l->sharding != CLX_SHARDING_NONE;
  const double share =
      sharded ? trained_shared / ranks + trained_expert / expert_ranks : trained_shared + trained_expert;
  bytes[CLX_MEMORY_WEIGHTS] = all * weight_bytes;
  bytes[CLX_MEMORY_GRADIENTS] =
      (l->sharding == CLX_SHARDING_ZERO2 ? share : trained_shared + trained_expert) * s->gradient_bytes;
  bytes[CLX_MEMORY_OPTIMIZER] = share * s->optimizer_bytes;
}

clx_training_kept clx_training_kept_make(const clx_training *job) {
  clx_training_kept kept = {.layer = {layer_saved(job, false)}, .head = head_saved(job)};
  if (job->model->experts > 0) kept.layer[1] = layer_saved(job, true);
  return kept;
}

double clx_training_activations(const clx_training *job, const clx_stage_run *run, const clx_training_kept *saved) {
  const clx_stage *stage = &run->stage;
  const clx_layout *l = &job->layout;
  const clx_saved *layer = saved->layer;
  const double flight = in_flight(l, run->first, clx_training_micro_batches(job));
  const bool full = clx_training_recompute(job) == CLX_RECOMPUTE_FULL;
  const double share = l->recompute_share;
  double kept = 0, working = 0;
  for (int32_t moe = 0; moe < 2; moe++) {
    const double layers = stage->layers[moe][0] + stage->layers[moe][1] + (moe == 1 ? stage->mtp : 0);
    if (layers == 0) continue;
    kept += layers * (full ? share * layer[moe].boundary + (1 - share) * layer[moe].bytes : layer[moe].bytes);
    working = fmax(working, layer[moe].bytes);
  }
  return kept * (1 - l->offload) * flight + (full ? working : 0) + (stage->head ? saved->head * (1 + stage->mtp) : 0);
}

double clx_training_states(const clx_training *job, const clx_stage_run *run) {
  clx_memory states = {0};
  fill_states(job, &run->held, &states);
  return states.bytes[CLX_MEMORY_WEIGHTS] + states.bytes[CLX_MEMORY_GRADIENTS] + states.bytes[CLX_MEMORY_OPTIMIZER];
}

clx_status clx_training_memory_with(const clx_training *job, const clx_training_kept *kept, const clx_stage_run *run,
                                    int32_t run_count, clx_memory *memory, clx_error *error) {
  *memory = (clx_memory){0};
  for (int32_t i = 0; i < run_count; i++) {
    // Earlier stages hold more micro-batches: the first of a run is its heaviest.
    clx_memory one = {.stage = run[i].first};
    fill_states(job, &run[i].held, &one);
    one.bytes[CLX_MEMORY_ACTIVATIONS] = clx_training_activations(job, &run[i], kept);
    one.bytes[CLX_MEMORY_OVERHEAD] = job->software->memory_overhead;
    for (int32_t k = 0; k < CLX_MEMORY_CLASSES; k++) one.total += one.bytes[k];
    if (one.total > memory->total) *memory = one;
  }
  if (!isfinite(memory->total))
    return clx_fail(error, CLX_INTERNAL, job->layout.place, "memory came out as %g", memory->total);
  return CLX_OK;
}

clx_status clx_training_memory(const clx_training *job, clx_memory *memory, clx_error *error) {
  clx_stage_run run[CLX_STAGES_MAX];
  const int32_t count = clx_training_runs(job, run);
  const clx_training_kept kept = clx_training_kept_make(job);
  return clx_training_memory_with(job, &kept, run, count, memory, error);
}

clx_status clx_training_least_share(clx_training *job, double limit, clx_memory *memory, clx_error *error) {
  clx_memory none, all;
  job->layout.recompute_share = 1;
  CLX_TRY(clx_training_memory(job, &all, error));
  job->layout.recompute_share = 0;
  CLX_TRY(clx_training_memory(job, &none, error));
  const double share = (none.total - limit) / (none.total - all.total);  // memory is linear in the share
  job->layout.recompute_share = fmin(1, ceil(16 * fmax(0, share)) / 16);
  return clx_training_memory(job, memory, error);
}
