// Attention of prefill: launches, then a kernel that rotates queries and keys and fills the cache, then tiles of queries that
// walk over their keys (flash attention) on all processors. Docs: docs/model/device/attention.md.
#include "device/device_attention_context.h"

#include <math.h>
#include <string.h>

#include "device/device.h"
#include "device/device_math.h"

typedef clx_attention_context_parameters parameters_t;
typedef clx_attention_context_shape shape_t;

static const double BLOCK_ROWS = 128;     // query rows that two groups of warps multiply at once
static const double TABLE_LENGTH = 1024;  // positions whose rotary factors are tabulated (default of TensorRT-LLM)
static const double NARROW_HEAD = 64;     // widest head whose kernels carry attention sinks in the tables

#define ROW(member, unit, start, low, high, text) CLX_PARAMETER(parameters_t, member, unit, start, low, high, text)

static const clx_row parameter_rows[] = {
    CLX_PARAMETER_FIT(parameters_t),
    ROW(launch, "s", 1.2e-5, 3e-6, 3e-5, "launch and drain of the three kernels"),
    ROW(launch_cast, "s", 1.3e-5, 3e-6, 3e-5, "the same, bf16 arithmetic over an fp8 cache"),
    ROW(launch_narrow, "s", 1.3e-5, 3e-6, 3e-5, "the same, heads of at most 64 (with sinks)"),
    ROW(prepare_token, NULL, 20, 0.1, 300, "cycles of a processor per token and query head: addresses, rotary factors"),
    ROW(prepare_rate, NULL, 3, 0.5, 200, "elements per processor and clock that the preparation moves"),
    ROW(prepare_rate_cast, NULL, 3, 0.5, 200, "the same with an fp8 cache, or heads of at most 64, in bf16 arithmetic"),
    ROW(prepare_far, NULL, 70, 1, 1000,
        "cycles per token and query head when positions pass the rotary table: factors computed on the fly"),
    ROW(prepare_kv, NULL, 0.1, 0, 3, "work of a head of keys and values, in query heads"),
    ROW(prepare_single, NULL, 1, 0, 5,
        "more work past the rotary table for a single sequence, falls with batch squared"),
    ROW(tile_start, NULL, 5000, 100, 20000, "cycles to start a tile: schedule, load queries and first keys, store"),
    ROW(tile_start_cast, NULL, 5000, 100, 20000, "the same, bf16 arithmetic over an fp8 cache"),
    ROW(row_time, NULL, 0.01, 0.0001, 2, "cycles per query row and element: loads of queries, stores of results"),
    ROW(matmul, NULL, 0.6, 0.1, 1.5, "share of peak of the two products alone"),
    ROW(matmul_cast, NULL, 0.65, 0.1, 1.5, "the same, bf16 arithmetic over an fp8 cache"),
    ROW(softmax, NULL, 1.2, 0.01, 4, "time of the softmax of a score, in exponentials"),
    ROW(softmax_cast, NULL, 1.2, 0.01, 4, "the same, bf16 arithmetic over an fp8 cache"),
    ROW(window_tile, NULL, 500, 10, 30000, "more cycles of a tile that a window cuts"),
    ROW(window_tile_cast, NULL, 500, 10, 30000, "the same, bf16 arithmetic over an fp8 cache"),
    ROW(window_slack, NULL, 50, 1, 512, "keys read beyond window and tile: whole blocks of keys"),
    ROW(window_slack_cast, NULL, 50, 1, 512, "the same, bf16 arithmetic over an fp8 cache"),
    ROW(tail, NULL, 0.6, 0, 1, "share of the longest tile for which processors wait at the end"),
    ROW(memory_share, NULL, 0.85, 0.3, 1, "share of the memory bandwidth"),
    ROW(throttle, NULL, 0.04, 0, 0.6, "loss of clock in a long burst of compute (power)"),
    ROW(throttle_time, "s", 5e-3, 1e-3, 3e-2, "duration of a call from which repeated calls lose clock"),
};

const clx_schema clx_attention_context_schema = {.name = "attention_context",
                                                 .doc = "causal attention of new tokens",
                                                 .rows = parameter_rows,
                                                 .count = CLX_COUNT(parameter_rows),
                                                 .size = sizeof(parameters_t)};

