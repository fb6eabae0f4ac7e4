// All measures on one wave, in the order in which power meets them: dummy work, chip, rack, site.
#include <math.h>

#include "power/power_smooth_internal.h"
#include "power/power_wave_internal.h"

static clx_status fail_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

static clx_status check_numbers(const clx_smoothing *s, clx_error *error) {
  const struct {
    const char *name, *unit;
    double value;
  } MEMBER[] = {{"floor", "W", s->floor},
                {"ramp_up", "W/s", s->ramp_up},
                {"ramp_down", "W/s", s->ramp_down},
                {"hysteresis", "s", s->hysteresis},
                {"dummy_delay", "s", s->dummy_delay},
                {"rack_energy", "J", s->rack_energy},
                {"rack_power", "W", s->rack_power},
                {"battery_power", "W", s->battery_power},
                {"battery_energy", "J", s->battery_energy},
                {"battery_time", "s", s->battery_time},
                {"battery_response", "s", s->battery_response}};
  for (int32_t i = 0; i < CLX_COUNT(MEMBER); i++) {
    if (!(MEMBER[i].value >= 0) || !isfinite(MEMBER[i].value)) {
      return clx_fail_plain(error, CLX_INPUT, "smoothing: %s is %g %s; a finite number of 0 or more is expected",
                            MEMBER[i].name, MEMBER[i].value, MEMBER[i].unit);
    }
  }
  if (!(s->dummy >= 0 && s->dummy <= 1)) {
    return clx_fail_plain(error, CLX_INPUT, "smoothing: dummy is %g; a share from 0 to 1 is expected", s->dummy);
  }
  return CLX_OK;
}

static clx_status check(const clx_smoothing *s, const clx_wave *wave, double units, clx_error *error) {
  CLX_TRY(check_numbers(s, error));
  if ((s->battery_power > 0) != (s->battery_energy > 0)) {
    return clx_fail_plain(error, CLX_INPUT,
                          "smoothing: a battery of %g W and %g J; both or neither are expected above 0",
                          s->battery_power, s->battery_energy);
  }
  if (s->battery_power > 0 && !(s->battery_efficiency > 0 && s->battery_efficiency <= 1)) {
    return clx_fail_plain(error, CLX_INPUT,
                          "smoothing: battery_efficiency is %g; a round trip above 0 and up to 1 is expected",
                          s->battery_efficiency);
  }
  if (!(units > 0) || !isfinite(units) || wave->count < 1 || !(wave->step > 0) || !isfinite(wave->step)) {
    return clx_fail_plain(error, CLX_INPUT,
                          "smoothing: a wave of %lld samples of %g s of %g units; positive numbers are expected",
                          (long long)wave->count, wave->step, units);
  }
  for (int64_t i = 0; i < wave->count; i++) {
    if (!(wave->watt[i] >= 0) || !isfinite(wave->watt[i])) {
      return clx_fail_plain(error, CLX_INPUT, "smoothing: sample %lld of the wave is %g W; 0 or more is expected",
                            (long long)i, (double)wave->watt[i]);
    }
  }
  return CLX_OK;
}

// Software fills a share of the gap below the mean, once the load has been below it for the delay; it yields at once when work comes.
static void add_dummy_work(const clx_smoothing *s, const clx_wave *wave, clx_load *load, double *burnt,
                           clx_arena *scratch) {
  if (s->dummy == 0) return;
  const int64_t count = load->count;
  const int64_t lag = (int64_t)fmin(ceil(s->dummy_delay / load->step), (double)count);
  clx_slider high;
  clx_slider_start(&high, wave->watt, count, 1, lag, scratch);
  double mean = 0;
  for (int64_t i = 0; i < count; i++) mean += load->watt[i] / (double)count;
  // A periodic wave has been there before its start; another one as its first sample.
  for (int64_t i = load->periodic ? -lag : 0; i < count; i++) {
    const double recent = clx_slide(&high, i);
    if (i < 0 || recent >= mean) continue;
    load->watt[i] += s->dummy * (mean - recent);
    *burnt += s->dummy * (mean - recent) * load->step;
  }
}

static void store_rack(const clx_smoothing *s, double units, clx_load *load, double *scratch, clx_smoothed *out) {
  if (s->rack_energy == 0) return;
  clx_filter_use use;
  const clx_filter_need need = {.power = s->rack_power * units, .energy = s->rack_energy * units, .efficiency = 1};
  const clx_filter filter = clx_filter_fit(load, &need, &use);
  clx_filter_apply(load, &filter, scratch);
  for (int64_t i = 0; i < load->count; i++) load->watt[i] = scratch[i];
  out->rack_energy = filter.share * use.energy / units;
  out->stored += filter.share * use.stored;
}

