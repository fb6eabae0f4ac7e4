// Kernels of a layer: matrix products in their three passes, casts, attention, elementwise work, scans.
#include <math.h>

#include "training/training_layer.h"

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

// Rows that do not start at multiples of 16 B leave the wide loads of the tensor kernels: the logits of an odd vocabulary
// (50,257, one rank) take 2.7 times as long on an A100 as those of two ranks, who pad it (vTrain, single node: 31.8 ms
// against 5.75 ms per 8,192 x V/tp x 1,024 more).
static const double ODD_ROWS = 2.7;

static double misalignment(const clx_layer_context *c, const clx_op *op) {
  if (fmod(op->n, 8) != 0 || fmod(op->k, 8) != 0) return ODD_ROWS;
  const bool aligned = fmod(op->n, 64) == 0 && fmod(op->k, 64) == 0;
  return aligned ? 1 : c->software->aligned_gemm;
}

// Units that multiply operands of the training precision, and the kernel that feeds them.
typedef struct number_format {
  clx_format unit;
  clx_kernel_format kernel;
} number_format;

static number_format format_of(const clx_layer_context *c, const clx_op *op) {
  if (!op->low_precision) return (number_format){CLX_BF16, CLX_KERNEL_BF16};
  return (number_format){c->format, clx_precision_kernel(c->job->precision)};
}

static double gemm_time(const clx_layer_context *c, number_format f, clx_gemm_pass pass, double m, double n, double k,
                        double groups) {
  const double clock = c->device->sustained_clock[f.unit];
  const bool modelled = clock <= 0 && c->device->multiply_energy[f.unit] > 0;
  const double time = modelled
                          ? clx_device_gemm_sustained_time(c->device, f.kernel, pass, m, n, k, groups, c->rate[f.unit])
                          : clx_device_gemm_time(c->device, f.kernel, pass, m, n, k, groups) / (clock > 0 ? clock : 1);
  return time / c->software->gemm_speed;
}

