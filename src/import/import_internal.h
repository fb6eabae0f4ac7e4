// import_internal: what the files of this folder share; nobody else includes it.
#pragma once

#include "import/import_hf.h"

// Habits of a model_type that its config.json does not spell out.
typedef struct clx_hf_kind {
  const char *type;
  int32_t activation;     // clx_activation when hidden_act is absent; its gating holds anyway
  int32_t norm;           // clx_norm
  int32_t window_period;  // every n-th layer attends fully, when only a sliding_window is given
  bool four_norms;        // a norm after each block, too
  bool qk_norm, attention_bias, mlp_bias, sinks, router_bias, learned_positions, tied;
  bool shared_expert;  // one shared expert of the routed ones' width, without a key
} clx_hf_kind;

// The kind of a model_type (loose: case, '-' and '_'), or NULL with the nearest known one in *nearest (may be NULL).
const clx_hf_kind *clx_hf_kind_find(const char *type, const char **nearest);

// A config.json being read. Mistakes are collected; `status` is the first one's.
typedef struct clx_hf_reader {
  const clx_node *root, *text;  // the file; its text model
  const clx_hf_kind *kind;
  clx_arena *arena;
  clx_error *error;
  clx_status status;
  const char *notes;  // "; ..." for the title
  clx_transformer *model;
} clx_hf_reader;

// A NULL-terminated list of alternative keys.
#define CLX_HF_KEYS(...) ((const char *const[]){__VA_ARGS__, NULL})

void clx_hf_mistake(clx_hf_reader *r, const clx_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void clx_hf_note(clx_hf_reader *r, const char *note);
// The first of `keys` that is present and not null, or NULL.
const clx_node *clx_hf_find(const clx_hf_reader *r, const char *const *keys);
// The first of `keys` as a whole number of at least 0; `otherwise` when none is there or it is no number (a mistake).
int32_t clx_hf_int(clx_hf_reader *r, const char *const *keys, int32_t otherwise);
bool clx_hf_bool(clx_hf_reader *r, const char *const *keys, bool otherwise);

// Which layers have experts, and which attend in a window: lists and steps into our period and first layers. Uses
// model->layers, which must lie in 1..CLX_HF_LAYERS_MAX.
enum { CLX_HF_LAYERS_MAX = 10000 };
void clx_hf_read_expert_layers(clx_hf_reader *r);
void clx_hf_read_windows(clx_hf_reader *r);
