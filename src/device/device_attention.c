// Attention: fused (flash) kernels limited by multiply units and exponentials, and the unfused era's GEMMs and softmax passes.
#include <math.h>

#include "device/device.h"

// Keys that a tile of queries computes for nothing or waits for, in tiles: half a tile beyond the diagonal, filling and
// emptying its pipeline. cuDNN on H200, B200, GB200 and GB300, 2,048 to 32,768 tokens: 2 to 3.5 forward and backward.
static const double TILE_START = 2.5;
static const double REFERENCE_DIM = 128;  // head dimension at which attention_efficiency is quoted
static const double BACKWARD_FLOP = 2.5;  // five matmuls against two

static double exponential_time(const clx_device *device) {
  return 1 / (device->exponentials * device->processors * device->clock);
}

// Seconds per score (one query against one key, all of the device): matmul share from the quoted efficiency, plus one
// exponential.
static double score_time(const clx_device *device, double efficiency, double widths, double flop_ratio) {
  const double exponential = exponential_time(device);
  const double reference = 4 * REFERENCE_DIM * flop_ratio;
  const double matmul = (reference / (efficiency * device->peak[CLX_BF16]) - exponential) / reference;
  return fmax(matmul, 1 / device->peak[CLX_BF16]) * 2 * widths * flop_ratio + exponential;
}

// Tiles of queries of all heads and sequences over the processors: the last wave is only partly filled, short sequences
// pay the start of each tile.
static double occupancy(const clx_device *device, const clx_attention_shape *s) {
  const double tile = device->attention_tile;
  const double tiles = s->batch * s->heads * ceil(s->query / tile);
  const double waves = tiles / device->processors;
  const double tail = waves < 1 ? waves : waves / (waves + 0.35);
  const double keys = s->key * s->causal_share;
  return tail * keys / (keys + TILE_START * tile);
}

double clx_device_attention_time(const clx_device *device, const clx_attention_shape *s, bool backward) {
  const double scores = s->batch * s->heads * s->query * s->key * s->causal_share;
  if (scores <= 0) return 0;
  const double efficiency = backward ? device->attention_backward_efficiency : device->attention_efficiency;
  const double per_score = score_time(device, efficiency, s->qk_dim + s->v_dim, backward ? BACKWARD_FLOP : 1);
  const double rows = s->batch * s->query * s->heads * s->qk_dim +
                      s->batch * s->key * s->kv_heads * (s->qk_dim + s->v_dim) +
                      s->batch * s->query * s->heads * s->v_dim;
  const double traffic = 2 * rows * (backward ? 3 : 1) / (device->memory_bandwidth * device->memory_efficiency);
  return fmax(scores * per_score / occupancy(device, s), traffic) + device->kernel_time * (backward ? 2 : 1);
}

// Head dimensions that are no multiple of 8 leave the tensor units of the unfused batched GEMMs: about 4 times slower
// (BLOOM chronicles, 112 or 128 heads against 64).
static const double MISALIGNED_HEAD = 4;
static const double UNFUSED_GEMM_SHARE = 0.38;  // of peak: batched, short K

double clx_device_unfused_attention_time(const clx_device *device, const clx_attention_shape *s, bool backward) {
  const double scores = s->batch * s->heads * s->query * s->key;
  if (scores <= 0) return 0;
  const double rate = device->peak[CLX_BF16] * UNFUSED_GEMM_SHARE;
  const bool misaligned = fmod(s->qk_dim, 8) != 0;
  const double flop = 2 * scores * (s->qk_dim + s->v_dim) * (backward ? 2 : 1) * (misaligned ? MISALIGNED_HEAD : 1);
  // Score matrices in bf16: forward writes scores, reads and writes softmax, writes mask and dropped values, reads them for
  // the product (about 6 passes of 2 B); backward about 8.
  const double bytes = scores * 2 * (backward ? 8 : 6);
  return flop / rate + bytes / (device->memory_bandwidth * device->memory_efficiency) + 5 * device->kernel_time;
}
