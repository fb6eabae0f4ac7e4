// Attention of generation. Two kernels, whose choice, blocks and splits of a sequence follow the launch code of TensorRT-LLM
// (masked multi-head attention, XQA and their successors on Blackwell); both run in waves of blocks over the processors.
// Docs: docs/model/device/attention.md.
#include "device/device_attention_generation.h"

#include <math.h>
#include <string.h>

#include "device/device.h"
#include "device/device_math.h"

typedef clx_attention_generation_parameters parameters_t;
typedef clx_attention_generation_shape shape_t;

// Launch code of TensorRT-LLM: decoderMaskedMultiheadAttentionLaunch.h, decoderXQAImplJIT.cpp, decoderXQAImplCommon.h.
static const double BLOCK_THREADS = 256;   // least threads of a plain block
static const double LOOP_UNROLL = 8;       // tokens per thread group and loop, the least part of a split sequence
static const double SCORE_BYTES = 6;       // of shared memory per token of a plain block: a float and a half
static const double SPLIT_TOKENS = 128;    // least tokens of a block of a split sequence (packed)
static const double SPLIT_WAVES = 8;       // splitting stops at so many waves of blocks
static const double FILL_FACTOR = 4;       // packed only when blocks times this fill the processors
static const double PACKED_RATIO = 32;     // most query heads per head of keys and values of the packed kernel
static const double GENERATED_TILE = 256;  // tokens of a tile of the Blackwell kernels
static const double ROWS_LEAST = 8;        // query heads that a packed block computes at least (padding)

#define ROW(member, unit, start, low, high, text) CLX_PARAMETER(parameters_t, member, unit, start, low, high, text)

static const clx_row parameter_rows[] = {
    CLX_PARAMETER_FIT(parameters_t),
    ROW(packed, NULL, 1, 0, 1, "share of the shapes fit for the packed kernel that run it; 0 = the engine falls back"),
    ROW(launch, "s", 5e-6, 1e-6, 2e-5, "launch and drain of the plain kernel"),
    ROW(start, NULL, 3000, 500, 40000, "cycles to start a plain block: rotate, load the query, store"),
    ROW(start_fp8, NULL, 3000, 500, 40000, "the same, fp8 cache"),
    ROW(start_threads, NULL, 5000, 10, 40000, "more cycles when 1024 threads start on a processor"),
    ROW(start_dim, NULL, 2, 0, 100, "more cycles to start, per element of a head"),
    ROW(merge, NULL, 6000, 100, 40000, "cycles to merge the parts of a split sequence"),
    ROW(first_pass, NULL, 4000, 100, 20000, "least cycles of the loops over tokens, 1024 threads on a processor"),
    ROW(first_pass_fp8, NULL, 4000, 100, 20000, "the same, fp8 cache"),
    ROW(first_pass_dim, NULL, 2, 0, 100, "more of these cycles per element of a head"),
    ROW(serial, NULL, 0.04, 0.002, 0.5, "cycles per element of keys and values of a block, however many threads"),
    ROW(serial_fp8, NULL, 0.04, 0.002, 0.5, "the same, fp8 cache"),
    ROW(parallel, NULL, 15, 0.5, 200, "cycles per element of keys and values of a thread"),
    ROW(parallel_fp8, NULL, 15, 0.5, 200, "the same, fp8 cache"),
    ROW(processor_rate, NULL, 15, 4, 64, "elements per processor and clock, all blocks together"),
    ROW(far_latency, NULL, 0.5, 0, 3, "more cycles per element when all of them come from device memory"),
    ROW(packed_launch, "s", 5.5e-6, 1e-6, 2e-5, "launch and drain of preparation and packed kernel"),
    ROW(packed_launch_fp8, "s", 3e-6, 1e-6, 2e-5, "the same, fp8 cache"),
    ROW(packed_start, NULL, 5000, 300, 40000, "cycles of a packed block with its first tile of tokens"),
    ROW(packed_start_fp8, NULL, 4000, 300, 40000, "the same, fp8 cache"),
    ROW(packed_rows, NULL, 1, 0.01, 10, "more cycles per query head and element of a head"),
    ROW(packed_rows_fp8, NULL, 1, 0.01, 10, "the same, fp8 cache"),
    ROW(query_time, NULL, 30, 0.1, 2000, "cycles of a processor to prepare one query head"),
    ROW(packed_rate, NULL, 15, 3, 500, "elements of keys and values per processor and clock"),
    ROW(packed_rate_fp8, NULL, 30, 3, 500, "the same, fp8 cache"),
    ROW(packed_rate_rows, NULL, 0.1, 0, 2, "more time per element, fp8 cache, for each further 8 query heads"),
    ROW(packed_token_fp8, NULL, 2, 0.01, 100, "cycles per token of a block, fp8 cache: softmax, conversion"),
    ROW(packed_overlap, NULL, 0.5, 0, 1, "share of the starts of blocks during which others use the memory"),
    ROW(packed_part, NULL, 1000, 10, 20000, "more cycles of a block that holds a part of a sequence"),
    ROW(packed_merge, NULL, 4000, 10, 40000, "cycles to merge the parts of a split sequence"),
    ROW(packed_merge_part, NULL, 1, 0.001, 10, "cycles to merge one element of a head of one part"),
    ROW(packed_memory, NULL, 0.9, 0.3, 1, "share of the memory bandwidth, packed kernel"),
    ROW(memory_share, NULL, 0.9, 0.3, 1, "share of the memory bandwidth, plain kernel"),
    ROW(cache_share, NULL, 0.6, 0.1, 2, "share of the last-level cache that keeps keys from one step to the next"),
    ROW(value_traffic, NULL, 0, 0, 1,
        "share of the values with storage of their own: 1 in an engine, 0 in tables whose values alias the keys"),
};

