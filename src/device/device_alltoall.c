// Dispatch and combine of experts. Fitted to the kernels of TensorRT-LLM (moe_comm, NVLink over nodes) on GB200.
#include "device/device_alltoall.h"

#include "device/device.h"
#include "device/device_moe.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum { PREPARE, DISPATCH, COMBINE, COMBINE_LOW_PRECISION };

// How many of the ranks hold at least one expert of a token, experts drawn without replacement: a token is sent once to each.
static double copies_of(const clx_alltoall_shape *s) {
  if (s->each > 0) return s->topk;
  const double experts = s->num_experts + s->redundant, here = experts / s->moe_ep_size;
  const int drawn = (int)fmin(s->topk, experts);
  double missed = 1;
  for (int i = 0; i < drawn && missed > 0; i++) missed *= fmax(0, experts - here - i) / (experts - i);
  return s->moe_ep_size * (1 - missed);
}

// Load of the rank with the most popular expert against the mean when popularity falls as rank^-exponent (1 when balanced).
static double imbalance_of(const clx_alltoall_shape *s, double copies) {
  if (s->moe_ep_size <= 1) return 1;
  if (s->redundant > 0) {
    const clx_moe_shape experts = {.num_tokens = s->num_tokens * s->moe_ep_size,
                                   .topk = s->topk,
                                   .num_experts = s->num_experts,
                                   .moe_ep_size = s->moe_ep_size,
                                   .distribution = s->distribution,
                                   .redundant = s->redundant};
    return clx_moe_copied_peak(&experts, s->num_tokens * copies);
  }
  if (s->distribution <= 0) return 1;
  const double e = s->num_experts, a = s->distribution, here = e / s->moe_ep_size;
  // Sum of i^-a up to e, by Euler and Maclaurin.
  const double sum =
      fabs(a - 1) < 1e-6 ? log(e) + 0.5772 : (pow(e, 1 - a) - 1) / (1 - a) + 0.5 * (1 + pow(e, -a)) + a / 12;
  const double first = 1 / fmax(1, sum);
  const double share = first + (1 - first) * (here - 1) / fmax(1, e - 1);
  return fmax(1, s->moe_ep_size * fmin(1, s->topk * share) / copies);
}

static double join(double a, double b) { return sqrt(a * a + b * b); }

// Tokens leave through the links, and through lanes, a fixed number for each peer: few peers have too few lanes. With few
// tokens the time is that of a look at every peer.
static double move_time(const clx_device *device, const clx_alltoall_shape *s, double copies, double bytes, double hop,
                        double rate, double lane) {
  const double ep = s->moe_ep_size, load = s->num_tokens * imbalance_of(s, copies) * bytes / device->nvlink;
  const double links = copies * (1 - 1 / ep) / rate, lanes = copies / ep / lane;
  return join(hop * sqrt(ep), load * cbrt(links * links * links + lanes * lanes * lanes));
}

clx_kernel_cost clx_alltoall_cost(const clx_device *device, clx_kernel_format format, const clx_alltoall_parameters *p,
                                  const clx_alltoall_shape *s) {
  const int op = (int)s->op_name;
  const double ep = s->moe_ep_size;
  if (op == PREPARE) {
    const double slots = s->num_tokens * s->topk;
    return (clx_kernel_cost){.time = p->prepare_time + join(p->prepare_hop * log2(ep), slots * p->prepare_slot),
                             .bytes = 12 * slots};
  }
  const double copies = copies_of(s);
  const double bytes = s->hidden_size * (op == COMBINE ? 2 : clx_kernel_format_bytes(format));
  double time;
  if (op == DISPATCH)
    time = p->dispatch_time + move_time(device, s, copies, bytes, p->dispatch_hop, p->dispatch_rate, p->dispatch_lane);
  else if (op == COMBINE)
    time = p->combine_time + move_time(device, s, copies, bytes, p->combine_hop, p->combine_rate, p->combine_lane);
  else
    time = p->narrow_time + move_time(device, s, copies, bytes, p->narrow_hop, p->narrow_rate, p->narrow_lane);
  const double sums = op == DISPATCH ? 0 : s->num_tokens * s->hidden_size * (copies - 1);
  return (clx_kernel_cost){.time = time,
                           .flop = fmax(0, sums),
                           .bytes = s->num_tokens * bytes * (1 + copies),
                           .link_bytes = s->num_tokens * bytes * copies * (1 - 1 / ep)};
}

// A row of a table: its columns, and nothing behind them.
static clx_kernel_cost alltoall_cost(const clx_device *device, clx_kernel_format format, const void *parameters,
                                     const void *shape) {
  clx_alltoall_shape own = {0};
  memcpy(&own, shape, offsetof(clx_alltoall_shape, redundant));
  return clx_alltoall_cost(device, format, parameters, &own);
}

