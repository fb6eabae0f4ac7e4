// Time and energy of one iteration on processors with unified memory.
#include "serving/serving_unified.h"

#include <math.h>

const char *const clx_unified_part_name[] = {"floor",    "weights", "keys and values", "products", "attention",
                                             "exchange", NULL};

enum { BF16 = 2, TILE = 8 };  // B; tokens of the smallest matrix block that the GPU multiplies

// Share of the streaming bandwidth at which keys and values are read, and of the rate of products that attention of prompts reaches:
// both fitted to Llama 3 8B and 70B at up to 8,192 tokens on three chips (docs/model/serving/apple.md).
static const double CACHE_SHARE = 0.5, ATTENTION_SHARE = 0.5;
// Operations of one lane that unpacking a weight with scales of scales takes when it is multiplied with one token (fitted to the same).
static const double UNPACK_OPERATIONS = 12;
enum { LANES = 128 };  // of a GPU core

// --- a model in matrices --------------------------------------------------------------------------------------------------

// Weights of one layer, by who multiplies them; mean over the layers.
typedef struct shares {
  double cut;      // of all layers, which tensor parallelism cuts
  double whole;    // which every node keeps (latent projections, router)
  double expert;   // one routed expert of one layer
  double moe;      // layers with experts
  double head;     // logits
  double kernels;  // launched by an iteration
} shares;

// Kernels of a block as engines launch them today, neighbours fused. Attention: norm, three products, two rotations, two writes into the cache,
// attention, output, residual; latent attention has five more products and norms for two rotations. Feed-forward: norm, two products,
// gate, product, residual, one conversion. Experts: norm, router, softmax, choice, weights, three products with indices, gate, scaling, sum and
// residual, two more of indices; a shared expert: three products and a gate.
enum { ATTENTION_KERNELS = 11, LATENT_KERNELS = 14, FFN_KERNELS = 7, EXPERT_KERNELS = 14, SHARED_KERNELS = 4 };

static shares shares_of(const clx_transformer *m) {
  const clx_parameters p = clx_parameter_count(m);
  const clx_layer_blocks b = clx_layer_blocks_of(m);
  const double layers = m->layers, moe = m->experts > 0 ? fmin(clx_moe_layers(m), b.ffn * layers) : 0;
  const double dense = b.ffn * layers - moe;
  const double latent = m->mla ? layers * m->hidden * ((double)m->q_lora_rank + m->kv_lora_rank + m->qk_rope_dim) : 0;
  shares s = {.moe = moe, .head = (double)m->hidden * m->vocab};
  s.whole = latent + p.router;
  s.cut = p.attention + p.dense_ffn + p.shared_experts - latent;
  s.expert = moe > 0 ? p.routed_experts / (moe * m->experts) : 0;
  s.kernels = b.attention * layers * (m->mla ? LATENT_KERNELS : ATTENTION_KERNELS) +
              b.mamba * layers * ATTENTION_KERNELS + dense * FFN_KERNELS +
              moe * (EXPERT_KERNELS + (m->shared_expert_ffn > 0 ? SHARED_KERNELS : 0));
  return s;
}

// Keys and values of one token in one layer with full attention, B. Latent attention keeps one vector for all heads.
static double layer_token_bytes(const clx_transformer *m) {
  return m->mla ? BF16 * ((double)m->kv_lora_rank + m->qk_rope_dim) : 2.0 * BF16 * m->kv_heads * m->head_dim;
}

// Layers whose attention sees a window.
static double windowed_layers(const clx_transformer *m) {
  const double attention = clx_layer_blocks_of(m).attention * m->layers;
  return m->sliding_window > 0 && m->window_period > 1 ? attention * (1 - 1.0 / m->window_period) : 0;
}

// Layers times tokens that one sequence with `context` tokens attends to.
static double attended(const clx_transformer *m, double context) {
  const double windowed = windowed_layers(m), full = clx_layer_blocks_of(m).attention * m->layers - windowed;
  return full * context + windowed * fmin(context, m->sliding_window);
}

// --- memory ---------------------------------------------------------------------------------------------------------------

