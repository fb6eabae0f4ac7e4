// Cooling towers by Merkel: a counterflow exchanger between the water and an equivalent fluid whose temperature is the wet bulb of the air
// (Braun, Klein and Mitchell 1989; EnergyPlus CoolingTower:VariableSpeed:Merkel; Buildings.Fluid.HeatExchangers.CoolingTowers.Merkel).
#include <math.h>

#include "cooling/cooling_reject.h"

#define DRY_AIR 1006.0  // J/(kg K), to which UA is referred

static const clx_fluid water = {.kind = CLX_FLUID_WATER};

static double hold(double x, double low, double high) { return x > low ? (x < high ? x : high) : low; }

// --- the equivalent fluid ------------------------------------------------------------------------------------------------

// K of saturated air of `enthalpy` J/kg: Newton from `start`.
static double saturated_at(double enthalpy, double pressure, double start) {
  double t = start;
  for (int32_t i = 0; i < 30; i++) {
    const double h = clx_air_saturated_enthalpy(t, pressure);
    const double slope = (clx_air_saturated_enthalpy(t + 0.01, pressure) - h) / 0.01;
    const double step = hold((enthalpy - h) / slope, -10, 10);
    t += step;
    if (fabs(step) < 1e-9) break;
  }
  return t;
}

// J/(kg K) of the equivalent fluid between two wet bulbs.
static double equivalent(double in, double out, double pressure) {
  const double to = fabs(out - in) > 1e-3 ? out : in + 1e-3;
  return (clx_air_saturated_enthalpy(to, pressure) - clx_air_saturated_enthalpy(in, pressure)) / (to - in);
}

static double polynomial(const double *c, int32_t count, double x) {
  double sum = 0;
  for (int32_t i = count - 1; i >= 0; i--) sum = sum * x + c[i];
  return sum;
}

// UA over that at design. Scheier's polynomials hold from 0.3 (water) and 0.2 (air) of the design flows to 1, for a wet bulb from 10 K above the
// design to 25 K below it: below they go to zero with the flow, beyond they stay at their end.
static double ua_share(const clx_tower_size *size, double flow, double air_share, double wet_bulb) {
  const clx_tower *t = size->tower;
  const double w = flow / size->water;
  double by_water = t->water_curve_count == 0 ? pow(w, t->water_exponent)
                                              : polynomial(t->water_curve, t->water_curve_count, hold(w, 0.3, 1));
  if (t->water_curve_count > 0 && w < 0.3) by_water *= w / 0.3;
  double by_air = t->air_curve_count == 0 ? pow(air_share, t->air_exponent)
                                          : polynomial(t->air_curve, t->air_curve_count, hold(air_share, 0.2, 1));
  if (t->air_curve_count > 0 && air_share < 0.2) by_air *= air_share / 0.2;
  double by_wet_bulb = 1;
  if (t->wet_bulb_curve_count > 0) {
    by_wet_bulb = polynomial(t->wet_bulb_curve, t->wet_bulb_curve_count, hold(t->wet_bulb - wet_bulb, -10, 25));
  }
  return by_water * by_air * by_wet_bulb;
}

typedef struct moment {
  const clx_tower_size *size;
  double in, flow, capacity;  // K, kg/s, J/(kg K) of the water
  double wet_bulb, pressure;
  double enthalpy;  // J/kg of air at its wet bulb
  double air;       // kg/s of dry air at full speed
} moment;

// W that the tower takes at a share of the design air flow when the equivalent fluid leaves at `out` K.
static double heat_at(const moment *m, double air_share, double out) {
  const double cp = equivalent(m->wet_bulb, out, m->pressure);
  const double air = air_share * m->air * cp, liquid = m->flow * m->capacity;
  const double least = fmin(air, liquid),
               ua = m->size->ua * cp / DRY_AIR * ua_share(m->size, m->flow, air_share, m->wet_bulb);
  return clx_effectiveness(CLX_COUNTER, ua / least, least / fmax(air, liquid)) * least * (m->in - m->wet_bulb);
}

