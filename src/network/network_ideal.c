// Plain alpha-beta costs: what simulators compute that know no protocols.
#include "network/network_internal.h"

// Chunks go through the dimensions one after the other: the busiest dimension is never idle, the others show once.
static double pipelined(double near, double far, double chunks) {
  return (near + far) / chunks + (chunks - 1) / chunks * clx_most(near, far);
}

// Hierarchical rings: reduce-scatter inside the domains, the shards between them, all-gather inside.
static clx_collective_cost rings(const clx_span *span, double sweeps, double bytes) {
  const clx_library *library = span->network->library;
  const double r = span->inside, nodes = span->nodes, chunks = library->chunks;
  const double near = sweeps * (r - 1) / r * bytes, far = sweeps * (nodes - 1) / nodes * bytes / r;
  const double latency =
      span->launch + chunks * sweeps * (r - 1 + nodes - 1) * library->hop + sweeps * span->ring_delay;
  const double wire = pipelined(near / span->nvlink, far * r / span->node, chunks);
  return (clx_collective_cost){.time = latency + wire,
                               .latency = latency,
                               .nic_bytes = far,
                               .link_bytes = near,
                               .algorithm = CLX_ALGORITHM_RING,
                               .protocol = CLX_PROTOCOL_SIMPLE};
}

static clx_collective_cost tree(const clx_span *span, double sweeps, double bytes) {
  const double latency = span->launch + sweeps * ceil(log2(span->ranks)) * span->network->library->hop;
  const double near = span->inside > 1 ? bytes / span->nvlink : 0;
  const double far = span->nodes > 1 ? bytes / span->node : 0;
  return (clx_collective_cost){.time = latency + sweeps * clx_most(near, far),
                               .latency = latency,
                               .nic_bytes = span->nodes > 1 ? sweeps * bytes / span->inside : 0,
                               .link_bytes = span->inside > 1 ? sweeps * bytes : 0,
                               .algorithm = CLX_ALGORITHM_TREE,
                               .protocol = CLX_PROTOCOL_SIMPLE};
}

static clx_collective_cost direct(const clx_span *span, const clx_group *group, bool point, double bytes) {
  const double n = span->ranks, r = span->inside, latency = span->launch + span->network->library->hop;
  const bool near = point && r > 1;
  const double links = point ? (near ? bytes : 0) : (r - 1) / n * bytes;
  const double nics = point ? (near ? 0 : bytes) : (n - r) / n * bytes;
  const double far = point ? nics / span->node : span->nodes > 1 ? clx_spread_time(span, group, bytes) : 0;
  return (clx_collective_cost){.time = latency + clx_most(links / span->nvlink, far),
                               .latency = latency,
                               .nic_bytes = nics,
                               .link_bytes = links,
                               .algorithm = CLX_ALGORITHM_DIRECT,
                               .protocol = CLX_PROTOCOL_SIMPLE};
}

clx_collective_cost clx_ideal_cost(const clx_span *span, const clx_group *group, clx_collective kind, double bytes) {
  if (kind == CLX_SEND_RECEIVE) return direct(span, group, true, bytes);
  if (kind == CLX_ALL_TO_ALL || kind == CLX_DISPATCH || kind == CLX_COMBINE) return direct(span, group, false, bytes);
  if (kind == CLX_BROADCAST) return tree(span, 1, bytes);
  clx_collective_cost cost = rings(span, kind == CLX_ALL_REDUCE ? 2 : 1, bytes);
  if (kind == CLX_ALL_REDUCE) clx_cheaper(&cost, tree(span, 2, bytes));
  return cost;
}
