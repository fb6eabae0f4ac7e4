// Rates under one failure after the other without solving everything again. Routes change with a failure, links do not: each
// flow that a failure reroutes stands in the instance twice, on its old path, whose dead link has no capacity then, and on its new
// one, behind a gate of no capacity until then. So a failure is a change of capacities, which the flow engine solves where it
// matters.
#include <math.h>
#include <string.h>

#include "fabric/fabric_study_internal.h"

static clx_status out_of_memory(clx_error *error) {
  return clx_fail_plain(error, CLX_MEMORY, "out of memory for a study of failures");
}

// Links (bundles) that a failure touches: faults that were not there before, or less severe. Marks them by bit `i`.
static clx_status find_links(clx_arena *arena, const clx_fabric *healthy, const clx_fabric *broken, int32_t i,
                             uint16_t *mask, clx_study_change *change, clx_error *error) {
  const bool spray = healthy->spec.routing == CLX_ROUTING_SPRAY;
  change->link = CLX_NEW_ARRAY(arena, int32_t, broken->fault_count);
  change->capacity = CLX_NEW_ARRAY(arena, double, broken->fault_count);
  if (change->link == NULL || change->capacity == NULL) return out_of_memory(error);
  for (int32_t a = 0, b = 0; b < broken->fault_count; b++) {
    const clx_fabric_fault *fault = &broken->fault[b];
    while (a < healthy->fault_count && healthy->fault[a].link < fault->link) a++;
    const bool known = a < healthy->fault_count && healthy->fault[a].link == fault->link;
    if (known && healthy->fault[a].rate <= fault->rate) continue;
    const int32_t class = clx_route_class(healthy->link_class, healthy->link_class_count, fault->link);
    const int32_t entry = spray ? clx_route_bundle(healthy, class, fault->link) : fault->link;
    if ((((uint32_t)mask[entry] >> i) & 1u) != 0) continue;
    mask[entry] = (uint16_t)((uint32_t)mask[entry] | 1u << i);
    change->link[change->count] = entry;
    change->capacity[change->count++] = clx_route_capacity_at(broken, entry);
  }
  return CLX_OK;
}

static uint32_t touched_by(const clx_flows *flows, const uint16_t *mask, int32_t flow) {
  uint32_t set = 0;
  for (int32_t e = flows->first[flow]; e < flows->first[flow + 1]; e++) set |= mask[flows->link[e]];
  return set;
}

// New paths of the flows that failures touch, behind the base flows.
typedef struct reroutes {
  int32_t *first, *link, *origin;
  int32_t count, entries;
} reroutes;

static clx_status reroute_one(clx_arena *arena, clx_study_changes *c, clx_router *router, int32_t i, int32_t flow,
                              uint64_t seed, reroutes *out, clx_error *error) {
  const int32_t pair = flow / c->subflows;
  int32_t *path = out->link + out->entries;
  const int32_t length =
      clx_router_path(router, c->pairs->from[pair], c->pairs->to[pair], clx_route_flow_hash(seed, flow), path);
  if (router->starved) return out_of_memory(error);
  clx_study_change *change = &c->change[i];
  if (length < 0) {
    if (change->cut == NULL) change->cut = CLX_NEW_ARRAY(arena, bool, c->pairs->count);
    if (change->cut == NULL) return out_of_memory(error);
    change->cut[pair] = true;
    return CLX_OK;
  }
  const int32_t first = c->flows.first[flow], old = c->flows.first[flow + 1] - first;
  if (length == old && memcmp(path, c->flows.link + first, (size_t)length * sizeof *path) == 0) return CLX_OK;
  path[length] = c->links + i;  // the gate
  out->origin[out->count] = flow;
  out->first[out->count++] = out->entries;
  out->entries += length + 1;
  return CLX_OK;
}

