// What one layer costs one rank: operations on the device, collectives on the fabric, and which of these stay exposed.
#include <math.h>

#include "training/training_internal.h"

enum { FORWARD, BACKWARD, COLUMNS_MAX = 4 };

enum { SERVER = 8 };  // GPUs of a usual server: recipes for larger NVLink domains differ

// Host work of the bias of one expert (split, scale, add, concatenate, and back) against that of its casts.
static const double BIAS_HOST = 3;

// Share of the bf16 peak and of the streaming bandwidth that the kernels of a scan in chunks reach: products of 64 x 128 with decay
// factors between them, states in fp32. Fitted to Nemotron-H 56B on H100 (dgxc-benchmarking 25.05).
static const double SCAN_EFFICIENCY = 0.089, SCAN_BANDWIDTH = 0.36;
// Host work of such a mixer beyond its two projections, in linear modules: convolution, gates, scan.
static const double SCAN_HOST = 3;

// Speed of an attention kernel written for Ampere's matrix instructions, against the device's own: FlashAttention-2 beside
// cuDNN, causal, 8,192 to 32,768 tokens forward and backward: 325/573 and 277/464 TFLOP/s on H200, 414/1584 and 338/1211 on
// GB200 (NVIDIA/cudnn-frontend, benchmark).
typedef struct old_instructions {
  const char *family;
  double speed;
} old_instructions;

static const old_instructions OLD_INSTRUCTIONS[] = {{"hopper", 0.55}, {"blackwell", 0.28}};

typedef struct context {
  const clx_training *job;
  const clx_device *device;
  const clx_software *software;
  clx_shard shard;
  clx_format format;
  double rate[CLX_FORMATS];  // FLOP/s that power allows large products of the two formats in use
  double attention_clock;    // against the one its efficiency was read at
  bool fused_attention;
  bool fused_experts;  // one grouped kernel for the experts, the whole step a graph
  clx_layer_cost cost;
  double kernels[2];
  double experts_forward;        // s of compute of the routed experts
  double linears, cast_experts;  // linear modules; experts that are cast or have biases
  double attention_forward, gemm_forward, selective_stream, flop_forward;
  double column_data[COLUMNS_MAX], column_weight[COLUMNS_MAX];  // gradients of the products whose input is gathered
  double column_times[COLUMNS_MAX];
  int32_t columns;
  double last_gemm, last_flop;  // of the operation added last, when that was a matrix product; forward
} context;

// Rates of attention come from runs long enough to settle: at its tdp a device keeps them, and under a cap it loses what bf16
// products lose.
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

// --- compute ------------------------------------------------------------------------------------------------------------

// Rows that do not start at multiples of 16 B leave the wide loads of the tensor kernels: the logits of an odd vocabulary
// (50,257, one rank) take 2.7 times as long on an A100 as those of two ranks, who pad it (vTrain, single node: 31.8 ms
// against 5.75 ms per 8,192 x V/tp x 1,024 more).
static const double ODD_ROWS = 2.7;

static double misalignment(const context *c, const clx_op *op) {
  if (fmod(op->n, 8) != 0 || fmod(op->k, 8) != 0) return ODD_ROWS;
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
  const double streams = c->fused_experts ? 0 : c->software->expert_streams;
  if (groups <= 1 || streams <= 0 || streams >= groups) return gemm_time(c, f, pass, m, n, k, groups);
  return groups / streams * gemm_time(c, f, pass, m, n, k, streams);
}

// Scales per row or per block need the largest value of each first: one more pass over the operand.
static double cast_passes(int32_t precision) {
  return precision == CLX_PRECISION_FP8_ROW || precision == CLX_PRECISION_FP8_BLOCK ? 2 : 1;
}

// The weight gradient reads its operands along the tokens. Multiply units of Blackwell take either layout of an fp8 operand
// with one scale per tensor; those of Hopper, and scales per block, need a copy of it.
static bool needs_other_layout(const context *c) {
  return c->job->precision != CLX_PRECISION_FP8 || !clx_text_equal(c->device->family, "blackwell");
}

