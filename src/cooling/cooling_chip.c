// The point at which a chip's power, leakage, temperature and clock agree.
#include "cooling/cooling_chip.h"

#include <math.h>

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

static double tdp_of(const clx_chip_thermal *thermal, const clx_chip_load *load) {
  return thermal->tdp > 0 ? thermal->tdp : load->power_full;
}

double clx_chip_leak(const clx_chip_thermal *thermal, const clx_chip_load *load, double junction) {
  if (!(thermal->leakage > 0 && thermal->leakage_doubling > 0)) return 0;
  return thermal->leakage * tdp_of(thermal, load) *
         (exp2((junction - thermal->reference) / thermal->leakage_doubling) - 1);
}

double clx_chip_work(const clx_chip_load *load, double clock) {
  if (load->power != NULL) return load->power(load->of, clock);
  return load->power_full * (load->rest + (1 - load->rest) * clock * clock * clock);
}

static chip chip_of(const clx_chip_thermal *thermal, double resistance, const clx_chip_load *load) {
  const double tdp = tdp_of(thermal, load);
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

static double leak_at(const chip *c, double junction) { return clx_chip_leak(c->thermal, c->load, junction); }

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
  double low = CLX_CHIP_CLOCK_LEAST, high = 1;
  if (load->power == NULL && load->rest < 1) {
    const double cube = (work / load->power_full - load->rest) / (1 - load->rest);
    return fmin(fmax(cbrt(cube), CLX_CHIP_CLOCK_LEAST), 1);
  }
  for (int32_t i = 0; i < 60 && high - low > 1e-13; i++) {
    const double middle = 0.5 * (low + high);
    if (clx_chip_work(load, middle) <= work) {
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
  const double full = clx_chip_work(load, 1), least = clx_chip_work(load, CLX_CHIP_CLOCK_LEAST);
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
  const double left = work_within(&c, inlet, most), full = clx_chip_work(load, 1),
               least = clx_chip_work(load, CLX_CHIP_CLOCK_LEAST);
  *point = (clx_chip_point){.clock = 1};
  double work = full, junction = 0;
  if (full > left) {
    point->clock = clock_of(load, left);
    work = left;
    point->throttled = most < load->limit || !(load->limit > 0);
  }
  point->shut = !(left >= least);
  if (point->shut) {
    point->clock = CLX_CHIP_CLOCK_LEAST;
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
  const double full = clx_chip_work(load, 1);
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
