// Elasticities: how much the step answers to a percent more of each number that goes into it.
#include <math.h>
#include <stdio.h>

#include "twin/twin_why.h"

enum { TARGETS_MAX = 6 };

// Numbers that an input scales together: `count` of them, `stride` bytes apart; or, with `times`, all rows in seconds of so
// many structs of that schema.
typedef struct target {
  clx_why_part part;
  size_t offset;
  int32_t count;
  size_t stride;
  const clx_schema *times;
  bool back;  // by the inverse: takes one number out of what stands before
} target;

// What a change of it means. A step whose rates all grow by a factor and whose times all shrink by it is shorter by that factor:
// elasticities of rates less those of times add up to -1 (Euler, homogeneous functions).
typedef enum kind {
  RATE,    // per second: work, bytes, cycles, energy
  TIME,    // seconds that nothing shortens
  AMOUNT,  // bytes
  PLAIN,   // a factor
  SHARE    // between 0 and 1: changed by points, not by a factor
} kind;

typedef struct input {
  const char *key, *title, *unit;
  kind kind;
  target target[TARGETS_MAX];  // the first says the value
} input;

#define BACK(member) \
  { .part = CLX_WHY_SOFTWARE, .offset = offsetof(clx_software, member), .count = 1, .back = true }
#define MEMBER(which, type, member) \
  { .part = (which), .offset = offsetof(type, member), .count = 1 }
#define DEVICE(member) MEMBER(CLX_WHY_DEVICE, clx_device, member)
#define NETWORK(member) MEMBER(CLX_WHY_NETWORK, clx_network, member)
#define SOFTWARE(member) MEMBER(CLX_WHY_SOFTWARE, clx_software, member)
#define JOB(member) MEMBER(CLX_WHY_JOB, clx_training, member)
// Power at rest is a share of the tdp: what changes the limit alone takes it back.
#define REST(inverse) \
  { .part = CLX_WHY_KERNELS, .offset = offsetof(clx_kernels, power.rest), .count = 1, .back = (inverse) }
#define PEAK(format) \
  { .part = CLX_WHY_DEVICE, .offset = offsetof(clx_device, peak) + (format) * sizeof(double), .count = 1 }
#define TIMES(which, type, member, schema, many) \
  { .part = (which), .offset = offsetof(type, member), .count = (many), .times = &(schema) }
