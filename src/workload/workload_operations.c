// The operations of one rank, forward. Byte counts are of bf16 tensors (2 B) unless said otherwise; README.md derives them.
#include <math.h>

#include "workload/workload.h"

#include <math.h>

enum { BF16 = 2 };

typedef struct view {
  const clx_transformer *model;
  const clx_shard *shard;
  double tokens;  // of one micro-batch on this rank, inside tensor-parallel regions
  double spread;  // the same outside of them: divided by tp with sequence parallelism
  double gate;    // 2 for gated activations, 1 else
  double times;   // of the operations that are added
  clx_op *ops;
  int32_t count;
} view;

static view view_make(const clx_transformer *model, const clx_shard *shard, clx_op *ops) {
  view v = {.model = model, .shard = shard, .ops = ops, .times = 1};
  v.tokens = shard->sequences * shard->sequence / shard->cp;
  v.spread = shard->sequence_parallel ? v.tokens / shard->tp : v.tokens;
  v.gate = model->activation == CLX_SWIGLU || model->activation == CLX_GEGLU ? 2 : 1;
  return v;
}

static clx_op *add(view *v, const char *name, clx_op_kind kind, clx_op_part part) {
  clx_op *op = &v->ops[v->count++];
  *op = (clx_op){.name = name,
                 .kind = kind,
                 .part = part,
                 .groups = 1,
                 .unfused = 1,
                 .kernels = 1,
                 .fused_kernels = 1,
                 .times = v->times};
  return op;
}

static clx_op *add_gemm(view *v, const char *name, clx_op_part part, double m, double n, double k) {
  clx_op *op = add(v, name, CLX_OP_GEMM, part);
  op->m = m;
  op->n = n;
  op->k = k;
  op->flop = 2 * m * n * k;
  op->weighted = v->model->adapter_rank == 0;
  op->low_precision = true;
  return op;
}

// Elementwise work over `elements`, counted in passes over them of 2 B each.
static clx_op *add_stream(view *v, const char *name, clx_op_part part, double elements, double forward, double backward,
                          double unfused, double kernels) {
  clx_op *op = add(v, name, CLX_OP_STREAM, part);
  op->bytes_forward = forward * elements * BF16;
  op->bytes_backward = backward * elements * BF16;
  op->unfused = unfused;
  op->kernels = kernels;
  return op;
}

// Residual add and normalisation: fused it reads the branch and the residual and writes both sums (4 passes; 5 backward).
// Separate kernels for bias, dropout, residual and norm make it about 9.5 passes.
static void add_norm(view *v, const char *name, clx_op_part part) {
  clx_op *op = add_stream(v, name, part, v->spread * v->model->hidden, 4, 5, 2.4, 4);
  op->saved = 2 * v->spread * v->model->hidden * BF16;
  op->saved_selective = op->saved_input = op->saved / 2;
  if (v->model->norms_per_layer == 4) {
    add_stream(v, "norm after block", part, v->spread * v->model->hidden, 2, 3, 1, 1)->saved =
        v->spread * v->model->hidden * BF16;
  }
}

static void add_attention_core(view *v, double qk_dim, double v_dim, double kv_heads, bool windowed) {
  const clx_transformer *model = v->model;
  const clx_shard *shard = v->shard;
  clx_op *op = add(v, "attention", CLX_OP_ATTENTION, CLX_PART_ATTENTION);
  op->batch = shard->sequences;
  const bool packed = model->document > 0 && model->document < shard->sequence;
  if (packed) op->batch *= shard->sequence / model->document;
  op->heads = (double)model->heads / shard->tp;
  op->kv_heads = kv_heads;
  op->qk_dim = qk_dim;
  op->v_dim = v_dim;
  op->key = packed ? model->document : shard->sequence;
  op->query = op->key / shard->cp;
  op->window = windowed ? model->sliding_window : 0;
  op->causal_share = 0.5;
  if (op->window > 0 && op->window < op->key) {
    op->causal_share = (op->window - op->window * op->window / (2 * op->key)) / op->key;
  }
  op->flop = 2 * op->batch * op->heads * op->query * op->key * (qk_dim + v_dim) * op->causal_share;
  op->saved = v->tokens * op->heads * v_dim * BF16;
}

// Projections of one input, as one product or as one each; backward their data gradients are then summed.
static clx_op *add_projections(view *v, const char *name, clx_op_part part, const double *width, int32_t count) {
  double all = 0;
  for (int32_t i = 0; i < count; i++) all += width[i];
  const bool separate = v->shard->separate && count > 1;
  clx_op *first = add_gemm(v, name, part, v->tokens, separate ? width[0] : all, v->model->hidden);
  first->gathered = true;
  if (!separate) return first;
  for (int32_t i = 1; i < count; i++) {
    clx_op *op = add_gemm(v, name, part, v->tokens, width[i], v->model->hidden);
    op->gathered = op->same_input = true;
  }
  add_stream(v, "gradient sum", part, v->tokens * v->model->hidden, 0, count + 1, 1, 1);
  return first;
}

