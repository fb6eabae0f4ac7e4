// Decode: parts of sequences on processors, limited by loading latents, by multiplying them with all heads, or by the start
// of each part. How sequences are split follows the kernels that TensorRT-LLM picks on each architecture.
#include "device/device_mla_generation.h"

#include <math.h>
#include <string.h>

#include "device/device.h"
#include "device/device_math.h"

static const double LATENT_DIM = 576, VALUE_DIM = 512, ROPE_DIM = 64;  // DeepSeek-V3
static const double PAGE = 64;                                         // tokens

static const clx_row rows[] = {
    CLX_PARAMETER_FIT(clx_mla_generation_parameters),
    CLX_PARAMETER(clx_mla_generation_parameters, launch_time, "s", 7e-6, 1e-6, 6e-5,
                  "launches of rotary embedding and attention, ramp up and drain"),
    CLX_PARAMETER(clx_mla_generation_parameters, prepare_share, NULL, 0.4, 0.1, 1,
                  "share of the memory bandwidth that packing the queries reaches"),
    CLX_PARAMETER(clx_mla_generation_parameters, tile_time, "s", 3e-6, 1e-7, 2e-5,
                  "start and end of one part of a sequence on one processor"),
    CLX_PARAMETER(clx_mla_generation_parameters, row_time, "s", 2e-8, 1e-9, 1e-6, "its share for one head"),
    CLX_PARAMETER(clx_mla_generation_parameters, mask_time, "s", 3e-7, 1e-8, 1e-5,
                  "masking one empty page of 64 tokens"),
    CLX_PARAMETER(clx_mla_generation_parameters, matrix_bf16, NULL, 0.65, 0.05, 1,
                  "share of its bf16 peak that a processor reaches with 64 heads"),
    CLX_PARAMETER(clx_mla_generation_parameters, matrix_fp8, NULL, 0.5, 0.05, 1, "the same of fp8, 8-bit cache"),
    CLX_PARAMETER(clx_mla_generation_parameters, ingest, NULL, 70, 8, 256,
                  "bytes of keys and values per processor and clock that matrix units read (Blackwell)"),
    CLX_PARAMETER(clx_mla_generation_parameters, memory_bf16, NULL, 0.85, 0.2, 1,
                  "share of the memory bandwidth that latents reach"),
    CLX_PARAMETER(clx_mla_generation_parameters, memory_fp8, NULL, 0.9, 0.2, 1, "the same, 8-bit cache"),
    CLX_PARAMETER(clx_mla_generation_parameters, cache_rate, NULL, 40, 4, 256,
                  "bytes per processor and clock while everything fits the last-level cache"),
    CLX_PARAMETER(clx_mla_generation_parameters, cache_share, NULL, 0.7, 0.1, 1.2,
                  "share of the last-level cache that keeps latents from step to step"),
    CLX_PARAMETER(clx_mla_generation_parameters, miss_time, "s", 1e-6, 0, 2e-5,
                  "until latents stream from memory when none are in the cache"),
    CLX_PARAMETER(clx_mla_generation_parameters, reread, NULL, 0.3, 0, 1,
                  "share of latents that each further group of 16 heads reads from memory again (Blackwell)"),
    CLX_PARAMETER(clx_mla_generation_parameters, overlap, NULL, 2, 1, 10,
                  "how latency and bandwidth of loads add up (Blackwell): 1 fully, 10 the larger counts"),
    CLX_PARAMETER(clx_mla_generation_parameters, combine_time, "s", 3e-6, 1e-8, 2e-5,
                  "a kernel that adds up the parts of split sequences (Hopper, Blackwell with many heads)"),
    CLX_PARAMETER(clx_mla_generation_parameters, cluster_time, "s", 1e-6, 1e-8, 2e-5,
                  "adding up inside a cluster (Blackwell)"),
    CLX_PARAMETER(clx_mla_generation_parameters, part_time, "s", 8e-8, 1e-9, 1e-6, "each part added"),
    CLX_PARAMETER(clx_mla_generation_parameters, crowding, NULL, 0.3, 0, 1,
                  "slowdown when both processors of a pair are busy (Ampere)"),
};

const clx_schema clx_mla_generation_schema = {.name = "mla_generation",
                                              .doc = "decode of multi-head latent attention, absorbed form",
                                              .rows = rows,
                                              .count = CLX_COUNT(rows),
                                              .size = sizeof(clx_mla_generation_parameters)};

// What one call is made of.
typedef struct work {
  double start;     // s: starts and ends of parts, one after the other on the busiest processor
  double multiply;  // s: blocks of tokens on the busiest processor
  double load;      // s: their latents into its shared memory
  double reads;     // of the latents from memory
  double parts;     // that one sequence is split into
  double combine;   // s: launch of what adds them up
  bool hidden;      // transfers of queries and sums run beside the starts and ends of parts
} work;