// The GEMMs of several experts: in one kernel, or a few at a time on streams, each set waiting for its last tile.
static double experts_time(const clx_layer_context *c, number_format f, clx_gemm_pass pass, double m, double n,
                           double k, double groups) {
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
static bool needs_other_layout(const clx_layer_context *c) {
  return c->job->precision != CLX_PRECISION_FP8 || !clx_text_equal(c->device->family, "blackwell");
}

// Casts of one operand. What sequence parallelism spreads is cast before it is gathered, on 1/tp of the tokens, and copied
// to the other layout after it (Transformer Engine). Rows that torchao scales are gathered in bf16.
static double cast_time(const clx_layer_context *c, clx_kernel_format kernel, double elements, bool spread,
                        bool weighted) {
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
static double rescale_time(const clx_layer_context *c, const clx_op *op) {
  if (c->job->precision != CLX_PRECISION_FP8_ROW) return 0;
  return clx_device_stream_time(c->device, 4 * op->m * op->groups * op->k) +
         (op->weighted ? clx_device_stream_time(c->device, 4 * op->groups * op->n * op->k) : 0);
}

static void add_column(clx_layer_context *c, const clx_op *op, double data, double weight) {
  if (!op->same_input && c->columns < CLX_COLUMNS_MAX) c->columns++;
  const int32_t column = c->columns - 1;
  c->column_data[column] += data / op->times;
  c->column_weight[column] += weight / op->times;
  c->column_times[column] = op->times;
}

// Operands and results once in each pass: products of a training step are large, and their tiles share operands in the cache.
static double gemm_bytes(const clx_layer_context *c, const clx_op *op, number_format f) {
  const double narrow = clx_kernel_format_bytes(f.kernel), in = op->m * op->k, out = op->m * op->n,
               weights = op->k * op->n;
  const double forward = narrow * (in + weights) + 2 * out, data = narrow * (out + weights) + 2 * in;
  const double written = c->software->accumulate_bytes > 0 ? 2 : 2 * c->software->gradient_bytes;
  const double weight = op->weighted ? narrow * (in + out) + written * weights : 0;
  return op->groups * (forward + data + weight);
}

// Forward, data gradient and weight gradient. The weight gradient is added into an fp32 (gradient_bytes) buffer: reading and
// writing it costs more than the 2 B of an ordinary output. Where gradients are added up in a pass of their own
// (accumulate_bytes), the product writes an ordinary output.
static void add_gemm(clx_layer_context *c, const clx_op *op) {
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
  c->cost.gemm[CLX_FORWARD] += forward;
  c->cost.gemm[CLX_BACKWARD] += data + weight;
  if (op->gathered) add_column(c, op, data, weight);
  c->gemm_forward += forward;
  c->flop_forward += times * op->flop;
  c->last_gemm = forward;
  c->last_flop = times * op->flop;
  c->cost.flop += times * op->flop * (op->weighted ? 3 : 2);
  c->cost.gemm_bytes += times * gemm_bytes(c, op, format);
  c->kernels[CLX_FORWARD] += times;
  c->kernels[CLX_BACKWARD] += times * (op->weighted ? 2 : 1);
  if (op->kind == CLX_OP_GEMM)
    c->linears += times;
  else
    c->cast_experts = op->groups * ((format.unit != CLX_BF16 ? 1 : 0) + (c->job->model->mlp_bias ? BIAS_HOST : 0));
  // The fused grouped products cast what passes between them: one cast before the first, none between.
  if (format.unit != CLX_BF16 && !(c->fused_experts && op->absorbed)) {
    const double rows = op->m * op->groups;
    if (!op->same_input) {
      const double in = cast_time(c, format.kernel, rows * op->k, op->gathered, op->weighted);
      c->cost.stream[CLX_FORWARD] += times * in * (1 - 0.5 * c->software->fusion);
    }
    c->cost.stream[CLX_BACKWARD] += times * cast_time(c, format.kernel, rows * op->n, op->scattered, op->weighted);
    c->cost.stream[CLX_BACKWARD] += times * rescale_time(c, op);
    c->kernels[CLX_FORWARD] += times;
    c->kernels[CLX_BACKWARD] += times;
  }
}

static double kernel_generation(const clx_layer_context *c) {
  if (c->software->native_attention) return 1;
  for (int32_t i = 0; i < CLX_COUNT(OLD_INSTRUCTIONS); i++) {
    if (clx_text_equal(c->device->family, OLD_INSTRUCTIONS[i].family)) return OLD_INSTRUCTIONS[i].speed;
  }
  return 1;
}

// Speed of cuDNN's fp8 attention against its bf16 one, causal, 8,192 tokens: 961/651 TFLOP/s forward on H200, 1998/1533 and
// 1447/1299 on GB200 (NVIDIA/cudnn-frontend, benchmark). Backward on Hopper 342/537 was measured there with cuDNN 9.26, which
// does not skip what the mask hides (0.64): 0.9 is an estimate, at which both passes together gain a little, as tuned MLPerf
// configurations that choose fp8 suggest.
typedef struct fp8_attention {
  const char *family;
  double speed[2];  // forward, backward
} fp8_attention;

static const fp8_attention FP8_ATTENTION[] = {{"hopper", {1.48, 0.9}}, {"blackwell", {1.3, 1.11}}};

static double attention_format(const clx_layer_context *c, bool backward) {
  const int32_t jobs = c->software->narrow_attention;
  const bool narrow =
      jobs == CLX_NARROW_ATTENTION_ALL || (jobs == CLX_NARROW_ATTENTION_ADAPTERS && c->job->model->adapter_rank > 0);
  if (!narrow || c->format == CLX_BF16) return 1;
  for (int32_t i = 0; i < CLX_COUNT(FP8_ATTENTION); i++) {
    if (clx_text_equal(c->device->family, FP8_ATTENTION[i].family)) return FP8_ATTENTION[i].speed[backward ? 1 : 0];
  }
  return 1;
}

static double attention_time(const clx_layer_context *c, const clx_op *op, bool backward) {
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

// Fused: queries, keys, values and the result forward; backward those and the gradients of each, of queries in fp32.
static double attention_bytes(const clx_op *op) {
  const double queries = op->batch * op->heads * op->query * (op->qk_dim + op->v_dim);
  const double keys = op->batch * op->kv_heads * op->key * (op->qk_dim + op->v_dim);
  return 2 * (queries + keys) + 2 * (3 * queries + 2 * keys);
}

static void add_attention(clx_layer_context *c, const clx_op *op) {
  const double times = op->times, forward = times * attention_time(c, op, false);
  c->cost.attention[CLX_FORWARD] += forward;
  c->cost.attention[CLX_BACKWARD] += times * attention_time(c, op, true);
  c->attention_forward += forward;
  c->flop_forward += times * op->flop;
  c->cost.flop += times * op->flop * CLX_ATTENTION_PASSES;
  c->cost.attention_flop += times * op->flop * CLX_ATTENTION_PASSES;
  c->cost.attention_bytes += times * attention_bytes(op);
  c->kernels[CLX_FORWARD] += times * (c->fused_attention ? 1 : 6);
  c->kernels[CLX_BACKWARD] += times * (c->fused_attention ? 2 : 9);
}

static void add_stream(clx_layer_context *c, const clx_op *op) {
  if (op->absorbed && c->fused_experts) return;
  const double spread = op->unfused + (1 - op->unfused) * c->software->fusion;
  const double kernels = op->kernels + (op->fused_kernels - op->kernels) * c->software->fusion;
  const double more = (kernels - 1) * c->device->kernel_time;
  const double forward = op->times * (clx_device_stream_time(c->device, op->bytes_forward * spread) + more);
  const double backward = op->times * (clx_device_stream_time(c->device, op->bytes_backward * spread) + more);
  c->cost.stream[CLX_FORWARD] += forward;
  c->cost.stream[CLX_BACKWARD] += backward;
  if (op->saved_selective > 0) c->selective_stream += forward;
  c->kernels[CLX_FORWARD] += op->times * kernels;
  c->kernels[CLX_BACKWARD] += op->times * kernels;
}

// Products of a chunk at the rate of the Triton kernels, beside traffic of the states; 2.5 times as much backward.
static void add_scan(clx_layer_context *c, const clx_op *op) {
  const double rate = c->device->peak[CLX_BF16] * c->attention_clock * SCAN_EFFICIENCY;
  const double more = (op->kernels - 1) * c->device->kernel_time;
  const double forward =
      op->times * (op->flop / rate + clx_device_stream_time(c->device, op->bytes_forward / SCAN_BANDWIDTH) + more);
  const double backward =
      op->times *
      (2.5 * op->flop / rate + clx_device_stream_time(c->device, op->bytes_backward / SCAN_BANDWIDTH) + 2 * more);
  c->linears += op->times * SCAN_HOST;
  c->cost.attention[CLX_FORWARD] += forward;
  c->cost.attention[CLX_BACKWARD] += backward;
  c->flop_forward += op->times * op->flop;
  c->cost.flop += op->times * op->flop * CLX_ATTENTION_PASSES;
  c->cost.attention_flop += op->times * op->flop * CLX_ATTENTION_PASSES;
  c->cost.attention_bytes += op->times * (op->bytes_forward + op->bytes_backward);
  c->kernels[CLX_FORWARD] += op->times * op->kernels;
  c->kernels[CLX_BACKWARD] += op->times * 2 * op->kernels;
}

double clx_layer_compute(const clx_layer_cost *cost, int32_t pass) {
  return cost->gemm[pass] + cost->attention[pass] + cost->stream[pass];
}

void clx_layer_add_operations(clx_layer_context *c, const clx_op *ops, int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    const double before = clx_layer_compute(&c->cost, CLX_FORWARD);
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
    if (ops[i].part == CLX_PART_EXPERT) c->experts_forward += clx_layer_compute(&c->cost, CLX_FORWARD) - before;
  }
}
