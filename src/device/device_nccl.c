// Collectives of NCCL in one NVLink domain. Structure after the kernels and the cost model of NCCL 2.28 and later (src/device,
// src/graph/tuning.cc, src/enqueue.cc); times are fitted.
#include "device/device_nccl.h"

#include "device/device.h"
#include "device/device_math.h"

#include <math.h>
#include <string.h>

// What NCCL's cost model takes an architecture for (src/graph/tuning.cc, search.cc), GB/s.
// Its LL128 of Blackwell differs between versions (73.4, 34.5, 40); 34.5 gives the switches measured on B200.
typedef struct tuner {
  const char *family;
  double channels;           // of the ring it finds; collectives run on twice as many
  double ll_bandwidth;       // most that it expects of LL
  double ll128_per_channel;  // most that it expects of LL128 on one channel of the ring
  double nvls_efficiency;    // 0 = no multicast in the switches
} tuner;

static const tuner tuners[] = {
    {"ampere", 12, 87.7, 20, 0},
    {"hopper", 12, 141, 36.7, 0.85},
    {"cdna3", 16, 141, 36.7, 0},  // RCCL: as Hopper, without multicast
    {"blackwell", 16, 282, 34.5, 0.74},
};

static const tuner *tuner_of(const clx_device *device) {
  const size_t last = CLX_COUNT(tuners) - 1;
  for (size_t i = 0; i < last; i++)
    if (device->family && !strcmp(device->family, tuners[i].family)) return &tuners[i];
  return &tuners[last];
}

static double steps_of(int op, double n) { return op == CLX_NCCL_ALL_REDUCE ? 2 * (n - 1) : n - 1; }

// The least of latency + bytes / bandwidth by NCCL's own constants (us, GB/s), which are not what is measured: this is where
// kernels switch, sometimes too early. `far` of the steps are between nodes. Returns the method and its time.
static clx_nccl_method ring_method(const tuner *t, double bus, double steps, double far, double n, double bytes,
                                   bool ll128, double *least) {
  static const double base[] = {6.6, 14, 8.4}, hop[] = {0.6, 1.9, 3.4}, far_hop[] = {2.7, 4, 14};
  const double kilobytes = 1e-3 * bytes;
  const double bandwidth[] = {fmin(t->ll_bandwidth, 0.5 * bus), fmin(0.92 * bus, t->channels * t->ll128_per_channel),
                              bus};
  clx_nccl_method best = CLX_NCCL_LL;
  *least = INFINITY;
  for (int m = CLX_NCCL_LL; m <= CLX_NCCL_SIMPLE; m++) {
    if (m == CLX_NCCL_LL128 && !ll128) continue;
    const double latency = base[m] + (steps - far) * hop[m] + far * far_hop[m];
    const double time = latency + kilobytes * steps / (n * bandwidth[m]);
    if (time < *least) {
      *least = time;
      best = (clx_nccl_method)m;
    }
  }
  return best;
}

// In one domain trees never win. Multicast is used from 5 GPUs on.
static clx_nccl_method method_of(const tuner *t, double nvlink, bool multicast, int op, double n, double bytes) {
  const double bus = 0.8e-9 * nvlink, steps = steps_of(op, n);
  double least;
  const clx_nccl_method best = ring_method(t, bus, steps, 0, n, bytes, true, &least);
  if (!multicast || op != CLX_NCCL_ALL_REDUCE || n <= 4) return best;
  const double rate = 2 * bus * t->nvls_efficiency * 15 / 16 * n / steps;
  return 25 + 1e-3 * bytes / rate < least ? CLX_NCCL_NVLS : best;
}

double clx_ring_time(const clx_ring *ring, double ranks, double steps, double bytes) {
  const double part = bytes / ranks / ring->rate, chunk = ring->chunk / ring->rate;
  return ring->time + steps * clx_joined(ring->hop, part, ring->overlap) + ring->own * part +
         ring->fill * fmin(part, chunk);
}

