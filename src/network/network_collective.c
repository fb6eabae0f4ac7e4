// What a collective costs: the cheapest of the algorithms and protocols that apply. Structure after NCCL's own model (commit
// 86fa684d, src/tuning, src/graph): base + hops x latency + fill + bytes / bandwidth.
#include "network/network_internal.h"

// A block's uplinks carry 1 / thinning of its NICs. Collisions cost most when every link has one flow to carry: of fewer, few
// meet; of more, every link has its share of them.
double clx_block_slowing(const clx_fabric_level *level, double leaving) {
  const double flows = level->thinning * leaving;  // of a link
  return clx_most(1, flows) + clx_least(1, flows) * level->loss / (1 - level->loss);
}

// Rings of the same kind leave a block once, and share what leads out of it.
static double thinning(const clx_network *network, const clx_group *group) {
  double most = 1;
  for (int32_t i = 0; i < network->level_count && group->members[i] < group->size; i++) {
    most = clx_most(most, clx_block_slowing(&network->level[i], (double)group->inside / group->members[i]));
  }
  return most;
}

clx_reach clx_reach_of(const clx_network *network, const clx_group *group) {
  clx_reach reach = {.network = network,
                     .device = network->device,
                     .kernels = &network->device->kernels->nccl[0],
                     .constants = &network->library->generation[clx_generation_of(network->device)],
                     .ranks = group->size,
                     .inside = clx_least(group->inside, group->size),
                     .nvlink = network->nvlink,
                     .launch = network->library->launch};
  if (network->library->skew > 0 && group->size > 2) reach.launch += network->library->skew * (log2(reach.ranks) - 1);
  reach.nodes = clx_round_up(reach.ranks / reach.inside);
  if (reach.nodes <= 1) return reach;
  const double share = network->library->ideal ? 1 : network->transport->share;
  reach.nic = network->nic * network->nic_efficiency * share;
  reach.node = reach.nic * reach.inside / thinning(network, group);
  reach.ring_delay = reach.tree_delay = network->transport->latency;
  for (int32_t i = 1; i < network->level_count && group->members[i - 1] < group->size; i++) {
    reach.tree_delay += network->level[i].latency;
    reach.ring_delay += network->level[i].latency * reach.inside / group->members[i - 1];
  }
  return reach;
}

// In a domain as wide as measured ones NCCL's choice is repeated, mistakes included; in wider ones the cheapest counts.
static clx_collective_cost near_cost(const clx_reach *reach, clx_collective kind, double bytes, int32_t algorithm) {
  const bool multicast = kind == CLX_ALL_REDUCE && clx_nccl_multicast(reach->device);
  if (algorithm == CLX_ALGORITHM_RING || (algorithm < 0 && !multicast)) return clx_chosen_ring_cost(reach, kind, bytes);
  if (!multicast || (algorithm >= 0 && algorithm != CLX_ALGORITHM_NVLS)) return (clx_collective_cost){.time = INFINITY};
  if (algorithm == CLX_ALGORITHM_NVLS) return clx_nvls_cost(reach, bytes);
  if (reach->ranks > CLX_NCCL_CHOICE_RANKS) {
    clx_collective_cost best = clx_chosen_ring_cost(reach, kind, bytes);
    clx_cheaper(&best, clx_nvls_cost(reach, bytes));
    return best;
  }
  const clx_nccl_method method =
      clx_nccl_method_of(reach->device, reach->nvlink, CLX_NCCL_ALL_REDUCE, reach->ranks, bytes);
  if (method == CLX_NCCL_NVLS) return clx_nvls_cost(reach, bytes);
  return clx_ring_cost(reach, kind, (clx_protocol)method, bytes);
}

// From here on NCCL leaves LL and LL128 where NVLSTree applies, faster or not: two H100 nodes on EFA go from 135 to 109 us at
// 128 KiB, two H20 nodes name NVLSTree at 1 MiB, and NVIDIA's scan, which names it, follows it from 256 KiB on over 4 nodes and
// from 1 MiB on over more. Up to 1 MiB over more than 4 nodes nobody measured the choice well: Meta's default, read off a plot
// to +-50 %, took 62 us at 256 KiB over 8 nodes, which is LL128 (108 here) rather than NVLSTree (154).
static const double NVLS_TREE_BYTES = 131072;

static clx_collective_cost tree_cost(const clx_reach *reach, double bytes) {
  clx_collective_cost best = {.time = INFINITY};
  for (int32_t p = 0; p < CLX_PROTOCOLS; p++) {
    if (!clx_tree_applies(reach, (clx_protocol)p)) continue;
    if (clx_reach_rate(reach, (clx_protocol)p) > 0) clx_cheaper(&best, clx_tree_cost(reach, (clx_protocol)p, bytes));
  }
  return best;
}

// On two nodes NCCL rates rings and trees by the links inside a node (bwIntra), of which it takes n / (2 (n - 1)) for a ring and
// 0.46 for a tree, with latencies of 3.4 and 4 us a step inside and 14 us between nodes (Simple). So large all-reduces go over
// rings there, although trees would load the NICs half as much: vTrain's tensor parallelism over two A100 nodes of 100 GB/s
// moves at a bus bandwidth of 94 GB/s. Where NVLSTree applies the choice is between other candidates.
static bool rings_on_two_nodes(const clx_reach *reach, double bytes) {
  if (reach->nodes > 2 || reach->inside <= 1 || clx_nccl_multicast(reach->device)) return false;
  const double n = reach->ranks, ring = (2 * (n - 1) - 4) * 3.4e-6 + 4 * 14e-6;
  const double tree = 2 * ((reach->inside - 1) * 4e-6 + 14e-6);
  return bytes / (0.8 * reach->nvlink) * (1 / 0.46 - 2 * (n - 1) / n) > ring - tree;
}

