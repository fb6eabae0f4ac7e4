// GEMM of cuBLASLt: bf16 and fp8 (e4m3, one scale per tensor), bf16 out.
#include <cublasLt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "probe_cuda.h"

// Copies of the weights: AIConfigurator's collector takes as many as leave the last-level cache, at most 5.
enum { COPIES_MAX = 5, BF16_SHAPES = 800, FP8_SHAPES = 400, QUICK_SHAPES = 40 };

static const size_t WORKSPACE = 32U << 20;
static const double LARGEST_FLOP = 1.2e13;

struct probe_products {
  cublasLtHandle_t handle;
  char *a, *b, *d;
  size_t a_bytes, b_bytes, d_bytes;
  void *workspace;
  float *one;  // scale of both inputs, on the device
  double cache;
};

// One product as cuBLASLt sees it, column by column: d(n x m) = op(b) op(a).
typedef struct product {
  const probe_products *all;
  cublasLtMatmulDesc_t description;
  cublasLtMatrixLayout_t a, b, d;
  cublasLtMatmulHeuristicResult_t chosen;
  size_t weight_bytes;  // of one copy, a multiple of 256
} product;

static int lt_failed(const char *what, cublasStatus_t why) {
  return probe_fault("cuBLASLt: %s: %s", what, cublasLtGetStatusString(why));
}

#define LT_TRY(what, call)                                                 \
  do {                                                                     \
    const cublasStatus_t lt_why_ = (call);                                 \
    if (lt_why_ != CUBLAS_STATUS_SUCCESS) return lt_failed(what, lt_why_); \
  } while (0)

// --- buffers ---------------------------------------------------------------------------------------------------------

int probe_products_open(probe_products **products, probe_shape l, double cache, double memory_free) {
  probe_products *p = *products = calloc(1, sizeof *p);
  if (p == NULL) return probe_fault("out of memory");
  p->cache = cache;
  p->a_bytes = 2 * (size_t)l.m * (size_t)l.k;
  p->b_bytes = (size_t)fmax(2.0 * l.n * l.k, 8 * cache);
  p->d_bytes = 2 * (size_t)l.m * (size_t)l.n;
  const double all = (double)(p->a_bytes + p->b_bytes + p->d_bytes + WORKSPACE);
  if (all > 0.9 * memory_free) {
    return probe_fault("too little device memory: products need %.1f GB, %.1f GB are free", 1e-9 * all,
                       1e-9 * memory_free);
  }
  const float one = 1;
  PROBE_CUDA_TRY(cudaMalloc((void **)&p->a, p->a_bytes));
  PROBE_CUDA_TRY(cudaMalloc((void **)&p->b, p->b_bytes));
  PROBE_CUDA_TRY(cudaMalloc((void **)&p->d, p->d_bytes));
  PROBE_CUDA_TRY(cudaMalloc(&p->workspace, WORKSPACE));
  PROBE_CUDA_TRY(cudaMalloc((void **)&p->one, sizeof one));
  PROBE_CUDA_TRY(cudaMemcpy(p->one, &one, sizeof one, cudaMemcpyHostToDevice));
  LT_TRY("create", cublasLtCreate(&p->handle));
  return PROBE_DONE;
}

void probe_products_close(probe_products *p) {
  if (p == NULL) return;
  if (p->handle != NULL) cublasLtDestroy(p->handle);
  cudaFree(p->a);
  cudaFree(p->b);
  cudaFree(p->d);
  cudaFree(p->workspace);
  cudaFree(p->one);
  free(p);
}

int probe_products_fill(probe_products *p, probe_fill fill) {
  const int code = probe_cuda_fill(p->a, p->a_bytes, fill);
  return code == PROBE_DONE ? probe_cuda_fill(p->b, p->b_bytes, fill) : code;
}

// --- one product -----------------------------------------------------------------------------------------------------

