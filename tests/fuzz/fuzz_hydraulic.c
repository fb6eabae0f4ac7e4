// Any text as a pipe network: finite flows and pressures, or a mistake that says what.
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "catalog/catalog.h"
#include "cooling/cooling_hydraulic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static clx_catalog *catalog;
  clx_error error;
  clx_error_clear(&error);
  if (catalog == NULL && clx_catalog_open(NULL, &catalog, &error) != CLX_OK) return 0;
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return 0;
  clx_node *root = NULL;
  clx_hydraulic_spec spec;
  clx_hydraulic net;
  clx_hydraulic_state out = {0};
  clx_status status = clx_document_read(arena, "n.yaml", (const char *)data, size, &root, &error);
  if (status == CLX_OK) status = clx_hydraulic_read(catalog, root, arena, &spec, &net, &error);
  if (status == CLX_OK) status = clx_hydraulic_solve(&net, NULL, arena, &out, &error);
  for (int32_t i = 0; status == CLX_OK && i < net.branch_count; i++) {
    if (!isfinite(out.flow[i])) abort();
  }
  for (int32_t i = 0; status == CLX_OK && i < net.node_count; i++) {
    if (!isfinite(out.pressure[i])) abort();
  }
  if (status != CLX_OK && (error.count == 0 || error.mistake[0].text[0] == 0)) abort();
  clx_arena_free(arena);
  return 0;
}
