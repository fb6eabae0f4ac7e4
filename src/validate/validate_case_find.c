// From names to cases: shipped folders and cases, files and folders of the user's.
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "validate/validate_cases.h"

static const char ROOT[] = "validation/", SUFFIX[] = ".yaml";

// A shipped case: "validation/FOLDER/NAME.yaml".
typedef struct shipped {
  const clx_builtin_file *file;
  const char *folder, *name;
} shipped;

typedef struct finder {
  clx_arena *arena;
  const clx_catalog *catalog;
  shipped *shipped;
  int32_t shipped_count;
  bool *taken;  // of shipped
  clx_case_list *out;
  int32_t capacity;
} finder;

static clx_status no_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

// The parts of a shipped path; false for other files.
static bool take_apart(const char *path, const char **folder, int32_t *folder_length, const char **name,
                       int32_t *name_length) {
  if (strncmp(path, ROOT, sizeof ROOT - 1) != 0) return false;
  *folder = path + sizeof ROOT - 1;
  const char *slash = strchr(*folder, '/');
  if (slash == NULL) return false;
  *folder_length = (int32_t)(slash - *folder);
  *name = slash + 1;
  *name_length = (int32_t)(strlen(*name) - (sizeof SUFFIX - 1));
  return strchr(*name, '/') == NULL && *name_length > 0;
}

bool clx_case_name(int32_t index, char *name, size_t size) {
  const char *folder, *stem;
  int32_t folder_length, stem_length;
  for (int32_t i = 0; index >= 0 && i < clx_builtin_file_count; i++) {
    if (!take_apart(clx_builtin_files[i].path, &folder, &folder_length, &stem, &stem_length) || index-- > 0) continue;
    snprintf(name, size, "%.*s/%.*s", folder_length, folder, stem_length, stem);
    return true;
  }
  return false;
}

static clx_status list_shipped(finder *f, clx_error *error) {
  f->shipped = CLX_NEW_ARRAY(f->arena, shipped, clx_builtin_file_count + 1);
  f->taken = CLX_NEW_ARRAY(f->arena, bool, clx_builtin_file_count + 1);
  if (f->shipped == NULL || f->taken == NULL) return no_memory(error);
  for (int32_t i = 0; i < clx_builtin_file_count; i++) {
    const char *folder, *name;
    int32_t folder_length, name_length;
    if (!take_apart(clx_builtin_files[i].path, &folder, &folder_length, &name, &name_length)) continue;
    shipped *s = &f->shipped[f->shipped_count++];
    s->file = &clx_builtin_files[i];
    s->folder = clx_arena_copy(f->arena, folder, (size_t)folder_length);
    s->name = clx_arena_copy(f->arena, name, (size_t)name_length);
    if (s->folder == NULL || s->name == NULL) return no_memory(error);
  }
  return CLX_OK;
}

static clx_status add(finder *f, const clx_node *root, const char *subject, const char *folder, clx_error *error) {
  clx_case_list *list = f->out;
  if (list->count == f->capacity) {
    const int32_t capacity = f->capacity == 0 ? 32 : 2 * f->capacity;
    clx_case *grown = CLX_NEW_ARRAY(f->arena, clx_case, capacity);
    if (grown == NULL) return no_memory(error);
    if (list->count > 0) memcpy(grown, list->item, (size_t)list->count * sizeof *grown);
    list->item = grown;
    f->capacity = capacity;
  }
  clx_case *item = &list->item[list->count];
  CLX_TRY(clx_case_read(f->arena, f->catalog, root, item, error));
  item->subject = subject;
  item->folder = folder;
  list->count++;
  return CLX_OK;
}

static clx_status add_shipped(finder *f, int32_t index, clx_error *error) {
  const shipped *s = &f->shipped[index];
  clx_node *root = NULL;
  if (f->taken[index]) return CLX_OK;
  f->taken[index] = true;
  CLX_TRY(clx_document_read(f->arena, s->file->path, s->file->data, s->file->size, &root, error));
  return add(f, root, s->folder, NULL, error);
}

// --- the user's files -------------------------------------------------------------------------------------------------------

static clx_status add_file(finder *f, const char *path, clx_error *error) {
  const char *slash = strrchr(path, '/'), *folder = NULL;
  clx_node *root = NULL;
  if (slash != NULL) folder = clx_arena_copy(f->arena, path, (size_t)(slash - path));
  if (slash != NULL && folder == NULL) return no_memory(error);
  CLX_TRY(clx_document_load(f->arena, path, &root, error));
  return add(f, root, "", folder, error);
}

