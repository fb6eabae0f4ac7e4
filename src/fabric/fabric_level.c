// The fabric as collectives see it: blocks of neighbours, and how much of their NIC bandwidth leads out of them.
#include <math.h>

#include "fabric/fabric_internal.h"

typedef struct levels {
  clx_fabric_level *level;
  int32_t count;
  double hop;    // s of one switch
  int64_t gpus;  // of the largest block so far
} levels;

// Adds a block unless one as large stands there already; `hops`: switches more on a path than inside the level below.
static void add(const clx_fabric *f, levels *l, double gpus, double thinning, int32_t hops) {
  int64_t block = (int64_t)floor(gpus * (1 + 1e-12));
  if (block > f->gpus) block = f->gpus;
  if (block <= l->gpus || l->count == CLX_FABRIC_LEVELS_MAX) return;
  l->gpus = block;
  l->level[l->count++] =
      (clx_fabric_level){.gpus = block,
                         .thinning = block == f->gpus ? 0 : fmin(fmax(1, thinning), CLX_THINNING_MAX),
                         .latency = l->count > 0 ? hops * l->hop : 0};
}

// --- faults -----------------------------------------------------------------------------------------------------------------

// Links of one class lost in the block that loses most; a block has `links` of them in each plane.
static double most_lost(const clx_fabric *f, int32_t class, int64_t links) {
  const clx_fabric_link_class *c = &f->link_class[class];
  double most = 0, lost = 0;
  int64_t block = -1;
  for (int32_t i = 0; i < f->all_fault_count; i++) {
    const clx_fabric_fault *fault = &f->all_fault[i];
    if (fault->link < c->first || fault->link >= c->first + c->count) continue;
    const int64_t here = (fault->link - c->first) / links;
    lost = (here == block ? lost : 0) + 1 - fault->rate;
    block = here;
    most = fmax(most, lost);
  }
  return most;
}

// Ports that send for GPUs, of all ports of a server: collectives leave the NICs of storage alone.
static double sending(const clx_fabric *f) { return (double)f->hosts[0].nics / f->hosts[0].ports; }

// Bandwidth of the NICs of GPUs in a block with `ports` endpoints against what is left of its `links` out, up or down, in all
// planes.
static double thinning_of(const clx_fabric *f, int32_t class, double ports, int64_t links) {
  const double lost = fmax(most_lost(f, class, links), most_lost(f, class + 1, links));
  const double left = (double)links * f->spec.planes - lost;
  return left > 0 ? ports * sending(f) * f->nic_up * f->spec.planes / left : CLX_THINNING_MAX;
}

// --- topologies -------------------------------------------------------------------------------------------------------------

static void add_clos(const clx_fabric *f, levels *l) {
  const clx_fabric_hosts *host = &f->hosts[0];
  const bool rail_only = f->spec.wiring == CLX_WIRING_RAIL_ONLY;
  for (int32_t t = 0; t < f->tier_count; t++) {
    const clx_fabric_tier *tier = &f->tier[t];
    // Servers of a pod: whole units, or what the ports of its leaves hold.
    double servers = floor((double)tier->pod_ports / host->ports);
    if (f->unit_servers > 0) {
      servers = floor((double)tier->pod_leaves / (rail_only ? 1 : f->rails)) * f->unit_servers;
      if (t == 0) servers = f->unit_servers;
    }
    const int64_t links = (int64_t)tier->pod_switches * tier->up;  // out of one pod
    const double thinning = links > 0 ? thinning_of(f, 2 * (t + 1), (double)tier->pod_ports, links) : 1;
    add(f, l, servers * host->gpus, thinning, 2);
  }
}

