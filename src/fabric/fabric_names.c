// What links are called in messages and tables.
#include <stdio.h>
#include <string.h>

#include "fabric/fabric_route_internal.h"
#include "fabric/fabric_study.h"

const char *const clx_route_switch_name[CLX_TIERS_MAX] = {"leaf", "spine", "core", "tier 4 switch"};

void clx_route_endpoint_name(const clx_fabric *fabric, int64_t endpoint, char *text, size_t size) {
  int32_t nic = 0;
  const int64_t server = clx_fabric_server(fabric, endpoint, &nic);
  if (fabric->spec.topology >= CLX_TOPOLOGY_TORUS) {
    snprintf(text, size, "server %lld", (long long)server);
  } else {
    snprintf(text, size, "nic %d of server %lld", (int)nic, (long long)server);
  }
}

// "leaf" of "leaf up".
static int stem_length(const char *name) {
  const char *blank = strrchr(name, ' ');
  return (int)(blank == NULL ? strlen(name) : (size_t)(blank - name));
}

static void nic_name(const clx_fabric *f, int64_t endpoint, int32_t port, bool down, char *text, size_t size) {
  char name[64], number[24] = "";
  clx_route_endpoint_name(f, endpoint, name, sizeof name);
  if (port >= 0 && f->nic_up > 1) snprintf(number, sizeof number, " port %d", (int)port);
  snprintf(text, size, "%s%s %s", name, number, down ? "down" : "up");
}

static void clos_name(const clx_fabric *f, int32_t class, int32_t at, char *text, size_t size) {
  const int32_t tier = class / 2;
  const bool down = class % 2 == 1;
  const char *name = f->link_class[class].name;
  if (tier == 0) {
    nic_name(f, at / f->nic_up, at % f->nic_up, down, text, size);
    return;
  }
  const int32_t up = f->tier[tier - 1].up;
  snprintf(text, size, "%.*s %d port %d %s", stem_length(name), name, (int)(at / up), (int)(at % up),
           down ? "down" : "up");
}

static void global_name(const clx_fabric *f, int32_t at, char *text, size_t size) {
  const int32_t pair = at / f->global_parallel, x = pair / (f->group_count - 1), y = pair % (f->group_count - 1);
  snprintf(text, size, "global cable %d, group %d to %d", (int)(at % f->global_parallel), (int)x,
           (int)(y < x ? y : y + 1));
}

static void dragonfly_name(const clx_fabric *f, int32_t class, int32_t at, char *text, size_t size) {
  const bool plus = f->spec.topology == CLX_TOPOLOGY_DRAGONFLY_PLUS;
  if (class < 2) {
    nic_name(f, at, -1, class == 1, text, size);
  } else if (class == (plus ? 4 : 3)) {
    global_name(f, at, text, size);
  } else if (plus) {
    snprintf(text, size, "leaf %d port %d %s", (int)(at / f->leaf_up), (int)(at % f->leaf_up),
             class == 3 ? "down" : "up");
  } else {
    const int32_t others = f->spec.group_routers - 1, from = at / others, to = at % others;
    const int32_t first = from - from % f->spec.group_routers;
    snprintf(text, size, "local cable, router %d to %d", (int)from, (int)(first + (to < from - first ? to : to + 1)));
  }
}

static void server_name(const clx_fabric *f, int32_t class, int32_t at, char *text, size_t size) {
  if (f->spec.topology == CLX_TOPOLOGY_DIRECT) {
    const int32_t others = (int32_t)f->endpoints - 1, from = at / others, to = at % others;
    snprintf(text, size, "cable from server %d to server %d", (int)from, (int)(to < from ? to : to + 1));
  } else {
    snprintf(text, size, "server %d %s", (int)at, f->link_class[class].name);
  }
}

void clx_fabric_link_name(const clx_fabric *f, int32_t link, char *text, size_t size) {
  const int32_t class = clx_route_class(f->link_class, f->link_class_count, link);
  const int32_t at = link - f->link_class[class].first;
  if (f->spec.topology == CLX_TOPOLOGY_CLOS) {
    clos_name(f, class, at, text, size);
  } else if (f->spec.topology <= CLX_TOPOLOGY_DRAGONFLY_PLUS) {
    dragonfly_name(f, class, at, text, size);
  } else {
    server_name(f, class, at, text, size);
  }
}

// What acts as one under spraying: cables of a group, or of a pair of groups.
static void dragonfly_bundle_name(const clx_fabric *f, int32_t class, int32_t at, char *text, size_t size) {
  const bool plus = f->spec.topology == CLX_TOPOLOGY_DRAGONFLY_PLUS;
  if (class == (plus ? 4 : 3)) {
    const int32_t x = at / (f->group_count - 1), y = at % (f->group_count - 1);
    snprintf(text, size, "all cables, group %d to %d", (int)x, (int)(y < x ? y : y + 1));
  } else if (plus) {
    snprintf(text, size, "group %d all leaves %s", (int)at, class == 3 ? "down" : "up");
  } else {
    snprintf(text, size, "group %d all local cables", (int)at);
  }
}

void clx_fabric_study_link_name(const clx_fabric *f, int32_t link, char *text, size_t size) {
  if (f->spec.routing != CLX_ROUTING_SPRAY) {
    clx_fabric_link_name(f, link, text, size);
    return;
  }
  const int32_t class = clx_route_class(f->bundle_class, f->bundle_class_count, link);
  const clx_fabric_link_class *bundles = &f->bundle_class[class];
  const int32_t at = link - bundles->first;
  char name[96];
  clx_fabric_link_name(f, f->link_class[class].first + at * bundles->bundle, name, sizeof name);
  if (bundles->bundle == 1) {
    snprintf(text, size, "%s", name);
  } else if (class < 2 && f->spec.topology < CLX_TOPOLOGY_TORUS) {
    nic_name(f, at, -1, class == 1, text, size);
  } else if (f->spec.topology == CLX_TOPOLOGY_CLOS && f->tier[class / 2 - 1].pod_switches == 1) {
    snprintf(text, size, "%.*s %d all ports %s", stem_length(bundles->name), bundles->name, (int)at,
             class % 2 == 1 ? "down" : "up");
  } else if (f->spec.topology == CLX_TOPOLOGY_CLOS) {
    snprintf(text, size, "%.*s pod %d all ports %s", stem_length(bundles->name), bundles->name, (int)at,
             class % 2 == 1 ? "down" : "up");
  } else {
    dragonfly_bundle_name(f, class, at, text, size);
  }
}

// Every link at the lower end of a dead link's upper switch would be a long list: where the fabric says that the switch failed,
// the switch stands for them.
void clx_route_dead_name(const clx_router *router, int32_t link, char *text, size_t size) {
  const clx_fabric *f = router->fabric;
  for (int32_t i = 0; f->spec.topology == CLX_TOPOLOGY_CLOS && i < f->spec.fault_count; i++) {
    const clx_fault_spec *fault = &f->spec.faults[i];
    if (fault->kind != CLX_FAULT_SWITCH || fault->random > 0 || fault->rate > 0) continue;
    if (clx_route_clos_touches(router, link, fault->tier - 1, fault->index)) {
      snprintf(text, size, "%s %lld", clx_route_switch_name[fault->tier - 1], (long long)fault->index);
      return;
    }
  }
  clx_fabric_link_name(f, link, text, size);
}
