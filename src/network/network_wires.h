// network_wires: the links that a flow from one rank to another takes, and how long its first byte is on the way. What
// schedules run on: a compiled fabric with NVLink domains, or a plain network of textbooks and other simulators.
#pragma once

#include "base/base.h"
#include "fabric/fabric.h"

enum { CLX_WIRES_PATH_MAX = CLX_PATH_MAX + 8 };

// What every rank of a uniform round does: `flows` flows, each over links of these classes.
typedef struct clx_wires_uniform {
  int32_t flows;                     // of one rank
  int32_t count;                     // classes of links that one of them crosses
  int32_t link[CLX_WIRES_PATH_MAX];  // classes, each once
  double load[CLX_WIRES_PATH_MAX];   // flows over one link of the class
  double latency;                    // s
} clx_wires_uniform;

struct clx_round;

typedef struct clx_wires {
  int32_t ranks;
  int32_t link_count;
  const double *capacity;  // [link_count] B/s
  int32_t parts;           // every flow goes as this many equal ones with paths of their own (QPs)
  const void *context;
  // Links of part `part` of a flow between two different ranks, each once, and its latency in s. Returns their number, -1 with
  // `error` (CLX_INFEASIBLE, names the ranks) when no way is left. *share: how much of the bytes go this way (planes carry
  // equal parts, of which the slowest is looked at).
  int32_t (*path)(const void *context, int32_t from, int32_t to, int32_t part, int32_t link[CLX_WIRES_PATH_MAX],
                  double *latency, double *share, clx_error *error);
  // Nullable. True when all ranks do the same in this round over links that are alike; then classes of links stand for them.
  bool (*uniform)(const void *context, const struct clx_round *round, clx_wires_uniform *out);
  int32_t class_count;
  const double *class_capacity;                                              // [class_count] B/s of one link
  void (*name)(const void *context, int32_t link, char *text, size_t size);  // of a link
} clx_wires;

// --- plain networks (network_plain.c) -----------------------------------------------------------------------------------------

// One dimension: groups of `size` neighbours. Switch: each has one link to a switch that never blocks and one back (a flow
// crosses two). Ring: each has one link to the next and one to the one before; flows take the shorter way.
typedef struct clx_plain_dimension {
  int32_t size;
  int32_t ring;    // bool
  double rate;     // B/s of one link, one direction
  double latency;  // s of one link
} clx_plain_dimension;

// Rank = sum over dimensions of x_d (size_0 ... size_d-1), the product of the sizes. A flow takes its dimensions in order; ranks
// in between pass it on as it comes. Errors: CLX_INPUT for sizes below 1 or more than 2^30 ranks, rates and latencies that are
// not finite and above 0 (latency: 0 or more), more than CLX_PLAIN_DIMENSIONS_MAX. Arrays of 2 ranks x dimensions links are made
// at the first path only where `flat` is true; else only uniform rounds can run.
enum { CLX_PLAIN_DIMENSIONS_MAX = 4 };
clx_status clx_wires_plain(clx_arena *arena, const clx_plain_dimension *dimension, int32_t count, bool flat,
                           clx_wires *wires, clx_error *error);

// --- a fabric (network_wires.c) -----------------------------------------------------------------------------------------------

typedef struct clx_wires_options {
  int32_t ranks;  // GPUs of the job, filled server by server
  const int32_t
      *server;     // servers in the order of the job (clx_fabric_place), enough for the ranks; NULL = 0, 1, 2 ...
  int32_t domain;  // GPUs that share NVLink, neighbours in the order of ranks; 1 = none
  double nvlink;   // B/s of one GPU, one direction
  double nvlink_latency;  // s from GPU to GPU
  double share;           // of the fabric's rates that transfers reach; 0 = 1
  double nic_latency;     // s from NIC to NIC through one switch
  double switch_latency;  // s of each further switch
  uint64_t seed;          // of the hashes of ECMP
} clx_wires_options;

// Ranks of one domain reach each other over NVLink (one link up and one down for each GPU; the switch never blocks), others
// through their NICs and the fabric. `fabric` must outlive the wires. Arrays come from `arena`.
// Errors: CLX_INFEASIBLE for more ranks than GPUs.
clx_status clx_wires_fabric(clx_arena *arena, const clx_fabric *fabric, const clx_wires_options *options,
                            clx_wires *wires, clx_error *error);
