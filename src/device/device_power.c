// Power of a kernel and the clock that a power limit leaves. docs/model/device/power.md has equations and sources.
#include "device/device_power.h"

#include <math.h>

#include "device/device.h"
#include "device/device_power_internal.h"

#define POWER(member, unit_text, start, low, high, text) \
  CLX_PARAMETER(clx_power_parameters, member, unit_text, start, low, high, text)

// Initial values: fitted to the power column of the B200 tables; where a device has none, energies of its process.
static const clx_row power_rows[] = {
    CLX_PARAMETER_FIT(clx_power_parameters),
    POWER(rest, NULL, 0.245, 0.05, 0.4, "power with clocks up and nothing running, share of tdp"),
    POWER(limit, NULL, 1, 0.9, 1.05, "power at which the controller holds the device, share of tdp"),
    POWER(knee, NULL, 5, 1.5, 20, "sharpness of the approach to the limit"),
    POWER(issue_gemm, "J", 1.71e-10, 1e-11, 3e-9, "instructions of a matrix product, per processor and clock"),
    POWER(issue_experts, "J", 3.96e-10, 1e-11, 3e-9, "instructions of grouped products, per processor and clock"),
    POWER(issue_prefill, "J", 1.2e-09, 1e-11, 3e-9, "instructions of prefill attention, per processor and clock"),
    POWER(issue_decode, "J", 8.29e-10, 1e-11, 3e-9, "instructions of decode attention, per processor and clock"),
    POWER(issue_stream, "J", 5e-10, 1e-11, 3e-9, "instructions of elementwise kernels, per processor and clock"),
    POWER(matrix_bf16, "J/FLOP", 8.5e-13, 1e-13, 2e-12, "bf16 multiply-add, operand delivery included"),
    POWER(matrix_fp8, "J/FLOP", 5.5e-13, 5e-14, 1e-12, "fp8 multiply-add"),
    POWER(matrix_fp8_block, "J/FLOP", 3.96e-13, 5e-14, 1e-12, "fp8 multiply-add with block scales"),
    POWER(matrix_nvfp4, "J/FLOP", 3.2e-13, 2e-14, 3.2e-13, "nvfp4 multiply-add"),
    POWER(memory, "J/B", 1.11e-10, 1e-11, 5e-10, "device memory at its full rate"),
    POWER(cache, "J/B", 3.79e-11, 1e-12, 5e-10, "caches and on-chip network at the same rate"),
    POWER(memory_exponent, NULL, 0.5, 0.3, 1, "growth of memory power with the rate"),
    POWER(memory_own, NULL, 0.25, 0, 1, "part of memory power on its own supply: HBM3 takes about 4 pJ a bit"),
    POWER(link, "J/B", 5e-11, 1e-12, 5e-10, "scale-up fabric, one direction"),
    POWER(voltage_floor, NULL, 0.3, 0, 0.8, "part of the supply voltage that does not follow the clock"),
};

const clx_schema clx_power_schema = {
    .name = "power",
    .doc = "power of kernels",
    .rows = power_rows,
    .count = sizeof power_rows / sizeof power_rows[0],
    .size = sizeof(clx_power_parameters),
};

// Power above rest in W at full clock, split by what a lower clock does to it.
typedef struct power_demand {
  double issue;   // follows clock and voltage
  double matrix;  // energy per execution follows the voltage
  double memory;  // W at the given rate; a part has its own supply
  double link;
} power_demand;

static double issue_energy(const clx_power_parameters *p, clx_power_kind kind) {
  switch (kind) {
    case CLX_POWER_EXPERTS:
      return p->issue_experts;
    case CLX_POWER_PREFILL:
      return p->issue_prefill;
    case CLX_POWER_DECODE:
      return p->issue_decode;
    case CLX_POWER_GEMM:
    case CLX_POWER_KINDS:
      break;
  }
  return p->issue_gemm;
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
      return 2 * p->matrix_bf16;  // twice the operand bits
    case CLX_KERNEL_BF16:
    case CLX_KERNEL_FORMATS:
      break;
  }
  return p->matrix_bf16;
}

// Power of moving `bytes` in `time`, `energy` per byte at the full rate of the device memory.
static double transfer_power(const clx_device *device, const clx_power_parameters *p, double energy, double bytes,
                             double time) {
  const double rate = fmin(bytes / time / device->memory_bandwidth, 2);
  return rate > 0 ? energy * device->memory_bandwidth * pow(rate, p->memory_exponent) : 0;
}

