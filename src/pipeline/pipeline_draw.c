// Counter-based draws: a lane's factor on a task depends on the seed, the lane's number and the task only, so that lanes can be evaluated
// in any blocks and order.
#include "pipeline/pipeline_internal.h"

// The finaliser of splitmix64 (Steele, Lea and Flood, OOPSLA 2014; constants of Stafford's variant 13).
static uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

clx_pipeline_key clx_pipeline_key_of(uint64_t seed, uint64_t number) {
  const uint64_t x = mix(mix(seed + 0x9e3779b97f4a7c15ULL) + 0x9e3779b97f4a7c15ULL * (number + 1));
  return (clx_pipeline_key){(uint32_t)(x >> 32), (uint32_t)x};
}
