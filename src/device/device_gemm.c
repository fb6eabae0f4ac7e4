// GEMM: output tiles on processors in waves, the K loop of a tile, memory traffic beside it, and the power limit.
// docs/model/device/gemm.md has the equations and what the tables taught.
#include "device/device_gemm.h"

#include <math.h>
#include <string.h>

#include "device/device.h"
#include "device/device_math.h"

#define PARAMETER(member, unit, start, low, high, text) \
  CLX_PARAMETER(clx_gemm_parameters, member, unit, start, low, high, text)

static const clx_row parameter_rows[] = {
    CLX_PARAMETER_FIT(clx_gemm_parameters),
    PARAMETER(start_time, "s", 2.5e-6, 5e-7, 1e-5, "launch, ramp up and drain of the kernel"),
    PARAMETER(matrix_share, NULL, 0.95, 0.3, 1.1,
              "share of a processor's peak in the K loop while power does not limit the clock (above 1: boost clock)"),
    PARAMETER(load_rate, NULL, 60, 8, 256, "bytes per processor and clock from the last-level cache into a tile"),
    PARAMETER(step_time, "s", 7e-8, 1e-9, 5e-7, "least time of 64 elements of K: latency of the pipeline"),
    PARAMETER(store_rate, NULL, 6, 1, 100, "results per processor and clock that leave a finished tile"),
    PARAMETER(store_exposed, NULL, 0.4, 0, 1.2,
              "share of storing a tile that the next tile of the processor does not hide"),
    PARAMETER(wave_loss, NULL, 0.8, 0, 1, "share of the idle time in a last, partly filled wave that is lost"),
    PARAMETER(memory_share, NULL, 0.85, 0.4, 1, "share of the memory bandwidth that streaming reaches"),
    PARAMETER(overlap_loss, NULL, 0.2, 0, 1,
              "share of the shorter of multiplying and memory traffic that the longer does not hide"),
    PARAMETER(cache_speed, NULL, 2.5, 1, 10, "bandwidth of the last-level cache against memory"),
    PARAMETER(weight_copies, NULL, 7, 0.5, 20,
              "weights stay in the last-level cache when it holds this many copies of them (other layers in between)"),
    PARAMETER(activation_copies, NULL, 1.3, 0.3, 10, "the same for activations and results"),
    PARAMETER(panel_share, NULL, 0.2, 0.02, 2, "share of the last-level cache that keeps panels for the next wave"),
    PARAMETER(split_time, "s", 2.4e-6, 1e-7, 1e-5, "second kernel that adds up the parts of a split K"),
    PARAMETER(flop_energy, "J", 8e-13, 3e-14, 5e-12, "energy of one FLOP when the device draws its rated power (tdp)"),
    PARAMETER(power_time, "s", 1e-3, 1e-6, 1e-2, "time until the power limit acts"),
    PARAMETER(quantise_time, "s", 5e-6, 1e-7, 3e-5, "launches of the cast of activations"),
    PARAMETER(quantise_share, NULL, 0.7, 0.1, 1, "share of the memory bandwidth that the cast reaches"),
    PARAMETER(ragged_time, "s", 5e-6, 1e-8, 3e-5,
              "block scales: padding when rows do not fill what the kernel expects"),
    PARAMETER(ragged_loss, NULL, 0.4, 0, 2, "block scales: slowdown of the K loop then"),
};

const clx_schema clx_gemm_schema = {.name = "gemm",
                                    .doc = "matrix products",
                                    .rows = parameter_rows,
                                    .count = CLX_COUNT(parameter_rows),
                                    .size = sizeof(clx_gemm_parameters)};

// Tiles that a library has: one side fixed, the other a multiple of `grain` up to `longest`.
typedef struct side {
  double fixed, longest;
  double per_fixed, per_longest;  // inverse
} side;

typedef struct menu {
  const side *sides;
  int32_t count;
  double grain, per_grain;
  bool fixed_rows;  // the fixed side is always the rows, and the other one fills waves
} menu;

// Kernel names of cuBLAS on H100 (nvjet_sm90_..._128x256_64x4_2x1...): 64 to 256 wide, the other side in steps of 8.
// Ampere kernels come in multiples of 64 (ampere_bf16_s16816gemm_bf16_256x128...). Blackwell: one half of a pair's tile.
// Block scales: 64 or 128 rows, up to 128 columns (DeepGEMM).
#define SIDE(fixed, longest) \
  { fixed, longest, 1.0 / (fixed), 1.0 / (longest) }

static const side PLAIN[] = {SIDE(64, 256), SIDE(128, 256)};
static const side BLOCK[] = {SIDE(64, 128), SIDE(128, 128)};

