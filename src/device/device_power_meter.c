// What the tables' program reads of a kernel's power: the average of the last second, sampled every 0.1 s while the kernel
// repeats. Rules of repetition as in AIConfigurator's collector (helper.py, benchmark_with_power).
#include <math.h>
#include <string.h>

#include "device/device.h"
#include "device/device_power_internal.h"

#define METER(member, unit_text, start, low, high, text) \
  CLX_PARAMETER(clx_power_meter, member, unit_text, start, low, high, text)

// Initial values: fitted to the power column of the B200 tables.
static const clx_row meter_rows[] = {
    CLX_PARAMETER_FIT(clx_power_meter),
    METER(window, "s", 1, 0.02, 3, "averaging of the device's meter (NVML: one second since Ampere)"),
    METER(data_experts, NULL, 0.427, 0.25, 1, "switching of never initialised expert weights against random numbers"),
    METER(data_decode, NULL, 0.104, 0.1, 1, "switching of a never initialised key-value cache"),
    METER(gemm_launch, "s", 6.67e-05, 5e-6, 3e-3, "host time of one matrix product"),
    METER(gemm_setup_bf16, "s", 0.0412, 1e-3, 20, "rest between two cases"),
    METER(gemm_setup_fp8, "s", 0.0444, 1e-3, 20, "rest between two cases"),
    METER(gemm_setup_fp8_block, "s", 0.767, 1e-3, 20, "rest between two cases"),
    METER(gemm_setup_compiled, "s", 0.969, 1e-3, 20, "rest between two cases of over 128 rows, compiled for the shape"),
    METER(gemm_setup_nvfp4, "s", 0.0657, 1e-3, 20, "rest between two cases"),
    METER(gemm_setup_weights, "s/B", 2.19e-08, 1e-12, 2e-7, "quantising weights on the host, per byte"),
    METER(gemm_warm_bf16, NULL, 0.0763, 1e-3, 1, "power before the first case, share of its own above rest"),
    METER(gemm_warm_fp8, NULL, 0.425, 1e-3, 1, "power before the first case"),
    METER(gemm_warm_fp8_block, NULL, 0.001, 1e-3, 1, "power before the first case"),
    METER(gemm_warm_nvfp4, NULL, 0.0737, 1e-3, 1, "power before the first case"),
    METER(experts_launch, "s", 0.00104, 5e-6, 3e-3, "host time of one expert layer"),
    METER(experts_setup, "s", 0.0511, 1e-3, 20, "rest between two cases, balanced routing"),
    METER(experts_routing, "s", 0.0515, 1e-3, 20, "rest between two cases, drawn routing"),
    METER(experts_warm, NULL, 0.00628, 1e-3, 1, "power before the first case"),
    METER(prefill_launch, "s", 0.00146, 5e-6, 5e-3, "host time of one prefill attention"),
    METER(prefill_setup, "s", 0.0136, 1e-3, 20, "rest between two cases"),
    METER(prefill_warm, NULL, 0.0256, 1e-3, 1, "power before the first case"),
    METER(prefill_cases, NULL, 2.58, 0.3, 8, "cases of one batch and length on one worker"),
    METER(prefill_narrow_launch, "s", 0.000222, 5e-6, 5e-3,
          "host time of one prefill attention with head dimension 64"),
    METER(prefill_narrow_setup, "s", 0.118, 1e-3, 20, "rest between two cases with head dimension 64"),
    METER(prefill_narrow_cases, NULL, 0.45, 0.3, 8,
          "cases of one batch and length on one worker with head dimension 64"),
    METER(decode_launch, "s", 0.000616, 5e-6, 5e-3, "host time of one decode attention"),
    METER(decode_compile, "s", 0.876, 1e-3, 20, "rest between two cases of the first batch size"),
    METER(decode_settle, NULL, 0.293, 1e-3, 2, "decay of that with each further batch size"),
    METER(decode_setup, "s", 0.001, 1e-3, 2, "rest between two cases once everything is compiled"),
    METER(decode_warm, NULL, 0.0833, 1e-3, 1, "power before the first case"),
    METER(mla_prefill_launch, "s", 0.0003, 5e-6, 5e-3, "host time of one latent prefill attention"),
    METER(mla_prefill_setup, "s", 0.203, 1e-3, 20, "rest between two cases"),
    METER(mla_prefill_warm, NULL, 0.001, 1e-3, 1, "power before the first case"),
    METER(mla_prefill_cases, NULL, 1.09, 0.3, 8, "cases of one batch and length on one worker"),
    METER(mla_decode_launch, "s", 0.0003, 5e-6, 5e-3, "host time of one latent decode attention"),
    METER(mla_decode_setup, "s", 0.659, 1e-3, 20, "rest between two cases"),
    METER(mla_decode_warm, NULL, 0.434, 1e-3, 1, "power before the first case"),
    METER(mla_decode_cases, NULL, 1.7, 0.3, 8, "cases of one batch and length on one worker"),
};