// Casts of one operand. What sequence parallelism spreads is cast before it is gathered, on 1/tp of the tokens, and copied
// to the other layout after it (Transformer Engine). Rows that torchao scales are gathered in bf16.
static double cast_time(const context *c, clx_kernel_format kernel, double elements, bool spread, bool weighted) {
  const double passes = cast_passes(c->job->precision);
  const bool other = weighted && needs_other_layout(c);
  const int32_t tp = c->job->layout.tp;
  if (!spread || tp <= 1 || !c->shard.sequence_parallel || c->job->precision == CLX_PRECISION_FP8_ROW) {
    return passes * clx_device_cast_time(c->device, kernel, elements, other);
  }
  const double copy = other ? clx_device_stream_time(c->device, elements * 2 * clx_kernel_format_bytes(kernel)) : 0;
  return passes * clx_device_cast_time(c->device, kernel, elements / tp, false) + copy;
}

// torchao has gradients with a scale per row multiplied without them and scaled by a kernel after it: one product with a scale
// per row is too slow with full accumulation (pytorch/ao 1325, pytorch/pytorch 147971).
static double rescale_time(const context *c, const clx_op *op) {
  if (c->job->precision != CLX_PRECISION_FP8_ROW) return 0;
  return clx_device_stream_time(c->device, 4 * op->m * op->groups * op->k) +
         (op->weighted ? clx_device_stream_time(c->device, 4 * op->groups * op->n * op->k) : 0);
}

static void add_column(context *c, const clx_op *op, double data, double weight) {
  if (!op->same_input && c->columns < COLUMNS_MAX) c->columns++;
  const int32_t column = c->columns - 1;
  c->column_data[column] += data / op->times;
  c->column_weight[column] += weight / op->times;
  c->column_times[column] = op->times;
}

// Forward, data gradient and weight gradient. The weight gradient is added into an fp32 (gradient_bytes) buffer: reading and
// writing it costs more than the 2 B of an ordinary output. Where gradients are added up in a pass of their own
// (accumulate_bytes), the product writes an ordinary output.
static void add_gemm(context *c, const clx_op *op) {
  const number_format format = format_of(c, op);
  const double times = op->times, slow = times * misalignment(c, op),
               bandwidth = c->device->memory_bandwidth * c->device->memory_efficiency;
  const double forward = slow * experts_time(c, format, CLX_GEMM_FORWARD, op->m, op->n, op->k, op->groups);
  const double data = slow * experts_time(c, format, CLX_GEMM_DATA_GRADIENT, op->m, op->k, op->n, op->groups);
  double weight = 0;
  if (op->weighted) {
    const double extra = c->software->accumulate_bytes > 0 ? 0 : 2 * c->software->gradient_bytes - 2;
    const double accumulate = times * op->groups * op->n * op->k * extra / bandwidth;
    weight = slow * experts_time(c, format, CLX_GEMM_WEIGHT_GRADIENT, op->k, op->n, op->m, op->groups) + accumulate;
  }
  c->cost.weight += weight;
  c->cost.gemm[FORWARD] += forward;
  c->cost.gemm[BACKWARD] += data + weight;
  if (op->gathered) add_column(c, op, data, weight);
  c->gemm_forward += forward;
  c->flop_forward += times * op->flop;
  c->last_gemm = forward;
  c->last_flop = times * op->flop;
  c->cost.flop += times * op->flop * (op->weighted ? 3 : 2);
  c->kernels[FORWARD] += times;
  c->kernels[BACKWARD] += times * (op->weighted ? 2 : 1);
  if (op->kind == CLX_OP_GEMM)
    c->linears += times;
  else
    c->cast_experts = op->groups * ((format.unit != CLX_BF16 ? 1 : 0) + (c->job->model->mlp_bias ? BIAS_HOST : 0));
  // The fused grouped products cast what passes between them: one cast before the first, none between.
  if (format.unit != CLX_BF16 && !(c->fused_experts && op->absorbed)) {
    const double rows = op->m * op->groups;
    if (!op->same_input) {
      const double in = cast_time(c, format.kernel, rows * op->k, op->gathered, op->weighted);
      c->cost.stream[FORWARD] += times * in * (1 - 0.5 * c->software->fusion);
    }
    c->cost.stream[BACKWARD] += times * cast_time(c, format.kernel, rows * op->n, op->scattered, op->weighted);
    c->cost.stream[BACKWARD] += times * rescale_time(c, op);
    c->kernels[FORWARD] += times;
    c->kernels[BACKWARD] += times;
  }
}

static double kernel_generation(const context *c) {
  if (c->software->native_attention) return 1;
  for (int32_t i = 0; i < CLX_COUNT(OLD_INSTRUCTIONS); i++) {
    if (clx_text_equal(c->device->family, OLD_INSTRUCTIONS[i].family)) return OLD_INSTRUCTIONS[i].speed;
  }
  return 1;
}

