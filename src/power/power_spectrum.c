// Amplitude spectra of waves and of cycles that repeat for ever.
#include <math.h>

#include "power/power_fourier.h"
#include "power/power_wave.h"

static const double PI = 3.14159265358979323846;
enum { FEWEST = 8, MOST = 1 << 28 };

static double magnitude(clx_complex x) { return sqrt(x.re * x.re + x.im * x.im); }

static clx_status fail_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

// The wave less its mean, under a Hann window where one is asked; returns the sum of the weights.
static double load_wave(const clx_wave *wave, bool window, double mean, clx_complex *x) {
  double weights = 0;
  for (int64_t i = 0; i < wave->count; i++) {
    const double weight = window ? 0.5 - 0.5 * cos(2 * PI * (double)i / (double)wave->count) : 1;
    x[i] = (clx_complex){weight * ((double)wave->watt[i] - mean), 0};
    weights += weight;
  }
  return weights;
}

clx_status clx_wave_spectrum(const clx_wave *wave, bool window, clx_arena *arena, clx_spectrum *spectrum,
                             clx_error *error) {
  *spectrum = (clx_spectrum){0};
  const int64_t n = wave->count;
  if (n < FEWEST || n > MOST) {
    return clx_fail_plain(error, CLX_INPUT, "a spectrum needs %d to %d samples; the wave has %lld", FEWEST, MOST,
                          (long long)n);
  }
  if (!(wave->step > 0) || !isfinite(wave->step)) {
    return clx_fail_plain(error, CLX_INPUT, "the step of a wave is %g s; a positive number is expected", wave->step);
  }
  const int64_t lines = n / 2 + 1;
  clx_arena *scratch = clx_arena_new();
  clx_complex *x = scratch != NULL ? CLX_NEW_ARRAY(scratch, clx_complex, n) : NULL;
  spectrum->amplitude = x != NULL ? CLX_NEW_ARRAY(arena, double, lines) : NULL;
  if (spectrum->amplitude == NULL) {
    clx_arena_free(scratch);
    return fail_memory(error);
  }
  double mean = 0;
  for (int64_t i = 0; i < n; i++) mean += wave->watt[i];
  mean /= (double)n;
  const double gain = load_wave(wave, window, mean, x);
  const clx_status status = clx_fourier(x, n, false, error);
  spectrum->resolution = 1 / ((double)n * wave->step);
  spectrum->count = (int32_t)lines;
  spectrum->bandwidth = window ? 1.5 : 1;
  spectrum->amplitude[0] = mean;
  for (int64_t k = 1; k < lines; k++) {
    const double both = 2 * k == n ? 1 : 2;  // the line at half the sampling rate has no mirror image
    spectrum->amplitude[k] = both * magnitude(x[k]) / gain;
  }
  clx_arena_free(scratch);
  return status;
}

clx_status clx_cycle_spectrum(const clx_wave_cycle *cycle, int32_t count, clx_arena *arena, clx_spectrum *spectrum,
                              clx_error *error) {
  *spectrum = (clx_spectrum){0};
  if (count < 1 || cycle->samples < 1 || !(cycle->period > 0) || !isfinite(cycle->period)) {
    return clx_fail_plain(error, CLX_INPUT,
                          "a spectrum of %d lines of a cycle of %d samples over %g s; all are expected to be positive",
                          count, cycle->samples, cycle->period);
  }
  const int32_t n = cycle->samples;
  clx_arena *scratch = clx_arena_new();
  clx_complex *x = scratch != NULL ? CLX_NEW_ARRAY(scratch, clx_complex, n) : NULL;
  spectrum->amplitude = x != NULL ? CLX_NEW_ARRAY(arena, double, count) : NULL;
  if (spectrum->amplitude == NULL) {
    clx_arena_free(scratch);
    return fail_memory(error);
  }
  double mean = 0;
  for (int32_t i = 0; i < n; i++) mean += cycle->watt[i];
  mean /= n;
  for (int32_t i = 0; i < n; i++) x[i] = (clx_complex){(double)cycle->watt[i] - mean, 0};
  const clx_status status = clx_fourier(x, n, false, error);
  spectrum->resolution = 1 / cycle->period;
  spectrum->count = count;
  spectrum->bandwidth = 1;
  spectrum->amplitude[0] = mean;
  for (int32_t k = 1; k < count; k++) {
    // A held sample is a box: its transform is the sinc, and the lines of the samples repeat beneath it.
    const double angle = PI * k / n, sinc = k % n == 0 ? 0 : fabs(sin(angle) / angle);
    spectrum->amplitude[k] = 2 * magnitude(x[k % n]) / n * sinc;
  }
  clx_arena_free(scratch);
  return status;
}

clx_band_amplitude clx_spectrum_band(const clx_spectrum *spectrum, double low, double high) {
  clx_band_amplitude band = {0};
  double squares = 0;
  for (int32_t k = 1; k < spectrum->count; k++) {
    const double at = k * spectrum->resolution, amplitude = spectrum->amplitude[k];
    // Lines on an edge belong to the band, whatever the last bit of k / period says.
    if (at < low * (1 - 1e-12) || at > high * (1 + 1e-12)) continue;
    squares += amplitude * amplitude;
    if (amplitude > band.largest) {
      band.largest = amplitude;
      band.at = at;
    }
  }
  band.total = sqrt(squares / (spectrum->bandwidth > 0 ? spectrum->bandwidth : 1));
  return band;
}
