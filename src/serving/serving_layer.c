// The kernels of a transformer as an engine launches them, layer by layer.
#include <math.h>

#include "serving/serving_internal.h"

enum { BF16 = 2 };  // B

clx_weight_formats clx_weight_formats_of(clx_weights weights) {
  static const clx_weight_formats formats[CLX_WEIGHTS_KINDS] = {
      [CLX_WEIGHTS_BF16] = {CLX_KERNEL_BF16, CLX_KERNEL_BF16, CLX_KERNEL_BF16, 2},
      [CLX_WEIGHTS_FP8] = {CLX_KERNEL_FP8, CLX_KERNEL_FP8, CLX_KERNEL_FP8, 1},
      [CLX_WEIGHTS_FP8_BLOCK] = {CLX_KERNEL_FP8_BLOCK, CLX_KERNEL_FP8_BLOCK, CLX_KERNEL_FP8_BLOCK, 1},
      [CLX_WEIGHTS_FP8_FFN] = {CLX_KERNEL_BF16, CLX_KERNEL_FP8, CLX_KERNEL_FP8, 1},
      [CLX_WEIGHTS_FP8_EXPERTS] = {CLX_KERNEL_BF16, CLX_KERNEL_BF16, CLX_KERNEL_FP8, 1},
      [CLX_WEIGHTS_MXFP4_EXPERTS] = {CLX_KERNEL_BF16, CLX_KERNEL_BF16, CLX_KERNEL_BF16, 4.25 / 8},
      [CLX_WEIGHTS_NVFP4] = {CLX_KERNEL_NVFP4, CLX_KERNEL_NVFP4, CLX_KERNEL_NVFP4, 4.5 / 8},
      [CLX_WEIGHTS_NVFP4_FFN] = {CLX_KERNEL_BF16, CLX_KERNEL_NVFP4, CLX_KERNEL_NVFP4, 4.5 / 8},
      [CLX_WEIGHTS_NVFP4_EXPERTS] = {CLX_KERNEL_BF16, CLX_KERNEL_BF16, CLX_KERNEL_NVFP4, 4.5 / 8},
      [CLX_WEIGHTS_INT4_EXPERTS] = {CLX_KERNEL_BF16, CLX_KERNEL_BF16, CLX_KERNEL_BF16, 4.5 / 8},
  };
  return formats[weights];
}

void clx_serving_add_product(clx_serving_sum *sum, clx_serving_part part, clx_kernel_format format, double m, double n,
                             double k, double times) {
  const double pad = fmax(1, sum->serving->engine->rules.pad);
  const clx_gemm_shape shape = {.m = pad * fmax(1, ceil(m / pad)), .n = fmax(1, n), .k = fmax(1, k)};
  const clx_device *device = sum->serving->device;
  if (!sum->serving->engine->fused_casts || format == CLX_KERNEL_BF16) {
    clx_serving_add(sum, part, &clx_kernel_gemm, format, &shape, times);
    return;
  }
  const clx_gemm_parameters *p = clx_kernels_set(device->kernels, &clx_kernel_gemm, clx_kernel_gemm.set_of[format]);
  clx_kernel_cost cost = clx_kernel_gemm.cost(device, format, p, &shape);
  const double most = sum->serving->engine->block_products * device->peak[CLX_FP8];
  if (format == CLX_KERNEL_FP8_BLOCK && most > 0) cost.time = fmax(cost.time, cost.flop / most);
  cost.time -= fmin(clx_gemm_quantise_time(device, format, p, shape.m, shape.k), cost.time / 2);
  clx_serving_add_cost(sum, part, CLX_DRAW_MULTIPLY, format, &cost, 1, times);
}

static double kv_heads_of(const clx_serving *s) { return fmax(1, (double)s->model->kv_heads / s->tp); }

static double gates_of(const clx_transformer *model) {
  return model->activation == CLX_SWIGLU || model->activation == CLX_GEGLU ? 2 : 1;
}

