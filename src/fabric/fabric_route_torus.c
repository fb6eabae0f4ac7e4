// Paths between servers that are wired to each other (numbering: fabric.h): torus and mesh dimension by dimension, the shorter
// way round; direct wiring in one hop. Around dead links: other orders of dimensions and the other way round, then the shortest
// path there is.
#include "fabric/fabric_route_internal.h"

typedef struct grid {
  clx_router *router;
  const clx_fabric *f;
  bool round;  // ends joined
  int32_t stride[CLX_DIMENSIONS_MAX];
} grid;

static void grid_make(grid *g, clx_router *router) {
  g->router = router;
  g->f = router->fabric;
  g->round = g->f->spec.topology == CLX_TOPOLOGY_TORUS;
  int32_t stride = 1;
  for (int32_t d = 0; d < CLX_DIMENSIONS_MAX; d++) {
    g->stride[d] = stride;
    if (d < g->f->spec.dimension_count) stride *= g->f->spec.dimensions[d];
  }
}

static int32_t coordinate(const grid *g, int32_t server, int32_t d) {
  return server / g->stride[d] % g->f->spec.dimensions[d];
}

// The neighbour in direction d, `back` or not; -1 beyond the edge of a mesh.
static int32_t neighbour(const grid *g, int32_t server, int32_t d, bool back) {
  const int32_t size = g->f->spec.dimensions[d], at = coordinate(g, server, d);
  if (size == 1) return -1;
  int32_t next = back ? at - 1 : at + 1;
  if (next < 0 || next >= size) {
    if (!g->round) return -1;
    next = back ? size - 1 : 0;
  }
  return server + (next - at) * g->stride[d];
}

static int32_t link_out(const grid *g, int32_t server, int32_t d, bool back) {
  return g->f->link_class[2 * d + (back ? 1 : 0)].first + server;
}

// Steps along dimension d to the coordinate of `to`; `turn` = the longer way round. Returns links in all, or -1 when blocked.
static int32_t along(grid *g, int32_t *at, int32_t to, int32_t d, bool turn, uint32_t hash, int32_t *link,
                     int32_t count) {
  const int32_t size = g->f->spec.dimensions[d];
  const int32_t ahead = (coordinate(g, to, d) - coordinate(g, *at, d) + size) % size;
  if (ahead == 0) return count;
  bool back = coordinate(g, to, d) < coordinate(g, *at, d);
  if (g->round) {
    back = 2 * ahead == size ? clx_route_choice(hash, (uint32_t)d, 0, 2) == 1 : 2 * ahead > size;
    back = back != turn;
  } else if (turn) {
    return -1;
  }
  while (coordinate(g, *at, d) != coordinate(g, to, d)) {
    const int32_t out = link_out(g, *at, d, back);
    if (count >= CLX_PATH_MAX || clx_router_blocked(g->router, out)) return -1;
    link[count++] = out;
    *at = neighbour(g, *at, d, back);
  }
  return count;
}

// Dimensions from `first` on, in turn; bit d of `turns`: that one the longer way round.
static int32_t in_order(grid *g, int32_t from, int32_t to, int32_t first, uint32_t turns, uint32_t hash,
                        int32_t *link) {
  int32_t count = 0;
  for (int32_t i = 0; i < g->f->spec.dimension_count && count >= 0; i++) {
    const int32_t d = (first + i) % g->f->spec.dimension_count;
    count = along(g, &from, to, d, ((turns >> d) & 1u) != 0, hash, link, count);
  }
  return count;
}

// Breadth first from the destination backwards would need the links in; forwards with parents gives the same length.
static int32_t shortest(grid *g, int32_t from, int32_t to, int32_t *link) {
  clx_arena *arena = clx_arena_new();
  int32_t *came = arena == NULL ? NULL : CLX_NEW_ARRAY(arena, int32_t, g->f->endpoints);  // 1 + link in; 0 = not seen
  int32_t *parent = arena == NULL ? NULL : CLX_NEW_ARRAY(arena, int32_t, g->f->endpoints);
  int32_t *queue = arena == NULL ? NULL : CLX_NEW_ARRAY(arena, int32_t, g->f->endpoints);
  int32_t count = -1;
  if (came == NULL || parent == NULL || queue == NULL) {
    g->router->starved = true;
  } else {
    int32_t head = 0, tail = 0;
    queue[tail++] = from;
    while (head < tail && came[to] == 0) {
      const int32_t at = queue[head++];
      for (int32_t way = 0; way < 2 * g->f->spec.dimension_count; way++) {
        const int32_t next = neighbour(g, at, way / 2, way % 2 == 1);
        if (next < 0 || next == from || came[next] != 0) continue;
        const int32_t out = link_out(g, at, way / 2, way % 2 == 1);
        if (clx_router_blocked(g->router, out)) continue;
        came[next] = out + 1;
        parent[next] = at;
        queue[tail++] = next;
      }
    }
    int32_t length = 0;
    for (int32_t at = to; came[to] != 0 && at != from; at = parent[at]) length++;
    if (length > 0 && length <= CLX_PATH_MAX) {
      count = length;
      for (int32_t at = to; at != from; at = parent[at]) link[--length] = came[at] - 1;
    }
  }
  clx_arena_free(arena);
  return count;
}

int32_t clx_route_torus_path(clx_router *router, int32_t from, int32_t to, uint32_t hash, int32_t *link) {
  grid g;
  grid_make(&g, router);
  const int32_t dimensions = g.f->spec.dimension_count;
  if (g.f->spec.routing == CLX_ROUTING_STATIC) hash = (uint32_t)to;
  for (uint32_t turns = 0; turns < (1u << dimensions); turns++) {
    for (int32_t first = 0; first < dimensions; first++) {
      const int32_t count = in_order(&g, from, to, first, turns, hash, link);
      if (count >= 0) return clx_router_bundle(router, link, count);
      if (!router->faulty) return -1;  // longer than CLX_PATH_MAX
    }
  }
  const int32_t count = shortest(&g, from, to, link);
  return count < 0 ? -1 : clx_router_bundle(router, link, count);
}

static int32_t wire(const clx_fabric *f, int32_t from, int32_t to) {
  return f->link_class[0].first + from * ((int32_t)f->endpoints - 1) + (to < from ? to : to - 1);
}

int32_t clx_route_direct_path(clx_router *router, int32_t from, int32_t to, uint32_t hash, int32_t *link) {
  const clx_fabric *f = router->fabric;
  const int32_t servers = (int32_t)f->endpoints;
  link[0] = wire(f, from, to);
  if (!clx_router_blocked(router, link[0])) return clx_router_bundle(router, link, 1);
  const int32_t start = clx_route_choice(hash, 0, 0, servers);
  for (int32_t i = 0; i < servers; i++) {
    const int32_t middle = (start + i) % servers;
    if (middle == from || middle == to) continue;
    link[0] = wire(f, from, middle);
    link[1] = wire(f, middle, to);
    if (!clx_router_blocked(router, link[0]) && !clx_router_blocked(router, link[1]))
      return clx_router_bundle(router, link, 2);
  }
  return -1;
}
