// config.json of Hugging Face, key by key. Where models spell one thing in several ways, the first key found wins.
#include "import/import_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "unit/unit.h"

// --- values ----------------------------------------------------------------------------------------------------------

void clx_hf_mistake(clx_hf_reader *r, const clx_node *node, const char *format, ...) {
  char text[400];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  const bool at_root = node == r->root || node->path == NULL || node->path[0] == '\0';
  const clx_place place = at_root || node->key == NULL ? node->place : node->key_place;
  const clx_status status = at_root ? clx_fail(r->error, CLX_INPUT, place, "%s", text)
                                    : clx_fail(r->error, CLX_INPUT, place, "'%s': %s", node->path, text);
  if (r->status == CLX_OK) r->status = status;
}

void clx_hf_note(clx_hf_reader *r, const char *note) {
  const char *more = clx_arena_format(r->arena, "%s; %s", r->notes, note);
  if (more != NULL) {
    r->notes = more;
  } else if (r->status == CLX_OK) {
    r->status = clx_fail_plain(r->error, CLX_MEMORY, "out of memory");
  }
}

const clx_node *clx_hf_find(const clx_hf_reader *r, const char *const *keys) {
  for (int32_t i = 0; keys[i] != NULL; i++) {
    const clx_node *node = clx_node_get(r->text, keys[i]);
    if (node != NULL && (node->kind != CLX_NODE_SCALAR || !clx_node_is_null(node))) return node;
  }
  return NULL;
}

int32_t clx_hf_int(clx_hf_reader *r, const char *const *keys, int32_t otherwise) {
  const clx_node *node = clx_hf_find(r, keys);
  if (node == NULL) return otherwise;
  double value = -1;
  char why[200];
  const bool number = node->kind == CLX_NODE_SCALAR && !node->quoted &&
                      clx_quantity_read(node->text, NULL, &value, why, sizeof why) == CLX_OK;
  if (number && value >= 0 && value <= 2e9 && value == floor(value)) return (int32_t)value;
  clx_hf_mistake(r, node, "expected a whole number, read '%s'",
                 node->kind == CLX_NODE_SCALAR ? node->text : "a list or map");
  return otherwise;
}

static int32_t need_int(clx_hf_reader *r, const char *const *keys) {
  if (clx_hf_find(r, keys) == NULL) {
    clx_hf_mistake(r, r->text, "'%s' is missing", keys[0]);
    return 0;
  }
  return clx_hf_int(r, keys, 0);
}

bool clx_hf_bool(clx_hf_reader *r, const char *const *keys, bool otherwise) {
  const clx_node *node = clx_hf_find(r, keys);
  if (node == NULL) return otherwise;
  if (node->kind == CLX_NODE_SCALAR && clx_text_equal_loose(node->text, "true")) return true;
  if (node->kind == CLX_NODE_SCALAR && clx_text_equal_loose(node->text, "false")) return false;
  clx_hf_mistake(r, node, "expected true or false");
  return otherwise;
}

static const char *text_at(const clx_node *map, const char *key) {
  const clx_node *node = clx_node_get(map, key);
  return node != NULL && node->kind == CLX_NODE_SCALAR && !clx_node_is_null(node) ? node->text : NULL;
}

// --- refusals --------------------------------------------------------------------------------------------------------

static void refuse_others(clx_hf_reader *r) {
  static const struct {
    const char *key, *what;
  } others[] = {{"hybrid_override_pattern", "layers of several kinds (Mamba) cannot be expressed"},
                {"layers_block_type", "layers of several kinds cannot be expressed"},
                {"mamba_num_heads", "Mamba layers cannot be expressed"},
                {"mamba_d_state", "Mamba layers cannot be expressed"},
                {"ssm_state_size", "state space layers cannot be expressed"},
                {"linear_num_key_heads", "linear attention cannot be expressed"},
                {"linear_attn_config", "linear attention cannot be expressed"},
                {"full_attention_interval", "linear attention between full layers cannot be expressed"},
                {"attn_type_list", "attention of several kinds cannot be expressed"},
                {"routed_expert_hidden_size", "experts that work in a smaller width cannot be expressed"}};
  for (int32_t i = 0; i < CLX_COUNT(others); i++) {
    const clx_node *node = clx_hf_find(r, CLX_HF_KEYS(others[i].key));
    if (node != NULL) clx_hf_mistake(r, node, "%s", others[i].what);
  }
  if (clx_hf_bool(r, CLX_HF_KEYS("is_encoder_decoder"), false)) {
    clx_hf_mistake(r, clx_node_get(r->text, "is_encoder_decoder"), "a decoder alone can be expressed");
  }
}