// Sum of a layer's results over the ranks that share it.
static void add_reduction(clx_serving_sum *sum, double tokens, double ranks, double times) {
  if (ranks < 2) return;
  const clx_custom_allreduce_shape shape = {.num_gpus = ranks, .message_size = tokens * sum->serving->model->hidden};
  clx_serving_add(sum, CLX_SERVING_EXCHANGE, &clx_kernel_custom_allreduce, CLX_KERNEL_BF16, &shape, times);
}

// Residual and normalisation in one kernel: four passes over the tokens.
static void add_norm(clx_serving_sum *sum, double tokens, double times) {
  clx_serving_add_stream(sum, CLX_SERVING_ELEMENTS, 4 * BF16 * tokens * sum->serving->model->hidden, times);
}

typedef struct layer_counts {
  double attention, mamba, dense, moe;
} layer_counts;

static layer_counts layers_of(const clx_transformer *m) {
  const clx_layer_blocks blocks = clx_layer_blocks_of(m);
  const double layers = m->layers, ffn = blocks.ffn * layers, moe = fmin(clx_moe_layers(m), ffn);
  return (layer_counts){
      .attention = blocks.attention * layers, .mamba = blocks.mamba * layers, .dense = ffn - moe, .moe = moe};
}

// --- attention --------------------------------------------------------------------------------------------------------

// The tables repeat a kernel on one cache, part of which stays on the chip; between two layers of an engine it does not, so that
// keys and values come from device memory once.
static clx_kernel_cost decode_cost(const clx_serving *s, const clx_serving_tokens *t, double window) {
  const clx_transformer *m = s->model;
  const clx_kernel_family *family = &clx_kernel_attention_generation;
  const double element = s->fp8_cache ? 1 : BF16, sequences = fmax(1, t->decode);
  const clx_attention_generation_shape shape = {sequences,      1,           t->context, (double)m->heads / s->tp,
                                                kv_heads_of(s), m->head_dim, window,     s->fp8_cache ? 1 : 0};
  const void *parameters = s->device->engine_decode != NULL
                               ? s->device->engine_decode
                               : clx_kernels_set(s->device->kernels, family, family->set_of[CLX_KERNEL_BF16]);
  clx_kernel_cost cost = family->cost(s->device, CLX_KERNEL_BF16, parameters, &shape);
  const double attended = window > 0 ? fmin(window, t->context) : t->context;
  const double cache = sequences * attended * 2 * kv_heads_of(s) * m->head_dim * element;
  cost.bytes = fmax(cost.bytes, cache);
  const bool own = s->engine->decode_memory > 0 && !(s->device->peak[CLX_FP4] > 0);
  const double share = own ? s->engine->decode_memory : CLX_SERVING_STREAMING;
  cost.time = fmax(cost.time, cache / (share * s->device->memory_bandwidth));
  return cost;
}

// The same in the kernel of prompts: a tile of queries for each sequence and head, at the rate of prompts, never faster than alone.
static clx_kernel_cost shared_cost(const clx_serving *s, const clx_serving_tokens *t, double window,
                                   clx_kernel_cost alone) {
  const clx_device *d = s->device;
  const clx_engine_attention *a = &d->engine_attention;
  const double tiles = fmax(1, t->decode) * s->model->heads / s->tp;
  const double attended = window > 0 ? fmin(window, t->context) : t->context;
  const double flop = 4 * tiles * a->tile * attended * s->model->head_dim;
  const double time =
      tiles * a->start / d->processors + flop / (a->share * d->attention_efficiency * d->peak[CLX_BF16]);
  alone.time = fmax(alone.time, time);
  return alone;
}

static void add_decode(clx_serving_sum *sum, const clx_serving_tokens *t, double window, double layers) {
  const clx_serving *s = sum->serving;
  clx_kernel_cost cost = decode_cost(s, t, window);
  if (t->beside && s->device->engine_attention.tile > 0) cost = shared_cost(s, t, window, cost);
  clx_serving_add_cost(sum, CLX_SERVING_DECODE, CLX_DRAW_STREAM, CLX_KERNEL_BF16, &cost, 1, layers);
}