static int compare_texts(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum { FILES_MAX = 4096 };

// Every .yaml of a folder, by name. `directory` is open, and closed here.
static clx_status add_folder(finder *f, DIR *directory, const char *path, clx_error *error) {
  const char **file = CLX_NEW_ARRAY(f->arena, const char *, FILES_MAX);
  int32_t count = 0;
  clx_status status = file == NULL ? no_memory(error) : CLX_OK;
  for (struct dirent *item; status == CLX_OK && (item = readdir(directory)) != NULL;) {
    const size_t length = strlen(item->d_name), tail = sizeof SUFFIX - 1;
    if (item->d_name[0] == '.' || length <= tail || strcmp(item->d_name + length - tail, SUFFIX) != 0) continue;
    if (count == FILES_MAX) {
      status = clx_fail_plain(error, CLX_INPUT, "%s holds more than %d cases", path, FILES_MAX);
      break;
    }
    file[count] = clx_arena_format(f->arena, "%s/%s", path, item->d_name);
    if (file[count++] == NULL) status = no_memory(error);
  }
  closedir(directory);
  if (status == CLX_OK && count == 0)
    status = clx_fail_plain(error, CLX_INPUT, "%s holds no case: expected files NAME.yaml", path);
  if (status != CLX_OK) return status;
  qsort(file, (size_t)count, sizeof *file, compare_texts);
  for (int32_t i = 0; i < count; i++) {
    const clx_status one = add_file(f, file[i], error);
    if (status == CLX_OK) status = one;
  }
  return status;
}

static bool looks_like_path(const char *text) { return strchr(text, '/') != NULL || strstr(text, SUFFIX) != NULL; }

// --- names ------------------------------------------------------------------------------------------------------------------

static clx_status unknown_name(const finder *f, const char *name, clx_error *error) {
  const char **names = CLX_NEW_ARRAY(f->arena, const char *, 2 * f->shipped_count + 1);
  clx_buffer folders = {0};
  int32_t count = 0;
  if (names == NULL) return no_memory(error);
  for (int32_t i = 0; i < f->shipped_count; i++) {
    names[count++] = f->shipped[i].name;
    if (i > 0 && strcmp(f->shipped[i].folder, f->shipped[i - 1].folder) == 0) continue;
    clx_buffer_format(&folders, "%s%s", i == 0 ? "" : ", ", f->shipped[i].folder);
    names[count++] = f->shipped[i].folder;
  }
  const char *near = clx_nearest(name, names, count);
  const char *list = folders.failed || folders.data == NULL ? "none" : folders.data;
  const clx_status status =
      near != NULL ? clx_fail_plain(error, CLX_INPUT, "no case '%.100s'; did you mean '%s'?", name, near)
                   : clx_fail_plain(error, CLX_INPUT,
                                    "no case '%.100s': neither a file nor a shipped name; folders: %s", name, list);
  clx_buffer_free(&folders);
  return status;
}

static bool names_case(const shipped *s, const char *name) {
  const size_t length = strlen(s->folder);
  if (strcmp(name, s->folder) == 0 || strcmp(name, s->name) == 0) return true;
  return strncmp(name, s->folder, length) == 0 && name[length] == '/' && strcmp(name + length + 1, s->name) == 0;
}

static clx_status add_name(finder *f, const char *name, clx_error *error) {
  bool found = false;
  clx_status status = CLX_OK;
  for (int32_t i = 0; i < f->shipped_count; i++) {
    if (!names_case(&f->shipped[i], name)) continue;
    found = true;
    const clx_status one = add_shipped(f, i, error);
    if (status == CLX_OK) status = one;
  }
  if (found) return status;
  DIR *directory = opendir(name);
  if (directory != NULL) return add_folder(f, directory, name, error);
  return looks_like_path(name) ? add_file(f, name, error) : unknown_name(f, name, error);
}

clx_status clx_cases_find(clx_arena *arena, const clx_catalog *catalog, const char *const *names, int32_t count,
                          clx_case_list *out, clx_error *error) {
  finder f = {.arena = arena, .catalog = catalog, .out = out};
  clx_status status = CLX_OK;
  *out = (clx_case_list){0};
  CLX_TRY(list_shipped(&f, error));
  for (int32_t i = 0; i < (count == 0 ? f.shipped_count : count); i++) {
    const clx_status one = count == 0 ? add_shipped(&f, i, error) : add_name(&f, names[i], error);
    if (status == CLX_OK) status = one;
  }
  return status;
}
