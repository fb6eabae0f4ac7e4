// The cheapest battery and floor that keep to a utility's limits.
#include <math.h>

#include "power/power_smooth_internal.h"

static const double PI = 3.14159265358979323846;
static const double YEAR = 365.25 * 86400;
static const double LONGEST = 100;  // waves
enum { TIMES = 13, FINER = 4, SHARE_STEPS = 13, LEAST_STEPS = 24 };

// One line of the spectrum that has a limit.
typedef struct line {
  double amplitude, limit, cosine, sine;
} line;

// One floor: the load that is left to the battery, and what is asked of it.
typedef struct site {
  const clx_grid_limits *limits;
  clx_load load;
  double efficiency, response;
  double *watt;   // scratch: after the battery
  clx_wave wave;  // the same
  line *lines;
  int32_t line_count;
} site;

static clx_status fail_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

static clx_status collect_lines(site *s, const clx_wave *wave, clx_arena *scratch, clx_error *error) {
  bool asked = false;
  for (int32_t b = 0; b < s->limits->band_count; b++) asked = asked || s->limits->band[b].amplitude > 0;
  if (!asked) return CLX_OK;
  clx_spectrum spectrum;
  CLX_TRY(clx_wave_spectrum(wave, false, scratch, &spectrum, error));
  s->lines = CLX_NEW_ARRAY(scratch, line, spectrum.count);
  if (s->lines == NULL) return fail_memory(error);
  for (int32_t k = 1; k < spectrum.count; k++) {
    const double at = k * spectrum.resolution, angle = 2 * PI * k / (double)wave->count;
    double limit = INFINITY;
    for (int32_t b = 0; b < s->limits->band_count; b++) {
      const clx_grid_band *band = &s->limits->band[b];
      const bool inside = at >= band->low * (1 - 1e-12) && at <= band->high * (1 + 1e-12);
      if (inside && band->amplitude > 0) limit = fmin(limit, band->amplitude);
    }
    if (isfinite(limit)) {
      s->lines[s->line_count++] = (line){spectrum.amplitude[k], limit, cos(angle), sin(angle)};
    }
  }
  return CLX_OK;
}

// First-order low-pass of a line: (1 - k) / (1 - k exp(-i angle)), k = time / (time + step).
typedef struct gain {
  double re, im;
} gain;

static gain pass_of(const line *l, double keep) {
  const double scale = (1 - keep) / (1 - 2 * keep * l->cosine + keep * keep);
  return (gain){scale * (1 - keep * l->cosine), -scale * keep * l->sine};
}

// |1 - share H (1 - F)|, F the filter and H the lag of the battery: what they leave of a line.
static double left_of(const line *l, double share, double keep, double lag) {
  const gain f = pass_of(l, keep), h = pass_of(l, lag);
  const double re = h.re * (1 - f.re) + h.im * f.im, im = h.im * (1 - f.re) - h.re * f.im;
  const double left = 1 - share * re, turned = share * im;
  return sqrt(left * left + turned * turned);
}

// What is found against its limit, the largest quotient: up to 1 is met. Convex in the share: largest of distances of sums that are linear in it.
static clx_status strain(site *s, double share, double time, double *worst, clx_error *error) {
  const double step = s->load.step, keep = time / (time + step), lag = s->response / (s->response + step);
  *worst = 0;
  for (int32_t k = 0; k < s->line_count; k++) {
    *worst = fmax(*worst, s->lines[k].amplitude * left_of(&s->lines[k], share, keep, lag) / s->lines[k].limit);
  }
  if (*worst > 1 && s->response == 0) return CLX_OK;  // one that is not met is enough
  if (s->limits->ramp == 0 && s->limits->range == 0) return CLX_OK;
  const clx_filter filter = {.share = share, .time = time, .response = s->response};
  clx_filter_apply(&s->load, &filter, s->watt);
  for (int64_t i = 0; i < s->load.count; i++) s->wave.watt[i] = (float)s->watt[i];
  double in_time;
  CLX_TRY(clx_grid_strain_in_time(s->limits, &s->wave, true, &in_time, error));
  *worst = fmax(*worst, in_time);
  return CLX_OK;
}

static clx_status meets(site *s, double share, double time, bool *met, clx_error *error) {
  double worst;
  CLX_TRY(strain(s, share, time, &worst, error));
  *met = worst <= 1;
  return CLX_OK;
}

