// How many of the ordered pairs of senders cross each link when all of them talk: closed forms of each topology. Equal choices
// of a hash count as spread evenly.
#include "fabric/fabric_study_internal.h"

// Senders below each leaf (router, server), and everywhere, without those that are cut off.
static clx_status count_senders(clx_arena *arena, const clx_fabric *f, const bool *cut, clx_study_load *load,
                                clx_error *error) {
  int64_t leaves = f->endpoints;
  if (f->spec.topology == CLX_TOPOLOGY_CLOS) leaves = f->tier[0].pods;
  if (f->spec.topology == CLX_TOPOLOGY_DRAGONFLY || f->spec.topology == CLX_TOPOLOGY_DRAGONFLY_PLUS)
    leaves = (int64_t)f->group_count * f->spec.group_routers;
  load->leaf = CLX_NEW_ARRAY(arena, double, leaves);
  load->sends = CLX_NEW_ARRAY(arena, bool, f->endpoints);
  load->pairs = CLX_NEW_ARRAY(arena, double, f->link_count > f->bundle_count ? f->link_count : f->bundle_count);
  if (load->leaf == NULL || load->sends == NULL || load->pairs == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory for the loads of %d links", (int)f->link_count);
  load->leaves = (int32_t)leaves;
  for (int64_t server = 0; server < f->servers; server++) {
    const int32_t nics = clx_study_senders(f, server);
    const int64_t endpoint = clx_fabric_endpoint(f, server, 0);
    for (int32_t i = 0; i < nics; i++) {
      if (cut != NULL && cut[endpoint + i]) continue;
      load->sends[endpoint + i] = true;
      load->leaf[clx_fabric_leaf(f, endpoint + i)] += 1;
      load->senders += 1;
    }
  }
  return CLX_OK;
}

// Peers of a sender below leaf pod `leaf`: all, or those of its rail.
static double peers(const clx_fabric *f, const clx_study_load *load, const double *top, int32_t leaf) {
  const clx_fabric_tier *tier = &f->tier[f->tier_count - 1];
  return tier->pods <= 1 ? load->senders : top[leaf / tier->pod_leaves];
}

static clx_status load_clos(clx_arena *arena, const clx_fabric *f, clx_study_load *load, clx_error *error) {
  const clx_fabric_tier *last = &f->tier[f->tier_count - 1];
  double *top = CLX_NEW_ARRAY(arena, double, last->pods + 1);
  if (top == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory for the loads of rails");
  for (int32_t i = 0; i < load->leaves; i++) top[last->pods <= 1 ? 0 : i / last->pod_leaves] += load->leaf[i];
  load->bundles = true;
  const clx_fabric_link_class *class = f->bundle_class;
  for (int32_t e = 0; e < f->endpoints; e++) {
    if (!load->sends[e]) continue;
    const double others = peers(f, load, top, (int32_t)clx_fabric_leaf(f, e)) - 1;
    load->pairs[class[0].first + e] = load->pairs[class[1].first + e] = others;
  }
  for (int32_t t = 1; t < f->tier_count; t++) {
    const clx_fabric_link_class *boundary = class + 2 * (int64_t)t;  // up, then down
    double *up = load->pairs + boundary[0].first, *down = load->pairs + boundary[1].first;
    const int64_t leaves = f->tier[t - 1].pod_leaves;
    for (int32_t i = 0; i < load->leaves; i++) up[i / leaves] += load->leaf[i];
    for (int32_t pod = 0; pod < boundary->count; pod++) {
      const double inside = up[pod];
      up[pod] = down[pod] = inside * (peers(f, load, top, (int32_t)(pod * leaves)) - inside);
    }
  }
  return CLX_OK;
}

// --- dragonflies ------------------------------------------------------------------------------------------------------------

// A group for the sums below: senders of its routers, links that leave router i for j.
typedef struct group {
  const clx_fabric *f;
  clx_study_load *load;
  const double *leaf;
  int32_t index, routers;
  double senders;
} group;

static group group_make(const clx_fabric *f, clx_study_load *load, int32_t index) {
  group g = {f, load, load->leaf + (int64_t)index * f->spec.group_routers, index, f->spec.group_routers, 0};
  for (int32_t i = 0; i < g.routers; i++) g.senders += g.leaf[i];
  return g;
}

static double *local_pairs(const group *g, int32_t from, int32_t to) {
  const int64_t row = (int64_t)g->index * g->routers + from;
  return g->load->pairs + g->f->link_class[2].first + row * (g->routers - 1) + (to < from ? to : to - 1);
}

// Cables between a leaf and a spine of a dragonfly+ share what crosses there.
static void add_edge(const group *g, int32_t class, int32_t leaf, int32_t spine, double pairs) {
  const int32_t cables = g->f->leaf_up / g->f->spec.group_spines;
  const int32_t row = (g->index * g->routers + leaf) * g->f->leaf_up + spine * cables;
  for (int32_t i = 0; i < cables; i++) g->load->pairs[g->f->link_class[class].first + row + i] += pairs / cables;
}

static void load_inside(const group *g) {
  const bool plus = g->f->spec.topology == CLX_TOPOLOGY_DRAGONFLY_PLUS;
  for (int32_t i = 0; i < g->routers; i++) {
    for (int32_t j = 0; !plus && j < g->routers; j++) {
      if (i != j) *local_pairs(g, i, j) += g->leaf[i] * g->leaf[j];
    }
    for (int32_t s = 0; plus && s < g->f->spec.group_spines; s++) {
      const double pairs = g->leaf[i] * (g->senders - g->leaf[i]) / g->f->spec.group_spines;
      add_edge(g, 2, i, s, pairs);
      add_edge(g, 3, i, s, pairs);
    }
  }
}

// What group x sends to y and y to x over the cables from x to y and back, inside x.
static void load_between(const group *x, const group *y) {
  const clx_fabric *f = x->f;
  const bool plus = f->spec.topology == CLX_TOPOLOGY_DRAGONFLY_PLUS;
  const int32_t m = f->global_parallel, other = y->index < x->index ? y->index : y->index - 1;
  const int64_t pair = (int64_t)x->index * (f->group_count - 1) + other;
  double *global = x->load->pairs + f->link_class[plus ? 4 : 3].first + pair * m;
  for (int32_t k = 0; k < m; k++) {
    const int32_t owner = (other * m + k) / f->spec.router_global;
    global[k] = x->senders * y->senders / m;
    for (int32_t i = 0; i < x->routers; i++) {
      const double pairs = x->leaf[i] * y->senders / m;
      if (plus) {
        add_edge(x, 2, i, owner, pairs);
        add_edge(x, 3, i, owner, pairs);
      } else if (i != owner) {
        *local_pairs(x, i, owner) += pairs;
        *local_pairs(x, owner, i) += pairs;
      }
    }
  }
}

static void load_dragonfly(const clx_fabric *f, clx_study_load *load) {
  for (int32_t e = 0; e < f->endpoints; e++) {
    if (load->sends[e])
      load->pairs[f->link_class[0].first + e] = load->pairs[f->link_class[1].first + e] = load->senders - 1;
  }
  for (int32_t x = 0; x < f->group_count; x++) {
    const group here = group_make(f, load, x);
    load_inside(&here);
    for (int32_t y = 0; y < f->group_count; y++) {
      if (y == x) continue;
      const group there = group_make(f, load, y);
      load_between(&here, &there);
    }
  }
}

// --- servers wired to each other --------------------------------------------------------------------------------------------

// Dimension by dimension a link of dimension d (size n) carries the pairs of its row that cross it, times servers / n: sources
// of any coordinates in the dimensions before, destinations of any in those behind. In a ring pairs take the shorter way, half of
// those across from each other either way: n n / 8 or (n n - 1) / 8 on every link. In a row (mesh) all on the one side with all
// on the other.
static void load_torus(const clx_fabric *f, clx_study_load *load) {
  int32_t stride = 1;
  for (int32_t d = 0; d < f->spec.dimension_count; d++) {
    const int32_t n = f->spec.dimensions[d];
    const double rows = load->senders / n;
    for (int32_t back = 0; back < 2 && n > 1; back++) {
      double *pairs = load->pairs + f->link_class[2 * d + back].first;
      for (int32_t s = 0; s < f->endpoints; s++) {
        const int32_t at = s / stride % n, side = back == 1 ? at : n - 1 - at;  // servers ahead
        pairs[s] = rows * (f->spec.topology == CLX_TOPOLOGY_MESH ? (double)side * (n - side)
                           : n % 2 == 0                          ? (double)n * n / 8
                                                                 : ((double)n * n - 1) / 8);
      }
    }
    stride *= n;
  }
}

// --- around dead links ------------------------------------------------------------------------------------------------------

// Where other planes back this one: senders that reach less than half of the others are out of it.
static clx_status leave_out(clx_arena *arena, clx_router *router, bool *cut, clx_study_load *load, clx_error *error) {
  const clx_fabric *f = router->fabric;
  int32_t link[CLX_PATH_MAX];
  for (int32_t a = 0; a < f->endpoints; a++) {
    double reached = 0;
    for (int32_t b = 0; load->sends[a] && b < f->endpoints; b++) {
      if (load->sends[b] && clx_router_path(router, a, b, clx_route_flow_hash(0, a * f->endpoints + b), link) >= 0)
        reached += 1;
    }
    cut[a] = load->sends[a] && 2 * reached < load->senders;
  }
  *load = (clx_study_load){0};
  return count_senders(arena, f, cut, load, error);
}

// Every pair walks its path.
static clx_status load_by_paths(clx_arena *arena, const clx_fabric *f, bool *cut, clx_study_load *load,
                                clx_error *error) {
  enum { SENDERS_MAX = 2048 };
  if (load->senders > SENDERS_MAX)
    return clx_fail_plain(error, CLX_INFEASIBLE,
                          "all-to-all around dead links of a %s is computed for up to %d senders, this one has %.0f",
                          clx_topology_name[f->spec.topology], SENDERS_MAX, load->senders);
  clx_fabric flat = *f;
  if (flat.spec.routing == CLX_ROUTING_SPRAY) flat.spec.routing = CLX_ROUTING_ECMP;
  clx_router router;
  CLX_TRY(clx_router_make(arena, &flat, &router, error));
  if (cut != NULL) CLX_TRY(leave_out(arena, &router, cut, load, error));
  int32_t link[CLX_PATH_MAX];
  for (int32_t a = 0; a < f->endpoints; a++) {
    for (int32_t b = 0; load->sends[a] && b < f->endpoints; b++) {
      if (!load->sends[b]) continue;
      const int32_t length = clx_router_path(&router, a, b, clx_route_flow_hash(0, a * f->endpoints + b), link);
      if (length < 0) return clx_router_cut(&router, a, b, error);
      for (int32_t i = 0; i < length; i++) load->pairs[link[i]] += 1;
    }
  }
  return CLX_OK;
}

clx_status clx_study_uniform(clx_arena *arena, const clx_fabric *f, bool *cut, clx_study_load *load, clx_error *error) {
  *load = (clx_study_load){0};
  CLX_TRY(count_senders(arena, f, cut, load, error));
  if (f->spec.topology == CLX_TOPOLOGY_CLOS) return load_clos(arena, f, load, error);
  clx_router router;
  CLX_TRY(clx_router_make(NULL, f, &router, error));
  if (router.faulty) return load_by_paths(arena, f, cut, load, error);
  if (f->spec.topology <= CLX_TOPOLOGY_DRAGONFLY_PLUS) {
    load_dragonfly(f, load);
  } else if (f->spec.topology <= CLX_TOPOLOGY_MESH) {
    load_torus(f, load);
  } else {
    for (int32_t i = 0; i < f->link_count; i++) load->pairs[i] = 1;
  }
  return CLX_OK;
}
