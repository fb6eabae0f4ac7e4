// Time and energy of kernels, one after another on one GPU.
#include <math.h>

#include "serving/serving_internal.h"

// Share of the rated power that a kernel may draw: the controller averages over a second, and many iterations pass in that.
// Measured on an H100 (docs/model/device/power.md).
static const double BURST = 1.13;

static const struct {
  const clx_kernel_family *family;
  clx_draw_kind kind;
} DRAWS[] = {
    {&clx_kernel_gemm, CLX_DRAW_MULTIPLY},
    {&clx_kernel_moe, CLX_DRAW_MULTIPLY},
    {&clx_kernel_attention_context, CLX_DRAW_ATTENTION},
    {&clx_kernel_mla_context, CLX_DRAW_ATTENTION},
    {&clx_kernel_attention_generation, CLX_DRAW_STREAM},
    {&clx_kernel_mla_generation, CLX_DRAW_STREAM},
    {&clx_kernel_memory, CLX_DRAW_STREAM},
    {&clx_kernel_custom_allreduce, CLX_DRAW_COMMUNICATE},
    {&clx_kernel_nccl, CLX_DRAW_COMMUNICATE},
};

static clx_draw_kind draw_of(const clx_kernel_family *family) {
  for (int32_t i = 0; i < CLX_COUNT(DRAWS); i++) {
    if (DRAWS[i].family == family) return DRAWS[i].kind;
  }
  return CLX_DRAW_STREAM;
}

// The part of a kernel's time in which it moves bytes at the streaming rate; launch, drain and arithmetic fill the rest.
static double moving_time(const clx_device *device, const clx_kernel_cost *cost) {
  return fmin(cost->time, cost->bytes / (CLX_SERVING_STREAMING * device->memory_bandwidth));
}

// One kind of kernel on one device.
typedef struct kernel {
  const clx_device *device;
  const clx_kernel_cost *cost;
  clx_draw_kind kind;
  clx_kernel_format format;
  double moving, fixed;  // s: it moves bytes; that do not follow the clock
} kernel;

// J in `time`, of which `moving` moves its bytes: memory draws at its full rate, then rests.
static double energy_of(const kernel *k, double clock, double time, double most) {
  const clx_kernel_cost *cost = k->cost;
  clx_draw_load load = {.kind = k->kind, .format = k->format, .flop = cost->flop / time, .link = cost->link_bytes / time};
  const double resting = time - k->moving;
  double energy = resting > 0 ? resting * clx_device_draw(k->device, &load, clock, most) : 0;
  if (k->moving > 0) {
    load.bytes = cost->bytes / k->moving;
    energy += k->moving * clx_device_draw(k->device, &load, clock, most);
  }
  return energy;
}

// The clock at which cost->time holds: below 1 for a kernel that alone already meets the limit of the board.
static double clock_of(const kernel *k) {
  const double most = BURST * k->device->tdp, time = k->cost->time;
  if (energy_of(k, 1, time, INFINITY) <= most * time) return 1;
  double low = CLX_POWER_CLOCK_MINIMUM, high = 1;
  for (int32_t step = 0; step < 12; step++) {
    const double middle = (low + high) / 2;
    if (energy_of(k, middle, time, INFINITY) <= most * time) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

void clx_serving_add_cost(clx_serving_sum *sum, clx_serving_part part, clx_draw_kind kind, clx_kernel_format format,
                          const clx_kernel_cost *cost, double busy, double times) {
  if (!(times > 0) || !(cost->time > 0)) return;
  const clx_device *device = sum->serving->device;
  kernel k = {device, cost, kind, format, moving_time(device, cost), 0};
  k.fixed = kind == CLX_DRAW_COMMUNICATE ? cost->time : k.moving;
  const double alone = clock_of(&k), clock = fmin(sum->clock, alone);
  const double time = k.fixed + (cost->time - k.fixed) * alone / clock, working = fmax(time * busy, k.moving);
  clx_serving_cost *c = &sum->cost;
  c->flop += times * cost->flop;
  c->bytes += times * cost->bytes;
  c->link += times * cost->link_bytes;
  c->part[part].time += times * working;
  c->part[part].energy += times * energy_of(&k, clock, working, BURST * device->tdp);
  sum->launches += times;
  clx_serving_add_wait(sum, times * (time - working));
}

void clx_serving_add(clx_serving_sum *sum, clx_serving_part part, const clx_kernel_family *family,
                     clx_kernel_format format, const void *shape, double times) {
  const clx_device *device = sum->serving->device;
  const void *parameters = clx_kernels_set(device->kernels, family, family->set_of[format]);
  const clx_kernel_cost cost = family->cost(device, format, parameters, shape);
  clx_serving_add_cost(sum, part, draw_of(family), format, &cost, 1, times);
}

void clx_serving_add_stream(clx_serving_sum *sum, clx_serving_part part, double bytes, double times) {
  const clx_memory_shape shape = {.bytes = fmax(bytes, 1)};
  clx_serving_add(sum, part, &clx_kernel_memory, CLX_KERNEL_BF16, &shape, times);
}

void clx_serving_add_wait(clx_serving_sum *sum, double time) {
  if (!(time > 0)) return;
  sum->cost.part[CLX_SERVING_WAIT].time += time;
  sum->cost.part[CLX_SERVING_WAIT].energy += time * sum->rest;
}
