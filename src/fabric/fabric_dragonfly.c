// Dragonfly (Kim et al., ISCA 2008) and dragonfly+ (Shpiner et al., HiPINEB 2017). Numbering: fabric.h.
#include "fabric/fabric_internal.h"

// Settles what the user left open: 0 becomes `chosen`.
static void settle(int32_t *value, int64_t chosen) {
  if (*value <= 0) *value = (int32_t)(chosen > 1 ? chosen : 1);
}

static clx_status too_many_ports(const clx_fabric_build *build, const char *what, int64_t need, const char *sum) {
  const clx_fabric *f = build->fabric;
  char rate[32];
  return clx_fail(build->error, CLX_INPUT, f->spec.place,
                  "a %s of the %s needs %lld ports (%s), switch '%s' has %d of %s", what,
                  clx_topology_name[f->spec.topology], (long long)need, sum, build->model->name, f->radix,
                  clx_fabric_rate_text(f->rate, rate, sizeof rate));
}

// Cables between each pair of groups when a group has `ports` to others.
static clx_status settle_groups(const clx_fabric_build *build, int64_t group_endpoints, int64_t ports) {
  clx_fabric *f = build->fabric;
  const int64_t groups = clx_divide_up(f->endpoints, group_endpoints);
  if (groups > 1 && ports < groups - 1) {
    return clx_fail(build->error, CLX_INFEASIBLE, f->spec.place,
                    "%lld endpoints make %lld groups of %lld, but a group has only %lld global links for its %lld "
                    "neighbours: switch '%s' does not reach every endpoint by this %s",
                    (long long)f->endpoints, (long long)groups, (long long)group_endpoints, (long long)ports,
                    (long long)(groups - 1), build->model->name, clx_topology_name[f->spec.topology]);
  }
  f->group_count = (int32_t)groups;
  f->global_parallel = groups > 1 ? (int32_t)(ports / (groups - 1)) : 0;
  return CLX_OK;
}

static clx_status add_nic_classes(clx_fabric_build *build) {
  const clx_fabric *f = build->fabric;
  const char *const names[] = {"nic up", "nic down"};
  for (int32_t i = 0; i < 2; i++) {
    CLX_TRY(clx_fabric_add_links(build, names[i], 0, f->endpoints, f->rate));
    CLX_TRY(clx_fabric_add_bundles(build, names[i], 0, f->endpoints, 1, f->rate));
  }
  return CLX_OK;
}

static clx_status add_global_class(clx_fabric_build *build, int32_t tier) {
  clx_fabric *f = build->fabric;
  const int64_t pairs = (int64_t)f->group_count * (f->group_count - 1), m = f->global_parallel;
  CLX_TRY(clx_fabric_add_links(build, "global", tier, pairs * m, f->rate));
  CLX_TRY(clx_fabric_add_bundles(build, "global", tier, pairs, m, f->rate * (double)m));
  f->bill.copper += f->endpoints;
  f->bill.optical += pairs * m / 2;
  return CLX_OK;
}

