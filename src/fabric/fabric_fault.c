// Failed parts into failed links. A cable fails in both directions, a switch with all its cables, a NIC in all planes.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "fabric/fabric_internal.h"
#include "fabric/fabric_route_internal.h"

// Where failed links are put; the first round counts them, the second one has room.
typedef struct collected {
  clx_fabric_fault *fault;  // nullable
  int64_t count;
  int32_t plane;
  double rate;
} collected;

// What can fail of one kind and tier: `parts` elements with `ports` each. parts = 0: there is nothing of it.
typedef struct range {
  char what[32];
  int64_t parts, ports;
} range;

static void fail_link(collected *out, int64_t link) {
  if (out->fault != NULL) {
    out->fault[out->count] = (clx_fabric_fault){.plane = out->plane, .link = (int32_t)link, .rate = out->rate};
  }
  out->count++;
}

// The cable of port c of element e (endpoint, switch) whose links are classes `class` and class + 1.
static void fail_cable(const clx_fabric *f, collected *out, int32_t class, int64_t element, int64_t ports, int64_t c) {
  fail_link(out, f->link_class[class].first + element * ports + c);
  fail_link(out, f->link_class[class + 1].first + element * ports + c);
}

// --- Clos -------------------------------------------------------------------------------------------------------------------

static const char *const TIER[CLX_TIERS_MAX + 1] = {"NIC", "leaf", "spine", "core", "tier 4 switch"};

static int64_t clos_ports(const clx_fabric *f, int32_t boundary) {
  return boundary == 0 ? f->nic_up : f->tier[boundary - 1].up;
}

static int64_t clos_elements(const clx_fabric *f, int32_t boundary) {
  return boundary == 0 ? f->endpoints : f->tier[boundary - 1].pods * f->tier[boundary - 1].pod_switches;
}

static range clos_range(const clx_fabric *f, int32_t kind, int32_t tier) {
  range r = {.parts = 0};
  const bool link = kind == CLX_FAULT_LINK;
  if (tier < (link ? 0 : 1) || tier > f->tier_count - (link ? 1 : 0)) return r;
  snprintf(r.what, sizeof r.what, "%s", TIER[tier]);
  r.parts = clos_elements(f, tier);
  r.ports = link ? clos_ports(f, tier) : 0;
  return r;
}

static void clos_link(const clx_fabric *f, collected *out, int32_t tier, int64_t index, int32_t port) {
  fail_cable(f, out, 2 * tier, index, clos_ports(f, tier), port);
}

static void clos_leaf(const clx_fabric *f, collected *out, int64_t pod, int64_t side) {
  int64_t first, stride, count;
  clx_fabric_leaf_endpoints(f, pod, &first, &stride, &count);
  for (int64_t i = 0; i < count; i++) fail_cable(f, out, 0, first + i * stride, f->nic_up, side);
}

static void clos_switch(const clx_fabric *f, collected *out, int32_t tier, int64_t index) {
  const int32_t t = tier - 1;
  const clx_fabric_tier *here = &f->tier[t];
  const int64_t pod = index / here->pod_switches, s = index % here->pod_switches;
  for (int32_t c = 0; c < here->up; c++) fail_cable(f, out, 2 * (t + 1), index, here->up, c);
  if (t == 0) {
    clos_leaf(f, out, pod, s);
    return;
  }
  const clx_fabric_tier *below = &f->tier[t - 1];
  const int64_t children = here->pod_leaves / below->pod_leaves, each = below->up / here->parallel;
  for (int64_t child = pod * children; child < (pod + 1) * children && child < below->pods; child++) {
    for (int32_t c = 0; c < here->parallel; c++) {
      fail_cable(f, out, 2 * t, child * below->pod_switches + s / each, below->up, s % each * here->parallel + c);
    }
  }
}

// --- dragonfly --------------------------------------------------------------------------------------------------------------

// Both directions of global port q of group x, if a cable stands on it.
static void fail_global(const clx_fabric *f, collected *out, int32_t class, int64_t x, int64_t q) {
  const int64_t m = f->global_parallel, g = f->group_count;
  if (m == 0 || q >= m * (g - 1)) return;
  const int64_t slot = q / m, k = q % m, y = slot < x ? slot : slot + 1;
  const int64_t first = f->link_class[class].first;
  fail_link(out, first + (x * (g - 1) + slot) * m + k);
  fail_link(out, first + (y * (g - 1) + (x < y ? x : x - 1)) * m + k);
}

