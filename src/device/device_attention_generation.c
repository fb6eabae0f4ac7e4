// Attention of generation. Two kernels: one block per query head and part of the sequence (plain), and one block per head of
// keys and values whose query heads share one pass over the cache (packed). Both run in waves of blocks; how a sequence is
// split over blocks and which kernel runs follow the launch code of TensorRT-LLM.
#include "device/device_attention_generation.h"

#include <math.h>
#include <string.h>

#include "device/device.h"

typedef clx_attention_generation_parameters parameters_t;
typedef clx_attention_generation_shape shape_t;

static const double BLOCK_THREADS = 256, BLOCK_THREADS_MAX = 1024;
static const double SPLIT_TOKENS = 128;
static const double SPLIT_WAVES = 8;
static const double PACKED_HEADS = 32;

static double square(double x) { return x * x; }

static double both(double a, double b) { return sqrt(sqrt(square(square(a)) + square(square(b)))); }

static double overlapped(double a, double b) { return cbrt(a * a * a + b * b * b); }

// Blocks that start leave the memory to those that read.
static double streamed(double starts, double reading, double memory) {
  return starts + overlapped(reading, fmax(0, memory - starts));
}

static double sharp(double a, double b) { return sqrt(both(square(a), square(b))); }

typedef struct work {
  double keys, attended, ratio, keys_bytes, token_bytes;
  bool fp8;
} work;

// Share of reads that miss the level-2 cache when `bytes` are read again and again.
static double missed(const clx_device *d, const parameters_t *p, double bytes) {
  const double fill = square(square(bytes / (p->cached_share * d->l2)));
  return fill / (1 + fill);
}

static double plain_wave(const parameters_t *p, double far, const shape_t *s, const work *w, double threads,
                         double tokens, double blocks) {
  const double alone = (w->fp8 ? p->serial_fp8 + p->parallel_fp8 / threads : p->serial + p->parallel / threads) *
                       (1 + p->far_latency * far);
  const double shared = blocks / p->processor_rate;
  const double filled = fmin(1, w->keys * s->head_dim / (8 * threads));
  const double first = (w->fp8 ? p->first_pass_fp8 : p->first_pass) * square(filled) * blocks * threads / 1024;
  return (w->fp8 ? p->start_fp8 : p->start) + p->start_shared * blocks * threads / 1024 +
         fmax(first, tokens * 2 * s->head_dim * sharp(alone, shared));
}

static double plain_time(const clx_device *d, const parameters_t *p, const shape_t *s, const work *w) {
  const double rows = s->batch_size * s->num_heads, processors = d->processors;
  const double most = s->head_dim <= 128 && (w->fp8 || strcmp(d->family, "blackwell") != 0) ? 4 : 3;
  const double factor = fmin(ceil(processors * most / rows), most);
  const double threads = factor >= 4 ? 1024 : factor >= 2 ? 512 : 256;
  const double loop = threads / (s->head_dim / 8) * 8;
  const double split = fmin(ceil((w->keys + 1) / loop), ceil(processors / rows));
  const double tokens = ceil(w->attended / split);
  const double room = floor((strcmp(d->family, "ampere") == 0 ? 164e3 : 228e3) / (6 * tokens + 1024));
  const double resident = fmax(1, fmin(floor(most * 256 / threads), room));
  const double blocks = rows * split, slots = processors * resident;
  const double full = floor(blocks / slots), rest = ceil((blocks - full * slots) / processors);
  double cycles = (full + (rest > 0)) * (split > 1 ? p->merge : 0);
  const double far = missed(d, p, w->keys_bytes);
  double reading = 0;
  if (full > 0) reading += full * plain_wave(p, far, s, w, threads, tokens, resident);
  if (rest > 0) reading += plain_wave(p, far, s, w, threads, tokens, rest);
  const double again = w->keys_bytes * fmin(1, slots / blocks);
  const double bytes =
      w->token_bytes * missed(d, p, w->keys_bytes) +
      w->keys_bytes * (missed(d, p, w->keys_bytes) + p->value_traffic + (1 - p->value_traffic) * missed(d, p, again));
  return p->launch + overlapped((cycles + reading) / d->clock, bytes / (d->memory_bandwidth * p->memory_share));
}

static double packed_time(const clx_device *d, const parameters_t *p, const shape_t *s, const work *w) {
  const double processors = d->processors;
  const double rows = s->batch_size * s->num_key_value_heads;
  const bool generated = strcmp(d->family, "blackwell") == 0;
  double split;
  if (generated) {
    split = fmin(ceil(w->attended / 256), fmax(1, floor(processors / rows)));
  } else {
    split = floor(w->keys / SPLIT_TOKENS);
    split = fmax(1, fmin(split, floor(sqrt(split * 8) + 0.5)));
    const double waves = rows * split / processors;
    if (waves > SPLIT_WAVES) split = fmax(1, floor(split * SPLIT_WAVES / waves));
  }
  const double resident = fmax(1, floor((generated ? 1 : w->fp8 ? 3 : 1) * sqrt(128 / s->head_dim)));
  const double keys = generated ? w->attended : w->keys;
  const double active =
      w->fp8 ? fmin(split, ceil(w->attended * split / keys)) : split;  // blocks outside the window end at once
  const double full = floor(rows * active / (processors * resident));
  const double rest = ceil((rows * active - full * processors * resident) / processors);
  const double waves = full + (rest > 0);
  const double tokens = fmin(w->attended, keys / split);
  const double group = fmax(8, w->ratio) * s->head_dim;
  const double start =
      w->fp8 ? p->packed_start_fp8 + p->packed_rows_fp8 * group : p->packed_start + p->packed_rows * group;
  const double merge = split > 1 ? p->packed_merge + p->merge_rows * active * group * ceil(rows / processors) : 0;
  const double tile = generated ? 256 : 128;
  const double reading = (full * resident + rest) * fmax(tokens - tile, 0) * 2 * s->head_dim *
                         (w->fp8 ? 1 + p->row_share * (fmax(8, w->ratio) / 8 - 1) : 1) /
                         (w->fp8 ? p->packed_rate_fp8 : p->packed_rate);
  const double queries = s->batch_size * s->num_heads * p->query_time / processors;
  const double bytes = (w->token_bytes + w->keys_bytes * (1 + p->value_traffic)) * missed(d, p, w->keys_bytes);
  return (w->fp8 ? p->packed_launch_fp8 : p->packed_launch) + (queries + merge) / d->clock +
         streamed(waves * start / d->clock, reading / d->clock, bytes / (d->memory_bandwidth * p->packed_memory));
}