double clx_multicast_time(const clx_ring *ring, double ranks, double depth, double bytes) {
  const double lanes = 16 * ranks;  // channels x ranks that own a share
  double chunk = 131072;            // of one lane: calcCollChunking of NCCL
  if (bytes < 64 * lanes * chunk) chunk = 65536;
  if (bytes < 8 * lanes * chunk) chunk = 32768;
  if (bytes < 2 * lanes * chunk) chunk = 16384;
  const double loop = fmin(bytes, lanes * chunk);
  return ring->time + (bytes / loop + depth) * clx_joined(ring->hop, loop / ring->rate, ring->overlap);
}

// Channels of a collective: twice those of the ring; few where ranks beyond a bridged pair talk over PCIe.
static double channels_of(const tuner *t, const clx_device *device, double nvlink) {
  return device->links == CLX_LINKS_BRIDGE && nvlink <= device->pcie ? 4 : 2 * t->channels;
}

static clx_ring ring_of(double channels, double nvlink, const clx_nccl_parameters *p, int op, clx_nccl_method method,
                        double n, double bytes) {
  const double own = op == CLX_NCCL_REDUCE_SCATTER ? p->own_reduced : p->own_gathered;
  if (method == CLX_NCCL_LL) {
    // A thread of LL takes 8 B, a channel has 512 of them and is opened for 8 B each, per rank.
    const double open = fmax(1, fmin(channels, bytes / (4096 * n)));
    const double stored = op == CLX_NCCL_ALL_GATHER ? 1 : op == CLX_NCCL_ALL_REDUCE ? 0.5 : 0;
    const double rate = p->ll_rate * nvlink * open / channels / (1 + p->ll_store * stored);
    return (clx_ring){p->ll_time, p->ll_hop, rate, own, p->ll_fill, 4096 * open, p->ll_overlap};
  }
  if (method == CLX_NCCL_LL128)
    return (clx_ring){p->ll128_time, p->ll128_hop, p->ll128_rate * nvlink, own, 0, 0, p->ll_overlap};
  return (clx_ring){p->simple_time,     p->simple_hop, p->simple_rate * nvlink, own, p->fill,
                    2097152 * channels, p->overlap};
}

// Every rank sends a part to each other rank and copies its own: on LL while parts are small, else on Simple. A peer has one
// channel of LL; more peers than channels take turns.
static double all_to_all_time(const tuner *t, double nvlink, const clx_nccl_parameters *p, double n, double bytes) {
  const double part = bytes / n, spread = p->peer_hop * log2(n);
  const double channel = p->ll_rate * nvlink / (2 * t->channels);
  const double rate = p->peer_rate * nvlink;
  const double ll = p->peer_time + spread + part / channel * fmax(1, (n - 1) / (2 * t->channels));
  const double simple =
      p->peer_start + spread + ((n - 1 + p->peer_own) * part + p->peer_fill * fmin(bytes, 16777216)) / rate;
  return fmin(ll, simple);
}

double clx_nccl_channels(const clx_device *device) { return 2 * tuner_of(device)->channels; }

bool clx_nccl_multicast(const clx_device *device) {
  return device->links == CLX_LINKS_SWITCH && tuner_of(device)->nvls_efficiency > 0;
}

clx_nccl_method clx_nccl_method_of(const clx_device *device, double nvlink, clx_nccl_operation operation, double ranks,
                                   double bytes) {
  return method_of(tuner_of(device), nvlink, clx_nccl_multicast(device), (int)operation, ranks, bytes);
}

clx_nccl_method clx_nccl_ring_method(const clx_device *device, double bandwidth, double steps, double far, double ranks,
                                     double bytes, bool ll128) {
  double least;
  return ring_method(tuner_of(device), 1e-9 * bandwidth, steps, far, ranks, bytes, ll128, &least);
}

clx_ring clx_nccl_ring(const clx_device *device, double nvlink, const clx_nccl_parameters *parameters,
                       clx_nccl_operation operation, clx_nccl_method protocol, double ranks, double bytes) {
  return ring_of(channels_of(tuner_of(device), device, nvlink), nvlink, parameters, (int)operation, protocol, ranks,
                 bytes);
}

double clx_nccl_all_to_all_time(const clx_device *device, double nvlink, const clx_nccl_parameters *parameters,
                                double ranks, double bytes) {
  return all_to_all_time(tuner_of(device), nvlink, parameters, ranks, bytes);
}