static double local_kv_heads(const view *v) {
  const double kv = (double)v->model->kv_heads / v->shard->tp;
  return kv < 1 ? 1 : kv;  // replicated when tp is more than the KV heads
}

// Low-rank adapters beside a projection of k inputs and n outputs: two thin GEMMs in bf16 with gradients, and the branch
// scaled and added to the output. Separate kernels for scaling move two more passes.
static void add_adapter(view *v, double n, double k) {
  if (v->model->adapter_rank == 0) return;
  const double rank = v->model->adapter_rank;
  clx_op *down = add_gemm(v, "adapter down", CLX_PART_ATTENTION, v->tokens, rank, k);
  down->weighted = true;
  down->low_precision = false;
  clx_op *up = add_gemm(v, "adapter up", CLX_PART_ATTENTION, v->tokens, n, rank);
  up->weighted = true;
  up->low_precision = false;
  add_stream(v, "adapter sum", CLX_PART_ATTENTION, v->tokens * n, 3, 1, 1.7, 2);
}

static void add_gqa(view *v, bool windowed) {
  const clx_transformer *model = v->model;
  const double d = model->head_dim, heads = (double)model->heads / v->shard->tp, kv = local_kv_heads(v);
  const double width = (heads + 2 * kv) * d;
  const double projection[] = {heads * d, kv * d, kv * d};
  add_projections(v, "qkv", CLX_PART_ATTENTION, projection, CLX_COUNT(projection))->saved =
      v->tokens * width * BF16;  // queries, keys and values are kept for attention's backward pass
  add_adapter(v, width, model->hidden);
  if (!model->learned_positions && !model->alibi) {
    add_stream(v, "rope", CLX_PART_ATTENTION, v->tokens * (heads + kv) * d, 2, 2, 2.5, 3);
  }
  if (model->qk_norm) add_stream(v, "qk norm", CLX_PART_ATTENTION, v->tokens * (heads + kv) * d, 2, 3, 1, 2);
  add_attention_core(v, d, d, kv, windowed);
  add_gemm(v, "attention out", CLX_PART_ATTENTION, v->tokens, model->hidden, heads * d)->scattered = true;
  add_adapter(v, model->hidden, heads * d);
}

// Multi-head latent attention in training form: keys and values are expanded to all heads.
static void add_mla(view *v, bool windowed) {
  const clx_transformer *model = v->model;
  const double h = model->hidden, heads = (double)model->heads / v->shard->tp;
  const double qk = model->qk_nope_dim + model->qk_rope_dim, dv = model->v_dim, qr = model->q_lora_rank;
  const double kr = model->kv_lora_rank, dr = model->qk_rope_dim;
  if (qr > 0) {
    add_gemm(v, "query down", CLX_PART_ATTENTION, v->spread, qr, h);
    add_stream(v, "query norm", CLX_PART_ATTENTION, v->spread * qr, 2, 3, 1.5, 2)->saved = 2 * v->spread * qr * BF16;
  }
  add_gemm(v, "query up", CLX_PART_ATTENTION, v->tokens, heads * qk, qr > 0 ? qr : h);
  add_gemm(v, "latent down", CLX_PART_ATTENTION, v->spread, kr + dr, h);
  add_stream(v, "latent norm", CLX_PART_ATTENTION, v->spread * kr, 2, 3, 1.5, 2)->saved = 2 * v->spread * kr * BF16;
  add_gemm(v, "latent up", CLX_PART_ATTENTION, v->tokens, heads * (model->qk_nope_dim + dv), kr);
  clx_op *rope = add_stream(v, "rope", CLX_PART_ATTENTION, v->tokens * heads * 2 * qk, 2, 2, 2, 6);
  rope->saved = v->tokens * heads * (2 * qk + dv) * BF16;
  rope->saved_selective = v->tokens * heads * (qk + dv) * BF16;
  add_attention_core(v, qk, dv, heads, windowed);
  add_gemm(v, "attention out", CLX_PART_ATTENTION, v->tokens, h, heads * dv)->scattered = true;
}

