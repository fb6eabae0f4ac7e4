// What a collective costs: the cheapest of the algorithms and protocols that apply. Structure after NCCL's own model (commit
// 86fa684d, src/tuning, src/graph): base + hops x latency + fill + bytes / bandwidth.
#include "network/network_internal.h"

// Rings of the same kind that leave a block share its uplinks, which carry 1 / thinning of its NICs; the more of its NICs send
// out, the more collide.
static double thinning(const clx_network *network, const clx_group *group) {
  double most = 1;
  for (int32_t i = 0; i < network->level_count && group->members[i] < group->size; i++) {
    const clx_fabric_level *level = &network->level[i];
    const double leaving = (double)group->inside / group->members[i];
    const double collisions = 1 + leaving * level->loss / (1 - level->loss);
    most = clx_most(most, clx_most(1, level->thinning * leaving) * collisions);
  }
  return most;
}

clx_span clx_span_of(const clx_network *network, const clx_group *group) {
  clx_span span = {.network = network,
                   .device = network->device,
                   .kernels = &network->device->kernels->nccl[0],
                   .constants = &network->library->generation[clx_generation_of(network->device)],
                   .ranks = group->size,
                   .inside = clx_least(group->inside, group->size),
                   .nvlink = network->nvlink,
                   .launch = network->library->launch};
  if (network->library->skew > 0 && group->size > 2) span.launch += network->library->skew * (log2(span.ranks) - 1);
  span.nodes = clx_round_up(span.ranks / span.inside);
  if (span.nodes <= 1) return span;
  const double share = network->library->ideal ? 1 : network->transport->share;
  span.nic = network->nic * network->nic_efficiency * share;
  span.node = span.nic * span.inside / thinning(network, group);
  span.ring_delay = span.tree_delay = network->transport->latency;
  for (int32_t i = 1; i < network->level_count && group->members[i - 1] < group->size; i++) {
    span.tree_delay += network->level[i].latency;
    span.ring_delay += network->level[i].latency * span.inside / group->members[i - 1];
  }
  return span;
}

static clx_collective_cost ring_cost(const clx_span *span, clx_collective kind, double bytes) {
  return clx_ring_cost(span, kind, clx_ring_protocol(span, kind, bytes), bytes);
}

// Inside a domain NCCL's choice is known well enough to repeat it, mistakes included.
static clx_collective_cost near_cost(const clx_span *span, clx_collective kind, double bytes, int32_t algorithm) {
  const bool multicast = kind == CLX_ALL_REDUCE && clx_nccl_multicast(span->device);
  if (algorithm == CLX_ALGORITHM_RING || (algorithm < 0 && !multicast)) return ring_cost(span, kind, bytes);
  if (!multicast || (algorithm >= 0 && algorithm != CLX_ALGORITHM_NVLS)) return (clx_collective_cost){.time = INFINITY};
  const clx_nccl_method method =
      clx_nccl_method_of(span->device, span->nvlink, CLX_NCCL_ALL_REDUCE, span->ranks, bytes);
  if (algorithm == CLX_ALGORITHM_NVLS || method == CLX_NCCL_NVLS) return clx_nvls_cost(span, bytes);
  return clx_ring_cost(span, kind, (clx_protocol)method, bytes);
}

// From here on NCCL leaves LL and LL128 where NVLSTree applies, faster or not: two H100 nodes on EFA go from 135 to 109 us at
// 128 KiB, two H20 nodes name NVLSTree at 1 MiB, and both scans over 4 to 1,024 H100 nodes follow it from 256 KiB on, the one
// by NVIDIA that names it and the one by Meta that ran the default.
static const double NVLS_TREE_BYTES = 131072;

// Trees inside the nodes are chains; those of a rack are not used.
static clx_collective_cost tree_cost(const clx_span *span, double bytes) {
  clx_collective_cost best = {.time = INFINITY};
  if (!clx_tree_applies(span)) return best;
  for (int32_t p = 0; p < CLX_PROTOCOLS; p++) {
    if (clx_span_rate(span, (clx_protocol)p) > 0) clx_cheaper(&best, clx_tree_cost(span, (clx_protocol)p, bytes));
  }
  return best;
}

static clx_collective_cost far_reduce_cost(const clx_span *span, double bytes, int32_t algorithm) {
  clx_collective_cost best = {.time = INFINITY};
  const bool all = algorithm < 0, nvls = clx_nvls_tree_applies(span), large = nvls && bytes >= NVLS_TREE_BYTES;
  if (all && large)
    best = clx_ring_cost(span, CLX_ALL_REDUCE, CLX_PROTOCOL_SIMPLE, bytes);
  else if (all || algorithm == CLX_ALGORITHM_RING)
    best = ring_cost(span, CLX_ALL_REDUCE, bytes);
  if (all ? !large : algorithm == CLX_ALGORITHM_TREE) clx_cheaper(&best, tree_cost(span, bytes));
  if (nvls && (all || algorithm == CLX_ALGORITHM_NVLS_TREE)) clx_cheaper(&best, clx_nvls_tree_cost(span, bytes));
  if (all ? span->network->transport->sharp : algorithm == CLX_ALGORITHM_COLLNET)
    clx_cheaper(&best, clx_collnet_cost(span, bytes));
  return best;
}

