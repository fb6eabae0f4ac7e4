// How long it takes to come back, as measured: interpolated in log2 of the GPUs, straight on beyond the ends; below the smallest job
// measured a start takes what it takes there: processes and libraries do not start faster for being few.
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

static double start_of(const point *table, int32_t count, double gpus, bool *inside) {
  const double time = interpolate(table, count, fmax(gpus, table[0].gpus), NULL);
  if (inside != NULL) *inside = gpus >= table[0].gpus && gpus <= table[count - 1].gpus;
  return time;
}

double clx_recovery_published(clx_recovery_time what, double gpus, bool *inside) {
  const double in_place = start_of(IN_PLACE, CLX_COUNT(IN_PLACE), gpus, inside);
  switch (what) {
    case CLX_RECOVERY_REQUEUE:
      return start_of(REQUEUE, CLX_COUNT(REQUEUE), gpus, NULL);
    case CLX_RECOVERY_STANDBY:
      return clx_recovery_published(CLX_RECOVERY_REQUEUE, gpus, NULL) / STANDBY_FASTER;
    case CLX_RECOVERY_REGROUPING:
      return fmax(1, interpolate(REGROUPING, CLX_COUNT(REGROUPING), gpus, inside));
    default:
      return in_place;
  }
}
