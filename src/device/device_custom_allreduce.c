#include "device/device_custom_allreduce.h"

#include "device/device.h"
#include "device/device_nccl.h"

#include <math.h>
#include <string.h>

// One shot: every rank reads the whole vector of every other. Two shots: every rank reduces its share of all vectors, then
// reads the shares of the others.
static double peer_time(const clx_device *device, const clx_custom_allreduce_parameters *p, double n, double bytes) {
  const double start = p->time + p->peer_time * log2(n);
  // More than 8 KiB take more than one block, and the blocks wait for those of all peers.
  const double wait = (n - 1) * p->barrier * fmin(bytes, 8192) / 8192;
  // Vectors that leave the cache are read slower; the scale, an eighth of it, was set by hand on H100 and GB200.
  const double spilled = bytes / (bytes + fmax(device->l2, 1e6) / 8);
  const double one = start + wait + (n - 1) * bytes * (1 + p->spill * spilled) / (p->one_rate * device->nvlink);
  const double two = start + (n - 1) * p->two_time + 2 * (n - 1) / n * bytes / (p->two_rate * device->nvlink);
  return fmin(one, two);
}

static double library_time(const clx_device *device, const clx_custom_allreduce_parameters *p, double n, double bytes,
                           bool multicast) {
  // own, fill, overlap and depth: set near the fits of the nccl family, too few rows to determine them here.
  clx_ring ring = {.time = p->ring_time,
                   .hop = p->ring_hop,
                   .rate = p->ring_rate * device->nvlink,
                   .own = 0.45,
                   .fill = 0.25,
                   .chunk = 24 * 2097152.0,
                   .overlap = 2};
  if (!multicast) return clx_ring_time(&ring, n, 2 * (n - 1), bytes);
  ring.rate = p->nvls_rate * device->nvlink;
  return clx_multicast_time(&ring, n, 2, bytes);
}

static clx_kernel_cost custom_allreduce_cost(const clx_device *device, clx_kernel_format format, const void *parameters,
                                             const void *shape) {
  const clx_custom_allreduce_parameters *p = parameters;
  const clx_custom_allreduce_shape *s = shape;
  const double n = s->num_gpus, bytes = s->message_size * clx_kernel_format_bytes(format);
  const bool ampere = device->family && !strcmp(device->family, "ampere");
  double time = library_time(device, p, n, bytes, n > 4 && !ampere);
  // From 2 MiB on, the engine's release for Ampere left all of it to NCCL: its rows are those of the nccl table.
  if (!ampere || bytes < 2097152) time = fmin(time, peer_time(device, p, n, bytes));
  return (clx_kernel_cost){.time = time,
                           .flop = (n - 1) / n * s->message_size,
                           .bytes = 4 * (n - 1) / n * bytes,
                           .link_bytes = 2 * (n - 1) / n * bytes};
}

#define ROW(member, unit, start, low, high, text) \
  CLX_PARAMETER(clx_custom_allreduce_parameters, member, unit, start, low, high, text)
static const clx_row custom_allreduce_rows[] = {
    CLX_PARAMETER_FIT(clx_custom_allreduce_parameters),
    ROW(time, "s", 3e-6, 5e-7, 2e-5, "launch and end"),
    ROW(peer_time, "s", 2.5e-7, 1e-8, 3e-6, "growth of launch and end with the doubling of ranks"),
    ROW(barrier, "s", 3e-8, 1e-9, 2e-6, "wait for one peer when there are many blocks"),
    ROW(one_rate, NULL, 0.75, 0.1, 1, "bandwidth of one shot, share of the links"),
    ROW(spill, NULL, 0.8, 0, 3, "slowing of one shot when vectors leave the cache"),
    ROW(two_time, "s", 2e-6, 1e-7, 6e-6, "time for one peer of the second barrier of two shots"),
    ROW(two_rate, NULL, 0.48, 0.1, 1, "bandwidth of two shots, share of the links"),
    ROW(ring_time, "s", 2e-5, 1e-6, 6e-5, "launch and end of NCCL"),
    ROW(ring_hop, "s", 4e-6, 5e-7, 3e-5, "latency of one step of NCCL"),
    ROW(ring_rate, NULL, 0.8, 0.3, 1, "bandwidth of a ring of NCCL, share of the links"),
    ROW(nvls_rate, NULL, 0.6, 0.2, 1, "bandwidth of reductions in the switches, share of the links"),
};
#undef ROW

const clx_schema clx_custom_allreduce_schema = {.name = "custom_allreduce",
                                                .doc = "all-reduce of a serving engine in one NVLink domain",
                                                .rows = custom_allreduce_rows,
                                                .count = CLX_COUNT(custom_allreduce_rows),
                                                .size = sizeof(clx_custom_allreduce_parameters)};

static const clx_kernel_column custom_allreduce_columns[] = {
    {.name = "num_gpus", .minimum = 2, .maximum = 72, .fold = true},
    {.name = "message_size", .minimum = 1, .maximum = 1e12},
};

static const char *const custom_allreduce_sets[] = {"bf16", NULL};
static const char *const custom_allreduce_classes[] = {"small", "medium", "large", NULL};

static int32_t custom_allreduce_class(clx_kernel_format format, const void *shape) {
  const double bytes = ((const clx_custom_allreduce_shape *)shape)->message_size * clx_kernel_format_bytes(format);
  return bytes < 262144 ? 0 : bytes < 33554432 ? 1 : 2;
}

const clx_kernel_family clx_kernel_custom_allreduce = {
    .name = "custom_allreduce",
    .doc = "all-reduce of a serving engine in one NVLink domain",
    .schema = &clx_custom_allreduce_schema,
    .columns = custom_allreduce_columns,
    .column_count = CLX_COUNT(custom_allreduce_columns),
    .sets = custom_allreduce_sets,
    .set_of = {[CLX_KERNEL_FP32] = -1,
               [CLX_KERNEL_BF16] = 0,
               [CLX_KERNEL_FP8] = -1,
               [CLX_KERNEL_FP8_BLOCK] = -1,
               [CLX_KERNEL_NVFP4] = -1,
               [CLX_KERNEL_INT8] = -1},
    .classes = custom_allreduce_classes,
    .class_of = custom_allreduce_class,
    .cost = custom_allreduce_cost,
};
