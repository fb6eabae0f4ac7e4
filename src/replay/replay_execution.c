// Operations, names and groups of an execution: equal ones are stored once.
#include <stdlib.h>
#include <string.h>

#include "replay/replay_internal.h"

const char *const clx_operation_kind_name[CLX_OPERATION_KINDS + 1] = {"nothing", "host",    "compute",    "memory",
                                                                      "send",    "receive", "collective", NULL};

// A table of open addressing: slots hold index + 1, 0 = free.
typedef struct slots {
  int32_t *slot;
  uint32_t size;  // a power of two
  int32_t used;
} slots;

struct clx_execution_index {
  slots operations, names, groups;
  const char **name;
  int32_t name_count, name_room, operation_room, group_room;
};

// Doubles the table when it is half full; `hash` gives that of entry i.
static bool grow(clx_execution *x, slots *s, uint64_t (*hash)(const clx_execution *, int32_t)) {
  if (s->slot != NULL && (uint32_t)s->used * 2 < s->size) return true;
  const uint32_t size = s->slot == NULL ? 64 : s->size * 2;
  int32_t *slot = CLX_NEW_ARRAY(x->arena, int32_t, size);
  if (slot == NULL) return false;
  for (int32_t i = 0; i < s->used; i++) {
    uint32_t at = (uint32_t)hash(x, i) & (size - 1);
    while (slot[at] != 0) at = (at + 1) & (size - 1);
    slot[at] = i + 1;
  }
  s->slot = slot;
  s->size = size;
  return true;
}

// Makes room for one more entry of `size` bytes; *data is moved when it is full.
static bool reserve(clx_arena *arena, void **data, int32_t used, int32_t *room, size_t size) {
  if (used < *room) return true;
  const int32_t more = *room == 0 ? 64 : *room * 2;
  void *moved = clx_arena_array(arena, (size_t)more, size);
  if (moved == NULL) return false;
  if (used > 0) memcpy(moved, *data, (size_t)used * size);
  *data = moved;
  *room = more;
  return true;
}

// --- names ------------------------------------------------------------------------------------------------------------------

static uint64_t hash_text(const char *text) {
  uint64_t h = 1469598103934665603u;
  for (; *text != '\0'; text++) h = (h ^ (unsigned char)*text) * 1099511628211u;
  return clx_replay_mix(h, 0);
}

static uint64_t hash_name(const clx_execution *x, int32_t i) { return hash_text(x->index->name[i]); }

static const char *keep_name(clx_execution *x, const char *text) {
  struct clx_execution_index *index = x->index;
  if (!grow(x, &index->names, hash_name)) return NULL;
  uint32_t at = (uint32_t)hash_text(text) & (index->names.size - 1);
  for (; index->names.slot[at] != 0; at = (at + 1) & (index->names.size - 1)) {
    const char *known = index->name[index->names.slot[at] - 1];
    if (strcmp(known, text) == 0) return known;
  }
  void *names = (void *)index->name;
  if (!reserve(x->arena, &names, index->name_count, &index->name_room, sizeof *index->name)) return NULL;
  index->name = names;
  const char *copy = clx_arena_text(x->arena, text);
  if (copy == NULL) return NULL;
  index->name[index->name_count++] = copy;
  index->names.slot[at] = ++index->names.used;
  return copy;
}

// --- operations -------------------------------------------------------------------------------------------------------------

static uint64_t bits(double value) {
  uint64_t out;
  memcpy(&out, &value, sizeof out);
  return out;
}

static uint64_t hash_fields(const clx_operation *o) {
  uint64_t h = clx_replay_mix((uint64_t)(uintptr_t)o->name, (uint64_t)(uint32_t)o->kind << 32 | (uint32_t)o->group);
  h = clx_replay_mix(h, (uint64_t)(uint32_t)o->peer << 32 | (uint32_t)o->tag);
  h = clx_replay_mix(h, (uint64_t)(uint32_t)o->stream << 32 | (uint32_t)o->collective);
  h = clx_replay_mix(h, bits(o->duration));
  h = clx_replay_mix(h, bits(o->flop));
  return clx_replay_mix(h, bits(o->bytes));
}

static uint64_t hash_operation(const clx_execution *x, int32_t i) { return hash_fields(&x->operation[i]); }