double clx_serving_straggling_time(const clx_serving *s, double tokens) {
  const double lag = s->device->engine_attention.lag, element = s->fp8_cache ? 1 : BF16;
  if (!(lag > 0) || s->model->mla || !(tokens > 0)) return 0;
  const double bytes = tokens * 2 * kv_heads_of(s) * s->model->head_dim * element;
  return layers_of(s->model).attention * lag * bytes / (CLX_SERVING_STREAMING * s->device->memory_bandwidth);
}

double clx_serving_skipped_time(const clx_serving *s, double sequences, double longest) {
  const clx_engine_attention *a = &s->device->engine_attention;
  const layer_counts n = layers_of(s->model);
  if (!(a->tile > 0) || s->model->mla) return 0;
  return n.attention * sequences * s->model->heads / s->tp * (ceil(longest / a->tile) - 1) * a->skip /
         s->device->processors;
}

// One kernel for queries that have a window and one for those that have none, by their layers.
static void add_attention(clx_serving_sum *sum, const clx_serving_tokens *t, double window, double layers) {
  const clx_serving *s = sum->serving;
  const clx_transformer *m = s->model;
  const double cache = s->fp8_cache ? 1 : 0, heads = (double)m->heads / s->tp;
  if (t->decode > 0) add_decode(sum, t, window, layers);
  if (t->prompts > 0) {
    const clx_attention_context_shape shape = {fmax(1, t->prompts), t->prompt,   t->cached, heads,
                                               kv_heads_of(s),      m->head_dim, window,    cache};
    clx_serving_add(sum, CLX_SERVING_PREFILL, &clx_kernel_attention_context, CLX_KERNEL_BF16, &shape, layers);
  }
}

// Products around attention, and its elementwise kernels.
static void add_grouped_query(clx_serving_sum *sum, const clx_serving_tokens *t, double layers) {
  const clx_serving *s = sum->serving;
  const clx_transformer *m = s->model;
  const clx_kernel_format format = clx_weight_formats_of(s->weights).attention;
  const double heads = (double)m->heads / s->tp, kv = kv_heads_of(s), d = m->head_dim;
  clx_serving_add_product(sum, CLX_SERVING_DENSE, format, t->tokens, (heads + 2 * kv) * d, m->hidden, layers);
  const double rotated = t->tokens * (heads + 2 * kv) * d;
  clx_serving_add_stream(sum, CLX_SERVING_ELEMENTS, 2 * BF16 * rotated, layers * (m->qk_norm ? 2 : 1));
  clx_serving_add_stream(sum, CLX_SERVING_ELEMENTS, 2 * BF16 * t->tokens * 2 * kv * d, layers);  // into the cache
  clx_serving_add_product(sum, CLX_SERVING_DENSE, format, t->tokens, m->hidden, heads * d, layers);
}

// Queries that see no further back than the beginning of their own chunk. A sequence that decodes is half-way through one, on average; a
// prompt is cut where chunks end, the rest of the chunk that cached tokens began coming first.
static void add_chunks(clx_serving_sum *sum, const clx_serving_tokens *t, double chunk, double layers) {
  const double begun = fmod(t->cached, chunk), first = fmin(t->prompt, chunk - begun);
  const double whole = floor((t->prompt - first) / chunk), rest = t->prompt - first - whole * chunk;
  clx_serving_tokens part = *t;
  part.prompt = first;
  part.cached = begun;
  part.context = t->context > chunk ? chunk / 2 : t->context;
  add_attention(sum, &part, 0, layers);
  part.decode = part.cached = 0;
  part.prompt = chunk;
  part.prompts = t->prompts * whole;
  add_attention(sum, &part, 0, layers);
  part.prompt = rest;
  part.prompts = rest > 0 ? t->prompts : 0;
  add_attention(sum, &part, 0, layers);
}