static bool is_cast(clx_kernel_format format, const shape_t *s) {
  return format != CLX_KERNEL_FP8 && s->kv_cache_dtype > 0;
}

// Reads the fused projections, writes rotated queries (in the format of the arithmetic) and the cache.
static double prepare_time(const clx_device *d, const parameters_t *p, clx_kernel_format format, const shape_t *s,
                           double *bytes) {
  const double tokens = s->batch_size * s->isl, dim = s->head_dim;
  const double heads = tokens * (s->num_heads + p->prepare_kv * s->num_key_value_heads);
  const bool cast = format != CLX_KERNEL_FP8 && (s->kv_cache_dtype > 0 || dim <= NARROW_HEAD);
  double cycles = heads / d->processors;
  if (s->isl + s->step > TABLE_LENGTH) {
    cycles *= p->prepare_far * fmax(1, dim / 128) * (1 + p->prepare_single / clx_square(s->batch_size));
  } else {
    cycles *= p->prepare_token + dim / (cast ? p->prepare_rate_cast : p->prepare_rate);
  }
  const double pairs = 2 * s->num_key_value_heads;
  *bytes = tokens * dim *
           (2 * (s->num_heads + pairs) + s->num_heads * clx_kernel_format_bytes(format) +
            pairs * (s->kv_cache_dtype > 0 ? 1 : 2));
  return clx_overlapped(cycles / d->clock, *bytes / (d->memory_bandwidth * p->memory_share));
}

// Keys that the tiles of one head see together, and the longest of them. Rows of a tile share the keys of its last row.
typedef struct keys {
  double tiles, sum, longest;
  bool cut;  // by the window
} keys;

static keys count_keys(const shape_t *s, double tile, double slack) {
  const double end = s->step + s->isl;
  const bool cut = s->window_size > 0 && end > s->window_size;
  const double width = cut ? s->window_size + tile + slack : end;
  keys k = {.tiles = ceil(s->isl / tile), .cut = cut, .longest = fmin(end, width)};
  if (width >= end) {
    k.sum = k.tiles * (s->step + fmin(tile, s->isl) + end) / 2;
  } else {
    const double rising = fmin(k.tiles, fmax(0, floor((width - s->step) / tile)));
    k.sum = rising * s->step + tile * rising * (rising + 1) / 2 + (k.tiles - rising) * width;
  }
  return k;
}

// Rows of one tile: Blackwell keeps two blocks of accumulators of heads up to 128 in tensor memory and alternates; before
// Hopper one group of warps multiplies.
static double tile_rows(const clx_device *d, const shape_t *s) {
  if (strcmp(d->family, "ampere") == 0) return BLOCK_ROWS / 2;
  return strcmp(d->family, "blackwell") == 0 && s->head_dim <= 128 ? 2 * BLOCK_ROWS : BLOCK_ROWS;
}

static double attend_time(const clx_device *d, const parameters_t *p, clx_kernel_format format, const shape_t *s,
                          double *bytes) {
  const bool cast = is_cast(format, s);
  const double tile = tile_rows(d, s), dim = s->head_dim, heads = s->batch_size * s->num_heads;
  const keys k = count_keys(s, tile, cast ? p->window_slack_cast : p->window_slack);
  const double peak = fmax(1, d->peak[format == CLX_KERNEL_FP8 ? CLX_FP8 : CLX_BF16]) / (d->processors * d->clock);
  const double product = 4 * dim / (peak * (cast ? p->matmul_cast : p->matmul));
  const double softmax = (cast ? p->softmax_cast : p->softmax) / d->exponentials;
  const double key = fmin(tile, BLOCK_ROWS * ceil(s->isl / BLOCK_ROWS)) * clx_overlapped(product, softmax);
  const double start = (cast ? p->tile_start_cast : p->tile_start) + p->row_time * fmin(tile, s->isl) * dim;
  const double cut = k.cut ? (cast ? p->window_tile_cast : p->window_tile) : 0;
  const double longest = start + k.longest * key + (k.tiles > 1 ? cut : 0);
  double cycles = longest;
  if (heads * k.tiles > d->processors) {
    const double all = heads * (k.sum * key + k.tiles * start + (k.tiles - 1) * cut);
    const double mean = all / d->processors + p->tail * longest;
    cycles = clx_overlapped(longest, mean);
  }
  const double queries = s->batch_size * s->isl * s->num_heads * dim * (clx_kernel_format_bytes(format) + 2);
  const double seen = s->batch_size * (s->step + s->isl) * s->num_key_value_heads * 2 * dim;
  *bytes = queries + seen * (s->kv_cache_dtype > 0 ? 1 : 2);
  return clx_overlapped(cycles / d->clock, *bytes / (d->memory_bandwidth * p->memory_share));
}

