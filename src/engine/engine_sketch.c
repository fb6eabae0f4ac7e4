// Durations by logarithm: the bucket is read off the exponent and the first eight bits of the fraction of the double.
#include "engine/engine_internal.h"

#include <string.h>

enum { FIRST_EXPONENT = 1023 - 36 };

clx_status clx_sketch_open(clx_sketch *sketch, clx_arena *arena, clx_error *error) {
  *sketch = (clx_sketch){.bucket = CLX_NEW_ARRAY(arena, int64_t, CLX_SKETCH_BUCKETS)};
  return sketch->bucket == NULL ? clx_fail_plain(error, CLX_MEMORY, "out of memory") : CLX_OK;
}

void clx_sketch_add(clx_sketch *sketch, double value, int64_t count) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  const int64_t place = (int64_t)(bits >> 44) - (int64_t)FIRST_EXPONENT * CLX_SKETCH_PARTS;
  sketch->bucket[place < 0 ? 0 : place >= CLX_SKETCH_BUCKETS ? CLX_SKETCH_BUCKETS - 1 : place] += count;
  sketch->count += count;
  sketch->sum += value * (double)count;
  if (value > sketch->most) sketch->most = value;
}

double clx_sketch_mean(const clx_sketch *sketch) {
  return sketch->count == 0 ? 0 : sketch->sum / (double)sketch->count;
}

// The middle of the bucket of the nearest rank.
double clx_sketch_quantile(const clx_sketch *sketch, double p) {
  if (sketch->count == 0) return 0;
  int64_t rank = (int64_t)(p * (double)sketch->count + 0.5), seen = 0;
  if (rank < 1) rank = 1;
  for (int32_t i = 0; i < CLX_SKETCH_BUCKETS; i++) {
    seen += sketch->bucket[i];
    if (seen < rank) continue;
    const uint64_t bits = ((uint64_t)i + (uint64_t)FIRST_EXPONENT * CLX_SKETCH_PARTS) << 44 | (uint64_t)1 << 43;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value < sketch->most ? value : sketch->most;
  }
  return sketch->most;
}
