// Collectives of NCCL between all visible GPUs, by one process.
#ifdef PROBE_NO_NCCL

#include "probe_cuda.h"

const char *probe_collectives_missing(void) { return "NCCL was not found when this command was built"; }

int probe_collectives(const probe_options *options, probe_summary *summary) {
  (void)options;
  *summary = (probe_summary){.family = "collectives"};
  return probe_wrong("no collectives: %s", probe_collectives_missing());
}

#else

#include <math.h>
#include <nccl.h>

#include "probe_cuda.h"

enum { GPUS_MAX = 16, BATCH = 20, BATCHES = 7 };

const char *probe_collectives_missing(void) {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess && count >= 2 ? NULL : "they need at least two visible GPUs";
}

// Sizes count as in nccl-tests: the whole buffer of a GPU, in elements of the format.
typedef enum collective { ALL_GATHER, ALL_REDUCE, ALLTOALL, REDUCE_SCATTER, COLLECTIVES } collective;
static const char *const NAMES[COLLECTIVES] = {"all_gather", "all_reduce", "alltoall", "reduce_scatter"};

typedef struct gpus {
  int count;
  ncclComm_t comm[GPUS_MAX];
  cudaStream_t stream[GPUS_MAX];
  cudaEvent_t start[GPUS_MAX], end[GPUS_MAX];
  char *from[GPUS_MAX], *to[GPUS_MAX];
} gpus;

#define NCCL_TRY(call)                                                                           \
  do {                                                                                           \
    const ncclResult_t nccl_why_ = (call);                                                       \
    if (nccl_why_ != ncclSuccess) return probe_fault("NCCL: %s", ncclGetErrorString(nccl_why_)); \
  } while (0)

static int gpus_open(gpus *g, size_t bytes) {
  PROBE_CUDA_TRY(cudaGetDeviceCount(&g->count));
  if (g->count > GPUS_MAX) g->count = GPUS_MAX;
  NCCL_TRY(ncclCommInitAll(g->comm, g->count, NULL));
  for (int i = 0; i < g->count; i++) {
    PROBE_CUDA_TRY(cudaSetDevice(i));
    PROBE_CUDA_TRY(cudaStreamCreateWithFlags(&g->stream[i], cudaStreamNonBlocking));
    PROBE_CUDA_TRY(cudaEventCreate(&g->start[i]));
    PROBE_CUDA_TRY(cudaEventCreate(&g->end[i]));
    PROBE_CUDA_TRY(cudaMalloc((void **)&g->from[i], bytes));
    PROBE_CUDA_TRY(cudaMalloc((void **)&g->to[i], bytes));
    PROBE_CUDA_TRY(cudaMemset(g->from[i], 0, bytes));
  }
  return PROBE_DONE;
}

static void gpus_close(gpus *g) {
  for (int i = 0; i < g->count; i++) {
    cudaSetDevice(i);
    if (g->comm[i] != NULL) ncclCommDestroy(g->comm[i]);
    cudaFree(g->from[i]);
    cudaFree(g->to[i]);
  }
  cudaSetDevice(0);
}

static int all_to_all(const gpus *g, int i, size_t part, size_t unit, ncclDataType_t type) {
  for (int peer = 0; peer < g->count; peer++) {
    const size_t at = (size_t)peer * part * unit;
    NCCL_TRY(ncclSend(g->from[i] + at, part, type, peer, g->comm[i], g->stream[i]));
    NCCL_TRY(ncclRecv(g->to[i] + at, part, type, peer, g->comm[i], g->stream[i]));
  }
  return PROBE_DONE;
}

