// network: what a collective costs over NVLink domains and the NICs between them, as NCCL runs it.
#pragma once

#include "base/base.h"
#include "device/device.h"
#include "fabric/fabric.h"
#include "schema/schema.h"

// --- names ------------------------------------------------------------------------------------------------------------------

typedef enum clx_collective {
  CLX_ALL_REDUCE,
  CLX_REDUCE_SCATTER,
  CLX_ALL_GATHER,
  CLX_ALL_TO_ALL,
  CLX_SEND_RECEIVE,
  CLX_BROADCAST,
  CLX_DISPATCH,  // tokens to the ranks of their experts, one copy to a rank
  CLX_COMBINE,   // back, summed
  CLX_COLLECTIVES
} clx_collective;

extern const char *const clx_collective_name[CLX_COLLECTIVES + 1];

typedef enum clx_algorithm {
  CLX_ALGORITHM_RING,
  CLX_ALGORITHM_TREE,          // double binary tree over nodes, chains inside
  CLX_ALGORITHM_NVLS,          // reduction in the NVLink switches of one domain
  CLX_ALGORITHM_NVLS_TREE,     // NVLS inside, double binary tree over nodes
  CLX_ALGORITHM_PAT,           // Bruck-like trees of all-gather and reduce-scatter, one rank per node
  CLX_ALGORITHM_COLLNET,       // reduction in the switches of the fabric (SHARP)
  CLX_ALGORITHM_DIRECT,        // every rank to every rank, or point to point
  CLX_ALGORITHM_HIERARCHICAL,  // inside the nodes and over rails of one rank per node (PXN, DeepEP)
  CLX_ALGORITHMS
} clx_algorithm;

extern const char *const clx_algorithm_name[CLX_ALGORITHMS + 1];

typedef enum clx_protocol {
  CLX_PROTOCOL_LL,      // 4 B of data and 4 B of flag in one store: lowest latency, half of the bandwidth
  CLX_PROTOCOL_LL128,   // 120 B of data and 8 B of flag
  CLX_PROTOCOL_SIMPLE,  // chunks and one flag each
  CLX_PROTOCOLS
} clx_protocol;

extern const char *const clx_protocol_name[CLX_PROTOCOLS + 1];

// --- catalogue entries ------------------------------------------------------------------------------------------------------

typedef enum clx_generation { CLX_AMPERE, CLX_HOPPER, CLX_BLACKWELL, CLX_GENERATIONS } clx_generation;

extern const char *const clx_generation_name[CLX_GENERATIONS + 1];

// The generation of a device by its family; the newest for families that are none of these.
clx_generation clx_generation_of(const clx_device *device);

// What a library costs between nodes on one generation of GPUs; inside a node the device's own kernels say (family nccl).
typedef struct clx_library_generation {
  double start;       // s: launch and end beyond that in a node: network proxies
  double ll_hop;      // s: one hop between nodes on LL
  double ll128_hop;   // on LL128
  double simple_hop;  // of a ring on Simple
  double tree_hop;    // of a tree on Simple, one level
  double fill;        // transfers of one chunk that a level of a tree waits for
  double overlap;     // exponent: how NVLink switches and NICs join in NVLSTree; large = the slower counts
  double peer_time;   // s: one message of an all-to-all between nodes
} clx_library_generation;

// catalogue/library: a communication library as it is launched.
typedef struct clx_library {
  const char *name;
  const char *title;
  const char *const *aliases;
  int32_t alias_count;
  const char *constants;  // entry whose generations hold; NULL = its own
  int32_t ideal;          // bool: alpha-beta ring and tree, no protocols: what ASTRA-sim computes
  double launch;          // s: added to every collective: threads, processes, frameworks launch differently
  double skew;            // s: added for every doubling of ranks beyond two: waiting for the last one
  int32_t
      split_ranks;  // from so many ranks on reduce-scatter and all-gather may be split into nodes and rails; 0 = never
  double hop;       // s: one hop of an ideal network
  int32_t chunks;   // into which an ideal network cuts a collective, one after the other
  clx_library_generation generation[CLX_GENERATIONS];
  clx_kernel_fit fit;  // the measurements behind the constants; classes "hopper nodes large"; low and high: GPUs, B
} clx_library;

extern const clx_schema clx_library_schema, clx_library_generation_schema;

