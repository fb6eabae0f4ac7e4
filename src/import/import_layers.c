// Lists of layers into what our model knows: leading dense layers and a period. A pattern that is none is refused; one
// that is a period with another phase has the same costs and is taken with a note.
#include "import/import_internal.h"

#include "unit/unit.h"

typedef struct pattern {
  bool *on;  // count
  int32_t count, total;
  int32_t first;   // index of the first one that is on
  int32_t period;  // distance to the next; 1 when there is none
  bool even;       // all distances are equal, and the last is nearer than a period to the end
} pattern;

static void pattern_measure(pattern *p) {
  int32_t last = -1;
  p->first = -1;
  p->period = 0;
  p->even = true;
  for (int32_t i = 0; i < p->count; i++) {
    if (!p->on[i]) continue;
    p->total++;
    if (p->first < 0) p->first = i;
    if (last >= 0 && p->period == 0) p->period = i - last;
    if (last >= 0 && i - last != p->period) p->even = false;
    last = i;
  }
  if (p->period == 0) p->period = 1;
  if (p->total > 0 && p->count - last > p->period) p->even = false;
}

static bool pattern_make(clx_hf_reader *r, pattern *p) {
  *p = (pattern){.count = r->model->layers, .on = CLX_NEW_ARRAY(r->arena, bool, r->model->layers)};
  if (p->on == NULL) r->status = clx_fail_plain(r->error, CLX_MEMORY, "out of memory");
  return p->on != NULL;
}

static bool list_holds(const clx_node *list, int32_t number) {
  for (int32_t i = 0; i < list->child_count; i++) {
    double value = -1;
    char why[200];
    const clx_node *item = &list->child[i];
    if (item->kind != CLX_NODE_SCALAR || clx_quantity_read(item->text, NULL, &value, why, sizeof why) != CLX_OK)
      continue;
    if (value == number) return true;
  }
  return false;
}

static const clx_node *list_of(const clx_hf_reader *r, const char *key) {
  const clx_node *node = clx_hf_find(r, CLX_HF_KEYS(key));
  return node != NULL && node->kind == CLX_NODE_LIST ? node : NULL;
}

// --- experts ---------------------------------------------------------------------------------------------------------

// moe_layer_freq as a list: 0 or 1 for each layer.
static bool in_frequency(const clx_node *list, int32_t layer) {
  return layer < list->child_count && !clx_text_equal(list->child[layer].text, "0");
}

static int32_t step_of(clx_hf_reader *r, const char *key) {
  const int32_t step = clx_hf_int(r, CLX_HF_KEYS(key), 1);
  return step > 0 ? step : 1;
}

static void fill_experts(clx_hf_reader *r, pattern *p) {
  const clx_node *chosen = list_of(r, "moe_layers"), *dense = list_of(r, "mlp_only_layers");
  const clx_node *frequency = list_of(r, "moe_layer_freq");
  const int32_t first = clx_hf_int(r, CLX_HF_KEYS("first_k_dense_replace"), 0);
  const int32_t every = frequency == NULL ? step_of(r, "moe_layer_freq") : 1;  // DeepSeek: layers 0, n, 2n
  const int32_t step = step_of(r, "decoder_sparse_step"), interleave = step_of(r, "interleave_moe_layer_step");
  for (int32_t i = 0; i < p->count; i++) {
    p->on[i] = i >= first && i % every == 0 && (i + 1) % step == 0 && (i + 1) % interleave == 0 &&
               (frequency == NULL || in_frequency(frequency, i)) && (dense == NULL || !list_holds(dense, i));
    if (chosen != NULL) p->on[i] = list_holds(chosen, i);
  }
}