// A share that meets the limits, < 0 where none does. The largest one where the battery answers at once; else that with the least strain is looked for
// by the golden section until one does.
static clx_status share_that_meets(site *s, double time, double *share, clx_error *error) {
  const double golden = 0.5 * (sqrt(5) - 1);
  double low = 0, high = 1, worst, at[2] = {1 - golden, golden}, value[2];
  *share = 1;
  CLX_TRY(strain(s, 1, time, &worst, error));
  if (worst <= 1) return CLX_OK;
  *share = -1;
  if (s->response == 0) return CLX_OK;
  for (int32_t k = 0; k < 2; k++) CLX_TRY(strain(s, at[k], time, &value[k], error));
  for (int32_t i = 0; i < LEAST_STEPS; i++) {
    const int32_t less = value[0] < value[1] ? 0 : 1;
    if (value[less] <= 1) {
      *share = at[less];
      return CLX_OK;
    }
    if (less == 0) {
      high = at[1];
      at[1] = at[0];
      value[1] = value[0];
      at[0] = high - golden * (high - low);
    } else {
      low = at[0];
      at[0] = at[1];
      value[0] = value[1];
      at[1] = low + golden * (high - low);
    }
    CLX_TRY(strain(s, at[less], time, &value[less], error));
  }
  return CLX_OK;
}

static double cost_of(const clx_design_costs *c, const clx_design_point *p) {
  return c->battery_power * p->battery_power + c->battery_energy * p->battery_energy +
         c->energy * c->years * YEAR * (p->burnt + p->lost);
}

static bool is_better(const clx_design_point *a, const clx_design_point *b) {
  if (!isfinite(a->battery_power)) return false;
  if (!isfinite(b->battery_power)) return true;
  if (a->cost != b->cost) return a->cost < b->cost;
  if (a->battery_power != b->battery_power) return a->battery_power < b->battery_power;
  return a->battery_energy < b->battery_energy;
}

// The smallest share of a filter of `time` s that meets the limits, as a battery.
static clx_status size_battery(site *s, const clx_design_costs *costs, double time, clx_design_point *point,
                               clx_error *error) {
  point->battery_power = point->battery_energy = point->cost = INFINITY;
  bool met;
  double low = 0, high;
  CLX_TRY(share_that_meets(s, time, &high, error));
  if (high < 0) return CLX_OK;
  for (int32_t i = 0; i < SHARE_STEPS || high - low > 5e-4 * high; i++) {
    const double middle = 0.5 * (low + high);
    CLX_TRY(meets(s, middle, time, &met, error));
    if (met) {
      high = middle;
    } else {
      low = middle;
    }
  }
  const clx_filter_use use = clx_filter_measure(&s->load, time, s->response, s->efficiency);
  point->battery_power = high * use.power;
  point->battery_energy = high * use.energy;
  point->battery_time = time;
  point->lost = high * use.lost / ((double)s->load.count * s->load.step);
  point->cost = cost_of(costs, point);
  return CLX_OK;
}

// The time constant: a logarithmic grid from one sample to the longest, then steps of half the size about the best.
static clx_status search_time(site *s, const clx_design_costs *costs, double longest, clx_design_point *best,
                              clx_error *error) {
  const double low = log(fmin(s->load.step, longest)), high = log(longest);
  double step = (high - low) / (TIMES - 1), found = high;
  clx_design_point point = *best;
  for (int32_t i = 0; i < TIMES; i++) {
    CLX_TRY(size_battery(s, costs, exp(high - i * step), &point, error));
    // Shorter ones of a battery that answers at once do not meet the limits either.
    if (!isfinite(point.battery_power) && s->response == 0) break;
    if (!is_better(&point, best)) continue;
    *best = point;
    found = high - i * step;
  }
  if (!isfinite(best->battery_power)) return CLX_OK;
  for (int32_t i = 0; i < FINER; i++) {
    step /= 2;
    const double centre = found;
    for (int32_t side = -1; side <= 1; side += 2) {
      const double at = fmin(high, centre + side * step);
      CLX_TRY(size_battery(s, costs, exp(at), &point, error));
      if (!is_better(&point, best)) continue;
      *best = point;
      found = at;
    }
  }
  return CLX_OK;
}