// Speed of cuDNN's fp8 attention against its bf16 one, causal, 8,192 tokens: 961/651 TFLOP/s forward on H200, 1998/1533 and
// 1447/1299 on GB200 (NVIDIA/cudnn-frontend, benchmark). Backward on Hopper 342/537 was measured there with cuDNN 9.26, which
// does not skip what the mask hides; tuned MLPerf configurations have chosen fp8, so that both passes are no slower.
typedef struct fp8_attention {
  const char *family;
  double speed[2];  // forward, backward
} fp8_attention;

static const fp8_attention FP8_ATTENTION[] = {{"hopper", {1.48, 0.9}}, {"blackwell", {1.3, 1.11}}};

static double attention_format(const context *c, bool backward) {
  const int32_t jobs = c->software->narrow_attention;
  const bool narrow =
      jobs == CLX_NARROW_ATTENTION_ALL || (jobs == CLX_NARROW_ATTENTION_ADAPTERS && c->job->model->adapter_rank > 0);
  if (!narrow || c->format == CLX_BF16) return 1;
  for (int32_t i = 0; i < CLX_COUNT(FP8_ATTENTION); i++) {
    if (clx_text_equal(c->device->family, FP8_ATTENTION[i].family)) return FP8_ATTENTION[i].speed[backward ? 1 : 0];
  }
  return 1;
}

static double attention_time(const context *c, const clx_op *op, bool backward) {
  clx_attention_shape shape = {op->batch,  op->heads, op->kv_heads,     op->query, op->key,
                               op->qk_dim, op->v_dim, op->causal_share, op->window};
  const clx_layout *l = &c->job->layout;
  if (l->cp > 1 && l->context_exchange == CLX_CONTEXT_ALL_TO_ALL) {
    shape.heads /= l->cp;
    shape.kv_heads = fmax(1, shape.kv_heads / l->cp);
    shape.query *= l->cp;
  }
  if (!c->fused_attention) {
    return clx_device_unfused_attention_time(c->device, &shape, backward) / c->attention_clock;
  }
  const double speed = c->software->attention_speed * kernel_generation(c) * attention_format(c, backward);
  return clx_device_attention_time(c->device, &shape, backward) / (speed * c->attention_clock);
}

static void add_attention(context *c, const clx_op *op) {
  const double times = op->times, forward = times * attention_time(c, op, false);
  c->cost.attention[FORWARD] += forward;
  c->cost.attention[BACKWARD] += times * attention_time(c, op, true);
  c->attention_forward += forward;
  c->flop_forward += times * op->flop;
  c->cost.flop += times * op->flop * 3.5;
  c->kernels[FORWARD] += times * (c->fused_attention ? 1 : 6);
  c->kernels[BACKWARD] += times * (c->fused_attention ? 2 : 9);
}

static void add_stream(context *c, const clx_op *op) {
  if (op->absorbed && c->fused_experts) return;
  const double spread = op->unfused + (1 - op->unfused) * c->software->fusion;
  const double kernels = op->kernels + (op->fused_kernels - op->kernels) * c->software->fusion;
  const double more = (kernels - 1) * c->device->kernel_time;
  const double forward = op->times * (clx_device_stream_time(c->device, op->bytes_forward * spread) + more);
  const double backward = op->times * (clx_device_stream_time(c->device, op->bytes_backward * spread) + more);
  c->cost.stream[FORWARD] += forward;
  c->cost.stream[BACKWARD] += backward;
  if (op->saved_selective > 0) c->selective_stream += forward;
  c->kernels[FORWARD] += op->times * kernels;
  c->kernels[BACKWARD] += op->times * kernels;
}

// Products of a chunk at the rate of the Triton kernels, beside traffic of the states; 2.5 times as much backward.
static void add_scan(context *c, const clx_op *op) {
  const double rate = c->device->peak[CLX_BF16] * c->attention_clock * SCAN_EFFICIENCY;
  const double more = (op->kernels - 1) * c->device->kernel_time;
  const double forward =
      op->times * (op->flop / rate + clx_device_stream_time(c->device, op->bytes_forward / SCAN_BANDWIDTH) + more);
  const double backward =
      op->times *
      (2.5 * op->flop / rate + clx_device_stream_time(c->device, op->bytes_backward / SCAN_BANDWIDTH) + 2 * more);
  c->linears += op->times * SCAN_HOST;
  c->cost.attention[FORWARD] += forward;
  c->cost.attention[BACKWARD] += backward;
  c->flop_forward += op->times * op->flop;
  c->cost.flop += op->times * op->flop * 3.5;
  c->kernels[FORWARD] += op->times * op->kernels;
  c->kernels[BACKWARD] += op->times * 2 * op->kernels;
}

