// What the operating system says of the machine, and the clock, which it often does not know.
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe.h"

// The first number in a file, 0 when there is none.
static double number_in(const char *path) {
  char line[64] = "";
  FILE *file = fopen(path, "r");
  if (file == NULL) return 0;
  const bool read = fgets(line, sizeof line, file) != NULL;
  fclose(file);
  return read ? strtod(line, NULL) : 0;
}

// The text after "KEY ... :" in /proc/cpuinfo or /proc/meminfo.
static bool value_of(const char *path, const char *key, char *value, size_t size) {
  char line[8192];  // the line of flags is long
  FILE *file = fopen(path, "r");
  if (file == NULL) return false;
  bool found = false;
  while (!found && fgets(line, sizeof line, file) != NULL) {
    const char *colon = strchr(line, ':');
    if (colon == NULL || strncmp(line, key, strlen(key)) != 0) continue;
    snprintf(value, size, "%s", colon + 1 + strspn(colon + 1, " \t"));
    value[strcspn(value, "\n")] = '\0';
    found = true;
  }
  fclose(file);
  return found;
}

// --- clock -----------------------------------------------------------------------------------------------------------

#if defined(__x86_64__) && defined(__OPTIMIZE__)
// A chain of shifts and exclusive ors: six instructions that wait for each other, one clock each on every x86-64 core since
// 2006 (Agner Fog, instruction tables). The best of several short runs escapes what else the machine does.
static double measured_clock(void) {
  enum { STEPS = 400000, RUNS = 12 };
  uint64_t x = 88172645463325252U;
  double best = 1;
  for (int32_t run = 0; run < RUNS; run++) {
    const double start = probe_now();
    for (int32_t i = 0; i < STEPS; i++) {
      x ^= x << 13;
      x ^= x >> 7;
      x ^= x << 17;
    }
    best = fmin(best, probe_now() - start);
  }
  return x == 0 ? 0 : 6.0 * STEPS / best;
}
#else
static double measured_clock(void) { return 0; }
#endif

static void read_clock(probe_machine *machine) {
  char text[64];
  machine->clock = 1e3 * number_in("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq");
  machine->clock_from = "cpuinfo_max_freq of the operating system";
  if (machine->clock > 0) return;
  const double measured = measured_clock();
  const double told = value_of("/proc/cpuinfo", "cpu MHz", text, sizeof text) ? 1e6 * strtod(text, NULL) : 0;
  machine->clock = fmax(measured, told);
  machine->clock_from = measured >= told ? "measured: a chain of dependent instructions" : "cpu MHz of /proc/cpuinfo";
  if (machine->clock > 0) return;
  machine->clock = 2e9;
  machine->clock_from = "assumed: the operating system does not tell the clock";
}

// --- arithmetic, caches, power ---------------------------------------------------------------------------------------

static bool has_word(const char *text, const char *word) {
  const size_t length = strlen(word);
  for (const char *p = strstr(text, word); p != NULL; p = strstr(p + 1, word)) {
    if ((p == text || p[-1] == ' ') && (p[length] == ' ' || p[length] == '\0')) return true;
  }
  return false;
}

// fp32 operations per core and clock: two units of fused multiply-add of the widest vectors.
static double operations_per_clock(const char **width) {
  char flags[8192] = "";
  if (!value_of("/proc/cpuinfo", "flags", flags, sizeof flags)) {
    value_of("/proc/cpuinfo", "Features", flags, sizeof flags);
  }
  static const struct {
    const char *flag, *width;
    double operations;
  } widths[] = {{"avx512f", "AVX-512", 64}, {"fma", "AVX2", 32},   {"avx", "AVX", 16},
                {"sve", "SVE", 32},         {"asimd", "NEON", 16}, {"sse2", "SSE2", 8}};
  for (int32_t i = 0; i < PROBE_COUNT(widths); i++) {
    if (!has_word(flags, widths[i].flag)) continue;
    *width = widths[i].width;
    return widths[i].operations;
  }
  *width = "unknown vectors";
  return 8;
}

static void read_cache(probe_machine *machine) {
  long bytes = sysconf(_SC_LEVEL3_CACHE_SIZE);
  if (bytes <= 0) bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
  machine->cache = bytes > 0 ? (double)bytes : 32e6;
  snprintf(machine->cache_from, sizeof machine->cache_from, "%s",
           bytes > 0 ? "last-level cache of the package, as the C library tells it"
                     : "assumed: the C library does not tell the size of the caches");
}

static void read_power(probe_machine *machine, int32_t threads) {
  const double limit = 1e-6 * number_in("/sys/class/powercap/intel-rapl:0/constraint_0_power_limit_uw");
  // EPYC 9654: 360 W for 96 cores, Xeon 8480+: 350 W for 56.
  machine->tdp = limit > 0 ? limit : 5.0 * threads;
  machine->idle_power = 0.25 * machine->tdp;
  snprintf(machine->power_from, sizeof machine->power_from, "%s",
           limit > 0 ? "limit of the package that the operating system sets; idle: a quarter of it"
                     : "not measured: 5 W for each core, as server processors of 2021 to 2025 have; idle: a quarter");
}

const bool probe_is_cuda = false;

int probe_default_name(char *name, size_t size) {
  char host[256] = "";
  if (gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
  host[strcspn(host, ".")] = '\0';
  probe_name_from(host, name, size);
  return PROBE_DONE;
}

int probe_machine_read(probe_machine *machine, int32_t threads) {
  char text[128] = "";
  *machine = (probe_machine){.family = "cpu"};
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  machine->processors = threads > 0 ? threads : (int32_t)(online > 0 ? online : 1);
  if (!value_of("/proc/cpuinfo", "model name", machine->title, sizeof machine->title)) {
    snprintf(machine->title, sizeof machine->title, "processor of unknown model");
  }
  read_clock(machine);
  const char *width = NULL;
  const double operations = operations_per_clock(&width);
  machine->peak_fp32 = operations * machine->processors * machine->clock;
  snprintf(machine->peak_from, sizeof machine->peak_from, "%d threads x clock x %g operations of two %s units",
           machine->processors, operations, width);
  machine->memory = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
  machine->memory_free = 0.8 * machine->memory;
  if (value_of("/proc/meminfo", "MemAvailable", text, sizeof text)) machine->memory_free = 1024 * strtod(text, NULL);
  read_cache(machine);
  read_power(machine, machine->processors);
  return PROBE_DONE;
}
