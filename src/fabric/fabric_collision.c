// What flows that leave a block lose beyond its thinning when hashes or fixed routes put several on one link, and to other
// jobs: by the flow engine on rings whose neighbours stand in random places of the next larger block.
#include <math.h>

#include "fabric/fabric_route_internal.h"
#include "fabric/fabric_study.h"

// Blocks among which rings are drawn, at most: of more, as many flows leave a block as of eight.
static const double BLOCKS = 8;

// Servers 0 ... count - 1 in random order (Fisher-Yates over a counter-based generator).
static void shuffle(int32_t *server, int32_t count, uint64_t seed) {
  for (int32_t i = 0; i < count; i++) server[i] = i;
  for (int32_t i = count - 1; i > 0; i--) {
    const int32_t j = (int32_t)(clx_route_mix(seed ^ clx_route_mix((uint64_t)i)) % (uint64_t)(i + 1));
    const int32_t kept = server[i];
    server[i] = server[j];
    server[j] = kept;
  }
}

// The share of their bandwidth that flows out of the block lose, beyond what its thinning alone would cost them.
static double loss_of(double share, double efficiency, double thinning, double leaving) {
  const double expected = efficiency / fmax(1, thinning * leaving);
  return fmin(fmax(0, 1 - share / expected), CLX_COLLISION_LOSS_MAX);
}

clx_status clx_fabric_collisions(clx_arena *arena, const clx_fabric *fabric, const clx_fabric_traffic *jobs,
                                 int32_t job_count, uint64_t seed, clx_fabric_level *level, int32_t level_count,
                                 clx_error *error) {
  const bool sprays = fabric->spec.routing == CLX_ROUTING_SPRAY;
  const double efficiency = sprays ? fabric->spec.spray_efficiency : 1;
  if (fabric->radix <= 0 || (sprays && job_count <= 1)) return CLX_OK;
  clx_fabric_pattern_result *result = CLX_NEW_ARRAY(arena, clx_fabric_pattern_result, job_count + 1);
  int32_t *server = CLX_NEW_ARRAY(arena, int32_t, fabric->servers);
  if (result == NULL || server == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory for %lld servers", (long long)fabric->servers);
  for (int32_t i = 0; i + 1 < level_count; i++) {
    const bool beside = i + 2 == level_count && job_count > 1;
    if (level[i].thinning <= 0 || (sprays && !beside)) continue;
    const double gpus = fmin((double)level[i + 1].gpus, BLOCKS * (double)level[i].gpus);
    const double leaving = 1 - (double)level[i].gpus / gpus, nodes = ceil(gpus / fabric->hosts[0].gpus);
    const clx_fabric_traffic alone = {
        .server = server, .nodes = (int32_t)fmin((double)fabric->servers, nodes), .pattern = CLX_PATTERN_RING};
    if (!beside) shuffle(server, alone.nodes, seed);
    CLX_TRY(
        clx_fabric_study_traffic(fabric, beside ? jobs : &alone, beside ? job_count : 1, seed, result, NULL, error));
    level[i].loss = loss_of(result[0].split_share, efficiency, level[i].thinning, leaving);
  }
  return CLX_OK;
}
