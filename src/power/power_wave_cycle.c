// One cycle as an integral, phases of units, and the cycle of a sum of units.
#include <math.h>

#include "chance/chance.h"
#include "power/power_fourier.h"
#include "power/power_wave_internal.h"

static const double PI = 3.14159265358979323846;
static const uint64_t DOMAIN = 0x77617665;  // of the random streams: "wave"
enum {
  CELLS_MOST = 1 << 18,  // of a refined cycle
  ALIASES_MOST = 64,
  DRAWN_MOST = 1 << 20,  // independent units drawn one by one; above, the central limit
};

static clx_status fail_memory(clx_error *error) { return clx_fail_plain(error, CLX_MEMORY, "out of memory"); }

clx_status clx_wave_group_check(const clx_wave_group *group, clx_error *error) {
  const char *name = group->name != NULL ? group->name : "unnamed";
  const clx_wave_cycle *c = &group->cycle;
  if (!(group->units > 0) || group->units > 1e12) {
    return clx_fail_plain(error, CLX_INPUT, "wave group '%s' has %g units; a number above 0 is expected", name,
                          group->units);
  }
  if (!(c->period > 0) || !isfinite(c->period) || c->samples < 1 || c->watt == NULL) {
    return clx_fail_plain(error, CLX_INPUT,
                          "the cycle of wave group '%s' has %d samples over %g s; both are expected to be positive",
                          name, c->samples, c->period);
  }
  if (!isfinite(group->offset) || !(group->spread >= 0) || !isfinite(group->spread) || !isfinite(group->stagger)) {
    return clx_fail_plain(
        error, CLX_INPUT,
        "wave group '%s' has offset %g s, spread %g s, stagger %g s; finite numbers and a spread of 0 "
        "or more are expected",
        name, group->offset, group->spread, group->stagger);
  }
  for (int32_t i = 0; i < c->samples; i++) {
    if (!isfinite(c->watt[i])) {
      return clx_fail_plain(error, CLX_INPUT,
                            "sample %d of the cycle of wave group '%s' is %g; a finite power is expected", i, name,
                            (double)c->watt[i]);
    }
  }
  return CLX_OK;
}

clx_status clx_cycle_integrate(const double *watt, int32_t cells, double period, clx_arena *arena,
                               clx_cycle_integral *integral, clx_error *error) {
  *integral = (clx_cycle_integral){.period = period, .cell = period / cells, .inverse = cells / period, .cells = cells};
  integral->knot = CLX_NEW_ARRAY(arena, clx_cycle_knot, cells);
  if (integral->knot == NULL) return fail_memory(error);
  double sum = 0;  // of W: whole cells before
  for (int32_t i = 0; i < cells; i++) {
    integral->knot[i] = (clx_cycle_knot){sum * integral->cell, watt[i]};
    sum += watt[i];
  }
  integral->energy = sum * integral->cell;
  return CLX_OK;
}

double clx_cycle_integral_at(const clx_cycle_integral *c, double phase) {
  int32_t k = (int32_t)(phase * c->inverse);
  if (k >= c->cells) k = c->cells - 1;
  const clx_cycle_knot knot = c->knot[k];
  return knot.before + (phase - k * c->cell) * knot.level;
}

void clx_cycle_add(const clx_cycle_integral *c, double from, double step, double weight, int64_t count, double *out) {
  const double whole = floor(step / c->period), rest = step - whole * c->period;
  double phase = from - floor(from / c->period) * c->period;
  if (!(phase >= 0) || phase >= c->period) phase = 0;
  double before = clx_cycle_integral_at(c, phase);
  const double scale = weight / step, passed = whole * c->energy;
  for (int64_t i = 0; i < count; i++) {
    double joules = passed - before;
    phase += rest;
    if (phase >= c->period) {
      phase -= c->period;
      joules += c->energy;
    }
    before = clx_cycle_integral_at(c, phase);
    out[i] += scale * (joules + before);
  }
}

double clx_wave_unit_shift(const clx_wave_group *group, int32_t index, uint64_t seed, int64_t unit, bool spread_too) {
  double shift = (double)unit * group->stagger;
  if (!group->independent && !(spread_too && group->spread > 0)) return shift;
  clx_stream stream = clx_stream_make(seed, DOMAIN, (uint64_t)index, (uint64_t)unit);
  if (group->independent) return shift + clx_stream_uniform(&stream) * group->cycle.period;
  return shift + group->spread * clx_stream_normal(&stream);
}

// Cells a sample of the cycle is cut into: a sixteenth of the wave's step, or a quarter where a spread has rounded all edges.
static int32_t refinement(const clx_wave_group *group, double step) {
  const double wanted = group->cycle.period / group->cycle.samples / (group->spread >= step ? step / 4 : step / 16);
  const double room = (double)CELLS_MOST / group->cycle.samples;
  return (int32_t)fmax(1, ceil(fmin(wanted, room)));
}