static range dragonfly_range(const clx_fabric *f, int32_t kind, int32_t tier) {
  const clx_fabric_spec *s = &f->spec;
  const bool plus = s->topology == CLX_TOPOLOGY_DRAGONFLY_PLUS;
  const int64_t routers = (int64_t)f->group_count * s->group_routers;
  const int64_t spines = (int64_t)f->group_count * s->group_spines;
  const int64_t globals = f->global_parallel > 0 ? s->router_global : 0;
  const range link[] = {
      {"NIC", f->endpoints, 1}, {"router", routers, s->group_routers - 1}, {"router", routers, globals}};
  const range link_plus[] = {{"NIC", f->endpoints, 1}, {"leaf", routers, f->leaf_up}, {"spine", spines, globals}};
  const range part[] = {{"NIC", 0, 0}, {"router", routers, 0}, {"router", 0, 0}};
  const range part_plus[] = {{"NIC", 0, 0}, {"leaf", routers, 0}, {"spine", spines, 0}};
  if (tier < 0 || tier > 2) return (range){.parts = 0};
  if (kind == CLX_FAULT_LINK) return plus ? link_plus[tier] : link[tier];
  return plus ? part_plus[tier] : part[tier];
}

static void dragonfly_local(const clx_fabric *f, collected *out, int64_t router, int64_t port) {
  const int64_t a = f->spec.group_routers, group = router / a, i = router % a, j = port < i ? port : port + 1;
  fail_link(out, f->link_class[2].first + router * (a - 1) + port);
  fail_link(out, f->link_class[2].first + (group * a + j) * (a - 1) + (i < j ? i : i - 1));
}

static void dragonfly_link(const clx_fabric *f, collected *out, int32_t tier, int64_t index, int32_t port) {
  const clx_fabric_spec *s = &f->spec;
  const bool plus = s->topology == CLX_TOPOLOGY_DRAGONFLY_PLUS;
  const int64_t hosts = plus ? s->group_spines : s->group_routers;  // of global links, in a group
  if (tier == 0) fail_cable(f, out, 0, index, 1, 0);
  if (tier == 1 && plus) fail_cable(f, out, 2, index, f->leaf_up, port);
  if (tier == 1 && !plus) dragonfly_local(f, out, index, port);
  if (tier == 2) fail_global(f, out, plus ? 4 : 3, index / hosts, index % hosts * s->router_global + port);
}

static void dragonfly_switch(const clx_fabric *f, collected *out, int32_t tier, int64_t index) {
  const clx_fabric_spec *s = &f->spec;
  const bool plus = s->topology == CLX_TOPOLOGY_DRAGONFLY_PLUS;
  const int64_t p = s->router_endpoints, a = s->group_routers;
  if (tier == 1) {
    for (int64_t e = index * p; e < (index + 1) * p && e < f->endpoints; e++) fail_cable(f, out, 0, e, 1, 0);
    for (int64_t c = 0; c < (plus ? f->leaf_up : a - 1); c++) dragonfly_link(f, out, 1, index, (int32_t)c);
  }
  if (tier == 2) {
    const int64_t b = s->group_spines, each = f->leaf_up / b, group = index / b;
    for (int64_t leaf = group * a; leaf < (group + 1) * a; leaf++) {
      for (int64_t c = 0; c < each; c++) fail_cable(f, out, 2, leaf, f->leaf_up, index % b * each + c);
    }
  }
  if (tier == 1 && plus) return;
  for (int32_t h = 0; h < s->router_global; h++) dragonfly_link(f, out, 2, index, h);
}

// --- without switches ---------------------------------------------------------------------------------------------------------

static range torus_range(const clx_fabric *f, int32_t kind, int32_t tier) {
  if (kind != CLX_FAULT_LINK || tier != 0) return (range){.parts = 0};
  return (range){"server", f->servers, (int64_t)2 * f->spec.dimension_count};
}

// Port 2 d leads to the next server of dimension d, port 2 d + 1 to the one before. Nothing stands on the edge of a mesh.
static void torus_link(const clx_fabric *f, collected *out, int32_t tier, int64_t index, int32_t port) {
  (void)tier;
  const int32_t d = port / 2, back = port % 2;
  const int64_t n = f->spec.dimensions[d];
  int64_t stride = 1;
  for (int32_t e = 0; e < d; e++) stride *= f->spec.dimensions[e];
  const int64_t x = index / stride % n, next = x + (back ? -1 : 1);
  const bool torus = f->spec.topology == CLX_TOPOLOGY_TORUS;
  if (n == 1 || (!torus && (next < 0 || next >= n))) return;
  fail_link(out, f->link_class[port].first + index);
  fail_link(out, f->link_class[2 * d + 1 - back].first + index + ((next + n) % n - x) * stride);
}

static range direct_range(const clx_fabric *f, int32_t kind, int32_t tier) {
  if (kind != CLX_FAULT_LINK || tier != 0) return (range){.parts = 0};
  return (range){"server", f->servers, f->servers - 1};
}

