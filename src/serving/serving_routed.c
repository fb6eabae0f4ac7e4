// Routed experts of a layer: their kernels, and how tokens come to them.
#include <math.h>

#include "serving/serving_internal.h"

enum { BF16 = 2 };  // B

// --- kernels ------------------------------------------------------------------------------------------------------------

// Experts stored narrower than their arithmetic run on what the device has: 4-bit units, else unpacked on the way into bf16.
static clx_kernel_format experts_format(const clx_serving *s) {
  const bool unpacked = s->weights == CLX_WEIGHTS_MXFP4_EXPERTS;
  return unpacked && s->device->peak[CLX_FP4] > 0 ? CLX_KERNEL_NVFP4 : clx_weight_formats_of(s->weights).experts;
}

// Less traffic, the same products; half of the peak bounds what remains.
static void narrow_weights(const clx_serving *s, double stored, clx_kernel_cost *cost) {
  const double saved = (1 - stored) * fmin(cost->bytes, cost->time * s->device->memory_bandwidth);
  const double least = fmax(0.25 * cost->time, cost->flop / (0.5 * s->device->peak[CLX_BF16]));
  cost->time = fmax(cost->time - saved / s->device->memory_bandwidth, fmin(cost->time, least));
  cost->bytes -= saved;
}

// The engine's own kernels: those that its launch asks for by name, else those of its release; NULL = as measured.
static const clx_expert_kernel *expert_kernel_of(const clx_serving *s) {
  const int32_t blackwell = s->device->peak[CLX_FP4] > 0;
  const clx_engine *e = s->engine;
  const clx_expert_kernel *own = NULL;
  for (int32_t i = 0; i < e->experts_count; i++) {
    const clx_expert_kernel *k = &e->experts[i];
    if (k->weights != (int32_t)s->weights || k->blackwell != blackwell) continue;
    if (e->experts_chosen != NULL && clx_text_equal(k->name, e->experts_chosen)) return k;
    if (s->release > 0 && k->since > s->release) continue;
    if (own == NULL || k->since > own->since) own = k;
  }
  return own;
}

static clx_kernel_cost own_experts_cost(const clx_serving *s, const clx_expert_kernel *k, const clx_moe_shape *shape) {
  const clx_weight_formats f = clx_weight_formats_of(s->weights);
  static const clx_format arithmetic[CLX_KERNEL_FORMATS] = {
      [CLX_KERNEL_FP32] = CLX_TF32,     [CLX_KERNEL_BF16] = CLX_BF16, [CLX_KERNEL_FP8] = CLX_FP8,
      [CLX_KERNEL_FP8_BLOCK] = CLX_FP8, [CLX_KERNEL_NVFP4] = CLX_FP4, [CLX_KERNEL_INT8] = CLX_FP8};
  const clx_format units = s->weights == CLX_WEIGHTS_MXFP4_EXPERTS && !k->unpacks ? CLX_FP8 : arithmetic[f.experts];
  const clx_expert_load load = clx_serving_expert_load(k, shape);
  const double slice = shape->inter_size / shape->moe_tp_size;
  const double inter = k->pad > 0 ? k->pad * ceil(slice / k->pad) : slice;
  const double hidden = k->pad > 0 ? 256 * ceil(shape->hidden_size / 256) : shape->hidden_size;
  const double weights = load.active * 3 * inter * hidden * f.expert_bytes;
  const double moved =
      load.rows * (hidden * (BF16 + BF16 + 1) + 3 * BF16 * inter) + 2 * BF16 * shape->num_tokens * hidden;
  const double bandwidth = s->device->memory_bandwidth;
  const double memory = weights / (k->memory * bandwidth);
  const double compute = k->compute * slice / (slice + k->half_slice);
  const double products = 6 * load.padded * inter * hidden / (compute * s->device->peak[units]);
  return (clx_kernel_cost){.time = k->start + load.active * k->expert + moved / (CLX_SERVING_STREAMING * bandwidth) +
                                   sqrt(memory * memory + products * products),
                           .flop = 6 * load.rows * inter * hidden,
                           .bytes = weights + moved};
}

static clx_kernel_cost experts_cost(const clx_serving *s, const clx_serving_tokens *t, double routing) {
  const clx_transformer *m = s->model;
  const clx_kernel_format format = experts_format(s);
  const clx_moe_shape shape = {.num_tokens = fmax(1, ceil(t->all)),
                               .hidden_size = m->expert_hidden > 0 ? m->expert_hidden : m->hidden,
                               .inter_size = m->expert_ffn,
                               .topk = m->experts_per_token,
                               .num_experts = m->experts,
                               .moe_tp_size = s->etp,
                               .moe_ep_size = s->ep,
                               .distribution = routing,
                               .redundant = s->copies};
  if (expert_kernel_of(s) != NULL) return own_experts_cost(s, expert_kernel_of(s), &shape);
  const clx_moe_parameters *parameters =
      clx_kernels_set(s->device->kernels, &clx_kernel_moe, clx_kernel_moe.set_of[format]);
  const clx_moe_load load = clx_serving_moe_load(parameters, &shape);
  clx_kernel_cost cost = clx_moe_cost(s->device, format, parameters, &shape, &load);
  const double stored = clx_weight_formats_of(s->weights).expert_bytes / clx_kernel_format_bytes(format);
  if (stored < 0.9) narrow_weights(s, stored, &cost);
  if (format == CLX_KERNEL_FP8_BLOCK && s->engine->block_experts > 1)
    cost.time += (s->engine->block_experts - 1) * cost.bytes / s->device->memory_bandwidth;
  return cost;
}