static int describe(product *p, probe_shape s, bool fp8, probe_layout layout) {
  const cudaDataType_t type = fp8 ? CUDA_R_8F_E4M3 : CUDA_R_16BF;
  const cublasOperation_t on_b = layout == PROBE_FORWARD ? CUBLAS_OP_T : CUBLAS_OP_N;
  const cublasOperation_t on_a = layout == PROBE_WEIGHT ? CUBLAS_OP_T : CUBLAS_OP_N;
  const uint64_t m = (uint64_t)s.m, n = (uint64_t)s.n, k = (uint64_t)s.k;
  LT_TRY("description", cublasLtMatmulDescCreate(&p->description, CUBLAS_COMPUTE_32F, CUDA_R_32F));
  LT_TRY("transpose", cublasLtMatmulDescSetAttribute(p->description, CUBLASLT_MATMUL_DESC_TRANSA, &on_b, sizeof on_b));
  LT_TRY("transpose", cublasLtMatmulDescSetAttribute(p->description, CUBLASLT_MATMUL_DESC_TRANSB, &on_a, sizeof on_a));
  if (fp8) {
    const void *scale = p->all->one;
    const int8_t fast = 1;  // as serving engines do; training frameworks do so in the forward pass
    LT_TRY("scale",
           cublasLtMatmulDescSetAttribute(p->description, CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, &scale, sizeof scale));
    LT_TRY("scale",
           cublasLtMatmulDescSetAttribute(p->description, CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, &scale, sizeof scale));
    LT_TRY("accumulation",
           cublasLtMatmulDescSetAttribute(p->description, CUBLASLT_MATMUL_DESC_FAST_ACCUM, &fast, sizeof fast));
  }
  const bool b_turned = on_b == CUBLAS_OP_T, a_turned = on_a == CUBLAS_OP_T;
  LT_TRY("layout", cublasLtMatrixLayoutCreate(&p->b, type, b_turned ? k : n, b_turned ? n : k,
                                              s.k * (int64_t)b_turned + s.n * (int64_t)!b_turned));
  LT_TRY("layout", cublasLtMatrixLayoutCreate(&p->a, type, a_turned ? m : k, a_turned ? k : m,
                                              s.m * (int64_t)a_turned + s.k * (int64_t)!a_turned));
  LT_TRY("layout", cublasLtMatrixLayoutCreate(&p->d, CUDA_R_16BF, n, m, s.n));
  return PROBE_DONE;
}

static int choose_kernel(product *p, bool *found) {
  cublasLtMatmulPreference_t preference = NULL;
  int count = 0;
  LT_TRY("preference", cublasLtMatmulPreferenceCreate(&preference));
  const cublasStatus_t set = cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                                                  &WORKSPACE, sizeof WORKSPACE);
  const cublasStatus_t why = cublasLtMatmulAlgoGetHeuristic(p->all->handle, p->description, p->b, p->a, p->d, p->d,
                                                            preference, 1, &p->chosen, &count);
  cublasLtMatmulPreferenceDestroy(preference);
  LT_TRY("preference", set);
  *found = why == CUBLAS_STATUS_SUCCESS && count > 0 && p->chosen.state == CUBLAS_STATUS_SUCCESS;
  if (*found || why == CUBLAS_STATUS_NOT_SUPPORTED || why == CUBLAS_STATUS_SUCCESS) return PROBE_DONE;
  return lt_failed("heuristic", why);
}

static int enqueue(void *context, cudaStream_t stream, int32_t index) {
  const product *p = context;
  const probe_products *all = p->all;
  const float one = 1, zero = 0;
  const char *weights = all->b + (size_t)index * p->weight_bytes;
  LT_TRY("product", cublasLtMatmul(all->handle, p->description, &one, weights, p->b, all->a, p->a, &zero, all->d, p->d,
                                   all->d, p->d, &p->chosen.algo, all->workspace, WORKSPACE, stream));
  return PROBE_DONE;
}

static void close_product(product *p) {
  if (p->a != NULL) cublasLtMatrixLayoutDestroy(p->a);
  if (p->b != NULL) cublasLtMatrixLayoutDestroy(p->b);
  if (p->d != NULL) cublasLtMatrixLayoutDestroy(p->d);
  if (p->description != NULL) cublasLtMatmulDescDestroy(p->description);
}

int probe_products_graph(probe_products *products, probe_shape shape, bool fp8, probe_layout layout, probe_graph *graph,
                         bool *found) {
  *graph = (probe_graph){0};
  const double weights = (fp8 ? 1.0 : 2.0) * shape.n * shape.k;
  product p = {.all = products, .weight_bytes = ((size_t)weights + 255) / 256 * 256};
  const double room = floor((double)products->b_bytes / (double)p.weight_bytes);
  const int32_t copies = (int32_t)fmax(1, fmin(room, fmin(COPIES_MAX, ceil(products->cache / weights))));
  int code = describe(&p, shape, fp8, layout);
  *found = false;
  if (code == PROBE_DONE) code = choose_kernel(&p, found);
  if (code == PROBE_DONE && *found) code = probe_graph_open(graph, enqueue, &p, copies);
  close_product(&p);
  return code;
}

