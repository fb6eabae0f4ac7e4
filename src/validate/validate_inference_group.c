// A model on a group of GPUs from the cells of a row.
#include <math.h>

#include "validate/validate_inference.h"

// The format by its name, -1 = not there.
static int32_t weights_named(const char *name) {
  for (int32_t i = 0; i < CLX_WEIGHTS_KINDS; i++) {
    if (clx_text_equal(clx_weights_name[i], name)) return i;
  }
  return -1;
}

// TensorRT-LLM's checkpoints have one scale per tensor in fp8; 4 bit is nvfp4, of models with experts outside of attention alone.
bool clx_inference_read_weights(clx_inference_group *g, const char *text) {
  const bool plain = clx_text_equal_loose(text, "FP16") || clx_text_equal_loose(text, "BF16");
  const char *four = g->model.experts > 0 ? "nvfp4_feed_forward" : "nvfp4";
  const char *name = plain                               ? "bf16"
                     : clx_text_equal_loose(text, "FP8") ? "fp8"
                     : clx_text_equal_loose(text, "FP4") ? four
                                                         : NULL;
  if (name == NULL) return clx_table_row_refuse(g->r, "precision '%.40s' is not modelled on GPUs", text);
  const int32_t weights = weights_named(name);
  if (weights < 0) return clx_table_row_refuse(g->r, "weights in %s are not modelled yet", name);
  g->serving.weights = (clx_weights)weights;
  g->serving.fp8_cache = !plain;
  return true;
}

// Popularity of experts, as in the tables of benchmarks: exponent of a power law.
static const double ROUTING = 1.2;

// NVIDIA's command for models with experts replicates attention, with as many ranks of experts (perf-overview.md: enable_attention_dp), and
// leaves the format of the cache to the checkpoint (bench/benchmark/utils/general.py: "auto"). Those of Llama 3 have fp8; that those of
// Llama 4 and Qwen3 have bf16 follows from H100 against H200 in the rows themselves.
static void replicate(clx_inference_group *g, bool ranks) {
  const int32_t tp = g->serving.tp;
  g->serving.fp8_cache = false;
  if (!ranks) return;
  g->serving.tp = g->serving.etp = 1;
  g->serving.dp = g->serving.ep = tp;
}

static bool read_layout(clx_inference_group *g) {
  int32_t devices, tp, pp, ep;
  if (!clx_inference_count(g->r, "devices", 1, &devices) || !clx_inference_count(g->r, "tp", devices, &tp) ||
      !clx_inference_count(g->r, "pp", 1, &pp) || !clx_inference_count(g->r, "ep", 1, &ep))
    return false;
  if (pp != 1) return clx_table_row_refuse(g->r, "column 'pp': pipelines are not modelled on GPUs, read %d", pp);
  if (tp < 1 || tp != devices) return clx_table_row_refuse(g->r, "column 'tp': %d is not %d devices", tp, devices);
  const bool experts = g->model.experts > 0;
  if (ep < 1 || tp % ep != 0) return clx_table_row_refuse(g->r, "column 'ep': %d does not divide %d", ep, tp);
  g->serving.tp = tp;
  g->serving.dp = 1;
  g->serving.ep = experts ? ep : 1;
  g->serving.etp = experts ? tp / ep : 1;
  g->serving.routing = experts ? ROUTING : 0;
  if (g->pytorch && experts) replicate(g, clx_table_row_text(g->r, "ep")[0] == '\0');
  return true;
}

bool clx_inference_read_group(clx_inference_group *g, const char *name, const char *engine) {
  clx_error error = {0};
  clx_table_row *r = g->r;
  if (clx_catalog_read_device(r->job->catalog, name, (clx_place){0}, r->job->arena, &g->device, &error) != CLX_OK)
    return clx_table_row_refuse_error(r, &error);
  if (!clx_inference_model(r, clx_table_row_text(r, "model"), &g->model) ||
      !clx_inference_read_weights(g, clx_table_row_text(r, "precision")) || !read_layout(g) ||
      !clx_inference_count(r, "input_len", 0, &g->prompt) || !clx_inference_count(r, "output_len", 0, &g->output))
    return false;
  if (g->prompt < 1 || g->output < 1)
    return clx_table_row_refuse(r, "columns 'input_len', 'output_len': expected at least 1, read %d and %d", g->prompt,
                                g->output);
  g->serving.model = &g->model;
  g->serving.device = &g->device;
  g->serving.engine = g->pytorch ? &g->engine : clx_engine_find(engine);
  if (g->pytorch && clx_catalog_read(r->job->catalog, "engine", engine, (clx_place){0}, &clx_serving_engine_schema,
                                     r->job->arena, &g->engine, &error) != CLX_OK)
    return clx_table_row_refuse_error(r, &error);
  if (g->serving.engine == NULL) return clx_table_row_refuse(r, "engine %s is not modelled", engine);
  clx_error refusal = {0};
  return clx_serving_check(&g->serving, &refusal) == CLX_OK || clx_table_row_refuse_error(r, &refusal);
}

// Keys and values of one token on one GPU, B.
static double token_bytes(const clx_inference_group *g) {
  const clx_transformer *m = &g->model;
  const double layers = clx_layer_blocks_of(m).attention * m->layers, element = g->serving.fp8_cache ? 1 : 2;
  const double width = m->mla ? (double)m->kv_lora_rank + m->qk_rope_dim
                              : 2.0 * fmax(1, (double)m->kv_heads / g->serving.tp) * m->head_dim;
  return layers * width * element;
}

// Room that a runtime takes before it shares out the rest. Stacks of memory are sold by the GiB under the name of GB (an H100 of 80 GB reports 81,559 MiB).
static const double GIB = 1.073741824;

double clx_inference_room(const clx_inference_group *g) {
  const double RUNTIME_BYTES = 4e9, CACHE_SHARE = 0.95;
  return CACHE_SHARE * (GIB * g->device.memory - RUNTIME_BYTES - clx_serving_weight_bytes(&g->serving)) /
         token_bytes(g);
}
