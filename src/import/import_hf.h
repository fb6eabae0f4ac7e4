// import: files of others into our structs.
#pragma once

#include "base/base.h"
#include "document/document.h"
#include "workload/workload.h"

// Reads a Hugging Face config.json (a tree of clx_document_read) into a transformer, completed and checked. A text
// model nested in `text_config` is found. Every mistake is reported before the first one's status is returned: a
// missing key, a number that is none, and, naming the key, what the workload model cannot express (state space and
// linear attention, experts in a smaller width, layers that alternate without a period, an unknown `model_type`).
// What is read in a simpler way than the model computes stands in out->title ("...; sparse attention (index_topk)
// counted as full attention"). `name` becomes out->name; texts live in `arena`. O(layers + keys).
clx_status clx_import_hf_config(const clx_node *root, const char *name, clx_arena *arena, clx_transformer *out,
                                clx_error *error);
