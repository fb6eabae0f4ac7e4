// The graph of one rank: order of its nodes, order within streams.
#include <stdio.h>
#include <string.h>

#include "replay/replay_internal.h"

// Scratch of one rank; arrays by index of the recorded node.
typedef struct graph {
  const clx_execution *execution;
  const clx_recorded_node *node;
  const int32_t *dependency;
  int32_t rank, count, edge_count;
  int32_t *waiting;           // dependencies not yet in order
  int32_t *first, *follower;  // who waits for a node
  int32_t *heap;              // nodes that may come next
  int32_t heap_count;
  int32_t *order;  // recorded nodes in their order
  int32_t *place;  // and back
} graph;

static clx_status no_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

// --- order ------------------------------------------------------------------------------------------------------------------

static bool is_before(const graph *g, int32_t a, int32_t b) {
  const clx_recorded_node *x = &g->node[a], *y = &g->node[b];
  if (x->start < y->start || x->start > y->start) return x->start < y->start;
  return x->id != y->id ? x->id < y->id : a < b;
}

static void push(graph *g, int32_t node) {
  int32_t at = g->heap_count++;
  while (at > 0 && is_before(g, node, g->heap[(at - 1) / 2])) {
    g->heap[at] = g->heap[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  g->heap[at] = node;
}

static int32_t pop(graph *g) {
  const int32_t top = g->heap[0], last = g->heap[--g->heap_count];
  int32_t at = 0;
  for (int32_t child; (child = 2 * at + 1) < g->heap_count; at = child) {
    if (child + 1 < g->heap_count && is_before(g, g->heap[child + 1], g->heap[child])) child++;
    if (!is_before(g, g->heap[child], last)) break;
    g->heap[at] = g->heap[child];
  }
  g->heap[at] = last;
  return top;
}

static void find_followers(graph *g) {
  for (int32_t i = 0; i < g->edge_count; i++) g->first[g->dependency[i] + 1]++;
  for (int32_t i = 0; i < g->count; i++) g->first[i + 1] += g->first[i];
  for (int32_t i = 0; i < g->count; i++) {
    for (int32_t d = 0; d < g->node[i].count; d++) {
      const int32_t before = g->dependency[g->node[i].first + d];
      g->follower[g->first[before]++] = i;
    }
    g->waiting[i] = g->node[i].count;
  }
  for (int32_t i = g->count; i > 0; i--) g->first[i] = g->first[i - 1];
  g->first[0] = 0;
}

// Names a circle: from a node that was left over, go back to one that it waits for until a node comes again.
static clx_status name_circle(graph *g, clx_error *error) {
  int32_t *seen = g->place, at = 0;
  for (int32_t i = 0; i < g->count; i++) seen[i] = 0;
  while (g->waiting[at] == 0) at++;
  while (seen[at] == 0) {
    seen[at] = 1;
    int32_t d = g->node[at].first;
    while (g->waiting[g->dependency[d]] == 0) d++;
    at = g->dependency[d];
  }
  char text[512];
  size_t length = 0;
  int32_t shown = 0, i = at;
  do {
    if (shown++ < 6)
      length += (size_t)snprintf(text + length, sizeof text - length, "%llu (%.24s) waits for ",
                                 (unsigned long long)g->node[i].id, g->execution->operation[g->node[i].operation].name);
    int32_t d = g->node[i].first;
    while (g->waiting[g->dependency[d]] == 0) d++;
    i = g->dependency[d];
  } while (i != at);
  return clx_fail_plain(error, CLX_INPUT, "rank %d: dependencies in a circle of %d nodes: %s%s%llu", g->rank, shown,
                        text, shown > 6 ? "... " : "", (unsigned long long)g->node[at].id);
}

static clx_status find_order(graph *g, clx_error *error) {
  int32_t done = 0;
  find_followers(g);
  for (int32_t i = 0; i < g->count; i++) {
    if (g->waiting[i] == 0) push(g, i);
  }
  while (g->heap_count > 0) {
    const int32_t i = pop(g);
    g->order[done++] = i;
    for (int32_t f = g->first[i]; f < g->first[i + 1]; f++) {
      if (--g->waiting[g->follower[f]] == 0) push(g, g->follower[f]);
    }
  }
  if (done < g->count) return name_circle(g, error);
  for (int32_t i = 0; i < g->count; i++) g->place[g->order[i]] = i;
  return CLX_OK;
}

// --- streams ----------------------------------------------------------------------------------------------------------------

enum { NO_STREAM, HOST_STREAM, DEVICE_STREAM, MEMORY_STREAM, GROUP_STREAM, PEER_STREAM };

// What an operation queues behind, as a number; 0 = nothing.
static uint64_t stream_of(const clx_operation *o) {
  int32_t class = NO_STREAM, value = 0;
  if (o->kind == CLX_OPERATION_NOTHING) return 0;
  if (o->kind == CLX_OPERATION_HOST) {
    class = HOST_STREAM;
    value = o->stream;
  } else if (o->stream >= 0) {
    class = DEVICE_STREAM;
    value = o->stream;
  } else if (o->kind == CLX_OPERATION_MEMORY) {
    class = MEMORY_STREAM;
  } else if (o->kind == CLX_OPERATION_COLLECTIVE) {
    class = GROUP_STREAM;
    value = o->group;
  } else if (o->kind == CLX_OPERATION_SEND) {
    class = PEER_STREAM;
    value = o->peer;
  }
  return class == NO_STREAM ? 0 : (uint64_t) class << 32 | (uint32_t)value;
}

typedef struct stream {
  uint64_t key;
  int32_t last;  // place of the last node
} stream;

// The node before `place` in its stream, which then ends with it; -1 = it is the first.
static int32_t queue(stream *table, uint32_t size, uint64_t key, int32_t place) {
  uint32_t at = (uint32_t)clx_replay_mix(key, 0) & (size - 1);
  while (table[at].key != 0 && table[at].key != key) at = (at + 1) & (size - 1);
  const int32_t before = table[at].key == 0 ? -1 : table[at].last;
  table[at] = (stream){key, place};
  return before;
}

// Writes dependencies as places, sorted by node, with those of streams that were not there. Returns their number.
static int32_t write_dependencies(graph *g, stream *table, uint32_t size, int32_t *first, int32_t *out) {
  int32_t used = 0;
  for (int32_t p = 0; p < g->count; p++) {
    const clx_recorded_node *n = &g->node[g->order[p]];
    const uint64_t key = stream_of(&g->execution->operation[n->operation]);
    const int32_t before = key == 0 ? -1 : queue(table, size, key, p);
    bool known = before < 0;
    first[p] = used;
    for (int32_t d = 0; d < n->count; d++) {
      out[used] = g->place[g->dependency[n->first + d]];
      known = known || out[used] == before;
      used++;
    }
    if (!known) out[used++] = before;
  }
  first[g->count] = used;
  return used;
}

static clx_status add_rank(graph *g, clx_execution *x, clx_arena *scratch, clx_error *error) {
  uint32_t size = 16;
  while (size < 2 * (uint32_t)g->count) size *= 2;
  stream *table = CLX_NEW_ARRAY(scratch, stream, size);
  const size_t room = (size_t)g->edge_count + (size_t)g->count;
  int32_t *out = CLX_NEW_ARRAY(scratch, int32_t, room + 1);
  uint64_t *id = CLX_NEW_ARRAY(x->arena, uint64_t, g->count);
  int32_t *operation = CLX_NEW_ARRAY(x->arena, int32_t, g->count);
  int32_t *first = CLX_NEW_ARRAY(x->arena, int32_t, g->count + 1);
  if (table == NULL || out == NULL || id == NULL || operation == NULL || first == NULL) return no_memory(error);
  const int32_t used = write_dependencies(g, table, size, first, out);
  int32_t *dependency = CLX_NEW_ARRAY(x->arena, int32_t, used + 1);
  if (dependency == NULL) return no_memory(error);
  if (used > 0) memcpy(dependency, out, (size_t)used * sizeof *out);
  for (int32_t p = 0; p < g->count; p++) {
    id[p] = g->node[g->order[p]].id;
    operation[p] = g->node[g->order[p]].operation;
  }
  x->rank[g->rank] = (clx_execution_rank){g->count, id, operation, first, dependency};
  x->node_count += g->count;
  x->dependency_count += used;
  x->stream_edges += used - g->edge_count;
  return CLX_OK;
}

static clx_status check(const clx_execution *x, graph *g, clx_error *error) {
  if (g->rank < 0 || g->rank >= x->rank_count || g->count < 0 || x->rank[g->rank].id != NULL)
    return clx_fail_plain(error, CLX_INTERNAL, "rank %d of the execution cannot be set", g->rank);
  for (int32_t i = 0; i < g->count; i++) {
    const clx_recorded_node *n = &g->node[i];
    bool sound = n->operation >= 0 && n->operation < x->operation_count && n->count >= 0 && n->first == g->edge_count;
    for (int32_t d = 0; sound && d < n->count; d++)
      sound = g->dependency[n->first + d] >= 0 && g->dependency[n->first + d] < g->count;
    if (!sound || n->count > INT32_MAX / 2 - g->edge_count)
      return clx_fail_plain(error, CLX_INTERNAL, "node %d of rank %d is out of range", i, g->rank);
    g->edge_count += n->count;
  }
  return CLX_OK;
}

static clx_status set_rank(graph *g, clx_execution *x, clx_arena *scratch, clx_error *error) {
  CLX_TRY(check(x, g, error));
  g->waiting = CLX_NEW_ARRAY(scratch, int32_t, g->count + 1);
  g->first = CLX_NEW_ARRAY(scratch, int32_t, g->count + 2);
  g->follower = CLX_NEW_ARRAY(scratch, int32_t, g->edge_count + 1);
  g->heap = CLX_NEW_ARRAY(scratch, int32_t, g->count + 1);
  g->order = CLX_NEW_ARRAY(scratch, int32_t, g->count + 1);
  g->place = CLX_NEW_ARRAY(scratch, int32_t, g->count + 1);
  if (g->waiting == NULL || g->first == NULL || g->follower == NULL || g->heap == NULL || g->order == NULL ||
      g->place == NULL)
    return no_memory(error);
  CLX_TRY(find_order(g, error));
  return add_rank(g, x, scratch, error);
}

clx_status clx_execution_set_rank(clx_execution *execution, int32_t rank, const clx_recorded_node *node, int32_t count,
                                  const int32_t *dependency, clx_error *error) {
  graph g = {.execution = execution, .node = node, .dependency = dependency, .rank = rank, .count = count};
  clx_arena *scratch = clx_arena_new();
  if (scratch == NULL) return no_memory(error);
  const clx_status status = set_rank(&g, execution, scratch, error);
  clx_arena_free(scratch);
  return status;
}