static bool packs(const clx_device *d, const shape_t *s, const work *w) {
  if (strcmp(d->family, "blackwell") == 0) return w->ratio <= PACKED_HEADS;
  if (w->ratio <= 1 || w->ratio > PACKED_HEADS) return false;
  if (w->fp8) return true;
  return 4 * s->num_key_value_heads * s->batch_size * fmax(1, floor(w->keys / SPLIT_TOKENS)) >= d->processors;
}

static clx_kernel_cost generation_cost(const clx_device *d, clx_kernel_format format, const void *parameters,
                                       const void *shape) {
  (void)format;
  const parameters_t *p = parameters;
  const shape_t *s = shape;
  work w = {.keys = s->isl + s->step, .ratio = s->num_heads / s->num_key_value_heads, .fp8 = s->kv_cache_dtype > 0};
  w.attended = s->window_size > 0 ? fmin(w.keys, s->window_size) : w.keys;
  w.keys_bytes = s->batch_size * s->num_key_value_heads * w.attended * s->head_dim * (w.fp8 ? 1 : 2);
  w.token_bytes = s->batch_size * s->head_dim * 2 * (2 * s->num_heads + 4 * s->num_key_value_heads);
  clx_kernel_cost cost = {.flop = 4 * s->batch_size * s->num_heads * w.attended * s->head_dim};
  cost.bytes = 2 * w.keys_bytes + w.token_bytes;
  const double share = packs(d, s, &w) ? p->packed : 0;
  if (share < 1) cost.time += (1 - share) * plain_time(d, p, s, &w);
  if (share > 0) cost.time += share * packed_time(d, p, s, &w);
  return cost;
}

#define ROW(member, unit_text, start, low, high, text) \
  CLX_PARAMETER(parameters_t, member, unit_text, start, low, high, text)

static const clx_row rows[] = {
    CLX_PARAMETER_FIT(parameters_t),
    ROW(packed, NULL, 1, 0, 1, ""),
    ROW(launch, "s", 5e-6, 1e-6, 2e-5, ""),
    ROW(packed_launch, "s", 5e-6, 1e-6, 2e-5, ""),
    ROW(packed_launch_fp8, "s", 4e-6, 1e-6, 2e-5, ""),
    ROW(start, NULL, 7000, 1000, 40000, ""),
    ROW(start_fp8, NULL, 7000, 1000, 40000, ""),
    ROW(first_pass, NULL, 3000, 100, 20000, ""),
    ROW(first_pass_fp8, NULL, 3000, 100, 20000, ""),
    ROW(start_shared, NULL, 2000, 10, 20000, ""),
    ROW(far_latency, NULL, 0.5, 0, 3, ""),
    ROW(merge, NULL, 6000, 100, 40000, ""),
    ROW(serial, NULL, 0.05, 0.005, 0.5, ""),
    ROW(serial_fp8, NULL, 0.05, 0.005, 0.5, ""),
    ROW(parallel, NULL, 10, 0.5, 200, ""),
    ROW(parallel_fp8, NULL, 10, 0.5, 200, ""),
    ROW(processor_rate, NULL, 16, 4, 64, ""),
    ROW(packed_start, NULL, 7000, 300, 40000, ""),
    ROW(packed_start_fp8, NULL, 7000, 300, 40000, ""),
    ROW(packed_rows, NULL, 0.5, 0.01, 10, ""),
    ROW(packed_rows_fp8, NULL, 0.5, 0.01, 10, ""),
    ROW(row_share, NULL, 0.1, 0.001, 1, ""),
    ROW(merge_rows, NULL, 0.01, 0.0001, 1, ""),
    ROW(packed_rate, NULL, 30, 3, 500, ""),
    ROW(packed_rate_fp8, NULL, 30, 3, 500, ""),
    ROW(packed_merge, NULL, 2000, 10, 40000, ""),
    ROW(query_time, NULL, 50, 1, 2000, ""),
    ROW(packed_memory, NULL, 0.9, 0.3, 1, ""),
    ROW(memory_share, NULL, 0.9, 0.3, 1, ""),
    ROW(cached_share, NULL, 0.7, 0.1, 2, ""),
    ROW(value_traffic, NULL, 0.1, 0, 1, ""),
};

static const clx_schema schema = {
    .name = "attention_generation", .doc = "", .rows = rows, .count = CLX_COUNT(rows), .size = sizeof(parameters_t)};

const clx_kernel_family clx_kernel_attention_generation = {
    .name = "attention_generation", .schema = &schema, .cost = generation_cost};
