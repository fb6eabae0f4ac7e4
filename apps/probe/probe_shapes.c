// Which GEMM shapes are measured, and in which order.
#include <math.h>
#include <stdlib.h>

#include "probe.h"

// Digits of `index` in `base`, mirrored at the point (van der Corput).
static double mirrored(int32_t index, int32_t base) {
  double value = 0, weight = 1;
  for (; index > 0; index /= base) {
    weight /= base;
    value += weight * (index % base);
  }
  return value;
}

static int32_t between(double share, int32_t low, int32_t high, bool power) {
  const double steps = log2((double)high / low);
  const double exponent = power ? nearbyint(share * steps) : share * steps;
  return (int32_t)fmin(high, nearbyint(low * exp2(exponent)));
}

// To a multiple of 128, 64 or 16, the coarsest that changes little: what models have.
static int32_t to_multiple(int32_t value) {
  const int32_t unit = value >= 2048 ? 128 : value >= 512 ? 64 : 16;
  return (value + unit / 2) / unit * unit;
}

// Bases 3, 5 and 7: base 2 would go in step with the choices by index modulo 4 and 8.
probe_shape probe_shape_at(int32_t index, probe_shape largest) {
  const bool power = index % 4 == 3;
  probe_shape shape = {
      .m = between(mirrored(index + 1, 3), 1, largest.m, power),
      .n = to_multiple(between(mirrored(index + 1, 5), 64, largest.n, power)),
      .k = to_multiple(between(mirrored(index + 1, 7), 64, largest.k, power)),
  };
  // One in eight has widths that only the smallest alignment divides, where kernels change.
  if (index % 8 == 5) {
    if (shape.n + 48 <= largest.n) shape.n += 48;
    if (shape.k + 16 <= largest.k) shape.k += 16;
  }
  return shape;
}

typedef struct shape_value {
  probe_shape shape;
  double value;
} shape_value;

static int by_shape(const void *a, const void *b) {
  const probe_shape *x = &((const shape_value *)a)->shape, *y = &((const shape_value *)b)->shape;
  if (x->m != y->m) return x->m < y->m ? -1 : 1;
  if (x->n != y->n) return x->n < y->n ? -1 : 1;
  return (x->k > y->k) - (x->k < y->k);
}

void probe_shapes_sort(probe_shape *shapes, double *values, int32_t count) {
  shape_value *both = malloc((size_t)count * sizeof *both + 1);
  if (both == NULL) return;  // unsorted is still right
  for (int32_t i = 0; i < count; i++) both[i] = (shape_value){shapes[i], values[i]};
  qsort(both, (size_t)count, sizeof *both, by_shape);
  for (int32_t i = 0; i < count; i++) {
    shapes[i] = both[i].shape;
    values[i] = both[i].value;
  }
  free(both);
}
