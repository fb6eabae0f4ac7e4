// Steps of unequal length: a random wait after each.
#include <math.h>

#include "chance/chance.h"
#include "power/power_wave_internal.h"

static const uint64_t DOMAIN = 0x646974;  // of the random stream: "dit"

typedef struct walk {
  const clx_cycle_integral *cycle;
  const clx_wave_dither *dither;
  clx_stream stream;
  double start, wait, before;  // s, s, J: of the period at hand
} walk;

static double draw_wait(walk *w) { return 2 * w->dither->wait * clx_stream_uniform(&w->stream); }

// J up to `time`, which only rises.
static double energy_at(walk *w, double time) {
  const double period = w->cycle->period;
  while (time >= w->start + period + w->wait) {
    w->before += w->cycle->energy + w->dither->hold * w->wait;
    w->start += period + w->wait;
    w->wait = draw_wait(w);
  }
  const double phase = fmax(0, time - w->start);
  if (phase < period) return w->before + clx_cycle_integral_at(w->cycle, phase);
  return w->before + w->cycle->energy + w->dither->hold * (phase - period);
}

static clx_status check(const clx_wave_dither *dither, const clx_wave *wave, clx_error *error) {
  const clx_wave_group group = {.name = "dither", .units = dither->units, .cycle = dither->cycle};
  CLX_TRY(clx_wave_group_check(&group, error));
  if (!(dither->wait >= 0) || !isfinite(dither->wait) || !isfinite(dither->hold)) {
    return clx_fail_plain(error, CLX_INPUT,
                          "a wait of %g s at %g W between steps; finite numbers and a wait of 0 or more "
                          "are expected",
                          dither->wait, dither->hold);
  }
  const double periods = (double)wave->count * wave->step / dither->cycle.period;
  if (wave->count < 1 || !(wave->step > 0) || !(periods < 1e9)) {
    return clx_fail_plain(error, CLX_INPUT,
                          "a wave of %lld samples of %g s; positive numbers and up to 1e9 steps are "
                          "expected",
                          (long long)wave->count, wave->step);
  }
  return CLX_OK;
}

clx_status clx_wave_dither_sum(const clx_wave_dither *dither, uint64_t seed, clx_wave *wave, clx_arena *arena,
                               clx_error *error) {
  CLX_TRY(check(dither, wave, error));
  const int32_t n = dither->cycle.samples;
  if (wave->watt == NULL) wave->watt = CLX_NEW_ARRAY(arena, float, wave->count);
  double *watt = CLX_NEW_ARRAY(arena, double, n);
  if (wave->watt == NULL || watt == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  for (int32_t i = 0; i < n; i++) watt[i] = dither->cycle.watt[i];
  clx_cycle_integral cycle;
  CLX_TRY(clx_cycle_integrate(watt, n, dither->cycle.period, arena, &cycle, error));
  walk w = {.cycle = &cycle, .dither = dither, .stream = clx_stream_make(seed, DOMAIN, 0, 0)};
  w.wait = draw_wait(&w);
  double before = 0;
  for (int64_t i = 0; i < wave->count; i++) {
    const double after = energy_at(&w, (double)(i + 1) * wave->step);
    wave->watt[i] = (float)(dither->units * (after - before) / wave->step);
    before = after;
  }
  return CLX_OK;
}
