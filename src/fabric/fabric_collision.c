// What flows that leave a block lose to each other when hashes or fixed routes put several on one link: by the flow engine,
// rings by this routing against the same rings sprayed.
#include <math.h>

#include "fabric/fabric_route_internal.h"
#include "fabric/fabric_study.h"

// Blocks among which rings are drawn, at most: of more, as many flows leave a block as of eight.
static const double BLOCKS = 8;

clx_status clx_fabric_collisions(clx_arena *arena, const clx_fabric *fabric, uint64_t seed, clx_fabric_level *level,
                                 int32_t level_count, clx_error *error) {
  if (fabric->radix <= 0 || fabric->spec.routing == CLX_ROUTING_SPRAY) return CLX_OK;
  clx_fabric hashed = *fabric, sprayed;  // as built: what has failed thins, and does not change how hashes fall
  hashed.fault_count = hashed.all_fault_count = 0;
  sprayed = hashed;
  sprayed.spec.routing = CLX_ROUTING_SPRAY;
  sprayed.spec.spray_efficiency = 1;
  clx_fabric_level plain[CLX_FABRIC_LEVELS_MAX];
  double efficiency;
  const int32_t plain_count = clx_fabric_levels(&hashed, NULL, plain, &efficiency);
  int32_t *server = CLX_NEW_ARRAY(arena, int32_t, fabric->servers);
  if (server == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "out of memory for %lld servers", (long long)fabric->servers);
  for (int32_t i = 0; i + 1 < level_count && i + 1 < plain_count; i++) {
    if (plain[i].thinning <= 0) continue;
    const double gpus = fmin((double)plain[i + 1].gpus, BLOCKS * (double)plain[i].gpus);
    const int32_t nodes = (int32_t)fmin((double)fabric->servers, ceil(gpus / fabric->hosts[0].gpus));
    clx_route_shuffle(server, nodes, seed);
    // As many servers as give every link out of a block one flow.
    const clx_fabric_traffic rings = {
        .server = server, .nodes = (int32_t)ceil(nodes / plain[i].thinning), .pattern = CLX_PATTERN_RING};
    clx_fabric_pattern_result by_hash, by_spray;
    CLX_TRY(clx_fabric_study_traffic(&hashed, &rings, 1, seed, &by_hash, NULL, error));
    CLX_TRY(clx_fabric_study_traffic(&sprayed, &rings, 1, seed, &by_spray, NULL, error));
    if (by_spray.split_share <= 0) continue;  // one server
    level[i].loss = fmin(fmax(0, 1 - by_hash.split_share / by_spray.split_share), CLX_COLLISION_LOSS_MAX);
  }
  return CLX_OK;
}