const clx_schema clx_power_meter_schema = {
    .name = "power_meter",
    .doc = "how the power column of kernel tables was measured",
    .rows = meter_rows,
    .count = sizeof meter_rows / sizeof meter_rows[0],
    .size = sizeof(clx_power_meter),
};

enum { SAMPLES = 5 };

// How one case is measured.
typedef struct protocol {
  clx_power_kind kind;
  double data_matrix, data_memory;
  double repeats;   // kernels in one run
  double launch;    // s of the host per run
  double warm_ups;  // runs before the meter is sampled
  double setup;     // s
  double warm;
  double cases;  // > 0: so many cases of each shape on one worker
} protocol;

static double gemm_setup(const clx_power_meter *m, clx_kernel_format format, const double *shape, double repeats) {
  const double weights = shape[1] * shape[2] * clx_kernel_format_bytes(format);
  switch (format) {
    case CLX_KERNEL_FP8:
      return m->gemm_setup_fp8;
    case CLX_KERNEL_FP8_BLOCK:
      return shape[0] > 128 ? m->gemm_setup_compiled : m->gemm_setup_fp8_block;
    case CLX_KERNEL_NVFP4:
      return m->gemm_setup_nvfp4 + (repeats > 1 ? m->gemm_setup_weights * weights * repeats : 0);
    case CLX_KERNEL_BF16:
    case CLX_KERNEL_FP32:
    case CLX_KERNEL_INT8:
    case CLX_KERNEL_FORMATS:
      break;
  }
  return m->gemm_setup_bf16;
}

static double gemm_warm(const clx_power_meter *m, clx_kernel_format format) {
  switch (format) {
    case CLX_KERNEL_FP8:
      return m->gemm_warm_fp8;
    case CLX_KERNEL_FP8_BLOCK:
      return m->gemm_warm_fp8_block;
    case CLX_KERNEL_NVFP4:
      return m->gemm_warm_nvfp4;
    case CLX_KERNEL_BF16:
    case CLX_KERNEL_FP32:
    case CLX_KERNEL_INT8:
    case CLX_KERNEL_FORMATS:
      break;
  }
  return m->gemm_warm_bf16;
}

// Weights come in enough copies, up to five, to overflow the last-level cache.
static protocol gemm_protocol(const clx_device *device, const clx_power_meter *m, clx_kernel_format format,
                              const double *shape) {
  const double element = format == CLX_KERNEL_NVFP4 ? 0.5 : floor(clx_kernel_format_bytes(format));
  const double copies = fmin(fmax(ceil(device->l2 / (shape[1] * shape[2] * element)), 1), 5);
  return (protocol){
      CLX_POWER_GEMM,       1, 1, copies, m->gemm_launch * copies, 6, gemm_setup(m, format, shape, copies),
      gemm_warm(m, format), 0};
}

static protocol protocol_of(const clx_device *device, const clx_power_meter *m, clx_power_sweep sweep,
                            clx_kernel_format format, const double *shape) {
  switch (sweep) {
    case CLX_SWEEP_GEMM:
      break;
    case CLX_SWEEP_EXPERTS: {
      const bool drawn = shape[7] > 0;  // five drawn routings in one run
      const double repeats = drawn ? 5 : 1;
      return (protocol){CLX_POWER_EXPERTS,
                        m->data_experts,
                        m->data_experts,
                        repeats,
                        m->experts_launch * repeats,
                        4,
                        drawn ? m->experts_routing : m->experts_setup,
                        m->experts_warm,
                        0};
    }
    case CLX_SWEEP_PREFILL: {
      const bool narrow = shape[5] <= 64;
      return (protocol){CLX_POWER_PREFILL,
                        1,
                        1,
                        1,
                        narrow ? m->prefill_narrow_launch : m->prefill_launch,
                        20,
                        narrow ? m->prefill_narrow_setup : m->prefill_setup,
                        m->prefill_warm,
                        narrow ? m->prefill_narrow_cases : m->prefill_cases};
    }
    case CLX_SWEEP_DECODE: {
      const double compile = m->decode_compile * exp(-m->decode_settle * clx_power_sweep_rank(shape[0]));
      return (protocol){CLX_POWER_DECODE, 1, m->data_decode, 1, m->decode_launch, 20, compile + m->decode_setup,
                        m->decode_warm,   0};
    }
    case CLX_SWEEP_MLA_PREFILL:
      return (protocol){
          CLX_POWER_PREFILL,   1, 1, 1, m->mla_prefill_launch, 20, m->mla_prefill_setup, m->mla_prefill_warm,
          m->mla_prefill_cases};
    case CLX_SWEEP_MLA_DECODE:
      return (protocol){CLX_POWER_DECODE,   1, 1, 1, m->mla_decode_launch, 20, m->mla_decode_setup, m->mla_decode_warm,
                        m->mla_decode_cases};
    case CLX_SWEEPS:
      break;
  }
  return gemm_protocol(device, m, format, shape);
}

