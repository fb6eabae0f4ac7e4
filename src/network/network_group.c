// Who of a group is a neighbour of whom.
#include "network/network.h"

// Of `size` ranks `stride` apart, those in a block of `ranks` neighbours.
static int32_t members(int64_t ranks, int32_t size, int32_t stride) {
  const int64_t slots = ranks / (stride > 0 ? stride : 1);
  return slots < 1 ? 1 : (slots < size ? (int32_t)slots : size);
}

clx_group clx_group_make(const clx_network *network, int32_t size, int32_t stride) {
  clx_group group = {.size = size, .stride = stride, .inside = members(network->domain, size, stride)};
  for (int32_t i = 0; i < network->level_count; i++) group.members[i] = members(network->level[i].gpus, size, stride);
  return group;
}
