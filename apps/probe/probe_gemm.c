// GEMM of OpenBLAS in single precision.
#include <cblas.h>
#include <math.h>
#include <stdlib.h>

#include "probe.h"

// Weights alternate between copies that do not fit the last-level cache together, at most 5: the rule of AIConfigurator's
// collector for the GPU tables (collector/trtllm/collect_gemm.py), where a layer's weights are seldom in the cache either.
enum { COPIES_MAX = 5, SHAPES = 1000, SHAPES_QUICK = 60, SAMPLES_LEAST = 5 };

static const double POOL = 512e6, POOL_QUICK = 64e6;  // B, of all copies of the weights
static const double LARGEST_SHARE = 0.02;             // of the budget, for one shape

typedef struct gemm_work {
  probe_shape shape;
  probe_layout layout;
  const float *a, *b;
  float *c;
  int32_t copies;
} gemm_work;

static void gemm_once(void *context, int64_t index) {
  const gemm_work *w = context;
  const int m = w->shape.m, n = w->shape.n, k = w->shape.k;
  const float *b = w->b + (size_t)(index % w->copies) * (size_t)n * (size_t)k;
  const enum CBLAS_TRANSPOSE ta = w->layout == PROBE_WEIGHT ? CblasTrans : CblasNoTrans;
  const enum CBLAS_TRANSPOSE tb = w->layout == PROBE_FORWARD ? CblasTrans : CblasNoTrans;
  cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, 1, w->a, ta == CblasTrans ? m : k, b, tb == CblasTrans ? k : n, 0, w->c,
              n);
}

// Uniform in [-1, 1); any values do, as long as none is subnormal.
static float *random_floats(double count) {
  float *values = malloc((size_t)count * sizeof *values);
  uint64_t state = 0x9E3779B97F4A7C15U;
  for (size_t i = 0; values != NULL && i < (size_t)count; i++) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    values[i] = (float)((int32_t)(state >> 40) - (1 << 23)) * 0x1p-23F;
  }
  return values;
}

static double all_bytes(probe_shape l, double pool) {
  return fmax(pool, 4.0 * l.n * l.k) + 4.0 * l.m * ((double)l.n + l.k);
}

static int fit_memory(const probe_machine *machine, probe_shape *largest, double pool) {
  const double room = 0.5 * machine->memory_free;
  while (all_bytes(*largest, pool) > room && largest->n > 1024) {
    largest->n /= 2;
    largest->k /= 2;
  }
  if (all_bytes(*largest, pool) <= room) return PROBE_DONE;
  return probe_fault("too little memory: products of 1,024 columns need %.0f MB, half of the free memory is %.0f MB",
                     1e-6 * all_bytes(*largest, pool), 1e-6 * room);
}

typedef struct gemm_run {
  gemm_work work;
  probe_shape largest;
  double pool;  // B
  probe_shape shape[SHAPES];
  double seconds[SHAPES];
  int32_t count;  // measured
  int32_t planned;
  double rate;  // FLOP/s, best so far
} gemm_run;

static bool seen(const gemm_run *run, probe_shape shape) {
  for (int32_t i = 0; i < run->count; i++) {
    if (run->shape[i].m == shape.m && run->shape[i].n == shape.n && run->shape[i].k == shape.k) return true;
  }
  return false;
}

static void measure(gemm_run *run, double budget, double cache, probe_summary *summary) {
  const double start = probe_now();
  for (int32_t i = 0; i < run->planned; i++) {
    const double left = budget - (probe_now() - start);
    if (left <= 0) {
      summary->skipped += run->planned - i;
      break;
    }
    const probe_shape shape = probe_shape_at(i, run->largest);
    const double flop = 2.0 * shape.m * shape.n * shape.k, weights = 4.0 * shape.n * shape.k;
    if (seen(run, shape)) continue;
    if ((SAMPLES_LEAST + 2) * flop / run->rate > LARGEST_SHARE * budget) {
      summary->skipped++;
      continue;
    }
    run->work.shape = shape;
    run->work.copies = (int32_t)fmax(1, fmin(COPIES_MAX, fmin(ceil(cache / weights), floor(run->pool / weights))));
    const probe_timing timing = probe_time(gemm_once, &run->work, left / (run->planned - i), SAMPLES_LEAST);
    run->shape[run->count] = shape;
    run->seconds[run->count++] = timing.median;
    run->rate = fmax(run->rate, flop / timing.median);
    probe_summary_add(summary, timing.spread);
    summary->best = fmax(summary->best, flop / timing.median);
    probe_progress("gemm: %d of %d shapes, %.0f s left", i + 1, run->planned, left);
  }
  summary->seconds = probe_now() - start;
  probe_progress("%s", "");
}

static int write_table(const probe_options *options, gemm_run *run) {
  probe_text text = {0};
  char path[128];
  probe_shapes_sort(run->shape, run->seconds, run->count);
  probe_add(&text, "dtype,m,n,k,latency_us\n");
  for (int32_t i = 0; i < run->count; i++) {
    probe_add(&text, "float32,%d,%d,%d,%.4g\n", run->shape[i].m, run->shape[i].n, run->shape[i].k,
              1e6 * run->seconds[i]);
  }
  const bool forward = options->layout == PROBE_FORWARD;
  snprintf(path, sizeof path, "%s%s%s.gemm.csv", options->name, forward ? "" : "_",
           forward ? "" : probe_layout_name[options->layout]);
  const int code = probe_write(options->folder, path, &text);
  probe_text_free(&text);
  return code;
}

int probe_gemm(const probe_options *options, probe_machine *machine, probe_summary *summary) {
  *summary = (probe_summary){.family = "gemm"};
  gemm_run *run = calloc(1, sizeof *run);
  if (run == NULL) return probe_fault("out of memory");
  run->largest = options->quick ? (probe_shape){512, 2048, 2048} : (probe_shape){4096, 8192, 8192};
  run->pool = options->quick ? POOL_QUICK : POOL;
  run->planned = options->quick ? SHAPES_QUICK : SHAPES;
  if (options->shapes > 0 && options->shapes < run->planned) run->planned = options->shapes;
  run->rate = 0.5 * machine->peak_fp32;
  int code = fit_memory(machine, &run->largest, run->pool);
  float *a = NULL, *b = NULL, *c = NULL;
  if (code == PROBE_DONE) {
    const probe_shape l = run->largest;
    a = random_floats((double)l.m * l.k);
    b = random_floats(fmax(run->pool, 4.0 * l.n * l.k) / sizeof *b);
    c = calloc((size_t)l.m * (size_t)l.n, sizeof *c);
    if (a == NULL || b == NULL || c == NULL) {
      code = probe_fault("too little memory: %.0f MB could not be allocated", 1e-6 * all_bytes(l, run->pool));
    }
  }
  if (code == PROBE_DONE) {
    openblas_set_num_threads(machine->processors);
    run->work = (gemm_work){.layout = options->layout, .a = a, .b = b, .c = c};
    measure(run, options->seconds > 0 ? options->seconds : options->quick ? 10 : 120, machine->cache, summary);
    probe_summary_close(summary);
    // Clocks above what the operating system tells: the rate that was seen is possible.
    if (summary->best > machine->peak_fp32) {
      machine->peak_fp32 = summary->best;
      snprintf(machine->peak_from, sizeof machine->peak_from, "best measured product");
    }
    code = write_table(options, run);
  }
  free(a);
  free(b);
  free(c);
  free(run);
  return code;
}
