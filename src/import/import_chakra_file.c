// Files of traces: which ranks there are, gzip.
#define ZLIB_CONST  // zlib reads from const memory
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "import/import_chakra_internal.h"

// --- gzip -------------------------------------------------------------------------------------------------------------------

// Deflate shrinks at most 1,032 times, traces of equal nodes some 50 times: what grows more is no trace, and is not unpacked whole.
static bool swells(const z_stream *z, const Bytef *start, const clx_buffer *out) {
  enum { RATIO = 400, PATIENCE = 1 << 20 };
  return out->length > PATIENCE && out->length / RATIO > (size_t)(z->next_in - start);
}

static clx_status inflate_all(z_stream *z, clx_buffer *out, clx_place place, clx_error *error) {
  const Bytef *start = z->next_in;
  char chunk[1 << 16];
  int code = Z_OK;
  for (;;) {
    z->next_out = (Bytef *)chunk;
    z->avail_out = sizeof chunk;
    code = inflate(z, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END)
      return clx_fail(error, CLX_INPUT, place, "gzip: %s after %zu bytes",
                      code == Z_BUF_ERROR ? "the file is cut off"
                      : z->msg != NULL    ? z->msg
                                          : "damaged",
                      out->length);
    clx_buffer_add(out, chunk, sizeof chunk - z->avail_out);
    if (out->failed) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
    if (swells(z, start, out))
      return clx_fail(error, CLX_INPUT, place, "gzip: unpacks to more than 400 times its size, as no trace does");
    if (out->length > CLX_CHAKRA_SIZE_MAX)
      return clx_fail(error, CLX_INPUT, place, "unpacks to more than %zu MB, the most that is read",
                      CLX_CHAKRA_SIZE_MAX >> 20);
    if (code != Z_STREAM_END) continue;
    if (z->avail_in == 0) return CLX_OK;
    if (inflateReset(z) != Z_OK) return clx_fail_plain(error, CLX_INTERNAL, "zlib cannot be set up again");
  }
}

clx_status clx_chakra_unpack(clx_arena *arena, const char *name, const uint8_t *data, size_t size, const uint8_t **out,
                             size_t *out_size, bool *gzip, clx_error *error) {
  const clx_place place = {.file = name};
  *gzip = size >= 2 && data[0] == 0x1f && data[1] == 0x8b;
  if (!*gzip) {
    *out = data;
    *out_size = size;
    return CLX_OK;
  }
  if (size > UINT_MAX) return clx_fail(error, CLX_INPUT, place, "is too large");
  z_stream z = {.next_in = data, .avail_in = (uInt)size};
  if (inflateInit2(&z, 15 + 16) != Z_OK) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_buffer unpacked = {0};
  clx_status status = inflate_all(&z, &unpacked, place, error);
  (void)inflateEnd(&z);
  if (status == CLX_OK) {
    *out = (const uint8_t *)clx_arena_copy(arena, unpacked.data != NULL ? unpacked.data : "", unpacked.length);
    *out_size = unpacked.length;
    if (*out == NULL) status = clx_fail_plain(error, CLX_MEMORY, "out of memory");
  }
  clx_buffer_free(&unpacked);
  return status;
}

// --- ranks ------------------------------------------------------------------------------------------------------------------

// The rank of a file called <base>.<rank>.et, -1 = it is none.
static int64_t rank_of(const char *file, const char *base) {
  const size_t length = strlen(base);
  if (strncmp(file, base, length) != 0 || file[length] != '.') return -1;
  const char *digits = file + length + 1;
  int64_t rank = 0;
  int32_t count = 0;
  for (; *digits >= '0' && *digits <= '9' && count < 9; digits++, count++) rank = rank * 10 + (*digits - '0');
  const bool padded = count > 1 && file[length + 1] == '0';
  return count > 0 && !padded && strcmp(digits, ".et") == 0 ? rank : -1;
}

static clx_status list_ranks(const char *folder, const char *base, clx_buffer *ranks, clx_error *error) {
  DIR *directory = opendir(folder);
  if (directory == NULL)
    return clx_fail(error, CLX_FILE, (clx_place){.file = folder}, "cannot be opened: %s", strerror(errno));
  for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
    const int64_t rank = rank_of(entry->d_name, base);
    if (rank >= 0) clx_buffer_add(ranks, (const char *)&rank, sizeof rank);
  }
  closedir(directory);
  return ranks->failed ? clx_fail_plain(error, CLX_MEMORY, "out of memory") : CLX_OK;
}

static int compare_ranks(const void *a, const void *b) {
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static clx_status check_ranks(const char *prefix, int64_t *rank, int64_t count, clx_error *error) {
  char missing[128];
  size_t length = 0;
  int64_t at = 0;
  int32_t shown = 0;
  qsort(rank, (size_t)count, sizeof *rank, compare_ranks);
  const int64_t most = rank[count - 1];
  if (most >= CLX_EXECUTION_RANKS_MAX)
    return clx_fail_plain(error, CLX_INPUT, "%s.%lld.et: more than %d ranks", prefix, (long long)most,
                          CLX_EXECUTION_RANKS_MAX);
  if (most + 1 == count) return CLX_OK;
  for (int64_t i = 0; i <= most && shown < 8; i++) {
    if (rank[at] == i) {
      at++;
      continue;
    }
    length +=
        (size_t)snprintf(missing + length, sizeof missing - length, "%s%lld", shown++ > 0 ? ", " : "", (long long)i);
  }
  const int64_t gaps = most + 1 - count;
  return clx_fail_plain(error, CLX_INPUT, "%s.*.et: there are traces up to rank %lld, but none of rank%s %s%s", prefix,
                        (long long)most, gaps > 1 ? "s" : "", missing, gaps > shown ? " ..." : "");
}

clx_status clx_chakra_find_ranks(clx_arena *arena, const char *prefix, int32_t *ranks, clx_error *error) {
  const char *slash = strrchr(prefix, '/');
  const char *base = slash != NULL ? slash + 1 : prefix;
  const char *folder = slash == NULL     ? "."
                       : slash == prefix ? "/"
                                         : clx_arena_copy(arena, prefix, (size_t)(slash - prefix));
  if (folder == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_buffer found = {0};
  clx_status status = list_ranks(folder, base, &found, error);
  const int64_t count = (int64_t)(found.length / sizeof(int64_t));
  if (status == CLX_OK && count == 0) {
    status = clx_fail_plain(error, CLX_FILE, "there are no traces %s.0.et, %s.1.et ...", prefix, prefix);
  } else if (status == CLX_OK) {
    status = check_ranks(prefix, (int64_t *)(void *)found.data, count, error);
  }
  *ranks = (int32_t)count;
  clx_buffer_free(&found);
  return status;
}