static clx_status design_floor(const clx_wave *wave, double units, const clx_smoothing *given, double most,
                               const clx_grid_limits *limits, const clx_design_costs *costs, clx_arena *scratch,
                               clx_design_point *point, clx_error *error) {
  clx_smoothing measures = *given;
  measures.floor = point->floor * most / units;
  measures.battery_power = measures.battery_energy = 0;
  clx_smoothed smoothed;
  CLX_TRY(clx_smooth(&measures, wave, units, true, scratch, &smoothed, error));
  const int64_t count = wave->count;
  site s = {.limits = limits,
            .efficiency = given->battery_efficiency,
            .response = given->battery_response,
            .wave = smoothed.wave};
  s.load = (clx_load){.count = count, .step = smoothed.wave.step, .periodic = true};
  s.load.watt = CLX_NEW_ARRAY(scratch, double, count);
  s.watt = CLX_NEW_ARRAY(scratch, double, count);
  s.wave.watt = CLX_NEW_ARRAY(scratch, float, count);
  if (s.load.watt == NULL || s.watt == NULL || s.wave.watt == NULL) return fail_memory(error);
  for (int64_t i = 0; i < count; i++) s.load.watt[i] = smoothed.wave.watt[i];
  CLX_TRY(collect_lines(&s, &smoothed.wave, scratch, error));
  const double length = (double)count * s.load.step;
  point->burnt = smoothed.burnt / length;
  point->stretch = smoothed.stretch;
  bool met;
  CLX_TRY(meets(&s, 0, s.load.step, &met, error));
  if (met) {
    point->cost = cost_of(costs, point);
    return CLX_OK;
  }
  point->battery_power = point->battery_energy = point->cost = INFINITY;
  return search_time(&s, costs, given->battery_time > 0 ? given->battery_time : LONGEST * length, point, error);
}

static clx_status check(const clx_wave *wave, const clx_smoothing *given, const clx_design_costs *costs,
                        clx_error *error) {
  if (!(given->battery_efficiency > 0 && given->battery_efficiency <= 1)) {
    return clx_fail_plain(error, CLX_INPUT,
                          "design: battery_efficiency is %g; a round trip above 0 and up to 1 is expected",
                          given->battery_efficiency);
  }
  const double cost[] = {costs->battery_power, costs->battery_energy, costs->energy, costs->years};
  for (int32_t i = 0; i < CLX_COUNT(cost); i++) {
    if (!(cost[i] >= 0) || !isfinite(cost[i])) {
      return clx_fail_plain(
          error, CLX_INPUT,
          "design: costs of %g USD/W, %g USD/J, %g USD/J over %g years; finite numbers of 0 or more are "
          "expected",
          cost[0], cost[1], cost[2], cost[3]);
    }
  }
  if (wave->count < 1) return clx_fail_plain(error, CLX_INPUT, "design: a wave without samples");
  return CLX_OK;
}

clx_status clx_design_smoothing(const clx_wave *wave, double units, const clx_smoothing *given,
                                const clx_grid_limits *limits, const clx_design_costs *costs, clx_arena *arena,
                                clx_design *design, clx_error *error) {
  *design = (clx_design){.best = -1};
  CLX_TRY(check(wave, given, costs, error));
  CLX_TRY(clx_grid_limits_check(limits, error));
  design->point = CLX_NEW_ARRAY(arena, clx_design_point, CLX_DESIGN_FLOORS);
  if (design->point == NULL) return fail_memory(error);
  const double most = clx_wave_figures_of(wave, 0, 0, NULL).most;
  const double least = most > 0 ? fmin(1, given->floor * units / most) : 0;
  for (int32_t i = 0; i < CLX_DESIGN_FLOORS; i++) {
    clx_design_point *point = &design->point[i];
    point->floor = least + (1 - least) * i / (CLX_DESIGN_FLOORS - 1);
    clx_arena *scratch = clx_arena_new();
    const clx_status status = scratch != NULL
                                  ? design_floor(wave, units, given, most, limits, costs, scratch, point, error)
                                  : fail_memory(error);
    clx_arena_free(scratch);
    CLX_TRY(status);
    design->count = i + 1;
    if (isfinite(point->cost) && (design->best < 0 || is_better(point, &design->point[design->best]))) {
      design->best = i;
    }
  }
  if (design->best < 0) return CLX_OK;
  const clx_design_point *best = &design->point[design->best];
  design->smoothing = *given;
  design->smoothing.floor = best->floor * most / units;
  design->smoothing.battery_power = best->battery_power;
  design->smoothing.battery_energy = best->battery_energy;
  design->smoothing.battery_time = best->battery_time;
  return CLX_OK;
}
