// Deliveries from another section as one input: all its chance together, by its quantiles over the replicas.
#include <math.h>
#include <string.h>

#include "buildout/buildout_sample.h"

// Periods from the first on until so many are there, evenly within each; INFINITY = never.
static double periods_until(const double *gpus, int32_t periods, double level) {
  double before = 0;
  for (int32_t k = 0; k < periods; k++) {
    if (gpus[k] >= level) return gpus[k] > before ? k + fmax(level - before, 0) / (gpus[k] - before) : k;
    before = gpus[k];
  }
  return INFINITY;
}

clx_status clx_source_swing_make(const clx_buildout *b, int32_t replicas, clx_arena *arena, clx_source_swing *out,
                                 clx_error *error) {
  const clx_buildout_source *s = &b->input->source;
  const size_t n = (size_t)replicas, periods = (size_t)s->periods;
  double *gpus = CLX_NEW_ARRAY(arena, double, periods + 1), middle;
  float *so_far = CLX_NEW_ARRAY(arena, float, periods *n + 1);  // [periods][replicas]
  *out = (clx_source_swing){.early = CLX_NEW_ARRAY(arena, double, periods + 1),
                            .late = CLX_NEW_ARRAY(arena, double, periods + 1),
                            .when = CLX_NEW_ARRAY(arena, float, n + 1)};
  float *when = CLX_NEW_ARRAY(arena, float, n + 1);
  if (gpus == NULL || so_far == NULL || out->early == NULL || out->late == NULL || out->when == NULL || when == NULL)
    return clx_fail_plain(error, CLX_MEMORY, "buildout: out of memory for %d replicas of deliveries", replicas);
  s->fill(s->of, -1, gpus);
  const double level = fmin(b->total, gpus[periods - 1]) * (1 - 1e-9);  // sums of fractions of GPUs
  const double plain = periods_until(gpus, s->periods, level);
  for (size_t r = 0; r < n; r++) {
    s->fill(s->of, (int32_t)r, gpus);
    for (size_t k = 0; k < periods; k++) so_far[k * n + r] = (float)gpus[k];
    out->when[r] = when[r] = (float)(s->length * (periods_until(gpus, s->periods, level) - plain));
  }
  for (size_t k = 0; k < periods; k++)
    clx_sample_quantiles(so_far + k * n, replicas, &out->late[k], &middle, &out->early[k]);
  clx_sample_quantiles(when, replicas, &out->low, &middle, &out->high);
  return CLX_OK;
}
