// The GPU: what the run-time library says of it, graphs, data.
#include "probe_cuda.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const bool probe_is_cuda = true;

int probe_cuda_failed(const char *what, cudaError_t why) {
  return probe_fault("CUDA: %.*s: %s", (int)strcspn(what, "("), what, cudaGetErrorString(why));
}

// Without MPI this process is alone.
bool probe_under_mpi(void) { return false; }
bool probe_mpi_speaks(void) { return true; }

// --- the machine -----------------------------------------------------------------------------------------------------

static int open_device(struct cudaDeviceProp *properties) {
  int count = 0;
  const cudaError_t why = cudaGetDeviceCount(&count);
  if (why != cudaSuccess || count == 0) {
    return probe_wrong("there is no GPU to measure: %s",
                       why != cudaSuccess ? cudaGetErrorString(why) : "none is visible");
  }
  PROBE_CUDA_TRY(cudaSetDevice(0));
  PROBE_CUDA_TRY(cudaGetDeviceProperties(properties, 0));
  return PROBE_DONE;
}

int probe_default_name(char *name, size_t size) {
  struct cudaDeviceProp properties;
  const int code = open_device(&properties);
  if (code == PROBE_DONE) probe_name_from(properties.name, name, size);
  return code;
}

// Dense operations per multiprocessor and clock (NVIDIA's architecture white papers).
static const struct {
  int major, minor;
  const char *family;
  double fp32, bf16, fp8;
} RATES[] = {{8, 0, "ampere", 128, 2048, 0},         {8, 6, "ampere", 256, 512, 0},
             {8, 9, "ada", 256, 1024, 2048},         {9, 0, "hopper", 256, 4096, 8192},
             {10, 0, "blackwell", 256, 8192, 16384}, {10, 3, "blackwell", 256, 8192, 16384}};

static int attribute(enum cudaDeviceAttr which, double *value) {
  int number = 0;
  PROBE_CUDA_TRY(cudaDeviceGetAttribute(&number, which, 0));
  *value = number;
  return PROBE_DONE;
}

static void set_rates(probe_machine *machine, const struct cudaDeviceProp *properties) {
  snprintf(machine->family, sizeof machine->family, "unknown");
  for (int32_t i = 0; i < PROBE_COUNT(RATES); i++) {
    if (RATES[i].major != properties->major || RATES[i].minor != properties->minor) continue;
    const double clocks = machine->processors * machine->clock;
    snprintf(machine->family, sizeof machine->family, "%s", RATES[i].family);
    machine->peak_fp32 = clocks * RATES[i].fp32;
    machine->peak_bf16 = clocks * RATES[i].bf16;
    machine->peak_fp8 = clocks * RATES[i].fp8;
  }
  snprintf(machine->peak_from, sizeof machine->peak_from,
           "multiprocessors x highest clock x operations of the architecture; datasheets assume a lower clock");
}

int probe_machine_read(probe_machine *machine, int32_t threads) {
  (void)threads;
  struct cudaDeviceProp properties;
  int code = open_device(&properties);
  if (code != PROBE_DONE) return code;
  double kilohertz = 0;
  code = attribute(cudaDevAttrClockRate, &kilohertz);
  if (code != PROBE_DONE) return code;
  size_t free_bytes = 0, all_bytes = 0;
  PROBE_CUDA_TRY(cudaMemGetInfo(&free_bytes, &all_bytes));
  *machine = (probe_machine){.processors = properties.multiProcessorCount,
                             .clock = 1e3 * kilohertz,
                             .clock_from = "highest clock, as the driver tells it",
                             .memory = (double)all_bytes,
                             .memory_free = (double)free_bytes,
                             .cache = properties.l2CacheSize};
  snprintf(machine->title, sizeof machine->title, "%.120s", properties.name);
  snprintf(machine->cache_from, sizeof machine->cache_from, "as the driver tells it");
  set_rates(machine, &properties);
  if (machine->peak_bf16 <= 0) {
    return probe_wrong("compute capability %d.%d has no known rates", properties.major, properties.minor);
  }
  machine->tdp = probe_power_open() ? probe_power_limit() : 0;
  if (machine->tdp <= 0) machine->tdp = 700;
  machine->idle_power = 0.1 * machine->tdp;
  snprintf(machine->power_from, sizeof machine->power_from,
           "limit in force where the driver tells it; idle: a tenth of it");
  machine->link = 64e9;
  snprintf(machine->link_from, sizeof machine->link_from, "assumed: PCI Express 5.0 x16; not measured");
  return PROBE_DONE;
}

