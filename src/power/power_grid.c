// What a utility asks of a site, line by line, and the hand-over to generators.
#include <math.h>
#include <string.h>

#include "power/power_smooth_internal.h"

// Oscillations of synchronous training concentrate between 0.2 and 3 Hz and meet inter-area and plant modes there; torsion of turbine shafts starts
// near 7 Hz (arXiv 2508.14318). 0.1 to 20 Hz is what utilities specify.
const clx_grid_band clx_grid_bands[4] = {
    {.low = 0.1, .high = 0.2}, {.low = 0.2, .high = 3}, {.low = 3, .high = 7}, {.low = 7, .high = 20}};

typedef struct report {
  clx_grid_check *check;
  int32_t count;
  clx_arena *arena;
} report;

static clx_status add_line(report *r, const char *name, double limit, double found, const char *unit, bool met,
                           clx_error *error) {
  if (name == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  r->check[r->count++] = (clx_grid_check){.name = name, .limit = limit, .found = found, .unit = unit, .met = met};
  return CLX_OK;
}

clx_status clx_grid_limits_check(const clx_grid_limits *l, clx_error *error) {
  const struct {
    const char *name, *unit;
    double value;
  } MEMBER[] = {{"ramp", "W/s", l->ramp},      {"ramp_window", "s", l->ramp_window},
                {"range", "W", l->range},      {"range_window", "s", l->range_window},
                {"sag_left", "", l->sag_left}, {"sag time", "s", l->sag_time},
                {"hold", "s", l->hold_time}};
  for (int32_t i = 0; i < CLX_COUNT(MEMBER); i++) {
    if (!(MEMBER[i].value >= 0) || !isfinite(MEMBER[i].value)) {
      return clx_fail(error, CLX_INPUT, l->place, "limits: %s is %g %s; a finite number of 0 or more is expected",
                      MEMBER[i].name, MEMBER[i].value, MEMBER[i].unit);
    }
  }
  if (l->sag_left > 1) {
    return clx_fail(error, CLX_INPUT, l->place, "limits: the voltage left in a sag is %g; a share up to 1 is expected",
                    l->sag_left);
  }
  if (l->band_count < 0 || l->band_count > CLX_GRID_CHECKS_MAX - 6) {
    return clx_fail(error, CLX_INPUT, l->place, "limits: %d bands; 0 to %d are expected", l->band_count,
                    CLX_GRID_CHECKS_MAX - 6);
  }
  for (int32_t i = 0; i < l->band_count; i++) {
    const clx_grid_band *b = &l->band[i];
    if (!(b->low >= 0) || !(b->high > b->low) || !isfinite(b->high) || !(b->amplitude >= 0) ||
        !isfinite(b->amplitude)) {
      return clx_fail(
          error, CLX_INPUT, l->place,
          "limits: band %d goes from %g to %g Hz with %g W; rising frequencies and an amplitude of 0 or more "
          "are expected",
          i + 1, b->low, b->high, b->amplitude);
    }
  }
  return CLX_OK;
}

// A periodic wave goes on for as long as the longest window, a period at most, so that what passes its end is seen.
static clx_status extend(const clx_wave *wave, double window, clx_arena *scratch, clx_wave *longer, clx_error *error) {
  const int64_t more = (int64_t)fmin(fmax(1, round(window / wave->step)), (double)wave->count);
  *longer = (clx_wave){.start = wave->start, .step = wave->step, .count = wave->count + more};
  longer->watt = CLX_NEW_ARRAY(scratch, float, longer->count);
  if (longer->watt == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  memcpy(longer->watt, wave->watt, sizeof(float) * (size_t)wave->count);
  for (int64_t i = 0; i < more; i++) longer->watt[wave->count + i] = wave->watt[i % wave->count];
  return CLX_OK;
}

static clx_status check_time(const clx_grid_limits *l, const clx_wave *wave, bool periodic, const char *what,
                             clx_arena *scratch, report *r, clx_error *error) {
  if (l->ramp == 0 && l->range == 0) return CLX_OK;
  clx_wave seen = *wave;
  if (periodic) CLX_TRY(extend(wave, fmax(l->ramp_window, l->range_window), scratch, &seen, error));
  const clx_wave_figures f = clx_wave_figures_of(&seen, l->ramp_window, l->range_window, scratch);
  if (l->ramp > 0) {
    const double found = fmax(f.ramp_up, f.ramp_down);
    const char *name = what != NULL ? clx_arena_format(r->arena, "ramp (%s)", what) : "ramp";
    CLX_TRY(add_line(r, name, l->ramp, found, "W/s", found <= l->ramp, error));
  }
  if (l->range > 0) {
    const char *name = what != NULL ? clx_arena_format(r->arena, "range (%s)", what) : "range";
    CLX_TRY(add_line(r, name, l->range, f.range, "W", f.range <= l->range, error));
  }
  return CLX_OK;
}

static clx_status check_bands(const clx_grid_limits *l, const clx_wave *wave, bool periodic, clx_arena *scratch,
                              report *r, clx_error *error) {
  const clx_grid_band *band = l->band_count > 0 ? l->band : clx_grid_bands;
  const int32_t count = l->band_count > 0 ? l->band_count : CLX_COUNT(clx_grid_bands);
  clx_spectrum spectrum;
  CLX_TRY(clx_wave_spectrum(wave, !periodic, scratch, &spectrum, error));
  const double highest = 0.5 / wave->step;
  for (int32_t i = 0; i < count; i++) {
    if (band[i].amplitude > 0 && band[i].high > highest * (1 + 1e-9)) {
      return clx_fail(error, CLX_INPUT, l->place,
                      "limits: a band up to %g Hz; samples of %g s show nothing above %g Hz", band[i].high, wave->step,
                      highest);
    }
    if (band[i].low >= highest) continue;  // nothing asked, nothing seen
    const double found = clx_spectrum_band(&spectrum, band[i].low, band[i].high).largest, limit = band[i].amplitude;
    const char *name = clx_arena_format(r->arena, "band %g-%g Hz", band[i].low, band[i].high);
    CLX_TRY(add_line(r, name, limit, found, "W", limit == 0 || found <= limit, error));
  }
  return CLX_OK;
}

clx_status clx_grid_strain_in_time(const clx_grid_limits *limits, const clx_wave *wave, bool periodic, double *strain,
                                   clx_error *error) {
  clx_grid_check check[2];
  report r = {.check = check};
  clx_arena *scratch = clx_arena_new();
  const clx_status status = scratch != NULL ? check_time(limits, wave, periodic, NULL, scratch, &r, error)
                                            : clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_arena_free(scratch);
  *strain = 0;
  for (int32_t i = 0; i < r.count; i++) *strain = fmax(*strain, check[i].found / check[i].limit);
  return status;
}

clx_status clx_grid_check_change(const clx_grid_limits *limits, const char *what, const clx_wave *wave,
                                 clx_arena *arena, clx_grid_check check[CLX_GRID_CHECKS_MAX], int32_t *count,
                                 clx_error *error) {
  *count = 0;
  CLX_TRY(clx_grid_limits_check(limits, error));
  report r = {.check = check, .arena = arena};
  clx_arena *scratch = clx_arena_new();
  if (scratch == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  const clx_status status = check_time(limits, wave, false, what, scratch, &r, error);
  clx_arena_free(scratch);
  *count = r.count;
  return status;
}

clx_status clx_grid_check_wave(const clx_grid_limits *limits, const clx_wave *wave, bool periodic, double ride,
                               double bridge, clx_arena *arena, clx_grid_check check[CLX_GRID_CHECKS_MAX],
                               int32_t *count, clx_error *error) {
  *count = 0;
  CLX_TRY(clx_grid_limits_check(limits, error));
  report r = {.check = check, .arena = arena};
  clx_arena *scratch = clx_arena_new();
  if (scratch == NULL) return clx_fail_plain(error, CLX_MEMORY, "out of memory");
  clx_status status = check_time(limits, wave, periodic, NULL, scratch, &r, error);
  if (status == CLX_OK) status = check_bands(limits, wave, periodic, scratch, &r, error);
  clx_arena_free(scratch);
  CLX_TRY(status);
  if (limits->sag_time > 0) {
    // Storage of the equipment carries the share of the power that the voltage left does not.
    const double found = limits->sag_left < 1 ? ride / (1 - limits->sag_left) : limits->sag_time;
    CLX_TRY(add_line(&r, "sag", limits->sag_time, found, "s", found >= limits->sag_time, error));
  }
  if (limits->hold_time > 0) {
    CLX_TRY(add_line(&r, "hand-over", limits->hold_time, bridge, "s", bridge >= limits->hold_time, error));
  }
  *count = r.count;
  return CLX_OK;
}

// W that generators give at `at`, how fast that rises, and when either changes next.
static double carried(const clx_starting *standby, int32_t count, double at, double *slope, double *next) {
  double power = 0;
  *slope = 0;
  *next = INFINITY;
  for (int32_t i = 0; i < count; i++) {
    const clx_starting *s = &standby[i];
    const double full = s->ramp > 0 ? s->delay + s->power / s->ramp : s->delay;
    if (at < s->delay) {
      *next = fmin(*next, s->delay);
    } else if (at < full) {
      power += s->ramp * (at - s->delay);
      *slope += s->ramp;
      *next = fmin(*next, full);
    } else {
      power += s->power;
    }
  }
  return power;
}

clx_handover clx_grid_handover(double load, double lost, const clx_starting *standby, int32_t count, double response,
                               double ride) {
  static const double CLOSE = 1e-12;  // of the gap
  clx_handover h = {0};
  const double gap = fmax(0, fmin(load, lost));
  if (gap == 0) return h;
  h.power = gap;
  while (true) {
    double slope, next;
    const double rest = gap - carried(standby, count, h.time, &slope, &next);
    if (rest <= CLOSE * gap) break;
    const double left = slope > 0 ? rest / slope : INFINITY, span = fmin(next - h.time, left);
    if (!isfinite(span)) {
      h.energy = h.time = INFINITY;
      break;
    }
    h.energy += span * (rest - 0.5 * slope * span);
    h.time = left <= next - h.time ? h.time + left : next;
    if (left <= span) break;
  }
  h.dip = fmax(0, fmin(response, h.time) - ride);
  return h;
}
