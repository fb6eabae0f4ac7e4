// What one layer costs one rank: kernels, communication, recompute, the host.
#include <math.h>

#include "training/training_layer.h"

// Rates of attention come from runs long enough to settle: at its tdp a device keeps them, and under a cap it loses what bf16
// products lose.
static void set_clock(clx_layer_context *c) {
  const clx_device *d = c->device;
  const double cap = clx_device_limit(d, c->job->power_cap), clock = clx_device_sustained_clock(d, CLX_BF16, cap);
  c->rate[CLX_BF16] = clx_device_sustained_rate(d, CLX_BF16, cap);
  if (c->format != CLX_BF16) c->rate[c->format] = clx_device_sustained_rate(d, c->format, cap);
  const double full = cap > 0 ? clx_device_sustained_clock(d, CLX_BF16, 0) : clock;
  c->attention_clock = d->sustained_clock[CLX_BF16] > 0 ? d->sustained_clock[CLX_BF16] : fmin(1, clock / full);
}

static clx_layer_context context_make(const clx_training *job) {
  clx_layer_context c = {.job = job, .device = job->device, .software = job->software};
  c.shard = clx_training_shard(job);
  c.format = clx_precision_format(job->precision);
  set_clock(&c);
  c.fused_attention = clx_training_fused_attention(job);
  // The fused grouped kernels of cuDNN take block-scaled operands; buffers of fixed size for any routing leave room for one
  // sequence at a time (full_iteration presets of Megatron-Bridge 26.06).
  const bool scaled = job->precision == CLX_PRECISION_MXFP8 || job->precision == CLX_PRECISION_NVFP4;
  c.fused_experts = job->software->fused_experts && scaled && job->layout.micro_batch == 1;
  return c;
}

bool clx_training_fused_attention(const clx_training *job) {
  const bool missing =
      job->model->mla && !job->software->mla_blackwell && clx_text_equal(job->device->family, "blackwell");
  return job->software->flash_attention && !missing;
}

// --- recompute and launches -------------------------------------------------------------------------------------------------

// Full recompute that stops early has what backward needs before the last product of a dense layer, and neither repeats it
// nor sums its result over the tensor-parallel ranks (PyTorch 2.1 on: torch.utils.checkpoint without re-entry).
static void add_full_recompute(clx_layer_context *c) {
  const double share = c->job->layout.recompute_share;
  const bool early = c->software->recompute_early_stop && c->last_gemm > 0;
  const double sums = c->shard.sequence_parallel ? 0.25 : 0.5;  // of the layer's tensor-parallel collectives
  const double repeat_tp = c->cost.repeat_tp * (early ? 1 - sums : 1);
  c->cost.repeat = share * (clx_layer_compute(&c->cost, CLX_FORWARD) - (early ? c->last_gemm : 0));
  c->cost.repeat_tp = share * repeat_tp;
  c->cost.repeat_cp = share * c->cost.cp[CLX_FORWARD];
  c->cost.repeat_ep = share * c->cost.ep[CLX_FORWARD];
  c->cost.flop += share * (c->flop_forward - (early ? c->last_flop : 0));
  c->cost.attention_flop += share * c->cost.attention_flop / CLX_ATTENTION_PASSES;
}

static void add_recompute(clx_layer_context *c) {
  const bool attention_repeats = !c->fused_attention || c->software->selective_attention;
  switch (clx_training_recompute(c->job)) {
    case CLX_RECOMPUTE_FULL:
      add_full_recompute(c);
      break;
    case CLX_RECOMPUTE_SELECTIVE:
      c->cost.repeat = c->selective_stream + (attention_repeats ? c->attention_forward : 0) +
                       c->software->selective_gemm * c->gemm_forward;
      c->cost.repeat_tp *= c->software->selective_gemm;
      c->cost.flop += c->software->selective_gemm * c->flop_forward;
      c->cost.attention_flop += c->software->selective_gemm * c->cost.attention_flop / CLX_ATTENTION_PASSES;
      break;
    default:
      c->cost.repeat_tp = 0;
      break;
  }
}

// What the host needs for one layer with experts, forward and backward, beyond launching kernels one by one.
typedef struct expert_host {
  double mixers, experts;
} expert_host;

static expert_host expert_host_of(const clx_layer_context *c) {
  const clx_software *s = c->software;
  if (c->fused_experts) return (expert_host){0, 0};
  // Graphs take memory for each layer and micro-batch in flight: recipes for servers capture them without a pipeline only.
  const double server = c->job->layout.pp == 1 ? s->expert_graphs : 0;
  const double eager = 1 - (c->job->network->domain > CLX_SERVER ? s->expert_graphs_rack : server);
  const double blocks = clx_layer_blocks_of(c->job->model).ffn;
  return (expert_host){eager * s->linear_host * c->linears,
                       eager * blocks * (s->expert_host + s->expert_host_each * c->cast_experts)};
}

