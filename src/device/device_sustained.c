// The clock that a training job holds: products run at the power limit, at the voltage that belongs to the clock.
// docs/model/device/sustained.md has the equations and what power_reserve and voltage_minimum were fitted to.
#include <math.h>

#include "device/device.h"

// Share of the datasheet peak that a large product keeps busy at full clock.
static const double BUSY = 0.95;

static double voltage_of(const clx_device *device, double clock) {
  const double floor = device->kernels->power.voltage_floor;
  return fmax(device->voltage_minimum, floor + (1 - floor) * clock);
}

double clx_device_limit(const clx_device *device, double cap) {
  const double leak = fmax(0, device->leak);
  if (!(cap > 0) && !(leak > 0)) return 0;
  return (cap > 0 ? fmin(cap, device->tdp) : device->tdp) - leak;
}

double clx_device_sustained_clock(const clx_device *device, clx_format format, double limit) {
  const double full = device->multiply_energy[format] * BUSY * device->peak[format];  // W at full clock and voltage
  if (full <= 0 || device->tdp <= 0) return 1;
  // Above idle, power at rest is that of the clock itself.
  const double running = fmax(0, device->kernels->power.rest * device->tdp - device->idle_power);
  const double room = (1 - device->power_reserve) * (limit > 0 ? limit : device->tdp) - device->idle_power;
  // clock v(clock)^2 = wanted, from above: the left side is convex and grows.
  const double wanted = room / (full + running);
  if (wanted >= 1) return 1;
  double clock = 1;
  for (int32_t step = 0; step < 30; step++) {
    const double v = voltage_of(device, clock);
    const double slope = v > device->voltage_minimum ? 1 - device->kernels->power.voltage_floor : 0;
    const double next = clock - (clock * v * v - wanted) / (v * v + 2 * clock * v * slope);
    if (!(fabs(next - clock) > 1e-9)) break;
    clock = next;
  }
  return fmax(clock, CLX_POWER_CLOCK_MINIMUM);
}

double clx_device_sustained_rate(const clx_device *device, clx_format format, double limit) {
  const double clock = clx_device_sustained_clock(device, format, limit);
  return clock < 1 ? BUSY * device->peak[format] * clock : 0;
}

double clx_device_sustained_limit(const clx_device *device, clx_format format, double clock) {
  const double full = device->multiply_energy[format] * BUSY * device->peak[format];
  if (full <= 0) return 0;
  const double running = fmax(0, device->kernels->power.rest * device->tdp - device->idle_power);
  const double v = voltage_of(device, clock);
  return (device->idle_power + (running + full) * clock * v * v) / (1 - device->power_reserve);
}
