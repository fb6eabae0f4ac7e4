// Hierarchical alpha-beta costs in the structure of NCCL's own model: start + steps x latency + bytes / bandwidth.
#include <math.h>

#include "network/network.h"

// Shares of line rate that large collectives reach, and latencies, of the first network model:
//   nvlink 0.80: rings reach 360 to 370 of 450 GB/s on H100 and H200 (NCCL maintainers, nccl-tests issue 212)
//   NIC 0.92: all-to-all reaches 46 to 49 GB/s of a 400 Gbit/s NIC (nccl-tests issues 130, 267, 290)
//   in-switch reduction 1.28: 480 against 363 GB/s with NVLS off on H200 (ml-engineering, network chapter)
//   9 us per domain: reduce-scatter rings from 4 to 128 nodes (nccl issue 1229); 10 us and 1.5 us: small messages in a node
static const double NVLINK_SHARE = 0.8, NIC_SHARE = 0.92, MULTICAST = 1.28, NVLINK_HOP = 1.5e-6, NIC_HOP = 9e-6,
                    BASE = 10e-6;

static double domains(clx_group group) { return ceil((double)group.size / group.inside); }

// Rings of the same kind that leave a block share its uplinks, which carry 1 / thinning of its NICs.
static double ring_thinning(const clx_network *network, clx_group group) {
  double most = 1;
  for (int32_t i = 0; i < network->level_count; i++) {
    if (group.members[i] >= group.size) break;
    most = fmax(most, network->level[i].thinning * group.inside / group.members[i]);
  }
  return most;
}

// Ring bandwidth per rank: inside one domain NVLink, across domains as many NICs in parallel as the group has ranks there.
static double ring_bandwidth(const clx_network *network, clx_group group) {
  const double nvlink = network->nvlink * NVLINK_SHARE;
  if (group.inside >= group.size) return nvlink;
  return fmin(nvlink,
              group.inside * network->nic * NIC_SHARE * network->nic_efficiency / ring_thinning(network, group));
}

// Bandwidth grows with size: messages are cut into steps and chunks whose overhead fades slowly. bandwidth / (1 + sqrt(S0 / S))
// follows nccl-tests inside a node from 1 MiB to 512 MiB; S0 is 5 MiB at 360 GB/s and grows with the square of the bandwidth.
static double ramp(double bandwidth, double bytes) {
  const double reference = bandwidth / 360e9;
  return 1 + sqrt(5.0 * 1048576 * reference * reference / bytes);
}

static double log2_ceil(double x) { return x <= 1 ? 0 : ceil(log2(x)); }

// Latency of a tree (all-reduce goes up and down) or of a pipelined ring, whichever NCCL would find cheaper.
static double latency(clx_group group, double sweeps) {
  const double nodes = domains(group);
  const double inside = group.inside > 1 ? log2_ceil(group.inside) * NVLINK_HOP : 0;
  const double tree = log2_ceil(nodes) * 2 * NIC_HOP;
  const double ring = (nodes - 1) * NIC_HOP;
  return BASE + sweeps * (inside + fmin(tree, ring));
}

static clx_collective_cost all_reduce_cost(const clx_network *network, clx_group group, double bytes) {
  const double n = group.size, passed = 2 * (n - 1) / n * bytes;
  const bool near = group.inside >= group.size;
  double bandwidth = ring_bandwidth(network, group);
  const bool multicast = near && clx_generation_of(network->device) != CLX_AMPERE && n > 4;
  if (multicast) bandwidth *= MULTICAST;
  const double start = latency(group, 2);
  return (clx_collective_cost){.time = start + passed / bandwidth * ramp(ring_bandwidth(network, group), bytes),
                               .latency = start,
                               .nic_bytes = near ? 0 : passed / group.inside,
                               .link_bytes = passed,
                               .algorithm = multicast ? CLX_ALGORITHM_NVLS : CLX_ALGORITHM_RING,
                               .protocol = CLX_PROTOCOL_SIMPLE};
}