static double compute_time(const clx_layer_cost *cost, int32_t pass) {
  return cost->gemm[pass] + cost->attention[pass] + cost->stream[pass];
}

static void add_operations(context *c, const clx_op *ops, int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    const double before = compute_time(&c->cost, FORWARD);
    c->last_gemm = c->last_flop = 0;
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
      case CLX_OP_SCAN:
        add_scan(c, &ops[i]);
        break;
    }
    if (ops[i].part == CLX_PART_EXPERT) c->experts_forward += compute_time(&c->cost, FORWARD) - before;
  }
}

// --- communication --------------------------------------------------------------------------------------------------------

// Tensor parallelism: an all-reduce, or with sequence parallelism an all-gather and a reduce-scatter of the same bytes,
// after attention and after the feed-forward block (dense and shared experts; routed experts use their own group).
typedef struct tp_collectives {
  double gather, reduce;  // s of one; gather 0 without sequence parallelism
} tp_collectives;

static tp_collectives tp_collectives_make(const context *c) {
  const clx_layout *l = &c->job->layout;
  if (l->tp <= 1) return (tp_collectives){0, 0};
  const clx_network *network = c->job->network;
  const clx_group group = clx_group_make(network, l->tp, 1);
  const double bytes = clx_training_tp_bytes(c->job);
  // With narrow GEMMs the gathered input is cast before it is sent (Transformer Engine; torchao with one scale per tensor).
  const bool wide = c->format == CLX_BF16 || c->job->precision == CLX_PRECISION_FP8_ROW;
  const double gathered = wide ? bytes : bytes / 2;
  if (!c->shard.sequence_parallel)
    return (tp_collectives){0, clx_collective_time(network, CLX_ALL_REDUCE, group, bytes)};
  return (tp_collectives){clx_collective_time(network, CLX_ALL_GATHER, group, gathered),
                          clx_collective_time(network, CLX_REDUCE_SCATTER, group, bytes)};
}

// What shows of a collective beside a GEMM.
static double beside_gemm(double held, double collective, double gemm) {
  return fmax(0, collective - gemm) + held * fmin(collective, gemm);
}