static menu menu_of(const clx_device *device, clx_kernel_format format) {
  if (format == CLX_KERNEL_FP8_BLOCK) return (menu){BLOCK, 2, 16, 1.0 / 16, true};
  if (strcmp(device->family, "ampere") == 0) return (menu){PLAIN, 2, 64, 1.0 / 64, false};
  if (strcmp(device->family, "blackwell") == 0) return (menu){PLAIN, 2, 32, 1.0 / 32, false};
  return (menu){PLAIN, 2, 8, 1.0 / 8, false};
}

static const double STEP_K = 64;    // elements of K per step of the pipeline, bf16
static const double SPLIT_K = 128;  // shortest part of a split K
// Below this K the library of Ampere keeps its largest tile once that fills the device, however badly the last wave is filled.
static const double COARSE_K = 8192;

// One problem with everything that does not depend on the tile.
typedef struct product {
  double m, n, k, groups;
  double processors, per_processor;  // and its inverse
  double multiply;                   // s per result and element of K
  double load;                       // s per element loaded into a tile
  double step;                       // s per element of K
  double store;                      // s per result
  double exposed, wave_loss;
  double memory;      // s of memory traffic
  double split_time;  // s
  double split_pass;  // s per part: partial sums written and read
  bool splits, clusters, coarse;
  double weight, loop, tail;  // sums over candidates
} product;

static inline double eighth(double x) {
  const double x2 = x * x, x4 = x2 * x2;
  return x4 * x4;
}

// The larger one, and up to 9 % more when both are nearly equal: about (a^8 + b^8)^(1/8).
static inline double larger(double a, double b) {
  const double high = clx_most(a, b);
  return high * (1 + 0.0905 * eighth(clx_least(a, b) / high));
}

// Adds a candidate. Libraries choose by estimates of their own, so near ties count all: weight time^-8.
static inline void add(product *p, double loop, double tail) {
  const double time = clx_most(loop, p->memory) + tail + 0.2 * loop;
  const double inverse = 1 / time, weight = eighth(inverse);
  p->weight += weight;
  p->loop += weight * loop;
  p->tail += weight * tail;
}

// Tiles of rows x columns, `down` x `across` of them; `split`: K may be split, too.
static inline void try_tiles(product *p, double rows, double columns, double down, double across, bool split) {
  const double tiles = down * across * p->groups, area = rows * columns;
  double loaded = rows + columns;
  if (p->clusters) {  // two neighbours share what they load of the longer side
    if (rows >= columns)
      loaded -= across > 1 ? rows / 2 : down > 1 ? columns / 2 : 0;
    else
      loaded -= down > 1 ? columns / 2 : across > 1 ? rows / 2 : 0;
  }
  const double busy = clx_most(area * p->multiply, loaded * p->load);
  const double per_k = sqrt(busy * busy + p->step * p->step);
  const double waves = tiles * p->per_processor, whole = clx_round_up(waves);
  const double counted = whole <= 1 ? 1 : waves + p->wave_loss * (whole - waves);
  const double store = area * p->store;
  const double steps = clx_round_up(p->k / STEP_K) * STEP_K;
  add(p, counted * steps * per_k + (counted - 1) * store * p->exposed, store);
  if (!split || tiles * 2 > p->processors || p->k < 2 * SPLIT_K) return;
  const double parts = clx_least(clx_round_down(p->processors / tiles), clx_round_down(p->k / SPLIT_K));
  const double part = clx_round_up(p->k / (parts * STEP_K)) * STEP_K;
  add(p, part * per_k, store + p->split_time + parts * p->split_pass);
}

// Tiles with a side `fixed` along y and up to `longest` along x: the largest, and those that fill the same whole waves.
static inline void try_side(product *p, const menu *tiles, const side *s, double x, double y, bool x_is_rows) {
  const double across = clx_round_up(y * s->per_fixed);
  const double fewest = clx_round_up(x * s->per_longest);
  const double lines = across * p->groups;
  const double waves = clx_round_up(fewest * lines * p->per_processor);
  const double per_wave = p->processors / lines, grains = x * tiles->per_grain;
  const double fill = clx_most(fewest, clx_round_down(waves * per_wave));
  double last = 0;
  for (int32_t i = tiles->fixed_rows ? 1 : 0; i < (p->coarse ? 1 : 2); i++) {
    const double length = clx_least(s->longest, clx_round_up(grains / (i == 0 ? fewest : fill)) * tiles->grain);
    if (length == last) continue;
    last = length;
    const double used = clx_round_up(x / length);
    if (x_is_rows)
      try_tiles(p, length, s->fixed, used, across, i == 0 && p->splits);
    else
      try_tiles(p, s->fixed, length, across, used, i == 0 && p->splits);
  }
}

