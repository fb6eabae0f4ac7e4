// Paths of dragonfly and dragonfly+ (numbering: fabric.h): inside the group to the router or spine that holds a cable to the
// other group, over it, inside that group to the end. Minimal by hash over the cables of the pair of groups. Under spraying half
// of the hashes take the detour over a group drawn at random (Valiant), as adaptive routing does when minimal cables are full;
// so does a flow whose minimal cables are all dead.
#include "fabric/fabric_route_internal.h"

typedef struct walk {
  clx_router *router;
  const clx_fabric *f;
  uint32_t hash;
  bool plus;
  int32_t routers, spines, groups, parallel;  // per group; groups; cables of a pair
  int32_t *link;
  int32_t count;
  uint32_t stage;  // every choice hashes under a seed of its own
} walk;

// A place inside a group: router or leaf, or spine.
typedef struct spot {
  int32_t index;
  bool spine;
} spot;

static int32_t global_port(const walk *w, int32_t group, int32_t other, int32_t cable) {
  return (other < group ? other : other - 1) * w->parallel + cable;
}

// Router (spine) of `group` that holds its cable to `other`.
static spot owner(const walk *w, int32_t group, int32_t other, int32_t cable) {
  return (spot){global_port(w, group, other, cable) / w->f->spec.router_global, w->plus};
}

static bool step(walk *w, int32_t link) {
  if (w->count >= CLX_PATH_MAX || clx_router_blocked(w->router, link)) return false;
  w->link[w->count++] = link;
  return true;
}

static bool local(walk *w, int32_t group, int32_t from, int32_t to) {
  const int32_t row = group * w->routers + from;
  return step(w, w->f->link_class[2].first + row * (w->routers - 1) + (to < from ? to : to - 1));
}

// Dragonfly: the local link, or over a third router when it is dead.
static bool join_routers(walk *w, int32_t group, int32_t from, int32_t to) {
  const int32_t kept = w->count;
  if (local(w, group, from, to)) return true;
  const int32_t start = clx_route_choice(w->hash, w->stage++, 0, w->routers);
  for (int32_t i = 0; i < w->routers; i++) {
    const int32_t middle = (start + i) % w->routers;
    w->count = kept;
    if (middle != from && middle != to && local(w, group, from, middle) && local(w, group, middle, to)) return true;
  }
  w->count = kept;
  return false;
}

// Dragonfly+: one of the cables between a leaf and a spine, up (class 2) or down (class 3).
static bool edge(walk *w, int32_t class, int32_t group, int32_t leaf, int32_t spine) {
  const int32_t cables = w->f->leaf_up / w->spines, start = clx_route_choice(w->hash, w->stage++, 0, cables);
  const int32_t row = w->f->link_class[class].first + (group * w->routers + leaf) * w->f->leaf_up + spine * cables;
  for (int32_t i = 0; i < cables; i++) {
    if (step(w, row + (start + i) % cables)) return true;
  }
  return false;
}

// Leaf to leaf over a spine, spine to spine over a leaf.
static bool bounce(walk *w, int32_t group, spot from, spot to) {
  const int32_t choices = from.spine ? w->routers : w->spines;
  const int32_t start = clx_route_choice(w->hash, w->stage++, 0, choices), kept = w->count;
  for (int32_t i = 0; i < choices; i++) {
    const int32_t middle = (start + i) % choices;
    const bool there = from.spine ? edge(w, 3, group, middle, from.index) && edge(w, 2, group, middle, to.index)
                                  : edge(w, 2, group, from.index, middle) && edge(w, 3, group, to.index, middle);
    if (there) return true;
    w->count = kept;
  }
  return false;
}

static bool join_plus(walk *w, int32_t group, spot from, spot to) {
  if (from.spine == to.spine) return bounce(w, group, from, to);
  const int32_t leaf = from.spine ? to.index : from.index, spine = from.spine ? from.index : to.index;
  if (edge(w, from.spine ? 3 : 2, group, leaf, spine)) return true;
  // Leaf and spine lost each other: over another leaf, whose spine leads there.
  const int32_t kept = w->count;
  for (int32_t other = 0; other < w->routers; other++) {
    const spot middle = {other, false};
    if (other == leaf) continue;
    if (from.spine ? edge(w, 3, group, other, spine) && bounce(w, group, middle, to)
                   : bounce(w, group, from, middle) && edge(w, 2, group, other, spine))
      return true;
    w->count = kept;
  }
  return false;
}

// What no live links inside the group join needs no search.
static bool apart(const walk *w, int32_t group, spot from, spot to) {
  if (w->router->part == NULL) return false;
  const int32_t *part = w->router->part + (int64_t)group * (w->routers + w->spines);
  return part[from.index + (from.spine ? w->routers : 0)] != part[to.index + (to.spine ? w->routers : 0)];
}

static bool join(walk *w, int32_t group, spot from, spot to) {
  if (from.index == to.index && from.spine == to.spine) return true;
  if (apart(w, group, from, to)) return false;
  const uint32_t stage = w->stage;
  if (w->plus ? join_plus(w, group, from, to) : join_routers(w, group, from.index, to.index)) return true;
  w->stage = stage;  // as if nothing had been tried: paths do not depend on whether parts are known
  return false;
}

