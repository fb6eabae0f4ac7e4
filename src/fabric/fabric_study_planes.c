// An all-to-all over several planes of which failures cut some NICs off: a pair lives on in the planes that both its ends reach.
#include <math.h>
#include <stdlib.h>

#include "fabric/fabric_study_internal.h"

// What leads out of a NIC, a leaf or a pod of a Clos and is gone takes all below it out of the plane, talk among themselves
// included.
clx_status clx_study_find_cut(clx_arena *arena, const clx_fabric *fabric, bool *cut, clx_error *error) {
  if (fabric->spec.topology != CLX_TOPOLOGY_CLOS) return CLX_OK;
  clx_fabric bundled = *fabric;
  bundled.spec.routing = CLX_ROUTING_SPRAY;
  double *left;
  CLX_TRY(clx_fabric_capacity(arena, &bundled, &left, error));
  for (int32_t e = 0; e < fabric->endpoints; e++) {
    const int64_t leaf = clx_fabric_leaf(fabric, e);
    for (int32_t t = 0; t < fabric->tier_count && !cut[e]; t++) {
      const clx_fabric_link_class *class = fabric->bundle_class + 2 * (int64_t)t;  // up, then down
      const int64_t at = t == 0 ? e : leaf / fabric->tier[t - 1].pod_leaves;
      cut[e] = left[class[0].first + at] <= 0 || left[class[1].first + at] <= 0;
    }
  }
  return CLX_OK;
}

// NICs that are cut off alike; of rails of their own, those of one rail.
typedef struct alike {
  int64_t rail;
  double count, line;  // NICs; B/s of all
  uint32_t out;
  int32_t endpoint;  // one of them
} alike;

static int by_kind(const void *a, const void *b) {
  const alike *x = a, *y = b;
  if (x->rail != y->rail) return x->rail < y->rail ? -1 : 1;
  if (x->out != y->out) return x->out < y->out ? -1 : 1;
  return (x->endpoint > y->endpoint) - (x->endpoint < y->endpoint);
}

// Senders by kind; returns the number of kinds.
static int32_t sort_kinds(const clx_fabric *f, const clx_study_exchange *exchange, alike *kind) {
  const bool apart = f->spec.topology == CLX_TOPOLOGY_CLOS && f->spec.wiring == CLX_WIRING_RAIL_ONLY;
  int32_t count = 0, kinds = 0;
  for (int64_t server = 0; server < f->servers; server++) {
    const int32_t nics = clx_study_senders(f, server), endpoint = (int32_t)clx_fabric_endpoint(f, server, 0);
    for (int32_t i = endpoint; i < endpoint + nics; i++) {
      const int64_t rail = apart ? clx_fabric_leaf(f, i) / f->rail_leaves : 0;
      kind[count++] =
          (alike){.rail = rail, .count = 1, .line = clx_study_line(f, i), .out = exchange->out[i], .endpoint = i};
    }
  }
  qsort(kind, (size_t)count, sizeof *kind, by_kind);
  for (int32_t i = 0; i < count; i++) {
    if (kinds > 0 && kind[kinds - 1].rail == kind[i].rail && kind[kinds - 1].out == kind[i].out) {
      kind[kinds - 1].count += 1;
      kind[kinds - 1].line += kind[i].line;
    } else {
      kind[kinds++] = kind[i];
    }
  }
  return kinds;
}

static clx_status nothing_joins(const clx_fabric *f, const alike *a, const alike *b, clx_error *error) {
  char one[64], other[64];
  clx_route_endpoint_name(f, a->endpoint, one, sizeof one);
  clx_route_endpoint_name(f, b->endpoint, other, sizeof other);
  if (a == b) return clx_fail_plain(error, CLX_INFEASIBLE, "failures cut %s off in every plane: no all-to-all", one);
  return clx_fail_plain(error, CLX_INFEASIBLE, "failures leave no plane that joins %s and %s: no all-to-all", one,
                        other);
}

clx_status clx_study_join_planes(clx_arena *arena, const clx_fabric *f, const clx_study_exchange *exchange,
                                 clx_fabric_pattern_result *result, clx_error *error) {
  alike *kind = CLX_NEW_ARRAY(arena, alike, f->endpoints);
  if (kind == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory for an all-to-all");
  const int32_t kinds = sort_kinds(f, exchange, kind);
  const uint32_t all = (uint32_t)((1ull << exchange->steps) - 1);
  double sum = 0, line = 0, senders = 0, worst = INFINITY;
  for (int32_t i = 0; i < kinds; i++) {
    if (kind[i].out == all) return nothing_joins(f, &kind[i], &kind[i], error);
  }
  for (int32_t i = 0; i < kinds; i++) {
    double each = 0;
    for (int32_t k = 0; k < kinds; k++) {
      const uint32_t out = kind[i].out | kind[k].out;
      if (kind[k].rail != kind[i].rail) continue;
      if (out == all) return nothing_joins(f, &kind[i], &kind[k], error);
      const double peers = kind[k].count - (i == k ? 1 : 0);
      for (int32_t s = 0; s < exchange->steps; s++) each += (out >> s & 1u) == 0 ? peers * exchange->rate[s] : 0;
    }
    sum += each * kind[i].count;
    line += kind[i].line;
    senders += kind[i].count;
    worst = fmin(worst, each);
  }
  const double mean = sum / senders, share = sum / line;
  *result = (clx_fabric_pattern_result){mean, worst, mean, worst, share, share, (int64_t)senders, {0, 0}};
  return CLX_OK;
}
