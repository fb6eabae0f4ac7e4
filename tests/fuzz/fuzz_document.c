// Any bytes: a tree or a mistake with a place, never a crash; and a tree takes any --set.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "document/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const clx_node *node, int depth) {
  if (depth > 2 * CLX_NESTING_MAX || node->place.line < 0 || node->place.column < 0) abort();
  if (node->kind == CLX_NODE_SCALAR) {
    if (node->text == NULL || node->child_count != 0) abort();
    return;
  }
  for (int32_t i = 0; i < node->child_count; i++) {
    const clx_node *child = &node->child[i];
    if (child->path == NULL || (child->key != NULL) != (node->kind == CLX_NODE_MAP)) abort();
    walk(child, depth + 1);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return 0;
  clx_error error;
  clx_error_clear(&error);
  clx_node *root = NULL;
  const clx_status status = clx_document_read(arena, "fuzz", (const char *)data, size, &root, &error);
  if (status == CLX_OK) {
    walk(root, 0);
    // The same bytes as the value of a setting.
    const char *text = clx_arena_copy(arena, (const char *)data, size < 256 ? size : 256);
    if (text != NULL && clx_node_set(arena, root, "fuzz.items.0", text, &error) == CLX_OK) walk(root, 0);
  } else if (error.count == 0 || error.mistake[0].text[0] == 0) {
    abort();  // a failure without a sentence
  }
  clx_arena_free(arena);
  return 0;
}