// The tokens of each expert are counted on the device, and the host reads the counts before it can start the products of the
// experts: device and host meet there in the forward pass, and the host's work for the experts hides behind theirs only.
// Backward the counts are known; what full recompute repeats is launched, and waited for, once more.
static void add_expert_launch(clx_layer_context *c) {
  static const double FORWARD_SHARE = 0.4;  // backward: two products for one, and autograd
  const expert_host host = expert_host_of(c);
  const double slow = c->device->host_time, interval = c->software->launch_interval;
  const double waits = c->cost.tp[CLX_FORWARD] + c->cost.ep[CLX_FORWARD];
  const double device = clx_layer_compute(&c->cost, CLX_FORWARD) + waits,
               mixers = device - c->experts_forward - c->cost.ep[CLX_FORWARD];
  const double experts = slow * FORWARD_SHARE * host.experts;
  const double both = slow * (c->kernels[CLX_FORWARD] * interval + FORWARD_SHARE * host.mixers) + experts;
  const double forward = fmax(both, fmax(experts, device - mixers) + mixers);
  c->cost.launch[CLX_FORWARD] = forward - device;
  const bool full = clx_training_recompute(c->job) == CLX_RECOMPUTE_FULL;
  const double again = full ? c->job->layout.recompute_share : 0;
  const double all = (1 - FORWARD_SHARE + again * FORWARD_SHARE) * (host.mixers + host.experts) +
                     (c->kernels[CLX_BACKWARD] + again * c->kernels[CLX_FORWARD]) * interval;
  const double backward = clx_layer_compute(&c->cost, CLX_BACKWARD) + c->cost.tp[CLX_BACKWARD] +
                          c->cost.ep[CLX_BACKWARD] +
                          (full ? c->cost.repeat + c->cost.repeat_tp + c->cost.repeat_ep : 0);
  c->cost.launch[CLX_BACKWARD] = fmax(0, slow * all - backward);
}

// Without CUDA graphs the device waits when the host cannot start kernels as fast as they finish. What full recompute repeats
// is started once more.
static void add_launch(clx_layer_context *c, bool moe) {
  if (c->software->cuda_graphs || (moe && c->fused_experts)) return;
  if (moe) {
    add_expert_launch(c);
    return;
  }
  const bool full = clx_training_recompute(c->job) == CLX_RECOMPUTE_FULL;
  const double again[2] = {0, full ? c->job->layout.recompute_share * c->kernels[CLX_FORWARD] : 0};
  for (int32_t pass = CLX_FORWARD; pass <= CLX_BACKWARD; pass++) {
    const double host = (c->kernels[pass] + again[pass]) * c->software->launch_interval * c->device->host_time;
    const double repeated = pass == CLX_BACKWARD && full ? c->cost.repeat : 0;
    c->cost.launch[pass] = fmax(0, host - clx_layer_compute(&c->cost, pass) - repeated);
  }
}

// Activations on their way to the host's memory and back: the device waits for what compute does not hide.
static void add_offload(clx_layer_context *c, bool moe) {
  const double share = c->job->layout.offload;
  if (share <= 0) return;
  const double link =
      c->device->host_link > 0 ? c->device->host_link : c->device->pcie;  // one is there: clx_training_check
  const double transfer = share * clx_training_kept_make(c->job).layer[moe ? 1 : 0].bytes / link;
  for (int32_t pass = CLX_FORWARD; pass <= CLX_BACKWARD; pass++) {
    c->cost.launch[pass] += fmax(0, transfer - clx_layer_compute(&c->cost, pass));
  }
}

clx_layer_cost clx_training_layer_cost(const clx_training *job, bool moe, bool windowed) {
  clx_op ops[CLX_LAYER_OPS_MAX];
  clx_layer_context c = context_make(job);
  const int32_t count = clx_layer_operations(job->model, &c.shard, moe, windowed, ops);
  clx_layer_add_operations(&c, ops, count);
  clx_layer_add_tp(&c, moe);
  clx_layer_add_cp(&c);
  if (moe) clx_layer_add_ep(&c);
  add_recompute(&c);
  add_launch(&c, moe);
  add_offload(&c, moe);
  clx_layer_add_fsdp(&c, moe);
  return c.cost;
}

// Work outside of the layers: its operations, and half of the tensor-parallel communication of a block.
static clx_layer_cost ends_cost(const clx_training *job,
                                int32_t (*operations)(const clx_transformer *, const clx_shard *, clx_op *)) {
  clx_op ops[CLX_LAYER_OPS_MAX];
  clx_layer_context c = context_make(job);
  clx_layer_add_operations(&c, ops, operations(job->model, &c.shard, ops));
  const clx_tp_collectives t = clx_layer_tp_collectives(&c);
  c.cost.tp[CLX_FORWARD] = c.cost.tp[CLX_BACKWARD] = (t.gather + t.reduce) / 2;
  c.cost.link_bytes[CLX_FORWARD] = c.cost.link_bytes[CLX_BACKWARD] = t.link_bytes / 2;
  c.cost.link_time[CLX_FORWARD] = c.cost.link_time[CLX_BACKWARD] = (t.gather + t.reduce) / 2;
  return c.cost;
}

clx_layer_cost clx_training_embedding_cost(const clx_training *job) { return ends_cost(job, clx_embedding_operations); }

clx_layer_cost clx_training_head_cost(const clx_training *job) { return ends_cost(job, clx_head_operations); }

double clx_layer_cost_forward(const clx_layer_cost *cost) {
  return clx_layer_compute(cost, CLX_FORWARD) + cost->tp[CLX_FORWARD] + cost->cp[CLX_FORWARD] + cost->ep[CLX_FORWARD] +
         cost->fsdp[CLX_FORWARD] + cost->contention[CLX_FORWARD] + cost->launch[CLX_FORWARD];
}

double clx_layer_cost_backward(const clx_layer_cost *cost) {
  return clx_layer_compute(cost, CLX_BACKWARD) + cost->tp[CLX_BACKWARD] + cost->cp[CLX_BACKWARD] +
         cost->ep[CLX_BACKWARD] + cost->fsdp[CLX_BACKWARD] + cost->contention[CLX_BACKWARD] +
         cost->launch[CLX_BACKWARD] + cost->repeat + cost->repeat_tp + cost->repeat_cp + cost->repeat_ep;
}
