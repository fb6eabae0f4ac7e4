// Finding: a name or alias to an entry, an entry to its tree or its struct, a source id to its description.
#include <string.h>

#include "catalog/catalog_internal.h"

static clx_status out_of_memory(clx_error *error) {
  return clx_fail_plain(error, CLX_MEMORY, "out of memory while reading the catalogue");
}

// --- names ------------------------------------------------------------------------------------------------------------
static clx_entry *find_name(const clx_catalog *catalog, int32_t kind, const char *name) {
  for (int32_t i = 0; i < catalog->entry_count; i++) {
    clx_entry *entry = &catalog->entry[i];
    if (entry->kind == kind && clx_text_equal_loose(entry->name, name)) return entry;
  }
  return NULL;
}

static clx_entry *find_alias(const clx_catalog *catalog, int32_t kind, const char *name) {
  const clx_alias *best = NULL;
  for (int32_t i = 0; i < catalog->alias_count; i++) {
    const clx_alias *alias = &catalog->alias[i];
    if (alias->kind != kind || !clx_text_match(alias->alias, name)) continue;
    if (best == NULL || strlen(alias->alias) > strlen(best->alias)) best = alias;
  }
  return best == NULL ? NULL : find_name(catalog, kind, best->name);
}

clx_entry *clx_catalog_find(const clx_catalog *catalog, int32_t kind, const char *name) {
  clx_entry *entry = find_name(catalog, kind, name);
  if (entry == NULL) entry = find_alias(catalog, kind, name);
  if (entry != NULL || !clx_text_equal(clx_catalog_kind(kind), "kernels")) return entry;
  // Kernels carry the name of their device: other spellings of the device find them, too.
  const clx_entry *device = find_alias(catalog, clx_catalog_kind_index("device"), name);
  return device == NULL ? NULL : find_name(catalog, kind, device->name);
}

// Names and aliases without '*' that a misspelt name can be near to. NULL when out of memory.
static const char **candidates(const clx_catalog *catalog, clx_arena *arena, int32_t kind, int32_t *count) {
  const char **name = CLX_NEW_ARRAY(arena, const char *, catalog->entry_count + catalog->alias_count + 1);
  if (name == NULL) return NULL;
  *count = 0;
  for (int32_t i = 0; i < catalog->entry_count; i++) {
    if (kind < 0 || catalog->entry[i].kind == kind) name[(*count)++] = catalog->entry[i].name;
  }
  for (int32_t i = 0; i < catalog->alias_count; i++) {
    const clx_alias *alias = &catalog->alias[i];
    if ((kind < 0 || alias->kind == kind) && strchr(alias->alias, '*') == NULL) name[(*count)++] = alias->alias;
  }
  return name;
}

static clx_status unknown_name(const clx_catalog *catalog, int32_t kind, const char *name, clx_place place,
                               clx_error *error) {
  const char *what = kind < 0 ? "entry" : clx_catalog_kind(kind);
  clx_arena *arena = clx_arena_new();
  int32_t count = 0;
  const char **known = arena == NULL ? NULL : candidates(catalog, arena, kind, &count);
  if (known == NULL) {
    clx_arena_free(arena);
    return out_of_memory(error);
  }
  const char *nearest = clx_nearest(name, known, count);
  clx_status status;
  if (nearest != NULL) {
    status =
        clx_fail(error, CLX_INPUT, place, "the catalogue has no %s \"%s\"; did you mean \"%s\"?", what, name, nearest);
  } else {
    clx_buffer list = {0};
    for (int32_t i = 0; i < catalog->entry_count; i++) {
      if (kind < 0 || catalog->entry[i].kind != kind) continue;
      clx_buffer_format(&list, "%s%s", list.length == 0 ? "; it has " : ", ", catalog->entry[i].name);
    }
    const char *shown = list.failed || list.data == NULL ? "" : list.data;
    status = clx_fail(error, CLX_INPUT, place, "the catalogue has no %s \"%s\"%s", what, name, shown);
    clx_buffer_free(&list);
  }
  clx_arena_free(arena);
  return status;
}

static clx_status demand_any_kind(const clx_catalog *catalog, const char *name, clx_place place, clx_entry **out,
                                  clx_error *error) {
  *out = NULL;
  for (int32_t kind = 0; clx_catalog_kind(kind) != NULL; kind++) {
    clx_entry *entry = clx_catalog_find(catalog, kind, name);
    // Kernels carry the name of their device: without a kind the device is meant.
    if (entry == NULL || clx_text_equal(clx_catalog_kind(kind), "kernels")) continue;
    if (*out != NULL) {
      return clx_fail(error, CLX_INPUT, place, "\"%s\" is both a %s and a %s; say which kind", name,
                      clx_catalog_kind((*out)->kind), clx_catalog_kind(kind));
    }
    *out = entry;
  }
  return *out != NULL ? CLX_OK : unknown_name(catalog, -1, name, place, error);
}

clx_status clx_catalog_demand(const clx_catalog *catalog, int32_t kind, const char *name, clx_place place,
                              clx_entry **out, clx_error *error) {
  if (kind < 0) return demand_any_kind(catalog, name, place, out, error);
  *out = clx_catalog_find(catalog, kind, name);
  return *out != NULL ? CLX_OK : unknown_name(catalog, kind, name, place, error);
}

const char *clx_catalog_name(const clx_catalog *catalog, const char *kind, int32_t index) {
  const int32_t wanted = clx_catalog_kind_index(kind);
  for (int32_t i = 0; wanted >= 0 && index >= 0 && i < catalog->entry_count; i++) {
    if (catalog->entry[i].kind == wanted && index-- == 0) return catalog->entry[i].name;
  }
  return NULL;
}