static double nodes_of(const clx_unified *u) { return (double)u->tp * u->pp; }

static double memory_of(const clx_unified *u) { return u->memory > 0 ? u->memory : u->device->memory; }

double clx_unified_weight_bytes(const clx_unified *u) {
  const clx_parameters p = clx_parameter_count(u->model);
  const shares s = shares_of(u->model);
  const clx_quant *q = u->quant;
  const double cut = s.cut * q->body + p.routed_experts * q->experts, whole = s.whole * q->body + 16 * p.norms;
  const double table = s.head * (u->model->tied ? q->head : q->head + q->embedding);
  return ((cut / u->tp + whole) / u->pp + table) / 8;
}

// Layers that hold a window and no more.
static double windows_kept(const clx_unified *u) { return u->engine->windows ? windowed_layers(u->model) : 0; }

double clx_unified_token_bytes(const clx_unified *u) {
  const double layers = clx_layer_blocks_of(u->model).attention * u->model->layers - windows_kept(u);
  return layers * layer_token_bytes(u->model);
}

// A window of each sequence, and the piece of a prompt that passes.
double clx_unified_window_bytes(const clx_unified *u, double sequences) {
  const double tokens = sequences * u->model->sliding_window + u->engine->chunk;
  return windows_kept(u) * layer_token_bytes(u->model) * tokens;
}

double clx_unified_tokens(const clx_unified *u) {
  const double SYSTEM = 0.1;
  const double room =
      nodes_of(u) * ((1 - SYSTEM) * memory_of(u) - clx_unified_weight_bytes(u)) - clx_unified_window_bytes(u, 1);
  return fmax(0, room / clx_unified_token_bytes(u));
}

clx_status clx_unified_check(const clx_unified *u, clx_error *error) {
  const clx_transformer *m = u->model;
  if (m->layers < 1 || m->hidden < 1)
    return clx_fail_plain(error, CLX_INPUT, "%s is a family without dimensions: it cannot be served", m->name);
  if (u->device->unified.products <= 0)
    return clx_fail_plain(error, CLX_INPUT, "%s: no constants of a processor with unified memory (unified.products)",
                          u->device->name);
  if (u->tp < 1 || u->pp < 1)
    return clx_fail_plain(error, CLX_INPUT, "nodes need tp and pp of at least 1, read %d, %d", u->tp, u->pp);
  if (m->heads % u->tp != 0)
    return clx_fail_plain(error, CLX_INPUT, "%d heads of %s cannot be cut into %d equal parts", m->heads, m->name,
                          u->tp);
  if (u->pp > m->layers)
    return clx_fail_plain(error, CLX_INPUT, "%d layers of %s cannot be spread over %d nodes", m->layers, m->name,
                          u->pp);
  const double bytes = clx_unified_weight_bytes(u), memory = memory_of(u);
  if (bytes > memory)
    return clx_fail_plain(error, CLX_INPUT, "weights of %s in %s take %.4g GB on each of %d nodes, which have %.4g GB",
                          m->name, u->quant->name, bytes / 1e9, u->tp * u->pp, memory / 1e9);
  return CLX_OK;
}

// --- an iteration ---------------------------------------------------------------------------------------------------------

typedef struct pass {
  const clx_unified *u;
  shares s;
  double bandwidth;  // B/s that weights stream at
  double rate;       // FLOP/s of large products with these weights
  double wide;       // the same in 16 bit: attention
  double unpack;     // weights/s that kernels of one token unpack; INFINITY = bandwidth is the narrower
  clx_unified_cost cost;
} pass;

static pass pass_of(const clx_unified *u) {
  const clx_device *d = u->device;
  const double wide = u->engine->products * d->unified.products * d->peak[CLX_BF16];
  return (pass){
      .u = u,
      .s = shares_of(u->model),
      .bandwidth = d->memory_bandwidth * d->memory_efficiency,
      .rate = wide / (1 + u->quant->blocks * d->unified.unpack),
      .wide = wide,
      .unpack = u->quant->blocks > 1 ? d->processors * LANES * d->clock / UNPACK_OPERATIONS : INFINITY,
  };
}

