// What one layer costs one rank: operations on the device, collectives on the fabric, and which of these stay exposed.
#include <math.h>

#include "training/training_internal.h"

enum { FORWARD, BACKWARD };

// Attention kernels written for Ampere's matrix instructions on a later device: FlashAttention-2 against 3 on H100
// (arXiv 2407.08608: 1.5 to 2 times).
static const double OLD_INSTRUCTIONS = 0.6;

typedef struct context {
  const clx_training *job;
  const clx_device *device;
  const clx_software *software;
  clx_shard shard;
  clx_format format;
  double rate[CLX_FORMATS];  // FLOP/s that power allows large products of the two formats in use
  double attention_clock;    // against the one its efficiency was read at
  clx_layer_cost cost;
  double kernels[2];
  double attention_forward, gemm_forward, selective_stream, flop_forward;
} context;

// Attention was measured in long loops: at its tdp a device keeps that clock, and under a cap it loses what bf16 products lose.
static void set_clock(context *c) {
  const clx_device *d = c->device;
  const double cap = c->job->power_cap, clock = clx_device_sustained_clock(d, CLX_BF16, cap);
  c->rate[CLX_BF16] = clx_device_sustained_rate(d, CLX_BF16, cap);
  if (c->format != CLX_BF16) c->rate[c->format] = clx_device_sustained_rate(d, c->format, cap);
  const double full = cap > 0 ? clx_device_sustained_clock(d, CLX_BF16, 0) : clock;
  c->attention_clock = d->sustained_clock[CLX_BF16] > 0 ? d->sustained_clock[CLX_BF16] : fmin(1, clock / full);
}

static context context_make(const clx_training *job) {
  context c = {.job = job, .device = job->device, .software = job->software};
  c.shard = clx_training_shard(job);
  c.format = clx_precision_format(job->precision);
  set_clock(&c);
  return c;
}

// --- compute ------------------------------------------------------------------------------------------------------------

static double misalignment(const context *c, const clx_op *op) {
  const bool aligned = fmod(op->n, 64) == 0 && fmod(op->k, 64) == 0;
  return aligned ? 1 : c->software->aligned_gemm;
}

// Units that multiply operands of the training precision, and the kernel that feeds them.
typedef struct number_format {
  clx_format unit;
  clx_kernel_format kernel;
} number_format;

static number_format format_of(const context *c, const clx_op *op) {
  if (!op->low_precision) return (number_format){CLX_BF16, CLX_KERNEL_BF16};
  return (number_format){c->format, clx_precision_kernel(c->job->precision)};
}

static double gemm_time(const context *c, number_format f, clx_gemm_pass pass, double m, double n, double k,
                        double groups) {
  const double clock = c->device->sustained_clock[f.unit];
  const bool modelled = clock <= 0 && c->device->multiply_energy[f.unit] > 0;
  const double time = modelled
                          ? clx_device_gemm_sustained_time(c->device, f.kernel, pass, m, n, k, groups, c->rate[f.unit])
                          : clx_device_gemm_time(c->device, f.kernel, pass, m, n, k, groups) / (clock > 0 ? clock : 1);
  return time / c->software->gemm_speed;
}

// The GEMMs of several experts: in one kernel, or a few at a time on streams, each set waiting for its last tile.
static double experts_time(const context *c, number_format f, clx_gemm_pass pass, double m, double n, double k,
                           double groups) {
  const double streams = c->software->expert_streams;
  if (groups <= 1 || streams <= 0 || streams >= groups) return gemm_time(c, f, pass, m, n, k, groups);
  return groups / streams * gemm_time(c, f, pass, m, n, k, streams);
}

// Scales per row or per block need the largest value of each first: one more pass over the operand.
static double cast_passes(int32_t precision) {
  return precision == CLX_PRECISION_FP8_ROW || precision == CLX_PRECISION_FP8_BLOCK ? 2 : 1;
}

