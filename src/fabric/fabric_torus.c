// Servers wired to each other without switches: torus, mesh, and every one to every other. Numbering: fabric.h.
#include <stdio.h>

#include "fabric/fabric_internal.h"

static clx_status refuse_planes(const clx_fabric_build *build) {
  const clx_fabric_spec *spec = &build->fabric->spec;
  return clx_fail(build->error, CLX_INPUT, spec->place, "'network.planes' belongs to a fabric of switches, not to a %s",
                  clx_topology_name[spec->topology]);
}

// Ports of the servers, which must all have the same. Bundles are links here.
static clx_status check_hosts(const clx_fabric_build *build, int32_t *ports) {
  const clx_fabric *f = build->fabric;
  if (f->spec.planes > 1) return refuse_planes(build);
  *ports = f->hosts[0].ports;
  for (int32_t i = 1; i < f->host_count; i++) {
    if (f->hosts[i].ports != *ports || f->hosts[i].rate != f->hosts[0].rate) {
      return clx_fail(build->error, CLX_INPUT, f->spec.place,
                      "a %s needs equal servers: item %d of the fleet has other NICs than the first",
                      clx_topology_name[f->spec.topology], i + 1);
    }
  }
  return CLX_OK;
}

static clx_status add_both(clx_fabric_build *build, const char *name, int64_t count, double rate) {
  CLX_TRY(clx_fabric_add_links(build, name, 0, count, rate));
  return clx_fabric_add_bundles(build, name, 0, count, 1, rate);
}

// One link a direction, as wide as the ports of a server allow.
clx_status clx_fabric_wire_torus(clx_fabric_build *build) {
  clx_fabric *f = build->fabric;
  const clx_fabric_spec *s = &f->spec;
  const bool torus = s->topology == CLX_TOPOLOGY_TORUS;
  int32_t ports = 0, directions = 0;
  CLX_TRY(check_hosts(build, &ports));
  if (s->dimension_count < 1 || s->dimension_count > CLX_DIMENSIONS_MAX) {
    return clx_fail(build->error, CLX_INPUT, s->place, "a %s needs 'network.dimensions': 1 to %d sizes, read %d",
                    clx_topology_name[s->topology], CLX_DIMENSIONS_MAX, s->dimension_count);
  }
  double product = 1;
  for (int32_t d = 0; d < s->dimension_count; d++) {
    product *= s->dimensions[d];
    if (s->dimensions[d] > 1) directions += torus || s->dimensions[d] > 2 ? 2 : 1;
  }
  if (product != (double)f->servers) {
    return clx_fail(build->error, CLX_INPUT, s->place,
                    "the sizes of 'network.dimensions' multiply to %.0f, but the fleet has %lld servers", product,
                    (long long)f->servers);
  }
  if (directions > ports) {
    return clx_fail(build->error, CLX_INPUT, s->place, "a server of this %s has %d neighbours but only %d ports",
                    clx_topology_name[s->topology], directions, ports);
  }
  const int32_t width = directions > 0 ? ports / directions : 0;
  for (int32_t d = 0; d < s->dimension_count; d++) {
    const int64_t n = s->dimensions[d], links = n > 1 ? f->servers : 0;
    for (int32_t minus = 0; minus < 2; minus++) {
      char name[8];
      snprintf(name, sizeof name, "%c%c", "xyzuvw"[d], minus ? '-' : '+');
      CLX_TRY(add_both(build, name, links, f->rate * width));
    }
    f->bill.copper += (torus ? links : links / n * (n - 1)) * width;
  }
  return CLX_OK;
}

clx_status clx_fabric_wire_direct(clx_fabric_build *build) {
  clx_fabric *f = build->fabric;
  int32_t ports = 0;
  CLX_TRY(check_hosts(build, &ports));
  const int64_t n = f->servers;
  if (ports < n - 1) {
    return clx_fail(build->error, CLX_INPUT, f->spec.place,
                    "direct wiring of %lld servers needs %lld ports on each, they have %d", (long long)n,
                    (long long)(n - 1), ports);
  }
  const int64_t width = n > 1 ? ports / (n - 1) : 0;
  f->bill.copper += n * (n - 1) / 2 * width;
  return add_both(build, "direct", n * (n - 1), f->rate * (double)width);
}