// Columns that a kernel for vectors multiplies with one read of the weights.
static double columns_of(const clx_unified *u) {
  enum { WIDTH = 128 };
  return u->model->hidden % WIDTH == 0 ? u->engine->columns : 1;
}

// `weights` of `bits` each are multiplied with `tokens` vectors, `columns` of which share a read.
static void multiply_vectors(pass *p, double weights, double bits, double tokens, double columns) {
  const double reads = ceil(tokens / columns), bytes = weights * bits / 8;
  const double moving = reads * fmax(bytes / p->bandwidth, weights / p->unpack);
  p->cost.part[CLX_UNIFIED_WEIGHTS] += moving;
  p->cost.part[CLX_UNIFIED_PRODUCTS] += fmax(0, 2 * weights * tokens / p->rate - moving);
}

// The same as a matrix: weights are read, then multiplied tile by tile.
static void multiply_matrix(pass *p, double weights, double bits, double tokens) {
  p->cost.part[CLX_UNIFIED_WEIGHTS] += weights * bits / 8 / p->bandwidth;
  p->cost.part[CLX_UNIFIED_PRODUCTS] += 2 * weights * TILE * ceil(tokens / TILE) / p->rate;
}

static void multiply(pass *p, double weights, double bits, double tokens) {
  if (tokens <= p->u->engine->vector) {
    multiply_vectors(p, weights, bits, tokens, columns_of(p->u));
  } else {
    multiply_matrix(p, weights, bits, tokens);
  }
}

// Experts that `tokens` touch when each chooses evenly.
static double touched(const clx_transformer *m, double tokens) {
  return m->experts * -expm1(tokens * log1p(-(double)m->experts_per_token / m->experts));
}

static void add_experts(pass *p, double layers, double tokens) {
  const clx_transformer *m = p->u->model;
  const clx_unified_engine *e = p->u->engine;
  const double expert = p->s.expert / p->u->tp * layers, bits = p->u->quant->experts;
  if (!(layers > 0)) return;
  if (tokens <= e->vector_experts || m->experts_per_token >= m->experts) {
    multiply_vectors(p, expert * m->experts_per_token, bits, tokens, 1);
    return;
  }
  // Each expert gets a matrix of its own, the last tile of which is half full on average.
  const double experts = touched(m, tokens), mean = tokens * m->experts_per_token / experts;
  p->cost.part[CLX_UNIFIED_WEIGHTS] += experts * expert * bits / 8 / p->bandwidth;
  p->cost.part[CLX_UNIFIED_PRODUCTS] += 2 * experts * expert * (mean + TILE / 2.0) / p->rate;
}

// Sums over the nodes that share a layer: every node sends its part to all others, over links of their own but one after another.
static void add_sums(pass *p, double layers, double tokens) {
  const clx_unified *u = p->u;
  if (u->tp < 2) return;
  const double peers = u->tp - 1, bytes = tokens * u->model->hidden * BF16;
  const double sum = u->engine->reduce_time + peers * u->link.latency + bytes / u->link.bandwidth;
  p->cost.part[CLX_UNIFIED_EXCHANGE] += 2 * layers * sum;
}

// All layers of the stage once, over `tokens` new tokens.
static void add_layers(pass *p, double share, double tokens) {
  const clx_unified *u = p->u;
  p->cost.part[CLX_UNIFIED_FLOOR] += share * p->s.kernels * u->engine->kernels * u->device->kernel_time;
  multiply(p, share * (p->s.cut / u->tp + p->s.whole), u->quant->body, tokens);
  add_experts(p, share * p->s.moe, tokens);
  add_sums(p, share * u->model->layers, tokens);
}

// Pieces of a prompt see what came before and, masked or not, half of themselves on average.
void clx_unified_add_prompt(const clx_unified *u, clx_unified_work *work, double tokens, double cached, double times,
                            bool ends) {
  work->prompts += times * tokens;
  work->pairs += times * tokens * attended(u->model, cached + tokens / 2);
  if (ends) work->ended += times;
}