static void add_dragonfly(const clx_fabric *f, levels *l) {
  const clx_fabric_hosts *host = &f->hosts[0];
  const clx_fabric_spec *s = &f->spec;
  const double gpus = (double)host->gpus / host->ports;  // of an endpoint
  const bool plus = s->topology == CLX_TOPOLOGY_DRAGONFLY_PLUS;
  const double p = s->router_endpoints, send = p * sending(f), a = s->group_routers;
  const double out = (double)f->global_parallel * (f->group_count - 1);
  const double global = f->group_count > 1 ? out / a : 0;
  add(f, l, floor(p * gpus), plus ? send / f->leaf_up : send / (a - 1 + global), 1);
  add(f, l, floor(a * p * gpus), out > 0 ? a * send / out : 1, plus ? 2 : 1);
  add(f, l, (double)f->gpus, 1, plus ? 1 : 2);
}

static const clx_fabric_link_class *positive_link(const clx_fabric *f, int32_t dimension) {
  const ptrdiff_t class = dimension;
  return &f->link_class[2 * class];
}

// Lines, planes ... of neighbours in the order of servers, and the half of the machine that the narrowest cut leaves. In a mesh
// a block in a corner has one neighbour a dimension.
static void add_torus(const clx_fabric *f, levels *l) {
  const clx_fabric_hosts *host = &f->hosts[0];
  const clx_fabric_spec *s = &f->spec;
  const bool torus = s->topology == CLX_TOPOLOGY_TORUS;
  const double sides = torus ? 2 : 1, nics = host->nics * f->rate;  // B/s that the GPUs of a server have
  double servers = 1;
  int32_t last = s->dimension_count - 1;
  while (last > 0 && s->dimensions[last] == 1) last--;
  for (int32_t d = -1; d <= last; d++) {
    if (d >= 0) servers *= s->dimensions[d];
    double out = 0;  // links of one server that leave
    for (int32_t e = d + 1; e <= last; e++) out += s->dimensions[e] > 1 ? sides * positive_link(f, e)->rate : 0;
    if (d == last - 1 && s->dimensions[last] > 3) {
      add(f, l, servers * host->gpus, nics / out, 1);
      const double half = floor(s->dimensions[last] / 2.0);
      add(f, l, servers * half * host->gpus, half * nics / (sides * positive_link(f, last)->rate), 1);
      continue;
    }
    add(f, l, servers * host->gpus, out > 0 ? nics / out : 1, 1);
  }
}

static void add_direct(const clx_fabric *f, levels *l) {
  const clx_fabric_hosts *host = &f->hosts[0];
  const double out = (double)(f->servers - 1) * f->link_class[0].rate;
  add(f, l, host->gpus, out > 0 ? host->nics * f->rate / out : 1, 1);
  add(f, l, (double)f->gpus, 1, 1);
}

static void (*const ADD[CLX_TOPOLOGIES])(const clx_fabric *f, levels *l) = {
    [CLX_TOPOLOGY_CLOS] = add_clos,
    [CLX_TOPOLOGY_DRAGONFLY] = add_dragonfly,
    [CLX_TOPOLOGY_DRAGONFLY_PLUS] = add_dragonfly,
    [CLX_TOPOLOGY_TORUS] = add_torus,
    [CLX_TOPOLOGY_MESH] = add_torus,
    [CLX_TOPOLOGY_DIRECT] = add_direct,
};

int32_t clx_fabric_levels(const clx_fabric *f, const clx_switch *switch_model,
                          clx_fabric_level level[CLX_FABRIC_LEVELS_MAX], double *efficiency) {
  levels l = {.level = level, .hop = f->radix > 0 && switch_model != NULL ? switch_model->latency : 0};
  ADD[f->spec.topology](f, &l);
  if (l.gpus < f->gpus) {  // blocks rounded down, or more levels than there is room for
    if (l.count == CLX_FABRIC_LEVELS_MAX) l.count--;
    add(f, &l, (double)f->gpus, 1, 2);
  }
  *efficiency = f->spec.routing == CLX_ROUTING_SPRAY ? f->spec.spray_efficiency : 1;
  return l.count;
}
