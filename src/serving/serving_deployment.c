#include "serving/serving_deployment.h"

#include <math.h>

#define F clx_deployment
#define TEXT(name, member, needed, text) \
  { .key = name, .kind = CLX_ROW_TEXT, .offset = offsetof(F, member), .required = needed, .doc = text }
#define WHOLE(name, member, start, low, high, text)                                                        \
  {                                                                                                        \
    .key = name, .kind = CLX_ROW_INT, .offset = offsetof(F, member), .initial = (start), .minimum = (low), \
    .maximum = (high), .doc = text                                                                         \
  }
#define FLAG(name, member, start, text) \
  { .key = name, .kind = CLX_ROW_BOOL, .offset = offsetof(F, member), .initial = (start), .doc = text }
#define REAL(name, member, start, low, high, text)                                                          \
  {                                                                                                         \
    .key = name, .kind = CLX_ROW_REAL, .offset = offsetof(F, member), .initial = (start), .minimum = (low), \
    .maximum = (high), .doc = text                                                                          \
  }

static const clx_row rows[] = {
    TEXT("name", name, true, "canonical name"),
    TEXT("title", title, false, "what it is"),
    {.key = "aliases",
     .kind = CLX_ROW_TEXTS,
     .offset = offsetof(F, aliases),
     .count_offset = offsetof(F, alias_count),
     .doc = "what tables call it; may hold '*'"},
    TEXT("model", model, true, "catalogue/model entry"),
    TEXT("device", device, true, "catalogue/device entry"),
    {.key = "engine",
     .kind = CLX_ROW_TEXT,
     .offset = offsetof(F, engine),
     .text_initial = "vllm",
     .doc = "catalogue/engine entry"},
    {.key = "weights",
     .kind = CLX_ROW_CHOICE,
     .offset = offsetof(F, weights),
     .choices = clx_weights_name,
     .doc = "number format of the weights"},
    WHOLE("tensor_parallel_size", tensor_parallel_size, 1, 1, 1024, "GPUs that share a layer"),
    WHOLE("data_parallel_size", data_parallel_size, 1, 1, 1024, "replicas of attention that step together"),
    WHOLE("expert_parallel_size", expert_parallel_size, 1, 1, 4096, "GPUs that share the experts of a layer"),
    WHOLE("max_num_seqs", max_num_seqs, 256, 1, 1 << 20, "most sequences at once, of one rank"),
    WHOLE("max_num_batched_tokens", max_num_batched_tokens, 2048, 1, 1 << 24,
          "most new tokens of an iteration, of one rank"),
    WHOLE("block_size", block_size, 16, 1, 1 << 20, "tokens of a block of keys and values"),
    {.key = "num_blocks",
     .kind = CLX_ROW_COUNT,
     .offset = offsetof(F, num_blocks),
     .minimum = 0,
     .maximum = INT32_MAX,
     .doc = "blocks of one rank, as in the engine's log; 0 = what memory leaves"},
    REAL("gpu_memory_utilization", gpu_memory_utilization, 0.9, 0.01, 1, "share of the memory that the engine takes"),
    FLAG("enable_prefix_caching", enable_prefix_caching, 1, "blocks of equal beginnings are found again"),
    FLAG("async_scheduling", async_scheduling, 1, "an iteration is put together when the one before it starts"),
    FLAG("dispatch", dispatch, 0,
         "tokens are sent to the ranks of their experts where that is faster than gathering them"),
    REAL("routing", routing, 1.2, 0, 3, "exponent of the popularity of experts, 0 = balanced"),
    TEXT("fitted", fitted, false, "constants that were fitted to measurements of this deployment"),
};

const clx_schema clx_deployment_schema = {.name = "deployment",
                                          .doc = "a model behind an inference engine, as somebody ran it",
                                          .rows = rows,
                                          .count = CLX_COUNT(rows),
                                          .size = sizeof(F)};

clx_status clx_deployment_serving(const clx_deployment *d, const clx_transformer *model, const clx_device *device,
                                  clx_engine *engine, clx_serving *serving, clx_error *error) {
  const int32_t gpus = d->tensor_parallel_size * d->data_parallel_size;
  if (gpus % d->expert_parallel_size != 0)
    return clx_fail_plain(error, CLX_INPUT, "%s: experts over %d of %d GPUs", d->name, d->expert_parallel_size, gpus);
  engine->dispatches = d->dispatch != 0;
  // vLLM captures graphs of up to twice max_num_seqs tokens, 512 at most.
  clx_engine_rules *rules = &engine->rules;
  rules->graph_tokens = rules->mixed_graph_tokens = fmin(512, 2.0 * d->max_num_seqs);
  while (rules->capture_sizes_count > 0 && rules->capture_sizes[rules->capture_sizes_count - 1] > rules->graph_tokens)
    rules->capture_sizes_count--;
  *serving = (clx_serving){.model = model,
                           .device = device,
                           .engine = engine,
                           .weights = (clx_weights)d->weights,
                           .tp = d->tensor_parallel_size,
                           .dp = d->data_parallel_size,
                           .ep = d->expert_parallel_size,
                           .etp = gpus / d->expert_parallel_size,
                           .routing = d->routing};
  return clx_serving_check(serving, error);
}

// Graphs and the driver's context: 0.48 and 2.4 GB are what two published counts of blocks leave beside weights, activations and cache
// (docs/model/serving.md): 1 GB. Activations: the widest layer's inputs and outputs of the largest iteration, and logits in fp32 of all
// sequences, twice.
int64_t clx_deployment_blocks(const clx_deployment *d, const clx_serving *s) {
  const double GIBI = 1073741824.0 / 1e9, HELD = 1e9, BF16 = 2, FP32 = 4;
  const clx_transformer *m = s->model;
  const double widest = fmax(m->ffn, (double)m->experts_per_token * m->expert_ffn) / s->tp;
  const double activations =
      d->max_num_batched_tokens * BF16 * (3 * widest + 4.0 * m->hidden) + 2 * FP32 * d->max_num_seqs * (double)m->vocab;
  const double memory = GIBI * s->device->memory * d->gpu_memory_utilization;
  const double layers = m->attention_layers > 0 ? m->attention_layers : m->layers;
  const double token = m->mla ? layers * BF16 * (m->kv_lora_rank + m->qk_rope_dim)
                              : layers * BF16 * 2 * fmax(1, (double)m->kv_heads / s->tp) * m->head_dim;
  const double room = memory - clx_serving_weight_bytes(s) - activations - HELD;
  return room > 0 ? (int64_t)(room / (token * d->block_size)) : 0;
}

clx_rules clx_deployment_rules(const clx_deployment *d, int64_t blocks) {
  return (clx_rules){.policy = CLX_ENGINE_VLLM,
                     .sequences = d->max_num_seqs,
                     .tokens = d->max_num_batched_tokens,
                     .chunked = true,
                     .prefix = d->enable_prefix_caching != 0,
                     .block = d->block_size,
                     .blocks = blocks,
                     .ahead = d->async_scheduling != 0,
                     .stages = 1,
                     .ranks = d->data_parallel_size,
                     .accepted = 1};
}
