// The minutes after equipment of a scenario's plant stops.
#include <math.h>

#include "scenario/scenario.h"
#include "twin/twin_cooling.h"

// Cohorts whose heat goes into the loop that transients follow: the racks' liquid, or hall air where a plant has no liquid.
static bool is_on_row(const clx_twin_power_case *c, int32_t cohort) {
  return (c->cooling->chips[cohort].coolant != NULL) == (c->cooling->plant.liquid >= 0);
}

// The cohort whose chips are followed: of those on the row whose chips are known, the one that throttles at the coldest inlet.
static int32_t followed(const clx_twin_power_case *c) {
  int32_t first = -1;
  for (int32_t i = 0; i < c->fleet_count; i++) {
    const clx_twin_chips *chips = &c->cooling->chips[i];
    if (!is_on_row(c, i) || chips->thermal == NULL || !(chips->resistance > 0)) continue;
    if (first < 0 || chips->inlet_limit < c->cooling->chips[first].inlet_limit) first = i;
  }
  return first;
}

// Chips of the followed kind that give the row the heat of all its chips: others count by their draw.
static double chips_of(const clx_twin_power_case *c, int32_t cohort) {
  double watt = 0;
  for (int32_t i = 0; i < c->fleet_count; i++)
    if (is_on_row(c, i)) watt += (double)c->fleet[i].cohort.gpus * c->cooling->chips[i].usual.power;
  const clx_twin_heat *mean = &c->cooling->mean;
  const double row = c->cooling->plant.liquid >= 0 ? mean->liquid : mean->air;
  return fmin(watt, row) / c->cooling->chips[cohort].usual.power;
}

clx_status clx_twin_cooling_transient(const clx_twin_power_case *c, const clx_trip *trip, int32_t trip_count,
                                      double outside, double horizon, clx_transient *out, clx_error *error) {
  static const double STEP = 0.5,
                      HEAT_CAPACITY = 60e3;  // s; J/K of a rack's metal that follows the coolant: 150 kg of copper
  const clx_twin_cooling *k = c->cooling;
  const clx_cooling_spec *spec = &c->scenario->spec.cooling;
  const double dry = outside > 0 ? outside : spec->outside;
  clx_air air = k->plant.design;
  double racks = 0;
  if (dry > 0) {
    air.dry_bulb = dry;
    air.humidity = fmin(air.humidity, clx_air_saturation_humidity(dry, air.pressure));
  }
  for (int32_t i = 0; i < c->fleet_count; i++) racks += is_on_row(c, i) ? (double)c->fleet[i].cohort.racks : 0;
  clx_transient_input input = {.plant = &k->plant,
                               .outside = &air,
                               .liquid = k->mean.liquid,
                               .air = k->mean.air,
                               .rack_capacity = HEAT_CAPACITY * racks,
                               .trip = trip,
                               .trip_count = trip_count,
                               .tank = spec->tank,
                               .tank_loop = spec->tank_loop,
                               .backup_pumps = spec->backup_pumps,
                               .horizon = horizon,
                               .step = STEP};
  const int32_t cohort = followed(c);
  if (cohort >= 0) {
    input.chip = k->chips[cohort].thermal;
    input.chips = chips_of(c, cohort);
    input.chip_power = k->chips[cohort].usual.power;
    input.resistance = k->chips[cohort].resistance;
  }
  return clx_transient_run(&input, c->arena, out, error);
}

// Transients know no flow by demand.
static bool is_followed(const clx_plant *plant) {
  for (int32_t i = 0; i < plant->loop_count; i++)
    if (plant->loop[i].spec.control == CLX_FLOW_DEMAND) return false;
  return true;
}

clx_status clx_twin_cooling_ride(const clx_twin_power_case *c, double *seconds, clx_error *error) {
  static const double HORIZON = 1800;
  const clx_trip trip = {.kind = CLX_TRIP_POWER, .count = -1, .member = -1};
  clx_transient out;
  *seconds = INFINITY;
  if (followed(c) < 0 || !is_followed(&c->cooling->plant)) return CLX_OK;
  CLX_TRY(clx_twin_cooling_transient(c, &trip, 1, 0, HORIZON, &out, error));
  *seconds = out.to_throttle;
  return CLX_OK;
}
