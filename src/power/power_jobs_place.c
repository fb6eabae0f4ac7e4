// Which nodes a job gets: the lowest that are free, or those that it names.
#include <string.h>

#include "power/power_jobs_internal.h"

enum { BITS = 64 };

bool clx_nodes_make(clx_nodes *n, int64_t count, clx_arena *arena) {
  *n = (clx_nodes){.count = (int32_t)count, .free = (int32_t)count};
  n->words = (n->count + BITS - 1) / BITS;
  n->word = CLX_NEW_ARRAY(arena, uint64_t, n->words);
  n->range = CLX_NEW_ARRAY(arena, clx_node_range, count / 2 + 1);
  if (n->word == NULL || n->range == NULL) return false;
  memset(n->word, 0xff, (size_t)n->words * sizeof *n->word);
  if (n->count % BITS != 0) n->word[n->words - 1] = (UINT64_C(1) << (n->count % BITS)) - 1;
  return true;
}

// Ones of a word from bit `from`, `length` of them.
static uint64_t mask(int32_t from, int32_t length) {
  return (length == BITS ? ~UINT64_C(0) : (UINT64_C(1) << length) - 1) << from;
}

// Sets or clears a range.
static void set(clx_nodes *n, clx_node_range r, bool is_free) {
  for (int32_t at = r.from; at < r.to;) {
    const int32_t bit = at % BITS, left = r.to - at, length = left < BITS - bit ? left : BITS - bit;
    if (is_free) {
      n->word[at / BITS] |= mask(bit, length);
    } else {
      n->word[at / BITS] &= ~mask(bit, length);
    }
    at += length;
  }
  n->free += is_free ? r.to - r.from : r.from - r.to;
}

static bool all_free(const clx_nodes *n, clx_node_range r) {
  for (int32_t at = r.from; at < r.to;) {
    const int32_t bit = at % BITS, left = r.to - at, length = left < BITS - bit ? left : BITS - bit;
    const uint64_t wanted = mask(bit, length);
    if ((n->word[at / BITS] & wanted) != wanted) return false;
    at += length;
  }
  return true;
}

// Free nodes from the lowest on, `needed` of them, as ranges in n->range.
static int32_t lowest(clx_nodes *n, int32_t needed) {
  int32_t ranges = 0;
  for (int32_t w = 0; needed > 0; w++) {
    uint64_t left = n->word[w];
    while (left != 0 && needed > 0) {
      const int32_t bit = __builtin_ctzll(left);
      const uint64_t gap = ~(left >> bit);
      int32_t length = gap == 0 ? BITS : __builtin_ctzll(gap);
      if (length > BITS - bit) length = BITS - bit;
      if (length > needed) length = needed;
      const int32_t from = w * BITS + bit;
      if (ranges > 0 && n->range[ranges - 1].to == from) {
        n->range[ranges - 1].to += length;
      } else {
        n->range[ranges++] = (clx_node_range){from, from + length};
      }
      left &= ~mask(bit, length);
      needed -= length;
    }
  }
  return ranges;
}

int32_t clx_nodes_take(clx_nodes *n, int64_t nodes, int64_t first, bool *fits) {
  *fits = false;
  if (nodes > n->free) return 0;
  int32_t ranges = 1;
  if (first >= 0) {
    n->range[0] = (clx_node_range){(int32_t)first, (int32_t)(first + nodes)};
    if (!all_free(n, n->range[0])) return 0;
  } else {
    ranges = lowest(n, (int32_t)nodes);
  }
  for (int32_t i = 0; i < ranges; i++) set(n, n->range[i], false);
  *fits = true;
  return ranges;
}

void clx_nodes_give_back(clx_nodes *n, const clx_node_range *range, int32_t ranges) {
  for (int32_t i = 0; i < ranges; i++) set(n, range[i], true);
}