// Share of bytes that are still in the last-level cache when they are used again after `fill` times its size of traffic.
// Weights are read in turns, so all of them are there or none; activations are replaced little by little.
static inline double kept(double fill) { return 1 / (1 + eighth(fill)); }

static inline double kept_softly(double fill) { return 1 / (1 + fill * fill * fill * fill); }

typedef struct traffic {
  double memory, cache;  // B
} traffic;

static traffic traffic_of(const clx_device *device, const clx_gemm_parameters *q, const product *p, double size) {
  const double weights = p->groups * p->n * p->k * size, input = p->groups * p->m * p->k * size;
  const double output = p->groups * p->m * p->n * 2;
  // A wave covers about this many rows and columns and reads the panels beside them once.
  const double covered = p->processors * 128 * 256;
  double high = clx_least(p->m, sqrt(covered)), wide = clx_least(p->n, covered / high);
  high = clx_least(p->m, covered / wide);
  const double again = clx_most(0, p->groups * p->m * p->n * p->k * size * (1 / high + 1 / wide) - weights - input);
  const double panel = clx_least(p->m, p->n) * p->k * size / (device->l2 * q->panel_share), panel2 = panel * panel;
  const double weights_kept = kept(weights * q->weight_copies / device->l2);
  const double input_kept = kept_softly(input * q->activation_copies / device->l2);
  const double output_kept = kept_softly(output * q->activation_copies / device->l2);
  const double hit = weights * weights_kept + input * input_kept + output * output_kept;
  return (traffic){weights + input + output - hit + again * panel2 / (1 + panel2), hit};
}

static double peak_of(const clx_device *device, clx_kernel_format format) {
  static const clx_format units[CLX_KERNEL_FORMATS] = {CLX_FP32, CLX_BF16, CLX_FP8, CLX_FP8, CLX_FP4, CLX_FP8};
  return device->peak[units[format]];
}

// How far the rows are from what kernels with block scales expect. Blackwell: scales are stored by columns, whose copies
// need a multiple of 16 bytes; a single row or column of scales is contiguous either way. Hopper: rows that are missing in
// the last 128 slow the K loop, less so with more tiles, and no longer beyond 2700 rows: what the tables show, the kernels
// do not document it.
static double raggedness(const clx_device *device, clx_kernel_format format, double m, double n, double k) {
  if (format != CLX_KERNEL_FP8_BLOCK || m <= 1 || k <= 128) return 0;
  if (strcmp(device->family, "blackwell") == 0) return clx_round_up(m / 4) * 4 > m ? 1 : 0;
  if (m <= 64 || m > 2700) return 0;
  const double waves = m * n / (128 * 128 * (double)device->processors);
  return (clx_round_up(m / 128) - m / 128) * sqrt(128 / m) / (1 + waves / 12);
}

// What power allows: s per FLOP, and for how long a kernel runs before that holds.
typedef struct power_limit {
  double flop_time, delay;
} power_limit;

static clx_kernel_cost cost_within(const clx_device *device, clx_kernel_format format, const clx_gemm_parameters *q,
                                   double m, double n, double k, double groups, power_limit power) {
  const double peak = clx_most(peak_of(device, format), 1), size = clx_kernel_format_bytes(format);
  const double memory_rate = device->memory_bandwidth * q->memory_share, cache_rate = memory_rate * q->cache_speed;
  product p = {.m = m, .n = n, .k = k, .groups = groups, .processors = device->processors};
  p.per_processor = 1 / p.processors;
  const traffic bytes = traffic_of(device, q, &p, size);
  p.multiply = 2 * p.processors / (peak * q->matrix_share);
  p.load = size / (q->load_rate * device->clock);
  p.step = q->step_time / STEP_K;
  p.store = 1 / (q->store_rate * device->clock);
  p.exposed = q->store_exposed;
  p.wave_loss = q->wave_loss;
  p.memory = bytes.memory / memory_rate + bytes.cache / cache_rate;
  p.split_time = q->split_time;
  p.split_pass = groups * m * n * 8 / cache_rate;
  const bool ampere = strcmp(device->family, "ampere") == 0;
  p.clusters = !ampere;
  p.splits = format <= CLX_KERNEL_FP8;  // kernels with block scales do not split K
  const menu tiles = menu_of(device, format);
  const double filled = m * n * groups / (128 * 256 * p.processors);
  p.coarse = ampere && !tiles.fixed_rows && filled > 1 && k < COARSE_K;
  const int32_t first = filled > 2 || p.coarse ? 1 : 0;  // narrow tiles never win when wide ones fill the device twice
  for (int32_t i = first; i < tiles.count; i++) {
    const side *s = &tiles.sides[i];
    if (!tiles.fixed_rows && (i == first || tiles.sides[i - 1].fixed < n)) try_side(&p, &tiles, s, m, n, true);
    if (i == first || tiles.sides[i - 1].fixed < m) try_side(&p, &tiles, s, n, m, false);
  }
  // Ampere: one row is a vector product, whose threads split K among themselves and store little.
  if (ampere && m <= 1) p.tail *= 0.3;
  const double ragged = raggedness(device, format, m, n, k);
  const double loop = p.loop / p.weight * (1 + q->ragged_loss * ragged);
  const double tail = p.tail / p.weight + (ragged > 0 ? q->ragged_time : 0);
  double time = clx_most(loop, p.memory) + q->overlap_loss * clx_least(loop, p.memory);
  const double flop = 2 * groups * m * n * k;
  const double limited = power.flop_time > 0 ? larger(time, flop * power.flop_time) : time;
  time += (limited - time) * time / (time + power.delay);
  return (clx_kernel_cost){.time = q->start_time + time + tail, .flop = flop, .bytes = bytes.memory};
}