// Length of the sampled repetition: a second, or 0.3 s for runs below 0.1 ms as the host sees them, at most 3000 runs.
static double repetition(const protocol *how, double time) {
  const double run = fmax(how->launch, time * how->repeats);
  const double runs = fmin(fmax((run < 1e-4 ? 0.3 : 1) / run + 1, 6), 3000);
  return runs * time * how->repeats;
}

// A stretch of constant power that began `start + length` before the first sample and ended `start` before it.
typedef struct stretch {
  double power, start, length;
} stretch;

// Mean reading above rest of samples spread evenly over the repetition of `length`, after `count` stretches.
static double mean_reading(const clx_power_meter *m, double power, double length, const stretch *past, int count) {
  const double last = fmax(0, length - 0.05);
  double sum = 0;
  for (int i = 0; i < SAMPLES; i++) {
    const double position = last * (i + 0.5) / SAMPLES;
    const double reach = fmax(m->window - position, 0);  // into the past
    double energy = power * fmin(position, m->window);
    for (int j = 0; j < count; j++) {
      energy += past[j].power * fmax(0, fmin(reach, past[j].start + past[j].length) - past[j].start);
    }
    sum += energy / m->window;
  }
  return sum / SAMPLES;
}

// --- walking the sweep backwards -------------------------------------------------------------------------------------

bool clx_power_walk_start(clx_power_walk *walk, const clx_device *device, const clx_kernel_family *family,
                          clx_kernel_format format, const void *family_parameters, const void *shape, double time) {
  const clx_power_sweep sweep = clx_power_sweep_of(family);
  if (sweep == CLX_SWEEPS || family->column_count > CLX_KERNEL_COLUMNS_MAX) return false;
  *walk = (clx_power_walk){.device = device,
                           .family = family,
                           .family_parameters = family_parameters,
                           .format = format,
                           .sweep = (int32_t)sweep,
                           .known = 1};
  memcpy(walk->shape, shape, sizeof(double) * (size_t)family->column_count);
  memcpy(walk->place, walk->shape, sizeof walk->place);
  walk->step[0] = (clx_power_step){family->cost(device, format, family_parameters, shape),
                                   clx_power_operands(sweep, format, walk->shape)};
  if (time > 0) walk->step[0].cost.time = time;
  return true;
}

// The kernel that ran `index` cases before; NULL when the sweep began later.
static const clx_power_step *step_at(clx_power_walk *walk, int32_t index) {
  const clx_power_sweep sweep = (clx_power_sweep)walk->sweep;
  while (walk->known <= index && !walk->ended) {
    walk->ended = !clx_power_sweep_back(sweep, walk->place);
    if (walk->ended) break;
    walk->step[walk->known++] = (clx_power_step){
        walk->family->cost(walk->device, walk->format, walk->family_parameters, walk->place),
        clx_power_operands(sweep, walk->format, walk->place),
    };
  }
  return index < walk->known ? &walk->step[index] : NULL;
}

static double power_of_step(const clx_power_walk *walk, const clx_power_parameters *p, const protocol *how,
                            const clx_power_step *step) {
  const clx_power_work work = {how->kind, walk->format, step->cost, step->operands, how->data_matrix, how->data_memory};
  return clx_power_above_rest(walk->device, p, &work);
}

