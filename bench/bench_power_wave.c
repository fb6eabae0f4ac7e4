// Windows of every rack: nanoseconds a sample of clx_wave_expand for racks in step, spread and independent, beside a plain loop over the same racks
// (interpolated look-up of the running integral, fmod for the phase); sums, figures, spectrum, smoothing and the designer. CPU time of the best of
// three rounds; asserts nothing.
// usage: bench_power_wave | --count CASE RACKS  (instructions of RACKS racks of case CASE, for valgrind)
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "power/power_smooth.h"

enum { RACKS = 7000, SAMPLES = 60000, CYCLE = 2000, ROUNDS = 3 };
static const double STEP = 1e-3, PERIOD = 10.61;

static float cycle_watt[CYCLE];

typedef struct subject {
  const char *name;
  double spread;
  bool independent;
} subject;

static const subject SUBJECTS[] = {{"in step", 0, false}, {"spread of 20 ms", 0.02, false}, {"independent", 0, true}};

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void must(clx_status status, const clx_error *error) {
  if (status == CLX_OK) return;
  fprintf(stderr, "bench_power_wave: %s\n", error->mistake[0].text);
  exit(1);
}

// A step: 130 kW, 24 ripples of pipeline flushes, an exchange at 85 kW.
static void make_cycle(void) {
  for (int i = 0; i < CYCLE; i++) {
    const bool exchange = i > CYCLE * 9 / 10, ripple = i % (CYCLE / 24) < 5;
    cycle_watt[i] = exchange ? 85e3f : ripple ? 118e3f : 130e3f;
  }
}

static clx_wave_group group_of(const subject *s, double racks) {
  return (clx_wave_group){.name = s->name,
                          .units = racks,
                          .cycle = {.period = PERIOD, .samples = CYCLE, .watt = cycle_watt},
                          .spread = s->spread,
                          .independent = s->independent};
}

// What a window of every rack is for: the largest of each rack.
static void keep_most(void *context, int64_t unit, const float *watt, int64_t count) {
  float *most = context, here = most[unit];
  for (int64_t i = 0; i < count; i++) here = watt[i] > here ? watt[i] : here;
  most[unit] = here;
}

static double expand(const subject *s, int32_t racks, int32_t rounds) {
  const clx_wave_group group = group_of(s, racks);
  static float most[RACKS];
  double best = INFINITY;
  for (int32_t i = 0; i < rounds; i++) {
    clx_arena *arena = clx_arena_new();
    clx_error error;
    clx_error_clear(&error);
    const double from = seconds();
    must(clx_wave_expand(&group, 1, 1, 0, STEP, SAMPLES, keep_most, most, arena, &error), &error);
    best = fmin(best, seconds() - from);
    clx_arena_free(arena);
  }
  return best;
}

// The same window as somebody would write it at first; `racks` of them.
static double plain_loop(int32_t racks) {
  static double integral[CYCLE + 1];
  static float most[RACKS];
  for (int i = 0; i < CYCLE; i++) integral[i + 1] = integral[i] + cycle_watt[i] * PERIOD / CYCLE;
  const double from = seconds();
  for (int32_t r = 0; r < racks; r++) {
    double before = 0;
    for (int64_t i = 0; i <= SAMPLES; i++) {
      const double t = (double)i * STEP + 0.00137 * r, phase = fmod(t, PERIOD) / PERIOD * CYCLE;
      const int k = (int)phase;
      const double now =
          integral[k] + (phase - k) * (integral[k + 1] - integral[k]) + floor(t / PERIOD) * integral[CYCLE];
      const float watt = (float)((now - before) / STEP);
      if (i > 0 && watt > most[r]) most[r] = watt;
      before = now;
    }
  }
  return seconds() - from;
}