// --- check -----------------------------------------------------------------------------------------------------------

enum { CHECK_M = 48, CHECK_N = 96, CHECK_K = 160 };

typedef struct check_data {
  uint8_t a[2 * CHECK_M * CHECK_K], b[2 * CHECK_N * CHECK_K];
  uint16_t d[CHECK_M * CHECK_N];
} check_data;

static double element(const uint8_t *data, int at, bool fp8) {
  uint16_t code = 0;
  memcpy(&code, data + 2 * (size_t)at, sizeof code);
  return (double)(fp8 ? probe_from_e4m3(data[at]) : probe_from_bf16(code));
}

// Largest difference from the host's sum over the size of that sum's terms.
static double check_difference(const check_data *c, bool fp8, probe_layout layout) {
  double worst = 0;
  for (int i = 0; i < CHECK_M; i++) {
    for (int j = 0; j < CHECK_N; j++) {
      double sum = 0;
      for (int l = 0; l < CHECK_K; l++) {
        const double x = element(c->a, layout == PROBE_WEIGHT ? l * CHECK_M + i : i * CHECK_K + l, fp8);
        const double y = element(c->b, layout == PROBE_FORWARD ? j * CHECK_K + l : l * CHECK_N + j, fp8);
        sum += x * y;
      }
      // NaN is no match: the comparison is false then.
      const double difference = fabs((double)probe_from_bf16(c->d[i * CHECK_N + j]) - sum);
      if (!(difference <= worst)) worst = difference;
    }
  }
  return worst / sqrt(CHECK_K);
}

int probe_products_check(probe_products *products, bool fp8, probe_layout layout) {
  const probe_shape shape = {CHECK_M, CHECK_N, CHECK_K};
  const size_t unit = fp8 ? 1 : 2;
  probe_graph graph;
  bool found = false;
  int code = probe_products_graph(products, shape, fp8, layout, &graph, &found);
  check_data *c = calloc(1, sizeof *c);
  if (code == PROBE_DONE && c == NULL) code = probe_fault("out of memory");
  if (code == PROBE_DONE && found) {
    const cudaError_t read_a = cudaMemcpy(c->a, products->a, unit * CHECK_M * CHECK_K, cudaMemcpyDeviceToHost);
    const cudaError_t read_b = cudaMemcpy(c->b, products->b, unit * CHECK_N * CHECK_K, cudaMemcpyDeviceToHost);
    const cudaError_t read_d = cudaMemcpy(c->d, products->d, sizeof c->d, cudaMemcpyDeviceToHost);
    if (read_a != cudaSuccess || read_b != cudaSuccess || read_d != cudaSuccess) {
      code = probe_fault("CUDA: the operands could not be read back");
    } else {
      // A wrong layout is off by several. Tensor cores of Hopper add 8-bit products with about 14 bits (DeepSeek-V3 technical
      // report, 3.3.2), which over this K leaves some 0.05.
      const double difference = check_difference(c, fp8, layout), allowed = fp8 ? 0.3 : 0.05;
      if (!(difference < allowed))
        code = probe_fault("cuBLASLt's product differs from the host's by %.3g standard deviations: %s, layout %s",
                           difference, fp8 ? "fp8" : "bfloat16", probe_layout_name[layout]);
    }
  }
  free(c);
  probe_graph_close(&graph);
  return code;
}

// --- the table -------------------------------------------------------------------------------------------------------

typedef struct mean {
  double seconds, power, clock;
  int32_t count;
} mean;

// The first samples are left out: clock and power settle within a few tenths of a second.
static void add_to_mean(void *context, double time, double seconds, const probe_power_sample *sample) {
  mean *m = context;
  if (time < 0.35) return;
  m->seconds += seconds;
  m->power += sample->power;
  m->clock += sample->clock;
  m->count++;
}