static void add_grouped_attention(clx_serving_sum *sum, const clx_serving_tokens *t, double layers) {
  const clx_transformer *m = sum->serving->model;
  const bool partly = (m->sliding_window > 0 || m->attention_chunk > 0) && m->window_period > 1;
  const double local = partly ? layers * (1 - 1.0 / m->window_period) : 0;
  add_attention(sum, t, 0, layers - local);
  if (local > 0 && m->attention_chunk > 0) add_chunks(sum, t, m->attention_chunk, local);
  if (local > 0 && m->sliding_window > 0) add_attention(sum, t, m->sliding_window, local);
}

// The indexer of sparse attention, on every rank whole: queries, key and weights of its heads, each a product. Around them, kernel by kernel:
// normalisation of the key, rotation, Hadamard transforms and casts of queries and keys, the key into its cache, scales into the weights.
static void add_indexer(clx_serving_sum *sum, const clx_serving_tokens *t, double layers) {
  const double QUERIES = 3, KEYS = 5;  // kernels that pass over them
  const clx_serving *s = sum->serving;
  const clx_transformer *m = s->model;
  const clx_kernel_format format = clx_weight_formats_of(s->weights).attention;
  const double width = (double)m->index_heads * m->index_dim;
  clx_serving_add_product(sum, CLX_SERVING_DENSE, format, t->tokens, width, m->q_lora_rank, layers);
  clx_serving_add_product(sum, CLX_SERVING_DENSE, format, t->tokens, m->index_dim, m->hidden, layers);
  clx_serving_add_product(sum, CLX_SERVING_DENSE, CLX_KERNEL_BF16, t->tokens, m->index_heads, m->hidden, layers);
  clx_serving_add_stream(sum, CLX_SERVING_ELEMENTS, 2 * BF16 * t->tokens * width, QUERIES * layers);
  clx_serving_add_stream(sum, CLX_SERVING_ELEMENTS, 2 * BF16 * t->tokens * m->index_dim, KEYS * layers);
}

// Scores of all cached tokens, one 8-bit key each, then the choice of the best; `queries` new tokens. A block of threads finds the best of one
// query by its bits, in passes that wait for each other; two blocks share a processor.
static void add_choice(clx_serving_sum *sum, double queries, double keys, double pairs, double layers) {
  const clx_transformer *m = sum->serving->model;
  const clx_device *device = sum->serving->device;
  const double FP32 = 4, PASSES = 3, BLOCK_TIME = 10e-6, bandwidth = CLX_SERVING_STREAMING * device->memory_bandwidth;
  const double flop = 2 * pairs * m->index_heads * m->index_dim;
  const clx_kernel_cost score = {
      .time = device->kernel_time + keys * (m->index_dim + FP32) / bandwidth + flop / (0.5 * device->peak[CLX_FP8]),
      .flop = flop,
      .bytes = keys * (m->index_dim + FP32)};
  clx_serving_add_cost(sum, CLX_SERVING_DECODE, CLX_DRAW_STREAM, CLX_KERNEL_FP8, &score, 1, layers);
  const double bytes = PASSES * FP32 * pairs;
  const clx_kernel_cost choice = {.time = fmax(1, queries / (2 * device->processors)) * BLOCK_TIME + bytes / bandwidth,
                                  .bytes = bytes};
  clx_serving_add_cost(sum, CLX_SERVING_DECODE, CLX_DRAW_STREAM, CLX_KERNEL_FP32, &choice, 1, layers);
  clx_serving_add_stream(sum, CLX_SERVING_DECODE, FP32 * queries * m->index_topk, layers);
}

