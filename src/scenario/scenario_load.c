// From a name or a path to a checked and compiled scenario.
#include <stdlib.h>
#include <string.h>

#include "scenario/scenario.h"

static const char FOLDER[] = "scenarios/";

static bool is_scenario(const char *path) { return strncmp(path, FOLDER, strlen(FOLDER)) == 0; }

static size_t name_length(const char *path) { return strlen(path) - strlen(FOLDER) - strlen(".yaml"); }

static const clx_builtin_file *shipped(const char *name) {
  for (int32_t i = 0; i < clx_builtin_file_count; i++) {
    const char *path = clx_builtin_files[i].path;
    if (!is_scenario(path)) continue;
    const size_t length = name_length(path);
    if (strlen(name) == length && strncmp(path + strlen(FOLDER), name, length) == 0) return &clx_builtin_files[i];
  }
  return NULL;
}

static bool looks_like_path(const char *text) {
  return strchr(text, '/') != NULL || strstr(text, ".yaml") != NULL || strstr(text, ".yml") != NULL ||
         strstr(text, ".json") != NULL;
}

// Names of all that are shipped, those that are not listed among them. How many there are.
static int32_t shipped_names(clx_arena *arena, const char **names, int32_t room) {
  int32_t count = 0;
  for (int32_t i = 0; i < clx_builtin_file_count && count < room; i++) {
    const char *path = clx_builtin_files[i].path;
    if (!is_scenario(path)) continue;
    names[count] = clx_arena_copy(arena, path + strlen(FOLDER), name_length(path));
    if (names[count] != NULL) count++;
  }
  return count;
}

static clx_status unknown_scenario(clx_arena *arena, const char *name, clx_error *error) {
  const char *names[64];
  const char *near = clx_nearest(name, names, shipped_names(arena, names, CLX_COUNT(names)));
  if (near != NULL) {
    return clx_fail_plain(error, CLX_INPUT, "no scenario '%s'; did you mean '%s'? (colossus scenarios lists them)",
                          name, near);
  }
  return clx_fail_plain(error, CLX_INPUT,
                        "no scenario '%s': neither a file nor a shipped name (colossus scenarios lists them)", name);
}

static clx_status read_tree(clx_arena *arena, const char *name_or_path, clx_node **root, const char **folder,
                            clx_error *error) {
  const clx_builtin_file *file = shipped(name_or_path);
  *folder = NULL;
  if (file != NULL) return clx_document_read(arena, file->path, file->data, file->size, root, error);
  if (!looks_like_path(name_or_path)) return unknown_scenario(arena, name_or_path, error);
  const char *slash = strrchr(name_or_path, '/');
  if (slash != NULL) *folder = clx_arena_copy(arena, name_or_path, (size_t)(slash - name_or_path));
  return clx_document_load(arena, name_or_path, root, error);
}

// Where a scenario comes from: a name or path, a text in memory, or a tree.
typedef struct origin {
  const char *name, *data;
  size_t size;
  clx_node *root;
  const char *folder;
} origin;

static clx_status load(clx_scenario *scenario, const origin *from, const clx_setting *settings, int32_t setting_count,
                       clx_error *error) {
  clx_arena *arena = scenario->arena;
  clx_node *root = from->root;
  const char *folder = from->folder;
  if (root == NULL)
    CLX_TRY(from->data != NULL ? clx_document_read(arena, from->name, from->data, from->size, &root, error)
                               : read_tree(arena, from->name, &root, &folder, error));
  for (int32_t i = 0; i < setting_count; i++) {
    CLX_TRY(clx_node_set(arena, root, settings[i].path, settings[i].value, error));
  }
  CLX_TRY(clx_schema_read(&clx_scenario_schema, root, false, arena, &scenario->spec, error));
  const clx_node *power = clx_node_get(root, "power"),
                 *limit = power != NULL ? clx_node_get(power, "facility_limit") : NULL;
  if (limit != NULL) scenario->spec.power.place = limit->key_place;  // what a machine that draws too much is told
  return clx_scenario_compile(scenario, folder, error);
}

static clx_status make(const clx_catalog *catalog, const origin *from, const clx_setting *settings,
                       int32_t setting_count, bool open, clx_scenario **out, clx_error *error) {
  *out = NULL;
  clx_scenario *scenario = calloc(1, sizeof *scenario);
  if (scenario == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  scenario->catalog = catalog;
  scenario->open = open;
  scenario->arena = clx_arena_new();
  const clx_status status = scenario->arena == NULL ? clx_fail_plain(error, CLX_MEMORY, "out of memory")
                                                    : load(scenario, from, settings, setting_count, error);
  if (status != CLX_OK) {
    clx_scenario_free(scenario);
    return status;
  }
  *out = scenario;
  return CLX_OK;
}

clx_status clx_scenario_load(const clx_catalog *catalog, const char *name_or_path, const clx_setting *settings,
                             int32_t setting_count, clx_scenario **out, clx_error *error) {
  const origin from = {.name = name_or_path};
  return make(catalog, &from, settings, setting_count, false, out, error);
}

clx_status clx_scenario_load_open(const clx_catalog *catalog, const char *name_or_path, const clx_setting *settings,
                                  int32_t setting_count, clx_scenario **out, clx_error *error) {
  const origin from = {.name = name_or_path};
  return make(catalog, &from, settings, setting_count, true, out, error);
}

clx_status clx_scenario_read(const clx_catalog *catalog, const char *name, const char *data, size_t size,
                             clx_scenario **out, clx_error *error) {
  const origin from = {.name = name, .data = data, .size = size};
  return make(catalog, &from, NULL, 0, false, out, error);
}

clx_status clx_scenario_read_tree(const clx_catalog *catalog, clx_node *root, const char *folder,
                                  const clx_setting *settings, int32_t setting_count, clx_scenario **out,
                                  clx_error *error) {
  const origin from = {.root = root, .folder = folder};
  return make(catalog, &from, settings, setting_count, false, out, error);
}

void clx_scenario_free(clx_scenario *scenario) {
  if (scenario == NULL) return;
  clx_arena_free(scenario->arena);
  free(scenario);
}

bool clx_scenario_assumption(const clx_scenario *scenario, int32_t index, const char **key, const char **why) {
  const clx_node *assumed = scenario->spec.assumed;
  if (assumed == NULL || index < 0 || index >= assumed->child_count) return false;
  *key = assumed->child[index].key;
  *why = assumed->child[index].text;
  return true;
}
