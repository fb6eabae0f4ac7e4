#include "serving/serving_memory.h"

#include <math.h>

#include "serving/serving_internal.h"
#include "serving/serving_pipeline.h"

// What vLLM logs on an H100 (llm-d-benchmark, empirical-vllm-memory-results.md, 2026): 79.18 GiB of a GPU that is sold as 80 GB, 0.13 GiB
// of the driver's context, 0.42 more of communicators, and a peak of activations that is 38 B a logit of all sequences it admits (1,024), from
// the run that warms the sampler up; fitted to Llama-3.1-8B and gpt-oss-20b. Others: a logit in bf16 and two copies in fp32, assumed.
static const double GIB = 1073741824, REPORTED = 79.18 * 1073741824 / 80e9;
static const double CONTEXT = 0.13, COMMUNICATOR = 0.42;  // GiB
static const double VLLM_LOGIT = 38, LOGIT = 10;          // B
// Captured graphs, MiB of a layer and a size: vLLM logs 0.21 GiB of Llama-3.2-1B (16 layers, 35 sizes; pull request 11349), 1.40 of Llama 4 Maverick
// (48, 67; SGLang issue 8538), 0.96 of Qwen3-235B (94, 35; vLLM 0.20 on four H100), which are 0.38, 0.45 and 0.30. Other engines: as these, assumed.
static const double GRAPH = 0.37 * 1048576;
static const double BF16 = 2, FP32 = 4;

// Layers of attention that see everything; those that see a window hold no more than that.
static double whole_layers(const clx_transformer *m) {
  const double layers = clx_layer_blocks_of(m).attention * m->layers;
  return m->sliding_window > 0 && m->window_period > 1 ? layers / m->window_period : layers;
}

// Keys and values of one token in one layer.
static double layer_bytes(const clx_serving *s) {
  const clx_transformer *m = s->model;
  const double element = s->fp8_cache ? 1 : BF16;
  // Heads that are fewer than the ranks are held by several; latents by all.
  const double width =
      m->mla ? (double)m->kv_lora_rank + m->qk_rope_dim : 2 * ceil((double)m->kv_heads / s->tp) * m->head_dim;
  return width * element;
}

// What a sequence holds whatever its length: states of recurrent layers, windows.
static double state_bytes(const clx_serving *s, int32_t sequences) {
  const clx_transformer *m = s->model;
  const clx_layer_blocks blocks = clx_layer_blocks_of(m);
  const double recurrent = blocks.mamba * m->layers, windowed = blocks.attention * m->layers - whole_layers(m);
  return sequences * (recurrent * m->mamba_heads * m->mamba_head_dim * m->mamba_state * BF16 / s->tp +
                      windowed * m->sliding_window * layer_bytes(s));
}

// The engine measures this in a run of as many tokens and sequences as it admits: the residual stream and the widest of what one layer
// holds beside it, or of the logits with what sampling copies.
static double peak_bytes(const clx_serving *s, const clx_rules *r, bool head) {
  enum { EXPERT_TOKENS = 32768 };  // experts run in pieces of so many tokens
  const clx_transformer *m = s->model;
  const double tokens = r->tokens, rows = r->sequences * (1.0 + r->drafts);
  const double stream = 2 * BF16 * tokens * m->hidden;
  const double attention = BF16 * tokens * 2 * ((double)m->heads + 2.0 * m->kv_heads) * m->head_dim / s->tp;
  const double ffn = m->ffn > 0 ? BF16 * tokens * 3 * m->ffn / s->tp : 0;
  const double picks = fmin(tokens * s->dp, EXPERT_TOKENS) * m->experts_per_token;
  const double experts =
      m->experts > 0 ? BF16 * picks * (fmax(2.0 * m->expert_ffn / s->etp, m->hidden) + (double)m->expert_ffn / s->etp)
                     : 0;
  const double logits = head ? rows * m->vocab * (r->policy == CLX_ENGINE_VLLM ? VLLM_LOGIT : LOGIT) : 0;
  return stream + fmax(fmax(attention, ffn), fmax(experts, logits));
}

static void count_blocks(clx_cache_room *room, double bytes_of_rank, int32_t block) {
  room->blocks = bytes_of_rank > 0 ? (int64_t)fmin(floor(bytes_of_rank / (room->token_bytes * block)), INT32_MAX) : 0;
}

static clx_cache_room room_of_stage(const clx_serving *s, const clx_rules *r, double share, int32_t stage) {
  const clx_engine_rules *engine = &s->engine->rules;
  const int32_t stages = clx_serving_stages(s);
  const double layers = clx_serving_stage_share(s, stage);
  clx_cache_room room = {.memory = REPORTED * s->device->memory,
                         .share = share > 0 ? share : engine->memory_share,
                         .weights = clx_serving_stage_weight_bytes(s, stage),
                         .peak = peak_bytes(s, r, stage == stages - 1),
                         .graphs = GRAPH * layers * s->model->layers * clx_serving_captures(s, r->sequences),
                         .context = GIB * (CONTEXT + (s->tp * s->dp * stages > 1 ? COMMUNICATOR : 0)),
                         .states = layers * state_bytes(s, r->sequences),
                         .token_bytes = layers * whole_layers(s->model) * layer_bytes(s),
                         .layers = layers};
  const double taken = room.weights + room.states, beside = room.peak + room.context;
  // vLLM: a share of all memory, graphs beyond it. TensorRT-LLM: a share of what is free. SGLang: weights and cache have a share.
  if (engine->share_of_free) {
    room.left = room.share * (room.memory - taken - beside - room.graphs);
  } else if (r->policy == CLX_ENGINE_SGLANG) {
    room.left = fmin(room.share * room.memory, room.memory - beside - room.graphs) - taken;
  } else {
    room.left = fmin(room.share * room.memory, room.memory - room.graphs) - taken - beside;
  }
  count_blocks(&room, room.left, r->block);
  return room;
}

// The stage with fewest blocks is the measure of all.
clx_cache_room clx_serving_room(const clx_serving *s, const clx_rules *r, double share) {
  clx_cache_room least = room_of_stage(s, r, share, 0);
  for (int32_t k = 1; k < clx_serving_stages(s); k++) {
    const clx_cache_room room = room_of_stage(s, r, share, k);
    if (room.blocks < least.blocks) least = room;
  }
  return least;
}

clx_cache_room clx_unified_room(const clx_unified *u, const clx_rules *r, double share) {
  const double SYSTEM = 0.1, nodes = (double)u->tp * u->pp;
  clx_cache_room room = {.memory = u->memory > 0 ? u->memory : u->device->memory,
                         .share = share > 0 ? share : 1 - SYSTEM,
                         .weights = clx_unified_weight_bytes(u),
                         .states = clx_unified_window_bytes(u, r->sequences) / nodes,
                         .token_bytes = clx_unified_token_bytes(u) / nodes,
                         .layers = 1.0 / u->pp};
  room.peak =
      BF16 * r->tokens * (2.0 * u->model->hidden + 3.0 * u->model->ffn / u->tp) + FP32 * r->sequences * u->model->vocab;
  room.left = room.share * room.memory - room.weights - room.peak - room.states;
  count_blocks(&room, room.left, r->block);
  return room;
}
