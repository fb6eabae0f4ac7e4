// What is under way, in a heap by the time of its end.
#include "engine/engine_internal.h"

static bool sooner(clx_event a, clx_event b) {
  if (a.time != b.time) return a.time < b.time;
  return a.replica != b.replica ? a.replica < b.replica : a.slot < b.slot;
}

void clx_events_push(clx_event *heap, int32_t *count, clx_event event) {
  int32_t k = (*count)++;
  for (; k > 0 && sooner(event, heap[(k - 1) / 2]); k = (k - 1) / 2) heap[k] = heap[(k - 1) / 2];
  heap[k] = event;
}

clx_event clx_events_pop(clx_event *heap, int32_t *count) {
  const clx_event top = heap[0], last = heap[--*count];
  int32_t k = 0;
  for (int32_t child = 1; child < *count; child = 2 * k + 1) {
    if (child + 1 < *count && sooner(heap[child + 1], heap[child])) child++;
    if (!sooner(heap[child], last)) break;
    heap[k] = heap[child];
    k = child;
  }
  heap[k] = last;
  return top;
}

// Rare: what is left is put into order anew. O(count log count).
void clx_events_remove(clx_event *heap, int32_t *count, int32_t replica, int32_t slot) {
  int32_t k = 0;
  while (k < *count && !(heap[k].replica == replica && heap[k].slot == slot)) k++;
  if (k == *count) return;
  heap[k] = heap[*count - 1];
  const int32_t left = *count - 1;
  *count = 0;
  for (int32_t i = 0; i < left; i++) clx_events_push(heap, count, heap[i]);
}
