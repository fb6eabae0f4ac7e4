// replay: recorded or synthetic executions of a job (one graph of operations per rank), played on a device and a network.
#pragma once

#include "base/base.h"
#include "device/device.h"
#include "network/network.h"
#include "trace/trace.h"

// --- what was recorded ------------------------------------------------------------------------------------------------------

typedef enum clx_operation_kind {
  CLX_OPERATION_NOTHING,  // takes no time: metadata, marks
  CLX_OPERATION_HOST,     // on a thread of the CPU, always as long as recorded
  CLX_OPERATION_COMPUTE,  // on the device
  CLX_OPERATION_MEMORY,   // between the device and memory outside it
  CLX_OPERATION_SEND,
  CLX_OPERATION_RECEIVE,
  CLX_OPERATION_COLLECTIVE,
  CLX_OPERATION_KINDS
} clx_operation_kind;

extern const char *const clx_operation_kind_name[CLX_OPERATION_KINDS + 1];

// What a node does. Equal operations are one row, whatever number of nodes in whatever ranks carry them out.
typedef struct clx_operation {
  const char *name;
  int32_t kind;        // clx_operation_kind
  int32_t collective;  // clx_collective, of collectives
  int32_t group;       // of collectives: index into clx_execution.group
  int32_t peer;  // of send and receive: the other rank; -1 = not recorded: takes its recorded time, matches nothing
  int32_t tag;
  int32_t stream;   // recorded stream (device) or thread (host); -1 = none
  double duration;  // s, as recorded; 0 = not recorded
  double flop;
  double bytes;  // of compute and memory: moved; of transfers: as clx_collective_cost_of counts them
} clx_operation;

// Ranks that communicate, in rising order.
typedef struct clx_execution_group {
  const char *name;
  const int32_t *rank;
  int32_t size;
} clx_execution_group;

// The graph of one rank, in an order in which every node stands behind those it waits for.
typedef struct clx_execution_rank {
  int32_t count;              // nodes
  const uint64_t *id;         // [count] as recorded
  const int32_t *operation;   // [count] index into clx_execution.operation
  const int32_t *first;       // [count + 1] into dependency
  const int32_t *dependency;  // nodes that must have ended, all smaller than the node that waits
} clx_execution_rank;

typedef struct clx_execution {
  clx_arena *arena;
  clx_execution_rank *rank;  // rank_count
  int32_t rank_count;
  clx_operation *operation;  // operation_count
  int32_t operation_count;
  clx_execution_group *group;  // group_count
  int32_t group_count;
  int64_t node_count, dependency_count;  // of all ranks
  int64_t stream_edges;               // of these dependencies: added so that operations of one stream keep their order
  struct clx_execution_index *index;  // of operations, names and groups
} clx_execution;

enum { CLX_EXECUTION_RANKS_MAX = 1 << 20 };

// An execution of `ranks` ranks, no nodes and one group: 0, all ranks. Lives in `arena`. CLX_INPUT: ranks out of range.
clx_status clx_execution_new(clx_arena *arena, int32_t ranks, clx_execution *execution, clx_error *error);

// The index of an operation like this one, added when there is none yet; its name is copied. -1: out of memory. O(1).
int32_t clx_execution_operation(clx_execution *execution, const clx_operation *operation);

// The index of the group of this name and these ranks (any order, repetitions dropped, each within the execution), added when there is
// none yet. Groups of the same ranks and other names are other communicators. -1: out of memory. O(size log size).
int32_t clx_execution_group_add(clx_execution *execution, const char *name, const int32_t *rank, int32_t size);

// One node as it was recorded.
typedef struct clx_recorded_node {
  uint64_t id;
  double start;  // s, of the recording; 0 for all = not recorded
  int32_t operation;
  int32_t first, count;  // its part of `dependency`
} clx_recorded_node;

// Sets the graph of `rank`. dependency[] holds indices of nodes of this call. Nodes are put in the order of their recorded start,
// then of their ids, as far as dependencies allow; in that order operations of one recorded stream or thread, of one communicator
// where no stream is recorded, and sends to one rank wait for each other. Compute without a recorded stream is left to the replay,
// which runs one at a time. Errors: CLX_INPUT for dependencies in a circle, naming its nodes; CLX_INTERNAL for indices out
// of range or a rank that has nodes already. O((nodes + dependencies) log nodes).
clx_status clx_execution_set_rank(clx_execution *execution, int32_t rank, const clx_recorded_node *node, int32_t count,
                                  const int32_t *dependency, clx_error *error);

// --- how it is played -------------------------------------------------------------------------------------------------------

typedef enum clx_replay_compute {
  CLX_REPLAY_AUTO,      // as recorded; by the roofline where no time but work is recorded
  CLX_REPLAY_RECORDED,  // as recorded
  CLX_REPLAY_ROOFLINE,  // by the roofline; nothing where no work is recorded, as in ASTRA-sim
  CLX_REPLAY_COMPUTES
} clx_replay_compute;

extern const char *const clx_replay_compute_name[CLX_REPLAY_COMPUTES + 1];

