// import: files of others into our structs.
#pragma once

#include "base/base.h"
#include "document/document.h"
#include "workload/workload.h"

// A Hugging Face config.json tree into a transformer (not yet completed: clx_transformer_complete follows). Reads a nested
// text_config. Refuses, naming the key, what the workload model cannot express: Mamba and linear attention, latent experts,
// layer lists that mix in other ways than a period. `name` becomes the model's name.
clx_status clx_import_hf_config(const clx_node *root, const char *name, clx_arena *arena, clx_transformer *out, clx_error *error);
