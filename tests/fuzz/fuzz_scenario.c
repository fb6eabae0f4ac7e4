// Any text as a scenario, read by its schema: a spec, or mistakes; never one without a sentence.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return 0;
  clx_error error;
  clx_error_clear(&error);
  clx_node *root = NULL;
  clx_scenario_spec spec;
  clx_status status = clx_document_read(arena, "fuzz.yaml", (const char *)data, size, &root, &error);
  if (status == CLX_OK) status = clx_schema_read(&clx_scenario_schema, root, false, arena, &spec, &error);
  if (status != CLX_OK && (error.count == 0 || error.mistake[0].text[0] == 0)) abort();
  clx_arena_free(arena);
  return 0;
}
