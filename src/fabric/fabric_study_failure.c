// What one failure does to a pattern: one part of every kind and tier, before and after.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "fabric/fabric_internal.h"
#include "fabric/fabric_study_internal.h"

// --- parts in use -----------------------------------------------------------------------------------------------------------

static bool listed(const clx_fabric_failure *failure, int32_t count, int32_t kind, int32_t tier) {
  for (int32_t i = 0; i < count; i++) {
    if (failure[i].part.kind == kind && failure[i].part.tier == tier) return true;
  }
  return false;
}

static clx_fabric_failure *add_part(const clx_fabric *f, clx_fabric_failure *failure, int32_t *count, int32_t kind,
                                    int32_t tier, int64_t index, int32_t port) {
  if (*count == CLX_FABRIC_FAILURES_MAX || listed(failure, *count, kind, tier)) return NULL;
  clx_fabric_failure *new = &failure[(*count)++];
  *new =
      (clx_fabric_failure){.part = {.kind = kind, .plane = f->fault_plane, .tier = tier, .index = index, .port = port}};
  return new;
}

static void add_cable(const clx_fabric *f, clx_fabric_failure *failure, int32_t *count, int32_t tier, int64_t index,
                      int32_t port, int32_t link) {
  clx_fabric_failure *new = add_part(f, failure, count, CLX_FAULT_LINK, tier, index, port);
  if (new == NULL) return;
  clx_fabric_link_name(f, link, new->name, sizeof new->name);
  char *end = strrchr(new->name, ' ');
  if (end != NULL && strcmp(end, " up") == 0) *end = 0;
}

static void add_switch(const clx_fabric *f, clx_fabric_failure *failure, int32_t *count, int32_t tier, int64_t index,
                       const char *what) {
  clx_fabric_failure *new = add_part(f, failure, count, CLX_FAULT_SWITCH, tier, index, 0);
  if (new != NULL) snprintf(new->name, sizeof new->name, "%s %lld", what, (long long)index);
}

static void add_clos(const clx_router *router, int32_t class, int32_t at, int32_t link, clx_fabric_failure *failure,
                     int32_t *count) {
  const clx_fabric *f = router->fabric;
  const int32_t tier = class / 2, up = router->tier[tier].up;
  if (class % 2 == 1) return;
  add_cable(f, failure, count, tier, at / up, at % up, link);
  add_switch(f, failure, count, tier + 1, clx_route_clos_upper(router, link), clx_route_switch_name[tier]);
}

static void add_dragonfly(const clx_fabric *f, int32_t class, int32_t at, int32_t link, clx_fabric_failure *failure,
                          int32_t *count) {
  const clx_fabric_spec *s = &f->spec;
  const bool plus = s->topology == CLX_TOPOLOGY_DRAGONFLY_PLUS;
  if (class == 0) {
    add_cable(f, failure, count, 0, at, 0, link);
    add_switch(f, failure, count, 1, clx_fabric_leaf(f, at), plus ? "leaf" : "router");
  } else if (class == 2) {
    const int32_t ports = plus ? f->leaf_up : s->group_routers - 1;
    add_cable(f, failure, count, 1, at / ports, at % ports, link);
  } else if (class == (plus ? 4 : 3)) {
    const int32_t ports = (f->group_count - 1) * f->global_parallel, x = at / ports, q = at % ports;
    const int64_t owner = (int64_t)x * (plus ? s->group_spines : s->group_routers) + q / s->router_global;
    add_cable(f, failure, count, 2, owner, q % s->router_global, link);
    if (plus) add_switch(f, failure, count, 2, owner, "spine");
  }
}