void clx_hf_read_expert_layers(clx_hf_reader *r) {
  static const char *const keys[] = {"moe_layers", "mlp_only_layers", "moe_layer_freq", "decoder_sparse_step", NULL};
  pattern p;
  if (!pattern_make(r, &p)) return;
  fill_experts(r, &p);
  pattern_measure(&p);
  const clx_node *node = clx_hf_find(r, keys);
  if (node == NULL) node = r->text;
  if (p.total == 0) {
    clx_hf_mistake(r, node, "the model has experts but no layer that uses them");
    return;
  }
  if (!p.even) {
    clx_hf_mistake(r, node, "layers with experts do not follow a period, which cannot be expressed");
    return;
  }
  r->model->moe_period = p.period;
  r->model->first_dense_layers = p.first < p.period ? 0 : p.first;
  if ((p.first + 1) % p.period == 0) return;
  // Another phase: the same number of layers with experts, in other places.
  if (p.first >= p.period || p.total != p.count / p.period) {
    clx_hf_mistake(r, node, "layers with experts do not follow a period, which cannot be expressed");
    return;
  }
  clx_hf_note(r, "layers with experts counted a few places later");
}

// --- windows ---------------------------------------------------------------------------------------------------------

static bool fill_full(clx_hf_reader *r, const clx_node *types, pattern *p) {
  bool chunked = false;
  if (types->kind != CLX_NODE_LIST || types->child_count != p->count) {
    clx_hf_mistake(r, types, "expected a list of %d kinds, one for each layer", p->count);
    return false;
  }
  for (int32_t i = 0; i < p->count; i++) {
    const char *type = types->child[i].kind == CLX_NODE_SCALAR ? types->child[i].text : "";
    const bool chunk = clx_text_equal(type, "chunked_attention");
    p->on[i] = chunk || clx_text_equal(type, "full_attention");
    chunked = chunked || chunk;
    if (!p->on[i] && !clx_text_equal(type, "sliding_attention")) {
      clx_hf_mistake(r, types, "layers of the kind '%s' cannot be expressed", type);
      return false;
    }
  }
  if (chunked) clx_hf_note(r, "attention in chunks counted as full attention");
  return true;
}

static void read_layer_types(clx_hf_reader *r, const clx_node *types, int32_t window) {
  pattern p;
  if (!pattern_make(r, &p) || !fill_full(r, types, &p)) return;
  pattern_measure(&p);
  if (p.total == p.count) return;
  if (window == 0) {
    clx_hf_mistake(r, types, "names sliding windows, but 'sliding_window' gives no width");
    return;
  }
  r->model->sliding_window = window;
  if (p.total == 0) return;  // all in the window
  const int32_t period = p.total == 1 ? p.first + 1 : p.period;
  if (!p.even && p.total > 1) {
    clx_hf_mistake(r, types, "layers that attend fully do not follow a period, which cannot be expressed");
    return;
  }
  r->model->window_period = period;
  if (p.count / period != p.total) {
    clx_hf_mistake(r, types, "layers that attend fully do not follow a period, which cannot be expressed");
  } else if (p.first + 1 != period) {
    clx_hf_note(r, "layers that attend fully counted a few places later");
  }
}

void clx_hf_read_windows(clx_hf_reader *r) {
  const bool used = clx_hf_bool(r, CLX_HF_KEYS("use_sliding_window"), true);
  const int32_t window = used ? clx_hf_int(r, CLX_HF_KEYS("sliding_window"), 0) : 0;
  const clx_node *types = clx_hf_find(r, CLX_HF_KEYS("layer_types"));
  if (types != NULL) {
    read_layer_types(r, types, window);
    return;
  }
  const clx_node *most = clx_hf_find(r, CLX_HF_KEYS("attention_chunk_size"));
  if (most != NULL) clx_hf_note(r, "attention in chunks counted as full attention");
  if (window == 0) return;
  // Qwen2: the first max_window_layers attend fully.
  const clx_node *first = clx_hf_find(r, CLX_HF_KEYS("max_window_layers"));
  const int32_t full = clx_hf_int(r, CLX_HF_KEYS("max_window_layers"), 0);
  if (full >= r->model->layers) return;
  if (full > 0) {
    clx_hf_mistake(r, first, "windows in the last layers only cannot be expressed");
    return;
  }
  r->model->sliding_window = window;
  r->model->window_period = clx_hf_int(r, CLX_HF_KEYS("sliding_window_pattern"), r->kind->window_period);
}
