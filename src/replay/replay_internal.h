// What the files of this folder share; nobody else includes it.
#pragma once

#include "network/network_traffic.h"
#include "replay/replay.h"

// A mix of bits good enough for tables of open addressing (the finaliser of MurmurHash3).
static inline uint64_t clx_replay_mix(uint64_t seed, uint64_t value) {
  uint64_t h = (seed ^ value) * 0xff51afd7ed558ccdu;
  h ^= h >> 33;
  h *= 0xc4ceb9fe1a85ec53u;
  return h ^ h >> 29;
}

// --- matching (replay_match.c) ----------------------------------------------------------------------------------------------

// Finds transfers: the n-th collective of a group on each of its members, the n-th send of a source, destination and tag with the n-th
// receive. Fills base, transfer, transfers and participant.
clx_status clx_replay_match(clx_arena *arena, const clx_execution *execution, clx_replay *replay, clx_error *error);

// Rank of a node by its global index. O(log ranks).
int32_t clx_replay_rank_of(const clx_execution *execution, const clx_replay *replay, int64_t node);
const clx_operation *clx_replay_operation_of(const clx_execution *execution, const clx_replay *replay, int64_t node);
// "rank 3 node 17 'all_reduce'". Returns `text`.
const char *clx_replay_node_text(const clx_execution *execution, const clx_replay *replay, int64_t node, char *text,
                                 size_t size);

// --- prices (replay_price.c) ------------------------------------------------------------------------------------------------

// What one transfer asks of the links: equal ones share a row.
typedef struct clx_replay_demand {
  int32_t kind;  // clx_collective
  clx_group group;
  double bytes;
  clx_traffic_demand traffic;
} clx_replay_demand;

typedef struct clx_replay_prices {
  double *time;            // [operation_count] s alone; of transfers: as recorded
  clx_traffic links;       // of one GPU, no demands
  clx_replay_demand *row;  // row_count
  int32_t row_count, room;
  int32_t *of;  // [transfer_count] row of each transfer, -1 = takes time[operation] and no links
} clx_replay_prices;

// Prices all operations and, once they are matched, all transfers.
clx_status clx_replay_price(clx_arena *arena, const clx_execution *execution, const clx_replay_setting *setting,
                            const clx_replay *replay, clx_replay_prices *prices, clx_error *error);

// --- links that transfers share (replay_links.c) ----------------------------------------------------------------------------

typedef struct clx_replay_links clx_replay_links;

// A transfer that moves bytes.
typedef struct clx_replay_motion {
  double left;       // s of moving alone
  double since;      // s: when `left` held
  double rate;       // since then, 1 = alone
  double speed;      // now: the least of the members' shares
  int32_t at_least;  // members that have this share
  int32_t version;   // of its last event
  bool moving, changed, slowed;
} clx_replay_motion;

// NULL: out of memory.
clx_replay_links *clx_replay_links_new(clx_arena *arena, const clx_execution *execution, const clx_replay *replay,
                                       const clx_replay_prices *prices);
// The transfer takes its place on the links of its members, or leaves them. Shares of others change; so do the motions listed in
// clx_replay_links_changed. CLX_MEMORY.
clx_status clx_replay_links_join(clx_replay_links *links, int64_t transfer, clx_error *error);
clx_status clx_replay_links_leave(clx_replay_links *links, int64_t transfer, clx_error *error);
clx_replay_motion *clx_replay_links_motion(clx_replay_links *links, int64_t transfer);
// Takes one of the moving transfers whose speed may have changed since it was last taken, -1 = none.
int64_t clx_replay_links_changed(clx_replay_links *links);
int64_t clx_replay_links_refused(const clx_replay_links *links);

// --- circles (replay_stuck.c) -----------------------------------------------------------------------------------------------

// Explains why nodes never ran: follows what each waits for until the circle closes. `waiting` counts what nodes still wait for;
// start < 0 = not ready, end < 0 = not ended. Returns CLX_INPUT.
clx_status clx_replay_stuck(const clx_execution *execution, const clx_replay *replay, const int32_t *waiting,
                            clx_error *error);