// Keys and values that the sequences past their prompt read.
static void add_cache(pass *p, double share, const clx_unified_work *work) {
  const clx_transformer *m = p->u->model;
  if (work->decodes < 1) return;
  const double again = p->u->engine->flash || m->mla ? 1 : (double)m->heads / m->kv_heads;
  const double tokens = work->decodes * attended(m, work->context / work->decodes);
  const double cut = m->mla ? 1 : fmin(p->u->tp, p->u->engine->flash ? m->kv_heads : m->heads);
  p->cost.part[CLX_UNIFIED_CACHE] += share * again * tokens * layer_token_bytes(m) / (cut * CACHE_SHARE * p->bandwidth);
}

// FLOP of one new token against one cached token in one layer: queries with keys, weights with values. Latent attention multiplies latents.
static double attention_flop(const clx_transformer *m) {
  const double widths = m->mla ? 2.0 * m->kv_lora_rank + m->qk_rope_dim : 2.0 * m->head_dim;
  return 2 * m->heads * widths;
}

static void add_attention(pass *p, double share, const clx_unified_work *work) {
  const double flop = work->pairs * attention_flop(p->u->model);
  p->cost.part[CLX_UNIFIED_ATTENTION] += share * flop / (p->u->tp * ATTENTION_SHARE * p->wide);
}

static void add_head(pass *p, const clx_unified_work *work) {
  const double rows = work->decodes * work->verified + work->ended;
  if (rows > 0) multiply(p, p->s.head, p->u->quant->head, rows);
}

static void settle(pass *p) {
  clx_unified_cost *c = &p->cost;
  c->time = 0;
  for (int32_t i = 0; i < CLX_UNIFIED_PARTS; i++) c->time += c->part[i];
  c->energy = c->time * p->u->tp * p->u->device->unified.wall_busy;
}

clx_unified_cost clx_unified_stage(const clx_unified *u, const clx_unified_work *work, int32_t stage) {
  pass p = pass_of(u);
  const double share = 1.0 / u->pp, tokens = work->decodes * work->verified + work->prompts;
  const double passes = fmax(1, ceil(tokens / u->engine->chunk));
  add_layers(&p, share, tokens / passes);
  for (int32_t i = 0; i < CLX_UNIFIED_PARTS; i++) p.cost.part[i] *= passes;
  add_cache(&p, share, work);
  add_attention(&p, share, work);
  if (stage == u->pp - 1) add_head(&p, work);
  if (stage == 0) p.cost.part[CLX_UNIFIED_FLOOR] += u->engine->step_time;
  if (stage > 0) {
    const double bytes = tokens * u->model->hidden * BF16;
    p.cost.part[CLX_UNIFIED_EXCHANGE] += u->engine->hop_time + u->link.latency + bytes / u->link.bandwidth;
  }
  settle(&p);
  return p.cost;
}

clx_unified_cost clx_unified_iteration(const clx_unified *u, const clx_unified_work *work) {
  clx_unified_cost sum = {0};
  for (int32_t stage = 0; stage < u->pp; stage++) {
    const clx_unified_cost c = clx_unified_stage(u, work, stage);
    sum.time += c.time;
    for (int32_t i = 0; i < CLX_UNIFIED_PARTS; i++) sum.part[i] += c.part[i];
  }
  // Nodes that wait for their turn are at rest.
  const double busy = u->device->unified.wall_busy, idle = u->device->unified.wall_idle;
  sum.energy = sum.time * u->tp * (busy + (u->pp - 1) * idle);
  return sum;
}

// --- benchmarks -------------------------------------------------------------------------------------------------------------

double clx_unified_decode_rate(const clx_unified *u, double sequences, double prompt, double output) {
  const clx_unified_work work = {.decodes = sequences, .verified = 1, .context = sequences * (prompt + output / 2)};
  return sequences / clx_unified_iteration(u, &work).time;
}

double clx_unified_prefill_rate(const clx_unified *u, double sequences, double prompt) {
  clx_unified_work work = {.verified = 1};
  clx_unified_add_prompt(u, &work, prompt, 0, sequences, true);
  return sequences * prompt / clx_unified_iteration(u, &work).time;
}
