// Waves: sums of groups against every unit on its own, closed forms of spread, start and stop, figures against plain loops, meters and
// dips, and spectra of known waves.
#include "check.h"

#include "chance/chance.h"
#include "power/power_fourier.h"
#include "power/power_wave.h"

static const double PI = 3.14159265358979323846;

typedef struct rig {
  clx_arena *arena;
  clx_error error;
} rig;

static rig rig_new(void) {
  rig r = {.arena = clx_arena_new()};
  assert_non_null(r.arena);
  clx_error_clear(&r.error);
  return r;
}

static clx_wave wave_of(const float *watt, int64_t count, double step) {
  return (clx_wave){.step = step, .count = count, .watt = (float *)(uintptr_t)watt};
}

// A cycle of random levels.
static clx_wave_cycle random_cycle(clx_arena *arena, uint64_t seed, int32_t samples, double period) {
  clx_stream s = clx_stream_make(seed, 1, 0, 0);
  float *watt = CLX_NEW_ARRAY(arena, float, samples);
  for (int32_t i = 0; i < samples; i++) watt[i] = (float)(300 + 700 * clx_stream_uniform(&s));
  return (clx_wave_cycle){.period = period, .samples = samples, .watt = watt};
}

typedef struct total {
  double *sum;
  int64_t count, at, unit;
} total;

static void add_unit(void *context, int64_t unit, const float *watt, int64_t count) {
  total *t = context;
  if (unit != t->unit) {
    assert_true(unit == t->unit + 1 && t->at == t->count);
    t->unit = unit;
    t->at = 0;
  }
  for (int64_t i = 0; i < count; i++) t->sum[t->at + i] += watt[i];
  t->at += count;
}

// Sum and expanded sum; returns the largest difference over the swing of the expanded one.
static double difference(rig *r, const clx_wave_group *group, int32_t groups, clx_wave *wave, double *mean_error) {
  total t = {.sum = CLX_NEW_ARRAY(r->arena, double, wave->count), .count = wave->count, .at = wave->count, .unit = -1};
  assert_int_equal(clx_wave_sum(group, groups, 7, wave, r->arena, &r->error), CLX_OK);
  assert_int_equal(
      clx_wave_expand(group, groups, 7, wave->start, wave->step, wave->count, add_unit, &t, r->arena, &r->error),
      CLX_OK);
  double most = 0, low = t.sum[0], high = t.sum[0], a = 0, b = 0;
  for (int64_t i = 0; i < wave->count; i++) {
    most = fmax(most, fabs(t.sum[i] - wave->watt[i]));
    low = fmin(low, t.sum[i]);
    high = fmax(high, t.sum[i]);
    a += t.sum[i];
    b += wave->watt[i];
  }
  *mean_error = fabs(a - b) / a;
  return most / (high - low);
}

// In step, staggered and independent units together: whatever steps the wave has.
static void test_cohort_is_expanded(void **state) {
  (void)state;
  static const double STEP[] = {0.013, 0.1, 0.77, 9.5};
  for (int s = 0; s < 4; s++) {
    rig r = rig_new();
    const clx_wave_group group[] = {
        {.name = "together", .units = 37, .cycle = random_cycle(r.arena, 1, 50, 1.7), .offset = 0.31},
        {.name = "staggered", .units = 23, .cycle = random_cycle(r.arena, 2, 9, 3.1), .offset = -8, .stagger = 0.21},
        {.name = "jobs", .units = 40, .cycle = random_cycle(r.arena, 3, 31, 2.3), .independent = true, .spread = 0.2},
    };
    clx_wave wave = {.start = -3, .step = STEP[s], .count = 5000};
    double mean;
    assert_true(difference(&r, group, 3, &wave, &mean) < 3e-5);  // of the swing; floats keep 6e-8 of the sum
    assert_true(mean < 1e-7);
    clx_arena_free(r.arena);
  }
}