static double hide(double x, double y) {  // loads behind arithmetic, as clx_joined with exponent 6
  const double a = fmax(x, y), b = fmin(x, y) / a, b3 = b * b * b;
  return a * sqrt(cbrt(1 + b3 * b3));
}

static double matrix_time(const clx_device *device, const clx_mla_generation_parameters *p, bool narrow, double block) {
  const double peak = narrow ? p->matrix_fp8 * device->peak[CLX_FP8] : p->matrix_bf16 * device->peak[CLX_BF16];
  return 2 * 64 * block * (LATENT_DIM + VALUE_DIM) * device->processors / peak;
}

static double masking(const clx_mla_generation_parameters *p, double keys) {
  return p->mask_time * (ceil(keys / PAGE) - keys / PAGE);
}

// Ampere: one block of threads per sequence and 64 heads walks through all tokens, no splits. Where latents come from device
// memory a step takes 6 % longer (A100 table, 40 MB against 20 MB). The last wave crowds the processors only if it fills more
// than half of them.
static work work_ampere(const clx_device *device, const clx_mla_generation_parameters *p, double batch, double keys,
                        double heads, double missing) {
  static const double MISS = 0.06;
  const double waves = batch * ceil(heads / 64) / device->processors, whole = floor(waves), rest = waves - whole;
  const double slow = whole * (1 + p->crowding) + (rest > 0.5 ? 1 + p->crowding : rest > 0 ? 1 : 0);
  const double tile = p->tile_time + p->row_time * fmin(heads, 64) + masking(p, keys);
  const double block = matrix_time(device, p, false, 64) * (1 + MISS * missing);
  return (work){
      .start = slow * tile, .multiply = slow * ceil(keys / 64) * block, .reads = 1, .parts = 1, .hidden = true};
}

// Hopper: FlashMLA. Its scheduler deals blocks of 64 tokens, plus 5 for each start, evenly to the processors (divided by the
// groups of 64 heads); a processor takes whole sequences and then a part of the next, and loads nothing ahead between them.
static work work_hopper(const clx_device *device, const clx_mla_generation_parameters *p, bool narrow, double batch,
                        double keys, double heads) {
  static const double OVERHEAD = 5;  // get_mla_metadata of FlashMLA
  const double blocks = ceil(keys / 64), lanes = fmax(1, floor(device->processors / ceil(heads / 64)));
  const double payload = ceil(batch * (blocks + OVERHEAD) / lanes) + OVERHEAD;
  const double whole = fmin(batch, floor(payload / (blocks + OVERHEAD)));
  const double rest = whole < batch ? fmax(0, payload - whole * (blocks + OVERHEAD) - OVERHEAD) : 0;
  const double tile = p->tile_time + p->row_time * fmin(heads, 64) + masking(p, keys);
  const double block = matrix_time(device, p, narrow, 64);
  return (work){.start = (whole + (rest > 0)) * tile,
                .multiply = (whole * blocks + rest) * block,
                .reads = 1,
                .parts = whole > 0 ? 1 : blocks / rest,
                .combine = p->combine_time};
}

// Blackwell: TensorRT-LLM's generated kernels (its selectMlaGenerationKernel). Up to 32 heads, or few enough tokens per
// processor: groups of 16 heads on their own processors, parts added up in a cluster, values split over idle processors.
// Otherwise groups of 64 heads, two of which share one block of 128 tokens, and a kernel that adds up.
static work work_blackwell(const clx_device *device, const clx_mla_generation_parameters *p, bool narrow, double batch,
                           double keys, double heads) {
  static const double NARROW_HEADS = 32, NARROW_KEYS = 1024;
  const double processors = device->processors;
  double step = 256, steps = ceil(keys / step), group = 16, lanes = batch * ceil(heads / group);
  double parts = fmin(steps, fmax(1, floor(processors / lanes)));
  const bool small = heads <= NARROW_HEADS || (lanes <= processors && keys <= NARROW_KEYS * parts);
  if (!small) {
    step = 128;
    steps = ceil(keys / step);
    group = 64;
    lanes = batch * ceil(heads / group);
    parts = fmin(steps, fmax(1, floor(processors / lanes)));
  }
  const bool pair = !small && heads > group;
  double values = 1;  // share of the 512 sums that a processor computes
  if (small && lanes * parts * 2 <= processors) values = lanes * parts * 4 <= processors ? 0.25 : 0.5;
  const double ingest = p->ingest * device->clock;
  const double load = step * (LATENT_DIM + VALUE_DIM * values) * (narrow ? 1 : 2) / ingest * (pair ? 0.5 : 1);
  // Matrix units are 128 rows high: 64 heads alone fill half of them.
  const double multiply = small ? 0 : matrix_time(device, p, narrow, step) * (pair ? 1 : 2);
  const double tile = (p->tile_time + p->row_time * fmin(heads, group)) * values + masking(p, keys);
  const double waves = ceil(lanes * parts / processors);
  return (work){.start = waves * tile,
                .multiply = waves * ceil(steps / parts) * multiply,
                .load = waves * ceil(steps / parts) * load,
                .reads = small ? 1 + p->reread * (ceil(heads / group) - 1) : 1,
                .parts = parts,
                .hidden = true,
                .combine = small ? p->cluster_time : p->combine_time};
}