const clx_schema clx_attention_generation_schema = {.name = "attention_generation",
                                                    .doc = "one new token per sequence against the cache",
                                                    .rows = parameter_rows,
                                                    .count = CLX_COUNT(parameter_rows),
                                                    .size = sizeof(parameters_t)};

// What both kernels need to know of a shape.
typedef struct work {
  double keys, attended;  // tokens of a sequence; those inside the window
  double ratio;           // query heads per head of keys and values
  double key_bytes;       // of all keys attended; the values are as many
  double token_bytes;     // of the new tokens: projections read, cache and result written
  bool fp8, generated;    // fp8 cache; Blackwell's kernels
} work;

static work work_of(const clx_device *d, const shape_t *s) {
  work w = {.keys = s->isl + s->step,
            .ratio = s->num_heads / s->num_key_value_heads,
            .fp8 = s->kv_cache_dtype > 0,
            .generated = strcmp(d->family, "blackwell") == 0};
  w.attended = s->window_size > 0 ? fmin(w.keys, s->window_size) : w.keys;
  w.key_bytes = s->batch_size * s->num_key_value_heads * w.attended * s->head_dim * (w.fp8 ? 1 : 2);
  w.token_bytes = s->batch_size * s->head_dim * 2 * (2 * s->num_heads + 4 * s->num_key_value_heads);
  return w;
}

// The larger of two limits of one resource, rounded where they meet.
static double limited(double a, double b) {
  const double a4 = clx_square(clx_square(a)), b4 = clx_square(clx_square(b));
  return sqrt(sqrt(sqrt(a4 * a4 + b4 * b4)));
}

// Share of reads that miss the last-level cache when `bytes` are read again and again.
static double missed(const clx_device *d, const parameters_t *p, double bytes) {
  const double fill = clx_square(clx_square(bytes / (p->cache_share * d->l2)));
  return fill / (1 + fill);
}

// Blocks of a kernel on the processors: full waves and the blocks per processor that remain.
typedef struct waves {
  double full, rest;
} waves;

static waves waves_of(const clx_device *d, double blocks, double resident) {
  const double slots = d->processors * resident;
  const double full = floor(blocks / slots);
  return (waves){.full = full, .rest = ceil((blocks - full * slots) / d->processors)};
}

// --- plain kernel -----------------------------------------------------------------------------------------------------------

typedef struct plain_blocks {
  double threads, resident, split, tokens;
} plain_blocks;

// Registers allow 1024 threads on a processor; kernels with wide heads, or bf16 caches on Blackwell, need a third more.
static plain_blocks plain_blocks_of(const clx_device *d, const shape_t *s, const work *w) {
  const double rows = s->batch_size * s->num_heads;
  const double most = s->head_dim <= 128 && (w->fp8 || !w->generated) ? 4 : 3;
  const double factor = fmin(ceil(d->processors * most / rows), most);
  plain_blocks b = {.threads = BLOCK_THREADS * (factor >= 4 ? 4 : factor >= 2 ? 2 : 1)};
  const double loop = b.threads / (s->head_dim / 8) * LOOP_UNROLL;
  b.split = fmin(ceil((w->keys + 1) / loop), ceil(d->processors / rows));
  b.tokens = ceil(w->attended / b.split);
  const double shared_memory = strcmp(d->family, "ampere") == 0 ? 164e3 : 228e3;
  const double room = floor(shared_memory / (SCORE_BYTES * b.tokens + 1024));
  b.resident = fmax(1, fmin(floor(most * BLOCK_THREADS / b.threads), room));
  return b;
}