#define KERNELS(family) \
  TIMES(CLX_WHY_KERNELS, clx_kernels, family, clx_##family##_schema, CLX_COUNT(((clx_kernels *)0)->family))
#define LEVELS(member)                                                                                    \
  {                                                                                                       \
    .part = CLX_WHY_NETWORK, .offset = offsetof(clx_network, level) + offsetof(clx_fabric_level, member), \
    .count = CLX_FABRIC_LEVELS_MAX, .stride = sizeof(clx_fabric_level)                                    \
  }

static const input INPUTS[] = {
    {"peak_bf16", "matrix units, bf16", "FLOP/s", RATE, {PEAK(CLX_BF16)}},
    {"peak_fp8", "matrix units, fp8", "FLOP/s", RATE, {PEAK(CLX_FP8)}},
    {"peak_fp4", "matrix units, fp4", "FLOP/s", RATE, {PEAK(CLX_FP4)}},
    {"memory_bandwidth", "memory bandwidth", "B/s", RATE, {DEVICE(memory_bandwidth)}},
    {"clock", "clock of caches and exponentials", "Hz", RATE, {DEVICE(clock)}},
    {"power_limit", "power limit of the GPU", "W", RATE, {DEVICE(tdp), REST(true), JOB(power_cap)}},
    {"power_at_rest", "power of the GPU at rest", "W", RATE, {DEVICE(idle_power), REST(false)}},
    {"multiply_energy",
     "energy of a multiply-add",
     "J/FLOP",
     PLAIN,
     {{.part = CLX_WHY_DEVICE,
       .offset = offsetof(clx_device, multiply_energy) + CLX_BF16 * sizeof(double),
       .count = CLX_FORMATS - CLX_BF16}}},
    {"nvlink", "NVLink bandwidth", "B/s", RATE, {DEVICE(nvlink), NETWORK(nvlink)}},
    {"nic", "NIC rate of a GPU", "B/s", RATE, {NETWORK(nic)}},
    {"pcie", "PCIe bandwidth", "B/s", RATE, {DEVICE(pcie)}},
    {"host_link", "coherent link to host memory", "B/s", RATE, {DEVICE(host_link)}},
    {"kernel_times", "start and end of kernels", "s", TIME, {DEVICE(kernel_time), KERNELS(gemm)}},
    {"nvlink_latency", "latency of collectives in a node", "s", TIME, {KERNELS(nccl)}},
    {"network_latency",
     "latency of collectives between nodes",
     "s",
     TIME,
     {TIMES(CLX_WHY_LIBRARY, clx_library, name, clx_library_schema, 1),
      TIMES(CLX_WHY_TRANSPORT, clx_transport, name, clx_transport_schema, 1), LEVELS(latency)}},
    {"launch_interval", "host time to start a kernel", "s", TIME, {SOFTWARE(launch_interval)}},
    {"step_overhead", "work of the host once a step", "s", TIME, {SOFTWARE(step_overhead)}},
    {"host_times",
     "other work of the host (experts)",
     "s",
     TIME,
     {TIMES(CLX_WHY_SOFTWARE, clx_software, name, clx_software_schema, 1), BACK(launch_interval), BACK(step_overhead)}},
    {"host_speed", "time of the host processor for it", "", PLAIN, {DEVICE(host_time)}},
    {"l2", "last-level cache", "B", AMOUNT, {DEVICE(l2)}},
    {"gradient_bytes", "gradient, bytes a parameter", "B", AMOUNT, {SOFTWARE(gradient_bytes)}},
    {"fsdp_reduce_bytes", "gradient reduced by FSDP, bytes a parameter", "B", AMOUNT, {SOFTWARE(fsdp_reduce_bytes)}},
    {"parameter_bytes", "narrow weights, bytes a parameter", "B", AMOUNT, {SOFTWARE(parameter_bytes)}},
    {"optimizer_bytes", "optimizer state, bytes a parameter", "B", AMOUNT, {SOFTWARE(optimizer_bytes)}},
    {"update_bytes", "traffic of the optimizer, bytes a parameter", "B", AMOUNT, {SOFTWARE(update_bytes)}},
    {"accumulate_bytes", "traffic of gradient accumulation", "B", AMOUNT, {SOFTWARE(accumulate_bytes)}},
    {"sustained_clock",
     "clock kept in training",
     "",
     PLAIN,
     {{.part = CLX_WHY_DEVICE, .offset = offsetof(clx_device, sustained_clock), .count = CLX_FORMATS}}},
    {"speed_spread", "spread of speeds between GPUs", "", PLAIN, {DEVICE(speed_spread)}},
    {"nic_efficiency", "NIC rate that the fabric lets through", "", SHARE, {NETWORK(nic_efficiency)}},
    {"thinning", "oversubscription of the fabric", "", PLAIN, {LEVELS(thinning)}},
    {"gemm_speed", "speed of the GEMM library", "", PLAIN, {SOFTWARE(gemm_speed)}},
    {"attention_speed", "speed of the attention kernel", "", PLAIN, {SOFTWARE(attention_speed)}},
    {"expert_imbalance", "fullest expert rank against the mean", "", PLAIN, {SOFTWARE(expert_imbalance)}},
    {"aligned_gemm", "slowdown of unaligned GEMMs", "", PLAIN, {SOFTWARE(aligned_gemm)}},
    {"fusion", "fusion of elementwise kernels", "", SHARE, {SOFTWARE(fusion)}},
    {"tp_overlap", "TP transfers behind GEMMs", "", SHARE, {SOFTWARE(tp_overlap)}},
    {"expert_overlap", "expert transfers behind compute", "", SHARE, {SOFTWARE(expert_overlap)}},
    {"expert_dedup", "tokens sent once to a node", "", SHARE, {SOFTWARE(expert_dedup)}},
    {"expert_graphs", "expert layers in CUDA graphs", "", SHARE, {SOFTWARE(expert_graphs)}},
    {"expert_graphs_rack", "expert layers in CUDA graphs, racks", "", SHARE, {SOFTWARE(expert_graphs_rack)}},
    {"selective_gemm", "GEMMs that selective recompute repeats", "", SHARE, {SOFTWARE(selective_gemm)}},
};

// --- changing a number -----------------------------------------------------------------------------------------------

static void scale_times(const clx_schema *schema, char *object, double factor) {
  for (int32_t i = 0; i < schema->count; i++) {
    const clx_row *row = &schema->rows[i];
    if (row->kind == CLX_ROW_STRUCT) scale_times(row->sub, object + row->offset, factor);
    if (row->kind != CLX_ROW_REAL || !clx_text_equal(row->unit, "s")) continue;
    double *value = (double *)(void *)(object + row->offset);
    *value *= factor;
  }
}

static double *number_of(const target *t, void *object, int32_t index) {
  const size_t stride = t->stride > 0 ? t->stride : sizeof(double);
  return (double *)(void *)((char *)object + t->offset + (size_t)index * stride);
}

// x becomes x factor + points, within the range of the kind.
static void change_target(const target *t, void *object, kind k, double factor, double points) {
  for (int32_t i = 0; i < t->count; i++) {
    if (t->times != NULL) {
      scale_times(t->times, (char *)object + t->offset + (size_t)i * t->times->size, factor);
      continue;
    }
    double *value = number_of(t, object, i);
    *value = t->back ? *value / factor : *value * factor + points;
    if (k == SHARE) *value = fmin(fmax(*value, 0), 1);
  }
}

static void change(const input *in, clx_why_case *c, double factor, double points) {
  for (int32_t i = 0; i < TARGETS_MAX && in->target[i].count > 0; i++) {
    void *object;
    for (int32_t k = 0; (object = clx_why_object(c, in->target[i].part, k)) != NULL; k++) {
      change_target(&in->target[i], object, in->kind, factor, points);
    }
  }
}

// Its value, where it has one: a group of times has none.
static bool value_of(const input *in, clx_why_case *c, double *value) {
  const target *t = &in->target[0];
  void *object = clx_why_object(c, t->part, 0);
  if (object == NULL || t->times != NULL) return false;
  *value = *number_of(t, object, 0);
  return true;
}

// --- elasticities ----------------------------------------------------------------------------------------------------

static const double PERCENT = 0.01, POINTS = 0.02;  // by which factors and shares are changed, both ways
static const double MORE = 0.1;                     // what `effect` is the effect of

// To one side of the present value.
typedef struct side {
  double way;    // how far, in ln(input) or points; 0 = the input ends here
  double slope;  // d ln step / d ln input (of shares: / d input), a jump left out
  double jump;   // ln step right beside the present value against there
} side;

static clx_status changed_step(const clx_training *job, const input *in, double way, double base, clx_why_case *scratch,
                               double *change_of_step, clx_error *error) {
  clx_step step;
  clx_why_copy(job, scratch);
  change(in, scratch, in->kind == SHARE ? 1 : exp(way), in->kind == SHARE ? way : 0);
  CLX_TRY(clx_why_step(scratch, &step, error));
  *change_of_step = log(step.step_time / base);
  return CLX_OK;
}

// From the whole way and half of it. Half of the change is a slope, nearly all of it a jump at the start (a feature that a share of
// zero switches off, one more wave of tiles), little of it something behind the half, which is not what is asked for.
static clx_status look(const clx_training *job, const input *in, double way, double base, clx_why_case *scratch,
                       side *out, clx_error *error) {
  static const double NOISE = 1e-5, JUMP = 5e-4;  // the task graph is evaluated in floats; below, a kink on the way
  double whole, half;
  *out = (side){.way = way};
  if (way == 0) return CLX_OK;
  CLX_TRY(changed_step(job, in, way, base, scratch, &whole, error));
  CLX_TRY(changed_step(job, in, way / 2, base, scratch, &half, error));
  const double ratio = fabs(whole) > NOISE ? half / whole : 0.5;
  if (ratio > 0.8 && fabs(2 * half - whole) > JUMP) {
    out->slope = (whole - half) / (way / 2);
    out->jump = 2 * half - whole;
  } else {
    out->slope = ratio < 0.2 ? half / (way / 2) : whole / way;
  }
  return CLX_OK;
}

// Both sides. Equal ways in ln(input), so that a power law has its exponent.
static clx_status respond(const clx_training *job, const input *in, double value, double base, clx_why_case *scratch,
                          side *up, side *down, clx_error *error) {
  const bool share = in->kind == SHARE;
  CLX_TRY(look(job, in, share ? fmin(POINTS, 1 - value) : log1p(PERCENT), base, scratch, up, error));
  CLX_TRY(look(job, in, share ? -fmin(POINTS, value) : -log1p(PERCENT), base, scratch, down, error));
  if (up->way == 0) up->slope = down->slope;  // a share of 1 has one side only, and so has one of 0
  if (down->way == 0) down->slope = up->slope;
  return CLX_OK;
}

static clx_status put(const input *in, const char *what, double value, const char *unit, const char *doc,
                      clx_result *result, clx_error *error) {
  char name[96];
  snprintf(name, sizeof name, "why.input.%s.%s", in->key, what);
  return clx_twin_put(result, name, value, unit, doc, error);
}

static clx_status put_facts(const input *in, clx_result *result, clx_error *error) {
  const bool software = in->target[0].part == CLX_WHY_SOFTWARE;
  char name[96];
  snprintf(name, sizeof name, "why.input.%s.title", in->key);
  CLX_TRY(clx_result_add_text(result, name, in->title, error));
  snprintf(name, sizeof name, "why.input.%s.side", in->key);
  return clx_result_add_text(result, name, software ? "software" : "hardware", error);
}

static clx_status put_response(const input *in, const side *up, const side *down, clx_result *result,
                               clx_error *error) {
  const bool share = in->kind == SHARE;
  const double mean = (up->slope + down->slope) / 2;
  CLX_TRY(put(in, "elasticity", mean, "",
              share ? "relative change of the step over the change of the share"
                    : "relative change of the step over relative change of the input",
              result, error));
  CLX_TRY(put(in, "up", up->slope, "", "the same towards more of it alone", result, error));
  CLX_TRY(put(in, "down", down->slope, "", "the same towards less of it alone", result, error));
  if (up->jump != 0) {
    CLX_TRY(put(in, "jump_up", up->jump, "", "relative change of the step by the least bit more of it", result, error));
  }
  if (down->jump != 0) {
    CLX_TRY(
        put(in, "jump_down", down->jump, "", "relative change of the step by the least bit less of it", result, error));
  }
  return put(in, "effect", MORE * mean, "",
             share ? "relative change of the step by 10 points more of it, in proportion"
                   : "relative change of the step by 10 % more of it, in proportion",
             result, error);
}

clx_status clx_why_inputs(const clx_training *job, const clx_step *base, clx_arena *arena, clx_result *result,
                          clx_error *error) {
  clx_why_case *scratch = CLX_NEW(arena, clx_why_case);
  if (scratch == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < CLX_COUNT(INPUTS); i++) {
    const input *in = &INPUTS[i];
    double value = 0;
    side up, down;
    clx_why_copy(job, scratch);
    const bool valued = value_of(in, scratch, &value);
    if (valued && value == 0 && in->kind != SHARE) continue;  // the device or the job has no such thing
    CLX_TRY(respond(job, in, value, base->step_time, scratch, &up, &down, error));
    CLX_TRY(put_facts(in, result, error));
    if (valued) CLX_TRY(put(in, "value", value, in->unit, in->title, result, error));
    CLX_TRY(put_response(in, &up, &down, result, error));
  }
  return CLX_OK;
}