// catalogue/transport: how NICs move data: InfiniBand, RoCE, EFA, TCP.
typedef struct clx_transport {
  const char *name;
  const char *title;
  const char *const *aliases;
  int32_t alias_count;
  double share;           // of the line rate that large transfers reach
  double ll_share;        // of that, data on LL: at most half
  double latency;         // s: one hop more than InfiniBand through one switch
  double simple_latency;  // s: one hop on Simple more than that
  int32_t ll128;          // bool: LL128 runs over it
  int32_t nvls_tree;      // bool: NVLSTree runs over it
  int32_t sharp;          // bool: its switches reduce
  clx_kernel_fit fit;     // as of a library
} clx_transport;

extern const clx_schema clx_transport_schema;

// --- the fabric as the step model sees it -----------------------------------------------------------------------------------

typedef struct clx_network {
  const clx_device *device;  // decides the generation and what collectives cost inside a domain
  const clx_library *library;
  const clx_transport *transport;
  int32_t domain;                                 // GPUs that share NVLink
  double nvlink;                                  // B/s per GPU, one direction, datasheet
  double nic;                                     // B/s per GPU, one direction, line rate
  double nic_efficiency;                          // share of it that the fabric lets through (routing)
  int32_t level_count;                            // 0 = nothing above the domain thins or delays
  clx_fabric_level level[CLX_FABRIC_LEVELS_MAX];  // blocks above the domain, from the inside out
} clx_network;

// A group of ranks that communicate. Every rank of the job is in one of many such groups at the same time.
typedef struct clx_group {
  int32_t size;
  int32_t stride;
  int32_t inside;                          // ranks in each NVLink domain, at most `size`
  int32_t members[CLX_FABRIC_LEVELS_MAX];  // ranks in each block of the levels, at most `size`
} clx_group;

// The group of `size` ranks that are `stride` apart in the order of ranks.
clx_group clx_group_make(const clx_network *network, int32_t size, int32_t stride);

// How much longer what leaves a block takes, against the NICs alone, when this share of its NICs sends out.
double clx_block_slowing(const clx_fabric_level *level, double leaving);

// --- costs ------------------------------------------------------------------------------------------------------------------

typedef struct clx_collective_cost {
  double time;        // s, alone on the network
  double latency;     // s of it that no bandwidth shortens
  double nic_bytes;   // B out of one GPU's share of the NICs
  double link_bytes;  // B out of one GPU over NVLink
  int32_t algorithm;  // clx_algorithm
  int32_t protocol;   // clx_protocol
} clx_collective_cost;

// One collective of `bytes`. Convention (nccl-tests): all-reduce and broadcast: the buffer; reduce-scatter and all-gather: the
// whole (n x shard); all-to-all, dispatch and combine: what one rank holds and sends, its own part included; send/receive: the
// message. The minimum over algorithms and protocols. Zero for groups of one rank or no bytes. Allocates nothing.
clx_collective_cost clx_collective_cost_of(const clx_network *network, clx_collective kind, clx_group group,
                                           double bytes);

// By one algorithm; time = INFINITY where it does not apply.
clx_collective_cost clx_collective_cost_with(const clx_network *network, clx_collective kind, clx_group group,
                                             double bytes, clx_algorithm algorithm);

// Tokens to the ranks of their experts or back (CLX_DISPATCH, CLX_COMBINE) where copies are known: one for each rank that holds
// an expert of a token, and one for each node that does; both counts with what stays at home. clx_collective_cost_of takes
// one copy for each rank over the NICs, too.
clx_collective_cost clx_expert_exchange_cost(const clx_network *network, clx_group group, double rank_bytes,
                                             double node_bytes);

// Its time in s.
double clx_collective_time(const clx_network *network, clx_collective kind, clx_group group, double bytes);

// --- how far off they are (network_error.c) ---------------------------------------------------------------------------------

// Classes of a library's record are named "GENERATION SPAN SIZE": "hopper nodes large".
enum { CLX_COLLECTIVE_SIZES = 3, CLX_COLLECTIVE_SPANS = 2 };

extern const char *const clx_collective_sizes[CLX_COLLECTIVE_SIZES + 1];  // "small", "medium", "large"
extern const char *const clx_collective_spans[CLX_COLLECTIVE_SPANS + 1];  // "node", "nodes"

// Index into clx_collective_sizes: below 1 MiB, to 64 MiB, above.
int32_t clx_collective_size(double bytes);

// Mean |error| of times in the class of such a collective, as a fraction: on systems left out of the fit where the record has
// it, else as fitted; collectives of all kinds together. 0: the record of the library has no such class.
double clx_library_error(const clx_network *network, clx_group group, double bytes);
