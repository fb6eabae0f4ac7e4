// Progressive filling by a heap: links in the order of their levels. For long chains of bottlenecks, where rounds freeze few.
#include "flow/flow_internal.h"

// An event of progressive filling: a link is full (id < link_count) or a flow reaches its limit.
typedef struct event {
  double level;
  int32_t id;
} event;

typedef struct heap {
  clx_flow_rest *rest;
  int32_t *first, *flow;  // flows of every link
  event *event;
  int32_t count;
  int32_t running;  // flows that are not frozen
} heap;

static void sift_down(heap *h, int32_t at) {
  const event moved = h->event[at];
  for (;;) {
    int32_t child = 2 * at + 1;
    if (child >= h->count) break;
    if (child + 1 < h->count && h->event[child + 1].level < h->event[child].level) child++;
    if (h->event[child].level >= moved.level) break;
    h->event[at] = h->event[child];
    at = child;
  }
  h->event[at] = moved;
}

static void pop(heap *h) {
  h->event[0] = h->event[--h->count];
  if (h->count > 0) sift_down(h, 0);
}

static double load_on(const clx_flow_rest *rest, int32_t i, int32_t l) {
  double sum = 0;
  for (int32_t e = rest->first[i]; e < rest->first[i + 1]; e++) {
    if (rest->entry[e] == l) sum += rest->load != NULL ? rest->load[e] : 1;
  }
  return sum;
}

// The sum of loads loses digits as they are subtracted: added up again once it is a small part of what it was.
static void restore_weight(const heap *h, int32_t l) {
  static const double SMALL = 1.0 / 16;
  clx_flow_link *link = &h->rest->link[l];
  if (link->weight > SMALL * link->share) return;
  link->weight = 0;
  for (int32_t k = h->first[l]; k < h->first[l + 1]; k++) {
    if (h->rest->id[h->flow[k]] >= 0) link->weight += load_on(h->rest, h->flow[k], l);
  }
  link->share = link->weight;
}

static double level_of(const clx_flow_link *link) { return (link->left > 0 ? link->left : 0) / link->weight; }

static void freeze(heap *h, int32_t i, double rate) {
  clx_flow_rest *rest = h->rest;
  rest->rate[rest->id[i]] = rate;
  clx_flow_leave(rest, i, rate);
  for (int32_t e = rest->first[i]; e < rest->first[i + 1]; e++) {
    clx_flow_link *link = &rest->link[rest->entry[e]];
    link->weight -= rest->load != NULL ? rest->load[e] : 1;
    link->low--;
  }
  rest->id[i] = -1;
  h->running--;
}

static void freeze_link(heap *h, int32_t l, double level) {
  for (int32_t k = h->first[l]; k < h->first[l + 1]; k++) {
    const int32_t i = h->flow[k];
    if (h->rest->id[i] < 0) continue;
    h->rest->cause[h->rest->id[i]] = h->rest->origin[l];
    freeze(h, i, level);
  }
}

static void start(heap *h) {
  clx_flow_rest *rest = h->rest;
  clx_flow_transpose(rest->link_count, rest->flow_count, rest->first, rest->entry, h->first, h->flow);
  for (int32_t l = 0; l < rest->link_count; l++) {
    clx_flow_link *link = &rest->link[l];
    link->low = h->first[l + 1] - h->first[l];
    link->share = link->weight;
    if (link->low > 0) h->event[h->count++] = (event){level_of(link), l};
  }
  for (int32_t i = 0; i < rest->flow_count; i++) {
    h->event[h->count++] = (event){rest->limit[rest->id[i]], rest->link_count + i};
  }
  for (int32_t at = h->count / 2 - 1; at >= 0; at--) sift_down(h, at);
}

int32_t clx_flow_heap(clx_flow_slab *order, clx_flow_rest *rest) {
  const int32_t entries = rest->first[rest->flow_count];
  const int64_t events = (int64_t)rest->link_count + rest->flow_count;
  const size_t need = clx_flow_bytes((int64_t)rest->link_count + 1, sizeof(int32_t)) +
                      clx_flow_bytes(entries, sizeof(int32_t)) + clx_flow_bytes(events, sizeof(event));
  if (!clx_flow_slab_reserve(order, need)) return -1;
  heap h = {.rest = rest, .running = rest->flow_count};
  h.first = CLX_FLOW_TAKE(order, int32_t, rest->link_count + 1);
  h.flow = CLX_FLOW_TAKE(order, int32_t, entries);
  h.event = CLX_FLOW_TAKE(order, event, events);
  start(&h);
  int32_t frozen = 0;
  while (h.running > 0) {
    const event top = h.event[0];
    if (top.id >= rest->link_count) {
      const int32_t i = top.id - rest->link_count;
      if (rest->id[i] >= 0) freeze(&h, i, top.level);
      pop(&h);
      continue;
    }
    // Levels only rise as flows freeze below them: a level that is out of date is put right when it comes up.
    const clx_flow_link *link = &rest->link[top.id];
    if (link->low <= 0) {
      pop(&h);
      continue;
    }
    restore_weight(&h, top.id);
    const double level = level_of(link);
    if (level > top.level) {
      h.event[0].level = level;
      sift_down(&h, 0);
      continue;
    }
    freeze_link(&h, top.id, level);
    frozen++;
    pop(&h);
  }
  rest->flow_count = 0;
  return frozen;
}