static void show_expand(void) {
  const double plain = plain_loop(RACKS / 50) * 50, samples = (double)RACKS * SAMPLES;
  printf("%-34s %9s %12s %8s\n", "7,000 racks, 60 s at 1 ms", "CPU s", "ns/sample", "ratio");
  printf("%-34s %9.3f %12.3f %8.2f\n", "plain loop (a fiftieth, scaled)", plain, 1e9 * plain / samples, 1.0);
  for (int32_t i = 0; i < CLX_COUNT(SUBJECTS); i++) {
    const double t = expand(&SUBJECTS[i], RACKS, ROUNDS);
    printf("%-34s %9.3f %12.3f %8.2f\n", SUBJECTS[i].name, t, 1e9 * t / samples, plain / t);
  }
}

static void show_sum(const subject *s) {
  const clx_wave_group group = group_of(s, RACKS);
  clx_error error;
  clx_error_clear(&error);
  clx_arena *arena = clx_arena_new();
  clx_wave wave = {.step = STEP, .count = SAMPLES};
  double t = seconds();
  must(clx_wave_sum(&group, 1, 1, &wave, arena, &error), &error);
  printf("%-34s %9.4f", s->name, seconds() - t);
  t = seconds();
  const clx_wave_figures f = clx_wave_figures_of(&wave, 1, 10, arena);
  printf(" %9.4f", seconds() - t);
  t = seconds();
  clx_spectrum spectrum;
  must(clx_wave_spectrum(&wave, true, arena, &spectrum, &error), &error);
  printf(" %9.4f", seconds() - t);
  t = seconds();
  const clx_smoothing m = {
      .floor = 100e3, .battery_power = 100e6, .battery_energy = 1e9, .battery_efficiency = 0.9, .battery_time = 5};
  clx_smoothed out;
  must(clx_smooth(&m, &wave, RACKS, true, arena, &out, &error), &error);
  printf(" %9.4f   swing %.0f -> %.0f MW\n", seconds() - t, 1e-6 * f.range,
         1e-6 * clx_wave_figures_of(&out.wave, 0, 0, arena).range);
  clx_arena_free(arena);
}

static void show_design(void) {
  const clx_wave_group group = group_of(&SUBJECTS[1], RACKS);
  clx_error error;
  clx_error_clear(&error);
  clx_arena *arena = clx_arena_new();
  clx_wave wave = {.step = PERIOD / 1061, .count = 1061};
  must(clx_wave_sum(&group, 1, 1, &wave, arena, &error), &error);
  clx_grid_band band = {.low = 0.1, .high = 20, .amplitude = 20e6};
  const clx_grid_limits limits = {.ramp = 50e6, .ramp_window = 1, .band = &band, .band_count = 1};
  const clx_design_costs costs = {.battery_power = 0.2, .battery_energy = 1e-4, .energy = 2e-8, .years = 5};
  clx_design design;
  const double t = seconds();
  must(clx_design_smoothing(&wave, RACKS, &(clx_smoothing){.battery_efficiency = 0.9}, &limits, &costs, arena, &design,
                            &error),
       &error);
  printf("\ndesigner, 1,061 samples: %.3f s; %.0f MW and %.0f MJ at a floor of %.0f %%\n", seconds() - t,
         1e-6 * design.smoothing.battery_power, 1e-6 * design.smoothing.battery_energy,
         design.best < 0 ? NAN : 100 * design.point[design.best].floor);
  clx_arena_free(arena);
}

int main(int argc, char **argv) {
  make_cycle();
  if (argc == 4 && strcmp(argv[1], "--count") == 0) {
    const long index = strtol(argv[2], NULL, 10), racks = strtol(argv[3], NULL, 10);
    if (index < 0 || index >= CLX_COUNT(SUBJECTS) || racks < 1 || racks > RACKS) return 1;
    expand(&SUBJECTS[index], (int32_t)racks, 1);
    return 0;
  }
  show_expand();
  printf("\n%-34s %9s %9s %9s %9s\n", "60,000 samples of 7,000 racks", "sum s", "figures s", "spectrum s", "smooth s");
  for (int32_t i = 0; i < CLX_COUNT(SUBJECTS); i++) show_sum(&SUBJECTS[i]);
  show_design();
  return 0;
}