// --- graphs ----------------------------------------------------------------------------------------------------------

static int capture(probe_graph *graph, probe_enqueue work, void *context) {
  cudaGraph_t captured = NULL;
  PROBE_CUDA_TRY(cudaStreamBeginCapture(graph->stream, cudaStreamCaptureModeThreadLocal));
  int code = PROBE_DONE;
  for (int32_t i = 0; i < graph->count && code == PROBE_DONE; i++) code = work(context, graph->stream, i);
  const cudaError_t ended = cudaStreamEndCapture(graph->stream, &captured);
  if (code != PROBE_DONE) return code;
  if (ended != cudaSuccess) return probe_cuda_failed("cudaStreamEndCapture", ended);
  const cudaError_t made = cudaGraphInstantiate(&graph->exec, captured, 0);
  cudaGraphDestroy(captured);
  return made == cudaSuccess ? PROBE_DONE : probe_cuda_failed("cudaGraphInstantiate", made);
}

int probe_graph_open(probe_graph *graph, probe_enqueue work, void *context, int32_t count) {
  *graph = (probe_graph){.count = count};
  PROBE_CUDA_TRY(cudaStreamCreateWithFlags(&graph->stream, cudaStreamNonBlocking));
  PROBE_CUDA_TRY(cudaEventCreate(&graph->start));
  PROBE_CUDA_TRY(cudaEventCreate(&graph->end));
  const int code = work(context, graph->stream, 0);
  if (code != PROBE_DONE) return code;
  PROBE_CUDA_TRY(cudaStreamSynchronize(graph->stream));
  return capture(graph, work, context);
}

void probe_graph_close(probe_graph *graph) {
  if (graph->exec != NULL) cudaGraphExecDestroy(graph->exec);
  if (graph->start != NULL) cudaEventDestroy(graph->start);
  if (graph->end != NULL) cudaEventDestroy(graph->end);
  if (graph->stream != NULL) cudaStreamDestroy(graph->stream);
  *graph = (probe_graph){0};
}

int probe_graph_time(const probe_graph *graph, int32_t replays, double *seconds) {
  float milliseconds = 0;
  PROBE_CUDA_TRY(cudaEventRecord(graph->start, graph->stream));
  for (int32_t i = 0; i < replays; i++) PROBE_CUDA_TRY(cudaGraphLaunch(graph->exec, graph->stream));
  PROBE_CUDA_TRY(cudaEventRecord(graph->end, graph->stream));
  PROBE_CUDA_TRY(cudaEventSynchronize(graph->end));
  PROBE_CUDA_TRY(cudaEventElapsedTime(&milliseconds, graph->start, graph->end));
  *seconds = 1e-3 * (double)milliseconds / ((double)replays * graph->count);
  return PROBE_DONE;
}

enum { WARM_UPS = 3, REPLAYS = 6, ROWS_MAX = 15 };

int probe_graph_measure(const probe_graph *graph, probe_timing *timing) {
  double samples[ROWS_MAX], warm = 0;
  int code = probe_graph_time(graph, WARM_UPS, &warm);
  // Long rows are few: they would heat the device beyond what a row alone does.
  const double row = fmax(1e-6, warm * REPLAYS * graph->count);
  const int32_t rows = (int32_t)fmax(1, fmin(ROWS_MAX, 0.015 / row));
  for (int32_t i = 0; i < rows && code == PROBE_DONE; i++) code = probe_graph_time(graph, REPLAYS, &samples[i]);
  if (code == PROBE_DONE) *timing = probe_timing_of(samples, rows);
  return code;
}

