// All-reduce by double binary trees over nodes, by the NVLink switches, and by both; by the switches of the fabric.
#include "network/network_internal.h"

// Bytes out of the busiest node of a double binary tree, against those of the buffer: each tree carries half of it up and
// down. An inner node of one tree (one edge up, two down) is a leaf of the other: 4 halves. Two nodes only swap halves.
static double tree_load(double nodes) { return nodes <= 2 ? 1 : nodes <= 3 ? 1.5 : 2; }

// Ranks of a node up to which it is a server; more are a rack. Over two racks of 72 NCCL ran NVLSTree, but over twenty what a
// ring or a chain on Simple takes (all-reduce on CoreWeave's GB200: 8 GiB at 793 GB/s on 128 GPUs, at 381 on 1,440).
static const double SERVER_MAX = 32;

// Chains inside the nodes, trees between them; through racks on Simple only.
bool clx_tree_applies(const clx_reach *reach, clx_protocol protocol) {
  return reach->nodes > 1 && (reach->inside <= SERVER_MAX || protocol == CLX_PROTOCOL_SIMPLE);
}

// Both directions of a chain through a node. In a rack every chunk of every channel pays a hop, and two channels carry what
// NCCL's model allows one of the graph in trees of four nodes and more on Blackwell (24 GB/s); in a server the fill of the tree
// stands for it.
static double chain_time(const clx_reach *reach, const clx_ring *ring, double channels, double loop, double bytes) {
  static const double CHANNEL = 12e9;  // B/s
  if (reach->inside <= 1) return 0;
  if (reach->inside <= SERVER_MAX) return 2 * bytes / ring->rate;
  return 2 * bytes / loop * clx_joined(ring->hop, loop / clx_least(ring->rate, channels * CHANNEL), ring->overlap);
}

clx_collective_cost clx_tree_cost(const clx_reach *reach, clx_protocol protocol, double bytes) {
  const clx_library_generation *c = reach->constants;
  const clx_ring ring = clx_nccl_ring(reach->device, reach->nvlink, reach->kernels, CLX_NCCL_ALL_REDUCE,
                                      (clx_nccl_method)protocol, reach->ranks, bytes);
  const double depth = log2(reach->nodes), load = tree_load(reach->nodes);
  const double node = clx_reach_rate(reach, protocol);
  const double start = ring.time + reach->launch + c->start;
  const double latency = start + 2 * (reach->inside - 1) * ring.hop + 2 * depth * clx_reach_hop(reach, protocol, true);
  // Chunks of a channel shrink until the buffer has eight of them for every level (calcCollChunking of NCCL).
  const double channels = clx_nccl_channels(reach->device);
  const double chunk = clx_least(524288, clx_most(32768, bytes / (8 * channels * (depth + reach->inside))));
  const double loop = clx_least(bytes, channels * chunk);
  const double near = chain_time(reach, &ring, channels, loop, bytes), far = load * bytes / node;
  const double fill = 2 * (depth * c->fill * loop / node + (reach->inside - 1) * loop / ring.rate);
  return (clx_collective_cost){.time = latency + clx_most(near, far) + fill,
                               .latency = latency,
                               .nic_bytes = clx_wire_bytes(protocol, load * bytes) / reach->inside,
                               .link_bytes = reach->inside > 1 ? clx_wire_bytes(protocol, 2 * bytes) : 0,
                               .algorithm = CLX_ALGORITHM_TREE,
                               .protocol = (int32_t)protocol};
}

static clx_ring multicast_ring(const clx_reach *reach) {
  const clx_nccl_parameters *p = reach->kernels;
  return (clx_ring){
      .time = p->simple_time, .hop = p->simple_hop, .rate = p->nvls_rate * reach->nvlink, .overlap = p->overlap};
}

clx_collective_cost clx_nvls_cost(const clx_reach *reach, double bytes) {
  const clx_ring ring = multicast_ring(reach);
  return (clx_collective_cost){
      .time = reach->launch + clx_multicast_time(&ring, reach->ranks, reach->kernels->nvls_depth, bytes),
      .latency = reach->launch + ring.time + reach->kernels->nvls_depth * ring.hop,
      .link_bytes = bytes,
      .algorithm = CLX_ALGORITHM_NVLS,
      .protocol = CLX_PROTOCOL_SIMPLE};
}

// Multicast starts at 5 GPUs.
bool clx_nvls_tree_applies(const clx_reach *reach) {
  return reach->network->transport->nvls_tree && reach->nodes > 1 && reach->inside > 4 &&
         clx_nccl_multicast(reach->device) && (reach->inside <= SERVER_MAX || reach->nodes <= 2);
}

// Bytes of one loop of all channels over all heads (calcCollChunking of NCCL): chunks of 128 KiB, of 64 KiB from four nodes on,
// halved while the buffer is less than a few loops.
static double loop_bytes(double lanes, double nodes, double bytes) {
  double chunk = nodes >= 4 ? 65536 : 131072;
  if (bytes < 4 * lanes * chunk) chunk = clx_least(chunk, 65536);
  if (bytes < lanes * chunk) chunk = clx_least(chunk, 32768);
  return clx_least(bytes, lanes * chunk);
}

// A pipeline of loops: reduce in the domain, up the tree, down the tree, spread in the domain. The slower of the NVLink switches
// and the NICs sets the pace, the depth of the tree the fill.
static clx_collective_cost pipeline_cost(const clx_reach *reach, double load, double hops, double hop, double bytes) {
  const clx_library_generation *c = reach->constants;
  const clx_ring ring = multicast_ring(reach);
  const bool multicast = reach->inside > 4 && clx_nccl_multicast(reach->device);
  const double loop = loop_bytes(16 * reach->inside, reach->nodes, bytes);
  const double near = multicast ? clx_joined(ring.hop, loop / ring.rate, ring.overlap)
                                : (reach->inside > 1 ? 2 * loop / (reach->kernels->simple_rate * reach->nvlink) : 0);
  const double far = load * loop / reach->node;
  const double start = ring.time + reach->launch + c->start;
  const double latency = start + (multicast ? reach->kernels->nvls_depth * ring.hop : 0) + hops * hop;
  const double pace = clx_joined(near, far, c->overlap);
  return (clx_collective_cost){.time = start + bytes / loop * pace + reach->kernels->nvls_depth * near +
                                       hops * (hop + c->fill * loop / reach->node),
                               .latency = latency,
                               .nic_bytes = load * bytes / reach->inside,
                               .link_bytes = multicast ? bytes : 2 * bytes,
                               .protocol = CLX_PROTOCOL_SIMPLE};
}

clx_collective_cost clx_nvls_tree_cost(const clx_reach *reach, double bytes) {
  clx_collective_cost cost = pipeline_cost(reach, tree_load(reach->nodes), 2 * log2(reach->nodes),
                                           clx_reach_hop(reach, CLX_PROTOCOL_SIMPLE, true), bytes);
  cost.algorithm = CLX_ALGORITHM_NVLS_TREE;
  return cost;
}

clx_collective_cost clx_collnet_cost(const clx_reach *reach, double bytes) {
  // One way up through the fabric and down again.
  clx_collective_cost cost = pipeline_cost(reach, 1, 2, clx_reach_hop(reach, CLX_PROTOCOL_SIMPLE, true), bytes);
  cost.algorithm = CLX_ALGORITHM_COLLNET;
  return cost;
}
