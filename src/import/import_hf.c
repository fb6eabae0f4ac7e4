#include "import/import_hf.h"

#include <stdlib.h>
#include <string.h>

typedef struct config {
  const clx_node *root;  // the text model
  clx_error *error;
} config;

static const clx_node *first_key(const config *c, const char *const *keys) {
  for (int32_t i = 0; keys[i] != NULL; i++) {
    const clx_node *node = clx_node_get(c->root, keys[i]);
    if (node != NULL && !clx_node_is_null(node)) return node;
  }
  return NULL;
}

#define KEYS(...) ((const char *const[]){__VA_ARGS__, NULL})

// The first of `keys` that is present as a whole number of at least 0; `otherwise` when none is.
static clx_status read_int(const config *c, const char *const *keys, int32_t otherwise, int32_t *value) {
  const clx_node *node = first_key(c, keys);
  *value = otherwise;
  if (node == NULL) return CLX_OK;
  char *end = NULL;
  const long number = node->kind == CLX_NODE_SCALAR ? strtol(node->text, &end, 10) : -1;
  if (end == NULL || *end != '\0' || number < 0 || number > 2000000000) {
    return clx_fail(c->error, CLX_INPUT, node->place, "'%s': expected a whole number", node->path);
  }
  *value = (int32_t)number;
  return CLX_OK;
}

static clx_status need_int(const config *c, const char *const *keys, int32_t *value) {
  if (first_key(c, keys) == NULL) {
    return clx_fail(c->error, CLX_INPUT, c->root->place, "'%s' is missing from this config.json", keys[0]);
  }
  return read_int(c, keys, 0, value);
}

static bool is_true(const config *c, const char *key) {
  const clx_node *node = clx_node_get(c->root, key);
  return node != NULL && node->kind == CLX_NODE_SCALAR && strcmp(node->text, "true") == 0;
}

static bool family_has(const config *c, const char *word) {
  const clx_node *type = clx_node_get(c->root, "model_type");
  return type != NULL && type->kind == CLX_NODE_SCALAR && strstr(type->text, word) != NULL;
}

// --- refusals ------------------------------------------------------------------------------------------------------------

static clx_status refuse_others(const config *c) {
  static const char *const keys[] = {"hybrid_override_pattern", "mamba_num_heads", "ssm_state_size", "linear_num_key_heads",
                                     "full_attention_interval", "routed_expert_hidden_size", "index_topk"};
  static const char *const what[] = {"Mamba layers", "Mamba layers", "Mamba layers", "linear attention", "linear attention",
                                     "latent experts", "sparse attention"};
  for (int32_t i = 0; i < CLX_COUNT(keys); i++) {
    const clx_node *node = clx_node_get(c->root, keys[i]);
    if (node == NULL || clx_node_is_null(node)) continue;
    return clx_fail(c->error, CLX_INPUT, node->key_place, "'%s': %s cannot be modelled in this version", node->path, what[i]);
  }
  return CLX_OK;
}

// --- parts ---------------------------------------------------------------------------------------------------------------

static clx_status read_dimensions(const config *c, clx_transformer *m) {
  CLX_TRY(need_int(c, KEYS("num_hidden_layers"), &m->layers));
  CLX_TRY(need_int(c, KEYS("hidden_size"), &m->hidden));
  CLX_TRY(need_int(c, KEYS("num_attention_heads"), &m->heads));
  CLX_TRY(need_int(c, KEYS("vocab_size"), &m->vocab));
  CLX_TRY(read_int(c, KEYS("num_key_value_heads"), m->heads, &m->kv_heads));
  CLX_TRY(read_int(c, KEYS("head_dim"), 0, &m->head_dim));
  CLX_TRY(read_int(c, KEYS("intermediate_size_mlp", "intermediate_size"), 0, &m->ffn));
  return read_int(c, KEYS("max_position_embeddings"), 0, &m->context);
}

static clx_status read_latent_attention(const config *c, clx_transformer *m) {
  CLX_TRY(read_int(c, KEYS("kv_lora_rank"), 0, &m->kv_lora_rank));
  if (m->kv_lora_rank == 0) return CLX_OK;
  m->mla = 1;
  m->head_dim = 0;
  m->kv_heads = m->heads;
  CLX_TRY(read_int(c, KEYS("q_lora_rank"), 0, &m->q_lora_rank));
  CLX_TRY(need_int(c, KEYS("qk_nope_head_dim"), &m->qk_nope_dim));
  CLX_TRY(need_int(c, KEYS("qk_rope_head_dim"), &m->qk_rope_dim));
  return need_int(c, KEYS("v_head_dim"), &m->v_dim);
}