static void store_site(const clx_smoothing *s, clx_load *load, double *scratch, clx_smoothed *out) {
  if (s->battery_power == 0) return;
  clx_filter_use use;
  const clx_filter_need need = {.power = s->battery_power,
                                .energy = s->battery_energy,
                                .efficiency = s->battery_efficiency,
                                .time = s->battery_time,
                                .response = s->battery_response};
  const clx_filter filter = clx_filter_fit(load, &need, &use);
  clx_filter_apply(load, &filter, scratch);
  for (int64_t i = 0; i < load->count; i++) load->watt[i] = scratch[i];
  out->battery_power = filter.share * use.power;
  out->battery_energy = filter.share * use.energy;
  out->lost += filter.share * use.lost;
  out->stored += filter.share * use.stored;
  out->battery_short = filter.share < 1 || (s->battery_time > 0 && filter.time < s->battery_time);
}

// What rounding to float leaves over goes into the next sample: the energy of the wave is right to one float in all.
static void store_wave(const clx_load *load, clx_wave *wave) {
  double rest = 0;
  for (int64_t i = 0; i < load->count; i++) {
    const double want = load->watt[i] + rest;
    wave->watt[i] = (float)want;
    rest = want - (double)wave->watt[i];
  }
}

clx_status clx_smooth(const clx_smoothing *smoothing, const clx_wave *wave, double units, bool periodic,
                      clx_arena *arena, clx_smoothed *out, clx_error *error) {
  *out = (clx_smoothed){.stretch = 1};
  CLX_TRY(check(smoothing, wave, units, error));
  const int64_t count = wave->count;
  clx_arena *scratch = clx_arena_new();
  double *watt = scratch != NULL ? CLX_NEW_ARRAY(scratch, double, count) : NULL;
  double *other = watt != NULL ? CLX_NEW_ARRAY(scratch, double, count) : NULL;
  out->wave.watt = other != NULL ? CLX_NEW_ARRAY(arena, float, count) : NULL;
  if (out->wave.watt == NULL) {
    clx_arena_free(scratch);
    return fail_memory(error);
  }
  for (int64_t i = 0; i < count; i++) watt[i] = wave->watt[i];
  clx_load load = {.watt = watt, .count = count, .step = wave->step, .periodic = periodic};
  const clx_chip_limits limits = {.floor = smoothing->floor * units,
                                  .up = smoothing->ramp_up * units,
                                  .down = smoothing->ramp_down * units,
                                  .hold = smoothing->hysteresis};
  add_dummy_work(smoothing, wave, &load, &out->burnt, scratch);
  double burnt = 0;
  const clx_status status = clx_smooth_chip(&limits, &load, &burnt, &out->stretch, error);
  if (status == CLX_OK) {
    out->burnt += burnt;
    store_rack(smoothing, units, &load, other, out);
    store_site(smoothing, &load, other, out);
    out->wave.start = wave->start;
    out->wave.step = load.step;
    out->wave.count = count;
    store_wave(&load, &out->wave);
  }
  clx_arena_free(scratch);
  return status;
}

static clx_status load_new(const clx_wave *wave, clx_arena *scratch, clx_load *load, clx_error *error) {
  *load = (clx_load){.watt = CLX_NEW_ARRAY(scratch, double, wave->count), .count = wave->count, .step = wave->step};
  if (load->watt == NULL) return fail_memory(error);
  for (int64_t i = 0; i < wave->count; i++) load->watt[i] = wave->watt[i];
  return CLX_OK;
}

static clx_status store_after(const clx_smoothing *s, const clx_wave *before, const clx_wave *wave, clx_arena *arena,
                              clx_arena *scratch, clx_smoothed *out, clx_error *error) {
  clx_load load, past;
  CLX_TRY(load_new(before, scratch, &past, error));
  CLX_TRY(load_new(wave, scratch, &load, error));
  double *other = CLX_NEW_ARRAY(scratch, double, wave->count);
  out->wave = (clx_wave){.start = wave->start, .step = wave->step, .count = wave->count};
  out->wave.watt = CLX_NEW_ARRAY(arena, float, wave->count);
  if (other == NULL || out->wave.watt == NULL) return fail_memory(error);
  past.periodic = true;
  load.before = &past;
  store_site(s, &load, other, out);
  store_wave(&load, &out->wave);
  return CLX_OK;
}

clx_status clx_smooth_after(const clx_smoothing *smoothing, const clx_wave *before, const clx_wave *wave,
                            clx_arena *arena, clx_smoothed *out, clx_error *error) {
  *out = (clx_smoothed){.stretch = 1};
  CLX_TRY(check(smoothing, before, 1, error));
  CLX_TRY(check(smoothing, wave, 1, error));
  clx_arena *scratch = clx_arena_new();
  if (scratch == NULL) return fail_memory(error);
  const clx_status status = store_after(smoothing, before, wave, arena, scratch, out, error);
  clx_arena_free(scratch);
  return status;
}
