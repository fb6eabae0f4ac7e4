// Parameters and FLOP by the closed forms in README.md; every count is an integer below 2^53, exact in a double.
#include "workload/workload.h"

#include <math.h>

const char *const clx_flop_convention_name[CLX_FLOP_CONVENTIONS + 1] = {"megatron", "full-attention", "palm", NULL};

static double matrices(const clx_transformer *model) {
  return model->activation == CLX_SWIGLU || model->activation == CLX_GEGLU ? 3 : 2;
}

// A feed-forward block of width f, biases included.
static double ffn_parameters(const clx_transformer *model, double f) {
  const double h = model->hidden;
  const double bias = model->mlp_bias ? (matrices(model) - 1) * f + h : 0;
  return matrices(model) * h * f + bias;
}

static double attention_parameters(const clx_transformer *model) {
  const double h = model->hidden, nh = model->heads, d = model->head_dim, kv = model->kv_heads;
  if (model->mla) {
    const double qr = model->q_lora_rank, kr = model->kv_lora_rank;
    const double dn = model->qk_nope_dim, dr = model->qk_rope_dim, dv = model->v_dim;
    const double query = qr > 0 ? h * qr + qr + qr * nh * (dn + dr) : h * nh * (dn + dr);
    return query + h * (kr + dr) + kr + kr * nh * (dn + dv) + nh * dv * h;
  }
  const double bias = model->attention_bias ? nh * d + 2 * kv * d + h : 0;
  return 2 * h * nh * d + 2 * h * kv * d + (model->qk_norm ? 2 * d : 0) + bias + (model->attention_sinks ? nh : 0);
}

// Projections in (gate, values, keys and queries of the groups, steps), out, and the convolution of four taps.
static double mamba_parameters(const clx_transformer *model) {
  const double inner = (double)model->mamba_heads * model->mamba_head_dim;
  const double shared = 2.0 * model->mamba_groups * model->mamba_state;
  return model->hidden * (2 * inner + shared + model->mamba_heads) + inner * model->hidden + 5 * (inner + shared) +
         3.0 * model->mamba_heads + inner;
}

// One routed expert.
static double expert_parameters(const clx_transformer *model) {
  if (model->experts == 0) return 0;
  if (model->expert_hidden == 0) return ffn_parameters(model, model->expert_ffn);
  return matrices(model) * model->expert_hidden * (double)model->expert_ffn;
}

// What every token of a layer with experts passes beside them: shared experts, and projections into their width and back.
static double shared_expert_parameters(const clx_transformer *model) {
  return (model->shared_expert_ffn > 0 ? ffn_parameters(model, model->shared_expert_ffn) : 0) +
         2.0 * model->expert_hidden * model->hidden;
}

static double norm_parameters(const clx_transformer *model) {
  return model->hidden * (model->norm == CLX_LAYERNORM ? 2.0 : 1.0);
}

static double router_parameters(const clx_transformer *model) {
  return (double)model->hidden * model->experts + (model->router_bias ? model->experts : 0);
}

// LoRA of rank r beside the QKV and the output projection, as MLPerf and NeMo place it.
static double adapter_parameters(const clx_transformer *model) {
  const double r = model->adapter_rank, h = model->hidden, q = (double)model->heads * model->head_dim;
  return r * (h + q + 2.0 * model->kv_heads * model->head_dim) + r * (q + h);
}

// One MTP module: a layer, the projection of [hidden, embedding] and three norms; embedding and head are shared.
static double mtp_parameters(const clx_transformer *model) {
  const double h = model->hidden;
  const double experts = model->experts > 0 ? model->experts * expert_parameters(model) + router_parameters(model) +
                                                  shared_expert_parameters(model)
                                            : ffn_parameters(model, model->ffn);
  return model->mtp_layers *
         (attention_parameters(model) + experts + 2 * h * h + (model->norms_per_layer + 3) * norm_parameters(model));
}

clx_parameters clx_parameter_count(const clx_transformer *model) {
  const clx_layer_blocks blocks = clx_layer_blocks_of(model);
  const double layers = model->layers, h = model->hidden, moe = clx_moe_layers(model) * blocks.ffn;
  const double dense = layers * blocks.ffn - moe + (model->dense_residual ? moe : 0);
  const double expert = expert_parameters(model);
  clx_parameters count = {0};
  count.attention = layers * blocks.attention * attention_parameters(model);
  if (blocks.mamba > 0) count.attention += layers * blocks.mamba * mamba_parameters(model);
  count.dense_ffn = dense > 0 ? dense * ffn_parameters(model, model->ffn) : 0;
  count.routed_experts = moe * model->experts * expert;
  count.shared_experts = moe * shared_expert_parameters(model);
  count.router = model->experts > 0 ? moe * router_parameters(model) : 0;
  const double norms = blocks.mamba > 0 ? blocks.attention + blocks.mamba + blocks.ffn : model->norms_per_layer;
  count.norms = (layers * norms + 1) * norm_parameters(model);
  count.embedding = (double)model->vocab * h;
  count.head = model->tied ? 0 : count.embedding;
  count.positions = model->learned_positions ? (double)model->context * h : 0;
  count.adapters = model->adapter_rank > 0 ? layers * adapter_parameters(model) : 0;
  count.total = count.attention + count.dense_ffn + count.routed_experts + count.shared_experts + count.router +
                count.norms + count.embedding + count.head + count.positions;
  count.active = count.total - moe * (model->experts - model->experts_per_token) * expert;
  count.mtp = model->mtp_layers > 0 ? mtp_parameters(model) : 0;
  return count;
}

// Mean number of keys a query sees under a causal mask, with a sliding window w (0 = none).
static double mean_keys(double sequence, double window) {
  if (window <= 0 || window >= sequence) return sequence / 2;
  return window - window * window / (2 * sequence);
}

static double attention_flop(const clx_transformer *model, double sequence, bool halved) {
  const double widths = model->mla ? model->qk_nope_dim + model->qk_rope_dim + model->v_dim : 2.0 * model->head_dim;
  const double full = halved ? mean_keys(sequence, 0) : sequence;
  const double windowed = halved ? mean_keys(sequence, model->sliding_window) : sequence;
  const int32_t period = model->window_period;
  const double layers = model->layers * clx_layer_blocks_of(model).attention + model->mtp_layers;
  const double full_layers = model->sliding_window == 0 ? layers : (period > 0 ? floor(layers / period) : 0);
  return 6 * model->heads * widths * (full_layers * full + (layers - full_layers) * windowed);
}

double clx_flop_per_token(const clx_transformer *model, double sequence, clx_flop_convention convention) {
  const clx_parameters count = clx_parameter_count(model);
  if (convention == CLX_FLOP_PALM) {
    return 6 * count.active + 12.0 * model->layers * model->heads * model->head_dim * sequence;
  }
  double active = count.active - (model->tied ? 0 : count.embedding) - count.positions;
  if (model->mtp_layers > 0) {
    const double expert = expert_parameters(model);
    active += count.mtp - model->mtp_layers * (model->experts - model->experts_per_token) * expert;
    active += model->mtp_layers * count.embedding;  // one more pass through the head
  }
  const double per_parameter = model->adapter_rank > 0 ? 4 : 6;  // a frozen base has no weight gradient
  return per_parameter * active + 6 * count.adapters + attention_flop(model, sequence, convention == CLX_FLOP_MEGATRON);
}
