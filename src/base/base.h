// base: status, mistakes with a place in the user's text, arena memory, small text helpers.
// Everything else in the library stands on this header.
#pragma once

#include <colossus/colossus.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Passes a failed status up to the caller.
#define CLX_TRY(expression)                                \
  do {                                                     \
    const clx_status clx_try_status_ = (expression);       \
    if (clx_try_status_ != CLX_OK) return clx_try_status_; \
  } while (0)

#define CLX_COUNT(array) ((int32_t)(sizeof(array) / sizeof((array)[0])))

// A place in a text the user wrote. line and column start at 1; 0 = unknown. file may be NULL.
typedef struct clx_place {
  const char *file;
  int32_t line;
  int32_t column;
} clx_place;
// Something was written there, in a file or by --set.
static inline bool clx_is_stated(clx_place place) { return place.file != NULL; }

// Adds one mistake to `error` (nullable) and returns `status`, so that callers can `return clx_fail(...)`.
// The first mistake decides error->status. Beyond CLX_MISTAKES_MAX mistakes only `dropped` counts. Never allocates.
clx_status clx_fail(clx_error *error, clx_status status, clx_place place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

// The same with no place in any text.
clx_status clx_fail_plain(clx_error *error, clx_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// --- memory -----------------------------------------------------------------------------------------------------
// All objects of one thing (a document, a scenario, a result) live in one arena and die with it.
typedef struct clx_arena clx_arena;

clx_arena *clx_arena_new(void);         // NULL when out of memory
void clx_arena_free(clx_arena *arena);  // arena nullable
// Zeroed, 16-byte aligned; NULL when out of memory or size overflows. O(size).
void *clx_arena_alloc(clx_arena *arena, size_t size);
void *clx_arena_array(clx_arena *arena, size_t count, size_t size);
char *clx_arena_copy(clx_arena *arena, const char *text, size_t length);  // adds the terminating 0
char *clx_arena_text(clx_arena *arena, const char *text);
char *clx_arena_format(clx_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define CLX_NEW(arena, type) ((type *)clx_arena_alloc((arena), sizeof(type)))
#define CLX_NEW_ARRAY(arena, type, count) ((type *)clx_arena_array((arena), (size_t)(count), sizeof(type)))

// Fault injection for tests: the n-th arena block or buffer allocation from now fails (n >= 1); 0 switches it off.
void clx_memory_fail_after(int64_t n);

// A growing byte buffer for text output. `failed` is sticky: check it once at the end.
typedef struct clx_buffer {
  char *data;  // 0-terminated once anything was written
  size_t length, capacity;
  bool failed;
} clx_buffer;

void clx_buffer_add(clx_buffer *buffer, const char *text, size_t length);
void clx_buffer_format(clx_buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void clx_buffer_free(clx_buffer *buffer);

// --- files and text -----------------------------------------------------------------------------------------------
#define CLX_FILE_SIZE_MAX ((size_t)16 << 20)  // bytes; larger inputs are refused
#define CLX_NESTING_MAX 128

// Reads a whole file of at most `limit` bytes. *data is 0-terminated, from `arena`.
clx_status clx_file_read(clx_arena *arena, const char *path, size_t limit, const char **data, size_t *size,
                         clx_error *error);

// Byte offset of the first byte that is not valid UTF-8 (or is NUL), or -1.
int64_t clx_utf8_check(const char *data, size_t size);

// The candidate nearest to `word` by edit distance (case-insensitive, '-' = '_'), or NULL when none is near enough
// (distance at most 2, or a third of the length). O(count * length^2).
const char *clx_nearest(const char *word, const char *const *candidates, int32_t count);

bool clx_text_equal(const char *a, const char *b);        // NULL equals NULL only
bool clx_text_equal_loose(const char *a, const char *b);  // ignores case, and '-', '_' and ' ' are the same
// True if `text` matches `pattern`, where '*' stands for any run of characters; loose as above.
bool clx_text_match(const char *pattern, const char *text);
// Makes `text` valid UTF-8 in place: stray bytes become '?'. With `one_line` control characters become blanks, too, so that
// no text of a file moves a terminal's cursor. All mistakes go through it. O(length).
void clx_text_clean(char *text, bool one_line);

// A point in time in seconds: a plain number as it stands, or ISO 8601 ("2024-03-01", "2024-03-01T12:30:05.5+01:00", a blank instead
// of the T) counted from 1970-01-01 UTC; without a zone it is taken as UTC. False when it is neither, or not finite.
bool clx_time_read(const char *text, double *time);
// The other way round, to whole seconds downwards: "2024-03-01T12:30:05", or the date alone. Years 1 to 9999, others stand at these.
enum { CLX_TIME_TEXT = 72 };
void clx_time_write(double time, bool clock, char text[CLX_TIME_TEXT]);

// Names numbered from 0 in the order in which they are first seen; start with zeros. O(length) each.
typedef struct clx_names {
  const char **name;
  int32_t *slot;  // hash table: number + 1, 0 = free
  int32_t count, slots;
} clx_names;

int32_t clx_names_add(clx_arena *arena, clx_names *names, const char *text, size_t length);  // -1: out of memory
int32_t clx_names_find(const clx_names *names, const char *text, size_t length);             // -1: not there
