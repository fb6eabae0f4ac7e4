// --set: one value at a dotted path.
#include <stdlib.h>
#include <string.h>

#include "document/document_internal.h"

typedef struct setter {
  clx_arena *arena;
  const char *label;  // "--set training.layout.tp"
  const char *path;
  clx_error *error;
} setter;

static clx_place place_of(const setter *s) { return (clx_place){s->label, 0, 0}; }

// Appends a child to a map; its value is still empty.
static clx_node *append(const setter *s, clx_node *map, const char *key) {
  clx_node *children = CLX_NEW_ARRAY(s->arena, clx_node, map->child_count + 1);
  if (children == NULL) return NULL;
  if (map->child_count > 0) memcpy(children, map->child, (size_t)map->child_count * sizeof *children);
  clx_node *child = &children[map->child_count];
  child->kind = CLX_NODE_MAP;
  child->key = key;
  child->key_place = child->place = place_of(s);
  child->path = map->path[0] == '\0' ? key : clx_arena_format(s->arena, "%s.%s", map->path, key);
  map->child = children;
  map->child_count++;
  return child->path == NULL ? NULL : child;
}

static clx_status list_item(const setter *s, clx_node *list, const char *key, clx_node **child) {
  char *end = NULL;
  const long index = strtol(key, &end, 10);
  if (*end != '\0' || end == key || index < 0 || index >= list->child_count) {
    return clx_fail(s->error, CLX_INPUT, place_of(s), "'%s' is no item of the list '%s', which has %d (0 to %d)", key,
                    list->path, list->child_count, list->child_count - 1);
  }
  *child = &list->child[index];
  return CLX_OK;
}

static clx_status step_into(const setter *s, clx_node *node, const char *key, clx_node **child) {
  if (node->kind == CLX_NODE_LIST) return list_item(s, node, key, child);
  if (node->kind == CLX_NODE_SCALAR) {
    if (!clx_node_is_null(node)) {
      return clx_fail(s->error, CLX_INPUT, place_of(s), "'%s' is a value, it has no '%s'", node->path, key);
    }
    node->kind = CLX_NODE_MAP;
  }
  for (int32_t i = 0; i < node->child_count; i++) {
    if (strcmp(node->child[i].key, key) != 0) continue;
    *child = &node->child[i];
    return CLX_OK;
  }
  *child = append(s, node, key);
  return *child == NULL ? clx_fail_plain(s->error, CLX_MEMORY, "out of memory") : CLX_OK;
}

static void relabel(const setter *s, clx_node *node) {
  node->place = place_of(s);
  if (node->key != NULL) node->key_place = node->place;
  for (int32_t i = 0; i < node->child_count; i++) relabel(s, &node->child[i]);
}

static clx_status put_value(const setter *s, clx_node *node, const char *text) {
  // The value is read as the value of a key, so that it may be a word, a number, a flow list or a flow map.
  const char *line = clx_arena_format(s->arena, "value: %s\n", text);
  clx_node *root = NULL;
  if (line == NULL) return clx_fail_plain(s->error, CLX_MEMORY, "out of memory");
  CLX_TRY(clx_document_read(s->arena, s->label, line, strlen(line), &root, s->error));
  const clx_node *value = clx_node_get(root, "value");
  if (value == NULL || root->child_count != 1)
    return clx_fail(s->error, CLX_INPUT, place_of(s), "'%s' is no single value", text);
  const clx_node old = *node;
  *node = *value;
  node->key = old.key;
  node->path = old.path;
  relabel(s, node);
  return clx_document_paths(s->arena, node, s->error);
}

clx_status clx_node_set(clx_arena *arena, clx_node *root, const char *path, const char *text, clx_error *error) {
  const setter s = {arena, clx_arena_format(arena, "--set %s", path), path, error};
  char *keys = clx_arena_text(arena, path);
  if (s.label == NULL || keys == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_node *node = root;
  for (char *key = keys; key != NULL;) {
    char *dot = strchr(key, '.');
    if (dot != NULL) *dot = '\0';
    if (key[0] == '\0')
      return clx_fail(error, CLX_INPUT, place_of(&s),
                      "the key is empty: expected KEY=VALUE such as training.layout.tp=8");
    CLX_TRY(step_into(&s, node, key, &node));
    key = dot == NULL ? NULL : dot + 1;
  }
  return put_value(&s, node, text);
}