static clx_collective_cost far_reduce_cost(const clx_reach *reach, double bytes, int32_t algorithm) {
  clx_collective_cost best = {.time = INFINITY};
  const bool all = algorithm < 0, nvls = clx_nvls_tree_applies(reach), large = nvls && bytes >= NVLS_TREE_BYTES;
  if (all && large)
    best = clx_ring_cost(reach, CLX_ALL_REDUCE, CLX_PROTOCOL_SIMPLE, bytes);
  else if (all || algorithm == CLX_ALGORITHM_RING)
    best = clx_chosen_ring_cost(reach, CLX_ALL_REDUCE, bytes);
  const bool rings = large || rings_on_two_nodes(reach, bytes);
  if (all ? !rings : algorithm == CLX_ALGORITHM_TREE) clx_cheaper(&best, tree_cost(reach, bytes));
  if (nvls && (all || algorithm == CLX_ALGORITHM_NVLS_TREE)) clx_cheaper(&best, clx_nvls_tree_cost(reach, bytes));
  if (all ? reach->network->transport->sharp : algorithm == CLX_ALGORITHM_COLLNET)
    clx_cheaper(&best, clx_collnet_cost(reach, bytes));
  return best;
}

static clx_collective_cost far_scatter_cost(const clx_reach *reach, clx_collective kind, double bytes,
                                            int32_t algorithm) {
  clx_collective_cost best = {.time = INFINITY};
  if (algorithm < 0 || algorithm == CLX_ALGORITHM_RING) best = clx_chosen_ring_cost(reach, kind, bytes);
  if ((algorithm < 0 || algorithm == CLX_ALGORITHM_PAT) && reach->inside <= 1)
    clx_cheaper(&best, clx_pat_cost(reach, bytes));
  const int32_t least = reach->network->library->split_ranks;
  const bool split = algorithm < 0 && least > 0 && reach->ranks >= least;
  if ((split || algorithm == CLX_ALGORITHM_HIERARCHICAL) && reach->inside > 1)
    clx_cheaper(&best, clx_split_cost(reach, kind, bytes));
  return best;
}

static clx_collective_cost broadcast_cost(const clx_reach *reach, double bytes, int32_t algorithm) {
  clx_collective_cost best = {.time = INFINITY};
  if (algorithm >= 0 && algorithm != CLX_ALGORITHM_RING) return best;
  for (int32_t p = 0; p < CLX_PROTOCOLS; p++) {
    if (reach->nodes > 1 && !(clx_reach_rate(reach, (clx_protocol)p) > 0)) continue;
    clx_cheaper(&best, clx_broadcast_cost(reach, (clx_protocol)p, bytes));
  }
  return best;
}

static clx_collective_cost peer_cost(const clx_reach *reach, const clx_group *group, double bytes, int32_t algorithm) {
  clx_collective_cost best = {.time = INFINITY};
  if (algorithm < 0 || algorithm == CLX_ALGORITHM_DIRECT)
    clx_cheaper(&best, clx_all_to_all_cost(reach, group, CLX_ALGORITHM_DIRECT, bytes));
  if ((algorithm < 0 || algorithm == CLX_ALGORITHM_HIERARCHICAL) && reach->nodes > 1 && reach->inside > 1)
    clx_cheaper(&best, clx_all_to_all_cost(reach, group, CLX_ALGORITHM_HIERARCHICAL, bytes));
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
  const clx_reach reach = clx_reach_of(network, group);
  if (network->library->ideal) return only(clx_ideal_cost(&reach, group, kind, bytes, algorithm), algorithm);
  switch (kind) {
    case CLX_ALL_REDUCE:
      return reach.nodes > 1 ? far_reduce_cost(&reach, bytes, algorithm) : near_cost(&reach, kind, bytes, algorithm);
    case CLX_REDUCE_SCATTER:
    case CLX_ALL_GATHER:
      return reach.nodes > 1 ? far_scatter_cost(&reach, kind, bytes, algorithm)
                             : near_cost(&reach, kind, bytes, algorithm);
    case CLX_BROADCAST:
      return broadcast_cost(&reach, bytes, algorithm);
    case CLX_ALL_TO_ALL:
      return peer_cost(&reach, group, bytes, algorithm);
    case CLX_DISPATCH:
    case CLX_COMBINE:
      return only(clx_exchange_cost(&reach, group, bytes, bytes), algorithm);
    case CLX_SEND_RECEIVE:
    case CLX_COLLECTIVES:
      break;
  }
  return only(clx_send_cost(&reach, group, bytes), algorithm);
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
  const clx_reach reach = clx_reach_of(network, &group);
  return clx_exchange_cost(&reach, &group, rank_bytes, node_bytes);
}

double clx_collective_time(const clx_network *network, clx_collective kind, clx_group group, double bytes) {
  return cost_by(network, kind, &group, bytes, -1).time;
}
