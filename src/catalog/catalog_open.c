// Opening: an index of names and aliases. Built-in entries are not parsed; the user's are, for their aliases.
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/catalog_internal.h"

static const char suffix[] = ".yaml";

static clx_status out_of_memory(clx_error *error) {
  return clx_fail_plain(error, CLX_MEMORY, "out of memory while opening the catalogue");
}

// "h100_sxm" of "h100_sxm.yaml"; NULL when the name has no such end or nothing before it.
static const char *entry_name(clx_arena *arena, const char *file) {
  const size_t length = strlen(file), tail = sizeof suffix - 1;
  if (length <= tail || strcmp(file + length - tail, suffix) != 0) return NULL;
  return clx_arena_copy(arena, file, length - tail);
}

// --- growing lists in the arena -------------------------------------------------------------------------------------
typedef struct list {
  clx_arena *arena;
  void *item;
  int32_t count, capacity;
} list;

static void *list_add(list *l, size_t size) {
  if (l->count == l->capacity) {
    const int32_t capacity = l->capacity == 0 ? 64 : l->capacity * 2;
    void *grown = clx_arena_array(l->arena, (size_t)capacity, size);
    if (grown == NULL) return NULL;
    if (l->count > 0) memcpy(grown, l->item, (size_t)l->count * size);
    l->item = grown;
    l->capacity = capacity;
  }
  return (char *)l->item + (size_t)l->count++ * size;
}

static clx_status add_alias(list *aliases, clx_alias alias, clx_error *error) {
  clx_alias *row = list_add(aliases, sizeof *row);
  if (row == NULL) return out_of_memory(error);
  *row = alias;
  return CLX_OK;
}

// --- the user's directory -------------------------------------------------------------------------------------------
static clx_status add_user_aliases(list *aliases, const clx_entry *entry, clx_error *error) {
  const clx_node *node = clx_node_get(entry->tree, "aliases");
  if (clx_node_is_null(node)) return CLX_OK;
  if (node->kind != CLX_NODE_LIST) {
    return clx_fail(error, CLX_INPUT, node->place, "aliases: expected a list such as [h100, \"H100 *\"]");
  }
  for (int32_t i = 0; i < node->child_count; i++) {
    const clx_node *alias = &node->child[i];
    if (alias->kind != CLX_NODE_SCALAR) return clx_fail(error, CLX_INPUT, alias->place, "aliases: expected a text");
    CLX_TRY(add_alias(aliases, (clx_alias){.kind = entry->kind, .alias = alias->text, .name = entry->name}, error));
  }
  return CLX_OK;
}

static bool is_plain_name(const char *name) {
  static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  return name[0] != '.' && name[0] != 0 && name[strspn(name, allowed)] == 0;
}

static clx_status add_user_file(list *entries, list *aliases, int32_t kind, const char *path, const char *file,
                                clx_error *error) {
  const clx_place place = {.file = path};
  const char *name = entry_name(entries->arena, file);
  if (name == NULL || !is_plain_name(name)) {
    return clx_fail(error, CLX_INPUT, place,
                    "a catalogue entry is a file NAME.yaml, its name of letters, digits, _ - and .");
  }
  clx_node *tree = NULL;
  CLX_TRY(clx_document_load(entries->arena, path, &tree, error));
  clx_entry *entry = list_add(entries, sizeof *entry);
  if (entry == NULL) return out_of_memory(error);
  *entry = (clx_entry){.kind = kind, .name = name, .file = path, .tree = tree};
  return add_user_aliases(aliases, entry, error);
}

