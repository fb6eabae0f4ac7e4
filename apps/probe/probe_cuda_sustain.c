// Long runs of one product: what clock and power become after the first milliseconds, by size and by data.
#include <time.h>

#include "probe_cuda.h"

static const struct {
  probe_shape shape;
  probe_fill fill;
  bool fp8;
} RUNS[] = {
    {{8192, 8192, 8192}, PROBE_BF16, false},  {{8192, 8192, 8192}, PROBE_ZEROS, false},
    {{2048, 4096, 4096}, PROBE_BF16, false},  {{64, 16384, 16384}, PROBE_BF16, false},
    {{16384, 8192, 2048}, PROBE_BF16, false}, {{8192, 8192, 8192}, PROBE_FP8, true},
};

typedef struct trace {
  probe_text *text;
  int32_t run;
  double alone;  // s, before the long run
} trace;

static void add_step(void *context, double time, double seconds, const probe_power_sample *sample) {
  const trace *t = context;
  const probe_shape s = RUNS[t->run].shape;
  probe_add(t->text, "%s,%s,%d,%d,%d,%.4g,%.3f,%.4g,%.1f,%.0f\n", RUNS[t->run].fp8 ? "fp8" : "bfloat16",
            RUNS[t->run].fill == PROBE_ZEROS ? "zeros" : "normal", s.m, s.n, s.k, 1e6 * t->alone, time, 1e6 * seconds,
            sample->power, 1e-6 * sample->clock);
}

static int run_one(const probe_options *options, probe_products *products, trace *t) {
  probe_graph graph = {0};
  probe_timing timing = {0};
  bool found = false;
  const struct timespec rest = {.tv_sec = 2};  // to cool down to what a kernel alone finds
  int code = probe_products_fill(products, RUNS[t->run].fill);
  nanosleep(&rest, NULL);
  if (code == PROBE_DONE) {
    code = probe_products_graph(products, RUNS[t->run].shape, RUNS[t->run].fp8, PROBE_FORWARD, &graph, &found);
  }
  if (code == PROBE_DONE && found) code = probe_graph_measure(&graph, &timing);
  t->alone = timing.median;
  if (code == PROBE_DONE && found) code = probe_graph_sustain(&graph, options->sustain, 0.1, add_step, t);
  probe_graph_close(&graph);
  return code;
}

int probe_cuda_sustain(const probe_options *options, const probe_machine *machine) {
  probe_text text = {0};
  probe_products *products = NULL;
  char path[128];
  if (!probe_power_open()) probe_remark("no NVML: power and clock of the long runs stay 0");
  probe_add(&text, "dtype,data,m,n,k,latency_us,time_s,sustained_us,power_w,sm_clock_mhz\n");
  // 16,384 squared is the largest of every operand.
  int code = probe_products_open(&products, (probe_shape){16384, 16384, 16384}, machine->cache, machine->memory_free);
  for (int32_t i = 0; i < PROBE_COUNT(RUNS) && code == PROBE_DONE; i++) {
    trace t = {.text = &text, .run = i};
    if (RUNS[i].fp8 && machine->peak_fp8 <= 0) continue;
    probe_progress("long runs: %d of %d", i + 1, PROBE_COUNT(RUNS));
    code = run_one(options, products, &t);
  }
  probe_products_close(products);
  probe_progress("%s", "");
  snprintf(path, sizeof path, "%s.sustained.csv", options->name);
  if (code == PROBE_DONE) code = probe_write(options->folder, path, &text);
  probe_text_free(&text);
  return code;
}