static clx_collective_cost far_scatter_cost(const clx_span *span, clx_collective kind, double bytes,
                                            int32_t algorithm) {
  clx_collective_cost best = {.time = INFINITY};
  if (algorithm < 0 || algorithm == CLX_ALGORITHM_RING) best = ring_cost(span, kind, bytes);
  if ((algorithm < 0 || algorithm == CLX_ALGORITHM_PAT) && span->inside <= 1)
    clx_cheaper(&best, clx_pat_cost(span, bytes));
  return best;
}

static clx_collective_cost broadcast_cost(const clx_span *span, double bytes, int32_t algorithm) {
  clx_collective_cost best = {.time = INFINITY};
  if (algorithm >= 0 && algorithm != CLX_ALGORITHM_RING) return best;
  for (int32_t p = 0; p < CLX_PROTOCOLS; p++) {
    if (span->nodes > 1 && !(clx_span_rate(span, (clx_protocol)p) > 0)) continue;
    clx_cheaper(&best, clx_broadcast_cost(span, (clx_protocol)p, bytes));
  }
  return best;
}

static clx_collective_cost peer_cost(const clx_span *span, const clx_group *group, double bytes, int32_t algorithm) {
  clx_collective_cost best = {.time = INFINITY};
  if (algorithm < 0 || algorithm == CLX_ALGORITHM_DIRECT)
    clx_cheaper(&best, clx_all_to_all_cost(span, group, CLX_ALGORITHM_DIRECT, bytes));
  if ((algorithm < 0 || algorithm == CLX_ALGORITHM_HIERARCHICAL) && span->nodes > 1 && span->inside > 1)
    clx_cheaper(&best, clx_all_to_all_cost(span, group, CLX_ALGORITHM_HIERARCHICAL, bytes));
  return best;
}

static clx_collective_cost only(clx_collective_cost cost, int32_t algorithm) {
  if (algorithm >= 0 && cost.algorithm != algorithm) cost.time = INFINITY;
  return cost;
}

// algorithm: -1 = the cheapest.
static clx_collective_cost cost_by(const clx_network *network, clx_collective kind, const clx_group *group,
                                   double bytes, int32_t algorithm) {
  if (group->size <= 1 || !(bytes > 0)) return (clx_collective_cost){0};
  const clx_span span = clx_span_of(network, group);
  if (network->library->ideal) return only(clx_ideal_cost(&span, group, kind, bytes), algorithm);
  switch (kind) {
    case CLX_ALL_REDUCE:
      return span.nodes > 1 ? far_reduce_cost(&span, bytes, algorithm) : near_cost(&span, kind, bytes, algorithm);
    case CLX_REDUCE_SCATTER:
    case CLX_ALL_GATHER:
      return span.nodes > 1 ? far_scatter_cost(&span, kind, bytes, algorithm)
                            : near_cost(&span, kind, bytes, algorithm);
    case CLX_BROADCAST:
      return broadcast_cost(&span, bytes, algorithm);
    case CLX_ALL_TO_ALL:
      return peer_cost(&span, group, bytes, algorithm);
    case CLX_DISPATCH:
    case CLX_COMBINE:
      return only(clx_exchange_cost(&span, group, bytes, bytes), algorithm);
    case CLX_SEND_RECEIVE:
    case CLX_COLLECTIVES:
      break;
  }
  return only(clx_send_cost(&span, group, bytes), algorithm);
}

clx_collective_cost clx_collective_cost_of(const clx_network *network, clx_collective kind, clx_group group,
                                           double bytes) {
  return cost_by(network, kind, &group, bytes, -1);
}

clx_collective_cost clx_collective_cost_with(const clx_network *network, clx_collective kind, clx_group group,
                                             double bytes, clx_algorithm algorithm) {
  return cost_by(network, kind, &group, bytes, (int32_t)algorithm);
}

clx_collective_cost clx_expert_exchange_cost(const clx_network *network, clx_group group, double rank_bytes,
                                             double node_bytes) {
  if (group.size <= 1 || !(rank_bytes > 0)) return (clx_collective_cost){0};
  const clx_span span = clx_span_of(network, &group);
  return clx_exchange_cost(&span, &group, rank_bytes, node_bytes);
}

double clx_collective_time(const clx_network *network, clx_collective kind, clx_group group, double bytes) {
  return cost_by(network, kind, &group, bytes, -1).time;
}
