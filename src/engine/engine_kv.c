// Blocks of keys and values of one rank: taken and given back by count, and with a prefix cache by name. Blocks that nobody holds
// stand in one queue, those given back first in front; whoever takes blocks takes them from there and ends their names, so that
// names go least recently used first (the free queue of vLLM's block pool).
#include "engine/engine_internal.h"

#include <string.h>

static uint64_t slot_of(const clx_kv *store, uint64_t key, bool own) {
  uint64_t x = key + (own ? 0xd1b54a32d192ed03u : 0x9e3779b97f4a7c15u);
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return (x ^ (x >> 31)) & (uint64_t)(store->table_room - 1);
}

static uint64_t next_slot(const clx_kv *store, uint64_t slot) { return (slot + 1) & (uint64_t)(store->table_room - 1); }

// --- nodes ----------------------------------------------------------------------------------------------------------------------

static bool grow_nodes(clx_kv *store) {
  const int32_t room = store->node_room == 0 ? 64 : 2 * store->node_room;
  clx_node *node = CLX_NEW_ARRAY(store->arena, clx_node, room);
  if (node == NULL) {
    store->failed = true;
    return false;
  }
  if (store->nodes > 0) memcpy(node, store->node, (size_t)store->nodes * sizeof(clx_node));
  store->node = node;
  store->node_room = room;
  return true;
}

static int32_t new_node(clx_kv *store, int32_t weight) {
  int32_t i = store->spare;
  if (i != CLX_NOBODY) {
    store->spare = store->node[i].next;
  } else {
    if (store->nodes == store->node_room && !grow_nodes(store)) return CLX_NOBODY;
    i = store->nodes++;
  }
  store->node[i] = (clx_node){.weight = weight, .previous = CLX_NOBODY, .next = CLX_NOBODY};
  return i;
}

static void retire(clx_kv *store, int32_t i) {
  store->node[i].next = store->spare;
  store->spare = i;
}

static void link_between(clx_kv *store, int32_t i, int32_t previous, int32_t next) {
  store->node[i].previous = previous;
  store->node[i].next = next;
  *(previous == CLX_NOBODY ? &store->head : &store->node[previous].next) = i;
  *(next == CLX_NOBODY ? &store->tail : &store->node[next].previous) = i;
}

static void unlink_node(clx_kv *store, int32_t i) {
  const clx_node *n = &store->node[i];
  *(n->previous == CLX_NOBODY ? &store->head : &store->node[n->previous].next) = n->next;
  *(n->next == CLX_NOBODY ? &store->tail : &store->node[n->next].previous) = n->previous;
}

// --- names ----------------------------------------------------------------------------------------------------------------------

static void put_in_table(clx_kv *store, int32_t i) {
  uint64_t slot = slot_of(store, store->node[i].key, store->node[i].own);
  while (store->table[slot] != 0) slot = next_slot(store, slot);
  store->table[slot] = i + 1;
}

static bool grow_table(clx_kv *store) {
  const int32_t old_room = store->table_room, room = old_room == 0 ? 128 : 2 * old_room;
  const int32_t *old = store->table;
  int32_t *table = CLX_NEW_ARRAY(store->arena, int32_t, room);
  if (table == NULL) {
    store->failed = true;
    return false;
  }
  store->table = table;
  store->table_room = room;
  for (int32_t k = 0; k < old_room; k++) {
    if (old[k] != 0) put_in_table(store, old[k] - 1);
  }
  return true;
}

// Takes a name out; later ones of its chain move up (Knuth, 6.4, algorithm R).
static void remove_name(clx_kv *store, int32_t i) {
  uint64_t hole = slot_of(store, store->node[i].key, store->node[i].own);
  while (store->table[hole] != i + 1) hole = next_slot(store, hole);
  store->table[hole] = 0;
  store->table_used--;
  for (uint64_t k = next_slot(store, hole); store->table[k] != 0; k = next_slot(store, k)) {
    const clx_node *n = &store->node[store->table[k] - 1];
    const uint64_t home = slot_of(store, n->key, n->own), mask = (uint64_t)(store->table_room - 1);
    if (((k - home) & mask) < ((k - hole) & mask)) continue;
    store->table[hole] = store->table[k];
    store->table[k] = 0;
    hole = k;
  }
  store->node[i].named = false;
}