// How many units start in each cell: a shift between two cells is shared by them, which is exact for means over cells.
static void count_units(const clx_wave_group *group, int32_t index, uint64_t seed, int32_t cells, clx_complex *weight) {
  const int64_t units = (int64_t)ceil(group->units);
  const double period = group->cycle.period;
  for (int64_t u = 0; u < units; u++) {
    const double share = fmin(1, group->units - (double)u), shift = clx_wave_unit_shift(group, index, seed, u, false);
    const double place = (shift / period - floor(shift / period)) * cells;
    const int32_t k = (int32_t)place;
    weight[k % cells].re += share * (1 - (place - k));
    weight[(k + 1) % cells].re += share * (place - k);
  }
}

// The same for very many independent units: counts of cells are normal about their mean, and their sum is the number of units.
static void count_many(const clx_wave_group *group, int32_t index, uint64_t seed, int32_t cells, clx_complex *weight) {
  clx_stream stream = clx_stream_make(seed, DOMAIN, (uint64_t)index, UINT64_MAX);
  const double mean = group->units / cells, deviation = sqrt(mean);
  double excess = 0;
  for (int32_t k = 0; k < cells; k++) {
    weight[k].re = deviation * clx_stream_normal(&stream);
    excess += weight[k].re / cells;
  }
  for (int32_t k = 0; k < cells; k++) weight[k].re += mean - excess;
}

// What a normal spread leaves of line k of a cycle given and asked for as means over `cells` cells: a held sample brings the lines
// k + m cells along, each under the sinc of the hold and of the mean, and the normal damps each.
static double damping(int32_t k, int32_t cells, double spread, double period) {
  if (spread * cells < period / 32) return 1;  // no more than a hundredth of a cell's edge
  double sum = 0;
  const int32_t many = (int32_t)fmin(ALIASES_MOST, ceil(2 * period / (spread * cells)));
  for (int32_t m = -many; m <= many; m++) {
    const double line = k + (double)m * cells, hold = PI * line / cells, decay = 2 * PI * line * spread / period;
    const double sinc = line == 0 ? 1 : sin(hold) / hold;
    sum += sinc * sinc * exp(-0.5 * decay * decay);
  }
  return sum;
}

static clx_status convolve(const clx_wave_group *group, int32_t cells, clx_complex *x, clx_complex *weight,
                           clx_error *error) {
  const double spread = group->independent ? 0 : group->spread;  // a uniform phase spread further is uniform
  // Two real transforms in one: x in the real part, the weights in the imaginary part.
  for (int32_t k = 0; k < cells; k++) x[k].im = weight[k].re;
  CLX_TRY(clx_fourier(x, cells, false, error));
  for (int32_t k = 0; k < cells; k++) {
    const clx_complex a = x[k], b = x[(cells - k) % cells];
    const clx_complex p = {0.5 * (a.re + b.re), 0.5 * (a.im - b.im)}, q = {0.5 * (a.im + b.im), 0.5 * (b.re - a.re)};
    const double keep = damping(k <= cells - k ? k : cells - k, cells, spread, group->cycle.period) / cells;
    weight[k] = (clx_complex){keep * (p.re * q.re - p.im * q.im), keep * (p.re * q.im + p.im * q.re)};
  }
  return clx_fourier(weight, cells, true, error);
}

clx_status clx_wave_group_convolve(const clx_wave_group *group, int32_t index, uint64_t seed, double step,
                                   clx_arena *arena, clx_cycle_integral *sum, clx_error *error) {
  const int32_t refine = refinement(group, step), cells = refine * group->cycle.samples;
  clx_complex *x = CLX_NEW_ARRAY(arena, clx_complex, cells), *weight = CLX_NEW_ARRAY(arena, clx_complex, cells);
  double *watt = CLX_NEW_ARRAY(arena, double, cells);
  if (x == NULL || weight == NULL || watt == NULL) return fail_memory(error);
  double mean = 0;
  for (int32_t k = 0; k < group->cycle.samples; k++) mean += (double)group->cycle.watt[k] / group->cycle.samples;
  // About its mean, which the convolution keeps: rounding is then that of the swing.
  for (int32_t k = 0; k < cells; k++) x[k].re = group->cycle.watt[k / refine] - mean;
  const bool many = group->independent && group->units > DRAWN_MOST;
  if (!group->independent && group->stagger == 0) {
    weight[0].re = group->units;
  } else {
    (many ? count_many : count_units)(group, index, seed, cells, weight);
  }
  CLX_TRY(convolve(group, cells, x, weight, error));
  for (int32_t k = 0; k < cells; k++) watt[k] = group->units * mean + weight[k].re;
  return clx_cycle_integrate(watt, cells, group->cycle.period, arena, sum, error);
}
