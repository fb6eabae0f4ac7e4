// --set: one value at a dotted path. The tree changes in one step at the end, so that a failure leaves it as it was.
#include <string.h>

#include "document/document_internal.h"

typedef struct setter {
  clx_arena *arena;
  const char *label;  // "--set training.layout.tp"
  const char *path;
  clx_error *error;
} setter;

static clx_place place_of(const setter *s) { return (clx_place){s->label, 0, 0}; }

static clx_status no_memory(const setter *s) { return clx_fail_plain(s->error, CLX_MEMORY, "out of memory"); }

static const char *join(const setter *s, const char *path, const char *key) {
  return clx_arena_format(s->arena, "%s%s%s", path, path[0] == '\0' ? "" : ".", key);
}

static const char *next_key(const char *key) { return key + strlen(key) + 1; }

// Cuts a copy of the path at its dots: *count keys stand one behind the other, each ended by 0.
static clx_status split(const setter *s, const char **keys, int32_t *count) {
  char *copy = clx_arena_text(s->arena, s->path);
  if (copy == NULL) return no_memory(s);
  if (clx_utf8_check(copy, strlen(copy)) >= 0)
    return clx_fail(s->error, CLX_INPUT, place_of(s), "the key is not UTF-8 text");
  *keys = copy;
  *count = 1;
  for (; *copy != '\0'; copy++) {
    if (*copy != '.') continue;
    *copy = '\0';
    (*count)++;
  }
  if (*count > CLX_NESTING_MAX)
    return clx_fail(s->error, CLX_INPUT, place_of(s), "the key has more than %d parts", CLX_NESTING_MAX);
  const char *key = *keys;
  for (int32_t i = 0; i < *count; i++, key = next_key(key)) {
    if (*key != '\0') continue;
    return clx_fail(s->error, CLX_INPUT, place_of(s),
                    "the key '%.80s' has an empty part: expected KEY=VALUE such as training.layout.tp=8", s->path);
  }
  return CLX_OK;
}

static clx_status list_item(const setter *s, clx_node *list, const char *key, clx_node **child) {
  int32_t index = 0;
  for (const char *c = key; *c != '\0' && index < list->child_count; c++) {
    index = *c >= '0' && *c <= '9' ? 10 * index + (*c - '0') : list->child_count;
  }
  if (index < list->child_count) {
    *child = &list->child[index];
    return CLX_OK;
  }
  if (list->child_count == 0) {
    return clx_fail(s->error, CLX_INPUT, place_of(s), "the list '%.80s' is empty: it has no item '%.40s'", list->path,
                    key);
  }
  return clx_fail(s->error, CLX_INPUT, place_of(s), "the list '%.80s' has no item '%.40s': expected 0 to %d",
                  list->path, key, list->child_count - 1);
}

// The child at `key`; NULL where a map or nothing stands that has no such key yet.
static clx_status step_into(const setter *s, clx_node *node, const char *key, clx_node **child) {
  *child = NULL;
  if (node->kind == CLX_NODE_LIST) return list_item(s, node, key, child);
  if (node->kind == CLX_NODE_SCALAR && !clx_node_is_null(node)) {
    return clx_fail(s->error, CLX_INPUT, place_of(s), "'%.80s' is a value and cannot have a key '%.40s'", node->path,
                    key);
  }
  for (int32_t i = 0; i < node->child_count && *child == NULL; i++) {
    if (strcmp(node->child[i].key, key) == 0) *child = &node->child[i];
  }
  return CLX_OK;
}

// Goes as far along the keys as the tree does: *node, with *count keys left, the first of which is *key.
static clx_status locate(const setter *s, clx_node **node, const char **key, int32_t *count) {
  while (*count > 0) {
    clx_node *child = NULL;
    CLX_TRY(step_into(s, *node, *key, &child));
    if (child == NULL) break;
    *node = child;
    *key = next_key(*key);
    (*count)--;
  }
  return CLX_OK;
}

static void relabel(const setter *s, clx_node *node) {
  node->place = place_of(s);
  if (node->key != NULL) node->key_place = node->place;
  for (int32_t i = 0; i < node->child_count; i++) relabel(s, &node->child[i]);
}

