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

extern const char *const clx_fault_name[CLX_FAULTS + 1];

// A failed or degraded part. Indices start at 0.
typedef struct clx_fault_spec {
  int32_t kind;   // clx_fault_kind
  int32_t plane;  // of a link or switch; -1 = of every plane; a NIC fails in all of them
  int32_t tier;   // of a switch, 1 = leaf; of a link, the tier below it: 0 = NIC to leaf, 1 = leaf to spine
  int64_t index;  // the switch; the lower end of the link (NIC or switch); the NIC
  int32_t port;   // of the link, among the ports that face up
  double rate;    // share of the line rate that is left, 0 = dead
  double
      random;  // > 0: this share of all links (or switches, NICs) of the tier, drawn at random, instead of index and port
  clx_place place;
} clx_fault_spec;

extern const clx_schema clx_fault_schema;

enum { CLX_TIERS_MAX = 4, CLX_DIMENSIONS_MAX = 6, CLX_PLANES_MAX = 16 };

typedef struct clx_fabric_spec {
  int32_t topology;          // clx_topology
  int32_t wiring;            // clx_wiring, Clos
  int32_t routing;           // clx_routing; -1 = the switch's
  int32_t tiers;             // Clos; 0 = the least number that reaches every endpoint
  double *oversubscription;  // >= 1, ports down / ports up of tier i; the last one holds for all tiers above it
  int32_t oversubscription_count;
  int64_t
      pod_servers;   // Clos of three tiers or more: servers of a pod of the second one; 0 = what a spine has ports for
  int32_t planes;    // NIC bandwidth split over this many separate fabrics
  int32_t dual_tor;  // bool: each NIC has two ports of half its rate, to two leaves
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
  int64_t seed;  // of what is drawn at random
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

// Numbering. One plane is described; planes are alike, faults apart. Everything below counts within it.
//
// Endpoints: the NIC ports of a plane, server by server over all hosts, in order (torus, mesh, direct: one endpoint a server).
//
// Clos. Elements of tier t are its switches (0 = leaves), of tier -1 the endpoints. An element of tier t - 1 has u_t cables up
// over boundary t: tier[t - 1].up, and at boundary 0 `nic_up`: 1, or 2 with dual_tor. In a pod of tier t (what reaches each other
// without going above tier t) S_t = tier[t].pod_switches switches: S_-1 = 1, S_t = S_t-1 u_t / parallel_t. Switch s of a pod of
// tier t-1 reaches by its up port c switch s (u_t / parallel_t) + c / parallel_t of the pod of tier t above it, and each switch of
// a pod reaches every pod of the tier below it, by `parallel` cables each. Global index of a switch of tier t: pod S_t + s.
// So a path is the choices c_0 ... c_k on the way up; down at boundary t it takes the cable of the same port c_t of the element
// of tier t - 1 with the same s in the pod of the destination. Directed link, boundary t, up: link_class[2 t].first +
// (global index of the lower element) u_t + c; down: link_class[2 t + 1].first + the same. Bundles (spray): boundary 0: those of
// an endpoint; above: all cables of one pod of tier t - 1, up, and down: bundle_class[2 t (+ 1)].first + endpoint or pod.
// The pod of tier t of leaf pod l (a leaf; with dual_tor the pair) is l / tier[t].pod_leaves. Leaf pod of an endpoint:
// clx_fabric_leaf. Counts of pods and links are those of a regular numbering: pods in the middle may be partly empty.
// With dual_tor the two leaves of a pair have spines of their own. Rail-only: rail r has its own pod r of the top tier.
//
// Dragonfly. Router of group x: x A + i, A = group_routers; endpoint / router_endpoints is its router. Groups are fully meshed by
// `global_parallel` = m cables a pair. Port q(x, y, k) = (y < x ? y : y - 1) m + k of group x leads to group y and stands on
// router q / router_global. Classes: 0, 1: NIC up, down: first + endpoint. 2: local, router i to j of group x: first +
// (x A + i) (A - 1) + (j < i ? j : j - 1). 3: global, x to y by cable k: first + (x (G - 1) + (y < x ? y : y - 1)) m + k.
// Bundles: 0, 1 as links; 2: all local links of a group; 3: the m cables of a pair of groups.
//
// Dragonfly+. A leaves and B = group_spines spines a group; leaf port c (of U = leaf_up) leads to spine c / (U / B). Ports q(x, y, k)
// as above, on spine q / router_global. Classes 0, 1 as above; 2, 3: leaf up, down: first + (x A + leaf) U + c; 4: global.
// Bundles: 0, 1; 2, 3: first + group; 4: the m cables of a pair of groups.
//
// Torus, mesh. Server = sum over d of x_d (n_0 ... n_d-1). Classes 2 d and 2 d + 1: the links of direction + and - of dimension d:
// first + server they leave; in a mesh those that leave the edge are not there (no path takes them). Size 1: no links. In a
// torus of size 2 both directions lead to the same neighbour, by different cables. All cables to a neighbour are one link.
// Direct: class 0, server i to j: first + i (n - 1) + (j < i ? j : j - 1).

// One tier of switches of a Clos.
typedef struct clx_fabric_tier {
  int64_t switches;      // to buy, of one plane. Ports decide: in pods partly empty fewer than pods x pod_switches
  int32_t down, up;      // ports in use of one switch; up = 0 at the top
  int32_t pod_switches;  // S of the numbering
  int64_t pod_leaves;    // leaf pods in one pod of this tier
  int64_t pod_ports;     // endpoints (of this plane) in one pod, when full
  int64_t pods;
  int32_t parallel;  // cables between a switch of this tier and one below that it is wired to
} clx_fabric_tier;

// Directed links of one kind: ids first ... first + count - 1.
typedef struct clx_fabric_link_class {
  char name[32];  // "leaf up", "nic down", "global", "x+"
  int32_t tier;   // boundary: 0 = NIC to leaf
  int32_t first, count;
  double rate;     // B/s of one link; NICs: of the fastest host (clx_fabric_endpoint_rate)
  int32_t bundle;  // links in one
} clx_fabric_link_class;

enum { CLX_LINK_CLASSES_MAX = 16, CLX_PATH_MAX = 128 };

typedef struct clx_fabric_fault {
  int32_t plane;
  int32_t link;  // directed id
  double rate;   // share left; of several faults of one link the least
} clx_fabric_fault;

// What to buy: all planes and rails.
typedef struct clx_fabric_bill {
  int64_t switches_by_tier[CLX_TIERS_MAX];  // dragonfly: [0] routers; dragonfly+: leaves, spines
  int64_t switches;
  int64_t copper,
      optical;     // cables, by medium: servers to leaves and to each other (copper), between switches (optical)
  int64_t optics;  // transceivers, two per optical cable (fewer of a type that holds several ports)
  int64_t nics;
  double power;  // W: switches, transceivers, ends of copper cables (NICs are part of the servers)
} clx_fabric_bill;

typedef struct clx_fabric {
  clx_fabric_spec spec;           // settled: no zeros or -1 left
  const clx_fabric_hosts *hosts;  // [host_count]
  int32_t host_count;
  int64_t servers, endpoints, gpus;  // endpoints: of one plane
  double rate;                       // B/s of a port of a NIC in one plane
  int32_t nic_up;                    // ports of a NIC in one plane
  int32_t radix;                     // ports of a switch at that rate
  int32_t tier_count;                // of a Clos; dragonfly: 1, dragonfly+: 2, others 0
  clx_fabric_tier tier[CLX_TIERS_MAX];
  int32_t rails;             // leaf pods of a unit (wirings rail, rail-only), else 1
  int32_t unit_servers;      // servers of a unit; wiring block: 0
  int64_t rail_leaves;       // rail-only: leaf pods of a rail as numbered
  int32_t group_count;       // dragonfly
  int32_t global_parallel;   // dragonfly: cables of a pair of groups
  int32_t leaf_up;           // dragonfly+: ports up of a leaf
  int32_t link_class_count;  // of one plane
  clx_fabric_link_class link_class[CLX_LINK_CLASSES_MAX];
  int32_t link_count;          // directed links of one plane
  int32_t bundle_class_count;  // the same when equal links act as one (spray)
  clx_fabric_link_class bundle_class[CLX_LINK_CLASSES_MAX];
  int32_t bundle_count;
  const clx_fabric_fault *fault;  // of plane fault_plane, sorted by link
  int32_t fault_count;
  int32_t fault_plane;                  // the plane shown: first the one with most faults (clx_fabric_show_plane)
  const clx_fabric_fault *all_fault;    // of all planes, sorted by link and plane
  const clx_fabric_fault *plane_fault;  // the same by plane and link
  int32_t all_fault_count;
  clx_fabric_bill bill;
} clx_fabric;

// Wires the hosts as the spec says with switches of one model. Errors name the switch, the ports that do not add up, the
// endpoints out of reach, the failed part that does not exist: CLX_INPUT for what contradicts itself, CLX_INFEASIBLE for what
// the switch cannot reach. hosts must outlive the fabric; arrays come from `arena`. switch_model: nullable for topologies
// without switches. Cost: O(hosts + faults log faults); random faults O(links of the tier).
clx_status clx_fabric_compile(clx_arena *arena, const clx_fabric_spec *spec, const clx_fabric_hosts *hosts,
                              int32_t host_count, const clx_switch *switch_model, const clx_link *optic,
                              const clx_link *copper, clx_fabric *fabric, clx_error *error);

// Leaf pod that an endpoint hangs on: a leaf of a Clos (with dual_tor the pair), a router or leaf of a dragonfly, the server
// itself where there are no switches. O(hosts).
int64_t clx_fabric_leaf(const clx_fabric *fabric, int64_t endpoint);
// B/s of the NIC of an endpoint in one plane, all its ports.
double clx_fabric_endpoint_rate(const clx_fabric *fabric, int64_t endpoint);
// Lets fault, fault_count and fault_plane show another plane.
void clx_fabric_show_plane(clx_fabric *fabric, int32_t plane);

// --- routes (fabric_route.c) --------------------------------------------------------------------------------------------------

// Endpoint of a NIC, and back. server < fabric->servers, nic < ports of that server.
int64_t clx_fabric_endpoint(const clx_fabric *fabric, int64_t server, int32_t nic);
int64_t clx_fabric_server(const clx_fabric *fabric, int64_t endpoint, int32_t *nic);

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

extern const clx_schema clx_placement_schema;

// Puts jobs, one after the other, on servers that are still free: server[j][i] is the server of node i of job j. Errors: more
// nodes than servers are left, named by job.
clx_status clx_fabric_place(clx_arena *arena, const clx_fabric *fabric, const clx_placement *placement,
                            const int64_t *nodes, int32_t jobs, uint64_t seed, int32_t **server, clx_error *error);

// --- the fabric as collectives see it (fabric_level.c) --------------------------------------------------------------------------

// Blocks of GPUs, from the inside out: what stays inside a block does not use the links above it. The last level holds all.
typedef struct clx_fabric_level {
  int64_t gpus;  // of a block, neighbours in the order of servers
  double
      thinning;    // >= 1: NIC bandwidth of the block against what leads out of it (0: it holds all, nothing leads out)
  double latency;  // s more, one way, than inside the level below
  double
      loss;  // share that collisions take of flows out of it when each of its links out has one to carry (fabric_study)
} clx_fabric_level;

enum { CLX_FABRIC_LEVELS_MAX = 6 };
#define CLX_COLLISION_LOSS_MAX 0.99
#define CLX_THINNING_MAX 1e9  // of a block whose links out have all failed

// Levels of the fabric for a job placed contiguously; failures count in the block that they hit worst (torus, mesh, direct: not
// at all). *efficiency: share of the line rate under the routing of the fabric when nothing collides. Returns the number of levels. O(faults). docs/model/network/fabric.md.
int32_t clx_fabric_levels(const clx_fabric *fabric, const clx_switch *switch_model,
                          clx_fabric_level level[CLX_FABRIC_LEVELS_MAX], double *efficiency);
