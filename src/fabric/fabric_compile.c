// What the user said into a fabric: hosts counted, defaults settled, the topology wired, faults looked up.
#include <math.h>
#include <stdio.h>

#include "fabric/fabric_internal.h"

const char *const clx_routing_name[CLX_ROUTINGS + 1] = {"ecmp", "spray", "static", NULL};
const char *const clx_topology_name[CLX_TOPOLOGIES + 1] = {"clos",   "dragonfly", "dragonfly_plus", "torus", "mesh",
                                                           "direct", NULL};
const char *const clx_wiring_name[CLX_WIRINGS + 1] = {"rail", "block", "rail_only", NULL};

static const struct {
  bool switched;
  clx_status (*wire)(clx_fabric_build *build);
} TOPOLOGY[CLX_TOPOLOGIES] = {
    [CLX_TOPOLOGY_CLOS] = {true, clx_fabric_wire_clos},
    [CLX_TOPOLOGY_DRAGONFLY] = {true, clx_fabric_wire_dragonfly},
    [CLX_TOPOLOGY_DRAGONFLY_PLUS] = {true, clx_fabric_wire_dragonfly_plus},
    [CLX_TOPOLOGY_TORUS] = {false, clx_fabric_wire_torus},
    [CLX_TOPOLOGY_MESH] = {false, clx_fabric_wire_torus},
    [CLX_TOPOLOGY_DIRECT] = {false, clx_fabric_wire_direct},
};

int64_t clx_fabric_radix(const clx_switch *model, double rate) {
  const double carried = floor(model->throughput / rate * (1 + 1e-12));
  return (int64_t)fmin(carried, (double)model->ports * model->split);
}

const char *clx_fabric_rate_text(double rate, char *text, size_t size) {
  snprintf(text, size, "%.6g Gbit/s", rate * 8e-9);
  return text;
}

static clx_status add(clx_fabric_build *build, clx_fabric_link_class *list, int32_t *classes, int32_t *total,
                      clx_fabric_link_class one, int64_t count) {
  const clx_fabric *f = build->fabric;
  if (count > INT32_MAX - *total) {
    return clx_fail(build->error, CLX_INFEASIBLE, f->spec.place,
                    "a fabric of %lld endpoints has more than %d links in a plane: more than are numbered",
                    (long long)f->endpoints, INT32_MAX);
  }
  one.first = *total;
  one.count = (int32_t)count;
  list[(*classes)++] = one;
  *total += one.count;
  return CLX_OK;
}

static clx_fabric_link_class make_class(const char *name, int32_t tier, double rate, int64_t bundle) {
  clx_fabric_link_class one = {.tier = tier, .rate = rate, .bundle = (int32_t)bundle};
  snprintf(one.name, sizeof one.name, "%s", name);
  return one;
}

clx_status clx_fabric_add_links(clx_fabric_build *build, const char *name, int32_t tier, int64_t count, double rate) {
  clx_fabric *f = build->fabric;
  return add(build, f->link_class, &f->link_class_count, &f->link_count, make_class(name, tier, rate, 1), count);
}

clx_status clx_fabric_add_bundles(clx_fabric_build *build, const char *name, int32_t tier, int64_t count, int64_t links,
                                  double rate) {
  clx_fabric *f = build->fabric;
  return add(build, f->bundle_class, &f->bundle_class_count, &f->bundle_count, make_class(name, tier, rate, links),
             count);
}

static clx_status count_hosts(clx_fabric_build *build, bool switched) {
  clx_fabric *f = build->fabric;
  int64_t ports = 0;
  double fastest = 0;
  for (int32_t i = 0; i < f->host_count; i++) {
    const clx_fabric_hosts *host = &f->hosts[i];
    f->servers += host->servers;
    f->gpus += host->servers * host->gpus;
    ports += host->servers * host->ports;
    fastest = fmax(fastest, host->rate);
  }
  f->bill.nics = ports;
  f->endpoints = switched ? ports : f->servers;
  f->nic_up = switched && f->spec.dual_tor ? 2 : 1;
  f->rate = fastest / f->spec.planes / f->nic_up;
  if (f->endpoints < 1 || !(f->rate > 0)) {
    return clx_fail(build->error, CLX_INPUT, f->spec.place,
                    "nothing hangs on the fabric: no server has a NIC with a rate");
  }
  return CLX_OK;
}

static void settle(clx_fabric_spec *spec, const clx_switch *model) {
  if (spec->planes < 1) spec->planes = 1;
  if (spec->flows < 1) spec->flows = 1;
  if (spec->routing < 0) spec->routing = model != NULL ? model->routing : CLX_ROUTING_STATIC;
  if (spec->spray_efficiency <= 0 && model != NULL) spec->spray_efficiency = model->spray_efficiency;
  if (spec->spray_efficiency <= 0) spec->spray_efficiency = 1;
}

static clx_status settle_radix(clx_fabric_build *build) {
  clx_fabric *f = build->fabric;
  char rate[32];
  const int64_t radix = clx_fabric_radix(build->model, f->rate);
  if (radix < 2) {
    return clx_fail(build->error, CLX_INPUT, f->spec.place, "switch '%s' has fewer than two ports of %s",
                    build->model->name, clx_fabric_rate_text(f->rate, rate, sizeof rate));
  }
  f->radix = (int32_t)(radix < INT32_MAX ? radix : INT32_MAX);
  return CLX_OK;
}

clx_status clx_fabric_compile(clx_arena *arena, const clx_fabric_spec *spec, const clx_fabric_hosts *hosts,
                              int32_t host_count, const clx_switch *switch_model, const clx_link *optic,
                              const clx_link *copper, clx_fabric *fabric, clx_error *error) {
  *fabric = (clx_fabric){.spec = *spec, .hosts = hosts, .host_count = host_count, .rails = 1};
  clx_fabric_build build = {
      .arena = arena, .fabric = fabric, .model = switch_model, .optic = optic, .copper = copper, .error = error};
  const bool switched = TOPOLOGY[spec->topology].switched;
  if (switched && switch_model == NULL) {
    return clx_fail(error, CLX_INPUT, spec->place, "a %s needs switches: name one by 'network.switch'",
                    clx_topology_name[spec->topology]);
  }
  CLX_TRY(clx_fabric_check_keys(&build));
  settle(&fabric->spec, switched ? switch_model : NULL);
  CLX_TRY(count_hosts(&build, switched));
  if (switched) CLX_TRY(settle_radix(&build));
  CLX_TRY(TOPOLOGY[spec->topology].wire(&build));
  clx_fabric_complete_bill(&build);
  return clx_fabric_find_faults(&build);
}

double clx_fabric_endpoint_rate(const clx_fabric *f, int64_t endpoint) {
  const bool switched = TOPOLOGY[f->spec.topology].switched;
  for (int32_t i = 0; i < f->host_count; i++) {
    const int64_t here = f->hosts[i].servers * (switched ? f->hosts[i].ports : 1);
    if (endpoint < here || i == f->host_count - 1) {
      return f->hosts[i].rate * (switched ? 1 : f->hosts[i].ports) / f->spec.planes;
    }
    endpoint -= here;
  }
  return 0;
}