// Mamba-2 (arXiv 2405.21060, section 6) in chunks: products inside a chunk, states of the chunks, what they add. Gated delta nets
// have the same projections and are taken alike. Traffic in passes of the inner width: convolution 3, values, gate and result 4,
// states of the chunks in fp32 written, passed on and read.
static void add_mamba(view *v) {
  const clx_transformer *model = v->model;
  const double CHUNK = 128;  // mamba_ssm as Megatron-Core calls it
  const double tp = v->shard->tp, h = model->hidden, heads = model->mamba_heads / tp;
  const double inner = heads * model->mamba_head_dim, state = model->mamba_state;
  const double shared = fmax(1, model->mamba_groups / tp) * state;
  add_gemm(v, "mamba in", CLX_PART_ATTENTION, v->tokens, 2 * inner + 2 * shared + heads, h);
  clx_op *scan = add(v, "mamba scan", CLX_OP_SCAN, CLX_PART_ATTENTION);
  scan->flop = v->tokens * (2 * CHUNK * (shared + inner) + 4 * state * inner);
  const double passes = 7 + 8 * state / CHUNK;
  scan->bytes_forward = passes * v->tokens * inner * BF16 + 6 * v->tokens * shared * BF16;
  scan->bytes_backward = 2.5 * scan->bytes_forward;
  scan->kernels = 8;
  scan->saved = v->tokens * (4 * inner + 4 * shared) * BF16;
  scan->saved_selective = v->tokens * inner * BF16;
  add_stream(v, "mamba norm", CLX_PART_ATTENTION, v->tokens * inner, 3, 5, 1.5, 2)->saved = v->tokens * inner * BF16;
  add_gemm(v, "mamba out", CLX_PART_ATTENTION, v->tokens, h, inner);
}

static void add_activation(view *v, const char *name, clx_op_part part, double elements) {
  clx_op *op = add_stream(v, name, part, elements, v->gate + 1, 2 * v->gate + 1, v->gate > 1 ? 1.7 : 2, 2);
  op->saved = (v->gate + 1) * elements * BF16;
  op->saved_selective = op->saved_input = elements * BF16;
}

static void add_ffn(view *v, const char *up, const char *down, clx_op_part part, double width) {
  const double local = width / v->shard->tp;
  const double projection[] = {local, local};
  add_projections(v, up, part, projection, v->gate > 1 ? 2 : 1);
  add_activation(v, "activation", part, v->tokens * local);
  add_gemm(v, down, part, v->tokens, v->model->hidden, local)->scattered = true;
}

// Experts with biases (gpt-oss) in Megatron-Core: clamped halves of the gated input are copied side by side, and the bias of
// the second product is scaled by the routing weight in fp32, expert by expert, and concatenated (experts.py, _apply_bias;
// fused_bias_geglu.py). Passes of 2 B: clamp 4, copy 4, forward; 6 and 4 backward. Bias: product 2, sum 5, concatenation 4,
// cast 3, forward; cast 3, split 3, two products of the gradient and their sums 12, copy 2, backward.
static void add_expert_bias(view *v, double arriving, double width) {
  add_stream(v, "expert clamp", CLX_PART_EXPERT, arriving * width, 8, 10, 1, 3)->absorbed = true;
  add_stream(v, "expert bias", CLX_PART_EXPERT, arriving * v->model->hidden, 14, 20, 1, 4)->absorbed = true;
}

static void add_experts(view *v) {
  const clx_transformer *model = v->model;
  const clx_shard *shard = v->shard;
  const double k = model->experts_per_token, h = model->expert_hidden > 0 ? model->expert_hidden : model->hidden;
  // Expert ranks hold 1/tp of the tokens each, whether or not norms are spread as well.
  const double routed = v->tokens / shard->tp * shard->etp;
  const double local_experts = (double)model->experts / shard->ep;
  const double arriving = routed * k * shard->expert_imbalance;
  clx_op *router = add_gemm(v, "router", CLX_PART_EXPERT, v->spread, model->experts, model->hidden);
  router->low_precision = false;
  // Scores, choice, map and counts of tokens: 72 small kernels, 31 with fused routing (Megatron-LM, DeepSeek-V3 on GB200, 2.1.4).
  add_stream(v, "top-k", CLX_PART_EXPERT, v->spread * model->experts, 6, 6, 2, 72)->fused_kernels = 31;
  if (model->expert_hidden > 0) {
    add_gemm(v, "into experts' width", CLX_PART_EXPERT, v->spread, h, model->hidden);
    add_gemm(v, "out of experts' width", CLX_PART_EXPERT, v->spread, model->hidden, h);
  }
  clx_op *permute = add_stream(v, "permute", CLX_PART_EXPERT, v->tokens / shard->tp * h * k, 2.5, 2.5, 1.5, 4);
  permute->saved = permute->saved_input = routed * k * h * BF16;
  const double width = (double)model->expert_ffn / shard->etp;
  clx_op *up = add_gemm(v, "experts up", CLX_PART_EXPERT, arriving / local_experts, v->gate * width, h);
  up->kind = CLX_OP_GROUPED;
  up->groups = local_experts;
  up->flop *= local_experts;
  add_activation(v, "expert activation", CLX_PART_EXPERT, arriving * width);
  v->ops[v->count - 1].absorbed = true;
  if (model->mlp_bias) add_expert_bias(v, arriving, width);
  clx_op *down = add_gemm(v, "experts down", CLX_PART_EXPERT, arriving / local_experts, h, width);
  down->kind = CLX_OP_GROUPED;
  down->absorbed = true;
  down->groups = local_experts;
  down->flop *= local_experts;
  add_stream(v, "unpermute", CLX_PART_EXPERT, v->tokens / shard->tp * h * k, 2.5, 2.5, 1.5, 4)->saved =
      v->tokens / shard->tp * h * k * BF16;
}

