// Prefill: tiles of queries, each as long as the keys it may see, handed to the processors first come, first served.
#include "device/device_mla_context.h"

#include <math.h>
#include <string.h>

#include "device/device.h"

static const double KEY_DIM = 192, VALUE_DIM = 128, ROPE_DIM = 64, LATENT_DIM = 576;  // DeepSeek-V3, with rope
static const double KEY_TILE = 128;
// Of the exponentials of a processor. What lets one set of matrix shares fit GB200 and GB300, which has twice the units.
static const double EXPONENTIAL_SHARE = 0.95;

static const clx_row rows[] = {
    CLX_PARAMETER_FIT(clx_mla_context_parameters),
    CLX_PARAMETER(clx_mla_context_parameters, launch_time, "s", 12e-6, 2e-6, 60e-6,
                  "launches of rotary embedding and attention, ramp up and drain"),
    CLX_PARAMETER(clx_mla_context_parameters, quantise_time, "s", 4e-6, 1e-7, 2e-5, "launch of the cast to 8 bits"),
    CLX_PARAMETER(clx_mla_context_parameters, prepare_share, NULL, 0.6, 0.1, 1,
                  "share of the memory bandwidth that rotary embedding and cache write reach"),
    CLX_PARAMETER(clx_mla_context_parameters, quantise_share, NULL, 0.7, 0.1, 1,
                  "share of the memory bandwidth that the cast to 8 bits reaches"),
    CLX_PARAMETER(clx_mla_context_parameters, tile_time, "s", 1e-6, 1e-8, 2e-5, "start and end of one tile of queries"),
    CLX_PARAMETER(clx_mla_context_parameters, matrix_bf16, NULL, 0.8, 0.1, 1,
                  "share of the bf16 peak of its processor that one tile alone reaches"),
    CLX_PARAMETER(clx_mla_context_parameters, matrix_fp8, NULL, 0.45, 0.05, 1, "the same of the fp8 peak, 8-bit cache"),
    CLX_PARAMETER(clx_mla_context_parameters, contention_bf16, NULL, 0.3, 1e-3, 1.5,
                  "slowdown when all processors are busy (clock under power, cache bandwidth), bf16"),
    CLX_PARAMETER(clx_mla_context_parameters, contention_fp8, NULL, 0.1, 1e-3, 1.5, "the same, 8-bit cache"),
    CLX_PARAMETER(clx_mla_context_parameters, memory_share, NULL, 0.8, 0.2, 1,
                  "share of the memory bandwidth that attention on short sequences reaches"),
    CLX_PARAMETER(clx_mla_context_parameters, cache_rate, NULL, 30, 4, 256,
                  "bytes per processor and clock while everything fits the last-level cache"),
    CLX_PARAMETER(clx_mla_context_parameters, cache_share, NULL, 0.6, 0.1, 1.5,
                  "share of the last-level cache that keeps operands from kernel to kernel"),
};

const clx_schema clx_mla_context_schema = {.name = "mla_context",
                                           .doc = "prefill of multi-head latent attention",
                                           .rows = rows,
                                           .count = CLX_COUNT(rows),
                                           .size = sizeof(clx_mla_context_parameters)};

// Two limits at once, the smaller mostly hidden behind the larger.
static double hide(double x, double y) {
  const double a = fmax(x, y), b = fmin(x, y) / a;
  return a * sqrt(sqrt(1 + b * b * b * b));
}

// Share of a working set that comes from memory, by how many times it fills the cache.
static double miss(double fill) {
  const double f2 = fill * fill;
  return f2 > 1e6 ? 1 : f2 * f2 / (1 + f2 * f2);
}

// Queries per tile and tiles in flight per processor. Ampere: 64 rows, two blocks share a processor (flash attention v2
// kernels of TensorRT-LLM); Hopper: two warp groups of 64 rows; Blackwell: two tiles of 128 rows that take turns.
typedef struct tiling {
  double rows, resident;
} tiling;

static tiling tiling_of(const clx_device *device) {
  if (strcmp(device->family, "ampere") == 0) return (tiling){.rows = 64, .resident = 2};
  if (strcmp(device->family, "blackwell") == 0) return (tiling){.rows = 256, .resident = 1};
  return (tiling){.rows = 128, .resident = 1};
}

// Of `heads` (sequences x heads) with `tiles` tiles each: the last takes `longest`, all of a head `sum`. Tiles start in order
// as slots get free, the longest of the last head comes last. It starts when the others have done all but what is left in the
// running ones, on average E(w^2) / 2 E(w) of staggered tiles, towards half of the longest when one head fills the device.
static double makespan(double slots, bool in_step, double heads, double tiles, double shortest, double longest,
                       double sum) {
  const double waves = heads * tiles / slots;
  if (waves <= 1) return longest;
  if (tiles <= 1 && in_step) return ceil(waves) * longest;
  const double spread = tiles / slots;
  const double staggered = (longest * longest + longest * shortest + shortest * shortest) / (3 * (longest + shortest));
  const double left = staggered + (longest - shortest) / 6 * spread / (spread + 0.7);
  return fmax(longest, heads * sum / slots + (1 - 1 / slots) * (longest - left));
}

