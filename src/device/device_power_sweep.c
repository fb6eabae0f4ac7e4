// In which order the tables' program measures: AIConfigurator's TensorRT-LLM collectors on a server of eight GPUs, one worker
// a GPU, all taking cases from one queue. A worker's previous case is about eight places up.
#include <math.h>
#include <string.h>

#include "device/device_power_internal.h"

enum { WORKERS = 8 };

// Columns as the tables have them (docs/tables.md), up to the last one used here.
static const char *const gemm_columns[] = {"m", "n", "k", NULL};
static const char *const experts_columns[] = {"num_tokens",  "hidden_size", "inter_size",   "topk", "num_experts",
                                              "moe_tp_size", "moe_ep_size", "distribution", NULL};
static const char *const attention_columns[] = {"batch_size",          "isl",      "step",        "num_heads",
                                                "num_key_value_heads", "head_dim", "window_size", NULL};
static const char *const latent_columns[] = {"batch_size", "isl", "step", "num_heads", NULL};
enum { BATCH, LENGTH, STEP, HEADS, KV_HEADS, HEAD_DIM };

static const struct {
  const char *name;
  const char *const *columns;
} sweeps[CLX_SWEEPS] = {
    [CLX_SWEEP_GEMM] = {"gemm", gemm_columns},
    [CLX_SWEEP_EXPERTS] = {"moe", experts_columns},
    [CLX_SWEEP_PREFILL] = {"attention_context", attention_columns},
    [CLX_SWEEP_DECODE] = {"attention_generation", attention_columns},
    [CLX_SWEEP_MLA_PREFILL] = {"mla_context", latent_columns},
    [CLX_SWEEP_MLA_DECODE] = {"mla_generation", latent_columns},
};

static bool columns_match(const clx_kernel_family *family, const char *const *columns) {
  for (int32_t i = 0; columns[i]; i++) {
    if (i >= family->column_count || strcmp(family->columns[i].name, columns[i]) != 0) return false;
  }
  return true;
}

clx_power_sweep clx_power_sweep_of(const clx_kernel_family *family) {
  for (int s = 0; s < CLX_SWEEPS; s++) {
    if (strcmp(family->name, sweeps[s].name) != 0) continue;
    return columns_match(family, sweeps[s].columns) ? (clx_power_sweep)s : CLX_SWEEPS;
  }
  return CLX_SWEEPS;
}

// --- GEMM: rows downwards for one weight; the first eight cases go to one worker each --------------------------------

static const double gemm_rows[] = {
    32768, 16384, 8192, 4353, 4352, 4097, 4096, 3841, 3840, 3585, 3584, 3329, 3328, 3073, 3072, 2817, 2816, 2561, 2560,
    2305,  2304,  2049, 2048, 1793, 1792, 1537, 1536, 1281, 1280, 1025, 1024, 769,  768,  513,  512,  257,  256,  225,
    224,   193,   192,  161,  160,  129,  128,  113,  112,  97,   96,   81,   80,   65,   64,   49,   48,   33,   32,
    17,    16,    15,   14,   13,   12,   11,   10,   9,    8,    7,    6,    5,    4,    3,    2,    1};
enum { GEMM_ROWS = sizeof gemm_rows / sizeof gemm_rows[0] };

static bool gemm_back(double *shape) {
  int place = 0;
  while (place < GEMM_ROWS && gemm_rows[place] > shape[0]) place++;
  if (place < WORKERS) return false;
  // The largest cases take long: who finished first among the eight takes the ninth.
  const int before = place - WORKERS < WORKERS ? WORKERS - 1 : place - WORKERS;
  shape[0] = gemm_rows[before];
  return true;
}

// --- experts: tokens upwards, one worker per configuration -----------------------------------------------------------

static const double expert_tokens[] = {1,   2,   4,   8,   16,   32,   48,   64,   80,   96,   128,  160,   192,  256,
                                       320, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288, 16384};
enum { EXPERT_TOKENS = sizeof expert_tokens / sizeof expert_tokens[0] };

static bool experts_back(double *shape) {
  int place = EXPERT_TOKENS - 1;
  while (place >= 0 && expert_tokens[place] >= shape[0]) place--;
  if (place < 0) return false;
  shape[0] = expert_tokens[place];
  return true;
}

// --- prefill: lengths downwards, within one length batches downwards -------------------------------------------------

static const double prefill_lengths[] = {1,    16,   32,   64,   128,  256,   512,   1024,  1536,
                                         2048, 3072, 4096, 6144, 8192, 10240, 12288, 16384, 32768};
enum { PREFILL_LENGTHS = sizeof prefill_lengths / sizeof prefill_lengths[0] };