static int add_row(const probe_options *options, probe_products *products, probe_shape shape, bool fp8,
                   probe_text *text, probe_summary *summary) {
  probe_graph graph;
  probe_timing timing = {0};
  bool found = false;
  mean m = {0};
  int code = probe_products_graph(products, shape, fp8, options->layout, &graph, &found);
  if (code == PROBE_DONE && found) code = probe_graph_measure(&graph, &timing);
  if (code == PROBE_DONE && found && options->power) code = probe_graph_sustain(&graph, 1.1, 0.1, add_to_mean, &m);
  probe_graph_close(&graph);
  if (code != PROBE_DONE) return code;
  if (!found) {
    summary->skipped++;
    return PROBE_DONE;
  }
  probe_add(text, "%s,%d,%d,%d,%.4g", fp8 ? "fp8" : "bfloat16", shape.m, shape.n, shape.k, 1e6 * timing.median);
  if (options->power && m.count > 0) {
    probe_add(text, ",%.1f,%.4g,%.0f", m.power / m.count, 1e6 * m.seconds / m.count, 1e-6 * m.clock / m.count);
  } else if (options->power) {
    probe_add(text, ",,,");
  }
  probe_add(text, "\n");
  probe_summary_add(summary, timing.spread);
  summary->best = fmax(summary->best, 2.0 * shape.m * shape.n * shape.k / timing.median);
  return PROBE_DONE;
}

static int measure_format(const probe_options *options, probe_products *products, probe_shape largest, bool fp8,
                          probe_text *text, probe_summary *summary) {
  const int32_t all = options->quick ? QUICK_SHAPES : fp8 ? FP8_SHAPES : BF16_SHAPES;
  const int32_t count = options->shapes > 0 ? options->shapes : all;
  const double budget = options->seconds > 0 ? options->seconds : 120, start = probe_now();
  int code = probe_products_fill(products, fp8 ? PROBE_FP8 : PROBE_BF16);
  if (code == PROBE_DONE) code = probe_products_check(products, fp8, options->layout);
  for (int32_t i = 0, measured = 0; code == PROBE_DONE && measured < count && i < 4 * count; i++) {
    if (probe_now() - start > budget) {
      summary->skipped += count - measured;
      break;
    }
    const probe_shape shape = probe_shape_at(i, largest);
    if (2.0 * shape.m * shape.n * shape.k > LARGEST_FLOP) continue;
    code = add_row(options, products, shape, fp8, text, summary);
    measured++;
    probe_progress("gemm: %s, %d of %d shapes", fp8 ? "fp8" : "bfloat16", measured, count);
  }
  return code;
}

static int write_table(const probe_options *options, const probe_text *text) {
  char path[128];
  const bool forward = options->layout == PROBE_FORWARD;
  snprintf(path, sizeof path, "%s%s%s.gemm.csv", options->name, forward ? "" : "_",
           forward ? "" : probe_layout_name[options->layout]);
  return probe_write(options->folder, path, text);
}

int probe_gemm(const probe_options *options, probe_machine *machine, probe_summary *summary) {
  *summary = (probe_summary){.family = "gemm"};
  if (options->power && !probe_power_open()) {
    return probe_wrong("'--power' needs NVML (libnvidia-ml.so.1 of the driver), which could not be opened");
  }
  const probe_shape largest = options->quick ? (probe_shape){4096, 8192, 8192} : (probe_shape){32768, 32768, 32768};
  const double start = probe_now();
  probe_products *products = NULL;
  probe_text text = {0};
  probe_add(&text, "dtype,m,n,k,latency_us%s\n", options->power ? ",power_w,sustained_us,sm_clock_mhz" : "");
  int code = probe_products_open(&products, largest, machine->cache, machine->memory_free);
  if (code == PROBE_DONE) code = measure_format(options, products, largest, false, &text, summary);
  // The fp8 kernels of Hopper know one layout only.
  if (code == PROBE_DONE && machine->peak_fp8 > 0 && options->layout == PROBE_FORWARD) {
    code = measure_format(options, products, largest, true, &text, summary);
  }
  probe_products_close(products);
  probe_progress("%s", "");
  probe_summary_close(summary);
  summary->seconds = probe_now() - start;
  if (code == PROBE_DONE) code = write_table(options, &text);
  probe_text_free(&text);
  if (code == PROBE_DONE && options->sustain > 0) code = probe_cuda_sustain(options, machine);
  return code;
}