// `narrow`: by how much steps that add 1-byte numbers slow down.
static double method_time(const clx_device *device, const clx_nccl_parameters *p, int op, clx_nccl_method method,
                          double narrow, double n, double bytes) {
  const tuner *t = tuner_of(device);
  if (method == CLX_NCCL_NVLS) {
    const clx_ring ring = {
        .time = p->simple_time, .hop = p->simple_hop, .rate = p->nvls_rate * device->nvlink, .overlap = p->overlap};
    return clx_multicast_time(&ring, n, p->nvls_depth, bytes);
  }
  clx_ring ring = ring_of(channels_of(t, device, device->nvlink), device->nvlink, p, op, method, n, bytes);
  ring.rate /= 1 + (op == CLX_NCCL_ALL_REDUCE ? 0.5 : 1) * narrow;
  return clx_ring_time(&ring, n, steps_of(op, n), bytes);
}

static clx_kernel_cost nccl_cost(const clx_device *device, clx_kernel_format format, const void *parameters,
                                 const void *shape) {
  const clx_nccl_parameters *p = parameters;
  const clx_nccl_shape *s = shape;
  const tuner *t = tuner_of(device);
  const int op = (int)s->op_name;
  const double n = s->num_gpus, element = clx_kernel_format_bytes(format), bytes = s->message_size * element;
  const bool reduces = op == CLX_NCCL_ALL_REDUCE || op == CLX_NCCL_REDUCE_SCATTER;
  const double passed = steps_of(op, n) / n * bytes;
  clx_kernel_cost cost = {
      .flop = reduces ? (n - 1) / n * s->message_size : 0, .bytes = 2 * passed, .link_bytes = passed};
  if (op == CLX_NCCL_ALL_TO_ALL) {
    cost.bytes += 2 * bytes / n;
    cost.time = all_to_all_time(t, device->nvlink, p, n, bytes);
    return cost;
  }
  const bool multicast = element > 1 && clx_nccl_multicast(device);
  const double narrow = reduces && element <= 1 ? p->byte_reduction - 1 : 0;
  clx_nccl_method method = method_of(t, device->nvlink, multicast, op, n, bytes);
  cost.time = method_time(device, p, op, method, narrow, n, bytes);
  const int last = multicast && op == CLX_NCCL_ALL_REDUCE ? CLX_NCCL_NVLS : CLX_NCCL_SIMPLE;
  for (int m = CLX_NCCL_LL; m <= last && n > CLX_NCCL_CHOICE_RANKS; m++) {
    const double time = method_time(device, p, op, (clx_nccl_method)m, narrow, n, bytes);
    if (time >= cost.time) continue;
    cost.time = time;
    method = (clx_nccl_method)m;
  }
  if (method == CLX_NCCL_LL) cost.link_bytes *= 2;  // every 4 B travel with a flag of 4 B
  if (method == CLX_NCCL_NVLS) cost.link_bytes = bytes;
  return cost;
}

#define ROW(member, unit, start, low, high, text) \
  CLX_PARAMETER(clx_nccl_parameters, member, unit, start, low, high, text)