// Forward, data gradient and weight gradient. The weight gradient is added into an fp32 (gradient_bytes) buffer: reading and
// writing it costs more than the 2 B of an ordinary output.
static void add_gemm(context *c, const clx_op *op) {
  const number_format format = format_of(c, op);
  const double slow = misalignment(c, op), bandwidth = c->device->memory_bandwidth * c->device->memory_efficiency;
  const double forward = slow * experts_time(c, format, CLX_GEMM_FORWARD, op->m, op->n, op->k, op->groups);
  double backward = slow * experts_time(c, format, CLX_GEMM_DATA_GRADIENT, op->m, op->k, op->n, op->groups);
  if (op->weighted) {
    const double accumulate = op->groups * op->n * op->k * (2 * c->software->gradient_bytes - 2) / bandwidth;
    backward += slow * experts_time(c, format, CLX_GEMM_WEIGHT_GRADIENT, op->k, op->n, op->m, op->groups) + accumulate;
  }
  c->cost.gemm[FORWARD] += forward;
  c->cost.gemm[BACKWARD] += backward;
  c->gemm_forward += forward;
  c->flop_forward += op->flop;
  c->cost.flop += op->flop * (op->weighted ? 3 : 2);
  c->kernels[FORWARD] += 1;
  c->kernels[BACKWARD] += op->weighted ? 2 : 1;
  if (format.unit != CLX_BF16) {
    const double rows = op->m * op->groups;
    const double passes = cast_passes(c->job->precision);
    const double in =
        passes * clx_device_cast_time(c->device, format.kernel, rows * op->k, true) * (1 - 0.5 * c->software->fusion);
    const double out = passes * clx_device_cast_time(c->device, format.kernel, rows * op->n, op->weighted);
    c->cost.stream[FORWARD] += in;
    c->cost.stream[BACKWARD] += out;
    c->kernels[FORWARD] += 1;
    c->kernels[BACKWARD] += 1;
  }
}

static double attention_time(const context *c, const clx_op *op, bool backward) {
  const clx_attention_shape shape = {op->batch,  op->heads, op->kv_heads,     op->query, op->key,
                                     op->qk_dim, op->v_dim, op->causal_share, op->window};
  if (!c->software->flash_attention) {
    return clx_device_unfused_attention_time(c->device, &shape, backward) / c->attention_clock;
  }
  const bool foreign = !c->software->native_attention && !clx_text_equal(c->device->family, "ampere");
  const double speed = c->software->attention_speed * (foreign ? OLD_INSTRUCTIONS : 1);
  return clx_device_attention_time(c->device, &shape, backward) / (speed * c->attention_clock);
}

static void add_attention(context *c, const clx_op *op) {
  const double forward = attention_time(c, op, false);
  c->cost.attention[FORWARD] += forward;
  c->cost.attention[BACKWARD] += attention_time(c, op, true);
  c->attention_forward += forward;
  c->flop_forward += op->flop;
  c->cost.flop += op->flop * 3.5;
  c->kernels[FORWARD] += c->software->flash_attention ? 1 : 6;
  c->kernels[BACKWARD] += c->software->flash_attention ? 2 : 9;
}

static void add_stream(context *c, const clx_op *op) {
  const double spread = op->unfused + (1 - op->unfused) * c->software->fusion;
  const double kernels = op->kernels + (1 - op->kernels) * c->software->fusion;
  const double forward =
      clx_device_stream_time(c->device, op->bytes_forward * spread) + (kernels - 1) * c->device->kernel_time;
  const double backward =
      clx_device_stream_time(c->device, op->bytes_backward * spread) + (kernels - 1) * c->device->kernel_time;
  c->cost.stream[FORWARD] += forward;
  c->cost.stream[BACKWARD] += backward;
  if (op->saved_selective > 0) c->selective_stream += forward;
  c->kernels[FORWARD] += kernels;
  c->kernels[BACKWARD] += kernels;
}

static void add_operations(context *c, const clx_op *ops, int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    switch (ops[i].kind) {
      case CLX_OP_GEMM:
      case CLX_OP_GROUPED:
        add_gemm(c, &ops[i]);
        break;
      case CLX_OP_ATTENTION:
        add_attention(c, &ops[i]);
        break;
      case CLX_OP_STREAM:
        add_stream(c, &ops[i]);
        break;
    }
  }
}

static double compute_time(const clx_layer_cost *cost, int32_t pass) {
  return cost->gemm[pass] + cost->attention[pass] + cost->stream[pass];
}

// --- communication --------------------------------------------------------------------------------------------------------

