// Collectives of Open MPI between the processes that mpirun started.
#include <stdlib.h>
#include <string.h>

#include "probe.h"

// Variables by which Open MPI, PMIx, MPICH and Slurm tell a process which of several it is.
static const char *told_rank(void) {
  static const char *const told[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"};
  for (int32_t i = 0; i < PROBE_COUNT(told); i++) {
    if (getenv(told[i]) != NULL) return getenv(told[i]);
  }
  return NULL;
}

bool probe_under_mpi(void) { return told_rank() != NULL; }

bool probe_mpi_speaks(void) { return told_rank() == NULL || strcmp(told_rank(), "0") == 0; }

#ifdef PROBE_MPI
#include <math.h>
#include <mpi.h>

const char *probe_collectives_missing(void) {
  return probe_under_mpi() ? NULL : "one process alone; mpirun -n 4 colossus probe collectives starts four";
}

static void finalize(void) { MPI_Finalize(); }

// Sizes count as nccl-tests do: the whole buffer of a process, of which all_gather gives and reduce_scatter keeps one part.
typedef enum collective { ALL_GATHER, ALL_REDUCE, ALLTOALL, REDUCE_SCATTER, COLLECTIVES } collective;
static const char *const NAMES[COLLECTIVES] = {"all_gather", "all_reduce", "alltoall", "reduce_scatter"};

typedef struct buffers {
  int8_t *from, *to;
  int processes, rank;
} buffers;

static void run(collective op, const buffers *b, int bytes) {
  const int part = bytes / b->processes;
  switch (op) {
    case ALL_GATHER:
      MPI_Allgather(b->from, part, MPI_INT8_T, b->to, part, MPI_INT8_T, MPI_COMM_WORLD);
      break;
    case ALL_REDUCE:
      MPI_Allreduce(b->from, b->to, bytes, MPI_INT8_T, MPI_SUM, MPI_COMM_WORLD);
      break;
    case ALLTOALL:
      MPI_Alltoall(b->from, part, MPI_INT8_T, b->to, part, MPI_INT8_T, MPI_COMM_WORLD);
      break;
    case REDUCE_SCATTER:
      MPI_Reduce_scatter_block(b->from, b->to, part, MPI_INT8_T, MPI_SUM, MPI_COMM_WORLD);
      break;
    case COLLECTIVES:
      break;
  }
}

// Seconds of one operation in a row of `batch`, of the slowest process; the same on all.
static double time_batch(collective op, const buffers *b, int bytes, int batch) {
  MPI_Barrier(MPI_COMM_WORLD);
  const double start = probe_now();
  for (int i = 0; i < batch; i++) run(op, b, bytes);
  double mine = (probe_now() - start) / batch, slowest = 0;
  MPI_Allreduce(&mine, &slowest, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
  return slowest;
}

enum { BATCHES = 15, STEPS = 40 };

static probe_timing measure(collective op, const buffers *b, int bytes, double seconds) {
  double samples[BATCHES];
  (void)time_batch(op, b, bytes, 1);
  const double once = fmax(time_batch(op, b, bytes, 2), 1e-7);
  // All processes computed the same `once`, and the same samples, so they agree on both counts.
  const int batch = (int)fmax(1, fmin(1000, seconds / (BATCHES * once)));
  double used = 0;
  int batches = 0;
  while (batches < 3 || (batches < BATCHES && used < seconds)) {
    samples[batches] = time_batch(op, b, bytes, batch);
    used += samples[batches++] * batch;
  }
  return probe_timing_of(samples, batches);
}

// Two sizes in each factor of 2, from 1 KiB.
static int size_at(int32_t step) { return (int)(1024 * exp2(0.5 * step)); }

static void measure_all(const buffers *b, int largest, double budget, probe_text *text, probe_summary *summary) {
  int32_t steps = 0;
  while (steps < STEPS && size_at(steps) <= largest) steps++;
  for (int32_t op = 0; op < COLLECTIVES; op++) {
    for (int32_t i = 0; i < steps; i++) {
      const int bytes = size_at(i) / b->processes * b->processes;  // whole parts
      const probe_timing timing = measure((collective)op, b, bytes, budget / (COLLECTIVES * steps));
      probe_add(text, "int8,%s,%d,%d,%.4g\n", NAMES[op], b->processes, bytes, 1e6 * timing.median);
      probe_summary_add(summary, timing.spread);
      summary->best = fmax(summary->best, bytes / timing.median);
      if (b->rank == 0) probe_progress("collectives: %s, %d bytes", NAMES[op], bytes);
    }
  }
}

int probe_collectives(const probe_options *options, probe_summary *summary) {
  *summary = (probe_summary){.family = "collectives"};
  buffers b = {0};
  if (MPI_Init(NULL, NULL) != MPI_SUCCESS || atexit(finalize) != 0) return probe_fault("MPI could not be started");
  MPI_Comm_rank(MPI_COMM_WORLD, &b.rank);
  MPI_Comm_size(MPI_COMM_WORLD, &b.processes);
  if (b.processes < 2) {
    return probe_wrong("no collectives: one process alone; mpirun -n 4 colossus probe collectives starts four");
  }
  const int largest = options->quick ? 1 << 18 : 1 << 26;
  b.from = calloc((size_t)largest, 1);
  b.to = calloc((size_t)largest, 1);
  int there = b.from != NULL && b.to != NULL, all = 0;
  MPI_Allreduce(&there, &all, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  int code = PROBE_DONE;
  if (!all && b.rank == 0) probe_fault("too little memory: %d MB for each process", 2 * largest / 1000000);
  if (!all) code = PROBE_FAULT;
  probe_text text = {0};
  const double start = probe_now();
  if (code == PROBE_DONE && b.from != NULL) {
    memset(b.from, 1, (size_t)largest);
    probe_add(&text, "dtype,op_name,num_gpus,message_size,latency_us\n");
    measure_all(&b, largest, options->seconds > 0 ? options->seconds : options->quick ? 2 : 30, &text, summary);
    probe_summary_close(summary);
  }
  summary->seconds = probe_now() - start;
  if (code == PROBE_DONE && b.rank == 0) {
    char path[128];
    snprintf(path, sizeof path, "%s.nccl.csv", options->name);
    code = probe_write(options->folder, path, &text);
  }
  probe_text_free(&text);
  free(b.from);
  free(b.to);
  return code;
}

#else

const char *probe_collectives_missing(void) {
  return "Open MPI (libopenmpi-dev) was not found when this command was built";
}

int probe_collectives(const probe_options *options, probe_summary *summary) {
  (void)options;
  *summary = (probe_summary){.family = "collectives"};
  return probe_wrong("no collectives: %s", probe_collectives_missing());
}

#endif