static void direct_link(const clx_fabric *f, collected *out, int32_t tier, int64_t index, int32_t port) {
  (void)tier;
  const int64_t n = f->servers, j = port < index ? port : port + 1;
  fail_link(out, index * (n - 1) + port);
  fail_link(out, j * (n - 1) + (index < j ? index : index - 1));
}

// --- all ----------------------------------------------------------------------------------------------------------------------

static const struct {
  range (*range)(const clx_fabric *f, int32_t kind, int32_t tier);
  void (*link)(const clx_fabric *f, collected *out, int32_t tier, int64_t index, int32_t port);
  void (*whole)(const clx_fabric *f, collected *out, int32_t tier, int64_t index);
} PARTS[CLX_TOPOLOGIES] = {
    [CLX_TOPOLOGY_CLOS] = {clos_range, clos_link, clos_switch},
    [CLX_TOPOLOGY_DRAGONFLY] = {dragonfly_range, dragonfly_link, dragonfly_switch},
    [CLX_TOPOLOGY_DRAGONFLY_PLUS] = {dragonfly_range, dragonfly_link, dragonfly_switch},
    [CLX_TOPOLOGY_TORUS] = {torus_range, torus_link, NULL},
    [CLX_TOPOLOGY_MESH] = {torus_range, torus_link, NULL},
    [CLX_TOPOLOGY_DIRECT] = {direct_range, direct_link, NULL},
};

// A NIC is the end of its cables in every plane; where there are no switches servers have ports, but no NIC of the fabric.
static range range_of(const clx_fabric *f, const clx_fault_spec *s) {
  if (s->kind != CLX_FAULT_NIC) return PARTS[f->spec.topology].range(f, s->kind, s->tier);
  return (range){"NIC", f->radix > 0 ? f->endpoints : 0, 0};
}

static void fail_part(const clx_fabric *f, collected *out, const clx_fault_spec *s, int64_t index, int32_t port) {
  if (s->kind == CLX_FAULT_SWITCH) {
    PARTS[f->spec.topology].whole(f, out, s->tier, index);
  } else if (s->kind == CLX_FAULT_LINK) {
    PARTS[f->spec.topology].link(f, out, s->tier, index, port);
  } else {
    for (int32_t c = 0; c < f->nic_up; c++) fail_cable(f, out, 0, index, f->nic_up, c);
  }
}

static clx_status check(const clx_fabric *f, const clx_fault_spec *s, const range *r, clx_error *error) {
  const clx_place place = s->place.line > 0 ? s->place : f->spec.place;
  const bool link = s->kind == CLX_FAULT_LINK;
  if (s->plane < -1 || s->plane >= f->spec.planes) {
    return clx_fail(error, CLX_INPUT, place, "a fault in plane %d: the fabric has planes 0 to %d", s->plane,
                    f->spec.planes - 1);
  }
  if (r->parts == 0 || (link && r->ports == 0)) {
    return clx_fail(error, CLX_INPUT, place, "a fault of a %s of tier %d: this %s has none", clx_fault_name[s->kind],
                    s->tier, clx_topology_name[f->spec.topology]);
  }
  if (s->random > 0 && (s->index != 0 || s->port != 0)) {
    return clx_fail(error, CLX_INPUT, place,
                    "a fault of a %s has both 'random', which draws parts, and '%s', which names one",
                    clx_fault_name[s->kind], s->index != 0 ? "index" : "port");
  }
  if (s->random > 0) return CLX_OK;
  if (s->index < 0 || s->index >= r->parts) {
    return clx_fail(error, CLX_INPUT, place, "a fault of %s %lld, which does not exist: they are numbered 0 to %lld",
                    r->what, (long long)s->index, (long long)(r->parts - 1));
  }
  if (link && (s->port < 0 || s->port >= r->ports)) {
    return clx_fail(error, CLX_INPUT, place, "a fault of port %d of %s %lld, which does not exist: ports are 0 to %lld",
                    s->port, r->what, (long long)s->index, (long long)(r->ports - 1));
  }
  collected probe = {.fault = NULL};
  if (link) fail_part(f, &probe, s, s->index, s->port);
  if (!link || probe.count > 0) return CLX_OK;
  return clx_fail(error, CLX_INPUT, place, "a fault of port %d of %s %lld, on which no cable stands", s->port, r->what,
                  (long long)s->index);
}

// Counter-based: the draw of one part does not depend on the others.
static double draw(uint64_t key, uint64_t counter) {
  return (double)(clx_route_mix(key ^ clx_route_mix(counter)) >> 11) * 0x1p-53;
}