const char *clx_catalog_canonical(const clx_catalog *catalog, const char *kind, const char *name) {
  const int32_t index = clx_catalog_kind_index(kind);
  const clx_entry *entry = index < 0 || name == NULL ? NULL : clx_catalog_find(catalog, index, name);
  return entry == NULL ? NULL : entry->name;
}

// --- trees ------------------------------------------------------------------------------------------------------------
clx_status clx_catalog_tree(const clx_catalog *catalog, clx_entry *entry, const clx_node **tree, clx_error *error) {
  pthread_mutex_lock(catalog->lock);
  clx_status status = CLX_OK;
  if (entry->tree == NULL) {
    clx_node *root = NULL;
    const clx_builtin_file *file = entry->builtin;
    status = clx_document_read(catalog->arena, entry->file, file->data, file->size, &root, error);
    if (status == CLX_OK) entry->tree = root;
  }
  *tree = entry->tree;
  pthread_mutex_unlock(catalog->lock);
  return status;
}

const clx_node *clx_catalog_entry(const clx_catalog *catalog, const char *kind, const char *name) {
  const int32_t index = clx_catalog_kind_index(kind);
  clx_entry *entry = index < 0 || name == NULL ? NULL : clx_catalog_find(catalog, index, name);
  const clx_node *tree = NULL;
  if (entry == NULL || clx_catalog_tree(catalog, entry, &tree, NULL) != CLX_OK) return NULL;
  return tree;
}

clx_status clx_catalog_read(const clx_catalog *catalog, const char *kind, const char *name, clx_place place,
                            const clx_schema *schema, clx_arena *arena, void *object, clx_error *error) {
  return clx_catalog_read_changed(catalog, kind, name, NULL, place, schema, arena, object, error);
}

clx_status clx_catalog_read_changed(const clx_catalog *catalog, const char *kind, const char *name,
                                    const clx_node *changes, clx_place place, const clx_schema *schema,
                                    clx_arena *arena, void *object, clx_error *error) {
  const int32_t index = clx_catalog_kind_index(kind);
  if (index < 0) return clx_catalog_unknown_kind(kind, place, error);
  clx_entry *entry = NULL;
  CLX_TRY(clx_catalog_demand(catalog, index, name, place, &entry, error));
  const clx_node *tree = NULL;
  CLX_TRY(clx_catalog_tree(catalog, entry, &tree, error));
  if (changes == NULL) return clx_schema_read(schema, tree, true, arena, object, error);
  const clx_node *changed = clx_node_merge(arena, tree, changes);
  if (changed == NULL) return out_of_memory(error);
  CLX_TRY(clx_schema_read(schema, changed, true, arena, object, error));
  *(const char **)object = entry->name;  // its first member
  return CLX_OK;
}

// --- sources ------------------------------------------------------------------------------------------------------------
static const clx_builtin_file *builtin_sources(void) {
  for (int32_t i = 0; i < clx_builtin_file_count; i++) {
    if (clx_text_equal(clx_builtin_files[i].path, "sources.yaml")) return &clx_builtin_files[i];
  }
  return NULL;
}

// The user's list is optional: an absent file is not a mistake, an unreadable one is.
static clx_status load_user_sources(const clx_catalog *catalog, clx_source_files *files, clx_error *error) {
  const char **name = NULL;
  int32_t count = 0;
  CLX_TRY(clx_catalog_list_directory(catalog->arena, catalog->directory, &name, &count, error));
  for (int32_t i = 0; i < count; i++) {
    if (!clx_text_equal(name[i], "sources.yaml")) continue;
    const char *path = clx_arena_format(catalog->arena, "%s/sources.yaml", catalog->directory);
    if (path == NULL) return out_of_memory(error);
    clx_node *root = NULL;
    CLX_TRY(clx_document_load(catalog->arena, path, &root, error));
    files->tree[files->count++] = root;
  }
  return CLX_OK;
}

static clx_status load_sources(const clx_catalog *catalog, clx_error *error) {
  clx_source_files files = {0};
  if (catalog->directory != NULL) CLX_TRY(load_user_sources(catalog, &files, error));
  const clx_builtin_file *file = builtin_sources();
  if (file != NULL) {
    clx_node *root = NULL;
    CLX_TRY(clx_document_read(catalog->arena, file->path, file->data, file->size, &root, error));
    files.tree[files.count++] = root;
  }
  *catalog->sources = files;
  return CLX_OK;
}

clx_status clx_catalog_load_sources(const clx_catalog *catalog, clx_error *error) {
  pthread_mutex_lock(catalog->lock);
  const clx_status status = catalog->sources->count > 0 ? CLX_OK : load_sources(catalog, error);
  pthread_mutex_unlock(catalog->lock);
  return status;
}

const clx_node *clx_catalog_source_node(const clx_catalog *catalog, const char *id) {
  for (int32_t i = 0; i < catalog->sources->count; i++) {
    const clx_node *root = catalog->sources->tree[i];
    const clx_node *node = root->kind == CLX_NODE_MAP ? clx_node_get(root, id) : NULL;
    if (node != NULL) return node;
  }
  return NULL;
}

const char *clx_catalog_source(const clx_catalog *catalog, const char *id) {
  if (id == NULL || clx_catalog_load_sources(catalog, NULL) != CLX_OK) return NULL;
  const clx_node *node = clx_catalog_source_node(catalog, id);
  const clx_node *title = node != NULL && node->kind == CLX_NODE_MAP ? clx_node_get(node, "title") : NULL;
  return title != NULL && title->kind == CLX_NODE_SCALAR ? title->text : NULL;
}