static power_demand demand_of(const clx_device *device, const clx_power_parameters *p, const clx_power_work *work) {
  const clx_kernel_cost *cost = &work->cost;
  const double time = fmax(cost->time, 1e-9), operands = fmax(work->operands, cost->bytes);
  return (power_demand){
      .issue = issue_energy(p, work->kind) * device->processors * device->clock,
      .matrix = work->data_matrix * matrix_energy(p, work->format) * cost->flop / time,
      .memory = work->data_memory * (transfer_power(device, p, p->memory, cost->bytes, time) +
                                     transfer_power(device, p, p->cache, operands, time)),
      .link = p->link * cost->link_bytes / time,
  };
}

// The controller lowers clock and voltage smoothly as the demand comes near the limit.
static double within_limit(const clx_device *device, const clx_power_parameters *p, double demand) {
  const double room = fmax((p->limit - p->rest) * device->tdp, 1);
  const double ratio = demand / room;
  if (ratio > 1e3) return room;
  return demand / pow(1 + pow(ratio, p->knee), 1 / p->knee);
}

double clx_power_above_rest(const clx_device *device, const clx_power_parameters *p, const clx_power_work *work) {
  const power_demand d = demand_of(device, p, work);
  return within_limit(device, p, d.issue + d.matrix + d.memory + d.link);
}

double clx_power_of_kernel(const clx_device *device, const clx_power_parameters *p, clx_power_kind kind,
                           clx_kernel_format format, const clx_kernel_cost *cost) {
  const clx_power_work work = {kind, format, *cost, cost->bytes, 1, 1};
  return p->rest * device->tdp + clx_power_above_rest(device, p, &work);
}

// --- clock under a limit ---------------------------------------------------------------------------------------------

static double voltage_squared(const clx_power_parameters *p, double clock) {
  const double v = p->voltage_floor + (1 - p->voltage_floor) * clock;
  return v * v;
}

// Power with the clock at `clock` when the load takes `time` there.
static double power_at(const clx_device *device, const clx_power_parameters *p, const clx_power_load *load,
                       double clock, double time) {
  clx_power_work work = {load->kind, load->format, load->cost, load->cost.bytes, 1, 1};
  work.cost.time = time;
  const power_demand d = demand_of(device, p, &work);
  const double v2 = voltage_squared(p, clock);
  const double memory = d.memory * (p->memory_own + (1 - p->memory_own) * v2);
  return p->rest * device->tdp + d.issue * clock * v2 + d.matrix * v2 + memory + d.link;
}

// Time at a clock, given that it is `time` at the clock `at`.
static double time_at(const clx_power_load *load, double at, double clock) {
  const double c = fmin(fmax(load->compute_share, 0), 1);
  return load->cost.time * (c * at / clock + 1 - c);
}

// Highest clock within the limit. `at` > 0: cost.time holds at that clock; 0: it holds at the clock sought.
static double highest_clock(const clx_device *device, const clx_power_parameters *p, const clx_power_load *load,
                            double at, double limit) {
  double low = CLX_POWER_CLOCK_MINIMUM, high = 1;
  if (power_at(device, p, load, high, at > 0 ? time_at(load, at, high) : load->cost.time) <= limit) return high;
  for (int step = 0; step < 40; step++) {
    const double middle = (low + high) / 2;
    const double time = at > 0 ? time_at(load, at, middle) : load->cost.time;
    if (power_at(device, p, load, middle, time) <= limit) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

clx_power_state clx_power_cap(const clx_device *device, const clx_power_parameters *p, const clx_power_load *load,
                              double limit) {
  const double at = load->measured_limit > 0 ? highest_clock(device, p, load, 0, load->measured_limit) : 1;
  const double clock = highest_clock(device, p, load, at, limit);
  const double time = time_at(load, at, clock);
  return (clx_power_state){.clock = clock, .time = time, .power = power_at(device, p, load, clock, time)};
}

double clx_power_sustained_clock(const clx_device *device, const clx_power_parameters *p, clx_kernel_format format,
                                 double matrix_share, double memory_share) {
  static const clx_format unit[CLX_KERNEL_FORMATS] = {
      [CLX_KERNEL_FP32] = CLX_TF32,     [CLX_KERNEL_BF16] = CLX_BF16, [CLX_KERNEL_FP8] = CLX_FP8,
      [CLX_KERNEL_FP8_BLOCK] = CLX_FP8, [CLX_KERNEL_NVFP4] = CLX_FP4, [CLX_KERNEL_INT8] = CLX_FP8};
  const clx_power_load load = {
      .kind = CLX_POWER_GEMM,
      .format = format,
      .cost = {.time = 1,
               .flop = matrix_share * device->peak[unit[format]],
               .bytes = memory_share * device->memory_bandwidth},
      .compute_share = 1,
  };
  return clx_power_cap(device, p, &load, p->limit * device->tdp).clock;
}
