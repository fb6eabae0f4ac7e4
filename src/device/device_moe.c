// Experts of one rank: how many tokens they get, then two grouped products in tiles, and the passes over the tokens.
// docs/model/device/moe.md has the equations.
#include "device/device_moe.h"

#include "device/device.h"
#include "device/device_math.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

// Widths of output tiles, in tokens and in features: configurations of the grouped products of TensorRT-LLM (CUTLASS).
static const double TOKEN_TILES[] = {16, 32, 64, 128, 256};
static const double FEATURE_TILES[] = {128, 256};
enum { TOKEN_TILE_COUNT = 5, FEATURE_TILE_COUNT = 2 };

// TensorRT-LLM selects experts in one kernel up to these sizes, with general top-k kernels beyond.
static const double FUSED_SELECT_EXPERTS = 128, FUSED_SELECT_TOPK = 8;

// Low-latency kernels of nvfp4 on Blackwell, and the routing that they need, take up to this many experts.
static const double LOW_LATENCY_EXPERTS = 256;

// Published models whose experts have no gate (squared ReLU): Nemotron 3 Nano, Super and Ultra, from their configurations.
static const struct {
  double inter_size, topk, num_experts;
} UNGATED[] = {{1856, 6, 128}, {2688, 22, 512}, {5120, 22, 512}};

double clx_moe_products(const clx_moe_shape *shape) {
  for (size_t i = 0; i < sizeof UNGATED / sizeof UNGATED[0]; i++) {
    if (shape->inter_size == UNGATED[i].inter_size && shape->topk == UNGATED[i].topk &&
        shape->num_experts == UNGATED[i].num_experts) {
      return 2;
    }
  }
  return 3;
}

// Token tiles over all active experts, each of which starts its own.
static double tile_count(const clx_moe_load *load, int choice) {
  static const double log_tile[TOKEN_TILE_COUNT] = {2.7725887222397811, 3.4657359027997265, 4.1588830833596715,
                                                    4.8520302639196169, 5.5451774444795623};
  const double tile = TOKEN_TILES[choice];
  if (load->exponent == 0) return load->active * clx_round_up(load->rows / (load->active * tile) - 1e-9);
  if (load->high <= tile) return clx_most(load->rows / tile, load->active);
  if (load->low >= tile) return load->active / 2 + load->rows / tile;
  const double low = load->low_power, high = load->high_power, at = exp(load->exponent * log_tile[choice]);
  const double above = (high - at) / (high - low);
  const double rows_above = (load->high * high - tile * at) / (load->high * high - load->low * low);
  return clx_most(load->rows / tile, load->active * (1 - above / 2) + load->rows * rows_above / tile);
}

typedef struct product {
  double n, k;      // features out, features in
  double bytes;     // of one element of the inputs
  double multiply;  // s per multiplication of one processor
  double feed;      // s per byte from the L2 into one processor
  double per_processor, quantum;
  double bandwidth;  // B/s of device memory
} product;

static product product_make(const clx_device *device, clx_kernel_format format, const clx_moe_parameters *p) {
  static const clx_format arithmetic[CLX_KERNEL_FORMATS] = {
      [CLX_KERNEL_FP32] = CLX_TF32,     [CLX_KERNEL_BF16] = CLX_BF16, [CLX_KERNEL_FP8] = CLX_FP8,
      [CLX_KERNEL_FP8_BLOCK] = CLX_FP8, [CLX_KERNEL_NVFP4] = CLX_FP4, [CLX_KERNEL_INT8] = CLX_FP8,
  };
  const double processors = device->processors;
  return (product){.bytes = clx_kernel_format_bytes(format),
                   .multiply = 2 * processors / (device->peak[arithmetic[format]] * p->compute),
                   .feed = processors / (device->memory_bandwidth * p->l2_bandwidth),
                   .per_processor = 1 / processors,
                   .quantum = p->quantum,
                   .bandwidth = device->memory_bandwidth * p->memory};
}