// The text as a value, so a word, a number, a flow list or a flow map.
static clx_status read_value(const setter *s, const char *path, const char *text, clx_node *value) {
  const char *line = clx_arena_format(s->arena, "value: %s\n", text);
  clx_node *root = NULL;
  if (line == NULL) return no_memory(s);
  CLX_TRY(clx_document_read(s->arena, s->label, line, strlen(line), &root, s->error));
  if (clx_node_get(root, "value") == NULL || root->child_count != 1) {
    return clx_fail(s->error, CLX_INPUT, place_of(s), "'%.80s' is no single value", text);
  }
  *value = root->child[0];
  value->path = path;
  relabel(s, value);
  return clx_document_paths(s->arena, value, s->error);
}

// A node at `path` for the first of `count` keys: the value itself, or maps around it. `key` is NULL for a list item.
static clx_status wrap(const setter *s, const char *path, const char *key, int32_t count, const char *text,
                       clx_node *out) {
  clx_status status = CLX_OK;
  if (count <= 1) {
    status = read_value(s, path, text, out);
  } else {
    const char *next = next_key(key), *below = join(s, path, next);
    *out = (clx_node){.kind = CLX_NODE_MAP,
                      .path = path,
                      .place = place_of(s),
                      .child = CLX_NEW(s->arena, clx_node),
                      .child_count = 1};
    if (out->child == NULL || below == NULL) return no_memory(s);
    status = wrap(s, below, next, count - 1, text, out->child);
  }
  out->key = key;
  out->key_place = key == NULL ? (clx_place){0} : place_of(s);
  return status;
}

static clx_status append(const setter *s, clx_node *map, const clx_node *child) {
  clx_node *children = CLX_NEW_ARRAY(s->arena, clx_node, map->child_count + 1);
  if (children == NULL) return no_memory(s);
  if (map->child_count > 0) memcpy(children, map->child, (size_t)map->child_count * sizeof *children);
  children[map->child_count] = *child;
  map->kind = CLX_NODE_MAP;
  map->text = NULL;
  map->child = children;
  map->child_count++;
  return CLX_OK;
}

clx_status clx_node_set(clx_arena *arena, clx_node *root, const char *path, const char *text, clx_error *error) {
  const setter s = {arena, clx_arena_format(arena, "--set %s", path), path, error};
  const char *key = NULL;
  int32_t count = 0;
  clx_node *node = root, value;
  if (s.label == NULL) return no_memory(&s);
  CLX_TRY(split(&s, &key, &count));
  CLX_TRY(locate(&s, &node, &key, &count));
  if (count == 0) {
    CLX_TRY(wrap(&s, node->path, node->key, 1, text, &value));
    *node = value;
    return CLX_OK;
  }
  const char *below = join(&s, node->path, key);
  if (below == NULL) return no_memory(&s);
  CLX_TRY(wrap(&s, below, key, count, text, &value));
  return append(&s, node, &value);
}

// --- two trees --------------------------------------------------------------------------------------------------------------

static clx_node *child_of(clx_node *map, const char *key) {
  for (int32_t i = 0; i < map->child_count; i++)
    if (clx_text_equal(map->child[i].key, key)) return &map->child[i];
  return NULL;
}

clx_node *clx_node_merge(clx_arena *arena, const clx_node *base, const clx_node *over) {
  clx_node *out = CLX_NEW(arena, clx_node);
  if (out == NULL) return NULL;
  *out = *over;
  if (base->kind != CLX_NODE_MAP || over->kind != CLX_NODE_MAP) return out;
  out->child = CLX_NEW_ARRAY(arena, clx_node, base->child_count + over->child_count + 1);
  if (out->child == NULL) return NULL;
  out->child_count = base->child_count;
  for (int32_t i = 0; i < base->child_count; i++) out->child[i] = base->child[i];
  for (int32_t i = 0; i < over->child_count; i++) {
    clx_node *own = child_of(out, over->child[i].key);
    const clx_node *merged = own != NULL ? clx_node_merge(arena, own, &over->child[i]) : &over->child[i];
    if (merged == NULL) return NULL;
    *(own != NULL ? own : &out->child[out->child_count++]) = *merged;
  }
  return out;
}