// Balanced unless told otherwise: a = 2 p = 2 h (Kim et al., section 3.1), so radix = p + (a - 1) + h = 4 p - 1.
clx_status clx_fabric_wire_dragonfly(clx_fabric_build *build) {
  clx_fabric *f = build->fabric;
  clx_fabric_spec *s = &f->spec;
  int64_t balanced = (f->radix + 1) / 4;
  if (s->group_routers > 0) balanced = s->group_routers / 2;
  if (s->router_global > 0) balanced = s->router_global;
  if (s->router_endpoints > 0) balanced = s->router_endpoints;
  settle(&s->router_endpoints, balanced);
  settle(&s->router_global, balanced);
  const int64_t routers = clx_divide_up(f->endpoints, s->router_endpoints);
  settle(&s->group_routers, routers < 2 * balanced ? routers : 2 * balanced);
  const int64_t p = s->router_endpoints, a = s->group_routers, h = s->router_global, ports = p + a - 1 + h;
  if (ports > f->radix)
    return too_many_ports(build, "router", ports, "endpoints + routers of its group + global links");
  CLX_TRY(settle_groups(build, a * p, a * h));
  const int64_t g = f->group_count;
  f->tier_count = 1;
  f->tier[0] = (clx_fabric_tier){.switches = a * g,
                                 .down = (int32_t)p,
                                 .up = (int32_t)h,
                                 .pod_switches = (int32_t)a,
                                 .pod_leaves = a,
                                 .pod_ports = a * p,
                                 .pods = g,
                                 .parallel = 1};
  f->bill.switches_by_tier[0] = a * g;
  f->bill.copper += g * a * (a - 1) / 2;
  CLX_TRY(add_nic_classes(build));
  CLX_TRY(clx_fabric_add_links(build, "local", 1, g * a * (a - 1), f->rate));
  CLX_TRY(clx_fabric_add_bundles(build, "local", 1, g, a * (a - 1), f->rate * (double)(a * (a - 1))));
  return add_global_class(build, 2);
}

// Half of the ports of a leaf to endpoints, half to the spines of its group; half of a spine to leaves, half to other groups.
static clx_status settle_plus(clx_fabric_build *build) {
  clx_fabric *f = build->fabric;
  clx_fabric_spec *s = &f->spec;
  const int64_t half = f->radix / 2;
  settle(&s->router_endpoints, half);
  const int64_t left = f->radix - s->router_endpoints;
  settle(&s->group_spines, left < half ? left : half);
  const int64_t leaves = clx_divide_up(f->endpoints, s->router_endpoints);
  settle(&s->group_routers, leaves < half ? leaves : half);
  if (left < s->group_spines) {
    return too_many_ports(build, "leaf", (int64_t)s->router_endpoints + s->group_spines,
                          "endpoints + spines of its group");
  }
  const int64_t each = left / s->group_spines, down = each * s->group_routers;  // cables of a leaf and a spine
  f->leaf_up = (int32_t)(each * s->group_spines);
  settle(&s->router_global, f->radix - down);
  if (down + s->router_global > f->radix) {
    return too_many_ports(build, "spine", down + s->router_global, "leaves of its group + global links");
  }
  return CLX_OK;
}

clx_status clx_fabric_wire_dragonfly_plus(clx_fabric_build *build) {
  clx_fabric *f = build->fabric;
  const clx_fabric_spec *s = &f->spec;
  CLX_TRY(settle_plus(build));
  const int64_t p = s->router_endpoints, a = s->group_routers, b = s->group_spines, up = f->leaf_up;
  CLX_TRY(settle_groups(build, a * p, b * s->router_global));
  const int64_t g = f->group_count;
  f->tier_count = 2;
  f->tier[0] = (clx_fabric_tier){.switches = a * g,
                                 .down = (int32_t)p,
                                 .up = (int32_t)up,
                                 .pod_switches = 1,
                                 .pod_leaves = 1,
                                 .pod_ports = p,
                                 .pods = a * g,
                                 .parallel = 1};
  f->tier[1] = (clx_fabric_tier){.switches = b * g,
                                 .down = (int32_t)(a * up / b),
                                 .up = s->router_global,
                                 .pod_switches = (int32_t)b,
                                 .pod_leaves = a,
                                 .pod_ports = a * p,
                                 .pods = g,
                                 .parallel = (int32_t)(up / b)};
  for (int32_t t = 0; t < 2; t++) f->bill.switches_by_tier[t] = f->tier[t].switches;
  f->bill.optical += g * a * up;
  CLX_TRY(add_nic_classes(build));
  const char *const names[] = {"leaf up", "leaf down"};
  for (int32_t i = 0; i < 2; i++) {
    CLX_TRY(clx_fabric_add_links(build, names[i], 1, g * a * up, f->rate));
    CLX_TRY(clx_fabric_add_bundles(build, names[i], 1, g, a * up, f->rate * (double)(a * up)));
  }
  return add_global_class(build, 2);
}
