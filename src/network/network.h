// network: what a collective costs over an NVLink domain and the scale-out NICs. First version: hierarchical alpha-beta.
#pragma once

#include "base/base.h"
#include "device/device.h"
#include "fabric/fabric.h"
#include "schema/schema.h"

// The fabric as the step model sees it.
typedef struct clx_network {
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
} clx_network;

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
clx_group clx_group_make(const clx_network *network, int32_t size, int32_t stride);

// Time in s of one collective of `bytes` per rank. Convention (nccl-tests): all-reduce: the buffer; reduce-scatter and
// all-gather: the whole (n x shard); all-to-all: what one rank holds and sends (its own part included); send/receive: the message.
double clx_collective_time(const clx_network *network, clx_collective kind, clx_group group, double bytes);