// Cycles of `count` blocks on one processor.
static double plain_cycles(const parameters_t *p, const shape_t *s, const work *w, const plain_blocks *b, double far,
                           double count) {
  const double filling = count * b->threads / 1024;
  const double alone = w->fp8 ? p->serial_fp8 + p->parallel_fp8 / b->threads : p->serial + p->parallel / b->threads;
  const double element = limited(alone * (1 + p->far_latency * far), count / p->processor_rate);
  const double filled = fmin(1, w->keys * s->head_dim / (8 * b->threads));  // threads with a token in the first loop
  const double loop = (w->fp8 ? p->first_pass_fp8 : p->first_pass) + p->first_pass_dim * s->head_dim;
  const double first = loop * filling * clx_square(filled);
  return (w->fp8 ? p->start_fp8 : p->start) + p->start_dim * s->head_dim + p->start_threads * filling +
         (b->split > 1 ? p->merge : 0) + fmax(first, b->tokens * 2 * s->head_dim * element);
}

static clx_kernel_cost plain_cost(const clx_device *d, const parameters_t *p, const shape_t *s, const work *w) {
  const plain_blocks b = plain_blocks_of(d, s, w);
  const double blocks = s->batch_size * s->num_heads * b.split;
  const waves v = waves_of(d, blocks, b.resident);
  const double far = missed(d, p, w->key_bytes);
  double cycles = 0;
  if (v.full > 0) cycles += v.full * plain_cycles(p, s, w, &b, far, b.resident);
  if (v.rest > 0) cycles += plain_cycles(p, s, w, &b, far, v.rest);
  // Values that alias keys are found in the cache while one wave's keys fit it.
  const double wave = w->key_bytes * fmin(1, d->processors * b.resident / blocks);
  const double values = p->value_traffic * far + (1 - p->value_traffic) * missed(d, p, wave);
  clx_kernel_cost cost = {.bytes = w->token_bytes * far + w->key_bytes * (far + values)};
  cost.time = p->launch + clx_overlapped(cycles / d->clock, cost.bytes / (d->memory_bandwidth * p->memory_share));
  return cost;
}

// --- packed kernel ----------------------------------------------------------------------------------------------------------

// Parts of a sequence: a whole wave of processors on Blackwell, 8 waves before, where merging is kept cheap.
static double packed_split(const clx_device *d, const work *w, double rows) {
  if (w->generated) return fmin(ceil(w->attended / GENERATED_TILE), fmax(1, floor(d->processors / rows)));
  const double parts = floor(w->keys / SPLIT_TOKENS);
  const double split = fmin(parts, floor(sqrt(parts * SPLIT_WAVES) + 0.5));
  return fmax(1, fmin(split, floor(split * fmin(1, SPLIT_WAVES * d->processors / (rows * fmax(1, split))))));
}

static clx_kernel_cost packed_cost(const clx_device *d, const parameters_t *p, const shape_t *s, const work *w) {
  const double rows = s->batch_size * s->num_key_value_heads;
  const double split = packed_split(d, w, rows);
  const double keys = w->generated ? w->attended : w->keys;
  const double active = w->fp8 ? fmin(split, ceil(w->attended * split / keys)) : split;  // the rest ends at once
  // Shared memory holds three blocks of the fp8 kernel of Hopper at heads of 128, else one.
  const double resident = w->fp8 && !w->generated ? fmax(1, floor(3 * sqrt(128 / s->head_dim))) : 1;
  const waves v = waves_of(d, rows * active, resident);
  const double group = fmax(ROWS_LEAST, w->ratio) * s->head_dim;
  const double start =
      w->fp8 ? p->packed_start_fp8 + p->packed_rows_fp8 * group : p->packed_start + p->packed_rows * group;
  const double part = split > 1 ? p->packed_part : 0;
  const double tile = w->generated ? GENERATED_TILE : w->fp8 ? SPLIT_TOKENS / 2 : SPLIT_TOKENS;
  const double tokens = fmax(0, fmin(w->attended, keys / split) - tile);
  const double slower = w->fp8 ? 1 + p->packed_rate_rows * (fmax(ROWS_LEAST, w->ratio) / ROWS_LEAST - 1) : 1;
  const double token =
      w->fp8 ? p->packed_token_fp8 + 2 * s->head_dim / p->packed_rate_fp8 : 2 * s->head_dim / p->packed_rate;
  const double reading = (v.full * resident + v.rest) * tokens * token * slower;
  double once = s->batch_size * s->num_heads * p->query_time / d->processors;
  if (split > 1) once += p->packed_merge + p->packed_merge_part * active * s->head_dim * ceil(rows / d->processors);
  const double far = missed(d, p, w->key_bytes);
  clx_kernel_cost cost = {.bytes = (w->token_bytes + w->key_bytes * (1 + p->value_traffic)) * far};
  const double memory = cost.bytes / (d->memory_bandwidth * p->packed_memory);
  const double starts =
      (v.full + (v.rest > 0)) * (start + part) / d->clock;  // blocks that start leave the memory to those that read
  cost.time = (w->fp8 ? p->packed_launch_fp8 : p->packed_launch) + once / d->clock + (1 - p->packed_overlap) * starts +
              clx_overlapped(p->packed_overlap * starts + reading / d->clock, memory);
  return cost;
}

