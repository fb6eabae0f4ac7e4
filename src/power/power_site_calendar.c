// What happens next: a binary heap by time.
#include <string.h>

#include "power/power_site_internal.h"

static bool before(const clx_due_power *a, const clx_due_power *b) {
  if (a->time != b->time) return a->time < b->time;
  if (a->kind != b->kind) return a->kind < b->kind;
  return a->who != b->who ? a->who < b->who : a->mark < b->mark;
}

// Doubles what is there; the old block stays in the arena, so that all of it is less than twice the last.
static bool grow(clx_calendar *c, clx_arena *arena) {
  const int32_t capacity = c->capacity > 0 ? 2 * c->capacity : 64;
  clx_due_power *item = CLX_NEW_ARRAY(arena, clx_due_power, capacity);
  if (item == NULL) return false;
  if (c->count > 0) memcpy(item, c->item, (size_t)c->count * sizeof *item);
  c->item = item;
  c->capacity = capacity;
  return true;
}

bool clx_calendar_push(clx_calendar *c, clx_arena *arena, clx_due_power due) {
  if (c->count == c->capacity && (c->capacity > INT32_MAX / 2 || !grow(c, arena))) return false;
  int32_t i = c->count++;
  while (i > 0) {
    const int32_t up = (i - 1) / 2;
    if (!before(&due, &c->item[up])) break;
    c->item[i] = c->item[up];
    i = up;
  }
  c->item[i] = due;
  return true;
}

clx_due_power clx_calendar_pop(clx_calendar *c) {
  const clx_due_power top = c->item[0], last = c->item[--c->count];
  int32_t i = 0;
  for (;;) {
    int32_t child = 2 * i + 1;
    if (child >= c->count) break;
    if (child + 1 < c->count && before(&c->item[child + 1], &c->item[child])) child++;
    if (!before(&c->item[child], &last)) break;
    c->item[i] = c->item[child];
    i = child;
  }
  c->item[i] = last;
  return top;
}