// Above 4 million units x samples the phases are counted by cells: edges move by less than a sixteenth of a step.
static void test_many_units_are_expanded(void **state) {
  (void)state;
  for (int independent = 0; independent < 2; independent++) {
    rig r = rig_new();
    const clx_wave_group group = {.units = 3000,
                                  .cycle = random_cycle(r.arena, 5, 20, 10),
                                  .stagger = independent ? 0 : 0.0017,
                                  .independent = independent != 0};
    clx_wave wave = {.step = 0.05, .count = 1500};
    double mean;
    const double off = difference(&r, &group, 1, &wave, &mean);
    assert_true(off > 0 && off < 4e-3);
    assert_true(mean < 1e-6);
    clx_arena_free(r.arena);
  }
}

// A spread is the mean of the draws: 20,000 units differ from it by their sampling error.
static void test_spread_is_expanded(void **state) {
  (void)state;
  rig r = rig_new();
  const float watt[] = {1000, 1000, 1000, 200};
  const clx_wave_group group = {.units = 20000, .cycle = {4, 4, watt}, .spread = 0.15};
  clx_wave wave = {.step = 0.05, .count = 160};
  double mean;
  assert_true(difference(&r, &group, 1, &wave, &mean) < 4 * 0.5 / sqrt(20000));
  assert_true(mean < 1e-3);
  clx_arena_free(r.arena);
}

// The edge of a square wave under a spread is the normal's distribution: means of samples against its integral, for spreads from far
// below a sample of the wave to more than the period, where nothing of the swing is left.
static void test_spread_has_normal_edges(void **state) {
  (void)state;
  static const double SPREAD[] = {0.001, 0.02, 0.3, 1, 30};
  enum { COUNT = 400 };
  const float watt[] = {0, 100};
  for (int s = 0; s < 5; s++) {
    rig r = rig_new();
    const double spread = SPREAD[s], step = 0.025;
    const clx_wave_group group = {.units = 3, .cycle = {10, 2, watt}, .spread = spread, .offset = 0.011};
    clx_wave wave = {.step = step, .count = COUNT};
    assert_int_equal(clx_wave_sum(&group, 1, 0, &wave, r.arena, &r.error), CLX_OK);
    for (int i = 0; i < COUNT; i++) {
      double mean = 0;
      enum { POINTS = 64 };
      for (int p = 0; p < POINTS; p++) {
        const double t = (i + (p + 0.5) / POINTS) * step - 0.011;
        for (int k = -20; k <= 20; k++) {
          mean += (clx_normal_cdf((t - 5 - 10 * k) / spread) - clx_normal_cdf((t - 10 - 10 * k) / spread)) / POINTS;
        }
      }
      CLX_CHECK_NEAR(wave.watt[i], 300 * mean, 0, spread < 0.01 ? 8 : 0.3);
    }
    clx_arena_free(r.arena);
  }
}

// Independent jobs: means and variances add, and so do the powers of their lines. Two groups over many seeds.
static void test_independent_variances_add(void **state) {
  (void)state;
  enum { SEEDS = 200, COUNT = 64 };
  const float square[] = {1000, 0}, saw[] = {0, 100, 200, 300, 400, 500, 600, 700};
  const clx_wave_group group[] = {{.units = 3000, .cycle = {8, 2, square}, .independent = true},
                                  {.units = 2.5e6, .cycle = {8, 8, saw}, .independent = true}};
  // Lines of one unit; units of random phase add the squares.
  rig r = rig_new();
  clx_spectrum one, line;
  double want[4] = {0}, got[4] = {0}, variance = 0, got_variance = 0;
  for (int g = 0; g < 2; g++) {
    assert_int_equal(clx_cycle_spectrum(&group[g].cycle, 2000, r.arena, &one, &r.error), CLX_OK);
    for (int k = 1; k < 2000; k++) {
      variance += group[g].units * one.amplitude[k] * one.amplitude[k] / 2;
      if (k < 4) want[k] += group[g].units * one.amplitude[k] * one.amplitude[k];
    }
  }
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    clx_wave wave = {.step = 0.125, .count = COUNT};
    assert_int_equal(clx_wave_sum(group, 2, seed, &wave, r.arena, &r.error), CLX_OK);
    assert_int_equal(clx_wave_spectrum(&wave, false, r.arena, &line, &r.error), CLX_OK);
    for (int k = 1; k < 4; k++) got[k] += line.amplitude[k] * line.amplitude[k] / SEEDS;
    const clx_wave_figures f = clx_wave_figures_of(&wave, 0, 0, r.arena);
    CLX_CHECK_NEAR(f.mean, 3000 * 500 + 2.5e6 * 350, 1e-7, 0);
    got_variance += f.deviation * f.deviation / SEEDS;
  }
  // The square of a line of many random phases is exponential: 4 standard errors of 200 draws. The wave's means over 1/64 of the period lose
  // little of the first lines.
  for (int k = 1; k < 4; k++) CLX_CHECK_NEAR(got[k], want[k], 4 / sqrt(SEEDS), 0);
  CLX_CHECK_NEAR(got_variance, variance, 4 / sqrt(SEEDS), 0);
  clx_arena_free(r.arena);
}