static bool packs(const clx_device *d, const shape_t *s, const work *w) {
  if (w->ratio > PACKED_RATIO) return false;
  if (w->generated) return true;
  if (w->ratio <= 1) return false;
  if (w->fp8) return true;
  const double blocks = s->num_key_value_heads * s->batch_size * fmax(1, floor(w->keys / SPLIT_TOKENS));
  return blocks * FILL_FACTOR >= d->processors;
}

static clx_kernel_cost generation_cost(const struct clx_device *d, clx_kernel_format format, const void *parameters,
                                       const void *shape) {
  (void)format;
  const parameters_t *p = parameters;
  const shape_t *s = shape;
  const work w = work_of(d, s);
  // Little is nothing, so that a kernel that never runs does not shape the fit.
  const double share = packs(d, s, &w) ? fmax(0, (p->packed - 0.1) / 0.9) : 0;
  const double flop = 4 * s->batch_size * s->num_heads * s->isl * w.attended * s->head_dim;
  clx_kernel_cost cost = {.flop = flop};
  if (share < 1) {
    const clx_kernel_cost plain = plain_cost(d, p, s, &w);
    cost.time = (1 - share) * plain.time;
    cost.bytes = (1 - share) * plain.bytes;
  }
  if (share > 0) {
    const clx_kernel_cost packed = packed_cost(d, p, s, &w);
    cost.time += share * packed.time;
    cost.bytes += share * packed.bytes;
  }
  cost.time = fmax(cost.time, flop / fmax(1, d->peak[CLX_BF16]));
  return cost;
}

static int32_t class_of(clx_kernel_format format, const void *shape) {
  (void)format;
  const shape_t *s = shape;
  const double keys = s->isl + s->step;
  const double attended = s->window_size > 0 ? fmin(keys, s->window_size) : keys;
  const double bytes =
      2 * s->batch_size * s->num_key_value_heads * attended * s->head_dim * (s->kv_cache_dtype > 0 ? 1 : 2);
  return bytes >= 256e6 ? 0 : bytes >= 16e6 ? 1 : 2;
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
    {.name = "isl", .minimum = 1, .maximum = 1},
    {.name = "step", .minimum = 0, .maximum = 1e8},
    {.name = "num_heads", .minimum = 1, .maximum = 4096, .fold = true},
    {.name = "num_key_value_heads", .minimum = 1, .maximum = 4096, .fold = true},
    {.name = "head_dim", .minimum = 8, .maximum = 1024, .fold = true},
    {.name = "window_size", .minimum = 0, .maximum = 1e8, .fold = true},
    {.name = "kv_cache_dtype", .choices = caches},
};
static const char *const sets[] = {"bf16", NULL};
static const char *const classes[] = {"large", "medium", "small", NULL};

const clx_kernel_family clx_kernel_attention_generation = {
    .name = "attention_generation",
    .doc = "attention of one new token per sequence against the cache (decode)",
    .schema = &clx_attention_generation_schema,
    .columns = columns,
    .column_count = CLX_COUNT(columns),
    .sets = sets,
    .set_of = {-1, 0, -1, -1, -1, -1},
    .classes = classes,
    .class_of = class_of,
    .cost = generation_cost,
    .refuse = refuse};
