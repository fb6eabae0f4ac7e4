// Copies within device memory.
#include <math.h>

#include "probe_cuda.h"

enum { COPIES = 10 };

typedef struct copies {
  char *from, *to;
  size_t bytes;  // of one copy: as many are read as written
} copies;

static int enqueue(void *context, cudaStream_t stream, int32_t index) {
  const copies *c = context;
  (void)index;
  PROBE_CUDA_TRY(cudaMemcpyAsync(c->to, c->from, c->bytes, cudaMemcpyDeviceToDevice, stream));
  return PROBE_DONE;
}

static int measure(copies *c, size_t bytes, probe_timing *timing) {
  probe_graph graph;
  c->bytes = bytes;
  int code = probe_graph_open(&graph, enqueue, c, COPIES);
  if (code == PROBE_DONE) code = probe_graph_measure(&graph, timing);
  probe_graph_close(&graph);
  return code;
}

static void set_bandwidth(probe_machine *machine, size_t bytes, double rate) {
  machine->bandwidth = fmax(machine->bandwidth, rate);
  snprintf(machine->bandwidth_from, sizeof machine->bandwidth_from, "copies of %.0f MB, read and written",
           1e-6 * (double)bytes);
}

static int open_buffers(copies *c, size_t bytes) {
  *c = (copies){0};
  PROBE_CUDA_TRY(cudaMalloc((void **)&c->from, bytes));
  PROBE_CUDA_TRY(cudaMalloc((void **)&c->to, bytes));
  return probe_cuda_fill(c->from, bytes, PROBE_BF16);
}

static void close_buffers(copies *c) {
  cudaFree(c->from);
  cudaFree(c->to);
}

static size_t largest_of(const probe_options *options, const probe_machine *machine) {
  return (size_t)fmin(options->quick ? 268435456.0 : 1073741824.0, 0.25 * machine->memory_free);
}

int probe_memory_briefly(const probe_options *options, probe_machine *machine) {
  const size_t bytes = largest_of(options, machine);
  copies c;
  probe_timing timing = {0};
  int code = open_buffers(&c, bytes);
  if (code == PROBE_DONE) code = measure(&c, bytes, &timing);
  if (code == PROBE_DONE) set_bandwidth(machine, bytes, 2 * (double)bytes / timing.median);
  close_buffers(&c);
  return code;
}

int probe_memory(const probe_options *options, probe_machine *machine, probe_summary *summary) {
  *summary = (probe_summary){.family = "memory"};
  const size_t largest = largest_of(options, machine);
  const double start = probe_now();
  probe_text text = {0};
  copies c;
  int code = open_buffers(&c, largest);
  probe_add(&text, "dtype,op_name,bytes,latency_us\n");
  for (int32_t i = 0; code == PROBE_DONE; i++) {
    const size_t bytes = (size_t)(4096 * exp2(0.5 * i)) / 256 * 256;
    if (bytes > largest) break;
    probe_timing timing = {0};
    code = measure(&c, bytes, &timing);
    if (code != PROBE_DONE) break;
    const double rate = 2 * (double)bytes / timing.median;
    probe_add(&text, "bfloat16,copy,%zu,%.4g\n", 2 * bytes, 1e6 * timing.median);
    probe_summary_add(summary, timing.spread);
    summary->best = fmax(summary->best, rate);
    // What fits the last-level cache says nothing of the memory.
    if (2 * (double)bytes > 4 * machine->cache) set_bandwidth(machine, bytes, rate);
  }
  close_buffers(&c);
  probe_summary_close(summary);
  summary->seconds = probe_now() - start;
  char path[128];
  snprintf(path, sizeof path, "%s.memory.csv", options->name);
  if (code == PROBE_DONE) code = probe_write(options->folder, path, &text);
  probe_text_free(&text);
  return code;
}
