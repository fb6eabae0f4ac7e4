// Draw of one GPU by what it does.
#include "device/device_draw.h"

#include <math.h>

#include "device/device.h"

const char *const clx_draw_name[CLX_DRAW_KINDS + 1] = {"idle",      "wait",     "communicate", "stream",
                                                       "attention", "multiply", NULL};

double clx_device_draw(const clx_device *device, const clx_draw_load *load, double clock, double limit) {
  const clx_power_parameters *p = &device->kernels->power;
  const double most = limit > 0 ? limit : device->tdp, idle = device->idle_power;
  if (load->kind == CLX_DRAW_IDLE) return fmin(idle, most);
  const double v = fmax(device->voltage_minimum, p->voltage_floor + (1 - p->voltage_floor) * clock), v2 = v * v;
  const double running = fmax(0, p->rest * device->tdp - idle) * clock * v2;
  const double memory = load->bytes * 60e-12, link = load->link * p->link;
  const double multiply = device->multiply_energy[load->format == CLX_KERNEL_BF16    ? CLX_BF16
                                                  : load->format == CLX_KERNEL_NVFP4 ? CLX_FP4
                                                                                     : CLX_FP8];
  return fmin(idle + running + memory + link + load->flop * multiply * v2, most);
}

double clx_device_draw_lag(const clx_device *device) {
  (void)device;
  return 0.025;
}
