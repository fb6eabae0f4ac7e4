// A file line by line, in memory that its longest line bounds.
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "requests/requests_internal.h"

enum { FIRST_CAPACITY = 1 << 18 };  // bytes

clx_status clx_lines_open(clx_lines *lines, const char *path, clx_error *error) {
  const clx_place place = {path, 0, 0};
  struct stat status;
  *lines = (clx_lines){.file = fopen(path, "rb"), .capacity = FIRST_CAPACITY};
  if (lines->file == NULL) return clx_fail(error, CLX_FILE, place, "cannot be opened: %s", strerror(errno));
  if (fstat(fileno(lines->file), &status) == 0 && S_ISDIR(status.st_mode))
    return clx_fail(error, CLX_FILE, place, "is a folder, expected a file");
  lines->arena = clx_arena_new();
  lines->buffer = lines->arena != NULL ? clx_arena_alloc(lines->arena, lines->capacity) : NULL;
  if (lines->buffer == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  lines->next = lines->stop = lines->buffer;
  return CLX_OK;
}

void clx_lines_close(clx_lines *lines) {
  if (lines->file != NULL) fclose(lines->file);
  clx_arena_free(lines->arena);
  *lines = (clx_lines){0};
}

// Moves what is left to the front, of a larger buffer if it fills this one, and reads more behind it.
static clx_status refill(clx_lines *lines, clx_place place, clx_error *error) {
  const size_t left = (size_t)(lines->stop - lines->next);
  char *buffer = lines->buffer;
  if (left == lines->capacity) {
    if (left >= CLX_LINE_MAX)
      return clx_fail(error, CLX_INPUT, place, "the line is longer than %d MB, the most that is read",
                      CLX_LINE_MAX >> 20);
    buffer = clx_arena_alloc(lines->arena, lines->capacity *= 2);
    if (buffer == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  memmove(buffer, lines->next, left);
  const size_t more = fread(buffer + left, 1, lines->capacity - left, lines->file);
  if (ferror(lines->file)) return clx_fail(error, CLX_FILE, place, "cannot be read: %s", strerror(errno));
  lines->ended = more == 0;
  lines->buffer = buffer;
  lines->next = buffer;
  lines->stop = buffer + left + more;
  return CLX_OK;
}

clx_status clx_lines_next(clx_lines *lines, clx_place place, const char **line, const char **line_end,
                          clx_error *error) {
  size_t searched = 0;
  *line = *line_end = NULL;
  for (;;) {
    const size_t left = (size_t)(lines->stop - lines->next);
    const char *end = left > searched ? memchr(lines->next + searched, '\n', left - searched) : NULL;
    if (end == NULL && lines->file != NULL && !lines->ended) {
      searched = left;
      CLX_TRY(refill(lines, place, error));
      continue;
    }
    if (end == NULL && left == 0) return CLX_OK;
    *line = lines->next;
    *line_end = end != NULL ? end : lines->stop;
    lines->next = end != NULL ? end + 1 : lines->stop;
    if (*line_end > *line && (*line_end)[-1] == '\r') --*line_end;
    return CLX_OK;
  }
}