// Parts along a path of the pattern, the longest of a few in the middle.
static clx_status choose_parts(const clx_fabric *fabric, const clx_study_pairs *pairs, clx_fabric_failure *failure,
                               int32_t *count, clx_error *error) {
  enum { TRIES = 64 };
  clx_fabric flat = *fabric;
  if (flat.spec.routing == CLX_ROUTING_SPRAY) flat.spec.routing = CLX_ROUTING_ECMP;
  clx_router router;
  CLX_TRY(clx_router_make(NULL, &flat, &router, error));
  int32_t path[CLX_PATH_MAX], best[CLX_PATH_MAX], length = 0;
  for (int32_t i = 0; i < TRIES && i < pairs->count; i++) {
    const int32_t pair = (int32_t)(((int64_t)pairs->count / 2 + (int64_t)i * 7919) % pairs->count);
    const int32_t links = clx_router_path(&router, pairs->from[pair], pairs->to[pair], 1, path);
    if (links <= length) continue;
    length = links;
    memcpy(best, path, (size_t)links * sizeof *path);
  }
  for (int32_t i = 0; i < length; i++) {
    const int32_t class = clx_route_class(flat.link_class, flat.link_class_count, best[i]);
    const int32_t at = best[i] - flat.link_class[class].first, others = (int32_t)flat.endpoints - 1;
    if (flat.spec.topology == CLX_TOPOLOGY_CLOS) {
      add_clos(&router, class, at, best[i], failure, count);
    } else if (flat.spec.topology <= CLX_TOPOLOGY_DRAGONFLY_PLUS) {
      add_dragonfly(&flat, class, at, best[i], failure, count);
    } else if (flat.spec.topology == CLX_TOPOLOGY_DIRECT) {
      add_cable(&flat, failure, count, 0, at / others, at % others, best[i]);
    } else {
      add_cable(&flat, failure, count, 0, at, class, best[i]);
    }
  }
  if (length == 0 || flat.spec.topology >= CLX_TOPOLOGY_TORUS) return CLX_OK;
  const int32_t endpoint = (best[0] - flat.link_class[0].first) / flat.nic_up;
  clx_fabric_failure *nic = add_part(&flat, failure, count, CLX_FAULT_NIC, 0, endpoint, 0);
  if (nic != NULL) clx_route_endpoint_name(&flat, endpoint, nic->name, sizeof nic->name);
  return CLX_OK;
}

// --- before and after ---------------------------------------------------------------------------------------------------------

