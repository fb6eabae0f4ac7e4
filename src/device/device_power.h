// Power of one kernel: rest, instruction issue, multiply units by number format, memory and on-chip traffic; the clock
// that a power limit leaves; and what a power meter reads of a kernel repeated for a second. docs/model/device/power.md.
#pragma once

#include "device/device_kernel.h"

struct clx_device;

// What the processors do besides multiplying: softmax and masks keep them far busier than a product fed by copy engines.
typedef enum clx_power_kind {
  CLX_POWER_GEMM,
  CLX_POWER_EXPERTS,
  CLX_POWER_PREFILL,  // attention over new tokens
  CLX_POWER_DECODE,   // attention of one new token over cached ones
  CLX_POWER_KINDS
} clx_power_kind;

// Energies at full clock and voltage, operands of random numbers. Energies per operation, byte or clock cycle carry over
// between devices of one process generation; rest and limit are shares of the device's thermal design power.
typedef struct clx_power_parameters {
  clx_kernel_fit fit;
  double rest;              // share of tdp: clocks up, nothing running
  double limit;             // share of tdp at which the controller holds the device
  double knee;              // sharpness of the approach to the limit
  double issue_gemm;        // J per processor and clock
  double issue_experts;     // J per processor and clock
  double issue_prefill;     // J per processor and clock
  double issue_decode;      // J per processor and clock
  double issue_stream;      // J per processor and clock
  double matrix_bf16;       // J/FLOP
  double matrix_fp8;        // J/FLOP
  double matrix_fp8_block;  // J/FLOP
  double matrix_nvfp4;      // J/FLOP
  double memory;            // J/B of device memory at its full rate
  double cache;             // J/B through caches and the on-chip network at the same rate
  double memory_exponent;   // power of both rises with the rate to this exponent
  double memory_own;        // part of both that does not follow the processors' voltage
  double link;              // J/B out over the scale-up fabric
  double voltage_floor;     // supply voltage = floor + (1 - floor) clock, both relative to full
} clx_power_parameters;

extern const clx_schema clx_power_schema;

// Mean power in W while the kernel repeats back to back for long, at the clock at which cost->time holds.
double clx_power_of_kernel(const struct clx_device *device, const clx_power_parameters *parameters, clx_power_kind kind,
                           clx_kernel_format format, const clx_kernel_cost *cost);

// The same of a shape of a family: its kind, and what of its operands stays on the chip, follow from the family.
double clx_power_of_shape(const struct clx_device *device, const clx_power_parameters *parameters,
                          const clx_kernel_family *family, clx_kernel_format format, const void *family_parameters,
                          const void *shape);

// --- clock under a power limit ---------------------------------------------------------------------------------------

typedef struct clx_power_load {
  clx_power_kind kind;
  clx_kernel_format format;
  clx_kernel_cost cost;
  double compute_share;   // share of the time that is inversely proportional to the clock
  double measured_limit;  // W: limit under which cost.time was measured long enough to hold; 0 = at full clock
} clx_power_load;

typedef struct clx_power_state {
  double clock;  // relative to the boost clock
  double time;   // s
  double power;  // W
} clx_power_state;

// The highest clock, from 1 down to CLX_POWER_CLOCK_MINIMUM, at which the load stays within `limit` watt.
clx_power_state clx_power_cap(const struct clx_device *device, const clx_power_parameters *parameters,
                              const clx_power_load *load, double limit);

#define CLX_POWER_CLOCK_MINIMUM 0.1

// Clock ratio that a job sustains under the device's tdp when it multiplies at `matrix_share` of the peak of `format`, and
// moves `memory_share` of the memory bandwidth, both at full clock.
double clx_power_sustained_clock(const struct clx_device *device, const clx_power_parameters *parameters,
                                 clx_kernel_format format, double matrix_share, double memory_share);

// --- what a meter reads ----------------------------------------------------------------------------------------------

// The device's own meter averages over `window`; the tables' program (AIConfigurator's collector) samples it ten times a
// second while a kernel repeats, so a reading still holds what ran before. Times in s.
typedef struct clx_power_meter {
  clx_kernel_fit fit;
  double window;           // averaging of the device's meter
  double data_experts;     // switching of never initialised weights against random ones
  double data_decode;      // the same for a never initialised key-value cache
  double gemm_launch;      // host time of one call
  double gemm_setup_bf16;  // between two cases, device at rest
  double gemm_setup_fp8;
  double gemm_setup_fp8_block;
  double gemm_setup_compiled;  // the same where a kernel is compiled for the shape
  double gemm_setup_nvfp4;
  double gemm_setup_weights;  // s/B: quantising weights to nvfp4 on the host
  double gemm_warm_bf16;      // power before the first case of a sweep, as share of its own above rest
  double gemm_warm_fp8;
  double gemm_warm_fp8_block;
  double gemm_warm_nvfp4;
  double experts_launch;
  double experts_setup;
  double experts_routing;  // setup with drawn routing
  double experts_warm;
  double prefill_launch;
  double prefill_setup;
  double prefill_warm;
  double prefill_cases;          // cases of one batch and length on one worker
  double prefill_narrow_launch;  // head dimension 64: with attention sinks, each length twice (window 128)
  double prefill_narrow_setup;
  double prefill_narrow_cases;
  double decode_launch;
  double decode_compile;  // setup of the first batch size, kernels being compiled
  double decode_settle;   // decay of that per batch size
  double decode_setup;
  double decode_warm;
  double mla_prefill_launch;
  double mla_prefill_setup;
  double mla_prefill_warm;
  double mla_prefill_cases;
  double mla_decode_launch;
  double mla_decode_setup;
  double mla_decode_warm;
  double mla_decode_cases;
} clx_power_meter;

extern const clx_schema clx_power_meter_schema;

// Power in W as the tables' program reads it for one row of a family's table; the kernels that ran before follow from the
// order of its sweeps. `time` replaces the model's time of this row when positive. 0 for a family whose sweep is not known.
double clx_power_reading(const struct clx_device *device, const clx_power_parameters *parameters,
                         const clx_power_meter *meter, const clx_kernel_family *family, clx_kernel_format format,
                         const void *family_parameters, const void *shape, double time);

// The same in two steps, for one row and many parameters: the kernels that ran before are computed once.
enum { CLX_POWER_HISTORY = 8 };

typedef struct clx_power_step {
  clx_kernel_cost cost;
  double operands;  // B
} clx_power_step;

typedef struct clx_power_walk {
  const struct clx_device *device;
  const clx_kernel_family *family;
  const void *family_parameters;
  clx_kernel_format format;
  int32_t sweep;
  double shape[CLX_KERNEL_COLUMNS_MAX], place[CLX_KERNEL_COLUMNS_MAX];  // of the row; as far back as is known
  clx_power_step step[CLX_POWER_HISTORY + 1];
  int32_t known;
  bool ended;
} clx_power_walk;

// False for a family whose sweep is not known.
bool clx_power_walk_start(clx_power_walk *walk, const struct clx_device *device, const clx_kernel_family *family,
                          clx_kernel_format format, const void *family_parameters, const void *shape, double time);
double clx_power_walk_reading(clx_power_walk *walk, const clx_power_parameters *parameters,
                              const clx_power_meter *meter);

// Whether readings of a family and number format depend on a parameter (key of a row of one of the two schemas) at all.
bool clx_power_touches(const char *parameter, const clx_kernel_family *family, clx_kernel_format format);