static const clx_row nccl_rows[] = {
    CLX_PARAMETER_FIT(clx_nccl_parameters),
    ROW(ll_time, "s", 6e-6, 1e-6, 3e-5, "launch and end of a ring on LL"),
    ROW(ll_hop, "s", 1e-6, 2e-7, 4e-6, "latency of one step of a ring on LL"),
    ROW(ll_rate, NULL, 0.3, 0.1, 0.5, "bandwidth of LL, share of the links"),
    ROW(ll_fill, NULL, 1, 0, 4, "extra cost of the first 4 KiB of a channel on LL, against later ones"),
    ROW(ll_store, NULL, 0.2, 0, 2, "slowing of LL where a received part is also stored"),
    ROW(ll_overlap, NULL, 2, 1, 6, "how latency and transfer of a step on LL or LL128 join: 1 = sum, large = maximum"),
    ROW(ll128_time, "s", 1.3e-5, 1e-6, 6e-5, "launch and end of a ring on LL128"),
    ROW(ll128_hop, "s", 1.7e-6, 4e-7, 1e-5, "latency of one step of a ring on LL128"),
    ROW(ll128_rate, NULL, 0.65, 0.3, 0.94, "bandwidth of LL128, share of the links"),
    ROW(simple_time, "s", 1.2e-5, 1e-6, 6e-5, "launch and end of a ring on Simple, or of a reduction in the switches"),
    ROW(simple_hop, "s", 8e-6, 1e-6, 3e-5, "latency of one step of a ring on Simple, or of one loop of the switches"),
    ROW(simple_rate, NULL, 0.8, 0.3, 1, "bandwidth of Simple, share of the links"),
    ROW(fill, NULL, 0.2, 0, 2, "extra cost of the first chunk on Simple, against later ones"),
    ROW(overlap, NULL, 1.6, 1, 6, "how latency and transfer of a step on Simple join: 1 = sum, large = maximum"),
    ROW(own_gathered, NULL, 0.5, 0, 1.5, "cost of a rank's own part against a passed one, all-gather and all-reduce"),
    ROW(own_reduced, NULL, 0.5, 0, 1.5, "cost of a rank's own part against a passed one, reduce-scatter"),
    ROW(nvls_rate, NULL, 0.516, 0.2, 1, "bandwidth of reductions in the switches, share of the links"),
    ROW(nvls_depth, NULL, 2, 0.5, 6, "chunks in flight of a reduction in the switches"),
    ROW(peer_time, "s", 7e-6, 1e-6, 3e-5, "launch and end of an all-to-all on LL"),
    ROW(peer_hop, "s", 8e-7, 1e-8, 3e-6, "growth of an all-to-all with the doubling of ranks"),
    ROW(peer_start, "s", 1.3e-5, 2e-6, 5e-5, "launch and end of an all-to-all on Simple"),
    ROW(peer_rate, NULL, 0.7, 0.3, 1, "bandwidth of an all-to-all, share of the links"),
    ROW(peer_own, NULL, 0.3, 0, 1.5, "cost of the part a rank keeps against one it sends"),
    ROW(peer_fill, NULL, 0.2, 0, 1.5,
        "extra cost of the first 16 MiB, whose copies out of the buffers nothing overlaps"),
    ROW(byte_reduction, NULL, 1.05, 1, 2, "slowing of reductions of 1-byte numbers"),
};
#undef ROW

const clx_schema clx_nccl_schema = {.name = "nccl",
                                    .doc = "collectives of NCCL in one NVLink domain",
                                    .rows = nccl_rows,
                                    .count = CLX_COUNT(nccl_rows),
                                    .size = sizeof(clx_nccl_parameters)};

static const char *const op_choices[] = {"all_gather", "all_reduce", "alltoall", "reduce_scatter", NULL};

static const clx_kernel_column nccl_columns[] = {
    {.name = "op_name", .choices = op_choices, .fold = true},
    {.name = "num_gpus", .minimum = 2, .maximum = 72, .fold = true},
    {.name = "message_size", .minimum = 1, .maximum = 1e12},
};

static const char *const nccl_sets[] = {"any", NULL};
static const char *const nccl_classes[] = {"small", "medium", "large", NULL};

// Below 256 KiB latency rules, from 32 MiB on bandwidth.
static int32_t nccl_class(clx_kernel_format format, const void *shape) {
  const double bytes = ((const clx_nccl_shape *)shape)->message_size * clx_kernel_format_bytes(format);
  return bytes < 262144 ? 0 : bytes < 33554432 ? 1 : 2;
}

const clx_kernel_family clx_kernel_nccl = {
    .name = "nccl",
    .doc = "collectives of NCCL in one NVLink domain",
    .schema = &clx_nccl_schema,
    .columns = nccl_columns,
    .column_count = CLX_COUNT(nccl_columns),
    .sets = nccl_sets,
    .set_of = {[CLX_KERNEL_FP32] = 0,
               [CLX_KERNEL_BF16] = 0,
               [CLX_KERNEL_FP8] = 0,
               [CLX_KERNEL_FP8_BLOCK] = -1,
               [CLX_KERNEL_NVFP4] = -1,
               [CLX_KERNEL_INT8] = 0},
    .classes = nccl_classes,
    .class_of = nccl_class,
    .cost = nccl_cost,
};
