// Routes of many flows as an instance of the flow engine, and the capacities of links.
#define _DEFAULT_SOURCE  // madvise
#include <stdio.h>
#include <sys/mman.h>

#include "fabric/fabric_route_internal.h"
#include "fabric/fabric_study.h"

// --- memory ---------------------------------------------------------------------------------------------------------------

// Touching memory for the first time is half of the cost of a million flows; large pages, where the system has them, spare
// most of it. A hint: where it fails nothing changes but speed.
void *clx_route_array(clx_arena *arena, int64_t count, size_t size) {
  char *data = clx_arena_array(arena, (size_t)count, size);
#ifdef MADV_HUGEPAGE
  enum { PAGE = 2 * 1024 * 1024 };
  const size_t bytes = (size_t)count * size, out = (uintptr_t)data % PAGE, skip = out > 0 ? PAGE - out : 0;
  if (data != NULL && bytes >= skip + PAGE) (void)madvise(data + skip, (bytes - skip) / PAGE * PAGE, MADV_HUGEPAGE);
#endif
  return data;
}

// --- capacities -------------------------------------------------------------------------------------------------------------

int32_t clx_fabric_link_total(const clx_fabric *fabric) {
  return fabric->spec.routing == CLX_ROUTING_SPRAY ? fabric->bundle_count : fabric->link_count;
}

static void fill_classes(const clx_fabric_link_class *class, int32_t count, double *capacity) {
  for (int32_t i = 0; i < count; i++) {
    for (int32_t j = 0; j < class[i].count; j++) capacity[class[i].first + j] = class[i].rate;
  }
}

static bool has_nic_links(const clx_fabric *f) { return f->spec.topology < CLX_TOPOLOGY_TORUS; }

// NICs of different hosts differ; their classes carry the rate of the fastest. `per` entries of the array to an endpoint.
static void fill_nics(const clx_fabric *f, int32_t per, double *up, double *down) {
  int64_t next = 0;
  for (int32_t i = 0; i < f->host_count; i++) {
    const int64_t end = next + f->hosts[i].servers * f->hosts[i].ports;
    const double rate = clx_fabric_endpoint_rate(f, next) / per;
    for (int64_t j = next * per; j < end * per; j++) up[j] = down[j] = rate;
    next = end;
  }
}

// B/s of one link of a class as built. Classes 0 and 1 of fabrics with switches are those of NICs.
static double link_rate(const clx_fabric *f, int32_t class, int32_t link) {
  if (class > 1 || !has_nic_links(f)) return f->link_class[class].rate;
  return clx_fabric_endpoint_rate(f, (link - f->link_class[class].first) / f->nic_up) / f->nic_up;
}

void clx_route_capacity(const clx_fabric *f, bool efficient, double *capacity) {
  const bool spray = f->spec.routing == CLX_ROUTING_SPRAY;
  const clx_fabric_link_class *class = spray ? f->bundle_class : f->link_class;
  fill_classes(class, spray ? f->bundle_class_count : f->link_class_count, capacity);
  if (f->host_count > 1 && has_nic_links(f))
    fill_nics(f, spray ? 1 : f->nic_up, capacity + class[0].first, capacity + class[1].first);
  for (int32_t i = 0; i < f->fault_count; i++) {
    const clx_fabric_fault *fault = &f->fault[i];
    const int32_t c = clx_route_class(f->link_class, f->link_class_count, fault->link);
    double *left = &capacity[spray ? clx_route_bundle(f, c, fault->link) : fault->link];
    const double lost = link_rate(f, c, fault->link) * (1 - fault->rate);
    *left -= lost;
    // Sums of shares that are all gone leave rounding behind, which must not look like a link.
    if (*left < 1e-9 * lost) *left = 0;
  }
  if (!spray || !efficient) return;
  for (int32_t i = 0; i < f->bundle_count; i++) capacity[i] *= f->spec.spray_efficiency;
}

