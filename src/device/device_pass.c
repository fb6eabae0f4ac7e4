// Matrix products as training runs them: forward, data gradient, weight gradient.
#include "device/device.h"

static const clx_gemm_parameters *gemm_parameters(const clx_device *device, clx_kernel_format format) {
  return &device->kernels->gemm[clx_kernel_gemm.set_of[format]];
}

double clx_device_gemm_time(const clx_device *device, clx_kernel_format format, clx_gemm_pass pass, double m, double n,
                            double k, double groups) {
  if (m <= 0 || n <= 0 || k <= 0 || groups <= 0) return 0;
  const clx_kernel_cost cost = clx_gemm_cost_grouped(device, format, gemm_parameters(device, format), m, n, k, groups);
  return cost.time * device->gemm_pass[pass];
}

double clx_device_gemm_sustained_time(const clx_device *device, clx_kernel_format format, clx_gemm_pass pass, double m,
                                      double n, double k, double groups, double rate) {
  if (m <= 0 || n <= 0 || k <= 0 || groups <= 0) return 0;
  const clx_gemm_parameters *p = gemm_parameters(device, format);
  return clx_gemm_cost_sustained(device, format, p, m, n, k, groups, rate).time * device->gemm_pass[pass];
}