static const char *alltoall_refuse(const clx_device *device, clx_kernel_format format, const void *shape) {
  (void)device;
  (void)format;
  const clx_alltoall_shape *s = shape;
  if (s->topk > s->num_experts) return "topk is larger than num_experts";
  if (s->moe_ep_size > s->num_experts) return "moe_ep_size is larger than num_experts";
  return NULL;
}

#define ROW(member, unit, start, low, high, text) \
  CLX_PARAMETER(clx_alltoall_parameters, member, unit, start, low, high, text)
static const clx_row alltoall_rows[] = {
    CLX_PARAMETER_FIT(clx_alltoall_parameters),
    ROW(prepare_time, "s", 1.1e-5, 1e-6, 5e-5, "launch and end of prepare"),
    ROW(prepare_hop, "s", 8e-7, 1e-8, 5e-6, "growth of prepare with the doubling of ranks"),
    ROW(prepare_slot, "s", 8e-10, 1e-10, 1e-8, "prepare, for one expert of one token"),
    ROW(dispatch_time, "s", 1.1e-5, 1e-6, 5e-5, "launch and end of dispatch"),
    ROW(dispatch_hop, "s", 5e-7, 1e-8, 5e-6, "look at the peers, for the square root of their number"),
    ROW(dispatch_rate, NULL, 0.52, 0.1, 1, "bandwidth of dispatch, share of the links"),
    ROW(dispatch_lane, NULL, 0.25, 0.01, 2, "bandwidth of the lanes to one peer, share of the links"),
    ROW(combine_time, "s", 1.1e-5, 1e-6, 5e-5, "launch and end of combine"),
    ROW(combine_hop, "s", 1.7e-6, 1e-8, 5e-6, "look at the peers, for the square root of their number"),
    ROW(combine_rate, NULL, 0.48, 0.1, 1, "bandwidth of combine, share of the links"),
    ROW(combine_lane, NULL, 0.22, 0.01, 2, "bandwidth of the lanes to one peer, share of the links"),
    ROW(narrow_time, "s", 1.3e-5, 1e-6, 5e-5, "launch and end of combine in 4 bits"),
    ROW(narrow_hop, "s", 1.3e-6, 1e-8, 5e-6, "look at the peers, for the square root of their number"),
    ROW(narrow_rate, NULL, 0.18, 0.02, 1, "bandwidth of combine in 4 bits, share of the links"),
    ROW(narrow_lane, NULL, 0.032, 0.001, 2,
        "bandwidth of the lanes to one peer, quantising as they send, share of the links"),
};
#undef ROW

const clx_schema clx_alltoall_schema = {.name = "alltoall",
                                        .doc = "exchange of tokens between the ranks of expert parallelism",
                                        .rows = alltoall_rows,
                                        .count = CLX_COUNT(alltoall_rows),
                                        .size = sizeof(clx_alltoall_parameters)};

static const char *const op_choices[] = {"alltoall_prepare", "alltoall_dispatch", "alltoall_combine",
                                         "alltoall_combine_low_precision", NULL};

static const clx_kernel_column alltoall_columns[] = {
    {.name = "op_name", .choices = op_choices, .fold = true},
    {.name = "num_tokens", .minimum = 1, .maximum = 1e9},
    {.name = "hidden_size", .minimum = 1, .maximum = 1e6, .fold = true},
    {.name = "topk", .minimum = 1, .maximum = 64, .fold = true},
    {.name = "num_experts", .minimum = 1, .maximum = 4096, .fold = true},
    {.name = "moe_ep_size", .minimum = 2, .maximum = 72, .fold = true},
    {.name = "distribution", .minimum = 0, .maximum = 8, .exponent = true},
};

static const char *const alltoall_sets[] = {"bf16", "fp8", "nvfp4", NULL};
static const char *const alltoall_classes[] = {"few", "many", NULL};

static int32_t alltoall_class(clx_kernel_format format, const void *shape) {
  (void)format;
  return ((const clx_alltoall_shape *)shape)->num_tokens < 256 ? 0 : 1;
}

const clx_kernel_family clx_kernel_alltoall = {
    .name = "alltoall",
    .doc = "exchange of tokens between the ranks of expert parallelism over NVLink",
    .schema = &clx_alltoall_schema,
    .columns = alltoall_columns,
    .column_count = CLX_COUNT(alltoall_columns),
    .sets = alltoall_sets,
    .set_of = {[CLX_KERNEL_FP32] = -1,
               [CLX_KERNEL_BF16] = 0,
               [CLX_KERNEL_FP8] = 1,
               [CLX_KERNEL_FP8_BLOCK] = 1,
               [CLX_KERNEL_NVFP4] = 2,
               [CLX_KERNEL_INT8] = -1},
    .classes = alltoall_classes,
    .class_of = alltoall_class,
    .cost = alltoall_cost,
    .refuse = alltoall_refuse,
};
