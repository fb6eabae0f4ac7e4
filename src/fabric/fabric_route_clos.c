// Paths of a folded Clos: up by choices of ports to the lowest pod that holds both ends, down by the same ports.
// Numbering (fabric.h): switch s of a pod of tier t - 1 reaches by its port c switch s * (up / parallel) + c / parallel of the
// pod of tier t, so the ports taken on the way up fix the path. At boundary t, the one below tier t, the path takes port c of
// the element s of the source's pod up, and of the element s of the destination's pod down.
#include "fabric/fabric_route_internal.h"

void clx_route_clos_make(clx_router *router) {
  const clx_fabric *f = router->fabric;
  router->tier_count = f->tier_count;
  for (int32_t t = 0; t < f->tier_count; t++) {
    clx_route_tier *tier = &router->tier[t];
    const bool leaf = t == 0;
    const int64_t class = 2 * (int64_t)t;
    tier->up = leaf ? f->nic_up : f->tier[t - 1].up;
    tier->parallel = leaf ? 1 : f->tier[t].parallel;
    tier->spread = tier->up / tier->parallel;
    tier->below = leaf ? 1 : f->tier[t - 1].pod_switches;
    tier->leaves = f->tier[t].pods <= 1 ? 0 : (int32_t)f->tier[t].pod_leaves;
    tier->first_up = f->link_class[class].first;
    tier->first_down = f->link_class[class + 1].first;
    tier->bundle_up = f->bundle_class[class].first;
    tier->bundle_down = f->bundle_class[class + 1].first;
  }
}

typedef struct climb {
  clx_router *router;
  uint32_t hash;
  int32_t from[CLX_TIERS_MAX], to[CLX_TIERS_MAX];  // pod below boundary t of either end; of boundary 0 the endpoint
  int32_t top;                                     // boundary below the lowest common pod
  int32_t wish[CLX_TIERS_MAX];                     // static routing: port at boundary t; -1 = by hash
  int32_t port[CLX_TIERS_MAX];
} climb;

// Pods of both ends up to the lowest common one. False when there is none (rails of their own).
static bool climb_make(climb *k, clx_router *router, int32_t from, int32_t to, uint32_t hash) {
  k->router = router;
  k->hash = hash;
  k->from[0] = from;
  k->to[0] = to;
  const int32_t from_leaf = (int32_t)clx_fabric_leaf(router->fabric, from);
  const int32_t to_leaf = (int32_t)clx_fabric_leaf(router->fabric, to);
  for (int32_t t = 0; t < router->tier_count; t++) {
    const int32_t leaves = router->tier[t].leaves;
    const int32_t a = leaves == 0 ? 0 : leaves == 1 ? from_leaf : from_leaf / leaves;
    const int32_t b = leaves == 0 ? 0 : leaves == 1 ? to_leaf : to_leaf / leaves;
    k->top = t;
    if (a == b) return true;
    if (t + 1 == router->tier_count) return false;
    k->from[t + 1] = a;
    k->to[t + 1] = b;
  }
  return false;
}

// Destination modulo (Zahavi, "Fat-tree routing and node ordering", 2010: d-mod-k): the digits of the destination's number in
// the bases of ports up. Every destination has one tree of its own.
static void wish_static(climb *k, int32_t to) {
  const clx_fabric *f = k->router->fabric;
  int32_t nic;
  const int64_t server = clx_fabric_server(f, to, &nic);
  const int64_t place = f->unit_servers > 0 ? server % f->unit_servers : to % f->tier[0].pod_ports;
  int64_t rest = clx_fabric_leaf(f, to) * f->tier[0].pod_ports + place;
  for (int32_t t = 0; t <= k->top; t++) {
    k->wish[t] = (int32_t)(rest % k->router->tier[t].up);
    rest /= k->router->tier[t].up;
  }
}

static int32_t up_link(const climb *k, int32_t t, int32_t element, int32_t port) {
  const clx_route_tier *tier = &k->router->tier[t];
  return tier->first_up + (k->from[t] * tier->below + element) * tier->up + port;
}

static int32_t down_link(const climb *k, int32_t t, int32_t element, int32_t port) {
  const clx_route_tier *tier = &k->router->tier[t];
  return tier->first_down + (k->to[t] * tier->below + element) * tier->up + port;
}

static int32_t first_port(const climb *k, int32_t t) {
  return k->wish[t] >= 0 ? k->wish[t] : clx_route_choice(k->hash, (uint32_t)t, 0, k->router->tier[t].up);
}