static void test_staggered_units_cancel(void **state) {
  (void)state;
  rig r = rig_new();
  const float square[] = {1000, 200};
  // Ten units a tenth of the period apart: the sum is flat. Half of them: a triangle of steps with the same mean.
  clx_wave_group group = {.units = 10, .cycle = {5, 2, square}, .stagger = 0.5};
  clx_wave wave = {.step = 0.1, .count = 200};
  assert_int_equal(clx_wave_sum(&group, 1, 0, &wave, r.arena, &r.error), CLX_OK);
  for (int i = 0; i < 200; i++) CLX_CHECK_NEAR(wave.watt[i], 6000, 1e-6, 0);
  group.units = 2.5;  // the third counts half
  assert_int_equal(clx_wave_sum(&group, 1, 0, &wave, r.arena, &r.error), CLX_OK);
  const clx_wave_figures f = clx_wave_figures_of(&wave, 0, 0, r.arena);
  CLX_CHECK_NEAR(f.mean, 1500, 1e-6, 0);
  CLX_CHECK_NEAR(f.most, 2500, 1e-6, 0);
  CLX_CHECK_NEAR(f.least, 500, 1e-6, 0);
  clx_arena_free(r.arena);
}

// 50 MW without UPS, 6 to 30 MW in 0.29 s (industry report by gridstrong.ai, secondary): 83 MW/s. Then stops of other shapes.
static void test_start_and_stop(void **state) {
  (void)state;
  rig r = rig_new();
  static float watt[2000];
  for (int i = 0; i < 2000; i++) watt[i] = 30e6f;
  clx_wave wave = wave_of(watt, 2000, 0.001);
  assert_int_equal(clx_wave_apply_switch(&(clx_wave_switch){.at = 0.5, .rise = 0.29, .idle = 6e6}, &wave, &r.error),
                   CLX_OK);
  clx_wave_figures f = clx_wave_figures_of(&wave, 0.1, 0, r.arena);
  CLX_CHECK_NEAR(f.ramp_up, 24e6 / 0.29, 1e-5, 0);
  CLX_CHECK_NEAR(f.ramp_up, 83e6, 0.005, 0);
  assert_true(f.ramp_down == 0);
  CLX_CHECK_NEAR(f.mean, (6e6 * 0.5 + 18e6 * 0.29 + 30e6 * 1.21) / 2, 1e-6, 0);
  // Units one after the other over 0.4 s, each in 0.2 s: the share is a smooth step of their two lengths.
  for (int i = 0; i < 2000; i++) watt[i] = 1;
  assert_int_equal(
      clx_wave_apply_switch(&(clx_wave_switch){.at = 1, .over = 0.4, .rise = 0.2, .stop = true}, &wave, &r.error),
      CLX_OK);
  CLX_CHECK_NEAR(watt[999], 1, 0, 0);
  CLX_CHECK_NEAR(0.5 * (watt[1099] + watt[1100]), 1 - 0.1 * 0.1 / 2 / (0.4 * 0.2), 0, 1e-5);
  CLX_CHECK_NEAR(0.5 * (watt[1299] + watt[1300]), 0.5, 0, 1e-6);
  CLX_CHECK_NEAR(watt[1600], 0, 0, 1e-6);
  f = clx_wave_figures_of(&wave, 0.01, 0, r.arena);
  CLX_CHECK_NEAR(f.ramp_down, 1 / 0.4, 1e-4, 0);
  CLX_CHECK_NEAR(f.energy, 1.3, 1e-6, 0);
  // At once, within a sample.
  for (int i = 0; i < 2000; i++) watt[i] = 8;
  assert_int_equal(clx_wave_apply_switch(&(clx_wave_switch){.at = 0.10025, .idle = 4}, &wave, &r.error), CLX_OK);
  CLX_CHECK_NEAR(watt[99], 4, 0, 0);
  CLX_CHECK_NEAR(watt[100], 7, 0, 1e-5);
  CLX_CHECK_NEAR(watt[101], 8, 0, 0);
  assert_int_equal(clx_wave_apply_switch(&(clx_wave_switch){.rise = -1}, &wave, &r.error), CLX_INPUT);
  clx_arena_free(r.arena);
}