static int run(const gpus *g, collective op, size_t elements, bool half) {
  const ncclDataType_t type = half ? ncclHalf : ncclInt8;
  const size_t part = elements / (size_t)g->count;
  NCCL_TRY(ncclGroupStart());
  for (int i = 0; i < g->count; i++) {
    switch (op) {
      case ALL_GATHER:
        NCCL_TRY(ncclAllGather(g->from[i], g->to[i], part, type, g->comm[i], g->stream[i]));
        break;
      case ALL_REDUCE:
        NCCL_TRY(ncclAllReduce(g->from[i], g->to[i], elements, type, ncclSum, g->comm[i], g->stream[i]));
        break;
      case ALLTOALL: {
        const int code = all_to_all(g, i, part, half ? 2 : 1, type);
        if (code != PROBE_DONE) return code;
        break;
      }
      case REDUCE_SCATTER:
        NCCL_TRY(ncclReduceScatter(g->from[i], g->to[i], part, type, ncclSum, g->comm[i], g->stream[i]));
        break;
      case COLLECTIVES:
        break;
    }
  }
  NCCL_TRY(ncclGroupEnd());
  return PROBE_DONE;
}

// Seconds of one operation in a row of `batch`, of the slowest GPU.
static int time_batch(const gpus *g, collective op, size_t elements, bool half, int batch, double *slowest) {
  for (int i = 0; i < g->count; i++) {
    PROBE_CUDA_TRY(cudaSetDevice(i));
    PROBE_CUDA_TRY(cudaEventRecord(g->start[i], g->stream[i]));
  }
  for (int b = 0; b < batch; b++) {
    const int code = run(g, op, elements, half);
    if (code != PROBE_DONE) return code;
  }
  *slowest = 0;
  for (int i = 0; i < g->count; i++) {
    PROBE_CUDA_TRY(cudaSetDevice(i));
    PROBE_CUDA_TRY(cudaEventRecord(g->end[i], g->stream[i]));
  }
  for (int i = 0; i < g->count; i++) {
    float milliseconds = 0;
    PROBE_CUDA_TRY(cudaEventSynchronize(g->end[i]));
    PROBE_CUDA_TRY(cudaEventElapsedTime(&milliseconds, g->start[i], g->end[i]));
    *slowest = fmax(*slowest, 1e-3 * (double)milliseconds / batch);
  }
  return PROBE_DONE;
}

static int measure(const gpus *g, collective op, size_t elements, bool half, probe_timing *timing) {
  double samples[BATCHES], warm = 0;
  int code = time_batch(g, op, elements, half, 5, &warm);
  for (int32_t i = 0; i < BATCHES && code == PROBE_DONE; i++) {
    code = time_batch(g, op, elements, half, BATCH, &samples[i]);
  }
  if (code == PROBE_DONE) *timing = probe_timing_of(samples, BATCHES);
  return code;
}

static int measure_all(const gpus *g, size_t bytes, probe_text *text, probe_summary *summary) {
  for (int32_t i = 0; i < 2 * COLLECTIVES; i++) {
    const bool half = i < COLLECTIVES;
    const collective op = (collective)(i % COLLECTIVES);
    for (size_t elements = 1024; elements * (half ? 2 : 1) <= bytes; elements *= 2) {
      probe_timing timing = {0};
      const int code = measure(g, op, elements, half, &timing);
      if (code != PROBE_DONE) return code;
      probe_add(text, "%s,%s,%d,%zu,%.4g\n", half ? "half" : "int8", NAMES[op], g->count, elements,
                1e6 * timing.median);
      probe_summary_add(summary, timing.spread);
      summary->best = fmax(summary->best, (double)elements * (half ? 2 : 1) / timing.median);
      probe_progress("collectives: %s, %zu elements", NAMES[op], elements);
    }
  }
  return PROBE_DONE;
}

int probe_collectives(const probe_options *options, probe_summary *summary) {
  *summary = (probe_summary){.family = "collectives"};
  const size_t bytes = options->quick ? 1U << 24 : 1U << 29;
  const double start = probe_now();
  probe_text text = {0};
  gpus g = {0};
  char path[128];
  probe_add(&text, "dtype,op_name,num_gpus,message_size,latency_us\n");
  int code = gpus_open(&g, bytes);
  if (code == PROBE_DONE) code = measure_all(&g, bytes, &text, summary);
  gpus_close(&g);
  probe_progress("%s", "");
  probe_summary_close(summary);
  summary->seconds = probe_now() - start;
  snprintf(path, sizeof path, "%s.nccl.csv", options->name);
  if (code == PROBE_DONE) code = probe_write(options->folder, path, &text);
  probe_text_free(&text);
  return code;
}

#endif
