// Random shapes of a kernel family, for tests and benchmarks: inside the range that its parameters were fitted to.
#pragma once

#include <math.h>

#include "device/device.h"

static inline double shapes_uniform(uint64_t *state) {
  *state = *state * 6364136223846793005U + 1442695040888963407U;
  return (double)(*state >> 11) * 0x1p-53;
}

static inline double shapes_normal(uint64_t *state) {
  const double u = shapes_uniform(state) + 1e-300;
  return sqrt(-2 * log(u)) * cos(6.283185307179586 * shapes_uniform(state));
}

// One column: spread logarithmically, whole, every other one a power of two; lowest values of ranges that start at 0 come often.
static inline double shapes_value(const clx_kernel_column *column, double low, double high, uint64_t *state) {
  const double u = shapes_uniform(state), v = shapes_uniform(state);
  if (column->choices != NULL) return floor(low + u * (high - low + 1) * 0.999999);
  if (column->exponent) return u < 0.5 ? low : high;
  if (low <= 0 && v < 0.3) return low;
  const double start = fmax(low, 1), value = start * pow(fmax(high / start, 1), u);
  return v < 0.65 ? fmax(start, exp2(floor(log2(value)))) : floor(value);
}

// Fills `shape`; false when it is one that the family refuses or that lies outside its columns' bounds: draw again.
static inline bool shapes_draw(const clx_device *device, const clx_kernel_family *family, clx_kernel_format format,
                               const clx_kernel_fit *fit, uint64_t *state, double *shape) {
  bool inside = true;
  for (int32_t c = 0; c < family->column_count; c++) {
    const clx_kernel_column *column = &family->columns[c];
    shape[c] = shapes_value(column, fit->low[c], fit->high[c], state);
    if (column->choices == NULL && !column->exponent)
      inside = inside && shape[c] >= column->minimum && shape[c] <= column->maximum;
  }
  return inside && (family->refuse == NULL || family->refuse(device, format, shape) == NULL);
}

// A number format that uses a parameter set.
static inline clx_kernel_format shapes_format(const clx_kernel_family *family, int32_t set) {
  for (int32_t f = CLX_KERNEL_BF16; f < CLX_KERNEL_FORMATS; f++) {
    if (family->set_of[f] == set) return (clx_kernel_format)f;
  }
  return CLX_KERNEL_FP32;
}