static int by_value(const void *a, const void *b) {
  const float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

// Against plain loops, with and without memory for the windows.
static void test_figures_of_random_waves(void **state) {
  (void)state;
  for (uint64_t trial = 0; trial < 60; trial++) {
    rig r = rig_new();
    clx_stream s = clx_stream_make(11, 0, 0, trial);
    const int n = 1 + (int)clx_stream_below(&s, 120);
    static float watt[120], sorted[120];
    for (int i = 0; i < n; i++) {
      watt[i] = (float)(clx_stream_below(&s, 3) == 0 ? floor(5 * clx_stream_normal(&s)) : 40 * clx_stream_normal(&s));
    }
    const clx_wave wave = wave_of(watt, n, 0.5);
    const int lag = 1 + (int)clx_stream_below(&s, 12), width = 1 + (int)clx_stream_below(&s, 12);
    double rise = 0, fall = 0, range = 0;
    for (int i = 0; i < n; i++) {
      for (int j = i; j < n; j++) {
        if (j <= i + lag) rise = fmax(rise, (double)watt[j] - watt[i]);
        if (j <= i + lag) fall = fmax(fall, (double)watt[i] - watt[j]);
        if (j <= i + width) range = fmax(range, fabs((double)watt[j] - watt[i]));
      }
    }
    memcpy(sorted, watt, sizeof(float) * (size_t)n);
    qsort(sorted, (size_t)n, sizeof(float), by_value);
    const double window = 0.5 * fmin(lag, fmax(1, n - 1));
    for (int with = 0; with < 2; with++) {
      const clx_wave_figures f = clx_wave_figures_of(&wave, 0.5 * lag, 0.5 * width, with ? r.arena : NULL);
      CLX_CHECK_NEAR(f.ramp_up, rise / window, 1e-12, 0);
      CLX_CHECK_NEAR(f.ramp_down, fall / window, 1e-12, 0);
      CLX_CHECK_NEAR(f.range, range, 0, 0);
      CLX_CHECK_NEAR(f.median, sorted[(n + 1) / 2 - 1], 0, 0);
      CLX_CHECK_NEAR(f.p95, sorted[(int)ceil(0.95 * n) - 1], 0, 0);
      CLX_CHECK_NEAR(f.least, sorted[0], 0, 0);
      CLX_CHECK_NEAR(f.most, sorted[n - 1], 0, 0);
      CLX_CHECK_NEAR(f.energy, f.mean * n * 0.5, 1e-12, 1e-12);
    }
    clx_arena_free(r.arena);
  }
}

// A step of 10.6 s with a dip of 0.9 s to 60 %, logged every 2 s: the meter shows a shallower one, its depth by the overlap.
static void test_meter_and_dips(void **state) {
  (void)state;
  rig r = rig_new();
  static float watt[106];
  for (int i = 0; i < 106; i++) watt[i] = i >= 90 && i < 99 ? 600 : 1000;
  const clx_wave_group group = {.units = 64, .cycle = {10.6, 106, watt}};
  clx_wave wave = {.step = 0.01, .count = 318000}, reading;
  assert_int_equal(clx_wave_sum(&group, 1, 0, &wave, r.arena, &r.error), CLX_OK);
  clx_wave_dips dips = clx_wave_find_dips(&wave, 0.93, r.arena);
  assert_int_equal(dips.count, 300);
  CLX_CHECK_NEAR(dips.depth, 0.4, 1e-6, 0);
  CLX_CHECK_NEAR(dips.spacing, 10.6, 1e-9, 0);
  CLX_CHECK_NEAR(dips.length, 0.9, 1e-9, 0);
  assert_int_equal(clx_wave_meter(&wave, 2, 2, 0.4, r.arena, &reading, &r.error), CLX_OK);
  assert_int_equal(reading.count, 1589);
  CLX_CHECK_NEAR(reading.start, 0.4, 0, 0);
  CLX_CHECK_NEAR(reading.step, 2, 0, 0);
  dips = clx_wave_find_dips(&reading, 0.93, r.arena);
  assert_true(dips.count > 250 && dips.count <= 300);
  CLX_CHECK_NEAR(dips.depth, 0.4 * 0.9 / 2, 0, 1e-5);  // more than half of the dips lie inside one window of the meter
  // Windows that overlap, cut samples of the wave, and one as long as the wave.
  assert_int_equal(clx_wave_meter(&wave, 10.6, 0.017, 0.003, r.arena, &reading, &r.error), CLX_OK);
  for (int64_t i = 0; i < reading.count; i += 999) {
    CLX_CHECK_NEAR(reading.watt[i], 64 * (1000 - 400 * 0.9 / 10.6), 1e-6, 0);
  }
  assert_int_equal(clx_wave_meter(&wave, 3180, 1, 0, r.arena, &reading, &r.error), CLX_OK);
  assert_int_equal(reading.count, 1);
  assert_int_equal(clx_wave_meter(&wave, 3181, 1, 0, r.arena, &reading, &r.error), CLX_INPUT);
  assert_int_equal(clx_wave_meter(&wave, 0, 1, 0, r.arena, &reading, &r.error), CLX_INPUT);
  clx_arena_free(r.arena);
}

// --- spectra ---

// Against the sum itself, forwards and back, for lengths of every kind.
static void test_fourier_of_any_length(void **state) {
  (void)state;
  static const int LENGTH[] = {1, 2, 3, 8, 60, 97, 128, 251};
  for (int l = 0; l < 8; l++) {
    const int n = LENGTH[l];
    clx_stream s = clx_stream_make(3, 0, 0, (uint64_t)n);
    clx_complex x[251], y[251];
    for (int i = 0; i < n; i++) y[i] = x[i] = (clx_complex){clx_stream_normal(&s), clx_stream_normal(&s)};
    clx_error error;
    assert_int_equal(clx_fourier(y, n, false, &error), CLX_OK);
    for (int k = 0; k < n; k++) {
      double re = 0, im = 0;
      for (int j = 0; j < n; j++) {
        const double angle = -2 * PI * (j * k % n) / n;
        re += x[j].re * cos(angle) - x[j].im * sin(angle);
        im += x[j].re * sin(angle) + x[j].im * cos(angle);
      }
      CLX_CHECK_NEAR(y[k].re, re, 0, 1e-12);
      CLX_CHECK_NEAR(y[k].im, im, 0, 1e-12);
    }
    assert_int_equal(clx_fourier(y, n, true, &error), CLX_OK);
    for (int i = 0; i < n; i++) CLX_CHECK_NEAR(y[i].re / n, x[i].re, 0, 1e-13);
  }
}

// Levels 100 and 40, equally long: lines 4 / pi x half the swing / k for odd k, none for even; of the wave and of the cycle.
static void test_spectrum_of_square(void **state) {
  (void)state;
  rig r = rig_new();
  const float square[] = {100, 40};
  const clx_wave_group group = {.units = 1, .cycle = {2, 2, square}};
  clx_wave wave = {.step = 0.001, .count = 10000};
  clx_spectrum of_wave, of_cycle;
  assert_int_equal(clx_wave_sum(&group, 1, 0, &wave, r.arena, &r.error), CLX_OK);
  assert_int_equal(clx_wave_spectrum(&wave, false, r.arena, &of_wave, &r.error), CLX_OK);
  assert_int_equal(clx_cycle_spectrum(&group.cycle, 40, r.arena, &of_cycle, &r.error), CLX_OK);
  CLX_CHECK_NEAR(of_wave.resolution, 0.1, 1e-12, 0);
  CLX_CHECK_NEAR(of_cycle.resolution, 0.5, 1e-12, 0);
  CLX_CHECK_NEAR(of_wave.amplitude[0], 70, 1e-9, 0);
  CLX_CHECK_NEAR(of_cycle.amplitude[0], 70, 1e-9, 0);
  for (int k = 1; k < 40; k++) {
    const double want = k % 2 == 1 ? 4 / PI * 30 / k : 0;
    CLX_CHECK_NEAR(of_cycle.amplitude[k], want, 1e-12, 1e-12);
    CLX_CHECK_NEAR(of_wave.amplitude[5 * k], want, 1e-3, 1e-9);  // samples of 1 ms: (pi k / 2000)^2 / 6 more
    CLX_CHECK_NEAR(of_wave.amplitude[5 * k + 1], 0, 0, 1e-9);
  }
  const clx_band_amplitude band = clx_spectrum_band(&of_cycle, 0.5, 1.5);
  CLX_CHECK_NEAR(band.largest, 120 / PI, 1e-12, 0);
  CLX_CHECK_NEAR(band.at, 0.5, 1e-12, 0);
  CLX_CHECK_NEAR(band.total, 120 / PI * sqrt(1 + 1.0 / 9), 1e-12, 0);
  clx_arena_free(r.arena);
}

// Sines between and on lines under a Hann window; their power whatever the place.
static void test_spectrum_under_window(void **state) {
  (void)state;
  rig r = rig_new();
  static float watt[3000];
  for (int between = 0; between < 2; between++) {
    const double turns = 40 + 0.5 * between;
    for (int i = 0; i < 3000; i++) watt[i] = (float)(1e4 + 500 * sin(2 * PI * turns * i / 3000 + 1));
    const clx_wave wave = wave_of(watt, 3000, 0.01);
    clx_spectrum spectrum;
    assert_int_equal(clx_wave_spectrum(&wave, true, r.arena, &spectrum, &r.error), CLX_OK);
    const clx_band_amplitude band = clx_spectrum_band(&spectrum, 0.5, 20);
    // Between two lines the window's transform is 8 / (3 pi) of its height.
    CLX_CHECK_NEAR(band.largest, between ? 500 * 8 / (3 * PI) : 500, 1e-4, 0);
    CLX_CHECK_NEAR(band.total, 500, 1e-3, 0);
    CLX_CHECK_NEAR(band.at, turns / 30, 0, 0.51 / 30);
    CLX_CHECK_NEAR(spectrum.amplitude[0], 1e4, 0, 500 / (PI * turns));
    assert_true(spectrum.amplitude[1] < 2 * 500 / (PI * turns));  // nothing of the mean of 10,000
  }
  clx_arena_free(r.arena);
}

// Mean square = mean^2 + sum of amplitude^2 / 2, odd and even lengths (the last line of an even one counts in full).
static void test_parseval(void **state) {
  (void)state;
  for (int n = 1000; n < 1004; n++) {
    rig r = rig_new();
    const clx_wave_cycle cycle = random_cycle(r.arena, (uint64_t)n, n, 1);
    const clx_wave wave = wave_of(cycle.watt, n, 0.001);
    clx_spectrum spectrum;
    assert_int_equal(clx_wave_spectrum(&wave, false, r.arena, &spectrum, &r.error), CLX_OK);
    double squares = 0, power = 0;
    for (int i = 0; i < n; i++) squares += (double)cycle.watt[i] * cycle.watt[i] / n;
    for (int k = 0; k < spectrum.count; k++) {
      const double share = k == 0 || 2 * k == n ? 1 : 0.5;
      power += share * spectrum.amplitude[k] * spectrum.amplitude[k];
    }
    CLX_CHECK_NEAR(power, squares, 1e-12, 0);
    clx_arena_free(r.arena);
  }
}

// The exact lines of a cycle against the FFT of a fine wave of it.
static void test_cycle_spectrum_is_fft(void **state) {
  (void)state;
  rig r = rig_new();
  const clx_wave_group group = {.units = 1, .cycle = random_cycle(r.arena, 9, 7, 3)};
  clx_wave wave = {.step = 3.0 / 7 / 2000, .count = 7 * 2000};
  clx_spectrum exact, fft;
  assert_int_equal(clx_wave_sum(&group, 1, 0, &wave, r.arena, &r.error), CLX_OK);
  assert_int_equal(clx_wave_spectrum(&wave, false, r.arena, &fft, &r.error), CLX_OK);
  assert_int_equal(clx_cycle_spectrum(&group.cycle, 50, r.arena, &exact, &r.error), CLX_OK);
  for (int k = 0; k < 50; k++) CLX_CHECK_NEAR(fft.amplitude[k], exact.amplitude[k], 1e-4, 1e-4);
  assert_true(exact.amplitude[7] < 1e-9);  // the sinc of the hold
  clx_arena_free(r.arena);
}

// Random waits between steps make a renewal process: the density of its spectrum is |P(f)|^2 (1 - |q|^2) / |1 - q|^2 over the mean time, where P is the
// transform of one cycle and q that of the law of the time between two. The line of the steps comes down to it.
static void test_dither_spreads_lines(void **state) {
  (void)state;
  enum { SEEDS = 40, COUNT = 16384 };
  const float pulse[] = {1000, 200};
  const double wait = 0.2, step = 0.02, length = COUNT * step;
  rig r = rig_new();
  static double square[COUNT / 2 + 1];
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    clx_wave wave = {.step = step, .count = COUNT};
    const clx_wave_dither dither = {.units = 2, .cycle = {1, 2, pulse}, .wait = wait, .hold = 200};
    clx_spectrum spectrum;
    assert_int_equal(clx_wave_dither_sum(&dither, seed, &wave, r.arena, &r.error), CLX_OK);
    assert_int_equal(clx_wave_spectrum(&wave, false, r.arena, &spectrum, &r.error), CLX_OK);
    CLX_CHECK_NEAR(spectrum.amplitude[0], 2 * (200 + 800 * 0.5 / 1.2), 0.02, 0);
    for (int k = 0; k < spectrum.count; k++) square[k] += spectrum.amplitude[k] * spectrum.amplitude[k] / SEEDS;
  }
  double highest = 0;
  for (int k = 200; k < 1400; k += 25) {
    double got = 0, want = 0;
    for (int i = k; i < k + 25; i++) {
      const double turn = 2 * PI * i / length, height = 2 * 800 * sin(0.25 * turn) / (0.5 * turn);
      const double size = sin(turn * wait) / (turn * wait), re = size * cos(1.2 * turn), im = size * sin(1.2 * turn);
      const double density = height * height / 1.2 * (1 - size * size) / ((1 - re) * (1 - re) + im * im);
      got += square[i] / 25;
      want += 4 * density / length / 25;
    }
    CLX_CHECK_NEAR(got, want, 5 / sqrt(25 * SEEDS), 1);  // the ends of the window
    highest = fmax(highest, got);
  }
  // The line of the square alone is 4 / pi x 800 W.
  assert_true(highest > 1000 && sqrt(highest) < 0.2 * 4 / PI * 800);
  clx_wave wave = {.step = step, .count = COUNT};
  const clx_wave_dither wrong = {.units = 2, .cycle = {1, 2, pulse}, .wait = -1};
  assert_int_equal(clx_wave_dither_sum(&wrong, 0, &wave, r.arena, &r.error), CLX_INPUT);
  clx_arena_free(r.arena);
}