// Share of a link that is left, by bisection.
static double share_left(const clx_fabric *f, int32_t link) {
  int32_t low = 0, high = f->fault_count;
  while (low < high) {
    const int32_t middle = low + (high - low) / 2;
    if (f->fault[middle].link < link) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < f->fault_count && f->fault[low].link == link ? f->fault[low].rate : 1;
}

double clx_route_capacity_at(const clx_fabric *f, int32_t entry) {
  if (f->spec.routing != CLX_ROUTING_SPRAY) {
    const int32_t c = clx_route_class(f->link_class, f->link_class_count, entry);
    return link_rate(f, c, entry) * share_left(f, entry);
  }
  const int32_t c = clx_route_class(f->bundle_class, f->bundle_class_count, entry);
  const int32_t links = f->bundle_class[c].bundle;
  const int32_t first = f->link_class[c].first + (entry - f->bundle_class[c].first) * links;
  double sum = 0;
  for (int32_t l = first; l < first + links; l++) sum += link_rate(f, c, l) * share_left(f, l);
  return sum * f->spec.spray_efficiency;
}

clx_status clx_fabric_capacity(clx_arena *arena, const clx_fabric *fabric, double **capacity, clx_error *error) {
  const int32_t links = clx_fabric_link_total(fabric);
  *capacity = clx_route_array(arena, links, sizeof **capacity);
  if (*capacity == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory for the capacities of %d links", (int)links);
  clx_route_capacity(fabric, true, *capacity);
  return CLX_OK;
}

// --- flows ------------------------------------------------------------------------------------------------------------------

uint32_t clx_route_flow_hash(uint64_t seed, int64_t flow) {
  return (uint32_t)(clx_route_mix(clx_route_mix(seed) ^ (uint64_t)flow) >> 32);
}

clx_status clx_router_cut(const clx_router *router, int32_t from, int32_t to, clx_error *error) {
  enum { NAME = 80 };
  char a[NAME], b[NAME], links[CLX_ROUTE_BLOCKED_MAX * (NAME + 2)] = "";
  if (router->starved) return clx_fail_plain(error, CLX_MEMORY, "out of memory for a path around dead links");
  clx_route_endpoint_name(router->fabric, from, a, sizeof a);
  clx_route_endpoint_name(router->fabric, to, b, sizeof b);
  if (router->blocked_count == 0 && router->fabric->spec.topology >= CLX_TOPOLOGY_TORUS)
    return clx_fail_plain(error, CLX_INFEASIBLE, "the path from %s to %s is longer than %d links", a, b, CLX_PATH_MAX);
  if (router->blocked_count == 0)
    return clx_fail_plain(error, CLX_INFEASIBLE, "no path leads from %s to %s: they are not wired to each other", a, b);
  size_t length = 0;
  for (int32_t i = 0; i < router->blocked_count; i++) {
    char name[NAME];
    clx_route_dead_name(router, router->blocked[i], name, sizeof name);
    length += (size_t)snprintf(links + length, sizeof links - length, "%s%s", i > 0 ? ", " : "", name);
  }
  return clx_fail_plain(error, CLX_INFEASIBLE, "failures cut off %s from %s: dead are %s%s", a, b, links,
                        router->blocked_count == CLX_ROUTE_BLOCKED_MAX ? " ..." : "");
}

// Entries that paths will need: a bound where paths are short, else exact.
static int64_t count_entries(clx_router *router, const int32_t *from, const int32_t *to, int32_t count, int32_t flows,
                             uint64_t seed) {
  const int32_t longest = clx_router_longest(router);
  if (longest <= 2 * CLX_TIERS_MAX) return (int64_t)count * flows * longest;
  int64_t entries = 0;
  int32_t link[CLX_PATH_MAX];
  for (int64_t i = 0; i < (int64_t)count * flows; i++) {
    const int32_t length = clx_router_path(router, from[i / flows], to[i / flows], clx_route_flow_hash(seed, i), link);
    if (length > 0) entries += length;
  }
  return entries;
}

clx_status clx_route_flows(clx_arena *arena, const clx_fabric *fabric, const int32_t *from, const int32_t *to,
                           int32_t count, int32_t flows, uint64_t seed, clx_flows *out, bool *cut, clx_error *error) {
  clx_router router;
  CLX_TRY(clx_router_make(arena, fabric, &router, error));
  const int64_t total = (int64_t)count * flows, entries = count_entries(&router, from, to, count, flows, seed);
  if (entries > INT32_MAX - CLX_PATH_MAX || total >= INT32_MAX)
    return clx_fail_plain(error, CLX_INPUT, "%lld flows cross %lld links, more than %d: ask for fewer sub-flows",
                          (long long)total, (long long)entries, INT32_MAX);
  int32_t *first = clx_route_array(arena, total + 1, sizeof *first);
  int32_t *link = clx_route_array(arena, entries + CLX_PATH_MAX, sizeof *link);
  if (first == NULL || link == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory for the paths of %lld flows", (long long)total);
  int32_t next = 0, flow = 0;
  for (int32_t i = 0; i < count; i++) {
    for (int32_t j = 0; j < flows; j++, flow++) {
      const int32_t length = clx_router_path(&router, from[i], to[i], clx_route_flow_hash(seed, flow), link + next);
      first[flow] = next;
      if (length > 0) next += length;
      if (length >= 0) continue;
      if (cut == NULL || router.starved) return clx_router_cut(&router, from[i], to[i], error);
      cut[i] = true;
    }
  }
  first[flow] = next;
  *out = (clx_flows){.link_count = clx_fabric_link_total(fabric), .flow_count = flow, .first = first, .link = link};
  double *capacity;
  CLX_TRY(clx_fabric_capacity(arena, fabric, &capacity, error));
  out->capacity = capacity;
  return CLX_OK;
}

clx_status clx_fabric_flows(clx_arena *arena, const clx_fabric *fabric, const int32_t *from, const int32_t *to,
                            int32_t count, int32_t flows, uint64_t seed, clx_flows *out, clx_error *error) {
  return clx_route_flows(arena, fabric, from, to, count, flows, seed, out, NULL, error);
}
