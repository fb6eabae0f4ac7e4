// What a GPU draws in a long job, by what it does. docs/model/device/power.md, sections 8 to 10, has the equations and the
// measurements behind them.
#include "device/device_draw.h"

#include <math.h>

#include "device/device.h"

const char *const clx_draw_name[CLX_DRAW_KINDS + 1] = {"idle",      "wait",     "communicate", "stream",
                                                       "attention", "multiply", NULL};

// Kernels that wait for other GPUs poll through a few blocks: 1 to 14 W on one H100 (24 blocks; one thread of each, or all).
static const double POLL = 0.01;  // of the tdp

// Bytes of device memory for one sent over the link: a step of a ring reads what it sends and adds, and writes what it receives.
static const double BYTES_PER_LINK = 3;

// Share of the limit that the fast controller allows, for less than the second over which the slow one averages.
static const double FAST = 1.13;

// Share of its limit that a training step of many kernels draws: 690 to 695 W of 700.
static const double HELD = 0.99;

// s. On one H100 a draw follows its load within the 0.1 s of the meter's samples, and faster than that is not resolved.
static const double LAG = 0.01;

static clx_format unit_of(clx_kernel_format format) {
  static const clx_format unit[CLX_KERNEL_FORMATS] = {
      [CLX_KERNEL_FP32] = CLX_TF32,     [CLX_KERNEL_BF16] = CLX_BF16, [CLX_KERNEL_FP8] = CLX_FP8,
      [CLX_KERNEL_FP8_BLOCK] = CLX_FP8, [CLX_KERNEL_NVFP4] = CLX_FP4, [CLX_KERNEL_INT8] = CLX_FP8};
  return unit[format];
}

// Power above rest of what a kernel does besides multiplying, the clock at full: the kernel power model, its terms apart.
static double issue_power(const clx_device *device, clx_draw_kind kind) {
  const clx_power_parameters *p = &device->kernels->power;
  const double joule = kind == CLX_DRAW_ATTENTION ? p->issue_prefill
                       : kind == CLX_DRAW_STREAM  ? p->issue_stream
                                                  : p->issue_gemm;
  return joule * device->processors * device->clock;
}

static double memory_power(const clx_device *device, double bytes) {
  const clx_power_parameters *p = &device->kernels->power;
  const double rate = fmin(bytes / device->memory_bandwidth, 2);
  if (!(rate > 0)) return 0;
  return (p->memory + p->cache) * device->memory_bandwidth * pow(rate, p->memory_exponent);
}

static double matrix_energy(const clx_power_parameters *p, clx_kernel_format format) {
  switch (format) {
    case CLX_KERNEL_FP8:
    case CLX_KERNEL_INT8:
      return p->matrix_fp8;
    case CLX_KERNEL_FP8_BLOCK:
      return p->matrix_fp8_block;
    case CLX_KERNEL_NVFP4:
      return p->matrix_nvfp4;
    case CLX_KERNEL_FP32:
      return 2 * p->matrix_bf16;
    case CLX_KERNEL_BF16:
    case CLX_KERNEL_FORMATS:
      break;
  }
  return p->matrix_bf16;
}

// What a job's clock does to its power.
typedef struct clock_state {
  double clock;
  double rest;     // W
  double voltage;  // squared, against full
} clock_state;

static double rest_at(const clx_device *device, double clock) {
  const clx_power_parameters *p = &device->kernels->power;
  const double v = fmax(device->voltage_minimum, p->voltage_floor + (1 - p->voltage_floor) * clock);
  return device->idle_power + fmax(0, p->rest * device->tdp - device->idle_power) * clock * v * v;
}

// Energy of a multiplication at `clock` against that at full clock, from the limit under which large products hold this clock.
static double energy_at(const clx_device *device, clx_format unit, double clock) {
  const double top = clx_device_sustained_limit(device, unit, 1) * (1 - device->power_reserve);
  const double full = top - rest_at(device, 1);
  const double here = clx_device_sustained_limit(device, unit, clock) - rest_at(device, clock);
  return full > 0 ? fmin(1, here / (full * clock)) : 1;
}

// Large products at the sustained clock draw the limit; that says what the voltage in a job is. The reserve of the sustained
// clock is not power that goes undrawn: measured, the voltage falls less with the clock than its equation has it.
static clock_state state_at(const clx_device *device, clx_format unit, double clock) {
  if (device->multiply_energy[unit] <= 0) unit = CLX_BF16;
  const double sustained = clx_device_sustained_clock(device, unit, 0);
  clock_state s = {.clock = clock, .rest = rest_at(device, clock), .voltage = 1};
  if (device->multiply_energy[unit] <= 0) {
    const double floor = device->kernels->power.voltage_floor;
    s.voltage = (floor + (1 - floor) * clock) * (floor + (1 - floor) * clock);
  } else if (clock <= sustained) {
    s.voltage = energy_at(device, unit, clock);
  } else if (clock < 1) {
    const double least = energy_at(device, unit, sustained);
    s.voltage = least + (1 - least) * (clock - sustained) / (1 - sustained);
  }
  return s;
}

// W without the controller.
static double demand(const clx_device *device, const clx_draw_load *load, double clock) {
  const clx_power_parameters *p = &device->kernels->power;
  const clx_format unit = unit_of(load->format);
  const double resting = fmax(device->idle_power, p->rest * device->tdp);
  const double link = p->link * fmax(load->link, 0);
  double bytes = fmax(load->bytes, 0);
  switch (load->kind) {
    case CLX_DRAW_IDLE:
    case CLX_DRAW_KINDS:
      return device->idle_power;
    case CLX_DRAW_WAIT:
      return resting + POLL * device->tdp + link;
    case CLX_DRAW_COMMUNICATE:
      if (bytes <= 0) bytes = BYTES_PER_LINK * fmax(load->link, 0);
      return resting + POLL * device->tdp + memory_power(device, bytes) + link;
    case CLX_DRAW_STREAM:
    case CLX_DRAW_ATTENTION:
    case CLX_DRAW_MULTIPLY:
      break;
  }
  const clock_state s = state_at(device, unit, clock);
  const double flop = fmax(load->flop, 0);
  const double memory = memory_power(device, bytes) * (p->memory_own + (1 - p->memory_own) * s.voltage);
  const double issue = issue_power(device, load->kind) * s.clock * s.voltage;
  return s.rest + issue + matrix_energy(p, load->format) * flop * s.voltage + memory + link;
}

double clx_device_draw(const clx_device *device, const clx_draw_load *load, double clock, double limit) {
  const double most = limit > 0 ? limit : device->tdp;
  const double c = fmin(fmax(clock, CLX_POWER_CLOCK_MINIMUM), 1);
  return fmax(device->idle_power, fmin(demand(device, load, c), most));
}

double clx_device_draw_mix(const clx_device *device, const clx_draw_load *load, const double *share, int32_t count,
                           double limit) {
  const double most = limit > 0 ? limit : device->tdp;
  double busy = 0, work = 0, off = 0;
  for (int32_t i = 0; i < count; i++) {
    const double part = fmax(share[i], 0);
    const double clock = (1 + clx_device_sustained_clock(device, unit_of(load[i].format), most)) / 2;
    const double watt = demand(device, &load[i], clock);
    if (load[i].kind == CLX_DRAW_IDLE || load[i].kind == CLX_DRAW_WAIT) {
      off += part * watt;
    } else {
      busy += part;
      work += part * watt;
    }
  }
  return fmax(device->idle_power, fmin(fmin(work, busy * FAST * most) + off, HELD * most));
}

double clx_device_draw_lag(const clx_device *device) {
  (void)device;
  return LAG;
}