int probe_graph_sustain(const probe_graph *graph, double seconds, double step, probe_sustained seen, void *context) {
  double once = 0;
  int code = probe_graph_time(graph, 2, &once);
  const int32_t replays = (int32_t)fmax(1, fmin(1e6, step / fmax(once * graph->count, 2e-6)));
  const double start = probe_now();
  probe_power_sample sample = {0};
  (void)probe_power_read(&sample);  // begins the first mean
  while (code == PROBE_DONE && probe_now() - start < seconds) {
    code = probe_graph_time(graph, replays, &once);
    sample = (probe_power_sample){0};
    (void)probe_power_read(&sample);
    if (code == PROBE_DONE) seen(context, probe_now() - start, once, &sample);
  }
  return code;
}

// --- data ------------------------------------------------------------------------------------------------------------

// A length without small divisors, so that rows of a matrix differ.
enum { PATTERN = (1 << 22) - 3 };

static double uniform(uint64_t *state) {
  *state = *state * 6364136223846793005U + 1442695040888963407U;
  return ((double)(*state >> 11) + 0.5) * 0x1p-53;
}

static uint16_t to_bf16(float value) {
  uint32_t bits = 0;
  memcpy(&bits, &value, sizeof bits);
  return (uint16_t)((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
}

// 1 sign, 4 exponent (bias 7) and 3 mantissa bits, to nearest; below the smallest normal number in steps of 2^-9.
static uint8_t to_e4m3(float value) {
  const uint8_t sign = value < 0 ? 0x80 : 0;
  const float size = fminf(fabsf(value), 448);
  int exponent = 0;
  if (size < 0x1p-10F) return sign;
  (void)frexpf(size, &exponent);  // size = fraction x 2^exponent, fraction in [0.5, 1)
  const int step = exponent - 1 < -6 ? -9 : exponent - 4;
  const int units = (int)nearbyintf(ldexpf(size, -step));
  // With the hidden bit in units, code = 8 (step + 9) + units: rounding up into the next binade carries by itself.
  return (uint8_t)(sign | (8 * (step + 9) + units));
}

float probe_from_bf16(uint16_t code) {
  const uint32_t bits = (uint32_t)code << 16;
  float value = 0;
  memcpy(&value, &bits, sizeof value);
  return value;
}

float probe_from_e4m3(uint8_t code) {
  const int exponent = (code >> 3) & 15, mantissa = code & 7;
  const float size = exponent == 0 ? ldexpf((float)mantissa, -9) : ldexpf((float)(8 + mantissa), exponent - 10);
  return (code & 0x80) != 0 ? -size : size;
}

int probe_cuda_fill(void *device, size_t bytes, probe_fill fill) {
  if (fill == PROBE_ZEROS) {
    PROBE_CUDA_TRY(cudaMemset(device, 0, bytes));
    return PROBE_DONE;
  }
  const size_t unit = fill == PROBE_BF16 ? 2 : 1;
  size_t done = PATTERN * unit < bytes ? PATTERN * unit : bytes;
  uint8_t *pattern = malloc(PATTERN * unit);
  if (pattern == NULL) return probe_fault("out of memory");
  uint64_t state = 0x9E3779B97F4A7C15U;
  for (size_t i = 0; i < PATTERN; i++) {
    const double radius = sqrt(-2 * log(uniform(&state)));
    const float value = (float)(radius * cos(6.283185307179586 * uniform(&state)));
    const uint16_t wide = to_bf16(value);
    if (unit == 2) memcpy(pattern + 2 * i, &wide, 2);
    if (unit == 1) pattern[i] = to_e4m3(value);
  }
  const cudaError_t copied = cudaMemcpy(device, pattern, done, cudaMemcpyHostToDevice);
  free(pattern);
  if (copied != cudaSuccess) return probe_cuda_failed("cudaMemcpy", copied);
  while (done < bytes) {
    const size_t part = done < bytes - done ? done : bytes - done;
    PROBE_CUDA_TRY(cudaMemcpy((char *)device + done, device, part, cudaMemcpyDeviceToDevice));
    done += part;
  }
  PROBE_CUDA_TRY(cudaDeviceSynchronize());
  return PROBE_DONE;
}
