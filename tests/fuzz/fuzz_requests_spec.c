// Any bytes as a section serving.requests without files: few requests in order and within their bounds, twice the same; or a mistake; never
// a crash, never without end.
#include "requests/requests_spec.h"
#include "requests_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COUNT = 200, CONTEXT = 20000, BLOCK = 16 };

// No files, few requests, few blocks.
static void bound(clx_requests_spec *spec) {
  spec->trace = spec->lengths.trace = NULL;
  if (spec->count < 1 || spec->count > COUNT) spec->count = COUNT;
  if (spec->block_tokens < BLOCK) spec->block_tokens = 0;
  if (spec->prefix.context > CONTEXT) spec->prefix.context = CONTEXT;
  for (int32_t i = 0; i < spec->tenant_count; i++) {
    spec->tenant[i].lengths.trace = NULL;
    if (spec->tenant[i].prefix.context > CONTEXT) spec->tenant[i].prefix.context = CONTEXT;
  }
}

static void draw(const clx_requests_spec *spec, clx_arena *arena) {
  clx_error error;
  clx_error_clear(&error);
  clx_requests first, second;
  const clx_status status = clx_requests_make(spec, NULL, arena, &first, NULL, &error);
  if (status != CLX_OK && error.count == 0) abort();
  if (status != CLX_OK) return;
  requests_check(&first);
  if (first.count > COUNT) abort();
  if (clx_requests_make(spec, NULL, arena, &second, NULL, &error) != CLX_OK) abort();
  requests_compare(&first, &second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  clx_error error;
  clx_error_clear(&error);
  clx_node *root = NULL;
  clx_requests_spec spec;
  clx_arena *arena = clx_arena_new();
  const char *text = size > 0 ? (const char *)data : "";
  if (arena != NULL && clx_document_read(arena, "fuzz.yaml", text, size, &root, &error) == CLX_OK &&
      clx_schema_read(&clx_requests_schema, root, false, arena, &spec, &error) == CLX_OK) {
    bound(&spec);
    draw(&spec, arena);
  }
  clx_arena_free(arena);
  return 0;
}
