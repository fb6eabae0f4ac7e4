#include "device/device_attention_context.h"

#include <math.h>

#include "device/device.h"

typedef clx_attention_context_parameters parameters_t;
typedef clx_attention_context_shape shape_t;



static double square(double x) {
  return x * x;
}
static double overlapped(double a, double b) {
  return cbrt(a * a * a + b * b * b);
}
static double both(double a, double b) {
  return sqrt(sqrt(square(square(a)) + square(square(b))));
}

static clx_kernel_cost context_cost(const clx_device *d, clx_kernel_format format, const void *parameters, const void *shape) {
  const parameters_t *p = parameters;
  const shape_t *s = shape;
  const bool fp8 = format == CLX_KERNEL_FP8;
  const bool other = !fp8 && s->kv_cache_dtype > 0;
  const double processors = d->processors, heads = s->num_heads, kv = s->num_key_value_heads, dim = s->head_dim;
  const double tokens = s->batch_size * s->isl;
  const double TILE = d->family[0] == 'b' && dim <= 128 ? 256 : 128;
  const bool path = !fp8 && (s->kv_cache_dtype > 0 || dim <= 64);
  // prepare
  const double in = tokens * (heads + 2 * kv) * dim;
  const double cache = tokens * 2 * kv * dim * (s->kv_cache_dtype > 0 ? 1 : 2);
  const double prepare_bytes = 2 * in + tokens * heads * dim * (fp8 ? 1 : 2) + cache;
  const bool far = s->isl + s->step > 1024;
  const double units = tokens * (heads + p->prepare_kv * kv);
  const double single = 1 + p->prepare_single / (s->batch_size * s->batch_size);
  const double prepare_cycles = s->batch_size * heads * p->prepare_head / processors +
      (far ? units * p->prepare_far * fmax(1, dim / 128) * single : units * dim / (path ? p->prepare_rate_fp8 : p->prepare_rate)) / processors;
  const double bandwidth = d->memory_bandwidth * p->memory_share;
  const double prepare = overlapped(prepare_cycles / d->clock, prepare_bytes / bandwidth);
  // attend
  const double rows = ceil(s->isl / TILE);
  const double width = s->window_size > 0 ? s->window_size + TILE + (other ? p->slack_fp8 : p->slack) : INFINITY;
  const double longest = fmin(s->step + s->isl, width);
  const double first = s->step + fmin(TILE, s->isl);
  double keys;  // of all tiles of one head
  if (width >= s->step + s->isl) {
    keys = rows * (first + longest) / 2;
  } else {
    const double rising = fmin(rows, fmax(0, floor((width - s->step) / TILE)));
    keys = rising * s->step + TILE * rising * (rising + 1) / 2 + (rows - rising) * width;
  }
  const double peak = d->peak[fp8 ? CLX_FP8 : CLX_BF16] / (processors * d->clock);
  const double height = TILE;
  const double key = height * (4 * dim / (peak * (other ? p->matmul_fp8 : p->matmul)) + (other ? p->softmax_fp8 : p->softmax) / d->exponentials);
  const bool cut = s->window_size > 0 && s->step + s->isl > s->window_size;
  const double rim = cut ? (other ? p->window_tile_fp8 : p->window_tile) : 0;
  double start = other ? p->start_fp8 : p->start;
  start += p->rows * fmin(TILE, s->isl) * dim;
  const double tiles = s->batch_size * heads * rows;
  const double all = s->batch_size * heads * (keys * key + rows * start + fmax(rows - 1, 0) * rim);
  const double one = start + longest * key + (rows > 1 ? rim : 0);
  const double cycles = tiles <= processors ? one : both(one, all / processors + p->tail * one);
  const double attend_bytes = 2 * tokens * heads * dim * 2 + s->batch_size * (s->step + s->isl) * kv * dim * 2 * (fp8 ? 1 : 2);
  const double attend = overlapped(cycles / d->clock, attend_bytes / bandwidth);
  double time = prepare + attend;
  const double burst = square(square(time / p->drop_time));
  time *= 1 + p->drop * burst / (1 + burst);
  clx_kernel_cost cost = {.time = (dim <= 64 ? p->launch_narrow : other ? p->launch_fp8 : p->launch) + time};
  return cost;
}

#define ROW(member, unit_text, start, low, high, text) CLX_PARAMETER(parameters_t, member, unit_text, start, low, high, text)

static const clx_row rows[] = {
    CLX_PARAMETER_FIT(parameters_t),
    ROW(launch, "s", 1e-5, 3e-6, 3e-5, ""),
    ROW(launch_fp8, "s", 1e-5, 3e-6, 3e-5, ""),
    ROW(prepare_head, NULL, 1000, 10, 20000, ""),
    ROW(prepare_rate, NULL, 20, 1, 200, ""),
    ROW(prepare_rate_fp8, NULL, 20, 1, 200, ""),
    ROW(prepare_far, NULL, 20, 1, 1000, ""),
    ROW(prepare_kv, NULL, 1, 0, 3, ""),
    ROW(prepare_single, NULL, 0.5, 0, 5, ""),
    ROW(rows, NULL, 0.1, 0.001, 2, ""),
    ROW(launch_narrow, "s", 1e-5, 3e-6, 3e-5, ""),
    ROW(start, NULL, 2000, 100, 20000, ""),
    ROW(start_fp8, NULL, 2000, 100, 20000, ""),
    ROW(matmul, NULL, 0.7, 0.1, 1.5, ""),
    ROW(matmul_fp8, NULL, 0.7, 0.1, 1.5, ""),
    ROW(softmax, NULL, 0.5, 0.01, 4, ""),
    ROW(softmax_fp8, NULL, 0.5, 0.01, 4, ""),
    ROW(window_tile, NULL, 1000, 10, 20000, ""),
    ROW(window_tile_fp8, NULL, 1000, 10, 20000, ""),
    ROW(slack, NULL, 64, 1, 512, ""),
    ROW(slack_fp8, NULL, 64, 1, 512, ""),
    ROW(tail, NULL, 0.5, 0, 1, ""),
    ROW(memory_share, NULL, 0.9, 0.3, 1, ""),
    ROW(drop, NULL, 0.1, 0, 0.6, ""),
    ROW(drop_time, "s", 3e-3, 1e-3, 3e-2, ""),
};

static const clx_schema schema = {.name = "attention_context", .doc = "", .rows = rows, .count = CLX_COUNT(rows), .size = sizeof(parameters_t)};
const clx_kernel_family clx_kernel_attention_context = {.name = "attention_context", .schema = &schema, .cost = context_cost};
