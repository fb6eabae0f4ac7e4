// Groups of ranks: comm_group.json of ASTRA-sim, and what PyTorch's process_group:init lists.
#include <stdlib.h>
#include <string.h>

#include "import/import_chakra_internal.h"

// Where `name` stands or would stand.
static int32_t place_of(const clx_chakra_groups *g, const char *name) {
  int32_t low = 0, high = g->count;
  while (low < high) {
    const int32_t middle = low + (high - low) / 2;
    if (strcmp(g->name[middle], name) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

int32_t clx_chakra_groups_find(const clx_chakra_groups *groups, const char *name) {
  const int32_t at = place_of(groups, name);
  return at < groups->count && strcmp(groups->name[at], name) == 0 ? groups->group[at] : -1;
}

static bool grow(clx_chakra_groups *g, clx_arena *arena) {
  if (g->count < g->room) return true;
  const int32_t room = g->room == 0 ? 16 : g->room * 2;
  const char **name = CLX_NEW_ARRAY(arena, const char *, room);
  int32_t *group = CLX_NEW_ARRAY(arena, int32_t, room);
  if (name == NULL || group == NULL) return false;
  if (g->count > 0) {
    memcpy((void *)name, (const void *)g->name, (size_t)g->count * sizeof *name);
    memcpy(group, g->group, (size_t)g->count * sizeof *group);
  }
  g->name = name;
  g->group = group;
  g->room = room;
  return true;
}

// A group of that name; a later one of the same name takes its place.
static clx_status put(clx_chakra_groups *g, clx_arena *arena, const char *name, int32_t group, clx_error *error) {
  if (group < 0 || !grow(g, arena)) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const int32_t at = place_of(g, name);
  if (at < g->count && strcmp(g->name[at], name) == 0) {
    g->group[at] = group;
    return CLX_OK;
  }
  memmove((void *)&g->name[at + 1], (const void *)&g->name[at], (size_t)(g->count - at) * sizeof *g->name);
  memmove(&g->group[at + 1], &g->group[at], (size_t)(g->count - at) * sizeof *g->group);
  g->name[at] = name;
  g->group[at] = group;
  g->count++;
  return CLX_OK;
}

static int compare_ranks(const void *a, const void *b) {
  const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
  return (x > y) - (x < y);
}

// A rank that a group has twice, -1 = none. O(n log n).
static int32_t twice(clx_arena *arena, const int32_t *rank, int32_t count) {
  int32_t *sorted = CLX_NEW_ARRAY(arena, int32_t, count + 1);
  if (sorted == NULL || count == 0) return -1;
  memcpy(sorted, rank, (size_t)count * sizeof *sorted);
  qsort(sorted, (size_t)count, sizeof *sorted, compare_ranks);
  for (int32_t i = 1; i < count; i++) {
    if (sorted[i] == sorted[i - 1]) return sorted[i];
  }
  return -1;
}

static clx_status read_ranks(const clx_chakra_groups *g, clx_arena *arena, const char *name, const clx_node *list,
                             int32_t *group, clx_error *error) {
  const int32_t ranks = g->execution->rank_count;
  if (list == NULL || list->kind != CLX_NODE_LIST)
    return clx_fail(error, CLX_INPUT, list != NULL ? list->place : (clx_place){0},
                    "group %s: expected a list of ranks such as [0, 1, 2, 3]", name);
  int32_t *rank = CLX_NEW_ARRAY(arena, int32_t, list->child_count + 1);
  if (rank == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < list->child_count; i++) {
    const clx_node *item = &list->child[i];
    char *end = NULL;
    const long value = item->kind == CLX_NODE_SCALAR ? strtol(item->text, &end, 10) : -1;
    if (end == NULL || end == item->text || *end != '\0' || value < 0)
      return clx_fail(error, CLX_INPUT, item->place, "group %s: '%.40s' is no rank", name,
                      item->kind == CLX_NODE_SCALAR ? item->text : "a list");
    if (value >= ranks)
      return clx_fail(error, CLX_INPUT, item->place,
                      "group %s has rank %ld, of which there is no trace (0 to %d are there)", name, value, ranks - 1);
    rank[i] = (int32_t)value;
  }
  const int32_t again = twice(arena, rank, list->child_count);
  if (again >= 0) return clx_fail(error, CLX_INPUT, list->place, "group %s has rank %d twice", name, again);
  // An empty list is PyTorch's way to say all.
  *group = list->child_count == 0 ? 0 : clx_execution_group_add(g->execution, name, rank, list->child_count);
  return *group >= 0 ? CLX_OK : clx_fail_plain(error, CLX_MEMORY, "out of memory");
}

clx_status clx_chakra_groups_read(clx_chakra_groups *groups, clx_arena *arena, const clx_node *root, clx_error *error) {
  if (root->kind != CLX_NODE_MAP)
    return clx_fail(error, CLX_INPUT, root->place, "expected an object such as {\"1\": [0, 1, 2, 3]}");
  for (int32_t i = 0; i < root->child_count; i++) {
    const clx_node *item = &root->child[i];
    int32_t group = -1;
    CLX_TRY(read_ranks(groups, arena, item->key, item, &group, error));
    CLX_TRY(put(groups, arena, item->key, group, error));
  }
  return CLX_OK;
}

// The JSON in the values of a node, which Python wrote as a list of one text: ['[{"pg_name": ...}]'].
static clx_wire_text json_of(clx_wire_text values) {
  const char *d = values.data;
  const size_t n = values.size;
  const bool wrapped = n >= 4 && d[0] == '[' && (d[1] == '\'' || d[1] == '"') && d[n - 2] == d[1] && d[n - 1] == ']';
  return wrapped ? (clx_wire_text){d + 2, n - 4} : values;
}

clx_status clx_chakra_groups_init(clx_chakra_groups *groups, const clx_chakra_rank *r, const clx_chakra_node *node) {
  const clx_wire_text json = json_of(node->values);
  clx_node *root = NULL;
  clx_error why;
  clx_error_clear(&why);
  if (json.data == NULL || json.size == 0 || json.data[0] != '[') return CLX_OK;  // metadata of another kind
  if (clx_document_read(r->scratch, "pg_name", json.data, json.size, &root, &why) != CLX_OK ||
      root->kind != CLX_NODE_LIST)
    return clx_chakra_fail(r, node, "its list of process groups is no JSON: %.200s", why.mistake[0].text);
  for (int32_t i = 0; i < root->child_count; i++) {
    const clx_node *item = &root->child[i];
    const clx_node *name = item->kind == CLX_NODE_MAP ? clx_node_get(item, "pg_name") : NULL;
    int32_t group = -1;
    if (name == NULL || name->kind != CLX_NODE_SCALAR) {
      if (i == 0) return CLX_OK;
      return clx_chakra_fail(r, node, "process group %d of its list has no pg_name", i);
    }
    if (read_ranks(groups, r->scratch, name->text, clx_node_get(item, "ranks"), &group, &why) != CLX_OK)
      return clx_chakra_fail(r, node, "%.200s", why.mistake[0].text);
    CLX_TRY(put(groups, r->scratch, name->text, group, r->error));
  }
  return CLX_OK;
}
