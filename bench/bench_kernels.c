// Kernel predictions per second, one core, fixed random shapes of every family; best of several rounds. Asserts nothing.
// usage: bench_kernels [--count FAMILY N]  (N predictions of one family only, for instruction counts)
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "catalog/catalog.h"
#include "device/device.h"
#include "../tests/shapes.h"

enum { SHAPES = 512, ROUNDS = 7 };

typedef struct subject {
  clx_device device;
  const clx_kernel_family *family;
  clx_kernel_format format;
  const void *parameters;
  double shape[SHAPES][CLX_KERNEL_COLUMNS_MAX];
} subject;

static void must(clx_status status, const clx_error *error) {
  if (status == CLX_OK) return;
  fprintf(stderr, "bench_kernels: %s\n", error->mistake[0].text);
  exit(1);
}

// The first fitted set of the family on the device; false when there is none.
static bool subject_make(subject *s, const clx_catalog *catalog, clx_arena *arena, const char *device,
                         const clx_kernel_family *family, int32_t set) {
  clx_error error;
  clx_error_clear(&error);
  must(clx_catalog_read_device(catalog, device, (clx_place){0}, arena, &s->device, &error), &error);
  const clx_kernel_fit *fit = clx_kernels_fit(s->device.kernels, family, set);
  if (fit->rows == 0) return false;
  s->family = family;
  s->format = shapes_format(family, set);
  s->parameters = fit;
  uint64_t state = 1;
  for (int32_t i = 0; i < SHAPES; i++) {
    while (!shapes_draw(&s->device, family, s->format, fit, &state, s->shape[i])) continue;
  }
  return true;
}

static double evaluate(const subject *s, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; i++) {
    sum += s->family->cost(&s->device, s->format, s->parameters, s->shape[i % SHAPES]).time;
  }
  return sum;
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double best_time(const subject *s) {
  const int64_t count = 100 * SHAPES;
  double best = 1e9;
  volatile double sink = 0;
  for (int i = 0; i < ROUNDS; i++) {
    const double start = seconds();
    sink = sink + evaluate(s, count);
    const double one = (seconds() - start) / (double)count;
    if (one < best) best = one;
  }
  return best;
}

int main(int argc, char **argv) {
  static const char *const devices[] = {"a100_sxm", "h100_sxm", "gb200"};
  clx_error error;
  clx_error_clear(&error);
  clx_catalog *catalog = NULL;
  must(clx_catalog_open(NULL, &catalog, &error), &error);
  clx_arena *arena = clx_arena_new();
  subject s;
  if (argc == 4 && strcmp(argv[1], "--count") == 0) {
    const clx_kernel_family *family = clx_kernel_family_find(argv[2]);
    for (int32_t set = 0; family != NULL && family->sets[set] != NULL; set++) {
      if (!subject_make(&s, catalog, arena, "h100_sxm", family, set)) continue;
      printf("%.9g\n", evaluate(&s, atoll(argv[3])));
      break;
    }
  } else {
    printf("%-22s %-10s %-10s %10s %14s\n", "one kernel", "format", "device", "CPU ns", "million / s");
    for (int32_t f = 0; clx_kernel_family_at(f) != NULL; f++) {
      const clx_kernel_family *family = clx_kernel_family_at(f);
      for (int32_t d = 0; d < CLX_COUNT(devices); d++) {
        for (int32_t set = 0; family->sets[set] != NULL; set++) {
          if (!subject_make(&s, catalog, arena, devices[d], family, set)) continue;
          const double one = best_time(&s);
          printf("%-22s %-10s %-10s %10.0f %14.1f\n", family->name, family->sets[set], devices[d], 1e9 * one,
                 1e-6 / one);
        }
      }
    }
  }
  clx_arena_free(arena);
  clx_catalog_close(catalog);
  return 0;
}
