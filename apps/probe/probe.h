// probe: the command `colossus-probe` measures the machine it runs on and writes the tables that `colossus calibrate`
// fits, with a device entry to go with them. It shares nothing with the library: neither OpenBLAS nor CUDA gets near it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

// Exit codes, those of `colossus`.
enum { PROBE_DONE = 0, PROBE_WRONG = 2, PROBE_FAULT = 4 };

#define PROBE_COUNT(array) ((int32_t)(sizeof(array) / sizeof((array)[0])))

// --- command line (probe_options.c) ----------------------------------------------------------------------------------
typedef enum probe_layout {
  PROBE_FORWARD,  // out[m,n] = a[m,k] b[n,k]^T: a linear layer, weights as frameworks keep them
  PROBE_DATA,     // out[m,n] = a[m,k] b[k,n]: the gradient of its input
  PROBE_WEIGHT,   // out[m,n] = a[k,m]^T b[k,n]: the gradient of its weights
} probe_layout;

typedef struct probe_options {
  bool gemm, memory, collectives;
  bool all;            // all three, and what cannot be measured is left out with a remark
  const char *folder;  // -o
  const char *name;    // of the device, [a-z0-9_]
  int32_t threads;     // 0 = all
  double seconds;      // budget of the table; of that of gemm for all
  int32_t shapes;      // most rows of a GEMM table, 0 = all
  double sustain;      // CUDA: seconds of each long run, 0 = none
  probe_layout layout;
  bool quick, json, cuda, power, help;
} probe_options;

// Prints what is wrong and returns PROBE_WRONG.
int probe_options_read(int count, char **words, probe_options *options);
void probe_help(FILE *out);
// A device name from any text: lower case, other characters as '_'.
void probe_name_from(const char *text, char *name, size_t size);
extern const char *const probe_layout_name[];

// --- messages and files (probe_output.c) -----------------------------------------------------------------------------
// Print one line "colossus probe: ..." to stderr and return the code.
int probe_wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
int probe_fault(const char *format, ...) __attribute__((format(printf, 1, 2)));
void probe_remark(const char *format, ...) __attribute__((format(printf, 1, 2)));
// A line that overwrites itself, on a terminal only; an empty text clears it.
void probe_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

// A growing text. `failed` when memory ran out: the text is then incomplete and never written.
typedef struct probe_text {
  char *data;
  size_t length, room;
  bool failed;
} probe_text;

void probe_add(probe_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void probe_text_free(probe_text *text);
// Makes DIR, DIR/device and DIR/kernels and sees that files can be written there.
int probe_folders(const char *folder);
// Writes FOLDER/PATH by way of a temporary file beside it.
int probe_write(const char *folder, const char *path, const probe_text *text);
char *probe_read(const char *folder, const char *path);  // NULL when it is not there; freed with free

// --- time (probe_time.c) ---------------------------------------------------------------------------------------------
double probe_now(void);  // s, monotonic

enum { PROBE_SAMPLES_MAX = 2000 };

typedef struct probe_timing {
  double median;  // s, of one execution
  double fastest;
  double spread;  // half the distance of the quartiles over the median
  int32_t samples;
} probe_timing;

probe_timing probe_timing_of(double *samples, int32_t count);  // sorts them
// Executes `work` once to warm up, then until `seconds` are over and at least `least` samples are taken. Executions too
// short for the clock are timed several at a time. `index` counts executions.
typedef void (*probe_work)(void *context, int64_t index);
probe_timing probe_time(probe_work work, void *context, double seconds, int32_t least);

// What a table came to.
typedef struct probe_summary {
  const char *family;
  int32_t rows, skipped;
  double seconds;
  double spread_median, spread_p90;  // of the rows' spreads
  double best;                       // FLOP/s or B/s
  double *spread;                    // rows of them, while measuring
} probe_summary;

void probe_summary_add(probe_summary *summary, double spread);
void probe_summary_close(probe_summary *summary);  // from the spreads to median and percentile

// --- the machine (probe_machine.c) -----------------------------------------------------------------------------------
typedef struct probe_machine {
  char title[128], family[16];
  int32_t processors;  // threads used, or streaming multiprocessors
  double clock;        // Hz
  const char *clock_from;
  double peak_fp32, peak_bf16, peak_fp8;  // FLOP/s, 0 = none
  char peak_from[160];
  double memory, memory_free;  // B
  double cache;                // B, last level
  char cache_from[160];
  double bandwidth, link;  // B/s
  char bandwidth_from[160], link_from[160];
  double tdp, idle_power;  // W
  char power_from[200];
} probe_machine;

// Two executables share all but these and the measurements: colossus-probe and, for GPUs, colossus-probe-cuda.
extern const bool probe_is_cuda;
int probe_machine_read(probe_machine *machine, int32_t threads);
int probe_default_name(char *name, size_t size);

// --- shapes (probe_shapes.c) -----------------------------------------------------------------------------------------
typedef struct probe_shape {
  int32_t m, n, k;
} probe_shape;

// Shape i of a sequence that fills the logarithmic box [1, m] x [64, n] x [64, k] ever more densely (Halton), so that it
// can be cut anywhere. Every fourth stands on powers of two, the others between them; n and k are multiples of 16.
probe_shape probe_shape_at(int32_t index, probe_shape largest);
void probe_shapes_sort(probe_shape *shapes, double *values, int32_t count);  // by m, n, k

// --- measurements: each writes its table and fills what it learnt into the machine ------------------------------------
int probe_gemm(const probe_options *options, probe_machine *machine, probe_summary *summary);
int probe_memory(const probe_options *options, probe_machine *machine, probe_summary *summary);
int probe_collectives(const probe_options *options, probe_summary *summary);
// Bandwidth, cache and copy rate in a second or two, for an entry without a table.
int probe_memory_briefly(const probe_options *options, probe_machine *machine);

const char *probe_collectives_missing(void);  // why there can be none, NULL = they can be measured
// Was this process started by mpirun or the like? Then only rank 0 speaks and writes.
bool probe_under_mpi(void);
bool probe_mpi_speaks(void);

// --- the entry (probe_entry.c) ---------------------------------------------------------------------------------------
int probe_entry_write(const probe_options *options, const probe_machine *machine);