static clx_status read_shared_experts(const config *c, clx_transformer *m) {
  int32_t count = 0;
  CLX_TRY(read_int(c, KEYS("shared_expert_intermediate_size", "moe_shared_expert_intermediate_size"), 0, &m->shared_expert_ffn));
  CLX_TRY(read_int(c, KEYS("n_shared_experts", "num_shared_experts"), 0, &count));
  if (m->shared_expert_ffn == 0) m->shared_expert_ffn = count * m->expert_ffn;
  if (family_has(c, "llama4")) m->shared_expert_ffn = m->expert_ffn;  // one shared expert beside the routed ones
  return CLX_OK;
}

static clx_status read_experts(const config *c, clx_transformer *m) {
  CLX_TRY(read_int(c, KEYS("num_local_experts", "num_experts", "n_routed_experts"), 0, &m->experts));
  if (m->experts == 0) return CLX_OK;
  CLX_TRY(need_int(c, KEYS("num_experts_per_tok", "num_experts_per_token", "experts_per_token"), &m->experts_per_token));
  CLX_TRY(read_int(c, KEYS("moe_intermediate_size", "intermediate_size"), m->ffn, &m->expert_ffn));
  CLX_TRY(read_int(c, KEYS("first_k_dense_replace"), 0, &m->first_dense_layers));
  CLX_TRY(read_int(c, KEYS("moe_layer_freq", "decoder_sparse_step", "interleave_moe_layer_step"), 1, &m->moe_period));
  const clx_node *dense = clx_node_get(c->root, "mlp_only_layers");
  if (dense != NULL && dense->child_count > 0) {
    return clx_fail(c->error, CLX_INPUT, dense->key_place, "'%s': a list of dense layers cannot be modelled in this version", dense->path);
  }
  const clx_node *method = clx_node_get(c->root, "topk_method");
  m->router_bias = (method != NULL && method->kind == CLX_NODE_SCALAR && strcmp(method->text, "noaux_tc") == 0) || family_has(c, "gpt_oss");
  m->dense_residual = is_true(c, "residual_moe");
  return read_shared_experts(c, m);
}

// A list of layer kinds is understood when every n-th layer attends fully.
static clx_status read_window(const config *c, clx_transformer *m) {
  CLX_TRY(read_int(c, KEYS("sliding_window"), 0, &m->sliding_window));
  const clx_node *use = clx_node_get(c->root, "use_sliding_window");
  if (use != NULL && !is_true(c, "use_sliding_window")) m->sliding_window = 0;
  const clx_node *types = clx_node_get(c->root, "layer_types");
  if (m->sliding_window == 0 || types == NULL || types->kind != CLX_NODE_LIST) return CLX_OK;
  for (int32_t i = 0; i < types->child_count && m->window_period == 0; i++) {
    if (clx_text_equal(types->child[i].text, "full_attention")) m->window_period = i + 1;
  }
  for (int32_t i = 0; i < types->child_count; i++) {
    const bool full = clx_text_equal(types->child[i].text, "full_attention");
    const bool expected = m->window_period > 0 && (i + 1) % m->window_period == 0;
    if (full != expected) return clx_fail(c->error, CLX_INPUT, types->child[i].place, "'%s': only every n-th layer may attend fully", types->path);
  }
  return CLX_OK;
}

static void read_habits(const config *c, clx_transformer *m) {
  m->tied = is_true(c, "tie_word_embeddings");
  m->attention_bias = is_true(c, "attention_bias") || is_true(c, "qkv_bias");
  m->qk_norm = family_has(c, "qwen3");
  m->norms_per_layer = family_has(c, "grok") ? 4 : 2;
  m->activation = family_has(c, "grok") ? CLX_GEGLU : CLX_SWIGLU;
  if (family_has(c, "gpt_oss")) m->mlp_bias = m->attention_sinks = 1;
  if (family_has(c, "gpt2") || family_has(c, "gpt_neox") || family_has(c, "mpt")) {
    m->activation = CLX_GELU;
    m->norm = CLX_LAYERNORM;
  }
}

clx_status clx_import_hf_config(const clx_node *root, const char *name, clx_arena *arena, clx_transformer *m, clx_error *error) {
  const clx_node *text = clx_node_get(root, "text_config");
  const config c = {text != NULL && text->kind == CLX_NODE_MAP ? text : root, error};
  *m = (clx_transformer){.name = clx_arena_text(arena, name), .title = "Hugging Face config.json", .moe_period = 1};
  if (m->name == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  CLX_TRY(refuse_others(&c));
  CLX_TRY(read_dimensions(&c, m));
  CLX_TRY(read_latent_attention(&c, m));
  CLX_TRY(read_experts(&c, m));
  CLX_TRY(read_window(&c, m));
  int32_t mtp = 0;
  CLX_TRY(read_int(&c, KEYS("num_nextn_predict_layers", "mtp_num_hidden_layers"), 0, &mtp));
  m->mtp_layers = mtp;
  read_habits(&c, m);
  return CLX_OK;
}