// Reduce-scatter and all-gather have no tree: one ring step per domain, pipelined with the data.
static clx_collective_cost scatter_cost(const clx_network *network, clx_group group, double bytes) {
  const double n = group.size, bandwidth = ring_bandwidth(network, group), passed = (n - 1) / n * bytes;
  const double start = latency(group, 1);
  return (clx_collective_cost){.time = start + passed / bandwidth * ramp(bandwidth, bytes),
                               .latency = start,
                               .nic_bytes = group.inside >= group.size ? 0 : passed / group.inside,
                               .link_bytes = passed,
                               .algorithm = CLX_ALGORITHM_RING,
                               .protocol = CLX_PROTOCOL_SIMPLE};
}

static clx_collective_cost all_to_all_cost(const clx_network *network, clx_group group, double bytes) {
  const double n = group.size, inside = group.inside < group.size ? group.inside : group.size;
  const double near = bytes * (inside - 1) / n / (network->nvlink * NVLINK_SHARE);
  double up = n - inside;  // the NIC or the uplinks of a block
  for (int32_t i = 0; i < network->level_count; i++) up = fmax(up, (n - group.members[i]) * network->level[i].thinning);
  const double far = bytes * up / n / (network->nic * NIC_SHARE * network->nic_efficiency);
  const double messages = domains(group) > 1 ? NIC_HOP * (1 + log2_ceil(domains(group))) : NVLINK_HOP;
  const double start = BASE + messages;
  return (clx_collective_cost){.time = start + fmax(near, n > inside ? far : 0),
                               .latency = start,
                               .nic_bytes = bytes * (n - inside) / n,
                               .link_bytes = bytes * (inside - 1) / n,
                               .algorithm = CLX_ALGORITHM_DIRECT,
                               .protocol = CLX_PROTOCOL_SIMPLE};
}

static clx_collective_cost send_cost(const clx_network *network, clx_group group, double bytes) {
  const bool near = group.inside > 1;
  const double far = network->nic * NIC_SHARE * network->nic_efficiency / ring_thinning(network, group);
  const double rate = near ? network->nvlink * NVLINK_SHARE : far;
  const double start = BASE + (near ? NVLINK_HOP : NIC_HOP);
  return (clx_collective_cost){.time = start + bytes / rate,
                               .latency = start,
                               .nic_bytes = near ? 0 : bytes,
                               .link_bytes = near ? bytes : 0,
                               .algorithm = CLX_ALGORITHM_DIRECT,
                               .protocol = CLX_PROTOCOL_SIMPLE};
}

clx_collective_cost clx_collective_cost_of(const clx_network *network, clx_collective kind, clx_group group,
                                           double bytes) {
  if (group.size <= 1 || bytes <= 0) return (clx_collective_cost){0};
  switch (kind) {
    case CLX_ALL_REDUCE:
      return all_reduce_cost(network, group, bytes);
    case CLX_REDUCE_SCATTER:
    case CLX_ALL_GATHER:
    case CLX_BROADCAST:
      return scatter_cost(network, group, bytes);
    case CLX_ALL_TO_ALL:
    case CLX_DISPATCH:
    case CLX_COMBINE:
      return all_to_all_cost(network, group, bytes);
    case CLX_SEND_RECEIVE:
    case CLX_COLLECTIVES:
      break;
  }
  return send_cost(network, group, bytes);
}

clx_collective_cost clx_collective_cost_with(const clx_network *network, clx_collective kind, clx_group group,
                                             double bytes, clx_algorithm algorithm) {
  clx_collective_cost cost = clx_collective_cost_of(network, kind, group, bytes);
  if (cost.algorithm != (int32_t)algorithm) cost.time = INFINITY;
  return cost;
}

double clx_collective_time(const clx_network *network, clx_collective kind, clx_group group, double bytes) {
  return clx_collective_cost_of(network, kind, group, bytes).time;
}
