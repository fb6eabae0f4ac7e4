// What is said of a fabric and does not apply to it is an error: nobody should believe that it was heard.
#include "fabric/fabric_internal.h"

enum {
  CLOS = 1 << CLX_TOPOLOGY_CLOS,
  DRAGONFLY = 1 << CLX_TOPOLOGY_DRAGONFLY,
  DRAGONFLY_PLUS = 1 << CLX_TOPOLOGY_DRAGONFLY_PLUS,
  TORUS = 1 << CLX_TOPOLOGY_TORUS,
  MESH = 1 << CLX_TOPOLOGY_MESH
};

static bool is_thinned(const clx_fabric_spec *s) {
  for (int32_t i = 0; i < s->oversubscription_count; i++) {
    if (s->oversubscription[i] != 1) return true;
  }
  return false;
}

clx_status clx_fabric_check_keys(const clx_fabric_build *build) {
  const clx_fabric_spec *s = &build->fabric->spec;
  const struct {
    const char *key;
    bool said;
    int32_t topologies;
    const char *owner;
  } rows[] = {
      {"oversubscription", is_thinned(s), CLOS, "a Clos"},
      {"tiers", s->tiers != 0, CLOS, "a Clos"},
      {"wiring", s->wiring != CLX_WIRING_RAIL, CLOS, "a Clos"},
      {"pod_servers", s->pod_servers != 0, CLOS, "a Clos"},
      {"dual_tor", s->dual_tor != 0, CLOS, "a Clos"},
      {"dimensions", s->dimension_count > 0, TORUS | MESH, "a torus or mesh"},
      {"group_routers", s->group_routers != 0, DRAGONFLY | DRAGONFLY_PLUS, "a dragonfly"},
      {"group_spines", s->group_spines != 0, DRAGONFLY_PLUS, "a dragonfly_plus"},
      {"router_endpoints", s->router_endpoints != 0, DRAGONFLY | DRAGONFLY_PLUS, "a dragonfly"},
      {"router_global", s->router_global != 0, DRAGONFLY | DRAGONFLY_PLUS, "a dragonfly"},
  };
  clx_status status = CLX_OK;
  for (int32_t i = 0; i < CLX_COUNT(rows); i++) {
    if (!rows[i].said || (rows[i].topologies & 1 << s->topology) != 0) continue;
    status = clx_fail(build->error, CLX_INPUT, s->place, "'network.%s' belongs to %s, not to a fabric of topology '%s'",
                      rows[i].key, rows[i].owner, clx_topology_name[s->topology]);
  }
  return status;
}

clx_status clx_fabric_check_tiers(const clx_fabric_build *build) {
  const clx_fabric *f = build->fabric;
  const clx_fabric_spec *s = &f->spec;
  for (int32_t i = 1; i < s->oversubscription_count; i++) {
    if (i + 1 < f->tier_count || s->oversubscription[i] == 1) continue;
    return clx_fail(
        build->error, CLX_INPUT, s->place,
        "'network.oversubscription' has an entry of %g for tier %d, above which there is nothing: this Clos "
        "has %d tier%s",
        s->oversubscription[i], i + 1, f->tier_count, f->tier_count == 1 ? "" : "s");
  }
  if (s->pod_servers == 0 || f->tier_count > 2) return CLX_OK;
  return clx_fail(build->error, CLX_INPUT, s->place,
                  "'network.pod_servers' is the size of a pod of the second of three tiers or more: this Clos has %d",
                  f->tier_count);
}