static bool prefill_back(double *shape, double batch_limit, double token_limit) {
  if (shape[BATCH] * 2 <= batch_limit && shape[BATCH] * 2 * shape[LENGTH] <= token_limit) {
    shape[BATCH] *= 2;
    return true;
  }
  for (int i = 0; i < PREFILL_LENGTHS; i++) {
    if (prefill_lengths[i] <= shape[LENGTH]) continue;
    if (prefill_lengths[i] > 16384) return false;
    shape[LENGTH] = prefill_lengths[i];
    shape[BATCH] = 1;
    return true;
  }
  return false;
}

// --- decode: batches in the order of a hash table, key-value heads upwards, steps upwards ----------------------------

static const double decode_batches[] = {32, 1, 2, 64, 4, 128, 256, 512, 8, 1024, 2048, 16};
enum { DECODE_BATCHES = sizeof decode_batches / sizeof decode_batches[0] };

static int batch_rank(double batch) {
  int nearest = 0;
  for (int i = 0; i < DECODE_BATCHES; i++) {
    if (fabs(log(decode_batches[i] / batch)) < fabs(log(decode_batches[nearest] / batch))) nearest = i;
  }
  return nearest;
}

double clx_power_sweep_rank(double batch) { return batch_rank(batch); }

static double last_step(double heads, bool grouped, double batch) {
  const double tokens = (grouped ? 16777216.0 : 8388608.0) / heads / fmax(batch, 8);
  const double length = fmin(exp2(floor(log2(fmax(tokens, 2)))), 131072);
  return (batch >= 256 ? fmax(length / 2, 2) : length) - 1;
}

static bool decode_back_once(double *shape) {
  const double length = shape[STEP] + shape[LENGTH];  // cached tokens and the new one
  if (length >= 4) {
    shape[STEP] = fmax(1, ceil(length / 2) - 1);
    return true;
  }
  const bool grouped = shape[KV_HEADS] < shape[HEADS];
  const int rank = batch_rank(shape[BATCH]);
  if (rank == 0) return false;
  shape[BATCH] = decode_batches[rank - 1];
  shape[STEP] = last_step(shape[HEADS], grouped, shape[BATCH]);
  return true;
}

// Each step comes in two formats of the cache, with head dimension 64 in two windows as well.
static bool decode_back(double *shape) {
  const int places = WORKERS / (shape[HEAD_DIM] <= 64 ? 4 : 2);
  for (int i = 0; i < places; i++) {
    if (!decode_back_once(shape)) return false;
  }
  return true;
}

// --- latent attention: lengths upwards, batches upwards, all head counts ---------------------------------------------

enum { LATENT_HEADS = 32 };  // stands for the head counts 1 to 128 of one batch and length

static bool latent_shorter(double *shape, bool decode) {
  if (decode) {
    const double length = shape[STEP] + shape[LENGTH];
    if (length < 4) return false;
    shape[STEP] = fmax(1, ceil(length / 2) - 1);
    shape[BATCH] = fmin(1024, exp2(floor(log2(16777216 / (shape[STEP] + 1)))));
    return true;
  }
  int place = PREFILL_LENGTHS - 1;
  while (place >= 0 && prefill_lengths[place] >= shape[LENGTH]) place--;
  if (place < 0) return false;
  shape[LENGTH] = prefill_lengths[place];
  shape[BATCH] = fmin(256, exp2(floor(log2(65536 / shape[LENGTH]))));
  return true;
}

static bool latent_back(double *shape, bool decode) {
  if (shape[HEADS] < LATENT_HEADS || shape[HEADS] > LATENT_HEADS) {
    shape[HEADS] = LATENT_HEADS;
    return true;
  }
  if (shape[BATCH] >= 2) {
    shape[BATCH] = floor(shape[BATCH] / 2);
    return true;
  }
  return latent_shorter(shape, decode);
}

bool clx_power_sweep_back(clx_power_sweep sweep, double *shape) {
  switch (sweep) {
    case CLX_SWEEP_GEMM:
      return gemm_back(shape);
    case CLX_SWEEP_EXPERTS:
      return experts_back(shape);
    case CLX_SWEEP_PREFILL: {
      const bool grouped = shape[KV_HEADS] < shape[HEADS];
      return prefill_back(shape, grouped ? 256 : 128, grouped ? 131072 : 65536);
    }
    case CLX_SWEEP_MLA_PREFILL:
      return latent_back(shape, false);
    case CLX_SWEEP_DECODE:
      return decode_back(shape);
    case CLX_SWEEP_MLA_DECODE:
      return latent_back(shape, true);
    case CLX_SWEEPS:
      break;
  }
  return false;
}