clx_kernel_cost clx_gemm_cost_grouped(const clx_device *device, clx_kernel_format format, const clx_gemm_parameters *q,
                                      double m, double n, double k, double groups) {
  const double flop_time = device->tdp > 0 ? q->flop_energy / device->tdp : 0;
  return cost_within(device, format, q, m, n, k, groups, (power_limit){flop_time, q->power_time});
}

clx_kernel_cost clx_gemm_cost_sustained(const clx_device *device, clx_kernel_format format,
                                        const clx_gemm_parameters *q, double m, double n, double k, double groups,
                                        double rate) {
  return cost_within(device, format, q, m, n, k, groups, (power_limit){rate > 0 ? 1 / rate : 0, 0});
}

// Scales per tensor need the largest value first: bf16 read twice, the result written. Others read once.
double clx_gemm_quantise_time(const clx_device *device, clx_kernel_format format, const clx_gemm_parameters *q,
                              double m, double k) {
  if (format <= CLX_KERNEL_BF16) return 0;
  const double elements = m * k, source = 2 * elements;
  const double bytes = (format == CLX_KERNEL_FP8 ? 2 : 1) * source + elements * clx_kernel_format_bytes(format);
  const double missing = 1 - kept_softly(source * q->activation_copies / device->l2);
  const double rate = device->memory_bandwidth * q->quantise_share;
  return q->quantise_time + bytes / rate * (missing + (1 - missing) / q->cache_speed);
}

static clx_kernel_cost cost(const clx_device *device, clx_kernel_format format, const void *parameters,
                            const void *shape) {
  const clx_gemm_shape *s = shape;
  clx_kernel_cost c = clx_gemm_cost_grouped(device, format, parameters, s->m, s->n, s->k, 1);
  c.time += clx_gemm_quantise_time(device, format, parameters, s->m, s->k);
  return c;
}

static const char *refuse(const clx_device *device, clx_kernel_format format, const void *shape) {
  (void)shape;
  if (peak_of(device, format) <= 0) return "the device has no peak rate for this number format";
  if (device->processors <= 0 || device->clock <= 0) return "processors and clock of the device are not known";
  if (device->memory_bandwidth <= 0 || device->l2 <= 0) return "memory bandwidth and l2 of the device are not known";
  return NULL;
}

static int32_t class_of(clx_kernel_format format, const void *shape) {
  (void)format;
  const clx_gemm_shape *s = shape;
  const double flop = 2 * s->m * s->n * s->k;
  return flop >= 2e11 ? 0 : flop >= 1e10 ? 1 : 2;
}

static const clx_kernel_column columns[] = {
    {.name = "m", .minimum = 1, .maximum = 1e8},
    {.name = "n", .minimum = 1, .maximum = 1e8, .fold = true},
    {.name = "k", .minimum = 1, .maximum = 1e8, .fold = true},
};

static const char *const sets[] = {"fp32", "bf16", "fp8", "fp8_block", "nvfp4", NULL};
static const char *const classes[] = {"large", "medium", "small", NULL};

const clx_kernel_family clx_kernel_gemm = {.name = "gemm",
                                           .doc = "matrix products",
                                           .schema = &clx_gemm_schema,
                                           .columns = columns,
                                           .column_count = CLX_COUNT(columns),
                                           .sets = sets,
                                           .set_of = {0, 1, 2, 3, 4, -1},
                                           .classes = classes,
                                           .class_of = class_of,
                                           .cost = cost,
                                           .refuse = refuse};