// W beyond what the air can take up, when the equivalent fluid leaves at `out` K: falls with `out`.
static double excess(const moment *m, double air_share, double out) {
  return heat_at(m, air_share, out) - air_share * m->air * (clx_air_saturated_enthalpy(out, m->pressure) - m->enthalpy);
}

// W at a share of the air flow: the root of `excess`, by false position with Illinois' halving.
static double heat_of(const moment *m, double air_share) {
  if (!(air_share > 0) || !(m->in > m->wet_bulb) || !(m->flow > 0)) return 0;
  double low = m->wet_bulb, high = m->in, at = high;
  double above = excess(m, air_share, low), below = excess(m, air_share, high);
  const double scale = above;
  int32_t side = 0;
  for (int32_t i = 0; i < 100 && below < 0 && high - low > 1e-13; i++) {
    at = low + (high - low) * above / (above - below);
    const double wrong = excess(m, air_share, at);
    if (fabs(wrong) <= 1e-13 * scale) break;
    if (wrong > 0) {
      low = at, above = wrong;
      if (side > 0) below *= 0.5;
      side = 1;
    } else {
      high = at, below = wrong;
      if (side < 0) above *= 0.5;
      side = -1;
    }
  }
  return air_share * m->air * (clx_air_saturated_enthalpy(at, m->pressure) - m->enthalpy);
}

static moment begin(const clx_tower_size *size, double in, double flow, const clx_air *air) {
  moment m = {.size = size, .in = in, .flow = flow, .pressure = air->pressure};
  m.capacity = clx_fluid_heat_capacity(&water, in);
  m.wet_bulb = clx_air_wet_bulb(air);
  m.enthalpy = clx_air_saturated_enthalpy(m.wet_bulb, m.pressure);
  m.air = size->air * clx_air_density(air) / (1 + air->humidity) / size->density;
  return m;
}

// Air leaves saturated; what it then holds beyond what it brought has evaporated (at least nothing: very humid air in a cold fill).
static clx_reject finish(const moment *m, double heat, double air_share, double fan, const clx_air *air) {
  const clx_tower_size *size = m->size;
  clx_reject out = {
      .heat = heat, .out = m->in, .air_share = air_share, .electric = fan * size->tower->fan_power * size->heat};
  if (!(heat > 0)) return out;
  out.out = m->in - heat / (m->flow * m->capacity);
  const double flow = air_share * m->air;
  const double leaves = saturated_at(m->enthalpy + heat / flow, m->pressure, m->wet_bulb + 5);
  const double evaporation = flow * fmax(clx_air_saturation_humidity(leaves, m->pressure) - air->humidity, 0);
  out.water = clx_water_balance(evaporation, size->tower->drift * m->flow, size->tower->cycles);
  return out;
}

clx_reject clx_tower_at(const clx_tower_size *size, double in, double flow, double air_share, const clx_air *air) {
  const clx_tower *t = size->tower;
  const moment m = begin(size, in, flow, air);
  return finish(&m, heat_of(&m, air_share), air_share, clx_reject_fan(t->speed, t->power, t->speed_count, air_share),
                air);
}

// W by which the tower takes more than `heat` at a share of the air flow, with the leaving air that `heat` makes: the sign is right, and zero is.
static double surplus(const moment *m, double heat, double air_share) {
  if (!(air_share > 0) || !(m->in > m->wet_bulb)) return -heat;
  const double enthalpy = m->enthalpy + heat / (air_share * m->air);
  if (enthalpy >= clx_air_saturated_enthalpy(m->in, m->pressure)) return -heat;
  return heat_at(m, air_share, saturated_at(enthalpy, m->pressure, 0.5 * (m->wet_bulb + m->in))) - heat;
}

