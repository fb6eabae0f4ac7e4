// network_internal: what the files of this folder share; nobody else includes it.
#pragma once

#include <math.h>

#include "device/device_math.h"
#include "device/device_nccl.h"
#include "network/network.h"

// What all costs of one group need.
typedef struct clx_reach {
  const clx_network *network;
  const clx_device *device;
  const clx_nccl_parameters *kernels;
  const clx_library_generation *constants;
  double ranks, inside, nodes;
  double nvlink;      // B/s out of one GPU
  double nic;         // B/s out of one GPU's share of the NICs, routing and transport in
  double node;        // B/s out of a node for rings and trees: the NICs of its ranks, thinned by the blocks they leave
  double launch;      // s of every collective
  double ring_delay;  // s added to a mean hop of a ring between nodes
  double tree_delay;  // s added to a hop of a tree
} clx_reach;

// B/s of data out of a node, and the latency of one hop between nodes, on one protocol; `level`: of a tree, else of a ring.
static inline double clx_reach_rate(const clx_reach *reach, clx_protocol protocol) {
  const clx_transport *t = reach->network->transport;
  const double ll128 = t->ll128 ? 120.0 / 128 : 0;
  return reach->node * (protocol == CLX_PROTOCOL_LL ? t->ll_share : protocol == CLX_PROTOCOL_LL128 ? ll128 : 1);
}

static inline double clx_reach_hop(const clx_reach *reach, clx_protocol protocol, bool level) {
  const clx_library_generation *c = reach->constants;
  const double delay = level ? reach->tree_delay : reach->ring_delay;
  if (protocol == CLX_PROTOCOL_LL) return delay + c->ll_hop;
  if (protocol == CLX_PROTOCOL_LL128) return delay + c->ll128_hop;
  return delay + (level ? c->tree_hop : c->simple_hop) + reach->network->transport->simple_latency;
}

// Bytes on the wire for those of data.
static inline double clx_wire_bytes(clx_protocol protocol, double bytes) {
  return protocol == CLX_PROTOCOL_LL ? 2 * bytes : protocol == CLX_PROTOCOL_LL128 ? bytes * 128 / 120 : bytes;
}

clx_reach clx_reach_of(const clx_network *network, const clx_group *group);

// Bytes at what the NICs let out of a GPU when every rank sends evenly to all others, all blocks considered.
double clx_spread_time(const clx_reach *reach, const clx_group *group, double bytes);

// Adds a candidate: `best` becomes the cheaper one.
static inline void clx_cheaper(clx_collective_cost *best, clx_collective_cost cost) {
  if (cost.time < best->time) *best = cost;
}

// Costs by one algorithm. `protocol`: one of clx_protocol.
clx_collective_cost clx_ring_cost(const clx_reach *reach, clx_collective kind, clx_protocol protocol, double bytes);
clx_collective_cost clx_chosen_ring_cost(const clx_reach *reach, clx_collective kind, double bytes);
clx_collective_cost clx_pat_cost(const clx_reach *reach, double bytes);
clx_collective_cost clx_split_cost(const clx_reach *reach, clx_collective kind, double bytes);
clx_collective_cost clx_broadcast_cost(const clx_reach *reach, clx_protocol protocol, double bytes);
clx_collective_cost clx_tree_cost(const clx_reach *reach, clx_protocol protocol, double bytes);
clx_collective_cost clx_nvls_cost(const clx_reach *reach, double bytes);
clx_collective_cost clx_nvls_tree_cost(const clx_reach *reach, double bytes);
clx_collective_cost clx_collnet_cost(const clx_reach *reach, double bytes);
bool clx_tree_applies(const clx_reach *reach, clx_protocol protocol);
bool clx_nvls_tree_applies(const clx_reach *reach);
clx_collective_cost clx_all_to_all_cost(const clx_reach *reach, const clx_group *group, clx_algorithm algorithm,
                                        double bytes);
clx_collective_cost clx_send_cost(const clx_reach *reach, const clx_group *group, double bytes);
clx_collective_cost clx_exchange_cost(const clx_reach *reach, const clx_group *group, double rank_bytes,
                                      double node_bytes);
clx_collective_cost clx_ideal_cost(const clx_reach *reach, const clx_group *group, clx_collective kind, double bytes,
                                   int32_t algorithm);
