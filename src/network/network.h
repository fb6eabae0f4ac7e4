// network: what a collective costs over an NVLink domain and the scale-out NICs. First version: hierarchical alpha-beta.
#pragma once

#include "base/base.h"
#include "schema/schema.h"

// catalogue/link: a NIC, a cable or an optic.
typedef struct clx_link {
  const char *name;
  const char *title;
  const char *const *aliases;
  int32_t alias_count;
  int32_t type;    // clx_link_type
  double rate;     // B/s, one direction
  double latency;  // s, one hop: NIC to NIC through one switch
  double power;    // W
} clx_link;

typedef enum clx_link_type { CLX_LINK_NIC, CLX_LINK_COPPER, CLX_LINK_OPTIC } clx_link_type;

extern const clx_schema clx_link_schema;

// catalogue/switch
typedef struct clx_switch {
  const char *name;
  const char *title;
  const char *const *aliases;
  int32_t alias_count;
  double throughput;  // B/s, one direction, all ports
  double port_rate;   // B/s of a native port
  int32_t ports;      // native ports
  int32_t split;      // a native port breaks out into this many
  double power;       // W, typical without optics
  double latency;     // s
} clx_switch;

extern const clx_schema clx_switch_schema;

// The fabric as the step model sees it.
typedef struct clx_fabric {
  int32_t domain;            // GPUs that share NVLink
  double nvlink;             // B/s per GPU, one direction, datasheet
  double nvlink_efficiency;  // share reached by large collectives
  double nic;                // B/s per GPU, one direction, line rate
  double nic_efficiency;
  double nvlink_latency;    // s per step inside a domain
  double nic_latency;       // s per step between domains
  double base_latency;      // s to start a collective
  double oversubscription;  // >= 1, of the leaf tier: thins what leaves a leaf
  int32_t leaf;             // GPUs below one leaf switch; 0 = one leaf for all
  double switch_reduction;  // >= 1: gain of in-switch reduction (NVLS) for all-reduce inside a domain; 1 = none
} clx_fabric;

// A group of ranks that communicate. Every rank of the job is in one of many such groups at the same time.
typedef struct clx_group {
  int32_t size;
  int32_t inside;   // ranks in each NVLink domain
  int32_t in_leaf;  // ranks below each leaf switch, at most `size`
} clx_group;

typedef enum clx_collective {
  CLX_ALL_REDUCE,
  CLX_REDUCE_SCATTER,
  CLX_ALL_GATHER,
  CLX_ALL_TO_ALL,
  CLX_SEND_RECEIVE
} clx_collective;

// The group of `size` ranks that are `stride` apart in the order of ranks.
clx_group clx_group_make(const clx_fabric *fabric, int32_t size, int32_t stride);

// Time in s of one collective of `bytes` per rank. Convention (nccl-tests): all-reduce: the buffer; reduce-scatter and
// all-gather: the whole (n x shard); all-to-all: what one rank holds and sends (its own part included); send/receive: the message.
double clx_collective_time(const clx_fabric *fabric, clx_collective kind, clx_group group, double bytes);
