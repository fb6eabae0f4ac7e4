// A trace of unknown length: pieces that are moved to their place at the end, so that the peak is one trace and one piece.
#include <string.h>

#include "requests/requests_internal.h"

enum { PIECE = 1 << 16 };  // items

typedef struct clx_piece {
  struct clx_piece *next;
  clx_arena *arena;  // this piece is all it holds
  int32_t used;
  void *item;
} clx_piece;

// Room for one more item of `size` bytes, or NULL.
static void *push(clx_pieces *pieces, size_t size) {
  if (pieces->count == INT32_MAX) return NULL;
  if (pieces->last == NULL || pieces->last->used == PIECE) {
    clx_arena *arena = clx_arena_new();
    clx_piece *piece = arena != NULL ? CLX_NEW(arena, clx_piece) : NULL;
    if (piece != NULL) piece->item = clx_arena_array(arena, PIECE, size);
    if (piece == NULL || piece->item == NULL) {
      clx_arena_free(arena);
      return NULL;
    }
    piece->arena = arena;
    *(pieces->last != NULL ? &pieces->last->next : &pieces->first) = piece;
    pieces->last = piece;
  }
  pieces->count++;
  return (char *)pieces->last->item + size * (size_t)pieces->last->used++;
}

static void drop(clx_pieces *pieces) {
  while (pieces->first != NULL) {
    clx_piece *piece = pieces->first;
    pieces->first = piece->next;
    clx_arena_free(piece->arena);
  }
  *pieces = (clx_pieces){0};
}

// NULL: out of memory.
static void *move(clx_pieces *pieces, clx_arena *arena, size_t size, int32_t count) {
  char *out = clx_arena_array(arena, (size_t)count + 1, size);
  for (int32_t at = 0; out != NULL && pieces->first != NULL;) {
    clx_piece *piece = pieces->first;
    memcpy(out + size * (size_t)at, piece->item, size * (size_t)piece->used);
    at += piece->used;
    pieces->first = piece->next;
    clx_arena_free(piece->arena);
  }
  drop(pieces);
  return out;
}

bool clx_store_block(clx_store *store, int64_t name) {
  int64_t *at = push(&store->blocks, sizeof *at);
  if (at != NULL) *at = name;
  return at != NULL;
}

bool clx_store_request(clx_store *store, const clx_request *request) {
  clx_request *at = push(&store->items, sizeof *at);
  if (at == NULL) return false;
  *at = *request;
  at->first_block = store->first_block;
  at->blocks = store->blocks.count - store->first_block;
  store->first_block = store->blocks.count;
  return true;
}

void clx_store_forget(clx_store *store) { store->first_block = store->blocks.count; }

clx_status clx_store_finish(clx_store *store, clx_arena *arena, clx_requests *out, clx_error *error) {
  *out = (clx_requests){.count = store->items.count, .block_count = store->blocks.count, .tenants = 1};
  if (store->tenants.count > 0) {
    out->tenants = store->tenants.count;
    out->tenant_name = store->tenants.name;
  }
  out->item = move(&store->items, arena, sizeof *out->item, out->count);
  out->block = move(&store->blocks, arena, sizeof *out->block, out->block_count);
  if (out->item == NULL || out->block == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  return CLX_OK;
}

void clx_store_free(clx_store *store) {
  drop(&store->items);
  drop(&store->blocks);
}