// From a place in group x over one of its cables to group y, there to `to` (NULL: where the cable ends, *at).
static bool cross(walk *w, int32_t x, spot from, int32_t y, const spot *to, spot *at) {
  const int32_t start = clx_route_choice(w->hash, w->stage++, 0, w->parallel), kept = w->count;
  const int32_t global = w->f->link_class[w->plus ? 4 : 3].first;
  for (int32_t i = 0; i < w->parallel; i++) {
    const int32_t cable = (start + i) % w->parallel;
    const int32_t pair = x * (w->groups - 1) + (y < x ? y : y - 1);
    *at = owner(w, y, x, cable);
    w->count = kept;
    if (!join(w, x, from, owner(w, x, y, cable)) || !step(w, global + pair * w->parallel + cable)) continue;
    if (to == NULL || join(w, y, *at, *to)) return true;
  }
  w->count = kept;
  return false;
}

// Over a third group, the first that works from one drawn by hash.
static bool detour(walk *w, int32_t x, spot from, int32_t y, spot to) {
  const int32_t start = clx_route_choice(w->hash, w->stage++, 0, w->groups), kept = w->count;
  for (int32_t i = 0; i < w->groups; i++) {
    const int32_t z = (start + i) % w->groups;
    spot at, end;
    if (z == x || z == y) continue;
    if (cross(w, x, from, z, NULL, &at) && cross(w, z, at, y, &to, &end)) return true;
    w->count = kept;
  }
  return false;
}

static bool between_groups(walk *w, int32_t x, spot from, int32_t y, spot to) {
  enum { COIN = 97 };  // a stage that no choice above uses
  const bool wide = w->f->spec.routing == CLX_ROUTING_SPRAY && w->groups > 2;
  const bool valiant = wide && clx_route_choice(w->hash, COIN, 0, 2) == 1;
  spot at;
  if (valiant) return detour(w, x, from, y, to) || cross(w, x, from, y, &to, &at);
  return cross(w, x, from, y, &to, &at) || detour(w, x, from, y, to);
}

// --- parts of groups ----------------------------------------------------------------------------------------------------------

// The number of the part of node i, the least of its nodes; shortens the way there.
static int32_t part_of(int32_t *parent, int32_t i) {
  while (parent[i] != i) i = parent[i] = parent[parent[i]];
  return i;
}

static void unite(int32_t *parent, int32_t i, int32_t j) {
  const int32_t a = part_of(parent, i), b = part_of(parent, j);
  parent[a > b ? a : b] = a > b ? b : a;
}

// A cable fails in both directions, so that one of them tells.
clx_status clx_route_dragonfly_parts(clx_arena *arena, clx_router *router, clx_error *error) {
  const clx_fabric *f = router->fabric;
  const bool plus = f->spec.topology == CLX_TOPOLOGY_DRAGONFLY_PLUS;
  const int32_t routers = f->spec.group_routers, spines = plus ? f->spec.group_spines : 0, nodes = routers + spines;
  const int32_t ports = plus ? f->leaf_up : routers - 1, total = f->group_count * nodes;
  int32_t *part = CLX_NEW_ARRAY(arena, int32_t, total);
  if (part == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory for %d switches", (int)total);
  for (int32_t i = 0; i < total; i++) part[i] = i;
  for (int32_t i = 0; i < f->group_count * routers; i++) {
    const int32_t first = i / routers * nodes, at = i % routers;
    for (int32_t c = 0; c < ports; c++) {
      if (clx_router_dead(router, f->link_class[2].first + i * ports + c)) continue;
      unite(part, first + at, first + (plus ? routers + c / (ports / spines) : c < at ? c : c + 1));
    }
  }
  for (int32_t i = 0; i < total; i++) part[i] = part_of(part, i);
  router->part = part;
  return CLX_OK;
}

int32_t clx_route_dragonfly_path(clx_router *router, int32_t from, int32_t to, uint32_t hash, int32_t *link) {
  const clx_fabric *f = router->fabric;
  const bool fixed = f->spec.routing == CLX_ROUTING_STATIC;  // one path for each pair of ends' routers
  walk w = {.router = router,
            .f = f,
            .hash = fixed ? (uint32_t)to : hash,
            .plus = f->spec.topology == CLX_TOPOLOGY_DRAGONFLY_PLUS,
            .routers = f->spec.group_routers,
            .spines = f->spec.topology == CLX_TOPOLOGY_DRAGONFLY_PLUS ? f->spec.group_spines : 0,
            .groups = f->group_count,
            .parallel = f->global_parallel,
            .link = link};
  const int32_t a = (int32_t)clx_fabric_leaf(f, from), b = (int32_t)clx_fabric_leaf(f, to);
  const spot first = {a % w.routers, false}, last = {b % w.routers, false};
  const int32_t x = a / w.routers, y = b / w.routers;
  if (!step(&w, f->link_class[0].first + from)) return -1;
  const bool there = x == y ? join(&w, x, first, last) : between_groups(&w, x, first, y, last);
  if (!there || !step(&w, f->link_class[1].first + to)) return -1;
  return clx_router_bundle(router, link, w.count);
}
