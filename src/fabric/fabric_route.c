// One path of one flow: dispatch over topologies, and which links are dead.
#include "fabric/fabric_route_internal.h"

typedef struct topology_rule {
  void (*make)(clx_router *router);  // nullable
  int32_t (*path)(clx_router *router, int32_t from, int32_t to, uint32_t hash, int32_t *link);
  clx_status (*parts)(clx_arena *arena, clx_router *router, clx_error *error);  // nullable: around dead links
} topology_rule;

static const topology_rule RULES[CLX_TOPOLOGIES] = {
    [CLX_TOPOLOGY_CLOS] = {clx_route_clos_make, clx_route_clos_path, NULL},
    [CLX_TOPOLOGY_DRAGONFLY] = {NULL, clx_route_dragonfly_path, clx_route_dragonfly_parts},
    [CLX_TOPOLOGY_DRAGONFLY_PLUS] = {NULL, clx_route_dragonfly_path, clx_route_dragonfly_parts},
    [CLX_TOPOLOGY_TORUS] = {NULL, clx_route_torus_path, NULL},
    [CLX_TOPOLOGY_MESH] = {NULL, clx_route_torus_path, NULL},
    [CLX_TOPOLOGY_DIRECT] = {NULL, clx_route_direct_path, NULL},
};

clx_status clx_router_make(clx_arena *arena, const clx_fabric *fabric, clx_router *router, clx_error *error) {
  *router = (clx_router){.fabric = fabric};
  uint64_t *dead = NULL;
  if (arena != NULL && fabric->fault_count > 0) {
    dead = CLX_NEW_ARRAY(arena, uint64_t, fabric->link_count / 64 + 1);
    if (dead == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory for the map of dead links");
  }
  for (int32_t i = 0; i < fabric->fault_count; i++) {
    const clx_fabric_fault *fault = &fabric->fault[i];
    if (fault->rate > 0) continue;
    router->faulty = true;
    if (dead != NULL) dead[fault->link / 64] |= (uint64_t)1 << (fault->link % 64);
  }
  router->dead = dead;
  const topology_rule *rule = &RULES[fabric->spec.topology];
  if (rule->make != NULL) rule->make(router);
  return rule->parts != NULL && router->faulty && dead != NULL ? rule->parts(arena, router, error) : CLX_OK;
}

// Binary search in the faults, which are sorted by link.
static bool listed_dead(const clx_fabric *fabric, int32_t link) {
  int32_t low = 0, high = fabric->fault_count;
  while (low < high) {
    const int32_t middle = low + (high - low) / 2;
    if (fabric->fault[middle].link < link) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < fabric->fault_count && fabric->fault[low].link == link && fabric->fault[low].rate <= 0;
}

bool clx_router_dead(const clx_router *router, int32_t link) {
  if (!router->faulty) return false;
  if (router->dead != NULL) return ((router->dead[link / 64] >> (link % 64)) & 1u) != 0;
  return listed_dead(router->fabric, link);
}

bool clx_router_blocked(clx_router *router, int32_t link) {
  if (!clx_router_dead(router, link)) return false;
  for (int32_t i = 0; i < router->blocked_count; i++) {
    if (router->blocked[i] == link) return true;
  }
  if (router->blocked_count < CLX_ROUTE_BLOCKED_MAX) router->blocked[router->blocked_count++] = link;
  return true;
}

// By bisection: classes stand in the order of their links.
int32_t clx_route_class(const clx_fabric_link_class *class, int32_t count, int32_t link) {
  int32_t low = 0, high = count - 1;
  while (low < high) {
    const int32_t middle = low + (high - low + 1) / 2;
    if (class[middle].first <= link) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

int32_t clx_route_bundle(const clx_fabric *fabric, int32_t class, int32_t link) {
  const clx_fabric_link_class *links = &fabric->link_class[class], *bundles = &fabric->bundle_class[class];
  return bundles->first + (link - links->first) / bundles->bundle;
}

int32_t clx_router_bundle(const clx_router *router, int32_t *link, int32_t count) {
  const clx_fabric *f = router->fabric;
  if (f->spec.routing != CLX_ROUTING_SPRAY) return count;
  int32_t kept = 0;
  for (int32_t i = 0; i < count; i++) {
    const int32_t bundle = clx_route_bundle(f, clx_route_class(f->link_class, f->link_class_count, link[i]), link[i]);
    bool seen = false;
    for (int32_t j = 0; j < kept; j++) seen = seen || link[j] == bundle;
    if (!seen) link[kept++] = bundle;
  }
  return kept;
}

int32_t clx_router_longest(const clx_router *router) {
  const clx_fabric *f = router->fabric;
  return f->spec.topology == CLX_TOPOLOGY_CLOS ? 2 * f->tier_count : CLX_PATH_MAX;
}

int32_t clx_router_path(clx_router *router, int32_t from, int32_t to, uint32_t hash, int32_t *link) {
  router->blocked_count = 0;
  if (from == to) return 0;
  return RULES[router->fabric->spec.topology].path(router, from, to, hash, link);
}

int32_t clx_fabric_path(const clx_fabric *fabric, int64_t from, int64_t to, uint32_t hash, int32_t link[CLX_PATH_MAX]) {
  clx_router router;
  if (clx_router_make(NULL, fabric, &router, NULL) != CLX_OK) return -1;
  return clx_router_path(&router, (int32_t)from, (int32_t)to, hash, link);
}

// --- endpoints --------------------------------------------------------------------------------------------------------------

// Ports of a server in one plane: where servers are wired to each other (no switches), one endpoint each.
static int64_t ports_of(const clx_fabric *fabric, const clx_fabric_hosts *hosts) {
  return fabric->spec.topology >= CLX_TOPOLOGY_TORUS ? 1 : hosts->ports;
}

int64_t clx_fabric_endpoint(const clx_fabric *fabric, int64_t server, int32_t nic) {
  int64_t first = 0;
  for (int32_t i = 0; i < fabric->host_count; i++) {
    const clx_fabric_hosts *hosts = &fabric->hosts[i];
    const int64_t ports = ports_of(fabric, hosts);
    if (server < hosts->servers) return first + server * ports + (nic < ports ? nic : 0);
    server -= hosts->servers;
    first += hosts->servers * ports;
  }
  return -1;
}

int64_t clx_fabric_server(const clx_fabric *fabric, int64_t endpoint, int32_t *nic) {
  int64_t first = 0;
  for (int32_t i = 0; i < fabric->host_count; i++) {
    const clx_fabric_hosts *hosts = &fabric->hosts[i];
    const int64_t ports = ports_of(fabric, hosts);
    if (endpoint < hosts->servers * ports) {
      *nic = (int32_t)(endpoint % ports);
      return first + endpoint / ports;
    }
    endpoint -= hosts->servers * ports;
    first += hosts->servers;
  }
  *nic = 0;
  return -1;
}
