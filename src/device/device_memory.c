// Streams: a start, then bytes at the rate of the last-level cache or of the device memory.
#include "device/device_memory.h"

#include <math.h>

#include "device/device.h"

static const clx_row rows[] = {
    CLX_PARAMETER_FIT(clx_memory_parameters),
    CLX_PARAMETER(clx_memory_parameters, start, "s", 3e-6, 1e-9, 1e-4, "launch, ramp up and drain of one kernel"),
    CLX_PARAMETER(clx_memory_parameters, memory_share, NULL, 0.9, 0.2, 1,
                  "share of the memory bandwidth, large copies"),
    CLX_PARAMETER(clx_memory_parameters, cache_rate, NULL, 40, 1, 512,
                  "bytes per processor and clock while everything fits the last-level cache"),
};

const clx_schema clx_memory_schema = {.name = "memory",
                                      .doc = "kernels that move bytes",
                                      .rows = rows,
                                      .count = CLX_COUNT(rows),
                                      .size = sizeof(clx_memory_parameters)};

// The cache keeps its share of a stream that is a little too large for it: the rest comes from memory.
static clx_kernel_cost cost(const clx_device *device, clx_kernel_format format, const void *parameters,
                            const void *shape) {
  (void)format;
  const clx_memory_parameters *p = parameters;
  const double bytes = ((const clx_memory_shape *)shape)->bytes;
  const double memory = device->memory_bandwidth * p->memory_share;
  const double cache = fmax(memory, p->cache_rate * device->processors * device->clock);
  const double missing = bytes <= device->l2 ? 0 : fmin(bytes, 2 * (bytes - device->l2));
  return (clx_kernel_cost){.time = p->start + missing / memory + (bytes - missing) / cache, .bytes = missing};
}

static int32_t class_of(clx_kernel_format format, const void *shape) {
  (void)format;
  return ((const clx_memory_shape *)shape)->bytes >= 64e6 ? 0 : 1;
}

static const clx_kernel_column columns[] = {{.name = "bytes", .minimum = 1, .maximum = 1e15}};
static const char *const sets[] = {"any", NULL};
static const char *const classes[] = {"large", "small", NULL};

const clx_kernel_family clx_kernel_memory = {.name = "memory",
                                             .doc = "kernels that move bytes: copies, elementwise work, normalisation",
                                             .schema = &clx_memory_schema,
                                             .columns = columns,
                                             .column_count = CLX_COUNT(columns),
                                             .sets = sets,
                                             .set_of = {0, 0, 0, 0, 0, 0},
                                             .classes = classes,
                                             .class_of = class_of,
                                             .cost = cost};
