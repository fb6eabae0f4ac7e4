// catalog_internal: what the files of this folder share; nobody else includes it.
#pragma once

#include <pthread.h>

#include "catalog/catalog.h"

// One alias of a built-in entry, written by scripts/embed.py so that opening the catalogue parses nothing.
typedef struct clx_builtin_alias {
  const char *kind, *alias, *entry;
} clx_builtin_alias;

extern const clx_builtin_alias clx_builtin_aliases[];
extern const int32_t clx_builtin_alias_count;

typedef struct clx_entry {
  int32_t kind;                     // index for clx_catalog_kind
  const char *name;                 // canonical: the file name without ".yaml"
  const char *file;                 // for messages: "device/h100_sxm.yaml", or the path of the user's file
  const clx_builtin_file *builtin;  // NULL: the user's, at `file`
  const clx_node *tree;             // NULL until somebody asked for it; written under the lock
} clx_entry;

typedef struct clx_alias {
  int32_t kind;
  const char *alias;
  const char *name;  // of the entry
  bool builtin;
} clx_alias;

// The parsed sources.yaml files, the user's first.
typedef struct clx_source_files {
  const clx_node *tree[2];
  int32_t count;  // 0 until somebody asked; written under the lock
} clx_source_files;

// Constant after opening, but for the trees: each is parsed when first asked for, under `lock`, and never changes again.
struct clx_catalog {
  clx_arena *arena;  // of everything below; used under `lock` once the catalogue is open
  pthread_mutex_t *lock;
  clx_entry *entry;  // entry_count, sorted by kind and name
  int32_t entry_count;
  clx_alias *alias;  // alias_count, the user's first
  int32_t alias_count;
  clx_source_files *sources;
  const char *directory;  // the user's; NULL without
};

// Index of a kind, or -1. Exact.
int32_t clx_catalog_kind_index(const char *kind);
// Names in a directory, sorted (nothing depends on the file system's order), without hidden ones.
clx_status clx_catalog_list_directory(clx_arena *arena, const char *path, const char ***out, int32_t *count,
                                      clx_error *error);
// Fails with CLX_INPUT, naming the known kinds.
clx_status clx_catalog_unknown_kind(const char *kind, clx_place place, clx_error *error);
// The entry found by canonical name or alias, or NULL.
clx_entry *clx_catalog_find(const clx_catalog *catalog, int32_t kind, const char *name);
// The same, with CLX_INPUT and the nearest names when there is none; kind -1 looks through all kinds.
clx_status clx_catalog_demand(const clx_catalog *catalog, int32_t kind, const char *name, clx_place place,
                              clx_entry **out, clx_error *error);
// The parsed tree of an entry. Takes the lock.
clx_status clx_catalog_tree(const clx_catalog *catalog, clx_entry *entry, const clx_node **tree, clx_error *error);
// Parses the source lists if that has not happened yet. Takes the lock.
clx_status clx_catalog_load_sources(const clx_catalog *catalog, clx_error *error);
// The description of a source, or NULL. After clx_catalog_load_sources.
const clx_node *clx_catalog_source_node(const clx_catalog *catalog, const char *id);

// --- provenance ---------------------------------------------------------------------------------------------------------
// Where a number comes from: the nearest enclosing map that says it. NULL = not said.
typedef struct clx_provenance {
  const clx_node *source, *kind, *why;
} clx_provenance;

// What holds inside `map`, given what holds around it.
clx_provenance clx_provenance_inside(clx_provenance around, const clx_node *map);
// True for "source", "kind" and "why", which describe the numbers beside them.
bool clx_provenance_key(const char *key);
// True for a scalar that reads as a number, with or without a unit, and whose key is not a name or a date.
bool clx_provenance_needed(const clx_node *scalar);