// Queries that see more than what is chosen gather their own latents, through the last-level cache, in the absorbed form. Single rows of some
// 600 B come at half of its rate (assumed).
static void add_sparse_prompts(clx_serving_sum *sum, const clx_serving_tokens *t, double queries, double layers) {
  const double GATHER = 0.5;
  const clx_serving *s = sum->serving;
  const clx_transformer *m = s->model;
  const double width = m->kv_lora_rank + m->qk_rope_dim, element = s->fp8_cache ? 1 : BF16;
  const double gathered = queries * m->index_topk * width * element, heads = (double)m->heads / s->tp;
  const clx_kernel_cost cost = {
      .time = s->device->kernel_time + gathered / (GATHER * clx_serving_cache_bandwidth(s->device)),
      .flop = 2 * queries * m->index_topk * heads * (width + m->kv_lora_rank),
      .bytes = t->prompts * (t->prompt + t->cached) * width * element};
  clx_serving_add_cost(sum, CLX_SERVING_PREFILL, CLX_DRAW_ATTENTION, CLX_KERNEL_BF16, &cost, 1, layers);
  const clx_gemm_parameters *p = &s->device->kernels->gemm[clx_kernel_gemm.set_of[CLX_KERNEL_BF16]];
  const clx_kernel_cost absorb =
      clx_gemm_cost_grouped(s->device, CLX_KERNEL_BF16, p, queries, m->kv_lora_rank, m->qk_nope_dim, heads);
  clx_serving_add_cost(sum, CLX_SERVING_DENSE, CLX_DRAW_MULTIPLY, CLX_KERNEL_BF16, &absorb, 1, 2 * layers);
}

// `prompt` new tokens of each prompt against expanded keys.
static void add_dense_prompts(clx_serving_sum *sum, const clx_serving_tokens *t, double prompt, double layers) {
  const clx_serving *s = sum->serving;
  const clx_transformer *m = s->model;
  const clx_kernel_format format = clx_weight_formats_of(s->weights).attention;
  const double heads = (double)m->heads / s->tp;
  clx_serving_add_product(sum, CLX_SERVING_DENSE, format, t->prompts * (prompt + t->cached),
                          heads * (m->qk_nope_dim + m->v_dim), m->kv_lora_rank, layers);
  // The tables are of heads of 192 and 128; wider ones count as more of them.
  const double wide = heads * (m->qk_nope_dim + m->qk_rope_dim + m->v_dim) / (192.0 + 128);
  const clx_mla_context_shape shape = {fmax(1, t->prompts), prompt, t->cached, wide, s->fp8_cache ? 1 : 0};
  clx_serving_add(sum, CLX_SERVING_PREFILL, &clx_kernel_mla_context, CLX_KERNEL_BF16, &shape, layers);
}

static void add_prompts(clx_serving_sum *sum, const clx_serving_tokens *t, double layers) {
  const clx_transformer *m = sum->serving->model;
  double dense = t->prompt;
  if (m->index_topk > 0) {
    const double keys = t->prompts * (t->prompt + t->cached);
    add_choice(sum, t->prompts * t->prompt, keys, t->prompts * t->prompt * (t->cached + t->prompt / 2), layers);
    dense = fmin(dense, fmax(0, m->index_topk - t->cached));
  }
  if (dense > 0) add_dense_prompts(sum, t, dense, layers);
  if (dense < t->prompt) add_sparse_prompts(sum, t, t->prompts * (t->prompt - dense), layers);
}

// Latent attention: decode in the absorbed form, against one latent vector per token; prompts against expanded keys.
static void add_latent(clx_serving_sum *sum, const clx_serving_tokens *t, double layers) {
  const clx_serving *s = sum->serving;
  const clx_transformer *m = s->model;
  const clx_kernel_format format = clx_weight_formats_of(s->weights).attention;
  const double heads = (double)m->heads / s->tp, latent = m->kv_lora_rank, rope = m->qk_rope_dim;
  const double query = m->q_lora_rank > 0 ? m->q_lora_rank : m->hidden;
  clx_serving_add_product(sum, CLX_SERVING_DENSE, format, t->tokens, m->q_lora_rank + latent + rope, m->hidden, layers);
  clx_serving_add_stream(sum, CLX_SERVING_ELEMENTS, 2 * BF16 * t->tokens * (m->q_lora_rank + latent), 2 * layers);
  clx_serving_add_product(sum, CLX_SERVING_DENSE, format, t->tokens, heads * (m->qk_nope_dim + rope), query, layers);
  clx_serving_add_product(sum, CLX_SERVING_DENSE, s->narrow_wo ? clx_weight_formats_of(s->weights).ffn : format,
                          t->tokens, m->hidden, heads * m->v_dim, layers);
  if (m->index_topk > 0) add_indexer(sum, t, layers);
}

