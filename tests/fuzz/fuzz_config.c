// Any text as a Hugging Face config.json: a transformer that can be counted, or a mistake.
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "import/import_hf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return 0;
  clx_error error;
  clx_error_clear(&error);
  clx_node *root = NULL;
  clx_transformer model;
  clx_status status = clx_document_read(arena, "config.json", (const char *)data, size, &root, &error);
  if (status == CLX_OK) status = clx_import_hf_config(root, "fuzz", arena, &model, &error);
  if (status == CLX_OK) {
    const clx_parameters count = clx_parameter_count(&model);
    if (!isfinite(count.total) || count.total <= 0 || count.active > count.total) abort();
  } else if (error.count == 0 || error.mistake[0].text[0] == 0) {
    abort();
  }
  clx_arena_free(arena);
  return 0;
}
