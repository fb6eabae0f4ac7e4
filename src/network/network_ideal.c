// Plain alpha-beta costs: what simulators compute that know no protocols.
#include "network/network_internal.h"

// Chunks go through the dimensions one after the other: the busiest dimension is never idle, the others show once.
static double pipelined(double near, double far, double chunks) {
  return (near + far) / chunks + (chunks - 1) / chunks * clx_most(near, far);
}

// Hierarchical rings: reduce-scatter inside the domains, the shards between them, all-gather inside.
static clx_collective_cost rings(const clx_reach *reach, double sweeps, double bytes) {
  const clx_library *library = reach->network->library;
  const double r = reach->inside, nodes = reach->nodes, chunks = clx_most(1, library->chunks);
  const double near = sweeps * (r - 1) / r * bytes, far = sweeps * (nodes - 1) / nodes * bytes / r;
  const double latency =
      reach->launch + chunks * sweeps * (r - 1 + nodes - 1) * library->hop + sweeps * reach->ring_delay;
  const double wire = pipelined(near / reach->nvlink, nodes > 1 ? far * r / reach->node : 0, chunks);
  return (clx_collective_cost){.time = latency + wire,
                               .latency = latency,
                               .nic_bytes = far,
                               .link_bytes = near,
                               .algorithm = CLX_ALGORITHM_RING,
                               .protocol = CLX_PROTOCOL_SIMPLE};
}

// A binomial tree that passes whole buffers on.
static clx_collective_cost tree(const clx_reach *reach, double sweeps, double bytes) {
  const double far = ceil(log2(reach->nodes)), near = ceil(log2(reach->inside));
  const double latency =
      reach->launch + sweeps * (far + near) * reach->network->library->hop + sweeps * reach->tree_delay;
  const double wire = near * bytes / reach->nvlink + (far > 0 ? far * bytes / (reach->node / reach->inside) : 0);
  return (clx_collective_cost){.time = latency + sweeps * wire,
                               .latency = latency,
                               .nic_bytes = sweeps * far * bytes,
                               .link_bytes = sweeps * near * bytes,
                               .algorithm = CLX_ALGORITHM_TREE,
                               .protocol = CLX_PROTOCOL_SIMPLE};
}

static clx_collective_cost direct(const clx_reach *reach, const clx_group *group, bool point, double bytes) {
  const double n = reach->ranks, r = reach->inside, latency = reach->launch + reach->network->library->hop;
  const double links = point ? (r > 1 ? bytes : 0) : (r - 1) / n * bytes;
  const double nics = point ? (n > r ? bytes : 0) : (n - r) / n * bytes;
  const double out = point ? nics / (reach->node / r) : clx_spread_time(reach, group, bytes);
  const double far = nics > 0 ? out : 0;
  return (clx_collective_cost){.time = latency + clx_most(links / reach->nvlink, far),
                               .latency = latency,
                               .nic_bytes = nics,
                               .link_bytes = links,
                               .algorithm = CLX_ALGORITHM_DIRECT,
                               .protocol = CLX_PROTOCOL_SIMPLE};
}

clx_collective_cost clx_ideal_cost(const clx_reach *reach, const clx_group *group, clx_collective kind, double bytes,
                                   int32_t algorithm) {
  if (kind == CLX_SEND_RECEIVE) return direct(reach, group, true, bytes);
  if (kind == CLX_ALL_TO_ALL || kind == CLX_DISPATCH || kind == CLX_COMBINE) return direct(reach, group, false, bytes);
  if (kind == CLX_BROADCAST) return tree(reach, 1, bytes);
  clx_collective_cost cost = rings(reach, kind == CLX_ALL_REDUCE ? 2 : 1, bytes);
  if (algorithm == CLX_ALGORITHM_TREE) cost.time = INFINITY;
  if (kind == CLX_ALL_REDUCE && algorithm != CLX_ALGORITHM_RING) clx_cheaper(&cost, tree(reach, 2, bytes));
  return cost;
}