static clx_status reroute(clx_arena *arena, clx_study_changes *c, const clx_fabric *broken, const uint16_t *mask,
                          uint64_t seed, reroutes *out, clx_error *error) {
  int64_t most = 0;
  for (int32_t flow = 0; flow < c->base; flow++) {
    for (uint32_t set = touched_by(&c->flows, mask, flow); set != 0; set &= set - 1) most++;
  }
  clx_router router;
  CLX_TRY(clx_router_make(NULL, c->fabric, &router, error));
  const int64_t room = most * (clx_router_longest(&router) + 1) + CLX_PATH_MAX;
  *out = (reroutes){.first = CLX_NEW_ARRAY(arena, int32_t, most + 1),
                    .link = room < INT32_MAX ? CLX_NEW_ARRAY(arena, int32_t, room) : NULL,
                    .origin = CLX_NEW_ARRAY(arena, int32_t, most + 1)};
  if (out->first == NULL || out->link == NULL || out->origin == NULL) return out_of_memory(error);
  for (int32_t i = 0; i < c->count; i++) {
    c->change[i].first = c->base + out->count;
    CLX_TRY(clx_router_make(arena, &broken[i], &router, error));
    for (int32_t flow = 0; c->change[i].count > 0 && flow < c->base; flow++) {
      if (((touched_by(&c->flows, mask, flow) >> i) & 1u) == 0) continue;
      CLX_TRY(reroute_one(arena, c, &router, i, flow, seed, out, error));
    }
    c->change[i].end = c->base + out->count;
  }
  out->first[out->count] = out->entries;
  return CLX_OK;
}

// Base flows and rerouted ones in one instance, gates shut.
static clx_status join(clx_arena *arena, clx_study_changes *c, const reroutes *more, clx_error *error) {
  const int32_t base = c->base, entries = c->flows.first[base], links = c->links + c->count;
  c->capacity = clx_route_array(arena, links, sizeof *c->capacity);
  c->healthy = clx_route_array(arena, links, sizeof *c->healthy);
  c->rate = clx_route_array(arena, (int64_t)base + more->count, sizeof *c->rate);
  if (c->capacity == NULL || c->healthy == NULL || c->rate == NULL) return out_of_memory(error);
  memcpy(c->capacity, c->flows.capacity, (size_t)c->links * sizeof *c->capacity);
  memcpy(c->healthy, c->flows.capacity, (size_t)c->links * sizeof *c->healthy);
  c->flows.capacity = c->capacity;
  c->flows.link_count = links;
  c->origin = more->origin;
  if (more->count == 0) return CLX_OK;
  int32_t *first = clx_route_array(arena, (int64_t)base + more->count + 1, sizeof *first);
  int32_t *link = clx_route_array(arena, (int64_t)entries + more->entries, sizeof *link);
  if (first == NULL || link == NULL) return out_of_memory(error);
  memcpy(first, c->flows.first, (size_t)base * sizeof *first);
  memcpy(link, c->flows.link, (size_t)entries * sizeof *link);
  memcpy(link + entries, more->link, (size_t)more->entries * sizeof *link);
  for (int32_t i = 0; i <= more->count; i++) first[base + i] = entries + more->first[i];
  c->flows.first = first;
  c->flows.link = link;
  c->flows.flow_count = base + more->count;
  return CLX_OK;
}

static void sum_base(const clx_study_changes *c, double factor, double *rate) {
  for (int32_t i = 0; i < c->pairs->count; i++) {
    double sum = 0;
    for (int32_t j = 0; j < c->subflows; j++) sum += c->rate[(int64_t)i * c->subflows + j];
    rate[i] = factor * sum;
  }
}

