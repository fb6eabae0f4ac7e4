// Rings, and what replaces them for one rank per node: PAT.
#include "network/network_internal.h"

static clx_nccl_operation operation_of(clx_collective kind) {
  return kind == CLX_ALL_REDUCE       ? CLX_NCCL_ALL_REDUCE
         : kind == CLX_REDUCE_SCATTER ? CLX_NCCL_REDUCE_SCATTER
                                      : CLX_NCCL_ALL_GATHER;
}

// Each of n ranks passes a part of 1/n in every step; one step in `inside` is between nodes. All parts move at the rate of the
// narrowest edge: NVLink on this protocol, or the NICs of the node together.
clx_collective_cost clx_ring_cost(const clx_reach *reach, clx_collective kind, clx_protocol protocol, double bytes) {
  const double n = reach->ranks, sweeps = kind == CLX_ALL_REDUCE ? 2 : 1;
  clx_ring ring = clx_nccl_ring(reach->device, reach->nvlink, reach->kernels, operation_of(kind),
                                (clx_nccl_method)protocol, n, bytes);
  const double far = reach->nodes > 1 ? sweeps * (reach->nodes - 1) : 0, near = sweeps * (n - 1) - far;
  const double passed = clx_wire_bytes(protocol, sweeps * (n - 1) / n * bytes);
  double start = ring.time + reach->launch, hop = 0;
  if (far > 0) {
    ring.rate = clx_least(ring.rate, clx_reach_rate(reach, protocol));
    hop = clx_reach_hop(reach, protocol, false);
    start += reach->constants->start;
  }
  const double part = bytes / n / ring.rate, chunk = ring.chunk / ring.rate;
  double time = start + ring.own * part + ring.fill * clx_least(part, chunk);
  if (near > 0) time += near * clx_joined(ring.hop, part, ring.overlap);
  if (far > 0) time += far * clx_joined(hop, part, ring.overlap);
  return (clx_collective_cost){.time = time,
                               .latency = start + near * ring.hop + far * hop,
                               .nic_bytes = far > 0 ? passed / reach->inside : 0,
                               .link_bytes = near > 0 ? passed * near / (near + far) : 0,
                               .algorithm = CLX_ALGORITHM_RING,
                               .protocol = (int32_t)protocol};
}

// The protocol that NCCL picks for a ring by constants of its own, mistakes included.
static clx_protocol ring_protocol(const clx_reach *reach, clx_collective kind, double bytes) {
  const double sweeps = kind == CLX_ALL_REDUCE ? 2 : 1, far = reach->nodes > 1 ? sweeps * (reach->nodes - 1) : 0;
  const double links = 0.8 * reach->nvlink, bandwidth = far > 0 ? clx_least(links, reach->node) : links;
  return (clx_protocol)clx_nccl_ring_method(reach->device, bandwidth, sweeps * (reach->ranks - 1), far, reach->ranks,
                                            bytes, far <= 0 || clx_reach_rate(reach, CLX_PROTOCOL_LL128) > 0);
}

// Where NCCL's choice was measured: in domains of eight ranks, and in all-reduces over wider ones (20 racks of GB200 took
// 45.0 ms for 8 GiB, which is Simple, 43.3 here, not the cheapest, LL128 with 30.2).
static bool choice_is_known(const clx_reach *reach, clx_collective kind) {
  return reach->inside <= CLX_NCCL_CHOICE_RANKS || (reach->nodes > 1 && kind == CLX_ALL_REDUCE);
}

// The ring on NCCL's protocol, or on the cheapest where that is not known.
clx_collective_cost clx_chosen_ring_cost(const clx_reach *reach, clx_collective kind, double bytes) {
  if (choice_is_known(reach, kind)) return clx_ring_cost(reach, kind, ring_protocol(reach, kind, bytes), bytes);
  clx_collective_cost best = {.time = INFINITY};
  for (int32_t p = 0; p < CLX_PROTOCOLS; p++) {
    if (reach->nodes > 1 && !(clx_reach_rate(reach, (clx_protocol)p) > 0)) continue;
    clx_cheaper(&best, clx_ring_cost(reach, kind, (clx_protocol)p, bytes));
  }
  return best;
}

// PAT of NCCL 2.23 and later, one rank per node only: distances of powers of two, log2 n steps while parts fit the buffers.
clx_collective_cost clx_pat_cost(const clx_reach *reach, double bytes) {
  const double n = reach->ranks, depth = ceil(log2(n)), passed = (n - 1) / n * bytes;
  const double latency = reach->launch + reach->constants->start + reach->kernels->ll128_time +
                         depth * clx_reach_hop(reach, CLX_PROTOCOL_SIMPLE, true);
  // Large parts go in chunks of which each takes all steps again; NCCL's model takes 0.75 of the ring's bandwidth.
  return (clx_collective_cost){.time = latency + passed / (0.75 * reach->node),
                               .latency = latency,
                               .nic_bytes = passed,
                               .algorithm = CLX_ALGORITHM_PAT,
                               .protocol = CLX_PROTOCOL_SIMPLE};
}

// Reduce-scatter in the nodes, then the shards over rails of one rank per node; all-gather the other way round.
clx_collective_cost clx_split_cost(const clx_reach *reach, clx_collective kind, double bytes) {
  clx_reach near = *reach, rail = *reach;
  near.ranks = reach->inside;
  near.nodes = 1;
  rail.ranks = reach->nodes;
  rail.inside = 1;
  rail.node = reach->node / reach->inside;
  rail.launch = 0;
  const clx_collective_cost in = clx_chosen_ring_cost(&near, kind, bytes);
  const double shard = bytes / reach->inside;
  clx_collective_cost out = clx_chosen_ring_cost(&rail, kind, shard);
  clx_cheaper(&out, clx_pat_cost(&rail, shard));
  return (clx_collective_cost){.time = in.time + out.time,
                               .latency = in.latency + out.latency,
                               .nic_bytes = out.nic_bytes,
                               .link_bytes = in.link_bytes,
                               .algorithm = CLX_ALGORITHM_HIERARCHICAL,
                               .protocol = out.protocol};
}

// A chain through all ranks, pipelined: everything passes every edge once.
clx_collective_cost clx_broadcast_cost(const clx_reach *reach, clx_protocol protocol, double bytes) {
  const double n = reach->ranks;
  clx_ring ring = clx_nccl_ring(reach->device, reach->nvlink, reach->kernels, CLX_NCCL_ALL_GATHER,
                                (clx_nccl_method)protocol, n, bytes);
  const double far = reach->nodes - 1, near = n - 1 - far;
  double latency = ring.time + reach->launch + near * ring.hop;
  if (far > 0) {
    ring.rate = clx_least(ring.rate, clx_reach_rate(reach, protocol));
    latency += reach->constants->start + far * clx_reach_hop(reach, protocol, false);
  }
  return (clx_collective_cost){.time = latency + bytes / ring.rate,
                               .latency = latency,
                               .nic_bytes = far > 0 ? clx_wire_bytes(protocol, bytes) / reach->inside : 0,
                               .link_bytes = near > 0 ? clx_wire_bytes(protocol, bytes) : 0,
                               .algorithm = CLX_ALGORITHM_RING,
                               .protocol = (int32_t)protocol};
}