// The text model's own type, else the file's. Grok-2 calls itself "git"; its architecture tells.
static void find_kind(clx_hf_reader *r) {
  static const clx_hf_kind unknown = {.type = ""};
  r->kind = &unknown;
  const clx_node *classes = clx_node_get(r->root, "architectures");
  const char *class =
      classes != NULL && classes->kind == CLX_NODE_LIST && classes->child_count > 0 ? classes->child[0].text : NULL;
  const char *type = text_at(r->text, "model_type");
  if (type == NULL) type = text_at(r->root, "model_type");
  if (class != NULL && strncmp(class, "Grok1", 5) == 0) type = "grok-1";
  if (type == NULL) {
    clx_hf_mistake(r, r->text, "'model_type' is missing");
    return;
  }
  const char *nearest = NULL;
  const clx_hf_kind *kind = clx_hf_kind_find(type, &nearest);
  if (kind != NULL) {
    r->kind = kind;
    return;
  }
  const clx_node *node = clx_node_get(r->text, "model_type");
  if (node == NULL) node = clx_node_get(r->root, "model_type");
  if (nearest != NULL) {
    clx_hf_mistake(r, node, "'%.60s' is not known; is it built like '%s'? Then write that", type, nearest);
  } else {
    clx_hf_mistake(r, node, "'%.60s' is not known; if it is built like llama, mixtral or another known one, write that",
                   type);
  }
}

// --- parts -----------------------------------------------------------------------------------------------------------

static void read_dimensions(clx_hf_reader *r) {
  clx_transformer *m = r->model;
  m->layers = need_int(r, CLX_HF_KEYS("num_hidden_layers", "n_layer"));
  m->hidden = need_int(r, CLX_HF_KEYS("hidden_size", "n_embd"));
  m->heads = need_int(r, CLX_HF_KEYS("num_attention_heads", "n_head"));
  m->vocab = need_int(r, CLX_HF_KEYS("vocab_size"));
  m->kv_heads = clx_hf_int(r, CLX_HF_KEYS("num_key_value_heads"), m->heads);
  m->head_dim = clx_hf_int(r, CLX_HF_KEYS("head_dim"), 0);
  m->ffn = clx_hf_int(r, CLX_HF_KEYS("intermediate_size_mlp", "intermediate_size", "n_inner"), 0);
  if (m->ffn == 0 && r->kind->learned_positions && m->hidden < 1 << 28) m->ffn = 4 * m->hidden;  // GPT-2
  m->context = clx_hf_int(r, CLX_HF_KEYS("max_position_embeddings", "n_positions"), 0);
  if (m->context == 0) clx_hf_note(r, "no limit on the context given");
  if (m->layers > CLX_HF_LAYERS_MAX) {
    clx_hf_mistake(r, r->text, "%d layers are more than %d", m->layers, CLX_HF_LAYERS_MAX);
    m->layers = 0;
  }
}

static void read_latent_attention(clx_hf_reader *r) {
  clx_transformer *m = r->model;
  m->kv_lora_rank = clx_hf_int(r, CLX_HF_KEYS("kv_lora_rank"), 0);
  if (m->kv_lora_rank == 0) {
    const clx_node *node = clx_hf_find(r, CLX_HF_KEYS("qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim"));
    const bool latent = strncmp(r->kind->type, "deepseek_v", 10) == 0 || node != NULL;
    if (latent)
      clx_hf_mistake(r, node != NULL ? node : r->text, "multi-head latent attention needs a 'kv_lora_rank' above 0");
    return;
  }
  m->mla = 1;
  m->head_dim = 0;
  m->kv_heads = m->heads;
  m->q_lora_rank = clx_hf_int(r, CLX_HF_KEYS("q_lora_rank"), 0);
  m->qk_nope_dim = need_int(r, CLX_HF_KEYS("qk_nope_head_dim"));
  m->qk_rope_dim = need_int(r, CLX_HF_KEYS("qk_rope_head_dim"));
  m->v_dim = need_int(r, CLX_HF_KEYS("v_head_dim"));
  if (clx_hf_find(r, CLX_HF_KEYS("index_topk")) != NULL) {
    clx_hf_note(r, "sparse attention (index_topk) counted as full attention");
  }
}

static void read_shared_experts(clx_hf_reader *r) {
  clx_transformer *m = r->model;
  const int32_t count =
      clx_hf_int(r, CLX_HF_KEYS("n_shared_experts", "num_shared_experts"), r->kind->shared_expert ? 1 : 0);
  const double width = (double)count * m->expert_ffn;
  if (width > 2e9) {
    clx_hf_mistake(r, r->text, "%d shared experts of width %d are too wide", count, m->expert_ffn);
    return;
  }
  m->shared_expert_ffn = clx_hf_int(
      r, CLX_HF_KEYS("shared_expert_intermediate_size", "moe_shared_expert_intermediate_size"), (int32_t)width);
}

static void read_experts(clx_hf_reader *r) {
  clx_transformer *m = r->model;
  m->experts = clx_hf_int(r, CLX_HF_KEYS("num_local_experts", "num_experts", "n_routed_experts"), 0);
  if (m->experts == 0) {
    const clx_node *node =
        clx_hf_find(r, CLX_HF_KEYS("num_experts_per_tok", "num_experts_per_token", "experts_per_token"));
    if (node != NULL && node->kind == CLX_NODE_SCALAR && !clx_text_equal(node->text, "0")) {
      clx_hf_mistake(r, node, "experts per token are given, but no number of experts above 0");
    }
    return;
  }
  m->experts_per_token = need_int(r, CLX_HF_KEYS("num_experts_per_tok", "num_experts_per_token", "experts_per_token"));
  m->expert_ffn = clx_hf_int(r, CLX_HF_KEYS("moe_intermediate_size", "intermediate_size"), m->ffn);
  const char *method = text_at(r->text, "topk_method");
  m->router_bias = method != NULL ? clx_text_equal(method, "noaux_tc") : r->kind->router_bias;
  m->dense_residual = clx_hf_bool(r, CLX_HF_KEYS("residual_moe"), false);
  read_shared_experts(r);
  if (m->layers > 0) clx_hf_read_expert_layers(r);
}

