// colossus-probe and colossus-probe-cuda: what is measured in which order, and the summary.
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe.h"

typedef struct report {
  probe_machine machine;
  probe_summary summary[3];
  int32_t count;
  bool has_entry;
} report;

// --- summary ---------------------------------------------------------------------------------------------------------

static const char *unit_of(const probe_summary *s) { return strcmp(s->family, "gemm") == 0 ? "FLOP/s" : "B/s"; }

static void print_text(const probe_options *options, const report *r) {
  const probe_machine *m = &r->machine;
  if (r->has_entry) {
    printf("machine     %s\n", m->title);
    printf("            %d processors at %.2f GHz (%s), memory %.3g GB at %.4g GB/s, cache %.4g MB\n", m->processors,
           1e-9 * m->clock, m->clock_from, 1e-9 * m->memory, 1e-9 * m->bandwidth, 1e-6 * m->cache);
  }
  for (int32_t i = 0; i < r->count; i++) {
    const probe_summary *s = &r->summary[i];
    printf("%-11s %d rows in %.0f s, best %.4g G%s; repeats spread by %.1f %% (median), %.1f %% (90th percentile)\n",
           s->family, s->rows, s->seconds, 1e-9 * s->best, unit_of(s), 100 * s->spread_median, 100 * s->spread_p90);
    if (s->skipped > 0) printf("            %d shapes left out: too long for the time given, or refused\n", s->skipped);
  }
  printf("written     %s/%s.*.csv%s\n", options->folder, options->name,
         r->has_entry ? ", device entry and source beside them" : "");
  printf(
      "next        colossus --catalogue %s calibrate device %s --kernels %s --source probe-%s -o %s/kernels/%s.yaml\n",
      options->folder, options->name, options->folder, options->name, options->folder, options->name);
}

static void print_quoted(const char *text) {
  putchar('"');
  for (const char *p = text; *p != '\0'; p++) {
    const unsigned char byte = (unsigned char)*p;
    if (byte < 0x20) continue;
    if (*p == '"' || *p == '\\') putchar('\\');
    putchar(*p);
  }
  putchar('"');
}

static void print_json(const probe_options *options, const report *r) {
  const probe_machine *m = &r->machine;
  printf("{\"name\": \"%s\", \"folder\": ", options->name);
  print_quoted(options->folder);
  if (r->has_entry) {
    printf(", \"machine\": {\"title\": ");
    print_quoted(m->title);
    printf(", \"processors\": %d, \"clock_Hz\": %.6g, \"peak_fp32_FLOPps\": %.6g, \"memory_B\": %.6g", m->processors,
           m->clock, m->peak_fp32, m->memory);
    printf(", \"memory_bandwidth_Bps\": %.6g, \"cache_B\": %.6g, \"link_Bps\": %.6g}", m->bandwidth, m->cache, m->link);
  }
  printf(", \"tables\": [");
  for (int32_t i = 0; i < r->count; i++) {
    const probe_summary *s = &r->summary[i];
    printf("%s{\"family\": \"%s\", \"rows\": %d, \"skipped\": %d, \"seconds\": %.3g", i > 0 ? ", " : "", s->family,
           s->rows, s->skipped, s->seconds);
    printf(", \"spread_median\": %.3g, \"spread_p90\": %.3g, \"best_%cps\": %.6g}", s->spread_median, s->spread_p90,
           unit_of(s)[0], s->best);
  }
  printf("]}\n");
}

// --- measuring -------------------------------------------------------------------------------------------------------

static int measure_machine(const probe_options *options, report *r) {
  int code = probe_machine_read(&r->machine, options->threads);
  if (code != PROBE_DONE) return code;
  code = options->memory ? probe_memory(options, &r->machine, &r->summary[r->count])
                         : probe_memory_briefly(options, &r->machine);
  if (code == PROBE_DONE && options->memory) r->count++;
  if (code != PROBE_DONE || !options->gemm) return code;
  code = probe_gemm(options, &r->machine, &r->summary[r->count]);
  if (code == PROBE_DONE) r->count++;
  return code;
}

static int measure(const probe_options *options, report *r) {
  int code = probe_mpi_speaks() ? probe_folders(options->folder) : PROBE_DONE;
  if (code == PROBE_DONE && (options->gemm || options->memory)) {
    code = measure_machine(options, r);
    if (code == PROBE_DONE) code = probe_entry_write(options, &r->machine);
    r->has_entry = code == PROBE_DONE;
  }
  if (code != PROBE_DONE || !options->collectives) return code;
  code = probe_collectives(options, &r->summary[r->count]);
  if (code == PROBE_DONE) r->count++;
  return code;
}

// What cannot be measured here is refused when it was asked for by name, left out of "all".
static int choose(probe_options *options) {
  const char *missing = options->collectives ? probe_collectives_missing() : NULL;
  if (missing != NULL) {
    if (!options->all) return probe_wrong("no collectives: %s", missing);
    if (probe_mpi_speaks()) probe_remark("collectives are left out: %s", missing);
    options->collectives = false;
  }
  if (!probe_under_mpi() || (!options->gemm && !options->memory)) return PROBE_DONE;
  if (!options->all || !options->collectives) {
    return probe_mpi_speaks() ? probe_wrong("gemm and memory are measured by one process, without mpirun")
                              : PROBE_WRONG;
  }
  if (probe_mpi_speaks()) probe_remark("under mpirun: only collectives are measured");
  options->gemm = options->memory = false;
  return PROBE_DONE;
}

// The executable for GPUs stands beside this one.
static int run_cuda(char **words) {
  char path[4096];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path - sizeof "-cuda");
  if (length <= 0) return probe_fault("the place of this command is not known: %s", strerror(errno));
  memcpy(path + length, "-cuda", sizeof "-cuda");
  execv(path, words);
  if (errno != ENOENT) return probe_fault("'%s' could not be started: %s", path, strerror(errno));
  return probe_wrong("this build measures no GPU: CUDA (cudart, cublasLt, nccl) was not found when it was made");
}

int main(int argc, char **argv) {
  probe_options options;
  char name[64] = "";
  int code = probe_options_read(argc, argv, &options);
  if (code != PROBE_DONE) return code;
  if (options.help) {
    probe_help(stdout);
    return PROBE_DONE;
  }
  if (options.cuda && !probe_is_cuda) return run_cuda(argv);
  code = choose(&options);
  if (code != PROBE_DONE) return code;
  if (options.name == NULL) {
    code = probe_default_name(name, sizeof name);
    options.name = name[0] != '\0' ? name : "this_machine";
  }
  report *r = calloc(1, sizeof *r);
  if (r == NULL) return probe_fault("out of memory");
  if (code == PROBE_DONE) code = measure(&options, r);
  if (code == PROBE_DONE && probe_mpi_speaks()) (options.json ? print_json : print_text)(&options, r);
  free(r);
  if (fflush(stdout) == 0 && ferror(stdout) == 0) return code;
  return probe_fault("the output could not be written");
}
