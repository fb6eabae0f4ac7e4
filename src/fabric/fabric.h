// fabric: the wires between NICs: topology, bill of material, routes, failures, placement. No collectives.
#pragma once

#include "base/base.h"
#include "flow/flow.h"
#include "schema/schema.h"

// --- catalogue entries ------------------------------------------------------------------------------------------------------

typedef enum clx_link_type { CLX_LINK_NIC, CLX_LINK_COPPER, CLX_LINK_OPTIC } clx_link_type;

// catalogue/link: a NIC, a cable or an optic.
typedef struct clx_link {
  const char *name;
  const char *title;
  const char *const *aliases;
  int32_t alias_count;
  int32_t type;    // clx_link_type
  double rate;     // B/s, one direction
  double latency;  // s, one hop: NIC to NIC through one switch
  double power;    // W of one end
} clx_link;

extern const clx_schema clx_link_schema;

typedef enum clx_routing {
  CLX_ROUTING_ECMP,   // a flow takes one of the equal paths, by hash
  CLX_ROUTING_SPRAY,  // packets of a flow take all equal paths: adaptive routing, packet spraying
  CLX_ROUTING_STATIC,  // a flow takes the path of its destination (destination-modulo, as static routes of InfiniBand do)
  CLX_ROUTINGS
} clx_routing;

extern const char *const clx_routing_name[CLX_ROUTINGS + 1];

// catalogue/switch
typedef struct clx_switch {
  const char *name;
  const char *title;
  const char *const *aliases;
  int32_t alias_count;
  double throughput;        // B/s, one direction, all ports
  double port_rate;         // B/s of a native port
  int32_t ports;            // native ports
  int32_t split;            // a native port breaks out into this many
  double power;             // W, typical without optics
  double latency;           // s
  int32_t routing;          // clx_routing that a fabric of it uses unless the scenario says otherwise
  double spray_efficiency;  // share of line rate that spraying reaches
} clx_switch;

extern const clx_schema clx_switch_schema;

// --- what the user says -----------------------------------------------------------------------------------------------------

typedef enum clx_topology {
  CLX_TOPOLOGY_CLOS,            // folded Clos (fat tree) of up to CLX_TIERS_MAX tiers
  CLX_TOPOLOGY_DRAGONFLY,       // groups of fully meshed routers, groups fully meshed
  CLX_TOPOLOGY_DRAGONFLY_PLUS,  // groups of leaves and spines, groups fully meshed
  CLX_TOPOLOGY_TORUS,           // servers wired to their neighbours, ends joined
  CLX_TOPOLOGY_MESH,            // the same, ends open (one dimension: a daisy chain)
  CLX_TOPOLOGY_DIRECT,          // every server wired to every other (small Thunderbolt or PCIe clusters)
  CLX_TOPOLOGIES
} clx_topology;

extern const char *const clx_topology_name[CLX_TOPOLOGIES + 1];

typedef enum clx_wiring {
  CLX_WIRING_RAIL,       // NIC i of each server of a unit goes to leaf i of the unit; leaves of all rails share spines
  CLX_WIRING_BLOCK,      // all NICs of neighbouring servers go to one leaf
  CLX_WIRING_RAIL_ONLY,  // every rail is a fabric of its own; between rails data take NVLink
  CLX_WIRINGS
} clx_wiring;

extern const char *const clx_wiring_name[CLX_WIRINGS + 1];

typedef enum clx_fault_kind { CLX_FAULT_LINK, CLX_FAULT_SWITCH, CLX_FAULT_NIC, CLX_FAULTS } clx_fault_kind;

// A failed or degraded part. Indices start at 0.
typedef struct clx_fault_spec {
  int32_t kind;   // clx_fault_kind
  int32_t plane;  // of a link or switch
  int32_t tier;   // of a switch, 1 = leaf; of a link, the tier below it: 0 = NIC to leaf, 1 = leaf to spine
  int64_t index;  // the switch; the lower end of the link (NIC or switch); the NIC
  int32_t port;   // of the link, among the ports that face up
  double rate;    // share of the line rate that is left, 0 = dead
  double
      random;  // > 0: this share of all links (or switches, NICs) of the tier, drawn at random, instead of index and port
  clx_place place;
} clx_fault_spec;

enum { CLX_TIERS_MAX = 4, CLX_DIMENSIONS_MAX = 6 };