// Tensor parallelism: an all-reduce, or with sequence parallelism an all-gather and a reduce-scatter of the same bytes,
// after attention and after the feed-forward block (dense and shared experts; routed experts use their own group).
static double tp_time(const context *c, int32_t blocks) {
  const clx_layout *l = &c->job->layout;
  if (l->tp <= 1) return 0;
  const clx_network *network = c->job->network;
  const clx_group group = clx_group_make(network, l->tp, 1);
  const double bytes = clx_training_tp_bytes(c->job);
  // With narrow GEMMs the gathered input is cast before it is sent (Transformer Engine).
  const double gathered = c->format == CLX_BF16 ? bytes : bytes / 2;
  const double one = c->shard.sequence_parallel ? clx_collective_time(network, CLX_ALL_GATHER, group, gathered) +
                                                      clx_collective_time(network, CLX_REDUCE_SCATTER, group, bytes)
                                                : clx_collective_time(network, CLX_ALL_REDUCE, group, bytes);
  return blocks * one;
}

static void add_tp(context *c, bool moe) {
  const clx_transformer *m = c->job->model;
  const int32_t blocks = 1 + (!moe || m->dense_residual || m->shared_expert_ffn > 0 ? 1 : 0);
  const double time = tp_time(c, blocks);
  const double exposed = time * (1 - c->software->tp_overlap * (1 - CLX_OVERLAP_COST));
  c->cost.tp[FORWARD] += exposed;
  c->cost.tp[BACKWARD] += exposed;
  c->cost.repeat_tp = exposed;
}

// Context parallelism by ring: keys and values pass by while attention computes on those at hand.
static void add_cp(context *c) {
  const clx_layout *l = &c->job->layout;
  if (l->cp <= 1) return;
  const clx_group pair = clx_group_make(c->job->network, l->cp, l->tp);
  const double step = clx_collective_time(c->job->network, CLX_SEND_RECEIVE, pair, clx_training_cp_bytes(c->job));
  const double ring = (l->cp - 1) * step;
  for (int32_t pass = FORWARD; pass <= BACKWARD; pass++) {
    const double comm = pass == BACKWARD ? 2 * ring : ring;
    const double hidden = c->cost.attention[pass] * (l->cp - 1) / l->cp;
    c->cost.cp[pass] += fmax(0, comm - hidden) + CLX_OVERLAP_COST * fmin(comm, hidden);
  }
}

static void add_ep(context *c) {
  const clx_layout *l = &c->job->layout;
  if (l->ep <= 1) return;
  const clx_group group = clx_group_make(c->job->network, l->ep, l->etp);
  const double one = clx_collective_time(c->job->network, CLX_ALL_TO_ALL, group, clx_training_ep_bytes(c->job));
  const double exposed = 2 * one * (1 - c->software->expert_overlap);
  c->cost.ep[FORWARD] += exposed;
  c->cost.ep[BACKWARD] += exposed;
}

// Fully sharded data parallelism: weights gathered before each use, gradients scattered after, one layer ahead of compute.
// Dense weights go round the shard group, expert weights round the ranks of it that hold the same experts.
static clx_traffic_demand fsdp_demand(const context *c, const clx_traffic *traffic, clx_collective kind,
                                      const clx_layer_parameters *p, double bytes) {
  const clx_layout *l = &c->job->layout;
  const clx_network *network = c->job->network;
  const clx_group dense = clx_group_make(network, clx_shard_ranks(l), l->tp);
  const clx_group expert = clx_group_make(network, clx_expert_shard_ranks(l), l->etp * l->ep);
  const clx_traffic_demand a = clx_network_demand(network, traffic, "dp", kind, dense, p->shared * bytes);
  const clx_traffic_demand b = clx_network_demand(network, traffic, "dp", kind, expert, p->expert * bytes);
  return clx_training_sum_demand(&a, &b);
}