// Time per element of k of `count` tiles of tokens x features on all processors, in waves. A tile takes what its
// multiplications or its operands from L2 take.
static double wave_time(const product *g, double count, double tokens, double features) {
  const double full = count * g->per_processor, waves = full > 1 ? full : 1;
  const double multiply = tokens * features * g->multiply, load = (tokens + features) * g->bytes * g->feed;
  return (waves + g->quantum * (clx_round_up(waves) - waves)) * (multiply > load ? multiply : load);
}

typedef struct tile {
  int tokens;  // index into TOKEN_TILES
  double features;
} tile;

// counts: token tiles of each width.
static tile best_tile(const product *g, const double *counts) {
  double best = INFINITY;
  tile choice = {0, FEATURE_TILES[0]};
  for (int j = 0; j < FEATURE_TILE_COUNT; j++) {
    const double columns = clx_round_up(g->n / FEATURE_TILES[j]);
    for (int i = 0; i < TOKEN_TILE_COUNT; i++) {
      const double time = wave_time(g, counts[i] * columns, TOKEN_TILES[i], FEATURE_TILES[j]);
      if (time < best) {
        best = time;
        choice = (tile){i, FEATURE_TILES[j]};
      }
    }
  }
  return choice;
}

static void count_tiles(const clx_moe_load *load, double *counts) {
  for (int i = 0; i < TOKEN_TILE_COUNT; i++) counts[i] = tile_count(load, i);
}

// Weights that stay in L2 from call to call (all but a share `missed`) cost no device memory. Computing and streaming overlap
// in part: a tile waits for its first operands, the memory for the last tiles; the sum lies near the root of the squares.
static double product_time(const product *g, const clx_moe_load *load, tile choice, double prologue, double missed) {
  const double count = tile_count(load, choice.tokens) * clx_round_up(g->n / choice.features);
  const double compute = (g->k + prologue) * wave_time(g, count, TOKEN_TILES[choice.tokens], choice.features);
  const double bytes = load->active * g->n * g->k * g->bytes * missed + load->rows * (g->k * g->bytes + g->n * 2);
  const double stream = bytes / g->bandwidth;
  return sqrt(compute * compute + stream * stream);
}

double clx_moe_grouped_gemm_time(const clx_device *device, clx_kernel_format format,
                                 const clx_moe_parameters *parameters, double experts, double tokens, double n,
                                 double k) {
  if (experts <= 0 || tokens <= 0 || n <= 0 || k <= 0) return 0;
  product g = product_make(device, format, parameters);
  g.n = n;
  g.k = k;
  const clx_moe_load load = {.active = experts, .rows = experts * tokens};
  double counts[TOKEN_TILE_COUNT];
  count_tiles(&load, counts);
  return product_time(&g, &load, best_tile(&g, counts), parameters->prologue, 1);
}

// The library times its configurations for token counts that are powers of two, with random routing, and takes the one of
// the next lower power: the load it had in mind is not the load it gets.
static clx_moe_load tuning_load(const clx_moe_shape *s) {
  int exponent = 0;
  frexp(s->num_tokens, &exponent);
  const double local = clx_most(1, s->num_experts / s->moe_ep_size);
  const double mean = ldexp(s->topk, exponent - 1) / s->num_experts;
  const double active = local * (mean < 4 ? 1 - exp(-mean) : 1), rows = mean * local / active;
  return (clx_moe_load){.active = active, .rows = active * (rows + sqrt(rows))};
}

// Both products, in the tiles that the library picks. missed: share of the weights that is not in L2.
static double products_time(const clx_device *device, clx_kernel_format format, const clx_moe_parameters *p,
                            const clx_moe_shape *s, const clx_moe_load *load, double missed) {
  const clx_moe_load tuning = tuning_load(s);
  const double inter = s->inter_size / s->moe_tp_size;
  double counts[TOKEN_TILE_COUNT];
  count_tiles(&tuning, counts);
  product g = product_make(device, format, p);
  g.n = (clx_moe_products(s) - 1) * inter;
  g.k = s->hidden_size;
  const double in = product_time(&g, load, best_tile(&g, counts), p->prologue, missed);
  g.n = s->hidden_size;
  g.k = inter;
  return in + product_time(&g, load, best_tile(&g, counts), p->prologue, missed);
}

