// Communication of a layer, and what of it shows: tensor, context and expert parallelism, weights that FSDP gathers.
#include <math.h>

#include "training/training_layer.h"

// Tensor parallelism: an all-reduce, or with sequence parallelism an all-gather and a reduce-scatter of the same bytes,
// after attention and after the feed-forward block (dense and shared experts; routed experts use their own group).
clx_tp_collectives clx_layer_tp_collectives(const clx_layer_context *c) {
  const clx_layout *l = &c->job->layout;
  if (l->tp <= 1) return (clx_tp_collectives){0};
  const clx_network *network = c->job->network;
  const clx_group group = clx_group_make(network, l->tp, 1);
  const double bytes = clx_training_tp_bytes(c->job);
  // With narrow GEMMs the gathered input is cast before it is sent (Transformer Engine; torchao with one scale per tensor).
  const bool wide = c->format == CLX_BF16 || c->job->precision == CLX_PRECISION_FP8_ROW;
  const double gathered = wide ? bytes : bytes / 2;
  if (!c->shard.sequence_parallel) {
    const clx_collective_cost sum = clx_collective_cost_of(network, CLX_ALL_REDUCE, group, bytes);
    return (clx_tp_collectives){0, sum.time, sum.link_bytes};
  }
  const clx_collective_cost gather = clx_collective_cost_of(network, CLX_ALL_GATHER, group, gathered);
  const clx_collective_cost reduce = clx_collective_cost_of(network, CLX_REDUCE_SCATTER, group, bytes);
  return (clx_tp_collectives){gather.time, reduce.time, gather.link_bytes + reduce.link_bytes};
}

// What shows of a collective beside a GEMM.
static double beside_gemm(double held, double collective, double gemm) {
  return fmax(0, collective - gemm) + held * fmin(collective, gemm);
}

// Without buffers that pipeline GEMMs with communication (Megatron-LM, Transformer Engine): in the backward pass the input is
// gathered once more beside the data gradient, and what that gives is scattered beside the weight gradient; all else waits.
static double tp_backward_plain(const clx_layer_context *c, clx_tp_collectives t, double blocks) {
  const clx_group group = clx_group_make(c->job->network, c->job->layout.tp, 1);
  const double gather = clx_training_processors_held(c->job, CLX_ALL_GATHER, group);
  const double reduce = clx_training_processors_held(c->job, CLX_REDUCE_SCATTER, group);
  double shown = blocks * t.gather;
  for (int32_t i = 0; i < c->columns; i++) {
    const bool weighted = c->column_weight[i] > 0;
    const double one =
        weighted ? beside_gemm(gather, t.gather, c->column_data[i]) + beside_gemm(reduce, t.reduce, c->column_weight[i])
                 : t.reduce;
    shown += c->column_times[i] * one;
  }
  return shown;
}

// Buffers that pipeline a collective with a GEMM lie in memory that all ranks write over NVLink (Transformer Engine, userbuffers):
// a group across servers has none.
static double tp_overlap(const clx_layer_context *c) {
  const clx_group group = clx_group_make(c->job->network, c->job->layout.tp, 1);
  const bool off = group.inside < group.size || (c->format == CLX_FP4 && !c->software->tp_overlap_fp4);
  return off ? 0 : c->software->tp_overlap;
}

void clx_layer_add_tp(clx_layer_context *c, bool moe) {
  const clx_transformer *m = c->job->model;
  const clx_layer_blocks b = clx_layer_blocks_of(m);
  const double blocks = b.attention + b.mamba + (!moe || m->dense_residual || m->shared_expert_ffn > 0 ? b.ffn : 0);
  const clx_tp_collectives t = clx_layer_tp_collectives(c);
  const double overlap = tp_overlap(c);
  const double exposed = blocks * (t.gather + t.reduce) * (1 - overlap * (1 - clx_training_buffers_held(c->job)));
  const bool plain = overlap <= 0 && c->software->tp_async && c->shard.sequence_parallel;
  c->cost.tp[CLX_FORWARD] += exposed;
  c->cost.tp[CLX_BACKWARD] += plain ? tp_backward_plain(c, t, blocks) : exposed;
  c->cost.repeat_tp = exposed;
  for (int32_t pass = CLX_FORWARD; pass <= CLX_BACKWARD; pass++) {
    c->cost.link_bytes[pass] += blocks * t.link_bytes;
    c->cost.link_time[pass] += blocks * (t.gather + t.reduce);
  }
}

