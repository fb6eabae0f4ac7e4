// Bandwidth-bound kernels: elementwise work and casts to narrow formats.
#include "device/device.h"

double clx_device_stream_time(const clx_device *device, double bytes) {
  return bytes <= 0 ? 0 : bytes / (device->memory_bandwidth * device->memory_efficiency) + device->kernel_time;
}

// Rate as fitted for the cast that the tables' narrow products contain; a second layout is one more narrow write.
double clx_device_cast_time(const clx_device *device, clx_kernel_format format, double elements, bool both_layouts) {
  if (elements <= 0 || format <= CLX_KERNEL_BF16) return 0;
  const clx_gemm_parameters *p = &device->kernels->gemm[clx_kernel_gemm.set_of[format]];
  const double bytes = 2 + (both_layouts ? 2 : 1) * clx_kernel_format_bytes(format);
  return elements * bytes / (device->memory_bandwidth * p->quantise_share) + device->kernel_time;
}
