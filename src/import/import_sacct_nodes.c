// Slurm's lists of nodes: "node[1-3,07],gpu-a[01-16]", also with several brackets in a name.
#include <string.h>

#include "import/import_sacct.h"

enum { HOST_MAX = 256, DIGITS_MAX = 9, BRACKETS_MAX = 4 };

typedef struct expansion {
  clx_arena *arena;
  const char *text;  // of the whole list
  clx_place place;   // of it
  clx_names *names;
  clx_node_list *list;
  int64_t most;         // count of the list that must not be passed
  const char *item;     // of the list, that is expanded
  char name[HOST_MAX];  // under construction
  clx_error *error;
} expansion;

static clx_place place_at(const expansion *e, const char *at) {
  clx_place place = e->place;
  if (place.column > 0) place.column += (int32_t)(at - e->text);
  return place;
}

static clx_status add(expansion *e, size_t length) {
  const char *at = e->item;
  clx_node_list *list = e->list;
  if (length == 0)
    return clx_fail(e->error, CLX_INPUT, place_at(e, at), "NodeList holds an empty name, expected node[1-3],other7");
  if (list->count >= e->most)
    return clx_fail(e->error, CLX_INPUT, place_at(e, at), "NodeList stands for more than %d nodes", CLX_NODE_LIST_MAX);
  if (list->count == list->capacity) {
    const int64_t capacity = list->capacity == 0 ? 256 : 2 * list->capacity;
    int32_t *node = CLX_NEW_ARRAY(e->arena, int32_t, capacity);
    if (node == NULL) return clx_fail_plain(e->error, CLX_MEMORY, "out of memory");
    if (list->count > 0) memcpy(node, list->node, (size_t)list->count * sizeof *node);
    list->node = node;
    list->capacity = capacity;
  }
  const int32_t number = clx_names_add(e->arena, e->names, e->name, length);
  if (number < 0) return clx_fail_plain(e->error, CLX_MEMORY, "out of memory");
  list->node[list->count++] = number;
  return CLX_OK;
}

// A number of a range; *width its digits.
static bool read_number(const char **at, const char *end, int64_t *value, int32_t *width) {
  *value = 0;
  for (*width = 0; *at < end && **at >= '0' && **at <= '9'; ++*at) {
    if (++*width > DIGITS_MAX) return false;
    *value = 10 * *value + (**at - '0');
  }
  return *width > 0;
}

static clx_status expand(expansion *e, const char *at, const char *end, size_t length, int32_t brackets);

// The ranges inside of one pair of brackets, `rest` what follows it.
static clx_status expand_ranges(expansion *e, const char *at, const char *close, const char *rest, const char *end,
                                size_t length, int32_t brackets) {
  for (const char *start = at;; start = at) {
    int64_t first = 0, last = 0;
    int32_t width = 0, width_last = 0;
    bool good = read_number(&at, close, &first, &width);
    last = first;
    if (good && at < close && *at == '-') {
      at++;
      good = read_number(&at, close, &last, &width_last);
    }
    if (!good || last < first || (at < close && *at != ','))
      return clx_fail(e->error, CLX_INPUT, place_at(e, start),
                      "NodeList has the range '%.*s', expected numbers such as 3 or 01-16", (int)(close - start),
                      start);
    for (int64_t i = first; i <= last; i++) {
      size_t more = length;
      char digits[DIGITS_MAX + 1];
      int32_t count = 0;
      for (int64_t left = i; left > 0 || count < width; left /= 10) digits[count++] = (char)('0' + left % 10);
      if (length + (size_t)count >= HOST_MAX)
        return clx_fail(e->error, CLX_INPUT, place_at(e, start), "NodeList holds a name of more than %d bytes",
                        HOST_MAX - 1);
      while (count > 0) e->name[more++] = digits[--count];
      CLX_TRY(expand(e, rest, end, more, brackets + 1));
    }
    if (at >= close) return CLX_OK;
    at++;  // the comma
  }
}

// The name so far (`length` bytes) and what is left of its item.
static clx_status expand(expansion *e, const char *at, const char *end, size_t length, int32_t brackets) {
  for (; at < end && *at != '['; at++) {
    if (*at == ']' || (unsigned char)*at <= ' ')
      return clx_fail(e->error, CLX_INPUT, place_at(e, at), "NodeList holds '%c' outside of a range, expected a name",
                      *at == ']' ? ']' : ' ');
    if (length + 1 >= HOST_MAX)
      return clx_fail(e->error, CLX_INPUT, place_at(e, at), "NodeList holds a name of more than %d bytes",
                      HOST_MAX - 1);
    e->name[length++] = *at;
  }
  if (at >= end) return add(e, length);
  const char *close = memchr(at, ']', (size_t)(end - at));
  if (close == NULL) return clx_fail(e->error, CLX_INPUT, place_at(e, at), "NodeList has a '[' that is never closed");
  if (brackets >= BRACKETS_MAX)
    return clx_fail(e->error, CLX_INPUT, place_at(e, at), "NodeList has more than %d ranges in one name", BRACKETS_MAX);
  return expand_ranges(e, at + 1, close, close + 1, end, length, brackets);
}

clx_status clx_node_list_read(clx_arena *arena, const char *text, size_t length, clx_place place, clx_names *names,
                              clx_node_list *list, clx_error *error) {
  expansion e = {
      .arena = arena, .text = text, .place = place, .names = names, .list = list, .most = list->count, .error = error};
  e.most += CLX_NODE_LIST_MAX;
  const char *end = text + length;
  for (const char *at = text;;) {
    const char *stop = at;
    for (int32_t inside = 0; stop < end && (*stop != ',' || inside > 0); stop++)
      inside = *stop == '[' ? 1 : *stop == ']' ? 0 : inside;
    e.item = at;
    CLX_TRY(expand(&e, at, stop, 0, 0));
    if (stop >= end) return CLX_OK;
    at = stop + 1;
  }
}