clx_kernel_cost clx_moe_cost(const clx_device *device, clx_kernel_format format, const clx_moe_parameters *p,
                             const clx_moe_shape *s, const clx_moe_load *load) {
  const double inter = s->inter_size / s->moe_tp_size, hidden = s->hidden_size, products = clx_moe_products(s);
  const double b = clx_kernel_format_bytes(format), weights = load->active * products * inter * hidden * b;
  const double fill = weights / (p->l2_share * device->l2 + 1), fill2 = fill * fill;
  const double missed = fill2 * fill2 / (1 + fill2 * fill2);
  const double two = products_time(device, format, p, s, load, missed);

  const double result = s->num_tokens * hidden * 2,
               cast = format == CLX_KERNEL_BF16 ? 0 : s->num_tokens * hidden * (2 + b);
  const double activation = load->rows * inter * (2 * (products - 1) + b);
  const double moved = load->rows * hidden * (4 + b);  // gathered to the experts, and back
  const double passes = ((result + cast + activation) / p->stream + moved / p->permute) / device->memory_bandwidth;

  const double cycles = device->processors * device->clock, local = clx_most(1, s->num_experts / s->moe_ep_size);
  const bool general = s->num_experts > FUSED_SELECT_EXPERTS || s->topk > FUSED_SELECT_TOPK;
  const double select = general ? p->select_launch + s->num_tokens * s->num_experts / (p->select_rate * cycles) : 0;
  const bool low_latency = format == CLX_KERNEL_NVFP4 && s->num_experts <= LOW_LATENCY_EXPERTS;
  const double time =
      (p->launch + local * p->expert + select + s->num_tokens / (p->token_rate * cycles) + two + passes) *
      (low_latency ? p->low_latency : 1);
  const double bytes = weights * missed + result + cast + activation + moved;
  return (clx_kernel_cost){.time = time,
                           .flop = 2 * load->rows * products * inter * hidden,
                           .bytes = clx_least(bytes, time * device->memory_bandwidth)};  // the rest stayed in L2
}

// As the tables measured it: with the loads of their generator. A row of a table: its columns, and nothing behind them.
static clx_kernel_cost moe_cost(const clx_device *device, clx_kernel_format format, const void *parameters,
                                const void *shape) {
  const clx_moe_parameters *p = parameters;
  clx_moe_shape own = {0};
  memcpy(&own, shape, offsetof(clx_moe_shape, redundant));
  const clx_moe_load load = clx_moe_load_find(&own, p->crowding, p->reuse);
  return clx_moe_cost(device, format, p, &own, &load);
}

static const char *moe_refuse(const clx_device *device, clx_kernel_format format, const void *shape) {
  (void)device;
  (void)format;
  const clx_moe_shape *s = shape;
  if (s->topk > s->num_experts) return "topk is larger than num_experts";
  if (fmod(s->num_experts, s->moe_ep_size) != 0) return "moe_ep_size does not divide num_experts";
  return NULL;
}

// By tokens an expert gets on average: streams its weights, or multiplies.
static int32_t moe_class(clx_kernel_format format, const void *shape) {
  (void)format;
  const clx_moe_shape *s = shape;
  const double tokens = s->num_tokens * s->topk / s->num_experts;
  return tokens >= 64 ? 0 : tokens >= 1 ? 1 : 2;
}

#define PLAIN(member, start, low, high, text) CLX_PARAMETER(clx_moe_parameters, member, NULL, start, low, high, text)
#define SECONDS(member, start, low, high, text) CLX_PARAMETER(clx_moe_parameters, member, "s", start, low, high, text)