static void add_latent_attention(clx_serving_sum *sum, const clx_serving_tokens *t, double layers) {
  const clx_serving *s = sum->serving;
  const clx_transformer *m = s->model;
  const double heads = (double)m->heads / s->tp, latent = m->kv_lora_rank;
  if (t->decode > 0) {
    const clx_gemm_parameters *p = &s->device->kernels->gemm[clx_kernel_gemm.set_of[CLX_KERNEL_BF16]];
    const clx_kernel_cost absorb = clx_gemm_cost_grouped(
        s->device, CLX_KERNEL_BF16, p, fmax(1, t->decode) * fmax(1, t->verified), latent, m->qk_nope_dim, heads);
    clx_serving_add_cost(sum, CLX_SERVING_DENSE, CLX_DRAW_MULTIPLY, CLX_KERNEL_BF16, &absorb, 1, 2 * layers);
    const double attended = m->index_topk > 0 ? fmin(t->context, m->index_topk) : t->context;
    const double queries = fmax(1, t->decode) * fmax(1, t->verified);
    if (m->index_topk > 0) add_choice(sum, queries, fmax(1, t->decode) * t->context, queries * t->context, layers);
    const clx_mla_generation_shape shape = {fmax(1, t->decode), fmax(1, t->verified), attended, heads,
                                            s->fp8_cache ? 1 : 0};
    clx_serving_add(sum, CLX_SERVING_DECODE, &clx_kernel_mla_generation, CLX_KERNEL_BF16, &shape, layers);
  }
  if (t->prompts > 0) add_prompts(sum, t, layers);
}

static double recurrent_inner(const clx_serving *s) {
  return (double)s->model->mamba_heads * s->model->mamba_head_dim / s->tp;
}

static void add_recurrent(clx_serving_sum *sum, const clx_serving_tokens *t, double layers) {
  const clx_serving *s = sum->serving;
  const clx_transformer *m = s->model;
  const clx_kernel_format format = clx_weight_formats_of(s->weights).attention;
  const double inner = recurrent_inner(s);
  const double shared = fmax(1, (double)m->mamba_groups / s->tp) * m->mamba_state;
  clx_serving_add_product(sum, CLX_SERVING_DENSE, format, t->tokens,
                          2 * inner + 2 * shared + (double)m->mamba_heads / s->tp, m->hidden, layers);
  clx_serving_add_stream(sum, CLX_SERVING_ELEMENTS, 4 * BF16 * t->tokens * (inner + 2 * shared), layers);
  clx_serving_add_stream(sum, CLX_SERVING_ELEMENTS, 4 * BF16 * t->tokens * inner, layers);
  clx_serving_add_product(sum, CLX_SERVING_DENSE, format, t->tokens, m->hidden, inner, layers);
}

// A recurrent mixer reads and writes the state of each sequence, in fp32; prompts pass through it in chunks of 256.
static void add_recurrent_state(clx_serving_sum *sum, const clx_serving_tokens *t, double layers) {
  const double CHUNK = 256, FP32 = 4;
  const clx_serving *s = sum->serving;
  const double states = t->decode + t->prompts * ceil(t->prompt / CHUNK);
  clx_serving_add_stream(sum, CLX_SERVING_ELEMENTS, 2 * FP32 * states * recurrent_inner(s) * s->model->mamba_state,
                         layers);
}

// --- feed-forward blocks ----------------------------------------------------------------------------------------------