clx_status clx_study_changes_make(clx_arena *arena, clx_flow_solver *solver, const clx_fabric *fabric,
                                  const clx_fabric *broken, int32_t count, const clx_study_pairs *pairs, uint64_t seed,
                                  clx_study_changes *c, clx_error *error) {
  *c = (clx_study_changes){.fabric = fabric,
                           .pairs = pairs,
                           .solver = solver,
                           .subflows = clx_study_subflows(fabric),
                           .links = clx_fabric_link_total(fabric),
                           .count = count,
                           .last = -1};
  CLX_TRY(clx_fabric_flows(arena, fabric, pairs->from, pairs->to, pairs->count, c->subflows, seed, &c->flows, error));
  c->base = c->flows.flow_count;
  uint16_t *mask = clx_route_array(arena, c->links, sizeof *mask);
  c->before.rate = clx_route_array(arena, pairs->count, sizeof(double));
  c->before.ways = clx_route_array(arena, pairs->count, sizeof(int32_t));
  c->after.rate = clx_route_array(arena, pairs->count, sizeof(double));
  c->after.ways = clx_route_array(arena, pairs->count, sizeof(int32_t));
  if (mask == NULL || c->before.rate == NULL || c->before.ways == NULL || c->after.rate == NULL ||
      c->after.ways == NULL)
    return out_of_memory(error);
  for (int32_t i = 0; i < count; i++) CLX_TRY(find_links(arena, fabric, &broken[i], i, mask, &c->change[i], error));
  reroutes more;
  CLX_TRY(reroute(arena, c, broken, mask, seed, &more, error));
  CLX_TRY(join(arena, c, &more, error));
  CLX_TRY(clx_flow_solve(solver, &c->flows, c->rate, &c->before.effort, error));
  sum_base(c, fabric->spec.planes, c->before.rate);
  for (int32_t i = 0; i < pairs->count; i++) c->before.ways[i] = c->subflows;
  return CLX_OK;
}

// Capacities of failure i, or back to what they were; adds the links to the list of changed ones.
static int32_t set_capacities(clx_study_changes *c, int32_t i, bool broken, int32_t *list, int32_t count) {
  const clx_study_change *change = &c->change[i];
  const int32_t gate = c->links + i;
  for (int32_t k = 0; k < change->count; k++) {
    list[count++] = change->link[k];
    c->capacity[change->link[k]] = broken ? change->capacity[k] : c->healthy[change->link[k]];
  }
  // Open, a gate never binds: it passes far more than all ports of the servers behind it send.
  c->capacity[gate] = broken ? 1e4 * (change->end - change->first + 1) * c->fabric->rate : 0;
  list[count++] = gate;
  return count;
}

clx_status clx_study_changes_apply(clx_study_changes *c, int32_t i, bool all_planes, clx_study_totals *after,
                                   bool *done, clx_error *error) {
  const clx_study_change *change = &c->change[i];
  const int32_t planes = c->fabric->spec.planes, broken = all_planes ? planes : 1;
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return out_of_memory(error);
  int32_t *list = CLX_NEW_ARRAY(arena, int32_t, change->count + (c->last >= 0 ? c->change[c->last].count : 0) + 2);
  clx_status status = list == NULL ? out_of_memory(error) : CLX_OK;
  if (status == CLX_OK) {
    int32_t count = c->last >= 0 ? set_capacities(c, c->last, false, list, 0) : 0;
    count = set_capacities(c, i, true, list, count);
    c->last = i;
    status = clx_flow_change(c->solver, &c->flows, list, count, c->rate, NULL, error);
  }
  clx_arena_free(arena);
  if (status != CLX_OK) return status;
  sum_base(c, broken, c->after.rate);
  *done = true;
  for (int32_t flow = change->first; flow < change->end; flow++) {
    const int32_t origin = c->origin[flow - c->base];
    c->after.rate[origin / c->subflows] += broken * c->rate[flow];
    if (c->rate[origin] > 0) *done = false;
  }
  for (int32_t p = 0; p < c->pairs->count; p++) {
    const bool cut = change->cut != NULL && change->cut[p];
    if (cut && c->after.rate[p] > 0) *done = false;
    c->after.rate[p] += c->before.rate[p] * (planes - broken) / planes;
    c->after.ways[p] = cut && broken == planes ? 0 : c->subflows;
  }
  *after = c->after;
  return CLX_OK;
}