// Without a wait it is the sum of a group in step.
static void test_no_dither_is_the_cycle(void **state) {
  (void)state;
  rig r = rig_new();
  const clx_wave_cycle cycle = random_cycle(r.arena, 4, 13, 0.7);
  const clx_wave_group group = {.units = 5, .cycle = cycle};
  clx_wave plain = {.step = 0.03, .count = 2000}, none = plain;
  assert_int_equal(clx_wave_sum(&group, 1, 0, &plain, r.arena, &r.error), CLX_OK);
  const clx_wave_dither dither = {.units = 5, .cycle = cycle};
  assert_int_equal(clx_wave_dither_sum(&dither, 0, &none, r.arena, &r.error), CLX_OK);
  for (int i = 0; i < 2000; i++) CLX_CHECK_NEAR(none.watt[i], plain.watt[i], 1e-6, 0);
  clx_arena_free(r.arena);
}

// --- errors ---

static void test_bad_groups(void **state) {
  (void)state;
  const float watt[] = {1, 2}, wrong[] = {1, NAN};
  const struct {
    clx_wave_group group;
    const char *text;
  } CASE[] = {{{.name = "a", .units = 0, .cycle = {1, 2, watt}}, "'a' has 0 units"},
              {{.name = "a", .units = 1, .cycle = {0, 2, watt}}, "2 samples over 0 s"},
              {{.name = "a", .units = 1, .cycle = {1, 0, watt}}, "0 samples over 1 s"},
              {{.name = "a", .units = 1, .cycle = {1, 2, wrong}}, "sample 1 of the cycle"},
              {{.name = "a", .units = 1, .cycle = {1, 2, watt}, .spread = -1}, "spread -1 s"},
              {{.name = "a", .units = 1, .cycle = {1, 2, watt}, .stagger = INFINITY}, "stagger inf s"}};
  for (int i = 0; i < CLX_COUNT(CASE); i++) {
    rig r = rig_new();
    clx_wave wave = {.step = 1, .count = 10};
    assert_int_equal(clx_wave_sum(&CASE[i].group, 1, 0, &wave, r.arena, &r.error), CLX_INPUT);
    assert_non_null(strstr(r.error.mistake[0].text, CASE[i].text));
    clx_arena_free(r.arena);
  }
  rig r = rig_new();
  const clx_wave_group good = {.name = "a", .units = 1.5, .cycle = {1, 2, watt}};
  clx_wave wave = {.step = 0, .count = 10};
  assert_int_equal(clx_wave_sum(&good, 1, 0, &wave, r.arena, &r.error), CLX_INPUT);
  assert_int_equal(clx_wave_expand(&good, 1, 0, 0, 1, 10, add_unit, NULL, r.arena, &r.error), CLX_INPUT);
  clx_spectrum spectrum;
  wave = wave_of(watt, 2, 1);
  assert_int_equal(clx_wave_spectrum(&wave, false, r.arena, &spectrum, &r.error), CLX_INPUT);
  assert_int_equal(clx_cycle_spectrum(&good.cycle, 0, r.arena, &spectrum, &r.error), CLX_INPUT);
  clx_arena_free(r.arena);
}

