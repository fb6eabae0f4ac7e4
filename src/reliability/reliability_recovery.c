// How long it takes to come back, as measured: interpolated in log2 of the GPUs, straight on beyond the ends.
#include <math.h>

#include "reliability/reliability_compile_internal.h"

typedef struct point {
  double gpus, time;
} point;

// ByteRobust (SOSP 2025, arXiv 2509.16293), table 7: job requeue and hot update.
static const point REQUEUE[] = {{2048, 454}, {4096, 545}, {8192, 635}, {16384, 768}};
static const point IN_PLACE[] = {{2048, 46}, {4096, 51}, {8192, 54}, {16384, 65}};
// The same paper: warm standby recovers 10.87 times faster than a requeue.
static const double STANDBY_FASTER = 10.87;
// NCCLX (arXiv 2510.20171): communicators of 8K and 96K GPUs with its own start-up.
static const point REGROUPING[] = {{8192, 4}, {98304, 24}};

static double interpolate(const point *table, int32_t count, double gpus, bool *inside) {
  int32_t i = 1;
  while (i < count - 1 && gpus > table[i].gpus) i++;
  const point a = table[i - 1], b = table[i];
  if (inside != NULL) *inside = gpus >= table[0].gpus && gpus <= table[count - 1].gpus;
  return a.time + (b.time - a.time) * log2(gpus / a.gpus) / log2(b.gpus / a.gpus);
}

double clx_recovery_published(clx_recovery_time what, double gpus, bool *inside) {
  // New processes take a second at least; nothing takes less than new processes but communicators alone.
  const double in_place = fmax(1, interpolate(IN_PLACE, CLX_COUNT(IN_PLACE), gpus, inside));
  switch (what) {
    case CLX_RECOVERY_REQUEUE:
      return fmax(in_place, interpolate(REQUEUE, CLX_COUNT(REQUEUE), gpus, NULL));
    case CLX_RECOVERY_STANDBY:
      return fmax(1, clx_recovery_published(CLX_RECOVERY_REQUEUE, gpus, NULL) / STANDBY_FASTER);
    case CLX_RECOVERY_REGROUPING:
      return fmax(1, interpolate(REGROUPING, CLX_COUNT(REGROUPING), gpus, inside));
    default:
      return in_place;
  }
}