// The fabric with one more failure.
static clx_status add_fault(clx_arena *arena, const clx_fabric *fabric, const clx_fault_spec *part, clx_fabric *broken,
                            clx_error *error) {
  *broken = *fabric;
  clx_fault_spec *faults = CLX_NEW_ARRAY(arena, clx_fault_spec, fabric->spec.fault_count + 1);
  if (faults == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory for a failure");
  for (int32_t i = 0; i < fabric->spec.fault_count; i++) faults[i] = fabric->spec.faults[i];
  faults[broken->spec.fault_count++] = *part;
  broken->spec.faults = faults;
  clx_fabric_build build = {.arena = arena, .fabric = broken, .error = error};
  return clx_fabric_find_faults(&build);
}

static void compare(const clx_study_pairs *pairs, const clx_study_totals *before, const clx_study_totals *after,
                    clx_fabric_failure *out) {
  static const double LOSS = 0.01;
  int64_t alive = 0;
  out->worst_before = out->worst_after = INFINITY;
  for (int32_t i = 0; i < pairs->count; i++) {
    if (before->ways[i] == 0) continue;
    if (after->ways[i] == 0) {
      out->cut++;
      continue;
    }
    alive++;
    out->mean_before += before->rate[i];
    out->mean_after += after->rate[i];
    out->worst_before = fmin(out->worst_before, before->rate[i]);
    out->worst_after = fmin(out->worst_after, after->rate[i]);
    if (after->rate[i] >= (1 - LOSS) * before->rate[i]) continue;
    out->slowed++;
    out->slowed_share += after->rate[i] / before->rate[i];
  }
  out->mean_before = alive > 0 ? out->mean_before / (double)alive : 0;
  out->mean_after = alive > 0 ? out->mean_after / (double)alive : 0;
  if (alive == 0) out->worst_before = out->worst_after = 0;
  out->slowed_share = out->slowed > 0 ? out->slowed_share / (double)out->slowed : 1;
}

// Everything again, on the fabric with the failure.
static clx_status solve_again(clx_arena *arena, const clx_fabric *broken, const clx_fabric_traffic *traffic,
                              const clx_study_pairs *pairs, uint64_t seed, const clx_study_totals *before,
                              clx_fabric_failure *failure, clx_error *error) {
  clx_study_totals after;
  CLX_TRY(clx_study_rates(arena, broken, traffic, 1, pairs, seed, NULL, &after, error));
  compare(pairs, before, &after, failure);
  return CLX_OK;
}

// Where all planes are alike one of them is solved, and changed by each failure in turn.
static clx_status solve_changes(clx_arena *arena, const clx_fabric *fabric, const clx_fabric *broken,
                                const clx_fabric_traffic *traffic, const clx_study_pairs *pairs, uint64_t seed,
                                clx_fabric_failure *failure, int32_t count, clx_error *error) {
  clx_study_changes changes;
  clx_flow_solver *solver = clx_flow_solver_new();
  clx_status status = solver == NULL ? clx_fail_plain(error, CLX_MEMORY, "out of memory for a flow solver") : CLX_OK;
  if (status == CLX_OK)
    status = clx_study_changes_make(arena, solver, fabric, broken, count, pairs, seed, &changes, error);
  for (int32_t i = 0; status == CLX_OK && i < count; i++) {
    const bool all_planes = failure[i].part.kind == CLX_FAULT_NIC;
    bool done = false;
    clx_study_totals after;
    status = clx_study_changes_apply(&changes, i, all_planes, &after, &done, error);
    if (status == CLX_OK && done) compare(pairs, &changes.before, &after, &failure[i]);
    if (status == CLX_OK && !done)
      status = solve_again(arena, &broken[i], traffic, pairs, seed, &changes.before, &failure[i], error);
  }
  clx_flow_solver_free(solver);
  return status;
}

static clx_status study_failures(clx_arena *arena, const clx_fabric *fabric, int32_t pattern,
                                 const clx_placement *placement, uint64_t seed, clx_fabric_failure *failure,
                                 int32_t *count, clx_error *error) {
  clx_fabric_traffic traffic;
  clx_study_pairs pairs;
  clx_fabric broken[CLX_FABRIC_FAILURES_MAX];
  *count = 0;
  CLX_TRY(clx_study_whole(arena, fabric, pattern, placement, seed, &traffic, error));
  CLX_TRY(clx_study_pairs_make(arena, fabric, &traffic, 1, seed, &pairs, error));
  CLX_TRY(choose_parts(fabric, &pairs, failure, count, error));
  for (int32_t i = 0; i < *count; i++) CLX_TRY(add_fault(arena, fabric, &failure[i].part, &broken[i], error));
  if (fabric->all_fault_count == 0 || fabric->spec.planes == 1)
    return solve_changes(arena, fabric, broken, &traffic, &pairs, seed, failure, *count, error);
  clx_study_totals before;
  CLX_TRY(clx_study_rates(arena, fabric, &traffic, 1, &pairs, seed, NULL, &before, error));
  for (int32_t i = 0; i < *count; i++)
    CLX_TRY(solve_again(arena, &broken[i], &traffic, &pairs, seed, &before, &failure[i], error));
  return CLX_OK;
}

clx_status clx_fabric_study_failures(const clx_fabric *fabric, int32_t pattern, const clx_placement *placement,
                                     uint64_t seed, clx_fabric_failure failure[CLX_FABRIC_FAILURES_MAX], int32_t *count,
                                     clx_error *error) {
  clx_arena *arena = clx_arena_new();
  const clx_status status = arena == NULL
                                ? clx_fail_plain(error, CLX_MEMORY, "out of memory for a study of failures")
                                : study_failures(arena, fabric, pattern, placement, seed, failure, count, error);
  clx_arena_free(arena);
  return status;
}