// Exactly the share, rounded, of all parts: selection sampling (Knuth, algorithm 3.4.2 S). At least one.
static void fail_random(const clx_fabric *f, collected *out, const clx_fault_spec *s, const range *r, uint64_t key) {
  const int64_t ports = s->kind == CLX_FAULT_LINK ? r->ports : 1, total = r->parts * ports;
  int64_t wanted = (int64_t)fmax(1, floor((double)total * s->random + 0.5));
  for (int64_t i = 0; i < total && wanted > 0; i++) {
    if ((double)(total - i) * draw(key, (uint64_t)i) >= (double)wanted) continue;
    fail_part(f, out, s, i / ports, (int32_t)(i % ports));
    wanted--;
  }
}

static void collect(const clx_fabric *f, collected *out) {
  const clx_fabric_spec *spec = &f->spec;
  for (int32_t i = 0; i < spec->fault_count; i++) {
    const clx_fault_spec *s = &spec->faults[i];
    const range r = range_of(f, s);
    const bool nic = s->kind == CLX_FAULT_NIC, every = nic || s->plane < 0;
    out->rate = s->rate;
    for (int32_t plane = every ? 0 : s->plane; plane < (every ? spec->planes : s->plane + 1); plane++) {
      const uint64_t key =
          clx_route_mix(clx_route_mix((uint64_t)spec->seed) ^ ((uint64_t)i << 6 | (uint64_t)(nic ? 0 : plane)));
      out->plane = plane;
      if (s->random > 0) {
        fail_random(f, out, s, &r, key);
      } else {
        fail_part(f, out, s, s->index, s->port);
      }
    }
  }
}

static int by_link(const void *a, const void *b) {
  const clx_fabric_fault *x = a, *y = b;
  if (x->link != y->link) return x->link < y->link ? -1 : 1;
  if (x->plane != y->plane) return x->plane < y->plane ? -1 : 1;
  return (x->rate > y->rate) - (x->rate < y->rate);
}

static int by_plane(const void *a, const void *b) {
  const clx_fabric_fault *x = a, *y = b;
  if (x->plane != y->plane) return x->plane < y->plane ? -1 : 1;
  return x->link < y->link ? -1 : x->link > y->link;
}

void clx_fabric_show_plane(clx_fabric *f, int32_t plane) {
  int32_t first = 0, count = 0;
  while (first < f->all_fault_count && f->plane_fault[first].plane < plane) first++;
  while (first + count < f->all_fault_count && f->plane_fault[first + count].plane == plane) count++;
  f->fault_plane = plane;
  f->fault = f->plane_fault + first;
  f->fault_count = count;
}

static void show_worst(clx_fabric *f) {
  int32_t worst = 0, most = -1;
  for (int32_t plane = 0; plane < f->spec.planes; plane++) {
    clx_fabric_show_plane(f, plane);
    if (f->fault_count <= most) continue;
    worst = plane;
    most = f->fault_count;
  }
  clx_fabric_show_plane(f, worst);
}

clx_status clx_fabric_find_faults(clx_fabric_build *build) {
  clx_fabric *f = build->fabric;
  clx_status status = CLX_OK;
  if (f->spec.fault_count == 0) return CLX_OK;
  for (int32_t i = 0; i < f->spec.fault_count; i++) {
    const range r = range_of(f, &f->spec.faults[i]);
    const clx_status one = check(f, &f->spec.faults[i], &r, build->error);
    if (status == CLX_OK) status = one;
  }
  CLX_TRY(status);
  collected out = {.fault = NULL};
  collect(f, &out);
  const int64_t count = out.count;
  clx_fabric_fault *all = count < INT32_MAX ? CLX_NEW_ARRAY(build->arena, clx_fabric_fault, count) : NULL;
  clx_fabric_fault *plane = all != NULL ? CLX_NEW_ARRAY(build->arena, clx_fabric_fault, count) : NULL;
  if (plane == NULL) return clx_fail_plain(build->error, CLX_MEMORY, "out of memory");
  out = (collected){.fault = all};
  collect(f, &out);
  qsort(all, (size_t)count, sizeof *all, by_link);
  int32_t kept = 0;  // the least rate of a link stands first
  for (int64_t i = 0; i < count; i++) {
    if (kept > 0 && all[kept - 1].link == all[i].link && all[kept - 1].plane == all[i].plane) continue;
    all[kept++] = all[i];
  }
  for (int32_t i = 0; i < kept; i++) plane[i] = all[i];
  qsort(plane, (size_t)kept, sizeof *plane, by_plane);
  f->all_fault = all;
  f->plane_fault = plane;
  f->all_fault_count = kept;
  show_worst(f);
  return CLX_OK;
}