static void add_fsdp(context *c, bool moe) {
  const clx_layout *l = &c->job->layout;
  if (l->sharding != CLX_SHARDING_FSDP && l->sharding != CLX_SHARDING_HSDP) return;
  const clx_layer_parameters p = clx_layer_parameter_shard(c->job->model, &c->shard, moe);
  clx_training_traffic t;
  clx_training_traffic_make(c->job, &t);
  clx_traffic_demand comm[2];
  comm[FORWARD] = fsdp_demand(c, &t.traffic, CLX_ALL_GATHER, &p, clx_training_parameter_bytes(c->job));
  comm[BACKWARD] = comm[FORWARD];
  if (c->job->model->adapter_rank <= 0) {
    const clx_traffic_demand scatter = fsdp_demand(c, &t.traffic, CLX_REDUCE_SCATTER, &p, c->software->gradient_bytes);
    comm[BACKWARD] = clx_training_sum_demand(&comm[FORWARD], &scatter);
  }
  const double repeat = clx_training_recompute(c->job) == CLX_RECOMPUTE_FULL ? c->cost.repeat : 0;
  for (int32_t pass = FORWARD; pass <= BACKWARD; pass++) {
    const double compute = compute_time(&c->cost, pass) + (pass == BACKWARD ? repeat : 0);
    const double waiting[CLX_WAITING] = {c->cost.tp[pass], c->cost.cp[pass], c->cost.ep[pass]};
    const clx_beside beside = clx_training_beside(&t, &comm[pass], compute, waiting);
    c->cost.fsdp[pass] = comm[pass].time - beside.hidden + CLX_OVERLAP_COST * fmin(beside.hidden, compute);
    c->cost.contention[pass] = beside.added;
  }
}

// --- recompute and launches -------------------------------------------------------------------------------------------------

static void add_recompute(context *c) {
  const double share = c->job->layout.recompute_share;
  switch (clx_training_recompute(c->job)) {
    case CLX_RECOMPUTE_FULL:
      c->cost.repeat = share * compute_time(&c->cost, FORWARD);
      c->cost.repeat_tp = share * (c->cost.repeat_tp + c->cost.ep[FORWARD] + c->cost.cp[FORWARD]);
      c->cost.flop += share * c->flop_forward;
      break;
    case CLX_RECOMPUTE_SELECTIVE:
      c->cost.repeat = c->selective_stream + (c->software->flash_attention ? 0 : c->attention_forward) +
                       c->software->selective_gemm * c->gemm_forward;
      c->cost.repeat_tp *= c->software->selective_gemm;
      c->cost.flop += c->software->selective_gemm * c->flop_forward;
      break;
    default:
      c->cost.repeat_tp = 0;
      break;
  }
}

// Without CUDA graphs the device waits when the host cannot start kernels as fast as they finish.
static void add_launch(context *c) {
  if (c->software->cuda_graphs) return;
  for (int32_t pass = FORWARD; pass <= BACKWARD; pass++) {
    const double host = c->kernels[pass] * c->software->launch_interval;
    c->cost.launch[pass] = fmax(0, host - compute_time(&c->cost, pass));
  }
}

clx_layer_cost clx_training_layer_cost(const clx_training *job, bool moe, bool windowed) {
  clx_op ops[CLX_LAYER_OPS_MAX];
  context c = context_make(job);
  const int32_t count = clx_layer_operations(job->model, &c.shard, moe, windowed, ops);
  add_operations(&c, ops, count);
  add_tp(&c, moe);
  add_cp(&c);
  if (moe) add_ep(&c);
  add_recompute(&c);
  add_launch(&c);
  add_fsdp(&c, moe);
  return c.cost;
}

// Work outside of the layers: its operations, and half of the tensor-parallel communication of a block.
static clx_layer_cost ends_cost(const clx_training *job,
                                int32_t (*operations)(const clx_transformer *, const clx_shard *, clx_op *)) {
  clx_op ops[CLX_LAYER_OPS_MAX];
  context c = context_make(job);
  add_operations(&c, ops, operations(job->model, &c.shard, ops));
  c.cost.tp[FORWARD] = c.cost.tp[BACKWARD] = tp_time(&c, 1) / 2;
  return c.cost;
}

clx_layer_cost clx_training_embedding_cost(const clx_training *job) { return ends_cost(job, clx_embedding_operations); }

clx_layer_cost clx_training_head_cost(const clx_training *job) { return ends_cost(job, clx_head_operations); }

double clx_layer_cost_forward(const clx_layer_cost *cost) {
  return compute_time(cost, FORWARD) + cost->tp[FORWARD] + cost->cp[FORWARD] + cost->ep[FORWARD] + cost->fsdp[FORWARD] +
         cost->contention[FORWARD] + cost->launch[FORWARD];
}

double clx_layer_cost_backward(const clx_layer_cost *cost) {
  return compute_time(cost, BACKWARD) + cost->tp[BACKWARD] + cost->cp[BACKWARD] + cost->ep[BACKWARD] +
         cost->fsdp[BACKWARD] + cost->contention[BACKWARD] + cost->launch[BACKWARD] + cost->repeat + cost->repeat_tp;
}