// The share of the air flow at which `heat` goes, between two with surpluses of either sign.
static double share_for(const moment *m, double heat, double low, double below, double high, double above) {
  double at = high;
  int32_t side = 0;
  for (int32_t i = 0; i < 100 && high - low > 1e-14; i++) {
    at = low - (high - low) * below / (above - below);
    const double wrong = surplus(m, heat, at);
    if (fabs(wrong) <= 1e-12 * heat) break;
    if (wrong > 0) {
      high = at, above = wrong;
      if (side > 0) below *= 0.5;
      side = 1;
    } else {
      low = at, below = wrong;
      if (side < 0) above *= 0.5;
      side = -1;
    }
  }
  return at;
}

static double fan_at(const clx_tower *t, double share) {
  return clx_reject_fan(t->speed, t->power, t->speed_count, share);
}

clx_reject clx_tower_run(const clx_tower_size *size, double in, double flow, double want, const clx_air *air) {
  const clx_tower *t = size->tower;
  const moment m = begin(size, in, flow, air);
  const double heat = flow * m.capacity * (in - want);
  if (!(heat > 0)) return finish(&m, 0, 0, 0, air);
  const double most = surplus(&m, heat, 1);
  if (most < -1e-12 * heat) {
    clx_reject out = finish(&m, heat_of(&m, 1), 1, fan_at(t, 1), air);
    out.over = true;
    return out;
  }
  // Fan off, a bypass holds the temperature: the share of the water over the fill takes what it takes.
  if (surplus(&m, heat, t->free_share) >= 0) return finish(&m, heat, t->free_share, 0, air);
  const double least_share = fmax(t->air_least, t->free_share), least = surplus(&m, heat, least_share);
  if (least >= 0) {
    const double free = heat_of(&m, t->free_share), turning = heat_of(&m, least_share);
    const double on = turning > free ? fmin(fmax((heat - free) / (turning - free), 0), 1) : 1;
    return finish(&m, heat, t->free_share + on * (least_share - t->free_share), on * fan_at(t, least_share), air);
  }
  const double share = share_for(&m, heat, least_share, least, 1, most);
  return finish(&m, heat, share, fan_at(t, share), air);
}

// --- design -------------------------------------------------------------------------------------------------------------

clx_status clx_tower_size_for(const clx_tower *tower, double heat, double pressure, clx_tower_size *size,
                              clx_error *error) {
  const double out = tower->wet_bulb + tower->approach, in = out + tower->range;
  const double capacity = clx_fluid_heat_capacity(&water, in);
  *size = (clx_tower_size){.tower = tower, .heat = heat, .water = heat / (capacity * tower->range)};
  size->air = size->water * tower->air_ratio;
  const clx_air design = clx_air_from_wet_bulb(tower->wet_bulb, tower->wet_bulb, pressure);
  size->density = clx_air_density(&design) / (1 + design.humidity);
  if (!(heat > 0)) return CLX_OK;
  const double enthalpy = clx_air_saturated_enthalpy(tower->wet_bulb, pressure) + heat / size->air;
  const double leaves = saturated_at(enthalpy, pressure, tower->wet_bulb + 5);
  const double cp = equivalent(tower->wet_bulb, leaves, pressure);
  const double air = size->air * cp, liquid = size->water * capacity, least = fmin(air, liquid);
  const double effectiveness = heat / (least * (in - tower->wet_bulb));
  double ntu = 0;
  clx_error inner = {0};
  if (!(effectiveness < 1) || clx_ntu(CLX_COUNTER, effectiveness, least / fmax(air, liquid), &ntu, &inner) != CLX_OK ||
      !isfinite(ntu)) {
    return clx_fail_plain(
        error, CLX_INPUT,
        "tower \"%s\": %g K of approach at %g K of range needs an effectiveness of %g with %g kg of air per kg of "
        "water; give more air or a larger approach",
        tower->name, tower->approach, tower->range, effectiveness, tower->air_ratio);
  }
  size->ua = ntu * least * DRY_AIR / cp;
  return CLX_OK;
}
