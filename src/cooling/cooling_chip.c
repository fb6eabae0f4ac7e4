// The point at which a chip's power, leakage, temperature and clock agree, and how long it lasts without flow.
#include "cooling/cooling_chip.h"

#include <math.h>

#define CLOCK_LEAST 0.1
#define KELVIN_MOST 1000.0

static const double ice_point = 273.15, ln2 = 0.69314718055994531;

// One chip under one load: junction = inlet + total (work + leak(junction)).
typedef struct chip {
  const clx_chip_thermal *thermal;
  const clx_chip_load *load;
  double plate, total;  // K/W case to inlet, junction to inlet
  double leakage;       // W at the reference temperature
  double rise;          // K/W of the memory above the case
  double edge;          // K of junction above which leakage rises faster than heat leaves: runaway
} chip;

static chip chip_of(const clx_chip_thermal *thermal, double resistance, const clx_chip_load *load) {
  const double tdp = thermal->tdp > 0 ? thermal->tdp : load->power_full;
  chip c = {.thermal = thermal, .load = load, .plate = resistance, .edge = KELVIN_MOST};
  c.total = resistance + fmax(thermal->junction_case, 0);
  if (thermal->leakage > 0 && thermal->leakage_doubling > 0) c.leakage = thermal->leakage * tdp;
  if (thermal->memory_rise > 0 && tdp > 0) c.rise = thermal->memory_rise / tdp;
  if (c.leakage > 0 && c.total > 0) {
    const double steps = log2(thermal->leakage_doubling / (c.total * c.leakage * ln2));
    c.edge = fmin(thermal->reference + thermal->leakage_doubling * steps, KELVIN_MOST);
  }
  return c;
}

// W above the leakage at the reference temperature, which the device's measured power holds already.
static double leak_at(const chip *c, double junction) {
  if (!(c->leakage > 0)) return 0;
  return c->leakage * (exp2((junction - c->thermal->reference) / c->thermal->leakage_doubling) - 1);
}

static double work_at(const clx_chip_load *load, double clock) {
  if (load->power != NULL) return load->power(load->of, clock);
  return load->power_full * (load->rest + (1 - load->rest) * clock * clock * clock);
}

// The colder of the two temperatures that a work of `work` W allows; false where there is none. Newton from the cold side of a
// falling convex function: it never steps over the root.
static bool settle(const chip *c, double inlet, double work, double *junction) {
  double at = inlet + c->total * (work - c->leakage);
  if (!(c->leakage > 0)) {
    *junction = at;
    return true;
  }
  if (!(inlet + c->total * (work + leak_at(c, c->edge)) <= c->edge)) return false;
  for (int32_t i = 0; i < 100; i++) {
    const double leak = leak_at(c, at), excess = inlet + c->total * (work + leak) - at;
    const double slope = c->total * (leak + c->leakage) * ln2 / c->thermal->leakage_doubling - 1;
    const double step = -excess / fmin(slope, -1e-9);
    at = fmin(at + fmax(step, 0), c->edge);
    if (!(step > 1e-12 * at)) break;
  }
  *junction = at;
  return true;
}

// W of chip that temperatures allow: the junction, the memory above its case, the onset of runaway.
static double power_allowed(const chip *c, double inlet) {
  double most = (c->edge - inlet) / c->total;
  if (c->thermal->throttle > 0) most = fmin(most, (c->thermal->throttle - inlet) / c->total);
  if (c->thermal->memory_throttle > 0 && c->plate + c->rise > 0) {
    most = fmin(most, (c->thermal->memory_throttle - inlet) / (c->plate + c->rise));
  }
  return most;
}

// What of a power is left for work at the temperature that it makes; rising in power up to the onset of runaway.
static double work_within(const chip *c, double inlet, double power) {
  return power - leak_at(c, inlet + c->total * power);
}

