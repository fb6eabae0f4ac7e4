// document: YAML and JSON files as a tree that remembers where everything stood.
// The only text format reader for scenarios, catalogue entries and Hugging Face config.json (JSON is YAML).
#pragma once

#include "base/base.h"

typedef enum clx_node_kind { CLX_NODE_SCALAR, CLX_NODE_LIST, CLX_NODE_MAP } clx_node_kind;

typedef struct clx_node {
  clx_node_kind kind;
  bool quoted;             // a scalar written in quotes: text, never null, bool or number
  const char *text;        // scalar text (UTF-8); "" for a null written as nothing; NULL for lists and maps
  const char *key;         // this node's key in its parent map; NULL elsewhere
  clx_place key_place;     // where the key stands
  clx_place place;         // where the value stands
  const char *path;        // dotted path from the root, "training.layout.tp"
  struct clx_node *child;  // children of lists and maps, in file order
  int32_t child_count;
} clx_node;

// Reads a YAML 1.2 or JSON text. `name` is the file name used in places. Refuses, with a place: more than 16 MB, bytes that
// are not UTF-8, nesting deeper than CLX_NESTING_MAX (scanned before parsing: libfyaml is quadratic on deep brackets),
// duplicate keys, several documents, anchors, aliases and tags (a scenario is data), escapes for NUL or half characters, more
// than 200,000 values or 64 MB of paths. Empty text = an empty map. O(size log size).
clx_status clx_document_read(clx_arena *arena, const char *name, const char *data, size_t size, clx_node **root,
                             clx_error *error);
// Reads the file at `path` and then as above.
clx_status clx_document_load(clx_arena *arena, const char *path, clx_node **root, clx_error *error);

// The child of a map with this key, or NULL. O(children).
const clx_node *clx_node_get(const clx_node *map, const char *key);
bool clx_node_is_null(const clx_node *node);  // absent, empty, "null" or "~" unquoted

// What `over` says stands before what `base` says: maps key by key at every level, all else as a whole. The nodes of both are shared.
// NULL: out of memory.
clx_node *clx_node_merge(clx_arena *arena, const clx_node *base, const clx_node *over);

// Sets `path` ("training.layout.tp", list items by number: "machine.fleet.0.gpus") to the YAML value `text`, creating
// maps on the way. Places of the new nodes read file = "--set PATH". On failure the tree stays as it was. For --set.
clx_status clx_node_set(clx_arena *arena, clx_node *root, const char *path, const char *text, clx_error *error);