typedef struct clx_fabric_spec {
  int32_t topology;          // clx_topology
  int32_t wiring;            // clx_wiring, Clos
  int32_t routing;           // clx_routing; -1 = the switch's
  int32_t tiers;             // Clos; 0 = the least number that reaches every endpoint
  double *oversubscription;  // >= 1, ports down / ports up of tier i; the last one holds for all tiers above it
  int32_t oversubscription_count;
  int32_t planes;           // NIC bandwidth split over this many separate fabrics
  int32_t dual_tor;         // bool: each NIC has two ports of half its rate, to two leaves
  double spray_efficiency;  // 0 = the switch's
  int32_t flows;            // QPs per connection: sub-flows that ECMP hashes separately
  int32_t *dimensions;      // torus, mesh: servers along each axis
  int32_t dimension_count;
  int32_t group_routers;     // dragonfly: routers (plus: leaves) of a group, 0 = chosen
  int32_t group_spines;      // dragonfly+
  int32_t router_endpoints;  // endpoints of a router (leaf)
  int32_t router_global;     // links of a router (spine) to other groups
  clx_fault_spec *faults;
  int32_t fault_count;
  clx_place place;
} clx_fabric_spec;

// Servers that hang on the fabric: cohorts in their order.
typedef struct clx_fabric_hosts {
  int64_t servers;
  int32_t gpus;   // per server
  int32_t nics;   // per server that serve GPUs
  int32_t ports;  // per server on the fabric: nics + extra
  double rate;    // B/s of one NIC, one direction
} clx_fabric_hosts;

// --- compiled ---------------------------------------------------------------------------------------------------------------

// One tier of switches of one plane of a Clos. Element i of tier t (tier -1: endpoints) has `up` cables to tier t + 1.
// A pod of tier t holds everything that reaches each other without going above tier t; the whole plane is one pod of the top.
typedef struct clx_fabric_tier {
  int64_t switches;
  int32_t down, up;      // ports in use of one switch; up = 0 at the top
  int32_t pod_switches;  // of this tier in one of its pods (1 for leaves)
  int64_t pod_ports;     // endpoints (of this plane) in one pod, when full
  int64_t pods;
  int32_t parallel;  // cables between a switch of this tier and one below that it is wired to
} clx_fabric_tier;

// Directed links of one kind: ids first ... first + count - 1.
typedef struct clx_fabric_link_class {
  char name[32];  // "leaf up", "nic down", "global", "x+"
  int32_t tier;   // boundary: 0 = NIC to leaf
  int32_t first, count;
  double rate;     // B/s of one
  int32_t bundle;  // links of one switch (spray: pod) that act as one
} clx_fabric_link_class;

enum { CLX_LINK_CLASSES_MAX = 64, CLX_PATH_MAX = 128 };

typedef struct clx_fabric_fault {
  int32_t link;  // directed id
  double rate;   // share left
} clx_fabric_fault;

// What to buy.
typedef struct clx_fabric_bill {
  int64_t switches_by_tier[CLX_TIERS_MAX];
  int64_t switches;
  int64_t copper, optical;  // cables, by medium: servers to leaves (copper), between switches (optical)
  int64_t optics;           // transceivers, two per optical cable
  int64_t nics;
  double power;  // W: switches, transceivers, cables (NICs are part of the servers)
} clx_fabric_bill;

typedef struct clx_fabric {
  clx_fabric_spec spec;           // settled: no zeros or -1 left
  const clx_fabric_hosts *hosts;  // [host_count]
  int32_t host_count;
  int64_t servers,
      endpoints;  // endpoints: NIC ports of one plane, numbered server by server: a server's are neighbours
  int64_t gpus;
  double rate;    // B/s of an endpoint in one plane
  int32_t radix;  // ports of a switch at that rate
  int32_t tier_count;
  clx_fabric_tier tier[CLX_TIERS_MAX];
  int32_t rails;             // leaves of a unit (wiring rail), else 1
  int32_t unit_servers;      // servers of a unit
  int32_t group_count;       // dragonfly
  int32_t link_class_count;  // of one plane; all planes are alike, faults apart
  clx_fabric_link_class link_class[CLX_LINK_CLASSES_MAX];
  int32_t link_count;          // directed links of one plane
  int32_t bundle_class_count;  // the same when equal links act as one (spray)
  clx_fabric_link_class bundle_class[CLX_LINK_CLASSES_MAX];
  int32_t bundle_count;
  clx_fabric_fault *fault;  // by link, of plane fault_plane; sorted
  int32_t fault_count;
  clx_fabric_bill bill;
} clx_fabric;