// Keys and values pass by while attention computes on those at hand.
static void add_cp_ring(clx_layer_context *c) {
  const clx_layout *l = &c->job->layout;
  const clx_group pair = clx_group_make(c->job->network, l->cp, l->tp);
  const clx_collective_cost step =
      clx_collective_cost_of(c->job->network, CLX_SEND_RECEIVE, pair, clx_training_cp_bytes(c->job));
  const double ring = (l->cp - 1) * step.time, held = clx_training_processors_held(c->job, CLX_SEND_RECEIVE, pair);
  for (int32_t pass = CLX_FORWARD; pass <= CLX_BACKWARD; pass++) {
    const double comm = pass == CLX_BACKWARD ? 2 * ring : ring;
    const double hidden = c->cost.attention[pass] * (l->cp - 1) / l->cp;
    c->cost.link_bytes[pass] += (pass == CLX_BACKWARD ? 2 : 1) * (l->cp - 1) * step.link_bytes;
    c->cost.link_time[pass] += comm;
    c->cost.cp[pass] += fmax(0, comm - hidden) + held * fmin(comm, hidden);
  }
}

// Tokens of all heads become heads of all tokens and back, nothing to hide behind.
static void add_cp_all_to_all(clx_layer_context *c) {
  const clx_layout *l = &c->job->layout;
  const clx_network *n = c->job->network;
  const clx_group group = clx_group_make(n, l->cp, l->tp);
  const clx_collective_cost in = clx_collective_cost_of(n, CLX_ALL_TO_ALL, group, clx_training_cp_bytes(c->job)),
                            out =
                                clx_collective_cost_of(n, CLX_ALL_TO_ALL, group, clx_training_cp_output_bytes(c->job));
  for (int32_t pass = CLX_FORWARD; pass <= CLX_BACKWARD; pass++) {
    c->cost.cp[pass] += in.time + out.time;
    c->cost.link_bytes[pass] += in.link_bytes + out.link_bytes;
    c->cost.link_time[pass] += in.time + out.time;
  }
}

void clx_layer_add_cp(clx_layer_context *c) {
  const clx_layout *l = &c->job->layout;
  if (l->cp <= 1) return;
  if (l->context_exchange == CLX_CONTEXT_RING) {
    add_cp_ring(c);
  } else {
    add_cp_all_to_all(c);
  }
}

// Dispatch or combine. With expert_dedup a token goes once to a rank that holds any of its experts and once over the NICs to a
// node (DeepEP across servers, HybridEP in larger NVLink domains), else once for each expert (all-to-all of NCCL, which
// Megatron-Core's guide leaves for groups inside a server).
static bool plain_exchange(const clx_layer_context *c, clx_group group) {
  const bool server = c->job->layout.ep <= group.inside && c->job->network->domain <= CLX_SERVER;
  return server || c->software->expert_dedup <= 0;
}

static double exchange_time(const clx_layer_context *c, clx_group group) {
  const clx_layout *l = &c->job->layout;
  if (l->ep <= 1) return 0;
  const double share = plain_exchange(c, group) ? 0 : c->software->expert_dedup,
               picks = c->job->model->experts_per_token;
  const double plain =
      share < 1 ? clx_collective_time(c->job->network, CLX_ALL_TO_ALL, group, clx_training_ep_bytes(c->job)) : 0;
  if (share <= 0) return plain;
  const double token = clx_training_token_bytes(c->job);
  const double nodes = ceil((double)l->ep / group.inside);
  const double ranks = l->ep * (1 - pow(1 - 1.0 / l->ep, picks)), copies = nodes * (1 - pow(1 - 1.0 / nodes, picks));
  return share * clx_expert_exchange_cost(c->job->network, group, token * ranks, token * copies).time +
         (1 - share) * plain;
}

// B out over the scale-up fabric of one exchange over ep and of the rows of experts cut over etp ranks.
static double exchange_link_bytes(const clx_layer_context *c, clx_group group) {
  const clx_layout *l = &c->job->layout;
  const clx_network *n = c->job->network;
  double bytes = 0;
  if (l->ep > 1) bytes += clx_collective_cost_of(n, CLX_ALL_TO_ALL, group, clx_training_ep_bytes(c->job)).link_bytes;
  if (l->etp > 1) {
    const clx_group rows = clx_group_make(n, l->etp, 1);
    bytes += clx_collective_cost_of(n, CLX_ALL_GATHER, rows, clx_training_etp_bytes(c->job)).link_bytes;
  }
  return bytes;
}

// Experts cut over etp ranks: each of them needs the rows of all, gathered after dispatch; partial sums are scattered before
// combine, and backward the other way round (Megatron-Core, MoEAlltoAllTokenDispatcher, dispatch_postprocess and
// combine_preprocess). Nothing runs beside: the experts wait for the rows, the combination for the sums. s of one pass.
static double expert_tensor_time(const clx_layer_context *c) {
  const clx_layout *l = &c->job->layout;
  if (l->etp <= 1) return 0;
  const clx_network *network = c->job->network;
  const clx_group group = clx_group_make(network, l->etp, 1);
  const double bytes = clx_training_etp_bytes(c->job);
  return clx_collective_time(network, CLX_ALL_GATHER, group, bytes) +
         clx_collective_time(network, CLX_REDUCE_SCATTER, group, bytes);
}