typedef struct clx_replay_setting {
  const clx_device *device;    // that computes
  const clx_device *recorded;  // on which the durations were measured; NULL = on the same: no rescaling
  clx_format format;           // of the peak of the roofline
  const clx_network *network;  // rank r is GPU r of it
  int32_t compute;             // clx_replay_compute
  bool recorded_transfers;     // transfers take their recorded time
  bool rendezvous;             // a send waits for its receive; else it starts at once, as in ASTRA-sim
  bool alone;                  // transfers never share links
} clx_replay_setting;

// How many seconds an operation takes with nothing beside it. O(algorithms) for transfers.
double clx_replay_operation_time(const clx_replay_setting *setting, const clx_execution *execution,
                                 const clx_operation *operation, int32_t rank);

// The group of these ranks as the network prices it: `inside` is the mean number of members in the NVLink domains that hold any,
// rounded down (at least 1), the same for every level; the stride is that of evenly spaced ranks, else 1. For aligned, evenly
// spaced ranks it equals clx_group_make. O(size levels).
clx_group clx_replay_group(const clx_network *network, const int32_t *rank, int32_t size);

// One transfer: what a collective or a send and its receive join in.
typedef struct clx_replay_transfer {
  int32_t operation;  // of the first member, or of the sender
  int32_t size;       // nodes that take part
  int64_t first;      // into clx_replay.participant
  int64_t last;       // the node that came last (global index)
  double arrival;     // s: the last one came
  double begin, end;  // s
  double alone;       // s, on links of its own
} clx_replay_transfer;

// The outcome. Nodes are numbered through: node i of rank r is base[r] + i.
typedef struct clx_replay {
  double time;          // s, from the start to the end of the last node
  int64_t *base;        // [rank_count + 1]
  double *start, *end;  // s; of transfers: when the node was ready, when the transfer was over
  int64_t *cause;       // the node whose end let it start, -1 = none
  int64_t *transfer;    // index, -1 = none
  clx_replay_transfer *transfers;
  int64_t transfer_count;
  int64_t *participant;  // nodes of the transfers; of send and receive: the sender first
  int64_t events;        // that were followed
  int64_t unequal;       // transfers whose members name different sizes; the largest counts
  int64_t without_cost;  // compute nodes for which nothing is recorded
  int64_t shared;        // transfers that other transfers slowed down
  int64_t
      beyond_sharing;  // started while CLX_TRAFFIC_STREAMS_MAX others used the links of a member: not slowed by these
} clx_replay;

// Plays the whole execution. Arrays come from `arena`. Every mistake names ranks, nodes and operations. CLX_INPUT: a rank without
// nodes; sends without receives and the reverse; members of a group that enter different numbers or kinds of collectives;
// operations that wait for each other in a circle over several ranks. Deterministic. O(events log events + shared links).
clx_status clx_replay_run(clx_arena *arena, const clx_execution *execution, const clx_replay_setting *setting,
                          clx_replay *replay, clx_error *error);

// --- what it shows ----------------------------------------------------------------------------------------------------------

// Where the time of one rank goes; the parts add up to the time of the replay.
typedef struct clx_replay_rank {
  double compute;  // s in which the device computes
  double exposed;  // s of transfers without computing beside them
  double waiting;  // s of waiting for other ranks, nothing else going on
  double host;     // s in which only the host works
  double idle;
  double communication;  // s of transfers, hidden ones included
  double end;            // s
} clx_replay_rank;

// Fills rank[rank_count]. `arena` is scratch. O(nodes log nodes).
clx_status clx_replay_ranks(clx_arena *arena, const clx_execution *execution, const clx_replay *replay,
                            clx_replay_rank *rank, clx_error *error);

// Equal transfers together: kind, number of ranks, spread over the machine, bytes.
typedef struct clx_replay_collective {
  int32_t kind;  // clx_collective
  clx_group group;
  double bytes;
  int64_t count;
  double alone, time;  // s of one, mean
  double waiting;      // s of one member for the last one, mean
  double total;        // s of all members of all of them, waiting left out
} clx_replay_collective;

// Rows of *table (from `arena`) by falling total. O(transfers).
clx_status clx_replay_collectives(clx_arena *arena, const clx_execution *execution, const clx_replay_setting *setting,
                                  const clx_replay *replay, clx_replay_collective **table, int32_t *count,
                                  clx_error *error);

// What stands on the path that decides the time, equal kinds and names together.
typedef struct clx_replay_step {
  const char *name;
  int32_t kind;  // clx_operation_kind
  int64_t count;
  double time;  // s
} clx_replay_step;

typedef struct clx_replay_path {
  clx_replay_step *step;  // by falling time
  int32_t count;
  int64_t nodes;
  int32_t last_rank;                 // that ends last
  double time[CLX_OPERATION_KINDS];  // s by kind; adds up to the time of the replay
} clx_replay_path;

// The chain of nodes, each of which starts when the one before ends, that leads to the last end. O(its nodes).
clx_status clx_replay_critical(clx_arena *arena, const clx_execution *execution, const clx_replay *replay,
                               clx_replay_path *path, clx_error *error);

// The timeline of some ranks: one process each, one track for every recorded stream or thread, communicator and peer. Waiting for other
// ranks is a span of its own; messages between two of the ranks are joined by arrows. CLX_INPUT: a rank out of range. O(nodes of the ranks).
clx_status clx_replay_trace(clx_arena *arena, const clx_execution *execution, const clx_replay *replay,
                            const int64_t *rank, int32_t count, clx_trace *trace, clx_error *error);
