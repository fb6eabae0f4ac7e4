// Shards of the batch on several groups (SPARe, arXiv 2603.00357): shard i lies with groups i, i + 1, ... i + redundancy - 1.
#include "reliability/reliability_simulate.h"

// Whether live groups that compute `depth` shards each can cover all. By Hall's theorem: any arc of k neighbouring shards needs
// k / depth live groups among the k + redundancy - 1 that hold one of it. With L(i) = live groups before i, an arc [a, b) fails if
// b - depth L(b + redundancy - 1) > a - depth L(a): one pass around the ring twice, with the least right side so far.
static bool covers(const uint8_t *replica, int32_t groups, int32_t redundancy, int32_t depth) {
  int64_t live_at_a = 0, live_at_b = 0;
  int64_t least = INT64_MAX;
  for (int32_t i = 0; i < redundancy - 1; i++) live_at_b += replica[i % groups] == CLX_REPLICA_ALIVE;
  for (int32_t b = 1; b <= 2 * groups; b++) {
    const int64_t right = (b - 1) - depth * live_at_a;  // a = b - 1
    if (right < least) least = right;
    live_at_a += replica[(b - 1) % groups] == CLX_REPLICA_ALIVE;
    live_at_b += replica[(b + redundancy - 2) % groups] == CLX_REPLICA_ALIVE;
    if (b - depth * live_at_b > least) return false;
  }
  return true;
}

int32_t clx_shard_depth(const uint8_t *replica, int32_t groups, int32_t redundancy, int32_t depth) {
  int32_t alive = 0, run = 0;
  for (int32_t i = 0; i < groups; i++) alive += replica[i] == CLX_REPLICA_ALIVE;
  if (alive == 0) return 0;
  for (int32_t i = 0; i < groups + redundancy; i++) {  // `redundancy` dead groups in a row: a shard has none
    run = replica[i % groups] == CLX_REPLICA_ALIVE ? 0 : run + 1;
    if (run >= redundancy) return 0;
  }
  const int32_t least = (groups + alive - 1) / alive;
  if (depth < least) depth = least;
  while (!covers(replica, groups, redundancy, depth)) depth++;
  return depth;
}