static clx_kernel_cost cost(const clx_device *device, clx_kernel_format format, const void *parameters,
                            const void *shape) {
  (void)format;
  const clx_mla_generation_parameters *p = parameters;
  const clx_mla_generation_shape *s = shape;
  const bool narrow =
      s->kv_cache_dtype > 0 && device->peak[CLX_FP8] > 0;  // without 8-bit units: as bf16, measured equal
  const double size = narrow ? 1 : 2, batch = s->batch_size, keys = s->step + s->isl, heads = s->num_heads * s->isl;
  const double bytes = batch * keys * LATENT_DIM * size + batch * heads * (LATENT_DIM * size + 2 * VALUE_DIM);
  const double fill = bytes / (p->cache_share * device->l2), fill3 = fill * fill * fill;
  const double missing = fill3 > 1e6 ? 1 : fill3 * fill3 / (1 + fill3 * fill3);
  const double memory = (narrow ? p->memory_fp8 : p->memory_bf16) * device->memory_bandwidth;
  const double cache = fmax(memory, p->cache_rate * device->processors * device->clock);
  const work w = strcmp(device->family, "ampere") == 0   ? work_ampere(device, p, batch, keys, heads, missing)
                 : strcmp(device->family, "hopper") == 0 ? work_hopper(device, p, narrow, batch, keys, heads)
                                                         : work_blackwell(device, p, narrow, batch, keys, heads);
  const double per_byte = missing / memory + (1 - missing) / cache;
  const double latents = w.reads * batch * keys * LATENT_DIM * size, vectors = bytes - batch * keys * LATENT_DIM * size;
  const double stream = latents * per_byte + missing * p->miss_time;
  const double load = w.load > 0 ? clx_joined(w.load, stream, p->overlap) : stream;
  const double ends = w.hidden ? hide(w.start, vectors * per_byte) : w.start + vectors * per_byte;
  // Queries: rotary part in place, or a cast of all of it.
  const double prepare = batch * heads * (narrow ? 3 * LATENT_DIM : 4 * ROPE_DIM);
  double time =
      p->launch_time + prepare / (p->prepare_share * device->memory_bandwidth) + ends + hide(w.multiply, load);
  // Parts: 4-byte sums written and read again.
  if (w.parts > 1) time += w.combine + p->part_time * w.parts + batch * heads * w.parts * 8 * VALUE_DIM / cache;
  return (clx_kernel_cost){.time = time,
                           .flop = 2 * batch * heads * keys * (LATENT_DIM + VALUE_DIM),
                           .bytes = missing * (latents + vectors + prepare)};
}

static int32_t class_of(clx_kernel_format format, const void *shape) {
  (void)format;
  const clx_mla_generation_shape *s = shape;
  const double bytes = s->batch_size * (s->step + s->isl) * LATENT_DIM * (s->kv_cache_dtype > 0 ? 1 : 2);
  return bytes >= 256e6 ? 0 : bytes >= 16e6 ? 1 : 2;
}

static const char *const caches[] = {"bfloat16", "fp8", NULL};

static const clx_kernel_column columns[] = {
    {.name = "batch_size", .minimum = 1, .maximum = 1e6},
    {.name = "isl", .minimum = 1, .maximum = 64},
    {.name = "step", .minimum = 0, .maximum = 1e8},
    {.name = "num_heads", .minimum = 1, .maximum = 4096, .fold = true},
    {.name = "kv_cache_dtype", .choices = caches, .fold = true},
};

static const char *const sets[] = {"bf16", NULL};
static const char *const classes[] = {"large", "medium", "small", NULL};  // at least 256 MB, 16 MB of latents

const clx_kernel_family clx_kernel_mla_generation = {.name = "mla_generation",
                                                     .doc = "decode of multi-head latent attention, absorbed form",
                                                     .schema = &clx_mla_generation_schema,
                                                     .columns = columns,
                                                     .column_count = CLX_COUNT(columns),
                                                     .sets = sets,
                                                     .set_of = {-1, 0, -1, -1, -1, -1},
                                                     .classes = classes,
                                                     .class_of = class_of,
                                                     .cost = cost};