static int compare_texts(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

clx_status clx_catalog_list_directory(clx_arena *arena, const char *path, const char ***out, int32_t *count,
                                      clx_error *error) {
  const clx_place place = {.file = path};
  DIR *directory = opendir(path);
  if (directory == NULL) {
    return clx_fail(error, CLX_FILE, place, "cannot open the catalogue directory: %s", strerror(errno));
  }
  list names = {.arena = arena};
  clx_status status = CLX_OK;
  for (struct dirent *item; status == CLX_OK && (item = readdir(directory)) != NULL;) {
    if (item->d_name[0] == '.') continue;
    const char **row = list_add(&names, sizeof *row);
    if (row != NULL) *row = clx_arena_text(arena, item->d_name);
    if (row == NULL || *row == NULL) status = out_of_memory(error);
  }
  closedir(directory);
  if (names.count > 1) qsort(names.item, (size_t)names.count, sizeof(const char *), compare_texts);
  *out = names.item;
  *count = names.count;
  return status;
}

// Every file of one kind. A README beside the entries is nobody's mistake; everything else must be an entry.
static clx_status add_user_kind(list *entries, list *aliases, int32_t kind, const char *path, clx_error *error) {
  const char **file = NULL;
  int32_t count = 0;
  CLX_TRY(clx_catalog_list_directory(entries->arena, path, &file, &count, error));
  clx_status first = CLX_OK;
  for (int32_t i = 0; i < count; i++) {
    if (clx_text_match("README*", file[i])) continue;
    const char *whole = clx_arena_format(entries->arena, "%s/%s", path, file[i]);
    if (whole == NULL) return out_of_memory(error);
    const clx_status status = add_user_file(entries, aliases, kind, whole, file[i], error);
    if (first == CLX_OK) first = status;
  }
  return first;
}

static bool is_directory(const char *path) {
  DIR *directory = opendir(path);
  if (directory == NULL) return false;
  closedir(directory);
  return true;
}

static clx_status add_user(list *entries, list *aliases, const char *path, clx_error *error) {
  const char **name = NULL;
  int32_t count = 0;
  CLX_TRY(clx_catalog_list_directory(entries->arena, path, &name, &count, error));
  clx_status first = CLX_OK;
  for (int32_t i = 0; i < count; i++) {
    const char *whole = clx_arena_format(entries->arena, "%s/%s", path, name[i]);
    if (whole == NULL) return out_of_memory(error);
    if (!is_directory(whole)) continue;  // sources.yaml, read when asked for
    const int32_t kind = clx_catalog_kind_index(name[i]);
    const clx_status status = kind < 0 ? clx_catalog_unknown_kind(name[i], (clx_place){.file = whole}, error)
                                       : add_user_kind(entries, aliases, kind, whole, error);
    if (first == CLX_OK) first = status;
  }
  return first;
}

// --- the built-in files ----------------------------------------------------------------------------------------------
static int32_t kind_of_path(const char *path) {
  for (int32_t kind = 0; clx_catalog_kind(kind) != NULL; kind++) {
    const size_t length = strlen(clx_catalog_kind(kind));
    if (strncmp(path, clx_catalog_kind(kind), length) == 0 && path[length] == '/') return kind;
  }
  return -1;
}

// Does the user's directory have an entry of this kind and name? user: the first `count` of `entries`.
static bool is_overridden(const list *entries, int32_t count, int32_t kind, const char *name) {
  const clx_entry *entry = entries->item;
  for (int32_t i = 0; i < count; i++) {
    if (entry[i].kind == kind && strcmp(entry[i].name, name) == 0) return true;
  }
  return false;
}

static clx_status add_builtin(list *entries, list *aliases, clx_error *error) {
  const int32_t user = entries->count;
  for (int32_t i = 0; i < clx_builtin_file_count; i++) {
    const clx_builtin_file *file = &clx_builtin_files[i];
    const int32_t kind = kind_of_path(file->path);
    if (kind < 0) continue;
    const char *name = entry_name(entries->arena, strchr(file->path, '/') + 1);
    if (name == NULL) return out_of_memory(error);
    if (is_overridden(entries, user, kind, name)) continue;
    clx_entry *entry = list_add(entries, sizeof *entry);
    if (entry == NULL) return out_of_memory(error);
    *entry = (clx_entry){.kind = kind, .name = name, .file = file->path, .builtin = file};
  }
  for (int32_t i = 0; i < clx_builtin_alias_count; i++) {
    const clx_builtin_alias *alias = &clx_builtin_aliases[i];
    const clx_alias row = {clx_catalog_kind_index(alias->kind), alias->alias, alias->entry, true};
    if (row.kind >= 0) CLX_TRY(add_alias(aliases, row, error));
  }
  return CLX_OK;
}

static int compare_entries(const void *a, const void *b) {
  const clx_entry *x = a, *y = b;
  return x->kind != y->kind ? (x->kind < y->kind ? -1 : 1) : strcmp(x->name, y->name);
}

static clx_status fill(clx_catalog *catalog, const char *directory, clx_error *error) {
  list entries = {.arena = catalog->arena}, aliases = {.arena = catalog->arena};
  if (directory != NULL) {
    catalog->directory = clx_arena_text(catalog->arena, directory);
    if (catalog->directory == NULL) return out_of_memory(error);
    CLX_TRY(add_user(&entries, &aliases, directory, error));
  }
  CLX_TRY(add_builtin(&entries, &aliases, error));
  if (entries.count > 1) qsort(entries.item, (size_t)entries.count, sizeof(clx_entry), compare_entries);
  catalog->entry = entries.item;
  catalog->entry_count = entries.count;
  catalog->alias = aliases.item;
  catalog->alias_count = aliases.count;
  catalog->sources = CLX_NEW(catalog->arena, clx_source_files);
  if (catalog->sources == NULL) return out_of_memory(error);
  pthread_mutex_t *lock = CLX_NEW(catalog->arena, pthread_mutex_t);
  if (lock == NULL || pthread_mutex_init(lock, NULL) != 0) return out_of_memory(error);
  catalog->lock = lock;
  return CLX_OK;
}

clx_status clx_catalog_open(const char *directory, clx_catalog **out, clx_error *error) {
  *out = NULL;
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return out_of_memory(error);
  clx_catalog *catalog = CLX_NEW(arena, clx_catalog);
  if (catalog == NULL) {
    clx_arena_free(arena);
    return out_of_memory(error);
  }
  catalog->arena = arena;
  const clx_status status = fill(catalog, directory, error);
  if (status != CLX_OK) {
    clx_catalog_close(catalog);
    return status;
  }
  *out = catalog;
  return CLX_OK;
}

void clx_catalog_close(clx_catalog *catalog) {
  if (catalog == NULL) return;
  if (catalog->lock != NULL) pthread_mutex_destroy(catalog->lock);
  clx_arena_free(catalog->arena);
}
