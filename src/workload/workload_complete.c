#include "workload/workload.h"

static void fill_defaults(clx_transformer *model) {
  if (model->kv_heads == 0) model->kv_heads = model->heads;
  if (model->head_dim == 0 && model->heads > 0) model->head_dim = model->hidden / model->heads;
  if (model->experts > 0 && model->expert_ffn == 0) model->expert_ffn = model->ffn;
  if (model->moe_period == 0) model->moe_period = 1;
  if (model->norms_per_layer == 0) model->norms_per_layer = 2;
  if (model->mamba_groups == 0) model->mamba_groups = 1;
  if (model->mla) {
    if (model->qk_nope_dim == 0) model->qk_nope_dim = 128;
    if (model->qk_rope_dim == 0) model->qk_rope_dim = 64;
    if (model->v_dim == 0) model->v_dim = 128;
  }
}

static clx_status need(const clx_transformer *model, int32_t value, const char *key, clx_place place,
                       clx_error *error) {
  if (value > 0) return CLX_OK;
  return clx_fail(error, CLX_INPUT, place, "model '%s': '%s' is missing or not positive (%d)",
                  model->name ? model->name : "?", key, value);
}

clx_status clx_transformer_complete(clx_transformer *model, clx_place place, clx_error *error) {
  fill_defaults(model);
  const bool dense =
      model->experts == 0 || model->first_dense_layers > 0 || model->moe_period > 1 || model->dense_residual;
  const struct {
    int32_t value;
    const char *key;
    bool needed;
  } required[] = {{model->layers, "layers", true},
                  {model->hidden, "hidden", true},
                  {model->heads, "heads", true},
                  {model->head_dim, "head_dim", true},
                  {model->vocab, "vocab", true},
                  {model->ffn, "ffn", dense},
                  {model->experts_per_token, "experts_per_token", model->experts > 0},
                  {model->expert_ffn, "expert_ffn", model->experts > 0},
                  {model->kv_lora_rank, "kv_lora_rank", model->mla != 0},
                  {model->mamba_heads, "mamba_heads", model->mamba_layers > 0},
                  {model->mamba_head_dim, "mamba_head_dim", model->mamba_layers > 0},
                  {model->mamba_state, "mamba_state", model->mamba_layers > 0}};
  clx_status status = CLX_OK;
  for (int32_t i = 0; i < CLX_COUNT(required); i++) {
    if (!required[i].needed) continue;
    const clx_status one = need(model, required[i].value, required[i].key, place, error);
    if (status == CLX_OK) status = one;
  }
  CLX_TRY(status);
  if (!model->mla && model->heads % model->kv_heads != 0) {
    return clx_fail(error, CLX_INPUT, place, "model '%s': 'kv_heads' %d does not divide 'heads' %d",
                    model->name ? model->name : "?", model->kv_heads, model->heads);
  }
  if (model->experts > 0 && model->experts_per_token > model->experts) {
    return clx_fail(error, CLX_INPUT, place, "model '%s': 'experts_per_token' %d is more than 'experts' %d",
                    model->name ? model->name : "?", model->experts_per_token, model->experts);
  }
  if (model->first_dense_layers > model->layers) {
    return clx_fail(error, CLX_INPUT, place, "model '%s': 'first_dense_layers' %d is more than 'layers' %d",
                    model->name ? model->name : "?", model->first_dense_layers, model->layers);
  }
  const int32_t mixers = model->attention_layers + model->mamba_layers;
  if (mixers > model->layers || model->ffn_layers > model->layers) {
    return clx_fail(error, CLX_INPUT, place,
                    "model '%s': 'layers' %d is fewer than %d with mixers or %d with 'ffn_layers'",
                    model->name ? model->name : "?", model->layers, mixers, model->ffn_layers);
  }
  return CLX_OK;
}

clx_layer_blocks clx_layer_blocks_of(const clx_transformer *model) {
  if (model->mamba_layers == 0) return (clx_layer_blocks){1, 0, 1};
  const double layers = model->layers;
  return (clx_layer_blocks){model->attention_layers / layers, model->mamba_layers / layers, model->ffn_layers / layers};
}

bool clx_layer_is_moe(const clx_transformer *model, int32_t layer) {
  if (model->experts == 0 || layer < model->first_dense_layers) return false;
  return (layer + 1) % model->moe_period == 0;
}

// Layers from first_dense_layers on whose number (from 1) the period divides.
int32_t clx_moe_layers(const clx_transformer *model) {
  if (model->experts == 0) return 0;
  return model->layers / model->moe_period - model->first_dense_layers / model->moe_period;
}
