// What the files of this folder share.
#pragma once

#include "fabric/fabric.h"

// A fabric while it is compiled.
typedef struct clx_fabric_build {
  clx_arena *arena;
  clx_fabric *fabric;
  const clx_switch *model;  // nullable: topologies without switches
  const clx_link *optic, *copper;
  clx_error *error;
} clx_fabric_build;

// What the user says and the topology does not have, named by key; and for a Clos, what its tiers leave unused.
clx_status clx_fabric_check_keys(const clx_fabric_build *build);
clx_status clx_fabric_check_tiers(const clx_fabric_build *build);

// One function per topology: fills tiers, groups, classes of links and bundles, and the counts of the bill for one plane
// (switches_by_tier, copper, optical).
clx_status clx_fabric_wire_clos(clx_fabric_build *build);
clx_status clx_fabric_wire_dragonfly(clx_fabric_build *build);
clx_status clx_fabric_wire_dragonfly_plus(clx_fabric_build *build);
clx_status clx_fabric_wire_torus(clx_fabric_build *build);  // and mesh
clx_status clx_fabric_wire_direct(clx_fabric_build *build);

// Adds a class of `count` links that stand behind those added before.
clx_status clx_fabric_add_links(clx_fabric_build *build, const char *name, int32_t tier, int64_t count, double rate);
clx_status clx_fabric_add_bundles(clx_fabric_build *build, const char *name, int32_t tier, int64_t count, int64_t links,
                                  double rate);

// Failed parts into failed links.
clx_status clx_fabric_find_faults(clx_fabric_build *build);
// Endpoints of leaf pod `leaf` are first, first + stride ... (count of them). O(hosts).
void clx_fabric_leaf_endpoints(const clx_fabric *fabric, int64_t leaf, int64_t *first, int64_t *stride, int64_t *count);
// Planes and rails, transceivers, power.
void clx_fabric_complete_bill(clx_fabric_build *build);

// Ports of a switch at a rate: native ports broken out, never more than its throughput carries. A NIC faster than a port takes
// several ports.
int64_t clx_fabric_radix(const clx_switch *model, double rate);
// "400 Gbit/s".
const char *clx_fabric_rate_text(double rate, char *text, size_t size);

static inline int64_t clx_divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
