// Streams through memory: copy, read and triad, by threads that stay.
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "probe.h"

typedef enum stream_op { STREAM_COPY, STREAM_READ, STREAM_TRIAD, STREAM_OPS } stream_op;

// Bytes are those that the program reads and writes, as STREAM counts them; the hardware may also read what it overwrites.
static const struct {
  const char *name;
  int32_t arrays;
} OPS[STREAM_OPS] = {{"copy", 2}, {"read", 1}, {"triad", 3}};

// Fewer elements for a thread than these are left to fewer threads (PyTorch's grain size of elementwise operations).
enum { GRAIN = 32768 };

typedef struct streams streams;

typedef struct stream_worker {
  streams *all;
  int32_t index;
  pthread_t thread;
} stream_worker;

struct streams {
  float *a, *b, *c;
  size_t count;  // elements of each array in this run
  stream_op op;
  int32_t workers, active;
  atomic_int turn;  // raised to start, -1 to end
  atomic_int busy;  // workers that still run
  _Atomic float sum;
  stream_worker *worker;
  int32_t started;  // threads besides this one
};

static float read_part(const float *a, size_t count) {
  float sums[16] = {0};
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    for (size_t j = 0; j < 16; j++) sums[j] += a[i + j];
  }
  float sum = 0;
  for (; i < count; i++) sum += a[i];
  for (size_t j = 0; j < 16; j++) sum += sums[j];
  return sum;
}

// The share of worker `index` of the elements.
static void run_part(streams *s, int32_t index) {
  const size_t share = (s->count / (size_t)s->active + 15) / 16 * 16;
  const size_t from = share * (size_t)index;
  const size_t to = index + 1 == s->active || from + share > s->count ? s->count : from + share;
  if (from >= to) return;
  float *restrict a = s->a;
  const float *restrict b = s->b, *restrict c = s->c;
  if (s->op == STREAM_READ) {
    atomic_store_explicit(&s->sum, read_part(a + from, to - from), memory_order_relaxed);
  } else if (s->op == STREAM_COPY) {
    // Not memcpy: elementwise kernels do not write around the caches as it does for long copies.
    for (size_t i = from; i < to; i++) a[i] = 0.5F * b[i];
  } else {
    for (size_t i = from; i < to; i++) a[i] = b[i] + 0.5F * c[i];
  }
}

// Waits for *value to differ from `old`: spins a little, then leaves the processor to others.
static int wait_for_change(atomic_int *value, int old) {
  for (int32_t spins = 0;; spins++) {
    const int now = atomic_load_explicit(value, memory_order_acquire);
    if (now != old) return now;
    if (spins > 2000) sched_yield();
  }
}

static void *serve(void *argument) {
  const stream_worker *worker = argument;
  streams *s = worker->all;
  int turn = 0;
  for (;;) {
    turn = wait_for_change(&s->turn, turn);
    if (turn < 0) return NULL;
    if (worker->index < s->active) run_part(s, worker->index);
    atomic_fetch_sub_explicit(&s->busy, 1, memory_order_acq_rel);
  }
}

static void stream_once(void *context, int64_t index) {
  streams *s = context;
  (void)index;
  if (s->active > 1) {
    atomic_store_explicit(&s->busy, s->started, memory_order_relaxed);
    atomic_fetch_add_explicit(&s->turn, 1, memory_order_release);
  }
  run_part(s, 0);
  while (s->active > 1 && atomic_load_explicit(&s->busy, memory_order_acquire) > 0) sched_yield();
}

static void copy_once(void *context, int64_t index) {
  streams *s = context;
  (void)index;
  memcpy(s->a, s->b, s->count * sizeof *s->a);
}

// --- setting up ------------------------------------------------------------------------------------------------------

static void streams_close(streams *s) {
  atomic_store(&s->turn, -1);
  for (int32_t i = 1; i <= s->started; i++) pthread_join(s->worker[i].thread, NULL);
  free(s->worker);
  free(s->a);
  free(s->b);
  free(s->c);
}

// Arrays of `elements` each, touched by the thread that uses them; threads.
static int streams_open(streams *s, int32_t threads, size_t elements) {
  *s = (streams){.workers = threads, .active = threads, .count = elements, .op = STREAM_TRIAD};
  atomic_init(&s->turn, 0);
  atomic_init(&s->busy, 0);
  atomic_init(&s->sum, 0);
  s->worker = calloc((size_t)threads, sizeof *s->worker);
  void *arrays[3] = {NULL, NULL, NULL};
  bool there = s->worker != NULL;
  for (int32_t i = 0; i < 3; i++) there = posix_memalign(&arrays[i], 4096, elements * sizeof(float)) == 0 && there;
  s->a = arrays[0];
  s->b = arrays[1];
  s->c = arrays[2];
  for (int32_t i = 1; there && i < threads; i++) {
    s->worker[i] = (stream_worker){.all = s, .index = i};
    if (pthread_create(&s->worker[i].thread, NULL, serve, &s->worker[i]) != 0) {
      streams_close(s);
      return probe_fault("thread %d of %d could not be started", i + 1, threads);
    }
    s->started = i;
  }
  if (!there) {
    streams_close(s);
    return probe_fault("too little memory: %.0f MB could not be allocated", 12e-6 * (double)elements);
  }
  memset(s->b, 0, elements * sizeof(float));
  memset(s->c, 0, elements * sizeof(float));
  stream_once(s, 0);
  return PROBE_DONE;
}

