// Hierarchical alpha-beta costs in the structure of NCCL's own model: start + steps x latency + bytes / bandwidth.
#include <math.h>

#include "network/network.h"

// Of `size` ranks `stride` apart, those in a block of `ranks` neighbours.
static int32_t members(int32_t ranks, int32_t size, int32_t stride) {
  const int32_t slots = ranks / stride;
  return slots < 1 ? 1 : (slots < size ? slots : size);
}

clx_group clx_group_make(const clx_network *network, int32_t size, int32_t stride) {
  return (clx_group){size, members(network->domain, size, stride),
                     network->leaf > 0 ? members(network->leaf, size, stride) : size};
}

static double domains(clx_group group) { return ceil((double)group.size / group.inside); }

// A ring leaves each leaf once, with `inside` NICs; leaf / in_leaf rings of the same kind share the uplinks, which carry
// 1 / oversubscription of the leaf's NICs. Ranks are taken to stand in order and rings not to collide by chance.
static double ring_thinning(const clx_network *network, clx_group group) {
  if (group.in_leaf >= group.size) return 1;
  return fmax(1, network->oversubscription * group.inside / group.in_leaf);
}

// Ring bandwidth per rank: inside one domain NVLink, across domains as many NICs in parallel as the group has ranks there.
static double ring_bandwidth(const clx_network *network, clx_group group) {
  const double nvlink = network->nvlink * network->nvlink_efficiency;
  if (group.inside >= group.size) return nvlink;
  return fmin(nvlink, group.inside * network->nic * network->nic_efficiency / ring_thinning(network, group));
}

// Bandwidth grows with size: messages are cut into steps and chunks whose overhead fades slowly. bandwidth / (1 + sqrt(S0 / S))
// follows nccl-tests inside a node from 1 MiB to 512 MiB; S0 is 5 MiB at 360 GB/s and grows with the square of the bandwidth.
static double ramp(double bandwidth, double bytes) {
  const double reference = bandwidth / 360e9;
  return 1 + sqrt(5.0 * 1048576 * reference * reference / bytes);
}

static double log2_ceil(double x) { return x <= 1 ? 0 : ceil(log2(x)); }

// Latency of a tree (all-reduce goes up and down) or of a pipelined ring, whichever NCCL would find cheaper.
static double latency(const clx_network *network, clx_group group, double sweeps) {
  const double nodes = domains(group);
  const double inside = group.inside > 1 ? log2_ceil(group.inside) * network->nvlink_latency : 0;
  const double tree = log2_ceil(nodes) * 2 * network->nic_latency;
  const double ring = (nodes - 1) * network->nic_latency;
  return network->base_latency + sweeps * (inside + fmin(tree, ring));
}

static double all_reduce_time(const clx_network *network, clx_group group, double bytes) {
  const double n = group.size;
  double bandwidth = ring_bandwidth(network, group);
  if (group.inside >= group.size && network->switch_reduction > 1 && n > 4) bandwidth *= network->switch_reduction;
  return latency(network, group, 2) + 2 * (n - 1) / n * bytes / bandwidth * ramp(ring_bandwidth(network, group), bytes);
}

// Reduce-scatter and all-gather have no tree: one ring step per domain, pipelined with the data.
static double scatter_time(const clx_network *network, clx_group group, double bytes) {
  const double n = group.size, bandwidth = ring_bandwidth(network, group);
  return latency(network, group, 1) + (n - 1) / n * bytes / bandwidth * ramp(bandwidth, bytes);
}

static double all_to_all_time(const clx_network *network, clx_group group, double bytes) {
  const double n = group.size, inside = group.inside < group.size ? group.inside : group.size;
  const double near = bytes * (inside - 1) / n / (network->nvlink * network->nvlink_efficiency);
  const double up = fmax(n - inside, (n - group.in_leaf) * network->oversubscription);  // the NIC or the leaf's uplinks
  const double far = bytes * up / n / (network->nic * network->nic_efficiency);
  const double messages =
      domains(group) > 1 ? network->nic_latency * (1 + log2_ceil(domains(group))) : network->nvlink_latency;
  return network->base_latency + messages + fmax(near, far);
}

static double send_time(const clx_network *network, clx_group group, double bytes) {
  const bool near = group.inside > 1;
  const double far = network->nic * network->nic_efficiency / ring_thinning(network, group);
  const double rate = near ? network->nvlink * network->nvlink_efficiency : far;
  return network->base_latency + (near ? network->nvlink_latency : network->nic_latency) + bytes / rate;
}

double clx_collective_time(const clx_network *network, clx_collective kind, clx_group group, double bytes) {
  if (group.size <= 1 || bytes <= 0) return 0;
  switch (kind) {
    case CLX_ALL_REDUCE:
      return all_reduce_time(network, group, bytes);
    case CLX_REDUCE_SCATTER:
    case CLX_ALL_GATHER:
      return scatter_time(network, group, bytes);
    case CLX_ALL_TO_ALL:
      return all_to_all_time(network, group, bytes);
    case CLX_SEND_RECEIVE:
      return send_time(network, group, bytes);
  }
  return 0;
}
