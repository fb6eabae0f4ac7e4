// Everybody to everybody, experts' tokens, and point to point.
#include "network/network_internal.h"

double clx_spread_time(const clx_reach *reach, const clx_group *group, double bytes) {
  const double n = reach->ranks;
  double up = n - reach->inside;  // out of the NIC, or out of a block that is thinned
  for (int32_t i = 0; i < reach->network->level_count && group->members[i] < group->size; i++)
    up = clx_most(up, (n - group->members[i]) * clx_block_slowing(&reach->network->level[i], 1));
  return bytes * up / n / reach->nic;
}

// Direct: a message to every rank over the NIC of the sender. Hierarchical (PXN of NCCL): over NVLink to the rank whose NIC is
// on the receiver's rail, so that a NIC talks to one peer in a node; the second trip over NVLink hides behind the NIC.
clx_collective_cost clx_all_to_all_cost(const clx_reach *reach, const clx_group *group, clx_algorithm algorithm,
                                        double bytes) {
  const clx_nccl_parameters *p = reach->kernels;
  const double n = reach->ranks, r = reach->inside;
  clx_collective_cost cost = {.algorithm = (int32_t)algorithm, .protocol = CLX_PROTOCOL_SIMPLE};
  if (reach->nodes <= 1) {
    cost.time = reach->launch + clx_nccl_all_to_all_time(reach->device, reach->nvlink, p, n, bytes);
    cost.latency = reach->launch + p->peer_time + p->peer_hop * log2(n);
    cost.link_bytes = (n - 1) / n * bytes;
    return cost;
  }
  const bool direct = algorithm == CLX_ALGORITHM_DIRECT;
  const double relayed = direct || r <= 1 ? 0 : (n - r) / n * (r - 1) / r * bytes;
  const double messages = direct ? n - r : reach->nodes - 1;
  const double start = reach->launch + reach->constants->start + p->peer_time + p->peer_hop * log2(r);
  cost.latency = start + reach->constants->ll_hop + reach->tree_delay + messages * reach->constants->peer_time +
                 (relayed > 0 ? p->peer_start : 0);
  cost.nic_bytes = (n - r) / n * bytes;
  cost.link_bytes = (r - 1) / n * bytes + relayed;
  const double near = (cost.link_bytes + p->peer_own * bytes / n) / (p->peer_rate * reach->nvlink);
  const double far = clx_spread_time(reach, group, bytes);
  // Large messages go by chunks and need a handshake, which small ones do without.
  const double ramp = clx_least(reach->constants->simple_hop, far);
  cost.time = cost.latency + clx_most(near, far) + ramp;
  return cost;
}

// Every rank sends to the next one. Ranks of more than one domain wait for those that cross, over one NIC each.
clx_collective_cost clx_send_cost(const clx_reach *reach, const clx_group *group, double bytes) {
  const clx_nccl_parameters *p = reach->kernels;
  const bool near = reach->nodes <= 1;
  clx_collective_cost cost = {.algorithm = CLX_ALGORITHM_DIRECT,
                              .protocol = CLX_PROTOCOL_SIMPLE,
                              .latency = reach->launch + clx_least(p->ll_time, p->peer_time),
                              .nic_bytes = near ? 0 : bytes,
                              .link_bytes = near || reach->inside > 1 ? bytes : 0};
  if (near) {
    // One peer: LL while small, then copies at what a ring on Simple reaches; ranks that also receive share the copies.
    const double share = group->size > 2 ? p->peer_rate : p->simple_rate;
    const double ll = bytes / (p->ll_rate * reach->nvlink), simple = bytes / (share * reach->nvlink);
    cost.time = cost.latency + clx_least(ll, clx_joined(simple, clx_most(0, p->peer_start - p->peer_time), 2));
    return cost;
  }
  const clx_library_generation *c = reach->constants;
  const double wire = bytes / (reach->node / reach->inside);
  cost.latency += c->start + c->ll_hop + reach->tree_delay;
  cost.time = cost.latency + clx_least(2 * wire, wire + c->simple_hop);
  return cost;
}

// DeepEP (github.com/deepseek-ai/DeepEP, tables of its README): kernels of low latency write every copy to its rank, 39 to 41
// GB/s of a 50 GB/s NIC after 20 us; normal kernels send one copy to a node and spread it over NVLink there, 44 to 46 GB/s and
// 153 to 158 of 200 GB/s, after a layout that all ranks agree on.
typedef struct kernel_kind {
  double start, nic, links;
  bool spread;
} kernel_kind;

static const kernel_kind kinds[] = {{18e-6, 0.84, 0.6, false}, {60e-6, 0.93, 0.78, true}};

clx_collective_cost clx_exchange_cost(const clx_reach *reach, const clx_group *group, double rank_bytes,
                                      double node_bytes) {
  const double n = reach->ranks, r = reach->inside;
  clx_collective_cost best = {.time = INFINITY};
  for (int32_t i = 0; i < CLX_COUNT(kinds); i++) {
    const kernel_kind *k = &kinds[i];
    const bool far = reach->nodes > 1;
    const double sent = k->spread ? node_bytes : rank_bytes;
    const double links = k->spread || !far ? (r - 1) / r * rank_bytes : (r - 1) / n * rank_bytes;
    const double latency = reach->launch + k->start + (far ? reach->tree_delay : 0);
    const double wire = far ? clx_spread_time(reach, group, sent) / k->nic : 0;
    clx_cheaper(&best,
                (clx_collective_cost){.time = latency + clx_most(wire, links / (k->links * reach->nvlink)),
                                      .latency = latency,
                                      .nic_bytes = far ? (n - r) / n * sent : 0,
                                      .link_bytes = links,
                                      .algorithm = far && k->spread ? CLX_ALGORITHM_HIERARCHICAL : CLX_ALGORITHM_DIRECT,
                                      .protocol = CLX_PROTOCOL_SIMPLE});
  }
  return best;
}
