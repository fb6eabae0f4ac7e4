// Dry and adiabatic coolers: a crossflow exchanger, neither side mixed, whose films follow the flows; the fan is controlled.
// Buildings.Fluid.HeatExchangers.CoolingTowers.DryCooler (2026) is of the same form; it sizes by counterflow, this by crossflow.
#include <math.h>

#include "cooling/cooling_reject.h"

// Air at the coil: behind wetted pads when it is hot enough outside. The wet bulb stays what it is.
static clx_air at_coil(const clx_dry_cooler *cooler, const clx_air *air) {
  if (!(cooler->pads > 0 && air->dry_bulb > cooler->pads_above)) return *air;
  const double wet = clx_air_wet_bulb(air);
  return clx_air_from_wet_bulb(air->dry_bulb - cooler->pads * (air->dry_bulb - wet), wet, air->pressure);
}

static double dry_density(const clx_air *air) { return clx_air_density(air) / (1 + air->humidity); }

typedef struct moment {
  const clx_dry_size *size;
  double in, flow, capacity;  // K, kg/s, J/(kg K) of the liquid
  clx_air outside, coil;
  double air, air_capacity;  // kg/s of dry air at full speed, J/(kg K)
} moment;

static double heat_of(const moment *m, double share) {
  if (!(share > 0) || !(m->flow > 0)) return 0;
  return clx_exchanger_run(&m->size->exchanger, m->in, m->flow, m->capacity, m->coil.dry_bulb, share * m->air,
                           m->air_capacity)
      .heat;
}

static clx_reject finish(const moment *m, double heat, double share, double fan) {
  const clx_dry_cooler *cooler = m->size->cooler;
  clx_reject out = {
      .heat = heat, .out = m->in, .air_share = share, .electric = fan * cooler->fan_power * m->size->heat};
  if (!(heat > 0)) return out;
  out.out = m->in - heat / (m->flow * m->capacity);
  const double taken = share * m->air * fmax(m->coil.humidity - m->outside.humidity, 0);
  out.water = clx_water_balance(taken, 0, cooler->cycles);
  return out;
}

clx_reject clx_dry_run(const clx_dry_size *size, const clx_fluid *fluid, double in, double flow, double want,
                       const clx_air *air) {
  const clx_dry_cooler *cooler = size->cooler;
  moment m = {.size = size, .in = in, .flow = flow, .outside = *air, .coil = at_coil(cooler, air)};
  m.capacity = clx_fluid_heat_capacity(fluid, in);
  m.air_capacity = clx_air_heat_capacity(&m.coil);
  m.air = size->air * dry_density(&m.coil) / size->density;
  const double heat = flow * m.capacity * (in - want);
  if (!(heat > 0)) return finish(&m, 0, 0, 0);
  const double full = heat_of(&m, 1);
  if (full < heat * (1 - 1e-12)) {
    clx_reject out = finish(&m, full, 1, clx_reject_fan(cooler->speed, cooler->power, cooler->speed_count, 1));
    out.over = true;
    return out;
  }
  const double free = heat_of(&m, cooler->free_share), least_share = fmax(cooler->air_least, cooler->free_share);
  if (free >= heat) return finish(&m, heat, cooler->free_share, 0);
  const double least = heat_of(&m, least_share);
  if (least >= heat) {
    const double on = (heat - free) / (least - free);
    return finish(&m, heat, cooler->free_share + on * (least_share - cooler->free_share),
                  on * clx_reject_fan(cooler->speed, cooler->power, cooler->speed_count, least_share));
  }
  bool met;
  const double moved = clx_exchanger_cold_flow(&size->exchanger, in, flow, m.capacity, m.coil.dry_bulb, m.air_capacity,
                                               want, m.air, &met);
  const double share = fmin(moved / m.air, 1);
  return finish(&m, heat, share, clx_reject_fan(cooler->speed, cooler->power, cooler->speed_count, share));
}

clx_status clx_dry_size_for(const clx_dry_cooler *cooler, double heat, const clx_fluid *fluid, double pressure,
                            clx_dry_size *size, clx_error *error) {
  // Behind wetted pads air is near saturation; otherwise half way.
  const clx_air design = clx_air_from_relative(cooler->air_in, cooler->pads > 0 ? 0.9 : 0.4, pressure);
  const double capacity = clx_fluid_heat_capacity(fluid, cooler->in), air_capacity = clx_air_heat_capacity(&design);
  *size = (clx_dry_size){.cooler = cooler, .heat = heat, .density = dry_density(&design)};
  size->flow = heat / (capacity * (cooler->in - cooler->out));
  size->air = size->flow * (cooler->air_ratio > 0 ? cooler->air_ratio : capacity / air_capacity);
  if (!(heat > 0)) return CLX_OK;
  const double liquid = size->flow * capacity, air = size->air * air_capacity, least = fmin(liquid, air);
  const double effectiveness = heat / (least * (cooler->in - cooler->air_in));
  double ntu = 0;
  clx_error inner = {0};
  if (!(effectiveness > 0 && effectiveness < 1) ||
      clx_ntu(CLX_CROSS_UNMIXED, effectiveness, least / fmax(liquid, air), &ntu, &inner) != CLX_OK || !isfinite(ntu)) {
    return clx_fail_plain(
        error, CLX_INPUT,
        "dry cooler \"%s\": %g K above the air coming in and %g K going out need an effectiveness of %g, which no "
        "coil reaches; give more air or a larger approach",
        cooler->name, cooler->in - cooler->air_in, cooler->out - cooler->air_in, effectiveness);
  }
  size->ua = ntu * least;
  size->exchanger = (clx_exchanger){.arrangement = CLX_CROSS_UNMIXED,
                                    .ua = size->ua,
                                    .hot_flow = size->flow,
                                    .cold_flow = size->air,
                                    .hot_exponent = cooler->liquid_exponent,
                                    .cold_exponent = cooler->air_exponent,
                                    .hot_share = cooler->liquid_share};
  return CLX_OK;
}
