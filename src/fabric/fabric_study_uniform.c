// All-to-all and bisection: closed forms.
#include <math.h>

#include "fabric/fabric_study_internal.h"

// --- all-to-all -------------------------------------------------------------------------------------------------------------

// Pairs of links summed into bundles.
static void bundle_pairs(const clx_fabric *f, clx_study_load *load, double *into) {
  for (int32_t c = 0; c < f->link_class_count; c++) {
    const clx_fabric_link_class *class = &f->link_class[c];
    for (int32_t l = class->first; l < class->first + class->count; l++)
      into[clx_route_bundle(f, c, l)] += load->pairs[l];
  }
  load->pairs = into;
  load->bundles = true;
}

// Bundles' loads on their links, by what is left of each.
static clx_status spread_loads(clx_arena *arena, const clx_fabric *f, const double *bundle, double rate, double *load,
                               clx_error *error) {
  double *left = CLX_NEW_ARRAY(arena, double, f->link_count);
  double *sum = CLX_NEW_ARRAY(arena, double, f->bundle_count);
  if (left == NULL || sum == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory for the loads of links");
  clx_route_capacity(f, false, left);
  for (int32_t pass = 0; pass < 2; pass++) {
    for (int32_t c = 0; c < f->link_class_count; c++) {
      const clx_fabric_link_class *class = &f->link_class[c];
      for (int32_t l = class->first; l < class->first + class->count; l++) {
        const int32_t b = clx_route_bundle(f, c, l);
        if (pass == 0) {
          sum[b] += left[l];
        } else {
          load[l] = sum[b] > 0 ? rate * bundle[b] * left[l] / sum[b] : 0;
        }
      }
    }
  }
  return CLX_OK;
}

// Rate of every pair over one plane: the link with the least room per pair decides.
static clx_status pair_rate(const clx_fabric *f, const clx_study_load *load, const double *capacity, double *rate,
                            clx_error *error) {
  const int32_t links = load->bundles ? f->bundle_count : f->link_count;
  *rate = INFINITY;
  for (int32_t i = 0; i < links; i++) {
    if (load->pairs[i] <= 0) continue;
    *rate = fmin(*rate, capacity[i] / load->pairs[i]);
    if (capacity[i] > 0) continue;
    char name[96];
    clx_fabric named = *f;
    named.spec.routing = load->bundles ? CLX_ROUTING_SPRAY : CLX_ROUTING_ECMP;
    clx_fabric_study_link_name(&named, i, name, sizeof name);
    return clx_fail_plain(error, CLX_INFEASIBLE, "failures cut off what is beyond %s: no all-to-all", name);
  }
  return CLX_OK;
}

static clx_status all_to_all(clx_arena *arena, const clx_study_plane *plane, bool *cut, double *rate, double *senders,
                             double *load, clx_error *error) {
  const clx_fabric *f = &plane->fabric;
  const bool spray = f->spec.routing == CLX_ROUTING_SPRAY;
  clx_study_load uniform;
  CLX_TRY(clx_study_uniform(arena, f, cut, &uniform, error));
  if (spray && !uniform.bundles) {
    double *into = CLX_NEW_ARRAY(arena, double, f->bundle_count);
    if (into == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory for the loads of bundles");
    bundle_pairs(f, &uniform, into);
  }
  clx_fabric sized = *f;  // capacities of what the loads are of
  sized.spec.routing = uniform.bundles ? CLX_ROUTING_SPRAY : CLX_ROUTING_ECMP;
  if (!spray) sized.spec.spray_efficiency = 1;
  double *capacity;
  CLX_TRY(clx_fabric_capacity(arena, &sized, &capacity, error));
  CLX_TRY(pair_rate(f, &uniform, capacity, rate, error));
  *senders = uniform.senders;
  if (!isfinite(*rate)) *rate = 0;  // one sender: no pair
  if (load == NULL || !plane->shown) return CLX_OK;
  if (uniform.bundles && !spray) return spread_loads(arena, f, uniform.pairs, *rate, load, error);
  for (int32_t i = 0; i < clx_fabric_link_total(f); i++) load[i] = *rate * uniform.pairs[i];
  return CLX_OK;
}

// One plane and those like it. Where there are others, NICs that failures cut off in this one live on in those.
static clx_status exchange_plane(const clx_study_plane *plane, clx_study_exchange *exchange, double *senders,
                                 double *load, clx_error *error) {
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory for an all-to-all");
  const clx_fabric *f = &plane->fabric;
  const bool backed = f->spec.planes > 1 && f->fault_count > 0;
  bool *cut = backed ? CLX_NEW_ARRAY(arena, bool, f->endpoints) : NULL;
  double rate = 0;
  clx_status status = backed && cut == NULL ? clx_fail_plain(error, CLX_MEMORY, "out of memory for an all-to-all")
                      : backed              ? clx_study_find_cut(arena, f, cut, error)
                                            : CLX_OK;
  if (status == CLX_OK) status = all_to_all(arena, plane, cut, &rate, senders, load, error);
  for (int32_t i = 0; status == CLX_OK && cut != NULL && i < f->endpoints; i++) {
    exchange->out[i] |= (uint32_t)cut[i] << exchange->steps;
    exchange->partial = exchange->partial || cut[i];
  }
  exchange->rate[exchange->steps++] = rate * plane->planes;
  clx_arena_free(arena);
  return status;
}

static clx_status exchange_all(clx_arena *arena, const clx_fabric *fabric, clx_fabric_pattern_result *result,
                               double *load, clx_error *error) {
  clx_study_exchange exchange = {.out = CLX_NEW_ARRAY(arena, uint32_t, fabric->endpoints)};
  double senders = 0, sum = 0, line = 0;
  if (exchange.out == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory for an all-to-all");
  for (clx_study_plane plane = {0}; clx_study_next_plane(fabric, &plane);)
    CLX_TRY(exchange_plane(&plane, &exchange, &senders, load, error));
  if (exchange.partial) return clx_study_join_planes(arena, fabric, &exchange, result, error);
  for (int32_t i = 0; i < exchange.steps; i++) sum += exchange.rate[i];
  // Of rails of their own only those of one rail talk.
  const bool apart = fabric->spec.topology == CLX_TOPOLOGY_CLOS && fabric->spec.wiring == CLX_WIRING_RAIL_ONLY;
  const double peers = (apart ? floor(senders / fabric->rails) : senders) - 1;
  for (int64_t server = 0; server < fabric->servers; server++)
    line += clx_study_senders(fabric, server) * clx_study_line(fabric, (int32_t)clx_fabric_endpoint(fabric, server, 0));
  const double each = peers > 0 ? sum * peers : 0;
  const double share = line > 0 ? each * senders / line : 0;
  *result = (clx_fabric_pattern_result){each, each, each, each, share, share, (int64_t)senders, {0, 0}};
  return CLX_OK;
}

clx_status clx_fabric_study_all_to_all(const clx_fabric *fabric, clx_fabric_pattern_result *result, double *load,
                                       clx_error *error) {
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory for an all-to-all");
  const clx_status status = exchange_all(arena, fabric, result, load, error);
  clx_arena_free(arena);
  return status;
}

// --- bisection --------------------------------------------------------------------------------------------------------------

// What leads out of the pods of the thinnest tier, halved: the halves are whole pods. Pods partly empty count by their ports.
static double bisect_clos(const clx_fabric *f) {
  double least = INFINITY;
  for (int32_t t = 1; t < f->tier_count; t++) {
    const double pods = (double)f->endpoints / (double)f->tier[t - 1].pod_ports;
    least = fmin(least, pods * f->bundle_class[2 * (int64_t)t].rate / 2);
  }
  return least;  // of one leaf alone: what the NICs can send
}

// Half of the groups from the other half; one group alone: half of its routers (leaves).
static double bisect_dragonfly(const clx_fabric *f) {
  const double g = f->group_count, a = f->spec.group_routers;
  const bool plus = f->spec.topology == CLX_TOPOLOGY_DRAGONFLY_PLUS;
  const double cables = g > 1  ? floor(g / 2) * ceil(g / 2) * f->global_parallel
                        : plus ? a * f->leaf_up / 2
                               : floor(a / 2) * ceil(a / 2);
  return a * g > 1 ? cables * f->rate : INFINITY;
}

// Across the longest dimension: two planes of links in a torus, one in a mesh.
static double bisect_servers(const clx_fabric *f) {
  if (f->servers < 2) return 0;
  const double n = (double)f->servers;
  if (f->spec.topology == CLX_TOPOLOGY_DIRECT) return floor(n / 2) * ceil(n / 2) * f->link_class[0].rate;
  int32_t longest = 0;
  for (int32_t d = 1; d < f->spec.dimension_count; d++) {
    if (f->spec.dimensions[d] > f->spec.dimensions[longest]) longest = d;
  }
  const double planes = f->spec.topology == CLX_TOPOLOGY_TORUS ? 2 : 1;
  return planes * n / f->spec.dimensions[longest] * f->link_class[2 * (int64_t)longest].rate;
}

void clx_fabric_study_bisection(const clx_fabric *f, double *bandwidth, double *share) {
  double half = 0;  // of what all NICs send
  for (int64_t server = 0; server < f->servers; server++)
    half += clx_study_senders(f, server) * clx_study_line(f, (int32_t)clx_fabric_endpoint(f, server, 0)) / 2;
  const double one = f->spec.topology == CLX_TOPOLOGY_CLOS             ? bisect_clos(f)
                     : f->spec.topology <= CLX_TOPOLOGY_DRAGONFLY_PLUS ? bisect_dragonfly(f)
                                                                       : bisect_servers(f);
  *bandwidth = fmin(one * f->spec.planes, half);
  *share = half > 0 ? *bandwidth / half : 1;
}
