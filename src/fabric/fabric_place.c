// Which servers a job gets.
#include "fabric/fabric_route_internal.h"

const char *const clx_placement_name[CLX_PLACEMENTS + 1] = {"contiguous", "fragmented", "random", NULL};

// Fisher-Yates over a counter-based generator.
void clx_route_shuffle(int32_t *order, int32_t count, uint64_t seed) {
  for (int32_t i = 0; i < count; i++) order[i] = i;
  for (int32_t i = count - 1; i > 0; i--) {
    const int32_t j = (int32_t)(clx_route_mix(seed ^ clx_route_mix((uint64_t)i)) % (uint64_t)(i + 1));
    const int32_t kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
}

// Runs of `length` servers in random order; the last run may be shorter.
static void shuffle_runs(int32_t *order, int32_t *run, int64_t servers, int64_t length, uint64_t seed) {
  const int64_t runs = (servers + length - 1) / length;
  clx_route_shuffle(run, (int32_t)runs, seed);
  int64_t next = 0;
  for (int64_t i = 0; i < runs; i++) {
    const int64_t first = run[i] * length;
    const int64_t end = first + length < servers ? first + length : servers;
    for (int64_t s = first; s < end; s++) order[next++] = (int32_t)s;
  }
}

static clx_status check_jobs(const clx_fabric *fabric, const clx_placement *placement, const int64_t *nodes,
                             int32_t jobs, clx_error *error) {
  if (placement->kind < 0 || placement->kind >= CLX_PLACEMENTS)
    return clx_fail_plain(error, CLX_INTERNAL, "placement %d does not exist", (int)placement->kind);
  if (placement->kind == CLX_PLACEMENT_FRAGMENTED && placement->fragment < 1)
    return clx_fail_plain(error, CLX_INPUT, "placement: fragment is %lld, expected at least 1 server",
                          (long long)placement->fragment);
  int64_t left = fabric->servers;
  for (int32_t j = 0; j < jobs; j++) {
    if (nodes[j] < 1)
      return clx_fail_plain(error, CLX_INPUT, "job %d has %lld nodes, expected at least 1", (int)j,
                            (long long)nodes[j]);
    if (nodes[j] > left)
      return clx_fail_plain(error, CLX_INFEASIBLE,
                            "job %d needs %lld nodes, but %lld of the fabric's %lld servers are left", (int)j,
                            (long long)nodes[j], (long long)left, (long long)fabric->servers);
    left -= nodes[j];
  }
  return CLX_OK;
}

clx_status clx_fabric_place(clx_arena *arena, const clx_fabric *fabric, const clx_placement *placement,
                            const int64_t *nodes, int32_t jobs, uint64_t seed, int32_t **server, clx_error *error) {
  CLX_TRY(check_jobs(fabric, placement, nodes, jobs, error));
  int32_t *order = CLX_NEW_ARRAY(arena, int32_t, fabric->servers);
  int32_t *run = CLX_NEW_ARRAY(arena, int32_t, fabric->servers);
  if (order == NULL || run == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory for the placement of %lld servers",
                          (long long)fabric->servers);
  const int64_t length = placement->kind == CLX_PLACEMENT_RANDOM       ? 1
                         : placement->kind == CLX_PLACEMENT_FRAGMENTED ? placement->fragment
                                                                       : fabric->servers;
  shuffle_runs(order, run, fabric->servers, length, seed);
  int64_t next = 0;
  for (int32_t j = 0; j < jobs; j++) {
    server[j] = order + next;
    next += nodes[j];
  }
  return CLX_OK;
}