void clx_layer_add_ep(clx_layer_context *c) {
  const clx_layout *l = &c->job->layout;
  if (l->ep <= 1 && l->etp <= 1) return;
  const clx_group group = clx_group_make(c->job->network, l->ep, l->etp);
  // What comes from several ranks is ordered by origin: it is sorted by expert once more on arrival, and back before it leaves.
  const bool sorts = plain_exchange(c, group) && c->job->model->experts > l->ep;
  // Profiles with fused experts overlap where nothing waits for the host: in graphs of the whole step.
  const bool overlaps = c->fused_experts || !c->software->fused_experts;
  const double blocks = clx_layer_blocks_of(c->job->model).ffn, exchanges = 2 * blocks;
  if (sorts) {
    const double rows = clx_training_token_bytes(c->job) * c->job->model->experts_per_token * l->etp;
    const double sort = exchanges * clx_device_stream_time(c->device, 2 * rows);
    c->cost.stream[CLX_FORWARD] += sort;
    c->cost.stream[CLX_BACKWARD] += sort;
    c->experts_forward += sort;
  }
  const double exchanged = exchanges * exchange_time(c, group), cut = blocks * expert_tensor_time(c);
  const double exposed = exchanged * (1 - (overlaps ? c->software->expert_overlap : 0)) + cut;
  const double bytes = exchanges * exchange_link_bytes(c, group);
  for (int32_t pass = CLX_FORWARD; pass <= CLX_BACKWARD; pass++) {
    c->cost.ep[pass] += exposed;
    c->cost.link_bytes[pass] += bytes;
    c->cost.link_time[pass] += exchanged + cut;
  }
}

// Fully sharded data parallelism: weights gathered before each use, gradients scattered after, one layer ahead of compute.
// Dense weights go round the shard group, expert weights round the ranks of it that hold the same experts.
static clx_traffic_demand fsdp_demand(const clx_layer_context *c, const clx_traffic *traffic, clx_collective kind,
                                      const clx_layer_parameters *p, double bytes) {
  const clx_layout *l = &c->job->layout;
  const clx_network *network = c->job->network;
  const clx_group dense = clx_group_make(network, clx_shard_ranks(l), l->tp);
  const clx_group expert = clx_group_make(network, clx_expert_shard_ranks(l), l->etp * l->ep);
  const clx_traffic_demand a = clx_network_demand(network, traffic, "dp", kind, dense, p->shared * bytes);
  const clx_traffic_demand b = clx_network_demand(network, traffic, "dp", kind, expert, p->expert * bytes);
  return clx_training_sum_demand(&a, &b);
}

void clx_layer_add_fsdp(clx_layer_context *c, bool moe) {
  const clx_layout *l = &c->job->layout;
  if (l->sharding != CLX_SHARDING_FSDP && l->sharding != CLX_SHARDING_HSDP) return;
  const clx_layer_parameters p = clx_layer_parameter_shard(c->job->model, &c->shard, moe);
  clx_training_traffic t;
  clx_training_traffic_make(c->job, &t);
  clx_traffic_demand comm[2];
  comm[CLX_FORWARD] = fsdp_demand(c, &t.traffic, CLX_ALL_GATHER, &p, clx_training_parameter_bytes(c->job));
  comm[CLX_BACKWARD] = comm[CLX_FORWARD];
  if (c->job->model->adapter_rank <= 0) {
    const double reduced = c->software->fsdp_reduce_bytes;
    const clx_traffic_demand scatter =
        fsdp_demand(c, &t.traffic, CLX_REDUCE_SCATTER, &p, reduced > 0 ? reduced : c->software->gradient_bytes);
    comm[CLX_BACKWARD] = clx_training_sum_demand(&comm[CLX_FORWARD], &scatter);
  }
  const double repeat = clx_training_recompute(c->job) == CLX_RECOMPUTE_FULL ? c->cost.repeat : 0;
  const clx_group group = clx_group_make(c->job->network, clx_shard_ranks(l), l->tp);
  for (int32_t pass = CLX_FORWARD; pass <= CLX_BACKWARD; pass++) {
    const double compute = clx_layer_compute(&c->cost, pass) + (pass == CLX_BACKWARD ? repeat : 0);
    const double waiting[CLX_WAITING] = {c->cost.tp[pass], c->cost.cp[pass], c->cost.ep[pass]};
    const clx_beside beside = clx_training_beside(&t, &comm[pass], compute, waiting);
    const clx_collective kind = pass == CLX_FORWARD ? CLX_ALL_GATHER : CLX_REDUCE_SCATTER;
    const double drag = clx_training_drag(c->job, kind, group, &comm[pass], &c->cost, pass);
    c->cost.link_bytes[pass] += comm[pass].bytes[0];
    c->cost.link_time[pass] += comm[pass].time;
    c->cost.fsdp[pass] = comm[pass].time - beside.hidden + drag * fmin(beside.hidden, compute);
    c->cost.contention[pass] = beside.added;
  }
}