static double clock_of(const clx_chip_load *load, double work) {
  double low = CLOCK_LEAST, high = 1;
  if (load->power == NULL && load->rest < 1) {
    const double cube = (work / load->power_full - load->rest) / (1 - load->rest);
    return fmin(fmax(cbrt(cube), CLOCK_LEAST), 1);
  }
  for (int32_t i = 0; i < 60 && high - low > 1e-13; i++) {
    const double middle = 0.5 * (low + high);
    if (work_at(load, middle) <= work) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

static clx_status check(const clx_chip_thermal *t, const clx_chip_cooling *cooling, const clx_chip_load *load,
                        clx_error *error) {
  if (!(cooling->inlet > 0 && cooling->inlet < KELVIN_MOST) ||
      !(cooling->resistance > 0 && cooling->resistance < 1e6)) {
    return clx_fail_plain(
        error, CLX_INPUT,
        "a chip cooled by %.6g degC through %.6g K/W: expected a temperature and a resistance above 0",
        cooling->inlet - ice_point, cooling->resistance);
  }
  const double full = work_at(load, 1), least = work_at(load, CLOCK_LEAST);
  if (!(least >= 0 && full >= least && isfinite(full))) {
    return clx_fail_plain(error, CLX_INPUT,
                          "a chip of %.6g W at full and %.6g W at a tenth of the clock: expected to rise", full, least);
  }
  if (t->leakage > 0 && t->leakage_doubling > 0 && !(t->reference > 0)) {
    return clx_fail_plain(error, CLX_INPUT, "a chip with leakage: expected the temperature at which it leaks so much");
  }
  return CLX_OK;
}

static void describe(const chip *c, double inlet, double work, double junction, clx_chip_point *point) {
  point->junction = junction;
  point->leak = leak_at(c, junction);
  point->power = work + point->leak;
  point->memory = inlet + (c->plate + c->rise) * point->power;
}

clx_status clx_chip_solve(const clx_chip_thermal *thermal, const clx_chip_cooling *cooling, const clx_chip_load *load,
                          clx_chip_point *point, clx_error *error) {
  CLX_TRY(check(thermal, cooling, load, error));
  const chip c = chip_of(thermal, cooling->resistance, load);
  const double inlet = cooling->inlet, thermal_most = power_allowed(&c, inlet);
  const double most = load->limit > 0 ? fmin(thermal_most, load->limit) : thermal_most;
  const double left = work_within(&c, inlet, most), full = work_at(load, 1), least = work_at(load, CLOCK_LEAST);
  *point = (clx_chip_point){.clock = 1};
  double work = full, junction = 0;
  if (full > left) {
    point->clock = clock_of(load, left);
    work = left;
    point->throttled = most < load->limit || !(load->limit > 0);
  }
  point->shut = !(left >= least);
  if (point->shut) {
    point->clock = CLOCK_LEAST;
    work = least;
  }
  if (!settle(&c, inlet, work, &junction)) junction = c.edge;
  describe(&c, inlet, work, junction, point);
  if (!point->shut) return CLX_OK;
  return clx_fail_plain(
      error, CLX_INFEASIBLE,
      "a chip cooled by %.2f degC through %.4g K/W takes %.4g W at a tenth of its clock and may take %.4g W: it "
      "shuts down",
      inlet - ice_point, cooling->resistance, point->power, most);
}

double clx_chip_inlet_limit(const clx_chip_thermal *thermal, double resistance, const clx_chip_load *load) {
  const chip c = chip_of(thermal, resistance, load);
  const double full = work_at(load, 1);
  double low = 0, high = KELVIN_MOST;
  if (!(thermal->throttle > 0 || thermal->memory_throttle > 0 || c.edge < KELVIN_MOST)) return INFINITY;
  // Work left falls with the inlet.
  for (int32_t i = 0; i < 60; i++) {
    const double middle = 0.5 * (low + high), most = power_allowed(&c, middle);
    const bool board = load->limit > 0 && most >= load->limit;  // what binds first
    if (board || work_within(&c, middle, most) >= full) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

// --- loss of flow -----------------------------------------------------------------------------------------------------------

typedef struct warming {
  chip c;
  double work, inlet, stagnant;
} warming;

// K of case at a temperature of the junction.
static double case_at(const warming *w, double junction) {
  return junction - fmax(w->c.thermal->junction_case, 0) * (w->work + leak_at(&w->c, junction));
}

// s per K of junction: capacity dT_case = (power - what still leaves) dt. INFINITY where it warms no further.
static double pace(const warming *w, double junction) {
  const double inner = fmax(w->c.thermal->junction_case, 0), leak = leak_at(&w->c, junction);
  const double slope = w->c.leakage > 0 ? (leak + w->c.leakage) * ln2 / w->c.thermal->leakage_doubling : 0;
  const double net = w->work + leak - (case_at(w, junction) - w->inlet) / w->stagnant;
  return net > 0 ? w->c.thermal->capacity * fmax(1 - inner * slope, 0) / net : INFINITY;
}

// Simpson's rule over the junction's way.
static double time_between(const warming *w, double from, double to) {
  enum { PANELS = 128 };
  if (!(to > from)) return 0;
  const double width = (to - from) / PANELS;
  double sum = pace(w, from) + pace(w, to);
  for (int32_t i = 1; i < PANELS; i++) sum += (i % 2 == 0 ? 2 : 4) * pace(w, from + i * width);
  return sum * width / 3;
}

// The junction at which the memory is as hot as it may be.
static double junction_of_memory(const warming *w) {
  const double most = w->c.thermal->memory_throttle;
  double low = 0, high = KELVIN_MOST;
  for (int32_t i = 0; i < 60; i++) {
    const double middle = 0.5 * (low + high);
    if (case_at(w, middle) + w->c.rise * (w->work + leak_at(&w->c, middle)) < most) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

void clx_chip_loss_of_flow(const clx_chip_thermal *thermal, const clx_chip_cooling *before, double stagnant,
                           const clx_chip_load *load, double *to_throttle, double *to_shutdown) {
  warming w = {.c = chip_of(thermal, before->resistance, load),
               .work = work_at(load, 1),
               .inlet = before->inlet,
               .stagnant = fmax(stagnant, before->resistance)};
  double from = 0, stop = thermal->throttle > 0 ? thermal->throttle : INFINITY;
  *to_throttle = *to_shutdown = INFINITY;
  if (thermal->memory_throttle > 0) stop = fmin(stop, junction_of_memory(&w));
  if (!settle(&w.c, w.inlet, w.work, &from) || from >= stop) {
    *to_throttle = 0;
    from = fmin(from, stop);
  } else if (isfinite(stop)) {
    *to_throttle = time_between(&w, from, stop);
    from = stop;
  }
  if (!(thermal->shutdown > 0) || !isfinite(*to_throttle)) {
    if (!(thermal->shutdown > 0) || isfinite(stop)) return;
    *to_shutdown = time_between(&w, from, thermal->shutdown);  // nothing throttles it
    return;
  }
  // The clock falls to its least at once: the case stays, the junction comes closer to it.
  const double shell = case_at(&w, from);
  w.work = work_at(load, CLOCK_LEAST);
  double low = shell, high = from;
  for (int32_t i = 0; i < 60; i++) {
    const double middle = 0.5 * (low + high);
    if (case_at(&w, middle) < shell) {
      low = middle;
    } else {
      high = middle;
    }
  }
  *to_shutdown = *to_throttle + time_between(&w, low, thermal->shutdown);
}