// Scores below the causal diagonal and inside the window, per head and sequence.
static double scores(const shape_t *s) {
  const double all = s->isl * s->step + s->isl * (s->isl + 1) / 2;
  if (s->window_size <= 0 || s->step + s->isl <= s->window_size) return all;
  const double rising = fmin(s->isl, fmax(0, s->window_size - s->step));
  return rising * s->step + rising * (rising + 1) / 2 + (s->isl - rising) * s->window_size;
}

clx_kernel_cost clx_attention_context_cost(const struct clx_device *device, clx_kernel_format format,
                                           const void *parameters, const void *shape) {
  const parameters_t *p = parameters;
  const shape_t *s = shape;
  double prepared, attended;
  double time = prepare_time(device, p, format, s, &prepared);
  time += attend_time(device, p, format, s, &attended);
  const double burst = clx_square(clx_square(time / p->throttle_time));
  time *= 1 + p->throttle * burst / (1 + burst);
  const bool narrow = s->head_dim <= NARROW_HEAD;
  const double launch = narrow ? p->launch_narrow : is_cast(format, s) ? p->launch_cast : p->launch;
  clx_kernel_cost cost = {.flop = 4 * s->batch_size * s->num_heads * s->head_dim * scores(s),
                          .bytes = prepared + attended};
  const double peak = fmax(1, device->peak[format == CLX_KERNEL_FP8 ? CLX_FP8 : CLX_BF16]);
  cost.time = launch + fmax(time, cost.flop / peak);
  return cost;
}

static int32_t class_of(clx_kernel_format format, const void *shape) {
  (void)format;
  const shape_t *s = shape;
  const double flop = 4 * s->batch_size * s->num_heads * s->head_dim * scores(s);
  return flop >= 1e11 ? 0 : flop >= 1e9 ? 1 : 2;
}

static const char *refuse(const struct clx_device *device, clx_kernel_format format, const void *shape) {
  (void)device;
  (void)format;
  const shape_t *s = shape;
  return fmod(s->num_heads, s->num_key_value_heads) != 0 ? "num_key_value_heads does not divide num_heads" : NULL;
}

static const char *const caches[] = {"bfloat16", "fp8", NULL};
static const clx_kernel_column columns[] = {
    {.name = "batch_size", .minimum = 1, .maximum = 1e6},
    {.name = "isl", .minimum = 1, .maximum = 1e8},
    {.name = "step", .minimum = 0, .maximum = 1e8},
    {.name = "num_heads", .minimum = 1, .maximum = 4096, .fold = true},
    {.name = "num_key_value_heads", .minimum = 1, .maximum = 4096, .fold = true},
    {.name = "head_dim", .minimum = 8, .maximum = 1024, .fold = true},
    {.name = "window_size", .minimum = 0, .maximum = 1e8, .fold = true},
    {.name = "kv_cache_dtype", .choices = caches},
};
static const char *const sets[] = {"bf16", "fp8", NULL};
static const char *const classes[] = {"large", "medium", "small", NULL};

const clx_kernel_family clx_kernel_attention_context = {
    .name = "attention_context",
    .doc = "causal attention of new tokens (prefill), with rotary factors and cache",
    .schema = &clx_attention_context_schema,
    .columns = columns,
    .column_count = CLX_COUNT(columns),
    .sets = sets,
    .set_of = {-1, 0, 1, -1, -1, -1},
    .classes = classes,
    .class_of = class_of,
    .cost = clx_attention_context_cost,
    .refuse = refuse};
