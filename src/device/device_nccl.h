// Collectives of NCCL inside one NVLink domain, alone on warm devices: first the algorithm and protocol that NCCL picks, then
// the time that this choice takes. Equations: docs/model/device/collectives.md.
#pragma once

#include "device/device_kernel.h"

typedef struct clx_device clx_device;

typedef struct clx_nccl_shape {
  double op_name;       // index into the choices of the column
  double num_gpus;      // in one NVLink domain
  double message_size;  // elements: the whole result of an all-gather, the input of one rank of the others
} clx_nccl_shape;

// Rates are shares of the bandwidth of a device's links in one direction.
typedef struct clx_nccl_parameters {
  clx_kernel_fit fit;
  double ll_time, ll_hop, ll_rate;  // s, s, share: a ring on the protocol LL
  double ll_fill, ll_store, ll_overlap;
  double ll128_time, ll128_hop, ll128_rate;     // the same on LL128
  double simple_time, simple_hop, simple_rate;  // the same on Simple
  double fill, overlap;
  double own_gathered, own_reduced;
  double nvls_rate, nvls_depth;
  double peer_time, peer_hop, peer_start;  // s: of an all-to-all
  double peer_rate, peer_own, peer_fill;
  double byte_reduction;
} clx_nccl_parameters;

extern const clx_schema clx_nccl_schema;
extern const clx_kernel_family clx_kernel_nccl;

// Protocols of a ring, then the all-reduce in the switches.
typedef enum clx_nccl_method { CLX_NCCL_LL, CLX_NCCL_LL128, CLX_NCCL_SIMPLE, CLX_NCCL_NVLS } clx_nccl_method;

typedef enum clx_nccl_operation {
  CLX_NCCL_ALL_GATHER,
  CLX_NCCL_ALL_REDUCE,
  CLX_NCCL_ALL_TO_ALL,
  CLX_NCCL_REDUCE_SCATTER
} clx_nccl_operation;

// Up to so many ranks of one domain NCCL's choice was measured and is repeated, mistakes included. In wider ones its estimates
// would leave LL128 for a Simple that takes twice as long; no measurement shows that, so the cheapest method counts there.
#define CLX_NCCL_CHOICE_RANKS 8

// A ring: every rank passes one part in each step.
typedef struct clx_ring {
  double time;     // s: launch and end
  double hop;      // s: latency of one step
  double rate;     // B/s out of one rank, all channels together
  double own;      // cost of a rank's own part against one that is passed on
  double fill;     // extra cost of the first chunk, which nothing overlaps
  double chunk;    // B of one chunk, all channels together
  double overlap;  // exponent, 1 = latency adds to transfer, infinite = the longer of the two counts
} clx_ring;

double clx_ring_time(const clx_ring *ring, double ranks, double steps, double bytes);

// An all-reduce in the switches (NVLink SHARP): chunks pass reduction and broadcast as a pipeline of `depth` stages.
double clx_multicast_time(const clx_ring *ring, double ranks, double depth, double bytes);

// The parts of the model, for groups that other models put together: `ranks` GPUs whose links carry `nvlink` B/s in one
// direction. The architecture is the device's; floating-point numbers of two bytes or more.

double clx_nccl_channels(const clx_device *device);  // of a ring, both directions of it
bool clx_nccl_multicast(const clx_device *device);   // whether the switches of its domain reduce
// What NCCL picks: LL, LL128, SIMPLE or NVLS.
clx_nccl_method clx_nccl_method_of(const clx_device *device, double nvlink, clx_nccl_operation operation, double ranks,
                                   double bytes);
// The same for a ring of which `far` steps are between nodes, all steps at `bandwidth` B/s; ll128: whether the network has it.
clx_nccl_method clx_nccl_ring_method(const clx_device *device, double bandwidth, double steps, double far, double ranks,
                                     double bytes, bool ll128);
// The ring on one protocol.
clx_ring clx_nccl_ring(const clx_device *device, double nvlink, const clx_nccl_parameters *parameters,
                       clx_nccl_operation operation, clx_nccl_method protocol, double ranks, double bytes);
double clx_nccl_all_to_all_time(const clx_device *device, double nvlink, const clx_nccl_parameters *parameters,
                                double ranks, double bytes);
