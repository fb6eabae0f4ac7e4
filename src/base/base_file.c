// A whole file into an arena.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"

static clx_status read_all(clx_arena *arena, const char *path, FILE *file, size_t limit, const char **data,
                           size_t *size, clx_error *error) {
  const clx_place place = {path, 0, 0};
  size_t capacity = 65536, length = 0;
  char *buffer = clx_arena_alloc(arena, capacity + 1);
  while (buffer != NULL) {
    length += fread(buffer + length, 1, capacity - length, file);
    if (ferror(file)) return clx_fail(error, CLX_FILE, place, "cannot be read: %s", strerror(errno));
    if (length > limit) {
      const bool large = limit >= (size_t)1 << 20;
      return clx_fail(error, CLX_INPUT, place, "is larger than %zu %s, the most that is read",
                      large ? limit >> 20 : limit, large ? "MB" : "bytes");
    }
    if (length < capacity) break;
    capacity *= 2;
    char *larger = clx_arena_alloc(arena, capacity + 1);
    if (larger != NULL) memcpy(larger, buffer, length);
    buffer = larger;
  }
  if (buffer == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  buffer[length] = '\0';
  *data = buffer;
  *size = length;
  return CLX_OK;
}

clx_status clx_file_read(clx_arena *arena, const char *path, size_t limit, const char **data, size_t *size,
                         clx_error *error) {
  const clx_place place = {path, 0, 0};
  struct stat status;
  FILE *file = fopen(path, "rb");
  if (file == NULL) return clx_fail(error, CLX_FILE, place, "cannot be opened: %s", strerror(errno));
  clx_status result;
  if (fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode)) {
    result = clx_fail(error, CLX_FILE, place, "is a folder, expected a file");
  } else {
    result = read_all(arena, path, file, limit, data, size, error);
  }
  fclose(file);
  return result;
}
