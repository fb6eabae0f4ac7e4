// Collectives of different communicators at the same time on the links of one GPU: fair shares, and the timeline they make.
#pragma once

#include "base/base.h"
#include "network/network.h"

enum { CLX_TRAFFIC_LINKS_MAX = 8, CLX_TRAFFIC_STREAMS_MAX = 16, CLX_TRAFFIC_STATES_MAX = 128 };

// What transfers of one communicator ask of the links when nothing else runs.
typedef struct clx_traffic_demand {
  const char *name;                     // "dp", "ep" ...
  double time;                          // s alone
  double latency;                       // s of it in which the links idle; contention does not stretch it
  double bytes[CLX_TRAFFIC_LINKS_MAX];  // B over each link
} clx_traffic_demand;

// Links that one GPU has a share in (NVLink, its NICs, what leads out of its leaf, its pod ...), the demands on them, and the
// shares of every set of demands seen so far: an iteration alternates among few sets.
typedef struct clx_traffic {
  int32_t link_count;
  const char *link_name[CLX_TRAFFIC_LINKS_MAX];
  double capacity[CLX_TRAFFIC_LINKS_MAX];  // B/s for this GPU
  int32_t level[CLX_TRAFFIC_LINKS_MAX];    // of clx_network.level, for links above the NICs
  int32_t demand_count;
  clx_traffic_demand demand[CLX_TRAFFIC_STREAMS_MAX];
  int32_t state_count;  // memo
  uint32_t state[CLX_TRAFFIC_STATES_MAX];
  double speed[CLX_TRAFFIC_STATES_MAX][CLX_TRAFFIC_STREAMS_MAX];
} clx_traffic;

// The links of one GPU of a network, no demands yet: NVLink, NIC, its share of what leads out of each block.
void clx_network_traffic(const clx_network *network, clx_traffic *traffic);

// What one collective of `bytes` asks of them (bytes as in clx_collective_cost_of).
clx_traffic_demand clx_network_demand(const clx_network *network, const clx_traffic *traffic, const char *name,
                                      clx_collective kind, clx_group group, double bytes);

// Adds a demand; returns its index, -1 when there is no room. Forgets the states seen so far.
int32_t clx_traffic_add(clx_traffic *traffic, const clx_traffic_demand *demand);

// Speed of each demand of the set `active` (bit i = demand i), 1 = as fast as alone: every communicator the same bytes per second
// on the link that holds several, what nobody takes to who can use it. Max-min fair for two; with three and more whose loads cross
// on several links, what is left over goes to the first of them. Entries of idle demands are 0. The array lives until the next call.
// O(demands^2 links) for a set not seen before, else O(states).
const double *clx_traffic_speeds(clx_traffic *traffic, uint32_t active);

// One piece of work of an iteration.
typedef struct clx_activity {
  int32_t stream;  // activities of one stream run one after the other in their order; < CLX_TRAFFIC_STREAMS_MAX
  int32_t demand;  // of the traffic; -1 = computes, no links. At most one activity of a demand runs at a time.
  double time;  // s, of computing; of a transfer: 0 = that of its demand, else it is a like transfer of this time alone
  int32_t after;  // index of an activity that must have ended before, -1 = none
} clx_activity;

typedef struct clx_span {
  double start, end;  // s
} clx_span;

// When every activity starts and ends; span[count]. Fluid: transfers advance at clx_traffic_speeds of what runs beside them.
// Errors: CLX_INTERNAL for an index out of range, and for dependencies that never clear. O(count streams).
clx_status clx_timeline_run(clx_traffic *traffic, const clx_activity *activity, int32_t count, clx_span *span,
                            clx_error *error);
