// Ranks on a fabric: NVLink inside a domain, NICs and switches between.
#include <stdio.h>

#include "fabric/fabric_study.h"
#include "network/network_wires.h"

typedef struct wired {
  const clx_fabric *fabric;
  clx_wires_options options;
  int32_t fabric_links;     // NVLink: ids from here on, up and down of each rank
  const int32_t *endpoint;  // [ranks]
} wired;

// Counter-based: the same flow takes the same way in every round. murmur3's 64-bit finaliser, twice.
static uint32_t hash_of(uint64_t seed, int32_t from, int32_t to, int32_t part) {
  uint64_t x = seed * 0x9e3779b97f4a7c15u ^ ((uint64_t)(uint32_t)from << 32 | (uint32_t)to);
  for (int32_t i = 0; i < 2; i++) {
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdu;
    x ^= x >> 33;
    x *= 0xc4ceb9fe1a85ec53u;
    x ^= x >> 33;
    x += (uint64_t)(uint32_t)part * 0x9e3779b97f4a7c15u;
  }
  return (uint32_t)(x ^ x >> 32);
}

static int32_t wired_path(const void *context, int32_t from, int32_t to, int32_t part, int32_t *link, double *latency,
                          double *share, clx_error *error) {
  const wired *w = context;
  const clx_wires_options *o = &w->options;
  *share = 1;
  if (from / o->domain == to / o->domain) {
    link[0] = w->fabric_links + 2 * from;
    link[1] = w->fabric_links + 2 * to + 1;
    *latency = o->nvlink_latency;
    return 2;
  }
  const int32_t a = w->endpoint[from], b = w->endpoint[to];
  *share = 1.0 / w->fabric->spec.planes;
  *latency = o->nic_latency;
  if (a < 0 || b < 0) {
    clx_fail_plain(error, CLX_INFEASIBLE, "rank %d has no NIC to reach rank %d", a < 0 ? from : to, a < 0 ? to : from);
    return -1;
  }
  if (a == b) {
    clx_fail_plain(error, CLX_INFEASIBLE, "ranks %d and %d share a NIC, but no NVLink domain", from, to);
    return -1;
  }
  const int32_t count = clx_fabric_path(w->fabric, a, b, hash_of(o->seed, from, to, part), link);
  if (count < 0) {
    clx_fail_plain(error, CLX_INFEASIBLE, "failures leave no way from rank %d (NIC port %d) to rank %d (NIC port %d)",
                   from, a, to, b);
    return -1;
  }
  // Through switches the first and last link meet in the first one; servers wired to each other pass flows on themselves.
  const bool switched = w->fabric->spec.topology < CLX_TOPOLOGY_TORUS;
  if (switched && count > 2) *latency += (count - 2) * o->switch_latency;
  if (!switched && count > 1) *latency += (count - 1) * o->nic_latency;
  return count;
}

static void wired_name(const void *context, int32_t link, char *text, size_t size) {
  const wired *w = context;
  if (link < w->fabric_links) {
    clx_fabric_study_link_name(w->fabric, link, text, size);
  } else {
    const int32_t k = link - w->fabric_links;
    snprintf(text, size, "NVLink of rank %d, %s", k / 2, k % 2 == 0 ? "out" : "in");
  }
}

// NIC port of every rank, -1 = none.
static void place_ranks(const wired *w, int32_t *endpoint) {
  const clx_wires_options *o = &w->options;
  const clx_fabric *f = w->fabric;
  for (int32_t r = 0, node = 0; r < o->ranks; node++) {
    const int64_t server = o->server != NULL ? o->server[node] : node;
    int64_t in_host = server;
    const clx_fabric_hosts *hosts = f->hosts;
    while (hosts < f->hosts + f->host_count - 1 && in_host >= hosts->servers) in_host -= hosts++->servers;
    for (int32_t gpu = 0; gpu < hosts->gpus && r < o->ranks; gpu++, r++) {
      const int32_t nic = (int32_t)((int64_t)gpu * hosts->nics / hosts->gpus);
      const int64_t at = hosts->nics > 0 && f->endpoints > 0 ? clx_fabric_endpoint(f, server, nic) : -1;
      endpoint[r] = at < f->endpoints ? (int32_t)at : -1;
    }
    if (hosts->gpus < 1) break;
  }
}

clx_status clx_wires_fabric(clx_arena *arena, const clx_fabric *fabric, const clx_wires_options *options,
                            clx_wires *wires, clx_error *error) {
  if (options->ranks > fabric->gpus)
    return clx_fail_plain(error, CLX_INFEASIBLE, "%d ranks are more than the %lld GPUs of the fabric", options->ranks,
                          (long long)fabric->gpus);
  wired *w = CLX_NEW(arena, wired);
  int32_t *endpoint = CLX_NEW_ARRAY(arena, int32_t, options->ranks);
  double *of_fabric = NULL;
  if (w == NULL || endpoint == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  *w = (wired){fabric, *options, clx_fabric_link_total(fabric), endpoint};
  if (w->options.domain < 1 || options->nvlink <= 0) w->options.domain = 1;
  if (!(w->options.share > 0)) w->options.share = 1;
  place_ranks(w, endpoint);
  if (w->fabric_links > 0) CLX_TRY(clx_fabric_capacity(arena, fabric, &of_fabric, error));
  const int64_t links = (int64_t)w->fabric_links + 2 * (int64_t)options->ranks;
  if (links > INT32_MAX) return clx_fail_plain(error, CLX_INFEASIBLE, "the fabric has too many links for a schedule");
  double *capacity = CLX_NEW_ARRAY(arena, double, links);
  if (capacity == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < w->fabric_links; i++) capacity[i] = of_fabric[i] * w->options.share;
  for (int64_t i = w->fabric_links; i < links; i++) capacity[i] = options->nvlink;
  const bool hashed = fabric->spec.routing == CLX_ROUTING_ECMP && fabric->spec.flows > 1;
  *wires = (clx_wires){.ranks = options->ranks,
                       .link_count = (int32_t)links,
                       .capacity = capacity,
                       .parts = hashed ? fabric->spec.flows : 1,
                       .context = w,
                       .path = wired_path,
                       .name = wired_name};
  return CLX_OK;
}