static void read_activation(clx_hf_reader *r) {
  clx_transformer *m = r->model;
  m->activation = r->kind->activation;
  const bool gated = m->activation == CLX_SWIGLU || m->activation == CLX_GEGLU;
  const clx_node *node = clx_hf_find(r, CLX_HF_KEYS("hidden_act", "hidden_activation", "activation_function"));
  if (node == NULL || node->kind != CLX_NODE_SCALAR) return;
  if (strncmp(node->text, "gelu", 4) == 0) {
    m->activation = gated ? CLX_GEGLU : CLX_GELU;
  } else if (gated && (clx_text_equal(node->text, "silu") || clx_text_equal(node->text, "swish"))) {
    m->activation = CLX_SWIGLU;
  } else if (!gated && clx_text_equal(node->text, "relu2")) {
    m->activation = CLX_SQUARED_RELU;
  } else {
    clx_hf_mistake(r, node, "the activation '%.60s' cannot be expressed for this model_type", node->text);
  }
}

static void read_tying(clx_hf_reader *r) {
  const clx_node *nested = clx_node_get(r->text, "tie_word_embeddings"),
                 *outer = clx_node_get(r->root, "tie_word_embeddings");
  r->model->tied = clx_hf_bool(r, CLX_HF_KEYS("tie_word_embeddings"), r->kind->tied);
  if (!clx_node_is_null(nested)) return;
  if (!clx_node_is_null(outer)) {
    r->model->tied = clx_text_equal_loose(outer->text, "true");
  } else if (!r->kind->tied) {
    clx_hf_note(r, "tie_word_embeddings is not said: taken as not tied");
  }
}

static void read_habits(clx_hf_reader *r) {
  clx_transformer *m = r->model;
  const clx_hf_kind *kind = r->kind;
  m->norm = kind->norm;
  m->norms_per_layer = kind->four_norms ? 4 : 2;
  m->learned_positions = kind->learned_positions;
  m->attention_sinks = kind->sinks;
  m->qk_norm =
      kind->qk_norm || (clx_text_equal(kind->type, "glm4_moe") && clx_hf_bool(r, CLX_HF_KEYS("use_qk_norm"), false));
  m->attention_bias = clx_hf_bool(r, CLX_HF_KEYS("attention_bias", "qkv_bias"), kind->attention_bias);
  m->mlp_bias = clx_hf_bool(r, CLX_HF_KEYS("mlp_bias"), kind->mlp_bias);
  m->mtp_layers = clx_hf_int(r, CLX_HF_KEYS("num_nextn_predict_layers", "mtp_num_hidden_layers"), 0);
}

// The same limits as in a catalogue entry.
static void check_ranges(clx_hf_reader *r) {
  for (int32_t i = 0; i < clx_model_schema.count; i++) {
    const clx_row *row = &clx_model_schema.rows[i];
    if (row->kind != CLX_ROW_INT) continue;
    const int32_t value = *(const int32_t *)(const void *)((const char *)r->model + row->offset);
    if (value <= row->maximum) continue;
    clx_hf_mistake(r, r->text, "%s of %d is out of range: at most %.0f", row->key, value, row->maximum);
  }
}

clx_status clx_import_hf_config(const clx_node *root, const char *name, clx_arena *arena, clx_transformer *out,
                                clx_error *error) {
  *out = (clx_transformer){.name = clx_arena_text(arena, name), .moe_period = 1};
  if (out->name == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_node *text = clx_node_get(root, "text_config");
  clx_hf_reader r = {.root = root,
                     .text = text != NULL && text->kind == CLX_NODE_MAP ? text : root,
                     .arena = arena,
                     .error = error,
                     .status = CLX_OK,
                     .notes = "",
                     .model = out};
  if (root->kind != CLX_NODE_MAP) return clx_fail(error, CLX_INPUT, root->place, "a config.json is a map of keys");
  if (text != NULL && text->kind != CLX_NODE_MAP && !clx_node_is_null(text)) clx_hf_mistake(&r, text, "expected a map");
  refuse_others(&r);
  find_kind(&r);
  read_dimensions(&r);
  read_latent_attention(&r);
  read_experts(&r);
  if (out->layers > 0) clx_hf_read_windows(&r);
  read_activation(&r);
  read_tying(&r);
  read_habits(&r);
  check_ranges(&r);
  CLX_TRY(r.status);
  out->title = clx_arena_format(arena, "%s of model_type %s%s", name, r.kind->type, r.notes);
  if (out->title == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  return clx_transformer_complete(out, root->place, error);
}