int32_t clx_kv_find(const clx_kv *store, uint64_t key, bool own) {
  if (store->table_room == 0) return CLX_NOBODY;
  for (uint64_t slot = slot_of(store, key, own); store->table[slot] != 0; slot = next_slot(store, slot)) {
    const clx_node *n = &store->node[store->table[slot] - 1];
    if (n->key == key && n->own == own) return store->table[slot] - 1;
  }
  return CLX_NOBODY;
}

int32_t clx_kv_name(clx_kv *store, uint64_t key, bool own, int32_t weight) {
  if (clx_kv_find(store, key, own) != CLX_NOBODY) return CLX_NOBODY;
  if (2 * store->table_used >= store->table_room && !grow_table(store)) return CLX_NOBODY;
  const int32_t i = new_node(store, weight);
  if (i == CLX_NOBODY) return CLX_NOBODY;
  clx_node *n = &store->node[i];
  n->key = key;
  n->own = own;
  n->named = true;
  n->holders = 1;
  put_in_table(store, i);
  store->table_used++;
  return i;
}

// --- taking and giving ------------------------------------------------------------------------------------------------------------

void clx_kv_take(clx_kv *store, int64_t blocks) {
  store->free -= blocks;
  if (!store->cached) return;
  while (blocks > 0) {
    const int32_t i = store->head;
    clx_node *n = &store->node[i];
    if (n->named) remove_name(store, i);
    if (n->weight > blocks) {
      n->weight -= (int32_t)blocks;
      return;
    }
    blocks -= n->weight;
    unlink_node(store, i);
    retire(store, i);
  }
}

// Blocks without a name join the queue at its end.
void clx_kv_give(clx_kv *store, int64_t blocks) {
  store->free += blocks;
  if (!store->cached || blocks == 0) return;
  if (store->tail != CLX_NOBODY && !store->node[store->tail].named) {
    store->node[store->tail].weight += (int32_t)blocks;
    return;
  }
  const int32_t i = new_node(store, (int32_t)blocks);
  if (i != CLX_NOBODY) link_between(store, i, store->tail, CLX_NOBODY);
}

void clx_kv_hold(clx_kv *store, int32_t node) {
  clx_node *n = &store->node[node];
  if (n->holders++ > 0) return;
  unlink_node(store, node);
  store->free -= n->weight;
}

void clx_kv_drop(clx_kv *store, int32_t node) {
  clx_node *n = &store->node[node];
  if (--n->holders > 0) return;
  store->free += n->weight;
  link_between(store, node, store->tail, CLX_NOBODY);
}

void clx_kv_forget(clx_kv *store, int32_t node) {
  remove_name(store, node);
  retire(store, node);
}

void clx_kv_unname(clx_kv *store, int32_t node) { remove_name(store, node); }

int64_t clx_kv_count_free(const clx_kv *store) {
  if (!store->cached) return store->free;
  int64_t free = 0;
  for (int32_t i = store->head; i != CLX_NOBODY; i = store->node[i].next) free += store->node[i].weight;
  return free;
}

void clx_kv_reset(clx_kv *store) {
  store->free = store->total;
  store->nodes = store->table_used = 0;
  store->spare = store->head = store->tail = CLX_NOBODY;
  if (store->table_room > 0) memset(store->table, 0, (size_t)store->table_room * sizeof(int32_t));
  if (!store->cached) return;
  const int32_t i = new_node(store, (int32_t)store->total);
  if (i != CLX_NOBODY) link_between(store, i, CLX_NOBODY, CLX_NOBODY);
}

void clx_kv_open(clx_kv *store, const clx_rules *rules, int32_t name_tokens, clx_arena *arena) {
  const int32_t unit_tokens = name_tokens > rules->block ? name_tokens : rules->block;
  *store = (clx_kv){.total = rules->blocks,
                    .free = rules->blocks,
                    .share = 1.0 / (double)rules->blocks,
                    .unit = unit_tokens / rules->block,
                    .step = name_tokens > 0 ? unit_tokens / name_tokens : 1,
                    .unit_tokens = unit_tokens,
                    .cached = rules->prefix,
                    .arena = arena};
  clx_kv_reset(store);
}