static const clx_row moe_rows[] = {
    SECONDS(launch, 24e-6, 2e-6, 100e-6, "start and drain of the kernels of the layer"),
    SECONDS(select_launch, 14e-6, 1e-7, 100e-6, "start of the general top-k kernels: over 128 experts or 8 choices"),
    SECONDS(expert, 1e-8, 1e-10, 2e-6, "set-up of the products of one expert of this rank, with or without tokens"),
    PLAIN(select_rate, 0.085, 0.01, 10, "router scores that general top-k reads per processor and clock"),
    PLAIN(token_rate, 1e-3, 1e-5, 1, "tokens that are sorted by expert and combined per processor and clock"),
    PLAIN(stream, 1, 0.1, 4, "share of memory bandwidth: activation, cast and result; over 1 where they stay in L2"),
    PLAIN(permute, 0.7, 0.1, 4, "share of memory bandwidth: tokens gathered to their experts and back"),
    PLAIN(memory, 0.92, 0.4, 1, "share of memory bandwidth at which weights stream"),
    PLAIN(compute, 0.95, 0.2, 1, "share of peak that a long tile reaches"),
    PLAIN(prologue, 600, 1, 10000, "fill and drain of one tile, in elements of k"),
    PLAIN(quantum, 0.8, 0, 1, "how far part-filled waves of tiles count as full ones"),
    PLAIN(l2_bandwidth, 4, 0.5, 20, "rate of L2 over that of device memory"),
    PLAIN(l2_share, 0.5, 0.05, 2, "share of L2 that keeps weights from call to call"),
    PLAIN(low_latency, 1, 0.3, 1.5, "time against that of the usual kernels, nvfp4 and up to 256 experts"),
    PLAIN(crowding, 1, 0, 1, "share of stray tokens that the load generator deals to neighbours on one rank"),
    PLAIN(reuse, 0, 0, 1, "share of stray tokens that it deals to experts that have some already"),
    CLX_PARAMETER_FIT(clx_moe_parameters),
};

const clx_schema clx_moe_schema = {.name = "moe",
                                   .doc = "fused mixture-of-experts layer of one rank",
                                   .rows = moe_rows,
                                   .count = CLX_COUNT(moe_rows),
                                   .size = sizeof(clx_moe_parameters)};

static const clx_kernel_column moe_columns[] = {
    {.name = "num_tokens", .minimum = 1, .maximum = 1e9},
    {.name = "hidden_size", .minimum = 1, .maximum = 1e6, .fold = true},
    {.name = "inter_size", .minimum = 1, .maximum = 1e6, .fold = true},
    {.name = "topk", .minimum = 1, .maximum = 256, .fold = true},
    {.name = "num_experts", .minimum = 1, .maximum = 65536, .fold = true},
    {.name = "moe_tp_size", .minimum = 1, .maximum = 4096, .fold = true},
    {.name = "moe_ep_size", .minimum = 1, .maximum = 65536, .fold = true},
    {.name = "distribution", .minimum = 0, .maximum = 1.9, .exponent = true},
};

static const char *const moe_sets[] = {"bf16", "fp8", "fp8_block", "nvfp4", NULL};
static const char *const moe_classes[] = {"many tokens", "some tokens", "few tokens", NULL};

const clx_kernel_family clx_kernel_moe = {
    .name = "moe",
    .doc = "fused mixture-of-experts layer of one rank",
    .schema = &clx_moe_schema,
    .columns = moe_columns,
    .column_count = CLX_COUNT(moe_columns),
    .sets = moe_sets,
    .set_of = {[CLX_KERNEL_FP32] = -1,
               [CLX_KERNEL_BF16] = 0,
               [CLX_KERNEL_FP8] = 1,
               [CLX_KERNEL_FP8_BLOCK] = 2,
               [CLX_KERNEL_NVFP4] = 3,
               [CLX_KERNEL_INT8] = -1},
    .classes = moe_classes,
    .class_of = moe_class,
    .cost = moe_cost,
    .refuse = moe_refuse,
};