static void add_feed_forward(clx_serving_sum *sum, double tokens, double width, double layers) {
  const clx_serving *s = sum->serving;
  const clx_kernel_format format = clx_weight_formats_of(s->weights).ffn;
  const double local = width / s->tp, gates = gates_of(s->model);
  clx_serving_add_product(sum, CLX_SERVING_DENSE, format, tokens, gates * local, s->model->hidden, layers);
  clx_serving_add_stream(sum, CLX_SERVING_ELEMENTS, (gates + 1) * BF16 * tokens * local, layers);
  clx_serving_add_product(sum, CLX_SERVING_DENSE, format, tokens, s->model->hidden, local, layers);
}

// --- all layers -------------------------------------------------------------------------------------------------------

void clx_serving_add_products(clx_serving_sum *sum, const clx_serving_tokens *t) {
  const clx_serving *s = sum->serving;
  const clx_transformer *m = s->model;
  const layer_counts n = layers_of(m);
  const double norms = m->norms_per_layer > 0 ? m->norms_per_layer / 2.0 : 1;
  add_norm(sum, t->tokens, norms * (n.attention + n.mamba + n.dense + n.moe));
  if (n.attention > 0 && m->mla) add_latent(sum, t, n.attention);
  if (n.attention > 0 && !m->mla) add_grouped_query(sum, t, n.attention);
  if (n.mamba > 0) add_recurrent(sum, t, n.mamba);
  add_reduction(sum, t->tokens, s->tp, n.attention + n.mamba);
  if (n.dense > 0) {
    add_feed_forward(sum, t->tokens, m->ffn, n.dense);
    add_reduction(sum, t->tokens, s->tp, n.dense);
  }
  if (n.moe > 0) {
    if (m->dense_residual) add_feed_forward(sum, t->tokens, m->ffn, n.moe);
    if (m->shared_expert_ffn > 0) add_feed_forward(sum, t->tokens, m->shared_expert_ffn, n.moe);
    if (s->dp < 2) add_reduction(sum, t->tokens, s->tp, n.moe);
  }
}

void clx_serving_add_attention(clx_serving_sum *sum, const clx_serving_tokens *t) {
  const clx_transformer *m = sum->serving->model;
  const layer_counts n = layers_of(m);
  if (n.attention > 0 && m->mla) add_latent_attention(sum, t, n.attention);
  if (n.attention > 0 && !m->mla) add_grouped_attention(sum, t, n.attention);
  if (n.mamba > 0) add_recurrent_state(sum, t, n.mamba);
}

// Logits of one token per sequence, then sampling; a sorting one works on the whole vocabulary on every rank.
void clx_serving_add_head(clx_serving_sum *sum, const clx_serving_tokens *t) {
  const double FP32 = 4, PASSES = 6;  // cast, temperature, softmax and choice
  const clx_serving *s = sum->serving;
  const clx_transformer *m = s->model;
  const double rows = fmax(1, t->decode + t->prompts), logits = rows * m->vocab;
  clx_serving_add_stream(sum, CLX_SERVING_ELEMENTS, 2 * BF16 * t->tokens * m->hidden, 1);  // embedding
  add_norm(sum, t->tokens, 1);
  clx_serving_add_product(sum, CLX_SERVING_HEAD, CLX_KERNEL_BF16, rows, (double)m->vocab / s->tp, m->hidden, 1);
  if (s->tp > 1) {
    const clx_nccl_shape gather = {CLX_NCCL_ALL_GATHER, s->tp, logits};
    clx_serving_add(sum, CLX_SERVING_EXCHANGE, &clx_kernel_nccl, CLX_KERNEL_BF16, &gather, 1);
  }
  clx_serving_add_stream(sum, CLX_SERVING_HEAD, PASSES * FP32 * logits, 1);
  if (s->sorts && s->engine->sort_time > 0) {
    const clx_kernel_cost sort = {
        .time = s->engine->sort_time * logits,
        .bytes = fmin(s->engine->sort_bytes * logits, s->engine->sort_time * logits * s->device->memory_bandwidth)};
    clx_serving_add_cost(sum, CLX_SERVING_HEAD, CLX_DRAW_STREAM, CLX_KERNEL_FP32, &sort, 1, 1);
  }
}
