// Plain networks: dimensions of switches or rings, as other simulators have them.
#include <math.h>
#include <stdio.h>

#include "network/network_schedule.h"

typedef struct plain {
  clx_plain_dimension dimension[CLX_PLAIN_DIMENSIONS_MAX];
  int32_t stride[CLX_PLAIN_DIMENSIONS_MAX + 1];  // ranks between neighbours; the last one = all ranks
  int32_t count;
} plain;

// Link of a rank in a dimension; way 0: to the switch, or to the next rank; 1: from the switch, or to the rank before.
static int32_t link_id(const plain *p, int32_t dimension, int32_t way, int32_t rank) {
  return (2 * dimension + way) * p->stride[p->count] + rank;
}

static int32_t plain_path(const void *context, int32_t from, int32_t to, int32_t part, int32_t *link, double *latency,
                          double *share, clx_error *error) {
  (void)part;
  const plain *p = context;
  int32_t count = 0, at = from;
  *latency = 0;
  *share = 1;
  for (int32_t d = 0; d < p->count; d++) {
    const int32_t size = p->dimension[d].size, stride = p->stride[d];
    const int32_t here = at / stride % size, there = to / stride % size;
    const int32_t forward = (there - here + size) % size;
    if (forward == 0) continue;
    const int32_t way = p->dimension[d].ring && forward > size - forward ? 1 : 0;
    const int32_t hops = !p->dimension[d].ring ? 2 : way == 0 ? forward : size - forward;
    if (count + hops > CLX_WIRES_PATH_MAX) {
      clx_fail_plain(error, CLX_INFEASIBLE, "the way from rank %d to rank %d has more than %d links", from, to,
                     CLX_WIRES_PATH_MAX);
      return -1;
    }
    *latency += hops * p->dimension[d].latency;
    if (!p->dimension[d].ring) {
      link[count++] = link_id(p, d, 0, at);
      at += (there - here) * stride;
      link[count++] = link_id(p, d, 1, at);
      continue;
    }
    for (int32_t i = 0; i < hops; i++) {
      link[count++] = link_id(p, d, way, at);
      const int32_t x = at / stride % size, next = way == 0 ? (x + 1) % size : (x + size - 1) % size;
      at += (next - x) * stride;
    }
  }
  return count;
}

// The dimension that all members of every group of a round share, or -1.
static int32_t dimension_of(const plain *p, int32_t size, int32_t stride) {
  for (int32_t d = 0; d < p->count; d++) {
    const int64_t span = (int64_t)size * stride;
    if (stride % p->stride[d] == 0 && p->stride[d + 1] % span == 0) return d;
  }
  return -1;
}

static bool plain_uniform(const void *context, const clx_round *round, clx_wires_uniform *out) {
  const plain *p = context;
  if (round->kind < CLX_ROUND_SHIFT || round->rank != NULL) return false;
  const int32_t size = round->size == 0 ? p->stride[p->count] : round->size;
  const int32_t stride = round->size == 0 ? 1 : round->stride;
  const int32_t d = dimension_of(p, size, stride);
  if (d < 0) return false;
  const clx_plain_dimension *dimension = &p->dimension[d];
  *out = (clx_wires_uniform){.flows = 1, .count = 2, .latency = 2 * dimension->latency};
  out->link[0] = 2 * d;
  out->link[1] = 2 * d + 1;
  out->load[0] = out->load[1] = 1;
  if (!dimension->ring) {
    if (round->kind == CLX_ROUND_ALL_TO_ALL) out->flows = size - 1;
    out->load[0] = out->load[1] = out->flows;
    return true;
  }
  if (round->kind != CLX_ROUND_SHIFT || size != dimension->size) return false;
  const int32_t forward = (round->operand % size + size) % size;
  const bool back = forward > size - forward;
  const int32_t hops = back ? size - forward : forward;
  out->count = 1;
  out->link[0] = back ? 2 * d + 1 : 2 * d;
  out->load[0] = hops;
  out->latency = hops * dimension->latency;
  return true;
}

static void plain_name(const void *context, int32_t link, char *text, size_t size) {
  const plain *p = context;
  const int32_t ranks = p->stride[p->count], kind = link / ranks, d = kind / 2;
  const char *ways[2][2] = {{"up", "down"}, {"forward", "back"}};
  snprintf(text, size, "link %s of rank %d in dimension %d", ways[p->dimension[d].ring != 0][kind % 2], link % ranks,
           d + 1);
}

clx_status clx_wires_plain(clx_arena *arena, const clx_plain_dimension *dimension, int32_t count, bool flat,
                           clx_wires *wires, clx_error *error) {
  int64_t ranks = 1;
  if (count < 1 || count > CLX_PLAIN_DIMENSIONS_MAX)
    return clx_fail_plain(error, CLX_INPUT, "a network has 1 to %d dimensions, this one %d", CLX_PLAIN_DIMENSIONS_MAX,
                          count);
  plain *p = CLX_NEW(arena, plain);
  double *capacity = CLX_NEW_ARRAY(arena, double, 2 * CLX_PLAIN_DIMENSIONS_MAX);
  if (p == NULL || capacity == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  p->count = count;
  for (int32_t d = 0; d < count; d++) {
    const clx_plain_dimension *x = &dimension[d];
    if (x->size < 1 || !(isfinite(x->rate) && x->rate > 0) || !(isfinite(x->latency) && x->latency >= 0))
      return clx_fail_plain(error, CLX_INPUT, "dimension %d needs a size of at least 1 and finite rate and latency",
                            d + 1);
    p->dimension[d] = *x;
    p->stride[d] = (int32_t)ranks;
    ranks *= x->size;
    if (ranks > 1 << 27) return clx_fail_plain(error, CLX_INPUT, "a network of more than 2^27 ranks is too large");
    p->stride[d + 1] = (int32_t)ranks;
    for (int32_t way = 0; way < 2; way++) capacity[(size_t)2 * (size_t)d + (size_t)way] = x->rate;
  }
  *wires = (clx_wires){.ranks = (int32_t)ranks,
                       .parts = 1,
                       .context = p,
                       .path = plain_path,
                       .uniform = plain_uniform,
                       .class_count = 2 * count,
                       .class_capacity = capacity,
                       .name = plain_name};
  if (!flat) return CLX_OK;
  double *each = CLX_NEW_ARRAY(arena, double, (int64_t)2 * count * ranks);
  if (each == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t k = 0; k < 2 * count; k++) {
    for (int64_t r = 0; r < ranks; r++) each[k * ranks + r] = capacity[k];
  }
  wires->link_count = (int32_t)((int64_t)2 * count * ranks);
  wires->capacity = each;
  return CLX_OK;
}
