// Fabrics for tests of routes and of studies of traffic.
#pragma once

#include "check.h"

#include "fabric/fabric_study.h"

enum { PORTS = 16, TORUS = CLX_TOPOLOGY_TORUS };

static const double RATE = 50e9;

// A fabric of servers of 8 NICs, by default a Clos of 16-port switches.
typedef struct rig {
  clx_arena *arena;
  clx_error error;
  clx_switch model;
  clx_fabric_hosts hosts[2];
  clx_fabric_spec spec;
  clx_fabric fabric;
} rig;

static inline void rig_open(rig *r, int64_t servers, int32_t nics, int32_t radix) {
  *r = (rig){.arena = clx_arena_new()};
  clx_error_clear(&r->error);
  r->model = (clx_switch){.name = "toy",
                          .throughput = radix * RATE,
                          .port_rate = RATE,
                          .ports = radix,
                          .split = 1,
                          .spray_efficiency = 0.95};
  r->hosts[0] = (clx_fabric_hosts){.servers = servers, .gpus = nics, .nics = nics, .ports = nics, .rate = RATE};
  r->spec = (clx_fabric_spec){.planes = 1, .flows = 1, .routing = CLX_ROUTING_ECMP};
}

static inline clx_status rig_compile(rig *r) {
  const int32_t hosts = r->hosts[1].servers > 0 ? 2 : 1;
  const clx_link optic = {.name = "optic", .type = CLX_LINK_OPTIC, .rate = RATE};
  const clx_link copper = {.name = "copper", .type = CLX_LINK_COPPER, .rate = RATE};
  return clx_fabric_compile(r->arena, &r->spec, r->hosts, hosts, &r->model, &optic, &copper, &r->fabric, &r->error);
}

static inline void rig_close(rig *r) { clx_arena_free(r->arena); }

static inline void must(const rig *r, clx_status status) {
  if (status != CLX_OK) fail_msg("%s", r->error.mistake[0].text);
}

static uint64_t random_state;

static inline int32_t random_below(int64_t n) {  // xorshift64*
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return (int32_t)((random_state * 0x2545f4914f6cdd1du >> 33) % (uint64_t)n);
}

// --- fabrics ------------------------------------------------------------------------------------------------------------------

typedef struct subject {
  const char *name;
  int32_t topology, wiring, routing, tiers;
  int64_t servers;
  int32_t nics, radix, dual_tor;
  double thinning;
  int32_t dimension[3];
  int32_t second_nics;  // of a second host of half as many servers
} subject;

static const subject SUBJECTS[] = {
    {"one tier", .tiers = 1, .servers = 2, .nics = 8, .radix = 16},
    {"two tiers by rails", .tiers = 2, .servers = 12, .nics = 8, .radix = 16},
    {"two tiers, parallel cables", .tiers = 2, .servers = 9, .nics = 2, .radix = 16, .wiring = CLX_WIRING_BLOCK},
    {"three tiers by rails", .tiers = 3, .servers = 75, .nics = 8, .radix = 16},
    {"three tiers by blocks", .tiers = 3, .servers = 75, .nics = 8, .radix = 16, .wiring = CLX_WIRING_BLOCK},
    {"four tiers", .tiers = 4, .servers = 60, .nics = 8, .radix = 8, .wiring = CLX_WIRING_BLOCK},
    {"oversubscribed", .tiers = 3, .servers = 70, .nics = 4, .radix = 16, .thinning = 3},
    {"static routes", .tiers = 3, .servers = 75, .nics = 8, .radix = 16, .routing = CLX_ROUTING_STATIC},
    {"two leaves a NIC", .tiers = 3, .servers = 40, .nics = 4, .radix = 16, .dual_tor = 1},
    {"rails apart", .tiers = 2, .servers = 60, .nics = 4, .radix = 16, .wiring = CLX_WIRING_RAIL_ONLY},
    {"two kinds of servers", .tiers = 3, .servers = 40, .nics = 8, .radix = 16, .second_nics = 4},
    {"dragonfly", .topology = CLX_TOPOLOGY_DRAGONFLY, .servers = 100, .nics = 4, .radix = 15},
    {"dragonfly, few groups", .topology = CLX_TOPOLOGY_DRAGONFLY, .servers = 24, .nics = 4, .radix = 15},
    {"dragonfly+", .topology = CLX_TOPOLOGY_DRAGONFLY_PLUS, .servers = 150, .nics = 4, .radix = 16},
    {"torus", .topology = CLX_TOPOLOGY_TORUS, .servers = 60, .nics = 6, .dimension = {5, 4, 3}},
    {"torus with thin sides", .topology = CLX_TOPOLOGY_TORUS, .servers = 14, .nics = 6, .dimension = {7, 1, 2}},
    {"mesh", .topology = CLX_TOPOLOGY_MESH, .servers = 60, .nics = 6, .dimension = {5, 4, 3}},
    {"daisy chain", .topology = CLX_TOPOLOGY_MESH, .servers = 9, .nics = 2, .dimension = {9}},
    {"direct", .topology = CLX_TOPOLOGY_DIRECT, .servers = 7, .nics = 6},
};

static inline void subject_open(rig *r, const subject *s) {
  static double thinning[1];
  static int32_t dimension[3];
  rig_open(r, s->servers, s->nics, s->radix > 0 ? s->radix : PORTS);
  r->spec.topology = s->topology;
  r->spec.wiring = s->wiring;
  r->spec.routing = s->routing;
  r->spec.tiers = s->tiers;
  r->spec.dual_tor = s->dual_tor;
  if (s->thinning > 0) {
    thinning[0] = s->thinning;
    r->spec.oversubscription = thinning;
    r->spec.oversubscription_count = 1;
  }
  for (int32_t d = 0; d < 3; d++) {
    dimension[d] = s->dimension[d];
    if (dimension[d] > 0) r->spec.dimension_count = d + 1;
  }
  r->spec.dimensions = dimension;
  if (s->second_nics > 0) {
    r->hosts[1] = r->hosts[0];
    r->hosts[1].servers = s->servers / 2;
    r->hosts[1].gpus = r->hosts[1].nics = r->hosts[1].ports = s->second_nics;
  }
}