static double attention_time(const clx_device *device, const clx_mla_context_parameters *p,
                             const clx_mla_context_shape *s, bool narrow) {
  const tiling t = tiling_of(device);
  const double slots = device->processors * t.resident;
  const double tiles = ceil(s->isl / t.rows);
  // Key tiles seen by the queries of one head: a ramp of whole tiles on top of the cached ones.
  const double past = s->step / KEY_TILE, ramp = t.rows / KEY_TILE;
  const double last = ceil((s->step + s->isl) / KEY_TILE);
  const double seen = tiles * past + (tiles - 1) * tiles / 2 * ramp + ceil(s->isl / KEY_TILE);
  const double peak = device->peak[narrow ? CLX_FP8 : CLX_BF16] / slots;
  const double multiply =
      2 * t.rows * KEY_TILE * (KEY_DIM + VALUE_DIM) / ((narrow ? p->matrix_fp8 : p->matrix_bf16) * peak);
  const double rate = EXPONENTIAL_SHARE * device->exponentials * device->clock;
  const double exponentials = rate > 0 ? t.rows * KEY_TILE * t.resident / rate : 0;
  const double block = hide(multiply, exponentials);
  const double longest = p->tile_time + last * block, sum = tiles * p->tile_time + seen * block;
  const double shortest = fmin(longest, p->tile_time + (past + fmin(ramp, last)) * block);
  const double heads = s->batch_size * s->num_heads;
  const double span = makespan(slots, t.resident == 1, heads, tiles, shortest, longest, sum);
  const double busy = heads * sum / (slots * span);
  return span * (1 + (narrow ? p->contention_fp8 : p->contention_bf16) * busy);
}

static clx_kernel_cost cost(const clx_device *device, clx_kernel_format format, const void *parameters,
                            const void *shape) {
  (void)format;
  const clx_mla_context_parameters *p = parameters;
  const clx_mla_context_shape *s = shape;
  const bool narrow =
      s->kv_cache_dtype > 0 && device->peak[CLX_FP8] > 0;  // without 8-bit units: as bf16, measured equal
  const double size = narrow ? 1 : 2;
  const double queries = s->batch_size * s->isl, keys = s->batch_size * (s->isl + s->step), heads = s->num_heads;
  // Rotary parts of queries in place, one rotary key copied to every head, latents read and cached.
  const double prepare = queries * heads * 2 * 2 * ROPE_DIM + keys * heads * 2 * ROPE_DIM + keys * 2 * LATENT_DIM +
                         queries * size * LATENT_DIM;
  const double values = queries * heads * KEY_DIM + keys * heads * (KEY_DIM + VALUE_DIM);
  const double bytes = values * size + queries * heads * VALUE_DIM * 2;
  const double memory = p->memory_share * device->memory_bandwidth;
  const double cache = fmax(memory, p->cache_rate * device->processors * device->clock);
  const double capacity = p->cache_share * device->l2, missing = miss(bytes / capacity);
  const double stream = bytes * (missing / memory + (1 - missing) / cache);
  double time = p->launch_time + prepare / (p->prepare_share * device->memory_bandwidth) +
                hide(attention_time(device, p, s, narrow), stream);
  if (narrow) {
    const double cast = 3 * values, far = miss(cast / capacity), rate = p->quantise_share * device->memory_bandwidth;
    time += p->quantise_time + cast * (far / rate + (1 - far) / fmax(rate, cache));
  }
  const double pairs = s->isl * (s->step + (s->isl + 1) / 2);  // of a query and a key it may see
  return (clx_kernel_cost){.time = time,
                           .flop = 2 * s->batch_size * heads * pairs * (KEY_DIM + VALUE_DIM),
                           .bytes = missing * (prepare + bytes + (narrow ? 3 * values : 0))};
}

static int32_t class_of(clx_kernel_format format, const void *shape) {
  (void)format;
  const clx_mla_context_shape *s = shape;
  const double flop = 2 * s->batch_size * s->num_heads * s->isl * (s->step + (s->isl + 1) / 2) * (KEY_DIM + VALUE_DIM);
  return flop >= 1e11 ? 0 : flop >= 1e9 ? 1 : 2;
}

static const char *const caches[] = {"bfloat16", "fp8", NULL};

static const clx_kernel_column columns[] = {
    {.name = "batch_size", .minimum = 1, .maximum = 1e6},
    {.name = "isl", .minimum = 1, .maximum = 1e8},
    {.name = "step", .minimum = 0, .maximum = 1e8},
    {.name = "num_heads", .minimum = 1, .maximum = 4096, .fold = true},
    {.name = "kv_cache_dtype", .choices = caches, .fold = true},
};

static const char *const sets[] = {"bf16", NULL};
static const char *const classes[] = {"large", "medium", "small", NULL};

const clx_kernel_family clx_kernel_mla_context = {.name = "mla_context",
                                                  .doc = "prefill of multi-head latent attention",
                                                  .schema = &clx_mla_context_schema,
                                                  .columns = columns,
                                                  .column_count = CLX_COUNT(columns),
                                                  .sets = sets,
                                                  .set_of = {-1, 0, -1, -1, -1, -1},
                                                  .classes = classes,
                                                  .class_of = class_of,
                                                  .cost = cost};