int32_t clx_layer_operations(const clx_transformer *model, const clx_shard *shard, bool moe, bool windowed,
                             clx_op *ops) {
  view v = view_make(model, shard, ops);
  const clx_layer_blocks blocks = clx_layer_blocks_of(model);
  v.times = blocks.attention + blocks.mamba;
  add_norm(&v, "norm before attention", CLX_PART_ATTENTION);
  v.times = blocks.attention;
  if (model->mla) {
    add_mla(&v, windowed);
  } else if (v.times > 0) {
    add_gqa(&v, windowed);
  }
  v.times = blocks.mamba;
  if (v.times > 0) add_mamba(&v);
  v.times = blocks.ffn;
  add_norm(&v, "norm before mlp", CLX_PART_MLP);
  if (!moe || model->dense_residual) add_ffn(&v, "mlp up", "mlp down", CLX_PART_MLP, model->ffn);
  if (moe) {
    if (model->shared_expert_ffn > 0) {
      add_ffn(&v, "shared expert up", "shared expert down", CLX_PART_MLP, model->shared_expert_ffn);
    }
    add_experts(&v);
  }
  return v.count;
}

int32_t clx_embedding_operations(const clx_transformer *model, const clx_shard *shard, clx_op *ops) {
  view v = view_make(model, shard, ops);
  // Forward gathers rows; backward sorts and scatters them into an fp32 gradient.
  clx_op *op = add_stream(&v, "embedding", CLX_PART_EMBEDDING, v.tokens * model->hidden, 2, 4, 1.5, 3);
  op->saved = v.tokens * 8;  // token ids
  return v.count;
}

// Tensor parallelism needs equal shares: Megatron pads the vocabulary to a multiple of 128 per rank
// (--make-vocab-size-divisible-by). Without it the vocabulary is what the model says, aligned or not.
static double local_vocabulary(const clx_transformer *model, int32_t tp) {
  return tp > 1 ? ceil(model->vocab / (128.0 * tp)) * 128 : model->vocab;
}

int32_t clx_head_operations(const clx_transformer *model, const clx_shard *shard, clx_op *ops) {
  view v = view_make(model, shard, ops);
  const double vocab = local_vocabulary(model, shard->tp);
  add_norm(&v, "final norm", CLX_PART_HEAD);
  clx_op *logits = add_gemm(&v, "logits", CLX_PART_HEAD, v.tokens, vocab, model->hidden);
  logits->low_precision = false;
  // Cross-entropy on fp32 logits: cast, maximum, exponential and sum, gradient: about 6 passes of 4 B and 3 back.
  clx_op *loss = add_stream(&v, "cross-entropy", CLX_PART_HEAD, v.tokens * vocab, 8, 5, 1.6, 8);
  loss->saved = v.tokens * vocab * 4;
  return v.count;
}

clx_layer_parameters clx_layer_parameter_shard(const clx_transformer *model, const clx_shard *shard, bool moe) {
  const clx_parameters count = clx_parameter_count(model);
  const double moe_layers = clx_moe_layers(model), dense_layers = model->layers - moe_layers;
  const double dense_blocks = dense_layers + (model->dense_residual ? moe_layers : 0);
  clx_layer_parameters part = {0};
  part.shared = count.attention / model->layers / shard->tp + model->norms_per_layer * (double)model->hidden;
  const double ffn = dense_blocks > 0 ? count.dense_ffn / dense_blocks / shard->tp : 0;
  if (!moe || model->dense_residual) part.shared += ffn;
  if (moe) {
    part.shared += count.router / moe_layers + count.shared_experts / moe_layers / shard->tp;
    part.expert = count.routed_experts / moe_layers / shard->ep / shard->etp;
  }
  return part;
}
