// Routes, for the files of this folder: a fabric prepared for many paths, and the topologies' own rules.
#pragma once

#include "fabric/fabric.h"

// splitmix64's finaliser (Steele, Lea, Flood 2014): a bijection that spreads every bit.
static inline uint64_t clx_route_mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// 0 ... count - 1 in random order.
void clx_route_shuffle(int32_t *order, int32_t count, uint64_t seed);

// What a switch of one tier (stage of a path) does with the hash of a flow: murmur3's 32-bit finaliser under a seed of the tier.
// One seed for all tiers would polarise: flows that agree at one tier would agree at the next, and use few of its ports.
static inline uint32_t clx_route_hash(uint32_t hash, uint32_t stage, uint32_t attempt) {
  uint32_t x = hash ^ (0x9e3779b9u * (stage + 1)) ^ (0x7f4a7c15u * attempt);
  x = (x ^ (x >> 16)) * 0x85ebca6bu;
  x = (x ^ (x >> 13)) * 0xc2b2ae35u;
  return x ^ (x >> 16);
}

// Hash to one of `count` choices.
static inline int32_t clx_route_choice(uint32_t hash, uint32_t stage, uint32_t attempt, int32_t count) {
  return (int32_t)(((uint64_t)clx_route_hash(hash, stage, attempt) * (uint64_t)count) >> 32);
}

enum { CLX_ROUTE_BLOCKED_MAX = 4, CLX_ROUTE_REHASHES = 8 };

// One boundary between tiers of a Clos (fabric.h): how a pod below it leads up.
typedef struct clx_route_tier {
  int32_t up, parallel, spread;  // cables up of an element below; to the same switch; switches reached = up / parallel
  int32_t below;                 // elements below in one pod of the tier below
  int32_t leaves;                // pods of tier 0 in one pod of the tier above; 0 = all
  int32_t first_up, first_down;  // links
  int32_t bundle_up, bundle_down;  // bundles
} clx_route_tier;

// A fabric prepared for paths. Borrowed by one thread at a time: `blocked` is scratch.
typedef struct clx_router {
  const clx_fabric *fabric;
  int32_t tier_count;
  clx_route_tier tier[CLX_TIERS_MAX];
  const uint64_t *dead;  // bit per link, nullable: then dead links are looked up in fabric->fault
  bool faulty;           // some link is dead
  const int32_t
      *part;     // dragonflies, nullable: switches of a group that live links inside it join have the same number
  bool starved;  // out of memory: the last -1 means nothing
  int32_t blocked_count;
  int32_t blocked[CLX_ROUTE_BLOCKED_MAX];  // dead links that the last failed path met
} clx_router;

// Constants of the fabric. With an arena also a map of dead links, for many paths; without (NULL) nothing is allocated.
clx_status clx_router_make(clx_arena *arena, const clx_fabric *fabric, clx_router *router, clx_error *error);

// clx_fabric_path of a prepared fabric. link has room for CLX_PATH_MAX.
int32_t clx_router_path(clx_router *router, int32_t from, int32_t to, uint32_t hash, int32_t *link);

// No path is longer.
int32_t clx_router_longest(const clx_router *router);

bool clx_router_dead(const clx_router *router, int32_t link);
// The same, and notes the link for messages when it is dead.
bool clx_router_blocked(clx_router *router, int32_t link);

// Under spraying: links of a path to their bundles, each once. Returns their number; without spraying as it came.
int32_t clx_router_bundle(const clx_router *router, int32_t *link, int32_t count);
// Class of a directed link (bundle) among `count` classes. O(log classes).
int32_t clx_route_class(const clx_fabric_link_class *class, int32_t count, int32_t link);
// Bundle of a directed link of a class.
int32_t clx_route_bundle(const clx_fabric *fabric, int32_t class, int32_t link);

// Rules of the topologies.
void clx_route_clos_make(clx_router *router);
int32_t clx_route_clos_path(clx_router *router, int32_t from, int32_t to, uint32_t hash, int32_t *link);
// Switch at the upper end of a link of a Clos.
int64_t clx_route_clos_upper(const clx_router *router, int32_t link);
// Whether a link of a Clos ends at switch `index` of a tier (0 = leaves).
bool clx_route_clos_touches(const clx_router *router, int32_t link, int32_t tier, int64_t index);
// Fills router->part. O(links inside groups).
clx_status clx_route_dragonfly_parts(clx_arena *arena, clx_router *router, clx_error *error);
int32_t clx_route_dragonfly_path(clx_router *router, int32_t from, int32_t to, uint32_t hash, int32_t *link);
int32_t clx_route_torus_path(clx_router *router, int32_t from, int32_t to, uint32_t hash, int32_t *link);
int32_t clx_route_direct_path(clx_router *router, int32_t from, int32_t to, uint32_t hash, int32_t *link);

// --- many flows (fabric_flows.c) ----------------------------------------------------------------------------------------------

// clx_arena_array, in large pages where there are some.
void *clx_route_array(clx_arena *arena, int64_t count, size_t size);
// The hash of a flow: counter-based, by seed and number.
uint32_t clx_route_flow_hash(uint64_t seed, int64_t flow);
// clx_fabric_capacity into an array that is there; `efficient` false: without spray_efficiency.
void clx_route_capacity(const clx_fabric *fabric, bool efficient, double *capacity);
// One entry of it, efficiency in. O(links of a bundle x log faults).
double clx_route_capacity_at(const clx_fabric *fabric, int32_t entry);
// clx_fabric_flows. cut: nullable, [count]: set where no path is left, instead of an error; such flows have no links.
clx_status clx_route_flows(clx_arena *arena, const clx_fabric *fabric, const int32_t *from, const int32_t *to,
                           int32_t count, int32_t flows, uint64_t seed, clx_flows *out, bool *cut, clx_error *error);
// Of a Clos, by tier, 0 = leaves.
extern const char *const clx_route_switch_name[CLX_TIERS_MAX];
// "nic 3 of server 17"
void clx_route_endpoint_name(const clx_fabric *fabric, int64_t endpoint, char *text, size_t size);

// The error of a path that the router did not find: the ends and the dead links that it met.
clx_status clx_router_cut(const clx_router *router, int32_t from, int32_t to, clx_error *error);
// A dead link for messages: the switch that took it down where the fabric's faults name one, else the link.
void clx_route_dead_name(const clx_router *router, int32_t link, char *text, size_t size);