double clx_power_walk_reading(clx_power_walk *walk, const clx_power_parameters *p, const clx_power_meter *m) {
  const protocol how = protocol_of(walk->device, m, (clx_power_sweep)walk->sweep, walk->format, walk->shape);
  const double time = walk->step[0].cost.time, power = power_of_step(walk, p, &how, &walk->step[0]);
  const double length = repetition(&how, time);

  stretch past[CLX_POWER_HISTORY + 2];
  int count = 0;
  past[count++] = (stretch){power, 0, how.warm_ups * how.repeats * time};
  double start = past[0].length + how.setup, level = power;
  for (int32_t i = 1; i <= CLX_POWER_HISTORY && start < m->window; i++) {
    const clx_power_step *before = step_at(walk, i);
    if (before == NULL) break;
    level = power_of_step(walk, p, &how, before);
    double busy = repetition(&how, before->cost.time) + how.warm_ups * how.repeats * before->cost.time;
    if (how.cases > 0) {  // cases and the rests between them as one stretch
      level *= busy / (busy + how.setup);
      busy = how.cases * (busy + how.setup);
      past[count++] = (stretch){level, start, busy};
      start += busy;
    } else {
      past[count++] = (stretch){level, start, busy};
      start += busy + how.setup;
    }
  }
  past[count++] = (stretch){how.warm * level, start, m->window};
  return p->rest * walk->device->tdp + mean_reading(m, power, length, past, count);
}

double clx_power_reading(const clx_device *device, const clx_power_parameters *p, const clx_power_meter *m,
                         const clx_kernel_family *family, clx_kernel_format format, const void *family_parameters,
                         const void *shape, double time) {
  clx_power_walk walk;
  if (!clx_power_walk_start(&walk, device, family, format, family_parameters, shape, time)) return 0;
  return clx_power_walk_reading(&walk, p, m);
}

// --- which parameter matters where -----------------------------------------------------------------------------------

static bool starts_with(const char *text, const char *start) { return strncmp(text, start, strlen(start)) == 0; }

static bool ends_with(const char *text, const char *end) {
  const size_t length = strlen(text), tail = strlen(end);
  return length > tail && strcmp(text + length - tail, end) == 0;
}

// Parameters of one sweep start with its name, those of one number format end with its name.
bool clx_power_touches(const char *parameter, const clx_kernel_family *family, clx_kernel_format format) {
  static const struct {
    const char *start;
    unsigned sweeps;
  } only[] = {
      {"gemm_", 1U << CLX_SWEEP_GEMM},
      {"experts_", 1U << CLX_SWEEP_EXPERTS},
      {"prefill_", 1U << CLX_SWEEP_PREFILL},
      {"decode_", 1U << CLX_SWEEP_DECODE},
      {"mla_prefill_", 1U << CLX_SWEEP_MLA_PREFILL},
      {"mla_decode_", 1U << CLX_SWEEP_MLA_DECODE},
      {"issue_gemm", 1U << CLX_SWEEP_GEMM},
      {"issue_experts", 1U << CLX_SWEEP_EXPERTS},
      {"issue_prefill", 1U << CLX_SWEEP_PREFILL | 1U << CLX_SWEEP_MLA_PREFILL},
      {"issue_decode", 1U << CLX_SWEEP_DECODE | 1U << CLX_SWEEP_MLA_DECODE},
      {"issue_stream", 0},  // no family streams
      {"data_experts", 1U << CLX_SWEEP_EXPERTS},
      {"data_decode", 1U << CLX_SWEEP_DECODE},
  };
  const clx_power_sweep sweep = clx_power_sweep_of(family);
  if (sweep == CLX_SWEEPS) return false;
  for (int32_t i = 0; i < CLX_COUNT(only); i++) {
    if (starts_with(parameter, only[i].start) && (only[i].sweeps & 1U << sweep) == 0) return false;
  }
  static const char *const ends[] = {"_bf16", "_fp8", "_fp8_block", "_nvfp4", "_compiled", "_weights"};
  static const clx_kernel_format of[] = {CLX_KERNEL_BF16,  CLX_KERNEL_FP8,       CLX_KERNEL_FP8_BLOCK,
                                         CLX_KERNEL_NVFP4, CLX_KERNEL_FP8_BLOCK, CLX_KERNEL_NVFP4};
  if (format == CLX_KERNEL_FP32) format = CLX_KERNEL_BF16;
  const bool int8 = format == CLX_KERNEL_INT8;  // multiplies as fp8, set up as bf16
  for (int32_t i = 0; i < CLX_COUNT(ends); i++) {
    if (ends_with(parameter, ends[i]) && of[i] != format && !int8) return false;
  }
  return true;
}