static probe_timing time_stream(streams *s, stream_op op, double bytes, double seconds) {
  s->op = op;
  s->count = (size_t)(bytes / (4.0 * OPS[op].arrays));
  s->active = (int32_t)fmax(1, fmin(s->workers, (double)s->count / GRAIN));
  return probe_time(stream_once, s, seconds, 5);
}

// The rate at which one process hands bytes to another through memory: what stands in for links between devices.
static void measure_link(streams *s, size_t elements, probe_machine *machine) {
  s->count = elements < (64U << 18) ? elements : (64U << 18);
  const probe_timing timing = probe_time(copy_once, s, 0.3, 5);
  machine->link = 4.0 * (double)s->count / timing.fastest;
  snprintf(machine->link_from, sizeof machine->link_from, "memcpy of %.0f MB by one thread", 4e-6 * (double)s->count);
}

static void set_bandwidth(probe_machine *machine, double rate, double bytes) {
  machine->bandwidth = rate;
  snprintf(machine->bandwidth_from, sizeof machine->bandwidth_from,
           "fastest copy, read or triad over %.0f MB, %d threads", 1e-6 * bytes, machine->processors);
}

int probe_memory_briefly(const probe_options *options, probe_machine *machine) {
  const double bytes = fmin(options->quick ? 192e6 : 768e6, 0.25 * machine->memory_free);
  streams s;
  const int code = streams_open(&s, machine->processors, (size_t)(bytes / 4));
  if (code != PROBE_DONE) return code;
  double best = 0;
  for (int32_t op = 0; op < STREAM_OPS; op++) {
    best = fmax(best, bytes / time_stream(&s, (stream_op)op, bytes, 0.3).fastest);
  }
  set_bandwidth(machine, best, bytes);
  measure_link(&s, (size_t)(bytes / 4), machine);
  streams_close(&s);
  return PROBE_DONE;
}

// --- the table -------------------------------------------------------------------------------------------------------

// The cache ends where copies fall to within 60 % of the rate of memory, the best of the three largest sizes.
static void find_cache(probe_machine *machine, const double *size, const double *rate, int32_t count) {
  const double memory = fmax(rate[count - 1], fmax(rate[count - 2], rate[count - 3]));
  double end = 0;
  for (int32_t i = 0; i < count; i++) {
    if (rate[i] > 1.6 * memory) end = size[i];
  }
  if (end < 1e5 || end > 0.5 * size[count - 1]) return;
  machine->cache = end;
  snprintf(machine->cache_from, sizeof machine->cache_from,
           "copies of up to this size run at more than 1.6 times the rate of memory");
}

enum { SIZES_MAX = 64 };

int probe_memory(const probe_options *options, probe_machine *machine, probe_summary *summary) {
  *summary = (probe_summary){.family = "memory"};
  const double largest = fmin(options->quick ? 192e6 : 1610612736.0, 0.25 * machine->memory_free);
  const double given = options->all ? options->seconds / 6 : options->seconds;
  const double budget = given > 0 ? given : options->quick ? 3 : 20;
  const int32_t count = (int32_t)fmin(SIZES_MAX, floor(2 * log2(largest / 8192)) + 1);
  if (count < 8) return probe_fault("too little memory: %.1f MB are free", 1e-6 * machine->memory_free);
  streams s;
  int code = streams_open(&s, machine->processors, (size_t)(largest / 4));
  if (code != PROBE_DONE) return code;
  probe_text text = {0};
  double size[SIZES_MAX], rate[SIZES_MAX], best = 0;
  probe_add(&text, "dtype,op_name,bytes,latency_us\n");
  const double start = probe_now();
  for (int32_t op = 0; op < STREAM_OPS; op++) {
    for (int32_t i = 0; i < count; i++) {
      const double unit = 64.0 * OPS[op].arrays;
      const double bytes = unit * fmax(1, floor(8192 * exp2(0.5 * i) / unit));
      const double left = fmax(0, budget - (probe_now() - start));
      const probe_timing timing = time_stream(&s, (stream_op)op, bytes, left / ((STREAM_OPS - op) * count - i));
      probe_add(&text, "float32,%s,%.0f,%.4g\n", OPS[op].name, bytes, 1e6 * timing.median);
      probe_summary_add(summary, timing.spread);
      summary->best = fmax(summary->best, bytes / timing.median);
      if (i == count - 1) best = fmax(best, bytes / timing.fastest);
      if (op == STREAM_COPY) size[i] = bytes;
      if (op == STREAM_COPY) rate[i] = bytes / timing.fastest;
      probe_progress("memory: %s, %.3g MB, %.0f s left", OPS[op].name, 1e-6 * bytes, left);
    }
  }
  summary->seconds = probe_now() - start;
  probe_summary_close(summary);
  set_bandwidth(machine, best, largest);
  find_cache(machine, size, rate, count);
  measure_link(&s, (size_t)(largest / 4), machine);
  streams_close(&s);
  char path[128];
  snprintf(path, sizeof path, "%s.memory.csv", options->name);
  code = probe_write(options->folder, path, &text);
  probe_text_free(&text);
  return code;
}