// Without buffers that pipeline GEMMs with communication (Megatron-LM, Transformer Engine): in the backward pass the input is
// gathered once more beside the data gradient, and what that gives is scattered beside the weight gradient; all else waits.
static double tp_backward_plain(const context *c, tp_collectives t, double blocks) {
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

static void add_tp(context *c, bool moe) {
  const clx_transformer *m = c->job->model;
  const clx_layer_blocks b = clx_layer_blocks_of(m);
  const double blocks = b.attention + b.mamba + (!moe || m->dense_residual || m->shared_expert_ffn > 0 ? b.ffn : 0);
  const tp_collectives t = tp_collectives_make(c);
  // The buffers that overlap communication with a GEMM know no fp4 (Megatron-Bridge turns them off).
  const double overlap = c->format == CLX_FP4 ? 0 : c->software->tp_overlap;
  const double exposed = blocks * (t.gather + t.reduce) * (1 - overlap * (1 - clx_training_buffers_held(c->job)));
  const bool plain = overlap <= 0 && c->software->tp_async && c->shard.sequence_parallel;
  c->cost.tp[FORWARD] += exposed;
  c->cost.tp[BACKWARD] += plain ? tp_backward_plain(c, t, blocks) : exposed;
  c->cost.repeat_tp = exposed;
}

// Keys and values pass by while attention computes on those at hand.
static void add_cp_ring(context *c) {
  const clx_layout *l = &c->job->layout;
  const clx_group pair = clx_group_make(c->job->network, l->cp, l->tp);
  const double step = clx_collective_time(c->job->network, CLX_SEND_RECEIVE, pair, clx_training_cp_bytes(c->job));
  const double ring = (l->cp - 1) * step, held = clx_training_processors_held(c->job, CLX_SEND_RECEIVE, pair);
  for (int32_t pass = FORWARD; pass <= BACKWARD; pass++) {
    const double comm = pass == BACKWARD ? 2 * ring : ring;
    const double hidden = c->cost.attention[pass] * (l->cp - 1) / l->cp;
    c->cost.cp[pass] += fmax(0, comm - hidden) + held * fmin(comm, hidden);
  }
}

// Tokens of all heads become heads of all tokens and back, nothing to hide behind.
static void add_cp_all_to_all(context *c) {
  const clx_layout *l = &c->job->layout;
  const clx_network *n = c->job->network;
  const clx_group group = clx_group_make(n, l->cp, l->tp);
  const double one = clx_collective_time(n, CLX_ALL_TO_ALL, group, clx_training_cp_bytes(c->job)) +
                     clx_collective_time(n, CLX_ALL_TO_ALL, group, clx_training_cp_output_bytes(c->job));
  c->cost.cp[FORWARD] += one;
  c->cost.cp[BACKWARD] += one;
}

static void add_cp(context *c) {
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
static bool plain_exchange(const context *c, clx_group group) {
  const bool server = c->job->layout.ep <= group.inside && c->job->network->domain <= SERVER;
  return server || c->software->expert_dedup <= 0;
}

static double exchange_time(const context *c, clx_group group) {
  const clx_layout *l = &c->job->layout;
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

static void add_ep(context *c) {
  const clx_layout *l = &c->job->layout;
  if (l->ep <= 1) return;
  const clx_group group = clx_group_make(c->job->network, l->ep, l->etp);
  const double one = exchange_time(c, group);
  // All-to-all delivers tokens by their origin: they are sorted by expert once more on arrival, and back before they leave.
  const bool sorts = plain_exchange(c, group) && c->job->model->experts > l->ep;
  // Profiles with fused experts overlap where nothing waits for the host: in graphs of the whole step.
  const bool overlaps = c->fused_experts || !c->software->fused_experts;
  const double exchanges = 2 * clx_layer_blocks_of(c->job->model).ffn;
  if (sorts) {
    const double rows = clx_training_token_bytes(c->job) * c->job->model->experts_per_token;
    const double sort = exchanges * clx_device_stream_time(c->device, 2 * rows);
    c->cost.stream[FORWARD] += sort;
    c->cost.stream[BACKWARD] += sort;
    c->experts_forward += sort;
  }
  const double exposed = exchanges * one * (1 - (overlaps ? c->software->expert_overlap : 0));
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
    const double reduced = c->software->fsdp_reduce_bytes;
    const clx_traffic_demand scatter =
        fsdp_demand(c, &t.traffic, CLX_REDUCE_SCATTER, &p, reduced > 0 ? reduced : c->software->gradient_bytes);
    comm[BACKWARD] = clx_training_sum_demand(&comm[FORWARD], &scatter);
  }
  const double repeat = clx_training_recompute(c->job) == CLX_RECOMPUTE_FULL ? c->cost.repeat : 0;
  const clx_group group = clx_group_make(c->job->network, clx_shard_ranks(l), l->tp);
  for (int32_t pass = FORWARD; pass <= BACKWARD; pass++) {
    const double compute = compute_time(&c->cost, pass) + (pass == BACKWARD ? repeat : 0);
    const double waiting[CLX_WAITING] = {c->cost.tp[pass], c->cost.cp[pass], c->cost.ep[pass]};
    const clx_beside beside = clx_training_beside(&t, &comm[pass], compute, waiting);
    const clx_collective kind = pass == FORWARD ? CLX_ALL_GATHER : CLX_REDUCE_SCATTER;
    const double drag = clx_training_drag(c->job, kind, group, &comm[pass], &c->cost, pass);
    c->cost.fsdp[pass] = comm[pass].time - beside.hidden + drag * fmin(beside.hidden, compute);
    c->cost.contention[pass] = beside.added;
  }
}

// --- recompute and launches -------------------------------------------------------------------------------------------------

// Full recompute that stops early has what backward needs before the last product of a dense layer, and neither repeats it
// nor sums its result over the tensor-parallel ranks (PyTorch 2.1 on: torch.utils.checkpoint without re-entry).
static void add_full_recompute(context *c) {
  const double share = c->job->layout.recompute_share;
  const bool early = c->software->recompute_early_stop && c->last_gemm > 0;
  const double sums = c->shard.sequence_parallel ? 0.25 : 0.5;  // of the layer's tensor-parallel collectives
  const double repeat_tp = c->cost.repeat_tp * (early ? 1 - sums : 1);
  c->cost.repeat = share * (compute_time(&c->cost, FORWARD) - (early ? c->last_gemm : 0));
  c->cost.repeat_tp = share * (repeat_tp + c->cost.ep[FORWARD] + c->cost.cp[FORWARD]);
  c->cost.flop += share * (c->flop_forward - (early ? c->last_flop : 0));
}

static void add_recompute(context *c) {
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

static expert_host expert_host_of(const context *c) {
  const clx_software *s = c->software;
  if (c->fused_experts) return (expert_host){0, 0};
  // Graphs take memory for each layer and micro-batch in flight: recipes for servers capture them without a pipeline only.
  const double server = c->job->layout.pp == 1 ? s->expert_graphs : 0;
  const double eager = 1 - (c->job->network->domain > SERVER ? s->expert_graphs_rack : server);
  const double blocks = clx_layer_blocks_of(c->job->model).ffn;
  return (expert_host){eager * s->linear_host * c->linears,
                       eager * blocks * (s->expert_host + s->expert_host_each * c->cast_experts)};
}

// The tokens of each expert are counted on the device, and the host reads the counts before it can start the products of the
// experts: device and host meet there in the forward pass, and the host's work for the experts hides behind theirs only.
// Backward the counts are known.
static void add_expert_launch(context *c) {
  static const double FORWARD_SHARE = 0.4;  // backward: two products for one, and autograd
  const expert_host host = expert_host_of(c);
  const double slow = c->device->host_time, interval = c->software->launch_interval;
  const double waits = c->cost.tp[FORWARD] + c->cost.ep[FORWARD];
  const double device = compute_time(&c->cost, FORWARD) + waits,
               mixers = device - c->experts_forward - c->cost.ep[FORWARD];
  const double experts = slow * FORWARD_SHARE * host.experts;
  const double both = slow * (c->kernels[FORWARD] * interval + FORWARD_SHARE * host.mixers) + experts;
  const double forward = fmax(both, fmax(experts, device - mixers) + mixers);
  c->cost.launch[FORWARD] = forward - device;
  const double all = (1 - FORWARD_SHARE) * (host.mixers + host.experts) + c->kernels[BACKWARD] * interval;
  const double backward = compute_time(&c->cost, BACKWARD) + c->cost.tp[BACKWARD] + c->cost.ep[BACKWARD];
  c->cost.launch[BACKWARD] = fmax(0, slow * all - backward);
}

// Without CUDA graphs the device waits when the host cannot start kernels as fast as they finish. What full recompute repeats
// is started once more.
static void add_launch(context *c, bool moe) {
  if (c->software->cuda_graphs || (moe && c->fused_experts)) return;
  if (moe) {
    add_expert_launch(c);
    return;
  }
  const bool full = clx_training_recompute(c->job) == CLX_RECOMPUTE_FULL;
  const double again[2] = {0, full ? c->job->layout.recompute_share * c->kernels[FORWARD] : 0};
  for (int32_t pass = FORWARD; pass <= BACKWARD; pass++) {
    const double host = (c->kernels[pass] + again[pass]) * c->software->launch_interval * c->device->host_time;
    const double repeated = pass == BACKWARD && full ? c->cost.repeat : 0;
    c->cost.launch[pass] = fmax(0, host - compute_time(&c->cost, pass) - repeated);
  }
}

// Activations on their way to the host's memory and back: the device waits for what compute does not hide.
static void add_offload(context *c, bool moe) {
  const double share = c->job->layout.offload;
  if (share <= 0) return;
  const double link = c->device->host_link > 0 ? c->device->host_link : fmax(c->device->pcie, 1e9);
  const double transfer = share * clx_training_kept_make(c->job).layer[moe ? 1 : 0].bytes / link;
  for (int32_t pass = FORWARD; pass <= BACKWARD; pass++) {
    c->cost.launch[pass] += fmax(0, transfer - compute_time(&c->cost, pass));
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
  add_launch(&c, moe);
  add_offload(&c, moe);
  add_fsdp(&c, moe);
  return c.cost;
}

// Work outside of the layers: its operations, and half of the tensor-parallel communication of a block.
static clx_layer_cost ends_cost(const clx_training *job,
                                int32_t (*operations)(const clx_transformer *, const clx_shard *, clx_op *)) {
  clx_op ops[CLX_LAYER_OPS_MAX];
  context c = context_make(job);
  add_operations(&c, ops, operations(job->model, &c.shard, ops));
  const tp_collectives t = tp_collectives_make(&c);
  c.cost.tp[FORWARD] = c.cost.tp[BACKWARD] = (t.gather + t.reduce) / 2;
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
