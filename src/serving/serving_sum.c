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
    {&clx_kernel_alltoall, CLX_DRAW_COMMUNICATE},
};

static clx_draw_kind draw_of(const clx_kernel_family *family) {
  for (int32_t i = 0; i < CLX_COUNT(DRAWS); i++) {
    if (DRAWS[i].family == family) return DRAWS[i].kind;
  }
  return CLX_DRAW_STREAM;
}

// Bytes per processor and clock that the last-level cache passes on: 5.6 TB/s on an H100 at 1.98 GHz (Chips and Cheese, "Nvidia's
// H100: Funny L2, and Tons of Bandwidth", 2023). At full clock device memory is the narrower of the two on all devices here.
static const double CACHE_RATE = 21.4;

double clx_serving_cache_bandwidth(const clx_device *device) { return CACHE_RATE * device->processors * device->clock; }

// The part of a kernel's time in which it moves bytes at the streaming rate; launch, drain and arithmetic fill the rest.
static double moving_time(const clx_device *device, const clx_kernel_cost *cost) {
  return fmin(cost->time, cost->bytes / (CLX_SERVING_STREAMING * device->memory_bandwidth));
}

// Time of moving bytes against that at full clock: a clock so low that the cache becomes the narrower one stretches it.
static double stretch(const clx_device *device, double clock) {
  const double memory = CLX_SERVING_STREAMING * device->memory_bandwidth;
  return fmax(1, memory / (fmax(memory, clx_serving_cache_bandwidth(device)) * clock));
}

// One kind of kernel on one device.
typedef struct kernel {
  const clx_device *device;
  const clx_kernel_cost *cost;
  clx_draw_kind kind;
  clx_kernel_format format;
  double moving;  // s in which it moves bytes, within cost->time
} kernel;

// W at a clock, of rates that hold there: the law of kernels under a limit (docs/model/device/power.md, section 2). What runs follows
// the clock, all but idle power and the memory's own supply follow the voltage. clx_device_draw says how much there is of each.
static double draw_at(const kernel *k, const clx_draw_load *load, double clock, double most) {
  const clx_device *device = k->device;
  const double all = clx_device_draw(device, load, 1, INFINITY);
  if (clock >= 1) return fmin(all, most);
  const clx_power_parameters *p = &device->kernels->power;
  clx_draw_load part = {.kind = load->kind, .format = load->format};
  const double running = clx_device_draw(device, &part, 1, INFINITY);
  part.bytes = load->bytes;
  const double memory = load->bytes > 0 ? clx_device_draw(device, &part, 1, INFINITY) - running : 0;
  const double v = p->voltage_floor + (1 - p->voltage_floor) * clock, own = p->memory_own * memory;
  const double watt =
      device->idle_power + (running - device->idle_power) * clock * v * v + (all - running - own) * v * v + own;
  return fmin(watt, most);
}

// J in `time`, of which `moving` moves its bytes: memory draws at its full rate, then rests.
static double energy_of(const kernel *k, double clock, double moving, double time, double most) {
  const clx_kernel_cost *cost = k->cost;
  clx_draw_load load = {
      .kind = k->kind, .format = k->format, .flop = cost->flop / time, .link = cost->link_bytes / time};
  const double resting = time - moving;
  double energy = resting > 0 ? resting * draw_at(k, &load, clock, most) : 0;
  if (moving > 0) {
    load.bytes = cost->bytes / moving;
    energy += moving * draw_at(k, &load, clock, most);
  }
  return energy;
}

// The clock at which cost->time holds: below 1 for a kernel that alone already meets the limit of the board.
static double clock_of(const kernel *k) {
  const double most = BURST * k->device->tdp, time = k->cost->time;
  if (energy_of(k, 1, k->moving, time, INFINITY) <= most * time) return 1;
  double low = CLX_POWER_CLOCK_MINIMUM, high = 1;
  for (int32_t step = 0; step < 12; step++) {
    const double middle = (low + high) / 2;
    if (energy_of(k, middle, k->moving, time, INFINITY) <= most * time) {
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
  const kernel k = {device, cost, kind, format, moving_time(device, cost)};
  const double alone = clock_of(&k), clock = fmin(sum->clock, alone);
  const double moving = k.moving * stretch(device, clock) / stretch(device, alone);
  const double busiest = kind == CLX_DRAW_COMMUNICATE ? cost->time : moving + (cost->time - k.moving) * alone / clock;
  const double working = fmax(busiest * busy, moving);
  clx_serving_cost *c = &sum->cost;
  c->flop += times * cost->flop;
  c->bytes += times * cost->bytes;
  c->link += times * cost->link_bytes;
  c->part[part].time += times * working;
  c->part[part].energy += times * energy_of(&k, clock, moving, working, BURST * device->tdp);
  sum->launches += times;
  clx_serving_add_wait(sum, times * (busiest - working));
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