// Every allocation in turn fails: CLX_MEMORY or the result, no leak.
static void test_out_of_memory(void **state) {
  (void)state;
  const float watt[] = {1, 2, 3, 2, 1, 0, 1, 4};
  const clx_wave_group group = {.units = 5, .cycle = {1, 8, watt}, .spread = 0.2, .stagger = 0.1};
  int failures = 0;
  for (int64_t n = 1; n < 40; n++) {
    rig r = rig_new();
    clx_wave wave = {.step = 0.1, .count = 3000}, reading;
    clx_spectrum spectrum;
    clx_memory_fail_after(n);
    clx_status status = clx_wave_sum(&group, 1, 0, &wave, r.arena, &r.error);
    if (status == CLX_OK) status = clx_wave_spectrum(&wave, true, r.arena, &spectrum, &r.error);
    if (status == CLX_OK) status = clx_wave_meter(&wave, 1, 0.1, 0, r.arena, &reading, &r.error);
    clx_memory_fail_after(0);
    assert_true(status == CLX_OK || status == CLX_MEMORY);
    if (status == CLX_MEMORY) failures++;
    clx_arena_free(r.arena);
  }
  assert_true(failures > 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cohort_is_expanded),
      cmocka_unit_test(test_many_units_are_expanded),
      cmocka_unit_test(test_spread_is_expanded),
      cmocka_unit_test(test_spread_has_normal_edges),
      cmocka_unit_test(test_independent_variances_add),
      cmocka_unit_test(test_staggered_units_cancel),
      cmocka_unit_test(test_start_and_stop),
      cmocka_unit_test(test_figures_of_random_waves),
      cmocka_unit_test(test_meter_and_dips),
      cmocka_unit_test(test_fourier_of_any_length),
      cmocka_unit_test(test_spectrum_of_square),
      cmocka_unit_test(test_spectrum_under_window),
      cmocka_unit_test(test_parseval),
      cmocka_unit_test(test_cycle_spectrum_is_fft),
      cmocka_unit_test(test_dither_spreads_lines),
      cmocka_unit_test(test_no_dither_is_the_cycle),
      cmocka_unit_test(test_bad_groups),
      cmocka_unit_test(test_out_of_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