// The busiest rank holds up the others, which wait for it: time by drawn loads, work by even ones.
static void add_experts(clx_serving_sum *sum, const clx_serving_tokens *t, double layers) {
  const clx_serving *s = sum->serving;
  const clx_kernel_format format = experts_format(s);
  clx_kernel_cost busiest = experts_cost(s, t, s->routing);
  double busy = 1;
  if (s->ep > 1) {
    const clx_kernel_cost even = experts_cost(s, t, 0);
    busy = fmin(1, even.time / busiest.time);
    busiest.flop = even.flop;
    busiest.bytes = fmin(even.bytes, busiest.bytes);
  }
  clx_serving_add_product(sum, CLX_SERVING_DENSE, CLX_KERNEL_BF16, t->tokens, s->model->experts, s->model->hidden,
                          layers);
  // Untuned kernels with scales per block are bound by instructions that rescale sums, as softmax is.
  const bool rescales = format == CLX_KERNEL_FP8_BLOCK && s->engine->block_experts > 1;
  clx_serving_add_cost(sum, CLX_SERVING_EXPERTS, rescales ? CLX_DRAW_ATTENTION : CLX_DRAW_MULTIPLY, format, &busiest,
                       busy, layers);
  sum->launches += layers * fmax(0, s->engine->expert_launches - 1);
}

// --- exchange ----------------------------------------------------------------------------------------------------------

static double collective_time(const clx_serving *s, const clx_kernel_family *family, clx_kernel_format format,
                              const void *shape) {
  const void *p = clx_kernels_set(s->device->kernels, family, family->set_of[format]);
  return family->cost(s->device, format, p, shape).time;
}

// Tokens travel in the format of the experts where that is narrower.
static clx_kernel_format transport_of(const clx_serving *s) {
  const clx_kernel_format format = clx_weight_formats_of(s->weights).experts;
  return format == CLX_KERNEL_NVFP4 ? CLX_KERNEL_NVFP4 : format == CLX_KERNEL_BF16 ? CLX_KERNEL_BF16 : CLX_KERNEL_FP8;
}

static clx_kernel_cost alltoall_cost(const clx_serving *s, const clx_alltoall_shape *part) {
  const clx_kernel_format format = transport_of(s);
  const void *p = clx_kernels_set(s->device->kernels, &clx_kernel_alltoall, clx_kernel_alltoall.set_of[format]);
  return clx_alltoall_cost(s->device, format, p, part);
}

// Each token to the ranks of its experts, and the results back.
static void add_dispatch(clx_serving_sum *sum, const clx_alltoall_shape *part, double layers) {
  for (int32_t i = 0; i < 3; i++) {
    const clx_kernel_cost cost = alltoall_cost(sum->serving, &part[i]);
    clx_serving_add_cost(sum, CLX_SERVING_EXCHANGE, CLX_DRAW_COMMUNICATE, transport_of(sum->serving), &cost, 1, layers);
  }
}

// Replicas of attention bring their tokens together for the experts, and take the results apart again; or send each token to its experts.
static void add_gathering(clx_serving_sum *sum, const clx_serving_tokens *t, double layers) {
  const clx_serving *s = sum->serving;
  if (s->dp < 2) return;
  const double elements = fmax(1, t->all * s->model->hidden);
  const clx_nccl_shape gather = {CLX_NCCL_ALL_GATHER, (double)s->dp * s->tp, elements};
  const clx_nccl_shape scatter = {CLX_NCCL_REDUCE_SCATTER, (double)s->dp * s->tp, elements};
  if (s->engine->dispatches && s->ep > 1) {
    clx_alltoall_shape part[3];
    double time = 0;
    for (int32_t i = 0; i < 3; i++) {
      part[i] = (clx_alltoall_shape){.op_name = i,
                                     .num_tokens = fmax(1, t->all / s->ep),
                                     .hidden_size = s->model->hidden,
                                     .topk = s->model->experts_per_token,
                                     .num_experts = s->model->experts,
                                     .moe_ep_size = s->ep,
                                     .distribution = s->routing,
                                     .redundant = s->copies,
                                     .each = s->direct};
      time += alltoall_cost(s, &part[i]).time;
    }
    if (time < collective_time(s, &clx_kernel_nccl, CLX_KERNEL_BF16, &gather) +
                   collective_time(s, &clx_kernel_nccl, CLX_KERNEL_BF16, &scatter)) {
      add_dispatch(sum, part, layers);
      return;
    }
  }
  clx_serving_add(sum, CLX_SERVING_EXCHANGE, &clx_kernel_nccl, CLX_KERNEL_BF16, &gather, layers);
  clx_serving_add(sum, CLX_SERVING_EXCHANGE, &clx_kernel_nccl, CLX_KERNEL_BF16, &scatter, layers);
}

void clx_serving_add_experts(clx_serving_sum *sum, const clx_serving_tokens *t) {
  const clx_transformer *m = sum->serving->model;
  const double layers = fmin(clx_moe_layers(m), clx_layer_blocks_of(m).ffn * m->layers);
  if (!(layers > 0)) return;
  add_experts(sum, t, layers);
  add_gathering(sum, t, layers);
}
