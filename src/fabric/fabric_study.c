// Patterns of traffic of jobs: pairs of NICs, their flows, max-min rates, what each job gets.
#include "fabric/fabric_study.h"

#include <math.h>

#include "fabric/fabric_study_internal.h"

const char *const clx_pattern_name[CLX_PATTERNS + 1] = {"idle", "permutation", "ring", NULL};

// --- pairs ------------------------------------------------------------------------------------------------------------------

// NICs of a server that serve GPUs: with servers wired to each other one endpoint stands for all.
int32_t clx_study_senders(const clx_fabric *f, int64_t server) {
  if (f->spec.topology >= CLX_TOPOLOGY_TORUS) return 1;
  for (int32_t i = 0; i < f->host_count; i++) {
    if (server < f->hosts[i].servers) return f->hosts[i].nics;
    server -= f->hosts[i].servers;
  }
  return 0;
}

static int32_t server_of(const clx_fabric_traffic *traffic, int32_t node) {
  return traffic->server == NULL ? node : traffic->server[node];
}

// Every server in range and in one job only; counts the NICs of each job into first[j + 1].
static clx_status check_traffic(clx_arena *arena, const clx_fabric *f, const clx_fabric_traffic *traffic, int32_t count,
                                int32_t *first, clx_error *error) {
  int32_t *owner = CLX_NEW_ARRAY(arena, int32_t, f->servers);  // 1 + job
  if (owner == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory for %lld servers", (long long)f->servers);
  int64_t nics = 0;
  for (int32_t j = 0; j < count; j++) {
    for (int32_t i = 0; i < traffic[j].nodes; i++) {
      const int32_t server = server_of(&traffic[j], i);
      if (server < 0 || server >= f->servers)
        return clx_fail_plain(error, CLX_INPUT, "node %d of job %d is server %d, the fabric has %lld", (int)i, (int)j,
                              (int)server, (long long)f->servers);
      if (owner[server] != 0)
        return clx_fail_plain(error, CLX_INPUT, "server %d is given to job %d and again to job %d", (int)server,
                              (int)(owner[server] - 1), (int)j);
      owner[server] = j + 1;
      if (traffic[j].pattern != CLX_PATTERN_IDLE) nics += clx_study_senders(f, server);
    }
    if (nics > INT32_MAX) return clx_fail_plain(error, CLX_INPUT, "more than %d NICs send", INT32_MAX);
    first[j + 1] = (int32_t)nics;
  }
  return CLX_OK;
}

// A random cycle through all NICs of the job (Sattolo): everyone sends once and receives once, nobody to itself.
static int32_t add_permutation(const clx_fabric *f, const clx_fabric_traffic *job, uint64_t seed, int32_t *from,
                               int32_t *to) {
  int32_t count = 0;
  for (int32_t i = 0; i < job->nodes; i++) {
    const int32_t server = server_of(job, i), nics = clx_study_senders(f, server);
    const int32_t endpoint = (int32_t)clx_fabric_endpoint(f, server, 0);
    for (int32_t nic = 0; nic < nics; nic++) {
      from[count] = to[count] = endpoint + nic;
      count++;
    }
  }
  if (count < 2) return 0;
  for (int32_t i = count - 1; i > 0; i--) {
    const int32_t j = (int32_t)(clx_route_mix(seed ^ clx_route_mix((uint64_t)i)) % (uint64_t)i);
    const int32_t kept = to[i];
    to[i] = to[j];
    to[j] = kept;
  }
  return count;
}

// Rail by rail: NIC r of a node to NIC r of the next node that has one.
static int32_t add_rings(const clx_fabric *f, const clx_fabric_traffic *job, int32_t *from, int32_t *to) {
  int32_t rails = 0, count = 0;
  for (int32_t i = 0; i < job->nodes; i++) {
    const int32_t nics = clx_study_senders(f, server_of(job, i));
    if (nics > rails) rails = nics;
  }
  for (int32_t r = 0; r < rails; r++) {
    const int32_t start = count;
    for (int32_t i = 0; i < job->nodes; i++) {
      const int32_t server = server_of(job, i);
      if (clx_study_senders(f, server) <= r) continue;
      from[count] = (int32_t)clx_fabric_endpoint(f, server, r);
      if (count > start) to[count - 1] = from[count];
      count++;
    }
    if (count - start < 2) {
      count = start;
    } else {
      to[count - 1] = from[start];
    }
  }
  return count;
}

clx_status clx_study_pairs_make(clx_arena *arena, const clx_fabric *fabric, const clx_fabric_traffic *traffic,
                                int32_t count, uint64_t seed, clx_study_pairs *pairs, clx_error *error) {
  *pairs = (clx_study_pairs){.first = CLX_NEW_ARRAY(arena, int32_t, count + 1)};
  if (pairs->first == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory for %d jobs", (int)count);
  CLX_TRY(check_traffic(arena, fabric, traffic, count, pairs->first, error));
  const int32_t most = pairs->first[count];
  pairs->from = clx_route_array(arena, most, sizeof *pairs->from);
  pairs->to = clx_route_array(arena, most, sizeof *pairs->to);
  if (pairs->from == NULL || pairs->to == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory for %d pairs of NICs", (int)most);
  for (int32_t j = 0; j < count; j++) {
    int32_t *from = pairs->from + pairs->count, *to = pairs->to + pairs->count;
    pairs->first[j] = pairs->count;
    if (traffic[j].pattern == CLX_PATTERN_PERMUTATION)
      pairs->count += add_permutation(fabric, &traffic[j], clx_route_mix(seed + (uint64_t)j), from, to);
    if (traffic[j].pattern == CLX_PATTERN_RING) pairs->count += add_rings(fabric, &traffic[j], from, to);
  }
  pairs->first[count] = pairs->count;
  return CLX_OK;
}

clx_status clx_study_whole(clx_arena *arena, const clx_fabric *fabric, int32_t pattern, const clx_placement *placement,
                           uint64_t seed, clx_fabric_traffic *traffic, clx_error *error) {
  *traffic = (clx_fabric_traffic){.nodes = (int32_t)fabric->servers, .pattern = pattern};
  if (placement == NULL || placement->kind == CLX_PLACEMENT_CONTIGUOUS) return CLX_OK;
  int32_t *server;
  CLX_TRY(clx_fabric_place(arena, fabric, placement, &fabric->servers, 1, seed, &server, error));
  traffic->server = server;
  return CLX_OK;
}

// --- rates ------------------------------------------------------------------------------------------------------------------

int32_t clx_study_subflows(const clx_fabric *fabric) {
  enum { MIX = 8 };  // of minimal and detoured paths: fabric_route_dragonfly.c
  const clx_fabric_spec *spec = &fabric->spec;
  const bool dragonfly = spec->topology == CLX_TOPOLOGY_DRAGONFLY || spec->topology == CLX_TOPOLOGY_DRAGONFLY_PLUS;
  if (spec->routing == CLX_ROUTING_ECMP) return spec->flows > 1 ? spec->flows : 1;
  return spec->routing == CLX_ROUTING_SPRAY && dragonfly ? MIX : 1;
}

double clx_study_line(const clx_fabric *fabric, int32_t endpoint) {
  return clx_fabric_endpoint_rate(fabric, endpoint) * fabric->spec.planes;
}

static void add_plane(const clx_flows *flows, const double *rate, const bool *cut, int32_t pairs, int32_t subflows,
                      const clx_study_plane *plane, clx_study_totals *totals) {
  for (int32_t i = 0, flow = 0; i < pairs; i++, flow += subflows) {
    if (cut[i]) continue;
    for (int32_t j = 0; j < subflows; j++) {
      totals->rate[i] += plane->planes * rate[flow + j];
      totals->slowest[i] = fmin(totals->slowest[i], rate[flow + j]);
    }
    totals->ways[i] += plane->planes * subflows;
  }
  if (!plane->shown || totals->load == NULL) return;
  for (int32_t i = 0; i < flows->link_count; i++) totals->load[i] = 0;
  for (int32_t i = 0; i < flows->flow_count; i++) {
    for (int32_t e = flows->first[i]; e < flows->first[i + 1]; e++) totals->load[flows->link[e]] += rate[i];
  }
}

// Limits of flows: what a job offers, nothing where the pair is cut off in this plane, else none that binds.
static void fill_limits(const clx_study_plane *plane, const clx_fabric_traffic *traffic, int32_t jobs,
                        const clx_study_pairs *pairs, int32_t subflows, const bool *cut, double *limit) {
  const clx_fabric *f = &plane->fabric;
  for (int32_t j = 0; j < jobs; j++) {
    for (int32_t i = pairs->first[j]; i < pairs->first[j + 1]; i++) {
      const double one = traffic[j].load > 0 ? traffic[j].load / f->spec.planes / subflows
                                             : clx_fabric_endpoint_rate(f, pairs->from[i]);
      for (int32_t k = 0; k < subflows; k++) limit[(int64_t)i * subflows + k] = cut[i] ? 0 : one;
    }
  }
}

// Flows and rates of one plane and those like it.
static clx_status solve_plane(clx_arena *arena, clx_flow_solver *solver, const clx_study_plane *plane,
                              const clx_fabric_traffic *traffic, int32_t jobs, const clx_study_pairs *pairs,
                              uint64_t seed, clx_study_totals *totals, clx_error *error) {
  const clx_fabric *fabric = &plane->fabric;
  const int32_t subflows = clx_study_subflows(fabric);
  clx_flows flows;
  clx_flow_effort effort;
  bool *cut = CLX_NEW_ARRAY(arena, bool, pairs->count);
  double *rate = CLX_NEW_ARRAY(arena, double, (int64_t)pairs->count *subflows);
  if (cut == NULL || rate == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory for rates");
  CLX_TRY(clx_route_flows(arena, fabric, pairs->from, pairs->to, pairs->count, subflows, seed, &flows, cut, error));
  bool limits = false;
  for (int32_t i = 0; i < pairs->count; i++) limits = limits || cut[i];
  for (int32_t j = 0; j < jobs; j++) limits = limits || traffic[j].load > 0;
  if (limits) {
    double *limit = CLX_NEW_ARRAY(arena, double, flows.flow_count);
    if (limit == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory for limits of flows");
    fill_limits(plane, traffic, jobs, pairs, subflows, cut, limit);
    flows.limit = limit;
  }
  CLX_TRY(clx_flow_solve(solver, &flows, rate, &effort, error));
  add_plane(&flows, rate, cut, pairs->count, subflows, plane, totals);
  totals->effort.rounds += effort.rounds;
  totals->effort.heaped += effort.heaped;
  return CLX_OK;
}

bool clx_study_next_plane(const clx_fabric *fabric, clx_study_plane *at) {
  const int32_t next = at->next_fault, all = fabric->all_fault_count;
  at->fabric = *fabric;
  clx_fabric *plane = &at->fabric;
  if (next < all) {
    plane->fault = fabric->plane_fault + next;  // sorted by plane: those of one
    plane->fault_plane = plane->fault->plane;
    plane->fault_count = 1;
    while (next + plane->fault_count < all && plane->fault[plane->fault_count].plane == plane->fault_plane)
      plane->fault_count++;
    at->next_fault += plane->fault_count;
    at->planes = 1;
    at->seen++;
    at->shown = plane->fault_plane == fabric->fault_plane;
    return true;
  }
  if (next > all || at->seen == fabric->spec.planes) return false;
  at->next_fault = all + 1;
  plane->fault = NULL;
  plane->fault_count = 0;
  at->planes = fabric->spec.planes - at->seen;
  at->shown = at->seen == 0;
  return true;
}

clx_status clx_study_rates(clx_arena *arena, const clx_fabric *fabric, const clx_fabric_traffic *traffic, int32_t jobs,
                           const clx_study_pairs *pairs, uint64_t seed, double *load, clx_study_totals *totals,
                           clx_error *error) {
  *totals = (clx_study_totals){.rate = clx_route_array(arena, pairs->count, sizeof(double)),
                               .slowest = clx_route_array(arena, pairs->count, sizeof(double)),
                               .ways = clx_route_array(arena, pairs->count, sizeof(int32_t)),
                               .load = load};
  if (totals->rate == NULL || totals->slowest == NULL || totals->ways == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory for the rates of %d pairs of NICs", (int)pairs->count);
  for (int32_t i = 0; i < pairs->count; i++) totals->slowest[i] = INFINITY;
  clx_flow_solver *solver = clx_flow_solver_new();
  clx_status status = solver == NULL ? clx_fail_plain(error, CLX_MEMORY, "out of memory for a flow solver") : CLX_OK;
  for (clx_study_plane plane = {0}; status == CLX_OK && clx_study_next_plane(fabric, &plane);) {
    clx_arena *scratch = clx_arena_new();
    status = scratch == NULL ? clx_fail_plain(error, CLX_MEMORY, "out of memory for a study")
                             : solve_plane(scratch, solver, &plane, traffic, jobs, pairs, seed, totals, error);
    clx_arena_free(scratch);
  }
  clx_flow_solver_free(solver);
  return status;
}

// A pair that no plane connects is an error; it is named with what is dead in the plane shown.
static clx_status check_connected(const clx_fabric *fabric, const clx_study_pairs *pairs,
                                  const clx_study_totals *totals, clx_error *error) {
  for (int32_t i = 0; i < pairs->count; i++) {
    if (totals->ways[i] > 0) continue;
    clx_router router;
    int32_t link[CLX_PATH_MAX];
    CLX_TRY(clx_router_make(NULL, fabric, &router, error));
    clx_router_path(&router, pairs->from[i], pairs->to[i], 0, link);
    return clx_router_cut(&router, pairs->from[i], pairs->to[i], error);
  }
  return CLX_OK;
}

static clx_fabric_pattern_result summarise(const clx_fabric *fabric, const clx_study_pairs *pairs, int32_t job,
                                           const clx_study_totals *totals) {
  clx_fabric_pattern_result r = {.nics = pairs->first[job + 1] - pairs->first[job], .effort = totals->effort};
  if (r.nics == 0) return r;
  double line = 0;
  r.worst = r.split_worst = INFINITY;
  for (int32_t i = pairs->first[job]; i < pairs->first[job + 1]; i++) {
    const double split = totals->ways[i] * totals->slowest[i];
    r.mean += totals->rate[i];
    r.split_mean += split;
    r.worst = fmin(r.worst, totals->rate[i]);
    r.split_worst = fmin(r.split_worst, split);
    line += clx_study_line(fabric, pairs->from[i]);
  }
  r.share = r.mean / line;
  r.split_share = r.split_mean / line;
  r.mean /= (double)r.nics;
  r.split_mean /= (double)r.nics;
  return r;
}

static clx_status study(clx_arena *arena, const clx_fabric *fabric, const clx_fabric_traffic *traffic, int32_t count,
                        uint64_t seed, clx_fabric_pattern_result *result, double *load, clx_error *error) {
  clx_study_pairs pairs;
  clx_study_totals totals;
  CLX_TRY(clx_study_pairs_make(arena, fabric, traffic, count, seed, &pairs, error));
  CLX_TRY(clx_study_rates(arena, fabric, traffic, count, &pairs, seed, load, &totals, error));
  CLX_TRY(check_connected(fabric, &pairs, &totals, error));
  for (int32_t j = 0; j < count; j++) result[j] = summarise(fabric, &pairs, j, &totals);
  return CLX_OK;
}

clx_status clx_fabric_study_traffic(const clx_fabric *fabric, const clx_fabric_traffic *traffic, int32_t count,
                                    uint64_t seed, clx_fabric_pattern_result *result, double *load, clx_error *error) {
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory for a study of %d jobs", (int)count);
  const clx_status status = study(arena, fabric, traffic, count, seed, result, load, error);
  clx_arena_free(arena);
  return status;
}

static clx_status study_whole(const clx_fabric *fabric, int32_t pattern, const clx_placement *placement, uint64_t seed,
                              clx_fabric_pattern_result *result, double *load, clx_error *error) {
  clx_arena *arena = clx_arena_new();
  if (arena == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory for a study");
  clx_fabric_traffic traffic;
  clx_status status = clx_study_whole(arena, fabric, pattern, placement, seed, &traffic, error);
  if (status == CLX_OK) status = study(arena, fabric, &traffic, 1, seed, result, load, error);
  clx_arena_free(arena);
  return status;
}

clx_status clx_fabric_study_permutation(const clx_fabric *fabric, uint64_t seed, clx_fabric_pattern_result *result,
                                        double *load, clx_error *error) {
  return study_whole(fabric, CLX_PATTERN_PERMUTATION, NULL, seed, result, load, error);
}

clx_status clx_fabric_study_ring(const clx_fabric *fabric, const clx_placement *placement, uint64_t seed,
                                 clx_fabric_pattern_result *result, double *load, clx_error *error) {
  return study_whole(fabric, CLX_PATTERN_RING, placement, seed, result, load, error);
}