static bool is_same(const clx_operation *a, const clx_operation *b) {
  return a->name == b->name && a->kind == b->kind && a->collective == b->collective && a->group == b->group &&
         a->peer == b->peer && a->tag == b->tag && a->stream == b->stream && bits(a->duration) == bits(b->duration) &&
         bits(a->flop) == bits(b->flop) && bits(a->bytes) == bits(b->bytes);
}

int32_t clx_execution_operation(clx_execution *x, const clx_operation *operation) {
  clx_operation o = *operation;
  slots *s = &x->index->operations;
  o.name = keep_name(x, operation->name != NULL ? operation->name : "");
  if (o.name == NULL || !grow(x, s, hash_operation)) return -1;
  uint32_t at = (uint32_t)hash_fields(&o) & (s->size - 1);
  for (; s->slot[at] != 0; at = (at + 1) & (s->size - 1)) {
    if (is_same(&x->operation[s->slot[at] - 1], &o)) return s->slot[at] - 1;
  }
  void *rows = x->operation;
  if (!reserve(x->arena, &rows, x->operation_count, &x->index->operation_room, sizeof o)) return -1;
  x->operation = rows;
  x->operation[x->operation_count++] = o;
  s->slot[at] = ++s->used;
  return x->operation_count - 1;
}

// --- groups -----------------------------------------------------------------------------------------------------------------

static uint64_t hash_ranks(const int32_t *rank, int32_t size) {
  uint64_t h = (uint64_t)(uint32_t)size;
  for (int32_t i = 0; i < size; i++) h = clx_replay_mix(h, (uint64_t)(uint32_t)rank[i] + 1);
  return h;
}

static uint64_t hash_group(const clx_execution *x, int32_t i) {
  return clx_replay_mix(hash_ranks(x->group[i].rank, x->group[i].size), (uint64_t)(uintptr_t)x->group[i].name);
}

static int compare_ranks(const void *a, const void *b) {
  const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
  return (x > y) - (x < y);
}

int32_t clx_execution_group_add(clx_execution *x, const char *name, const int32_t *rank, int32_t size) {
  slots *s = &x->index->groups;
  int32_t *sorted = CLX_NEW_ARRAY(x->arena, int32_t, size > 0 ? size : 1), kept = 0;
  const char *kept_name = keep_name(x, name);
  if (sorted == NULL || kept_name == NULL || !grow(x, s, hash_group)) return -1;
  if (size > 0) memcpy(sorted, rank, (size_t)size * sizeof *sorted);
  qsort(sorted, (size_t)size, sizeof *sorted, compare_ranks);
  for (int32_t i = 0; i < size; i++) {
    if (kept == 0 || sorted[i] != sorted[kept - 1]) sorted[kept++] = sorted[i];
  }
  const clx_execution_group group = {kept_name, sorted, kept};
  uint32_t at = (uint32_t)clx_replay_mix(hash_ranks(sorted, kept), (uint64_t)(uintptr_t)kept_name) & (s->size - 1);
  for (; s->slot[at] != 0; at = (at + 1) & (s->size - 1)) {
    const clx_execution_group *g = &x->group[s->slot[at] - 1];
    if (g->name == kept_name && g->size == kept && memcmp(g->rank, sorted, (size_t)kept * sizeof *sorted) == 0)
      return s->slot[at] - 1;
  }
  void *rows = x->group;
  if (!reserve(x->arena, &rows, x->group_count, &x->index->group_room, sizeof *x->group)) return -1;
  x->group = rows;
  x->group[x->group_count++] = group;
  s->slot[at] = ++s->used;
  return x->group_count - 1;
}

clx_status clx_execution_new(clx_arena *arena, int32_t ranks, clx_execution *x, clx_error *error) {
  if (ranks < 1 || ranks > CLX_EXECUTION_RANKS_MAX)
    return clx_fail_plain(error, CLX_INPUT, "an execution of %d ranks: expected 1 to %d", ranks,
                          CLX_EXECUTION_RANKS_MAX);
  *x = (clx_execution){.arena = arena, .rank_count = ranks};
  x->rank = CLX_NEW_ARRAY(arena, clx_execution_rank, ranks);
  x->index = CLX_NEW(arena, struct clx_execution_index);
  int32_t *all = CLX_NEW_ARRAY(arena, int32_t, ranks);
  if (x->rank == NULL || x->index == NULL || all == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < ranks; i++) all[i] = i;
  return clx_execution_group_add(x, "0", all, ranks) == 0 ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
}
