// What happens to single units, by time: a binary heap.
#include <string.h>

#include "reliability/reliability_simulate.h"

// Doubles what is there; the old block stays in the arena, so that all of it is less than twice the last.
static bool grow(clx_simulator *s) {
  clx_due_heap *h = &s->heap;
  const int32_t capacity = h->capacity * 2;
  clx_due *item = CLX_NEW_ARRAY(s->arena, clx_due, capacity);
  if (item == NULL) {
    s->failed = true;
    return false;
  }
  memcpy(item, h->item, (size_t)h->count * sizeof *item);
  h->item = item;
  h->capacity = capacity;
  return true;
}

// Equal times: by kind and number, so that the order does not depend on how the heap came to be.
static bool before(const clx_due *a, const clx_due *b) {
  if (a->time != b->time) return a->time < b->time;
  if (a->kind != b->kind) return a->kind < b->kind;
  return a->id != b->id ? a->id < b->id : a->extra < b->extra;
}

void clx_due_push(clx_simulator *s, const clx_due *due) {
  clx_due_heap *h = &s->heap;
  if (h->count == h->capacity && !grow(s)) return;
  int32_t i = h->count++;
  while (i > 0) {
    const int32_t up = (i - 1) / 2;
    if (!before(due, &h->item[up])) break;
    h->item[i] = h->item[up];
    i = up;
  }
  h->item[i] = *due;
}

clx_due clx_due_pop(clx_due_heap *h) {
  const clx_due top = h->item[0], last = h->item[--h->count];
  int32_t i = 0;
  for (;;) {
    int32_t child = 2 * i + 1;
    if (child >= h->count) break;
    if (child + 1 < h->count && before(&h->item[child + 1], &h->item[child])) child++;
    if (!before(&h->item[child], &last)) break;
    h->item[i] = h->item[child];
    i = child;
  }
  h->item[i] = last;
  return top;
}
