// GEMM: output tiles on processors in waves, a K loop with a start-up, memory traffic beside it. README.md has the equations.
#include <math.h>

#include "device/device.h"

// Narrower tiles reuse each operand less: the multiply units wait for shared memory. Rate of a tile against the largest one:
// intensity a = tm tn / (tm + tn), rate a / (a + A0). A0 from the spread of measured 64- to 256-wide tiles on Hopper.
static const double INTENSITY_HALF = 8;
// Filling and draining the K loop costs about as much as this many elements of K.
static const double PROLOGUE_K = 120;

static double element_bytes(clx_format format) {
  static const double bytes[CLX_FORMATS] = {4, 4, 2, 1, 0.5625};  // fp4 carries one scale byte per 16 values
  return bytes[format];
}

static double tile_rate(double m, double n) {
  const double intensity = m * n / (m + n);
  return intensity / (intensity + INTENSITY_HALF);
}

typedef struct gemm {
  double m, n, k, groups;
  double rate;  // FLOP/s of one processor on the largest tile
  double processors;
  double bytes_rate;  // B/s
} gemm;

// Time with tiles of tm x tn and K split in `split` parts (whose partial sums make one more pass over the output).
static double tiled_time(const gemm *g, double tm, double tn, double split, double relative_rate) {
  const double tiles = ceil(g->m / tm) * ceil(g->n / tn) * g->groups * split;
  const double waves = ceil(tiles / g->processors);
  const double k = g->k / split + PROLOGUE_K;
  const double partial = split > 1 ? g->m * g->n * g->groups * 4 * split / g->bytes_rate : 0;
  return waves * 2 * tm * tn * k / (g->rate * relative_rate) + partial;
}

static double compute_time(const clx_device *device, const gemm *g) {
  const double best_rate = tile_rate(device->tile_m, device->tile_n);
  double best = INFINITY;
  for (int32_t shrink_m = 1; shrink_m <= 4; shrink_m *= 2) {
    for (int32_t shrink_n = 1; shrink_n <= 4; shrink_n *= 2) {
      const double tm = (double)device->tile_m / shrink_m, tn = (double)device->tile_n / shrink_n;
      const double rate = tile_rate(tm, tn) / best_rate;
      const double tiles = ceil(g->m / tm) * ceil(g->n / tn) * g->groups;
      best = fmin(best, tiled_time(g, tm, tn, 1, rate));
      if (tiles < g->processors) {
        const double split = fmin(floor(g->processors / tiles), fmax(1, floor(g->k / 512)));
        if (split > 1) best = fmin(best, tiled_time(g, tm, tn, split, rate));
      }
    }
  }
  return best;
}

double clx_device_gemm_time(const clx_device *device, clx_format format, double m, double n, double k, double groups) {
  if (m <= 0 || n <= 0 || k <= 0 || groups <= 0) return 0;
  const double peak = device->peak[format] * device->gemm_efficiency[format];
  const double bandwidth = device->memory_bandwidth * device->memory_efficiency;
  const gemm g = {m, n, k, groups, peak / device->processors, device->processors, bandwidth};
  const double bytes = groups * ((m * k + k * n) * element_bytes(format) + m * n * 2);
  return fmax(compute_time(device, &g), bytes / bandwidth) + device->kernel_time;
}
