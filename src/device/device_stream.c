// Bandwidth-bound kernels: elementwise work and casts to narrow formats.
#include "device/device.h"

double clx_device_stream_time(const clx_device *device, double bytes) {
  return bytes <= 0 ? 0 : bytes / (device->memory_bandwidth * device->memory_efficiency) + device->kernel_time;
}

double clx_device_cast_time(const clx_device *device, clx_format format, double elements, bool both_layouts) {
  if (elements <= 0 || format == CLX_BF16 || format == CLX_TF32 || format == CLX_FP32) return 0;
  const double read = 2 * elements, second_layout = both_layouts ? 0.5 * read : 0;
  return (read + second_layout) / device->quantise_bandwidth + device->kernel_time;
}