// The next port at boundary t whose links both live, from the *attempt-th on: that of a healthy fabric first, then further hashes, then all
// in order. -1 = none is left.
static int32_t next_port(const climb *k, int32_t t, int32_t element, int32_t *attempt) {
  const clx_route_tier *tier = &k->router->tier[t];
  const int32_t rehashes = tier->up > 1 ? CLX_ROUTE_REHASHES : 1;
  while (*attempt < rehashes + tier->up) {
    const int32_t at = (*attempt)++;
    const int32_t port = at == 0         ? first_port(k, t)
                         : at < rehashes ? clx_route_choice(k->hash, (uint32_t)t, (uint32_t)at, tier->up)
                                         : at - rehashes;
    if (!clx_router_blocked(k->router, up_link(k, t, element, port)) &&
        !clx_router_blocked(k->router, down_link(k, t, element, port)))
      return port;
  }
  return -1;
}

// Ports of all boundaries when links are dead; back to the one below where a boundary has none left.
static bool find_ports(climb *k) {
  int32_t attempt[CLX_TIERS_MAX] = {0}, element[CLX_TIERS_MAX] = {0};
  for (int32_t t = 0; t >= 0 && t < CLX_TIERS_MAX;) {
    const int32_t port = next_port(k, t, element[t], &attempt[t]);
    k->port[t] = port;
    if (port < 0) {
      t--;
    } else if (t == k->top || t + 1 == CLX_TIERS_MAX) {
      return true;
    } else {
      const clx_route_tier *tier = &k->router->tier[t];
      element[t + 1] = element[t] * tier->spread + port / tier->parallel;
      attempt[++t] = 0;
    }
  }
  return false;
}

static int32_t path_of_bundles(const climb *k, int32_t *link) {
  int32_t count = 0;
  for (int32_t t = 0; t <= k->top; t++) link[count++] = k->router->tier[t].bundle_up + k->from[t];
  for (int32_t t = k->top; t >= 0; t--) link[count++] = k->router->tier[t].bundle_down + k->to[t];
  return count;
}

int32_t clx_route_clos_path(clx_router *router, int32_t from, int32_t to, uint32_t hash, int32_t *link) {
  climb k;
  if (!climb_make(&k, router, from, to, hash)) return -1;
  const int32_t routing = router->fabric->spec.routing;
  for (int32_t t = 0; t <= k.top; t++) k.wish[t] = -1;
  if (routing == CLX_ROUTING_STATIC) wish_static(&k, to);
  if (router->faulty && !find_ports(&k)) return -1;
  if (routing == CLX_ROUTING_SPRAY) return path_of_bundles(&k, link);
  const int32_t count = 2 * (k.top + 1);
  int32_t element = 0;
  for (int32_t t = 0; t <= k.top; t++) {
    const clx_route_tier *tier = &router->tier[t];
    const int32_t port = router->faulty ? k.port[t] : first_port(&k, t);
    link[t] = up_link(&k, t, element, port);
    link[count - 1 - t] = down_link(&k, t, element, port);
    element = element * tier->spread + (tier->parallel == 1 ? port : port / tier->parallel);
  }
  return count;
}

int64_t clx_route_clos_upper(const clx_router *router, int32_t link) {
  const clx_fabric *f = router->fabric;
  const int32_t class = clx_route_class(f->link_class, f->link_class_count, link);
  const int32_t t = class / 2, at = link - f->link_class[class].first;
  const clx_route_tier *boundary = &router->tier[t];
  const int32_t lower = at / boundary->up, port = at % boundary->up;
  const int64_t pod_below = lower / boundary->below, element = lower % boundary->below;
  const int64_t leaf = t == 0 ? clx_fabric_leaf(f, pod_below) : pod_below * f->tier[t - 1].pod_leaves;
  const int64_t pod = boundary->leaves == 0 ? 0 : leaf / boundary->leaves;
  return pod * f->tier[t].pod_switches + element * boundary->spread + port / boundary->parallel;
}

bool clx_route_clos_touches(const clx_router *router, int32_t link, int32_t tier, int64_t index) {
  const clx_fabric *f = router->fabric;
  const int32_t class = clx_route_class(f->link_class, f->link_class_count, link), t = class / 2;
  if (t - 1 == tier) return (link - f->link_class[class].first) / router->tier[t].up == index;
  return t == tier && clx_route_clos_upper(router, link) == index;
}