// Wires the hosts as the spec says with switches of one model. Errors name the switch, the ports that do not add up, the
// endpoints out of reach, the failed part that does not exist. hosts must outlive the fabric; arrays come from `arena`.
clx_status clx_fabric_compile(clx_arena *arena, const clx_fabric_spec *spec, const clx_fabric_hosts *hosts,
                              int32_t host_count, const clx_switch *switch_model, const clx_link *optic,
                              const clx_link *copper, clx_fabric *fabric, clx_error *error);

// --- routes (fabric_route.c) --------------------------------------------------------------------------------------------------

// Endpoint of a NIC, and back. server < fabric->servers, nic < ports of that server.
int64_t clx_fabric_endpoint(const clx_fabric *fabric, int64_t server, int32_t nic);
int64_t clx_fabric_server(const clx_fabric *fabric, int64_t endpoint, int32_t *nic);
// NIC that serves a GPU of a server.
int64_t clx_fabric_gpu_endpoint(const clx_fabric *fabric, int64_t gpu);

// The directed links from one endpoint to another for one flow with this hash; ids of bundles when the routing sprays. Returns
// their number, 0 when from = to, -1 when no path is left. Failed links are avoided as routing does that has converged.
int32_t clx_fabric_path(const clx_fabric *fabric, int64_t from, int64_t to, uint32_t hash, int32_t link[CLX_PATH_MAX]);

// Capacity of every directed link (or bundle), B/s, efficiency and faults in. Array of link_count (bundle_count) from `arena`.
clx_status clx_fabric_capacity(clx_arena *arena, const clx_fabric *fabric, double **capacity, clx_error *error);

// Flows from[i] -> to[i] (endpoints), each as `flows` equal sub-flows with a hash of (seed, i, sub-flow), as an instance for
// clx_flow_solve; sub-flow j of pair i is flow i * flows + j. A pair whose path is cut off: CLX_INFEASIBLE, named.
clx_status clx_fabric_flows(clx_arena *arena, const clx_fabric *fabric, const int32_t *from, const int32_t *to,
                            int32_t count, int32_t flows, uint64_t seed, clx_flows *out, clx_error *error);

// "leaf 17 port 3 up", "nic 1 of server 204, down" ...
void clx_fabric_link_name(const clx_fabric *fabric, int32_t link, char *text, size_t size);

// --- placement (fabric_place.c) ------------------------------------------------------------------------------------------------

typedef enum clx_placement_kind {
  CLX_PLACEMENT_CONTIGUOUS,
  CLX_PLACEMENT_FRAGMENTED,  // runs of `fragment` servers in random order
  CLX_PLACEMENT_RANDOM,
  CLX_PLACEMENTS
} clx_placement_kind;

extern const char *const clx_placement_name[CLX_PLACEMENTS + 1];

typedef struct clx_placement {
  int32_t kind;      // clx_placement_kind
  int64_t fragment;  // servers of a run
} clx_placement;

// Puts jobs, one after the other, on servers that are still free: server[j][i] is the server of node i of job j. Errors: more
// nodes than servers are left, named by job.
clx_status clx_fabric_place(clx_arena *arena, const clx_fabric *fabric, const clx_placement *placement,
                            const int64_t *nodes, int32_t jobs, uint64_t seed, int32_t **server, clx_error *error);

// --- the fabric as collectives see it (fabric_level.c) --------------------------------------------------------------------------

// Blocks of GPUs, from the inside out: what stays inside a block does not use the links above it. The last level holds all.
typedef struct clx_fabric_level {
  int64_t gpus;     // of a block, neighbours in the order of servers
  double thinning;  // >= 1: NIC bandwidth of the block against what leads out of it (0 = nothing leads out)
  double latency;   // s more, one way, than inside the level below
} clx_fabric_level;

enum { CLX_FABRIC_LEVELS_MAX = 6 };

// Levels of the fabric for a job placed contiguously; *efficiency: share of the line rate under the routing of the fabric when
// nothing collides. Returns the number of levels.
int32_t clx_fabric_levels(const clx_fabric *fabric, const clx_switch *switch_model,
                          clx_fabric_level level[CLX_FABRIC_LEVELS_MAX], double *efficiency);
