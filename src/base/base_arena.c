// Bump allocation in blocks that double; everything is freed at once.
#define _DEFAULT_SOURCE  // madvise
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/base_internal.h"

enum { ALIGNMENT = 16, FIRST_BLOCK = 16384, LARGEST_BLOCK = 1 << 20, HUGE_PAGE = 1 << 21 };  // bytes

typedef struct block {
  struct block *next;
  size_t size, used;  // of data
} block;

struct clx_arena {
  block *blocks;
  size_t next_size;
};

// Data starts after the header, rounded up to the alignment.
static const size_t HEADER = (sizeof(block) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;

static _Thread_local int64_t fail_after;  // tests only: 0 = off

void clx_memory_fail_after(int64_t n) { fail_after = n; }

static bool fails_now(void) { return fail_after > 0 && --fail_after == 0; }

void *clx_memory_new(size_t size) { return fails_now() ? NULL : calloc(1, size); }

void *clx_memory_grow(void *old, size_t size) { return fails_now() ? NULL : realloc(old, size); }

clx_arena *clx_arena_new(void) {
  clx_arena *arena = clx_memory_new(sizeof *arena);
  if (arena != NULL) arena->next_size = FIRST_BLOCK;
  return arena;
}

void clx_arena_free(clx_arena *arena) {
  if (arena == NULL) return;
  for (block *b = arena->blocks; b != NULL;) {
    block *next = b->next;
    free(b);
    b = next;
  }
  free(arena);
}

// Touching memory for the first time costs 12 us for each page of 4 KiB in a virtual machine, and random access misses the
// table of pages: large pages where the system has them. It is a hint; where it fails nothing changes but speed.
static void ask_for_large_pages(char *data, size_t size) {
#ifdef MADV_HUGEPAGE
  const size_t out = (uintptr_t)data % HUGE_PAGE, skip = out > 0 ? HUGE_PAGE - out : 0;
  if (size < skip + HUGE_PAGE) return;
  (void)madvise(data + skip, (size - skip) / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
#else
  (void)data;
  (void)size;
#endif
}

static block *add_block(clx_arena *arena, size_t size) {
  const size_t data = size > arena->next_size ? size : arena->next_size;
  block *b = clx_memory_new(HEADER + data);
  if (b == NULL) return NULL;
  ask_for_large_pages((char *)b, HEADER + data);
  b->size = data;
  b->next = arena->blocks;
  arena->blocks = b;
  if (arena->next_size < LARGEST_BLOCK) arena->next_size *= 2;
  return b;
}

void *clx_arena_alloc(clx_arena *arena, size_t size) {
  if (size > SIZE_MAX / 2) return NULL;
  const size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  block *b = arena->blocks;
  if (b == NULL || b->size - b->used < rounded) b = add_block(arena, rounded);
  if (b == NULL) return NULL;
  void *memory = (char *)b + HEADER + b->used;
  b->used += rounded;
  return memory;
}

void *clx_arena_array(clx_arena *arena, size_t count, size_t size) {
  if (size > 0 && count > SIZE_MAX / 2 / size) return NULL;
  return clx_arena_alloc(arena, count * size);
}

char *clx_arena_copy(clx_arena *arena, const char *text, size_t length) {
  char *copy = clx_arena_alloc(arena, length + 1);
  if (copy != NULL && length > 0) memcpy(copy, text, length);
  return copy;
}

char *clx_arena_text(clx_arena *arena, const char *text) { return clx_arena_copy(arena, text, strlen(text)); }

char *clx_arena_format(clx_arena *arena, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  const int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  char *text = length < 0 ? NULL : clx_arena_alloc(arena, (size_t)length + 1);
  if (text != NULL) vsnprintf(text, (size_t)length + 1, format, again);
  va_end(again);
  return text;
}
