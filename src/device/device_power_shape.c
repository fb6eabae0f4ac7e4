// From the shape of a table's row to what its kernel does to the device: kind of work, and the bytes of its operands, which
// pass the caches and the on-chip network even when the device memory is spared.
#include <math.h>

#include "device/device.h"
#include "device/device_power_internal.h"

// Columns as in device_power_sweep.c.
enum { BATCH, LENGTH, STEP, HEADS, KV_HEADS, HEAD_DIM, WINDOW, CACHE };
enum { LATENT_CACHE = 4, LATENT = 512 + 64 };

static double cache_element(double choice) { return choice > 0 ? 1 : 2; }  // B; fp8, bfloat16

static double gemm_operands(clx_kernel_format format, const double *s) {
  return (s[0] + s[1]) * s[2] * clx_kernel_format_bytes(format) + 2 * s[0] * s[1];
}

// Gate, up and down weights of the experts that some token reaches, and activations in and out of both products.
static double expert_operands(clx_kernel_format format, const double *s) {
  const double element = clx_kernel_format_bytes(format), inner = s[2] / s[5];
  const double tokens = s[0] * s[3] / s[6], experts = s[4] / s[6];
  // Drawn loads are uneven: fewer experts are hit than by even chance.
  const double hit = s[7] > 0 ? experts * (1 - exp(-0.7 * tokens / experts)) : fmin(experts, tokens);
  return fmax(hit, 1) * 3 * s[1] * inner * element + 4 * s[0] * s[1] + tokens * (2 * inner + s[1]) * element;
}

static double prefill_operands(const double *s) {
  const double keys = s[KV_HEADS] * s[HEAD_DIM];
  return s[BATCH] * s[LENGTH] * (4 * s[HEADS] * s[HEAD_DIM] + (4 + 2 * cache_element(s[CACHE])) * keys);
}

static double decode_operands(const double *s) {
  const double length = s[LENGTH] + s[STEP];
  const double cached = s[WINDOW] > 0 ? fmin(s[WINDOW], length) : length;
  return s[BATCH] * (2 * cached * s[KV_HEADS] * s[HEAD_DIM] * cache_element(s[CACHE]) + 4 * s[HEADS] * s[HEAD_DIM]);
}

double clx_power_operands(clx_power_sweep sweep, clx_kernel_format format, const double *s) {
  switch (sweep) {
    case CLX_SWEEP_GEMM:
      return gemm_operands(format, s);
    case CLX_SWEEP_EXPERTS:
      return expert_operands(format, s);
    case CLX_SWEEP_PREFILL:
      return prefill_operands(s);
    case CLX_SWEEP_DECODE:
      return decode_operands(s);
    case CLX_SWEEP_MLA_PREFILL:  // queries and keys of 128 + 64, values of 128
      return s[BATCH] * s[LENGTH] * (s[HEADS] * 2 * (192 + 128) * 2 + LATENT * (2 + cache_element(s[LATENT_CACHE])));
    case CLX_SWEEP_MLA_DECODE:
      return s[BATCH] *
             ((s[LENGTH] + s[STEP]) * LATENT * cache_element(s[LATENT_CACHE]) + 2 * s[HEADS] * (LATENT + 512));
    case CLX_SWEEPS:
      break;
  }
  return 0;
}

clx_power_kind clx_power_kind_of(clx_power_sweep sweep) {
  switch (sweep) {
    case CLX_SWEEP_EXPERTS:
      return CLX_POWER_EXPERTS;
    case CLX_SWEEP_PREFILL:
    case CLX_SWEEP_MLA_PREFILL:
      return CLX_POWER_PREFILL;
    case CLX_SWEEP_DECODE:
    case CLX_SWEEP_MLA_DECODE:
      return CLX_POWER_DECODE;
    case CLX_SWEEP_GEMM:
    case CLX_SWEEPS:
      break;
  }
  return CLX_POWER_GEMM;
}

double clx_power_of_shape(const clx_device *device, const clx_power_parameters *p, const clx_kernel_family *family,
                          clx_kernel_format format, const void *family_parameters, const void *shape) {
  const clx_power_sweep sweep = clx_power_sweep_of(family);
  const clx_kernel_cost cost = family->cost(device, format, family_parameters, shape);
  const clx_power_work work = {clx_power_kind_of(sweep), format, cost, clx_power_operands(sweep, format, shape), 1, 1};
  return p->rest * device->tdp + clx_power_above_rest(device, p, &work);
}
